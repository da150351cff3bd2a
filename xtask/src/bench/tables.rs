// SPDX-License-Identifier: Apache-2.0
//! What was found, as tables of a page that has more than them.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};

use super::{
    PAGE, limits,
    report::{Cell, F0, F1, Report, Spread},
};

/// What is between these lines is made.
const BEGIN: &str = "<!-- Made by `cargo xtask bench`, until the next such line. -->";
const END: &str = "<!-- Until here. -->";

/// The page, with what was found in the place of what was found before.
pub(super) fn into_page(page: &str, report: &Report) -> Result<String> {
    let missing = || format!("{PAGE} needs the lines `{BEGIN}` and `{END}`, which say where the tables go");
    let (before, rest) = page.split_once(BEGIN).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    ensure!(!after.contains(BEGIN), "{PAGE} has the line `{BEGIN}` twice");
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", text(report)?))
}

fn text(report: &Report) -> Result<String> {
    let mut text = String::new();
    machine(report, &mut text)?;
    writeln!(text, "\n### What must hold\n\n| figure | limit | measured | holds |\n| --- | --- | --- | --- |")?;
    for limit in limits::of(report) {
        let holds = if limit.holds { "yes" } else { "**no**" };
        writeln!(text, "| {} | {} | {} | {holds} |", limit.what, limit.limit, limit.measured)?;
    }
    writeln!(text, "\n### Costs by workload\n\n![added nanoseconds by workload and target](performance/costs.svg)")?;
    for workload in &report.workloads {
        let cells: Vec<_> = report.cells.iter().filter(|cell| cell.workload == workload.name).collect();
        if !cells.is_empty() {
            writeln!(text, "\n**{}** {}\n", workload.name, workload.what)?;
            writeln!(
                text,
                "| | ns | added | quartiles | x F0 | x F1 | probe ns | agent ns/event | events/CPU s | bytes/event | lost | shed | MiB |"
            )?;
            writeln!(text, "| --- |{}", " ---: |".repeat(12))?;
            for cell in cells {
                writeln!(text, "| {} |", row(report, cell).join(" | "))?;
            }
        }
    }
    curve(report, &mut text)?;
    if let Some(idle) = &report.idle {
        writeln!(
            text,
            "\n### Idle, start and stop\n\nWithout a workload, with {:.0} events a second: {} % of a processor, {} MiB of memory and {} MiB of \
             rings.",
            idle.events_per_second.median,
            between(idle.cpu_percent, 2),
            mib(idle.resident),
            mib(idle.rings)
        )?;
    }
    if let Some(start) = &report.start {
        writeln!(
            text,
            "Start to first event: {} ms. Stop: {} ms.",
            between(start.first_event_ms, 0),
            between(start.stop_ms, 0)
        )?;
    }
    for left in &report.left_out {
        writeln!(text, "\nLeft out: {}: {}.", left.name, left.what)?;
    }
    Ok(text)
}

fn machine(report: &Report, text: &mut String) -> Result<()> {
    let machine = &report.machine;
    writeln!(text, "| | |\n| --- | --- |")?;
    let seconds = format!("{:.0} s", report.seconds);
    let run =
        format!("{}, {} rounds, {seconds}{}", report.begun, report.rounds, if report.quick { ", short" } else { "" });
    let memory = format!("{:.1} GiB", machine.memory as f64 / f64::from(1 << 30));
    let virtual_machine = if machine.hypervisor { ", of a virtual machine" } else { "" };
    let rows = [
        ("lanner", Some(report.lanner.clone())),
        ("run", Some(run)),
        ("processors", Some(format!("{} x {}{virtual_machine}", machine.cpus, machine.cpu))),
        ("MHz", machine.mhz.clone()),
        ("memory", Some(memory)),
        ("kernel", Some(machine.kernel.clone())),
        ("clock", machine.clock.clone()),
        ("governor", machine.governor.clone()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            writeln!(text, "| {name} | {} |", escaped(&value))?;
        }
    }
    for fault in &machine.mitigations {
        writeln!(text, "| {} | {} |", fault.name, escaped(&fault.what))?;
    }
    writeln!(text)?;
    for target in &report.targets {
        writeln!(text, "- `{}`: {}", target.name, target.what)?;
    }
    Ok(())
}

fn row(report: &Report, cell: &Cell) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let whole = |value: f64| format!("{value:.0}");
    let times = |floor| report.ratio(&cell.workload, &cell.target, floor).map(|ratio| format!("{ratio:.2}"));
    vec![
        cell.target.clone(),
        whole(cell.ns.median),
        or_none(cell.added.map(|added| whole(added.median))),
        or_none(cell.added.map(|added| format!("{:.0}..{:.0}", added.low, added.high))),
        or_none(times(F0)),
        or_none(times(F1)),
        or_none(cell.probe.as_ref().map(|probe| whole(probe.ns_per_operation))),
        or_none(cell.cpu_ns_per_event.map(|cpu| whole(cpu.median))),
        or_none(cell.events_per_cpu_second.map(whole)),
        or_none(cell.bytes_per_event.map(whole)),
        or_none(cell.lost.map(|lost| lost.to_string())),
        or_none(cell.shed.map(|shed| shed.to_string())),
        or_none(cell.resident.map(mib)),
    ]
}

fn curve(report: &Report, text: &mut String) -> Result<()> {
    if report.curve.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n### Losses by rate\n\n![percent lost by events a second](performance/losses.svg)\n")?;
    writeln!(
        text,
        "| | threads | asked/s | made/s | lost % | quartiles | agent CPU % |\n| --- |{}",
        " ---: |".repeat(6)
    )?;
    for point in &report.curve {
        let asked = point.asked.map_or_else(|| "all".to_owned(), |asked| asked.to_string());
        let Spread { median, low, high } = point.lost_percent;
        writeln!(
            text,
            "| {} | {} | {asked} | {:.0} | {median:.2} | {low:.2}..{high:.2} | {:.0} |",
            point.target, point.threads, point.made.median, point.cpu_percent.median
        )?;
    }
    Ok(())
}

fn between(spread: Spread, digits: usize) -> String {
    format!("{:.digits$} ({:.digits$}..{:.digits$})", spread.median, spread.low, spread.high)
}

fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// As a cell of a table can hold it.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    #[test]
    fn what_people_wrote_stays() {
        let page = format!("# Head\n\n{BEGIN}\nold numbers\n{END}\n\n## Log\n\nwhat was tried\n");
        let once = into_page(&page, &sample::report()).expect("a page");
        assert!(once.starts_with("# Head\n\n") && once.ends_with("\n\n## Log\n\nwhat was tried\n"), "{once}");
        assert!(!once.contains("old numbers"));
        assert_eq!(into_page(&once, &sample::report()).expect("a page"), once, "a second time changes nothing");
        for broken in ["# Head\n", BEGIN, &format!("{page}{BEGIN}")] {
            assert!(into_page(broken, &sample::report()).is_err(), "{broken}");
        }
    }

    #[test]
    fn rows_have_a_cell_for_each_column() {
        let text = text(&sample::report()).expect("text");
        let row = "| enriched | 420 | 320 | 320..320 | - | 3.20 | 110 | 501 | 1996008 | 112 | 3 | 0 | 20.0 |";
        assert!(text.lines().any(|line| line == row), "{text}");
        assert!(text.contains("| processors | 2 x A \\| CPU |"), "{text}");
        assert!(text.contains("| enriched | 1 | all | 2000000 | 40.00 | 40.00..40.00 | 50 |"), "{text}");
        assert!(text.contains("| stop | at most 200 ms | 201 ms | **no** |"), "{text}");
        assert!(text.contains("Left out: W6: no cc."), "{text}");
    }
}
