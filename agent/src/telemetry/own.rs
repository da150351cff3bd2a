// SPDX-License-Identifier: Apache-2.0
//! What the agent itself takes of the machine, from `/proc/self/stat`.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};

/// What the agent takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Own {
    /// Seconds of CPU time in user mode.
    pub(super) user: f64,
    /// Seconds of CPU time in the kernel.
    pub(super) system: f64,
    /// Threads.
    pub(super) threads: u64,
    /// Bytes of resident memory.
    pub(super) resident: u64,
}

impl Own {
    /// What it takes now; `None` where `/proc` does not say it.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?, clock_ticks_per_second(), page_size() as u64)
    }

    /// From a line of `/proc/PID/stat`: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
    fn parse(line: &str, ticks: u64, page: u64) -> Option<Self> {
        // A name may hold anything: it ends at the last parenthesis. The third field comes next.
        let mut fields = line.get(line.rfind(')')? + 1..)?.split_ascii_whitespace().skip(14 - 3);
        let mut next = |skip| fields.nth(skip)?.parse::<u64>().ok();
        let (user, system, threads, resident) = (next(0)?, next(0)?, next(20 - 16)?, next(24 - 21)?);
        let seconds = |n| n as f64 / ticks as f64;
        Some(Self { user: seconds(user), system: seconds(system), threads, resident: resident * page })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_manual() {
        let numbers: Vec<_> = (3..=52).map(|n| if n == 3 { "S".to_owned() } else { n.to_string() }).collect();
        let line = format!("7 (a) name) {}\n", numbers.join(" "));
        let own = Own { user: 1.4, system: 1.5, threads: 20, resident: 24 * 4096 };
        assert_eq!(Own::parse(&line, 10, 4096), Some(own));
        assert_eq!(Own::parse("7 (short) S 1 2", 10, 4096), None);
        assert_eq!(Own::parse("", 10, 4096), None);
    }

    #[test]
    fn this_process_takes_something() {
        let own = Own::read().expect("/proc");
        assert!(own.resident > 1 << 20 && own.threads >= 2, "{own:?}");
    }
}
