// SPDX-License-Identifier: Apache-2.0
//! `lanner probe print-env`: what scripts around Falco's loader read.

use std::io::{self, Write};

use crate::driver::{Config, Source, verify::ARCH};

/// The names that `falco-driver-loader --print-env` printed, in its order, as a shell reads them.
pub(super) fn write(out: &mut impl Write, config: &Config) -> io::Result<()> {
    let yes = |source| if config.order.contains(&source) { "yes" } else { "" };
    let repositories = config.shown_repositories().join(",");
    for (name, value) in [
        ("ARCH", ARCH),
        ("KERNEL_RELEASE", &config.target.release),
        ("KERNEL_VERSION", &config.target.version),
        ("ENABLE_COMPILE", yes(Source::Build)),
        ("ENABLE_DOWNLOAD", yes(Source::Repo)),
        ("TARGET_ID", &config.target.id),
        ("DRIVER", "bpf"),
        ("DRIVERS_REPO", &repositories),
        ("DRIVER_VERSION", &config.driver_version),
        ("DRIVER_NAME", &config.driver_name),
        // The program's own version.
        ("FALCO_VERSION", env!("CARGO_PKG_VERSION")),
    ] {
        writeln!(out, "{name}=\"{}\"", quoted(value))?;
    }
    Ok(())
}

/// What stands between double quotes for a shell: os-release may hold anything. What could end the line is left out.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len());
    for c in value.chars().filter(|c| !c.is_control()) {
        if ['"', '\\', '$', '`'].contains(&c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let odd = "a \"b\" $(touch /tmp/x) `id` \\ 'c' é!";
        let script = format!("printf %s \"{}\"", quoted(odd));
        let said = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&said.stdout), odd);
        assert_eq!(quoted("a\nb\0c"), "abc");
    }
}
