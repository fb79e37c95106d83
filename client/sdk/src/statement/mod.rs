//! A statement checked offline: what its proofs show of it, trusting a genesis hash alone.

mod entry;

use entry::{Known, Shown, entry_holds};
use seaway_iso20022::message::{
    AccountChoice, AccountReport, AccountStatement, CodeOrText, Direction, Document, Entry, EntryNotification,
    Message, Money, StatedAccount, StatedBalance,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetBook, AssetId};
use seaway_types::block::{BlockHeader, Certificate, LedgerProof, LineageStep, Subject};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::RawInstruction;
use seaway_types::limits::LINEAGE_MAX;
use seaway_types::proof::ReceiptProof;
use seaway_types::state::{Balance, StateKey};
use seaway_types::time::{BlockTime, Height};
use seaway_types::uetr::Uetr;
use serde::Deserialize;
use std::cell::Cell;
use std::collections::BTreeSet;

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
    /// The balance at the newest height, where no more was booked since than can be proven beside it.
    pub balance: Option<LedgerProof>,
    /// What was booked between the statement's end and that height.
    pub since: Option<Since>,
}

/// What was booked after a statement's end, up to the height of a proven balance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The last height of which the statement tells.
    pub height: Height,
    /// The proofs of what was booked after it.
    pub page: PageProof,
    /// How much each of those entries moved, in their order.
    pub moves: Vec<Move>,
}

/// How much an entry moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Whether money arrived.
    pub credit: bool,
    /// How much, in minor units.
    pub amount: Amount,
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
    /// Entries whose payment and amount are proven.
    pub amounts: usize,
    /// Entries of which the receipt is proven, and the amount is on the node's word.
    pub receipts: usize,
    /// What proves the closing balance booked.
    pub booked: Option<Anchor>,
    /// Whether the available balance is proven: it is where the newest height is the statement's own.
    pub available: bool,
}

/// What a closing balance is proven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The height at which the ledger's state is certified.
    pub height: Height,
    /// How many entries lie between the statement's end and that height.
    pub entries: usize,
    /// Of how many of these the amount is on the node's word.
    pub unproven: usize,
}

/// What of any kind of statement is checked.
struct Statement {
    account: StatedAccount,
    /// The first moment after it.
    ends: Option<BlockTime>,
    balances: Vec<StatedBalance>,
    entries: Vec<Entry>,
}

fn read(text: &str) -> Result<Statement, String> {
    fn of<D: Document>(text: &str) -> Result<D, String> {
        Message::<D>::read(text).map(|message| message.document).map_err(|fault| fault.to_string())
    }
    if text.contains(AccountStatement::DEFINITION) {
        let part = of::<AccountStatement>(text)?.statement;
        let ends = part.period.map(|period| period.to.0);
        Ok(Statement { account: part.account, ends, balances: part.balances, entries: part.entries })
    } else if text.contains(AccountReport::DEFINITION) {
        let part = of::<AccountReport>(text)?.report;
        let ends = part.period.map(|period| period.to.0);
        Ok(Statement { account: part.account, ends, balances: part.balances, entries: part.entries })
    } else {
        let part = of::<EntryNotification>(text)?.notification;
        Ok(Statement { account: part.account, ends: None, balances: Vec::new(), entries: part.entries })
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
    let mut checked = Checked {
        proofs,
        trusted,
        known: Known::default(),
        last: None,
        bookings: BTreeSet::new(),
        proven: Proven::default(),
    };
    // All blocks are of one genesis: what it says of the asset is asked once.
    let asked = Cell::new(false);
    let names = |book: &AssetBook| match asked.replace(true) {
        true => Ok(()),
        false => is_of_the_asset(&statement, book, proofs.asset),
    };
    let mut wanted = statement.entries.iter();
    for page in &proofs.pages {
        for proof in &page.entries {
            let name = &proof.reference;
            let entry =
                wanted.next().ok_or_else(|| format!("entry {name} is proven, and the statement leaves it out"))?;
            if entry.reference.map(|reference| reference.to_string()).as_ref() != Some(name) {
                return Err(format!("entry {name} is proven, and another one stands in its place"));
            }
            let shown = Shown::of(entry).map_err(|problem| format!("entry {name}: {problem}"))?;
            match checked.entry(page, proof, &shown, &names)? {
                true => checked.proven.amounts += 1,
                false => checked.proven.receipts += 1,
            }
        }
    }
    if let Some(entry) = wanted.next() {
        let name = entry.reference.map(|reference| reference.to_string()).unwrap_or_default();
        return Err(format!("entry {name}: it has no proof"));
    }
    if let Some(balance) = &proofs.balance {
        balance_holds(&statement, balance, &mut checked)?;
    }
    Ok(checked.proven)
}

/// A statement's proofs as they are gone through.
struct Checked<'a> {
    proofs: &'a StatementProofs,
    trusted: &'a Hash32,
    known: Known,
    /// The entry before, by height and place.
    last: Option<(Height, u32)>,
    /// Its block's bookings so far, by position of the receipt, payment and direction: none is told twice.
    bookings: BTreeSet<(u64, Option<Uetr>, bool)>,
    proven: Proven,
}

impl Checked<'_> {
    /// Checks the next entry: whether its amount is proven too, or only its receipt.
    fn entry(
        &mut self,
        page: &PageProof,
        proof: &EntryProof,
        shown: &Shown<'_>,
        names_the_asset: &dyn Fn(&AssetBook) -> Result<(), String>,
    ) -> Result<bool, String> {
        let named = |problem: &str| format!("entry {}: {problem}", proof.reference);
        let position = u64::from(proof.receipt.path.position);
        let place = proof.reference.strip_prefix(&format!("{}-{position}-", proof.height));
        let at = place.and_then(|place| place.parse().ok()).map(|place: u32| (proof.height, place));
        if at.is_none() || at <= self.last {
            return Err(named("it does not follow the one before it"));
        }
        if self.last.is_none_or(|(height, _)| height != proof.height) {
            self.bookings.clear();
        }
        if !self.bookings.insert((position, proof.uetr, shown.credit)) {
            return Err(named("the same booking is told twice"));
        }
        self.last = at;
        let checked = self.known.block(page, proof, self.trusted).and_then(|settled| {
            names_the_asset(settled.book)?;
            entry_holds(shown, proof, self.proofs, &settled)
        });
        checked.map_err(|problem| named(&problem))
    }
}

/// Opening balance and entries make the closing balance.
fn adds_up(statement: &Statement) -> Result<(), String> {
    let of = |codes: &[&str]| {
        let mut found = statement.balances.iter().filter(|balance| codes.contains(&code(balance)));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(format!("{} stands there twice", codes.join(" or "))),
            (found, _) => Ok(found),
        }
    };
    let (opening, closing) = (of(&["OPBD"])?, of(&["CLBD", "ITBD"])?);
    of(&["CLAV", "ITAV"])?;
    let (Some(opening), Some(closing)) = (opening, closing) else { return Ok(()) };
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

/// The code of a balance.
fn code(balance: &StatedBalance) -> &str {
    match &balance.kind.kind {
        CodeOrText::Code(code) => code.as_str(),
        CodeOrText::Text(_) => "",
    }
}

/// A number of major units as a number of minor ones: statements of one asset have the same decimals throughout.
fn minor(number: &str) -> Result<u128, String> {
    let digits: String = number.chars().filter(|one| *one != '.').collect();
    digits.parse().map_err(|_| format!("'{number}' is no amount"))
}

/// The statement's asset is the one of its proofs, and all amounts are in its currency, with its decimals.
fn is_of_the_asset(statement: &Statement, book: &AssetBook, asset: AssetId) -> Result<(), String> {
    let Some(CodeOrText::Text(name)) = &statement.account.kind else {
        return Err("the statement does not say of which asset it is".to_owned());
    };
    match book.find(name.as_str()) {
        Ok((found, _)) if found == asset => {}
        // An asset that came after the genesis: its number alone is known.
        Err(_) if book.get(asset).is_none() => {}
        _ => return Err(format!("the statement is of {name}, its proofs of {}", book.name(asset))),
    }
    let parts = statement.entries.iter().flat_map(|entry| &entry.details).flat_map(|details| &details.transactions);
    let amounts = statement.balances.iter().map(|balance| &balance.amount);
    let amounts = amounts.chain(statement.entries.iter().map(|entry| &entry.amount));
    let amounts = amounts.chain(parts.filter_map(|part| part.amount.as_ref()));
    let decimals = |money: &Money| money.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let mut known = book.get(asset).map(|asset| (asset.code, usize::from(asset.exponent.places())));
    for money in amounts {
        let own = (money.currency, decimals(money));
        let (currency, places) = *known.get_or_insert(own);
        if own != (currency, places) {
            return Err(format!("{} {}: expected {currency} with {places} decimals", money.number, money.currency));
        }
    }
    if statement.balances.iter().any(|balance| balance.direction != Direction::Credit) {
        return Err("a balance stands on the debit side, and no account is overdrawn".to_owned());
    }
    Ok(())
}

/// The closing balance, and what was booked since, make the balance that is certified.
fn balance_holds(statement: &Statement, proof: &LedgerProof, checked: &mut Checked<'_>) -> Result<(), String> {
    let proofs = checked.proofs;
    let document = proof.verify(checked.trusted).map_err(|error| error.to_string())?;
    is_of_the_asset(statement, &document.asset_book(), proofs.asset)?;
    let balance = balance_of(proof, proofs)?;
    let Some(Since { height, page, moves }) = &proofs.since else {
        return Err("a balance is proven, and not what was booked before it".to_owned());
    };
    if statement.ends.is_none_or(|ends| proof.header.time < ends) {
        return Err("the proven balance is of before the statement's end".to_owned());
    }
    let last = checked.last.map(|(height, _)| height);
    if page.entries.len() != moves.len() || *height > proof.header.height || last > Some(*height) {
        return Err("what was booked since is not of the time since".to_owned());
    }
    let (mut come, mut gone, mut unproven) = (0u128, 0u128, 0usize);
    for (entry, moved) in page.entries.iter().zip(moves) {
        if entry.height <= *height || entry.height > proof.header.height {
            return Err(format!("entry {}: it is not of the time since", entry.reference));
        }
        // Its asset is that of the certified balance, which is named by its number.
        if !checked.entry(page, entry, &Shown::since(*moved), &|_| Ok(()))? {
            unproven += 1;
        }
        let side = if moved.credit { &mut come } else { &mut gone };
        *side = side.saturating_add(moved.amount.minor_units().into());
    }
    // What is available changes without entries: only where the certified block is the statement's last is it the same.
    let is_newest = statement.ends == Some(proof.header.time);
    for stated in statement.balances.iter().filter(|stated| stated.kind.sub_type.is_none()) {
        let number = minor(&stated.amount.number)?;
        let (stated, certified) = match code(stated) {
            "CLBD" | "ITBD" => {
                let anchor = Anchor { height: proof.header.height, entries: moves.len(), unproven };
                checked.proven.booked = Some(anchor);
                (number.saturating_add(come), balance.booked().saturating_add(gone))
            }
            "ITAV" if is_newest => {
                checked.proven.available = true;
                (number, u128::from(balance.available.minor_units()))
            }
            _ => continue,
        };
        if stated != certified {
            return Err(format!("the ledger has a balance of {certified}, not {stated}, in minor units"));
        }
    }
    Ok(())
}

/// The balance that is certified.
fn balance_of(proof: &LedgerProof, proofs: &StatementProofs) -> Result<Balance, String> {
    let Subject::Record { key, record, .. } = &proof.subject else {
        return Err("another thing is proven".to_owned());
    };
    if *key != StateKey::Balance(proofs.account, proofs.asset) {
        return Err("the balance of something else is proven".to_owned());
    }
    let Some(record) = record else { return Ok(Balance::default()) };
    let bytes = hex::decode(record).map_err(|error| error.to_string())?;
    codec::decode(&bytes, RECORD_BYTES_MAX).map_err(|error| error.to_string())
}
