use proptest::prelude::*;

use super::*;

fn texts(values: &str) -> Vec<String> {
    let axis = SweepAxis::parse("key", values).unwrap().expect("several values");
    axis.values.into_iter().map(|value| value.text).collect()
}

fn numbers(values: &str) -> Vec<f64> {
    let axis = SweepAxis::parse("key", values).unwrap().expect("several values");
    axis.values.iter().map(|value| value.number.expect("a number")).collect()
}

#[test]
fn values_are_as_a_person_would_write_them() {
    for (values, expected) in [
        ("30s,3m,5m,1h", &["30s", "3m", "5m", "1h"][..]),
        (" 1 , 2 ", &["1", "2"]),
        ("fixed,sliding", &["fixed", "sliding"]),
        (r#""a,b",'c..d',e"#, &[r#""a,b""#, "'c..d'", "e"]),
        (r#""a\",b",c"#, &[r#""a\",b""#, "c"]),
        ("{ low = 1, assumed = 2, high = 3 },4", &["{ low = 1, assumed = 2, high = 3 }", "4"]),
        ("[1, 2],[3]", &["[1, 2]", "[3]"]),
        ("1..10000:log10", &["1", "10", "100", "1000", "10000"]),
        ("3..5000:log10", &["3", "10", "100", "1000", "5000"]),
        ("1..10:log2", &["1", "2", "4", "8", "10"]),
        ("30s..1h:log10", &["30s", "100s", "1000s", "1h"]),
        ("0.01..1.0:log10", &["0.01", "0.1", "1.0"]),
        ("1/s..1000/s:log10", &["1/s", "10/s", "100/s", "1000/s"]),
        ("0.0..1.0:5", &["0.0", "0.25", "0.5", "0.75", "1.0"]),
        ("0..1:5", &["0", "1"]),
        ("0..10:3", &["0", "5", "10"]),
        ("-10..10:3", &["-10", "0", "10"]),
        ("1..2:2", &["1", "2"]),
        ("1..10:+4", &["1", "5", "9", "10"]),
        ("0.1..0.7:+0.1", &["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]),
        ("1min..5min:+2min", &["1min", "3min", "5min"]),
        ("1min..5min:+90s", &["1min", "2.5min", "4min", "5min"]),
        ("30s..1h:5", &["30s", "922.5s", "1815s", "2707.5s", "1h"]),
        ("-30d..0s:4", &["-30d", "-20d", "-10d", "0s"]),
        (
            "1MiB..1GiB:log2",
            &[
                "1MiB", "2MiB", "4MiB", "8MiB", "16MiB", "32MiB", "64MiB", "128MiB", "256MiB",
                "512MiB", "1GiB",
            ],
        ),
        ("1%..50%:log10", &["1%", "10%", "50%"]),
        ("0.0..1.0:4", &["0.0", "0.3333", "0.6667", "1.0"]),
        ("1..100:log:3", &["1", "10", "100"]),
        ("30s..1h:log:5", &["30s", "99.3s", "329s", "1090s", "1h"]),
        ("1.00..1.01:log:3", &["1.00", "1.005", "1.01"]),
        ("1..1000000:log:4", &["1", "100", "10000", "1000000"]),
        ("1..3:+1,5..7:+1,7,20", &["1", "2", "3", "5", "6", "7", "20"]),
    ] {
        assert_eq!(texts(values), expected, "{values}");
    }
}

#[test]
fn a_single_value_is_no_axis() {
    for value in
        ["7", "3min", "", "it's", r#""a,b""#, "{ low = 1, assumed = 2, high = 3 }", "a]b,c"]
    {
        assert_eq!(SweepAxis::parse("key", value).unwrap(), None, "{value}");
    }
}

#[test]
fn what_has_a_unit_has_a_column_of_numbers() {
    for (values, columns, numbers) in [
        ("30s,1m", &["set.key", "set.key_s"][..], Some([30.0, 60.0])),
        (r#""30s","1m""#, &["set.key", "set.key_s"], Some([30.0, 60.0])),
        ("60/min,2/s", &["set.key", "set.key_per_s"], Some([1.0, 2.0])),
        ("1KiB,1MB", &["set.key", "set.key_bytes"], Some([1_024.0, 1e6])),
        ("25%,50%", &["set.key", "set.key_ratio"], Some([0.25, 0.5])),
        ("1,2.5", &["set.key"], Some([1.0, 2.5])),
        ("1,10%", &["set.key"], None),
        ("fixed,sliding", &["set.key"], None),
        ("30s,never", &["set.key"], None),
    ] {
        let axis = SweepAxis::parse("key", values).unwrap().unwrap();
        assert_eq!(axis.columns().collect::<Vec<_>>(), columns, "{values}");
        let found: Option<Vec<f64>> = axis.values.iter().map(|value| value.number).collect();
        assert_eq!(found, numbers.map(Vec::from), "{values}");
    }
}

#[test]
fn what_is_no_range_says_why() {
    for (values, why) in [
        ("1..", "it needs two ends"),
        ("..5:3", "it needs two ends"),
        ("1..5", "it does not say which values"),
        ("5..1:3", "its low end must lie below"),
        ("1..1:3", "its low end must lie below"),
        ("30s..5:3", "its ends do not measure the same"),
        ("1s..1GiB:3", "its ends do not measure the same"),
        ("a..b:3", "its end `a` is neither a number nor"),
        ("0..10:log10", "a logarithmic scale has no zero"),
        ("-1..10:log:3", "a logarithmic scale has no zero"),
        ("1..10:log1", "`log1` names no base"),
        ("1..10:log", "`log` names no base"),
        ("1..10:log2.5", "`log2.5` names no base"),
        ("1..10:1", "the number of values is `1`"),
        ("1..10:x", "the number of values is `x`"),
        ("1..10:log:1", "the number of values is `1`"),
        ("1..10:+0", "its step is `0`"),
        ("1..10:+-1", "its step is `-1`"),
        ("1..10:+0.5", "its ends are whole numbers"),
        ("1s..10s:+1", "its step `1` does not measure"),
        ("1..1000000:+1", "would have `1000000` values"),
        ("1.0..2.0:200000", "would have `200000` values"),
        ("a,,b", "a value is missing"),
        ("a,", "a value is missing"),
        ("\"a\nb\",c", "more than one line"),
    ] {
        let error = SweepAxis::parse("key", values).unwrap_err().to_string();
        assert!(error.contains(why), "{values}: {error}");
    }
}

/// Both ends of a range of some measure, the lower one first.
fn ends() -> impl Strategy<Value = (f64, String, f64, String)> {
    let pair = (1_u32..100_000, 1_u32..100_000)
        .prop_filter("two ends", |(a, b)| a != b)
        .prop_map(|(a, b)| (a.min(b), a.max(b)));
    let unit = prop::sample::select(vec!["", ".0", ".5", "s", "min", "h", "/s", "/d", "KiB", "%"]);
    (pair, unit).prop_map(|((low, high), unit)| {
        let [low, high] = [low, high].map(|n| format!("{n}{unit}"));
        let [low_value, high_value] = [&low, &high].map(|text| Measure::of(text).unwrap().1);
        (low_value, low, high_value, high)
    })
}

fn spacings() -> impl Strategy<Value = String> {
    prop_oneof![
        (2_u32..200).prop_map(|n| n.to_string()),
        (2_u32..200).prop_map(|n| format!("log:{n}")),
        (2_u32..20).prop_map(|base| format!("log{base}")),
    ]
}

proptest! {
    /// Both ends belong to a range, values ascend, and there are as many as were asked for, or
    /// fewer where whole numbers fall together.
    #[test]
    fn ranges_keep_their_promise((low, low_text, high, high_text) in ends(), spacing in spacings()) {
        let range = format!("{low_text}..{high_text}:{spacing}");
        let (texts, numbers) = (texts(&range), numbers(&range));
        prop_assert_eq!((&texts[0], texts.last().unwrap()), (&low_text, &high_text));
        prop_assert_eq!((numbers[0], *numbers.last().unwrap()), (low, high));
        prop_assert!(numbers.is_sorted_by(|a, b| a < b), "{range}: {texts:?}");
        let whole = low_text.bytes().all(|byte| byte.is_ascii_digit());
        if whole {
            prop_assert!(texts.iter().all(|text| text.parse::<u32>().is_ok()), "{texts:?}");
        }
        if let Ok(count) = spacing.trim_start_matches("log:").parse::<usize>() {
            prop_assert!(texts.len() == count || whole && texts.len() < count, "{texts:?}");
        }
    }

    /// Values lie where the spacing says, up to the digits that are written.
    #[test]
    fn values_are_evenly_spaced((low, low_text, high, high_text) in ends(), count in 3_u32..50) {
        prop_assume!(!low_text.bytes().all(|byte| byte.is_ascii_digit()));
        let rounding = if low_text.ends_with("KiB") { 0.5 } else { 0.0 } + 1e-9 * high;
        let gap = (high - low) / f64::from(count - 1);
        for (i, value) in numbers(&format!("{low_text}..{high_text}:{count}")).iter().enumerate() {
            prop_assert!((value - low - gap * i as f64).abs() <= 1e-4 * gap + rounding, "{value}");
        }
        let ratio = (high / low).powf(1.0 / f64::from(count - 1));
        for (i, value) in numbers(&format!("{low_text}..{high_text}:log:{count}")).iter().enumerate() {
            let exact = low * ratio.powi(i as i32);
            let gap = exact * (1.0 - 1.0 / ratio);
            prop_assert!((value - exact).abs() <= 0.01 * gap + rounding, "{value} for {exact}");
        }
    }

    /// Every power of the base between the ends is there, and nothing else.
    #[test]
    fn powers_are_all_there(low in 1_u64..100_000, above in 1_u64..1_000_000, base in 2_u64..20) {
        let high = low + above;
        let powers = std::iter::successors(Some(1_u64), |power| Some(power * base));
        let between = powers.take_while(|&power| power < high).filter(|&power| power > low);
        let expected: Vec<String> =
            [low].into_iter().chain(between).chain([high]).map(|n| n.to_string()).collect();
        prop_assert_eq!(texts(&format!("{low}..{high}:log{base}")), expected);
    }

    /// Steps of whole numbers are exact.
    #[test]
    fn steps_are_exact(low in 0_u64..1_000, above in 1_u64..5_000, step in 1_u64..500) {
        let high = low + above;
        let steps = (low..high).step_by(step as usize).chain([high]);
        let expected: Vec<String> = steps.map(|n| n.to_string()).collect();
        prop_assert_eq!(texts(&format!("{low}..{high}:+{step}")), expected);
    }

    #[test]
    fn nothing_that_is_typed_breaks_the_reader(
        typed in prop::collection::vec(prop::sample::select(b"-+0179elogsm.,:{}[]\"' %/\\".to_vec()), 0..24)
    ) {
        let _ = SweepAxis::parse("key", &String::from_utf8(typed).unwrap());
    }
}
