//! Charts: that what is drawn stands where its figure says, that nothing covers anything, and that the
//! files are what they claim to be.

use crate::support::tables;

use bks::report::chart::axis::{Axis, Scale, Unit};
use bks::report::chart::colours::{Colour, DARK, GROUND, INK, MUTED, ON_DARK, ON_LIGHT, PALETTE};
use bks::report::chart::file::{ChartKind, CsvFile, KINDS};
use bks::report::chart::layout;
use bks::report::chart::scene::{Area, Point, Scene, Shape};
use bks::report::chart::{BarRow, Bars, Chart, LineChart, Options, Plot, Size, html};
use tables::{BILL, CHANGES, CONFIGURATIONS, LONG, STRANGE};

fn options() -> Options {
    Options::default()
}

fn file(text: &str) -> CsvFile {
    CsvFile::parse("table.csv", text).unwrap()
}

/// The chart of a text, of the kind that fits it best.
fn chart(text: &str, options: &Options) -> Chart {
    let file = file(text);
    ChartKind::best_of(&file).unwrap().charts(&file, options).unwrap().remove(0)
}

/// The bars of a text's chart.
fn bars(text: &str, options: &Options) -> Bars {
    match chart(text, options).plot {
        Plot::Bars(bars) => bars,
        _ => panic!(),
    }
}

/// The lines of a text's chart.
fn lines(text: &str, options: &Options) -> LineChart {
    match chart(text, options).plot {
        Plot::Lines(lines) => lines,
        _ => panic!(),
    }
}

/// Whether a place lies inside or on the edge, give or take a hundredth of a pixel.
fn contains(area: &Area, (x, y): Point) -> bool {
    let slack = 0.01;
    (area.left - slack..=area.right + slack).contains(&x)
        && (area.top - slack..=area.bottom + slack).contains(&y)
}

/// Whether two rectangles share more than an edge.
fn overlap(a: &Area, b: &Area) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/// A text with its first configuration under another name.
fn renamed(text: &str, name: &str) -> String {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    text.replace("bucket-key-session", &quoted)
}

/// Texts of every kind, small and large, plain and strange.
fn texts() -> Vec<(&'static str, Vec<&'static str>, String)> {
    let waves = |i: usize, bin: u32| [0.0, 40.0, 4.0, 0.3][i] * f64::from(1 + bin % 12);
    let text = |values: &[&str]| {
        let points = values.iter().map(|value| ((*value).to_owned(), 0.7)).collect::<Vec<_>>();
        tables::sweep("set.assumptions.expiry", &points)
    };
    let over_time = vec!["kms-over-time", "keys-alive"];
    let many: Vec<String> =
        (0..24).map(|i| format!("configuration-number-{i:02}-of-many")).collect();
    let many: Vec<(&str, [f64; 3])> =
        many.iter().map(|name| (name.as_str(), [-0.4, 0.3, 0.6])).collect();
    let nothing = [("none", [0.0; 3]), ("nothing either", [0.0; 3])];
    let lines: Vec<String> = (0..20).map(|i| format!("charge number {i}")).collect();
    let lines: Vec<(&str, [f64; 3])> =
        lines.iter().map(|line| (line.as_str(), [9.0, 8.0, 7.0])).collect();
    vec![
        ("summary", vec!["summary"], tables::usual_summary()),
        ("summary of many, some negative", vec!["summary"], tables::summary(&many)),
        ("summary of nothing", vec!["summary"], tables::summary(&nothing)),
        ("summary of a long name", vec!["summary"], renamed(&tables::usual_summary(), LONG)),
        ("summary of a strange name", vec!["summary"], renamed(&tables::usual_summary(), STRANGE)),
        ("timeline", over_time.clone(), tables::timeline(276, 100_000, waves)),
        ("timeline near its quota", over_time.clone(), tables::timeline(40, 1_000, waves)),
        ("timeline of one bin", over_time.clone(), tables::timeline(1, 5_500, waves)),
        (
            "timeline of savings and 503s",
            vec!["kms-over-time", "saving-over-time", "slow-downs"],
            tables::savings_over_time(30),
        ),
        ("timeline of nothing", over_time, tables::timeline(9, 5_500, |_, _| 0.0)),
        ("costs", vec!["costs"], tables::costs(&CONFIGURATIONS, &BILL)),
        ("costs of many lines", vec!["costs"], tables::costs(&[LONG], &lines)),
        ("costs of nothing", vec!["costs"], tables::costs(&["free"], &[("all", [0.0; 3])])),
        ("requesters", vec!["requesters"], tables::requesters(5)),
        ("requesters, many", vec!["requesters"], tables::requesters(300)),
        ("operations", vec!["operations"], tables::operations()),
        ("principals", vec!["principals"], tables::principals()),
        ("buckets", vec!["buckets"], tables::buckets(3)),
        ("prefixes", vec!["prefixes"], tables::prefixes(4)),
        ("prefixes, many", vec!["prefixes"], tables::prefixes(300)),
        ("sensitivity", vec!["tornado"], tables::sensitivity()),
        ("replications", vec!["replications"], tables::replications(20)),
        ("one replication", vec!["replications"], tables::replications(1)),
        ("sobol", vec!["sobol"], tables::sobol()),
        ("months", vec!["months"], tables::months(24)),
        ("months of one", vec!["months"], tables::months(1)),
        ("comparison", vec!["comparison"], tables::comparison("after")),
        ("break-even", vec!["break-even"], tables::curves()),
        ("break-even values", vec!["break-even-values"], tables::break_evens(&[0.5])),
        (
            "break-even values of two targets",
            vec!["break-even-values"],
            tables::break_evens(&[0.5, 0.9]),
        ),
        ("spread", vec!["spread"], tables::spread()),
        (
            "cost changes",
            vec!["cost-changes"],
            tables::cost_changes(&["bucket-key-role"], &CHANGES),
        ),
        (
            "cost changes of many",
            vec!["cost-changes"],
            tables::cost_changes(&CONFIGURATIONS, &CHANGES),
        ),
        (
            "cost changes of a long name",
            vec!["cost-changes"],
            tables::cost_changes(&[LONG, "b"], &CHANGES),
        ),
        ("sweep", vec!["saving"], tables::lifetimes()),
        ("sweep of a strange name", vec!["saving"], renamed(&tables::lifetimes(), STRANGE)),
        ("sweep of texts", vec!["saving"], text(&["fixed", "sliding", LONG])),
        ("sweep of one point", vec!["saving"], text(&["7"])),
        ("grid", vec!["heat-map", "saving"], tables::grid(3, 6)),
        ("large grid", vec!["heat-map"], tables::grid(40, 60)),
    ]
}

/// Every chart of [`texts`], with its name.
fn charts() -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    for (name, kinds, text) in texts() {
        let file = file(&text);
        for kind in kinds {
            let drawn = ChartKind::named(kind).unwrap().charts(&file, &options());
            let chart = drawn.unwrap_or_else(|error| panic!("{name}: {error}")).remove(0);
            charts.push((format!("{name} as {kind}"), chart));
        }
    }
    charts
}

fn scene(chart: &Chart) -> Scene {
    layout::scene(chart, Size::default())
}

#[test]
fn the_kind_follows_from_the_columns() {
    for (name, kinds, text) in texts() {
        let found: Vec<&str> = ChartKind::of(&file(&text)).iter().map(|kind| kind.name).collect();
        assert_eq!(found[0], kinds[0], "{name}");
        assert!(kinds.iter().all(|kind| found.contains(kind)), "{name}");
    }
    for kind in KINDS {
        assert_eq!(ChartKind::named(kind.name).unwrap(), kind);
    }
}

/// Every file that a run leaves, and that has figures, can be drawn.
#[test]
fn what_bks_writes_can_be_drawn() {
    let scenario = bks::scenario::Scenario::parse(
        r#"
        name = "an-hour"
        duration = "1h"
        replications = 2
        [[bucket]]
        name = "logs"
        [[principal]]
        name = "writer"
        role = "log-writer"
        [[workload]]
        name = "put"
        principal = "writer"
        bucket = "logs"
        arrivals = { poisson = { rate = "1/s" } }
        "#,
    )
    .unwrap();
    let results = bks::results::Results::of(&scenario, &|_| ());
    let files = bks::report::files::of(&results, Vec::new());
    let charted = |name: &str| name.contains(".csv");
    for (name, bytes) in files.iter().filter(|(name, _)| charted(name)) {
        let file = CsvFile::parse(name, std::str::from_utf8(bytes).unwrap()).unwrap();
        let kinds = ChartKind::of(&file);
        assert!(!kinds.is_empty(), "{name}");
        for kind in kinds {
            assert_eq!(kind.file, *name);
            let Ok(charts) = kind.charts(&file, &options()) else {
                assert_eq!(kind.name, "slow-downs", "nothing is throttled, all else is there");
                continue;
            };
            for chart in charts {
                assert!(!scene(&chart).marks.is_empty(), "{name}");
                assert_eq!(chart.name, kind.name);
            }
        }
    }
}

/// What is saved in each interval stands between its ends; where nothing can be saved is a gap, and who saves
/// nothing has no line. 503s are told as many a second.
#[test]
fn savings_and_503s_over_time() {
    let table = file(&tables::savings_over_time(30));
    let drawn = |kind: &str| {
        let mut charts = ChartKind::named(kind).unwrap().charts(&table, &options()).unwrap();
        match charts.remove(0).plot {
            Plot::Lines(lines) => lines,
            other => panic!("{other:?}"),
        }
    };
    let savings = drawn("saving-over-time");
    assert_eq!(savings.series.len(), 1);
    assert_eq!(savings.series[0].name, "bucket-key-session");
    for (bin, point) in savings.series[0].points.iter().enumerate() {
        let share = 1.0 - bin as f64 / 30.0;
        match point.y {
            None => assert_eq!(bin % 5, 4),
            Some(y) => {
                assert!((y - (1.0 - share)).abs() < 1e-9);
                let Some((low, high)) = point.range else {
                    assert_eq!(bin, 0, "a day without a saving has no range");
                    continue;
                };
                assert!((low - (1.0 - share.sqrt())).abs() < 1e-9, "{low}");
                assert!((high - (1.0 - share * share)).abs() < 1e-9, "{high}");
            }
        }
    }
    let throttled = drawn("slow-downs");
    let a_second: Vec<f64> =
        throttled.series[0].points.iter().take(4).map(|point| point.y.unwrap()).collect();
    assert_eq!(a_second, [0.01, 0.02, 0.03, 0.0]);
}

#[test]
fn every_figure_stands_inside_the_plot() {
    for (name, chart) in charts() {
        let scene = scene(&chart);
        assert!(
            scene.plot.width() > 100.0 && scene.plot.height() > 40.0,
            "{name}: {:?}",
            scene.plot
        );
        assert!(!scene.marks.is_empty(), "{name}");
        for mark in &scene.marks {
            assert!(contains(&scene.plot, (mark.x, mark.y)), "{name}: {mark:?} {:?}", scene.plot);
            assert!(!mark.label.is_empty(), "{name}");
        }
    }
}

/// The figures of lines, from their marks and the axes alone.
#[test]
fn points_of_lines_read_back_as_their_figures() {
    let mut read = 0;
    for (name, chart) in charts() {
        let Plot::Lines(LineChart { x, y, series, .. }) = &chart.plot else { continue };
        let scene = scene(&chart);
        let back =
            |axis: &Axis, at: f64, begin: f64, end: f64| axis.value((at - begin) / (end - begin));
        let points = series.iter().flat_map(|series| &series.points).filter(|p| p.y.is_some());
        let points: Vec<_> = points.collect();
        assert_eq!(points.len(), scene.marks.len(), "{name}");
        for (point, mark) in points.iter().zip(&scene.marks) {
            let plot = scene.plot;
            let height = back(y, mark.y, plot.bottom, plot.top);
            let slack = (y.max - y.min) * 1e-6;
            assert!((height - point.y.unwrap()).abs() < slack, "{name}: {height} {point:?}");
            // Over names the series stand beside one another.
            if x.scale != Scale::Categories {
                let along = back(x, mark.x, plot.left, plot.right);
                assert!((along / point.x - 1.0).abs() < 1e-6, "{name}: {along} {point:?}");
            }
            read += 1;
        }
    }
    assert!(read > 2_000, "{read}");
}

/// The rectangles of bars, from the axis at the bottom alone.
#[test]
fn bars_are_as_long_as_their_figures() {
    let text = tables::usual_summary();
    let axis = bars(&text, &options()).axis;
    let scene = scene(&chart(&text, &options()));
    let x = |value: f64| scene.plot.left + axis.place(value) * scene.plot.width();
    let bars: Vec<Area> =
        rects(&scene).filter(|area| contains(&scene.plot, (area.right, area.bottom))).collect();
    let savings = [0.0, 0.914, 0.987];
    assert_eq!(bars.len(), savings.len());
    for (bar, saving) in bars.iter().zip(savings) {
        assert!((bar.left - x(0.0)).abs() < 0.01, "{bar:?}");
        assert!((bar.right - x(saving)).abs() < 0.01, "{bar:?} {saving}");
    }
    // Whiskers reach from the low to the high level.
    let reach = |low: f64, high: f64| {
        scene.shapes.iter().any(|shape| match shape {
            Shape::Line { points, .. } => {
                points.len() == 2
                    && (points[0].0 - x(low)).abs() < 0.01
                    && (points[1].0 - x(high)).abs() < 0.01
            }
            _ => false,
        })
    };
    assert!(reach(0.619, 0.998_1) && reach(0.791, 0.999_92));
}

fn rects(scene: &Scene) -> impl Iterator<Item = Area> {
    scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Rect { area, colour, .. } if *colour != GROUND => Some(*area),
        _ => None,
    })
}

#[test]
fn parts_of_a_bill_add_up() {
    let text = tables::costs(&["sse-kms"], &BILL);
    let chart = chart(&text, &options());
    let bar = &bars(&text, &options()).rows[0].bars[0];
    let total = 142.7 + 9.0 + 6.8;
    assert!((bar.parts.last().unwrap().to - total).abs() < 1e-9);
    assert_eq!(bar.parts.len(), 3, "the free tier costs nothing");
    for pair in bar.parts.windows(2) {
        assert!((pair[0].to - pair[1].from).abs() < 1e-9);
    }
    // The low level saves least, so it costs most; what is billed once is no part of it.
    let (low, high) = bar.range.unwrap();
    assert!((low - (142.7 + 1.0 + 6.8)).abs() < 1e-9 && (high - (142.7 + 41.0 + 6.8)).abs() < 1e-9);
    assert!(
        chart.subtitle.contains("30 d") && chart.subtitle.contains("once"),
        "{}",
        chart.subtitle
    );
}

#[test]
fn a_bill_of_many_lines_keeps_its_total() {
    let lines: Vec<String> = (1..=20).map(|i| format!("line {i}")).collect();
    let lines: Vec<(&str, [f64; 3])> =
        lines.iter().enumerate().map(|(i, line)| (line.as_str(), [i as f64; 3])).collect();
    let rows = bars(&tables::costs(&["a"], &lines), &options());
    assert!(rows.parts.len() <= 8, "{:?}", rows.parts);
    assert!(rows.parts.last().unwrap().0.contains("smaller lines"));
    assert!((rows.rows[0].bars[0].parts.last().unwrap().to - 190.0).abs() < 1e-9);
}

#[test]
fn a_ranking_has_the_foremost_and_all_others() {
    let text = tables::requesters(300);
    let rows = bars(&text, &options()).rows;
    assert_eq!(rows.len(), 16);
    assert_eq!(rows[0].name, "assumed-role/app/s-0");
    assert_eq!(rows[15].name, "355 others", "285 that are named and 70 that are not");
    let total: f64 = rows.iter().map(|row| row.bars[0].parts.last().unwrap().to).sum();
    // Of the configuration that leaves least: who still calls?
    let expected: u32 = (1..=300).map(|n| 10 * n + 5).sum::<u32>() + 7;
    assert!((total - f64::from(expected)).abs() < 1e-6, "{total} {expected}");
    let both =
        Options { configurations: vec!["sse-kms".into(), "bucket-key-role".into()], ..options() };
    let rows = bars(&text, &both).rows;
    assert_eq!(rows.len(), 2 * 17);
    let headings: Vec<&BarRow> = rows.iter().filter(|row| row.is_heading()).collect();
    assert_eq!([&headings[0].name, &headings[1].name], ["sse-kms", "bucket-key-role"]);
}

/// Twenty buckets save $0, $2, … $38 as assumed, half of that at the low level, and one and a half times at
/// the high one: fifteen have a bar, the others save $0 to $8, $20 together.
#[test]
fn who_saves_most_dollars_comes_first_with_a_range() {
    let rows = bars(&tables::buckets(20), &options()).rows;
    assert_eq!(rows.len(), 16);
    assert_eq!(rows[0].name, "bucket-19");
    let first = &rows[0].bars[0];
    assert_eq!((first.parts[0].to, first.range), (38.0, Some((19.0, 57.0))));
    let others = &rows[15];
    assert_eq!((others.name.as_str(), others.bars[0].parts[0].to), ("5 others", 20.0));
    assert_eq!(others.bars[0].range, Some((10.0, 30.0)));
}

#[test]
fn a_tornado_stands_around_what_is_assumed() {
    let rows = bars(&tables::sensitivity(), &options());
    let widths: Vec<f64> = rows
        .rows
        .iter()
        .map(|row| (row.bars[0].parts[0].to - row.bars[0].parts[1].to).abs())
        .collect();
    assert!(widths.is_sorted_by(|a, b| a >= b), "{widths:?}");
    let first = &rows.rows[0].bars[0];
    assert_eq!(
        first.ends,
        Some(["6".to_owned(), "1".to_owned()]),
        "the end that saves least is left"
    );
    assert!(
        rows.rows
            .iter()
            .all(|row| row.bars[0].parts.iter().all(|p| (p.from - 0.914_2).abs() < 1e-12))
    );
    assert!((rows.reference.as_ref().unwrap().value - 0.914_2).abs() < 1e-12);
}

#[test]
fn a_far_quota_is_told_and_a_near_one_is_drawn() {
    let waves = |i: usize, _| [0.0, 40.0, 4.0, 0.3][i];
    let legend = |quota: u64| {
        let text = tables::timeline(10, quota, waves);
        let scene = scene(&chart(&text, &options()));
        let texts: Vec<String> = scene.texts().map(|text| text.text.clone()).collect();
        (lines(&text, &options()).y.max, texts)
    };
    let (top, texts) = legend(100_000);
    assert!(top < 200.0, "{top}");
    assert!(texts.contains(&"quota 100,000 a second: off the chart".to_owned()), "{texts:?}");
    let (top, texts) = legend(120);
    assert!(top >= 120.0, "{top}");
    assert!(texts.contains(&"quota 120 a second".to_owned()), "{texts:?}");
}

#[test]
fn swept_values_stand_by_size_and_on_the_axis_that_fits() {
    let axis = |values: &[&str], options: &Options| {
        let points: Vec<(String, f64)> = values.iter().map(|v| ((*v).to_owned(), 0.5)).collect();
        let lines = lines(&tables::sweep("set.n", &points), options);
        assert!(lines.series.iter().all(|line| line.points.is_sorted_by(|a, b| a.x <= b.x)));
        lines.x
    };
    assert_eq!(axis(&["1000", "1", "10", "100"], &options()).scale, Scale::Log10);
    assert_eq!(axis(&["1", "2", "3", "4"], &options()).scale, Scale::Linear);
    assert_eq!(axis(&["fixed", "sliding"], &options()).scale, Scale::Categories);
    let log = Options { log: true, ..options() };
    assert_eq!(axis(&["1", "2", "3", "4"], &log).scale, Scale::Log10);
}

#[test]
fn a_comparison_has_both_sides_of_one_figure() {
    let money = Options { figure: Some("kms_cost_usd".into()), ..options() };
    let text = tables::comparison("after");
    for (options, sides) in [(&options(), [1.06, 0.09]), (&money, [106.0, 9.0])] {
        let rows = bars(&text, options);
        assert_eq!(rows.rows.len(), 2);
        for (bar, side) in rows.rows[0].bars.iter().zip(sides) {
            assert!((bar.parts[0].to - side).abs() < 1e-12, "{bar:?}");
        }
        assert_eq!(rows.parts[0].0, "reference: before");
        assert!(rows.rows[0].bars[0].range.is_none() && rows.rows[0].bars[1].range.is_some());
    }
    // With a row for the reference itself, the others need not repeat it.
    let both = tables::comparison("before") + text.split_once('\n').unwrap().1;
    let rows = bars(&both, &money);
    assert!(rows.rows.iter().all(|row| row.bars.len() == 1), "{rows:?}");
}

#[test]
fn what_changes_on_a_bill_adds_up_level_by_level() {
    let told = |text: &str| -> Vec<(String, String)> {
        let rows = bars(text, &options()).rows.into_iter();
        rows.map(|row| (row.name, row.bars.first().map_or_else(String::new, |it| it.value.clone())))
            .collect()
    };
    let expected = [
        ("KMS requests", "-$97.00 [-$106 … -$66.00]"),
        ("customer managed keys", "+$2.00 [$0.00 … +$3.00]"),
        ("Together", "-$95.00 [-$103 … -$66.00]"),
        ("once: copies", "+$45.00"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(told(&tables::cost_changes(&["a"], &CHANGES)), expected);
    // Of several candidates each has a heading and its own sum.
    let both = told(&tables::cost_changes(&["a", "b"], &CHANGES));
    assert_eq!(both.len(), 2 * (expected.len() + 1));
    assert_eq!(both[5], ("b".to_owned(), String::new()));
    assert_eq!(both[6..], expected);
}

/// Shares of the axis that the target is reached and missed in, the whisker and the dots.
#[test]
fn break_even_values_stand_in_the_range_that_was_searched() {
    let rows = bars(&tables::break_evens(&[0.5]), &options()).rows;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    for (row, parts, whisker, dots, value) in [
        (
            "lifetime",
            &[(1, 0.0, 0.5), (0, 0.5, 1.0)][..],
            Some((0.25, 0.75)),
            &[0.5][..],
            "from 1min 40s [10s … 16min 40s]",
        ),
        (
            "read_partitions",
            &[(0, 0.0, 2.0 / 3.0), (1, 2.0 / 3.0, 1.0)],
            None,
            &[2.0 / 3.0],
            "below 100",
        ),
        ("write_partitions", &[(0, 0.0, 1.0)], None, &[], "never: saves 91.0 % to 99.0 %"),
        ("requesters", &[(0, 0.0, 1.0)], None, &[], "never: saves 70.0 % to 99.0 %"),
        (
            "rate",
            &[(1, 0.0, 0.5), (0, 0.5, 0.749_84), (1, 0.749_84, 1.0)],
            None,
            &[0.5, 0.749_84],
            "at 10/s, 31.6/s",
        ),
    ] {
        let bar = &rows.iter().find(|known| known.name == row).unwrap().bars[0];
        assert_eq!(bar.value, value, "{row}");
        assert_eq!(bar.parts.len(), parts.len(), "{row}");
        for (part, (number, from, to)) in bar.parts.iter().zip(parts) {
            assert!(
                part.part == *number && near(part.from, *from) && near(part.to, *to),
                "{row}: {part:?}"
            );
        }
        let ends = |(low, high): (f64, f64)| [low, high];
        let (found, expected) = (bar.range.map(ends), whisker.map(ends));
        assert_eq!(found.is_some(), expected.is_some(), "{row}");
        for (found, expected) in found.into_iter().flatten().zip(expected.into_iter().flatten()) {
            assert!(near(found, expected), "{row}: {found}");
        }
        assert!(bar.dots.iter().zip(dots).all(|(dot, at)| near(dot.0, *at)), "{row}");
        assert_eq!(bar.dots.len(), dots.len(), "{row}");
    }
}

#[test]
fn lines_that_lie_on_the_axis_are_told_in_words() {
    let rates = |i: usize, _| [0.0, 60.0, 2.0, 0.5][i];
    let text = tables::timeline(30, 100_000, rates);
    let drawn = chart(&text, &options());
    let role = CONFIGURATIONS[3];
    let end =
        format!(" Always zero: {}. Near zero: {role}, 0.5 a second on average.", CONFIGURATIONS[0]);
    assert!(drawn.subtitle.ends_with(&end), "{}", drawn.subtitle);
    let advice = format!("`--log` shows the small figures of `{role}`");
    assert_eq!(drawn.advice, Some(advice));
    let log = Options { log: true, ..options() };
    let drawn = chart(&text, &log);
    assert!(drawn.subtitle.ends_with(&format!(" Always zero: {}.", CONFIGURATIONS[0])));
    assert_eq!(drawn.advice, None);
}

/// What explains nothing has no row, and is told.
#[test]
fn assumptions_without_a_share_are_named() {
    let text = tables::sobol();
    let drawn = chart(&text, &options());
    assert!(drawn.subtitle.ends_with(" No share: cache_lifetime."), "{}", drawn.subtitle);
    assert_eq!(bars(&text, &options()).rows.len(), 2);
}

#[test]
fn a_spread_holds_nine_in_ten() {
    let bar = &bars(&tables::spread(), &options()).rows[0].bars[0];
    let edges: Vec<[f64; 2]> = bar.parts.iter().map(|part| [part.from, part.to]).collect();
    assert_eq!(edges, [[0.62, 0.88], [0.88, 0.9981]]);
    assert_eq!(bar.strokes, [0.86]);
    assert!(bar.dots[0].1.ends_with("as assumed: 91.4 % [62.0 % … 99.81 %]"), "{:?}", bar.dots);
}

#[test]
fn each_parameter_has_a_curve_chart_of_its_own() {
    let text = tables::curves() + "lake,bucket-key-role,assumed,read-partitions,count,1,0.5\n";
    let file = file(&text);
    let kind = ChartKind::named("break-even").unwrap();
    let charts = kind.charts(&file, &options()).unwrap();
    let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    let of = "break-even-read-partitions";
    assert_eq!(names, ["break-even-cache-lifetime", of, &format!("{of}-2")]);
    let one = Options { x: Some("cache_lifetime".into()), ..options() };
    assert_eq!(kind.charts(&file, &one).unwrap()[0].name, "break-even");
}

#[test]
fn curves_are_of_one_parameter() {
    let first = lines(&tables::curves(), &options());
    assert_eq!((first.x.scale, first.series.len()), (Scale::Log10, 3));
    assert!(first.series.iter().all(|s| s.points.is_sorted_by(|a, b| a.x < b.x)));
    let other = Options { x: Some("read_partitions".into()), ..options() };
    let other = lines(&tables::curves(), &other);
    assert_eq!((other.x.scale, other.series[0].points.len()), (Scale::Linear, 4));
}

#[test]
fn of_many_lines_as_many_are_drawn_as_can_be_told_apart() {
    let kind = ChartKind::named("saving").unwrap();
    let drawn = kind.charts(&file(&tables::grid(3, 40)), &options()).unwrap().remove(0);
    assert!(drawn.subtitle.ends_with(" 8 of 40 lines are shown."), "{}", drawn.subtitle);
    let Plot::Lines(lines) = drawn.plot else { panic!() };
    let names: Vec<&str> = lines.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names.len(), 8);
    assert_eq!((names[0], names[7]), ("read_partitions 1", "read_partitions 40"));
}

#[test]
fn hover_values_carry_the_range() {
    let lines = scene(&chart(&tables::lifetimes(), &options()));
    let labels: Vec<&str> = lines.marks.iter().map(|mark| mark.label.as_str()).collect();
    assert!(labels.contains(&"bucket-key-session, 3min: 88.1 % [68.1 % … 89.1 %]"), "{labels:?}");
}

#[test]
fn options_choose_what_is_drawn() {
    let text = tables::usual_summary();
    let one = Options { configurations: vec!["bucket-key-role".into()], ..options() };
    assert_eq!(bars(&text, &one).rows.len(), 1);
    let money = Options { figure: Some("kms_cost_usd".into()), ..options() };
    assert_eq!(bars(&text, &money).rows[0].bars[0].value, "$3.00");
    let across = Options { x: Some("assumptions.read_partitions".into()), ..options() };
    let Plot::HeatMap(map) = chart(&tables::grid(3, 6), &across).plot else { panic!() };
    assert_eq!((map.x.names.len(), map.y.names.len(), map.cells.len()), (6, 3, 18));
}

#[test]
fn the_legend_covers_no_data() {
    for (name, chart) in charts() {
        let scene = scene(&chart);
        let Some(legend) = scene.legend else { continue };
        assert!(!overlap(&legend, &scene.plot), "{name}: {legend:?} {:?}", scene.plot);
        assert!(scene.marks.iter().all(|mark| !contains(&legend, (mark.x, mark.y))), "{name}");
    }
}

#[test]
fn no_text_covers_another_or_leaves_the_picture() {
    for (name, chart) in charts() {
        let scene = scene(&chart);
        let (right, bottom) = (f64::from(scene.width), f64::from(scene.height));
        let texts: Vec<_> = scene.texts().map(|text| (&text.text, text.area())).collect();
        for (i, (text, area)) in texts.iter().enumerate() {
            let inside =
                area.left >= 0.0 && area.top >= 0.0 && area.right <= right && area.bottom <= bottom;
            assert!(inside, "{name}: `{text}` leaves the picture: {area:?}");
            for (other, taken) in &texts[..i] {
                assert!(!overlap(area, taken), "{name}: `{text}` covers `{other}`");
            }
        }
    }
}

/// Inside the plot of lines there is no text; of bars none stands on a bar.
#[test]
fn no_text_covers_data() {
    for (name, chart) in charts() {
        let scene = scene(&chart);
        let inside = |area: &Area| match chart.plot {
            Plot::Lines(_) => overlap(area, &scene.plot),
            Plot::Bars(_) => rects(&scene).any(|bar| overlap(&bar, area)),
            Plot::HeatMap(_) => false,
        };
        // The texts of ticks may touch the edge of the plot.
        for text in scene.texts() {
            let area = text.area();
            let core = Area { left: area.left + 1.0, right: area.right - 1.0, ..area };
            assert!(!inside(&core), "{name}: `{}` covers data", text.text);
        }
    }
}

#[test]
fn figures_in_cells_can_be_read() {
    let scene = scene(&chart(&tables::grid(3, 6), &options()));
    let mut read = 0;
    for text in scene.texts().filter(|text| [ON_DARK, ON_LIGHT].contains(&text.font.colour)) {
        let area = text.area();
        let centre = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom));
        let cell = scene.shapes.iter().rev().find_map(|shape| match shape {
            Shape::Rect { area, colour, .. } if contains(area, centre) => Some(*colour),
            _ => None,
        });
        assert!(cell.unwrap().contrast(text.font.colour) >= 4.4, "{text:?} {cell:?}");
        read += 1;
    }
    assert_eq!(read, 18);
}

#[test]
fn any_size_has_a_picture() {
    for (name, chart) in charts() {
        for (width, height) in [(240, 240), (240, 2_000), (3_000, 240), (1_280, 720)] {
            let scene = layout::scene(&chart, Size { width: Some(width), height: Some(height) });
            assert_eq!((scene.width, scene.height), (width, height));
            assert!(
                scene.plot.width() > 0.0 && scene.plot.height() > 0.0,
                "{name} {width} {height}"
            );
            assert!(scene.marks.iter().all(|m| m.x.is_finite() && m.y.is_finite()), "{name}");
        }
    }
}

#[test]
fn svg_is_well_formed_and_told_to_screen_readers() {
    for (name, chart) in charts() {
        let svg = chart.svg(Size::default());
        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{name}: {e}"));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let ids: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
        let told: Vec<&str> = ids
            .iter()
            .map(|id| root.children().find(|n| n.attribute("id") == Some(id)).unwrap())
            .map(|node| node.text().unwrap())
            .collect();
        assert_eq!(told[0], chart.title, "{name}");
        assert!(told[1].starts_with(&chart.subtitle), "{name}");
        // What the scene says is what the file says.
        let written: Vec<&str> = root
            .descendants()
            .filter(|node| node.has_tag_name("text"))
            .map(|node| node.text().unwrap().trim())
            .collect();
        let scene = scene(&chart);
        let expected: Vec<&str> = scene.texts().map(|text| text.text.trim()).collect();
        assert_eq!(written, expected, "{name}");
        assert_eq!(
            root.attribute("viewBox"),
            Some(&*format!("0 0 {} {}", scene.width, scene.height))
        );
    }
}

#[test]
fn the_same_chart_gives_the_same_bytes() {
    let text = tables::lifetimes();
    let file = file(&text);
    let small = Size { width: Some(400), height: Some(300) };
    let draw = || {
        let chart = chart(&text, &options());
        let page = html::page(&[(chart.clone(), &file)], small);
        (chart.draw(small), chart.png(small, 1).unwrap(), page)
    };
    assert_eq!(draw(), draw());
}

/// The pixels of a PNG file.
fn pixels(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png_decoder(bytes);
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    (info.width as usize, info.height as usize, buffer)
}

fn png_decoder(bytes: &[u8]) -> ::png::Reader<std::io::Cursor<&[u8]>> {
    ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap()
}

#[test]
fn png_has_ink_where_the_figures_stand() {
    for text in
        [tables::lifetimes(), tables::usual_summary(), tables::grid(3, 6), tables::replications(9)]
    {
        let chart = chart(&text, &options());
        let scene = scene(&chart);
        let (width, height, pixels) = pixels(&chart.png(Size::default(), 2).unwrap());
        assert_eq!((width, height), (scene.width as usize * 2, scene.height as usize * 2));
        let white = |x: usize, y: usize| pixels[(y * width + x) * 3..][..3] == [255, 255, 255];
        for mark in &scene.marks {
            let near = |at: f64, end: usize| {
                (at as usize * 2).saturating_sub(6)..(at as usize * 2 + 7).min(end)
            };
            let ink = near(mark.y, height).any(|y| near(mark.x, width).any(|x| !white(x, y)));
            assert!(ink, "{mark:?}");
        }
        let corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)];
        assert!(corners.into_iter().all(|(x, y)| white(x, y)));
    }
}

/// Both painters paint one scene: the cells of a map have its colours in the PNG as in the SVG.
#[test]
fn png_and_svg_are_one_picture() {
    let chart = chart(&tables::grid(3, 6), &options());
    let scene = scene(&chart);
    let (width, _, pixels) = pixels(&chart.png(Size::default(), 2).unwrap());
    let svg = chart.svg(Size::default());
    let mut cells = 0;
    for shape in &scene.shapes {
        let Shape::Rect { area, colour, .. } = shape else { continue };
        if !contains(&scene.plot, (area.left, area.top)) || *colour == GROUND {
            continue;
        }
        let (x, y) = ((area.left + 4.0) as usize * 2, (area.top + 4.0) as usize * 2);
        let pixel = &pixels[(y * width + x) * 3..][..3];
        assert_eq!(pixel, [colour.0, colour.1, colour.2]);
        let [x, y] = [area.left, area.top].map(|at| (at * 10.0).round() / 10.0);
        let written = format!("x=\"{x}\" y=\"{y}\"");
        assert!(svg.contains(&written) && svg.contains(&colour.hex()), "{written}");
        cells += 1;
    }
    assert_eq!(cells, 18);
}

#[test]
fn a_page_needs_nothing_else() {
    for (name, _, text) in texts() {
        let file = file(&text);
        let chart = chart(&text, &options());
        let page = html::page(&[(chart.clone(), &file)], Size::default());
        let without_names = page.replace("http://www.w3.org/2000/svg", "");
        for load in ["http:", "https:", "src=", "href=", "@import", "url(", "//cdn"] {
            assert!(!without_names.contains(load), "{name}: {load}");
        }
        assert!(page.contains("<svg ") && page.contains("prefers-color-scheme: dark"), "{name}");
        let rows = page.matches("<tr>").count() - 1;
        assert_eq!(rows, file.rows().count().min(2_000), "{name}");
        let marks = page.split("data-marks=\"").nth(1).unwrap().split('"').next().unwrap();
        let marks = marks.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
        let marks: serde_json::Value = serde_json::from_str(&marks.replace("&amp;", "&")).unwrap();
        assert_eq!(marks.as_array().unwrap().len(), scene(&chart).marks.len(), "{name}");
    }
}

#[test]
fn what_a_file_names_cannot_break_out_of_the_page() {
    let text = renamed(&tables::usual_summary(), "</script><img src=x onerror=alert(1)>");
    let file = file(&text);
    let page = html::page(&[(chart(&text, &options()), &file)], Size::default());
    assert!(!page.contains("<img"), "the name stands as text");
    assert_eq!(page.matches("</script>").count(), 1);
}

#[test]
fn wrong_tables_are_told_where_they_are_wrong() {
    let summary = tables::usual_summary();
    let sweep = tables::lifetimes();
    let timeline = tables::timeline(2, 100, |_, _| 1.0);
    let told = |kind: &str, text: &str, options: &Options| {
        let kind = ChartKind::named(kind).unwrap();
        kind.charts(&file(text), options).unwrap_err().to_string()
    };
    let named = |name: &str| Options { configurations: vec![name.to_owned()], ..options() };
    let of = |figure: &str| Options { figure: Some(figure.to_owned()), ..options() };
    let header = summary.lines().next().unwrap();
    for (message, expected) in [
        (
            told("summary", &summary.replace("0.914,", "much,"), &options()),
            "table.csv: line 6, column `saving_ratio`: `much` must be a number",
        ),
        (
            told("summary", &summary.replace(",low,", ",lowest,"), &options()),
            "table.csv: line 2: unknown variant `lowest`, expected one of `low`, `assumed`, `high`",
        ),
        (
            told("summary", &summary.replace("0.914,", "NaN,"), &options()),
            "table.csv:6: `saving_ratio` is `NaN`, but must be a number",
        ),
        (told("summary", header, &options()), "table.csv: the file has a header but no rows"),
        (
            told("costs", &timeline, &options()),
            "table.csv: `costs` cannot be drawn from this file: it is drawn from the columns of `costs.csv`\n\nhint: this file can give `kms-over-time`, `keys-alive`",
        ),
        (
            told("kms-over-time", &timeline.replace(",300.0,", ",0,"), &options()),
            "table.csv: `bin_s` is `0`, but must be greater than zero",
        ),
        (
            told("kms-over-time", &timeline.replace("bin_s", "bin"), &options()),
            "table.csv: line 2: missing field `bin_s`",
        ),
        (
            told("summary", &summary, &named("bucket-key-rule")),
            "table.csv: the file has no configuration `bucket-key-rule`\n\nhint: did you mean `bucket-key-role`?",
        ),
        (
            told("summary", &summary, &of("savng")),
            "table.csv: `savng` is not a figure of this file\n\nhint: did you mean `saving_",
        ),
        (
            told("saving", &sweep, &Options { x: Some("lifetime".into()), ..options() }),
            "table.csv: `lifetime` is not a swept key of this file\n\nhint: did you mean `assumptions.cache_lifetime`?",
        ),
        (
            told("heat-map", &sweep, &options()),
            "table.csv: `heat-map` cannot be drawn from this file",
        ),
        (
            told(
                "saving",
                &tables::sweep("set.expiry", &[("fixed".into(), 0.5)]),
                &Options { log: true, ..options() },
            ),
            "table.csv: `expiry` has values that are not numbers",
        ),
        (
            told(
                "kms-over-time",
                &tables::timeline(2, 9, |_, _| 0.0),
                &Options { log: true, ..options() },
            ),
            "table.csv: every figure is zero",
        ),
    ] {
        assert!(message.starts_with(expected), "{message}\n\nexpected: {expected}");
    }
    assert!(ChartKind::of(&file("a,b\n1,2\n")).is_empty());
}

fn tick_texts(axis: &Axis, wanted: usize) -> Vec<String> {
    axis.ticks(wanted).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn place_and_value_are_inverse() {
    let axes = [
        Axis::linear("", Unit::Number, [-3.0, 17.0], false),
        Axis::log10("", Unit::Number, [0.5, 20_000.0]),
        Axis::categories("", vec!["a".into(), "b".into(), "c".into()]),
    ];
    for axis in axes {
        for place in [0.0, 0.1, 0.5, 0.99, 1.0] {
            assert!((axis.place(axis.value(place)) - place).abs() < 1e-12, "{axis:?}");
        }
    }
}

#[test]
fn ticks_are_round_inside_and_told_apart() {
    for (low, high) in [(0.0, 1.0), (0.0, 172.0), (-0.75, 1.0), (0.912, 0.934), (3e7, 9e9)] {
        for unit in [Unit::Number, Unit::Share, Unit::Dollars] {
            let axis = Axis::linear("", unit, [low, high], false);
            assert!(axis.min <= low && axis.max >= high, "{axis:?}");
            for wanted in [2, 5, 10] {
                let ticks = axis.ticks(wanted);
                assert!(!ticks.is_empty() && ticks.len() <= wanted + 1, "{axis:?} {ticks:?}");
                let gap = (axis.max - axis.min) * 1e-6;
                let inside = |v: f64| v >= axis.min - gap && v <= axis.max + gap;
                assert!(ticks.iter().all(|(value, _)| inside(*value)));
                let mut distinct = tick_texts(&axis, wanted);
                distinct.dedup();
                assert_eq!(distinct.len(), ticks.len(), "{ticks:?}");
            }
        }
    }
}

#[test]
fn ticks_are_written_as_people_read_them() {
    let share = Axis::linear("", Unit::Share, [0.0, 1.0], true);
    assert_eq!(tick_texts(&share, 5), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
    let fine = Axis::linear("", Unit::Share, [0.91, 0.93], false);
    assert_eq!(tick_texts(&fine, 4), ["91.0 %", "91.5 %", "92.0 %", "92.5 %", "93.0 %"]);
    let money = Axis::linear("", Unit::Dollars, [0.0, 2_000_000.0], true);
    assert_eq!(tick_texts(&money, 4), ["$0", "$500 k", "$1.0 M", "$1.5 M", "$2.0 M"]);
    let small = Axis::linear("", Unit::Number, [0.0, 6_000.0], true);
    assert_eq!(tick_texts(&small, 3), ["0", "2,000", "4,000", "6,000"]);
    let hours = Axis::linear("", Unit::Hours, [0.0, 24.0], true);
    assert_eq!(tick_texts(&hours, 4), ["0", "6", "12", "18", "24"]);
}

#[test]
fn logarithmic_ticks_are_powers_or_round_times() {
    let wide = Axis::log10("", Unit::Number, [1.0, 10_000.0]);
    assert_eq!(tick_texts(&wide, 8), ["1", "10", "100", "1,000", "10,000"]);
    let time = Axis::log10("", Unit::Duration, [30.0, 3_600.0]);
    assert_eq!(tick_texts(&time, 8), ["30 s", "1 min", "5 min", "15 min", "1 h"]);
}

#[test]
fn one_figure_or_none_gets_an_axis_with_room() {
    for values in [vec![], vec![0.0], vec![5.0, 5.0], vec![-2.0], vec![1.0]] {
        for from_zero in [false, true] {
            for unit in [Unit::Number, Unit::Share] {
                let axis = Axis::linear("", unit, values.clone(), from_zero);
                assert!(axis.max > axis.min, "{values:?} {axis:?}");
                assert!(values.iter().all(|v| (0.0..=1.0).contains(&axis.place(*v))));
            }
        }
    }
    let log = Axis::log10("", Unit::Number, [3.0]);
    assert!((log.place(3.0) - 0.5).abs() < 1e-12);
}

/// Lightness as people see it, 0 to 100 (CIE 1976 L*).
fn lightness(colour: Colour) -> f64 {
    116.0 * libm::cbrt(colour.luminance()) - 16.0
}

#[test]
fn luminance_is_that_of_the_standard() {
    assert!((GROUND.luminance() - 1.0).abs() < 1e-9);
    assert!((Colour(0, 0, 0).contrast(GROUND) - 21.0).abs() < 1e-9);
    // The example of WCAG's own pages: #767676 on white is just above 4.5.
    let grey = Colour(0x76, 0x76, 0x76).contrast(GROUND);
    assert!((4.5..4.6).contains(&grey), "{grey}");
}

#[test]
fn every_colour_stands_out_from_its_ground() {
    for colour in PALETTE {
        assert!(colour.contrast(GROUND) >= 3.0, "{colour:?}");
    }
    for text in [INK, MUTED] {
        assert!(text.contrast(GROUND) >= 4.5, "{text:?}");
    }
    let ground = DARK[DARK.len() - 1].1;
    for (light, dark) in &DARK[..10] {
        assert!(dark.contrast(ground) >= 4.5, "{light:?}");
    }
}

#[test]
fn the_first_five_can_be_told_apart_in_grey() {
    for (i, a) in PALETTE[..5].iter().enumerate() {
        for b in &PALETTE[..i] {
            let gap = (lightness(*a) - lightness(*b)).abs();
            assert!(gap >= 7.0, "{a:?} {b:?}: {gap}");
        }
    }
}
