// SPDX-License-Identifier: Apache-2.0
//! docs/output.md says what the code does.

use std::collections::{BTreeMap, BTreeSet};

use agent_common::{
    ledger::Reason,
    shed::{self, Class},
};
use serde_json::Value;

use super::{Cache, Format, template::Template};
use crate::{
    decode::encode::Field,
    event::{Gap, Phase, Shed},
    fields::tests::{
        fixture::{Fixture, regular, socket, text, word},
        pods,
    },
    ledger::{Account, AgentAccount, CpuAccount, Ledger, Removed},
    metadata::{MetadataAccount, file::Role},
};

const PAGE: &str = include_str!("../../../docs/output.md");
const LINES: [&str; 4] = [
    include_str!("../../golden/events.txt"),
    include_str!("../../golden/enriched.txt"),
    include_str!("../../golden/events.jsonl"),
    include_str!("../../golden/enriched.jsonl"),
];

fn gap() -> Gap {
    Gap {
        cpu: 1,
        lost: 312,
        state: false,
        reason: Reason::RingFull.name().to_owned(),
        since: Some(1_785_579_324_000_207_862),
        until: Some(1_785_579_324_100_207_862),
    }
}

fn shed() -> Shed {
    Shed {
        cpu: 1,
        phase: Phase::End,
        calls: [300, 12, 0, 0, 0],
        since: 1_785_579_324_000_207_862,
        until: Some(1_785_579_324_100_207_862),
    }
}

fn shed_line(format: Format, shed: &Shed) -> String {
    let mut out = Vec::new();
    format.shed(shed, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn gap_line(format: Format) -> String {
    let mut out = Vec::new();
    format.gap(&gap(), &mut out);
    String::from_utf8(out).expect("UTF-8")
}

/// The members that tables of the page describe.
fn described() -> BTreeSet<&'static str> {
    PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

fn keys(line: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(line).expect("JSON");
    value.as_object().expect("an object").keys().cloned().collect()
}

/// A shell in a container opens a file, and connects; and what a template makes of it.
#[test]
fn enriched_lines() {
    let cwd = word(-100);
    let opened = Fixture::new("openat", 3, &[("dirfd", cwd), ("name", text("../etc/passwd"))])
        .files(None, Some(regular("/etc/passwd")))
        .contained();
    let peer = Field::Bytes(b"\x02\0\x01\xbb\x0a\0\0\x02\0\0\0\0\0\0\0\0".to_vec());
    let connected = Fixture::new("connect", 0, &[("fd", word(5)), ("addr", peer), ("addrlen", word(16))])
        .files(Some(socket(1, (1, 40000), (2, 443), Role::Client)), None);
    let (mut plain, mut json, mut cache) = (Vec::new(), Vec::new(), Cache::default());
    let of_pod = pods::in_pod(None, Some(&pods::api()));
    for fixture in [&opened, &connected, &of_pod] {
        fixture.with(|event| {
            Format::Text.event(event, false, &mut Cache::default(), &mut plain);
            Format::Json.event(event, false, &mut cache, &mut json);
        });
    }
    let columns = Template::fields("evt.time,proc.name,proc.aname[2],fd.name,container.image.tag").expect("fields");
    let format = Template::parse("%proc.name(%proc.pid) %evt.type %fd.name by %user.name").expect("a format");
    for template in [columns, format] {
        connected.with(|event| {
            template.text(event, &mut plain);
            template.json(event, &mut json);
        });
    }
    for (name, got) in [("enriched.txt", plain), ("enriched.jsonl", json)] {
        let want = crate::golden::wanted(&format!("golden/{name}"), &got);
        assert_eq!(
            String::from_utf8_lossy(&got),
            want,
            "{name}; if it is meant, LANNER_BLESS=1 cargo test -p agent enriched"
        );
    }
}

#[test]
fn every_member_is_described() {
    let described = described();
    let (gap, shed) = (gap_line(Format::Json), shed_line(Format::Json, &shed()));
    for line in LINES[2].lines().chain(LINES[3].lines()).chain([gap.as_str(), shed.as_str()]) {
        for key in keys(line).into_iter().filter(|key| !key.contains('.')) {
            assert!(described.contains(key.as_str()), "`{key}` is not in docs/output.md");
        }
    }
    let ledger = Ledger {
        cpus: vec![CpuAccount::new(0)],
        syscalls: [("read".to_owned(), Account::default())].into(),
        agent: AgentAccount::default(),
        metadata: Some(MetadataAccount::default()),
        condition: Some([("read".to_owned(), Removed::default())].into()),
        recursion_misses: 0,
        missed: BTreeMap::new(),
        ring_bytes: 0,
        preemptible: false,
        closed: true,
    };
    let ledger = serde_json::to_value(&ledger).expect("JSON");
    for key in ledger.as_object().expect("an object").keys() {
        assert!(described.contains(key.as_str()), "`{key}` of the ledger is not in docs/output.md");
    }
    for part in [&ledger["agent"], &ledger["cpus"][0], &ledger["metadata"], &ledger["condition"]["read"]] {
        for key in part.as_object().expect("an object").keys() {
            assert!(PAGE.contains(&format!("`{key}`")), "`{key}` of the ledger is not in docs/output.md");
        }
    }
    for reason in Reason::ALL {
        assert!(PAGE.contains(&format!("`{}`", reason.name())), "{} is not in docs/output.md", reason.name());
    }
}

#[test]
fn every_example_was_written_by_the_code() {
    let (gap, shed) = (gap_line(Format::Json), shed_line(Format::Json, &shed()));
    let own = [gap.trim_end(), shed.trim_end()];
    let written: BTreeSet<_> = LINES.iter().flat_map(|lines| lines.lines()).chain(own).collect();
    let mut examples = 0;
    for block in PAGE.split("```").skip(1).step_by(2) {
        for line in block.lines().skip(1) {
            assert!(written.contains(line), "an example that the agent does not write: {line}");
            examples += 1;
        }
    }
    assert!(examples >= 9, "{examples} examples");
}

#[test]
fn what_is_shed_has_lines_of_its_own() {
    let end = shed();
    assert_eq!(
        shed_line(Format::Text, &end),
        "# cpu1 shed 312 calls (io 300, other 12) between 10:15:24.000207862 and 10:15:24.100207862\n"
    );
    let begin = Shed { phase: Phase::Begin, until: None, ..end };
    assert_eq!(shed_line(Format::Text, &begin), "# cpu1 sheds io, other since 10:15:24.000207862\n");
    let line: Value = serde_json::from_str(&shed_line(Format::Json, &begin)).expect("JSON");
    assert_eq!((&line["phase"], &line["until"], &line["calls"]), (&"begin".into(), &Value::Null, &312.into()));
}

#[test]
fn every_class_is_described() {
    for class in Class::SHED.into_iter().chain([Class::Never]) {
        assert!(PAGE.contains(&format!("\n| `{}` | ", class.name())), "{} is not in docs/output.md", class.name());
    }
    let marks = Class::SHED.map(|class| shed::mark(class as u32, 16));
    assert_eq!(marks, [10, 11, 12, 13, 14], "as docs/output.md has them");
}

#[test]
fn gaps_are_lines_of_their_own() {
    assert_eq!(
        gap_line(Format::Text),
        "# cpu1 lost 312 events (ring_full) between 10:15:24.000207862 and 10:15:24.100207862\n"
    );
}
