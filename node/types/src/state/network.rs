//! Participants, totals, validators and parameters of the network.

use crate::amount::Amount;
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::codec;
use crate::hash::Domain;
use crate::instruction::NetworkId;
use crate::keys::{KeyPolicy, PublicKey};
use crate::lei::Lei;
use crate::limits::{JURISDICTIONS_MAX, NODES_MAX, POWER_MAX, VALIDATOR_SETS_MAX, VALIDATORS_MAX};
use crate::mutant::{Mutant, seeded};
use crate::signature::Evidence;
use crate::state::account::Field;
use crate::text::Country;
use crate::time::Height;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an institution may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Roles {
    /// Runs a replica that votes.
    pub validator: bool,
    /// Services accounts.
    pub agent: bool,
    /// Stands behind assets.
    pub issuer: bool,
    /// Quotes exchange rates.
    pub dealer: bool,
    /// Supervises accounts whose agent is of these jurisdictions; rising order.
    pub supervisor_of: Bounded<Country, JURISDICTIONS_MAX>,
}

/// An institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Participant {
    /// Its legal entity identifier.
    pub lei: Option<Lei>,
    /// Where it is supervised.
    pub jurisdiction: Country,
    /// What it may do.
    pub roles: Roles,
    /// Who signs for it.
    pub policy: KeyPolicy,
    /// Identity keys of its nodes, which others let connect; rising order. They sign nothing on the ledger.
    pub nodes: Bounded<PublicKey, NODES_MAX>,
    /// False while it is suspended: nothing is paid from or to accounts that it services.
    pub active: bool,
}

/// Running totals of an asset, in minor units. Invariant after each block: the four parts sum to issued − redeemed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Totals {
    /// Issued since the genesis, genesis balances included.
    pub issued: u128,
    /// Redeemed since the genesis.
    pub redeemed: u128,
    /// Sum of available balances.
    pub available: u128,
    /// Sum of held balances.
    pub held: u128,
    /// Sum of balances in contracts.
    pub in_contracts: u128,
    /// Sum of balances in suspense.
    pub suspense: u128,
}

impl Totals {
    /// One part, to change.
    pub fn get_mut(&mut self, field: Field) -> &mut u128 {
        match field {
            Field::Available => &mut self.available,
            Field::Held => &mut self.held,
            Field::InContracts => &mut self.in_contracts,
            Field::Suspense => &mut self.suspense,
        }
    }

    /// One part.
    pub fn get(&self, field: Field) -> u128 {
        match field {
            Field::Available => self.available,
            Field::Held => self.held,
            Field::InContracts => self.in_contracts,
            Field::Suspense => self.suspense,
        }
    }

    /// Whether the parts sum to what was issued and not redeemed.
    pub fn balanced(&self) -> bool {
        let parts = Field::ALL.iter().try_fold(0u128, |sum, field| sum.checked_add(self.get(*field)));
        parts.is_some() && parts == self.issued.checked_sub(self.redeemed)
    }
}

/// The smallest amount of an asset that waits for acceptance in a jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Threshold(pub Amount);

/// A validator: its institution, its consensus key, its voting power, and the proof that it holds the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validator {
    /// The institution.
    pub bic: Bic,
    /// Its consensus key.
    pub key: PublicKey,
    /// Its voting power, 1 to 10^9.
    pub power: u64,
    /// Its signature over [`possession_message`].
    pub possession: Evidence,
}

/// What a validator signs to prove that it holds its consensus key.
pub fn possession_message(network: NetworkId, bic: Bic, key: &PublicKey) -> [u8; 32] {
    Domain::KeyPossession.hash(&codec::encode(&(network, bic, key))).0
}

/// Validators in rising order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValidatorSet(pub Bounded<Validator, VALIDATORS_MAX>);

/// A set of validators that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValidatorSetError {
    /// Nobody.
    #[error("the set of validators is empty")]
    Empty,
    /// Keys out of order, or one key twice.
    #[error("the keys of the validators do not rise at {bic}; each key stands once")]
    Unsorted {
        /// The validator.
        bic: Bic,
    },
    /// An institution twice.
    #[error("{bic} stands twice among the validators")]
    Twice {
        /// The institution.
        bic: Bic,
    },
    /// Power out of bounds.
    #[error("{bic} has voting power {power}; expected 1 to {POWER_MAX}")]
    Power {
        /// The validator.
        bic: Bic,
        /// Its power.
        power: u64,
    },
}

impl ValidatorSet {
    /// Checks order, uniqueness and power.
    pub fn check(&self) -> Result<(), ValidatorSetError> {
        if self.0.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut last: Option<&PublicKey> = None;
        for validator in &self.0 {
            let bic = validator.bic;
            if last.is_some_and(|last| *last >= validator.key) {
                return Err(ValidatorSetError::Unsorted { bic });
            }
            if !seen.insert(bic) {
                return Err(ValidatorSetError::Twice { bic });
            }
            if !(1..=POWER_MAX).contains(&validator.power) {
                return Err(ValidatorSetError::Power { bic, power: validator.power });
            }
            last = Some(&validator.key);
        }
        Ok(())
    }

    /// The validator with a consensus key.
    pub fn get(&self, key: &PublicKey) -> Option<&Validator> {
        let place = self.0.binary_search_by(|validator| validator.key.cmp(key)).ok()?;
        self.0.get(place)
    }

    /// The sum of voting power. Cannot overflow within the bounds of [`ValidatorSet::check`].
    pub fn total_power(&self) -> u64 {
        self.0.iter().fold(0, |sum, validator| sum.saturating_add(validator.power))
    }

    /// Whether some voting power is more than two thirds of all.
    pub fn is_quorum(&self, power: u64) -> bool {
        let needed = if seeded(Mutant::QuorumOfAThird) { 1 } else { 2 };
        u128::from(power) * 3 > u128::from(self.total_power()) * needed
    }
}

/// A set and the first height at which it votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduledSet {
    /// The first height.
    pub since: Height,
    /// The set.
    pub set: ValidatorSet,
}

/// The sets of validators that matter now: the one in force and those decided to follow. A set decided at height H acts
/// from H + 2, so at most three stand here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Validators(pub Bounded<ScheduledSet, VALIDATOR_SETS_MAX>);

impl Validators {
    /// The set that votes at a height.
    pub fn at(&self, height: Height) -> Option<&ValidatorSet> {
        self.0.iter().rev().find(|scheduled| scheduled.since <= height).map(|scheduled| &scheduled.set)
    }
}

/// A change of the execution rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upgrade {
    /// The version of the rules.
    pub version: u32,
    /// The first height under it.
    pub height: Height,
}

/// Spans of block time that the ledger reads, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timing {
    /// How far ahead `valid_until` of a payment may lie.
    pub payment_validity_max_ms: u64,
    /// How far ahead `valid_until` of an administrative instruction may lie.
    pub admin_validity_max_ms: u64,
    /// How long after its minute an instruction's leaf stays in the state tree.
    pub leaf_retention_ms: u64,
    /// How long a waiting credit waits.
    pub acceptance_window_ms: u64,
    /// How long a payment that had waited keeps its record after its end.
    pub payment_retention_ms: u64,
}

/// Parameters of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
    /// The network.
    pub network: NetworkId,
    /// The authority named in the genesis.
    pub authority: KeyPolicy,
    /// Spans of time.
    pub timing: Timing,
    /// How many assets are registered; their ids are 1 to this.
    pub asset_count: u16,
    /// Version of the execution rules in force.
    pub version: u32,
    /// The next version, when one is decided.
    pub upgrade: Option<Upgrade>,
}

impl Parameters {
    /// The version of the execution rules at a height.
    pub fn version_at(&self, height: Height) -> u32 {
        match self.upgrade {
            Some(upgrade) if upgrade.height <= height => upgrade.version,
            _ => self.version,
        }
    }
}
