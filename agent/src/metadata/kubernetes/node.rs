// SPDX-License-Identifier: Apache-2.0
//! Which node's pods are asked for.

use crate::cli;

/// What it costs not to know.
pub(super) const MISSING: &str = "no node name is given, so all pods of the cluster are asked for and kept: some 12 kB \
                                  from the API server (1 kB compressed) and 1 KB of memory for each, and every change of \
                                  any pod. Give the name with --k8s-node, or in a DaemonSet set NODE_NAME from spec.nodeName";

/// Where the name may be in the environment, behind what was typed and `LANNER_K8S_NODE`, which count as one.
const VARIABLES: [&str; 3] = ["FALCO_K8S_NODE_NAME", "MY_NODE_NAME", "NODE_NAME"];

/// The name of the node, as somebody gave it. It is never guessed: the host's name may be another.
pub(super) fn of(args: &cli::Kubernetes, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let given = |name: &String| !name.trim().is_empty();
    let typed = args.k8s_node.clone().filter(given);
    let name = typed.or_else(|| VARIABLES.into_iter().find_map(|name| env(name).filter(given)))?;
    Some(name.trim().to_owned())
}

/// Which pods are asked for: those of `node` that have not finished. Finished pods have no processes.
pub(super) fn selector(node: Option<&str>) -> String {
    const UNFINISHED: &str = "status.phase!=Failed,status.phase!=Unknown,status.phase!=Succeeded";
    match node {
        None => UNFINISHED.to_owned(),
        Some(node) => format!("spec.nodeName={},{UNFINISHED}", escaped(node)),
    }
}

/// A value in a selector.
/// <https://github.com/kubernetes/apimachinery/blob/v0.34.0/pkg/fields/selector.go#L190>
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '=') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn names_are_looked_for_in_order() {
        let all = [("NODE_NAME", "last"), ("MY_NODE_NAME", " third\n"), ("FALCO_K8S_NODE_NAME", "second")];
        let mut environment = HashMap::new();
        let mut args = cli::Kubernetes::default();
        let of = |args: &cli::Kubernetes, environment: &HashMap<&str, &str>| {
            of(args, &|name| environment.get(name).map(|value| (*value).to_owned()))
        };
        assert_eq!(of(&args, &environment), None);
        for (name, value) in all {
            environment.insert(name, value);
            assert_eq!(of(&args, &environment).as_deref(), Some(value.trim()));
        }
        args.k8s_node = Some("first".to_owned());
        assert_eq!(of(&args, &environment).as_deref(), Some("first"));
        // What is empty was not given.
        args.k8s_node = Some(String::new());
        environment.insert("FALCO_K8S_NODE_NAME", " ");
        assert_eq!(of(&args, &environment).as_deref(), Some("third"));
    }

    #[test]
    fn a_name_cannot_widen_the_selection() {
        assert_eq!(selector(None), "status.phase!=Failed,status.phase!=Unknown,status.phase!=Succeeded");
        assert!(
            selector(Some("ip-10-0-0-1.internal")).starts_with("spec.nodeName=ip-10-0-0-1.internal,status.phase!=")
        );
        assert!(selector(Some(r"a,b=\c")).starts_with(r"spec.nodeName=a\,b\=\\c,status.phase!="));
    }
}
