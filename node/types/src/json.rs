//! JSON as people write it: amounts as `"1000.00 HKD"` and assets as `"HKD"` or `"HKD@BIC"`, resolved with a network's assets.
//!
//! The strict JSON form of our types (the one of the test vectors) counts minor units and names assets by number. This
//! module turns the written form into the strict one; it knows fields by name and leaves everything else alone.

use crate::amount::Amount;
use crate::asset::{AssetBook, AssetId};
use serde_json::Value;
use thiserror::Error;

/// Fields that hold an amount of the asset named beside them or above them.
const AMOUNT_FIELDS: [&str; 7] = ["amount", "threshold", "paymentMax", "dayMax", "yearMax", "balanceMax", "opening"];

/// A written value that cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: '{value}' is refused: {problem}")]
pub struct WrittenError {
    /// Path of the field.
    pub field: String,
    /// The value.
    pub value: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Replaces written amounts and assets in place.
///
/// Depth is bounded by the JSON reader (128 levels).
pub fn resolve(value: &mut Value, book: &AssetBook) -> Result<(), WrittenError> {
    walk(value, book, None, "$")
}

fn walk(value: &mut Value, book: &AssetBook, above: Option<AssetId>, path: &str) -> Result<(), WrittenError> {
    match value {
        Value::Array(list) => {
            list.iter_mut().enumerate().try_for_each(|(n, item)| walk(item, book, above, &format!("{path}[{n}]")))
        }
        Value::Object(fields) => {
            let asset = match fields.get_mut("asset") {
                Some(asset) => Some(resolve_asset(asset, book, path)?).flatten().or(above),
                None => above,
            };
            for (name, field) in fields.iter_mut() {
                let path = format!("{path}.{name}");
                match field {
                    // What a customer instructed is carried unread, with a currency and decimals of its own.
                    _ if name == "instructed" => {}
                    Value::String(text) if AMOUNT_FIELDS.contains(&name.as_str()) && text.contains(' ') => {
                        *field = Value::String(resolve_amount(text, book, asset, &path)?.to_string());
                    }
                    other => walk(other, book, asset, &path)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn resolve_asset(value: &mut Value, book: &AssetBook, path: &str) -> Result<Option<AssetId>, WrittenError> {
    match value {
        Value::String(text) => {
            let (id, _) = book.find(text).map_err(|error| WrittenError {
                field: format!("{path}.asset"),
                value: text.chars().take(40).collect(),
                problem: error.to_string(),
            })?;
            *value = Value::from(id.0);
            Ok(Some(id))
        }
        Value::Number(number) => Ok(number.as_u64().and_then(|number| u16::try_from(number).ok()).map(AssetId)),
        // Not one of our asset fields; the strict form will say so if it should be.
        _ => Ok(None),
    }
}

fn resolve_amount(text: &str, book: &AssetBook, above: Option<AssetId>, path: &str) -> Result<Amount, WrittenError> {
    let refused =
        |problem: String| WrittenError { field: path.to_owned(), value: text.chars().take(60).collect(), problem };
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    let (id, asset) = book.find(name).map_err(|error| refused(error.to_string()))?;
    if above.is_some_and(|above| above != id) {
        let expected = above.map(|above| book.name(above)).unwrap_or_default();
        return Err(refused(format!("the amount is in {name}, expected {expected}")));
    }
    Amount::parse_major(number, asset.exponent).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{Asset, AssetKind, Exponent};
    use serde_json::json;

    fn book() -> AssetBook {
        let asset = |code: &str, places, issuer: &str, is_default| Asset {
            code: code.parse().unwrap(),
            exponent: Exponent::new(places).unwrap(),
            issuer: issuer.parse().unwrap(),
            kind: AssetKind::EMoney,
            is_default,
            enabled: true,
            payment_max: None,
        };
        AssetBook::new(vec![
            (AssetId(1), asset("HKD", 2, "AAAAHKHH", true)),
            (AssetId(2), asset("HKD", 2, "BBBBHKHH", false)),
            (AssetId(3), asset("JPY", 0, "AAAAHKHH", true)),
        ])
    }

    fn resolved(mut value: Value) -> Result<Value, WrittenError> {
        resolve(&mut value, &book()).map(|()| value)
    }

    #[test]
    fn amounts_and_assets_become_strict() {
        let written =
            json!({"asset": "HKD@BBBBHKHH", "credits": [{"amount": "12.50 HKD@BBBBHKHH", "endToEndId": "a b"}]});
        let strict = json!({"asset": 2, "credits": [{"amount": "1250", "endToEndId": "a b"}]});
        assert_eq!(resolved(written), Ok(strict.clone()));
        assert_eq!(resolved(strict.clone()), Ok(strict));
        assert_eq!(resolved(json!({"amount": "7 JPY"})), Ok(json!({"amount": "7"})));
    }

    #[test]
    fn mistakes_name_the_field() {
        let fails = |value: Value| resolved(value).unwrap_err();
        assert_eq!(fails(json!({"asset": "HKD", "x": {"amount": "1 JPY"}})).field, "$.x.amount");
        assert!(fails(json!({"asset": "HKD", "amount": "1.00 HKD@BBBBHKHH"})).problem.contains("expected HKD"));
        assert!(fails(json!({"asset": "EUR"})).problem.contains("an asset of this network"));
        assert!(fails(json!({"amount": "1.5 JPY"})).problem.contains("decimals"));
        assert!(fails(json!({"amount": "-1 JPY"})).problem.contains("sign"));
        assert_eq!(fails(json!([{"amount": "1 XXX"}])).field, "$[0].amount");
    }
}
