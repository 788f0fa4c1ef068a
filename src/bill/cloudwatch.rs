//! KMS requests by CloudWatch's metrics, as the AWS CLI prints them: `get-metric-data` or
//! `get-metric-statistics` of the sums of a metric that counts KMS's calls, of an account (`CallCount` of
//! `AWS/Usage`) or of a key (`AWS/KMS`).
//!
//! Neither output says which metric it is of, which statistic nor which period. All series of a file are
//! added up, and the period is the shortest time between two of its points.
//!
//! Sources: the CLI's reference
//! (<https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/get-metric-data.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/get-metric-statistics.html>) and AWS's post on
//! metrics of keys (<https://aws.amazon.com/blogs/security/aws-kms-cloudwatch-metrics-help-you-better-track-and-understand-how-your-kms-keys-are-being-used/>).

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;

use serde::Deserialize;

use super::{BillFormat, KmsBill, KmsBillLine, time};
use crate::error::{Error, Result};
use crate::logs::timestamps::epoch;

/// Most bytes of a file.
const LONGEST: u64 = 64 << 20;

/// Metrics of `AWS/S3`, which a series may be labelled by
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html>).
const METRICS_OF_S3: [&str; 14] = [
    "NumberOfObjects",
    "BucketSizeBytes",
    "AllRequests",
    "GetRequests",
    "PutRequests",
    "DeleteRequests",
    "HeadRequests",
    "PostRequests",
    "ListRequests",
    "BytesDownloaded",
    "BytesUploaded",
    "4xxErrors",
    "5xxErrors",
    "TotalRequestLatency",
];

/// What either command prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricOutput {
    metric_data_results: Option<Vec<MetricSeries>>,
    datapoints: Option<Vec<Datapoint>>,
}

/// A series of `get-metric-data`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricSeries {
    #[serde(default)]
    label: String,
    timestamps: Vec<MetricTime>,
    values: Vec<Option<f64>>,
    status_code: Option<String>,
}

/// A point of `get-metric-statistics`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: MetricTime,
    sum: Option<f64>,
}

/// When a period begins: as the CLI prints it, or as programs do, in seconds since the Unix epoch or another unit.
#[derive(Deserialize)]
#[serde(untagged)]
enum MetricTime {
    Text(String),
    Epoch(f64),
}

impl fmt::Display for MetricTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Epoch(number) => number.fmt(f),
        }
    }
}

impl MetricTime {
    /// In nanoseconds since the Unix epoch.
    fn ns(&self) -> Result<i64> {
        match self {
            Self::Text(text) => time(text),
            Self::Epoch(number) => epoch(*number as u64)
                .filter(|_| *number >= 0.0)
                .ok_or_else(|| Error::request(format!("`{number}` is no time since the epoch"))),
        }
    }
}

/// A sum of calls, and when its period begins, in nanoseconds since the Unix epoch.
struct PeriodSum {
    from_ns: i64,
    requests: f64,
}

/// Whether a JSON document is one of CloudWatch's metrics.
pub(crate) fn is_metrics(document: &serde_json::Value) -> bool {
    document["MetricDataResults"].is_array() || document["Datapoints"].is_array()
}

/// Reads metrics.
///
/// # Errors
/// If it is no output of metrics, an incomplete one or none of sums, or if it tells no period.
pub(super) fn read(source: impl Read, place: &str) -> Result<KmsBill> {
    let mut text = Vec::new();
    let read = source.take(LONGEST).read_to_end(&mut text);
    read.map_err(|error| Error::run(format!("cannot be read: {error}")).at(place))?;
    let mut sums = Vec::new();
    // Each call's metrics may be a document of its own.
    for output in documents(&text) {
        let output = output.map_err(|error| no_metrics(&error.to_string()).at(place))?;
        sums.extend(of_output(output).map_err(|error| error.at(place))?);
    }
    let period = period(&sums).map_err(|error| error.at(place))?;
    let lines = sums.iter().map(|&PeriodSum { from_ns, requests }| KmsBillLine {
        from_ns,
        to_ns: from_ns.saturating_add(period),
        requests,
    });
    let (rows, lines) = (sums.len() as u64, lines.collect());
    Ok(KmsBill { rows, lines, ..KmsBill::empty(BillFormat::CloudWatch) })
}

/// The documents of a text, one after another, after the mark that some programs put before.
pub(crate) fn documents<'t, T: Deserialize<'t>>(
    text: &'t [u8],
) -> impl Iterator<Item = serde_json::Result<T>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::Deserializer::from_slice(text).into_iter()
}

fn of_output(output: MetricOutput) -> Result<Vec<PeriodSum>> {
    match output {
        MetricOutput { metric_data_results: Some(series), .. } => of_series(series),
        MetricOutput { datapoints: Some(points), .. } => of_points(points),
        MetricOutput { .. } => {
            Err(no_metrics("neither `MetricDataResults` nor `Datapoints` is there"))
        }
    }
}

fn of_series(series: Vec<MetricSeries>) -> Result<Vec<PeriodSum>> {
    let mut sums = Vec::new();
    for MetricSeries { label, timestamps, values, status_code } in series {
        if let Some(status) = status_code.filter(|status| status != "Complete") {
            return Err(Error::request(format!(
                "the series `{label}` is not whole: its status is `{status}`, but must be `Complete`"
            ))
            .hint("ask for less time at once, and give each file by a `--bill` of its own"));
        }
        if timestamps.len() != values.len() {
            return Err(Error::request(format!(
                "the series `{label}` has {} timestamps, but {} values",
                timestamps.len(),
                values.len()
            )));
        }
        if METRICS_OF_S3.contains(&label.as_str()) {
            return Err(Error::request(format!(
                "the series `{label}` is a metric of S3, which counts no call of KMS"
            ))
            .hint("ask for `CallCount` of `AWS/Usage` with the service `KMS`"));
        }
        for (timestamp, value) in timestamps.iter().zip(values) {
            let value = value.ok_or_else(|| {
                Error::request(format!("the series `{label}` has no value at `{timestamp}`"))
                    .hint("leave the point out: a period without a value had no call")
            })?;
            sums.push(sum(timestamp, value)?);
        }
    }
    Ok(sums)
}

fn of_points(points: Vec<Datapoint>) -> Result<Vec<PeriodSum>> {
    let sums = points.into_iter().map(|Datapoint { timestamp, sum: value }| {
        let value = value.ok_or_else(|| {
            Error::request(format!("the point of `{timestamp}` has no `Sum`"))
                .hint("ask for it by `--statistics Sum`")
        })?;
        sum(&timestamp, value)
    });
    sums.collect()
}

fn sum(timestamp: &MetricTime, value: f64) -> Result<PeriodSum> {
    if !value.is_finite() || value < 0.0 {
        return Err(Error::request(format!(
            "the value of `{timestamp}` is `{value}`, but a sum of calls is at least 0"
        )));
    }
    Ok(PeriodSum { from_ns: timestamp.ns()?, requests: value })
}

/// The shortest time between two points.
fn period(sums: &[PeriodSum]) -> Result<i64> {
    let times: BTreeSet<i64> = sums.iter().map(|sum| sum.from_ns).collect();
    let gaps = times.iter().zip(times.iter().skip(1)).map(|(from, to)| to - from);
    gaps.min().ok_or_else(|| {
        Error::request("the metrics have fewer than two points in time, which tell no period")
            .hint("ask for a shorter `--period`, or a longer time")
    })
}

fn no_metrics(why: &str) -> Error {
    Error::request(format!("the file is no bill, nor are these metrics of CloudWatch: {why}")).hint(
        "give a FOCUS export, a Cost and Usage Report or what `aws cloudwatch get-metric-data --output json` \
         prints",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_utc;

    /// Two series of an hour each, of which the second lacks a point.
    const DATA: &str = r#"{"MetricDataResults": [
        {"Id": "d", "Label": "Decrypt", "StatusCode": "Complete",
         "Timestamps": ["2026-11-20T02:00:00+00:00", "2026-11-20T01:00:00+00:00", "2026-11-20T00:00:00+00:00"],
         "Values": [3.0, 2.0, 1000.0]},
        {"Id": "g", "Label": "GenerateDataKey", "StatusCode": "Complete",
         "Timestamps": ["2026-11-20T02:00:00+00:00"], "Values": [10]}], "Messages": []}"#;

    const STATISTICS: &str = r#"{"Label": "CallCount", "Datapoints": [
        {"Timestamp": "2026-11-20T00:05:00Z", "Sum": 7.0, "Unit": "None"},
        {"Timestamp": "2026-11-20T00:00:00Z", "Sum": 5.0, "Unit": "None"}]}"#;

    fn bill(text: &str) -> KmsBill {
        read(text.as_bytes(), "metrics.json").unwrap()
    }

    #[test]
    fn sums_of_all_series_count_from_the_first_period_to_the_end_of_the_last() {
        let of_data = bill(DATA);
        assert_eq!(requests(&of_data), [3.0, 2.0, 1_000.0, 10.0]);
        assert_eq!(of_data.span_ns(), span("2026-11-20T00:00:00Z", "2026-11-20T03:00:00Z"));
        let of_statistics = bill(&format!("\u{feff}{STATISTICS}\n{STATISTICS}"));
        assert_eq!(requests(&of_statistics), [7.0, 5.0, 7.0, 5.0]);
        let of_statistics = bill(STATISTICS);
        assert_eq!(requests(&of_statistics), [7.0, 5.0]);
        assert_eq!(of_statistics.span_ns(), span("2026-11-20T00:00:00Z", "2026-11-20T00:10:00Z"));
    }

    fn requests(bill: &KmsBill) -> Vec<f64> {
        bill.lines.iter().map(|line| line.requests).collect()
    }

    fn span(from: &str, to: &str) -> Option<(i64, i64)> {
        Some((parse_utc(from).ok()?, parse_utc(to).ok()?))
    }

    #[test]
    fn what_tells_no_calls_is_refused() {
        for (text, told) in [
            (DATA.replace("\"Complete\"", "\"PartialData\""), "its status is `PartialData`"),
            (DATA.replace("[10]", "[]"), "has 1 timestamps, but 0 values"),
            (DATA.replace("1000.0", "-1"), "is `-1`, but a sum of calls is at least 0"),
            (STATISTICS.replace("Sum", "Average"), "has no `Sum`"),
            (STATISTICS.replace("00:05:00Z", "00:00:00Z"), "fewer than two points"),
            (STATISTICS.replace("00:05:00Z", "noon"), "`2026-11-20Tnoon` is not a point in time"),
            (r#"{"reports": []}"#.to_owned(), "the file is no bill"),
            (format!("{STATISTICS}{{\"Datapoints\": 1}}"), "the file is no bill"),
        ] {
            let error = read(text.as_bytes(), "metrics.json").unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("metrics.json"), "{error}");
        }
    }
}
