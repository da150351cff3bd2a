// SPDX-License-Identifier: Apache-2.0
//! `lanner probe build`: the probe from the sources that this binary carries, by the toolchain that is found here.
//!
//! First cargo fetches the crates that the probe is made of, or `--vendor DIR` has them; then it compiles, without a network
//! and, when root has started it, as somebody else: crates bring programs that run while they are compiled.

mod error;
mod folder;
mod sources;
mod steps;
mod stop;
mod tools;

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use agent_compile::{Arch, User};

pub use self::{
    error::BuildError,
    stop::{is_stopped, stop},
};
use self::{
    folder::Folder,
    steps::Steps,
    stop::{Build, until_a_signal},
    tools::Tools,
};
use super::resolve::Lack;

/// Where such a probe is from.
pub const FROM: &str = "the sources inside this lanner";
/// The variable that names a folder for [`Request::vendor`].
pub const VENDOR: &str = "LANNER_PROBE_VENDOR";

/// What to build.
#[derive(Clone, Debug)]
pub struct Request {
    /// The machine whose kernel the probe is for.
    pub arch: Arch,
    /// A folder with the sources of the crates that the probe is made of, as [`vendor`] leaves it; `None` to have cargo
    /// fetch them.
    pub vendor: Option<PathBuf>,
    /// Whether cargo talks to the user on stderr; otherwise what it says is part of the error.
    pub talks: bool,
}

/// A probe that was built here.
#[derive(Clone, Debug)]
pub struct Built {
    /// The object.
    pub object: Vec<u8>,
    /// The programs in it.
    pub programs: usize,
    /// How long it took.
    pub took: Duration,
}

/// Builds the probe. `says` hears what is begun: one line each.
///
/// # Errors
/// When something is missing, with all that is; when crates can't be had; when the compiler refuses.
pub fn build(request: &Request, mut says: impl FnMut(&str)) -> Result<Built, BuildError> {
    let started = Instant::now();
    if let Some(vendor) = &request.vendor {
        check_vendored(vendor)?;
    }
    let parent = folder::parent();
    let mut folders = vec![parent.as_path()];
    folders.extend(request.vendor.as_deref());
    let tools = Tools::find(&folders)?;
    let version = env!("CARGO_PKG_VERSION");
    says(&format!("building the probe of lanner {version} for {}, by {}", request.arch.name(), tools.summary()));
    let built = until_a_signal(|| built(&tools, request, says)).map_err(BuildError::Signals)?;
    let (object, programs) = built?;
    Ok(Built { object, programs, took: started.elapsed() })
}

fn built(tools: &Tools, request: &Request, mut says: impl FnMut(&str)) -> Result<(Vec<u8>, usize), BuildError> {
    // First, to end last: it is waited for until its folder is gone.
    let build = Build::begin().ok_or(BuildError::Stopped)?;
    let folder = unpacked(tools.search.user())?;
    let steps = Steps { tools, folder: &folder, request, build: &build };
    if request.vendor.is_none() {
        says("fetching the crates that it is made of");
        steps.fetch()?;
    }
    let whom =
        tools.search.user().map_or_else(String::new, |User { uid, name, .. }| format!(", as {name} (uid {uid})"));
    says(&format!("compiling{whom}"));
    steps.compile()?;
    Ok(agent_compile::finished(&folder.target())?)
}

/// A folder with the sources, for `user`.
fn unpacked(user: Option<&User>) -> Result<Folder, BuildError> {
    let folder = Folder::new(user)?;
    sources::unpack(&folder.sources(), user).map_err(folder.cannot("cannot unpack the sources into"))?;
    Ok(folder)
}

/// The probe for this machine, as a [`super::Resolver`] asks for it: without a word to the user.
///
/// # Errors
/// All that is in the way.
pub fn for_resolver() -> Result<Vec<u8>, Vec<Lack>> {
    let vendor = env::var_os(VENDOR).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let request = Request { arch: Arch::HOST, vendor, talks: false };
    let built = build(&request, |line| tracing::info!("{line}"));
    built.map(|built| built.object).map_err(|error| error.lacks())
}

/// Puts the sources of the crates that the probe is made of into `to`, for [`Request::vendor`] on a machine without a
/// network. A rustc that has `core` as source only needs that source's crates, too, so that both machines want the same rustc.
///
/// # Errors
/// As [`build`].
pub fn vendor(to: &Path, talks: bool) -> Result<(), BuildError> {
    let tools = Tools::ours()?;
    let vendored = || {
        let build = Build::begin().ok_or(BuildError::Stopped)?;
        let folder = unpacked(None)?;
        let request = Request { arch: Arch::HOST, vendor: None, talks };
        Steps { tools: &tools, folder: &folder, request: &request, build: &build }.vendor(to)
    };
    until_a_signal(vendored).map_err(BuildError::Signals)?
}

/// Whether `folder` looks like what `cargo vendor` leaves.
fn check_vendored(folder: &Path) -> Result<(), BuildError> {
    let entries = folder.read_dir().map_err(|error| BuildError::Folder {
        what: "cannot read",
        path: folder.to_owned(),
        error,
    })?;
    let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    let there = names.any(|name| name.as_encoded_bytes().starts_with(b"aya-ebpf"));
    if there { Ok(()) } else { Err(BuildError::NotVendored { path: folder.to_owned() }) }
}
