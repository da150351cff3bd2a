// SPDX-License-Identifier: Apache-2.0
//! Objects that are right, and every way to be wrong.

use agent_common::record::ABI;
use proptest::prelude::*;

use super::*;
use crate::driver::testing::object::Parts;

fn refused(change: impl FnOnce(&mut Parts)) -> ObjectError {
    let mut parts = Parts::right();
    change(&mut parts);
    Object::check(parts.build()).expect_err("a wrong object")
}

#[test]
fn a_right_object_is_taken() {
    let parts = Parts::right();
    let bytes = parts.build();
    let object = Object::check(&*bytes).expect("a right object");
    let facts = object.facts();
    assert_eq!((facts.abi, facts.schema.as_str(), facts.arch.as_str()), (ABI, identity::SCHEMA, ARCH));
    assert_eq!((facts.version.as_str(), facts.license.as_str()), (identity::VERSION, "GPL"));
    assert_eq!(facts.features, identity::FEATURES);
    assert_eq!((facts.maps, facts.programs, facts.bytes), (20, parts.programs.len(), bytes.len()));
    assert_eq!((facts.sha256.len(), facts.build_id.len()), (64, 16));
    assert_eq!(object.bytes(), bytes);
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn what_a_later_probe_adds_is_no_fault() {
    let mut parts = Parts::right();
    parts.programs.push(("raw_tp/sys_exit".into(), "a_new_one".into(), 8));
    parts.identity.as_mut().expect("text").push_str("new=1\n");
    parts.maps.retain(|map| map.0 != "AYA_LOGS");
    parts.license = Some("Dual MIT/GPL");
    Object::check(parts.build()).expect("a right object");
}

#[test]
fn what_is_not_a_probe_is_named() {
    let error = |bytes: &[u8]| Object::check(bytes.to_vec()).expect_err("no object");
    assert_eq!(error(b"").to_string(), "it is not an ELF file: it is empty");
    assert_eq!(error(b"\n<!DOCTYPE html><p>404").to_string(), "it is not an ELF file: it is a web page");
    assert!(matches!(error(b"not an object at all"), ObjectError::NotElf(_)));
    let most = MAX_BYTES as usize;
    assert_eq!(error(&vec![0; most + 1]), ObjectError::TooLarge(most + 1));
    assert!(matches!(error(&vec![0; most]), ObjectError::NotElf(_)));
    let native = refused(|parts| parts.architecture = Architecture::X86_64);
    assert_eq!(native.to_string(), "it is for X86_64, not for BPF");
}

#[test]
fn the_other_byte_order() {
    let error = refused(|parts| parts.endianness = Endianness::Big);
    assert_eq!(error, ObjectError::Endianness);
}

#[test]
fn a_linked_object_is_refused() {
    let mut bytes = Parts::right().build();
    bytes[16] = 2;
    assert_eq!(Object::check(bytes).expect_err("a program"), ObjectError::NotRelocatable);
}

#[test]
fn it_says_which_contract_it_keeps() {
    assert_eq!(refused(|parts| parts.abi = None), ObjectError::NoAbi);
    assert_eq!(refused(|parts| parts.abi = Some(ABI + 1)), ObjectError::Abi { object: ABI + 1, agent: ABI });
    assert_eq!(refused(|parts| parts.identity = None), ObjectError::NoIdentity);
    let changed = |from: &str, to: &str| {
        refused(|parts| {
            let text = parts.identity.as_mut().expect("text");
            *text = text.replace(from, to);
        })
    };
    assert_eq!(changed("abi=", "abi=9"), ObjectError::NoIdentity, "it says two things");
    let other = "0".repeat(64);
    assert_eq!(
        changed(identity::SCHEMA, &other),
        ObjectError::Schema { object: other, version: identity::VERSION.to_owned() }
    );
    let error = changed(&format!("arch={ARCH}"), "arch=riscv64");
    assert_eq!(error.to_string(), format!("it is for riscv64 kernels, and this machine is {ARCH}"));
}

#[test]
fn a_licence_lets_it_read() {
    assert_eq!(refused(|parts| parts.license = None), ObjectError::NoLicense);
    for license in ["MIT", "gpl", "GPL2\x1b[31m"] {
        let error = refused(|parts| parts.license = Some(license));
        assert!(matches!(&error, ObjectError::License(_)) && !error.to_string().contains('\x1b'), "{error}");
    }
}

#[test]
fn each_map_is_there_as_it_is_used() {
    for (name, _, key, value, entries) in maps::MAPS {
        if name == names::RINGS || name == "AYA_LOGS" {
            continue;
        }
        let gone = refused(|parts| parts.maps.retain(|map| map.0 != name));
        assert_eq!(gone, ObjectError::NoMap(name));
        let mut wrong = vec![(0, "type")];
        wrong.extend(
            [(1, "a key of bytes", key), (2, "a value of bytes", value), (3, "entries", entries)]
                .into_iter()
                .filter_map(|(word, what, wanted)| (wanted.to_string() != "any").then_some((word, what))),
        );
        for (word, what) in wrong {
            for number in [0, u32::MAX] {
                let error = refused(|parts| parts.map(name)[word] = number);
                assert!(
                    matches!(&error, ObjectError::Map { map, what: of, is, .. } if (*map, *of, *is) == (name, what, number)),
                    "{name} {what}: {error}"
                );
            }
        }
        assert_eq!(refused(|parts| parts.map(name)[6] = 1), ObjectError::Pinned(name.to_owned()));
    }
    assert_eq!(refused(|parts| parts.rings = None), ObjectError::NoMap(names::RINGS));
    assert!(matches!(refused(|parts| parts.rings = Some([2, 27])), ObjectError::Map { what: "type", is: 2, .. }));
    assert!(matches!(
        refused(|parts| parts.rings = Some([12, 2])),
        ObjectError::Map { what: "inner maps of type", .. }
    ));
    let strange = refused(|parts| parts.maps.push(("ODD\x1b".into(), [2, 4, 4, 1, 0, 0, 0])));
    assert_eq!(strange, ObjectError::StrangeMap("ODD\\u{1b}".into()));
    let hidden = refused(|parts| parts.sections.push(("maps.more", vec![0; 28])));
    assert!(matches!(hidden, ObjectError::Maps(_)), "{hidden}");
    let twice = refused(|parts| parts.maps.push(parts.maps[0].clone()));
    assert_eq!(twice, ObjectError::Maps("a map is there twice"));
}

#[test]
fn each_program_is_there() {
    let of = |name: &str| names::TRACEPOINTS.contains(&name) || [names::SYS_ENTER, names::SYS_EXIT].contains(&name);
    let all = Parts::right().programs;
    let shapes = all.iter().filter(|program| program.1.starts_with(['n', 'i']) && program.1.contains('_')).step_by(60);
    let named = all.iter().filter(|program| of(&program.1) || program.1 == names::ASKED_EXIT);
    for (_, name, _) in shapes.chain(named).cloned() {
        let gone = refused(|parts| parts.programs.retain(|program| program.1 != name));
        assert_eq!(gone, ObjectError::NoProgram(name.clone()));
        if of(&name) {
            let moved = refused(|parts| parts.program(&name).0 = "raw_tp/elsewhere".into());
            assert!(matches!(&moved, ObjectError::Place { program, .. } if *program == name), "{moved}");
        }
    }
    for section in ["kprobe/do_exit", "lsm/bpf", "raw_tracepoint/x", ".textual"] {
        let strange = refused(|parts| parts.programs.push((section.into(), "x".into(), 8)));
        assert_eq!(strange, ObjectError::StrangeProgram(section.into()));
    }
    for size in [7, 8 * 1_000_001] {
        let odd = refused(|parts| parts.programs.push(("raw_tp/x".into(), "x".into(), size)));
        assert_eq!(odd, ObjectError::Program("x".into()), "{size}");
    }
}

#[test]
fn falcos_drivers_are_named() {
    let version = |major: u64, minor: u64, patch: u64| ((major << 44) | (minor << 24) | patch).to_le_bytes().to_vec();
    let legacy = refused(|parts| {
        parts.sections = vec![
            ("probe_version", b"9.1.0+driver\0".to_vec()),
            ("api_version", version(8, 0, 0)),
            ("schema_version", version(4, 1, 0)),
            ("kernel_version", b"5.15.0-1009-aws\0".to_vec()),
            ("build_commit", b"9.1.0+driver\0".to_vec()),
        ];
    });
    assert_eq!(
        legacy.to_string(),
        "it is Falco's eBPF probe, version 9.1.0+driver, API 8.0.0, schema 4.1.0, for kernel 5.15.0-1009-aws; \
         Lanner loads its own probes only"
    );
    let module = refused(|parts| {
        parts.architecture = Architecture::X86_64;
        let info = b"name=falco\0version=10.2.0+driver\0schema_version=4.5.1\0api_version=10.1.0\0vermagic=6.1.0-13-amd64 SMP\0";
        parts.sections = vec![(".modinfo", info.to_vec())];
    });
    assert_eq!(
        module.to_string(),
        "it is Falco's kernel module, version 10.2.0+driver, API 10.1.0, schema 4.5.1, for kernel 6.1.0-13-amd64; \
         Lanner loads its own probes only"
    );
    let modern = refused(|parts| {
        for name in ["probe_api_ver", "probe_schema_var"] {
            parts.maps.push((name.to_owned(), [0; 7]));
        }
    });
    assert!(modern.to_string().starts_with("it is Falco's modern eBPF probe, API 0.0.0, schema 0.0.0;"), "{modern}");
    let other = refused(|parts| {
        parts.architecture = Architecture::X86_64;
        parts.sections = vec![(".modinfo", b"name=ext4\0".to_vec())];
    });
    assert!(matches!(other, ObjectError::NotBpf(_)), "{other}");
}

#[test]
fn the_embedded_probe_passes() {
    let Some(bytes) = crate::probe::embedded() else {
        eprintln!("not tried: this binary was built without a probe");
        return;
    };
    let object = Object::check(bytes).unwrap_or_else(|error| unreachable!("{error}"));
    assert_eq!(object.facts().version, identity::VERSION);
    assert!(object.facts().programs > 300, "{object:?}");
    for cut in [bytes.len() / 2, bytes.len() - 1, 64, 63] {
        assert!(Object::check(&bytes[..cut]).is_err(), "{cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Object::check(&*bytes).is_err());
        let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat();
        prop_assert!(Object::check(elf).is_err());
    }

    #[test]
    fn a_changed_object_is_read_or_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
                                           cut in any::<prop::sample::Index>(), tables in any::<bool>()) {
        static RIGHT: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| Parts::right().build());
        let mut bytes = RIGHT.clone();
        let len = bytes.len();
        for (at, byte) in changes {
            // Half of the time where the tables of sections and symbols are, and the header.
            let at = if tables { (len / 2 + at.index(len / 2 + 64)) % len } else { at.index(len) };
            bytes[at] = byte;
        }
        let _ = Object::check(&*bytes);
        let _ = Object::check(&bytes[..cut.index(len)]);
    }
}
