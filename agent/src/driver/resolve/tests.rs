// SPDX-License-Identifier: Apache-2.0
//! Repositories with every fault, and what is made of them.

mod btf;
mod faults;
mod trust;

use std::{path::Path, sync::LazyLock, thread};

use agent_common::identity::VERSION;
use minisign::KeyPair;

use super::*;
use crate::driver::{
    signature::Keys,
    testing::{
        Folder, Mounted, http_settings,
        object::Parts,
        repo::Repo,
        server::{Reply, Server, nobody},
    },
    url::Target,
    verify,
};

const PORTABLE: &str = "lanner_portable.o";
const KERNEL: &str = "lanner_debian_6.1.55-1-amd64_1.o";

/// A probe that is right. The agent carries another, so that they can be told apart.
static RIGHT: LazyLock<Vec<u8>> = LazyLock::new(|| Parts::right().build());
static CARRIED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut parts = Parts::right();
    parts.sections.push(("other", b"other".to_vec()));
    parts.build()
});

fn pair() -> &'static KeyPair {
    static PAIR: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_unencrypted_keypair().expect("a key pair"));
    &PAIR
}

/// A configuration that asks `repositories` only, without a cache.
fn config(repositories: &[String]) -> Config {
    Config {
        order: vec![Source::Repo],
        given: None,
        repositories: repositories.to_vec(),
        repositories_named: true,
        driver_version: VERSION.to_owned(),
        driver_name: "lanner".to_owned(),
        target: Target { id: "debian".into(), release: "6.1.55-1-amd64".into(), version: "1".into() },
        cache: None,
        cache_named: false,
        keys: Keys::new(&[pair().pk.to_base64()], None).expect("a key"),
        insecure: false,
        http: http_settings(),
    }
}

/// With a cache in front.
fn cached(repositories: &[String], folder: &Path) -> Config {
    Config { order: vec![Source::Cache, Source::Repo], cache: Some(folder.join("probes")), ..config(repositories) }
}

fn resolver(config: &Config) -> Resolver<'_> {
    let resolver = Resolver::new(config, Carried { object: Some(CARRIED.as_slice()), builder: None });
    // Nobody waits for a server that says 500.
    if let Ok(client) = Client::pausing(config.http.clone(), Box::new(|_| {})) {
        resolver.client.set(client).expect("it is new");
    }
    resolver
}

fn resolved(config: &Config) -> Resolved {
    resolver(config).resolve().unwrap_or_else(|error| unreachable!("{error}"))
}

fn refused(config: &Config) -> String {
    let error = resolver(config).resolve().expect_err("nothing that can be used");
    assert!(error.0.chosen.is_none());
    error.to_string()
}

fn driver(server: &Server) -> Vec<String> {
    vec![server.url("/driver")]
}

/// The folder of the older layout, in which that of the newer lies.
fn older() -> String {
    format!("/driver/{}", url::encode(VERSION))
}

fn chosen(resolved: &Resolved) -> (Source, &str, &str) {
    let chosen = resolved.provenance.chosen.as_ref().expect("a probe");
    (chosen.source, chosen.from.as_str(), chosen.trust.as_str())
}

#[test]
fn by_default_the_probe_is_inside() {
    let folder = Folder::new();
    let server = Server::start(|_, _| Reply::status(500));
    let config = Config { order: Source::ORDER.to_vec(), ..cached(&driver(&server), &folder) };
    let resolved = resolved(&config);
    assert_eq!(chosen(&resolved), (Source::Embedded, "inside this lanner", "part of this program"));
    assert_eq!(resolved.object.bytes(), CARRIED.as_slice());
    let tried: Vec<_> = resolved.provenance.tried.iter().map(|attempt| (attempt.source, attempt.outcome)).collect();
    assert_eq!(tried, [(Source::Cache, Outcome::Missing), (Source::Embedded, Outcome::Used)]);
    assert!(server.requests().is_empty() && !folder.join("probes").exists());
}

#[test]
fn a_signed_probe_is_fetched() {
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).object(KERNEL, &CARRIED).signed(pair()).serve();
    let resolved = resolved(&config(&driver(&server)));
    let folder = format!("{}/{ARCH}", older());
    let url = server.url(&format!("{folder}/{PORTABLE}"));
    let key = config(&[]).keys.iter().next().expect("a key").id.clone();
    assert_eq!(chosen(&resolved), (Source::Repo, url.as_str(), format!("signed by key {key}").as_str()));
    assert_eq!(resolved.object.bytes(), RIGHT.as_slice());
    let paths = ["manifest.json", "manifest.json.minisig", PORTABLE].map(|name| format!("{folder}/{name}"));
    assert_eq!(server.paths(), paths);
}

#[test]
fn the_probe_of_this_kernel_is_the_second_choice() {
    let server =
        Repo::of(VERSION).object("lanner_ubuntu-aws_1_1.o", &CARRIED).object(KERNEL, &RIGHT).signed(pair()).serve();
    let config = config(&driver(&server));
    let found = resolved(&config);
    assert!(chosen(&found).1.ends_with(KERNEL));
    assert_eq!(found.provenance.tried[0].words, "it is not in manifest.json");
    assert_eq!(server.requests().len(), 3, "what is not listed is not asked for: {:?}", server.paths());
    // On a host that nobody knows, it has no name.
    let unknown = Config { target: Target { id: url::UNDETERMINED.to_owned(), ..config.target.clone() }, ..config };
    let error = refused(&unknown);
    assert!(error.contains("the distribution is not known") && !error.contains("undetermined"), "{error}");
}

#[test]
fn the_older_layout_is_read_too() {
    let server = Repo::of(VERSION).object(KERNEL, &RIGHT).signed(pair()).serve_at(&older());
    let resolved = resolved(&config(&driver(&server)));
    assert_eq!(chosen(&resolved).1, server.url(&format!("{}/{KERNEL}", older())));
}

#[test]
fn repositories_are_asked_in_turn() {
    let empty = Server::start(|_, _| Reply::status(404));
    let forbidden = Server::start(|_, _| Reply::status(403));
    let broken = Server::start(|_, _| Reply::status(500));
    let last = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let all: Vec<_> = [&empty, &forbidden, &broken, &last].into_iter().flat_map(driver).collect();
    let found = resolved(&config(&all));
    assert!(chosen(&found).1.starts_with(&last.url("")));
    let of = |server: &Server| {
        let tried = found.provenance.tried.iter().filter(|attempt| attempt.what.starts_with(&server.url("")));
        tried.map(|attempt| (attempt.outcome, attempt.words.clone())).collect::<Vec<_>>()
    };
    assert_eq!(of(&empty), vec![(Outcome::Missing, "HTTP 404 Not Found".to_owned()); 4]);
    assert_eq!(of(&forbidden), vec![(Outcome::Failed, "HTTP 403 Forbidden".to_owned()); 4]);
    assert_eq!(of(&broken), vec![(Outcome::Failed, "HTTP 500 Internal Server Error, after 4 tries".to_owned()); 4]);
    let error = refused(&config(&all[..3]));
    for url in config(&all[..3]).urls() {
        assert!(error.contains(&format!("\n  repo      {url}: HTTP ")), "{url}: {error}");
    }
    assert!(error.contains("what to do:") && error.contains("--http-header"), "{error}");
}

#[test]
fn without_a_network_every_url_is_named() {
    let (_connection, gone) = nobody();
    let repositories = [format!("http://{gone}/a"), format!("http://{gone}/b")];
    let config = Config { order: vec![Source::Repo, Source::Build], ..config(&repositories) };
    let error = refused(&config);
    let urls = config.urls();
    assert_eq!(urls.len(), 8);
    for url in urls {
        assert!(error.contains(&url), "{url}: {error}");
    }
    assert!(error.contains("HTTPS_PROXY") && error.contains("build     the sources inside this lanner"), "{error}");
}

#[test]
fn what_is_no_repository_is_named_without_its_password() {
    let error = refused(&config(&["ftp://me:secret@x/driver".to_owned(), "http://192.0.2.1/driver".to_owned()]));
    assert!(error.contains("only https and http are spoken") && !error.contains("secret"), "{error}");
    assert!(error.contains("plain http from another machine") && error.contains("--insecure-probe"), "{error}");
}

#[test]
fn a_password_is_sent_and_not_shown() {
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let resolved = resolved(&config(&[server.url("/driver/").replace("http://", "http://me:pw@")]));
    assert!(!format!("{:?}", resolved.provenance).contains("me:pw"));
    for request in server.requests() {
        assert!(request.headers.contains(&"authorization: basic bwu6chc=".to_owned()), "{request:?}");
    }
}

#[test]
fn a_redirection_may_lead_to_another_host() {
    let there = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let to = there.url("");
    let here = Server::start(move |request, _| Reply::to(&format!("{to}{}", request.path)));
    let resolved = resolved(&config(&driver(&here)));
    assert!(chosen(&resolved).1.starts_with(&here.url("")));
}

#[test]
fn what_was_fetched_is_kept() {
    let folder = Folder::new();
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let url = server.url(&format!("{}/{ARCH}/{PORTABLE}", older()));
    let config = cached(&driver(&server), &folder);
    assert_eq!(chosen(&resolved(&config)).0, Source::Repo);
    let again = resolved(&config);
    assert_eq!((chosen(&again).0, chosen(&again).1), (Source::Cache, url.as_str()));
    assert_eq!((again.object.bytes(), server.requests().len()), (RIGHT.as_slice(), 3));
    // A file that was damaged is fetched again.
    let path = folder.join("probes/objects").join(&again.object.facts().sha256);
    std::fs::write(&path, b"damage").expect("a file");
    let mended = resolved(&config);
    assert_eq!(chosen(&mended).0, Source::Repo);
    assert!(mended.provenance.tried[0].words.contains("damaged and is removed"), "{:?}", mended.provenance);
    drop(server);
    assert_eq!(chosen(&resolved(&config)).0, Source::Cache);
    // What the order leaves out is neither read nor written.
    let error = refused(&Config { order: vec![Source::Repo], ..config });
    assert!(error.contains("not reached"), "{error}");
}

#[test]
fn a_cache_that_is_of_no_use_is_done_without() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let config = cached(&driver(&server), &folder);
    std::fs::create_dir_all(folder.join("probes")).expect("a folder");
    std::fs::set_permissions(folder.join("probes"), std::fs::Permissions::from_mode(0o777)).expect("chmod");
    let found = resolved(&config);
    assert_eq!(chosen(&found).0, Source::Repo);
    assert!(found.provenance.tried[0].words.contains("can be written to by others"), "{:?}", found.provenance);
    // One that can't even be made.
    let nowhere = Config { cache: Some("/proc/nowhere".into()), ..config.clone() };
    assert_eq!(chosen(&resolved(&nowhere)).0, Source::Repo);
    let homeless = Config { cache: None, ..config };
    assert_eq!(chosen(&resolved(&homeless)).0, Source::Repo);
}

#[test]
fn a_full_or_read_only_disk_costs_the_cache_and_no_more() {
    let Some(disk) = Mounted::tmpfs("size=16k,mode=755") else { return };
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let config = cached(&driver(&server), &disk);
    for _ in 0..2 {
        let found = resolved(&config);
        assert_eq!((chosen(&found).0, found.object.bytes()), (Source::Repo, RIGHT.as_slice()));
    }
    disk.make_read_only();
    assert_eq!(chosen(&resolved(&config)).0, Source::Repo);
}

#[test]
fn two_at_once_both_have_it() {
    let folder = Folder::new();
    let server = Repo::of(VERSION).object(PORTABLE, &RIGHT).signed(pair()).serve();
    let config = cached(&driver(&server), &folder);
    thread::scope(|scope| {
        let agents: Vec<_> = std::iter::repeat_with(|| scope.spawn(|| resolved(&config))).take(4).collect();
        for agent in agents {
            assert_eq!(agent.join().expect("an agent").object.bytes(), RIGHT.as_slice());
        }
    });
    assert_eq!(chosen(&resolved(&config)).0, Source::Cache);
}

#[test]
fn the_last_source_is_a_build() {
    let folder = Folder::new();
    let config = Config { order: vec![Source::Cache, Source::Build], ..cached(&[], &folder) };
    let build = |builder| Resolver::new(&config, Carried { object: None, builder: Some(builder) }).resolve();
    let lacking = || {
        let of =
            |what: &str, remedy: &str| Lack { what: what.into(), why: "not found".into(), remedy: Some(remedy.into()) };
        Err(vec![of("bpf-linker", "cargo install bpf-linker"), of("rustc", "install rustup")])
    };
    let error = build(lacking).expect_err("tools are missing").to_string();
    for words in
        ["build     bpf-linker: not found", "rustc: not found", "- cargo install bpf-linker", "- install rustup"]
    {
        assert!(error.contains(words), "{words}: {error}");
    }
    let error = build(|| Ok(b"words".to_vec())).expect_err("no object").to_string();
    assert!(error.contains("it is not an ELF file"), "{error}");
    let built = build(|| Ok(RIGHT.clone())).expect("a probe");
    assert_eq!((chosen(&built).0, chosen(&built).2), (Source::Build, "built on this machine"));
    let again = build(lacking).expect("it was kept");
    assert_eq!((chosen(&again).0, chosen(&again).2), (Source::Cache, "built on this machine"));
}

#[test]
fn a_program_without_a_probe_says_so() {
    let config = Config { order: vec![Source::Embedded], ..config(&[]) };
    let error = Resolver::new(&config, Carried::default()).resolve().expect_err("no probe").to_string();
    assert!(error.contains("built without a probe") && error.contains("cargo xtask build"), "{error}");
    let of_another: &'static [u8] = b"words";
    let carried = Carried { object: Some(of_another), builder: None };
    let error = Resolver::new(&config, carried).resolve().expect_err("no probe").to_string();
    assert!(error.contains("embedded  inside this lanner: it is not an ELF file"), "{error}");
}

#[test]
fn what_is_no_probe_does_not_end_the_search() {
    // The first name has something else, and nobody listed it.
    let server = Server::start(|request, _| match request.path.rsplit('/').next() {
        Some(PORTABLE) => Reply::ok(b"words"),
        Some(KERNEL) => Reply::ok(&RIGHT),
        _ => Reply::status(404),
    });
    let found = resolved(&Config { insecure: true, ..config(&driver(&server)) });
    assert!(chosen(&found).1.ends_with(KERNEL), "{:?}", found.provenance);
    assert_eq!(found.provenance.tried[0].outcome, Outcome::Refused);
}
