// SPDX-License-Identifier: Apache-2.0
//! An expression as text again, in one way of writing it. Reading that gives the same expression.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{
    ast::{Call, CallArg, Check, Expr, Literal, Operand, Right},
    error::shown,
};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " and ", |part| matches!(part, Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " or ", |_| false),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "not ({inner})"),
            Self::Not(inner) => write!(f, "not {inner}"),
            Self::Check(check) => check.fmt(f),
            Self::Macro(name) => f.write_str(&name.node),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], joint: &str, nested: fn(&Expr) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(joint)?;
        }
        if nested(part) {
            write!(f, "({part})")?;
        } else {
            part.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Check {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.left, self.op.node.name())?;
        match &self.right {
            Right::None => Ok(()),
            Right::Literal(literal) => write!(f, " {literal}"),
            Right::List { modifier, items } => {
                if let Some(modifier) = modifier {
                    write!(f, " {}", modifier.node.name())?;
                }
                f.write_char(' ')?;
                listed(f, &items.node)
            }
            Right::Operand(Operand::Field(field)) => write!(f, " val({})", Field(&field.node)),
            Right::Operand(Operand::Call(call)) => write!(f, " {call}"),
        }
    }
}

fn listed<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_char('(')?;
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
    }
    f.write_char(')')
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => Field(&field.node).fmt(f),
            Self::Call(call) => call.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.node.name())?;
        listed(f, &self.args)
    }
}

impl Display for CallArg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operand(operand) => operand.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
            Self::List(args) => listed(f, &args.node),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.quoted { quoted(f, &self.text) } else { f.write_str(&self.text) }
    }
}

/// A field's name with its argument, which stands in quotes where it must.
struct Field<'a>(&'a str);

impl Display for Field<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.split_once('[') {
            Some((name, arg)) if arg.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'\\".contains(c)) => {
                write!(f, "{name}[")?;
                quoted(f, arg.strip_suffix(']').unwrap_or(arg))?;
                f.write_char(']')
            }
            _ => f.write_str(self.0),
        }
    }
}

/// `text` in quotes, with the escapes that the language has.
pub(super) fn quoted(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if shown(c.encode_utf8(&mut [0; 4])).chars().count() > 1 => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\x{byte:02x}")?;
                }
            }
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
