//! `feed_read`: what happened that concerns a participant, numbered from 1 without gaps, the same at every node.

use super::{Context, Reader, reading};
use crate::backend::{Backend, BlockAnswers};
use crate::fault::Fault;
use crate::show::event as contract_event;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::block::Block;
use seaway_types::booking::{Booking, bookings};
use seaway_types::contract::{Cause, ContractEvent};
use seaway_types::feed::{FeedEvent, FeedWhat, concerned};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::{Leg, Submitter};
use seaway_types::receipt::{CreditOutcome, Receipt};
use seaway_types::time::Height;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Most events in one answer.
const EVENTS_MAX: usize = 1_000;
/// Bytes of events of contracts after which an answer ends: others are short.
const EVENTS_BYTES: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    participant: Bic,
    #[serde(default)]
    after: u64,
    count: Option<usize>,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "feed_read", read)
}

fn read<B: Backend>(context: &Context<B>, reader: &Reader, params: Read) -> Result<Value, Fault> {
    context.ensure_any(reader, &[], &[params.participant])?;
    let count = params.count.unwrap_or(100);
    if !(1..=EVENTS_MAX).contains(&count) {
        return Err(Fault::Parameter { field: "count", value: count.to_string(), expected: "1 to 1000" });
    }
    let (events, numbered) = context.backend.feed(params.participant, params.after, count)?;
    let shown = show(&*context.backend, params.participant, &events)?;
    let last = shown.last().map_or(params.after, |(number, _)| *number);
    let shown: Vec<Value> = shown.into_iter().map(|(_, event)| event).collect();
    Ok(json!({"participant": params.participant, "events": shown, "last": last, "height": numbered}))
}

/// A participant's events with numbers above one, at most so many, as clients see them.
pub fn feed_events(
    backend: &impl Backend,
    participant: Bic,
    after: u64,
    count_max: usize,
) -> Result<Vec<(u64, Value)>, Fault> {
    let (events, _) = backend.feed(participant, after, count_max.min(EVENTS_MAX))?;
    show(backend, participant, &events)
}

/// What is read of a block to show its events.
struct Told {
    height: Height,
    block: Block,
    answers: BlockAnswers,
    /// The bookings of the account that was told of last: those of one follow each other.
    bookings: Option<(AccountId, Vec<Booking>)>,
}

/// Events as clients see them: all that are given, or the first of them where they are long.
fn show(backend: &impl Backend, participant: Bic, events: &[FeedEvent]) -> Result<Vec<(u64, Value)>, Fault> {
    let book = backend.assets()?;
    let mut told: Option<Told> = None;
    let (mut shown, mut bytes) = (Vec::with_capacity(events.len()), 0);
    for event in events {
        if bytes >= EVENTS_BYTES {
            break;
        }
        let mut block = match told.take() {
            Some(told) if told.height == event.height => told,
            _ => tell(backend, event.height)?,
        };
        let mut fields = match what(backend, &book, &mut block, participant, &event.what)? {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.insert("number".to_owned(), json!(event.number));
        fields.insert("height".to_owned(), json!(event.height));
        fields.insert("time".to_owned(), json!(block.block.header.time));
        let event_shown = Value::Object(fields);
        if matches!(event.what, FeedWhat::Contract { .. }) {
            bytes += event_shown.to_string().len();
        }
        shown.push((event.number, event_shown));
        told = Some(block);
    }
    Ok(shown)
}

fn tell(backend: &impl Backend, height: Height) -> Result<Told, Fault> {
    let missing = || Fault::Internal(format!("block {height} has events and is not there"));
    let block = backend.block(height)?.ok_or_else(missing)?.block;
    let answers = backend.block_answers(height)?.ok_or_else(missing)?;
    Ok(Told { height, block, answers, bookings: None })
}

fn what(
    backend: &impl Backend,
    book: &AssetBook,
    told: &mut Told,
    participant: Bic,
    what: &FeedWhat,
) -> Result<Value, Fault> {
    let height = told.height;
    let missing = || Fault::Internal(format!("block {height} has not what its events say"));
    let (receipt, mut shown) = match what {
        FeedWhat::Booked { account, place } => {
            let booking = told.bookings(backend, account)?.get(*place).ok_or_else(missing)?;
            let amount = seaway_types::Amount::new(booking.amount).map_err(|_| missing())?;
            let shown = json!({
                "type": "entry",
                "account": account,
                "direction": if booking.credit { "CRDT" } else { "DBIT" },
                "amount": book.show(amount, booking.asset),
                "uetr": booking.uetr,
            });
            (booking.receipt, shown)
        }
        FeedWhat::Waits { receipt, credit } => {
            let outcome = told.answers.credits(*receipt).get(*credit).ok_or_else(missing)?;
            (*receipt, waiting(backend, book, height, outcome)?)
        }
        FeedWhat::Answered { receipt } => match told.answers.receipts.get(*receipt as usize) {
            Some(Receipt::Instruction(answered)) => {
                let reason = answered.reason.as_ref().map(|placed| &placed.reason);
                let shown = json!({
                    "type": "instruction",
                    "submitter": answered.submitter,
                    "key": answered.key,
                    "status": answered.status.iso(),
                    "reason": reason.map(|reason| json!({"iso": reason.iso(), "text": reason.to_string()})),
                });
                (*receipt, shown)
            }
            _ => return Err(missing()),
        },
        FeedWhat::FollowedUp { receipt, leg, payment } => {
            let (act, reason) = told.follow_up(*receipt, *leg).ok_or_else(missing)?;
            let shown = json!({
                "type": act,
                "uetr": payment.uetr,
                "kind": payment.kind,
                "debtorAgent": payment.debtor_agent,
                "reason": reason,
            });
            (*receipt, shown)
        }
        FeedWhat::Acted { receipt } => match told.answers.receipts.get(*receipt as usize) {
            Some(Receipt::Act(act)) => (*receipt, json!({"type": "act", "act": act})),
            _ => return Err(missing()),
        },
        FeedWhat::Contract { receipt, place } => {
            let event = told.answers.event(*receipt, *place).ok_or_else(missing)?;
            (*receipt, contract(backend, book, participant, event, (*receipt, *place))?)
        }
    };
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("reference".to_owned(), json!(format!("{height}-{receipt}")));
    }
    Ok(shown)
}

/// A credit that waits. Who accepts it names the payment, and so its debtor's agent.
fn waiting(
    backend: &impl Backend,
    book: &AssetBook,
    height: Height,
    outcome: &CreditOutcome,
) -> Result<Value, Fault> {
    let named = backend.standings(&outcome.uetr)?.into_iter().find(|standing| {
        standing.name.kind == outcome.kind && standing.facts.creditor == outcome.creditor && standing.height == height
    });
    Ok(json!({
        "debtorAgent": named.map(|standing| standing.name.debtor_agent),
        "type": "waiting",
        "status": outcome.status.iso(),
        "uetr": outcome.uetr,
        "kind": outcome.kind,
        "creditor": outcome.creditor,
        "amount": book.show(outcome.amount, outcome.asset),
    }))
}

/// What a contract did, as `contract_events` shows it, and why the participant is told: for which of its accounts, or for
/// itself. Position and place are those that `contract_proof` asks for.
fn contract(
    backend: &impl Backend,
    book: &AssetBook,
    participant: Bic,
    event: &ContractEvent,
    (position, place): (u32, usize),
) -> Result<Value, Fault> {
    let (accounts, participants) = backend.contract_readers(&event.instance)?;
    let mut concerns = Vec::new();
    for who in concerned(event, &accounts, &participants) {
        let institution = match who {
            Submitter::Account(account) => backend.account(&account)?.map(|account| account.agent),
            Submitter::Participant(bic) => Some(bic),
            Submitter::Authority => None,
        };
        if institution == Some(participant) {
            concerns.push(who);
        }
    }
    let name = match &event.cause {
        Cause::Opened => "opened",
        Cause::Called { .. } => "called",
        Cause::TimedOut => "timedOut",
        Cause::ClosedByKernel => "closedByKernel",
        Cause::Withdrawn => "withdrawn",
    };
    let mut shown = contract_event(event, book);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("type".to_owned(), json!("contract"));
        fields.insert("event".to_owned(), json!(name));
        fields.insert("position".to_owned(), json!(position));
        fields.insert("place".to_owned(), json!(place));
        fields.insert("concerns".to_owned(), json!(concerns));
    }
    Ok(shown)
}

impl Told {
    /// What the block booked on an account.
    fn bookings(&mut self, backend: &impl Backend, account: &AccountId) -> Result<&[Booking], Fault> {
        if self.bookings.as_ref().is_none_or(|(of, _)| of != account) {
            let entries = backend.entries_from(account, self.height, 1)?;
            let own = entries.into_iter().find(|(height, _)| *height == self.height);
            let found = own.map(|(_, postings)| bookings(&postings, None)).unwrap_or_default();
            self.bookings = Some((*account, found));
        }
        Ok(self.bookings.as_ref().map_or(&[], |(_, found)| found))
    }

    /// What followed up a payment, and the reason that it gave.
    fn follow_up(&self, receipt: u32, leg: usize) -> Option<(&'static str, Option<&'static str>)> {
        let decoded = self.answers.instruction(&self.block, receipt)?.clone().decode().ok()?;
        follow_up(decoded.envelope().body.legs().get(leg)?)
    }
}

fn follow_up(leg: &Leg) -> Option<(&'static str, Option<&'static str>)> {
    Some(match leg {
        Leg::Return(back) => ("returned", Some(back.reason.iso())),
        Leg::RecallRequest(recall) => ("recalled", Some(recall.reason.iso())),
        Leg::RecallAnswer(answer) => match &answer.refusal {
            Some(reason) => ("recallRefused", Some(reason.iso())),
            None => ("recallAgreed", None),
        },
        Leg::Accept(_) => ("accepted", None),
        Leg::Refuse(refuse) => ("refused", Some(refuse.reason.iso())),
        Leg::Confirm(_) => ("confirmed", None),
        _ => return None,
    })
}
