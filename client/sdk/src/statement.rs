//! A statement checked offline: what its proofs show of it, trusting a genesis hash alone.

use seaway_iso20022::message::{
    AccountChoice, AccountReport, AccountStatement, CodeOrText, DayOrMoment, Direction, Document, Entry,
    EntryNotification, Message, StatedAccount, StatedBalance,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetBook, AssetId, Exponent};
use seaway_types::block::{LedgerProof, SettlementProof, Subject};
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::{Leg, RawInstruction};
use seaway_types::receipt::{Receipt, Status};
use seaway_types::state::{Balance, StateKey};
use seaway_types::uetr::Uetr;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Largest balance record in bytes.
const RECORD_BYTES_MAX: usize = 1 << 10;

/// What proves a statement, as `iso20022_statement` gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementProofs {
    /// The account.
    pub account: AccountId,
    /// The asset.
    pub asset: AssetId,
    /// One for each entry.
    pub entries: Vec<EntryProof>,
    /// The balance, where it was the newest.
    pub balance: Option<LedgerProof>,
}

/// What proves an entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryProof {
    /// The entry's reference: height and position of its receipt.
    pub reference: String,
    /// Its payment.
    pub uetr: Option<Uetr>,
    /// The receipt, in a certified block.
    pub proof: SettlementProof,
    /// The instruction of which it is.
    pub instruction: Option<RawInstruction>,
}

/// How far a statement is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proven {
    /// Entries whose amount, side and payment are proven.
    pub amounts: usize,
    /// Entries of which the receipt is proven, and the amount is on the node's word.
    pub receipts: usize,
    /// Whether the closing balance is proven.
    pub balance: bool,
}

/// What of any kind of statement is checked.
struct Statement {
    account: StatedAccount,
    balances: Vec<StatedBalance>,
    entries: Vec<Entry>,
}

fn read(text: &str) -> Result<Statement, String> {
    fn of<D: Document>(text: &str) -> Result<D, String> {
        Message::<D>::read(text).map(|message| message.document).map_err(|fault| fault.to_string())
    }
    if text.contains(AccountStatement::DEFINITION) {
        let part = of::<AccountStatement>(text)?.statement;
        Ok(Statement { account: part.account, balances: part.balances, entries: part.entries })
    } else if text.contains(AccountReport::DEFINITION) {
        let part = of::<AccountReport>(text)?.report;
        Ok(Statement { account: part.account, balances: part.balances, entries: part.entries })
    } else {
        let part = of::<EntryNotification>(text)?.notification;
        Ok(Statement { account: part.account, balances: Vec::new(), entries: part.entries })
    }
}

/// Checks a statement against its proofs. An error says what does not hold.
pub fn verify_statement(text: &str, proofs: &StatementProofs, trusted: &Hash32) -> Result<Proven, String> {
    let statement = read(text)?;
    if let AccountChoice::Other(other) = &statement.account.id
        && other.id.as_str() != proofs.account.to_string()
    {
        return Err(format!("the statement is of account {}, its proofs of {}", other.id.as_str(), proofs.account));
    }
    adds_up(&statement)?;
    let mut by_name = BTreeMap::new();
    for proof in &proofs.entries {
        by_name.insert((proof.reference.clone(), proof.uetr), proof);
    }
    let mut proven = Proven::default();
    for entry in &statement.entries {
        let reference = entry.reference.ok_or("an entry has no reference")?;
        let uetr = entry.details.first().and_then(|details| details.transactions.first());
        let uetr = uetr.and_then(|transaction| transaction.references.as_ref()?.uetr);
        let proof = by_name.remove(&(reference.to_string(), uetr));
        let proof = proof.ok_or_else(|| format!("entry {reference}: it has no proof"))?;
        let told = entry_holds(&statement, entry, proof, proofs, trusted);
        match told.map_err(|problem| format!("entry {reference}: {problem}"))? {
            true => proven.amounts += 1,
            false => proven.receipts += 1,
        }
    }
    if let Some((name, _)) = by_name.first_key_value() {
        return Err(format!("entry {} is proven, and the statement leaves it out", name.0));
    }
    if let Some(balance) = &proofs.balance {
        balance_holds(&statement, balance, proofs, trusted)?;
        proven.balance = true;
    }
    Ok(proven)
}

/// Opening balance and entries make the closing balance.
fn adds_up(statement: &Statement) -> Result<(), String> {
    let code = |balance: &StatedBalance| match &balance.kind.kind {
        CodeOrText::Code(code) => code.as_str().to_owned(),
        CodeOrText::Text(text) => text.to_string(),
    };
    let of = |wanted: &[&str]| statement.balances.iter().find(|balance| wanted.contains(&code(balance).as_str()));
    let (Some(opening), Some(closing)) = (of(&["OPBD"]), of(&["CLBD", "ITBD"])) else { return Ok(()) };
    let (mut before, mut after) = (minor(&opening.amount.number)?, minor(&closing.amount.number)?);
    for entry in &statement.entries {
        let side = if entry.direction == Direction::Credit { &mut before } else { &mut after };
        *side = side.saturating_add(minor(&entry.amount.number)?);
    }
    if before == after {
        Ok(())
    } else {
        Err("opening balance and entries do not make the closing balance".to_owned())
    }
}

/// A number of major units as a number of minor ones: statements of one asset have the same decimals throughout.
fn minor(number: &str) -> Result<u128, String> {
    let digits: String = number.chars().filter(|one| *one != '.').collect();
    digits.parse().map_err(|_| format!("'{number}' is no amount"))
}

/// Whether the proof shows the entry's amount too, or only its receipt.
fn entry_holds(
    statement: &Statement,
    entry: &Entry,
    proof: &EntryProof,
    proofs: &StatementProofs,
    trusted: &Hash32,
) -> Result<bool, String> {
    let document = proof.proof.verify(trusted).map_err(|error| error.to_string())?;
    names_the_asset(statement, &document.asset_book(), proofs.asset)?;
    let header = &proof.proof.header;
    if format!("{}-{}", header.height, proof.proof.receipt.path.position) != proof.reference {
        return Err(format!("its proof is of receipt {}-{}", header.height, proof.proof.receipt.path.position));
    }
    if !matches!(&entry.booked, Some(DayOrMoment::Moment(moment)) if moment.0 == header.time) {
        return Err(format!("it was booked at {}", header.time));
    }
    let Receipt::Instruction(receipt) = &proof.proof.receipt.receipt else { return Ok(false) };
    if receipt.status == Status::Rjct {
        return Err("its instruction was rejected".to_owned());
    }
    let decimals = entry.amount.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let exponent = u8::try_from(decimals).ok().and_then(Exponent::new).ok_or("an amount has other decimals")?;
    let amount = entry.amount.amount(exponent)?;
    if let Some((outcome, _)) = &proof.proof.receipt.credit
        && outcome.creditor == proofs.account
        && entry.direction == Direction::Credit
        && proof.uetr == Some(outcome.uetr)
        && matches!(outcome.status, Status::Acsc | Status::Accc)
    {
        let same = outcome.asset == proofs.asset && outcome.amount == amount;
        return if same { Ok(true) } else { Err(format!("{} was credited, in minor units", outcome.amount)) };
    }
    let Some(raw) = &proof.instruction else { return Ok(false) };
    let decoded = raw.clone().decode().map_err(|error| error.to_string())?;
    if decoded.envelope().digest() != receipt.digest {
        return Err("the instruction beside it is another".to_owned());
    }
    let paid = decoded.envelope().body.legs().iter().find_map(|leg| debited(leg, proof.uetr, proofs));
    match paid.filter(|_| entry.direction == Direction::Debit && receipt.status != Status::Pdng) {
        Some(paid) if paid == amount => Ok(true),
        Some(paid) => Err(format!("{paid} was debited, in minor units")),
        None => Ok(false),
    }
}

/// What a credit transfer takes from the account for a payment, with its charges.
fn debited(leg: &Leg, uetr: Option<Uetr>, proofs: &StatementProofs) -> Option<Amount> {
    let Leg::CreditTransfer(transfer) = leg else { return None };
    if transfer.debtor != proofs.account || transfer.asset != proofs.asset {
        return None;
    }
    let mut credits = transfer.credits.iter().filter(|credit| Some(credit.uetr) == uetr);
    // Two credits of one name, of different kinds, make one entry: then the receipt alone is proven.
    let credit = credits.next().filter(|_| credits.next().is_none())?;
    credit.charges.iter().try_fold(credit.amount, |sum, charge| sum.checked_add(charge.amount))
}

/// The statement's asset is the one of its proofs.
fn names_the_asset(statement: &Statement, book: &AssetBook, asset: AssetId) -> Result<(), String> {
    let Some(CodeOrText::Text(name)) = &statement.account.kind else {
        return Err("the statement does not say of which asset it is".to_owned());
    };
    match book.find(name.as_str()) {
        Ok((found, _)) if found == asset => Ok(()),
        Ok(_) => Err(format!("the statement is of {name}, its proofs of {}", book.name(asset))),
        // An asset that came after the genesis: its number alone is known.
        Err(_) => Ok(()),
    }
}

fn balance_holds(
    statement: &Statement,
    proof: &LedgerProof,
    proofs: &StatementProofs,
    trusted: &Hash32,
) -> Result<(), String> {
    let document = proof.verify(trusted).map_err(|error| error.to_string())?;
    names_the_asset(statement, &document.asset_book(), proofs.asset)?;
    let Subject::Record { key, record, .. } = &proof.subject else {
        return Err("another thing is proven".to_owned());
    };
    if *key != StateKey::Balance(proofs.account, proofs.asset) {
        return Err("the balance of something else is proven".to_owned());
    }
    let balance = match record {
        None => Balance::default(),
        Some(record) => {
            let bytes = hex::decode(record).map_err(|error| error.to_string())?;
            codec::decode(&bytes, RECORD_BYTES_MAX).map_err(|error| error.to_string())?
        }
    };
    for stated in statement.balances.iter().filter(|stated| stated.kind.sub_type.is_none()) {
        let CodeOrText::Code(code) = &stated.kind.kind else { continue };
        let proven = match code.as_str() {
            "CLBD" | "ITBD" => balance.booked(),
            "CLAV" | "ITAV" => u128::from(balance.available.minor_units()),
            _ => continue,
        };
        if minor(&stated.amount.number)? != proven {
            return Err(format!("{}: the ledger has {proven}, in minor units", code.as_str()));
        }
    }
    Ok(())
}
