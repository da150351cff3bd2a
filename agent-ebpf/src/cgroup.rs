// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Records of cgroups that are made and removed.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, SLOTS, STATE_SLOT},
    options::{Opt, hook::STATE},
    state::{CGROUP_BYTES, CgroupWord, Kind},
};
use aya_ebpf::{
    helpers::{bpf_get_current_task, bpf_get_smp_processor_id},
    programs::RawTracePointContext,
};

use crate::{
    kernel::{self, Probed},
    lane,
    maps::{LEDGER, option},
    output::bump,
    room::Builder,
    task,
};

/// `cgroup_mkdir(struct cgroup *cgrp, const char *path)`, and `cgroup_rmdir`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/cgroup.h#L56>
#[inline(always)]
pub(crate) fn tell(ctx: &RawTracePointContext, kind: Kind) -> Option<()> {
    // SAFETY: helpers without arguments.
    let (cpu, current) = unsafe { (bpf_get_smp_processor_id(), bpf_get_current_task() as *const c_void) };
    let cgroup: *const c_void = ctx.arg(0);
    let root = kernel::pointer(cgroup, Field::CgroupRoot)?;
    let hierarchy = kernel::read::<u32>(root, Field::CgroupRootHierarchy)?;
    if hierarchy != option(Opt::Hierarchy) {
        let counters = LEDGER.get_ptr_mut(cpu * SLOTS + STATE_SLOT + kind as u32)?;
        bump(counters, Counter::Seen as usize);
        bump(counters, Counter::Filtered as usize);
        return None;
    }
    let mut header = task::header(current, cpu, kind)?;
    header.hook = STATE as u8;
    let lane = lane::get(cpu, STATE)?;
    let mut builder = Builder::begin(cpu, STATE, lane, kind)?;
    builder.word(CgroupWord::Id as usize, kernel::kernfs_id::<Probed>(cgroup).unwrap_or(0));
    builder.word(CgroupWord::Hierarchy as usize, u64::from(hierarchy));
    builder.open();
    if builder.kernel_string(ctx.arg(1), u32::from(CGROUP_BYTES)) {
        builder.close(0, false);
    } else {
        builder.absent(0);
    }
    builder.send(cpu, lane, header);
    Some(())
}
