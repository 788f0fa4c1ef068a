//! Savings month by month, until the ways meet.

/// Length of a month of a plan: thirty days, as prices by the month have it.
pub const MONTH_S: f64 = 30.0 * 86_400.0;

/// A way saves as much as another from when it saves all but this share of it.
const MEETS: f64 = 0.01;

/// A run that is counted in bins, the last of which may be cut short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinnedRun {
    /// When the first begins, in seconds since the start.
    pub first_s: f64,
    /// When the run ends.
    pub end_s: f64,
    /// How long each is.
    pub bin_s: f64,
}

impl BinnedRun {
    /// What was counted, shared out to the months of the run by time; the last may be cut short.
    #[must_use]
    pub fn months(self, amounts: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; (self.end_s / MONTH_S).ceil().max(1.0) as usize];
        for (start, end, amount) in self.bins(amounts) {
            share_out(&mut sums, amount / (end - start), start, end);
        }
        sums
    }

    /// The same of so many months: after the run every second is as in the mean of its last `steady_s`.
    #[must_use]
    pub fn months_ahead(self, amounts: &[f64], steady_s: f64, months: u32) -> Vec<f64> {
        let mut sums = self.months(amounts);
        sums.resize(months as usize, 0.0);
        let from_s = (self.end_s - steady_s).max(self.first_s);
        let bins = self.bins(amounts);
        let steady = bins.map(|(start, end, amount)| {
            amount * (end - from_s.max(start)).max(0.0) / (end - start)
        });
        let per_s = steady.sum::<f64>() / (self.end_s - from_s);
        share_out(&mut sums, per_s, self.end_s, f64::from(months) * MONTH_S);
        sums
    }

    /// When each bin begins and ends, and what it has.
    fn bins(self, amounts: &[f64]) -> impl Iterator<Item = (f64, f64, f64)> {
        amounts.iter().zip(0..).map(move |(amount, index)| {
            let start = self.first_s + f64::from(index) * self.bin_s;
            (start, (start + self.bin_s).min(self.end_s), *amount)
        })
    }
}

/// Adds what a stretch of time has of so much a second to each of the months that it lies in.
fn share_out(months: &mut [f64], per_s: f64, from_s: f64, to_s: f64) {
    for (month, sum) in months.iter_mut().enumerate() {
        let start = month as f64 * MONTH_S;
        let within = to_s.min(start + MONTH_S) - from_s.max(start);
        *sum += per_s * within.max(0.0);
    }
}

/// What was saved by the end of each month, less what was paid at the start.
#[must_use]
pub fn net(cost: f64, savings: &[f64]) -> Vec<f64> {
    let mut sum = -cost;
    savings
        .iter()
        .map(|saving| {
            sum += saving;
            sum
        })
        .collect()
}

/// The month, from 1, from which on `slow` saves as much as `fast` in each month that is known; `None` if it
/// does not in the last.
#[must_use]
pub fn meets_from(slow: &[f64], fast: &[f64]) -> Option<usize> {
    let behind = |(slow, fast): (&f64, &f64)| *slow < *fast - MEETS * fast.abs();
    let last_behind = slow.iter().zip(fast).rposition(behind);
    let first = last_behind.map_or(0, |month| month + 1);
    (first < slow.len().min(fast.len())).then_some(first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_shared_out_to_months_and_none_is_lost() {
        let week_s = MONTH_S * 7.0 / 30.0;
        let bins: Vec<f64> = (1..=13).map(f64::from).collect();
        let run = BinnedRun { first_s: 0.0, end_s: 3.0 * MONTH_S, bin_s: week_s };
        let months = run.months(&bins);
        assert_eq!(months.len(), 3);
        assert!((months.iter().sum::<f64>() - 91.0).abs() < 1e-9);
        // Four weeks and two days of the fifth.
        assert!((months[0] - (10.0 + 5.0 * 2.0 / 7.0)).abs() < 1e-9, "{months:?}");
    }

    /// Three days of which the last is as all days to come: by hand.
    #[test]
    fn what_follows_a_run_is_as_its_end() {
        let day_s = MONTH_S / 30.0;
        let run = BinnedRun { first_s: 0.0, end_s: 3.0 * day_s, bin_s: day_s };
        let months = run.months_ahead(&[10.0, 5.0, 1.0], day_s, 3);
        assert_eq!(months.len(), 3);
        for (month, expected) in months.iter().zip([16.0 + 27.0, 30.0, 30.0]) {
            assert!((month - expected).abs() < 1e-9, "{months:?}");
        }
        // Two days and half a bin: the end is the mean of what lies in it.
        let cut = BinnedRun { end_s: 2.5 * day_s, ..run };
        let months = cut.months_ahead(&[10.0, 5.0, 1.0], day_s, 1);
        assert!((months[0] - (16.0 + 27.5 * 3.5)).abs() < 1e-9, "{months:?}");
    }

    #[test]
    fn ways_meet_where_one_stays_as_good_as_the_other() {
        assert_eq!(meets_from(&[1.0, 5.0, 10.0, 10.0], &[10.0; 4]), Some(3));
        assert_eq!(meets_from(&[10.0; 4], &[10.0; 4]), Some(1));
        assert_eq!(meets_from(&[10.0, 10.0, 9.0], &[10.0; 3]), None);
        assert_eq!(net(15.0, &[10.0, 10.0]), [-5.0, 5.0]);
    }
}
