//! From a scenario to a log and back: what is fitted to the log is the scenario that made it, within
//! bounds that follow from chance.

#[allow(dead_code)] // The rest is for other tests.
use crate::support::fitted;

use std::collections::BTreeMap;

use bks::encryption::assumption::Level;
use bks::fitting::{FitComparison, compare};
use bks::logs::LogFormat;
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::scenario::replay::UnknownAge;
use bks::scenario::written::WorkloadFile;
use bks::simulation::engines::Engines;
use bks::simulation::{Arm, kms_calls};
use bks::statistics::Estimate;
use bks::units::SimDuration;
use bks::workload::ages::AgeLaw;
use bks::workload::arrivals::{Arrivals, Profile};
use bks::workload::read_pattern::ReadPattern;
use fitted::{FLEET, Fitted, START_NS, exported, fitted};

const FORMS: [LogFormat; 2] = [LogFormat::S3AccessLog, LogFormat::CloudTrail];

fn there_and_back(text: &str, form: LogFormat, from: Option<i64>) -> (Scenario, Fitted) {
    there_and_back_with(text, form, from, UnknownAge::Keyless)
}

fn there_and_back_with(
    text: &str,
    form: LogFormat,
    from: Option<i64>,
    age: UnknownAge,
) -> (Scenario, Fitted) {
    // On the fleet of the fitted one.
    let fleet = FLEET.map(|change| Override::parse(change).unwrap());
    let no_files = |file: &str| panic!("it includes no `{file}`");
    let scenario = Scenario::read(text, "original", &fleet, &no_files)
        .unwrap_or_else(|error| panic!("{error}"));
    let log = exported(&scenario, form);
    let back = fitted(&log[..], form, from, age);
    (scenario, back)
}

/// Mean numbers of actions by what they are.
fn actions(scenario: &Scenario) -> BTreeMap<&'static str, f64> {
    let run = SimDuration::from_nanos(scenario.end.as_nanos());
    let mut all = BTreeMap::new();
    for (action, count) in scenario.workloads.iter().flat_map(|w| w.expected_actions(run)) {
        *all.entry(action.name()).or_default() += count;
    }
    all
}

/// The numbers of actions are those of the original within four standard deviations of a Poisson
/// count, or `exactly`.
fn assert_same_actions(original: &Scenario, back: &Fitted, exactly: bool) {
    let (expected, counted) = (actions(original), actions(&back.scenario));
    assert_eq!(expected.keys().collect::<Vec<_>>(), counted.keys().collect::<Vec<_>>());
    for (action, expected) in expected {
        let bound = if exactly { 1e-6 * expected } else { 4.0 * expected.sqrt() };
        let counted = counted[action];
        assert!((counted - expected).abs() <= bound, "{action}: {counted}, not {expected}");
    }
}

/// Calls of each configuration of the original, another replication than the log's among them.
fn calls_of(original: &Scenario, replications: u32) -> Vec<Estimate> {
    let arm = |configuration: usize| {
        let assumptions = original.configurations[configuration].ranges.at(Level::Assumed);
        Arm::of_totals(configuration, assumptions)
    };
    let arms: Vec<Arm> = (0..original.configurations.len()).map(arm).collect();
    let engines = Engines::of(original);
    kms_calls(original, &engines, &arms, 0..replications, &|_| ())
        .into_iter()
        .map(|calls| Estimate::of(&calls.into_iter().map(|n| n as f64).collect::<Vec<_>>()))
        .collect()
}

/// The fitted scenario's calls are the original's and the replay's within a share of these.
fn assert_same_calls(original: &Scenario, back: &Fitted, bound: f64) {
    let rows = compare(&back.replay, &back.scenario, 8);
    for (row, original) in rows.iter().zip(calls_of(original, 8)) {
        assert_near(row, original.mean, bound);
        assert_near(row, row.replayed.mean, bound);
    }
}

/// Where the log cannot say what the original knows.
fn assert_same_calls_as_the_replay(back: &Fitted, bound: f64) {
    let rows = compare(&back.replay, &back.scenario, 8);
    for row in &rows {
        assert_near(row, row.replayed.mean, bound);
    }
}

fn assert_near(row: &FitComparison, expected: f64, bound: f64) {
    let FitComparison { configuration, fitted, .. } = row;
    let off = fitted.mean / expected - 1.0;
    println!("{configuration}: {:.1} and {expected:.1}: {:+.1} %", fitted.mean, off * 100.0);
    assert!(off.abs() <= bound, "{configuration}: {} and {expected}", fitted.mean);
}

fn reader(back: &Fitted) -> &WorkloadFile {
    let reads = |w: &&WorkloadFile| w.name.contains("GetObject of what");
    back.fit.file.workloads.iter().find(reads).expect("there are reads of what was written")
}

fn law(workload: &WorkloadFile) -> &AgeLaw {
    match &workload.read.as_ref().unwrap().pattern {
        ReadPattern::ByAge(law) => law,
        other => panic!("{other:?}"),
    }
}

#[test]
fn even_traffic_comes_back_exactly() {
    const TEXT: &str = r#"
name = "even"
duration = "2h"
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
user = "ann"
[[principal]]
name = "reader"
role = "reader"
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = { periodic = { rate = "2/s" } }
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = { periodic = { rate = "4/s", offset = "10s" } }
read = { from = ["put"], pattern = { just-written = { delay = "5s" } } }
"#;
    for form in FORMS {
        let (original, back) = there_and_back(TEXT, form, None);
        let expected = actions(&original);
        let counted = actions(&back.scenario);
        // The last of the reads: the first is ten seconds late.
        assert!((expected["write"] - counted["write"]).abs() < 1e-6);
        assert!((expected["read"] - counted["read"]).abs() <= 41.0, "{counted:?}");
        assert!(
            back.fit
                .file
                .workloads
                .iter()
                .all(|workload| { matches!(workload.arrivals, Some(Arrivals::Periodic(_))) })
        );
        assert_eq!(back.fit.file.principals[0].role.as_deref(), Some("reader"));
        assert_eq!(back.fit.file.principals[1].user.as_deref(), Some("ann"));
        // Five seconds, of which the log's whole seconds may take or add one.
        let law = law(reader(&back));
        assert!(law.cdf(SimDuration::from_secs(3)) <= 0.0, "{law:?}");
        assert!(law.cdf(SimDuration::from_secs(7)) >= 1.0, "{law:?}");
        assert_same_calls(&original, &back, 0.03);
    }
}

/// Two roles, one of several sessions, that do of everything: rates, mix and ages.
const TWO_ROLES: &str = r#"
name = "two-roles"
seed = 7
duration = "6h"
[[bucket]]
name = "lake"
region = "eu-west-1"
[[bucket]]
name = "other"
region = "eu-west-1"
[[principal]]
name = "ingest"
role = "ingest"
[[principal]]
name = "analysts"
role = "analysts"
sessions = 3
[[workload]]
name = "put"
principal = "ingest"
bucket = "lake"
arrivals = { poisson = { rate = "2/s" } }
mix = { write = 1, list = 0.1, delete = 0.2 }
[[workload]]
name = "get"
principal = "analysts"
bucket = "lake"
arrivals = { poisson = { rate = "1/s" } }
mix = { read = 1, head = 0.5 }
read = { from = ["put"], pattern = { by-age = { uniform = { to = "20min" } } } }
[[workload]]
name = "copy"
principal = "analysts"
bucket = "other"
arrivals = { poisson = { rate = "0.1/s" } }
mix = { copy = 1 }
read = { from = ["put"], pattern = { by-age = { uniform = { to = "5min" } } } }
"#;

/// Largest distance between two laws, at bounds a minute apart.
fn distance(law: &AgeLaw, cdf: impl Fn(f64) -> f64) -> f64 {
    let at = |minute: i32| {
        let age = SimDuration::from_secs(60 * i64::from(minute));
        (law.cdf(age) - cdf(f64::from(minute))).abs()
    };
    (0..120).map(at).fold(0.0, f64::max)
}

#[test]
fn poisson_traffic_of_two_roles_comes_back() {
    for form in FORMS {
        let (original, back) = there_and_back(TWO_ROLES, form, None);
        assert_same_actions(&original, &back, false);
        let file = &back.fit.file;
        let sessions = |role: &str| -> u32 {
            let of_role = file.principals.iter().filter(|p| p.role.as_deref() == Some(role));
            of_role.map(|p| p.sessions).sum()
        };
        assert_eq!((sessions("ingest"), sessions("analysts")), (1, 3));
        // All but the reads of what was there before the first write.
        let poisson = |w: &&WorkloadFile| matches!(w.arrivals, Some(Arrivals::Poisson(_)));
        let mut others = file.workloads.iter().filter(|w| !poisson(w));
        assert!(others.all(|w| w.name.contains("written before the log")), "{file:?}");
        let region = if form == LogFormat::CloudTrail { "eu-west-1" } else { "us-east-1" };
        assert!(file.buckets.iter().all(|bucket| bucket.region == region));
        // Massart's bound of the Dvoretzky-Kiefer-Wolfowitz inequality for 7,000 reads of a session
        // at 1e-6, a twentieth for the steps, 3 % for the first 20 minutes: there is nothing so old.
        let chance = (2.0_f64 * 1e6).ln() / (2.0 * 7_000.0);
        let bound = chance.sqrt() + 0.05 + 0.03;
        let off = distance(law(reader(&back)), |minute| (minute / 20.0).clamp(0.0, 1.0));
        assert!(off <= bound, "{off} and {bound}");
        // What is read before the first write has no key in the log.
        assert_same_calls_as_the_replay(&back, 0.03);
    }
}

#[test]
fn a_daily_profile_comes_back() {
    let factors: Vec<f64> = (0..24).map(|hour| 0.25 + f64::from(hour % 12) / 8.0).collect();
    let text = format!(
        r#"
name = "daily"
duration = "5d"
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[workload]]
name = "put"
principal = "writer"
bucket = "lake"
arrivals = {{ poisson = {{ rate = "0.2/s", profile = {{ daily = {factors:?} }} }} }}
"#
    );
    let (original, back) = there_and_back(&text, LogFormat::S3AccessLog, None);
    assert_same_actions(&original, &back, false);
    let [workload] = &back.fit.file.workloads[..] else { panic!() };
    let Some(Arrivals::Poisson(law)) = &workload.arrivals else { panic!("{workload:?}") };
    let Some(Profile::Daily(fitted)) = &law.profile else { panic!("{law:?}") };
    for (hour, (fitted, factor)) in fitted.iter().zip(&factors).enumerate() {
        let (fitted, expected) = (fitted * law.rate.as_per_s(), 0.2 * factor);
        // Counts of five hours.
        let sigma = (expected / (5.0 * 3_600.0)).sqrt();
        assert!((fitted - expected).abs() <= 4.5 * sigma, "hour {hour}: {fitted}, not {expected}");
    }
    assert_same_calls(&original, &back, 0.02);
}

#[test]
fn jobs_come_back() {
    const TEXT: &str = r#"
name = "jobs"
duration = "8h"
[[bucket]]
name = "lake"
[[principal]]
name = "ingest"
role = "ingest"
[[principal]]
name = "emr"
role = "emr"
sessions = 10
[[workload]]
name = "put"
principal = "ingest"
bucket = "lake"
arrivals = { poisson = { rate = "1/s" } }
[[workload]]
name = "job"
principal = "emr"
bucket = "lake"
client = "spark-s3a"
read = { from = ["put"], pattern = { scan = { oldest = "30min" } } }
[workload.jobs]
every = "1h"
offset = "40min"
steps = [
    { action = "read", objects = 500, rate = "5/s" },
    { action = "write", objects = 50, rate = "2/s" },
]
"#;
    let (original, back) = there_and_back(TEXT, LogFormat::S3AccessLog, None);
    let jobs = back.fit.file.workloads.iter().filter_map(|workload| workload.jobs.as_ref());
    let every: Vec<f64> =
        jobs.map(|jobs| jobs.every.map_or(0.0, SimDuration::as_secs_f64)).collect();
    assert!(every.len() >= 4, "reads, heads, writes and copies");
    assert!(every.iter().all(|every| (every - 3_600.0).abs() < 36.0), "{every:?}");
    assert_same_calls(&original, &back, 0.03);
}

#[test]
fn uploads_and_copies_in_parts_come_back() {
    const TEXT: &str = r#"
name = "parts"
duration = "3h"
[[bucket]]
name = "lake"
[[principal]]
name = "writer"
role = "writer"
[[workload]]
name = "up"
principal = "writer"
bucket = "lake"
client = "boto3"
object_size = "100MiB"
arrivals = { poisson = { rate = "100/h" } }
[[principal]]
name = "copier"
role = "copier"
[[workload]]
name = "copies"
principal = "copier"
bucket = "lake"
object_size = "12GiB"
arrivals = { poisson = { rate = "200/h" } }
mix = { copy = 1 }
read = { from = ["up"], pattern = { by-age = { uniform = { to = "10min" } } } }
[[principal]]
name = "s3fs"
role = "s3fs"
[[client]]
name = "s3fs"
write = { multipart_from = "5MiB" }
[[workload]]
name = "one-part"
principal = "s3fs"
bucket = "lake"
client = "s3fs"
object_size = "50MiB"
arrivals = { poisson = { rate = "100/h" } }
"#;
    for form in FORMS {
        let (original, back) = there_and_back(TEXT, form, None);
        assert_same_actions(&original, &back, false);
        let names: Vec<&str> = back.fit.file.workloads.iter().map(|w| w.name.as_str()).collect();
        for name in ["uploads of 13", "copies in 3", "uploads of 1"] {
            assert!(names.iter().any(|long| long.contains(name)), "{name}: {names:?}");
        }
        // And copies of what was there before the first upload.
        assert!(names.len() <= 4, "{names:?}");
        assert_same_calls_as_the_replay(&back, 0.03);
    }
}

#[test]
fn objects_of_before_come_back_as_a_population() {
    const TEXT: &str = r#"
name = "old"
duration = "3h"
[[bucket]]
name = "lake"
bucket_keys_since = "always"
[[principal]]
name = "reader"
role = "reader"
sessions = 2
[[population]]
name = "history"
bucket = "lake"
objects = 20000
age = { uniform = { to = "30d" } }
[[workload]]
name = "get"
principal = "reader"
bucket = "lake"
arrivals = { poisson = { rate = "2/s" } }
read = { from = ["history"], pattern = "uniform" }
"#;
    let even = UnknownAge::Even(SimDuration::from_secs(30 * 86_400));
    let (original, back) = there_and_back_with(TEXT, LogFormat::S3AccessLog, None, even);
    assert_same_actions(&original, &back, false);
    let [population] = &back.fit.file.populations[..] else { panic!() };
    // Of so many objects an unread one is left with probability exp(-reads / objects).
    let reads = 2.0 * 3.0 * 3_600.0;
    let read = 20_000.0 * (1.0 - (-reads / 20_000.0_f64).exp());
    let objects = population.objects.unwrap() as f64;
    assert!((objects - read).abs() <= 4.0 * read.sqrt(), "{objects}, not {read}");
    assert_same_calls(&original, &back, 0.03);
}

#[test]
fn sessions_that_follow_one_another_come_back() {
    const TEXT: &str = r#"
name = "renewed"
duration = "12h"
[[bucket]]
name = "lake"
[[principal]]
name = "lambda"
role = "lambda"
sessions = 8
session_length = "1h"
[[workload]]
name = "put"
principal = "lambda"
bucket = "lake"
arrivals = { poisson = { rate = "4/s" } }
"#;
    let (original, back) = there_and_back(TEXT, LogFormat::S3AccessLog, None);
    let sum: u32 = back.fit.file.principals.iter().map(|p| p.sessions).sum();
    assert!((8..=9).contains(&sum), "{sum}");
    let length = back.fit.file.principals[0].session_length.unwrap().as_secs_f64();
    assert!((length - 3_600.0).abs() <= 0.05 * 3_600.0, "{length}");
    assert_same_calls(&original, &back, 0.05);
}

/// Counting begins after an hour that fills caches and writes what is read.
#[test]
fn what_lies_before_the_count_is_warm_up() {
    let text = TWO_ROLES.replace("duration = \"6h\"", "duration = \"6h\"\nwarm_up = \"1h\"");
    let from = START_NS + 3_600_000_000_000;
    let (original, back) = there_and_back(&text, LogFormat::S3AccessLog, Some(from));
    assert_eq!(back.fit.file.warm_up, SimDuration::from_secs(3_600));
    assert_same_actions(&original, &back, false);
    assert_same_calls(&original, &back, 0.02);
}
