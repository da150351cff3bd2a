// SPDX-License-Identifier: Apache-2.0
//! The rest of the machine: io_uring, modules, reboot, swap, the kernel log.

use super::Table;

/// io_uring_setup(2) flags: `include/uapi/linux/io_uring.h`.
pub(crate) const IO_URING_SETUP: Table = &[
    (0x1, "IORING_SETUP_IOPOLL"),
    (0x2, "IORING_SETUP_SQPOLL"),
    (0x4, "IORING_SETUP_SQ_AFF"),
    (0x8, "IORING_SETUP_CQSIZE"),
    (0x10, "IORING_SETUP_CLAMP"),
    (0x20, "IORING_SETUP_ATTACH_WQ"),
    (0x40, "IORING_SETUP_R_DISABLED"),
    (0x80, "IORING_SETUP_SUBMIT_ALL"),
    (0x100, "IORING_SETUP_COOP_TASKRUN"),
    (0x200, "IORING_SETUP_TASKRUN_FLAG"),
    (0x400, "IORING_SETUP_SQE128"),
    (0x800, "IORING_SETUP_CQE32"),
    (0x1000, "IORING_SETUP_SINGLE_ISSUER"),
    (0x2000, "IORING_SETUP_DEFER_TASKRUN"),
    (0x4000, "IORING_SETUP_NO_MMAP"),
    (0x8000, "IORING_SETUP_REGISTERED_FD_ONLY"),
    (0x10000, "IORING_SETUP_NO_SQARRAY"),
    (0x20000, "IORING_SETUP_HYBRID_IOPOLL"),
    (0x40000, "IORING_SETUP_CQE_MIXED"),
    (0x80000, "IORING_SETUP_SQE_MIXED"),
    (0x100000, "IORING_SETUP_SQ_REWIND"),
];

/// io_uring_enter(2) flags: `include/uapi/linux/io_uring.h`.
pub(crate) const IO_URING_ENTER: Table = &[
    (0x1, "IORING_ENTER_GETEVENTS"),
    (0x2, "IORING_ENTER_SQ_WAKEUP"),
    (0x4, "IORING_ENTER_SQ_WAIT"),
    (0x8, "IORING_ENTER_EXT_ARG"),
    (0x10, "IORING_ENTER_REGISTERED_RING"),
    (0x20, "IORING_ENTER_ABS_TIMER"),
    (0x40, "IORING_ENTER_EXT_ARG_REG"),
    (0x80, "IORING_ENTER_NO_IOWAIT"),
];

/// `features` of `struct io_uring_params`: `include/uapi/linux/io_uring.h`.
pub(crate) const IO_URING_FEATURES: Table = &[
    (0x1, "IORING_FEAT_SINGLE_MMAP"),
    (0x2, "IORING_FEAT_NODROP"),
    (0x4, "IORING_FEAT_SUBMIT_STABLE"),
    (0x8, "IORING_FEAT_RW_CUR_POS"),
    (0x10, "IORING_FEAT_CUR_PERSONALITY"),
    (0x20, "IORING_FEAT_FAST_POLL"),
    (0x40, "IORING_FEAT_POLL_32BITS"),
    (0x80, "IORING_FEAT_SQPOLL_NONFIXED"),
    (0x100, "IORING_FEAT_EXT_ARG"),
    (0x200, "IORING_FEAT_NATIVE_WORKERS"),
    (0x400, "IORING_FEAT_RSRC_TAGS"),
    (0x800, "IORING_FEAT_CQE_SKIP"),
    (0x1000, "IORING_FEAT_LINKED_FILE"),
    (0x2000, "IORING_FEAT_REG_REG_RING"),
    (0x4000, "IORING_FEAT_RECVSEND_BUNDLE"),
    (0x8000, "IORING_FEAT_MIN_TIMEOUT"),
    (0x10000, "IORING_FEAT_RW_ATTR"),
    (0x20000, "IORING_FEAT_NO_IOWAIT"),
];

/// io_uring_register(2) opcodes: `include/uapi/linux/io_uring.h`.
pub(crate) const IO_URING_REGISTER: Table = &[
    (0, "IORING_REGISTER_BUFFERS"),
    (1, "IORING_UNREGISTER_BUFFERS"),
    (2, "IORING_REGISTER_FILES"),
    (3, "IORING_UNREGISTER_FILES"),
    (4, "IORING_REGISTER_EVENTFD"),
    (5, "IORING_UNREGISTER_EVENTFD"),
    (6, "IORING_REGISTER_FILES_UPDATE"),
    (7, "IORING_REGISTER_EVENTFD_ASYNC"),
    (8, "IORING_REGISTER_PROBE"),
    (9, "IORING_REGISTER_PERSONALITY"),
    (10, "IORING_UNREGISTER_PERSONALITY"),
    (11, "IORING_REGISTER_RESTRICTIONS"),
    (12, "IORING_REGISTER_ENABLE_RINGS"),
    (13, "IORING_REGISTER_FILES2"),
    (14, "IORING_REGISTER_FILES_UPDATE2"),
    (15, "IORING_REGISTER_BUFFERS2"),
    (16, "IORING_REGISTER_BUFFERS_UPDATE"),
    (17, "IORING_REGISTER_IOWQ_AFF"),
    (18, "IORING_UNREGISTER_IOWQ_AFF"),
    (19, "IORING_REGISTER_IOWQ_MAX_WORKERS"),
    (20, "IORING_REGISTER_RING_FDS"),
    (21, "IORING_UNREGISTER_RING_FDS"),
    (22, "IORING_REGISTER_PBUF_RING"),
    (23, "IORING_UNREGISTER_PBUF_RING"),
    (24, "IORING_REGISTER_SYNC_CANCEL"),
    (25, "IORING_REGISTER_FILE_ALLOC_RANGE"),
    (26, "IORING_REGISTER_PBUF_STATUS"),
    (27, "IORING_REGISTER_NAPI"),
    (28, "IORING_UNREGISTER_NAPI"),
    (29, "IORING_REGISTER_CLOCK"),
    (30, "IORING_REGISTER_CLONE_BUFFERS"),
    (31, "IORING_REGISTER_SEND_MSG_RING"),
    (32, "IORING_REGISTER_ZCRX_IFQ"),
    (33, "IORING_REGISTER_RESIZE_RINGS"),
    (34, "IORING_REGISTER_MEM_REGION"),
    (35, "IORING_REGISTER_QUERY"),
    (36, "IORING_REGISTER_ZCRX_CTRL"),
    (37, "IORING_REGISTER_BPF_FILTER"),
];

/// The flag within io_uring_register(2) opcodes: `include/uapi/linux/io_uring.h`.
pub(crate) const IO_URING_REGISTER_FLAGS: Table = &[(0x80000000, "IORING_REGISTER_USE_REGISTERED_RING")];

/// kexec_load(2) flags without the machine: `include/uapi/linux/kexec.h`.
pub(crate) const KEXEC: Table = &[
    (0x1, "KEXEC_ON_CRASH"),
    (0x2, "KEXEC_PRESERVE_CONTEXT"),
    (0x4, "KEXEC_UPDATE_ELFCOREHDR"),
    (0x8, "KEXEC_CRASH_HOTPLUG_SUPPORT"),
];

/// Machines within kexec_load(2) flags: `include/uapi/linux/kexec.h`.
pub(crate) const KEXEC_ARCH: Table = &[
    (0x0, "KEXEC_ARCH_DEFAULT"),
    (0x30000, "KEXEC_ARCH_386"),
    (0x40000, "KEXEC_ARCH_68K"),
    (0x80000, "KEXEC_ARCH_MIPS"),
    (0xa0000, "KEXEC_ARCH_MIPS_LE"),
    (0xf0000, "KEXEC_ARCH_PARISC"),
    (0x140000, "KEXEC_ARCH_PPC"),
    (0x150000, "KEXEC_ARCH_PPC64"),
    (0x160000, "KEXEC_ARCH_S390"),
    (0x280000, "KEXEC_ARCH_ARM"),
    (0x2a0000, "KEXEC_ARCH_SH"),
    (0x320000, "KEXEC_ARCH_IA_64"),
    (0x3e0000, "KEXEC_ARCH_X86_64"),
    (0xb70000, "KEXEC_ARCH_AARCH64"),
    (0xf30000, "KEXEC_ARCH_RISCV"),
    (0x1020000, "KEXEC_ARCH_LOONGARCH"),
];

/// kexec_file_load(2) flags: `include/uapi/linux/kexec.h`.
pub(crate) const KEXEC_FILE: Table = &[
    (0x1, "KEXEC_FILE_UNLOAD"),
    (0x2, "KEXEC_FILE_ON_CRASH"),
    (0x4, "KEXEC_FILE_NO_INITRAMFS"),
    (0x8, "KEXEC_FILE_DEBUG"),
    (0x10, "KEXEC_FILE_NO_CMA"),
    (0x20, "KEXEC_FILE_FORCE_DTB"),
];

/// finit_module(2) flags: `include/uapi/linux/module.h`.
pub(crate) const MODULE_INIT: Table = &[
    (0x1, "MODULE_INIT_IGNORE_MODVERSIONS"),
    (0x2, "MODULE_INIT_IGNORE_VERMAGIC"),
    (0x4, "MODULE_INIT_COMPRESSED_FILE"),
];

/// delete_module(2) flags: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const MODULE_DELETE: Table = &[(0o1000, "O_TRUNC"), (0o4000, "O_NONBLOCK")];

/// reboot(2) commands: `include/uapi/linux/reboot.h`.
pub(crate) const REBOOT: Table = &[
    (0x0, "LINUX_REBOOT_CMD_CAD_OFF"),
    (0x1234567, "LINUX_REBOOT_CMD_RESTART"),
    (0x4321fedc, "LINUX_REBOOT_CMD_POWER_OFF"),
    (0x45584543, "LINUX_REBOOT_CMD_KEXEC"),
    (0x89abcdef, "LINUX_REBOOT_CMD_CAD_ON"),
    (0xa1b2c3d4, "LINUX_REBOOT_CMD_RESTART2"),
    (0xcdef0123, "LINUX_REBOOT_CMD_HALT"),
    (0xd000fce2, "LINUX_REBOOT_CMD_SW_SUSPEND"),
];

/// reboot(2) magic numbers: `include/uapi/linux/reboot.h`.
pub(crate) const REBOOT_MAGIC: Table = &[
    (0x5121996, "LINUX_REBOOT_MAGIC2A"),
    (0x16041998, "LINUX_REBOOT_MAGIC2B"),
    (0x20112000, "LINUX_REBOOT_MAGIC2C"),
    (0x28121969, "LINUX_REBOOT_MAGIC2"),
    (0xfee1dead, "LINUX_REBOOT_MAGIC1"),
];

/// syslog(2) actions: `include/linux/syslog.h`.
pub(crate) const SYSLOG: Table = &[
    (0, "SYSLOG_ACTION_CLOSE"),
    (1, "SYSLOG_ACTION_OPEN"),
    (2, "SYSLOG_ACTION_READ"),
    (3, "SYSLOG_ACTION_READ_ALL"),
    (4, "SYSLOG_ACTION_READ_CLEAR"),
    (5, "SYSLOG_ACTION_CLEAR"),
    (6, "SYSLOG_ACTION_CONSOLE_OFF"),
    (7, "SYSLOG_ACTION_CONSOLE_ON"),
    (8, "SYSLOG_ACTION_CONSOLE_LEVEL"),
    (9, "SYSLOG_ACTION_SIZE_UNREAD"),
    (10, "SYSLOG_ACTION_SIZE_BUFFER"),
];

/// swapon(2) flags; the low 15 bits are the priority: `include/linux/swap.h`.
pub(crate) const SWAPON: Table = &[
    (0x8000, "SWAP_FLAG_PREFER"),
    (0x10000, "SWAP_FLAG_DISCARD"),
    (0x20000, "SWAP_FLAG_DISCARD_ONCE"),
    (0x40000, "SWAP_FLAG_DISCARD_PAGES"),
];

/// getrandom(2) flags: `include/uapi/linux/random.h`.
pub(crate) const GETRANDOM: Table = &[(0x1, "GRND_NONBLOCK"), (0x2, "GRND_RANDOM"), (0x4, "GRND_INSECURE")];
