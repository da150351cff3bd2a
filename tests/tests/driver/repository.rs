// SPDX-License-Identifier: Apache-2.0
//! A driver repository with the probe of this workspace, signed with a key of its own, and the server that serves it.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread::{self, JoinHandle},
};

use agent::driver::{
    host::Description,
    manifest::{FORMAT, File, Kind, MANIFEST, Manifest, Object, SIGNATURE, build_id},
    url::{encode, kernel_btf, portable_object},
    verify::sha256,
};
use agent_common::{identity, record};
use minisign::KeyPair;

pub(crate) use agent::driver::verify::ARCH;
pub(crate) const VERSION: &str = identity::VERSION;
pub(crate) const PORTABLE: &str = "lanner_portable.o";

/// The probe of this workspace.
pub(crate) fn probe() -> Vec<u8> {
    agent::probe::embedded().expect("`cargo xtask build-ebpf` has left one").to_vec()
}

/// A repository that is served.
pub(crate) struct Repository {
    address: SocketAddr,
    key: String,
    digest: String,
    server: Option<JoinHandle<()>>,
}

/// A file, and what it is.
type Listed = (String, Vec<u8>, Kind);

impl Repository {
    /// With this probe as the portable one.
    pub(crate) fn serve(object: Vec<u8>) -> Self {
        Self::signed(vec![portable(object)], |_| {})
    }

    /// With a probe that was changed after it was listed.
    pub(crate) fn serve_changed(object: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        Self::signed(vec![portable(object)], change)
    }

    /// With the BTF of this machine's kernel beside it.
    pub(crate) fn serve_with_btf(object: Vec<u8>, btf: Vec<u8>) -> Self {
        Self::signed(vec![portable(object), (btf_name(), btf, Kind::Btf)], |_| {})
    }

    /// Without a manifest.
    pub(crate) fn serve_unsigned(object: Vec<u8>) -> Self {
        let pair = KeyPair::generate_unencrypted_keypair().expect("a key pair");
        let digest = sha256(&object);
        Self::start(vec![(PORTABLE.to_owned(), object)], digest, pair.pk.to_base64())
    }

    fn signed(listed: Vec<Listed>, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let pair = KeyPair::generate_unencrypted_keypair().expect("a key pair");
        let manifest = serde_json::to_vec(&manifest(&listed)).expect("JSON");
        let signature = minisign::sign(Some(&pair.pk), &pair.sk, manifest.as_slice(), None, None).expect("a signature");
        let digest = sha256(&listed[0].1);
        let mut files: Vec<_> = listed.into_iter().map(|(name, bytes, _)| (name, bytes)).collect();
        change(&mut files[0].1);
        files.push((MANIFEST.to_owned(), manifest));
        files.push((SIGNATURE.to_owned(), signature.into_string().into_bytes()));
        Self::start(files, digest, pair.pk.to_base64())
    }

    fn start(files: Vec<(String, Vec<u8>)>, digest: String, key: String) -> Self {
        assert_eq!(portable_object("lanner"), PORTABLE);
        let served: BTreeMap<_, _> =
            files.into_iter().map(|(name, bytes)| (format!("{}/{}", folder(), encode(&name)), bytes)).collect();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            for stream in listener.incoming() {
                if !answer(stream.expect("a connection"), &served) {
                    break;
                }
            }
        });
        Self { address, key, digest, server: Some(server) }
    }

    /// The URL of the probe.
    pub(crate) fn object_url(&self) -> String {
        format!("http://{}{}/{PORTABLE}", self.address, folder())
    }

    /// The URL of the BTF.
    pub(crate) fn btf_url(&self) -> String {
        format!("http://{}{}/{}", self.address, folder(), encode(&btf_name()))
    }

    /// Its URL, as `DRIVERS_REPO` has it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/driver", self.address)
    }

    /// The public key.
    pub(crate) fn key(&self) -> String {
        self.key.clone()
    }

    /// The probe's SHA-256, as it was listed.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Ends the server.
    pub(crate) fn end(&mut self) {
        let Some(server) = self.server.take() else { return };
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(b"END / HTTP/1.1\r\n\r\n");
        }
        // With a panic of its own the test has failed already.
        let _ = server.join();
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.end();
    }
}

/// Answers one request; false for the one that ends the server.
fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> bool {
    let mut lines = BufReader::new(stream.try_clone().expect("a connection")).lines();
    let Some(Ok(first)) = lines.next() else { return true };
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "END" {
        return false;
    }
    // The headers, up to an empty line.
    let _ = lines.find(|line| line.as_ref().map_or(true, String::is_empty));
    let (status, body) = files.get(path).map_or(("404 Not Found", &[][..]), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // The agent may have heard enough.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    true
}

/// The folder that files lie in.
fn folder() -> String {
    format!("/driver/{}/{ARCH}", encode(VERSION))
}

/// What the BTF of this machine's kernel is called.
fn btf_name() -> String {
    let [name, _] = kernel_btf("lanner", &Description::read(Path::new("/"), None, None).target());
    name
}

/// When everything was made.
const DATE: &str = "2026-11-21T09:30:00Z";

/// The portable probe.
fn portable(bytes: Vec<u8>) -> Listed {
    let object = Object {
        abi: record::ABI,
        schema: identity::SCHEMA.to_owned(),
        arch: ARCH.to_owned(),
        build_id: build_id(&sha256(&bytes)).to_owned(),
        features: identity::FEATURES.map(str::to_owned).to_vec(),
        revision: String::new(),
        date: DATE.to_owned(),
    };
    (PORTABLE.to_owned(), bytes, Kind::Object(object))
}

fn manifest(listed: &[Listed]) -> Manifest {
    let file = |(name, bytes, kind): &Listed| File {
        name: name.clone(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
        kind: kind.clone(),
    };
    Manifest {
        format: FORMAT,
        driver_version: VERSION.to_owned(),
        arch: ARCH.to_owned(),
        date: DATE.to_owned(),
        files: listed.iter().map(file).collect(),
    }
}
