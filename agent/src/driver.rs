// SPDX-License-Identifier: Apache-2.0
//! Where the probe comes from: the command line, the cache, this binary, driver repositories, a build.
//!
//! [`Resolver`] asks one source after the other. Whatever has it, [`Object::check`] has looked at every byte that matters
//! before the kernel sees any, and [`Provenance`] says what was tried and what came of it.
#![deny(clippy::indexing_slicing)]

pub mod address;
pub mod build;
pub mod cache;
pub mod command;
pub mod config;
pub mod falco;
pub mod host;
pub mod http;
pub mod manifest;
pub mod proxy;
pub mod report;
mod repository;
pub mod resolve;
pub mod signature;
#[cfg(test)]
mod testing;
pub mod url;
pub mod verify;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::{Duration, SystemTime},
};

pub use self::{
    config::Config,
    report::{Provenance, Source},
    resolve::{Carried, Resolved, Resolver},
    verify::{Object, ObjectError},
};

/// Waits so long. Nobody ends it early: a signal that is not heard ends the process.
fn pause(time: Duration) {
    // Nothing ever comes.
    let _ = crossbeam_channel::never::<()>().recv_timeout(time);
}

/// A file that somebody has named, of at most `limit` bytes: it may be a device, which has no end.
fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// The time, in the form of [`manifest::Manifest::date`].
fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
