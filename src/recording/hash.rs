//! A fast hash that is the same on every machine and in every release: results depend on it. Names that
//! strangers choose have another, which nobody can aim: [`object`].
//!
//! Eight bytes at a time are multiplied to 128 bits and folded in half, as in wyhash (Wang Yi,
//! 2019). Two of a hundred million names share a hash with a chance of one in 3,700.

use std::io;

use sha2::{Digest, Sha256};

use super::LogInput;

/// Odd numbers without a pattern: the golden ratio's and the square roots' of 2 and 3 first bits.
const SPREAD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b];

/// What tells an object from others.
pub(crate) type ObjectId = [u64; 2];

/// No object.
pub(crate) const NO_OBJECT: ObjectId = [0; 2];

/// What tells an object from others: the first half of the SHA-256 of its bucket, its key and, if one is
/// told, its version. Whoever looks for two objects with one id has to try about 2^64.
pub(crate) fn object(bucket: &[u8], key: &[u8], version: Option<&[u8]>) -> ObjectId {
    let mut hash = Sha256::new();
    for text in [bucket, key] {
        hash.update((text.len() as u32).to_le_bytes());
    }
    for text in [bucket, key, version.unwrap_or_default()] {
        hash.update(text);
    }
    let hash = hash.finalize();
    let (words, _) = hash.as_chunks::<8>();
    [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A hash of several texts, which know where each of them ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(SPREAD[2])
    }

    pub(crate) fn with(self, text: &[u8]) -> Self {
        let (words, rest) = text.as_chunks::<8>();
        let mut state = self.0;
        for word in words {
            state = fold(state ^ u64::from_le_bytes(*word), SPREAD[0]);
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        state = fold(state ^ u64::from_le_bytes(last), SPREAD[1]);
        Self(fold(state ^ text.len() as u64, SPREAD[0] ^ SPREAD[1]))
    }

    /// Takes a block of bytes in strands, which the processor works at side by side: one by one each word
    /// would wait for the one before it.
    fn with_block(self, block: &[u8]) -> Self {
        const STRANDS: usize = 4;
        let (rows, rest) = block.as_chunks::<{ STRANDS * 8 }>();
        let mut strands: [u64; STRANDS] = std::array::from_fn(|strand| self.0 ^ strand as u64);
        for row in rows {
            let (words, _) = row.as_chunks::<8>();
            for (state, word) in strands.iter_mut().zip(words) {
                *state = fold(*state ^ u64::from_le_bytes(*word), SPREAD[0]);
            }
        }
        let strands = strands.iter().fold(self, |hash, state| hash.with(&state.to_le_bytes()));
        strands.with(rest)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

/// Numbers of 32 bits without a pattern, one for each `id` and `salt`.
pub(crate) fn draw(salt: u64, id: u32) -> u32 {
    let mixed = fold(salt ^ u64::from(id).wrapping_mul(SPREAD[0]), SPREAD[1]);
    (fold(mixed ^ salt, SPREAD[0]) >> 32) as u32
}

/// Bytes that are hashed at a time.
const BLOCK: usize = 64 << 10;

/// A hash of bytes that come in pieces of any size, to tell files apart.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hash: Hash,
    waiting: Vec<u8>,
    bytes: u64,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self { hash: Hash::new(), waiting: Vec::new(), bytes: 0 }
    }
}

impl Fingerprint {
    /// Takes the next piece.
    pub(crate) fn take(&mut self, mut piece: &[u8]) {
        self.bytes += piece.len() as u64;
        while self.waiting.len() + piece.len() >= BLOCK {
            let (head, rest) = piece.split_at(BLOCK - self.waiting.len());
            if self.waiting.is_empty() {
                self.hash = self.hash.with_block(head);
            } else {
                self.waiting.extend_from_slice(head);
                self.hash = self.hash.with_block(&self.waiting);
                self.waiting.clear();
            }
            piece = rest;
        }
        self.waiting.extend_from_slice(piece);
    }

    /// What stands for the file of these bytes in a run's inputs; the hash is in hexadecimal.
    pub(crate) fn of_file(&self, name: String) -> LogInput {
        let hash = format!("{:016x}", self.hash.with_block(&self.waiting).get());
        LogInput { name, bytes: self.bytes, hash }
    }
}

impl io::Write for Fingerprint {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.take(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_and_so_are_their_ends() {
        let of = |texts: &[&str]| {
            texts.iter().fold(Hash::new(), |hash, text| hash.with(text.as_bytes())).get()
        };
        let all =
            [of(&["ab", "c"]), of(&["a", "bc"]), of(&["abc"]), of(&["abc", ""]), of(&["abc\0"])];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| one != other));
        }
        // What was hashed once is hashed so for ever: draws, and so results, depend on it.
        assert_eq!(of(&["bucket", "key"]), of(&["bucket", "key"]));
    }

    /// A file's hash hangs on each of its bytes and on its length, and not on the pieces in which it comes.
    #[test]
    fn files_are_told_apart_however_they_come() {
        let of = |bytes: &[u8], piece: usize| {
            let mut fingerprint = Fingerprint::default();
            bytes.chunks(piece).for_each(|piece| fingerprint.take(piece));
            fingerprint.of_file(String::new()).hash
        };
        let file: Vec<u8> = (0..3 * BLOCK + 77).map(|place| (place * place >> 3) as u8).collect();
        let whole = of(&file, usize::MAX);
        for piece in [1, 77, BLOCK - 1, BLOCK, BLOCK + 1] {
            assert_eq!(of(&file, piece), whole);
        }
        assert_ne!(of(&file[..file.len() - 1], BLOCK), whole);
        for place in [0, 8, 31, BLOCK - 1, BLOCK, 3 * BLOCK - 9, 3 * BLOCK + 76] {
            let mut other = file.clone();
            other[place] ^= 1;
            assert_ne!(of(&other, BLOCK), whole, "{place}");
        }
        // Words that change places are other words.
        let mut other = file.clone();
        other.swap(5, 13);
        assert_ne!(of(&other, BLOCK), whole);
    }

    /// Lengths stand before the texts, so that no two splits of one text are one object; and what two
    /// keys of one 64-bit hash were once is two objects.
    #[test]
    fn objects_are_told_apart() {
        let keys: [&[u8]; 2] = [b"p/1yf1km4MnIYLr_.parquet", b"p/g6qovc-mA..3zY.parquet"];
        let fast = keys.map(|key| Hash::new().with(b"lake").with(key).get());
        assert_eq!(fast[0], fast[1], "they were found for this");
        let all = [
            object(b"lake", keys[0], None),
            object(b"lake", keys[1], None),
            object(b"lak", b"ep", None),
            object(b"lake", b"p", None),
            object(b"lake", b"", Some(b"p")),
            object(b"lake", b"p", Some(b"")),
        ];
        assert_eq!(all[3], all[5], "an empty version is none");
        for (i, one) in all[..5].iter().enumerate() {
            assert!(all[i + 1..5].iter().all(|other| one != other));
        }
    }

    /// Draws fall into parts evenly: with 100,000 draws into 10 parts each has 10,000, give or
    /// take five standard deviations of 95.
    #[test]
    fn draws_are_even() {
        let mut parts = [0_i64; 10];
        for id in 0..100_000 {
            parts[crate::rng::part_of(draw(0x1234_5678_9abc_def0, id), 10) as usize] += 1;
        }
        assert!(parts.iter().all(|count| (count - 10_000).abs() < 475), "{parts:?}");
    }
}
