//! Rules that several messages share. Paths are those of the element that is checked.

use super::{AccountName, NamedAccount};
use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    AccountChoice, Agent, CashAccount, ChargeBearerCode, Charges, Group, Header, Institution, Money, Party,
    SettlementMethod,
};
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetBook, AssetId, Exponent};
use seaway_types::bic::Bic;
use seaway_types::bounded::Bounded;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditTransfer, Instructed};
use seaway_types::instruction::{Body, Leg};
use seaway_types::time::Day;

/// The reason codes of an account: when it is missing or unknown.
pub(super) const DEBTOR_ACCOUNT: &str = "AC01";
pub(super) const CREDITOR_ACCOUNT: &str = "AC03";

/// An element that must be there.
pub(super) fn missing(path: &str) -> Fault {
    Fault { path: path.to_owned(), ..Fault::new("", Rule::Missing) }
}

/// One transaction, settled by the infrastructure.
pub(super) fn check_group(group: &Group, path: &str, faults: &mut Faults) {
    let count = group.count.as_str();
    if count.trim_start_matches('0') != "1" {
        let expected = Rule::Form("1: a message holds one transaction".to_owned());
        faults.push(Fault { path: format!("{path}/NbOfTxs"), ..Fault::new(count, expected) });
    }
    let method = group.settlement.method;
    if method != SettlementMethod::Clearing {
        let text = "a settlement infrastructure settles by CLRG on its own leg";
        faults.push(Fault::refused(&format!("{path}/SttlmInf/SttlmMtd"), method.code(), "AG01", text));
    }
}

/// An institution has a BIC, or else a name. A name and an address stand together, and the address names town and country.
/// The code is that of an incomplete address.
pub(super) fn check_institution(agent: &Agent, path: &str, code: &'static str, faults: &mut Faults) {
    let Institution { bic, name, address, .. } = &agent.institution;
    let place = format!("{path}/FinInstnId");
    let refused = |element: &str, code, text: &str| Fault::refused(&format!("{place}/{element}"), "", code, text);
    match (name, address) {
        (None, None) if bic.is_none() => {
            faults.push(refused("BICFI", "RC01", "an institution has a BIC, or a name and an address"));
        }
        (None, Some(_)) => faults.push(refused("Nm", "BE01", "who has an address has a name")),
        (Some(_), None) => faults.push(refused("PstlAdr", code, "an institution that is named has an address")),
        (None, None) | (Some(_), Some(_)) => {}
    }
    if let Some(address) = address {
        address.check(&place, code, faults);
    }
}

/// The BIC of an agent that must be there.
pub(super) fn agent(agent: Option<&Agent>, path: &str) -> Result<Bic, Fault> {
    agent.ok_or_else(|| missing(path))?.bic(path)
}

/// Seaway joins two agents directly: who sends or receives is who services the account. It is judged where both are known.
pub(super) fn ensure_direct(bic: Option<Bic>, expected: Option<Bic>, path: &str, is: &str, faults: &mut Faults) {
    if let (Some(bic), Some(expected)) = (bic, expected)
        && bic != expected
    {
        let text = format!("agents settle with each other directly: expected {expected}, {is}");
        let path = format!("{path}/FinInstnId/BICFI");
        faults.push(Fault::refused(&path, &bic.to_string(), "AG01", text));
    }
}

/// The header's parties are those of the document, as far as those are known.
pub(super) fn check_header(header: Option<&Header>, sender: Option<Bic>, receiver: Option<Bic>, faults: &mut Faults) {
    let Some(header) = header else { return };
    for (name, party, expected) in [("Fr", &header.from, sender), ("To", &header.to, receiver)] {
        let path = format!("/AppHdr/{name}");
        if let (Some(bic), Some(expected)) = (faults.keep(party.bic(&path)), expected)
            && bic != expected
        {
            let text = format!("the document says {expected}");
            let path = format!("{path}/FIId/FinInstnId/BICFI");
            faults.push(Fault::refused(&path, &bic.to_string(), "RC01", text));
        }
    }
}

/// A party has a name or an identification, and its address, if there is one, names town and country. The code is that of an
/// incomplete address.
pub(super) fn check_party(party: Option<&Party>, path: &str, code: &'static str, faults: &mut Faults) {
    let Some(party) = party else { return };
    // An identification that cannot be read is one too.
    if party.name.is_none() && party.id.is_none() && faults.sound(|| [format!("{path}/Id")]) {
        let text = "a party has a name or an identification";
        faults.push(Fault::refused(&format!("{path}/Nm"), "", "BE01", text));
    }
    if let Some(address) = &party.address {
        address.check(path, code, faults);
    }
}

/// Who bears charges, in the ledger's words.
pub(super) fn charge_bearer(code: ChargeBearerCode, path: &str) -> Result<ChargeBearer, Fault> {
    match code {
        ChargeBearerCode::Debtor => Ok(ChargeBearer::Debtor),
        ChargeBearerCode::Creditor => Ok(ChargeBearer::Creditor),
        ChargeBearerCode::Shared => Ok(ChargeBearer::Shared),
        ChargeBearerCode::ServiceLevel => {
            Err(Fault::refused(path, "SLEV", "AG01", "there is no service level that settles charges"))
        }
    }
}

/// An account that must be named. If it names a currency, that is the one settled, where that is known.
pub(super) fn account(
    account: Option<&CashAccount>,
    agent: Option<Bic>,
    (path, code): (&str, &'static str),
    settled: Option<&Money>,
    faults: &mut Faults,
) -> Option<NamedAccount> {
    let place = format!("{path}/Id");
    let Some(account) = account else {
        faults.push(Fault::refused(&place, "", code, "an account must be named; there is no default"));
        return None;
    };
    if let (Some(own), Some(settled)) = (&account.currency, settled)
        && own.as_str() != settled.currency.as_str()
    {
        let text = format!("{} is settled", settled.currency);
        faults.push(Fault::refused(&format!("{path}/Ccy"), own.as_str(), "CURR", text));
    }
    let name = match &account.id {
        AccountChoice::Iban(iban) => AccountName::Number(iban.to_string()),
        AccountChoice::Other(other) => match other.id.as_str().parse() {
            Ok(id) => AccountName::Id(id),
            Err(_) => AccountName::Number(other.id.as_str().to_owned()),
        },
    };
    Some(NamedAccount { agent: agent?, name, path: place, unknown: code })
}

/// The currency's default asset, and the amount in its minor units.
pub(super) fn settled(money: &Money, path: &str, assets: &AssetBook) -> Result<(AssetId, Amount), Fault> {
    let code = money.currency.to_string();
    let found: Result<(AssetId, &Asset), _> = assets.find(&code);
    let unknown = |_| Fault::refused(&format!("{path}/@Ccy"), &code, "AM03", "this network settles no such currency");
    let (id, asset) = found.map_err(unknown)?;
    let refused = |text: String| Fault::refused(path, &money.number, "AM09", text);
    let amount = money.amount(asset.exponent).map_err(refused)?;
    if amount == Amount::ZERO {
        return Err(Fault::refused(path, &money.number, "AM01", "nothing would be paid"));
    }
    Ok((id, amount))
}

/// What the customer instructed, in minor units of its own currency.
pub(super) fn instructed(
    money: &Money,
    rate: (u64, u64),
    path: &str,
    assets: &AssetBook,
) -> Result<Instructed, Fault> {
    let decimals = money.number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let known = assets.iter().find(|(_, asset)| asset.code == money.currency).map(|(_, asset)| asset.exponent);
    let mut exponents = [0, 2, 3, 4].into_iter().filter_map(Exponent::new);
    let exponent = known.or_else(|| exponents.find(|exponent| usize::from(exponent.places()) >= decimals));
    let refused = |text: String| Fault::refused(path, &money.number, "AM09", text);
    let exponent = exponent.ok_or_else(|| refused("no currency has so many decimals".to_owned()))?;
    let amount = money.amount(exponent).map_err(refused)?;
    let (rate_numerator, rate_denominator) = rate;
    Ok(Instructed { currency: money.currency, exponent, amount, rate_numerator, rate_denominator })
}

/// Whether charges in the settled currency are the difference between what was instructed and what is settled. Who bears them
/// decides their direction: a debtor pays them on top, otherwise they were taken from what is settled.
pub(super) fn charges_explain(
    instructed: &Money,
    settled: &Money,
    charges: &[Charges],
    bearer: ChargeBearerCode,
) -> bool {
    let (from, to) = (hundred_thousandths(&instructed.number), hundred_thousandths(&settled.number));
    let same_currency = charges.iter().filter(|charge| charge.amount.currency == settled.currency);
    let numbers = same_currency.map(|charge| hundred_thousandths(&charge.amount.number));
    let charges = numbers.fold(0_u128, u128::saturating_add);
    let explained = match bearer {
        ChargeBearerCode::Debtor => to.checked_sub(from),
        _ => from.checked_sub(to),
    };
    explained == Some(charges) || from == to && charges == 0
}

/// One credit as an instruction of its own.
pub(super) fn single(debtor: AccountId, asset: AssetId, settlement_date: Option<Day>, credit: Credit) -> Body {
    Body::Single(Leg::CreditTransfer(CreditTransfer {
        debtor,
        asset,
        // So that a large amount waits for the creditor's agent instead of being rejected.
        mode: BulkMode::EachOnItsOwn,
        settlement_date,
        // One is within the bound.
        credits: Bounded::new(vec![credit]).unwrap_or_default(),
    }))
}

/// A checked number of at most 18 digits and five decimals in units of its fifth decimal.
pub(super) fn hundred_thousandths(number: &str) -> u128 {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    format!("{whole}{decimals:0<5}").parse().unwrap_or(u128::MAX)
}
