//! Objects from before the run, written one by one in order of time: a writer whose newest key in a
//! partition wraps no more generates one.

use bks::units::{SimDuration, SimTime};

/// An object: when it was written, in which place (writer × partitions + partition), and by which
/// key it is wrapped, if by any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Old {
    pub(crate) time: SimTime,
    pub(crate) place: usize,
    pub(crate) key: Option<usize>,
}

/// A key: when and where it was generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) start: SimTime,
    pub(crate) place: usize,
}

/// A population with its keys, numbered in order of time, those of one time in order of place.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) objects: Vec<Old>,
    pub(crate) keys: Vec<Key>,
}

impl Population {
    /// Writes objects, each a time and a place, to a bucket that has had bucket keys on `since`.
    pub(crate) fn write(
        mut written: Vec<(SimTime, usize)>,
        since: SimTime,
        lifetime: SimDuration,
    ) -> Self {
        written.sort_unstable();
        let (mut objects, mut keys) = (Vec::<Old>::new(), Vec::<Key>::new());
        for (time, place) in written {
            let newest = keys.iter().rposition(|key| key.place == place);
            let live = newest.filter(|&key| time < keys[key].start + lifetime);
            let key = (time >= since).then(|| {
                live.unwrap_or_else(|| {
                    keys.push(Key { start: time, place });
                    keys.len() - 1
                })
            });
            objects.push(Old { time, place, key });
        }
        Self { objects, keys }
    }

    pub(crate) fn keyless(&self) -> u64 {
        self.objects.iter().filter(|object| object.key.is_none()).count() as u64
    }

    /// How many objects each key wraps.
    pub(crate) fn sizes(&self) -> Vec<f64> {
        let mut sizes = vec![0.0; self.keys.len()];
        for key in self.objects.iter().filter_map(|object| object.key) {
            sizes[key] += 1.0;
        }
        sizes
    }

    /// The key of the newest object with a key that was written in `place` not after `time`.
    pub(crate) fn newest(&self, place: usize, time: SimTime) -> Option<usize> {
        let newest = self.objects.iter().rev();
        newest
            .filter(|object| object.place == place && object.time <= time)
            .find_map(|object| object.key)
    }
}
