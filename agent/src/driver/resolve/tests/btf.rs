// SPDX-License-Identifier: Apache-2.0
//! BTF for kernels without.

use super::*;
use crate::driver::{
    manifest::Kind,
    testing::{empty_btf, pack},
};
use crate::probe::Layout;

const BTF: &str = "lanner_debian_6.1.55-1-amd64_1.btf";
const PACKED: &str = "lanner_debian_6.1.55-1-amd64_1.btf.xz";

fn btf(config: &Config) -> (Option<Vec<u8>>, Provenance) {
    resolver(config).kernel_btf()
}

#[test]
fn it_lies_next_to_the_object() {
    for (name, bytes) in [(BTF, empty_btf()), (PACKED, pack(&empty_btf()))] {
        let folder = Folder::new();
        let server = Repo::of(VERSION).object(KERNEL, &RIGHT).file(name, &bytes, Kind::Btf).signed(pair()).serve();
        let config = cached(&driver(&server), &folder);
        let (found, provenance) = btf(&config);
        assert_eq!(found, Some(empty_btf()), "{provenance:?}");
        assert!(provenance.tried.last().expect("a try").what.ends_with(name), "{provenance:?}");
        drop(server);
        let (found, provenance) = btf(&config);
        assert_eq!(found, Some(empty_btf()), "it was kept: {provenance:?}");
    }
}

#[test]
fn what_is_not_btf_is_refused() {
    let packed = pack(b"words");
    let cases: [(&str, &[u8], Kind, &str); 4] = [
        (BTF, b"words", Kind::Btf, "not BTF"),
        (PACKED, b"words", Kind::Btf, "not what xz packs"),
        (PACKED, &packed, Kind::Btf, "not BTF"),
        (KERNEL, &RIGHT, Kind::Btf, "it is not in manifest.json"),
    ];
    for (name, bytes, kind, words) in cases {
        let server = Repo::of(VERSION).file(name, bytes, kind).signed(pair()).serve();
        let (found, provenance) = btf(&config(&driver(&server)));
        assert!(found.is_none() && provenance.to_string().contains(words), "{words}: {provenance}");
    }
    let server = Repo::of(VERSION).object(BTF, &RIGHT).signed(pair()).serve();
    let (found, provenance) = btf(&config(&driver(&server)));
    assert!(found.is_none() && provenance.to_string().contains("says that it is no BTF"), "{provenance}");
    let server = Repo::of(VERSION).file(BTF, &empty_btf(), Kind::Btf).serve();
    let (found, provenance) = btf(&config(&driver(&server)));
    assert!(found.is_none() && provenance.to_string().contains("nobody vouches"), "{provenance}");
}

#[test]
fn nobody_is_asked_who_was_not_named() {
    let folder = Folder::new();
    let server = Repo::of(VERSION).file(BTF, &empty_btf(), Kind::Btf).signed(pair()).serve();
    let named = cached(&driver(&server), &folder);
    let unnamed = Config { repositories_named: false, ..named.clone() };
    let (found, provenance) = btf(&unnamed);
    assert!(found.is_none() && provenance.tried.is_empty() && server.requests().is_empty(), "{provenance}");
    assert_eq!(btf(&named).0, Some(empty_btf()));
    let asked = server.requests().len();
    // What was fetched is there for all who use the cache.
    let offline = Config { order: vec![Source::Cache, Source::Embedded], ..named };
    assert_eq!((btf(&unnamed).0, btf(&offline).0), (Some(empty_btf()), Some(empty_btf())));
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn what_is_known_of_a_kernel_stays_known() {
    let server = Repo::of(VERSION).file(BTF, &empty_btf(), Kind::Btf).signed(pair()).serve();
    let mut provenance = Provenance::default();
    // It is BTF, but of no kernel.
    let layout = with_btf(&config(&driver(&server)), Layout::without_btf("6.1.0"), &mut provenance);
    assert_eq!(layout.offsets(), Layout::without_btf("6.1.0").offsets());
    assert!(provenance.tried[0].words.starts_with("this kernel's BTF, 25 bytes"), "{provenance}");
}

#[test]
fn a_host_that_nobody_knows_has_none() {
    let server = Server::start(|_, _| Reply::status(404));
    let unknown = Target { id: url::UNDETERMINED.to_owned(), ..config(&[]).target };
    let (found, provenance) = btf(&Config { target: unknown, ..config(&driver(&server)) });
    assert!(found.is_none() && provenance.to_string().contains("the distribution is not known"), "{provenance}");
}
