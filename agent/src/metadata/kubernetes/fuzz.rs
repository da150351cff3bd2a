// SPDX-License-Identifier: Apache-2.0
//! An API server's answers, as a fuzzer makes them up.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded, unbounded};

use super::{
    Update, follow,
    inflate::Inflate,
    json,
    known::{Halt, Known},
    slim::ListHead,
    split::{Items, Lines},
    stats::KubernetesStats,
};

/// The steps in which bytes come: alone, a few, all.
const STEPS: [usize; 3] = [1, 7, usize::MAX];

/// What is compressed begins with it (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A list, compressed if it begins as what is compressed does. It tells the same in whatever steps it comes.
pub(crate) fn list(bytes: &[u8]) {
    alike(bytes, |bytes, step, known| {
        known.begin();
        let mut items = Items::default();
        let mut tell = |plain: &[u8]| items.feed(plain, |object, whole| known.list(object, whole));
        if bytes.starts_with(&GZIP) {
            let mut inflate = Inflate::default();
            for piece in bytes.chunks(step) {
                inflate.feed(piece, &mut tell)?;
            }
            inflate.finish()?;
        } else {
            bytes.chunks(step).try_for_each(tell)?;
        }
        if items.head().is_some_and(|head| json::read::<ListHead>(head).1) {
            known.end()?;
        }
        Ok(())
    });
}

/// What a watch tells. It tells the same in whatever steps it comes.
pub(crate) fn watch(bytes: &[u8]) {
    alike(bytes, |bytes, step, known| {
        let (mut lines, mut version, stats) = (Lines::default(), String::new(), KubernetesStats::default());
        for piece in bytes.chunks(step) {
            lines.feed(piece, |line, whole| follow::event(line, whole, &mut version, known, &stats).map(drop))?;
        }
        Ok(())
    });
}

/// Reads `bytes` in steps, and compares what was told.
///
/// Where a compressed answer breaks, what stands before the break in the same step may be lost with it: the list is asked for
/// again then. So longer steps may tell less of it, but nothing else.
fn alike(bytes: &[u8], read: impl Fn(&[u8], usize, &mut Known) -> Result<(), Halt>) {
    let of = |step| {
        let (updates, told) = unbounded();
        let (_stop, stopped) = bounded(0);
        let mut known = Known::new(updates, stopped, Arc::default());
        let good = read(bytes, step, &mut known).is_ok();
        (good, shown(&told))
    };
    let first = of(STEPS[0]);
    let whole = first.0 || !bytes.starts_with(&GZIP);
    for step in &STEPS[1..] {
        let next = of(*step);
        if whole {
            assert_eq!(next, first, "in steps of {step}");
        } else {
            assert!(
                !next.0 && next.1.iter().all(|told| first.1.contains(told)),
                "in steps of {step}: {next:?}, {first:?}"
            );
        }
    }
}

/// What was told. What is gone after a list is told in no order.
fn shown(told: &Receiver<Update>) -> Vec<String> {
    let mut shown: Vec<_> = told.try_iter().map(|update| format!("{update:?}")).collect();
    shown.sort_unstable();
    shown
}
