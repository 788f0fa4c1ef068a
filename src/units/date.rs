//! Points in time, in nanoseconds since the Unix epoch, as dates in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::error::{Error, Result};

const NS_PER_S: i64 = 1_000_000_000;

/// `2026-11-23T12:33:58Z`: a point in time, to the second.
///
/// # Panics
/// Never: 64 bits of nanoseconds are years from 1677 to 2262.
#[must_use]
pub fn utc(ns: i64) -> String {
    let time = Timestamp::from_second(ns.div_euclid(NS_PER_S));
    time.expect("a year of four digits").to_string()
}

/// Reads `2026-11-23T12:33:58Z` or, for its midnight, `2026-11-23`.
///
/// # Errors
/// If the text is neither.
pub fn parse_utc(text: &str) -> Result<i64> {
    let is_plain = match text.len() {
        10 => true,
        20 => text.ends_with('Z') && text.contains('T'),
        _ => false,
    };
    parse_moment(text.as_bytes()).filter(|ns| is_plain && *ns >= 0).ok_or_else(|| {
        Error::request(format!("`{text}` is not a point in time"))
            .hint("give a date or a time in UTC, e.g., `2026-11-23` or `2026-11-23T12:33:58Z`")
    })
}

/// Reads a point in time as programs write it: a date, or date and time with `T` or a space between, with
/// a fraction of a second or without, and `Z`, ` UTC`, an offset such as `+00:00` or nothing, which is
/// UTC (ISO 8601, RFC 3339). What is beyond nanoseconds is cut off. `None` if it is none from 1700 to 2200.
#[must_use]
pub fn parse_moment(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let (date, time) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let date = [digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?];
    if time.is_empty() {
        return seconds(date, [0; 3])?.checked_mul(NS_PER_S);
    }
    let (clock, rest) = time.split_at_checked(9)?;
    if !matches!(clock[0], b'T' | b't' | b' ') || clock[3] != b':' || clock[6] != b':' {
        return None;
    }
    let clock = [digits(&clock[1..3])?, digits(&clock[4..6])?, digits(&clock[7..])?];
    let (fraction, zone) = fraction(rest)?;
    Some((seconds(date, clock)? - offset(zone)?) * NS_PER_S + fraction)
}

/// Seconds from the Unix epoch to a year, month and day, and an hour, minute and second in UTC, from 1700
/// to 2200, which nanoseconds in 64 bits hold. A leap second counts as the last second of its minute.
pub(crate) fn seconds([year, month, day]: [i64; 3], [h, min, s]: [i64; 3]) -> Option<i64> {
    if !(1_700..=2_200).contains(&year) || s > 60 {
        return None;
    }
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let (h, min, s) = (i8::try_from(h).ok()?, i8::try_from(min).ok()?, s.min(59) as i8);
    let time = DateTime::new(year as i16, month, day, h, min, s, 0).ok()?;
    Some(Offset::UTC.to_timestamp(time).ok()?.as_second())
}

/// Nanoseconds of a fraction of a second, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',', rest @ ..] = text else { return Some((0, text)) };
    let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (part, rest) = rest.split_at(length);
    let kept = &part[..length.min(9)];
    (length > 0).then_some(())?;
    Some((digits(kept)? * 10_i64.pow(9 - kept.len() as u32), rest))
}

/// Seconds that a zone is ahead of UTC: nothing, `Z`, `UTC`, `+02`, `+0200` or `+02:00`.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, digits_of) = match zone.trim_ascii_start() {
        b"" | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits_of {
        [a, b] => (digits(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The number that up to 18 digits write.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_and_go() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-23T12:33:58Z", 1_795_437_238),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(parse_utc(text).unwrap(), seconds * NS_PER_S, "{text}");
            assert_eq!(utc(seconds * NS_PER_S + 999), text);
        }
        assert_eq!(parse_utc("2026-11-23").unwrap(), parse_utc("2026-11-23T00:00:00Z").unwrap());
        for day in 0..80_000 {
            let ns = day * 86_400 * NS_PER_S;
            assert_eq!(parse_utc(&utc(ns)).unwrap(), ns);
        }
    }

    #[test]
    fn days_follow_one_another_through_the_gregorian_calendar() {
        fn days(year: i64, month: i64, day: i64) -> Option<i64> {
            Some(seconds([year, month, day], [0; 3])? / 86_400)
        }
        let mut expected = days(1700, 1, 1).unwrap();
        assert_eq!(days(1970, 1, 1), Some(0));
        for year in 1700..=2200 {
            for month in 1..=12 {
                let mut of_month = 0;
                for day in 1..=31 {
                    if let Some(days) = days(year, month, day) {
                        assert_eq!(days, expected, "{year}-{month}-{day}");
                        expected += 1;
                        of_month += 1;
                    }
                }
                let thirty = [4, 6, 9, 11].contains(&month);
                assert!(of_month == if thirty { 30 } else { 31 } || month == 2);
            }
        }
        // 500 years with 121 leap days before 2200, and the year 2200, which has none.
        assert_eq!(expected - days(1700, 1, 1).unwrap(), 501 * 365 + 121);
    }

    #[test]
    fn moments_are_read_as_programs_write_them() {
        let at = parse_utc("2026-11-20T10:00:00Z").unwrap();
        for text in [
            "2026-11-20T10:00:00Z",
            "2026-11-20 10:00:00",
            "2026-11-20 10:00:00+00:00",
            "2026-11-20 10:00:00 UTC",
            "2026-11-20 10:00:00.000 UTC",
            "2026-11-20T10:00:00.000000000Z",
            "2026-11-20T12:30:00+02:30",
            "2026-11-20T05:00:00-0500",
            "2026-11-20 11:00:00.0+01",
        ] {
            assert_eq!(parse_moment(text.as_bytes()), Some(at), "{text}");
        }
        assert_eq!(parse_moment(b"2026-11-20"), Some(at - 36_000 * NS_PER_S));
        assert_eq!(parse_moment(b"2026-11-20 10:00:00.25"), Some(at + NS_PER_S / 4));
        assert_eq!(parse_moment(b"2026-11-20T10:00:00.1234567891Z"), Some(at + 123_456_789));
        for text in [
            "",
            "yesterday",
            "2026-11-20T10:00",
            "2026-02-30 10:00:00",
            "2026-11-20T10:00:00.Z",
            "2026-11-20T10:00:00+25:00",
            "2026-11-20T10:00:00 CET",
            "2026-11-20T10:00:00+",
            "20 November",
            "2026-11-2é 10:00:00",
        ] {
            assert_eq!(parse_moment(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-02-29", "2026-13-01", "2026-1-1", "2026-11-23T12:00"] {
            assert!(parse_utc(text).is_err(), "{text}");
        }
    }
}
