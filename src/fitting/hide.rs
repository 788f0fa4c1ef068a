//! Names that cannot be told from what stands for them, unless one has the salt.
//!
//! A hash without a key would be undone by hashing every likely name. Here the salt keys a cascade of
//! `ChaCha8` blocks: the block under the key so far, with 32 bytes of text put into it, is the next key.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// Hides names, the same name always as the same.
#[derive(Clone, Debug)]
pub struct NameHider(Option<[u8; 32]>);

impl NameHider {
    /// Hides nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Hides everything under a salt.
    #[must_use]
    pub fn salted(salt: &str) -> Self {
        Self(Some(absorb([0x5a; 32], salt)))
    }

    /// Whether names are hidden.
    #[must_use]
    pub const fn hides(&self) -> bool {
        self.0.is_some()
    }

    /// A name, or a word for its kind with twelve hexadecimal digits.
    #[must_use]
    pub fn name(&self, kind: &str, name: &str) -> String {
        let digits = |key| format!("{kind}-{:012x}", number(key, kind, name) >> 16);
        self.0.map_or_else(|| name.to_owned(), digits)
    }

    /// An account, or twelve other digits.
    #[must_use]
    pub fn account(&self, account: &str) -> String {
        let digits = |key| format!("{:012}", number(key, "account", account) % 1_000_000_000_000);
        self.0.map_or_else(|| account.to_owned(), digits)
    }
}

fn number(key: [u8; 32], kind: &str, name: &str) -> u64 {
    ChaCha8Rng::from_seed(absorb(absorb(key, kind), name)).next_u64()
}

/// The key that follows `key` and a text: its length first, so that no text begins another.
fn absorb(key: [u8; 32], text: &str) -> [u8; 32] {
    let length = (text.len() as u64).to_le_bytes();
    std::iter::once(&length[..]).chain(text.as_bytes().chunks(32)).fold(key, |key, piece| {
        let mut mixed = key;
        mixed.iter_mut().zip(piece).for_each(|(byte, with)| *byte ^= with);
        let mut next = [0; 32];
        ChaCha8Rng::from_seed(mixed).fill_bytes(&mut next);
        next
    })
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
}
