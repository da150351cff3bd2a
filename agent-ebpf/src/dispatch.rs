// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! From a tracepoint to the program for the call.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, NRS, SLOTS, Slot, UNKNOWN_SLOT},
    options::{
        hook::{ENTER, EXIT},
        mode, stage,
    },
    record::flag,
    schema::Abi,
    state::plan,
};
use aya_ebpf::{helpers::bpf_get_smp_processor_id, programs::RawTracePointContext};

use crate::{
    admit::{self, Current},
    files,
    kernel::{self, Probed, Read, Typed},
    lane::{self, Lane, judged},
    maps::{CALLS, ENTERED, ENTERS, LEDGER, MODE, SELECTED, STAGES},
    output::bump,
    predicate::{self, Decision},
    regs::{self, Kept, decided},
    shed, task,
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

/// `prctl` option: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/prctl.h#L53>
const PR_SET_NAME: u32 = 15;

/// The convention of the call that the task is in; `None` for one that has no table here.
#[cfg_attr(bpf_target_arch = "x86_64", expect(clippy::unnecessary_wraps, reason = "aarch64 has calls without a table"))]
#[inline(always)]
fn convention<R: Read>(task: *const c_void) -> Option<Abi> {
    #[cfg(bpf_target_arch = "x86_64")]
    match R::field::<u32>(task, Field::ThreadStatus) {
        Some(status) if status & TS_COMPAT != 0 => Some(Abi::I386),
        _ => Some(Abi::Native),
    }
    #[cfg(bpf_target_arch = "aarch64")]
    match R::field::<u64>(task, Field::ThreadFlags) {
        Some(flags) if flags & TIF_32BIT != 0 => None,
        _ => Some(Abi::Native),
    }
}

/// As [`convention`], in the way in which the current task is read.
#[inline(always)]
fn current_abi(task: *const c_void) -> Option<Abi> {
    if kernel::direct() { convention::<Typed>(task) } else { convention::<Probed>(task) }
}

/// Whether a call with this number keeps its registers from its entry.
#[inline(always)]
fn kept(abi: Abi, nr: u32) -> bool {
    match abi {
        Abi::Native => native_kept(nr),
        Abi::I386 => i386_kept(nr),
    }
}

/// Whether the files of a call with this number are looked up at its entry.
#[inline(always)]
fn looked_up(abi: Abi, nr: u32) -> bool {
    match abi {
        Abi::Native => native_looked_up(nr),
        Abi::I386 => i386_looked_up(nr),
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

/// What is done for the calls of a slot: as the half says that holds. By which predicate they are judged is put into the
/// lane.
#[inline(always)]
fn planned(lane: &mut Lane, slot: u32) -> u32 {
    let mode = current_mode();
    let second = mode & mode::SECOND != 0;
    let plan = SELECTED.get(if second { SLOTS } else { 0 } + slot).copied().unwrap_or(0);
    // The self-test is captured whatever the user asked for.
    lane.predicate = if mode & mode::MASK == mode::LIVE { plan >> plan::PREDICATE } else { 0 };
    lane.second = u16::from(second);
    lane.judged = judged::FIRST;
    plan & ((1 << plan::PREDICATE) - 1)
}

/// The value of the `MODE` map.
#[inline(always)]
fn current_mode() -> u32 {
    MODE.get(0).copied().unwrap_or(mode::STOPPED)
}

/// `sys_exit`
#[inline(always)]
pub(crate) fn exit(ctx: &RawTracePointContext) -> Option<()> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let lane = lane::get(cpu, EXIT)?;
    let task = kernel::task();
    let regs: *const c_void = if kernel::direct() { kernel::registers(task) } else { ctx.arg(0) };
    let mut nr = if kernel::direct() {
        regs::number_of(regs)
    } else {
        regs::copy(&mut lane.regs, regs)?;
        regs::number(&lane.regs)
    };
    let mut abi = current_abi(task);
    let (mut files, mut decided, mut restored) = ([0; 2], decided::NOTHING, false);
    // After execve and rt_sigreturn the registers, and even the number, are those of what runs next:
    // https://github.com/torvalds/linux/blob/v6.12/arch/x86/kernel/process_64.c#L664
    if nr == -1 || abi.is_some_and(|abi| kept(abi, nr as u32) || looked_up(abi, nr as u32)) {
        let key = task as u64;
        // SAFETY: the value is copied before anything can replace it; only this task's entry is looked at.
        if let Some(entered) = unsafe { ENTERED.get(key) } {
            nr = entered.nr as i32;
            abi = Abi::from_raw(entered.abi as u8);
            match abi {
                Some(Abi::Native) => regs::restore(&mut lane.regs, Abi::Native, &entered.args),
                Some(Abi::I386) => regs::restore(&mut lane.regs, Abi::I386, &entered.args),
                None => {}
            }
            restored = true;
            files = entered.files;
            decided = entered.decided;
            let _ = ENTERED.remove(key);
        }
    }
    let slot = slot(abi, nr);
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + slot)?;
    bump(counters, Counter::Seen as usize);
    let mut plan = planned(lane, slot);
    if plan & (plan::RECORD | plan::CHANGES) == 0 {
        bump(counters, Counter::Filtered as usize);
        return None;
    }
    // Not before: of most calls that nobody selected, only the number is looked at.
    if kernel::direct() && !restored {
        regs::load(&mut lane.regs, regs);
    }
    let ret: i64 = ctx.arg(1);
    let abi = abi.unwrap_or(Abi::Native);
    lane.abi = abi as u32;
    if ret < 0 || (plan & plan::NAMES != 0 && regs::of(lane, 0) as u32 != PR_SET_NAME) {
        plan &= !plan::CHANGES;
    }
    if plan & plan::RECORD == 0 {
        bump(counters, Counter::Filtered as usize);
    } else {
        lane.slot = slot;
        let call = Current { nr, abi, hook: EXIT, cpu, ret, flags: 0, task };
        if !admit::admit(&call, lane, counters) {
            plan &= plan::CHANGES;
        }
    }
    if plan & (plan::RECORD | plan::CHANGES) == 0 {
        return None;
    }
    if plan & plan::AT_ENTRY != 0 {
        // Without its entry, or of a task that was not to be captured then.
        lane.header.files = files;
        plan &= !(plan::PLACE << plan::FIRST) & !(plan::PLACE << plan::SECOND);
        lane.judged = judged::TOO_LATE;
        if plan & plan::RECORD != 0 && decided == decided::SHED {
            shed::count(lane, counters, (plan & plan::CLASSES) >> plan::CLASS);
            plan &= plan::CHANGES;
        }
    }
    lane.plan = plan;
    lane.file = 0;
    if plan & plan::RECORD != 0 && lane.predicate != 0 {
        if decided == decided::NOTHING {
            // SAFETY: nothing here needs dropping.
            unsafe { STAGES.tail_call(ctx, stage::JUDGE_EXIT) };
        } else {
            lane.second = (decided - decided::REFUSED) as u16;
            refuse(lane, counters);
        }
    }
    next(ctx, lane, counters);
    Some(())
}

/// The predicate refuses the call in the lane: it is counted, or marked.
#[inline(always)]
fn refuse(lane: &mut Lane, counters: *mut Slot) {
    if current_mode() & mode::MARK == 0 {
        bump(counters, Counter::Refused as usize);
        lane.plan &= plan::CHANGES;
    } else {
        lane.header.flags |= if lane.second == 0 { flag::REFUSED } else { flag::REFUSED | flag::SECOND };
    }
}

/// The stage that decides by the predicate.
#[inline(always)]
pub(crate) fn judge_exit(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, counters) = resume(EXIT)?;
    match predicate::decide(cpu, EXIT, lane) {
        Decision::Keep => {}
        Decision::Refuse => refuse(lane, counters),
        // SAFETY: nothing here needs dropping.
        Decision::Gather => unsafe { STAGES.tail_call(ctx, stage::GATHER_EXIT) },
    }
    next(ctx, lane, counters);
    Some(())
}

/// The stage that gathers what the predicate asks for.
#[inline(always)]
pub(crate) fn gather_exit(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, counters) = resume(EXIT)?;
    let task = kernel::task();
    lane.judged = judged::GATHERED;
    if predicate::gather(task, cpu, EXIT, lane) {
        // SAFETY: nothing here needs dropping, nor below.
        unsafe { STAGES.tail_call(ctx, stage::ASKED_EXIT) };
    }
    // SAFETY: see above.
    unsafe { STAGES.tail_call(ctx, stage::JUDGE_EXIT) };
    next(ctx, lane, counters);
    Some(())
}

/// The stage that puts together the path that the call asks for.
#[inline(always)]
pub(crate) fn asked_exit(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, counters) = resume(EXIT)?;
    let task = kernel::task();
    predicate::asked(task, cpu, EXIT, lane);
    // SAFETY: nothing here needs dropping.
    unsafe { STAGES.tail_call(ctx, stage::JUDGE_EXIT) };
    next(ctx, lane, counters);
    Some(())
}

/// Goes on with the call in the lane of `sys_exit`: what it changed, its files, and last its record.
#[inline(always)]
pub(crate) fn next(ctx: &RawTracePointContext, lane: &mut Lane, counters: *mut Slot) {
    if lane.plan & plan::CHANGES != 0 {
        // SAFETY: nothing here needs dropping, nor below.
        unsafe { STAGES.tail_call(ctx, stage::CHANGED) };
    }
    if lane.plan & plan::RECORD == 0 {
        return;
    }
    if shed::asks(lane) {
        // SAFETY: see above.
        unsafe { STAGES.tail_call(ctx, stage::SHED_EXIT) };
    }
    record(ctx, lane, counters);
}

/// The files of the call in the lane, and its record.
#[inline(always)]
fn record(ctx: &RawTracePointContext, lane: &mut Lane, counters: *mut Slot) {
    if lane.plan >> plan::FIRST != 0 {
        // SAFETY: nothing here needs dropping, nor below.
        unsafe { STAGES.tail_call(ctx, stage::FILES_EXIT) };
    }
    // SAFETY: see above.
    unsafe { CALLS.tail_call(ctx, lane.slot) };
    admit::missing(lane, counters);
}

/// The stage that decides whether the call is shed.
#[inline(always)]
pub(crate) fn shed_exit(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, counters) = resume(EXIT)?;
    let task = kernel::task();
    let class = (lane.plan & plan::CLASSES) >> plan::CLASS;
    if shed::decide(cpu, task, lane) {
        shed::count(lane, counters, class);
        shed::forget(task, lane);
    } else {
        record(ctx, lane, counters);
    }
    Some(())
}

/// The stage that decides at its entry whether the call is shed; it is counted at its exit.
#[inline(always)]
pub(crate) fn shed_enter(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, _) = resume(ENTER)?;
    let task = kernel::task();
    if shed::decide(cpu, task, lane) {
        keep(task, lane, [0; 2], decided::SHED);
    } else {
        // SAFETY: nothing here needs dropping.
        unsafe { STAGES.tail_call(ctx, stage::FILES_ENTER) };
    }
    Some(())
}

/// The lane of `hook` on this CPU, and the counters of the call in it.
#[inline(always)]
fn resume<'a>(hook: u32) -> Option<(u32, &'a mut Lane, *mut Slot)> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let lane = lane::get(cpu, hook)?;
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + lane.slot)?;
    Some((cpu, lane, counters))
}

/// The stage that tells what the current call changed of its task.
#[inline(always)]
pub(crate) fn changed(ctx: &RawTracePointContext) -> Option<()> {
    let (_, lane, counters) = resume(EXIT)?;
    lane.plan &= !plan::CHANGES;
    let _ = task::changed(EXIT);
    next(ctx, lane, counters);
    Some(())
}

/// The stage that finds the files of the current call.
#[inline(always)]
pub(crate) fn files_exit(ctx: &RawTracePointContext) -> Option<()> {
    let (_, lane, counters) = resume(EXIT)?;
    let task = kernel::task();
    if files::find(task, lane) {
        // SAFETY: nothing here needs dropping, nor below.
        unsafe { STAGES.tail_call(ctx, stage::TELL_EXIT) };
    }
    // SAFETY: see above.
    unsafe { CALLS.tail_call(ctx, lane.slot) };
    admit::missing(lane, counters);
    Some(())
}

/// The stage that finds the files of the current call at its entry, for its exit to take up.
#[inline(always)]
pub(crate) fn files_enter(ctx: &RawTracePointContext) -> Option<()> {
    let (_, lane, _) = resume(ENTER)?;
    if shed::asks(lane) {
        // SAFETY: nothing here needs dropping, nor below.
        unsafe { STAGES.tail_call(ctx, stage::SHED_ENTER) };
    }
    let task = kernel::task();
    if files::find(task, lane) {
        // SAFETY: see above.
        unsafe { STAGES.tail_call(ctx, stage::TELL_ENTER) };
    }
    keep(task, lane, lane.header.files, refused(lane));
    Some(())
}

/// The stage that tells of a file, and returns to the one that found it.
#[inline(always)]
pub(crate) fn tell(ctx: &RawTracePointContext, hook: u32, back: u32) -> Option<()> {
    let (cpu, lane, _) = resume(hook)?;
    files::tell(cpu, hook, lane);
    // SAFETY: nothing here needs dropping.
    unsafe { STAGES.tail_call(ctx, back) };
    Some(())
}

/// Whether the call in the lane was refused at its entry, and by which predicate.
#[inline(always)]
fn refused(lane: &Lane) -> u64 {
    if lane.judged == judged::REFUSED { decided::REFUSED + u64::from(lane.second) } else { decided::NOTHING }
}

/// Keeps the call in the lane for its exit, with its files and what was decided of it.
#[inline(always)]
fn keep(task: *const c_void, lane: &Lane, files: [u64; 2], decided: u64) {
    let mut entered = Kept { args: [0; 6], nr: regs::number(&lane.regs) as u32, abi: lane.abi, files, decided };
    let mut n = 0;
    while n < 6 {
        entered.args[n] = regs::of(lane, n);
        n += 1;
    }
    let _ = ENTERED.insert(task as u64, entered, 0);
}

/// `sys_enter`
#[inline(always)]
pub(crate) fn enter(ctx: &RawTracePointContext) -> Option<()> {
    let nr = ctx.arg::<u64>(1) as u32;
    // The convention costs a read, so the number is tried against both tables first.
    if !(native_recorded(nr)
        || native_kept(nr)
        || i386_recorded(nr)
        || i386_kept(nr)
        || native_looked_up(nr)
        || i386_looked_up(nr))
    {
        return None;
    }
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let task = kernel::task();
    let abi = current_abi(task)?;
    let recorded = match abi {
        Abi::Native => native_recorded(nr),
        Abi::I386 => i386_recorded(nr),
    };
    if !recorded && !kept(abi, nr) && !looked_up(abi, nr) {
        return None;
    }
    let lane = lane::get(cpu, ENTER)?;
    if kernel::direct() {
        regs::load(&mut lane.regs, kernel::registers(task));
    } else {
        regs::copy(&mut lane.regs, ctx.arg(0))?;
    }
    lane.abi = abi as u32;
    let slot = slot(Some(abi), nr as i32);
    let plan = planned(lane, slot);
    lane.plan = plan;
    lane.file = 0;
    lane.slot = slot;
    if !recorded {
        if kept(abi, nr) {
            keep(task, lane, [0; 2], decided::NOTHING);
        } else if plan & plan::AT_ENTRY != 0 && admit::foresee(nr as i32, abi, cpu, task, lane) {
            if lane.predicate != 0 {
                // SAFETY: nothing here needs dropping, nor below.
                unsafe { STAGES.tail_call(ctx, stage::JUDGE_ENTER) };
            }
            // SAFETY: see above.
            unsafe { STAGES.tail_call(ctx, stage::FILES_ENTER) };
        }
        return Some(());
    }
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + slot)?;
    bump(counters, Counter::Seen as usize);
    if plan & plan::RECORD == 0 {
        bump(counters, Counter::Filtered as usize);
        return None;
    }
    let call = Current { nr: nr as i32, abi, hook: ENTER, cpu, ret: 0, flags: flag::NO_RET, task };
    if admit::admit(&call, lane, counters) {
        if lane.predicate != 0 {
            // SAFETY: nothing here needs dropping, nor below.
            unsafe { STAGES.tail_call(ctx, stage::JUDGE_ENTER) };
        }
        // SAFETY: see above.
        unsafe { ENTERS.tail_call(ctx, slot) };
        admit::missing(lane, counters);
    }
    Some(())
}

/// The stage that decides by the predicate at the call's entry.
#[inline(always)]
pub(crate) fn judge_enter(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, counters) = resume(ENTER)?;
    let looked_up = lane.plan & plan::AT_ENTRY != 0;
    match predicate::decide(cpu, ENTER, lane) {
        Decision::Keep => {}
        Decision::Refuse if looked_up => {
            lane.judged = judged::REFUSED;
            if current_mode() & mode::MARK == 0 {
                keep(kernel::task(), lane, [0; 2], refused(lane));
                return None;
            }
        }
        Decision::Refuse => refuse(lane, counters),
        // SAFETY: nothing here needs dropping.
        Decision::Gather => unsafe { STAGES.tail_call(ctx, stage::GATHER_ENTER) },
    }
    if looked_up {
        // SAFETY: nothing here needs dropping.
        unsafe { STAGES.tail_call(ctx, stage::FILES_ENTER) };
    } else if lane.plan & plan::RECORD != 0 {
        // SAFETY: nothing here needs dropping.
        unsafe { ENTERS.tail_call(ctx, lane.slot) };
        admit::missing(lane, counters);
    }
    Some(())
}

/// The stage that gathers what the predicate asks for at the call's entry. A path that is asked for is not among it.
#[inline(always)]
pub(crate) fn gather_enter(ctx: &RawTracePointContext) -> Option<()> {
    let (cpu, lane, _) = resume(ENTER)?;
    let task = kernel::task();
    lane.judged = judged::GATHERED;
    predicate::gather(task, cpu, ENTER, lane);
    // SAFETY: nothing here needs dropping.
    unsafe { STAGES.tail_call(ctx, stage::JUDGE_ENTER) };
    Some(())
}
