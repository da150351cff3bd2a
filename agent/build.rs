// SPDX-License-Identifier: Apache-2.0
//! Embeds the probe that `cargo xtask build-ebpf` left in the target folder. Without it the agent builds all the same,
//! so that checks, lints and docs need no BPF toolchain; such a binary says that it has no probe.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let arch = env::var("CARGO_CFG_TARGET_ARCH")?;
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let object = Path::new(&root).join("../target/probe").join(arch).join("lanner-probe.o");
    println!("cargo::rerun-if-changed={}", object.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = Path::new(&env::var("OUT_DIR")?).join("embedded.rs");
    let text = if object.is_file() {
        fs::copy(&object, out.with_file_name("lanner-probe.o"))?;
        "Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/lanner-probe.o\")))"
    } else {
        "None"
    };
    fs::write(out, text)?;
    Ok(())
}
