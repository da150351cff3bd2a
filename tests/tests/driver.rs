// SPDX-License-Identifier: Apache-2.0
//! Where the probe comes from, on the live kernel: a repository is served, and what it has captures, or is refused.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests start it otherwise")]
#[path = "support/agent.rs"]
mod agent;
#[expect(dead_code, reason = "other tests read metrics")]
#[path = "support/client.rs"]
mod client;
#[path = "driver/repository.rs"]
mod repository;
#[path = "support/wait.rs"]
mod wait;

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
};

use agent_common::identity::SCHEMA;
use rustix::process::{Signal, getppid};
use serde_json::Value;
use tests::{TempDir, lanner, untold};

use crate::{
    agent::{Agent, alone},
    client::Client,
    repository::{ARCH, PORTABLE, Repository, VERSION},
};

/// A command of the agent.
fn agent(args: &[&str]) -> Command {
    let mut command = lanner();
    command.args(args).stdin(Stdio::null());
    command
}

/// A command that becomes the agent where the kernel shows no BTF: in a mount namespace of its own.
fn without_btf(args: &[&str]) -> Command {
    let script = r#"mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@""#;
    let mut command = untold(Command::new("unshare"));
    command.args(["--mount", "--", "sh", "-c", script]).arg(tests::binary()).args(args);
    command
}

/// What an ended run wrote.
fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(!stderr.contains("panicked"), "{stderr}");
    (status.code(), stdout, stderr)
}

/// Captures a call of ours by the probe that `command` finds, and returns the log.
fn captures(command: Command) -> String {
    captures_while(command, |_| {})
}

/// As [`captures`]; `look` looks at the agent while it captures.
fn captures_while(command: Command, look: impl FnOnce(&Agent)) -> String {
    let folder = TempDir::new();
    let events = fs::File::create(folder.join("events")).expect("a file for events");
    let agent = Agent::launch(command, &["--syscalls", "getppid", "-o", "json"], folder, events.into());
    let _ = getppid();
    look(&agent);
    let run = agent.stop();
    assert!(run.status.success() && run.stderr.contains("ledger: closed"), "{run:?}");
    let events = fs::read_to_string(run.folder.join("events")).expect("events");
    let ours = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    assert!(ours.into_iter().any(|event| event["pid"] == std::process::id()), "{events}");
    run.stderr
}

/// The agent with this repository, and nothing else to find a probe in.
fn from(repository: &Repository, cache: &Path, sources: &str) -> Command {
    let mut command = agent(&["--probe-source", sources, "--probe-key", &repository.key()]);
    command.arg("--probe-cache").arg(cache).env("DRIVERS_REPO", repository.url());
    command
}

#[test]
fn a_signed_repository_captures_and_is_remembered() {
    let _alone = alone();
    let folder = TempDir::new();
    let cache = folder.join("probes");
    let mut repository = Repository::serve(repository::probe());
    let url = repository.object_url();
    let mut command = from(&repository, &cache, "cache,repo");
    command.args(["--metrics-listen", "127.0.0.1:0"]);
    let log = captures_while(command, |agent| {
        let probe = &Client::of(agent).json("/versions")["probe"];
        assert_eq!(
            (&probe["chosen"]["source"], &probe["chosen"]["from"], &probe["chosen"]["sha256"]),
            (&"repo".into(), &url.as_str().into(), &repository.digest().into()),
        );
        assert_eq!((&probe["tried"][0]["source"], &probe["tried"][0]["outcome"]), (&"cache".into(), &"missing".into()));
    });
    assert!(
        log.contains(&format!("probe from repo: {url}: version {VERSION}")) && log.contains("signed by key"),
        "{log}"
    );
    // What was needed to fetch is given up before events come.
    assert!(log.contains("capabilities are dropped") && log.contains("system calls are filtered"), "{log}");
    assert!(!log.contains("threads run already"), "{log}");

    // Without a network it is still there; damaged, it is not used.
    repository.end();
    let log = captures(from(&repository, &cache, "cache"));
    assert!(log.contains(&format!("probe from cache: {url}")), "{log}");
    let objects = fs::read_dir(cache.join("objects")).expect("a cache").map(|entry| entry.expect("an entry").path());
    let object = objects.max_by_key(|path| fs::metadata(path).expect("a file").len()).expect("an object");
    let mut bytes = fs::read(&object).expect("an object");
    bytes[1000] ^= 1;
    fs::write(&object, bytes).expect("an object");
    let (code, _, stderr) = said(&mut from(&repository, &cache, "cache"));
    assert!(code == Some(1) && stderr.contains("damaged and is removed"), "{code:?} {stderr}");
    assert!(!object.exists());
}

#[test]
fn a_flipped_byte_is_refused_with_the_hash_that_was_expected() {
    let _alone = alone();
    let folder = TempDir::new();
    let repository = Repository::serve_changed(repository::probe(), |bytes| bytes[100_000] ^= 1);
    let (code, stdout, stderr) = said(&mut from(&repository, &folder.join("probes"), "repo"));
    assert!(code == Some(1) && stdout.is_empty(), "{code:?} {stdout}");
    let expected = format!("manifest.json says {} (signed by key", repository.digest());
    assert!(stderr.contains(&expected), "{stderr}");
}

#[test]
fn nobody_vouches_for_an_unsigned_repository() {
    let _alone = alone();
    let repository = Repository::serve_unsigned(repository::probe());
    let folder = TempDir::new();
    let command = || from(&repository, &folder.join("probes"), "repo");
    let (code, _, stderr) = said(&mut command());
    assert!(
        code == Some(1) && stderr.contains("nobody vouches for it") && stderr.contains("--insecure-probe"),
        "{stderr}"
    );
    let mut insecure = command();
    insecure.arg("--insecure-probe");
    let log = captures(insecure);
    assert!(log.contains("WARN") && log.contains("is used though nobody vouches for it"), "{log}");
}

#[test]
fn without_a_network_every_url_is_named() {
    // Nobody listens there, and nobody can, while a connection has it.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let connection = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let gone = connection.local_addr().expect("an address");
    let repositories = format!("http://{gone}/a, http://{gone}/b");
    let (_, info, _) = said(agent(&["probe", "info", "--json"]).env("DRIVERS_REPO", &repositories));
    let info: Value = serde_json::from_str(&info).expect("JSON");
    let steps = info["sources"].as_array().expect("sources");
    let urls =
        steps.iter().find(|step| step["source"] == "repo").expect("repositories")["urls"].as_array().expect("URLs");
    assert!(urls.len() >= 4, "{info}");
    let mut command = agent(&["--probe-source", "repo,build"]);
    // No compiler, whatever this machine has.
    let (code, _, stderr) = said(command.env("DRIVERS_REPO", &repositories).env("PATH", "/nowhere"));
    assert_eq!(code, Some(1), "{stderr}");
    for url in urls {
        assert!(stderr.contains(url.as_str().expect("a URL")), "{url}: {stderr}");
    }
    for words in ["no rustc that runs", "no bpf-linker", "no C linker", "what to do:", "https://sh.rustup.rs"] {
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}

#[test]
fn without_anything_the_embedded_probe_captures() {
    let _alone = alone();
    let folder = TempDir::new();
    // No network, no compiler, no cache.
    let mut command = untold(Command::new("unshare"));
    command.args(["--net", "--", "env", "PATH=/nowhere"]).arg(tests::binary());
    command.arg("--probe-cache").arg(folder.join("none"));
    let log = captures(command);
    assert!(log.contains("probe from embedded: inside this lanner: version"), "{log}");
    assert!(!folder.join("none").exists(), "a search that fetches nothing leaves nothing");
}

/// How a run by a probe that is named ends: its code, its words, and how often it called bpf(2).
fn with_probe(folder: &TempDir, probe: &[u8]) -> (Option<i32>, String, usize) {
    let (object, trace) = (folder.join("probe.o"), folder.join("trace"));
    fs::write(&object, probe).expect("an object");
    let mut command = untold(Command::new("strace"));
    command.args(["-f", "-qq", "-e", "trace=bpf", "-o"]).arg(&trace).arg(tests::binary());
    command.args(["--duration", "0s", "--probe"]).arg(&object);
    let (code, _, stderr) = said(&mut command);
    let trace = fs::read_to_string(trace).expect("a trace");
    (code, stderr, trace.lines().filter(|line| line.contains(" bpf(")).count())
}

#[test]
fn no_foreign_object_reaches_the_kernel() {
    let _alone = alone();
    let folder = TempDir::new();
    let right = repository::probe();
    let schema =
        right.windows(SCHEMA.len()).position(|window| window == SCHEMA.as_bytes()).expect("it says its schema");
    let mut other = right.clone();
    other[schema] = if other[schema] == b'0' { b'1' } else { b'0' };
    let program = fs::read("/bin/true").expect("a program");
    for (what, bytes, words) in [
        ("words", b"words".as_slice(), "it is not an ELF file"),
        ("a program", &program, "not for BPF"),
        ("half a probe", &right[..right.len() / 2], "it is damaged"),
        ("a probe of another contract", &other, "with the schema"),
    ] {
        let (code, stderr, calls) = with_probe(&folder, bytes);
        assert!(code == Some(1) && stderr.contains(words), "{what}: {code:?} {stderr}");
        assert_eq!(calls, 0, "{what}: {stderr}");
    }
    // What is right is seen to be loaded.
    let (code, stderr, calls) = with_probe(&folder, &right);
    assert!(code == Some(0) && calls > 300, "{code:?} {calls} {stderr}");
}

#[test]
fn a_kernel_without_btf_is_served() {
    let _alone = alone();
    let missing = "this kernel has no BTF";
    let log = captures(without_btf(&[]));
    assert!(log.contains(missing), "{log}");

    let folder = TempDir::new();
    let copy = folder.join("vmlinux");
    let btf = fs::read("/sys/kernel/btf/vmlinux").expect("the kernel's BTF");
    fs::write(&copy, &btf).expect("a copy");
    let log = captures(without_btf(&["--btf", copy.to_str().expect("UTF-8")]));
    assert!(!log.contains(missing), "{log}");

    // It lies next to the object, under this kernel's name, and is kept.
    let cache = folder.join("probes");
    let cache = cache.to_str().expect("UTF-8");
    let mut repository = Repository::serve_with_btf(repository::probe(), btf);
    let url = repository.btf_url();
    let from = |sources: &str, url: &str, key: &str| {
        let mut command = without_btf(&["--probe-source", sources, "--probe-cache", cache, "--probe-key", key]);
        command.env("DRIVERS_REPO", url);
        captures(command)
    };
    let log = from("repo,cache", &repository.url(), &repository.key());
    assert!(log.contains(&format!("probe from repo: {url}: this kernel's BTF")) && !log.contains(missing), "{log}");
    repository.end();
    let log = from("cache", &repository.url(), &repository.key());
    assert!(log.contains(&format!("probe from cache: {url}: this kernel's BTF")) && !log.contains(missing), "{log}");
}

#[test]
fn the_doctor_looks_where_a_capture_would() {
    let _alone = alone();
    let mut repository = Repository::serve(repository::probe());
    let key = repository.key();
    let args = ["doctor", "--json", "--probe-source", "repo", "--probe-key", &key];
    let ask = |url: &str| {
        let (code, stdout, _) = said(agent(&args).env("DRIVERS_REPO", url));
        (code, serde_json::from_str::<Value>(&stdout).expect("JSON"))
    };
    let (code, report) = ask(&repository.url());
    assert!(code == Some(0) && report["probe"]["chosen"]["from"] == repository.object_url().as_str(), "{report}");
    repository.end();
    let (code, report) = ask(&repository.url());
    let check = report["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "probe");
    let check = check.expect("a check of the probe");
    let has = |part: &str, words: &str| check[part].as_str().is_some_and(|text| text.contains(words));
    assert!(code == Some(1) && has("found", &repository.object_url()) && has("remedy", "HTTPS_PROXY"), "{report}");
}

#[test]
fn a_signal_ends_the_search() {
    let _alone = alone();
    for signal in [Signal::INT, Signal::TERM] {
        // It takes connections, and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/driver", silent.local_addr().expect("an address"));
        let mut command = agent(&["--probe-source", "repo", "--drivers-repo", &url]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
        let (_connection, _) = silent.accept().expect("a client");
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).expect("it runs");
        let Output { status, stderr, .. } = child.wait_with_output().expect("a child");
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(
            status.code() == Some(1) && stderr.contains("told to stop while the probe was looked for"),
            "{status} {stderr}"
        );
        // The server would have been asked again after 15 s, three times.
        silent.set_nonblocking(true).expect("a socket");
        assert!(silent.accept().is_err(), "the search went on");
    }
}

#[test]
fn the_commands_say_what_there_is() {
    let folder = TempDir::new();
    let cache = folder.join("probes");
    let cache = cache.to_str().expect("UTF-8");
    let repository = Repository::serve(repository::probe());
    let (key, url) = (repository.key(), repository.url());
    let there = ["--probe-key", &key, "--drivers-repo", &url, "--probe-cache", cache];

    let output = folder.join("fetched.o");
    let fetch = [&["probe", "fetch", "--output", output.to_str().expect("UTF-8")][..], &there].concat();
    let (code, stdout, stderr) = said(&mut agent(&fetch));
    assert!(code == Some(0) && stdout.contains(repository.digest()), "{stdout}{stderr}");
    assert!(stderr.is_empty(), "nobody watches how far it is: {stderr}");
    assert_eq!(fs::read(&output).expect("an object"), repository::probe());

    let verify = |object: &str| said(&mut agent(&[&["probe", "verify", object, "--json"][..], &there[..2]].concat()));
    let (code, stdout, _) = verify(output.to_str().expect("UTF-8"));
    let verdict: Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(
        code == Some(0) && verdict["ok"] == true && verdict["chosen"]["sha256"] == repository.digest(),
        "{verdict}"
    );
    let (code, stdout, _) = verify("/proc/self/exe");
    let verdict: Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(code == Some(1) && verdict["ok"] == false && verdict["tried"][0]["outcome"] == "refused", "{verdict}");

    let (code, stdout, _) = said(&mut agent(&["probe", "cache", "list", "--json", "--probe-cache", cache]));
    let entries: Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(
        code == Some(0) && entries[0]["sha256"] == repository.digest() && entries[0]["file"] == PORTABLE,
        "{entries}"
    );
    let (code, stdout, _) = said(&mut agent(&["probe", "cache", "prune", "--keep", "0B", "--probe-cache", cache]));
    assert!(code == Some(0) && stdout.contains("1 entry removed"), "{stdout}");

    let (code, stdout, _) = said(&mut agent(&["probe", "key", "--probe-key", &key]));
    assert!(code == Some(0) && stdout.contains(&key), "{stdout}");
    let (code, _, stderr) = said(&mut agent(&["probe", "key", "--probe-key", "nonsense"]));
    assert!(code == Some(2) && stderr.contains("neither a key nor a file with one"), "{stderr}");

    let script = r#"eval "$("$0" probe print-env)"; echo "$ARCH $DRIVER_NAME $DRIVER_VERSION $DRIVERS_REPO""#;
    let mut shell = untold(Command::new("sh"));
    shell.args(["-c", script]).arg(tests::binary()).env("DRIVERS_REPO", &url).env("DRIVER_NAME", "fal$(co)");
    let (code, stdout, stderr) = said(&mut shell);
    assert!(code == Some(0) && stdout == format!("{ARCH} fal$(co) {VERSION} {url}\n"), "{stdout}{stderr}");
}
