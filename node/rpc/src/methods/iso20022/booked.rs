//! What was booked on an account in a block, with what the messages of its payments said.

use super::super::Context;
use super::days::Days;
use crate::backend::{Backend, BlockAnswers, Standing};
use crate::fault::Fault;
use seaway_iso20022::statement::{Booked, Nature, PaymentDetails};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::block::{Block, FinalBlock};
use seaway_types::booking::{Booking, bookings};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::instruction::{DecodedInstruction, Leg, RawInstruction};
use seaway_types::receipt::Posting;
use seaway_types::text::Text35;
use seaway_types::time::Height;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Blocks of earlier payments that are kept while entries are told.
const ORIGINALS_MAX: usize = 4;

/// The account and the asset that are read.
pub(super) struct Of<'a> {
    pub account: AccountId,
    pub asset: AssetId,
    pub days: &'a Days,
}

/// A booking, and where its instruction stands.
pub(super) struct Found {
    pub booked: Booked,
    /// The place of its credit among those of the receipt.
    pub credit: Option<usize>,
    /// Whether the account is the debtor of its instruction, whose holder knows the whole of it.
    pub is_debtor: bool,
}

/// Some of what a block booked on an account, with what is known of it.
pub(super) fn booked<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    originals: &mut Originals,
    (height, found): (Height, &[(usize, Booking)]),
) -> Result<Vec<Found>, Fault> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut told = Told::read(context, height)?;
    let time = told.block.header.time;
    let mut entries = Vec::with_capacity(found.len());
    for (place_in_block, booking) in found {
        let instruction = told.instruction(booking.receipt);
        let (nature, payment) = said(context, originals, (of.account, of.asset), (booking.uetr, instruction))?;
        let legs = instruction.map_or(&[][..], |instruction| instruction.envelope().body.legs());
        let debits = |leg: &Leg| matches!(leg, Leg::CreditTransfer(transfer) if transfer.debtor == of.account);
        let is_debtor = legs.iter().any(debits);
        let amount = Amount::new(booking.amount).map_err(|error| Fault::Internal(error.to_string()))?;
        let booked = Booked {
            height,
            receipt: booking.receipt,
            place: u32::try_from(*place_in_block).unwrap_or(u32::MAX),
            credit: booking.credit,
            amount,
            time,
            value: of.days.day(height, time),
            uetr: booking.uetr,
            nature,
            payment,
        };
        let credits = told.answers.credits(booking.receipt);
        let credit = credits.iter().position(|credit| Some(credit.uetr) == booking.uetr);
        entries.push(Found { booked, credit, is_debtor });
    }
    Ok(entries)
}

/// What statements tell of a movement on an account.
pub(in crate::methods) struct Explained {
    pub nature: Nature,
    /// The end-to-end id of its payment.
    pub end_to_end: Option<Text35>,
}

/// What statements tell of the movements that a block made on an account, each alone. What a debtor pays on top of a payment
/// is a charge, as in the details of its entry.
pub(in crate::methods) fn explained<B: Backend>(
    context: &Context<B>,
    originals: &mut Originals,
    account: AccountId,
    (height, postings): (Height, &[Posting]),
) -> Result<Vec<Explained>, Fault> {
    let mut told = Told::read(context, height)?;
    let debits = bookings(postings, None).into_iter().filter(|booking| !booking.credit);
    let debited: BTreeMap<_, u64> = debits.map(|one| ((one.receipt, one.uetr, one.asset), one.amount)).collect();
    // Payments whose own amount has come already.
    let mut paid = BTreeSet::new();
    let mut found = Vec::with_capacity(postings.len());
    let mut known: BTreeMap<_, (Nature, Option<PaymentDetails>)> = BTreeMap::new();
    for posting in postings {
        let Posting { receipt, uetr, asset, .. } = *posting;
        let name = (receipt, uetr, asset);
        let (nature, payment) = match known.entry(name) {
            Entry::Occupied(told) => told.get().clone(),
            Entry::Vacant(untold) => {
                let instruction = told.instruction(receipt);
                untold.insert(said(context, originals, (account, asset), (uetr, instruction))?).clone()
            }
        };
        let debit = payment.as_ref().filter(|_| nature == Nature::Payment && !posting.credit);
        // Only where payment and charges are all that was booked: something else may bear the same UETR.
        let has_charges = |payment: &&PaymentDetails| {
            let whole = payment.amount.checked_add(payment.charges).map(Amount::minor_units);
            !payment.charges.is_zero() && debited.get(&name).is_some_and(|booked| Some(*booked) == whole)
        };
        let is_other = |payment: &PaymentDetails| payment.amount != posting.amount || !paid.insert(name);
        let is_charge = debit.filter(has_charges).is_some_and(is_other);
        let nature = if is_charge { Nature::Charge } else { nature };
        found.push(Explained { nature, end_to_end: payment.map(|payment| payment.end_to_end) });
    }
    Ok(found)
}

/// What is read of a block to tell of its bookings.
struct Told {
    block: Block,
    answers: BlockAnswers,
    /// Instructions that were asked for, by their receipts.
    decoded: BTreeMap<u32, Option<DecodedInstruction>>,
}

impl Told {
    fn read<B: Backend>(context: &Context<B>, height: Height) -> Result<Self, Fault> {
        let block = stored(context, height)?;
        let unanswered = || Fault::Internal(format!("block {height} has no receipts"));
        let answers = context.backend.block_answers(height)?.ok_or_else(unanswered)?;
        Ok(Self { block, answers, decoded: BTreeMap::new() })
    }

    /// The instruction of a receipt; none of the block's own act.
    fn instruction(&mut self, receipt: u32) -> Option<&DecodedInstruction> {
        let Self { block, answers, decoded } = self;
        let decode = || answers.instruction(block, receipt).and_then(|raw| raw.clone().decode().ok());
        decoded.entry(receipt).or_insert_with(decode).as_ref()
    }
}

/// The instruction whose receipt stands at a place of a block; none for the block's own act.
pub(super) fn instruction<B: Backend>(
    context: &Context<B>,
    height: Height,
    receipt: u32,
) -> Result<Option<RawInstruction>, Fault> {
    let block = stored(context, height)?;
    let answers = context.backend.block_answers(height)?.unwrap_or_default();
    Ok(answers.instruction(&block, receipt).cloned())
}

fn stored<B: Backend>(context: &Context<B>, height: Height) -> Result<Block, Fault> {
    let missing = || Fault::Internal(format!("block {height} has entries and is not there"));
    Ok(context.backend.block(height)?.ok_or_else(missing)?.block)
}

/// Why money of an account and an asset moved, and what the payment's message said.
fn said<B: Backend>(
    context: &Context<B>,
    originals: &mut Originals,
    of: (AccountId, AssetId),
    (uetr, instruction): (Option<Uetr>, Option<&DecodedInstruction>),
) -> Result<(Nature, Option<PaymentDetails>), Fault> {
    let legs = instruction.map_or(&[][..], |instruction| instruction.envelope().body.legs());
    for leg in legs {
        let (nature, key) = match leg {
            Leg::CreditTransfer(transfer) => match credited(of, uetr, transfer) {
                Some(found) => return Ok(found),
                None => continue,
            },
            Leg::Issue(_) | Leg::RedeemRequest(_) | Leg::RedeemConfirm(_) if uetr.is_none() => {
                return Ok((Nature::Supply, None));
            }
            Leg::Return(back) => (Nature::Return(back.reason), &back.payment),
            Leg::Accept(accept) => (Nature::Payment, &accept.payment),
            _ => continue,
        };
        if uetr == Some(key.uetr) {
            let payment = originals.of(context, key)?;
            return Ok(match (nature, payment) {
                (Nature::Payment, Some((debtor, credit))) => as_seen(of.0, debtor, &credit),
                (nature, payment) => (nature, payment.map(|(debtor, credit)| details(debtor, &credit))),
            });
        }
    }
    Ok((Nature::Other, None))
}

/// A credit transfer of the instruction, if the account takes part in it.
fn credited(
    (account, asset): (AccountId, AssetId),
    uetr: Option<Uetr>,
    transfer: &CreditTransfer,
) -> Option<(Nature, Option<PaymentDetails>)> {
    let takes_part = |credit: &&Credit| {
        let payees = credit.charges.iter().map(|charge| charge.payee);
        let mut concerned = [transfer.debtor, credit.creditor].into_iter().chain(payees);
        Some(credit.uetr) == uetr && transfer.asset == asset && concerned.any(|one| one == account)
    };
    transfer.credits.iter().find(takes_part).map(|credit| as_seen(account, transfer.debtor, credit))
}

/// A credit as it is on the account that is read: who is neither side received a charge.
fn as_seen(account: AccountId, debtor: AccountId, credit: &Credit) -> (Nature, Option<PaymentDetails>) {
    let side = [debtor, credit.creditor].contains(&account);
    (if side { Nature::Payment } else { Nature::Charge }, Some(details(debtor, credit)))
}

fn details(debtor: AccountId, credit: &Credit) -> PaymentDetails {
    PaymentDetails {
        end_to_end: credit.end_to_end_id,
        debtor,
        creditor: credit.creditor,
        debtor_agent: credit.debtor_agent,
        creditor_agent: credit.creditor_agent,
        amount: credit.amount,
        charges: credit
            .charges
            .iter()
            .fold(Amount::ZERO, |sum, charge| sum.checked_add(charge.amount).unwrap_or(sum)),
        purpose: credit.purpose,
    }
}

/// A payment as its own block has it.
pub(super) struct Paid {
    pub block: Block,
    /// Position of the receipt of its instruction.
    pub receipt: usize,
    pub credit: Credit,
}

/// Finds a payment in its block; none where the block has it no more.
pub(super) fn paid<B: Backend>(context: &Context<B>, standing: &Standing) -> Result<Option<Paid>, Fault> {
    let mut originals = Originals::default();
    let Some((receipt, credit)) = originals.find(context, standing)? else { return Ok(None) };
    Ok(originals.read.pop_back().map(|Original { block, .. }| Paid { block, receipt, credit }))
}

/// Blocks in which payments were looked up that something followed, the last few: what follows comes in great numbers, and
/// mostly of one block.
#[derive(Default)]
pub(in crate::methods) struct Originals {
    read: VecDeque<Original>,
}

/// A block of payments.
struct Original {
    block: Block,
    /// How many receipts stand before those of instructions.
    acts: usize,
    instructions: Vec<Option<DecodedInstruction>>,
}

impl Originals {
    /// Who paid, and the credit of a payment that was made before.
    fn of<B: Backend>(
        &mut self,
        context: &Context<B>,
        key: &PaymentKey,
    ) -> Result<Option<(AccountId, Credit)>, Fault> {
        let standings = context.backend.standings(&key.uetr)?;
        let Some(standing) = standings.into_iter().find(|standing| standing.name == *key) else { return Ok(None) };
        Ok(self.find(context, &standing)?.map(|(_, credit)| (standing.facts.debtor, credit)))
    }

    /// Position of the receipt of a payment's instruction, and its credit. Another instruction of the block may have asked for
    /// the same name: whoever came first has it, and the debtor tells who that was.
    fn find<B: Backend>(
        &mut self,
        context: &Context<B>,
        standing: &Standing,
    ) -> Result<Option<(usize, Credit)>, Fault> {
        let Standing { name, facts, height, .. } = standing;
        let Some(Original { acts, instructions, .. }) = self.block(context, *height)? else { return Ok(None) };
        let named = |credit: &&Credit| {
            (credit.uetr, credit.kind, credit.debtor_agent) == (name.uetr, name.kind, name.debtor_agent)
        };
        let in_leg = |leg: &Leg| match leg {
            Leg::CreditTransfer(transfer) if transfer.debtor == facts.debtor => {
                transfer.credits.iter().find(named).cloned()
            }
            _ => None,
        };
        let in_instruction = |(place, decoded): (usize, &Option<DecodedInstruction>)| {
            let legs = decoded.as_ref()?.envelope().body.legs();
            Some((acts.saturating_add(place), legs.iter().find_map(in_leg)?))
        };
        Ok(instructions.iter().enumerate().find_map(in_instruction))
    }

    fn block<B: Backend>(&mut self, context: &Context<B>, height: Height) -> Result<Option<&Original>, Fault> {
        if let Some(place) = self.read.iter().position(|original| original.block.header.height == height) {
            return Ok(self.read.get(place));
        }
        let Some(FinalBlock { block, .. }) = context.backend.block(height)? else { return Ok(None) };
        let Some(answers) = context.backend.block_answers(height)? else { return Ok(None) };
        let acts = answers.acts(&block);
        let instructions = block.instructions.iter().map(|raw| raw.clone().decode().ok()).collect();
        if self.read.len() >= ORIGINALS_MAX {
            self.read.pop_front();
        }
        self.read.push_back(Original { block, acts, instructions });
        Ok(self.read.back())
    }
}
