// SPDX-License-Identifier: Apache-2.0
//! The ledger, recomputed; and the stream of events held against it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read},
};

use serde_json::Value;

use crate::agent::Run;

/// The ledger of a run that ended well, once its identities are found to hold.
pub(crate) fn closed(run: &Run) -> Value {
    assert!(run.status.success(), "the agent ended with {}\n{}", run.status, run.stderr);
    let text = fs::read_to_string(run.folder.join("ledger")).expect("a ledger");
    let ledger: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let open = open_identities(&ledger);
    assert!(open.is_empty(), "the ledger does not close:\n{}\n{}\n{text}", open.join("\n"), run.stderr);
    ledger
}

/// The identities that `ledger` breaks, each in words. They are computed here from its parts; its own word for it is
/// only compared.
fn open_identities(ledger: &Value) -> Vec<String> {
    let mut open = Vec::new();
    let mut check = |what: String, left: u64, right: u64| {
        if left != right {
            open.push(format!("{what}: {left} is not {right}"));
        }
    };
    let cpus = ledger["cpus"].as_array().expect("cpus");
    let syscalls = ledger["syscalls"].as_object().expect("syscalls");
    let named = cpus.iter().map(|cpu| (format!("cpu{}", cpu["cpu"]), cpu));
    for (name, account) in named.chain(syscalls.iter().map(|(name, account)| (name.clone(), account))) {
        let parts = ["self", "filtered", "refused", "shed", "sent"].map(|part| count(account, part));
        let sum = parts.iter().sum::<u64>() + lost(account);
        check(format!("{name}: seen = self + filtered + refused + shed + sent + lost"), count(account, "seen"), sum);
    }
    let over = |part: &dyn Fn(&Value) -> u64| -> (u64, u64) {
        (cpus.iter().map(part).sum(), syscalls.values().map(part).sum())
    };
    for key in ["seen", "self", "filtered", "refused", "shed", "sent"] {
        let (left, right) = over(&|account| count(account, key));
        check(format!("{key} of all CPUs = of all syscalls"), left, right);
    }
    let reasons = cpus.first().and_then(|cpu| cpu["lost"].as_object()).expect("reasons");
    for reason in reasons.keys() {
        let (left, right) = over(&|account| count(&account["lost"], reason));
        check(format!("lost by {reason} of all CPUs = of all syscalls"), left, right);
    }
    let agent = &ledger["agent"];
    check("sent = drained".to_owned(), total(ledger, "sent"), count(agent, "drained"));
    check(
        "drained = decoded + malformed".to_owned(),
        count(agent, "drained"),
        count(agent, "decoded") + count(agent, "malformed"),
    );
    check("malformed = 0".to_owned(), count(agent, "malformed"), 0);
    let parts = ["state", "filtered", "refused", "delivered"].map(|part| count(agent, part));
    check(
        "decoded = state + filtered + refused + delivered + dropped".to_owned(),
        count(agent, "decoded"),
        parts.iter().sum::<u64>() + dropped(ledger),
    );
    for cpu in cpus {
        let classes = cpu["shed_by_class"].as_object().expect("classes").values().filter_map(Value::as_u64);
        check(format!("cpu{}: shed = shed by class", cpu["cpu"]), count(cpu, "shed"), classes.sum());
    }
    check("shed = announced".to_owned(), total(ledger, "shed"), count(agent, "shed_announced"));
    check("lost = sequence gaps".to_owned(), cpus.iter().map(lost).sum(), count(agent, "sequence_gaps"));
    // Refused by the kernel before the probe could count anything: by hook, they are all that there were.
    let missed = ledger["missed"].as_object().expect("misses").values().filter_map(Value::as_u64).sum();
    check("recursion misses = those of all hooks".to_owned(), count(ledger, "recursion_misses"), missed);
    if ledger["preemptible"] != true {
        check("recursion misses = 0".to_owned(), missed, 0);
    }
    check("closed".to_owned(), u64::from(ledger["closed"] == true), 1);
    open
}

/// A counter; fails when there is none.
pub(crate) fn count(account: &Value, key: &str) -> u64 {
    account[key].as_u64().unwrap_or_else(|| panic!("no counter `{key}`: {account}"))
}

/// What an account lost, whatever the reason.
pub(crate) fn lost(account: &Value) -> u64 {
    account["lost"].as_object().expect("losses").values().map(|lost| lost.as_u64().expect("a counter")).sum()
}

/// What was lost on all CPUs.
pub(crate) fn all_lost(ledger: &Value) -> u64 {
    ledger["cpus"].as_array().expect("cpus").iter().map(lost).sum()
}

/// A counter of all CPUs.
pub(crate) fn total(ledger: &Value, key: &str) -> u64 {
    ledger["cpus"].as_array().expect("cpus").iter().map(|cpu| count(cpu, key)).sum()
}

/// What the outputs dropped.
pub(crate) fn dropped(ledger: &Value) -> u64 {
    ledger["agent"]["sink_dropped"].as_object().expect("outputs").values().filter_map(Value::as_u64).sum()
}

/// What is read of a line's front; whole lines are not parsed, since there are millions.
#[derive(Clone, Copy, Debug)]
enum Line {
    Event { ts: u64, cpu: u64, seq: u64, at_entry: bool, late: bool },
    Gap { cpu: u64, lost: u64, state: bool, at_end: bool },
    Shed { end: bool, calls: u64 },
}

/// Bytes of a line in which its syscall is named, whatever the thread is called.
const FRONT: usize = 320;

/// The number after `key`, which comes next in `line` but for at most a few bytes.
fn after<'a>(line: &'a [u8], key: &[u8]) -> Option<(u64, &'a [u8])> {
    let rest = line.strip_prefix(key)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some((number, &rest[digits..]))
}

fn line(bytes: &[u8]) -> Option<Line> {
    if let Some(rest) = bytes.strip_prefix(b"{\"type\":\"syscall\",") {
        let (ts, rest) = after(rest, b"\"ts\":")?;
        let (cpu, rest) = after(rest, b",\"cpu\":")?;
        let (seq, rest) = after(rest, b",\"seq\":")?;
        // exit and exit_group are recorded at their entry. The name stands near the front.
        let front = &rest[..rest.len().min(FRONT)];
        let names: [&[u8]; 2] = [b"\"syscall\":\"exit\"", b"\"syscall\":\"exit_group\""];
        let at_entry = names.iter().any(|name| front.windows(name.len()).any(|part| part == *name));
        return Some(Line::Event { ts, cpu, seq, at_entry, late: bytes.ends_with(b",\"late\":true}") });
    }
    if let Some(rest) = bytes.strip_prefix(b"{\"type\":\"shed\",") {
        let (_, rest) = after(rest, b"\"cpu\":")?;
        let phase = rest.strip_prefix(b",\"phase\":\"")?;
        let (phase, rest) = phase.split_at(phase.iter().position(|byte| *byte == b'"')?);
        let (calls, _) = after(rest, b"\",\"calls\":")?;
        return Some(Line::Shed { end: phase == b"end", calls });
    }
    let rest = bytes.strip_prefix(b"{\"type\":\"gap\",")?;
    let (cpu, rest) = after(rest, b"\"cpu\":")?;
    let (lost, rest) = after(rest, b",\"lost\":")?;
    let state = rest.starts_with(b",\"what\":\"state\"");
    Some(Line::Gap { cpu, lost, state, at_end: bytes.ends_with(b"\"until\":null}") })
}

/// A hook on a CPU.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    begun: bool,
    next: u64,
}

/// A stream of events, checked line by line.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Events.
    pub(crate) events: u64,
    /// Events marked as late.
    pub(crate) late: u64,
    /// Lines about gaps.
    pub(crate) gaps: u64,
    /// What they say was lost.
    pub(crate) lost: u64,
    /// Calls that it says were shed.
    pub(crate) shed: u64,
    /// Sequence numbers that are missing although no gap accounts for them.
    pub(crate) missing: u64,
    /// Of the missing, those before the first event of a lane.
    pub(crate) before: u64,
    /// Events by CPU.
    pub(crate) by_cpu: BTreeMap<u64, u64>,
    lanes: BTreeMap<(u64, bool), Lane>,
    last: u64,
    wrong: String,
    gap: Option<(u64, u64)>,
}

impl Stream {
    /// Reads `lines` to the end.
    pub(crate) fn of(lines: impl Read) -> Self {
        let mut stream = Self::default();
        let mut lines = BufReader::with_capacity(1 << 20, lines);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if lines.read_until(b'\n', &mut bytes).expect("lines") == 0 {
                break;
            }
            stream.push(&bytes);
        }
        if let Some((cpu, lost)) = stream.gap {
            stream.complain(&format!("after the gap of {lost} on cpu{cpu} comes nothing"));
        }
        stream
    }

    /// What is wrong with it, if anything.
    pub(crate) fn wrong(&self) -> &str {
        &self.wrong
    }

    fn complain(&mut self, what: &str) {
        // The first few say it all.
        if self.wrong.len() < 4096 {
            let _ = writeln!(self.wrong, "event {}: {what}", self.events);
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let Some(line) = bytes.strip_suffix(b"\n").and_then(line) else {
            let text = String::from_utf8_lossy(bytes).into_owned();
            return self.complain(&format!("not a line of events: {text}"));
        };
        match line {
            Line::Gap { cpu, lost, state, at_end } => {
                self.gaps += 1;
                self.lost += lost;
                if state {
                    // What follows is no line.
                    return;
                }
                if lost == 0 || self.gap.is_some() {
                    self.complain("a gap of nothing, or before another gap");
                }
                if !at_end {
                    self.gap = Some((cpu, lost));
                }
            }
            Line::Shed { end, calls } => self.shed += if end { calls } else { 0 },
            Line::Event { ts, cpu, seq, at_entry, late } => {
                self.events += 1;
                *self.by_cpu.entry(cpu).or_default() += 1;
                self.late += u64::from(late);
                if late != (ts < self.last) {
                    let last = self.last;
                    self.complain(&format!("late is {late}, but {ts} follows {last}"));
                }
                self.last = self.last.max(ts);
                self.follow(cpu, at_entry, seq);
            }
        }
    }

    fn follow(&mut self, cpu: u64, at_entry: bool, seq: u64) {
        let gap = self.gap.take();
        let lane = *self.lanes.entry((cpu, at_entry)).or_default();
        self.lanes.insert((cpu, at_entry), Lane { begun: true, next: seq + 1 });
        let Some(hole) = seq.checked_sub(lane.next) else {
            return self.complain(&format!("cpu{cpu}: {seq} follows {}", lane.next));
        };
        let said = match gap {
            Some((of, lost)) if of == cpu => lost,
            Some((of, lost)) => {
                return self.complain(&format!("a gap of {lost} on cpu{of} before an event of cpu{cpu}"));
            }
            None => 0,
        };
        let Some(missing) = hole.checked_sub(said) else {
            return self.complain(&format!("cpu{cpu}: a gap of {said} where {hole} are missing before {seq}"));
        };
        self.missing += missing;
        if !lane.begun {
            self.before += missing;
        }
    }
}
