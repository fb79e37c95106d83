//! A statement checked offline: what its proofs show of it, trusting a genesis hash alone.

use seaway_iso20022::message::{
    AccountChoice, AccountReport, AccountStatement, CodeOrText, DayOrMoment, Direction, Document, Entry,
    EntryNotification, Message, StatedAccount, StatedBalance,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetBook, AssetId, Exponent};
use seaway_types::block::{BlockHeader, Certificate, LedgerProof, LineageStep, SettlementProof, Subject};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::{DecodedInstruction, Leg, RawInstruction};
use seaway_types::limits::LINEAGE_MAX;
use seaway_types::proof::ReceiptProof;
use seaway_types::receipt::{Receipt, Status};
use seaway_types::state::{Balance, StateKey};
use seaway_types::time::Height;
use seaway_types::uetr::Uetr;
use serde::Deserialize;
use std::cmp::Ordering;

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
    /// One for each page.
    pub pages: Vec<PageProof>,
    /// The balance, where it was the newest.
    pub balance: Option<LedgerProof>,
}

/// What proves the entries of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageProof {
    /// Canonical bytes of the genesis document, in hexadecimal; nothing where the page has no entries.
    pub genesis: Option<String>,
    /// The changes of the set of validators before the last of the blocks.
    pub lineage: Option<Bounded<LineageStep, LINEAGE_MAX>>,
    /// The blocks of the entries, each once.
    pub blocks: Vec<BlockProof>,
    /// One for each entry.
    pub entries: Vec<EntryProof>,
}

/// A certified block.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockProof {
    /// Its header.
    pub header: BlockHeader,
    /// Its certificate.
    pub certificate: Certificate,
}

/// What proves an entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryProof {
    /// The entry's reference: height, position of its receipt, and place among the account's entries of that block.
    pub reference: String,
    /// The block.
    pub height: Height,
    /// Its payment.
    pub uetr: Option<Uetr>,
    /// The receipt.
    pub receipt: ReceiptProof,
    /// The instruction of which it is, with the first entry of several of one instruction.
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
    // A number of the agent's own, an IBAN among them, says nothing of the ledger's id: only the agent knows.
    if let AccountChoice::Other(other) = &statement.account.id
        && let Ok(id) = other.id.as_str().parse::<AccountId>()
        && id != proofs.account
    {
        return Err(format!("the statement is of account {id}, its proofs of {}", proofs.account));
    }
    adds_up(&statement)?;
    let mut known = Known::default();
    let mut proven = Proven::default();
    let mut wanted = statement.entries.iter();
    for page in &proofs.pages {
        for proof in &page.entries {
            let name = &proof.reference;
            let entry =
                wanted.next().ok_or_else(|| format!("entry {name} is proven, and the statement leaves it out"))?;
            if entry.reference.map(|reference| reference.to_string()).as_ref() != Some(name) {
                return Err(format!("entry {name} is proven, and another one stands in its place"));
            }
            let holds = known.block(page, proof, trusted).and_then(|settled| {
                names_the_asset(&statement, settled.book, proofs.asset)?;
                entry_holds(entry, proof, proofs, &settled)
            });
            match holds.map_err(|problem| format!("entry {name}: {problem}"))? {
                true => proven.amounts += 1,
                false => proven.receipts += 1,
            }
        }
    }
    if let Some(entry) = wanted.next() {
        let name = entry.reference.map(|reference| reference.to_string()).unwrap_or_default();
        return Err(format!("entry {name}: it has no proof"));
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

/// What was checked and serves for the next entry too: most follow each other in one block, and of one instruction.
#[derive(Default)]
struct Known {
    block: Option<(BlockHeader, AssetBook)>,
    instruction: Option<DecodedInstruction>,
}

/// A receipt that is certified, with its instruction where that was told.
struct Settled<'a> {
    header: &'a BlockHeader,
    book: &'a AssetBook,
    instruction: Option<&'a DecodedInstruction>,
}

impl Known {
    /// Checks the certificate of an entry's block, once for a block, and its receipt under it.
    fn block(&mut self, page: &PageProof, proof: &EntryProof, trusted: &Hash32) -> Result<Settled<'_>, String> {
        if self.block.as_ref().is_none_or(|(header, _)| header.height != proof.height) {
            let found = page.blocks.iter().find(|block| block.header.height == proof.height);
            let BlockProof { header, certificate } = found.ok_or("its block is not proven")?;
            let lineage = page.lineage.iter().flat_map(|steps| steps.iter());
            let before: Vec<LineageStep> =
                lineage.filter(|step| step.header.height < header.height).cloned().collect();
            let settlement = SettlementProof {
                genesis: page.genesis.clone().unwrap_or_default(),
                lineage: Bounded::new(before).map_err(|error| error.to_string())?,
                header: *header,
                certificate: certificate.clone(),
                receipt: proof.receipt.clone(),
            };
            let document = settlement.verify(trusted).map_err(|error| error.to_string())?;
            self.block = Some((*header, document.asset_book()));
        }
        let (header, book) = self.block.as_ref().ok_or("its block is not proven")?;
        proof.receipt.verify(&header.receipts_root).map_err(|error| error.to_string())?;
        if let Some(raw) = &proof.instruction {
            self.instruction = Some(raw.clone().decode().map_err(|error| error.to_string())?);
        }
        let digest = match &proof.receipt.receipt {
            Receipt::Instruction(receipt) => Some(receipt.digest),
            Receipt::Act(_) => None,
        };
        let of_it = |decoded: &&DecodedInstruction| Some(decoded.envelope().digest()) == digest;
        let instruction = self.instruction.as_ref().filter(of_it);
        if proof.instruction.is_some() && instruction.is_none() {
            return Err("the instruction beside it is another".to_owned());
        }
        Ok(Settled { header, book, instruction })
    }
}

/// Whether the proof shows the entry's amount too, or only its receipt.
fn entry_holds(
    entry: &Entry,
    proof: &EntryProof,
    proofs: &StatementProofs,
    settled: &Settled<'_>,
) -> Result<bool, String> {
    let header = settled.header;
    let receipt = format!("{}-{}", header.height, proof.receipt.path.position);
    if entry.servicer_reference.map(|reference| reference.to_string()).as_ref() != Some(&receipt) {
        return Err(format!("its proof is of receipt {receipt}"));
    }
    if !matches!(&entry.booked, Some(DayOrMoment::Moment(moment)) if moment.0 == header.time) {
        return Err(format!("it was booked at {}", header.time));
    }
    let uetr = entry.details.first().and_then(|details| details.transactions.first());
    if uetr.and_then(|transaction| transaction.references.as_ref()?.uetr) != proof.uetr {
        return Err("its proof is of another payment".to_owned());
    }
    let Receipt::Instruction(receipt) = &proof.receipt.receipt else { return Ok(false) };
    if receipt.status == Status::Rjct {
        return Err("its instruction was rejected".to_owned());
    }
    let decimals = entry.amount.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let exponent = u8::try_from(decimals).ok().and_then(Exponent::new).ok_or("an amount has other decimals")?;
    let amount = entry.amount.amount(exponent)?;
    if let Some((outcome, _)) = &proof.receipt.credit
        && outcome.creditor == proofs.account
        && entry.direction == Direction::Credit
        && proof.uetr == Some(outcome.uetr)
        && matches!(outcome.status, Status::Acsc | Status::Accc)
    {
        // More than this credit may have come under its name, as a charge or in a bundle: then the receipt alone is proven.
        return match outcome.amount.cmp(&amount) {
            _ if outcome.asset != proofs.asset => Ok(false),
            Ordering::Equal => Ok(true),
            Ordering::Less => Ok(false),
            Ordering::Greater => Err(format!("{} was credited, in minor units", outcome.amount)),
        };
    }
    let Some(decoded) = settled.instruction else { return Ok(false) };
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
