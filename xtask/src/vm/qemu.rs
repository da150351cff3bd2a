// SPDX-License-Identifier: Apache-2.0
//! QEMU: found, installed, and run. It interprets ("TCG"): that takes no hardware, and works inside virtual machines.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};

use crate::{apt::Apt, packages, process, report, workspace};

/// The oldest version that is used. 7.2 makes kernels from 6.12 on crash, by the way it interprets `cmpxchg16b` and code
/// that is patched while another CPU runs it; 8 and 9 were not tried.
const OLDEST: u32 = 10;
/// What is installed. Each is named: of a suite's packages apt takes only those that it is told to.
const PACKAGES: [&str; 6] =
    ["qemu-system-x86", "qemu-system-arm", "qemu-system-common", "qemu-system-data", "seabios", "qemu-utils"];

/// A machine to boot.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pub(super) arch: Arch,
    pub(super) cpus: u32,
    pub(super) kernel: &'a Path,
    pub(super) initrd: &'a Path,
    /// More of the kernel's command line.
    pub(super) boot: &'a str,
    /// The file that its console goes to.
    pub(super) console: &'a Path,
    /// The file that the second serial port goes to.
    pub(super) report: &'a Path,
}

/// What differs by machine.
struct Board {
    program: &'static str,
    flags: &'static [&'static str],
    console: &'static str,
    report: &'static str,
}

const fn board(arch: Arch) -> Board {
    match arch {
        Arch::X86_64 => Board {
            program: "qemu-system-x86_64",
            flags: &["-machine", "q35", "-cpu", "max"],
            console: "ttyS0",
            report: "/dev/ttyS1",
        },
        Arch::Aarch64 => Board {
            program: "qemu-system-aarch64",
            flags: &["-machine", "virt", "-cpu", "cortex-a72"],
            console: "ttyAMA0",
            report: "/dev/ttyAMA1",
        },
    }
}

/// The device of the guest whose bytes come out in [`Machine::report`].
pub(super) const fn report_device(arch: Arch) -> &'static str {
    board(arch).report
}

/// Boots a machine and waits until it is off; longer than `limit` is an error. That it went off says nothing else: so does
/// one whose kernel panics.
pub(super) fn boot(machine: &Machine<'_>, limit: Duration) -> Result<()> {
    let board = board(machine.arch);
    let mut qemu = Command::new(board.program);
    qemu.args(board.flags);
    // Never by /dev/kvm: what is behind it may not be able to run these kernels.
    qemu.args(["-accel", "tcg", "-m", "2G", "-smp", &machine.cpus.to_string()]);
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    for file in [machine.console, machine.report] {
        qemu.args(["-serial", &format!("file:{}", file.display())]);
    }
    qemu.arg("-kernel").arg(machine.kernel).arg("-initrd").arg(machine.initrd);
    // A panic then ends QEMU at once. Warnings are shown, which a boot may not have.
    qemu.args(["-append", &format!("console={} panic=-1 loglevel=5 {}", board.console, machine.boot)]);
    process::quiet_within(limit, qemu).map(drop)
}

/// Fails unless there is a QEMU for `arch` that is new enough.
pub(super) fn check(arch: Arch) -> Result<()> {
    let program = board(arch).program;
    match version(program) {
        Some(major) if major >= OLDEST => Ok(()),
        Some(major) => bail!(
            "{program} is of version {major}, with which newer kernels crash; {OLDEST} is needed: `cargo xtask setup --vm`"
        ),
        None => bail!("there is no {program}: `cargo xtask setup --vm` installs it"),
    }
}

/// Says what is there, installs the rest unless `check`, and returns what is still missing.
pub(super) fn set_up(only_check: bool) -> Result<Vec<String>> {
    if Arch::ALL.iter().all(|arch| check(*arch).is_ok()) {
        report::line("qemu", "found, for all machines");
        return Ok(Vec::new());
    }
    if only_check {
        let missing = Arch::ALL.iter().filter_map(|arch| check(*arch).err());
        return Ok(missing.map(|error| error.to_string()).collect());
    }
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if system.lines().any(|line| line == "VERSION_CODENAME=bookworm") {
        // Its own is too old. Suites of later releases among the sources would bring their C library.
        let suites = ["bookworm", "bookworm-updates", "bookworm-security", "bookworm-backports"];
        let apt = Apt::of("qemu", &suites)?;
        apt.update()?;
        apt.install(&PACKAGES.map(|name| format!("{name}/bookworm-backports")))?;
    } else {
        packages::install(&PACKAGES)?;
    }
    Arch::ALL.iter().try_for_each(|arch| check(*arch))?;
    report::line("qemu", "installed");
    Ok(Vec::new())
}

/// The first number of a QEMU's version.
fn version(program: &str) -> Option<u32> {
    let output = Command::new(program).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// The first number of the version in what `--version` says.
fn major(said: &str) -> Option<u32> {
    said.split("version ").nth(1)?.split('.').next()?.parse().ok()
}

/// What a machine leaves, in a folder of its own: until the next of its name.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) console: PathBuf,
    pub(super) report: PathBuf,
    pub(super) initrd: PathBuf,
    /// What came of it.
    pub(super) outcome: PathBuf,
}

impl Files {
    /// What the machine of this name leaves.
    pub(super) fn of(name: &str) -> Self {
        let folder = workspace::target().join("vm").join(name);
        Self {
            console: folder.join("console"),
            report: folder.join("report"),
            initrd: folder.join("initrd"),
            outcome: folder.join("outcome.json"),
        }
    }

    /// Makes the folder; what an earlier run left goes.
    pub(super) fn clear(&self) -> Result<()> {
        let folder = self.console.parent().context("files lie in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for path in [&self.console, &self.report, &self.outcome] {
            fs::write(path, "").with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read() {
        assert_eq!(major("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2~bpo12+1)\nCopyright"), Some(10));
        assert_eq!(major("QEMU emulator version 7.2.19\n"), Some(7));
        assert_eq!(major("no such thing"), None);
    }
}
