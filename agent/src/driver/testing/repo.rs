// SPDX-License-Identifier: Apache-2.0
//! A driver repository to be served.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use agent_common::{identity, record};
use minisign::KeyPair;

use super::{
    server::{Reply, Server},
    sign,
};
use crate::driver::{
    manifest::{self, File, Kind, Manifest, Object, build_id},
    url::encode,
    verify::{ARCH, sha256},
};

/// The date of a manifest, unless a test says otherwise.
pub(crate) const DATE: &str = "2026-11-21T09:30:00Z";

/// One folder of a repository, by the names of its files.
#[derive(Clone)]
pub(crate) struct Repo {
    pub(crate) manifest: Manifest,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Repo {
    /// An empty folder for a driver version.
    pub(crate) fn of(version: &str) -> Self {
        let manifest = Manifest {
            format: manifest::FORMAT,
            driver_version: version.to_owned(),
            arch: ARCH.to_owned(),
            date: DATE.to_owned(),
            files: Vec::new(),
        };
        Self { manifest, files: BTreeMap::new() }
    }

    /// With a probe, as the manifest lists it.
    pub(crate) fn object(self, name: &str, bytes: &[u8]) -> Self {
        let object = Object {
            abi: record::ABI,
            schema: identity::SCHEMA.to_owned(),
            arch: ARCH.to_owned(),
            build_id: build_id(&sha256(bytes)).to_owned(),
            features: identity::FEATURES.map(str::to_owned).to_vec(),
            revision: String::new(),
            date: DATE.to_owned(),
        };
        self.file(name, bytes, Kind::Object(object))
    }

    pub(crate) fn file(mut self, name: &str, bytes: &[u8], kind: Kind) -> Self {
        let (size, sha256) = (bytes.len() as u64, sha256(bytes));
        self.manifest.files.push(File { name: name.to_owned(), size, sha256, kind });
        self.files.insert(name.to_owned(), bytes.to_vec());
        self
    }

    /// What the manifest says of the file that was listed last.
    pub(crate) fn listed(&mut self) -> &mut Object {
        match &mut self.manifest.files.last_mut().expect("a file").kind {
            Kind::Object(object) => object,
            Kind::Btf => unreachable!("a probe"),
        }
    }

    /// With its manifest.
    pub(crate) fn unsigned(mut self) -> Self {
        let raw = serde_json::to_vec_pretty(&self.manifest).expect("JSON");
        self.files.insert(manifest::MANIFEST.to_owned(), raw);
        self
    }

    /// With its manifest, signed.
    pub(crate) fn signed(self, pair: &KeyPair) -> Self {
        let mut repo = self.unsigned();
        let signature = sign(pair, &repo.files[manifest::MANIFEST]);
        repo.files.insert(manifest::SIGNATURE.to_owned(), signature.into_bytes());
        repo
    }

    /// With a file that was changed since.
    pub(crate) fn changed(mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        change(self.files.get_mut(name).expect(name));
        self
    }

    /// Serves it where the folder of the newer layout is.
    pub(crate) fn serve(self) -> Server {
        let folder = self.folder();
        self.serve_at(&folder)
    }

    /// Serves it in a folder.
    pub(crate) fn serve_at(self, folder: &str) -> Server {
        let folder = folder.to_owned();
        Server::start(move |request, _| self.reply(&folder, &request.path))
    }

    /// Serves what can be changed meanwhile.
    pub(crate) fn serve_changing(self) -> (Server, Arc<Mutex<Self>>) {
        let shared = Arc::new(Mutex::new(self));
        let served = Arc::clone(&shared);
        let server = Server::start(move |request, _| {
            let repo = served.lock().expect("no panic");
            repo.reply(&repo.folder(), &request.path)
        });
        (server, shared)
    }

    /// The folder of the newer layout.
    fn folder(&self) -> String {
        format!("/driver/{}/{ARCH}", encode(&self.manifest.driver_version))
    }

    /// What is answered to who asks for `path`, when this is `folder`.
    fn reply(&self, folder: &str, path: &str) -> Reply {
        let name = path.strip_prefix(folder).and_then(|path| path.strip_prefix('/'));
        let file = name.and_then(|name| self.files.iter().find(|(file, _)| encode(file) == name));
        file.map_or_else(|| Reply::status(404), |(_, bytes)| Reply::ok(bytes))
    }
}
