//! The nine-in-ten interval against a closed form, and against two thousand sets drawn one by one.

use bks::encryption::assumption::{
    Assumption, AssumptionRanges, AssumptionValue, Assumptions, Expiry, Level,
};
use bks::figure::Figure;
use bks::results::Results;
use bks::results::rows::SummaryRow;
use bks::rng::{Purpose, Seed, Stream};
use bks::scenario::Scenario;
use bks::simulation::engines::Engines;
use bks::simulation::{Arm, kms_calls};
use bks::units::SimDuration;
use rand::RngExt;

use crate::support::command::{bks, text};

fn parsed(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads of one key, ten in a hundred seconds, of which all is known but `assumptions`.
fn one_key(assumptions: &str) -> Scenario {
    parsed(&format!(
        r#"
        name = "one-key"
        duration = "3d"
        warm_up = "1h"
        replications = 4
        [assumptions]
        generation_lifetime = "1000d"
        expiry = "fixed"
        read_partitions = 1
        write_partitions = 1
        verify_on_write = 0
        {assumptions}
        [[bucket]]
        name = "data"
        bucket_keys_since = "always"
        [[principal]]
        name = "reader"
        role = "reader"
        [[population]]
        name = "old"
        bucket = "data"
        objects = 1000
        age = {{ uniform = {{ to = "1d" }} }}
        [[workload]]
        name = "read"
        principal = "reader"
        bucket = "data"
        arrivals = {{ poisson = {{ rate = "0.1/s" }} }}
        read = {{ from = ["old"], pattern = "uniform" }}
        "#
    ))
}

/// Poisson reads at rate λ save λT / (1 + λT); T is as likely between one and two minutes as between
/// half an hour and an hour, so that a share q of all lifetimes is below 60^(1 + q) s.
#[test]
fn of_one_assumption_a_quantile_is_the_saving_at_the_laws_quantile() {
    let lifetime = r#"cache_lifetime = { low = "1min", assumed = "5min", high = "1h" }"#;
    let results = Results::of(&one_key(lifetime), &|_| ());
    let row = results.assumed("bucket-key-role");
    let (low, high) = row.nine_in_ten(Figure::Saving).unwrap();
    let half_widths =
        [row.saving_ratio_p05_half_width, row.saving_ratio_p95_half_width].map(Option::unwrap);
    for ((q, found), half_width) in [(0.05, low), (0.95, high)].into_iter().zip(half_widths) {
        let calls_missed = 0.1 * 60.0_f64.powf(1.0 + q);
        let saving = calls_missed / (1.0 + calls_missed);
        assert!((found - saving).abs() < half_width + 0.002, "{q}: {found}, {saving}");
        assert!((found - saving).abs() < 0.02, "{q}: {found}, {saving}");
    }
    let corners = results.saving_range("bucket-key-role").unwrap();
    assert!(corners.0 < low && low < high && high < corners.1, "{corners:?} {low} {high}");
    assert!(matches!(row.assumption_sets, Some(16..=64)));
}

#[test]
fn what_is_known_has_no_interval_and_is_its_own_quantile() {
    let mut scenario = one_key(r#"cache_lifetime = "5min""#);
    scenario.assertions = ["saving@p05 > 0", "saving@p95 > 0"].map(|it| it.parse().unwrap()).into();
    let results = Results::of(&scenario, &|_| ());
    let row = results.assumed("bucket-key-role");
    assert_eq!((row.assumption_sets, row.nine_in_ten(Figure::Saving)), (None, None));
    for assertion in &results.facts.assertions {
        assert_eq!(Some(assertion.value), row.saving_ratio);
    }
}

/// Two sessions that write and read back for half an hour, about 1,400 requests.
const SMALL: &str = r#"
    name = "small"
    duration = "30min"
    replications = 1
    [[bucket]]
    name = "lake"
    [[principal]]
    name = "job"
    role = "job"
    sessions = 2
    connections = 6
    [[workload]]
    name = "write"
    principal = "job"
    bucket = "lake"
    arrivals = { poisson = { rate = "0.4/s" } }
    [[workload]]
    name = "read"
    principal = "job"
    bucket = "lake"
    arrivals = { poisson = { rate = "0.4/s" } }
    read = { from = ["write"], pattern = { by-age = { uniform = { to = "20min" } } } }
"#;

/// A set by the laws as docs/model.md has them, drawn independently of all others.
fn drawn(ranges: &AssumptionRanges, rng: &mut Stream) -> Assumptions {
    let mut u = || rng.random::<f64>();
    let mut lifetime = |low: f64, high: f64| {
        AssumptionValue::Duration(SimDuration::from_secs_f64(low * (high / low).powf(u())))
    };
    let (generation, cache) = (lifetime(60.0, 86_400.0), lifetime(60.0, 3_600.0));
    let (expiry, hosts, verify) = (u(), u(), u());
    ranges.at_with(Level::Assumed, |assumption| {
        Some(match assumption {
            Assumption::GenerationLifetime => generation,
            Assumption::CacheLifetime => cache,
            Assumption::Expiry if expiry < 0.5 => AssumptionValue::Expiry(Expiry::Fixed),
            Assumption::Expiry => AssumptionValue::Expiry(Expiry::Sliding),
            Assumption::CacheHosts => AssumptionValue::Count(1 + (hosts * 55.0) as u32),
            Assumption::VerifyOnWrite => AssumptionValue::Count(u32::from(verify >= 0.5)),
            _ => return None,
        })
    })
}

/// The share of two thousand independent sets that save no more than an end of the interval, by each
/// configuration: one in twenty, give or take what 64 sets and 2,000 leave.
#[test]
fn two_thousand_sets_drawn_one_by_one_agree() {
    let scenario = parsed(SMALL);
    let results = Results::of(&scenario, &|_| ());
    let reference = results.assumed("sse-kms").kms_requests;
    let mut rng = Seed(7).stream(0, Purpose::Sensitivity, (1, 1));
    for (index, configuration) in scenario.configurations.iter().enumerate() {
        let row = results.assumed(&configuration.name);
        let Some((low, high)) = row.nine_in_ten(Figure::Saving) else {
            assert!(!configuration.uses_bucket_keys(&scenario.domains));
            continue;
        };
        let arms: Vec<Arm> = (0..2_000)
            .map(|_| Arm::of_totals(index, drawn(&configuration.ranges, &mut rng)))
            .collect();
        let calls = kms_calls(&scenario, &Engines::of(&scenario), &arms, 0..1, &|_| ());
        let mut savings: Vec<f64> =
            calls.iter().map(|calls| 1.0 - calls[0] as f64 / reference).collect();
        savings.sort_by(f64::total_cmp);
        let [at_05, at_95] = [savings[100], savings[1_899]];
        let [of_low, of_high] =
            [row.saving_ratio_p05_half_width, row.saving_ratio_p95_half_width].map(Option::unwrap);
        assert!((low - at_05).abs() <= of_low + 0.005, "{low} ± {of_low}, {at_05}");
        assert!((high - at_95).abs() <= of_high + 0.005, "{high} ± {of_high}, {at_95}");
        // The interval says something: it is well within the corners.
        let corners = results.saving_range(&configuration.name).unwrap();
        assert!(at_95 - at_05 < corners.1 - corners.0, "{corners:?}");
    }
}

/// Every figure that depends on what is not known has its ends in order, and money goes with calls.
#[test]
fn ends_are_in_order_and_of_each_figure() {
    let results = Results::of(&parsed(SMALL), &|_| ());
    let row: &SummaryRow = results.assumed("bucket-key-role");
    for &figure in Figure::ALL {
        match row.nine_in_ten(figure) {
            Some((low, high)) => assert!(low <= high, "{figure:?}"),
            None => assert!(matches!(figure, Figure::Requests | Figure::AuditSaving), "{figure:?}"),
        }
    }
    let [calls, saving] =
        [Figure::KmsRequests, Figure::Saving].map(|it| row.nine_in_ten(it).unwrap());
    let reference = results.assumed("sse-kms").kms_requests;
    assert!((1.0 - calls.1 / reference - saving.0).abs() < 1e-9);
    assert!((1.0 - calls.0 / reference - saving.1).abs() < 1e-9);
}

#[test]
fn threads_change_nothing() {
    let scenario = parsed(SMALL);
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Results::of(&scenario, &|_| ()))
    };
    let (one, five) = (of(1), of(5));
    assert_eq!(one.csv_files(), five.csv_files());
}

#[test]
fn demands_may_be_of_the_interval() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    let run = |demand: &str| {
        bks(
            folder.path(),
            &["simulate", "small.toml", "-q", "--fail-if", demand, "-o", "out", "--overwrite"],
        )
    };
    let results = Results::of(&parsed(SMALL), &|_| ());
    let (low, high) = results.assumed(&results.facts.headline).nine_in_ten(Figure::Saving).unwrap();
    let middle = f64::midpoint(low, high);
    assert!(run(&format!("saving@p95 < {middle}")).status.success());
    let failed = run(&format!("saving@p05 < {middle}"));
    assert_eq!(failed.status.code(), Some(3));
    let message = text(&failed.stderr);
    assert!(message.contains("that 5 % of the sets of assumptions do not exceed"), "{message}");
}

/// Where the reference has bucket keys itself, in a directory bucket or for objects written with them, it is taken
/// under the same assumptions as what stands beside it: what asks as often saves nothing at any of them, and every
/// saving is that of two rows of the same level.
#[test]
fn the_reference_has_the_assumptions_of_what_stands_beside_it() {
    let scenario = parsed(
        r#"
        name = "directory"
        duration = "2h"
        replications = 2
        reference = "as-is"
        headline = "roles"
        [[configuration]]
        name = "as-is"
        encryption = "sse-kms"
        requester_rule = "session"
        [[configuration]]
        name = "again"
        encryption = "sse-kms-bucket-key"
        requester_rule = "session"
        [[configuration]]
        name = "roles"
        encryption = "sse-kms-bucket-key"
        requester_rule = "role"
        [[bucket]]
        name = "lake--use1-az4--x-s3"
        directory = true
        [[principal]]
        name = "etl"
        role = "etl"
        sessions = 8
        [[workload]]
        name = "write"
        principal = "etl"
        bucket = "lake--use1-az4--x-s3"
        arrivals = { poisson = { rate = "2/s" } }
        "#,
    );
    let results = Results::of(&scenario, &|_| ());
    for level in Level::ALL {
        let own = results.at("again", level);
        let reference = results.at("as-is", level);
        assert_eq!((own.kms_requests, own.saving_ratio), (reference.kms_requests, Some(0.0)));
        let roles = results.at("roles", level);
        let by_hand: Vec<f64> = [0, 1]
            .map(|number| {
                let calls = |name: &str| {
                    let mut rows = results.replications.iter();
                    let row = rows.find(|row| {
                        row.configuration == name
                            && row.assumption == level
                            && row.replication == number
                    });
                    row.unwrap().kms_requests as f64
                };
                1.0 - calls("roles") / calls("as-is")
            })
            .to_vec();
        let mean = by_hand.iter().sum::<f64>() / 2.0;
        assert!((roles.saving_ratio.unwrap() - mean).abs() < 1e-12, "{level:?}");
        let saved = reference.kms_cost_usd.as_f64() - roles.kms_cost_usd.as_f64();
        assert!((roles.kms_saved_usd.as_f64() - saved).abs() < 1e-9, "{level:?}");
    }
    let levels = Level::ALL.map(|level| results.at("as-is", level).kms_requests);
    assert!(
        levels[0] > levels[1] && levels[1] > levels[2],
        "the reference depends on them: {levels:?}"
    );
    let again = results.assumed("again");
    for figure in [Figure::Saving, Figure::KmsSavedUsd] {
        assert_eq!(again.nine_in_ten(figure), Some((0.0, 0.0)), "{figure:?}");
    }
    assert_eq!((again.saving_floor, again.saving_ceiling), (Some(0.0), Some(0.0)));
    // Eight sessions of one role: sharing saves up to seven in eight, and never costs anything.
    let (low, high) = results.assumed("roles").nine_in_ten(Figure::Saving).unwrap();
    assert!(0.0 <= low && low < high && high <= 0.875, "{low} {high}");
    for swing in &results.sensitivity {
        assert!((0.0..=0.875).contains(&swing.saving_at_low), "{swing:?}");
        assert!((0.0..=0.875).contains(&swing.saving_at_high), "{swing:?}");
    }
}
