//! Acts of the network's authority that change who validates, who has the authority, and which rules hold.

use super::{AUTHORITY, World, bank, single};
use seaway_model::Model;
use seaway_types::instruction::admin::{Admin, ScheduleUpgrade, SetAuthority, SetValidators};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::signature::{Ed25519Signature, Evidence, public_key, sign};
use seaway_types::state::{Validator, ValidatorSet, possession_message};
use seaway_types::time::Height;

/// A key that everybody can sign with: the neutral point.
fn unusable() -> PublicKey {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    PublicKey::Ed25519(neutral)
}

/// Secret keys of those who have the authority now. Nobody signs with keys that are not theirs any more.
pub(super) fn authority(model: &Model) -> Vec<[u8; 32]> {
    let theirs = |secret: &&[u8; 32]| model.authority.keys().contains(&public_key(secret));
    AUTHORITY.iter().filter(theirs).copied().collect()
}

impl World {
    /// Its authority also changes the validators, itself and the rules: not for a network whose validators are real.
    pub fn governed(mut self) -> Self {
        // Some worlds are full of it, so that one act meets another.
        self.governed = if self.chance(8) { 60 } else { 2 };
        let mut participants = std::mem::take(&mut self.genesis.participants).into_inner();
        // The last one never has the role, so that a set that names it is refused.
        for (_, participant) in participants.iter_mut().filter(|(bic, _)| *bic != bank(3)) {
            participant.roles.validator = true;
        }
        self.genesis.participants = participants.try_into().unwrap();
        self
    }

    pub(super) fn government(&mut self, model: &Model) -> Admin {
        match self.roll(0, 9) {
            0..=5 => Admin::SetValidators(SetValidators { validators: self.some_validators() }),
            6..=7 => {
                let [first, second] = AUTHORITY.map(|secret| public_key(&secret));
                let authority = match self.roll(0, 9) {
                    0 => KeyPolicy::single(unusable()),
                    1..=3 => single(AUTHORITY[self.roll(0, 1) as usize]),
                    4..=6 => KeyPolicy::new(1, &[first, second]).unwrap(),
                    _ => KeyPolicy::new(2, &[first, second]).unwrap(),
                };
                Admin::SetAuthority(SetAuthority { authority })
            }
            _ => {
                let height = Height(model.height.0 + self.roll(0, 40));
                Admin::ScheduleUpgrade(ScheduleUpgrade { version: self.roll(2, 4) as u32, height })
            }
        }
    }

    fn some_validators(&mut self) -> ValidatorSet {
        let count = self.roll(0, 4);
        let mut set: Vec<Validator> = (0..count).map(|n| self.some_validator(n as usize)).collect();
        if self.chance(90) {
            set.sort_by_key(|validator| validator.key);
        }
        ValidatorSet(set.try_into().unwrap())
    }

    fn some_validator(&mut self, n: usize) -> Validator {
        if self.chance(3) {
            // Everybody can sign with it: both sides of the equation are the neutral point.
            let mut signature = [0; 64];
            signature[0] = 1;
            let possession = Evidence::Ed25519(Ed25519Signature(signature));
            return Validator { bic: bank(n), key: unusable(), power: 1, possession };
        }
        let bic = if self.chance(10) { self.some_bank() } else { bank(n) };
        let mut secret = [0xd0; 32];
        secret[0] = self.roll(0, 40) as u8;
        let key = public_key(&secret);
        let power = match self.roll(0, 29) {
            0 => 0,
            1 => 1_000_000_001,
            2 => 1_000_000_000,
            _ => self.roll(1, 100),
        };
        let message = possession_message("model".parse().unwrap(), bic, &key);
        Validator { bic, key, power, possession: sign(&secret, &message).evidence }
    }
}
