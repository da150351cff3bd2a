// SPDX-License-Identifier: Apache-2.0
//! That what is said to be the same for every call of a syscall is so.

use super::*;
use crate::{
    fields::{ArgRule, all},
    filter::{
        check::check,
        model::{calls::Call, dice::Dice},
        parse::parse,
    },
};

/// Every field, with arguments that some calls have.
fn references() -> Vec<Reference> {
    let args: &[&str] = &["res", "fd", "flags", "name", "data", "path", "status", "size", "resolve"];
    let mut texts = Vec::new();
    for field in all() {
        match field.arg {
            ArgRule::None | ArgRule::Index | ArgRule::Key | ArgRule::IndexOrKey => texts.push(field.name.to_owned()),
            ArgRule::KeyRequired | ArgRule::IndexOrKeyRequired => texts.push(format!("{}[1]", field.name)),
            ArgRule::Call => {
                texts.extend(args.iter().map(|arg| format!("{}.{arg}", field.name)));
                texts.extend((0..7).map(|n| format!("{}[{n}]", field.name)));
            }
            ArgRule::Syscall => texts.push(format!("{}.openat", field.name)),
        }
    }
    texts.iter().map(|text| text.parse().expect(text)).collect()
}

#[test]
fn what_is_fixed_is_the_same_for_every_call() {
    let (references, mut dice) = (references(), Dice::new(7));
    for row in Row::all() {
        let bytes = row.record();
        let arena = Arena::default();
        let bare = Event::bare(RawEvent::parse(&bytes).expect("a record"), 0, &arena);
        let fixed: Vec<_> = references.iter().filter(|reference| is_fixed(reference, row.syscall)).collect();
        assert!(!fixed.is_empty());
        for _ in 0..4 {
            Call::of(row, &mut dice).event(|event| {
                for reference in &fixed {
                    let (got, want) = (reference.get(event), reference.get(&bare));
                    assert_eq!(got, want, "{reference} of {}", row.name().unwrap_or("?"));
                }
            });
        }
    }
}

fn special(text: &str, name: Option<&str>) -> String {
    let condition = parse(text).and_then(|parsed| check(&parsed, text)).expect(text);
    let row = Row::all().find(|row| row.name() == name && row.abi == Abi::Native).expect("a row");
    let show = |node: &Node| format!("{node:?}");
    show(&specialise(&condition, if name.is_none() { Row::of(UNKNOWN_SLOT) } else { row }))
}

#[test]
fn conditions_are_folded_for_a_syscall() {
    let both = "evt.type in (open, openat) and fd.num = 3";
    let only = |condition: &str, test: &str| {
        let condition = parse(condition).and_then(|parsed| check(&parsed, condition)).expect(condition);
        let wanted = |span: crate::filter::ast::Span| condition.source.get(span.start..span.end) == Some(test);
        format!("Test({})", condition.tests.iter().position(|test| wanted(test.span)).expect(test))
    };
    assert_eq!(special(both, Some("open")), only(both, "fd.num = 3"));
    assert_eq!(special(both, Some("read")), "Const(false)");
    assert_eq!(special(both, None), "Const(false)");
    assert_eq!(special("evt.rawres >= 0 or fd.name exists", Some("exit_group")), "Const(false)");
    assert_eq!(special("not evt.res = SUCCESS", Some("exit_group")), "Const(true)");
    assert_eq!(special("evt.is_open_read = true", Some("write")), "Const(false)");
    assert_eq!(special("evt.is_io_write = true and evt.category = file", Some("getpid")), "Const(false)");
    assert_eq!(special("fd.name = val(proc.name)", Some("getpid")), "Const(false)");
    assert_eq!(special("evt.arg.flags contains O_CREAT", Some("kill")), "Const(false)");
    assert_eq!(special("tolower(evt.type) = openat", Some("openat")), "Const(true)");
    assert_eq!(special("evt.type = syscall_511", None), "Test(0)");
}
