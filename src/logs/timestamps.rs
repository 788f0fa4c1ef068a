//! Reads the times of logs that are not as ISO 8601 has them.

use super::record::Nanoseconds;
pub(super) use crate::units::digits;
use crate::units::{parse_moment, seconds};

/// Nanoseconds in a second.
pub(super) const SECOND: Nanoseconds = 1_000_000_000;

/// Nanoseconds in a millisecond.
pub(super) const MILLISECOND: Nanoseconds = 1_000_000;

/// Bytes of `06/Feb/2019:00:00:38 +0000`.
pub(super) const COMMON_LOG_BYTES: usize = 26;

/// Reads the times of one log; remembers the last, since neighbours are often of one second.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimestampReader {
    last: [u8; COMMON_LOG_BYTES],
    time: Nanoseconds,
}

impl TimestampReader {
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
    let date = [digits(&text[7..11])?, month(&text[3..6])?, digits(&text[..2])?];
    let clock = [digits(&text[12..14])?, digits(&text[15..17])?, digits(&text[18..20])?];
    Some((seconds(date, clock)? - sign * (hours * 3_600 + minutes * 60)) * SECOND)
}

/// Reads `2019-02-06T00:00:38Z` and what exports make of it; a date alone is not a time.
pub(super) fn iso(text: &[u8]) -> Option<Nanoseconds> {
    if text.len() > 10 { parse_moment(text) } else { None }
}

/// A time since the Unix epoch by a number whose size tells its unit: seconds until the year 5138,
/// milliseconds, microseconds or nanoseconds.
pub(crate) fn epoch(number: u64) -> Option<Nanoseconds> {
    let number = i64::try_from(number).ok()?;
    let unit = match number {
        0..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => MILLISECOND,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    number.checked_mul(unit)
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES.iter().position(|known| *known == name).map(|index| index as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(text: &str) -> Option<Nanoseconds> {
        TimestampReader::default().common_log(text.as_bytes().try_into().unwrap())
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
        let mut clock = TimestampReader::default();
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
