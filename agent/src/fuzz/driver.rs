// SPDX-License-Identifier: Apache-2.0
//! What driver repositories send, and what a host says that it is.

use std::str;

use super::halves;
use crate::driver::{
    address::Address,
    host::{Description, keys},
    manifest::Manifest,
    signature::Keys,
    url,
    verify::Object,
};

/// An address, and where it leads on to: both are printed as they are read.
pub(super) fn address(bytes: &[u8]) {
    let (first, second) = halves(bytes);
    let (Ok(first), Ok(second)) = (str::from_utf8(first), str::from_utf8(second)) else { return };
    assert_eq!(url::decode(&url::encode(first)).as_deref(), Some(first), "what is encoded is decoded");
    let Ok(address) = first.parse::<Address>() else { return };
    for address in [Some(address.clone()), address.join(second).ok()].into_iter().flatten() {
        let shown = address.to_string();
        let again = shown.parse::<Address>().map(|again| again.to_string());
        assert_eq!(again.as_deref().ok(), Some(&*shown), "{first:?} {second:?}");
        let _ = (address.request(), address.split(), address.authorization(), address.port(), address.is_loopback());
    }
}

/// A manifest that passes is one whose files are named as files can be.
pub(super) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
    if manifest.check(&manifest.driver_version, &manifest.arch).is_ok() {
        for file in &manifest.files {
            assert!(!file.name.contains('/') && manifest.file(&file.name) == Some(file), "{file:?}");
        }
    }
}

/// A key, and a signature of nothing by it.
pub(super) fn signature(bytes: &[u8]) {
    let (key, signature) = halves(bytes);
    let keys = Keys::new(&[], str::from_utf8(key).ok()).unwrap_or_default();
    let _ = keys.verify(b"", signature).map_err(|error| (error.to_string(), error.remedy()));
}

/// An object that passes is the probe, which no change of its bytes is.
pub(super) fn object(bytes: &[u8]) {
    let _ = Object::check(bytes).map_err(|error| error.to_string());
}

/// Release and version of a kernel, a line each, before an os-release file: they make a name without a slash.
pub(super) fn os_release(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (release, version, os_release) = (next(), next(), next());
    let host = Description {
        release: release.to_owned(),
        version: version.to_owned(),
        os_release: Some(keys(os_release)),
        ..Description::default()
    };
    let stem = url::encode(&host.target().stem());
    assert!(!stem.contains('/') && !stem.contains(char::is_control), "{stem:?}");
}
