//! Requests owner by owner, each owner's in order of time: in memory, or put aside in blocks.

use std::ops::Range;
use std::sync::Arc;

use super::compact::{Compact, Placed};
use super::sorter::{Store, read_records};
use crate::error::Result;

/// Most and fewest records of a block that is put aside.
const BLOCK_MAX: usize = 16 << 10;
const BLOCK_MIN: usize = 64;

/// Requests of many owners.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Where each owner's requests begin, and where the last one's end.
    starts: Vec<u64>,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Memory(Vec<Placed>),
    Aside { store: Arc<dyn Store>, offsets: Vec<u64>, block: usize },
}

impl Shelf {
    /// Which of the records are an owner's.
    pub(super) fn of(&self, owner: u32) -> Range<u64> {
        self.starts[owner as usize]..self.starts[owner as usize + 1]
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        match &self.kept {
            Kept::Memory(records) => (records.len() * size_of::<Placed>()) as u64,
            Kept::Aside { .. } => 0,
        }
    }

    /// Replaces `records` by the first of a range, at most `most`.
    pub(super) fn read(
        &self,
        range: &Range<u64>,
        most: usize,
        records: &mut Vec<Placed>,
    ) -> Result<()> {
        let count = (range.end - range.start).min(most as u64) as usize;
        match &self.kept {
            Kept::Memory(all) => {
                records.clear();
                records.extend_from_slice(&all[range.start as usize..][..count]);
                Ok(())
            }
            Kept::Aside { store, offsets, block } => {
                let within = (range.start % *block as u64) as usize;
                let offset = offsets[(range.start / *block as u64) as usize];
                let offset = offset + (within * Placed::BYTES) as u64;
                read_records(&**store, offset, count.min(block - within), records)
            }
        }
    }
}

/// Makes a shelf of requests in the order of their owners.
#[derive(Debug)]
pub(super) struct ShelfMaker {
    starts: Vec<u64>,
    records: Vec<Placed>,
    count: u64,
    /// Records that may be in memory, and of a block.
    most: usize,
    block: usize,
    store: Arc<dyn Store>,
    offsets: Vec<u64>,
}

impl ShelfMaker {
    /// A shelf of which at most `bytes` are in memory, or a block.
    pub(super) fn new(bytes: usize, store: Arc<dyn Store>) -> Self {
        let most = bytes / size_of::<Placed>();
        Self {
            starts: vec![0],
            records: Vec::new(),
            count: 0,
            most,
            block: most.clamp(BLOCK_MIN, BLOCK_MAX),
            store,
            offsets: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, placed: Placed) -> Result<()> {
        self.starts.resize((self.starts.len()).max(placed.owner as usize + 1), self.count);
        self.records.push(placed);
        self.count += 1;
        let aside = !self.offsets.is_empty();
        if self.records.len() >= self.block && (aside || self.records.len() > self.most) {
            self.put_aside()?;
        }
        Ok(())
    }

    /// Puts aside whole blocks.
    fn put_aside(&mut self) -> Result<()> {
        let whole = self.records.len() / self.block * self.block;
        for block in self.records[..whole].chunks(self.block) {
            self.offsets.push(append(&*self.store, block)?);
        }
        self.records.drain(..whole);
        Ok(())
    }

    /// The shelf of so many owners.
    pub(super) fn finish(mut self, owners: usize) -> Result<Shelf> {
        self.starts.resize(owners + 1, self.count);
        let kept = if self.offsets.is_empty() {
            Kept::Memory(self.records)
        } else {
            self.offsets.push(append(&*self.store, &self.records)?);
            Kept::Aside { store: self.store, offsets: self.offsets, block: self.block }
        };
        Ok(Shelf { starts: self.starts, kept })
    }
}

fn append(store: &dyn Store, records: &[Placed]) -> Result<u64> {
    let mut bytes = Vec::with_capacity(records.len() * Placed::BYTES);
    for record in records {
        record.write(&mut bytes);
    }
    store.append(&bytes)
}
