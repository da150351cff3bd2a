// SPDX-License-Identifier: Apache-2.0
//! Lists.

use std::collections::HashMap;

use super::what;
use crate::{
    fields::most_like,
    filter::{
        ast::{Expr, Literal, Right},
        error::{Error, shown},
        parse::{MOST_ITEMS, parse_item},
        rules::{
            List, Problem,
            collect::{ListDefinition, Named},
        },
    },
};

/// Lists that may stand inside one another.
const MOST_LEVELS: usize = 64;
/// Items that all lists together may have.
const MOST_IN_ALL: usize = 1_000_000;

/// The lists, without lists in them.
pub(super) struct Lists {
    all: Vec<List>,
    items: Vec<Vec<Literal>>,
    by_name: HashMap<String, usize>,
}

impl Lists {
    /// Puts lists in the place of their names in other lists that came later.
    pub(super) fn resolve(named: Named<ListDefinition>, problems: &mut Vec<Problem>) -> Self {
        let count = named.all().len();
        let mut resolver = Resolver { named: &named, done: vec![State::New; count], left: MOST_IN_ALL, problems };
        let items: Vec<_> = (0..count).map(|at| resolver.list(at, 0).unwrap_or_default()).collect();
        let by_name = named.all().iter().enumerate().map(|(at, list)| (list.name.clone(), at)).collect();
        let all = named.into_all().into_iter().zip(&items).map(|(list, items)| List {
            name: list.name,
            place: list.is.place,
            items: items.iter().map(|item| item.text.clone()).collect(),
        });
        Self { all: all.collect(), items, by_name }
    }

    pub(super) fn into_all(self) -> Vec<List> {
        self.all
    }

    fn named(&self, literal: &Literal) -> Option<&[Literal]> {
        let at = self.by_name.get(&*literal.text).filter(|_| !literal.quoted)?;
        self.items.get(*at).map(Vec::as_slice)
    }

    /// Puts lists in the place of their names in `expr`.
    pub(super) fn replace(&self, expr: &mut Expr, errors: &mut Vec<Error>) {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter_mut().for_each(|part| self.replace(part, errors)),
            Expr::Not(inner) => self.replace(inner, errors),
            Expr::Check(check) => match &mut check.right {
                Right::List { items, .. } => {
                    if let Err(error) = self.replace_items(&mut items.node, items.span) {
                        errors.push(error);
                    }
                }
                Right::Literal(literal) => match self.named(literal) {
                    None => {}
                    Some([only]) => *literal = Literal { span: literal.span, ..only.clone() },
                    Some(_) => {
                        let message =
                            format!("`{}` takes one text, `{}` is a list", check.op.node.name(), literal.text);
                        let hint = format!("write `in ({0})` or `{1} oneof ({0})`", literal.text, check.op.node.name());
                        errors.push(Error::new(literal.span, message).with_hint(hint));
                    }
                },
                Right::None | Right::Operand(_) => {}
            },
            Expr::Macro(_) => {}
        }
    }

    /// Puts lists in the place of their names in a list that stands at `span`.
    fn replace_items(&self, items: &mut Vec<Literal>, span: crate::filter::ast::Span) -> Result<(), Error> {
        let mut replaced = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            match self.named(&item) {
                Some(list) => {
                    replaced.extend(list.iter().map(|of_list| Literal { span: item.span, ..of_list.clone() }));
                }
                // Without parentheses it can't be a text.
                None if item.span == span => return Err(self.unknown(&item)),
                None => replaced.push(item),
            }
            if replaced.len() > MOST_ITEMS {
                return Err(Error::new(
                    span,
                    format!("with the lists in it this list has more than {MOST_ITEMS} items"),
                ));
            }
        }
        *items = replaced;
        Ok(())
    }

    fn unknown(&self, name: &Literal) -> Error {
        let error = Error::new(name.span, format!("no list is called `{}`", shown(&name.text)));
        match most_like(&name.text, self.by_name.keys().map(String::as_str)) {
            Some(like) => error.with_hint(format!("did you mean `{like}`?")),
            None => error.with_hint(format!("a text stands in parentheses: `({})`", shown(&name.text))),
        }
    }
}

#[derive(Clone)]
enum State {
    New,
    Open,
    /// Nothing when it is wrong.
    Done(Option<Vec<Literal>>),
}

struct Resolver<'a> {
    named: &'a Named<ListDefinition>,
    done: Vec<State>,
    left: usize,
    problems: &'a mut Vec<Problem>,
}

impl Resolver<'_> {
    fn list(&mut self, at: usize, level: usize) -> Option<Vec<Literal>> {
        let list = self.named.all().get(at)?;
        match self.done.get(at)? {
            State::Done(items) => return items.clone(),
            State::Open => {
                let message = "the list stands inside of itself";
                self.problems.push(Problem::new(list.is.place.clone(), &what("list", &list.name), message));
                return None;
            }
            State::New => {}
        }
        self.done[at] = State::Open;
        let items = self.items(at, level);
        self.done[at] = State::Done(items.clone());
        items
    }

    fn items(&mut self, at: usize, level: usize) -> Option<Vec<Literal>> {
        let list = self.named.all().get(at)?;
        let name = what("list", &list.name);
        let mut items = Vec::new();
        let mut complete = true;
        for (text, place) in &list.is.items {
            let earlier = self.named.position(text).filter(|other| self.named.all()[*other].first < list.last);
            if let Some(other) = earlier {
                if level == MOST_LEVELS {
                    let message = format!("lists stand more than {MOST_LEVELS} deep inside one another");
                    self.problems.push(Problem::new(place.clone(), &name, message));
                    return None;
                }
                match self.list(other, level + 1) {
                    Some(of_other) => items.extend(of_other),
                    None => complete = false,
                }
            } else {
                match parse_item(text) {
                    Ok(item) => items.push(item),
                    Err(error) => {
                        let message = format!("item {}: {error}", shown(text));
                        self.problems.push(Problem::new(place.clone(), &name, message));
                        complete = false;
                    }
                }
            }
            if items.len() > MOST_ITEMS {
                let message = format!("the list has more than {MOST_ITEMS} items");
                self.problems.push(Problem::new(place.clone(), &name, message));
                return None;
            }
        }
        let Some(left) = self.left.checked_sub(items.len()) else {
            let message = format!("all lists together have more than {MOST_IN_ALL} items");
            self.problems.push(Problem::new(list.is.place.clone(), &name, message));
            return None;
        };
        self.left = left;
        Some(items).filter(|_| complete)
    }
}
