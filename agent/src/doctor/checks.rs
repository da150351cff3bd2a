// SPDX-License-Identifier: Apache-2.0
//! The checks, in the order they are shown.

use std::fs;

use super::Check;
use crate::{
    driver::{Object, Provenance, report::Attempt},
    host::{self, capabilities},
    probe::{
        Layout, features,
        layout::{KERNEL_BTF, LayoutError},
    },
    self_test,
};

/// The oldest kernel that capture is made for, and why. On aarch64 it was only 6.0 that let programs with functions of their
/// own tail-call others: <https://github.com/torvalds/linux/commit/d4609a5d8c70d21b4a3f801cf896a3c16c613fe1>
const FLOOR: ((u32, u32), &str) = if cfg!(target_arch = "aarch64") {
    ((6, 0), "kernels before 6.0 do not load the probe on aarch64")
} else {
    ((5, 10), "kernels before 5.10 are not tested")
};

/// What the check of preemption is called.
const PREEMPTIBLE: &str = "preemption";
/// How tasks in the kernel are preempted.
const PREEMPTION: &str = "/sys/kernel/debug/sched/preempt";

/// Runs every check. The last one captures for real, when nothing before it forbids that.
pub(super) fn all(
    object: Option<&Object<'_>>,
    provenance: &Provenance,
    layout: &Result<Layout, LayoutError>,
) -> Vec<Check> {
    let mut checks = vec![
        kernel(&host::kernel_release()),
        btf(layout),
        ring_buffer(),
        preemption(),
        tracefs(),
        capability(),
        pid_namespace(),
        memlock(),
        lockdown(),
        unprivileged_bpf(),
        cgroup(),
        probe(provenance),
    ];
    checks.push(match (object, layout) {
        (Some(object), Ok(layout)) if host::has_proc() && !host::in_pid_namespace() => self_test(object, layout),
        _ => Check::fail("self-test", "not run", "mend what is above first"),
    });
    checks
}

fn kernel(release: &str) -> Check {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let (floor, why) = FLOOR;
    if version >= floor {
        Check::ok("kernel", release)
    } else {
        // Distributions port features back, so that the self-test, not the number, decides.
        Check::warn("kernel", release, format!("{why}; what counts is the self-test below"))
    }
}

fn btf(layout: &Result<Layout, LayoutError>) -> Check {
    match layout {
        Ok(layout) if layout.has_btf() => {
            let absent =
                layout.places().iter().filter(|place| place.tier == crate::probe::layout::Tier::Absent).count();
            Check::ok("BTF", format!("{} of {} fields resolved", layout.places().len() - absent, layout.places().len()))
        }
        Ok(_) => Check::warn(
            "BTF",
            format!("{KERNEL_BTF} is missing"),
            "parent ids and the arguments of new images are not read; give this kernel's BTF with --btf FILE",
        ),
        Err(error) => Check::fail("BTF", error.to_string(), "give this kernel's BTF with --btf FILE"),
    }
}

fn ring_buffer() -> Check {
    match features::ring_buffer() {
        Ok(true) => Check::ok("ring buffer", "supported"),
        Ok(false) => Check::fail("ring buffer", "not supported", "use a kernel from 5.8 on"),
        Err(error) => Check::fail("ring buffer", format!("can't be tried: {error}"), "run as root"),
    }
}

fn preemption() -> Check {
    match features::preemptible_at_syscalls() {
        Ok(true) => preemptible(&fs::read_to_string(PREEMPTION).unwrap_or_default()),
        Ok(false) => Check::ok(PREEMPTIBLE, "none inside the probe"),
        Err(error) => Check::ok(PREEMPTIBLE, format!("can't be tried: {error}")),
    }
}

/// What `modes` means where tasks can be preempted inside the probe: in it, the mode that holds stands in brackets.
fn preemptible(modes: &str) -> Check {
    let mode = modes.split('(').nth(1).and_then(|rest| rest.split(')').next()).unwrap_or("not visible");
    let found = format!("possible inside the probe, mode {mode}");
    if mode == "full" {
        return Check::warn(
            PREEMPTIBLE,
            found,
            format!(
                "while a task is preempted there, this kernel keeps the calls of other tasks on its CPU from the probe, and \
                 counts them (`missed`); boot with preempt=lazy, or write lazy to {PREEMPTION}"
            ),
        );
    }
    Check::ok(
        PREEMPTIBLE,
        format!("{found}; calls that the kernel keeps from the probe meanwhile are counted (`missed`)"),
    )
}

fn tracefs() -> Check {
    let mounted = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
        .iter()
        .find(|path| fs::exists(format!("{path}/events")).unwrap_or(false));
    match mounted {
        Some(path) => Check::ok("tracefs", format!("mounted at {path} (capture does not need it)")),
        None => Check::ok("tracefs", "not mounted (capture does not need it)"),
    }
}

fn capability() -> Check {
    let Some(effective) = capabilities::effective() else {
        return Check::warn("capabilities", "the kernel does not tell", "run where capget(2) is allowed");
    };
    let has: Vec<_> = capabilities::START.into_iter().filter(|one| effective.contains(one.set())).collect();
    let has = if has.is_empty() { "none".to_owned() } else { capabilities::names(&has) };
    let missing = capabilities::missing_for_capture();
    if !missing.is_empty() {
        let found = format!("{has}; missing: {}", capabilities::names(&missing));
        return Check::fail("capabilities", found, "run with sudo");
    }
    let missing = capabilities::missing_for_more(true);
    if !missing.is_empty() {
        let lost: Vec<_> = missing.iter().map(|one| format!("without {one} {}", one.without())).collect();
        return Check::warn(
            "capabilities",
            format!("{has}; missing: {}", capabilities::names(&missing)),
            format!("{}; run with sudo", lost.join(", ")),
        );
    }
    Check::ok("capabilities", has)
}

fn pid_namespace() -> Check {
    if !host::has_proc() {
        Check::fail("PID namespace", "not visible", host::NO_PROC)
    } else if host::in_pid_namespace() {
        Check::fail(
            "PID namespace",
            "not the host's",
            "run with --pid=host (docker, podman) or hostPID: true (Kubernetes)",
        )
    } else {
        Check::ok("PID namespace", "the host's")
    }
}

fn memlock() -> Check {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Memlock).current;
    let found = limit.map_or_else(|| "unlimited".to_owned(), |bytes| format!("{bytes} bytes"));
    Check::ok("memlock", format!("{found} (counts before 5.11 only)"))
}

fn lockdown() -> Check {
    match fs::read_to_string("/sys/kernel/security/lockdown") {
        Ok(text) if text.contains("[confidentiality]") => Check::fail(
            "lockdown",
            "confidentiality",
            "it forbids reading kernel memory; boot with lockdown=integrity or none",
        ),
        Ok(text) => {
            let mode = text.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("unknown");
            Check::ok("lockdown", mode)
        }
        Err(_) => Check::ok("lockdown", "not visible"),
    }
}

fn unprivileged_bpf() -> Check {
    let found = match fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled").as_deref().map(str::trim) {
        Ok("0") => "allowed to everyone".to_owned(),
        Ok(value @ ("1" | "2")) => format!("privileged only ({value})"),
        Ok(other) => other.to_owned(),
        Err(_) => "not visible".to_owned(),
    };
    Check::ok("bpf for others", found)
}

fn cgroup() -> Check {
    let v2 = |path: &str| fs::exists(format!("{path}/cgroup.controllers")).unwrap_or(false);
    let found = if v2("/sys/fs/cgroup") {
        "v2"
    } else if v2("/sys/fs/cgroup/unified") {
        "v1 and v2"
    } else {
        return Check::warn(
            "cgroup",
            "v1, or not mounted",
            "cgroup ids are those of the v2 hierarchy, in which all processes share the root",
        );
    };
    Check::ok("cgroup", found)
}

fn probe(provenance: &Provenance) -> Check {
    if let Some(chosen) = &provenance.chosen {
        let (source, from) = (chosen.source.name(), &chosen.from);
        return Check::ok("probe", format!("{source}, {from}, {}, ABI {}", chosen.trust, chosen.facts.abi));
    }
    let tried = provenance.tried.iter().map(|Attempt { what, words, .. }| format!("{what}: {words}"));
    let remedies = provenance.remedies();
    let remedy = if remedies.is_empty() { "see docs/probe.md".to_owned() } else { remedies.join("; ") };
    Check::fail("probe", format!("none can be used ({})", tried.collect::<Vec<_>>().join("; ")), remedy)
}

fn self_test(object: &Object<'_>, layout: &Layout) -> Check {
    match self_test::run_alone(object, layout) {
        Ok(()) => Check::ok("self-test", "a child's calls were reported as they were made"),
        Err(error) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().to_owned();
            Check::fail("self-test", first, "mend what is above, or report it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    #[test]
    fn full_preemption_is_warned_of() {
        assert_eq!(preemptible("none voluntary (full) lazy \n").status, Status::Warn);
        let lazy = preemptible("full (lazy) \n");
        assert!(lazy.status == Status::Ok && lazy.found.contains("mode lazy;"), "{lazy:?}");
        assert!(preemptible("").found.contains("mode not visible;"));
    }

    #[test]
    fn old_kernels_are_warned_of() {
        assert_eq!(kernel("6.18.44-fc").status, Status::Ok);
        let old = if cfg!(target_arch = "aarch64") { "6.1.0-56-cloud-arm64" } else { "5.10.0-35-cloud-amd64" };
        assert_eq!(kernel(old).status, Status::Ok);
        assert_eq!(kernel("4.18.0-553.el8").status, Status::Warn);
        assert_eq!(kernel("").status, Status::Warn);
    }
}
