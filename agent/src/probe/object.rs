// SPDX-License-Identifier: Apache-2.0
//! What a probe object says of itself, read before any of it is loaded.

use agent_common::{options::names, record};
use object::{Architecture, Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};
use thiserror::Error;

/// Why an object is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ObjectError {
    /// It is not an ELF file.
    #[error("the probe object is not an ELF file: {0}")]
    NotElf(String),
    /// It is ELF, but not for BPF.
    #[error("the probe object is for {0}, not for BPF")]
    NotBpf(String),
    /// It is for the other byte order.
    #[error("the probe object has the other byte order than this machine")]
    Endianness,
    /// It does not say which contract it keeps.
    #[error("the object has no {} global: it is not a Lanner probe", names::ABI)]
    NoAbi,
    /// It keeps another contract.
    #[error("the probe object has ABI {object}, this lanner speaks {agent}: use an object built from the same release")]
    Abi {
        /// The object's ABI number.
        object: u32,
        /// The agent's.
        agent: u32,
    },
}

/// Checks that `bytes` is a probe this agent speaks to, and returns its ABI number.
///
/// # Errors
/// An [`ObjectError`] for the first thing that is wrong.
pub fn check(bytes: &[u8]) -> Result<u32, ObjectError> {
    let file = object::File::parse(bytes).map_err(|error| ObjectError::NotElf(error.to_string()))?;
    if file.architecture() != Architecture::Bpf {
        return Err(ObjectError::NotBpf(format!("{:?}", file.architecture())));
    }
    let native = if cfg!(target_endian = "little") { Endianness::Little } else { Endianness::Big };
    if file.endianness() != native {
        return Err(ObjectError::Endianness);
    }
    let abi = abi(&file).ok_or(ObjectError::NoAbi)?;
    if abi == record::ABI { Ok(abi) } else { Err(ObjectError::Abi { object: abi, agent: record::ABI }) }
}

/// The value of the ABI global.
fn abi(file: &object::File<'_>) -> Option<u32> {
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(names::ABI))?;
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    let at = usize::try_from(symbol.address()).ok()?;
    let bytes = section.data().ok()?.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_probe_is_named() {
        assert!(matches!(check(b"not an object at all"), Err(ObjectError::NotElf(_))));
        let own = std::fs::read("/proc/self/exe").expect("the test binary can be read");
        assert!(matches!(check(&own), Err(ObjectError::NotBpf(_))));
        assert!(matches!(check(&own[..100.min(own.len())]), Err(ObjectError::NotElf(_) | ObjectError::NotBpf(_))));
    }
}
