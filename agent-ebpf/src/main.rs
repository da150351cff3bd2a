// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! Lanner's probe. Two programs are attached to the raw syscall tracepoints; each finds the number of the call and
//! tail-calls the program for the shape of its row. A number without a program in the array is one that nobody
//! selected: the call falls through and is counted.
#![no_std]
#![no_main]
// `bound` hides a number from the optimiser, see there.
#![feature(asm_experimental_arch)]
#![expect(clippy::cast_ptr_alignment, reason = "rings and scratch are aligned to 8, and the offsets keep it")]

mod admit;
mod cgroup;
mod dispatch;
mod files;
mod fill;
mod kernel;
mod lane;
mod maps;
mod output;
mod path;
mod predicate;
mod regs;
mod room;
mod scratch;
mod shed;
mod task;

use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};

mod attached {
    //! The programs that are attached, and the one for unknown numbers.
    use agent_common::{
        options::{
            hook::{ENTER, EXIT},
            stage,
        },
        state::Kind,
    };

    use super::{RawTracePointContext, cgroup, dispatch, fill, raw_tracepoint, task};

    /// Attached to `sys_exit(struct pt_regs *regs, long ret)`:
    /// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/syscalls.h#L49>
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn sys_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::exit(&ctx);
        0
    }

    /// Attached to `sys_enter(struct pt_regs *regs, long id)`:
    /// <https://github.com/torvalds/linux/blob/v6.12/include/trace/events/syscalls.h#L20>
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn sys_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::enter(&ctx);
        0
    }

    /// Tail-called when a call has changed its task.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn changed(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::changed(&ctx);
        0
    }

    /// Tail-called to find the files of a call.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn files_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::files_exit(&ctx);
        0
    }

    /// Tail-called to find the files of a call before they are gone.
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn files_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::files_enter(&ctx);
        0
    }

    /// Tail-called to tell of a file.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn tell_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::tell(&ctx, EXIT, stage::FILES_EXIT);
        0
    }

    /// Tail-called to tell of a file before it is gone.
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn tell_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::tell(&ctx, ENTER, stage::FILES_ENTER);
        0
    }

    /// Tail-called to decide by the call's predicate.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn judge_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::judge_exit(&ctx);
        0
    }

    /// Tail-called to decide by the call's predicate at its entry.
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn judge_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::judge_enter(&ctx);
        0
    }

    /// Tail-called to gather what the call's predicate asks for.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn gather_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::gather_exit(&ctx);
        0
    }

    /// Tail-called to gather what the call's predicate asks for at its entry.
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn gather_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::gather_enter(&ctx);
        0
    }

    /// Tail-called to put together the path that the call asks for.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn asked_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::asked_exit(&ctx);
        0
    }

    /// Tail-called to decide whether the call is shed.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn shed_exit(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::shed_exit(&ctx);
        0
    }

    /// Tail-called to decide at its entry whether the call is shed.
    #[raw_tracepoint(tracepoint = "sys_enter")]
    fn shed_enter(ctx: RawTracePointContext) -> i32 {
        let _ = dispatch::shed_enter(&ctx);
        0
    }

    /// A task was made.
    #[raw_tracepoint(tracepoint = "sched_process_fork")]
    fn sched_process_fork(ctx: RawTracePointContext) -> i32 {
        let _ = task::fork(&ctx);
        0
    }

    /// A task runs a new image.
    #[raw_tracepoint(tracepoint = "sched_process_exec")]
    fn sched_process_exec(_: RawTracePointContext) -> i32 {
        let _ = task::exec();
        0
    }

    /// A task ends.
    #[raw_tracepoint(tracepoint = "sched_process_exit")]
    fn sched_process_exit(_: RawTracePointContext) -> i32 {
        let _ = task::exit();
        0
    }

    /// A cgroup was made.
    #[raw_tracepoint(tracepoint = "cgroup_mkdir")]
    fn cgroup_mkdir(ctx: RawTracePointContext) -> i32 {
        let _ = cgroup::tell(&ctx, Kind::CgroupMade);
        0
    }

    /// A cgroup was removed.
    #[raw_tracepoint(tracepoint = "cgroup_rmdir")]
    fn cgroup_rmdir(ctx: RawTracePointContext) -> i32 {
        let _ = cgroup::tell(&ctx, Kind::CgroupGone);
        0
    }

    /// Tail-called for numbers that no table holds.
    #[raw_tracepoint(tracepoint = "sys_exit")]
    fn unknown(ctx: RawTracePointContext) -> i32 {
        let _ = fill::unknown(&ctx);
        0
    }
}

mod programs {
    //! One program per shape, generated from the table.
    use agent_common::{
        options::hook::{ENTER, EXIT},
        schema::{Abi::*, Cap::*, Dir::*, Len::*, Op::*},
    };

    use super::{RawTracePointContext, fill, raw_tracepoint};

    macro_rules! program { ($name:ident, $abi:ident, $hook:ident, [$($op:expr),* $(,)?]) => {
        #[raw_tracepoint(tracepoint = "sys_exit")]
        fn $name(_: RawTracePointContext) -> i32 {
            const OPS: &[agent_common::schema::Op] = &[$($op),*];
            const WORDS: usize = fill::count_words(OPS);
            let write = |source: fill::Source<'_>, at: *mut u8| {
                let (_, _, _n) = (source, at, 0);
                // SAFETY: the record has room for the header and all words.
                $(let _n = unsafe { fill::word(source, $op, at, _n) };)*
            };
            let _ = if const { WORDS == OPS.len() } {
                fill::fixed($abi, $hook, WORDS, write)
            } else {
                fill::varying($abi, OPS.len(), WORDS, write, |source, writer| {
                    let (_, _, _i) = (source, &writer, 0);
                    $(
                        fill::put(writer, _i, source, $op);
                        let _i = _i + 1;
                    )*
                })
            };
            0
        }
    } }
    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // A reachable panic is an endless loop, which the verifier rejects: nothing that can panic is ever loaded.
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

/// What the object says of itself: [`agent_common::identity`].
#[unsafe(link_section = "lanner_probe")]
#[unsafe(no_mangle)]
static LANNER_PROBE: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/identity")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/identity"));
