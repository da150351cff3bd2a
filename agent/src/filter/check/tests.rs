// SPDX-License-Identifier: Apache-2.0

use std::{io, net::IpAddr};

use proptest::prelude::*;

use super::*;
use crate::filter::parse::parse;

fn resolver(name: &str) -> io::Result<Vec<IpAddr>> {
    match name {
        "two.example" => Ok(vec![IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])]),
        _ => Err(io::Error::other("no such host")),
    }
}

fn checked(text: &str) -> Result<Condition, Error> {
    check_with(&parse(text)?, text, &resolver)
}

/// The part of the text that is wrong, and what is wrong with it.
fn wrong(text: &str) -> (&str, String) {
    let error = checked(text).map(|_| ()).expect_err(text);
    (text.get(error.span.start..error.span.end).expect("a place"), error.to_string())
}

/// The condition with its comparisons as they are written.
fn shape(text: &str) -> String {
    let condition = checked(text).expect(text);
    written(&condition, &condition.root)
}

fn written(condition: &Condition, node: &Node) -> String {
    let joined = |parts: &[Node], word: &str| {
        let parts: Vec<_> = parts.iter().map(|part| written(condition, part)).collect();
        format!("({})", parts.join(word))
    };
    match node {
        Node::Const(known) => known.to_string(),
        Node::And(parts) => joined(parts, " and "),
        Node::Or(parts) => joined(parts, " or "),
        Node::Not(part) => format!("not {}", written(condition, part)),
        Node::Test(test) => {
            let Span { start, end } = condition.tests[*test].span;
            condition.source[start..end].to_owned()
        }
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let table = [
        ("proc.nmae = cat", "proc.nmae", "unknown field `proc.nmae` (did you mean `proc.name`?)"),
        ("evt.type=open and proc.name[1]=x", "proc.name[1]", "`proc.name` takes no argument"),
        ("evt.arg.flgas=1", "evt.arg.flgas", "no syscall has an argument `flgas` (did you mean `flags`?)"),
        ("evt.type=opne", "opne", "no syscall is called `opne` (did you mean `open`?)"),
        (
            "evt.type in (open, zzzzzzzz)",
            "zzzzzzzz",
            "no syscall is called `zzzzzzzz` (`lanner list syscalls` shows all of them)",
        ),
        (
            "proc.name < 5",
            "<",
            "`<` does not fit `proc.name`, which is text (these do: exists = != contains icontains startswith endswith glob iglob \
             regex in intersects pmatch)",
        ),
        ("evt.arg.uid >= 5", ">=", "`>=` does not fit `evt.arg.uid`, which is text (the number is `evt.rawarg.uid`)"),
        (
            "proc.name bcontains 61",
            "bcontains",
            "`bcontains` does not fit `proc.name`, which is text (these do: exists = != contains icontains startswith endswith \
             glob iglob regex in intersects pmatch)",
        ),
        (
            "fd.num contains 1",
            "contains",
            "`contains` does not fit `fd.num`, which is a number (these do: exists = != < <= > >= in intersects)",
        ),
        (
            "evt.failed > 1",
            ">",
            "`>` does not fit `evt.failed`, which is true or false (these do: exists = != in intersects)",
        ),
        ("fd.num = abc", "abc", "`abc` is not a number, but `fd.num` is a number"),
        ("fd.sport = 70000", "70000", "`70000` can't be: `fd.sport` is from 0 to 65535"),
        ("user.uid in (0, -1)", "-1", "`-1` can't be: `user.uid` is from 0 to 4294967295"),
        ("evt.failed = yes", "yes", "`yes` is neither `true` nor `false`, but `evt.failed` is true or false"),
        ("fd.sip = 10.0.0", "10.0.0", "`10.0.0` is no address, but `fd.sip` is an address"),
        (
            "fd.sip = \"10.0.0.0/8\"",
            "\"10.0.0.0/8\"",
            "`10.0.0.0/8` is a network, but `fd.sip` is an address (networks are compared with `fd.snet`)",
        ),
        (
            "fd.snet in (\"10.0.0.0/33\")",
            "\"10.0.0.0/33\"",
            "`10.0.0.0/33` is no network, but `fd.snet` is an address, for networks (behind the slash stands a number up to 32)",
        ),
        ("proc.name regex \"a(\"", "\"a(\"", "not a regular expression: unclosed group"),
        ("evt.buffer bcontains 7f4", "7f4", "`7f4` is not in hexadecimal (two digits a byte: `7f454c46`)"),
        ("evt.buffer bcontains zz", "zz", "`zz` is not in hexadecimal (two digits a byte: `7f454c46`)"),
        (
            "evt.type=open and spawned_process",
            "spawned_process",
            "unknown macro `spawned_process` (macros come from rules files; a comparison has an operator: `proc.name = cat`)",
        ),
        (
            "evt.rawarg.argv exists",
            "evt.rawarg.argv",
            "`evt.rawarg.argv` has no value of its own: of every call that has it, it has parts (`evt.arg.argv` is it as text)",
        ),
        (
            "evt.rawarg.mode = S_IRWXU",
            "S_IRWXU",
            "`S_IRWXU` is not a number, but `evt.rawarg.mode` is a number (`evt.arg.mode` has the symbols)",
        ),
        (
            "proc.pid = val(proc.name)",
            "proc.name",
            "`proc.pid` is a number, which can't be compared with `proc.name`, which is text",
        ),
        (
            "proc.name regex val(proc.pname)",
            "proc.pname",
            "behind `regex` stands a text, not a field (what it looks for is made ready before there are events)",
        ),
        ("tolower(proc.pid) = 1", "proc.pid", "`tolower` takes a field that is text; `proc.pid` is a number"),
        (
            "len(evt.failed) = 1",
            "evt.failed",
            "`len` takes a field that is text, the content of a buffer or several values; `evt.failed` is true or false",
        ),
        ("concat(proc.name) = x", "concat(proc.name)", "`concat` takes two texts or more"),
        ("concat(proc.name, proc.pid) = x", "proc.pid", "an argument of `concat` is one text; `proc.pid` is a number"),
        (
            "concat(proc.name, proc.aname) = x",
            "proc.aname",
            "an argument of `concat` is one text; `proc.aname` is several values",
        ),
        (
            "join(\",\", proc.name) = x",
            "proc.name",
            "`join` joins a list; `proc.name` is text (several fields are written `join(\",\", (a, b))`)",
        ),
        (
            "len(proc.name) contains 1",
            "contains",
            "`contains` does not fit `len(proc.name)`, which is a number (these do: exists = != < <= > >= in intersects)",
        ),
    ];
    for (text, place, message) in table {
        assert_eq!(wrong(text), (place, message.to_owned()), "{text}");
    }
    let long = format!("fd.name pmatch (\"/{}\")", "x".repeat(5000));
    assert_eq!(wrong(&long).1, "no path is longer than 4095 bytes");
}

#[test]
fn nesting_is_bounded() {
    let mut expr = parse("proc.name = a").expect("a condition");
    for _ in 0..300 {
        expr = Expr::Not(Box::new(Expr::And(vec![expr])));
    }
    let error = check_with(&expr, "proc.name = a", &resolver).map(|_| ()).expect_err("too deep");
    assert_eq!(error.message, "nested more than 256 levels deep");
}

#[test]
fn what_is_known_is_folded() {
    let table = [
        ("evt.dir = '<' and proc.name = a", "proc.name = a"),
        ("evt.dir = '>' or proc.name = a", "proc.name = a"),
        ("evt.dir != '>'", "true"),
        ("evt.dir in ('<', '>')", "true"),
        ("not evt.dir = '>'", "true"),
        ("evt.source = syscall and evt.is_async = false", "true"),
        ("evt.count > 1", "false"),
        ("evt.type = procexit", "false"),
        ("not evt.type in (container, signaldeliver)", "true"),
        ("evt.type in (procexit, execve)", "evt.type in (procexit, execve)"),
        ("proc.name in ()", "false"),
        ("not not proc.name = a", "proc.name = a"),
        ("proc.name = a and (proc.name = a and proc.name = b)", "(proc.name = a and proc.name = b)"),
        ("proc.name = a or (proc.name = b or proc.name = a)", "(proc.name = a or proc.name = b)"),
        // The cheap first, else as written.
        (
            "fd.name = x and proc.pname regex a and proc.pname = b and proc.name = c and evt.type = open",
            "(proc.name = c and evt.type = open and fd.name = x and proc.pname = b and proc.pname regex a)",
        ),
        (
            "(fd.name = x or evt.type = open) and proc.aname = a and container.id = host",
            "((evt.type = open or fd.name = x) and container.id = host and proc.aname = a)",
        ),
    ];
    for (text, want) in table {
        assert_eq!(shape(text), want, "{text}");
    }
}

#[test]
fn notes_are_for_the_user() {
    let notes =
        |text: &str| -> Vec<String> { checked(text).expect(text).notes.into_iter().map(|(_, note)| note).collect() };
    assert_eq!(notes("evt.dir = '<' and evt.dir != '>'"), [DIRECTION]);
    assert_eq!(
        notes("evt.type in (procexit, pread, execve)"),
        [
            "`procexit` is an event of Falco's, not a call: no event is called so",
            "what Falco calls `pread` is called `pread64` here, as in the kernel",
        ]
    );
    assert_eq!(notes("proc.name in ()"), ["the list is empty: nothing is in it"]);
    assert_eq!(
        notes("fd.sip.name in (two.example, none.example)"),
        ["`none.example` has no address now, and matches none: no such host"]
    );
    assert!(notes("evt.type = syscall_999 or evt.type startswith x").is_empty());
}

#[test]
fn operands_and_comparisons_are_there_once() {
    let condition = checked(
        "(proc.name = a or tolower(proc.name) = a) and not (proc.name = a or tolower(proc.name) = b) \
         and evt.arg.flags contains X and evt.arg[flags] contains Y and proc.name = val(proc.pname)",
    );
    let condition = condition.expect("a condition");
    let names = condition.operands.iter().map(|operand| match operand {
        Operand::Field(reference) => reference.text().to_owned(),
        Operand::Call(transformer, args) => format!("{} {args:?}", transformer.name()),
    });
    assert_eq!(names.collect::<Vec<_>>(), ["proc.name", "tolower [Operand(0)]", "evt.arg.flags", "proc.pname"]);
    assert_eq!(condition.tests.len(), 6);
}

#[test]
fn numbers_are_read() {
    let table = [
        ("0", Some(0)),
        ("-12", Some(-12)),
        ("+7", Some(7)),
        ("007", Some(7)),
        ("0x1F", Some(31)),
        ("-0x10", Some(-16)),
        ("1e3", Some(1000)),
        ("1.5e+3", Some(1500)),
        ("2.0", Some(2)),
        ("18446744073709551615", Some(u64::MAX.into())),
        ("1.5", None),
        ("1e-3", None),
        ("1e999999999999", None),
        ("1e60", None),
        ("", None),
        ("-", None),
        ("0x", None),
        ("0x+1", None),
        ("12a", None),
        ("--1", None),
        ("1e", None),
    ];
    for (text, want) in table {
        assert_eq!(literal::parsed(text), want, "{text}");
    }
}

#[test]
fn every_field_can_be_compared() {
    use crate::fields::{ArgRule, all};
    for field in all() {
        let arg = match field.arg {
            ArgRule::None | ArgRule::Index | ArgRule::Key | ArgRule::IndexOrKey => "",
            ArgRule::KeyRequired => "[x]",
            ArgRule::IndexOrKeyRequired => "[0]",
            ArgRule::Call => ".flags",
            ArgRule::Syscall => ".openat",
        };
        let text = format!("{}{arg} exists", field.name);
        let condition = checked(&text).expect(&text);
        assert_eq!(condition.operands.len(), 1, "{text}");
    }
}

proptest! {
    #[test]
    fn any_condition_is_checked_or_refused(
        field in prop::sample::select(crate::fields::all().iter().map(|field| field.name).collect::<Vec<_>>()),
        op in prop::sample::select(Op::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
        right in "[a-z0-9./:-]{1,10}|\\([a-z0-9./]{1,5}, [a-z0-9./]{1,5}\\)|'[ -&(-~]{0,8}'",
    ) {
        let text = format!("{field} {op} {right}");
        if let Err(error) = checked(&text) {
            prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{text}: {error}");
        }
    }
}
