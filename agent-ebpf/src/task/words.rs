// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The words of a task's record.

use core::ffi::c_void;

use agent_common::{
    kernel::Field,
    state::{TaskWord, file},
};

use crate::{
    kernel::{self, pointer, read},
    room::Builder,
};

/// Places of `signal_struct.pids`: <https://github.com/torvalds/linux/blob/v6.12/include/linux/pid_types.h#L5>
const PIDTYPE_TGID: usize = 1;
const PIDTYPE_PGID: usize = 2;
const PIDTYPE_SID: usize = 3;

/// Writes words, and notes which could be read.
struct Words<'a> {
    builder: &'a mut Builder,
    known: u64,
}

impl Words<'_> {
    #[inline(always)]
    fn put(&mut self, word: TaskWord, value: Option<u64>) {
        if value.is_some() {
            self.known |= 1 << word as usize;
        }
        self.builder.word(word as usize, value.unwrap_or(0));
    }

    #[inline(always)]
    fn pair(&mut self, word: TaskWord, low: Option<u32>, high: Option<u32>) {
        let value = match (low, high) {
            (Some(low), Some(high)) => Some(u64::from(low) | (u64::from(high) << 32)),
            _ => None,
        };
        self.put(word, value);
    }
}

/// Writes all words. The bits of the executable's path are there already.
#[inline(always)]
pub(super) fn put(builder: &mut Builder, task: *const c_void, exe: Option<*const c_void>) {
    let mut words = Words { builder, known: 0 };
    let leader = pointer(task, Field::TaskGroupLeader);
    words.put(TaskWord::Start, read(task, Field::TaskStartBoottime));
    words.put(TaskWord::ProcessStart, leader.and_then(|leader| read(leader, Field::TaskStartBoottime)));
    words.pair(TaskWord::Login, read(task, Field::TaskLoginuid), read(task, Field::TaskSessionid));
    let fs = |task| read::<u64>(task, Field::TaskFs);
    words.put(TaskWord::OwnFs, Some(u64::from(fs(task) != leader.and_then(fs))));
    credentials(&mut words, task);
    let signal = pointer(task, Field::TaskSignal);
    ids(&mut words, task, signal);
    namespaces(&mut words, task);
    words.put(TaskWord::Tty, signal.and_then(tty));
    executable(&mut words, exe);
    let known = words.known;
    builder.word(TaskWord::Known as usize, known);
}

/// Credentials: those that the task acts on others by are its own, unless it overrides them for a moment.
#[inline(always)]
fn credentials(words: &mut Words<'_>, task: *const c_void) {
    let cred = pointer(task, Field::TaskRealCred);
    let id = |field| read::<u32>(cred?, field);
    let capabilities = |field| read::<u64>(cred?, field);
    words.pair(TaskWord::Uids, id(Field::CredUid), id(Field::CredEuid));
    words.pair(TaskWord::Gids, id(Field::CredGid), id(Field::CredEgid));
    words.put(TaskWord::CapPermitted, capabilities(Field::CredPermitted));
    words.put(TaskWord::CapEffective, capabilities(Field::CredEffective));
    words.put(TaskWord::CapInheritable, capabilities(Field::CredInheritable));
}

/// The number of a `struct pid` at `level` namespaces deep, and that namespace; none where it is not seen so deep:
/// <https://github.com/torvalds/linux/blob/v6.12/kernel/pid.c#L478>
#[inline(always)]
fn number(pid: *const c_void, level: u32) -> Option<(u32, *const c_void)> {
    if level > read::<u32>(pid, Field::PidLevel)? {
        return None;
    }
    let size = kernel::offset(Field::UpidSize)?;
    // No more than `MAX_PID_NS_LEVEL`; the bound is for the verifier's peace.
    let upid = kernel::inside(pid, Field::PidNumbers)?.wrapping_byte_add(size * (level as usize & 0x3f));
    // The number is the first member.
    // SAFETY: the helper checks the address.
    let nr = unsafe { aya_ebpf::helpers::bpf_probe_read_kernel(upid.cast::<u32>()).ok()? };
    Some((nr, pointer(upid, Field::UpidNs)?))
}

/// Ids in the initial namespace and in the task's own.
#[inline(always)]
fn ids(words: &mut Words<'_>, task: *const c_void, signal: Option<*const c_void>) {
    let thread = pointer(task, Field::TaskThreadPid);
    let level = thread.and_then(|pid| read::<u32>(pid, Field::PidLevel)).unwrap_or(0);
    let of = |kind: usize| {
        let pids = kernel::inside(signal?, Field::SignalPids)?;
        // SAFETY: the helper checks the address.
        unsafe { aya_ebpf::helpers::bpf_probe_read_kernel(pids.cast::<*const c_void>().wrapping_add(kind)).ok() }
    };
    let namespace = thread.and_then(|pid| number(pid, level)).map(|(_, namespace)| namespace);
    let at = |pid: Option<*const c_void>, level| pid.and_then(|pid| number(pid, level)).map(|(nr, _)| nr);
    // 0 is how the kernel shows who is outside of the namespace.
    let own = |pid: Option<*const c_void>| match number(pid?, level) {
        Some((nr, of)) if Some(of) == namespace => Some(nr),
        _ => Some(0),
    };
    let (group, session) = (of(PIDTYPE_PGID), of(PIDTYPE_SID));
    words.pair(TaskWord::Vids, own(of(PIDTYPE_TGID)), own(thread));
    words.pair(TaskWord::Groups, at(group, 0), at(session, 0));
    words.pair(TaskWord::Vgroups, own(group), own(session));
    let inum = namespace.and_then(|namespace| read(namespace, Field::PidnsInum));
    let nsproxy = pointer(task, Field::TaskNsproxy);
    words.pair(TaskWord::NsMntPid, inum_of(nsproxy, Field::NsproxyMnt, Field::MntnsInum), inum);
    let reaper = namespace.and_then(|namespace| pointer(namespace, Field::PidnsReaper));
    words.put(TaskWord::PidnsStart, reaper.and_then(|reaper| read(reaper, Field::TaskStartBoottime)));
}

/// The inode number of the namespace that a field of `base` points to.
#[inline(always)]
fn inum_of(base: Option<*const c_void>, field: Field, inum: Field) -> Option<u32> {
    read(pointer(base?, field)?, inum)
}

#[inline(always)]
fn namespaces(words: &mut Words<'_>, task: *const c_void) {
    let nsproxy = pointer(task, Field::TaskNsproxy);
    let cred = pointer(task, Field::TaskRealCred);
    let of = |field, inum| inum_of(nsproxy, field, inum);
    words.pair(
        TaskWord::NsNetUser,
        of(Field::NsproxyNet, Field::NetnsInum),
        inum_of(cred, Field::CredUserNs, Field::UsernsInum),
    );
    words.pair(TaskWord::NsUtsIpc, of(Field::NsproxyUts, Field::UtsnsInum), of(Field::NsproxyIpc, Field::IpcnsInum));
    words.pair(TaskWord::NsCgroup, of(Field::NsproxyCgroup, Field::CgroupnsInum), Some(0));
}

/// The controlling terminal's device number, 0 for none: `tty_devnum`,
/// <https://github.com/torvalds/linux/blob/v6.12/drivers/tty/tty_io.c#L3217>
#[inline(always)]
fn tty(signal: *const c_void) -> Option<u64> {
    let tty = pointer(signal, Field::SignalTty)?;
    if tty.is_null() {
        return Some(0);
    }
    let driver = pointer(tty, Field::TtyDriver)?;
    let major = read::<u32>(driver, Field::TtyDriverMajor)?;
    let minor = read::<u32>(driver, Field::TtyDriverMinor)?.wrapping_add(read::<u32>(tty, Field::TtyIndex)?);
    Some(u64::from((major << 20) | (minor & 0xf_ffff)))
}

#[inline(always)]
fn executable(words: &mut Words<'_>, exe: Option<*const c_void>) {
    let inode = exe.and_then(|exe| pointer(exe, Field::FileInode));
    let bits = words.builder.read_word(TaskWord::ExeBits as usize);
    let of = |field| read::<u32>(inode?, field);
    words.put(TaskWord::ExeInode, inode.and_then(|inode| read(inode, Field::InodeIno)));
    let sb = inode.and_then(|inode| pointer(inode, Field::InodeSb));
    let mode = inode.and_then(|inode| read::<u16>(inode, Field::InodeMode)).map(u32::from);
    words.pair(TaskWord::ExeDevMode, sb.and_then(|sb| read(sb, Field::SbDev)), mode);
    words.pair(TaskWord::ExeOwner, of(Field::InodeUid), of(Field::InodeGid));
    let time = |sec, nsec, long| time(inode?, sec, nsec, long);
    words.put(TaskWord::ExeCtime, time(Field::InodeCtimeSec, Field::InodeCtimeNsec, Field::InodeCtimeNsecLong));
    words.put(TaskWord::ExeMtime, time(Field::InodeMtimeSec, Field::InodeMtimeNsec, Field::InodeMtimeNsecLong));
    let bits = inode.map(|inode| (bits & (file::DELETED | file::DETACHED)) | kernel::overlay(inode));
    words.put(TaskWord::ExeBits, bits);
}

/// A time of an inode, in nanoseconds. Since 6.13 the topmost bits of the change time's nanoseconds are the kernel's own:
/// <https://github.com/torvalds/linux/blob/v6.13/include/linux/fs.h#L1658>
#[inline(always)]
fn time(inode: *const c_void, sec: Field, nsec: Field, long: Field) -> Option<u64> {
    let sec = read::<u64>(inode, sec)?;
    let nsec = match read::<u32>(inode, nsec) {
        Some(nsec) => u64::from(nsec & 0x3fff_ffff),
        None => read::<u64>(inode, long)?,
    };
    Some(sec.wrapping_mul(1_000_000_000).wrapping_add(nsec))
}
