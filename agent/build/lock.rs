// SPDX-License-Identifier: Apache-2.0
//! A part of Cargo.lock: what some of the workspace's members are built from.

use std::{collections::BTreeSet, error::Error};

/// A package, as the lock file has it.
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    /// Each as `name`, `name version` or `name version (source)`: as much as tells it from others.
    dependencies: Vec<&'a str>,
    text: &'a str,
}

/// The lock file with the packages that `members` reach. The whole workspace asks for more features than its part does, so
/// there may be a few more than that needs; cargo drops them.
pub(crate) fn only(lock: &str, members: &[&str]) -> Result<String, Box<dyn Error>> {
    let mut parts = lock.split("[[package]]\n");
    let head = parts.next().unwrap_or_default();
    let packages = parts.map(parse).collect::<Option<Vec<_>>>().ok_or("Cargo.lock is not of the form that is known")?;
    let find = |dependency: &str| {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next(), words.next());
        let is = |package: &Package<'_>| {
            Some(package.name) == name && version.is_none_or(|version| version == package.version)
        };
        packages.iter().position(is).ok_or_else(|| format!("Cargo.lock has no package {dependency}"))
    };

    let mut reached = BTreeSet::new();
    let mut ahead = members.iter().map(|member| find(member)).collect::<Result<Vec<_>, _>>()?;
    while let Some(at) = ahead.pop() {
        let Some(package) = packages.get(at).filter(|_| reached.insert(at)) else { continue };
        for dependency in &package.dependencies {
            ahead.push(find(dependency)?);
        }
    }

    // Names that are no longer there twice stay with their versions; cargo reads either.
    let kept = reached.iter().filter_map(|at| packages.get(*at));
    Ok(kept.fold(head.to_owned(), |text, package| text + "[[package]]\n" + package.text.trim_end() + "\n\n"))
}

fn parse(text: &str) -> Option<Package<'_>> {
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'));
    let list = text.split_once("dependencies = [\n").map_or("", |(_, list)| list);
    let mut dependencies = Vec::new();
    for line in list.lines().map(str::trim).take_while(|line| *line != "]") {
        dependencies.push(line.strip_prefix('"')?.strip_suffix("\",")?);
    }
    Some(Package { name: field("name")?, version: field("version")?, dependencies, text })
}
