// SPDX-License-Identifier: Apache-2.0
//! Offsets of the kernel struct members that the probe reads, and where each came from.

use std::{collections::HashMap, fs, io, path::Path};

use agent_common::kernel::{ABSENT, Field};

use super::btf::{Btf, BtfError};

/// The running kernel's BTF.
pub const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// How a field's value is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The probe reads it, at an offset that the kernel's BTF gave.
    Btf,
    /// The probe reads it, at an offset that has not moved in the kernels it is used for; the self-test proves it.
    Known,
    /// The probe does not read it.
    Absent,
}

impl Tier {
    /// Its name in `lanner doctor`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Btf => "btf",
            Self::Known => "known",
            Self::Absent => "absent",
        }
    }
}

/// One field's place.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The field.
    pub field: Field,
    /// Which of its candidate paths was found.
    pub path: &'static str,
    /// Offset in bytes; [`ABSENT`] when it has none.
    pub offset: u16,
    /// Where the offset came from.
    pub tier: Tier,
}

/// Every field's place on this kernel.
#[derive(Clone, Debug)]
pub struct Layout {
    places: Vec<Place>,
}

impl Layout {
    /// Looks every field up in `btf`, a BTF file's content.
    ///
    /// # Errors
    /// When `btf` is not BTF.
    pub fn from_btf(btf: &[u8]) -> Result<Self, BtfError> {
        let btf = Btf::parse(btf)?;
        let mut structs = HashMap::new();
        let places = Field::ALL
            .iter()
            .map(|&field| {
                let found = field.paths().iter().find_map(|&path| {
                    let (name, members) = path.split_once('.')?;
                    let id = (*structs.entry(name).or_insert_with(|| btf.find_struct(name)))?;
                    let member = btf.member(id, members)?;
                    let offset = u16::try_from(member.offset).ok().filter(|offset| *offset != ABSENT)?;
                    (member.size == field.width()).then_some(Place { field, path, offset, tier: Tier::Btf })
                });
                found.unwrap_or_else(|| absent(field))
            })
            .collect();
        Ok(Self { places })
    }

    /// What is known without BTF: only where a 32-bit syscall is told from a 64-bit one, without which the probe would
    /// decode the one as the other. `thread_info` is the head of `task_struct`; 5.11 put a word in front of `status`:
    /// <https://github.com/torvalds/linux/commit/b86678cf0f1d>. `release` is `uname -r`.
    #[must_use]
    pub fn without_btf(release: &str) -> Self {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let places = Field::ALL
            .iter()
            .map(|&field| {
                let offset = if cfg!(target_arch = "x86_64") && field == Field::ThreadStatus {
                    Some(if version >= (5, 11) { 16 } else { 8 })
                } else if cfg!(target_arch = "aarch64") && field == Field::ThreadFlags {
                    Some(0)
                } else {
                    None
                };
                offset.map_or_else(
                    || absent(field),
                    |offset| Place { field, path: field.paths()[0], offset, tier: Tier::Known },
                )
            })
            .collect();
        Self { places }
    }

    /// The layout of the running kernel: from `file`, else from its own BTF, else what is known without.
    ///
    /// # Errors
    /// When `file` can't be read, or what was read is not BTF. A kernel without BTF is not an error.
    pub fn of_kernel(file: Option<&Path>, release: &str) -> Result<Self, LayoutError> {
        let path = file.unwrap_or_else(|| Path::new(KERNEL_BTF));
        match fs::read(path) {
            Ok(btf) => {
                Self::from_btf(&btf).map_err(|error| LayoutError::Btf { path: path.display().to_string(), error })
            }
            Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::without_btf(release)),
            Err(error) => Err(LayoutError::Read { path: path.display().to_string(), error }),
        }
    }

    /// The offsets, as the probe's `LAYOUT` global has them.
    #[must_use]
    pub fn offsets(&self) -> [u16; Field::COUNT] {
        let mut offsets = [ABSENT; Field::COUNT];
        for place in &self.places {
            offsets[place.field as usize] = place.offset;
        }
        offsets
    }

    /// Every field's place.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether any offset came from BTF.
    #[must_use]
    pub fn has_btf(&self) -> bool {
        self.places.iter().any(|place| place.tier == Tier::Btf)
    }
}

fn absent(field: Field) -> Place {
    Place { field, path: field.paths()[0], offset: ABSENT, tier: Tier::Absent }
}

/// Why the kernel's layout is not known.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A BTF file can't be read.
    #[error("can't read BTF from {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A file is not BTF.
    #[error("{path}: {error}; give the BTF of this very kernel with --btf FILE, or leave the option out")]
    Btf {
        /// The file.
        path: String,
        /// Why.
        error: BtfError,
    },
}
