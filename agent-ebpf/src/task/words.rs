// SPDX-License-Identifier: MIT OR GPL-2.0-only
//! The words of a task's record.

use core::{ffi::c_void, mem::MaybeUninit};

use agent_common::{
    kernel::Field,
    state::{TaskWord, file},
};

use aya_ebpf::helpers::generated;

use crate::{
    kernel::{self, pointer_or_null as pointer, read_to},
    room::Builder,
};

/// Places of `signal_struct.pids`: <https://github.com/torvalds/linux/blob/v6.12/include/linux/pid_types.h#L5>
const PIDTYPE_TGID: usize = 1;
const PIDTYPE_PGID: usize = 2;
const PIDTYPE_SID: usize = 3;

/// Writes words, and notes which could be read. What is known stands in the record and values go straight there, so that
/// nothing is left in registers that tells the paths through one word apart from each other: verifiers before 6.2 would
/// walk the next word once for each of them.
struct Words<'a> {
    builder: &'a mut Builder,
}

/// A half of a word.
#[derive(Clone, Copy)]
enum Half {
    Low,
    High,
}

impl Words<'_> {
    /// The word stands as it is if `status` is not negative.
    #[inline(always)]
    fn settle(&mut self, word: TaskWord, status: i64) {
        if status < 0 {
            self.builder.word(word as usize, 0);
        } else {
            let known = self.builder.read_word(TaskWord::Known as usize) | (1 << word as usize);
            self.builder.word(TaskWord::Known as usize, known);
        }
    }

    #[inline(always)]
    fn put(&mut self, word: TaskWord, value: u64, status: i64) {
        self.builder.word(word as usize, value);
        self.settle(word, status);
    }

    /// The word is a field of eight bytes.
    #[inline(always)]
    fn take(&mut self, word: TaskWord, base: *const c_void, field: Field) {
        // SAFETY: a word of the record.
        let status = unsafe { read_to(self.builder.place(word as usize), base, field) };
        self.settle(word, status);
    }

    #[inline(always)]
    fn half(&mut self, word: TaskWord, half: Half) -> *mut u32 {
        // SAFETY: inside the word.
        unsafe { self.builder.place(word as usize).cast::<u32>().add(half as usize) }
    }

    /// Half of the word is a field of four bytes; negative when it can't be read.
    #[inline(always)]
    fn read(&mut self, word: TaskWord, half: Half, base: *const c_void, field: Field) -> i64 {
        // SAFETY: half a word of the record.
        unsafe { read_to(self.half(word, half), base, field) }
    }

    #[inline(always)]
    fn write(&mut self, word: TaskWord, half: Half, value: u32) {
        // SAFETY: half a word of the record.
        unsafe { self.half(word, half).write(value) };
    }

    /// The word is two fields of the struct at `base`.
    #[inline(always)]
    fn pair(&mut self, word: TaskWord, base: *const c_void, low: Field, high: Field) {
        let status = self.read(word, Half::Low, base, low) | self.read(word, Half::High, base, high);
        self.settle(word, status);
    }
}

/// A field; all zeroes when it can't be read, and then the status is negative.
#[inline(always)]
fn read<T: Copy>(base: *const c_void, field: Field) -> (T, i64) {
    let mut to = MaybeUninit::<T>::uninit();
    // SAFETY: the value is there in either case; all zeroes is one of every field.
    unsafe {
        let status = read_to(to.as_mut_ptr(), base, field);
        (to.assume_init(), status)
    }
}

/// Writes all words. The bits of the executable's path are there already.
#[inline(always)]
pub(super) fn put(builder: &mut Builder, task: *const c_void, exe: *const c_void) {
    builder.word(TaskWord::Known as usize, 0);
    let mut words = Words { builder };
    let leader = pointer(task, Field::TaskGroupLeader);
    words.take(TaskWord::Start, task, Field::TaskStartBoottime);
    words.take(TaskWord::ProcessStart, leader, Field::TaskStartBoottime);
    words.pair(TaskWord::Login, task, Field::TaskLoginuid, Field::TaskSessionid);
    let fs = |task| pointer(task, Field::TaskFs);
    words.put(TaskWord::OwnFs, u64::from(fs(task) != fs(leader)), 0);
    credentials(&mut words, task);
    let signal = pointer(task, Field::TaskSignal);
    ids(&mut words, task, signal);
    namespaces(&mut words, task);
    tty(&mut words, signal);
    executable(&mut words, exe);
}

/// Credentials: those that the task acts on others by are its own, unless it overrides them for a moment.
#[inline(always)]
fn credentials(words: &mut Words<'_>, task: *const c_void) {
    let cred = pointer(task, Field::TaskRealCred);
    words.pair(TaskWord::Uids, cred, Field::CredUid, Field::CredEuid);
    words.pair(TaskWord::Gids, cred, Field::CredGid, Field::CredEgid);
    words.take(TaskWord::CapPermitted, cred, Field::CredPermitted);
    words.take(TaskWord::CapEffective, cred, Field::CredEffective);
    words.take(TaskWord::CapInheritable, cred, Field::CredInheritable);
}

/// A task's number in a namespace.
struct Number {
    /// 0 where it is not seen.
    nr: u32,
    /// Null where it is not seen.
    namespace: *const c_void,
    /// Negative when it could not be found out.
    status: i64,
}

/// The number of a `struct pid` at `level` namespaces deep, and that namespace:
/// <https://github.com/torvalds/linux/blob/v6.12/kernel/pid.c#L478>
#[inline(always)]
fn number(pid: *const c_void, level: u32) -> Number {
    let none = |status| Number { nr: 0, namespace: core::ptr::null(), status };
    let (deepest, status) = read::<u32>(pid, Field::PidLevel);
    if level > deepest {
        return none(status);
    }
    let (Some(size), Some(numbers)) = (kernel::offset(Field::UpidSize), kernel::inside(pid, Field::PidNumbers)) else {
        return none(-1);
    };
    // No more than `MAX_PID_NS_LEVEL`; the bound is for the verifier's peace.
    let upid = numbers.wrapping_byte_add(size * (level as usize & 0x3f));
    // The number is the first member.
    // SAFETY: the helper checks the address.
    let nr = unsafe { aya_ebpf::helpers::bpf_probe_read_kernel(upid.cast::<u32>()) }.unwrap_or(0);
    Number { nr, namespace: pointer(upid, Field::UpidNs), status }
}

/// Ids in the initial namespace and in the task's own.
#[inline(always)]
fn ids(words: &mut Words<'_>, task: *const c_void, signal: *const c_void) {
    let thread = pointer(task, Field::TaskThreadPid);
    let (level, _) = read::<u32>(thread, Field::PidLevel);
    let of = |kind: usize| {
        let pids = kernel::inside(signal, Field::SignalPids).unwrap_or(core::ptr::null());
        let mut to = MaybeUninit::<*const c_void>::uninit();
        // SAFETY: the helper checks the address, and writes in either case.
        unsafe {
            generated::bpf_probe_read_kernel(
                to.as_mut_ptr().cast(),
                size_of::<*const c_void>() as u32,
                pids.cast::<*const c_void>().wrapping_add(kind).cast(),
            );
            to.assume_init()
        }
    };
    let namespace = words.builder.hide(number(thread, level).namespace as u64) as *const c_void;
    // 0 is how the kernel shows who is outside of the namespace.
    let own = |words: &mut Words<'_>, word, half, pid| {
        let number = number(pid, level);
        words.write(word, half, if number.namespace == namespace { number.nr } else { 0 });
        words.builder.hide(number.status as u64) as i64
    };
    let at_top = |words: &mut Words<'_>, word, half, pid| {
        let number = number(pid, 0);
        words.write(word, half, number.nr);
        words.builder.hide(number.status as u64) as i64
    };
    let (group, session) = (of(PIDTYPE_PGID), of(PIDTYPE_SID));
    let word = TaskWord::Vids;
    let status = own(words, word, Half::Low, of(PIDTYPE_TGID)) | own(words, word, Half::High, thread);
    words.settle(word, status);
    let word = TaskWord::Groups;
    let status = at_top(words, word, Half::Low, group) | at_top(words, word, Half::High, session);
    words.settle(word, status);
    let word = TaskWord::Vgroups;
    let status = own(words, word, Half::Low, group) | own(words, word, Half::High, session);
    words.settle(word, status);
    let word = TaskWord::NsMntPid;
    let nsproxy = pointer(task, Field::TaskNsproxy);
    let status = words.read(word, Half::Low, pointer(nsproxy, Field::NsproxyMnt), Field::MntnsInum)
        | words.read(word, Half::High, namespace, Field::PidnsInum);
    words.settle(word, status);
    words.take(TaskWord::PidnsStart, pointer(namespace, Field::PidnsReaper), Field::TaskStartBoottime);
}

#[inline(always)]
fn namespaces(words: &mut Words<'_>, task: *const c_void) {
    let nsproxy = pointer(task, Field::TaskNsproxy);
    let user = pointer(pointer(task, Field::TaskRealCred), Field::CredUserNs);
    let word = TaskWord::NsNetUser;
    let status = words.read(word, Half::Low, pointer(nsproxy, Field::NsproxyNet), Field::NetnsInum)
        | words.read(word, Half::High, user, Field::UsernsInum);
    words.settle(word, status);
    let word = TaskWord::NsUtsIpc;
    let status = words.read(word, Half::Low, pointer(nsproxy, Field::NsproxyUts), Field::UtsnsInum)
        | words.read(word, Half::High, pointer(nsproxy, Field::NsproxyIpc), Field::IpcnsInum);
    words.settle(word, status);
    let word = TaskWord::NsCgroup;
    let status = words.read(word, Half::Low, pointer(nsproxy, Field::NsproxyCgroup), Field::CgroupnsInum);
    words.write(word, Half::High, 0);
    words.settle(word, status);
}

/// The controlling terminal's device number, 0 for none: `tty_devnum`,
/// <https://github.com/torvalds/linux/blob/v6.12/drivers/tty/tty_io.c#L3217>
#[inline(always)]
fn tty(words: &mut Words<'_>, signal: *const c_void) {
    let (tty, status) = read::<*const c_void>(signal, Field::SignalTty);
    if tty.is_null() {
        return words.put(TaskWord::Tty, 0, status);
    }
    let driver = pointer(tty, Field::TtyDriver);
    let (major, first) = read::<u32>(driver, Field::TtyDriverMajor);
    let (start, second) = read::<u32>(driver, Field::TtyDriverMinor);
    let (index, third) = read::<u32>(tty, Field::TtyIndex);
    let minor = start.wrapping_add(index) & 0xf_ffff;
    words.put(TaskWord::Tty, u64::from((major << 20) | minor), first | second | third);
}

#[inline(always)]
fn executable(words: &mut Words<'_>, exe: *const c_void) {
    let (inode, status) = read::<*const c_void>(exe, Field::FileInode);
    words.take(TaskWord::ExeInode, inode, Field::InodeIno);
    let word = TaskWord::ExeDevMode;
    let (mode, mode_status) = read::<u16>(inode, Field::InodeMode);
    let dev_status = words.read(word, Half::Low, pointer(inode, Field::InodeSb), Field::SbDev);
    words.write(word, Half::High, u32::from(mode));
    words.settle(word, mode_status | dev_status);
    words.pair(TaskWord::ExeOwner, inode, Field::InodeUid, Field::InodeGid);
    time(words, TaskWord::ExeCtime, inode, (Field::InodeCtimeSec, Field::InodeCtimeNsec, Field::InodeCtimeNsecLong));
    time(words, TaskWord::ExeMtime, inode, (Field::InodeMtimeSec, Field::InodeMtimeNsec, Field::InodeMtimeNsecLong));
    let bits = words.builder.read_word(TaskWord::ExeBits as usize) & (file::DELETED | file::DETACHED);
    words.put(TaskWord::ExeBits, bits | kernel::overlay(inode), status);
}

/// A time of an inode, in nanoseconds. Since 6.13 the topmost bits of the change time's nanoseconds are the kernel's own:
/// <https://github.com/torvalds/linux/blob/v6.13/include/linux/fs.h#L1658>
#[inline(always)]
fn time(words: &mut Words<'_>, word: TaskWord, inode: *const c_void, (sec, nsec, long): (Field, Field, Field)) {
    let (sec, status) = read::<u64>(inode, sec);
    let (nsec, nsec_status) = if kernel::offset(nsec).is_some() {
        let (nsec, status) = read::<u32>(inode, nsec);
        (u64::from(nsec & 0x3fff_ffff), status)
    } else {
        read::<u64>(inode, long)
    };
    words.put(word, sec.wrapping_mul(1_000_000_000).wrapping_add(nsec), status | nsec_status);
}
