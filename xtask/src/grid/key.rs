// SPDX-License-Identifier: Apache-2.0
//! The keys that repositories are signed with, in minisign's format.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{Cursor, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox, SignatureBox};

use crate::{output, report, workspace};

/// Whose password the key has, if it has one.
const PASSWORD: &str = "LANNER_KEY_PASSWORD";
/// The public half, in the tree.
const PUBLIC: &str = "lanner.pub";
/// What every signature says of itself, which is not signed.
const COMMENT: &str = "signature of a Lanner driver repository";

/// A pair of keys.
pub(super) struct Signer {
    secret: SecretKey,
    public: PublicKey,
}

impl Signer {
    /// The key in `given`; without it, the one that an earlier run has made, or a new one.
    pub(super) fn open(given: Option<&Path>) -> Result<Self> {
        match given {
            Some(path) => Self::read(path),
            None => Self::own(&own_secret()?, workspace::root()),
        }
    }

    /// The key in the file `secret`, made if need be, whose public half lies in `tree`.
    pub(super) fn own(secret: &Path, tree: &Path) -> Result<Self> {
        let public = tree.join(PUBLIC);
        let there = public.exists();
        if !secret.exists() {
            ensure!(
                !there,
                "{PUBLIC} is in this tree, but not its secret half at {}: give that with --key FILE, or remove {PUBLIC} \
                 to have a new pair made",
                secret.display()
            );
            Self::make(secret, tree)?;
        }
        let signer = Self::read(secret)?;
        let text = signer.public.to_box().context("cannot write the public key")?.into_string();
        if there {
            let known = fs::read_to_string(&public).with_context(|| format!("cannot read {PUBLIC}"))?;
            let known = PublicKey::from_box(known.into()).with_context(|| format!("{PUBLIC} is no public key"))?;
            ensure!(
                known == signer.public,
                "{PUBLIC} in this tree is not the public half of {}: give the right key with --key FILE, or remove \
                 {PUBLIC} to have it written anew",
                secret.display()
            );
        } else {
            output::put(&public, text.as_bytes(), 0o644)?;
            report::line(
                "key",
                format_args!("the public half is {PUBLIC}: agents that are built from now on trust it"),
            );
        }
        report::line("key", format_args!("the secret half is {}: keep it, and keep it secret", secret.display()));
        Ok(signer)
    }

    fn make(secret: &Path, tree: &Path) -> Result<()> {
        let folder = secret.parent().context("a file lies in a folder")?;
        let real = |path: &Path| path.ancestors().find_map(|folder| folder.canonicalize().ok());
        let inside = real(folder).is_some_and(|folder| real(tree).is_some_and(|tree| folder.starts_with(tree)));
        ensure!(!inside, "{} lies in the tree, where a secret must not be: set XDG_CONFIG_HOME", secret.display());
        let pair = KeyPair::generate_unencrypted_keypair().context("cannot make a pair of keys")?;
        let text = pair.sk.to_box(Some("secret key of a Lanner driver repository"))?.into_string();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("cannot make {}", folder.display()))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(secret)
            .with_context(|| format!("cannot make {}", secret.display()))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("cannot write the secret key")
    }

    fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let about = fs::metadata(path).with_context(|| format!("cannot read the key {shown}"))?;
        let mode = about.permissions().mode() & 0o777;
        ensure!(
            mode.trailing_zeros() >= 6,
            "{shown} has mode {mode:03o}: others can read the key; `chmod 600 {shown}`"
        );
        ensure!(about.len() <= 4096, "{shown} is no secret key of minisign: it is too long");
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the key {shown}"))?;
        let secret = decode(text.into()).with_context(|| format!("cannot use the key {shown}"))?;
        let public = PublicKey::from_secret_key(&secret).with_context(|| format!("cannot use the key {shown}"))?;
        Ok(Self { secret, public })
    }

    /// A signature of `bytes` that says `comment`.
    pub(super) fn sign(&self, bytes: &[u8], comment: &str) -> Result<String> {
        let signed = minisign::sign(Some(&self.public), &self.secret, Cursor::new(bytes), Some(comment), Some(COMMENT));
        Ok(signed.context("cannot sign")?.into_string())
    }

    /// Whether `signature` is this key's, of `bytes`.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let Ok(signature) = SignatureBox::from_string(signature) else { return false };
        minisign::verify(&self.public, &signature, Cursor::new(bytes), true, false, false).is_ok()
    }

    /// The public half, as a line.
    #[cfg(test)]
    pub(super) fn public(&self) -> String {
        self.public.to_base64()
    }
}

/// A key without a password, or with one that the environment has.
fn decode(text: SecretKeyBox) -> Result<SecretKey> {
    let text = text.into_string();
    let plain = SecretKeyBox::from_string(&text)?.into_unencrypted_secret_key();
    let Err(error) = plain else { return Ok(plain?) };
    // The library tells the kinds apart by words only.
    if !error.to_string().contains("encrypted") {
        return Err(error.into());
    }
    let Some(password) = env::var_os(PASSWORD) else {
        bail!("it has a password: set {PASSWORD}");
    };
    let password = password.into_string().ok().with_context(|| format!("{PASSWORD} is no UTF-8"))?;
    Ok(SecretKeyBox::from_string(&text)?.into_secret_key(Some(password))?)
}

/// Where the secret half of a key is that was made here.
fn own_secret() -> Result<PathBuf> {
    let folder = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = folder.unwrap_or_else(|| workspace::home().join(".config"));
    ensure!(folder.is_absolute(), "HOME is no absolute path: give a key with --key FILE");
    Ok(folder.join("lanner/lanner.key"))
}
