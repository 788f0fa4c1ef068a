//! Savings month by month, until the ways meet.

/// Length of a month of a plan: thirty days, as prices by the month have it.
pub const MONTH_S: f64 = 30.0 * 86_400.0;

/// A way saves as much as another from when it saves all but this share of it.
const MEETS: f64 = 0.01;

/// What was counted in bins of a run, shared out to months by time: the sums of both are the same. Time
/// before the first bin has the mean of what follows; the last month may be cut short.
#[must_use]
pub fn by_month(bins: &[f64], bin_s: f64, (from_s, end_s): (f64, f64)) -> Vec<f64> {
    let months = (end_s / MONTH_S).ceil().max(1.0) as usize;
    let mut sums = vec![0.0; months];
    for (index, amount) in bins.iter().enumerate() {
        let start = from_s + index as f64 * bin_s;
        let end = (start + bin_s).min(end_s);
        let mut time = start;
        while time < end {
            let month = ((time / MONTH_S) as usize).min(months - 1);
            let next = ((month + 1) as f64 * MONTH_S).min(end);
            let next = if month + 1 == months { end } else { next };
            sums[month] += amount * (next - time) / (end - start);
            time = next;
        }
    }
    sums
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
        let months = by_month(&bins, week_s, (0.0, 3.0 * MONTH_S));
        assert_eq!(months.len(), 3);
        assert!((months.iter().sum::<f64>() - 91.0).abs() < 1e-9);
        // Four weeks and two days of the fifth.
        assert!((months[0] - (10.0 + 5.0 * 2.0 / 7.0)).abs() < 1e-9, "{months:?}");
    }

    #[test]
    fn ways_meet_where_one_stays_as_good_as_the_other() {
        assert_eq!(meets_from(&[1.0, 5.0, 10.0, 10.0], &[10.0; 4]), Some(3));
        assert_eq!(meets_from(&[10.0; 4], &[10.0; 4]), Some(1));
        assert_eq!(meets_from(&[10.0, 10.0, 9.0], &[10.0; 3]), None);
        assert_eq!(net(15.0, &[10.0, 10.0]), [-5.0, 5.0]);
    }
}
