//! Holds, payments that have a life after their instruction, and the index that makes keys and UETRs unique for ever.

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::bic::Bic;
use crate::bounded::Bounded;
use crate::codec;
use crate::identifier::{AccountId, Digest, InstructionKey};
use crate::instruction::Submitter;
use crate::instruction::payment::{Charge, PaymentKey};
use crate::limits::CHARGES_MAX;
use crate::reason::StatedReason;
use crate::receipt::Status;
use crate::text::Text35;
use crate::time::{BlockTime, Day, Height};
use crate::uetr::Uetr;
use serde::{Deserialize, Serialize};

/// What was counted toward limits when money was bound, so that it can be restored in the same day and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counted {
    /// The local day on which it was counted.
    pub day: Day,
    /// What of it is still bound, in minor units.
    pub amount: Amount,
}

/// What a hold is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HoldPurpose {
    /// For the payee to post.
    Payment {
        /// Who may post.
        payee: AccountId,
        /// The payment it is for.
        uetr: Uetr,
    },
    /// For the issuer to redeem.
    Redemption,
}

/// Reserved funds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hold {
    /// What it is for.
    pub purpose: HoldPurpose,
    /// Whose funds.
    pub payer: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// What is still held, in minor units.
    pub amount: Amount,
    /// First block time at which it is over.
    pub expires_at: BlockTime,
    /// What of it counts toward limits.
    pub counted: Option<Counted>,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PaymentStage {
    /// PDNG: waits for the creditor's agent; the money is held.
    Waiting {
        /// First block time at which it is refused.
        deadline: BlockTime,
        /// What counts toward limits.
        counted: Option<Counted>,
        /// Why it is rejected when nobody accepts it by then.
        lapses: StatedReason,
    },
    /// ACSC: settled; the creditor's agent still has to credit its own books.
    Settled,
    /// ACCC: on the creditor's account.
    Credited,
    /// RJCT: refused by the creditor's agent.
    Refused {
        /// Why.
        reason: StatedReason,
    },
    /// RJCT: nobody accepted it in time.
    Lapsed {
        /// What the rules on who pays whom still lacked: RR02 or RR03.
        reason: StatedReason,
    },
}

/// Where a recall stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecallStage {
    /// Asked, not answered.
    Asked,
    /// Agreed; a return follows.
    Agreed,
    /// Refused.
    Refused {
        /// Why.
        reason: StatedReason,
    },
}

/// The last recall of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recall {
    /// Why it was asked.
    pub reason: StatedReason,
    /// How often it was asked in all.
    pub asked: u8,
    /// Where it stands.
    pub stage: RecallStage,
}

/// What never changes about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentFacts {
    /// Who paid.
    pub debtor: AccountId,
    /// Who was paid.
    pub creditor: AccountId,
    /// In what.
    pub asset: AssetId,
    /// How much the creditor gets, in minor units.
    pub amount: Amount,
}

/// A payment with a life after its instruction: one that waited, waits, awaits confirmation, was recalled or returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payment {
    /// What never changes.
    pub facts: PaymentFacts,
    /// Charges that still wait with it.
    pub charges: Bounded<Charge, CHARGES_MAX>,
    /// Where it stands.
    pub stage: PaymentStage,
    /// What was returned so far, in minor units.
    pub returned: Amount,
    /// The last recall.
    pub recall: Option<Recall>,
    /// When the record is dropped, if nothing still needs it.
    pub forget_at: Option<BlockTime>,
}

/// A key of the index beside the state tree: what may exist once, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexKey {
    /// A submitter's instruction key.
    Instruction(Submitter, InstructionKey),
    /// A credit transfer by agent, UETR and kind.
    Payment(PaymentKey),
    /// The settlement of a payment that had waited.
    SettledLater(PaymentKey),
    /// The confirmation of a payment that had settled before (ACSC to ACCC).
    Confirmed(PaymentKey),
    /// An issuer's reference to a settlement elsewhere.
    Reference(Bic, Text35),
}

impl IndexKey {
    /// The beginning of a key as one number: where those of two keys differ, they tell the order of the keys.
    pub fn head(&self) -> u128 {
        let mut head = [0; 16];
        let [tag, rest @ ..] = &mut head;
        match self {
            Self::Instruction(submitter, _) => {
                let [kind, rest @ ..] = rest;
                match submitter {
                    Submitter::Account(account) => begin(rest, account.as_bytes()),
                    Submitter::Participant(bic) => {
                        *kind = 1;
                        begin(rest, bic.as_bytes());
                    }
                    Submitter::Authority => *kind = 2,
                }
            }
            Self::Payment(key) => *tag = head_of(1, key, rest),
            Self::SettledLater(key) => *tag = head_of(2, key, rest),
            Self::Confirmed(key) => *tag = head_of(3, key, rest),
            Self::Reference(issuer, _) => {
                *tag = 4;
                begin(rest, issuer.as_bytes());
            }
        }
        u128::from_be_bytes(head)
    }
}

fn head_of(tag: u8, key: &PaymentKey, rest: &mut [u8; 15]) -> u8 {
    let (agent, uetr) = rest.split_at_mut(11);
    begin(agent, key.debtor_agent.as_bytes());
    begin(uetr, key.uetr.as_bytes());
    tag
}

/// Copies as much as there is room for.
fn begin(room: &mut [u8], bytes: &[u8]) {
    room.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
}

/// What the index says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexValue {
    /// The instruction's digest, and its position in the block.
    Instruction {
        /// What was signed.
        digest: Digest,
        /// Position in the block.
        position: u32,
    },
    /// The payment, and what became of it in its block.
    Payment {
        /// What never changes about it.
        facts: PaymentFacts,
        /// PDNG when it had to wait; RJCT takes the UETR too.
        status: Status,
    },
    /// The mere fact.
    Present,
}

/// An entry with the height at which it was made. A snapshot's index is verified by hashing the entries of each height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexEntry {
    /// Since when.
    pub height: Height,
    /// What it says.
    pub value: IndexValue,
}

impl IndexEntry {
    /// Appends what the running hash over the index takes of an entry: the canonical bytes of its key and of what it says.
    /// Its height is hashed once for all of a block.
    pub fn put_hashed(&self, key: &IndexKey, bytes: &mut Vec<u8>) {
        // The commonest by far is written by hand; a test holds it equal to the codec's form.
        if let (IndexKey::Payment(key), IndexValue::Payment { facts, status }) = (key, &self.value) {
            let mut entry = [0; 85];
            entry[0] = 1;
            entry[4..15].copy_from_slice(key.debtor_agent.as_bytes());
            entry[15..31].copy_from_slice(key.uetr.as_bytes());
            entry[31] = key.kind as u8;
            entry[35] = 1;
            entry[39..55].copy_from_slice(facts.debtor.as_bytes());
            entry[55..71].copy_from_slice(facts.creditor.as_bytes());
            entry[71..73].copy_from_slice(&facts.asset.0.to_le_bytes());
            entry[73..81].copy_from_slice(&facts.amount.minor_units().to_le_bytes());
            entry[81] = *status as u8;
            bytes.extend_from_slice(&entry);
            return;
        }
        codec::encode_into(key, bytes);
        codec::encode_into(&self.value, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::payment::CreditKind;
    use proptest::prelude::*;

    fn key(kind: u8, bic: u8, id: [u8; 16], other: [u8; 16]) -> IndexKey {
        let bic: Bic = ["HARBHKHH", "HARBHKHH001", "MERLSGSG"][usize::from(bic % 3)].parse().unwrap();
        let payment = PaymentKey { debtor_agent: bic, uetr: Uetr::from_random(id), kind: CreditKind::Cover };
        let key = InstructionKey(other);
        match kind % 7 {
            0 => IndexKey::Instruction(Submitter::Account(AccountId(id)), key),
            1 => IndexKey::Instruction(Submitter::Participant(bic), key),
            2 => IndexKey::Instruction(Submitter::Authority, key),
            3 => IndexKey::Payment(payment),
            4 => IndexKey::SettledLater(payment),
            5 => IndexKey::Confirmed(payment),
            _ => IndexKey::Reference(bic, "REF-1".parse().unwrap()),
        }
    }

    #[test]
    fn an_entry_by_hand_is_the_codecs() {
        let statuses = [Status::Pdng, Status::Acsc, Status::Accc, Status::Part, Status::Rjct];
        let kinds = [CreditKind::Customer, CreditKind::Institution, CreditKind::Cover];
        let amount = Amount::new(0x0102_0304_0506_0708).unwrap();
        let (debtor, creditor) = (AccountId(*b"0123456789abcdef"), AccountId([9; 16]));
        let facts = PaymentFacts { debtor, creditor, asset: AssetId(0x1234), amount };
        for (status, kind) in statuses.into_iter().flat_map(|status| kinds.map(|kind| (status, kind))) {
            let uetr = Uetr::from_random([0xc5; 16]);
            let payment = PaymentKey { debtor_agent: "HARBHKHH001".parse().unwrap(), uetr, kind };
            let says = [IndexValue::Payment { facts, status }, IndexValue::Present];
            for key in [IndexKey::Payment(payment), IndexKey::Confirmed(payment)] {
                for value in says {
                    let mut bytes = vec![7];
                    IndexEntry { height: Height(3), value }.put_hashed(&key, &mut bytes);
                    assert_eq!(bytes, [vec![7], codec::encode(&key), codec::encode(&value)].concat());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn heads_never_contradict_the_order_of_keys(
            a: (u8, u8), b: (u8, u8), first: [u8; 16], place in 0usize..16, other: u8, keys: [[u8; 16]; 2]
        ) {
            // Ids that differ late are what the head may not tell apart.
            let mut second = first;
            second[place] = other;
            let (a, b) = (key(a.0, a.1, first, keys[0]), key(b.0, b.1, second, keys[1]));
            prop_assert!(a.head().cmp(&b.head()).is_eq() || a.head().cmp(&b.head()) == a.cmp(&b), "{a:?} {b:?}");
        }
    }
}
