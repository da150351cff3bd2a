// SPDX-License-Identifier: Apache-2.0
//! From the text of a condition to [`Expr`]. The grammar is Falco's, without its backtracking: the next word always says
//! what comes, so that time grows with the length of the text, and errors stand where something else was expected.

mod check;
mod complain;
mod logic;
mod token;
mod value;

#[cfg(test)]
mod tests;

use winnow::{
    error::ParserError,
    stream::{LocatingSlice, Location as _, Stateful},
};

pub(super) use token::is_bare;

use super::{
    ast::{Expr, Literal, Span},
    error::Error,
};

/// Bytes that a condition may have.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Parentheses and transformers that may stand inside one another.
pub const MOST_LEVELS: usize = 64;
/// Items that a list may have.
pub const MOST_ITEMS: usize = 65_536;

/// Reads a condition, in which `#` begins a comment that goes on to the end of the line.
pub fn parse(text: &str) -> Result<Expr, Error> {
    read(text, true)
}

/// Reads a condition of a rules file. YAML folds its lines into one, so that a comment would swallow what follows it:
/// there are none, as in Falco.
pub fn parse_folded(text: &str) -> Result<Expr, Error> {
    read(text, false)
}

/// Reads a text as it stands in a list: in quotes, or all of it is the text.
pub fn parse_item(text: &str) -> Result<Literal, Error> {
    let whole = Span { start: 0, end: text.len() };
    if !text.is_empty() && text.chars().all(is_bare) {
        return Ok(Literal { text: Box::from(text), quoted: false, span: whole });
    }
    if !text.starts_with(['"', '\'']) {
        return Ok(Literal { text: Box::from(text), quoted: true, span: whole });
    }
    let mut input = Input { input: LocatingSlice::new(text), state: State { comments: false, levels: 0 } };
    let item = token::quoted(&mut input).map_err(|fault| fault.error(&input))?;
    if rest(&input).is_empty() { Ok(item) } else { Err(complain::expected(&input, "nothing behind the quote")) }
}

fn read(text: &str, comments: bool) -> Result<Expr, Error> {
    if text.len() > MOST_BYTES {
        let message = format!("a condition has at most {MOST_BYTES} bytes, this one has {}", text.len());
        return Err(Error::new(Span::default(), message));
    }
    let mut input = Input { input: LocatingSlice::new(text), state: State { comments, levels: 0 } };
    logic::whole(&mut input).map_err(|fault| fault.error(&input))
}

type Input<'t> = Stateful<LocatingSlice<&'t str>, State>;
type Parsed<T> = Result<T, Fault>;

#[derive(Clone, Copy, Debug)]
struct State {
    /// Whether `#` begins a comment.
    comments: bool,
    /// Parentheses and transformers that are open.
    levels: usize,
}

#[derive(Debug)]
enum Fault {
    /// A token is not there: another may be.
    Token,
    /// The text is wrong.
    Found(Box<Error>),
}

impl Error {
    /// No `From`: with it the compiler could not tell what the parsers' errors are.
    fn fault(self) -> Fault {
        Fault::Found(Box::new(self))
    }
}

impl Fault {
    fn error(self, input: &Input<'_>) -> Error {
        match self {
            Self::Found(error) => *error,
            Self::Token => complain::expected(input, "something else"),
        }
    }
}

impl<'t> ParserError<Input<'t>> for Fault {
    type Inner = Self;

    fn from_input(_: &Input<'t>) -> Self {
        Self::Token
    }

    fn is_backtrack(&self) -> bool {
        matches!(self, Self::Token)
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// Where the parser is, as an empty span.
fn here(input: &Input<'_>) -> Span {
    let at = input.current_token_start();
    Span { start: at, end: at }
}

/// What has not been read yet.
fn rest<'t>(input: &Input<'t>) -> &'t str {
    &input.input
}

/// Goes one level deeper; `span` is what opens it.
fn enter(input: &mut Input<'_>, span: Span) -> Parsed<()> {
    input.state.levels += 1;
    if input.state.levels > MOST_LEVELS {
        let message = format!("parentheses and transformers may stand at most {MOST_LEVELS} deep inside one another");
        return Err(Error::new(span, message).fault());
    }
    Ok(())
}

fn leave(input: &mut Input<'_>) {
    input.state.levels -= 1;
}
