// SPDX-License-Identifier: Apache-2.0
//! Many records, and records in any order.

use std::mem::offset_of;

use agent_common::{record::HEADER_LEN, state::ExitWord};
use proptest::{collection::vec, prelude::*};

use super::*;

#[test]
fn a_fork_bomb_leaves_nothing() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(1, 1));
    // Encoding them anew would take longer than all the rest.
    let task = Told::new(2, 1);
    let (mut made, mut ended) = (task.record(Kind::Fork), exit(&task, 0, 0));
    let ids = |bytes: &mut [u8], words: &[usize], pid: u32, ppid: u32, start: u64| {
        let header = [pid, pid, ppid].map(u32::to_ne_bytes);
        bytes[offset_of!(Header, tgid)..][..12].copy_from_slice(header.as_flattened());
        for word in words {
            bytes[HEADER_LEN + 8 * word..][..8].copy_from_slice(&start.to_ne_bytes());
        }
    };
    for n in 0..500_000_u32 {
        // The ids go round, as the kernel's do.
        let (pid, start) = (2 + n % 32_000, u64::from(n) + 10);
        let ppid = if n % 3 == 0 { 1 } else { 2 + (n - 1) % 32_000 };
        ids(&mut made, &[TaskWord::Start as usize, TaskWord::ProcessStart as usize], pid, ppid, start);
        ids(&mut ended, &[ExitWord::Start as usize], pid, ppid, start);
        host.apply(&made);
        host.apply(&ended);
    }
    host.processes.check();
    assert!(host.processes.len() < 2 * ENDED, "{}", host.processes.len());
    assert_eq!((host.stats.forks.get(), host.stats.exits.get()), (500_000, 500_000));
    assert_eq!(host.stats.evicted_threads.get(), 0);
}

#[test]
fn processes_and_threads_together_are_bounded() {
    let mut host = Host::with_capacity(1000);
    let process = shell(1, 1);
    host.tell(Kind::Exec, &process);
    for n in 2..2000 {
        host.apply(&process.clone().thread(n, 50).record(Kind::Fork));
    }
    host.processes.check();
    assert_eq!((host.stats.threads.get(), host.stats.evicted_threads.get()), (999, 999));
    assert!(host.processes.by_pid(1).is_some(), "threads go before processes");
    // One that has ended goes before those that live.
    let id = host.processes.found(1).expect("it");
    host.ends(&process.clone().thread(1999, 50), 60, 999);
    host.tell(Kind::Fork, &process.clone().thread(3000, 70));
    assert!(host.processes.thread(id, 1999).is_none());
    assert_eq!(host.stats.evicted_threads.get(), 999);
    for pid in 10_000..12_000 {
        host.apply(&shell(pid, 100).ppid(1).record(Kind::Fork));
    }
    host.processes.check();
    assert_eq!(host.processes.len() + host.processes.threads.len(), 1000);
}

#[test]
fn ended_ancestors_of_many_are_bounded() {
    let mut host = Host::new();
    // Every pair leaves a living process whose maker has ended.
    for n in 0..slab::RETAINED as u32 + 5000 {
        let (maker, daemon) = (shell(3 * n + 2, 100), shell(3 * n + 3, 200).ppid(3 * n + 2));
        host.apply(&maker.record(Kind::Fork));
        host.apply(&daemon.record(Kind::Fork));
        host.apply(&exit(&maker, 300, 0));
    }
    host.processes.check();
    assert_eq!(host.lineage(3).len(), 1, "the oldest was forgotten");
    assert_eq!(host.lineage(3 * slab::RETAINED as u32).len(), 2);
}

#[test]
fn a_chain_that_makes_itself_again_for_ever_is_cut() {
    let mut host = Host::new();
    host.tell(Kind::Exec, &shell(1, 1));
    for n in 2..5000 {
        host.apply(&shell(n, u64::from(n)).ppid(n - 1).record(Kind::Fork));
        host.apply(&exit(&shell(n - 1, u64::from(n - 1)), u64::from(n), 0));
    }
    host.processes.check();
    let depth = host.lineage(4999).len();
    assert!((slab::LINEAGE..=2 * slab::LINEAGE).contains(&depth), "{depth}");
    assert!(host.processes.len() <= ENDED + 2 * slab::LINEAGE, "{}", host.processes.len());
}

#[derive(Clone, Debug)]
enum Step {
    Task(Kind, Told),
    Exit(Told, u64, u32),
    Event(u32, u32, u64),
    Lost,
    Audit,
    Group(u32, u32),
    Merge(Vec<(u32, u64, u32, u32)>),
}

fn task() -> impl Strategy<Value = Told> {
    (1..12_u32, 0..4_u64, 0..12_u32, 0..4_u32, any::<bool>()).prop_map(|(pid, start, ppid, tid, exe)| {
        let start = start * TICK + u64::from(pid & 1);
        let task = Told::new(pid, start).ppid(ppid);
        let task = if tid == 0 { task } else { task.thread(20 + (pid + tid) % 12, start + 1) };
        if exe { task.exe("/bin/sh", 11) } else { task }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(Kind::Fork), Just(Kind::Exec), Just(Kind::Change)];
    prop_oneof![
        4 => (kind, task()).prop_map(|(kind, task)| Step::Task(kind, task)),
        3 => (task(), 0..6_u64, 0..3_u32).prop_map(|(task, at, live)| Step::Exit(task, at * TICK, live)),
        2 => (1..12_u32, 20..32_u32, 0..6_u64).prop_map(|(pid, tid, ts)| Step::Event(pid, tid, ts * TICK)),
        1 => Just(Step::Lost),
        1 => Just(Step::Audit),
        1 => (0..12_u32, 0..12_u32).prop_map(|(pid, group)| Step::Group(pid, group)),
        1 => vec((1..12_u32, 0..4_u64, 0..12_u32, 20..32_u32), 0..8).prop_map(Step::Merge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_sequence_keeps_the_tables_whole(capacity in 1..24_usize, steps in vec(step(), 0..120)) {
        let mut host = Host::with_capacity(capacity);
        for step in steps {
            match step {
                Step::Task(kind, task) => host.apply(&task.record(kind)),
                Step::Exit(task, at, live) => host.apply(&exit(&task, at, live)),
                Step::Event(pid, tid, ts) => drop(host.event(pid, tid, ts)),
                Step::Lost => host.processes.lost_records(),
                Step::Audit => host.processes.audit(),
                Step::Group(pid, group) => host.processes.set_group(pid, group),
                Step::Merge(found) => host.processes.merge_scan(found.into_iter().map(|(pid, start, ppid, tid)| Found {
                    process: Process { pid, start: start * TICK, ppid, threads: 2, ..Process::default() },
                    threads: vec![(tid, Thread::default())],
                }).collect()),
            }
            host.processes.check();
        }
        for pid in 1..12 {
            if let Some(id) = host.processes.found(pid) {
                prop_assert!((0..200).filter_map(|n| host.processes.ancestor(id, n)).all(|id| host.processes.get(id).is_some()));
            }
        }
    }

    #[test]
    fn damaged_records_are_harmless(task in task(), kind in 0..7_usize, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut host = Host::with_capacity(8);
        let kind = Kind::ALL[kind];
        let mut bytes = match kind {
            Kind::Fork | Kind::Exec | Kind::Change => task.record(kind),
            Kind::Exit => exit(&task, 5, 0),
            Kind::File => crate::decode::encode::state::File::named(1, 2, "/a/b").record(),
            Kind::CgroupMade | Kind::CgroupGone => {
                crate::decode::encode::state::record(task.header, kind, &[1, 0], &[Some(b"/a")])
            }
        };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        host.apply(&bytes);
        bytes.truncate(at);
        prop_assert!(StateRecord::parse(&bytes).is_err());
        host.processes.check();
    }

    #[test]
    fn any_bytes_are_harmless(bytes in vec(any::<u8>(), 0..600)) {
        if let Ok(record) = StateRecord::parse(&bytes) {
            drop(format!("{:?}", record.state()));
        }
    }
}
