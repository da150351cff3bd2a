// SPDX-License-Identifier: Apache-2.0
//! Falco's drivers, which lie in the same repositories: what they are is told by their sections and symbols, so that who
//! points Lanner at one hears what it is.

use std::fmt;

use object::{Architecture, File, Object as _, ObjectSymbol as _};

use super::{
    manifest,
    verify::{global, section},
};

/// A driver of Falco.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Falco {
    /// Which of them.
    pub driver: Driver,
    /// The driver's version, such as `9.1.0+driver`.
    pub version: Option<String>,
    /// The version of its interface.
    pub api: Option<String>,
    /// The version of its events.
    pub schema: Option<String>,
    /// The release of the kernel that it was built for.
    pub kernel: Option<String>,
}

/// Falco's drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// The eBPF probe that is built for one kernel; the last release is 9.1.0.
    LegacyProbe,
    /// The portable probe, which is part of Falco itself.
    ModernProbe,
    /// The kernel module.
    Module,
}

impl fmt::Display for Falco {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.driver {
            Driver::LegacyProbe => "it is Falco's eBPF probe",
            Driver::ModernProbe => "it is Falco's modern eBPF probe",
            Driver::Module => "it is Falco's kernel module",
        })?;
        for (what, value) in
            [("version", &self.version), ("API", &self.api), ("schema", &self.schema), ("for kernel", &self.kernel)]
        {
            if let Some(value) = value {
                write!(f, ", {what} {value}")?;
            }
        }
        Ok(())
    }
}

/// What of Falco a file is, if it is.
#[must_use]
pub fn recognise(file: &File<'_>) -> Option<Falco> {
    if file.architecture() != Architecture::Bpf {
        return module(file);
    }
    let legacy = Falco {
        driver: Driver::LegacyProbe,
        version: text(file, "probe_version"),
        api: version(section(file, "api_version")),
        schema: version(section(file, "schema_version")),
        kernel: text(file, "kernel_version"),
    };
    let tails = file.symbols().any(|symbol| symbol.name() == Ok("tail_map"));
    if legacy.version.is_some() || (legacy.schema.is_some() && tails) {
        return Some(legacy);
    }
    let (api, schema) = (global(file, "probe_api_ver"), global(file, "probe_schema_var"));
    (api.is_some() && schema.is_some()).then(|| Falco {
        driver: Driver::ModernProbe,
        version: None,
        api: version(api),
        schema: version(schema),
        kernel: None,
    })
}

/// `.modinfo` has NUL-ended `key=value` texts.
fn module(file: &File<'_>) -> Option<Falco> {
    let info = section(file, ".modinfo")?;
    let of = |key: &str| {
        let mut lines = info.split(|byte| *byte == 0).filter_map(|line| str::from_utf8(line).ok());
        lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(shown)
    };
    let schema = of("schema_version");
    let falco = schema.is_some() || of("name").is_some_and(|name| name == "falco" || name == "scap");
    falco.then(|| Falco {
        driver: Driver::Module,
        version: of("version"),
        api: of("api_version"),
        schema,
        kernel: of("vermagic").and_then(|magic| magic.split(' ').next().map(str::to_owned)),
    })
}

fn text(file: &File<'_>, name: &str) -> Option<String> {
    let data = section(file, name)?.split(|byte| *byte == 0).next()?;
    Some(shown(&String::from_utf8_lossy(data)))
}

/// 19, 20 and 24 bits: <https://github.com/falcosecurity/libs/blob/48dfd53/driver/ppm_api_version.h>
fn version(bytes: Option<&[u8]>) -> Option<String> {
    let number = u64::from_le_bytes(*bytes?.first_chunk()?);
    Some(format!("{}.{}.{}", (number >> 44) & 0x7_ffff, (number >> 24) & 0xf_ffff, number & 0xff_ffff))
}

fn shown(text: &str) -> String {
    manifest::shown(text, 64)
}
