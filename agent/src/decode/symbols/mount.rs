// SPDX-License-Identifier: Apache-2.0
//! Mounts.

use super::Table;

/// mount(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const MOUNT: Table = &[
    (0x1, "MS_RDONLY"),
    (0x2, "MS_NOSUID"),
    (0x4, "MS_NODEV"),
    (0x8, "MS_NOEXEC"),
    (0x10, "MS_SYNCHRONOUS"),
    (0x20, "MS_REMOUNT"),
    (0x40, "MS_MANDLOCK"),
    (0x80, "MS_DIRSYNC"),
    (0x100, "MS_NOSYMFOLLOW"),
    (0x400, "MS_NOATIME"),
    (0x800, "MS_NODIRATIME"),
    (0x1000, "MS_BIND"),
    (0x2000, "MS_MOVE"),
    (0x4000, "MS_REC"),
    (0x8000, "MS_SILENT"),
    (0x10000, "MS_POSIXACL"),
    (0x20000, "MS_UNBINDABLE"),
    (0x40000, "MS_PRIVATE"),
    (0x80000, "MS_SLAVE"),
    (0x100000, "MS_SHARED"),
    (0x200000, "MS_RELATIME"),
    (0x400000, "MS_KERNMOUNT"),
    (0x800000, "MS_I_VERSION"),
    (0x1000000, "MS_STRICTATIME"),
    (0x2000000, "MS_LAZYTIME"),
    (0x4000000, "MS_SUBMOUNT"),
    (0x8000000, "MS_NOREMOTELOCK"),
    (0x10000000, "MS_NOSEC"),
    (0x20000000, "MS_BORN"),
    (0x40000000, "MS_ACTIVE"),
    (0x80000000, "MS_NOUSER"),
];

/// What old mount(8) puts in the upper half of mount(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const MOUNT_MAGIC: Table = &[(0xc0ed0000, "MS_MGC_VAL")];

/// umount2(2) flags: `include/linux/fs.h`.
pub(crate) const UMOUNT: Table =
    &[(0x1, "MNT_FORCE"), (0x2, "MNT_DETACH"), (0x4, "MNT_EXPIRE"), (0x8, "UMOUNT_NOFOLLOW")];

/// open_tree(2) flags: `include/uapi/linux/mount.h`, `include/uapi/linux/fcntl.h`.
pub(crate) const OPEN_TREE: Table = &[
    (0x1, "OPEN_TREE_CLONE"),
    (0x2, "OPEN_TREE_NAMESPACE"),
    (0x100, "AT_SYMLINK_NOFOLLOW"),
    (0x800, "AT_NO_AUTOMOUNT"),
    (0x1000, "AT_EMPTY_PATH"),
    (0x8000, "AT_RECURSIVE"),
    (0x80000, "OPEN_TREE_CLOEXEC"),
];

/// move_mount(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const MOVE_MOUNT: Table = &[
    (0x1, "MOVE_MOUNT_F_SYMLINKS"),
    (0x2, "MOVE_MOUNT_F_AUTOMOUNTS"),
    (0x4, "MOVE_MOUNT_F_EMPTY_PATH"),
    (0x10, "MOVE_MOUNT_T_SYMLINKS"),
    (0x20, "MOVE_MOUNT_T_AUTOMOUNTS"),
    (0x40, "MOVE_MOUNT_T_EMPTY_PATH"),
    (0x100, "MOVE_MOUNT_SET_GROUP"),
    (0x200, "MOVE_MOUNT_BENEATH"),
];

/// fsopen(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const FSOPEN: Table = &[(0x1, "FSOPEN_CLOEXEC")];

/// fsmount(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const FSMOUNT: Table = &[(0x1, "FSMOUNT_CLOEXEC"), (0x2, "FSMOUNT_NAMESPACE")];

/// fsmount(2) and mount_setattr(2) attributes: `include/uapi/linux/mount.h`.
pub(crate) const MOUNT_ATTR: Table = &[
    (0x1, "MOUNT_ATTR_RDONLY"),
    (0x2, "MOUNT_ATTR_NOSUID"),
    (0x4, "MOUNT_ATTR_NODEV"),
    (0x8, "MOUNT_ATTR_NOEXEC"),
    (0x70, "MOUNT_ATTR__ATIME"),
    (0x10, "MOUNT_ATTR_NOATIME"),
    (0x20, "MOUNT_ATTR_STRICTATIME"),
    (0x80, "MOUNT_ATTR_NODIRATIME"),
    (0x100000, "MOUNT_ATTR_IDMAP"),
    (0x200000, "MOUNT_ATTR_NOSYMFOLLOW"),
];

/// fsconfig(2) commands: `include/uapi/linux/mount.h`.
pub(crate) const FSCONFIG: Table = &[
    (0, "FSCONFIG_SET_FLAG"),
    (1, "FSCONFIG_SET_STRING"),
    (2, "FSCONFIG_SET_BINARY"),
    (3, "FSCONFIG_SET_PATH"),
    (4, "FSCONFIG_SET_PATH_EMPTY"),
    (5, "FSCONFIG_SET_FD"),
    (6, "FSCONFIG_CMD_CREATE"),
    (7, "FSCONFIG_CMD_RECONFIGURE"),
    (8, "FSCONFIG_CMD_CREATE_EXCL"),
];

/// fspick(2) flags: `include/uapi/linux/mount.h`.
pub(crate) const FSPICK: Table = &[
    (0x1, "FSPICK_CLOEXEC"),
    (0x2, "FSPICK_SYMLINK_NOFOLLOW"),
    (0x4, "FSPICK_NO_AUTOMOUNT"),
    (0x8, "FSPICK_EMPTY_PATH"),
];

/// mount_setattr(2) flags: `include/uapi/linux/fcntl.h`.
pub(crate) const MOUNT_SETATTR: Table =
    &[(0x100, "AT_SYMLINK_NOFOLLOW"), (0x800, "AT_NO_AUTOMOUNT"), (0x1000, "AT_EMPTY_PATH"), (0x8000, "AT_RECURSIVE")];

/// statmount(2) mask: `include/uapi/linux/mount.h`.
pub(crate) const STATMOUNT: Table = &[
    (0x1, "STATMOUNT_SB_BASIC"),
    (0x2, "STATMOUNT_MNT_BASIC"),
    (0x4, "STATMOUNT_PROPAGATE_FROM"),
    (0x8, "STATMOUNT_MNT_ROOT"),
    (0x10, "STATMOUNT_MNT_POINT"),
    (0x20, "STATMOUNT_FS_TYPE"),
    (0x40, "STATMOUNT_MNT_NS_ID"),
    (0x80, "STATMOUNT_MNT_OPTS"),
    (0x100, "STATMOUNT_FS_SUBTYPE"),
    (0x200, "STATMOUNT_SB_SOURCE"),
    (0x400, "STATMOUNT_OPT_ARRAY"),
    (0x800, "STATMOUNT_OPT_SEC_ARRAY"),
    (0x1000, "STATMOUNT_SUPPORTED_MASK"),
    (0x2000, "STATMOUNT_MNT_UIDMAP"),
    (0x4000, "STATMOUNT_MNT_GIDMAP"),
];
