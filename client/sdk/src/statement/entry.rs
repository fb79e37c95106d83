//! One entry against its proof.

use super::{BlockProof, EntryProof, Move, PageProof, StatementProofs};
use seaway_iso20022::message::{
    AccountChoice, Agent, CashAccount, DayOrMoment, Direction, Entry, EntryTransaction, Purposes,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetBook, Exponent};
use seaway_types::block::{BlockHeader, LineageStep, SettlementProof};
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditTransfer};
use seaway_types::instruction::{DecodedInstruction, Leg};
use seaway_types::receipt::{Receipt, Status};
use seaway_types::uetr::Uetr;
use std::cmp::Ordering;

/// What was checked and serves for the next entry too: most follow each other in one block, and of one instruction.
#[derive(Default)]
pub(super) struct Known {
    block: Option<(BlockHeader, AssetBook)>,
    instruction: Option<DecodedInstruction>,
}

/// A receipt that is certified, with its instruction where that was told.
pub(super) struct Settled<'a> {
    pub(super) header: &'a BlockHeader,
    pub(super) book: &'a AssetBook,
    pub(super) instruction: Option<&'a DecodedInstruction>,
}

impl Known {
    /// Checks the certificate of an entry's block, once for a block, and its receipt under it.
    pub(super) fn block(
        &mut self,
        page: &PageProof,
        proof: &EntryProof,
        trusted: &Hash32,
    ) -> Result<Settled<'_>, String> {
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

/// What is shown of an entry.
pub(super) struct Shown<'a> {
    pub(super) credit: bool,
    amount: Amount,
    /// As a message has it; nothing where only direction and amount are told.
    entry: Option<&'a Entry>,
}

impl<'a> Shown<'a> {
    /// An entry of a message.
    pub(super) fn of(entry: &'a Entry) -> Result<Self, String> {
        let decimals = entry.amount.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let exponent = u8::try_from(decimals).ok().and_then(Exponent::new).ok_or("an amount has other decimals")?;
        let amount = entry.amount.amount(exponent)?;
        Ok(Self { credit: entry.direction == Direction::Credit, amount, entry: Some(entry) })
    }

    /// One that was booked since.
    pub(super) fn since(moved: Move) -> Self {
        Self { credit: moved.credit, amount: moved.amount, entry: None }
    }

    /// The payment to which a message's entry belongs; a charge may stand beside it under the same name.
    fn transaction(&self) -> Option<&EntryTransaction> {
        self.entry.and_then(|entry| entry.details.first()?.transactions.first())
    }
}

/// Whether the proof shows the entry's amount too, or only its receipt.
pub(super) fn entry_holds(
    shown: &Shown<'_>,
    proof: &EntryProof,
    proofs: &StatementProofs,
    settled: &Settled<'_>,
) -> Result<bool, String> {
    if let Some(entry) = shown.entry {
        is_of_receipt(entry, shown.transaction(), proof, settled)?;
    }
    let Receipt::Instruction(receipt) = &proof.receipt.receipt else { return Ok(false) };
    if receipt.status == Status::Rjct {
        return Err("its instruction was rejected".to_owned());
    }
    if let Some(decoded) = settled.instruction {
        says_what_was_asked(shown, proof.uetr, decoded)?;
    }
    let settled_credit =
        proof.receipt.credit.as_ref().map(|(outcome, _)| outcome).filter(|outcome| {
            proof.uetr == Some(outcome.uetr) && matches!(outcome.status, Status::Acsc | Status::Accc)
        });
    if let Some(outcome) = settled_credit
        && outcome.creditor == proofs.account
        && shown.credit
    {
        return match outcome.asset == proofs.asset {
            true => compared(outcome.amount, shown.amount, false),
            false => Ok(false),
        };
    }
    let legs = settled.instruction.map_or(&[][..], |decoded| decoded.envelope().body.legs());
    let mut moved = legs.iter().filter_map(|leg| match leg {
        Leg::CreditTransfer(transfer) if !shown.credit => {
            debited(transfer, settled_credit.map(|outcome| outcome.uetr)?, proofs)
        }
        Leg::Issue(issue) if shown.credit && proof.uetr.is_none() && receipt.status != Status::Pdng => {
            Some(issue.amount).filter(|_| issue.account == proofs.account && issue.asset == proofs.asset)
        }
        _ => None,
    });
    // Two legs that move money under one name make one entry: then the receipt alone is proven.
    match moved.next().filter(|_| moved.next().is_none()) {
        // Where it is the only leg, nothing else can have moved under that name.
        Some(amount) => compared(amount, shown.amount, legs.len() == 1),
        None => Ok(false),
    }
}

/// Less than what is proven is never booked. More may be under the same name, as a charge or in a bundle: then the receipt alone
/// is proven, unless what is proven is all there was.
fn compared(proven: Amount, shown: Amount, is_all: bool) -> Result<bool, String> {
    match proven.cmp(&shown) {
        Ordering::Equal => Ok(true),
        Ordering::Less if !is_all => Ok(false),
        Ordering::Less | Ordering::Greater => Err(format!("{proven} moved, in minor units")),
    }
}

/// The entry is the one of its receipt: reference, time and payment.
fn is_of_receipt(
    entry: &Entry,
    transaction: Option<&EntryTransaction>,
    proof: &EntryProof,
    settled: &Settled<'_>,
) -> Result<(), String> {
    let header = settled.header;
    let receipt = format!("{}-{}", header.height, proof.receipt.path.position);
    if entry.servicer_reference.map(|reference| reference.to_string()).as_ref() != Some(&receipt) {
        return Err(format!("its proof is of receipt {receipt}"));
    }
    if !matches!(&entry.booked, Some(DayOrMoment::Moment(moment)) if moment.0 == header.time) {
        return Err(format!("it was booked at {}", header.time));
    }
    if transaction.and_then(|transaction| transaction.references.as_ref()?.uetr) != proof.uetr {
        return Err("its proof is of another payment".to_owned());
    }
    Ok(())
}

/// What a settled credit takes from its debtor, charges included.
fn debited(transfer: &CreditTransfer, uetr: Uetr, proofs: &StatementProofs) -> Option<Amount> {
    if transfer.debtor != proofs.account || transfer.asset != proofs.asset {
        return None;
    }
    let mut credits = transfer.credits.iter().filter(|credit| credit.uetr == uetr);
    // Two credits of one name, of different kinds, make one entry: then the receipt alone is proven.
    let credit = credits.next().filter(|_| credits.next().is_none())?;
    credit.charges.iter().try_fold(credit.amount, |sum, charge| sum.checked_add(charge.amount))
}

/// What a message's entry says of its payment is what the payment's own instruction says.
fn says_what_was_asked(shown: &Shown<'_>, uetr: Option<Uetr>, decoded: &DecodedInstruction) -> Result<(), String> {
    let Some(transaction) = shown.transaction() else { return Ok(()) };
    let transfers = decoded.envelope().body.legs().iter().filter_map(|leg| match leg {
        Leg::CreditTransfer(transfer) => Some(transfer),
        _ => None,
    });
    let credits = transfers.flat_map(|transfer| transfer.credits.iter().map(move |credit| (transfer.debtor, credit)));
    // Of two credits of one name, of different kinds, the entry tells one: which, only the node knows.
    let mut credits = credits.filter(|(_, credit)| Some(credit.uetr) == uetr);
    let Some((debtor, credit)) = credits.next().filter(|_| credits.next().is_none()) else { return Ok(()) };
    let other = |what: &str, asked: String| Err(format!("{what}: the payment has {asked}"));
    let told = transaction.references.as_ref().and_then(|references| references.end_to_end);
    if told != Some(credit.end_to_end_id) {
        return other("EndToEndId", credit.end_to_end_id.to_string());
    }
    same_parties(transaction, debtor, credit)
}

/// Accounts, agents and purpose, as far as the entry tells them: who receives a charge learns no more than the names.
fn same_parties(transaction: &EntryTransaction, debtor: AccountId, credit: &Credit) -> Result<(), String> {
    let other = |what: &str, asked: String| Err(format!("{what}: the payment has {asked}"));
    let is = |account: &Option<CashAccount>, id: AccountId| match account.as_ref().map(|account| &account.id) {
        Some(AccountChoice::Other(named)) => named.id.as_str() == id.to_string(),
        _ => false,
    };
    if let Some(parties) = &transaction.parties {
        if !is(&parties.debtor_account, debtor) {
            return other("DbtrAcct", debtor.to_string());
        }
        if !is(&parties.creditor_account, credit.creditor) {
            return other("CdtrAcct", credit.creditor.to_string());
        }
        let purpose = transaction.purpose.as_ref().map(|Purposes::Code(code)| *code);
        if purpose != credit.purpose {
            return other("Purp", credit.purpose.map_or("none".to_owned(), |purpose| purpose.to_string()));
        }
    }
    if let Some(agents) = &transaction.agents {
        let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
        if bic(&agents.debtor) != Some(credit.debtor_agent) {
            return other("DbtrAgt", credit.debtor_agent.to_string());
        }
        if bic(&agents.creditor) != Some(credit.creditor_agent) {
            return other("CdtrAgt", credit.creditor_agent.to_string());
        }
    }
    Ok(())
}
