// SPDX-License-Identifier: Apache-2.0
//! How the API server is reached: its address, who vouches for it, and as whom it is asked.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use hyper::{
    Uri,
    header::HeaderValue,
    http::uri::{Parts, PathAndQuery},
};
use kube::config::Kubeconfig;

use super::reason::Failure;

/// The longest file of a token or of certificates that is read.
const MAX_FILE: u64 = 1 << 20;

/// How the API server is reached.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// At an address.
    Address {
        url: Uri,
        /// The file with the token.
        token: Option<PathBuf>,
        /// The file with the certificates; without it the system's are asked.
        ca: Option<PathBuf>,
    },
    /// As a kubeconfig says. It is read again for each connection.
    Kubeconfig(PathBuf),
}

impl Access {
    /// By what was typed.
    pub(super) fn typed(url: &str, token: Option<&Path>, ca: Option<&Path>) -> Result<Self> {
        let url = address(url).with_context(|| format!("--k8s-api {url} is no address of an API server"))?;
        if let Some(file) = token {
            bearer(file).with_context(|| format!("--k8s-token {} can't be used", file.display()))?;
        }
        if let Some(file) = ca {
            certificates(file).with_context(|| format!("--k8s-ca {} can't be used", file.display()))?;
        }
        Ok(Self::Address { url, token: token.map(Path::to_owned), ca: ca.map(Path::to_owned) })
    }

    /// By what is mounted into a pod. Files that are there may come and go.
    pub(super) fn mounted(url: &str, token: PathBuf, ca: PathBuf) -> Result<Self> {
        let url = address(url).with_context(|| {
            format!("{url}, which KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make, is no address")
        })?;
        Ok(Self::Address { url, token: Some(token), ca: Some(ca) })
    }

    /// By a kubeconfig.
    pub(super) fn kubeconfig(file: &Path) -> Result<Self> {
        load(file).with_context(|| format!("--kubeconfig {} can't be used", file.display()))?;
        Ok(Self::Kubeconfig(file.to_owned()))
    }

    /// Whether a token goes over a network that others may listen to.
    pub(super) fn sends_token_in_the_clear(&self) -> bool {
        match self {
            Self::Address { url, token: Some(_), .. } => {
                let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
                let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
                url.scheme_str() == Some("http") && !local
            }
            Self::Address { token: None, .. } | Self::Kubeconfig(_) => false,
        }
    }

    /// What kube needs for a connection, and the file of the token that goes with each request.
    pub(super) fn settings(&self) -> Result<(kube::Config, Option<PathBuf>), Failure> {
        match self {
            Self::Address { url, token, ca } => {
                let mut config = kube::Config::new(url.clone());
                if let Some(file) = ca {
                    certificates(file)
                        .map_err(|error| Failure::config(format_args!("{}: {error:#}", file.display())))?;
                    // kube reads the file; without this it would ask for the system's certificates, too.
                    config.root_cert = Some(Vec::new());
                    config.root_cert_file = Some(file.clone());
                }
                Ok((config, token.clone()))
            }
            Self::Kubeconfig(file) => {
                load(file).map_err(|error| Failure::config(format_args!("{}: {error:#}", file.display())))
            }
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { url, .. } => write!(f, "{url}"),
            Self::Kubeconfig(file) => write!(f, "the server of {}", file.display()),
        }
    }
}

/// Reads a kubeconfig. Its token file is read for each request here: kube goes by the wall clock, and has another idea of
/// what ends a token.
fn load(file: &Path) -> Result<(kube::Config, Option<PathBuf>)> {
    let config = Kubeconfig::read_from(file).context("it is no kubeconfig that can be read")?;
    let mut config = kube::Config::try_from(config).context("its current context is not whole")?;
    if let Some(proxy) = config.proxy_url.as_ref().filter(|proxy| proxy.scheme_str() != Some("http")) {
        bail!("the proxy {proxy} is of a kind that is not supported: only http://HOST:PORT is");
    }
    if let Some(exec) = &config.auth_info.exec {
        let command = exec.command.as_deref().unwrap_or("nothing");
        bail!(
            "its user is known by running a program ({command}), which a capturing agent can't do any more; give it a token, \
             a tokenFile or a client certificate"
        );
    }
    config.cluster_url = address(&config.cluster_url.to_string())?;
    let info = &mut config.auth_info;
    let other = info.token.is_some() || info.auth_provider.is_some() || info.username.is_some();
    let token = if other { None } else { info.token_file.take().map(PathBuf::from) };
    Ok((config, token))
}

/// Checks an address: a scheme, a host, perhaps a path.
fn address(text: &str) -> Result<Uri> {
    const EXAMPLE: &str = "it has to be such as https://10.0.0.1:6443";
    let Parts { scheme, authority, path_and_query, .. } = text.trim().parse::<Uri>().context(EXAMPLE)?.into_parts();
    let (Some(scheme), Some(authority)) = (scheme, authority) else {
        bail!("{EXAMPLE}");
    };
    if !matches!(scheme.as_str(), "http" | "https") || authority.host().is_empty() {
        bail!("{EXAMPLE}");
    }
    if authority.as_str().contains('@') {
        bail!("it holds a name or a password, which would not be used: give a token with --k8s-token FILE");
    }
    if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
        bail!("its port is no number up to 65535");
    }
    let path = path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
    if path.query().is_some() {
        bail!("it holds a question (?..), which would not be used");
    }
    Ok(Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build()?)
}

/// The header by which a request shows the token in `file`.
///
/// The file is read for each request, of which there is one in some minutes: so a token that was renewed is used at once,
/// and no clock has to say when it is old.
pub(super) fn bearer(file: &Path) -> Result<HeaderValue> {
    let token = read(file)?;
    let token = token.trim_ascii();
    if token.is_empty() {
        bail!("it is empty");
    }
    let value = HeaderValue::from_bytes(&[b"Bearer ".as_slice(), token].concat());
    let mut value = value.context("it is no token: a token is one word")?;
    value.set_sensitive(true);
    Ok(value)
}

/// Checks a file of certificates.
fn certificates(file: &Path) -> Result<()> {
    let text = read(file)?;
    if !text.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
        bail!("it holds no certificate as PEM (-----BEGIN CERTIFICATE-----)");
    }
    Ok(())
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = File::open(file)?.take(MAX_FILE + 1).read_to_end(&mut text)?;
    if read as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 MiB"));
    }
    Ok(text)
}
