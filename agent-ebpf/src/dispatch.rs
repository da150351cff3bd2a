// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! From a tracepoint to the program for the call.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, NRS, SLOTS, UNKNOWN_SLOT},
    options::hook::{ENTER, EXIT},
    record::flag,
    schema::Abi,
};
use aya_ebpf::{
    helpers::{bpf_get_current_task, bpf_get_smp_processor_id, generated::bpf_probe_read_kernel},
    programs::RawTracePointContext,
};

use crate::{
    admit::{self, Current},
    kernel, lane,
    maps::{CALLS, ENTERED, ENTERS, LEDGER, SELECTED},
    output::bump,
    regs::{self, Kept},
};

include!(concat!(env!("OUT_DIR"), "/entries.rs"));

/// Set in `thread_info.status` while a 32-bit syscall runs:
/// <https://github.com/torvalds/linux/blob/v6.12/arch/x86/include/asm/thread_info.h#L225>
#[cfg(bpf_target_arch = "x86_64")]
const TS_COMPAT: u32 = 0x0002;
/// Set in `thread_info.flags` of a 32-bit task:
/// <https://github.com/torvalds/linux/blob/v6.12/arch/arm64/include/asm/thread_info.h#L80>
#[cfg(bpf_target_arch = "aarch64")]
const TIF_32BIT: u64 = 1 << 22;

/// The convention of the call that the task is in; `None` for one that has no table here.
#[cfg_attr(bpf_target_arch = "x86_64", expect(clippy::unnecessary_wraps, reason = "aarch64 has calls without a table"))]
#[inline(always)]
fn current_abi(task: *const c_void) -> Option<Abi> {
    #[cfg(bpf_target_arch = "x86_64")]
    match kernel::read::<u32>(task, Field::ThreadStatus) {
        Some(status) if status & TS_COMPAT != 0 => Some(Abi::I386),
        _ => Some(Abi::Native),
    }
    #[cfg(bpf_target_arch = "aarch64")]
    match kernel::read::<u64>(task, Field::ThreadFlags) {
        Some(flags) if flags & TIF_32BIT != 0 => None,
        _ => Some(Abi::Native),
    }
}

/// Whether a call with this number keeps its registers from its entry.
#[inline(always)]
fn kept(abi: Abi, nr: u32) -> bool {
    match abi {
        Abi::Native => native_kept(nr),
        Abi::I386 => i386_kept(nr),
    }
}

/// Index of a number's counters and program.
#[inline(always)]
fn slot(abi: Option<Abi>, nr: i32) -> u32 {
    match abi {
        Some(abi) if (nr as u32) < NRS => abi as u32 * NRS + nr as u32,
        _ => UNKNOWN_SLOT,
    }
}

/// `sys_exit`
#[inline(always)]
pub(crate) fn exit(ctx: &RawTracePointContext) -> Option<()> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let lane = lane::get(cpu, EXIT)?;
    let regs: *const c_void = ctx.arg(0);
    // SAFETY: the helper checks the source; the destination is a field of a map value.
    let read = unsafe { bpf_probe_read_kernel((&raw mut lane.regs).cast(), size_of::<regs::Block>() as u32, regs) };
    if read < 0 {
        return None;
    }
    // SAFETY: a helper without arguments.
    let task = unsafe { bpf_get_current_task() };
    let mut abi = current_abi(task as *const c_void);
    let mut nr = regs::number(&lane.regs);
    // After execve and rt_sigreturn the registers, and even the number, are those of what runs next:
    // https://github.com/torvalds/linux/blob/v6.12/arch/x86/kernel/process_64.c#L664
    if nr == -1 || abi.is_some_and(|abi| kept(abi, nr as u32)) {
        // SAFETY: the value is copied before anything can replace it; only this task's entry is looked at.
        if let Some(entered) = unsafe { ENTERED.get(task) } {
            nr = entered.nr as i32;
            abi = Abi::from_raw(entered.abi as u8);
            match abi {
                Some(Abi::Native) => regs::restore(&mut lane.regs, Abi::Native, &entered.args),
                Some(Abi::I386) => regs::restore(&mut lane.regs, Abi::I386, &entered.args),
                None => {}
            }
            let _ = ENTERED.remove(task);
        }
    }
    let slot = slot(abi, nr);
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + slot)?;
    bump(counters, Counter::Seen as usize);
    if SELECTED.get(slot).copied() == Some(0) {
        bump(counters, Counter::Filtered as usize);
        return None;
    }
    lane.slot = slot;
    let call = Current { nr, abi: abi.unwrap_or(Abi::Native), hook: EXIT, cpu, ret: ctx.arg(1), flags: 0, task };
    if admit::admit(&call, lane, counters) {
        // SAFETY: nothing here needs dropping.
        unsafe { CALLS.tail_call(ctx, slot) };
        admit::missing(lane, counters);
    }
    Some(())
}

/// `sys_enter`
#[inline(always)]
pub(crate) fn enter(ctx: &RawTracePointContext) -> Option<()> {
    let nr = ctx.arg::<u64>(1) as u32;
    // The convention costs a read, so the number is tried against both tables first.
    if !(native_recorded(nr) || native_kept(nr) || i386_recorded(nr) || i386_kept(nr)) {
        return None;
    }
    // SAFETY: helpers without arguments.
    let (task, cpu) = unsafe { (bpf_get_current_task(), bpf_get_smp_processor_id()) };
    let abi = current_abi(task as *const c_void)?;
    let recorded = match abi {
        Abi::Native => native_recorded(nr),
        Abi::I386 => i386_recorded(nr),
    };
    if !recorded && !kept(abi, nr) {
        return None;
    }
    let lane = lane::get(cpu, ENTER)?;
    let regs: *const c_void = ctx.arg(0);
    // SAFETY: the helper checks the source; the destination is a field of a map value.
    let read = unsafe { bpf_probe_read_kernel((&raw mut lane.regs).cast(), size_of::<regs::Block>() as u32, regs) };
    if read < 0 {
        return None;
    }
    if !recorded {
        let mut entered = Kept { args: [0; 6], nr, abi: abi as u32 };
        let mut n = 0;
        while n < 6 {
            entered.args[n] = match abi {
                Abi::Native => regs::arg(&lane.regs, Abi::Native, n),
                Abi::I386 => regs::arg(&lane.regs, Abi::I386, n),
            };
            n += 1;
        }
        let _ = ENTERED.insert(task, entered, 0);
        return Some(());
    }
    let slot = slot(Some(abi), nr as i32);
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + slot)?;
    bump(counters, Counter::Seen as usize);
    if SELECTED.get(slot).copied() == Some(0) {
        bump(counters, Counter::Filtered as usize);
        return None;
    }
    lane.slot = slot;
    let call = Current { nr: nr as i32, abi, hook: ENTER, cpu, ret: 0, flags: flag::NO_RET, task };
    if admit::admit(&call, lane, counters) {
        // SAFETY: nothing here needs dropping.
        unsafe { ENTERS.tail_call(ctx, slot) };
        admit::missing(lane, counters);
    }
    Some(())
}
