// SPDX-License-Identifier: Apache-2.0
//! Readiness over time, of made-up snapshots.

use super::*;

/// An agent at which a snapshot is taken every second.
struct Agent {
    history: History,
    policy: Policy,
    now: Beat,
}

impl Agent {
    /// One that has just begun.
    fn new(window: u64, max_loss: &str) -> Self {
        let policy = Policy { max_loss: max_loss.parse().expect("a share"), ..Policy::default() };
        let mut agent = Self { history: History::new(Duration::from_secs(window)), policy, now: Beat::default() };
        agent.history.push(agent.now.clone());
        agent
    }

    /// One that is ready.
    fn running(window: u64, max_loss: &str) -> Self {
        let mut agent = Self::new(window, max_loss);
        for _ in 0..5 {
            assert_eq!(agent.second(1000, 0), [""; 0]);
        }
        agent
    }

    /// What is said after a second in which all is well, but that of `events` so many were lost.
    fn second(&mut self, events: u64, lost: u64) -> Vec<String> {
        let sent = events - lost;
        self.pass(|now| {
            now.sent += sent;
            now.lost[Reason::RingFull as usize] += lost;
            now.drained += sent;
            now.decoded += sent;
            now.queued += sent;
            now.settled += sent;
            now.heartbeats += HEARTBEATS;
        })
    }

    /// What is said after a second in which this happens.
    fn pass(&mut self, happens: impl FnOnce(&mut Beat)) -> Vec<String> {
        self.now.at += Duration::from_secs(1);
        happens(&mut self.now);
        self.history.push(self.now.clone());
        judge(&self.history, None, self.policy).reasons
    }

    /// Seconds until all is well again.
    fn recovery(&mut self, events: u64) -> u64 {
        (1..1000).find(|_| self.second(events, 0).is_empty()).expect("it recovers")
    }
}

#[test]
fn it_is_not_ready_before_a_heartbeat_was_seen() {
    let mut agent = Agent::new(60, "1");
    let reasons = judge(&agent.history, None, agent.policy).reasons;
    assert!(matches!(&*reasons, [reason] if reason.starts_with("starting")), "{reasons:?}");
    assert_eq!(agent.second(0, 0), [""; 0], "an idle machine is well");
}

#[test]
fn a_probe_that_does_not_see_the_agents_own_calls_is_not_ready() {
    let mut agent = Agent::running(60, "1");
    for missing in [HEARTBEATS, 1] {
        let reasons = agent.pass(|now| now.heartbeats += HEARTBEATS - missing);
        assert!(matches!(&*reasons, [reason] if reason.contains("does not see the calls")), "{reasons:?}");
    }
    assert_eq!(agent.pass(|now| now.heartbeats += HEARTBEATS + 100), [""; 0], "others make such calls too");
}

#[test]
fn loss_is_seen_within_four_seconds_and_forgotten_after_the_window() {
    // Just above the limit, the loss begins right after a snapshot.
    let mut agent = Agent::running(60, "1");
    let seconds = (1..10).find(|_| !agent.second(100_000, 1_001).is_empty()).expect("it is seen");
    assert!(seconds <= 4, "{seconds}");
    let reasons = agent.second(100_000, 1_001);
    assert!(reasons[0].contains("lost in the last 3s") && reasons[0].contains("ring_full"), "{reasons:?}");

    // A little of a busy minute is over the limit at once, but not of the minute.
    let mut agent = Agent::running(60, "1");
    for _ in 0..60 {
        assert_eq!(agent.second(10_000, 0), [""; 0]);
    }
    let reasons = agent.second(10_000, 2_000);
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains("2000 of 30000"), "{reasons:?}");
    // Three snapshots later it is over.
    assert_eq!(agent.recovery(10_000), 3);

    // Much is held against it for the whole window, and no longer.
    let mut agent = Agent::running(60, "1");
    let reasons = agent.second(10_000, 5_000);
    assert!(matches!(&*reasons, [_, window] if window.contains("in the last 1m")), "{reasons:?}");
    assert_eq!(agent.recovery(1), 60);
    let mut agent = Agent::running(5, "1");
    agent.second(10_000, 5_000);
    assert_eq!(agent.recovery(1), 5);
}

#[test]
fn loss_up_to_the_limit_is_allowed() {
    let mut agent = Agent::running(60, "1");
    for _ in 0..100 {
        assert_eq!(agent.second(10_000, 100), [""; 0]);
    }
    let mut agent = Agent::running(60, "0");
    assert_eq!(agent.second(10_000, 1).len(), 2, "none is allowed");
    let mut agent = Agent::running(60, "100");
    assert_eq!(agent.second(10_000, 10_000), [""; 0], "all is allowed");
}

#[test]
fn what_is_shed_is_lost() {
    let mut agent = Agent::running(60, "1");
    let reasons = agent.pass(|now| {
        now.sent += 1000;
        now.drained += 1000;
        now.decoded += 1000;
        now.shed += 3000;
        now.heartbeats += HEARTBEATS;
    });
    assert!(reasons[0].contains("3000 of 6000, shed 3000"), "{reasons:?}");
}

#[test]
fn what_the_output_drops_is_lost() {
    let mut agent = Agent::running(60, "1");
    let reasons = agent.pass(|now| {
        now.heartbeats += HEARTBEATS;
        now.dropped += 500;
        now.settled += 500;
        now.queued += 500;
    });
    assert!(reasons[0].contains("500 of 2000, output 500"), "{reasons:?}");
}

#[test]
fn what_does_not_go_on_for_three_seconds_is_told_by_its_place() {
    type Station = (&'static str, fn(&mut Beat));
    let stations: [Station; 3] = [
        ("in the rings", |now| now.sent += 7),
        ("for being decoded", |now| {
            now.sent += 7;
            now.drained += 7;
        }),
        ("for the output", |now| now.queued += 7),
    ];
    for (place, comes) in stations {
        let mut agent = Agent::running(60, "1");
        let idle = |now: &mut Beat| now.heartbeats += HEARTBEATS;
        let mut reasons = agent.pass(|now| {
            idle(now);
            comes(now);
        });
        let mut seconds = 0;
        while reasons.is_empty() {
            seconds += 1;
            reasons = agent.pass(idle);
        }
        assert_eq!(seconds, 3, "{place}");
        assert!(matches!(&*reasons, [reason] if reason.contains(place) && reason.contains("7 ")), "{reasons:?}");
        // It goes on.
        let reasons = agent.pass(|now| {
            idle(now);
            now.drained = now.sent;
            now.decoded = now.sent;
            now.settled = now.queued;
        });
        assert_eq!(reasons, [""; 0], "{place}");
    }
}

#[test]
fn what_moves_is_not_held_up() {
    // Always two seconds behind.
    let mut agent = Agent::running(60, "1");
    let mut sent = Vec::from([agent.now.sent; 2]);
    for _ in 0..20 {
        sent.push(agent.now.sent + 1000);
        let behind = sent[sent.len() - 3];
        let reasons = agent.pass(|now| {
            now.heartbeats += HEARTBEATS;
            now.sent += 1000;
            (now.drained, now.decoded, now.queued, now.settled) = (behind, behind, behind, behind);
        });
        assert_eq!(reasons, [""; 0]);
    }
}

#[test]
fn snapshots_that_are_late_change_nothing() {
    // The main loop was busy for a minute and a half.
    let mut agent = Agent::running(60, "1");
    let reasons = agent.pass(|now| {
        now.at += Duration::from_secs(90);
        now.heartbeats += HEARTBEATS;
        now.sent += 1_000_000;
        now.drained += 900_000;
    });
    assert_eq!(reasons, [""; 0], "what came since may be under way");
    let reasons = agent.pass(|now| {
        now.at += Duration::from_secs(90);
        now.heartbeats += HEARTBEATS;
        now.lost[Reason::Nested as usize] += 100;
    });
    assert!(reasons.iter().any(|reason| reason.contains("100 of 100, nested 100")), "{reasons:?}");
}

#[test]
fn the_share_is_of_all_that_came() {
    let mut agent = Agent::running(60, "1");
    agent.second(1000, 250);
    let verdict = judge(&agent.history, None, agent.policy);
    assert!((verdict.recent.ratio() - 250.0 / 3000.0).abs() < 1e-9, "{verdict:?}");
    assert!((verdict.window.ratio() - 250.0 / 6000.0).abs() < 1e-9, "{verdict:?}");
    assert_eq!(verdict.details, ["lost in the last 1m: 250 of 6000, ring_full 250"]);
}

/// Reasons and details about pods, after a second and after a minute.
fn about_pods(pods: Option<&Pods>, require_pods: bool) -> [(Vec<String>, Vec<String>); 2] {
    let agents = [Agent::running(60, "1"), {
        let mut agent = Agent::running(60, "1");
        for _ in 0..60 {
            agent.second(1, 0);
        }
        agent
    }];
    agents.map(|agent| {
        let verdict = judge(&agent.history, pods, Policy { require_pods, ..agent.policy });
        let only = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("kubernetes: ")).collect();
        (only(verdict.reasons), only(verdict.details))
    })
}

#[test]
fn pods_that_are_not_known_are_a_detail_once_they_were_asked_for() {
    let one = |line: &str| vec![format!("kubernetes: {line}")];
    let none = Vec::new;
    assert_eq!(about_pods(None, false), [(); 2].map(|()| (none(), none())));

    let listing = Pods::default();
    let line = one("the pods are being listed");
    assert_eq!(about_pods(Some(&listing), false), [(line.clone(), none()), (none(), line)]);

    let trouble = Some(("forbidden: 403".to_owned(), 7));
    let refused = Pods { trouble: trouble.clone(), ..Pods::default() };
    let line = one("no pods are known: forbidden: 403; failed attempts: 7");
    assert_eq!(about_pods(Some(&refused), false), [(); 2].map(|()| (none(), line.clone())));

    let synced = Pods { synced: true, known: 110, ..Pods::default() };
    let line = one("110 pods are known");
    assert_eq!(about_pods(Some(&synced), false), [(); 2].map(|()| (none(), line.clone())));
    let cut = Pods { trouble, ..synced };
    let line = one("110 pods are known, and no new ones: forbidden: 403; failed attempts: 7");
    assert_eq!(about_pods(Some(&cut), false), [(); 2].map(|()| (none(), line.clone())));
}

#[test]
fn pods_that_are_required_must_have_been_listed_once() {
    let reasons = |pods: Option<&Pods>| about_pods(pods, true).map(|(reasons, _)| reasons.len());
    assert_eq!(reasons(None), [1; 2], "nobody is asked");
    assert_eq!(reasons(Some(&Pods::default())), [1; 2]);
    let trouble = Some(("forbidden: 403".to_owned(), 7));
    assert_eq!(reasons(Some(&Pods { trouble: trouble.clone(), ..Pods::default() })), [1; 2]);
    assert_eq!(
        reasons(Some(&Pods { synced: true, trouble, ..Pods::default() })),
        [0; 2],
        "an outage later is no reason"
    );
}
