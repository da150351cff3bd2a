// SPDX-License-Identifier: Apache-2.0
//! Processes and threads that make the calls that a test tells them to make.

use std::{
    cell::Cell,
    ffi::{OsStr, c_long},
    fs,
    io::{Read as _, Write as _},
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use tests::{TempDir, compile};

use crate::{truth, wait::wait_for};

/// What is done by `actor.c` and not by the kernel.
const THREAD: i64 = -1;
const FORK: i64 = -2;
/// `AT_FDCWD`, for the calls that take a folder.
pub(crate) const CWD: i32 = libc::AT_FDCWD;

/// An argument of a call.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    /// A number.
    Number(u64),
    /// The address of memory.
    Memory(Memory),
}

/// Memory of the caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    bytes: Vec<u8>,
    /// Where it has addresses, and of what.
    pointers: Vec<(usize, Self)>,
}

impl Memory {
    /// These bytes.
    pub(crate) fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), pointers: Vec::new() }
    }

    /// Room for an answer.
    pub(crate) fn room(len: usize) -> Self {
        Self::of(vec![0; len])
    }

    /// Numbers of 8 bytes; where one is an address, [`Self::pointing`] says so.
    pub(crate) fn words(words: &[u64]) -> Self {
        Self::of(words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>())
    }

    /// The same with the address of `to` in its word `at`.
    pub(crate) fn pointing(mut self, at: usize, to: Self) -> Self {
        self.pointers.push((at * 8, to));
        self
    }

    /// Strings as `argv` has them.
    pub(crate) fn strings<S: AsRef<OsStr>>(strings: &[S]) -> Self {
        let words = vec![0; strings.len() + 1];
        strings.iter().enumerate().fold(Self::words(&words), |memory, (at, text)| {
            memory.pointing(at, Self::of([text.as_ref().as_bytes(), b"\0"].concat()))
        })
    }

    /// Puts it behind `blob`; the answer is where it begins.
    fn place(&self, blob: &mut Vec<u8>, pointers: &mut Vec<u32>) -> u64 {
        blob.resize(blob.len().next_multiple_of(16), 0);
        let at = blob.len();
        blob.extend_from_slice(&self.bytes);
        for (offset, memory) in &self.pointers {
            let to = memory.place(blob, pointers);
            blob[at + offset..at + offset + 8].copy_from_slice(&to.to_ne_bytes());
            pointers.push((at + offset) as u32);
        }
        at as u64
    }
}

macro_rules! numbers { ($($number:ty)*) => { $(
    impl From<$number> for Arg {
        fn from(number: $number) -> Self {
            Self::Number(i64::from(number) as u64)
        }
    }
)* } }

numbers! { i32 u32 i64 u8 }

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<Memory> for Arg {
    fn from(memory: Memory) -> Self {
        Self::Memory(memory)
    }
}

/// Text and paths get the NUL that the kernel looks for.
impl<S: AsRef<OsStr> + ?Sized> From<&S> for Arg {
    fn from(text: &S) -> Self {
        Self::Memory(Memory::of([text.as_ref().as_bytes(), b"\0"].concat()))
    }
}

/// What a call did.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// What the kernel returned.
    pub(crate) ret: i64,
    /// What the memory of each argument that has some holds now.
    pub(crate) memory: Vec<Vec<u8>>,
}

impl Answer {
    /// The 32-bit number at `at` in the memory of argument `arg`, counted among those that have some.
    pub(crate) fn int(&self, arg: usize, at: usize) -> i32 {
        let bytes = &self.memory[arg][at * 4..at * 4 + 4];
        i32::from_ne_bytes(bytes.try_into().expect("four bytes"))
    }
}

/// Makes a call by name: `call!(hand, chdir, "/tmp")`. It must succeed; the answer is what it returned.
macro_rules! call { ($hand:expr, $name:ident $(, $arg:expr)* $(,)?) => {
    $hand.made(stringify!($name), $crate::actor::nr::$name, &[$($crate::actor::Arg::from($arg)),*])
} }
pub(crate) use call;

/// The numbers that [`call!`] finds.
#[expect(non_upper_case_globals, reason = "they are called as the calls are")]
pub(crate) mod nr {
    macro_rules! numbers { ($($name:ident = $number:ident,)*) => { $(
        pub(crate) const $name: std::ffi::c_long = libc::$number;
    )* } }

    numbers! {
        accept4 = SYS_accept4, bind = SYS_bind, chdir = SYS_chdir, chroot = SYS_chroot, close = SYS_close,
        connect = SYS_connect, dup = SYS_dup, dup3 = SYS_dup3, epoll_create1 = SYS_epoll_create1,
        eventfd2 = SYS_eventfd2, execve = SYS_execve, execveat = SYS_execveat, fchdir = SYS_fchdir, fcntl = SYS_fcntl,
        fstat = SYS_fstat, ftruncate = SYS_ftruncate, getdents64 = SYS_getdents64, getppid = SYS_getppid,
        getsockname = SYS_getsockname, inotify_init1 = SYS_inotify_init1, ioctl = SYS_ioctl, listen = SYS_listen,
        lseek = SYS_lseek, memfd_create = SYS_memfd_create, mkdirat = SYS_mkdirat, mount = SYS_mount,
        openat = SYS_openat, pidfd_open = SYS_pidfd_open, pipe2 = SYS_pipe2, prctl = SYS_prctl, pread64 = SYS_pread64,
        pwrite64 = SYS_pwrite64, read = SYS_read, recvfrom = SYS_recvfrom, recvmsg = SYS_recvmsg, sendmsg = SYS_sendmsg,
        sendto = SYS_sendto, setgroups = SYS_setgroups, setns = SYS_setns, setpgid = SYS_setpgid,
        setresgid = SYS_setresgid, setresuid = SYS_setresuid, setsid = SYS_setsid, shutdown = SYS_shutdown,
        signalfd4 = SYS_signalfd4, socket = SYS_socket, socketpair = SYS_socketpair,
        timerfd_create = SYS_timerfd_create, unshare = SYS_unshare, wait4 = SYS_wait4, write = SYS_write,
    }
}

/// Where those who make calls report.
#[derive(Debug)]
struct Desk {
    listener: UnixListener,
    name: String,
    program: PathBuf,
    _folder: TempDir,
}

impl Desk {
    fn accept(&self) -> UnixStream {
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        let ready = poll(&mut fds, Some(&Timespec { tv_sec: 20, tv_nsec: 0 }));
        assert_eq!(ready, Ok(1), "an actor reports");
        let (stream, _) = self.listener.accept().expect("an actor connects");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket has a timeout");
        stream
    }
}

/// A process of actors: started by a test, ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Actor {
    child: Child,
    desk: Rc<Desk>,
}

/// A thread that makes calls.
#[derive(Debug)]
pub(crate) struct Hand {
    stream: UnixStream,
    desk: Rc<Desk>,
    /// Its process id.
    pub(crate) pid: u32,
    /// Its thread id.
    pub(crate) tid: u32,
    /// Its process id in its own namespace.
    pub(crate) vpid: u32,
    /// Its thread id in its own namespace.
    pub(crate) vtid: u32,
    control: Cell<u32>,
}

impl Actor {
    /// Starts a process, and its first hand.
    pub(crate) fn start() -> (Self, Hand) {
        Self::start_as("actor", &[])
    }

    /// As [`Self::start`], of a program of this name and with more arguments.
    pub(crate) fn start_as(file: &str, args: &[&str]) -> (Self, Hand) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::new();
        let program = compile::c(folder.path(), file, include_str!("actor.c"), &["-static", "-pthread"]);
        let name = format!("lanner-actor-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixListener::bind_addr(&address).expect("nobody has this name");
        let mut command = Command::new(&program);
        command.args([&name, "-"]).args(args).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().expect("the actor starts");
        let desk = Rc::new(Desk { listener, name, program, _folder: folder });
        let hand = Hand::hired(desk.accept(), Rc::clone(&desk));
        (Self { child, desk }, hand)
    }

    /// The process id of the first one.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The program's file.
    pub(crate) fn program(&self) -> &Path {
        &self.desk.program
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // They end by themselves when their hands are dropped; a call that waits would not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Hand {
    fn hired(mut stream: UnixStream, desk: Rc<Desk>) -> Self {
        let [vpid, vtid, control] = hello(&mut stream);
        let peer = rustix::net::sockopt::socket_peercred(&stream).expect("a Unix socket's peer");
        let pid = peer.pid.as_raw_nonzero().get() as u32;
        let tid = outer(pid, vtid);
        Self { stream, desk, pid, tid, vpid, vtid, control: Cell::new(control) }
    }

    /// Makes the call `name`, which must succeed.
    #[track_caller]
    pub(crate) fn made(&self, name: &str, nr: c_long, args: &[Arg]) -> Answer {
        let answer = self.order(nr, args);
        assert!(answer.ret >= 0, "{name}: {:?}", Errno::from_raw_os_error(-answer.ret as i32));
        answer
    }

    /// Makes a call, whatever comes of it.
    pub(crate) fn order(&self, nr: c_long, args: &[Arg]) -> Answer {
        let starts = self.send(nr, args);
        let mut ret = [0; 8];
        self.take(&mut ret);
        let mut blob = vec![0; starts.1];
        self.take(&mut blob);
        let memory = starts.0.iter().map(|(start, len)| blob[*start..start + len].to_vec()).collect();
        Answer { ret: i64::from_ne_bytes(ret), memory }
    }

    /// Makes a call that does not come back: an exit.
    pub(crate) fn last(&self, nr: c_long, args: &[Arg]) {
        self.send(nr, args);
        let mut byte = [0];
        let ended = (&self.stream).read(&mut byte);
        assert!(matches!(ended, Ok(0)), "it comes back: {ended:?}");
    }

    /// Runs another program, or this one again, which goes on as this hand: `args` are the arguments of `nr` for the
    /// `argv` that it is given.
    pub(crate) fn exec(&mut self, nr: c_long, args: impl FnOnce(Memory) -> Vec<Arg>) {
        self.exec_with(nr, &[], args);
    }

    /// As [`Self::exec`], with more arguments for the program.
    pub(crate) fn exec_with(&mut self, nr: c_long, more: &[&OsStr], args: impl FnOnce(Memory) -> Vec<Arg>) {
        let control = self.control.get().to_string();
        let mut argv: Vec<&OsStr> = vec!["actor".as_ref(), self.desk.name.as_ref(), control.as_ref()];
        argv.extend(more);
        self.send(nr, &args(Memory::strings(&argv)));
        let control;
        [self.vpid, self.vtid, control] = hello(&mut self.stream);
        self.tid = outer(self.pid, self.vtid);
        self.control.set(control);
    }

    /// Makes a thread; the answer is its hand.
    pub(crate) fn thread(&self) -> Self {
        let ret = self.order(THREAD, &[]).ret;
        assert_eq!(ret, 0, "a thread can be made");
        Self::hired(self.desk.accept(), Rc::clone(&self.desk))
    }

    /// Makes a child with these flags of `clone`; the answer is its hand.
    pub(crate) fn fork_with(&self, flags: i32) -> Self {
        let ret = self.order(FORK, &[flags.into()]).ret;
        assert!(ret > 0, "a child can be made: {ret}");
        Self::hired(self.desk.accept(), Rc::clone(&self.desk))
    }

    /// Makes a child; the answer is its hand.
    pub(crate) fn fork(&self) -> Self {
        self.fork_with(0)
    }

    /// Ends the process, and waits until it did.
    pub(crate) fn exit(self, code: i32) {
        self.last(libc::SYS_exit_group, &[code.into()]);
    }

    /// Ends the thread, and waits until it did.
    pub(crate) fn send_off(self) {
        self.send(libc::SYS_exit, &[0.into()]);
        let task = format!("/proc/{}/task/{}", self.pid, self.tid);
        wait_for("the thread ends", || (!Path::new(&task).exists()).then_some(()));
    }

    /// Sends an order: where in the blob the memory of each argument is, and how long the blob is.
    fn send(&self, nr: c_long, args: &[Arg]) -> (Vec<(usize, usize)>, usize) {
        const POINTERS: usize = 64;
        let (mut words, mut in_memory) = ([0_u64; 6], 0_u32);
        let (mut blob, mut pointers, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, arg) in args.iter().enumerate() {
            match arg {
                Arg::Number(number) => words[at] = *number,
                Arg::Memory(memory) => {
                    words[at] = memory.place(&mut blob, &mut pointers);
                    places.push((words[at] as usize, memory.bytes.len()));
                    in_memory |= 1 << at;
                }
            }
        }
        // `transfer` has nothing to do for an empty blob; memory of no bytes still has an address.
        let mut order = nr.to_ne_bytes().to_vec();
        order.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        order.extend((blob.len() as u64).to_ne_bytes());
        order.extend(in_memory.to_ne_bytes());
        order.extend((pointers.len() as u32).to_ne_bytes());
        assert!(pointers.len() <= POINTERS, "{} addresses are too many", pointers.len());
        pointers.resize(POINTERS, 0);
        order.extend(pointers.iter().flat_map(|pointer| pointer.to_ne_bytes()));
        order.extend_from_slice(&blob);
        (&self.stream).write_all(&order).expect("the actor takes orders");
        (places, blob.len())
    }

    fn take(&self, bytes: &mut [u8]) {
        (&self.stream).read_exact(bytes).expect("the actor answers");
    }
}

/// Process id, thread id and descriptor of who reports.
fn hello(stream: &mut UnixStream) -> [u32; 3] {
    let mut bytes = [0; 24];
    stream.read_exact(&mut bytes).expect("the actor says who it is");
    let mut words = bytes.chunks_exact(8).map(|word| i64::from_ne_bytes(word.try_into().expect("eight bytes")) as u32);
    std::array::from_fn(|_| words.next().expect("three words"))
}

/// The thread of process `pid` that its own namespace calls `vtid`.
fn outer(pid: u32, vtid: u32) -> u32 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a living process").flatten();
    let tids = tasks.filter_map(|task| task.file_name().to_str()?.parse::<u32>().ok());
    let mut named = tids.filter(|tid| {
        let ids = truth::status(pid, *tid, "NSpid").unwrap_or_default();
        ids.split_whitespace().next_back() == Some(&vtid.to_string())
    });
    named.next().expect("a living thread")
}
