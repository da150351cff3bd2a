// SPDX-License-Identifier: Apache-2.0
//! How the probe is built from its sources: the tools, the commands, and what becomes of the linker's output. `cargo xtask
//! build-ebpf` builds the workspace by it, `lanner probe build` the sources that it carries.
//!
//! It takes a rustc, `core` for the BPF target in one of two forms, and a bpf-linker that reads the bitcode of that rustc's
//! LLVM. [`Search`] says where these are looked for and as whom they run, [`Toolchain::find`] finds them or says what is
//! [`Missing`], and [`cargo`] is the command.
#![forbid(unsafe_code)]

mod arch;
mod command;
pub mod linker;
mod missing;
mod object;
mod remedy;
mod search;
mod toolchain;
mod user;

pub use self::{
    arch::Arch,
    command::{Job, cargo},
    linker::Linker,
    missing::Missing,
    object::{ObjectError, finished},
    remedy::{DEBIAN, Distribution, remedies, remedy},
    search::Search,
    toolchain::{Core, OLDEST, Rustc, TARGET, Toolchain, complete, rustcs},
    user::User,
};
