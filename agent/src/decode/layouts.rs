// SPDX-License-Identifier: Apache-2.0
//! The small structs behind pointers: objects whose keys are the names of the C members.
//!
//! Bytes may be fewer than the struct has: the members that are whole are shown, the others are not.

mod members;
mod signal;
mod structs;

use agent_common::{layout::Layout, schema::Abi};

use self::{
    members::{Member, members},
    structs as s,
};
use super::{
    symbols::{self, Machine},
    visit::{Text, Visitor},
};

/// Shows the struct in `bytes`.
pub fn visit(layout: Layout, abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    show(&shape(layout, Machine::of(abi)), abi, bytes, v);
}

/// Shows the structs in `bytes` as an array; `cut` when there were more.
pub fn visit_array(layout: Layout, abi: Abi, bytes: &[u8], cut: bool, v: &mut (impl Visitor + ?Sized)) {
    v.begin_array();
    for element in bytes.chunks(usize::from(layout.size(abi)).max(1)) {
        v.element();
        visit(layout, abi, element, v);
    }
    v.end_array(cut);
}

/// What a layout is made of.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A signed number of 4 bytes.
    Signed32,
    /// An unsigned number of 2 bytes.
    Unsigned16,
    /// An unsigned number of 4 bytes.
    Unsigned32,
    /// An unsigned number of 8 bytes.
    Unsigned64,
    /// A signed number of the ABI's word size.
    Word,
    /// Numbers of 4 bytes.
    Numbers(usize),
    /// A struct.
    Struct(&'static [Member]),
    /// Two of the same struct.
    Pair(&'static [Member], usize),
    /// A wait status.
    WaitStatus,
    /// A `siginfo_t`.
    Siginfo,
    /// A `struct sigevent`.
    Sigevent,
    /// Capabilities, in two halves.
    CapData,
}

/// What `layout` is made of on `machine`.
const fn shape(layout: Layout, machine: Machine) -> Shape {
    let word = members::word(machine);
    match layout {
        Layout::I32 => Shape::Signed32,
        Layout::U16 => Shape::Unsigned16,
        Layout::U32 => Shape::Unsigned32,
        Layout::U64 => Shape::Unsigned64,
        Layout::Word => Shape::Word,
        Layout::FdPair => Shape::Numbers(2),
        Layout::WaitStatus => Shape::WaitStatus,
        Layout::Timespec => Shape::Struct(s::TIMESPEC),
        Layout::Timespec64 => Shape::Struct(s::timespec64(machine)),
        Layout::Timeval => Shape::Struct(s::TIMEVAL),
        Layout::TimespecPair => Shape::Pair(s::TIMESPEC, 2 * word),
        Layout::Timespec64Pair => Shape::Pair(s::timespec64(machine), 16),
        Layout::TimevalPair => Shape::Pair(s::TIMEVAL, 2 * word),
        Layout::Timezone => Shape::Struct(s::TIMEZONE),
        Layout::Itimerval => Shape::Struct(s::ITIMERVAL),
        Layout::Itimerspec => Shape::Struct(s::ITIMERSPEC),
        Layout::Itimerspec64 => Shape::Struct(s::itimerspec64(machine)),
        Layout::Utimbuf => Shape::Struct(s::UTIMBUF),
        Layout::Rlimit => Shape::Struct(s::RLIMIT),
        Layout::Rlimit64 => Shape::Struct(s::RLIMIT64),
        Layout::Rusage => Shape::Struct(s::RUSAGE),
        Layout::Tms => Shape::Struct(s::TMS),
        Layout::Sysinfo => Shape::Struct(s::SYSINFO),
        Layout::Pollfd => Shape::Struct(s::POLLFD),
        Layout::EpollEvent => Shape::Struct(s::epoll_event(machine)),
        Layout::OpenHow => Shape::Struct(s::OPEN_HOW),
        Layout::CloneArgs => Shape::Struct(s::CLONE_ARGS),
        Layout::Sigaction => Shape::Struct(s::SIGACTION),
        Layout::Stack => Shape::Struct(s::STACK),
        Layout::SchedParam => Shape::Struct(s::SCHED_PARAM),
        Layout::SchedAttr => Shape::Struct(s::SCHED_ATTR),
        Layout::CapHeader => Shape::Struct(s::CAP_HEADER),
        Layout::CapData => Shape::CapData,
        Layout::Sembuf => Shape::Struct(s::SEMBUF),
        Layout::Siginfo => Shape::Siginfo,
        Layout::Sigevent => Shape::Sigevent,
        Layout::Statfs => Shape::Struct(s::STATFS),
        Layout::Statfs64 => Shape::Struct(s::statfs64(machine)),
        Layout::Stat => Shape::Struct(s::stat(machine)),
        Layout::Stat64 => Shape::Struct(s::stat64(machine)),
        Layout::Statx => Shape::Struct(s::STATX),
        Layout::IoUringParams => Shape::Struct(s::IO_URING_PARAMS),
        Layout::MountAttr => Shape::Struct(s::MOUNT_ATTR),
        Layout::IoEvent => Shape::Struct(s::IO_EVENT),
        Layout::MqAttr => Shape::Struct(s::MQ_ATTR),
        Layout::FutexWaitv => Shape::Struct(s::FUTEX_WAITV),
        Layout::UserDesc => Shape::Struct(s::USER_DESC),
        Layout::Utsname => Shape::Struct(s::UTSNAME),
        Layout::Flock => Shape::Struct(s::FLOCK),
        Layout::MmapArgs => Shape::Struct(s::MMAP_ARGS),
        Layout::SelectArgs => Shape::Struct(s::SELECT_ARGS),
    }
}

fn show(shape: &Shape, abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    match *shape {
        Shape::Signed32 => match bytes.first_chunk() {
            Some(number) => v.signed(i64::from(i32::from_ne_bytes(*number))),
            None => part(bytes, v),
        },
        Shape::Unsigned16 => match bytes.first_chunk() {
            Some(number) => v.unsigned(u64::from(u16::from_ne_bytes(*number))),
            None => part(bytes, v),
        },
        Shape::Unsigned32 => match bytes.first_chunk() {
            Some(number) => v.unsigned(u64::from(u32::from_ne_bytes(*number))),
            None => part(bytes, v),
        },
        Shape::Unsigned64 => match bytes.first_chunk() {
            Some(number) => v.unsigned(u64::from_ne_bytes(*number)),
            None => part(bytes, v),
        },
        Shape::Word => match abi {
            Abi::I386 => show(&Shape::Signed32, abi, bytes, v),
            Abi::Native => match bytes.first_chunk() {
                Some(number) => v.signed(i64::from_ne_bytes(*number)),
                None => part(bytes, v),
            },
        },
        Shape::Numbers(count) => {
            v.begin_array();
            for number in bytes.chunks_exact(4).take(count) {
                v.element();
                show(&Shape::Signed32, abi, number, v);
            }
            v.end_array(false);
        }
        Shape::Struct(list) => object(list, abi, bytes, v),
        Shape::Pair(list, size) => {
            v.begin_array();
            for one in bytes.chunks(size.max(1)).take(2) {
                v.element();
                object(list, abi, one, v);
            }
            v.end_array(false);
        }
        Shape::WaitStatus => match bytes.first_chunk() {
            Some(status) => signal::wait_status(u32::from_ne_bytes(*status), v),
            None => part(bytes, v),
        },
        Shape::Siginfo => signal::siginfo(abi, bytes, v),
        Shape::Sigevent => signal::sigevent(abi, bytes, v),
        Shape::CapData => capabilities(bytes, v),
    }
}

/// Shows a number that is not whole.
fn part(bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    v.bytes(Text::Data, bytes, true);
}

fn object(list: &'static [Member], abi: Abi, bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    v.begin_object();
    members(list, abi, bytes, v);
    v.end_object();
}

/// `struct __user_cap_data_struct[2]`: the second has the upper halves of the sets. `include/uapi/linux/capability.h`.
fn capabilities(bytes: &[u8], v: &mut (impl Visitor + ?Sized)) {
    let half = |at: usize| bytes.get(at..)?.first_chunk().map(|half| u64::from(u32::from_ne_bytes(*half)));
    v.begin_object();
    for (name, at) in [("effective", 0), ("permitted", 4), ("inheritable", 8)] {
        if let Some(low) = half(at) {
            let mask = low | (half(at + 12).unwrap_or(0) << 32);
            v.key(name);
            v.symbols(&|out| symbols::bits(symbols::process::CAPABILITIES, mask, out));
        }
    }
    v.end_object();
}

#[cfg(test)]
mod tests;
