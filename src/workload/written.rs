//! Objects one by one, in the order in which they were written.
//!
//! A read means one object, whatever the configuration: the last one that anybody had written at the
//! moment that the reader's law picks, or the next of a scan. So the objects that may be read are
//! drawn once and kept, each with its moment, its writer and the part of S3's fleet that took it;
//! every configuration is then asked for *its* key of that object.
//!
//! Where a source has more objects than are worth keeping, or where there is but one key at a time
//! whoever writes, objects are known by their moment alone (see [`super::object_read`]).

use crate::units::SimTime;

/// Most objects of all sources of a scenario that are kept one by one.
pub const MOST_KEPT: u64 = 1 << 21;

/// An object, by what decides its wrapping key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenObject {
    /// When it was written.
    pub time: SimTime,
    /// Who wrote it: a session slot or, of a population, the number of one among its writers'.
    pub writer: u32,
    /// Picks the part of S3's fleet that took the write.
    pub draw: u32,
}

/// Objects in the order of time, and a guide to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectList {
    times: Vec<SimTime>,
    /// Writer and draw of each.
    written_by: Vec<(u32, u32)>,
    /// How many objects lie before each cell; cells are 2^`shift` nanoseconds wide from the first
    /// object on. One more stands for the end.
    before_cell: Vec<u32>,
    shift: u32,
}

impl ObjectList {
    /// The list of `objects`, in whatever order they come.
    ///
    /// # Panics
    /// If there are 2^32 or more.
    #[must_use]
    pub fn new(mut objects: Vec<WrittenObject>) -> Self {
        assert!(u32::try_from(objects.len()).is_ok(), "fewer than 2^32 objects are kept");
        objects.sort_unstable();
        let mut list = Self {
            times: objects.iter().map(|object| object.time).collect(),
            written_by: objects.iter().map(|object| (object.writer, object.draw)).collect(),
            before_cell: vec![0],
            shift: 0,
        };
        let (Some(oldest), Some(newest)) = (list.times.first(), list.times.last()) else {
            return list;
        };
        let span = newest.as_nanos().abs_diff(oldest.as_nanos());
        let cells = objects.len() as u64;
        list.shift = (0..63).find(|shift| (span >> shift) < cells).unwrap_or(63);
        list.before_cell = vec![0; (span >> list.shift) as usize + 2];
        for place in 0..list.times.len() {
            let cell = list.cell_of(list.times[place]);
            list.before_cell[cell + 1] += 1;
        }
        for cell in 1..list.before_cell.len() {
            list.before_cell[cell] += list.before_cell[cell - 1];
        }
        list
    }

    /// The cell of a time that is not before the first object's.
    fn cell_of(&self, time: SimTime) -> usize {
        (time.as_nanos().abs_diff(self.times[0].as_nanos()) >> self.shift) as usize
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The `number`-th object, from 0, the oldest.
    ///
    /// # Panics
    /// If there is no such object.
    #[inline]
    #[must_use]
    pub fn object(&self, number: usize) -> WrittenObject {
        let (writer, draw) = self.written_by[number];
        WrittenObject { time: self.times[number], writer, draw }
    }

    /// How many objects had been written at `time`; one written at that very time counts.
    #[inline]
    #[must_use]
    pub fn written_by(&self, time: SimTime) -> usize {
        match self.times.first() {
            Some(&first) if first <= time => {}
            _ => return 0,
        }
        let cell = self.cell_of(time);
        let Some(&to) = self.before_cell.get(cell + 1) else { return self.len() };
        let from = self.before_cell[cell] as usize;
        from + self.times[from..to as usize].partition_point(|&written| written <= time)
    }

    /// The last object written at `time`, if there is one.
    #[inline]
    #[must_use]
    pub fn last_at(&self, time: SimTime) -> Option<WrittenObject> {
        self.written_by(time).checked_sub(1).map(|number| self.object(number))
    }

    /// The oldest object, if there is one.
    #[must_use]
    pub fn first(&self) -> Option<WrittenObject> {
        (!self.is_empty()).then(|| self.object(0))
    }

    /// All objects, the oldest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = WrittenObject> + '_ {
        (0..self.len()).map(|number| self.object(number))
    }
}

/// The objects of one source: all, and those that each scoping policy owns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceObjects {
    /// All of them.
    pub all: ObjectList,
    /// Those written under each scoping policy, where readers see no others.
    pub of_policy: Vec<ObjectList>,
}

impl SourceObjects {
    /// The list of `objects`, and one for each of `policies` scoping policies if there are several;
    /// writers, whose numbers count from `first_writer`, carry them in turn.
    #[must_use]
    pub fn new(objects: Vec<WrittenObject>, policies: u32, first_writer: u32) -> Self {
        let of_policy = if policies > 1 {
            let mut lists = vec![Vec::new(); policies as usize];
            for object in &objects {
                lists[((object.writer - first_writer) % policies) as usize].push(*object);
            }
            lists.into_iter().map(ObjectList::new).collect()
        } else {
            Vec::new()
        };
        Self { all: ObjectList::new(objects), of_policy }
    }

    /// What a reader under `policy` may read, if `policies` of them own their objects.
    fn readable(&self, policies: u32, policy: u32) -> &ObjectList {
        if policies > 1 { &self.of_policy[(policy % policies) as usize] } else { &self.all }
    }
}

/// What is kept of all sources of a scenario in one replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptObjects {
    /// Of each population; `None` where its objects are not kept.
    pub of_population: Vec<Option<SourceObjects>>,
    /// Of each workload, what it writes.
    pub of_workload: Vec<Option<SourceObjects>>,
}

impl KeptObjects {
    /// The objects of a population that a reader under `policy` may read, if they are kept.
    #[must_use]
    pub fn population(&self, index: u32, policies: u32, policy: u32) -> Option<&ObjectList> {
        let source = self.of_population.get(index as usize)?.as_ref()?;
        Some(source.readable(policies, policy))
    }

    /// The same of what a workload writes.
    #[must_use]
    pub fn workload(&self, index: u32, policies: u32, policy: u32) -> Option<&ObjectList> {
        let source = self.of_workload.get(index as usize)?.as_ref()?;
        Some(source.readable(policies, policy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(time: i64, writer: u32) -> WrittenObject {
        WrittenObject { time: SimTime::from_nanos(time), writer, draw: writer * 7 }
    }

    proptest! {
        #[test]
        fn the_last_written_is_what_a_search_through_all_finds(
            times in prop::collection::vec(prop_oneof![-60_i64..60, any::<i64>().prop_map(|t| t / 4)], 0..40),
            asked in prop::collection::vec(-70_i64..70, 1..20),
        ) {
            let objects: Vec<_> = times.iter().zip(0..).map(|(&time, i)| object(time, i)).collect();
            let list = ObjectList::new(objects.clone());
            for time in asked.into_iter().chain(times).map(SimTime::from_nanos) {
                let written = objects.iter().filter(|object| object.time <= time);
                prop_assert_eq!(list.written_by(time), written.clone().count());
                prop_assert_eq!(list.last_at(time), written.max().copied());
            }
        }
    }

    #[test]
    fn each_policy_owns_what_its_writers_wrote() {
        let objects = (0..10).map(|i| object(i, 4 + i as u32 % 4)).collect();
        let source = SourceObjects::new(objects, 2, 4);
        assert_eq!(source.all.len(), 10);
        for (policy, expected) in [(0, [4, 6, 4, 6, 4]), (3, [5, 7, 5, 7, 5])] {
            let writers = source.readable(2, policy).iter().map(|object| object.writer);
            assert_eq!(writers.collect::<Vec<_>>(), expected);
        }
    }
}
