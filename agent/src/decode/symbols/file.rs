// SPDX-License-Identifier: Apache-2.0
//! Files and directories.

use super::Table;

/// The access mode within open flags: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const ACCMODE: Table = &[(0, "O_RDONLY"), (0o1, "O_WRONLY"), (0o2, "O_RDWR")];

/// open(2) flags without the access mode on x86: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const OPEN_X86: Table = &[
    (0o100, "O_CREAT"),
    (0o200, "O_EXCL"),
    (0o400, "O_NOCTTY"),
    (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"),
    (0o4000, "O_NONBLOCK"),
    (0o4010000, "O_SYNC"),
    (0o10000, "O_DSYNC"),
    (0o20000, "FASYNC"),
    (0o40000, "O_DIRECT"),
    (0o100000, "O_LARGEFILE"),
    (0o20200000, "O_TMPFILE"),
    (0o200000, "O_DIRECTORY"),
    (0o400000, "O_NOFOLLOW"),
    (0o1000000, "O_NOATIME"),
    (0o2000000, "O_CLOEXEC"),
    (0o10000000, "O_PATH"),
    (0o400000000, "O_EMPTYPATH"),
];

/// open(2) flags without the access mode on arm64: `include/uapi/asm-generic/fcntl.h`,
/// `arch/arm64/include/uapi/asm/fcntl.h`.
pub(crate) const OPEN_AARCH64: Table = &[
    (0o100, "O_CREAT"),
    (0o200, "O_EXCL"),
    (0o400, "O_NOCTTY"),
    (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"),
    (0o4000, "O_NONBLOCK"),
    (0o4010000, "O_SYNC"),
    (0o10000, "O_DSYNC"),
    (0o20000, "FASYNC"),
    (0o20040000, "O_TMPFILE"),
    (0o40000, "O_DIRECTORY"),
    (0o100000, "O_NOFOLLOW"),
    (0o200000, "O_DIRECT"),
    (0o400000, "O_LARGEFILE"),
    (0o1000000, "O_NOATIME"),
    (0o2000000, "O_CLOEXEC"),
    (0o10000000, "O_PATH"),
    (0o400000000, "O_EMPTYPATH"),
];

/// Flags of `struct open_how` that open(2) has not: `include/uapi/linux/openat2.h`.
pub(crate) const OPENAT2: Table = &[(0x100000000, "OPENAT2_REGULAR")];

/// openat2(2) resolve flags: `include/uapi/linux/openat2.h`.
pub(crate) const RESOLVE: Table = &[
    (0x1, "RESOLVE_NO_XDEV"),
    (0x2, "RESOLVE_NO_MAGICLINKS"),
    (0x4, "RESOLVE_NO_SYMLINKS"),
    (0x8, "RESOLVE_BENEATH"),
    (0x10, "RESOLVE_IN_ROOT"),
    (0x20, "RESOLVE_CACHED"),
];

/// AT_* flags that most calls share: `include/uapi/linux/fcntl.h`.
pub(crate) const AT: Table = &[
    (0x100, "AT_SYMLINK_NOFOLLOW"),
    (0x400, "AT_SYMLINK_FOLLOW"),
    (0x800, "AT_NO_AUTOMOUNT"),
    (0x1000, "AT_EMPTY_PATH"),
    (0x2000, "AT_STATX_FORCE_SYNC"),
    (0x4000, "AT_STATX_DONT_SYNC"),
    (0x8000, "AT_RECURSIVE"),
    (0x10000, "AT_EXECVE_CHECK"),
];

/// unlinkat(2) flags: `include/uapi/linux/fcntl.h`.
pub(crate) const AT_UNLINK: Table = &[(0x200, "AT_REMOVEDIR")];

/// faccessat2(2) flags: `include/uapi/linux/fcntl.h`.
pub(crate) const AT_ACCESS: Table = &[(0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_EACCESS"), (0x1000, "AT_EMPTY_PATH")];

/// linkat(2) flags: `include/uapi/linux/fcntl.h`.
pub(crate) const AT_LINK: Table = &[(0x400, "AT_SYMLINK_FOLLOW"), (0x1000, "AT_EMPTY_PATH")];

/// name_to_handle_at(2) flags: `include/uapi/linux/fcntl.h`.
pub(crate) const NAME_TO_HANDLE: Table = &[
    (0x1, "AT_HANDLE_MNT_ID_UNIQUE"),
    (0x2, "AT_HANDLE_CONNECTABLE"),
    (0x200, "AT_HANDLE_FID"),
    (0x400, "AT_SYMLINK_FOLLOW"),
    (0x1000, "AT_EMPTY_PATH"),
];

/// access(2) modes: `include/linux/fs.h` (`MAY_*`).
pub(crate) const ACCESS: Table = &[(0x1, "X_OK"), (0x2, "W_OK"), (0x4, "R_OK")];

/// statx(2) mask: `include/uapi/linux/stat.h`.
pub(crate) const STATX: Table = &[
    (0x7ff, "STATX_BASIC_STATS"),
    (0x1, "STATX_TYPE"),
    (0x2, "STATX_MODE"),
    (0x4, "STATX_NLINK"),
    (0x8, "STATX_UID"),
    (0x10, "STATX_GID"),
    (0x20, "STATX_ATIME"),
    (0x40, "STATX_MTIME"),
    (0x80, "STATX_CTIME"),
    (0x100, "STATX_INO"),
    (0x200, "STATX_SIZE"),
    (0x400, "STATX_BLOCKS"),
    (0x800, "STATX_BTIME"),
    (0x1000, "STATX_MNT_ID"),
    (0x2000, "STATX_DIOALIGN"),
    (0x4000, "STATX_MNT_ID_UNIQUE"),
    (0x8000, "STATX_SUBVOL"),
    (0x10000, "STATX_WRITE_ATOMIC"),
    (0x20000, "STATX_DIO_READ_ALIGN"),
];

/// `stx_attributes` of statx(2): `include/uapi/linux/stat.h`.
pub(crate) const STATX_ATTR: Table = &[
    (0x4, "STATX_ATTR_COMPRESSED"),
    (0x10, "STATX_ATTR_IMMUTABLE"),
    (0x20, "STATX_ATTR_APPEND"),
    (0x40, "STATX_ATTR_NODUMP"),
    (0x800, "STATX_ATTR_ENCRYPTED"),
    (0x1000, "STATX_ATTR_AUTOMOUNT"),
    (0x2000, "STATX_ATTR_MOUNT_ROOT"),
    (0x100000, "STATX_ATTR_VERITY"),
    (0x200000, "STATX_ATTR_DAX"),
    (0x400000, "STATX_ATTR_WRITE_ATOMIC"),
];

/// fcntl(2) commands: `include/uapi/asm-generic/fcntl.h`, `include/uapi/linux/fcntl.h`.
pub(crate) const FCNTL: Table = &[
    (0, "F_DUPFD"),
    (1, "F_GETFD"),
    (2, "F_SETFD"),
    (3, "F_GETFL"),
    (4, "F_SETFL"),
    (5, "F_GETLK"),
    (6, "F_SETLK"),
    (7, "F_SETLKW"),
    (8, "F_SETOWN"),
    (9, "F_GETOWN"),
    (10, "F_SETSIG"),
    (11, "F_GETSIG"),
    (15, "F_SETOWN_EX"),
    (16, "F_GETOWN_EX"),
    (17, "F_GETOWNER_UIDS"),
    (36, "F_OFD_GETLK"),
    (37, "F_OFD_SETLK"),
    (38, "F_OFD_SETLKW"),
    (1024, "F_SETLEASE"),
    (1025, "F_GETLEASE"),
    (1026, "F_NOTIFY"),
    (1027, "F_DUPFD_QUERY"),
    (1028, "F_CREATED_QUERY"),
    (1029, "F_CANCELLK"),
    (1030, "F_DUPFD_CLOEXEC"),
    (1031, "F_SETPIPE_SZ"),
    (1032, "F_GETPIPE_SZ"),
    (1033, "F_ADD_SEALS"),
    (1034, "F_GET_SEALS"),
    (1035, "F_GET_RW_HINT"),
    (1036, "F_SET_RW_HINT"),
    (1037, "F_GET_FILE_RW_HINT"),
    (1038, "F_SET_FILE_RW_HINT"),
    (1039, "F_GETDELEG"),
    (1040, "F_SETDELEG"),
];

/// fcntl64(2) commands of 32-bit callers only: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const FCNTL64_I386: Table = &[(12, "F_GETLK64"), (13, "F_SETLK64"), (14, "F_SETLKW64")];

/// Descriptor flags: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const FD_FLAGS: Table = &[(0x1, "FD_CLOEXEC")];

/// Lock types of `struct flock` and leases: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const LEASE: Table = &[(0, "F_RDLCK"), (1, "F_WRLCK"), (2, "F_UNLCK")];

/// flock(2) operations: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const FLOCK: Table = &[
    (0x1, "LOCK_SH"),
    (0x2, "LOCK_EX"),
    (0x4, "LOCK_NB"),
    (0x8, "LOCK_UN"),
    (0x20, "LOCK_MAND"),
    (0x40, "LOCK_READ"),
    (0x80, "LOCK_WRITE"),
];

/// lseek(2) whence: `include/uapi/linux/fs.h`.
pub(crate) const WHENCE: Table =
    &[(0, "SEEK_SET"), (1, "SEEK_CUR"), (2, "SEEK_END"), (3, "SEEK_DATA"), (4, "SEEK_HOLE")];

/// renameat2(2) flags: `include/uapi/linux/fs.h`.
pub(crate) const RENAME: Table = &[(0x1, "RENAME_NOREPLACE"), (0x2, "RENAME_EXCHANGE"), (0x4, "RENAME_WHITEOUT")];

/// dup3(2) flags: `include/uapi/asm-generic/fcntl.h`.
pub(crate) const DUP: Table = &[(0o2000000, "O_CLOEXEC")];

/// pipe2(2) flags on x86: `include/uapi/asm-generic/fcntl.h`, `include/uapi/linux/watch_queue.h`.
pub(crate) const PIPE_X86: Table =
    &[(0o200, "O_NOTIFICATION_PIPE"), (0o4000, "O_NONBLOCK"), (0o40000, "O_DIRECT"), (0o2000000, "O_CLOEXEC")];

/// pipe2(2) flags on arm64: `arch/arm64/include/uapi/asm/fcntl.h`, `include/uapi/linux/watch_queue.h`.
pub(crate) const PIPE_AARCH64: Table =
    &[(0o200, "O_NOTIFICATION_PIPE"), (0o4000, "O_NONBLOCK"), (0o200000, "O_DIRECT"), (0o2000000, "O_CLOEXEC")];

/// fallocate(2) modes: `include/uapi/linux/falloc.h`.
pub(crate) const FALLOCATE: Table = &[
    (0x1, "FALLOC_FL_KEEP_SIZE"),
    (0x2, "FALLOC_FL_PUNCH_HOLE"),
    (0x4, "FALLOC_FL_NO_HIDE_STALE"),
    (0x8, "FALLOC_FL_COLLAPSE_RANGE"),
    (0x10, "FALLOC_FL_ZERO_RANGE"),
    (0x20, "FALLOC_FL_INSERT_RANGE"),
    (0x40, "FALLOC_FL_UNSHARE_RANGE"),
    (0x80, "FALLOC_FL_WRITE_ZEROES"),
];

/// fadvise64(2) advice: `include/uapi/linux/fadvise.h`.
pub(crate) const FADVISE: Table = &[
    (0, "POSIX_FADV_NORMAL"),
    (1, "POSIX_FADV_RANDOM"),
    (2, "POSIX_FADV_SEQUENTIAL"),
    (3, "POSIX_FADV_WILLNEED"),
    (4, "POSIX_FADV_DONTNEED"),
    (5, "POSIX_FADV_NOREUSE"),
];

/// sync_file_range(2) flags: `include/uapi/linux/fs.h`.
pub(crate) const SYNC_FILE_RANGE: Table =
    &[(0x1, "SYNC_FILE_RANGE_WAIT_BEFORE"), (0x2, "SYNC_FILE_RANGE_WRITE"), (0x4, "SYNC_FILE_RANGE_WAIT_AFTER")];

/// setxattr(2) flags: `include/uapi/linux/xattr.h`.
pub(crate) const XATTR: Table = &[(0x1, "XATTR_CREATE"), (0x2, "XATTR_REPLACE")];

/// splice(2), tee(2) and vmsplice(2) flags: `include/linux/splice.h`.
pub(crate) const SPLICE: Table =
    &[(0x1, "SPLICE_F_MOVE"), (0x2, "SPLICE_F_NONBLOCK"), (0x4, "SPLICE_F_MORE"), (0x8, "SPLICE_F_GIFT")];

/// preadv2(2) and pwritev2(2) flags: `include/uapi/linux/fs.h`.
pub(crate) const RWF: Table = &[
    (0x1, "RWF_HIPRI"),
    (0x2, "RWF_DSYNC"),
    (0x4, "RWF_SYNC"),
    (0x8, "RWF_NOWAIT"),
    (0x10, "RWF_APPEND"),
    (0x20, "RWF_NOAPPEND"),
    (0x40, "RWF_ATOMIC"),
    (0x80, "RWF_DONTCACHE"),
    (0x100, "RWF_NOSIGNAL"),
];

/// close_range(2) flags: `include/uapi/linux/close_range.h`.
pub(crate) const CLOSE_RANGE: Table = &[(0x2, "CLOSE_RANGE_UNSHARE"), (0x4, "CLOSE_RANGE_CLOEXEC")];

/// quotactl(2) commands: `include/uapi/linux/quota.h`, `include/uapi/linux/dqblk_xfs.h`.
pub(crate) const QUOTA: Table = &[
    (0x5801, "Q_XQUOTAON"),
    (0x5802, "Q_XQUOTAOFF"),
    (0x5803, "Q_XGETQUOTA"),
    (0x5804, "Q_XSETQLIM"),
    (0x5805, "Q_XGETQSTAT"),
    (0x5806, "Q_XQUOTARM"),
    (0x5807, "Q_XQUOTASYNC"),
    (0x5808, "Q_XGETQSTATV"),
    (0x5809, "Q_XGETNEXTQUOTA"),
    (0x800001, "Q_SYNC"),
    (0x800002, "Q_QUOTAON"),
    (0x800003, "Q_QUOTAOFF"),
    (0x800004, "Q_GETFMT"),
    (0x800005, "Q_GETINFO"),
    (0x800006, "Q_SETINFO"),
    (0x800007, "Q_GETQUOTA"),
    (0x800008, "Q_SETQUOTA"),
    (0x800009, "Q_GETNEXTQUOTA"),
];

/// quotactl(2) types: `include/uapi/linux/quota.h`.
pub(crate) const QUOTA_TYPE: Table = &[(0, "USRQUOTA"), (1, "GRPQUOTA"), (2, "PRJQUOTA")];

/// inotify_init1(2) flags: `include/uapi/linux/inotify.h`.
pub(crate) const INOTIFY_INIT: Table = &[(0x800, "IN_NONBLOCK"), (0x80000, "IN_CLOEXEC")];

/// inotify_add_watch(2) mask: `include/uapi/linux/inotify.h`.
pub(crate) const INOTIFY: Table = &[
    (0x1, "IN_ACCESS"),
    (0x2, "IN_MODIFY"),
    (0x4, "IN_ATTRIB"),
    (0x8, "IN_CLOSE_WRITE"),
    (0x10, "IN_CLOSE_NOWRITE"),
    (0x20, "IN_OPEN"),
    (0x40, "IN_MOVED_FROM"),
    (0x80, "IN_MOVED_TO"),
    (0x100, "IN_CREATE"),
    (0x200, "IN_DELETE"),
    (0x400, "IN_DELETE_SELF"),
    (0x800, "IN_MOVE_SELF"),
    (0x2000, "IN_UNMOUNT"),
    (0x4000, "IN_Q_OVERFLOW"),
    (0x8000, "IN_IGNORED"),
    (0x1000000, "IN_ONLYDIR"),
    (0x2000000, "IN_DONT_FOLLOW"),
    (0x4000000, "IN_EXCL_UNLINK"),
    (0x10000000, "IN_MASK_CREATE"),
    (0x20000000, "IN_MASK_ADD"),
    (0x40000000, "IN_ISDIR"),
    (0x80000000, "IN_ONESHOT"),
];

/// fanotify_init(2) notification class: `include/uapi/linux/fanotify.h`.
pub(crate) const FANOTIFY_CLASS: Table =
    &[(0x0, "FAN_CLASS_NOTIF"), (0x4, "FAN_CLASS_CONTENT"), (0x8, "FAN_CLASS_PRE_CONTENT")];

/// fanotify_init(2) flags without the class: `include/uapi/linux/fanotify.h`.
pub(crate) const FANOTIFY_INIT: Table = &[
    (0x1, "FAN_CLOEXEC"),
    (0x2, "FAN_NONBLOCK"),
    (0x10, "FAN_UNLIMITED_QUEUE"),
    (0x20, "FAN_UNLIMITED_MARKS"),
    (0x40, "FAN_ENABLE_AUDIT"),
    (0x80, "FAN_REPORT_PIDFD"),
    (0x100, "FAN_REPORT_TID"),
    (0x200, "FAN_REPORT_FID"),
    (0x400, "FAN_REPORT_DIR_FID"),
    (0x800, "FAN_REPORT_NAME"),
    (0x1000, "FAN_REPORT_TARGET_FID"),
    (0x2000, "FAN_REPORT_FD_ERROR"),
    (0x4000, "FAN_REPORT_MNT"),
];

/// What fanotify_mark(2) marks: `include/uapi/linux/fanotify.h`.
pub(crate) const FANOTIFY_OBJECT: Table =
    &[(0x10, "FAN_MARK_MOUNT"), (0x100, "FAN_MARK_FILESYSTEM"), (0x110, "FAN_MARK_MNTNS")];

/// fanotify_mark(2) flags without the kind of object: `include/uapi/linux/fanotify.h`.
pub(crate) const FANOTIFY_MARK: Table = &[
    (0x1, "FAN_MARK_ADD"),
    (0x2, "FAN_MARK_REMOVE"),
    (0x4, "FAN_MARK_DONT_FOLLOW"),
    (0x8, "FAN_MARK_ONLYDIR"),
    (0x20, "FAN_MARK_IGNORED_MASK"),
    (0x40, "FAN_MARK_IGNORED_SURV_MODIFY"),
    (0x80, "FAN_MARK_FLUSH"),
    (0x200, "FAN_MARK_EVICTABLE"),
    (0x400, "FAN_MARK_IGNORE"),
];

/// fanotify_mark(2) mask: `include/uapi/linux/fanotify.h`.
pub(crate) const FANOTIFY: Table = &[
    (0x1, "FAN_ACCESS"),
    (0x2, "FAN_MODIFY"),
    (0x4, "FAN_ATTRIB"),
    (0x8, "FAN_CLOSE_WRITE"),
    (0x10, "FAN_CLOSE_NOWRITE"),
    (0x20, "FAN_OPEN"),
    (0x40, "FAN_MOVED_FROM"),
    (0x80, "FAN_MOVED_TO"),
    (0x100, "FAN_CREATE"),
    (0x200, "FAN_DELETE"),
    (0x400, "FAN_DELETE_SELF"),
    (0x800, "FAN_MOVE_SELF"),
    (0x1000, "FAN_OPEN_EXEC"),
    (0x4000, "FAN_Q_OVERFLOW"),
    (0x8000, "FAN_FS_ERROR"),
    (0x10000, "FAN_OPEN_PERM"),
    (0x20000, "FAN_ACCESS_PERM"),
    (0x40000, "FAN_OPEN_EXEC_PERM"),
    (0x100000, "FAN_PRE_ACCESS"),
    (0x1000000, "FAN_MNT_ATTACH"),
    (0x2000000, "FAN_MNT_DETACH"),
    (0x8000000, "FAN_EVENT_ON_CHILD"),
    (0x10000000, "FAN_RENAME"),
    (0x40000000, "FAN_ONDIR"),
];

/// File system types of `struct statfs`: `include/uapi/linux/magic.h`.
pub(crate) const STATFS_MAGIC: Table = &[
    (0x2f, "QNX4_SUPER_MAGIC"),
    (0x187, "AUTOFS_SUPER_MAGIC"),
    (0x137f, "MINIX_SUPER_MAGIC"),
    (0x138f, "MINIX_SUPER_MAGIC2"),
    (0x1cd1, "DEVPTS_SUPER_MAGIC"),
    (0x2468, "MINIX2_SUPER_MAGIC"),
    (0x2478, "MINIX2_SUPER_MAGIC2"),
    (0x3434, "NILFS_SUPER_MAGIC"),
    (0x4d44, "MSDOS_SUPER_MAGIC"),
    (0x4d5a, "MINIX3_SUPER_MAGIC"),
    (0x517b, "SMB_SUPER_MAGIC"),
    (0x564c, "NCP_SUPER_MAGIC"),
    (0x6969, "NFS_SUPER_MAGIC"),
    (0x72b6, "JFFS2_SUPER_MAGIC"),
    (0x9660, "ISOFS_SUPER_MAGIC"),
    (0x9fa0, "PROC_SUPER_MAGIC"),
    (0x9fa1, "OPENPROM_SUPER_MAGIC"),
    (0x9fa2, "USBDEVICE_SUPER_MAGIC"),
    (0xadf5, "ADFS_SUPER_MAGIC"),
    (0xadff, "AFFS_SUPER_MAGIC"),
    (0xef53, "EXT2_SUPER_MAGIC"),
    (0xf15f, "ECRYPTFS_SUPER_MAGIC"),
    (0x27e0eb, "CGROUP_SUPER_MAGIC"),
    (0x414a53, "EFS_SUPER_MAGIC"),
    (0xc0ffee, "HOSTFS_SUPER_MAGIC"),
    (0xc36400, "CEPH_SUPER_MAGIC"),
    (0x1021994, "TMPFS_MAGIC"),
    (0x1021997, "V9FS_MAGIC"),
    (0x7655821, "RDTGROUP_SUPER_MAGIC"),
    (0x9041934, "ANON_INODE_FS_MAGIC"),
    (0x15013346, "UDF_SUPER_MAGIC"),
    (0x2011bab0, "EXFAT_SUPER_MAGIC"),
    (0x28cd3d45, "CRAMFS_MAGIC"),
    (0x42494e4d, "BINFMTFS_MAGIC"),
    (0x43415d53, "SMACK_MAGIC"),
    (0x444d4142, "DMA_BUF_MAGIC"),
    (0x454d444d, "DEVMEM_MAGIC"),
    (0x4641494c, "FAIL_FS_MAGIC"),
    (0x474d454d, "GUEST_MEMFD_MAGIC"),
    (0x4e554c4c, "NULL_FS_MAGIC"),
    (0x50494446, "PID_FS_MAGIC"),
    (0x50495045, "PIPEFS_MAGIC"),
    (0x52654973, "REISERFS_SUPER_MAGIC"),
    (0x5345434d, "SECRETMEM_MAGIC"),
    (0x5346414f, "AFS_SUPER_MAGIC"),
    (0x534f434b, "SOCKFS_MAGIC"),
    (0x58465342, "XFS_SUPER_MAGIC"),
    (0x5a3c69f0, "AAFS_MAGIC"),
    (0x5a4f4653, "ZONEFS_MAGIC"),
    (0x6165676c, "PSTOREFS_MAGIC"),
    (0x62646576, "BDEVFS_MAGIC"),
    (0x62656570, "CONFIGFS_MAGIC"),
    (0x62656572, "SYSFS_MAGIC"),
    (0x63677270, "CGROUP2_SUPER_MAGIC"),
    (0x64626720, "DEBUGFS_MAGIC"),
    (0x64646178, "DAXFS_MAGIC"),
    (0x65735546, "FUSE_SUPER_MAGIC"),
    (0x68191122, "QNX6_SUPER_MAGIC"),
    (0x6b414653, "AFS_FS_MAGIC"),
    (0x6c6f6f70, "BINDERFS_SUPER_MAGIC"),
    (0x6e736673, "NSFS_MAGIC"),
    (0x73636673, "SECURITYFS_MAGIC"),
    (0x73717368, "SQUASHFS_MAGIC"),
    (0x73727279, "BTRFS_TEST_MAGIC"),
    (0x73757245, "CODA_SUPER_MAGIC"),
    (0x7461636f, "OCFS2_SUPER_MAGIC"),
    (0x74726163, "TRACEFS_MAGIC"),
    (0x794c7630, "OVERLAYFS_SUPER_MAGIC"),
    (0x858458f6, "RAMFS_MAGIC"),
    (0x9123683e, "BTRFS_SUPER_MAGIC"),
    (0x958458f6, "HUGETLBFS_MAGIC"),
    (0xabba1974, "XENFS_SUPER_MAGIC"),
    (0xca451a4e, "BCACHEFS_SUPER_MAGIC"),
    (0xcafe4a11, "BPF_FS_MAGIC"),
    (0xde5e81e4, "EFIVARFS_MAGIC"),
    (0xe0f5e1e2, "EROFS_SUPER_MAGIC_V1"),
    (0xf2f52010, "F2FS_SUPER_MAGIC"),
    (0xf97cff8c, "SELINUX_MAGIC"),
    (0xf995e849, "HPFS_SUPER_MAGIC"),
    (0xfe534d42, "SMB2_SUPER_MAGIC"),
    (0xff534d42, "CIFS_SUPER_MAGIC"),
];

/// `f_flags` of `struct statfs`: `include/linux/statfs.h`.
pub(crate) const STATFS_FLAGS: Table = &[
    (0x1, "ST_RDONLY"),
    (0x2, "ST_NOSUID"),
    (0x4, "ST_NODEV"),
    (0x8, "ST_NOEXEC"),
    (0x10, "ST_SYNCHRONOUS"),
    (0x20, "ST_VALID"),
    (0x40, "ST_MANDLOCK"),
    (0x400, "ST_NOATIME"),
    (0x800, "ST_NODIRATIME"),
    (0x1000, "ST_RELATIME"),
    (0x2000, "ST_NOSYMFOLLOW"),
];
