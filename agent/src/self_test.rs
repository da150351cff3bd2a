// SPDX-License-Identifier: Apache-2.0
//! The start-up self-test: a child makes known calls, and what the probe reported is compared with the truth. A wrong
//! offset or a table that does not fit this kernel then refuses to start, instead of reporting wrong things.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use agent_common::{kernel::Field, options::mode, record::NO_ID};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    decode::{
        self, RawArg, RawEvent,
        state::{State, StateRecord},
    },
    driver::Object,
    filter::kernel::KernelFilter,
    metadata::cgroup::Hierarchy,
    pipeline::{
        clock::boot_now,
        order::{Batch, Order},
    },
    probe::{Layout, Probe, ProbeError, Rings, Settings, StateSettings, layout::Tier, rings::MIN_RING},
    select::Selection,
    stats::Stats,
};

/// The hidden command that makes the known calls.
pub const CHILD: &str = "__self-test-child";
/// What the child exits with.
pub const STATUS: u8 = 42;
/// What the child writes.
const GREETING: &[u8] = b"lanner self-test\n";
/// How long the child's events are waited for after it has ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the self-test says no.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The probe could not be loaded.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The child could not be run.
    #[error("the self-test's child (/proc/self/exe {CHILD}) can't be run: {0}")]
    Child(io::Error),
    /// A call was not reported.
    #[error(
        "the self-test's {0} was not reported by the probe: this kernel is not supported as it is; please report \
             this with `lanner doctor --json`"
    )]
    Missing(&'static str),
    /// What was reported is not what happened.
    #[error(
        "the self-test's {call} was reported with {what} {got} instead of {want}: the probe reads this kernel \
             wrongly; please report this with `lanner doctor --json`"
    )]
    Wrong {
        /// The call.
        call: &'static str,
        /// What was wrong.
        what: &'static str,
        /// As reported.
        got: String,
        /// As it was.
        want: String,
    },
}

/// Makes the known calls. Runs in the child.
pub fn child(nonce: &str) {
    // A name that does not exist: the call fails, and its arguments are still there to be read.
    let _ = fs::File::open(path(nonce));
    let _ = rustix::process::getppid();
    // A copy, so that it is there: a page of the program that nothing has touched is not, and /dev/null does not look.
    let greeting = GREETING.to_vec();
    let _ = rustix::io::write(rustix::stdio::stdout(), &greeting);
}

fn path(nonce: &str) -> String {
    format!("/nonexistent/lanner/{nonce}")
}

/// What the child is, as the agent knows it without the probe.
struct Truth {
    pid: u32,
    parent: u32,
    uid: u32,
    gid: u32,
    cgroup: Option<u64>,
    nonce: String,
    since: u64,
    until: u64,
    /// As much of what it wrote as the probe keeps.
    greeting: &'static [u8],
    has_parent: bool,
    has_argv: bool,
}

/// The syscalls that the test looks at: a probe must be loaded with them too.
#[must_use]
pub fn filter() -> KernelFilter {
    KernelFilter::of(&Selection::of(&["openat", "getppid", "write", "execve", "exit_group"]))
}

/// What a probe is loaded with that captures for nobody.
pub(crate) fn settings(layout: &Layout, hierarchy: &Hierarchy) -> Settings {
    Settings {
        snaplen: 80,
        ring_budget: Some(MIN_RING),
        log_level: 0,
        controller: layout.controller_of(hierarchy),
        hierarchy: hierarchy.id().unwrap_or(0),
        shed: false,
        state: Some(StateSettings { environment: false, files: 64 }),
        replaceable: false,
    }
}

/// Loads a probe for the test alone, and tests it.
///
/// # Errors
/// When the probe can't be loaded, or what it reports is not the truth.
pub fn run_alone(object: &Object<'_>, layout: &Layout) -> Result<(), SelfTestError> {
    let hierarchy = layout.choose_hierarchy(Path::new("/"));
    let settings = settings(layout, &hierarchy);
    let filter = filter();
    let (mut probe, mut rings, _) = Probe::load(object, layout, &filter, &filter, &settings)?;
    probe.attach()?;
    let mut order = Order::new(probe.counters().cpus());
    run(&mut probe, &mut rings, &mut order, layout, &hierarchy, settings.snaplen, &Stats::default())?;
    probe.detach()?;
    Ok(())
}

/// Tests an attached probe. Its events are taken out of the rings and counted in `stats` as filtered.
///
/// # Errors
/// When what the probe reports is not the truth.
pub fn run(
    probe: &mut Probe,
    rings: &mut Rings,
    order: &mut Order,
    layout: &Layout,
    hierarchy: &Hierarchy,
    snaplen: u32,
    stats: &Stats,
) -> Result<(), SelfTestError> {
    probe.apply(&filter(), mode::SELF_TEST)?;
    let nonce = format!("{}-{}", std::process::id(), clock_gettime(ClockId::Monotonic).tv_nsec);
    let since = boot_now();
    let child = Command::new("/proc/self/exe")
        .args([CHILD, &nonce])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(SelfTestError::Child)?;
    let pid = child.id();
    wait(child)?;
    let tier = |field| layout.places().iter().any(|place| place.field == field && place.tier == Tier::Btf);
    let truth = Truth {
        pid,
        parent: std::process::id(),
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        cgroup: hierarchy.own_id(),
        nonce,
        since,
        until: boot_now(),
        greeting: GREETING.get(..snaplen as usize).unwrap_or(GREETING),
        has_parent: tier(Field::TaskRealParent),
        has_argv: tier(Field::MmArgStart),
    };
    let events = collect(rings, order, pid, stats);
    compare(&events, &truth)?;
    let files = [Field::FdtFd, Field::FilePath, Field::DentryName, Field::MountMnt].into_iter().all(tier);
    if files && probe.tells_state() { file(&events) } else { Ok(()) }
}

fn wait(mut child: std::process::Child) -> Result<(), SelfTestError> {
    let status = child.wait().map_err(SelfTestError::Child)?;
    if status.code() == Some(i32::from(STATUS)) {
        Ok(())
    } else {
        Err(SelfTestError::Child(io::Error::other(format!("it ended with {status}"))))
    }
}

/// The child's records, its exit among them.
fn collect(rings: &mut Rings, order: &mut Order, pid: u32, stats: &Stats) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        rings.drain(usize::MAX, |cpu, record| order.push(cpu, record, stats));
        let mut batch = Batch::default();
        order.release_all(&mut batch);
        let mut ended = false;
        for (_, record) in batch.iter() {
            match RawEvent::parse(record) {
                Ok(event) => {
                    stats.decoded.add(1);
                    stats.filtered.add(1);
                    if event.header.tgid == pid {
                        ended |= event.name() == Some("exit_group");
                        records.push(record.to_vec());
                    }
                }
                Err(_) if decode::is_state(record) => {
                    stats.decoded.add(1);
                    stats.state.add(1);
                    records.push(record.to_vec());
                }
                Err(_) => stats.malformed.add(1),
            }
        }
        if ended || Instant::now() > deadline {
            return records;
        }
        // The records are there when the child is gone; a wait that fails only shortens the pause.
        let _ = rings.wait(Duration::from_millis(1));
    }
}

fn expect(
    call: &'static str,
    what: &'static str,
    got: &dyn ToString,
    want: &dyn ToString,
) -> Result<(), SelfTestError> {
    let (got, want) = (got.to_string(), want.to_string());
    if got == want { Ok(()) } else { Err(SelfTestError::Wrong { call, what, got, want }) }
}

/// The file that the child writes its greeting to.
const NOWHERE: &str = "/dev/null";

/// Whether that is the name of [`NOWHERE`]. In a chroot, such as that of whoever debugs a node of a cluster, names still begin at
/// the root of the mount namespace.
fn is_nowhere(path: &[u8]) -> bool {
    path.strip_suffix(NOWHERE.as_bytes()).is_some_and(|chroot| chroot.is_empty() || chroot.starts_with(b"/"))
}

/// The file that the child writes its greeting to must have been told with its name.
fn file(records: &[Vec<u8>]) -> Result<(), SelfTestError> {
    let paths: Vec<_> = records
        .iter()
        .filter(|record| decode::is_state(record))
        .filter_map(|record| match StateRecord::parse(record).ok()?.state() {
            State::File(file) => file.path(),
            State::Task(_) | State::Exit(_) | State::CgroupMade(_) | State::CgroupGone(_) => None,
        })
        .collect();
    if paths.iter().any(|path| is_nowhere(path)) {
        return Ok(());
    }
    let got = paths.iter().map(|path| String::from_utf8_lossy(path)).collect::<Vec<_>>().join(" ");
    Err(SelfTestError::Wrong { call: "write", what: "file", got, want: NOWHERE.to_owned() })
}

/// Holds what was reported against the truth.
fn compare(records: &[Vec<u8>], truth: &Truth) -> Result<(), SelfTestError> {
    let events: Vec<_> = records.iter().filter_map(|record| RawEvent::parse(record).ok()).collect();
    let text = |event: &RawEvent<'_>, name: &str| {
        event.args().find(|(arg, _)| arg.name == name).map(|(_, raw)| match raw {
            RawArg::Bytes { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            RawArg::Absent(why) => format!("{why:?}"),
        })
    };
    let find = |call: &'static str, wanted: &dyn Fn(&RawEvent<'_>) -> bool| {
        events
            .iter()
            .find(|event| event.name() == Some(call) && wanted(event))
            .copied()
            .ok_or(SelfTestError::Missing(call))
    };
    let file = path(&truth.nonce);
    let open = find("openat", &|event| text(event, "name").as_deref() == Some(&file))?;
    identity("openat", &open, truth)?;
    expect("openat", "result", &open.header.ret, &-2)?;
    let getppid = find("getppid", &|_| true)?;
    expect("getppid", "result", &getppid.header.ret, &truth.parent)?;
    let write = find("write", &|event| event.header.ret == GREETING.len() as i64)?;
    let greeting = String::from_utf8_lossy(truth.greeting);
    expect("write", "data", &text(&write, "data").unwrap_or_default(), &greeting)?;
    let exec = find("execve", &|event| event.header.ret == 0)?;
    if truth.has_argv {
        let argv = format!("/proc/self/exe\0{CHILD}\0{}\0", truth.nonce);
        expect("execve", "argv", &text(&exec, "argv").unwrap_or_default(), &argv)?;
        expect("execve", "path", &text(&exec, "filename").unwrap_or_default(), &"/proc/self/exe")?;
    }
    let exit = find("exit_group", &|_| true)?;
    let status = exit.args().find_map(|(_, raw)| raw.word()).unwrap_or_default();
    expect("exit_group", "status", &status, &STATUS)
}

/// The header's fields.
fn identity(call: &'static str, event: &RawEvent<'_>, truth: &Truth) -> Result<(), SelfTestError> {
    let header = &event.header;
    expect(call, "pid", &header.tgid, &truth.pid)?;
    expect(call, "tid", &header.tid, &truth.pid)?;
    if truth.has_parent {
        expect(call, "ppid", &header.ppid, &truth.parent)?;
    } else {
        expect(call, "ppid", &header.ppid, &NO_ID)?;
    }
    expect(call, "uid", &header.uid, &truth.uid)?;
    expect(call, "gid", &header.gid, &truth.gid)?;
    if let Some(cgroup) = truth.cgroup {
        expect(call, "cgroup_id", &header.cgroup_id, &cgroup)?;
    }
    if (truth.since..=truth.until).contains(&header.ts) {
        Ok(())
    } else {
        let want = format!("between {} and {}", truth.since, truth.until);
        Err(SelfTestError::Wrong { call, what: "time", got: header.ts.to_string(), want })
    }
}
