// SPDX-License-Identifier: Apache-2.0
//! What the kernel is told of known conditions.

use agent_common::{
    ledger::UNKNOWN_SLOT,
    predicate::{KEEP, NO_ARG, REFUSE, TESTS},
};

use super::*;
use crate::{
    filter::{check::check, parse::parse},
    select::{Who, comm},
};

fn condition(text: &str) -> Condition {
    parse(text).and_then(|parsed| check(&parsed, text)).expect(text)
}

fn pushed(text: &str) -> KernelFilter {
    let selection = Selection::all();
    push(Some(&condition(text)), &ask(&selection))
}

fn slot(name: &str) -> u32 {
    row(name, Abi::Native).expect(name).slot
}

fn predicate<'f>(filter: &'f KernelFilter, name: &str) -> &'f Predicate {
    match filter.slots.get(&slot(name)) {
        Some(Verdict::When(index)) => &filter.predicates[*index],
        other => unreachable!("{name}: {other:?}"),
    }
}

fn names(filter: &KernelFilter) -> Vec<&'static str> {
    let mut names: Vec<_> = filter.slots.keys().map(|slot| Row::of(*slot).name().unwrap_or("-")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn only_syscalls_that_can_match_are_captured() {
    assert_eq!(names(&pushed("evt.type in (openat, close) and evt.rawres >= 0")), ["close", "openat"]);
    assert!(names(&pushed("evt.type = open and evt.type = close")).is_empty());
    let everything = pushed("evt.num > 3");
    assert_eq!(everything.slots.get(&UNKNOWN_SLOT), Some(&Verdict::Keep));
    assert!(everything.predicates.is_empty() && everything.state.is_empty());
}

#[test]
fn paths_are_looked_for_where_the_agent_has_them() {
    let filter = pushed("evt.type in (open, openat, openat2) and fd.name startswith /etc/secret");
    assert_eq!(filter.texts, [vec![Box::from(*b"/etc/secret")]]);
    let openat = predicate(&filter, "openat");
    assert_eq!((openat.len, openat.needs, openat.path, openat.dirfd, openat.opens), (1, need::FILE, 1, 0, 1));
    let open = predicate(&filter, "open");
    assert_eq!((open.path, open.dirfd), (0, NO_ARG));
    assert_eq!((open.tests[0].source, open.tests[0].op), (Source::Text as u8, Op::Prefix as u8));
    assert_eq!((open.tests[0].arg, open.tests[0].yes, open.tests[0].no), (Text::File as u8, KEEP, REFUSE));
    // Both ABIs share them.
    assert_eq!(filter.predicates.len(), 2);
    assert_eq!(filter.residuals.values().filter(|node| **node != Node::Const(true)).count(), 0);
}

#[test]
fn what_the_name_of_a_removed_file_ends_with_is_minded() {
    let texts = |text: &str| pushed(&format!("evt.type = read and {text}")).texts;
    let set = |items: &[&[u8]]| vec![items.iter().map(|item| Box::from(*item)).collect::<Vec<Box<[u8]>>>()];
    assert_eq!(texts("fd.name = /tmp/x"), set(&[b"/tmp/x\0"]));
    assert_eq!(texts("fd.name = '/tmp/x (deleted)'"), set(&[b"/tmp/x\0", b"/tmp/x (deleted)\0"]));
    assert_eq!(texts("fd.name startswith '/tmp/x ('"), set(&[b"/tmp/x\0", b"/tmp/x ("]));
    assert_eq!(texts("fd.directory = /tmp"), set(&[b"/tmp\0", b"/tmp/"]));
    assert_eq!(texts("fd.name pmatch (/tmp, /a/*/c)"), set(&[b"/a/", b"/tmp\0", b"/tmp/"]));
    assert!(texts("fd.name endswith 'ted)'").is_empty());
    // The opposite says nothing of files that the agent does not know.
    assert!(texts("not fd.name startswith /tmp").is_empty());
}

#[test]
fn cheap_tests_come_first_and_the_opposite_of_exact_ones_is_told() {
    let filter = pushed("evt.type = openat and fd.name startswith /etc and not proc.name = cat and evt.rawres >= 0");
    let openat = predicate(&filter, "openat");
    let sources: Vec<_> = openat.tests[..openat.len as usize].iter().map(|test| (test.source, test.negate)).collect();
    assert_eq!(sources, [(Source::Ret as u8, 0), (Source::Text as u8, 1), (Source::Text as u8, 0)]);
    assert_eq!(filter.texts, [vec![Box::from(*b"cat\0")], vec![Box::from(*b"/etc")]]);
    // A process that the agent does not know has no user, so that the opposite of a user says nothing.
    assert_eq!(pushed("evt.type = read and not user.uid = 0").slots.get(&slot("read")), Some(&Verdict::Keep));
    assert!(predicate(&pushed("evt.type = read and user.uid != 0"), "read").tests[0].negate == 1);
}

#[test]
fn conditions_on_containers_become_bits() {
    let filter = pushed("proc.name = a and not (container.id = x or not container.image = y) and container.name = z");
    assert_eq!(filter.cgroups.len(), 1);
    let read = predicate(&filter, "read");
    assert_eq!((read.len, read.tests[1].source, read.tests[1].negate), (2, Source::Cgroup as u8, 0));
    let filter = pushed("not (container.id = x or container.image = y)");
    assert_eq!((filter.cgroups.len(), predicate(&filter, "read").tests[0].negate), (1, 1));
    // The pod is the cgroup's as well.
    let filter =
        pushed("k8s.ns.name = payments and not (k8s.pod.label.app = api or container.id = x) and proc.name = a");
    assert_eq!((filter.cgroups.len(), predicate(&filter, "read").len), (1, 2));
    // What does not depend on the cgroup alone stays apart.
    assert!(pushed("container.id = x or proc.pname = a").cgroups.is_empty());
}

#[test]
fn who_is_asked_for_stands_before_everything() {
    let comms = vec![comm("bash").expect("a name"), comm("a-name-of-15-by").expect("a name")];
    let mut selection = Selection::all();
    selection.who = Who { pids: vec![7], uids: vec![0, 1000], comms };
    let filter = push(None, &ask(&selection));
    assert_eq!(filter.predicates.len(), 1);
    let first = &filter.predicates[0];
    let sources: Vec<_> = first.tests[..first.len as usize].iter().map(|test| test.source).collect();
    assert_eq!(sources, [Source::Tgid, Source::Uid, Source::Text].map(|source| source as u8));
    assert_eq!(filter.numbers, [vec![0, 1000]]);
    assert_eq!(filter.texts, [vec![Box::from(*b"a-name-of-15-by\0"), Box::from(*b"bash\0")]]);
    assert_eq!(filter.slots.len() as u32, UNKNOWN_SLOT + 1);
    let everybody = push(Some(&condition("evt.type = read")), &ask(&Selection::all()));
    assert_eq!(everybody.slots.get(&slot("read")), Some(&Verdict::Keep));
}

#[test]
fn calls_that_keep_the_tables_true_are_captured_when_they_are_needed() {
    let filter = pushed("evt.type = read and fd.name contains ':443'");
    let state: Vec<_> = names(&filter);
    assert_eq!(state, ["accept", "accept4", "connect", "listen", "read", "recvfrom", "sendto"]);
    assert!(filter.state.contains(&slot("connect")) && !filter.state.contains(&slot("read")));
    assert_eq!(filter.residuals.get(&slot("connect")), None);
    assert_eq!(predicate(&filter, "connect").len, 2);
    assert_eq!(predicate(&filter, "sendto").len, 2);
    // Opens are not about sockets.
    assert!(pushed("evt.type = openat and fd.name contains x").state.is_empty());
    let selection = Selection::all();
    let condition = condition("evt.type = read and fd.name contains ':443'");
    assert!(push(Some(&condition), &Ask { state: false, ..ask(&selection) }).state.is_empty());
    let shown = Ask { output_needs_sides: true, ..ask(&selection) };
    assert!(!push(Some(&condition), &shown).state.is_empty());
    assert!(!push(None, &shown).state.is_empty());
}

#[test]
fn what_needs_the_tables_is_found() {
    let needs = |text: &str| {
        let condition = condition(text);
        needs_tables(&condition).and_then(|span| text.get(span.start..span.end)).map(str::to_owned)
    };
    assert_eq!(needs("evt.type = read and proc.pid = 3 or evt.arg.name = x"), None);
    assert_eq!(needs("evt.type = read and fd.name = /x and proc.pname = y").as_deref(), Some("fd.name = /x"));
    assert_eq!(needs("container.id = host").as_deref(), Some("container.id = host"));
}

#[test]
fn a_long_condition_keeps_more() {
    let names = (0..2 * TESTS).map(|n| format!("(proc.pid = {n} and thread.tid != {n})")).collect::<Vec<_>>();
    let filter = pushed(&format!("evt.type = read and ({}) and evt.cpu = 1", names.join(" or ")));
    let read = predicate(&filter, "read");
    assert_eq!((read.len, read.tests[0].source), (1, Source::Cpu as u8));
    assert_ne!(filter.residuals.get(&slot("read")), Some(&Node::Const(true)));
}
