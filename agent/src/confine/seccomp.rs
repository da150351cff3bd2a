// SPDX-License-Identifier: Apache-2.0
//! The filter of system calls: three programs, of whose answers the kernel takes the strictest. Calls that all of them
//! allow without looking at arguments cost nothing from 5.11 on, where the kernel remembers that:
//! <https://github.com/torvalds/linux/blob/v6.12/kernel/seccomp.c#L366>

use std::{collections::BTreeMap, io};

use libc::{c_long, c_uint};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::calls::{ALLOWED, ALLOWED_OLD, HOSTILE, HOSTILE_OLD};

/// The calls that a program decides, and for which arguments; without rules, for any.
type Calls = BTreeMap<i64, Vec<SeccompRule>>;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// What is not known fails like this.
const UNKNOWN: SeccompAction = SeccompAction::Errno(libc::ENOSYS as u32);

/// The commands of bpf(2) that only use what is loaded:
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L923>
const BPF_USE: [(&str, u64); 12] = [
    ("MAP_LOOKUP_ELEM", 1),
    ("MAP_UPDATE_ELEM", 2),
    ("MAP_DELETE_ELEM", 3),
    ("MAP_GET_NEXT_KEY", 4),
    ("OBJ_GET_INFO_BY_FD", 15),
    ("MAP_LOOKUP_AND_DELETE_ELEM", 21),
    ("MAP_FREEZE", 22),
    ("MAP_LOOKUP_BATCH", 24),
    ("MAP_LOOKUP_AND_DELETE_BATCH", 25),
    ("MAP_UPDATE_BATCH", 26),
    ("MAP_DELETE_BATCH", 27),
    ("ENABLE_STATS", 32),
];

/// `TCGETS2` of newer C libraries: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/asm-generic/ioctls.h#L64>
const TCGETS2: u64 = 0x802c_542a;

/// Has the kernel filter the calls of all threads. `load`: whether programs may still be loaded.
pub(super) fn install(load: bool) -> io::Result<()> {
    let hostile = program(hostile(), SeccompAction::Allow, SeccompAction::KillProcess)?;
    let allowed = program(allowed(load)?, UNKNOWN, SeccompAction::Allow)?;
    let quiet = program(quiet(), SeccompAction::Allow, UNKNOWN)?;
    let log = libc::SECCOMP_FILTER_FLAG_LOG;
    apply(&hostile, log)?;
    apply(&quiet, 0)?;
    // The last: it does not allow to add another.
    apply(&allowed, log)
}

fn program(calls: Calls, others: SeccompAction, these: SeccompAction) -> io::Result<BpfProgram> {
    let filter = SeccompFilter::new(calls, others, these, ARCH).map_err(io::Error::other)?;
    filter.try_into().map_err(io::Error::other)
}

/// Calls that end the process.
fn hostile() -> Calls {
    HOSTILE.iter().chain(HOSTILE_OLD).map(|call| (*call, Vec::new())).collect()
}

/// Calls that fail and are not worth a line in the kernel's log: the C library tries clone3, whose flags lie in memory
/// where no filter can see them, and takes clone when there is none.
fn quiet() -> Calls {
    Calls::from([(libc::SYS_clone3, Vec::new())])
}

/// Calls that are made.
fn allowed(load: bool) -> io::Result<Calls> {
    let mut calls: Calls = ALLOWED.iter().chain(ALLOWED_OLD).map(|call| (*call, Vec::new())).collect();
    // Those are decided there, so that the answer is of the program that does not log.
    calls.append(&mut quiet());
    let mut add = |call: c_long, rules: Result<Vec<SeccompRule>, Error>| {
        rules.map(|rules| calls.insert(call, rules)).map_err(io::Error::other)
    };
    // Threads, but no processes.
    let thread = libc::CLONE_THREAD as u64;
    add(libc::SYS_clone, rules(0, [(SeccompCmpOp::MaskedEq(thread), thread)]))?;
    // No memory that runs but what the program has.
    let data = || [(SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64), 0)];
    add(libc::SYS_mmap, rules(2, data()))?;
    add(libc::SYS_mprotect, rules(2, data()))?;
    add(libc::SYS_socket, equal(0, &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK].map(word)))?;
    add(libc::SYS_prctl, equal(0, &[libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA].map(word)))?;
    let asked = [libc::TCGETS, TCGETS2, libc::TIOCGWINSZ, libc::FIONBIO, libc::FIONREAD, libc::FIOCLEX];
    add(libc::SYS_ioctl, equal(1, &asked))?;
    // Itself only: limits, and the signal that `abort` sends.
    add(libc::SYS_prlimit64, equal(0, &[0, std::process::id().into()]))?;
    add(libc::SYS_tgkill, equal(0, &[std::process::id().into()]))?;
    // Of the calling thread.
    add(libc::SYS_setpriority, equal(1, &[0]))?;
    let bpf = if load { Ok(Vec::new()) } else { equal(0, &BPF_USE.map(|(_, command)| command)) };
    add(libc::SYS_bpf, bpf)?;
    Ok(calls)
}

fn word(number: i32) -> u64 {
    number as u64
}

/// A call whose argument `index` is one of `values`.
fn equal(index: u8, values: &[u64]) -> Result<Vec<SeccompRule>, Error> {
    rules(index, values.iter().map(|value| (SeccompCmpOp::Eq, *value)))
}

/// A call for whose argument `index` any of the tests holds. Of these arguments the kernel looks at the low half.
fn rules(index: u8, tests: impl IntoIterator<Item = (SeccompCmpOp, u64)>) -> Result<Vec<SeccompRule>, Error> {
    let rule = |(operator, value): (SeccompCmpOp, u64)| {
        let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value & u64::from(u32::MAX));
        Ok(SeccompRule::new(vec![condition?])?)
    };
    tests.into_iter().map(rule).collect()
}

/// Installs a program for all threads.
fn apply(program: &BpfProgram, flags: libc::c_ulong) -> io::Result<()> {
    let mut words: Vec<_> =
        program.iter().map(|word| libc::sock_filter { code: word.code, jt: word.jt, jf: word.jf, k: word.k }).collect();
    let len = u16::try_from(words.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len, filter: words.as_mut_ptr() };
    let flags = (flags | libc::SECCOMP_FILTER_FLAG_TSYNC) as c_uint;
    // SAFETY: `program` points to `len` instructions, which live until the call returns; the kernel copies them.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, std::ptr::from_ref(&program)) };
    match result {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        thread => Err(io::Error::other(format!("thread {thread} has other filters"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_in_two_lists() {
        for load in [false, true] {
            let allowed = allowed(load).expect("rules");
            let both: Vec<_> = hostile().into_keys().filter(|call| allowed.contains_key(call)).collect();
            assert!(both.is_empty(), "{both:?}");
        }
        let listed = ALLOWED.len() + ALLOWED_OLD.len();
        assert_eq!(allowed(true).expect("rules").len(), listed + 11, "a call is listed twice");
        assert_eq!(hostile().len(), HOSTILE.len() + HOSTILE_OLD.len(), "a call is listed twice");
    }
}
