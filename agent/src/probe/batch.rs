// SPDX-License-Identifier: Apache-2.0
//! Reading an array map many values at a time; aya reads one.
//! <https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/syscall.c#L1915>

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _},
};

use aya::{
    maps::{MapError, MapFd},
    sys::SyscallError,
};
use aya_obj::generated::{bpf_attr, bpf_cmd::BPF_MAP_LOOKUP_BATCH};

/// The values of an array map in the order of their indices, `len` at a time.
pub(super) struct Batches<'a, V> {
    map: &'a MapFd,
    keys: Vec<u32>,
    values: Vec<V>,
    /// The last index that was read.
    last: Option<u32>,
    done: bool,
}

impl<'a, V: aya::Pod> Batches<'a, V> {
    /// Of a map, `len` values at a time; `zero` is any value.
    pub(super) fn new(map: &'a MapFd, len: usize, zero: V) -> Self {
        Self { map, keys: vec![0; len], values: vec![zero; len], last: None, done: false }
    }

    /// The next values, and the index of the first of them; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<(u32, &[V])>, MapError> {
        if self.done {
            return Ok(None);
        }
        let mut last = self.last.unwrap_or_default();
        // SAFETY: a plain C union, for which all zeroes is a value.
        let mut attr: bpf_attr = unsafe { std::mem::zeroed() };
        attr.batch.in_batch = if self.last.is_some() { &raw mut last as u64 } else { 0 };
        // The kernel reads the one before it writes the other.
        attr.batch.out_batch = &raw mut last as u64;
        attr.batch.keys = self.keys.as_mut_ptr() as u64;
        attr.batch.values = self.values.as_mut_ptr() as u64;
        attr.batch.count = self.keys.len() as u32;
        attr.batch.map_fd = self.map.as_fd().as_raw_fd() as u32;
        // SAFETY: the attributes name a live map with keys and values of these types, which the typed map has checked, and
        // buffers that hold as many as they state; any bytes are a value.
        let result =
            unsafe { libc::syscall(libc::SYS_bpf, BPF_MAP_LOOKUP_BATCH as u32, &raw mut attr, size_of::<bpf_attr>()) };
        if result != 0 {
            let io_error = io::Error::last_os_error();
            // The end of the map; what was left of it has been read.
            if io_error.raw_os_error() != Some(libc::ENOENT) {
                return Err(SyscallError { call: "bpf_map_lookup_batch", io_error }.into());
            }
            self.done = true;
        }
        self.last = Some(last);
        // SAFETY: the kernel has written it in either case.
        let count = unsafe { attr.batch.count } as usize;
        let first = self.keys.first().copied().unwrap_or_default();
        Ok((count > 0).then(|| (first, self.values.get(..count).unwrap_or_default())))
    }
}
