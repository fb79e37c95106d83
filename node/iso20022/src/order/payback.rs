//! pacs.004: a payment goes back.
//!
//! The agent of the one who was paid sends it; the agent that gets the money back is the one whose payment it was. So the
//! payment is found by that agent, the original UETR, and the kind of message that the return names: pacs.008 for a
//! customer's payment, pacs.009 for one between institutions. A cover is a pacs.009 too, and is told from it as CBPR+ tells
//! them apart, by the service level G001 in `OrgnlTxRef/PmtTpInf/SvcLvl/Cd`; the name `pacs.009.001.08COV` says the same.
//!
//! A return on the ledger has no settlement date: it settles in the next block, on the asset's day. `IntrBkSttlmDt` can only
//! be the day on which the message is made, somewhere on earth, and another is refused.
//!
//! What is returned counts without charges: what an agent keeps of a payment stays unreturned, and can be returned later.

use super::report::{Asked, report};
use super::rules::{
    agent, charge_bearer, charges_explain, check_group, check_header, check_institution, check_party, ensure_direct,
    missing,
};
use super::{Answer, Asks, Known, KnownPayment, NamedPayment, Order, Outcome, message_key};
use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    Agent, ChainParty, ChargeBearerCode, CodeOrText, Document, Message, Moment, Money, PaymentReturn, ReturnReason,
    ReturnTransaction, ReturnedTerms,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook};
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::instruction::follow_up::{RecallAnswer, Return};
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Leg};
use seaway_types::limits::MINUTE_MS;
use seaway_types::reason::StatedReason;
use seaway_types::time::Day;

const GROUP: &str = "/Document/PmtRtr/GrpHdr";
const TRANSACTION: &str = "/Document/PmtRtr/TxInf";

/// How far local time lies behind and ahead of UTC at most.
const BEHIND_MS: u64 = 12 * 60 * MINUTE_MS;
const AHEAD_MS: u64 = 14 * 60 * MINUTE_MS;

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

impl Asks for Message<PaymentReturn> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let PaymentReturn { group, transaction } = &self.document;
        check_group(group, GROUP, faults);
        let sender = faults.keep(agent(transaction.instructing.as_ref(), &at("InstgAgt")));
        let receiver = faults.keep(agent(transaction.instructed_agent.as_ref(), &at("InstdAgt")));
        check_header(self.header.as_ref(), sender, receiver, faults);
        faults.keep(stated(transaction));
        check_charges(transaction, faults);
        check_chain(transaction, sender, receiver, faults);
        if faults.sound(|| [format!("{GROUP}/CreDtTm")]) {
            faults.keep(check_date(transaction, group.created));
        }
        if let Some(reference) = &transaction.reference {
            let expected = Rule::Unknown("no reference here: settlement gives it".to_owned());
            faults.push(Fault { path: at("ClrSysRef"), ..Fault::new(reference.as_str(), expected) });
        }
        let uetr = faults.keep(transaction.uetr.ok_or_else(|| missing(&at("OrgnlUETR"))));
        let kind = faults.keep(kind(transaction));
        let id = self.header.as_ref().map_or(&group.id, |header| &header.id);
        let (sender, uetr) = (sender?, uetr?);
        let key = PaymentKey { debtor_agent: receiver?, uetr, kind: kind? };
        let payments = vec![NamedPayment { key, path: at("OrgnlUETR"), unknown: "NARR" }];
        Some(Order { sender, key: message_key(sender, id), uetrs: vec![uetr], accounts: Vec::new(), payments })
    }

    fn body(&self, order: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let transaction = &self.document.transaction;
        let ([named], [payment]) = (order.payments.as_slice(), known.payments) else {
            return Err(missing(&at("OrgnlUETR")));
        };
        let amount = returned(transaction, payment, known.assets)?;
        let payback = Leg::Return(Return { payment: named.key, amount, reason: stated(transaction)? });
        if !payment.recalled {
            return Ok(Body::Single(payback));
        }
        // Whoever returns what was recalled agrees to the recall.
        let agrees = Leg::RecallAnswer(RecallAnswer { payment: named.key, refusal: None });
        // Two are within the bound.
        Ok(Body::Bundle(Bounded::new(vec![agrees, payback]).unwrap_or_default()))
    }

    /// The ids are those of the payment, as CBPR+ has them in the report of a return; the return itself is named by its
    /// message.
    fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        let PaymentReturn { group, transaction } = &self.document;
        let bic = |agent: &Option<Agent>| agent.as_ref().and_then(|agent| agent.institution.bic);
        let asked = Asked {
            header: self.header.as_ref(),
            definition: PaymentReturn::DEFINITION,
            id: group.id,
            created: Some(group.created),
            sender: bic(&transaction.instructing),
            receiver: bic(&transaction.instructed_agent),
            instruction: transaction.instruction,
            end_to_end: transaction.end_to_end,
            transaction: transaction.transaction,
            uetr: transaction.uetr,
        };
        Some(report(&asked, outcome))
    }
}

/// The kind of payment that a follow-up names by the identifier of its message and by its service levels; `None` for a
/// message that pays nothing here.
pub(super) fn kind_of(definition: &str, levels: &[CodeOrText]) -> Option<CreditKind> {
    let is_version = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(version) = definition.strip_prefix("pacs.008.001.") {
        return is_version(version).then_some(CreditKind::Customer);
    }
    let version = definition.strip_prefix("pacs.009.001.")?;
    if let Some(version) = version.strip_suffix("COV") {
        return is_version(version).then_some(CreditKind::Cover);
    }
    let cover = |level: &CodeOrText| match level {
        CodeOrText::Code(code) => code.as_str() == ReturnedTerms::COVER_LEVEL,
        CodeOrText::Text(_) => false,
    };
    let kind = if levels.iter().any(cover) { CreditKind::Cover } else { CreditKind::Institution };
    is_version(version).then_some(kind)
}

/// The identifier by which [`kind_of`] knows a kind where a message has no service levels.
pub(super) fn definition_of(kind: CreditKind) -> &'static str {
    match kind {
        CreditKind::Customer => "pacs.008.001.08",
        CreditKind::Institution => "pacs.009.001.08",
        CreditKind::Cover => "pacs.009.001.08COV",
    }
}

/// What kind of payment is returned.
fn kind(transaction: &ReturnTransaction) -> Result<CreditKind, Fault> {
    let original = transaction.original.as_ref().ok_or_else(|| missing(&at("OrgnlGrpInf")))?;
    let terms = transaction.terms.as_ref().and_then(|terms| terms.kind.as_ref());
    let levels = terms.map(|kind| kind.service_levels.as_slice()).unwrap_or_default();
    let definition = original.definition.as_str();
    kind_of(definition, levels).ok_or_else(|| {
        let expected = "pacs.008.001.08 or pacs.009.001.08, or another version of them".to_owned();
        Fault { path: at("OrgnlGrpInf/OrgnlMsgNmId"), ..Fault::new(definition, Rule::Form(expected)) }
    })
}

/// The reason, if returns have it.
fn stated(transaction: &ReturnTransaction) -> Result<StatedReason, Fault> {
    let why = transaction.reason.as_ref().ok_or_else(|| missing(&at("RtrRsnInf")))?;
    let (name, value) = match &why.reason {
        Some(CodeOrText::Code(code)) => ("Cd", code.as_str()),
        Some(CodeOrText::Text(text)) => ("Prtry", text.as_str()),
        None => return Err(missing(&at("RtrRsnInf/Rsn"))),
    };
    let codes = || StatedReason::ALL.into_iter().filter_map(|reason| Some((reason.codes().payback?, reason)));
    let found = codes().find(|(code, _)| name == "Cd" && *code == value);
    found.map(|(_, reason)| reason).ok_or_else(|| {
        let names: Vec<&str> = codes().map(|(code, _)| code).collect();
        let expected = Rule::Form(format!("a code, one of {}", names.join(", ")));
        Fault { path: format!("{}/{name}", at("RtrRsnInf/Rsn")), ..Fault::new(value, expected) }
    })
}

/// What goes back, in minor units of the asset that was paid: above zero, and not more than is left of the payment.
fn returned(transaction: &ReturnTransaction, payment: &KnownPayment, assets: &AssetBook) -> Result<Amount, Fault> {
    let (id, paid) = (payment.facts.asset, payment.facts.amount);
    let refused =
        |name: &str, money: &Money, code, text: String| Err(Fault::refused(&at(name), &money.number, code, text));
    let Some(asset) = assets.get(id) else {
        let text = format!("this network does not know {id}, in which was paid");
        return refused("RtrdIntrBkSttlmAmt", &transaction.amount, "AM03", text);
    };
    let amount = in_asset(&transaction.amount, asset, "RtrdIntrBkSttlmAmt")?;
    if let Some(stated) = &transaction.paid
        && in_asset(stated, asset, "OrgnlIntrBkSttlmAmt")? != paid
    {
        return refused("OrgnlIntrBkSttlmAmt", stated, "AM09", format!("{} were paid", assets.show(paid, id)));
    }
    if amount.is_zero() {
        return refused("RtrdIntrBkSttlmAmt", &transaction.amount, "AM01", "nothing would be returned".to_owned());
    }
    // The ledger keeps what was returned within what was paid.
    let left = paid.checked_sub(payment.returned).unwrap_or(Amount::ZERO);
    if left.is_zero() {
        let text = format!("all {} were returned before", assets.show(paid, id));
        return refused("RtrdIntrBkSttlmAmt", &transaction.amount, "AM05", text);
    }
    if amount > left {
        let (left, paid) = (assets.show(left, id), assets.show(paid, id));
        let text =
            format!("{left} are left to return, {} of {paid} were returned", assets.show(payment.returned, id));
        return refused("RtrdIntrBkSttlmAmt", &transaction.amount, "AM09", text);
    }
    check_partial(transaction, amount, asset, paid)?;
    Ok(amount)
}

/// An amount in minor units of an asset, whose currency it must be in.
fn in_asset(money: &Money, asset: &Asset, name: &str) -> Result<Amount, Fault> {
    if money.currency != asset.code {
        let text = format!("{} was paid", asset.code);
        return Err(Fault::refused(&format!("{}/@Ccy", at(name)), &money.currency.to_string(), "CURR", text));
    }
    money.amount(asset.exponent).map_err(|text| Fault::refused(&at(name), &money.number, "AM09", text))
}

/// Less than was paid is returned only by who says so: `PART` in the reason's further text (CBPR+). Charges that explain the
/// difference make no partial return.
fn check_partial(transaction: &ReturnTransaction, amount: Amount, asset: &Asset, paid: Amount) -> Result<(), Fault> {
    let given_back = transaction.instructed.as_ref().filter(|money| money.currency == asset.code);
    let given_back = given_back.map(|money| in_asset(money, asset, "RtrdInstdAmt")).transpose()?;
    let whole = given_back.map_or(amount, |given_back| given_back.max(amount));
    let information = transaction.reason.as_ref().map(|why| why.information.as_slice()).unwrap_or_default();
    if whole >= paid || information.iter().any(|line| line.as_str() == ReturnReason::PARTIAL) {
        return Ok(());
    }
    let value = information.first().map_or("", |line| line.as_str());
    let expected = Rule::Form(format!("{}, as less is returned than was paid", ReturnReason::PARTIAL));
    Err(Fault { path: at("RtrRsnInf/AddtlInf"), ..Fault::new(value, expected) })
}

/// Charges are borne by someone, and explain what differs.
fn check_charges(transaction: &ReturnTransaction, faults: &mut Faults) {
    let bearer = match transaction.charge_bearer {
        Some(bearer) => charge_bearer(bearer, &at("ChrgBr")).map(|_| ()),
        None if transaction.charges.is_empty() => Ok(()),
        None => Err(missing(&at("ChrgBr"))),
    };
    let borne = faults.keep(bearer).is_some();
    if faults.sound(|| ["RtrdIntrBkSttlmAmt", "RtrdInstdAmt", "XchgRate", "ChrgBr", "ChrgsInf"].map(at)) {
        faults.keep(explained(transaction, borne));
    }
}

/// What was given back and what is settled differ by a rate, or by the charges that the message states. Charges explain
/// nothing where nobody bears them.
fn explained(transaction: &ReturnTransaction, borne: bool) -> Result<(), Fault> {
    let refused = |name: &str, value: &str, code, text: String| Err(Fault::refused(&at(name), value, code, text));
    let settled = &transaction.amount;
    let Some(given_back) = &transaction.instructed else {
        return match &transaction.rate {
            Some(rate) => refused("XchgRate", &rate.to_string(), "CURR", "a rate needs an RtrdInstdAmt".to_owned()),
            None => Ok(()),
        };
    };
    match (given_back.currency == settled.currency, &transaction.rate) {
        (false, Some(_)) => return Ok(()),
        (false, None) => return refused("XchgRate", "", "CURR", "two currencies need their rate".to_owned()),
        (true, Some(rate)) => {
            return refused("XchgRate", &rate.to_string(), "CURR", "one currency has no rate".to_owned());
        }
        (true, None) => {}
    }
    // Without a bearer there are no charges.
    let bearer = transaction.charge_bearer.unwrap_or(ChargeBearerCode::Shared);
    if !borne || charges_explain(given_back, settled, &transaction.charges, bearer) {
        return Ok(());
    }
    let text = format!("given back are {}, and the charges do not explain the difference", given_back.number);
    refused("RtrdIntrBkSttlmAmt", &settled.number, "AM09", text)
}

/// The agents are those who settle, in the return's roles and in the payment's; parties have names, and addresses name town
/// and country.
fn check_chain(transaction: &ReturnTransaction, sender: Option<Bic>, receiver: Option<Bic>, faults: &mut Faults) {
    if let Some(terms) = &transaction.terms {
        check_agent(terms.debtor_agent.as_ref(), "OrgnlTxRef/DbtrAgt", receiver, faults);
        check_agent(terms.creditor_agent.as_ref(), "OrgnlTxRef/CdtrAgt", sender, faults);
    }
    if let Some(chain) = &transaction.chain {
        check_chain_party(chain.ultimate_debtor.as_ref(), "RtrChain/UltmtDbtr", "BE07", faults);
        check_chain_party(Some(&chain.debtor), "RtrChain/Dbtr", "BE07", faults);
        check_chain_party(chain.initiating.as_ref(), "RtrChain/InitgPty", "BE07", faults);
        check_agent(chain.debtor_agent.as_ref(), "RtrChain/DbtrAgt", sender, faults);
        check_agent(chain.creditor_agent.as_ref(), "RtrChain/CdtrAgt", receiver, faults);
        check_chain_party(Some(&chain.creditor), "RtrChain/Cdtr", "BE04", faults);
        check_chain_party(chain.ultimate_creditor.as_ref(), "RtrChain/UltmtCdtr", "BE04", faults);
    }
    let originator = transaction.reason.as_ref().and_then(|why| why.originator.as_ref());
    check_party(originator, &at("RtrRsnInf/Orgtr"), "BE07", faults);
}

fn check_agent(agent: Option<&Agent>, name: &str, expected: Option<Bic>, faults: &mut Faults) {
    let Some(agent) = agent else { return };
    let bic = faults.keep(agent.bic(&at(name)));
    ensure_direct(bic, expected, &at(name), "who settles", faults);
    check_institution(agent, &at(name), "RC01", faults);
}

fn check_chain_party(party: Option<&ChainParty>, name: &str, code: &'static str, faults: &mut Faults) {
    match party {
        Some(ChainParty::Party(party)) => check_party(Some(party), &format!("{}/Pty", at(name)), code, faults),
        Some(ChainParty::Institution(agent)) => {
            check_institution(agent, &format!("{}/Agt", at(name)), code, faults);
        }
        None => {}
    }
}

/// See the module.
fn check_date(transaction: &ReturnTransaction, created: Moment) -> Result<(), Fault> {
    let Some(given) = transaction.settlement_date else { return Ok(()) };
    let made = created.0.ms();
    let first = Day::of_local_ms(made.saturating_sub(BEHIND_MS));
    let last = Day::of_local_ms(made.saturating_add(AHEAD_MS));
    if (first..=last).contains(&given) {
        return Ok(());
    }
    let text = format!("a return settles at once, and the message was made {}", created.0);
    Err(Fault::refused(&at("IntrBkSttlmDt"), &given.to_string(), "DT01", text))
}
