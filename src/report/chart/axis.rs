//! Axes: from a figure to its place, the figures worth a line, and how they are written.

use crate::report::numbers::grouped;

/// What the figures of an axis count, which decides where its lines stand and how they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// A count or any plain number: `12.5 k`.
    #[default]
    Number,
    /// A part of the whole: `92.5 %`.
    Share,
    /// US dollars: `$1,200`.
    Dollars,
    /// A length of time in seconds: `5 min`.
    Duration,
    /// A size in bytes: `8 MiB`.
    Bytes,
    /// Clock units of which sixty make the next: minutes, seconds.
    Sixtieths,
    /// Hours, of which 24 make a day.
    Hours,
}

/// How figures are spread over an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps for equal differences.
    #[default]
    Linear,
    /// Equal steps for equal ratios; every figure is above zero.
    Log10,
    /// One step for each name; figures are 0, 1, 2 ….
    Categories,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What stands on it, with its unit.
    pub title: String,
    /// What its figures count.
    pub unit: Unit,
    /// How they are spread.
    pub scale: Scale,
    /// The figure at its beginning.
    pub min: f64,
    /// The figure at its end.
    pub max: f64,
    /// Figures that get a line and a text of their own; if there are none the axis chooses.
    pub labels: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis that holds all of `values`, and zero if `from_zero`; its ends are round.
    #[must_use]
    pub fn linear(
        title: impl Into<String>,
        unit: Unit,
        values: impl IntoIterator<Item = f64>,
        from_zero: bool,
    ) -> Self {
        let (mut min, mut max) = ends(values).unwrap_or((0.0, 0.0));
        if from_zero {
            (min, max) = (min.min(0.0), max.max(0.0));
        }
        // No axis goes beyond the whole unless a figure does.
        let is_part = unit == Unit::Share && max <= 1.0;
        if max - min <= 1e-9 * max.abs().max(min.abs()) {
            // All figures are one: a little room around it, or from zero to one.
            let room = if max == 0.0 { 1.0 } else { max.abs() * 0.1 };
            (min, max) =
                if from_zero && min >= 0.0 { (0.0, max + room) } else { (min - room, max + room) };
        }
        let step = step(unit, (max - min) / 10.0);
        // 0.3 / 0.1 is a little less than three.
        let (min, max) = ((min / step + 1e-6).floor() * step, (max / step - 1e-6).ceil() * step);
        let max = if is_part { max.min(1.0) } else { max };
        let title = title.into();
        Self { title, unit, scale: Scale::Linear, min, max, labels: Vec::new() }
    }

    /// A linear axis of shares of KMS requests saved, at least `LEAST_SAVING` long: a full axis for less
    /// would make much of nothing.
    #[must_use]
    pub fn saving(values: impl IntoIterator<Item = f64>, from_zero: bool) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        if let Some((min, max)) = ends(values.iter().copied()).filter(|_| !from_zero)
            && max - min < LEAST_SAVING
        {
            let high = f64::midpoint(min, max) + LEAST_SAVING / 2.0;
            let high = if max <= 1.0 { high.min(1.0) } else { high };
            values.extend([high - LEAST_SAVING, high]);
        }
        Self::linear("KMS requests saved", Unit::Share, values, from_zero)
    }

    /// A logarithmic axis that holds all of `values`, which are above zero.
    #[must_use]
    pub fn log10(
        title: impl Into<String>,
        unit: Unit,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        let (min, max) = ends(values).unwrap_or((1.0, 10.0));
        let (min, max) = if max > min { (min, max) } else { (min / 2.0, max * 2.0) };
        Self { title: title.into(), unit, scale: Scale::Log10, min, max, labels: Vec::new() }
    }

    /// An axis of names.
    #[must_use]
    pub fn categories(title: impl Into<String>, names: Vec<String>) -> Self {
        let max = names.len() as f64 - 0.5;
        let labels = names.into_iter().enumerate().map(|(i, name)| (i as f64, name)).collect();
        let scale = Scale::Categories;
        Self { title: title.into(), unit: Unit::Number, scale, min: -0.5, max, labels }
    }

    /// Where a figure stands: 0 at the axis's beginning, 1 at its end.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Categories => (value - self.min) / (self.max - self.min),
            Scale::Log10 => libm::log10(value / self.min) / libm::log10(self.max / self.min),
        }
    }

    /// Whether a figure stands between the axis's ends.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (0.0..=1.0).contains(&self.place(value))
    }

    /// The figure at a place: the inverse of [`Axis::place`].
    #[must_use]
    pub fn value(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Categories => self.min + place * (self.max - self.min),
            Scale::Log10 => self.min * libm::pow(self.max / self.min, place),
        }
    }

    /// The figures that get a line, in order, and their text: about `wanted`, if the axis chooses.
    #[must_use]
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        if !self.labels.is_empty() {
            return self.labels.clone();
        }
        match self.scale {
            Scale::Categories => Vec::new(),
            Scale::Linear => {
                let step = step(self.unit, (self.max - self.min) / wanted.max(1) as f64);
                let first = (self.min / step - 1e-6).ceil() as i64;
                let last = (self.max / step + 1e-6).floor() as i64;
                let values = (first..=last).map(|i| i as f64 * step);
                values.map(|value| (value, written(self.unit, value, step))).collect()
            }
            Scale::Log10 => self.decades(wanted),
        }
    }

    /// Powers of ten and simple parts of them, or round times.
    fn decades(&self, wanted: usize) -> Vec<(f64, String)> {
        let mut values: Vec<f64> = if self.unit == Unit::Duration {
            DURATIONS.to_vec()
        } else {
            let (first, last) = (libm::log10(self.min).floor(), libm::log10(self.max).ceil());
            let decades = (first as i32..=last as i32).map(|power| libm::pow(10.0, power.into()));
            let parts: &[f64] = if last - first > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
            decades.flat_map(|decade| parts.iter().map(move |part| part * decade)).collect()
        };
        values.retain(|value| (self.min * 0.999..=self.max * 1.001).contains(value));
        let every = values.len().div_ceil(wanted.max(2)).max(1);
        let values = values.into_iter().step_by(every);
        values.map(|value| (value, written(self.unit, value, value))).collect()
    }
}

/// Least length of an axis of savings.
const LEAST_SAVING: f64 = 0.01;

/// Round lengths of time in seconds.
#[rustfmt::skip]
const DURATIONS: [f64; 16] = [
    0.1, 1.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 43_200.0, 86_400.0, 604_800.0,
    2_592_000.0, 7_776_000.0, 31_536_000.0, 315_360_000.0,
];

fn ends(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((min, max)) => Some((value.min(min), value.max(max))),
    })
}

/// The smallest round step that is at least `least`.
fn step(unit: Unit, least: f64) -> f64 {
    let table: &[f64] = match unit {
        Unit::Sixtieths => &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0],
        Unit::Hours => &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0],
        Unit::Duration => &DURATIONS,
        Unit::Number | Unit::Share | Unit::Dollars | Unit::Bytes => &[],
    };
    if let Some(step) = table.iter().find(|step| **step >= least * (1.0 - 1e-9)) {
        return *step;
    }
    let (base, parts): (f64, &[f64]) = match unit {
        Unit::Bytes => (2.0, &[1.0, 2.0]),
        Unit::Share => (10.0, &[1.0, 2.0, 2.5, 5.0, 10.0]),
        _ => (10.0, &[1.0, 2.0, 5.0, 10.0]),
    };
    let power = libm::pow(base, (libm::log(least) / libm::log(base)).floor());
    let mut steps = parts.iter().map(|part| part * power);
    steps.find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(base * power)
}

/// A figure of an axis whose lines are `step` apart: no more digits than tell them apart.
fn written(unit: Unit, value: f64, step: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    match unit {
        Unit::Share => format!("{} %", fixed(value * 100.0, decimals(step * 100.0))),
        // Cents are two digits.
        Unit::Dollars if (0.01..1.0).contains(&step) => format!("{sign}${:.2}", value.abs()),
        Unit::Dollars => format!("{sign}${}", short(value.abs(), step)),
        Unit::Duration => duration(value),
        Unit::Bytes => bytes(value),
        Unit::Number | Unit::Sixtieths | Unit::Hours => {
            format!("{sign}{}", short(value.abs(), step))
        }
    }
}

/// Digits after the point that a multiple of `step` needs.
fn decimals(step: f64) -> usize {
    (0..9)
        .find(|d| {
            let scaled = step * libm::pow(10.0, f64::from(*d));
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
        })
        .map_or(9, |d| d as usize)
}

/// Fixed decimals, without a sign on what rounds to nothing.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let nothing = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if nothing { text.trim_start_matches('-').to_owned() } else { text }
}

/// With groups below a hundred thousand, then with k, M, G, T.
fn short(value: f64, step: f64) -> String {
    if value < 1e5 && step >= 1.0 - 1e-9 && decimals(step) == 0 {
        return grouped(value.round() as u64);
    }
    let units = [("", 1.0), (" k", 1e3), (" M", 1e6), (" G", 1e9), (" T", 1e12)];
    let (unit, size) =
        units.into_iter().rev().find(|(_, size)| value >= size * 0.999_999).unwrap_or(units[0]);
    if value > 0.0 && value < 1e-4 {
        return format!("{value:e}");
    }
    format!("{}{unit}", fixed(value / size, decimals(step / size).min(9)))
}

/// Seconds in the largest unit that needs no more than one decimal.
pub(super) fn duration(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)];
    let (unit, size) = units
        .into_iter()
        .find(|(_, size)| seconds >= *size && (seconds / size * 10.0).fract().abs() < 1e-6)
        .unwrap_or(("s", 1.0));
    format!("{} {unit}", fixed(seconds / size, decimals(seconds / size).min(2)))
}

fn bytes(bytes: f64) -> String {
    let units = [("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1_024.0)];
    let (unit, size) = units.into_iter().find(|(_, size)| bytes >= *size).unwrap_or(("B", 1.0));
    format!("{} {unit}", fixed(bytes / size, decimals(bytes / size).min(1)))
}
