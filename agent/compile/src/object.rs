// SPDX-License-Identifier: Apache-2.0
//! What becomes of the linker's output: an object as small as a loader can use it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use object::{
    Architecture, File, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind,
    build::elf::{Builder, SectionData},
    elf::SHT_STRTAB,
};

use crate::TARGET;

/// Bytes of the linker's output that are read at most; it has some 4 MiB.
const MAX_BYTES: u64 = 256 << 20;

/// Why the linker's output is no probe.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It can't be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no file, or larger than any probe.
    #[error("{} is no file of a probe's size", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// It is no ELF file.
    #[error("the linker's output is no ELF file: {0}")]
    Parse(#[from] object::read::Error),
    /// It can't be stripped.
    #[error("the linker's output can't be stripped: {0}")]
    Strip(#[from] object::build::Error),
    /// It is for another machine.
    #[error("the linker's output is for {0:?}, not BPF")]
    NotBpf(Architecture),
    /// It lacks what every probe has.
    #[error("the linker's output has no section {0}")]
    NoSection(&'static str),
}

/// The probe that a build in `target_dir` has left, stripped, and how many programs it has.
///
/// # Errors
/// When there is none, or what there is has not what a loader expects.
pub fn finished(target_dir: &Path) -> Result<(Vec<u8>, usize), ObjectError> {
    let path = target_dir.join(TARGET).join("probe/lanner-probe");
    // Programs of other people's crates could write here, not as root.
    let about = fs::symlink_metadata(&path).map_err(|error| ObjectError::Read { path: path.clone(), error })?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(ObjectError::NoFile { path });
    }
    let linked = fs::read(&path).map_err(|error| ObjectError::Read { path, error })?;
    let object = without_dwarf(&linked)?;
    let programs = count_programs(&object)?;
    Ok((object, programs))
}

/// The object without DWARF, of which the linker has made BTF, and without BTF's line numbers, of which the loader
/// would hand every program a copy: a quarter of the size, and half the time to load.
fn without_dwarf(object: &[u8]) -> Result<Vec<u8>, ObjectError> {
    let mut builder = Builder::read(object)?;
    for section in &mut builder.sections {
        let name = section.name.strip_prefix(b".rel").unwrap_or(&section.name);
        section.delete = name.starts_with(b".debug_") || name == b".BTF.ext";
    }
    builder.delete_orphans();
    // LLVM keeps the names of sections and symbols in one section; the builder writes two.
    let names = builder.sections.add();
    names.name = b".shstrtab"[..].into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    builder.write(&mut stripped)?;
    Ok(stripped)
}

/// Makes sure that the object has what a loader expects, and counts its programs.
fn count_programs(object: &[u8]) -> Result<usize, ObjectError> {
    let file = File::parse(object)?;
    if file.architecture() != Architecture::Bpf {
        return Err(ObjectError::NotBpf(file.architecture()));
    }
    for section in [".BTF", "license"] {
        file.section_by_name(section).ok_or(ObjectError::NoSection(section))?;
    }
    // Functions in .text are those that programs call, and local ones are the panics that nothing reaches.
    let programs = file.symbols().filter(|symbol| {
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let section = section.as_ref().and_then(|section| section.name().ok());
        symbol.kind() == SymbolKind::Text
            && symbol.is_global()
            && section.is_some_and(|name| !name.starts_with(".text"))
    });
    Ok(programs.count())
}
