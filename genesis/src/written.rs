//! The genesis document as people write it.
//!
//! Lists may stand in any order; amounts and assets are written as `"1000.00 HKD"` and `"HKD@BIC"`. Labels name accounts in
//! tools and examples and are no part of the document that is hashed. Where `keys_are_published` is true, `"seed:LABEL"`
//! stands for a key, an account or an owner id that follows from the published seed.

use crate::calendar::{CalendarFault, WrittenCalendar};
use crate::seed;
use seaway_types::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId, AssetKind, Exponent};
use seaway_types::bic::Bic;
use seaway_types::bounded::{Bounded, TooMany};
use seaway_types::genesis::{ConsensusTiming, GenesisAccount, GenesisDocument, GenesisError, SignedGenesis};
use seaway_types::identifier::{AccountId, OwnerId};
use seaway_types::instruction::NetworkId;
use seaway_types::instruction::admin::{OpenAccount, SetThreshold, SetTierLimits};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::signature::{Ed25519Signature, Evidence, SignatureEntry, public_key};
use seaway_types::state::{
    AccountClass, CalendarKey, DebitAuthority, Participant, Roles, Tier, TierLimits, Timing, Validator, ValidatorSet,
};
use seaway_types::time::BlockTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use thiserror::Error;

/// Keys of which some must sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPolicy {
    /// How many must sign; absent for one.
    #[serde(default = "one")]
    pub threshold: u8,
    /// Public keys, as `ed25519:…` or `seed:LABEL`.
    pub keys: Vec<String>,
}

fn one() -> u8 {
    1
}

/// Spans of time that the ledger reads, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::state::Timing`.
pub struct WrittenTiming {
    pub payment_validity_max_ms: u64,
    pub admin_validity_max_ms: u64,
    pub leaf_retention_ms: u64,
    pub acceptance_window_ms: u64,
    pub payment_retention_ms: u64,
}

/// Spans of time that consensus reads, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::genesis::ConsensusTiming`.
pub struct WrittenConsensus {
    pub clock_bound_ms: u64,
    pub idle_block_ms: u64,
    pub propose_ms: u64,
    pub prevote_ms: u64,
    pub precommit_ms: u64,
    pub timeout_max_ms: u64,
}

/// An asset. Its id is its position, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::asset::Asset`.
pub struct WrittenAsset {
    pub code: String,
    pub exponent: u8,
    pub issuer: String,
    pub kind: AssetKind,
    #[serde(default)]
    pub is_default: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_max: Option<String>,
}

/// An institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::state::Participant`.
pub struct WrittenParticipant {
    pub bic: String,
    /// Its name, for readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lei: Option<String>,
    pub jurisdiction: String,
    /// Some of `validator`, `agent`, `issuer`, `dealer`.
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub supervisor_of: Vec<String>,
    /// Identity keys of its nodes, which others let connect.
    #[serde(default)]
    pub nodes: Vec<String>,
    pub policy: WrittenPolicy,
}

/// Limits of a tier in an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::state::TierLimits`.
pub struct WrittenTierLimits {
    pub asset: String,
    pub tier: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year_max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_max: Option<String>,
}

/// From which amount credits wait for acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::instruction::admin::SetThreshold`.
pub struct WrittenThreshold {
    pub jurisdiction: String,
    pub amount: String,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::instruction::admin::OpenAccount`.
pub struct WrittenAccount {
    /// A name for tools and examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub account: String,
    pub agent: String,
    pub owner_id: String,
    pub owner: WrittenPolicy,
    #[serde(default = "customer")]
    pub class: AccountClass,
    pub debit_authority: DebitAuthority,
    #[serde(default)]
    pub tier: u8,
    /// Opening balances, as `"1000.00 HKD"`.
    #[serde(default)]
    pub balances: Vec<String>,
}

fn customer() -> AccountClass {
    AccountClass::Customer
}

/// A validator that joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenValidator {
    /// The institution.
    pub bic: String,
    /// Its consensus key.
    pub key: String,
    /// Its voting power.
    pub power: u64,
    /// Its signature that it holds the key, 128 hexadecimal digits.
    pub possession: String,
}

/// A validator's approval of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenApproval {
    /// Its consensus key.
    pub key: String,
    /// Its signature, 128 hexadecimal digits.
    pub signature: String,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // As in `seaway_types::genesis::GenesisDocument`.
pub struct WrittenGenesis {
    pub network: String,
    pub time: String,
    pub version: u32,
    #[serde(default)]
    pub keys_are_published: bool,
    pub authority: WrittenPolicy,
    pub timing: WrittenTiming,
    pub consensus: WrittenConsensus,
    pub assets: Vec<WrittenAsset>,
    #[serde(default)]
    pub calendars: Vec<WrittenCalendar>,
    pub participants: Vec<WrittenParticipant>,
    #[serde(default)]
    pub tier_limits: Vec<WrittenTierLimits>,
    #[serde(default)]
    pub thresholds: Vec<WrittenThreshold>,
    #[serde(default)]
    pub accounts: Vec<WrittenAccount>,
    #[serde(default)]
    pub validators: Vec<WrittenValidator>,
    #[serde(default)]
    pub approvals: Vec<WrittenApproval>,
}

/// What is wrong with a written document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WrittenError {
    /// No TOML, or fields missing or unknown; the text names line and column.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be read.
    #[error("{field}: '{value}' is refused; {problem}")]
    Field {
        /// Path of the field.
        field: String,
        /// The value.
        value: String,
        /// What is wrong.
        problem: String,
    },
    /// A document that contradicts itself.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

fn field(path: String, value: &str, problem: impl Display) -> WrittenError {
    WrittenError::Field { field: path, value: value.to_owned(), problem: problem.to_string() }
}

/// Reads a value, naming its field when it cannot be read.
fn read<T: FromStr<Err: Display>>(path: String, text: &str) -> Result<T, WrittenError> {
    text.parse().map_err(|problem: T::Err| field(path, text, problem))
}

fn bounded<T, const MAX: usize>(path: &str, list: Vec<T>) -> Result<Bounded<T, MAX>, WrittenError> {
    Bounded::new(list).map_err(|many: TooMany| field(path.to_owned(), &many.length.to_string(), many))
}

impl WrittenGenesis {
    /// Reads TOML.
    pub fn parse(text: &str) -> Result<Self, WrittenError> {
        toml::from_str(text).map_err(|error| WrittenError::Toml(error.to_string()))
    }

    /// Writes TOML.
    pub fn to_toml(&self) -> Result<String, WrittenError> {
        toml::to_string(self).map_err(|error| WrittenError::Toml(error.to_string()))
    }

    /// The canonical document with its approvals. Checks form; [`SignedGenesis::check`] checks the rest.
    pub fn signed(&self) -> Result<SignedGenesis, WrittenError> {
        let mut approvals = Vec::with_capacity(self.approvals.len());
        for (n, approval) in self.approvals.iter().enumerate() {
            let key: PublicKey = read(format!("approvals[{n}].key"), &approval.key)?;
            let evidence = Evidence::Ed25519(read(format!("approvals[{n}].signature"), &approval.signature)?);
            approvals.push(SignatureEntry { key, evidence });
        }
        approvals.sort_unstable();
        Ok(SignedGenesis { document: self.document()?, approvals: bounded("approvals", approvals)? })
    }

    /// The canonical document.
    pub fn document(&self) -> Result<GenesisDocument, WrittenError> {
        let assets = self.assets()?;
        let book = AssetBook::new((1..).map(AssetId).zip(assets.iter().cloned()).collect());
        let WrittenTiming { payment_validity_max_ms, admin_validity_max_ms, leaf_retention_ms, .. } = self.timing;
        let WrittenTiming { acceptance_window_ms, payment_retention_ms, .. } = self.timing;
        let WrittenConsensus { clock_bound_ms, idle_block_ms, propose_ms, prevote_ms, precommit_ms, timeout_max_ms } =
            self.consensus;
        let network: NetworkId = read("network".to_owned(), &self.network)?;
        let time: BlockTime = read("time".to_owned(), &self.time)?;
        Ok(GenesisDocument {
            network,
            time,
            version: self.version,
            keys_are_published: self.keys_are_published,
            authority: self.policy("authority", &self.authority)?,
            timing: Timing {
                payment_validity_max_ms,
                admin_validity_max_ms,
                leaf_retention_ms,
                acceptance_window_ms,
                payment_retention_ms,
            },
            consensus: ConsensusTiming {
                clock_bound_ms,
                idle_block_ms,
                propose_ms,
                prevote_ms,
                precommit_ms,
                timeout_max_ms,
            },
            calendars: bounded("calendars", self.calendars(&book)?)?,
            participants: bounded("participants", self.participants()?)?,
            tier_limits: bounded("tier_limits", self.tier_limits(&book)?)?,
            thresholds: bounded("thresholds", self.thresholds(&book)?)?,
            accounts: bounded("accounts", self.accounts(&book)?.into_iter().map(|(_, account)| account).collect())?,
            validators: ValidatorSet(bounded("validators", self.validators()?)?),
            assets: bounded("assets", assets)?,
        })
    }

    /// Accounts by their labels.
    pub fn labels(&self) -> Result<BTreeMap<String, AccountId>, WrittenError> {
        let book = AssetBook::new((1..).map(AssetId).zip(self.assets()?).collect());
        let mut labels = BTreeMap::new();
        for (label, account) in self.accounts(&book)? {
            let Some(label) = label else { continue };
            if let Some(other) = labels.insert(label.clone(), account.open.account) {
                let problem = format!("{other} and {} both have it", account.open.account);
                return Err(field("accounts.label".to_owned(), &label, problem));
            }
        }
        Ok(labels)
    }

    /// The label behind `seed:`, where such may stand.
    fn seeded<'t>(&self, path: &str, text: &'t str) -> Result<Option<&'t str>, WrittenError> {
        match text.strip_prefix(seed::PREFIX) {
            Some(label) if self.keys_are_published => Ok(Some(label)),
            Some(_) => Err(field(path.to_owned(), text, "seed: may stand only where keys_are_published = true")),
            None => Ok(None),
        }
    }

    fn key(&self, path: String, text: &str) -> Result<PublicKey, WrittenError> {
        match self.seeded(&path, text)? {
            Some(label) => Ok(public_key(&seed::secret_key(label))),
            None => read(path, text),
        }
    }

    fn policy(&self, path: &str, written: &WrittenPolicy) -> Result<KeyPolicy, WrittenError> {
        let keys = written.keys.iter().enumerate().map(|(n, text)| self.key(format!("{path}.keys[{n}]"), text));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        KeyPolicy::new(written.threshold, &keys)
            .map_err(|problem| field(format!("{path}.threshold"), &written.threshold.to_string(), problem))
    }

    fn assets(&self) -> Result<Vec<Asset>, WrittenError> {
        bounded::<_, { seaway_types::limits::ASSETS_MAX }>("assets", self.assets.iter().collect())?;
        let mut assets: Vec<Asset> = Vec::with_capacity(self.assets.len());
        for (n, written) in self.assets.iter().enumerate() {
            let path = |name: &str| format!("assets[{n}].{name}");
            let exponent = Exponent::new(written.exponent).ok_or_else(|| {
                field(path("exponent"), &written.exponent.to_string(), "expected 0, 2, 3 or 4 as in ISO 4217")
            })?;
            let payment_max = written.payment_max.as_ref().map(|text| {
                Amount::parse_major(text, exponent).map_err(|problem| field(path("payment_max"), text, problem))
            });
            assets.push(Asset {
                code: read(path("code"), &written.code)?,
                exponent,
                issuer: read(path("issuer"), &written.issuer)?,
                kind: written.kind,
                is_default: written.is_default,
                enabled: true,
                payment_max: payment_max.transpose()?,
            });
        }
        Ok(assets)
    }

    fn calendars(&self, book: &AssetBook) -> Result<Vec<(CalendarKey, seaway_types::Calendar)>, WrittenError> {
        let mut calendars = Vec::with_capacity(self.calendars.len());
        for (n, written) in self.calendars.iter().enumerate() {
            let path = |name: &str| format!("calendars[{n}].{name}");
            let key = match (&written.asset, &written.jurisdiction) {
                (Some(name), None) => CalendarKey::Asset(asset(book, path("asset"), name)?),
                (None, Some(country)) => CalendarKey::Jurisdiction(read(path("jurisdiction"), country)?),
                _ => {
                    return Err(field(path("asset"), "", "expected either an asset or a jurisdiction"));
                }
            };
            let calendar = written.spread().map_err(|CalendarFault { field: name, value, expected }| {
                field(path(name), &value, format!("expected {expected}"))
            })?;
            calendars.push((key, calendar));
        }
        calendars.sort_by_key(|(key, _)| *key);
        Ok(calendars)
    }

    fn participants(&self) -> Result<Vec<(Bic, Participant)>, WrittenError> {
        let mut participants = Vec::with_capacity(self.participants.len());
        for (n, written) in self.participants.iter().enumerate() {
            let path = |name: &str| format!("participants[{n}].{name}");
            let mut roles = Roles::default();
            for role in &written.roles {
                match role.as_str() {
                    "validator" => roles.validator = true,
                    "agent" => roles.agent = true,
                    "issuer" => roles.issuer = true,
                    "dealer" => roles.dealer = true,
                    _ => {
                        return Err(field(path("roles"), role, "expected validator, agent, issuer or dealer"));
                    }
                }
            }
            let countries = written.supervisor_of.iter().map(|text| read(path("supervisor_of"), text));
            let mut countries = countries.collect::<Result<Vec<_>, _>>()?;
            countries.sort_unstable();
            roles.supervisor_of = bounded(&path("supervisor_of"), countries)?;
            let nodes = written.nodes.iter().map(|text| self.key(path("nodes"), text));
            let mut nodes = nodes.collect::<Result<Vec<_>, _>>()?;
            nodes.sort_unstable();
            let participant = Participant {
                lei: written.lei.as_ref().map(|lei| read(path("lei"), lei)).transpose()?,
                jurisdiction: read(path("jurisdiction"), &written.jurisdiction)?,
                roles,
                policy: self.policy(&path("policy"), &written.policy)?,
                nodes: bounded(&path("nodes"), nodes)?,
                active: true,
            };
            participants.push((read(path("bic"), &written.bic)?, participant));
        }
        participants.sort_by_key(|(bic, _)| *bic);
        Ok(participants)
    }

    fn tier_limits(&self, book: &AssetBook) -> Result<Vec<SetTierLimits>, WrittenError> {
        let mut limits = Vec::with_capacity(self.tier_limits.len());
        for (n, written) in self.tier_limits.iter().enumerate() {
            let path = |name: &str| format!("tier_limits[{n}].{name}");
            let asset = asset(book, path("asset"), &written.asset)?;
            let amount = |name: &str, text: &Option<String>| match text {
                Some(text) => major(book, asset, path(name), text).map(Some),
                None => Ok(None),
            };
            limits.push(SetTierLimits {
                asset,
                tier: Tier(written.tier),
                limits: TierLimits {
                    payment_max: amount("payment_max", &written.payment_max)?,
                    day_max: amount("day_max", &written.day_max)?,
                    year_max: amount("year_max", &written.year_max)?,
                    balance_max: amount("balance_max", &written.balance_max)?,
                },
            });
        }
        limits.sort_by_key(|limits| (limits.asset, limits.tier));
        Ok(limits)
    }

    fn thresholds(&self, book: &AssetBook) -> Result<Vec<SetThreshold>, WrittenError> {
        let mut thresholds = Vec::with_capacity(self.thresholds.len());
        for (n, written) in self.thresholds.iter().enumerate() {
            let path = |name: &str| format!("thresholds[{n}].{name}");
            let (amount, asset) = money(book, path("amount"), &written.amount)?;
            let jurisdiction = read(path("jurisdiction"), &written.jurisdiction)?;
            thresholds.push(SetThreshold { jurisdiction, asset, threshold: Some(amount) });
        }
        thresholds.sort_by_key(|threshold| (threshold.jurisdiction, threshold.asset));
        Ok(thresholds)
    }

    fn accounts(&self, book: &AssetBook) -> Result<Vec<(Option<String>, GenesisAccount)>, WrittenError> {
        let mut accounts = Vec::with_capacity(self.accounts.len());
        for (n, written) in self.accounts.iter().enumerate() {
            let path = |name: &str| format!("accounts[{n}].{name}");
            let id: AccountId = match self.seeded(&path("account"), &written.account)? {
                Some(label) => seed::account(&written.agent, label),
                None => read(path("account"), &written.account)?,
            };
            let owner_id: OwnerId = match self.seeded(&path("owner_id"), &written.owner_id)? {
                Some(label) => seed::owner_id(label),
                None => read(path("owner_id"), &written.owner_id)?,
            };
            let mut balances = Vec::with_capacity(written.balances.len());
            for (m, text) in written.balances.iter().enumerate() {
                let (amount, asset) = money(book, path(&format!("balances[{m}]")), text)?;
                balances.push((asset, amount));
            }
            balances.sort_unstable();
            let open = OpenAccount {
                account: id,
                agent: read(path("agent"), &written.agent)?,
                owner_id,
                owner: self.policy(&path("owner"), &written.owner)?,
                class: written.class,
                debit_authority: written.debit_authority,
                tier: Tier(written.tier),
            };
            let balances = bounded(&path("balances"), balances)?;
            accounts.push((written.label.clone(), GenesisAccount { open, balances }));
        }
        accounts.sort_by_key(|(_, account)| account.open.account);
        Ok(accounts)
    }

    fn validators(&self) -> Result<Vec<Validator>, WrittenError> {
        let mut validators = Vec::with_capacity(self.validators.len());
        for (n, written) in self.validators.iter().enumerate() {
            let path = |name: &str| format!("validators[{n}].{name}");
            let possession: Ed25519Signature = read(path("possession"), &written.possession)?;
            validators.push(Validator {
                bic: read(path("bic"), &written.bic)?,
                key: self.key(path("key"), &written.key)?,
                power: written.power,
                possession: Evidence::Ed25519(possession),
            });
        }
        validators.sort_by_key(|validator| validator.key);
        Ok(validators)
    }
}

fn asset(book: &AssetBook, path: String, text: &str) -> Result<AssetId, WrittenError> {
    book.find(text).map(|(id, _)| id).map_err(|problem| field(path, text, problem))
}

fn major(book: &AssetBook, asset: AssetId, path: String, text: &str) -> Result<Amount, WrittenError> {
    let exponent = book.get(asset).map_or(Exponent::ZERO, |asset| asset.exponent);
    Amount::parse_major(text, exponent).map_err(|problem| field(path, text, problem))
}

fn money(book: &AssetBook, path: String, text: &str) -> Result<(Amount, AssetId), WrittenError> {
    let Some((number, name)) = text.split_once(' ') else {
        return Err(field(path, text, "expected an amount and its asset, as in 1000.00 HKD"));
    };
    let id = asset(book, path.clone(), name)?;
    Ok((major(book, id, path, number)?, id))
}
