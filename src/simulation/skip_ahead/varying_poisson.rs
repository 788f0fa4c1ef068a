//! Poisson processes whose rate changes with time, and where their next point lies.
//!
//! The requests that need one bucket-level key are such a process: a Poisson process of requests, each
//! of which needs the key by a chance that depends on the key's age alone, keeps those that do as a
//! Poisson process of its own, independent of all others (Kingman, *Poisson Processes*, §5.1). Its next
//! point is drawn by thinning (Lewis and Shedler, 1979): candidates come at a rate that is an upper
//! bound for a stretch of time, and each is kept with the chance that the true rate is of the bound.
//! Once a key's objects are so old that the chance only falls, it is no greater from a time on than at that
//! time, which is bounded by a table ([`mod@read_ages`](super::read_ages)): so that each candidate has a stretch
//! of its own, and no law of ages is asked for most of them.

use std::sync::Arc;

use rand::RngExt;

use super::read_ages::{ReadAges, ShareBounds};
use crate::rng::{Stream, exponential_ns};
use crate::units::{SimDuration, SimTime};
use crate::workload::ages::AgeLaw;
use crate::workload::rates::RateCurve;

/// The rate of requests that need one key, of one kind and by one requester.
#[derive(Clone, Debug)]
pub(super) struct Flow<'a> {
    /// The rate of all requests of the kind, by all requesters.
    curve: &'a RateCurve,
    /// The part of them that is the requester's and may need the key.
    share: f64,
    /// `None` if age has no bearing.
    written: Option<Written<'a>>,
    /// The rate of the requester's requests, and since and until when it is so.
    rate: f64,
    steady: (SimTime, SimTime),
    /// Whether that is the greatest rate there is, not the true one: where so little happens that
    /// looking at every step of the curve would take longer.
    greatest: bool,
    stretch: Stretch,
    /// The rate of candidates once the chance only falls.
    falling: FallingRate,
    /// The very points, in order of time, where they are known.
    points: Option<Arc<[SimTime]>>,
}

/// The last point of a stretch of time.
enum LastPoint {
    At(SimTime),
    None,
    /// Shorter stretches find it sooner: the chance falls by much.
    NotSought,
}

/// The rate of a requester's requests while the chance that they need a key only falls.
#[derive(Clone, Copy, Debug)]
struct FallingRate {
    /// Since and until when it is so.
    from: SimTime,
    until: SimTime,
    per_ns: f64,
    /// Whether that is the greatest rate there is, not the true one.
    greatest: bool,
}

/// When a key's objects were written, and the law of the ages of what is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    from: SimTime,
    until: SimTime,
    ages: &'a ReadAges,
    /// From when on the chance only falls, and has quick bounds.
    falls_from: SimTime,
    /// Where the law is exponential: how the chance falls once all is written.
    decay: Option<Decay>,
}

/// An exponential fall.
#[derive(Clone, Copy, Debug)]
struct Decay {
    /// The chance at first.
    at_first: f64,
    /// The time in which it falls to 1/e, in nanoseconds.
    mean_ns: f64,
}

impl<'a> Written<'a> {
    /// What was written from a time until another, read by a law of ages.
    pub(super) fn new((from, until): (SimTime, SimTime), ages: &'a ReadAges) -> Self {
        let decay = match &ages.law {
            AgeLaw::Exponential(law) if until < SimTime::MAX => Some(Decay {
                at_first: not_older(&ages.law, until, from),
                mean_ns: law.mean.as_nanos() as f64,
            }),
            _ => None,
        };
        let falls_from = match until {
            _ if !ages.has_bounds() => SimTime::MAX,
            // Of everything before a time less and less is young enough.
            SimTime::MAX => SimTime::MAX,
            _ if from == SimTime::MIN => until,
            _ => until + ages.mode,
        };
        Self { from, until, ages, falls_from, decay }
    }

    /// Bounds of the chance, which are quick from `falls_from` on.
    #[inline]
    fn chance_bounds(&self, time: SimTime) -> ShareBounds {
        let first = if self.from == SimTime::MIN {
            (1.0, 1.0)
        } else {
            self.ages.share_bounds(time.since(self.from))
        };
        let last = self.ages.share_bounds(time.since(self.until));
        (first.0 - last.1, first.1 - last.0)
    }

    /// The chance that what is read at a time is of it.
    fn chance(&self, time: SimTime) -> f64 {
        match self.decay {
            Some(decay) if time >= self.until => decay.after(time.since(self.until)),
            _ => {
                not_older(&self.ages.law, time, self.from)
                    - not_older(&self.ages.law, time, self.until)
            }
        }
    }
}

impl Decay {
    fn after(&self, since: SimDuration) -> f64 {
        self.at_first * libm::exp(-(since.as_nanos() as f64) / self.mean_ns)
    }
}

/// A stretch of time with bounds of the chance that a request needs the key.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: SimTime,
    until: SimTime,
    /// The chance is never more than this.
    most: f64,
    /// Nor less than this.
    least: f64,
}

/// Candidates of a stretch that are drawn sooner than better bounds are found.
const FEW_CANDIDATES: f64 = 1.0;

/// Candidates that are worth better bounds.
const MANY_CANDIDATES: f64 = 100.0;

/// To what part of itself a chance may fall within a stretch that is not cut.
const MUCH_FALLEN: f64 = 0.25;

/// The shortest stretch that is looked at: what happens within it hardly matters for an age.
const SHORTEST: SimDuration = SimDuration::from_nanos(1_000_000);

impl<'a> Flow<'a> {
    /// A flow that is first asked about `from`.
    pub(super) fn new(
        curve: &'a RateCurve,
        share: f64,
        written: Option<Written<'a>>,
        from: SimTime,
    ) -> Self {
        let never = SimTime::MIN;
        let stretch = Stretch { from: never, until: never, most: 0.0, least: 0.0 };
        let steady = (never, never);
        let falling = FallingRate { from: never, until: never, per_ns: 0.0, greatest: false };
        let mut flow = Self {
            curve,
            share,
            written,
            rate: 0.0,
            steady,
            greatest: false,
            stretch,
            falling,
            points: None,
        };
        if written.is_none_or(|written| from < written.falls_from) {
            flow.look_at(from);
        }
        flow
    }

    /// A flow whose points are known.
    pub(super) fn of_points(curve: &'a RateCurve, points: Vec<SimTime>) -> Self {
        Self { points: Some(points.into()), ..Self::new(curve, 0.0, None, SimTime::ZERO) }
    }

    /// The first point after `time`; [`SimTime::MAX`] if there is none before `end`.
    pub(super) fn next_after(
        &mut self,
        mut time: SimTime,
        end: SimTime,
        rng: &mut Stream,
    ) -> SimTime {
        if let Some(points) = &self.points {
            let next = points.get(points.partition_point(|&point| point <= time));
            return next.copied().filter(|&next| next < end).unwrap_or(SimTime::MAX);
        }
        while time < end {
            if let Some(written) = self.written
                && time >= written.falls_from
            {
                return self.next_falling(&written, time, end, rng);
            }
            let (most, until) = self.look_at(time);
            // Points are memoryless: where a stretch has none the next begins as if anew.
            let candidate = if most > 0.0 { after(time, 1.0 / most, rng) } else { SimTime::MAX };
            if candidate >= until {
                time = until;
            } else if self.keeps(candidate, rng) {
                return if candidate < end { candidate } else { SimTime::MAX };
            } else {
                time = candidate;
            }
        }
        SimTime::MAX
    }

    /// The first point after `time`, from which on the chance only falls.
    fn next_falling(
        &mut self,
        written: &Written,
        mut time: SimTime,
        end: SimTime,
        rng: &mut Stream,
    ) -> SimTime {
        while time < end {
            let (_, most) = written.chance_bounds(time);
            let requests = self.falling_rate(time, most);
            let rate = requests.per_ns * most;
            let candidate = if rate > 0.0 { after(time, 1.0 / rate, rng) } else { SimTime::MAX };
            // Old keys' candidates lie far beyond the end, where no table reaches.
            let until = requests.until.min(end);
            if candidate >= until {
                time = until;
            } else if self.keeps_falling(written, candidate, most, requests, rng) {
                return candidate;
            } else {
                time = candidate;
            }
        }
        SimTime::MAX
    }

    /// Whether a candidate is a point, if the chance is at most `most`.
    #[inline]
    fn keeps_falling(
        &self,
        written: &Written,
        candidate: SimTime,
        most: f64,
        FallingRate { per_ns, greatest, .. }: FallingRate,
        rng: &mut Stream,
    ) -> bool {
        let of_rate = if greatest { self.curve.at(candidate).0 * self.share / per_ns } else { 1.0 };
        let level = rng.random::<f64>() * most;
        let (least, likeliest) = written.chance_bounds(candidate);
        level < least * of_rate
            || level < likeliest * of_rate && level < written.chance(candidate) * of_rate
    }

    /// The last point between `from`, from which on the chance only falls, and `until`.
    fn last_falling(
        &mut self,
        written: &Written,
        (from, until): (SimTime, SimTime),
        rng: &mut Stream,
    ) -> LastPoint {
        let (_, most) = written.chance_bounds(from);
        let mut requests = self.falling_rate(from, most);
        if until > requests.until {
            requests.per_ns = self.curve.greatest() * self.share;
            requests.greatest = true;
        }
        let rate = requests.per_ns * most;
        if rate <= 0.0 {
            return LastPoint::None;
        }
        let (least, _) = written.chance_bounds(until);
        if least < MUCH_FALLEN * most && rate * until.since(from).as_nanos() as f64 > FEW_CANDIDATES
        {
            return LastPoint::NotSought;
        }
        let mut time = until;
        loop {
            time = time - SimDuration::from_nanos(exponential_ns(1.0 / rate, rng));
            if time <= from {
                return LastPoint::None;
            }
            if self.keeps_falling(written, time, most, requests, rng) {
                return LastPoint::At(time);
            }
        }
    }

    /// The rate of requests at `time`, from which on the chance is at most `most`.
    #[inline]
    fn falling_rate(&mut self, time: SimTime, most: f64) -> FallingRate {
        if time < self.falling.from || time >= self.falling.until {
            let greatest = self.curve.greatest() * self.share;
            let (rate, until) = self.curve.at(time);
            let in_a_step = greatest * most * self.curve.step().as_nanos() as f64;
            // What happens less than once a step will not happen more often later.
            let quiet = in_a_step <= FEW_CANDIDATES && until < SimTime::MAX;
            let (per_ns, until) =
                if quiet { (greatest, SimTime::MAX) } else { (rate * self.share, until) };
            self.falling = FallingRate { from: time, until, per_ns, greatest: quiet };
        }
        self.falling
    }

    /// The last point between `from` and `until`, if there is any.
    pub(super) fn last_between(
        &mut self,
        from: SimTime,
        until: SimTime,
        rng: &mut Stream,
    ) -> Option<SimTime> {
        if let Some(written) = self.written
            && from >= written.falls_from
        {
            match self.last_falling(&written, (from, until), rng) {
                LastPoint::At(time) => return Some(time),
                LastPoint::None => return None,
                LastPoint::NotSought => {}
            }
        }
        // Stretches from the last to the first, each found again when its turn has come. They may be
        // very many, too many to call oneself for each.
        let mut earlier = Vec::new();
        let (mut from, mut until) = (from, until);
        loop {
            let (most, middle) = self.look_at(from);
            if middle < until {
                earlier.push((from, middle));
                from = middle;
                continue;
            }
            let last = self.last_in_stretch(from, until, most, rng);
            if last.is_some() {
                return last;
            }
            (from, until) = earlier.pop()?;
        }
    }

    /// The last point between `from` and `until`, which lie in the stretch looked at.
    fn last_in_stretch(
        &self,
        from: SimTime,
        until: SimTime,
        most: f64,
        rng: &mut Stream,
    ) -> Option<SimTime> {
        if most <= 0.0 {
            return None;
        }
        // The points of a Poisson process seen backward are one, too.
        let mut time = until;
        loop {
            time = time - SimDuration::from_nanos(exponential_ns(1.0 / most, rng));
            if time <= from {
                return None;
            }
            if self.keeps(time, rng) {
                return Some(time);
            }
        }
    }

    /// Whether a candidate at `time` in the stretch looked at is a point.
    #[inline]
    fn keeps(&self, time: SimTime, rng: &mut Stream) -> bool {
        let Stretch { most, least, .. } = self.stretch;
        if least >= most && !self.greatest {
            return true;
        }
        let of_rate =
            if self.greatest { self.curve.at(time).0 * self.share / self.rate } else { 1.0 };
        let level = rng.random::<f64>() * most;
        level < least * of_rate || level < self.chance(time) * of_rate
    }

    /// The chance that a request at `time` needs one of the key's objects, apart from its share.
    fn chance(&self, time: SimTime) -> f64 {
        self.written.map_or(1.0, |written| written.chance(time))
    }

    /// The greatest rate of candidates at `time`, and until when it holds.
    #[inline]
    fn look_at(&mut self, time: SimTime) -> (f64, SimTime) {
        if time < self.stretch.from || time >= self.stretch.until {
            self.rate = self.curve.greatest() * self.share;
            self.stretch = self.stretch_from(time);
            self.steady = (time, time);
        }
        if time < self.steady.0 || time >= self.steady.1 {
            let greatest = self.curve.greatest() * self.share;
            let (rate, until) = self.curve.at(time);
            let in_a_step = greatest * self.stretch.most * until.since(time).as_nanos() as f64;
            self.greatest = in_a_step <= FEW_CANDIDATES && until < SimTime::MAX;
            (self.rate, self.steady) = if self.greatest {
                (greatest, (time, SimTime::MAX))
            } else {
                (rate * self.share, (time, until))
            };
        }
        (self.rate * self.stretch.most, self.steady.1.min(self.stretch.until))
    }

    fn stretch_from(&self, from: SimTime) -> Stretch {
        let (until, least, most) = match self.written {
            // Whatever the chance is, nothing happens.
            _ if self.rate <= 0.0 => (SimTime::MAX, 0.0, 0.0),
            None => (SimTime::MAX, 1.0, 1.0),
            Some(written) if from < written.from => (written.from, 0.0, 0.0),
            Some(Written { until, decay: Some(decay), .. }) if from >= until => {
                self.bounds_of_decay(from, decay.after(from.since(until)), decay)
            }
            Some(written) => self.bounds(from, written),
        };
        Stretch { from, until, most, least }
    }

    /// How long the chance stays between which bounds, from a time on when there are objects.
    ///
    /// While all their ages come nearer to the law's mode the chance rises, so that its bounds are its
    /// values at the ends; when all have passed it, it falls. In between it is less than the chance of
    /// all ages that the objects have within the stretch, and more than that of those that they have
    /// all the time. A stretch ends before the bounds are far apart, unless it has hardly a candidate.
    fn bounds(
        &self,
        from: SimTime,
        Written { from: first, until: last, ages, .. }: Written,
    ) -> (SimTime, f64, f64) {
        let ReadAges { law: ages, mode, .. } = ages;
        // Of everything before a time all is old enough until then, and less and less from then on.
        let endless = first == SimTime::MIN;
        if endless && from < last {
            return (last, 1.0, 1.0);
        }
        let age = from.since(if endless { last } else { first });
        if last <= from && (endless || from.since(last) >= *mode) {
            return self.falling_bounds(from, age);
        }
        let ever = |until: SimTime| not_older(ages, until, first) - not_older(ages, from, last);
        // As long again as the objects' age, and longer as long as little is likely to happen.
        let mut length = age.max(SHORTEST);
        if from >= last || !ages.rises_to_mode() {
            length = length.min(SimDuration::from_nanos(last.since(first).as_nanos() / 4));
            length = length.max(SHORTEST);
        }
        while length < SimDuration::MAX
            && self.rate * ever(from + length) * length.as_nanos() as f64 <= FEW_CANDIDATES
        {
            length = length.saturating_mul(4);
        }
        // Where ages are narrow the chance jumps within it: next to that, bounds must be near.
        while length > SHORTEST
            && self.rate * ever(from + length) * length.as_nanos() as f64 > MANY_CANDIDATES
            && self.chance(from).min(self.chance(from + length)) < MUCH_FALLEN * ever(from + length)
        {
            length = SimDuration::from_nanos(length.as_nanos() / 2).max(SHORTEST);
        }
        let until = from + length;
        let rises = last > until || ages.rises_to_mode() && first + *mode >= until;
        if rises {
            return (until, self.chance(from), self.chance(until));
        }
        let always = not_older(ages, from, first) - not_older(ages, until, last);
        (until, always.max(0.0), ever(until))
    }

    /// The bounds of a chance that falls exponentially from `most` on: as long as it takes to fall by a
    /// tenth, or by half where there is little to compare, or until a candidate is likely.
    fn bounds_of_decay(&self, from: SimTime, most: f64, decay: Decay) -> (SimTime, f64, f64) {
        if most <= 0.0 {
            return (SimTime::MAX, 0.0, 0.0);
        }
        let near = if self.rate * most * decay.mean_ns > MANY_CANDIDATES { 0.9 } else { 0.5 };
        let falls_ns = -libm::log(near) * decay.mean_ns;
        let quiet_ns = FEW_CANDIDATES / (self.rate * most);
        let length = SimDuration::from_secs_f64(falls_ns.max(quiet_ns) / 1e9);
        // A nanosecond, to which lengths are rounded, must not put it above the true chance.
        let rounded = (1.0 - 1e-9 - 1.0 / decay.mean_ns).max(0.0);
        let least = if falls_ns >= quiet_ns { near * most * rounded } else { 0.0 };
        let length = length.max(SimDuration::from_nanos(1));
        (from + length, least, most)
    }

    /// The bounds of a chance that falls from now on.
    fn falling_bounds(&self, from: SimTime, age: SimDuration) -> (SimTime, f64, f64) {
        let most = self.chance(from);
        if most <= 0.0 {
            return (SimTime::MAX, 0.0, 0.0);
        }
        let quiet = SimDuration::from_secs_f64(FEW_CANDIDATES / (self.rate * most) / 1e9);
        // The nearer the bounds, the fewer candidates must be compared with the true chance.
        let many = self.rate * most * age.as_nanos() as f64 > MANY_CANDIDATES;
        let near = if many { 0.9 } else { 0.5 };
        // Not much longer than the stretch before, which was as long as could be.
        let before = self.stretch.until.since(self.stretch.from);
        let longest = before.saturating_mul(2).max(SHORTEST.saturating_mul(1_000));
        let mut length = age.max(SHORTEST).min(longest).max(quiet);
        loop {
            let until = from + length;
            if length == quiet {
                return (until, 0.0, most);
            }
            let least = self.chance(until);
            if least >= near * most || length <= SHORTEST {
                return (until, least, most);
            }
            length = SimDuration::from_nanos(length.as_nanos() / 2).max(quiet);
        }
    }
}

/// Share of ages that an object written at `written` or later has at `time`.
#[inline]
fn not_older(ages: &AgeLaw, time: SimTime, written: SimTime) -> f64 {
    if written > time {
        return 0.0;
    }
    if written == SimTime::MIN { 1.0 } else { ages.cdf(time.since(written)) }
}

fn after(time: SimTime, mean_ns: f64, rng: &mut Stream) -> SimTime {
    time + SimDuration::from_nanos(exponential_ns(mean_ns, rng))
}
