// SPDX-License-Identifier: Apache-2.0
//! Packages of Debian and what derives from it.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{
    deploy_tools, process,
    report::{Step, line},
};

/// The packages of LLVM `llvm` that bpf-linker is linked against.
pub(crate) fn llvm(llvm: u32) -> Vec<String> {
    vec![format!("llvm-{llvm}-dev"), format!("libpolly-{llvm}-dev")]
}

/// Installs `packages`, as root or by a sudo that asks nothing.
pub(crate) fn install<S: AsRef<str>>(packages: &[S]) -> Result<()> {
    let names = packages.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
    let mut install = apt_get().with_context(|| format!("cannot install {}", names.join(" ")))?;
    install.args(["install", "--yes", "--no-install-recommends"]).args(&names);
    let step = Step::start("packages", &names.join(" "));
    if process::quiet(install).is_err() {
        // The lists are missing on a fresh machine, or name versions that the archive no longer has.
        let mut update = apt_get()?;
        update.arg("update");
        process::quiet(update)?;
        let mut again = apt_get()?;
        again.args(["install", "--yes", "--no-install-recommends"]).args(&names);
        process::quiet(again)?;
    }
    step.done("installed");
    Ok(())
}

/// Something that integration tests use, and the packages that have it.
struct Tool {
    name: &'static str,
    packages: fn() -> Vec<String>,
    works: fn() -> bool,
}

const TOOLS: &[Tool] = &[
    Tool { name: "gcc", packages: || names(&["gcc", "libc6-dev"]), works: || answers("gcc") },
    // For the fuzzer: libFuzzer is C++.
    Tool { name: "g++", packages: || names(&["g++"]), works: || answers("g++") },
    // For programs that call the kernel as 32-bit x86 does. Not `gcc-multilib`: that drives out cross compilers.
    #[cfg(target_arch = "x86_64")]
    Tool {
        name: "gcc -m32",
        packages: || vec![format!("gcc-{}-multilib", gcc(&["-dumpversion"]).unwrap_or_default())],
        works: || gcc(&["-m32", "-print-libgcc-file-name"]).is_some_and(|path| path.ends_with("/32/libgcc.a")),
    },
    // A container runtime: podman, for which runc is the one that knows machines where cgroups v1 and v2 are mounted.
    Tool {
        name: "podman",
        packages: || names(&["podman", "runc", "busybox-static"]),
        works: || answers("podman") && answers("runc") && process::succeeds(Command::new("busybox").arg("true")),
    },
    // For `kubectl kustomize`, and `systemd-analyze`.
    Tool { name: "kubectl", packages: || names(&["kubernetes-client"]), works: || deploy_tools::kubectl().is_some() },
    Tool { name: "systemd-analyze", packages: || names(&["systemd"]), works: || answers("systemd-analyze") },
    Tool { name: "valgrind", packages: || names(&["valgrind"]), works: || answers("valgrind") },
    Tool { name: "strace", packages: || names(&["strace"]), works: || answers("strace") },
    Tool {
        name: "bpftool",
        packages: || names(&["bpftool"]),
        works: || answers("bpftool") || answers("/usr/sbin/bpftool"),
    },
];

/// The tests' tools: says what is there, installs the rest unless `check`, and returns what is still missing. A test
/// without its tool says so itself; none of them stops the others.
pub(crate) fn for_tests(check: bool) -> Vec<String> {
    let mut missing = Vec::new();
    for tool in TOOLS {
        if (tool.works)() {
            line(tool.name, "found");
            continue;
        }
        let packages = (tool.packages)();
        if check {
            missing.push(format!("no {}: `apt-get install {}`", tool.name, packages.join(" ")));
        } else if let Err(error) = install(&packages) {
            line(tool.name, format_args!("not to be had: {error:#}"));
        }
    }
    missing
}

/// Installs what has the tool `name`, unless it is there.
pub(crate) fn need(name: &str) -> Result<()> {
    let tool = TOOLS.iter().find(|tool| tool.name == name && !(tool.works)());
    tool.map_or(Ok(()), |tool| install(&(tool.packages)()))
}

fn answers(program: &str) -> bool {
    process::succeeds(Command::new(program).arg("--version"))
}

fn gcc(arguments: &[&str]) -> Option<String> {
    let answer = Command::new("gcc").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(answer.stdout).ok()?.trim().to_owned())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// An `apt-get` that may install.
pub(crate) fn apt_get() -> Result<Command> {
    if !answers("apt-get") {
        bail!("there is no apt-get here");
    }
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("apt-get")
    } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        bail!("not root, and sudo asks for a password");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=300"]);
    Ok(command)
}
