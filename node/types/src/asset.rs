//! Assets: what a balance is a claim on. Two assets of one currency with different issuers are different money.

use crate::amount::Amount;
use crate::bic::Bic;
use crate::text::{CodeError, code_bytes, code_text};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

fn is_currency(bytes: &[u8; 3]) -> bool {
    bytes.iter().all(u8::is_ascii_uppercase)
}

code_bytes! {
    /// An ISO 4217 currency code, or a private one from ZZA to ZZY for points and securities, which ISO 4217 leaves free
    /// and camt messages accept.
    CurrencyCode, 3, is_currency, "a currency code of three capitals, as in HKD"
}
code_text!(CurrencyCode, 3, "a currency code of three capitals, as in HKD");

impl CurrencyCode {
    /// Whether the code is one of ours rather than of ISO 4217.
    pub fn is_private(&self) -> bool {
        let text = self.as_str();
        text.starts_with("ZZ") && text != "ZZZ"
    }
}

/// Decimals of an asset: 0, 2, 3 or 4, as the minor units of ISO 4217 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Exponent(u8);

impl Exponent {
    /// No decimals.
    pub const ZERO: Self = Self(0);

    /// Takes 0 (JPY), 2 (HKD), 3 (BHD) or 4 (CLF).
    pub const fn new(places: u8) -> Option<Self> {
        if matches!(places, 0 | 2 | 3 | 4) { Some(Self(places)) } else { None }
    }

    /// The number of decimals.
    pub const fn places(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Exponent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let places = u8::deserialize(deserializer)?;
        Self::new(places)
            .ok_or_else(|| de::Error::custom(format!("{places} decimals are refused: ISO 4217 knows 0, 2, 3 and 4")))
    }
}

/// Names an asset on the ledger. Ids count up from 1 in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetId(pub u16);

impl fmt::Display for AssetId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "asset {}", self.0)
    }
}

/// What stands behind an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssetKind {
    /// A claim on a central bank.
    CentralBankMoney,
    /// A claim on a settlement bank.
    SettlementBankMoney,
    /// Electronic money of an issuer with safeguarded funds.
    EMoney,
    /// A security, as delivered against payment.
    Security,
    /// Loyalty points.
    Points,
}

/// An asset as the ledger records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asset {
    /// Currency code; shared by assets that are not fungible with each other.
    pub code: CurrencyCode,
    /// Decimals.
    pub exponent: Exponent,
    /// The participant that a balance is a claim on.
    pub issuer: Bic,
    /// What stands behind it.
    pub kind: AssetKind,
    /// Whether the bare currency code names this asset.
    pub is_default: bool,
    /// Whether payments in it are taken. A disabled asset can still be redeemed.
    pub enabled: bool,
    /// Largest single payment on this network, whoever pays (AM13).
    pub payment_max: Option<Amount>,
}

impl Asset {
    /// Whether code and kind fit: private codes are for points and securities, and those use no others.
    pub fn code_fits_kind(&self) -> bool {
        self.code.is_private() == matches!(self.kind, AssetKind::Points | AssetKind::Security)
    }
}

/// Text form of an asset: `HKD` for a currency's default asset, `HKD@BIC` for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetName {
    /// The currency.
    pub code: CurrencyCode,
    /// The issuer, when it is named.
    pub issuer: Option<Bic>,
}

impl std::str::FromStr for AssetName {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text.split_once('@') {
            Some((code, issuer)) => Ok(Self { code: code.parse()?, issuer: Some(issuer.parse()?) }),
            None => Ok(Self { code: text.parse()?, issuer: None }),
        }
    }
}

/// All assets of a network, to read and write amounts as people do.
#[derive(Clone, Debug, Default)]
pub struct AssetBook {
    assets: Vec<(AssetId, Asset)>,
}

impl AssetBook {
    /// A book of the given assets.
    pub fn new(assets: Vec<(AssetId, Asset)>) -> Self {
        Self { assets }
    }

    /// The asset of an id.
    pub fn get(&self, id: AssetId) -> Option<&Asset> {
        self.assets.iter().find(|(known, _)| *known == id).map(|(_, asset)| asset)
    }

    /// All assets with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (AssetId, &Asset)> {
        self.assets.iter().map(|(id, asset)| (*id, asset))
    }

    /// Finds an asset by its text form.
    pub fn find(&self, text: &str) -> Result<(AssetId, &Asset), CodeError> {
        let name: AssetName = text.parse()?;
        let fits = |asset: &Asset| match name.issuer {
            Some(issuer) => asset.issuer == issuer,
            None => asset.is_default,
        };
        self.iter()
            .find(|(_, asset)| asset.code == name.code && fits(asset))
            .ok_or_else(|| CodeError::new(text, "an asset of this network, as in HKD or HKD@HARBHKHH"))
    }

    /// The shortest text that names an asset.
    pub fn name(&self, id: AssetId) -> String {
        match self.get(id) {
            Some(asset) if asset.is_default => asset.code.to_string(),
            Some(asset) => format!("{}@{}", asset.code, asset.issuer),
            None => id.to_string(),
        }
    }

    /// An amount with its asset, as in `1000.00 HKD`.
    pub fn show(&self, amount: Amount, id: AssetId) -> String {
        match self.get(id) {
            Some(asset) => format!("{} {}", amount.to_major(asset.exponent), self.name(id)),
            None => format!("{amount} minor units of {id}"),
        }
    }
}
