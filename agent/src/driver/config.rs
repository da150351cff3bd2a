// SPDX-License-Identifier: Apache-2.0
//! What was typed and what the environment says, as what it means for the probe.

use std::{
    env,
    path::{Path, PathBuf},
};

use agent_common::identity;
use thiserror::Error;

use super::{
    address::Address,
    cache::Cache,
    host::Description,
    http,
    proxy::Proxies,
    report::Source,
    signature::{KeyError, Keys},
    url::{self, BadName, Target},
    verify::ARCH,
};
use crate::cli;

/// The key file that the binary was built with.
pub(super) const EMBEDDED_KEY: Option<&str> = include!(concat!(env!("OUT_DIR"), "/embedded_key.rs"));

/// What drivers are called, unless somebody says otherwise.
pub const DRIVER_NAME: &str = "lanner";

/// Where a probe is looked for, and whom to trust.
#[derive(Clone, Debug)]
pub struct Config {
    /// The sources, in the order in which they are tried.
    pub order: Vec<Source>,
    /// `--probe`: instead of all of them.
    pub given: Option<String>,
    /// URLs of repositories.
    pub repositories: Vec<String>,
    /// Whether somebody named them.
    pub repositories_named: bool,
    /// The driver version to ask for.
    pub driver_version: String,
    /// What drivers are called.
    pub driver_name: String,
    /// What this kernel is called.
    pub target: Target,
    /// Where the cache is; nowhere for users without a home.
    pub cache: Option<PathBuf>,
    /// Whether somebody named it.
    pub cache_named: bool,
    /// Whose word is taken.
    pub keys: Keys,
    /// Whether unsigned repositories are used all the same.
    pub insecure: bool,
    /// How files are fetched.
    pub http: http::Settings,
}

/// What was typed can't be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A name can't be part of a URL.
    #[error(transparent)]
    Name(#[from] BadName),
    /// A key is none.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Config {
    /// As `args` say, for the host whose root is at `host_root`.
    ///
    /// # Errors
    /// When a name or a key is none.
    pub fn of(args: &cli::ProbeArgs, host_root: &Path) -> Result<Self, ConfigError> {
        let get = |name: &str| env::var(name).ok();
        let named: Vec<_> = args
            .drivers_repo
            .iter()
            .flat_map(|list| list.split(|c: char| c == ',' || c.is_whitespace()))
            .filter(|word| !word.is_empty())
            .collect();
        let repositories_named = !named.is_empty();
        let repositories = if repositories_named { named } else { vec![url::DEFAULT_REPOSITORY] };
        let mut order = Vec::new();
        for source in if args.probe_source.is_empty() { &Source::ORDER[..] } else { &args.probe_source } {
            if !order.contains(source) {
                order.push(*source);
            }
        }
        let version = some(args.driver_version.as_deref()).unwrap_or(identity::VERSION);
        let name = some(Some(&args.driver_name)).unwrap_or(DRIVER_NAME);
        let keys: Vec<_> = args.probe_key.iter().filter(|key| !key.is_empty()).cloned().collect();
        let (release, build) = (&args.driver_kernel_release, &args.driver_kernel_version);
        let description = Description::read(host_root, some(release.as_deref()), some(build.as_deref()));
        let target = description.target();
        Ok(Self {
            order,
            given: some(args.probe.as_deref()).map(str::to_owned),
            repositories: repositories.into_iter().map(str::to_owned).collect(),
            repositories_named,
            driver_version: url::checked("a driver version", version)?.to_owned(),
            driver_name: url::checked("a driver's name", name)?.to_owned(),
            target,
            cache: args.probe_cache.clone().or_else(|| Cache::default_root(get)),
            cache_named: args.probe_cache.is_some(),
            keys: Keys::new(&keys, EMBEDDED_KEY)?,
            insecure: args.insecure_probe,
            http: http::Settings {
                timeout: args.http_timeout,
                insecure: args.insecure_probe,
                headers: args.http_header.iter().filter(|header| !header.is_empty()).cloned().collect(),
                ca: args.http_ca.clone(),
                proxies: Proxies::of(get),
                progress: true,
            },
        })
    }

    /// As [`Self::of`], of a command's options.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn at(site: &cli::Site) -> Result<Self, ConfigError> {
        Self::of(&site.probe, &site.host_root)
    }

    /// The names under which a probe for this kernel may lie, the best first.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        let mut names = vec![url::portable_object(&self.driver_name)];
        names.extend(self.target.is_determined().then(|| url::kernel_object(&self.driver_name, &self.target)));
        names
    }

    /// The names under which this kernel's BTF may lie.
    #[must_use]
    pub fn btfs(&self) -> Vec<String> {
        let names = self.target.is_determined().then(|| url::kernel_btf(&self.driver_name, &self.target));
        names.into_iter().flatten().collect()
    }

    /// The repositories, without passwords.
    #[must_use]
    pub fn shown_repositories(&self) -> Vec<String> {
        self.repositories.iter().map(|repository| without_password(repository)).collect()
    }

    /// What `--probe` names, without a password.
    #[must_use]
    pub fn shown_given(&self) -> Option<String> {
        let given = self.given.as_deref()?;
        Some(if given.contains("://") { without_password(given) } else { given.to_owned() })
    }

    /// Every URL where a probe may lie, in the order in which they are asked for.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let addresses = self.repositories.iter().filter_map(|repository| repository.parse::<Address>().ok());
        let folders = addresses.flat_map(|address| url::folders(&address.to_string(), &self.driver_version, ARCH));
        folders.flat_map(|folder| self.objects().into_iter().map(move |name| url::file(&folder, &name))).collect()
    }
}

/// A URL, or why it is none.
fn without_password(url: &str) -> String {
    url.parse::<Address>().map_or_else(|error| error.to_string(), |address| address.to_string())
}

/// A variable that is empty is one that is not there.
fn some(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        probe: cli::ProbeArgs,
    }

    fn typed(args: &[&str]) -> cli::ProbeArgs {
        Typed::try_parse_from([&["lanner"], args].concat()).expect("options").probe
    }

    fn of(args: &[&str]) -> Result<Config, ConfigError> {
        Config::of(&typed(args), Path::new("/nonexistent"))
    }

    #[test]
    fn lists_are_taken_apart() {
        let config = of(&[
            "--drivers-repo",
            "https://a/x, https://b/y\n\thttps://c/z,,",
            "--drivers-repo",
            "https://me:pw@d",
            "--probe-source",
            "build,repo,build,cache,repo",
        ]);
        let config = config.expect("a configuration");
        assert_eq!(config.repositories, ["https://a/x", "https://b/y", "https://c/z", "https://me:pw@d"]);
        assert_eq!(config.shown_repositories()[3], "https://d/");
        assert_eq!(config.order, [Source::Build, Source::Repo, Source::Cache]);
        assert!(config.repositories_named && !config.target.is_determined());
        // Nobody knows this host, so that each repository is asked for one name in two folders.
        assert_eq!(config.urls().len(), 8);
        assert!(config.btfs().is_empty());
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let config = of(&[
            "--drivers-repo=",
            "--driver-name=",
            "--driver-version=",
            "--driver-kernel-release=",
            "--probe=",
            "--probe-key=",
            "--http-header=",
        ]);
        let (config, plain) = (config.expect("a configuration"), of(&[]).expect("a configuration"));
        assert_eq!(config.repositories, [url::DEFAULT_REPOSITORY]);
        assert_eq!((config.driver_name.as_str(), config.driver_version.as_str()), ("lanner", identity::VERSION));
        assert_eq!(config.urls(), plain.urls());
        assert!(!config.repositories_named && config.given.is_none() && config.http.headers.is_empty());
        assert_eq!(config.keys.iter().count(), plain.keys.iter().count());
        assert_eq!(config.order, Source::ORDER);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for args in [["--driver-name", "../x"], ["--driver-version", "a b"], ["--driver-version", ".."]] {
            assert!(matches!(of(&args), Err(ConfigError::Name(_))), "{args:?}");
        }
        assert!(matches!(of(&["--probe-key", "nonsense"]), Err(ConfigError::Key(_))));
    }
}
