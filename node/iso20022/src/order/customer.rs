//! pacs.008: a customer's payment.

use super::report::{Asked, report};
use super::rules::{
    CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, account, agent, charge_bearer, charges_explain, check_group, check_header,
    check_party, ensure_direct, instructed, missing, settled, single,
};
use super::{Answer, Asks, Known, Order, Outcome, message_key};
use crate::fault::Fault;
use crate::message::{Agent, CreditTransfer, Document, Message, Purposes, Transaction, canonical, canonical_without};
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::instruction::Body;
use seaway_types::instruction::payment::{Credit, CreditKind, Instructed};
use seaway_types::party::PartyData;

const GROUP: &str = "/Document/FIToFICstmrCdtTrf/GrpHdr";
const TRANSACTION: &str = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf";

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

impl Asks for Message<CreditTransfer> {
    fn order(&self) -> Result<Order, Fault> {
        let CreditTransfer { group, transaction } = &self.document;
        check_group(group, GROUP)?;
        let (sender, receiver, debtor_agent, creditor_agent) = agents(transaction)?;
        check_header(self.header.as_ref(), sender, receiver)?;
        check_charges(transaction)?;
        check_parties(transaction)?;
        let uetr = transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?;
        let (debtor, creditor) = (transaction.debtor_account.as_ref(), transaction.creditor_account.as_ref());
        let amount = &transaction.amount;
        let accounts = vec![
            account(debtor, debtor_agent, (&at("DbtrAcct"), DEBTOR_ACCOUNT), amount)?,
            account(creditor, creditor_agent, (&at("CdtrAcct"), CREDITOR_ACCOUNT), amount)?,
        ];
        let id = self.header.as_ref().map_or(&group.id, |header| &header.id);
        Ok(Order { sender, key: message_key(sender, id), uetrs: vec![uetr], accounts, payments: Vec::new() })
    }

    fn body(&self, _: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let transaction = &self.document.transaction;
        let (sender, _, debtor_agent, creditor_agent) = agents(transaction)?;
        let (asset, amount) = settled(&transaction.amount, &at("IntrBkSttlmAmt"), known.assets)?;
        let [debtor, creditor] = known.accounts else { return Err(missing(&at("CdtrAcct"))) };
        let (party_data_hash, remittance_hash) = self.beside(known.salt)?.hashes();
        let credit = Credit {
            kind: CreditKind::Customer,
            uetr: transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?,
            end_to_end_id: transaction.id.end_to_end,
            creditor: *creditor,
            amount,
            instructing_agent: sender,
            debtor_agent,
            creditor_agent,
            instructed: instructed_else(transaction, known.assets)?,
            charge_bearer: charge_bearer(transaction.charge_bearer, &at("ChrgBr"))?,
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
        let CreditTransfer { group, transaction } = &self.document;
        let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
        let asked = Asked {
            header: self.header.as_ref(),
            definition: CreditTransfer::DEFINITION,
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

impl Message<CreditTransfer> {
    /// What stays off the ledger.
    fn beside(&self, salt: &[u8; 32]) -> Result<PartyData, Fault> {
        let transaction = &self.document.transaction;
        let (_, _, debtor_agent, creditor_agent) = agents(transaction)?;
        Ok(PartyData {
            debtor_agent,
            creditor_agent,
            uetr: transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?,
            kind: CreditKind::Customer,
            salt: Hash32(*salt),
            around: None,
            parties: Some(canonical_without("CdtTrfTxInf", transaction, "RmtInf")),
            remittance: transaction.remittance.as_ref().map(|told| canonical("RmtInf", told)),
        })
    }
}

/// Sender, receiver, debtor agent and creditor agent. Seaway joins the two agents directly: the sender is the debtor's
/// agent, the receiver the creditor's.
fn agents(transaction: &Transaction) -> Result<(Bic, Bic, Bic, Bic), Fault> {
    let sender = agent(transaction.instructing.as_ref(), &at("InstgAgt"))?;
    let receiver = agent(transaction.instructed_agent.as_ref(), &at("InstdAgt"))?;
    let debtor = transaction.debtor_agent.bic(&at("DbtrAgt"))?;
    let creditor = transaction.creditor_agent.bic(&at("CdtrAgt"))?;
    ensure_direct(sender, debtor, &at("InstgAgt"), "the debtor's agent")?;
    ensure_direct(receiver, creditor, &at("InstdAgt"), "the creditor's agent")?;
    Ok((sender, receiver, debtor, creditor))
}

/// What was instructed and what is settled differ by a rate, or by the charges that the message states.
fn check_charges(transaction: &Transaction) -> Result<(), Fault> {
    charge_bearer(transaction.charge_bearer, &at("ChrgBr"))?;
    let settled = &transaction.amount;
    let refused = |name: &str, value: &str, code, text: String| {
        Err(Fault::refused(&format!("{TRANSACTION}/{name}"), value, code, text))
    };
    let Some(instructed) = &transaction.instructed else {
        return match &transaction.rate {
            Some(rate) => refused("XchgRate", &rate.to_string(), "CURR", "a rate needs an InstdAmt".to_owned()),
            None => Ok(()),
        };
    };
    if instructed.currency != settled.currency {
        return match transaction.rate {
            Some(_) => Ok(()),
            None => refused("XchgRate", "", "CURR", "two currencies need their rate".to_owned()),
        };
    }
    if let Some(rate) = &transaction.rate {
        return refused("XchgRate", &rate.to_string(), "CURR", "one currency has no rate".to_owned());
    }
    if charges_explain(instructed, settled, &transaction.charges, transaction.charge_bearer) {
        return Ok(());
    }
    let text = format!("instructed are {}, and the charges do not explain the difference", instructed.number);
    refused("IntrBkSttlmAmt", &settled.number, "AM09", text)
}

/// Debtor and creditor have names; addresses name town and country.
fn check_parties(transaction: &Transaction) -> Result<(), Fault> {
    check_party(transaction.ultimate_debtor.as_ref(), &at("UltmtDbtr"), "BE07")?;
    check_party(transaction.initiating.as_ref(), &at("InitgPty"), "BE07")?;
    check_party(Some(&transaction.debtor), &at("Dbtr"), "BE07")?;
    check_party(Some(&transaction.creditor), &at("Cdtr"), "BE04")?;
    check_party(transaction.ultimate_creditor.as_ref(), &at("UltmtCdtr"), "BE04")
}

/// What the customer instructed, when that was something else than is settled.
fn instructed_else(transaction: &Transaction, assets: &AssetBook) -> Result<Option<Instructed>, Fault> {
    let Some(money) = transaction.instructed.as_ref().filter(|money| **money != transaction.amount) else {
        return Ok(None);
    };
    let rate = transaction.rate.as_ref().map_or((1, 1), |rate| rate.fraction());
    instructed(money, rate, &at("InstdAmt"), assets).map(Some)
}
