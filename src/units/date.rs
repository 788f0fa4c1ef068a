//! Dates in UTC, by the Gregorian calendar.
//!
//! Days to dates and back by counting from 1 March of the year 0, so that leap days come last
//! (after Howard Hinnant's description of the method).

use crate::error::{Error, Result};

const NS_PER_S: i64 = 1_000_000_000;
const S_PER_DAY: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;

/// `2026-11-23T12:33:58Z`: a point in nanoseconds since the Unix epoch, to the second.
#[must_use]
pub fn utc(ns: i64) -> String {
    let seconds = ns.div_euclid(NS_PER_S);
    let (days, second) = (seconds.div_euclid(S_PER_DAY) + EPOCH, seconds.rem_euclid(S_PER_DAY));
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Reads `2026-11-23T12:33:58Z` or, for its midnight, `2026-11-23`, in nanoseconds since the Unix
/// epoch.
///
/// # Errors
/// If the text is neither.
pub fn parse_utc(text: &str) -> Result<i64> {
    let wrong = || {
        Error::request(format!("`{text}` is no point in time"))
            .hint("give a date or a time in UTC, e.g., `2026-11-23` or `2026-11-23T12:33:58Z`")
    };
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let numbers = |text: &str, separator, lengths: [usize; 3]| -> Option<[i64; 3]> {
        let mut parts = text.split(separator);
        let mut number = |length: usize| {
            let part = parts.next()?;
            let digits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse::<i64>().ok() } else { None }
        };
        let all = [number(lengths[0])?, number(lengths[1])?, number(lengths[2])?];
        parts.next().is_none().then_some(all)
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2]).ok_or_else(wrong)?;
    let time = time.strip_suffix('Z').ok_or_else(wrong)?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2]).ok_or_else(wrong)?;
    let sound = (1_970..=2_200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !sound {
        return Err(wrong());
    }
    let (march_year, march_month) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * ERA + day_of_era - EPOCH;
    let ns = (days * S_PER_DAY + hour * 3_600 + minute * 60 + second) * NS_PER_S;
    // 30 February is 2 March by this arithmetic.
    if utc(ns).starts_with(date) { Ok(ns) } else { Err(wrong()) }
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
            let ns = day * S_PER_DAY * NS_PER_S;
            assert_eq!(parse_utc(&utc(ns)).unwrap(), ns);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-02-29", "2026-13-01", "2026-1-1", "2026-11-23T12:00"] {
            assert!(parse_utc(text).is_err(), "{text}");
        }
    }
}
