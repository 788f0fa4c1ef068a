//! Bars of dollars: what buckets, principals and accounts save, those that save most first.

use super::axis::{Axis, Unit};
use super::configurations::{Configurations, Levels, OfConfiguration, Options, RANGE};
use super::figure::{with_range, write};
use super::{Bar, BarRow, Bars, Chart, Plot};
use crate::encryption::assumption::Level;
use crate::error::Result;
use crate::report::numbers::count;
use crate::results::rows::{AccountRow, BucketRow, PrincipalRow};

/// Names that have a bar of their own.
const RANKED: usize = 15;

/// What a name saves.
struct Saved {
    name: String,
    dollars: Levels,
    /// Share of its KMS requests that is saved, if that is known.
    share: Option<f64>,
}

impl Saved {
    fn assumed(&self) -> f64 {
        self.dollars.assumed.unwrap_or(0.0)
    }
}

/// What each bucket saves.
///
/// # Errors
/// If there are no rows, or an option names what they do not have.
pub fn buckets(rows: &[BucketRow], options: &Options) -> Result<Chart> {
    ranking("bucket", "buckets.csv", rows, options, |rows| {
        let saved = rows.map(|row| Saved {
            name: row.bucket.clone(),
            dollars: levels([row.saved_at_low_usd, row.saved_usd, row.saved_at_high_usd]),
            share: row.saving_ratio,
        });
        saved.collect()
    })
}

/// What each principal saves.
///
/// # Errors
/// As [`buckets`].
pub fn principals(rows: &[PrincipalRow], options: &Options) -> Result<Chart> {
    ranking("principal", "principals.csv", rows, options, |rows| {
        let saved = rows.map(|row| Saved {
            name: row.principal.clone(),
            dollars: levels([row.saved_at_low_usd, row.saved_usd, row.saved_at_high_usd]),
            share: row.saving_ratio,
        });
        saved.collect()
    })
}

/// What each account saves in each region.
///
/// # Errors
/// As [`buckets`].
pub fn accounts(rows: &[AccountRow], options: &Options) -> Result<Chart> {
    ranking("account", "accounts.csv", rows, options, |rows| {
        let mut all: Vec<Saved> = Vec::new();
        for row in rows {
            let name = format!("{}, {}", row.account, row.region);
            let known = all.iter().position(|saved| saved.name == name);
            let at = known.unwrap_or_else(|| {
                all.push(Saved { name, dollars: Levels::default(), share: None });
                all.len() - 1
            });
            all[at].dollars.add(row.assumption, row.saved_usd.as_f64());
        }
        all
    })
}

fn levels(dollars: [crate::units::Usd; 3]) -> Levels {
    Level::ALL.into_iter().zip(dollars).map(|(level, usd)| (level, Some(usd.as_f64()))).collect()
}

/// A bar for each of the foremost names, and one for all others. A ranking is read one at a time: of what
/// the person named, else of the configuration that changes most.
fn ranking<T: OfConfiguration>(
    what: &str,
    file: &str,
    rows: &[T],
    options: &Options,
    of: impl Fn(&mut dyn Iterator<Item = &T>) -> Vec<Saved>,
) -> Result<Chart> {
    let configurations = Configurations::of(rows, options)?;
    let chosen = configurations.chosen().into_iter();
    let mut all: Vec<(String, Vec<Saved>)> = chosen
        .map(|index| (configurations.name(index), of(&mut configurations.rows_of(index, rows))))
        .collect();
    if !configurations.are_named() {
        all.sort_by(|(_, a), (_, b)| change(b).total_cmp(&change(a)));
        all.truncate(1);
    }
    let mut bars = Bars { parts: vec![("saved".to_owned(), 0)], ..Bars::default() };
    let names: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    for (name, saved) in all {
        if names.len() > 1 {
            bars.rows.push(BarRow { name, bars: Vec::new() });
        }
        bars.rows.extend(foremost(saved).into_iter().map(bar));
    }
    bars.axis = Axis::linear("US dollars", Unit::Dollars, bars.figures(), true);
    bars.whisker = bars.has_ranges().then(|| format!("range: {RANGE}"));
    let title = configurations.title(&format!("Dollars saved by {what}"));
    let subtitle = format!(
        "US dollars in the billing period by configuration {}; below zero costs more.",
        names.join(", ")
    );
    let name = file.trim_end_matches(".csv");
    Ok(Chart::new(name, file, title, subtitle, Plot::Bars(bars)).assumed())
}

/// How much all together change.
fn change(all: &[Saved]) -> f64 {
    all.iter().map(Saved::assumed).sum::<f64>().abs()
}

/// The names that save most in their order, then all others as one.
fn foremost(mut all: Vec<Saved>) -> Vec<Saved> {
    all.sort_by(|a, b| b.assumed().total_cmp(&a.assumed()));
    // Two in one row would take as much room as one each.
    if all.len() > RANKED + 1 {
        let rest = all.split_off(RANKED);
        let mut dollars = Levels::default();
        for of in &rest {
            for level in Level::ALL {
                dollars.add(level, of.dollars.clone().at(level).unwrap_or(0.0));
            }
        }
        let name = format!("{} others", count(rest.len() as f64));
        all.push(Saved { name, dollars, share: None });
    }
    all
}

fn bar(Saved { name, dollars, share }: Saved) -> BarRow {
    let (assumed, range) = (dollars.assumed.unwrap_or(0.0), dollars.range());
    let share = share.map(|share| format!(", {}", write(Unit::Share, share)));
    let value = with_range(Unit::Dollars, assumed, range) + &share.unwrap_or_default();
    let label = format!("{name}: {value} saved");
    let bar = Bar { range, ..Bar::to(Some(assumed), 0, value, label) };
    BarRow { name, bars: vec![bar] }
}
