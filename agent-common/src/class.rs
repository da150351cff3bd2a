// SPDX-License-Identifier: Apache-2.0
//! The classes by which users select syscalls, as bits.

macro_rules! classes { ($($(#[$doc:meta])* $name:ident $text:literal $bit:literal;)*) => {
    $($(#[$doc])* pub const $name: u32 = 1 << $bit;)*
    /// Every class: its name on the command line, its bit, and what it holds.
    pub const ALL: &[(&str, u32)] = &[$(($text, $name),)*];
} }

classes! {
    /// Takes a file name, or acts on a file system.
    FILE "file" 0;
    /// Sockets.
    NETWORK "network" 1;
    /// Life of processes and threads, and their attributes.
    PROCESS "process" 2;
    /// Address spaces.
    MEMORY "memory" 3;
    /// Signals.
    SIGNAL "signal" 4;
    /// Pipes, System V and POSIX message queues, semaphores and shared memory, futexes.
    IPC "ipc" 5;
    /// Takes or makes a descriptor.
    DESC "desc" 6;
    /// Clocks, timers and sleeping.
    TIME "time" 7;
    /// User, group and capability credentials.
    CREDS "creds" 8;
    /// Namespaces and mounts.
    MOUNT "mount" 9;
    /// Waiting for readiness (`poll`, `epoll`, `select`).
    POLL "poll" 10;
    /// Reads and writes data.
    IO "io" 11;
    /// Scheduling.
    SCHED "sched" 12;
    /// Modules, reboot, accounting, bpf, perf, keys and the rest of the machine.
    SYSTEM "system" 13;
}
