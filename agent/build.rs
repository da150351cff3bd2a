// SPDX-License-Identifier: Apache-2.0
//! Embeds the probe that `cargo xtask build-ebpf` left in the target folder. Without it the agent builds all the same,
//! so that checks, lints and docs need no BPF toolchain; such a binary says that it has no probe. So it is with the key that
//! driver repositories are signed with, `lanner.pub` in the workspace's folder. Beside them, the sources that
//! `lanner probe build` builds a probe from.

#[path = "build/lock.rs"]
mod lock;
#[path = "build/sources.rs"]
mod sources;

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let root = Path::new(&root).parent().ok_or("the agent lies in the workspace")?;
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    embed_probe(root, out)?;
    embed_key(root, out)?;
    fs::write(out.join("sources.tar.xz"), sources::packed(root)?)?;
    Ok(())
}

fn embed_probe(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let arch = env::var("CARGO_CFG_TARGET_ARCH")?;
    let object = root.join("target/probe").join(arch).join("lanner-probe.o");
    println!("cargo::rerun-if-changed={}", object.display());
    let text = if object.is_file() {
        fs::copy(&object, out.join("lanner-probe.o"))?;
        "Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/lanner-probe.o\")))"
    } else {
        "None"
    };
    fs::write(out.join("embedded.rs"), text)?;
    Ok(())
}

fn embed_key(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let key = root.join("lanner.pub");
    println!("cargo::rerun-if-changed={}", key.display());
    let text = if key.is_file() { format!("Some({:?})", fs::read_to_string(&key)?) } else { "None".to_owned() };
    fs::write(out.join("embedded_key.rs"), text)?;
    Ok(())
}
