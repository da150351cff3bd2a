// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask`: the tasks of Lanner's development, one file each.

mod apt;
mod bench;
mod budget;
mod build;
mod build_ebpf;
mod ci;
mod deploy_tools;
mod dist;
mod fuzz;
mod grid;
mod input;
mod linker;
mod numbers;
mod output;
mod packages;
mod parallel;
mod process;
mod report;
mod repository;
mod run;
mod schema;
mod setup;
mod test;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Builds, runs and checks Lanner.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
enum Task {
    /// Find or install what building the probe takes.
    Setup(setup::Args),
    /// Build the probe.
    BuildEbpf(build_ebpf::Args),
    /// Build the probe and the agent: target/release/lanner, one static program.
    Build,
    /// Build the agent and run it as root.
    Run(run::Args),
    /// Run all tests, those on the live kernel as root.
    Test(test::Args),
    /// Pass every gate that a change has to pass.
    Ci(ci::Args),
    /// Measure what capture costs, as root, and write docs/performance.md.
    Bench(bench::Args),
    /// Look for bytes that break what takes bytes from outside.
    Fuzz(fuzz::Args),
    /// Count the agent's instructions for one event, and hold it to agent/budget.toml.
    Budget(budget::Args),
    /// Make what a release consists of: static programs, probes, digests, SBOM.
    Dist(dist::Args),
    /// Lay out a driver repository: objects under the names of kernels, manifest and signature.
    Grid(grid::Args),
    /// Boot kernels of distributions in virtual machines, and try the agent there.
    Vm(vm::Args),
    /// Write the lock file of the contract between probe and agent.
    Schema(schema::Args),
    /// Write the tables of syscall numbers from kernel headers.
    Numbers(numbers::Args),
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Setup(args) => setup::run(&args),
        Task::BuildEbpf(args) => build_ebpf::run(&args),
        Task::Build => build::run(),
        Task::Run(args) => run::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Budget(args) => budget::run(&args),
        Task::Dist(args) => dist::run(&args),
        Task::Grid(args) => grid::run(&args),
        Task::Vm(args) => vm::run(&args),
        Task::Schema(args) => schema::run(&args),
        Task::Numbers(args) => numbers::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}
