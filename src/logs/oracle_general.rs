//! libCacheSim's binary format `oracleGeneral`: packed little-endian records of 24 bytes, no header.
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | u32 | time in whole seconds, not descending |
//! | 4 | u64 | object |
//! | 12 | u32 | size of the object; bks writes 1, so that a cache's size counts entries |
//! | 16 | i64 | number of the object's next request, counted from 1; -1 (or the greatest i64) if none |
//!
//! Source: `oracleGeneralBin.h` and `traceConv.cpp` of libCacheSim
//! (<https://github.com/1a1a11a/libCacheSim>).

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::Lookup;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 24;

/// Records that are written, or gone through backwards, at a time.
const BLOCK: usize = 1 << 15;

/// One record, as it lies in a file.
pub type RawRecord = [u8; RECORD_BYTES];

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is looked up, and when.
    pub lookup: Lookup,
    /// Size of the object.
    pub size: u32,
    /// Number of the object's next record, counted from 1.
    pub next: Option<u64>,
}

impl Record {
    /// The record as it lies in a file.
    #[must_use]
    pub fn to_bytes(self) -> RawRecord {
        let mut raw = [0; RECORD_BYTES];
        raw[..4].copy_from_slice(&self.lookup.second.to_le_bytes());
        raw[4..12].copy_from_slice(&self.lookup.object.to_le_bytes());
        raw[12..16].copy_from_slice(&self.size.to_le_bytes());
        raw[16..].copy_from_slice(&self.next.map_or(-1, |next| next as i64).to_le_bytes());
        raw
    }

    /// Reads a record back; what stands for "none" in `next` is any number below 1 and the
    /// greatest.
    #[must_use]
    pub fn from_bytes(raw: &RawRecord) -> Self {
        let next = i64::from_le_bytes(part(raw, 16));
        Self {
            lookup: lookup(raw),
            size: u32::from_le_bytes(part(raw, 12)),
            next: (next > 0 && next < i64::MAX).then_some(next as u64),
        }
    }
}

/// When and what, of a record as it lies in a file.
#[inline]
#[must_use]
pub fn lookup(raw: &RawRecord) -> Lookup {
    Lookup { second: u32::from_le_bytes(part(raw, 0)), object: u64::from_le_bytes(part(raw, 4)) }
}

#[inline]
fn part<const N: usize>(raw: &RawRecord, from: usize) -> [u8; N] {
    *raw[from..].first_chunk().expect("the part lies within the record")
}

/// Whether a file of `bytes` bytes that begins with `head` may be of this format: whole records, whose
/// times do not descend, whose sizes are not 0 and whose `next` lies ahead within the file.
#[must_use]
pub fn looks_like(bytes: u64, head: &[u8]) -> bool {
    let records = bytes / RECORD_BYTES as u64;
    let (raw, _) = head.as_chunks();
    let mut second = 0;
    let sane = |(index, raw): (usize, &RawRecord)| {
        let record = Record::from_bytes(raw);
        let ascends = record.lookup.second >= second;
        second = record.lookup.second;
        let ahead = record.next.is_none_or(|next| next > index as u64 + 1 && next <= records);
        ascends && ahead && record.size > 0
    };
    records > 0 && bytes.is_multiple_of(RECORD_BYTES as u64) && raw.iter().enumerate().all(sane)
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Distinct objects.
    pub objects: u64,
}

/// Writes `lookups` into an empty file, in two passes: forwards what each record says of itself,
/// then backwards, block by block, the number of its object's next record. So the memory it takes
/// grows with the objects (8 bytes for each), not with the records.
///
/// # Errors
/// Those of the file.
///
/// # Panics
/// If objects are not numbered in order of first appearance, from 0.
pub fn write<F: Read + Write + Seek>(
    file: &mut F,
    lookups: impl IntoIterator<Item = Lookup>,
) -> io::Result<Written> {
    let mut written = Written::default();
    let mut block = Vec::with_capacity(BLOCK * RECORD_BYTES);
    for lookup in lookups {
        assert!(lookup.object <= written.objects, "objects are numbered as they appear");
        written.records += 1;
        written.objects = written.objects.max(lookup.object + 1);
        block.extend_from_slice(&Record { lookup, size: 1, next: None }.to_bytes());
        if block.len() == BLOCK * RECORD_BYTES {
            file.write_all(&block)?;
            block.clear();
        }
    }
    file.write_all(&block)?;
    link(file, written)?;
    Ok(written)
}

/// Fills in `next`, from the last block to the first.
fn link<F: Read + Write + Seek>(file: &mut F, written: Written) -> io::Result<()> {
    // 0 stands for an object that does not come again.
    let mut next_of = vec![0_u64; written.objects as usize];
    let mut block = vec![0; BLOCK * RECORD_BYTES];
    let mut end = written.records;
    while end > 0 {
        let first = (end - 1) / BLOCK as u64 * BLOCK as u64;
        let bytes = &mut block[..(end - first) as usize * RECORD_BYTES];
        let place = SeekFrom::Start(first * RECORD_BYTES as u64);
        file.seek(place)?;
        file.read_exact(bytes)?;
        let (raw, _) = bytes.as_chunks_mut();
        for (raw, number) in raw.iter_mut().rev().zip((first + 1..=end).rev()) {
            let lookup = lookup(raw);
            let next = &mut next_of[lookup.object as usize];
            let known = (*next > 0).then_some(*next);
            *raw = Record { lookup, size: 1, next: known }.to_bytes();
            *next = number;
        }
        file.seek(place)?;
        file.write_all(bytes)?;
        end = first;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn record(second: u32, object: u64, next: Option<u64>) -> Record {
        Record { lookup: Lookup { second, object }, size: 1, next }
    }

    #[test]
    fn a_record_is_laid_out_as_libcachesim_reads_it() {
        let raw = record(0x0403_0201, 0x0c0b_0a09_0807_0605, Some(0x14)).to_bytes();
        let expected: [u8; 24] =
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(raw, expected);
        assert_eq!(record(0, 0, None).to_bytes()[16..], [255; 8]);
    }

    #[test]
    fn records_read_back() {
        for record in [record(0, 0, None), record(7, u64::MAX, Some(2)), record(u32::MAX, 1, None)]
        {
            assert_eq!(Record::from_bytes(&record.to_bytes()), record);
        }
        let mut raw = record(1, 1, None).to_bytes();
        raw[16..].copy_from_slice(&i64::MAX.to_le_bytes());
        assert_eq!(Record::from_bytes(&raw).next, None);
    }

    /// `next` against a search ahead, over more than two blocks.
    #[test]
    fn next_is_the_number_of_the_objects_next_record() {
        let objects = |index: usize| {
            let object = (index * index + index / 7) % 1_000;
            if index < 1_000 { index } else { object }
        };
        let lookups: Vec<Lookup> = (0..2 * BLOCK + 5)
            .map(|index| Lookup { second: index as u32 / 9, object: objects(index) as u64 })
            .collect();
        let mut file = Cursor::new(Vec::new());
        let written = write(&mut file, lookups.iter().copied()).unwrap();
        assert_eq!(written, Written { records: lookups.len() as u64, objects: 1_000 });
        let bytes = file.into_inner();
        assert!(looks_like(bytes.len() as u64, &bytes));
        let (raw, rest) = bytes.as_chunks();
        assert!(rest.is_empty());
        for (index, raw) in raw.iter().enumerate() {
            let found = Record::from_bytes(raw);
            assert_eq!(found.lookup, lookups[index]);
            let ahead = lookups[index + 1..].iter().position(|l| l.object == found.lookup.object);
            assert_eq!(found.next, ahead.map(|steps| (index + 1 + steps + 1) as u64), "{index}");
        }
    }

    #[test]
    fn other_files_do_not_look_like_it() {
        let bytes: Vec<u8> =
            [record(5, 0, Some(2)), record(6, 0, None)].iter().flat_map(|r| r.to_bytes()).collect();
        assert!(looks_like(48, &bytes));
        assert!(!looks_like(47, &bytes[..47]));
        assert!(!looks_like(0, &[]));
        assert!(!looks_like(48, b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8"));
        let backwards: Vec<u8> =
            [record(6, 0, None), record(5, 0, None)].iter().flat_map(|r| r.to_bytes()).collect();
        assert!(!looks_like(48, &backwards));
    }
}
