//! CSV texts as bks writes them, small and large, plain and strange.

use std::fmt::Write;

use bks::compare::{CostChangeRow, DifferenceRow};
use bks::encryption::assumption::Level;
use bks::results::csv;
use bks::results::migration::rows::MonthRow;
use bks::results::rows::{
    BucketRow, CostRow, OperationRow, PrefixRow, PrincipalRow, ReplicationRow, RequesterRow,
    SensitivityRow, SummaryRow, TimelineRow,
};
use bks::results::sensitivity::{BreakEvenRow, CurveRow, SobolRow, SpreadRow};
use bks::units::Usd;

/// Configurations of most tables: two without bucket keys, two with.
pub(crate) const CONFIGURATIONS: [&str; 4] =
    ["sse-s3", "sse-kms", "bucket-key-session", "bucket-key-role"];

/// Names that no layout expects.
pub(crate) const LONG: &str =
    "a-configuration-whose-name-says-everything-about-it-and-more-than-anyone-reads";
pub(crate) const STRANGE: &str = "a<b> & \"c\" 'd'";

fn text<T: serde::Serialize + Default>(rows: &[T]) -> String {
    String::from_utf8(csv::write(rows)).unwrap()
}

fn lake() -> String {
    "lake".to_owned()
}

/// `timeline.csv` of `bins` bins with the KMS requests of a second that `rate` gives for each configuration.
pub(crate) fn timeline(bins: u32, quota: u64, rate: impl Fn(usize, u32) -> f64) -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        rows.extend((0..bins).map(|bin| TimelineRow {
            scenario: lake(),
            configuration: (*configuration).to_owned(),
            time_s: f64::from(3_600 + bin * 300),
            bin_s: 300.0,
            requests: 9_000.0,
            kms_requests: rate(i, bin) * 300.0,
            kms_requests_per_s_max: (rate(i, bin) * 2.5).ceil() as u32,
            bucket_keys_alive_max: if i < 2 { 0 } else { i as u32 * 4 + bin % 3 },
            quota_per_s: Some(quota),
            ..TimelineRow::default()
        }));
    }
    text(&rows)
}

/// `timeline.csv` of a configuration that saves ever more, with a range, nothing where there is nothing to save,
/// and 503s in its first bins.
pub(crate) fn savings_over_time(bins: u32) -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS[1..3].iter().enumerate() {
        rows.extend((0..bins).map(|bin| {
            let without = if bin % 5 == 4 { 0.0 } else { 1_000.0 };
            let share = if i == 0 { 1.0 } else { f64::from(bins - bin) / f64::from(bins) };
            TimelineRow {
                scenario: lake(),
                configuration: (*configuration).to_owned(),
                time_s: f64::from(bin * 86_400),
                bin_s: 86_400.0,
                kms_requests: without * share,
                reference_kms_requests: without,
                kms_requests_at_low: without * share.sqrt(),
                kms_requests_at_high: without * share * share,
                saving_ratio: (without > 0.0).then_some(1.0 - share),
                saving_ratio_at_low: (without > 0.0).then_some(1.0 - share.sqrt()),
                saving_ratio_at_high: (without > 0.0).then_some(1.0 - share * share),
                slow_downs: if bin < 3 { 864.0 * f64::from(bin + 1) } else { 0.0 },
                ..TimelineRow::default()
            }
        }));
    }
    text(&rows)
}

/// The rows of one configuration with its saving at the three levels; `bounds` for one with bucket keys.
fn summary_rows(
    configuration: &str,
    savings: [f64; 3],
    bounds: Option<(f64, f64)>,
) -> Vec<SummaryRow> {
    let row = |(assumption, saving): (Level, f64)| {
        let calls = (1.0 - saving) * 1e6;
        SummaryRow {
            scenario: lake(),
            configuration: configuration.to_owned(),
            assumption,
            replications: 3,
            requests: 1e6,
            kms_requests: calls,
            kms_cost_usd: Usd::from_f64(calls * 3e-6),
            kms_saved_usd: Usd::from_f64(saving * 3.0),
            total_cost_usd: Usd::from_f64(calls * 3e-6 + 140.0),
            saving_ratio: Some(saving),
            saving_half_width: Some(0.001),
            saving_floor: bounds.map(|bounds| bounds.0),
            saving_ceiling: bounds.map(|bounds| bounds.1),
            ..SummaryRow::default()
        }
    };
    Level::ALL.into_iter().zip(savings).map(row).collect()
}

/// `summary.csv` of configurations with the saving at the three levels.
pub(crate) fn summary(rows: &[(&str, [f64; 3])]) -> String {
    let rows = rows.iter().flat_map(|(configuration, savings)| {
        let ranged = savings[0].to_bits() != savings[2].to_bits();
        let bounds = ranged.then_some((savings[0] - 0.3, (savings[2] + 0.001).min(1.0)));
        summary_rows(configuration, *savings, bounds)
    });
    text(&rows.collect::<Vec<_>>())
}

/// Three configurations as they mostly are.
pub(crate) fn usual_summary() -> String {
    summary(&[
        ("sse-kms", [0.0; 3]),
        ("bucket-key-session", [0.619, 0.914, 0.998_1]),
        ("bucket-key-role", [0.791, 0.987, 0.999_92]),
    ])
}

/// `sweep.csv`: `header` names the swept columns, each point has their cells and a saving.
pub(crate) fn sweep(header: &str, points: &[(String, f64)]) -> String {
    let mut out = String::new();
    for (number, (cells, saving)) in points.iter().enumerate() {
        for (i, configuration) in CONFIGURATIONS[1..].iter().enumerate() {
            let saving = |less: f64| (saving + 0.02 * i as f64 - less).min(1.0);
            let savings = [saving(0.2), saving(0.0), saving(-0.01)];
            let rows = match i {
                0 => summary_rows(configuration, [0.0; 3], None),
                _ => summary_rows(configuration, savings, Some((-0.75, 0.999_9))),
            };
            let lines = text(&rows);
            let (columns, rows) = lines.split_once('\n').unwrap();
            if out.is_empty() {
                let after =
                    columns.replacen("assumption,", &format!("assumption,point,{header},"), 1);
                out = after + "\n";
            }
            for line in rows.lines() {
                let cut = line.match_indices(',').nth(2).unwrap().0;
                let _ = writeln!(out, "{},{number},{cells}{}", &line[..cut], &line[cut..]);
            }
        }
    }
    out
}

/// A lifetime swept in steps that grow.
pub(crate) fn lifetimes() -> String {
    let points = [("30s", 30), ("1min", 60), ("3min", 180), ("15min", 900), ("1h", 3_600)];
    let points: Vec<(String, f64)> = points
        .iter()
        .map(|(text, s)| (format!("{text},{s}"), 1.0 - 25.0 / f64::from(*s)))
        .collect();
    sweep("set.assumptions.cache_lifetime,set.assumptions.cache_lifetime_s", &points)
}

/// Two numbers swept as a grid.
pub(crate) fn grid(columns: u32, rows: u32) -> String {
    let points = (1..=columns).flat_map(|a| (1..=rows).map(move |b| (a, b)));
    let points: Vec<(String, f64)> =
        points.map(|(a, b)| (format!("{a},{b}"), 1.0 - 1.0 / f64::from(a * b + 1))).collect();
    sweep("set.principal.app.sessions,set.assumptions.read_partitions", &points)
}

/// `costs.csv`: for each configuration the lines of its bill at each level, and what is paid once.
pub(crate) fn costs(configurations: &[&str], lines: &[(&str, [f64; 3])]) -> String {
    let row = |configuration: &str, assumption, frequency: &str, line: &str, cost| CostRow {
        scenario: lake(),
        configuration: configuration.to_owned(),
        assumption,
        billing_period_s: 2_592_000.0,
        charge_frequency: frequency.to_owned(),
        charge_description: line.to_owned(),
        billed_cost: Usd::from_f64(cost),
        ..CostRow::default()
    };
    let mut rows = Vec::new();
    for configuration in configurations {
        for (line, costs) in lines {
            let levels = Level::ALL.into_iter().zip(costs);
            rows.extend(
                levels.map(|(level, cost)| row(configuration, level, "Usage-Based", line, *cost)),
            );
        }
        rows.push(row(configuration, Level::Assumed, "One-Time", "migration", 9_000.0));
    }
    text(&rows)
}

/// The lines of a usual bill.
pub(crate) const BILL: [(&str, [f64; 3]); 4] = [
    ("PUT, COPY, POST, LIST requests", [142.7; 3]),
    ("KMS requests", [41.0, 9.0, 1.0]),
    ("KMS requests, free tier", [0.0; 3]),
    ("GET and all other requests", [6.8; 3]),
];

/// `requesters.csv` with `count` requesters of each configuration; the last row holds the others.
pub(crate) fn requesters(count: u32) -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        let mut row = |requester: Option<String>, requesters, decrypt: u32, generate: u32| {
            rows.push(RequesterRow {
                scenario: lake(),
                configuration: (*configuration).to_owned(),
                requester,
                requesters,
                kms_requests: f64::from(decrypt + generate),
                generate_data_key: f64::from(generate),
                decrypt: f64::from(decrypt),
                ..RequesterRow::default()
            });
        };
        for n in 0..count {
            let arn = format!("arn:aws:sts::111122223333:assumed-role/app/s-{n}");
            let decrypt = [0, 1_000, 100, 10][i] * (count - n);
            row(Some(arn), 1, decrypt, if i == 0 { 0 } else { 5 });
        }
        row(None, 70, if i == 0 { 0 } else { 7 }, 0);
    }
    text(&rows)
}

/// `operations.csv`.
pub(crate) fn operations() -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for (operation, puts, gets) in [
            ("PutObject", 840_000.0, 0.0),
            ("GetObject", 0.0, 270_000.0),
            ("ListObjectsV2", 0.0, 0.0),
        ] {
            let less = [0.0, 1.0, 0.01, 0.001][i];
            rows.push(OperationRow {
                scenario: lake(),
                configuration: (*configuration).to_owned(),
                operation: operation.to_owned(),
                kms_requests: (puts + gets) * less,
                generate_data_key: puts * less,
                decrypt: gets * less,
                ..OperationRow::default()
            });
        }
    }
    text(&rows)
}

/// `principals.csv`.
pub(crate) fn principals() -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        let saving = [1.0, 0.0, 0.86, 0.98][i];
        for (principal, kms_requests, saving_ratio) in [
            ("emr", (1.0 - saving) * 7e5, Some(saving)),
            ("reader-of-old-data", if i == 0 { 0.0 } else { 1e5 }, Some(-0.2 * i as f64)),
            ("idle", 0.0, None),
        ] {
            rows.push(PrincipalRow {
                scenario: lake(),
                configuration: (*configuration).to_owned(),
                principal: principal.to_owned(),
                kms_requests,
                saved_usd: Usd::from_f64(kms_requests * saving_ratio.unwrap_or_default() * 1e-3),
                saving_ratio,
                ..PrincipalRow::default()
            });
        }
    }
    text(&rows)
}

/// `buckets.csv` of a log.
pub(crate) fn buckets(n: usize) -> String {
    let rows = CONFIGURATIONS.iter().enumerate().flat_map(|(i, configuration)| {
        (0..n).map(move |bucket| BucketRow {
            scenario: "log".to_owned(),
            configuration: (*configuration).to_owned(),
            bucket: format!("bucket-{bucket}"),
            kms_requests: 1_000.0 * bucket as f64,
            decrypt: 1_000.0 * bucket as f64,
            saving_ratio: Some([1.0, 0.0, 0.86, 0.98][i]),
            saved_at_low_usd: Usd::from_f64(bucket as f64),
            saved_usd: Usd::from_f64(2.0 * bucket as f64),
            saved_at_high_usd: Usd::from_f64(3.0 * bucket as f64),
            objects_not_in_log: Some(7),
            ..BucketRow::default()
        })
    });
    text(&rows.collect::<Vec<_>>())
}

/// `prefixes.csv` of a log.
pub(crate) fn prefixes(n: usize) -> String {
    let rows = CONFIGURATIONS.iter().flat_map(|configuration| {
        (0..n).map(move |bucket| PrefixRow {
            scenario: "log".to_owned(),
            configuration: (*configuration).to_owned(),
            bucket: format!("bucket-{bucket}"),
            prefix: "raw/".to_owned(),
            kms_requests: 1_000.0 * bucket as f64,
            decrypt: 1_000.0 * bucket as f64,
            saving_ratio: Some(0.5),
            ..PrefixRow::default()
        })
    });
    text(&rows.collect::<Vec<_>>())
}

/// `sensitivity.csv` of assumptions with their ends, and the saving at both.
pub(crate) fn sensitivity() -> String {
    let rows = [
        ("read_partitions", "1", "6", 0.953_8, 0.831_2),
        ("generation_lifetime", "1min", "1h", 0.892_4, 0.989_4),
        ("write_partitions", "1", "10", 0.914_2, 0.865_2),
        ("expiry", "fixed", "sliding", 0.914_2, 0.914_2),
    ];
    text(&rows.map(|(assumption, low, high, saving_at_low, saving_at_high)| SensitivityRow {
        scenario: lake(),
        configuration: "bucket-key-session".to_owned(),
        assumption: assumption.to_owned(),
        low: low.to_owned(),
        assumed: "x".to_owned(),
        high: high.to_owned(),
        saving_at_low,
        saving_at_assumed: 0.914_2,
        saving_at_high,
    }))
}

/// `replications.csv`.
pub(crate) fn replications(count: u32) -> String {
    let rows = CONFIGURATIONS.iter().enumerate().flat_map(|(i, configuration)| {
        (1..=count).map(move |replication| {
            let chance = f64::from(replication * 37 % 11) * 0.001;
            ReplicationRow {
                scenario: lake(),
                configuration: (*configuration).to_owned(),
                replication,
                saving_ratio: Some([1.0, 0.0, 0.9 + chance, 0.98 + chance / 2.0][i]),
                ..ReplicationRow::default()
            }
        })
    });
    text(&rows.collect::<Vec<_>>())
}

/// `months.csv` of three ways.
pub(crate) fn months(count: u32) -> String {
    let rows = [("leave", 0.0, 0.0), ("wait", 0.0, 20.0), ("update", 450.0, 60.0)];
    let rows = rows.into_iter().flat_map(|(way, once, saving_usd)| {
        (1..=count).map(move |month| {
            let net_usd = saving_usd * f64::from(month) - once;
            MonthRow {
                scenario: lake(),
                way: way.to_owned(),
                month,
                saving_usd,
                net_usd,
                net_low_usd: net_usd - 0.3 * saving_usd,
                net_high_usd: net_usd + 0.5 * saving_usd,
                ..MonthRow::default()
            }
        })
    });
    text(&rows.collect::<Vec<_>>())
}

/// `sobol.csv`, with an assumption that explains nothing.
pub(crate) fn sobol() -> String {
    let rows = [
        ("expiry", [-0.01, -0.03, 0.01], [0.02, 0.01, 0.03]),
        ("read_partitions", [0.6, 0.55, 0.65], [0.7, 0.62, 0.78]),
        ("cache_lifetime", [0.0; 3], [0.0, 0.0, 0.000_1]),
    ];
    text(&rows.map(|(assumption, first, total)| SobolRow {
        scenario: lake(),
        configuration: "bucket-key-role".to_owned(),
        assumption: assumption.to_owned(),
        first_order: first[0],
        first_order_low: first[1],
        first_order_high: first[2],
        total: total[0],
        total_low: total[1],
        total_high: total[2],
    }))
}

/// `comparison.csv` of two figures at every level, against a reference of that name.
pub(crate) fn comparison(candidate: &str) -> String {
    let mut rows = Vec::new();
    for (i, configuration) in CONFIGURATIONS[2..].iter().enumerate() {
        for (assumption, value) in Level::ALL.into_iter().zip([30.0, 9.0, 1.0]) {
            for (figure, scale) in [("kms_cost_usd", 1.0), ("saving", 0.01)] {
                rows.push(DifferenceRow {
                    scenario: lake(),
                    configuration: (*configuration).to_owned(),
                    candidate: candidate.to_owned(),
                    assumption,
                    figure: figure.into(),
                    value: Some(value * scale / (i + 1) as f64),
                    reference: "before".to_owned(),
                    reference_value: Some(106.0 * scale),
                    ..DifferenceRow::default()
                });
            }
        }
    }
    text(&rows)
}

/// `break_even_curves.csv` of two parameters.
pub(crate) fn curves() -> String {
    let mut rows = Vec::new();
    let mut row = |others: &str, parameter: &str, unit: &str, value: u32, saving_ratio| {
        rows.push(CurveRow {
            scenario: lake(),
            configuration: "bucket-key-role".to_owned(),
            others: others.to_owned(),
            parameter: parameter.to_owned(),
            unit: unit.to_owned(),
            value: f64::from(value),
            saving_ratio,
        });
    };
    for (others, shift) in [("low", -0.3), ("assumed", 0.0), ("high", 0.01)] {
        for s in [3_600, 30, 60, 300] {
            row(others, "cache_lifetime", "s", s, 1.0 - 20.0 / f64::from(s) + shift);
        }
        for n in 1..5 {
            row(others, "read_partitions", "count", n, 0.9 / f64::from(n));
        }
    }
    text(&rows)
}

/// `cost_changes.csv`: each candidate's lines, and what they cost more at each level. As bks does, it
/// leaves out where nothing changes.
pub(crate) fn cost_changes(candidates: &[&str], lines: &[(&str, &str, [f64; 3])]) -> String {
    let mut rows = Vec::new();
    for candidate in candidates {
        for (line, frequency, differences) in lines {
            let changed = Level::ALL.into_iter().zip(differences).filter(|(_, it)| **it != 0.0);
            rows.extend(changed.map(|(assumption, difference)| CostChangeRow {
                scenario: lake(),
                configuration: (*candidate).to_owned(),
                candidate: (*candidate).to_owned(),
                assumption,
                reference: "sse-kms".to_owned(),
                charge_frequency: (*frequency).to_owned(),
                charge_description: (*line).to_owned(),
                difference_usd: Usd::from_f64(*difference),
                ..CostChangeRow::default()
            }));
        }
    }
    text(&rows)
}

/// Lines that become cheaper and dearer, one of them not at every level, and one that is paid once.
pub(crate) const CHANGES: [(&str, &str, [f64; 3]); 4] = [
    ("customer managed keys", "Usage-Based", [0.0, 2.0, 3.0]),
    ("KMS requests", "Usage-Based", [-66.0, -97.0, -106.0]),
    ("nothing", "Usage-Based", [0.0; 3]),
    ("copies", "One-Time", [45.0; 3]),
];

/// `spread.csv` of two configurations.
pub(crate) fn spread() -> String {
    let rows = [
        ("bucket-key-role", 0.914, 0.86, [0.62, 0.88, 0.998_1]),
        ("bucket-key-session", 0.9, 0.9, [0.9; 3]),
    ];
    text(&rows.map(|(configuration, assumed, mean, [p05, p50, p95])| SpreadRow {
        scenario: lake(),
        configuration: configuration.to_owned(),
        samples: 128,
        assumption_sets: 640,
        saving_assumed_ratio: assumed,
        saving_mean_ratio: mean,
        saving_p05_ratio: p05,
        saving_p50_ratio: p50,
        saving_p95_ratio: p95,
    }))
}

/// Direction and value of each crossing.
type Crossings = &'static [(&'static str, f64)];

/// `break_even.csv` of a target: a parameter that must not be too small, one that must not be too large, with
/// no end at the best level, one that never matters, one that matters at worst only, and one that crosses
/// twice. A row: parameter, unit, level, crossings, the values that were tried, and least and greatest saving.
fn break_even_rows(target: f64) -> Vec<BreakEvenRow> {
    let life = [1.0, 10_000.0, 0.01, 0.99];
    let parts = [1.0, 1_000.0, 0.1, 0.99];
    let part = |least: f64| [1.0, 100.0, least, 0.99];
    let rows: [(&str, &str, &str, Crossings, [f64; 4]); 15] = [
        ("lifetime", "s", "low", &[("rises", 1_000.0)], life),
        ("lifetime", "s", "assumed", &[("rises", 100.0)], life),
        ("lifetime", "s", "high", &[("rises", 10.0)], life),
        ("read_partitions", "count", "low", &[("falls", 10.0)], parts),
        ("read_partitions", "count", "assumed", &[("falls", 100.0)], parts),
        ("read_partitions", "count", "high", &[], [1.0, 1_000.0, 0.6, 0.99]),
        ("write_partitions", "count", "low", &[], part(0.62)),
        ("write_partitions", "count", "assumed", &[], part(0.91)),
        ("write_partitions", "count", "high", &[], part(0.95)),
        ("requesters", "count", "low", &[("falls", 10.0)], part(0.3)),
        ("requesters", "count", "assumed", &[], part(0.7)),
        ("requesters", "count", "high", &[], part(0.9)),
        ("rate", "per_s", "low", &[], [1.0, 100.0, 0.1, 0.2]),
        ("rate", "per_s", "assumed", &[("rises", 10.0), ("falls", 31.6)], part(0.4)),
        ("rate", "per_s", "high", &[], part(0.9)),
    ];
    let mut out = Vec::new();
    for (parameter, unit, others, crossings, [first, last, least, most]) in rows {
        let none = BreakEvenRow {
            scenario: lake(),
            configuration: "bucket-key-role".to_owned(),
            others: others.to_owned(),
            parameter: parameter.to_owned(),
            target_ratio: target,
            unit: unit.to_owned(),
            searched_low: Some(first),
            searched_high: Some(last),
            saving_min_ratio: Some(least),
            saving_max_ratio: Some(most),
            ..BreakEvenRow::default()
        };
        if crossings.is_empty() {
            out.push(none.clone());
        }
        out.extend(crossings.iter().map(|(direction, at)| BreakEvenRow {
            direction: Some((*direction).to_owned()),
            value_number: Some(*at),
            value_low: Some(at * 0.5),
            value_high: Some(at * 2.0),
            ..none.clone()
        }));
    }
    out
}

/// `break_even.csv` of some targets.
pub(crate) fn break_evens(targets: &[f64]) -> String {
    text(&targets.iter().flat_map(|target| break_even_rows(*target)).collect::<Vec<_>>())
}
