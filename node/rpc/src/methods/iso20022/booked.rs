//! What was booked on an account in a block, with what the messages of its payments said.

use super::super::Context;
use super::days::Days;
use crate::backend::{Backend, Standing};
use crate::fault::Fault;
use seaway_iso20022::statement::{Booked, Nature, PaymentDetails};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::block::{Block, FinalBlock};
use seaway_types::booking::Booking;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::instruction::{DecodedInstruction, Leg, RawInstruction};
use seaway_types::time::Height;
use std::collections::BTreeMap;

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
    height: Height,
    found: &[(usize, Booking)],
) -> Result<Vec<Found>, Fault> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let block = stored(context, height)?;
    let unanswered = || Fault::Internal(format!("block {height} has no receipts"));
    let answers = context.backend.block_answers(height)?.ok_or_else(unanswered)?;
    let mut decoded: BTreeMap<u32, Option<DecodedInstruction>> = BTreeMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for (place_in_block, booking) in found {
        let decode = || answers.instruction(&block, booking.receipt).and_then(|raw| raw.clone().decode().ok());
        let instruction = decoded.entry(booking.receipt).or_insert_with(decode);
        let (nature, payment) = said(context, of, booking, instruction.as_ref())?;
        let amount = Amount::new(booking.amount).map_err(|error| Fault::Internal(error.to_string()))?;
        let booked = Booked {
            height,
            receipt: booking.receipt,
            place: u32::try_from(*place_in_block).unwrap_or(u32::MAX),
            credit: booking.credit,
            amount,
            time: block.header.time,
            value: of.days.day(height, block.header.time),
            uetr: booking.uetr,
            nature,
            payment,
        };
        let credit = answers.credits(booking.receipt).iter().position(|credit| Some(credit.uetr) == booking.uetr);
        let legs = instruction.as_ref().map_or(&[][..], |instruction| instruction.envelope().body.legs());
        let debits = |leg: &Leg| matches!(leg, Leg::CreditTransfer(transfer) if transfer.debtor == of.account);
        entries.push(Found { booked, credit, is_debtor: legs.iter().any(debits) });
    }
    Ok(entries)
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

/// Why money moved, and what the payment's message said.
fn said<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    booking: &Booking,
    instruction: Option<&DecodedInstruction>,
) -> Result<(Nature, Option<PaymentDetails>), Fault> {
    let legs = instruction.map_or(&[][..], |instruction| instruction.envelope().body.legs());
    for leg in legs {
        let (nature, key) = match leg {
            Leg::CreditTransfer(transfer) => match credited(of, booking.uetr, transfer) {
                Some(found) => return Ok(found),
                None => continue,
            },
            Leg::Issue(_) | Leg::RedeemRequest(_) | Leg::RedeemConfirm(_) if booking.uetr.is_none() => {
                return Ok((Nature::Supply, None));
            }
            Leg::Return(back) => (Nature::Return(back.reason), &back.payment),
            Leg::Accept(accept) => (Nature::Payment, &accept.payment),
            _ => continue,
        };
        if booking.uetr == Some(key.uetr) {
            let payment = original(context, key)?;
            return Ok(match (nature, payment) {
                (Nature::Payment, Some((debtor, credit))) => as_seen(of, debtor, &credit),
                (nature, payment) => (nature, payment.map(|(debtor, credit)| details(debtor, &credit))),
            });
        }
    }
    Ok((Nature::Other, None))
}

/// A credit transfer of the instruction, if the account takes part in it.
fn credited(of: &Of<'_>, uetr: Option<Uetr>, transfer: &CreditTransfer) -> Option<(Nature, Option<PaymentDetails>)> {
    let takes_part = |credit: &&Credit| {
        let payees = credit.charges.iter().map(|charge| charge.payee);
        let mut concerned = [transfer.debtor, credit.creditor].into_iter().chain(payees);
        Some(credit.uetr) == uetr && transfer.asset == of.asset && concerned.any(|account| account == of.account)
    };
    transfer.credits.iter().find(takes_part).map(|credit| as_seen(of, transfer.debtor, credit))
}

/// A credit as it is on the account that is read: who is neither side received a charge.
fn as_seen(of: &Of<'_>, debtor: AccountId, credit: &Credit) -> (Nature, Option<PaymentDetails>) {
    let side = [debtor, credit.creditor].contains(&of.account);
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

/// A payment that was made before: who paid, and its credit.
fn original<B: Backend>(context: &Context<B>, key: &PaymentKey) -> Result<Option<(AccountId, Credit)>, Fault> {
    let standings = context.backend.standings(&key.uetr)?;
    let Some(standing) = standings.into_iter().find(|standing| standing.name == *key) else { return Ok(None) };
    Ok(paid(context, &standing)?.map(|paid| (standing.facts.debtor, paid.credit)))
}

/// A payment as its own block has it.
pub(super) struct Paid {
    pub block: Block,
    /// Position of the receipt of its instruction.
    pub receipt: usize,
    pub credit: Credit,
}

/// Finds a payment in its block; none where the block has it no more. Another instruction of the block may have asked for the
/// same name: whoever came first has it, and the debtor tells who that was.
pub(super) fn paid<B: Backend>(context: &Context<B>, standing: &Standing) -> Result<Option<Paid>, Fault> {
    let Standing { name, facts, height, .. } = standing;
    let Some(FinalBlock { block, .. }) = context.backend.block(*height)? else { return Ok(None) };
    let Some(answers) = context.backend.block_answers(*height)? else { return Ok(None) };
    let named = |credit: &&Credit| {
        (credit.uetr, credit.kind, credit.debtor_agent) == (name.uetr, name.kind, name.debtor_agent)
    };
    let in_leg = |leg: &Leg| match leg {
        Leg::CreditTransfer(transfer) if transfer.debtor == facts.debtor => {
            transfer.credits.iter().find(named).cloned()
        }
        _ => None,
    };
    let in_instruction = |(place, raw): (usize, &RawInstruction)| {
        let decoded = raw.clone().decode().ok()?;
        Some((place, decoded.envelope().body.legs().iter().find_map(in_leg)?))
    };
    let found = block.instructions.iter().enumerate().find_map(in_instruction);
    Ok(found.map(|(place, credit)| Paid { receipt: answers.acts(&block).saturating_add(place), block, credit }))
}
