//! What was booked on an account in a block, with what the messages of its payments said.

use super::super::Context;
use crate::backend::{Backend, BlockAnswers};
use crate::fault::Fault;
use seaway_iso20022::statement::{Booked, Nature, PaymentDetails};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::block::Block;
use seaway_types::booking::{Booking, bookings};
use seaway_types::calendar::Calendar;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::instruction::{DecodedInstruction, Leg, RawInstruction};
use seaway_types::receipt::Posting;
use seaway_types::time::Height;
use std::collections::BTreeMap;

/// The account and the asset that are read.
pub(super) struct Of<'a> {
    pub account: AccountId,
    pub asset: AssetId,
    pub calendar: &'a Calendar,
}

/// A booking, and the instruction that made it, if one did.
pub(super) struct Found {
    pub booked: Booked,
    pub raw: Option<RawInstruction>,
    /// The place of its credit among those of the receipt.
    pub credit: Option<usize>,
}

/// What a block's postings on an account booked.
pub(super) fn booked<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    height: Height,
    postings: &[Posting],
) -> Result<Vec<Found>, Fault> {
    let found = bookings(postings, Some(of.asset));
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let block = stored(context, height)?;
    let unanswered = || Fault::Internal(format!("block {height} has no receipts"));
    let BlockAnswers { receipts, outcomes } = context.backend.block_answers(height)?.ok_or_else(unanswered)?;
    // Receipts of the block's own acts stand before those of its instructions.
    let acts = receipts.len().saturating_sub(block.instructions.len());
    let mut decoded: BTreeMap<u32, Option<DecodedInstruction>> = BTreeMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for booking in &found {
        let place = (booking.receipt as usize).checked_sub(acts);
        let raw = place.and_then(|place| block.instructions.get(place));
        let instruction =
            decoded.entry(booking.receipt).or_insert_with(|| raw.and_then(|raw| raw.clone().decode().ok()));
        let (nature, payment) = said(context, of, booking, instruction.as_ref())?;
        let amount = Amount::new(booking.amount).map_err(|error| Fault::Internal(error.to_string()))?;
        let booked = Booked {
            height,
            receipt: booking.receipt,
            credit: booking.credit,
            amount,
            time: block.header.time,
            value: of.calendar.local(block.header.time).day,
            uetr: booking.uetr,
            nature,
            payment,
        };
        let credits = outcomes.iter().find(|(of, _)| *of == booking.receipt).map_or(&[][..], |(_, credits)| credits);
        let credit = credits.iter().position(|credit| Some(credit.uetr) == booking.uetr);
        entries.push(Found { booked, raw: raw.cloned(), credit });
    }
    Ok(entries)
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
                (Nature::Payment, Some((transfer, credit))) => as_seen(of, &transfer, &credit),
                (nature, payment) => (nature, payment.map(|(transfer, credit)| details(&transfer, &credit))),
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
    transfer.credits.iter().find(takes_part).map(|credit| as_seen(of, transfer, credit))
}

/// A credit as it is on the account that is read: who is neither side received a charge.
fn as_seen(of: &Of<'_>, transfer: &CreditTransfer, credit: &Credit) -> (Nature, Option<PaymentDetails>) {
    let side = [transfer.debtor, credit.creditor].contains(&of.account);
    (if side { Nature::Payment } else { Nature::Charge }, Some(details(transfer, credit)))
}

fn details(transfer: &CreditTransfer, credit: &Credit) -> PaymentDetails {
    PaymentDetails {
        end_to_end: credit.end_to_end_id,
        debtor: transfer.debtor,
        creditor: credit.creditor,
        debtor_agent: credit.debtor_agent,
        creditor_agent: credit.creditor_agent,
        amount: credit.amount,
        purpose: credit.purpose,
    }
}

/// The credit of a payment that was made before, with the transfer that it stands in, of which it is left the only one.
fn original<B: Backend>(context: &Context<B>, key: &PaymentKey) -> Result<Option<(CreditTransfer, Credit)>, Fault> {
    let standings = context.backend.standings(&key.uetr)?;
    let Some(standing) = standings.into_iter().find(|standing| standing.name == *key) else { return Ok(None) };
    let block = stored(context, standing.height)?;
    let named =
        |credit: &&Credit| (credit.uetr, credit.kind, credit.debtor_agent) == (key.uetr, key.kind, key.debtor_agent);
    let in_leg = |leg: &Leg| match leg {
        Leg::CreditTransfer(transfer) if transfer.debtor == standing.facts.debtor => {
            let credit = transfer.credits.iter().find(named)?.clone();
            Some((CreditTransfer { credits: Default::default(), ..transfer.clone() }, credit))
        }
        _ => None,
    };
    let in_instruction = |raw: &RawInstruction| {
        let decoded = raw.clone().decode().ok()?;
        decoded.envelope().body.legs().iter().find_map(in_leg)
    };
    Ok(block.instructions.iter().find_map(in_instruction))
}
