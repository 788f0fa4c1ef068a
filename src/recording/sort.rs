//! Sorting more records than fit into memory: sorted runs are spilled, and merged.

mod in_memory;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::packed::{PackedRecord, ResolvedRequest};
use crate::error::Result;

/// Where records are spilled: a temporary file, as a rule.
pub trait SpillStore: fmt::Debug + Send + Sync {
    /// Puts bytes at its end, and returns where they begin.
    ///
    /// # Errors
    /// The file cannot be written.
    fn append(&self, bytes: &[u8]) -> Result<u64>;

    /// Reads as many bytes as `bytes` has from `offset`.
    ///
    /// # Errors
    /// The file cannot be read, or ends before.
    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()>;
}

/// Bytes of a run that are in memory while runs are merged, at the least.
const MERGE_BYTES: usize = 4 << 10;

/// Takes records in any order.
#[derive(Debug)]
pub(crate) struct Sorter<T> {
    buffer: Vec<T>,
    /// Records that may be in memory.
    most: usize,
    store: Arc<dyn SpillStore>,
    runs: Vec<SortedRun>,
}

/// Sorted records that were spilled.
#[derive(Clone, Copy, Debug)]
struct SortedRun {
    offset: u64,
    records: u64,
}

impl<T: PackedRecord> Sorter<T> {
    /// A sorter that keeps at most `bytes` of records in memory, but two records at the least.
    pub(crate) fn new(bytes: usize, store: Arc<dyn SpillStore>) -> Self {
        let most = (bytes / size_of::<T>()).max(2);
        Self { buffer: Vec::new(), most, store, runs: Vec::new() }
    }

    pub(crate) fn push(&mut self, record: T) -> Result<()> {
        if self.buffer.len() == self.most {
            self.spill()?;
        }
        self.buffer.push(record);
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        in_memory::put_in_order(&mut self.buffer);
        let mut bytes = Vec::with_capacity(self.buffer.len() * T::BYTES);
        for record in &self.buffer {
            record.write(&mut bytes);
        }
        let offset = self.store.append(&bytes)?;
        self.runs.push(SortedRun { offset, records: self.buffer.len() as u64 });
        self.buffer.clear();
        Ok(())
    }

    /// Hands on all records, in no order.
    pub(crate) fn drain(self, mut each: impl FnMut(T) -> Result<()>) -> Result<()> {
        let block = (MERGE_BYTES / T::BYTES) as u64;
        let mut records = Vec::new();
        for SortedRun { mut offset, records: mut left } in self.runs {
            while left > 0 {
                let count = block.min(left);
                read_records(&*self.store, offset, count as usize, &mut records)?;
                records.drain(..).try_for_each(&mut each)?;
                offset += count * T::BYTES as u64;
                left -= count;
            }
        }
        self.buffer.into_iter().try_for_each(each)
    }

    /// The records in order.
    pub(crate) fn sorted(mut self) -> Result<SortedRecords<T>> {
        if self.runs.is_empty() {
            in_memory::put_in_order(&mut self.buffer);
            return Ok(SortedRecords::Memory(self.buffer.into_iter()));
        }
        self.spill()?;
        let block = (self.most * T::BYTES / self.runs.len()).max(MERGE_BYTES) / T::BYTES;
        drop(self.buffer);
        let store = self.store;
        let mut runs: Vec<RunReader<T>> = self
            .runs
            .into_iter()
            .map(|run| RunReader { run, block, records: Vec::new() })
            .collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next(&*store)?.map(|record| Reverse((record, index))));
        }
        Ok(SortedRecords::Merged { heads, runs, store })
    }
}

/// Records in order.
pub(crate) enum SortedRecords<T> {
    Memory(std::vec::IntoIter<T>),
    Merged {
        heads: BinaryHeap<Reverse<(T, usize)>>,
        runs: Vec<RunReader<T>>,
        store: Arc<dyn SpillStore>,
    },
}

impl<T: PackedRecord> SortedRecords<T> {
    pub(crate) fn next(&mut self) -> Result<Option<T>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::Merged { heads, runs, store } => {
                let Some(Reverse((record, run))) = heads.pop() else { return Ok(None) };
                heads.extend(runs[run].next(&**store)?.map(|next| Reverse((next, run))));
                Ok(Some(record))
            }
        }
    }
}

/// Reads a run block by block.
pub(crate) struct RunReader<T> {
    run: SortedRun,
    /// Records of a block.
    block: usize,
    /// What is read, the last first.
    records: Vec<T>,
}

impl<T: PackedRecord> RunReader<T> {
    fn next(&mut self, store: &dyn SpillStore) -> Result<Option<T>> {
        if self.records.is_empty() && self.run.records > 0 {
            let count = (self.block as u64).min(self.run.records);
            read_records(store, self.run.offset, count as usize, &mut self.records)?;
            self.records.reverse();
            self.run.offset += count * T::BYTES as u64;
            self.run.records -= count;
        }
        Ok(self.records.pop())
    }
}

/// Replaces `records` by `count` of them from `offset`.
pub(crate) fn read_records<T: PackedRecord>(
    store: &dyn SpillStore,
    offset: u64,
    count: usize,
    records: &mut Vec<T>,
) -> Result<()> {
    let mut bytes = vec![0; count * T::BYTES];
    store.read(offset, &mut bytes)?;
    records.clear();
    records.extend(bytes.chunks_exact(T::BYTES).map(T::read));
    Ok(())
}

/// A store in memory, for those that have no files.
#[derive(Debug, Default)]
pub struct MemoryStore(std::sync::Mutex<Vec<u8>>);

impl SpillStore for MemoryStore {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        let mut kept = self.0.lock().expect("no thread has panicked");
        kept.extend_from_slice(bytes);
        Ok((kept.len() - bytes.len()) as u64)
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let kept = self.0.lock().expect("no thread has panicked");
        bytes.copy_from_slice(&kept[offset as usize..][..bytes.len()]);
        Ok(())
    }
}

/// Most and fewest records of a block that is spilled.
const BLOCK_MAX: usize = 16 << 10;
const BLOCK_MIN: usize = 64;

/// Requests of many owners.
#[derive(Debug)]
pub(crate) struct StoredRequests {
    /// Where each owner's requests begin, and where the last one's end.
    starts: Vec<u64>,
    kept: RequestStorage,
}

#[derive(Debug)]
enum RequestStorage {
    Memory(Vec<ResolvedRequest>),
    Spilled { store: Arc<dyn SpillStore>, offsets: Vec<u64>, block: usize },
}

impl StoredRequests {
    /// So many of each owner, none of which can be read.
    pub(crate) fn of_none(counts: &[u64]) -> Self {
        let mut starts = vec![0];
        for count in counts {
            starts.push(starts[starts.len() - 1] + count);
        }
        Self { starts, kept: RequestStorage::Memory(Vec::new()) }
    }

    /// Which of the records are an owner's.
    pub(crate) fn of(&self, owner: u32) -> Range<u64> {
        self.starts[owner as usize]..self.starts[owner as usize + 1]
    }

    /// Takes the first off a range, at most `most`, and replaces `records` by those of them that are
    /// `wanted`.
    pub(crate) fn take(
        &self,
        range: &mut Range<u64>,
        most: usize,
        wanted: impl Fn(&ResolvedRequest) -> bool,
        records: &mut Vec<ResolvedRequest>,
    ) -> Result<()> {
        let count = (range.end - range.start).min(most as u64) as usize;
        match &self.kept {
            RequestStorage::Memory(all) => {
                records.clear();
                let taken = &all[range.start as usize..][..count];
                records.extend(taken.iter().filter(|record| wanted(record)));
                range.start += count as u64;
                Ok(())
            }
            RequestStorage::Spilled { store, offsets, block } => {
                let within = (range.start % *block as u64) as usize;
                let offset = offsets[(range.start / *block as u64) as usize];
                let offset = offset + (within * ResolvedRequest::BYTES) as u64;
                read_records(&**store, offset, count.min(block - within), records)?;
                range.start += records.len() as u64;
                records.retain(wanted);
                Ok(())
            }
        }
    }
}

/// Stores requests in the order of their owners.
#[derive(Debug)]
pub(crate) struct StoredRequestsBuilder {
    starts: Vec<u64>,
    records: Vec<ResolvedRequest>,
    count: u64,
    /// Records that may be in memory, and of a block.
    most: usize,
    block: usize,
    store: Arc<dyn SpillStore>,
    offsets: Vec<u64>,
}

impl StoredRequestsBuilder {
    /// Stores requests, of which at most `bytes` are in memory, or a block.
    pub(crate) fn new(bytes: usize, store: Arc<dyn SpillStore>) -> Self {
        let most = bytes / size_of::<ResolvedRequest>();
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

    pub(crate) fn push(&mut self, placed: ResolvedRequest) -> Result<()> {
        self.starts.resize((self.starts.len()).max(placed.owner as usize + 1), self.count);
        self.records.push(placed);
        self.count += 1;
        let is_spilled = !self.offsets.is_empty();
        if self.records.len() >= self.block && (is_spilled || self.records.len() > self.most) {
            self.spill()?;
        }
        Ok(())
    }

    /// Spills whole blocks.
    fn spill(&mut self) -> Result<()> {
        let whole = self.records.len() / self.block * self.block;
        for block in self.records[..whole].chunks(self.block) {
            self.offsets.push(append(&*self.store, block)?);
        }
        self.records.drain(..whole);
        Ok(())
    }

    /// What is stored of so many owners.
    pub(crate) fn finish(mut self, owners: usize) -> Result<StoredRequests> {
        self.starts.resize(owners + 1, self.count);
        let kept = if self.offsets.is_empty() {
            RequestStorage::Memory(self.records)
        } else {
            self.offsets.push(append(&*self.store, &self.records)?);
            RequestStorage::Spilled { store: self.store, offsets: self.offsets, block: self.block }
        };
        Ok(StoredRequests { starts: self.starts, kept })
    }
}

fn append(store: &dyn SpillStore, records: &[ResolvedRequest]) -> Result<u64> {
    let mut bytes = Vec::with_capacity(records.len() * ResolvedRequest::BYTES);
    for record in records {
        record.write(&mut bytes);
    }
    store.append(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::packed::{GatheredRequest, RequestKind, Stamp};

    #[test]
    fn runs_merge_to_what_memory_sorts() {
        let entry = |number: u64| GatheredRequest {
            object: [crate::recording::hash::Hash::new().with(&number.to_le_bytes()).get() % 97, 0],
            when: Stamp::new(number % 13, RequestKind::GetObject),
            id: number,
            ..GatheredRequest::default()
        };
        let sorted = |bytes| {
            let mut sorter = Sorter::new(bytes, Arc::new(MemoryStore::default()));
            (0..10_000).for_each(|number| sorter.push(entry(number)).unwrap());
            let mut records = sorter.sorted().unwrap();
            std::iter::from_fn(move || records.next().unwrap()).collect::<Vec<GatheredRequest>>()
        };
        let whole = sorted(usize::MAX);
        assert!(whole.is_sorted() && whole.len() == 10_000);
        for bytes in [0, 1_000, 100_000] {
            assert_eq!(sorted(bytes), whole);
        }
    }
}
