// SPDX-License-Identifier: Apache-2.0
//! One run of the agent around a closure.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    event::Event,
    ledger::Ledger,
    output::{self, Lines},
    patience::patience,
    program::lanner,
    sentinel::{self, Sentinel},
    temp::TempDir,
};

/// The longest that a run may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long a mark is waited for before it is made again.
const AGAIN: Duration = Duration::from_millis(20);

/// Whose events a test looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    /// The thread that ran the closure.
    Thread,
    /// Its process.
    Process,
    /// Its process and the descendants of it.
    Tree,
    /// Everybody.
    All,
}

/// How a mark is made.
type Marker = Box<dyn Fn(Sentinel)>;

/// A run of the agent that is about to start.
///
/// By default it is `lanner -o json --syscalls NAMES,getpriority`, it must
/// exit with 0, and events are those of the thread that calls [`Self::run`].
#[expect(missing_debug_implementations, reason = "it holds a closure")]
pub struct Capture {
    words: Vec<String>,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    scope: Scope,
    file: Option<PathBuf>,
    exit: Option<i32>,
    marker: Marker,
    timeout: Duration,
}

impl Capture {
    /// Captures these syscalls and classes, as `--syscalls` takes them.
    ///
    /// The test program's own reading of the agent's output is captured too, if `read` is; with a large snap length it
    /// feeds itself, and needs a filter such as [`Self::comm`].
    #[must_use]
    pub fn of<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            args: Vec::new(),
            envs: Vec::new(),
            scope: Scope::Thread,
            file: None,
            exit: Some(0),
            marker: Box::new(Sentinel::make),
            timeout: patience(TIMEOUT),
        }
    }

    /// Captures every syscall, as it is: reading long lines makes more calls, which are captured too.
    #[must_use]
    pub fn all() -> Self {
        Self::of(["all"]).args(["--no-enrich"])
    }

    /// More arguments for the agent.
    #[must_use]
    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// A variable of the agent's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// Looks at the events of all threads of this process.
    #[must_use]
    pub fn own_process(mut self) -> Self {
        self.scope = Scope::Process;
        self
    }

    /// Looks at the events of this process and of its descendants, as far as captured events tell who they are.
    #[must_use]
    pub fn pid_tree(mut self) -> Self {
        self.scope = Scope::Tree;
        self
    }

    /// Looks at everybody's events.
    #[must_use]
    pub fn everyone(mut self) -> Self {
        self.scope = Scope::All;
        self
    }

    /// Lets the agent write to this file (`--write`), and reads the events there instead of from a pipe.
    #[must_use]
    pub fn write(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// The exit code that the agent must end with, 0 otherwise; `None` when any will do.
    #[must_use]
    pub fn exit_code(mut self, code: impl Into<Option<i32>>) -> Self {
        self.exit = code.into();
        self
    }

    /// How marks are made, when those of the calling thread are not captured (`--uid`, `--comm`): `marker` must make
    /// the one that it gets ([`Sentinel::make`]) in a thread or process that is.
    #[must_use]
    pub fn marked_by(mut self, marker: impl Fn(Sentinel) + 'static) -> Self {
        self.marker = Box::new(marker);
        self
    }

    /// Captures threads of this name only; marks come from such a thread.
    #[must_use]
    pub fn comm(self, name: &str) -> Self {
        let name = name.to_owned();
        self.args(["--comm", &name]).marked_by(move |sentinel| {
            let thread = thread::Builder::new().name(name.clone()).spawn(move || sentinel.make());
            thread.expect("a thread can be made").join().expect("making a mark does not panic");
        })
    }

    /// The longest that the run may take, 60 seconds otherwise.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs `command` to its end under the capture, and looks at the events of it and its descendants.
    #[must_use]
    pub fn command(self, command: &mut Command) -> Captured<Output> {
        self.pid_tree().run(|| command.output().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Captures what `closure` does.
    ///
    /// # Panics
    /// When the agent does not start, does not end, or ends with another code than expected; and with the closure.
    #[must_use]
    pub fn run<R>(self, closure: impl FnOnce() -> R) -> Captured<R> {
        let mut running = Running::start(&self);
        let (caller, from) = running.mark(&self.marker, 0);
        let value = catch_unwind(AssertUnwindSafe(closure));
        let value = match value {
            Ok(value) => value,
            Err(panic) => {
                running.kill();
                resume_unwind(panic)
            }
        };
        running.mark(&self.marker, from);
        running.stop(&self, caller, value)
    }
}

/// Who made the first mark, as the agent sees it.
#[derive(Clone, Copy, Debug)]
struct Caller {
    pid: u32,
    tid: u32,
}

/// An agent that runs. Dropped, it is killed.
struct Running {
    child: Child,
    lines: Arc<Lines>,
    reader: Option<JoinHandle<()>>,
    stderr: Option<JoinHandle<String>>,
    ledger: PathBuf,
    /// Where the ledger is.
    _folder: TempDir,
    deadline: Instant,
    timeout: Duration,
    /// Held open while the run lasts; closing it calls the watchdog off.
    _watchdog: mpsc::Sender<()>,
}

impl Running {
    fn start(capture: &Capture) -> Self {
        let folder = TempDir::new();
        let ledger = folder.join("ledger.json");
        let mut words = capture.words.clone();
        words.push(sentinel::SYSCALL.to_owned());
        let mut command = lanner();
        command.args(["-o", "json", "--syscalls", &words.join(",")]).arg("--ledger").arg(&ledger);
        if let Some(path) = &capture.file {
            command.arg("--write").arg(path);
        }
        command.args(&capture.args).envs(capture.envs.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = child.stdout.take().expect("it is piped");
        let mut stderr = child.stderr.take().expect("it is piped");
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before an error is worth having.
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let (lines, reader) = match &capture.file {
            None => output::follow_pipe(stdout),
            Some(path) => output::follow_file(path.clone()),
        };
        let timeout = capture.timeout;
        let watchdog = watch(child.id(), timeout + Duration::from_secs(5));
        Self {
            child,
            lines,
            reader: Some(reader),
            stderr: Some(stderr),
            ledger,
            _folder: folder,
            deadline: Instant::now() + timeout,
            timeout,
            _watchdog: watchdog,
        }
    }

    /// Makes a mark until it is seen among the lines from `from` on: who made it, and where to go on.
    fn mark(&mut self, marker: &Marker, from: usize) -> (Caller, usize) {
        let sentinel = Sentinel::unique();
        let mut from = from;
        loop {
            marker(sentinel);
            let seen = self
                .lines
                .find(from, AGAIN, |event| sentinel.is(event).then(|| Caller { pid: event.pid(), tid: event.tid() }));
            from = seen.1;
            if let Some(caller) = seen.0 {
                return (caller, from);
            }
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                panic!("lanner ended too early, with {status}:\n{}", self.said());
            }
            if Instant::now() > self.deadline {
                self.kill();
                let said = self.said();
                panic!("lanner showed no {sentinel:?} within {:?}:\n{said}", self.timeout);
            }
        }
    }

    /// Ends it as Ctrl-C does.
    fn stop<R>(mut self, capture: &Capture, caller: Caller, value: R) -> Captured<R> {
        // SAFETY: the child has not been waited for, so that its id still is its own.
        unsafe {
            libc::kill(self.child.id() as i32, libc::SIGINT);
        }
        let status = self.wait();
        self.lines.end();
        let reader = self.reader.take().expect("it is taken once");
        reader.join().expect("the reader does not panic");
        let stderr = self.said();
        if let Some(code) = capture.exit {
            assert!(status.code() == Some(code), "lanner ended with {status}, not {code}:\n{stderr}");
        }
        let ledger = fs::read_to_string(&self.ledger).unwrap_or_default();
        Captured { value, events: self.lines.take(), caller, scope: capture.scope.clone(), ledger, stderr, status }
    }

    fn wait(&mut self) -> ExitStatus {
        let (ended, end) = mpsc::channel();
        let pid = self.child.id() as i32;
        thread::spawn(move || {
            // SAFETY: `siginfo_t` is plain data.
            let mut info = unsafe { std::mem::zeroed() };
            // SAFETY: the call fills the struct; with WNOWAIT the child stays to be waited for.
            unsafe {
                libc::waitid(libc::P_PID, pid as u32, &raw mut info, libc::WEXITED | libc::WNOWAIT);
            }
            // Nobody waits any more after the timeout.
            let _ = ended.send(());
        });
        let patience = self.deadline.saturating_duration_since(Instant::now());
        if end.recv_timeout(patience).is_err() {
            self.kill();
            let said = self.said();
            panic!("lanner did not end within {:?} of its start, after SIGINT:\n{said}", self.timeout);
        }
        self.child.wait().expect("it is our child")
    }

    fn kill(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it wrote to stderr until it ended.
    fn said(&mut self) -> String {
        self.stderr.take().map_or_else(String::new, |thread| thread.join().expect("the reader does not panic"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        self.lines.end();
    }
}

/// Ends the test program when the sender that this returns lives for longer than `patience`: a closure that hangs can't
/// be stopped otherwise.
fn watch(agent: u32, patience: Duration) -> mpsc::Sender<()> {
    let (alive, end) = mpsc::channel::<()>();
    let name = thread::current().name().unwrap_or("a test").to_owned();
    thread::spawn(move || {
        if end.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name}: what is captured did not end within {patience:?}; giving up");
            // SAFETY: the owner of the sender has not waited for its child.
            unsafe {
                libc::kill(agent as i32, libc::SIGKILL);
            }
            std::process::abort();
        }
    });
    alive
}

/// A run that ended.
#[derive(Debug)]
pub struct Captured<R> {
    value: R,
    events: Vec<Event>,
    caller: Caller,
    scope: Scope,
    ledger: String,
    stderr: String,
    status: ExitStatus,
}

impl<R> Captured<R> {
    /// What the closure returned.
    #[must_use]
    pub const fn value(&self) -> &R {
        &self.value
    }

    /// What the closure returned, when nothing else is wanted any more.
    #[must_use]
    pub fn into_value(self) -> R {
        self.value
    }

    /// All lines, of everybody, gaps included, in the order in which they were written.
    #[must_use]
    pub fn lines(&self) -> &[Event] {
        &self.events
    }

    /// The calls of those whom the test looks at, without the marks, in the order in which they were written.
    #[must_use]
    pub fn events(&self) -> Vec<&Event> {
        let Caller { pid, tid } = self.caller;
        let mut tree = BTreeSet::from([pid]);
        let calls = self.events.iter().filter(|event| event.json()["type"] == "syscall" && !sentinel::any(event));
        let ours = calls.filter(|event| match self.scope {
            Scope::Thread => event.tid() == tid,
            Scope::Process => event.pid() == pid,
            Scope::Tree => in_tree(event, &mut tree),
            Scope::All => true,
        });
        ours.collect()
    }

    /// The lines about gaps.
    #[must_use]
    pub fn gaps(&self) -> Vec<&Event> {
        self.events.iter().filter(|event| event.json()["type"] == "gap").collect()
    }

    /// The process id of the test, as the agent sees it.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.caller.pid
    }

    /// The id of the thread that ran the closure, as the agent sees it.
    #[must_use]
    pub const fn tid(&self) -> u32 {
        self.caller.tid
    }

    /// The first event for which `wanted` holds.
    ///
    /// # Panics
    /// When there is none: with the event that came nearest, and the fields in which it differs.
    #[track_caller]
    pub fn expect(&self, wanted: impl Fn(&Event) -> bool) -> &Event {
        let events = self.events();
        for event in &events {
            event.forget();
            if wanted(event) {
                return event;
            }
        }
        let nearest = events.iter().rev().max_by_key(|event| event.agreed());
        let nearest = nearest.map_or_else(String::new, |event| {
            format!(", the nearest being\n  {event}\n  in which{}", event.differing())
        });
        panic!("no event is the expected one, of {}{nearest}\n{}", events.len(), self.stderr);
    }

    /// How many events there are for which `wanted` holds.
    #[must_use]
    pub fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events().into_iter().filter(|event| wanted(event)).count()
    }

    /// Makes sure that `unwanted` holds for no event.
    ///
    /// # Panics
    /// When it does for one.
    #[track_caller]
    pub fn expect_none(&self, unwanted: impl Fn(&Event) -> bool) {
        if let Some(event) = self.events().into_iter().find(|event| unwanted(event)) {
            panic!("an event that should not be there:\n  {event}");
        }
    }

    /// The account of the run.
    ///
    /// # Panics
    /// When the agent did not write one.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        serde_json::from_str(&self.ledger)
            .unwrap_or_else(|error| panic!("the ledger is wrong: {error}:\n{}\n{}", self.ledger, self.stderr))
    }

    /// What the agent wrote to stderr.
    #[must_use]
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// How the agent ended.
    #[must_use]
    pub const fn status(&self) -> ExitStatus {
        self.status
    }
}

/// Whether the event is of a process in `tree`, which grows by its children.
fn in_tree(event: &Event, tree: &mut BTreeSet<u32>) -> bool {
    let ours = tree.contains(&event.pid()) || tree.contains(&event.ppid());
    if ours {
        tree.insert(event.pid());
        // A child that is not named by another event of its own.
        if let ("fork" | "vfork" | "clone" | "clone3", Some(child @ 1..)) =
            (event.syscall(), event.json()["ret"].as_u64())
        {
            tree.insert(child as u32);
        }
    }
    ours
}
