//! KMS's words: the calls S3 makes, and the quota they share.

pub mod accounts;

use std::fmt;
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

/// Numbers of KMS calls by API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KmsCalls([u64; KmsApi::ALL.len()]);

impl KmsCalls {
    /// No call.
    pub const NONE: Self = Self([0; KmsApi::ALL.len()]);

    /// `count` calls of one API.
    #[must_use]
    pub const fn of(api: KmsApi, count: u64) -> Self {
        let mut calls = [0; KmsApi::ALL.len()];
        calls[api as usize] = count;
        Self(calls)
    }

    /// Calls of one API.
    #[must_use]
    pub const fn get(&self, api: KmsApi) -> u64 {
        self.0[api as usize]
    }

    /// As often as `count`.
    #[must_use]
    pub fn times(&self, count: u64) -> Self {
        Self(self.0.map(|calls| calls * count))
    }

    /// Calls of all APIs together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl AddAssign for KmsCalls {
    fn add_assign(&mut self, other: Self) {
        for (mine, more) in self.0.iter_mut().zip(other.0) {
            *mine += more;
        }
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
