//! How often what `calibrate` states is true: runs of bks itself, written as trails and read back, over a
//! grid of rules, partitions, verification and traffic.
//!
//! `cargo test` runs a part of it. All of it, with the counts of each cell:
//!
//! ```sh
//! BKS_COVERAGE=8 cargo test --release --test calibrate_coverage -- --nocapture
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bks::calibration::gather::Gather;
use bks::calibration::{Calibration, Estimate, Evidence, calibrate};
use bks::encryption::assumptions::{Expiry, Level};
use bks::encryption::requester::RequesterRule;
use bks::scenario::Scenario;
use bks::simulation::Arm;
use bks::simulation::names::NamedEvents;
use bks::trace::Form;
use bks::trace::bad_lines::BadLines;
use bks::trace::cloudtrail;

/// What writes and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Traffic {
    /// Sessions that read what others of them wrote in the last lifetimes.
    Own,
    /// A writer, and others that read.
    Readers,
    /// Jobs that scan what was written before and in the trail, and write by copies.
    Jobs,
    /// Jobs that scan what was written in the trail, many objects in each second.
    Scans,
    /// Sessions that read each object as soon as it is written.
    JustWritten,
    /// Reads of objects from before the trail and of new ones.
    Mixed,
    /// Hardly a key is used twice.
    Sparse,
}

const TRAFFIC: [Traffic; 7] = [
    Traffic::Own,
    Traffic::Readers,
    Traffic::Jobs,
    Traffic::Scans,
    Traffic::JustWritten,
    Traffic::Mixed,
    Traffic::Sparse,
];

/// What is to be found.
#[derive(Clone, Copy, Debug)]
struct Truth {
    rule: RequesterRule,
    read_partitions: u32,
    verify: u32,
    traffic: Traffic,
    write_partitions: u32,
    generation_s: i64,
    cache_s: i64,
    expiry: Expiry,
    sessions: u32,
}

impl Truth {
    /// One of a cell's truths.
    fn new(rule: RequesterRule, read_partitions: u32, verify: u32, traffic: Traffic, seed: u64) -> Self {
        let pick = |values: &[i64], step: u64| values[((seed * step) % values.len() as u64) as usize];
        Self {
            rule,
            read_partitions,
            verify,
            traffic,
            write_partitions: pick(&[1, 1, 2, 4, 1, 6, 10], 1) as u32,
            generation_s: pick(&[300, 60, 900, 300, 3_600], 1),
            cache_s: pick(&[300, 180, 60, 300, 600, 3_600], 1),
            expiry: [Expiry::Fixed, Expiry::Fixed, Expiry::Sliding][(seed % 3) as usize],
            sessions: pick(&[3, 1, 10, 2], 1) as u32,
        }
    }

    /// The longer of both lifetimes.
    fn longest_s(&self) -> i64 {
        self.generation_s.max(self.cache_s)
    }

    fn duration_s(&self) -> i64 {
        match self.traffic {
            Traffic::Sparse => 200 * self.longest_s(),
            _ => 12 * self.longest_s(),
        }
    }

    /// Requests a second, if there are so many in the longer lifetime.
    fn rate(&self, in_longest: f64) -> f64 {
        in_longest / self.longest_s() as f64
    }

    fn workloads(&self) -> String {
        let longest = self.longest_s();
        let poisson = |name: &str, principal: &str, rate: f64, rest: &str| {
            format!(
                "[[workload]]\nname = \"{name}\"\nprincipal = \"{principal}\"\nbucket = \"lake\"\n\
                 arrivals = {{ poisson = {{ rate = \"{rate}/s\" }} }}\n{rest}\n"
            )
        };
        let by_age = |from: &str, to: i64| {
            format!("read = {{ from = [{from}], pattern = {{ by-age = {{ uniform = {{ to = \"{to}s\" }} }} }} }}")
        };
        match self.traffic {
            Traffic::Own => {
                poisson("put", "app", self.rate(300.0), "")
                    + &poisson("get", "app", self.rate(600.0), &by_age("\"put\"", 3 * longest))
            }
            Traffic::Readers => {
                poisson("put", "writer", self.rate(150.0), "")
                    + &poisson("get", "app", self.rate(600.0), &by_age("\"put\"", 3 * longest))
            }
            Traffic::Mixed => {
                let age = format!(
                    "read = {{ from = [\"before\", \"put\"], pattern = {{ by-age = {{ exponential = \
                     {{ mean = \"{}s\" }} }} }} }}",
                    6 * longest
                );
                poisson("put", "writer", self.rate(200.0), "")
                    + &poisson("get", "app", self.rate(500.0), &age)
            }
            Traffic::Sparse => {
                poisson("put", "writer", self.rate(0.5), "")
                    + &poisson("own", "app", self.rate(0.5), "")
                    + &poisson("get", "app", self.rate(2.0), &by_age("\"put\"", 10 * longest))
            }
            Traffic::JustWritten => {
                let read = "read = { from = [\"put\"], pattern = { just-written = {} } }";
                poisson("put", "app", self.rate(300.0), "")
                    + &poisson("get", "app", self.rate(300.0), read)
            }
            Traffic::Jobs => {
                let (every, oldest) = (longest, 12 * longest);
                poisson("put", "writer", self.rate(300.0), "")
                    + &poisson("checkpoints", "app", self.rate(100.0), "")
                    + &format!(
                        "[[workload]]\nname = \"job\"\nprincipal = \"app\"\nbucket = \"lake\"\n\
                         client = \"spark-s3a\"\nread = {{ from = [\"before\", \"put\"], pattern = {{ scan = \
                         {{ oldest = \"{oldest}s\" }} }} }}\n[workload.jobs]\nevery = \"{every}s\"\nsteps = [\n\
                         {{ action = \"read\", objects = 150, rate = \"{}/s\" }},\n\
                         {{ action = \"write\", objects = 20, rate = \"{}/s\" }},\n]\n",
                        self.rate(600.0),
                        self.rate(120.0),
                    )
            }
            Traffic::Scans => {
                let (every, oldest) = (longest / 2, 2 * longest);
                poisson("put", "writer", self.rate(200.0), "")
                    + &format!(
                        "[[workload]]\nname = \"job\"\nprincipal = \"app\"\nbucket = \"lake\"\n\
                         read = {{ from = [\"put\"], pattern = {{ scan = {{ oldest = \"{oldest}s\" }} }} }}\n\
                         [workload.jobs]\nevery = \"{every}s\"\nsteps = [\n\
                         {{ action = \"read\", objects = 200, rate = \"40/s\" }},\n]\n",
                    )
            }
        }
    }

    fn scenario(&self, seed: u64) -> String {
        let Self { write_partitions, read_partitions, verify, expiry, sessions, .. } = self;
        let (duration, generation, cache) = (self.duration_s(), self.generation_s, self.cache_s);
        let mut text = format!(
            "name = \"coverage\"\nseed = {seed}\nduration = \"{duration}s\"\nreplications = 1\n\
             engine = \"events\"\n[assumptions]\ngeneration_lifetime = \"{generation}s\"\n\
             cache_lifetime = \"{cache}s\"\nexpiry = \"{expiry}\"\nwrite_partitions = {write_partitions}\n\
             read_partitions = {read_partitions}\nverify_on_write = {verify}\n\
             [[bucket]]\nname = \"lake\"\n[[principal]]\nname = \"app\"\nrole = \"app\"\n\
             sessions = {sessions}\n"
        );
        let has = |name: &str| self.workloads().contains(name);
        if has("\"writer\"") || has("\"before\"") {
            text += "[[principal]]\nname = \"writer\"\nrole = \"writer\"\n";
        }
        if has("\"before\"") {
            let _ = write!(
                text,
                "[[population]]\nname = \"before\"\nbucket = \"lake\"\nwritten_by = \"writer\"\n\
                 written_at = \"{}/s\"\nage = {{ uniform = {{ to = \"{}s\" }} }}\n",
                self.rate(200.0),
                24 * self.longest_s(),
            );
        }
        text += &self.workloads();
        let _ = write!(
            text,
            "[[configuration]]\nname = \"bucket-key\"\nencryption = \"sse-kms-bucket-key\"\n\
             requester_rule = \"{}\"\n",
            self.rule.name()
        );
        text
    }
}

/// The trail of a run.
fn evidence(scenario: &str) -> Evidence {
    let scenario = &Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}\n{scenario}"));
    let assumptions = scenario.configurations[0].ranges.at(Level::Assumed);
    let arm = Arm { configuration: 0, assumptions, by_requester: false };
    let mut trail = Vec::new();
    cloudtrail::write::write(&mut trail, NamedEvents::new(scenario, &arm, 0).outgoing(0))
        .expect("memory takes it");
    let mut gather = Gather::new([]);
    let mut bad = BadLines::default();
    cloudtrail::read(&mut trail.as_slice(), "trail", &mut bad, &mut |entry| {
        gather.take(Form::CloudTrail, &entry);
        Ok(())
    })
    .expect("it is a trail");
    gather.finish().0
}

/// Whether what is stated is true, and whether anything is stated that the built-in range does not hold.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    runs: u32,
    told: u32,
    known: u32,
    wrong: u32,
}

impl Held {
    fn take<T: PartialOrd + PartialEq>(&mut self, estimate: &Estimate<T>, truth: &T) -> bool {
        let holds = estimate.low.as_ref().is_none_or(|low| low <= truth)
            && estimate.high.as_ref().is_none_or(|high| truth <= high);
        self.runs += 1;
        self.told += u32::from(estimate.low.is_some() || estimate.high.is_some());
        self.known += u32::from(estimate.low.is_some() && estimate.high.is_some());
        self.wrong += u32::from(!holds);
        holds
    }
}

const PARAMETERS: [&str; 7] = [
    "generation_lifetime",
    "write_partitions",
    "verify_on_write",
    "requester_rule",
    "cache_lifetime",
    "read_partitions",
    "expiry",
];

/// What became of many runs: by parameter, then by cell.
#[derive(Debug, Default)]
struct Tally {
    cells: BTreeMap<String, [Held; 7]>,
}

impl Tally {
    fn take(&mut self, truth: Truth, seed: u64) {
        let found = calibrate(&evidence(&truth.scenario(seed)));
        let Truth { rule, read_partitions, verify, traffic, .. } = truth;
        let cell = format!("{traffic:?} {} read {read_partitions} verify {verify}", rule.name());
        let held = self.cells.entry(cell).or_default();
        let holds = [
            held[0].take(&found.generation_lifetime_s, &truth.generation_s),
            held[1].take(&found.write_partitions, &truth.write_partitions),
            held[2].take(&found.verify_on_write, &truth.verify),
            held[3].take(&found.requester_rule, &truth.rule),
            held[4].take(&found.cache_lifetime_s, &truth.cache_s),
            held[5].take(&found.read_partitions, &truth.read_partitions),
            held[6].take(&found.expiry, &truth.expiry),
        ];
        let Calibration { generation_lifetime_s, write_partitions, cache_lifetime_s, read_partitions, .. } =
            &found;
        let ends = |estimate: &Estimate<i64>| format!("{:?}..{:?}", estimate.low, estimate.high);
        let counts = |estimate: &Estimate<u32>| format!("{:?}..{:?}", estimate.low, estimate.high);
        let wrong: Vec<&str> = PARAMETERS
            .iter()
            .zip(holds)
            .filter_map(|(name, holds)| (!holds).then_some(*name))
            .collect();
        if !wrong.is_empty() || std::env::var_os("BKS_COVERAGE_ALL").is_some() {
            eprintln!(
                "{seed} {truth:?}\n    wrong {wrong:?}: generation {} x {}, verify {:?}, rule {:?}, cache {} x {} {:?}",
                ends(generation_lifetime_s),
                counts(write_partitions),
                found.verify_on_write.low,
                found.requester_rule.low,
                ends(cache_lifetime_s),
                counts(read_partitions),
                found.expiry.low,
            );
        }
    }

    /// Sums cells that have `part` in their name.
    fn sum(&self, part: &str) -> [Held; 7] {
        let mut sum = [Held::default(); 7];
        let of_part = self.cells.iter().filter(|(name, _)| format!(" {name} ").contains(part));
        for held in of_part.map(|(_, held)| held) {
            for (sum, held) in sum.iter_mut().zip(held) {
                sum.runs += held.runs;
                sum.told += held.told;
                sum.known += held.known;
                sum.wrong += held.wrong;
            }
        }
        sum
    }

    fn print(&self) {
        let line = |name: &str, sum: [Held; 7]| {
            let each = sum.map(|held| format!("{:>4}/{:>4}/{:>2}", held.told, held.known, held.wrong));
            eprintln!("{name:<12} {:>5} {}", sum[0].runs, each.join("  "));
        };
        eprintln!("told/both ends/wrong: {PARAMETERS:?}");
        for traffic in TRAFFIC {
            line(&format!("{traffic:?}"), self.sum(&format!(" {traffic:?} ")));
        }
        for part in ["role", "session"] {
            line(part, self.sum(&format!(" {part} ")));
        }
        for partitions in READ_PARTITIONS {
            line(&format!("read {partitions}"), self.sum(&format!(" read {partitions} ")));
        }
        for verify in 0..2 {
            line(&format!("verify {verify}"), self.sum(&format!(" verify {verify} ")));
        }
        line("all", self.sum(""));
    }
}

const READ_PARTITIONS: [u32; 5] = [1, 2, 4, 6, 10];

/// Of what is stated at least 93 of 100 are true, of each parameter, and in each cell all but a few.
#[test]
fn what_is_stated_holds() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = number("BKS_COVERAGE").unwrap_or(0);
    let mut tally = Tally::default();
    let mut cell = 0;
    for traffic in TRAFFIC {
        for rule in [RequesterRule::Role, RequesterRule::Session] {
            for read_partitions in READ_PARTITIONS {
                for verify in 0..2 {
                    cell += 1;
                    let own = match seeds {
                        // A part of the grid: one run in every fifth cell.
                        0 if cell % 5 == 0 => cell..cell + 1,
                        0 => continue,
                        seeds => 1_000 * cell..1_000 * cell + seeds,
                    };
                    for seed in own {
                        let truth = Truth::new(rule, read_partitions, verify, traffic, seed);
                        tally.take(truth, seed);
                    }
                }
            }
        }
    }
    tally.print();
    for (name, held) in PARAMETERS.iter().zip(tally.sum("")) {
        assert!(held.wrong * 100 <= held.runs * 7, "{name}: {held:?}");
    }
    for (cell, held) in &tally.cells {
        for (name, held) in PARAMETERS.iter().zip(held) {
            assert!(held.wrong * 4 <= held.runs.max(4), "{cell}, {name}: {held:?}");
        }
    }
}
