// SPDX-License-Identifier: Apache-2.0
//! Callers that do it differently: other numbers, other conventions, tracers and filters in between.

use std::{
    arch::asm,
    ffi::{c_int, c_long},
    process::Command,
    ptr,
};

use tests::{Capture, Event, TempDir, compile};

use crate::support::{in_child, skip};

/// Makes a call by number; whatever it answers.
fn syscall(nr: c_long, args: [u64; 6]) -> c_long {
    let [a, b, c, d, e, f] = args;
    // SAFETY: no call here is given memory that it could harm.
    unsafe { libc::syscall(nr, a, b, c, d, e, f) }
}

/// Makes a call as 32-bit programs do.
fn int80(nr: u32, args: [u32; 3]) -> i32 {
    let ret: i32;
    // SAFETY: the calls below read memory that is there; rbx, which the compiler keeps for itself, is put back, and what
    // old kernels clear is named.
    unsafe {
        asm!(
            "xchg rbx, {first}",
            "int 0x80",
            "xchg rbx, {first}",
            first = inout(reg) u64::from(args[0]) => _,
            inlateout("eax") nr => ret,
            in("ecx") args[1],
            in("edx") args[2],
            lateout("r8") _,
            lateout("r9") _,
            lateout("r10") _,
            lateout("r11") _,
        );
    }
    ret
}

#[test]
fn numbers_that_no_table_holds() {
    let numbers: [c_long; 6] = [-1, 400, 500, 0x4000_0000 + 39, 100_000, i64::from(i32::MIN)];
    let captured = Capture::all().run(|| {
        for (round, nr) in (0_u64..).zip(numbers) {
            assert_eq!(syscall(nr, [round, 0x1111, 0x2222, 0x3333, 0x4444, 0xffff_ffff_ffff_ffff]), -1);
        }
    });
    for (round, nr) in numbers.into_iter().enumerate() {
        let event = captured
            .expect(|e| e.field("nr") == nr && e.arg("arg0") == round && e.ret() == -38 && e.errno() == "ENOSYS");
        assert!(event.field("syscall") == format!("syscall_{nr}") && event.field("abi") == "x86_64", "{event}");
        let rest = ["arg1", "arg2", "arg3", "arg4", "arg5"].map(|name| event.arg(name).as_u64());
        assert_eq!(rest, [0x1111, 0x2222, 0x3333, 0x4444, u64::MAX].map(Some), "{event}");
    }
    let ledger = captured.ledger();
    // Numbers below 512 have an account of their own.
    assert!(ledger.syscall("unknown").sent >= 4);
    assert!(ledger.syscall("syscall_400").sent >= 1 && ledger.syscall("syscall_500").sent >= 1);
}

#[test]
fn a_number_of_64_bits_is_cut_as_the_kernel_cuts_it() {
    // The kernel looks at the low 32 bits.
    let captured = Capture::of(["getppid"]).run(|| syscall(0x7_0000_0000 | libc::SYS_getppid, [0; 6]));
    let ret = *captured.value();
    captured.expect(|e| e.is("getppid") && e.field("nr") == libc::SYS_getppid && e.ret() == ret);
}

#[test]
fn a_32_bit_call_of_a_64_bit_process() {
    // SAFETY: new memory, below 4 GiB where 32-bit calls can see it.
    let low = unsafe {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(ptr::null_mut(), 4096, prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT, -1, 0)
    };
    assert_ne!(low, libc::MAP_FAILED, "no memory below 4 GiB");
    let path = b"/nonexistent/int80\0";
    // SAFETY: the page has room.
    unsafe { ptr::copy_nonoverlapping(path.as_ptr(), low.cast(), path.len()) };
    // getuid of 32-bit calls is timer_settime's... number 24 is sched_yield of the others; 5 is open and fstat.
    let captured = Capture::all().run(|| (int80(5, [low as u32, 0, 0]), int80(20, [0; 3]), int80(500, [7, 8, 9])));
    let (opened, pid, unknown) = *captured.value();
    assert!(pid > 0, "this kernel has no 32-bit calls: {pid}");
    assert_eq!((opened, unknown), (-2, -38));
    let i386 = |e: &Event| e.field("abi") == "i386";
    captured.expect(|e| {
        i386(e) && e.is("open") && e.field("nr") == 5 && e.arg("name") == "/nonexistent/int80" && e.errno() == "ENOENT"
    });
    captured.expect(|e| i386(e) && e.is("getpid") && e.field("nr") == 20 && e.ret() == pid);
    captured.expect(|e| {
        i386(e) && e.is("syscall_500") && e.arg("arg0") == 7 && e.arg("arg2") == 9 && e.errno() == "ENOSYS"
    });
    let ledger = captured.ledger();
    assert!(ledger.syscall("open@i386").sent >= 1 && ledger.syscall("getpid@i386").sent >= 1);
    // What is 24 to the one is 24 to the other too, but for another call.
    assert_eq!(ledger.syscall("fstat@i386").seen, 0);
}

const PROGRAM_32: &str = r#"
static long sys(long nr, long a, long b, long c) {
    long ret;
    __asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return ret;
}
void _start(void) {
    // On the stack: what was never touched is not in memory, so that the probe could not read it.
    char *volatile argv[] = {"sixty-four", "again", 0};
    sys(5, (long)"/nonexistent/thirty-two", 0, 0);
    sys(4, 1, (long)"from 32 bits", 12);
    sys(11, (long)"/nonexistent/program", (long)argv, 0);
    sys(11, (long)"/bin/true", (long)argv, 0);
    sys(1, 3, 0, 0);
}
"#;

#[test]
fn a_32_bit_process() {
    let folder = TempDir::new();
    let flags = ["-m32", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector"];
    let program = match compile::try_c(folder.path(), "thirty-two", PROGRAM_32, &flags) {
        Ok(program) => program,
        Err(why) => return skip("a_32_bit_process", &why),
    };
    let captured = Capture::of(["file", "process", "write"]).command(&mut Command::new(&program));
    assert_eq!(captured.value().stdout, b"from 32 bits", "{:?}", captured.value());
    let path = program.to_str().expect("UTF-8");
    // Who calls is what counts: the image that runs afterwards is 32-bit, then 64-bit.
    captured.expect(|e| {
        e.is("execve") && e.arg("filename") == path && e.ret() == 0 && e.field("abi") == "x86_64" && e.field("nr") == 59
    });
    let i386 = |e: &Event| e.field("abi") == "i386" && e.field("comm") == "thirty-two";
    captured.expect(|e| i386(e) && e.is("open") && e.arg("name") == "/nonexistent/thirty-two" && e.ret() == -2);
    captured.expect(|e| i386(e) && e.is("write") && e.arg("data") == "from 32 bits" && e.ret() == 12);
    captured.expect(|e| {
        i386(e)
            && e.is("execve")
            && e.arg("filename") == "/nonexistent/program"
            && e.arg("argv.1") == "again"
            && e.errno() == "ENOENT"
    });
    captured.expect(|e| {
        e.is("execve")
            && e.field("abi") == "i386"
            && e.field("nr") == 11
            && e.ret() == 0
            && e.arg("filename") == "/bin/true"
            && e.arg("argv.0") == "sixty-four"
            && e.arg("argv.1") == "again"
    });
    captured.expect(|e| e.is("exit_group") && e.field("abi") == "x86_64" && e.arg("status") == 0);
}

#[test]
fn a_vsyscall_is_no_syscall() {
    // The page at a fixed address that old programs call; the kernel serves it without a syscall, if at all.
    let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
    if !maps.contains("[vsyscall]") {
        return skip("a_vsyscall_is_no_syscall", "this kernel has no vsyscall page");
    }
    let captured = Capture::all().run(|| {
        syscall(libc::SYS_getppid, [0; 6]);
        let mut now: libc::time_t = 0;
        let time: libc::time_t;
        // SAFETY: the page has `time` at this offset, whose argument is where to put the time.
        unsafe {
            asm!("call {time}", time = in(reg) 0xffff_ffff_ff60_0400_u64, inlateout("rdi") &raw mut now => _,
                lateout("rax") time, clobber_abi("C"));
        }
        syscall(libc::SYS_getppid, [0; 6]);
        (time, now)
    });
    let (time, now) = *captured.value();
    assert!(time > 1_600_000_000 && time == now, "{time} {now}");
    captured.expect_none(|e| e.is("time"));
    assert_eq!(captured.count(|e| e.is("getppid")), 2);
}

/// `orig_rax` of `struct user`.
const ORIG_RAX: usize = 15 * 8;

/// Waits for the child's next stop; false when it has ended.
fn stopped(pid: i32) -> bool {
    let mut status: c_int = 0;
    // SAFETY: the child is ours, and the status ours to be written.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    libc::WIFSTOPPED(status)
}

/// Runs a child that makes `from`, and turns that call into `to` before the kernel acts on it.
fn changed(from: c_long, to: c_long) -> i32 {
    // SAFETY: the child calls nothing but the kernel until it ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no child");
    if pid == 0 {
        // SAFETY: as above; execve gets NULL and fails.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
            libc::syscall(from, 0, 0, 0);
            libc::_exit(0);
        }
    }
    assert!(stopped(pid));
    loop {
        // SAFETY: the child is stopped and traced by this thread.
        unsafe {
            libc::ptrace(libc::PTRACE_SYSCALL, pid, 0, 0);
            if !stopped(pid) {
                return pid;
            }
            if libc::ptrace(libc::PTRACE_PEEKUSER, pid, ORIG_RAX, 0) == from {
                libc::ptrace(libc::PTRACE_POKEUSER, pid, ORIG_RAX, to);
            }
        }
    }
}

#[test]
fn a_tracer_changes_the_number() {
    let captured = Capture::all().pid_tree().run(|| {
        (changed(libc::SYS_getppid, libc::SYS_getuid), changed(libc::SYS_execve, -1), changed(libc::SYS_getppid, 500))
    });
    let (user, none, unknown) = *captured.value();
    // What the kernel did counts.
    captured.expect(|e| e.is("getuid") && e.field("pid") == user && e.ret() == 0);
    captured.expect_none(|e| e.is("getppid") && e.pid() as i32 == user);
    captured.expect(|e| e.is("syscall_-1") && e.field("pid") == none && e.errno() == "ENOSYS");
    captured.expect_none(|e| e.is("execve") && e.pid() as i32 == none);
    captured.expect(|e| e.is("syscall_500") && e.field("pid") == unknown && e.errno() == "ENOSYS");
}

#[test]
fn a_filter_refuses() {
    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    let deny = |errno: c_int| libc::SECCOMP_RET_ERRNO | errno as u32;
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let program = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(equal, 0, 1, libc::SYS_execve as u32),
        step(libc::BPF_RET, 0, 0, deny(libc::EACCES)),
        step(equal, 0, 1, libc::SYS_getuid as u32),
        step(libc::BPF_RET, 0, 0, deny(libc::EADDRNOTAVAIL)),
        step(libc::BPF_RET, 0, 0, ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    let (path, argv) = (c"/bin/true", [c"refused".as_ptr(), ptr::null()]);
    let captured = Capture::of(["execve", "getuid"]).pid_tree().run(|| {
        in_child(|| {
            // SAFETY: the filter and the strings outlive the calls.
            unsafe {
                // The kernel refuses before it looks at the strings; what nobody ever touched is not in memory.
                ptr::read_volatile(path.as_ptr());
                ptr::read_volatile(argv[0]);
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter);
                libc::getuid();
                libc::execve(path.as_ptr(), argv.as_ptr(), ptr::null());
            }
        })
    });
    let child = *captured.value();
    captured.expect(|e| e.is("getuid") && e.field("pid") == child && e.errno() == "EADDRNOTAVAIL");
    captured.expect(|e| {
        e.is("execve")
            && e.field("pid") == child
            && e.errno() == "EACCES"
            && e.arg("filename") == "/bin/true"
            && e.arg("argv.0") == "refused"
    });
}
