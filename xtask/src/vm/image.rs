// SPDX-License-Identifier: Apache-2.0
//! What a guest boots from beside its kernel: the agent, the test programs and their plan, all static, and nothing else.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{cpio::Archive, plan::Plan};
use crate::{build, build_ebpf, dist::cross, output, process, report, setup, workspace};

/// The first process of the guest, and its `/bin/true`.
const GUEST: &str = "guest";
/// A 32-bit program that cases start, from source; in the guest there is no compiler.
const PROGRAM_32: &str = "tests/tests/syscalls/i386/program.c";
/// As what it is known to the cases.
const PROGRAM_32_NAME: &str = "thirty-two";

/// The programs for one machine.
#[derive(Debug)]
pub(super) struct Programs {
    agent: Vec<u8>,
    /// The agent's checksum.
    pub(super) sum: String,
    /// Tests by name, and the programs that they start.
    built: BTreeMap<String, Built>,
    compiled: Option<Vec<u8>>,
}

/// A program that cargo has built.
#[derive(Debug)]
struct Built {
    path: PathBuf,
    test: bool,
}

/// A line of cargo's messages, as far as it matters.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

impl Programs {
    /// Builds them for `arch`: `tests` are the names of integration tests. `agent` is one that is there already.
    pub(super) fn build(arch: Arch, tests: &[&str], agent: Option<&Path>) -> Result<Self> {
        let cross = cross::set_up(arch)?;
        let agent = if let Some(path) = agent {
            fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
        } else {
            build_ebpf::build(&setup::toolchain()?, arch)?;
            // This machine's was built already by whoever tests; for another one, what is quick to build is enough.
            let profile = if arch == Arch::HOST { build::RELEASE } else { "guest" };
            build::agent(arch, profile, &cross)?
        };
        report::line("tests", format_args!("for {}: {}", arch.name(), tests.join(", ")));
        let mut cargo = workspace::cargo("test");
        cargo.args(["--no-run", "--package", "tests", "--no-default-features", "--target", &build::target(arch)]);
        cargo.args(tests.iter().flat_map(|test| ["--test", test]));
        cargo.args(["--message-format", "json-render-diagnostics"]);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", build::flags(&cross)).envs(cross.environment);
        // They are copied into every guest.
        cargo.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_STRIP", "symbols")]);
        let built = executables(&process::read(&mut cargo)?);
        for name in tests.iter().chain(&[GUEST]) {
            if !built.contains_key(*name) {
                bail!("cargo built no program `{name}` of package `tests`");
            }
        }
        Ok(Self { sum: output::sha256(&agent), agent, built, compiled: (arch == Arch::X86_64).then(compile).flatten() })
    }

    /// The archive of a guest's first file system.
    pub(super) fn archive(&self, plan: &Plan) -> Result<Vec<u8>> {
        let mut archive = Archive::default();
        for folder in ["/bin", "/dev", "/etc", "/proc", "/run", "/sys", "/tests", "/var", "/root"] {
            archive.folder(folder, 0o755)?;
        }
        // Before anything is mounted, the first process writes there.
        archive.device("/dev/console", (5, 1))?;
        archive.device("/dev/null", (1, 3))?;
        archive.file("/etc/passwd", 0o644, b"root:x:0:0::/root:/bin/true\nnobody:x:65534:65534::/:/bin/true\n")?;
        archive.file("/etc/group", 0o644, b"root:x:0:\nnogroup:x:65534:\n")?;
        archive.file(super::plan::PATH, 0o644, &serde_json::to_vec(plan)?)?;
        archive.file("/bin/lanner", 0o755, &self.agent)?;
        for (name, Built { path, test }) in &self.built {
            let program = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            if name == GUEST {
                archive.file("/bin/true", 0o755, &program)?;
                archive.link("/init", "/bin/true")?;
            } else if *test {
                archive.file(&format!("/tests/{name}"), 0o755, &program)?;
            } else {
                // Tests know the programs that they start by the paths they had when they were built.
                let folder = path.parent().context("a program lies in a folder")?;
                archive.folders(&folder.to_string_lossy())?;
                archive.file(&path.to_string_lossy(), 0o755, &program)?;
            }
        }
        if let Some(program) = &self.compiled {
            archive.file(&format!("/tests/{PROGRAM_32_NAME}"), 0o755, program)?;
        }
        // Last: programs may lie in it, and what is around them is a common folder.
        archive.folder("/tmp", 0o1777)?;
        archive.finish()
    }
}

/// The programs in cargo's messages, by name.
fn executables(messages: &str) -> BTreeMap<String, Built> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let artifacts = messages.filter(|message| message.reason == "compiler-artifact");
    let built = artifacts.filter_map(|message| {
        let built = Built { path: message.executable?, test: message.profile?.test };
        Some((message.target?.name, built))
    });
    built.collect()
}

/// The 32-bit program, where there is a compiler for it. The case that wants it says so when there is none.
fn compile() -> Option<Vec<u8>> {
    let program = workspace::target().join("vm").join(PROGRAM_32_NAME);
    let mut gcc = Command::new("gcc");
    gcc.current_dir(workspace::root()).args(["-O1", "-m32", "-static", "-nostdlib", "-ffreestanding"]);
    gcc.args(["-fno-pie", "-no-pie", "-o"]).arg(&program).arg(PROGRAM_32);
    fs::create_dir_all(program.parent()?).ok()?;
    match process::quiet(gcc) {
        Ok(()) => fs::read(&program).ok(),
        Err(error) => {
            report::line("left out", format_args!("the 32-bit program (`cargo xtask setup --tests`): {error:#}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"libc"},"profile":{"test":false},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"load"},"profile":{"test":false},"executable":"/t/load"}"#,
            "\nwarning: not JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"ledger"},"profile":{"test":true},"executable":"/t/l-1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = executables(messages);
        let found: Vec<_> = found.iter().map(|(name, built)| (name.as_str(), &*built.path, built.test)).collect();
        assert_eq!(found, [("ledger", Path::new("/t/l-1"), true), ("load", Path::new("/t/load"), false)]);
    }
}
