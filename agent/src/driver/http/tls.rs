// SPDX-License-Identifier: Apache-2.0
//! Who vouches for servers: those whom this machine trusts, and those of a file.

use std::{io, path::Path, sync::Arc};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{HttpError, Why};
use crate::driver;

/// Bytes of a file with certificates.
const MAX_FILE: u64 = 4 << 20;

/// The machine's certificates, and those of `file`.
pub(super) fn config(file: Option<&Path>) -> Result<TlsConfig, HttpError> {
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!("certificates of this machine: {error}");
    }
    let mut certificates: Vec<_> =
        native.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = file {
        let bad = |error| HttpError::of_settings(Why::Certificates { path: path.to_owned(), error });
        certificates.extend(read(path).map_err(bad)?);
    }
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn read(path: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let pem = driver::read(path, MAX_FILE)?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
    }
    if certificates.is_empty() {
        return Err(io::Error::other("it has no certificate as PEM"));
    }
    Ok(certificates)
}
