// SPDX-License-Identifier: Apache-2.0
//! What a run found, as people read it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::report::{Cell, F0, F1, Named, Report, Spread};

/// How a cell is set off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    /// The head.
    Bold,
    /// What says how sure something is.
    Faint,
    /// Losses.
    Bad,
}

impl Look {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Bad => "31",
        }
    }
}

/// Rows of cells, the first column to the left and the others to the right.
#[derive(Default)]
struct Table(Vec<Vec<(String, Look)>>);

impl Table {
    fn head(words: &[&str]) -> Self {
        Self(vec![words.iter().map(|word| ((*word).to_owned(), Look::Bold)).collect()])
    }

    fn row(&mut self, cells: Vec<(String, Look)>) {
        self.0.push(cells);
    }

    fn write(&self, colour: bool, out: &mut impl Write) -> io::Result<()> {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |n: usize| self.0.iter().filter_map(|row| row.get(n)).map(|(text, _)| text.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.0 {
            for (n, ((text, look), width)) in row.iter().zip(&widths).enumerate() {
                let space = " ".repeat(width - text.width());
                let (before, after) = if n == 0 { ("", space.as_str()) } else { (space.as_str(), "") };
                let gap = if n == 0 { "  " } else { "   " };
                let text = if colour && *look != Look::Plain {
                    format!("\x1b[{}m{text}\x1b[0m", look.code())
                } else {
                    text.clone()
                };
                // Nothing hangs at the end of a line.
                write!(out, "{gap}{before}{text}{}", if n + 1 == row.len() { "" } else { after })?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Writes the report.
pub(super) fn write(report: &Report, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let machine = &report.machine;
    let more = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(", {name} {value}"))
    };
    writeln!(
        out,
        "{}{}, {} processors{}, {:.1} GiB, Linux {}{}{}",
        machine.cpu,
        more("MHz", &machine.mhz),
        machine.cpus,
        if machine.hypervisor { " of a virtual machine" } else { "" },
        machine.memory as f64 / f64::from(1 << 30),
        machine.kernel,
        more("clock", &machine.clock),
        more("governor", &machine.governor),
    )?;
    let mitigations: Vec<_> =
        machine.mitigations.iter().map(|fault| format!("{}: {}", fault.name, fault.what)).collect();
    writeln!(out, "mitigations: {}", if mitigations.is_empty() { "none".to_owned() } else { mitigations.join("; ") })?;
    let short = if report.quick { ", a short run: the numbers are rough" } else { "" };
    writeln!(out, "lanner {}, {} rounds, {:.0} s{short}", report.lanner, report.rounds, report.seconds)?;
    for target in &report.targets {
        writeln!(out, "  {:<10} {}", target.name, target.what)?;
    }
    for workload in &report.workloads {
        cells(report, workload, colour, out)?;
    }
    curve(report, colour, out)?;
    if let Some(idle) = &report.idle {
        writeln!(
            out,
            "\nidle: {} % of a processor, {} of memory and {} of rings, with {} events a second",
            between(idle.cpu_percent, 2),
            mib(idle.resident),
            mib(idle.rings),
            idle.events_per_second.median.round()
        )?;
    }
    if let Some(start) = &report.start {
        writeln!(
            out,
            "start to first event: {} ms; stop: {} ms",
            between(start.first_event_ms, 0),
            between(start.stop_ms, 0)
        )?;
    }
    for Named { name, what } in &report.left_out {
        writeln!(out, "left out: {name}: {what}")?;
    }
    Ok(())
}

/// The targets under one workload.
fn cells(report: &Report, workload: &Named, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let all: Vec<_> = report.cells.iter().filter(|cell| cell.workload == workload.name).collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{} {}", workload.name, workload.what)?;
    let mut table = Table::head(&[
        "",
        "ns",
        "added",
        "quartiles",
        "x F0",
        "x F1",
        "probe ns",
        "agent ns/event",
        "events/CPU s",
        "bytes",
        "lost",
        "shed",
        "memory",
    ]);
    for cell in all {
        table.row(row(report, cell));
    }
    table.write(colour, out)
}

fn row(report: &Report, cell: &Cell) -> Vec<(String, Look)> {
    let plain = |text: Option<String>| (text.unwrap_or_else(|| "-".to_owned()), Look::Plain);
    let whole = |value: f64| format!("{value:.0}");
    let times = |floor| report.ratio(&cell.workload, &cell.target, floor).map(|ratio| format!("{ratio:.2}"));
    let count = |count: Option<u64>| match count {
        None => ("-".to_owned(), Look::Plain),
        Some(0) => ("0".to_owned(), Look::Plain),
        Some(lost) => (lost.to_string(), Look::Bad),
    };
    let quartiles = cell.added.map(|added| format!("{:.0}..{:.0}", added.low, added.high));
    vec![
        plain(Some(cell.target.clone())),
        plain(Some(whole(cell.ns.median))),
        plain(cell.added.map(|added| whole(added.median))),
        (quartiles.unwrap_or_else(|| "-".to_owned()), Look::Faint),
        plain(times(F0)),
        plain(times(F1)),
        plain(cell.probe.as_ref().map(|probe| whole(probe.ns_per_operation))),
        plain(cell.cpu_ns_per_event.map(|cpu| whole(cpu.median))),
        plain(cell.events_per_cpu_second.map(whole)),
        plain(cell.bytes_per_event.map(whole)),
        count(cell.lost),
        count(cell.shed),
        plain(cell.resident.map(mib)),
    ]
}

fn curve(report: &Report, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let points = &report.curve;
    if points.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nW7 losses by rate")?;
    let mut table = Table::head(&["", "threads", "asked/s", "made/s", "lost %", "quartiles", "agent CPU %"]);
    for point in points {
        let lost = point.lost_percent;
        let look = if lost.high > 0.0 { Look::Bad } else { Look::Plain };
        table.row(vec![
            (point.target.clone(), Look::Plain),
            (point.threads.to_string(), Look::Plain),
            (point.asked.map_or_else(|| "all".to_owned(), |asked| asked.to_string()), Look::Plain),
            (format!("{:.0}", point.made.median), Look::Plain),
            (format!("{:.2}", lost.median), look),
            (format!("{:.2}..{:.2}", lost.low, lost.high), Look::Faint),
            (format!("{:.0}", point.cpu_percent.median), Look::Plain),
        ]);
    }
    table.write(colour, out)?;
    let mut series: Vec<_> = points.iter().map(|point| (point.threads, point.target.as_str())).collect();
    series.dedup();
    for (threads, target) in series {
        match report.loss_free(target, threads) {
            Some(rate) => writeln!(out, "  without loss: {target}, {threads} threads: {rate:.0}/s")?,
            None => writeln!(out, "  without loss: {target}, {threads} threads: no rate that was tried")?,
        }
    }
    Ok(())
}

fn between(spread: Spread, digits: usize) -> String {
    let Spread { median, low, high } = spread;
    format!("{median:.digits$} ({low:.digits$}..{high:.digits$})")
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::head(&["", "ns", "lost"]);
        table.row(vec![("a".to_owned(), Look::Plain), ("1".to_owned(), Look::Plain), ("0".to_owned(), Look::Plain)]);
        table.row(vec![
            ("größer".to_owned(), Look::Plain),
            ("12345".to_owned(), Look::Faint),
            ("77".to_owned(), Look::Bad),
        ]);
        table
    }

    fn written(colour: bool) -> String {
        let mut out = Vec::new();
        table().write(colour, &mut out).expect("a vector takes anything");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn columns_are_aligned_whatever_the_width() {
        assert_eq!(written(false), "              ns   lost\n  a            1      0\n  größer   12345     77\n");
    }

    #[test]
    fn colours_do_not_move_anything() {
        let mut plain = written(true);
        assert!(plain.contains("\x1b[31m77\x1b[0m"), "{plain:?}");
        for code in ["\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, written(false));
    }
}
