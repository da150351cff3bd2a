// SPDX-License-Identifier: Apache-2.0
//! The command line as people use it, and as they err: every error is one clear line that names what is wrong and what
//! to do, with an exit code that is not 0.

#[path = "support/agent.rs"]
mod agent;
#[path = "support/wait.rs"]
mod wait;

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File, Permissions},
    io,
    os::{
        fd::{FromRawFd as _, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    ptr, thread,
};

use agent_common::{
    class, numbers,
    record::MAX_SNAPLEN,
    schema::{Abi, Syscall},
};
use rustix::process::getppid;
use serde_json::Value;
use tests::{TempDir, binary, lanner};

use crate::{
    agent::{Agent, alone},
    wait::wait_for,
};

/// What a run of the agent that does not capture wrote.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let said = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!said.stderr.contains("panicked"), "it panicked:\n{}", said.stderr);
        assert!(!said.stderr.contains('\x1b') && !said.stdout.contains('\x1b'), "colours in a pipe: {said:?}");
        said
    }

    fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        Self::of(lanner().args(args).stdin(Stdio::null()).output().expect("it runs"))
    }
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// A copy of the agent where any user may run it.
fn for_anybody(folder: &TempDir) -> PathBuf {
    let copy = folder.join("lanner");
    fs::copy(binary(), &copy).expect("a copy");
    fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("executable");
    copy
}

#[test]
fn errors_name_the_thing_and_the_remedy() {
    let folder = TempDir::new();
    let (garbage, empty) = (folder.join("garbage"), folder.join("empty"));
    fs::write(&garbage, "this is no BTF, but it is long enough to look like some").expect("a file");
    fs::write(&empty, "").expect("a file");
    let [garbage, empty] = [&garbage, &empty].map(|path| path.to_str().expect("UTF-8"));
    let snaplen = (MAX_SNAPLEN + 1).to_string();
    let most = MAX_SNAPLEN.to_string();
    // What is typed; what the first line must hold. All of them are refused before anything is loaded.
    let cases: &[(&[&str], &[&str])] = &[
        (&["--syscalls", "opnat"], &["--syscalls", "`opnat`", "did you mean `openat`?", "lanner list syscalls"]),
        (&["--syscalls", "netwrok"], &["`netwrok`", "did you mean `network`?"]),
        (&["--syscalls", "read,!wriet"], &["`wriet`", "did you mean `write`?"]),
        (&["--syscalls", "qqqqqqqqqqqq"], &["`qqqqqqqqqqqq`", "lanner list syscalls", "network"]),
        (&["--ring-budget", "12x"], &["'12x'", "--ring-budget", "MiB"]),
        (&["--ring-budget", ""], &["--ring-budget", "MiB"]),
        (&["--ring-budget", "much"], &["'much'", "--ring-budget", "MiB"]),
        (&["--write", "/tmp/x", "--rotate-size", "1.2.3"], &["'1.2.3'", "--rotate-size", "MiB"]),
        (&["--duration", "5"], &["'5'", "--duration", "5s"]),
        (&["--duration", "abc"], &["'abc'", "--duration", "10s"]),
        (&["--duration", ""], &["--duration", "10s"]),
        (&["--duration", "1 fortnight"], &["'1 fortnight'", "--duration", "hours"]),
        (&["--snaplen", &snaplen], &[&snaplen, "--snaplen", &most]),
        (&["--snaplen", "many"], &["'many'", "--snaplen"]),
        (&["--comm", "a-name-too-long-x"], &["`a-name-too-long-x`", "--comm", "15 bytes"]),
        (&["--comm", ""], &["--comm", "15 bytes"]),
        (&["--comm", "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"], &["--comm", "15 bytes"]),
        (&["--count", "0"], &["'0'", "--count", "1.."]),
        (&["--pid", "self"], &["'self'", "--pid"]),
        (&["--pid", "-1"], &["-1"]),
        (&["--uid", "root"], &["'root'", "--uid"]),
        (&["--output", "xml"], &["'xml'", "--output"]),
        (&["--log-level", "loud"], &["'loud'", "--log-level"]),
        (&["--btf", "/nonexistent/btf"], &["/nonexistent/btf", "No such file"]),
        (&["--btf", "/"], &["BTF", "/: Is a directory"]),
        (&["--btf", garbage], &[garbage, "not BTF", "--btf FILE"]),
        (&["--btf", empty], &[empty, "BTF", "--btf FILE"]),
        (&["--btf", "/bin/true"], &["/bin/true", "not BTF", "--btf FILE"]),
        (&["--write", "/nonexistent/events"], &["/nonexistent/events", "No such file"]),
        (&["--ledger", "/nonexistent/ledger"], &["/nonexistent/ledger", "No such file"]),
        (&["--rotate-size", "1MiB"], &["required"]),
        (&["--no-such-option"], &["--no-such-option"]),
        (&["--syscals", "read"], &["--syscals"]),
        (&["doctr"], &["doctr"]),
        (&["proc.nmae = cat"], &["condition", "`proc.nmae`", "did you mean `proc.name`?"]),
        (&["evt.type = opnat"], &["`opnat`", "did you mean `openat`?"]),
        (&["proc.pid = many"], &["`many`", "number"]),
        (&["proc.name < a"], &["number", "`<`"]),
        (&["evt.type in (open"], &["`(`", "never closed"]),
        (&["proc.name startwith a"], &["did you mean `startswith`?"]),
        (&["spawned_process and evt.type = open"], &["unknown macro `spawned_process`"]),
        (&["--filter", "/nonexistent/condition"], &["/nonexistent/condition", "No such file"]),
        (&["--filter", garbage, "evt.type = open"], &["--filter", "CONDITION"]),
        (&["--no-state", "evt.type = open and proc.cmdline contains x"], &["tables", "--no-state"]),
        (&["explain"], &["nothing to explain", "--filter FILE"]),
        (&["explain", "proc.nmae = cat"], &["did you mean `proc.name`?"]),
        (&["validate"], &["required"]),
        (&["doctor", "--btf", "/nonexistent/btf", "--jsn"], &["--jsn"]),
        (&["list", "sycalls"], &["sycalls"]),
    ];
    let mut wrong = String::new();
    for (args, words) in cases {
        let said = Said::run(*args);
        let first = said.stderr.lines().next().unwrap_or_default();
        let missing: Vec<_> = words.iter().filter(|word| !first.contains(**word)).collect();
        let begins = first.starts_with("lanner: ") || first.starts_with("error: ");
        if !missing.is_empty() || !begins || !matches!(said.code, Some(1 | 2)) || !said.stdout.is_empty() {
            let _ = writeln!(wrong, "{args:?}: without {missing:?}: {said:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_not_there_is_suggested() {
    for (typed, meant) in [("doctr", "doctor"), ("--syscals", "--syscalls"), ("--durations", "--duration")] {
        let said = Said::run([typed]);
        assert!(said.stderr.contains(&format!("'{meant}'")), "{said:?}");
    }
}

#[test]
fn a_wrong_condition_is_shown_where_it_is_wrong_and_nothing_is_attached() {
    let folder = TempDir::new();
    let program = for_anybody(&folder);
    for (condition, caret) in [
        ("evt.type = open and proc.nmae = cat", "                    ^^^^^^^^^"),
        ("proc.pid = many", "           ^^^^"),
        ("evt.type in (open, close", "            ^"),
        ("fd.name startswith", "                  ^"),
        ("proc.name glb a*", "          ^^^"),
        ("fd.num contains x", "       ^^^^^^^^"),
        ("not (proc.name = a", "    ^"),
    ] {
        // By a user who could load nothing: so nothing was tried.
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).arg(condition);
        let said = Said::of(command.output().expect("setpriv"));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert_eq!(said.stderr.lines().nth(1), Some(format!("  {condition}").as_str()), "{said:?}");
        assert_eq!(said.stderr.lines().nth(2), Some(format!("  {caret}").as_str()), "{said:?}");
        assert!(said.stdout.is_empty() && said.stderr.lines().count() == 3, "{said:?}");
    }
}

#[test]
fn what_is_explained_says_what_runs_where() {
    let said =
        Said::run(["explain", "evt.type in (open, openat) and fd.name startswith /etc and proc.cmdline contains x"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in
        ["condition", "in the kernel", "left to the agent", "attached", "fd.name", "proc.cmdline contains x", "openat"]
    {
        assert!(said.stdout.contains(part), "{part}: {said:?}");
    }
    let json = Said::run(["explain", "--json", "evt.type = openat and evt.rawres < 0"]);
    let value: Value = serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    assert_eq!(value["attached"], serde_json::json!(["openat"]), "{json:?}");
}

#[test]
fn conditions_and_rules_are_validated() {
    let folder = TempDir::new();
    let [good, bad, rules] = ["good", "bad", "rules.yaml"].map(|name| folder.join(name));
    fs::write(&good, "# opens\nevt.type = open\nand fd.name startswith /etc\n").expect("a file");
    fs::write(&bad, "evt.type = open and proc.nmae = x and fd.num = many").expect("a file");
    fs::write(&rules, "- list: shells\n  items: [bash, sh]\n- macro: shell\n  condition: proc.name in (shells)\n")
        .expect("a file");
    let said = Said::run([OsStr::new("validate"), good.as_os_str(), rules.as_os_str()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("1 macro, 1 list") && said.stdout.lines().count() == 2, "{said:?}");
    let said = Said::run([OsStr::new("validate"), good.as_os_str(), bad.as_os_str()]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.stdout.contains("did you mean `proc.name`?") && said.stdout.contains("`many`"),
        "every error: {said:?}"
    );
    assert_eq!(Said::run(["validate", "/nonexistent"]).code, Some(1));
}

#[test]
fn options_in_the_environment_are_checked_too() {
    for (name, value, words) in [
        ("LANNER_SYSCALLS", "opnat", &["`opnat`", "did you mean `openat`?"]),
        ("LANNER_RING_BUDGET", "12x", &["'12x'", "--ring-budget"]),
        ("LANNER_BTF", "/nonexistent/btf", &["/nonexistent/btf", "No such file"]),
    ] {
        let said = Said::of(lanner().env(name, value).output().expect("it runs"));
        assert!(said.code.is_some_and(|code| code != 0), "{said:?}");
        assert!(words.iter().all(|word| said.stderr.contains(*word)), "{name}: {said:?}");
    }
}

#[test]
fn who_may_not_capture_is_told_how() {
    let folder = TempDir::new();
    let program = for_anybody(&folder);
    let nobody: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let no_capabilities: &[&str] = &["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    let some_dropped: &[&str] = &["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"];
    for wrapper in [nobody, no_capabilities, some_dropped] {
        let run = |args: &[&str]| {
            let mut command = Command::new(wrapper[0]);
            Said::of(command.args(&wrapper[1..]).arg(&program).args(args).output().expect("setpriv"))
        };
        let said = run(&["--duration", "1s"]);
        assert_eq!(said.code, Some(1), "{wrapper:?}: {said:?}");
        assert_eq!(said.stderr.lines().count(), 1, "{wrapper:?}: {said:?}");
        assert!(said.stdout.is_empty(), "{wrapper:?}: {said:?}");
        for word in ["CAP_BPF", "CAP_PERFMON", "sudo"] {
            assert!(said.stderr.contains(word), "{wrapper:?}: {word}: {said:?}");
        }
        // The doctor says the same, and what works without.
        let said = run(&["doctor"]);
        assert_eq!(said.code, Some(1), "{wrapper:?}: {said:?}");
        assert!(said.stdout.contains("FAIL  capabilities") && said.stdout.contains("CAP_BPF"), "{wrapper:?}: {said:?}");
        assert!(said.stdout.contains("Capture can't work here."), "{wrapper:?}: {said:?}");
        let said = run(&["doctor", "--json"]);
        let report: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        assert_eq!((said.code, &report["ok"]), (Some(1), &Value::Bool(false)), "{wrapper:?}: {said:?}");
        for check in report["checks"].as_array().expect("checks") {
            assert_eq!(check["status"] != "ok", check["remedy"].is_string(), "a remedy where one is needed: {check}");
        }
        assert_eq!(run(&["list", "syscalls"]).code, Some(0), "what needs no privilege works");
    }
}

#[test]
fn help_names_everything() {
    let help = Said::run(["--help"]);
    assert_eq!(help.code, Some(0), "{help:?}");
    for word in [
        "--syscalls",
        "--pid",
        "--uid",
        "--comm",
        "--duration",
        "--count",
        "--ring-budget",
        "--snaplen",
        "--write",
        "--rotate-size",
        "--rotate-count",
        "--ledger",
        "--btf",
        "--log-level",
        "--output",
        "doctor",
        "list",
        "CAP_BPF",
        "CAP_PERFMON",
        "root",
        "Examples:",
        "LANNER_SYSCALLS",
    ] {
        assert!(help.stdout.contains(word), "{word}: {help:?}");
    }
    for (class, _) in class::ALL {
        assert!(help.stdout.contains(class), "{class}: {help:?}");
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{help:?}");
    let short = Said::run(["-h"]);
    assert!(short.code == Some(0) && short.stdout.len() < help.stdout.len(), "{short:?}");
    let version = Said::run(["--version"]);
    assert!(version.code == Some(0) && version.stdout.starts_with("lanner "), "{version:?}");
}

#[test]
fn the_doctor_is_content() {
    let text = Said::run(["doctor"]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.stdout.contains("Capture can work here.") && !text.stdout.contains("FAIL"), "{text:?}");
    let json = Said::run(["doctor", "--json"]);
    let report: Value = serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    assert_eq!((json.code, &report["ok"]), (Some(0), &Value::Bool(true)), "{json:?}");
    assert!(json.stderr.is_empty(), "{json:?}");
    for check in report["checks"].as_array().expect("checks") {
        let name = check["name"].as_str().expect("a name");
        assert!(text.stdout.contains(name), "{name} is in JSON only");
        assert!(["ok", "warn", "fail"].map(Value::from).contains(&check["status"]), "{check}");
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    assert!(text.stdout.contains(release.trim()), "{text:?}");
}

#[test]
fn every_syscall_is_listed() {
    let rows = || Abi::ALL.into_iter().flat_map(|abi| numbers::table(abi).iter().map(move |entry| (abi, entry)));
    let form = |row: &Syscall| (row.name.to_owned(), format!("{:?}", row.args));
    // A name whose arguments differ by convention is listed once for each form.
    let forms: BTreeSet<_> = rows().map(|(_, entry)| form(entry.row)).collect();
    let json = Said::run(["list", "syscalls", "--json"]);
    let listed: Vec<Value> = serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    assert_eq!((json.code, listed.len()), (Some(0), forms.len()));
    let numbered: usize = listed.iter().map(|entry| entry["nr"].as_object().expect("numbers").len()).sum();
    assert_eq!(numbered, rows().count(), "every number of every convention");
    for (abi, entry) in rows() {
        let abi = if abi == Abi::I386 { "i386" } else { std::env::consts::ARCH };
        let found = listed.iter().find(|listed| listed["nr"][abi] == entry.nr);
        let found = found.unwrap_or_else(|| panic!("{} ({} of {abi}) is not listed", entry.row.name, entry.nr));
        assert_eq!(found["name"], entry.row.name, "{found}");
        let names: Vec<_> = entry.row.args.iter().map(|arg| Value::from(arg.name)).collect();
        let listed: Vec<_> = found["args"].as_array().expect("arguments").iter().map(|arg| &arg["name"]).collect();
        assert_eq!(listed, names.iter().collect::<Vec<_>>(), "{found}");
    }
    let text = Said::run(["list", "syscalls"]);
    assert_eq!((text.code, text.stdout.lines().count()), (Some(0), forms.len() + 1), "a headline, and a line for each");

    let script = r#""$0" list syscalls | head -n 1; exit "${PIPESTATUS[0]}""#;
    let said = Said::of(Command::new("/bin/bash").args(["-c", script]).arg(binary()).output().expect("bash"));
    assert!(said.code == Some(0) && said.stderr.is_empty() && said.stdout.starts_with("NAME"), "{said:?}");
}

/// Runs a shell script in which `"$0"` is the agent.
fn shell(script: &str) -> Said {
    Said::of(Command::new("/bin/bash").args(["-c", script]).arg(binary()).output().expect("bash"))
}

#[test]
fn limits_of_the_shell() {
    let _alone = alone();
    // All programs together take more descriptors than some shells allow.
    for limit in [256, 64] {
        let said = shell(&format!(r#"ulimit -Sn {limit}; "$0" -o json --duration 100ms >/dev/null"#));
        assert!(said.code == Some(0) && said.stderr.contains("ledger: closed"), "{limit}: {said:?}");
        let said = shell(&format!(r#"ulimit -n {limit}; "$0" -o json --duration 100ms >/dev/null"#));
        let told = said.stderr.contains("open files") && said.stderr.contains("ulimit -n");
        assert!(said.code == Some(1) && told, "{limit}: {said:?}");
    }
}

#[test]
fn a_pid_namespace() {
    let _alone = alone();
    let said = shell(r#"unshare --pid --fork --mount-proc "$0" -o json --syscalls getppid --duration 500ms"#);
    // Ids in there are not the kernel's. To cope with that is good, to say so is enough.
    let told = said.stderr.contains("PID namespace") && said.stderr.contains("host");
    let copes = said.code == Some(0) && said.stderr.contains("ledger: closed");
    assert!(copes || (said.code == Some(1) && told), "{said:?}");
}

#[test]
fn more_ids_than_anybody_gives() {
    let _alone = alone();
    let pids: Vec<_> = (1..=5000).map(|pid| format!("--pid={pid}")).collect();
    let said = Said::run(pids.iter().map(String::as_str).chain(["--syscalls", "getppid", "--duration", "100ms"]));
    let told = said.stderr.contains("--pid") && said.stderr.contains("4096");
    assert!(said.code == Some(0) || (said.code == Some(1) && told), "{said:?}");
}

#[test]
fn a_selection_of_nothing() {
    let _alone = alone();
    for words in ["!all", "network,!network", "read,-read"] {
        let said = Said::run(["--syscalls", words, "--duration", "100ms"]);
        assert!(said.code == Some(1) && said.stderr.contains("--syscalls"), "{words}: {said:?}");
    }
}

/// A terminal: its end for the agent, and ours.
fn terminal() -> (OwnedFd, File) {
    let (mut ours, mut theirs) = (-1, -1);
    // SAFETY: both are ours to be written; no name, settings or size are passed.
    let made = unsafe { libc::openpty(&raw mut ours, &raw mut theirs, ptr::null_mut(), ptr::null(), ptr::null()) };
    assert_eq!(made, 0, "no terminal");
    // SAFETY: new descriptors, which nobody else has.
    unsafe { (OwnedFd::from_raw_fd(theirs), File::from_raw_fd(ours)) }
}

/// What text events look like on a terminal, with `NO_COLOR` set to this.
fn on_a_terminal(no_color: Option<&str>) -> String {
    let (theirs, mut ours) = terminal();
    let mut command = lanner();
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    command.args(["--syscalls", "getppid", "--count", "3"]).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = command.stdout(theirs).spawn().expect("it runs");
    // Only the child has the other end now.
    drop(command);
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        // Reading a terminal whose other end is closed is an error.
        let _ = io::copy(&mut ours, &mut text);
        String::from_utf8(text).expect("UTF-8")
    });
    let status = wait_for("three calls", || {
        let _ = getppid();
        child.try_wait().expect("a child to wait for")
    });
    assert!(status.success(), "{status}");
    reader.join().expect("a reader")
}

#[test]
fn colours_are_for_terminals() {
    let _alone = alone();
    let coloured = on_a_terminal(None);
    assert!(coloured.contains("\x1b[1mgetppid\x1b[0m"), "{coloured}");
    assert!(on_a_terminal(Some("")).contains('\x1b'), "an empty NO_COLOR says nothing");
    let plain = on_a_terminal(Some("1"));
    assert!(!plain.contains('\x1b') && plain.contains(" getppid() = "), "{plain}");
    // And in a pipe or a file, never.
    let agent = Agent::start(&["--syscalls", "getppid"]);
    let _ = getppid();
    let run = agent.stop();
    let text = fs::read_to_string(run.folder.join("events")).expect("events");
    assert!(text.contains(" getppid() = ") && !text.contains('\x1b') && !run.stderr.contains('\x1b'), "{text}{run:?}");
}

/// Starts the agent where /sys/kernel/btf is an empty folder.
fn without_btf(nothing: &Path, args: &[&str]) -> Agent {
    let script = r#"mount --bind "$1" /sys/kernel/btf && shift && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(nothing).arg(binary());
    let folder = TempDir::new();
    let events = File::create(folder.join("events")).expect("a file for events");
    Agent::launch(command, args, folder, events.into())
}

#[test]
fn a_kernel_without_btf() {
    let _alone = alone();
    let folder = TempDir::new();
    let nothing = folder.join("nothing");
    fs::create_dir_all(&nothing).expect("a folder");

    let args = ["-o", "json", "--syscalls", "openat,execve,getppid"];
    let agent = without_btf(&nothing, &args);
    let child = Command::new("/bin/true").arg("argument").status().expect("/bin/true");
    assert!(child.success());
    let path = folder.join("without-btf");
    let _ = fs::read(&path);
    int80_open();
    let run = agent.stop();
    assert!(run.status.success(), "{}\n{}", run.status, run.stderr);
    assert!(run.stderr.contains("WARN") && run.stderr.contains("no BTF") && run.stderr.contains("--btf"), "{run:?}");
    let text = fs::read_to_string(run.folder.join("events")).expect("events");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let opened = events.iter().find(|event| event["args"]["name"] == path.to_str().expect("UTF-8"));
    let opened = opened.unwrap_or_else(|| panic!("the call is not there: {text}"));
    assert!(opened["errno"] == "ENOENT" && opened["pid"] == std::process::id(), "{opened}");
    assert_eq!(opened["ppid"], Value::Null, "what can't be read is not made up: {opened}");
    let executed = events.iter().filter(|event| event["syscall"] == "execve" && event["ret"] == 0);
    for event in executed {
        assert_eq!((&event["args"]["argv"], &event["args"]["filename"]), (&Value::Null, &Value::Null), "{event}");
    }
    // 5 is open for 32-bit callers, and fstat for others.
    assert!(events.iter().all(|event| event["nr"] != 5), "a 32-bit call is taken for another: {text}");

    // With the kernel's own BTF from elsewhere there is nothing to warn of.
    let btf = folder.join("vmlinux");
    fs::copy("/sys/kernel/btf/vmlinux", &btf).expect("this kernel has BTF");
    let args = ["-o", "json", "--syscalls", "openat", "--btf", btf.to_str().expect("UTF-8")];
    let agent = without_btf(&nothing, &args);
    let _ = fs::read(&path);
    let run = agent.stop();
    assert!(run.status.success() && !run.stderr.contains("WARN"), "{}\n{}", run.status, run.stderr);
    let text = fs::read_to_string(run.folder.join("events")).expect("events");
    let opened = text.lines().find(|line| line.contains("without-btf")).expect("the call is there");
    assert!(!opened.contains("\"ppid\":null"), "{opened}");
}

/// `open` as 32-bit programs call it, of a name that is nowhere.
fn int80_open() {
    // SAFETY: the call gets an address where nothing is, and fails; old kernels clear what is named.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {first}",
            "int 0x80",
            "xchg rbx, {first}",
            first = inout(reg) 16_u64 => _,
            inlateout("eax") 5 => _,
            in("ecx") 0,
            in("edx") 0,
            lateout("r8") _,
            lateout("r9") _,
            lateout("r10") _,
            lateout("r11") _,
        );
    }
}
