// SPDX-License-Identifier: Apache-2.0
//! A toolchain that only says what it was asked: who runs it, with which arguments and variables.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::Pid;
use tests::TempDir;

/// The toolchain.
#[derive(Debug)]
pub(crate) struct Tools {
    root: PathBuf,
}

/// How cargo was called to compile.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) uid: u32,
    pub(crate) arguments: String,
    pub(crate) environment: String,
}

impl Tools {
    /// One in `folder`, whose compiler does what the shell's words `compile` say.
    pub(crate) fn new(folder: &TempDir, compile: &str) -> Self {
        let root = folder.join("tools");
        let _ = fs::remove_dir_all(&root);
        let core = root.join("rust/lib/rustlib/src/rust/library/core/src");
        for folder in [&core, &root.join("bin"), &root.join("rust/bin"), &root.join("said")] {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(core.join("lib.rs"), "").expect("a file");
        mode(&root.join("said"), 0o777);
        let (shown, said) = (root.display(), root.join("said").display().to_string());
        let rustc =
            format!("case $1 in -vV) printf 'release: 1.95.0\\nLLVM version: 22.1.2\\n';; *) echo {shown}/rust;; esac");
        script(&root.join("bin/rustc"), &rustc);
        // The comment is what a linker has in it that is linked with its LLVM.
        script(&root.join("bin/bpf-linker"), "echo bpf-linker 0.13.0 # LLVM22.1.2 is what it is linked with");
        // What is written is moved: whoever reads it reads all of it.
        let cargo = format!(
            "case $1 in build) ;; *) exit 0;; esac\n\
             {{ id -u; echo \"$*\"; env; }} >{said}/new.$$; mv {said}/new.$$ {said}/compiled\n\
             echo $$ >{said}/new.$$; mv {said}/new.$$ {said}/group\n{compile}"
        );
        script(&root.join("rust/bin/cargo"), &cargo);
        symlink("/bin/true", root.join("bin/cc")).expect("a link");
        Self { root }
    }

    /// Has `command` find it.
    pub(crate) fn known_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER"] {
            // Those of the tests' own caller; what is set stays.
            if !command.get_envs().any(|(set, _)| set == name) {
                command.env_remove(name);
            }
        }
        command.env("PATH", format!("{}:/usr/bin:/bin", self.root.join("bin").display()))
    }

    /// Has only root find it.
    pub(crate) fn only_for_root(&self) {
        mode(&self.root, 0o700);
    }

    /// How it was called last.
    pub(crate) fn compiled(&self) -> Compiled {
        let text = fs::read_to_string(self.root.join("said/compiled")).expect("cargo was called");
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().expect("a line").to_owned();
        Compiled { uid: next().parse().expect("a number"), arguments: next(), environment: next() }
    }

    /// The compiler's group, when it runs; once.
    pub(crate) fn group(&self) -> Option<Pid> {
        let path = self.root.join("said/group");
        let text = fs::read_to_string(&path).ok()?;
        fs::remove_file(path).expect("a file");
        Pid::from_raw(text.trim().parse().expect("a number"))
    }
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    mode(path, 0o755);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}
