// SPDX-License-Identifier: Apache-2.0
//! Starting programs. They are called as the cases' thread is, so that their calls are captured too.

use std::{ffi::CString, fs, os::unix::fs::PermissionsExt as _, ptr};

use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{COMM, Caller, Fault, args, c_path, call, last},
    file::open,
};

/// A NULL-terminated array of strings for a call.
fn array(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

fn strings(texts: &[&str]) -> Vec<CString> {
    texts.iter().map(|text| CString::new(*text).expect("it has no NUL")).collect()
}

/// A program that ends well at once.
pub(crate) fn image() -> Vec<u8> {
    fs::read("/bin/true").expect("every system has it")
}

/// Puts a program into a folder of its own, under the name by which cases are captured.
pub(crate) fn program(c: &Caller, folder: &str, content: &[u8]) -> CString {
    let folder = c.folder().join(folder);
    fs::create_dir_all(&folder).expect("the folder can be written");
    let path = folder.join(COMM);
    fs::write(&path, content).expect("the folder can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    c_path(&path)
}

pub(crate) fn cases(c: &Caller) {
    let image = program(c, "exec", &image());
    let script = program(c, "script", b"#!/bin/true -x\n");
    requests(c, &image);
    let (texts, variables) = (["zero", "", "two words", "3\n"], ["A=1", "B=\"quoted\"", "EMPTY="]);
    let (argv, envp) = (strings(&texts), strings(&variables));
    let (argv, envp) = (array(&argv), array(&envp));
    let (shown_argv, shown_env) = (json!(texts), json!(variables));

    let status = c.child(|c| {
        last!(
            c,
            "execve",
            [&image, argv.as_ptr(), envp.as_ptr()],
            0,
            args! {
                filename: &image, argv: shown_argv.clone(), env: shown_env.clone()
            }
        );
    });
    assert_eq!(status, 0, "the program ran");
    // Without arguments the kernel makes up one; without an environment there is none.
    c.child(|c| {
        let none = [ptr::null::<c_char>()];
        last!(
            c,
            "execve",
            [&image, none.as_ptr(), 0],
            0,
            args! { filename: &image, argv: json!([""]), env: json!([]) }
        );
    });
    // What runs is the interpreter; what was asked for is the script.
    let mut interpreted = vec!["/bin/true", "-x", script.to_str().expect("it is text")];
    interpreted.extend(&texts[1..]);
    c.child(|c| {
        last!(
            c,
            "execve",
            [&script, argv.as_ptr(), envp.as_ptr()],
            0,
            args! {
                filename: &script, argv: json!(interpreted), env: shown_env.clone()
            }
        );
    });
    relative(c, &argv, &envp, (&shown_argv, &shown_env));
    long(c, &image);
}

/// Calls that fail: the strings are the request's own.
fn requests(c: &Caller, image: &CString) {
    let (argv, envp) = (strings(&["arg0", "arg1"]), strings(&["X=Y"]));
    let (argv, envp) = (array(&argv), array(&envp));
    call!(c, "execve", c"/no/such/program", argv.as_ptr(), envp.as_ptr()).fails(
        ENOENT,
        args! {
            filename: "/no/such/program", argv: json!(["arg0", "arg1"]), env: json!(["X=Y"])
        },
    );
    call!(c, "execve", c"/etc/passwd", argv.as_ptr(), 0)
        .fails(EACCES, args! { filename: "/etc/passwd", argv: json!(["arg0", "arg1"]), env: () });
    call!(c, "execve", 0x10, 0x10, 0x10).fails(EFAULT, args! { filename: Fault, argv: Fault, env: Fault });
    call!(c, "execveat", -1, c"relative", argv.as_ptr(), envp.as_ptr(), AT_SYMLINK_NOFOLLOW).fails(
        EBADF,
        args! {
            dirfd: -1,
            pathname: "relative",
            argv: json!(["arg0", "arg1"]),
            env: json!(["X=Y"]),
            flags: "AT_SYMLINK_NOFOLLOW",
        },
    );
    // Whether it could be run; it is not. Kernels before 6.14 can't be asked.
    call!(c, "execveat", AT_FDCWD, image, argv.as_ptr(), envp.as_ptr(), 0x10000).is(args! {
        dirfd: -100,
        pathname: image,
        argv: json!(["arg0", "arg1"]),
        env: json!(["X=Y"]),
        flags: "AT_EXECVE_CHECK",
    });
}

/// Names that are looked up from a descriptor.
fn relative(c: &Caller, argv: &[*const c_char], envp: &[*const c_char], shown: (&Value, &Value)) {
    let shown = || (shown.0.clone(), shown.1.clone());
    c.child(|c| {
        let folder = open(c, "exec", O_DIRECTORY);
        let (argv_shown, env_shown) = shown();
        last!(
            c,
            "execveat",
            [folder, c"lanner-cases", argv.as_ptr(), envp.as_ptr(), 0],
            0,
            args! {
                dirfd: folder, pathname: "lanner-cases", argv: argv_shown, env: env_shown, flags: "0"
            }
        );
    });
    c.child(|c| {
        let file = open(c, "exec/lanner-cases", O_PATH);
        let (argv_shown, env_shown) = shown();
        last!(
            c,
            "execveat",
            [file, c"", argv.as_ptr(), envp.as_ptr(), AT_EMPTY_PATH],
            0,
            args! {
                dirfd: file, pathname: "", argv: argv_shown, env: env_shown, flags: "AT_EMPTY_PATH"
            }
        );
    });
    c.child(|c| {
        // SAFETY: this process runs one thread, and ends here.
        assert_eq!(unsafe { chdir(c.path("exec").as_ptr()) }, 0);
        let (argv_shown, env_shown) = shown();
        last!(
            c,
            "execve",
            [c"./lanner-cases", argv.as_ptr(), envp.as_ptr()],
            0,
            args! {
                filename: "./lanner-cases", argv: argv_shown, env: env_shown
            }
        );
    });
}

/// Many arguments, and long ones, that still are shown whole.
fn long(c: &Caller, image: &CString) {
    let texts: Vec<String> = (0..100).map(|i| format!("{i:-<80}")).collect();
    let argv: Vec<CString> = texts.iter().map(|text| CString::new(text.as_str()).expect("it has no NUL")).collect();
    let argv = array(&argv);
    c.child(|c| {
        last!(c, "execve", [image, argv.as_ptr(), 0], 0, args! { filename: image, argv: json!(texts), env: json!([]) });
    });
    call!(c, "execve", c"/no/such/program", argv.as_ptr(), 0)
        .fails(ENOENT, args! { filename: "/no/such/program", argv: json!(texts), env: () });
}
