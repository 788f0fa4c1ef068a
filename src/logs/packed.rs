//! Texts that pack a log: Base64 of what is compressed, as subscriptions of CloudWatch Logs hand it to Kinesis, Firehose
//! and Lambda (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>).

use std::io::Read;

use memchr::memmem;

use super::compression::decompressed;
use super::log::HEAD;
use super::wrapping::has;

/// How Base64 of gzip begins, and that of an object in JSON.
const BEGINNINGS: [&str; 2] = ["H4sI", "eyJ"];

/// Most bytes of what one text holds: a stream's record has a megabyte, packed.
const UNPACKED_MAX: u64 = 16 << 20;

/// Whether a text may be packed.
pub(super) fn is_packed(text: &str) -> bool {
    BEGINNINGS.iter().any(|begin| text.starts_with(begin))
}

/// Whether JSON may have packed texts within.
pub(super) fn is_within(json: &[u8]) -> bool {
    has(json, ["\"H4sI", "\"eyJ"])
}

/// What a packed text holds; `None` if it is none, is damaged or holds too much.
pub(super) fn unpacked(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let packed = decoded(text.as_bytes())?;
    decompressed(packed.as_slice()).ok()?.take(UNPACKED_MAX + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= UNPACKED_MAX).then_some(bytes)
}

/// How what the packed texts hold begins, in JSON that may be cut off.
pub(super) fn beginnings(json: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let quotes = BEGINNINGS.iter().flat_map(move |begin| {
        let quoted = format!("\"{begin}").into_bytes();
        memmem::find_iter(json, &quoted).collect::<Vec<_>>()
    });
    quotes.filter_map(|quote| beginning(&json[quote + 1..]))
}

/// How what a text at the beginning of `json` holds begins.
fn beginning(json: &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memchr2(b'"', b'\\', json).unwrap_or(json.len());
    let packed = decoded(&json[..end / 4 * 4])?;
    let mut bytes = Vec::new();
    // Where it is cut off, what was read so far is its beginning.
    let _ = decompressed(packed.as_slice()).ok()?.take(HEAD as u64).read_to_end(&mut bytes);
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// The bytes that Base64 stands for (RFC 4648, either alphabet, padded or not); `None`: it is none.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_end();
    let text = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.chunks(4) {
        let mut bits = 0_u32;
        for byte in chunk {
            bits = bits << 6 | sextet(*byte)?;
        }
        bits <<= 6 * (4 - chunk.len());
        let whole = bits.to_be_bytes();
        // One character alone is no byte.
        bytes.extend_from_slice(&whole[1..=(chunk.len() * 6 / 8)]);
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4648, section 10, and what is none.
    #[test]
    fn base64_is_decoded() {
        for (text, expected) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm8", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decoded(text.as_bytes()).as_deref(), Some(expected.as_bytes()), "{text}");
        }
        assert_eq!(decoded(b"-_+/"), decoded(b"+/-_"));
        for text in ["Zm9v.Zm9v", "Zg==Zg==", "{}", "Z m8"] {
            assert_eq!(decoded(text.as_bytes()), None, "{text}");
        }
    }
}
