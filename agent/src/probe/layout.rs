// SPDX-License-Identifier: Apache-2.0
//! Offsets of the kernel struct members that the probe reads, and where each came from.

use std::{collections::HashMap, fs, io, path::Path};

use agent_common::kernel::{ABSENT, Field};

use super::btf::{Btf, BtfError};
use crate::metadata::cgroup::Hierarchy;

/// The running kernel's BTF.
pub const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// The kernel's enum of cgroup controllers.
const CONTROLLERS: &str = "cgroup_subsys_id";
/// Controllers whose v1 hierarchy may tell containers apart, as `/proc/cgroups` names them.
const V1_CONTROLLERS: [&str; 8] = ["memory", "pids", "devices", "cpu", "cpuset", "freezer", "blkio", "cpuacct"];

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
    controllers: HashMap<&'static str, u32>,
    own: bool,
}

impl Layout {
    /// Looks every field up in `btf`, a BTF file's content.
    ///
    /// # Errors
    /// When `btf` is not BTF.
    pub fn from_btf(btf: &[u8]) -> Result<Self, BtfError> {
        let btf = Btf::parse(btf)?;
        let of = |path: &'static str| path.split_once('.').map_or(path, |(name, _)| name);
        let names = Field::ALL.iter().flat_map(|field| field.paths()).map(|path| of(path)).chain([CONTROLLERS]);
        let ids = btf.find(names);
        let places = Field::ALL
            .iter()
            .map(|&field| {
                let found = field.paths().iter().find_map(|&path| {
                    let (name, members) = path.split_once('.')?;
                    let id = *ids.get(name)?;
                    let (value, size) = if members.is_empty() {
                        (btf.size_of(id)?, 0)
                    } else {
                        let member = btf.member(id, members)?;
                        (member.offset, member.size)
                    };
                    let offset = u16::try_from(value).ok().filter(|offset| *offset != ABSENT)?;
                    let fits = field.width() == 0 || size == field.width();
                    fits.then_some(Place { field, path, offset, tier: Tier::Btf })
                });
                found.unwrap_or_else(|| absent(field))
            })
            .collect();
        let controllers = V1_CONTROLLERS
            .into_iter()
            .filter_map(|name| {
                // The v2 name of the same controller.
                let kernel = if name == "blkio" { "io" } else { name };
                Some((name, btf.enumerator(*ids.get(CONTROLLERS)?, &format!("{kernel}_cgrp_id"))?))
            })
            .collect();
        Ok(Self { places, controllers, own: false })
    }

    /// The place of a cgroup controller among those of this kernel, by which the probe finds the cgroups of its v1
    /// hierarchy.
    #[must_use]
    pub fn controller(&self, name: &str) -> Option<u32> {
        self.controllers.get(name).copied()
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
        Self { places, controllers: HashMap::new(), own: false }
    }

    /// The layout of the running kernel: from `file`, else from its own BTF, else what is known without.
    ///
    /// # Errors
    /// When `file` can't be read, or what was read is not BTF. A kernel without BTF is not an error.
    pub fn of_kernel(file: Option<&Path>, release: &str) -> Result<Self, LayoutError> {
        let path = file.unwrap_or_else(|| Path::new(KERNEL_BTF));
        match fs::read(path) {
            Ok(btf) => match Self::from_btf(&btf) {
                Ok(layout) => Ok(Self { own: file.is_none(), ..layout }),
                Err(error) => Err(LayoutError::Btf { path: path.display().to_string(), error }),
            },
            Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::without_btf(release)),
            Err(error) => Err(LayoutError::Read { path: path.display().to_string(), error }),
        }
    }

    /// The place of the controller whose hierarchy this is; `None` for v2.
    #[must_use]
    pub fn controller_of(&self, hierarchy: &Hierarchy) -> Option<u32> {
        self.controller(hierarchy.controller()?)
    }

    /// Whether the probe can tell of open files.
    #[must_use]
    pub fn tells_files(&self) -> bool {
        let needed =
            [Field::TaskFiles, Field::FdtFd, Field::FilePath, Field::FileInode, Field::DentryName, Field::MountMnt];
        needed.iter().all(|field| self.places.iter().any(|place| place.field == *field && place.tier != Tier::Absent))
    }

    /// The cgroup hierarchy that events are keyed by: the one that containers are told by on the machine whose root is at
    /// `host_root`, unless the probe can't read it.
    #[must_use]
    pub fn choose_hierarchy(&self, host_root: &Path) -> Hierarchy {
        let chosen = Hierarchy::choose(host_root);
        if chosen.controller().is_some_and(|name| self.controller(name).is_none()) {
            return Hierarchy::choose_v2(host_root);
        }
        chosen
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

    /// Whether it is what the running kernel itself says.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
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
