//! Money over time, against counts by hand and closed forms: what happens once is billed once, what the
//! audit by object costs, and when a migration is paid back.

use crate::support::pages::printed;

use bks::encryption::assumption::Level;
use bks::migration::payback::Payback;
use bks::report::DocumentFormat;
use bks::results::Results;
use bks::results::rows::SummaryRow;
use bks::scenario::Scenario;

fn run(text: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap();
    Results::of(&scenario, &|_| ())
}

fn warns(results: &Results, id: &str) -> bool {
    results.facts.warnings.iter().any(|warning| warning.id == id)
}

fn near(value: f64, exact: f64, tolerance: f64) {
    assert!((value - exact).abs() <= tolerance, "{value} is not {exact} ± {tolerance}");
}

/// 10,000 PUT once, and one read every ten seconds if `recurring`.
fn once(duration: &str, period: &str, jobs: &str, recurring: bool) -> Results {
    let reading = r#"
        [[population]]
        name = "old"
        bucket = "b"
        objects = 1000
        age = { uniform = { to = "1d" } }
        [[workload]]
        name = "again"
        principal = "p"
        bucket = "b"
        arrivals = { periodic = { rate = "0.1/s" } }
        read = { from = ["old"], pattern = "uniform" }
    "#;
    let reading = if recurring { reading } else { "" };
    run(&format!(
        r#"
        name = "once"
        duration = "{duration}"
        replications = 2
        billing = {{ free_tier = false, period = "{period}" }}
        [[bucket]]
        name = "b"
        key = "aws/s3"
        [[principal]]
        name = "p"
        role = "r"
        [[workload]]
        name = "import"
        principal = "p"
        bucket = "b"
        jobs = {{ {jobs}, steps = [{{ action = "write", objects = 10_000, rate = "100/s" }}] }}
        {reading}
        "#
    ))
}

/// 10,000 calls are $0.03, however long the run and whatever period is billed.
#[test]
fn what_happens_once_is_billed_once() {
    for (duration, period) in [("1h", "30d"), ("3h", "30d"), ("1h", "1h"), ("2h", "365d")] {
        let results = once(duration, period, "offset = \"1min\"", false);
        let row = results.assumed("sse-kms");
        assert_eq!(row.kms_cost_usd.to_string(), "0.03", "{duration} for {period}");
        assert_eq!(row.kms_cost_once_usd.to_string(), "0.03");
        assert_eq!(row.total_cost_usd.to_string(), "0.08");
        assert_eq!(row.total_cost_once_usd.to_string(), "0.08");
        assert_eq!(results.facts.once, ["import"]);
        let lines = results
            .costs
            .iter()
            .filter(|row| row.configuration == "sse-kms" && row.assumption == Level::Assumed);
        assert!(lines.clone().all(|line| line.pricing_quantity == 10_000));
        assert_eq!(lines.count(), 2);
        for row in results.replications.iter().filter(|row| row.configuration == "sse-kms") {
            assert_eq!(row.kms_cost_usd.to_string(), "0.03");
        }
        assert!(!warns(&results, "once-not-whole"));
    }
}

/// What recurs is scaled beside it: 0.1 reads a second are 259,200 in thirty days.
#[test]
fn what_recurs_is_scaled_beside_what_happens_once() {
    for duration in ["1h", "4h"] {
        let row = once(duration, "30d", "offset = \"1min\"", true).assumed("sse-kms").clone();
        near(row.kms_cost_usd.as_f64(), (10_000.0 + 259_200.0) * 3e-6, 1e-12);
        near(row.kms_cost_once_usd.as_f64(), 0.03, 1e-12);
        near(
            row.total_cost_usd.as_f64(),
            269_200.0 * 3e-6 + 10_000.0 * 5e-6 + 259_200.0 * 4e-7,
            1e-9,
        );
    }
    // A job that recurs each hour does so 720 times.
    let row = once("1h", "30d", "every = \"1h\"", false).assumed("sse-kms").clone();
    near(row.kms_cost_usd.as_f64(), 720.0 * 0.03, 1e-9);
    assert_eq!(row.kms_cost_once_usd.to_string(), "0.00");
}

/// Work that happens once and is not all counted is not billed whole, and that is said.
#[test]
fn what_happens_once_outside_of_what_is_counted_is_told() {
    let late = once("1h", "30d", "offset = \"59min\"", false);
    assert!(warns(&late, "once-not-whole"));
    let calls = late.assumed("sse-kms").kms_requests;
    // 60 s of 100 a second, Poisson within five standard deviations.
    near(calls, 6_000.0, 5.0 * 6_000_f64.sqrt());
    near(late.assumed("sse-kms").kms_cost_usd.as_f64(), calls * 3e-6, 1e-5);
}

/// 100 reads of old objects and 10 writes a second, exactly, in an hour.
const AUDITED: &str = r#"
    name = "audited"
    duration = "1h"
    replications = 2
    billing = { free_tier = false, object_audit = true, period = "1h" }
    assumptions = { write_partitions = 1, read_partitions = 2 }
    [[bucket]]
    name = "b"
    key = "aws/s3"
    bucket_keys_since = "always"
    [[principal]]
    name = "p"
    role = "r"
    [[population]]
    name = "old"
    bucket = "b"
    objects = 1000
    age = { uniform = { to = "1h" } }
    [[workload]]
    name = "reads"
    principal = "p"
    bucket = "b"
    arrivals = { periodic = { rate = "10/s" } }
    read = { from = ["old"], pattern = "uniform" }
    [[workload]]
    name = "writes"
    principal = "p"
    bucket = "b"
    arrivals = { periodic = { rate = "1/s" } }
    [[configuration]]
    name = "sse-kms"
    encryption = "sse-kms"
    [[configuration]]
    name = "bucket-key"
    encryption = "sse-kms-bucket-key"
    [[configuration]]
    name = "sse-s3"
    encryption = "sse-s3"
    [[configuration]]
    name = "dsse-kms"
    encryption = "dsse-kms"
"#;

/// Every configuration whose KMS events name no object pays a data event for each of 39,600 requests.
#[test]
fn the_audit_by_object_is_paid_where_kms_does_not_give_it() {
    let results = run(AUDITED);
    let row = |name: &str| -> SummaryRow { results.assumed(name).clone() };
    let events = 39_600.0 * 1e-6;
    for (name, cost) in
        [("sse-kms", 0.0), ("dsse-kms", 0.0), ("bucket-key", events), ("sse-s3", events)]
    {
        near(row(name).audit_cost_usd.unwrap().as_f64(), cost, 1e-12);
    }
    let kms = 39_600.0 * 3e-6;
    near(row("sse-kms").kms_cost_usd.as_f64(), kms, 1e-12);
    near(row("sse-s3").audit_saving_ratio.unwrap(), 1.0 - events / kms, 1e-9);
    let own = row("bucket-key");
    let exact = 1.0 - (own.kms_requests * 3e-6 + events) / kms;
    near(own.audit_saving_ratio.unwrap(), exact, 1e-9);
    assert_eq!(row("sse-kms").audit_saving_ratio, Some(0.0));
    let text = printed(&results, DocumentFormat::Text(u16::MAX));
    let verdict = text.lines().next().unwrap();
    assert!(
        verdict
            .contains("; with S3 data events for the audit by object ($0.04 more) it saves $0.0"),
        "{verdict}"
    );
    assert!(text.contains("saved with the audit by object"));
    // One request in eleven writes: 3,600 of 39,600 an hour.
    let told = |way: &str, events: &str| {
        let line = text.lines().find(|line| line.contains(way)).unwrap_or_default();
        assert!(line.contains(events), "{way}: {line}");
    };
    told("S3 data events of all requests", "39.6 k");
    told("writes and deletes alone", "3,600");
    told("each million", "$1.00");
    told("aggregated data events", "price not known");
    told("server access logs", "0.024 GB");
    let unasked = run(&AUDITED.replace("object_audit = true, ", ""));
    assert!(unasked.summary.iter().all(|row| row.audit_cost_usd.is_none()));
    assert!(!printed(&unasked, DocumentFormat::Text(u16::MAX)).contains("audit by object ("));
    let demanded = |audit: &str| {
        let text = AUDITED.replace("object_audit = true, ", audit);
        Scenario::parse(&format!("assertions = [\"audit_saving > 10%\"]\n{text}"))
    };
    assert!(demanded("object_audit = true, ").is_ok());
    let refused = demanded("").unwrap_err().to_string();
    assert!(refused.contains("hint: ask for it by `--set billing.object_audit=true`"), "{refused}");
}

/// Reads of objects without a bucket key; `configurations` beside SSE-KMS and the migrated one.
fn migrating(
    duration: &str,
    objects: u64,
    from: &str,
    pattern: &str,
    configurations: &str,
) -> String {
    format!(
        r#"
        name = "migrating"
        duration = "{duration}"
        replications = 2
        headline = "migrated"
        billing = {{ free_tier = false }}
        assumptions = {{ write_partitions = 1, read_partitions = 2 }}
        [[bucket]]
        name = "b"
        bucket_keys_since = "0s"
        [[principal]]
        name = "p"
        role = "r"
        [[population]]
        name = "old"
        bucket = "b"
        objects = {objects}
        age = {{ uniform = {{ to = "30d" }} }}
        [[workload]]
        name = "writes"
        principal = "p"
        bucket = "b"
        arrivals = {{ poisson = {{ rate = "0.5/s" }} }}
        [[workload]]
        name = "reads"
        principal = "p"
        bucket = "b"
        arrivals = {{ poisson = {{ rate = "2/s" }} }}
        read = {{ from = {from}, pattern = {pattern} }}
        [[configuration]]
        name = "sse-kms"
        encryption = "sse-kms"
        {configurations}
        [[configuration]]
        name = "migrated"
        encryption = "sse-kms-bucket-key"
        migrated = true
        "#
    )
}

const BUCKET_KEY: &str =
    "[[configuration]]\nname = \"bucket-key\"\nencryption = \"sse-kms-bucket-key\"";

fn payback(results: &Results) -> Payback {
    let row = results.assumed("migrated");
    let share = row.payback_ratio.unwrap();
    match (row.payback_periods, row.payback_run_s) {
        (Some(periods), _) => Payback::After { time_s: periods * results.facts.billing_period_s },
        (None, Some(run_s)) => Payback::Unknown { share, run_s },
        (None, None) => Payback::Never { share },
    }
}

/// Objects that are always read alike: paid back after cost by the difference of the two bills.
#[test]
fn a_steady_advantage_pays_back_at_cost_by_monthly_difference() {
    let text = |configurations| migrating("4h", 10_000, "[\"old\"]", "\"uniform\"", configurations);
    let results = run(&text(BUCKET_KEY));
    let [before, after] = ["bucket-key", "migrated"].map(|name| results.assumed(name));
    let cost = after.migration_cost_usd.unwrap().as_f64();
    let a_month = (before.total_cost_usd - after.total_cost_usd).as_f64();
    near(after.payback_periods.unwrap(), cost / a_month, 1e-6);
    assert_eq!(after.payback.as_deref(), Some("after"));
    // About 2 calls a second less: 10,000 objects at $9.015 a million and a job at $0.25, by $15.55 a month.
    near(after.payback_periods.unwrap(), 0.340_15 / (2.0 * 2_592_000.0 * 3e-6), 1e-3);
    // It is the same where the configuration without migration is not asked for, though the reference
    // makes as many calls more as there are writes.
    let alone = run(&text(""));
    assert_eq!(payback(&alone), payback(&results));
    assert_eq!(alone.facts.configurations.len(), 2);
}

/// What is read ages with a mean of 6 h, so the advantage decays: 2 calls a second × 6 h × $0.000003 are
/// $0.1296 at the most, however long the run, of $1.1515.
#[test]
fn an_advantage_that_decays_is_not_taken_for_ever() {
    let pattern = "{ by-age = { exponential = { mean = \"6h\" } } }";
    for duration in ["3h", "12h", "2d"] {
        let text = migrating(duration, 100_000, "[\"old\", \"writes\"]", pattern, BUCKET_KEY);
        let results = run(&text);
        let Payback::Never { share } = payback(&results) else { panic!("{:?}", payback(&results)) };
        let most = 2.0 * 6.0 * 3_600.0 * 3e-6 / 1.151_503;
        assert!(share < most * 1.03 && share > most * 0.6, "{duration}: {share} of {most}");
        assert!(warns(&results, "migration-never-pays"));
        let text = printed(&results, DocumentFormat::Text(u16::MAX));
        assert!(text.contains("never, ") && text.contains(" % at most"), "{text}");
    }
}

/// With a mean of a day the same comes to $0.5184. 4,000 objects cost $0.28606, which at the earliest is
/// back after 24 h × −ln(1 − 0.28606/0.5184) = 19.3 h.
#[test]
fn a_run_that_is_too_short_says_so_and_how_long_it_must_be() {
    let pattern = "{ by-age = { exponential = { mean = \"24h\" } } }";
    let text = |duration| migrating(duration, 4_000, "[\"old\", \"writes\"]", pattern, BUCKET_KEY);
    let results = run(&text("2h"));
    let Payback::Unknown { share, run_s } = payback(&results) else {
        panic!("{:?}", payback(&results))
    };
    near(share, 2.0 * 7_200.0 * 3e-6 / 0.286_06, 0.02);
    near(run_s / 3_600.0, 20.0, 2.0);
    let row = results.assumed("migrated");
    assert_eq!((row.payback.as_deref(), row.payback_periods), (Some("unknown"), None));
    assert_eq!(row.payback_run_s, Some(run_s));
    let what = &results
        .facts
        .warnings
        .iter()
        .find(|it| it.id == "migration-payback-unknown")
        .unwrap()
        .what;
    assert!(what.contains("`--set duration="), "{what}");
    // A run beyond that knows: somewhat later than at the earliest, as keys are fetched.
    let results = run(&text("36h"));
    let Payback::After { time_s } = payback(&results) else { panic!("{:?}", payback(&results)) };
    let hours = time_s / 3_600.0;
    assert!((19.0..24.0).contains(&hours), "{hours}");
}

/// A thousand objects that are read and a million that are not: only the former are worth a migration.
#[test]
fn a_migration_may_leave_what_is_not_worth_it() {
    let cold = "[[population]]\nname = \"cold\"\nbucket = \"b\"\nobjects = 1_000_000\nage = { fixed = \"90d\" }\n";
    let only = r#"
        [[configuration]]
        name = "only"
        encryption = "sse-kms-bucket-key"
        migrated_only = ["old"]
    "#;
    let text =
        migrating("2h", 1_000, "[\"old\"]", "\"uniform\"", &format!("{cold}{BUCKET_KEY}{only}"));
    let results = run(&text);
    let [all, only] = ["migrated", "only"].map(|name| results.assumed(name).clone());
    assert_eq!(all.migration_cost_usd.unwrap().to_string(), "9.274018");
    assert_eq!(only.migration_cost_usd.unwrap().to_string(), "0.259018");
    // The same objects are read in both, whose keys are the same.
    assert_eq!(all.kms_requests.to_bits(), only.kms_requests.to_bits());
    let ratio = all.payback_periods.unwrap() / only.payback_periods.unwrap();
    near(ratio, 9.274_018 / 0.259_018, 1e-6);
    assert_eq!(results.facts.configurations.len(), 4);
    assert_eq!(results.facts.configuration("only").unwrap().migrated_only, ["old"]);
    // What is left as it is saves nothing.
    let cold_read = text.replace("from = [\"old\"]", "from = [\"cold\"]");
    let results = run(&cold_read);
    let [only, without] = ["only", "bucket-key"].map(|name| results.assumed(name).kms_requests);
    assert_eq!(only.to_bits(), without.to_bits());
    let unknown =
        Scenario::parse(&text.replace("[\"old\"]\n", "[\"odl\"]\n")).unwrap_err().to_string();
    assert!(unknown.contains("`odl` is not a population of this scenario"), "{unknown}");
}

/// What copies each object of a job that happens once happens once, too: two calls an object.
#[test]
fn what_follows_what_happens_once_happens_once() {
    let text = |duration: &str| {
        format!(
            r#"
        name = "followed"
        duration = "{duration}"
        replications = 2
        billing = {{ free_tier = false }}
        [[bucket]]
        name = "b"
        key = "aws/s3"
        [[bucket]]
        name = "replica"
        key = "aws/s3"
        [[principal]]
        name = "p"
        role = "r"
        [[workload]]
        name = "import"
        principal = "p"
        bucket = "b"
        jobs = {{ steps = [{{ action = "write", objects = 1_000, rate = "10/s" }}] }}
        [[workload]]
        name = "forward"
        principal = "p"
        bucket = "b"
        read = {{ from = ["import"], pattern = {{ just-written = {{ delay = "10s" }} }} }}
        "#
        )
    };
    for duration in ["1h", "3h"] {
        let results = run(&text(duration));
        let row = results.assumed("sse-kms");
        assert_eq!(row.kms_cost_usd.to_string(), "0.006", "{duration}");
        assert_eq!(row.kms_cost_once_usd.to_string(), "0.006");
        assert_eq!(results.facts.once, ["import", "forward"]);
    }
}
