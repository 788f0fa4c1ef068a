//! Logs in memory, and the scenarios fitted to them.

use std::io::Read;
use std::sync::Arc;

use bks::encryption::assumption::Level;
use bks::fitting::{BucketDetails, FitOptions, FittedScenario, fit};
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::logs::record::LogEntry;
use bks::logs::{LogFormat, access_log, cloudtrail};
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::recording::{MemoryStore, Recording};
use bks::scenario::Scenario;
use bks::scenario::overrides::Override;
use bks::scenario::replay::{Settings, UnknownAge};
use bks::simulation::Arm;
use bks::simulation::names::NamedEvents;
use bks::simulation::objects::keep;

/// A scenario fitted to a log, and the log's replay.
pub(crate) struct Fitted {
    pub(crate) fit: FittedScenario,
    pub(crate) scenario: Scenario,
    pub(crate) replay: Scenario,
}

impl Fitted {
    pub(crate) fn recording(&self) -> &Recording {
        self.replay.recording.as_ref().unwrap()
    }
}

/// One part of S3's fleet makes keys, two hold them, as the closed forms here have it.
pub(crate) const FLEET: [&str; 2] =
    ["assumptions.write_partitions=1", "assumptions.read_partitions=2"];

/// A log of one form, or several one after the other, plain or compressed, from a time on.
pub(crate) fn fitted(
    log: impl Read,
    form: LogFormat,
    from: Option<i64>,
    age: UnknownAge,
) -> Fitted {
    let wanted = LogSelection { from, ..LogSelection::default() };
    let mut gather = RecordGatherer::new(wanted, usize::MAX, Arc::new(MemoryStore::default()));
    let mut bad = BadLines::default();
    let log = Log::open(log, None, Some(form)).unwrap().expect("the log is not empty");
    let mut details = BucketDetails::default();
    gather.begin(form, "log");
    log.entries("log", &mut bad, |entry| {
        if let LogEntry::Request(record) = &entry {
            details.take(record);
        }
        gather.take(&entry)
    })
    .unwrap();
    assert_eq!(bad.bad, 0, "{bad:?}");
    let recording = gather.finish().unwrap();
    let options = FitOptions { name: "fitted".into(), unknown_age: age, region: None };
    let fit = fit(&recording, &details, &options).unwrap();
    // What is tested is what stands in the file, on a fleet of a few parts.
    let fleet = FLEET.map(|change| Override::parse(change).unwrap());
    let no_files = |file: &str| panic!("it includes no `{file}`");
    let scenario = Scenario::read(&fit.to_toml(), "fitted", &fleet, &no_files).unwrap();
    let settings = Settings { file: None, overrides: &fleet, unknown_age: Some(age) };
    let replay = Scenario::of_recording(recording, &settings).unwrap();
    Fitted { fit, scenario, replay }
}

/// 2026-01-01T00:00:00Z.
pub(crate) const START_NS: i64 = 1_767_225_600_000_000_000;

/// The first replication of a scenario as a log, without what KMS was asked.
pub(crate) fn exported(scenario: &Scenario, form: LogFormat) -> Vec<u8> {
    let configuration = 0;
    let assumptions = scenario.configurations[configuration].ranges.at(Level::Assumed);
    let arm = Arm::of_totals(configuration, assumptions);
    let kept = keep(scenario, 0);
    let requests = NamedEvents::new(scenario, &kept, &arm, 0).outgoing(START_NS);
    let mut log = Vec::new();
    match form {
        LogFormat::CloudTrail => cloudtrail::write::write(&mut log, requests),
        _ => access_log::write::write(&mut log, requests),
    }
    .unwrap();
    log
}
