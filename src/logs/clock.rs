//! Reads the dates and times of logs.

use super::record::Nanoseconds;

/// Nanoseconds in a second.
pub(super) const SECOND: Nanoseconds = 1_000_000_000;

/// Nanoseconds in a millisecond.
pub(super) const MILLISECOND: Nanoseconds = 1_000_000;

/// Bytes of `06/Feb/2019:00:00:38 +0000`.
pub(super) const COMMON_LOG_BYTES: usize = 26;

/// Reads the times of one log; remembers the last, since neighbours are often of one second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    last: [u8; COMMON_LOG_BYTES],
    time: Nanoseconds,
}

impl Clock {
    /// Reads `06/Feb/2019:00:00:38 +0000`, the format of web servers' logs.
    #[inline]
    pub(super) fn common_log(&mut self, text: &[u8; COMMON_LOG_BYTES]) -> Option<Nanoseconds> {
        if *text != self.last {
            self.time = common_log(text)?;
            self.last = *text;
        }
        Some(self.time)
    }
}

fn common_log(text: &[u8; COMMON_LOG_BYTES]) -> Option<Nanoseconds> {
    let marks = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':'), (20, b' ')];
    if marks.iter().any(|(place, mark)| text[*place] != *mark) {
        return None;
    }
    let sign = match text[21] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(&text[22..24])?, digits(&text[24..26])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let days = days(digits(&text[7..11])?, month(&text[3..6])?, digits(&text[..2])?)?;
    let time = of_day(digits(&text[12..14])?, digits(&text[15..17])?, digits(&text[18..20])?)?;
    Some((days * 86_400 + time - sign * (hours * 3_600 + minutes * 60)) * SECOND)
}

/// Reads `2019-02-06T00:00:38Z` and what exports make of it: a space in the place of the `T`, a
/// fraction, an offset from UTC, or no zone at all, which is UTC as CloudTrail's times are (ISO 8601,
/// RFC 3339). What is beyond nanoseconds is cut off.
pub(super) fn iso(text: &[u8]) -> Option<Nanoseconds> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(place, mark)| seconds[*place] != *mark)
        || !matches!(seconds[10], b'T' | b't' | b' ')
    {
        return None;
    }
    let part = |from, to| digits(&seconds[from..to]);
    let days = days(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    let time = of_day(part(11, 13)?, part(14, 16)?, part(17, 19)?)?;
    let (fraction, rest) = fraction(rest)?;
    let offset = offset(rest)?;
    Some((days * 86_400 + time - offset) * SECOND + fraction)
}

/// Nanoseconds of a fraction of a second, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(Nanoseconds, &[u8])> {
    let [b'.' | b',', rest @ ..] = text else { return Some((0, text)) };
    let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (part, rest) = rest.split_at(length);
    let kept = &part[..length.min(9)];
    (length > 0).then_some(())?;
    Some((digits(kept)? * 10_i64.pow(9 - kept.len() as u32), rest))
}

/// Seconds that a zone is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits_of) = match text.trim_ascii_start() {
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

/// A time since the Unix epoch by a number whose size tells its unit: seconds until the year 5138,
/// milliseconds, microseconds or nanoseconds.
pub(super) fn epoch(number: u64) -> Option<Nanoseconds> {
    let number = i64::try_from(number).ok()?;
    let unit = match number {
        0..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => MILLISECOND,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    number.checked_mul(unit)
}

/// The number that up to 18 digits write.
#[inline]
pub(super) fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES.iter().position(|known| *known == name).map(|index| index as i64 + 1)
}

/// Seconds since midnight; a leap second counts as the last second of its minute.
fn of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3_600 + minute * 60 + second.min(59))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, from year 1700 to 2200, which
/// nanoseconds in 64 bits hold.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    if !(1700..=2200).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month = month as usize;
    let length = BEFORE[month] - BEFORE[month - 1] + i64::from(leap && month == 2);
    if day > length {
        return None;
    }
    let leaps_before = |year: i64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let years = (year - 1970) * 365 + leaps_before(year) - leaps_before(1970);
    Some(years + BEFORE[month - 1] + i64::from(leap && month > 2) + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(text: &str) -> Option<Nanoseconds> {
        Clock::default().common_log(text.as_bytes().try_into().unwrap())
    }

    #[test]
    fn days_follow_one_another_through_the_gregorian_calendar() {
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
    fn times_read_as_date_reads_them() {
        // date -u -d '2019-02-06T00:00:38Z' +%s
        assert_eq!(common("06/Feb/2019:00:00:38 +0000"), Some(1_549_411_238 * SECOND));
        assert_eq!(common("06/Feb/2019:01:30:38 +0130"), Some(1_549_411_238 * SECOND));
        assert_eq!(common("05/Feb/2019:19:00:38 -0500"), Some(1_549_411_238 * SECOND));
        assert_eq!(iso(b"2019-02-06T00:00:38Z"), Some(1_549_411_238 * SECOND));
        assert_eq!(iso(b"2019-02-06T00:00:38.25Z"), Some(1_549_411_238_250_000_000));
        assert_eq!(iso(b"2020-02-29T23:59:60Z"), Some(1_583_020_799 * SECOND));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "31/Apr/2019:00:00:38 +0000",
            "29/Feb/2019:00:00:38 +0000",
            "06/feb/2019:00:00:38 +0000",
            "06/Feb/2019:24:00:38 +0000",
            "06/Feb/2019:00:60:38 +0000",
            "06/Feb/2019:00:00:38 00000",
            "06/Feb/2019 00:00:38 +0000",
            "06/Feb/0019:00:00:38 +0000",
            "00/Feb/2019:00:00:38 +0000",
        ] {
            assert_eq!(common(text), None, "{text}");
        }
        for text in [
            "2019-02-06",
            "",
            "2019-02-06T00:00:38.Z",
            "2019-02-06_00:00:38Z",
            "2019-02-06T00:00:38+1",
            "2019-02-06T00:00:38+24:00",
            "2019-02-06T00:00:38 CET",
            "2019-02-06T00:00:38Z and more",
        ] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
        }
    }

    /// The same second in every spelling that exports have.
    #[test]
    fn spellings_of_one_time_are_one_time() {
        let expected = 1_549_411_238 * SECOND;
        for text in [
            "2019-02-06T00:00:38Z",
            "2019-02-06T00:00:38",
            "2019-02-06 00:00:38",
            "2019-02-06 00:00:38.000",
            "2019-02-06 00:00:38.000000000",
            "2019-02-06 00:00:38 UTC",
            "2019-02-06 00:00:38.000 UTC",
            "2019-02-06T00:00:38+00:00",
            "2019-02-06T00:00:38.000+0000",
            "2019-02-06T01:30:38+01:30",
            "2019-02-05T19:00:38-05",
        ] {
            assert_eq!(iso(text.as_bytes()), Some(expected), "{text}");
        }
        assert_eq!(iso(b"2019-02-06 00:00:38.2500000009Z"), Some(expected + SECOND / 4));
        for number in
            [1_549_411_238, 1_549_411_238_000, 1_549_411_238_000_000, 1_549_411_238_000_000_000]
        {
            assert_eq!(epoch(number), Some(expected), "{number}");
        }
    }

    #[test]
    fn a_remembered_time_is_the_time_itself() {
        let mut clock = Clock::default();
        let texts = [
            *b"06/Feb/2019:00:00:38 +0000",
            *b"06/Feb/2019:00:00:38 +0100",
            *b"no date at all, not one...",
        ];
        for text in [0, 0, 1, 2, 1, 0, 2, 0].map(|index| texts[index]) {
            assert_eq!(clock.common_log(&text), common_log(&text));
        }
    }
}
