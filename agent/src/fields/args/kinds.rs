// SPDX-License-Identifier: Apache-2.0
//! What the values of an argument may be, of any call that has it: what conditions may compare it with.

use agent_common::schema::{Abi, Kind};

use super::{MEMBERS, NEW_FD, RESULT, raw_value};
use crate::{
    arena::Arena,
    decode::{RawArg, symbols::Context},
    fields::value::Value,
    select,
};

/// What the values of an argument may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// Whether it may be a number.
    pub(crate) number: bool,
    /// Whether it may be text.
    pub(crate) text: bool,
    /// Whether it may be the content of a buffer.
    pub(crate) bytes: bool,
}

/// What [`super::number_of`] may be for the argument `name`, of any call.
pub(crate) fn kinds_by_name(name: &str) -> Kinds {
    let rows = select::rows().flat_map(|(_, _, row)| row.args).filter(|arg| arg.name == name);
    let mut all = rows.fold(Kinds::default(), |all, arg| all.with(arg.kind));
    all.number |= matches!(name, RESULT | NEW_FD) || MEMBERS.contains(&name);
    all.bytes |= name == "data";
    all
}

/// What it may be for the argument at `place`, of any call.
pub(crate) fn kinds_by_place(place: u32) -> Kinds {
    let rows = select::rows().filter_map(|(_, _, row)| row.args.get(place as usize));
    rows.fold(Kinds::default(), |all, arg| all.with(arg.kind))
}

impl Kinds {
    /// These, and what a value of `kind` is: what one of zeros is.
    fn with(self, kind: Kind) -> Self {
        if let Kind::ExecPath(_) = kind {
            return Self { text: true, ..self };
        }
        let context = Context { abi: Abi::Native, args: [0; 6] };
        match raw_value(kind, RawArg::Bytes { bytes: &[0; 256], cut: false }, &context, &Arena::default()) {
            Value::Int(_) | Value::Uint(_) | Value::Hex(_) | Value::Nanos(_) => Self { number: true, ..self },
            Value::Text(_) => Self { text: true, ..self },
            Value::Bytes(_) => Self { bytes: true, ..self },
            Value::Missing | Value::Bool(_) | Value::Time(..) | Value::Ip(_) | Value::List(_) => self,
        }
    }
}
