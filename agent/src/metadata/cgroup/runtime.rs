// SPDX-License-Identifier: Apache-2.0
//! Container runtimes.

/// What runs a container, as far as its cgroup path tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// Docker, also below ECS, GitHub's runners and cri-dockerd.
    Docker,
    /// Podman, with or without root.
    Podman,
    /// containerd: through CRI, `ctr` or `nerdctl`.
    Containerd,
    /// CRI-O.
    CriO,
    /// Some CRI runtime: the path names a pod but not who runs it.
    Cri,
    /// A build step of BuildKit inside dockerd.
    Buildkit,
    /// LXC and LXD.
    Lxc,
    /// libvirt's LXC driver.
    LibvirtLxc,
    /// systemd-nspawn.
    Nspawn,
    /// Cloud Foundry's BOSH process manager.
    Bpm,
}

impl Runtime {
    /// The name in `container.type`: Falco's where it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::CriO => "cri-o",
            Self::Cri => "cri",
            Self::Buildkit => "buildkit",
            Self::Lxc => "lxc",
            Self::LibvirtLxc => "libvirt-lxc",
            Self::Nspawn => "systemd-nspawn",
            Self::Bpm => "bpm",
        }
    }

    /// Whether its containers are called by a name that people chose, which then is the whole id.
    #[must_use]
    pub fn ids_are_names(self) -> bool {
        match self {
            Self::Docker | Self::Podman | Self::Containerd | Self::CriO | Self::Cri | Self::Buildkit => false,
            Self::Lxc | Self::LibvirtLxc | Self::Nspawn | Self::Bpm => true,
        }
    }
}
