// SPDX-License-Identifier: Apache-2.0
//! What any probe costs at least: a program on `sys_exit` that returns at once, and one that submits a record. `lanner bench`
//! measures against them. They are a few instructions, written as such, so that no compiler can add to them.

use std::{
    fmt,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd},
};

use aya::maps::{Map, MapData, RingBuf};
use aya_obj::generated::{
    BPF_DW, BPF_IMM, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_LDX, BPF_MEM, BPF_PSEUDO_MAP_FD, BPF_RB_NO_WAKEUP, BPF_STX,
    bpf_func_id::{BPF_FUNC_ringbuf_reserve, BPF_FUNC_ringbuf_submit},
    bpf_insn,
    bpf_map_type::BPF_MAP_TYPE_RINGBUF,
};

use super::{
    error::ProbeError,
    raw::{self, R0, R1, R2, R3, call, copy, empty, instruction, set},
};

/// Bytes of a record.
pub const RECORD: usize = 64;
/// Bytes of the ring: what one CPU of the agent has.
const RING: u32 = 4 << 20;

/// A floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Returns.
    Empty,
    /// Reserves, fills and submits a record of [`RECORD`] bytes, without waking anybody.
    Record,
}

/// An attached floor; it is gone when this is dropped.
pub struct Floor {
    ring: Option<RingBuf<MapData>>,
    /// Keeps the program, which is attached as long as this is open.
    _link: OwnedFd,
}

impl fmt::Debug for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor").field("records", &self.ring.is_some()).finish_non_exhaustive()
    }
}

impl Floor {
    /// Attaches one.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn attach(kind: Kind) -> Result<Self, ProbeError> {
        let (ring, program, name) = match kind {
            Kind::Empty => (None, empty(), c"floor_empty"),
            Kind::Record => {
                let definition = aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, RING, 0);
                let data = MapData::create(definition, "floor_ring", None)
                    .map_err(|error| ProbeError::map("floor_ring", error))?;
                let program = record(data.fd().as_fd().as_raw_fd());
                let ring = RingBuf::try_from(Map::RingBuf(data));
                (Some(ring.map_err(|error| ProbeError::map("floor_ring", error))?), program, c"floor_record")
            }
        };
        let program = raw::load(&program, name, 0).map_err(|error| ProbeError::system("bpf_prog_load", error))?;
        let link = raw::attach(&program, c"sys_exit");
        Ok(Self { ring, _link: link.map_err(|error| ProbeError::system("bpf_raw_tracepoint_open", error))? })
    }

    /// Takes out the records that there are, and says how many.
    pub fn drain(&mut self) -> u64 {
        let Some(ring) = &mut self.ring else { return 0 };
        let mut records = 0;
        while ring.next().is_some() {
            records += 1;
        }
        records
    }
}

/// What calls leave alone.
const R6: u8 = 6;

/// A record whose every word is the result of the call.
fn record(ring: RawFd) -> Vec<bpf_insn> {
    const WORD: usize = size_of::<u64>();
    let mut program = vec![
        copy(R6, R1),
        // A map's address takes two.
        instruction(BPF_LD | BPF_DW | BPF_IMM, R1, BPF_PSEUDO_MAP_FD as u8, 0, ring),
        instruction(0, 0, 0, 0, 0),
        set(R2, RECORD as i32),
        set(R3, 0),
        call(BPF_FUNC_ringbuf_reserve),
    ];
    // The second argument of the tracepoint.
    let mut filled = vec![instruction(BPF_LDX | BPF_MEM | BPF_DW, R2, R6, WORD as i16, 0)];
    let offsets = (0..RECORD as i16).step_by(WORD);
    filled.extend(offsets.map(|at| instruction(BPF_STX | BPF_MEM | BPF_DW, R0, R2, at, 0)));
    filled.extend([copy(R1, R0), set(R2, BPF_RB_NO_WAKEUP as i32), call(BPF_FUNC_ringbuf_submit)]);
    program.push(instruction(BPF_JMP | BPF_JEQ | BPF_K, R0, 0, filled.len() as i16, 0));
    program.extend(filled);
    program.extend(empty());
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_over_the_record_ends_at_the_end() {
        let program = record(3);
        let jump = program.iter().position(|one| u32::from(one.code) == BPF_JMP | BPF_JEQ | BPF_K).expect("a jump");
        let end = jump + 1 + program[jump].off as usize;
        assert_eq!(program.len() - end, empty().len());
        let stores: Vec<_> = program.iter().filter(|one| u32::from(one.code) == BPF_STX | BPF_MEM | BPF_DW).collect();
        let offsets: Vec<_> = stores.iter().map(|one| one.off).collect();
        assert_eq!(offsets, [0, 8, 16, 24, 32, 40, 48, 56], "all {RECORD} bytes, once");
    }
}
