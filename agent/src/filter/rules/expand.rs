// SPDX-License-Identifier: Apache-2.0
//! Lists and macros are put in the place of their names.

mod lists;
mod macros;

use self::{lists::Lists, macros::Macros};
use super::{Macro, Problem, Rule, Rules, Written, collect::Definitions};
use crate::filter::{ast::Expr, error::shown, parse::parse_folded};

/// Comparisons and items of lists that all conditions together may have.
const MOST_PARTS: usize = 4_000_000;

/// Works out what the definitions mean.
pub(super) fn expand(definitions: Definitions, problems: &mut Vec<Problem>) -> Rules {
    let lists = Lists::resolve(definitions.lists, problems);
    let mut macros = Macros::new(MOST_PARTS);
    for defined in definitions.macros.all() {
        let own = own(&defined.is, &what("macro", &defined.name), &lists, problems);
        macros.add(defined, own);
    }
    macros.resolve_all();

    let mut expanded = Rules { files: definitions.files, ..Rules::default() };
    for (at, defined) in definitions.macros.into_all().into_iter().enumerate() {
        let text = defined.is;
        problems
            .extend(macros.errors_of(at).map(|error| Problem::in_text(&text, &what("macro", &defined.name), error)));
        if let Some((own, condition)) = macros.resolved(at) {
            expanded.macros.push(Macro { name: defined.name, text, own, condition });
        }
    }
    for defined in definitions.rules.into_all() {
        let rule = defined.is;
        let what = what("rule", &defined.name);
        // Alone first: an error in it then shows it as it was written.
        let Some(mut own_condition) = own(&rule.condition, &what, &lists, problems) else { continue };
        let mut text = rule.condition;
        if !rule.exceptions.is_empty() {
            text = rule.exceptions.append_to(&text);
            let Some(with_exceptions) = own(&text, &what, &lists, problems) else { continue };
            own_condition = with_exceptions;
        }
        let (condition, errors) = macros.expand(&own_condition);
        problems.extend(errors.into_iter().map(|error| Problem::in_text(&text, &what, error)));
        let Some(condition) = condition else { continue };
        expanded.rules.push(Rule { name: defined.name, text, own: own_condition, condition, about: rule.about });
    }
    expanded.lists = lists.into_all();
    expanded
}

fn what(kind: &str, name: &str) -> String {
    format!("{kind} `{}`", shown(name))
}

/// The expression of a text, with lists replaced, if nothing is wrong with it.
fn own(text: &Written, what: &str, lists: &Lists, problems: &mut Vec<Problem>) -> Option<Expr> {
    let mut errors = Vec::new();
    let expr = match parse_folded(&text.text) {
        Ok(mut expr) => {
            lists.replace(&mut expr, &mut errors);
            Some(expr)
        }
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let wrong = !errors.is_empty();
    problems.extend(errors.into_iter().map(|error| Problem::in_text(text, what, error)));
    expr.filter(|_| !wrong)
}
