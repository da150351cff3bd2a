// SPDX-License-Identifier: Apache-2.0
//! Comparisons of what the call's file is, and of the ends of its socket.

use std::net::IpAddr;

use agent_common::{
    predicate::{NO_ARG, Op, Source, Test, class},
    schema::Kind,
};

use super::{Facts, approx::Approx, formula::Formula, numbers::Place};
use crate::{
    fields::{fd::FdType, fspath, value::Value},
    filter::condition::{self, Wanted},
};

/// Both kinds of sockets that have addresses and ports.
const INET: u64 = class::IPV4 | class::IPV6;
/// Bits of an IPv6 address before the IPv4 one that it maps.
const MAPPED: u8 = 96;

impl Facts<'_> {
    /// `fd.type`
    pub(super) fn file_type(&self, test: &condition::Test) -> Approx {
        let takes = |kind: FdType| kind.word().is_some_and(|word| self.accepts(test, Value::Text(word.as_bytes())));
        let classes = FdType::ALL.into_iter().filter(|kind| takes(*kind)).map(classes).fold(0, |all, bits| all | bits);
        class_of(classes)
    }

    /// `fd.typechar`: that of a file that could not be opened is `f`.
    pub(super) fn type_char(&mut self, test: &condition::Test) -> Approx {
        let takes = |kind: FdType| self.accepts(test, Value::Text(kind.char().as_bytes()));
        let classes = FdType::ALL.into_iter().filter(|kind| takes(*kind)).map(classes).fold(0, |all, bits| all | bits);
        if self.row.name().is_some_and(fspath::opens) {
            self.head.opens = 1;
        }
        class_of(classes)
    }

    /// `fd.sockfamily`
    pub(super) fn socket_family(&self, test: &condition::Test) -> Approx {
        let takes = |word: &[u8], classes| if self.accepts(test, Value::Text(word)) { classes } else { 0 };
        let classes = takes(b"ip", INET) | takes(b"unix", class::UNIX);
        class_of(classes)
    }

    /// Of an IPv4 or IPv6 socket only.
    pub(super) fn of_inet() -> Approx {
        Approx::wider(class_of(INET).formula)
    }

    /// `evt.category` of calls that read, write or work on a file.
    pub(super) fn category(&self, test: &condition::Test) -> Option<Approx> {
        let takes = |word: &[u8]| self.accepts(test, Value::Text(word));
        // Calls without a file are in no category that is known.
        if takes(b"unknown") {
            return None;
        }
        let word = |word: &[u8], classes| if takes(word) { classes } else { 0 };
        let classes = word(b"file", class::FILE | class::DIRECTORY | class::OTHER)
            | word(b"net", INET)
            | word(b"ipc", class::PIPE | class::UNIX | class::OTHER);
        Some(Approx::wider(class_of(classes).formula))
    }

    /// Addresses of the socket, or the one that the call names.
    pub(super) fn address(&mut self, wanted: &Wanted) -> Option<Approx> {
        let Wanted::Networks(networks) = wanted else { return None };
        self.claim_peer()?;
        let mapped = networks.iter().map(|(address, bits)| match address {
            IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), bits.saturating_add(MAPPED)),
            IpAddr::V6(address) => (address.octets(), bits),
        });
        let mapped: Vec<_> = mapped.collect();
        if mapped.is_empty() {
            return Some(Approx::exact(Formula::Const(false)));
        }
        let set = self.sets.networks(mapped)?;
        let test = Test { source: Source::Address as u8, op: Op::Network as u8, set, ..Test::default() };
        Some(Approx::wider(Formula::Test(test)))
    }

    /// Ports of the socket, or the one that the call names.
    pub(super) fn port(&mut self, wanted: &Wanted) -> Option<Approx> {
        if matches!(wanted, Wanted::NotNumber(_)) {
            return None;
        }
        let formula = Place::PORT.compare(wanted, self.sets)?.formula;
        self.claim_peer()?;
        Some(Approx::wider(formula))
    }

    /// Where the address is that the call names, if it names one that the kernel can look at.
    fn claim_peer(&mut self) -> Option<()> {
        let syscall = self.row.syscall?;
        match syscall.name {
            "connect" | "sendto" | "recvfrom" => {
                let address = |kind| matches!(kind, Kind::Sockaddr(_) | Kind::SockaddrOut(_));
                let arg = syscall.args.iter().find(|arg| address(arg.kind))?;
                (self.head.peer, self.head.peer_in_message) = (arg.at, 0);
            }
            "sendmsg" | "recvmsg" => {
                (self.head.peer, self.head.peer_in_message) = (self.register("msg")?, 1);
            }
            // The address is in an array of messages.
            "sendmmsg" | "recvmmsg" => return None,
            _ => self.head.peer = NO_ARG,
        }
        Some(())
    }
}

/// A test for any of these classes.
fn class_of(classes: u64) -> Approx {
    let test = Test { source: Source::Class as u8, a: classes, ..Test::default() };
    let formula = if classes == 0 { Formula::Const(false) } else { Formula::Test(test) };
    // Kinds that share a class are told apart by userspace.
    let whole = classes & class::OTHER == 0 && classes & class::OTHER_SOCKET == 0;
    if whole { Approx::same(formula) } else { Approx::wider(formula) }
}

/// The classes that a file of this kind may be of. What is in no directory may be of either of two.
const fn classes(kind: FdType) -> u64 {
    match kind {
        FdType::File | FdType::Memfd => class::FILE | class::OTHER,
        FdType::Directory => class::DIRECTORY,
        FdType::Ipv4 => class::IPV4,
        FdType::Ipv6 => class::IPV6,
        FdType::Unix => class::UNIX,
        FdType::Netlink | FdType::OtherSocket => class::OTHER_SOCKET,
        FdType::Pipe => class::PIPE,
        FdType::Event
        | FdType::Signalfd
        | FdType::Eventpoll
        | FdType::Inotify
        | FdType::Timerfd
        | FdType::Userfaultfd
        | FdType::IoUring
        | FdType::Bpf
        | FdType::Pidfd
        | FdType::Other => class::OTHER,
    }
}
