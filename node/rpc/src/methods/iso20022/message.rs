//! `iso20022_message`: the messages that an instruction stands for, as the other side's bank receives them.
//!
//! They are made from the ledger alone: every node writes the same bytes. A credit is told as it stands at the tip, and
//! what followed a payment up as it was executed. Each message is shown to whom its payment concerns.

use super::super::{Context, Reader};
use super::booked::{Paid, paid};
use super::days::Days;
use super::outcome::{present, status};
use crate::backend::{Backend, Placed, ReceiptPart, Standing};
use crate::fault::Fault;
use seaway_iso20022::order::{Answer, CreditResult, Order, Original, Outcome, Place, credit_status, follow_up};
use seaway_types::Uetr;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::instruction::{DecodedInstruction, Leg};
use seaway_types::receipt::{CreditOutcome, Receipt, Status};
use seaway_types::text::Text35;
use seaway_types::time::Height;
use serde::Deserialize;
use serde_json::{Value, json};

/// Most messages in one answer.
const MESSAGES_MAX: usize = 100;
/// What a reference is.
const REFERENCE: &str = "a block's height and the place of a receipt in it, as in 4711-0";
/// Which instructions stand for messages.
const STANDS_FOR: &str = "that of a credit transfer, or of a return, a recall, its answer, an acceptance, a refusal or a confirmation that was executed";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// As statements and feeds name it.
    reference: String,
    /// Only messages of this payment.
    uetr: Option<Uetr>,
    /// Whether the answer comes with its proof; it does unless this is false.
    proof: Option<bool>,
}

/// An instruction on the ledger, and its answer.
struct Found {
    reference: Text35,
    instruction: DecodedInstruction,
    /// Without its credits.
    placed: Placed,
    /// What became of its credits, of all of its transfers in order; nothing where it was rejected as a whole.
    credits: Vec<CreditOutcome>,
}

/// What has a message.
enum Subject<'a> {
    /// A credit, and its place among those of the receipt.
    Credit(usize, &'a CreditTransfer, &'a Credit),
    /// A leg that follows a payment up, and its position.
    FollowUp(u8, &'a Leg, &'a PaymentKey),
}

impl Subject<'_> {
    fn uetr(&self) -> Uetr {
        match self {
            Self::Credit(_, _, credit) => credit.uetr,
            Self::FollowUp(_, _, payment) => payment.uetr,
        }
    }
}

/// The messages of an instruction.
pub(super) fn message<B: Backend>(context: &Context<B>, reader: &Reader, asked: Asked) -> Result<Value, Fault> {
    let found = find(context, &asked.reference)?;
    let mut subjects = found.subjects();
    // That nothing or too much is there says something of it.
    let refused = |field, value: String, expected| match ensure_told(context, reader, &found) {
        Ok(()) => Err(Fault::Parameter { field, value, expected }),
        Err(fault) => Err(fault),
    };
    if subjects.is_empty() {
        return refused("reference", asked.reference, STANDS_FOR);
    }
    if let Some(uetr) = asked.uetr {
        subjects.retain(|subject| subject.uetr() == uetr);
        if subjects.is_empty() {
            return refused("uetr", uetr.to_string(), "that of a payment of this instruction");
        }
    }
    if subjects.len() > MESSAGES_MAX {
        return refused("uetr", String::new(), "that of one payment: there are more than 100 messages");
    }
    let mut told = Vec::new();
    for subject in &subjects {
        match tell(context, reader, &found, subject) {
            Ok(answer) => told.push((subject, answer)),
            Err(Fault::Forbidden) => {}
            Err(fault) => return Err(fault),
        }
    }
    let part = match told.as_slice() {
        [] => return Err(Fault::Forbidden),
        [(Subject::Credit(place, ..), _)] if *place < found.credits.len() => ReceiptPart::Credit(*place),
        _ => ReceiptPart::Whole,
    };
    let (height, position) = (found.placed.height, found.placed.position);
    let proof = asked.proof.unwrap_or(true).then(|| context.backend.prove(height, position, part));
    let shown = told.iter().map(|(subject, Answer { definition, text })| {
        json!({"definition": definition, "message": text, "uetr": subject.uetr()})
    });
    Ok(json!({
        "reference": found.reference.as_str(),
        "height": height,
        "time": found.placed.time,
        "messages": shown.collect::<Vec<_>>(),
        "proof": proof.transpose()?,
    }))
}

/// Participants learn of every instruction whether it stands for messages; others of their own.
fn ensure_told<B: Backend>(context: &Context<B>, reader: &Reader, found: &Found) -> Result<(), Fault> {
    match context.ensure_participant(reader) {
        Err(Fault::Forbidden) => context.ensure_submitter(reader, &found.placed.receipt.submitter),
        other => other,
    }
}

/// Height and place of a reference, which each have one form.
fn read(reference: &str) -> Option<(Height, u32)> {
    let (height, position) = reference.split_once('-')?;
    let (height, position) = (Height(height.parse().ok()?), position.parse::<u32>().ok()?);
    (format!("{height}-{position}") == reference).then_some((height, position))
}

/// Block and place as one text.
fn reference(height: Height, position: usize) -> Result<Text35, Fault> {
    let text = format!("{height}-{position}");
    text.parse().map_err(|_| Fault::Internal(format!("reference {text} is too long")))
}

fn find<B: Backend>(context: &Context<B>, text: &str) -> Result<Found, Fault> {
    let refused =
        |expected| Fault::Parameter { field: "reference", value: text.chars().take(60).collect(), expected };
    let (height, position) = read(text).ok_or_else(|| refused(REFERENCE))?;
    let unknown = || Fault::Unknown { what: "receipt", value: text.to_owned() };
    let block = context.backend.block(height)?.ok_or_else(unknown)?.block;
    let answers = context.backend.block_answers(height)?.ok_or_else(unknown)?;
    let receipt = match answers.receipts.get(position as usize).ok_or_else(unknown)? {
        Receipt::Instruction(receipt) => *receipt,
        // What a block did by itself.
        Receipt::Act(_) => return Err(refused(STANDS_FOR)),
    };
    let raw = answers.instruction(&block, position).cloned();
    let lost = || Fault::Internal(format!("block {height} has no instruction for its receipt {position}"));
    let instruction = raw.and_then(|raw| raw.decode().ok()).ok_or_else(lost)?;
    let credits = answers.credits(position).to_vec();
    let placed = Placed {
        block: block.header.id(),
        height,
        time: block.header.time,
        position,
        receipt,
        credits: Vec::new(),
        events: Vec::new(),
    };
    let reference = reference(height, position as usize)?;
    Ok(Found { reference, instruction, placed, credits })
}

impl Found {
    /// What has messages, in order. Nobody hears of a return, a recall or an answer that was rejected but who sent it.
    fn subjects(&self) -> Vec<Subject<'_>> {
        let executed = self.placed.receipt.status != Status::Rjct;
        let (mut subjects, mut place) = (Vec::new(), 0);
        for (position, leg) in (0..).zip(self.instruction.envelope().body.legs()) {
            let payment = match leg {
                Leg::CreditTransfer(transfer) => {
                    let credits = (place..).zip(transfer.credits.iter());
                    subjects.extend(credits.map(|(place, credit)| Subject::Credit(place, transfer, credit)));
                    place = place.saturating_add(transfer.credits.len());
                    continue;
                }
                Leg::Return(back) => &back.payment,
                Leg::RecallRequest(recall) => &recall.payment,
                Leg::RecallAnswer(answer) => &answer.payment,
                Leg::Accept(accept) => &accept.payment,
                Leg::Refuse(refuse) => &refuse.payment,
                Leg::Confirm(confirm) => &confirm.payment,
                _ => continue,
            };
            if executed {
                subjects.push(Subject::FollowUp(position, leg, payment));
            }
        }
        subjects
    }
}

/// One message, if the reader may read of its payment.
fn tell<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    found: &Found,
    subject: &Subject<'_>,
) -> Result<Answer, Fault> {
    let answer = match subject {
        Subject::Credit(place, transfer, credit) => {
            // Which agents a rejected credit names is its sender's claim: the accounts say whose they are.
            context.ensure_any(reader, &[transfer.debtor, credit.creditor], &[])?;
            let result = result(context, found, *place, credit)?;
            credit_status(credit, &result, found.reference)
        }
        Subject::FollowUp(position, leg, payment) => {
            let standings = context.backend.standings(&payment.uetr)?;
            let standing = standings.into_iter().find(|standing| standing.name == **payment);
            let standing = standing.ok_or_else(|| unknown(payment))?;
            let facts = &standing.facts;
            context.ensure_any(reader, &[facts.debtor, facts.creditor], &[payment.debtor_agent])?;
            if let Some(result) = decided(found, leg, &standing) {
                let Paid { credit, .. } = paid(context, &standing)?.ok_or_else(|| unknown(payment))?;
                return credit_status(&credit, &result, found.reference).ok_or_else(|| lost(found));
            }
            let original = original(context, &standing)?;
            let (reference, time) = (found.reference, found.placed.time);
            let day = Days::of(context, facts.asset)?.day(found.placed.height, time);
            follow_up(leg, &original, &Place { reference, leg: *position, time, day })
        }
    };
    answer.ok_or_else(|| lost(found))
}

fn lost(found: &Found) -> Fault {
    Fault::Internal(format!("{} was executed and has no message", found.reference))
}

/// What became of a payment that waited, or that its creditor's agent confirmed: of an accepted one, as it stands now.
fn decided(found: &Found, leg: &Leg, standing: &Standing) -> Option<CreditResult> {
    let refused = |reason: String| Some((reason, "the creditor's agent refused it".to_owned()));
    let (status, reason) = match leg {
        Leg::Accept(_) => (status(standing.status()), None),
        Leg::Confirm(_) => (status(Status::Accc), None),
        Leg::Refuse(refuse) => (status(Status::Rjct), refused(refuse.reason.iso().to_owned())),
        _ => return None,
    };
    Some(CreditResult { uetr: standing.name.uetr, status, reason, time: found.placed.time })
}

/// What became of a credit, as it stands now.
fn result<B: Backend>(
    context: &Context<B>,
    found: &Found,
    place: usize,
    credit: &Credit,
) -> Result<CreditResult, Fault> {
    let (sender, key) = (credit.debtor_agent, found.placed.receipt.key);
    let order = Order { sender, key, uetrs: vec![credit.uetr], accounts: Vec::new(), payments: Vec::new() };
    let credits = found.credits.get(place).copied().into_iter().collect();
    let Outcome { status, reason, time, credits, .. } =
        present(context, &order, &Placed { credits, ..found.placed.clone() })?;
    // An instruction that was rejected as a whole says so of each of its credits.
    let whole = CreditResult { uetr: credit.uetr, status, reason, time };
    Ok(credits.into_iter().next().unwrap_or(whole))
}

fn unknown(payment: &PaymentKey) -> Fault {
    Fault::Unknown { what: "payment with UETR", value: payment.uetr.to_string() }
}

/// A payment that was followed up.
fn original<B: Backend>(context: &Context<B>, standing: &Standing) -> Result<Original, Fault> {
    let Standing { name, facts, height, settled_later, .. } = standing;
    let missing = || unknown(name);
    let Paid { block, receipt, credit } = paid(context, standing)?.ok_or_else(missing)?;
    let book = context.backend.assets()?;
    let asset = book.get(facts.asset).ok_or_else(missing)?;
    let settled = match settled_later {
        Some(later) => context.backend.block(*later)?.ok_or_else(missing)?.block.header.time,
        None => block.header.time,
    };
    Ok(Original {
        payment: *name,
        end_to_end: credit.end_to_end_id,
        creditor_agent: credit.creditor_agent,
        currency: asset.code,
        exponent: asset.exponent,
        paid: facts.amount,
        paid_on: Days::of(context, facts.asset)?.day(settled_later.unwrap_or(*height), settled),
        reference: reference(*height, receipt)?,
    })
}
