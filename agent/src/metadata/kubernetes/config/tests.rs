// SPDX-License-Identifier: Apache-2.0

use std::{collections::HashMap, fs, process};

use super::*;

/// A folder that goes when this goes.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("lanner-kubernetes-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

fn of(args: &cli::Kubernetes, env: &[(&str, &str)], account: &Path) -> Result<(Option<Config>, Vec<String>)> {
    let env: HashMap<_, _> = env.iter().copied().collect();
    Config::from(args, &|name| env.get(name).map(|value| (*value).to_owned()), account)
}

fn api(url: &str) -> cli::Kubernetes {
    cli::Kubernetes { k8s_api: Some(url.to_owned()), k8s_node: Some("n".to_owned()), ..cli::Kubernetes::default() }
}

fn wrong(args: &cli::Kubernetes) -> String {
    format!("{:#}", of(args, &[], Path::new("/nowhere")).expect_err("it is wrong"))
}

#[test]
fn in_a_cluster_it_is_on() {
    let folder = Folder::new("in-cluster");
    folder.file("token", "secret");
    folder.file("ca.crt", CERTIFICATE);
    let args = cli::Kubernetes::default();
    for (host, port, url) in [
        ("10.96.0.1", "443", "https://10.96.0.1:443/"),
        ("fd00::1", "6443", "https://[fd00::1]:6443/"),
        ("kubernetes.default", "", "https://kubernetes.default:443/"),
    ] {
        let env = [("KUBERNETES_SERVICE_HOST", host), ("KUBERNETES_SERVICE_PORT", port), ("NODE_NAME", "node-1")];
        let (config, warnings) = of(&args, &env, &folder.0).expect("right");
        let config = config.expect("on");
        assert_eq!((config.server().as_str(), config.node.as_deref()), (url, Some("node-1")));
        assert_eq!(warnings, Vec::<String>::new());
    }
    // A proxy that the environment names is not asked.
    let (config, _) =
        of(&args, &[("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("HTTPS_PROXY", "http://proxy:3128")], &folder.0)
            .expect("right");
    let (settings, token) = config.expect("on").access.settings().expect("settings");
    assert_eq!((settings.proxy_url, token), (None, Some(folder.0.join("token"))));
}

#[test]
fn without_a_node_the_cost_is_named_once() {
    let (config, warnings) =
        of(&cli::Kubernetes { k8s_node: None, ..api("http://127.0.0.1:1") }, &[], Path::new("/nowhere"))
            .expect("right");
    assert!(config.is_some_and(|config| config.node.is_none()));
    assert!(matches!(&*warnings, [one] if one.contains("12 kB") && one.contains("NODE_NAME")), "{warnings:?}");
}

#[test]
fn elsewhere_it_is_off() {
    let nowhere = Path::new("/nowhere");
    let (config, warnings) = of(&cli::Kubernetes::default(), &[], nowhere).expect("right");
    assert!(config.is_none() && warnings.is_empty());
    let (config, warnings) =
        of(&cli::Kubernetes::default(), &[("KUBERNETES_SERVICE_HOST", "10.96.0.1")], nowhere).expect("right");
    assert!(config.is_none());
    assert!(matches!(&*warnings, [one] if one.contains("/nowhere/token") && one.contains("--no-k8s")), "{warnings:?}");
    let args = cli::Kubernetes { k8s_node: Some("n".to_owned()), ..cli::Kubernetes::default() };
    let (config, warnings) = of(&args, &[], nowhere).expect("right");
    assert!(config.is_none());
    assert!(matches!(&*warnings, [one] if one.contains("--k8s-node") && one.contains("--k8s-api")), "{warnings:?}");
    let args = cli::Kubernetes { no_k8s: true, ..api("https://127.0.0.1:1") };
    let (config, warnings) = of(&args, &[("KUBERNETES_SERVICE_HOST", "10.96.0.1")], nowhere).expect("right");
    assert!(config.is_none() && warnings.is_empty());
}

#[test]
fn an_address_is_an_address() {
    for url in
        ["https://10.0.0.1:6443", "http://127.0.0.1:8001/", " https://host/k8s/clusters/c-1 ", "https://[::1]:6443"]
    {
        let (config, warnings) = of(&api(url), &[], Path::new("/nowhere")).expect("right");
        assert!(config.is_some() && warnings.is_empty(), "{url}: {warnings:?}");
    }
    for url in [
        "",
        "10.0.0.1:6443",
        "10.0.0.1",
        "ftp://10.0.0.1",
        "https://",
        "https:///path",
        "https://user:word@10.0.0.1",
        "https://10.0.0.1:70000",
        "https://10.0.0.1/?x=1",
        "https://exa mple",
    ] {
        let error = wrong(&api(url));
        assert!(error.starts_with("--k8s-api ") && error.contains(url), "{error}");
    }
    assert!(wrong(&api("10.0.0.1:6443")).contains("such as https://10.0.0.1:6443"));
}

#[test]
fn files_are_named_when_they_are_wrong() {
    let folder = Folder::new("files");
    let with_token = |file: &Path| cli::Kubernetes { k8s_token: Some(file.to_owned()), ..api("https://127.0.0.1:1") };
    let with_ca = |file: &Path| cli::Kubernetes { k8s_ca: Some(file.to_owned()), ..api("https://127.0.0.1:1") };
    let with_config = |file: &Path| cli::Kubernetes { kubeconfig: Some(file.to_owned()), ..cli::Kubernetes::default() };
    let missing = folder.0.join("missing");
    let large = folder.file("large", &"x".repeat(2 << 20));
    for (args, flag, file, why) in [
        (with_token(&missing), "--k8s-token", &missing, "No such file"),
        (with_token(&folder.file("empty", "\n")), "--k8s-token", &folder.0.join("empty"), "empty"),
        (with_token(&folder.file("two", "a\nb")), "--k8s-token", &folder.0.join("two"), "one word"),
        (with_token(&large), "--k8s-token", &large, "1 MiB"),
        (with_ca(&missing), "--k8s-ca", &missing, "No such file"),
        (with_ca(&folder.file("key", "-----BEGIN PRIVATE KEY-----")), "--k8s-ca", &folder.0.join("key"), "PEM"),
        (with_config(&missing), "--kubeconfig", &missing, "No such file"),
        (with_config(&folder.file("yaml", "clusters: [")), "--kubeconfig", &folder.0.join("yaml"), "no kubeconfig"),
        (with_config(&folder.file("none", "{}")), "--kubeconfig", &folder.0.join("none"), "current context"),
    ] {
        let error = wrong(&args);
        assert!(error.starts_with(flag) && error.contains(&*file.to_string_lossy()) && error.contains(why), "{error}");
    }
    // A new line behind the token is no part of it.
    let (config, _) = of(&with_token(&folder.file("token", "secret\n")), &[], &folder.0).expect("right");
    assert!(config.is_some());
}

#[test]
fn a_token_in_the_clear_is_warned_of() {
    let folder = Folder::new("clear");
    let token = folder.file("token", "secret");
    for (url, warned) in
        [("http://10.0.0.1", true), ("https://10.0.0.1", false), ("http://127.0.0.1", false), ("http://[::1]:1", false)]
    {
        let args = cli::Kubernetes { k8s_token: Some(token.clone()), ..api(url) };
        let (_, warnings) = of(&args, &[], &folder.0).expect("right");
        assert_eq!(warnings.iter().any(|warning| warning.contains("unencrypted")), warned, "{url}");
    }
}

#[test]
fn a_kubeconfig_says_how() {
    let folder = Folder::new("kubeconfig");
    let config = |cluster: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: 'https://10.0.0.1:6443'{cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\n"
        )
    };
    let load = |name: &str, text: &str| {
        let file = folder.file(name, text);
        let args = cli::Kubernetes { kubeconfig: Some(file), ..cli::Kubernetes::default() };
        of(&args, &[("NODE_NAME", "n")], &folder.0)
    };
    let (loaded, _) = load("token", &config("", "tokenFile: tokens/t")).expect("right");
    let (settings, token) = loaded.expect("on").access.settings().expect("settings");
    assert_eq!(settings.cluster_url.to_string(), "https://10.0.0.1:6443/");
    assert_eq!(token, Some(folder.0.join("tokens/t")));
    assert!(settings.auth_info.token_file.is_none());

    let (loaded, _) = load("inline", &config(", proxy-url: 'http://proxy:3128'", "token: secret")).expect("right");
    let config_debug = format!("{loaded:?}");
    let (settings, token) = loaded.expect("on").access.settings().expect("settings");
    assert_eq!((token, settings.proxy_url.map(|url| url.to_string()).as_deref()), (None, Some("http://proxy:3128/")));
    assert!(!config_debug.contains("secret"));

    let error = load("socks", &config(", proxy-url: 'socks5://proxy:1080'", "token: secret")).expect_err("wrong");
    assert!(format!("{error:#}").contains("socks5://proxy:1080"), "{error:#}");
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, interactiveMode: Never}";
    let error = format!("{:#}", load("exec", &config("", exec)).expect_err("wrong"));
    assert!(error.contains("(get-token)") && error.contains("tokenFile"), "{error}");
}
