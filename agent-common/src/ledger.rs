// SPDX-License-Identifier: Apache-2.0
//! What the probe counts: for each CPU and each syscall, what became of every call it saw.
//!
//! The identity that holds exactly, per CPU, per syscall and in total:
//! `seen = self + filtered + refused + shed + sent + lost(each reason)`.

/// Why an event was lost in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The CPU's ring had no room: the agent was behind.
    RingFull = 0,
    /// The CPU has no ring (it came online after the rings were made).
    NoRing = 1,
    /// The record would have been larger than [`crate::record::MAX_RECORD`].
    TooLarge = 2,
    /// The CPU's scratch was in use by an interrupted program.
    Nested = 3,
    /// A selected syscall has no program: the agent and the object disagree.
    NoProgram = 4,
}

impl Reason {
    /// Every reason, in the order of its discriminant.
    pub const ALL: [Self; 5] = [Self::RingFull, Self::NoRing, Self::TooLarge, Self::Nested, Self::NoProgram];

    /// Its name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RingFull => "ring_full",
            Self::NoRing => "no_ring",
            Self::TooLarge => "too_large",
            Self::Nested => "nested",
            Self::NoProgram => "no_program",
        }
    }
}

/// Index of a counter in a [`Slot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Counter {
    /// Calls that reached the probe.
    Seen = 0,
    /// Calls of the agent's own process tree.
    Own = 1,
    /// Calls that the user's selection left out.
    Filtered = 2,
    /// Records handed to the ring.
    Sent = 3,
    /// Calls that the kernel's part of the condition refused.
    Refused = 4,
    /// Calls given up while the ring was filling, by class: see [`crate::shed`].
    Shed = 5,
    /// The first of the [`Reason`] counters.
    Lost = 6,
}

/// The counters of one syscall on one CPU: `seen, self, filtered, sent, refused, shed`, then one per [`Reason`].
pub type Slot = [u64; Counter::Lost as usize + Reason::ALL.len()];

/// Numbers per ABI that have a slot of their own.
pub const NRS: u32 = crate::numbers::MAX_NR as u32;
/// Index of the slot for numbers that no table holds.
pub const UNKNOWN_SLOT: u32 = NRS * crate::schema::Abi::ALL.len() as u32;
/// Index of the first slot of the state records, one per [`crate::state::Kind`].
pub const STATE_SLOT: u32 = UNKNOWN_SLOT + 1;
/// Slots of one CPU.
pub const SLOTS: u32 = STATE_SLOT + crate::state::Kind::ALL.len() as u32;
