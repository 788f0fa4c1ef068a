//! Access logs written line by line, and what they cost by rules said as plainly as they can be:
//! maps, and everything in the order of its second. Written from the rules' description, not from
//! the engine.

use std::collections::HashMap;
use std::sync::Arc;

use bks::encryption::assumption::Level;
use bks::logs::LogFormat;
use bks::logs::bad_lines::BadLines;
use bks::logs::log::Log;
use bks::recording::gather::{LogSelection, RecordGatherer};
use bks::recording::{MemoryStore, Recording};
use bks::results::Results;
use bks::results::rows::SummaryRow;
use bks::scenario::Scenario;
use bks::scenario::replay::Settings;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Since midnight of 23 November 2026.
    pub(crate) second: u32,
    pub(crate) operation: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) requester: String,
    pub(crate) id: String,
    pub(crate) status: u16,
}

/// The requester field of a session of a role.
pub(crate) fn session(role: &str, name: &str) -> String {
    format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}")
}

impl Line {
    /// A request that succeeds, to the bucket `lake`, by one session of one role.
    pub(crate) fn new(second: u32, operation: &'static str, key: &str, id: u32) -> Self {
        Self {
            second,
            operation,
            bucket: "lake".into(),
            key: key.into(),
            requester: session("etl", "one"),
            id: format!("{id:016X}"),
            status: 200,
        }
    }

    pub(crate) fn text(&self) -> String {
        let Self { second, operation, bucket, key, requester, id, status } = self;
        let (day, second) = (23 + second / 86_400, second % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let error = if *status < 400 { "-" } else { "AccessDenied" };
        format!(
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be {bucket} \
             [{day:02}/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] 192.0.2.10 {requester} \
             {id} {operation} {key} \"GET /{bucket}/{key} HTTP/1.1\" {status} {error} 22 22 2 1 \
             \"-\" \"test\" - host= SigV4 - AuthHeader s3.us-east-1.amazonaws.com TLSv1.3 - - \
             us-east-1\n"
        )
    }
}

pub(crate) fn text(lines: &[Line]) -> String {
    lines.iter().map(Line::text).collect()
}

/// Gathers the lines of a log in `memory` bytes.
pub(crate) fn record(log: &str, wanted: LogSelection, memory: usize) -> Recording {
    let mut gather = RecordGatherer::new(wanted, memory, Arc::new(MemoryStore::default()));
    let mut bad = BadLines::default();
    let form = Some(LogFormat::S3AccessLog);
    let log = Log::open(log.as_bytes(), None, form).unwrap().expect("the log is not empty");
    log.entries("log", &mut bad, |entry| gather.take(&entry)).unwrap();
    assert_eq!(bad.bad, 0, "{bad:?}");
    gather.finish().unwrap()
}

/// Replays a log under a file of settings.
pub(crate) fn replay(log: &str, settings: &str) -> (Scenario, Results) {
    let file = Some((settings, "settings.toml"));
    let settings = Settings { file, overrides: &[], unknown_age: None };
    let recording = record(log, LogSelection::default(), usize::MAX);
    let scenario = Scenario::of_recording(recording, &settings).unwrap();
    let results = Results::of(&scenario, &|_| ());
    (scenario, results)
}

/// `GenerateDataKey` and Decrypt calls.
pub(crate) type Calls = (u64, u64);

/// The calls of a configuration at the assumed level, in the first replication.
pub(crate) fn calls(results: &Results, configuration: usize) -> Calls {
    let name = &results.facts.configurations[configuration].name;
    let mut rows = results.replications.iter();
    let row = rows.find(|row| row.configuration == *name && row.assumption == Level::Assumed);
    let row = row.expect("there is a replication");
    assert_eq!(row.encrypt, 0, "no log tells of replication");
    (row.generate_data_key, row.decrypt)
}

/// The figures of a configuration at the assumed level.
pub(crate) fn assumed(results: &Results, configuration: usize) -> &SummaryRow {
    results.assumed(&results.facts.configurations[configuration].name)
}

/// Rules of the naive count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether every session is a requester, not every role.
    pub(crate) by_session: bool,
    pub(crate) generation_s: u32,
    pub(crate) cache_s: u32,
    pub(crate) sliding: bool,
    pub(crate) verify: u64,
}

/// Calls of a log with a bucket key, in one place each; objects of unknown writing have none.
pub(crate) fn naive(lines: &[Line], rules: &Rules) -> Calls {
    let mut count = Naive::new(*rules);
    let mut seen = std::collections::HashSet::new();
    let mut sound: Vec<&Line> = lines
        .iter()
        .filter(|line| line.status < 300)
        .filter(|line| seen.insert((line.operation, &line.bucket, &line.key, &line.id)))
        .collect();
    sound.sort_by_key(|line| (line.second, step(line.operation)));
    for line in sound {
        count.take(line);
    }
    (count.generate, count.decrypt)
}

/// In a second first everything is begun and written, then parts, ends of uploads, and reads.
fn step(operation: &str) -> u32 {
    match operation {
        "REST.PUT.OBJECT" | "REST.COPY.OBJECT" => 0,
        "REST.POST.UPLOADS" => 1,
        "REST.PUT.PART" => 2,
        "REST.POST.UPLOAD" => 3,
        _ => 4,
    }
}

struct Naive {
    rules: Rules,
    generate: u64,
    decrypt: u64,
    /// Keys made so far.
    keys: u32,
    /// The newest key of a requester and bucket, and when it was made.
    live: HashMap<(String, String), (u32, u32)>,
    objects: HashMap<(String, String), u32>,
    uploads: HashMap<(String, String), u32>,
    /// When a requester fetched a key, or used it last.
    held: HashMap<(String, u32), u32>,
}

impl Naive {
    fn new(rules: Rules) -> Self {
        Self {
            rules,
            generate: 0,
            decrypt: 0,
            keys: 0,
            live: HashMap::new(),
            objects: HashMap::new(),
            uploads: HashMap::new(),
            held: HashMap::new(),
        }
    }

    fn take(&mut self, line: &Line) {
        let object = (line.bucket.clone(), line.key.clone());
        match line.operation {
            "REST.PUT.OBJECT" | "REST.COPY.OBJECT" => {
                let key = self.wrap(line);
                self.objects.insert(object, key);
            }
            "REST.POST.UPLOADS" => {
                let key = self.wrap(line);
                self.uploads.insert(object, key);
            }
            "REST.PUT.PART" => self.unwrap(line, self.uploads.get(&object).copied()),
            "REST.POST.UPLOAD" => {
                let key = self.uploads.get(&object).copied();
                match key {
                    Some(key) => self.objects.insert(object, key),
                    None => self.objects.remove(&object),
                };
                self.unwrap(line, key);
            }
            "REST.GET.OBJECT" | "REST.COPY.OBJECT_GET" => {
                self.unwrap(line, self.objects.get(&object).copied());
            }
            "REST.HEAD.OBJECT" | "REST.GET.BUCKET" | "REST.DELETE.OBJECT" => {}
            other => panic!("{other}"),
        }
    }

    fn requester(&self, line: &Line) -> String {
        let role = line.requester.rsplit_once('/').unwrap().0;
        if self.rules.by_session { line.requester.clone() } else { role.to_owned() }
    }

    fn wrap(&mut self, line: &Line) -> u32 {
        let place = (self.requester(line), line.bucket.clone());
        if let Some((key, made)) = self.live.get(&place)
            && line.second - made < self.rules.generation_s
        {
            return *key;
        }
        self.keys += 1;
        self.generate += 1;
        self.decrypt += self.rules.verify;
        self.live.insert(place, (self.keys, line.second));
        self.keys
    }

    fn unwrap(&mut self, line: &Line, key: Option<u32>) {
        let Some(key) = key else {
            self.decrypt += 1;
            return;
        };
        let entry = (self.requester(line), key);
        let fresh = |&held: &u32| line.second - held < self.rules.cache_s;
        let still = self.held.get(&entry).is_some_and(fresh);
        self.decrypt += u64::from(!still);
        if !still || self.rules.sliding {
            self.held.insert(entry, line.second);
        }
    }
}
