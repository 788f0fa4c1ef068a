//! What lies in files that a scenario names: histograms of ages, and prices.

use super::read::{Include, from_toml};
use super::resolve::Misplaced;
use super::written::{PricesFile, ScenarioFile};
use crate::error::{Error, Result};
use crate::workload::ages::{AgeLaw, AgeStep};
use crate::workload::read_pattern::ReadPattern;

pub(super) fn include_histograms(
    file: &mut ScenarioFile,
    include: Include,
) -> std::result::Result<(), Misplaced> {
    let populations = file.populations.iter_mut().enumerate();
    let ages = populations.map(|(i, p)| (format!("population.{i}.age"), &mut p.age));
    let reads =
        file.workloads.iter_mut().enumerate().filter_map(|(i, workload)| {
            match &mut workload.read.as_mut()?.pattern {
                ReadPattern::ByAge(law) => Some((format!("workload.{i}.read.pattern"), law)),
                _ => None,
            }
        });
    for (path, law) in ages.chain(reads) {
        if let AgeLaw::Histogram(name) = law {
            let steps = include(name).and_then(|text| parse_histogram(&text, name));
            *law = AgeLaw::Steps(steps.map_err(|error| Misplaced { path, error })?);
        }
    }
    Ok(())
}

/// Puts the prices of the file that the scenario names below the scenario's own.
pub(super) fn include_prices(
    file: &mut ScenarioFile,
    include: Include,
) -> std::result::Result<(), Misplaced> {
    let Some(name) = file.billing.price_file.take() else { return Ok(()) };
    let used: Vec<&str> = file.buckets.iter().map(|bucket| bucket.region.as_str()).collect();
    let read = include(&name).and_then(|text| {
        let prices = parse_prices(&text, &name)?;
        prices.check(&used).map_err(|error| error.at(&name))?;
        Ok(prices)
    });
    let prices = read.map_err(|error| Misplaced { path: "billing.price_file".into(), error })?;
    file.billing.prices = std::mem::take(&mut file.billing.prices).over(prices);
    Ok(())
}

/// Reads a price file, called `place` in messages.
pub(crate) fn parse_prices(text: &str, place: &str) -> Result<PricesFile> {
    let prices: PricesFile = from_toml(text, place)?;
    if prices.is_empty() {
        return Err(Error::request("the file has no price")
            .at(place)
            .hint("`bks list prices --toml` prints one to start from"));
    }
    Ok(prices)
}

/// Reads `to,weight` lines, with that header: the oldest age of each step and its objects.
fn parse_histogram(text: &str, name: &str) -> Result<Vec<AgeStep>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().ok().map(|headers| headers.iter().collect::<Vec<_>>().join(","));
    if headers.as_deref() != Some("to,weight") {
        // Whatever file was named is not shown: it may be none of the scenario's.
        return Err(Error::request(
            "the header is another, but a histogram has the columns `to,weight`",
        )
        .at(format!("{name}:1:1")));
    }
    let mut steps = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let place = format!("{name}:{}:1", i + 2);
        let record = record.map_err(|error| Error::request(error.to_string()).at(&place))?;
        let to = record[0].parse().map_err(|error: Error| error.at(&place))?;
        let weight = record[1].parse().map_err(|_| {
            Error::request(format!("`{}` is not a number of objects", &record[1])).at(&place)
        })?;
        steps.push(AgeStep { to, weight });
    }
    Ok(steps)
}
