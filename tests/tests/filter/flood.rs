// SPDX-License-Identifier: Apache-2.0
//! A flood of calls that a condition refuses.

use std::{
    ffi::CString,
    fs,
    os::{
        fd::AsRawFd as _,
        unix::{ffi::OsStrExt as _, fs::symlink},
    },
    path::{Path, PathBuf},
    thread,
};

use serde_json::Value;
use tests::TempDir;

use crate::{
    agent::{Agent, alone},
    books::{closed, count, lost},
    run::{lines, lossless, removed},
};

/// What is looked at of each open.
const FIELDS: &str = "thread.tid,evt.type,fd.name,fd.nameraw,evt.rawres,evt.arg.flags";
/// Opens of other files by each thread.
const OPENS: usize = 20_000;
/// One in so many opens is of a secret.
const RARE: usize = 500;

/// A folder below /etc that is removed again.
struct Secret(PathBuf);

impl Secret {
    fn new() -> Self {
        let path = PathBuf::from(format!("/etc/secret-of-lanner-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder below /etc");
        fs::write(path.join("key"), "k").expect("a file");
        Self(path)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(dirfd: i32, path: &Path, flags: i32) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    // SAFETY: the path is a C string; the descriptor is closed at once.
    unsafe {
        let fd = libc::openat(dirfd, path.as_ptr(), flags);
        if fd >= 0 {
            libc::close(fd);
        }
    }
}

fn open2(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    let how = [libc::O_RDONLY as u64, 0, 0];
    // SAFETY: the path is a C string, `how` as large as is said; the descriptor is closed at once.
    unsafe {
        let fd = libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path.as_ptr(), how.as_ptr(), size_of_val(&how));
        if fd >= 0 {
            libc::close(fd as i32);
        }
    }
}

/// Opens other files again and again, and rarely a secret, by every way that leads there.
fn work(secret: &Path, other: &Path) {
    let folder = fs::File::open(secret).expect("the secret folder");
    for round in 0..OPENS {
        open(libc::AT_FDCWD, &other.join(format!("file-{}", round % 8)), libc::O_RDONLY);
        if !round.is_multiple_of(RARE) {
            continue;
        }
        open(libc::AT_FDCWD, &secret.join("key"), libc::O_RDONLY);
        open(libc::AT_FDCWD, &secret.join("missing"), libc::O_WRONLY);
        open(folder.as_raw_fd(), Path::new("key"), libc::O_RDWR);
        open(folder.as_raw_fd(), Path::new("missing"), libc::O_RDONLY);
        open(libc::AT_FDCWD, &other.join("link"), libc::O_RDONLY);
        open(libc::AT_FDCWD, &other.join("..").join(secret.strip_prefix("/").expect("absolute")), libc::O_RDONLY);
        open(
            libc::AT_FDCWD,
            &PathBuf::from(format!("/etc/.//{}/key", secret.file_name().expect("a name").display())),
            libc::O_RDONLY,
        );
        open2(&secret.join("key"));
    }
}

/// The events of this process, less the line's own time.
fn own(events: Vec<Value>, threads: &[u64]) -> Vec<Value> {
    events.into_iter().filter(|event| threads.contains(&event["thread.tid"].as_u64().expect("a thread id"))).collect()
}

#[test]
fn what_is_refused_never_reaches_a_ring_and_the_rest_is_what_a_full_run_shows() {
    let _alone = alone();
    let (secret, other) = (Secret::new(), TempDir::new());
    for file in 0..4 {
        fs::write(other.join(format!("file-{file}")), "o").expect("a file");
    }
    symlink(secret.0.join("key"), other.join("link")).expect("a link");
    let condition = "evt.type in (open,openat,openat2) and fd.name startswith /etc/secret";
    let large = ["-o", "json", "--fields", FIELDS, "--ring-budget", "128MiB"];
    let filtered = Agent::start(&[&large[..], &[condition]].concat());
    let full = Agent::start(&[&large[..], &["--syscalls", "open,openat,openat2"]].concat());
    let by_thread = || {
        work(&secret.0, other.path());
        // SAFETY: a call without arguments.
        u64::try_from(unsafe { libc::gettid() }).expect("positive")
    };
    let threads = thread::scope(|scope| {
        [scope.spawn(by_thread), scope.spawn(by_thread)].map(|worker| worker.join().expect("the work is done"))
    });
    let (filtered, full) = (filtered.stop(), full.stop());
    lossless(&full);
    let account = lossless(&filtered);

    let [kernel, userspace, kept] = removed(&account);
    let share = kernel as f64 / (kernel + userspace) as f64;
    println!("{kernel} refused in the kernel, {userspace} in userspace, {kept} kept: {:.3} %", 100.0 * share);
    assert!(kernel as usize >= 2 * OPENS && share >= 0.99, "{kernel} in the kernel, {userspace} in userspace");

    let expected: Vec<Value> = own(lines(&full), &threads)
        .into_iter()
        .filter(|event| event["fd.name"].as_str().is_some_and(|name| name.starts_with("/etc/secret")))
        .collect();
    let printed = own(lines(&filtered), &threads);
    assert!(expected.len() >= 2 * (OPENS / RARE) * 6, "{} opens of secrets", expected.len());
    for thread in &threads {
        let of = |events: &[Value]| -> Vec<Value> {
            events.iter().filter(|event| event["thread.tid"].as_u64() == Some(*thread)).cloned().collect()
        };
        assert_eq!(of(&printed), of(&expected));
    }
}

#[test]
fn a_tiny_ring_is_enough_for_what_is_left() {
    let _alone = alone();
    let (secret, other) = (Secret::new(), TempDir::new());
    symlink(secret.0.join("key"), other.join("link")).expect("a link");
    let condition = "evt.type in (open,openat,openat2) and fd.name startswith /etc/secret";
    let agent = Agent::start(&["-o", "json", "--fields", FIELDS, "--ring-budget", "256KiB", condition]);
    work(&secret.0, other.path());
    let run = agent.stop();
    let ledger = closed(&run);
    let opens = ["open", "openat", "openat2"].iter().filter_map(|name| ledger["syscalls"].get(name));
    let missing: u64 = opens.map(|account| count(account, "shed") + lost(account)).sum();
    assert_eq!(missing, 0, "opens were lost or shed:\n{}", run.stderr);
}
