// SPDX-License-Identifier: Apache-2.0
//! Requests of ioctl(2).
//!
//! A request says which driver it is for only by convention, and drivers disagree: of two names for one number, the
//! better known one is kept. Requests with a size chosen by the caller are recognised by the rest.

use super::{
    Machine, Table,
    write::{dec, hex, name},
};

mod block;
mod device;
mod fs;
mod kernel;
mod media;
mod net;
mod tty;
mod virt;

/// Requests as 64-bit x86 callers number them.
const X86_64: &[Table] = &[
    tty::COMMON,
    net::COMMON,
    fs::COMMON,
    block::COMMON,
    kernel::COMMON,
    virt::COMMON,
    device::COMMON,
    media::COMMON,
    net::WIDE,
    fs::WIDE,
    block::WIDE,
    kernel::WIDE,
    virt::WIDE,
    device::WIDE,
    media::WIDE,
    virt::X86,
    virt::X86_64,
];

/// Requests as 64-bit Arm callers number them.
const AARCH64: &[Table] = &[
    tty::COMMON,
    net::COMMON,
    fs::COMMON,
    block::COMMON,
    kernel::COMMON,
    virt::COMMON,
    device::COMMON,
    media::COMMON,
    net::WIDE,
    fs::WIDE,
    block::WIDE,
    kernel::WIDE,
    virt::WIDE,
    device::WIDE,
    media::WIDE,
    virt::AARCH64,
];

/// Requests as 32-bit x86 callers number them.
const I386: &[Table] = &[
    tty::COMMON,
    net::COMMON,
    fs::COMMON,
    block::COMMON,
    kernel::COMMON,
    virt::COMMON,
    device::COMMON,
    media::COMMON,
    net::I386,
    fs::I386,
    block::I386,
    kernel::I386,
    virt::I386,
    device::I386,
    media::I386,
    virt::X86,
];

/// The requests of a machine.
pub(super) const fn tables(machine: Machine) -> &'static [Table] {
    match machine {
        Machine::X86_64 => X86_64,
        Machine::Aarch64 => AARCH64,
        Machine::I386 => I386,
    }
}

/// `_IOC_WRITE`: `include/uapi/asm-generic/ioctl.h`.
const WRITE: u32 = 1;
/// `_IOC_READ`: `include/uapi/asm-generic/ioctl.h`.
const READ: u32 = 2;

/// Requests whose size is the caller's: direction, type, first and last number, name, and whether the number counts
/// from the first and is an argument of its own. `include/uapi/linux/`: `input.h`, `uinput.h`, `hidraw.h`,
/// `joystick.h`.
const SIZED: &[(u32, u8, u8, u8, &str, bool)] = &[
    (READ, b'E', 0x06, 0x06, "EVIOCGNAME", false),
    (READ, b'E', 0x07, 0x07, "EVIOCGPHYS", false),
    (READ, b'E', 0x08, 0x08, "EVIOCGUNIQ", false),
    (READ, b'E', 0x09, 0x09, "EVIOCGPROP", false),
    (READ, b'E', 0x0a, 0x0a, "EVIOCGMTSLOTS", false),
    (READ, b'E', 0x18, 0x18, "EVIOCGKEY", false),
    (READ, b'E', 0x19, 0x19, "EVIOCGLED", false),
    (READ, b'E', 0x1a, 0x1a, "EVIOCGSND", false),
    (READ, b'E', 0x1b, 0x1b, "EVIOCGSW", false),
    (READ, b'E', 0x20, 0x3f, "EVIOCGBIT", true),
    (READ, b'H', 0x04, 0x04, "HIDIOCGRAWNAME", false),
    (READ, b'H', 0x05, 0x05, "HIDIOCGRAWPHYS", false),
    (READ | WRITE, b'H', 0x06, 0x06, "HIDIOCSFEATURE", false),
    (READ | WRITE, b'H', 0x07, 0x07, "HIDIOCGFEATURE", false),
    (READ, b'H', 0x08, 0x08, "HIDIOCGRAWUNIQ", false),
    (READ | WRITE, b'H', 0x09, 0x09, "HIDIOCSINPUT", false),
    (READ | WRITE, b'H', 0x0a, 0x0a, "HIDIOCGINPUT", false),
    (READ | WRITE, b'H', 0x0b, 0x0b, "HIDIOCSOUTPUT", false),
    (READ | WRITE, b'H', 0x0c, 0x0c, "HIDIOCGOUTPUT", false),
    (READ, b'U', 0x2c, 0x2c, "UI_GET_SYSNAME", false),
    (READ, b'j', 0x13, 0x13, "JSIOCGNAME", false),
];

/// The size of `struct input_absinfo`.
const ABSINFO: u32 = 24;

/// Appends the name of a request, or its direction, type, number and size as `_IOC` takes them.
pub(super) fn write(request: u32, machine: Machine, out: &mut Vec<u8>) {
    if let Some(name) = name(tables(machine), u64::from(request)) {
        return out.extend_from_slice(name.as_bytes());
    }
    let (direction, size) = (request >> 30, (request >> 16) & 0x3fff);
    let [nr, kind, ..] = request.to_le_bytes();
    match (direction, kind, nr, size) {
        (READ, b'E', 0x40..=0x7f, ABSINFO) => return argument("EVIOCGABS", nr - 0x40, None, out),
        (WRITE, b'E', 0xc0..=0xff, ABSINFO) => return argument("EVIOCSABS", nr - 0xc0, None, out),
        _ => {}
    }
    let sized =
        SIZED.iter().find(|(d, k, first, last, ..)| *d == direction && *k == kind && (*first..=*last).contains(&nr));
    if let Some((_, _, first, _, name, counted)) = sized {
        if *counted {
            return argument(name, nr - first, Some(size), out);
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'(');
        dec(i64::from(size), out);
        return out.push(b')');
    }
    out.extend_from_slice(b"_IOC(");
    out.extend_from_slice(match direction {
        0 => b"_IOC_NONE",
        WRITE => b"_IOC_WRITE",
        READ => b"_IOC_READ",
        _ => b"_IOC_READ|_IOC_WRITE",
    });
    for part in [u32::from(kind), u32::from(nr), size] {
        out.extend_from_slice(b", ");
        hex(u64::from(part), out);
    }
    out.push(b')');
}

/// Appends `name(number)`, or `name(number, size)`.
fn argument(name: &str, number: u8, size: Option<u32>, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'(');
    dec(i64::from(number), out);
    if let Some(size) = size {
        out.extend_from_slice(b", ");
        dec(i64::from(size), out);
    }
    out.push(b')');
}
