//! pacs.009: a payment between institutions, or the cover of a customer's payment that travels elsewhere.

use super::report::{Asked, report};
use super::rules::{
    CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, account, agent, check_count, check_header, check_party, missing, salted,
    settled,
};
use super::{Answer, Asks, Known, Order, Outcome, message_key};
use crate::fault::Fault;
use crate::message::{
    Agent, Document, Group, Institution, InstitutionTransaction, InstitutionTransfer, Message, Purposes,
    SettlementMethod, UnderlyingTransfer, canonical,
};
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::hash::{Domain, Hash32};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer as Transfer};
use seaway_types::instruction::{Body, Leg};

const GROUP: &str = "/Document/FICdtTrf/GrpHdr";
const TRANSACTION: &str = "/Document/FICdtTrf/CdtTrfTxInf";

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

impl Asks for Message<InstitutionTransfer> {
    fn order(&self) -> Result<Order, Fault> {
        let InstitutionTransfer { group, transaction } = &self.document;
        check_group(group, GROUP)?;
        let (sender, receiver) = agents(transaction)?;
        check_header(self.header.as_ref(), sender, receiver)?;
        check_institutions(transaction)?;
        transaction.underlying.as_ref().map_or(Ok(()), check_underlying)?;
        let uetr = transaction.id.uetr.ok_or_else(|| missing(&at("PmtId/UETR")))?;
        let (debtor, creditor) = (transaction.debtor_account.as_ref(), transaction.creditor_account.as_ref());
        let amount = &transaction.amount;
        let accounts = vec![
            account(debtor, sender, (&at("DbtrAcct"), DEBTOR_ACCOUNT), amount)?,
            account(creditor, receiver, (&at("CdtrAcct"), CREDITOR_ACCOUNT), amount)?,
        ];
        let id = self.header.as_ref().map_or(&group.id, |header| &header.id);
        Ok(Order { sender, key: message_key(sender, id), uetrs: vec![uetr], accounts, payments: Vec::new() })
    }

    fn body(&self, _: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let transaction = &self.document.transaction;
        let (sender, receiver) = agents(transaction)?;
        let (asset, amount) = settled(&transaction.amount, &at("IntrBkSttlmAmt"), known.assets)?;
        let [debtor, creditor] = known.accounts else { return Err(missing(&at("CdtrAcct"))) };
        let covers = transaction.underlying.is_some();
        let credit = Credit {
            kind: if covers { CreditKind::Cover } else { CreditKind::Institution },
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
            party_data_hash: Some(parties(transaction, known.salt)),
            remittance_hash: remittance(transaction, known.salt),
            acceptance: None,
        };
        let transfer = Transfer {
            debtor: *debtor,
            asset,
            // So that a large amount waits for the creditor's agent instead of being rejected.
            mode: BulkMode::EachOnItsOwn,
            settlement_date: transaction.settlement_date,
            // One is within the bound.
            credits: Bounded::new(vec![credit]).unwrap_or_default(),
        };
        Ok(Body::Single(Leg::CreditTransfer(transfer)))
    }

    fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        let InstitutionTransfer { group, transaction } = &self.document;
        let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
        let asked = Asked {
            header: self.header.as_ref(),
            definition: InstitutionTransfer::DEFINITION,
            id: group.id,
            created: group.created,
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

/// One transaction, settled by the infrastructure.
pub(super) fn check_group(group: &Group, path: &str) -> Result<(), Fault> {
    check_count(&format!("{path}/NbOfTxs"), group.count.as_str(), 1)?;
    if group.settlement.method == SettlementMethod::Clearing {
        return Ok(());
    }
    let text = "a settlement infrastructure settles by CLRG on its own leg";
    Err(Fault::refused(&format!("{path}/SttlmInf/SttlmMtd"), group.settlement.method.code(), "AG01", text))
}

/// An institution has a BIC, or else a name. A name and an address stand together, and the address names town and country.
/// The code is that of an incomplete address.
pub(super) fn check_institution(agent: &Agent, path: &str, code: &'static str) -> Result<(), Fault> {
    let Institution { bic, name, address, .. } = &agent.institution;
    let place = format!("{path}/FinInstnId");
    let refused =
        |element: &str, code, text: &str| Err(Fault::refused(&format!("{place}/{element}"), "", code, text));
    match (name, address) {
        (None, None) if bic.is_none() => {
            refused("BICFI", "RC01", "an institution has a BIC, or a name and an address")
        }
        (None, None) => Ok(()),
        (None, Some(_)) => refused("Nm", "BE01", "who has an address has a name"),
        (Some(_), None) => refused("PstlAdr", code, "an institution that is named has an address"),
        (Some(_), Some(address)) => address.check(&place, code),
    }
}

/// Sender and receiver. Seaway joins two agents directly: the sender services the debtor's account and the receiver the
/// creditor's, and where no agent is named, debtor or creditor is that agent itself.
fn agents(transaction: &InstitutionTransaction) -> Result<(Bic, Bic), Fault> {
    let sender = agent(transaction.instructing.as_ref(), &at("InstgAgt"))?;
    let receiver = agent(transaction.instructed_agent.as_ref(), &at("InstdAgt"))?;
    let services = |own: &Option<Agent>, agent: &str, party: &Agent, otherwise: &str| match own {
        Some(own) => own.bic(&at(agent)),
        None => party.bic(&at(otherwise)),
    };
    let debtor = services(&transaction.debtor_agent, "DbtrAgt", &transaction.debtor, "Dbtr")?;
    let creditor = services(&transaction.creditor_agent, "CdtrAgt", &transaction.creditor, "Cdtr")?;
    for (name, bic, other, is) in
        [("InstgAgt", sender, debtor, "the debtor's agent"), ("InstdAgt", receiver, creditor, "the creditor's agent")]
    {
        if bic != other {
            let path = format!("{TRANSACTION}/{name}/FinInstnId/BICFI");
            let text = format!("agents settle with each other directly: expected {other}, {is}");
            return Err(Fault::refused(&path, &bic.to_string(), "AG01", text));
        }
    }
    Ok((sender, receiver))
}

/// Institutions are known, and their addresses name town and country.
fn check_institutions(transaction: &InstitutionTransaction) -> Result<(), Fault> {
    check_institution(&transaction.debtor, &at("Dbtr"), "BE07")?;
    for (name, own) in [("DbtrAgt", &transaction.debtor_agent), ("CdtrAgt", &transaction.creditor_agent)] {
        own.as_ref().map_or(Ok(()), |own| check_institution(own, &at(name), "RC01"))?;
    }
    check_institution(&transaction.creditor, &at("Cdtr"), "BE04")
}

/// The parties of a payment that is covered have names, their agents are known, and addresses name town and country.
fn check_underlying(underlying: &UnderlyingTransfer) -> Result<(), Fault> {
    let at = |name: &str| format!("{TRANSACTION}/UndrlygCstmrCdtTrf/{name}");
    check_party(underlying.ultimate_debtor.as_ref(), &at("UltmtDbtr"), "BE07")?;
    check_party(underlying.initiating.as_ref(), &at("InitgPty"), "BE07")?;
    check_party(Some(&underlying.debtor), &at("Dbtr"), "BE07")?;
    check_institution(&underlying.debtor_agent, &at("DbtrAgt"), "RC01")?;
    check_institution(&underlying.creditor_agent, &at("CdtrAgt"), "RC01")?;
    check_party(Some(&underlying.creditor), &at("Cdtr"), "BE04")?;
    check_party(underlying.ultimate_creditor.as_ref(), &at("UltmtCdtr"), "BE04")
}

/// The hash of all that is said of the payment but what the creditors are told.
fn parties(transaction: &InstitutionTransaction, salt: &[u8; 32]) -> Hash32 {
    let mut beside = InstitutionTransaction { remittance: None, ..transaction.clone() };
    if let Some(underlying) = &mut beside.underlying {
        underlying.remittance = None;
    }
    salted(Domain::PartyData, salt, &canonical("CdtTrfTxInf", &beside))
}

/// The hash of what the creditor is told, followed by what the creditor of the payment covered is told.
fn remittance(transaction: &InstitutionTransaction, salt: &[u8; 32]) -> Option<Hash32> {
    let covered = transaction.underlying.as_ref().and_then(|underlying| underlying.remittance.as_ref());
    let told = transaction.remittance.as_ref().into_iter().chain(covered);
    let text: String = told.map(|told| canonical("RmtInf", told)).collect();
    (!text.is_empty()).then(|| salted(Domain::Remittance, salt, &text))
}
