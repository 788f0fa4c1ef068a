//! Names that cannot be linked to what stands for them, unless one has the salt.
//!
//! A hash without a key would be undone by hashing every likely name, so each name is replaced by its
//! HMAC-SHA-256 (RFC 2104) under the salt.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Hides names, the same name always as the same.
#[derive(Clone, Debug)]
pub struct NameHider(Option<Hmac<Sha256>>);

impl NameHider {
    /// Hides nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Hides everything under a salt.
    pub(crate) fn salted(salt: &str) -> Self {
        Self(Some(Hmac::new_from_slice(salt.as_bytes()).expect("any length is a key")))
    }

    /// Whether names are hidden.
    pub(crate) const fn hides(&self) -> bool {
        self.0.is_some()
    }

    /// A name, or a word for its kind with twelve hexadecimal digits.
    pub(crate) fn name(&self, kind: &str, name: &str) -> String {
        match self.hash(kind, name) {
            Some(hash) => format!("{kind}-{:012x}", hash >> 16),
            None => name.to_owned(),
        }
    }

    /// An account, or twelve other digits.
    pub(crate) fn account(&self, account: &str) -> String {
        match self.hash("account", account) {
            Some(hash) => format!("{:012}", hash % 1_000_000_000_000),
            None => account.to_owned(),
        }
    }

    /// The first 64 bits of the HMAC of a name of a kind; a NUL ends the kind.
    fn hash(&self, kind: &str, name: &str) -> Option<u64> {
        let mut mac = self.0.clone()?;
        for part in [kind, "\0", name] {
            mac.update(part.as_bytes());
        }
        let hash = mac.finalize().into_bytes();
        hash.first_chunk().copied().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hidden_by_the_salt_and_stay_apart() {
        let (one, other) = (NameHider::salted("one"), NameHider::salted("other"));
        assert_eq!(one.name("bucket", "lake"), one.name("bucket", "lake"));
        assert_ne!(one.name("bucket", "lake"), other.name("bucket", "lake"));
        assert_ne!(one.name("bucket", "lake"), one.name("bucket", "lakes"));
        assert_ne!(one.name("bucket", "lake")[7..], one.name("role", "lake")[5..]);
        let account = one.account("111122223333");
        assert!(account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()), "{account}");
        assert_ne!(account, "111122223333");
        assert_eq!(NameHider::none().name("bucket", "lake"), "lake");
    }

    /// `printf 'bucket\0lake' | openssl dgst -sha256 -hmac pepper` begins with these digits.
    #[test]
    fn a_hidden_name_is_the_hmac_that_openssl_computes() {
        assert_eq!(NameHider::salted("pepper").name("bucket", "lake"), "bucket-5ab8e8d24c4f");
    }
}
