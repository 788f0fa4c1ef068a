//! The bucket-level keys that each arm's requests meet.

use crate::encryption::keys::Keyring;

/// All bucket-level keys, arm by arm. Arms that agree about who writes what under which key share them.
pub(super) struct ArmKeys {
    pub(super) keyrings: Vec<Keyring>,
    /// For each arm the index of its keyring; `None` if no request ever finds a key in memory.
    pub(super) of_arm: Vec<Option<usize>>,
}

impl ArmKeys {
    /// The keys of an arm.
    pub(super) fn keyring(&self, arm: usize) -> Option<&Keyring> {
        self.of_arm[arm].map(|keyring| &self.keyrings[keyring])
    }
}
