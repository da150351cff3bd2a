// SPDX-License-Identifier: Apache-2.0
//! What was typed about the probe.

use std::{path::PathBuf, time::Duration};

use agent_compile::Arch;
use bytesize::ByteSize;
use clap::{Args, Subcommand};

use super::{duration, size};
use crate::driver::{Source, build, cache, config::DRIVER_NAME};

/// Where the probe comes from.
#[derive(Clone, Debug, Args)]
pub struct ProbeArgs {
    /// Use this probe, a file or a URL, and no other
    ///
    /// The manifest beside a URL has to be signed by a trusted key.
    #[arg(long, value_name = "FILE|URL", env = "LANNER_PROBE", hide_env_values = true, help_heading = "Probe")]
    pub probe: Option<String>,

    /// Where the probe is looked for, in the order that is given [default: cache,embedded,repo,build]
    ///
    /// What is left out is not used: `repo,build` never runs the probe inside this program.
    #[arg(
        long,
        value_name = "SOURCES",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        env = "LANNER_PROBE_SOURCE",
        help_heading = "Probe"
    )]
    pub probe_source: Vec<Source>,

    /// Driver repositories, laid out as download.falco.org is; comma- or space-separated, repeatable
    ///
    /// Only https, or this machine. [default: download.falco.org/driver, by https]
    #[arg(long, value_name = "URLS", env = "DRIVERS_REPO", hide_env_values = true, help_heading = "Probe")]
    pub drivers_repo: Vec<String>,

    /// The driver version to ask repositories for [default: that of the probe inside this program]
    #[arg(long, value_name = "VERSION", env = "DRIVER_VERSION", help_heading = "Probe")]
    pub driver_version: Option<String>,

    /// What drivers are called in repositories; `falco` asks for Falco's, to see what is there
    #[arg(long, value_name = "NAME", env = "DRIVER_NAME", default_value = DRIVER_NAME, help_heading = "Probe")]
    pub driver_name: String,

    /// Look for the probe of this kernel instead of the running one's: `uname -r`
    #[arg(long, value_name = "RELEASE", env = "DRIVER_KERNEL_RELEASE", help_heading = "Probe")]
    pub driver_kernel_release: Option<String>,

    /// The same, `uname -v`
    #[arg(long, value_name = "VERSION", env = "DRIVER_KERNEL_VERSION", help_heading = "Probe")]
    pub driver_kernel_version: Option<String>,

    /// Where probes are kept [default: /var/lib/lanner/probes; without root $XDG_CACHE_HOME/lanner/probes]
    #[arg(long, value_name = "DIR", env = "LANNER_PROBE_CACHE", help_heading = "Probe")]
    pub probe_cache: Option<PathBuf>,

    /// Trust repositories signed by this key instead of the one inside this program: minisign's file, or its line; repeatable
    #[arg(long, value_name = "KEY", env = "LANNER_PROBE_KEY", value_delimiter = ',', help_heading = "Probe")]
    pub probe_key: Vec<String>,

    /// Use repositories that nobody signed, and plain http: whoever can change them can change what the kernel runs
    #[arg(long, env = "LANNER_INSECURE_PROBE", help_heading = "Probe")]
    pub insecure_probe: bool,

    /// Say this to the repositories that are named, not to those they lead to: 'Authorization: Bearer ..'; repeatable
    #[arg(
        long,
        value_name = "NAME: VALUE",
        env = "LANNER_HTTP_HEADER",
        hide_env_values = true,
        help_heading = "Probe"
    )]
    pub http_header: Vec<String>,

    /// Certificates, as PEM, that vouch for servers beside those that this machine trusts
    #[arg(long, value_name = "FILE", env = "LANNER_HTTP_CA", help_heading = "Probe")]
    pub http_ca: Option<PathBuf>,

    /// How long a file may take to come; then it is asked for again, at most three times
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s", env = "LANNER_HTTP_TIMEOUT",
        help_heading = "Probe")]
    pub http_timeout: Duration,
}

/// Where the probe comes from, and on which host.
#[derive(Clone, Debug, Args)]
pub struct Site {
    /// Where the probe comes from.
    #[command(flatten)]
    pub probe: ProbeArgs,

    /// Where the host's root is: its os-release is read there
    #[arg(long, value_name = "DIR", default_value = "/", env = "HOST_ROOT")]
    pub host_root: PathBuf,
}

/// What can be done about the probe.
#[derive(Debug, Subcommand)]
pub enum Probe {
    /// Show what this host's probe is called, where it is looked for and what is there; nothing is fetched
    Info {
        /// Where the probe comes from.
        #[command(flatten)]
        site: Site,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what falco-driver-loader --print-env printed: NAME="value", one a line
    PrintEnv {
        /// Where the probe comes from.
        #[command(flatten)]
        site: Site,
    },
    /// Fetch this host's probe from the repositories, check it, and keep it in the cache
    Fetch {
        /// Where the probe comes from.
        #[command(flatten)]
        site: Site,
        /// Write it to this file, too
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Build the probe from the sources inside this program, by the toolchain of this machine; check it, and keep it in the cache
    ///
    /// Started by root, the compiler runs as the user who called sudo or as one who owns nothing, if they can use a toolchain.
    Build(BuildArgs),
    /// Put the sources of the crates that the probe is made of into a folder, for `build --vendor` without a network
    Vendor {
        /// The folder; what else is in it stays
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
    /// Check an object as it is checked before it is loaded; exit 0 only if this lanner can load it here
    Verify {
        /// The object, a file or a URL
        #[arg(value_name = "FILE|URL")]
        object: String,
        /// Where the probe comes from.
        #[command(flatten)]
        site: Site,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show or empty the cache
    #[command(subcommand)]
    Cache(Cached),
    /// Show the keys whose signatures are trusted
    Key {
        /// Show these instead of the one inside this program: minisign's files, or their lines; repeatable
        #[arg(long, value_name = "KEY", env = "LANNER_PROBE_KEY", value_delimiter = ',')]
        probe_key: Vec<String>,
    },
}

/// What is built, and what becomes of it.
#[derive(Clone, Debug, Args)]
pub struct BuildArgs {
    /// Where the probe comes from.
    #[command(flatten)]
    pub site: Site,

    /// Build it for kernels of this machine; one for another goes to --output only
    #[arg(long, value_enum, value_name = "ARCH", default_value_t = Arch::HOST)]
    pub arch: Arch,

    /// Take crates from this folder, as `lanner probe vendor` leaves it, instead of the network
    #[arg(long, value_name = "DIR", env = build::VENDOR)]
    pub vendor: Option<PathBuf>,

    /// Write it to this file, too
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What can be done about the cache.
#[derive(Debug, Subcommand)]
pub enum Cached {
    /// Show what is in it, oldest first
    List {
        /// Where probes are kept [default: /var/lib/lanner/probes; without root $XDG_CACHE_HOME/lanner/probes]
        #[arg(long, value_name = "DIR", env = "LANNER_PROBE_CACHE")]
        probe_cache: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the oldest until at most so much is left, and what belongs to nothing that is left
    Prune {
        /// Where probes are kept [default: /var/lib/lanner/probes; without root $XDG_CACHE_HOME/lanner/probes]
        #[arg(long, value_name = "DIR", env = "LANNER_PROBE_CACHE")]
        probe_cache: Option<PathBuf>,
        /// How much to keep: 0B removes everything
        #[arg(long, value_name = "SIZE", value_parser = size, default_value_t = ByteSize(cache::LIMIT))]
        keep: ByteSize,
    },
}
