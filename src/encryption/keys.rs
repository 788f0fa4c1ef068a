//! All bucket-level keys, and which of them wraps an object.

use super::generated_keys::Timelines;
use super::history::History;
use super::shares::{KeyShare, push_timeline, push_written};
use crate::rng::part_of;
use crate::s3::Object;
use crate::s3::columns::{Objects, S3Columns, WrittenBy};
use crate::units::SimTime;

/// Stands in a column of keys for an object that has no bucket key.
pub const KEYLESS: u32 = u32::MAX;

/// All bucket-level keys: what the populations were wrapped by, and what the run's
/// writers generate.
#[derive(Debug)]
pub struct Keyring {
    histories: Vec<PopulationKeys>,
    timelines: Timelines,
    /// Number of the first key of each timeline.
    timeline_first: Vec<u32>,
    requester_of_slot: Vec<u32>,
    since: Vec<SimTime>,
    keys: u32,
}

/// One population's keys, and who among its writers is which requester.
#[derive(Debug)]
pub struct PopulationKeys {
    /// The keys.
    pub history: History,
    /// For each session slot that wrote, the index of its requester in the history.
    pub requester_of_writer: Vec<u32>,
    /// Since when the population's bucket had bucket keys on.
    pub since: SimTime,
    /// Number of the population's first key; set by [`Keyring::new`].
    pub first_key: u32,
}

impl PopulationKeys {
    /// The key that wraps what the `writer`-th slot had written last at `time` where `draw` picks.
    #[inline]
    fn wrapping(&self, writer: u32, draw: u32, time: SimTime) -> Option<u32> {
        let requester = self.requester_of_writer[writer as usize];
        let key = self.history.key_at(requester, draw, time, self.since)?;
        Some(self.first_key + key)
    }

    /// Adds the keys that wrap what was written last at `times`, if it makes no difference who wrote and
    /// where the object was placed. Returns whether it does not.
    fn wrapping_all(&self, times: &[SimTime], keys: &mut Vec<u32>) -> bool {
        let Some(starts) = self.history.only_timeline() else { return false };
        // What is written after the last key is its own, no matter whether after the start of the run,
        // too.
        keys.resize(times.len(), KEYLESS);
        for (key, &time) in keys.iter_mut().zip(times) {
            *key = self.first_key + starts.newest(time.as_nanos());
        }
        if self.since > SimTime::MIN {
            for (key, &time) in keys.iter_mut().zip(times) {
                *key = if time.min(SimTime::ZERO) < self.since { KEYLESS } else { *key };
            }
        }
        true
    }
}

/// Where a bucket-level key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOrigin {
    /// When it was made; of a migrated population, when the oldest object that it wraps was written.
    pub made: SimTime,
    /// By whom.
    pub maker: MadeBy,
}

/// Who made a bucket-level key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// Whoever wrote a population, or migrated it.
    Population(u32),
    /// A requester of the run.
    Requester(u32),
}

impl Keyring {
    /// Whether any bucket-level key wraps objects of a population.
    #[must_use]
    pub fn wraps_population(&self, population: usize) -> bool {
        self.histories[population].history.keys() > 0
    }

    /// Where the key of a number comes from; `None` if there is no such key.
    #[must_use]
    pub fn origin(&self, key: u32) -> Option<KeyOrigin> {
        if key >= self.keys {
            return None;
        }
        if let Some(timeline) =
            self.timeline_first.partition_point(|&first| first <= key).checked_sub(1)
        {
            let number = key - self.timeline_first[timeline];
            let made = self.timelines.starts()[timeline].numbers()[number as usize];
            let maker = MadeBy::Requester(self.timelines.requester_of(timeline)?);
            Some(KeyOrigin { made: SimTime::from_nanos(made), maker })
        } else {
            let after = self.histories.partition_point(|population| population.first_key <= key);
            let index = after.checked_sub(1)?;
            let population = &self.histories[index];
            let made = population.history.made(key - population.first_key)?;
            Some(KeyOrigin { made, maker: MadeBy::Population(index as u32) })
        }
    }

    /// Numbers all keys: the populations' first, then the run's. `since` is, bucket by bucket, when
    /// bucket keys were turned on; `requester_of_slot` reads "requester" for the run's writers.
    ///
    /// # Panics
    /// If there are 2^32 keys or more; the scenario's memory check refuses so many before.
    #[must_use]
    pub fn new(
        mut histories: Vec<PopulationKeys>,
        timelines: Timelines,
        requester_of_slot: Vec<u32>,
        since: Vec<SimTime>,
    ) -> Self {
        let mut keys = 0_u32;
        for population in &mut histories {
            population.first_key = take_numbers(&mut keys, population.history.keys() as usize);
        }
        let timeline_first =
            timelines.starts().iter().map(|it| take_numbers(&mut keys, it.len())).collect();
        Self { histories, timelines, timeline_first, requester_of_slot, since, keys }
    }

    /// Number of distinct keys.
    #[must_use]
    pub fn keys(&self) -> u32 {
        self.keys
    }

    /// The number of the key that wraps `object`; `None` if the object has no bucket key.
    #[must_use]
    pub fn wrapping(&self, object: &Object) -> Option<u32> {
        match *object {
            Object::Ranked { population, rank } => {
                let population = &self.histories[population as usize];
                Some(population.first_key + population.history.key_of_rank(rank)?)
            }
            Object::Aged { population, writer, draw, time } => {
                self.histories[population as usize].wrapping(writer, draw, time)
            }
            Object::Written { bucket, slot, draw, time } => self.written(bucket, slot, draw, time),
            Object::Keyless | Object::None | Object::Unserved => None,
        }
    }

    /// The keys that wrap the objects of requests in columns, [`KEYLESS`] where there is none: for each
    /// what [`Keyring::wrapping`] gives for one.
    pub fn wrapping_all(
        &self,
        bucket: u32,
        objects: &Objects,
        columns: &S3Columns,
        keys: &mut Vec<u32>,
    ) {
        keys.clear();
        if let Objects::Aged { population: Some((population, _)), written: None } = objects
            && self.histories[*population as usize].wrapping_all(&columns.written, keys)
        {
            // The same as below without the choice between timelines.
            return;
        }
        match objects {
            Objects::None | Objects::Keyless => keys.resize(columns.len(), KEYLESS),
            Objects::Ranked { population } => {
                let PopulationKeys { history, first_key, .. } =
                    &self.histories[*population as usize];
                keys.extend(columns.ranks.iter().map(|&rank| match history.key_of_rank(rank) {
                    Some(key) => first_key + key,
                    None => KEYLESS,
                }));
            }
            Objects::Aged { population, written } => {
                let times = columns.written.iter().copied();
                let population = population.map(|(population, _)| population);
                if columns.writers.is_empty() {
                    // There is only one writer and one place to each source.
                    keys.extend(times.map(|time| {
                        let by = match written {
                            Some((_, slots)) if population.is_none() || time >= SimTime::ZERO => {
                                WrittenBy::slot(slots.start, 0)
                            }
                            _ => WrittenBy::population(0, 0),
                        };
                        self.aged(bucket, population, time, by).unwrap_or(KEYLESS)
                    }));
                } else {
                    let objects = times.zip(columns.writers.iter().copied());
                    keys.extend(objects.map(|(time, by)| {
                        self.aged(bucket, population, time, by).unwrap_or(KEYLESS)
                    }));
                }
            }
        }
    }

    /// The key of what was written last at `time` by somebody in particular.
    #[inline]
    fn aged(
        &self,
        bucket: u32,
        population: Option<u32>,
        time: SimTime,
        by: WrittenBy,
    ) -> Option<u32> {
        match (by.writer_of_population(), population) {
            (Some(writer), Some(population)) => {
                let population = &self.histories[population as usize];
                population.wrapping(writer, by.draw(), time.min(SimTime::ZERO))
            }
            _ => self.written(bucket, by.number(), by.draw(), time),
        }
    }

    /// Which share of the objects that requests of a kind need each key wraps: how likely it is that
    /// [`Keyring::wrapping_all`] gives that key, for an object of a certain age.
    #[must_use]
    pub fn shares(&self, bucket: u32, objects: &Objects) -> Vec<KeyShare> {
        let mut shares = Vec::new();
        match objects {
            Objects::None => {}
            Objects::Keyless => shares.push(KeyShare::of_all(None, 1.0)),
            Objects::Ranked { population } => {
                let population = &self.histories[*population as usize];
                population.history.shares_of_ranks(population.first_key, &mut shares);
            }
            Objects::Aged { population, written } => {
                let run_from = if population.is_some() { SimTime::ZERO } else { SimTime::MIN };
                if let Some((population, writers)) = population {
                    let population = &self.histories[*population as usize];
                    let requesters = &population.requester_of_writer[..*writers as usize];
                    let weights = weights(requesters.iter().copied());
                    let until = if written.is_some() { SimTime::ZERO } else { SimTime::MAX };
                    let PopulationKeys { history, first_key, since, .. } = population;
                    history.shares_of_times(*first_key, *since, until, &weights, &mut shares);
                }
                if let Some((_, slots)) = written {
                    let requesters =
                        &self.requester_of_slot[slots.start as usize..slots.end as usize];
                    let weights = weights(requesters.iter().copied());
                    self.shares_of_run(bucket, run_from, &weights, &mut shares);
                }
            }
        }
        shares
    }

    /// The shares of the keys of `objects`, in the order of time: each object is read by whoever asks
    /// for what was last written from its moment until the next one's. What comes before the first
    /// is the first's. Neighbours under one key are one.
    #[must_use]
    pub fn shares_of_objects(&self, objects: impl Iterator<Item = Object>) -> Vec<KeyShare> {
        let mut shares: Vec<KeyShare> = Vec::new();
        for object in objects {
            let (Object::Aged { time, .. } | Object::Written { time, .. }) = object else {
                continue;
            };
            let key = self.wrapping(&object);
            let (share, until) = (1.0, SimTime::MAX);
            match shares.last_mut() {
                None => shares.push(KeyShare { key, share, written: Some((SimTime::MIN, until)) }),
                Some(last) if last.key == key => {}
                Some(last) => {
                    let since = last.written.map_or(SimTime::MIN, |(since, _)| since);
                    last.written = Some((since, time));
                    shares.push(KeyShare { key, share, written: Some((time, until)) });
                }
            }
        }
        shares.retain(|share| share.written.is_some_and(|(since, until)| since < until));
        shares
    }

    /// The shares of what is written from `from` on by requesters with the given weights.
    fn shares_of_run(
        &self,
        bucket: u32,
        from: SimTime,
        weights: &[f64],
        shares: &mut Vec<KeyShare>,
    ) {
        // Objects are written at the start of the run or later.
        let since = self.since[bucket as usize];
        let since = if since <= SimTime::ZERO { from } else { since };
        push_written(shares, None, 1.0, from, since);
        for (requester, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let partitions = self.timelines.parts(requester as u32, bucket);
            let share = weight / f64::from(partitions);
            for part in 0..partitions {
                match self.timelines.of_part(bucket, requester as u32, part) {
                    None => push_written(shares, None, share, since, SimTime::MAX),
                    Some(timeline) => {
                        let starts = self.timelines.starts()[timeline].numbers();
                        let numbers = self.timeline_first[timeline]..;
                        push_timeline(shares, starts, numbers, share, (since, SimTime::MAX));
                    }
                }
            }
        }
    }

    /// The key of what `slot` had written last at `time` in the partition that `draw` picks: the
    /// newest that its requester had generated there. A partition that had none yet answers for its
    /// first, or the next partition that has any: a reader may ask for an object of a partition before
    /// that partition's first write.
    #[inline]
    fn written(&self, bucket: u32, slot: u32, draw: u32, time: SimTime) -> Option<u32> {
        if time < self.since[bucket as usize] {
            return None;
        }
        let requester = self.requester_of_slot[slot as usize];
        let picked = part_of(draw, self.timelines.parts(requester, bucket));
        let timeline = self.timelines.of_part(bucket, requester, picked)?;
        let generated = self.timelines.starts()[timeline].not_above(time.as_nanos());
        Some(self.timeline_first[timeline] + (generated as u32).saturating_sub(1))
    }
}

/// Takes the next `count` numbers of keys, and gives the first.
fn take_numbers(next: &mut u32, count: usize) -> u32 {
    let first = *next;
    *next = u32::try_from(count)
        .ok()
        .and_then(|count| first.checked_add(count))
        .expect("fewer than 2^32 bucket-level keys");
    first
}

/// The weight of each requester, by its number, among the slots whose requesters these are.
fn weights(requester_of_slot: impl ExactSizeIterator<Item = u32>) -> Vec<f64> {
    let each = 1.0 / requester_of_slot.len() as f64;
    let mut weights = Vec::new();
    for requester in requester_of_slot {
        let place = requester as usize;
        weights.resize(weights.len().max(place + 1), 0.0);
        weights[place] += each;
    }
    weights
}
