// SPDX-License-Identifier: Apache-2.0
//! What values are, and which operators fit them. Other than in Falco, texts have no order.

use super::operands::Typed;
use crate::{
    fields::Type,
    filter::{
        ast::{Op, Span, Spanned},
        error::{Error, shown},
    },
};

/// What a value is, as comparisons see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Text.
    Text,
    /// The content of a buffer.
    Bytes,
    /// A number from the first to the second.
    Number(i128, i128),
    /// A port.
    Port,
    /// Yes or no.
    Bool,
    /// An address.
    Address,
    /// An address that is compared with networks.
    Network,
    /// An address that is compared with those of a host.
    Host,
    /// An argument that depends on the call.
    Argument {
        /// Whether it may be a number.
        number: bool,
        /// Whether it may be text.
        text: bool,
        /// Whether it may be the content of a buffer.
        bytes: bool,
    },
}

/// The numbers that arguments may be.
pub(super) const ANY_NUMBER: Class = Class::Number(i64::MIN as i128, u64::MAX as i128);

impl Class {
    /// That of a field; of an argument that depends on the call, `None`.
    pub(super) const fn of(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::Charbuf => Self::Text,
            Type::Bytebuf => Self::Bytes,
            Type::Int16 => Self::Number(i16::MIN as i128, i16::MAX as i128),
            // Device numbers are of this type too, and are not negative.
            Type::Int32 => Self::Number(i32::MIN as i128, u32::MAX as i128),
            Type::Int64 => Self::Number(i64::MIN as i128, i64::MAX as i128),
            Type::Uint32 => Self::Number(0, u32::MAX as i128),
            Type::Uint64 | Type::Reltime | Type::Abstime => Self::Number(0, u64::MAX as i128),
            Type::Bool => Self::Bool,
            Type::Ipaddr => Self::Address,
            Type::Ipnet => Self::Network,
            Type::Port => Self::Port,
            Type::Hostname => Self::Host,
            Type::Dyn => return None,
        })
    }

    /// Whether the operator fits it.
    pub(super) const fn fits(self, op: Op) -> bool {
        match self {
            Self::Text => matches!(
                op,
                Op::Exists
                    | Op::Eq
                    | Op::Ne
                    | Op::Contains
                    | Op::Icontains
                    | Op::Startswith
                    | Op::Endswith
                    | Op::Glob
                    | Op::Iglob
                    | Op::Regex
                    | Op::In
                    | Op::Intersects
                    | Op::Pmatch
            ),
            Self::Bytes => matches!(
                op,
                Op::Exists
                    | Op::Eq
                    | Op::Ne
                    | Op::Contains
                    | Op::Bcontains
                    | Op::Startswith
                    | Op::Bstartswith
                    | Op::Endswith
                    | Op::In
                    | Op::Intersects
            ),
            Self::Number(..) | Self::Port => {
                matches!(op, Op::Exists | Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::In | Op::Intersects)
            }
            Self::Bool | Self::Address | Self::Network | Self::Host => {
                matches!(op, Op::Exists | Op::Eq | Op::Ne | Op::In | Op::Intersects)
            }
            Self::Argument { number, text, bytes } => {
                number && ANY_NUMBER.fits(op) || text && Self::Text.fits(op) || bytes && Self::Bytes.fits(op)
            }
        }
    }

    /// Whether it is of an end of a connection: of both ends, neither must equal what `!=` names.
    pub(super) const fn is_end(self) -> bool {
        matches!(self, Self::Port | Self::Address | Self::Network | Self::Host)
    }

    /// It in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "the content of a buffer",
            Self::Number(..) | Self::Argument { number: true, text: false, bytes: false } => "a number",
            Self::Port => "a port",
            Self::Bool => "true or false",
            Self::Address => "an address",
            Self::Network => "an address, for networks",
            Self::Host => "an address, for host names",
            Self::Argument { .. } => "an argument that depends on the call",
        }
    }

    /// Whether values of both can be compared with each other.
    const fn matches(self, other: Self) -> bool {
        match (self, other) {
            (Self::Text, Self::Text)
            | (Self::Bytes, Self::Bytes)
            | (Self::Number(..) | Self::Port, Self::Number(..) | Self::Port)
            | (Self::Bool, Self::Bool)
            | (Self::Address, Self::Address) => true,
            (Self::Argument { number, text, bytes }, other) | (other, Self::Argument { number, text, bytes }) => {
                number && other.fits(Op::Lt) || text && other.fits(Op::Glob) || bytes && other.fits(Op::Bcontains)
            }
            (_, _) => false,
        }
    }
}

/// That an operator does not fit.
pub(super) fn unfit(op: Spanned<Op>, typed: &Typed) -> Error {
    let fit: Vec<_> = Op::ALL.iter().filter(|op| typed.class.fits(**op)).map(|op| op.name()).collect();
    let name = shown(&typed.name);
    let error =
        Error::new(op.span, format!("`{}` does not fit `{name}`, which is {}", op.node.name(), typed.class.words()));
    match typed.name.strip_prefix("evt.arg") {
        Some(arg) if matches!(op.node, Op::Lt | Op::Le | Op::Gt | Op::Ge) => {
            error.with_hint(format!("the number is `evt.rawarg{}`", shown(arg)))
        }
        Some(_) | None => error.with_hint(format!("these do: {}", fit.join(" "))),
    }
}

/// Whether two values of an event can be compared by `op`.
pub(super) fn comparable(op: Spanned<Op>, left: &Typed, right: &Typed, span: Span) -> Result<(), Error> {
    if matches!(op.node, Op::Regex | Op::Bcontains | Op::Bstartswith) {
        let message = format!("behind `{}` stands a text, not a field", op.node.name());
        return Err(Error::new(span, message).with_hint("what it looks for is made ready before there are events"));
    }
    if left.class.matches(right.class) {
        return Ok(());
    }
    Err(Error::new(
        span,
        format!(
            "`{}` is {}, which can't be compared with `{}`, which is {}",
            shown(&left.name),
            left.class.words(),
            shown(&right.name),
            right.class.words()
        ),
    ))
}
