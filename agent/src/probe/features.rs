// SPDX-License-Identifier: Apache-2.0
//! What the kernel can do, found out by trying.

use std::io;

use aya::{
    maps::{MapData, MapError},
    programs::ProgramType,
    sys::{BpfHelper, is_helper_supported},
};
use aya_obj::generated::{BPF_F_SLEEPABLE, bpf_map_type::BPF_MAP_TYPE_RINGBUF};

use super::raw;

/// Whether ring buffers can be made.
///
/// # Errors
/// When that can't be tried, for want of privilege.
pub fn ring_buffer() -> Result<bool, io::Error> {
    let definition = aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, 1 << 16, 0);
    match MapData::create(definition, "lanner_try", None) {
        Ok(_) => Ok(true),
        Err(MapError::CreateError { io_error, .. }) if io_error.raw_os_error() == Some(22) => Ok(false),
        Err(MapError::CreateError { io_error, .. }) => Err(io_error),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Whether the probe can read the current task and its registers by plain loads, see [`agent_common::options::Opt::Direct`].
#[must_use]
pub fn direct() -> bool {
    let helpers = [BpfHelper::BPF_FUNC_get_current_task_btf, BpfHelper::BPF_FUNC_task_pt_regs];
    helpers.into_iter().all(|helper| is_helper_supported(ProgramType::RawTracePoint, helper).unwrap_or(false))
}

/// Whether a task can be preempted inside a program at a syscall's tracepoint. Until 7.1 the kernel disabled preemption
/// around such programs. It can't any more since they may sleep, so whether one may is what is tried here.
///
/// The kernel refuses to run a program on a CPU where a task was preempted inside it, and counts that as recursion: until
/// that task runs again, the program misses what other tasks do there.
/// <https://github.com/torvalds/linux/commit/439ebd5b5708f236f7a4a9784194f7ecb77cd814>
///
/// # Errors
/// When that can't be tried, for want of privilege.
pub fn preemptible_at_syscalls() -> Result<bool, io::Error> {
    match raw::load(&raw::empty(), c"lanner_try", BPF_F_SLEEPABLE) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(false),
        Err(error) => Err(error),
    }
}
