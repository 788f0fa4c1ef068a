//! Logs come plain or compressed, under any name: their first bytes tell. Some are compressed twice over,
//! as by CloudWatch Logs and then by Firehose, and some programs fill a file's last block with zeros or add
//! a newline.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::windows;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip, in one or more members (RFC 1952).
    Gzip,
    /// By Zstandard, in one or more frames (RFC 8878).
    Zstd,
}

impl Compression {
    /// What a file that begins with `head` is.
    #[must_use]
    pub const fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one that decoders skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How many times its compressed size a log may have. Real logs shrink to a tenth or a fiftieth; a
/// file made to fill memory or a disk, to a thousandth.
pub const RATIO_MAX: u64 = 500;

/// A log of fewer bytes than this may shrink as far as it will.
pub const SMALL: u64 = 64 << 20;

/// How many times over a log may be compressed.
const LAYERS: u32 = 4;

/// Bytes of compressed data that are read at a time.
const BUFFER: usize = 64 << 10;

/// The bytes of a log, from a source that may be compressed.
///
/// # Errors
/// Those of reading its first bytes.
pub fn decompressed<'a>(source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    unpack(source).map(|(_, bytes)| bytes)
}

/// How a log is compressed, and its bytes.
pub(super) fn unpack<'a>(source: impl Read + 'a) -> io::Result<(Compression, Box<dyn Read + 'a>)> {
    let taken = Rc::new(Cell::new(0));
    let counted = CountingReader { source, bytes: Rc::clone(&taken) };
    let (outer, mut bytes) = layer(Box::new(counted), &taken)?;
    let mut compression = outer;
    for _ in 1..LAYERS {
        if compression == Compression::None {
            return Ok((outer, bytes));
        }
        (compression, bytes) = layer(bytes, &taken)?;
    }
    if compression == Compression::None {
        return Ok((outer, bytes));
    }
    let message = format!("it is compressed more than {} times over", LAYERS - 1);
    Err(io::Error::new(ErrorKind::InvalidData, message))
}

/// What `unpack` makes of the bytes that are read of `source`, named `what`, within the bounds of a log.
pub(super) fn bounded<'a, R: Read + 'a>(
    what: &'static str,
    source: R,
    unpack: impl FnOnce(Packed<'a>) -> Box<dyn Read + 'a>,
) -> Box<dyn Read + 'a> {
    let taken = Rc::new(Cell::new(0));
    let counted: Box<dyn Read + 'a> = Box::new(CountingReader { source, bytes: Rc::clone(&taken) });
    let source = unpack(BufReader::with_capacity(BUFFER, counted));
    Box::new(RatioLimit { source, what, taken, given: 0 })
}

/// Compressed bytes.
pub(super) type Packed<'a> = BufReader<Box<dyn Read + 'a>>;

/// One layer of compression: which, and what is in it. `taken` counts the bytes of the outermost.
fn layer<'a>(
    mut source: Box<dyn Read + 'a>,
    taken: &Rc<Cell<u64>>,
) -> io::Result<(Compression, Box<dyn Read + 'a>)> {
    let mut head = [0; 4];
    let filled = windows::fill(&mut source, &mut head)?;
    let whole = io::Cursor::new(head).take(filled as u64).chain(source);
    let compression = Compression::detect(&head[..filled]);
    if compression == Compression::None {
        return Ok((compression, Box::new(whole)));
    }
    let packed = BufReader::with_capacity(BUFFER, whole);
    let taken = Rc::clone(taken);
    let bytes: Box<dyn Read + 'a> = if compression == Compression::Gzip {
        let members = Members { within: Some(GzDecoder::new(packed)) };
        Box::new(RatioLimit { source: members, what: "gzip", taken, given: 0 })
    } else {
        let frames = Frames { source: packed, decoder: FrameDecoder::new(), within: false };
        Box::new(RatioLimit { source: frames, what: "zstd", taken, given: 0 })
    };
    Ok((compression, bytes))
}

/// Skips what programs put after compressed data: zeros and ends of lines. Says whether more follows.
fn skip_padding(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let padding = bytes.iter().take_while(|byte| b"\0\r\n".contains(byte)).count();
        let more = padding < bytes.len();
        source.consume(padding);
        if more {
            return Ok(true);
        }
    }
}

/// Gzip members, one after another, and what lies between them and after the last.
struct Members<R> {
    /// The present member; none after the last.
    within: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.within {
            let read = member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.within.take().map(GzDecoder::into_inner) else { break };
            if !skip_padding(&mut rest)? {
                break;
            }
            if rest.fill_buf()?.first() == Some(&0x1f) {
                self.within = Some(GzDecoder::new(rest));
            } else {
                let message = "something else follows it";
                return Err(io::Error::new(ErrorKind::InvalidData, message));
            }
        }
        Ok(0)
    }
}

/// Counts the bytes that are read.
struct CountingReader<R> {
    source: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// Refuses what is out of proportion to its compressed size.
struct RatioLimit<R> {
    source: R,
    what: &'static str,
    taken: Rc<Cell<u64>>,
    given: u64,
}

impl<R: Read> Read for RatioLimit<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            ErrorKind::UnexpectedEof => {
                let message = format!("its {} data ends too early: it is cut off", self.what);
                io::Error::new(ErrorKind::UnexpectedEof, message)
            }
            kind => io::Error::new(kind, format!("its {} data is broken: {error}", self.what)),
        })?;
        self.given += read as u64;
        if self.given > SMALL && self.given / RATIO_MAX > self.taken.get() {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!(
                    "its {} data unpacks to more than {RATIO_MAX} times its size, which no log \
                     does: decompress it by hand if you trust it",
                    self.what
                ),
            ));
        }
        Ok(read)
    }
}

/// Zstandard frames, one after another; the crate knows one at a time.
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    /// Begins the next frame; says whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if !skip_padding(&mut self.source)? {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            self.within = true;
            let read = self.decoder.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if self.decoder.is_finished() {
                let expected = self.decoder.get_checksum_from_data();
                if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::new(
                        ErrorKind::InvalidData,
                        "a checksum does not match",
                    ));
                }
                self.within = false;
            } else {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, blocks).map_err(broken)?;
            }
        }
    }
}

fn broken(error: FrameDecoderError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
