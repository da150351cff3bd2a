// SPDX-License-Identifier: Apache-2.0
//! Programs for raw tracepoints of a few instructions, written as such, and loaded by plain bpf(2): what any program costs,
//! and what a kernel takes, is found out by them.

use std::{
    ffi::CStr,
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use aya_obj::generated::{
    BPF_ALU64, BPF_CALL, BPF_EXIT, BPF_JMP, BPF_K, BPF_MOV, BPF_X, bpf_attr,
    bpf_cmd::{self, BPF_PROG_LOAD, BPF_RAW_TRACEPOINT_OPEN},
    bpf_func_id, bpf_insn,
    bpf_prog_type::BPF_PROG_TYPE_RAW_TRACEPOINT,
};

/// What is returned.
pub(super) const R0: u8 = 0;
/// The context at the beginning; arguments of calls.
pub(super) const R1: u8 = 1;
/// See [`R1`].
pub(super) const R2: u8 = 2;
/// See [`R1`].
pub(super) const R3: u8 = 3;

/// An instruction: <https://docs.kernel.org/bpf/standardization/instruction-set.html>
pub(super) fn instruction(code: u32, to: u8, from: u8, off: i16, imm: i32) -> bpf_insn {
    bpf_insn { code: code as u8, _bitfield_align_1: [], _bitfield_1: bpf_insn::new_bitfield_1(to, from), off, imm }
}

/// `to = value`
pub(super) fn set(to: u8, value: i32) -> bpf_insn {
    instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
}

/// `to = from`
pub(super) fn copy(to: u8, from: u8) -> bpf_insn {
    instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
}

/// Calls a helper.
pub(super) fn call(helper: bpf_func_id) -> bpf_insn {
    instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper as i32)
}

/// `return 0;`
pub(super) fn empty() -> Vec<bpf_insn> {
    vec![set(R0, 0), instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)]
}

/// Loads a program; `flags` are of `prog_flags`.
///
/// # Errors
/// What the kernel says.
pub(super) fn load(program: &[bpf_insn], name: &CStr, flags: u32) -> io::Result<OwnedFd> {
    // SAFETY: a plain C union, for which all zeroes is a value.
    let mut attr: bpf_attr = unsafe { std::mem::zeroed() };
    // SAFETY: of a union of plain numbers, every member can be written.
    let load = unsafe { &mut attr.__bindgen_anon_3 };
    load.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT as u32;
    load.prog_flags = flags;
    load.insn_cnt = program.len() as u32;
    load.insns = program.as_ptr() as u64;
    load.license = c"GPL".as_ptr() as u64;
    for (to, from) in load.prog_name.iter_mut().zip(name.to_bytes()) {
        *to = from.cast_signed();
    }
    // SAFETY: the attributes name memory that outlives the call.
    unsafe { bpf(BPF_PROG_LOAD, &mut attr) }
}

/// Attaches a program to a raw tracepoint; it is detached when what comes back is dropped.
///
/// # Errors
/// What the kernel says.
pub(super) fn attach(program: &OwnedFd, tracepoint: &CStr) -> io::Result<OwnedFd> {
    // SAFETY: a plain C union, for which all zeroes is a value.
    let mut attr: bpf_attr = unsafe { std::mem::zeroed() };
    attr.raw_tracepoint.name = tracepoint.as_ptr() as u64;
    attr.raw_tracepoint.prog_fd = program.as_raw_fd() as u32;
    // SAFETY: the attributes name memory that outlives the call.
    unsafe { bpf(BPF_RAW_TRACEPOINT_OPEN, &mut attr) }
}

/// bpf(2), of the commands that return a descriptor.
///
/// # Safety
/// What the attributes point to is valid as the command wants it.
unsafe fn bpf(command: bpf_cmd, attr: &mut bpf_attr) -> io::Result<OwnedFd> {
    // SAFETY: the caller's promise; the size is the attributes' own.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command as u32, &raw mut *attr, size_of::<bpf_attr>()) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just opened it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
