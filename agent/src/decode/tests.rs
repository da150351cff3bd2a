// SPDX-License-Identifier: Apache-2.0

use std::mem::offset_of;

use agent_common::{
    record::MAX_RECORD,
    schema::{Numbered, Op},
};
use proptest::{collection::vec, prelude::*, sample::Index, strategy::ValueTree as _};

use super::{
    encode::{Field, header, record},
    *,
};
use crate::{
    arena::Arena,
    event::Event,
    fuzz::lines,
    output::{Cache, json, text},
};

fn rows() -> Vec<(Abi, &'static Numbered)> {
    Abi::ALL.into_iter().flat_map(|abi| numbers::table(abi).iter().map(move |entry| (abi, entry))).collect()
}

fn field(op: Op) -> BoxedStrategy<Field> {
    if matches!(op, Op::Reg(_)) {
        any::<u64>().prop_map(Field::Word).boxed()
    } else {
        prop_oneof![
            4 => vec(any::<u8>(), 0..300).prop_map(Field::Bytes),
            1 => Just(Field::Absent(Absent::Fault)),
            1 => Just(Field::Absent(Absent::Null)),
            1 => Just(Field::Absent(Absent::Unset)),
        ]
        .boxed()
    }
}

#[test]
fn every_row_round_trips() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for (abi, entry) in rows() {
        let strategy: Vec<_> = entry.row.args.iter().map(|arg| field(arg.op(abi))).collect();
        for _ in 0..8 {
            let fields = strategy.new_tree(&mut runner).expect("a value").current();
            let bytes = record(header(abi, entry.nr.into()), entry.row, &fields);
            let event = RawEvent::parse(&bytes).unwrap_or_else(|error| unreachable!("{}: {error}", entry.row.name));
            assert_eq!(event.name(), Some(entry.row.name));
            assert_eq!((event.header.seq, event.header.tid, event.comm()), (4711, 1235, &b"bash"[..]));
            for ((arg, raw), wrote) in event.args().zip(&fields) {
                let same = match (raw, wrote) {
                    (raw @ RawArg::Bytes { .. }, Field::Word(word)) => raw.word() == Some(*word),
                    (RawArg::Bytes { bytes, cut: false }, Field::Bytes(wrote)) => bytes == wrote,
                    (RawArg::Absent(why), Field::Absent(wrote)) => why == *wrote,
                    _ => false,
                };
                assert!(same, "{} {}: wrote {wrote:?}, read {raw:?}", entry.row.name, arg.name);
            }
            let (_, line) = lines(event);
            let names: Vec<_> = line["args"].as_object().expect("an object").keys().cloned().collect();
            let mut want: Vec<_> = entry.row.args.iter().map(|arg| arg.name.to_owned()).collect();
            want.sort_unstable();
            assert_eq!(names, want, "{}", entry.row.name);
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let row = numbers::row(Abi::Native, 257).expect("openat on x86_64, or another row elsewhere");
    let strategy: Vec<_> = row.args.iter().map(|arg| field(arg.op(Abi::Native))).collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let fields = strategy.new_tree(&mut runner).expect("a value").current();
    let good = record(header(Abi::Native, 257), row, &fields);
    assert!(RawEvent::parse(&good).is_ok());
    assert_eq!(RawEvent::parse(&good[..HEADER_LEN - 1]).map(|_| ()), Err(Malformed::Short(HEADER_LEN - 1)));
    let longer = [good.as_slice(), &[0]].concat();
    let said = good.len() as u32;
    assert_eq!(RawEvent::parse(&longer).map(|_| ()), Err(Malformed::Length { said, got: good.len() + 1 }));
    let mut abi = good.clone();
    abi[offset_of!(Header, abi)] = 9;
    assert_eq!(RawEvent::parse(&abi).map(|_| ()), Err(Malformed::Abi(9)));
    let mut nargs = good;
    nargs[offset_of!(Header, nargs)] = 7;
    let error = Malformed::Args { nr: 257, want: row.args.len(), got: 7 };
    assert_eq!(RawEvent::parse(&nargs).map(|_| ()), Err(error));
}

/// Enough to find what is easily found; `PROPTEST_CASES=10000000` makes it a long fuzzing run.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000);
    ProptestConfig::with_cases(cases)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        let _ = peek(&bytes);
        if let Ok(event) = RawEvent::parse(&bytes) {
            lines(event);
        }
    }

    /// Real records with damage reach deeper than noise.
    #[test]
    fn damaged_records_never_panic(
        which: Index,
        bytes in vec(any::<u8>(), 0..200),
        damage in vec((any::<Index>(), any::<u8>()), 0..6),
        words in vec(any::<u64>(), 8),
    ) {
        let rows = rows();
        let (abi, entry) = rows[which.index(rows.len())];
        let fields: Vec<_> = entry.row.args.iter().zip(&words).map(|(arg, word)| {
            if is_word(arg) { Field::Word(*word) } else { Field::Bytes(bytes.clone()) }
        }).collect();
        let mut record = record(header(abi, entry.nr.into()), entry.row, &fields);
        prop_assert!(record.len() < MAX_RECORD);
        for (at, byte) in damage {
            let at = at.index(record.len());
            record[at] = byte;
        }
        if let Ok(event) = RawEvent::parse(&record) {
            lines(event);
        }
    }
}

/// Known records and the lines they become, in `golden/`. `LANNER_BLESS=1` writes them anew.
#[test]
fn golden_lines() {
    let word = Field::Word;
    let bytes = |text: &[u8]| Field::Bytes(text.to_vec());
    let cwd = word((-100_i64).cast_unsigned());
    let at = |nr, ret| Header { ret, ..header(Abi::Native, nr) };
    let row = |nr| numbers::row(Abi::Native, nr).expect("a row");
    let mut records = vec![
        record(at(257, 3), row(257), &[cwd.clone(), bytes(b"/etc/passwd"), word(0o2_000_000), word(0)]),
        record(at(257, -2), row(257), &[cwd, bytes(b"/tmp/\x1b[2J\xff\n\"x\\"), word(0o101), word(0o644)]),
        record(at(257, -14), row(257), &[word(7), Field::Absent(Absent::Fault), word(0), word(0)]),
        record(at(42, -115), row(42), &[word(5), bytes(b"\x02\0\x1f\x90\x7f\0\0\x01\0\0\0\0\0\0\0\0"), word(16)]),
        record(
            Header { truncated: 0b10, ..at(1, 4096) },
            row(1),
            &[word(1), bytes(b"the beginning of it"), word(4096)],
        ),
        record(at(0, -11), row(0), &[word(0), Field::Absent(Absent::Unset), word(10)]),
        record(at(9, 0x7f00_dead_b000), row(9), &[word(0), word(8192), word(3), word(0x22), word(u64::MAX), word(0)]),
        record(at(59, 0), row(59), &[bytes(b"/bin/echo"), bytes(b"echo\0a b\0\0"), bytes(b"HOME=/\0TERM=x\0")]),
        record(Header { flags: flag::NO_RET, hook: 1, ..at(231, 0) }, row(231), &[word(3)]),
        record(Header { comm: *b"a\xff\x07b\0\0\0\0\0\0\0\0\0\0\0\0", ..at(39, 1234) }, row(39), &[]),
    ];
    let unknown =
        Syscall { name: "", classes: 0, args: &UNKNOWN_ARGS, hook: agent_common::schema::Hook::Exit, makes: false };
    let header = Header { flags: flag::UNKNOWN, ..at(499, -38) };
    records.push(record(header, &unknown, &[1, 2, 3, 4, 5, 0xffff_ffff_ffff].map(word)));
    let (mut plain, mut line) = (Vec::new(), Vec::new());
    for bytes in &records {
        let raw = RawEvent::parse(bytes).expect("a record");
        let arena = Arena::default();
        let event = Event::bare(raw, 1_785_579_324_000_207_862, &arena);
        text::event(&event, false, &mut plain);
        json::event(&event, &mut Cache::default(), &mut line);
    }
    for (name, got) in [("events.txt", plain), ("events.jsonl", line)] {
        let want = crate::golden::wanted(&format!("golden/{name}"), &got);
        let got = String::from_utf8(got).expect("UTF-8");
        for (n, (got, want)) in got.lines().zip(want.lines()).enumerate() {
            assert_eq!(
                got,
                want,
                "line {} of {name}; if it is meant, LANNER_BLESS=1 cargo test -p agent golden",
                n + 1
            );
        }
        assert_eq!(got.lines().count(), want.lines().count(), "{name}");
    }
}
