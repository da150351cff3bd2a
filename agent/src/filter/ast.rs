// SPDX-License-Identifier: Apache-2.0
//! A condition as it was written, with the place of each part in the text.

/// A range of bytes of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A part with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The part.
    pub node: T,
    /// Its place.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of two or more.
    And(Vec<Self>),
    /// Any of two or more.
    Or(Vec<Self>),
    /// Not.
    Not(Box<Self>),
    /// A comparison.
    Check(Check),
    /// A name that stands for an expression.
    Macro(Spanned<Box<str>>),
}

impl Expr {
    /// All of `parts`, of which there is one at least.
    #[must_use]
    pub fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                Self::Or(_) | Self::Not(_) | Self::Check(_) | Self::Macro(_) => flat.push(part),
            }
        }
        Self::joined(flat, Self::And)
    }

    /// Any of `parts`, of which there is one at least.
    #[must_use]
    pub fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                Self::And(_) | Self::Not(_) | Self::Check(_) | Self::Macro(_) => flat.push(part),
            }
        }
        Self::joined(flat, Self::Or)
    }

    /// One part is itself.
    fn joined(mut parts: Vec<Self>, join: fn(Vec<Self>) -> Self) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                join(parts)
            }
        }
    }

    /// Not this.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            Self::And(_) | Self::Or(_) | Self::Check(_) | Self::Macro(_) => Self::Not(Box::new(self)),
        }
    }
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is compared.
    pub left: Operand,
    /// How.
    pub op: Spanned<Op>,
    /// With what.
    pub right: Right,
}

/// What has a value for each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// `proc.name`, `proc.aname[2]`, `evt.arg.flags`: the name with its argument.
    Field(Spanned<Box<str>>),
    /// `tolower(proc.name)`
    Call(Call),
}

/// A transformer with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub name: Spanned<Transformer>,
    /// Its arguments in order.
    pub args: Vec<CallArg>,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// An argument of a transformer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallArg {
    /// A value of the event.
    Operand(Operand),
    /// A quoted text or a number.
    Literal(Literal),
    /// `(a, b)`
    List(Spanned<Vec<Self>>),
}

/// A text or number that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Without quotes, escapes resolved.
    pub text: Box<str>,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Its place, quotes included.
    pub span: Span,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// `exists` has none.
    None,
    /// One text or number.
    Literal(Literal),
    /// Several. A bare item may be the name of a list until [`super::rules`] has put in what it holds.
    List {
        /// `oneof`, `anyof`, `allof` behind the operator.
        modifier: Option<Spanned<Modifier>>,
        /// The items, or the one name where a list is named without parentheses.
        items: Spanned<Vec<Literal>>,
    },
    /// `val(field)`, or a transformer.
    Operand(Operand),
}

/// Operators, by how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `exists`
    Exists,
    /// `=`, `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `contains`
    Contains,
    /// `icontains`
    Icontains,
    /// `bcontains`
    Bcontains,
    /// `startswith`
    Startswith,
    /// `bstartswith`
    Bstartswith,
    /// `endswith`
    Endswith,
    /// `glob`
    Glob,
    /// `iglob`
    Iglob,
    /// `regex`
    Regex,
    /// `in`
    In,
    /// `intersects`
    Intersects,
    /// `pmatch`
    Pmatch,
}

/// What a list behind an operator that takes one value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Modifier {
    /// `oneof`
    Oneof,
    /// `anyof`
    Anyof,
    /// `allof`
    Allof,
}

/// Transformers, by how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transformer {
    /// `tolower`
    Tolower,
    /// `toupper`
    Toupper,
    /// `b64`
    B64,
    /// `basename`
    Basename,
    /// `len`
    Len,
    /// `join`
    Join,
    /// `concat`
    Concat,
}
