//! Compressed logs: told by their first bytes, refused when broken or made to unpack without end.

use crate::support::seen;

use std::io::{self, Read, Write};

use bks::logs::LogFormat;
use bks::logs::compression::{Compression, RATIO_MAX, SMALL, decompressed};
use flate2::GzBuilder;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use seen::{EVENTS, QUIRKS, read};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    decompressed(bytes)?.read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// A log that does not shrink much: what the windows and buffers end within differs.
fn long_log() -> Vec<u8> {
    let line = |number: u64| {
        let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{number} REST.GET.OBJECT {key:016x} {}\n", key >> 40)
    };
    (0..40_000).flat_map(|number| line(number).into_bytes()).collect()
}

#[test]
fn the_same_log_reads_the_same_however_it_is_compressed() {
    let named = |bytes: &[u8]| {
        let mut encoder = GzBuilder::new()
            .filename("a.log")
            .comment("x")
            .write(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    // RFC 8878, 3.1.2: a frame that decoders skip.
    let skippable = |length: u8| {
        let mut frame = vec![0x5a, 0x2a, 0x4d, 0x18, length, 0, 0, 0];
        frame.resize(8 + usize::from(length), b'x');
        frame
    };
    for bytes in [QUIRKS, EVENTS.as_bytes(), &long_log()] {
        let expected = read(bytes, None).unwrap();
        let (front, back) = bytes.split_at(bytes.len() / 3);
        for (name, packed) in [
            ("gzip", gzip(bytes)),
            ("gzip with a name", named(bytes)),
            ("gzip members", [gzip(front), gzip(b""), gzip(back)].concat()),
            ("zstd", zstd(bytes)),
            ("zstd frames", [zstd(front), skippable(3), zstd(b""), zstd(back)].concat()),
            ("skippable first", [skippable(0), zstd(bytes)].concat()),
        ] {
            assert_ne!(Compression::detect(&packed), Compression::None, "{name}");
            assert_eq!(unpacked(&packed).unwrap(), bytes, "{name}");
            assert_eq!(read(&packed, None).unwrap(), expected, "{name}");
        }
    }
    assert_eq!(read(&gzip(b""), None).unwrap().0, None, "what is empty within is empty");
}

#[test]
fn other_files_are_plain() {
    for plain in [&b""[..], b"\x1f", b"{}", b"\x28\xb5\x2f", b"\x1f\x8c"] {
        assert_eq!(Compression::detect(plain), Compression::None);
        assert_eq!(unpacked(plain).unwrap(), plain);
    }
}

/// Cut off anywhere or with any byte changed, a file gives what it holds or an error that says what
/// is wrong, and never more than it held.
#[test]
fn broken_files_are_errors() {
    for (name, packed) in [("gzip", gzip(QUIRKS)), ("zstd", zstd(QUIRKS))] {
        for cut in 4..packed.len() {
            let error = unpacked(&packed[..cut]).expect_err(name).to_string();
            assert!(error.starts_with(&format!("its {name} data ")), "{error}");
        }
        let mut wrong = 0;
        for place in 4..packed.len() {
            let mut packed = packed.clone();
            packed[place] ^= 0x55;
            match unpacked(&packed) {
                Ok(bytes) => wrong += u64::from(bytes != QUIRKS),
                Err(error) => assert!(error.to_string().starts_with("its "), "{error}"),
            }
        }
        // Both have a checksum of what they hold.
        assert_eq!(wrong, 0, "{name}");
    }
    let text = read(&gzip(QUIRKS)[..500], None).unwrap_err().to_string();
    assert_eq!(text, "the file cannot be read: its gzip data ends too early: it is cut off");
}

/// A thousandfold file is refused soon after its first 64 MiB; one that is small as a whole is not.
#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..(SMALL >> 20) {
        encoder.write_all(&zeros).unwrap();
    }
    let harmless = encoder.finish().unwrap();
    assert_eq!(unpacked(&harmless).unwrap().len() as u64, SMALL);
    let bomb = [&harmless[..], &harmless].concat();
    let mut given = 0;
    let mut source = decompressed(&bomb[..]).unwrap();
    let mut buffer = vec![0; 1 << 16];
    let error = loop {
        match source.read(&mut buffer) {
            Ok(0) => panic!("the bomb went off"),
            Ok(read) => given += read as u64,
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains(&format!("more than {RATIO_MAX} times its size")), "{error}");
    assert!(given <= SMALL + (1 << 16), "{given}");
    let refused = read(&bomb, Some(LogFormat::IbmCos)).unwrap_err();
    assert!(refused.to_string().contains("which no log does"), "{refused}");
}
