// SPDX-License-Identifier: Apache-2.0
//! What is said of wrong conditions, and where.

use super::super::parse;
use crate::filter::error::Report;

/// Each text, the place, and what is said.
const WRONG: &[(&str, &str, &str)] = &[
    ("", "", "the condition is empty (a condition is such as `evt.type = open and proc.name = cat`)"),
    (" # nothing", "", "the condition is empty (a condition is such as `evt.type = open and proc.name = cat`)"),
    // Parentheses.
    ("(a and b", "(", "this `(` is never closed"),
    ("a and (b or (c)", "(", "this `(` is never closed"),
    ("a and b)", ")", "this `)` closes nothing"),
    ("(a b)", "b", "expected `and`, `or` or `)`, not `b`"),
    ("a and ()", ")", "expected a field, a macro or `(`, not `)`"),
    ("a.b in (x, y", "(", "this `(` is never closed"),
    ("a.b in (x,", "(", "this `(` is never closed"),
    ("a.b in (x,)", ")", "expected an item of the list, not `)`"),
    ("a.b in (,x)", ",", "expected an item of the list, not `,`"),
    ("a.b in (x y)", "y", "expected `,` or `)` in the list, not `y`"),
    ("tolower(a.b = x", "=", "expected `,` or `)`, not `=`"),
    ("tolower(a.b", "(", "this `(` is never closed"),
    ("a.b = val(c.d", "(", "this `(` is never closed"),
    // What joins comparisons.
    ("a.b = c && d", "&&", "expected `and` or `or`, not `&&` (write `and`)"),
    ("a || b", "||", "expected `and` or `or`, not `||` (write `or`)"),
    ("a AND b", "AND", "expected `and` or `or`, not `AND` (write `and`)"),
    ("(a, b)", ",", "expected `and`, `or` or `)`, not `,` (write `and`)"),
    ("a b", "b", "expected `and` or `or`, not `b`"),
    ("a.b = x y", "y", "expected `and` or `or`, not `y`"),
    ("a and", "", "expected a field, a macro or `(` at the end"),
    ("a or or b", "or", "expected a field, a macro or `(`, not `or`"),
    ("not", "", "expected a field, a macro or `(` at the end"),
    ("and a", "and", "expected a field, a macro or `(`, not `and`"),
    ("!a.b = c", "!", "expected a field, a macro or `(`, not `!` (write `not`)"),
    ("NOT a.b = c", "NOT", "`NOT` is written in small letters (write `not`)"),
    (
        "\"x\" = a.b",
        "\"",
        "expected a field, a macro or `(`, not `\"` (a comparison begins with its field: `proc.name = \"cat\"`)",
    ),
    (
        "%proc.name = a",
        "%proc.name",
        "expected a field, a macro or `(`, not `%proc.name` (a field has no `%` in a condition)",
    ),
    // Operators.
    ("proc.name", "", "expected an operator such as `=`, `in`, `startswith`, `exists` at the end"),
    ("proc.name and a", "and", "expected an operator such as `=`, `in`, `startswith`, `exists`, not `and`"),
    ("(proc.name)", ")", "expected an operator such as `=`, `in`, `startswith`, `exists`, not `)`"),
    ("proc.name startwith a", "startwith", "unknown operator `startwith` (did you mean `startswith`?)"),
    ("proc.name CONTAINS a", "CONTAINS", "unknown operator `CONTAINS` (did you mean `contains`?)"),
    (
        "proc.name not in (a)",
        "not",
        "unknown operator `not` (write `not` in front of the field: `not proc.name in (a, b)`)",
    ),
    ("proc.name =~ a", "=~", "unknown operator `=~` (write `regex` or `glob`)"),
    ("proc.name === a", "===", "unknown operator `===` (write `=`)"),
    ("proc.name <> a", "<>", "unknown operator `<>` (write `!=`)"),
    ("fd.num => 3", "=>", "unknown operator `=>` (write `>=`)"),
    ("proc.name like a", "like", "unknown operator `like` (write `glob`)"),
    ("proc.name is a", "is", "unknown operator `is` (write `=`)"),
    ("proc.name && a", "&&", "expected an operator such as `=`, `in`, `startswith`, `exists`, not `&&`"),
    (
        "proc.name frobnicates a",
        "frobnicates",
        "expected an operator such as `=`, `in`, `startswith`, `exists`, not `frobnicates`",
    ),
    // Names.
    ("name = cat", "name", "`name` is no field (did you mean `proc.name`?)"),
    ("type in (open)", "type", "`type` is no field (did you mean `evt.type`?)"),
    ("Not = x", "Not", "`Not` is written in small letters (write `not`)"),
    ("xyzzyx = cat", "xyzzyx", "`xyzzyx` is no field (`lanner list fields` shows all fields)"),
    // Values.
    ("a.b = anyof /x", "/x", "expected `and` or `or`, not `/x`"),
    ("a.b in (x, a=)", "=", "expected `,` or `)` in the list, not `=`"),
    ("a.b =", "", "expected a text, a number or `val(field)` behind `=` at the end"),
    ("a.b = )", ")", "expected a text, a number or `val(field)` behind `=`, not `)`"),
    (
        "a.b = = c",
        "=",
        "expected a text, a number or `val(field)` behind `=`, not `=` (a text that begins with `=` stands in quotes)",
    ),
    (
        "a.b = (x, y)",
        "(",
        "expected a text, a number or `val(field)` behind `=`, not `(` (for one of several, write `in (..)`)",
    ),
    (
        "a.b startswith (x)",
        "(",
        "expected a text, a number or `val(field)` behind `startswith`, not `(` (for one of several, write `startswith oneof (..)`)",
    ),
    ("a.b < x", "x", "expected a number or `val(field)` behind `<`, not `x`"),
    ("a.b >= 5s", "5s", "expected a number or `val(field)` behind `>=`, not `5s`"),
    ("a.b > 0x", "0x", "expected a number or `val(field)` behind `>`, not `0x`"),
    ("a.b in", "", "expected a list behind `in` at the end"),
    ("a.b in /x", "/x", "expected a list behind `in`, not `/x` (a list stands in parentheses: `(a, b)`)"),
    ("a.b in 'x'", "'", "expected a list behind `in`, not `'` (a list stands in parentheses: `(a, b)`)"),
    ("a.b in and c", "and", "expected a list behind `in`, not `and` (a list stands in parentheses: `(a, b)`)"),
    ("a.b = x=y", "=", "expected `and` or `or`, not `=` (a text with blanks or any of ( ) \" ' = , stands in quotes)"),
    (
        "a.b = x(y)",
        "x",
        "unknown transformer `x` (there are tolower, toupper, b64, basename, len, join, concat, val; a text with a parenthesis stands in quotes)",
    ),
    // Quotes.
    ("a.b = \"x", "\"", "the text that begins here has no closing quote"),
    ("a.b = 'x\\'", "'", "the text that begins here has no closing quote"),
    ("a.b = '\\", "", "expected a letter behind the backslash at the end"),
    (
        "a.b = '\\d'",
        "\\d",
        "unknown escape `\\d` (write `\\\\` for a backslash; there are \\\\ \\n \\r \\t \\b \\f \\/ \\xNN and the quote itself)",
    ),
    ("a.b = '\\\"'", "\\\"", "unknown escape `\\\"` (the other quote needs no backslash)"),
    ("a.b = '\\x4'", "\\x", "`\\x` takes two hexadecimal digits"),
    (
        "a.b = '\\xff'",
        "'\\xff'",
        "this text is not UTF-8 (invalid utf-8 sequence of 1 bytes from index 0) (`bcontains` and `bstartswith` take bytes in hexadecimal)",
    ),
    // Fields' arguments.
    ("proc.aname[", "", "expected an argument of `proc.aname` at the end"),
    ("proc.aname[] = a", "]", "expected an argument of `proc.aname`, not `]`"),
    ("proc.aname[2 = a", "[", "this `[` is never closed"),
    ("proc.env[a b] = a", " ", "expected `]`, not ` ` (an argument with blanks stands in quotes)"),
    ("proc.env[''] = a", "''", "a field's argument is not empty and has no brackets in it"),
    ("proc.env['a[0]'] = a", "'a[0]'", "a field's argument is not empty and has no brackets in it"),
    // Transformers.
    ("lower(proc.name) = x", "lower", "unknown transformer `lower` (did you mean `tolower`?)"),
    (
        "getopt(proc.args, 'x') = x",
        "getopt",
        "the transformer `getopt` is not supported (compare `proc.args` or `proc.cmdline` instead)",
    ),
    (
        "a.b = getopt(proc.args)",
        "getopt",
        "the transformer `getopt` is not supported (compare `proc.args` or `proc.cmdline` instead)",
    ),
    ("tolower() = x", ")", "expected a field, a transformer, a text in quotes, a number or a list, not `)`"),
    (
        "concat(a.b, x) = x",
        "x",
        "expected a field, a transformer, a text in quotes, a number or a list, not `x` (a text stands in quotes here)",
    ),
    ("join(',', ((a.b))) = x", "(", "expected an item of the list, not `(`"),
    ("tolower(val(a.b)) = x", "val", "`val` stands only behind an operator (a field needs none here)"),
    ("a.b = val(x)", "x", "expected a field in `val(..)`, not `x` (a transformer stands without `val`)"),
    (
        "a.b = val(tolower(c.d))",
        "tolower",
        "expected a field in `val(..)`, not `tolower` (a transformer stands without `val`)",
    ),
    ("a.b = val('x')", "'", "expected a field in `val(..)`, not `'`"),
    ("tolower(a.b)[1] = x", "[1]", "expected an operator such as `=`, `in`, `startswith`, `exists`, not `[1]`"),
];

#[test]
fn each_error_says_what_was_expected_and_where() {
    let mut failed = String::new();
    for (text, place, message) in WRONG {
        let error = parse(text).expect_err(text);
        let at = text.get(error.span.start..error.span.end).expect("inside");
        if (at, error.to_string().as_str()) != (*place, *message) {
            failed.extend([text, "\n  ", at, ": ", &error.to_string(), "\n  ", place, ": ", message, "\n"]);
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn the_place_is_the_wrong_one_of_several() {
    let shown = |text: &str| {
        let error = parse(text).expect_err(text);
        Report { name: Some("condition"), text, error: &error }.to_string()
    };
    assert_eq!(
        shown("a.b = x and (c or d\nand (e)"),
        "condition: line 1: this `(` is never closed\n  a.b = x and (c or d\n              ^"
    );
    assert_eq!(
        shown("a.b = c\nor d.e startwith f"),
        "condition: line 2: unknown operator `startwith` (did you mean `startswith`?)\n  \
         or d.e startwith f\n         ^^^^^^^^^"
    );
    assert_eq!(
        shown("a.b = c and "),
        "condition: expected a field, a macro or `(` at the end\n  a.b = c and\n             ^"
    );
}
