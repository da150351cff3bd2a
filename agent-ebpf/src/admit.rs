// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Whether a call of a selected syscall is captured, by who makes it, and the header of its record.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, Reason, Slot},
    options::{NO_CONTROLLER, Opt, hook::ENTER, mode},
    record::{Header, NO_ID},
    schema::Abi,
};
use aya_ebpf::helpers::{
    bpf_get_current_cgroup_id, bpf_get_current_comm, bpf_get_current_pid_tgid, bpf_get_current_uid_gid,
    bpf_ktime_get_boot_ns,
};

use crate::{
    kernel::{self, Probed, Read, Typed},
    lane::Lane,
    maps::{MODE, option},
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
    /// The task that makes it, of [`kernel::task`].
    pub task: *const c_void,
}

/// Fills the header in the lane, unless the call is the agent's own or the user's selection leaves it out; both are
/// counted, and the answer is false.
#[inline(always)]
pub(crate) fn admit(call: &Current, lane: &mut Lane, counters: *mut Slot) -> bool {
    match judge(call, lane) {
        None => true,
        Some(counter) => {
            bump(counters, counter as usize);
            false
        }
    }
}

/// Whether a call that is only at its entry will be admitted, as far as can be told. It is counted at its exit.
#[inline(always)]
pub(crate) fn foresee(nr: i32, abi: Abi, cpu: u32, task: *const c_void, lane: &mut Lane) -> bool {
    judge(&Current { nr, abi, hook: ENTER, cpu, ret: 0, flags: 0, task }, lane).is_none()
}

/// Fills the header in the lane; or says as what a call counts that is not captured.
#[inline(always)]
fn judge(call: &Current, lane: &mut Lane) -> Option<Counter> {
    let id = bpf_get_current_pid_tgid();
    let tgid = (id >> 32) as u32;
    let own = option(Opt::OwnTgid);
    let ppid = if kernel::direct() { parent::<Typed>(call.task) } else { parent::<Probed>(call.task) };
    match MODE.get(0).map(|mode| mode & mode::MASK) {
        Some(mode::LIVE) if tgid == own || ppid == own => return Some(Counter::Own),
        Some(mode::LIVE) => {}
        // The self-test's child is captured whoever the user asked for; where parents are not known, everyone, and the
        // agent finds its child among them.
        Some(mode::SELF_TEST) if ppid == own || ppid == NO_ID => {}
        _ => return Some(Counter::Filtered),
    }
    let uid_gid = bpf_get_current_uid_gid();
    let comm = bpf_get_current_comm().unwrap_or_default();
    // SAFETY: a helper without arguments.
    let ts = unsafe { bpf_ktime_get_boot_ns() };
    let cgroup_id = if option(Opt::Controller) == NO_CONTROLLER {
        // SAFETY: a helper without arguments.
        unsafe { bpf_get_current_cgroup_id() }
    } else if kernel::direct() {
        kernel::cgroup_id::<Typed>(call.task)
    } else {
        kernel::cgroup_id::<Probed>(call.task)
    };
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
        files: [0; 2],
    };
    None
}

/// Counts an admitted call for which there is no program.
#[inline(always)]
pub(crate) fn missing(lane: &mut Lane, counters: *mut Slot) {
    lose(lane, counters, Reason::NoProgram);
}

/// The current task's parent: its process id in the initial namespace.
#[inline(always)]
fn parent<R: Read>(task: *const c_void) -> u32 {
    let parent = R::field::<*const c_void>(task, Field::TaskRealParent);
    parent.and_then(|parent| R::field(parent, Field::TaskTgid)).unwrap_or(NO_ID)
}
