// SPDX-License-Identifier: Apache-2.0
//! Explanations, in `golden/explain/`. `LANNER_BLESS=1` writes them anew.

use super::*;
use crate::{
    filter::{
        check::check,
        parse::parse,
        push::{Ask, push},
    },
    select::Selection,
};

const CONDITIONS: &[(&str, &str)] = &[
    ("secret", "evt.type in (open,openat,openat2) and fd.name startswith /etc/secret"),
    ("failed", "evt.res in (EACCES, EPERM) and not proc.name in (sshd, cron) and evt.category = file"),
    (
        "create",
        "evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and evt.arg.flags contains O_CREAT",
    ),
    ("outbound", "evt.type = connect and fd.sport = 443 and fd.snet in ('10.0.0.0/8', '192.168.0.0/16')"),
    ("shell", "evt.type in (execve, execveat) and evt.rawres >= 0 and proc.pname = nginx and container.id != host"),
    ("either", "(evt.type = kill and evt.arg.sig = SIGKILL) or (evt.type = unlinkat and fs.path.name endswith .log)"),
    ("never", "evt.type = open and evt.is_wait = true"),
    ("process", "proc.name startswith python and user.uid = 0 and proc.cmdline contains '-c'"),
];

fn explained(text: &str) -> Explanation {
    let condition = parse(text).and_then(|parsed| check(&parsed, text)).expect(text);
    let selection = Selection::all();
    let ask = Ask { selection: &selection, state: true, output_needs_sides: false };
    Explanation::of(&condition, &push(Some(&condition), &ask))
}

#[test]
#[cfg(target_arch = "x86_64")]
fn conditions_are_explained() {
    for (name, condition) in CONDITIONS {
        let mut got = Vec::new();
        explained(condition).write(&mut got, false).expect("memory takes all");
        let want = crate::golden::wanted(&format!("golden/explain/{name}.txt"), &got);
        assert_eq!(
            String::from_utf8_lossy(&got),
            want,
            "{name}; if it is meant, LANNER_BLESS=1 cargo test -p agent explain"
        );
    }
}

#[test]
fn colour_and_json_say_the_same() {
    let explained = explained(CONDITIONS[0].1);
    let (mut plain, mut coloured, mut json) = (Vec::new(), Vec::new(), Vec::new());
    explained.write(&mut plain, false).expect("memory takes all");
    explained.write(&mut coloured, true).expect("memory takes all");
    explained.json(&mut json).expect("memory takes all");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let without = [DIM, BOLD, CYAN, RESET].iter().fold(text(&coloured), |text, style| text.replace(style, ""));
    assert_ne!(coloured, plain);
    assert_eq!(without, text(&plain));
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let group = &json["groups"][0];
    assert_eq!(group["syscalls"], serde_json::json!(["open", "openat", "openat2"]));
    assert_eq!(group["kernel"], "the file's name startswith /etc/secret");
    assert_eq!(group.get("userspace"), None);
    assert_eq!(json["tree"]["and"][1]["test"], "fd.name startswith /etc/secret");
}
