// SPDX-License-Identifier: Apache-2.0
//! Files that say what the code is to write; `LANNER_BLESS=1` has tests write them anew.

use std::{env, fs, path::Path};

/// What the file holds, by its path from the package's folder: what `got` is to be.
pub(crate) fn wanted(path: &str, got: &[u8]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("LANNER_BLESS").is_some() {
        fs::write(&path, got).expect("written");
    }
    fs::read_to_string(&path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}
