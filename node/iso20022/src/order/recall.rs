//! camt.056 and camt.029: a payment is asked back, and the answer.
//!
//! The debtor's agent asks, the creditor's agent answers: it refuses by a camt.029 with `RJCR`, agrees by one with `CNCL`, or
//! agrees by giving the payment back at once (pacs.004). The settlement infrastructure itself answers a request by a camt.029: `PDCR`
//! when it is noted on the ledger, `RJCR` when the ledger refuses it.
//!
//! The payment is found by the agent that asked for it, by `OrgnlUETR`, and by the kind of message that `OrgnlMsgNmId` names;
//! `pacs.009.001.08COV` names a cover.

use super::payback::kind_of;
use super::report::{answer_header, answer_id, free_text};
use super::rules::{agent, check_header, check_party, missing};
use super::{Answer, Asks, Known, NamedPayment, Order, Outcome, message_key};
use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    Agent, Assignment, CancellationReason, CancellationRequest, CancelledPayment, CaseParty, CodeOrText,
    Confirmation, Document, LongText, Message, Moment, OriginalGroup, Resolution, ResolutionStatus, ResolvedPayment,
    ResolvedPayments, Status,
};
use seaway_types::Uetr;
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::instruction::follow_up::{RecallAnswer, RecallRequest};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Body, Leg};
use seaway_types::reason::{Codes, StatedReason};
use seaway_types::text::Text35;

const REQUEST: &str = "/Document/FIToFIPmtCxlReq";
const RESOLUTION: &str = "/Document/RsltnOfInvstgtn";

impl Asks for Message<CancellationRequest> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let CancellationRequest { assignment, underlying, .. } = &self.document;
        let payment = &underlying.transaction;
        let (sender, receiver) = parties(assignment, &format!("{REQUEST}/Assgnmt"), faults);
        check_header(self.header.as_ref(), sender, receiver, faults);
        let path = format!("{REQUEST}/Undrlyg/TxInf");
        let (reason, place) = (payment.reason.as_ref(), format!("{path}/CxlRsnInf"));
        check_originator(reason, &place, faults);
        faults.keep(stated(reason, &place, |codes| codes.cancellation));
        let named = named(payment.original.as_ref(), payment.uetr, sender, &path, faults);
        let id = self.header.as_ref().map_or(&assignment.id, |header| &header.id);
        let (sender, named) = (sender?, named?);
        let uetrs = vec![named.key.uetr];
        Some(Order { sender, key: message_key(sender, id), uetrs, accounts: Vec::new(), payments: vec![named] })
    }

    fn body(&self, order: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let payment = &self.document.underlying.transaction;
        let path = format!("{REQUEST}/Undrlyg/TxInf");
        let reason = stated(payment.reason.as_ref(), &format!("{path}/CxlRsnInf"), |codes| codes.cancellation)?;
        check_paid(payment, known, &path)?;
        let payment = order.payments.first().ok_or_else(|| missing(&format!("{path}/OrgnlUETR")))?.key;
        Ok(Body::Single(Leg::RecallRequest(RecallRequest { payment, reason })))
    }

    fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        // `PDCR` says that the request is noted. That it came, or waits for a block, has no word here.
        if matches!(outcome.status, Status::Received | Status::Authentic) {
            return None;
        }
        let CancellationRequest { assignment, case, underlying } = &self.document;
        let payment = &underlying.transaction;
        let rejected = outcome.status == Status::Rejected;
        let status = if rejected { Confirmation::Rejected } else { Confirmation::Pending };
        // Ids are their sender's: another may use the same.
        let bic = |party: &CaseParty| party.agent().and_then(|agent| agent.institution.bic);
        let asked = (bic(&assignment.from), bic(&assignment.to), assignment.id);
        let names = (asked, status.code(), outcome.time, &outcome.reason, outcome.reference);
        let id = answer_id(&codec::encode(&names), assignment.id);
        // The list of reasons not to give back has few codes; the text says what it was.
        let reason = outcome.reason.as_ref().filter(|_| rejected).map(|(code, text)| CancellationReason {
            originator: None,
            reason: LongText::cut(refusal_code(code)).map(CodeOrText::Code),
            information: free_text(&format!("{code} {text}")),
        });
        let transaction = ResolvedPayment {
            id: short(id),
            case: payment.case.clone().or_else(|| case.clone()),
            original: payment.original.clone(),
            instruction: payment.instruction,
            end_to_end: payment.end_to_end,
            transaction: payment.transaction,
            reference: payment.reference,
            uetr: payment.uetr,
            reason,
        };
        let (from, to) = (assignment.to.clone(), assignment.from.clone());
        let assignment = Assignment { id, from, to, created: Moment(outcome.time) };
        let document = resolution(assignment, status, transaction);
        let header = answer_header(self.header.as_ref(), id, Resolution::DEFINITION, outcome.time);
        Some(Answer::of(&Message { header, document }))
    }
}

impl Asks for Message<Resolution> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let Resolution { assignment, status: ResolutionStatus::Confirmed(status), details } = &self.document;
        let payment = &details.transaction;
        let (sender, receiver) = parties(assignment, &format!("{RESOLUTION}/Assgnmt"), faults);
        check_header(self.header.as_ref(), sender, receiver, faults);
        let path = format!("{RESOLUTION}/CxlDtls/TxInfAndSts");
        // Whether there may be a reason depends on the answer.
        if faults.sound(|| [format!("{RESOLUTION}/Sts")]) {
            if *status == Confirmation::Rejected {
                check_originator(payment.reason.as_ref(), &format!("{path}/CxlStsRsnInf"), faults);
            }
            faults.keep(self.refusal());
        }
        let named = named(payment.original.as_ref(), payment.uetr, receiver, &path, faults);
        let id = self.header.as_ref().map_or(&assignment.id, |header| &header.id);
        let (sender, named) = (sender?, named?);
        let uetrs = vec![named.key.uetr];
        Some(Order { sender, key: message_key(sender, id), uetrs, accounts: Vec::new(), payments: vec![named] })
    }

    fn body(&self, order: &Order, _: &Known<'_>) -> Result<Body, Fault> {
        let path = format!("{RESOLUTION}/CxlDtls/TxInfAndSts/OrgnlUETR");
        let payment = order.payments.first().ok_or_else(|| missing(&path))?.key;
        Ok(Body::Single(Leg::RecallAnswer(RecallAnswer { payment, refusal: self.refusal()? })))
    }

    /// There is no message that answers an answer.
    fn answer(&self, _: &Outcome) -> Option<Answer> {
        None
    }
}

impl Message<Resolution> {
    /// Why the payment is not given back; nothing when it is.
    fn refusal(&self) -> Result<Option<StatedReason>, Fault> {
        let Resolution { status: ResolutionStatus::Confirmed(status), details, .. } = &self.document;
        let (why, path) =
            (details.transaction.reason.as_ref(), format!("{RESOLUTION}/CxlDtls/TxInfAndSts/CxlStsRsnInf"));
        match (status, why) {
            (Confirmation::Rejected, why) => stated(why, &path, |codes| codes.refusal).map(Some),
            (Confirmation::Cancelled, None) => Ok(None),
            (Confirmation::Cancelled, Some(_)) => {
                let expected = Rule::Unknown("no reason: the payment is given back".to_owned());
                Err(Fault { path, ..Fault::new("", expected) })
            }
            (Confirmation::Pending, _) => {
                let text = "that nothing is decided yet changes nothing on the ledger";
                Err(Fault::refused(&format!("{RESOLUTION}/Sts/Conf"), status.code(), "AG01", text))
            }
        }
    }
}

/// The answer to a request.
pub(super) fn resolution(assignment: Assignment, status: Confirmation, transaction: ResolvedPayment) -> Resolution {
    let status = ResolutionStatus::Confirmed(status);
    Resolution { assignment, status, details: ResolvedPayments { transaction } }
}

/// Who sends, and who receives: institutions with a BIC, as far as they are known.
fn parties(assignment: &Assignment, path: &str, faults: &mut Faults) -> (Option<Bic>, Option<Bic>) {
    let bic = |party: &CaseParty, name: &str| {
        if let CaseParty::Party(_) = party {
            let text = "institutions alone ask payments back from each other";
            return Err(Fault::refused(&format!("{path}/{name}/Pty"), "", "RC01", text));
        }
        let one: Option<&Agent> = party.agent();
        agent(one, &format!("{path}/{name}/Agt"))
    };
    let sender = faults.keep(bic(&assignment.from, "Assgnr"));
    (sender, faults.keep(bic(&assignment.to, "Assgne")))
}

/// The payment that a message is about.
fn named(
    original: Option<&OriginalGroup>,
    uetr: Option<Uetr>,
    debtor_agent: Option<Bic>,
    path: &str,
    faults: &mut Faults,
) -> Option<NamedPayment> {
    let group = format!("{path}/OrgnlGrpInf");
    let original = faults.keep(original.ok_or_else(|| missing(&group)));
    let kind = original.map(|original| {
        let definition = original.definition.as_str();
        kind_of(definition, &[]).ok_or_else(|| {
            let expected = "pacs.008.001.08 or pacs.009.001.08, or another version of them".to_owned();
            Fault { path: format!("{group}/OrgnlMsgNmId"), ..Fault::new(definition, Rule::Form(expected)) }
        })
    });
    let kind = kind.and_then(|kind| faults.keep(kind));
    let path = format!("{path}/OrgnlUETR");
    let uetr = faults.keep(uetr.ok_or_else(|| missing(&path)));
    let key = PaymentKey { debtor_agent: debtor_agent?, uetr: uetr?, kind: kind? };
    Some(NamedPayment { key, path, unknown: "NOOR" })
}

/// Who gives a reason has a name.
fn check_originator(reason: Option<&CancellationReason>, path: &str, faults: &mut Faults) {
    let originator = reason.and_then(|reason| reason.originator.as_ref());
    check_party(originator, &format!("{path}/Orgtr"), "BE07", faults);
}

/// A reason that stands in a column of the table.
fn stated(
    reason: Option<&CancellationReason>,
    path: &str,
    column: impl Fn(Codes) -> Option<&'static str>,
) -> Result<StatedReason, Fault> {
    let reason = reason.ok_or_else(|| missing(path))?;
    let (name, value) = reason.stated().ok_or_else(|| missing(&format!("{path}/Rsn")))?;
    let codes = || StatedReason::ALL.into_iter().filter_map(|reason| Some((column(reason.codes())?, reason)));
    let found = codes().find(|(code, _)| name == "Rsn/Cd" && *code == value);
    found.map(|(_, reason)| reason).ok_or_else(|| {
        let names: Vec<&str> = codes().map(|(code, _)| code).collect();
        let expected = Rule::Form(format!("a code, one of {}", names.join(", ")));
        Fault { path: format!("{path}/{name}"), ..Fault::new(value, expected) }
    })
}

/// The amount that is said to have been paid is the one that was, and something of it is left to give back.
fn check_paid(payment: &CancelledPayment, known: &Known<'_>, path: &str) -> Result<(), Fault> {
    let Some(found) = known.payments.first() else { return Ok(()) };
    let (id, paid) = (found.facts.asset, found.facts.amount);
    if found.returned >= paid {
        let text = format!("all {} were returned before", known.assets.show(paid, id));
        return Err(Fault::refused(&format!("{path}/OrgnlUETR"), "", "ARDT", text));
    }
    let (Some(stated), Some(asset)) = (&payment.paid, known.assets.get(id)) else { return Ok(()) };
    let path = format!("{path}/OrgnlIntrBkSttlmAmt");
    if stated.currency != asset.code {
        let text = format!("{} was paid", asset.code);
        return Err(Fault::refused(&format!("{path}/@Ccy"), &stated.currency.to_string(), "CURR", text));
    }
    let amount = stated.amount(asset.exponent).map_err(|text| Fault::refused(&path, &stated.number, "AM09", text))?;
    if amount == paid {
        return Ok(());
    }
    let text = format!("{} were paid", known.assets.show(paid, id));
    Err(Fault::refused(&path, &stated.number, "AM09", text))
}

/// The code by which a camt.029 says why the ledger refuses a request.
fn refusal_code(code: &str) -> &str {
    let lists = |reason: &StatedReason| reason.codes().refusal == Some(code);
    if StatedReason::ALL.iter().any(lists) { code } else { "NARR" }
}

/// CBPR+ has ids of answers with at most 16 characters.
pub(super) fn short(id: Text35) -> Option<Text35> {
    id.as_str().get(..16).unwrap_or(id.as_str()).parse().ok()
}
