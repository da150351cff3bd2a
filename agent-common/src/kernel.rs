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

        /// What to look for, in order: `struct.member[.member]`.
        #[must_use]
        pub const fn paths(self) -> &'static [&'static str] {
            match self { $(Self::$name => &[$($path),+],)* }
        }

        /// The member's size in bytes; a member of another size is not the one meant.
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
    /// x86: bits that tell a 32-bit syscall (`TS_COMPAT`).
    ThreadStatus: 4 = ["task_struct.thread_info.status"];
    /// arm64: bits that tell a 32-bit task (`TIF_32BIT`).
    ThreadFlags: 8 = ["task_struct.thread_info.flags"];
}
