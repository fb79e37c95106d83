//! pain.001: a customer asks its agent to pay many creditors at once, and pain.002, the answer.
//!
//! All payments of a message are one instruction with as many credits, each on its own: one that cannot be paid stops no other.
//! The instruction is the holder's where the holder signs for the account, else its agent's. Its key follows from agent,
//! debtor's account and message id, so that two customers of one agent may use the same ids. A payment without a UETR gets one
//! that follows from that key and its place: the same message names the same payments each time.

use super::report::{answer_header, answer_id, status_reason};
use super::rules::{
    CREDITOR_ACCOUNT, DEBTOR_ACCOUNT, account, charge_bearer, check_party, hundred_thousandths, missing, settled,
};
use super::{AccountName, Answer, Asks, Known, NamedAccount, Order, Outcome, payment_salt};
use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    BlockStatus, ChargeBearerCode, CreditStatus, DayOrMoment, Document, InitiatedAmount, InitiatedCredit, Initiation,
    InitiationGroup, InitiationReport, InitiationStatus, LongText, Message, Moment, Money, Organisation, Party,
    PartyId, PaymentBlock, PaymentMethod, Purposes, ReportGroup, Status, canonical, canonical_without,
};
use seaway_types::Uetr;
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::payment::{BulkMode, Credit, CreditKind, CreditTransfer as Transfer};
use seaway_types::instruction::{Body, Leg};
use seaway_types::limits::CREDITS_MAX;
use seaway_types::party::PartyData;
use seaway_types::text::Text35;
use seaway_types::time::Day;
use std::collections::BTreeSet;

const GROUP: &str = "/Document/CstmrCdtTrfInitn/GrpHdr";
const BLOCK: &str = "/Document/CstmrCdtTrfInitn/PmtInf";
const PAYMENTS: &str = "/Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf";

impl Asks for Message<Initiation> {
    fn order(&self, faults: &mut Faults) -> Option<Order> {
        let Initiation { group, payments: block } = &self.document;
        if block.method == PaymentMethod::Cheque {
            let text = "payments are transfers";
            faults.push(Fault::refused(&format!("{BLOCK}/PmtMtd"), block.method.code(), "AG01", text));
        }
        let sender = faults.keep(block.debtor_agent.bic(&format!("{BLOCK}/DbtrAgt")));
        self.check_receiver(sender, faults);
        check_totals(group, block, faults);
        if let Some(address) = &group.initiating.address {
            address.check(&format!("{GROUP}/InitgPty"), "BE07", faults);
        }
        check_party(Some(&block.debtor), &format!("{BLOCK}/Dbtr"), "BE07", faults);
        check_party(block.ultimate_debtor.as_ref(), &format!("{BLOCK}/UltmtDbtr"), "BE07", faults);
        if block.credits.is_empty() && faults.knows(PAYMENTS) {
            faults.push(missing(&at(1, "")));
        }
        let first = block.credits.first().and_then(|credit| amount(1, credit, faults));
        let path = format!("{BLOCK}/DbtrAcct");
        let debtor = account(Some(&block.debtor_account), sender, (&path, DEBTOR_ACCOUNT), first, faults);
        let key = debtor.as_ref().map(|debtor| key(debtor.agent, &debtor.name, self.id()));
        let mut accounts: Vec<NamedAccount> = debtor.into_iter().collect();
        let (mut uetrs, mut seen): (Vec<Uetr>, _) = (Vec::new(), BTreeSet::new());
        for (number, (place, credit)) in (0u32..).zip((1..).zip(&block.credits)) {
            let uetr = credit.id.uetr.or_else(|| key.map(|key| made(&key, number)));
            if let Some(uetr) = uetr
                && !seen.insert(uetr)
            {
                let text = "two payments of this message have the same UETR";
                faults.push(Fault::refused(&at(place, "PmtId/UETR"), &uetr.to_string(), "AM05", text));
            }
            uetrs.extend(uetr);
            accounts.extend(creditor(place, credit, block, first, faults));
        }
        // Each payment has its account and its UETR, or one of them is refused.
        let whole = accounts.len() > block.credits.len() && uetrs.len() == block.credits.len();
        let (sender, key) = (sender?, key?);
        whole.then_some(Order { sender, key, uetrs, accounts, payments: Vec::new() })
    }

    fn body(&self, order: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        let block = &self.document.payments;
        let [debtor, creditors @ ..] = known.accounts else { return Err(missing(&format!("{BLOCK}/DbtrAcct"))) };
        // A payment without its account would be dropped.
        let known_of = [creditors.len(), order.uetrs.len(), order.accounts.len().saturating_sub(1)];
        if known_of.iter().any(|count| *count != block.credits.len()) {
            return Err(missing(&at(creditors.len().saturating_add(1), "CdtrAcct")));
        }
        let beside = self.party_data(order, known.salt)?;
        let (mut asset, mut credits) = (None, Vec::with_capacity(block.credits.len()));
        for (((place, credit), id), beside) in (1..).zip(&block.credits).zip(creditors).zip(&beside) {
            let InitiatedAmount::Instructed(money) = &credit.amount;
            let (of, amount) = settled(money, &at(place, "Amt/InstdAmt"), known.assets)?;
            asset = Some(of);
            let (party_data_hash, remittance_hash) = beside.hashes();
            let bearer = credit.charge_bearer.or(block.charge_bearer).unwrap_or(ChargeBearerCode::Shared);
            credits.push(Credit {
                kind: beside.kind,
                uetr: beside.uetr,
                end_to_end_id: credit.id.end_to_end,
                creditor: *id,
                amount,
                instructing_agent: order.sender,
                debtor_agent: beside.debtor_agent,
                creditor_agent: beside.creditor_agent,
                instructed: None,
                charge_bearer: charge_bearer(bearer, &at(place, "ChrgBr"))?,
                charges: Bounded::default(),
                purpose: credit.purpose.as_ref().map(|Purposes::Code(code)| *code),
                party_data_hash,
                remittance_hash,
                acceptance: None,
            });
        }
        let transfer = Transfer {
            debtor: *debtor,
            asset: asset.ok_or_else(|| missing(&at(1, "")))?,
            mode: BulkMode::EachOnItsOwn,
            settlement_date: Some(match &block.execution {
                DayOrMoment::Day(day) => *day,
                DayOrMoment::Moment(Moment(moment)) => Day::of_local_ms(moment.ms()),
            }),
            // Their number was checked.
            credits: Bounded::new(credits).map_err(|_| missing(&at(1, "")))?,
        };
        Ok(Body::Single(Leg::CreditTransfer(transfer)))
    }

    fn party_data(&self, order: &Order, salt: &[u8; 32]) -> Result<Vec<PartyData>, Fault> {
        let around = self.around();
        let named = order.accounts.iter().skip(1);
        let each = self.document.payments.credits.iter().zip(&order.uetrs).zip(named);
        let data = each.map(|((credit, uetr), named)| PartyData {
            debtor_agent: order.sender,
            creditor_agent: named.agent,
            uetr: *uetr,
            kind: CreditKind::Customer,
            salt: payment_salt(salt, uetr),
            around: Some(around.clone()),
            parties: Some(canonical_without("CdtTrfTxInf", credit, "RmtInf")),
            remittance: credit.remittance.as_ref().map(|told| canonical("RmtInf", told)),
        });
        Ok(data.collect())
    }

    fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        let Initiation { group, payments: block } = &self.document;
        let agent = block.debtor_agent.institution.bic;
        // Two customers of one agent may use the same ids.
        let asked = (agent, canonical("DbtrAcct", &block.debtor_account), group.id);
        let names = (outcome.status.code(), outcome.time, &outcome.reason, outcome.reference);
        let credits: Vec<(Uetr, &str)> = outcome.credits.iter().map(|one| (one.uetr, one.status.code())).collect();
        let id = answer_id(&codec::encode(&(asked, names, credits)), group.id);
        let reasons = outcome.reason.as_ref().and_then(status_reason).into_iter().collect();
        let order = self.checked().ok();
        let uetrs = order.map(|order| order.uetrs).unwrap_or_default();
        let each = block.credits.iter().zip(&uetrs).map(|(credit, uetr)| {
            let result = outcome.of(*uetr);
            let credited = matches!(result.status, Status::Settled | Status::Credited);
            CreditStatus {
                instruction: credit.id.instruction,
                end_to_end: Some(credit.id.end_to_end),
                uetr: Some(*uetr),
                status: Some(result.status),
                reasons: result.reason.as_ref().and_then(status_reason).into_iter().collect(),
                accepted: credited.then_some(Moment(result.time)),
                reference: outcome.reference,
            }
        });
        let document = InitiationReport {
            group: ReportGroup { id, created: Moment(outcome.time), initiating: agent.map(institution) },
            original: InitiationStatus {
                id: group.id,
                definition: LongText::cut(Initiation::DEFINITION)?,
                created: Some(group.created),
                // What is no number is refused, and cannot be said again.
                count: Some(group.count.clone())
                    .filter(|count| count.as_str().bytes().all(|one| one.is_ascii_digit())),
                status: Some(outcome.status),
                reasons,
            },
            payments: Some(BlockStatus { id: block.id, status: None, credits: each.collect() }),
        };
        let header = answer_header(self.header.as_ref(), id, InitiationReport::DEFINITION, outcome.time);
        Some(Answer::of(&Message { header, document }))
    }
}

impl Message<Initiation> {
    fn id(&self) -> &Text35 {
        self.header.as_ref().map_or(&self.document.group.id, |header| &header.id)
    }

    /// What holds for all payments beside the instruction itself: the hash of each covers it.
    fn around(&self) -> String {
        let Initiation { group, payments: block } = &self.document;
        let parts = [
            Some(canonical("InitgPty", &group.initiating)),
            Some(canonical("PmtInfId", &block.id)),
            Some(canonical("PmtMtd", &block.method)),
            block.batch_booking.as_ref().map(|booking| canonical("BtchBookg", booking)),
            block.kind.as_ref().map(|kind| canonical("PmtTpInf", kind)),
            Some(canonical("ReqdExctnDt", &block.execution)),
            Some(canonical("Dbtr", &block.debtor)),
            Some(canonical("DbtrAcct", &block.debtor_account)),
            Some(canonical("DbtrAgt", &block.debtor_agent)),
            block.ultimate_debtor.as_ref().map(|party| canonical("UltmtDbtr", party)),
        ];
        parts.into_iter().flatten().collect()
    }

    /// The message goes to the debtor's agent, from whomever.
    fn check_receiver(&self, agent: Option<Bic>, faults: &mut Faults) {
        let Some(header) = &self.header else { return };
        if let (Some(bic), Some(agent)) = (faults.keep(header.to.bic("/AppHdr/To")), agent)
            && bic != agent
        {
            let text = format!("the debtor's agent is {agent}");
            let path = "/AppHdr/To/FIId/FinInstnId/BICFI";
            faults.push(Fault::refused(path, &bic.to_string(), "RC01", text));
        }
    }
}

/// A place in one of the payments, counted from 1.
fn at(place: usize, name: &str) -> String {
    let path = format!("{PAYMENTS}[{place}]");
    if name.is_empty() { path } else { format!("{path}/{name}") }
}

/// The message's key: see the module.
fn key(agent: Bic, debtor: &AccountName, id: &Text35) -> InstructionKey {
    let debtor = match debtor {
        AccountName::Id(id) => id.to_string(),
        AccountName::Number(number) => number.clone(),
    };
    let hash = Domain::IsoMessage.hash(&codec::encode(&(agent, debtor, id)));
    InstructionKey(hash.0.first_chunk::<16>().copied().unwrap_or([0; 16]))
}

/// The UETR of a payment without its own, counted from 0.
fn made(key: &InstructionKey, number: u32) -> Uetr {
    let hash = Domain::IsoMessage.hash(&codec::encode(&(*key, number)));
    Uetr::from_random(hash.0.first_chunk::<16>().copied().unwrap_or([0; 16]))
}

/// Who reports: the agent.
fn institution(bic: Bic) -> Party {
    let id = PartyId::Organisation(Organisation { bic: Some(bic), lei: None });
    Party { name: None, address: None, id: Some(id), residence: None }
}

/// Number and sum are those of the payments. The list of reasons has codes of its own for each level.
fn check_totals(group: &InitiationGroup, block: &PaymentBlock, faults: &mut Faults) {
    let holds = block.credits.len();
    if holds > CREDITS_MAX {
        let expected = Rule::Form(format!("at most {CREDITS_MAX} payments"));
        faults.push(Fault { path: at(CREDITS_MAX.saturating_add(1), ""), ..Fault::new("", expected) });
    }
    if !faults.knows(PAYMENTS) {
        return;
    }
    let summed = group.sum.is_some() || block.sum.is_some();
    let found = if summed { sum(block, faults) } else { None };
    let levels = [
        (GROUP, Some(&group.count), group.sum.as_ref(), ("AM19", "AM16")),
        (BLOCK, block.count.as_ref(), block.sum.as_ref(), ("AM20", "AM17")),
    ];
    for (path, count, sum, (wrong_count, wrong_sum)) in levels {
        if let Some(count) = count.map(LongText::as_str)
            && count.trim_start_matches('0') != holds.to_string()
        {
            let text = format!("the message holds {holds} payments");
            faults.push(Fault::refused(&format!("{path}/NbOfTxs"), count, wrong_count, text));
        }
        if let (Some(sum), Some(found)) = (sum.map(LongText::as_str), found)
            && !is_sum(sum, found)
        {
            let text = "the payments have another sum";
            faults.push(Fault::refused(&format!("{path}/CtrlSum"), sum, wrong_sum, text));
        }
    }
}

/// The sum of all amounts in units of the fifth decimal, where each can be read.
fn sum(block: &PaymentBlock, faults: &Faults) -> Option<u128> {
    (1..).zip(&block.credits).try_fold(0u128, |sum, (place, credit)| {
        Some(sum.saturating_add(hundred_thousandths(&amount(place, credit, faults)?.number)))
    })
}

/// Whether a text is a number in units of its fifth decimal.
fn is_sum(text: &str, found: u128) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole) && digits(decimals) && decimals.len() <= 5 && hundred_thousandths(text) == found
}

/// What one payment pays, where that can be read.
fn amount<'a>(place: usize, credit: &'a InitiatedCredit, faults: &Faults) -> Option<&'a Money> {
    let InitiatedAmount::Instructed(money) = &credit.amount;
    faults.sound(|| [at(place, "Amt")]).then_some(money)
}

/// The account that one payment credits, after its rules.
fn creditor(
    place: usize,
    credit: &InitiatedCredit,
    block: &PaymentBlock,
    first: Option<&Money>,
    faults: &mut Faults,
) -> Option<NamedAccount> {
    let money = amount(place, credit, faults);
    if let (Some(money), Some(first)) = (money, first)
        && money.currency != first.currency
    {
        let text = format!("all payments of a message are in one currency, and the first is in {}", first.currency);
        let path = at(place, "Amt/InstdAmt/@Ccy");
        faults.push(Fault::refused(&path, &money.currency.to_string(), "CURR", text));
    }
    let bearer = credit.charge_bearer.or(block.charge_bearer).unwrap_or(ChargeBearerCode::Shared);
    let path = if credit.charge_bearer.is_some() { at(place, "ChrgBr") } else { format!("{BLOCK}/ChrgBr") };
    faults.keep(charge_bearer(bearer, &path));
    let path = at(place, "Cdtr");
    let creditor = faults.keep(credit.creditor.as_ref().ok_or_else(|| missing(&path)));
    check_party(creditor, &path, "BE04", faults);
    check_party(credit.ultimate_debtor.as_ref(), &at(place, "UltmtDbtr"), "BE07", faults);
    check_party(credit.ultimate_creditor.as_ref(), &at(place, "UltmtCdtr"), "BE04", faults);
    let path = at(place, "CdtrAgt");
    let unnamed = || Fault::refused(&path, "", "RC01", "the creditor's agent must be named");
    let bic = credit.creditor_agent.as_ref().ok_or_else(unnamed).and_then(|agent| agent.bic(&path));
    let bic = faults.keep(bic);
    account(credit.creditor_account.as_ref(), bic, (&at(place, "CdtrAcct"), CREDITOR_ACCOUNT), money, faults)
}
