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

/// Reads a point in time as programs write it: a date, or date and time with `T` or a space between, with
/// a fraction of a second or without, and `Z`, ` UTC`, an offset such as `+00:00` or nothing, which is
/// UTC. In nanoseconds since the Unix epoch; `None` if it is not one from 1970 to 2200.
#[must_use]
pub fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() <= DATE_BYTES {
        return parse_utc(text).ok();
    }
    let (date, time) = text.split_at_checked(DATE_BYTES)?;
    let (clock, rest) = time.strip_prefix(['T', 't', ' '])?.split_at_checked(CLOCK_BYTES)?;
    let whole = parse_utc(&format!("{date}T{clock}Z")).ok()?;
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            (nanoseconds(&after[..digits])?, &after[digits..])
        }
        None => (0, rest),
    };
    let offset_s = offset_s(zone.trim())?;
    whole.checked_add(fraction)?.checked_sub(offset_s * NS_PER_S)
}

/// Bytes of `2026-11-23`.
const DATE_BYTES: usize = 10;

/// Bytes of `12:33:58`.
const CLOCK_BYTES: usize = 8;

/// What digits after the point of a second are, to the nanosecond.
fn nanoseconds(digits: &str) -> Option<i64> {
    let known = digits.get(..digits.len().min(9)).filter(|known| !known.is_empty())?;
    Some(known.parse::<i64>().ok()? * 10_i64.pow(9 - known.len() as u32))
}

/// How far a zone is ahead of UTC, in seconds: nothing, `Z`, `UTC`, `+02`, `+0200` or `+02:00`.
fn offset_s(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = rest.replacen(':', "", 1);
    let sound = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<i64>().ok().filter(|_| sound)?;
    let (hours, minutes) =
        if digits.len() == 2 { (number, 0) } else { (number / 100, number % 100) };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
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
            assert_eq!(parse_moment(text), Some(at), "{text}");
        }
        assert_eq!(parse_moment("2026-11-20"), Some(at - 36_000 * NS_PER_S));
        assert_eq!(parse_moment("2026-11-20 10:00:00.25"), Some(at + NS_PER_S / 4));
        assert_eq!(parse_moment("2026-11-20T10:00:00.1234567891Z"), Some(at + 123_456_789));
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
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-02-29", "2026-13-01", "2026-1-1", "2026-11-23T12:00"] {
            assert!(parse_utc(text).is_err(), "{text}");
        }
    }
}
