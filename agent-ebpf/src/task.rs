// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Records of tasks: what the kernel knows of one when it is made, runs a new image, has changed, or ends.

mod words;

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    ledger::{Counter, SLOTS, STATE_SLOT},
    options::{Opt, hook::STATE, mode},
    record::{Header, NO_ID},
    state::{ARGS_BYTES, ExitWord, FORK_BYTES, Kind, TaskBytes, TaskWord, plan},
};
use aya_ebpf::{
    helpers::{bpf_get_current_task, bpf_get_smp_processor_id, bpf_ktime_get_boot_ns},
    programs::RawTracePointContext,
};

use crate::{
    fill::bound,
    kernel::{self, Probed},
    lane,
    maps::{LEDGER, MODE, option},
    output::bump,
    path::{self, Place},
    room::Builder,
};

/// The current task.
#[inline(always)]
fn current() -> *const c_void {
    // SAFETY: a helper without arguments.
    unsafe { bpf_get_current_task() as *const c_void }
}

/// Who a record is about, unless it is the agent's own tree, or nothing is captured yet or any more; both are counted.
#[inline(always)]
pub(crate) fn header(task: *const c_void, cpu: u32, kind: Kind) -> Option<Header> {
    let parent = kernel::pointer(task, Field::TaskRealParent);
    let ppid = parent.and_then(|parent| kernel::read(parent, Field::TaskTgid)).unwrap_or(NO_ID);
    let tgid = kernel::read::<u32>(task, Field::TaskTgid)?;
    let own = option(Opt::OwnTgid);
    let counter = match MODE.get(0).map(|mode| mode & mode::MASK) {
        Some(mode::LIVE | mode::PREPARING) if tgid == own || ppid == own => Counter::Own,
        Some(mode::LIVE | mode::PREPARING) => {
            let cred = kernel::pointer(task, Field::TaskRealCred)?;
            // SAFETY: a helper without arguments.
            let ts = unsafe { bpf_ktime_get_boot_ns() };
            return Some(Header {
                ts,
                seq: 0,
                ret: 0,
                cgroup_id: kernel::cgroup_id::<Probed>(task),
                comm: kernel::read(task, Field::TaskComm)?,
                nr: 0,
                tgid,
                tid: kernel::read(task, Field::TaskPid)?,
                ppid,
                uid: kernel::read(cred, Field::CredUid)?,
                gid: kernel::read(cred, Field::CredGid)?,
                len: 0,
                truncated: 0,
                flags: 0,
                nargs: 0,
                abi: 0,
                hook: 0,
                cpu: cpu as u16,
                gap: 0,
                files: [0; 2],
            });
        }
        _ => Counter::Filtered,
    };
    let counters = LEDGER.get_ptr_mut(cpu * SLOTS + STATE_SLOT + kind as u32)?;
    bump(counters, Counter::Seen as usize);
    bump(counters, counter as usize);
    None
}

/// `sched_process_fork(struct task_struct *parent, struct task_struct *child)`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/sched.h#L385>
#[inline(always)]
pub(crate) fn fork(ctx: &RawTracePointContext) -> Option<()> {
    tell(ctx.arg(1), STATE, Kind::Fork)
}

/// `sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/sched.h#L417>
#[inline(always)]
pub(crate) fn exec() -> Option<()> {
    tell(current(), STATE, Kind::Exec)
}

/// A syscall of the current task, seen by `hook`, has changed it.
#[inline(always)]
pub(crate) fn changed(hook: u32) -> Option<()> {
    tell(current(), hook, Kind::Change)
}

#[inline(always)]
fn tell(task: *const c_void, hook: u32, kind: Kind) -> Option<()> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let mut header = header(task, cpu, kind)?;
    header.hook = hook as u8;
    let lane = lane::get(cpu, hook)?;
    if matches!(kind, Kind::Change) && lane.plan & plan::RECORD != 0 {
        // Of the same time as the call's record, which follows: the call then shows what it did.
        header.ts = lane.header.ts;
    }
    let mut builder = Builder::begin(cpu, hook, lane, kind)?;
    // The walks first, since they are long: so the verifier comes to them but once.
    strings(&mut builder, task, kind, &header);
    let exe = if matches!(kind, Kind::Change) { core::ptr::null() } else { exe(task) };
    words::put(&mut builder, task, exe);
    builder.send(cpu, lane, header);
    Some(())
}

/// Appends the byte strings.
#[inline(always)]
fn strings(builder: &mut Builder, task: *const c_void, kind: Kind, header: &Header) {
    builder.word(TaskWord::ExeBits as usize, 0);
    // A new thread has all of this in common with its process.
    if matches!(kind, Kind::Fork) && header.tgid != header.tid {
        let mut place = 0;
        while place < FORK_BYTES {
            builder.absent(place);
            place += 1;
        }
        return;
    }
    path::append(builder, TaskBytes::Cwd as usize, fs(task, Field::FsPwd));
    path::append(builder, TaskBytes::Root as usize, fs(task, Field::FsRoot));
    if matches!(kind, Kind::Change) {
        return builder.absent(TaskBytes::Exe as usize);
    }
    let bits = path::append(builder, TaskBytes::Exe as usize, Place::of(exe(task), Field::FilePath));
    builder.word(TaskWord::ExeBits as usize, bits);
    if matches!(kind, Kind::Exec) {
        let mm = kernel::pointer(task, Field::TaskMm);
        let (args, env) = ((Field::MmArgStart, Field::MmArgEnd), (Field::MmEnvStart, Field::MmEnvEnd));
        memory(builder, TaskBytes::Args as usize, mm, args);
        let mm = if option(Opt::Environment) == 0 { None } else { mm };
        memory(builder, TaskBytes::Env as usize, mm, env);
    }
}

/// A directory of a task's.
#[inline(always)]
fn fs(task: *const c_void, field: Field) -> Option<Place> {
    Place::of(kernel::pointer(task, Field::TaskFs)?, field)
}

/// The file that a task executes; null for a kernel thread.
#[inline(always)]
fn exe(task: *const c_void) -> *const c_void {
    kernel::pointer_or_null(kernel::pointer_or_null(task, Field::TaskMm), Field::MmExeFile)
}

/// Appends byte string `place`: what lies between two addresses of the current task's memory.
#[inline(always)]
fn memory(builder: &mut Builder, place: usize, mm: Option<*const c_void>, range: (Field, Field)) {
    let range = mm.and_then(|mm| Some((kernel::read::<u64>(mm, range.0)?, kernel::read::<u64>(mm, range.1)?)));
    let Some((start, end)) = range else { return builder.absent(place) };
    let all = end.wrapping_sub(start);
    let len = bound(all, u64::from(ARGS_BYTES));
    builder.open();
    if builder.user_bytes(start, len) {
        builder.close(place, all > len);
    } else {
        builder.absent(place);
    }
}

/// `sched_process_exit(struct task_struct *p)`:
/// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/sched.h#L339>
#[inline(always)]
pub(crate) fn exit() -> Option<()> {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let task = current();
    let mut header = header(task, cpu, Kind::Exit)?;
    header.hook = STATE as u8;
    let lane = lane::get(cpu, STATE)?;
    let mut builder = Builder::begin(cpu, STATE, lane, Kind::Exit)?;
    let signal = kernel::pointer(task, Field::TaskSignal);
    let live = signal.and_then(|signal| kernel::read::<u32>(signal, Field::SignalLive));
    builder.word(ExitWord::Start as usize, kernel::read(task, Field::TaskStartBoottime).unwrap_or(0));
    builder.word(ExitWord::Live as usize, u64::from(live.unwrap_or(0)));
    builder.word(ExitWord::Code as usize, u64::from(kernel::read::<u32>(task, Field::TaskExitCode).unwrap_or(0)));
    builder.send(cpu, lane, header);
    Some(())
}
