//! Which object is read.

use std::ops::Range;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ages::AgeLaw;
use crate::error::{Error, Result};
use crate::rng::{Stream, part_of};
use crate::s3::Object;
use crate::s3::columns::{Columns, Objects, Wanted, writer_and_draw};
use crate::units::{SimDuration, SimTime};

/// How a workload chooses what to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadPattern {
    /// Every object of the population is as likely as any other.
    Uniform,
    /// By popularity: the r-th most popular object in proportion to r^-exponent; popularity has
    /// nothing to do with age.
    Zipf(ZipfReads),
    /// By age: the age of what is read follows a law.
    ByAge(AgeLaw),
    /// A time range from its oldest object to its newest, spread evenly.
    Scan(ScanReads),
    /// A time range from its newest object to its oldest, spread evenly.
    RecentFirst(ScanReads),
    /// What was written last, some time after it was written.
    JustWritten(JustWrittenReads),
}

/// Parameter of reads by popularity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipfReads {
    /// 0 for uniform; about 1 in many measured workloads.
    pub exponent: f64,
}

/// The time range of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanReads {
    /// Age of the oldest object of the range when the scan begins.
    pub oldest: SimDuration,
    /// Age of the newest object of the range when the scan begins.
    #[serde(default)]
    pub newest: SimDuration,
    /// Objects of one scan outside jobs (a job's step says how many it reads).
    #[serde(default = "default_scan_objects")]
    pub objects: u64,
}

fn default_scan_objects() -> u64 {
    1_000
}

/// Parameter of reads of what was just written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JustWrittenReads {
    /// Time from the write to the read.
    #[serde(default)]
    pub delay: SimDuration,
}

impl ReadPattern {
    /// Whether objects are chosen by their rank in a population, not by when they were written.
    #[must_use]
    pub const fn is_by_rank(&self) -> bool {
        matches!(self, Self::Uniform | Self::Zipf(_))
    }

    /// Refuses parameters that choose nothing.
    ///
    /// # Errors
    /// Names the parameter and what it must keep to.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Zipf(zipf) if !(0.0..=20.0).contains(&zipf.exponent) => Err(Error::request(
                format!("`exponent` is `{}`, but must lie between 0 and 20", zipf.exponent),
            )),
            Self::ByAge(law) => law.check(),
            Self::Scan(scan) | Self::RecentFirst(scan) if scan.newest > scan.oldest => {
                Err(Error::request(format!(
                    "the range goes from `oldest` `{}` to `newest` `{}`, but the newest is younger",
                    scan.oldest, scan.newest
                )))
            }
            Self::Scan(scan) | Self::RecentFirst(scan) if scan.objects == 0 => {
                Err(Error::request("`objects` is `0`, but a scan reads at least one object"))
            }
            _ => Ok(()),
        }
    }
}

/// Objects written before the run that a workload may read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPopulation {
    /// Which population.
    pub population: u32,
    /// The bucket it lies in.
    pub bucket: u32,
    /// How many objects it has.
    pub objects: u64,
    /// How many session slots wrote it.
    pub writers: u32,
    /// The law of popularity, for reads by it.
    popularity: Option<Zipf<f64>>,
    /// Multiplies popularity ranks into age ranks; has no divisor in common with `objects`.
    scatter: u64,
}

impl ReadPopulation {
    /// A population of at least one object, read by `pattern`.
    ///
    /// # Panics
    /// If there is no object, or the pattern was not checked.
    #[must_use]
    pub fn new(
        population: u32,
        bucket: u32,
        objects: u64,
        writers: u32,
        pattern: &ReadPattern,
    ) -> Self {
        let popularity = match pattern {
            ReadPattern::Zipf(zipf) => Some(
                Zipf::new(objects as f64, zipf.exponent)
                    .expect("a population has an object, an exponent is not negative"),
            ),
            _ => None,
        };
        // Multiples of the golden section spread evenly over the ages, so the most popular
        // objects are of all ages.
        let mut scatter = (objects as f64 * 0.618_033_988_749_894_9) as u64 | 1;
        while gcd(scatter, objects) != 1 {
            scatter += 1;
        }
        Self { population, bucket, objects, writers, popularity, scatter }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Objects written within the run that a workload may read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadWritten {
    /// The bucket they are written to.
    pub bucket: u32,
    /// Whose session slots write them.
    pub slots: Range<u32>,
    /// False if they are written with the bucket key switched off by header.
    pub bucket_key: bool,
}

/// What a workload reads. At least one of the two sources is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Reads {
    /// How it chooses.
    pub pattern: ReadPattern,
    /// Objects from before the run.
    pub population: Option<ReadPopulation>,
    /// Objects of the run.
    pub written: Option<ReadWritten>,
}

/// Where a reader stands.
#[derive(Clone, Copy, Debug)]
pub struct ReadPoint {
    /// Now.
    pub time: SimTime,
    /// When the scan began.
    pub scan_start: SimTime,
    /// Which object of the scan this is, from 0.
    pub index: u64,
    /// How many objects the scan has.
    pub of: u64,
}

/// What is left to chance in choosing an object.
#[derive(Debug)]
pub struct ObjectChance {
    /// Its age or its rank.
    pub objects: Stream,
    /// Who wrote it, and in which cache partition.
    pub writers: Stream,
}

impl Reads {
    /// Chooses an object; gives the bucket it lies in, too.
    ///
    /// # Panics
    /// If a pattern by rank has no population, or any has no source; the scenario refuses both.
    pub fn pick(&self, at: ReadPoint, chance: &mut ObjectChance) -> (u32, Object) {
        let written_at = match &self.pattern {
            ReadPattern::Uniform | ReadPattern::Zipf(_) => {
                let population = self.population.as_ref().expect("reads by rank have a population");
                return population.ranked(population.draw_rank(&mut chance.objects));
            }
            ReadPattern::ByAge(law) => at.time - law.sample(&mut chance.objects),
            ReadPattern::Scan(scan) => scanned(scan, at, at.index),
            ReadPattern::RecentFirst(scan) => scanned(scan, at, at.of - 1 - at.index % at.of),
            ReadPattern::JustWritten(just) => at.time - just.delay,
        };
        self.written_at(written_at, chance.writers.next_u64())
    }

    /// The time range that reads go through in turn, if they do.
    #[must_use]
    pub fn scan(&self) -> Option<&ScanReads> {
        match &self.pattern {
            ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan) => Some(scan),
            _ => None,
        }
    }

    /// The law of the ages of what is read, `None` within if any object is as likely as any other;
    /// `None` at all if reads go by popularity or in turn.
    #[must_use]
    #[allow(clippy::option_option, reason = "no law of ages and no choice by age are two things")]
    pub fn law_of_ages(&self) -> Option<Option<AgeLaw>> {
        match &self.pattern {
            ReadPattern::Uniform => Some(None),
            ReadPattern::ByAge(law) => Some(Some(law.clone())),
            ReadPattern::JustWritten(just) => Some(Some(AgeLaw::Fixed(just.delay))),
            ReadPattern::Zipf(_) | ReadPattern::Scan(_) | ReadPattern::RecentFirst(_) => None,
        }
    }

    /// The bucket of the objects it chooses, and what they are as columns, if they can be chosen
    /// without regard to the order of the requests and lie in one bucket.
    #[must_use]
    pub fn objects(&self) -> Option<(u32, Objects)> {
        let objects = match (&self.pattern, &self.population, &self.written) {
            (ReadPattern::Uniform | ReadPattern::Zipf(_), Some(old), _) => {
                return Some((old.bucket, Objects::Ranked { population: old.population }));
            }
            (ReadPattern::ByAge(_) | ReadPattern::JustWritten(_), old, new) => (old, new),
            _ => return None,
        };
        let slots = |new: &ReadWritten| new.slots.clone();
        let population = |old: &ReadPopulation| (old.population, old.writers);
        match objects {
            (None, Some(new)) if !new.bucket_key => Some((new.bucket, Objects::Keyless)),
            (Some(old), Some(new)) if old.bucket != new.bucket || !new.bucket_key => None,
            (old, new) => {
                let bucket = old.as_ref().map(|old| old.bucket);
                let bucket = bucket.or(new.as_ref().map(|new| new.bucket))?;
                let population = old.as_ref().map(population);
                Some((bucket, Objects::Aged { population, slots: new.as_ref().map(slots) }))
            }
        }
    }

    /// Chooses an object for each request of `columns` from the `first` on: those that
    /// [`Reads::pick`] would.
    ///
    /// # Panics
    /// If the pattern has regard to the order of the requests.
    pub fn fill(
        &self,
        columns: &mut Columns,
        first: usize,
        wanted: Wanted,
        chance: &mut ObjectChance,
    ) {
        let Columns { times, ranks, written, writers, .. } = columns;
        let times = &times[first..];
        match &self.pattern {
            ReadPattern::Uniform | ReadPattern::Zipf(_) => {
                let population = self.population.as_ref().expect("reads by rank have a population");
                ranks.extend(times.iter().map(|_| population.draw_rank(&mut chance.objects)));
                return;
            }
            ReadPattern::ByAge(AgeLaw::Exponential(law)) => {
                // As `law.sample` without the choice between laws.
                let first = written.len();
                written.resize(first + times.len(), SimTime::ZERO);
                let places = written[first..].iter_mut().zip(times);
                law.ages().for_each(places, &mut chance.objects, |(written, &time), age_ns| {
                    // Neither is negative, so that nothing overflows.
                    *written = SimTime::from_nanos(time.as_nanos() - age_ns);
                });
            }
            ReadPattern::ByAge(law) => {
                written.extend(times.iter().map(|&time| time - law.sample(&mut chance.objects)));
            }
            ReadPattern::JustWritten(just) => {
                written.extend(times.iter().map(|&time| time - just.delay));
            }
            ReadPattern::Scan(_) | ReadPattern::RecentFirst(_) => {
                panic!("scans have regard to the order of their requests")
            }
        }
        if wanted.writers {
            writers.extend(times.iter().map(|_| chance.writers.next_u64()));
        }
    }

    /// An object written at `time` by whom and where `draw` picks. Where only one source is there,
    /// times beyond it stand for its object nearest in time.
    fn written_at(&self, time: SimTime, draw: u64) -> (u32, Object) {
        let (who, draw) = writer_and_draw(draw);
        match (&self.population, &self.written) {
            (Some(old), new) if time < SimTime::ZERO || new.is_none() => {
                let (writer, time) = (part_of(who, old.writers), time.min(SimTime::ZERO));
                (old.bucket, Object::Aged { population: old.population, writer, draw, time })
            }
            (_, Some(new)) if new.bucket_key => {
                let slot = new.slots.start + part_of(who, new.slots.len() as u32);
                let time = time.max(SimTime::ZERO);
                (new.bucket, Object::Written { bucket: new.bucket, slot, draw, time })
            }
            (_, Some(new)) => (new.bucket, Object::Keyless),
            (_, None) => unreachable!("the scenario gives reads a source"),
        }
    }
}

impl ReadPopulation {
    fn draw_rank(&self, rng: &mut Stream) -> u64 {
        let Some(law) = self.popularity else { return rng.random_range(0..self.objects) };
        let popularity = law.sample(rng) as u64 % self.objects;
        let rank = u128::from(popularity) * u128::from(self.scatter);
        (rank % u128::from(self.objects)) as u64
    }

    fn ranked(&self, rank: u64) -> (u32, Object) {
        (self.bucket, Object::Ranked { population: self.population, rank })
    }
}

/// When the `index`-th of the scan's objects was written.
fn scanned(scan: &ScanReads, at: ReadPoint, index: u64) -> SimTime {
    let range_s = scan.oldest.as_secs_f64() - scan.newest.as_secs_f64();
    let done = ((index % at.of) as f64 + 0.5) / at.of as f64;
    at.scan_start - scan.oldest + SimDuration::from_secs_f64(range_s * done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    fn reads(pattern: ReadPattern, objects: u64) -> Reads {
        let population = Some(ReadPopulation::new(0, 0, objects, 1, &pattern));
        Reads { pattern, population, written: None }
    }

    fn chance() -> ObjectChance {
        let [objects, writers] = Seed(3).streams(0, Purpose::Requests, (0, 0));
        ObjectChance { objects, writers }
    }

    fn ranks(reads: &Reads, count: u64) -> Vec<u64> {
        let mut rng = chance();
        let at = ReadPoint { time: SimTime::ZERO, scan_start: SimTime::ZERO, index: 0, of: 1 };
        (0..count)
            .map(|_| match reads.pick(at, &mut rng).1 {
                Object::Ranked { rank, .. } => rank,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn zipf_reads_are_as_popular_as_the_law_says() {
        let reads = reads(ReadPattern::Zipf(ZipfReads { exponent: 1.0 }), 100);
        let mut counts = [0_u32; 100];
        for rank in ranks(&reads, 100_000) {
            counts[rank as usize] += 1;
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let harmonic: f64 = (1..=100).map(|r| 1.0 / f64::from(r)).sum();
        // Five binomial standard deviations.
        let expected = 100_000.0 / harmonic;
        assert!((f64::from(counts[0]) - expected).abs() < 5.0 * expected.sqrt(), "{}", counts[0]);
        assert!(counts[99] > 0, "every object can be read");
    }

    #[test]
    fn uniform_reads_reach_all_of_a_huge_population() {
        let objects = 1 << 53;
        let ranks = ranks(&reads(ReadPattern::Uniform, objects), 1_000);
        let mean = ranks.iter().map(|&r| r as f64).sum::<f64>() / 1_000.0;
        // Five standard errors of the mean of a uniform law.
        let tolerance = 5.0 * objects as f64 / 12.0_f64.sqrt() / 1_000.0_f64.sqrt();
        assert!((mean - objects as f64 / 2.0).abs() < tolerance);
    }

    #[test]
    fn scans_go_through_their_range_in_order() {
        let scan = ScanReads {
            oldest: SimDuration::from_secs(100),
            newest: SimDuration::from_secs(20),
            objects: 4,
        };
        let mut rng = chance();
        let mut times = |pattern: &ReadPattern| -> Vec<f64> {
            let reads = reads(pattern.clone(), 10);
            (0..4)
                .map(|index| {
                    let at =
                        ReadPoint { time: SimTime::ZERO, scan_start: SimTime::ZERO, index, of: 4 };
                    match reads.pick(at, &mut rng).1 {
                        Object::Aged { time, .. } => time.as_secs_f64(),
                        other => panic!("{other:?}"),
                    }
                })
                .collect()
        };
        assert_eq!(times(&ReadPattern::Scan(scan)), [-90.0, -70.0, -50.0, -30.0]);
        assert_eq!(times(&ReadPattern::RecentFirst(scan)), [-30.0, -50.0, -70.0, -90.0]);
    }

    #[test]
    fn patterns_that_choose_nothing_are_refused() {
        let range = |oldest, newest, objects| {
            ReadPattern::Scan(ScanReads {
                oldest: SimDuration::from_secs(oldest),
                newest: SimDuration::from_secs(newest),
                objects,
            })
        };
        assert!(range(1, 2, 1).check().is_err());
        assert!(range(2, 1, 0).check().is_err());
        assert!(ReadPattern::Zipf(ZipfReads { exponent: f64::NAN }).check().is_err());
    }
}
