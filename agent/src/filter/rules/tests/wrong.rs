// SPDX-License-Identifier: Apache-2.0
//! What is said of wrong rules files.

use proptest::prelude::*;

use super::{load, rule};

fn said(text: &str) -> String {
    let (_, problems) = load(&[("rules.yaml", text)]);
    problems.iter().flat_map(|problem| [problem.to_string(), "\n".to_owned()]).collect()
}

#[test]
fn an_item_is_told_what_is_wrong_with_it() {
    let cases = [
        ("a: b", "rules.yaml:1: a rules file is a sequence of items: `- rule: ..`\n"),
        ("- x", "rules.yaml:1: an item is a mapping of keys to values\n"),
        (
            "- {}",
            "rules.yaml:1: an item has one of the keys list, macro, rule, required_engine_version, required_plugin_versions\n",
        ),
        ("\n- rulle: x", "rules.yaml:2: unknown key `rulle` in a rules file (did you mean `rule`?)\n"),
        ("- list: l\n  item: [a]", "rules.yaml:2: list `l`: unknown key `item` in a list (did you mean `items`?)\n"),
        ("- list: l", "rules.yaml:1: list `l`: the key `items` is missing\n"),
        ("- list: l\n  items: a", "rules.yaml:2: list `l`: `items` is a sequence: [a, b]\n"),
        ("- list: l\n  items: [[a]]", "rules.yaml:2: list `l`: an item of a list is one text or number\n"),
        (
            "- list: l\n  items: [\"'a\"]",
            "rules.yaml:2: list `l`: item 'a: the text that begins here has no closing quote\n",
        ),
        (
            "- list: l\n  items: [\"'a'b\"]",
            "rules.yaml:2: list `l`: item 'a'b: expected nothing behind the quote, not `b`\n",
        ),
        (
            "- list: l\n  items: [a]\n  append: true",
            "rules.yaml:1: list `l`: no list of this name was defined before, so nothing can be changed\n",
        ),
        (
            "- macro: m\n  condition: a exists\n  override: {condition: add}",
            "rules.yaml:3: macro `m`: `condition` is overridden by `append` or `replace`, not `add`\n",
        ),
        (
            "- macro: m-1\n  condition: a.b exists",
            "rules.yaml:1: macro `m-1`: a macro's name has letters, digits and `_`, and begins with a letter\n",
        ),
        ("- macro: m\n  condition:", "rules.yaml:2: macro `m`: `condition` is empty\n"),
        ("- rule: r\n  condition: a", "rules.yaml:1: rule `r`: the key `desc` is missing\n"),
        ("- rule: r", "rules.yaml:1: rule `r`: a rule has the keys condition, desc, output, priority\n"),
        ("- rule: r\n  enabled: maybe", "rules.yaml:2: rule `r`: `enabled` is true or false\n"),
        (
            "- rule: r\n  enabled: true",
            "rules.yaml:1: rule `r`: no rule of this name was defined before, so nothing can be changed\n",
        ),
        ("- rule: r\n  append: true", "rules.yaml:1: rule `r`: what is appended is a `condition` or `exceptions`\n"),
        (
            "- rule: r\n  condition: a\n  override: {priority: append}",
            "rules.yaml:3: rule `r`: `priority` can't be appended to, only replaced\n",
        ),
        (
            "- rule: r\n  condition: a\n  override: {output: replace}",
            "rules.yaml:3: rule `r`: `override` names `output`, which the item does not have\n",
        ),
        (
            "- rule: r\n  condition: a\n  output: b\n  override: {condition: replace}",
            "rules.yaml:3: rule `r`: `override` does not say what to do with `output`\n",
        ),
        (
            "- rule: r\n  condition: a\n  append: true\n  override: {condition: replace}",
            "rules.yaml:1: rule `r`: `append` and `override` do not go together\n",
        ),
        ("- rule: r\n  desc: [d]", "rules.yaml:2: rule `r`: `desc` is one text\n"),
        (
            "- required_engine_version: new",
            "rules.yaml:1: required_engine_version: `required_engine_version` is a number or such as 0.50.0\n",
        ),
        (
            "- required_plugin_versions: [{name: a}]",
            "rules.yaml:1: required_plugin_versions: the key `version` is missing\n",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(said(text), want, "{text}");
    }
    let priority = rule("r", "a.b exists", "").replace("INFO", "LOUD");
    assert!(
        said(&priority).starts_with("rules.yaml:4: rule `r`: unknown priority `LOUD` (there are EMERGENCY,"),
        "{priority}"
    );
}

#[test]
fn exceptions_are_told_what_is_wrong_with_them() {
    let with = |exception: &str| said(&rule("r", "a.b exists", &format!("  exceptions: [{exception}]\n")));
    let cases = [
        ("{nam: e}", "unknown key `nam` in an exception (did you mean `name`?)"),
        ("{name: e}", "exception `e`: the key `fields` is missing"),
        ("{name: e, fields: a.b, comps: [in]}", "exception `e`: `fields` and `comps` are both one text or both lists"),
        (
            "{name: e, fields: [a.b], comps: [in, in]}",
            "exception `e`: `fields` and `comps` have the same length, which is not 0",
        ),
        (
            "{name: e, fields: [], values: [[]]}",
            "exception `e`: `fields` and `comps` have the same length, which is not 0",
        ),
        ("{name: e, fields: [a.b], comps: [like]}", "exception `e`: `like` is no operator"),
        (
            "{name: e, fields: a.b, comps: startswith}",
            "exception `e`: of one field `comps` is in, pmatch, intersects or such as `startswith oneof`",
        ),
        ("{name: e, fields: a.b, values: [[x]]}", "exception `e`: of one field `values` is a list of texts: [a, b]"),
        (
            "{name: e, fields: [a.b, c.d], values: [[x]]}",
            "exception `e`: each of `values` is a list with a value for each of `fields`: [[a, b], [c, d]]",
        ),
        (
            "{name: e, fields: [a.b], values: [[[[x]]]]}",
            "exception `e`: each of `values` is a list with a value for each of `fields`: [[a, b], [c, d]]",
        ),
        ("{name: e, fields: a.b}, {name: e, fields: a.b}", "exception `e`: it is known; only `values` can be added"),
    ];
    for (exception, want) in cases {
        assert_eq!(with(exception), format!("rules.yaml:6: rule `r`: {want}\n"), "{exception}");
    }
    assert_eq!(
        with("{name: e, fields: 'a b', values: [x]}"),
        "rules.yaml:6: rule `r`: expected `and`, `or` or `)`, not `b`\n  (a.b exists) and not (a b in (x))\n  \
         \u{20}                       ^\n"
    );
}

#[test]
fn names_are_told_what_they_could_be() {
    let macros = "- list: shells\n  items: [sh, bash]\n- macro: spawned\n  condition: early\n- macro: early\n  condition: a.b exists\n";
    let text = macros.to_owned() + &rule("r", "spawnd and early and c.d in shell or e.f = shells", "");
    assert_eq!(
        said(&text),
        "\
rules.yaml:4: macro `spawned`: the macro `early` is defined only later, at rules.yaml:6 (a macro is defined before it is used)
  early
  ^^^^^
rules.yaml:11: rule `r`: no list is called `shell` (did you mean `shells`?)
  spawnd and early and c.d in shell or e.f = shells
                              ^^^^^
rules.yaml:11: rule `r`: `=` takes one text, `shells` is a list (write `in (shells)` or `= oneof (shells)`)
  spawnd and early and c.d in shell or e.f = shells
                                             ^^^^^^
"
    );
    assert_eq!(
        said(&rule("r", "spawned", "")),
        "rules.yaml:5: rule `r`: no macro is called `spawned`\n  spawned\n  ^^^^^^^\n"
    );
}

#[test]
fn nothing_stands_inside_of_itself() {
    let lists = "- list: a\n  items: [x]\n- list: b\n  items: [a]\n- list: a\n  items: [b]\n  append: true\n";
    assert_eq!(said(lists), "rules.yaml:1: list `a`: the list stands inside of itself\n");
    let macros = "- macro: a\n  condition: x.y exists\n- macro: b\n  condition: a\n- macro: a\n  condition: or b\n  append: true\n";
    assert_eq!(said(macros), "rules.yaml:4: macro `b`: the macro `a` stands inside of itself\n  a\n  ^\n");
}

#[test]
fn what_grows_without_bound_is_refused() {
    let doubled = (1..40).fold("- macro: m0\n  condition: a.b exists\n".to_owned(), |text, at| {
        text + &format!("- macro: m{at}\n  condition: m{0} or (m{0} and not m{0})\n", at - 1)
    });
    let text = said(&doubled);
    assert!(text.contains("more than 100000 comparisons and items of lists"), "{text}");
    assert_eq!(text.lines().count(), 3, "once: {text}");

    let lists = (1..40).fold("- list: l0\n  items: [x]\n".to_owned(), |text, at| {
        text + &format!("- list: l{at}\n  items: [l{0}, l{0}]\n", at - 1)
    });
    assert!(said(&lists).contains("the list has more than 65536 items"), "{}", said(&lists));

    let chain = (1..100).fold("- macro: m0\n  condition: a.b exists\n".to_owned(), |text, at| {
        text + &format!("- macro: m{at}\n  condition: not m{}\n", at - 1)
    });
    assert_eq!(said(&chain), "", "a chain in order is resolved in order");
    let many = "- macro: big\n  condition: a.b in (".to_owned() + &"x,".repeat(50_000) + "x)\n";
    let many = (0..200).fold(many, |text, at| text + &format!("- macro: n{at}\n  condition: big\n"));
    let text = said(&many);
    assert!(text.contains("all conditions together have too many comparisons and items of lists"), "{text}");
}

proptest! {
    #[test]
    fn arbitrary_files_are_an_answer(text in "(- (list|macro|rule|items|condition|override|append): [a-z\\[\\]{}:,'\"&*!|>~ ]{0,12}\n|  (items|condition|desc|output|priority|exceptions|append|override): ?[a-z\\[\\]{}:,'\"&*!|>~ ]{0,12}\n){0,12}") {
        let _ = said(&text);
    }

    #[test]
    fn arbitrary_text_is_an_answer(text in any::<String>()) {
        let _ = said(&text);
    }
}
