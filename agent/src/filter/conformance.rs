// SPDX-License-Identifier: Apache-2.0
//! Conditions, events and whether they hold. Each operator is here with each type that it fits: where it holds, where it
//! does not, and with a value that is missing.

mod rows;

use std::{collections::BTreeSet, io, net::IpAddr};

use proptest::{collection::vec, prelude::*, sample};

use super::{
    ast::{Expr, Op},
    check::check_with,
    condition::Condition,
    parse::parse,
};
use crate::{
    fields::{
        ArgRule, Field, Type, all,
        reference::Reference,
        tests::fixture::{Fixture, regular, socket, text, word},
    },
    metadata::file::Role,
};

/// Events by name.
fn event(name: &str) -> Fixture {
    match name {
        // `bash -c 'a b'` in a container, made by sshd and init, makes a file.
        "open" => {
            let args = [
                ("dirfd", word(-100)),
                ("name", text("..//user/./file")),
                ("flags", word(0o301)),
                ("mode", word(0o755)),
            ];
            Fixture::new("openat", 5, &args).files(None, Some(regular("/home/user/file"))).contained()
        }
        // The same shell talks to 10.0.0.9:443 from 10.0.0.2:40000.
        "send" => Fixture::new("write", 5, &[("fd", word(4)), ("data", text("hello\0world")), ("size", word(11))])
            .files(Some(socket(1, (2, 40000), (9, 443), Role::Client)), None),
        // Nothing is known of it but the call.
        "bare" => Fixture::bare("getpid", 0, &[]),
        other => unreachable!("no event {other}"),
    }
}

fn resolver(name: &str) -> io::Result<Vec<IpAddr>> {
    match name {
        "server.example" => Ok(vec![IpAddr::from([10, 0, 0, 9]), IpAddr::from([10, 0, 0, 10])]),
        _ => Err(io::Error::other("no such host")),
    }
}

fn checked(condition: &str) -> Condition {
    let expr = parse(condition).unwrap_or_else(|error| unreachable!("{condition}: {error}"));
    check_with(&expr, condition, &resolver).unwrap_or_else(|error| unreachable!("{condition}: {error}"))
}

fn holds(name: &str, condition: &str) -> bool {
    let condition = checked(condition);
    event(name).with(|event| condition.holds(&condition.root, event))
}

/// Every row: the event, the condition, and whether it holds.
fn rows() -> Vec<(&'static str, String, bool)> {
    let written = rows::ROWS.iter().map(|(event, condition, want)| (*event, (*condition).to_owned(), *want));
    // Numbers of all types are compared in the same way.
    let numbers = rows::NUMBERS.iter().flat_map(|(event, field, value)| {
        let (below, above) = (value - 1, value + 1);
        let same = if field.contains('(') { (*field).to_owned() } else { format!("val({field})") };
        [
            (format!("{field} exists"), true),
            (format!("{field} = {value}"), true),
            (format!("{field} == {value:#x}"), true),
            (format!("{field} = {above}"), false),
            (format!("{field} != {below}"), true),
            (format!("{field} != {value}"), false),
            (format!("{field} < {above}"), true),
            (format!("{field} < {value}"), false),
            (format!("{field} <= {value}"), true),
            (format!("{field} <= {below}"), false),
            (format!("{field} > {below}"), true),
            (format!("{field} > {value}"), false),
            (format!("{field} >= {value}"), true),
            (format!("{field} >= {above}"), false),
            (format!("{field} in ({below}, {value})"), true),
            (format!("{field} in ({below}, {above})"), false),
            (format!("{field} intersects ({value}, {above})"), true),
            (format!("{field} intersects ({below})"), false),
            (format!("{field} = anyof ({below}, {value})"), true),
            (format!("{field} != allof ({below}, {above})"), true),
            (format!("{field} = {same}"), true),
            (format!("{field} < {same}"), false),
        ]
        .map(|(condition, want)| (*event, condition, want))
    });
    written.chain(numbers).collect()
}

/// The operator and the field of a condition that is one comparison of a field.
fn subject(condition: &str) -> Option<(Op, &'static Field)> {
    let Ok(Expr::Check(check)) = parse(condition) else { return None };
    let super::ast::Operand::Field(name) = check.left else { return None };
    let reference: Reference = name.node.parse().ok()?;
    Some((check.op.node, reference.field))
}

/// An event that lacks the field of a comparison.
fn without(condition: &str) -> Option<&'static str> {
    let (_, field) = subject(condition)?;
    let reference: Reference = condition.split([' ', '=', '!', '<', '>']).next()?.parse().ok()?;
    assert_eq!(reference.field.name, field.name, "{condition}");
    ["bare", "open", "send"].into_iter().find(|name| event(name).with(|event| reference.get(event).is_missing()))
}

#[test]
fn conditions_hold_where_they_should() {
    let mut wrong = Vec::new();
    let mut expect = |name: &str, condition: &str, want: bool| {
        if holds(name, condition) != want {
            wrong.push(format!("{name}: {condition}: {}", !want));
        }
    };
    for (name, condition, want) in rows() {
        expect(name, &condition, want);
        expect(name, &format!("not ({condition})"), !want);
        if let Some(name) = without(&condition) {
            expect(name, &condition, false);
            expect(name, &format!("not {condition}"), true);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn evaluating_allocates_nothing() {
    let mut arena = crate::arena::Arena::default();
    for (name, condition, _) in rows() {
        let (fixture, mut compiled) = (event(name), checked(&condition));
        let program = compiled.programs(&[compiled.root.clone()]).remove(0);
        fixture.within(&arena, |event| compiled.run(&program, event));
        arena.reset();
        let again = fixture.within(&arena, |event| {
            allocation_counter::measure(|| {
                std::hint::black_box(compiled.run(&program, event));
            })
        });
        assert_eq!(again.count_total, 0, "{name}: {condition}");
        arena.reset();
    }
}

#[test]
fn every_operator_is_tried_with_every_type() {
    let mut tried = BTreeSet::new();
    for (_, condition, want) in rows() {
        if let Some((op, field)) = subject(&condition) {
            tried.insert((op.name(), field.kind.name(), if want { "holds" } else { "does not hold" }));
            if without(&condition).is_some() {
                tried.insert((op.name(), field.kind.name(), "missing"));
            }
        }
    }
    let mut wanted = BTreeSet::new();
    for field in all() {
        let argument = if field.arg == ArgRule::Syscall { ".open" } else { "" };
        let name = if field.kind == Type::Dyn {
            "evt.rawarg.name".to_owned()
        } else if field.kind == Type::Charbuf {
            "proc.name".to_owned()
        } else {
            format!("{}{argument}", field.name)
        };
        for op in Op::ALL {
            let right = if *op == Op::Exists {
                ""
            } else if matches!(op, Op::In | Op::Intersects | Op::Pmatch) {
                "(1)"
            } else {
                "1"
            };
            let condition = format!("{name} {} {right}", op.name());
            let fits = match parse(&condition).and_then(|expr| check_with(&expr, &condition, &resolver)) {
                Ok(_) => true,
                Err(error) => !error.message.contains("does not fit"),
            };
            if fits {
                // A value that is there exists, and the only field of this type, the CPU, always is.
                let states = ["holds", "does not hold", "missing"].into_iter().filter(|state| match *state {
                    "missing" => field.kind != Type::Int16,
                    "does not hold" => *op != Op::Exists,
                    _ => true,
                });
                wanted.extend(states.map(|state| (op.name(), field.kind.name(), state)));
            }
        }
    }
    let lacking: Vec<_> = wanted.difference(&tried).collect();
    assert!(lacking.is_empty(), "no row for {lacking:?}");
}

/// A condition made of the rows of one event, and whether it holds.
fn combined() -> impl Strategy<Value = (String, bool)> {
    let rows: Vec<_> =
        rows().into_iter().filter(|(event, ..)| *event == "open").map(|(_, text, want)| (text, want)).collect();
    let several = |parts: Vec<(String, bool)>, word: &str| -> String {
        let parts: Vec<_> = parts.into_iter().map(|(text, _)| format!("({text})")).collect();
        parts.join(word)
    };
    sample::select(rows).prop_recursive(5, 40, 6, move |part| {
        prop_oneof![
            vec(part.clone(), 2..6).prop_map(move |parts| {
                let want = parts.iter().all(|(_, want)| *want);
                (several(parts, " and "), want)
            }),
            vec(part.clone(), 2..6).prop_map(move |parts| {
                let want = parts.iter().any(|(_, want)| *want);
                (several(parts, " or "), want)
            }),
            part.prop_map(|(text, want)| (format!("not ({text})"), !want)),
        ]
    })
}

proptest! {
    #[test]
    fn order_and_fusing_change_nothing((text, want) in combined()) {
        let mut condition = checked(&text);
        let root = condition.root.clone();
        let program = condition.programs(std::slice::from_ref(&root)).remove(0);
        event("open").with(|event| {
            prop_assert_eq!(condition.holds(&root, event), want);
            prop_assert_eq!(condition.run(&program, event), want);
            Ok(())
        })?;
    }
}
