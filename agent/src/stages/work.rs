// SPDX-License-Identifier: Apache-2.0
//! What each stage does with an event, as the pipeline has it do that.

use std::{hint::black_box, io, mem::offset_of};

use agent_common::{record::Header, state::Kind};

use super::{
    calls::{Call, PATH, open},
    rule, world,
};
use crate::{
    arena::Arena,
    decode::{RawEvent, encode::state::exit, value, visit::flat::Flat},
    event::Event,
    filter::rows::{Row, specialise},
    metadata::Metadata,
    output::{Cache, Format},
    pipeline::order::{Batch, Order},
    stats::Stats,
};

/// Does it as often as it is told.
pub(super) type Work = Box<dyn FnMut(u64)>;

/// When events are, in nanoseconds since the epoch.
const TIME: u64 = 1_785_579_324_000_207_862;
/// Records of a CPU that are drained at a time.
const RUN: u64 = 128;
/// Bytes after which what was written is handed on.
const CHUNK: usize = 64 << 10;

/// Records of two CPUs by turns are put into the order of time.
pub(super) fn order() -> Work {
    let mut record = Call::Getppid.record();
    let (mut order, mut batch, stats) = (Order::new(2), Batch::default(), Stats::default());
    let mut n = 0;
    Box::new(move |times| {
        for _ in 0..times {
            let (cpu, seq) = ((n / RUN) % 2, n / (2 * RUN) * RUN + n % RUN);
            for (at, word) in [(offset_of!(Header, ts), 2 * seq + cpu), (offset_of!(Header, seq), seq)] {
                record[at..at + 8].copy_from_slice(&word.to_ne_bytes());
            }
            order.push(cpu as u32, &record, &stats);
            n += 1;
            if n % (2 * RUN) == 0 {
                batch.clear();
                order.release(u64::MAX, &mut batch);
                black_box(&batch);
            }
        }
    })
}

/// Every length is checked, and every argument decoded.
pub(super) fn decode(call: Call) -> Work {
    let (bytes, mut out) = (call.record(), Vec::new());
    Box::new(move |times| {
        for _ in 0..times {
            let raw = parsed(black_box(&bytes));
            let context = raw.context();
            out.clear();
            for (arg, bytes) in raw.args() {
                value::visit(arg.kind, bytes, &context, &mut Flat::plain(&mut out));
            }
            black_box(&out);
        }
    })
}

/// A file is told of, as the first call on it does.
pub(super) fn file() -> io::Result<Work> {
    let mut tables = world::tables("sh", PATH)?;
    let [record, _] = world::files(PATH);
    Ok(Box::new(move |times| {
        for _ in 0..times {
            world::apply(&mut tables, black_box(&record));
        }
    }))
}

/// A process is made, begins a program and ends.
pub(super) fn process() -> io::Result<Work> {
    let mut tables = world::tables("sh", PATH)?;
    let child = world::task(world::PID + 1, "env");
    let records = [child.record(Kind::Fork), child.record(Kind::Exec), exit(&child, child.header.ts, 0)];
    Ok(Box::new(move |times| {
        for _ in 0..times {
            for record in &records {
                world::apply(&mut tables, black_box(record));
            }
        }
    }))
}

/// Who made the call, and on what.
pub(super) fn enrich(call: Call) -> io::Result<Work> {
    let (mut tables, bytes) = (world::tables("sh", PATH)?, call.record());
    Ok(Box::new(move |times| {
        for _ in 0..times {
            black_box(tables.subject(&parsed(black_box(&bytes)), TIME));
        }
    }))
}

/// Whether a condition holds of an open of `path` by a program called `comm`; `want` is the answer.
pub(super) fn condition(path: &'static str, comm: &'static str, want: bool) -> io::Result<Work> {
    let tables = world::tables(comm, path)?;
    let bytes = open(path, comm);
    let mut condition = rule::condition();
    // As the agent has it: for the calls of one syscall.
    let tree = specialise(&condition, Row::of(parsed(&bytes).header.nr.cast_unsigned()));
    let program = condition.programs(&[tree]).remove(0);
    Ok(with(tables, bytes, move |event| assert_eq!(condition.run(&program, event), want, "{comm}: {path}")))
}

/// The event's line.
pub(super) fn line(format: Format, call: Call) -> io::Result<Work> {
    let tables = world::tables("sh", PATH)?;
    let (mut cache, mut out) = (Cache::default(), Vec::new());
    Ok(with(tables, call.record(), move |event| {
        format.event(event, false, &mut cache, &mut out);
        if out.len() > CHUNK {
            black_box(&out);
            out.clear();
        }
    }))
}

/// Shows the event of a record, with what the tables tell of it, to `look`.
fn with(tables: Metadata, bytes: Vec<u8>, mut look: impl FnMut(&Event<'_>) + 'static) -> Work {
    let mut tables = tables;
    let subject = tables.subject(&parsed(&bytes), TIME);
    let mut arena = Arena::default();
    Box::new(move |times| {
        let view = tables.view(&subject);
        for _ in 0..times {
            look(&Event::of(parsed(black_box(&bytes)), 7, TIME, Some(&view), &arena));
            arena.reset();
        }
    })
}

fn parsed(bytes: &[u8]) -> RawEvent<'_> {
    RawEvent::parse(bytes).expect("a record that was made here")
}
