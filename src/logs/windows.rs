//! Reads a log of any length through a window of bounded size.

use std::io::{self, ErrorKind, Read};

use crate::error::{Error, Result};

/// Bytes of a window at first: two of them fit a processor core's own cache.
const WINDOW: usize = 256 << 10;

/// Most bytes of a window, and so of a line or an event. S3 takes 8 KB of a request's header,
/// CloudTrail 256 KB of an event.
pub(super) const ITEM_MAX: usize = 1 << 20;

/// What follows the bytes in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// More of the log may come.
    More,
    /// More may come, but what begins the window has no room to grow.
    Full,
    /// Nothing.
    End,
}

/// Hands the whole of `source` to `take`, window by window. `take` says how many bytes it is done
/// with; the others begin the next window. Where more may come it may be done with none; else it is
/// done with some, or with all.
pub(super) fn slide(
    source: &mut dyn Read,
    mut take: impl FnMut(&[u8], Ahead) -> Result<usize>,
) -> Result<()> {
    let mut window = vec![0; WINDOW];
    let mut filled = 0;
    loop {
        filled += fill(source, &mut window[filled..]).map_err(|error| unreadable(&error))?;
        let ahead = match filled {
            ITEM_MAX => Ahead::Full,
            _ if filled < window.len() => Ahead::End,
            _ => Ahead::More,
        };
        let done = take(&window[..filled], ahead)?;
        if ahead == Ahead::End {
            return Ok(());
        }
        window.copy_within(done..filled, 0);
        filled -= done;
        if filled == window.len() {
            window.resize((window.len() * 2).min(ITEM_MAX), 0);
        }
        assert!(filled < window.len(), "a full window of the greatest size is used");
    }
}

/// Reads until `space` is full or the source ends; says how many bytes it read. So what is in a
/// window does not depend on how a source parts its bytes.
pub(super) fn fill(source: &mut dyn Read, space: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < space.len() {
        match source.read(&mut space[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The error of a file that fails while it is read.
pub(super) fn unreadable(error: &io::Error) -> Error {
    Error::request(format!("the file cannot be read: {error}"))
}
