// SPDX-License-Identifier: Apache-2.0
//! Making syscalls by their bare registers, and noting what the agent has to say about each.

use std::{
    cell::{Cell, RefCell},
    env::consts::ARCH,
    ffi::{CStr, CString},
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    os::{fd::FromRawFd as _, unix::ffi::OsStrExt as _},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use agent_common::{numbers, schema::Abi, syscalls::NATIVE_ROWS};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tests::TempDir;

use crate::listed::in_kernel;

/// The thread name by which cases are captured; programs that they run have it too.
pub(crate) const COMM: &str = "lanner-cases";
/// Bytes of a buffer that the agent keeps, when it is not told otherwise.
pub(crate) const SNAPLEN: usize = 80;

/// What the agent has to say about one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// Where the case is.
    pub(crate) at: String,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) ppid: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) abi: String,
    pub(crate) nr: i64,
    pub(crate) syscall: String,
    pub(crate) ret: Option<i64>,
    pub(crate) args: Args,
}

/// The arguments of one call as JSON, and the remarks beside them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Args {
    pub(crate) values: Map<String, Value>,
    pub(crate) escaped: Vec<String>,
    pub(crate) truncated: Vec<String>,
    pub(crate) unreadable: Vec<String>,
}

impl Args {
    /// These, and one more.
    pub(crate) fn with(mut self, name: &str, value: impl Want) -> Self {
        value.want(name, &mut self);
        self
    }
}

/// Lists arguments: `args! { fd: 3, data: data(b"x") }`. `()` stands for null.
macro_rules! args {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::caller::Args::default()$(.with(stringify!($name), $value))*
    };
}

/// Makes a call: `call!(c, "close", fd)`.
macro_rules! call {
    ($caller:expr, $name:literal $(, $register:expr)* $(,)?) => {
        $caller.call($name, &[$($crate::caller::Reg::reg($register)),*])
    };
}

/// Makes a call as 32-bit callers do.
#[cfg(target_arch = "x86_64")]
macro_rules! call32 {
    ($caller:expr, $name:literal $(, $register:expr)* $(,)?) => {
        $caller.call32($name, &[$($crate::caller::Reg::reg($register)),*])
    };
}

/// Notes a call that is about to be made and does not return as calls do: its result, its registers, its arguments.
macro_rules! last {
    ($caller:expr, $name:literal, [$($register:expr),* $(,)?], $ret:expr, $args:expr) => {
        $caller.last($name, &[$($crate::caller::Reg::reg($register)),*], $ret, $args)
    };
}
#[cfg(target_arch = "x86_64")]
pub(crate) use call32;
pub(crate) use {args, call, last};

/// What goes into a register.
pub(crate) trait Reg {
    fn reg(self) -> u64;
}

macro_rules! signed { ($($type:ty)*) => { $(
    impl Reg for $type {
        fn reg(self) -> u64 {
            i64::from(self).cast_unsigned()
        }
    }
)* } }
signed!(i32 i64);

macro_rules! unsigned { ($($type:ty)*) => { $(
    impl Reg for $type {
        fn reg(self) -> u64 {
            u64::from(self)
        }
    }
)* } }
unsigned!(u8 u16 u32 u64);

impl Reg for usize {
    fn reg(self) -> u64 {
        self as u64
    }
}

impl<T> Reg for *const T {
    fn reg(self) -> u64 {
        self.expose_provenance() as u64
    }
}

impl<T> Reg for *mut T {
    fn reg(self) -> u64 {
        self.expose_provenance() as u64
    }
}

impl Reg for &CStr {
    fn reg(self) -> u64 {
        self.as_ptr().reg()
    }
}

impl Reg for &CString {
    fn reg(self) -> u64 {
        self.as_ptr().reg()
    }
}

/// What an argument is expected to be shown as.
pub(crate) trait Want {
    fn want(self, name: &str, args: &mut Args);
}

macro_rules! plain { ($($type:ty)*) => { $(
    impl Want for $type {
        fn want(self, name: &str, args: &mut Args) {
            args.values.insert(name.to_owned(), Value::from(self));
        }
    }
)* } }
plain!(bool u8 u16 u32 u64 i32 i64 usize &str String Value);

impl Want for () {
    fn want(self, name: &str, args: &mut Args) {
        args.values.insert(name.to_owned(), Value::Null);
    }
}

impl<T> Want for *const T {
    fn want(self, name: &str, args: &mut Args) {
        self.reg().want(name, args);
    }
}

impl<T> Want for *mut T {
    fn want(self, name: &str, args: &mut Args) {
        self.reg().want(name, args);
    }
}

impl Want for &CStr {
    fn want(self, name: &str, args: &mut Args) {
        self.to_str().expect("cases use text").want(name, args);
    }
}

impl Want for &CString {
    fn want(self, name: &str, args: &mut Args) {
        self.as_c_str().want(name, args);
    }
}

/// A buffer's content, of which the agent shows some bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a>(&'a [u8], usize);

/// A buffer's content.
pub(crate) const fn data(bytes: &[u8]) -> Data<'_> {
    Data(bytes, SNAPLEN)
}

/// A buffer's content, of which the agent was told to show this many bytes.
pub(crate) const fn kept(bytes: &[u8], length: usize) -> Data<'_> {
    Data(bytes, length)
}

/// Bytes of which the agent shows all.
pub(crate) const fn whole(bytes: &[u8]) -> Data<'_> {
    Data(bytes, usize::MAX)
}

impl Want for Data<'_> {
    fn want(self, name: &str, args: &mut Args) {
        let shown = &self.0[..self.0.len().min(self.1)];
        if shown.len() < self.0.len() {
            args.truncated.push(name.to_owned());
        }
        let (text, escaped) = escape(shown);
        if escaped {
            args.escaped.push(name.to_owned());
        }
        text.want(name, args);
    }
}

/// Bytes as the JSON line has them (docs/output.md), and whether some are escaped.
pub(crate) fn escape(bytes: &[u8]) -> (String, bool) {
    if let Ok(text) = str::from_utf8(bytes) {
        return (text.to_owned(), false);
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', r"\\"));
        chunk.invalid().iter().for_each(|byte| text.extend([format!(r"\x{byte:02x}")]));
    }
    (text, true)
}

/// A value that was cut.
pub(crate) struct Cut<T>(pub(crate) T);

impl<T: Want> Want for Cut<T> {
    fn want(self, name: &str, args: &mut Args) {
        self.0.want(name, args);
        args.truncated.push(name.to_owned());
    }
}

/// A value whose memory can't be read.
pub(crate) struct Fault;

impl Want for Fault {
    fn want(self, name: &str, args: &mut Args) {
        ().want(name, args);
        args.unreadable.push(name.to_owned());
    }
}

/// Makes calls for one thread and notes what to expect of them.
pub(crate) struct Caller {
    pid: u32,
    tid: u32,
    folder: PathBuf,
    expected: RefCell<Vec<Expected>>,
    /// Whether a case failed.
    failed: Cell<bool>,
    /// Where a child process tells its parent what to expect.
    parent: Option<RefCell<File>>,
}

/// Thrown by a case whose syscall the running kernel does not have.
struct Lacking;

/// A call that was made; what to expect of it is still to be said.
#[must_use = "say what to expect"]
pub(crate) struct Made<'c> {
    caller: &'c Caller,
    abi: Abi,
    name: &'static str,
    /// None when it was left out, since this architecture has no such call.
    nr: Option<i64>,
    ret: i64,
}

/// Stands for the name of a syscall that has none.
const UNNAMED: &str = "";

/// The number of a syscall, if this architecture has it.
fn find(abi: Abi, name: &str) -> Option<i64> {
    let numbered = numbers::table(abi).iter().find(|numbered| numbered.row.name == name);
    let known = numbered.is_some() || NATIVE_ROWS.iter().any(|(_, row)| row.name == name);
    assert!(known, "no syscall of {abi:?} is called {name}");
    numbered.map(|numbered| i64::from(numbered.nr))
}

/// The number of a syscall that every architecture has.
fn number(abi: Abi, name: &str) -> i64 {
    find(abi, name).unwrap_or_else(|| panic!("{ARCH} has no {name}"))
}

fn six(registers: &[u64]) -> [u64; 6] {
    let mut six = [0; 6];
    six[..registers.len()].copy_from_slice(registers);
    six
}

impl Caller {
    /// A caller for the thread that calls this, with a folder for files.
    ///
    /// # Safety
    /// The registers of every call are what the call takes: addresses in them are valid for what the kernel does with
    /// them, and what a call does to the process (unmapping, closing, signals) is not relied upon by anything else.
    pub(crate) unsafe fn new(folder: &TempDir) -> Self {
        Self::of_thread(folder.path().to_owned(), None)
    }

    fn of_thread(folder: PathBuf, parent: Option<RefCell<File>>) -> Self {
        // SAFETY: they take nothing and change nothing.
        let (pid, tid) = unsafe { (libc::getpid(), libc::gettid()) };
        Self {
            pid: pid.cast_unsigned(),
            tid: tid.cast_unsigned(),
            folder,
            expected: RefCell::default(),
            failed: Cell::default(),
            parent,
        }
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) const fn tid(&self) -> u32 {
        self.tid
    }

    /// The folder for files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file name in the folder.
    pub(crate) fn path(&self, name: &str) -> CString {
        c_path(&self.folder.join(name))
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> CString {
        std::fs::write(self.folder.join(name), content).expect("the folder can be written");
        self.path(name)
    }

    /// Runs cases, each whatever becomes of the others.
    pub(crate) fn each(&self, cases: &[fn(&Self)]) {
        for case in cases {
            if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| case(self)))
                && !thrown.is::<Lacking>()
            {
                self.failed.set(true);
            }
        }
    }

    /// Whether a case of [`Self::each`] failed since this was asked before.
    pub(crate) fn failed(&self) -> bool {
        self.failed.replace(false)
    }

    /// What was noted.
    pub(crate) fn into_expected(self) -> Vec<Expected> {
        self.expected.into_inner()
    }

    /// Makes a call.
    pub(crate) fn call(&self, name: &'static str, registers: &[u64]) -> Made<'_> {
        let nr = find(Abi::Native, name);
        // SAFETY: promised when the caller was made.
        let ret = nr.map_or(-1, |nr| unsafe { raw(nr, six(registers)) });
        Made { caller: self, abi: Abi::Native, name, nr, ret }
    }

    /// Makes a call as 32-bit callers do.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn call32(&self, name: &'static str, registers: &[u64]) -> Made<'_> {
        let nr = number(Abi::I386, name);
        // SAFETY: promised when the caller was made.
        let ret = unsafe { raw32(nr, six(registers)) };
        Made { caller: self, abi: Abi::I386, name, nr: Some(nr), ret }
    }

    /// Makes a call by a number that has no name.
    pub(crate) fn unnamed(&self, abi: Abi, nr: i32, registers: &[u64; 6]) -> Made<'_> {
        let made = match abi {
            Abi::Native => raw,
            #[cfg(target_arch = "x86_64")]
            Abi::I386 => raw32,
            #[cfg(not(target_arch = "x86_64"))]
            Abi::I386 => panic!("{ARCH} has no 32-bit x86 callers"),
        };
        // SAFETY: promised when the caller was made.
        let ret = unsafe { made(i64::from(nr), *registers) };
        Made { caller: self, abi, name: UNNAMED, nr: Some(i64::from(nr)), ret }
    }

    /// Makes a call that does not return as calls do, and does not return here if it does not at all.
    #[track_caller]
    pub(crate) fn last(&self, name: &'static str, registers: &[u64], ret: impl Into<Option<i64>>, args: Args) -> i64 {
        let nr = number(Abi::Native, name);
        self.note(Abi::Native, name, nr, ret.into(), args);
        // SAFETY: promised when the caller was made.
        unsafe { raw(nr, six(registers)) }
    }

    /// Notes a call of this thread that is made elsewhere.
    #[track_caller]
    pub(crate) fn note_call(&self, abi: Abi, name: &str, ret: impl Into<Option<i64>>, args: Args) {
        self.note(abi, name, number(abi, name), ret.into(), args);
    }

    #[track_caller]
    fn note(&self, abi: Abi, name: &str, nr: i64, ret: Option<i64>, args: Args) {
        // SAFETY: it takes nothing and changes nothing.
        let ppid = unsafe { libc::getppid() };
        self.note_of((self.pid, self.tid, ppid.cast_unsigned()), abi, name, nr, ret, args);
    }

    /// Notes a call of a process that this one made.
    #[track_caller]
    pub(crate) fn note_child(&self, pid: i64, name: &str, ret: impl Into<Option<i64>>, args: Args) {
        let pid = u32::try_from(pid).expect("it is a process id");
        self.note_of((pid, pid, self.pid), Abi::Native, name, number(Abi::Native, name), ret.into(), args);
    }

    #[track_caller]
    fn note_of(&self, ids: (u32, u32, u32), abi: Abi, name: &str, nr: i64, ret: Option<i64>, args: Args) {
        let (pid, tid, ppid) = ids;
        // SAFETY: they take nothing and change nothing.
        let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
        let abi = match abi {
            Abi::Native => ARCH,
            Abi::I386 => "i386",
        };
        let at = Location::caller().to_string();
        let (abi, syscall) = (abi.to_owned(), name.to_owned());
        self.push(Expected { at, pid, tid, ppid, uid, gid, abi, nr, syscall, ret, args });
    }

    fn push(&self, expected: Expected) {
        if let Some(parent) = &self.parent {
            let mut line = serde_json::to_vec(&expected).expect("it is plain data");
            line.push(b'\n');
            parent.borrow_mut().write_all(&line).expect("the parent reads");
        } else {
            self.expected.borrow_mut().push(expected);
        }
    }

    /// Runs `cases` in a child process, for calls that change the process or end it. The answer is how it ended: the
    /// status of `wait4`.
    ///
    /// # Panics
    /// When a case does.
    #[track_caller]
    pub(crate) fn child(&self, cases: impl FnOnce(&Self)) -> i32 {
        let mut ends = [0; 2];
        // SAFETY: there is room for two descriptors.
        assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
        // SAFETY: the pipe's ends are new, and nobody else's.
        let (read, write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
        // SAFETY: the child runs what the C library prepares for after a fork, and ends without leaving this function.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork works");
        if pid == 0 {
            drop(read);
            // SAFETY: an alarm ends a case that hangs, and the process with it.
            unsafe {
                libc::alarm(tests::patience(Duration::from_secs(20)).as_secs() as u32);
            }
            let caller = Self::of_thread(self.folder.clone(), Some(RefCell::new(write)));
            let code = match catch_unwind(AssertUnwindSafe(|| cases(&caller))) {
                Ok(()) => 0,
                Err(thrown) if thrown.is::<Lacking>() => LACKING,
                Err(_) => FAILED,
            };
            // SAFETY: nothing of the parent's is to be cleaned up here.
            unsafe { libc::_exit(code) };
        }
        drop(write);
        for line in BufReader::new(read).lines() {
            let line = line.expect("the pipe can be read");
            self.push(serde_json::from_str(&line).expect("a child tells what to expect"));
        }
        let mut status = 0;
        // SAFETY: it is our child, and there is room for the status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert!(status != FAILED << 8, "a case failed in a child process, which said why");
        if status == LACKING << 8 {
            resume_unwind(Box::new(Lacking));
        }
        assert!(libc::WTERMSIG(status) != libc::SIGALRM, "a case hung in a child process");
        status
    }

    /// As [`Self::child`], for cases that return.
    #[track_caller]
    pub(crate) fn in_child(&self, cases: impl FnOnce(&Self)) {
        assert_eq!(self.child(cases), 0, "the child process ended well");
    }
}

/// The exit code of a child whose case failed.
const FAILED: i32 = 99;
/// The exit code of a child whose syscall the kernel does not have.
const LACKING: i32 = 98;

impl Made<'_> {
    /// The result.
    pub(crate) const fn ret(&self) -> i64 {
        self.ret
    }

    /// The call has these arguments, whatever its result.
    #[track_caller]
    pub(crate) fn is(self, args: Args) -> i64 {
        if let Some(nr) = self.nr {
            let name = if self.name == UNNAMED { format!("syscall_{nr}") } else { self.name.to_owned() };
            self.caller.note(self.abi, &name, nr, Some(self.ret), args);
        }
        self.ret
    }

    /// Leaves the case when the running kernel has no such syscall.
    fn leave_if_lacking(&self) {
        let unknown = self.ret == -i64::from(libc::ENOSYS) && self.abi == Abi::Native;
        if unknown && self.name != UNNAMED && !in_kernel(self.name) {
            resume_unwind(Box::new(Lacking));
        }
    }

    /// The call succeeded and has these arguments.
    #[track_caller]
    pub(crate) fn ok(self, args: Args) -> i64 {
        self.leave_if_lacking();
        assert!(
            self.nr.is_none() || self.ret >= 0 || self.ret < -4095,
            "{} failed with errno {}",
            self.name,
            -self.ret
        );
        self.is(args)
    }

    /// The call failed with this error and has these arguments.
    #[track_caller]
    pub(crate) fn fails(self, errno: i32, args: Args) {
        if errno != libc::ENOSYS {
            self.leave_if_lacking();
        }
        assert!(
            self.nr.is_none() || self.ret == -i64::from(errno),
            "{} returned {}, not -{errno}",
            self.name,
            self.ret
        );
        self.is(args);
    }

    /// The call ended with one of the kernel's own results, which its caller never gets to see.
    #[track_caller]
    pub(crate) fn restarts(self, ret: i64, args: Args) {
        let Some(nr) = self.nr else { return };
        assert_eq!(self.ret, -i64::from(libc::EINTR), "{}: the result", self.name);
        self.caller.note(self.abi, self.name, nr, Some(ret), args);
    }
}

/// A path for a call.
pub(crate) fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("paths have no NUL")
}

/// Makes a call; the result is what the kernel left in the register.
///
/// # Safety
/// The registers are what the call takes.
pub(crate) unsafe fn raw(nr: i64, r: [u64; 6]) -> i64 {
    let ret;
    #[cfg(target_arch = "aarch64")]
    // SAFETY: see above.
    unsafe {
        std::arch::asm!(
            "svc #0",
            in("x8") nr, inlateout("x0") r[0] => ret,
            in("x1") r[1], in("x2") r[2], in("x3") r[3], in("x4") r[4], in("x5") r[5],
        );
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: see above.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") nr => ret,
            in("rdi") r[0], in("rsi") r[1], in("rdx") r[2], in("r10") r[3], in("r8") r[4], in("r9") r[5],
            lateout("rcx") _, lateout("r11") _,
        );
    }
    ret
}

/// Makes a call by the 32-bit entry; the result is what the kernel left in the whole register.
///
/// # Safety
/// The registers are what the call takes.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn raw32(nr: i64, r: [u64; 6]) -> i64 {
    let mut registers = [nr as u32, 0, 0, 0, 0, 0, 0];
    for (register, value) in registers[1..].iter_mut().zip(r) {
        *register = value as u32;
    }
    let ret;
    // SAFETY: see above. rbx and rbp, which the compiler keeps for itself, are put back.
    unsafe {
        std::arch::asm!(
            "push rbx",
            "push rbp",
            "mov ebx, [rax + 4]",
            "mov ecx, [rax + 8]",
            "mov edx, [rax + 12]",
            "mov esi, [rax + 16]",
            "mov edi, [rax + 20]",
            "mov ebp, [rax + 24]",
            "mov eax, [rax]",
            "int 0x80",
            "pop rbp",
            "pop rbx",
            inlateout("rax") registers.as_ptr().expose_provenance() => ret,
            lateout("rcx") _, lateout("rdx") _, lateout("rsi") _, lateout("rdi") _,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    ret
}
