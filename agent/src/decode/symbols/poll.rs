// SPDX-License-Identifier: Apache-2.0
//! Waiting for readiness: poll, epoll, eventfd.

use super::Table;

/// epoll_create1(2) flags: `include/uapi/linux/eventpoll.h`.
pub(crate) const EPOLL_CREATE: Table = &[(0x80000, "EPOLL_CLOEXEC")];

/// epoll_ctl(2) operations: `include/uapi/linux/eventpoll.h`.
pub(crate) const EPOLL_OP: Table = &[(1, "EPOLL_CTL_ADD"), (2, "EPOLL_CTL_DEL"), (3, "EPOLL_CTL_MOD")];

/// epoll events: `include/uapi/linux/eventpoll.h`.
pub(crate) const EPOLL: Table = &[
    (0x1, "EPOLLIN"),
    (0x2, "EPOLLPRI"),
    (0x4, "EPOLLOUT"),
    (0x8, "EPOLLERR"),
    (0x10, "EPOLLHUP"),
    (0x20, "EPOLLNVAL"),
    (0x40, "EPOLLRDNORM"),
    (0x80, "EPOLLRDBAND"),
    (0x100, "EPOLLWRNORM"),
    (0x200, "EPOLLWRBAND"),
    (0x400, "EPOLLMSG"),
    (0x2000, "EPOLLRDHUP"),
    (0x8000000, "EPOLL_URING_WAKE"),
    (0x10000000, "EPOLLEXCLUSIVE"),
    (0x20000000, "EPOLLWAKEUP"),
    (0x40000000, "EPOLLONESHOT"),
    (0x80000000, "EPOLLET"),
];

/// poll(2) events: `include/uapi/asm-generic/poll.h`.
pub(crate) const POLL: Table = &[
    (0x1, "POLLIN"),
    (0x2, "POLLPRI"),
    (0x4, "POLLOUT"),
    (0x8, "POLLERR"),
    (0x10, "POLLHUP"),
    (0x20, "POLLNVAL"),
    (0x40, "POLLRDNORM"),
    (0x80, "POLLRDBAND"),
    (0x100, "POLLWRNORM"),
    (0x200, "POLLWRBAND"),
    (0x400, "POLLMSG"),
    (0x1000, "POLLREMOVE"),
    (0x2000, "POLLRDHUP"),
];

/// eventfd2(2) flags: `include/uapi/linux/eventfd.h`.
pub(crate) const EVENTFD: Table = &[(0x1, "EFD_SEMAPHORE"), (0x800, "EFD_NONBLOCK"), (0x80000, "EFD_CLOEXEC")];
