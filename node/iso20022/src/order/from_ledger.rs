//! Messages made from the ledger alone: what the other side's bank receives of an instruction, in the same bytes
//! whoever writes them.
//!
//! | on the ledger | message | from | to |
//! |---|---|---|---|
//! | a credit, as it stands; an acceptance, a refusal, a confirmation | pacs.002 | the creditor's agent | who instructed it |
//! | return | pacs.004 | the creditor's agent | the debtor's agent |
//! | recall | camt.056 | the debtor's agent | the creditor's agent |
//! | recall refused, or agreed to | camt.029 `RJCR`, `CNCL` | the creditor's agent | the debtor's agent |
//!
//! The ledger holds no ids of messages. So the original one is `NOTPROVIDED`, as CBPR+ has it, and the payment is known
//! by its UETR, its end-to-end id, and block and place. Nor does it number cases: a payment's name gives it one, which
//! a recall and its answer share.

use super::payback::definition_of;
use super::recall::{resolution, short};
use super::report::{Asked, answer_id, report_under};
use super::{Answer, CreditResult, Outcome};
use crate::message::{
    Agent, Assignment, CancellationReason, CancellationRequest, CancelledPayment, CancelledPayments, Case, CaseParty,
    CodeOrText, Confirmation, CreditTransfer, Document, InstitutionTransfer, LongText, Message, Moment, Money,
    NOT_PROVIDED, OriginalGroup, PaymentReturn, Resolution, ResolvedPayment, Returned, unsaid,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{CurrencyCode, Exponent};
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::instruction::Leg;
use seaway_types::instruction::follow_up::{RecallAnswer, RecallRequest, Return};
use seaway_types::instruction::payment::{Credit, CreditKind, PaymentKey};
use seaway_types::text::Text35;
use seaway_types::time::{BlockTime, Day};

/// A payment that was followed up, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its name.
    pub payment: PaymentKey,
    /// Its id from debtor to creditor.
    pub end_to_end: Text35,
    /// Who services the account that was paid.
    pub creditor_agent: Bic,
    /// The currency of what was paid.
    pub currency: CurrencyCode,
    /// Its decimals.
    pub exponent: Exponent,
    /// What was paid.
    pub paid: Amount,
    /// The asset's day on which it settled.
    pub paid_on: Day,
    /// Block and place of its receipt.
    pub reference: Text35,
}

/// Where a leg that follows a payment up stands on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Block and place of its instruction's receipt.
    pub reference: Text35,
    /// The leg's position in the instruction, 0 outside bundles.
    pub leg: u8,
    /// Time of the block.
    pub time: BlockTime,
    /// The asset's day then.
    pub day: Day,
}

/// The message of a leg that was executed; nothing for a leg that returns, recalls or answers no payment.
pub fn follow_up(leg: &Leg, original: &Original, place: &Place) -> Option<Answer> {
    match leg {
        Leg::Return(back) => {
            let id = place.id(PaymentReturn::DEFINITION, leg);
            let document = PaymentReturn::of(&original.returned(back, id, place)?)?;
            Some(Answer::of(&Message { header: None, document }))
        }
        Leg::RecallRequest(recall) => {
            let id = place.id(CancellationRequest::DEFINITION, leg);
            let document = original.recalled(recall, id, place)?;
            Some(Answer::of(&Message { header: None, document }))
        }
        Leg::RecallAnswer(answer) => {
            let id = place.id(Resolution::DEFINITION, leg);
            let document = original.answered(answer, id, place)?;
            Some(Answer::of(&Message { header: None, document }))
        }
        _ => None,
    }
}

/// The status report of a credit as it stands.
pub fn credit_status(credit: &Credit, result: &CreditResult, reference: Text35) -> Option<Answer> {
    let CreditResult { status, reason, time, .. } = result.clone();
    let asked = Asked {
        header: None,
        definition: match credit.kind {
            CreditKind::Customer => CreditTransfer::DEFINITION,
            CreditKind::Institution | CreditKind::Cover => InstitutionTransfer::DEFINITION,
        },
        id: NOT_PROVIDED.parse().ok()?,
        created: None,
        sender: Some(credit.instructing_agent),
        receiver: Some(credit.creditor_agent),
        instruction: None,
        end_to_end: Some(credit.end_to_end_id),
        transaction: None,
        uetr: Some(credit.uetr),
    };
    // Many credits of one instruction may stand alike: the payment's name and its own id tell their reports apart.
    let of = (credit.debtor_agent, credit.uetr, credit.kind, credit.end_to_end_id);
    let id = answer_id(&codec::encode(&(of, status.code(), time, &reason, reference)), reference);
    let outcome = Outcome { status, reason, time, reference: Some(reference), credits: Vec::new() };
    Some(report_under(id, &asked, &outcome))
}

impl Place {
    /// The id of a message: of what it says, and of where that stands, as a bundle may do the same thing twice.
    fn id(&self, definition: &str, leg: &Leg) -> Text35 {
        let says = (definition, self.reference, self.time, self.leg, leg);
        answer_id(&codec::encode(&says), self.reference)
    }

    /// From whom to whom a recall or its answer goes.
    fn assignment(&self, id: Text35, from: Bic, to: Bic) -> Assignment {
        Assignment { id, from: party(from), to: party(to), created: Moment(self.time) }
    }
}

impl Original {
    fn returned(&self, back: &Return, id: Text35, place: &Place) -> Option<Returned> {
        Some(Returned {
            id,
            time: place.time,
            day: place.day,
            reference: Some(place.reference),
            payment: self.payment,
            message: NOT_PROVIDED.parse().ok()?,
            end_to_end: Some(self.end_to_end),
            creditor_agent: self.creditor_agent,
            currency: self.currency,
            exponent: self.exponent,
            paid: self.paid,
            paid_on: Some(self.paid_on),
            amount: back.amount,
            reason: back.reason,
        })
    }

    fn recalled(&self, recall: &RecallRequest, id: Text35, place: &Place) -> Option<CancellationRequest> {
        let transaction = CancelledPayment {
            id: short(id),
            case: self.case(),
            original: Some(self.message()?),
            instruction: None,
            end_to_end: Some(self.end_to_end),
            transaction: None,
            uetr: Some(self.payment.uetr),
            reference: Some(self.reference),
            paid: Some(Money { currency: self.currency, number: self.paid.to_major(self.exponent) }),
            paid_on: Some(self.paid_on),
            reason: Some(why(recall.reason.codes().cancellation?)?),
        };
        Some(CancellationRequest {
            assignment: place.assignment(id, self.payment.debtor_agent, self.creditor_agent),
            case: None,
            underlying: CancelledPayments { transaction },
        })
    }

    fn answered(&self, answer: &RecallAnswer, id: Text35, place: &Place) -> Option<Resolution> {
        let (status, reason) = match answer.refusal {
            Some(reason) => (Confirmation::Rejected, Some(why(reason.codes().refusal?)?)),
            None => (Confirmation::Cancelled, None),
        };
        let transaction = ResolvedPayment {
            id: short(id),
            case: self.case(),
            original: Some(self.message()?),
            instruction: None,
            end_to_end: Some(self.end_to_end),
            transaction: None,
            reference: Some(self.reference),
            uetr: Some(self.payment.uetr),
            reason,
        };
        let assignment = place.assignment(id, self.creditor_agent, self.payment.debtor_agent);
        Some(resolution(assignment, status, transaction))
    }

    /// The message that asked for the payment.
    fn message(&self) -> Option<OriginalGroup> {
        let definition = LongText::cut(definition_of(self.payment.kind))?;
        Some(OriginalGroup { id: NOT_PROVIDED.parse().ok()?, definition, created: None })
    }

    /// The payment's case, which who paid opens.
    fn case(&self) -> Option<Case> {
        let id = short(answer_id(&codec::encode(&("case", self.payment)), self.reference))?;
        Some(Case { id, creator: party(self.payment.debtor_agent) })
    }
}

fn party(bic: Bic) -> CaseParty {
    CaseParty::Institution(Agent::of(bic))
}

/// A reason of which the ledger holds the code.
fn why(code: &str) -> Option<CancellationReason> {
    let reason = Some(CodeOrText::Code(LongText::cut(code)?));
    Some(CancellationReason { originator: None, reason, information: unsaid(code).into_iter().collect() })
}
