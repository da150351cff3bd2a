// SPDX-License-Identifier: Apache-2.0
//! The probe's records.

use std::mem::offset_of;

use agent_common::record::Header;

use crate::{
    arena::Arena,
    decode::{self, RawEvent, state::StateRecord},
    event::Event,
    output::{Cache, json, text},
    pipeline::order::{Batch, Order},
    stats::Stats,
};

/// Records as they come from two CPUs' rings: each behind a byte with its CPU and two with its length. Every one is passed
/// on once, in whatever order, and what decodes is printed as one line.
pub(super) fn records(mut bytes: &[u8]) {
    let stats = Stats::default();
    let mut order = Order::new(2);
    let mut pushed = 0;
    while let Some((&[cpu, low, high], rest)) = bytes.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (record, rest) = rest.split_at(len);
        bytes = rest;
        // The ring says how long a record is; that the record says the same is not left to chance.
        let mut record = record.to_vec();
        let said = offset_of!(Header, len);
        if let Some(place) = record.get_mut(said..said + 4) {
            place.copy_from_slice(&(len as u32).to_ne_bytes());
        }
        order.push(u32::from(cpu % 2), &record, &stats);
        pushed += 1;
    }
    let mut batch = Batch::default();
    order.release_all(&mut batch);
    assert_eq!((batch.len(), order.held()), (pushed, 0), "records are neither lost nor made up");
    for (_, record) in batch.iter() {
        if decode::is_state(record) {
            if let Ok(record) = StateRecord::parse(record) {
                // All that it tells, by way of its fields.
                let _ = format!("{:?}", record.state());
            }
        } else if let Ok(raw) = RawEvent::parse(record) {
            lines(raw);
        }
    }
}

/// Both output lines of a record, which must be one line each, and valid JSON.
pub(crate) fn lines(raw: RawEvent<'_>) -> (String, serde_json::Value) {
    let arena = Arena::default();
    let event = Event::bare(raw, 1_785_579_324_000_207_862, &arena);
    let (mut plain, mut line) = (Vec::new(), Vec::new());
    text::event(&event, false, &mut plain);
    json::event(&event, &mut Cache::default(), &mut line);
    let plain = String::from_utf8(plain).expect("text output is UTF-8");
    assert!(plain.ends_with('\n') && !plain.trim_end_matches('\n').contains(char::is_control), "{plain:?}");
    assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
    (plain, serde_json::from_slice(&line).expect("JSON output is JSON"))
}
