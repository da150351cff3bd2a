// SPDX-License-Identifier: Apache-2.0
//! Memory that callers pass: names as long as can be, pointers to nowhere, buffers whose end is not there, bytes that
//! would act on a terminal.

use std::{
    ffi::{CString, OsStr},
    fs::{self, File, OpenOptions},
    os::{fd::AsRawFd as _, unix::ffi::OsStrExt as _},
    process::Command,
    ptr,
};

use tests::{Capture, Event};

use crate::{
    agent::{Agent, alone},
    events::{arg_bytes, marked},
    terminal::acts,
};

/// The kernel's limit of a name, its NUL counted.
const PATH_MAX: usize = 4096;
/// A page.
const PAGE: usize = 4096;

/// Opens a name in vain.
fn open(name: *const u8) {
    // SAFETY: the kernel refuses what it can't read.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, name, libc::O_RDONLY, 0) };
}

/// Writes to a file; how much was taken.
fn write(file: &File, from: *const u8, len: usize) -> i64 {
    // SAFETY: the kernel refuses what it can't read.
    unsafe { libc::syscall(libc::SYS_write, file.as_raw_fd(), from, len) }
}

fn null() -> File {
    OpenOptions::new().write(true).open("/dev/null").expect("/dev/null")
}

/// The event's bytes, which are to be there.
fn bytes(event: &Event, name: &str) -> Vec<u8> {
    arg_bytes(event.json(), name).unwrap_or_else(|| panic!("no bytes `{name}`: {event}"))
}

/// Pages of which the last is not there; freed with the process.
struct Pages {
    at: *mut u8,
    len: usize,
}

impl Pages {
    fn new(pages: usize) -> Self {
        // SAFETY: new memory, of which a page is given back at once.
        let at = unsafe {
            let prot = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let at = libc::mmap(ptr::null_mut(), (pages + 1) * PAGE, prot, flags, -1, 0);
            assert_ne!(at, libc::MAP_FAILED, "no memory");
            assert_eq!(libc::munmap(at.add(pages * PAGE), PAGE), 0);
            at.cast::<u8>()
        };
        let len = pages * PAGE;
        for i in 0..len {
            // SAFETY: inside the pages.
            unsafe { at.add(i).write(b'a' + (i % 26) as u8) };
        }
        Self { at, len }
    }

    /// Where the last `n` bytes begin.
    fn last(&self, n: usize) -> *const u8 {
        // SAFETY: inside the pages.
        unsafe { self.at.add(self.len - n) }
    }

    /// The last `n` bytes.
    fn bytes(&self, n: usize) -> Vec<u8> {
        // SAFETY: they are there, and nobody writes them.
        unsafe { std::slice::from_raw_parts(self.last(n), n) }.to_vec()
    }
}

#[test]
fn names_as_long_as_can_be() {
    let lengths = [0, 1, 255, 256, PATH_MAX - 2, PATH_MAX - 1, PATH_MAX, PATH_MAX + 1, 3 * PATH_MAX];
    let name = |len: usize| CString::new(format!("/{len}/{}", "n".repeat(3 * PATH_MAX))).expect("no NUL");
    let names: Vec<_> =
        lengths.iter().map(|len| CString::new(&name(*len).as_bytes()[..*len]).expect("no NUL")).collect();
    let captured = Capture::of(["openat"]).run(|| names.iter().for_each(|name| open(name.as_ptr().cast())));
    let events = captured.events();
    assert_eq!(events.len(), names.len(), "{events:?}");
    for (event, name) in events.iter().zip(&names) {
        let (found, len) = (bytes(event, "name"), name.as_bytes().len());
        assert!(name.as_bytes().starts_with(&found), "{len}: {event}");
        if len < PATH_MAX {
            assert!(found.len() == len && !marked(event.json(), "truncated", "name"), "{len}: {}", found.len());
        } else {
            // The kernel refuses it; of what can't be a name, as much as a name may have.
            assert_eq!(event.json()["errno"], "ENAMETOOLONG", "{len}: {event}");
            assert!(found.len() >= PATH_MAX - 1, "{len}: {}", found.len());
            assert!(marked(event.json(), "truncated", "name") || found.len() == len, "{len}: {}", found.len());
        }
    }
}

#[test]
fn pointers_to_nowhere() {
    let null = null();
    let captured = Capture::of(["openat", "write", "writev", "connect", "sendmsg"]).run(|| {
        let (bad, nr) = (16_usize, null.as_raw_fd());
        open(ptr::without_provenance(bad));
        open(ptr::null());
        // The device does not look at what it gets.
        assert_eq!(write(&null, ptr::without_provenance(bad), 10), 10);
        assert_eq!(write(&null, ptr::null(), 10), 10);
        // SAFETY: the kernel refuses what it can't read.
        unsafe {
            libc::syscall(libc::SYS_writev, nr, bad, 2);
            libc::syscall(libc::SYS_connect, nr, bad, 16);
            libc::syscall(libc::SYS_sendmsg, nr, bad, 0);
            // An address of the kernel's, and one that is none at all.
            libc::syscall(libc::SYS_openat, libc::AT_FDCWD, usize::MAX - PAGE, 0, 0);
            libc::syscall(libc::SYS_openat, libc::AT_FDCWD, 1_usize << 56, 0, 0);
        }
    });
    let events = captured.events();
    let mut events = events.iter();
    let mut is = |call: &str, name: &str, readable: bool| {
        let event = events.next().unwrap_or_else(|| panic!("no {call}"));
        assert_eq!(event.json()["syscall"], call, "{event}");
        assert!(event.arg(name).is_null(), "{event}");
        assert_eq!(marked(event.json(), "unreadable", name), !readable, "{event}");
    };
    is("openat", "name", false);
    is("openat", "name", true);
    is("write", "data", false);
    is("write", "data", true);
    is("writev", "data", false);
    is("connect", "addr", false);
    is("sendmsg", "msg", false);
    is("openat", "name", false);
    is("openat", "name", false);
}

#[test]
fn a_buffer_whose_end_is_not_there() {
    let null = null();
    let pages = Pages::new(3);
    let captured = Capture::of(["openat", "write", "writev"]).args(["--snaplen", "32768"]).run(|| {
        // Ends where the memory does: whole.
        assert_eq!(write(&null, pages.last(100), 100), 100);
        assert_eq!(write(&null, pages.last(2 * PAGE + 7), 2 * PAGE + 7), 2 * PAGE as i64 + 7);
        // Goes on behind it: what is there.
        assert_eq!(write(&null, pages.last(100), 200), 200);
        assert_eq!(write(&null, pages.last(2 * PAGE + 7), 5 * PAGE), 5 * PAGE as i64);
        let part = |from: *const u8, len| libc::iovec { iov_base: from.cast_mut().cast(), iov_len: len };
        let parts = [part(pages.last(300), 300), part(pages.last(100), 200)];
        // SAFETY: the kernel refuses what it can't read.
        unsafe { libc::syscall(libc::SYS_writev, null.as_raw_fd(), parts.as_ptr(), parts.len()) };
        // A name without its end.
        open(pages.last(50));
    });
    let events = captured.events();
    let [whole, whole_pages, cut, cut_pages, parts, name] = events[..] else { panic!("{events:?}") };
    for (event, len) in [(whole, 100), (whole_pages, 2 * PAGE + 7)] {
        assert_eq!(bytes(event, "data"), pages.bytes(len), "{event}");
        assert!(!marked(event.json(), "truncated", "data"), "{event}");
    }
    // At least to the end of the first page.
    for (event, len, least) in [(cut, 100, 100), (cut_pages, 2 * PAGE + 7, 7)] {
        let found = bytes(event, "data");
        assert!(pages.bytes(len).starts_with(&found) && found.len() >= least, "{} of {len}: {event}", found.len());
        assert!(marked(event.json(), "truncated", "data"), "{event}");
    }
    let found = bytes(parts, "data");
    assert!(found.starts_with(&pages.bytes(300)) && marked(parts.json(), "truncated", "data"), "{parts}");
    assert!(name.errno() == "EFAULT" && name.arg("name").is_null(), "{name}");
    assert!(marked(name.json(), "unreadable", "name"), "{name}");
}

#[test]
fn nothing_acts_on_a_terminal() {
    let _alone = alone();
    let nasty = b"\x1b[2J\x1b]0;title\x07 \xff\xfe \x7f \r\n\t\x08 \xc2\x9b31m \xe2\x80\xae \"quoted\\\"".to_vec();
    let name = CString::new([b"/nonexistent/".as_slice(), &nasty].concat()).expect("no NUL");
    let null = null();
    for format in ["json", "text"] {
        let agent = Agent::start(&["-o", format, "--syscalls", "openat,write,prctl,getppid,connect,execve"]);
        let act = {
            let (name, nasty, null) = (&name, &nasty, &null);
            move || {
                // SAFETY: the strings outlive the calls; the socket address is one of a file.
                unsafe {
                    libc::prctl(libc::PR_SET_NAME, c"\x1b[31m\xff\n\x07".as_ptr());
                    libc::syscall(libc::SYS_getppid);
                    let address = [libc::AF_UNIX as u8, 0, b'/', 0x1b, b'[', 0xff, 7, 10, 0];
                    libc::connect(null.as_raw_fd(), address.as_ptr().cast(), address.len() as u32);
                }
                open(name.as_ptr().cast());
                write(null, nasty.as_ptr(), nasty.len());
                let nasty = OsStr::from_bytes(nasty);
                let child = Command::new("/bin/true").arg(nasty).env("NASTY", nasty).status().expect("/bin/true");
                assert!(child.success());
            }
        };
        std::thread::scope(|scope| drop(scope.spawn(act).join()));
        let run = agent.stop();
        let output = fs::read(run.folder.join("events")).expect("events");
        let seen = output.windows(13).any(|part| part == b"/nonexistent/");
        assert!(seen, "the name is not there");
        assert!(output.windows(6).any(|part| part == b"NASTY="), "the environment is not there");
        assert_eq!(acts(&output), None, "{format}");
        assert_eq!(acts(run.stderr.as_bytes()), None, "{format}: the log");
    }
}
