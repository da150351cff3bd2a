// SPDX-License-Identifier: Apache-2.0
//! What was typed.

mod bench;
mod kubernetes;
mod probe;
mod telemetry;

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};

use agent_common::record::MAX_SNAPLEN;

pub use self::{
    bench::BenchArgs,
    kubernetes::Kubernetes,
    probe::{BuildArgs, Cached, Probe, ProbeArgs, Site},
    telemetry::Telemetry,
};
use crate::{
    fields::most_like,
    output::{Format, template::Template},
    select,
};

/// Shows every syscall that completes on this machine, with its arguments decoded.
///
/// Without a command it captures until Ctrl-C, then prints what became of every call it saw. It needs root, or CAP_BPF
/// and CAP_PERFMON.
#[derive(Debug, Parser)]
#[command(name = "lanner", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  lanner                                    every syscall, as text
  lanner 'evt.type in (open, openat) and fd.name startswith /etc'
  lanner --syscalls network,!recvmsg        the network class without recvmsg
  lanner -o json --comm nginx --count 1000  a thousand calls of nginx threads, as JSON lines
  lanner --duration 10s --write events.log --ledger ledger.json")]
pub struct Cli {
    /// What to do instead of capturing.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to capture.
    #[command(flatten)]
    pub capture: Capture,
}

/// Everything but capturing.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check whether capture can work here; exit 0 only if it can
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Resolve kernel structs by this BTF file instead of the running kernel's BTF
        #[arg(long, value_name = "FILE", env = "LANNER_BTF")]
        btf: Option<PathBuf>,
        /// Also load every program that capture can take, and say how many instructions the kernel's verifier looked at
        #[arg(long)]
        programs: bool,
        /// Where the probe comes from.
        #[command(flatten)]
        site: Box<Site>,
    },
    /// Show what the kernel decides of a condition and what is left for userspace
    Explain(Explain),
    /// Show what this binary knows
    #[command(subcommand)]
    List(List),
    /// Show, fetch, build and check the probe
    #[command(subcommand)]
    Probe(Probe),
    /// Show what one event costs the agent on this machine, stage by stage; nothing is captured, so anybody may
    Stages(Stages),
    /// Check conditions and rules files; exit 0 if all are right, 2 if one is wrong, 1 if one can't be read
    ///
    /// Files that end in .yaml or .yml are rules files in Falco's syntax, which see those before them. Any other holds a
    /// condition.
    Validate {
        /// The files; `-` is the standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Measure what capture costs here: those who are watched, and the agent
    ///
    /// Workloads run under nothing, under the least programs that the kernel can run (F0, F1), and under this program as an
    /// agent in several ways, interleaved, in rounds. For each: nanoseconds that a call takes longer, the probe's run time,
    /// the agent's CPU time for an event, bytes in the ring, losses, memory. It needs root, and a machine that is otherwise
    /// quiet.
    Bench(BenchArgs),
    /// What is measured
    #[command(name = crate::bench::CHILD, hide = true)]
    BenchLoad(crate::bench::LoadArgs),
    /// The process that the start-up self-test watches
    #[command(name = crate::self_test::CHILD, hide = true)]
    SelfTestChild {
        /// A word that tells this run's child from others
        nonce: String,
    },
}

/// Which stages are shown, and how.
#[derive(Debug, Args)]
pub struct Stages {
    /// A case such as json/openat, or all of a stage such as json [default: all]
    #[arg(value_name = "CASE")]
    pub cases: Vec<String>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Only list the cases
    #[arg(long, conflicts_with = "json")]
    pub list: bool,

    /// Do the cases this often and print nothing: for profilers
    #[arg(long, value_name = "N", conflicts_with_all = ["json", "list"])]
    pub times: Option<u64>,
}

/// What is explained, and how.
#[derive(Debug, Args)]
pub struct Explain {
    /// What to explain.
    #[command(flatten)]
    pub what: What,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Capture for this long and compare: the kernel's part must refuse no event that the condition keeps
    ///
    /// The kernel sends what it refuses, too, and every event is decided again by the whole condition. It needs root.
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "json")]
    pub check: Option<Duration>,

    /// Without tables of processes, files and containers, as `lanner --no-enrich` does
    #[arg(long, visible_alias = "no-state")]
    pub no_enrich: bool,
}

/// What can be shown.
#[derive(Debug, Subcommand)]
pub enum List {
    /// The syscalls with their numbers, classes and arguments
    Syscalls {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The fields that `--fields` and `--format` print
    Fields {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What to capture.
#[derive(Clone, Debug, Args)]
pub struct What {
    /// Only events for which this holds, in Falco's language: 'evt.type = openat and fd.name startswith /etc'
    ///
    /// What the kernel can decide of it is decided there; `lanner explain` shows what. `lanner list fields` shows the
    /// fields, docs/conditions.md the language.
    #[arg(value_name = "CONDITION", help_heading = "Selection")]
    pub condition: Vec<String>,

    /// Read the condition from this file; SIGHUP has it read again, without losing what both keep
    #[arg(
        short,
        long,
        value_name = "FILE",
        conflicts_with = "condition",
        env = "LANNER_FILTER",
        help_heading = "Selection"
    )]
    pub filter: Option<PathBuf>,

    /// Syscalls and classes to capture, `!NAME` or `-NAME` to leave out; comma-separated, repeatable
    ///
    /// Classes: file, network, process, memory, signal, ipc, desc, time, creds, mount, poll, io, sched, system, all. In
    /// the order given; when the first word leaves out, everything else is captured.
    #[arg(
        short,
        long,
        value_name = "NAMES",
        allow_hyphen_values = true,
        env = "LANNER_SYSCALLS",
        help_heading = "Selection"
    )]
    pub syscalls: Vec<String>,

    /// Only the process with this id; repeatable
    #[arg(short, long, value_name = "PID", help_heading = "Selection")]
    pub pid: Vec<u32>,

    /// Only processes with this real user id; repeatable
    #[arg(short, long, value_name = "UID", help_heading = "Selection")]
    pub uid: Vec<u32>,

    /// Only threads with this name, at most 15 bytes; repeatable
    #[arg(short, long, value_name = "NAME", value_parser = select::comm, help_heading = "Selection")]
    pub comm: Vec<[u8; 16]>,
}

/// How to capture.
#[derive(Debug, Args)]
pub struct Capture {
    /// What to capture.
    #[command(flatten)]
    pub what: What,

    /// How events are written
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text", env = "LANNER_OUTPUT")]
    pub output: Format,

    /// Print these fields of each event, comma-separated: evt.time,proc.name,fd.name
    ///
    /// As columns, separated by spaces; with `-o json` as the members of an object. `lanner list fields` shows all fields.
    #[arg(long, value_name = "FIELDS", value_parser = Template::fields, conflicts_with = "format", env = "LANNER_FIELDS",
        help_heading = "Output")]
    pub fields: Option<Template>,

    /// Print each event like this: '%evt.time %proc.name(%proc.pid) %evt.type %fd.name'
    ///
    /// `%field` or `%field[argument]` is its value, `<NA>` when it has none; `%20field` takes 20 characters; `%%` is a
    /// percent sign. A `*` in front is accepted, as in Falco's rules. With `-o json` the text and the fields are members
    /// of an object.
    #[arg(long, value_name = "TEXT", value_parser = Template::parse, env = "LANNER_FORMAT", help_heading = "Output")]
    pub format: Option<Template>,

    /// Stop after this long: 10s, 5m, 1h30m
    #[arg(short, long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub duration: Option<Duration>,

    /// Stop after this many events
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Limits")]
    pub count: Option<u64>,

    /// Memory of all rings together: 64MiB, 1GiB [default: 4 MiB per CPU, at most 64 MiB]
    #[arg(long, value_name = "SIZE", value_parser = size, env = "LANNER_RING_BUDGET", help_heading = "Limits")]
    pub ring_budget: Option<ByteSize>,

    /// Bytes of a buffer's content that are kept, at most 32768
    #[arg(long, value_name = "BYTES", default_value_t = 80, env = "LANNER_SNAPLEN", help_heading = "Limits",
        value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_SNAPLEN)))]
    pub snaplen: u32,

    /// Lose whatever comes when a ring is full, instead of giving up cheap calls first while it fills
    ///
    /// Reads and writes of regular files go first, then calls that only look or wait, opens and changes of files, network,
    /// and last what changes privileges, mounts, signals or the machine. Forks, execs and exits are never given up.
    #[arg(long, env = "LANNER_NO_SHED", help_heading = "Limits")]
    pub no_shed: bool,

    /// Write events to this file instead of the standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Files")]
    pub write: Option<PathBuf>,

    /// Begin a new file when this size is reached; the old one becomes FILE.1
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "write", help_heading = "Files")]
    pub rotate_size: Option<ByteSize>,

    /// How many old files are kept
    #[arg(long, value_name = "N", requires = "rotate_size", default_value_t = 5, help_heading = "Files")]
    pub rotate_count: u32,

    /// Write the ledger to this file as JSON when the run ends
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub ledger: Option<PathBuf>,

    /// Resolve kernel structs by this BTF file instead of the running kernel's BTF
    #[arg(long, value_name = "FILE", env = "LANNER_BTF", help_heading = "Files")]
    pub btf: Option<PathBuf>,

    /// Show calls as they are, without processes, file names, users and containers: no tables are kept
    ///
    /// Nothing is captured for the tables' sake then, and a condition that needs them is refused.
    #[arg(long, visible_alias = "no-state", help_heading = "Metadata")]
    pub no_enrich: bool,

    /// Where the host's files are, when Lanner runs in a container: its /proc and /etc are read there
    #[arg(long, value_name = "DIR", default_value = "/", env = "HOST_ROOT", help_heading = "Metadata")]
    pub host_root: PathBuf,

    /// Keep the environment of processes, for proc.env
    #[arg(long, help_heading = "Metadata")]
    pub env: bool,

    /// How long the first events of a new container wait for its name; 0 for not at all
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "50ms", help_heading = "Metadata")]
    pub enrich_wait: Duration,

    /// Another socket of a container runtime to ask; repeatable
    #[arg(long, value_name = "SOCKET", help_heading = "Metadata")]
    pub container_socket: Vec<PathBuf>,

    /// Ask no container runtime: containers are known by their ids only
    #[arg(long, help_heading = "Metadata")]
    pub no_container_lookups: bool,

    /// Threads that are kept track of at most
    #[arg(long, value_name = "N", default_value_t = 262_144, help_heading = "Metadata",
        value_parser = clap::value_parser!(u32).range(1024..))]
    pub max_threads: u32,

    /// Open files that are kept track of at most
    #[arg(long, value_name = "N", default_value_t = 131_072, help_heading = "Metadata",
        value_parser = clap::value_parser!(u32).range(1024..))]
    pub max_files: u32,

    /// Where the probe comes from.
    #[command(flatten)]
    pub probe: ProbeArgs,

    /// Where pods are known from.
    #[command(flatten)]
    pub kubernetes: Kubernetes,

    /// What others may ask of the running agent.
    #[command(flatten)]
    pub telemetry: Telemetry,

    /// Keep all privileges after the start: neither capabilities are dropped, nor system calls filtered
    ///
    /// For finding out whether that is what something fails by.
    #[arg(long)]
    pub no_confine: bool,

    /// How much to log on stderr; debug and trace carry the probe's own diagnostics too
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "warn", env = "LANNER_LOG")]
    pub log_level: LogLevel,
}

/// The command whose name is most like `word`, if that is a misspelt name: no condition is one word.
#[must_use]
pub fn nearest_command(word: &str) -> Option<String> {
    let command = <Cli as clap::CommandFactory>::command();
    let names: Vec<_> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    most_like(word, names.iter().map(|command| command.get_name())).map(str::to_owned)
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; a time is such as 10s, 5m or 1h30m"))
}

fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_words| "a size is a whole number with a unit, such as 64MiB or 1GiB".to_owned())
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum LogLevel {
    /// What stops the run.
    Error,
    /// What the user should know.
    Warn,
    /// What was decided.
    Info,
    /// How it went.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The level as tracing has it.
    #[must_use]
    pub const fn filter(self) -> tracing::level_filters::LevelFilter {
        use tracing::level_filters::LevelFilter;
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }

    /// The level as the probe has it: none, unless its diagnostics are asked for.
    #[must_use]
    pub const fn probe(self) -> u8 {
        match self {
            Self::Error | Self::Warn | Self::Info => 0,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_class() {
        let mut help = Vec::new();
        super::Cli::command().write_long_help(&mut help).expect("help");
        let help = String::from_utf8(help).expect("UTF-8");
        for (class, _) in agent_common::class::ALL {
            assert!(help.contains(class), "{class} is not in --help");
        }
    }
}
