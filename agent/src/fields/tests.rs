// SPDX-License-Identifier: Apache-2.0
//! Every field on events that have it and on events that do not.

mod allocations;
pub(crate) mod fixture;
pub(crate) mod pods;
mod templates;
mod values;

use std::collections::BTreeSet;

use super::{
    ArgRule, all, find, nearest,
    reference::{Arg, Reference},
};

fn wrong(text: &str) -> String {
    text.parse::<Reference>().map(|_| ()).expect_err(text).to_string()
}

#[test]
fn names_are_unique_and_found() {
    let names: BTreeSet<_> = all().iter().map(|field| field.name).collect();
    assert_eq!(names.len(), all().len());
    for field in all() {
        assert_eq!(find(field.name).map(|found| found.name), Some(field.name));
        assert!(
            !field.help.is_empty() && !field.help.contains(['|', '\n']) && !field.help.ends_with('.'),
            "{}",
            field.name
        );
    }
    assert!(find("proc").is_none());
    assert_eq!(nearest("prc.name"), Some("proc.name"));
    assert_eq!(nearest("something.else"), None);
}

/// The fields that Falco's published rules use.
#[test]
fn falcos_rules_have_their_fields() {
    let used = "proc.cmdline proc.name proc.pname evt.type proc.aname[2] proc.args user.name proc.tty user.uid proc.exepath \
                user.loginuid fd.name proc.pcmdline proc.pexe evt.arg.flags container.image.repository fd.typechar \
                evt.arg.request proc.cwd fd.l4proto evt.res fd.type proc.exe proc.aname fd.directory thread.cap_effective \
                fd.lport fd.rport fd.num fd.nameraw evt.arg.target evt.arg.oldpath evt.rawres proc.pexepath group.gid \
                group.name user.loginname proc.sname container.start_ts evt.is_open_write evt.is_open_read evt.num \
                proc.duration container.id fd.sip.name fd.filename evt.arg.domain container.privileged \
                proc.is_exe_upper_layer fd.connected fd.name_changed fd.ip fd.net fd.snet fd.sport \
                proc.is_exe_from_memfd evt.arg.linkpath evt.arg.newpath evt.args fd.sip proc.aexepath[2] \
                proc.exe_ino.ctime proc.exe_ino.mtime proc.exe_ino.ctime_duration_proc_start container.name \
                container.image.tag container.mount.dest[/proc*] container.mounts evt.arg.cmd evt.arg.fd \
                evt.arg.filename evt.arg.mode evt.arg.name evt.arg.path evt.arg.uid evt.buffer evt.is_open_exec fd.cip \
                fd.cip.name fd.cnet fd.lip.name fd.port fd.rip fd.rip.name fd.rnet fd.sockfamily proc.aexe[1] proc.env \
                proc.is_vpgid_leader proc.vpid thread.cap_permitted k8s.ns.name k8s.pod.name";
    for text in used.split_whitespace() {
        if let Err(error) = text.parse::<Reference>() {
            unreachable!("{text}: {error}");
        }
    }
}

#[test]
fn references_have_the_arguments_that_their_fields_take() {
    let arg = |text: &str| text.parse::<Reference>().map(|reference| reference.arg).expect(text);
    let key = |key: &str| Some(Arg::Key(Box::from(key)));
    assert_eq!(arg("proc.name"), None);
    assert_eq!(arg("proc.aname"), None);
    assert_eq!(arg("proc.aname[2]"), Some(Arg::Index(2)));
    assert_eq!(arg("proc.env[HOME]"), key("HOME"));
    assert_eq!(arg("proc.env[1]"), key("1"));
    assert_eq!(arg("proc.aenv[1]"), Some(Arg::Index(1)));
    assert_eq!(arg("evt.arg.flags"), key("flags"));
    assert_eq!(arg("evt.arg[flags]"), key("flags"));
    assert_eq!(arg("evt.arg[1]"), Some(Arg::Index(1)));
    assert_eq!(arg("evt.rawarg.res"), key("res"));
    assert_eq!(arg("evt.type.is.openat"), key("openat"));
    assert_eq!(arg("container.label[a.b/c]"), key("a.b/c"));
    assert_eq!(arg("container.label.a.b"), key("a.b"));
    assert_eq!(arg("container.mount.dest[/proc*]"), key("/proc*"));
    assert_eq!(arg("container.mount[0]"), Some(Arg::Index(0)));
}

#[test]
fn what_is_wrong_with_a_reference_is_said() {
    assert_eq!(wrong("proc.nmae"), "unknown field `proc.nmae` (did you mean `proc.name`?)");
    assert_eq!(wrong("nothing.like.it[2]"), "unknown field `nothing.like.it`");
    assert_eq!(wrong(""), "unknown field ``");
    assert_eq!(wrong("proc.name[1]"), "`proc.name` takes no argument");
    assert_eq!(wrong("proc.aname[x]"), "`proc.aname` takes a number as its argument, not `x`");
    assert_eq!(wrong("proc.aname[-1]"), "`proc.aname` takes a number as its argument, not `-1`");
    assert_eq!(wrong("proc.aname[99999999999]"), "`proc.aname` takes a number as its argument, not `99999999999`");
    assert_eq!(wrong("evt.arg"), "`evt.arg` needs an argument: evt.arg.name or [n]");
    assert_eq!(wrong("evt.arg.flgas"), "no syscall has an argument `flgas` (did you mean `flags`?)");
    assert_eq!(wrong("evt.type.is.opne"), "no syscall is called `opne`");
    assert_eq!(wrong("container.label"), "`container.label` needs an argument: container.label[key] or .key");
    for text in ["proc.aname[", "proc.aname[]", "proc.aname[1]x", "proc.aname[[1]]"] {
        assert_eq!(wrong(text), format!("`{text}`: an argument is written `[argument]`, at the end"));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_reference_or_not(text: String, tail in "[a-z.\\[\\]0-9]{0,12}") {
        for text in [text, format!("evt.arg{tail}"), format!("proc.a{tail}"), format!("container.label{tail}")] {
            if let Ok(reference) = text.parse::<Reference>() {
                proptest::prop_assert_eq!(reference.text(), text);
                let required = matches!(
                    reference.field.arg,
                    ArgRule::KeyRequired | ArgRule::IndexOrKeyRequired | ArgRule::Call | ArgRule::Syscall
                );
                proptest::prop_assert!(!required || reference.arg.is_some());
            }
        }
    }
}

#[test]
fn what_has_several_values_is_said_to() {
    for (fixture, _) in values::cases() {
        fixture.with(|event| {
            for field in all() {
                let Ok(reference) = field.name.parse::<Reference>() else { continue };
                if let super::value::Value::List(_) = reference.get(event) {
                    assert!(reference.is_list(), "{reference}");
                }
            }
        });
    }
}
