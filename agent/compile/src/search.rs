// SPDX-License-Identifier: Apache-2.0
//! Where tools are looked for, and as whom they are run.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::user::User;

/// What PATH is when there is none.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// In a user's cache: what `cargo xtask setup` builds.
const TOOLS: &str = "lanner/tools";

/// Where tools are looked for, and as whom they are run.
#[derive(Clone, Debug)]
pub struct Search {
    folders: Vec<PathBuf>,
    tools: PathBuf,
    working: PathBuf,
    user: Option<User>,
}

impl Search {
    /// In the folders of `path`, and for a linker in `tools` too, where [`crate::linker::folder`] is. Programs run in
    /// `working`, where rustup and cargo look for settings.
    fn new(path: &OsStr, tools: PathBuf, working: PathBuf) -> Self {
        let mut search = Self { folders: Vec::new(), tools, working, user: None };
        for folder in env::split_paths(path) {
            search.add(&folder);
        }
        search
    }

    /// In the folders of PATH, and what `cargo xtask setup` has built for this user.
    #[must_use]
    pub fn of_environment(working: PathBuf) -> Self {
        let path = env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || env::var_os("HOME").map_or_else(|| "/root".into(), PathBuf::from);
        let tools = cache.map_or_else(|| tools_of(&home()), |cache| cache.join(TOOLS));
        Self::new(&path, tools, working)
    }

    /// Also in `folder`, last. A folder that is not there is left out.
    pub fn add(&mut self, folder: &Path) {
        // `/bin` is `/usr/bin` on most machines: the same program counts once.
        let Ok(folder) = folder.canonicalize() else { return };
        if !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
    }

    /// The same, but as `user`, whose own tools count too.
    #[must_use]
    pub fn as_user(&self, user: User) -> Self {
        let mut search = self.clone();
        if let Some(home) = &user.home {
            search.add(&home.join(".cargo/bin"));
            search.tools = tools_of(home);
        }
        search.user = Some(user);
        search
    }

    /// As whom programs run, if not as ourselves.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Where linkers are that `cargo xtask setup` has built.
    #[must_use]
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// Every program called `name`, first come first.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join(name)).filter(|program| program.is_file()).collect()
    }

    /// A command for `program`.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.working);
        if let Some(user) = &self.user {
            user.runs(&mut command);
        }
        command
    }

    /// What `program` answers; `None` when it does not run, or fails.
    pub(crate) fn ask(&self, program: &Path, arguments: &[&str]) -> Option<String> {
        let output = self.command(program).args(arguments).stdin(Stdio::null()).output().ok()?;
        let answer = output.status.success().then(|| String::from_utf8(output.stdout).ok())??;
        Some(answer.trim_end().to_owned())
    }
}

fn tools_of(home: &Path) -> PathBuf {
    home.join(".cache").join(TOOLS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_counts_once_and_only_if_it_is_there() {
        let path = env::join_paths(["/usr/bin", "/nonexistent", "/usr/../usr/bin"]).expect("a path");
        let search = Search::new(&path, "/nonexistent".into(), "/".into());
        assert_eq!(search.folders, [Path::new("/usr/bin").canonicalize().expect("it is there")]);
        assert_eq!(search.all("env").len(), 1);
        assert!(search.all("no-such-program").is_empty());
        assert_eq!(search.ask(&search.all("env")[0], &["printf", "here\n"]).as_deref(), Some("here"));
        assert_eq!(search.ask(&search.all("env")[0], &["false"]), None);
        assert_eq!(search.ask(Path::new("/nonexistent/rustc"), &[]), None);
    }

    #[test]
    fn a_user_brings_tools_along() {
        let search = Search::new("/usr/bin".as_ref(), "/nonexistent".into(), "/".into());
        let user = User { uid: 7, gid: 7, name: "somebody".to_owned(), home: Some("/home/somebody".into()) };
        let search = search.as_user(user.clone());
        assert_eq!(search.tools(), Path::new("/home/somebody/.cache/lanner/tools"));
        assert_eq!(search.user(), Some(&user));
    }
}
