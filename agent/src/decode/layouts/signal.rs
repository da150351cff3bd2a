// SPDX-License-Identifier: Apache-2.0
//! What signals carry: unions, told apart by other members.

use agent_common::schema::Abi;

use super::{
    members::{Member, members, word},
    structs as s,
};
use crate::decode::{
    symbols::{self, Machine, Table, process, signal},
    visit::Visitor,
};

/// The `N` bytes of `bytes` from `at`, as an `int`.
fn int(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|number| i32::from_ne_bytes(*number))
}

fn symbol(name: &str, v: &mut (impl Visitor + ?Sized)) {
    v.symbols(&|out| out.extend_from_slice(name.as_bytes()));
}

/// A wait status, as wait4(2) tells its forms apart: `{exited=1}`, `{signaled=SIGSEGV, core=true}`, `{stopped=SIGTRAP,
/// event=PTRACE_EVENT_EXEC}`, `{continued=true}`.
pub(super) fn wait_status(status: u32, v: &mut (impl Visitor + ?Sized)) {
    let (low, high) = (status & 0x7f, (status >> 8) & 0xff);
    v.begin_object();
    match (status & 0xff, low) {
        _ if status == 0xffff => {
            v.key("continued");
            v.named(1, "true");
        }
        (_, 0) => {
            v.key("exited");
            v.unsigned(u64::from(high));
        }
        (0x7f, _) => {
            v.key("stopped");
            // A stop at a syscall, when the tracer asked to have it told apart.
            match signal((high & 0x7f).cast_signed()) {
                Some(name) if high & 0x80 != 0 => v.symbols(&|out| {
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(b"|0x80");
                }),
                Some(name) => symbol(name, v),
                None => v.unsigned(u64::from(high)),
            }
            let event = u64::from(status >> 16);
            if event != 0 {
                v.key("event");
                match symbols::name(&[process::PTRACE_EVENT], event) {
                    Some(name) => symbol(name, v),
                    None => v.unsigned(event),
                }
            }
        }
        _ => {
            v.key("signaled");
            match signal(low.cast_signed()) {
                Some(name) => symbol(name, v),
                None => v.unsigned(u64::from(low)),
            }
            if status & 0x80 != 0 {
                v.key("core");
                v.named(1, "true");
            }
        }
    }
    v.end_object();
}

// Signals whose codes are their own, and codes of all: include/uapi/asm-generic/siginfo.h.
const SIGILL: i32 = 4;
const SIGTRAP: i32 = 5;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
const SIGCHLD: i32 = 17;
const SIGIO: i32 = 29;
const SIGSYS: i32 = 31;
const SI_USER: i32 = 0;
const SI_KERNEL: i32 = 0x80;
const SI_TIMER: i32 = -2;
const SI_SIGIO: i32 = -5;
const SI_TKILL: i32 = -6;
const CLD_EXITED: i32 = 1;

/// The codes and the part of the union that belong to a signal and a code, as `siginfo_layout()` in `kernel/signal.c`
/// tells them.
fn parts(signo: i32, code: i32) -> (&'static [Table], &'static [Member]) {
    const ANY: &[Table] = &[signal::SI_CODE];
    match (signo, code) {
        (_, SI_TIMER) => (ANY, s::SI_TIMER),
        (_, SI_SIGIO) => (ANY, s::SI_POLL),
        (_, SI_TKILL | SI_USER | SI_KERNEL..) => (ANY, s::SI_KILL),
        (_, ..=-1) => (ANY, s::SI_RT),
        (SIGILL, _) => (&[signal::SI_ILL], s::SI_FAULT),
        (SIGFPE, _) => (&[signal::SI_FPE], s::SI_FAULT),
        (SIGSEGV, _) => (&[signal::SI_SEGV], s::SI_FAULT),
        (SIGBUS, _) => (&[signal::SI_BUS], s::SI_FAULT),
        (SIGTRAP, _) => (&[signal::SI_TRAP], s::SI_FAULT),
        (SIGCHLD, CLD_EXITED) => (&[signal::SI_CHLD], s::SI_EXIT),
        (SIGCHLD, _) => (&[signal::SI_CHLD], s::SI_CHILD),
        (SIGIO, _) => (&[signal::SI_POLL], s::SI_POLL),
        (SIGSYS, _) => (&[signal::SI_SYS], s::SI_SYS),
        _ => (&[signal::SI_POLL], s::SI_POLL),
    }
}

/// A `siginfo_t`.
pub(super) fn siginfo(abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    v.begin_object();
    members(s::SIGINFO, abi, bytes, v);
    if let (Some(signo), Some(code)) = (int(bytes, 0), int(bytes, 8)) {
        let (codes, part) = parts(signo, code);
        v.key("si_code");
        match symbols::name(codes, u64::from(code.cast_unsigned())) {
            Some(name) => symbol(name, v),
            None => v.signed(i64::from(code)),
        }
        // The union is aligned to a word. waitid(2) that found nobody fills it with zeros.
        let union = 12_usize.next_multiple_of(word(Machine::of(abi)));
        if let (1.., Some(union)) = (signo, bytes.get(union..)) {
            members(part, abi, union, v);
        }
    }
    v.end_object();
}

const SIGEV_THREAD: i32 = 2;
const SIGEV_THREAD_ID: i32 = 4;

/// A `struct sigevent`.
pub(super) fn sigevent(abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    let word = word(Machine::of(abi));
    v.begin_object();
    members(s::SIGEVENT, abi, bytes, v);
    if let (Some(notify), Some(union)) = (int(bytes, word + 4), bytes.get(word + 8..)) {
        match notify {
            SIGEV_THREAD => members(s::SIGEVENT_THREAD, abi, union, v),
            SIGEV_THREAD_ID => members(s::SIGEVENT_TID, abi, union, v),
            _ => {}
        }
    }
    v.end_object();
}
