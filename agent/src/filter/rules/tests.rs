// SPDX-License-Identifier: Apache-2.0
//! What rules files become, and what is said of wrong ones.

mod golden;
mod wrong;

use super::{Rules, load};

/// A rule with this condition and these other keys.
fn rule(name: &str, condition: &str, more: &str) -> String {
    format!("- rule: {name}\n  desc: d\n  output: o\n  priority: INFO\n  condition: {condition}\n{more}")
}

fn right(files: &[&str]) -> Rules {
    let named: Vec<_> = files.iter().map(|text| ("rules.yaml", *text)).collect();
    let (rules, problems) = load(&named);
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    rules
}

/// The conditions of the rules of `files`, as they are in the end.
fn conditions(files: &[&str]) -> Vec<String> {
    right(files).rules.iter().map(|rule| rule.condition.to_string()).collect()
}

#[test]
fn lists_and_macros_are_put_in_the_place_of_their_names() {
    let text = "\
- list: shells
  items: [sh, \"'a b'\", c d, 22]
- list: more
  items: [shells, zsh]
- list: none
  items: []
- macro: shell
  condition: proc.name in (more) or proc.pname in shells
- macro: spawned
  condition: (evt.type in (execve, execveat))
- macro: both
  condition: spawned and shell
"
    .to_owned()
        + &rule("r", "both and not shell and a.b in (x, none, y) and c.d startswith oneof (none)", "");
    let shell = "proc.name in (sh, \"a b\", \"c d\", 22, zsh) or proc.pname in (sh, \"a b\", \"c d\", 22)";
    assert_eq!(
        conditions(&[&text]),
        [format!(
            "evt.type in (execve, execveat) and ({shell}) and not ({shell}) and a.b in (x, y) and c.d startswith oneof ()"
        )]
    );
    let rules = right(&[&text]);
    let rule = &rules.rules[0];
    let crate::filter::ast::Expr::And(parts) = &rule.condition else { unreachable!("and") };
    let crate::filter::ast::Expr::Check(first) = &parts[0] else { unreachable!("a comparison") };
    assert_eq!(rule.text.text.get(first.op.span.start..first.op.span.end), Some("both"), "the macro's place");
    assert_eq!(rule.own.to_string(), "both and not shell and a.b in (x, y) and c.d startswith oneof ()");
}

#[test]
fn quoted_texts_are_no_lists_and_a_list_of_one_is_a_text() {
    let text = "- list: l\n  items: [x, y]\n- list: one\n  items: [z]\n".to_owned()
        + &rule("r", "\"a.b in ('l', l, ll) and a.b = 'l' and a.b = one\"", "");
    assert_eq!(conditions(&[&text]), ["a.b in (\"l\", x, y, ll) and a.b = \"l\" and a.b = z"]);
}

#[test]
fn what_is_appended_to_changes_what_came_before() {
    let first = "- list: l\n  items: [a]\n- macro: m\n  condition: x.y in (l)\n".to_owned() + &rule("r", "m", "");
    let second = "\
- list: l
  items: [b]
  append: true
- list: l
  items: [c]
  override: {items: append}
- macro: m
  condition: or x.y = d
  append: true
- rule: r
  append: true
  condition: and e.f exists
- rule: r
  condition: or g.h exists
  output: p
  priority: ERROR
  tags: [t]
  enabled: false
  override: {condition: append, output: append, priority: replace, tags: append, enabled: replace}
";
    let rules = right(&[&first, second]);
    let rule = &rules.rules[0];
    assert_eq!(rule.condition.to_string(), "(x.y in (a, b, c) or x.y = d) and e.f exists or g.h exists");
    assert_eq!(rule.text.text, "m and e.f exists or g.h exists");
    assert_eq!([0, 2, 18].map(|byte| rule.text.place_of(byte).line), [9, 12, 14]);
    assert_eq!(
        (&*rule.about.output, rule.about.priority, &*rule.about.tags, rule.about.enabled),
        ("o p", "ERROR", &["t".to_owned()][..], false)
    );
    assert_eq!(rules.files[1], super::Counts { rules: 2, macros: 1, lists: 2 });

    let third = "\
- list: l
  items: [z]
- macro: m
  condition: k.l exists
  override: {condition: replace}
- rule: r
  condition: m and x.y in (l)
  override: {condition: replace}
- rule: r
  enabled: true
";
    let rules = right(&[&first, second, third]);
    assert_eq!(rules.rules[0].condition.to_string(), "k.l exists and x.y in (z)");
    assert!(rules.rules[0].about.enabled);
}

#[test]
fn exceptions_are_taken_out_of_the_condition() {
    let exceptions = "  exceptions:
    - name: single
      fields: proc.name
      values: [cat, a b, l]
    - name: prefixes
      fields: fd.name
      comps: startswith oneof
      values: [/a, /b]
    - name: rows
      fields: [proc.name, fd.name, user.name]
      comps: [=, startswith, in]
      values:
        - [cat, /etc, [root, x y]]
        - [dog, \"'/a b'\", (l)]
    - name: plain
      fields: [proc.name]
    - name: lists
      fields: [proc.name]
      comps: [in]
      values: [[l]]
";
    let text = "- list: l\n  items: [m]\n".to_owned() + &rule("r", "a or b.c exists", exceptions);
    let more = "\
- rule: r
  exceptions: [{name: plain, values: [[e]]}, {name: new, fields: [x.y], values: [[z]]}]
  override: {exceptions: append}
- macro: a
  condition: x.x exists
";
    assert_eq!(
        conditions(&[&text, more]),
        ["(x.x exists or b.c exists) and not proc.name in (cat, \"a b\", m) \
          and not fd.name startswith oneof (/a, /b) \
          and not (proc.name = cat and fd.name startswith /etc and user.name in (root, \"x y\") \
          or proc.name = dog and fd.name startswith \"/a b\" and user.name in (m)) \
          and not proc.name = e and not proc.name in (m) and not x.y = z"]
    );
    let replaced =
        "- rule: r\n  exceptions: []\n  override: {exceptions: replace}\n- macro: a\n  condition: x.x exists\n";
    assert_eq!(conditions(&[&text, replaced]), ["x.x exists or b.c exists"]);
}

#[test]
fn several_documents_and_empty_files_are_read() {
    let text = "- required_engine_version: 0.57.0\n- required_engine_version: 31\n---\n- required_plugin_versions:
    - {name: container, version: 0.4.0, alternatives: [{name: other, version: 1.0.0}]}\n---\n";
    assert_eq!(conditions(&[text, "", "# nothing\n", "[]"]), [""; 0]);
    let aliased =
        "- list: a\n  items: &items [x, y]\n- list: b\n  items: *items\n".to_owned() + &rule("r", "p.q in (b)", "");
    assert_eq!(conditions(&[&aliased]), ["p.q in (x, y)"]);
}
