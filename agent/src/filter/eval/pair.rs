// SPDX-License-Identifier: Apache-2.0
//! Two values of an event compared with each other: `val(field)`.

use memchr::memmem;

use super::{number, text};
use crate::{
    arena::Arena,
    fields::{glob, value::Value},
    filter::{ast::Op, text::below},
};

/// Whether `left op right`, of single values.
pub(super) fn compare(op: Op, left: &Value<'_>, right: &Value<'_>, arena: &Arena) -> bool {
    match (op, number(left).zip(number(right))) {
        (Op::Eq | Op::In | Op::Intersects, Some((left, right))) => return left == right,
        (Op::Ne, Some((left, right))) => return left != right,
        (Op::Lt, Some((left, right))) => return left < right,
        (Op::Le, Some((left, right))) => return left <= right,
        (Op::Gt, Some((left, right))) => return left > right,
        (Op::Ge, Some((left, right))) => return left >= right,
        (_, _) => {}
    }
    if let (Value::Bool(_), Value::Bool(_)) | (Value::Ip(_), Value::Ip(_)) = (left, right) {
        return match op {
            Op::Eq | Op::In | Op::Intersects => left == right,
            Op::Ne => left != right,
            Op::Exists
            | Op::Lt
            | Op::Le
            | Op::Gt
            | Op::Ge
            | Op::Contains
            | Op::Icontains
            | Op::Bcontains
            | Op::Startswith
            | Op::Bstartswith
            | Op::Endswith
            | Op::Glob
            | Op::Iglob
            | Op::Regex
            | Op::Pmatch => false,
        };
    }
    text(left, arena).zip(text(right, arena)).is_some_and(|(left, right)| texts(op, left, right, arena))
}

fn texts(op: Op, left: &[u8], right: &[u8], arena: &Arena) -> bool {
    let lower = |text: &[u8]| arena.text(|out| out.extend(text.iter().map(u8::to_ascii_lowercase)));
    match op {
        Op::Eq | Op::In | Op::Intersects => left == right,
        Op::Ne => left != right,
        Op::Contains => memmem::find(left, right).is_some(),
        Op::Icontains => memmem::find(lower(left), lower(right)).is_some(),
        Op::Startswith => left.starts_with(right),
        Op::Endswith => left.ends_with(right),
        Op::Glob => glob::matches(right, left, false),
        Op::Iglob => glob::matches(right, left, true),
        Op::Pmatch => below(left, right),
        // The checker lets none of these through.
        Op::Exists | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Bcontains | Op::Bstartswith | Op::Regex => false,
    }
}
