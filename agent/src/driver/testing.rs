// SPDX-License-Identifier: Apache-2.0
//! What the tests here share: a web server with good and bad manners, objects, and folders that go.

pub(super) mod object;
pub(super) mod repo;
pub(super) mod server;

use std::{path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::{http, proxy::Proxies};

/// A folder of its own, which goes with this.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

/// A small file system, which goes with this.
pub(super) struct Mounted(Folder);

impl Mounted {
    /// `None` for those who may not mount: where tests run as somebody else, what they try is tried by those that run as
    /// root.
    pub(super) fn tmpfs(options: &str) -> Option<Self> {
        let folder = Folder::new();
        let mut mount = Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&*folder).output().ok()?.status.success();
        if !done {
            eprintln!("not tried: only root mounts");
        }
        done.then_some(Self(folder))
    }

    pub(super) fn make_read_only(&self) {
        let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(&*self.0).status().expect("mount");
        assert!(remount.success());
    }
}

impl std::ops::Deref for Mounted {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&*self.0).status();
    }
}

/// How tests fetch files: from this machine, showing nothing.
pub(super) fn http_settings() -> http::Settings {
    http::Settings {
        timeout: Duration::from_secs(20),
        insecure: false,
        headers: Vec::new(),
        ca: None,
        proxies: Proxies::default(),
        progress: false,
    }
}

/// The signature of `bytes`.
pub(super) fn sign(pair: &minisign::KeyPair, bytes: &[u8]) -> String {
    let signed = minisign::sign(Some(&pair.pk), &pair.sk, bytes, Some("trusted"), Some("untrusted"));
    signed.expect("a signature").into_string()
}

/// BTF without types.
pub(super) fn empty_btf() -> Vec<u8> {
    let mut btf = 0xeb9f_u16.to_ne_bytes().to_vec();
    btf.extend_from_slice(&[1, 0]);
    btf.extend([24_u32, 0, 0, 0, 1].iter().flat_map(|word| word.to_ne_bytes()));
    btf.push(0);
    btf
}

/// What xz makes of bytes.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).expect("a writer");
    writer.write_all(bytes).expect("room");
    writer.finish().expect("room")
}
