// SPDX-License-Identifier: Apache-2.0
//! Calls that have to be seen for the tables to be true, and conditions that need the tables.

use std::collections::BTreeSet;

use agent_common::{
    predicate::{Op, Predicate},
    schema::{Kind, Syscall},
};

use super::{Facts, Formula, Slot, numbers::Place};
use crate::{
    fields::{Basis, fspath},
    filter::{
        ast::Span,
        condition::{Condition, Node},
        rows::Row,
    },
};

/// `EINPROGRESS`: the connection is on its way.
const IN_PROGRESS: i64 = -115;

/// The first comparison that can't be decided by the call's own record.
#[must_use]
pub fn needs_tables(condition: &Condition) -> Option<Span> {
    let needs = |basis: &Basis| *basis != Basis::Call;
    let tests = condition.tests.iter().filter(|test| condition.test_bases(test).iter().any(needs));
    tests.map(|test| test.span).min_by_key(|span| (span.start, span.end))
}

/// Whether calls of a syscall may be about a socket.
#[must_use]
pub fn works_on_sockets(row: &Syscall) -> bool {
    row.args.iter().any(|arg| arg.kind == Kind::Fd) && !fspath::opens(row.name)
}

/// Whether a part of a condition asks on which side of a connection a socket is, or for its last peer.
pub(super) fn needs_sides(condition: &Condition, node: &Node) -> bool {
    match node {
        Node::Const(_) => false,
        Node::And(parts) | Node::Or(parts) => parts.iter().any(|part| needs_sides(condition, part)),
        Node::Not(part) => needs_sides(condition, part),
        Node::Test(index) => {
            let test = condition.tests.get(*index);
            test.is_some_and(|test| condition.test_bases(test).contains(&Basis::Side))
        }
    }
}

/// Which calls of a syscall tell on which side of a connection a socket is, or its last peer.
fn tells(row: &Syscall) -> Option<Formula> {
    let succeeded = Facts::succeeded();
    match row.name {
        "accept" | "accept4" | "listen" => Some(succeeded),
        "connect" => {
            let errno = IN_PROGRESS.cast_unsigned();
            Some(Formula::any([succeeded, Place::RET.test(Op::Range, errno, errno)]))
        }
        "sendto" | "recvfrom" => {
            let address = |kind| matches!(kind, Kind::Sockaddr(_) | Kind::SockaddrOut(_));
            let at = row.args.iter().find(|arg| address(arg.kind))?.at;
            Some(Formula::all([succeeded, Place::ulong(at).test(Op::UnsignedRange, 1, u64::MAX)]))
        }
        _ => None,
    }
}

/// Adds the calls that tell, and says in `state` which slots they have.
pub(super) fn add(slots: &mut Vec<Slot>, state: &mut BTreeSet<u32>) {
    for row in Row::all() {
        let Some(told) = row.syscall.and_then(tells) else { continue };
        match slots.iter_mut().find(|slot| slot.row.slot == row.slot) {
            Some(slot) => {
                let both = Formula::any([slot.formula.clone(), told]).ordered();
                // Too long a condition is not asked at all.
                slot.formula = super::lower::shortened(both);
            }
            None => slots.push(Slot { row, formula: told, residual: None, head: Predicate::EMPTY }),
        }
        state.insert(row.slot);
    }
}

#[cfg(test)]
mod tests {
    use agent_common::effect::makes;

    use super::*;

    #[test]
    fn only_what_has_a_descriptor_works_on_sockets() {
        let works =
            |name: &str| Row::all().filter_map(|row| row.syscall).filter(|row| row.name == name).any(works_on_sockets);
        assert!(works("read") && works("connect") && works("dup2"));
        assert!(!works("openat") && !works("getpid") && !works("creat"));
        assert!(Row::all().filter_map(|row| row.syscall).filter(|row| makes(row)).any(works_on_sockets));
    }
}
