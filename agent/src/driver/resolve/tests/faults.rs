// SPDX-License-Identifier: Apache-2.0
//! Files that are not what they should be, and files that are named.

use std::fs;

use agent_common::record::ABI;

use super::*;

/// The error of a repository that serves this instead of what it lists.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).changed(PORTABLE, change).serve();
    refused(&config(&driver(&server)))
}

#[test]
fn a_flipped_byte_is_refused_with_the_hash_that_was_expected() {
    let error = changed(|bytes| bytes[1000] ^= 1);
    let digest = verify::sha256(&RIGHT);
    assert!(error.contains(&format!("but manifest.json says {digest} (signed by key ")), "{error}");
    assert!(error.contains("changed or damaged on its way"), "{error}");
}

#[test]
fn a_file_of_another_size_is_refused() {
    let len = RIGHT.len();
    let error = changed(|bytes| bytes.truncate(len / 2));
    assert!(error.contains(&format!("it has {} bytes, but manifest.json says {len}", len / 2)), "{error}");
    assert!(error.contains(&verify::sha256(&RIGHT)), "{error}");
    let error = changed(|bytes| bytes.push(0));
    assert!(error.contains(&format!("it has {} bytes, but manifest.json says {len}", len + 1)), "{error}");
}

#[test]
fn what_the_manifest_says_is_enough_to_refuse() {
    let of = |change: fn(&mut crate::driver::manifest::Object)| {
        let mut repo = Repo::of(VERSION).object(PORTABLE, &RIGHT);
        change(repo.listed());
        let server = repo.signed(pair()).serve();
        let error = refused(&config(&driver(&server)));
        assert!(
            !server.paths().iter().any(|path| path.contains(&format!("{ARCH}/{PORTABLE}"))),
            "{:?}",
            server.paths()
        );
        error
    };
    assert!(of(|object| object.abi = ABI + 1).contains(&format!("has ABI {}, and this lanner speaks {ABI}", ABI + 1)));
    assert!(of(|object| object.schema = "0".repeat(64)).contains("another contract"));
    assert!(of(|object| object.arch = "riscv64".into()).contains("it is for riscv64 kernels"));
    assert!(
        of(|object| object.features.push("teleport".into())).contains("\"teleport\", which this lanner does not know")
    );
}

#[test]
fn what_the_manifest_hides_is_found_in_the_object() {
    let of = |change: fn(&mut Parts)| {
        let mut parts = Parts::right();
        change(&mut parts);
        let server = Repo::of(VERSION).object(PORTABLE, &parts.build()).signed(pair()).serve();
        refused(&config(&driver(&server)))
    };
    assert!(of(|parts| parts.abi = Some(ABI - 1)).contains("use an object built from the same release"));
    assert!(of(|parts| parts.architecture = object::Architecture::Aarch64).contains("it is for Aarch64, not for BPF"));
    let other = of(|parts| {
        let text = parts.identity.as_mut().expect("text");
        *text = text.replace(&format!("arch={ARCH}"), "arch=riscv64");
    });
    assert!(other.contains("it is for riscv64 kernels"), "{other}");
    let falco = of(|parts| parts.sections.push(("probe_version", b"9.1.0+driver\0".to_vec())));
    assert!(falco.contains("it is Falco's eBPF probe, version 9.1.0+driver"), "{falco}");
}

#[test]
fn a_page_instead_of_an_object() {
    let server = Server::start(|_, _| Reply::of(200, &["Content-Type: text/html"], b"<html>Please log in</html>"));
    let error = refused(&config(&driver(&server)));
    assert!(error.contains("manifest.json can't be read"), "{error}");
    let error = refused(&Config { insecure: true, ..config(&driver(&server)) });
    assert!(error.contains("it is not an ELF file: it is a web page"), "{error}");
}

#[test]
fn a_file_that_is_named_is_used_and_no_other() {
    let folder = Folder::new();
    let path = folder.join("my.o");
    let given = |path: &Path| Config {
        given: Some(path.display().to_string()),
        order: Source::ORDER.to_vec(),
        ..cached(&[], &folder)
    };
    fs::write(&path, RIGHT.as_slice()).expect("a file");
    let found = resolved(&given(&path));
    assert_eq!(chosen(&found), (Source::Given, path.to_str().expect("UTF-8"), "a file that was named"));
    // A manifest beside it says what it should be, if it lists it.
    let beside =
        |repo: Repo| fs::write(folder.join("manifest.json"), &repo.unsigned().files["manifest.json"]).expect("a file");
    beside(Repo::of(VERSION).object("other.o", &CARRIED));
    resolved(&given(&path));
    beside(Repo::of(VERSION).object("my.o", &CARRIED));
    let error = refused(&given(&path));
    assert!(error.contains(&verify::sha256(&CARRIED)), "{error}");
    fs::remove_file(folder.join("manifest.json")).expect("a file");
    fs::write(&path, "words").expect("a file");
    let error = refused(&given(&path));
    assert!(
        error.contains("given     ") && error.contains("not an ELF file") && !error.contains("embedded  "),
        "{error}"
    );
    assert!(refused(&given(&folder.join("none"))).contains("can't read it: No such file"));
    assert!(refused(&given(Path::new("/dev/zero"))).contains("more than 33554432 bytes"));
    assert!(refused(&given(&folder)).contains("can't read it"));
}

#[test]
fn a_url_that_is_named_has_a_manifest_beside_it() {
    let server = Repo::of("9.9.9+probe").object("odd name.o", &RIGHT).signed(pair()).serve_at("/a");
    let given = |url: String| Config { given: Some(url), order: Source::ORDER.to_vec(), ..config(&[]) };
    let found = resolved(&given(server.url("/a/odd%20name.o")));
    assert_eq!((chosen(&found).0, chosen(&found).1), (Source::Given, server.url("/a/odd%20name.o").as_str()));
    assert!(refused(&given(server.url("/a/other.o"))).contains("it is not in manifest.json"));
    assert!(refused(&given(server.url(""))).contains("its URL names no file"));
    assert!(refused(&given(server.url("/a/odd%20name.o?v=1"))).contains("has a question mark"));
    assert!(refused(&given("gopher://x/y.o".to_owned())).contains("only https and http"));
    let bare = Server::start(|request, _| if request.path == "/p.o" { Reply::ok(&RIGHT) } else { Reply::status(404) });
    let error = refused(&given(bare.url("/p.o")));
    assert!(error.contains("nobody vouches for it: there is no manifest.json (HTTP 404 Not Found)"), "{error}");
    let found = resolved(&Config { insecure: true, ..given(bare.url("/p.o")) });
    assert_eq!(chosen(&found).2, "not signed");
}
