//! libCacheSim's binary form `oracleGeneral`: packed little-endian records of 24 bytes, no header.
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

/// One look-up of a bucket-level key in a requester's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lookup {
    /// When, in whole seconds since the trace's own zero.
    pub(crate) second: u32,
    /// Which entry is looked up: a key in one requester's part of the cache.
    pub(crate) object: u64,
}

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 24;

/// Records that are written, or gone through backwards, at a time.
const BLOCK: usize = 1 << 15;

/// One record, as it lies in a file.
pub(crate) type RawRecord = [u8; RECORD_BYTES];

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// What is looked up, and when.
    pub(crate) lookup: Lookup,
    /// Size of the object.
    pub(crate) size: u32,
    /// Number of the object's next record, counted from 1.
    pub(crate) next: Option<u64>,
}

impl Record {
    /// The record as it lies in a file.
    pub(crate) fn to_bytes(self) -> RawRecord {
        let mut raw = [0; RECORD_BYTES];
        raw[..4].copy_from_slice(&self.lookup.second.to_le_bytes());
        raw[4..12].copy_from_slice(&self.lookup.object.to_le_bytes());
        raw[12..16].copy_from_slice(&self.size.to_le_bytes());
        raw[16..].copy_from_slice(&self.next.map_or(-1, |next| next as i64).to_le_bytes());
        raw
    }
}

/// When and what, of a record as it lies in a file.
#[inline]
pub(crate) fn lookup(raw: &RawRecord) -> Lookup {
    Lookup { second: u32::from_le_bytes(part(raw, 0)), object: u64::from_le_bytes(part(raw, 4)) }
}

#[inline]
fn part<const N: usize>(raw: &RawRecord, from: usize) -> [u8; N] {
    *raw[from..].first_chunk().expect("the part lies within the record")
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Records.
    pub(crate) records: u64,
    /// Distinct objects.
    pub(crate) objects: u64,
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
pub(crate) fn write<F: Read + Write + Seek>(
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
