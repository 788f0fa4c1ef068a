//! Estimates from independent replications, with confidence half-widths, and how many replications a
//! wanted half-width takes.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every half-width that bks prints.
pub const CONFIDENCE: f64 = 0.95;

/// The mean of a figure over replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The true mean lies this near to it with 95 % confidence; `None` from a single replication.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The mean of independent values, and its half-width by Student's t distribution (Law,
    /// *Simulation Modeling and Analysis*, §4.5).
    ///
    /// # Panics
    /// If there is no value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "an estimate needs a replication");
        let mean = mean(values);
        let half_width = (values.len() >= 2).then(|| half_width(variance(values), values.len()));
        Self { mean, half_width }
    }

    /// The mean of `own` less that of `against`, whose values belong together pair by pair; `None`
    /// without values. What the values of a pair have in common cancels (Law, *Simulation Modeling
    /// and Analysis*, §10.2.1).
    ///
    /// # Panics
    /// If there are not as many of one as of the other.
    #[must_use]
    pub fn of_paired_difference(own: &[f64], against: &[f64]) -> Option<Self> {
        assert_eq!(own.len(), against.len(), "every value has its pair");
        let differences: Vec<f64> = own.iter().zip(against).map(|(a, b)| a - b).collect();
        (!differences.is_empty()).then(|| Self::of(&differences))
    }

    /// The mean of `own` less that of `against`, independent of one another; `None` if one has no
    /// values. The half-width is Welch's, with his degrees of freedom (Biometrika 34, 1947); where
    /// both depend on the same chance and move together it is too wide.
    #[must_use]
    pub fn of_difference(own: &[f64], against: &[f64]) -> Option<Self> {
        if own.is_empty() || against.is_empty() {
            return None;
        }
        let half_width = (own.len() >= 2 && against.len() >= 2).then(|| {
            let [a, b] = [own, against].map(|values| variance(values) / values.len() as f64);
            let [of_a, of_b] = [own, against].map(|values| values.len() as f64 - 1.0);
            let freedom = (a + b).powi(2) / (a * a / of_a + b * b / of_b);
            // Without any variance there are no degrees of freedom to speak of, and no width.
            if freedom.is_finite() { student(freedom) * (a + b).sqrt() } else { 0.0 }
        });
        Some(Self { mean: mean(own) - mean(against), half_width })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance that two values or more show of the law they are drawn from.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The half-width of a mean of `n` values, two at least, if their variance is `variance`.
fn half_width(variance: f64, n: usize) -> f64 {
    let n = n as f64;
    student(n - 1.0) * (variance / n).sqrt()
}

/// The quantile of Student's t distribution that bounds a two-sided confidence interval.
fn student(freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom)
        .expect("one degree of freedom at least")
        .inverse_cdf(0.5 + CONFIDENCE / 2.0)
}

/// The value that a share `p` of ascending values does not exceed, `None` of none: each stands for an equal
/// share around it, and between neighbours it is in proportion (R. J. Hyndman and Y. Fan, *Sample quantiles
/// in statistical packages*, The American Statistician 50, 1996, definition 5).
#[must_use]
pub fn quantile(ascending: &[f64], p: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let place = (p * ascending.len() as f64 - 0.5).clamp(0.0, last as f64);
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(ascending[below] + (place - below as f64) * (ascending[above] - ascending[below]))
}

/// A quantile of a law that is known from a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The estimate.
    pub value: f64,
    /// The true quantile lies this near to it with 95 % confidence.
    pub half_width: f64,
}

/// Groups that are left out one after the other.
const GROUPS: usize = 8;

impl Quantile {
    /// The quantile of order `p`, from values in the order in which they were drawn.
    ///
    /// The half-width is from leaving out one eighth of the sample after the other (the jackknife by groups: J. Shao
    /// and C. F. J. Wu, *A general theory for jackknife variance estimation*, The Annals of Statistics 17, 1989,
    /// 1176-1197), by Student's t distribution. It takes the eighths for independent; those of a scrambled
    /// sequence complement one another, so that the half-width is rather too great.
    ///
    /// # Panics
    /// If there are fewer than 16 values.
    #[must_use]
    pub fn of(values: &[f64], p: f64) -> Self {
        assert!(values.len() >= 2 * GROUPS, "each group needs values");
        let left: Vec<f64> =
            (0..GROUPS).map(|group| Self::without(values, Some(group), p)).collect();
        let groups = GROUPS as f64;
        let square = (groups - 1.0) * (groups - 1.0) / groups * variance(&left);
        Self {
            value: Self::without(values, None, p),
            half_width: student(groups - 1.0) * square.sqrt(),
        }
    }

    /// The estimate from all groups but one.
    fn without(values: &[f64], group: Option<usize>, p: f64) -> f64 {
        let all = values.iter().enumerate();
        let kept = all.filter(|(i, _)| Some(i * GROUPS / values.len()) != group);
        let mut kept: Vec<f64> = kept.map(|(_, value)| *value).collect();
        kept.sort_by(f64::total_cmp);
        quantile(&kept, p).expect("seven groups stay")
    }
}

/// Fewest replications of a run that has a precision to reach. From fewer the variance is so
/// uncertain that the run would often stop too early (Law, *Simulation Modeling and Analysis*,
/// §9.4.1, advises ten at least).
pub const PILOT: u32 = 10;

/// How near estimates are to be to the true means, and how many replications that may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// The half-width that none is to exceed, in the estimates' own unit; greater than zero.
    pub half_width: f64,
    /// Most replications.
    pub replications_max: u32,
}

/// A half-width of a share in points, without the digits that only its binary fraction has.
#[must_use]
pub fn points(half_width: f64) -> f64 {
    (half_width * 1e10).round() / 1e8
}

impl Precision {
    /// The half-width in points, if estimates are shares.
    #[must_use]
    pub fn points(&self) -> f64 {
        points(self.half_width)
    }

    /// Whether the greatest half-width is small enough; `None` stands for no figure to be precise about.
    #[must_use]
    pub fn is_met_by(&self, half_width: Option<f64>) -> bool {
        half_width.is_none_or(|half_width| half_width <= self.half_width)
    }

    /// How many replications there should be next, in all, if there are `replications` now and
    /// `figures` has for each figure the values seen in them; `None` if it is enough, since every
    /// half-width is small enough or `replications_max` is reached.
    ///
    /// A sequential procedure (Chow and Robbins, *On the asymptotic theory of fixed-width
    /// sequential confidence intervals for the mean*, Annals of Mathematical Statistics 36, 1965):
    /// it stops when the half-width by Student's t of all values so far is small enough. It does
    /// not look after each replication but in rounds. How many a round takes in is the number that
    /// the variance so far asks for (Law, *Simulation Modeling and Analysis*, §9.4.1), at least a
    /// fifth and at most the whole of what there is. Values of all rounds count. Fewer looks mean
    /// fewer chances to stop at a variance that is small by accident, and rounds depend on values
    /// only, so the answer is the same on any number of threads.
    ///
    /// A figure without values asks for nothing; neither does one whose values are all the same.
    #[must_use]
    pub fn next_round(&self, replications: u32, figures: &[Vec<f64>]) -> Option<u32> {
        let missing = figures.iter().map(|values| self.missing(values, replications)).max();
        match missing {
            None | Some(0) => None,
            Some(_) if replications >= self.replications_max => None,
            Some(missing) => {
                let round = missing.clamp(replications.div_ceil(5), replications);
                Some((replications + round).min(self.replications_max))
            }
        }
    }

    /// How many values more the figure needs if its variance stays what `values` show: from 0 to
    /// `at_most`.
    fn missing(&self, values: &[f64], at_most: u32) -> u32 {
        if values.is_empty() {
            return 0;
        }
        if values.len() < 2 {
            return at_most;
        }
        let variance = variance(values);
        let suffices =
            |more: u32| half_width(variance, values.len() + more as usize) <= self.half_width;
        if suffices(0) {
            return 0;
        }
        // The half-width shrinks with every value more: `too_few` never suffices.
        let (mut too_few, mut enough) = (0, at_most);
        while enough - too_few > 1 {
            let middle = too_few + (enough - too_few) / 2;
            if suffices(middle) { enough = middle } else { too_few = middle }
        }
        enough
    }
}

/// How often each whole number was seen; the quantiles of many numbers of few values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequencies(std::collections::BTreeMap<u32, u64>);

impl Frequencies {
    /// Numbers below this are counted in an array before they are added: most are small.
    const SMALL: usize = 1_024;

    /// Adds numbers, and as many zeros that they are `all` together.
    pub fn extend_padded(&mut self, numbers: impl Iterator<Item = u32>, all: usize) {
        let mut small = [0_u64; Self::SMALL];
        let mut zeros = all as u64;
        for number in numbers {
            zeros = zeros.saturating_sub(1);
            match small.get_mut(number as usize) {
                Some(count) => *count += 1,
                None => *self.0.entry(number).or_insert(0) += 1,
            }
        }
        small[0] += zeros;
        for (number, &count) in (0..).zip(&small).filter(|(_, count)| **count > 0) {
            *self.0.entry(number).or_insert(0) += count;
        }
    }

    /// Adds the numbers that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        for (&number, &count) in &other.0 {
            *self.0.entry(number).or_insert(0) += count;
        }
    }

    /// The least number that at least a share `p` of all numbers does not exceed; 0 if there are none.
    #[must_use]
    pub fn quantile(&self, p: f64) -> u32 {
        let total: u64 = self.0.values().sum();
        let wanted = (p * total as f64).ceil() as u64;
        let mut seen = 0;
        for (&number, &count) in &self.0 {
            seen += count;
            if seen >= wanted {
                return number;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::rng::{Purpose, Seed, Stream};

    /// By hand: of three values the first stands for the first third, so its middle is the sixth.
    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [1.0, 2.0, 4.0];
        for (p, expected) in
            [(0.0, 1.0), (1.0 / 6.0, 1.0), (0.5, 2.0), (2.0 / 3.0, 3.0), (1.0, 4.0)]
        {
            assert!((quantile(&values, p).unwrap() - expected).abs() < 1e-12, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    /// Of laws whose quantiles are known: even, exponential, and a product of two even ones, where
    /// x(1 - ln x) is the share below x (0.05 at 0.008 7, 0.95 at 0.724).
    #[test]
    fn quantiles_of_an_even_sample_are_as_near_as_they_say() {
        type Law = (fn(&[f64]) -> f64, [f64; 2]);
        let product = |share: f64| {
            let (mut low, mut high) = (1e-9_f64, 1.0);
            for _ in 0..100 {
                let middle = f64::midpoint(low, high);
                if middle * (1.0 - middle.ln()) < share { low = middle } else { high = middle }
            }
            low
        };
        let laws: [Law; 3] = [
            (|u| u[0], [0.05, 0.95]),
            (|u| -u[1].ln(), [-(0.95_f64.ln()), -(0.05_f64.ln())]),
            (|u| u[0] * u[2], [product(0.05), product(0.95)]),
        ];
        for sets in [16, 32, 64] {
            let (mut held, mut all) = (0, 0);
            for seed in 0..100 {
                for (law, truth) in &laws {
                    let points = (0..sets).map(|set| crate::rng::sobol_point(set, 0..5, seed));
                    let values: Vec<f64> = points.map(|point| law(&point)).collect();
                    for (p, truth) in [0.05, 0.95].into_iter().zip(truth) {
                        let found = Quantile::of(&values, p);
                        held += u32::from((found.value - truth).abs() <= found.half_width);
                        all += 1;
                    }
                }
            }
            let coverage = f64::from(held) / f64::from(all);
            assert!(coverage > 0.9, "{sets} sets: {coverage}");
        }
    }

    /// Student's t for 95 % and 4 degrees of freedom is 2.776 (any table).
    #[test]
    fn half_widths_are_those_of_the_table() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((estimate.mean - 3.0).abs() < 1e-12);
        let expected = 2.776_445 * (2.5_f64 / 5.0).sqrt();
        assert!((estimate.half_width.unwrap() - expected).abs() < 1e-4);
        assert_eq!(Estimate::of(&[1.0]).half_width, None);
    }

    /// Welch's own kind of example, by hand: variances 2.5 and 10 of five values each give
    /// (0.5 + 2)^2 / (0.5^2/4 + 2^2/4) = 5.882 degrees of freedom, whose t is 2.4587.
    #[test]
    fn differences_have_their_half_widths() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, 10.0]);
        let apart = Estimate::of_difference(&a, &b).unwrap();
        assert!((apart.mean + 3.0).abs() < 1e-12);
        let width = apart.half_width.unwrap();
        assert!((width - 2.4587 * 2.5_f64.sqrt()).abs() < 1e-3, "{width}");
        let paired = Estimate::of_paired_difference(&a, &b).unwrap();
        // Differences -1 … -5 have the variance of 1 … 5.
        assert!((paired.half_width.unwrap() - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-4);
        assert_eq!(Estimate::of_difference(&a, &[]), None);
        assert_eq!(Estimate::of_difference(&[1.0], &a).unwrap().half_width, None);
        assert_eq!(
            Estimate::of_difference(&[1.0, 1.0], &[2.0, 2.0]).unwrap().half_width,
            Some(0.0)
        );
    }

    fn precision(half_width: f64, replications_max: u32) -> Precision {
        Precision { half_width, replications_max }
    }

    #[test]
    fn a_round_is_what_the_variance_says_is_missing() {
        // Variance 1 exactly: half-widths are those of t, from any table.
        let values = vec![-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 0.0];
        let next = |asked| precision(asked, 1_000).next_round(9, std::slice::from_ref(&values));
        // t(8) / 3 = 0.7687 and t(10) / sqrt(11) = 0.6718, t(11) / sqrt(12) = 0.6354.
        assert_eq!(next(0.769), None);
        assert_eq!(next(0.768), Some(9 + 2), "a fifth at least");
        assert_eq!(next(0.64), Some(12));
        assert_eq!(next(0.1), Some(18), "the whole at most");
        let least = precision(0.1, 12).next_round(9, std::slice::from_ref(&values));
        assert_eq!(least, Some(12), "no more than allowed");
        let other = vec![0.0; 9];
        let both = precision(0.64, 1_000).next_round(9, &[other, values.clone()]);
        assert_eq!(both, Some(12), "whoever needs most decides");
    }

    #[test]
    fn runs_end_without_variance_without_values_and_at_the_most() {
        let precise = precision(1e-9, 20);
        assert_eq!(precise.next_round(10, &[]), None);
        assert_eq!(precise.next_round(10, &[Vec::new()]), None, "nothing to be precise about");
        assert_eq!(precise.next_round(10, &[vec![0.3; 10]]), None, "no variance");
        assert_eq!(precise.next_round(10, &[vec![0.3]]), Some(20), "a value says nothing yet");
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(precise.next_round(20, &[values]), None, "no more are allowed");
    }

    /// Runs the procedure on normal values: how many it takes, and its estimate.
    fn run_until(precise: Precision, rng: &mut Stream) -> (u32, Estimate) {
        let mut values = Vec::new();
        let mut next = Some(PILOT);
        while let Some(wanted) = next {
            while values.len() < wanted as usize {
                values.push(StandardNormal.sample(rng));
            }
            next = precise.next_round(wanted, std::slice::from_ref(&values));
        }
        (values.len() as u32, Estimate::of(&values))
    }

    /// Of 2,000 runs, in which the share of intervals that hold the mean has a standard error of
    /// half a point. It was 93.2 % at the least.
    #[test]
    fn intervals_hold_the_mean_about_as_often_as_they_say() {
        const RUNS: u32 = 2_000;
        // For a known variance of 1 that would take 7, 16, 43 and 171 values.
        for (half_width, fewest, most) in
            [(0.75, 10.0, 13.0), (0.5, 14.0, 22.0), (0.3, 38.0, 50.0), (0.15, 160.0, 190.0)]
        {
            let mut rng = Seed(1_965).stream(0, Purpose::Requests, (0, 0));
            let (mut held, mut taken) = (0, 0);
            for _ in 0..RUNS {
                let (n, estimate) = run_until(precision(half_width, 10_000), &mut rng);
                let reached = estimate.half_width.unwrap();
                assert!(reached <= half_width, "{reached} for {half_width}");
                held += u32::from(estimate.mean.abs() <= reached);
                taken += n;
            }
            let (coverage, mean) =
                (f64::from(held) / f64::from(RUNS), f64::from(taken) / f64::from(RUNS));
            assert!((0.925..0.965).contains(&coverage), "{coverage} for {half_width}");
            assert!((fewest..most).contains(&mean), "{mean} values for {half_width}");
        }
    }

    #[test]
    fn quantiles_are_of_the_numbers_seen() {
        let mut seen = Frequencies::default();
        seen.extend_padded(1..1_000, 1_000);
        assert_eq!(seen.quantile(0.999), 998);
        assert_eq!(seen.quantile(1.0), 999);
        assert_eq!(Frequencies::default().quantile(0.5), 0);
    }
}
