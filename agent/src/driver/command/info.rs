// SPDX-License-Identifier: Apache-2.0
//! `lanner probe info`: what would be done, without asking anybody.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde::Serialize;

use crate::driver::{
    Carried, Config, Object, Source,
    cache::{Cache, Key},
    verify::{ARCH, Facts},
};

/// What is shown.
#[derive(Debug, Serialize)]
pub(super) struct Info {
    kernel: Kernel,
    driver_version: String,
    driver_name: String,
    /// Keys whose signatures are trusted, by their names.
    keys: Vec<String>,
    insecure: bool,
    /// What `--probe` names, instead of all sources.
    given: Option<String>,
    sources: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Kernel {
    arch: &'static str,
    target: String,
    release: String,
    version: String,
    /// Whether the distribution is known, without which only the portable probe is asked for.
    determined: bool,
}

/// A source, in the order in which they are asked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase", tag = "source")]
enum Step {
    Cache {
        folder: Option<PathBuf>,
        /// Where what is there is from.
        holds: Vec<String>,
        problem: Option<String>,
    },
    Embedded {
        object: Option<Facts>,
        problem: Option<String>,
    },
    Repo {
        urls: Vec<String>,
    },
    Build {
        available: bool,
    },
}

impl Info {
    pub(super) fn of(config: &Config, carried: &Carried) -> Self {
        let sources = config.order.iter().filter_map(|source| match source {
            Source::Given => None,
            Source::Cache => Some(cache(config)),
            Source::Embedded => Some(embedded(carried)),
            Source::Repo => Some(Step::Repo { urls: config.urls() }),
            Source::Build => Some(Step::Build { available: carried.builder.is_some() }),
        });
        Self {
            kernel: Kernel {
                arch: ARCH,
                target: config.target.id.clone(),
                release: config.target.release.clone(),
                version: config.target.version.clone(),
                determined: config.target.is_determined(),
            },
            driver_version: config.driver_version.clone(),
            driver_name: config.driver_name.clone(),
            keys: config.keys.iter().map(|key| format!("{} of {}", key.id, key.from)).collect(),
            insecure: config.insecure,
            given: config.shown_given(),
            sources: sources.collect(),
        }
    }

    /// As text.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { kernel, driver_version, driver_name, keys, insecure, given, sources } = self;
        let Kernel { arch, target, release, version, determined } = kernel;
        let unknown =
            if *determined { "" } else { "; the distribution is not known, so only the portable probe is asked for" };
        writeln!(out, "kernel    {arch}, target {target}, release {release}, version {version}{unknown}")?;
        writeln!(out, "driver    {driver_name} {driver_version}")?;
        let trusted = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        let but = if *insecure { "; unsigned repositories are used all the same (--insecure-probe)" } else { "" };
        writeln!(out, "keys      {trusted}{but}")?;
        if let Some(given) = given {
            return writeln!(out, "\n--probe names {given}, and no other is used");
        }
        writeln!(out, "\nasked in this order:")?;
        sources.iter().enumerate().try_for_each(|(i, step)| step.write(i + 1, out))
    }
}

impl Step {
    fn write(&self, number: usize, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Cache { folder, holds, problem } => {
                let folder =
                    folder.as_ref().map_or_else(|| "no folder".to_owned(), |folder| folder.display().to_string());
                let problem =
                    problem.as_deref().unwrap_or(if holds.is_empty() { "nothing for this kernel" } else { "" });
                writeln!(out, "{number}. cache     {folder}{}{problem}", if problem.is_empty() { "" } else { ": " })?;
                holds.iter().try_for_each(|from| writeln!(out, "   has       {from}"))
            }
            Self::Embedded { object: Some(facts), .. } => {
                let Facts { version, abi, build_id, bytes, .. } = facts;
                writeln!(out, "{number}. embedded  version {version}, ABI {abi}, build {build_id}, {bytes} bytes")
            }
            Self::Embedded { object: None, problem } => {
                writeln!(out, "{number}. embedded  {}", problem.as_deref().unwrap_or("none"))
            }
            Self::Repo { urls } => {
                writeln!(out, "{number}. repo")?;
                urls.iter().try_for_each(|url| writeln!(out, "   asks for  {url}"))
            }
            Self::Build { available } => {
                let words =
                    if *available { "from the sources inside this program" } else { "this program has no sources" };
                writeln!(out, "{number}. build     {words}")
            }
        }
    }
}

fn cache(config: &Config) -> Step {
    let folder = config.cache.clone();
    let mut holds = Vec::new();
    let mut look = || {
        let Some(root) = &folder else { return Ok(()) };
        let cache = Cache::open(root)?;
        for file in &config.objects() {
            let key = Key { driver_version: &config.driver_version, arch: ARCH, file };
            holds.extend(cache.find(key)?.map(|found| found.entry.from));
        }
        Ok::<_, crate::driver::cache::CacheError>(())
    };
    let problem = look().err().map(|error| error.to_string());
    Step::Cache { folder, holds, problem }
}

fn embedded(carried: &Carried) -> Step {
    match carried.object.map(Object::check) {
        None => Step::Embedded { object: None, problem: Some("this program was built without a probe".to_owned()) },
        Some(Ok(object)) => Step::Embedded { object: Some(object.facts().clone()), problem: None },
        Some(Err(error)) => Step::Embedded { object: None, problem: Some(error.to_string()) },
    }
}
