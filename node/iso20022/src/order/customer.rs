//! pacs.008: a customer's payment.

use super::report::{Asked, report};
use super::rules::{
    CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, account, agent, charge_bearer, charges_explain, check_group, check_header,
    check_party, ensure_direct, instructed, missing, settled, single,
};
use super::{Answer, Asks, Known, Order, Outcome, message_key, stp};
use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    Agent, ChargeBearerCode, CodeOrText, CreditTransfer, Document, Message, Purposes, Transaction, canonical,
    canonical_without,
};
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::hash::Hash32;
use seaway_types::instruction::Body;
use seaway_types::instruction::payment::{Credit, CreditKind, Instructed};
use seaway_types::party::PartyData;

const GROUP: &str = "/Document/FIToFICstmrCdtTrf/GrpHdr";
const TRANSACTION: &str = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf";

/// Service levels of other messages.
const OTHER_LEVELS: [&str; 7] = ["G002", "G003", "G004", "G005", "G006", "G007", "G009"];

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

impl Asks for Message<CreditTransfer> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let CreditTransfer { group, transaction } = &self.document;
        check_group(group, GROUP, faults);
        let Agents { sender, receiver, debtor, creditor } = Agents::of(transaction, faults);
        check_header(self.header.as_ref(), sender, receiver, faults);
        check_levels(transaction, faults);
        check_charges(transaction, faults);
        check_parties(transaction, faults);
        let uetr = faults.keep(transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR"))));
        let amount = faults.sound(|| [at("IntrBkSttlmAmt")]).then_some(&transaction.amount);
        let (from, to) = (transaction.debtor_account.as_ref(), transaction.creditor_account.as_ref());
        let from = account(from, debtor, (&at("DbtrAcct"), DEBTOR_ACCOUNT), amount, faults);
        let to = account(to, creditor, (&at("CdtrAcct"), CREDITOR_ACCOUNT), amount, faults);
        for fault in stp::check(self) {
            faults.push(fault);
        }
        let id = self.header.as_ref().map_or(&group.id, |header| &header.id);
        let (sender, accounts) = (sender?, vec![from?, to?]);
        Some(Order { sender, key: message_key(sender, id), uetrs: vec![uetr?], accounts, payments: Vec::new() })
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

/// The agents of a payment, as far as they are known.
struct Agents {
    sender: Option<Bic>,
    receiver: Option<Bic>,
    debtor: Option<Bic>,
    creditor: Option<Bic>,
}

impl Agents {
    /// Seaway joins the two agents directly: the sender is the debtor's agent, the receiver the creditor's.
    fn of(transaction: &Transaction, faults: &mut Faults) -> Self {
        let sender = faults.keep(agent(transaction.instructing.as_ref(), &at("InstgAgt")));
        let receiver = faults.keep(agent(transaction.instructed_agent.as_ref(), &at("InstdAgt")));
        let debtor = faults.keep(transaction.debtor_agent.bic(&at("DbtrAgt")));
        let creditor = faults.keep(transaction.creditor_agent.bic(&at("CdtrAgt")));
        ensure_direct(sender, debtor, &at("InstgAgt"), "the debtor's agent", faults);
        ensure_direct(receiver, creditor, &at("InstdAgt"), "the creditor's agent", faults);
        Self { sender, receiver, debtor, creditor }
    }
}

/// Sender, receiver, debtor agent and creditor agent.
fn agents(transaction: &Transaction) -> Result<(Bic, Bic, Bic, Bic), Fault> {
    let mut faults = Faults::first();
    let Agents { sender, receiver, debtor, creditor } = Agents::of(transaction, &mut faults);
    let known = sender.zip(receiver).zip(debtor.zip(creditor));
    faults.verdict(known.map(|((sender, receiver), (debtor, creditor))| (sender, receiver, debtor, creditor)))
}

/// Charges are borne by someone, and explain what differs.
fn check_charges(transaction: &Transaction, faults: &mut Faults) {
    let bearer = faults.keep(charge_bearer(transaction.charge_bearer, &at("ChrgBr")));
    if faults.sound(|| ["IntrBkSttlmAmt", "InstdAmt", "XchgRate", "ChrgBr", "ChrgsInf"].map(at)) {
        faults.keep(explained(transaction, bearer.is_some()));
        faults.keep(told(transaction));
    }
}

/// Whoever takes its charges from the creditor says which, be it none at all; a debtor pays them once (CBPR+).
fn told(transaction: &Transaction) -> Result<(), Fault> {
    match (transaction.charge_bearer, transaction.charges.as_slice()) {
        (ChargeBearerCode::Creditor, []) => Err(missing(&at("ChrgsInf"))),
        (ChargeBearerCode::Debtor, [_, _, ..]) => {
            Err(Fault { path: at("ChrgsInf[2]"), ..Fault::new("", Rule::Unknown("one with ChrgBr DEBT".to_owned())) })
        }
        _ => Ok(()),
    }
}

/// Service levels of gpi that are not those of a customer's payment (CBPR+).
fn check_levels(transaction: &Transaction, faults: &mut Faults) {
    let levels = transaction.kind.iter().flat_map(|kind| &kind.service_levels).zip(1_usize..);
    for (level, place) in levels {
        if let CodeOrText::Code(code) = level
            && OTHER_LEVELS.contains(&code.as_str())
        {
            let text = "the gpi service level of a pacs.008 is G001";
            let path = at(&format!("PmtTpInf/SvcLvl[{place}]/Cd"));
            faults.push(Fault::refused(&path, code.as_str(), "FF04", text));
        }
    }
}

/// What was instructed and what is settled differ by a rate, or by the charges that the message states. Charges explain
/// nothing where nobody bears them.
fn explained(transaction: &Transaction, borne: bool) -> Result<(), Fault> {
    let settled = &transaction.amount;
    let refused = |name: &str, value: &str, code, text: String| Err(Fault::refused(&at(name), value, code, text));
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
    if !borne || charges_explain(instructed, settled, &transaction.charges, transaction.charge_bearer) {
        return Ok(());
    }
    let text = format!("instructed are {}, and the charges do not explain the difference", instructed.number);
    refused("IntrBkSttlmAmt", &settled.number, "AM09", text)
}

/// Debtor and creditor have names; addresses name town and country.
fn check_parties(transaction: &Transaction, faults: &mut Faults) {
    check_party(transaction.ultimate_debtor.as_ref(), &at("UltmtDbtr"), "BE07", faults);
    check_party(transaction.initiating.as_ref(), &at("InitgPty"), "BE07", faults);
    check_party(Some(&transaction.debtor), &at("Dbtr"), "BE07", faults);
    check_party(Some(&transaction.creditor), &at("Cdtr"), "BE04", faults);
    check_party(transaction.ultimate_creditor.as_ref(), &at("UltmtCdtr"), "BE04", faults);
}

/// What the customer instructed, when that was something else than is settled.
fn instructed_else(transaction: &Transaction, assets: &AssetBook) -> Result<Option<Instructed>, Fault> {
    let Some(money) = transaction.instructed.as_ref().filter(|money| **money != transaction.amount) else {
        return Ok(None);
    };
    let rate = transaction.rate.as_ref().map_or((1, 1), |rate| rate.fraction());
    instructed(money, rate, &at("InstdAmt"), assets).map(Some)
}
