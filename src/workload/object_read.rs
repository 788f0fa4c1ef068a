//! Which object is read.

use std::ops::Range;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};

use super::ages::AgeLaw;
use super::read_pattern::{JustWrittenReads, ReadPattern, ScanReads};
use crate::rng::{Stream, part_of};
use crate::s3::Object;
use crate::s3::columns::{Objects, S3Columns, WantedColumns, WrittenBy};
use crate::units::{SimDuration, SimTime};

use super::written::{KeptObjects, ObjectList};

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
    /// The law of its objects' ages.
    pub ages: AgeLaw,
    /// How many scoping policies own its objects: a reader reads what writers under its own policy
    /// wrote. 1 if everybody reads everything.
    pub policies: u32,
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
        ages: AgeLaw,
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
        Self { population, bucket, objects, writers, ages, policies: 1, popularity, scatter }
    }

    /// How many objects had been written at `time`, by the law of their ages (which are as many as
    /// the law says, give or take half an object).
    fn written_by(&self, time: SimTime) -> u64 {
        if time >= SimTime::ZERO {
            return self.objects;
        }
        let younger = self.ages.cdf(SimTime::ZERO.since(time));
        ((1.0 - younger) * self.objects as f64).round() as u64
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What another workload writes, for a workload that may read it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadWritten {
    /// Which workload writes them.
    pub workload: u32,
    /// The bucket they are written to.
    pub bucket: u32,
    /// Whose session slots write them.
    pub slots: Range<u32>,
    /// Since when: the start of the run or before.
    pub since: SimTime,
    /// False if they are written with the bucket key switched off by header.
    pub bucket_key: bool,
    /// How many scoping policies own their objects, see [`ReadPopulation::policies`].
    pub policies: u32,
}

/// What a workload reads. At least one of the two sources is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadSources {
    /// How it chooses.
    pub pattern: ReadPattern,
    /// Objects from before the run.
    pub population: Option<ReadPopulation>,
    /// Objects of the run.
    pub written: Option<ReadWritten>,
}

/// What is known of the ages of what is read.
#[derive(Clone, Debug, PartialEq)]
pub enum AgesRead {
    /// Each read is of an age by this law, whatever the reads before it.
    Law(AgeLaw),
    /// Any object is as likely as any other, whatever its age.
    AnyAge,
    /// Reads go by popularity or in turn.
    NoLaw,
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
    /// Which object of the workload that is followed, where each is handled once.
    pub follows: Option<usize>,
}

/// The objects that one reader may read, as far as they are kept one by one.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadableObjects<'a> {
    /// Those from before the run.
    before: Option<&'a ObjectList>,
    /// Those of another workload.
    written: Option<&'a ObjectList>,
    /// The reader's scoping policy.
    policy: u32,
}

/// The objects that a scan goes through, the oldest first: these of the population, then these of the
/// workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRange {
    before: Range<u64>,
    written: Range<usize>,
}

impl ScanRange {
    fn len(&self) -> u64 {
        self.before.end - self.before.start + self.written.len() as u64
    }
}

/// What is left to chance in choosing an object.
#[derive(Debug)]
pub struct ObjectChance {
    /// Its age or its rank.
    pub objects: Stream,
    /// Who wrote it, and in which cache partition.
    pub writers: Stream,
}

impl ReadSources {
    /// What a reader under `policy` may read of the objects that are kept.
    #[must_use]
    pub fn readable<'a>(&self, kept: &'a KeptObjects, policy: u32) -> ReadableObjects<'a> {
        let before = self.population.as_ref();
        let before = before.and_then(|old| kept.population(old.population, old.policies, policy));
        let written = self.written.as_ref();
        let written = written.and_then(|new| kept.workload(new.workload, new.policies, policy));
        ReadableObjects { before, written, policy }
    }

    /// All objects that may be read, in the order of time, if all are kept.
    #[must_use]
    pub fn objects_in_order(&self, kept: &KeptObjects) -> Option<Vec<Object>> {
        let readable = self.readable(kept, 0);
        let known = readable.before.is_some() == self.population.is_some()
            && readable.written.is_some() == self.written.is_some();
        if !known {
            return None;
        }
        let before = readable.before.into_iter().flat_map(ObjectList::iter);
        let before = before.map(|o| (o.time, WrittenBy::population(o.writer, o.draw)));
        let written = readable.written.into_iter().flat_map(ObjectList::iter);
        let written = written.map(|o| (o.time, WrittenBy::slot(o.writer, o.draw)));
        let mut all: Vec<(SimTime, WrittenBy)> = before.chain(written).collect();
        all.sort_by_key(|(time, _)| *time);
        Some(all.into_iter().map(|object| self.object_by(object).1).collect())
    }

    /// Whether readers see only what their own scoping policy owns.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.population.as_ref().is_some_and(|old| old.policies > 1)
            || self.written.as_ref().is_some_and(|new| new.policies > 1)
    }

    /// Chooses an object; gives the bucket it lies in, too. `scan` is the range of the scan that is
    /// under way, if its objects can be counted.
    ///
    /// # Panics
    /// If a pattern by rank has no population, or any has no source; the scenario refuses both.
    pub fn pick(
        &self,
        readable: ReadableObjects,
        scan: Option<&ScanRange>,
        at: ReadPoint,
        chance: &mut ObjectChance,
    ) -> (u32, Object) {
        let written_at = match (&self.pattern, scan) {
            (ReadPattern::Uniform | ReadPattern::Zipf(_), _) => {
                let population = self.population.as_ref().expect("reads by rank have a population");
                return population.ranked(population.draw_rank(&mut chance.objects));
            }
            (ReadPattern::ByAge(law), _) => at.time - law.sample(&mut chance.objects),
            (ReadPattern::Scan(_), Some(range)) => {
                return self.object_of(readable, range, in_turn(at, range.len()));
            }
            (ReadPattern::RecentFirst(_), Some(range)) => {
                let last = range.len() - 1;
                return self.object_of(readable, range, last - in_turn(at, range.len()));
            }
            (ReadPattern::Scan(scan), None) => scanned(scan, at, at.index),
            (ReadPattern::RecentFirst(scan), None) => {
                scanned(scan, at, at.of - 1 - at.index % at.of)
            }
            (ReadPattern::JustWritten(just), _) => {
                if let Some(object) = self.newest_in_turn(readable, *just, at) {
                    return object;
                }
                at.time - just.delay
            }
        };
        self.object_by(self.last_written(readable, written_at, chance.writers.next_u64()))
    }

    /// What a reader that handles each new object once takes: the one it follows or, in a job, the
    /// newest when the job starts and from there back. `None` if objects are not counted.
    fn newest_in_turn(
        &self,
        readable: ReadableObjects,
        just: JustWrittenReads,
        at: ReadPoint,
    ) -> Option<(u32, Object)> {
        let list = readable.written.filter(|list| !list.is_empty())?;
        let number = match at.follows {
            Some(number) => number,
            None if at.of > 1 => {
                let there = list.written_by(at.scan_start - just.delay);
                there.checked_sub(1 + (at.index % at.of) as usize)?
            }
            None => return None,
        };
        Some(self.written_object(list, number))
    }

    /// The `place`-th object of a scan's range, from 0, the oldest.
    fn object_of(&self, readable: ReadableObjects, range: &ScanRange, place: u64) -> (u32, Object) {
        let old = range.before.end - range.before.start;
        if place < old {
            let population = self.population.as_ref().expect("the range has objects of it");
            let rank = range.before.start + place;
            let Some(list) = readable.before else { return population.ranked(rank) };
            let object = list.object(rank as usize);
            let by = WrittenBy::population(object.writer, object.draw);
            return self.object_by((object.time, by));
        }
        let list = readable.written.expect("the range has objects of it");
        self.written_object(list, range.written.start + (place - old) as usize)
    }

    fn written_object(&self, list: &ObjectList, number: usize) -> (u32, Object) {
        let object = list.object(number);
        self.object_by((object.time, WrittenBy::slot(object.writer, object.draw)))
    }

    /// The objects that a scan which begins at `start` goes through, if they can be counted; `None`
    /// too if there is none.
    #[must_use]
    pub fn scan_range(&self, readable: ReadableObjects, start: SimTime) -> Option<ScanRange> {
        let scan = self.scan()?;
        let (oldest, newest) = (start - scan.oldest, start - scan.newest);
        let before_oldest = oldest - SimDuration::from_nanos(1);
        let before = match (&self.population, readable.before) {
            (None, _) => 0..0,
            (Some(_), Some(list)) => {
                list.written_by(before_oldest) as u64..list.written_by(newest) as u64
            }
            (Some(old), None) => old.written_by(oldest)..old.written_by(newest),
        };
        let written = match (&self.written, readable.written) {
            (None, _) => 0..0,
            (Some(_), Some(list)) => list.written_by(before_oldest)..list.written_by(newest),
            (Some(_), None) => return None,
        };
        let range = ScanRange { before, written };
        (range.len() > 0).then_some(range)
    }

    /// The time range that reads go through in turn, if they do.
    #[must_use]
    pub fn scan(&self) -> Option<&ScanReads> {
        match &self.pattern {
            ReadPattern::Scan(scan) | ReadPattern::RecentFirst(scan) => Some(scan),
            _ => None,
        }
    }

    /// What is known of the ages of what is read.
    #[must_use]
    pub fn ages_read(&self) -> AgesRead {
        match &self.pattern {
            ReadPattern::Uniform => AgesRead::AnyAge,
            ReadPattern::ByAge(law) => AgesRead::Law(law.clone()),
            ReadPattern::JustWritten(just) => AgesRead::Law(AgeLaw::Fixed(just.delay)),
            ReadPattern::Zipf(_) | ReadPattern::Scan(_) | ReadPattern::RecentFirst(_) => {
                AgesRead::NoLaw
            }
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
        match objects {
            (None, Some(new)) if !new.bucket_key => Some((new.bucket, Objects::Keyless)),
            (Some(old), Some(new)) if old.bucket != new.bucket || !new.bucket_key => None,
            (old, new) => {
                let bucket = old.as_ref().map(|old| old.bucket);
                let bucket = bucket.or(new.as_ref().map(|new| new.bucket))?;
                let population = old.as_ref().map(|old| (old.population, old.writers));
                let written = new.as_ref().map(|new| (new.workload, new.slots.clone()));
                Some((bucket, Objects::Aged { population, written }))
            }
        }
    }

    /// Chooses an object for each request of `columns` from the `first` on: those that
    /// [`ReadSources::pick`] would.
    ///
    /// # Panics
    /// If the pattern has regard to the order of the requests.
    pub fn fill(
        &self,
        readable: ReadableObjects,
        columns: &mut S3Columns,
        first: usize,
        wanted: WantedColumns,
        chance: &mut ObjectChance,
    ) {
        let S3Columns { times, ranks, written, writers, .. } = columns;
        let first_written = written.len();
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
        if let (false, None, Some(new)) = (wanted.writers, &self.population, &self.written) {
            // What comes before the first object is the first.
            for time in &mut written[first_written..] {
                *time = (*time).max(new.since);
            }
        }
        if wanted.writers {
            writers.extend(written[first_written..].iter_mut().map(|written| {
                let draw = chance.writers.next_u64();
                let by;
                (*written, by) = self.last_written(readable, *written, draw);
                by
            }));
        }
    }

    /// The object that anybody had written last at `time`: when, by whom and where. Where objects are
    /// not kept, that is the moment itself, and `draw` picks writer and place, all alike.
    ///
    /// Before the first object of all it is the first.
    #[inline]
    fn last_written(
        &self,
        readable: ReadableObjects,
        time: SimTime,
        draw: u64,
    ) -> (SimTime, WrittenBy) {
        let written = match (&self.written, readable.written) {
            (Some(new), None) if self.population.is_none() || time >= new.since => {
                let slot = new.slots.start
                    + some_writer(draw, new.slots.len() as u32, new.policies, readable.policy);
                Some((time.max(new.since), WrittenBy::slot(slot, draw as u32)))
            }
            (None, _) | (Some(_), None) => None,
            (Some(_), Some(list)) => list
                .last_at(time)
                .map(|object| (object.time, WrittenBy::slot(object.writer, object.draw))),
        };
        let before = match (&self.population, readable.before) {
            (None, _) => None,
            (Some(old), None) => {
                let writer = some_writer(draw, old.writers, old.policies, readable.policy);
                // What the run has written is younger.
                (written.is_none())
                    .then(|| (time.min(SimTime::ZERO), WrittenBy::population(writer, draw as u32)))
            }
            (Some(_), Some(list)) => list
                .last_at(time)
                .map(|object| (object.time, WrittenBy::population(object.writer, object.draw))),
        };
        written.into_iter().chain(before).max_by_key(|(time, _)| *time).unwrap_or_else(|| {
            if let Some(object) = readable.before.and_then(ObjectList::first) {
                (object.time, WrittenBy::population(object.writer, object.draw))
            } else if let Some(object) = readable.written.and_then(ObjectList::first) {
                (object.time, WrittenBy::slot(object.writer, object.draw))
            } else if let Some(new) = &self.written {
                // Nothing is ever written.
                (time.max(new.since), WrittenBy::slot(new.slots.start, draw as u32))
            } else {
                (time.min(SimTime::ZERO), WrittenBy::population(0, draw as u32))
            }
        })
    }

    /// An object known by its moment, its writer and where it was written; and its bucket.
    fn object_by(&self, (time, by): (SimTime, WrittenBy)) -> (u32, Object) {
        let draw = by.draw();
        match (by.writer_of_population(), &self.population, &self.written) {
            (Some(writer), Some(old), _) => {
                (old.bucket, Object::Aged { population: old.population, writer, draw, time })
            }
            (None, _, Some(new)) if new.bucket_key => {
                let (bucket, slot) = (new.bucket, by.number());
                (bucket, Object::Written { bucket, slot, draw, time })
            }
            (None, _, Some(new)) => (new.bucket, Object::Keyless),
            _ => unreachable!("the scenario gives reads a source"),
        }
    }
}

/// One of `writers`, all alike, that the upper half of `draw` picks: of those under `policy` where
/// several policies, carried in turn, own their objects.
#[inline]
fn some_writer(draw: u64, writers: u32, policies: u32, policy: u32) -> u32 {
    let who = (draw >> 32) as u32;
    if policies <= 1 {
        return part_of(who, writers);
    }
    let first = policy % policies;
    let owners = (writers - first.min(writers)).div_ceil(policies);
    if owners == 0 { part_of(who, writers) } else { first + policies * part_of(who, owners) }
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

/// Which of `objects` in a scan's range comes at its turn: evenly spread where the scan reads fewer, one
/// pass after another where it reads more; none twice in a pass.
fn in_turn(at: ReadPoint, objects: u64) -> u64 {
    let index = at.index % at.of;
    if at.of > objects {
        return index % objects;
    }
    // The middle of each of as many equal parts as are read.
    let middle = (2 * u128::from(index) + 1) * u128::from(objects);
    (middle / (2 * u128::from(at.of))) as u64
}

/// When the `index`-th of the scan's objects was written, if they are spread evenly over its range.
fn scanned(scan: &ScanReads, at: ReadPoint, index: u64) -> SimTime {
    let range_s = scan.oldest.as_secs_f64() - scan.newest.as_secs_f64();
    let done = ((index % at.of) as f64 + 0.5) / at.of as f64;
    at.scan_start - scan.oldest + SimDuration::from_secs_f64(range_s * done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};
    use crate::workload::read_pattern::ZipfReads;
    use crate::workload::written::{SourceObjects, WrittenObject};

    fn reads(pattern: ReadPattern, objects: u64) -> ReadSources {
        let ages = AgeLaw::Fixed(SimDuration::ZERO);
        let population = Some(ReadPopulation::new(0, 0, objects, 1, ages, &pattern));
        ReadSources { pattern, population, written: None }
    }

    fn chance() -> ObjectChance {
        let [objects, writers] = Seed(3).streams(0, Purpose::Requests, (0, 0));
        ObjectChance { objects, writers }
    }

    fn at(index: u64, of: u64) -> ReadPoint {
        let start = SimTime::ZERO;
        ReadPoint { time: start, scan_start: start, index, of, follows: None }
    }

    fn ranks(reads: &ReadSources, count: u64) -> Vec<u64> {
        let mut rng = chance();
        (0..count)
            .map(|_| match reads.pick(ReadableObjects::default(), None, at(0, 1), &mut rng).1 {
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

    /// Sixteen objects, the oldest 16 s old, of which a scan takes those from 12 s to 5 s of age.
    #[test]
    fn scans_go_through_their_range_in_order_and_read_each_object_once_a_pass() {
        assert_eq!(ages(ReadPattern::Scan(scan(12, 5, 8)), 8), [12, 11, 10, 9, 8, 7, 6, 5]);
        let recent_first = ReadPattern::RecentFirst(scan(12, 5, 8));
        assert_eq!(ages(recent_first, 8), [5, 6, 7, 8, 9, 10, 11, 12]);
        // The middles of four pairs and, where more is read than is there, another pass.
        assert_eq!(ages(ReadPattern::Scan(scan(12, 5, 4)), 4), [11, 9, 7, 5]);
        let twice = [12, 11, 10, 9, 8, 7, 6, 5, 12, 11];
        assert_eq!(ages(ReadPattern::Scan(scan(12, 5, 10)), 10), twice);
    }

    fn scan(oldest_s: i64, newest_s: i64, objects: u64) -> ScanReads {
        let [oldest, newest] = [oldest_s, newest_s].map(SimDuration::from_secs);
        ScanReads { oldest, newest, objects }
    }

    /// The ages in seconds of what is read in turn of sixteen objects, a second apart.
    fn ages(pattern: ReadPattern, of: u64) -> Vec<i64> {
        let objects = (1..=16).map(|age_s| WrittenObject {
            time: SimTime::ZERO - SimDuration::from_secs(age_s),
            writer: 0,
            draw: age_s as u32,
        });
        let objects = SourceObjects::new(objects.collect(), 1, 0);
        let kept = KeptObjects { of_population: vec![Some(objects)], of_workload: Vec::new() };
        let reads = reads(pattern, 16);
        let readable = reads.readable(&kept, 0);
        let range = reads.scan_range(readable, SimTime::ZERO).unwrap();
        let objects =
            (0..of).map(|index| reads.pick(readable, Some(&range), at(index, of), &mut chance()).1);
        let ages = objects.map(|object| match object {
            Object::Aged { time, .. } => -time.as_nanos() / 1_000_000_000,
            other => panic!("{other:?}"),
        });
        ages.collect()
    }
}
