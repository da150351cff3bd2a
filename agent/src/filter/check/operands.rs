// SPDX-License-Identifier: Apache-2.0
//! What is compared: fields and transformers, each once, and what their values are.

use super::{Checker, types::Class};
use crate::{
    fields::{
        args,
        reference::{Arg, Reference},
    },
    filter::{
        ast::{self, Call, Op, Span, Spanned, Transformer},
        condition::{CallArg, Operand},
        error::{Error, shown},
    },
};

/// What is known of an operand.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    /// As it was written first.
    pub(super) name: Box<str>,
    /// What its values are.
    pub(super) class: Class,
    /// Whether it has several.
    pub(super) list: bool,
    /// Whether it is the name of a call.
    pub(super) is_call_name: bool,
    /// Whether it is `evt.dir`.
    pub(super) is_direction: bool,
}

/// By what an operand that was there before is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Field(&'static str, Option<Arg>),
    Call(Transformer, Vec<CallArg>),
}

/// Its place.
pub(super) fn span(operand: &ast::Operand) -> Span {
    match operand {
        ast::Operand::Field(name) => name.span,
        ast::Operand::Call(call) => call.span,
    }
}

impl Checker<'_> {
    /// What is known of an operand.
    pub(super) fn typed(&self, at: usize) -> &Typed {
        &self.typed[at]
    }

    /// The number of an operand, entered if it is new.
    pub(super) fn operand(&mut self, operand: &ast::Operand) -> Result<usize, Error> {
        match operand {
            ast::Operand::Field(name) => self.field(name),
            ast::Operand::Call(call) => self.call(call),
        }
    }

    fn enter(&mut self, key: Key, operand: Operand, typed: Typed) -> usize {
        *self.by_operand.entry(key).or_insert_with(|| {
            self.condition.operands.push(operand);
            self.typed.push(typed);
            self.typed.len() - 1
        })
    }

    fn field(&mut self, name: &Spanned<Box<str>>) -> Result<usize, Error> {
        let reference: Reference = name
            .node
            .parse()
            .map_err(|why: crate::fields::reference::BadReference| Error::new(name.span, why.to_string()))?;
        let class = match Class::of(reference.field.kind) {
            Some(class) => class,
            None => argument(&reference, name)?,
        };
        let typed = Typed {
            name: name.node.clone(),
            class,
            list: reference.is_list(),
            is_call_name: matches!(reference.field.name, "evt.type" | "syscall.type"),
            is_direction: reference.field.name == "evt.dir",
        };
        let key = Key::Field(reference.field.name, reference.arg.clone());
        Ok(self.enter(key, Operand::Field(reference), typed))
    }

    fn call(&mut self, call: &Call) -> Result<usize, Error> {
        let name = call.name.node;
        let (class, list, args) = match (name, &*call.args) {
            (Transformer::Join, [separator, parts]) => {
                let separator = self.text(name, separator)?;
                (Class::Text, false, vec![separator, self.list(parts)?])
            }
            (Transformer::Concat, [_, _, ..]) => {
                let args = call.args.iter().map(|arg| self.text(name, arg)).collect::<Result<_, _>>()?;
                (Class::Text, false, args)
            }
            (
                Transformer::Tolower
                | Transformer::Toupper
                | Transformer::B64
                | Transformer::Basename
                | Transformer::Len,
                [ast::CallArg::Operand(arg)],
            ) => {
                let at = self.operand(arg)?;
                let (class, list) = self.transformed(name, at, span(arg))?;
                (class, list, vec![CallArg::Operand(at)])
            }
            (
                Transformer::Join
                | Transformer::Concat
                | Transformer::Tolower
                | Transformer::Toupper
                | Transformer::B64
                | Transformer::Basename
                | Transformer::Len,
                _,
            ) => return Err(Error::new(call.span, format!("`{}` takes {}", name.name(), takes(name)))),
        };
        let written = self.condition.source.get(call.span.start..call.span.end).unwrap_or_else(|| name.name());
        let typed = Typed { name: Box::from(written), class, list, is_call_name: false, is_direction: false };
        Ok(self.enter(Key::Call(name, args.clone()), Operand::Call(name, args), typed))
    }

    /// What a transformer of one value makes of that of an operand.
    fn transformed(&self, name: Transformer, at: usize, place: Span) -> Result<(Class, bool), Error> {
        let Typed { class, list, name: written, .. } = self.typed(at);
        let is_text = class.fits(Op::Glob);
        let is_bytes = class.fits(Op::Bcontains);
        let made = match name {
            Transformer::Len if *list || is_text || is_bytes => Some((Class::Number(0, u64::MAX.into()), false)),
            Transformer::B64 if is_text || is_bytes => Some((*class, *list)),
            Transformer::Tolower | Transformer::Toupper | Transformer::Basename if is_text => {
                Some((Class::Text, *list))
            }
            Transformer::Len
            | Transformer::B64
            | Transformer::Tolower
            | Transformer::Toupper
            | Transformer::Basename
            | Transformer::Join
            | Transformer::Concat => None,
        };
        made.ok_or_else(|| {
            let what = if *list { "several values" } else { class.words() };
            let message = format!("`{}` takes {}; `{}` is {what}", name.name(), takes(name), shown(written));
            Error::new(place, message)
        })
    }

    /// An argument that is one text.
    fn text(&mut self, name: Transformer, arg: &ast::CallArg) -> Result<CallArg, Error> {
        match arg {
            ast::CallArg::Literal(literal) => Ok(CallArg::Text(literal.text.as_bytes().into())),
            ast::CallArg::Operand(operand) => {
                let at = self.operand(operand)?;
                let typed = self.typed(at);
                if typed.list || !typed.class.fits(Op::Glob) {
                    let what = if typed.list { "several values" } else { typed.class.words() };
                    let message =
                        format!("an argument of `{}` is one text; `{}` is {what}", name.name(), shown(&typed.name));
                    return Err(Error::new(span(operand), message));
                }
                Ok(CallArg::Operand(at))
            }
            ast::CallArg::List(list) => {
                Err(Error::new(list.span, format!("an argument of `{}` is one text, not a list", name.name())))
            }
        }
    }

    /// The parts that `join` joins.
    fn list(&mut self, arg: &ast::CallArg) -> Result<CallArg, Error> {
        match arg {
            ast::CallArg::List(parts) => {
                let parts =
                    parts.node.iter().map(|part| self.text(Transformer::Join, part)).collect::<Result<_, _>>()?;
                Ok(CallArg::List(parts))
            }
            ast::CallArg::Operand(operand) => {
                let at = self.operand(operand)?;
                let typed = self.typed(at);
                if typed.list && typed.class.fits(Op::Glob) {
                    return Ok(CallArg::Operand(at));
                }
                let message = format!("`join` joins a list; `{}` is {}", shown(&typed.name), typed.class.words());
                Err(Error::new(span(operand), message).with_hint("several fields are written `join(\",\", (a, b))`"))
            }
            ast::CallArg::Literal(literal) => {
                let error = Error::new(literal.span, "`join` joins a list, not one text");
                Err(error.with_hint("a list is written `join(\",\", (a, b))`"))
            }
        }
    }
}

/// What a transformer takes, in words.
const fn takes(name: Transformer) -> &'static str {
    match name {
        Transformer::Tolower | Transformer::Toupper | Transformer::Basename => "a field that is text",
        Transformer::B64 => "a field that is text or the content of a buffer",
        Transformer::Len => "a field that is text, the content of a buffer or several values",
        Transformer::Join => "a separator and a list: `join(\",\", (a, b))`",
        Transformer::Concat => "two texts or more",
    }
}

/// What an argument is that depends on the call: of all that have it, any.
fn argument(reference: &Reference, name: &Spanned<Box<str>>) -> Result<Class, Error> {
    let kinds = match &reference.arg {
        Some(Arg::Key(key)) => args::kinds_by_name(key),
        Some(Arg::Index(place)) => args::kinds_by_place(*place),
        None => args::Kinds::default(),
    };
    if kinds == args::Kinds::default() {
        let shown = shown(&name.node);
        let error = Error::new(
            name.span,
            format!("`{shown}` has no value of its own: of every call that has it, it has parts"),
        );
        return Err(error.with_hint(format!("`{}` is it as text", shown.replacen("rawarg", "arg", 1))));
    }
    let args::Kinds { number, text, bytes } = kinds;
    Ok(Class::Argument { number, text, bytes })
}
