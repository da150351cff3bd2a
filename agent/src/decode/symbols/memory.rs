// SPDX-License-Identifier: Apache-2.0
//! Address spaces.

use super::Table;

/// mmap(2) protection on x86: `include/uapi/asm-generic/mman-common.h`.
pub(crate) const PROT_X86: Table = &[
    (0x1, "PROT_READ"),
    (0x2, "PROT_WRITE"),
    (0x4, "PROT_EXEC"),
    (0x8, "PROT_SEM"),
    (0x1000000, "PROT_GROWSDOWN"),
    (0x2000000, "PROT_GROWSUP"),
];

/// mmap(2) protection on arm64: `include/uapi/asm-generic/mman-common.h`, `arch/arm64/include/uapi/asm/mman.h`.
pub(crate) const PROT_AARCH64: Table = &[
    (0x1, "PROT_READ"),
    (0x2, "PROT_WRITE"),
    (0x4, "PROT_EXEC"),
    (0x8, "PROT_SEM"),
    (0x10, "PROT_BTI"),
    (0x20, "PROT_MTE"),
    (0x1000000, "PROT_GROWSDOWN"),
    (0x2000000, "PROT_GROWSUP"),
];

/// The kind of mapping within mmap(2) flags: `include/uapi/linux/mman.h`.
pub(crate) const MAP_TYPE: Table =
    &[(1, "MAP_SHARED"), (2, "MAP_PRIVATE"), (3, "MAP_SHARED_VALIDATE"), (8, "MAP_DROPPABLE")];

/// mmap(2) flags without kind and page size on x86: `include/uapi/asm-generic/mman-common.h`,
/// `include/uapi/asm-generic/mman.h`, `arch/x86/include/uapi/asm/mman.h`.
pub(crate) const MAP_X86: Table = &[
    (0x10, "MAP_FIXED"),
    (0x20, "MAP_ANONYMOUS"),
    (0x40, "MAP_32BIT"),
    (0x80, "MAP_ABOVE4G"),
    (0x100, "MAP_GROWSDOWN"),
    (0x800, "MAP_DENYWRITE"),
    (0x1000, "MAP_EXECUTABLE"),
    (0x2000, "MAP_LOCKED"),
    (0x4000, "MAP_NORESERVE"),
    (0x8000, "MAP_POPULATE"),
    (0x10000, "MAP_NONBLOCK"),
    (0x20000, "MAP_STACK"),
    (0x40000, "MAP_HUGETLB"),
    (0x80000, "MAP_SYNC"),
    (0x100000, "MAP_FIXED_NOREPLACE"),
];

/// mmap(2) flags without kind and page size on arm64: `include/uapi/asm-generic/mman-common.h`,
/// `include/uapi/asm-generic/mman.h`.
pub(crate) const MAP_AARCH64: Table = &[
    (0x10, "MAP_FIXED"),
    (0x20, "MAP_ANONYMOUS"),
    (0x100, "MAP_GROWSDOWN"),
    (0x800, "MAP_DENYWRITE"),
    (0x1000, "MAP_EXECUTABLE"),
    (0x2000, "MAP_LOCKED"),
    (0x4000, "MAP_NORESERVE"),
    (0x8000, "MAP_POPULATE"),
    (0x10000, "MAP_NONBLOCK"),
    (0x20000, "MAP_STACK"),
    (0x40000, "MAP_HUGETLB"),
    (0x80000, "MAP_SYNC"),
    (0x100000, "MAP_FIXED_NOREPLACE"),
];

/// Page sizes within mmap(2) flags: `include/uapi/linux/mman.h`, `include/uapi/asm-generic/hugetlb_encode.h`.
pub(crate) const MAP_HUGE: Table = &[
    (0x38000000, "MAP_HUGE_16KB"),
    (0x40000000, "MAP_HUGE_64KB"),
    (0x4c000000, "MAP_HUGE_512KB"),
    (0x50000000, "MAP_HUGE_1MB"),
    (0x54000000, "MAP_HUGE_2MB"),
    (0x5c000000, "MAP_HUGE_8MB"),
    (0x60000000, "MAP_HUGE_16MB"),
    (0x64000000, "MAP_HUGE_32MB"),
    (0x70000000, "MAP_HUGE_256MB"),
    (0x74000000, "MAP_HUGE_512MB"),
    (0x78000000, "MAP_HUGE_1GB"),
    (0x7c000000, "MAP_HUGE_2GB"),
    (0x88000000, "MAP_HUGE_16GB"),
];

/// memfd_create(2) flags without the page size: `include/uapi/linux/memfd.h`.
pub(crate) const MEMFD: Table = &[
    (0x1, "MFD_CLOEXEC"),
    (0x2, "MFD_ALLOW_SEALING"),
    (0x4, "MFD_HUGETLB"),
    (0x8, "MFD_NOEXEC_SEAL"),
    (0x10, "MFD_EXEC"),
];

/// Page sizes within memfd_create(2) flags: `include/uapi/linux/memfd.h`,
/// `include/uapi/asm-generic/hugetlb_encode.h`.
pub(crate) const MEMFD_HUGE: Table = &[
    (0x40000000, "MFD_HUGE_64KB"),
    (0x4c000000, "MFD_HUGE_512KB"),
    (0x50000000, "MFD_HUGE_1MB"),
    (0x54000000, "MFD_HUGE_2MB"),
    (0x5c000000, "MFD_HUGE_8MB"),
    (0x60000000, "MFD_HUGE_16MB"),
    (0x64000000, "MFD_HUGE_32MB"),
    (0x70000000, "MFD_HUGE_256MB"),
    (0x74000000, "MFD_HUGE_512MB"),
    (0x78000000, "MFD_HUGE_1GB"),
    (0x7c000000, "MFD_HUGE_2GB"),
    (0x88000000, "MFD_HUGE_16GB"),
];

/// mremap(2) flags: `include/uapi/linux/mman.h`.
pub(crate) const MREMAP: Table = &[(0x1, "MREMAP_MAYMOVE"), (0x2, "MREMAP_FIXED"), (0x4, "MREMAP_DONTUNMAP")];

/// msync(2) flags: `include/uapi/asm-generic/mman-common.h`.
pub(crate) const MSYNC: Table = &[(0x1, "MS_ASYNC"), (0x2, "MS_INVALIDATE"), (0x4, "MS_SYNC")];

/// mlock2(2) flags: `include/uapi/asm-generic/mman-common.h`.
pub(crate) const MLOCK2: Table = &[(0x1, "MLOCK_ONFAULT")];

/// mlockall(2) flags: `include/uapi/asm-generic/mman.h`.
pub(crate) const MLOCKALL: Table = &[(0x1, "MCL_CURRENT"), (0x2, "MCL_FUTURE"), (0x4, "MCL_ONFAULT")];

/// madvise(2) advice: `include/uapi/asm-generic/mman-common.h`.
pub(crate) const MADVISE: Table = &[
    (0, "MADV_NORMAL"),
    (1, "MADV_RANDOM"),
    (2, "MADV_SEQUENTIAL"),
    (3, "MADV_WILLNEED"),
    (4, "MADV_DONTNEED"),
    (8, "MADV_FREE"),
    (9, "MADV_REMOVE"),
    (10, "MADV_DONTFORK"),
    (11, "MADV_DOFORK"),
    (12, "MADV_MERGEABLE"),
    (13, "MADV_UNMERGEABLE"),
    (14, "MADV_HUGEPAGE"),
    (15, "MADV_NOHUGEPAGE"),
    (16, "MADV_DONTDUMP"),
    (17, "MADV_DODUMP"),
    (18, "MADV_WIPEONFORK"),
    (19, "MADV_KEEPONFORK"),
    (20, "MADV_COLD"),
    (21, "MADV_PAGEOUT"),
    (22, "MADV_POPULATE_READ"),
    (23, "MADV_POPULATE_WRITE"),
    (24, "MADV_DONTNEED_LOCKED"),
    (25, "MADV_COLLAPSE"),
    (100, "MADV_HWPOISON"),
    (101, "MADV_SOFT_OFFLINE"),
    (102, "MADV_GUARD_INSTALL"),
    (103, "MADV_GUARD_REMOVE"),
];

/// Protection key rights on x86: `include/uapi/asm-generic/mman-common.h`.
pub(crate) const PKEY_X86: Table = &[(0x1, "PKEY_DISABLE_ACCESS"), (0x2, "PKEY_DISABLE_WRITE")];

/// Protection key rights on arm64: `include/uapi/asm-generic/mman-common.h`, `arch/arm64/include/uapi/asm/mman.h`.
pub(crate) const PKEY_AARCH64: Table = &[
    (0x1, "PKEY_DISABLE_ACCESS"),
    (0x2, "PKEY_DISABLE_WRITE"),
    (0x4, "PKEY_DISABLE_EXECUTE"),
    (0x8, "PKEY_DISABLE_READ"),
];

/// Memory policy modes: `include/uapi/linux/mempolicy.h`.
pub(crate) const MPOL: Table = &[
    (0, "MPOL_DEFAULT"),
    (1, "MPOL_PREFERRED"),
    (2, "MPOL_BIND"),
    (3, "MPOL_INTERLEAVE"),
    (4, "MPOL_LOCAL"),
    (5, "MPOL_PREFERRED_MANY"),
    (6, "MPOL_WEIGHTED_INTERLEAVE"),
];

/// Flags within memory policy modes: `include/uapi/linux/mempolicy.h`.
pub(crate) const MPOL_FLAGS: Table =
    &[(0x2000, "MPOL_F_NUMA_BALANCING"), (0x4000, "MPOL_F_RELATIVE_NODES"), (0x8000, "MPOL_F_STATIC_NODES")];

/// get_mempolicy(2) flags: `include/uapi/linux/mempolicy.h`.
pub(crate) const MPOL_GET: Table = &[(0x1, "MPOL_F_NODE"), (0x2, "MPOL_F_ADDR"), (0x4, "MPOL_F_MEMS_ALLOWED")];

/// mbind(2) and move_pages(2) flags: `include/uapi/linux/mempolicy.h`.
pub(crate) const MPOL_MOVE: Table =
    &[(0x1, "MPOL_MF_STRICT"), (0x2, "MPOL_MF_MOVE"), (0x4, "MPOL_MF_MOVE_ALL"), (0x8, "MPOL_MF_LAZY")];

/// userfaultfd(2) flags: `include/uapi/linux/userfaultfd.h`, `include/uapi/asm-generic/fcntl.h`.
pub(crate) const USERFAULTFD: Table = &[(0x1, "UFFD_USER_MODE_ONLY"), (0x800, "O_NONBLOCK"), (0x80000, "O_CLOEXEC")];
