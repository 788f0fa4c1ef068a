//! When a flow is there: periods of requests with long pauses between them.

use crate::units::SimDuration;

/// Requests between which no pause is long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActivePeriod {
    /// Time of the first and of the last request, in nanoseconds since the log's start.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
}

/// Periods, in order once they are joined. At most one for each long pause that the log has room for.
#[derive(Clone, Debug, Default)]
pub(super) struct ActivePeriods {
    all: Vec<ActivePeriod>,
    /// The longest pause within a period.
    pause: i64,
    /// How many periods are in order.
    joined: usize,
}

/// Of a log's times only the seconds are known.
const LEAST_PAUSE_NS: i64 = 2_000_000_000;

impl ActivePeriods {
    /// Takes a request; those of one session come in order.
    pub(super) fn take(&mut self, ns: i64, pause: i64) {
        self.pause = pause.max(LEAST_PAUSE_NS);
        let longest = self.pause;
        match self.all[self.joined..].last_mut() {
            Some(period) if (0..=longest).contains(&(ns - period.last)) => {
                period.last = ns;
                period.count += 1;
            }
            _ => self.all.push(ActivePeriod { first: ns, last: ns, count: 1 }),
        }
    }

    /// Joins the periods of one session to those of others.
    pub(super) fn join(&mut self) {
        if self.joined == self.all.len() {
            return;
        }
        self.all.sort_unstable_by_key(|period| period.first);
        let pause = self.pause;
        self.all.dedup_by(|next, period| {
            let one = next.first - period.last <= pause;
            if one {
                period.last = period.last.max(next.last);
                period.count += next.count;
            }
            one
        });
        self.joined = self.all.len();
    }

    /// All periods and what lies between them, if that is less than half of a log of that length.
    pub(super) fn once(&self, end: SimDuration) -> Option<ActivePeriod> {
        let first = self.all.first()?.first;
        let last = self.all.iter().map(|period| period.last).max()?;
        let count = self.all.iter().map(|period| period.count).sum();
        (last - first < end.as_nanos() / 2).then_some(ActivePeriod { first, last, count })
    }

    /// Periods that recur throughout a log of that length, if they do: there is none missing at its
    /// beginning or end.
    pub(super) fn recurring(&self, end: SimDuration) -> Option<RecurringPeriods> {
        let [first, .., last] = &self.all[..] else { return None };
        let count = self.all.iter().map(|period| period.count).sum();
        let periods = self.all.len() as i64;
        let every = (last.first - first.first) / (periods - 1);
        let (mut earliest, mut latest) = (i64::MAX, i64::MIN);
        for (index, period) in self.all.iter().enumerate() {
            let late = period.first - every * index as i64;
            (earliest, latest) = (earliest.min(late), latest.max(late));
        }
        let long: i64 = self.all.iter().map(|period| period.last - period.first).sum();
        let (length, tolerance) = (long / periods, every / 10);
        let alike = latest - earliest <= tolerance && length < every / 2;
        let throughout =
            first.first <= every + tolerance && last.first + every + tolerance >= end.as_nanos();
        let offset = earliest.midpoint(latest).max(0);
        // So that there is no more of them before the end.
        let every = every.max((end.as_nanos() - offset + periods - 1) / periods);
        (alike && throughout).then_some(RecurringPeriods {
            offset,
            every,
            length,
            count,
            periods: periods as u64,
        })
    }
}

/// Periods at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecurringPeriods {
    /// When the first begins, in nanoseconds.
    pub(super) offset: i64,
    /// From the begin of one to that of the next, in nanoseconds.
    pub(super) every: i64,
    /// Mean length, in nanoseconds.
    pub(super) length: i64,
    /// Requests of all together.
    pub(super) count: u64,
    pub(super) periods: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn periods(sessions: &[&[i64]], pause: i64) -> ActivePeriods {
        let mut periods = ActivePeriods::default();
        for session in sessions {
            session.iter().for_each(|second| periods.take(second * S, pause * S));
            periods.join();
        }
        periods
    }

    #[test]
    fn sessions_side_by_side_are_one_period() {
        let periods = periods(&[&[10, 15, 100], &[12, 22, 30], &[101]], 9);
        let period = |first, last, count| ActivePeriod { first: first * S, last: last * S, count };
        assert_eq!(periods.all, [period(10, 30, 5), period(100, 101, 2)]);
        assert_eq!(periods.once(SimDuration::from_secs(150)), None);
        assert_eq!(periods.once(SimDuration::from_secs(1_000)), Some(period(10, 101, 7)));
    }

    #[test]
    fn only_equal_distances_recur() {
        let recurring = |seconds: &[i64], end: i64| {
            periods(&[seconds], 9).recurring(SimDuration::from_secs(end))
        };
        let regular = recurring(&[5, 6, 105, 206, 207, 305], 400).unwrap();
        assert_eq!((regular.every, regular.count, regular.periods), (100 * S, 6, 4));
        assert!((5 * S..=6 * S).contains(&regular.offset));
        assert!(recurring(&[5, 6, 105, 206, 207, 305], 500).is_none(), "the last is missing");
        assert!(recurring(&[205, 305], 400).is_none(), "the first is missing");
        assert!(recurring(&[5, 105, 405], 500).is_none());
        // The third would begin a little before the end.
        let regular = recurring(&[1, 98], 199).unwrap();
        assert!(regular.offset + 2 * regular.every >= 199 * S, "{regular:?}");
        assert!(regular.offset + regular.every < 110 * S, "{regular:?}");
    }
}
