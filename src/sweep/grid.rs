//! Axes to points: every value of each with every value of the others.

use super::axis::{AxisValue, SweepAxis};
use crate::error::{Error, Result};
use crate::scenario::overrides::Override;

/// What is put into the scenario, and where it varies.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    axes: Vec<SweepAxis>,
    /// In the order in which they were given: later ones win.
    changes: Vec<GridChange>,
    points: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum GridChange {
    /// The same at every point.
    Fixed(Override),
    /// The value of the axis of this number.
    Axis(usize),
}

impl Grid {
    /// Parts what varies from what does not: `changes` in the order of the command line.
    ///
    /// # Errors
    /// If nothing varies, values are no list or range, a key that varies is given twice, or there
    /// are more than `points_max` points.
    pub fn of(changes: &[Override], points_max: usize) -> Result<Self> {
        let mut axes: Vec<SweepAxis> = Vec::new();
        let mut parted = Vec::new();
        for (i, change) in changes.iter().enumerate() {
            let place = format!("--set {}={}", change.key, change.value);
            let read =
                SweepAxis::parse(&change.key, &change.value).map_err(|error| error.at(&place))?;
            let earlier = &changes[..i];
            let varies = read.is_some() || axes.iter().any(|axis| axis.key == change.key);
            if varies && earlier.iter().any(|other| other.key == change.key) {
                return Err(Error::request(format!(
                    "`{}` is given twice, but what varies is given once",
                    change.key
                ))
                .hint(format!("put all values into one list: `--set {}=a,b,c`", change.key))
                .at(place));
            }
            parted.push(match read {
                None => GridChange::Fixed(change.clone()),
                Some(varying) => {
                    axes.push(varying);
                    GridChange::Axis(axes.len() - 1)
                }
            });
        }
        let points = Self::count(&axes, points_max)?;
        Ok(Self { axes, changes: parted, points })
    }

    fn count(axes: &[SweepAxis], points_max: usize) -> Result<usize> {
        if axes.is_empty() {
            return Err(Error::request(
                "nothing varies, but a sweep needs a key with several values",
            )
            .hint(
                "give a list or a range, e.g., `--set lifetime=30s,3min,5min,1h` or \
                       `--set requesters=1..10000:log10`",
            ));
        }
        let sizes: Vec<String> = axes.iter().map(|axis| axis.values.len().to_string()).collect();
        let points = axes.iter().map(|axis| axis.values.len() as u128).product::<u128>();
        if points > points_max as u128 {
            let product =
                if sizes.len() > 1 { format!("{} = ", sizes.join(" × ")) } else { String::new() };
            return Err(Error::request(format!(
                "the sweep has {product}`{points}` points, but at most {points_max} are run"
            ))
            .hint("space values wider, or allow more with `--max-points N`"));
        }
        Ok(points as usize)
    }

    /// What varies.
    #[must_use]
    pub fn axes(&self) -> &[SweepAxis] {
        &self.axes
    }

    /// Number of points.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points
    }

    /// The value of each axis at a point; that of the first axis changes last.
    #[must_use]
    pub fn values(&self, point: usize) -> Vec<&AxisValue> {
        let mut rest = point;
        let mut values: Vec<&AxisValue> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let value = &axis.values[rest % axis.values.len()];
                rest /= axis.values.len();
                value
            })
            .collect();
        values.reverse();
        values
    }

    /// What the point puts into the scenario.
    #[must_use]
    pub fn overrides(&self, point: usize) -> Vec<Override> {
        let values = self.values(point);
        let changes = self.changes.iter().map(|change| match change {
            GridChange::Fixed(change) => change.clone(),
            GridChange::Axis(axis) => Override::new(&*self.axes[*axis].key, &*values[*axis].text),
        });
        changes.collect()
    }

    /// What every point puts into the scenario.
    #[must_use]
    pub fn fixed(&self) -> Vec<Override> {
        let fixed = self.changes.iter().filter_map(|change| match change {
            GridChange::Fixed(change) => Some(change.clone()),
            GridChange::Axis(_) => None,
        });
        fixed.collect()
    }

    /// The point in words: `lifetime=5min, requesters=100`.
    #[must_use]
    pub fn name(&self, point: usize) -> String {
        let values = self.axes.iter().zip(self.values(point));
        values
            .map(|(axis, value)| format!("{}={}", axis.key, value.text))
            .collect::<Vec<_>>()
            .join(", ")
    }
}
