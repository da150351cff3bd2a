// SPDX-License-Identifier: Apache-2.0
//! With which toolchain a probe is built here, and as whom.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use agent_compile::{Distribution, Missing, Search, Toolchain, User};
use rustix::process::geteuid;

use super::BuildError;

/// A toolchain, and who runs it.
#[derive(Debug)]
pub(super) struct Tools {
    /// As whom tools run.
    pub search: Search,
    /// As ourselves.
    own: Search,
    pub toolchain: Toolchain,
}

impl Tools {
    /// The first user of the least privilege who can use a toolchain, and `folders`: who called sudo, one who has nothing,
    /// ourselves.
    pub(super) fn find(folders: &[&Path]) -> Result<Self, BuildError> {
        let own = own();
        let mut candidates = Vec::new();
        if geteuid().is_root() {
            candidates.extend(User::behind_sudo(|name| env::var_os(name)).map(|user| own.as_user(user)));
            candidates.extend(User::of_none().map(|user| own.as_user(user)));
        }
        candidates.push(own);
        Self::first(candidates, folders)
    }

    /// As ourselves, for what runs nothing of other people's.
    pub(super) fn ours() -> Result<Self, BuildError> {
        Self::first(vec![own()], &[])
    }

    fn first(candidates: Vec<Search>, folders: &[&Path]) -> Result<Self, BuildError> {
        let mut least: Option<Vec<Missing>> = None;
        for search in candidates {
            let cc = search.all("cc").is_empty().then_some(Missing::Cc);
            let missing = match (Toolchain::find(&search), cc) {
                (Ok(toolchain), None) => {
                    let tools = Self { search, own: own(), toolchain };
                    if tools.search.user().is_none() || folders.iter().all(|folder| tools.reaches(folder)) {
                        return Ok(tools);
                    }
                    continue;
                }
                (Ok(_), Some(cc)) => vec![cc],
                (Err(missing), cc) => missing.into_iter().chain(cc).collect(),
            };
            if least.as_ref().is_none_or(|least| missing.len() < least.len()) {
                least = Some(missing);
            }
        }
        Err(BuildError::Missing { missing: least.unwrap_or_default(), distribution: Distribution::here() })
    }

    /// One line about them.
    pub(super) fn summary(&self) -> String {
        self.toolchain.summary()
    }

    /// Whether programs can work in `folder`.
    fn reaches(&self, folder: &Path) -> bool {
        let mut cargo = self.search.command(&self.toolchain.rustc.program("cargo"));
        cargo.arg("--version").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        cargo.status().is_ok_and(|status| status.success())
    }

    /// Where cargo keeps crates, and who fetches them: whose that folder is. `home` is for users that have no folder of
    /// their own and can't use ours.
    pub(super) fn crates(&self, home: PathBuf) -> (PathBuf, &Search) {
        let ours = || {
            let named = env::var_os("CARGO_HOME").map(PathBuf::from);
            named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"))).filter(|home| home.is_absolute())
        };
        match self.search.user() {
            None => (ours().unwrap_or(home), &self.search),
            Some(User { home: Some(its), .. }) => (its.join(".cargo"), &self.search),
            // It reads there what we have fetched.
            Some(_) => match ours().filter(|home| self.reaches(&home.join("registry"))) {
                Some(home) => (home, &self.own),
                None => (home, &self.search),
            },
        }
    }
}

/// What this process finds.
fn own() -> Search {
    // Not in the folder that we were started in: anybody could have put settings for cargo there.
    Search::of_environment("/".into())
}
