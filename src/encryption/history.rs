//! The bucket-level keys of objects that were there before the run.
//!
//! A population of N objects with independent ages is written, oldest first, by its writers; the
//! rule of writing is the one of [`super::service`]: the first write that finds no live key
//! generates one, which then wraps all writes of its lifetime. The walk below jumps from key to
//! key instead of from object to object, and is exact in distribution. With `v` = the share of a
//! timeline's objects that are older than a point in time, the `n` objects not yet written lie
//! independently and evenly over `(v, 1)`. So the next write is their minimum,
//! `v + (1 − v)(1 − U^(1/n))`, and of the rest a binomial number falls into the key's lifetime.
//! Cost and memory go with the number of keys, never with the number of objects.

use rand::RngExt;

use super::guide_table::{Guide, Sorted};
use super::shares::{KeyShare, push_timeline, push_written};
use super::timelines::TimelineRange;
use crate::rng::{Stream, binomial, part_of};
use crate::units::{SimDuration, SimTime, least_common_multiple};

/// The law of the ages of a population's objects at the start of the run.
pub trait Ages {
    /// Share of the objects that are not older than `age`.
    fn cdf(&self, age: SimDuration) -> f64;
    /// The age that a share `p` of the objects does not exceed.
    fn quantile(&self, p: f64) -> SimDuration;
}

/// The most objects one population can hold: beyond 2^53 counts are not exact in 64-bit floats.
pub const MAX_OBJECTS: u64 = 1 << 53;

/// Who wrote a population, and how.
pub struct Writing<'a> {
    /// Number of objects, at most [`MAX_OBJECTS`].
    pub objects: u64,
    /// Their ages.
    pub ages: &'a dyn Ages,
    /// Since when the bucket had bucket keys on.
    pub since: SimTime,
    /// Weight of each requester that wrote.
    pub writers: &'a [u32],
    /// Parts of S3's fleet that each of them writes through, at least 1.
    pub partitions: &'a [u32],
    /// How long a bucket-level key wraps new objects.
    pub generation_lifetime: SimDuration,
}

impl Writing<'_> {
    /// Keys that the walk makes at the most, but for one time in a thousand (when the oldest object is
    /// older still): what its memory is estimated by before it runs.
    #[must_use]
    pub fn keys_at_most(&self) -> u64 {
        let timelines = self.partitions.iter().map(|&parts| u64::from(parts)).sum::<u64>();
        let oldest = self.ages.quantile(1.0 - 1e-3 / self.objects.max(1) as f64);
        let span = oldest.min(SimTime::ZERO.since(self.since));
        let windows = span.as_nanos() / self.generation_lifetime.as_nanos() + 1;
        self.objects.min(timelines.saturating_mul(windows as u64))
    }
}

/// What a migration at a rate of objects a second makes of the population.
impl Writing<'_> {
    fn objects_per_migrated_key(&self, rate_per_s: f64) -> f64 {
        (rate_per_s * self.generation_lifetime.as_secs_f64()).max(1.0)
    }

    /// Successive keys, each of which stands for one in every partition.
    #[must_use]
    pub fn migrated_keys(&self, rate_per_s: f64) -> u64 {
        let keys = self.objects as f64 / self.objects_per_migrated_key(rate_per_s);
        keys.ceil().max(1.0) as u64
    }
}

/// One key as the walk generates it.
struct Generated {
    start: SimTime,
    timeline: u32,
    objects: u64,
}

/// The bucket-level keys of one population, numbered from 0 in the order of time.
#[derive(Debug)]
pub struct History {
    objects: u64,
    /// The oldest objects, written before bucket keys were on.
    keyless: u64,
    /// Objects up to and with each key in the order of time, the keyless ones included.
    cumulative: Sorted,
    /// When each key was generated, in nanoseconds (for a migrated population: when the oldest object
    /// that it wraps was written).
    starts: Sorted,
    /// The keys of each (writer, partition), by time; empty if there is only one, which `starts` is.
    timelines: Vec<Timeline>,
    /// For each writer which of them are its own.
    of_writer: Vec<TimelineRange>,
    /// The partitions of a migration: each key of `starts` then stands for one key a partition, chosen
    /// object by object.
    spread: Option<u32>,
    /// Since when what was written has been migrated, if it is only the younger part.
    migrated_from: SimTime,
}

/// The keys of one writer in one partition.
#[derive(Debug)]
struct Timeline {
    starts: Sorted,
    numbers: Vec<u32>,
}

impl Timeline {
    /// The keys with some numbers, of which `starts` knows when each was generated.
    fn of(numbers: Vec<u32>, starts: &[i64]) -> Self {
        let own = numbers.iter().map(|&number| starts[number as usize]).collect();
        Self { starts: Sorted::new(own), numbers }
    }
}

impl History {
    /// Lets the writers write the population.
    pub fn write(writing: &Writing, rng: &mut Stream) -> Self {
        let young = match writing.since {
            SimTime::MIN => 1.0,
            since if since >= SimTime::ZERO => 0.0,
            since => writing.ages.cdf(SimTime::ZERO.since(since)),
        };
        let keyless = writing.objects - binomial(writing.objects, young, rng);
        let of_writer = TimelineRange::in_a_row(writing.partitions, 1);
        let count = writing.partitions.iter().sum::<u32>() as usize;
        // In units so small that each partition's part of its writer's weight is a whole number.
        let whole = writing
            .partitions
            .iter()
            .fold(1, |all, &parts| least_common_multiple(all, parts.into()));
        let weight: u128 = writing.writers.iter().map(|&weight| u128::from(weight)).sum();
        let mut left = writing.objects - keyless;
        let mut weight_left = weight * whole;
        let mut keys = Vec::new();
        for (&weight, &TimelineRange { first, parts }) in writing.writers.iter().zip(&of_writer) {
            let mine = u128::from(weight) * (whole / u128::from(parts));
            for part in 0..parts {
                let objects = binomial(left, mine as f64 / weight_left as f64, rng);
                left -= objects;
                weight_left -= mine;
                walk(writing, young, first + part, objects, rng, &mut keys);
            }
        }
        keys.sort_unstable_by_key(|key| (key.start, key.timeline));
        let starts = keys.iter().map(|key| key.start.as_nanos()).collect();
        let counts = keys.iter().map(|key| key.objects);
        let history = Self::new(writing, keyless, counts, starts);
        if count == 1 {
            return history;
        }
        let mut by_timeline = vec![Vec::new(); count];
        for (number, key) in keys.iter().enumerate() {
            by_timeline[key.timeline as usize].push(number as u32);
        }
        let all = history.starts.numbers();
        let timelines = by_timeline.into_iter().map(|numbers| Timeline::of(numbers, all)).collect();
        Self { timelines, of_writer, ..history }
    }

    /// A population of which each object's writing is known: in the order of time, each with the
    /// requester that wrote it (an index into [`Writing::writers`]) and the draw that picks its part
    /// of S3's fleet. Keys come about as [`super::service`] has it.
    #[must_use]
    pub fn of_writes(writing: &Writing, writes: impl Iterator<Item = (SimTime, u32, u32)>) -> Self {
        let of_writer = TimelineRange::in_a_row(writing.partitions, 1);
        let count = writing.partitions.iter().sum::<u32>() as usize;
        // The newest key of each timeline, and until when it wraps.
        let mut live = vec![(0_u32, SimTime::MIN); count];
        let mut numbers = vec![Vec::new(); count];
        let (mut starts, mut objects_of_key): (Vec<i64>, Vec<u64>) = (Vec::new(), Vec::new());
        let mut keyless = 0;
        for (time, requester, draw) in writes {
            if time < writing.since {
                keyless += 1;
                continue;
            }
            let timeline = of_writer[requester as usize].picked_by(draw) as usize;
            let (key, until) = &mut live[timeline];
            if time >= *until {
                (*key, *until) = (starts.len() as u32, time + writing.generation_lifetime);
                numbers[timeline].push(*key);
                starts.push(time.as_nanos());
                objects_of_key.push(0);
            }
            objects_of_key[*key as usize] += 1;
        }
        let timelines = if count > 1 {
            numbers.into_iter().map(|numbers| Timeline::of(numbers, &starts)).collect()
        } else {
            Vec::new()
        };
        let counts = objects_of_key.into_iter();
        Self { timelines, of_writer, ..Self::new(writing, keyless, counts, starts) }
    }

    /// The same population after a migration at `rate_per_s` objects a second: every object, or every one that
    /// is `younger_than` an age, is wrapped anew, in the order of age (*assumed*), by one requester writing at
    /// once through so many `partitions`. What is older has no bucket key.
    #[must_use]
    pub fn migrate(
        writing: &Writing,
        rate_per_s: f64,
        partitions: u32,
        younger_than: Option<SimDuration>,
    ) -> Self {
        let share = younger_than.map_or(1.0, |age| writing.ages.cdf(age));
        let migrated = (writing.objects as f64 * share).round() as u64;
        let keyless = writing.objects - migrated.min(writing.objects);
        let per_key = writing.objects_per_migrated_key(rate_per_s);
        let keys = Writing { objects: migrated, ..*writing }.migrated_keys(rate_per_s);
        let bounds: Vec<u64> =
            (0..=keys).map(|key| keyless + ((key as f64 * per_key) as u64).min(migrated)).collect();
        let counts = bounds.windows(2).map(|ends| ends[1] - ends[0]);
        let starts = bounds[..keys as usize].iter().map(|&older| {
            let older = older as f64 / writing.objects.max(1) as f64;
            -writing.ages.quantile(1.0 - older).as_nanos()
        });
        let migrated_from = younger_than.map_or(SimTime::MIN, |age| SimTime::ZERO - age);
        let history = Self::new(writing, keyless, counts, starts.collect());
        Self { spread: Some(partitions), migrated_from, ..history }
    }

    /// A history of keys with their objects and starts in the order of time, of no timelines.
    fn new(
        writing: &Writing,
        keyless: u64,
        counts: impl Iterator<Item = u64>,
        starts: Vec<i64>,
    ) -> Self {
        let cumulative = counts
            .scan(keyless, |sum, count| {
                *sum += count;
                Some(*sum as i64)
            })
            .collect();
        Self {
            objects: writing.objects,
            keyless,
            cumulative: Sorted::new(cumulative),
            starts: Sorted::new(starts),
            timelines: Vec::new(),
            of_writer: Vec::new(),
            spread: None,
            migrated_from: SimTime::MIN,
        }
    }

    /// Number of distinct bucket-level keys.
    #[must_use]
    pub fn keys(&self) -> u32 {
        self.starts.len() as u32 * self.spread.unwrap_or(1)
    }

    /// When a key was generated; of a migrated population, when the oldest object that it wraps was written.
    pub(super) fn made(&self, key: u32) -> Option<SimTime> {
        let start = self.starts.numbers().get((key / self.spread.unwrap_or(1)) as usize)?;
        Some(SimTime::from_nanos(*start))
    }

    /// Number of objects without a bucket key.
    #[must_use]
    pub fn keyless(&self) -> u64 {
        self.keyless
    }

    /// The key that wraps the `rank`-th oldest object; `None` if it has no bucket key.
    ///
    /// # Panics
    /// If there is no such object.
    #[inline]
    #[must_use]
    pub fn key_of_rank(&self, rank: u64) -> Option<u32> {
        assert!(rank < self.objects, "rank {rank} in a population of {}", self.objects);
        if rank < self.keyless {
            return None;
        }
        let key = self.cumulative.not_above(rank as i64) as u32;
        Some(match self.spread {
            // A migration deals objects out to the partitions in turn.
            Some(partitions) => key * partitions + (rank % u64::from(partitions)) as u32,
            None => key,
        })
    }

    /// The key that wraps what `writer` (an index into the population's requesters) had written
    /// last at `time` in the cache partition that `draw` picks; where that part had written
    /// nothing yet, the nearest key of any writer. `None` if the object has no bucket key.
    #[inline]
    #[must_use]
    pub fn key_at(&self, writer: u32, draw: u32, time: SimTime, since: SimTime) -> Option<u32> {
        if let Some(partitions) = self.spread {
            if time < self.migrated_from {
                return None;
            }
            let key = self.nearest(time)?;
            return Some(key * partitions + part_of(draw, partitions));
        }
        if time < since {
            return None;
        }
        if self.timelines.is_empty() {
            return self.nearest(time);
        }
        let timeline = self.of_writer[writer as usize].picked_by(draw);
        let timeline = self.timelines.get(timeline as usize)?;
        match timeline.starts.not_above(time.as_nanos()) {
            0 => self.nearest(time),
            written => Some(timeline.numbers[written - 1]),
        }
    }

    /// As [`History::key_at`], where it makes no difference who wrote and where the object was
    /// placed: when each key was generated. `None` where it does, or if there is no key.
    pub(super) fn only_timeline(&self) -> Option<Guide<'_>> {
        let only = self.timelines.is_empty() && self.spread.is_none() && self.starts.len() > 0;
        if only { self.starts.simple_guide() } else { None }
    }

    /// The newest key of any writer at `time`, or the oldest of all.
    #[inline]
    fn nearest(&self, time: SimTime) -> Option<u32> {
        let written = self.starts.not_above(time.as_nanos());
        (self.starts.len() > 0).then(|| written.saturating_sub(1) as u32)
    }

    /// The share of the population that each key wraps; see [`History::key_of_rank`].
    pub(super) fn shares_of_ranks(&self, first_key: u32, shares: &mut Vec<KeyShare>) {
        self.push_share(None, self.keyless, shares);
        let mut from = self.keyless;
        for (key, &to) in self.cumulative.numbers().iter().enumerate() {
            let to = to as u64;
            if let Some(partitions) = self.spread {
                let parts = u64::from(partitions);
                for part in 0..parts {
                    // Ranks from one bound to the other that leave `part` when divided by the partitions.
                    let count = (to + parts - 1 - part) / parts - (from + parts - 1 - part) / parts;
                    let number = first_key + key as u32 * partitions + part as u32;
                    self.push_share(Some(number), count, shares);
                }
            } else {
                self.push_share(Some(first_key + key as u32), to - from, shares);
            }
            from = to;
        }
    }

    fn push_share(&self, key: Option<u32>, count: u64, shares: &mut Vec<KeyShare>) {
        if count > 0 {
            shares.push(KeyShare::of_all(key, count as f64 / self.objects as f64));
        }
    }

    /// The shares of what was written before `until`, for writers with the given weights, which come
    /// to 1; see [`History::key_at`].
    pub(super) fn shares_of_times(
        &self,
        first_key: u32,
        since: SimTime,
        until: SimTime,
        weights: &[f64],
        shares: &mut Vec<KeyShare>,
    ) {
        let starts = self.starts.numbers();
        if starts.is_empty() {
            return push_written(shares, None, 1.0, SimTime::MIN, until);
        }
        if let Some(partitions) = self.spread {
            let even = 1.0 / f64::from(partitions);
            let from = self.migrated_from.min(until);
            push_written(shares, None, 1.0, SimTime::MIN, from);
            for part in 0..partitions {
                let numbers = (first_key + part..).step_by(partitions as usize);
                push_timeline(shares, starts, numbers, even, (from, until));
            }
            return;
        }
        push_written(shares, None, 1.0, SimTime::MIN, since.min(until));
        if self.timelines.is_empty() {
            return push_timeline(shares, starts, first_key.., 1.0, (since, until));
        }
        let each = self.of_writer.iter().zip(weights);
        let shares_of_timelines = each.flat_map(|(range, weight)| {
            std::iter::repeat_n(weight / f64::from(range.parts), range.parts as usize)
        });
        for (Timeline { starts: own, numbers }, share) in
            self.timelines.iter().zip(shares_of_timelines)
        {
            let first = own.numbers().first().map_or(SimTime::MAX, |&ns| SimTime::from_nanos(ns));
            // Before its own first key the nearest of any writer answers.
            let first = first.clamp(since, until);
            push_timeline(shares, starts, first_key.., share, (since, first));
            if !numbers.is_empty() {
                let numbers = numbers.iter().map(|number| first_key + number);
                push_timeline(shares, own.numbers(), numbers, share, (first, until));
            }
        }
    }
}

/// Generates the keys of one timeline that writes `objects` objects, oldest first (see the top of
/// this file).
fn walk(
    writing: &Writing,
    young: f64,
    timeline: u32,
    mut objects: u64,
    rng: &mut Stream,
    keys: &mut Vec<Generated>,
) {
    let mut written = 0.0;
    while objects > 0 {
        let minimum = 1.0 - libm::pow(rng.random::<f64>(), 1.0 / objects as f64);
        written += (1.0 - written) * minimum;
        let age = writing.ages.quantile((1.0 - written) * young);
        let age_at_expiry = age.as_nanos() - writing.generation_lifetime.as_nanos();
        let expired = if age_at_expiry <= 0 {
            1.0
        } else {
            let older = 1.0 - writing.ages.cdf(SimDuration::from_nanos(age_at_expiry)) / young;
            older.clamp(written, 1.0)
        };
        let share = if written < 1.0 { (expired - written) / (1.0 - written) } else { 1.0 };
        let wrapped = 1 + binomial(objects - 1, share, rng);
        keys.push(Generated { start: -SimTime::from(age), timeline, objects: wrapped });
        objects -= wrapped;
        written = expired;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    struct Even(SimDuration);
    impl Ages for Even {
        fn cdf(&self, age: SimDuration) -> f64 {
            (age.as_secs_f64() / self.0.as_secs_f64()).min(1.0)
        }
        fn quantile(&self, p: f64) -> SimDuration {
            SimDuration::from_secs_f64(self.0.as_secs_f64() * p)
        }
    }

    const DAY: SimDuration = SimDuration::from_secs(86_400);

    fn writing<'a>(objects: u64, ages: &'a Even, writers: &'a [u32]) -> Writing<'a> {
        Writing {
            objects,
            ages,
            since: SimTime::MIN,
            writers,
            partitions: &[1, 1][..writers.len()],
            generation_lifetime: SimDuration::from_secs(300),
        }
    }

    fn stream(replication: u32) -> Stream {
        Seed(1).stream(replication, Purpose::History, (0, 0))
    }

    #[test]
    fn dense_writing_makes_a_key_each_lifetime() {
        let ages = Even(DAY);
        let history = History::write(&writing(1_000_000_000, &ages, &[1]), &mut stream(0));
        assert_eq!(history.keys(), 288);
        assert_eq!(*history.cumulative.numbers().last().unwrap(), 1_000_000_000);
        assert_eq!(history.key_of_rank(0), Some(0));
        assert_eq!(history.key_of_rank(999_999_999), Some(287));
    }

    /// Keys of sparse Poisson-like writing are a renewal process: one each T + 1/λ.
    #[test]
    fn sparse_writing_makes_keys_at_the_renewal_rate() {
        let ages = Even(DAY);
        let objects = 1_000;
        let runs = 200;
        let keys: u32 = (0..runs)
            .map(|run| History::write(&writing(objects, &ages, &[1]), &mut stream(run)).keys())
            .sum();
        let expected = 86_400.0 / (300.0 + 86.4);
        let mean = f64::from(keys) / f64::from(runs);
        // The count of a renewal process over [0, t] exceeds t/μ by at most about one.
        assert!((mean - expected - 0.2).abs() < 1.0, "{mean} keys, expected about {expected}");
    }

    #[test]
    fn ranks_find_the_key_whose_objects_hold_them() {
        let ages = Even(DAY);
        let history = History::write(&writing(5_000, &ages, &[1, 3]), &mut stream(3));
        for rank in 0..5_000 {
            let key = history.key_of_rank(rank).unwrap() as usize;
            let cumulative = history.cumulative.numbers();
            let first = if key == 0 { 0 } else { cumulative[key - 1] };
            assert!((first..cumulative[key]).contains(&(rank as i64)));
        }
    }

    #[test]
    fn objects_from_before_bucket_keys_have_none() {
        let ages = Even(DAY);
        let half_a_day = -SimTime::from(SimDuration::from_secs(43_200));
        let writing = Writing { since: half_a_day, ..writing(100_000, &ages, &[1]) };
        let history = History::write(&writing, &mut stream(0));
        // Binomial(100,000, 1/2): five standard deviations are 791.
        assert!(history.keyless().abs_diff(50_000) < 791, "{} keyless", history.keyless());
        assert_eq!(history.key_of_rank(0), None);
        assert!(history.key_of_rank(99_999).is_some());
        let before = half_a_day - SimDuration::from_secs(1);
        assert_eq!(history.key_at(0, 0, before, half_a_day), None);
        assert_eq!(history.keys(), 144);
    }

    #[test]
    fn a_migration_packs_objects_under_few_keys() {
        let ages = Even(DAY);
        let history = History::migrate(&writing(1_000_000, &ages, &[1]), 1_000.0, 1, None);
        assert_eq!(history.keys(), 4);
        assert_eq!(history.keyless(), 0);
        assert_eq!(history.key_of_rank(299_999), Some(0));
        assert_eq!(history.key_of_rank(300_000), Some(1));
        assert_eq!(history.key_at(0, 0, SimTime::ZERO, SimTime::ZERO), Some(3));
    }

    /// By hand: of a million objects of a day the 750,000 of the last 18 hours share three keys, the others have none.
    #[test]
    fn the_younger_part_alone_is_packed() {
        let ages = Even(DAY);
        let hours = |hours: i64| SimDuration::from_secs(hours * 3_600);
        let writing = writing(1_000_000, &ages, &[1]);
        let history = History::migrate(&writing, 1_000.0, 1, Some(hours(18)));
        assert_eq!((history.keys(), history.keyless()), (3, 250_000));
        assert_eq!(history.key_of_rank(249_999), None);
        assert_eq!(history.key_of_rank(250_000), Some(0));
        assert_eq!(history.key_of_rank(550_000), Some(1));
        let at = |age: SimDuration| history.key_at(0, 0, SimTime::ZERO - age, SimTime::ZERO);
        assert_eq!([at(hours(19)), at(hours(17)), at(hours(0))], [None, Some(0), Some(2)]);
        let mut shares = Vec::new();
        history.shares_of_times(0, SimTime::ZERO, SimTime::ZERO, &[1.0], &mut shares);
        history.shares_of_ranks(0, &mut shares);
        let keyless: Vec<&KeyShare> = shares.iter().filter(|share| share.key.is_none()).collect();
        assert_eq!(keyless.len(), 2, "{shares:?}");
    }

    /// Of writes that are known every object's key was generated by a write in the same partition, less
    /// than a lifetime before it, and a key of one partition never within another's lifetime.
    #[test]
    fn known_writes_find_the_key_that_was_live() {
        use rand::RngExt;
        let mut rng = stream(9);
        for (partitions, gap_s) in [(1, 10), (1, 1_000), (3, 10), (3, 200), (8, 3_000)] {
            let ages = Even(DAY);
            let parts = [partitions];
            let writing = Writing { partitions: &parts, ..writing(1, &ages, &[1]) };
            let mut second = -86_400 * 365;
            let writes: Vec<(SimTime, u32)> = (0..2_000)
                .map(|_| {
                    second += 1 + rng.random_range(0..gap_s);
                    (SimTime::from_nanos(second * 1_000_000_000), rng.random())
                })
                .collect();
            let history =
                History::of_writes(&writing, writes.iter().map(|&(time, draw)| (time, 0, draw)));
            let starts = history.starts.numbers();
            for &(time, draw) in &writes {
                let key = history.key_at(0, draw, time, SimTime::MIN).unwrap();
                let age = time.as_nanos() - starts[key as usize];
                assert!((0..writing.generation_lifetime.as_nanos()).contains(&age));
                let part = part_of(draw, partitions);
                let made = writes.iter().find(|w| w.0.as_nanos() == starts[key as usize]).unwrap();
                assert_eq!(part_of(made.1, partitions), part);
            }
            assert!(starts.is_sorted());
        }
    }

    /// A writer of weight 3 through one part and one of weight 1 through three write three and one in
    /// four, and each part of the latter one in twelve. Binomial(600,000, 1/12): six deviations are 1,285.
    #[test]
    fn each_writer_has_partitions_of_its_own() {
        let ages = Even(DAY);
        let writing = Writing { partitions: &[1, 3], ..writing(600_000, &ages, &[3, 1]) };
        let history = History::write(&writing, &mut stream(0));
        // One each lifetime, and of a part that writes an object in 1.7 s perhaps one fewer.
        assert!((4 * 287..=4 * 288).contains(&history.keys()), "{}", history.keys());
        let mut objects = [0; 4];
        let cumulative = history.cumulative.numbers();
        for (timeline, objects) in history.timelines.iter().zip(&mut objects) {
            let before = |number: usize| if number == 0 { 0 } else { cumulative[number - 1] };
            let wraps = |&number: &u32| cumulative[number as usize] - before(number as usize);
            *objects = timeline.numbers.iter().map(wraps).sum::<i64>();
        }
        for (objects, expected) in objects.into_iter().zip([450_000, 50_000, 50_000, 50_000]) {
            assert!((objects - expected).abs() < 2_100, "{objects} of {expected}");
        }
        let key = |writer, draw| {
            history.key_at(
                writer,
                draw,
                -SimTime::from(SimDuration::from_secs(43_200)),
                SimTime::MIN,
            )
        };
        assert_eq!(key(0, 0), key(0, u32::MAX), "one part");
        assert_ne!(key(1, 0), key(1, u32::MAX), "several");
    }

    #[test]
    fn the_bound_holds() {
        let ages = Even(DAY);
        for objects in [1, 10, 1_000, 1_000_000] {
            let writing = writing(objects, &ages, &[1, 1]);
            let keys = u64::from(History::write(&writing, &mut stream(0)).keys());
            assert!(keys <= writing.keys_at_most());
        }
    }
}
