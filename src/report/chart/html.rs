//! Charts as one page that needs nothing else: no network, no script to be read, light and dark.

use std::fmt::Write;

use super::file::{CsvFile, DrawnChart};
use super::svg::escaped;
use super::{Chart, Size, colours};

/// What a page looks like, without its dark side.
const STYLE: &str = include_str!("html/page.css");
/// Shows the figure nearest to the pointer, or steps through them by the arrow keys.
const SCRIPT: &str = include_str!("html/page.js");

/// Rows of a table that a page shows; the file has the rest.
const ROWS: usize = 2_000;

/// Writes a page with each chart and the file that it was drawn from.
#[must_use]
pub fn page(charts: &[DrawnChart], size: Size) -> String {
    let title = match charts {
        [(chart, _)] => chart.title.clone(),
        _ => format!("{} charts", charts.len()),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"bks {}\">\n<title>{}</title>\n<style>\n{STYLE}\
         @media (prefers-color-scheme: dark) {{\n{}}}\n</style>\n</head>\n<body>\n<main>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(&title),
        colours::dark_css("figure svg"),
    );
    for (i, (chart, file)) in charts.iter().enumerate() {
        figure(chart, size, &mut out);
        // Charts of one file follow one another and share its table.
        if charts.get(i + 1).is_none_or(|(_, next)| next.place() != file.place()) {
            data(file, &mut out);
        }
    }
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// The chart, and its marks for the script: `[x, y, text]`, in shares of the picture.
fn figure(chart: &Chart, size: Size, out: &mut String) {
    let drawing = chart.draw(size);
    let marks = drawing.marks.iter().map(|mark| {
        let [x, y] = [mark.x / f64::from(drawing.width), mark.y / f64::from(drawing.height)]
            .map(|share| (share * 1e5).round() / 1e5);
        serde_json::json!([x, y, mark.label])
    });
    let marks: Vec<serde_json::Value> = marks.collect();
    let marks = escaped(&serde_json::Value::from(marks).to_string());
    let _ = write!(
        out,
        "<figure aria-label=\"{}\" data-marks=\"{marks}\">\n{}<output hidden></output>\n</figure>\n",
        escaped(&chart.title),
        drawing.svg
    );
}

/// The table underneath, folded.
fn data(file: &CsvFile, out: &mut String) {
    let place = escaped(file.place());
    let _ = write!(
        out,
        "<details>\n<summary>The figures: {place}</summary>\n<div class=\"scroll\">\n<table>\n\
         <caption>{place}</caption>\n<thead><tr>"
    );
    for name in file.header() {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for cells in file.rows().take(ROWS) {
        out.push_str("<tr>");
        for cell in cells {
            let class = if cell.parse::<f64>().is_ok() { " class=\"n\"" } else { "" };
            let _ = write!(out, "<td{class}>{}</td>", escaped(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    let rows = file.rows().count();
    if rows > ROWS {
        let _ = writeln!(out, "<p>The first {ROWS} of {rows} rows; the file has all.</p>");
    }
    out.push_str("</details>\n");
}
