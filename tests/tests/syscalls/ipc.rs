// SPDX-License-Identifier: Apache-2.0
//! Futexes, message queues, semaphores and shared memory.

use libc::*;
use serde_json::{Value, json};

use crate::{
    caller::{Caller, Data, Fault, args, call, data, whole},
    file::close,
    structs::{self, bytes_of, zeroed},
};

pub(crate) fn cases(c: &Caller) {
    c.each(&[futexes, new_futexes, robust_lists, messages, semaphores, shared_memory, posix_queues, never_there]);
}

/// What a futex has by default that no condition can be about.
const ANY: u32 = u32::MAX;

fn futexes(c: &Caller) {
    let (word, other) = (5_u32, 6_u32);
    let (at, to) = (&raw const word, &raw const other);
    call!(c, "futex", at, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0).ok(args! {
        addr: at, op: "FUTEX_WAKE|FUTEX_PRIVATE_FLAG", val: 1, timeout: 0, uaddr2: 0, val3: 0
    });
    let limit = timespec { tv_sec: 0, tv_nsec: 1000 };
    call!(c, "futex", at, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &raw const limit, to, ANY).fails(
        ETIMEDOUT,
        args! {
            addr: at,
            op: "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME",
            val: 5,
            timeout: &raw const limit,
            uaddr2: to,
            val3: ANY,
        },
    );
    call!(c, "futex", at, FUTEX_WAIT, 7, 0, 0, 0)
        .fails(EAGAIN, args! { addr: at, op: "FUTEX_WAIT", val: 7, timeout: 0, uaddr2: 0, val3: 0 });
    call!(c, "futex", at, FUTEX_CMP_REQUEUE, 1, 2, to, 5)
        .ok(args! { addr: at, op: "FUTEX_CMP_REQUEUE", val: 1, timeout: 2, uaddr2: to, val3: 5 });
}

/// `FUTEX2_SIZE_U32`
const SIZE_U32: u32 = 2;

fn new_futexes(c: &Caller) {
    let (word, other) = (5_u32, 6_u32);
    let (at, to) = (&raw const word, &raw const other);
    let past = timespec { tv_sec: 1, tv_nsec: 2 };
    // struct futex_waitv: value, address, flags.
    let waiters = [[5_u64, at.expose_provenance() as u64, 0x82], [6, to.expose_provenance() as u64, 0x82]];
    let flags = "FUTEX2_SIZE_U32|FUTEX2_PRIVATE";
    let shown = |at: *const u32, val: u32| json!({ "val": val, "uaddr": at.expose_provenance(), "flags": flags });
    call!(c, "futex_waitv", waiters.as_ptr(), 2, 0, &raw const past, CLOCK_MONOTONIC).fails(
        ETIMEDOUT,
        args! {
            waiters: json!([shown(at, 5), shown(to, 6)]),
            nr_futexes: 2,
            flags: 0,
            timeout: structs::timespec(&past),
            clockid: "CLOCK_MONOTONIC",
        },
    );
    call!(c, "futex_wait", at, 5, ANY, SIZE_U32 | 0x80, &raw const past, CLOCK_REALTIME).fails(
        ETIMEDOUT,
        args! {
            uaddr: at,
            val: 5,
            mask: ANY,
            flags: "FUTEX2_SIZE_U32|FUTEX2_PRIVATE",
            timeout: structs::timespec(&past),
            clockid: "CLOCK_REALTIME",
        },
    );
    call!(c, "futex_wake", at, ANY, 3, SIZE_U32).ok(args! { uaddr: at, mask: ANY, nr: 3, flags: "FUTEX2_SIZE_U32" });
    call!(c, "futex_requeue", waiters.as_ptr(), 0, 1, -1).is(args! {
        waiters: whole(bytes_of(&waiters)), flags: 0, nr_wake: 1, nr_requeue: -1
    });
}

fn robust_lists(c: &Caller) {
    let (mut head, mut len) = (0_i64, 0_i64);
    call!(c, "get_robust_list", 0, &raw mut head, &raw mut len).ok(args! { pid: 0, head_ptr: head, len_ptr: len });
    assert_eq!(len, 24);
    // The list that the thread has already.
    call!(c, "set_robust_list", head, len).ok(args! { head: head, len: len });
    call!(c, "set_robust_list", head, 3).fails(EINVAL, args! { head: head, len: 3 });
}

/// A message: its type, then its text.
#[repr(C)]
struct Message {
    kind: i64,
    text: [u8; 8],
}

fn messages(c: &Caller) {
    let id = call!(c, "msgget", IPC_PRIVATE, IPC_CREAT | IPC_EXCL | 0o600)
        .ok(args! { key: 0, msgflg: "IPC_CREAT|IPC_EXCL|0600" });
    call!(c, "msgget", 0x7fff_1234, 0).fails(ENOENT, args! { key: 0x7fff_1234, msgflg: "0" });
    let mut message = Message { kind: 77, text: *b"message!" };
    let at = &raw mut message;
    call!(c, "msgsnd", id, at, 8, IPC_NOWAIT)
        .ok(args! { msqid: id, msgp: at, mtype: 77, msgsz: 8, msgflg: "IPC_NOWAIT" });
    message.kind = 0;
    call!(c, "msgrcv", id, at, 8, -100, MSG_NOERROR)
        .ok(args! { msqid: id, msgp: at, mtype: 77, msgsz: 8, msgtyp: -100, msgflg: "MSG_NOERROR" });
    assert_eq!(message.kind, 77);
    call!(c, "msgrcv", id, at, 8, 0, IPC_NOWAIT)
        .fails(ENOMSG, args! { msqid: id, msgp: at, mtype: (), msgsz: 8, msgtyp: 0, msgflg: "IPC_NOWAIT" });
    let mut status: msqid_ds = zeroed();
    let buf = &raw mut status;
    call!(c, "msgctl", id, IPC_STAT, buf).ok(args! { msqid: id, cmd: "IPC_STAT", buf: buf });
    call!(c, "msgctl", id, IPC_RMID, 0).ok(args! { msqid: id, cmd: "IPC_RMID", buf: 0 });
    call!(c, "msgctl", id, MSG_STAT, 0).fails(EINVAL, args! { msqid: id, cmd: "MSG_STAT", buf: 0 });
    call!(c, "msgsnd", id, 0x10, 8, 0)
        .fails(EFAULT, args! { msqid: id, msgp: 0x10, mtype: Fault, msgsz: 8, msgflg: "0" });
}

fn semaphores(c: &Caller) {
    let id =
        call!(c, "semget", IPC_PRIVATE, 3, IPC_CREAT | 0o660).ok(args! { key: 0, nsems: 3, semflg: "IPC_CREAT|0660" });
    call!(c, "semctl", id, 2, 16, 9).ok(args! { semid: id, semnum: 2, cmd: "SETVAL", val: 9 });
    call!(c, "semctl", id, 2, 12, 0).ok(args! { semid: id, semnum: 2, cmd: "GETVAL", val: 0 });
    let one = |num: u16, op: i16, flags: i32| sembuf { sem_num: num, sem_op: op, sem_flg: flags as i16 };
    let shown = |num: u16, op: i16, flags: &str| json!({ "sem_num": num, "sem_op": op, "sem_flg": flags });
    let both = [one(2, -4, IPC_NOWAIT), one(0, 1, SEM_UNDO | IPC_NOWAIT)];
    let shown_both = || json!([shown(2, -4, "IPC_NOWAIT"), shown(0, 1, "IPC_NOWAIT|SEM_UNDO")]);
    call!(c, "semop", id, both.as_ptr(), 2).ok(args! { semid: id, sops: shown_both(), nsops: 2 });
    let limit = timespec { tv_sec: 0, tv_nsec: 5 };
    let never = [one(1, -1, 0)];
    call!(c, "semtimedop", id, never.as_ptr(), 1, &raw const limit).fails(
        EAGAIN,
        args! {
            semid: id, sops: json!([shown(1, -1, "0")]), nsops: 1, timeout: structs::timespec(&limit)
        },
    );
    call!(c, "semctl", id, 0, IPC_RMID, 0).ok(args! { semid: id, semnum: 0, cmd: "IPC_RMID", val: 0 });
    call!(c, "semop", id, both.as_ptr(), 2).fails(EINVAL, args! { semid: id, sops: shown_both(), nsops: 2 });
}

fn shared_memory(c: &Caller) {
    let id = call!(c, "shmget", IPC_PRIVATE, 8192, IPC_CREAT | SHM_NORESERVE | 0o600)
        .ok(args! { key: 0, size: 8192, shmflg: "IPC_CREAT|SHM_NORESERVE|0600" });
    let at = call!(c, "shmat", id, 0, SHM_RDONLY).ok(args! { shmid: id, shmaddr: 0, shmflg: "SHM_RDONLY" });
    let mut status: shmid_ds = zeroed();
    let buf = &raw mut status;
    call!(c, "shmctl", id, IPC_STAT, buf).ok(args! { shmid: id, cmd: "IPC_STAT", buf: buf });
    call!(c, "shmctl", id, 11, 0).ok(args! { shmid: id, cmd: "SHM_LOCK", buf: 0 });
    call!(c, "shmdt", at).ok(args! { shmaddr: at });
    call!(c, "shmdt", at).fails(EINVAL, args! { shmaddr: at });
    call!(c, "shmctl", id, IPC_RMID, 0).ok(args! { shmid: id, cmd: "IPC_RMID", buf: 0 });
    call!(c, "shmat", -1, 0x5000, SHM_RND).fails(EINVAL, args! { shmid: -1, shmaddr: 0x5000, shmflg: "SHM_RND" });
}

/// `struct mq_attr` of four longs and what is reserved, in JSON.
fn mq_attr(words: &[i64; 8], flags: &str) -> Value {
    json!({ "mq_flags": flags, "mq_maxmsg": words[1], "mq_msgsize": words[2], "mq_curmsgs": words[3] })
}

fn posix_queues(c: &Caller) {
    let name = std::ffi::CString::new(format!("lanner-{}", c.tid())).expect("it has no NUL");
    let wanted = [0_i64, 4, 64, 0, 0, 0, 0, 0];
    let queue = call!(c, "mq_open", &name, O_RDWR | O_CREAT | O_NONBLOCK, 0o600, wanted.as_ptr()).ok(args! {
        name: &name, oflag: "O_RDWR|O_CREAT|O_NONBLOCK", mode: 0o600, attr: mq_attr(&wanted, "0")
    }) as i32;
    call!(c, "mq_open", c"lanner-none", O_RDONLY, 0, 0)
        .fails(ENOENT, args! { name: "lanner-none", oflag: "O_RDONLY", mode: 0, attr: () });
    let limit = timespec { tv_sec: 3, tv_nsec: 4 };
    let text: Data<'_> = data(b"queued");
    call!(c, "mq_timedsend", queue, c"queued", 6, 31, &raw const limit).ok(args! {
        mqdes: queue, msg_ptr: text, msg_len: 6, msg_prio: 31, abs_timeout: structs::timespec(&limit)
    });
    let mut old = [-1_i64; 8];
    let new = [i64::from(O_NONBLOCK), 0, 0, 0, 0, 0, 0, 0];
    call!(c, "mq_getsetattr", queue, new.as_ptr(), old.as_mut_ptr()).ok(args! {
        mqdes: queue, newattr: mq_attr(&new, "O_NONBLOCK"), oldattr: mq_attr(&old, "O_NONBLOCK")
    });
    assert_eq!(old[1..4], [4, 64, 1]);
    let (mut buf, mut priority) = ([0_u8; 64], 0_u32);
    call!(c, "mq_timedreceive", queue, buf.as_mut_ptr(), 64, &raw mut priority, 0).ok(args! {
        mqdes: queue, msg_ptr: text, msg_len: 64, msg_prio: 31, abs_timeout: ()
    });
    assert_eq!(priority, 31);
    call!(c, "mq_timedreceive", queue, buf.as_mut_ptr(), 64, &raw mut priority, 0)
        .fails(EAGAIN, args! { mqdes: queue, msg_ptr: (), msg_len: 64, msg_prio: (), abs_timeout: () });
    let mut event: sigevent = zeroed();
    (event.sigev_notify, event.sigev_signo) = (SIGEV_SIGNAL, SIGUSR2);
    event.sigev_value = sigval { sival_ptr: std::ptr::without_provenance_mut(0x42) };
    call!(c, "mq_notify", queue, &raw const event).ok(args! {
        mqdes: queue,
        sevp: json!({ "sigev_value": 0x42, "sigev_signo": "SIGUSR2", "sigev_notify": "SIGEV_SIGNAL" }),
    });
    call!(c, "mq_notify", queue, 0).ok(args! { mqdes: queue, sevp: () });
    call!(c, "mq_unlink", &name).ok(args! { name: &name });
    call!(c, "mq_unlink", &name).fails(ENOENT, args! { name: &name });
    close(queue);
}

fn never_there(c: &Caller) {
    call!(c, "getpmsg").fails(ENOSYS, args! {});
    call!(c, "putpmsg").fails(ENOSYS, args! {});
}
