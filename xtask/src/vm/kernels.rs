// SPDX-License-Identifier: Apache-2.0
//! The kernels that are known: `kernels.toml`, each by exact version and checksum.

use agent_compile::Arch;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Everything about them.
const TABLE: &str = include_str!("kernels.toml");

/// A kernel of the archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kernel {
    /// The machine that it is for, as `uname -m` has it.
    arch: String,
    /// What it is asked for by: its line, and its flavour unless that is `cloud`.
    pub(super) name: String,
    /// The package's version.
    pub(super) version: String,
    /// The suite of Debian that has it.
    pub(super) suite: String,
    /// The package.
    pub(super) package: String,
    /// Of the package's file.
    pub(super) sha256: String,
    /// Whether `--all` takes it.
    pub(super) first: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kernel: Vec<Kernel>,
}

impl Kernel {
    /// The machine that it is for.
    pub(super) fn arch(&self) -> Arch {
        if self.arch == Arch::Aarch64.name() { Arch::Aarch64 } else { Arch::X86_64 }
    }

    /// What a person calls it.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.name, self.arch)
    }
}

/// All of them.
pub(super) fn all() -> Result<Vec<Kernel>> {
    Ok(toml::from_str::<Table>(TABLE).context("kernels.toml is wrong")?.kernel)
}

/// Those with these names for these machines; with `first`, those of `--all`.
pub(super) fn chosen(names: &[String], first: bool, archs: &[Arch]) -> Result<Vec<Kernel>> {
    let here: Vec<_> = all()?.into_iter().filter(|kernel| archs.contains(&kernel.arch())).collect();
    if first {
        return Ok(here.into_iter().filter(|kernel| kernel.first).collect());
    }
    let mut chosen = Vec::new();
    for name in names {
        let before = chosen.len();
        chosen.extend(here.iter().filter(|kernel| kernel.name == *name).cloned());
        if chosen.len() == before {
            let known: Vec<_> = here.iter().map(Kernel::title).collect();
            bail!("no kernel `{name}` is known for what was asked; `cargo xtask vm --list` has: {}", known.join(", "));
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_in_order() {
        let all = all().expect("kernels.toml");
        let titles: BTreeSet<_> = all.iter().map(Kernel::title).collect();
        assert_eq!(titles.len(), all.len(), "each name is there once for each machine");
        for kernel in &all {
            assert!(Arch::ALL.iter().any(|arch| arch.name() == kernel.arch), "{}", kernel.arch);
            assert!(kernel.sha256.len() == 64 && kernel.sha256.chars().all(|c| c.is_ascii_hexdigit()), "{kernel:?}");
            let suffix = if kernel.arch() == Arch::X86_64 { "-amd64" } else { "-arm64" };
            assert!(kernel.package.ends_with(suffix), "{}", kernel.package);
            assert!(kernel.version.starts_with(kernel.name.split('-').next().unwrap_or_default()), "{kernel:?}");
        }
    }

    #[test]
    fn kernels_are_chosen_by_name_and_machine() {
        let one = chosen(&["6.1".to_owned()], false, &[Arch::Aarch64]).expect("it is known");
        assert_eq!(one.iter().map(Kernel::title).collect::<Vec<_>>(), ["6.1 aarch64"]);
        let first = chosen(&[], true, &Arch::ALL).expect("there are some");
        assert!(first.len() >= 7 && first.iter().all(|kernel| kernel.first));
        let error = chosen(&["4.19".to_owned()], false, &[Arch::X86_64]).expect_err("it is not in the archive");
        assert!(error.to_string().contains("`4.19`") && error.to_string().contains("5.10 x86_64"), "{error}");
    }
}
