// SPDX-License-Identifier: Apache-2.0
//! Programs that are started, or not: what is reported is what was asked for and what runs.

use std::{
    ffi::{CStr, CString, c_char},
    fs,
    fs::{File, Permissions},
    os::{
        fd::AsRawFd as _,
        unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    },
    path::Path,
    ptr, thread,
};

use tests::{Capture, Captured, Event, TempDir};

use crate::{
    events::{arg_bytes, arg_strings, marked},
    support::in_child,
};

/// Strings as `execve` takes them.
struct Vector {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl Vector {
    fn new<S: AsRef<[u8]>>(strings: impl IntoIterator<Item = S>) -> Self {
        let strings: Vec<_> =
            strings.into_iter().map(|string| CString::new(string.as_ref()).expect("no NUL")).collect();
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

/// Captures a child that executes `path`; the child's id is the value.
fn exec(path: &CStr, argv: &Vector, envp: &Vector) -> Captured<i32> {
    Capture::of(["execve", "execveat"]).pid_tree().run(|| {
        in_child(|| {
            // SAFETY: the strings outlive the call.
            unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
        })
    })
}

/// The one `execve` or `execveat` of the child.
fn only(captured: &Captured<i32>) -> &Event {
    let child = *captured.value() as u32;
    let events: Vec<_> = captured.events().into_iter().filter(|event| event.pid() == child).collect();
    assert_eq!(events.len(), 1, "one event is expected: {events:?}");
    events[0]
}

fn strings(event: &Event, name: &str) -> Vec<Vec<u8>> {
    arg_strings(event.json(), name).unwrap_or_else(|| panic!("no strings `{name}`: {event}"))
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL")
}

#[test]
fn a_new_image() {
    let argv = ["true", "one two", "", "\u{e9}\u{4e16}"];
    let envp = ["A=1", "EMPTY=", "PATH=/nowhere"];
    let captured = exec(c"/bin/true", &Vector::new(argv), &Vector::new(envp));
    let event = only(&captured);
    assert!(event.ret() == 0 && event.arg("filename") == "/bin/true", "{event}");
    assert_eq!(strings(event, "argv"), argv.map(|arg| arg.as_bytes().to_vec()), "{event}");
    assert_eq!(strings(event, "env"), envp.map(|arg| arg.as_bytes().to_vec()), "{event}");
    assert!(event.json().get("truncated").is_none() && event.json().get("unreadable").is_none(), "{event}");
    assert_eq!(event.json()["comm"], "true", "the new image has its name");
}

#[test]
fn no_such_program() {
    let captured = exec(c"/nonexistent/program", &Vector::new(["a", "b"]), &Vector::new(["C=d"]));
    let event = only(&captured);
    assert!(event.errno() == "ENOENT" && event.arg("filename") == "/nonexistent/program", "{event}");
    assert_eq!(strings(event, "argv"), [b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(strings(event, "env"), [b"C=d".to_vec()]);
}

#[test]
fn too_large_for_the_kernel() {
    // One string may have 128 KiB, all of them a quarter of the stack.
    let argv = Vector::new([b"a".to_vec(), vec![b'x'; 200_000]]);
    let captured = exec(c"/bin/true", &argv, &Vector::new([""; 0]));
    let event = only(&captured);
    assert!(event.errno() == "E2BIG", "{event}");
    assert!(marked(event.json(), "truncated", "argv"), "{event}");
    let argv = strings(event, "argv");
    assert_eq!(argv[0], b"a");
    assert!(argv[1].len() > 4096 && argv[1].iter().all(|byte| *byte == b'x'), "{} bytes", argv[1].len());
}

#[test]
fn pointers_to_nowhere() {
    let good = Vector::new(["good"]);
    let broken = [c"first".as_ptr(), ptr::without_provenance(16), ptr::null()];
    let nowhere: *const *const c_char = ptr::without_provenance(16);
    let captured = Capture::of(["execve"]).pid_tree().run(|| {
        in_child(|| {
            // SAFETY: the kernel refuses what can't be read.
            unsafe {
                libc::execve(c"/bin/true".as_ptr(), nowhere, ptr::null());
                libc::execve(ptr::without_provenance(16), good.as_ptr(), good.as_ptr());
                libc::execve(c"/bin/true".as_ptr(), broken.as_ptr(), ptr::null());
                libc::execve(ptr::null(), ptr::null(), ptr::null());
            }
        })
    });
    let child = *captured.value() as u32;
    let events: Vec<_> = captured.events().into_iter().filter(|event| event.pid() == child).collect();
    assert_eq!(events.len(), 4, "{events:?}");
    assert!(events.iter().all(|event| event.errno() == "EFAULT"), "{events:?}");
    let [no_argv, no_path, broken, nothing] = events[..] else { unreachable!("there are four") };
    assert!(no_argv.arg("argv").is_null() && marked(no_argv.json(), "unreadable", "argv"), "{no_argv}");
    assert!(no_argv.arg("env").is_null() && !marked(no_argv.json(), "unreadable", "env"), "{no_argv}");
    assert!(no_path.arg("filename").is_null() && marked(no_path.json(), "unreadable", "filename"), "{no_path}");
    assert_eq!(strings(no_path, "argv"), [b"good".to_vec()]);
    // What could be read is there, and marked as not all.
    assert_eq!(strings(broken, "argv"), [b"first".to_vec()], "{broken}");
    assert!(marked(broken.json(), "truncated", "argv"), "{broken}");
    assert!(nothing.arg("filename").is_null() && !marked(nothing.json(), "unreadable", "filename"), "{nothing}");
}

#[test]
fn a_script() {
    let folder = TempDir::new();
    let script = folder.join("script");
    fs::write(&script, "#!/bin/sh -e\nexit 0\n").expect("a script");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("executable");
    let captured = exec(&c_path(&script), &Vector::new(["called", "with"]), &Vector::new(["A=b"]));
    let event = only(&captured);
    let path = script.to_str().expect("UTF-8");
    assert!(event.ret() == 0 && event.arg("filename") == path, "{event}");
    // The image that runs is the interpreter's.
    assert_eq!(strings(event, "argv"), ["/bin/sh", "-e", path, "with"].map(|arg| arg.as_bytes().to_vec()));
    assert_eq!(strings(event, "env"), [b"A=b".to_vec()]);
}

#[test]
fn a_program_by_descriptor() {
    let program = File::open("/bin/true").expect("/bin/true");
    let argv = Vector::new(["by-descriptor"]);
    let captured = Capture::of(["execve", "execveat"]).pid_tree().run(|| {
        in_child(|| {
            // SAFETY: the strings outlive the call.
            unsafe {
                libc::syscall(
                    libc::SYS_execveat,
                    program.as_raw_fd(),
                    c"".as_ptr(),
                    argv.as_ptr(),
                    ptr::null::<c_char>(),
                    libc::AT_EMPTY_PATH,
                );
            }
        })
    });
    let event = only(&captured);
    assert!(event.is("execveat") && event.field("nr") == 322 && event.ret() == 0, "{event}");
    assert!(event.arg("dirfd") == program.as_raw_fd() && event.arg("flags") == "AT_EMPTY_PATH", "{event}");
    assert_eq!(strings(event, "argv"), [b"by-descriptor".to_vec()]);
    // The caller asked for "", the kernel calls it by its descriptor.
    let name = arg_bytes(event.json(), "pathname").unwrap_or_default();
    let descriptor = format!("/dev/fd/{}", program.as_raw_fd());
    assert!(name.is_empty() || name == descriptor.as_bytes(), "{event}");
}

#[test]
fn a_thread_that_is_not_the_first() {
    let argv = Vector::new(["from-a-thread"]);
    let address = argv.as_ptr() as usize;
    let captured = Capture::of(["execve", "gettid"]).pid_tree().run(|| {
        in_child(|| {
            // A new process has no other thread that could hold a lock.
            let thread = thread::spawn(move || {
                // SAFETY: the strings outlive the call, which takes the process over.
                unsafe {
                    libc::syscall(libc::SYS_gettid);
                    libc::execve(c"/bin/true".as_ptr(), address as *const *const c_char, ptr::null());
                }
            });
            drop(thread.join());
        })
    });
    let child = *captured.value();
    let thread = captured.expect(|e| e.is("gettid") && e.field("pid") == child).tid();
    assert_ne!(thread, child as u32, "another thread");
    // The kernel gives it the first one's id.
    let event = captured
        .expect(|e| e.is("execve") && e.field("pid") == child && e.ret() == 0 && e.arg("filename") == "/bin/true");
    assert_eq!(event.tid(), child as u32, "{event}");
    assert_eq!(strings(event, "argv"), [b"from-a-thread".to_vec()]);
}

#[test]
fn a_hundred_kilobytes_of_arguments() {
    let argv: Vec<_> = (0..100).map(|n| format!("{n:03}{}", "y".repeat(1021))).collect();
    let envp = ["LAST=1"];
    let captured = exec(c"/bin/true", &Vector::new(&argv), &Vector::new(envp));
    let event = only(&captured);
    assert!(event.ret() == 0 && event.arg("filename") == "/bin/true", "{event}");
    assert!(marked(event.json(), "truncated", "argv"), "{event}");
    let kept = strings(event, "argv");
    assert!(kept.len() >= 8, "{} strings", kept.len());
    let (last, whole) = kept.split_last().expect("strings");
    for (kept, given) in whole.iter().zip(&argv) {
        assert_eq!(kept, given.as_bytes());
    }
    assert!(argv[whole.len()].as_bytes().starts_with(last));
    // The cut is the argument vector's alone.
    assert_eq!(strings(event, "env"), [b"LAST=1".to_vec()]);
    assert!(!marked(event.json(), "truncated", "env"), "{event}");
}

#[test]
fn many_small_arguments() {
    let argv: Vec<_> = (0..1000).map(|n| n.to_string()).collect();
    let bytes = argv.iter().map(|arg| arg.as_bytes().to_vec()).collect::<Vec<_>>();
    // Of a program that runs, all are there.
    let captured = exec(c"/bin/true", &Vector::new(&argv), &Vector::new([""; 0]));
    let event = only(&captured);
    assert_eq!(strings(event, "argv"), bytes);
    assert!(!marked(event.json(), "truncated", "argv"), "{event}");
    // Of one that does not, the first, and that it is not all.
    let captured = exec(c"/nonexistent/program", &Vector::new(&argv), &Vector::new([""; 0]));
    let event = only(&captured);
    let kept = strings(event, "argv");
    assert!(kept.len() >= 100 && bytes.starts_with(&kept), "{event}");
    assert_eq!(kept.len() < bytes.len(), marked(event.json(), "truncated", "argv"), "{event}");
}

#[test]
fn strings_that_are_no_text() {
    let argv: [&[u8]; 6] =
        [b"\xff\xfe", b"b\\x41\\\\", b"\x1b[2J\x07\r", "\u{9b}31m\u{202e}".as_bytes(), b"\"q\"", b"\x7f"];
    let envp: [&[u8]; 1] = [b"E=\x1b]0;title\x07"];
    let captured = exec(c"/bin/true", &Vector::new(argv), &Vector::new(envp));
    let event = only(&captured);
    // What is marked as escaped can be had back, all of it.
    assert_eq!(strings(event, "argv"), argv.map(<[u8]>::to_vec), "{event}");
    assert_eq!(strings(event, "env"), envp.map(<[u8]>::to_vec), "{event}");
}
