// SPDX-License-Identifier: Apache-2.0

use std::mem::offset_of;

use proptest::prelude::{any, prop_assert, proptest};

use super::{members::extent, *};
use crate::decode::visit::recorder::record;

const MACHINES: [(Machine, Abi); 3] =
    [(Machine::X86_64, Abi::Native), (Machine::Aarch64, Abi::Native), (Machine::I386, Abi::I386)];

fn shown(layout: Layout, abi: Abi, bytes: &[u8]) -> String {
    record(|v| visit(layout, abi, bytes, v))
}

/// Name and offset of the members of a struct.
fn places(list: &'static [Member], machine: Machine) -> Vec<(&'static str, usize)> {
    let (mut end, mut places) = (0_usize, Vec::new());
    for member in list {
        let (size, align) = member.kind.extent(machine);
        let at = end.next_multiple_of(align);
        end = at + size;
        places.push((member.name, at));
    }
    places
}

fn structure(layout: Layout, machine: Machine) -> Option<&'static [Member]> {
    if let Shape::Struct(list) = shape(layout, machine) { Some(list) } else { None }
}

/// Structs, their sizes, and the offsets of members.
type Places = &'static [(Layout, usize, &'static [(&'static str, usize)])];

/// What `gcc -m32` makes of the kernel's headers.
const I386: Places = &[
    (Layout::Timespec, 8, &[("tv_sec", 0), ("tv_nsec", 4)]),
    (Layout::Timespec64, 16, &[("tv_sec", 0), ("tv_nsec", 8)]),
    (Layout::Timeval, 8, &[("tv_sec", 0), ("tv_usec", 4)]),
    (Layout::Timezone, 8, &[("tz_minuteswest", 0), ("tz_dsttime", 4)]),
    (Layout::Itimerval, 16, &[("it_interval", 0), ("it_value", 8)]),
    (Layout::Itimerspec, 16, &[("it_interval", 0), ("it_value", 8)]),
    (Layout::Itimerspec64, 32, &[("it_interval", 0), ("it_value", 16)]),
    (Layout::Utimbuf, 8, &[("actime", 0), ("modtime", 4)]),
    (Layout::Rlimit, 8, &[("rlim_cur", 0), ("rlim_max", 4)]),
    (Layout::Rlimit64, 16, &[("rlim_cur", 0), ("rlim_max", 8)]),
    (
        Layout::Rusage,
        72,
        &[
            ("ru_utime", 0),
            ("ru_stime", 8),
            ("ru_maxrss", 16),
            ("ru_minflt", 32),
            ("ru_majflt", 36),
            ("ru_inblock", 44),
            ("ru_oublock", 48),
            ("ru_nsignals", 60),
            ("ru_nvcsw", 64),
            ("ru_nivcsw", 68),
        ],
    ),
    (Layout::Tms, 16, &[("tms_utime", 0), ("tms_stime", 4), ("tms_cutime", 8), ("tms_cstime", 12)]),
    (
        Layout::Sysinfo,
        64,
        &[
            ("uptime", 0),
            ("loads", 4),
            ("totalram", 16),
            ("freeswap", 36),
            ("procs", 40),
            ("totalhigh", 44),
            ("freehigh", 48),
            ("mem_unit", 52),
        ],
    ),
    (Layout::Pollfd, 8, &[("fd", 0), ("events", 4), ("revents", 6)]),
    (Layout::EpollEvent, 12, &[("events", 0), ("data", 4)]),
    (Layout::OpenHow, 24, &[("flags", 0), ("mode", 8), ("resolve", 16)]),
    (
        Layout::CloneArgs,
        88,
        &[("flags", 0), ("pidfd", 8), ("exit_signal", 32), ("stack", 40), ("tls", 56), ("set_tid", 64), ("cgroup", 80)],
    ),
    (Layout::Stack, 12, &[("ss_sp", 0), ("ss_flags", 4), ("ss_size", 8)]),
    (
        Layout::SchedAttr,
        56,
        &[
            ("size", 0),
            ("sched_policy", 4),
            ("sched_flags", 8),
            ("sched_nice", 16),
            ("sched_priority", 20),
            ("sched_runtime", 24),
            ("sched_deadline", 32),
            ("sched_period", 40),
            ("sched_util_min", 48),
            ("sched_util_max", 52),
        ],
    ),
    (Layout::CapHeader, 8, &[("version", 0), ("pid", 4)]),
    (Layout::Sembuf, 6, &[("sem_num", 0), ("sem_op", 2), ("sem_flg", 4)]),
    (
        Layout::Statfs,
        64,
        &[
            ("f_type", 0),
            ("f_bsize", 4),
            ("f_blocks", 8),
            ("f_files", 20),
            ("f_ffree", 24),
            ("f_fsid", 28),
            ("f_namelen", 36),
            ("f_frsize", 40),
            ("f_flags", 44),
        ],
    ),
    (
        Layout::Statfs64,
        84,
        &[
            ("f_type", 0),
            ("f_bsize", 4),
            ("f_blocks", 8),
            ("f_files", 32),
            ("f_ffree", 40),
            ("f_fsid", 48),
            ("f_namelen", 56),
            ("f_frsize", 60),
            ("f_flags", 64),
        ],
    ),
    (
        Layout::Stat,
        64,
        &[
            ("st_dev", 0),
            ("st_ino", 4),
            ("st_mode", 8),
            ("st_nlink", 10),
            ("st_uid", 12),
            ("st_gid", 14),
            ("st_rdev", 16),
            ("st_size", 20),
            ("st_blksize", 24),
            ("st_blocks", 28),
            ("st_atime", 32),
            ("st_atime_nsec", 36),
            ("st_mtime", 40),
            ("st_ctime", 48),
            ("st_ctime_nsec", 52),
        ],
    ),
    (
        Layout::Stat64,
        96,
        &[
            ("st_dev", 0),
            ("st_ino", 88),
            ("st_mode", 16),
            ("st_nlink", 20),
            ("st_uid", 24),
            ("st_gid", 28),
            ("st_rdev", 32),
            ("st_size", 44),
            ("st_blksize", 52),
            ("st_blocks", 56),
            ("st_atime", 64),
            ("st_atime_nsec", 68),
            ("st_mtime", 72),
            ("st_ctime", 80),
            ("st_ctime_nsec", 84),
        ],
    ),
    (
        Layout::Statx,
        256,
        &[
            ("stx_mask", 0),
            ("stx_blksize", 4),
            ("stx_attributes", 8),
            ("stx_nlink", 16),
            ("stx_uid", 20),
            ("stx_gid", 24),
            ("stx_mode", 28),
            ("stx_ino", 32),
            ("stx_size", 40),
            ("stx_blocks", 48),
            ("stx_attributes_mask", 56),
            ("stx_atime", 64),
            ("stx_btime", 80),
            ("stx_ctime", 96),
            ("stx_mtime", 112),
            ("stx_rdev_major", 128),
            ("stx_dev_minor", 140),
            ("stx_mnt_id", 144),
            ("stx_dio_mem_align", 152),
            ("stx_dio_offset_align", 156),
            ("stx_subvol", 160),
            ("stx_atomic_write_unit_min", 168),
            ("stx_atomic_write_unit_max", 172),
            ("stx_atomic_write_segments_max", 176),
            ("stx_dio_read_offset_align", 180),
            ("stx_atomic_write_unit_max_opt", 184),
        ],
    ),
    (
        Layout::IoUringParams,
        120,
        &[
            ("sq_entries", 0),
            ("cq_entries", 4),
            ("flags", 8),
            ("sq_thread_cpu", 12),
            ("sq_thread_idle", 16),
            ("features", 20),
            ("wq_fd", 24),
            ("sq_off", 40),
            ("cq_off", 80),
        ],
    ),
    (Layout::MountAttr, 32, &[("attr_set", 0), ("attr_clr", 8), ("propagation", 16), ("userns_fd", 24)]),
    (Layout::IoEvent, 32, &[("data", 0), ("obj", 8), ("res", 16), ("res2", 24)]),
    (Layout::MqAttr, 32, &[("mq_flags", 0), ("mq_maxmsg", 4), ("mq_msgsize", 8), ("mq_curmsgs", 12)]),
    (Layout::FutexWaitv, 24, &[("val", 0), ("uaddr", 8), ("flags", 16)]),
    (Layout::UserDesc, 16, &[("entry_number", 0), ("base_addr", 4), ("limit", 8)]),
    (
        Layout::Utsname,
        390,
        &[("sysname", 0), ("nodename", 65), ("release", 130), ("version", 195), ("machine", 260), ("domainname", 325)],
    ),
    (Layout::Flock, 16, &[("l_type", 0), ("l_whence", 2), ("l_start", 4), ("l_len", 8), ("l_pid", 12)]),
];

/// The same for arm64, as far as it differs from what libc says in the tests below.
const AARCH64: Places = &[
    (Layout::EpollEvent, 16, &[("events", 0), ("data", 8)]),
    (
        Layout::Stat,
        128,
        &[
            ("st_dev", 0),
            ("st_ino", 8),
            ("st_mode", 16),
            ("st_nlink", 20),
            ("st_uid", 24),
            ("st_gid", 28),
            ("st_rdev", 32),
            ("st_size", 48),
            ("st_blksize", 56),
            ("st_blocks", 64),
            ("st_atime", 72),
            ("st_atime_nsec", 80),
            ("st_mtime", 88),
            ("st_ctime", 104),
            ("st_ctime_nsec", 112),
        ],
    ),
];

/// The same for 64-bit x86.
const X86_64: Places = &[
    (Layout::Timespec, 16, &[("tv_sec", 0), ("tv_nsec", 8)]),
    (Layout::Timespec64, 16, &[("tv_sec", 0), ("tv_nsec", 8)]),
    (Layout::Timeval, 16, &[("tv_sec", 0), ("tv_usec", 8)]),
    (Layout::Timezone, 8, &[("tz_minuteswest", 0), ("tz_dsttime", 4)]),
    (Layout::Itimerval, 32, &[("it_interval", 0), ("it_value", 16)]),
    (Layout::Itimerspec, 32, &[("it_interval", 0), ("it_value", 16)]),
    (Layout::Itimerspec64, 32, &[("it_interval", 0), ("it_value", 16)]),
    (Layout::Utimbuf, 16, &[("actime", 0), ("modtime", 8)]),
    (Layout::Rlimit, 16, &[("rlim_cur", 0), ("rlim_max", 8)]),
    (Layout::Rlimit64, 16, &[("rlim_cur", 0), ("rlim_max", 8)]),
    (
        Layout::Rusage,
        144,
        &[
            ("ru_utime", 0),
            ("ru_stime", 16),
            ("ru_maxrss", 32),
            ("ru_minflt", 64),
            ("ru_majflt", 72),
            ("ru_inblock", 88),
            ("ru_oublock", 96),
            ("ru_nsignals", 120),
            ("ru_nvcsw", 128),
            ("ru_nivcsw", 136),
        ],
    ),
    (Layout::Tms, 32, &[("tms_utime", 0), ("tms_stime", 8), ("tms_cutime", 16), ("tms_cstime", 24)]),
    (
        Layout::Sysinfo,
        112,
        &[
            ("uptime", 0),
            ("loads", 8),
            ("totalram", 32),
            ("freeswap", 72),
            ("procs", 80),
            ("totalhigh", 88),
            ("freehigh", 96),
            ("mem_unit", 104),
        ],
    ),
    (Layout::Pollfd, 8, &[("fd", 0), ("events", 4), ("revents", 6)]),
    (Layout::EpollEvent, 12, &[("events", 0), ("data", 4)]),
    (Layout::OpenHow, 24, &[("flags", 0), ("mode", 8), ("resolve", 16)]),
    (
        Layout::CloneArgs,
        88,
        &[("flags", 0), ("pidfd", 8), ("exit_signal", 32), ("stack", 40), ("tls", 56), ("set_tid", 64), ("cgroup", 80)],
    ),
    (Layout::Sigaction, 32, &[("sa_flags", 8), ("sa_restorer", 16), ("sa_mask", 24)]),
    (Layout::Stack, 24, &[("ss_sp", 0), ("ss_flags", 8), ("ss_size", 16)]),
    (
        Layout::SchedAttr,
        56,
        &[
            ("size", 0),
            ("sched_policy", 4),
            ("sched_flags", 8),
            ("sched_nice", 16),
            ("sched_priority", 20),
            ("sched_runtime", 24),
            ("sched_deadline", 32),
            ("sched_period", 40),
            ("sched_util_min", 48),
            ("sched_util_max", 52),
        ],
    ),
    (Layout::CapHeader, 8, &[("version", 0), ("pid", 4)]),
    (Layout::Sembuf, 6, &[("sem_num", 0), ("sem_op", 2), ("sem_flg", 4)]),
    (
        Layout::Statfs,
        120,
        &[
            ("f_type", 0),
            ("f_bsize", 8),
            ("f_blocks", 16),
            ("f_files", 40),
            ("f_ffree", 48),
            ("f_fsid", 56),
            ("f_namelen", 64),
            ("f_frsize", 72),
            ("f_flags", 80),
        ],
    ),
    (
        Layout::Statfs64,
        120,
        &[
            ("f_type", 0),
            ("f_bsize", 8),
            ("f_blocks", 16),
            ("f_files", 40),
            ("f_ffree", 48),
            ("f_fsid", 56),
            ("f_namelen", 64),
            ("f_frsize", 72),
            ("f_flags", 80),
        ],
    ),
    (
        Layout::Stat,
        144,
        &[
            ("st_dev", 0),
            ("st_ino", 8),
            ("st_mode", 24),
            ("st_nlink", 16),
            ("st_uid", 28),
            ("st_gid", 32),
            ("st_rdev", 40),
            ("st_size", 48),
            ("st_blksize", 56),
            ("st_blocks", 64),
            ("st_atime", 72),
            ("st_atime_nsec", 80),
            ("st_mtime", 88),
            ("st_ctime", 104),
            ("st_ctime_nsec", 112),
        ],
    ),
    (
        Layout::Statx,
        256,
        &[
            ("stx_mask", 0),
            ("stx_blksize", 4),
            ("stx_attributes", 8),
            ("stx_nlink", 16),
            ("stx_uid", 20),
            ("stx_gid", 24),
            ("stx_mode", 28),
            ("stx_ino", 32),
            ("stx_size", 40),
            ("stx_blocks", 48),
            ("stx_attributes_mask", 56),
            ("stx_atime", 64),
            ("stx_btime", 80),
            ("stx_ctime", 96),
            ("stx_mtime", 112),
            ("stx_rdev_major", 128),
            ("stx_dev_minor", 140),
            ("stx_mnt_id", 144),
            ("stx_dio_mem_align", 152),
            ("stx_dio_offset_align", 156),
            ("stx_subvol", 160),
            ("stx_atomic_write_unit_min", 168),
            ("stx_atomic_write_unit_max", 172),
            ("stx_atomic_write_segments_max", 176),
            ("stx_dio_read_offset_align", 180),
            ("stx_atomic_write_unit_max_opt", 184),
        ],
    ),
    (
        Layout::IoUringParams,
        120,
        &[
            ("sq_entries", 0),
            ("cq_entries", 4),
            ("flags", 8),
            ("sq_thread_cpu", 12),
            ("sq_thread_idle", 16),
            ("features", 20),
            ("wq_fd", 24),
            ("sq_off", 40),
            ("cq_off", 80),
        ],
    ),
    (Layout::MountAttr, 32, &[("attr_set", 0), ("attr_clr", 8), ("propagation", 16), ("userns_fd", 24)]),
    (Layout::IoEvent, 32, &[("data", 0), ("obj", 8), ("res", 16), ("res2", 24)]),
    (Layout::MqAttr, 64, &[("mq_flags", 0), ("mq_maxmsg", 8), ("mq_msgsize", 16), ("mq_curmsgs", 24)]),
    (Layout::FutexWaitv, 24, &[("val", 0), ("uaddr", 8), ("flags", 16)]),
    (Layout::UserDesc, 16, &[("entry_number", 0), ("base_addr", 4), ("limit", 8)]),
    (
        Layout::Utsname,
        390,
        &[("sysname", 0), ("nodename", 65), ("release", 130), ("version", 195), ("machine", 260), ("domainname", 325)],
    ),
    (Layout::Flock, 32, &[("l_type", 0), ("l_whence", 2), ("l_start", 8), ("l_len", 16), ("l_pid", 24)]),
];

#[test]
fn members_are_where_compilers_put_them() {
    for (machine, table) in [(Machine::I386, I386), (Machine::Aarch64, AARCH64), (Machine::X86_64, X86_64)] {
        for (layout, _, members) in table {
            let list = structure(*layout, machine).unwrap();
            let places = places(list, machine);
            for (name, want) in *members {
                let place = places.iter().find(|(member, _)| member == name);
                let (_, at) = place.unwrap_or_else(|| panic!("{layout:?} has no {name}"));
                assert_eq!(at, want, "{layout:?}.{name} on {machine:?}");
            }
        }
    }
}

#[test]
fn layouts_are_as_large_as_structs() {
    for (layout, size, _) in I386 {
        assert_eq!(usize::from(layout.size(Abi::I386)), *size, "{layout:?}");
    }
    let native = if agent_common::X86 { X86_64 } else { AARCH64 };
    for (layout, size, _) in native {
        // The probe reads as much of a `struct stat` on arm64 as on x86.
        if agent_common::X86 || *layout != Layout::Stat {
            assert_eq!(usize::from(layout.size(Abi::Native)), *size, "{layout:?}");
        }
    }
}

#[test]
fn members_fit() {
    for layout in Layout::ALL.iter().copied() {
        for (machine, abi) in MACHINES {
            let size = usize::from(layout.size(abi));
            let want = match shape(layout, machine) {
                Shape::Signed32 | Shape::Unsigned32 | Shape::WaitStatus => 4,
                Shape::Unsigned16 => 2,
                Shape::Unsigned64 => 8,
                Shape::Word => members::word(machine),
                Shape::Numbers(count) => 4 * count,
                Shape::Struct(list) => extent(list, machine).0,
                Shape::Pair(list, each) => {
                    assert_eq!(extent(list, machine).0, each, "{layout:?}");
                    2 * each
                }
                Shape::CapData => 24,
                Shape::Siginfo => 48,
                Shape::Sigevent => members::word(machine) + 8 + 2 * members::word(machine),
            };
            // On the machine that this is not, sizes are those of the machine that it is.
            let here = abi == Abi::I386 || (machine == Machine::X86_64) == agent_common::X86;
            assert!(want <= size || !here, "{layout:?} on {machine:?}: {want} > {size}");
        }
    }
}

#[test]
fn unions_fit() {
    for machine in [Machine::X86_64, Machine::Aarch64, Machine::I386] {
        let at = 12_usize.next_multiple_of(members::word(machine));
        for part in [s::SI_KILL, s::SI_RT, s::SI_TIMER, s::SI_EXIT, s::SI_CHILD, s::SI_FAULT, s::SI_POLL, s::SI_SYS] {
            assert!(at + extent(part, machine).0 <= 48);
        }
        for part in [s::SIGEVENT_TID, s::SIGEVENT_THREAD] {
            assert!(extent(s::SIGEVENT, machine).0 + extent(part, machine).0 <= 64);
        }
    }
}

/// Compares layouts with structs of libc: sizes, and offsets of members (`ours: libc's`).
#[test]
fn as_libc_has_them() {
    macro_rules! same {
        ($layout:ident, $struct:ident, { $($name:ident: $member:ident),* $(,)? }) => {{
            let layout = Layout::$layout;
            assert_eq!(size_of::<libc::$struct>(), usize::from(layout.size(Abi::Native)), stringify!($struct));
            let machine = Machine::of(Abi::Native);
            let places = places(structure(layout, machine).unwrap(), machine);
            $(
                let place = places.iter().find(|(name, _)| *name == stringify!($name));
                let (_, at) = place.expect(stringify!($name));
                assert_eq!(offset_of!(libc::$struct, $member), *at, stringify!($struct.$name));
            )*
        }};
    }
    same!(Timespec, timespec, { tv_sec: tv_sec, tv_nsec: tv_nsec });
    same!(Timeval, timeval, { tv_sec: tv_sec, tv_usec: tv_usec });
    same!(Itimerval, itimerval, { it_interval: it_interval, it_value: it_value });
    same!(Itimerspec, itimerspec, { it_interval: it_interval, it_value: it_value });
    same!(Utimbuf, utimbuf, { actime: actime, modtime: modtime });
    same!(Rlimit, rlimit, { rlim_cur: rlim_cur, rlim_max: rlim_max });
    same!(Rlimit64, rlimit64, { rlim_cur: rlim_cur, rlim_max: rlim_max });
    same!(Rusage, rusage, {
        ru_utime: ru_utime, ru_stime: ru_stime, ru_maxrss: ru_maxrss, ru_ixrss: ru_ixrss, ru_idrss: ru_idrss,
        ru_isrss: ru_isrss, ru_minflt: ru_minflt, ru_majflt: ru_majflt, ru_nswap: ru_nswap,
        ru_inblock: ru_inblock, ru_oublock: ru_oublock, ru_msgsnd: ru_msgsnd, ru_msgrcv: ru_msgrcv,
        ru_nsignals: ru_nsignals, ru_nvcsw: ru_nvcsw, ru_nivcsw: ru_nivcsw,
    });
    same!(Tms, tms, { tms_utime: tms_utime, tms_stime: tms_stime, tms_cutime: tms_cutime, tms_cstime: tms_cstime });
    same!(Sysinfo, sysinfo, {
        uptime: uptime, loads: loads, totalram: totalram, freeram: freeram, sharedram: sharedram,
        bufferram: bufferram, totalswap: totalswap, freeswap: freeswap, procs: procs, totalhigh: totalhigh,
        freehigh: freehigh, mem_unit: mem_unit,
    });
    same!(Pollfd, pollfd, { fd: fd, events: events, revents: revents });
    same!(EpollEvent, epoll_event, { events: events, data: u64 });
    same!(OpenHow, open_how, { flags: flags, mode: mode, resolve: resolve });
    same!(CloneArgs, clone_args, {
        flags: flags, pidfd: pidfd, child_tid: child_tid, parent_tid: parent_tid, exit_signal: exit_signal,
        stack: stack, stack_size: stack_size, tls: tls, set_tid: set_tid, set_tid_size: set_tid_size,
        cgroup: cgroup,
    });
    same!(Stack, stack_t, { ss_sp: ss_sp, ss_flags: ss_flags, ss_size: ss_size });
    same!(SchedParam, sched_param, { sched_priority: sched_priority });
    same!(Sembuf, sembuf, { sem_num: sem_num, sem_op: sem_op, sem_flg: sem_flg });
    same!(Statfs, statfs, {
        f_type: f_type, f_bsize: f_bsize, f_blocks: f_blocks, f_bfree: f_bfree, f_bavail: f_bavail,
        f_files: f_files, f_ffree: f_ffree, f_fsid: f_fsid, f_namelen: f_namelen, f_frsize: f_frsize,
    });
    same!(Statx, statx, {
        stx_mask: stx_mask, stx_blksize: stx_blksize, stx_attributes: stx_attributes, stx_nlink: stx_nlink,
        stx_uid: stx_uid, stx_gid: stx_gid, stx_mode: stx_mode, stx_ino: stx_ino, stx_size: stx_size,
        stx_blocks: stx_blocks, stx_attributes_mask: stx_attributes_mask, stx_atime: stx_atime,
        stx_btime: stx_btime, stx_ctime: stx_ctime, stx_mtime: stx_mtime, stx_rdev_major: stx_rdev_major,
        stx_rdev_minor: stx_rdev_minor, stx_dev_major: stx_dev_major, stx_dev_minor: stx_dev_minor,
        stx_mnt_id: stx_mnt_id, stx_dio_mem_align: stx_dio_mem_align,
        stx_dio_offset_align: stx_dio_offset_align,
    });
    same!(MountAttr, mount_attr, {
        attr_set: attr_set, attr_clr: attr_clr, propagation: propagation, userns_fd: userns_fd,
    });
    same!(MqAttr, mq_attr, {
        mq_flags: mq_flags, mq_maxmsg: mq_maxmsg, mq_msgsize: mq_msgsize, mq_curmsgs: mq_curmsgs,
    });
    same!(Utsname, utsname, {
        sysname: sysname, nodename: nodename, release: release, version: version, machine: machine,
        domainname: domainname,
    });
    same!(Flock, flock, { l_type: l_type, l_whence: l_whence, l_start: l_start, l_len: l_len, l_pid: l_pid });
    if agent_common::X86 {
        same!(Stat, stat, {
            st_dev: st_dev, st_ino: st_ino, st_mode: st_mode, st_nlink: st_nlink, st_uid: st_uid, st_gid: st_gid,
            st_rdev: st_rdev, st_size: st_size, st_blksize: st_blksize, st_blocks: st_blocks, st_atime: st_atime,
            st_atime_nsec: st_atime_nsec, st_mtime: st_mtime, st_mtime_nsec: st_mtime_nsec, st_ctime: st_ctime,
            st_ctime_nsec: st_ctime_nsec,
        });
    }
    assert_eq!(size_of::<libc::sigevent>(), usize::from(Layout::Sigevent.size(Abi::Native)));
}

/// Numbers of any size, one after the other.
fn bytes(parts: &[(u64, usize)]) -> Vec<u8> {
    parts.iter().flat_map(|(number, size)| number.to_le_bytes()[..*size].to_vec()).collect()
}

fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn ints(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

#[test]
fn numbers() {
    let native = |layout, bytes: &[u8]| shown(layout, Abi::Native, bytes);
    assert_eq!(native(Layout::I32, &(-3_i32).to_ne_bytes()), "-3");
    assert_eq!(native(Layout::U32, &u32::MAX.to_ne_bytes()), "4294967295");
    assert_eq!(native(Layout::U16, &u16::MAX.to_ne_bytes()), "65535");
    assert_eq!(native(Layout::U64, &u64::MAX.to_ne_bytes()), "18446744073709551615");
    assert_eq!(native(Layout::Word, &(-3_i64).to_ne_bytes()), "-3");
    assert_eq!(shown(Layout::Word, Abi::I386, &(-3_i32).to_ne_bytes()), "-3");
    assert_eq!(native(Layout::FdPair, &ints(&[3, 4])), "[3,4]");
    assert_eq!(native(Layout::FdPair, &ints(&[3])), "[3]");
    assert_eq!(native(Layout::I32, &[1, 2]), r#"Data b"\x01\x02"..."#);
    assert_eq!(record(|v| visit_array(Layout::U16, Abi::I386, &[1, 0, 2, 0], true, v)), "[1,2...]");
    assert_eq!(record(|v| visit_array(Layout::Timezone, Abi::Native, &[], false, v)), "[]");
}

#[test]
fn times() {
    let native = |layout, bytes: &[u8]| shown(layout, Abi::Native, bytes);
    assert_eq!(native(Layout::Timespec, &words(&[1, 2])), r#"{"tv_sec":1,"tv_nsec":2}"#);
    assert_eq!(shown(Layout::Timespec, Abi::I386, &ints(&[u32::MAX, 2])), r#"{"tv_sec":-1,"tv_nsec":2}"#);
    assert_eq!(native(Layout::Timespec, &words(&[1])), r#"{"tv_sec":1}"#);
    assert_eq!(native(Layout::Timespec, &[1]), "{}");
    assert_eq!(
        native(Layout::TimespecPair, &words(&[0, (1 << 30) - 1, 0, (1 << 30) - 2])),
        r#"[{"tv_sec":0,"tv_nsec":UTIME_NOW=1073741823},{"tv_sec":0,"tv_nsec":UTIME_OMIT=1073741822}]"#
    );
    // The upper half of 32-bit callers' nanoseconds is garbage.
    assert_eq!(
        shown(Layout::Timespec64, Abi::I386, &words(&[7, 0xdead_beef_0000_0009])),
        r#"{"tv_sec":7,"tv_nsec":9}"#
    );
    assert_eq!(
        native(Layout::Itimerval, &words(&[1, 2, 3])),
        r#"{"it_interval":{"tv_sec":1,"tv_usec":2},"it_value":{"tv_sec":3}}"#
    );
}

#[test]
fn symbols_within() {
    let native = |layout, bytes: &[u8]| shown(layout, Abi::Native, bytes);
    assert_eq!(
        native(Layout::Pollfd, &bytes(&[(3, 4), (1, 2), (0x11, 2)])),
        r#"{"fd":3,"events":"POLLIN","revents":"POLLIN|POLLHUP"}"#
    );
    assert_eq!(
        shown(Layout::EpollEvent, Abi::I386, &bytes(&[(0x8000_0001, 4), (7, 8)])),
        r#"{"events":"EPOLLIN|EPOLLET","data":0x7}"#
    );
    assert_eq!(
        native(Layout::OpenHow, &words(&[(1 << 32) | 0o101, 0o644, 0x8])),
        r#"{"flags":"O_WRONLY|O_CREAT|OPENAT2_REGULAR","mode":0o644,"resolve":"RESOLVE_BENEATH"}"#
    );
    assert_eq!(
        native(Layout::CloneArgs, &words(&[0x1_0000_0180, 0x10, 0, 0, 17])),
        concat!(
            r#"{"flags":"CLONE_VM|CLONE_CLEAR_SIGHAND|CLONE_NEWTIME","pidfd":0x10,"child_tid":0x0,"#,
            r#""parent_tid":0x0,"exit_signal":"SIGCHLD"}"#
        )
    );
    assert_eq!(
        native(Layout::Sigaction, &words(&[1, 0x1400_0004, 0x7f00, 1 << 14])),
        concat!(
            r#"{"sa_handler":"SIG_IGN","sa_flags":"SA_SIGINFO|SA_RESTORER|SA_RESTART","#,
            r#""sa_restorer":0x7f00,"sa_mask":["SIGTERM"]}"#
        )
    );
    assert_eq!(
        shown(Layout::Sigaction, Abi::I386, &ints(&[0x8048000, 0, 0, 1, 1 << 31])),
        r#"{"sa_handler":0x8048000,"sa_flags":"0","sa_restorer":0x0,"sa_mask":["SIGHUP","SIGRT_32"]}"#
    );
    assert_eq!(native(Layout::Rlimit, &words(&[1024, u64::MAX])), r#"{"rlim_cur":1024,"rlim_max":RLIM_INFINITY=-1}"#);
    assert_eq!(
        shown(Layout::Rlimit, Abi::I386, &ints(&[1024, u32::MAX])),
        r#"{"rlim_cur":1024,"rlim_max":RLIM_INFINITY=-1}"#
    );
    assert_eq!(
        native(Layout::CapHeader, &ints(&[0x2008_0522, 5])),
        r#"{"version":"_LINUX_CAPABILITY_VERSION_3","pid":5}"#
    );
    assert_eq!(
        native(Layout::CapData, &ints(&[1 << 21, 0, 1, 1 << 7, 0, 1 << 31])),
        r#"{"effective":"CAP_SYS_ADMIN|CAP_BPF","permitted":"0","inheritable":"CAP_CHOWN|0x8000000000000000"}"#
    );
    assert_eq!(native(Layout::CapData, &ints(&[1])), r#"{"effective":"CAP_CHOWN"}"#);
    assert_eq!(
        native(Layout::Flock, &bytes(&[(1, 2), (0, 2), (0, 4), (10, 8), (u64::MAX, 8), (9, 4)])),
        r#"{"l_type":"F_WRLCK","l_whence":"SEEK_SET","l_start":10,"l_len":-1,"l_pid":9}"#
    );
    assert_eq!(
        native(Layout::Sembuf, &bytes(&[(1, 2), (0xffff, 2), (0o14000, 2)])),
        r#"{"sem_num":1,"sem_op":-1,"sem_flg":"IPC_NOWAIT|SEM_UNDO"}"#
    );
    assert_eq!(
        native(Layout::UserDesc, &ints(&[u32::MAX, 0x1000, 0xfffff, 0x51])),
        concat!(
            r#"{"entry_number":-1,"base_addr":0x1000,"limit":0xfffff,"seg_32bit":1,"contents":0,"#,
            r#""read_exec_only":0,"limit_in_pages":1,"seg_not_present":0,"useable":1,"lm":0}"#
        )
    );
}

#[test]
fn files() {
    let stat = words(&[0x801, 42, 1, (1000 << 32) | 0o100_644, 100, 0x10_0305, 5, 4096, 8, 9]);
    let x86 = record(|v| {
        v.begin_object();
        members(s::stat(Machine::X86_64), Abi::Native, &stat, v);
        v.end_object();
    });
    assert_eq!(
        x86,
        concat!(
            r#"{"st_dev":{"major":8,"minor":1},"st_ino":42,"st_nlink":1,"st_mode":0o100644,"#,
            r#""st_uid":1000,"st_gid":100,"#,
            r#""st_rdev":{"major":3,"minor":261},"st_size":5,"st_blksize":4096,"st_blocks":8,"st_atime":9}"#
        )
    );
    let statfs = words(&[0xef53, 4096, 5, 4, 3, 2, 1, (7 << 32) | 6, 255, 4096, 0x1020]);
    assert_eq!(
        shown(Layout::Statfs, Abi::Native, &statfs),
        concat!(
            r#"{"f_type":"EXT2_SUPER_MAGIC","f_bsize":4096,"f_blocks":5,"f_bfree":4,"f_bavail":3,"#,
            r#""f_files":2,"f_ffree":1,"#,
            r#""f_fsid":[6,7],"f_namelen":255,"f_frsize":4096,"f_flags":"ST_VALID|ST_RELATIME"}"#
        )
    );
    let mut utsname = vec![0; 390];
    utsname[..5].copy_from_slice(b"Linux");
    utsname[65..69].copy_from_slice(b"host");
    assert!(
        shown(Layout::Utsname, Abi::Native, &utsname)
            .starts_with(r#"{"sysname":Str b"Linux","nodename":Str b"host","release":Str b"""#)
    );
}

#[test]
fn wait_statuses() {
    let status = |status: u32| shown(Layout::WaitStatus, Abi::Native, &status.to_ne_bytes());
    assert_eq!(status(0), r#"{"exited":0}"#);
    assert_eq!(status(0x2a00), r#"{"exited":42}"#);
    assert_eq!(status(9), r#"{"signaled":"SIGKILL"}"#);
    assert_eq!(status(0x8b), r#"{"signaled":"SIGSEGV","core":true=1}"#);
    assert_eq!(status(0x137f), r#"{"stopped":"SIGSTOP"}"#);
    assert_eq!(status(0x857f), r#"{"stopped":"SIGTRAP|0x80"}"#);
    assert_eq!(status(0x4057f), r#"{"stopped":"SIGTRAP","event":"PTRACE_EVENT_EXEC"}"#);
    assert_eq!(status(0xffff), r#"{"continued":true=1}"#);
}

#[test]
fn signals() {
    let head = |signo: u32, code: i32| ints(&[signo, 0, code.cast_unsigned(), 0]);
    let info =
        |signo, code, union: &[u8]| shown(Layout::Siginfo, Abi::Native, &[(&*head(signo, code)), union].concat());
    assert_eq!(
        info(15, 0, &ints(&[7, 1000])),
        r#"{"si_signo":"SIGTERM","si_errno":0,"si_code":"SI_USER","si_pid":7,"si_uid":1000}"#
    );
    assert_eq!(
        info(17, 1, &ints(&[7, 1000, 3])),
        r#"{"si_signo":"SIGCHLD","si_errno":0,"si_code":"CLD_EXITED","si_pid":7,"si_uid":1000,"si_status":3}"#
    );
    assert_eq!(
        info(17, 2, &ints(&[7, 1000, 9])),
        r#"{"si_signo":"SIGCHLD","si_errno":0,"si_code":"CLD_KILLED","si_pid":7,"si_uid":1000,"si_status":"SIGKILL"}"#
    );
    assert_eq!(
        info(11, 1, &words(&[0xdead])),
        r#"{"si_signo":"SIGSEGV","si_errno":0,"si_code":"SEGV_MAPERR","si_addr":0xdead}"#
    );
    assert_eq!(
        info(34, -1, &words(&[(5 << 32) | 4, 6])),
        r#"{"si_signo":"SIGRT_2","si_errno":0,"si_code":"SI_QUEUE","si_pid":4,"si_uid":5,"si_value":0x6}"#
    );
    assert_eq!(
        info(14, -2, &words(&[(5 << 32) | 4, 6])),
        r#"{"si_signo":"SIGALRM","si_errno":0,"si_code":"SI_TIMER","si_timerid":4,"si_overrun":5,"si_value":0x6}"#
    );
    assert_eq!(
        info(31, 1, &bytes(&[(0x40, 8), (59, 4), (0xc000_003e, 4)])),
        concat!(
            r#"{"si_signo":"SIGSYS","si_errno":0,"si_code":"SYS_SECCOMP","si_call_addr":0x40,"#,
            r#""si_syscall":59,"si_arch":0xc000003e}"#
        )
    );
    assert_eq!(info(0, 0, &[0; 32]), r#"{"si_signo":0,"si_errno":0,"si_code":"SI_USER"}"#);
    assert_eq!(
        shown(Layout::Siginfo, Abi::I386, &ints(&[11, 0, 2, 0xdead])),
        r#"{"si_signo":"SIGSEGV","si_errno":0,"si_code":"SEGV_ACCERR","si_addr":0xdead}"#
    );
    assert_eq!(
        shown(Layout::Sigevent, Abi::Native, &bytes(&[(1, 8), (10, 4), (4, 4), (77, 4)])),
        r#"{"sigev_value":0x1,"sigev_signo":"SIGUSR1","sigev_notify":"SIGEV_THREAD_ID","sigev_notify_thread_id":77}"#
    );
    assert_eq!(
        shown(Layout::Sigevent, Abi::I386, &ints(&[1, 0, 2, 0x10, 0x20])),
        concat!(
            r#"{"sigev_value":0x1,"sigev_signo":0,"sigev_notify":"SIGEV_THREAD","#,
            r#""sigev_notify_function":0x10,"sigev_notify_attributes":0x20}"#
        )
    );
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for layout in Layout::ALL.iter().copied() {
            for abi in Abi::ALL {
                shown(layout, abi, &bytes);
                record(|v| visit_array(layout, abi, &bytes, false, v));
            }
        }
    }

    #[test]
    fn more_bytes_show_more(bytes in proptest::collection::vec(any::<u8>(), 390), cut in 0_usize..390) {
        for layout in Layout::ALL.iter().copied() {
            for abi in Abi::ALL {
                let whole = &bytes[..usize::from(layout.size(abi))];
                let some = &whole[..cut.min(whole.len())];
                let keys = |bytes| shown(layout, abi, bytes).matches("\":").count();
                prop_assert!(keys(some) <= keys(whole) || matches!(layout, Layout::Siginfo));
            }
        }
    }
}
