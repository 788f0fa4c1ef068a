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
pub struct Clock {
    last: [u8; COMMON_LOG_BYTES],
    time: Nanoseconds,
}

impl Clock {
    /// Reads `06/Feb/2019:00:00:38 +0000`, the form of web servers' logs.
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

/// Reads `2019-02-06T00:00:38Z`, with or without a fraction of up to nine digits (ISO 8601).
pub(super) fn iso(text: &[u8]) -> Option<Nanoseconds> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(place, mark)| seconds[*place] != *mark) {
        return None;
    }
    let part = |from, to| digits(&seconds[from..to]);
    let days = days(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    let time = of_day(part(11, 13)?, part(14, 16)?, part(17, 19)?)?;
    let fraction = match rest {
        b"Z" => 0,
        [b'.', part @ .., b'Z'] if (1..=9).contains(&part.len()) => {
            digits(part)? * 10_i64.pow(9 - part.len() as u32)
        }
        _ => return None,
    };
    Some((days * 86_400 + time) * SECOND + fraction)
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
        for text in ["2019-02-06T00:00:38", "2019-02-06", "", "2019-02-06T00:00:38.Z"] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
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
