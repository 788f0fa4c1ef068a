//! Files that nobody should have: cut off, changed, spliced and random bytes, in every form. Nothing
//! panics, each line is handed on or counted as bad (`seen::read_from` asserts it), and how a source
//! parts its bytes changes nothing. `fuzz/` does the same without end.

use crate::support::seen;

use std::io::{self, Read};

use bks::logs::LogFormat;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use seen::{EVENTS, QUIRKS, fixture, read, read_from};

const FORMS: [Option<LogFormat>; 4] =
    [None, Some(LogFormat::S3AccessLog), Some(LogFormat::CloudTrail), Some(LogFormat::IbmCos)];

const IBM_COS: &[u8] = b"1219 REST.PUT.OBJECT 8d4f 1056\n1 REST.GET.OBJECT 8d4f 528 0 527\n\
                         1 REST.GET.OBJECT 8d4f\n1 REST.GET.OBJECT 8d4f 0 0 -1\n";

/// Sound files to begin with.
fn seeds() -> Vec<Vec<u8>> {
    let events: Vec<&str> = EVENTS.lines().collect();
    let wrapped = format!(r#"{{"Records":[{}], "NextToken": "x"}}"#, events.join(","));
    let text = serde_json::to_string(events[1]).unwrap();
    let looked_up = format!(r#"{{"Events":[{{"CloudTrailEvent":{text}}}]}}"#);
    let bridged = format!(r#"[{{"detail":{}}}]"#, events[2]);
    vec![
        QUIRKS.to_vec(),
        EVENTS.as_bytes().to_vec(),
        wrapped.into_bytes(),
        looked_up.into_bytes(),
        bridged.into_bytes(),
        IBM_COS.to_vec(),
        fixture("access-logs/boto3_upload_file_100MB.log.gz"),
        ruzstd::encoding::compress_to_vec(QUIRKS, ruzstd::encoding::CompressionLevel::Fastest),
    ]
}

/// A source that gives its bytes in parts of these sizes, over and over.
struct Parted<'a> {
    bytes: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl Read for Parted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()];
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = size.min(into.len()).min(self.bytes.len());
        let (part, rest) = self.bytes.split_at(size);
        into[..size].copy_from_slice(part);
        self.bytes = rest;
        Ok(size)
    }
}

fn withstands(bytes: &[u8]) {
    for form in FORMS {
        let whole = read(bytes, form);
        let sizes = [1, 0, 7, 4_096, 3];
        let parted = read_from(Parted { bytes, sizes: &sizes, turn: 0 }, form);
        assert_eq!(whole, parted, "{form:?}: {:?}", String::from_utf8_lossy(bytes));
    }
}

/// Bytes that mean something to a reader.
fn token() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        prop::sample::select(vec![
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "  ",
            "\n",
            "\r\n",
            "-",
            "\" 200 ",
            "[{",
            "{\"Records\":[",
            "{\"Events\":[",
            "\"eventSource\":",
            "null",
            "\\u00",
            "\u{feff}",
            "ü",
            "%2F",
            "1e999",
            "-1",
            "[06/Feb/2019:00:00:38 +0000]",
            "\"detail\":{",
            "\0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

#[test]
fn files_that_are_cut_off_anywhere() {
    for seed in seeds() {
        for cut in (0..seed.len()).step_by(1 + seed.len() / 150) {
            withstands(&seed[..cut]);
            withstands(&seed[cut..]);
        }
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 300,
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn files_with_bytes_changed_and_spliced(
        seed in 0..8_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, token()), 1..8),
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (place, removed, token) in changes {
            let from = place.index(bytes.len());
            let to = (from + removed).min(bytes.len() - 1);
            bytes.splice(from..to.max(from), token);
        }
        withstands(&bytes);
    }

    #[test]
    fn files_of_what_means_something(tokens in prop::collection::vec(token(), 0..60)) {
        withstands(&tokens.concat());
    }

    #[test]
    fn files_of_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        withstands(&bytes);
    }
}

/// What makes a reader begin again and again must not make it slow: a megabyte of each is read in
/// far less than the ten seconds that a quadratic reader would take.
#[test]
fn files_made_to_be_slow() {
    let start = std::time::Instant::now();
    for unit in [
        "{",
        "}",
        "[",
        "{\"a\":",
        "{\"a\":\"",
        "\"",
        "\"a\":",
        "{\"detail\":",
        "{\n",
        "\n{",
        "{\"a\":\"\n",
        " ",
        "\" 200",
        "\"\"",
        "{\"Records\":[",
        "\\",
        "\"\\",
        "{\"a\":1,\"a\":",
        "x",
        "x{",
        "{\"a\":1}",
        "\u{fc}",
        "{\"a\":\"\u{fc}",
        "- - [",
    ] {
        let bytes = unit.repeat((1 << 20) / unit.len());
        for form in FORMS {
            let _ = read(bytes.as_bytes(), form);
        }
        let not_utf8: Vec<u8> =
            bytes.bytes().map(|byte| if byte == b'a' { 0xff } else { byte }).collect();
        let _ = read(&not_utf8, Some(LogFormat::CloudTrail));
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
