//! What is said of a payment and stays off the ledger: names, addresses, remittance information.
//!
//! It travels between institutions beside the ledger, encrypted; the instruction carries its salted hashes
//! ([`Credit::party_data_hash`], [`Credit::remittance_hash`]). Invariant: whoever holds it can compare it with the ledger, whoever does
//! not learns nothing from the hashes, and when all have deleted it every proof holds as before.

use crate::bic::Bic;
use crate::codec;
use crate::hash::{Domain, Hash32};
use crate::instruction::payment::{Credit, CreditKind, PaymentKey};
use crate::instruction::{Envelope, Leg};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The party data of one payment. Texts are those of the message's elements, each in its one written form.
///
/// In JSON a node may show more fields with these; they are none of the data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyData {
    /// Who services the debtor's account, and tells the others.
    pub debtor_agent: Bic,
    /// Who services the creditor's account.
    pub creditor_agent: Bic,
    /// The payment's UETR.
    pub uetr: Uetr,
    /// The payment's kind.
    pub kind: CreditKind,
    /// Without it nobody can try names against the hashes. It opens no other payment, also of the same message.
    pub salt: Hash32,
    /// What a message of many payments says for all of them.
    pub around: Option<String>,
    /// Everything that is said of the payment itself but for what its creditor is told.
    pub parties: Option<String>,
    /// What the creditor is told.
    pub remittance: Option<String>,
}

/// Names party data: its payment, and which of what was told of it. While the payment has not come several may have been told, of which one
/// at most belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// The payment.
    pub payment: PaymentKey,
    /// The hash of all that was told, its salt included: it says nothing to who does not hold it.
    pub version: Hash32,
}

impl fmt::Debug for PartyData {
    /// Personal data has no place in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PartyData({:?})", self.name())
    }
}

/// The salted hash of a text that stays off the ledger.
fn salted(domain: Domain, salt: &Hash32, text: &str) -> Hash32 {
    Hash32(*domain.hasher().update(salt.as_bytes()).update(text.as_bytes()).finalize().as_bytes())
}

impl PartyData {
    /// Names its payment for ever.
    pub fn name(&self) -> PaymentKey {
        PaymentKey { debtor_agent: self.debtor_agent, uetr: self.uetr, kind: self.kind }
    }

    /// Names it among what was told of its payment.
    pub fn told(&self) -> Told {
        Told { payment: self.name(), version: Domain::PartyData.hash(&codec::encode(self)) }
    }

    /// The hashes that a credit carries: `party_data_hash` and `remittance_hash`. What a message says for all its payments stands in the
    /// first by a hash of its own, in hexadecimal, before what it says of this one.
    pub fn hashes(&self) -> (Option<Hash32>, Option<Hash32>) {
        let around = self.around.as_ref().map(|text| salted(Domain::PartyData, &self.salt, text).to_string());
        let parties = self.parties.as_ref().map(|text| {
            let whole = around.unwrap_or_default() + text;
            salted(Domain::PartyData, &self.salt, &whole)
        });
        (parties, self.remittance.as_ref().map(|text| salted(Domain::Remittance, &self.salt, text)))
    }

    /// Whether nothing is hidden behind a hash: an element begins with `<`, and a text that begins otherwise holds the hash of what
    /// was said for all payments instead of what was said. Nor does anything stand there that no hash covers.
    fn is_whole(&self) -> bool {
        match &self.parties {
            Some(text) => text.starts_with('<'),
            None => self.around.is_none(),
        }
    }

    /// Whether it is what a credit of the ledger says that it is.
    pub fn belongs_to(&self, credit: &Credit) -> bool {
        let named = (credit.debtor_agent, credit.creditor_agent, credit.uetr, credit.kind);
        named == (self.debtor_agent, self.creditor_agent, self.uetr, self.kind)
            && self.hashes() == (credit.party_data_hash, credit.remittance_hash)
            && self.is_whole()
    }

    /// Whether it belongs to a credit of an instruction.
    pub fn is_of(&self, envelope: &Envelope) -> bool {
        envelope.body.legs().iter().any(|leg| match leg {
            Leg::CreditTransfer(transfer) => transfer.credits.iter().any(|credit| self.belongs_to(credit)),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::bounded::Bounded;
    use crate::identifier::AccountId;
    use crate::instruction::payment::ChargeBearer;

    fn data() -> PartyData {
        PartyData {
            debtor_agent: "HARBHKHH".parse().unwrap(),
            creditor_agent: "MERLSGSG".parse().unwrap(),
            uetr: Uetr::from_random([1; 16]),
            kind: CreditKind::Customer,
            salt: Hash32([2; 32]),
            around: Some("<Dbtr>Lamma Instruments Ltd</Dbtr>".to_owned()),
            parties: Some("<Cdtr>Changi Parts Pte Ltd</Cdtr>".to_owned()),
            remittance: Some("<RmtInf>Invoice 7</RmtInf>".to_owned()),
        }
    }

    fn credit(data: &PartyData) -> Credit {
        let (party_data_hash, remittance_hash) = data.hashes();
        Credit {
            kind: data.kind,
            uetr: data.uetr,
            end_to_end_id: "INVOICE-7".parse().unwrap(),
            creditor: AccountId([3; 16]),
            amount: Amount::new(100).unwrap(),
            instructing_agent: data.debtor_agent,
            debtor_agent: data.debtor_agent,
            creditor_agent: data.creditor_agent,
            instructed: None,
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: None,
            party_data_hash,
            remittance_hash,
            acceptance: None,
        }
    }

    #[test]
    fn it_belongs_to_its_credit_alone() {
        let credit = credit(&data());
        assert!(data().belongs_to(&credit));
        let changes: [fn(&mut PartyData); 8] = [
            |data| data.debtor_agent = data.creditor_agent,
            |data| data.creditor_agent = data.debtor_agent,
            |data| data.uetr = Uetr::from_random([9; 16]),
            |data| data.kind = CreditKind::Cover,
            |data| data.salt = Hash32([9; 32]),
            |data| data.around = None,
            |data| data.parties = None,
            |data| data.remittance = Some("<RmtInf>Invoice 8</RmtInf>".to_owned()),
        ];
        for (place, change) in changes.iter().enumerate() {
            let mut other = data();
            change(&mut other);
            assert!(!other.belongs_to(&credit), "change {place}");
        }
    }

    #[test]
    fn what_is_said_for_all_payments_cannot_be_withheld() {
        let (whole, credit) = (data(), credit(&data()));
        let hash = salted(Domain::PartyData, &whole.salt, whole.around.as_deref().unwrap()).to_string();
        let parties = whole.parties.clone().map(|text| hash + &text);
        let withheld = PartyData { around: None, parties, ..whole };
        assert_eq!(withheld.hashes(), (credit.party_data_hash, credit.remittance_hash));
        assert!(!withheld.belongs_to(&credit));
    }

    #[test]
    fn nothing_is_said_that_no_hash_covers() {
        let told = PartyData { around: None, parties: None, ..data() };
        let credit = credit(&told);
        assert!(told.belongs_to(&credit));
        let more = PartyData { around: Some("<Dbtr>Somebody else</Dbtr>".to_owned()), ..told };
        assert_eq!(more.hashes(), (credit.party_data_hash, credit.remittance_hash));
        assert!(!more.belongs_to(&credit));
    }

    #[test]
    fn whatever_differs_has_another_name() {
        let (one, agent) = (data(), "THAMGB2L".parse().unwrap());
        let other = PartyData { creditor_agent: agent, ..data() };
        assert_eq!(one.told(), data().told());
        assert_eq!(one.told().payment, other.told().payment);
        assert_ne!(one.told(), other.told());
    }

    #[test]
    fn the_two_texts_have_two_hash_functions() {
        let text = Some("<Same/>".to_owned());
        let data = PartyData { around: None, parties: text.clone(), remittance: text, ..data() };
        let (parties, remittance) = data.hashes();
        assert_ne!(parties, remittance);
        let nothing = PartyData { parties: None, remittance: None, ..data };
        assert_eq!(nothing.hashes(), (None, None));
    }

    #[test]
    fn a_log_shows_no_names_and_bytes_are_canonical() {
        assert!(!format!("{:?}", data()).contains("Lamma"));
        let bytes = codec::encode(&data());
        assert_eq!(codec::decode::<PartyData>(&bytes, bytes.len()), Ok(data()));
        let json = serde_json::to_value(data()).unwrap();
        assert_eq!(serde_json::from_value::<PartyData>(json).unwrap(), data());
    }
}
