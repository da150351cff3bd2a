// SPDX-License-Identifier: Apache-2.0
//! Nothing that is typed makes the parser fail, run away or lose a word.

use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::super::{MOST_BYTES, MOST_ITEMS, MOST_LEVELS, parse, parse_folded};
use crate::filter::{
    ast::{Call, CallArg, Check, Expr, Literal, Modifier, Op, Operand, Right, Span, Spanned, Transformer},
    error::Report,
    words::Takes,
};

fn at<T>(node: T) -> Spanned<T> {
    Spanned { node, span: Span::default() }
}

/// The same with every place forgotten.
fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::And(parts) => Expr::And(parts.into_iter().map(bare).collect()),
        Expr::Or(parts) => Expr::Or(parts.into_iter().map(bare).collect()),
        Expr::Not(inner) => Expr::Not(Box::new(bare(*inner))),
        Expr::Check(check) => Expr::Check(Check {
            left: bare_operand(check.left),
            op: at(check.op.node),
            right: match check.right {
                Right::None => Right::None,
                Right::Literal(literal) => Right::Literal(bare_literal(literal)),
                Right::List { modifier, items } => Right::List {
                    modifier: modifier.map(|modifier| at(modifier.node)),
                    items: at(items.node.into_iter().map(bare_literal).collect()),
                },
                Right::Operand(operand) => Right::Operand(bare_operand(operand)),
            },
        }),
        Expr::Macro(name) => Expr::Macro(at(name.node)),
    }
}

fn bare_literal(literal: Literal) -> Literal {
    Literal { span: Span::default(), ..literal }
}

fn bare_operand(operand: Operand) -> Operand {
    match operand {
        Operand::Field(name) => Operand::Field(at(name.node)),
        Operand::Call(call) => Operand::Call(Call {
            name: at(call.name.node),
            args: call.args.into_iter().map(bare_arg).collect(),
            span: Span::default(),
        }),
    }
}

fn bare_arg(arg: CallArg) -> CallArg {
    match arg {
        CallArg::Operand(operand) => CallArg::Operand(bare_operand(operand)),
        CallArg::Literal(literal) => CallArg::Literal(bare_literal(literal)),
        CallArg::List(args) => CallArg::List(at(args.node.into_iter().map(bare_arg).collect())),
    }
}

fn literal() -> impl Strategy<Value = Literal> {
    let quoted = any::<String>().prop_map(|text| (text, true));
    let plain = "[a-z/*.0-9+~!<>&|:%^\\\\\\[\\]-][a-z/*.0-9#\\\\\\[\\]-]{0,8}".prop_map(|text| (text, false));
    prop_oneof![quoted, plain].prop_map(|(text, quoted)| Literal {
        text: text.into_boxed_str(),
        quoted,
        span: Span::default(),
    })
}

fn number() -> impl Strategy<Value = Literal> {
    "[+-]?[0-9]{1,4}(\\.[0-9]{1,2})?(e[+-][0-9])?|0x[0-9a-f]{1,4}".prop_map(|text| Literal {
        text: text.into_boxed_str(),
        quoted: false,
        span: Span::default(),
    })
}

fn field() -> impl Strategy<Value = Operand> {
    let name = "[a-z]{1,5}(\\.[a-zA-Z][a-z_0-9]{0,5}){1,2}";
    let arg = prop_oneof![
        Just(String::new()),
        "[0-9a-zA-Z/*=(),]{1,5}".prop_map(|arg| format!("[{arg}]")),
        "[^\\[\\]]{1,5}".prop_map(|arg| format!("[{arg}]")),
    ];
    (name, arg).prop_map(|(name, arg)| Operand::Field(at(format!("{name}{arg}").into_boxed_str())))
}

fn operand() -> impl Strategy<Value = Operand> {
    field().prop_recursive(3, 12, 3, |inner| {
        let item = prop_oneof![
            inner.prop_map(CallArg::Operand),
            any::<String>().prop_map(|text| CallArg::Literal(Literal {
                text: text.into_boxed_str(),
                quoted: true,
                span: Span::default(),
            })),
            number().prop_map(CallArg::Literal),
        ];
        let list = proptest::collection::vec(item.clone(), 0..3).prop_map(|items| CallArg::List(at(items)));
        let args = proptest::collection::vec(prop_oneof![item, list], 1..3);
        (proptest::sample::select(Transformer::ALL), args)
            .prop_map(|(name, args)| Operand::Call(Call { name: at(name), args, span: Span::default() }))
    })
}

fn check() -> impl Strategy<Value = Check> {
    let items = proptest::collection::vec(literal(), 0..4);
    let modifier = proptest::sample::select(Modifier::ALL);
    (operand(), proptest::sample::select(Op::ALL), literal(), number(), items, operand(), modifier, 0..3).prop_map(
        |(left, op, literal, number, items, operand, modifier, which)| {
            let right = match (op.takes(), which) {
                (Takes::Nothing, _) => Right::None,
                (_, 0) => Right::Operand(operand),
                (Takes::Number, _) => Right::Literal(number),
                (Takes::Text, 1) => Right::Literal(literal),
                (Takes::Text, _) => Right::List { modifier: Some(at(modifier)), items: at(items) },
                (Takes::List, _) => Right::List { modifier: None, items: at(items) },
            };
            Check { left, op: at(op), right }
        },
    )
}

fn expr() -> impl Strategy<Value = Expr> {
    let named = "[a-z]{1,6}_[a-z_0-9]{1,4}".prop_map(|name| Expr::Macro(at(name.into_boxed_str())));
    prop_oneof![4 => check().prop_map(Expr::Check), 1 => named].prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Expr::all),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Expr::any),
            inner.prop_map(Expr::negated),
        ]
    })
}

const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "\\",
    "#",
    "\n",
    " ",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "~",
    "!",
    "&&",
    "and",
    "or",
    "not",
    "in",
    "exists",
    "intersects",
    "pmatch",
    "contains",
    "startswith",
    "glob",
    "regex",
    "oneof",
    "allof",
    "val(",
    "tolower(",
    "concat(",
    "getopt(",
    "proc.name",
    "proc.aname[2]",
    "evt.type",
    "fd.name",
    "macro",
    "cat",
    "/etc*",
    "0x1f",
    "-1",
    "1e+9",
    "é",
    "\u{1b}",
    "\u{0}",
    ".",
    "%",
];

proptest! {
    #[test]
    fn what_is_printed_reads_back(expr in expr()) {
        let text = expr.to_string();
        match parse(&text) {
            Ok(read) => prop_assert_eq!(bare(read), expr, "{}", text),
            Err(error) => prop_assert!(false, "{}", Report { name: None, text: &text, error: &error }),
        }
    }

    #[test]
    fn arbitrary_text_is_an_answer(text in any::<String>()) {
        answers(&text);
    }

    #[test]
    fn arbitrary_tokens_are_an_answer(words in proptest::collection::vec(proptest::sample::select(TOKENS), 0..40)) {
        answers(&words.join(" "));
        answers(&words.concat());
    }
}

/// Reads `text`; what is accepted reads back, what is not is shown with its place.
fn answers(text: &str) {
    for result in [parse(text), parse_folded(text)] {
        match result {
            Ok(expr) => {
                let printed = expr.to_string();
                assert_eq!(bare(parse_folded(&printed).expect("reads back")), bare(expr), "{text:?}: {printed}");
            }
            Err(error) => {
                assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{error:?}");
                assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?} splits a character");
                let report = Report { name: Some("condition"), text, error: &error }.to_string();
                assert!(!report.contains('\u{1b}'), "{report}");
            }
        }
    }
}

#[test]
fn time_grows_with_the_length() {
    let terms = |joint: &str| {
        [&"proc.name = a".to_owned(), &format!(" {joint} proc.name = b").repeat(40_000)].map(String::as_str).concat()
    };
    let texts = [
        "(".repeat(100_000),
        ")".repeat(100_000),
        "not ".repeat(100_000),
        "not(".repeat(100_000),
        "tolower(".repeat(100_000),
        "a or ".repeat(100_000) + "a",
        "a and ".repeat(100_000) + "a",
        terms("or"),
        terms("and"),
        format!("proc.name in ({})", "a,".repeat(MOST_ITEMS)),
        format!("proc.name = \"{}", "\\n".repeat(400_000)),
        format!("proc.name = {}", "=".repeat(900_000)),
        format!("proc.{}", "a.".repeat(400_000)),
        format!("proc.name = oneof{}", " ".repeat(900_000)),
        "proc.name startswith oneof ".repeat(30_000),
        format!("a{}", "#\n".repeat(400_000)),
        format!("{}proc.name = a{}", "(".repeat(MOST_LEVELS), ")".repeat(MOST_LEVELS)),
        "\u{b}".repeat(900_000),
    ];
    for text in texts {
        // Of this thread alone, whatever else the machine does.
        let seconds = || clock_gettime(ClockId::ThreadCPUTime).tv_sec;
        let start = seconds();
        let result = parse(&text);
        let took = seconds() - start;
        let shown = text.get(..20).unwrap_or_default();
        assert!(took < 10, "{shown}: {took} s, {:?}", result.err());
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    parse(&nested(MOST_LEVELS)).expect("as deep as allowed");
    let error = parse(&nested(MOST_LEVELS + 1)).expect_err("one deeper");
    assert_eq!(error.message, "parentheses and transformers may stand at most 64 deep inside one another");
    assert_eq!(error.span, Span { start: MOST_LEVELS, end: MOST_LEVELS + 1 });
    let called = |levels: usize| format!("{}proc.name{} = a", "tolower(".repeat(levels), ")".repeat(levels));
    parse(&called(MOST_LEVELS)).expect("as deep as allowed");
    parse(&called(MOST_LEVELS + 1)).expect_err("one deeper");
    // What was closed does not count.
    parse(&format!("{}a", "(a) and ".repeat(1000))).expect("side by side");

    let list = |items: usize| format!("proc.name in ({}a)", "a,".repeat(items - 1));
    parse(&list(MOST_ITEMS)).expect("as long as allowed");
    assert_eq!(parse(&list(MOST_ITEMS + 1)).expect_err("one more").message, "a list has at most 65536 items");

    let long = format!("proc.name = {}", "a".repeat(MOST_BYTES));
    let error = parse(&long).expect_err("too long");
    assert_eq!(error.message, "a condition has at most 1048576 bytes, this one has 1048588");
}
