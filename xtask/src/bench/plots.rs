// SPDX-License-Identifier: Apache-2.0
//! What was found, as plots.

use std::fmt;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::{
    BLACK, ChartBuilder, Color as _, DrawingArea, DrawingBackend, IntoDrawingArea as _, IntoFont as _, LineSeries,
    PathElement, RGBColor, Rectangle, SVGBackend, Text, WHITE,
};

use super::report::{NOTHING, Report};

/// Size of a panel of bars, of a bar with its space, and where bars begin.
const PANEL: (u32, u32) = (420, 60);
const BAR: i32 = 20;
const LABELS: i32 = 90;
/// Panels beside each other.
const COLUMNS: usize = 2;
const FONT: &str = "sans-serif";
/// Told apart by those who see fewer colours, too: <https://jfly.uni-koeln.de/color/>
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Bars of one workload.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    title: String,
    bars: Vec<(String, f64)>,
}

/// What each target adds, by workload. A median below nothing is noise, and has no bar.
fn panels(report: &Report) -> Vec<Panel> {
    let panels = report.workloads.iter().map(|workload| Panel {
        title: format!("{} {}", workload.name, workload.what),
        bars: report
            .cells
            .iter()
            .filter(|cell| cell.workload == workload.name && cell.target != NOTHING)
            .filter_map(|cell| Some((cell.target.clone(), cell.added?.median.max(0.0))))
            .collect(),
    });
    panels.filter(|panel| !panel.bars.is_empty()).collect()
}

/// A line: thousands of events a second, percent lost.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

fn series(report: &Report) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for point in &report.curve {
        let plural = if point.threads == 1 { "" } else { "s" };
        let name = format!("{}, {} thread{plural}", point.target, point.threads);
        let at = (point.made.median / 1000.0, point.lost_percent.median);
        match all.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(at),
            None => all.push(Series { name, points: vec![at] }),
        }
    }
    for series in &mut all {
        series.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    all
}

/// Bars of what is added, a panel for each workload, each with its own scale.
pub(super) fn costs(report: &Report) -> Result<String> {
    let panels = panels(report);
    let bars = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
    let height = PANEL.1 + bars as u32 * BAR as u32;
    let rows = panels.len().div_ceil(COLUMNS);
    let mut svg = String::new();
    {
        let size = (PANEL.0 * COLUMNS as u32, (height * rows as u32).max(1));
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(plain)?;
        for (panel, area) in panels.iter().zip(root.split_evenly((rows.max(1), COLUMNS))) {
            draw(panel, &area)?;
        }
        root.present().map_err(plain)?;
    }
    Ok(svg)
}

fn draw<B: DrawingBackend>(panel: &Panel, area: &DrawingArea<B, Shift>) -> Result<()> {
    let most = panel.bars.iter().map(|(_, ns)| *ns).fold(1.0, f64::max);
    let room = f64::from(PANEL.0 as i32 - LABELS - 80);
    area.draw(&Text::new(format!("{}: added ns", panel.title), (10, 12), (FONT, 15).into_font())).map_err(plain)?;
    for (n, (target, ns)) in (0..).zip(&panel.bars) {
        let top = 40 + n * BAR;
        let end = LABELS + (room * ns / most) as i32;
        let colour = COLOURS[usize::from(target.starts_with('F'))];
        area.draw(&Text::new(target.clone(), (10, top), (FONT, 13).into_font())).map_err(plain)?;
        area.draw(&Rectangle::new([(LABELS, top), (end, top + BAR - 6)], colour.filled())).map_err(plain)?;
        area.draw(&Text::new(format!("{ns:.0}"), (end + 5, top), (FONT, 13).into_font())).map_err(plain)?;
    }
    Ok(())
}

/// Lines of what is lost.
pub(super) fn losses(report: &Report) -> Result<String> {
    let series = series(report);
    let points = || series.iter().flat_map(|series| &series.points);
    let right = points().map(|(rate, _)| *rate).fold(1.0, f64::max);
    let top = points().map(|(_, lost)| *lost).fold(1.0, f64::max);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (840, 420)).into_drawing_area();
        root.fill(&WHITE).map_err(plain)?;
        let mut chart = ChartBuilder::on(&root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(0.0..right * 1.02, 0.0..top * 1.05)
            .map_err(plain)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("thousand events a second").y_desc("percent lost").draw().map_err(plain)?;
        for (series, colour) in series.iter().zip(COLOURS.into_iter().cycle()) {
            let line = LineSeries::new(series.points.iter().copied(), colour.stroke_width(2));
            chart
                .draw_series(line)
                .map_err(plain)?
                .label(&series.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw().map_err(plain)?;
        root.present().map_err(plain)?;
    }
    Ok(svg)
}

/// The library's errors borrow what is drawn on.
fn plain(error: impl fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    #[test]
    fn a_panel_has_what_each_target_adds() {
        let bars = [("F1", 100.0), ("discard", 120.0), ("enriched", 320.0)].map(|(name, ns)| (name.to_owned(), ns));
        assert_eq!(panels(&sample::report()), [Panel { title: "W1 getppid".to_owned(), bars: bars.to_vec() }]);
    }

    #[test]
    fn a_line_is_a_target_and_a_number_of_threads() {
        let series = series(&sample::report());
        let found: Vec<_> = series.iter().map(|series| (series.name.as_str(), series.points.as_slice())).collect();
        let one: &[_] = &[(499.99, 0.0), (2000.0, 40.0)];
        assert_eq!(found, [("enriched, 1 thread", one), ("enriched, 2 threads", &[(500.0, 0.5)])]);
    }

    #[test]
    fn plots_show_their_words() {
        let (costs, losses) = (costs(&sample::report()).expect("a plot"), losses(&sample::report()).expect("a plot"));
        for word in ["W1 getppid: added ns", "discard", "120", "320"] {
            assert!(costs.contains(word), "{word}: {costs}");
        }
        for word in ["percent lost", "enriched, 2 threads"] {
            assert!(losses.contains(word), "{word}: {losses}");
        }
    }
}
