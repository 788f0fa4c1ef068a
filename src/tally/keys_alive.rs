//! How long each bucket-level key is alive.

use super::Tally;
use crate::units::{SimDuration, SimTime};

/// Follows one requester's bucket-level keys and notes how long each is alive.
#[derive(Debug, Default)]
pub struct KeysAlive {
    /// The last second of the newest key of each place.
    until: Vec<i64>,
}

impl KeysAlive {
    /// Begins a requester with `places` places (bucket × partition).
    pub fn begin(&mut self, places: usize) {
        self.until.clear();
        self.until.resize(places, i64::MIN);
    }

    /// Notes in `tally` a key generated in `place` at `time` that lives for `lifetime`.
    pub fn generated(
        &mut self,
        tally: &mut Tally,
        place: u32,
        time: SimTime,
        lifetime: SimDuration,
    ) {
        let until = &mut self.until[place as usize];
        let mut first = tally.window.second_of(time);
        let last = tally.window.second_of(time + lifetime - SimDuration::from_nanos(1));
        if first == *until {
            first += 1;
        }
        *until = last;
        tally.note_alive(first, last);
    }
}
