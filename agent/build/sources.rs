// SPDX-License-Identifier: Apache-2.0
//! The probe's sources as an archive: the packages that it is made of, as a workspace of their own.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use lzma_rust2::{XzOptions, XzWriter};
use tar::{Builder, Header};

use crate::lock;

/// The packages.
const MEMBERS: [&str; 2] = ["agent-common", "agent-ebpf"];
/// What those who pass sources on have to pass on, too.
const LICENCES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-GPL-2.0", "LICENSE-MIT"];
/// How hard xz tries; more than this wins nothing on so little text.
const PRESET: u32 = 6;

/// The archive: the same bytes for the same sources.
pub(crate) fn packed(root: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut files = Vec::new();
    for member in MEMBERS {
        println!("cargo::rerun-if-changed={}", root.join(member).display());
        collect(root, Path::new(member), &mut files)?;
    }
    files.sort();
    let mut archive = Builder::new(XzWriter::new(Vec::new(), XzOptions::with_preset(PRESET))?);
    add(&mut archive, Path::new("Cargo.toml"), manifest(&read(root, "Cargo.toml")?)?.as_bytes())?;
    let locked = lock::only(&read(root, "Cargo.lock")?, &MEMBERS)?;
    add(&mut archive, Path::new("Cargo.lock"), locked.as_bytes())?;
    for name in LICENCES {
        add(&mut archive, Path::new(name), read(root, name)?.as_bytes())?;
    }
    for path in &files {
        add(&mut archive, path, &fs::read(root.join(path))?)?;
    }
    Ok(archive.into_inner()?.finish()?)
}

fn read(root: &Path, name: &str) -> Result<String, Box<dyn Error>> {
    let path = root.join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Every file below `folder`, relative to `root`. Hidden ones are those of editors.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), folder.join(entry.file_name()));
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The workspace's manifest with these members only. Dependencies that none of them has do no harm there.
fn manifest(text: &str) -> Result<String, Box<dyn Error>> {
    // A list of texts is written as TOML has it.
    let ours = format!("members = {MEMBERS:?}");
    let (mut members, mut kept) = (false, String::with_capacity(text.len()));
    for line in text.lines() {
        if line.starts_with("members = [") && line.ends_with(']') {
            members = true;
            kept.push_str(&ours);
        } else if !line.starts_with("default-members = ") {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    if members { Ok(kept) } else { Err("Cargo.toml has no line `members = [..]`".into()) }
}

/// Without what differs from one checkout to the next: times, owners, modes.
fn add(archive: &mut Builder<XzWriter<Vec<u8>>>, path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut header = Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, bytes)?;
    Ok(())
}
