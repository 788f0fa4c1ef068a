//! What an experiment is asked to settle.

use std::collections::BTreeSet;

use crate::calibration::calls::ObjectOperation;
use crate::named_enum::named_enum;

named_enum! {
    /// What can be settled.
    pub Learnt {
        /// How long a key wraps new objects.
        GenerationLifetime = "generation_lifetime",
        /// How long a key stays in memory for reads.
        CacheLifetime = "cache_lifetime",
        /// Whether that runs from the fetch or from the last use.
        Expiry = "expiry",
        /// Parts of S3 that generate keys of their own.
        WritePartitions = "write_partitions",
        /// Parts of S3 that cache keys on their own.
        ReadPartitions = "read_partitions",
        /// Whether a new key is verified.
        VerifyOnWrite = "verify_on_write",
        /// Who is one requester.
        RequesterRule = "requester_rule",
        /// Whether a session policy makes a requester of its own.
        SessionPolicies = "session_policies",
        /// What the requests of an upload in parts call.
        Multipart = "multipart",
        /// What a GET of a part of an object calls.
        RangedReads = "ranged_reads",
        /// What a copy calls.
        Copies = "copies",
        /// What a HEAD with checksum mode calls.
        HeadChecksum = "head_checksum",
        /// What `UpdateObjectEncryption` calls.
        ReEncryption = "re_encryption",
    }
}

impl Learnt {
    /// Requests of which operations are sent for it, apart from plain PUTs and GETs.
    #[must_use]
    pub const fn operations(self) -> &'static [ObjectOperation] {
        use ObjectOperation as Of;
        match self {
            Self::Multipart => &[
                Of::CreateMultipartUpload,
                Of::UploadPart,
                Of::ListParts,
                Of::CompleteMultipartUpload,
            ],
            Self::RangedReads => &[Of::GetObject, Of::GetObjectRange],
            Self::Copies => &[Of::CopySource, Of::CopyDestination],
            Self::HeadChecksum => &[Of::HeadObjectChecksum],
            Self::ReEncryption => &[Of::UpdateObjectEncryption],
            _ => &[],
        }
    }

    /// Whether it takes writes under bucket keys. Reads take them, too: where nobody knows whether new keys are verified,
    /// their calls were told apart wrongly (with one write, cache lifetimes of twice the truth).
    const fn takes_writes(self) -> bool {
        self.takes_reads()
            || matches!(
                self,
                Self::GenerationLifetime
                    | Self::WritePartitions
                    | Self::VerifyOnWrite
                    | Self::RequesterRule
                    | Self::SessionPolicies
            )
    }

    /// Whether it takes reads under bucket keys.
    const fn takes_reads(self) -> bool {
        matches!(self, Self::CacheLifetime | Self::Expiry | Self::ReadPartitions)
    }
}

/// What is asked, at least one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentQuestion(BTreeSet<Learnt>);

impl ExperimentQuestion {
    /// Asks for all of `asked`, or for everything if there are none.
    #[must_use]
    pub fn new(asked: &[Learnt]) -> Self {
        let asked = if asked.is_empty() { &Learnt::ALL[..] } else { asked };
        Self(asked.iter().copied().collect())
    }

    /// Whether it asks for `learnt`.
    #[must_use]
    pub fn asks(&self, learnt: Learnt) -> bool {
        self.0.contains(&learnt)
    }

    /// What is asked, in order.
    pub fn asked(&self) -> impl Iterator<Item = Learnt> + Clone {
        self.0.iter().copied()
    }

    /// What is not asked, in order.
    pub fn not_asked(&self) -> impl Iterator<Item = Learnt> {
        Learnt::ALL.into_iter().filter(|learnt| !self.asks(*learnt))
    }

    /// Whether sessions must write again and again.
    #[must_use]
    pub fn takes_writes(&self) -> bool {
        self.asked().any(Learnt::takes_writes)
    }

    /// Whether a session must read again and again.
    #[must_use]
    pub fn takes_reads(&self) -> bool {
        self.asked().any(Learnt::takes_reads)
    }
}
