// SPDX-License-Identifier: Apache-2.0
//! Every layout that is known, and what only looks like one.

use proptest::prelude::*;

use super::detect;
use crate::metadata::cgroup::Runtime::{self, *};

/// The container.
const C: &str = "8618d3540ce713dd59ed0549719643a71dd482c40c21685773e7ac1291b004f5";
/// One around it.
const O: &str = "01adbf01adbf01adbf01adbf01adbf01adbf01adbf01adbf01adbf01adbf26db";
/// A pod's UID.
const U: &str = "1544eb37-e4f7-49eb-8cc4-3d01c41be77b";
/// The same in a systemd unit's name.
const V: &str = "1544eb37_e4f7_49eb_8cc4_3d01c41be77b";
/// A static pod's.
const S: &str = "9aac5b5c8815def09a2ef9e37b89da55";

/// Writes the constants in place of their letters.
fn path(pattern: &str) -> String {
    [("{C}", C), ("{O}", O), ("{U}", U), ("{V}", V), ("{S}", S)]
        .iter()
        .fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value))
}

#[track_caller]
fn is(pattern: &str, runtime: Runtime, id: &str, pod: Option<&str>) {
    let path = path(pattern);
    let found = detect(&path).unwrap_or_else(|| panic!("nothing found in {path}"));
    let uid = found.pod.map(|pod| pod.to_string());
    assert_eq!((found.runtime, &*found.full_id, uid.as_deref()), (runtime, id, pod), "{path}");
}

#[test]
fn pods() {
    for (pattern, runtime) in [
        // systemd driver; a guaranteed pod has no QoS level
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/cri-containerd-{C}.scope",
            Containerd,
        ),
        ("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{V}.slice/crio-{C}.scope", CriO),
        ("/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{C}.scope", Containerd),
        ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/docker-{C}.scope", Docker),
        // crun's inner cgroup
        ("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{V}.slice/crio-{C}.scope/container", CriO),
        // a runtime that has a prefix of its own
        ("/kubepods.slice/kubepods-pod{V}.slice/youki-{C}.scope", Cri),
        // cgroupfs driver: the path does not say who runs it
        ("/kubepods/burstable/pod{U}/{C}", Cri),
        ("/kubepods/besteffort/pod{U}/{C}", Cri),
        ("/kubepods/pod{U}/{C}", Cri),
        ("/kubepods/besteffort/pod{U}/crio-{C}", CriO),
        // containerd's cgroupfs driver below a systemd kubelet, v1 and v2
        ("/system.slice/containerd.service/kubepods-besteffort-pod{V}.slice:cri-containerd:{C}", Containerd),
        ("/kubepods-besteffort-pod{V}.slice:cri-containerd:{C}", Containerd),
        // kind, k3d, minikube: the inner one
        ("/docker/{O}/kubelet/kubepods/burstable/pod{U}/{C}", Cri),
        ("/docker/{O}/kubepods/burstable/pod{U}/{C}", Cri),
        (
            "/system.slice/docker-{O}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{V}.slice/cri-containerd-{C}.scope",
            Containerd,
        ),
        // from inside another cgroup namespace
        ("/../../kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/cri-containerd-{C}.scope", Containerd),
        // systemd, or Docker, in the container
        ("/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{C}.scope/init.scope", Containerd),
        ("/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{C}.scope/system.slice/nginx.service", Containerd),
        ("/kubepods/burstable/pod{U}/{O}/docker/{C}", Docker),
        ("/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{O}.scope/system.slice/docker-{C}.scope", Docker),
    ] {
        is(pattern, runtime, C, Some(U));
    }
}

#[test]
fn static_pods() {
    for (pattern, runtime) in [
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{S}.slice/cri-containerd-{C}.scope",
            Containerd,
        ),
        ("/kubepods/burstable/pod{S}/{C}", Cri),
    ] {
        is(pattern, runtime, C, Some(S));
        assert!(
            detect(&path(pattern))
                .is_some_and(|found| found.pod.is_some_and(crate::metadata::cgroup::PodUid::is_static))
        );
    }
}

#[test]
fn ids() {
    for (pattern, runtime) in [
        ("/docker/{C}", Docker),
        ("/docker/{C}/init.scope", Docker),
        ("/system.slice/docker-{C}.scope", Docker),
        ("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{C}.scope", Docker),
        ("/docker/{O}/docker/{C}", Docker),
        ("/lxc.payload.build/docker/{C}", Docker),
        ("/actions_job/{C}", Docker),
        ("/ecs/7b0a4fd2-6bf1-4a2c-9a41-0a2b1ad1ee6d/{C}", Docker),
        ("/ecs/cluster/0f0c1d6c3f1d4a3c9a4b9a7c6d5e4f3a/{C}", Docker),
        ("/ecstasks.slice/ecstasks-0f0c1d6c.slice/docker-{C}.scope", Docker),
        ("/machine.slice/libpod-{C}.scope", Podman),
        ("/machine.slice/libpod-{C}.scope/container", Podman),
        ("/machine.slice/machine-libpod_pod_{O}.slice/libpod-{C}.scope/container", Podman),
        ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{C}.scope", Podman),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-{C}", Podman),
        ("/libpod_parent/libpod-{C}", Podman),
        ("/libpod_parent/{C}", Podman),
        ("/system.slice/nerdctl-{C}.scope", Containerd),
        // a namespace of containerd, or docker's --cgroup-parent: who knows the id decides
        ("/default/{C}", Containerd),
        ("/k8s.io/{C}", Containerd),
        ("/some/parent/{C}", Containerd),
        ("/../cri-containerd-{C}.scope", Containerd),
        // nothing is known of what is around it
        ("/../{C}", Cri),
        ("/{C}", Cri),
        // the monitor of an inner container is a process of the outer one
        ("/docker/{C}/kubepods.slice/kubepods-pod{V}.slice/crio-conmon-{O}.scope", Docker),
    ] {
        is(pattern, runtime, C, None);
    }
}

#[test]
fn names() {
    for (pattern, runtime, name) in [
        ("/lxc/web", Lxc, "web"),
        ("/lxc/web/system.slice/nginx.service", Lxc, "web"),
        ("/lxc.payload/web", Lxc, "web"),
        ("/lxc.payload.web", Lxc, "web"),
        ("/lxc.payload.web-1.2/init.scope", Lxc, "web-1.2"),
        ("/user.slice/user-1000.slice/session-1.scope/lxc.payload.mine", Lxc, "mine"),
        ("/machine/web.libvirt-lxc", LibvirtLxc, "web"),
        (
            "/machine.slice/machine-lxc\\x2d2293906\\x2dlibvirt\\x2dcontainer.scope/libvirt",
            LibvirtLxc,
            "libvirt-container",
        ),
        ("/machine.slice/machine-lxc\\x2dweb.scope", LibvirtLxc, "web"),
        ("/libvirt/lxc/web", LibvirtLxc, "web"),
        ("/machine.slice/systemd-nspawn@debian.service/payload", Nspawn, "debian"),
        ("/machine.slice/systemd-nspawn@a\\x2db.service/payload/system.slice/ssh.service", Nspawn, "a-b"),
        ("/machine.slice/machine-arch\\x2dtest.scope/payload", Nspawn, "arch-test"),
        ("/machine.slice/machine-odd\\xzz\\x2.scope", Nspawn, "odd\\xzz\\x2"),
        ("/machine.slice/machine-latin\\xe9.scope", Nspawn, "latin\u{fffd}"),
        ("/system.slice/runc-bpm-nats.scope", Bpm, "nats"),
        ("/bpm-gorouter.bpm_x-1", Bpm, "gorouter.bpm_x-1"),
        ("/default/redis", Containerd, "redis"),
        ("/docker/buildkit/kdrlkkgkxwtcvdzdcsbkyyy1g", Buildkit, "kdrlkkgkxwtcvdzdcsbkyyy1g"),
        ("/system.slice/docker-kdrlkkgkxwtcvdzdcsbkyyy1g.scope", Buildkit, "kdrlkkgkxwtcvdzdcsbkyyy1g"),
        (
            "/ecs/0f0c1d6c3f1d4a3c9a4b9a7c6d5e4f3a/0f0c1d6c3f1d4a3c9a4b9a7c6d5e4f3a-2531612879",
            Containerd,
            "0f0c1d6c3f1d4a3c9a4b9a7c6d5e4f3a-2531612879",
        ),
    ] {
        is(pattern, runtime, name, None);
    }
}

#[test]
fn the_host() {
    for pattern in [
        "",
        "/",
        "//",
        "/..",
        "/init.scope",
        "/system.slice/ssh.service",
        "/user.slice/user-0.slice/session-1.scope",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-{U}.scope",
        "/kubepods.slice",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice",
        "/kubepods.slice/kubepods-pod{V}.slice/crio-conmon-{C}.scope",
        "/kubepods/pod{U}",
        "/machine.slice/libpod-conmon-{C}.scope",
        "/machine.slice/machine-libpod_pod_{C}.slice",
        "/conmon-{C}",
        "/docker",
        "/lxc",
        "/lxc.payload.",
        "/lxc.monitor.web",
        "/lxc.monitor/web",
        "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
        "/machine.slice/systemd-nspawn@debian.service/supervisor",
        "/system.slice/bpm-.scope",
        "/system.slice/bpm-api.service",
        "/default/cron.service",
        "/default",
        "/podman/poddle-1234",
        // not 64 digits
        "/docker/{C}0",
        "/docker/8618d3540ce7",
        "/system.slice/docker-{C}.service",
        "/x{C}",
    ] {
        assert_eq!(detect(&path(pattern)), None, "{pattern}");
    }
    assert_eq!(detect(&format!("{}/docker/{C}", "/x".repeat(2048))), None, "longer than a path can be");
}

proptest! {
    #[test]
    fn any_path(path in "\\PC*") {
        prop_assert!(detect(&path).is_none_or(|found| !found.full_id.is_empty()));
    }

    #[test]
    fn paths_of_what_runtimes_write(parts in prop::collection::vec(
        prop::sample::select(vec![
            "/", "docker", "-", ":", ".scope", ".slice", "pod", "lxc", ".payload.", "machine-", "systemd-nspawn@",
            ".service", "\\x2d", "\\x", "libpod", "conmon", "..", C, U, V, S, "é", "default", "ecs", "buildkit", "bpm-",
        ]),
        0..12,
    )) {
        if let Some(found) = detect(&parts.concat()) {
            prop_assert!(!found.full_id.is_empty());
        }
    }
}
