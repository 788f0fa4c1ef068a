//! Values, by what a file says they mean.

use std::borrow::Cow;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::ByteArray;
use parquet::schema::types::ColumnDescriptor;

use super::VALUE_MAX;
use crate::units::utc;

/// Nanoseconds in a day.
const DAY: i64 = 86_400_000_000_000;

/// The day of 1970-01-01 by the count that the type `INT96` uses.
const JULIAN_EPOCH: i64 = 2_440_588;

/// Why a time is refused: nanoseconds in 64 bits hold the years 1677 to 2262.
const NO_TIME: &str = "is a time outside the years 1677 to 2262";

/// One value of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ParquetValue {
    /// None.
    #[default]
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number; of decimals, the nearest.
    Real(f64),
    /// A point in time, in nanoseconds since the Unix epoch.
    Time(i64),
    /// A text: UTF-8, at most `VALUE_MAX` bytes.
    Text(ByteArray),
}

impl ParquetValue {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(bytes) => str::from_utf8(bytes.data()).ok(),
            _ => None,
        }
    }

    /// It as CSV would have it; nothing is empty.
    pub(crate) fn as_csv(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Flag(flag) => Cow::Owned(flag.to_string()),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Real(number) => Cow::Owned(number.to_string()),
            Self::Time(ns) => Cow::Owned(utc(*ns)),
            Self::Text(_) => Cow::Borrowed(self.text().unwrap_or_default()),
        }
    }
}

/// What a column's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// Numbers, flags and texts, as they are.
    Plain,
    /// Decimals with so many digits after the point.
    Decimal(i32),
    /// Days since 1970.
    Days,
    /// Since 1970, in units of so many nanoseconds.
    Time(i64),
}

impl ValueKind {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        if column.physical_type() == Physical::INT96 {
            return Self::Plain;
        }
        if let Some(LogicalType::Timestamp(time)) = column.logical_type_ref() {
            return Self::Time(match time.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            });
        }
        match column.converted_type() {
            ConvertedType::TIMESTAMP_MILLIS => Self::Time(1_000_000),
            ConvertedType::TIMESTAMP_MICROS => Self::Time(1_000),
            ConvertedType::DATE => Self::Days,
            ConvertedType::DECIMAL => Self::Decimal(column.type_scale().clamp(0, 38)),
            _ => Self::Plain,
        }
    }

    pub(super) fn whole(self, value: i64) -> Result<ParquetValue, &'static str> {
        match self {
            Self::Plain => Ok(ParquetValue::Whole(value)),
            Self::Decimal(scale) => {
                Ok(ParquetValue::Real(value as f64 / libm::pow(10.0, scale.into())))
            }
            Self::Days => time(value, DAY),
            Self::Time(unit) => time(value, unit),
        }
    }

    pub(super) fn bytes(self, value: &ByteArray) -> Result<ParquetValue, &'static str> {
        let bytes = value.data();
        if bytes.len() > VALUE_MAX {
            return Err("is longer than 1 MiB");
        }
        match self {
            Self::Decimal(scale) => {
                let whole = big_endian(bytes).ok_or("is a decimal of more than 16 bytes")?;
                Ok(ParquetValue::Real(whole as f64 / libm::pow(10.0, scale.into())))
            }
            _ if str::from_utf8(bytes).is_err() => Err("is not UTF-8 text"),
            _ => Ok(ParquetValue::Text(value.clone())),
        }
    }
}

fn time(value: i64, unit: i64) -> Result<ParquetValue, &'static str> {
    value.checked_mul(unit).map(ParquetValue::Time).ok_or(NO_TIME)
}

/// A whole number of up to 16 bytes, its highest first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; 16];
    let from = all.len().checked_sub(bytes.len())?;
    all[from..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

/// A time of the type that older Spark and Hive write: nanoseconds of a day, and the day.
pub(super) fn of_int96(parts: &[u32]) -> Result<ParquetValue, &'static str> {
    let [low, high, day] = parts else { return Err(NO_TIME) };
    let of_day = i64::from(*high) << 32 | i64::from(*low);
    let days = (i64::from(*day) - JULIAN_EPOCH).checked_mul(DAY).ok_or(NO_TIME)?;
    days.checked_add(of_day).map(ParquetValue::Time).ok_or(NO_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_decimals_mean_what_the_column_says() {
        assert_eq!(ValueKind::Time(1_000_000).whole(1_500), Ok(ParquetValue::Time(1_500_000_000)));
        assert_eq!(ValueKind::Time(1_000_000).whole(1 << 62), Err(NO_TIME));
        assert_eq!(ValueKind::Days.whole(2), Ok(ParquetValue::Time(2 * DAY)));
        assert_eq!(ValueKind::Days.whole(1 << 30), Err(NO_TIME));
        assert_eq!(ValueKind::Decimal(2).whole(-1_250), Ok(ParquetValue::Real(-12.5)));
        let bytes = ByteArray::from(vec![0xfb, 0x1e]);
        assert_eq!(ValueKind::Decimal(2).bytes(&bytes), Ok(ParquetValue::Real(-12.5)));
        // 2026-11-20 is day 2461365 of the Julian count, 20,777 days after 1970.
        let midnight = of_int96(&[0, 0, 2_461_365]);
        assert_eq!(midnight, Ok(ParquetValue::Time(20_777 * DAY)));
        assert_eq!(of_int96(&[5, 1, 2_440_588]), Ok(ParquetValue::Time((1 << 32) + 5)));
        assert_eq!(of_int96(&[0, 0, u32::MAX]), Err(NO_TIME));
        assert_eq!(
            ValueKind::Plain.bytes(&vec![b'a'; VALUE_MAX + 1].into()),
            Err("is longer than 1 MiB")
        );
    }
}
