//! Exponential times in whole nanoseconds, by the ziggurat method (Marsaglia and Tsang, *The Ziggurat
//! Method for Generating Random Variables*, 2000), in integers.
//!
//! The area under e^-x is cut into 256 layers of one size. A draw of 64 bits picks a layer by its
//! lowest 8 and a point of the layer's width by all (the 8 move it by less than 2^-56 of the width).
//! 98.9 % of the points lie within the layer above, too, and so under the curve: they are done after
//! one multiplication and one comparison. What the others cost is out of the way ([`Layers::outside`]).
//!
//! The widths can be taken in nanoseconds as well as in means, which saves a loop the second
//! multiplication.

use std::sync::LazyLock;

use rand::{Rng, RngExt};

use super::Stream;

/// Number of layers.
const LAYERS: usize = 256;
/// Where the lowest layer's rectangle ends and its tail begins, in means: the root of the condition
/// that all layers have one size (Marsaglia and Tsang give 7.69711747013104972).
const TAIL: f64 = 7.697_117_470_131_05;
/// The size of each layer.
const SIZE: f64 = 0.003_949_659_822_581_557;
/// Fraction bits of a time in means.
const FRACTION: i32 = 57;
/// One mean.
const MEAN: f64 = (1_u64 << FRACTION) as f64;
/// No time is longer, or with a chance of e^-64: 64 means.
const LONGEST: u64 = 1 << 63;
/// Of means from this on, in nanoseconds (2.3 years), [`LONGEST`] is more than fits.
const LONG: f64 = (1_u64 << 56) as f64;

static UNIT: LazyLock<Layers> = LazyLock::new(Layers::new);

/// The layers for the mean 1, from the lowest.
#[derive(Debug)]
struct Layers {
    /// How wide each is, times 2^[`FRACTION`]; that of the lowest is as wide as a rectangle of its size
    /// would be. Beyond the last there is none.
    widths: [u64; LAYERS + 1],
    /// e^-width.
    heights: [f64; LAYERS + 1],
}

impl Layers {
    fn new() -> Self {
        let (mut widths, mut heights) = ([0; LAYERS + 1], [1.0; LAYERS + 1]);
        let (mut width, mut height) = (TAIL, libm::exp(-TAIL));
        widths[0] = (SIZE / height * MEAN) as u64;
        for layer in 1..LAYERS {
            (widths[layer], heights[layer]) = ((width * MEAN) as u64, height);
            height += SIZE / width;
            width = -libm::log(height);
        }
        Self { widths, heights }
    }

    /// A time in means × 2^[`FRACTION`].
    #[inline]
    fn draw(&self, rng: &mut Stream) -> u64 {
        let bits = rng.next_u64();
        let layer = layer_of(bits);
        let time = high_product(bits, self.widths[layer]);
        if time < self.widths[layer + 1] {
            return time;
        }
        let (time, after) = self.outside(bits, rng.clone());
        *rng = after;
        time
    }

    /// The time that `bits` lead to if they do not point into the layer above. The generator is handed
    /// over and back by value, so that a loop keeps it in registers.
    #[cold]
    #[inline(never)]
    fn outside(&self, mut bits: u64, mut rng: Stream) -> (u64, Stream) {
        let mut before = 0_u64;
        loop {
            let layer = layer_of(bits);
            let (width, inner) = (self.widths[layer], self.widths[layer + 1]);
            let time = high_product(bits, width);
            if time < inner || layer > 0 && self.under_curve(layer, time, rng.random()) {
                return (before.saturating_add(time).min(LONGEST), rng);
            }
            if layer == 0 {
                // The law has no memory: beyond the tail's begin it starts anew.
                before = before.saturating_add(inner);
            }
            bits = rng.next_u64();
        }
    }

    /// Whether a point between the layer's inner and outer width is under the curve, a share `up` of the
    /// way from the layer's bottom to its top.
    fn under_curve(&self, layer: usize, time: u64, up: f64) -> bool {
        let (width, inner) = (self.widths[layer], self.widths[layer + 1]);
        // Signed numbers become floats at once.
        let span = (width - inner) as i64 as f64;
        let to_chord = (width - time) as i64 as f64 - up * span;
        // The curve sags below the chord of s < 1 means by no more than s²/8 of its top, which is less
        // than s/4 of its fall: seen along the layer, s²/4. The exponential of what is nearer is seldom
        // needed.
        if to_chord <= 0.0 || to_chord > span * span * (0.25 / MEAN) {
            return to_chord > 0.0;
        }
        let (bottom, top) = (self.heights[layer], self.heights[layer + 1]);
        bottom + (top - bottom) * up < libm::exp(-(time as f64) / MEAN)
    }
}

#[inline]
fn layer_of(bits: u64) -> usize {
    (bits % LAYERS as u64) as usize
}

/// The upper half of the product of two numbers: `a` × 2^-64 of `b`.
#[inline]
fn high_product(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

/// An exponential number of whole nanoseconds, the nearest. For means that change from draw to draw.
#[inline]
pub fn exponential_ns(mean_ns: f64, rng: &mut Stream) -> i64 {
    let means = UNIT.draw(rng) as f64 / MEAN;
    // A cast rounds down and ends at the greatest number: half a nanosecond more rounds to nearest.
    (mean_ns * means + 0.5) as i64
}

/// The law of exponential times of one mean.
#[derive(Clone, Copy, Debug)]
pub struct Exponential {
    unit: &'static Layers,
    mean_ns: f64,
    /// The mean × 2^(7 + `fraction`): the factor from times in means to times in nanoseconds.
    factor: u64,
    /// Fraction bits of a time in nanoseconds.
    fraction: u32,
}

impl Exponential {
    /// The law of a mean, which may be infinite.
    #[must_use]
    pub fn of_mean_ns(mean_ns: f64) -> Self {
        let mean_ns = mean_ns.clamp(0.0, f64::MAX);
        // As many fraction bits as leave the factor less than 2^64, and times less than 2^63.
        let (_, exponent) = libm::frexp(mean_ns);
        let fraction = (FRACTION - exponent).clamp(1, 63);
        let factor = libm::ldexp(mean_ns, 64 - FRACTION + fraction) as u64;
        Self { unit: &UNIT, mean_ns, factor, fraction: fraction as u32 }
    }

    /// The mean in nanoseconds.
    #[must_use]
    pub(crate) const fn mean_ns(&self) -> f64 {
        self.mean_ns
    }

    /// A time in whole nanoseconds, the nearest; [`i64::MAX`] if it is longer.
    #[inline]
    pub fn draw(&self, rng: &mut Stream) -> i64 {
        if self.mean_ns >= LONG {
            return exponential_ns(self.mean_ns, rng);
        }
        self.draw_by(|layer| self.width(layer), rng)
    }

    /// The longest time that is ever drawn.
    #[must_use]
    pub fn longest(&self) -> i64 {
        if self.mean_ns >= LONG {
            return i64::MAX;
        }
        self.nearest(high_product(LONGEST, self.factor))
    }

    /// Does something with each item and a time: the times that as many calls of
    /// [`Exponential::draw`] would give.
    #[inline]
    pub fn for_each<T>(
        &self,
        items: impl Iterator<Item = T>,
        rng: &mut Stream,
        mut act: impl FnMut(T, i64),
    ) {
        let law = *self;
        if law.mean_ns >= LONG {
            return items.for_each(|item| act(item, law.draw(rng)));
        }
        let widths: [u64; LAYERS + 1] = std::array::from_fn(|layer| law.width(layer));
        let mut at_hand = rng.clone();
        for item in items {
            act(item, law.draw_by(|layer| widths[layer], &mut at_hand));
        }
        *rng = at_hand;
    }

    /// A layer's width in nanoseconds × 2^fraction.
    #[inline]
    fn width(&self, layer: usize) -> u64 {
        high_product(self.unit.widths[layer], self.factor)
    }

    /// A time, by the widths of layers in nanoseconds × 2^fraction.
    #[inline]
    fn draw_by(&self, width: impl Fn(usize) -> u64, rng: &mut Stream) -> i64 {
        let bits = rng.next_u64();
        let layer = layer_of(bits);
        let time = high_product(bits, width(layer));
        if time < width(layer + 1) {
            return self.nearest(time);
        }
        let (means, after) = self.unit.outside(bits, rng.clone());
        *rng = after;
        self.nearest(high_product(means, self.factor))
    }

    /// The whole nanoseconds nearest to a time in nanoseconds × 2^fraction.
    #[inline]
    fn nearest(&self, time: u64) -> i64 {
        let half = (1 << self.fraction) >> 1;
        ((time + half) >> self.fraction) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    const DRAWS: usize = 1_000_000;

    fn stream(place: u32) -> Stream {
        Seed(11).stream(0, Purpose::Requests, (place, 0))
    }

    fn draws(mean_ns: f64, place: u32) -> Vec<i64> {
        let (law, mut rng) = (Exponential::of_mean_ns(mean_ns), stream(place));
        (0..DRAWS).map(|_| law.draw(&mut rng)).collect()
    }

    /// The widths of Marsaglia and Tsang's table: from the tail's begin to no width.
    #[test]
    fn layers_close_at_the_top() {
        let last = UNIT.widths[LAYERS - 1] as f64 / MEAN;
        let top = UNIT.heights[LAYERS - 1];
        assert!((last * (1.0 - top) - SIZE).abs() < 1e-9, "{last} wide at {top}");
        assert!(UNIT.widths.is_sorted_by(|outer, inner| outer > inner));
        assert!((UNIT.widths[0] as f64 / MEAN - (TAIL + 1.0)).abs() < 1e-9);
    }

    /// The k-th moment of an exponential is k!, so that the mean of n has the variance 1/n and the
    /// mean of n squares (24 − 4)/n: within five standard deviations.
    #[test]
    fn mean_and_mean_square_are_those_of_the_law() {
        let n = DRAWS as f64;
        for (place, mean_ns) in [40.0, 1e3, 4.32e8, 4.32e14].into_iter().enumerate() {
            let units = draws(mean_ns, place as u32).into_iter().map(|ns| ns as f64 / mean_ns);
            let (sum, squares) = units.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
            assert!((sum / n - 1.0).abs() < 5.0 / n.sqrt(), "mean {} of {mean_ns}", sum / n);
            // Rounding to whole nanoseconds adds a twelfth of a square nanosecond.
            let expected = 2.0 + 1.0 / 12.0 / mean_ns / mean_ns;
            let off = (squares / n - expected).abs();
            assert!(off < 5.0 * (20.0 / n).sqrt(), "square {} of {mean_ns}", squares / n);
        }
    }

    /// Kolmogorov and Smirnov: the greatest distance between the two distribution functions exceeds
    /// 2.23/√n with a chance of 1e-4 (2 e^(-2 · 2.23²)).
    #[test]
    fn distribution_is_exponential() {
        for (place, mean_ns) in [5e8, 4.32e14, LONG * 0.99, LONG].into_iter().enumerate() {
            let mut drawn = draws(mean_ns, 10 + place as u32);
            drawn.sort_unstable();
            let n = DRAWS as f64;
            let distance = |(rank, &ns): (usize, &i64)| {
                let cdf = -libm::expm1(-(ns as f64) / mean_ns);
                (cdf - rank as f64 / n).max((rank + 1) as f64 / n - cdf)
            };
            let greatest = drawn.iter().enumerate().map(distance).fold(0.0, f64::max);
            assert!(greatest < 2.23 / n.sqrt(), "{greatest} for {mean_ns}");
        }
    }

    /// The number k stands for all that is nearer to it than to others: its chance is
    /// e^-((k − ½)/mean) − e^-((k + ½)/mean). Within five binomial standard deviations.
    #[test]
    fn short_times_are_rounded_to_the_nearest() {
        for (place, mean_ns) in [0.001, 0.3, 1.0, 3.0].into_iter().enumerate() {
            let drawn = draws(mean_ns, 20 + place as u32);
            for k in 0..6_i32 {
                let beyond = |ns: f64| libm::exp(-ns.max(0.0) / mean_ns);
                let chance = beyond(f64::from(k) - 0.5) - beyond(f64::from(k) + 0.5);
                let expected = chance * DRAWS as f64;
                let count = drawn.iter().filter(|ns| **ns == i64::from(k)).count() as f64;
                let bound = 5.0 * (expected * (1.0 - chance)).sqrt() + 1e-9;
                assert!((count - expected).abs() <= bound, "{count} of {k}, mean {mean_ns}");
            }
        }
    }

    /// Of ten million times e^-7.697 are beyond the lowest layer's begin, and again as many in
    /// proportion a mean, and two, later: within five Poisson standard deviations.
    #[test]
    fn tail_is_reached_and_begins_anew() {
        let (law, mut rng) = (Exponential::of_mean_ns(1e9), stream(30));
        let mut counts = [0_u32; 3];
        for _ in 0..10 * DRAWS {
            let beyond = law.draw(&mut rng) as f64 / 1e9 - TAIL;
            for (means, count) in counts.iter_mut().enumerate() {
                *count += u32::from(beyond > means as f64);
            }
        }
        for (means, count) in counts.into_iter().enumerate() {
            let expected = 1e7 * libm::exp(-TAIL - means as f64);
            let off = (f64::from(count) - expected).abs();
            assert!(off < 5.0 * expected.sqrt(), "{count} beyond, expected {expected}");
        }
    }

    #[test]
    fn loops_draw_what_single_draws_give() {
        for mean_ns in [0.0, 0.2, 7.0, 4.32e8, 4.32e14, LONG, f64::INFINITY] {
            let law = Exponential::of_mean_ns(mean_ns);
            let (mut one, mut other) = (stream(40), stream(40));
            law.for_each(0..20_000, &mut one, |place, ns| {
                assert_eq!(ns, law.draw(&mut other), "draw {place} of mean {mean_ns}");
            });
            assert_eq!(one.next_u64(), other.next_u64());
        }
    }

    #[test]
    fn long_times_end_at_the_greatest_number() {
        let none = |mean_ns: f64, number: i64| draws(mean_ns, 50).iter().all(|ns| *ns == number);
        assert!(none(0.0, 0));
        assert!(none(f64::INFINITY, i64::MAX));
        // One in a thousand is shorter than a thousandth of the mean.
        let drawn = draws(i64::MAX as f64 * 1e3, 51);
        let shorter = drawn.iter().filter(|ns| **ns < i64::MAX).count() as f64;
        assert!((shorter - 999.5).abs() < 5.0 * 999.5_f64.sqrt(), "{shorter} shorter");
        // The longest time of the longest mean that loops reckon with still fits.
        let law = Exponential::of_mean_ns(LONG * (1.0 - f64::EPSILON));
        assert!(law.longest() > i64::MAX / 4);
    }
}
