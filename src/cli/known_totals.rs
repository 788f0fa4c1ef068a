//! Totals on the command line that are known beside a run: `--bill`, `--known-calls`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::bills;
use crate::error::{Error, Result};
use crate::pricing::PriceName;
use crate::results::known_total::{KnownTotal, MONTH_S, Scaled, scale};
use crate::results::{Results, csv};
use crate::scenario::Scenario;
use crate::units::{SimDuration, Usd, utc};

/// A total that is known.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Known totals")]
pub(super) struct KnownTotalArgs {
    /// Scale calls and dollars to the KMS requests on this bill (repeatable)
    ///
    /// FOCUS, a Cost and Usage Report, or CloudWatch's metrics of KMS's calls as the AWS CLI prints them, as for
    /// `bks reconcile`.
    #[arg(long = "bill", value_name = "FILE", conflicts_with = "known_calls")]
    bills: Vec<PathBuf>,
    /// Scale calls and dollars to a known number of S3's KMS requests, e.g., 3.1e9/month or 4e6/h
    #[arg(long, allow_hyphen_values = true, value_name = "CALLS/TIME", value_parser = parse_calls)]
    known_calls: Option<KnownCalls>,
}

/// KMS requests a month, and how they were typed.
#[derive(Clone, Debug, PartialEq)]
struct KnownCalls {
    a_month: f64,
    typed: String,
}

fn parse_calls(text: &str) -> std::result::Result<KnownCalls, String> {
    let (number, time) = text.trim().split_once('/').unwrap_or((text.trim(), "month"));
    let calls = calls(number.trim()).ok_or_else(|| {
        format!(
            "`{number}` is not a number of calls: give digits with a point for fractions, e.g., `1500000`, `1.5e6`, \
             `1.5M` or `1,500,000` (commas part groups of three)"
        )
    })?;
    let wrong = || {
        format!(
            "`{time}` is not a time: it must be `s`, `min`, `h`, `day`, `month`, `year` or a duration as `30d`"
        )
    };
    let seconds = match time.trim() {
        "month" | "mo" => MONTH_S,
        "day" => 86_400.0,
        "hour" => 3_600.0,
        "year" => 12.0 * MONTH_S,
        // `/h` is one hour.
        unit if unit.starts_with(char::is_alphabetic) => {
            seconds(&format!("1{unit}")).ok_or_else(wrong)?
        }
        length => seconds(length).ok_or_else(wrong)?,
    };
    Ok(KnownCalls { a_month: calls / seconds * MONTH_S, typed: text.trim().to_owned() })
}

/// A number above nothing: its commas part groups of three digits, and `k`, `M` and `G` after it are thousands,
/// millions and thousands of millions, as bks prints them.
fn calls(text: &str) -> Option<f64> {
    let (text, times) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1e3),
        b'M' => (&text[..text.len() - 1], 1e6),
        b'G' => (&text[..text.len() - 1], 1e9),
        _ => (text, 1.0),
    };
    let whole = text.split(['.', 'e', 'E']).next().unwrap_or_default();
    let (first, groups) = whole.split_once(',').unwrap_or((whole, ""));
    let are_groups =
        whole == first || ((1..=3).contains(&first.len()) && groups.split(',').all(is_group));
    let has_more = text[whole.len()..].contains(',');
    let number = text.replace(',', "").trim_end().parse::<f64>().ok()? * times;
    (are_groups && !has_more && number.is_finite() && number > 0.0).then_some(number)
}

/// Whether it is three digits.
fn is_group(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn seconds(text: &str) -> Option<f64> {
    let length = text.parse::<SimDuration>().ok()?.as_secs_f64();
    (length > 0.0).then_some(length)
}

impl KnownTotalArgs {
    /// The total that is known, if one is; read before anything is run.
    pub(super) fn total(&self) -> Result<Option<KnownTotal>> {
        if let Some(KnownCalls { a_month, typed }) = &self.known_calls {
            return Ok(Some(KnownTotal {
                source: format!("--known-calls {typed}"),
                kms_requests_a_month: *a_month,
                of_all_services: false,
                time: None,
            }));
        }
        let mut a_month = 0.0;
        let (mut names, mut times) = (Vec::new(), Vec::new());
        for (path, bill) in self.bills.iter().zip(bills::read_all(&self.bills)?) {
            let requests: f64 = bill.lines.iter().map(|line| line.requests).sum();
            let (from, to) = bill.time_ns().unwrap_or_default();
            let seconds = (to.saturating_sub(from) as f64 / 1e9).max(1.0);
            if requests <= 0.0 {
                return Err(Error::request("the bill's KMS requests sum up to none")
                    .at(path.display().to_string()));
            }
            a_month += requests / seconds * MONTH_S;
            names.push(path.display().to_string());
            times.push(format!("{} to {}", utc(from), utc(to)));
        }
        Ok((!names.is_empty()).then(|| KnownTotal {
            source: names.join(", "),
            kms_requests_a_month: a_month,
            of_all_services: true,
            time: Some(times.join(", ")),
        }))
    }
}

/// What a run comes to at a total that is known, and its file among the run's. A total that cannot be is told
/// of once the run's own files are written: the run is not lost.
pub(super) struct AtKnownTotal {
    scaled: Result<Option<Scaled>>,
}

impl AtKnownTotal {
    pub(super) fn of(scenario: &Scenario, results: &Results, known: Option<KnownTotal>) -> Self {
        let prices = scenario.billing.prices.iter();
        let prices: BTreeSet<Usd> =
            prices.map(|prices| prices.price(PriceName::KmsRequest).unit()).collect();
        // Regions may have the same price.
        let price = prices.first().copied().filter(|_| prices.len() == 1);
        Self { scaled: known.map(|known| scale(results, known, price)).transpose() }
    }

    /// Name and content of the file, if there is one.
    pub(super) fn file(&self, results: &Results) -> Option<(&'static str, Vec<u8>)> {
        let scaled = self.scaled.as_ref().ok()?.as_ref()?;
        Some((FILE, csv::write(&scaled.rows(results))))
    }

    /// What it comes to.
    ///
    /// # Errors
    /// If the total cannot be one of the run.
    pub(super) fn scaled(self) -> Result<Option<Scaled>> {
        self.scaled
    }
}

/// The file that has it.
pub(super) const FILE: &str = "known_total.csv";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_of_a_month_however_they_are_typed() {
        for (text, a_month) in [
            ("3.1e9/month", 3.1e9),
            ("3100000000", 3.1e9),
            ("1,000/day", 30_000.0),
            ("1000/30d", 1_000.0),
            ("2/h", 1_440.0),
            ("1/s", MONTH_S),
            ("1,234,567/month", 1_234_567.0),
            ("1,234.5/month", 1_234.5),
            ("1M/month", 1e6),
            ("1.5 M/month", 1.5e6),
            ("100k/day", 3e6),
            ("12/year", 1.0),
        ] {
            let calls = parse_calls(text).unwrap();
            assert!((calls.a_month - a_month).abs() < 1e-6 * a_month, "{text}: {}", calls.a_month);
        }
        for text in [
            "",
            "many",
            "-5/month",
            "5/",
            "5/0s",
            "inf",
            "5/fortnight",
            "3,1e9/month",
            "0,5/s",
            "12,5e3/day",
            "1,23,4/month",
            ",5",
            "5,",
            "1.5,000",
            "1234,567",
            "M",
            "1é",
        ] {
            assert!(parse_calls(text).is_err(), "{text}");
        }
    }
}
