// SPDX-License-Identifier: Apache-2.0
//! Futexes and System V objects.

use super::Table;

/// futex(2) commands: `include/uapi/linux/futex.h`.
pub(crate) const FUTEX: Table = &[
    (0, "FUTEX_WAIT"),
    (1, "FUTEX_WAKE"),
    (2, "FUTEX_FD"),
    (3, "FUTEX_REQUEUE"),
    (4, "FUTEX_CMP_REQUEUE"),
    (5, "FUTEX_WAKE_OP"),
    (6, "FUTEX_LOCK_PI"),
    (7, "FUTEX_UNLOCK_PI"),
    (8, "FUTEX_TRYLOCK_PI"),
    (9, "FUTEX_WAIT_BITSET"),
    (10, "FUTEX_WAKE_BITSET"),
    (11, "FUTEX_WAIT_REQUEUE_PI"),
    (12, "FUTEX_CMP_REQUEUE_PI"),
    (13, "FUTEX_LOCK_PI2"),
];

/// Flags within the futex(2) operation: `include/uapi/linux/futex.h`.
pub(crate) const FUTEX_FLAGS: Table = &[
    (0x80, "FUTEX_PRIVATE_FLAG"),
    (0x100, "FUTEX_CLOCK_REALTIME"),
    (0x200, "FUTEX_ROBUST_UNLOCK"),
    (0x400, "FUTEX_ROBUST_LIST32"),
];

/// The word size within futex2 flags: `include/uapi/linux/futex.h`.
pub(crate) const FUTEX2_SIZE: Table =
    &[(0, "FUTEX2_SIZE_U8"), (1, "FUTEX2_SIZE_U16"), (2, "FUTEX2_SIZE_U32"), (3, "FUTEX2_SIZE_U64")];

/// futex2 flags without the word size: `include/uapi/linux/futex.h`.
pub(crate) const FUTEX2: Table = &[(0x4, "FUTEX2_NUMA"), (0x8, "FUTEX2_MPOL"), (0x80, "FUTEX2_PRIVATE")];

/// shmget(2), semget(2) and msgget(2) flags without permissions and page size: `include/uapi/linux/ipc.h`,
/// `include/uapi/linux/shm.h`.
pub(crate) const GET: Table =
    &[(0o1000, "IPC_CREAT"), (0o2000, "IPC_EXCL"), (0o4000, "SHM_HUGETLB"), (0o10000, "SHM_NORESERVE")];

/// Page sizes within shmget(2) flags: `include/uapi/linux/shm.h`, `include/uapi/asm-generic/hugetlb_encode.h`.
pub(crate) const SHM_HUGE: Table = &[
    (0x40000000, "SHM_HUGE_64KB"),
    (0x4c000000, "SHM_HUGE_512KB"),
    (0x50000000, "SHM_HUGE_1MB"),
    (0x54000000, "SHM_HUGE_2MB"),
    (0x5c000000, "SHM_HUGE_8MB"),
    (0x60000000, "SHM_HUGE_16MB"),
    (0x64000000, "SHM_HUGE_32MB"),
    (0x70000000, "SHM_HUGE_256MB"),
    (0x74000000, "SHM_HUGE_512MB"),
    (0x78000000, "SHM_HUGE_1GB"),
    (0x7c000000, "SHM_HUGE_2GB"),
    (0x88000000, "SHM_HUGE_16GB"),
];

/// shmctl(2) commands: `include/uapi/linux/ipc.h`, `include/uapi/linux/shm.h`.
pub(crate) const SHM_CTL: Table = &[
    (0, "IPC_RMID"),
    (1, "IPC_SET"),
    (2, "IPC_STAT"),
    (3, "IPC_INFO"),
    (11, "SHM_LOCK"),
    (12, "SHM_UNLOCK"),
    (13, "SHM_STAT"),
    (14, "SHM_INFO"),
    (15, "SHM_STAT_ANY"),
];

/// semctl(2) commands: `include/uapi/linux/ipc.h`, `include/uapi/linux/sem.h`.
pub(crate) const SEM_CTL: Table = &[
    (0, "IPC_RMID"),
    (1, "IPC_SET"),
    (2, "IPC_STAT"),
    (3, "IPC_INFO"),
    (11, "GETPID"),
    (12, "GETVAL"),
    (13, "GETALL"),
    (14, "GETNCNT"),
    (15, "GETZCNT"),
    (16, "SETVAL"),
    (17, "SETALL"),
    (18, "SEM_STAT"),
    (19, "SEM_INFO"),
    (20, "SEM_STAT_ANY"),
];

/// msgctl(2) commands: `include/uapi/linux/ipc.h`, `include/uapi/linux/msg.h`.
pub(crate) const MSG_CTL: Table = &[
    (0, "IPC_RMID"),
    (1, "IPC_SET"),
    (2, "IPC_STAT"),
    (3, "IPC_INFO"),
    (11, "MSG_STAT"),
    (12, "MSG_INFO"),
    (13, "MSG_STAT_ANY"),
];

/// The flag within those commands: `include/uapi/linux/ipc.h`.
pub(crate) const CTL_FLAGS: Table = &[(0x100, "IPC_64")];

/// `sem_flg` of `struct sembuf`: `include/uapi/linux/ipc.h`, `include/uapi/linux/sem.h`.
pub(crate) const SEM_FLAGS: Table = &[(0o4000, "IPC_NOWAIT"), (0o10000, "SEM_UNDO")];

/// shmat(2) flags: `include/uapi/linux/shm.h`.
pub(crate) const SHMAT: Table =
    &[(0o10000, "SHM_RDONLY"), (0o20000, "SHM_RND"), (0o40000, "SHM_REMAP"), (0o100000, "SHM_EXEC")];

/// msgsnd(2) and msgrcv(2) flags: `include/uapi/linux/ipc.h`, `include/uapi/linux/msg.h`.
pub(crate) const MSG_OP: Table =
    &[(0o4000, "IPC_NOWAIT"), (0o10000, "MSG_NOERROR"), (0o20000, "MSG_EXCEPT"), (0o40000, "MSG_COPY")];

/// i386 ipc(2) calls: `include/uapi/linux/ipc.h`.
pub(crate) const CALL: Table = &[
    (1, "SEMOP"),
    (2, "SEMGET"),
    (3, "SEMCTL"),
    (4, "SEMTIMEDOP"),
    (11, "MSGSND"),
    (12, "MSGRCV"),
    (13, "MSGGET"),
    (14, "MSGCTL"),
    (21, "SHMAT"),
    (22, "SHMDT"),
    (23, "SHMGET"),
    (24, "SHMCTL"),
];
