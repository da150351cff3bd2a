// SPDX-License-Identifier: Apache-2.0
//! Repositories in temporary folders.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use agent_common::{
    identity::{self, FEATURES, SCHEMA},
    record,
};
use agent_compile::Arch;
use object::{Architecture, BinaryFormat, Endianness, SectionKind, write::Object};
use tempfile::TempDir;

use super::{
    Changes,
    config::{Config, Link},
    key::Signer,
    lay_out,
    objects::{self, Probe},
};
use crate::output::sha256;
use crate::repository::{
    host::Description,
    manifest::{Kind, MANIFEST, Manifest, SIGNATURE},
    url,
};

/// Something like a probe, as far as a repository looks at it.
fn object_of(version: &str, arch: &str) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::Bpf, Endianness::Little);
    let section = object.add_section(Vec::new(), identity::SECTION.into(), SectionKind::Data);
    let text = format!(
        "abi={}\nschema={SCHEMA}\narch={arch}\nversion={version}\nfeatures={}\n",
        record::ABI,
        FEATURES.join(",")
    );
    object.append_section_data(section, text.as_bytes(), 1);
    object.write().expect("an object")
}

/// A folder with objects, a key and a repository to be.
struct Place {
    folder: TempDir,
    signer: Signer,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("tree")).expect("a folder");
        let signer = Signer::own(&folder.path().join("config/lanner.key"), &folder.path().join("tree")).expect("a key");
        Self { folder, signer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// Writes an object, and returns the lines that name it in a configuration.
    fn object(&self, version: &str, arch: &str) -> String {
        let name = format!("{version}-{arch}.o");
        fs::write(self.path(&name), object_of(version, arch)).expect("an object");
        format!("[[object]]\nfile = \"{name}\"\n")
    }

    fn config(&self, text: &str) -> Config {
        fs::write(self.path("grid.toml"), text).expect("a file");
        Config::read(Some(&self.path("grid.toml"))).expect("a configuration")
    }

    fn run(&self, text: &str) -> Changes {
        let config = self.config(text);
        let probes = objects::all(&config).expect("probes");
        lay_out(&config, &probes, &self.signer, &self.out()).expect("a repository")
    }

    fn manifest(&self, folder: &str) -> Manifest {
        let bytes = fs::read(self.out().join(folder).join(MANIFEST)).expect("a manifest");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// Every file below `folder`, with what tells whether it was touched.
fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let about = fs::metadata(&path).expect("a file");
            let name = path.strip_prefix(folder).expect("inside").display().to_string();
            found.insert(name, (about.ino(), about.modified().expect("a time")));
        }
    }
    found
}

const KERNELS: &str = r#"
[[kernel]]
target = "ubuntu-aws"
release = "5.15.0-1009-aws"
version = "9~20.04.1"
arch = "x86_64"
[[kernel]]
target = "cos"
release = "5.15.107+"
"#;

#[test]
fn a_repository_has_all_names_and_a_second_run_touches_nothing() {
    let place = Place::new();
    let text = place.object("0.1.0+probe", "x86_64") + &place.object("0.1.0+probe", "aarch64") + KERNELS;
    let changes = place.run(&text);
    assert_eq!(changes, Changes { written: 9, kept: 0, removed: 0 });
    let first = files(&place.out());
    let names: Vec<_> = first.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "0.1.0+probe/aarch64/lanner_cos_5.15.107+_1.o",
            "0.1.0+probe/aarch64/lanner_portable.o",
            "0.1.0+probe/aarch64/manifest.json",
            "0.1.0+probe/aarch64/manifest.json.minisig",
            "0.1.0+probe/x86_64/lanner_cos_5.15.107+_1.o",
            "0.1.0+probe/x86_64/lanner_portable.o",
            "0.1.0+probe/x86_64/lanner_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o",
            "0.1.0+probe/x86_64/manifest.json",
            "0.1.0+probe/x86_64/manifest.json.minisig",
        ]
    );
    let inode = |name: &str| first[&format!("0.1.0+probe/x86_64/{name}")].0;
    assert_eq!(inode("lanner_portable.o"), inode("lanner_cos_5.15.107+_1.o"), "one file with several names");

    assert_eq!(place.run(&text), Changes { written: 0, kept: 9, removed: 0 });
    assert_eq!(files(&place.out()), first, "a second run touched something");
}

#[test]
fn what_is_laid_out_is_what_the_agent_asks_for() {
    let place = Place::new();
    let os = |text: &[(&str, &str)]| Some(text.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
    let hosts = [
        ("5.15.0-1009-aws", "#9~20.04.1-Ubuntu SMP Fri", os(&[("ID", "ubuntu")])),
        ("5.15.107+", "#1 SMP Sat", os(&[("ID", "cos"), ("BUILD_ID", "17412.1.75")])),
        ("5.10.0-22-rt-amd64", "#1 SMP PREEMPT_RT Debian 5.10.178-3", os(&[("ID", "debian")])),
    ];
    let hosts = hosts.map(|(release, version, os_release)| Description {
        release: release.to_owned(),
        version: version.to_owned(),
        os_release,
        ..Description::default()
    });
    let mut text = place.object("0.1.0+probe", "x86_64");
    for url::Target { id, release, version } in hosts.iter().map(Description::target) {
        let kernel = format!("[[kernel]]\ntarget = \"{id}\"\nrelease = \"{release}\"\nversion = \"{version}\"\n");
        text.push_str(&kernel);
    }
    place.run(&text);

    let [folder, _] = url::folders("http://127.0.0.1:8000", "0.1.0+probe", "x86_64");
    let mut urls = vec![url::file(&folder, &url::portable_object("lanner"))];
    urls.extend(hosts.iter().map(|host| url::file(&folder, &url::kernel_object("lanner", &host.target()))));
    let base = "http://127.0.0.1:8000/0.1.0%2Bprobe/x86_64";
    assert_eq!(
        urls,
        [
            format!("{base}/lanner_portable.o"),
            format!("{base}/lanner_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o"),
            format!("{base}/lanner_cos_5.15.107%2B_1.o"),
            format!("{base}/lanner_debian_5.10.178-3-rt-amd64_1.o"),
        ]
    );
    // As a web server takes them.
    for url in urls {
        let path = url.strip_prefix("http://127.0.0.1:8000/").and_then(url::decode).expect("a path");
        assert!(place.out().join(&path).is_file(), "{path}");
    }
}

#[test]
fn the_manifest_lists_every_file_and_its_signature_is_right() {
    let place = Place::new();
    let btf = [&0xeb9f_u16.to_le_bytes()[..], &[1, 0]].concat();
    fs::write(place.path("kernel.btf"), &btf).expect("a file");
    fs::write(place.path("kernel.btf.xz"), b"\xfd7zXZ\0rest").expect("a file");
    let text = place.object("0.1.0+probe", "x86_64")
        + "revision = \"abc\"\n[[kernel]]\ntarget = \"debian\"\nrelease = \"4.19.1\"\nbtf = \"kernel.btf\"\n\
           [[kernel]]\ntarget = \"debian\"\nrelease = \"4.19.2\"\nbtf = \"kernel.btf.xz\"\n";
    place.run(&text);

    let folder = place.out().join("0.1.0+probe/x86_64");
    let manifest = place.manifest("0.1.0+probe/x86_64");
    manifest.check("0.1.0+probe", "x86_64").expect("a manifest");
    let listed: Vec<_> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        listed,
        [
            "lanner_debian_4.19.1_1.btf",
            "lanner_debian_4.19.1_1.o",
            "lanner_debian_4.19.2_1.btf.xz",
            "lanner_debian_4.19.2_1.o",
            "lanner_portable.o",
        ]
    );
    for file in &manifest.files {
        let bytes = fs::read(folder.join(&file.name)).expect("a file");
        assert_eq!((file.size, &file.sha256), (bytes.len() as u64, &sha256(&bytes)), "{}", file.name);
        match &file.kind {
            Kind::Btf => assert!(file.name.contains(".btf")),
            Kind::Object(object) => {
                assert_eq!((object.abi, object.schema.as_str(), object.arch.as_str()), (record::ABI, SCHEMA, "x86_64"));
                assert_eq!((object.features.join(","), object.revision.as_str()), (FEATURES.join(","), "abc"));
            }
        }
    }

    // By the library that the agent verifies with.
    let key = minisign_verify::PublicKey::from_base64(&place.signer.public()).expect("a key");
    let signature = fs::read_to_string(folder.join(SIGNATURE)).expect("a signature");
    let signature = minisign_verify::Signature::decode(&signature).expect("a signature");
    assert_eq!(signature.trusted_comment(), format!("0.1.0+probe x86_64 {}", manifest.date));
    let bytes = fs::read(folder.join(MANIFEST)).expect("a manifest");
    key.verify(&bytes, &signature, false).expect("it is the key's");
    assert!(key.verify(&bytes[1..], &signature, false).is_err());
}

#[test]
fn only_what_changes_is_written() {
    let place = Place::new();
    let [one, two] = ["0.1.0+probe", "0.2.0+probe"].map(|version| place.object(version, "x86_64"));
    place.run(&format!("{one}{two}{KERNELS}"));
    let before = files(&place.out());

    // A kernel less, in both versions.
    let fewer = KERNELS.split("[[kernel]]").take(2).collect::<Vec<_>>().join("[[kernel]]");
    let changes = place.run(&format!("{one}{two}{fewer}"));
    assert_eq!(changes, Changes { written: 4, kept: 4, removed: 2 });
    let after = files(&place.out());
    let same = |name: &str| before.get(name) == after.get(name);
    for version in ["0.1.0+probe", "0.2.0+probe"] {
        assert!(same(&format!("{version}/x86_64/lanner_portable.o")));
        assert!(!same(&format!("{version}/x86_64/{MANIFEST}")) && !same(&format!("{version}/x86_64/{SIGNATURE}")));
        assert!(!after.contains_key(&format!("{version}/x86_64/lanner_cos_5.15.107+_1.o")));
    }

    // Damage is repaired, and copies are made of links.
    fs::write(place.out().join("0.1.0+probe/x86_64").join(SIGNATURE), "x").expect("a file");
    let changes = place.run(&format!("link = \"copy\"\n{one}{two}{fewer}"));
    assert_eq!(changes, Changes { written: 3, kept: 5, removed: 0 });
    let copies = files(&place.out());
    let inode = |name: &str| copies[&format!("0.1.0+probe/x86_64/lanner_{name}.o")].0;
    assert_ne!(inode("portable"), inode("ubuntu-aws_5.15.0-1009-aws_9~20.04.1"));
    assert_eq!(place.run(&format!("link = \"copy\"\n{one}{two}{fewer}")).written, 0);

    // Another key signs all manifests anew, and changes nothing else.
    let other = Place::new();
    let config = place.config(&format!("link = \"copy\"\n{one}{two}{fewer}"));
    let probes = objects::all(&config).expect("probes");
    let changes = lay_out(&config, &probes, &other.signer, &place.out()).expect("a repository");
    assert_eq!(changes, Changes { written: 2, kept: 6, removed: 0 });
}

#[test]
fn the_newest_driver_versions_stay() {
    let place = Place::new();
    let object = |version: &str| place.object(version, "x86_64");
    let versions = || {
        let entries = fs::read_dir(place.out()).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names.into_iter().map(|name| name.into_string().expect("UTF-8")).collect::<Vec<_>>()
    };
    place.run(&object("0.9.0+probe"));
    place.run(&object("0.10.0+probe"));
    assert_eq!(versions(), ["0.10.0+probe", "0.9.0+probe"]);
    // What is not ours is not touched.
    fs::create_dir_all(place.out().join("0.1.0+driver/x86_64")).expect("a folder");
    fs::write(place.out().join("0.1.0+driver/x86_64/falco_portable.o"), "x").expect("a file");
    let changes = place.run(&object("1.0.0-rc.1+probe"));
    assert_eq!(changes, Changes { written: 3, kept: 0, removed: 3 });
    assert_eq!(versions(), ["0.1.0+driver", "0.10.0+probe", "1.0.0-rc.1+probe"]);
    // A release is newer than its candidate.
    place.run(&format!("keep = 1\n{}", object("1.0.0+probe")));
    assert_eq!(versions(), ["0.1.0+driver", "1.0.0+probe"]);
    // Somebody else's file keeps its folder.
    fs::write(place.out().join("1.0.0+probe/x86_64/notes"), "x").expect("a file");
    place.run(&format!("keep = 1\n{}", object("1.1.0+probe")));
    assert_eq!(versions(), ["0.1.0+driver", "1.0.0+probe", "1.1.0+probe"]);
    assert_eq!(fs::read_dir(place.out().join("1.0.0+probe/x86_64")).expect("a folder").count(), 1);

    let config = place.config(&format!("keep = 1\n{}", object("0.1.0+probe")));
    let probes = objects::all(&config).expect("probes");
    let error = lay_out(&config, &probes, &place.signer, &place.out()).expect_err("too old").to_string();
    assert!(error.starts_with("nothing is left to lay out: "), "{error}");
}

#[test]
fn driverkits_files_name_kernels_too() {
    let place = Place::new();
    let folder = place.path("driverkit/config/0.1.0+probe/x86_64");
    fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    file(
        "ubuntu-aws_5.15.0-1009-aws_9~20.04.1.yaml",
        "kernelversion: 9~20.04.1\nkernelrelease: 5.15.0-1009-aws\ntarget: ubuntu-aws\narchitecture: amd64\n\
         driverversion: 0.1.0+probe\noutput:\n  module: out/falco_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.ko\n",
    );
    file("README.md", "not YAML");
    let text = format!("driverkit = [\"driverkit/config\"]\n{}", place.object("0.1.0+probe", "x86_64"));
    place.run(&text);
    let name = "0.1.0+probe/x86_64/lanner_ubuntu-aws_5.15.0-1009-aws_9~20.04.1.o";
    assert!(place.out().join(name).is_file());

    // A folder, and a file, are configurations by themselves.
    for path in [place.path("driverkit"), folder.join("ubuntu-aws_5.15.0-1009-aws_9~20.04.1.yaml")] {
        let config = Config::read(Some(&path)).expect("a configuration");
        assert_eq!((config.build.as_slice(), config.link, config.keep), (&Arch::ALL[..], Link::Hard, 2));
        assert_eq!(config.kernels.len(), 1);
        assert_eq!(config.kernels[0].target.id, "ubuntu-aws");
    }
    let empty = place.path("empty");
    fs::create_dir_all(&empty).expect("a folder");
    let error = Config::read(Some(&empty)).expect_err("nothing").to_string();
    assert!(error.ends_with("empty: there is no .yaml file in it"), "{error}");
}

#[test]
fn a_wrong_configuration_is_told_by_its_place() {
    let place = Place::new();
    let object = place.object("0.1.0+probe", "x86_64");
    let wrong = |text: &str| {
        let read = Config::of_toml(text, &place.path("."), "grid.toml");
        let error = read.and_then(|config| config.check_against(&objects::all(&config)?)).expect_err(text);
        format!("{error:#}")
    };
    let kernel = |more: &str| format!("{object}[[kernel]]\ntarget = \"arch\"\nrelease = \"6.1\"\n{more}");
    let cases = [
        ("keep = 0".to_owned(), "grid.toml: `keep = 0` would keep no driver version at all"),
        ("build = []".to_owned(), "grid.toml: `build = []` and no [[object]]: nothing to lay out"),
        ("build = [\"s390x\"]".to_owned(), "grid.toml: `build`: unknown architecture \"s390x\": it is x86_64 (amd64)"),
        ("kep = 1".to_owned(), "unknown field `kep`"),
        ("link = \"soft\"".to_owned(), "unknown variant `soft`, expected `hard` or `copy`"),
        ("name = \"a/b\"".to_owned(), "\"a/b\" can't be the name of a driver: it has a slash"),
        ("name = \"a_b\"".to_owned(), "\"a_b\" can't be the name of a driver: it has an underscore"),
        ("[[kernel]]\ntarget = \"arch\"".to_owned(), "missing field `release`"),
        (kernel("version = \"../x\""), "grid.toml: [[kernel]] number 1: \"../x\" can't be a kernel's version"),
        (kernel("arch = \"arm\""), "grid.toml: [[kernel]] number 1: unknown architecture \"arm\""),
        (kernel("arch = \"arm64\""), "number 1: there is no object for aarch64: add one as an [[object]]"),
        (
            kernel("driver_version = \"9.9.9\""),
            "there is no object of driver version 9.9.9; there are those of 0.1.0+probe",
        ),
        (kernel("[[kernel]]\ntarget = \"arch\"\nrelease = \"6.1\"\n"), "number 2: arch_6.1_1 is there twice"),
        (format!("{object}{object}"), "there are two objects of driver version 0.1.0+probe for x86_64"),
        ("[[object]]\nfile = \"none.o\"".to_owned(), "none.o: No such file"),
        ("[[object]]\nfile = \"0.1.0+probe-x86_64.o\"\nrev = 1".to_owned(), "unknown field `rev`"),
        ("driverkit = [\"none\"]\nbuild = [\"x86_64\"]".to_owned(), "none: No such file"),
    ];
    for (text, words) in cases {
        let error = wrong(&text).replace("cannot read ", "");
        assert!(error.contains(words), "{text}\n{error}");
    }
}

#[test]
fn only_probes_are_laid_out() {
    let place = Place::new();
    let wrong = |bytes: &[u8]| {
        fs::write(place.path("x.o"), bytes).expect("a file");
        format!("{:#}", objects::read(&place.path("x.o"), "").expect_err("no probe"))
    };
    assert!(wrong(b"").contains("no object file"));
    let other = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little).write().expect("an object");
    assert!(wrong(&other).contains("an object for X86_64, not BPF"));
    let bare = Object::new(BinaryFormat::Elf, Architecture::Bpf, Endianness::Little).write().expect("an object");
    assert!(wrong(&bare).contains("it does not say what it is"));
    assert!(wrong(&object_of("../x", "x86_64")).contains("\"../x\" can't be a driver version: it has a slash"));
    assert!(wrong(&object_of("0.1.0", "s390x")).contains("unknown architecture \"s390x\""));
    let mut text = object_of("0.1.0", "x86_64");
    let at = text.windows(4).position(|bytes| bytes == b"abi=").expect("an identity");
    text[at] = b'x';
    assert!(wrong(&text).contains("not of the form that is known"));
    let Probe { version, arch, .. } = {
        fs::write(place.path("x.o"), object_of("0.1.0+probe", "aarch64")).expect("a file");
        objects::read(&place.path("x.o"), "").expect("a probe")
    };
    assert_eq!((version.as_str(), arch), ("0.1.0+probe", Arch::Aarch64));
}

#[test]
fn a_key_is_made_once_and_never_in_the_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    let (secret, tree) = (folder.path().join("config/lanner/lanner.key"), folder.path().join("tree"));
    fs::create_dir_all(&tree).expect("a folder");
    let error = |result: anyhow::Result<Signer>| result.err().map(|error| format!("{error:#}")).unwrap_or_default();

    let inside = error(Signer::own(&tree.join("config/lanner.key"), &tree));
    assert!(inside.contains("lies in the tree, where a secret must not be"), "{inside}");
    assert!(!tree.join("lanner.pub").exists() && !tree.join("config").exists());

    let made = Signer::own(&secret, &tree).expect("a key").public();
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(&secret), mode(secret.parent().expect("a folder"))), (0o600, 0o700));
    let public = fs::read_to_string(tree.join("lanner.pub")).expect("the public half");
    assert!(public.contains(&made), "{public}");
    let text = fs::read_to_string(&secret).expect("the secret half");
    assert_eq!(Signer::own(&secret, &tree).expect("the same key").public(), made);
    assert_eq!(Signer::open(Some(&secret)).expect("the same key").public(), made);
    assert_eq!(fs::read_to_string(&secret).expect("the secret half"), text);

    // A tree that trusts another key, and a key that others can read.
    let other = folder.path().join("other/lanner.key");
    assert!(error(Signer::own(&other, &tree)).contains("but not its secret half at"));
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).expect("a folder");
    Signer::own(&other, &elsewhere).expect("another key");
    assert!(error(Signer::own(&other, &tree)).contains("is not the public half of"));
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).expect("a mode");
    assert!(error(Signer::open(Some(&other))).contains("has mode 640: others can read the key; `chmod 600"));

    fs::write(&secret, "untrusted comment: x\nRWQ\n").expect("a file");
    assert!(error(Signer::open(Some(&secret))).contains("cannot use the key"));
    assert!(error(Signer::open(Some(&folder.path().join("none")))).contains("cannot read the key"));
}

#[test]
fn a_key_with_a_password_wants_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("key");
    let pair = minisign::KeyPair::generate_encrypted_keypair(Some("word".to_owned())).expect("a key");
    fs::write(&secret, pair.sk.to_box(None).expect("a key").into_string()).expect("a file");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("a mode");
    let error = Signer::open(Some(&secret)).err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(error.contains("it has a password: set LANNER_KEY_PASSWORD"), "{error}");
}
