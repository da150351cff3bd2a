// SPDX-License-Identifier: Apache-2.0
//! Whose word is taken, and for what.

use std::fs;

use super::*;
use crate::driver::manifest::{MANIFEST, SIGNATURE};

#[test]
fn nobody_vouches_for_an_unsigned_repository() {
    let folder = Folder::new();
    let bare = Repo::of(VERSION).object(PORTABLE, &RIGHT);
    for (repo, why) in
        [(bare.clone(), "there is no manifest.json"), (bare.unsigned(), "manifest.json has no signature")]
    {
        let server = repo.serve();
        let config = cached(&driver(&server), &folder);
        let error = refused(&config);
        assert!(error.contains("nobody vouches for it") && error.contains(why), "{error}");
        assert!(
            error.contains("- sign the repository (docs/probe.md)") && error.contains("--insecure-probe"),
            "{error}"
        );
        // Its content still is a probe, or it is refused.
        let insecure = Config { insecure: true, ..config.clone() };
        assert_eq!((chosen(&resolved(&insecure)).0, chosen(&resolved(&insecure)).2), (Source::Repo, "not signed"));
        // What came that way stays what it is.
        assert_eq!(chosen(&resolved(&insecure)).0, Source::Cache);
        let error = refused(&config);
        assert!(error.contains("it was fetched with --insecure-probe"), "{error}");
        fs::remove_dir_all(folder.join("probes")).expect("a cache");
    }
}

#[test]
fn without_a_signature_the_manifest_still_tells_damage() {
    let server =
        Repo::of(VERSION).object(PORTABLE, &RIGHT).unsigned().changed(PORTABLE, |bytes| bytes[1000] ^= 1).serve();
    let error = refused(&Config { insecure: true, ..config(&driver(&server)) });
    assert!(error.contains(&format!("manifest.json says {}: it was changed", verify::sha256(&RIGHT))), "{error}");
}

#[test]
fn another_key_is_nobodys() {
    let other = KeyPair::generate_unencrypted_keypair().expect("a key pair");
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(&other).serve();
    let error = refused(&config(&driver(&server)));
    assert!(
        error.contains("which is not trusted; what is trusted is ") && error.contains("--probe-key FILE"),
        "{error}"
    );
    let keyless = Config { keys: Keys::default(), ..config(&driver(&server)) };
    assert!(refused(&keyless).contains("this lanner trusts no key"));
    let trusting =
        Config { keys: Keys::new(&[other.pk.to_base64()], None).expect("a key"), ..config(&driver(&server)) };
    resolved(&trusting);
}

#[test]
fn a_manifest_that_was_changed_is_refused() {
    let repo = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair());
    type Row = (&'static str, fn(&mut Vec<u8>), &'static str);
    const CHANGES: [Row; 4] = [
        (MANIFEST, |bytes| bytes.push(b'\n'), "is not that of this manifest.json"),
        (SIGNATURE, |bytes| bytes.truncate(40), "no signature of minisign"),
        (SIGNATURE, |bytes| bytes.resize(5000, b'x'), "more than the 4096"),
        (MANIFEST, |bytes| bytes.truncate(40), "can't be read"),
    ];
    for (file, change, words) in CHANGES {
        let server = repo.clone().changed(file, change).serve();
        let error = refused(&config(&driver(&server)));
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn what_was_signed_for_another_version_is_refused() {
    let server =
        Repo::of("0.0.9+probe").object(PORTABLE, &RIGHT).signed(pair()).serve_at(&format!("{}/{ARCH}", older()));
    let error = refused(&config(&driver(&server)));
    assert!(error.contains(&format!("is for driver version 0.0.9+probe, not for {VERSION}")), "{error}");
}

#[test]
fn an_old_manifest_that_is_put_back_is_refused() {
    let folder = Folder::new();
    let old = Repo::of(VERSION).object(PORTABLE, &CARRIED).signed(pair());
    let mut new = Repo::of(VERSION).object(PORTABLE, &RIGHT);
    new.manifest.date = "2026-11-22T00:00:00Z".to_owned();
    let (server, served) = old.clone().serve_changing();
    let config = cached(&driver(&server), &folder);
    assert_eq!(resolved(&config).object.bytes(), CARRIED.as_slice());
    *served.lock().expect("no panic") = new.signed(pair());
    // Somebody hears of the new one, by whatever way.
    let fetching = Config { order: vec![Source::Repo, Source::Cache], ..config };
    assert_eq!(resolved(&fetching).object.bytes(), RIGHT.as_slice());
    *served.lock().expect("no panic") = old;
    let again = resolved(&fetching);
    assert_eq!((chosen(&again).0, again.object.bytes()), (Source::Cache, RIGHT.as_slice()));
    let error = again.provenance.tried[0].words.clone();
    assert!(
        error.contains("of 2026-11-21T09:30:00Z, but one of 2026-11-22T00:00:00Z") && error.contains("put back"),
        "{error}"
    );
    // A machine that never saw the new one can't tell.
    assert_eq!(resolved(&self::config(&driver(&server))).object.bytes(), CARRIED.as_slice());
}

#[test]
fn a_key_that_is_trusted_no_more_ends_what_it_signed() {
    let folder = Folder::new();
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let config = cached(&driver(&server), &folder);
    resolved(&config);
    let other = KeyPair::generate_unencrypted_keypair().expect("a key pair");
    let keys = Keys::new(&[other.pk.to_base64()], None).expect("a key");
    let error = refused(&Config { keys, order: vec![Source::Cache], ..config });
    assert!(error.contains("which is not trusted"), "{error}");
}
