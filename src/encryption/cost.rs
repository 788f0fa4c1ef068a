//! What a request costs under a scheme: which KMS calls each of its needs makes, and when.
//!
//! Everybody who counts calls asks here: S3's memory for requests one by one and in columns, and the
//! engine that draws no requests.

use super::service::{BucketScheme, Scheme};
use crate::kms::{KmsApi, KmsCalls};

/// What it costs to have one data key wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyCost {
    /// KMS is not asked.
    Nothing,
    /// These calls, each time; they name the object.
    EachTime(KmsCalls),
    /// These calls if the bucket-level key is not in memory; they name the bucket.
    UnlessInMemory(KmsCalls),
}

impl KeyCost {
    /// The calls, when they are made.
    #[inline]
    #[must_use]
    pub(crate) const fn calls(self) -> KmsCalls {
        match self {
            Self::Nothing => KmsCalls::NONE,
            Self::EachTime(calls) | Self::UnlessInMemory(calls) => calls,
        }
    }
}

impl Scheme {
    /// The cost of wrapping a new object's data key, which KMS makes by `api` if it is the object's own.
    /// `by_bucket_key` tells whether a bucket-level key may wrap it.
    #[inline]
    #[must_use]
    pub(crate) fn wrapping(&self, bucket: u32, api: KmsApi, by_bucket_key: bool) -> KeyCost {
        match self.buckets[bucket as usize] {
            BucketScheme::NoKms => KeyCost::Nothing,
            BucketScheme::BucketKey { .. } if by_bucket_key => {
                let mut calls = KmsCalls::of(KmsApi::GenerateDataKey, 1);
                calls += KmsCalls::of(KmsApi::Decrypt, self.assumptions.verify_on_write.into());
                KeyCost::UnlessInMemory(calls)
            }
            BucketScheme::KeyPerObject | BucketScheme::BucketKey { .. } => {
                KeyCost::EachTime(KmsCalls::of(api, 1))
            }
        }
    }
}

impl BucketScheme {
    /// The cost of unwrapping the data key of an object that is encrypted so. `by_bucket_key` tells
    /// whether a bucket-level key that may be in memory wraps it.
    #[inline]
    #[must_use]
    pub(crate) fn unwrapping(self, by_bucket_key: bool) -> KeyCost {
        let decrypt = KmsCalls::of(KmsApi::Decrypt, 1);
        match self {
            Self::NoKms => KeyCost::Nothing,
            Self::BucketKey { .. } if by_bucket_key => KeyCost::UnlessInMemory(decrypt),
            Self::KeyPerObject | Self::BucketKey { .. } => KeyCost::EachTime(decrypt),
        }
    }
}
