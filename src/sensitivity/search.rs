//! Where a curve crosses a level: a grid over the whole range first, more values where it is steep, then a pair
//! of values around where the line between neighbours on either side of the level crosses it. A pair that
//! holds the crossing leaves a quarter of the bracket or less; as it need not, every fourth pass cuts brackets
//! in even parts.
//!
//! Curves need not rise or fall throughout (`docs/model.md`, "Where intuition fails"), so every
//! crossing that the grid shows is followed. Two crossings between neighbours of the first grid are not
//! seen.

use std::collections::BTreeMap;

/// Values that are searched, on a logarithmic scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The least, greater than zero.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Whether only whole numbers have a meaning.
    pub whole: bool,
}

/// In how many values a search goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Values of the first grid.
    pub grid: usize,
    /// By how much neighbours of the grid may differ before a value between them is looked at, too: where each
    /// value takes long, by any amount.
    pub steepest: f64,
}

/// A bracket whose ends differ by less than this share is narrow enough.
pub const NARROW: f64 = 0.01;

/// In a bracket whose ends differ by about this share a curve is nearly straight.
const STRAIGHT: f64 = 0.25;

/// Crossings nearer to one another than this share are the noise of one.
const SAME: f64 = 0.05;

impl Span {
    /// About `points` values from end to end, each a fixed multiple of the one before.
    #[must_use]
    pub fn grid(&self, points: usize) -> Vec<f64> {
        let steps = (points.max(2) - 1) as f64;
        let ratio = (self.high / self.low).ln();
        let mut values: Vec<f64> =
            (0..points.max(2)).map(|i| self.low * libm::exp(ratio * i as f64 / steps)).collect();
        // Without the rounding of logarithms.
        values[points.max(2) - 1] = self.high;
        if self.whole {
            values = values.into_iter().map(f64::round).collect();
        }
        values.dedup();
        values
    }

    /// Values in even steps strictly between two neighbours.
    fn even(&self, low: f64, high: f64, values: usize) -> Vec<f64> {
        let span = Self { low, high, whole: self.whole };
        let grid = span.grid(values + 2);
        grid.into_iter().filter(|&value| low < value && value < high).collect()
    }

    /// Whether nothing more need be known of a bracket. Whole numbers up to a thousand are told exactly.
    fn is_narrow(&self, low: f64, high: f64) -> bool {
        if self.whole {
            high - low <= (low / 1_000.0).max(1.0)
        } else {
            high <= low * (1.0 + NARROW)
        }
    }

    /// Values strictly between neighbours, on either side of where the line between them crosses a level:
    /// an eighth of a wide bracket away, less of a narrow one, in which curves are straighter, but no nearer than
    /// its ends may be in the end. Of whole numbers in a narrow one they are those next to the crossing.
    fn around(&self, low: (f64, f64), high: (f64, f64), level: f64) -> Vec<f64> {
        let width = (high.0 / low.0).ln();
        let share = ((level - low.1) / (high.1 - low.1)).clamp(0.0, 1.0);
        let away = (width * width.min(1.0) / 8.0).max(NARROW * 0.45);
        let at = low.0 * libm::exp(width * share);
        let pair = [at * libm::exp(-away), at * libm::exp(away)];
        let near = if self.whole && (width < STRAIGHT || pair[1] - at < 1.0) {
            // Rounding may put what lies on a whole number to either side of it.
            [-1.0, 0.0, 1.0].map(|more| at.round() + more).to_vec()
        } else if self.whole {
            vec![pair[0].floor(), pair[1].ceil()]
        } else {
            pair.to_vec()
        };
        near.into_iter().filter(|&value| low.0 < value && value < high.0).collect()
    }
}

/// What a curve does at a crossing as its parameter grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From below the level to it or above.
    Rises,
    /// From the level or above to below.
    Falls,
}

/// Neighbouring points of a curve.
type Bracket = [(f64, f64); 2];

/// A place where a curve crosses a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Greatest value known to lie before it.
    pub before: f64,
    /// Least value known to lie behind it.
    pub behind: f64,
    /// What the curve does there.
    pub direction: Direction,
}

impl Crossing {
    /// The crossing of `level` between neighbouring points of a curve, if there is one.
    fn between(before: (f64, f64), behind: (f64, f64), level: f64) -> Option<Self> {
        let direction = match (before.1 >= level, behind.1 >= level) {
            (false, true) => Direction::Rises,
            (true, false) => Direction::Falls,
            _ => return None,
        };
        Some(Self { before: before.0, behind: behind.0, direction })
    }
}

/// The known points of a curve: its value at each parameter, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    points: BTreeMap<u64, f64>,
}

impl Curve {
    /// Its points in order of the parameter.
    #[must_use]
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> + '_ {
        self.points.iter().map(|(bits, value)| (f64::from_bits(*bits), *value))
    }

    /// Pairs of neighbours on either side of a level.
    fn brackets(&self, level: f64) -> Vec<Bracket> {
        let points: Vec<(f64, f64)> = self.points().collect();
        let pairs = points.windows(2).map(|pair| [pair[0], pair[1]]);
        pairs.filter(|[a, b]| Crossing::between(*a, *b, level).is_some()).collect()
    }

    /// Adds what is known of its values at `parameters`; whether that is anything new.
    fn add(&mut self, parameters: &[f64], values: &[Option<f64>]) -> bool {
        let before = self.points.len();
        for (parameter, value) in parameters.iter().zip(values) {
            // Positive floats are in the order of their bits.
            self.points.extend(value.map(|value| (parameter.to_bits(), value)));
        }
        self.points.len() > before
    }

    /// Its crossings of `level`, in order. An odd number of them close together is one crossing in
    /// noise.
    #[must_use]
    pub fn crossings(&self, level: f64) -> Vec<Crossing> {
        let points: Vec<(f64, f64)> = self.points().collect();
        let all: Vec<Crossing> = points
            .windows(2)
            .filter_map(|pair| Crossing::between(pair[0], pair[1], level))
            .collect();
        let mut crossings = Vec::new();
        for close in all.chunk_by(|a, b| b.before <= a.behind * (1.0 + SAME)) {
            match close {
                [first, .., last] if close.len() % 2 == 1 => {
                    crossings.push(Crossing { behind: last.behind, ..*first });
                }
                apart => crossings.extend_from_slice(apart),
            }
        }
        crossings
    }

    /// How fast the curve rises with the logarithm of its parameter around a crossing: between the
    /// nearest points at least `SAME` away on either side, beyond the noise of neighbours.
    #[must_use]
    pub fn slope_at(&self, crossing: &Crossing) -> Option<f64> {
        let before = self.points().take_while(|p| p.0 <= crossing.before / (1.0 + SAME)).last();
        let behind = self.points().find(|p| p.0 >= crossing.behind * (1.0 + SAME));
        let first =
            before.or_else(|| self.points().take_while(|p| p.0 <= crossing.before).last())?;
        let last = behind.or_else(|| self.points().find(|p| p.0 >= crossing.behind))?;
        let slope = (last.1 - first.1) / (last.0 / first.0).ln();
        (slope != 0.0 && slope.is_finite()).then_some(slope)
    }
}

/// Every which pass cuts brackets in even parts, whatever the curve promises, and by how many values.
const EVEN_EVERY: usize = 4;
const EVEN_VALUES: usize = 3;

/// Passes of refinement after which the rest stays as wide as it is: in noise there can be ever more
/// crossings.
const PASSES: usize = 16;

/// A search under way: it says which values it wants to know next, so that several searches can have
/// theirs together.
#[derive(Clone, Debug)]
pub struct CurveSearch<'a> {
    span: &'a Span,
    steps: Steps,
    levels: &'a [f64],
    curve: Curve,
    /// Passes so far, the grid included.
    passes: usize,
    ended: bool,
}

impl<'a> CurveSearch<'a> {
    /// A search for where a curve crosses `levels` along `span`, of which nothing is known yet.
    #[must_use]
    pub fn new(span: &'a Span, steps: Steps, levels: &'a [f64]) -> Self {
        Self { span, steps, levels, curve: Curve::default(), passes: 0, ended: false }
    }

    /// The parameters it wants to know next: a grid first, then some where the curve is steep and inside each
    /// bracket until all are narrow. None if it has ended.
    #[must_use]
    pub fn wanted(&self) -> Vec<f64> {
        if self.ended || self.passes > PASSES {
            return Vec::new();
        }
        if self.passes == 0 {
            return self.span.grid(self.steps.grid);
        }
        let mut finer = if self.passes == 1 { self.where_steep() } else { Vec::new() };
        finer.extend(self.levels.iter().flat_map(|level| self.in_brackets(*level)));
        finer.retain(|value| !self.curve.points.contains_key(&value.to_bits()));
        finer.sort_by(f64::total_cmp);
        finer.dedup();
        finer
    }

    /// Values between neighbours of the grid that differ much.
    fn where_steep(&self) -> Vec<f64> {
        let points: Vec<(f64, f64)> = self.curve.points().collect();
        let steep = points.windows(2).filter(|it| (it[1].1 - it[0].1).abs() > self.steps.steepest);
        steep.flat_map(|it| self.span.even(it[0].0, it[1].0, 1)).collect()
    }

    /// Values that narrow the brackets of the crossings of a level. In noise a crossing is wider than any one
    /// of its brackets.
    fn in_brackets(&self, level: f64) -> Vec<f64> {
        let wide = self.curve.crossings(level).into_iter();
        let wide = wide.filter(|it| !self.span.is_narrow(it.before, it.behind));
        let brackets = self.curve.brackets(level);
        wide.flat_map(|crossing| self.in_crossing(&crossing, level, &brackets)).collect()
    }

    fn in_crossing(&self, crossing: &Crossing, level: f64, brackets: &[Bracket]) -> Vec<f64> {
        let is_own = |[low, high]: &&Bracket| crossing.before <= low.0 && high.0 <= crossing.behind;
        let own: Vec<&Bracket> = brackets.iter().filter(is_own).collect();
        match own[..] {
            [[low, high]] if !self.passes.is_multiple_of(EVEN_EVERY) => {
                self.span.around(*low, *high, level)
            }
            _ => self.span.even(crossing.before, crossing.behind, EVEN_VALUES),
        }
    }

    /// Takes the curve's values at what it wanted; `None` where that is not to be had.
    pub fn take(&mut self, parameters: &[f64], values: &[Option<f64>]) {
        let more = self.curve.add(parameters, values);
        self.ended = self.passes > 0 && !more;
        self.passes += 1;
    }

    /// What it has found so far.
    #[must_use]
    pub fn curve(&self) -> &Curve {
        &self.curve
    }

    /// What it has found.
    #[must_use]
    pub fn into_curve(self) -> Curve {
        self.curve
    }
}

/// Evaluates a curve on a grid, and then inside each bracket of each of the
/// `levels` until all are narrow. `evaluate` gives the curve at each of several parameters; `None`
/// where that is not to be had.
pub fn search(
    span: &Span,
    steps: Steps,
    levels: &[f64],
    evaluate: &mut dyn FnMut(&[f64]) -> Vec<Option<f64>>,
) -> Curve {
    let mut search = CurveSearch::new(span, steps, levels);
    loop {
        let wanted = search.wanted();
        if wanted.is_empty() {
            return search.into_curve();
        }
        search.take(&wanted, &evaluate(&wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(low: f64, high: f64, whole: bool) -> Span {
        Span { low, high, whole }
    }

    const STEPS: Steps = Steps { grid: 9, steepest: 0.1 };

    /// The crossings of 0.5, and how many values that took.
    fn found(span: Span, f: impl Fn(f64) -> f64) -> (Vec<Crossing>, usize) {
        let mut taken = 0;
        let curve = search(&span, STEPS, &[0.5], &mut |values| {
            taken += values.len();
            values.iter().map(|&value| Some(f(value))).collect()
        });
        (curve.crossings(0.5), taken)
    }

    #[test]
    fn a_crossing_is_found_within_a_hundredth() {
        // T / (T + 40) is a half at 40.
        let (crossings, taken) = found(span(1.0, 86_400.0, false), |t| t / (t + 40.0));
        let [crossing] = crossings[..] else { panic!("{crossings:?}") };
        assert_eq!(crossing.direction, Direction::Rises);
        assert!(crossing.before <= 40.0 && 40.0 <= crossing.behind, "{crossing:?}");
        assert!(crossing.behind <= crossing.before * 1.01, "{crossing:?}");
        assert!(taken <= 20, "{taken}");
    }

    #[test]
    fn a_crossing_of_whole_numbers_lies_between_neighbours() {
        for last in [1.0, 2.0, 9.0, 99.0] {
            let (crossings, _) =
                found(span(1.0, 100.0, true), |n| if n <= last { 0.6 } else { 0.4 });
            let expected =
                Crossing { before: last, behind: last + 1.0, direction: Direction::Falls };
            assert_eq!(crossings, [expected]);
        }
    }

    #[test]
    fn every_crossing_is_found() {
        // Above a half between 10 and 1,000.
        let (crossings, _) =
            found(span(1.0, 1e5, false), |t| if (10.0..1_000.0).contains(&t) { 0.9 } else { 0.1 });
        let directions: Vec<Direction> = crossings.iter().map(|it| it.direction).collect();
        assert_eq!(directions, [Direction::Rises, Direction::Falls]);
        assert!(found(span(1.0, 10.0, false), |_| 0.5).0.is_empty(), "the level itself is reached");
        assert!(found(span(1.0, 10.0, false), |_| 0.4).0.is_empty());
    }

    #[test]
    fn crossings_in_noise_are_one() {
        let noise = |t: f64| if ((t * 1_000.0) as u64).is_multiple_of(2) { 0.004 } else { -0.004 };
        let (crossings, _) = found(span(1.0, 1e4, false), |t| t / (t + 40.0) + noise(t));
        let [crossing] = crossings[..] else { panic!("{crossings:?}") };
        assert!(crossing.before < 41.0 && 39.0 < crossing.behind, "{crossing:?}");
        assert!(crossing.behind < crossing.before * 1.15, "{crossing:?}");
    }

    #[test]
    fn what_is_not_to_be_had_narrows_the_curve() {
        let curve = search(&span(1.0, 100.0, true), STEPS, &[0.5], &mut |values| {
            values.iter().map(|&n| (n <= 50.0).then_some(1.0 - n / 40.0)).collect()
        });
        assert!(curve.points().all(|(n, _)| n <= 50.0));
        let expected = Crossing { before: 20.0, behind: 21.0, direction: Direction::Falls };
        assert_eq!(curve.crossings(0.5), [expected]);
    }

    #[test]
    fn slopes_are_those_of_the_logarithm() {
        let curve = search(&span(1.0, 1e4, false), STEPS, &[0.5], &mut |values| {
            values.iter().map(|t| Some(0.1 * t.ln())).collect()
        });
        let [crossing] = curve.crossings(0.5)[..] else { panic!() };
        assert!((curve.slope_at(&crossing).unwrap() - 0.1).abs() < 1e-9);
    }
}
