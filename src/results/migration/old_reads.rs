//! How much of what is read are objects from before the run, and for how long: what is read by age wanders to
//! those that are written during it.

use crate::encryption::Mode;
use crate::scenario::{Configuration, Population, Scenario};
use crate::units::{SimDuration, SimTime};
use crate::workload::Workload;
use crate::workload::ages::AgeLaw;
use crate::workload::growth::MonthlyFactors;
use crate::workload::object_read::{ReadSources, ReadWritten};
use crate::workload::read_pattern::{ReadPattern, ScanReads};

/// Reads of some of the objects from before the run. Work that happens once is left out.
pub(in crate::results) struct OldReads<'a> {
    readers: Vec<OldReader<'a>>,
}

/// A workload that reads such objects.
struct OldReader<'a> {
    /// Reads a second, in the mean.
    per_s: f64,
    /// How they become more or fewer from month to month, and the mean of that over the run.
    growth: Option<(&'a MonthlyFactors, f64)>,
    /// What it chooses from.
    reads: &'a ReadSources,
    /// The part of a bucket that the population lies in.
    bucket: u32,
    /// How old the objects of the population are at the start.
    ages: &'a AgeLaw,
    /// Which of them are meant, by their ages at the start.
    older_than: SimDuration,
    younger_than: SimDuration,
}

/// Far beyond every run, in seconds.
const FAR_S: f64 = 3e9;

/// What is left of reads that have faded away, of what they lose.
const LEFT: f64 = 1e-4;

/// Parts in which a mean over time is taken.
const PARTS: u32 = 256;

impl<'a> OldReads<'a> {
    /// Those of what a configuration migrates: what its saving lives on.
    pub(in crate::results) fn of_migrated(
        scenario: &'a Scenario,
        migrated: &Configuration,
    ) -> Self {
        let mut migrated_reads = Self::of(scenario, |population| {
            let domain = &scenario.domains[scenario.populations[population].bucket as usize];
            migrated.migrates(population) && domain.migrates()
        });
        if let Some(age) = migrated.migrated_younger_than {
            migrated_reads.readers.iter_mut().for_each(|reader| reader.younger_than = age);
        }
        migrated_reads
    }

    /// Those of objects without a bucket key, in buckets that have such keys.
    pub(in crate::results) fn without_key(scenario: &'a Scenario) -> Self {
        let keyless = |population| has_keyless(scenario, &scenario.populations[population]);
        let mut keyless_reads = Self::of(scenario, keyless);
        for reader in &mut keyless_reads.readers {
            let since = scenario.domains[reader.bucket as usize].keys_since;
            reader.older_than = SimTime::ZERO.since(since.min(SimTime::ZERO));
        }
        keyless_reads
    }

    /// Those of all objects from before the run.
    pub(super) fn of_all(scenario: &'a Scenario) -> Self {
        Self::of(scenario, |_| true)
    }

    /// Those of some of the populations.
    fn of(scenario: &'a Scenario, is_meant: impl Fn(usize) -> bool) -> Self {
        let recurring = scenario.workloads.iter().filter(|workload| !workload.happens_once());
        let readers = recurring.filter_map(|workload| {
            let reads = workload.reads.as_ref()?;
            let source = reads.population.as_ref()?;
            let population = source.population as usize;
            is_meant(population).then(|| OldReader {
                per_s: reads_per_s(scenario, workload),
                growth: workload.growth().map(|it| (it, it.mean(scenario.duration()))),
                reads,
                bucket: source.bucket,
                ages: &scenario.populations[population].age,
                older_than: SimDuration::ZERO,
                younger_than: SimDuration::MAX,
            })
        });
        Self { readers: readers.collect() }
    }

    /// How many a second there are at a time after the start, in seconds, if the objects were there then.
    pub(super) fn per_s(&self, time_s: f64) -> f64 {
        self.readers.iter().map(|reader| reader.per_s * reader.share(time_s)).sum()
    }

    /// The same of traffic that grows or shrinks, not in the mean.
    pub(super) fn per_s_with_growth(&self, time_s: f64) -> f64 {
        self.readers.iter().map(|it| it.per_s * it.growth_at(time_s) * it.share(time_s)).sum()
    }

    /// Whether traffic grows or shrinks.
    pub(super) fn grow(&self) -> bool {
        self.readers.iter().any(|reader| reader.growth.is_some())
    }

    /// Whether they become fewer.
    pub(super) fn fade(&self) -> bool {
        self.per_s(0.0) > self.per_s(FAR_S)
    }

    /// In how many seconds they are as few as they become, but for [`LEFT`] of what they lose.
    pub(super) fn faded_s(&self) -> f64 {
        let [now, far] = [0.0, FAR_S].map(|time_s| self.per_s(time_s));
        let most = far + LEFT * (now - far);
        let (mut early, mut late) = (0.0, FAR_S);
        while late - early > 60.0 {
            let middle = f64::midpoint(early, late);
            if self.per_s(middle) > most {
                early = middle;
            } else {
                late = middle;
            }
        }
        late
    }

    /// Their share of all reads of these workloads in a stretch of time, by the middles of its parts.
    pub(in crate::results) fn share(&self, from_s: f64, to_s: f64) -> f64 {
        let part_s = (to_s - from_s) / f64::from(PARTS);
        let middles = (0..PARTS).map(|part| from_s + (f64::from(part) + 0.5) * part_s);
        let old: f64 = middles.map(|time_s| self.per_s(time_s)).sum();
        let all: f64 = self.readers.iter().map(|reader| reader.per_s).sum();
        if all > 0.0 { old / f64::from(PARTS) / all } else { 0.0 }
    }
}

impl OldReader<'_> {
    /// How many times the mean traffic there is at a time after the start.
    fn growth_at(&self, time_s: f64) -> f64 {
        let time = SimTime::from(SimDuration::from_secs_f64(time_s));
        self.growth.map_or(1.0, |(growth, mean)| growth.at_or_beyond(time) / mean)
    }

    /// Share of its reads that are of such objects at a time after the start.
    fn share(&self, time_s: f64) -> f64 {
        (self.older(self.older_than, time_s) - self.older(self.younger_than, time_s)).max(0.0)
    }

    /// Share of its reads that are of objects that were older than an age at the start.
    fn older(&self, age: SimDuration, time_s: f64) -> f64 {
        if age == SimDuration::ZERO {
            return share_of_old(self.reads, time_s);
        }
        if age == SimDuration::MAX {
            return 0.0;
        }
        let beyond_s = time_s + age.as_secs_f64();
        match (&self.reads.pattern, &self.reads.written) {
            (ReadPattern::Uniform | ReadPattern::Zipf(_), _) => 1.0 - self.ages.cdf(age),
            (_, Some(_)) => share_of_old(self.reads, beyond_s),
            (ReadPattern::ByAge(law), None) => 1.0 - law.cdf(SimDuration::from_secs_f64(beyond_s)),
            (ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan), None) => {
                older_part(scan, beyond_s)
            }
            (ReadPattern::JustWritten(_), None) => 0.0,
        }
    }
}

/// Whether some of a population's objects have no bucket key.
pub(in crate::results) fn has_keyless(scenario: &Scenario, population: &Population) -> bool {
    let domain = scenario.domain_of(population);
    if domain.directory {
        return false;
    }
    if let Some(mode) = domain.encryption {
        // What is told to be under another encryption needs no bucket key, or has one.
        return mode == Mode::SseKms;
    }
    let since = domain.keys_since;
    since >= SimTime::ZERO || population.age.cdf(SimTime::ZERO.since(since)) < 1.0 - 1e-9
}

/// Reads a second, in the mean.
fn reads_per_s(scenario: &Scenario, workload: &Workload) -> f64 {
    let actions = workload.expected_actions(scenario.duration()).into_iter();
    let reads = actions.filter(|(action, _)| action.reads()).map(|(_, count)| count);
    reads.sum::<f64>() / scenario.duration().as_secs_f64()
}

/// Share of the reads at a time after the start of the run that are of objects from before it.
fn share_of_old(reads: &ReadSources, time_s: f64) -> f64 {
    match (&reads.population, &reads.written) {
        (None, _) => 0.0,
        // What is read is the newest of them, where a law asks for newer ones.
        (Some(_), None) => 1.0,
        (Some(_), Some(written)) => match &reads.pattern {
            ReadPattern::Uniform | ReadPattern::Zipf(_) => 1.0,
            // What newer writers wrote before the run is not the population's.
            ReadPattern::ByAge(law) => {
                1.0 - law.cdf(SimDuration::from_secs_f64(time_s + since_s(written)))
            }
            ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan) => {
                older_part(scan, time_s + since_s(written))
            }
            ReadPattern::JustWritten(just) => {
                f64::from(u8::from(just.delay.as_secs_f64() > time_s))
            }
        },
    }
}

/// How long before the run a workload began whose objects are read.
fn since_s(written: &ReadWritten) -> f64 {
    SimTime::ZERO.since(written.since).as_secs_f64()
}

/// The part of a scan's range that is older than `time_s`.
fn older_part(scan: &ScanReads, time_s: f64) -> f64 {
    let [newest, oldest] = [scan.newest, scan.oldest].map(SimDuration::as_secs_f64);
    if oldest > newest {
        ((oldest - time_s) / (oldest - newest)).clamp(0.0, 1.0)
    } else {
        f64::from(u8::from(oldest > time_s))
    }
}
