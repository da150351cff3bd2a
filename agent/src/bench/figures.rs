// SPDX-License-Identifier: Apache-2.0
//! From what rounds measured to what is said of them.

use super::report::Spread;

/// Median and quartiles; `None` of nothing. Between two values it goes in proportion.
pub(super) fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    Some(Spread { median: quantile(&values, 0.5)?, low: quantile(&values, 0.25)?, high: quantile(&values, 0.75)? })
}

/// The median; `None` of nothing.
pub(super) fn median(values: Vec<f64>) -> Option<f64> {
    spread(values).map(|spread| spread.median)
}

/// Of sorted values.
fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let place = part * (values.len().checked_sub(1)?) as f64;
    let (below, above) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// The difference to the base of the same round, for rounds that have both.
pub(super) fn paired(base: &[(u32, f64)], values: &[(u32, f64)]) -> Vec<f64> {
    let of = |round: u32| base.iter().find(|(other, _)| *other == round).map(|(_, value)| *value);
    values.iter().filter_map(|(round, value)| Some(value - of(*round)?)).collect()
}

/// In which order the targets of a round are measured: each round begins with another, so that none is always first.
pub(super) fn order(targets: usize, round: u32) -> impl Iterator<Item = usize> {
    (0..targets).map(move |n| (n + round as usize) % targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quartiles_of_odd_and_even_numbers() {
        let of = |values: &[f64]| spread(values.to_vec());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some(Spread { median: 3.0, low: 3.0, high: 3.0 }));
        assert_eq!(of(&[4.0, 1.0]), Some(Spread { median: 2.5, low: 1.75, high: 3.25 }));
        assert_eq!(of(&[9.0, 1.0, 5.0, 3.0, 7.0]), Some(Spread { median: 5.0, low: 3.0, high: 7.0 }));
        assert_eq!(median(vec![1000.0, 1.0, 2.0]), Some(2.0), "one that is far off changes nothing");
    }

    #[test]
    fn differences_are_those_of_a_round() {
        // The machine was slower in the second round; what was added is the same.
        let base = [(0, 100.0), (1, 200.0), (3, 100.0)];
        let values = [(1, 280.0), (0, 180.0), (2, 500.0)];
        assert_eq!(paired(&base, &values), [80.0, 80.0], "round 2 has no base, round 3 no value");
    }

    #[test]
    fn every_target_is_first_once() {
        let orders: Vec<Vec<_>> = (0..4).map(|round| order(3, round).collect()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
    }
}
