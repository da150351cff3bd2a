// SPDX-License-Identifier: Apache-2.0
//! What cargo is told.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{self, Path},
    process::{Command, ExitStatus, Stdio},
};

use agent_compile::{Core, Job, Search};

use super::{BuildError, Folder, Request, Tools, stop::Build};

/// Variables that a compiler may see; more of root's are nobody else's business.
const PASSED: [&str; 4] = ["LANG", "LC_ALL", "PATH", "TERM"];

/// The steps of one build.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    pub tools: &'a Tools,
    pub folder: &'a Folder,
    pub request: &'a Request,
    pub build: &'a Build<'static>,
}

impl Steps<'_> {
    /// Brings the crates of the lock file into cargo's own folder. Nothing of them runs.
    pub(super) fn fetch(&self) -> Result<(), BuildError> {
        let (home, search) = self.tools.crates(self.folder.home());
        let (status, said) = self.run(self.cargo(search, "fetch").env("CARGO_HOME", home))?;
        if status.success() { Ok(()) } else { Err(BuildError::Fetch { status, said }) }
    }

    /// Brings them into `to`.
    pub(super) fn vendor(&self, to: &Path) -> Result<(), BuildError> {
        let to = path::absolute(to).map_err(|error| BuildError::Folder {
            what: "cannot name",
            path: to.to_owned(),
            error,
        })?;
        let rustc = &self.tools.toolchain.rustc;
        let mut command = Command::new(rustc.program("cargo"));
        command
            .current_dir("/")
            // By itself it would remove whatever else is in the folder.
            .args(["vendor", "--no-delete", "--versioned-dirs", "--respect-source-config", "--manifest-path"])
            .arg(self.folder.sources().join("Cargo.toml"))
            // The library's own manifest asks for what is unstable.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", rustc.program("rustc"))
            .env_remove("RUSTUP_TOOLCHAIN");
        if self.tools.toolchain.core == Core::Source {
            command.arg("--sync").arg(rustc.sysroot.join("lib/rustlib/src/rust/library/Cargo.toml"));
        }
        let (status, said) = self.run(command.arg(to))?;
        if status.success() { Ok(()) } else { Err(BuildError::Fetch { status, said }) }
    }

    /// Compiles, with what is here and nothing else.
    pub(super) fn compile(&self) -> Result<(), BuildError> {
        let own = self.folder.home();
        let (mut home, _) = self.tools.crates(own.clone());
        let mut command = self.cargo(&self.tools.search, "build");
        command.args(["--profile", "probe", "--offline"]);
        if let Some(vendor) = &self.request.vendor {
            home.clone_from(&own);
            let folder = fs::canonicalize(vendor).map_err(|error| BuildError::Folder {
                what: "cannot read",
                path: vendor.clone(),
                error,
            })?;
            // A string of TOML has JSON's escapes.
            let folder = serde_json::Value::from(folder.to_string_lossy().into_owned());
            command.args(["--config", "source.crates-io.replace-with='vendored'", "--config"]);
            command.arg(format!("source.vendored.directory={folder}"));
        }
        without_ours(&mut command);
        command.env("CARGO_HOME", home).env("HOME", &own).env("TMPDIR", own);
        let (status, said) = self.run(&mut command)?;
        if status.success() { Ok(()) } else { Err(BuildError::Compile { status, said }) }
    }

    fn cargo(&self, search: &Search, subcommand: &str) -> Command {
        let (sources, target) = (self.folder.sources(), self.folder.target());
        let (home, _) = self.tools.crates(self.folder.home());
        let mut remapped = vec![(sources.as_path(), "lanner"), (home.as_path(), "cargo")];
        remapped.extend(self.request.vendor.iter().map(|vendor| (vendor.as_path(), "vendor")));
        let job = Job { workspace: &sources, target_dir: &target, arch: self.request.arch, remapped: &remapped };
        agent_compile::cargo(search, &self.tools.toolchain, &job, subcommand)
    }

    /// Runs `command`, and returns what it said on stderr if the user has not seen that.
    fn run(&self, command: &mut Command) -> Result<(ExitStatus, String), BuildError> {
        let stderr = if self.request.talks { Stdio::inherit() } else { Stdio::piped() };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let ran = self.build.run(command);
        if self.build.is_stopped() {
            return Err(BuildError::Stopped);
        }
        let (status, said) = ran.map_err(|error| BuildError::Start {
            program: command.get_program().to_string_lossy().into_owned(),
            error,
        })?;
        Ok((status, String::from_utf8_lossy(&said).into_owned()))
    }
}

/// Leaves `command` only those of our variables that it needs.
fn without_ours(command: &mut Command) {
    let own: Vec<(OsString, OsString)> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command.env_clear();
    command.envs(PASSED.iter().filter_map(|name| Some((OsStr::new(name), env::var_os(name)?))));
    command.envs(own);
}
