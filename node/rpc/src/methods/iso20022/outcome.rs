//! What became of a message, from what the ledger answered.

use super::super::Context;
use crate::backend::{Backend, Placed, Standing};
use crate::fault::Fault;
use crate::show::NOT_ACCEPTED;
use seaway_iso20022::message::Status;
use seaway_iso20022::order::{CreditResult, Order, Outcome};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::reason::Reason;
use seaway_types::receipt::{self, CreditOutcome};
use seaway_types::state::PaymentStage;
use seaway_types::time::BlockTime;

/// A reason's code and text.
type Why = Option<(String, String)>;

/// Another message was sent under this id before.
pub(super) fn refused_other(now: BlockTime) -> Outcome {
    let reason = Some(("AM05".to_owned(), "another message was sent under this id before".to_owned()));
    Outcome { status: Status::Rejected, reason, time: now, reference: None, credits: Vec::new() }
}

/// Waits for a block.
pub(super) fn admitted(now: BlockTime) -> Outcome {
    Outcome { status: Status::Authentic, reason: None, time: now, reference: None, credits: Vec::new() }
}

/// The present state of what a block answered: a payment that waited may have settled since. The time is that of the last
/// change.
pub(super) fn present<B: Backend>(context: &Context<B>, order: &Order, placed: &Placed) -> Result<Outcome, Fault> {
    let credits: Result<Vec<CreditResult>, Fault> =
        placed.credits.iter().map(|credit| of_credit(context, order, credit, placed.time)).collect();
    let credits = credits?;
    let time = credits.iter().map(|credit| credit.time).fold(placed.time, BlockTime::max);
    let whole = placed.receipt.reason.as_ref().map(|placed| why(&placed.reason));
    let (status, reason) = match credits.as_slice() {
        [] => (status(placed.receipt.status), whole),
        [first, rest @ ..] if rest.iter().all(|other| other.status == first.status) => {
            (first.status, whole.or_else(|| first.reason.clone()))
        }
        _ => (Status::Partly, whole),
    };
    let reference = format!("{}-{}", placed.height, placed.position).parse().ok();
    Ok(Outcome { status, reason, time, reference, credits })
}

/// One credit, as it stands now, after a block of some time.
fn of_credit<B: Backend>(
    context: &Context<B>,
    order: &Order,
    credit: &CreditOutcome,
    time: BlockTime,
) -> Result<CreditResult, Fault> {
    let reason = credit.reason.as_ref().map(why);
    let first = CreditResult { uetr: credit.uetr, status: status(credit.status), reason, time };
    if !matches!(first.status, Status::Pending | Status::Settled) {
        return Ok(first);
    }
    let name = PaymentKey { debtor_agent: order.sender, uetr: credit.uetr, kind: credit.kind };
    let standings = context.backend.standings(&credit.uetr)?;
    let Some(standing) = standings.into_iter().find(|standing| standing.name == name) else { return Ok(first) };
    let now = status(standing.status());
    let changed = standing.confirmed.or(standing.settled_later).filter(|_| now != first.status);
    let block = changed.map(|height| context.backend.block(height)).transpose()?.flatten();
    let time = block.map_or(time, |block| block.block.header.time);
    Ok(CreditResult { status: now, reason: why_refused(&standing), time, ..first })
}

/// Why a payment that waited was not taken.
fn why_refused(standing: &Standing) -> Why {
    match standing.lasting.as_ref().map(|payment| &payment.stage) {
        Some(PaymentStage::Refused { reason }) => {
            Some((reason.iso().to_owned(), "the creditor's agent refused it".to_owned()))
        }
        Some(PaymentStage::Lapsed { reason }) => Some((reason.iso().to_owned(), NOT_ACCEPTED.to_owned())),
        _ => None,
    }
}

fn why(reason: &Reason) -> (String, String) {
    (reason.iso().to_owned(), reason.to_string())
}

/// A status in the words of messages.
pub(super) fn status(status: receipt::Status) -> Status {
    match status {
        receipt::Status::Pdng => Status::Pending,
        receipt::Status::Acsc => Status::Settled,
        receipt::Status::Accc => Status::Credited,
        receipt::Status::Part => Status::Partly,
        receipt::Status::Rjct => Status::Rejected,
    }
}
