// SPDX-License-Identifier: Apache-2.0
//! What a probe object is, read from its bytes before the kernel sees any of it. Nothing in them is trusted.

mod error;
mod maps;
mod programs;

use std::borrow::Cow;

use agent_common::{
    identity::{self, Identity},
    options::names,
    record,
};
use agent_compile::Arch;
use object::{Architecture, Endianness, File, Object as _, ObjectKind, ObjectSection as _, ObjectSymbol as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use self::error::ObjectError;
use super::{falco, manifest};

/// The largest object that is looked at; Lanner's have about 1 MiB.
pub const MAX_BYTES: u64 = 32 << 20;
/// Sections and symbols that an object has at most; Falco's have some 400 and 1,000.
const MAX_PARTS: usize = 1 << 16;
/// Licences with which the kernel lets a program read its memory:
/// <https://github.com/torvalds/linux/blob/v6.12/include/linux/license.h>
const LICENSES: [&str; 6] =
    ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// The machine that this program runs on, as `uname -m` has it.
pub const ARCH: &str = Arch::HOST.name();

/// A probe that this agent can load: [`Self::check`] is the only way to one.
#[derive(Clone)]
pub struct Object<'a> {
    bytes: Cow<'a, [u8]>,
    facts: Facts,
}

/// What an object says of itself, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The number of its contract with the agent.
    pub abi: u32,
    /// The digest of the contract.
    pub schema: String,
    /// Whose kernel it is for, as `uname -m` has it.
    pub arch: String,
    /// Its version.
    pub version: String,
    /// What it asks of the kernel.
    pub features: Vec<String>,
    /// Its licence.
    pub license: String,
    /// Programs that can be loaded.
    pub programs: usize,
    /// Maps, its globals aside.
    pub maps: usize,
    /// Bytes.
    pub bytes: usize,
    /// Its SHA-256.
    pub sha256: String,
    /// Which build it is.
    pub build_id: String,
}

impl<'a> Object<'a> {
    /// Checks that `bytes` are a probe that this agent can load on this machine.
    ///
    /// # Errors
    /// An [`ObjectError`] for the first thing that is wrong.
    pub fn check(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, ObjectError> {
        let bytes = bytes.into();
        let facts = facts(&bytes)?;
        Ok(Self { bytes, facts })
    }

    /// The object.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it is.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl std::fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn facts(bytes: &[u8]) -> Result<Facts, ObjectError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ObjectError::TooLarge(bytes.len()));
    }
    let file = File::parse(bytes).map_err(|error| ObjectError::NotElf(not_elf(bytes, &error)))?;
    if file.sections().count() > MAX_PARTS || file.symbols().count() > MAX_PARTS {
        return Err(ObjectError::TooManyParts);
    }
    if let Some(falco) = falco::recognise(&file) {
        return Err(ObjectError::Falco(Box::new(falco)));
    }
    if file.architecture() != Architecture::Bpf {
        return Err(ObjectError::NotBpf(format!("{:?}", file.architecture())));
    }
    let native = if cfg!(target_endian = "little") { Endianness::Little } else { Endianness::Big };
    if file.endianness() != native {
        return Err(ObjectError::Endianness);
    }
    if file.kind() != ObjectKind::Relocatable || !file.is_64() {
        return Err(ObjectError::NotRelocatable);
    }
    let abi = abi(&file).ok_or(ObjectError::NoAbi)?;
    if abi != record::ABI {
        return Err(ObjectError::Abi { object: abi, agent: record::ABI });
    }
    let text = text(&file, identity::SECTION).unwrap_or_default();
    let identity = Identity::parse(&text).filter(|identity| identity.abi == abi).ok_or(ObjectError::NoIdentity)?;
    let license = license(&file)?;
    if identity.schema != identity::SCHEMA {
        return Err(ObjectError::Schema { object: identity.schema.to_owned(), version: identity.version.to_owned() });
    }
    if identity.arch != ARCH {
        return Err(ObjectError::Arch { object: identity.arch.to_owned(), machine: ARCH });
    }
    let maps = maps::check(&file)?;
    let programs = programs::check(&file)?;
    let sha256 = sha256(bytes);
    Ok(Facts {
        abi,
        schema: identity.schema.to_owned(),
        arch: identity.arch.to_owned(),
        version: identity.version.to_owned(),
        features: identity.features.split(',').map(str::to_owned).collect(),
        license,
        programs,
        maps,
        bytes: bytes.len(),
        build_id: manifest::build_id(&sha256).to_owned(),
        sha256,
    })
}

/// What a file is that is no ELF file: most often a page that says why there is no object.
fn not_elf(bytes: &[u8], error: &object::Error) -> String {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let head = String::from_utf8_lossy(head).to_lowercase();
    if bytes.is_empty() {
        "it is empty".to_owned()
    } else if head.trim_start().starts_with('<') {
        "it is a web page".to_owned()
    } else if bytes.starts_with(b"\x7fELF") {
        format!("it is damaged: {error}")
    } else {
        error.to_string()
    }
}

/// The value of the ABI global.
fn abi(file: &File<'_>) -> Option<u32> {
    Some(u32::from_ne_bytes(*global(file, names::ABI)?.first_chunk()?))
}

/// The bytes from a symbol on.
pub(super) fn global<'a>(file: &File<'a>, name: &str) -> Option<&'a [u8]> {
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name))?;
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    section.data().ok()?.get(usize::try_from(symbol.address()).ok()?..)
}

/// The bytes of a section.
pub(super) fn section<'a>(file: &File<'a>, name: &str) -> Option<&'a [u8]> {
    file.section_by_name(name)?.data().ok()
}

/// A section that is text, up to its end or a NUL; at most as much as an identity has, and of other bytes nothing.
fn text(file: &File<'_>, name: &str) -> Option<String> {
    let data = section(file, name)?.split(|byte| *byte == 0).next()?;
    (data.len() <= identity::MAX).then(|| str::from_utf8(data).ok().map(str::to_owned))?
}

fn license(file: &File<'_>) -> Result<String, ObjectError> {
    let license = text(file, "license").ok_or(ObjectError::NoLicense)?;
    if LICENSES.contains(&license.as_str()) {
        Ok(license)
    } else {
        Err(ObjectError::License(error::shown(license.as_bytes())))
    }
}

/// Maps and programs as the smallest right object has them, for tests to make one of.
#[cfg(test)]
pub(super) fn least() -> (Vec<maps::Least>, Vec<(String, String, u64)>) {
    let programs =
        programs::wanted().into_iter().map(|(name, at)| (format!("raw_tp/{}", at.unwrap_or("sys_exit")), name, 16));
    (maps::least(), programs.collect())
}

#[cfg(test)]
mod tests;
