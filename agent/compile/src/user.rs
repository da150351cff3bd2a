// SPDX-License-Identifier: Apache-2.0
//! As whom a build runs when root starts it: crates bring programs that run while they are compiled, and none of them needs
//! to be root.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    ops::RangeInclusive,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{self, Command},
};

/// Ids for users without a name: <https://systemd.io/UIDS-GIDS/>.
const UNNAMED: RangeInclusive<u32> = 61184..=65519;
/// What those are called who build here by one of them.
const NAME: &str = "lanner-build";

/// A user that is not root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub uid: u32,
    /// The group's id. Programs have no other group.
    pub gid: u32,
    /// What people call the user.
    pub name: String,
    /// The user's home folder, if there is one.
    pub home: Option<PathBuf>,
}

impl User {
    /// A user that has nothing: no name, no file, and no process, which could change what is built. `nobody` has others.
    /// `None` when all such ids are taken.
    #[must_use]
    pub fn of_none() -> Option<Self> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let taken = processes.filter_map(|process| Some(process.metadata().ok()?.uid())).collect();
        let uid = free(&passwd, &taken, process::id())?;
        Some(Self { uid, gid: uid, name: NAME.to_owned(), home: None })
    }

    /// The user who called sudo, by the environment that sudo sets. `None` when that is root, or there was no sudo.
    #[must_use]
    pub fn behind_sudo(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let number = |name| variable(name)?.to_str()?.parse::<u32>().ok();
        let (uid, gid) = (number("SUDO_UID")?, number("SUDO_GID")?);
        let name = variable("SUDO_USER")?.into_string().ok()?;
        let home = home_of(uid, &passwd);
        (uid != 0).then_some(Self { uid, gid, name, home })
    }

    /// Has `command` run as this user.
    pub fn runs(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).env("USER", &self.name).env("LOGNAME", &self.name);
        if let Some(home) = &self.home {
            command.env("HOME", home);
        }
    }
}

/// An id that neither `passwd` has nor anybody's process; which, is up to `seed`, so that two builds have two.
fn free(passwd: &str, taken: &BTreeSet<u32>, seed: u32) -> Option<u32> {
    let named = |uid: u32| passwd.lines().any(|line| line.split(':').nth(2) == Some(uid.to_string().as_str()));
    let (first, count) = (*UNNAMED.start(), UNNAMED.end() - UNNAMED.start() + 1);
    (0..count).map(|i| first + (seed % count + i) % count).find(|uid| !taken.contains(uid) && !named(*uid))
}

/// The sixth field of the user's line.
fn home_of(uid: u32, passwd: &str) -> Option<PathBuf> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let its = fields.nth(2)?.parse::<u32>().ok()?;
        let home = fields.nth(2)?;
        (its == uid && home.starts_with('/')).then(|| PathBuf::from(home))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_says_who_called_it() {
        let with = |uid: &'static str| {
            move |name: &str| match name {
                "SUDO_UID" | "SUDO_GID" => Some(uid.into()),
                "SUDO_USER" => Some("somebody".into()),
                _ => None,
            }
        };
        let user = User::behind_sudo(with("54321")).expect("a user");
        assert_eq!((user.uid, user.gid, user.name.as_str(), user.home), (54321, 54321, "somebody", None));
        for uid in ["0", "", "-1", "x"] {
            assert_eq!(User::behind_sudo(with(uid)), None, "{uid}");
        }
        assert_eq!(User::behind_sudo(|_| None), None);
    }

    #[test]
    fn an_id_of_none_is_taken_by_nobody() {
        let user = User::of_none().expect("one of some thousand");
        assert!(UNNAMED.contains(&user.uid) && user.uid == user.gid && user.home.is_none(), "{user:?}");
        let passwd = "root:x:0:0:root:/root:/bin/bash\nx:x:61186:1::/:/bin/sh\n";
        let taken = BTreeSet::from([61185, 65519]);
        assert_eq!(free(passwd, &taken, 0), Some(61184));
        assert_eq!(free(passwd, &taken, 1), Some(61187));
        // The last is followed by the first.
        assert_eq!(free(passwd, &taken, 4335), Some(61184));
        assert_eq!(free("", &UNNAMED.collect(), 0), None);
    }

    #[test]
    fn homes_come_from_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\na:x:7:7::relative:\nb:x:8:8:B,,:/home/b:/bin/sh\n";
        assert_eq!(home_of(0, passwd), Some("/root".into()));
        assert_eq!(home_of(8, passwd), Some("/home/b".into()));
        for uid in [7, 9] {
            assert_eq!(home_of(uid, passwd), None, "{uid}");
        }
    }
}
