//! `iso20022_statement`: camt.053 of a day that is over, camt.052 of a day so far, camt.054 of one block, page by page.
//!
//! Every node writes the same bytes for the same height: they follow from the ledger alone. Only the account's number is not
//! on it, and its agent's own node adds that where it is asked to.

use super::super::{Context, Reader, asset};
use super::booked::{Found, Of, Originals, booked};
use super::days::Days;
use crate::backend::{About, Backend, ReceiptPart};
use crate::cursor;
use crate::fault::Fault;
use seaway_iso20022::message::{AccountChoice, LongText, OtherAccount};
use seaway_iso20022::statement::{Balances, Kind, Reported, Stated, Sums};
use seaway_types::AccountId;
use seaway_types::amount::Amount;
use seaway_types::bic::Bic;
use seaway_types::booking::{Booking, bookings};
use seaway_types::state::StateKey;
use seaway_types::time::{BlockTime, Day, Height};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Entries of a page.
const ENTRIES_MAX: usize = 1_000;
/// Entries of a page that comes with its proofs.
const PROVEN_MAX: usize = 100;
/// Bytes of instructions in the proofs of a page.
const PROVEN_BYTES_MAX: usize = 4 << 20;
/// Blocks that may have moved money on an account between a statement's end and the newest one, to prove its closing balance.
const SINCE_BLOCKS: usize = 256;
/// Blocks that are read at once.
const BLOCKS: usize = 16;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    account: AccountId,
    asset: String,
    /// As in `camt.053.001.08`.
    message: String,
    /// Of camt.053.
    day: Option<Day>,
    /// Of camt.052 and camt.054.
    height: Option<Height>,
    /// By which the account's agent knows it.
    number: Option<String>,
    /// To whom the message's header goes.
    to: Option<Bic>,
    count: Option<usize>,
    cursor: Option<String>,
    /// Whether each entry comes with its proof.
    #[serde(default)]
    proof: bool,
}

/// Where a page begins: a block, and how many of the account's entries in it were told before.
type At = (Height, usize);

/// The blocks that a statement tells of, and their time.
struct Span {
    day: Day,
    from: BlockTime,
    to: BlockTime,
    first: Height,
    last: Height,
}

/// A page of a statement.
pub(super) async fn statement<B: Backend>(
    context: &Arc<Context<B>>,
    reader: Reader,
    asked: Asked,
) -> Result<Value, Fault> {
    let of = asked.account;
    let agent = context.read(move |context| {
        context.ensure_account(&reader, &of)?;
        let found = context.backend.account(&of)?;
        Ok(found.ok_or_else(|| Fault::Unknown { what: "account", value: of.to_string() })?.agent)
    });
    let agent = agent.await?;
    if let Some(number) = &asked.number {
        // Whether another account has the number is nobody's business.
        match context.backend.resolve(agent, number.clone()).await {
            Ok(named) if named == of => {}
            Ok(_) | Err(Fault::NoAccount { .. }) => {
                let expected = "the number by which the account's agent knows it";
                return Err(Fault::Parameter { field: "number", value: number.clone(), expected });
            }
            Err(fault) => return Err(fault),
        }
    }
    context.read(move |context| page(context, &reader, agent, &asked)).await
}

fn page<B: Backend>(context: &Context<B>, reader: &Reader, agent: Bic, asked: &Asked) -> Result<Value, Fault> {
    let refused = |field, value: &str, expected| Fault::Parameter { field, value: value.to_owned(), expected };
    let expected = "camt.053.001.08, camt.052.001.08 or camt.054.001.08";
    let kind = Kind::of(&asked.message).ok_or_else(|| refused("message", &asked.message, expected))?;
    let count_max = if asked.proof { PROVEN_MAX } else { ENTRIES_MAX };
    let count = asked.count.unwrap_or(count_max);
    if !(1..=count_max).contains(&count) {
        return Err(refused("count", &count.to_string(), "1 to 1000 entries, with proofs 1 to 100"));
    }
    let book = context.backend.assets()?;
    let (id, asset) = asset(&book, &asked.asset)?;
    let mut reported = Reported::of(asked.account, agent, asset);
    reported.number = asked.number.as_deref().and_then(number);
    let days = Days::of(context, id)?;
    let of = Of { account: asked.account, asset: id, days: &days };
    let listed = (asked.account, id, &asked.message, asked.day, asked.height);
    let (known, (number, at)) = match &asked.cursor {
        Some(text) => {
            let (height, at) = cursor::read::<(u32, At)>(text, "iso20022_statement", &listed)?;
            (Some(height), at)
        }
        None => (None, (1, (Height(0), 0))),
    };
    let span = span(context, kind, &of, asked, known)?;
    let at = at.max((span.first, 0));
    let Entries { opening, found, follows } = entries(context, &of, (at, span.last), count)?;
    let closing = match follows {
        None => booked_at(context, &of, span.last)?,
        Some(_) => found.iter().try_fold(opening, |sum, one| moved(sum, one.booked.credit, one.booked.amount))?,
    };
    // One entry's notice has no balance.
    let ends = (follows.is_none() && kind != Kind::Entry).then_some(span.last);
    let proofs = if asked.proof { Some(proofs(context, reader, &of, agent, (&found, ends))?) } else { None };
    let entries: Vec<_> = found.into_iter().map(|found| found.booked).collect();
    let sums = if number == 1 { Some(sums(context, &of, &entries, (follows, span.last))?) } else { None };
    let available = context.backend.balance_at(&of.account, id, span.last)?.available;
    let whole =
        [booked_at(context, &of, Height(span.first.0.saturating_sub(1)))?, booked_at(context, &of, span.last)?];
    let [first, last] = whole.map(|amount| amount.to_major(asset.exponent));
    let stated = Stated {
        kind,
        of: reported,
        receiver: asked.to,
        day: span.day,
        from: span.from,
        to: span.to,
        height: span.last,
        page: (number, follows.is_none()),
        balances: Balances { opening, closing, available },
        sums,
        entries,
    };
    let text = stated.write().map_err(|error| Fault::Internal(error.to_string()))?;
    let next = follows.map(|at| (number.saturating_add(1), at));
    Ok(json!({
        "definition": kind.definition(),
        "message": text,
        "height": span.last,
        "day": span.day,
        "from": span.from,
        "to": span.to,
        "page": number,
        "entries": stated.entries.len(),
        "balances": {"opening": first, "closing": last, "available": available.to_major(asset.exponent)},
        "cursor": next.map(|next| cursor::write("iso20022_statement", &listed, span.last, next)),
        "proofs": proofs,
    }))
}

/// An account's number as a message has it: an IBAN where it is one.
fn number(text: &str) -> Option<AccountChoice> {
    match text.parse() {
        Ok(iban) => Some(AccountChoice::Iban(iban)),
        Err(_) => LongText::cut(text).map(|id| AccountChoice::Other(OtherAccount { id })),
    }
}

/// Which blocks are told of. Later pages name the last one, so that they go on with the same statement.
fn span<B: Backend>(
    context: &Context<B>,
    kind: Kind,
    of: &Of<'_>,
    asked: &Asked,
    known: Option<Height>,
) -> Result<Span, Fault> {
    let refused = |field, value: String, expected| Err(Fault::Parameter { field, value, expected });
    let tip = context.backend.status().height;
    match (kind, asked.day, asked.height) {
        (Kind::EndOfDay, Some(day), None) => {
            let expected = "a day with or after the first block that is over in the asset's calendar; camt.052 tells of \
                            one that is not";
            let first = of.days.first(context, tip, day)?;
            let after = of.days.first(context, tip, day.next())?.filter(|after| after.0 > 1);
            let (Some(first), Some(after)) = (first, after) else {
                return refused("day", day.to_string(), expected);
            };
            let (from, to) = (of.days.starts(first, day), of.days.starts(after, day.next()));
            Ok(Span { day, from, to, first, last: Height(after.0.saturating_sub(1)) })
        }
        (Kind::EndOfDay, ..) => refused("day", String::new(), "camt.053 is of a day, without a height"),
        (_, Some(day), _) => refused("day", day.to_string(), "none: only camt.053 is of a whole day"),
        (Kind::Entry, None, None) => refused("height", String::new(), "camt.054 is of the block of a height"),
        (kind, None, height) => {
            let last = super::super::account::height(context, known.or(height))?;
            let unknown = || Fault::Unknown { what: "block at height", value: last.to_string() };
            let to = context.backend.block(last)?.ok_or_else(unknown)?.block.header.time;
            let day = of.days.day(last, to);
            if kind == Kind::Entry {
                return Ok(Span { day, from: to, to, first: last, last });
            }
            let first = of.days.first(context, last, day)?.unwrap_or(last);
            Ok(Span { day, from: of.days.starts(first, day), to, first, last })
        }
    }
}

/// The entries of a page.
struct Entries {
    /// Booked before them.
    opening: Amount,
    found: Vec<Found>,
    /// Where the next ones begin, if there are any.
    follows: Option<At>,
}

/// So many entries from a place on, up to the last height.
fn entries<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    (at, last): (At, Height),
    count: usize,
) -> Result<Entries, Fault> {
    let (begins, mut told) = at;
    let mut opening = booked_at(context, of, Height(begins.0.saturating_sub(1)))?;
    let (mut found, mut next, mut originals) = (Vec::new(), begins, Originals::default());
    while next <= last {
        let blocks = context.backend.entries_from(&of.account, next, BLOCKS)?;
        let Some((furthest, _)) = blocks.last() else { break };
        next = Height(furthest.0.saturating_add(1));
        for (height, postings) in blocks.iter().take_while(|(height, _)| *height <= last) {
            let mut all: Vec<(usize, Booking)> = bookings(postings, Some(of.asset)).into_iter().enumerate().collect();
            // Only the block in which the page before it ended has entries that were told.
            let before = all.drain(..std::mem::take(&mut told).min(all.len()));
            for (_, booking) in before {
                opening = moved(opening, booking.credit, amount(booking.amount)?)?;
            }
            let first = all.first().map(|(place, _)| *place);
            let left = count.saturating_sub(found.len());
            let taken = all.len().min(left);
            let wanted = (*height, all.get(..taken).unwrap_or_default());
            found.extend(booked(context, of, &mut originals, wanted)?);
            if let Some(first) = first.filter(|_| taken < all.len()) {
                return Ok(Entries { opening, found, follows: Some((*height, first.saturating_add(taken))) });
            }
        }
    }
    Ok(Entries { opening, found, follows: None })
}

/// All entries counted: those of this page, and those that follow.
fn sums<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    page: &[seaway_iso20022::statement::Booked],
    (follows, last): (Option<At>, Height),
) -> Result<Sums, Fault> {
    let mut sums = Sums::default();
    page.iter().for_each(|entry| sums.add(entry.credit, entry.amount.minor_units()));
    let (mut next, mut told) = (follows.map(|(height, _)| height), follows.map_or(0, |(_, told)| told));
    while let Some(first) = next.filter(|first| *first <= last) {
        let blocks = context.backend.entries_from(&of.account, first, BLOCKS)?;
        next = blocks.last().map(|(furthest, _)| Height(furthest.0.saturating_add(1)));
        for (_, postings) in blocks.iter().take_while(|(height, _)| *height <= last) {
            let found = bookings(postings, Some(of.asset));
            let left = found.iter().skip(std::mem::take(&mut told));
            left.for_each(|booking| sums.add(booking.credit, booking.amount));
        }
    }
    Ok(sums)
}

fn amount(minor_units: u64) -> Result<Amount, Fault> {
    Amount::new(minor_units).map_err(|error| Fault::Internal(error.to_string()))
}

/// A balance after an entry.
fn moved(balance: Amount, credit: bool, by: Amount) -> Result<Amount, Fault> {
    let after = if credit { balance.checked_add(by) } else { balance.checked_sub(by) };
    after.ok_or_else(|| Fault::Internal("an entry does not fit its balance".to_owned()))
}

/// What was booked on the account after a block.
fn booked_at<B: Backend>(context: &Context<B>, of: &Of<'_>, height: Height) -> Result<Amount, Fault> {
    let balance = context.backend.balance_at(&of.account, of.asset, height)?;
    let too_large = || Fault::Internal("a balance is larger than an amount".to_owned());
    amount(u64::try_from(balance.booked()).map_err(|_| too_large())?)
}

/// What shows each entry without trust in this node: the receipt, and the instruction where it is the reader's to see. With
/// the last page, what shows the closing balance too.
fn proofs<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    of: &Of<'_>,
    agent: Bic,
    (found, ends): (&[Found], Option<Height>),
) -> Result<Value, Fault> {
    // A creditor sees its own credit of a bulk, and not what the others get.
    let sees_all = match context.ensure_any(reader, &[], &[agent]) {
        Ok(()) => true,
        Err(Fault::Forbidden) => false,
        Err(fault) => return Err(fault),
    };
    let mut left = PROVEN_BYTES_MAX;
    let page = proven(context, sees_all, found, &mut left)?;
    let (balance, since) = match ends {
        Some(last) => closing(context, of, sees_all, last, &mut left)?,
        None => (Value::Null, Value::Null),
    };
    Ok(json!({
        "account": of.account,
        "asset": of.asset,
        "page": page,
        "balance": balance,
        "since": since,
    }))
}

/// The newest balance, whose state alone is kept to be proven, and what was booked after the statement's end: together they
/// show the closing balance. Nothing where more was booked since than a page may prove.
fn closing<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    sees_all: bool,
    last: Height,
    left: &mut usize,
) -> Result<(Value, Value), Fault> {
    let balance = context.backend.prove_state(About::Record(StateKey::Balance(of.account, of.asset)))?;
    let newest = balance.header.height;
    let after = Height(last.0.saturating_add(1));
    // Blocks that moved another asset of the account are gone through too.
    if newest < last || context.backend.entries_from(&of.account, after, SINCE_BLOCKS)?.len() == SINCE_BLOCKS {
        return Ok((Value::Null, Value::Null));
    }
    let Entries { found, follows, .. } = entries(context, of, ((after, 0), newest), PROVEN_MAX)?;
    if follows.is_some() {
        return Ok((Value::Null, Value::Null));
    }
    let moved = |one: &Found| json!({"credit": one.booked.credit, "amount": one.booked.amount});
    let moves: Vec<Value> = found.iter().map(moved).collect();
    let since = json!({"height": last, "page": proven(context, sees_all, &found, left)?, "moves": moves});
    Ok((json!(balance), since))
}

/// The proofs of entries that follow each other.
fn proven<B: Backend>(
    context: &Context<B>,
    sees_all: bool,
    found: &[Found],
    left: &mut usize,
) -> Result<Value, Fault> {
    let (mut genesis, mut lineage) = (Value::Null, Value::Null);
    let (mut blocks, mut entries): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut told: Option<(Height, u32)> = None;
    for Found { booked, credit, is_debtor } in found {
        let part = credit.map_or(ReceiptPart::Whole, ReceiptPart::Credit);
        let proof = context.backend.prove(booked.height, booked.receipt, part)?;
        let instruction = match told == Some((booked.height, booked.receipt)) || !(sees_all || *is_debtor) {
            true => None,
            false => super::booked::instruction(context, booked.height, booked.receipt)?,
        };
        let instruction = instruction.filter(|raw| raw.0.len() <= *left);
        *left = left.saturating_sub(instruction.as_ref().map_or(0, |raw| raw.0.len()));
        if told.is_none_or(|(height, _)| height != booked.height) {
            blocks.push(json!({"header": proof.header, "certificate": proof.certificate}));
        }
        told = Some((booked.height, booked.receipt));
        entries.push(json!({
            "reference": booked.name(), "height": booked.height, "uetr": booked.uetr, "receipt": proof.receipt,
            "instruction": instruction,
        }));
        (genesis, lineage) = (json!(proof.genesis), json!(proof.lineage));
    }
    Ok(json!({"genesis": genesis, "lineage": lineage, "blocks": blocks, "entries": entries}))
}
