// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Whether a call of a selected syscall is captured, by who makes it, and the header of its record.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, Reason, Slot},
    options::{Opt, mode},
    record::{Header, NO_ID},
    schema::Abi,
};
use aya_ebpf::helpers::{
    bpf_get_current_cgroup_id, bpf_get_current_comm, bpf_get_current_pid_tgid, bpf_get_current_uid_gid,
    bpf_ktime_get_boot_ns,
};

use crate::{
    kernel,
    lane::Lane,
    maps::{COMMS, MODE, PIDS, UIDS, option},
    output::{bump, lose},
};

/// The call that a tracepoint told of.
pub(crate) struct Current {
    /// Its number.
    pub nr: i32,
    /// Its convention.
    pub abi: Abi,
    /// The hook.
    pub hook: u32,
    /// The CPU.
    pub cpu: u32,
    /// Its result.
    pub ret: i64,
    /// Bits of [`agent_common::record::flag`].
    pub flags: u8,
    /// The task that makes it.
    pub task: u64,
}

/// Fills the header in the lane, unless the call is the agent's own or the user's selection leaves it out; both are
/// counted, and the answer is false.
#[inline(always)]
pub(crate) fn admit(call: &Current, lane: &mut Lane, counters: *mut Slot) -> bool {
    let id = bpf_get_current_pid_tgid();
    let tgid = (id >> 32) as u32;
    let own = option(Opt::OwnTgid);
    let ppid = parent(call.task);
    let mut testing = false;
    match MODE.get(0).copied() {
        Some(mode::LIVE) if tgid == own || ppid == own => {
            bump(counters, Counter::Own as usize);
            return false;
        }
        Some(mode::LIVE) => {}
        // The self-test's child is captured whoever the user asked for; where parents are not known, everyone, and the
        // agent finds its child among them.
        Some(mode::SELF_TEST) if ppid == own || ppid == NO_ID => testing = true,
        _ => {
            bump(counters, Counter::Filtered as usize);
            return false;
        }
    }
    let uid_gid = bpf_get_current_uid_gid();
    let comm = bpf_get_current_comm().unwrap_or_default();
    // SAFETY: membership only; the values are never looked at.
    let chosen = testing
        || unsafe {
            (option(Opt::ByPid) == 0 || PIDS.get(tgid).is_some())
                && (option(Opt::ByUid) == 0 || UIDS.get(uid_gid as u32).is_some())
                && (option(Opt::ByComm) == 0 || COMMS.get(comm).is_some())
        };
    if !chosen {
        bump(counters, Counter::Filtered as usize);
        return false;
    }
    // SAFETY: helpers without arguments.
    let (ts, cgroup_id) = unsafe { (bpf_ktime_get_boot_ns(), bpf_get_current_cgroup_id()) };
    lane.header = Header {
        ts,
        seq: lane.seq,
        ret: call.ret,
        cgroup_id,
        comm,
        nr: call.nr,
        tgid,
        tid: id as u32,
        ppid,
        uid: uid_gid as u32,
        gid: (uid_gid >> 32) as u32,
        len: 0,
        truncated: 0,
        flags: call.flags,
        nargs: 0,
        abi: call.abi as u8,
        hook: call.hook as u8,
        cpu: call.cpu as u16,
        gap: lane.gap,
    };
    true
}

/// Counts an admitted call for which there is no program.
#[inline(always)]
pub(crate) fn missing(lane: &mut Lane, counters: *mut Slot) {
    lose(lane, counters, Reason::NoProgram);
}

/// The parent's process id in the initial namespace.
#[inline(always)]
fn parent(task: u64) -> u32 {
    kernel::read::<*const c_void>(task as *const c_void, Field::TaskRealParent)
        .and_then(|parent| kernel::read::<u32>(parent, Field::TaskTgid))
        .unwrap_or(NO_ID)
}
