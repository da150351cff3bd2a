// SPDX-License-Identifier: Apache-2.0
//! Why an object is refused.

use agent_common::{identity, options::names};
use thiserror::Error;

use crate::driver::{falco::Falco, manifest};

/// Why an object is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ObjectError {
    /// It is larger than any probe.
    #[error("it has {0} bytes, more than any probe")]
    TooLarge(usize),
    /// It is not an ELF file.
    #[error("it is not an ELF file: {0}")]
    NotElf(String),
    /// It has more parts than any probe.
    #[error("it has more sections or symbols than any probe")]
    TooManyParts,
    /// It is one of Falco's.
    #[error("{0}; Lanner loads its own probes only")]
    Falco(Box<Falco>),
    /// It is ELF, but not for BPF.
    #[error("it is for {0}, not for BPF")]
    NotBpf(String),
    /// It is for the other byte order.
    #[error("it has the other byte order than this machine")]
    Endianness,
    /// It is linked already, or for a small machine.
    #[error("it is not a relocatable 64-bit object, as BPF objects are")]
    NotRelocatable,
    /// It does not say which contract it keeps.
    #[error("it has no {} global: it is not a Lanner probe", names::ABI)]
    NoAbi,
    /// It keeps another contract.
    #[error("it has ABI {object}, this lanner speaks {agent}: use an object built from the same release")]
    Abi {
        /// The object's ABI number.
        object: u32,
        /// The agent's.
        agent: u32,
    },
    /// It does not say what it is.
    #[error(
        "it has no section {} that says what it was built for: use an object built from this release",
        identity::SECTION
    )]
    NoIdentity,
    /// It was built from another contract of the same number.
    #[error(
        "it is version {version} with the schema {object}, this lanner has {}: use an object built from the same release",
        identity::SCHEMA
    )]
    Schema {
        /// The object's digest of the contract.
        object: String,
        /// The object's version.
        version: String,
    },
    /// It is for another kernel.
    #[error("it is for {object} kernels, and this machine is {machine}")]
    Arch {
        /// The object's.
        object: String,
        /// This machine's.
        machine: &'static str,
    },
    /// It has no licence.
    #[error("it has no section license, without which the kernel loads no program")]
    NoLicense,
    /// It has a licence with which the kernel lets no program read its memory.
    #[error("its licence is \"{0}\", not one that the kernel takes for GPL-compatible")]
    License(String),
    /// A map is missing.
    #[error("it has no map {0}: it was built from other sources than this lanner")]
    NoMap(&'static str),
    /// A map is there that this agent does not know.
    #[error("it has a map {0}, which this lanner does not know")]
    StrangeMap(String),
    /// Maps are defined in a way that can't be read.
    #[error("its definitions of maps can't be read: {0}")]
    Maps(&'static str),
    /// A map is not as it is used.
    #[error("its map {map} has {what} {is}, not {wanted}")]
    Map {
        /// The map.
        map: &'static str,
        /// What differs.
        what: &'static str,
        /// What it has.
        is: u32,
        /// What it should have.
        wanted: String,
    },
    /// A map would outlive the agent.
    #[error("its map {0} would be pinned in the file system")]
    Pinned(String),
    /// A program is missing.
    #[error("it has no program {0}: it was built from other sources than this lanner")]
    NoProgram(String),
    /// Programs that do something else than this agent's.
    #[error("it has programs in section {0}, of a kind that this lanner does not load")]
    StrangeProgram(String),
    /// A program lies outside of its section.
    #[error("its program {0} is not where its symbol says")]
    Program(String),
    /// A program is for another place.
    #[error("its program {program} is in section {section}, not {wanted}")]
    Place {
        /// The program.
        program: String,
        /// Where it is.
        section: String,
        /// Where it should be.
        wanted: String,
    },
}

impl ObjectError {
    /// What to do about any of them.
    pub const REMEDY: &str = "use an object of this lanner's release, or the one inside it: --probe-source embedded";
}

/// A name from outside, in part, so that it can't act on a terminal.
pub(super) fn shown(bytes: &[u8]) -> String {
    manifest::shown(&String::from_utf8_lossy(bytes), 64)
}
