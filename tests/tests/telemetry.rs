// SPDX-License-Identifier: Apache-2.0
//! What a running agent says of itself: its counters are those of the ledger, and it is ready while it loses nothing.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/agent.rs"]
mod agent;
#[expect(dead_code, reason = "streams of lines are looked at by other tests")]
#[path = "support/books.rs"]
mod books;
#[path = "support/client.rs"]
mod client;
#[path = "support/load.rs"]
mod load;
#[path = "support/wait.rs"]
mod wait;

use std::{
    io::{self, BufRead as _, BufReader},
    net::TcpListener,
    thread,
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;
use tests::{TempDir, lanner};

use crate::{
    agent::{Agent, alone},
    books::{all_lost, closed, count, dropped, total},
    client::{Client, Metrics},
    load::Load,
    wait::wait_for,
};

/// Serves at a port that the kernel chooses, and takes no probe that somebody left in the cache.
const LISTEN: [&str; 4] = ["--metrics-listen", "127.0.0.1:0", "--probe-source", "embedded"];

/// Starts an agent that serves.
fn start(args: &[&str]) -> (Agent, Client) {
    let agent = Agent::start(&[&LISTEN[..], args].concat());
    let client = Client::of(&agent);
    (agent, client)
}

/// Waits until the agent is ready.
fn await_ready(client: &Client) {
    wait_for("the agent is ready", || (client.get("/readyz").status == 200).then_some(()));
}

/// The metrics of a snapshot that was taken after this was called.
fn metrics(client: &Client) -> Metrics {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs_f64();
    wait_for("a snapshot", || {
        let metrics = client.metrics("/metrics?syscalls");
        (metrics.sum("lanner_snapshot_timestamp_seconds", &[]) > now).then_some(metrics)
    })
}

/// It says what it is, and of what it consists.
fn says_what_it_is(client: &Client) {
    assert!(client.get("/readyz").body.starts_with("ok\nlost in the last 3s: 0 of "));
    let health = client.json("/healthz");
    assert_eq!((&health["status"], &health["phase"]), (&Value::from("ok"), &Value::from("capturing")));
    assert!(health["age_seconds"].as_f64().is_some_and(|age| age < 5.0), "{health}");

    let versions = client.json("/versions");
    assert_eq!(versions["probe"]["chosen"]["source"], "embedded");
    assert!(versions["probe"]["chosen"]["sha256"].as_str().is_some_and(|digest| digest.len() == 64), "{versions}");
    assert_eq!(versions["features"]["tables"], true);

    assert!(client.get("/").body.contains("/readyz"));
    assert_eq!(client.get("/nothing").status, 404);

    let metrics = metrics(client);
    for (name, labels) in [
        ("lanner_ready", [].as_slice()),
        ("lanner_process_resident_memory_bytes", &[]),
        ("lanner_probe_verified_instructions", &[]),
        ("lanner_table_entries", &["table=\"processes\""]),
        ("lanner_ring_size_bytes", &["cpu=\"0\""]),
        ("lanner_probe_runs_total", &["program=\"sys_exit\""]),
        ("lanner_probe_run_seconds_total", &["program=\"sys_exit\""]),
        ("falcosecurity_scap_sys_exit_run_cnt_total", &[]),
    ] {
        assert!(metrics.sum(name, labels) > 0.0, "{name} is 0");
    }
}

#[test]
fn its_counters_are_those_of_the_ledger() {
    let _alone = alone();
    let load = Load::new(&["calls", "1000"]);
    let pid = load.pid();
    let (agent, client) =
        start(&["-o", "json", "--no-enrich", "--pid", &pid, "--syscalls", "getppid,read,openat,write"]);
    assert_eq!(load.complete(), 1000);
    // The load has ended, so that nothing of it comes after it was drained.
    let metrics = wait_for("all is written", || {
        let metrics = metrics(&client);
        let stages = ["drain", "decode", "write"].map(|stage| format!("stage=\"{stage}\""));
        let waiting: f64 = stages.iter().map(|stage| metrics.sum("lanner_waiting_records", &[stage])).sum();
        (waiting == 0.0).then_some(metrics)
    });
    let ledger = closed(&agent.stop());
    let agents = |key| count(&ledger["agent"], key);
    let sum = |name| metrics.sum(name, &[]) as u64;
    assert!(agents("delivered") >= 4000, "{ledger}");
    for (name, exactly) in [
        ("lanner_records_sent_total", total(&ledger, "sent")),
        ("lanner_records_lost_total", all_lost(&ledger)),
        ("lanner_records_drained_total", agents("drained")),
        ("lanner_records_decoded_total", agents("decoded")),
        ("lanner_records_malformed_total", 0),
        ("lanner_records_state_total", agents("state")),
        ("lanner_events_filtered_total", agents("filtered")),
        ("lanner_events_refused_total", agents("refused")),
        ("lanner_events_delivered_total", agents("delivered")),
        ("lanner_events_dropped_total", dropped(&ledger)),
        ("lanner_events_late_total", agents("late")),
        ("lanner_records_missing_total", agents("sequence_gaps")),
        ("falcosecurity_scap_n_evts_total", total(&ledger, "sent") + all_lost(&ledger)),
        ("falcosecurity_scap_n_drops_total", all_lost(&ledger)),
    ] {
        assert_eq!(sum(name), exactly, "{name}");
    }
    // Others go on making calls, which are only counted.
    for (name, at_most) in [
        ("lanner_calls_seen_total", total(&ledger, "seen")),
        ("lanner_calls_filtered_total", total(&ledger, "filtered")),
        ("lanner_calls_refused_total", total(&ledger, "refused")),
        ("lanner_calls_self_total", total(&ledger, "self")),
    ] {
        assert!(
            (1..=at_most).contains(&sum(name)) || (sum(name), at_most) == (0, 0),
            "{name}: {} > {at_most}",
            sum(name)
        );
    }
    for (name, account) in ledger["syscalls"].as_object().expect("syscalls") {
        let labels = [&format!("syscall=\"{name}\""), "outcome=\"sent\""];
        assert_eq!(metrics.sum("lanner_syscall_calls_total", &labels) as u64, count(account, "sent"), "{name}");
    }
    for stage in ["drain", "decode", "write", "total"] {
        let labels = [&*format!("stage=\"{stage}\"")];
        assert!(metrics.sum("lanner_stage_duration_seconds_count", &labels) > 0.0, "{stage}");
        assert!(metrics.sum("lanner_stage_duration_seconds_sum", &labels) > 0.0, "{stage}");
    }
}

#[test]
fn losses_are_told_within_five_seconds_and_forgotten() {
    let _alone = alone();
    let mut load = Load::new(&["flood", "2"]);
    let pid = load.pid();
    let small = ["--ring-budget", "256KiB", "--no-shed", "--loss-window", "3s", "--max-loss", "0.1", "--probe-stats"];
    let (agent, client) = start(&[&small[..], &["-o", "json", "--pid", &pid]].concat());
    await_ready(&client);
    says_what_it_is(&client);
    load.go();
    let began = Instant::now();
    let reason = wait_for("it is not ready", || {
        let answer = client.get("/readyz");
        (answer.status == 503).then_some(answer.body)
    });
    let seen = began.elapsed();
    println!("503 after {seen:?}: {reason}");
    assert!(seen < Duration::from_secs(5), "{seen:?}: {reason}");
    assert!(reason.contains("events were lost in the last 3s") && reason.contains("ring_full"), "{reason}");
    let lost = metrics(&client);
    assert!(lost.sum("lanner_ready", &[]) == 0.0 && lost.sum("lanner_loss_ratio", &["window=\"3s\""]) > 0.001);
    let size = lost.sum("lanner_ring_size_bytes", &["cpu=\"0\""]);
    assert!(lost.sum("lanner_ring_fill_peak_bytes", &["cpu=\"0\""]) > size / 2.0, "the ring was full");
    load.rounds();
    let ended = Instant::now();
    await_ready(&client);
    println!("200 after {:?}", ended.elapsed());
    let ledger = closed(&agent.stop());
    assert!(all_lost(&ledger) > 0, "{ledger}");
    assert!(client.try_get("/healthz").is_none(), "it serves after its end");
}

#[test]
fn an_output_that_takes_nothing_is_told() {
    let _alone = alone();
    let load = Load::new(&["calls", "1000"]);
    let (reader, writer) = io::pipe().expect("a pipe");
    let pid = load.pid();
    let args = [&LISTEN[..], &["-o", "json", "--no-enrich", "--pid", &pid]].concat();
    let agent = Agent::start_to(&args, TempDir::new(), writer.into());
    let client = Client::of(&agent);
    await_ready(&client);
    assert_eq!(load.complete(), 1000);
    // More than a pipe holds, and less than what may wait for the output: nothing is dropped.
    let reason = wait_for("it is not ready", || {
        let answer = client.get("/readyz");
        (answer.status == 503).then_some(answer.body)
    });
    assert!(reason.contains("events do not flow") && reason.contains("for the output"), "{reason}");
    let reader = thread::spawn(move || BufReader::new(reader).lines().map_while(Result::ok).count() as u64);
    await_ready(&client);
    let ledger = closed(&agent.stop());
    assert_eq!(reader.join().expect("a reader"), count(&ledger["agent"], "delivered"));
    assert_eq!(dropped(&ledger), 0);
}

#[test]
fn an_address_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = lanner().args(["--metrics-listen", &address]).output().expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for word in [&*address, "in use", "--metrics-listen", "`off`"] {
        assert!(said.contains(word), "{word}: {said}");
    }

    // The default: whoever has it, it is taken now.
    let _default = TcpListener::bind("127.0.0.1:8765");
    let mut command = lanner();
    command.env_remove("LANNER_METRICS_LISTEN");
    let folder = TempDir::new();
    let agent = Agent::launch(command, &["--syscalls", "getppid"], folder, std::process::Stdio::null());
    let run = agent.stop();
    closed(&run);
    assert_eq!(run.stderr.matches("metrics and health are not served").count(), 1, "{}", run.stderr);

    let wrong = lanner().args(["--metrics-listen", "nowhere"]).output().expect("it runs");
    assert_eq!(wrong.status.code(), Some(2), "a wrong word");
}
