//! What a message asks of the ledger, and the answer to it.
//!
//! An [`Order`] is made of a message that Seaway can settle: each rule that it breaks is a fault with a status reason, so
//! that the answer is a pacs.002 with `RJCT`. Accounts are still as the message names them; whoever holds the order finds
//! their ids, and gets the instruction's body.

use crate::fault::{Fault, Rule};
use crate::message::{
    AccountChoice, Agent, CashAccount, ChargeBearerCode, CodeOrText, CreditTransfer, Document, Header, HeaderParty,
    LongText, Message, Moment, Money, OriginalGroup, Purposes, SettlementMethod, Status, StatusGroup, StatusReason,
    StatusReport, StatusTransaction, Transaction, canonical,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId, Exponent};
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::hash::{Domain, Hash32};
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::payment::{
    BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer as Transfer, Instructed,
};
use seaway_types::instruction::{Body, Leg};
use seaway_types::text::Text35;
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;

#[cfg(test)]
mod tests;

const GROUP: &str = "/Document/FIToFICstmrCdtTrf/GrpHdr";
const TRANSACTION: &str = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf";

/// How a message names an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// By its opaque id on the ledger.
    Id(AccountId),
    /// By an IBAN or another number that its agent knows.
    Number(String),
}

/// An account as a message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    /// Who services it.
    pub agent: Bic,
    /// How it is named.
    pub name: AccountName,
    /// Where the message names it.
    pub path: &'static str,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who sends the message, and whose instruction key it takes.
    pub sender: Bic,
    /// Who receives it.
    pub receiver: Bic,
    /// The key, derived from sender and message: the same message twice settles once.
    pub key: InstructionKey,
    /// The payment's UETR.
    pub uetr: Uetr,
    /// Who pays.
    pub debtor: NamedAccount,
    /// Who is paid.
    pub creditor: NamedAccount,
    message: Message<CreditTransfer>,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status.
    pub status: Status,
    /// The status reason's code, and a text.
    pub reason: Option<(String, String)>,
    /// Time of the block, or of the refusal.
    pub time: BlockTime,
    /// The infrastructure's reference, when the ledger has answered.
    pub reference: Option<Text35>,
}

/// The instruction key of a message: of its sender and of its `BizMsgIdr`, or else its `MsgId`.
pub fn message_key(sender: Bic, id: &Text35) -> InstructionKey {
    let hash = Domain::IsoMessage.hash(&codec::encode(&(sender, id)));
    let mut key = [0; 16];
    key.copy_from_slice(hash.0.first_chunk::<16>().unwrap_or(&[0; 16]));
    InstructionKey(key)
}

impl Order {
    /// Checks what can be checked without a ledger.
    pub fn new(message: Message<CreditTransfer>) -> Result<Self, Fault> {
        let CreditTransfer { group, transaction } = &message.document;
        if group.count.as_str().trim_start_matches('0') != "1" {
            let fault = Fault::new(group.count.as_str(), Rule::Form("1: a message holds one transaction".to_owned()));
            return Err(Fault { path: format!("{GROUP}/NbOfTxs"), ..fault });
        }
        if group.settlement.method != SettlementMethod::Clearing {
            let text = "a settlement infrastructure settles by CLRG on its own leg";
            return Err(Fault::refused(&format!("{GROUP}/SttlmInf/SttlmMtd"), "", "AG01", text));
        }
        let (sender, receiver, debtor_agent, creditor_agent) = agents(transaction)?;
        check_header(message.header.as_ref(), sender, receiver)?;
        check_charges(transaction)?;
        check_parties(transaction)?;
        let Some(uetr) = transaction.id.uetr else {
            return Err(Fault { path: format!("{TRANSACTION}/PmtId/UETR"), ..Fault::new("", Rule::Missing) });
        };
        let debtor =
            named(transaction.debtor_account.as_ref(), debtor_agent, "DbtrAcct", "AC01", &transaction.amount)?;
        let creditor =
            named(transaction.creditor_account.as_ref(), creditor_agent, "CdtrAcct", "AC03", &transaction.amount)?;
        let id = message.header.as_ref().map_or(&group.id, |header| &header.id);
        let key = message_key(sender, id);
        Ok(Self { sender, receiver, key, uetr, debtor, creditor, message })
    }

    /// The instruction's body, once the accounts are known. The salt makes the hashes of what stays off the ledger say
    /// nothing to who does not hold the message; it must be the same each time the message is sent.
    pub fn body(
        &self,
        assets: &AssetBook,
        debtor: AccountId,
        creditor: AccountId,
        salt: &[u8; 32],
    ) -> Result<Body, Fault> {
        let transaction = &self.message.document.transaction;
        let (asset, amount) = settled(&transaction.amount, assets)?;
        let beside = Transaction { remittance: None, ..transaction.clone() };
        let remittance = transaction.remittance.as_ref();
        let credit = Credit {
            kind: CreditKind::Customer,
            uetr: self.uetr,
            end_to_end_id: transaction.id.end_to_end,
            creditor,
            amount,
            instructing_agent: self.sender,
            debtor_agent: self.debtor.agent,
            creditor_agent: self.creditor.agent,
            instructed: instructed(transaction, assets)?,
            charge_bearer: charge_bearer(transaction.charge_bearer)?,
            charges: Bounded::default(),
            purpose: transaction.purpose.as_ref().map(|Purposes::Code(code)| *code),
            party_data_hash: Some(salted(Domain::PartyData, salt, &canonical("CdtTrfTxInf", &beside))),
            remittance_hash: remittance.map(|text| salted(Domain::Remittance, salt, &canonical("RmtInf", text))),
            acceptance: None,
        };
        let transfer = Transfer {
            debtor,
            asset,
            // So that a large amount waits for the creditor's agent instead of being rejected.
            mode: BulkMode::EachOnItsOwn,
            settlement_date: transaction.settlement_date,
            // One is within the bound.
            credits: Bounded::new(vec![credit]).unwrap_or_default(),
        };
        Ok(Body::Single(Leg::CreditTransfer(transfer)))
    }

    /// The answer. It has a header when the order had one.
    pub fn answer(&self, outcome: &Outcome) -> Message<StatusReport> {
        answer(&self.message, Some((self.sender, self.receiver)), outcome)
    }
}

/// The rejection of a message that is no order.
pub fn rejection(message: &Message<CreditTransfer>, fault: &Fault, time: BlockTime) -> Message<StatusReport> {
    let transaction = &message.document.transaction;
    let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
    let parties = bic(&transaction.instructing).zip(bic(&transaction.instructed_agent));
    let reason = Some((fault.rule.code().to_owned(), fault.to_string()));
    answer(message, parties, &Outcome { status: Status::Rejected, reason, time, reference: None })
}

fn answer(
    message: &Message<CreditTransfer>,
    parties: Option<(Bic, Bic)>,
    outcome: &Outcome,
) -> Message<StatusReport> {
    let CreditTransfer { group, transaction } = &message.document;
    let (asked, answers) = parties.unzip();
    // The same order with the same outcome is answered by the same message, whoever writes it.
    let names = (asked, group.id, outcome.status.code(), outcome.time, &outcome.reason, outcome.reference);
    let id = Domain::IsoMessage.hash(&codec::encode(&names)).to_string();
    let id: Text35 = id.get(..32).and_then(|id| id.parse().ok()).unwrap_or(group.id);
    let reason = outcome.reason.as_ref().and_then(|(code, text)| {
        let information =
            text.as_bytes().chunks(100).take(3).filter_map(|part| LongText::cut(&String::from_utf8_lossy(part)));
        Some(StatusReason {
            originator: None,
            reason: Some(CodeOrText::Code(LongText::cut(code)?)),
            information: information.collect(),
        })
    });
    let credited = matches!(outcome.status, Status::Settled | Status::Credited);
    let document = StatusReport {
        group: StatusGroup { id, created: Moment(outcome.time) },
        transaction: StatusTransaction {
            original: LongText::cut(CreditTransfer::DEFINITION).map(|definition| OriginalGroup {
                id: group.id,
                definition,
                created: Some(group.created),
            }),
            instruction: transaction.id.instruction,
            end_to_end: Some(transaction.id.end_to_end),
            transaction: transaction.id.transaction,
            uetr: transaction.id.uetr,
            status: outcome.status,
            reasons: reason.into_iter().collect(),
            accepted: credited.then_some(Moment(outcome.time)),
            reference: outcome.reference,
            instructing: answers.map(Agent::of),
            instructed: asked.map(Agent::of),
        },
    };
    let header = message.header.as_ref().zip(LongText::cut(StatusReport::DEFINITION));
    let header = header.map(|(header, definition)| Header {
        from: header.to.clone(),
        to: header.from.clone(),
        id,
        definition,
        service: header.service.clone(),
        created: Moment(outcome.time),
        possible_duplicate: None,
        priority: None,
    });
    Message { header, document }
}

/// Sender, receiver, debtor agent and creditor agent. Seaway joins the two agents directly: the sender is the debtor's
/// agent, the receiver the creditor's.
fn agents(transaction: &Transaction) -> Result<(Bic, Bic, Bic, Bic), Fault> {
    let of = |agent: &Agent, name: &str| agent.bic(&format!("{TRANSACTION}/{name}"));
    let there = |agent: &Option<Agent>, name: &str| match agent {
        Some(agent) => of(agent, name),
        None => Err(Fault { path: format!("{TRANSACTION}/{name}"), ..Fault::new("", Rule::Missing) }),
    };
    let sender = there(&transaction.instructing, "InstgAgt")?;
    let receiver = there(&transaction.instructed_agent, "InstdAgt")?;
    let debtor = of(&transaction.debtor_agent, "DbtrAgt")?;
    let creditor = of(&transaction.creditor_agent, "CdtrAgt")?;
    for (name, bic, other, is) in
        [("InstgAgt", sender, debtor, "the debtor's agent"), ("InstdAgt", receiver, creditor, "the creditor's agent")]
    {
        if bic != other {
            let path = format!("{TRANSACTION}/{name}/FinInstnId/BICFI");
            let text = format!("agents settle with each other directly: expected {other}, {is}");
            return Err(Fault::refused(&path, &bic.to_string(), "AG01", text));
        }
    }
    Ok((sender, receiver, debtor, creditor))
}

/// The header's parties are the transaction's agents.
fn check_header(header: Option<&Header>, sender: Bic, receiver: Bic) -> Result<(), Fault> {
    let Some(header) = header else { return Ok(()) };
    for (name, party, expected) in [("Fr", &header.from, sender), ("To", &header.to, receiver)] {
        let HeaderParty::Institution(agent) = party;
        let path = format!("/AppHdr/{name}/FIId");
        let bic = agent.bic(&path)?;
        if bic != expected {
            let text = format!("the document says {expected}");
            return Err(Fault::refused(&format!("{path}/FinInstnId/BICFI"), &bic.to_string(), "RC01", text));
        }
    }
    Ok(())
}

/// What was instructed and what is settled differ by a rate, or by the charges that the message states.
fn check_charges(transaction: &Transaction) -> Result<(), Fault> {
    charge_bearer(transaction.charge_bearer)?;
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
    let (from, to) = (hundred_thousandths(&instructed.number), hundred_thousandths(&settled.number));
    let same_currency = transaction.charges.iter().filter(|charge| charge.amount.currency == settled.currency);
    let charges: u128 = same_currency.map(|charge| hundred_thousandths(&charge.amount.number)).sum();
    // Who bears them decides their direction: a debtor pays them on top, otherwise they were taken from what is settled.
    let explained = match transaction.charge_bearer {
        ChargeBearerCode::Debtor => to.checked_sub(from),
        _ => from.checked_sub(to),
    };
    if explained == Some(charges) || from == to && charges == 0 {
        Ok(())
    } else {
        let text = format!("instructed are {}, and the charges do not explain the difference", instructed.number);
        refused("IntrBkSttlmAmt", &settled.number, "AM09", text)
    }
}

/// A checked number of at most 18 digits and five decimals in units of its fifth decimal.
fn hundred_thousandths(number: &str) -> u128 {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    format!("{whole}{decimals:0<5}").parse().unwrap_or(u128::MAX)
}

/// Debtor and creditor have names; addresses name town and country.
fn check_parties(transaction: &Transaction) -> Result<(), Fault> {
    let parties = [
        ("UltmtDbtr", transaction.ultimate_debtor.as_ref(), "BE07"),
        ("InitgPty", transaction.initiating.as_ref(), "BE07"),
        ("Dbtr", Some(&transaction.debtor), "BE07"),
        ("Cdtr", Some(&transaction.creditor), "BE04"),
        ("UltmtCdtr", transaction.ultimate_creditor.as_ref(), "BE04"),
    ];
    for (name, party, code) in parties {
        let Some(party) = party else { continue };
        let path = format!("{TRANSACTION}/{name}");
        if party.name.is_none() && party.id.is_none() {
            let text = "a party has a name or an identification";
            return Err(Fault::refused(&format!("{path}/Nm"), "", "BE01", text));
        }
        if let Some(address) = &party.address {
            address.check(&path, code)?;
        }
    }
    Ok(())
}

fn charge_bearer(code: ChargeBearerCode) -> Result<ChargeBearer, Fault> {
    match code {
        ChargeBearerCode::Debtor => Ok(ChargeBearer::Debtor),
        ChargeBearerCode::Creditor => Ok(ChargeBearer::Creditor),
        ChargeBearerCode::Shared => Ok(ChargeBearer::Shared),
        ChargeBearerCode::ServiceLevel => {
            let text = "there is no service level that settles charges";
            Err(Fault::refused(&format!("{TRANSACTION}/ChrgBr"), "SLEV", "AG01", text))
        }
    }
}

fn named(
    account: Option<&CashAccount>,
    agent: Bic,
    tag: &'static str,
    code: &'static str,
    settled: &Money,
) -> Result<NamedAccount, Fault> {
    let path = if tag == "DbtrAcct" {
        "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id"
    } else {
        "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id"
    };
    let Some(account) = account else {
        return Err(Fault::refused(path, "", code, "an account must be named; there is no default"));
    };
    if let Some(currency) = account.currency.as_ref().filter(|own| own.as_str() != settled.currency.to_string()) {
        let path = format!("{TRANSACTION}/{tag}/Ccy");
        let text = format!("{} is settled", settled.currency);
        return Err(Fault::refused(&path, currency.as_str(), "CURR", text));
    }
    let name = match &account.id {
        AccountChoice::Iban(iban) => AccountName::Number(iban.to_string()),
        AccountChoice::Other(other) => match other.id.as_str().parse() {
            Ok(id) => AccountName::Id(id),
            Err(_) => AccountName::Number(other.id.as_str().to_owned()),
        },
    };
    Ok(NamedAccount { agent, name, path })
}

/// The currency's default asset, and the amount in its minor units.
fn settled(money: &Money, assets: &AssetBook) -> Result<(AssetId, Amount), Fault> {
    let path = format!("{TRANSACTION}/IntrBkSttlmAmt");
    let code = money.currency.to_string();
    let found: Result<(AssetId, &Asset), _> = assets.find(&code);
    let unknown = |_| Fault::refused(&format!("{path}/@Ccy"), &code, "AM03", "this network settles no such currency");
    let (id, asset) = found.map_err(unknown)?;
    let refused = |text: String| Fault::refused(&path, &money.number, "AM09", text);
    let amount = money.amount(asset.exponent).map_err(refused)?;
    if amount == Amount::ZERO {
        return Err(Fault::refused(&path, &money.number, "AM01", "nothing would be paid"));
    }
    Ok((id, amount))
}

/// What the customer instructed, when that was something else than is settled.
fn instructed(transaction: &Transaction, assets: &AssetBook) -> Result<Option<Instructed>, Fault> {
    let Some(money) = &transaction.instructed else { return Ok(None) };
    if *money == transaction.amount {
        return Ok(None);
    }
    let decimals = money.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let known = assets.iter().find(|(_, asset)| asset.code == money.currency).map(|(_, asset)| asset.exponent);
    let mut exponents = [0, 2, 3, 4].into_iter().filter_map(Exponent::new);
    let exponent = known.or_else(|| exponents.find(|exponent| usize::from(exponent.places()) >= decimals));
    let refused = |text: String| Fault::refused(&format!("{TRANSACTION}/InstdAmt"), &money.number, "AM09", text);
    let exponent = exponent.ok_or_else(|| refused("no currency has so many decimals".to_owned()))?;
    let amount = money.amount(exponent).map_err(refused)?;
    let (rate_numerator, rate_denominator) = transaction.rate.as_ref().map_or((1, 1), |rate| rate.fraction());
    Ok(Some(Instructed { currency: money.currency, exponent, amount, rate_numerator, rate_denominator }))
}

fn salted(domain: Domain, salt: &[u8; 32], text: &str) -> Hash32 {
    domain.hash(&[salt.as_slice(), text.as_bytes()].concat())
}
