//! Calls that wait between two attempts.

use std::collections::VecDeque;

use super::STEPS;

/// Calls in their pause before one retry, each as long as any other pause between two bounds.
pub(super) struct Pauses {
    /// In how many steps the first of those that enter now are due, and over how many steps all are.
    from: usize,
    steps: usize,
    /// Pauses start and end on every so many-th step, lest there be too many starts.
    coarse: usize,
    /// By how many more calls are due a step, from a step on.
    starts: VecDeque<(usize, f64)>,
    /// By how many fewer.
    ends: VecDeque<(usize, f64)>,
    per_step: f64,
    /// Due now, those that a limiter held back among them.
    due: f64,
    /// All others.
    later: f64,
}

/// About the most starts that are kept apart.
const STARTS: usize = 600;

impl Pauses {
    /// Pauses of so many seconds.
    pub(super) fn of(bounds_s: [f64; 2]) -> Self {
        let [shortest, longest] = bounds_s.map(|pause_s| pause_s * STEPS as f64);
        let steps = ((longest - shortest).round() as usize).max(1);
        Self {
            from: (shortest.round() as usize).max(1),
            steps,
            coarse: (steps / STARTS).max(1),
            starts: VecDeque::new(),
            ends: VecDeque::new(),
            per_step: 0.0,
            due: 0.0,
            later: 0.0,
        }
    }

    /// Calls that wait.
    pub(super) fn calls(&self) -> f64 {
        self.due + self.later
    }

    /// Takes in calls that were throttled in a step.
    pub(super) fn enter(&mut self, at: usize, calls: f64) {
        if calls <= 0.0 {
            return;
        }
        let start = (at + self.from).next_multiple_of(self.coarse);
        let rate = calls / self.steps as f64;
        for (queue, when) in [(&mut self.starts, start), (&mut self.ends, start + self.steps)] {
            match queue.back_mut() {
                Some((last, rates)) if *last == when => *rates += rate,
                _ => queue.push_back((when, rate)),
            }
        }
        self.later += calls;
    }

    /// Calls that are due in a step; steps are asked for one by one.
    pub(super) fn due(&mut self, at: usize) -> f64 {
        while self.starts.front().is_some_and(|(start, _)| *start <= at) {
            self.per_step += self.starts.pop_front().map_or(0.0, |(_, rate)| rate);
        }
        while self.ends.front().is_some_and(|(end, _)| *end <= at) {
            self.per_step -= self.ends.pop_front().map_or(0.0, |(_, rate)| rate);
        }
        let due = if self.ends.is_empty() {
            // Whatever rounding has left of the last of them.
            self.per_step = 0.0;
            self.later
        } else {
            self.per_step.clamp(0.0, self.later)
        };
        self.later -= due;
        self.due += due;
        self.due
    }

    /// Lets a part of what is due go; yields how many.
    pub(super) fn leave(&mut self, part: f64) -> f64 {
        let gone = if part >= 1.0 { self.due } else { self.due * part };
        self.due -= gone;
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave_all(pauses: &mut Pauses, at: usize) -> f64 {
        pauses.due(at);
        pauses.leave(1.0)
    }

    /// Half a second to a second and a half: ten steps, of which the first is the sixth.
    #[test]
    fn pauses_are_spread_evenly_between_their_bounds() {
        let mut pauses = Pauses::of([0.5, 1.5]);
        pauses.enter(100, 20.0);
        let due: Vec<f64> = (101..=116).map(|at| leave_all(&mut pauses, at)).collect();
        for (step, due) in (1..).zip(due) {
            let expected = if (5..15).contains(&step) { 2.0 } else { 0.0 };
            assert!((due - expected).abs() < 1e-9, "{step}: {due}");
        }
        assert!(pauses.calls().abs() < 1e-12);
    }

    #[test]
    fn long_pauses_are_kept_coarsely_and_lose_nothing() {
        let mut pauses = Pauses::of([0.0, 10_000.0]);
        (0..5_000).for_each(|at| {
            pauses.due(at);
            pauses.enter(at, 1.0);
        });
        assert!(pauses.starts.len() + pauses.ends.len() < 1_300);
        assert!((pauses.calls() - 5_000.0).abs() < 1e-6);
        let gone: f64 = (5_000..110_000).map(|at| leave_all(&mut pauses, at)).sum();
        assert!(pauses.calls().abs() < 1e-6 && (gone - 5_000.0).abs() < 1e-6, "{gone}");
    }
}
