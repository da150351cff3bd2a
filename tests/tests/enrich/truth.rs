// SPDX-License-Identifier: Apache-2.0
//! What `/proc` says of a thread and its descriptors, as fields of events.

use std::{
    fmt::Write as _,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

/// The capabilities by number: <https://man7.org/linux/man-pages/man7/capabilities.7.html>
const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// The fields that [`process`] tells.
pub(crate) const PROCESS: &[&str] = &[
    "proc.name",
    "proc.pid",
    "thread.tid",
    "proc.vpid",
    "thread.vtid",
    "proc.ppid",
    "proc.pname",
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cmdline",
    "proc.cwd",
    "proc.tty",
    "proc.sid",
    "proc.pgid",
    "user.uid",
    "user.name",
    "user.loginuid",
    "group.gid",
    "group.name",
    "thread.cap_permitted",
    "thread.cap_effective",
    "thread.cap_inheritable",
];

/// A line of a thread's status.
pub(crate) fn status(pid: u32, tid: u32, key: &str) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/task/{tid}/status")).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim().to_owned()))
}

/// The members of a process's `stat` behind its name: the state is the first.
fn stat(pid: u32) -> Vec<i64> {
    let text = fs::read(format!("/proc/{pid}/stat")).expect("a living process");
    let text = String::from_utf8_lossy(&text).into_owned();
    let (_, rest) = text.rsplit_once(") ").expect("a name in parentheses");
    rest.split_whitespace().map(|word| word.parse().unwrap_or_default()).collect()
}

/// A thread's name.
pub(crate) fn comm(pid: u32, tid: u32) -> Vec<u8> {
    let mut name = fs::read(format!("/proc/{pid}/task/{tid}/comm")).expect("a living thread");
    name.pop();
    name
}

/// What a link of `/proc` points to.
pub(crate) fn link(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    let target = fs::read_link(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    target.as_os_str().as_bytes().to_vec()
}

/// What a descriptor of a process refers to.
pub(crate) fn fd(pid: u32, fd: i64) -> Value {
    text(&link(format!("/proc/{pid}/fd/{fd}")))
}

/// What a descriptor of a thread refers to, when it has descriptors of its own.
pub(crate) fn task_fd(pid: u32, tid: u32, fd: i64) -> Value {
    text(&link(format!("/proc/{pid}/task/{tid}/fd/{fd}")))
}

/// Bytes as a field shows them.
pub(crate) fn text(bytes: &[u8]) -> Value {
    Value::from(shown(bytes))
}

/// Bytes as an output shows them: of what is not UTF-8 each wrong byte is `\xNN` and each backslash is doubled.
pub(crate) fn shown(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// A working directory, which Falco ends with a slash.
pub(crate) fn cwd(path: &[u8]) -> Value {
    if path.ends_with(b"/") { text(path) } else { text(&[path, b"/"].concat()) }
}

fn capabilities(pid: u32, tid: u32, key: &str) -> Value {
    let bits = status(pid, tid, key).expect("a living thread");
    let bits = u64::from_str_radix(&bits, 16).expect("a hexadecimal number");
    let names = CAPABILITIES.iter().enumerate().filter(|(at, _)| (bits >> at) & 1 == 1);
    let names: Vec<_> = names.map(|(_, name)| *name).collect();
    Value::from(names.join(" "))
}

/// The name of a user or group.
fn name(file: &str, id: u32) -> Value {
    let text = fs::read_to_string(file).expect("a table of names");
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(&id.to_string()));
    line.and_then(|line| line.split(':').next()).map_or(Value::Null, Value::from)
}

/// When a process was made, in nanoseconds since the epoch; `/proc` counts hundredths of a second.
pub(crate) fn started(pid: u32) -> u64 {
    let ticks = stat(pid)[19] as u64;
    let boot = fs::read_to_string("/proc/stat").expect("/proc is mounted");
    let boot = boot.lines().find_map(|line| line.strip_prefix("btime ")).expect("the time of boot");
    boot.trim().parse::<u64>().expect("seconds") * 1_000_000_000 + ticks * 10_000_000
}

/// The process fields of an event that thread `tid` of `pid` makes now.
pub(crate) fn process(pid: u32, tid: u32) -> Value {
    let number = |key: &str, at: usize| {
        let line = status(pid, tid, key).unwrap_or_else(|| panic!("{key} of {pid}"));
        line.split_whitespace().nth(at).and_then(|word| word.parse::<u32>().ok()).expect("a number")
    };
    let last = |key: &str| {
        let line = status(pid, tid, key).unwrap_or_else(|| panic!("{key} of {pid}"));
        line.split_whitespace().next_back().and_then(|word| word.parse::<u32>().ok()).expect("a number")
    };
    let cmdline = fs::read(format!("/proc/{pid}/cmdline")).expect("a living process");
    let cmdline = cmdline.strip_suffix(b"\0").unwrap_or(&cmdline);
    let (exe, args) = cmdline
        .iter()
        .position(|byte| *byte == 0)
        .map_or((cmdline, &cmdline[..0]), |at| (&cmdline[..at], &cmdline[at + 1..]));
    let args: Vec<u8> = args.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    let (name_of, stat, ppid) = (comm(pid, tid), stat(pid), number("PPid", 0));
    let full = if args.is_empty() { name_of.clone() } else { [name_of.as_slice(), b" ", &args].concat() };
    let login = fs::read_to_string(format!("/proc/{pid}/loginuid"));
    let login = login.ok().and_then(|text| text.trim().parse::<u32>().ok());
    let (uid, gid) = (number("Uid", 1), number("Gid", 1));
    let mut fields = json!({
        "proc.name": text(&name_of),
        "proc.pid": pid,
        "thread.tid": tid,
        "proc.vpid": last("NStgid"),
        "thread.vtid": last("NSpid"),
        "proc.ppid": ppid,
        "proc.exe": text(exe),
        "proc.exepath": text(&link(format!("/proc/{pid}/exe"))),
        "proc.args": text(&args),
        "proc.cmdline": text(&full),
        "proc.cwd": cwd(&link(format!("/proc/{pid}/task/{tid}/cwd"))),
        "proc.tty": stat[4],
        "proc.sid": last("NSsid"),
        "proc.pgid": stat[2],
        "user.uid": uid,
        "user.name": name("/etc/passwd", uid),
        "group.gid": gid,
        "group.name": name("/etc/group", gid),
        "thread.cap_permitted": capabilities(pid, tid, "CapPrm"),
        "thread.cap_effective": capabilities(pid, tid, "CapEff"),
        "thread.cap_inheritable": capabilities(pid, tid, "CapInh"),
    });
    let members = fields.as_object_mut().expect("an object");
    if let Some(login) = login {
        members.insert("user.loginuid".to_owned(), Value::from(login as i32));
    }
    if ppid != 0 {
        members.insert("proc.pname".to_owned(), text(&comm(ppid, ppid)));
    }
    fields
}

/// `fields` with those of `more` in place of its own.
pub(crate) fn with(fields: &Value, more: Value) -> Value {
    let mut all: Map<String, Value> = fields.as_object().expect("an object").clone();
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}

/// The path that a folder of a test has in the mount namespace.
pub(crate) fn path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
