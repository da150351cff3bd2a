// SPDX-License-Identifier: Apache-2.0
//! The first process of a virtual machine that `cargo xtask vm` boots: mounts what a system has, takes the steps of its
//! plan, and turns the machine off. Started as anything but the first process, it is a program that ends well at once.

mod hotplug;
mod mounts;
mod plan;
mod steps;

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    process::ExitCode,
    thread,
};

use anyhow::{Context as _, Result};
use rustix::{
    system::{RebootCommand, reboot},
    termios::{OptionalActions, Termios, tcdrain, tcgetattr, tcsetattr},
};

use crate::{
    hotplug::Hotplug,
    plan::{Answer, PATH, Plan},
};

fn main() -> ExitCode {
    if std::process::id() != 1 {
        return ExitCode::SUCCESS;
    }
    if let Err(error) = run() {
        eprintln!("guest: {error:#}");
    }
    // Both fail only for who is not root.
    rustix::fs::sync();
    let off = reboot(RebootCommand::PowerOff);
    eprintln!("guest: the machine can't be turned off: {off:?}");
    // The kernel panics when its first process ends, and QEMU then ends.
    ExitCode::FAILURE
}

fn run() -> Result<()> {
    let missing = mounts::all();
    let plan = fs::read_to_string(PATH).with_context(|| format!("cannot read {PATH}"))?;
    let plan: Plan = serde_json::from_str(&plan).with_context(|| format!("{PATH} is wrong"))?;
    let missing = missing.into_iter().chain(mounts::cgroups(plan.cgroups)).chain(mounts::btf(plan.btf)).collect();
    let mut report = Report::open(&plan.report)?;
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    report.say(&Answer::Start { release, cpus, missing })?;
    let hotplug = plan.hotplug.then(Hotplug::start).transpose()?;
    for step in &plan.steps {
        report.say(&steps::take(step, &plan.environment))?;
    }
    let hotplugs = hotplug.map_or(Ok(0), Hotplug::stop)?;
    report.say(&Answer::End { hotplugs })
}

/// The serial port for answers. The console is another one: the kernel's messages may come in the middle of a line.
struct Report(File);

impl Report {
    fn open(path: &str) -> Result<Self> {
        let port =
            OpenOptions::new().read(true).write(true).open(path).with_context(|| format!("cannot open {path}"))?;
        // Bytes as they are: no newline becomes two.
        let mut settings: Termios = tcgetattr(&port).with_context(|| format!("{path} is no serial port"))?;
        settings.make_raw();
        tcsetattr(&port, OptionalActions::Now, &settings).with_context(|| format!("cannot set up {path}"))?;
        Ok(Self(port))
    }

    fn say(&mut self, answer: &Answer) -> Result<()> {
        let mut line = serde_json::to_vec(answer).context("an answer is JSON")?;
        line.push(b'\n');
        self.0.write_all(&line).context("cannot write to the host")?;
        // The machine goes off before the port is empty, else.
        tcdrain(&self.0).context("cannot write to the host")
    }
}
