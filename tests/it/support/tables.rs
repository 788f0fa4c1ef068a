//! CSV texts as bks writes them, small and large, plain and strange.

// Each test file uses some of them.

use std::fmt::Write;

/// Configurations of most tables: two without bucket keys, two with.
pub(crate) const CONFIGURATIONS: [&str; 4] =
    ["sse-s3", "sse-kms", "bucket-key-session", "bucket-key-role"];

/// Names that no layout expects.
pub(crate) const LONG: &str =
    "a-configuration-whose-name-says-everything-about-it-and-more-than-anyone-reads";
pub(crate) const STRANGE: &str = "a<b> & \"c\" 'd'";

/// `timeline.csv` of `bins` bins with the KMS requests of a second that `rate` gives for each configuration.
pub(crate) fn timeline(bins: u32, quota: f64, rate: impl Fn(usize, u32) -> f64) -> String {
    let mut out =
        "scenario,configuration,time_s,bin_s,requests,kms_requests,generate_data_key,decrypt,\
                   encrypt,kms_requests_per_s_max,bucket_keys_alive_max,quota_per_s\n"
            .to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for bin in 0..bins {
            let rate = rate(i, bin);
            let (time, calls, peak) = (3_600 + bin * 300, rate * 300.0, (rate * 2.5).ceil());
            let keys = if i < 2 { 0 } else { i as u32 * 4 + bin % 3 };
            let _ = writeln!(
                out,
                "lake,{configuration},{time}.0,300.0,9000.0,{calls},{calls},0.0,0.0,{peak},{keys},{quota}"
            );
        }
    }
    out
}

/// Columns of `summary.csv` from `replications` on.
const FIGURES: &str = "replications,requests,kms_requests,generate_data_key,decrypt,encrypt,\
bucket_keys_generated,bucket_keys_alive_min,bucket_keys_alive_max,kms_requests_per_s_max,\
kms_requests_per_s_p999,quota_share_max,throttled_s,cloudtrail_events,cloudtrail_events_bucket_arn,\
cloudtrail_events_object_arn,kms_cost_usd,total_cost_usd,saving_ratio,saving_half_width,saving_floor,\
saving_ceiling";

/// The figures of one row; `bounds` for a configuration with bucket keys.
fn figures(saving: f64, bounds: Option<(f64, f64)>) -> String {
    let calls = (1.0 - saving) * 1e6;
    let (floor, ceiling) = bounds
        .map_or_else(Default::default, |(floor, ceiling)| (floor.to_string(), ceiling.to_string()));
    format!(
        "3,1000000.0,{calls},{calls},0.0,0.0,0.0,0,0,1,1,0.1,0,{calls},{calls},0.0,{},{},{saving},0.001,\
         {floor},{ceiling}\n",
        calls * 3e-6,
        calls * 3e-6 + 140.0
    )
}

/// `summary.csv` of configurations with the saving at the three levels.
pub(crate) fn summary(rows: &[(&str, [f64; 3])]) -> String {
    let mut out = format!("scenario,configuration,assumption,{FIGURES}\n");
    for (configuration, savings) in rows {
        let ranged = savings[0].to_bits() != savings[2].to_bits();
        let bounds = ranged.then_some((savings[0] - 0.3, (savings[2] + 0.001).min(1.0)));
        for (level, saving) in ["low", "assumed", "high"].iter().zip(savings) {
            let _ = write!(out, "lake,{configuration},{level},{}", figures(*saving, bounds));
        }
    }
    out
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
    let mut out = format!("scenario,configuration,assumption,point,{header},{FIGURES}\n");
    for (number, (cells, saving)) in points.iter().enumerate() {
        for (i, configuration) in CONFIGURATIONS[1..].iter().enumerate() {
            for (level, less) in [("low", 0.2), ("assumed", 0.0), ("high", -0.01)] {
                let shift = 0.02 * i as f64;
                let saving = if i == 0 { 0.0 } else { (saving + shift - less).min(1.0) };
                let figures = figures(saving, (i > 0).then_some((-0.75, 0.999_9)));
                let _ = write!(out, "lake,{configuration},{level},{number},{cells},{figures}");
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

/// `costs.csv`: for each configuration the lines of its bill at each level.
pub(crate) fn costs(configurations: &[&str], lines: &[(&str, [f64; 3])]) -> String {
    let mut out = "scenario,configuration,assumption,BillingPeriodS,ServiceName,ChargeCategory,\
                   ChargeFrequency,ChargeDescription,RegionId,PricingQuantity,PricingUnit,ListUnitPrice,\
                   ListCost,BilledCost,BillingCurrency\n"
        .to_owned();
    for configuration in configurations {
        for (i, level) in ["low", "assumed", "high"].iter().enumerate() {
            for (line, costs) in lines {
                let cost = costs[i];
                let _ = writeln!(
                    out,
                    "lake,{configuration},{level},2592000.0,Amazon S3,Usage,Usage-Based,\"{line}\",us-east-1,\
                     1,requests,{cost},{cost},{cost},USD"
                );
            }
        }
        let _ = writeln!(
            out,
            "lake,{configuration},assumed,2592000.0,Amazon S3,Usage,One-Time,migration,us-east-1,1,jobs,9,9,\
             9000,USD"
        );
    }
    out
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
    let mut out = "scenario,configuration,requester,principal,session_policy,requesters,requests,\
                   kms_requests,generate_data_key,decrypt,encrypt,bucket_keys_generated,\
                   cloudtrail_events_bucket_arn,cloudtrail_events_object_arn\n"
        .to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for n in 0..count {
            let decrypt = [0, 1_000, 100, 10][i] * (count - n);
            let generate = if i == 0 { 0 } else { 5 };
            let (all, keys) = (decrypt + generate, if i > 1 { 5 } else { 0 });
            let _ = writeln!(
                out,
                "lake,{configuration},arn:aws:sts::111122223333:assumed-role/app/s-{n},app,,1,1,{all},{generate},\
                 {decrypt},0,{keys},0,0"
            );
        }
        let _ = writeln!(out, "lake,{configuration},,(others),,70,1,7,0,7,0,0,0,0");
    }
    out
}

/// `operations.csv`.
pub(crate) fn operations() -> String {
    let mut out = "scenario,configuration,operation,requests,kms_requests,generate_data_key,decrypt,encrypt\n"
        .to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for (operation, puts, gets) in
            [("PutObject", 840_000, 0), ("GetObject", 0, 270_000), ("ListObjectsV2", 0, 0)]
        {
            let less = [0.0, 1.0, 0.01, 0.001][i];
            let (puts, gets) = (f64::from(puts) * less, f64::from(gets) * less);
            let all = puts + gets;
            let _ = writeln!(out, "lake,{configuration},{operation},900000,{all},{puts},{gets},0");
        }
    }
    out
}

/// `principals.csv`.
pub(crate) fn principals() -> String {
    let mut out = "scenario,configuration,principal,kms_requests,saving_ratio\n".to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        let saving = [1.0, 0.0, 0.86, 0.98][i];
        let _ = writeln!(out, "lake,{configuration},emr,{},{saving}", (1.0 - saving) * 7e5);
        let _ =
            writeln!(out, "lake,{configuration},reader-of-old-data,{},{}", 1e5, -0.2 * i as f64);
        let _ = writeln!(out, "lake,{configuration},idle,0,");
    }
    out
}

/// `buckets.csv` of a log.
pub(crate) fn buckets(n: usize) -> String {
    let mut out =
        "scenario,configuration,bucket,requests,kms_requests,saving_ratio,objects_not_in_log\n"
            .to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for bucket in 0..n {
            let (calls, saving) = (1_000 * bucket, [1.0, 0.0, 0.86, 0.98][i]);
            let _ = writeln!(out, "log,{configuration},bucket-{bucket},{calls},{calls},{saving},7");
        }
    }
    out
}

/// `prefixes.csv` of a log.
pub(crate) fn prefixes(n: usize) -> String {
    let buckets = buckets(n).replace(",objects_not_in_log\n", ",prefix\n");
    buckets.replace(",7\n", ",raw/\n")
}

/// `sensitivity.csv` of assumptions with their ends, and the saving at both.
pub(crate) fn sensitivity() -> String {
    let mut out =
        "scenario,configuration,assumption,low,assumed,high,saving_at_low,saving_at_assumed,\
                   saving_at_high\n"
            .to_owned();
    for (assumption, low, high, at_low, at_high) in [
        ("read_partitions", "1", "6", 0.953_8, 0.831_2),
        ("generation_lifetime", "1min", "1h", 0.892_4, 0.989_4),
        ("write_partitions", "1", "10", 0.914_2, 0.865_2),
        ("expiry", "fixed", "sliding", 0.914_2, 0.914_2),
    ] {
        let _ = writeln!(
            out,
            "lake,bucket-key-session,{assumption},{low},x,{high},{at_low},0.9142,{at_high}"
        );
    }
    out
}

/// `replications.csv`.
pub(crate) fn replications(count: u32) -> String {
    let mut out =
        "scenario,configuration,assumption,replication,requests,kms_requests,saving_ratio\n"
            .to_owned();
    for (i, configuration) in CONFIGURATIONS.iter().enumerate() {
        for replication in 1..=count {
            let chance = f64::from(replication * 37 % 11) * 0.001;
            let saving = [1.0, 0.0, 0.9 + chance, 0.98 + chance / 2.0][i];
            let _ = writeln!(
                out,
                "lake,{configuration},assumed,{replication},100,{},{saving}",
                100.0 * (1.0 - saving)
            );
        }
    }
    out
}

/// `sobol.csv`.
pub(crate) fn sobol() -> String {
    "scenario,configuration,assumption,first_order,first_order_low,first_order_high,total,total_low,total_high\n\
     lake,bucket-key-role,expiry,-0.01,-0.03,0.01,0.02,0.01,0.03\n\
     lake,bucket-key-role,read_partitions,0.6,0.55,0.65,0.7,0.62,0.78\n"
        .to_owned()
}

/// `comparison.csv` of two figures at every level.
pub(crate) fn comparison() -> String {
    let mut out =
        "scenario,configuration,candidate,assumption,figure,value,reference,reference_value,\
                   difference,difference_half_width,difference_ratio\n"
            .to_owned();
    for (i, configuration) in CONFIGURATIONS[2..].iter().enumerate() {
        for (level, value) in [("low", 30.0), ("assumed", 9.0), ("high", 1.0)] {
            for (figure, scale) in [("kms_cost_usd", 1.0), ("saving", 0.01)] {
                let (value, reference) = (value * scale / (i + 1) as f64, 106.0 * scale);
                let _ = writeln!(
                    out,
                    "lake,{configuration},after,{level},{figure},{value},before,{reference},{},,{}",
                    value - reference,
                    value / reference - 1.0
                );
            }
        }
    }
    out
}

/// `break_even_curves.csv` of two parameters.
pub(crate) fn curves() -> String {
    let mut out = "scenario,configuration,others,parameter,unit,value,saving_ratio\n".to_owned();
    for (others, shift) in [("low", -0.3), ("assumed", 0.0), ("high", 0.01)] {
        for s in [3_600, 30, 60, 300] {
            let saving = 1.0 - 20.0 / f64::from(s) + shift;
            let _ = writeln!(out, "lake,bucket-key-role,{others},cache_lifetime,s,{s},{saving}");
        }
        for n in 1..5 {
            let _ = writeln!(
                out,
                "lake,bucket-key-role,{others},read_partitions,count,{n},{}",
                0.9 / f64::from(n)
            );
        }
    }
    out
}

/// `cost_changes.csv`: each candidate's lines, and what they cost more at each level. As bks does, it
/// leaves out where nothing changes.
pub(crate) fn cost_changes(candidates: &[&str], lines: &[(&str, &str, [f64; 3])]) -> String {
    let mut out =
        "scenario,configuration,candidate,assumption,reference,ServiceName,ChargeFrequency,\
                   ChargeDescription,PricingUnit,PricingQuantity,reference_quantity,BilledCost,\
                   reference_cost_usd,difference_usd\n"
            .to_owned();
    for candidate in candidates {
        for (i, level) in ["low", "assumed", "high"].into_iter().enumerate() {
            for (line, frequency, differences) in lines {
                let difference = differences[i];
                if difference != 0.0 {
                    let _ = writeln!(
                        out,
                        "lake,{candidate},{candidate},{level},sse-kms,AWS KMS,{frequency},{line},requests,1,2,{},200,{difference}",
                        200.0 + difference
                    );
                }
            }
        }
    }
    out
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
    "scenario,configuration,samples,assumption_sets,saving_assumed_ratio,saving_mean_ratio,\
     saving_p05_ratio,saving_p50_ratio,saving_p95_ratio\n\
     lake,bucket-key-role,128,640,0.914,0.86,0.62,0.88,0.9981\n\
     lake,bucket-key-session,128,640,0.9,0.9,0.9,0.9,0.9\n"
        .to_owned()
}

/// `break_even.csv`. A row: parameter, unit, level, crossings with their direction, the values that were
/// tried, and the least and greatest saving.
pub(crate) fn break_even(target: f64, rows: &[(&str, &str, &str, Crossings, [f64; 4])]) -> String {
    let mut out = "scenario,configuration,others,parameter,target_ratio,crossing,direction,value,\
                   value_number,value_low,value_high,bracket_low,bracket_high,unit,searched_low,\
                   searched_high,saving_min_ratio,saving_min_at,saving_max_ratio,saving_max_at,cut\n"
        .to_owned();
    for (parameter, unit, others, crossings, [first, last, least, most]) in rows {
        let behind = format!("{unit},{first},{last},{least},{first},{most},{last},");
        let before = format!("lake,bucket-key-role,{others},{parameter},{target}");
        if crossings.is_empty() {
            let _ = writeln!(out, "{before},,,,,,,,,{behind}");
        }
        for (i, (direction, at)) in crossings.iter().enumerate() {
            let (low, high) = (at * 0.5, at * 2.0);
            let _ = writeln!(
                out,
                "{before},{},{direction},{at},{at},{low},{high},{at},{at},{behind}",
                i + 1
            );
        }
    }
    out
}

/// Direction and value of each crossing.
pub(crate) type Crossings = &'static [(&'static str, f64)];

/// A parameter that must not be too small, one that must not be too large, with no end at the best
/// level, one that never matters, one that matters at worst only, and one that crosses twice.
pub(crate) fn break_evens() -> String {
    let life = [1.0, 10_000.0, 0.01, 0.99];
    let parts = [1.0, 1_000.0, 0.1, 0.99];
    let part = |least: f64| [1.0, 100.0, least, 0.99];
    break_even(
        0.5,
        &[
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
        ],
    )
}
