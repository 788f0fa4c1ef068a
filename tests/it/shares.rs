//! Which share of what requests read each bucket-level key wraps, asked in both directions: by
//! [`Keyring::shares`], as the engine that skips ahead does, and by [`Keyring::wrapping_all`] for one
//! request after another, as the engine that draws requests does.

use std::collections::BTreeMap;

use bks::encryption::generated_keys::Timelines;
use bks::encryption::history::{History, Writing};
use bks::encryption::keys::{KEYLESS, Keyring, PopulationKeys};
use bks::rng::{Purpose, Seed, Stream, part_of};
use bks::s3::columns::{Objects, S3Columns, WrittenBy};
use bks::units::{SimDuration, SimTime};
use bks::workload::ages::{
    AgeLaw, AgeStep, ExponentialAges, LognormalAges, UniformAges, WeibullAges,
};
use rand::{Rng, RngExt};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Requests that are drawn for each comparison.
const DRAWN: usize = 60_000;

/// A comparison fails by chance once in so many times. There are fewer than ten thousand of them.
const FALSE_ALARM: f64 = 1e-7;

/// A cell of the chi-square statistic expects no fewer requests.
const FEWEST: f64 = 20.0;

fn s(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}

fn at(seconds: f64) -> SimTime {
    if seconds < 0.0 { -SimTime::from(s(-seconds)) } else { SimTime::from(s(seconds)) }
}

fn stream(place: u32) -> Stream {
    Seed(0x5AA5).stream(0, Purpose::Requests, (place, 0))
}

/// How a world came about.
#[derive(Clone, Copy, Debug)]
struct Recipe {
    /// Since when bucket keys are on.
    since: SimTime,
    lifetime_s: f64,
    partitions: u32,
    /// For each session slot that wrote the population its requester there.
    writers: &'static [u32],
    /// Objects of the population.
    objects: u64,
    migrated: bool,
    /// Up to which age, in seconds; all, if it is none.
    younger_s: Option<f64>,
    /// For each session slot of the run its requester.
    slots: &'static [u32],
    /// Mean gap between keys of a timeline of the run, in seconds; some timelines have none.
    gap_s: f64,
}

const PLAIN: Recipe = Recipe {
    since: SimTime::MIN,
    lifetime_s: 30.0,
    partitions: 1,
    writers: &[0],
    objects: 400,
    migrated: false,
    younger_s: None,
    slots: &[0],
    gap_s: 40.0,
};

impl Recipe {
    fn keyring(&self, ages: &AgeLaw, place: u32) -> Keyring {
        let mut rng = stream(place);
        let requesters = self.writers.iter().max().unwrap() + 1;
        let weight = |requester| self.writers.iter().filter(|&&writer| writer == requester).count();
        let weights: Vec<u32> = (0..requesters).map(|requester| weight(requester) as u32).collect();
        let writing = Writing {
            objects: self.objects,
            ages,
            since: self.since,
            writers: &weights,
            partitions: &vec![self.partitions; weights.len()],
            generation_lifetime: s(self.lifetime_s),
        };
        let history = if self.migrated {
            History::migrate(&writing, 2.0, self.partitions, self.younger_s.map(s))
        } else {
            History::write(&writing, &mut rng)
        };
        let population = PopulationKeys {
            history,
            requester_of_writer: self.writers.to_vec(),
            since: self.since,
            first_key: 0,
        };
        let requesters = *self.slots.iter().max().unwrap() as usize + 1;
        // The bucket in question is the second of two.
        let mut timelines = Timelines::new(2);
        for _ in 0..requesters {
            let timeline = |_| {
                let mut starts = Vec::new();
                let mut time = self.since.max(SimTime::ZERO);
                while rng.random::<f64>() < 0.85 && starts.len() < 12 {
                    time = time + s(self.gap_s * rng.random::<f64>());
                    starts.push(time);
                }
                starts
            };
            timelines.add(self.partitions, (0..2 * self.partitions).map(timeline).collect());
        }
        let since = vec![SimTime::MIN, self.since];
        Keyring::new(vec![population], timelines, self.slots.to_vec(), since)
    }
}

/// How many of the drawn requests each key is expected to wrap, from the shares.
fn expected(
    keyring: &Keyring,
    objects: &Objects,
    ages: &AgeLaw,
    now: SimTime,
) -> BTreeMap<u32, f64> {
    // Share of the ages that an object written at a time, or later, has now.
    let not_older = |written: SimTime| match written {
        SimTime::MIN => 1.0,
        written if written > now => 0.0,
        written => ages.cdf(now.since(written)),
    };
    let mut expected = BTreeMap::new();
    for share in keyring.shares(1, objects) {
        let chance = share.written.map_or(1.0, |(from, until)| not_older(from) - not_older(until));
        *expected.entry(share.key.unwrap_or(KEYLESS)).or_default() +=
            share.share * chance * DRAWN as f64;
    }
    expected
}

/// How many of the drawn requests each key wraps.
fn drawn(
    keyring: &Keyring,
    objects: &Objects,
    ages: &AgeLaw,
    now: SimTime,
    (population, place): (u64, u32),
) -> BTreeMap<u32, f64> {
    let mut rng = stream(1_000 + place);
    let mut columns = S3Columns { times: vec![now; DRAWN], ..S3Columns::default() };
    for _ in 0..DRAWN {
        columns.ranks.push(rng.random_range(0..population));
        let (time, by) = evenly_by(objects, now - ages.sample(&mut rng), rng.next_u64());
        columns.written.push(time);
        columns.writers.push(by);
    }
    let mut keys = Vec::new();
    keyring.wrapping_all(1, objects, &columns, &mut keys);
    let mut drawn = BTreeMap::new();
    for key in keys {
        *drawn.entry(key).or_default() += 1.0;
    }
    drawn
}

/// Who wrote what was written last at `time`, all writers alike: what is done where objects are not
/// kept one by one.
fn evenly_by(objects: &Objects, time: SimTime, draw: u64) -> (SimTime, WrittenBy) {
    let (who, place) = ((draw >> 32) as u32, draw as u32);
    match objects {
        Objects::Aged { population: Some((_, writers)), written }
            if time < SimTime::ZERO || written.is_none() =>
        {
            (time, WrittenBy::population(part_of(who, *writers), place))
        }
        Objects::Aged { written: Some((_, slots)), .. } => {
            let slot = slots.start + part_of(who, slots.len() as u32);
            (time.max(SimTime::ZERO), WrittenBy::slot(slot, place))
        }
        _ => (time, WrittenBy::slot(0, place)),
    }
}

/// Holds both against each other by a chi-square test; keys that hardly any request needs count
/// together.
fn assert_agree(expected: &BTreeMap<u32, f64>, drawn: &BTreeMap<u32, f64>, what: &str) {
    let sum: f64 = expected.values().sum();
    assert!((sum / DRAWN as f64 - 1.0).abs() < 1e-9, "{what}: shares come to {sum} of {DRAWN}");
    for (key, count) in drawn {
        let expected = expected.get(key).copied().unwrap_or_default();
        assert!(expected > 0.0, "{what}: key {key} wraps {count}, but has no share");
    }
    let (mut cells, mut statistic) = (0, 0.0);
    let mut add = |expected: f64, count: f64| {
        cells += 1;
        statistic += (count - expected).powi(2) / expected;
    };
    let (mut rare, mut rare_count) = (0.0, 0.0);
    for (key, &expected) in expected {
        let count = drawn.get(key).copied().unwrap_or_default();
        if expected >= FEWEST {
            add(expected, count);
        } else {
            rare += expected;
            rare_count += count;
        }
    }
    if rare >= FEWEST {
        add(rare, rare_count);
    } else {
        // A Poisson number of so small a mean exceeds this less than once in a million times.
        assert!(rare_count <= rare + 8.0 * rare.sqrt() + 10.0, "{what}: {rare_count} of {rare}");
    }
    if cells > 1 {
        let law = ChiSquared::new(f64::from(cells - 1)).unwrap();
        let chance = law.sf(statistic);
        assert!(chance > FALSE_ALARM, "{what}: chi-square {statistic} of {cells}: {chance}");
    }
}

fn laws() -> Vec<AgeLaw> {
    vec![
        AgeLaw::Fixed(s(75.0)),
        AgeLaw::Fixed(s(0.0)),
        AgeLaw::Uniform(UniformAges { from: s(10.0), to: s(600.0) }),
        AgeLaw::Exponential(ExponentialAges { mean: s(150.0) }),
        AgeLaw::Lognormal(LognormalAges { median: s(90.0), sigma: 1.3 }),
        AgeLaw::Weibull(WeibullAges { scale: s(120.0), shape: 0.7 }),
        AgeLaw::Weibull(WeibullAges { scale: s(200.0), shape: 3.0 }),
        AgeLaw::Steps(vec![
            AgeStep { to: s(20.0), weight: 3.0 },
            AgeStep { to: s(200.0), weight: 0.0 },
            AgeStep { to: s(400.0), weight: 2.0 },
        ]),
    ]
}

/// Compares what requests with `objects` read in the recipe's world, for all laws of ages and some
/// times before, at and after everything that happens.
fn compare(recipe: Recipe, objects: &Objects) {
    // What the population was written by.
    let written = AgeLaw::Exponential(ExponentialAges { mean: s(200.0) });
    let by_age = matches!(objects, Objects::Aged { .. });
    for (number, ages) in (0..).zip(laws()) {
        let keyring = recipe.keyring(&written, number);
        for now in [0.0, 3.0, 60.0, 250.0, 2_000.0] {
            let expected = expected(&keyring, objects, &ages, at(now));
            let drawn = drawn(&keyring, objects, &ages, at(now), (recipe.objects, number));
            assert_agree(&expected, &drawn, &format!("{recipe:?}, {objects:?}, {ages:?}, {now} s"));
            if !by_age {
                return;
            }
        }
    }
}

fn aged(population: Option<u32>, slots: Option<std::ops::Range<u32>>) -> Objects {
    let written = slots.map(|slots| (0, slots));
    Objects::Aged { population: population.map(|writers| (0, writers)), written }
}

/// Bucket keys that were always on, were turned on before the run, at its start or within it, and
/// never.
fn sinces() -> [SimTime; 5] {
    [SimTime::MIN, at(-120.0), SimTime::ZERO, at(70.0), SimTime::MAX]
}

#[test]
fn shares_of_a_population_are_those_of_its_requests() {
    for since in sinces() {
        compare(Recipe { since, ..PLAIN }, &aged(Some(1), None));
    }
    for partitions in [1, 3] {
        let writers = &[0, 1, 1, 2, 1];
        let several = Recipe { partitions, writers, ..PLAIN };
        compare(several, &aged(Some(5), None));
        compare(Recipe { since: at(-60.0), objects: 40, ..several }, &aged(Some(5), None));
    }
}

#[test]
fn shares_of_what_the_run_writes_are_those_of_its_requests() {
    for since in sinces() {
        compare(Recipe { since, ..PLAIN }, &aged(None, Some(0..1)));
    }
    for partitions in [1, 2, 3] {
        let slots = &[0, 1, 0, 2, 2, 3, 1];
        let several = Recipe { partitions, slots, ..PLAIN };
        compare(several, &aged(None, Some(0..7)));
        compare(Recipe { since: at(70.0), ..several }, &aged(None, Some(2..5)));
        // Hardly any key: partitions answer for one another, and some writers have none at all.
        compare(Recipe { gap_s: 900.0, ..several }, &aged(None, Some(1..7)));
    }
}

#[test]
fn shares_of_old_and_new_objects_are_those_of_their_requests() {
    for since in sinces() {
        for partitions in [1, 2] {
            let (writers, slots) = (&[1, 0, 0], &[0, 1, 0, 2]);
            let both = Recipe { since, partitions, writers, slots, ..PLAIN };
            compare(both, &aged(Some(3), Some(1..4)));
            compare(Recipe { migrated: true, ..both }, &aged(Some(3), Some(1..4)));
        }
    }
}

#[test]
fn shares_of_migrated_objects_are_those_of_their_requests() {
    for partitions in [1, 3] {
        let migrated = Recipe { migrated: true, partitions, ..PLAIN };
        for (objects, younger_s) in [(30, None), (400, None), (400, Some(150.0)), (30, Some(1.0))] {
            let recipe = Recipe { objects, younger_s, ..migrated };
            compare(recipe, &aged(Some(1), None));
            compare(recipe, &Objects::Ranked { population: 0 });
        }
    }
}

#[test]
fn shares_of_ranks_are_those_of_their_requests() {
    for since in [SimTime::MIN, at(-120.0), SimTime::ZERO] {
        for (partitions, writers) in [(1, &[0][..]), (2, &[0, 1, 1])] {
            let recipe = Recipe { since, partitions, writers, ..PLAIN };
            compare(recipe, &Objects::Ranked { population: 0 });
        }
    }
    compare(PLAIN, &Objects::Keyless);
}
