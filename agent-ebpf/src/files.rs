// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The files that a call's descriptors refer to. An event names a file by the address of its `struct file`; what that is
//! was told by a record before, once for as long as the file stays what it was.

pub(crate) mod socket;

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    options::mode,
    state::{FileBytes, FileWord, Kind, file::DETACHED, plan},
};
use aya_ebpf::helpers::bpf_probe_read_kernel;

use self::socket::Socket;
use crate::{
    fill::value,
    kernel::{self, pointer, read},
    lane::Lane,
    maps::{FILES, MODE},
    path::{self, Place},
    regs,
    room::{Builder, NAME},
};

/// `S_IFMT` and `S_IFSOCK`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/stat.h#L9>
pub(crate) const S_IFMT: u16 = 0o170_000;
pub(crate) const S_IFSOCK: u16 = 0o140_000;

/// `NSFS_MAGIC`: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/magic.h#L93>
const NSFS_MAGIC: u64 = 0x6e73_6673;

/// What tells a file from another at the same address, and a name from another of the same file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Identity {
    inode: u64,
    dentry: u64,
    /// Hash and length of the last name.
    name: u64,
    /// What the file can do: it tells apart the kernel's own files, which share an inode and have names of one length.
    ops: u64,
    socket: Socket,
}

/// What the agent was told of a file.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Told {
    identity: Identity,
    /// The time of the event before which it was told.
    ts: u64,
}

/// The open file behind a descriptor of the task, and its inode.
#[inline(always)]
pub(crate) fn open(task: *const c_void, fd: u32) -> Option<*const c_void> {
    let fdt = pointer(pointer(task, Field::TaskFiles)?, Field::FilesFdt)?;
    if fd >= read::<u32>(fdt, Field::FdtMax)? {
        return None;
    }
    let files = pointer(fdt, Field::FdtFd)?.cast::<*const c_void>();
    // SAFETY: the helper checks the address and fails on a bad one.
    let file = unsafe { bpf_probe_read_kernel(files.wrapping_add(fd as usize)).ok()? };
    if file.is_null() { None } else { Some(file) }
}

/// The descriptor at `place` of the plan; `None` when the call has none there.
#[inline(always)]
pub(crate) fn descriptor(lane: &Lane, place: u32) -> Option<u32> {
    let pair = |register: usize, second: u64| {
        let at = regs::of(lane, register);
        if lane.header.ret < 0 { None } else { value::<u32>(at.wrapping_add(4 * second)) }
    };
    match place {
        plan::RESULT if lane.header.ret >= 0 => Some(lane.header.ret as u32),
        1 => Some(regs::of(lane, 0) as u32),
        2 => Some(regs::of(lane, 1) as u32),
        3 => Some(regs::of(lane, 2) as u32),
        4 => Some(regs::of(lane, 3) as u32),
        5 => Some(regs::of(lane, 4) as u32),
        6 => Some(regs::of(lane, 5) as u32),
        plan::PAIR_0 => pair(0, 0),
        9 => pair(0, 1),
        plan::PAIR_3 => pair(3, 0),
        11 => pair(3, 1),
        _ => None,
    }
}

/// What the files of the current call are, as far as the agent knows them: their ids go into its header. The answer is
/// true when the agent must first be told of one, which is then in the lane.
#[inline(always)]
pub(crate) fn find(task: *const c_void, lane: &mut Lane) -> bool {
    let mut n = 0;
    while n < 2 {
        if n >= lane.file {
            let place = (lane.plan >> (plan::FIRST + 4 * n)) & plan::PLACE;
            let file = descriptor(lane, place).and_then(|fd| open(task, fd));
            if let Some(file) = file {
                let fresh = place == plan::RESULT && lane.plan & plan::MAKES != 0;
                if fresh || !is_told(file, lane.header.ts) {
                    lane.file = n;
                    lane.telling = file as u64;
                    return true;
                }
                lane.header.files[n as usize & 1] = file as u64;
            }
        }
        n += 1;
    }
    false
}

/// Whether the agent was told of a file, and so early that it will have heard of it before it sees an event of time `ts`.
#[inline(always)]
fn is_told(file: *const c_void, ts: u64) -> bool {
    let Some(opened) = Opened::of(file) else { return false };
    // SAFETY: compared before anything can replace it; a torn value only means that the file is told again.
    unsafe { FILES.get(file as u64) }.is_some_and(|told| told.identity == opened.identity && told.ts <= ts)
}

/// An open file, with what tells it from others.
struct Opened {
    inode: *const c_void,
    mode: u16,
    sk: Option<*const c_void>,
    identity: Identity,
}

impl Opened {
    #[inline(always)]
    fn of(file: *const c_void) -> Option<Self> {
        let inode = pointer(file, Field::FileInode)?;
        let place = Place::of(file, Field::FilePath)?;
        let mode = read::<u16>(inode, Field::InodeMode)?;
        let sk = if mode & S_IFMT == S_IFSOCK { socket::of(file) } else { None };
        let identity = Identity {
            inode: read(inode, Field::InodeIno)?,
            dentry: place.dentry,
            name: read(place.dentry as *const c_void, Field::DentryHashLen)?,
            ops: read(file, Field::FileOps)?,
            socket: sk.map_or(Socket::NONE, socket::ends),
        };
        Some(Self { inode, mode, sk, identity })
    }
}

/// Tells the agent of the file in the lane, and goes on to the next.
#[inline(always)]
pub(crate) fn tell(cpu: u32, hook: u32, lane: &mut Lane) {
    let file = lane.telling as *const c_void;
    if let Some(identity) = send(cpu, hook, lane, file) {
        // The self-test's records are not kept by the agent.
        if MODE.get(0).map(|mode| mode & mode::MASK) == Some(mode::LIVE) {
            let _ = FILES.insert(file as u64, Told { identity, ts: lane.header.ts }, 0);
        }
        lane.header.files[lane.file as usize & 1] = file as u64;
    }
    lane.file += 1;
}

/// What the namespace that a file stands for is called (`net`): its dentry has no name.
/// <https://github.com/torvalds/linux/blob/v6.12/fs/nsfs.c#L46>
#[inline(always)]
fn namespace(file: *const c_void) -> Option<*const c_void> {
    let inode = pointer(file, Field::FileInode)?;
    if read::<u64>(pointer(inode, Field::InodeSb)?, Field::SbMagic)? != NSFS_MAGIC {
        return None;
    }
    pointer(pointer(pointer(inode, Field::InodePrivate)?, Field::NsOps)?, Field::NsOpsName)
}

#[inline(always)]
fn send(cpu: u32, hook: u32, lane: &mut Lane, file: *const c_void) -> Option<Identity> {
    let mut builder = Builder::begin(cpu, hook, lane, Kind::File)?;
    // First of all, since the walk is long: so the verifier comes to it but once.
    let bits = match namespace(file) {
        Some(name) => {
            builder.open();
            builder.kernel_string(name as u64, NAME);
            builder.close(FileBytes::Path as usize, false);
            DETACHED
        }
        None => path::append(&mut builder, FileBytes::Path as usize, Place::of(file, Field::FilePath)),
    };
    builder.word(FileWord::Bits as usize, bits);
    let Some(opened) = Opened::of(file) else {
        builder.give_up(lane);
        return None;
    };
    let sb = pointer(opened.inode, Field::InodeSb);
    let dev = sb.and_then(|sb| read::<u32>(sb, Field::SbDev)).unwrap_or(0);
    let magic = sb.and_then(|sb| read::<u64>(sb, Field::SbMagic)).unwrap_or(0);
    builder.word(FileWord::Id as usize, file as u64);
    builder.word(FileWord::Inode as usize, opened.identity.inode);
    builder.word(FileWord::DevMode as usize, u64::from(dev) | (u64::from(opened.mode) << 32));
    builder.word(FileWord::Magic as usize, magic);
    let flags = read::<u32>(file, Field::FileFlags).unwrap_or(0);
    builder.word(FileWord::Flags as usize, u64::from(flags));
    let bits = builder.read_word(FileWord::Bits as usize);
    builder.word(FileWord::Bits as usize, bits | kernel::overlay(opened.inode));
    socket::put(&mut builder, opened.sk, &opened.identity.socket);
    let header = lane.header;
    if builder.send(cpu, lane, header) { Some(opened.identity) } else { None }
}
