// SPDX-License-Identifier: Apache-2.0
//! What the kernel counts of the programs that are attached.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use agent_common::options::names;
use aya::{
    Ebpf,
    programs::{RawTracePoint, loaded_programs},
};
use aya_obj::generated::{bpf_attr, bpf_cmd::BPF_OBJ_GET_INFO_BY_FD, bpf_prog_info};

use super::error::ProbeError;

/// What the kernel counts of a program. Programs that it tail-calls are part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// Its name in the object: that of its tracepoint.
    pub program: &'static str,
    /// How often it ran; 0 where the kernel does not count, see [`count`].
    pub runs: u64,
    /// How long it ran, in nanoseconds.
    pub nanos: u64,
    /// Runs that the kernel refused since the program was already running on that CPU.
    pub misses: u64,
}

/// Has the kernel count runs and their time, for all programs of the machine, until the descriptor is closed. It costs
/// every run two readings of the clock.
///
/// # Errors
/// When the kernel refuses.
pub fn count() -> Result<OwnedFd, ProbeError> {
    aya::sys::enable_stats(aya::sys::Stats::RunTime).map_err(|error| ProbeError::RunStats(error.io_error))
}

/// What is counted of the attached programs; those that are not attached are left out.
pub(super) fn of(ebpf: &Ebpf) -> Vec<Runs> {
    [names::SYS_EXIT, names::SYS_ENTER]
        .into_iter()
        .chain(names::TRACEPOINTS)
        .filter_map(|program| {
            let fd = <&RawTracePoint>::try_from(ebpf.program(program)?).ok()?.fd().ok()?;
            let info = info(fd.as_fd())?;
            Some(Runs { program, runs: info.run_cnt, nanos: info.run_time_ns, misses: info.recursion_misses })
        })
        .collect()
}

/// What the kernel has counted of any program of the machine, tail calls included.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The kernel's number for it, which no other program gets.
    pub id: u32,
    /// Its name, of which the kernel keeps 15 bytes.
    pub name: String,
    /// How often it ran since counting was turned on.
    pub runs: u64,
    /// How long that took, in nanoseconds.
    pub nanos: u64,
}

/// All programs of the machine that have run while the kernel counted, see [`count`].
#[must_use]
pub fn of_machine() -> Vec<Counted> {
    // One that goes while they are listed is left out.
    let loaded = loaded_programs().filter_map(Result::ok);
    let counted = loaded.filter_map(|program| {
        let name = program.name_as_str().unwrap_or_default().to_owned();
        let info = info(program.fd().ok()?.as_fd())?;
        Some(Counted { id: info.id, name, runs: info.run_cnt, nanos: info.run_time_ns })
    });
    counted.filter(|program| program.runs > 0).collect()
}

/// `bpf_prog_info` of a program; aya does not show its `recursion_misses`.
/// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L6652>
fn info(program: BorrowedFd<'_>) -> Option<bpf_prog_info> {
    // SAFETY: both are plain C structs, for which all zeroes is a value.
    let (mut info, mut attr): (bpf_prog_info, bpf_attr) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    attr.info.bpf_fd = program.as_raw_fd() as u32;
    attr.info.info_len = size_of::<bpf_prog_info>() as u32;
    attr.info.info = &raw mut info as u64;
    // SAFETY: the attributes name a live descriptor and a buffer of the length they state.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, BPF_OBJ_GET_INFO_BY_FD as u32, &raw mut attr, size_of::<bpf_attr>()) };
    (result == 0).then_some(info)
}
