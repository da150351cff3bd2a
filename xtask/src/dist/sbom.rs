// SPDX-License-Identifier: Apache-2.0
//! What the agent is made of, as CycloneDX 1.6 has it (<https://cyclonedx.org/docs/1.6/json/>): every crate that is
//! compiled into it or the probe inside it, or runs while they are built, with licence and digest.

use std::collections::{BTreeMap, BTreeSet};

use agent_compile::Arch;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::{build, process, workspace};

/// The document. It is the same for the same Cargo.lock, so it has no time.
pub(super) fn of_agent() -> Result<Value> {
    let mut metadata = workspace::cargo("metadata");
    metadata.args(["--quiet", "--locked", "--format-version", "1"]);
    for arch in Arch::ALL {
        metadata.args(["--filter-platform", &build::target(arch)]);
    }
    let metadata = process::read(&mut metadata)?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    document(&serde_json::from_str(&metadata)?, &lock.parse()?)
}

/// The document for packages `agent` and `agent-ebpf`, which is in it, by what `cargo metadata` says, and the lock file's digests.
fn document(metadata: &Value, lock: &toml::Table) -> Result<Value> {
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    let packages: BTreeMap<&str, &Value> =
        packages.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().context("`cargo metadata` resolves nothing")?;
    let mut dependencies: BTreeMap<&str, BTreeSet<&str>> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, needed(node)))).collect();
    let ours = |name: &str| {
        let mut ours = packages.iter().filter(|(_, package)| package["name"] == name && package["source"].is_null());
        ours.next().map(|(id, _)| *id).with_context(|| format!("there is no package `{name}`"))
    };
    let (agent, probe) = (ours("agent")?, ours("agent-ebpf")?);
    dependencies.entry(agent).or_default().insert(probe);

    let mut reached = BTreeSet::new();
    let mut ahead = vec![agent];
    while let Some(id) = ahead.pop() {
        if reached.insert(id) {
            ahead.extend(dependencies.get(id).into_iter().flatten());
        }
    }
    let digests = digests(lock);
    let reference = |id: &str| packages.get(id).map(|package| reference(package)).context("an unknown package");
    let component =
        |id: &str| packages.get(id).map(|package| component(package, &digests)).context("an unknown package");

    let mut program = component(agent)?;
    program["type"] = json!("application");
    program["name"] = json!("lanner");
    let components: Vec<Value> =
        reached.iter().filter(|id| **id != agent).map(|id| component(id)).collect::<Result<_>>()?;
    let mut links = Vec::new();
    for id in &reached {
        let on = dependencies.get(id).into_iter().flatten().map(|id| reference(id)).collect::<Result<BTreeSet<_>>>()?;
        links.push(json!({"ref": reference(id)?, "dependsOn": on}));
    }
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": program},
        "components": components,
        "dependencies": links,
    });
    document["serialNumber"] = json!(serial(&document));
    Ok(document)
}

/// What a node of the graph needs when it is built: not what only its tests do.
fn needed(node: &Value) -> BTreeSet<&str> {
    let used = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
    };
    let dependencies = node["deps"].as_array().into_iter().flatten();
    dependencies.filter(used).filter_map(|dependency| dependency["pkg"].as_str()).collect()
}

/// The digests that the lock file has, by name and version.
fn digests(lock: &toml::Table) -> BTreeMap<(&str, &str), &str> {
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    packages
        .filter_map(|package| {
            let key = |name| package.get(name)?.as_str();
            Some(((key("name")?, key("version")?), key("checksum")?))
        })
        .collect()
}

/// The name of a package in the document: its package URL.
fn reference(package: &Value) -> String {
    let word = |key: &str| package[key].as_str().unwrap_or_default();
    // A `+` in a version is percent-encoded: <https://github.com/package-url/purl-spec>
    format!("pkg:cargo/{}@{}", word("name"), word("version").replace('+', "%2B"))
}

fn component(package: &Value, digests: &BTreeMap<(&str, &str), &str>) -> Value {
    let word = |key: &str| package[key].as_str();
    let (name, version) = (word("name").unwrap_or_default(), word("version").unwrap_or_default());
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "purl": reference(package),
    });
    if let Some(text) = word("description") {
        component["description"] = json!(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if let Some(license) = word("license") {
        // Old crates write `/` for OR.
        component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
    }
    if let Some(digest) = digests.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    }
    if let Some(url) = word("repository") {
        component["externalReferences"] = json!([{"type": "vcs", "url": url}]);
    }
    component
}

/// A number for the document, of its content: <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8>
fn serial(document: &Value) -> String {
    let digest = sha2::Sha256::digest(document.to_string());
    let mut bytes: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits: String = bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    let [a, b, c, d, e] = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Value {
        let package = |name: &str, source: Value, license: &str| {
            json!({"id": name, "name": name, "version": "1.0.0+x", "source": source, "license": license,
                "description": "Two\n words", "repository": "https://x"})
        };
        let needs = |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        let node = |id: &str, deps: Vec<Value>| json!({"id": id, "deps": deps});
        json!({
            "packages": [
                package("agent", Value::Null, "Apache-2.0"),
                package("agent-ebpf", Value::Null, "GPL-2.0-only"),
                package("linked", json!("registry"), "MIT/Apache-2.0"),
                package("builds", json!("registry"), "MIT"),
                package("tests", json!("registry"), "MIT"),
                package("unrelated", json!("registry"), "MIT"),
            ],
            "resolve": {"nodes": [
                node("agent", vec![needs("linked", Value::Null), needs("tests", json!("dev"))]),
                node("agent-ebpf", vec![needs("builds", Value::Null)]),
                node("linked", vec![needs("builds", json!("build"))]),
                node("builds", vec![]),
                node("tests", vec![]),
                node("unrelated", vec![]),
            ]},
        })
    }

    #[test]
    fn the_document_has_what_is_built_and_nothing_else() {
        let lock = "[[package]]\nname = \"linked\"\nversion = \"1.0.0+x\"\nchecksum = \"abc\"\n";
        let document = document(&metadata(), &lock.parse().expect("TOML")).expect("a document");
        assert_eq!((&document["bomFormat"], &document["specVersion"]), (&json!("CycloneDX"), &json!("1.6")));
        let component = &document["metadata"]["component"];
        assert_eq!((&component["type"], &component["name"]), (&json!("application"), &json!("lanner")));
        let names: Vec<_> = document["components"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["agent-ebpf", "builds", "linked"]);
        assert_eq!(
            document["components"][2],
            json!({
                "type": "library", "bom-ref": "pkg:cargo/linked@1.0.0%2Bx", "purl": "pkg:cargo/linked@1.0.0%2Bx",
                "name": "linked", "version": "1.0.0+x", "description": "Two words",
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "hashes": [{"alg": "SHA-256", "content": "abc"}],
                "externalReferences": [{"type": "vcs", "url": "https://x"}],
            })
        );
        assert_eq!(
            document["dependencies"],
            json!([
                {
                    "ref": "pkg:cargo/agent@1.0.0%2Bx",
                    "dependsOn": ["pkg:cargo/agent-ebpf@1.0.0%2Bx", "pkg:cargo/linked@1.0.0%2Bx"],
                },
                {"ref": "pkg:cargo/agent-ebpf@1.0.0%2Bx", "dependsOn": ["pkg:cargo/builds@1.0.0%2Bx"]},
                {"ref": "pkg:cargo/builds@1.0.0%2Bx", "dependsOn": []},
                {"ref": "pkg:cargo/linked@1.0.0%2Bx", "dependsOn": ["pkg:cargo/builds@1.0.0%2Bx"]},
            ])
        );
    }

    #[test]
    fn the_number_is_that_of_the_content() {
        let (one, other) = (serial(&json!({"a": 1})), serial(&json!({"a": 2})));
        assert_ne!(one, other);
        assert_eq!(one, serial(&json!({"a": 1})));
        let groups: Vec<usize> = one.strip_prefix("urn:uuid:").expect("a UUID").split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()["urn:uuid:".len() + 14], b'8');
    }

    #[test]
    fn this_workspace_has_one() {
        let document = of_agent().expect("a document");
        let components = document["components"].as_array().expect("a list");
        let references: BTreeSet<_> = components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
        assert_eq!(references.len(), components.len(), "each reference is there once");
        assert!(references.iter().any(|reference| reference.starts_with("pkg:cargo/aya@")));
        assert!(references.iter().any(|reference| reference.starts_with("pkg:cargo/aya-ebpf@")));
        assert!(!references.iter().any(|reference| reference.starts_with("pkg:cargo/proptest@")));
        for one in components {
            let ours = one["name"].as_str().is_some_and(|name| name.starts_with("agent-"));
            assert!(ours || one["hashes"][0]["content"].as_str().is_some_and(|digest| digest.len() == 64), "{one}");
            assert!(one["licenses"][0]["expression"].is_string(), "{one}");
        }
    }
}
