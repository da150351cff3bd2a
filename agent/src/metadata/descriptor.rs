// SPDX-License-Identifier: Apache-2.0
//! Which descriptors a call refers to.

use agent_common::{effect, schema::Syscall, state::plan};

use crate::decode::RawEvent;

/// Where the descriptor of file `n` (0 or 1) of the calls of `row` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The argument that is taken from this register.
    Register(u8),
    /// The result.
    Result,
    /// The first or the second of the pair that the call returns by an argument.
    Pair(u8),
}

/// Where the descriptor of file `n` (0 or 1) of the calls of `row` is.
#[must_use]
pub const fn place(row: &Syscall, n: u32) -> Option<Place> {
    match (effect::files(row) >> (plan::FIRST + 4 * n)) & plan::PLACE {
        0 => None,
        plan::RESULT => Some(Place::Result),
        place @ 1..=6 => Some(Place::Register(place as u8 - 1)),
        place => Some(Place::Pair(place as u8 & 1)),
    }
}

/// The number of the descriptor of file `n` (0 or 1) of a call; `None` when it has none, or none that is a descriptor.
#[must_use]
pub fn number(raw: &RawEvent<'_>, n: u32) -> Option<u32> {
    let number = match place(raw.row?, n)? {
        Place::Result => raw.ret()?,
        Place::Register(at) => {
            let (_, value) = raw.args().find(|(arg, value)| arg.at == at && value.word().is_some())?;
            i64::from((value.word()? as u32).cast_signed())
        }
        Place::Pair(second) => {
            let bytes = raw.args().find_map(|(arg, value)| {
                matches!(arg.kind, agent_common::schema::Kind::StructOut(agent_common::layout::Layout::FdPair))
                    .then(|| value.bytes())
                    .flatten()
            })?;
            let at = 4 * usize::from(second);
            i64::from(i32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
        }
    };
    u32::try_from(number).ok()
}
