// SPDX-License-Identifier: Apache-2.0
//! Undoes gzip while the bytes come.

use std::{io, io::Write as _};

use flate2::write::MultiGzDecoder;

use super::reason::Failure;

/// How much is undone at once: what comes out is at most a thousand times as much.
const STEP: usize = 4 << 10;

/// A compressed answer.
pub(super) struct Inflate(MultiGzDecoder<Vec<u8>>);

impl Default for Inflate {
    fn default() -> Self {
        Self(MultiGzDecoder::new(Vec::new()))
    }
}

impl Inflate {
    /// Takes what came, and hands on what it says.
    pub(super) fn feed<E: From<Failure>>(
        &mut self,
        piece: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for step in piece.chunks(STEP) {
            self.0.write_all(step).and_then(|()| self.0.flush()).map_err(broken)?;
            let out = self.0.get_mut();
            take(out)?;
            out.clear();
        }
        Ok(())
    }

    /// Sees to it that all of it came.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.0.try_finish().map_err(broken)
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::malformed(format_args!("the compressed answer is broken: {error}"))
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(plain).expect("memory takes everything");
        gzip.finish().expect("memory takes everything")
    }

    fn undone(packed: &[u8], step: usize) -> Result<Vec<u8>, Failure> {
        let (mut inflate, mut all) = (Inflate::default(), Vec::new());
        for piece in packed.chunks(step) {
            inflate.feed(piece, |plain| {
                all.extend_from_slice(plain);
                Ok::<_, Failure>(())
            })?;
        }
        inflate.finish().map(|()| all)
    }

    #[test]
    fn a_bomb_comes_in_small_parts() {
        let bomb = packed(&vec![0; 64 << 20]);
        let (mut inflate, mut total, mut largest) = (Inflate::default(), 0, 0);
        let used = allocation_counter::measure(|| {
            let fed = inflate.feed(&bomb, |plain| {
                total += plain.len();
                largest = largest.max(plain.len());
                Ok::<_, Failure>(())
            });
            fed.expect("it is whole");
        });
        assert_eq!(total, 64 << 20);
        assert!(largest <= STEP * 1100 && used.bytes_max < 16 << 20, "{largest} {}", used.bytes_max);
    }

    proptest! {
        #[test]
        fn it_is_undone_in_any_steps(plain in prop::collection::vec(any::<u8>(), 0..3000), step in 1..300_usize) {
            let mut two = packed(&plain);
            prop_assert_eq!(undone(&two, step).ok(), Some(plain.clone()));
            prop_assert!(undone(&two[..two.len() - 1], step).is_err());
            // Some servers compress event by event.
            two.extend(packed(&plain));
            prop_assert_eq!(undone(&two, step).ok(), Some([plain.clone(), plain].concat()));
        }

        #[test]
        fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..100_usize, step in 1..99_usize) {
            let mut spoilt = packed(&[7; 1000]);
            let end = (at + bytes.len()).min(spoilt.len());
            spoilt.splice(at.min(end)..end, bytes.iter().copied());
            drop((undone(&bytes, step), undone(&spoilt, step)));
        }
    }
}
