// SPDX-License-Identifier: Apache-2.0

use std::thread;

use crossbeam_channel::bounded;

use super::*;

fn known(room: usize) -> (Known, Receiver<Update>, Sender<Infallible>) {
    let (updates, told) = bounded(room);
    let (stop, stopped) = bounded(0);
    (Known::new(updates, stopped, Arc::default()), told, stop)
}

fn uid(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

fn object(n: u8, label: &str) -> Vec<u8> {
    let uid = uid(n);
    format!(
        r#"{{"metadata":{{"name":"p{n}","namespace":"x","uid":"{uid}","labels":{{"l":"{label}"}}}},"status":{{"beat":"{}"}}}}"#,
        label.len()
    )
    .into_bytes()
}

/// What was told: `+name label`, `-uid`, `.`.
fn told(updates: &Receiver<Update>) -> Vec<String> {
    let one = |update| match update {
        Update::Applied(pod) => format!("+{} {}", pod.name(), pod.labels().next().map_or("", |label| label.1)),
        Update::Deleted(uid) => format!("-{uid}"),
        Update::Synced => ".".to_owned(),
    };
    let mut all: Vec<_> = updates.try_iter().map(one).collect();
    all.sort_unstable();
    all
}

fn list(known: &mut Known, objects: &[Vec<u8>]) {
    known.begin();
    for object in objects {
        known.list(object, true).expect("told");
    }
    known.end().expect("told");
}

#[test]
fn a_list_tells_what_changed() {
    let (mut known, updates, _stop) = known(64);
    list(&mut known, &[object(1, "a"), object(2, "a"), object(3, "a")]);
    assert_eq!(told(&updates), ["+p1 a", "+p2 a", "+p3 a", "."]);
    list(&mut known, &[object(1, "a"), object(2, "b"), object(4, "a")]);
    assert_eq!(told(&updates), ["+p2 b", "+p4 a", "-3", "."]);
    list(&mut known, &[object(1, "a"), object(2, "b"), object(4, "a")]);
    assert_eq!(told(&updates), ["."]);
    assert_eq!((known.stats.pods(), known.stats.updates.get()), (3, 9));
    list(&mut known, &[]);
    assert_eq!(told(&updates), ["-1", "-2", "-4", "."]);
    assert_eq!((known.stats.pods(), known.bytes), (0, 0));
}

#[test]
fn what_is_not_kept_does_not_matter() {
    let (mut known, updates, _stop) = known(64);
    list(&mut known, &[object(1, "a")]);
    let beat = String::from_utf8(object(1, "a")).expect("text").replace("\"beat\":\"1\"", "\"beat\":\"2\"");
    known.list(beat.as_bytes(), true).expect("told");
    assert_eq!(told(&updates), ["+p1 a", "."]);
    assert_eq!(known.stats.malformed.get(), 0);
}

#[test]
fn what_can_not_be_read_removes_nothing() {
    let (mut known, updates, _stop) = known(64);
    list(&mut known, &[object(1, "a"), object(2, "a")]);
    told(&updates);
    // Known by its UID: it stays as it was. Unknown: what can be read of it.
    let broken = |n: u8, label| {
        String::from_utf8(object(n, label)).expect("text").replace("}}", r#"},"ownerReferences":7}"#).into_bytes()
    };
    list(&mut known, &[broken(1, "b"), object(2, "a"), broken(3, "b")]);
    assert_eq!(told(&updates), ["+p3 b", "."]);
    // Not known by anything: it may be the one that is missing.
    list(&mut known, &[object(2, "a"), b"{\"metadata\":{}}".to_vec()]);
    assert_eq!(told(&updates), ["."]);
    list(&mut known, &[object(2, "a")]);
    assert_eq!(told(&updates), ["-1", "-3", "."]);
    assert_eq!((known.stats.malformed.get(), known.stats.oversized.get()), (3, 0));
}

#[test]
fn a_pod_that_is_too_large_is_known_by_its_beginning() {
    let (mut known, updates, _stop) = known(64);
    let object = object(1, "a");
    known.list(&object[..object.len() - 2], false).expect("told");
    assert_eq!(told(&updates), ["+p1 a"]);
    assert_eq!((known.stats.malformed.get(), known.stats.oversized.get()), (1, 1));
}

#[test]
fn waiting_for_room_ends_when_nobody_wants_to_know() {
    let (mut known, updates, stop) = known(1);
    known.list(&object(1, "a"), true).expect("there was room");
    let waiting = thread::spawn(move || known.list(&object(2, "a"), true));
    drop(stop);
    assert!(matches!(waiting.join().expect("no panic"), Err(Halt::Stopped)));
    assert_eq!(told(&updates), ["+p1 a"]);

    let (mut known, updates, _stop) = self::known(1);
    drop(updates);
    assert!(matches!(known.list(&object(1, "a"), true), Err(Halt::Stopped)));
}

#[test]
fn waiting_for_room_ends_with_room() {
    let (mut known, updates, _stop) = known(1);
    let waiting = thread::spawn(move || {
        for n in 0..100 {
            known.list(&object(n, "a"), true).expect("room");
        }
    });
    for n in 0..100 {
        assert!(matches!(updates.recv(), Ok(Update::Applied(pod)) if pod.name() == format!("p{n}")));
    }
    waiting.join().expect("no panic");
}
