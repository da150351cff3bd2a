// SPDX-License-Identifier: Apache-2.0
//! Work on many things, some at a time.

use std::{
    iter,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, anyhow};

/// Does `work` on each of `items`, `jobs` at a time. The answers are in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, R)>> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(done) };
            done.push((at, work(item)?));
        }
    };
    let mut answers = thread::scope(|scope| -> Result<Vec<(usize, R)>> {
        let workers: Vec<_> = iter::repeat_with(|| scope.spawn(worker)).take(jobs.max(1)).collect();
        let mut answers = Vec::new();
        for worker in workers {
            answers.extend(worker.join().map_err(|_panic| anyhow!("a thread of the work panicked"))??);
        }
        Ok(answers)
    })?;
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::map;

    #[test]
    fn answers_are_in_order() {
        let items: Vec<u32> = (0..100).collect();
        for jobs in [0, 1, 3, 200] {
            assert_eq!(
                map(&items, jobs, |item| Ok(item * 2)).expect("no error"),
                items.iter().map(|n| n * 2).collect::<Vec<_>>()
            );
        }
        assert!(map(&Vec::<u32>::new(), 2, |_| Ok(())).expect("nothing to do").is_empty());
    }

    #[test]
    fn an_error_is_one_of_all() {
        let even = |item: &u32| {
            ensure!(item.is_multiple_of(2), "{item} is odd");
            Ok(())
        };
        assert_eq!(map(&[2, 3, 4], 1, even).expect_err("one is odd").to_string(), "3 is odd");
    }
}
