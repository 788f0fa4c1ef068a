//! Charts: that what is drawn stands where its figure says, that nothing covers anything, and that the
//! files are what they claim to be.

use crate::support::tables;

use bks::report::chart::axis::{Axis, Scale};
use bks::report::chart::colours::{GROUND, ON_DARK, ON_LIGHT};
use bks::report::chart::layout::{self, Size};
use bks::report::chart::scene::{Area, Scene, Shape};
use bks::report::chart::table::Table;
use bks::report::chart::{Chart, Kind, Lines, Options, Plot, html, png, svg};
use tables::{BILL, CHANGES, CONFIGURATIONS, LONG, STRANGE};

fn options() -> Options {
    Options::default()
}

fn table(text: &str) -> Table {
    Table::parse("table.csv", text).unwrap()
}

/// The chart of a text, of the kind that fits it best.
fn chart(text: &str, options: &Options) -> Chart {
    let table = table(text);
    Kind::of(&table)[0].chart(&table, options).unwrap()
}

/// A text with its first configuration under another name.
fn renamed(text: &str, name: &str) -> String {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    text.replace("bucket-key-session", &quoted)
}

/// Texts of every kind, small and large, plain and strange.
fn texts() -> Vec<(&'static str, Vec<Kind>, String)> {
    let waves = |i: usize, bin: u32| [0.0, 40.0, 4.0, 0.3][i] * f64::from(1 + bin % 12);
    let text = |values: &[&str]| {
        let points = values.iter().map(|value| ((*value).to_owned(), 0.7)).collect::<Vec<_>>();
        tables::sweep("set.assumptions.expiry", &points)
    };
    let over_time = vec![Kind::KmsOverTime, Kind::KeysAlive];
    let many: Vec<String> =
        (0..24).map(|i| format!("configuration-number-{i:02}-of-many")).collect();
    let many: Vec<(&str, [f64; 3])> =
        many.iter().map(|name| (name.as_str(), [-0.4, 0.3, 0.6])).collect();
    let nothing = [("none", [0.0; 3]), ("nothing either", [0.0; 3])];
    let lines: Vec<String> = (0..20).map(|i| format!("charge number {i}")).collect();
    let lines: Vec<(&str, [f64; 3])> =
        lines.iter().map(|line| (line.as_str(), [9.0, 8.0, 7.0])).collect();
    vec![
        ("summary", vec![Kind::Summary], tables::usual_summary()),
        ("summary of many, some negative", vec![Kind::Summary], tables::summary(&many)),
        ("summary of nothing", vec![Kind::Summary], tables::summary(&nothing)),
        ("summary of a long name", vec![Kind::Summary], renamed(&tables::usual_summary(), LONG)),
        (
            "summary of a strange name",
            vec![Kind::Summary],
            renamed(&tables::usual_summary(), STRANGE),
        ),
        ("timeline", over_time.clone(), tables::timeline(276, 100_000.0, waves)),
        ("timeline near its quota", over_time.clone(), tables::timeline(40, 1_000.0, waves)),
        ("timeline of one bin", over_time.clone(), tables::timeline(1, 5_500.0, waves)),
        ("timeline of nothing", over_time, tables::timeline(9, 5_500.0, |_, _| 0.0)),
        ("costs", vec![Kind::Costs], tables::costs(&CONFIGURATIONS, &BILL)),
        ("costs of many lines", vec![Kind::Costs], tables::costs(&[LONG], &lines)),
        ("costs of nothing", vec![Kind::Costs], tables::costs(&["free"], &[("all", [0.0; 3])])),
        ("requesters", vec![Kind::Requesters], tables::requesters(5)),
        ("requesters, many", vec![Kind::Requesters], tables::requesters(300)),
        ("operations", vec![Kind::Operations], tables::operations()),
        ("principals", vec![Kind::Principals], tables::principals()),
        ("buckets", vec![Kind::Buckets], tables::buckets(3)),
        ("prefixes", vec![Kind::Prefixes], tables::prefixes(4)),
        ("prefixes, many", vec![Kind::Prefixes], tables::prefixes(300)),
        ("sensitivity", vec![Kind::Tornado], tables::sensitivity()),
        ("replications", vec![Kind::Replications], tables::replications(20)),
        ("one replication", vec![Kind::Replications], tables::replications(1)),
        ("sobol", vec![Kind::Sobol], tables::sobol()),
        ("comparison", vec![Kind::Comparison], tables::comparison()),
        ("break-even", vec![Kind::BreakEven], tables::curves()),
        ("break-even values", vec![Kind::BreakEvenValues], tables::break_evens()),
        ("break-even values of two targets", vec![Kind::BreakEvenValues], two_targets()),
        ("spread", vec![Kind::Spread], tables::spread()),
        (
            "cost changes",
            vec![Kind::CostChanges],
            tables::cost_changes(&["bucket-key-role"], &CHANGES),
        ),
        (
            "cost changes of many",
            vec![Kind::CostChanges],
            tables::cost_changes(&CONFIGURATIONS, &CHANGES),
        ),
        (
            "cost changes of a long name",
            vec![Kind::CostChanges],
            tables::cost_changes(&[LONG, "b"], &CHANGES),
        ),
        ("sweep", vec![Kind::Saving], tables::lifetimes()),
        ("sweep of a strange name", vec![Kind::Saving], renamed(&tables::lifetimes(), STRANGE)),
        ("sweep of texts", vec![Kind::Saving], text(&["fixed", "sliding", LONG])),
        ("sweep of one point", vec![Kind::Saving], text(&["7"])),
        ("grid", vec![Kind::HeatMap, Kind::Saving], tables::grid(3, 6)),
        ("large grid", vec![Kind::HeatMap], tables::grid(40, 60)),
    ]
}

/// `break_even.csv` of two targets.
fn two_targets() -> String {
    let text = tables::break_evens();
    let (_, rows) = text.split_once('\n').unwrap();
    format!("{text}{}", rows.replace(",0.5,", ",0.9,"))
}

/// Every chart of [`texts`], with its name.
fn charts() -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    for (name, kinds, text) in texts() {
        let table = table(&text);
        for kind in kinds {
            let chart =
                kind.chart(&table, &options()).unwrap_or_else(|error| panic!("{name}: {error}"));
            charts.push((format!("{name} as {}", kind.name()), chart));
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
        let found = Kind::of(&table(&text));
        assert_eq!(found[0], kinds[0], "{name}");
        assert!(kinds.iter().all(|kind| found.contains(kind)), "{name}");
    }
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.name()).unwrap(), kind);
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
    // Figures of accounts are a table, not a chart.
    let charted = |name: &str| name.contains(".csv") && name != "accounts.csv";
    for (name, bytes) in files.iter().filter(|(name, _)| charted(name)) {
        let table = Table::parse(name, std::str::from_utf8(bytes).unwrap()).unwrap();
        let kinds = Kind::of(&table);
        assert!(!kinds.is_empty(), "{name}");
        for kind in kinds {
            assert_eq!(kind.file(), *name);
            let chart = kind.chart(&table, &options()).unwrap();
            assert!(!scene(&chart).marks.is_empty(), "{name}");
        }
    }
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
            assert!(scene.plot.contains((mark.x, mark.y)), "{name}: {mark:?} {:?}", scene.plot);
            assert!(!mark.label.is_empty(), "{name}");
        }
    }
}

/// The figures of lines, from their marks and the axes alone.
#[test]
fn points_of_lines_read_back_as_their_figures() {
    let mut read = 0;
    for (name, chart) in charts() {
        let Plot::Lines(Lines { x, y, series, .. }) = &chart.plot else { continue };
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
    let chart = chart(&tables::usual_summary(), &options());
    let Plot::Rows(rows) = &chart.plot else { panic!() };
    let scene = scene(&chart);
    let x = |value: f64| scene.plot.left + rows.axis.place(value) * scene.plot.width();
    let bars: Vec<Area> =
        rects(&scene).filter(|area| scene.plot.contains((area.right, area.bottom))).collect();
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
    let chart = chart(&tables::costs(&["sse-kms"], &BILL), &options());
    let Plot::Rows(rows) = &chart.plot else { panic!() };
    let bar = &rows.rows[0].bars[0];
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
    let chart = chart(&tables::costs(&["a"], &lines), &options());
    let Plot::Rows(rows) = &chart.plot else { panic!() };
    assert!(rows.parts.len() <= 8, "{:?}", rows.parts);
    assert!(rows.parts.last().unwrap().0.contains("smaller lines"));
    assert!((rows.rows[0].bars[0].parts.last().unwrap().to - 190.0).abs() < 1e-9);
}

#[test]
fn a_ranking_has_the_foremost_and_all_others() {
    let text = tables::requesters(300);
    let ranking = |options: &Options| match chart(&text, options).plot {
        Plot::Rows(rows) => rows.rows,
        _ => panic!(),
    };
    let rows = ranking(&options());
    assert_eq!(rows.len(), 16);
    assert_eq!(rows[0].name, "assumed-role/app/s-0");
    assert_eq!(rows[15].name, "355 others", "285 that are named and 70 that are not");
    let total: f64 = rows.iter().map(|row| row.bars[0].parts.last().unwrap().to).sum();
    let expected: u32 = (1..=300).map(|n| 100 * n + 5).sum::<u32>() + 7;
    assert!((total - f64::from(expected)).abs() < 1e-6, "{total} {expected}");
    let both =
        Options { configurations: vec!["sse-kms".into(), "bucket-key-role".into()], ..options() };
    assert_eq!(ranking(&both).len(), 32);
}

#[test]
fn a_tornado_stands_around_what_is_assumed() {
    let chart = chart(&tables::sensitivity(), &options());
    let Plot::Rows(rows) = &chart.plot else { panic!() };
    let widths: Vec<f64> = rows
        .rows
        .iter()
        .map(|row| (row.bars[0].parts[0].to - row.bars[0].parts[1].to).abs())
        .collect();
    assert!(widths.is_sorted_by(|a, b| a >= b), "{widths:?}");
    let first = &rows.rows[0].bars[0];
    assert_eq!(
        first.ends,
        Some(("6".to_owned(), "1".to_owned())),
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
    let legend = |quota: f64| {
        let chart = chart(&tables::timeline(10, quota, waves), &options());
        let Plot::Lines(lines) = &chart.plot else { panic!() };
        let texts: Vec<String> = scene(&chart).texts().map(|text| text.text.clone()).collect();
        (lines.y.max, texts)
    };
    let (top, texts) = legend(100_000.0);
    assert!(top < 200.0, "{top}");
    assert!(texts.contains(&"quota 100,000 a second: off the chart".to_owned()), "{texts:?}");
    let (top, texts) = legend(120.0);
    assert!(top >= 120.0, "{top}");
    assert!(texts.contains(&"quota 120 a second".to_owned()), "{texts:?}");
}

#[test]
fn swept_values_stand_by_size_and_on_the_axis_that_fits() {
    let axis = |values: &[&str], options: &Options| {
        let points: Vec<(String, f64)> = values.iter().map(|v| ((*v).to_owned(), 0.5)).collect();
        match chart(&tables::sweep("set.n", &points), options).plot {
            Plot::Lines(lines) => {
                let sorted =
                    |s: &bks::report::chart::Series| s.points.is_sorted_by(|a, b| a.x <= b.x);
                assert!(lines.series.iter().all(sorted));
                lines.x
            }
            _ => panic!(),
        }
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
    for (options, sides) in [(&options(), [1.06, 0.09]), (&money, [106.0, 9.0])] {
        let Plot::Rows(rows) = chart(&tables::comparison(), options).plot else { panic!() };
        assert_eq!(rows.rows.len(), 2);
        for (bar, side) in rows.rows[0].bars.iter().zip(sides) {
            assert!((bar.parts[0].to - side).abs() < 1e-12, "{bar:?}");
        }
        assert_eq!(rows.parts[0].0, "reference: before");
        assert!(rows.rows[0].bars[0].range.is_none() && rows.rows[0].bars[1].range.is_some());
    }
    // With a row for the reference itself, the others need not repeat it.
    let own = tables::comparison().replace(",after,", ",before,");
    let both = own + tables::comparison().split_once('\n').unwrap().1;
    let Plot::Rows(rows) = chart(&both, &money).plot else { panic!() };
    assert!(rows.rows.iter().all(|row| row.bars.len() == 1), "{rows:?}");
}

/// The rows of a text's chart.
fn rows(text: &str) -> Vec<bks::report::chart::Row> {
    match chart(text, &options()).plot {
        Plot::Rows(rows) => rows.rows,
        _ => panic!(),
    }
}

#[test]
fn what_changes_on_a_bill_adds_up_level_by_level() {
    let told = |text: &str| -> Vec<(String, String)> {
        let value = |row: &bks::report::chart::Row| row.bars.first().map(|bar| bar.value.clone());
        rows(text).iter().map(|row| (row.name.clone(), value(row).unwrap_or_default())).collect()
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
    let rows = rows(&tables::break_evens());
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
            Some((1.0 / 3.0, 1.0)),
            &[2.0 / 3.0],
            "below 100 [10 … > 1,000]",
        ),
        ("write_partitions", &[(0, 0.0, 1.0)], None, &[], "never: lowest 91.0 % [62.0 % … 95.0 %]"),
        ("requesters", &[(0, 0.0, 1.0)], Some((0.5, 1.0)), &[], "never as assumed [10 … > 100]"),
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
    let text = tables::timeline(30, 100_000.0, rates);
    let drawn = chart(&text, &options());
    let role = CONFIGURATIONS[3];
    let end =
        format!(" Always zero: {}. Near zero: {role}, 0.5 a second on average.", CONFIGURATIONS[0]);
    assert!(drawn.subtitle.ends_with(&end), "{}", drawn.subtitle);
    let advice = Kind::KmsOverTime.advice(&table(&text), &drawn, &options());
    assert_eq!(advice.unwrap(), format!("`--log` shows the small figures of `{role}`"));
    let log = Options { log: true, ..options() };
    let drawn = chart(&text, &log);
    assert!(drawn.subtitle.ends_with(&format!(" Always zero: {}.", CONFIGURATIONS[0])));
    assert_eq!(Kind::KmsOverTime.advice(&table(&text), &drawn, &log), None);
}

/// What explains nothing has no row, and is told.
#[test]
fn assumptions_without_a_share_are_named() {
    let text = tables::sobol() + "lake,bucket-key-role,cache_lifetime,0,0,0,0,0,0.0001\n";
    let drawn = chart(&text, &options());
    assert!(drawn.subtitle.ends_with(" No share: cache_lifetime."), "{}", drawn.subtitle);
    assert_eq!(rows(&text).len(), 2);
}

#[test]
fn a_spread_holds_nine_in_ten() {
    let bar = &rows(&tables::spread())[0].bars[0];
    let edges: Vec<[f64; 2]> = bar.parts.iter().map(|part| [part.from, part.to]).collect();
    assert_eq!(edges, [[0.62, 0.88], [0.88, 0.9981]]);
    assert_eq!(bar.strokes, [0.86]);
    assert!(bar.dots[0].1.ends_with("as assumed: 91.4 % [62.0 % … 99.81 %]"), "{:?}", bar.dots);
}

#[test]
fn each_parameter_has_a_curve_chart_of_its_own() {
    let text = tables::curves() + "lake,bucket-key-role,assumed,read-partitions,count,1,0.5\n";
    let table = table(&text);
    let charts = Kind::BreakEven.charts(&table, &options()).unwrap();
    let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    let of = "break-even-read-partitions";
    assert_eq!(names, ["break-even-cache-lifetime", of, &format!("{of}-2")]);
    let one = Options { x: Some("cache_lifetime".into()), ..options() };
    assert_eq!(Kind::BreakEven.charts(&table, &one).unwrap()[0].name, "break-even");
}

#[test]
fn curves_are_of_one_parameter() {
    let lines = |options: &Options| match chart(&tables::curves(), options).plot {
        Plot::Lines(lines) => lines,
        _ => panic!(),
    };
    let first = lines(&options());
    assert_eq!((first.x.scale, first.series.len()), (Scale::Log10, 3));
    assert!(first.series.iter().all(|s| s.points.is_sorted_by(|a, b| a.x < b.x)));
    let other = lines(&Options { x: Some("read_partitions".into()), ..options() });
    assert_eq!((other.x.scale, other.series[0].points.len()), (Scale::Linear, 4));
}

#[test]
fn of_many_lines_as_many_are_drawn_as_can_be_told_apart() {
    let table = table(&tables::grid(3, 40));
    let drawn = Kind::Saving.chart(&table, &options()).unwrap();
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
    let Plot::Rows(rows) = chart(&text, &one).plot else { panic!() };
    assert_eq!(rows.rows.len(), 1);
    let money =
        Options { figure: Some("kms_cost_usd".into()), title: Some("T".into()), ..options() };
    let drawn = chart(&text, &money);
    assert_eq!(drawn.title, "T");
    let Plot::Rows(rows) = drawn.plot else { panic!() };
    assert_eq!(rows.rows[0].bars[0].value, "$3.00");
    let across = Options { x: Some("assumptions.read_partitions".into()), ..options() };
    let Plot::HeatMap(map) = chart(&tables::grid(3, 6), &across).plot else { panic!() };
    assert_eq!((map.x.1.len(), map.y.1.len(), map.cells.len()), (6, 3, 18));
}

#[test]
fn the_legend_covers_no_data() {
    for (name, chart) in charts() {
        let scene = scene(&chart);
        let Some(legend) = scene.legend else { continue };
        assert!(!legend.overlaps(&scene.plot), "{name}: {legend:?} {:?}", scene.plot);
        assert!(scene.marks.iter().all(|mark| !legend.contains((mark.x, mark.y))), "{name}");
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
                assert!(!area.overlaps(taken), "{name}: `{text}` covers `{other}`");
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
            Plot::Lines(_) => area.overlaps(&scene.plot),
            Plot::Rows(_) => rects(&scene).any(|bar| bar.overlaps(area)),
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
    for text in scene.texts().filter(|text| [ON_DARK, ON_LIGHT].contains(&text.colour)) {
        let area = text.area();
        let centre = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom));
        let cell = scene.shapes.iter().rev().find_map(|shape| match shape {
            Shape::Rect { area, colour, .. } if area.contains(centre) => Some(*colour),
            _ => None,
        });
        assert!(cell.unwrap().contrast(text.colour) >= 4.4, "{text:?} {cell:?}");
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
        let drawing = svg::draw(&chart, Size::default());
        let document =
            roxmltree::Document::parse(&drawing.svg).unwrap_or_else(|e| panic!("{name}: {e}"));
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
        // What the scene says is what the file says, at a tenth of its coordinates.
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
            Some(&*format!("0 0 {}0 {}0", scene.width, scene.height))
        );
    }
}

#[test]
fn the_same_chart_gives_the_same_bytes() {
    let text = tables::lifetimes();
    let table = table(&text);
    let small = Size { width: Some(400), height: Some(300) };
    let draw = || {
        let chart = chart(&text, &options());
        let page = html::page(&[(chart.clone(), &table)], small);
        (svg::draw(&chart, small), png::draw(&chart, small, 1).unwrap(), page)
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
        let (width, height, pixels) = pixels(&png::draw(&chart, Size::default(), 2).unwrap());
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
    let (width, _, pixels) = pixels(&png::draw(&chart, Size::default(), 2).unwrap());
    let svg = svg::draw(&chart, Size::default()).svg;
    let mut cells = 0;
    for shape in &scene.shapes {
        let Shape::Rect { area, colour, .. } = shape else { continue };
        if !scene.plot.contains((area.left, area.top)) || *colour == GROUND {
            continue;
        }
        let (x, y) = ((area.left + 4.0) as usize * 2, (area.top + 4.0) as usize * 2);
        let pixel = &pixels[(y * width + x) * 3..][..3];
        assert_eq!(pixel, [colour.0, colour.1, colour.2]);
        let written =
            format!("x=\"{}\" y=\"{}\"", (area.left * 10.0).round(), (area.top * 10.0).round());
        assert!(svg.contains(&written) && svg.contains(&colour.hex()), "{written}");
        cells += 1;
    }
    assert_eq!(cells, 18);
}

#[test]
fn a_page_needs_nothing_else() {
    for (name, _, text) in texts() {
        let table = table(&text);
        let chart = chart(&text, &options());
        let page = html::page(&[(chart.clone(), &table)], Size::default());
        let without_names = page.replace("http://www.w3.org/2000/svg", "");
        for load in ["http:", "https:", "src=", "href=", "@import", "url(", "//cdn"] {
            assert!(!without_names.contains(load), "{name}: {load}");
        }
        assert!(page.contains("<svg ") && page.contains("prefers-color-scheme: dark"), "{name}");
        let rows = page.matches("<tr>").count() - 1;
        assert_eq!(rows, table.rows().count().min(2_000), "{name}");
        let marks = page.split("data-marks=\"").nth(1).unwrap().split('"').next().unwrap();
        let marks = marks.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
        let marks: serde_json::Value = serde_json::from_str(&marks.replace("&amp;", "&")).unwrap();
        assert_eq!(marks.as_array().unwrap().len(), scene(&chart).marks.len(), "{name}");
    }
}

#[test]
fn what_a_file_names_cannot_break_out_of_the_page() {
    let text = renamed(&tables::usual_summary(), "</script><img src=x onerror=alert(1)>");
    let table = table(&text);
    let page = html::page(&[(chart(&text, &options()), &table)], Size::default());
    assert!(!page.contains("<img"), "the name stands as text");
    assert_eq!(page.matches("</script>").count(), 1);
}

#[test]
fn wrong_tables_are_told_where_they_are_wrong() {
    let summary = tables::usual_summary();
    let sweep = tables::lifetimes();
    let timeline = tables::timeline(2, 100.0, |_, _| 1.0);
    let told = |kind: Kind, text: &str, options: &Options| {
        let table = table(text);
        kind.chart(&table, options).unwrap_err().to_string()
    };
    let named = |name: &str| Options { configurations: vec![name.to_owned()], ..options() };
    let of = |figure: &str| Options { figure: Some(figure.to_owned()), ..options() };
    let header = summary.lines().next().unwrap();
    for (message, expected) in [
        (
            told(Kind::Summary, &summary.replace("0.914,", "much,"), &options()),
            "table.csv:6: `saving_ratio` is `much`, but must be a number",
        ),
        (
            told(Kind::Summary, &summary.replace(",low,", ",lowest,"), &options()),
            "table.csv:2: `assumption` is `lowest`, but must be `low`, `assumed` or `high`",
        ),
        (told(Kind::Summary, header, &options()), "table.csv: the file has a header but no rows"),
        (
            told(Kind::Costs, &timeline, &options()),
            "table.csv: `costs` cannot be drawn from this file: it is drawn from the columns of `costs.csv`\n\nhint: this file can give `kms-over-time`, `keys-alive`",
        ),
        (
            told(Kind::KmsOverTime, &timeline.replace(",300.0,", ",0,"), &options()),
            "table.csv:2: `bin_s` is `0`, but must be greater than zero",
        ),
        (
            told(Kind::KmsOverTime, &timeline.replace("bin_s", "bin"), &options()),
            "table.csv: the column `bin_s` is missing\n\nhint: the file has a column `bin`",
        ),
        (
            told(Kind::Summary, &summary, &named("bucket-key-rule")),
            "table.csv: the file has no configuration `bucket-key-rule`\n\nhint: did you mean `bucket-key-role`?",
        ),
        (
            told(Kind::Summary, &summary, &of("saving")),
            "table.csv: `saving` is no figure of this file\n\nhint: did you mean `saving_",
        ),
        (
            told(Kind::Saving, &sweep, &Options { x: Some("lifetime".into()), ..options() }),
            "table.csv: `lifetime` is no swept key of this file\n\nhint: use one of `assumptions.cache_lifetime`",
        ),
        (
            told(Kind::HeatMap, &sweep, &options()),
            "table.csv: `heat-map` cannot be drawn from this file",
        ),
        (
            told(
                Kind::Saving,
                &tables::sweep("set.expiry", &[("fixed".into(), 0.5)]),
                &Options { log: true, ..options() },
            ),
            "table.csv: `expiry` has values that are no numbers",
        ),
        (
            told(
                Kind::KmsOverTime,
                &tables::timeline(2, 9.0, |_, _| 0.0),
                &Options { log: true, ..options() },
            ),
            "table.csv: every figure is zero",
        ),
    ] {
        assert!(message.starts_with(expected), "{message}\n\nexpected: {expected}");
    }
    assert!(Kind::of(&table("a,b\n1,2\n")).is_empty());
}
