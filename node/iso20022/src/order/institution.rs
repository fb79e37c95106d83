//! pacs.009: a payment between institutions, or the cover of a customer's payment that travels elsewhere.

use super::report::{Asked, report};
use super::rules::{
    CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, account, agent, check_group, check_header, check_institution, check_party,
    ensure_direct, missing, settled, single,
};
use super::{Answer, Asks, Known, Order, Outcome, message_key};
use crate::fault::Fault;
use crate::faults::Faults;
use crate::message::{
    Agent, Document, InstitutionTransaction, InstitutionTransfer, Message, Purposes, UnderlyingTransfer, canonical,
};
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::instruction::Body;
use seaway_types::instruction::payment::{ChargeBearer, Credit, CreditKind};
use seaway_types::party::PartyData;

const GROUP: &str = "/Document/FICdtTrf/GrpHdr";
const TRANSACTION: &str = "/Document/FICdtTrf/CdtTrfTxInf";

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

impl Asks for Message<InstitutionTransfer> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let InstitutionTransfer { group, transaction } = &self.document;
        check_group(group, GROUP, faults);
        let (sender, receiver) = check_agents(transaction, faults);
        check_header(self.header.as_ref(), sender, receiver, faults);
        check_institutions(transaction, faults);
        if let Some(underlying) = &transaction.underlying {
            check_underlying(underlying, faults);
        }
        let uetr = faults.keep(transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR"))));
        let amount = faults.sound(|| [at("IntrBkSttlmAmt")]).then_some(&transaction.amount);
        let (from, to) = (transaction.debtor_account.as_ref(), transaction.creditor_account.as_ref());
        let from = account(from, sender, (&at("DbtrAcct"), DEBTOR_ACCOUNT), amount, faults);
        let to = account(to, receiver, (&at("CdtrAcct"), CREDITOR_ACCOUNT), amount, faults);
        let id = self.header.as_ref().map_or(&group.id, |header| &header.id);
        let (sender, accounts) = (sender?, vec![from?, to?]);
        Some(Order { sender, key: message_key(sender, id), uetrs: vec![uetr?], accounts, payments: Vec::new() })
    }

    fn body(&self, _: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let transaction = &self.document.transaction;
        let (sender, receiver) = agents(transaction)?;
        let (asset, amount) = settled(&transaction.amount, &at("IntrBkSttlmAmt"), known.assets)?;
        let [debtor, creditor] = known.accounts else { return Err(missing(&at("CdtrAcct"))) };
        let (party_data_hash, remittance_hash) = self.beside(known.salt)?.hashes();
        let credit = Credit {
            kind: kind(transaction),
            uetr: transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?,
            end_to_end_id: transaction.id.end_to_end,
            creditor: *creditor,
            amount,
            instructing_agent: sender,
            debtor_agent: sender,
            creditor_agent: receiver,
            // What a customer instructed belongs to the payment that is covered, and is told in its party data.
            instructed: None,
            // The message has no word for it: between institutions each bears its own.
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: transaction.purpose.as_ref().map(|Purposes::Code(code)| *code),
            party_data_hash,
            remittance_hash,
            acceptance: None,
        };
        Ok(single(*debtor, asset, transaction.settlement_date, credit))
    }

    fn party_data(&self, _: &Order, salt: &[u8; 32]) -> Result<Vec<PartyData>, Fault> {
        self.beside(salt).map(|data| vec![data])
    }

    fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        let InstitutionTransfer { group, transaction } = &self.document;
        let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
        let asked = Asked {
            header: self.header.as_ref(),
            definition: InstitutionTransfer::DEFINITION,
            id: group.id,
            created: Some(group.created),
            sender: bic(&transaction.instructing),
            receiver: bic(&transaction.instructed_agent),
            instruction: transaction.id.instruction,
            end_to_end: Some(transaction.id.end_to_end),
            transaction: transaction.id.transaction,
            uetr: transaction.id.uetr,
        };
        Some(report(&asked, outcome))
    }
}

impl Message<InstitutionTransfer> {
    /// What stays off the ledger.
    fn beside(&self, salt: &[u8; 32]) -> Result<PartyData, Fault> {
        let transaction = &self.document.transaction;
        let (debtor_agent, creditor_agent) = agents(transaction)?;
        Ok(PartyData {
            debtor_agent,
            creditor_agent,
            uetr: transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?,
            kind: kind(transaction),
            salt: Hash32(*salt),
            around: None,
            parties: Some(parties(transaction)),
            remittance: remittance(transaction),
        })
    }
}

fn kind(transaction: &InstitutionTransaction) -> CreditKind {
    if transaction.underlying.is_some() { CreditKind::Cover } else { CreditKind::Institution }
}

/// Sender and receiver.
fn agents(transaction: &InstitutionTransaction) -> Result<(Bic, Bic), Fault> {
    let mut faults = Faults::first();
    let (sender, receiver) = check_agents(transaction, &mut faults);
    faults.verdict(sender.zip(receiver))
}

/// Sender and receiver, as far as they are known. Seaway joins two agents directly: the sender services the debtor's account
/// and the receiver the creditor's.
fn check_agents(transaction: &InstitutionTransaction, faults: &mut Faults) -> (Option<Bic>, Option<Bic>) {
    let sender = faults.keep(agent(transaction.instructing.as_ref(), &at("InstgAgt")));
    let receiver = faults.keep(agent(transaction.instructed_agent.as_ref(), &at("InstdAgt")));
    let debtor = services(&transaction.debtor_agent, "DbtrAgt", &transaction.debtor, "Dbtr", faults);
    let creditor = services(&transaction.creditor_agent, "CdtrAgt", &transaction.creditor, "Cdtr", faults);
    ensure_direct(sender, debtor, &at("InstgAgt"), "the debtor's agent", faults);
    ensure_direct(receiver, creditor, &at("InstdAgt"), "the creditor's agent", faults);
    (sender, receiver)
}

/// Who services the account of a party: where no agent is named, the party itself.
fn services(own: &Option<Agent>, name: &str, party: &Agent, otherwise: &str, faults: &mut Faults) -> Option<Bic> {
    match own {
        Some(own) => faults.keep(own.bic(&at(name))),
        // One was named, and cannot be read.
        None if !faults.sound(|| [at(name)]) => None,
        None => faults.keep(party.bic(&at(otherwise))),
    }
}

/// Institutions are known, and their addresses name town and country.
fn check_institutions(transaction: &InstitutionTransaction, faults: &mut Faults) {
    check_institution(&transaction.debtor, &at("Dbtr"), "BE07", faults);
    for (name, own) in [("DbtrAgt", &transaction.debtor_agent), ("CdtrAgt", &transaction.creditor_agent)] {
        if let Some(own) = own {
            check_institution(own, &at(name), "RC01", faults);
        }
    }
    check_institution(&transaction.creditor, &at("Cdtr"), "BE04", faults);
}

/// The parties of a payment that is covered have names, their agents are known, and addresses name town and country.
fn check_underlying(underlying: &UnderlyingTransfer, faults: &mut Faults) {
    let at = |name: &str| format!("{TRANSACTION}/UndrlygCstmrCdtTrf/{name}");
    check_party(underlying.ultimate_debtor.as_ref(), &at("UltmtDbtr"), "BE07", faults);
    check_party(underlying.initiating.as_ref(), &at("InitgPty"), "BE07", faults);
    check_party(Some(&underlying.debtor), &at("Dbtr"), "BE07", faults);
    check_institution(&underlying.debtor_agent, &at("DbtrAgt"), "RC01", faults);
    check_institution(&underlying.creditor_agent, &at("CdtrAgt"), "RC01", faults);
    check_party(Some(&underlying.creditor), &at("Cdtr"), "BE04", faults);
    check_party(underlying.ultimate_creditor.as_ref(), &at("UltmtCdtr"), "BE04", faults);
}

/// All that is said of the payment but what the creditors are told.
fn parties(transaction: &InstitutionTransaction) -> String {
    let mut beside = InstitutionTransaction { remittance: None, ..transaction.clone() };
    if let Some(underlying) = &mut beside.underlying {
        underlying.remittance = None;
    }
    canonical("CdtTrfTxInf", &beside)
}

/// What the creditor is told, followed by what the creditor of the payment covered is told.
fn remittance(transaction: &InstitutionTransaction) -> Option<String> {
    let covered = transaction.underlying.as_ref().and_then(|underlying| underlying.remittance.as_ref());
    let told = transaction.remittance.as_ref().into_iter().chain(covered);
    let text: String = told.map(|told| canonical("RmtInf", told)).collect();
    (!text.is_empty()).then_some(text)
}
