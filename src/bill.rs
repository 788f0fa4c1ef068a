//! KMS requests on a bill: the lines of a Cost and Usage Report (legacy, or 2.0 as Data Exports writes it)
//! or of a FOCUS export (1.0 to 1.2), as CSV or Parquet.
//!
//! CloudWatch's metrics of KMS's calls stand for a bill, too.
//!
//! Counted are symmetric cryptographic requests, which S3's are. Requests of asymmetric keys and of
//! `GenerateDataKeyPair` have usage types of their own. The free tier is a line of its own at no price,
//! and counts.
//!
//! Sources: the data dictionary of the Cost and Usage Report
//! (<https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html>) and FOCUS
//! (<https://focus.finops.org/focus-specification/v1-0/>).

pub(crate) mod cloudwatch;

use std::io::{BufRead, BufReader, Cursor, Read};

use parquet::file::reader::ChunkReader;

use crate::error::{Error, Result};
use crate::logs::csv_records::{
    RecordLimit, RecordLines, delimiter, plain_name, stands_for_nothing,
};
use crate::logs::other_format::{self, OtherFormat};
use crate::named_enum::named_enum;
use crate::parquet_rows::ParquetTable;
use crate::units::parse_moment;

named_enum! {
    /// Which format a bill has.
    pub BillFormat {
        /// The `FinOps` Open Cost and Usage Specification.
        Focus = "focus",
        /// AWS's Cost and Usage Report, in either spelling of its columns.
        Cur = "cur",
        /// Metrics, as the AWS CLI prints them.
        CloudWatch = "cloudwatch",
    }
}

/// One line of KMS requests.
#[derive(Clone, Debug, PartialEq)]
pub struct KmsBillLine {
    /// Nanoseconds since the Unix epoch: when it begins.
    pub from_ns: i64,
    /// When it ends.
    pub to_ns: i64,
    /// Requests; a correction's may be negative.
    pub requests: f64,
}

/// The KMS requests of a bill.
#[derive(Clone, Debug, PartialEq)]
pub struct KmsBill {
    /// Its format.
    pub format: BillFormat,
    /// Lines of any kind.
    pub rows: u64,
    /// Those of symmetric KMS requests, as they come.
    pub lines: Vec<KmsBillLine>,
    /// The time that it tells of.
    pub time: BillTime,
}

/// The time that a bill tells of, in nanoseconds since the Unix epoch: no KMS request in an hour, no line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BillTime {
    /// From the first line of usage, of whatever service, to the last.
    usage: Option<(i64, i64)>,
    /// The billing periods, if columns tell them.
    periods: Option<(i64, i64)>,
}

/// A billing period that has lines to within this part of it before its end is over.
const NEARLY: f64 = 0.1;

impl BillTime {
    /// Widens a stretch of time by another.
    fn wider(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
        match (one, other) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        }
    }

    /// Takes in what another part tells of.
    fn merge(&mut self, other: Self) {
        self.usage = Self::wider(self.usage, other.usage);
        self.periods = Self::wider(self.periods, other.periods);
    }

    /// From when to when: a billing period from its beginning, and to its end if its lines go near it; else as far as
    /// the lines of usage go.
    fn span_ns(self) -> Option<(i64, i64)> {
        let (from, to) = self.usage?;
        let Some((begins, ends)) = self.periods else { return Some((from, to)) };
        let missing = ends.saturating_sub(to) as f64;
        let is_over = missing < NEARLY * ends.saturating_sub(begins) as f64;
        Some((from.min(begins), if is_over { to.max(ends) } else { to }))
    }
}

/// Requests of a bill in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BilledRequests {
    /// In lines that lie within it.
    pub within: f64,
    /// In lines that lie only partly within it: any share of them may be.
    pub partly: f64,
}

impl KmsBill {
    /// A bill without a line.
    const fn empty(format: BillFormat) -> Self {
        let time = BillTime { usage: None, periods: None };
        Self { format, rows: 0, lines: Vec::new(), time }
    }

    /// The requests from `from_ns` to before `to_ns`.
    pub(crate) fn requests(&self, from_ns: i64, to_ns: i64) -> BilledRequests {
        let mut requests = BilledRequests::default();
        for line in &self.lines {
            if from_ns <= line.from_ns && line.to_ns <= to_ns {
                requests.within += line.requests;
            } else if line.from_ns < to_ns && from_ns < line.to_ns {
                requests.partly += line.requests;
            }
        }
        requests
    }

    /// Adds another part of the same bill.
    pub(crate) fn merge(&mut self, part: Self) -> Result<()> {
        if self.format != part.format {
            return Err(Error::request(format!(
                "the part is of the format `{}`, but the one before it of `{}`",
                part.format.name(),
                self.format.name()
            ))
            .hint("give each bill separately: `--bill` may be given again"));
        }
        self.rows += part.rows;
        self.lines.extend(part.lines);
        self.time.merge(part.time);
        Ok(())
    }

    /// The same, if it tells of KMS requests.
    pub(crate) fn checked(self) -> Result<Self> {
        if !self.lines.is_empty() {
            return Ok(self);
        }
        Err(Error::request(format!("none of the bill's {} lines is of KMS requests", self.rows)).hint(
            "such lines have the usage type `REGION-KMS-Requests`, or are of `AWS Key Management Service` \
             in `Requests`",
        ))
    }

    /// The time that it tells of, in nanoseconds since the Unix epoch: in hours of which it has no line of KMS
    /// requests there were none.
    pub(crate) fn time_ns(&self) -> Option<(i64, i64)> {
        BillTime::wider(self.span_ns(), self.time.span_ns())
    }

    /// The time of its lines of KMS requests, in nanoseconds since the Unix epoch.
    pub(crate) fn span_ns(&self) -> Option<(i64, i64)> {
        let from = self.lines.iter().map(|line| line.from_ns).min()?;
        let to = self.lines.iter().map(|line| line.to_ns).max()?;
        Some((from, to))
    }
}

/// The plain names of a bill's columns.
struct Header(Vec<String>);

impl Header {
    fn find(&self, name: &str) -> Option<usize> {
        let name = plain_name(name);
        self.0.iter().position(|known| *known == name)
    }

    fn need(&self, name: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| {
            Error::request(format!("the bill has no column `{name}`"))
                .hint(
                    "give a FOCUS export or a Cost and Usage Report, as Parquet or as CSV with its header, or what `aws \
                     cloudwatch get-metric-data --output json` prints; of any other bill the number of its KMS requests will do: `bks simulate` and `bks replay` take it by \
                     `--known-calls`, e.g., `--known-calls 1e6/month`",
                )
        })
    }
}

/// Where the columns are that matter.
struct BillColumns {
    format: BillFormat,
    from: usize,
    to: usize,
    /// When the billing period begins and ends.
    period: Option<(usize, usize)>,
    /// FOCUS: `ServiceName`; CUR: the usage type.
    what: usize,
    /// FOCUS: `ChargeCategory`; CUR: the line's type.
    category: Option<usize>,
    /// Pairs of quantity and, in FOCUS, its unit; the first that is known counts.
    quantities: Vec<(usize, Option<usize>)>,
    /// Where FOCUS tells of which kind requests are.
    kinds: Vec<usize>,
}

impl BillColumns {
    fn of<'h>(header: impl IntoIterator<Item = &'h str>) -> Result<Self> {
        let header = Header(header.into_iter().map(plain_name).collect());
        if header.find("ServiceName").is_some() && header.find("ChargePeriodStart").is_some() {
            let quantities: Vec<_> =
                [("PricingQuantity", "PricingUnit"), ("ConsumedQuantity", "ConsumedUnit")]
                    .into_iter()
                    .filter_map(|(quantity, unit)| {
                        Some((header.find(quantity)?, Some(header.find(unit)?)))
                    })
                    .collect();
            if quantities.is_empty() {
                header.need("PricingQuantity")?;
                header.need("PricingUnit")?;
            }
            let kinds = ["x_UsageType", "SkuMeter", "ChargeDescription"];
            return Ok(Self {
                format: BillFormat::Focus,
                from: header.need("ChargePeriodStart")?,
                to: header.need("ChargePeriodEnd")?,
                period: header.find("BillingPeriodStart").zip(header.find("BillingPeriodEnd")),
                what: header.need("ServiceName")?,
                category: header.find("ChargeCategory"),
                quantities,
                kinds: kinds.into_iter().filter_map(|name| header.find(name)).collect(),
            });
        }
        Ok(Self {
            format: BillFormat::Cur,
            what: header.need("line_item_usage_type")?,
            from: header.need("line_item_usage_start_date")?,
            to: header.need("line_item_usage_end_date")?,
            period: header
                .find("bill_billing_period_start_date")
                .zip(header.find("bill_billing_period_end_date")),
            category: header.find("line_item_line_item_type"),
            quantities: vec![(header.need("line_item_usage_amount")?, None)],
            kinds: Vec::new(),
        })
    }

    /// All of them.
    fn places(&self) -> Vec<usize> {
        let pairs = self.quantities.iter().flat_map(|(quantity, unit)| [Some(*quantity), *unit]);
        let [begins, ends] = [self.period.map(|it| it.0), self.period.map(|it| it.1)];
        let others = [Some(self.from), Some(self.to), begins, ends, Some(self.what), self.category];
        let kinds = self.kinds.iter().copied();
        let mut places: Vec<usize> = pairs.chain(others).flatten().chain(kinds).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The text that tells the quantity, if the row is one of symmetric KMS requests.
    fn quantity<'a>(&self, row: &'a csv::StringRecord) -> Option<&'a str> {
        let category = self.category.map_or("Usage", |place| cell(row, place));
        let what = cell(row, self.what);
        let wanted = if self.format == BillFormat::Focus {
            what == "AWS Key Management Service"
                && category == "Usage"
                && !self.kinds.iter().any(|&kind| is_of_key_pairs(cell(row, kind)))
        } else {
            // What a savings plan or the like covers would be of another type; KMS has none.
            (what == "KMS-Requests" || what.ends_with("-KMS-Requests"))
                && (category == "Usage" || category.is_empty())
        };
        if !wanted {
            return None;
        }
        self.quantities.iter().find_map(|&(quantity, unit)| {
            let unit = unit.map_or("Requests", |place| cell(row, place));
            let quantity = cell(row, quantity);
            let is_known = !stands_for_nothing(quantity);
            (unit.eq_ignore_ascii_case("Requests") && is_known).then_some(quantity)
        })
    }

    /// The time that a row tells of, whatever it is for; what cannot be read tells of none.
    fn time(&self, row: &csv::StringRecord) -> BillTime {
        let moment = |place| parse_moment(cell(row, place).as_bytes());
        let between = |from, to| moment(from).zip(moment(to)).filter(|(from, to)| from < to);
        let is_usage = self.category.is_none_or(|place| cell(row, place) == "Usage");
        BillTime {
            usage: between(self.from, self.to).filter(|_| is_usage),
            periods: self.period.and_then(|(from, to)| between(from, to)),
        }
    }

    fn line(&self, row: &csv::StringRecord, quantity: &str) -> Result<KmsBillLine> {
        let requests = quantity.parse::<f64>().ok().filter(|requests| requests.is_finite());
        let requests = requests.ok_or_else(|| {
            Error::request(format!(
                "the quantity is `{quantity}`, but must be a number, e.g., `1000.5`"
            ))
            .hint(AS_WRITTEN)
        })?;
        let (from_ns, to_ns) = (time(cell(row, self.from))?, time(cell(row, self.to))?);
        if from_ns >= to_ns {
            return Err(Error::request("the line ends before it begins"));
        }
        Ok(KmsBillLine { from_ns, to_ns, requests })
    }
}

/// A cell; empty if the row is too short.
fn cell(row: &csv::StringRecord, place: usize) -> &str {
    row.get(place).unwrap_or_default()
}

/// Whether a usage type or description is of requests that S3 does not make.
fn is_of_key_pairs(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["asymmetric", "datakeypair", "rsa", "ecc"].iter().any(|word| {
        // Only at the start of a word: `adversarial` is none.
        text.match_indices(word).any(|(at, _)| {
            !text[..at].ends_with(|letter: char| letter.is_ascii_alphanumeric())
                || *word == "datakeypair"
        })
    })
}

const AS_WRITTEN: &str = "give the bill as AWS wrote it: spreadsheets write numbers and times in another way when they save it";

/// Reads `2024-09-25 20:00:00` and the like.
fn time(text: &str) -> Result<i64> {
    parse_moment(text.as_bytes()).ok_or_else(|| {
        Error::request(format!("`{text}` is not a point in time, e.g., `2024-09-25 20:00:00`"))
            .hint(AS_WRITTEN)
    })
}

/// Reads a bill in CSV.
///
/// # Errors
/// The first line that is wrong, by `place` and number, columns that are not there, or no KMS requests.
pub fn read(source: impl Read, place: &str) -> Result<KmsBill> {
    part(source, place)?.checked().map_err(|error| error.at(place))
}

/// Reads a part of a bill in Parquet, which may have no KMS requests.
pub(crate) fn parquet_part(source: impl ChunkReader + 'static, place: &str) -> Result<KmsBill> {
    let table = ParquetTable::open(source, place)?;
    let named = table.columns();
    let all = BillColumns::of(named.iter().map(|column| column.name.as_str()));
    let wanted = all.map_err(|error| error.at(place))?.places();
    // The same columns, of which alone there are cells.
    let columns = BillColumns::of(wanted.iter().map(|place| named[*place].name.as_str()))
        .map_err(|error| error.at(place))?;
    let indexes: Vec<usize> = wanted.iter().map(|place| named[*place].index).collect();
    let mut invoice = KmsBill::empty(columns.format);
    let mut row = csv::StringRecord::new();
    invoice.rows = table.read(&indexes, &mut |_, cells| {
        row.clear();
        for cell in cells {
            row.push_field(&cell.as_csv());
        }
        invoice.time.merge(columns.time(&row));
        if let Some(quantity) = columns.quantity(&row) {
            invoice.lines.push(columns.line(&row, quantity)?);
        }
        Ok(())
    })?;
    Ok(invoice)
}

/// Most bytes of the line of column names.
const HEADER_MAX: u64 = 64 << 10;

/// Refuses what begins so and is known to be no bill.
pub(crate) fn refuse_other(head: &[u8]) -> Result<()> {
    let Some(other) = other_format::of(head).filter(OtherFormat::is_log) else { return Ok(()) };
    let error = Error::request(format!("the file is not a bill: it is {}", other.what));
    Err(other.way_out.into_iter().fold(error, Error::hint))
}

/// Reads a part of a bill in CSV, which may have no KMS requests, or metrics.
pub(crate) fn part(source: impl Read, place: &str) -> Result<KmsBill> {
    let mut source = BufReader::new(source);
    let mut first = Vec::new();
    let read = source.by_ref().take(HEADER_MAX).read_until(b'\n', &mut first);
    read.map_err(|error| Error::run(format!("cannot be read: {error}")).at(place))?;
    refuse_other(&first).map_err(|error| error.at(place))?;
    let delimiter = delimiter(&first);
    let is_metrics = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first).starts_with(b"{");
    let source = Cursor::new(first).chain(source);
    if is_metrics {
        return cloudwatch::read(source, place);
    }
    let (source, left) = RecordLimit::new(source);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(source);
    let header = reader.headers().map_err(|error| unreadable(&error, place, 1))?;
    let columns = BillColumns::of(header).map_err(|error| error.at(place))?;
    let mut invoice = KmsBill::empty(columns.format);
    let mut row = header.clone();
    let lines = RecordLines::by_first(&row, reader.position().line());
    loop {
        left.begin();
        let line = lines.next(reader.position().line());
        if !reader.read_record(&mut row).map_err(|error| unreadable(&error, place, line))? {
            break;
        }
        invoice.rows += 1;
        invoice.time.merge(columns.time(&row));
        if let Some(quantity) = columns.quantity(&row) {
            let read = columns.line(&row, quantity);
            invoice.lines.push(read.map_err(|error| error.at(format!("{place}:{line}")))?);
        }
    }
    Ok(invoice)
}

fn unreadable(error: &csv::Error, place: &str, line: u64) -> Error {
    Error::request(format!("the line cannot be read: {error}")).at(format!("{place}:{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{parse_utc, utc};

    const FOCUS: &str = "\
BilledCost,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,PricingQuantity,PricingUnit,RegionId,ServiceName
0.0,Usage,\"$0.00 per request - Monthly Global Free Tier for KMS requests\",2024-09-25 21:00:00,2024-09-25 20:00:00,NULL,NULL,20000.000,Requests,us-east-1,AWS Key Management Service
0.3,Usage,\"$0.03 per 10,000 KMS requests in US East\",2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,1e5,Requests,us-east-1,AWS Key Management Service
0.3,Usage,\"$0.15 per 10,000 Asymmetric requests\",2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,7,Requests,us-east-1,AWS Key Management Service
0.3,Usage,\"$0.10 per 10,000 ECC GenerateDataKeyPair requests\",2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,7,Requests,us-east-1,AWS Key Management Service
1.0,Usage,\"$1 per customer managed KMS key version\",2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,1,Keys,us-east-1,AWS Key Management Service
1.0,Tax,Tax,2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,1,Requests,us-east-1,AWS Key Management Service
1.0,Usage,SQS,2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,5,Requests,us-east-1,Amazon Simple Queue Service
0.3,Usage,Universal requests,2024-09-27T00:00:00.000Z,2024-09-26T00:00:00Z,11,Requests,NULL,NULL,us-east-1,AWS Key Management Service
";

    #[test]
    fn a_focus_bill_counts_symmetric_requests() {
        let invoice = read(FOCUS.as_bytes(), "bill.csv").unwrap();
        assert_eq!((invoice.format, invoice.rows), (BillFormat::Focus, 8));
        let requests: Vec<f64> = invoice.lines.iter().map(|line| line.requests).collect();
        assert_eq!(requests, [20_000.0, 100_000.0, 11.0]);
        let (from, to) = invoice.span_ns().unwrap();
        assert_eq!(utc(from), "2024-09-25T20:00:00Z");
        assert_eq!(utc(to), "2024-09-27T00:00:00Z");
        let at = |text: &str| parse_utc(text).unwrap();
        let found = invoice.requests(at("2024-09-25T20:30:00Z"), at("2024-09-25T22:00:00Z"));
        assert_eq!(found, BilledRequests { within: 100_000.0, partly: 20_000.0 });
        let found = invoice.requests(at("2024-09-25T22:00:00Z"), at("2024-09-26T00:00:00Z"));
        assert_eq!(found, BilledRequests::default());
    }

    #[test]
    fn both_spellings_of_a_cost_and_usage_report_count_the_same() {
        let rows = "\
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Usage,awskms,USE1-KMS-Requests,12
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Usage,awskms,us-east-1-KMS-Requests,3
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Usage,awskms,us-east-1-KMS-Requests-Asymmetric,5
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Usage,awskms,us-east-1-KMS-Requests-GenerateDatakeyPair-ECC,5
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Tax,awskms,us-east-1-KMS-Requests,1
2024-09-25T20:00:00Z,2024-09-25T21:00:00Z,Usage,awskms,us-east-1-KMS-Keys,9
";
        for header in [
            "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,\
             lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount\n",
            "line_item_usage_start_date,line_item_usage_end_date,line_item_line_item_type,\
             line_item_product_code,line_item_usage_type,line_item_usage_amount\n",
        ] {
            let invoice = read(format!("{header}{rows}").as_bytes(), "bill.csv").unwrap();
            assert_eq!((invoice.format, invoice.rows), (BillFormat::Cur, 6));
            let requests: Vec<f64> = invoice.lines.iter().map(|line| line.requests).collect();
            assert_eq!(requests, [12.0, 3.0]);
        }
    }

    #[test]
    fn what_is_no_bill_is_refused_at_its_line() {
        let broken = FOCUS.replace("1e5", "many");
        let late = FOCUS.replace(
            "2024-09-25 22:00:00,2024-09-25 21:00:00,NULL,NULL,1e5",
            "2024-09-25 21:00:00,2024-09-25 21:00:00,NULL,NULL,1e5",
        );
        let dated = FOCUS.replace("2024-09-26T00:00:00Z", "yesterday");
        let keys: String = FOCUS
            .lines()
            .take(1)
            .chain(FOCUS.lines().skip(5).take(3))
            .flat_map(|line| [line, "\n"])
            .collect();
        for (text, why) in [
            (broken.as_str(), "bill.csv:3: the quantity is `many`"),
            (&late, "bill.csv:3: the line ends before it begins"),
            (&dated, "bill.csv:9: `yesterday` is not a point in time"),
            (&keys, "bill.csv: none of the bill's 3 lines is of KMS requests"),
            ("a,b\n1,2\n", "bill.csv: the bill has no column `line_item_usage_type`"),
            ("", "bill.csv: the bill has no column `line_item_usage_type`"),
            (
                "ServiceName,ChargePeriodStart\nx,y\n",
                "bill.csv: the bill has no column `PricingQuantity`",
            ),
            ("line_item_usage_type,b\n1\n", "bill.csv: the bill has no column"),
        ] {
            let error = read(text.as_bytes(), "bill.csv").unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
        let short = format!("{FOCUS}cut,off\n");
        let error = read(short.as_bytes(), "bill.csv").unwrap_err().to_string();
        assert!(error.starts_with("bill.csv:10: the line cannot be read"), "{error}");
    }
}
