//! Why KMS is called: every call has one cause.

use super::memory::Missed;

/// Why KMS is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// Bucket keys are off: each object has a key of its own.
    KeysOff,
    /// What is read was written without a bucket key.
    ObjectWithoutKey,
    /// What is written gets no bucket key, though they are on.
    WrittenWithoutKey,
    /// The requester reads something under this key for the first time.
    FirstRead,
    /// The key is held on other hosts that the requester meets, not on this one.
    ReadOnOtherHost,
    /// The key was held and is no more.
    ReadAgain,
    /// The session before held it, and each session is a requester by itself.
    ReadInNewSession,
    /// The requester writes to the bucket for the first time.
    FirstWrite,
    /// Other hosts that the requester meets have a key to wrap by, this one has not.
    WriteOnOtherHost,
    /// The time is over in which the key wraps new objects.
    NewKey,
    /// The session before had a key, and each session is a requester by itself.
    WriteInNewSession,
    /// S3 verifies a key that was just made (an assumption).
    Verification,
}

/// What is to be known of a cause.
struct CauseDescription {
    name: &'static str,
    title: &'static str,
    remedy: &'static str,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 12] = [
        Self::KeysOff,
        Self::ObjectWithoutKey,
        Self::WrittenWithoutKey,
        Self::FirstRead,
        Self::ReadOnOtherHost,
        Self::ReadAgain,
        Self::ReadInNewSession,
        Self::FirstWrite,
        Self::WriteOnOtherHost,
        Self::NewKey,
        Self::WriteInNewSession,
        Self::Verification,
    ];

    const fn description(self) -> CauseDescription {
        let (name, title, remedy) = match self {
            Self::KeysOff => (
                "keys-off",
                "each object has a key of its own: bucket keys are off",
                "turn bucket keys on",
            ),
            Self::ObjectWithoutKey => (
                "object-without-key",
                "the object read was written without a bucket key",
                "give it one by UpdateObjectEncryption; in a directory bucket PUT it, not copy it",
            ),
            Self::WrittenWithoutKey => (
                "written-without-key",
                "written without a bucket key: before they were on, by header, under DSSE-KMS, or copied in a directory \
                 bucket",
                "write without the header that switches bucket keys off; in a directory bucket PUT, not copy",
            ),
            Self::FirstRead => (
                "first-read",
                "the requester's first read under this key",
                "fewer requesters, or fewer keys: objects written together, or migrated",
            ),
            Self::ReadOnOtherHost => (
                "read-on-other-host",
                "another of S3's hosts holds the key, this one does not",
                "fewer connections, kept open",
            ),
            Self::ReadAgain => (
                "read-again",
                "the key is no longer in memory",
                "read again sooner, or read objects of the same time together",
            ),
            Self::ReadInNewSession => (
                "read-in-new-session",
                "the session before held the key",
                "longer sessions, or one that is shared",
            ),
            Self::FirstWrite => (
                "first-write",
                "the requester's first write to the bucket makes a key",
                "fewer requesters",
            ),
            Self::WriteOnOtherHost => (
                "write-on-other-host",
                "another of S3's hosts has a key to wrap by, this one makes one",
                "fewer connections, kept open",
            ),
            Self::NewKey => (
                "new-key",
                "the lifetime of the key before ended: a new one is made",
                "nothing of yours: S3 decides how long a key wraps",
            ),
            Self::WriteInNewSession => (
                "write-in-new-session",
                "the session before had a key, the new one makes its own",
                "longer sessions, or one that is shared",
            ),
            Self::Verification => (
                "verification",
                "S3 verifies the key that was just made",
                "whatever makes fewer keys",
            ),
        };
        CauseDescription { name, title, remedy }
    }

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.description().name
    }

    /// It in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.description().title
    }

    /// What would save such calls.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.description().remedy
    }

    pub(super) const fn of_read(missed: Missed) -> Self {
        match missed {
            Missed::Never => Self::FirstRead,
            Missed::OtherHost => Self::ReadOnOtherHost,
            Missed::Expired => Self::ReadAgain,
            Missed::OtherSession => Self::ReadInNewSession,
        }
    }

    pub(super) const fn of_write(missed: Missed) -> Self {
        match missed {
            Missed::Never => Self::FirstWrite,
            Missed::OtherHost => Self::WriteOnOtherHost,
            Missed::Expired => Self::NewKey,
            Missed::OtherSession => Self::WriteInNewSession,
        }
    }
}
