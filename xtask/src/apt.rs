// SPDX-License-Identifier: Apache-2.0
//! An apt of its own: it looks at none of this machine's sources and changes none of its lists.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};

use crate::{output, packages, process, report, workspace};

/// Who signs the archive.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// How long lists or packages may take.
const LIMIT: Duration = Duration::from_mins(10);

/// The folder of everything that is fetched, in the user's cache.
pub(crate) fn cache() -> PathBuf {
    workspace::search().tools().join("vm")
}

/// As Debian names a machine.
pub(crate) const fn debian(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "amd64",
        Arch::Aarch64 => "arm64",
    }
}

/// An apt for some suites of Debian. Each kernel's suite has one of its own, so that a suite that is gone is no trouble to
/// the others.
pub(crate) struct Apt {
    name: String,
    config: PathBuf,
}

impl Apt {
    /// For these suites; `name` is that of its folder.
    pub(crate) fn of(name: &str, suites: &[&str]) -> Result<Self> {
        let folder = cache().join("apt").join(name);
        for name in ["lists/partial", "cache/archives/partial"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        }
        if !Path::new(KEYRING).exists() {
            bail!("there is no {KEYRING}, by which packages are checked: `apt-get install debian-archive-keyring`");
        }
        let sources = suites.iter().map(|suite| {
            let archive = if suite.ends_with("-security") { "debian-security" } else { "debian" };
            format!("deb [signed-by={KEYRING}] http://deb.debian.org/{archive} {suite} main\n")
        });
        output::put(&folder.join("sources.list"), sources.collect::<String>().as_bytes(), 0o644)?;
        let at = folder.display();
        // It is given by `-c`, which is read last: a container's configuration that clears the cache is overruled.
        let config = format!(
            r#"Dir::Etc::SourceList "{at}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "{at}/lists";
Dir::Cache "{at}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Architectures {{ "amd64"; "arm64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
"#
        );
        let path = folder.join("apt.conf");
        output::put(&path, config.as_bytes(), 0o644)?;
        Ok(Self { name: name.to_owned(), config: path })
    }

    /// Reads the suites' lists.
    pub(crate) fn update(&self) -> Result<()> {
        report::line("apt", format_args!("lists of {}", self.name));
        self.run(Command::new("apt-get"), Path::new("/"), &["update"])
    }

    /// Downloads a package into `folder`.
    pub(crate) fn download(&self, package: &str, folder: &Path) -> Result<()> {
        self.run(Command::new("apt-get"), folder, &["download", package])
    }

    /// Installs packages, as root or by a sudo that asks nothing.
    pub(crate) fn install(&self, names: &[String]) -> Result<()> {
        let mut words = vec!["install", "--yes", "--no-install-recommends"];
        words.extend(names.iter().map(String::as_str));
        self.run(packages::apt_get()?, Path::new("/"), &words)
    }

    fn run(&self, mut apt: Command, folder: &Path, words: &[&str]) -> Result<()> {
        apt.current_dir(folder).arg("-q").arg("-c").arg(&self.config).args(words);
        process::quiet_within(LIMIT, apt).map(drop)
    }
}
