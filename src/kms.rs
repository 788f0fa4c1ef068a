//! KMS's words: the calls S3 makes, and the quota they share.

pub mod accounts;

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

/// A KMS operation that S3 calls on a requester's behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KmsApi {
    /// Makes a data key, or a bucket-level key.
    GenerateDataKey,
    /// Unwraps a data key or a bucket-level key, or (documented for replicas, inferred for other
    /// writers) verifies a new one.
    Decrypt,
    /// Wraps a replica's data key.
    Encrypt,
}

impl KmsApi {
    /// Every call, in the order of tables and files.
    pub const ALL: [Self; 3] = [Self::GenerateDataKey, Self::Decrypt, Self::Encrypt];

    /// AWS's name of the call.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GenerateDataKey => "GenerateDataKey",
            Self::Decrypt => "Decrypt",
            Self::Encrypt => "Encrypt",
        }
    }
}

impl fmt::Display for KmsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Numbers of KMS calls by API: whole ones, or means over replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KmsCalls<N = u64> {
    /// Calls of `GenerateDataKey`.
    pub generate_data_key: N,
    /// Calls of Decrypt.
    pub decrypt: N,
    /// Calls of Encrypt.
    pub encrypt: N,
}

impl KmsCalls {
    /// No call.
    pub const NONE: Self = Self { generate_data_key: 0, decrypt: 0, encrypt: 0 };

    /// `count` calls of one API.
    #[must_use]
    pub const fn of(api: KmsApi, count: u64) -> Self {
        match api {
            KmsApi::GenerateDataKey => Self { generate_data_key: count, ..Self::NONE },
            KmsApi::Decrypt => Self { decrypt: count, ..Self::NONE },
            KmsApi::Encrypt => Self { encrypt: count, ..Self::NONE },
        }
    }

    /// As often as `count`.
    #[must_use]
    pub fn times(&self, count: u64) -> Self {
        self.map(|calls| calls * count)
    }
}

impl<N: Copy> KmsCalls<N> {
    /// Calls of one API.
    #[must_use]
    pub const fn get(&self, api: KmsApi) -> N {
        match api {
            KmsApi::GenerateDataKey => self.generate_data_key,
            KmsApi::Decrypt => self.decrypt,
            KmsApi::Encrypt => self.encrypt,
        }
    }

    /// The same with each number changed.
    #[must_use]
    pub fn map<M>(&self, change: impl Fn(N) -> M) -> KmsCalls<M> {
        KmsCalls {
            generate_data_key: change(self.generate_data_key),
            decrypt: change(self.decrypt),
            encrypt: change(self.encrypt),
        }
    }
}

impl<N: Copy + Sum> KmsCalls<N> {
    /// Calls of all APIs together.
    #[must_use]
    pub fn total(&self) -> N {
        [self.generate_data_key, self.decrypt, self.encrypt].into_iter().sum()
    }
}

impl<N: AddAssign> AddAssign for KmsCalls<N> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.generate_data_key += other.generate_data_key;
        self.decrypt += other.decrypt;
        self.encrypt += other.encrypt;
    }
}

impl Sum for KmsCalls {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::NONE, |mut sum, calls| {
            sum += calls;
            sum
        })
    }
}

/// Where the quotas are from, and of when that is: a copy of the page no older than that day, whose
/// table has these numbers. (Its prose still has 10,000 for London and Singapore.)
pub const QUOTA_SOURCE: &str = "AWS KMS Developer Guide, request quotas, since 27 April 2026, \
    https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html";

/// Of the quota, what keys in one custom key store may take, in calls a second; it cannot be raised for
/// a store in AWS `CloudHSM`. Such calls count towards both. bks does not model custom key stores.
///
/// Source: [`QUOTA_SOURCE`].
pub const KEY_STORE_QUOTA_PER_S: u64 = 1_800;

/// The request quota of an account in `region` for symmetric cryptographic operations, in calls a
/// second; all of them share it, and it is adjustable.
///
/// Source: [`QUOTA_SOURCE`].
#[must_use]
pub fn request_quota_per_s(region: &str) -> u64 {
    match region {
        "us-east-1" | "us-west-2" | "eu-west-1" => 100_000,
        "us-east-2" | "ap-southeast-1" | "ap-southeast-2" | "ap-northeast-1" | "eu-central-1"
        | "eu-west-2" => 20_000,
        _ => 10_000,
    }
}
