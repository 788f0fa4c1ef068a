//! The KMS keys that the objects of a log's buckets are under.

use std::collections::BTreeSet;

use super::packed::MAX_BUCKETS;

/// Most KMS keys beyond one a bucket that are distinguished; of a log that names more none are.
const MAX_OTHER_KEYS: usize = 10_000;

/// The KMS keys of each bucket, as far as a log tells. A bucket has the number of its place among the
/// names, and so have its objects under its first key by name and those whose key is not told; what is
/// under another key has a number after those of all buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketKmsKeys {
    /// The first key of each bucket by name, if the log names one.
    pub first: Vec<Option<String>>,
    /// The others by bucket and name.
    pub others: Vec<OtherKmsKey>,
    /// Whether there are more than are distinguished, so that each bucket is taken as under one.
    pub too_many: bool,
}

/// A KMS key of a bucket that has several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherKmsKey {
    /// Which bucket.
    pub bucket: u32,
    /// The key's ARN.
    pub kms_key: String,
}

impl BucketKmsKeys {
    /// The keys of so many buckets, from those that are told of some.
    pub(super) fn of<'a>(buckets: usize, told: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let distinct: BTreeSet<(u32, &str)> = told.collect();
        let mut keys = Self { first: vec![None; buckets], ..Self::default() };
        for (bucket, arn) in distinct {
            let kms_key = arn.to_owned();
            match &mut keys.first[bucket as usize] {
                first @ None => *first = Some(kms_key),
                Some(_) => keys.others.push(OtherKmsKey { bucket, kms_key }),
            }
        }
        if keys.others.len() > MAX_OTHER_KEYS || buckets + keys.others.len() > MAX_BUCKETS {
            keys = Self { first: vec![None; buckets], others: Vec::new(), too_many: true };
        }
        keys
    }

    /// The number of a bucket's objects under a key.
    pub(super) fn part(&self, bucket: u32, arn: Option<&str>) -> u32 {
        let Some(arn) = arn else { return bucket };
        let found = self
            .others
            .binary_search_by(|key| (key.bucket, key.kms_key.as_str()).cmp(&(bucket, arn)));
        found.map_or(bucket, |place| (self.first.len() + place) as u32)
    }

    /// The KMS key that a number stands for, if it is not its bucket's first.
    pub(super) fn other(&self, part: u32) -> Option<&OtherKmsKey> {
        self.others.get((part as usize).checked_sub(self.first.len())?)
    }

    /// Which of its bucket's keys a number stands for, the first being 0.
    pub(crate) fn number_in_bucket(&self, part: u32) -> usize {
        let Some(other) = (part as usize).checked_sub(self.first.len()) else { return 0 };
        let bucket = self.others[other].bucket;
        1 + other - self.others.partition_point(|key| key.bucket < bucket)
    }

    /// The bucket of each number, in order.
    pub(crate) fn bucket_of_parts(&self) -> impl Iterator<Item = u32> {
        let buckets = 0..self.first.len() as u32;
        buckets.chain(self.others.iter().map(|key| key.bucket))
    }
}
