// SPDX-License-Identifier: Apache-2.0
//! Random conditions against the live kernel: what it would refuse is sent all the same and decided again by the whole
//! condition, which must keep none of it.

use std::{
    env,
    fs::{self, File},
    iter,
    process::{Child, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use tests::{TempDir, lanner};

use crate::{agent::alone, wait::wait_for, work::Work};

/// How many conditions are tried: more for releases.
fn conditions() -> usize {
    env::var("LANNER_TEST_CONDITIONS").map_or(60, |text| text.parse().expect("LANNER_TEST_CONDITIONS is a number"))
}

/// Numbers that look random, the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn one_of<'a>(&mut self, of: &'a [String]) -> &'a str {
        &of[self.below(of.len())]
    }

    /// A condition of these comparisons, at most `depth` levels deep.
    fn condition(&mut self, of: &[String], depth: usize) -> String {
        if depth == 0 || self.below(3) == 0 {
            return self.one_of(of).to_owned();
        }
        match self.below(3) {
            0 => format!("not ({})", self.condition(of, depth - 1)),
            joint => {
                let parts: Vec<_> = (0..2 + self.below(2))
                    .map(|n| format!("({})", self.condition(of, (depth - 1).saturating_sub(n / 2))))
                    .collect();
                parts.join(if joint == 1 { " and " } else { " or " })
            }
        }
    }
}

/// Comparisons that hold of some of the work's calls, and not of others.
fn comparisons(work: &Work) -> Vec<String> {
    let at = work.folder().to_str().expect("UTF-8");
    let (pid, port) = (std::process::id(), work.port());
    let folder = work.folder().file_name().and_then(|name| name.to_str()).expect("UTF-8");
    [
        "evt.type = openat",
        "evt.type in (openat, open, openat2, creat)",
        "evt.type in (read, write, recvfrom, sendto)",
        "evt.type in (connect, accept4, close)",
        "evt.type != close",
        "evt.category = file",
        "evt.is_io = true",
        "evt.rawres >= 0",
        "evt.rawres < 0",
        "evt.rawres in (0, 4, -2)",
        "evt.res = ENOENT",
        "evt.res != SUCCESS",
        "evt.failed = true",
        "evt.arg.res = EACCES",
        "evt.is_open_read = true",
        "evt.is_open_write = true",
        "evt.is_open_create = true",
        "evt.arg.flags contains O_CREAT",
        "evt.arg.flags contains O_CLOEXEC",
        "evt.arg.flags = O_RDONLY",
        "evt.rawarg.flags = 0",
        "evt.arg.request = PTRACE_ATTACH",
        "evt.arg.domain in (AF_NETLINK, AF_INET)",
        "evt.rawarg.size > 4",
        "evt.cpu = 0",
        &format!("proc.pid = {pid}"),
        &format!("proc.ppid = {pid}"),
        &format!("thread.tid > {pid}"),
        "proc.name = cat",
        "proc.name in (cat, true, lanner)",
        "proc.name startswith fil",
        "proc.name exists",
        "user.uid = 0",
        "user.loginuid = -1",
        "group.gid in (0, 1, 2)",
        "proc.exe_ino > 1000",
        "proc.cmdline contains file.log",
        "proc.aname = filter",
        "container.id = host",
        "container.id != host",
        "fd.num < 0",
        "fd.num >= 3",
        "fd.num in (4, 5, 6)",
        &format!("fd.name startswith {at}"),
        &format!("fd.name = {at}/secret"),
        &format!("fd.name in ({at}/secret, {at}/missing, /etc/hostname)"),
        &format!("fd.name glob {at}/sub/*"),
        &format!("fd.name pmatch ({at}/sub, /etc)"),
        &format!("fd.directory = {at}"),
        "fd.filename = file.log",
        "fd.name endswith .log",
        &format!("fd.name contains {folder}"),
        &format!("fd.nameraw startswith {at}/sub/.."),
        &format!("evt.arg.name startswith {at}"),
        "evt.arg.name endswith secret",
        &format!("evt.arg.path = {at}/new"),
        &format!("fs.path.name startswith {at}/s"),
        &format!("fs.path.source = {at}/made"),
        "fd.typechar = f",
        "fd.typechar in (4, 6)",
        "fd.type = pipe",
        "fd.type in (unix, directory)",
        "fd.l4proto = tcp",
        "fd.sockfamily = ip",
        "fd.ip = 127.0.0.1",
        "fd.sip = ::1",
        "fd.net = 127.0.0.0/8",
        "fd.snet in (10.0.0.0/8, 127.0.0.0/16)",
        "fd.rip != 127.0.0.1",
        &format!("fd.port = {port}"),
        &format!("fd.sport = {port}"),
        "fd.lport > 1024",
        "fd.rport in (1, 2, 3)",
        "fd.connected = true",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A check that runs: killed when the test fails before it ended.
struct Check {
    child: Child,
    folder: TempDir,
}

impl Check {
    fn start(file: &str) -> Self {
        let folder = TempDir::new();
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| File::create(folder.join(name)).expect("a file"));
        let child = lanner()
            .args(["explain", "--check", "10m", "--filter", file])
            .env("LANNER_LOG", "info")
            .env("LANNER_RING_BUDGET", "128MiB")
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("it starts");
        let check = Self { child, folder };
        wait_for("the check captures", || check.stderr().contains("capturing").then_some(()));
        check
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).expect("what it said")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        // Both fail when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends the work when it goes.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The number before `what` in the report.
fn number(report: &str, what: &str) -> u64 {
    let before = report.split(what).next().expect("a split has a first part");
    let word = before.split_whitespace().next_back().expect("a number before it");
    word.parse().unwrap_or_else(|error| panic!("{error}: `{word}` before `{what}` in\n{report}"))
}

#[test]
fn the_kernel_refuses_nothing_that_the_condition_keeps() {
    let _alone = alone();
    let seed =
        env::var("LANNER_TEST_SEED").map_or(0x1a2b_3c4d, |text| text.parse().expect("LANNER_TEST_SEED is a number"));
    let (mut random, work, folder) = (Random(seed), Work::new(), TempDir::new());
    let of = comparisons(&work);
    let file = folder.join("condition");
    fs::write(&file, &of[0]).expect("a file");
    let mut check = Check::start(file.to_str().expect("UTF-8"));
    let (done, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut tried = 0;
    thread::scope(|scope| {
        // Also when the test fails: the scope waits for the work.
        let _ends = Ends(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                work.round(rounds.fetch_add(1, Ordering::Relaxed));
            }
        });
        // Each comparison alone and negated, then mixtures.
        let alone = of.iter().flat_map(|comparison| [comparison.clone(), format!("not {comparison}")]);
        let mixed = iter::repeat_with(|| random.condition(&of, 3)).take(conditions());
        for condition in alone.chain(mixed) {
            fs::write(&file, &condition).expect("a file");
            check.signal(Signal::HUP);
            tried += 1;
            let stderr = wait_for("the condition is read again", || {
                let stderr = check.stderr();
                let answers =
                    stderr.matches("was read again and holds").count() + stderr.matches("goes on to hold").count();
                (answers == tried).then_some(stderr)
            });
            assert!(!stderr.contains("goes on to hold"), "{condition}\n{stderr}");
            assert!(
                !stderr.contains("refuses what the condition keeps"),
                "seed {seed}: {condition} or the one before\n{stderr}"
            );
            let from = rounds.load(Ordering::Relaxed);
            wait_for("the work goes on", || (rounds.load(Ordering::Relaxed) > from + 4).then_some(()));
        }
    });
    check.signal(Signal::INT);
    let status = wait_for("the check ends", || check.child.try_wait().expect("a child to wait for"));
    let report = fs::read_to_string(check.folder.join("stdout")).expect("a report");
    println!("{}", report.split_once("check:").expect("a result").1);
    assert_eq!(number(&report, "of them wrongly"), 0, "seed {seed}\n{}", check.stderr());
    assert!(status.success(), "{status}\n{}", check.stderr());
    let (compared, refused) = (number(&report, "calls compared"), number(&report, "would be refused"));
    // The kernel's part is worth something: of calls for conditions of all kinds, it refuses a fair share.
    assert!(compared > 10_000 && refused * 4 > compared, "{report}");
}
