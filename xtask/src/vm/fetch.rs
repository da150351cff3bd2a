// SPDX-License-Identifier: Apache-2.0
//! Kernels from Debian's archive, kept in the user's cache.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::kernels::Kernel;
use crate::{
    apt::{Apt, cache, debian},
    output, process,
    report::Step,
};

/// What apt says when the archive has no such package, or no such suite, any more.
const GONE: [&str; 5] = [
    "404  Not Found",
    "Unable to locate package",
    "was not found",
    "Can't find a source",
    "does not have a Release file",
];

/// What came of fetching a kernel.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The file of its image.
    Image(PathBuf),
    /// The archive does not have it any more. What it said.
    Gone(String),
}

/// The image of a kernel, fetched unless it is there.
///
/// The package's checksum is what names it, and that of the image was written beside it when it came out of the package.
pub(super) fn image(kernel: &Kernel) -> Result<Fetched> {
    let digits = kernel.sha256.get(..12).context("a checksum has 64 digits")?;
    let folder = cache().join(format!("{}-{}-{digits}", kernel.name, kernel.arch().name()));
    let (image, sum) = (folder.join("vmlinuz"), folder.join("vmlinuz.sha256"));
    if let (Ok(bytes), Ok(sum)) = (fs::read(&image), fs::read_to_string(&sum))
        && output::sha256(&bytes) == sum.trim()
    {
        return Ok(Fetched::Image(image));
    }
    let step = Step::start("kernel", &format!("{} {}", kernel.package, kernel.version));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let package = match package(kernel, &folder) {
        Ok(package) => package,
        Err(error) => {
            let said = format!("{error:#}");
            return gone(&said).map(|line| Fetched::Gone(line.to_owned())).ok_or(error);
        }
    };
    let bytes = unpack(&package, &folder)?;
    output::put(&image, &bytes, 0o644)?;
    output::put(&sum, output::sha256(&bytes).as_bytes(), 0o644)?;
    fs::remove_file(&package).with_context(|| format!("cannot remove {}", package.display()))?;
    step.done(format_args!("{} {}, {} MiB", kernel.package, kernel.version, bytes.len() >> 20));
    Ok(Fetched::Image(image))
}

/// The line by which apt says that something is gone.
fn gone(said: &str) -> Option<&str> {
    said.lines().find(|line| GONE.iter().any(|words| line.contains(words))).map(str::trim)
}

/// Downloads the package into `folder`, and checks it.
fn package(kernel: &Kernel, folder: &Path) -> Result<PathBuf> {
    let apt = Apt::of(&kernel.suite, &[&kernel.suite])?;
    let wanted = format!("{}:{}={}", kernel.package, debian(kernel.arch()), kernel.version);
    if apt.download(&wanted, folder).is_err() {
        // No lists yet, or old ones.
        apt.update()?;
        apt.download(&wanted, folder).with_context(|| format!("cannot fetch {wanted} of Debian's {}", kernel.suite))?;
    }
    let files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut packages =
        files.into_iter().map(|file| file.path()).filter(|path| path.extension() == Some("deb".as_ref()));
    let package = packages.next().with_context(|| format!("apt-get left no package in {}", folder.display()))?;
    let bytes = fs::read(&package).with_context(|| format!("cannot read {}", package.display()))?;
    let found = output::sha256(&bytes);
    if found != kernel.sha256 {
        fs::remove_file(&package)?;
        bail!("{wanted} has the checksum {found}, not {}: it is not what was tested", kernel.sha256);
    }
    Ok(package)
}

/// The image in a package: in /boot, from 7.x on among the modules.
fn unpack(package: &Path, folder: &Path) -> Result<Vec<u8>> {
    let content = folder.join("content");
    let mut unpack = Command::new("dpkg-deb");
    process::quiet({
        unpack.arg("--extract").arg(package).arg(&content);
        unpack
    })?;
    let image = files(&content.join("boot"))
        .chain(files(&content.join("usr/lib/modules")).flat_map(|release| files(&release)))
        .chain(files(&content.join("lib/modules")).flat_map(|release| files(&release)))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz")));
    let image = image.with_context(|| format!("{} has no vmlinuz", package.display()))?;
    let bytes = fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
    fs::remove_dir_all(&content).with_context(|| format!("cannot remove {}", content.display()))?;
    Ok(bytes)
}

/// What is in a folder; nothing when it is not there.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_what_can_not_be_reached() {
        let gone_packages = "`apt-get download x` failed: exit status: 100\nE: Version '1' for 'x' was not found";
        assert_eq!(gone(gone_packages), Some("E: Version '1' for 'x' was not found"));
        assert!(gone("E: Failed to fetch http://deb.debian.org/x.deb  404  Not Found [IP: 1.2.3.4 80]").is_some());
        assert!(
            gone("E: The repository 'http://deb.debian.org/debian x Release' does not have a Release file.").is_some()
        );
        for unreachable in ["Temporary failure resolving 'deb.debian.org'", "Could not connect", "503  Unavailable"] {
            assert_eq!(gone(unreachable), None);
        }
    }
}
