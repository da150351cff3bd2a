// SPDX-License-Identifier: Apache-2.0
//! The members of kernel structs that the probe reads. Userspace resolves their offsets from the kernel's BTF and puts
//! them into the probe's `LAYOUT`; the probe's branch for a member that is absent is pruned by the verifier.

macro_rules! kernel_fields { ($($(#[$doc:meta])* $name:ident: $width:literal = [$($path:literal),+];)*) => {
    /// A kernel struct member.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(usize)]
    pub enum Field { $($(#[$doc])* $name,)* }

    impl Field {
        /// Every field, in the order of its index.
        pub const ALL: &[Self] = &[$(Self::$name,)*];
        /// Number of fields.
        pub const COUNT: usize = Self::ALL.len();

        /// What to look for, in order: `struct.member[.member]`, or `struct.` for the struct's own size.
        #[must_use]
        pub const fn paths(self) -> &'static [&'static str] {
            match self { $(Self::$name => &[$($path),+],)* }
        }

        /// The member's size in bytes, 0 for any; a member of another size is not the one meant.
        #[must_use]
        pub const fn width(self) -> u32 {
            match self { $(Self::$name => $width,)* }
        }
    }
} }

/// Stands in `LAYOUT` for a member that this kernel does not have.
pub const ABSENT: u16 = u16::MAX;

kernel_fields! {
    /// The parent that would be told of the task's death.
    TaskRealParent: 8 = ["task_struct.real_parent"];
    /// The process id in the initial namespace.
    TaskTgid: 4 = ["task_struct.tgid"];
    /// The address space.
    TaskMm: 8 = ["task_struct.mm"];
    /// Where `argv`'s strings begin in the address space.
    MmArgStart: 8 = ["mm_struct.arg_start"];
    /// Where they end.
    MmArgEnd: 8 = ["mm_struct.arg_end"];
    /// Where `envp`'s strings begin.
    MmEnvStart: 8 = ["mm_struct.env_start"];
    /// Where they end; the file name that was executed follows.
    MmEnvEnd: 8 = ["mm_struct.env_end"];
    /// The executable of an address space.
    MmExeFile: 8 = ["mm_struct.exe_file"];
    /// The thread id in the initial namespace.
    TaskPid: 4 = ["task_struct.pid"];
    /// The thread's name.
    TaskComm: 16 = ["task_struct.comm"];
    /// The first thread of the process.
    TaskGroupLeader: 8 = ["task_struct.group_leader"];
    /// When the thread was made, in nanoseconds since boot.
    TaskStartBoottime: 8 = ["task_struct.start_boottime", "task_struct.real_start_time"];
    /// The task's own credentials.
    TaskRealCred: 8 = ["task_struct.real_cred"];
    /// The login uid.
    TaskLoginuid: 4 = ["task_struct.loginuid"];
    /// The audit session.
    TaskSessionid: 4 = ["task_struct.sessionid"];
    /// What the process's threads share of signals and ids.
    TaskSignal: 8 = ["task_struct.signal"];
    /// The thread's `struct pid`.
    TaskThreadPid: 8 = ["task_struct.thread_pid"];
    /// The namespaces.
    TaskNsproxy: 8 = ["task_struct.nsproxy"];
    /// The root and the working directory.
    TaskFs: 8 = ["task_struct.fs"];
    /// The descriptor table.
    TaskFiles: 8 = ["task_struct.files"];
    /// The status of a task that ends.
    TaskExitCode: 4 = ["task_struct.exit_code"];
    /// The cgroups of all hierarchies.
    TaskCgroups: 8 = ["task_struct.cgroups"];
    /// A cgroup per controller.
    CssSetSubsys: 0 = ["css_set.subsys"];
    /// The cgroup of the v2 hierarchy.
    CssSetDefault: 8 = ["css_set.dfl_cgrp"];
    /// A controller's cgroup.
    CssCgroup: 8 = ["cgroup_subsys_state.cgroup"];
    /// The cgroup's place in the file system.
    CgroupKn: 8 = ["cgroup.kn"];
    /// The hierarchy.
    CgroupRoot: 8 = ["cgroup.root"];
    /// The hierarchy's number.
    CgroupRootHierarchy: 4 = ["cgroup_root.hierarchy_id"];
    /// The id of a file system's node.
    KernfsId: 8 = ["kernfs_node.id"];
    /// Threads of the process that live.
    SignalLive: 4 = ["signal_struct.live"];
    /// The controlling terminal.
    SignalTty: 8 = ["signal_struct.tty"];
    /// `struct pid`s of thread group, process group and session.
    SignalPids: 0 = ["signal_struct.pids"];
    /// The terminal's driver.
    TtyDriver: 8 = ["tty_struct.driver"];
    /// The terminal's number with its driver.
    TtyIndex: 4 = ["tty_struct.index"];
    /// The driver's major device number.
    TtyDriverMajor: 4 = ["tty_driver.major"];
    /// The driver's first minor device number.
    TtyDriverMinor: 4 = ["tty_driver.minor_start"];
    /// How many namespaces deep a `struct pid` is.
    PidLevel: 4 = ["pid.level"];
    /// Its number in each of them.
    PidNumbers: 0 = ["pid.numbers"];
    /// The size of such a number with its namespace.
    UpidSize: 0 = ["upid."];
    /// The namespace of a number.
    UpidNs: 8 = ["upid.ns"];
    /// The namespace's inode number.
    PidnsInum: 4 = ["pid_namespace.ns.inum"];
    /// The first process of the namespace.
    PidnsReaper: 8 = ["pid_namespace.child_reaper"];
    /// User and group ids.
    CredUid: 4 = ["cred.uid"];
    /// Effective user id.
    CredEuid: 4 = ["cred.euid"];
    /// Group id.
    CredGid: 4 = ["cred.gid"];
    /// Effective group id.
    CredEgid: 4 = ["cred.egid"];
    /// Permitted capabilities.
    CredPermitted: 8 = ["cred.cap_permitted"];
    /// Effective capabilities.
    CredEffective: 8 = ["cred.cap_effective"];
    /// Inheritable capabilities.
    CredInheritable: 8 = ["cred.cap_inheritable"];
    /// The user namespace.
    CredUserNs: 8 = ["cred.user_ns"];
    /// Inode number of a user namespace.
    UsernsInum: 4 = ["user_namespace.ns.inum"];
    /// The mount namespace.
    NsproxyMnt: 8 = ["nsproxy.mnt_ns"];
    /// Inode number of a mount namespace.
    MntnsInum: 4 = ["mnt_namespace.ns.inum"];
    /// The network namespace.
    NsproxyNet: 8 = ["nsproxy.net_ns"];
    /// Inode number of a network namespace.
    NetnsInum: 4 = ["net.ns.inum"];
    /// The UTS namespace.
    NsproxyUts: 8 = ["nsproxy.uts_ns"];
    /// Inode number of a UTS namespace.
    UtsnsInum: 4 = ["uts_namespace.ns.inum"];
    /// The IPC namespace.
    NsproxyIpc: 8 = ["nsproxy.ipc_ns"];
    /// Inode number of an IPC namespace.
    IpcnsInum: 4 = ["ipc_namespace.ns.inum"];
    /// The cgroup namespace.
    NsproxyCgroup: 8 = ["nsproxy.cgroup_ns"];
    /// Inode number of a cgroup namespace.
    CgroupnsInum: 4 = ["cgroup_namespace.ns.inum"];
    /// The working directory.
    FsPwd: 0 = ["fs_struct.pwd"];
    /// The root directory.
    FsRoot: 0 = ["fs_struct.root"];
    /// A path's mount.
    PathMnt: 8 = ["path.mnt"];
    /// A path's name.
    PathDentry: 8 = ["path.dentry"];
    /// Where the part that modules see begins in a mount.
    MountMnt: 0 = ["mount.mnt"];
    /// What a mount is mounted on.
    MountParent: 8 = ["mount.mnt_parent"];
    /// The name that it hides there.
    MountMountpoint: 8 = ["mount.mnt_mountpoint"];
    /// The mount namespace that a mount is in; none once it was unmounted lazily.
    MountNs: 8 = ["mount.mnt_ns"];
    /// A mount's own root.
    VfsmountRoot: 8 = ["vfsmount.mnt_root"];
    /// The directory that a name is in.
    DentryParent: 8 = ["dentry.d_parent"];
    /// A name's bytes.
    DentryName: 8 = ["dentry.d_name.name"];
    /// A name's hash and length.
    DentryHashLen: 8 = ["dentry.d_name.hash_len"];
    /// Whether a name is still found by lookup: 0 when it was removed.
    DentryHashed: 8 = ["dentry.d_hash.pprev"];
    /// What a name stands for.
    DentryInode: 8 = ["dentry.d_inode"];
    /// The open descriptors.
    FilesFdt: 8 = ["files_struct.fdt"];
    /// How many there may be.
    FdtMax: 4 = ["fdtable.max_fds"];
    /// The files.
    FdtFd: 8 = ["fdtable.fd"];
    /// An open file's mount and name.
    FilePath: 0 = ["file.f_path"];
    /// An open file's inode.
    FileInode: 8 = ["file.f_inode"];
    /// What an open file can do.
    FileOps: 8 = ["file.f_op"];
    /// How a file was opened.
    FileFlags: 4 = ["file.f_flags"];
    /// What stands behind an open file.
    FilePrivate: 8 = ["file.private_data"];
    /// Type and permissions.
    InodeMode: 2 = ["inode.i_mode"];
    /// Owner.
    InodeUid: 4 = ["inode.i_uid"];
    /// Group.
    InodeGid: 4 = ["inode.i_gid"];
    /// Inode number.
    InodeIno: 8 = ["inode.i_ino"];
    /// File system.
    InodeSb: 8 = ["inode.i_sb"];
    /// What an inode of the kernel's own stands for: of nsfs the namespace.
    InodePrivate: 8 = ["inode.i_private"];
    /// What a namespace can do.
    NsOps: 8 = ["ns_common.ops"];
    /// What it is called.
    NsOpsName: 8 = ["proc_ns_operations.name"];
    /// The size of an inode: an overlay's upper name follows it.
    InodeSize: 0 = ["inode."];
    /// Seconds of the change time.
    InodeCtimeSec: 8 = ["inode.i_ctime_sec", "inode.__i_ctime.tv_sec", "inode.i_ctime.tv_sec"];
    /// Nanoseconds of the change time, with a bit of the kernel's own.
    InodeCtimeNsec: 4 = ["inode.i_ctime_nsec"];
    /// Nanoseconds of the change time, before 6.11.
    InodeCtimeNsecLong: 8 = ["inode.__i_ctime.tv_nsec", "inode.i_ctime.tv_nsec"];
    /// Seconds of the modification time.
    InodeMtimeSec: 8 = ["inode.i_mtime_sec", "inode.__i_mtime.tv_sec", "inode.i_mtime.tv_sec"];
    /// Nanoseconds of the modification time.
    InodeMtimeNsec: 4 = ["inode.i_mtime_nsec"];
    /// Nanoseconds of the modification time, before 6.11.
    InodeMtimeNsecLong: 8 = ["inode.__i_mtime.tv_nsec", "inode.i_mtime.tv_nsec"];
    /// Device number.
    SbDev: 4 = ["super_block.s_dev"];
    /// Kind of file system.
    SbMagic: 8 = ["super_block.s_magic"];
    /// A socket's protocol part.
    SocketSk: 8 = ["socket.sk"];
    /// Address family.
    SkFamily: 2 = ["sock_common.skc_family"];
    /// Type.
    SkType: 2 = ["sock.sk_type"];
    /// Protocol, since 5.6.
    SkProtocol: 2 = ["sock.sk_protocol"];
    /// Local port, host order.
    SkLocalPort: 2 = ["sock_common.skc_num"];
    /// Remote port, network order.
    SkRemotePort: 2 = ["sock_common.skc_dport"];
    /// Local IPv4 address.
    SkLocal4: 4 = ["sock_common.skc_rcv_saddr"];
    /// Remote IPv4 address.
    SkRemote4: 4 = ["sock_common.skc_daddr"];
    /// Local IPv6 address.
    SkLocal6: 16 = ["sock_common.skc_v6_rcv_saddr"];
    /// Remote IPv6 address.
    SkRemote6: 16 = ["sock_common.skc_v6_daddr"];
    /// The name that a Unix socket is bound to.
    UnixAddr: 8 = ["unix_sock.addr"];
    /// The other end of a Unix socket.
    UnixPeer: 8 = ["unix_sock.peer"];
    /// The name's length, its family included.
    UnixAddrLen: 4 = ["unix_address.len"];
    /// The name, its family first.
    UnixAddrName: 0 = ["unix_address.name"];
    /// x86: bits that tell a 32-bit syscall (`TS_COMPAT`).
    ThreadStatus: 4 = ["task_struct.thread_info.status"];
    /// arm64: bits that tell a 32-bit task (`TIF_32BIT`).
    ThreadFlags: 8 = ["task_struct.thread_info.flags"];
}
