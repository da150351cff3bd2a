// SPDX-License-Identifier: Apache-2.0
//! The probe's sources, which this binary carries.

use std::{fs, io, os::unix::fs::chown, path::Path};

use agent_compile::User;
use lzma_rust2::XzReader;
use tar::Archive;

/// The packages `agent-common` and `agent-ebpf` as a workspace of their own, with their lock file and licences.
static SOURCES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.tar.xz"));

/// Unpacks them into `folder`, for `owner`.
///
/// # Errors
/// Those of writing files.
pub(super) fn unpack(folder: &Path, owner: Option<&User>) -> io::Result<()> {
    let mut archive = Archive::new(XzReader::new(SOURCES, false));
    archive.set_preserve_mtime(false);
    archive.unpack(folder)?;
    // cargo takes out of the lock file what it does not need, and our umask may keep others from reading.
    owner.map_or(Ok(()), |owner| give(folder, owner))
}

fn give(path: &Path, owner: &User) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), owner)?;
        }
    }
    chown(path, Some(owner.uid), Some(owner.gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_those_of_this_tree() {
        let folder = tempfile::tempdir().expect("a folder");
        unpack(folder.path(), None).expect("sources");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        for file in
            ["agent-common/Cargo.toml", "agent-common/schema.lock", "agent-ebpf/build.rs", "agent-ebpf/src/main.rs"]
        {
            let read = |root: &Path| fs::read_to_string(root.join(file)).expect("a source");
            assert_eq!(read(folder.path()), read(root), "{file}");
        }
        let members = "members = [\"agent-common\", \"agent-ebpf\"]\n";
        assert!(fs::read_to_string(folder.path().join("Cargo.toml")).expect("the manifest").contains(members));
        let lock = fs::read_to_string(folder.path().join("Cargo.lock")).expect("the lock file");
        for name in ["agent-common", "agent-ebpf", "aya-ebpf", "aya-ebpf-bindings"] {
            assert_eq!(lock.matches(&format!("name = \"{name}\"\n")).count(), 1, "{name}\n{lock}");
        }
        for name in ["agent", "clap", "kube", "tokio"] {
            assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name}\n{lock}");
        }
    }
}
