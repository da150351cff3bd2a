// SPDX-License-Identifier: Apache-2.0
//! How much of `/proc` may be read on the event path.

use std::time::{Duration, Instant};

/// So many reads a second, and no more.
#[derive(Debug)]
pub struct Ration {
    reads: u32,
    /// Reads left in the second that began then.
    left: u32,
    second: Instant,
}

impl Ration {
    /// `reads` a second.
    #[must_use]
    pub fn new(reads: u32) -> Self {
        Self { reads, left: reads, second: Instant::now() }
    }

    /// Takes one read, if there is one left.
    pub fn take(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.left) = (now, self.reads);
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    /// Whether at least half of this second's reads are left.
    #[must_use]
    pub fn is_ample(&self) -> bool {
        self.left > self.reads / 2 || self.second.elapsed() >= Duration::from_secs(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends() {
        let mut ration = Ration::new(2);
        assert!(ration.is_ample());
        assert!(ration.take() && ration.take() && !ration.take() && !ration.is_ample());
    }
}
