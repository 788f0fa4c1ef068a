//! Headers of pages, in Thrift's compact protocol: a field is its number's distance to the last and its
//! type in one byte, then its value
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>,
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

/// Greatest number of a field that is kept.
const FIELDS: usize = 10;

/// How deep structures may lie in one another.
const DEPTH: u32 = 8;

/// Numbers and flags of a structure, by field.
type ThriftNumbers = [Option<i64>; FIELDS];

/// What a header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// 0 a data page, 1 an index, 2 a dictionary, 3 a data page of the second version.
    pub(super) kind: i64,
    /// Bytes of the page when it is decompressed.
    pub(super) plain_bytes: usize,
    /// Bytes of the page in the file.
    pub(super) bytes: usize,
    /// The fields of the structure that its kind has.
    pub(super) own: ThriftNumbers,
}

/// What bytes begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A header of so many bytes.
    Header(PageHeader, usize),
    /// A part of one.
    Part,
    /// No header.
    Broken,
}

/// Why parsing stops.
enum Stop {
    Part,
    Broken,
}

/// Reads a header.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut reader = ThriftReader { bytes, at: 0 };
    let mut own = [[None; FIELDS]; FIELDS];
    let numbers = match reader.structure(DEPTH, Some(&mut own)) {
        Ok(numbers) => numbers,
        Err(Stop::Part) => return Parsed::Part,
        Err(Stop::Broken) => return Parsed::Broken,
    };
    let sizes = [numbers[2], numbers[3]].map(|size| usize::try_from(size?).ok());
    let (Some(kind), [Some(plain_bytes), Some(bytes)]) = (numbers[1], sizes) else {
        return Parsed::Broken;
    };
    let own = match kind {
        0 => own[5],
        2 => own[7],
        3 => own[8],
        _ => ThriftNumbers::default(),
    };
    Parsed::Header(PageHeader { kind, plain_bytes, bytes, own }, reader.at)
}

struct ThriftReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl ThriftReader<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or(Stop::Part)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Stop::Broken)
    }

    fn zigzag(&mut self) -> Result<i64, Stop> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Stop> {
        let left = (self.bytes.len() - self.at) as u64;
        if bytes > left {
            return Err(Stop::Part);
        }
        self.at += bytes as usize;
        Ok(())
    }

    /// The numbers and flags of a structure; `own` takes those of structures within it.
    fn structure(
        &mut self,
        depth: u32,
        mut own: Option<&mut [ThriftNumbers; FIELDS]>,
    ) -> Result<ThriftNumbers, Stop> {
        let mut numbers = ThriftNumbers::default();
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(numbers);
            }
            let step = i64::from(head >> 4);
            field = if step == 0 { self.zigzag()? } else { field + step };
            let place = usize::try_from(field).ok().filter(|place| *place < FIELDS);
            let kind = head & 0x0f;
            if kind == STRUCTURE {
                let within = self.structure(depth.checked_sub(1).ok_or(Stop::Broken)?, None)?;
                if let (Some(own), Some(place)) = (own.as_deref_mut(), place) {
                    own[place] = within;
                }
            } else {
                let value = self.value(kind, depth)?;
                if let Some(place) = place {
                    numbers[place] = value;
                }
            }
        }
    }

    /// A value that is no structure, if it is a number or a flag.
    fn value(&mut self, kind: u8, depth: u32) -> Result<Option<i64>, Stop> {
        match kind {
            1 => return Ok(Some(1)),
            2 => return Ok(Some(0)),
            3 => return Ok(Some(self.byte()?.into())),
            4..=6 => return self.zigzag().map(Some),
            7 => self.skip(8)?,
            8 => {
                let bytes = self.varint()?;
                self.skip(bytes)?;
            }
            LIST | SET => self.elements(depth)?,
            // No page's header has maps.
            _ => return Err(Stop::Broken),
        }
        Ok(None)
    }

    /// Skips the elements of a list.
    fn elements(&mut self, depth: u32) -> Result<(), Stop> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        let count = match head >> 4 {
            15 => self.varint()?,
            few => few.into(),
        };
        let depth = depth.checked_sub(1).ok_or(Stop::Broken)?;
        for _ in 0..count {
            match kind {
                // Flags in a list have a byte each.
                1 | 2 => self.skip(1)?,
                STRUCTURE => {
                    self.structure(depth, None)?;
                }
                _ => {
                    self.value(kind, depth)?;
                }
            }
        }
        Ok(())
    }
}

const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCTURE: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 100 bytes, 50 in the file: 7 values, plain, levels in runs.
    const PAGE: [u8; 18] =
        [0x15, 0, 0x15, 200, 1, 0x15, 100, 0x2c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];

    #[test]
    fn a_header_is_read_field_by_field() {
        let Parsed::Header(header, bytes) = parse(&[&PAGE[..], b"page"].concat()) else {
            panic!("it is a header");
        };
        assert_eq!((header.kind, header.plain_bytes, header.bytes), (0, 100, 50));
        assert_eq!(header.own[1..5], [Some(7), Some(0), Some(3), Some(3)]);
        assert_eq!(bytes, PAGE.len());
    }

    #[test]
    fn what_is_cut_off_is_a_part_and_other_bytes_are_broken() {
        for end in 0..PAGE.len() {
            assert_eq!(parse(&PAGE[..end]), Parsed::Part, "{end}");
        }
        for broken in [&[0x1d, 1][..], &[0x15, 0, 0], &[0x1c; 12], &[0xff; 20]] {
            assert_eq!(parse(broken), Parsed::Broken, "{broken:?}");
        }
    }
}
