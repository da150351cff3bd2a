// SPDX-License-Identifier: Apache-2.0
//! What is reported of right and wrong files.

use std::path::PathBuf;

use super::{Output, Verdict, validate};

/// The report on files of these contents, with the directory's name taken out.
fn report(files: &[(&str, &str)]) -> (Verdict, String) {
    reported(files, false)
}

fn reported(files: &[(&str, &str)], colour: bool) -> (Verdict, String) {
    let dir =
        std::env::temp_dir().join(format!("lanner-validate-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.join(name)).collect();
    for (path, (_, text)) in paths.iter().zip(files).filter(|(_, (_, text))| !text.is_empty()) {
        std::fs::write(path, text).expect("a file");
    }
    let mut out = Output { to: Vec::new(), colour };
    let verdict = validate(&paths, &mut out).expect("written");
    std::fs::remove_dir_all(&dir).expect("removed");
    let text = String::from_utf8(out.to).expect("UTF-8");
    (verdict, text.replace(&format!("{}/", dir.display()), ""))
}

#[test]
fn right_files_have_a_line_each() {
    let rules = "- list: l\n  items: [a]\n- macro: m\n  condition: proc.name in (l)\n";
    let rule =
        "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: m\n- macro: n\n  condition: m and m\n";
    assert_eq!(
        report(&[("a.yaml", rules), ("b.yml", rule), ("c", "proc.name = a # all\n")]),
        (
            Verdict::Valid,
            "a.yaml: ok, 0 rules, 1 macro, 1 list\nb.yml: ok, 1 rule, 1 macro, 0 lists\nc: ok\n".to_owned()
        )
    );
}

#[test]
fn every_error_is_shown_with_its_place() {
    let rules = "\
- macro: m
  condition: proc.nmae = a
- macro: n
  condition: (m
- rule: r
  desc: d
  output: o
  priority: INFO
  condition: >
    m and proc.name = b
    and proc.nmae = c
- rule: s
  desc: d
";
    let want = "\
a.yaml:4: macro `n`: this `(` is never closed
  (m
  ^
a.yaml:12: rule `s`: the key `condition` is missing
a.yaml:2: macro `m`: unknown field `proc.nmae` (did you mean `proc.name`?)
  proc.nmae = a
  ^^^^^^^^^
a.yaml:10: rule `r`: unknown field `proc.nmae` (did you mean `proc.name`?)
  m and proc.name = b and proc.nmae = c
                          ^^^^^^^^^
a.yaml: 4 errors
c: line 2: unknown field `proc.nmae` (did you mean `proc.name`?)
  and proc.nmae = b
      ^^^^^^^^^
c: 1 error
";
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (verdict, text) = report(&[("a.yaml", rules), ("c", "proc.name = a\nand proc.nmae = b")]);
    assert_eq!(verdict, Verdict::Invalid);
    assert_eq!(sorted(&text), sorted(want), "{text}");
}

#[test]
fn a_rule_may_name_fields_that_are_unknown() {
    let rule = |skip: &str| {
        format!(
            "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: proc.nmae = a\n  skip-if-unknown-filter: {skip}\n"
        )
    };
    assert_eq!(report(&[("a.yaml", &rule("true"))]).0, Verdict::Valid);
    assert_eq!(report(&[("a.yaml", &rule("false"))]).0, Verdict::Invalid);
    assert_eq!(
        report(&[("a.yaml", &(rule("false") + "  source: other\n"))]).0,
        Verdict::Valid,
        "another source's fields"
    );
}

#[test]
fn what_cannot_be_read_is_another_failure() {
    let (verdict, text) = report(&[("a", "proc.nmae = a"), ("missing", "")]);
    assert_eq!(verdict, Verdict::Unreadable);
    assert!(text.starts_with("can't read missing: No such file or directory"), "{text}");
    assert!(text.ends_with("a: 1 error\n"), "the others are checked all the same: {text}");
    assert_eq!(report(&[("a.yaml", "a: [")]).0, Verdict::Invalid);
}

#[test]
fn a_terminal_gets_colours() {
    let (_, text) = reported(&[("a", "proc.nmae = a"), ("b", "proc.name = z")], true);
    assert_eq!(
        text,
        "\x1b[1ma: unknown field `proc.nmae` (did you mean `proc.name`?)\x1b[0m\n\
         \x1b[0m  proc.nmae = a\x1b[0m\n\x1b[31m  ^^^^^^^^^\x1b[0m\na: \x1b[31m1 error\x1b[0m\nb: \x1b[32mok\x1b[0m\n"
    );
}
