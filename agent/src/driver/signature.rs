// SPDX-License-Identifier: Apache-2.0
//! Whose word is taken for a repository: public keys, and the signature of its manifest, in minisign's format
//! (<https://jedisct1.github.io/minisign/>).

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minisign_verify::{PublicKey, Signature};
use thiserror::Error;

use super::manifest::SIGNATURE;

/// Bytes that a signature or a key has at most.
pub const MAX_BYTES: u64 = 4096;

/// Keys whose word is taken.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

/// A public key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name, as minisign shows it: 16 digits of hexadecimal.
    pub id: String,
    /// Where it is from.
    pub from: String,
    /// The key, as a line of a key file has it.
    pub text: String,
    public: PublicKey,
}

impl Keys {
    /// The keys that were given: each a file, or the line of one. Without any, `embedded`, a key file's content.
    ///
    /// # Errors
    /// When one is none.
    pub fn new(given: &[String], embedded: Option<&str>) -> Result<Self, KeyError> {
        if given.is_empty() {
            return embedded.map_or_else(|| Ok(Self::default()), |text| Ok(Self(vec![key(text, "this lanner")?])));
        }
        given.iter().map(|word| given_key(word)).collect::<Result<_, _>>().map(Self)
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// The key whose signature of `bytes` this is.
    ///
    /// # Errors
    /// When it is nobody's whose word is taken, or of other bytes.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<&Key, SignatureError> {
        let text = str::from_utf8(signature).map_err(|_bytes| SignatureError::Malformed)?;
        let signed = Signature::decode(text).map_err(|_why| SignatureError::Malformed)?;
        let by = text.lines().nth(1).and_then(id).ok_or(SignatureError::Malformed)?;
        if self.0.is_empty() {
            return Err(SignatureError::NoKeys { by });
        }
        let Some(key) = self.0.iter().find(|key| key.id == by) else {
            let trusted: Vec<_> = self.0.iter().map(|key| key.id.as_str()).collect();
            return Err(SignatureError::Unknown { by, trusted: trusted.join(", ") });
        };
        match key.public.verify(bytes, &signed, false) {
            Ok(()) => Ok(key),
            Err(error) => Err(SignatureError::Wrong { key: key.id.clone(), why: error.to_string() }),
        }
    }
}

/// A key file's content or name, from the command line.
fn given_key(word: &str) -> Result<Key, KeyError> {
    if let Ok(key) = key(word, "the command line") {
        return Ok(key);
    }
    match super::read(Path::new(word), MAX_BYTES) {
        Ok(text) => key(&String::from_utf8_lossy(&text), word),
        Err(error) => {
            Err(KeyError { from: word.to_owned(), why: format!("it is neither a key nor a file with one: {error}") })
        }
    }
}

/// A key file's content, or its line with the key.
fn key(text: &str, from: &str) -> Result<Key, KeyError> {
    let bad = |why: String| KeyError { from: from.to_owned(), why };
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("untrusted comment:"));
    let line = line.ok_or_else(|| bad("it has no key".to_owned()))?;
    let public =
        PublicKey::from_base64(line).map_err(|error| bad(format!("it is no public key of minisign: {error}")))?;
    let id = id(line).ok_or_else(|| bad("it is no public key of minisign".to_owned()))?;
    Ok(Key { id, from: from.to_owned(), text: line.to_owned(), public })
}

/// The key's name in a key or a signature: behind two bytes that say which algorithm.
fn id(line: &str) -> Option<String> {
    let bytes = STANDARD.decode(line.trim()).ok()?;
    let id: [u8; 8] = bytes.get(2..10)?.try_into().ok()?;
    Some(format!("{:016X}", u64::from_le_bytes(id)))
}

/// A key that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the key of {from} can't be used: {why}")]
pub struct KeyError {
    from: String,
    why: String,
}

/// Why a signature is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// It is not of minisign's format.
    #[error("{SIGNATURE} is no signature of minisign")]
    Malformed,
    /// There is no key to try it by.
    #[error("it is signed by key {by}, but this lanner trusts no key")]
    NoKeys {
        /// Whose it says it is.
        by: String,
    },
    /// It is by a key that is not trusted.
    #[error("it is signed by key {by}, which is not trusted; what is trusted is {trusted}")]
    Unknown {
        /// Whose it says it is.
        by: String,
        /// The keys that are trusted.
        trusted: String,
    },
    /// It is of other bytes.
    #[error("{SIGNATURE} by key {key} is not that of this manifest.json: one of them was changed ({why})")]
    Wrong {
        /// The key.
        key: String,
        /// What the library says.
        why: String,
    },
}

impl SignatureError {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Malformed | Self::Wrong { .. } => "have the repository made anew, and ask who changed it",
            Self::NoKeys { .. } | Self::Unknown { .. } => "if you trust that key, give it with --probe-key FILE",
        }
    }
}

#[cfg(test)]
mod tests {
    use minisign::KeyPair;

    use super::*;
    use crate::driver::testing::{Folder, sign};

    fn pair() -> (KeyPair, String) {
        let pair = KeyPair::generate_unencrypted_keypair().expect("a key pair");
        let public = pair.pk.to_base64();
        (pair, public)
    }

    #[test]
    fn a_signature_is_that_of_its_bytes() {
        let (pair, public) = pair();
        let keys = Keys::new(&[self::pair().1, public], None).expect("keys");
        let signature = sign(&pair, b"words");
        let key = keys.verify(b"words", signature.as_bytes()).expect("a signature");
        let comment = pair.pk.to_box().expect("a file").to_string();
        assert!(comment.contains(&key.id), "{comment}: {}", key.id);
        let error = keys.verify(b"wordz", signature.as_bytes()).expect_err("other words");
        assert!(matches!(error, SignatureError::Wrong { .. }), "{error}");
        // What the signer says of it in the trusted comment is signed, too.
        let comment = signature.replace("trusted comment: ", "trusted comment: more ");
        assert!(keys.verify(b"words", comment.as_bytes()).is_err());
        for wrong in ["", "a\nb\nc\nd", &signature[..signature.len() / 2]] {
            assert_eq!(keys.verify(b"words", wrong.as_bytes()).expect_err("no signature"), SignatureError::Malformed);
        }
        assert_eq!(keys.verify(b"words", &[0xff]).expect_err("no signature"), SignatureError::Malformed);
    }

    #[test]
    fn only_trusted_keys_count() {
        let (pair, public) = pair();
        let signature = sign(&pair, b"words");
        let error = Keys::default().verify(b"words", signature.as_bytes()).expect_err("no keys");
        assert!(matches!(&error, SignatureError::NoKeys { .. }), "{error}");
        let embedded = Keys::new(&[], Some(&format!("untrusted comment: x\n{public}\n"))).expect("a key");
        assert_eq!(embedded.verify(b"words", signature.as_bytes()).expect("a signature").from, "this lanner");
        // Those that are given are instead of it.
        let other = Keys::new(&[self::pair().1], Some(&public)).expect("a key");
        let error = other.verify(b"words", signature.as_bytes()).expect_err("another key");
        assert!(matches!(&error, SignatureError::Unknown { .. }) && error.remedy().contains("--probe-key"), "{error}");
    }

    #[test]
    fn keys_come_from_files() {
        let folder = Folder::new();
        let (pair, public) = pair();
        let path = folder.join("lanner.pub");
        std::fs::write(&path, pair.pk.to_box().expect("a file").to_string()).expect("a file");
        let name = path.display().to_string();
        let keys = Keys::new(std::slice::from_ref(&name), None).expect("a key");
        let key = keys.iter().next().expect("a key");
        assert_eq!((key.text.as_str(), key.from.as_str()), (public.as_str(), name.as_str()));
        std::fs::write(&path, "untrusted comment: x\n").expect("a file");
        for wrong in [name, folder.join("none").display().to_string(), "RWQ".to_owned(), String::new()] {
            let error = Keys::new(std::slice::from_ref(&wrong), None).expect_err("no key").to_string();
            assert!(error.starts_with(&format!("the key of {wrong} can't be used: it ")), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_a_signature_by_chance(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let keys = Keys::new(&[pair().1], None).expect("a key");
            proptest::prop_assert!(keys.verify(b"words", &bytes).is_err());
        }
    }
}
