// SPDX-License-Identifier: Apache-2.0
//! The process that does a workload, on a processor of its own: it answers each line on its input, a number of operations,
//! with the nanoseconds that one took.

mod compile;
mod flood;
mod nothing;

use std::{
    fs::File,
    io::{self, BufRead as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use rustix::{
    fs::{Mode, OFlags, open},
    io::read,
    process::{Signal, getppid, getuid, set_parent_process_death_signal},
    thread::{CpuSet, sched_setaffinity},
};

use self::compile::Sources;
pub(super) use self::flood::Flooded;
use super::{figures::median, workload::Workload};

/// The hidden command that is a load.
pub const CHILD: &str = "__bench-load";
/// What it says before it waits for numbers.
pub(super) const READY: &str = "ready";
/// Characters of the path that is opened, if the folder's name allows it.
const PATH: usize = 30;
/// Bytes of the larger reads.
const LARGE: usize = 4096;

/// What is typed behind the command.
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// What to do.
    workload: Workload,
    /// Where files may be written.
    folder: PathBuf,
    /// The processors to do it on, comma-separated.
    #[arg(value_delimiter = ',')]
    cpus: Vec<usize>,
}

/// Runs the load until its input ends.
///
/// # Errors
/// When the workload is not possible here.
pub fn child(args: &LoadArgs) -> Result<ExitCode> {
    // A bench that is killed can't end it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    pin(args.cpus.first().copied().context("it needs a processor")?)?;
    let mut work = Work::new(args.workload, &args.folder)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{READY}")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if let Some(flood) = line.strip_prefix("flood ") {
            writeln!(out, "{}", flood::run(flood, &args.cpus)?)?;
            continue;
        }
        let operations = line.parse().context("a number of operations")?;
        writeln!(out, "{}", burst(&mut work, operations, args.workload.bursts().chunk)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Does so many operations; returns how many nanoseconds one takes: the median of chunks of them. Where another process or an
/// interrupt comes between, it is a few chunks that take longer.
fn burst(work: &mut Work, operations: u64, chunk: u64) -> Result<f64> {
    let mut times = Vec::with_capacity(operations.div_ceil(chunk) as usize);
    let mut left = operations;
    while left > 0 {
        let length = chunk.min(left);
        let begun = Instant::now();
        work.run(length)?;
        times.push(begun.elapsed().as_nanos() as f64 / length as f64);
        left -= length;
    }
    median(times).context("a burst has operations")
}

/// Keeps the calling thread on a processor.
pub(super) fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("can't stay on cpu{cpu}"))
}

/// What a workload needs, made beforehand.
enum Work {
    Getuid,
    Getppid,
    Read(File, Vec<u8>),
    Open(PathBuf),
    Exec(PathBuf),
    Connect(TcpListener),
    Compile(Sources),
    Flood,
}

impl Work {
    fn new(workload: Workload, folder: &Path) -> Result<Self> {
        let zero = || File::open("/dev/zero").context("can't open /dev/zero");
        Ok(match workload {
            Workload::W0 => Self::Getuid,
            Workload::W1 => Self::Getppid,
            Workload::W2 => Self::Read(zero()?, vec![0; 1]),
            Workload::W2b | Workload::W2c => Self::Read(zero()?, vec![0; LARGE]),
            Workload::W3 => {
                let path = of_length(folder, PATH);
                File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
                Self::Open(path)
            }
            Workload::W4 => Self::Exec(nothing::write(folder)?),
            Workload::W5 => Self::Connect(TcpListener::bind("127.0.0.1:0").context("can't listen on 127.0.0.1")?),
            Workload::W6 => Self::Compile(Sources::write(folder)?),
            Workload::W7 => Self::Flood,
        })
    }

    fn run(&mut self, operations: u64) -> Result<()> {
        match self {
            Self::Getuid => {
                for _ in 0..operations {
                    let _ = getuid();
                }
            }
            Self::Getppid => {
                for _ in 0..operations {
                    let _ = getppid();
                }
            }
            Self::Read(file, buffer) => {
                for _ in 0..operations {
                    read(&*file, buffer.as_mut_slice())?;
                }
            }
            Self::Open(path) => {
                for _ in 0..operations {
                    drop(open(&*path, OFlags::RDONLY, Mode::empty())?);
                }
            }
            Self::Exec(path) => {
                for _ in 0..operations {
                    let status = super::process::quiet(&*path).status();
                    let status = status.with_context(|| format!("can't run {}", path.display()))?;
                    if !status.success() {
                        bail!("{} failed: {status}", path.display());
                    }
                }
            }
            Self::Connect(listener) => {
                let address = listener.local_addr()?;
                for _ in 0..operations {
                    let client = TcpStream::connect(address)?;
                    let (server, _) = listener.accept()?;
                    drop(client);
                    drop(server);
                }
            }
            Self::Compile(sources) => sources.compile(operations)?,
            Self::Flood => {}
        }
        Ok(())
    }
}

/// A file's path in `folder`, of so many characters if the folder's has less.
fn of_length(folder: &Path, length: usize) -> PathBuf {
    let name = length.saturating_sub(folder.as_os_str().len() + 1).max(1);
    folder.join("x".repeat(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_long_as_it_should_be_where_that_is_possible() {
        assert_eq!(of_length(Path::new("/tmp/lanner-abc"), PATH).as_os_str().len(), PATH);
        assert_eq!(
            of_length(Path::new("/a/folder/with/a/very/long/name"), PATH),
            Path::new("/a/folder/with/a/very/long/name/x")
        );
    }

    #[test]
    fn every_workload_can_be_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let workloads = [Workload::W0, Workload::W1, Workload::W2, Workload::W2b, Workload::W2c, Workload::W3];
        for workload in workloads.into_iter().chain([Workload::W4, Workload::W5, Workload::W7]) {
            let mut work = Work::new(workload, folder.path()).expect("it is possible");
            work.run(3).unwrap_or_else(|error| panic!("{workload:?}: {error:#}"));
        }
    }
}
