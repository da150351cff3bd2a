// SPDX-License-Identifier: Apache-2.0

use crossbeam_channel::{Sender, unbounded};

use super::{super::Parts, *};
use crate::metadata::{
    cgroup::{PodUid, Runtime},
    container::Details,
};

fn pod(uid: u128, config_hash: Option<u128>, name: &str) -> Arc<Pod> {
    Arc::new(Pod::from(&Parts { uid, config_hash, name: name.to_owned(), ..Parts::default() }))
}

/// A table, who tells it, and what it counts.
fn table() -> (Pods, Sender<Update>, Arc<PodStats>) {
    let (updates_in, updates) = unbounded();
    let stats = Arc::new(PodStats::default());
    (Pods::new(updates, Arc::clone(&stats)), updates_in, stats)
}

/// A container in a pod that cgroups name by this UID.
fn container(uid: u128) -> Arc<Container> {
    Container::in_pod(Runtime::Containerd, "0123456789abcdef", PodUid::of_api(uid), None)
}

fn name(pods: &Pods, uid: u128) -> Option<String> {
    pods.of(&container(uid)).map(|pod| pod.name().to_owned())
}

fn none() -> HashSet<u128, RandomState> {
    HashSet::default()
}

#[test]
fn what_is_told_is_known() {
    let (mut pods, tell, stats) = table();
    for (uid, name) in [(1, "a"), (2, "b"), (3, "c")] {
        tell.send(Update::Applied(pod(uid, None, name))).expect("open");
    }
    tell.send(Update::Synced).expect("open");
    pods.follow(2);
    assert_eq!((name(&pods, 2).as_deref(), name(&pods, 3), pods.is_synced()), (Some("b"), None, false));
    assert!(pods.awaits(&container(3)) && !pods.awaits(&container(2)));
    pods.follow(9);
    assert_eq!((name(&pods, 3).as_deref(), pods.is_synced(), stats.held()), (Some("c"), true, 3));
    assert_eq!(pods.take_changed(), [1, 2, 3]);
    pods.apply(Update::Applied(pod(2, None, "b, changed")));
    assert_eq!((name(&pods, 2).as_deref(), pods.take_changed()), (Some("b, changed"), vec![2]));
}

#[test]
fn events_are_counted_by_what_was_known() {
    let (mut pods, _tell, stats) = table();
    let (in_pod, outside) = (container(1), Container::described(Runtime::Docker, "0123", Details::default()));
    pods.count(&in_pod, None);
    pods.apply(Update::Synced);
    pods.count(&in_pod, None);
    pods.count(&in_pod, None);
    pods.apply(Update::Applied(pod(1, None, "a")));
    pods.count(&in_pod, pods.of(&in_pod));
    pods.count(&outside, pods.of(&outside));
    let unresolved = Unresolved::ALL.map(|reason| stats.unresolved(reason));
    assert_eq!((stats.resolved.get(), unresolved), (1, [1, 2]));
    assert!(!pods.awaits(&outside));
}

#[test]
fn a_static_pod_is_found_by_both_uids_and_its_successor_keeps_its_key() {
    let (mut pods, _tell, stats) = table();
    pods.apply(Update::Applied(pod(1, Some(77), "etcd")));
    assert_eq!((name(&pods, 1).as_deref(), name(&pods, 77).as_deref(), stats.held()), (Some("etcd"), Some("etcd"), 2));
    // The mirror is made anew; the processes and their cgroups stay.
    pods.apply(Update::Applied(pod(2, Some(77), "etcd again")));
    pods.apply(Update::Deleted(1));
    pods.sweep(Instant::now() + GRACE + SWEEP, none);
    assert_eq!((name(&pods, 1), name(&pods, 77).as_deref()), (None, Some("etcd again")));
    // Whose hash is its UID has one key.
    pods.apply(Update::Applied(pod(5, Some(5), "rke2")));
    assert_eq!(stats.held(), 3);
}

#[test]
fn a_deleted_pod_stays_while_it_has_cgroups_and_a_minute_more() {
    let (mut pods, _tell, stats) = table();
    pods.apply(Update::Applied(pod(1, None, "a")));
    pods.apply(Update::Deleted(1));
    pods.apply(Update::Deleted(2));
    assert_eq!((name(&pods, 1).as_deref(), stats.gone()), (Some("a"), 1));
    let start = Instant::now();
    for minutes in 1..=10 {
        pods.sweep(start + Duration::from_mins(minutes), || HashSet::from_iter([1]));
    }
    let last = start + Duration::from_mins(10);
    pods.sweep(last + GRACE.saturating_sub(Duration::from_millis(1)), none);
    assert_eq!(name(&pods, 1).as_deref(), Some("a"));
    // Nobody is asked for cgroups more often than it matters.
    pods.sweep(last + GRACE, || unreachable!("asked again at once"));
    pods.sweep(last + GRACE + SWEEP, none);
    assert_eq!((name(&pods, 1), stats.gone(), stats.held()), (None, 0, 0));
    pods.sweep(last + GRACE + 9 * SWEEP, || unreachable!("nothing is gone"));
}

#[test]
fn a_pod_that_comes_back_is_not_forgotten() {
    let (mut pods, _tell, stats) = table();
    pods.apply(Update::Applied(pod(1, None, "a")));
    pods.apply(Update::Deleted(1));
    pods.apply(Update::Applied(pod(1, None, "a")));
    assert_eq!(stats.gone(), 0);
    pods.sweep(Instant::now() + 2 * GRACE, none);
    assert_eq!(name(&pods, 1).as_deref(), Some("a"));
}

#[test]
fn the_oldest_of_too_many_deleted_pods_goes() {
    let (mut pods, _tell, stats) = table();
    for uid in 0..=MAX_GONE as u128 {
        pods.apply(Update::Applied(pod(uid, None, "p")));
        pods.apply(Update::Deleted(uid));
    }
    assert_eq!((stats.gone(), stats.evicted.get()), (MAX_GONE as u64, 1));
    assert_eq!((name(&pods, 0), name(&pods, 1).as_deref()), (None, Some("p")));
}
