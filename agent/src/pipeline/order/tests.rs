// SPDX-License-Identifier: Apache-2.0

use agent_common::record::{HEADER_LEN, Header};

use std::mem::offset_of;

use super::*;

/// A record with just what ordering looks at.
fn record(ts: u64, seq: u64, hook: u8, gap: u32) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    bytes[..8].copy_from_slice(&ts.to_ne_bytes());
    bytes[8..16].copy_from_slice(&seq.to_ne_bytes());
    bytes[offset_of!(Header, hook)] = hook;
    bytes[offset_of!(Header, gap)..][..4].copy_from_slice(&gap.to_ne_bytes());
    bytes
}

fn times(batch: &Batch) -> Vec<u64> {
    batch.iter().map(|(entry, _)| entry.ts).collect()
}

#[test]
fn records_leave_in_time_order_and_young_ones_are_held() {
    let (mut order, stats, mut out) = (Order::new(2), Stats::default(), Batch::default());
    for (cpu, ts, seq) in [(0, 10, 0), (0, 30, 1), (0, 50, 2), (1, 20, 0), (1, 40, 1)] {
        order.push(cpu, &record(ts, seq, 0, 0), &stats);
    }
    order.release(45, &mut out);
    assert_eq!(times(&out), [10, 20, 30, 40]);
    assert!(out.iter().all(|(entry, bytes)| bytes.len() == HEADER_LEN && !entry.late && entry.hole.is_none()));
    assert_eq!(order.held(), HEADER_LEN);
    out.clear();
    order.push(1, &record(45, 2, 0, 0), &stats);
    order.release(100, &mut out);
    assert_eq!(times(&out), [45, 50]);
    assert_eq!((stats.drained.get(), stats.gaps.get()), (6, 0));
}

#[test]
fn a_record_that_comes_too_late_is_delivered_and_marked() {
    let (mut order, stats, mut out) = (Order::new(2), Stats::default(), Batch::default());
    order.push(0, &record(50, 0, 0, 0), &stats);
    order.release(100, &mut out);
    out.clear();
    order.push(1, &record(40, 0, 0, 0), &stats);
    order.push(0, &record(60, 1, 0, 0), &stats);
    order.release(100, &mut out);
    let late: Vec<_> = out.iter().map(|(entry, _)| (entry.ts, entry.late)).collect();
    assert_eq!(late, [(40, true), (60, false)]);
}

#[test]
fn holes_are_found_by_lane_and_at_the_end() {
    let (mut order, stats, mut out) = (Order::new(1), Stats::default(), Batch::default());
    order.push(0, &record(10, 0, 0, 0), &stats);
    order.push(0, &record(11, 0, 1, 0), &stats);
    order.push(0, &record(20, 5, 0, 1), &stats);
    let end = |hook, next_seq| LaneEnd { cpu: 0, hook, next_seq, reasons: 4 };
    order.end(&[end(0, 6), end(1, 3)], &stats);
    order.release_all(&mut out);
    let holes: Vec<_> = out.iter().filter_map(|(entry, _)| entry.hole).collect();
    let hole = |lost, reasons, since| Hole { lost, reasons, since, state: false };
    assert_eq!(holes, [hole(4, 1, Some(10)), hole(2, 4, Some(11))]);
    assert_eq!(stats.gaps.get(), 6);
}

#[test]
fn what_is_no_record_is_passed_on_to_be_counted() {
    let (mut order, stats, mut out) = (Order::new(1), Stats::default(), Batch::default());
    order.push(0, b"short", &stats);
    order.push(0, &record(10, 0, 200, 0), &stats);
    order.release_all(&mut out);
    assert_eq!((out.len(), stats.drained.get()), (2, 2));
}

#[test]
fn reasons_have_names() {
    assert_eq!(reason_names(0b1), "ring_full");
    assert_eq!(reason_names(0b101), "ring_full+too_large");
    assert_eq!(reason_names(0), "unknown");
}

proptest::proptest! {
    #[test]
    fn nothing_is_lost_or_made_up(steps: Vec<(u8, u16, bool)>) {
        let (mut order, stats, mut out) = (Order::new(4), Stats::default(), Batch::default());
        let (mut seqs, mut pushed, mut left) = ([0; 4], 0, 0);
        for (cpu, ts, release) in steps {
            let cpu = cpu % 4;
            order.push(cpu.into(), &record(ts.into(), seqs[usize::from(cpu)], 0, 0), &stats);
            seqs[usize::from(cpu)] += 1;
            pushed += 1;
            if release {
                out.clear();
                order.release(ts.into(), &mut out);
                left += out.len();
                proptest::prop_assert!(times(&out).is_sorted());
            }
        }
        out.clear();
        order.release_all(&mut out);
        proptest::prop_assert_eq!(left + out.len(), pushed);
        proptest::prop_assert_eq!(stats.gaps.get(), 0);
    }
}
