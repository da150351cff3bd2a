// SPDX-License-Identifier: Apache-2.0
//! Capabilities: which are needed is tried, by doing without them.

use std::{fmt, io, path::Path};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    io::Errno,
    thread::{
        CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities,
    },
};

use super::Needs;
use crate::host::capabilities::Capability;

/// What was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept(pub CapabilitySet);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Vec::new();
        for (name, _) in self.0.iter_names() {
            names.push(format!("CAP_{name}"));
        }
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

/// Drops all capabilities that are not needed, from every set.
pub(super) fn reduce(needs: &Needs, can_read_maps: impl Fn() -> bool) -> io::Result<Kept> {
    let now = capabilities(None)?;
    let has = now.permitted;
    // What loads programs: one capability before 5.8, two since.
    let loading = Capability::Bpf.set() | Capability::Perfmon.set();
    let (maps, loading) = if has.contains(loading) {
        (Capability::Bpf.set(), loading)
    } else {
        (Capability::SysAdmin.set(), Capability::SysAdmin.set())
    };
    let mut keep = CapabilitySet::empty();
    if needs.load {
        keep |= loading;
    }
    if needs.names {
        keep |= Capability::SysPtrace.set();
    }
    if needs.names || needs.reads {
        keep |= Capability::DacReadSearch.set();
    }
    keep &= has;
    // What is permitted can be taken back into effect, should it turn out to be needed.
    set_capabilities(None, CapabilitySets { effective: keep, ..now })?;
    if !can_read_maps() {
        keep |= maps & has;
    }
    if needs.writes.iter().any(|path| is_refused(path)) {
        keep |= Capability::DacOverride.set() & has;
    }
    set_capabilities(None, now)?;
    drop_from_bounding_set(keep, now.effective)?;
    match clear_ambient_capability_set() {
        // Before 4.3 there is none.
        Ok(()) | Err(Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    set_capabilities(None, CapabilitySets { effective: keep, permitted: keep, inheritable: CapabilitySet::empty() })?;
    Ok(Kept(keep))
}

/// Whether a file or folder is there, but may not be written by this process as it is now.
fn is_refused(path: &Path) -> bool {
    // By the effective user and capabilities; before 5.8 there is no such question, and the answer is to be careful.
    match accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS) {
        Err(Errno::ACCESS | Errno::PERM | Errno::NOSYS | Errno::INVAL) => true,
        Ok(()) | Err(_) => false,
    }
}

/// The bounding set limits what programs get that are executed from here on. It takes CAP_SETPCAP to lower it; a process
/// that was started without has a small one already, and executes nothing.
fn drop_from_bounding_set(keep: CapabilitySet, effective: CapabilitySet) -> io::Result<()> {
    if !effective.contains(CapabilitySet::SETPCAP) {
        tracing::debug!("without CAP_SETPCAP the bounding set stays as it is");
        return Ok(());
    }
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        match capability_is_in_bounding_set(capability) {
            Ok(true) if !keep.contains(capability) => remove_capability_from_bounding_set(capability)?,
            Ok(_) => {}
            // Higher than this kernel's last one.
            Err(_) => break,
        }
    }
    Ok(())
}
