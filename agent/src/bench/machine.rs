// SPDX-License-Identifier: Apache-2.0
//! The machine that numbers are of.

use std::{fs, path::Path};

use rustix::system::{sysinfo, uname};

use super::report::{Machine, Named};

/// Where the kernel tells of faults of the processor.
const FAULTS: &str = "/sys/devices/system/cpu/vulnerabilities";

/// The machine as the kernel describes it; what it does not tell is left out. This process may use `cpus` processors.
pub(super) fn describe(cpus: usize) -> Machine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = sysinfo();
    let kernel = uname();
    Machine {
        // aarch64 has no names, but numbers.
        cpu: value(&info, "model name").or_else(|| value(&info, "CPU part")).unwrap_or_else(|| "unknown".to_owned()),
        cpus,
        mhz: value(&info, "cpu MHz"),
        memory: memory.totalram * u64::from(memory.mem_unit),
        kernel: format!("{} {}", kernel.release().to_string_lossy(), kernel.machine().to_string_lossy()),
        clock: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        hypervisor: value(&info, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        mitigations: mitigations(Path::new(FAULTS)),
    }
}

/// The first value of that name in `/proc/cpuinfo`.
fn value(info: &str, name: &str) -> Option<String> {
    let line = info.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn line(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned()).filter(|line| !line.is_empty())
}

fn mitigations(folder: &Path) -> Vec<Named> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = files
        .filter_map(|file| Some(Named { name: file.file_name().into_string().ok()?, what: line(file.path())? }))
        .filter(|fault| fault.what != "Not affected")
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_whole_name() {
        let info =
            "processor\t: 0\ncpu MHz\t\t: 2100.000\nmodel\t\t: 85\nmodel name\t: A CPU: fast\n\nmodel name\t: B\n";
        assert_eq!(value(info, "model name").as_deref(), Some("A CPU: fast"));
        assert_eq!(value(info, "cpu MHz").as_deref(), Some("2100.000"));
        assert_eq!(value(info, "name"), None);
    }

    #[test]
    fn what_the_processor_has_not_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, what) in
            [("spectre_v2", "Mitigation: Retpolines\n"), ("l1tf", "Not affected\n"), ("mds", "Vulnerable\n")]
        {
            fs::write(folder.path().join(name), what).expect("a file");
        }
        let found: Vec<_> =
            mitigations(folder.path()).into_iter().map(|fault| fault.name + " " + &fault.what).collect();
        assert_eq!(found, ["mds Vulnerable", "spectre_v2 Mitigation: Retpolines"]);
        assert!(mitigations(Path::new("/nonexistent")).is_empty());
    }
}
