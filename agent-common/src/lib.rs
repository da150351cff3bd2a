// SPDX-License-Identifier: Apache-2.0
//! The contract between the probe and the agent: what a record looks like, which syscalls there are, what is counted.
//!
//! No dependencies, no features, no `unsafe`: both sides compile exactly this.
#![no_std]
#![forbid(unsafe_code)]

pub mod class;
pub mod effect;
pub mod identity;
pub mod kernel;
pub mod layout;
pub mod ledger;
pub mod numbers;
pub mod options;
pub mod predicate;
pub mod record;
pub mod schema;
pub mod sets;
pub mod shape;
pub mod shed;
pub mod state;
pub mod syscalls;

/// Whether the kernel in question is x86_64: the target of the agent, and of the probe by its `bpf_target_arch` cfg.
pub const X86: bool = cfg!(any(target_arch = "x86_64", bpf_target_arch = "x86_64"));
