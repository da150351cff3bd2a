// SPDX-License-Identifier: Apache-2.0
//! Small C files, and cc.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// What a file holds: headers, and something to optimise.
const TEXT: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n
int work(const char *text) {
    char *copy = strdup(text);
    size_t sum = 0;
    for (size_t n = 0; copy && n < strlen(copy); n++) sum = sum * 31 + (unsigned char)copy[n];
    free(copy);
    return printf(\"%zu\\n\", sum);
}
";

/// A file that is compiled again and again.
pub(super) struct Sources {
    source: PathBuf,
    object: PathBuf,
}

impl Sources {
    pub(super) fn write(folder: &Path) -> Result<Self> {
        let sources = Self { source: folder.join("work.c"), object: folder.join("work.o") };
        fs::write(&sources.source, TEXT).with_context(|| format!("can't write {}", sources.source.display()))?;
        // Here, where it is said why it can't be done.
        sources.compile(1)?;
        Ok(sources)
    }

    pub(super) fn compile(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let mut command = Command::new("cc");
            command.args(["-O2", "-c", "-o"]).args([&self.object, &self.source]);
            let output = command.stdin(Stdio::null()).output().context("can't start cc: is a C compiler installed?")?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                bail!("cc failed: {}", said.lines().next().unwrap_or_default());
            }
        }
        Ok(())
    }
}
