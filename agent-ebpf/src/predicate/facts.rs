// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! What the predicate of a call is evaluated on: a map value for each lane.

use agent_common::{
    options::HOOKS,
    predicate::{Op, SUFFIX_BYTES, TEXT_BYTES, Test, Text},
    state::PATH_NAMES,
};
use aya_ebpf::{helpers::generated::bpf_probe_read_kernel, maps::lpm_trie::Key};

use crate::{
    fill::bound,
    lane::{Lane, judged},
    maps::{FACTS, NETWORKS, SUFFIXES, TEXTS},
    path::Walk,
};

/// Bytes of a text at most.
pub(crate) const TEXT: usize = 4096;
/// Behind those: what one more name may take.
const SLACK: usize = 512;
/// Ends of a socket: its own, its peer's, and the one that the call names.
pub(crate) const ENDS: usize = 3;

/// Reads a word of the facts: volatile, so that to the verifier it is any number, and the paths through a loop meet.
macro_rules! get {
    ($facts:expr, $member:ident) => {
        // SAFETY: a member of a map value that this lane owns.
        unsafe { (&raw const (*$facts).$member).read_volatile() }
    };
}
pub(super) use get;

/// Writes a word of the facts, see [`get`].
macro_rules! set {
    ($facts:expr, $member:ident, $value:expr) => {
        // SAFETY: a member of a map value that this lane owns.
        unsafe { (&raw mut (*$facts).$member).write_volatile($value) }
    };
}
pub(super) use set;

/// Whether a test holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// The fact can't be told.
    Unknown,
}

impl Answer {
    #[inline(always)]
    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// How much is known of a text, or of a socket's ends.
pub(crate) mod known {
    /// It can't be told.
    pub(crate) const UNKNOWN: u32 = 0;
    /// There is none.
    pub(crate) const MISSING: u32 = 1;
    /// It does not begin with a slash.
    pub(crate) const NO_PATH: u32 = 2;
    /// Its beginning is known, not its end.
    pub(crate) const CUT: u32 = 3;
    /// It is known.
    pub(crate) const WHOLE: u32 = 4;
    /// It is the same as [`agent_common::predicate::Text::Asked`].
    pub(crate) const ASKED: u32 = 5;
}

/// Key of the sets of texts: set, beginning of the text.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct TextKey {
    set: u32,
    text: [u8; TEXT_BYTES],
}

/// Key of the sets of networks: set, address.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct NetworkKey {
    set: u32,
    address: [u32; 4],
}

const TEXT_BITS: u32 = 8 * size_of::<TextKey>() as u32;
const NETWORK_BITS: u32 = 8 * size_of::<NetworkKey>() as u32;

/// A text. What stands before its bytes makes it a key of the sets of texts as it is.
#[repr(C)]
pub(crate) struct TextFact {
    /// A value of [`known`].
    pub state: u32,
    /// Bytes of it.
    pub len: u32,
    bits: u32,
    set: u32,
    /// The text, with its NUL.
    pub bytes: [u8; TEXT + SLACK],
}

/// An end of a socket.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct End {
    /// The address, IPv4 as IPv6 maps it.
    pub address: [u32; 4],
    /// The port, in host order.
    pub port: u32,
    /// 1 when there is one.
    pub there: u32,
}

/// A map value.
#[repr(C)]
pub(crate) struct Facts {
    /// A bit of [`agent_common::predicate::class`]; 0 without a file.
    pub class: u64,
    /// 1 when the class is known.
    pub class_known: u32,
    /// Of the socket: [`known::UNKNOWN`] or [`known::WHOLE`].
    pub socket: u32,
    /// Its ends.
    pub ends: [End; ENDS],
    /// What a walk through names is at.
    pub walk: Walk,
    /// Where the names are that it came by.
    pub names: [u64; PATH_NAMES as usize],
    /// How many names.
    pub count: u64,
    /// Bytes of the path that is spelt so far.
    pub at: u64,
    /// What a scan of a path is at.
    pub scan: u64,
    tail: [u64; 8],
    /// By [`Text`].
    pub texts: [TextFact; Text::ALL.len()],
}

/// The facts of `hook` on this CPU.
#[inline(always)]
pub(crate) fn of_lane<'a>(cpu: u32, hook: u32) -> Option<&'a mut Facts> {
    let facts = FACTS.get_ptr_mut(cpu * HOOKS + hook)?;
    // SAFETY: a map value, which belongs to one lane (see [`crate::lane`]).
    Some(unsafe { &mut *facts })
}

impl Facts {
    /// Begins a round: what costs nothing is there; what costs is unknown until it was gathered.
    #[inline(always)]
    pub(crate) fn begin(&mut self, lane: &Lane) {
        let comm = &mut self.texts[Text::Comm as usize];
        let (mut i, mut len, mut ahead) = (0, 0, 1);
        while i < lane.header.comm.len() {
            let byte = lane.header.comm[i];
            comm.bytes[i] = byte;
            // What follows the NUL does not count.
            ahead &= u32::from(byte != 0);
            len += ahead;
            i += 1;
        }
        comm.len = len;
        comm.state = known::WHOLE;
        if lane.judged != judged::GATHERED {
            self.class_known = 0;
            self.socket = known::UNKNOWN;
            self.texts[Text::File as usize].state = known::UNKNOWN;
            self.texts[Text::Asked as usize].state = known::UNKNOWN;
            self.texts[Text::Arg0 as usize].state = known::UNKNOWN;
            self.texts[Text::Arg1 as usize].state = known::UNKNOWN;
        }
    }

    /// Whether the file's kind is one of `classes`.
    #[inline(always)]
    pub(crate) const fn class_is_in(&self, classes: u64) -> Answer {
        if self.class_known == 0 { Answer::Unknown } else { Answer::of(self.class & classes != 0) }
    }

    /// Whether a text begins or ends as the test asks.
    #[inline(always)]
    pub(crate) fn text(&mut self, test: &Test) -> Answer {
        let mut which = test.arg as usize;
        if which >= Text::ALL.len() {
            return Answer::Unknown;
        }
        if self.texts[which].state == known::ASKED {
            which = Text::Asked as usize;
        }
        let text = &raw mut self.texts[which];
        // SAFETY: one of the texts.
        let text = unsafe { &mut *text };
        let prefix = test.op == Op::Prefix as u8;
        match text.state {
            known::MISSING => Answer::No,
            known::NO_PATH if prefix => Answer::No,
            known::CUT | known::WHOLE if prefix => {
                text.bits = TEXT_BITS;
                text.set = test.set;
                let key = (&raw const text.bits).cast::<Key<TextKey>>();
                // SAFETY: bits, set and text lie one behind the other, as in the key.
                Answer::of(TEXTS.get(unsafe { &*key }).is_some())
            }
            known::WHOLE => ends_with(text, &mut self.tail, test.set),
            _ => Answer::Unknown,
        }
    }

    /// Whether an end of the socket is in a network that the test asks for.
    #[inline(always)]
    pub(crate) fn address(&self, test: &Test) -> Answer {
        if self.socket != known::WHOLE {
            return Answer::Unknown;
        }
        let mut n = 0;
        while n < ENDS {
            let end = self.ends[n];
            let key = Key::new(NETWORK_BITS, NetworkKey { set: test.set, address: end.address });
            if end.there != 0 && NETWORKS.get(&key).is_some() {
                return Answer::Yes;
            }
            n += 1;
        }
        Answer::No
    }

    /// Whether a port of the socket is what the test asks for.
    #[inline(always)]
    pub(crate) fn port(&self, test: &Test) -> Answer {
        if self.socket != known::WHOLE {
            return Answer::Unknown;
        }
        let mut n = 0;
        while n < ENDS {
            let end = self.ends[n];
            if end.there != 0 && super::number_holds(test, u64::from(end.port)) {
                return Answer::Yes;
            }
            n += 1;
        }
        Answer::No
    }
}

/// Whether a text ends with suffix number `suffix`.
#[inline(always)]
fn ends_with(text: &TextFact, tail: &mut [u64; 8], suffix: u32) -> Answer {
    let Some(suffix) = SUFFIXES.get(suffix) else { return Answer::Unknown };
    let len = bound(u64::from(suffix.len), SUFFIX_BYTES as u64);
    let all = u64::from(text.len);
    if all < len {
        return Answer::No;
    }
    let from = bound(all - len, TEXT as u64);
    *tail = [0; 8];
    // SAFETY: the tail has room for the longest suffix, and the text for that much behind its last byte.
    let read = unsafe {
        bpf_probe_read_kernel(tail.as_mut_ptr().cast(), len as u32, text.bytes.as_ptr().add(from as usize).cast())
    };
    if read < 0 {
        return Answer::Unknown;
    }
    let (mut n, mut differs) = (0, 0);
    while n < tail.len() {
        differs |= tail[n] ^ suffix.words[n];
        n += 1;
    }
    Answer::of(differs == 0)
}
