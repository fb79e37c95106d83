//! Texts of amounts, assets, identifiers and times, as people and messages write them.

use crate::Target;
use crate::day::day;
use crate::property::same_in_text;
use seaway_iso20022::message::{Decimal, Moment};
use seaway_types::amount::Amount;
use seaway_types::asset::{AssetBook, CurrencyCode, Exponent};
use seaway_types::hash::Hash32;
use seaway_types::iban::Iban;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::NetworkId;
use seaway_types::keys::PublicKey;
use seaway_types::signature::Ed25519Signature;
use seaway_types::text::{Country, Purpose, Text35};
use seaway_types::time::{BlockTime, Day};
use seaway_types::{Bic, Uetr, json, lei::Lei};
use serde_json::Value;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "amount", run, seeds, bytes_max: 512 };

/// Every reader is asked of every text; each writes what it reads as a text that it reads as the same.
fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let book = day().signed.document.asset_book();
    for places in [0, 2, 3, 4] {
        major(&text, Exponent::new(places).expect("decimals that assets have"));
    }
    same_in_text::<Amount>(&text);
    same_in_text::<Bic>(&text);
    same_in_text::<Lei>(&text);
    same_in_text::<Iban>(&text);
    same_in_text::<Uetr>(&text);
    same_in_text::<BlockTime>(&text);
    same_in_text::<Day>(&text);
    same_in_text::<Country>(&text);
    same_in_text::<Purpose>(&text);
    same_in_text::<CurrencyCode>(&text);
    same_in_text::<NetworkId>(&text);
    same_in_text::<Text35>(&text);
    same_in_text::<PublicKey>(&text);
    same_in_text::<Ed25519Signature>(&text);
    same_in_text::<AccountId>(&text);
    same_in_text::<InstructionKey>(&text);
    same_in_text::<Hash32>(&text);
    same_in_text::<Moment>(&text);
    rate(&text);
    money(&text, &book);
    resolved(&text, &book);
}

/// An amount in major units is written with all decimals, and is the same amount.
fn major(text: &str, exponent: Exponent) {
    let Ok(amount) = Amount::parse_major(text, exponent) else { return };
    let written = amount.to_major(exponent);
    assert_eq!(Amount::parse_major(&written, exponent), Ok(amount), "{text} is written as {written}");
    assert_eq!(Amount::new(amount.minor_units()), Ok(amount), "{text} is beyond the largest amount");
}

/// A rate is a fraction above zero.
fn rate(text: &str) {
    let Ok(rate) = text.parse::<Decimal>() else { return };
    let (numerator, denominator) = rate.fraction();
    assert!(numerator > 0 && denominator > 0, "{text}");
    assert_eq!(rate.to_string(), text);
}

/// An amount with its asset, as in `1000.00 HKD@HARBHKHH`, is shown as a text that says the same.
fn money(text: &str, book: &AssetBook) {
    let read = |text: &str| {
        let (number, name) = text.split_once(' ')?;
        let (id, asset) = book.find(name).ok()?;
        Some((Amount::parse_major(number, asset.exponent).ok()?, id))
    };
    if let Some((amount, id)) = read(text) {
        let shown = book.show(amount, id);
        assert_eq!(read(&shown), Some((amount, id)), "{text} is shown as {shown}");
    }
}

/// Written JSON becomes strict JSON, in which nothing is left to resolve.
fn resolved(text: &str, book: &AssetBook) {
    let Ok(mut strict) = serde_json::from_str::<Value>(text) else { return };
    if json::resolve(&mut strict, book).is_ok() {
        let mut again = strict.clone();
        assert_eq!(json::resolve(&mut again, book), Ok(()), "{strict}");
        assert_eq!(again, strict);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "125000.00 HKD",
        "0.05 HKD@PEARHKHH",
        "1000 JPY",
        "999999999999999999",
        "9999999999999999.99",
        "12.3456",
        "HKD",
        "HARBHKHH",
        "HARBHKHHXXX",
        "HARBHKHH001",
        "506700GE1G29325QX363",
        "GB82WEST12345698765432",
        "8a562c67-ca16-48ba-b074-65581be6f001",
        "2026-11-22T09:30:00.125Z",
        "2026-11-22T17:30:00+08:00",
        "2026-11-22T09:30:00+00:00",
        "2024-02-29",
        "GDDS",
        "devnet",
        "INVOICE-2026-0817",
        "7.8125",
        "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "000102030405060708090a0b0c0d0e0f",
        r#"{"asset":"HKD@PEARHKHH","credits":[{"amount":"12.50 HKD@PEARHKHH","endToEndId":"a b"}]}"#,
        r#"{"setAsset":{"asset":1,"record":{"paymentMax":"5.00 HKD"}}}"#,
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
