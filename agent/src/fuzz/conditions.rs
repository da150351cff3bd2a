// SPDX-License-Identifier: Apache-2.0
//! What people write: conditions, rules files, templates.

use crate::{
    filter::{
        ast::Expr,
        check::check_with,
        error::{Error, Report},
        explain::Explanation,
        parse::parse,
        push::{Ask, push},
        rules,
    },
    output::template::Template,
    select::Selection,
};

/// What is printed of a condition reads back as the same; what is refused is refused at a place in it.
pub(super) fn condition(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let expr = match parse(&text) {
        Ok(expr) => expr,
        Err(error) => return refused(&text, &error),
    };
    let printed = expr.to_string();
    match parse(&printed) {
        Ok(again) => assert_eq!(again.to_string(), printed, "{text:?}"),
        Err(error) => unreachable!("{text:?} is printed as {printed:?}: {error}"),
    }
    checked(&expr, &text);
}

/// Checks it, and splits it between kernel and agent if it is right.
fn checked(expr: &Expr, text: &str) {
    // Names of hosts are not looked up.
    match check_with(expr, text, &|_| Ok(Vec::new())) {
        Ok(condition) => {
            let ask = Ask { selection: &Selection::all(), state: true, output_needs_sides: false };
            let kernel = push(Some(&condition), &ask);
            let mut out = Vec::new();
            let explanation = Explanation::of(&condition, &kernel);
            assert!(explanation.write(&mut out, false).is_ok() && explanation.json(&mut out).is_ok());
        }
        Err(error) => refused(text, &error),
    }
}

fn refused(text: &str, error: &Error) {
    assert!(text.get(error.span.start..error.span.end).is_some(), "{text:?}: {error} at {:?}", error.span);
    let _ = Report { name: None, text, error }.to_string();
}

/// A rules file; each problem is one with a message, and what is right can be checked.
pub(super) fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (rules, problems) = rules::load(&[("fuzz.yaml", &text)]);
    for problem in problems {
        assert!(!problem.to_string().is_empty());
    }
    for rule in &rules.rules {
        let _ = check_with(&rule.condition, &rule.text.text, &|_| Ok(Vec::new()));
    }
}

/// A template, and a list of fields.
pub(super) fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for template in [Template::parse(&text), Template::fields(&text)].into_iter().flatten() {
        template.header(&mut Vec::new());
    }
}
