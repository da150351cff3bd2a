// SPDX-License-Identifier: Apache-2.0
//! Names that would act on a terminal or forge a line: of files, folders, programs, threads, sockets and cgroups. No output,
//! and no log, has them as they are. Names in arguments of calls are in `robustness/memory.rs`.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _, net::UnixListener},
    path::Path,
    process::{Command, Stdio},
};

use tests::{TempDir, lines};

use crate::{
    agent::Agent,
    books::closed,
    cgroups::{Cgroup, root},
    client::Client,
    guard::Guard,
    terminal,
};

/// What clears a screen, sets a title, rings, begins a line that looks like another event, turns text around, and is not
/// UTF-8. A name has no `/`.
const NASTY: &[u8] = b"\x1b[2J\x1b]0;t\x07\r\n{\"type\":\"forged\"}\n\xe2\x80\xae\xc2\x9b31m\x7f\xff";

/// A line that has what it should not, or is another's.
fn acts(output: &[u8]) -> Option<String> {
    let forged = |line: &&[u8]| line.starts_with(br#"{"type":"forged"#);
    let line = || output.split(|byte| *byte == b'\n').find(forged);
    terminal::acts(output).or_else(|| line().map(|line| String::from_utf8_lossy(line).into_owned()))
}

/// Does something to things of such names, as a process that is called so, in a cgroup that is called so.
fn act(folder: &Path, round: usize) {
    let nasty = OsStr::from_bytes(NASTY);
    let inside = folder.join(format!("{round}")).join(nasty);
    fs::create_dir_all(&inside).expect("a folder");
    let (file, program, socket) = (inside.join("file"), inside.join(nasty), inside.join("socket"));
    fs::write(&file, NASTY).expect("a file");
    fs::copy("/bin/cat", &program).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("our own file");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    let status = Command::new(&program)
        .arg(&file)
        .current_dir(&inside)
        .env("NASTY", nasty)
        .stdout(Stdio::null())
        .status()
        .expect("it runs");
    assert!(status.success());
    fs::remove_file(&file).expect("a file");
}

#[test]
fn nothing_that_is_written_acts_on_a_terminal() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let name = [b"lanner-test-".as_slice(), std::process::id().to_string().as_bytes(), NASTY].concat();
    // A cgroup's name has no line ends.
    let name: Vec<_> = name.into_iter().filter(|byte| *byte != b'\n').collect();
    // Some that are there before the agent.
    act(folder.path(), 0);
    let cgroup = Cgroup::in_hierarchy(&root(), &String::from_utf8_lossy(&name));
    let fields = "evt.type,proc.name,proc.exepath,proc.exe,proc.cmdline,proc.cwd,proc.pname,proc.env,fd.name,evt.args,container.id";
    let template = "%evt.type %proc.name %proc.exepath %proc.cwd %proc.cmdline %fd.name %evt.args";
    let outputs: [&[&str]; 4] =
        [&["-o", "json"], &["-o", "text"], &["-o", "json", "--fields", fields], &["-o", "text", "--format", template]];
    for (round, output) in (1..).zip(outputs) {
        // All that the agent can say of anything.
        let more = [
            "--log-level",
            "debug",
            "--env",
            "--metrics-listen",
            "127.0.0.1:0",
            "--syscalls",
            "file,process,network,read,write",
        ];
        let ledger = TempDir::new();
        let events = fs::File::create(ledger.join("events")).expect("a file");
        let mut command = tests::lanner();
        command.args(&more[2..]);
        let agent = Agent::launch(command, output, ledger, events.into());
        let mut inside = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().expect("a shell");
        cgroup.admit(inside.id());
        act(folder.path(), round);
        drop(inside.stdin.take());
        inside.wait().expect("it ends");
        let pages: Vec<_> = ["/metrics", "/versions", "/readyz"].map(|page| Client::of(&agent).get(page).body).into();
        let run = agent.stop();
        closed(&run);
        let written = fs::read(run.folder.join("events")).expect("events");
        assert!(written.windows(6).any(|part| part == b"forged"), "{output:?}: the names are not there");
        assert_eq!(acts(&written), None, "{output:?}");
        assert_eq!(acts(run.stderr.as_bytes()), None, "{output:?}: the log");
        assert_eq!(acts(&fs::read(run.folder.join("ledger")).expect("a ledger")), None, "{output:?}: the ledger");
        for page in pages {
            assert_eq!(acts(page.as_bytes()), None, "{output:?}: a page");
        }
        if output[1] == "json" {
            assert!(!lines(&run.folder.join("events")).is_empty());
        }
    }
}

#[test]
fn what_was_typed_does_not_act_either() {
    let _guard = Guard::new();
    let nasty = OsStr::from_bytes(NASTY);
    let printable = String::from_utf8_lossy(NASTY).into_owned();
    let in_folder = Path::new("/nonexistent").join(nasty).into_os_string();
    let condition = format!("proc.name = a and proc.nmae = \"{printable}\"");
    let cases: Vec<Vec<&OsStr>> = vec![
        vec![OsStr::new("--write"), &in_folder],
        vec![OsStr::new("--ledger"), &in_folder],
        vec![OsStr::new("--btf"), &in_folder],
        vec![OsStr::new("--filter"), &in_folder],
        vec![OsStr::new("--syscalls"), OsStr::new(&printable)],
        vec![OsStr::new("--comm"), OsStr::new(&printable)],
        vec![OsStr::new("--fields"), OsStr::new(&printable)],
        vec![OsStr::new("--host-root"), &in_folder],
        vec![OsStr::new("validate"), &in_folder],
        vec![OsStr::new(&condition)],
    ];
    let mut wrong = String::new();
    for args in cases {
        let output = tests::lanner().args(&args).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        // Whoever types the end of a line gets one.
        if let Some(line) = acts(&String::from_utf8_lossy(&said).replace(r#"{"type":"#, "").into_bytes()) {
            let _ = writeln!(wrong, "{args:?}: {line:?}");
        }
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {}", output.status);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
