// SPDX-License-Identifier: Apache-2.0
//! An overlay in the mount namespace of an actor.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::actor::{Arg, Hand, call};

/// The folders of an overlay, and the file system that they are on.
#[derive(Debug)]
pub(crate) struct Overlay(PathBuf);

impl Overlay {
    /// Makes the folders.
    pub(crate) fn new(place: &Path) -> Self {
        let overlay = Self(place.join("overlay"));
        for folder in [overlay.lower(), overlay.merged(), overlay.0.join("upper"), overlay.0.join("work")] {
            fs::create_dir_all(folder).expect("a folder");
        }
        overlay
    }

    /// The folder of the lower layer.
    pub(crate) fn lower(&self) -> PathBuf {
        self.0.join("lower")
    }

    /// Where the hand that [`Self::mount`]ed it sees both.
    pub(crate) fn merged(&self) -> PathBuf {
        self.0.join("merged")
    }

    /// Mounts it where only `hand` and its children see it: it goes with them.
    pub(crate) fn mount(&self, hand: &Hand) {
        call!(hand, unshare, libc::CLONE_NEWNS);
        call!(hand, mount, 0, "/", 0, libc::MS_REC | libc::MS_PRIVATE, 0);
        let path = |folder: PathBuf| folder.to_str().expect("UTF-8").to_owned();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            path(self.lower()),
            path(self.0.join("upper")),
            path(self.0.join("work"))
        );
        let merged = self.merged();
        call!(hand, mount, "overlay", &merged, "overlay", 0, Arg::from(&*options));
    }
}
