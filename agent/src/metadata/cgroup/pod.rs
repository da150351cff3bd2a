// SPDX-License-Identifier: Apache-2.0
//! The pod UID in a cgroup's name.

use std::fmt;

/// How many hexadecimal digits a UID has.
const DIGITS: usize = 32;
/// After how many of them a UUID has its separators.
const GROUPS: [usize; 4] = [8, 12, 16, 20];

/// A pod's UID: a UUID that the API server made, or, for a static pod, the hash that the kubelet made of its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodUid {
    value: u128,
    is_static: bool,
}

impl PodUid {
    /// The UID as a number, the same in every spelling.
    #[must_use]
    pub fn value(self) -> u128 {
        self.value
    }

    /// The UID that the API server knows a pod by.
    #[must_use]
    pub const fn of_api(value: u128) -> Self {
        Self { value, is_static: false }
    }

    /// Whether it is a static pod's. The API server knows such a pod by another UID, and has this one in the
    /// annotation `kubernetes.io/config.hash`.
    #[must_use]
    pub fn is_static(self) -> bool {
        self.is_static
    }

    /// Reads a whole UID as the API server writes it: a UUID, or the 32 hexadecimal digits of a static pod.
    #[must_use]
    pub fn parse(text: &str) -> Option<u128> {
        let whole = text.len() == DIGITS || text.len() == DIGITS + GROUPS.len();
        Self::leading(text).filter(|_| whole).map(Self::value)
    }

    /// Finds `pod<uid>` in one component of a path, at its start or after a `-`.
    pub(super) fn find(component: &str) -> Option<Self> {
        component.match_indices("pod").find_map(|(at, pod)| {
            let before = component.get(..at)?;
            if !before.is_empty() && !before.ends_with('-') {
                return None;
            }
            Self::leading(component.get(at + pod.len()..)?)
        })
    }

    /// Reads the UID that `text` starts with: separated by `-` (cgroupfs) or `_` (systemd), or not at all (static).
    fn leading(text: &str) -> Option<Self> {
        let (mut value, mut digits, mut separators) = (0_u128, 0, 0);
        let mut rest = text.chars();
        while digits < DIGITS {
            let c = rest.next()?;
            if let Some(digit) = c.to_digit(16) {
                value = (value << 4) | u128::from(digit);
                digits += 1;
            } else if matches!(c, '-' | '_') && GROUPS.get(separators) == Some(&digits) {
                separators += 1;
            } else {
                return None;
            }
        }
        let ends = rest.next().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_'));
        (ends && (separators == 0 || separators == GROUPS.len())).then_some(Self { value, is_static: separators == 0 })
    }
}

impl fmt::Display for PodUid {
    /// As the kubelet writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.value;
        if self.is_static {
            return write!(f, "{v:032x}");
        }
        let (a, b, c, d) = (v >> 96, (v >> 80) & 0xffff, (v >> 64) & 0xffff, (v >> 48) & 0xffff);
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{:012x}", v & 0xffff_ffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::PodUid;

    #[test]
    fn all_spellings_are_one_uid() {
        let dashed = "1544eb37-e4f7-49eb-8cc4-3d01c41be77b";
        for component in [
            format!("pod{dashed}"),
            format!("kubepods-burstable-pod{}.slice", dashed.replace('-', "_")),
            format!("kubelet-kubepods-pod{}.slice", dashed.replace('-', "_")),
            format!("kubepods-besteffort-pod{}.slice:cri-containerd:abc", dashed.replace('-', "_")),
        ] {
            let uid = PodUid::find(&component).expect("a pod");
            assert_eq!((uid.to_string().as_str(), uid.is_static()), (dashed, false), "{component}");
        }
        let uid = PodUid::find("kubepods-pod9aac5b5c8815def09a2ef9e37b89da55.slice").expect("a static pod");
        assert_eq!((uid.to_string().as_str(), uid.is_static()), ("9aac5b5c8815def09a2ef9e37b89da55", true));
    }

    #[test]
    fn a_uid_is_read_whole_or_not_at_all() {
        let value = 0x1544_eb37_e4f7_49eb_8cc4_3d01_c41b_e77b;
        assert_eq!(PodUid::parse("1544eb37-e4f7-49eb-8cc4-3d01c41be77b"), Some(value));
        assert_eq!(PodUid::parse("1544EB37e4f749eb8cc43d01c41be77b"), Some(value));
        for text in [
            "",
            "1544eb37",
            "1544eb37-e4f7-49eb-8cc4-3d01c41be77b ",
            "1544eb37-e4f7-49eb-8cc4-3d01c41be77b.scope",
            "1544eb37e4f749eb8cc43d01c41be77b.slice",
            "1544eb37-e4f7-49eb-8cc43d01c41be77bffff",
        ] {
            assert_eq!(PodUid::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_pod() {
        for component in [
            "podman",
            "pod",
            "kubepods.slice",
            "tripod1544eb37-e4f7-49eb-8cc4-3d01c41be77b",
            "pod1544eb37-e4f7-49eb-8cc43d01c41be77b",
            "pod1544eb37-e4f7-49eb-8cc4-3d01c41be77bff",
            "pod1544eb37e-4f7-49eb-8cc4-3d01c41be77b",
            "machine-libpod_pod_9aac5b5c8815def09a2ef9e37b89da559aac5b5c8815def09a2ef9e37b89da55.slice",
        ] {
            assert_eq!(PodUid::find(component), None, "{component}");
        }
    }
}
