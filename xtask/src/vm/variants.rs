// SPDX-License-Identifier: Apache-2.0
//! The ways in which a kernel is booted.

use anyhow::{Result, bail};

use super::{
    kernels::Kernel,
    plan::{Btf, Cgroups, Step},
};

/// The one that nothing is said of.
pub(super) const PLAIN: &str = "plain";

/// A way to boot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    /// What it is asked for by.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) words: &'static str,
    pub(super) cpus: u32,
    pub(super) cgroups: Cgroups,
    /// More of the kernel's command line.
    pub(super) boot: &'static str,
    pub(super) hotplug: bool,
    /// What there is of the kernel's BTF.
    pub(super) btf: Btf,
}

impl Variant {
    /// What a kernel that is booted so is called, in names of files.
    pub(super) fn of(&self, kernel: &Kernel) -> String {
        format!("{}-{}-{}", kernel.name, kernel.arch().name(), self.name)
    }
}

/// What differs from it is said by the others.
const BASE: Variant = Variant {
    name: PLAIN,
    words: "2 CPUs, cgroup v2",
    cpus: 2,
    cgroups: Cgroups::V2,
    boot: "",
    hotplug: false,
    btf: Btf::Kernel,
};

/// All of them.
pub(super) const ALL: &[Variant] = &[
    BASE,
    Variant { name: "cgroup-v1", words: "cgroup v1 only", cgroups: Cgroups::V1, ..BASE },
    Variant { name: "cgroup-both", words: "cgroup v1 and v2", cgroups: Cgroups::Both, ..BASE },
    Variant { name: "lockdown", words: "lockdown=integrity", boot: "lockdown=integrity", ..BASE },
    Variant { name: "one-cpu", words: "1 CPU", cpus: 1, ..BASE },
    Variant { name: "four-cpus", words: "4 CPUs", cpus: 4, ..BASE },
    Variant { name: "hotplug", words: "CPU 1 goes and comes", hotplug: true, ..BASE },
    Variant { name: "no-btf", words: "no BTF", btf: Btf::Missing, ..BASE },
    Variant { name: "btf-file", words: "no BTF, but a file of it", btf: Btf::File, ..BASE },
];

/// Those with these names; `all` stands for all of them.
pub(super) fn chosen(names: &[String]) -> Result<Vec<Variant>> {
    let mut chosen = Vec::new();
    for name in names {
        let of: Vec<_> = ALL.iter().filter(|variant| name == "all" || variant.name == *name).copied().collect();
        if of.is_empty() {
            let known: Vec<_> = ALL.iter().map(|variant| variant.name).collect();
            bail!("there is no variant `{name}`, but {} and all", known.join(", "));
        }
        chosen.extend(of);
    }
    Ok(chosen)
}

/// The integration tests that have programs in a guest.
pub(super) const TESTS: &[&str] = &["ledger", "syscalls", "tracefs_formats"];

/// What `syscalls` has for a guest.
const SYSCALLS: &[&str] = &["every_call_is_shown_as_it_was_made"];

/// How much is done in a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything.
    Full,
    /// What shows soonest that a kernel is served: the self-test, every call made and compared, a flood of a few.
    Short,
}

/// What is done in a guest.
pub(super) fn steps(variant: &Variant, extent: Extent) -> Vec<Step> {
    let step = |name: &str, program: &str, args: &[&str], json| Step {
        name: name.to_owned(),
        program: program.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        json,
    };
    let doctor: &[&str] = match extent {
        Extent::Full => &["doctor", "--json", "--programs"],
        // Every program is loaded for `syscalls` too.
        Extent::Short => &["doctor", "--json"],
    };
    let mut steps = vec![step("doctor", "/bin/lanner", doctor, true)];
    for test in TESTS {
        // Each loads hundreds of programs, which takes a while where the machine is interpreted.
        let args: &[&str] = match *test {
            // Threads of a flood are bound to a CPU, which must be there. Without a flood, a known load is enough.
            "ledger" if variant.hotplug => &["the_agent_itself_is_not_captured_but_counted"],
            "ledger" if extent == Extent::Short => &["a_flood_of_what_is_selected"],
            // Not one that overflows: nothing is quick enough there to do so reliably.
            "ledger" => &["a_flood_to_a_file"],
            // What a file of BTF says has to show in everything that is captured.
            "syscalls" if variant.btf == Btf::File => SYSCALLS,
            _ if variant.name != PLAIN => continue,
            "syscalls" => SYSCALLS,
            _ => &[],
        };
        let args = [&["--test-threads=1", "--exact"][..], args].concat();
        steps.push(step(test, &format!("/tests/{test}"), &args, false));
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn variants_are_chosen_by_name() {
        let names: BTreeSet<_> = ALL.iter().map(|variant| variant.name).collect();
        assert_eq!(names.len(), ALL.len());
        let two = chosen(&["lockdown".to_owned(), PLAIN.to_owned()]).expect("they are there");
        assert_eq!(two.iter().map(|variant| variant.name).collect::<Vec<_>>(), ["lockdown", PLAIN]);
        assert_eq!(chosen(&["all".to_owned()]).expect("they are there").len(), ALL.len());
        assert!(chosen(&["none".to_owned()]).expect_err("there is none").to_string().contains("four-cpus"));
    }

    #[test]
    fn every_guest_sees_the_doctor_first() {
        for (variant, extent) in ALL.iter().flat_map(|variant| [(variant, Extent::Full), (variant, Extent::Short)]) {
            let steps = steps(variant, extent);
            assert!(steps[0].json && steps.len() > 1, "{steps:?}");
        }
    }
}
