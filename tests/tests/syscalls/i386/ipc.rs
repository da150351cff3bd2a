// SPDX-License-Identifier: Apache-2.0
//! Queues and semaphores.

use libc::*;
use serde_json::json;

use super::low::{At, Low};
use crate::{
    caller::{Caller, args, call32},
    file::close,
};

pub(super) fn cases(c: &Caller) {
    c.each(&[multiplexer, messages, robust_lists, semaphores, queues, events]);
}

fn multiplexer(c: &Caller) {
    let low = Low::new();
    let key = IPC_PRIVATE as u32;
    let id = call32!(c, "ipc", 2, key, 1, IPC_CREAT | 0o600, 0, 0).ok(args! {
        call: "SEMGET", first: 0, second: 1, third: IPC_CREAT | 0o600, ptr: 0, fifth: 0
    });
    // The argument of the command is behind the pointer.
    let zero = low.words(&[0]);
    call32!(c, "ipc", 3, id, 0, IPC_RMID, zero, 0).ok(args! {
        call: "SEMCTL", first: id, second: 0, third: IPC_RMID, ptr: zero.0, fifth: 0
    });
    call32!(c, "ipc", 99, 1, 2, 3, 4, 5)
        .fails(ENOSYS, args! { call: "99", first: 1, second: 2, third: 3, ptr: 4, fifth: 5 });
}

fn messages(c: &Caller) {
    let low = Low::new();
    let id = call32!(c, "msgget", IPC_PRIVATE, IPC_CREAT | 0o600).ok(args! { key: 0, msgflg: "IPC_CREAT|0600" });
    // struct compat_msgbuf: the type is one word.
    let message = low.words(&[33, u32::from_ne_bytes(*b"text")]);
    call32!(c, "msgsnd", id, message, 4, 0).ok(args! { msqid: id, msgp: message.0, mtype: 33, msgsz: 4, msgflg: "0" });
    let buf = low.room(8);
    call32!(c, "msgrcv", id, buf, 4, -50, 0)
        .ok(args! { msqid: id, msgp: buf.0, mtype: 33, msgsz: 4, msgtyp: -50, msgflg: "0" });
    assert_eq!(buf.u32(0), 33);
    call32!(c, "msgctl", id, IPC_RMID, 0).ok(args! { msqid: id, cmd: "IPC_RMID", buf: 0 });
}

fn robust_lists(c: &Caller) {
    let low = Low::new();
    let (head, len) = (low.room(4), low.room(4));
    call32!(c, "get_robust_list", 0, head, len).ok(args! { pid: 0, head_ptr: head.i32(0), len_ptr: len.i32(0) });
}

fn semaphores(c: &Caller) {
    let low = Low::new();
    let id = call32!(c, "semget", IPC_PRIVATE, 1, IPC_CREAT | 0o600)
        .ok(args! { key: 0, nsems: 1, semflg: "IPC_CREAT|0600" });
    let operations = low.put(&[0, 0, 0xff, 0xff, 0, 0]);
    let limit = low.wide(&[0, 9]);
    call32!(c, "semtimedop_time64", id, operations, 1, limit).fails(
        EAGAIN,
        args! {
            semid: id,
            sops: json!([{ "sem_num": 0, "sem_op": -1, "sem_flg": "0" }]),
            nsops: 1,
            timeout: json!({ "tv_sec": 0, "tv_nsec": 9 }),
        },
    );
    call32!(c, "semctl", id, 0, IPC_RMID, 0).ok(args! { semid: id, semnum: 0, cmd: "IPC_RMID", val: 0 });
}

fn queues(c: &Caller) {
    let low = Low::new();
    let name = low.text(c"lanner-i386");
    // struct compat_mq_attr: flags, the most messages, their size, how many there are.
    let attr = low.words(&[0, 2, 16, 0, 0, 0, 0, 0]);
    let queue = call32!(c, "mq_open", name, O_RDWR | O_CREAT | O_NONBLOCK, 0o600, attr).ok(args! {
        name: "lanner-i386",
        oflag: "O_RDWR|O_CREAT|O_NONBLOCK",
        mode: 0o600,
        attr: json!({ "mq_flags": "0", "mq_maxmsg": 2, "mq_msgsize": 16, "mq_curmsgs": 0 }),
    }) as i32;
    let limit = low.wide(&[5, 6]);
    call32!(c, "mq_timedsend_time64", queue, low.put(b"queued"), 6, 3, limit).ok(args! {
        mqdes: queue, msg_ptr: "queued", msg_len: 6, msg_prio: 3, abs_timeout: json!({ "tv_sec": 5, "tv_nsec": 6 })
    });
    let (buf, priority) = (low.room(16), low.room(4));
    call32!(c, "mq_timedreceive_time64", queue, buf, 16, priority, 0)
        .ok(args! { mqdes: queue, msg_ptr: "queued", msg_len: 16, msg_prio: 3, abs_timeout: () });
    let old = low.room(32);
    let shown = |at: At, flags: &str| {
        let (most, size, count) = (at.i32(4), at.i32(8), at.i32(12));
        json!({ "mq_flags": flags, "mq_maxmsg": most, "mq_msgsize": size, "mq_curmsgs": count })
    };
    call32!(c, "mq_getsetattr", queue, attr, old)
        .ok(args! { mqdes: queue, newattr: shown(attr, "0"), oldattr: shown(old, "O_NONBLOCK") });
    let limit = low.words(&[5, 6]);
    let time = || json!({ "tv_sec": 5, "tv_nsec": 6 });
    call32!(c, "mq_timedsend", queue, low.put(b"again"), 5, 4, limit)
        .ok(args! { mqdes: queue, msg_ptr: "again", msg_len: 5, msg_prio: 4, abs_timeout: time() });
    call32!(c, "mq_timedreceive", queue, buf, 16, priority, limit)
        .ok(args! { mqdes: queue, msg_ptr: "again", msg_len: 16, msg_prio: 4, abs_timeout: time() });
    call32!(c, "mq_unlink", name).ok(args! { name: "lanner-i386" });
    close(queue);
}

fn events(c: &Caller) {
    let low = Low::new();
    let context = low.words(&[0]);
    call32!(c, "io_setup", 4, context).ok(args! { nr_events: 4, ctx_idp: context.i32(0) });
    let (events, limit) = (low.room(32), low.wide(&[0, 1]));
    let id = context.u32(0);
    call32!(c, "io_pgetevents_time64", id, 0, 1, events, limit, 0).ok(args! {
        ctx_id: id, min_nr: 0, nr: 1, events: json!([]), timeout: json!({ "tv_sec": 0, "tv_nsec": 1 }), usig: 0
    });
    let limit = low.words(&[0, 1]);
    let none = json!({ "tv_sec": 0, "tv_nsec": 1 });
    call32!(c, "io_pgetevents", id, 0, 1, events, limit, 0).ok(args! {
        ctx_id: id, min_nr: 0, nr: 1, events: json!([]), timeout: none.clone(), usig: 0
    });
    call32!(c, "io_getevents", id, 0, 1, events, limit)
        .ok(args! { ctx_id: id, min_nr: 0, nr: 1, events: json!([]), timeout: none });
    let list = low.words(&[0]);
    call32!(c, "io_submit", id, -1, list).fails(EINVAL, args! { ctx_id: id, nr: -1, iocbpp: list.0 });
    call32!(c, "io_destroy", id).ok(args! { ctx_id: id });
}
