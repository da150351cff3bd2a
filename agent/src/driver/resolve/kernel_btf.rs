// SPDX-License-Identifier: Apache-2.0
//! The BTF of a kernel that has none of its own: a file next to the kernel's object in a repository.

use std::{io::Read as _, path::Path};

use lzma_rust2::XzReader;

use super::{
    Carried, Config, Resolver,
    repositories::{Hit, evidence},
};
use crate::{
    driver::{
        cache::MAX_FILE,
        report::{Outcome, Provenance, Source},
        repository::{Signed, trust},
    },
    probe::{Layout, btf::Btf},
};

/// KiB that unpacking may take: xz's own largest preset takes 65 MiB.
const XZ_MEMORY: u32 = 128 << 10;

/// What is known of this kernel: `layout`, or what its BTF from the cache or a repository says, if it has none of its own.
/// What was tried for that is added to `provenance`.
#[must_use]
pub fn with_btf(config: &Config, layout: Layout, provenance: &mut Provenance) -> Layout {
    if layout.has_btf() {
        return layout;
    }
    let (btf, tried) = Resolver::new(config, Carried::default()).kernel_btf();
    provenance.tried.extend(tried.tried);
    let better = btf.and_then(|btf| match Layout::from_btf(&btf) {
        Ok(layout) => layout.has_btf().then_some(layout),
        Err(error) => {
            tracing::warn!("the BTF that was found for this kernel can't be used: {error}");
            None
        }
    });
    better.unwrap_or(layout)
}

impl Resolver<'_> {
    /// The BTF of this kernel from the cache or a repository, and what was tried for it. Nobody is asked who was not named:
    /// a kernel without BTF is no reason to call somebody.
    #[must_use]
    pub fn kernel_btf(mut self) -> (Option<Vec<u8>>, Provenance) {
        let names = self.config.btfs();
        let asks = self.config.repositories_named && self.config.order.contains(&Source::Repo);
        if names.is_empty() && asks {
            self.tried(
                Source::Repo,
                "this host",
                Outcome::Skipped,
                "the distribution is not known, and so is not the name of its BTF",
            );
        }
        let btf = if self.only_new { None } else { self.cached_btf(&names) };
        let btf = btf.or_else(|| if asks { self.fetched_btf(&names) } else { None });
        (btf, self.provenance)
    }

    fn cached_btf(&mut self, names: &[String]) -> Option<Vec<u8>> {
        names.iter().find_map(|name| {
            let (found, trust) = self.in_cache(name)?;
            self.unpack(Source::Cache, &found.entry.from, found.bytes, &trust)
        })
    }

    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime only")]
    fn fetched_btf(&mut self, names: &[String]) -> Option<Vec<u8>> {
        let config = self.config;
        config.repositories.iter().find_map(|repository| {
            let Hit { name, from, content: (bytes, signed) } =
                self.search(repository, names, |folder, name, address| folder.btf(name, address))?;
            let trust = trust(signed.as_ref().map(Signed::key));
            let btf = self.unpack(Source::Repo, &from, bytes.clone(), &trust)?;
            self.store(&name, &from, &bytes, evidence(signed.as_ref()));
            Some(btf)
        })
    }

    /// BTF from a file, packed or not.
    fn unpack(&mut self, source: Source, from: &str, bytes: Vec<u8>, trust: &str) -> Option<Vec<u8>> {
        let plain = if Path::new(from).extension().is_some_and(|end| end == "xz") {
            unpacked(&bytes, MAX_FILE, XZ_MEMORY)
        } else {
            Ok(bytes)
        };
        let btf = plain.and_then(|btf| {
            let wrong = Btf::parse(&btf).err();
            wrong.map_or(Ok(btf), |error| Err(error.to_string()))
        });
        match btf {
            Ok(btf) => {
                self.tried(
                    source,
                    from,
                    Outcome::Used,
                    format_args!("this kernel's BTF, {} bytes, {trust}", btf.len()),
                );
                Some(btf)
            }
            Err(error) => {
                self.tried(source, from, Outcome::Refused, error);
                None
            }
        }
    }
}

/// What xz packed, of at most `limit` bytes, with at most `memory` KiB for unpacking.
fn unpacked(bytes: &[u8], limit: u64, memory: u32) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut reader = XzReader::new_mem_limit(bytes, true, memory).take(limit + 1);
    reader.read_to_end(&mut plain).map_err(|error| format!("it is not what xz packs, or damaged: {error}"))?;
    if plain.len() as u64 > limit {
        return Err(format!("it unpacks to more than {limit} bytes"));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::driver::testing::{empty_btf, pack};

    #[test]
    fn what_xz_packed_is_unpacked() {
        let plain = empty_btf();
        let packed = pack(&plain);
        assert_eq!(unpacked(&packed, 99, XZ_MEMORY).expect("it was packed"), plain);
        for cut in 0..packed.len() {
            assert!(unpacked(&packed[..cut], 99, XZ_MEMORY).is_err(), "{cut}");
        }
        assert!(unpacked(b"words", 99, XZ_MEMORY).is_err());
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let error = unpacked(&pack(&[0; 1000]), 999, XZ_MEMORY).expect_err("too much");
        assert!(error.contains("more than 999 bytes"), "{error}");
        // Its dictionary asks for 256 KiB, and a bit more is needed for the rest.
        let error = unpacked(&pack(b"words"), 99, 256).expect_err("too much");
        assert!(error.contains("memory"), "{error}");
    }

    proptest! {
        #[test]
        fn damage_is_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut packed = pack(&empty_btf());
            let at = at.index(packed.len());
            packed[at] = byte;
            prop_assert!(unpacked(&packed, 99, XZ_MEMORY).map_or(true, |plain| plain == empty_btf()));
        }
    }
}
