//! `iso20022_statement`: camt.053 of a day that is over, camt.052 of a day so far, camt.054 of one block, page by page.
//!
//! Every node writes the same bytes for the same height: they follow from the ledger alone. Only the account's number is not
//! on it, and its agent's own node adds that where it is asked to.

use super::super::{Context, Reader, asset};
use super::booked::{Found, Of, booked};
use crate::backend::{About, Backend, ReceiptPart};
use crate::cursor;
use crate::fault::Fault;
use seaway_iso20022::message::{AccountChoice, LongText, OtherAccount};
use seaway_iso20022::statement::{Balances, Kind, Reported, Stated, Sums};
use seaway_types::AccountId;
use seaway_types::amount::Amount;
use seaway_types::bic::Bic;
use seaway_types::booking::bookings;
use seaway_types::state::{Balance, StateKey};
use seaway_types::time::{BlockTime, Day, Height};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Entries of a page, unless one block has more.
const ENTRIES_MAX: usize = 1_000;
/// Entries of a page that comes with its proofs: each has a block's header and certificate.
const PROVEN_MAX: usize = 100;
/// Blocks that are read at once.
const BLOCKS: usize = 100;

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
    let (of, account) = (asked.account, asked.clone());
    let agent = context.read(move |context| {
        context.ensure_account(&reader, &of)?;
        let found = context.backend.account(&of)?;
        Ok(found.ok_or_else(|| Fault::Unknown { what: "account", value: of.to_string() })?.agent)
    });
    let agent = agent.await?;
    if let Some(number) = &asked.number {
        let named = context.backend.resolve(agent, number.clone()).await?;
        if named != of {
            let expected = "the number by which the account's agent knows it";
            return Err(Fault::Parameter { field: "number", value: number.clone(), expected });
        }
    }
    context.read(move |context| page(context, agent, &account)).await
}

fn page<B: Backend>(context: &Context<B>, agent: Bic, asked: &Asked) -> Result<Value, Fault> {
    let refused = |field, value: &str, expected| Fault::Parameter { field, value: value.to_owned(), expected };
    let kind = Kind::of(&asked.message)
        .ok_or_else(|| refused("message", &asked.message, "camt.053.001.08, camt.052.001.08 or camt.054.001.08"))?;
    let count_max = if asked.proof { PROVEN_MAX } else { ENTRIES_MAX };
    let count = asked.count.unwrap_or(count_max);
    if !(1..=count_max).contains(&count) {
        return Err(refused("count", &count.to_string(), "1 to 1,000 entries, with proofs 1 to 100"));
    }
    let book = context.backend.assets()?;
    let (id, asset) = asset(&book, &asked.asset)?;
    let mut reported = Reported::of(asked.account, agent, asset);
    reported.number = asked.number.as_deref().and_then(number);
    let calendar = context.backend.calendar(id)?;
    let of = Of { account: asked.account, asset: id, calendar: &calendar };
    let listed = (asked.account, id, &asked.message, asked.day, asked.height);
    let (known, (number, next)) = match &asked.cursor {
        Some(text) => {
            let (height, at) = cursor::read::<(u32, Height)>(text, "iso20022_statement", &listed)?;
            (Some(height), at)
        }
        None => (None, (1, Height(0))),
    };
    let span = span(context, kind, &of, asked, known)?;
    let begins = next.max(span.first);
    let (found, follows) = entries(context, &of, (begins, span.last), count)?;
    let ends = follows.map_or(span.last, |next| Height(next.0.saturating_sub(1)));
    let proofs = if asked.proof { Some(proofs(context, &of, &found, ends)?) } else { None };
    let entries: Vec<_> = found.into_iter().map(|found| found.booked).collect();
    let sums = if number == 1 { Some(sums(context, &of, &entries, (follows, span.last))?) } else { None };
    let whole = balances(context, &of, span.first, span.last)?;
    let major = |amount: Amount| amount.to_major(asset.exponent);
    let stated = Stated {
        kind,
        of: reported,
        receiver: asked.to,
        day: span.day,
        from: span.from,
        to: span.to,
        height: span.last,
        page: (number, follows.is_none()),
        balances: balances(context, &of, begins, ends)?,
        sums,
        entries,
    };
    let text = stated.write().map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(json!({
        "definition": kind.definition(),
        "message": text,
        "height": span.last,
        "day": span.day,
        "from": span.from,
        "to": span.to,
        "page": number,
        "entries": stated.entries.len(),
        "balances": {
            "opening": major(whole.opening), "closing": major(whole.closing), "available": major(whole.available),
        },
        "cursor": follows.map(|next| {
            cursor::write("iso20022_statement", &listed, span.last, (number.saturating_add(1), next))
        }),
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
    let tip = context.backend.status();
    let refused = |field, value: String, expected| Err(Fault::Parameter { field, value, expected });
    match (kind, asked.day, asked.height) {
        (Kind::EndOfDay, Some(day), None) => {
            let (from, to) = (of.calendar.starts(day), of.calendar.starts(day.next()));
            if tip.time < to {
                let expected = "a day that is over in the asset's calendar; camt.052 tells of one that is not";
                return refused("day", day.to_string(), expected);
            }
            let (first, after) = (first_since(context, tip.height, from)?, first_since(context, tip.height, to)?);
            Ok(Span { day, from, to, first, last: Height(after.0.saturating_sub(1)) })
        }
        (Kind::EndOfDay, ..) => refused("day", String::new(), "camt.053 is of a day, without a height"),
        (_, Some(day), _) => refused("day", day.to_string(), "none: only camt.053 is of a whole day"),
        (Kind::Entry, None, None) => refused("height", String::new(), "camt.054 is of the block of a height"),
        (kind, None, height) => {
            let last = super::super::account::height(context, known.or(height))?;
            let block = context.backend.block(last)?;
            let unknown = || Fault::Unknown { what: "block at height", value: last.to_string() };
            let to = block.ok_or_else(unknown)?.block.header.time;
            let day = of.calendar.local(to).day;
            let from = if kind == Kind::Entry { to } else { of.calendar.starts(day) };
            let first = if kind == Kind::Entry { last } else { first_since(context, last, from)? };
            Ok(Span { day, from, to, first, last })
        }
    }
}

/// The first height, up to the one after the tip, whose block is not older than a moment. Block time rises strictly.
fn first_since<B: Backend>(context: &Context<B>, tip: Height, moment: BlockTime) -> Result<Height, Fault> {
    let (mut before, mut after) = (1, tip.0.saturating_add(1));
    while before < after {
        let middle = before.midpoint(after);
        let unknown = || Fault::Unknown { what: "block at height", value: middle.to_string() };
        let time = context.backend.block(Height(middle))?.ok_or_else(unknown)?.block.header.time;
        if time < moment {
            before = middle.saturating_add(1);
        } else {
            after = middle;
        }
    }
    Ok(Height(after))
}

/// The entries of whole blocks, at least one and about so many, and the height of the block with the next ones, if there are
/// any up to the last height.
fn entries<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    (first, last): (Height, Height),
    count: usize,
) -> Result<(Vec<Found>, Option<Height>), Fault> {
    let (mut found, mut next) = (Vec::new(), first);
    while next <= last {
        let blocks = context.backend.entries_from(&of.account, next, BLOCKS)?;
        let Some((furthest, _)) = blocks.last() else { break };
        next = Height(furthest.0.saturating_add(1));
        for (height, postings) in blocks.iter().take_while(|(height, _)| *height <= last) {
            if found.len() >= count && !bookings(postings, Some(of.asset)).is_empty() {
                return Ok((found, Some(*height)));
            }
            found.extend(booked(context, of, *height, postings)?);
        }
    }
    Ok((found, None))
}

/// All entries counted: those of this page, and those that follow.
fn sums<B: Backend>(
    context: &Context<B>,
    of: &Of<'_>,
    page: &[seaway_iso20022::statement::Booked],
    (follows, last): (Option<Height>, Height),
) -> Result<Sums, Fault> {
    let mut sums = Sums::default();
    page.iter().for_each(|entry| sums.add(entry.credit, entry.amount.minor_units()));
    let mut next = follows;
    while let Some(first) = next.filter(|first| *first <= last) {
        let blocks = context.backend.entries_from(&of.account, first, BLOCKS)?;
        next = blocks.last().map(|(furthest, _)| Height(furthest.0.saturating_add(1)));
        for (_, postings) in blocks.iter().take_while(|(height, _)| *height <= last) {
            let found = bookings(postings, Some(of.asset));
            found.iter().for_each(|booking| sums.add(booking.credit, booking.amount));
        }
    }
    Ok(sums)
}

/// Booked before a block, and booked and available after another.
fn balances<B: Backend>(context: &Context<B>, of: &Of<'_>, begins: Height, ends: Height) -> Result<Balances, Fault> {
    let at = |height| context.backend.balance_at(&of.account, of.asset, height);
    let booked = |balance: &Balance| {
        let booked = u64::try_from(balance.booked()).ok().and_then(|booked| Amount::new(booked).ok());
        booked.ok_or_else(|| Fault::Internal("a balance is larger than an amount".to_owned()))
    };
    let (before, after) = (at(Height(begins.0.saturating_sub(1)))?, at(ends)?);
    Ok(Balances { opening: booked(&before)?, closing: booked(&after)?, available: after.available })
}

/// What shows each entry without trust in this node: the receipt of its instruction, the instruction, and at the tip the
/// balance too.
fn proofs<B: Backend>(context: &Context<B>, of: &Of<'_>, found: &[Found], ends: Height) -> Result<Value, Fault> {
    let prove = |found: &Found| {
        let Found { booked, raw, credit } = found;
        let part = credit.map_or(ReceiptPart::Whole, ReceiptPart::Credit);
        let proof = context.backend.prove(booked.height, booked.receipt, part)?;
        Ok(json!({"reference": booked.reference(), "uetr": booked.uetr, "proof": proof, "instruction": raw}))
    };
    let entries: Vec<Value> = found.iter().map(prove).collect::<Result<_, Fault>>()?;
    let at_tip = context.backend.status().height == ends;
    let key = StateKey::Balance(of.account, of.asset);
    let balance = at_tip.then(|| context.backend.prove_state(About::Record(key))).transpose()?;
    let (account, asset) = (of.account, of.asset);
    Ok(
        json!({"account": account, "asset": asset, "entries": entries, "balance": balance.filter(|proof| proof.header.height == ends)}),
    )
}
