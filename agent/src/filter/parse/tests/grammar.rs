// SPDX-License-Identifier: Apache-2.0
//! The grammar, construct by construct.

use super::super::{parse, parse_folded};
use crate::filter::ast::{Expr, Right, Span};

/// Each text with what it is in the one way of writing it.
const SAME: &[(&str, &str)] = &[
    // Blanks, comments.
    ("fd.name=/etc/passwd", "fd.name = /etc/passwd"),
    ("\t evt.type\n=\r\nopen  ", "evt.type = open"),
    ("# one\nevt.type = open # two\n# three\nand a # four", "evt.type = open and a"),
    ("proc.name = a#b", "proc.name = a#b"),
    // What binds how.
    ("a and b or c and d", "a and b or c and d"),
    ("(a and b) or c", "a and b or c"),
    ("a and (b or c)", "a and (b or c)"),
    ("a and (b and (c and d))", "a and b and c and d"),
    ("a or ((b)) or (c or d)", "a or b or c or d"),
    ("not a and b", "not a and b"),
    ("not (a and b)", "not (a and b)"),
    ("not(a or b)", "not (a or b)"),
    ("not not a", "a"),
    ("not not not a", "not a"),
    ("not (not a)", "a"),
    ("a and(b or c)or(d)", "a and (b or c) or d"),
    ("android or orbit and nothing", "android or orbit and nothing"),
    // Operators.
    ("proc.name exists", "proc.name exists"),
    ("proc.name exists and proc.name==a", "proc.name exists and proc.name = a"),
    ("proc.name!=a", "proc.name != a"),
    (
        "evt.rawres<0 or evt.rawres<=0 or evt.rawres>0 or evt.rawres>=0",
        "evt.rawres < 0 or evt.rawres <= 0 or evt.rawres > 0 or evt.rawres >= 0",
    ),
    ("fd.num >= 0x1F", "fd.num >= 0x1F"),
    (
        "a.b contains c and a.b icontains c and a.b bcontains c0ff",
        "a.b contains c and a.b icontains c and a.b bcontains c0ff",
    ),
    (
        "a.b startswith c and a.b bstartswith c0 and a.b endswith d",
        "a.b startswith c and a.b bstartswith c0 and a.b endswith d",
    ),
    (
        "a.b glob /*[a-z]?/x and a.b iglob *.TXT and a.b regex ^a.*$",
        "a.b glob /*[a-z]?/x and a.b iglob *.TXT and a.b regex ^a.*$",
    ),
    ("evt.type in(open,openat )", "evt.type in (open, openat)"),
    ("evt.type in ()", "evt.type in ()"),
    ("evt.type in shells", "evt.type in (shells)"),
    ("proc.aname intersects (a, 'b c')", "proc.aname intersects (a, \"b c\")"),
    ("fd.name pmatch (/etc, /usr/*)", "fd.name pmatch (/etc, /usr/*)"),
    // Lists behind operators of one text.
    ("a.b startswith oneof (/x, /y) and c", "a.b startswith oneof (/x, /y) and c"),
    ("a.b contains anyof list or c", "a.b contains anyof (list) or c"),
    ("a.b = allof(x)", "a.b = allof (x)"),
    ("a.b = oneof and c", "a.b = oneof and c"),
    ("a.b = oneof", "a.b = oneof"),
    ("a.b = oneof or (c)", "a.b = oneof or c"),
    // Texts.
    ("a.b = \"x y\"", "a.b = \"x y\""),
    ("a.b = 'x \"y\"'", "a.b = \"x \\\"y\\\"\""),
    (r"a.b = '\'\\\/\b\f\n\r\t\x41\xc3\xa9'", r#"a.b = "'\\/\x08\x0c\n\r\tAé""#),
    (r"a.b = 'x\ y'", r#"a.b = "x\\y""#),
    (r"a.b = \d+\.x", r"a.b = \d+\.x"),
    ("a.b = \"\"", "a.b = \"\""),
    ("a.b = *", "a.b = *"),
    ("a.b in (a-b, <NA>, !x, 10.0.0.0/8, ::1, {a}, 日本)", "a.b in (a-b, <NA>, !x, 10.0.0.0/8, ::1, {a}, 日本)"),
    ("a.b = <NA>", "a.b = <NA>"),
    ("a.b =<NA>", "a.b = <NA>"),
    ("a.b=~/x", "a.b = ~/x"),
    ("a.b=!x", "a.b = !x"),
    ("a.b = and", "a.b = and"),
    ("a.b = proc.name", "a.b = proc.name"),
    ("a.b = val", "a.b = val"),
    // Fields' arguments.
    ("proc.aname[2]=cat", "proc.aname[2] = cat"),
    ("proc.env[HOME] = /root", "proc.env[HOME] = /root"),
    ("proc.env['HOME'] = /root", "proc.env[HOME] = /root"),
    ("proc.env[\"a b\"] exists", "proc.env[\"a b\"] exists"),
    ("container.mount.dest[/proc*]!=x", "container.mount.dest[/proc*] != x"),
    ("evt.arg[1] = a and evt.arg.flags contains O_CREAT", "evt.arg[1] = a and evt.arg.flags contains O_CREAT"),
    ("evt.rawarg.mode > 0x1f and proc.x[(=,)] exists", "evt.rawarg.mode > 0x1f and proc.x[(=,)] exists"),
    // Other values of the event.
    ("a.b = val(c.d)", "a.b = val(c.d)"),
    ("a.b in val( c.d[1] )", "a.b in val(c.d[1])"),
    ("a.b >= val(c.d)", "a.b >= val(c.d)"),
    ("val(a.b) = c", "a.b = c"),
    ("tolower(a.b)=x", "tolower(a.b) = x"),
    ("toupper( a.b ) = tolower(b64(c.d))", "toupper(a.b) = tolower(b64(c.d))"),
    ("basename(a.b) in basename(c.d)", "basename(a.b) in basename(c.d)"),
    ("len(a.b) > 5 and len(a.b) < len(c.d)", "len(a.b) > 5 and len(a.b) < len(c.d)"),
    ("join(\",\", (a.b, c.d[1], 'x', 5, len(e.f))) = x", "join(\",\", (a.b, c.d[1], \"x\", 5, len(e.f))) = x"),
    ("concat(a.b, '/', 0x10, ()) = x", "concat(a.b, \"/\", 0x10, ()) = x"),
];

#[test]
fn each_construct_is_read() {
    for (text, want) in SAME {
        match parse(text) {
            Ok(expr) => assert_eq!(expr.to_string(), *want, "{text}"),
            Err(error) => unreachable!("{text}: {error}, {:?}", error.span),
        }
    }
}

#[test]
fn folded_lines_have_no_comments() {
    assert_eq!(parse_folded("a.b = #x and c").expect("a text").to_string(), "a.b = #x and c");
    let error = parse_folded("a # comment and b").expect_err("no comment");
    assert_eq!(
        error.to_string(),
        "expected `and` or `or`, not `#` (rules files have no comments inside of conditions: their lines are folded into one)"
    );
    parse_folded("# a").expect_err("no comment");
}

#[test]
fn each_part_knows_its_place() {
    let text = "  not proc.aname['2'] startswith oneof ( 'é', b )";
    let Ok(Expr::Not(inner)) = parse(text) else { unreachable!("not") };
    let Expr::Check(check) = *inner else { unreachable!("a comparison") };
    let part = |span: Span| text.get(span.start..span.end).expect("inside");
    assert_eq!(part(check.op.span), "startswith");
    let crate::filter::ast::Operand::Field(field) = check.left else { unreachable!("a field") };
    assert_eq!((part(field.span), &*field.node), ("proc.aname['2']", "proc.aname[2]"));
    let Right::List { modifier: Some(modifier), items } = check.right else { unreachable!("a list") };
    assert_eq!(part(modifier.span), "oneof");
    assert_eq!(part(items.span), "( 'é', b )");
    assert_eq!(items.node.iter().map(|item| part(item.span)).collect::<Vec<_>>(), ["'é'", "b"]);

    let text = "x and join(', ', (a.b)) = basename(c.d)";
    let Ok(Expr::And(parts)) = parse(text) else { unreachable!("and") };
    let part = |span: Span| text.get(span.start..span.end).expect("inside");
    let [Expr::Macro(name), Expr::Check(check)] = &*parts else { unreachable!("two") };
    assert_eq!(part(name.span), "x");
    let crate::filter::ast::Operand::Call(call) = &check.left else { unreachable!("a call") };
    assert_eq!((part(call.span), part(call.name.span)), ("join(', ', (a.b))", "join"));
    let crate::filter::ast::CallArg::List(list) = &call.args[1] else { unreachable!("a list") };
    assert_eq!(part(list.span), "(a.b)");
}
