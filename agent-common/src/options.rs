// SPDX-License-Identifier: Apache-2.0
//! What userspace tells the probe: plain integers in frozen read-only data, and one map value that may change.

/// Index into the probe's `OPTIONS` global (`[u32; Opt::COUNT]`), fixed at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Opt {
    /// Bytes of a buffer that are copied.
    Snaplen = 0,
    /// Unread bytes in a ring that wake the agent before its own timer does.
    WakeBytes = 1,
    /// Whether only the processes in `PIDS` are captured.
    ByPid = 2,
    /// Whether only the users in `UIDS` are captured.
    ByUid = 3,
    /// Whether only the thread names in `COMMS` are captured.
    ByComm = 4,
    /// The agent's process id: it and its children are its own tree.
    OwnTgid = 5,
}

impl Opt {
    /// Number of options.
    pub const COUNT: usize = 6;
}

/// What the probe does with calls, the value of the `MODE` map.
pub mod mode {
    /// Capture what is selected, except the agent's own tree.
    pub const LIVE: u32 = 0;
    /// Capture only the agent's children, whatever else is selected, for its start-up self-test.
    pub const SELF_TEST: u32 = 1;
    /// Count, but capture nothing more: the run is ending.
    pub const STOPPED: u32 = 2;
}

/// The probe's globals and maps by name.
pub mod names {
    /// `u32`: [`crate::record::ABI`] of the object.
    pub const ABI: &str = "LANNER_ABI";
    /// `[u32; Opt::COUNT]`.
    pub const OPTIONS: &str = "OPTIONS";
    /// `[u16; Field::COUNT]`: offsets of kernel struct members.
    pub const LAYOUT: &str = "LAYOUT";
    /// Array of `u8`, 1 for the slots that are captured: `abi * 512 + nr`, and the last for unknown numbers.
    pub const SELECTED: &str = "SELECTED";
    /// Program array, same index.
    pub const CALLS: &str = "CALLS";
    /// Program array of the syscalls recorded at entry, same index.
    pub const ENTERS: &str = "ENTERS";
    /// Array of ring buffers, one per CPU.
    pub const RINGS: &str = "RINGS";
    /// Array of [`crate::ledger::Slot`], `cpu * SLOTS + slot`.
    pub const LEDGER: &str = "LEDGER";
    /// Array of lanes, `cpu * 2 + hook`; the first 8 bytes are the next sequence number.
    pub const LANES: &str = "LANES";
    /// Array of scratch buffers, `cpu * 2 + hook`.
    pub const SCRATCH: &str = "SCRATCH";
    /// Array of one `u32`: [`super::mode`].
    pub const MODE: &str = "MODE";
    /// Hash of process ids.
    pub const PIDS: &str = "PIDS";
    /// Hash of user ids.
    pub const UIDS: &str = "UIDS";
    /// Hash of thread names, 16 bytes NUL-padded.
    pub const COMMS: &str = "COMMS";
    /// Hash of registers kept from `sys_enter`, by task.
    pub const ENTERED: &str = "ENTERED";
    /// The program on `sys_exit`.
    pub const SYS_EXIT: &str = "sys_exit";
    /// The program on `sys_enter`.
    pub const SYS_ENTER: &str = "sys_enter";
    /// The program for numbers that no table holds.
    pub const UNKNOWN: &str = "unknown";
}

/// The hooks, each of which has lanes of its own: a program never interrupts itself on a CPU, but another may.
pub mod hook {
    /// `sys_exit`
    pub const EXIT: u32 = 0;
    /// `sys_enter`
    pub const ENTER: u32 = 1;
}

/// Number of hooks.
pub const HOOKS: u32 = 2;

/// Words of a lane as the agent reads it: its sequence number, the leading words of `struct pt_regs`, a header, and two
/// small numbers, of which the upper one holds the reasons of losses since the last record.
pub const LANE_WORDS: usize = 1 + if crate::X86 { 16 } else { 36 } + crate::record::HEADER_LEN / 8 + 1;
