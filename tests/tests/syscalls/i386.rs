// SPDX-License-Identifier: Apache-2.0
//! 32-bit x86 callers: `int 0x80` from this process, whose registers are cut to 32 bits, and a 32-bit program.

mod files;
mod ids;
mod io;
mod ipc;
mod low;
mod program;
mod signals;
mod time;

use crate::caller::{Caller, raw32};

pub(crate) fn cases(c: &Caller) {
    // SAFETY: `getpid` takes nothing.
    let pid = unsafe { raw32(20, [0; 6]) };
    assert_eq!(pid, i64::from(c.pid()), "the kernel runs 32-bit programs: CONFIG_IA32_EMULATION=y, ia32_emulation=on");
    files::cases(c);
    io::cases(c);
    ids::cases(c);
    signals::cases(c);
    time::cases(c);
    ipc::cases(c);
    program::cases(c);
}
