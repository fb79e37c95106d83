//! Which instructions took the names of payments on the ledger, and what their credits say.
//!
//! A credit may claim any agent as its debtor's, and is refused for it: a name belongs to a credit of the account that the index has as its
//! debtor.

use crate::placed::{Answers, of_stored};
use seaway_engine::Store;
use seaway_rpc::Fault;
use seaway_storage::Database;
use seaway_types::Uetr;
use seaway_types::block::Block;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditKind, PaymentKey};
use seaway_types::instruction::{Envelope, Leg};
use seaway_types::receipt::CreditOutcome;
use seaway_types::state::{IndexEntry, IndexKey, IndexValue};
use seaway_types::time::Height;
use std::collections::{BTreeMap, BTreeSet};

/// Names of payments, and the accounts that they debit.
type Names = BTreeMap<PaymentKey, AccountId>;

/// An instruction, and those of the names asked for that it took.
type Taker = (Envelope, Names);

/// The instructions that took names. Each block is read once, however many of its payments are asked for; a name that no payment has is
/// left out.
pub fn takers(database: &Database, names: &BTreeSet<PaymentKey>) -> Result<Vec<Taker>, Fault> {
    let mut heights: BTreeMap<Height, Names> = BTreeMap::new();
    for name in names {
        let entry =
            database.indexed(&IndexKey::Payment(*name)).map_err(|fault| Fault::Internal(fault.to_string()))?;
        if let Some(IndexEntry { height, value: IndexValue::Payment { facts, .. } }) = entry {
            heights.entry(height).or_default().insert(*name, facts.debtor);
        }
    }
    let mut found = Vec::new();
    for (height, names) in heights {
        found.extend(of_stored(database, height, |answers, block| Ok(takers_in(answers, block, names)))?);
    }
    Ok(found)
}

/// The credits under names, of those that are on the ledger.
pub fn credits(database: &Database, names: &BTreeSet<PaymentKey>) -> Result<BTreeMap<PaymentKey, Credit>, Fault> {
    let mut found = BTreeMap::new();
    for (envelope, took) in takers(database, names)? {
        for (debtor, credit) in credits_of(&envelope) {
            let name = name_of(credit);
            if took.get(&name) == Some(&debtor) {
                found.entry(name).or_insert_with(|| credit.clone());
            }
        }
    }
    Ok(found)
}

/// Two instructions of one block may name the same payment: the one that has an outcome for it took the name. One that was rejected as a
/// whole has no outcomes, and took the names that nobody else took.
fn takers_in(answers: &Answers<'_>, block: &Block, mut names: Names) -> Vec<Taker> {
    let first = answers.position(0);
    let told = answers.outcomes.iter().filter_map(|(position, credits)| {
        let place = (*position as usize).checked_sub(first)?;
        Some((place, Some(credits)))
    });
    let whole = (0..answers.instructions).map(|place| (place, None));
    let mut found = Vec::new();
    for (place, outcomes) in told.chain(whole) {
        if names.is_empty() {
            break;
        }
        let raw = block.instructions.get(place).cloned();
        let Some(decoded) = raw.and_then(|raw| raw.decode().ok()) else { continue };
        let outcomes: Option<BTreeSet<(Uetr, CreditKind)>> =
            outcomes.map(|credits| credits.iter().map(kind_of).collect());
        let took = |(name, debtor): &(PaymentKey, AccountId)| {
            let has_outcome = outcomes.as_ref().is_none_or(|told| told.contains(&(name.uetr, name.kind)));
            has_outcome && names.get(name) == Some(debtor)
        };
        let claimed = credits_of(decoded.envelope()).map(|(debtor, credit)| (name_of(credit), debtor));
        let took: Names = claimed.filter(took).collect();
        if !took.is_empty() {
            names.retain(|name, _| !took.contains_key(name));
            found.push((decoded.envelope().clone(), took));
        }
    }
    found
}

fn kind_of(outcome: &CreditOutcome) -> (Uetr, CreditKind) {
    (outcome.uetr, outcome.kind)
}

fn name_of(credit: &Credit) -> PaymentKey {
    PaymentKey { debtor_agent: credit.debtor_agent, uetr: credit.uetr, kind: credit.kind }
}

/// The credits of all credit transfers in an instruction, each with the account that it debits.
fn credits_of(envelope: &Envelope) -> impl Iterator<Item = (AccountId, &Credit)> {
    let transfers = envelope.body.legs().iter().filter_map(|leg| match leg {
        Leg::CreditTransfer(transfer) => Some(transfer),
        _ => None,
    });
    transfers.flat_map(|transfer| transfer.credits.iter().map(move |credit| (transfer.debtor, credit)))
}
