//! Numbers as people read them. Files carry full precision; only text for people comes from here.

use super::SimDuration;
pub(crate) use super::grouped;

/// Units of large counts.
const UNITS: [(&str, f64); 5] = [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)];

/// A count: exact below ten thousand, else three significant digits with k, M, G, T.
pub(crate) fn count(count: f64) -> String {
    if count < 10_000.0 {
        let rounded = (count * 10.0).round() / 10.0;
        return if rounded.fract() == 0.0 {
            grouped(rounded as u64)
        } else if rounded < 100.0 {
            format!("{rounded}")
        } else {
            grouped(count.round() as u64)
        };
    }
    let (unit, size) =
        UNITS.into_iter().rev().find(|(_, size)| count >= size * 0.9995).unwrap_or(UNITS[0]);
    let scaled = count / size;
    let decimals = if scaled < 9.995 { 2 } else { usize::from(scaled < 99.95) };
    format!("{scaled:.decimals$} {unit}")
}

/// A difference of counts, with its sign if that is a minus.
pub(crate) fn signed(difference: f64) -> String {
    if difference < 0.0 { format!("-{}", count(-difference)) } else { count(difference) }
}

/// Dollars: whole ones with groups from a hundred on, cents below, more digits below a cent.
pub(crate) fn dollars(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let magnitude = amount.abs();
    let text = if magnitude >= 99.995 {
        grouped(magnitude.round() as u64)
    } else if magnitude >= 0.01 || magnitude == 0.0 {
        format!("{magnitude:.2}")
    } else {
        format!("{magnitude:.6}")
    };
    format!("{sign}${text}")
}

/// A price of one unit: all its digits, without an exponent.
pub(crate) fn unit_price(amount: f64) -> String {
    format!("${amount}")
}

/// A share in percent. Near the whole as many digits as tell it from the whole: 99.97 %.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let gap = (100.0 - percent).abs();
    let decimals = if gap < 0.000_5 {
        return if share >= 1.0 { "100 %".to_owned() } else { "99.999+ %".to_owned() };
    } else if gap < 0.05 {
        3
    } else if gap < 0.95 {
        2
    } else {
        1
    };
    // No "-0.0 %" for what rounds to nothing.
    let rounded = format!("{percent:.decimals$}");
    let zero = rounded.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    if zero { "0.0 %".to_owned() } else { format!("{rounded} %") }
}

/// A share in percent, or in words if it is nothing or next to it.
pub(crate) fn percent_if_any(share: f64) -> String {
    match share {
        share if share <= 0.0 => "none".to_owned(),
        share if share < 5e-4 => "next to none".to_owned(),
        share => percent(share),
    }
}

/// Two ends of a range; one figure if both are written alike. Beside `688 k` a plain `648` would be read as so many
/// thousands: then the other end is written out.
pub(crate) fn ends((low, high): (f64, f64), words: impl Fn(f64) -> String) -> String {
    let [least, most] = [words(low), words(high)];
    if least == most {
        return least;
    }
    match (has_unit(&least), has_unit(&most)) {
        (false, true) if low != 0.0 => format!("{least} … {}", written_out(high)),
        (true, false) if high != 0.0 => format!("{} … {most}", written_out(low)),
        _ => format!("{least} … {most}"),
    }
}

/// A whole number with all its digits.
fn written_out(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.abs().round() as u64))
}

/// Whether a count is written with one of [`UNITS`].
fn has_unit(count: &str) -> bool {
    count.rsplit_once(' ').is_some_and(|(_, last)| UNITS.iter().any(|(unit, _)| *unit == last))
}

/// The range of a figure over all levels of assumptions, in brackets.
pub(crate) fn at_levels(range: Option<(f64, f64)>, words: fn(f64) -> String) -> String {
    match range {
        Some((low, high)) if low < high => format!("[{}]", ends((low, high), words)),
        _ => "[the same at every level]".to_owned(),
    }
}

/// Between what a figure lies in nine of ten cases.
pub(crate) fn nine_in_ten((low, high): (f64, f64), words: fn(f64) -> String) -> String {
    format!("nine in ten: {}", ends((low, high), words))
}

/// A span of time in the units that its size makes worth telling.
pub(crate) fn duration(value_s: f64) -> String {
    let step_s = match value_s {
        s if s < 60.0 => return format!("{}s", significant(s)),
        s if s < 7_200.0 => 1.0,
        s if s < 172_800.0 => 60.0,
        _ => 3_600.0,
    };
    SimDuration::from_secs_f64((value_s / step_s).round() * step_s).to_string()
}

/// Three significant digits, without idle zeros.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (2 - magnitude).max(0) as usize;
    if decimals == 0 {
        return grouped(value.round() as u64);
    }
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes for a person.
pub(crate) fn bytes(bytes: u128) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (2.5, "2.5"),
            (1_234.4, "1,234"),
            (9_999.0, "9,999"),
            (12_345.0, "12.3 k"),
            (999_999.0, "1.00 M"),
            (49_000_000.0, "49.0 M"),
            (2e12, "2.00 T"),
        ] {
            assert_eq!(count(number), text);
        }
    }

    /// Each end tells its own size, whatever stands beside it.
    #[test]
    fn ends_of_ranges_cannot_be_misread() {
        for (range, text) in [
            ((648.0, 688_000.0), "648 … 688,000"),
            ((648_000.0, 688_000.0), "648 k … 688 k"),
            ((2.5, 12_345.4), "2.5 … 12,345"),
            ((9_990.0, 1_234_567.0), "9,990 … 1,234,567"),
            ((12_300.0, 4_000_000.0), "12.3 k … 4.00 M"),
            ((0.0, 688_000.0), "0 … 688 k"),
            ((648.0, 688.0), "648 … 688"),
        ] {
            assert_eq!(ends(range, count), text);
        }
        assert_eq!(ends((-648.0, 688_000.0), signed), "-648 … 688,000");
        assert_eq!(ends((-648_000.0, 688.0), signed), "-648,000 … 688");
        assert_eq!(ends((688_000.0, 648.0), count), "688,000 … 648");
        assert_eq!(ends((0.5, 0.9), percent), "50.0 % … 90.0 %");
        assert_eq!(ends((5.0, 123_456.0), dollars), "$5.00 … $123,456");
        assert_eq!(ends((688_001.0, 688_002.0), count), "688 k");
    }

    #[test]
    fn money_is_as_on_a_bill() {
        for (amount, text) in [
            (0.0, "$0.00"),
            (146.94, "$147"),
            (12.345, "$12.35"),
            (1_234_567.0, "$1,234,567"),
            (0.000_3, "$0.000300"),
            (-5.0, "-$5.00"),
        ] {
            assert_eq!(dollars(amount), text);
        }
    }

    #[test]
    fn shares_near_the_whole_keep_their_digits() {
        for (share, text) in [
            (0.5, "50.0 %"),
            (0.9733, "97.3 %"),
            (0.996_5, "99.65 %"),
            (0.999_712, "99.971 %"),
            (0.999_999_9, "99.999+ %"),
            (1.0, "100 %"),
            (-0.25, "-25.0 %"),
            (-0.000_01, "0.0 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
