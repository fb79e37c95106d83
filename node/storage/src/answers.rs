//! What is stored of a block's answers: receipts, what contracts did, and what became of credits.
//!
//! What became of a credit repeats what was asked for, so that it can be proven alone. Of a long transfer, whose bytes stand in
//! the block beside it, only what the instruction does not say is stored: what most of its credits came to, and those that
//! differ.

use seaway_ledger::execution::Outcomes;
use seaway_types::codec::{self, CodecError};
use seaway_types::contract::ContractEvent;
use seaway_types::instruction::{AuthenticInstruction, Body, Instruction, Leg, RawInstruction};
use seaway_types::receipt::{CreditOutcome, Receipt, Status};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// So many credits make a transfer long. Shorter ones are read without their instruction.
const LONG: usize = 16;

/// The stored form.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredAnswers<'a> {
    pub receipts: Cow<'a, [Receipt]>,
    /// By the position of their receipt.
    pub outcomes: Vec<(u32, StoredCredits<'a>)>,
    /// By the position of their receipt.
    pub events: Cow<'a, [(u32, ContractEvent)]>,
}

/// What became of an instruction's credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredCredits<'a> {
    /// As it was answered.
    Whole(Cow<'a, [CreditOutcome]>),
    /// As it was asked for.
    AsAsked {
        /// How many.
        count: u32,
        /// What the others came to, for no reason.
        status: Status,
        /// Those that came to something else, by their place.
        others: Vec<(u32, CreditOutcome)>,
    },
}

/// The credits that an instruction asks for, in the order in which they are answered, as if all came to the same.
fn asked(body: &Body, status: Status) -> impl Iterator<Item = CreditOutcome> {
    let transfers = body.legs().iter().enumerate().filter_map(|(leg, act)| match act {
        Leg::CreditTransfer(transfer) => Some((leg, transfer)),
        _ => None,
    });
    transfers.flat_map(move |(leg, transfer)| {
        let outcome = move |credit| CreditOutcome::of(leg, transfer.asset, credit, status, None);
        transfer.credits.iter().map(outcome)
    })
}

impl<'a> StoredCredits<'a> {
    fn of(credits: &'a [CreditOutcome], body: &Body) -> Self {
        let (Some(first), Ok(count)) = (credits.first().filter(|_| credits.len() >= LONG), credits.len().try_into())
        else {
            return Self::Whole(credits.into());
        };
        let status = first.status;
        let mut asked = asked(body, status);
        let differs = |(_, credit): &(u32, &CreditOutcome)| asked.next().as_ref() != Some(*credit);
        let others = (0u32..).zip(credits).filter(differs).map(|(place, credit)| (place, *credit)).collect();
        Self::AsAsked { count, status, others }
    }

    /// Whether any of them waits for somebody.
    pub fn wait(&self) -> bool {
        let waits = |credit: &CreditOutcome| credit.status == Status::Pdng;
        match self {
            Self::Whole(credits) => credits.iter().any(waits),
            Self::AsAsked { status, others, .. } => {
                *status == Status::Pdng || others.iter().any(|(_, credit)| waits(credit))
            }
        }
    }

    /// Whether the instruction must be looked at to tell them.
    pub fn need_instruction(&self) -> bool {
        matches!(self, Self::AsAsked { .. })
    }

    /// All of them. The instruction is the one that they answer.
    pub fn whole(self, instruction: Option<&RawInstruction>) -> Result<Vec<CreditOutcome>, CodecError> {
        let (count, status, others) = match self {
            Self::Whole(credits) => return Ok(credits.into_owned()),
            Self::AsAsked { count, status, others } => (count, status, others),
        };
        let bytes = instruction.map_or(&[][..], |raw| &raw.0);
        let instruction: Instruction = codec::decode_own(bytes)?;
        let mut asked = asked(&instruction.envelope.body, status);
        let mut others = others.into_iter().peekable();
        let credit = |place: u32| {
            let asked = asked.next();
            others.next_if(|(other, _)| *other == place).map(|(_, credit)| credit).or(asked)
        };
        (0..count).map(credit).collect::<Option<Vec<_>>>().ok_or(CodecError::NotCanonical)
    }
}

impl<'a> StoredAnswers<'a> {
    /// What is to be stored of a block with these instructions.
    pub fn of(
        receipts: &'a [Receipt],
        outcomes: &'a [Outcomes],
        events: &'a [(u32, ContractEvent)],
        instructions: &[AuthenticInstruction],
    ) -> Self {
        let first = receipts.len().saturating_sub(instructions.len());
        let outcomes = outcomes.iter().map(|(position, credits)| {
            let place = (*position as usize).checked_sub(first);
            let short = place
                .and_then(|place| instructions.get(place))
                .map(|one| StoredCredits::of(credits, &one.envelope().body));
            (*position, short.unwrap_or(StoredCredits::Whole(credits.into())))
        });
        Self { receipts: receipts.into(), outcomes: outcomes.collect(), events: events.into() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use seaway_types::amount::Amount;
    use seaway_types::asset::AssetId;
    use seaway_types::bounded::Bounded;
    use seaway_types::identifier::{AccountId, InstructionKey};
    use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
    use seaway_types::instruction::{Envelope, Submitter};
    use seaway_types::reason::Reason;
    use seaway_types::time::BlockTime;
    use seaway_types::uetr::Uetr;

    /// A customer's payment from Hong Kong, named by a number, in minor units.
    pub(crate) fn credit(n: u8, creditor: AccountId, creditor_agent: &str, amount: u64) -> Credit {
        let debtor_agent = "HARBHKHH".parse().unwrap();
        Credit {
            kind: CreditKind::Customer,
            uetr: Uetr::from_random([n; 16]),
            end_to_end_id: "E2E".parse().unwrap(),
            creditor,
            amount: Amount::new(amount).unwrap(),
            instructing_agent: debtor_agent,
            debtor_agent,
            creditor_agent: creditor_agent.parse().unwrap(),
            instructed: None,
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: None,
            party_data_hash: None,
            remittance_hash: None,
            acceptance: None,
        }
    }

    /// Credits of one account, each on its own.
    pub(crate) fn transfer_of(debtor: AccountId, asset: AssetId, credits: Vec<Credit>) -> Leg {
        Leg::CreditTransfer(CreditTransfer {
            debtor,
            asset,
            mode: BulkMode::EachOnItsOwn,
            settlement_date: None,
            credits: Bounded::new(credits).unwrap(),
        })
    }

    fn transfer(asset: u16, credits: u8) -> Leg {
        let credit = |n: u8| credit(n, AccountId([n; 16]), "HARBHKHH", 100 + u64::from(n));
        transfer_of(AccountId([255; 16]), AssetId(asset), (0..credits).map(credit).collect())
    }

    fn instruction(body: &Body) -> RawInstruction {
        let envelope = Envelope {
            network: "testnet".parse().unwrap(),
            submitter: Submitter::Authority,
            key: InstructionKey([1; 16]),
            valid_until: BlockTime::default(),
            body: body.clone(),
        };
        RawInstruction(codec::encode(&Instruction { envelope, signatures: Bounded::default() }))
    }

    fn stored(credits: &[CreditOutcome], body: &Body) -> (usize, StoredCredits<'static>) {
        let bytes = codec::encode(&StoredCredits::of(credits, body));
        (bytes.len(), codec::decode_own(&bytes).unwrap())
    }

    #[test]
    fn a_long_transfer_is_stored_short_and_read_whole() {
        let body = Body::Bundle(Bounded::new(vec![transfer(3, 40), transfer(4, 20)]).unwrap());
        let mut credits: Vec<CreditOutcome> = asked(&body, Status::Accc).collect();
        assert_eq!((credits.len(), credits[59].leg, credits[59].asset), (60, 1, AssetId(4)));
        let (settled, back) = stored(&credits, &body);
        assert!(settled < 32, "{settled} bytes");
        assert!(!back.wait());
        assert_eq!(back.whole(Some(&instruction(&body))), Ok(credits.clone()));
        // Some differ: in what became of them, or, were the ledger ever to answer so, in anything else.
        credits[7].status = Status::Rjct;
        credits[7].reason = Some(Reason::AmountZero);
        credits[41].status = Status::Pdng;
        credits[59].amount = Amount::new(1).unwrap();
        let (mixed, back) = stored(&credits, &body);
        assert!(mixed < 300, "{mixed} bytes");
        assert!(back.wait());
        assert_eq!(back.whole(Some(&instruction(&body))), Ok(credits));
    }

    #[test]
    fn the_first_may_differ_and_all_may() {
        let body = Body::Single(transfer(3, 40));
        let mut credits: Vec<CreditOutcome> = asked(&body, Status::Pdng).collect();
        for rejected in 0..40 {
            credits[rejected].status = Status::Rjct;
            credits[rejected].reason = Some(Reason::AmountZero);
            let (_, back) = stored(&credits, &body);
            assert_eq!(back.wait(), rejected < 39);
            assert_eq!(back.whole(Some(&instruction(&body))), Ok(credits.clone()));
        }
        // More answers than were asked for are kept too.
        credits.push(credits[0]);
        assert_eq!(stored(&credits, &body).1.whole(Some(&instruction(&body))), Ok(credits));
    }

    #[test]
    fn a_short_one_is_read_without_its_instruction_and_a_long_one_is_not() {
        let short = Body::Single(transfer(3, 15));
        let credits: Vec<CreditOutcome> = asked(&short, Status::Accc).collect();
        assert_eq!(stored(&credits, &short).1.whole(None), Ok(credits));
        let long = Body::Single(transfer(3, 16));
        let credits: Vec<CreditOutcome> = asked(&long, Status::Accc).collect();
        let (_, back) = stored(&credits, &long);
        assert!(back.need_instruction());
        assert!(back.clone().whole(None).is_err());
        assert!(back.whole(Some(&instruction(&short))).is_err(), "another one's instruction");
    }
}
