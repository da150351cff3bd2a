// SPDX-License-Identifier: Apache-2.0
//! What is in `deploy` fits the agent: options, variables, conditions, capabilities and versions are its own, and the ways
//! to install it say the same.

use std::{
    collections::BTreeSet,
    env, fs, iter,
    path::{Path, PathBuf},
};

use agent::{
    cli::{Capture, Cli},
    filter::wanted::{Shown, Wanted},
    host::capabilities::START,
    telemetry::Listen,
};
use clap::{CommandFactory as _, Parser as _};
use serde_json::Value;

/// A file in `deploy`.
fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}

/// The objects of a file of manifests.
fn objects(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|error| unreachable!("{error}\n{text}"))
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind)
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|value| value.as_str().expect("a string")).collect()
}

/// What the agent makes of arguments, which must be right, as the condition in them must be.
fn parsed<'a, A: IntoIterator<Item = &'a str>>(args: A) -> Capture {
    let cli = Cli::try_parse_from(iter::once("lanner").chain(args)).expect("arguments that the agent knows");
    Wanted::of(&cli.capture.what, Shown { tables: true, sides: true }).expect("a condition");
    cli.capture
}

/// The variables that the agent reads.
fn variables() -> BTreeSet<String> {
    let command = Cli::command();
    command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str().expect("UTF-8").to_owned())).collect()
}

/// The capabilities, as Kubernetes writes them.
fn capabilities() -> Vec<String> {
    START.iter().map(|one| one.to_string().trim_start_matches("CAP_").to_owned()).collect()
}

/// Looks at a DaemonSet's container: what it is told, and what it sees of the host.
fn check_container(daemonset: &Value) -> Capture {
    let pod = &daemonset["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let capture = parsed(strings(&container["args"]));
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().expect("a name");
        assert!(variables().contains(name), "the agent does not read {name}");
    }
    assert_eq!(pod["hostPID"], true, "it refuses to run otherwise");
    // Everything of the host is below the folder that the agent looks below, and can't be written.
    let root = capture.host_root.to_str().expect("UTF-8");
    let mounts = container["volumeMounts"].as_array().expect("mounts");
    for volume in pod["volumes"].as_array().expect("volumes") {
        let Some(path) = volume["hostPath"]["path"].as_str() else { continue };
        let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).expect("a volume that is mounted");
        assert_eq!(
            (mount["mountPath"].as_str(), &mount["readOnly"]),
            (Some(&*format!("{root}{path}")), &Value::Bool(true))
        );
    }
    // The probes ask where the agent listens.
    let port = container["ports"][0]["containerPort"].as_u64().expect("a port");
    let listens = format!("0.0.0.0:{port}").parse::<Listen>().expect("an address");
    assert_eq!(capture.telemetry.metrics_listen, Some(listens));
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], container["ports"][0]["name"], "{probe}");
    }
    capture
}

#[test]
fn manifests_fit_the_agent() {
    let objects = objects(&source("kubernetes/base/daemonset.yaml"));
    let daemonset = of_kind(&objects, "DaemonSet").expect("a DaemonSet");
    assert!(!check_container(daemonset).what.condition.is_empty(), "all calls of a node are too many");
    let patch = self::objects(&source("kubernetes/least-privilege/daemonset.yaml"));
    let container = &patch[0]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(strings(&container["securityContext"]["capabilities"]["add"]), capabilities());
}

#[test]
fn the_unit_fits_the_agent() {
    let unit = source("systemd/lanner.service");
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).expect("a key");
    let mut words = value("ExecStart").split(' ');
    assert_eq!(words.next(), Some("/usr/bin/lanner"));
    let capture = parsed(words);
    let folder = capture.write.as_deref().and_then(Path::parent);
    assert_eq!(folder, Some(&*Path::new("/var/log").join(value("LogsDirectory"))), "nothing else can be written");
    let wanted: Vec<_> = START.iter().map(ToString::to_string).collect();
    assert_eq!(value("CapabilityBoundingSet").split(' ').collect::<Vec<_>>(), wanted);
}

#[test]
fn everything_is_of_one_version() {
    let version = env!("CARGO_PKG_VERSION");
    let chart = objects(&source("helm/lanner/Chart.yaml"));
    assert_eq!((&chart[0]["version"], &chart[0]["appVersion"]), (&Value::from(version), &Value::from(version)));
    assert!(source("image/Dockerfile").contains(&format!("\nARG VERSION={version}\n")));
    let image = format!("image: ghcr.io/lanner-agent/lanner:{version}\n");
    assert!(source("kubernetes/base/daemonset.yaml").contains(&image));
}

/// The folder of what `cargo xtask ci --only deploy` rendered.
fn folder() -> PathBuf {
    PathBuf::from(env::var_os("LANNER_RENDERED").expect("the folder of what was rendered"))
}

/// A file there. Where a tool is missing there is no such file, as the gate says.
fn rendered(name: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(folder().join(name).with_extension("yaml")).ok()?;
    Some(objects(&text))
}

/// What must be the same however it was installed; labels and names of releases are not.
fn essence(objects: &[Value]) -> Vec<&Value> {
    let of = |kind: &str| of_kind(objects, kind).expect("an object of each kind");
    let daemonset = &of("DaemonSet")["spec"];
    vec![
        &daemonset["template"]["spec"],
        &daemonset["updateStrategy"],
        &of("ClusterRole")["rules"],
        &of("ClusterRoleBinding")["subjects"],
        &of("ResourceQuota")["spec"],
        &of("ServiceAccount")["automountServiceAccountToken"],
    ]
}

#[test]
#[ignore = "`cargo xtask ci --only deploy` renders first"]
fn the_chart_and_the_manifests_say_the_same() {
    for (plain, chart) in [("plain", "helm"), ("plain-least-privilege", "helm-least-privileged")] {
        let (Some(plain), Some(chart)) = (rendered(plain), rendered(chart)) else { continue };
        for (plain, chart) in essence(&plain).into_iter().zip(essence(&chart)) {
            assert_eq!(plain, chart);
        }
    }
}

#[test]
#[ignore = "`cargo xtask ci --only deploy` renders first"]
fn what_is_rendered_fits_the_agent() {
    for name in ["plain", "plain-least-privilege", "helm", "helm-least-privileged", "helm-everything", "helm-little"] {
        let Some(objects) = rendered(name) else { continue };
        let daemonset = of_kind(&objects, "DaemonSet").expect("a DaemonSet");
        let capture = check_container(daemonset);
        let context = &daemonset["spec"]["template"]["spec"]["containers"][0]["securityContext"];
        if name.contains("least") {
            assert_eq!(strings(&context["capabilities"]["add"]), capabilities(), "{name}");
            assert_eq!(
                (strings(&context["capabilities"]["drop"]), &context["privileged"]),
                (vec!["ALL"], &false.into())
            );
        } else {
            assert_eq!(context["privileged"], true, "{name}");
        }
        if name == "helm-little" {
            assert!(capture.kubernetes.no_k8s && capture.no_container_lookups && capture.what.condition.is_empty());
            assert_eq!(of_kind(&objects, "ClusterRole"), None, "who asks nothing needs no right to");
        }
        if let Some(role) = of_kind(&objects, "ClusterRole") {
            let rule = &role["rules"][0];
            assert_eq!(strings(&rule["resources"]), ["pods"], "{name}");
            assert_eq!(strings(&rule["verbs"]), ["get", "list", "watch"], "{name}");
        }
    }
}
