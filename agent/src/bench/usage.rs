// SPDX-License-Identifier: Apache-2.0
//! What processes take of the machine, from `/proc`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::Pid;

/// How the kernel names the mapping of a map.
const MAP: &str = "anon_inode:bpf-map";

/// CPU time of a process and all its threads so far, in nanoseconds; 0 when it has ended.
pub(super) fn cpu(pid: Pid) -> u64 {
    of_process(&PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero())))
}

/// CPU time of the processes of a group so far, in nanoseconds. That of processes that ended is not among it.
pub(super) fn cpu_of_group(group: Pid) -> u64 {
    members(group).iter().map(|process| of_process(process)).sum()
}

/// Resident bytes of a process: of the rings that it has mapped, and of all else.
pub(super) fn resident(pid: Pid) -> (u64, u64) {
    let maps = fs::read_to_string(format!("/proc/{}/smaps", pid.as_raw_nonzero())).unwrap_or_default();
    split(&maps)
}

/// Resident bytes of the processes of a group.
pub(super) fn resident_of_group(group: Pid) -> u64 {
    let read = |process: &PathBuf| fs::read_to_string(process.join("smaps")).unwrap_or_default();
    members(group).iter().map(read).map(|maps| split(&maps)).map(|(rings, rest)| rings + rest).sum()
}

/// Their folders.
fn members(group: Pid) -> Vec<PathBuf> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let of_group = |process: &PathBuf| {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        group_of(&stat) == Some(group.as_raw_nonzero().get())
    };
    all.filter(of_group).collect()
}

/// From a line of `/proc/PID/stat`: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn group_of(stat: &str) -> Option<i32> {
    // A name may hold anything: it ends at the last parenthesis. The third field comes next, the group is the fifth.
    stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace().nth(2)?.parse().ok()
}

fn of_process(process: &Path) -> u64 {
    let threads = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
    let ran = |thread: fs::DirEntry| {
        // Nanoseconds on a CPU come first: https://docs.kernel.org/scheduler/sched-stats.html
        fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
    };
    threads.filter_map(ran).sum()
}

/// Of `/proc/PID/smaps`: resident bytes of rings, and of all else.
fn split(maps: &str) -> (u64, u64) {
    let (mut rings, mut rest, mut of_ring) = (0, 0, false);
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("Rss:"), Some(kib)) => {
                *(if of_ring { &mut rings } else { &mut rest }) += kib.parse().unwrap_or(0) * 1024;
            }
            // The head of a mapping begins with its addresses.
            (Some(addresses), _) if !addresses.ends_with(':') => of_ring = line.ends_with(MAP),
            (_, _) => {}
        }
    }
    (rings, rest)
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpgrp, getpid};

    use super::*;

    #[test]
    fn rings_are_told_from_the_rest() {
        let maps = "7f00-7f01 r--s 00000000 00:0f 12   anon_inode:bpf-map\nSize: 8 kB\nRss:   8 kB\nVmFlags: rd sh\n\
                    7f02-7f03 rw-p 00000000 00:00 0    [heap]\nRss:  20 kB\nPss: 20 kB\n\
                    7f04-7f05 rw-p 00000000 00:00 0 \nRss:  4 kB\n";
        assert_eq!(split(maps), (8 << 10, 24 << 10));
        assert_eq!(split(""), (0, 0));
    }

    #[test]
    fn a_group_is_the_fifth_field_whatever_the_name() {
        assert_eq!(group_of("7 (a) name) S 1 42 7 0"), Some(42));
        assert_eq!(group_of("7 (a"), None);
    }

    #[test]
    fn this_process_takes_something() {
        let (rings, rest) = resident(getpid());
        assert!(rings == 0 && rest > 1 << 20, "{rings} {rest}");
        assert!(resident_of_group(getpgrp()) >= 1 << 20);
        let before = cpu(getpid());
        assert!(before > 0 && cpu_of_group(getpgrp()) >= before);
        assert_eq!(cpu(Pid::from_raw(i32::MAX).expect("a number")), 0);
    }
}
