// SPDX-License-Identifier: Apache-2.0
//! Prometheus' text format:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::{Display, Write as _};

use super::Family;
use crate::telemetry::histogram::{BOUNDS, Reading};

/// Writes the samples of one metric. Its name, type and meaning go before the first; without one nothing is written.
pub(super) struct Samples<'a> {
    family: &'a Family,
    out: &'a mut String,
    begun: bool,
}

impl<'a> Samples<'a> {
    pub(super) const fn new(family: &'a Family, out: &'a mut String) -> Self {
        Self { family, out, begun: false }
    }

    /// Writes a value. `labels` are the values of the metric's labels.
    pub(super) fn add(&mut self, labels: &[&dyn Display], value: impl Display) {
        self.sample("", labels, None, value);
    }

    /// Writes a histogram.
    pub(super) fn histogram(&mut self, labels: &[&dyn Display], reading: &Reading) {
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, name)| *name).chain(["+Inf"]);
        for (bound, entries) in bounds.zip(reading.buckets) {
            count += entries;
            self.sample("_bucket", labels, Some(bound), count);
        }
        self.sample("_sum", labels, None, reading.sum as f64 / 1e9);
        self.sample("_count", labels, None, count);
    }

    fn sample(&mut self, suffix: &str, labels: &[&dyn Display], bound: Option<&str>, value: impl Display) {
        self.begin();
        let _infallible = write!(self.out, "{}{suffix}", self.family.name);
        debug_assert_eq!(labels.len(), self.family.labels.len(), "{}", self.family.name);
        let names = self.family.labels.iter().copied().zip(labels.iter().copied());
        let mut separator = '{';
        let names = names.map(|(name, value)| (name, value.to_string()));
        for (name, value) in names.chain(bound.map(|bound| ("le", bound.to_owned()))) {
            let _infallible = write!(self.out, "{separator}{name}=\"");
            escape(&value, self.out);
            self.out.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
        let _infallible = writeln!(self.out, " {value}");
    }

    fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let Family { name, kind, help, .. } = self.family;
        let _infallible = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
    }
}

/// Writes the value of a label.
fn escape(value: &str, out: &mut String) {
    for char in value.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            char => out.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{Kind, Source};

    fn family(kind: Kind, labels: &'static [&'static str]) -> Family {
        Family { name: "lanner_test_seconds", kind, labels, help: "Of a test.", source: Source::Snapshot(|_, _| {}) }
    }

    #[test]
    fn a_head_and_then_samples() {
        let (mut text, family) = (String::new(), family(Kind::Counter, &["one", "two"]));
        let mut samples = Samples::new(&family, &mut text);
        samples.add(&[&1, &"a\\b\"c\nd\u{e9}"], u64::MAX);
        samples.add(&[&2, &""], 0.5);
        assert_eq!(
            text,
            "# HELP lanner_test_seconds Of a test.\n# TYPE lanner_test_seconds counter\n\
             lanner_test_seconds{one=\"1\",two=\"a\\\\b\\\"c\\nd\u{e9}\"} 18446744073709551615\n\
             lanner_test_seconds{one=\"2\",two=\"\"} 0.5\n"
        );
    }

    #[test]
    fn nothing_without_a_sample_and_no_braces_without_labels() {
        let (mut text, family) = (String::new(), family(Kind::Gauge, &[]));
        Samples::new(&family, &mut text);
        assert_eq!(text, "");
        Samples::new(&family, &mut text).add(&[], 1);
        assert!(text.ends_with("gauge\nlanner_test_seconds 1\n"), "{text}");
    }

    #[test]
    fn buckets_are_cumulative() {
        let (mut text, family) = (String::new(), family(Kind::Histogram, &["stage"]));
        let mut reading = Reading { sum: 2_500_000_000, ..Reading::default() };
        (reading.buckets[0], reading.buckets[2], reading.buckets[16]) = (1, 2, 4);
        Samples::new(&family, &mut text).histogram(&[&"x"], &reading);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(lines.len(), 17 + 2);
        assert_eq!(lines[0], "lanner_test_seconds_bucket{stage=\"x\",le=\"0.0001\"} 1");
        assert_eq!(lines[1], "lanner_test_seconds_bucket{stage=\"x\",le=\"0.00025\"} 1");
        assert_eq!(lines[2], "lanner_test_seconds_bucket{stage=\"x\",le=\"0.0005\"} 3");
        assert_eq!(lines[15], "lanner_test_seconds_bucket{stage=\"x\",le=\"10\"} 3");
        assert_eq!(lines[16], "lanner_test_seconds_bucket{stage=\"x\",le=\"+Inf\"} 7");
        assert_eq!(lines[17], "lanner_test_seconds_sum{stage=\"x\"} 2.5");
        assert_eq!(lines[18], "lanner_test_seconds_count{stage=\"x\"} 7");
    }
}
