// SPDX-License-Identifier: Apache-2.0
//! Who and what, in the lines that people and programs read.

use std::fs;

use serde_json::{Value, json};
use tests::TempDir;

use crate::{
    actor::{Actor, Arg, CWD, Hand, Memory, call, nr},
    agent::{Agent, alone},
    scene::Scene,
    truth,
};

/// Opens a file, reads it and closes it while an agent with `args` captures: its output, and the descriptor.
fn captured(hand: &Hand, folder: &TempDir, args: &[&str]) -> (String, i64) {
    let pid = hand.pid.to_string();
    let agent = Agent::start(&[&["--syscalls", "openat,read,close,dup3", "--pid", &pid], args].concat());
    let path = truth::path(folder.path()).join("a file");
    let fd = call!(hand, openat, CWD, &path, libc::O_RDONLY | libc::O_CREAT, 0o600).ret;
    call!(hand, read, fd, Memory::room(8), 8);
    call!(hand, dup3, fd, 600, 0);
    call!(hand, close, 600);
    call!(hand, close, fd);
    let run = agent.stop();
    assert!(run.status.success(), "{}", run.stderr);
    (fs::read_to_string(run.folder.join("events")).expect("events"), fd)
}

#[test]
fn of_json() {
    let _alone = alone();
    let folder = TempDir::new();
    let (_actor, hand) = Actor::start();
    let (text, fd) = captured(&hand, &folder, &["-o", "json"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let truth = truth::process(hand.pid, hand.tid);
    let path = truth::path(folder.path()).join("a file");
    let files = |line: &Value| match line["syscall"].as_str() {
        Some("openat") => {
            let cwd = truth["proc.cwd"].as_str().map(|cwd| cwd.trim_end_matches('/'));
            json!({ "dirfd": cwd, "ret": path.to_str() })
        }
        Some("dup3") => json!({ "oldfd": path.to_str(), "ret": path.to_str() }),
        _ => json!({ "fd": path.to_str() }),
    };
    for line in &lines {
        for (member, field) in [
            ("/process/name", "proc.name"),
            ("/process/exe", "proc.exe"),
            ("/process/exe_path", "proc.exepath"),
            ("/process/cmdline", "proc.cmdline"),
            ("/process/cwd", "proc.cwd"),
            ("/process/tty", "proc.tty"),
            ("/process/sid", "proc.sid"),
            ("/process/pgid", "proc.pgid"),
            ("/process/vpid", "proc.vpid"),
            ("/parent/pid", "proc.ppid"),
            ("/parent/name", "proc.pname"),
            ("/user/name", "user.name"),
            ("/user/group", "group.name"),
            ("/pid", "proc.pid"),
        ] {
            assert_eq!(line.pointer(member), Some(&truth[field]), "{member}: {line}");
        }
        assert_eq!(line["container"]["id"], "host", "{line}");
        // Of descriptors that a call replaces nothing is known any more.
        let mut said = line["files"].clone();
        if let Some(said) = said.as_object_mut() {
            said.remove("newfd");
        }
        assert_eq!(said, files(line), "{line}");
    }
    let calls: Vec<_> = lines.iter().filter_map(|line| line["syscall"].as_str()).collect();
    assert_eq!(calls, ["openat", "read", "dup3", "close", "close"], "{text}");
    assert_eq!(lines[1]["args"]["fd"], fd, "the number is there too");
}

#[test]
fn of_text() {
    let _alone = alone();
    let folder = TempDir::new();
    let (_actor, hand) = Actor::start();
    let (text, fd) = captured(&hand, &folder, &[]);
    let path = truth::path(folder.path()).join("a file");
    let (path, pid) = (path.display(), hand.pid);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    for line in &lines {
        assert!(line.contains(&format!("host root actor[{pid}] ")), "who it was: {line}");
    }
    assert!(lines[0].ends_with(&format!(" = {fd}<{path}>")), "{}", lines[0]);
    assert!(lines[1].contains(&format!("read(fd={fd}<{path}>, ")), "{}", lines[1]);
    assert!(lines[2].contains(&format!("dup3(oldfd={fd}<{path}>, ")), "{}", lines[2]);
    assert!(lines[3].contains(&format!("close(fd=600<{path}>) = 0")), "{}", lines[3]);
}

#[test]
fn of_a_template() {
    let _alone = alone();
    let folder = TempDir::new();
    let (_actor, hand) = Actor::start();
    let format = "%proc.name(%proc.pid) %evt.type %fd.num=%fd.name of %user.name in %container.id %fd.sip";
    let (text, fd) = captured(&hand, &folder, &["--format", format]);
    let path = truth::path(folder.path()).join("a file");
    let (path, pid) = (path.display(), hand.pid);
    let wanted = [("openat", fd), ("read", fd), ("dup3", 600), ("close", 600), ("close", fd)]
        .map(|(call, fd)| format!("actor({pid}) {call} {fd}={path} of root in host <NA>\n"));
    assert_eq!(text, wanted.concat());
}

#[test]
fn without_tables() {
    let _alone = alone();
    let folder = TempDir::new();
    let (_actor, hand) = Actor::start();
    let (text, _) = captured(&hand, &folder, &["-o", "json", "--no-enrich"]);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&line["pid"], &line["comm"]), (&json!(hand.pid), &json!("actor")));
        for object in ["process", "parent", "user", "container", "files"] {
            assert!(line.get(object).is_none(), "{object}: {line}");
        }
    }
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn environments() {
    let _alone = alone();
    for (args, kept) in [(&["--env"][..], true), (&[], false)] {
        let (actor, hand) = Actor::start();
        let program = actor.program().to_owned();
        let scene = Scene::start_with("getppid,execve", &["proc.env[OWN]", "proc.env[PATH]"], args);
        let value = |text: &str| if kept { json!(text) } else { Value::Null };
        let path = std::env::var("PATH").expect("a PATH");
        // As /proc had it.
        let ret = call!(hand, getppid).ret;
        scene.expect(&hand, "getppid", ret, json!({ "proc.env[PATH]": value(&path), "proc.env[OWN]": null }));
        let mut child = hand.fork();
        let env = Memory::strings(&["OWN=its value", "PATH=/nowhere"]);
        child.exec(nr::execve, |argv| vec![Arg::from(&program), argv.into(), env.into()]);
        let own = json!({ "proc.env[PATH]": value("/nowhere"), "proc.env[OWN]": value("its value") });
        scene.expect(&child, "execve", 0, own.clone());
        let heir = child.fork();
        let ret = call!(heir, getppid).ret;
        scene.expect(&heir, "getppid", ret, own);
        scene.finish();
    }
}
