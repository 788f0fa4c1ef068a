//! What stands around events.

use memchr::memmem;

/// Most bytes that tell whether an object wraps events.
pub(super) const WRAPPER_MAX: usize = 64;

/// Bytes that stand between events: white space, separators of records (RFC 7464), commas, and what ends arrays and
/// their wrappers.
pub(super) fn between(bytes: &[u8]) -> usize {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return BYTE_ORDER_MARK.len();
    }
    bytes.iter().position(|byte| !b" \t\r\n,[]}\x1e".contains(byte)).unwrap_or(bytes.len())
}

/// The length of what opens an array of events in an object, e.g. `{"Records":[`, if `bytes` begin
/// with that.
pub(super) fn wrapper(bytes: &[u8]) -> Option<usize> {
    let within = bytes.strip_prefix(b"{")?.trim_ascii_start();
    if is_envelope(within) {
        // Its fields are skipped one by one, up to the array.
        return Some(bytes.len() - within.len());
    }
    let rest =
        [&b"\"Records\""[..], b"\"Events\""].iter().find_map(|name| within.strip_prefix(*name))?;
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"[")?;
    Some(bytes.len() - rest.len())
}

/// Bytes within which an envelope names its array.
const ENVELOPE_MAX: usize = 4 << 10;

/// Whether an object's first field is one of those that stand around messages of CloudWatch Logs, in a
/// subscription's record or in what its commands print; around those of a queue; or around a search's hits.
fn is_envelope(fields: &[u8]) -> bool {
    let names: [&[u8]; 21] = [
        b"Messages",
        b"records",
        b"took",
        b"timed_out",
        b"_shards",
        b"total",
        b"max_score",
        b"hits",
        b"messageType",
        b"owner",
        b"logGroup",
        b"logStream",
        b"subscriptionFilters",
        b"logEvents",
        b"events",
        b"searchedLogStreams",
        b"nextForwardToken",
        b"nextBackwardToken",
        b"results",
        b"invocationId",
        b"deliveryStreamArn",
    ];
    let Some((name, _)) = text(fields) else { return false };
    // How many hits a search has, and whether there are more.
    if matches!(name, b"value" | b"relation") {
        return true;
    }
    let head = &fields[..fields.len().min(ENVELOPE_MAX)];
    let arrays: [&[u8]; 6] = [
        b"\"logEvents\"",
        b"\"events\"",
        b"\"results\"",
        b"\"Messages\"",
        b"\"records\"",
        b"\"hits\"",
    ];
    names.contains(&name) && arrays.iter().any(|array| memmem::find(head, array).is_some())
}

/// Whether an object that goes on beyond `bytes` has events within, and no source of one among its own fields.
pub(super) fn is_around_events(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"\"eventSource\"", b"\"eventsource\"", b"\"operation\""];
    let (mut depth, mut in_text, mut escaped) = (0_u64, false, false);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => {
                let is_own = !in_text && depth == 1;
                if is_own && NAMES.iter().any(|name| bytes[place..].starts_with(name)) {
                    return false;
                }
                in_text = !in_text;
            }
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 1
}

/// The length of a text that is an element of an array of its own.
pub(super) fn element(bytes: &[u8]) -> Option<usize> {
    let (_, rest) = text(bytes)?;
    let next = rest.trim_ascii_start();
    matches!(next, [b',' | b']', ..]).then(|| bytes.len() - rest.len())
}

/// The length of a field that comes after an array of events in its wrapper, such as
/// `"NextToken": "…"`. `None`: `bytes` begin with no field, or with a part of one.
pub(super) fn field(bytes: &[u8]) -> Option<usize> {
    let (_name, rest) = text(bytes)?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let rest = match value.first()? {
        b'"' => text(value)?.1,
        // Another array of events, perhaps.
        b'[' | b'{' => value,
        _ => &value[value.iter().position(|byte| b",}\n".contains(byte))?..],
    };
    Some(bytes.len() - rest.len())
}

/// The length of a text that is an object itself, which stands in an array, if `bytes` begin with that.
pub(super) fn event_as_text(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"\"{") {
        return None;
    }
    let (_, rest) = text(bytes)?;
    // Otherwise it is the name of a field.
    let is_element = rest.trim_ascii_start().first().is_none_or(|byte| b",]".contains(byte));
    is_element.then_some(bytes.len() - rest.len())
}

/// A text in quotes, and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = bytes.strip_prefix(b"\"")?;
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// Finds the end of an object without reading it, from window to window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Skipper {
    depth: u64,
    in_text: bool,
    escaped: bool,
    line_ended: bool,
}

impl Skipper {
    /// How many of `bytes` belong to the object, if its end is among them.
    ///
    /// An object that is cut off ends with its line if that ends within a text, which no JSON has,
    /// or if the next line begins with another object, as it does where each line has one: within
    /// others, objects are indented or not on a line of their own.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            let begins_line = std::mem::replace(&mut self.line_ended, *byte == b'\n');
            match byte {
                b'{' if begins_line => return Some(place),
                b'\n' if self.in_text || self.depth == 0 => return Some(place + 1),
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                b'{' if !self.in_text => self.depth += 1,
                b'}' if !self.in_text => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(place + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
