//! The genesis document: what a network starts from, its hash, and the approvals of its validators.
//!
//! The hash covers the canonical bytes of the document without approvals, so that everyone can compare it before anyone
//! has signed. A node starts only from a document that passes [`GenesisDocument::check`] and is approved by validators with
//! more than two thirds of the voting power.

use crate::amount::Amount;
use crate::asset::{Asset, AssetBook, AssetId};
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::calendar::{Calendar, CalendarError};
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::instruction::NetworkId;
use crate::instruction::admin::{OpenAccount, SetThreshold, SetTierLimits};
use crate::keys::{KeyPolicy, PublicKey};
use crate::limits::{ASSETS_MAX, GENESIS_ACCOUNTS_MAX, PARTICIPANTS_MAX, RULES_VERSION, VALIDATORS_MAX};
use crate::signature::{SignatureCheck, SignatureEntry, failed_in};
use crate::state::{CalendarKey, Participant, Timing, ValidatorSet, ValidatorSetError, possession_message};
use crate::time::BlockTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Spans of time that the replicas' consensus reads, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsensusTiming {
    /// How far a proposal's time may lie from the clock of who receives it live.
    pub clock_bound_ms: u64,
    /// How long a quiet network waits before an empty block.
    pub idle_block_ms: u64,
    /// How long to wait for a proposal in round 0.
    pub propose_ms: u64,
    /// How long to wait for prevotes.
    pub prevote_ms: u64,
    /// How long to wait for precommits.
    pub precommit_ms: u64,
    /// Longest that any of these grows to in later rounds.
    pub timeout_max_ms: u64,
}

/// An account that exists from the start, with what it holds. Opening balances count as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisAccount {
    /// As an opening instruction would say.
    pub open: OpenAccount,
    /// What it holds, each asset once, in rising order.
    pub balances: Bounded<(AssetId, Amount), ASSETS_MAX>,
}

/// See the module. Lists stand in rising order of their keys, so that one network has one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisDocument {
    /// The network.
    pub network: NetworkId,
    /// Block time of height 0.
    pub time: BlockTime,
    /// Version of the execution rules.
    pub version: u32,
    /// True when the secret keys are published, as for a devnet: nodes refuse to run it off loopback.
    pub keys_are_published: bool,
    /// The network's authority.
    pub authority: KeyPolicy,
    /// Spans of time that the ledger reads.
    pub timing: Timing,
    /// Spans of time that consensus reads.
    pub consensus: ConsensusTiming,
    /// Assets; their ids are their positions, from 1.
    pub assets: Bounded<Asset, ASSETS_MAX>,
    /// Calendars.
    pub calendars: Bounded<(CalendarKey, Calendar), ASSETS_MAX>,
    /// Participants.
    pub participants: Bounded<(Bic, Participant), PARTICIPANTS_MAX>,
    /// Limits of tiers.
    pub tier_limits: Bounded<SetTierLimits, ASSETS_MAX>,
    /// Thresholds from which credits wait.
    pub thresholds: Bounded<SetThreshold, ASSETS_MAX>,
    /// Accounts.
    pub accounts: Bounded<GenesisAccount, GENESIS_ACCOUNTS_MAX>,
    /// Validators.
    pub validators: ValidatorSet,
}

/// A document with the approvals of its validators, in rising order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedGenesis {
    /// The document.
    pub document: GenesisDocument,
    /// Signatures over [`GenesisDocument::approval_message`].
    pub approvals: Bounded<SignatureEntry, VALIDATORS_MAX>,
}

/// What is wrong with a genesis document. `field` is the path of what failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// A value that cannot stand.
    #[error("{field}: '{value}' is refused; expected {expected}")]
    Field {
        /// Path of the field.
        field: String,
        /// The value.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// A calendar that contradicts itself.
    #[error("{field}: {problem}")]
    Calendar {
        /// Path of the calendar.
        field: String,
        /// The problem.
        problem: CalendarError,
    },
    /// A set of validators that cannot be.
    #[error("validators: {0}")]
    Validators(#[from] ValidatorSetError),
    /// A validator that does not prove its key.
    #[error("validators: {bic} does not prove that it holds {key}")]
    Possession {
        /// The validator.
        bic: Bic,
        /// The key.
        key: PublicKey,
    },
    /// An approval by no validator, twice, out of order, or with a bad signature.
    #[error("approvals: the one of {key} is no valid approval of a validator, or stands out of order")]
    Approval {
        /// The key.
        key: PublicKey,
    },
    /// Not enough voting power approves.
    #[error("approvals: voting power {power} of {total} approves; more than two thirds are needed")]
    Quorum {
        /// Power that approves.
        power: u64,
        /// Power in all.
        total: u64,
    },
}

fn refuse(field: String, value: impl std::fmt::Display, expected: &str) -> GenesisError {
    GenesisError::Field { field, value: value.to_string(), expected: expected.to_owned() }
}

fn usable(field: &str, policy: &KeyPolicy) -> Result<(), GenesisError> {
    match policy.unusable_key() {
        Some(key) => {
            Err(refuse(field.to_owned(), key, "a key that somebody can hold alone: a point, and not of small order"))
        }
        None => Ok(()),
    }
}

impl GenesisDocument {
    /// The hash of the document.
    pub fn hash(&self) -> Hash32 {
        Domain::Genesis.hash(&codec::encode(self))
    }

    /// What a validator signs to approve the document.
    pub fn approval_message(&self) -> [u8; 32] {
        Domain::GenesisApproval.hash(self.hash().as_bytes()).0
    }

    /// The hash's first 80 bits in five groups, to read aloud.
    pub fn fingerprint(&self) -> String {
        let digits = self.hash().to_string();
        digits.as_bytes().chunks(4).take(5).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// The assets by id.
    pub fn asset_book(&self) -> AssetBook {
        AssetBook::new((1..).map(AssetId).zip(self.assets.iter().cloned()).collect())
    }

    /// Checks everything that can be checked without approvals.
    pub fn check(&self) -> Result<(), GenesisError> {
        if self.version != RULES_VERSION {
            return Err(refuse(
                "version".to_owned(),
                self.version,
                &format!("{RULES_VERSION}, the version of the rules that this program knows"),
            ));
        }
        self.check_spans()?;
        usable("authority", &self.authority)?;
        let participants = self.check_participants()?;
        self.check_assets(&participants)?;
        self.check_parameters()?;
        self.check_accounts(&participants)?;
        self.check_validators(&participants)
    }

    fn check_spans(&self) -> Result<(), GenesisError> {
        let timing = &self.timing;
        let consensus = &self.consensus;
        let spans = [
            ("timing.payment_validity_max_ms", timing.payment_validity_max_ms),
            ("timing.admin_validity_max_ms", timing.admin_validity_max_ms),
            ("timing.leaf_retention_ms", timing.leaf_retention_ms),
            ("timing.acceptance_window_ms", timing.acceptance_window_ms),
            ("timing.payment_retention_ms", timing.payment_retention_ms),
            ("consensus.clock_bound_ms", consensus.clock_bound_ms),
            ("consensus.idle_block_ms", consensus.idle_block_ms),
            ("consensus.propose_ms", consensus.propose_ms),
            ("consensus.prevote_ms", consensus.prevote_ms),
            ("consensus.precommit_ms", consensus.precommit_ms),
            ("consensus.timeout_max_ms", consensus.timeout_max_ms),
        ];
        const YEAR_MS: u64 = 366 * crate::limits::DAY_MS;
        match spans.iter().find(|(_, ms)| !(1..=YEAR_MS).contains(ms)) {
            Some((field, ms)) => Err(refuse((*field).to_owned(), ms, "1 ms to a year of milliseconds")),
            None => Ok(()),
        }
    }

    fn check_participants(&self) -> Result<BTreeMap<Bic, &Participant>, GenesisError> {
        let mut known: BTreeMap<Bic, &Participant> = BTreeMap::new();
        for (bic, participant) in &self.participants {
            if known.last_key_value().is_some_and(|(last, _)| last >= bic) {
                return Err(refuse(
                    format!("participants[{bic}].bic"),
                    bic,
                    "participants in rising order of BIC, each once",
                ));
            }
            let rising = participant.roles.supervisor_of.windows(2).all(|pair| pair.first() < pair.last());
            if !rising {
                return Err(refuse(
                    format!("participants[{bic}].supervisor_of"),
                    bic,
                    "jurisdictions in rising order, each once",
                ));
            }
            usable(&format!("participants[{bic}].policy"), &participant.policy)?;
            if participant.nodes.windows(2).any(|pair| pair.first() >= pair.last()) {
                return Err(refuse(format!("participants[{bic}].nodes"), bic, "keys in rising order, each once"));
            }
            known.insert(*bic, participant);
        }
        Ok(known)
    }

    fn check_assets(&self, participants: &BTreeMap<Bic, &Participant>) -> Result<(), GenesisError> {
        let (mut defaults, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (position, asset) in self.assets.iter().enumerate() {
            let field = |name: &str| format!("assets[{position}].{name}");
            if !participants.get(&asset.issuer).is_some_and(|issuer| issuer.roles.issuer && issuer.active) {
                return Err(refuse(field("issuer"), asset.issuer, "an active participant with the role issuer"));
            }
            if !asset.code_fits_kind() {
                return Err(refuse(
                    field("code"),
                    asset.code,
                    "ZZA to ZZY for points and securities, and only for them",
                ));
            }
            if !names.insert((asset.code, asset.issuer)) {
                return Err(refuse(field("code"), asset.code, "one asset for each code and issuer"));
            }
            if asset.is_default && !defaults.insert(asset.code) {
                return Err(refuse(field("is_default"), asset.code, "one default asset for each currency"));
            }
        }
        let mut last = None;
        for (key, calendar) in &self.calendars {
            let field = format!("calendars[{key:?}]");
            if last.is_some_and(|last| last >= *key) {
                return Err(refuse(field, format!("{key:?}"), "calendars in rising order, each once"));
            }
            if let CalendarKey::Asset(asset) = key
                && !self.has_asset(*asset)
            {
                return Err(refuse(field, asset, "an asset of this document"));
            }
            calendar.check().map_err(|problem| GenesisError::Calendar { field, problem })?;
            last = Some(*key);
        }
        Ok(())
    }

    fn has_asset(&self, asset: AssetId) -> bool {
        (1..=self.assets.len()).contains(&usize::from(asset.0))
    }

    fn check_parameters(&self) -> Result<(), GenesisError> {
        let mut last = None;
        for limits in &self.tier_limits {
            let key = (limits.asset, limits.tier);
            if !self.has_asset(limits.asset) || last.is_some_and(|last| last >= key) {
                return Err(refuse(
                    format!("tier_limits[{}, tier {}]", limits.asset, limits.tier.0),
                    limits.asset,
                    "known assets, with tiers in rising order, each once",
                ));
            }
            last = Some(key);
        }
        let mut last = None;
        for threshold in &self.thresholds {
            let key = (threshold.jurisdiction, threshold.asset);
            if !self.has_asset(threshold.asset)
                || threshold.threshold.is_none()
                || last.is_some_and(|last| last >= key)
            {
                return Err(refuse(
                    format!("thresholds[{}]", threshold.jurisdiction),
                    threshold.jurisdiction,
                    "known assets and amounts, in rising order, each once",
                ));
            }
            last = Some(key);
        }
        Ok(())
    }

    fn check_accounts(&self, participants: &BTreeMap<Bic, &Participant>) -> Result<(), GenesisError> {
        let mut last = None;
        let mut of_owner = BTreeMap::new();
        for account in &self.accounts {
            let open = &account.open;
            let field = |name: &str| format!("accounts[{}].{name}", open.account);
            if last.is_some_and(|last| last >= open.account) {
                return Err(refuse(field("account"), open.account, "accounts in rising order of id, each once"));
            }
            last = Some(open.account);
            usable(&field("owner"), &open.owner)?;
            if !participants.get(&open.agent).is_some_and(|agent| agent.roles.agent && agent.active) {
                return Err(refuse(field("agent"), open.agent, "an active participant with the role agent"));
            }
            let count = of_owner.entry((open.agent, open.owner_id)).or_insert(0usize);
            *count += 1;
            if *count > crate::limits::ACCOUNTS_PER_OWNER_MAX {
                return Err(refuse(field("owner_id"), open.owner_id, "at most 64 accounts of one holder"));
            }
            let mut last_asset = None;
            for (asset, amount) in &account.balances {
                if !self.has_asset(*asset) || amount.is_zero() || last_asset.is_some_and(|last| last >= *asset) {
                    return Err(refuse(
                        field("balances"),
                        asset,
                        "amounts above zero of known assets, in rising order, each once",
                    ));
                }
                last_asset = Some(*asset);
            }
        }
        Ok(())
    }

    fn check_validators(&self, participants: &BTreeMap<Bic, &Participant>) -> Result<(), GenesisError> {
        self.validators.check()?;
        let mut checks = Vec::new();
        for validator in &self.validators.0 {
            usable("validators", &KeyPolicy::single(validator.key))?;
            if !participants.get(&validator.bic).is_some_and(|known| known.roles.validator && known.active) {
                return Err(refuse(
                    "validators".to_owned(),
                    validator.bic,
                    "an active participant with the role validator",
                ));
            }
            let entry = SignatureEntry { key: validator.key, evidence: validator.possession };
            checks.push(SignatureCheck {
                entry,
                message: possession_message(self.network, validator.bic, &validator.key),
            });
        }
        match failed_in(&checks).first().and_then(|bad| self.validators.0.get(*bad)) {
            Some(bad) => Err(GenesisError::Possession { bic: bad.bic, key: bad.key }),
            None => Ok(()),
        }
    }
}

impl SignedGenesis {
    /// Checks document and approvals: what a node asks before it starts.
    pub fn check(&self) -> Result<(), GenesisError> {
        self.document.check()?;
        let message = self.document.approval_message();
        let checks: Vec<_> = self.approvals.iter().map(|entry| SignatureCheck { entry: *entry, message }).collect();
        if let Some(bad) = failed_in(&checks).first().and_then(|bad| self.approvals.get(*bad)) {
            return Err(GenesisError::Approval { key: bad.key });
        }
        let mut power = 0u64;
        let mut last: Option<PublicKey> = None;
        for entry in &self.approvals {
            let validator = self.document.validators.0.iter().find(|validator| validator.key == entry.key);
            match validator {
                Some(validator) if last.is_none_or(|last| last < entry.key) => {
                    power = power.saturating_add(validator.power)
                }
                _ => return Err(GenesisError::Approval { key: entry.key }),
            }
            last = Some(entry.key);
        }
        if self.document.validators.is_quorum(power) {
            Ok(())
        } else {
            Err(GenesisError::Quorum { power, total: self.document.validators.total_power() })
        }
    }
}
