// SPDX-License-Identifier: Apache-2.0
//! Much time in little: everything that a node does in a week, over and over, as fast as it goes. What the agent holds must
//! stay what it was. `LANNER_TEST_SECONDS` makes it longer.

use std::{
    env, fs,
    io::Write as _,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tests::TempDir;

use crate::{
    agent::Agent,
    books::{closed, count, total},
    cgroups::{Cgroup, root},
    client::Client,
    guard::Guard,
    load::Load,
    wait::wait_for,
};

/// Rounds before anything is compared: buffers and tables find their size.
const BEGINNING: u32 = 3;
/// What memory may have more after that: less than four bytes for each event of the shortest run.
const SLACK: u64 = 6 << 20;

/// How long the rounds go on after the beginning.
fn length() -> Duration {
    let seconds = env::var("LANNER_TEST_SECONDS").map_or(8, |text| text.parse().expect("a number of seconds"));
    Duration::from_secs(seconds)
}

/// The memory that the agent has now.
fn resident(agent: &Agent) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid())).expect("a running agent");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("KiB") << 10
}

/// The descriptors and threads that it has now.
fn held(agent: &Agent) -> [usize; 2] {
    ["fd", "task"].map(|name| fs::read_dir(format!("/proc/{}/{name}", agent.pid())).expect("a running agent").count())
}

/// A bit of everything, with names that were never there before.
fn round(n: u32, agent: &Agent, client: &Client, folder: &Path, condition: &Path) {
    let mut loads = [Load::new(&["calls", "30000"]), Load::new(&["births", "1"])];
    loads.iter_mut().for_each(Load::go);
    for i in 0..200 {
        let path = folder.join(format!("file-{n}-{i}"));
        fs::write(&path, "once").expect("a file");
        fs::remove_file(&path).expect("a file");
    }
    for i in 0..40 {
        let status = Command::new("/bin/true").arg(format!("{n}-{i}")).status().expect("/bin/true");
        assert!(status.success());
    }
    for i in 0..10 {
        let id = format!("{:064x}", (u64::from(std::process::id()) << 32) | u64::from(n * 100 + i));
        let cgroup = Cgroup::in_hierarchy(&root(), &format!("lanner-test-{}/docker-{id}.scope", std::process::id()));
        let mut inside = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().expect("a shell");
        cgroup.admit(inside.id());
        drop(inside.stdin.take());
        inside.wait().expect("it ends");
    }
    // The same in other words, so that it is read and pushed down anew.
    fs::write(condition, format!("not proc.name in (nobody-{n}, nobody)")).expect("a file");
    agent.signal(Signal::HUP);
    let again = |log: &str| log.matches("read again and holds").count() as u32 > n;
    wait_for("the condition is read again", || again(&agent.stderr()).then_some(()));
    let address = agent.stderr().split("served at http://").nth(1).expect("an address").to_owned();
    let address = address.split_whitespace().next().expect("an address").to_owned();
    for _ in 0..10 {
        assert_eq!(client.get("/metrics").status, 200);
        // Somebody who goes away in the middle of a word.
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.write_all(b"GET /met").expect("sent");
    }
    for load in loads {
        load.rounds();
    }
}

#[test]
fn a_week_in_seconds() {
    let _guard = Guard::new();
    let folder = TempDir::new();
    let (condition, events) = (folder.join("condition"), folder.join("events"));
    fs::write(&condition, "not proc.name in (nobody)").expect("a file");
    let agent = Agent::start(&[
        "-o",
        "json",
        "--filter",
        condition.to_str().expect("UTF-8"),
        "--metrics-listen",
        "127.0.0.1:0",
        "--write",
        events.to_str().expect("UTF-8"),
        "--rotate-size",
        "8MiB",
        "--rotate-count",
        "2",
        "--env",
        "--enrich-wait",
        "10ms",
    ]);
    let client = Client::of(&agent);
    let mut baseline = held(&agent);
    let (mut begun, mut settled, mut n) = (Instant::now(), 0, 0);
    while n < BEGINNING + 2 || begun.elapsed() < length() {
        if n == BEGINNING {
            (begun, settled) = (Instant::now(), settled.max(resident(&agent)));
            // The thread that reads conditions stays for a while when it is done.
            baseline[1] = held(&agent)[1];
        }
        round(n, &agent, &client, folder.path(), &condition);
        if n < BEGINNING {
            settled = settled.max(resident(&agent));
        }
        n += 1;
    }
    // What is still on its way is memory and connections too.
    let now = wait_for("no more memory is taken than at the beginning", || {
        Some(resident(&agent)).filter(|now| *now <= settled + SLACK)
    });
    wait_for("no more descriptors and threads are held than at the beginning", || {
        let held = held(&agent);
        (held[0] <= baseline[0] && held[1] <= baseline[1]).then_some(())
    });
    let ledger = closed(&agent.stop());
    println!(
        "{n} rounds, {} calls, {} delivered, memory {settled} then {now}, descriptors and threads {baseline:?}",
        total(&ledger, "seen"),
        count(&ledger["agent"], "delivered"),
    );
}
