// SPDX-License-Identifier: Apache-2.0
//! What userspace tells the probe: plain integers in frozen read-only data, and one map value that may change.

/// Index into the probe's `OPTIONS` global (`[u32; Opt::COUNT]`), fixed at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Opt {
    /// Bytes of a buffer that are copied.
    Snaplen = 0,
    /// Whether calls are shed when a ring fills: see [`crate::shed`].
    Shed = 1,
    /// The agent's process id: it and its children are its own tree.
    OwnTgid = 2,
    /// Index of the v1 controller whose hierarchy cgroup ids are taken from; [`NO_CONTROLLER`] for v2.
    Controller = 3,
    /// Number of that hierarchy, as `/proc/cgroups` has it; 0 for v2.
    Hierarchy = 4,
    /// Whether the environment of new images is sent too.
    Environment = 5,
    /// Whether the current task and its registers are read by plain loads, where the kernel knows by its own BTF what is
    /// there. That takes `bpf_get_current_task_btf` (5.11) and `bpf_task_pt_regs` (5.15):
    /// <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/bpf.h#L5984>
    Direct = 6,
}

/// Stands in [`Opt::Controller`] for the v2 hierarchy.
pub const NO_CONTROLLER: u32 = u32::MAX;

impl Opt {
    /// Number of options.
    pub const COUNT: usize = 7;
}

/// What the probe does with calls, the value of the `MODE` map: one of these numbers, and bits above it. It is one number,
/// so that another filter takes over at once.
pub mod mode {
    /// The part that is a number.
    pub const MASK: u32 = 0xff;
    /// Which half of the `SELECTED` map holds: the first, or the second.
    pub const SECOND: u32 = 1 << 8;
    /// What a predicate refuses is not dropped but marked ([`crate::record::flag::REFUSED`]), to be compared with the
    /// condition.
    pub const MARK: u32 = 1 << 9;
    /// Capture what is selected, except the agent's own tree.
    pub const LIVE: u32 = 0;
    /// Capture only the agent's children, whatever else is selected, for its start-up self-test.
    pub const SELF_TEST: u32 = 1;
    /// Count, but capture nothing more: the run is ending.
    pub const STOPPED: u32 = 2;
    /// Send state records, and only count calls: the agent reads what there is.
    pub const PREPARING: u32 = 3;
}

/// The probe's globals and maps by name.
pub mod names {
    /// `u32`: [`crate::record::ABI`] of the object.
    pub const ABI: &str = "LANNER_ABI";
    /// `[u32; Opt::COUNT]`.
    pub const OPTIONS: &str = "OPTIONS";
    /// `[u16; Field::COUNT]`: offsets of kernel struct members.
    pub const LAYOUT: &str = "LAYOUT";
    /// Array of `u32`, bits of [`crate::state::plan`] for each slot: `abi * 512 + nr`, then one for unknown numbers; 0
    /// where nothing is to be done. Twice: see [`super::mode::SECOND`].
    pub const SELECTED: &str = "SELECTED";
    /// Program array, same index.
    pub const CALLS: &str = "CALLS";
    /// Program array of the syscalls recorded at entry, same index.
    pub const ENTERS: &str = "ENTERS";
    /// Array of ring buffers, one per CPU.
    pub const RINGS: &str = "RINGS";
    /// Array of [`crate::ledger::Slot`], `cpu * SLOTS + slot`.
    pub const LEDGER: &str = "LEDGER";
    /// Array of lanes, `cpu * HOOKS + hook`.
    pub const LANES: &str = "LANES";
    /// Array of scratch buffers, one per CPU.
    pub const SCRATCH: &str = "SCRATCH";
    /// Array of rooms for state records, `cpu * HOOKS + hook`.
    pub const ROOMS: &str = "ROOMS";
    /// Program array of what is done between a dispatcher and the program for the call: [`super::stage`].
    pub const STAGES: &str = "STAGES";
    /// LRU hash of the open files that the agent was told of.
    pub const FILES: &str = "FILES";
    /// Array of one `u32`: [`super::mode`].
    pub const MODE: &str = "MODE";
    /// Array of [`crate::predicate::Predicate`]; plans refer to them.
    pub const PREDICATES: &str = "PREDICATES";
    /// Hash of `[set, number]`: sets of numbers.
    pub const NUMBERS: &str = "NUMBERS";
    /// Longest-prefix trie of set and text: sets of texts.
    pub const TEXTS: &str = "TEXTS";
    /// Longest-prefix trie of set and address: sets of networks.
    pub const NETWORKS: &str = "NETWORKS";
    /// Array of [`crate::predicate::Suffix`].
    pub const SUFFIXES: &str = "SUFFIXES";
    /// Hash of what was decided of cgroups, by id: a bit that it is known, 32 bits above it what.
    pub const CGROUPS: &str = "CGROUPS";
    /// Array of what predicates are evaluated on, `cpu * HOOKS + hook`.
    pub const FACTS: &str = "FACTS";
    /// Hash of registers kept from `sys_enter`, by task.
    pub const ENTERED: &str = "ENTERED";
    /// The program on `sys_exit`.
    pub const SYS_EXIT: &str = "sys_exit";
    /// The program on `sys_enter`.
    pub const SYS_ENTER: &str = "sys_enter";
    /// The program for numbers that no table holds.
    pub const UNKNOWN: &str = "unknown";
    /// The program that tells what a call changed of its task.
    pub const CHANGED: &str = "changed";
    /// The program that finds the files of a call, at its exit.
    pub const FILES_EXIT: &str = "files_exit";
    /// The program that finds the files of a call, at its entry.
    pub const FILES_ENTER: &str = "files_enter";
    /// The program that tells of a file, at its call's exit.
    pub const TELL_EXIT: &str = "tell_exit";
    /// The program that tells of a file, at its call's entry.
    pub const TELL_ENTER: &str = "tell_enter";
    /// The program that decides by the predicate, at the call's exit.
    pub const JUDGE_EXIT: &str = "judge_exit";
    /// The program that decides by the predicate, at the call's entry.
    pub const JUDGE_ENTER: &str = "judge_enter";
    /// The program that gathers what the predicate asks for, at the call's exit.
    pub const GATHER_EXIT: &str = "gather_exit";
    /// The program that gathers what the predicate asks for, at the call's entry.
    pub const GATHER_ENTER: &str = "gather_enter";
    /// The program that puts the path together that a call asks for, at its exit.
    pub const ASKED_EXIT: &str = "asked_exit";
    /// The program that decides whether a call is shed, at its exit.
    pub const SHED_EXIT: &str = "shed_exit";
    /// The program that decides whether a call is shed, at its entry.
    pub const SHED_ENTER: &str = "shed_enter";
    /// The programs on tracepoints other than syscalls', each named after its tracepoint.
    pub const TRACEPOINTS: [&str; 5] =
        ["sched_process_fork", "sched_process_exec", "sched_process_exit", "cgroup_mkdir", "cgroup_rmdir"];
}

/// Indices of the `STAGES` program array.
pub mod stage {
    /// [`super::names::CHANGED`]
    pub const CHANGED: u32 = 0;
    /// [`super::names::FILES_EXIT`]
    pub const FILES_EXIT: u32 = 1;
    /// [`super::names::FILES_ENTER`]
    pub const FILES_ENTER: u32 = 2;
    /// [`super::names::TELL_EXIT`]
    pub const TELL_EXIT: u32 = 3;
    /// [`super::names::TELL_ENTER`]
    pub const TELL_ENTER: u32 = 4;
    /// [`super::names::JUDGE_EXIT`]
    pub const JUDGE_EXIT: u32 = 5;
    /// [`super::names::JUDGE_ENTER`]
    pub const JUDGE_ENTER: u32 = 6;
    /// [`super::names::GATHER_EXIT`]
    pub const GATHER_EXIT: u32 = 7;
    /// [`super::names::GATHER_ENTER`]
    pub const GATHER_ENTER: u32 = 8;
    /// [`super::names::ASKED_EXIT`]
    pub const ASKED_EXIT: u32 = 9;
    /// [`super::names::SHED_EXIT`]
    pub const SHED_EXIT: u32 = 10;
    /// [`super::names::SHED_ENTER`]
    pub const SHED_ENTER: u32 = 11;
    /// Number of stages.
    pub const COUNT: u32 = 12;
}

/// The hooks, each of which has lanes of its own: a program never interrupts itself on a CPU, but another may.
pub mod hook {
    /// `sys_exit`
    pub const EXIT: u32 = 0;
    /// `sys_enter`
    pub const ENTER: u32 = 1;
    /// The tracepoints of tasks and cgroups. They run with preemption disabled, so never inside one another.
    pub const STATE: u32 = 2;
}

/// Number of hooks.
pub const HOOKS: u32 = 3;

/// Added to a hook's number in the header of a state record: they are numbered apart from events.
pub const STATE_LANE: u32 = HOOKS;
/// Number of sequences of a CPU: events and state records of each hook.
pub const SEQUENCES: u32 = 2 * HOOKS;

/// Words of a lane as the agent reads it: the sequence number of events, the leading words of `struct pt_regs`, a header,
/// what is still to be done for the call, the sequence number of state records, what the call is judged by, and what was
/// shed.
pub const LANE_WORDS: usize = LANE_SHED_WORD + crate::shed::CLASSES + 2;
/// The first of the words of a lane that count what was shed, by class; then come boot times: since when calls were shed
/// without a break, and the last time.
pub const LANE_SHED_WORD: usize = LANE_STATE_SEQ_WORD + 3;
/// The word of a lane that is the sequence number of its next state record.
pub const LANE_STATE_SEQ_WORD: usize = LANE_STATE_GAP_WORD + 1;
/// The word of a lane whose upper half holds the reasons why state records were lost since the last one.
pub const LANE_STATE_GAP_WORD: usize = LANE_GAP_WORD + 3;
/// The word of a lane whose upper half holds the reasons of losses since the last record.
pub const LANE_GAP_WORD: usize = 1 + if crate::X86 { 16 } else { 36 } + crate::record::HEADER_LEN / 8;
