//! The STP profile of pacs.008: what CBPR+ asks of a payment beyond the plain profile (2026).
//!
//! A header whose `BizSvc` names the STP service promises a payment that goes through without anybody's hands. Every agent is
//! then known by its BIC and not by a name, the kind of payment is told in codes, and where both agents are in countries that
//! know customers by name and IBAN, so are debtor and creditor. The countries are rules of the guideline
//! (`CBPR_Debtor_Creditor_...`); the rest is what its schema leaves out.
//!
//! Nothing here looks for what every pacs.008 is refused for: an agent of the chain without a BIC, no account of the creditor,
//! a branch of its agent, instructions to agents, a purpose in words, structured remittance.

use crate::fault::{Fault, Rule};
use crate::message::{
    AccountChoice, Agent, CashAccount, CodeOrText, CreditTransfer, Institution, Message, Party, PaymentType,
    Transaction,
};
use seaway_types::bic::Bic;

/// The part of a `BizSvc` that names the service, as in `swift.cbprplus.stp.04`. What stands around it differs by network and
/// year.
const SERVICE: &str = ".stp.";

const TRANSACTION: &str = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf";

/// Where both agents are when customers are known by name and IBAN: the countries of `CBPR_Debtor_Creditor_IBAN`, then the
/// couples between which a payment counts as domestic.
const AREAS: [&[&str]; 5] = [
    &[
        "AT", "BE", "BG", "BV", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GF", "GI", "GP", "GR", "HR",
        "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MQ", "MT", "NL", "NO", "PL", "PM", "PT", "RE", "RO", "SE",
        "SI", "SJ", "SK",
    ],
    &["AD", "ES"],
    &["FR", "MC"],
    &["IT", "SM"],
    &["IT", "VA"],
];

/// Each rule of the profile that a message breaks; none where its header does not name the service.
pub(super) fn check(message: &Message<CreditTransfer>) -> Vec<Fault> {
    let service = message.header.as_ref().and_then(|header| header.service.as_ref());
    if !service.is_some_and(|service| service.as_str().contains(SERVICE)) {
        return Vec::new();
    }
    let transaction = &message.document.transaction;
    let kind = transaction.kind.as_ref().map(check_kind).unwrap_or_default();
    [kind, check_agents(transaction), check_customers(transaction)].concat()
}

fn at(name: &str) -> String {
    format!("{TRANSACTION}/{name}")
}

/// An element that the profile leaves out.
fn left_out(name: &str, value: &str, expected: &str) -> Fault {
    Fault { path: at(name), ..Fault::new(value, Rule::Unknown(expected.to_owned())) }
}

/// Machines route by codes; a text of two parties' own says nothing to the others.
fn check_kind(kind: &PaymentType) -> Vec<Fault> {
    let levels = kind.service_levels.iter().zip(1_usize..);
    let levels = levels.map(|(level, place)| (format!("SvcLvl[{place}]"), Some(level)));
    let others = [("LclInstrm", &kind.local_instrument), ("CtgyPurp", &kind.category_purpose)];
    let others = others.map(|(name, told)| (name.to_owned(), told.as_ref()));
    let in_words = |(name, told): (String, Option<&CodeOrText>)| match told {
        Some(CodeOrText::Text(text)) => {
            Some(left_out(&format!("PmtTpInf/{name}/Prtry"), text.as_str(), "Cd: the STP profile has codes alone"))
        }
        Some(CodeOrText::Code(_)) | None => None,
    };
    levels.chain(others).filter_map(in_words).collect()
}

/// All agents that a payment names: those who took charges, and those of the chain.
fn check_agents(transaction: &Transaction) -> Vec<Fault> {
    let charges = transaction.charges.iter().zip(1_usize..);
    let charges = charges.flat_map(|(charge, place)| check_agent(&format!("ChrgsInf[{place}]/Agt"), &charge.agent));
    let chain = [
        ("InstgAgt", transaction.instructing.as_ref()),
        ("InstdAgt", transaction.instructed_agent.as_ref()),
        ("DbtrAgt", Some(&transaction.debtor_agent)),
        ("CdtrAgt", Some(&transaction.creditor_agent)),
    ];
    // Without a BIC these are refused in every profile.
    let chain = chain.into_iter().filter_map(|(name, agent)| Some((name, agent?)));
    let chain = chain.filter(|(_, agent)| agent.institution.bic.is_some());
    charges.chain(chain.flat_map(|(name, agent)| check_agent(name, agent))).collect()
}

/// A BIC says who an agent is; a name and an address beside it would have to be read by somebody.
fn check_agent(name: &str, agent: &Agent) -> Vec<Fault> {
    let Institution { bic, name: called, address, .. } = &agent.institution;
    let place = format!("{name}/FinInstnId");
    let expected = "BICFI or LEI: the STP profile names agents by BIC, without name and address";
    let unnamed = || {
        let text = "the STP profile names agents by BIC";
        Fault::refused(&at(&format!("{place}/BICFI")), "", "RC01", text)
    };
    let named = |text: &str| left_out(&format!("{place}/Nm"), text, expected);
    let faults = [
        bic.is_none().then(unnamed),
        called.as_ref().map(|called| named(called.as_str())),
        address.as_ref().map(|_| left_out(&format!("{place}/PstlAdr"), "", expected)),
    ];
    faults.into_iter().flatten().collect()
}

/// Debtor and creditor, where the countries of their agents know them by name and IBAN.
fn check_customers(transaction: &Transaction) -> Vec<Fault> {
    let (from, to) = (country(&transaction.debtor_agent), country(&transaction.creditor_agent));
    if !AREAS.iter().any(|area| area.contains(&from) && area.contains(&to)) {
        return Vec::new();
    }
    let why = format!("between agents in {from} and {to} the STP profile knows customers by name and IBAN");
    let named = |name: &str, party: &Party| {
        let fault = || Fault::refused(&at(&format!("{name}/Nm")), "", "BE01", why.as_str());
        // Without an identification either it is refused in every profile.
        (party.name.is_none() && party.id.is_some()).then(fault)
    };
    let numbered = |name: &str, account: &Option<CashAccount>, code| {
        // Without an account it is refused in every profile.
        let AccountChoice::Other(other) = &account.as_ref()?.id else { return None };
        Some(Fault::refused(&at(&format!("{name}/Id/Othr/Id")), other.id.as_str(), code, why.as_str()))
    };
    let faults = [
        named("Dbtr", &transaction.debtor),
        numbered("DbtrAcct", &transaction.debtor_account, "AC01"),
        named("Cdtr", &transaction.creditor),
        numbered("CdtrAcct", &transaction.creditor_account, "AC03"),
    ];
    faults.into_iter().flatten().collect()
}

/// The country of an agent's BIC.
fn country(agent: &Agent) -> &str {
    agent.institution.bic.as_ref().map_or("", Bic::country)
}
