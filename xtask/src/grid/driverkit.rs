// SPDX-License-Identifier: Apache-2.0
//! driverkit's configuration files: a kernel each, as Falco's build grid has thousands of them.
//! <https://github.com/falcosecurity/driverkit/blob/v0.22.1/README.md>

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    config::{self, Kernel},
    yaml::{self, Content, Node},
};
use crate::repository::{host::Description, url::Target};

/// Folders inside folders that are looked into.
const MAX_DEPTH: usize = 8;
/// Files that are read at most.
const MAX_FILES: usize = 100_000;

/// The kernels of the file `path`, or of all the files below the folder `path`, in the order of their names.
pub(super) fn read(path: &Path) -> Result<Vec<Kernel>> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, 0, &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    files.sort();
    files.iter().map(|path| kernel(&config::text(path)?, &path.display().to_string())).collect()
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    let shown = folder.display();
    ensure!(depth < MAX_DEPTH, "{shown}: folders stand more than {MAX_DEPTH} deep inside one another");
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {shown}"))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, depth + 1, files)?;
        } else if is_yaml(&path) {
            ensure!(files.len() < MAX_FILES, "{shown}: more than {MAX_FILES} files");
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file of this name is one of driverkit's.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The kernel that a file describes.
fn kernel(text: &str, shown: &str) -> Result<Kernel> {
    let documents = yaml::read(text).map_err(|wrong| anyhow::anyhow!("{shown}:{}: {}", wrong.line, wrong.message))?;
    let [Node { content: Content::Mapping(entries), .. }] = documents.as_slice() else {
        bail!("{shown}: not one mapping of keys, as driverkit's files are");
    };
    let key = |name: &str| entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
    let word = |name: &str| match key(name) {
        None | Some(Node { content: Content::Null, .. }) => Ok(None),
        Some(Node { content: Content::Scalar(text), .. }) => Ok(Some(text.as_str())),
        Some(Node { line, .. }) => bail!("{shown}:{line}: `{name}` is a word"),
    };
    let needed = |name: &str| word(name)?.with_context(|| format!("{shown}: no `{name}`"));

    let release = needed("kernelrelease")?.to_owned();
    let version = word("kernelversion")?.unwrap_or("1").to_owned();
    let target = needed("target")?;
    let id = named(key("output"), &release, &version).unwrap_or_else(|| client_name(target, &release));
    let arch = word("architecture")?.map(config::arch).transpose().with_context(|| shown.to_owned())?;
    // `master` is what driverkit builds unless it is told otherwise: of no version in particular.
    let driver_version = word("driverversion")?.filter(|version| *version != "master").map(str::to_owned);
    Ok(Kernel { target: Target { id, release, version }, arch, driver_version, btf: None, place: shown.to_owned() })
}

/// The target in the name of the file that driverkit would write: `falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.ko`. That is
/// the name by which clients ask.
fn named(output: Option<&Node>, release: &str, version: &str) -> Option<String> {
    let Content::Mapping(entries) = &output?.content else { return None };
    entries.iter().filter(|(key, _)| key.name == "module" || key.name == "probe").find_map(|(_, node)| {
        let Content::Scalar(path) = &node.content else { return None };
        let stem = Path::new(path).file_name()?.to_str()?;
        let stem = stem.strip_suffix(".ko").or_else(|| stem.strip_suffix(".o"))?;
        let (_, target) = stem.strip_suffix(&format!("_{release}_{version}"))?.split_once('_')?;
        Some(target.to_owned())
    })
}

/// What clients call driverkit's `target`: driverkit names the builder, clients the distribution.
fn client_name(target: &str, release: &str) -> String {
    match target {
        "redhat" => "rhel".to_owned(),
        "ubuntu" => {
            let os_release = BTreeMap::from([("ID".to_owned(), target.to_owned())]);
            let host =
                Description { release: release.to_owned(), os_release: Some(os_release), ..Description::default() };
            host.target().id
        }
        _ => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use agent_compile::Arch;

    use super::*;

    #[test]
    fn a_file_is_a_kernel() {
        let text = "kernelversion: 9~20.04.1\nkernelrelease: 5.15.0-1009-aws\ntarget: ubuntu\narchitecture: amd64\n\
                    driverversion: 0.1.0+probe\nkernelurls:\n  - http://x/a.deb\noutput:\n  \
                    module: output/0.1.0+probe/x86_64/falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.ko\n";
        let kernel = kernel(text, "x.yaml").expect("a kernel");
        assert_eq!(kernel.target.stem(), "ubuntu-aws_5.15.0-1009-aws_9~20.04.1");
        assert_eq!((kernel.arch, kernel.driver_version.as_deref()), (Some(Arch::X86_64), Some("0.1.0+probe")));
        assert_eq!(kernel.place, "x.yaml");
    }

    #[test]
    fn what_is_not_said_has_driverkits_defaults() {
        let of = |text: &str| kernel(text, "x.yaml").expect("a kernel");
        let bare = of("kernelrelease: 6.1.0\ntarget: photon\ndriverversion: master\n");
        assert_eq!(bare.target.stem(), "photon_6.1.0_1");
        assert_eq!((bare.arch, bare.driver_version), (None, None));
        // Numbers are words as they are written.
        assert_eq!(of("{kernelrelease: 6.10, kernelversion: 010, target: arch}").target.stem(), "arch_6.10_010");
        assert_eq!(of("{kernelrelease: 5.14.0-362.el9.x86_64, target: redhat}").target.id, "rhel");
        assert_eq!(of("{kernelrelease: 6.5.0-9-lowlatency, target: ubuntu}").target.id, "ubuntu-lowlatency");
        assert_eq!(of("{kernelrelease: 6.5.0, target: ubuntu, output: {module: x.ko}}").target.id, "ubuntu-generic");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| format!("{:#}", kernel(text, "x.yaml").expect_err(text));
        assert_eq!(wrong("target: arch"), "x.yaml: no `kernelrelease`");
        assert_eq!(wrong("kernelrelease: 6.1.0"), "x.yaml: no `target`");
        assert_eq!(wrong("kernelrelease: [6.1.0]\ntarget: arch"), "x.yaml:1: `kernelrelease` is a word");
        assert_eq!(wrong("kernelrelease: 1\nkernelrelease: 2"), "x.yaml:2: the key `kernelrelease` is there twice");
        assert_eq!(wrong("- a"), "x.yaml: not one mapping of keys, as driverkit's files are");
        assert_eq!(wrong(""), "x.yaml: not one mapping of keys, as driverkit's files are");
        let unknown = wrong("{kernelrelease: 1, target: arch, architecture: s390x}");
        assert_eq!(unknown, "x.yaml: unknown architecture \"s390x\": it is x86_64 (amd64) or aarch64 (arm64)");
    }
}
