//! What stands around events.

/// Most bytes that tell whether an object wraps events.
pub(super) const WRAPPER_MAX: usize = 64;

/// Bytes that stand between events: white space, commas, and what ends arrays and their wrappers,
/// with the fields that come after an array (`"NextToken": "…"`).
pub(super) fn between(bytes: &[u8]) -> usize {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return BYTE_ORDER_MARK.len();
    }
    bytes.iter().position(|byte| !b" \t\r\n,[]}".contains(byte)).unwrap_or(bytes.len())
}

/// The length of what opens an array of events in an object, e.g. `{"Records":[`, if `bytes` begin
/// with that.
pub(super) fn wrapper(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"{")?.trim_ascii_start();
    let rest =
        [&b"\"Records\""[..], b"\"Events\""].iter().find_map(|name| rest.strip_prefix(*name))?;
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"[")?;
    Some(bytes.len() - rest.len())
}

/// Finds the end of an object without reading it, from window to window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Skipper {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

impl Skipper {
    /// How many of `bytes` belong to the object, if its end is among them. A line that ends within
    /// a text ends the object: JSON has no such text, so it is cut off, and another begins.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.in_text => return Some(place + 1),
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
                // What is no object at all ends with its line.
                b'\n' if self.depth == 0 => return Some(place + 1),
                _ => {}
            }
        }
        None
    }
}
