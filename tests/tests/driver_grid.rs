// SPDX-License-Identifier: Apache-2.0
//! A driver repository that `cargo xtask grid` lays out, served as files, fetched from, checked and captured by.

#[path = "support/agent.rs"]
#[expect(dead_code, reason = "other tests do more with an agent")]
mod agent;
#[path = "support/wait.rs"]
mod wait;

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use ::agent::driver::url;
use minisign::KeyPair;
use rustix::process::getppid;
use serde_json::Value;
use tests::{TempDir, lanner};

use crate::agent::Agent;

/// Where this workspace's probe is.
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/probe");

/// A repository in a folder, and the key that it is signed with.
struct Repository {
    folder: TempDir,
    public: String,
}

impl Repository {
    /// With this workspace's probe, also under the name of the running kernel.
    fn new() -> Self {
        let folder = TempDir::new();
        let pair = KeyPair::generate_unencrypted_keypair().expect("keys");
        let key = folder.join("lanner.key");
        fs::write(&key, pair.sk.to_box(None).expect("a key").into_string()).expect("a file");
        fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("a mode");

        let object = Path::new(PROBE).join(env::consts::ARCH).join("lanner-probe.o");
        let object = Value::from(object.to_str().expect("UTF-8"));
        assert!(Path::new(object.as_str().expect("a path")).is_file(), "there is no probe: `cargo xtask build`");
        let host = info("http://127.0.0.1");
        let [target, release, version] = ["target", "release", "version"].map(|name| &host["kernel"][name]);
        let config = format!(
            "[[object]]\nfile = {object}\n[[kernel]]\ntarget = {target}\nrelease = {release}\nversion = {version}\n"
        );
        fs::write(folder.join("grid.toml"), config).expect("a file");
        Self { folder, public: pair.pk.to_base64() }
    }

    fn root(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// Has it laid out by `cargo xtask`, as that was built to run these tests, or as cargo builds it; returns what it says.
    fn lay_out(&self) -> String {
        let mut xtask = env::var_os("LANNER_XTASK").map_or_else(
            || {
                let mut cargo = Command::new("cargo");
                cargo.args(["run", "--quiet", "--package", "xtask", "--"]);
                cargo
            },
            Command::new,
        );
        xtask.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).arg("grid").arg("--out").arg(self.root());
        xtask.arg("--config").arg(self.folder.join("grid.toml")).arg("--key").arg(self.folder.join("lanner.key"));
        let output = xtask.output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Its files, with what tells whether they were touched.
    fn files(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let about = fs::metadata(&path).expect("a file");
                if about.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path, (about.ino(), about.mtime(), about.mtime_nsec()));
                }
            }
        }
        found
    }

    /// The agent that finds its probe here and nowhere else.
    fn agent(&self, url: &str) -> Command {
        let mut agent = agent(url);
        agent.args(["--probe-source", "repo", "--probe-key", &self.public]);
        agent
    }
}

/// The agent with this repository.
fn agent(url: &str) -> Command {
    let mut agent = lanner();
    agent.env("DRIVERS_REPO", url).stdin(Stdio::null());
    agent
}

fn info(url: &str) -> Value {
    let output = agent(url).args(["probe", "info", "--json"]).output().expect("it runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| unreachable!("{error}: {}", text(&output)))
}

fn text(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(!stderr.contains("panicked"), "it panicked:\n{stderr}");
    format!("{}\n--- stdout\n{stdout}\n--- stderr\n{stderr}", output.status)
}

/// Serves the files of a folder, as any web server does; returns its address.
fn serve(root: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            // Whoever hangs up has what it wants.
            drop(answer(stream, &root));
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, root: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let file = path(request.split(' ').nth(1).unwrap_or_default()).and_then(|path| fs::read(root.join(path)).ok());
    let (status, body) = file.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

/// The file that a URL's path means.
fn path(encoded: &str) -> Option<String> {
    url::decode(encoded.trim_start_matches('/'))
}

#[test]
fn a_repository_that_was_laid_out_is_fetched_from_and_captures() {
    let repository = Repository::new();
    assert!(repository.lay_out().contains("4 files written, 0 as they were, 0 removed"));
    let first = repository.files();
    assert!(repository.lay_out().contains("0 files written, 4 as they were, 0 removed"));
    assert_eq!(repository.files(), first, "a second run touched something");

    // It has what the agent asks for, by the URLs that it asks for.
    let url = serve(repository.root());
    let info = info(&url);
    let sources = info["sources"].as_array().expect("a list");
    let asked = sources.iter().filter_map(|source| source["urls"].as_array()).flatten();
    let asked: Vec<_> = asked.filter_map(|asked| path(asked.as_str()?.strip_prefix(&url)?)).collect();
    let there = asked.iter().filter(|path| repository.root().join(path).is_file());
    assert_eq!(there.count(), 2, "the portable object and that of this kernel: {asked:?}");

    let folder = TempDir::new();
    let events = File::create(folder.join("events")).expect("a file for events");
    let args = ["--syscalls", "getppid", "-o", "json"];
    let agent = Agent::launch(repository.agent(&url), &args, folder, events.into());
    let _ = getppid();
    let run = agent.stop();
    assert!(run.status.success() && run.stderr.contains("ledger: closed"), "{run:?}");
    assert!(run.stderr.contains(&format!("probe from repo: {url}/")), "{}", run.stderr);
    let events = fs::read_to_string(run.folder.join("events")).expect("events");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(events.iter().any(|event| event["pid"] == std::process::id()), "{events:?}");

    // One bit of one byte. Both names are of one file.
    let portable = first.keys().find(|path| path.ends_with("lanner_portable.o")).expect("the portable object");
    let mut bytes = fs::read(portable).expect("the object");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(portable, bytes).expect("the object");
    let output = repository.agent(&url).output().expect("it runs");
    let said = text(&output);
    let manifest = fs::read_to_string(portable.with_file_name("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let expected = manifest["files"][0]["sha256"].as_str().expect("a digest");
    assert!(output.status.code() == Some(1) && output.stdout.is_empty() && said.contains(expected), "{said}");
    // Laid out again, it is right again.
    assert!(repository.lay_out().contains("2 files written, 2 as they were, 0 removed"));
}
