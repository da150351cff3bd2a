// SPDX-License-Identifier: Apache-2.0
//! Names of calls that conditions ask for: those that are here, and those that only Falco has.

use agent_common::numbers;

use super::Checker;
use crate::{
    fields::most_like,
    filter::{
        ast::{Literal, Modifier, Op},
        error::{Error, shown},
    },
    select,
};

/// Calls that Falco has by another name than the kernel:
/// <https://github.com/falcosecurity/libs/blob/48dfd53cd23f95720521d41b89883bbc35c8567f/driver/event_table.c>
const RENAMED: &[(&str, &str)] =
    &[("llseek", "_llseek"), ("pread", "pread64"), ("prlimit", "prlimit64"), ("pwrite", "pwrite64")];

/// What else Falco has as `evt.type` and no call here is called, old names included.
const FALCOS: &[&str] = &[
    "NA",
    "asyncevent",
    "container",
    "cpu_hotplug",
    "drop",
    "groupadded",
    "groupdeleted",
    "infra",
    "k8s",
    "mesos",
    "notification",
    "page_fault",
    "pluginevent",
    "procexit",
    "procinfo",
    "recv",
    "scapevent",
    "send",
    "signaldeliver",
    "switch",
    "syscall",
    "task",
    "task_file_anon_inode",
    "task_file_directory",
    "task_file_memfd",
    "task_file_pipe",
    "task_file_regular",
    "task_file_socket_inet",
    "task_file_socket_inet6",
    "task_file_socket_netlink",
    "task_file_socket_unix",
    "tracer",
    "useradded",
    "userdeleted",
];

impl Checker<'_> {
    /// The names that a comparison of a call's name asks for, less those that no event has.
    pub(super) fn call_names(
        &mut self,
        op: Op,
        modifier: Option<Modifier>,
        items: &[Literal],
    ) -> Result<Vec<Literal>, Error> {
        if !matches!(op, Op::Eq | Op::Ne | Op::In | Op::Intersects) {
            return Ok(items.to_vec());
        }
        let drop = op != Op::Ne && matches!(modifier, None | Some(Modifier::Anyof));
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            let name = &*item.text;
            if is_here(name) {
                names.push(item.clone());
            } else if let Some((_, here)) = RENAMED.iter().find(|(falcos, here)| *falcos == name && is_here(here)) {
                self.note(item.span, format!("what Falco calls `{name}` is called `{here}` here, as in the kernel"));
                names.push(Literal { text: Box::from(*here), ..item.clone() });
            } else if FALCOS.contains(&name) || is_elsewhere(name) || RENAMED.iter().any(|(falcos, _)| *falcos == name)
            {
                let why = if FALCOS.contains(&name) {
                    "is an event of Falco's, not a call"
                } else {
                    "is no call of this machine"
                };
                self.note(item.span, format!("`{name}` {why}: no event is called so"));
                if !drop {
                    names.push(item.clone());
                }
            } else {
                let error = Error::new(item.span, format!("no syscall is called `{}`", shown(name)));
                let calls = select::rows().map(|(_, _, row)| row.name);
                return Err(match most_like(name, calls) {
                    Some(like) => error.with_hint(format!("did you mean `{like}`?")),
                    None => error.with_hint("`lanner list syscalls` shows all of them"),
                });
            }
        }
        Ok(names)
    }
}

/// Whether callers on another machine have such a call.
fn is_elsewhere(name: &str) -> bool {
    [numbers::X86_64, numbers::I386, numbers::AARCH64].into_iter().flatten().any(|entry| entry.row.name == name)
}

/// Whether events may have this name.
fn is_here(name: &str) -> bool {
    // A number that has no name.
    let unknown = name.strip_prefix("syscall_").is_some_and(|number| number.parse::<i32>().is_ok());
    unknown || select::rows().any(|(_, _, row)| row.name == name)
}
