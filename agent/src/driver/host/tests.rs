// SPDX-License-Identifier: Apache-2.0
//! Real host descriptions, and the URLs where their objects are.

use super::super::url;
use super::*;

/// A host's name here, its os-release, `uname -r`, `uname -v`, and its object's name behind `falco_` in the repository,
/// percent-encoded.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Every distribution of the table of special cases, and some of those without one.
const HOSTS: &[Row] = &[
    (
        "Amazon Linux 1",
        "ID=\"amzn\"\nVERSION_ID=\"2018.03\"",
        "4.14.336-180.566.amzn1.x86_64",
        "#1 SMP Tue Jan 9 20:07:47 UTC 2024",
        "amazonlinux_4.14.336-180.566.amzn1.x86_64_1.o",
    ),
    (
        "Amazon Linux 2",
        "NAME=\"Amazon Linux\"\nID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"",
        "5.10.205-195.807.amzn2.x86_64",
        "#1 SMP Tue Jan 16 18:28:59 UTC 2024",
        "amazonlinux2_5.10.205-195.807.amzn2.x86_64_1.o",
    ),
    (
        "Amazon Linux 2022",
        "ID=\"amzn\"\nVERSION_ID=\"2022\"",
        "5.15.43-20.123.amzn2022.x86_64",
        "#1 SMP PREEMPT Thu May 26 21:44:38 UTC 2022",
        "amazonlinux2022_5.15.43-20.123.amzn2022.x86_64_1.o",
    ),
    (
        "Amazon Linux 2023",
        "ID=\"amzn\"\nVERSION_ID=\"2023\"",
        "6.1.109-118.189.amzn2023.x86_64",
        "#1 SMP PREEMPT_DYNAMIC Tue Sep 10 08:59:12 UTC 2024",
        "amazonlinux2023_6.1.109-118.189.amzn2023.x86_64_1.o",
    ),
    (
        "Ubuntu on AWS",
        "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"20.04\"",
        "5.15.0-1009-aws",
        "#9~20.04.1-Ubuntu SMP Mon May 30 16:05:17 UTC 2022",
        "ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o",
    ),
    (
        "Ubuntu",
        "ID=ubuntu",
        "6.8.0-40-generic",
        "#40-Ubuntu SMP PREEMPT_DYNAMIC Fri Jul  5 10:34:03 UTC 2024",
        "ubuntu-generic_6.8.0-40-generic_40.o",
    ),
    (
        "Ubuntu with more behind its flavour",
        "ID=ubuntu",
        "5.0.0-1028-aws-5.0",
        "#26~22.04.1-Ubuntu SMP Mon Apr 24 01:58:15 UTC 2023",
        "ubuntu-aws_5.0.0-1028-aws-5.0_26~22.04.1.o",
    ),
    ("Ubuntu of low latency", "ID=ubuntu", "6.5.0-9-lowlatency", "#9.1", "ubuntu-lowlatency_6.5.0-9-lowlatency_9.1.o"),
    ("Ubuntu with a kernel of no flavour", "ID=ubuntu", "5.0.0", "#26", "ubuntu-generic_5.0.0_26.o"),
    (
        "Ubuntu with 64 KiB pages",
        "ID=ubuntu",
        "6.8.0-1016-nvidia-64k",
        "#18-Ubuntu SMP",
        "ubuntu-nvidia_6.8.0-1016-nvidia-64k_18.o",
    ),
    (
        "Debian",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"",
        "6.1.0-13-amd64",
        "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)",
        "debian_6.1.55-1-amd64_1.o",
    ),
    (
        "Debian of real time",
        "ID=debian",
        "5.10.0-0.deb10.22-rt-amd64",
        "#1 SMP PREEMPT_DYNAMIC Debian 5.10.178-3",
        "debian_5.10.178-3-rt-amd64_1.o",
    ),
    (
        "Debian in a cloud",
        "ID=debian",
        "6.1.0-18-cloud-arm64",
        "#1 SMP Debian 6.1.76-1 (2024-02-01)",
        "debian_6.1.76-1-cloud-arm64_1.o",
    ),
    ("Debian without its kernel's release", "ID=debian", "5.10.0-0", "#39 SMP PREEMPT_DYNAMIC", "debian_5.10.0-0_39.o"),
    (
        "Debian with a backport",
        "ID=debian",
        "6.5.3-1~bpo12+1-rt-amd64",
        "#1 SMP PREEMPT_DYNAMIC",
        "debian_6.5.3-1~bpo12%2B1-rt-amd64_1.o",
    ),
    (
        "Debian with something else",
        "ID=debian",
        "6.5.3-1~bpo12+1-rt-amd64",
        "malformed",
        "debian_6.5.3-1~bpo12%2B1-rt-amd64_malformed.o",
    ),
    (
        "Flatcar",
        "ID=flatcar\nID_LIKE=coreos\nVERSION_ID=3794.0.0",
        "6.1.62-flatcar",
        "#27 SMP PREEMPT_DYNAMIC Mon Nov 20 22:57:52 -00 2023",
        "flatcar_3794.0.0_27.o",
    ),
    (
        "Bottlerocket",
        "ID=bottlerocket\nVERSION_ID=\"1.11.0\"\nVARIANT_ID=aws-k8s-1.15",
        "5.15.59",
        "#1 SMP Tue Nov 1 00:00:00 UTC 2022",
        "bottlerocket_5.15.59_1_1.11.0-aws.o",
    ),
    (
        "Talos",
        "NAME=\"Talos\"\nID=talos\nVERSION_ID=1.4.1",
        "6.1.27-talos",
        "#1 SMP PREEMPT_DYNAMIC Fri Apr 28 09:10:37 UTC 2023",
        "talos_6.1.27-talos_1_1.4.1.o",
    ),
    ("Talos in quotes", "ID=\"talos\"\nVERSION_ID=\"v1.4.1\"", "6.1.27-talos", "#1", "talos_6.1.27-talos_1_v1.4.1.o"),
    (
        "COS",
        "NAME=\"Container-Optimized OS\"\nID=cos\nVERSION_ID=105\nBUILD_ID=17412.101.42",
        "5.15.107+",
        "#1 SMP Thu Jun 29 08:17:48 UTC 2023",
        "cos_5.15.107%2B_1.o",
    ),
    (
        "Oracle Linux",
        "ID=\"ol\"",
        "5.15.0-205.149.5.1.el9uek.x86_64",
        "#2 SMP Fri Apr 5 11:29:36 PDT 2024",
        "ol_5.15.0-205.149.5.1.el9uek.x86_64_2.o",
    ),
    (
        "CentOS",
        "ID=\"centos\"",
        "5.14.0-437.el9.x86_64",
        "#1 SMP PREEMPT_DYNAMIC Tue Apr 9 16:34:36 UTC 2024",
        "centos_5.14.0-437.el9.x86_64_1.o",
    ),
    (
        "RHEL",
        "ID=\"rhel\"",
        "4.18.0-553.el8_10.x86_64",
        "#1 SMP Fri May 10 15:19:13 EDT 2024",
        "rhel_4.18.0-553.el8_10.x86_64_1.o",
    ),
    (
        "RHEL CoreOS",
        "ID=\"rhcos\"",
        "5.14.0-284.52.1.el9_2.x86_64",
        "#1 SMP PREEMPT_DYNAMIC",
        "rhcos_5.14.0-284.52.1.el9_2.x86_64_1.o",
    ),
    (
        "Fedora",
        "ID=fedora",
        "6.8.5-301.fc40.x86_64",
        "#1 SMP PREEMPT_DYNAMIC Thu Apr 11 20:00:10 UTC 2024",
        "fedora_6.8.5-301.fc40.x86_64_1.o",
    ),
    ("Rocky", "ID=\"rocky\"", "5.14.0-427.13.1.el9_4.x86_64", "#1 SMP", "rocky_5.14.0-427.13.1.el9_4.x86_64_1.o"),
    (
        "AlmaLinux",
        "ID=\"almalinux\"",
        "5.14.0-427.13.1.el9_4.x86_64",
        "#1 SMP",
        "almalinux_5.14.0-427.13.1.el9_4.x86_64_1.o",
    ),
    (
        "Photon",
        "ID=photon",
        "4.19.283-3.ph3",
        "#1-photon SMP Fri Jun 16 02:25:27 UTC 2023",
        "photon_4.19.283-3.ph3_1.o",
    ),
    (
        "Arch",
        "ID=arch",
        "6.7.2-arch1-2",
        "#1 SMP PREEMPT_DYNAMIC Wed, 31 Jan 2024 09:22:15 +0000",
        "arch_6.7.2-arch1-2_1.o",
    ),
    (
        "SLES",
        "ID=\"sles\"",
        "5.14.21-150500.55.62-default",
        "#1 SMP PREEMPT_DYNAMIC Tue May 7 07:52:55 UTC 2024 (4c8a8e1)",
        "sles_5.14.21-150500.55.62-default_1.o",
    ),
    (
        "openSUSE Leap",
        "ID=\"opensuse-leap\"",
        "5.14.21-150500.55.62-default",
        "#1 SMP",
        "opensuse-leap_5.14.21-150500.55.62-default_1.o",
    ),
    (
        "Alibaba Cloud Linux",
        "ID=\"alinux\"",
        "5.10.134-16.3.al8.x86_64",
        "#1 SMP",
        "alinux_5.10.134-16.3.al8.x86_64_1.o",
    ),
    ("an ID in capitals", "ID=CentOS", "5.14.0", "#231asfa234", "centos_5.14.0_231.o"),
    ("Amazon Linux without a version", "ID=amzn", "5.10.0", "#1", "undetermined_5.10.0_1.o"),
    ("Talos without a version", "ID=talos", "5.10.0", "#1", "undetermined_5.10.0_1.o"),
    ("an os-release without an ID", "NAME=x", "5.10.0", "#1", "undetermined_5.10.0_1.o"),
];

fn description(os_release: &str, release: &str, version: &str) -> Description {
    Description {
        release: release.to_owned(),
        version: version.to_owned(),
        os_release: Some(keys(os_release)),
        ..Description::default()
    }
}

/// Where Falco's object for a host is.
fn object(host: &Description, arch: &str) -> String {
    let [folder, _] = url::folders(url::DEFAULT_REPOSITORY, "9.1.0+driver", arch);
    url::file(&folder, &url::kernel_object("falco", &host.target()))
}

#[test]
fn every_distribution_has_its_url() {
    for (name, os_release, release, version, expected) in HOSTS {
        assert_eq!(
            object(&description(os_release, release, version), "x86_64"),
            format!("https://download.falco.org/driver/9.1.0%2Bdriver/x86_64/falco_{expected}"),
            "{name}"
        );
    }
}

#[test]
fn minikube_is_told_by_a_file_of_its_own() {
    let host = Description {
        minikube: Some("v1.26.0-1655407986-14197\n".to_owned()),
        ..description("ID=buildroot\nVERSION_ID=2021.02.12", "5.10.57", "#1 SMP Thu Jun 16 21:31:53 UTC 2022")
    };
    assert!(object(&host, "aarch64").ends_with("/aarch64/falco_minikube_5.10.57_1_1.26.0.o"));
    let without = Description { os_release: None, ..host.clone() };
    assert_eq!(without.target(), host.target());
    let other = Description { minikube: Some("something else".to_owned()), ..host };
    assert_eq!(other.target().id, "buildroot");
}

#[test]
fn without_os_release_a_file_tells() {
    let plain = Description { release: "5.10.0".into(), version: "#3 SMP".into(), ..Description::default() };
    assert_eq!(plain.target().stem(), "undetermined_5.10.0_3");
    assert!(!plain.target().is_determined());
    for (id, host) in [
        ("debian", Description { debian_version: true, ..plain.clone() }),
        ("centos", Description { centos_release: true, redhat_release: true, ..plain.clone() }),
        ("rhel", Description { redhat_release: true, ..plain }),
    ] {
        assert_eq!(host.target().stem(), format!("{id}_5.10.0_3"));
    }
}

#[test]
fn a_host_is_read_below_its_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::create_dir_all(folder.join("etc")).expect("a folder");
    fs::create_dir_all(folder.join("usr/lib")).expect("a folder");
    fs::write(folder.join("usr/lib/os-release"), "# words\nID=talos\nVERSION_ID='1.4.1'\nNAME=\"a \\\"b\\\"\"\n")
        .expect("a file");
    // As a distribution may have it: absolute, which must not lead out of the root.
    std::os::unix::fs::symlink("/usr/lib/os-release", folder.join("etc/os-release")).expect("a link");
    let host = Description::read(folder, Some("6.1.27-talos"), Some("#1"));
    assert_eq!(host.target().stem(), "talos_6.1.27-talos_1_1.4.1");
    assert_eq!(host.os_release.expect("keys").get("NAME").map(String::as_str), Some("a \"b\""));
    let running = Description::read(folder, None, None);
    assert_eq!(running.release, rustix::system::uname().release().to_string_lossy());
    fs::remove_dir_all(folder).expect("a folder to remove");
    assert_eq!(Description::read(folder, None, None).target().id, UNDETERMINED);
}

proptest::proptest! {
    #[test]
    fn whatever_a_host_says_makes_one_name(os in ".{0,60}", release in ".{0,40}", version in ".{0,40}", minikube in ".{0,20}") {
        for id in ["amzn", "bottlerocket", "cos", "debian", "flatcar", "talos", "ubuntu", "x"] {
            let host = Description {
                minikube: Some(minikube.clone()),
                ..description(&format!("ID={id}\nVERSION_ID={os}\nVARIANT_ID={os}\nBUILD_ID={os}"), &release, &version)
            };
            let url = object(&host, "x86_64");
            proptest::prop_assert_eq!(url.split('/').count(), 7, "{}", url);
        }
    }
}
