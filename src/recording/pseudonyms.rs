//! Names that cannot be linked to what stands for them, unless one has the salt.
//!
//! A hash without a key would be undone by hashing every likely name, so each name is replaced by its
//! HMAC-SHA-256 (RFC 2104) under the salt.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::names::{ANONYMOUS, CANONICAL, NAMELESS, NO_ACCOUNT, UNKNOWN, UNNAMED};
use crate::s3::{DIRECTORY_SUFFIX, IdentityKind, Principal};

/// Hides names, the same name always as the same.
#[derive(Clone, Default)]
pub struct NameHider(Option<Hmac<Sha256>>);

/// Says whether it hides, and nothing of the salt.
impl fmt::Debug for NameHider {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("NameHider").field(&self.hides()).finish()
    }
}

impl NameHider {
    /// Hides everything under a salt.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn salted(salt: &str) -> Self {
        Self(Some(Hmac::new_from_slice(salt.as_bytes()).expect("any length is a key")))
    }

    /// Whether names are hidden.
    pub(crate) const fn hides(&self) -> bool {
        self.0.is_some()
    }

    /// What tells this salt from others, if names are hidden.
    pub(crate) fn mark(&self) -> Option<String> {
        self.hides().then(|| self.name("salt", ""))
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
            Some(hash) if account != NO_ACCOUNT => format!("{:012}", hash % 1_000_000_000_000),
            _ => account.to_owned(),
        }
    }

    /// A bucket, which stays a directory bucket if it is one.
    pub(crate) fn bucket(&self, bucket: &str) -> String {
        let is_directory = self.hides() && bucket.ends_with(DIRECTORY_SUFFIX);
        match bucket {
            UNNAMED => UNNAMED.to_owned(),
            _ => self.name("bucket", bucket) + if is_directory { DIRECTORY_SUFFIX } else { "" },
        }
    }

    /// A part of a bucket: what its keys begin with, a slash at the end. That they begin with nothing of the
    /// kind stays to be seen.
    pub(crate) fn prefix(&self, prefix: &str) -> String {
        match prefix.strip_suffix('/') {
            Some(_) if self.hides() => self.name("prefix", prefix) + "/",
            _ => prefix.to_owned(),
        }
    }

    /// A session's name; empty for those who have none.
    pub(crate) fn session(&self, session: &str) -> String {
        if session.is_empty() { String::new() } else { self.name("session", session) }
    }

    /// Who asked. An AWS service is nobody's secret, and some of them decide what is billed.
    pub(crate) fn principal(&self, principal: &Principal) -> Principal {
        let Principal { account, identity } = principal;
        let identity = match identity {
            IdentityKind::Role(name) => IdentityKind::Role(self.name("role", name)),
            IdentityKind::User(name) => IdentityKind::User(self.name("user", name)),
            IdentityKind::Service(name) => IdentityKind::Service(self.other_requester(name)),
        };
        Principal { account: self.account(account), identity }
    }

    /// The name of whoever is neither a role nor a user.
    fn other_requester(&self, name: &str) -> String {
        let says_nothing = [ANONYMOUS, UNKNOWN, NAMELESS].contains(&name);
        if says_nothing || !self.hides() || is_aws_service(name) {
            return name.to_owned();
        }
        match name.strip_prefix(CANONICAL) {
            Some(id) => format!("{CANONICAL}{}", self.name("id", id)),
            None => self.name("requester", name),
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

/// Whether a name is that of a service of AWS.
pub(crate) fn is_aws_service(name: &str) -> bool {
    const ENDS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".aws.internal"];
    let plain = name.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte));
    let is_plain = plain.count() == name.len();
    name == "AmazonS3" || is_plain && ENDS.iter().any(|end| name.ends_with(end))
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
        assert_eq!(NameHider::default().name("bucket", "lake"), "lake");
    }

    /// `printf 'bucket\0lake' | openssl dgst -sha256 -hmac pepper` begins with these digits.
    #[test]
    fn a_hidden_name_is_the_hmac_that_openssl_computes() {
        assert_eq!(NameHider::salted("pepper").name("bucket", "lake"), "bucket-5ab8e8d24c4f");
    }

    /// What decides a figure is the same after as before; what names anybody is not.
    #[test]
    fn what_a_name_says_of_its_kind_stays() {
        let hider = NameHider::salted("pepper");
        assert_eq!(hider.account(NO_ACCOUNT), NO_ACCOUNT);
        assert!(hider.bucket("logs--use1-az4--x-s3").ends_with("--x-s3"));
        assert!(!hider.bucket("logs--use1-az4--x-s3").contains("use1"));
        assert_eq!(hider.prefix("").as_str(), "");
        assert!(hider.prefix("invoices/").starts_with("prefix-"));
        for kept in ["cloudtrail.amazonaws.com", ANONYMOUS, UNKNOWN] {
            assert_eq!(hider.other_requester(kept), kept);
        }
        let made_up = ["acme.example/x.amazonaws.com", "arn:aws:iam::111122223333:root"];
        for hidden in made_up {
            assert!(hider.other_requester(hidden).starts_with("requester-"), "{hidden}");
        }
        let canonical = hider.other_requester(&format!("{CANONICAL}79a59df900b949e5"));
        assert!(canonical.starts_with(CANONICAL) && !canonical.contains("79a5"), "{canonical}");
        assert_eq!(format!("{hider:?}"), "NameHider(true)");
    }
}
