//! Values of contracts as people write them.

use seaway_types::amount::Amount;
use seaway_types::asset::Asset;
use seaway_types::contract::{Ratio, Type, Value};
use seaway_types::limits::{DAY_MS, MINUTE_MS};
use seaway_types::time::BlockTime;

/// Reads a value of a type. `assets` are those of the contract, in its order; `now` is what `+2h` counts from.
///
/// Money is written in major units, with or without the asset's name (`1000.00 HKD`); a ratio as `1/10` or `0.1`; a rate as units
/// of the second asset for one of the first (`0.1275`), or in minor units as `17/100`; a time as RFC 3339 or `+2h`; a
/// duration as `90s`, `15m`, `2h`, `3d`; a hash in hexadecimal.
pub fn read_value(text: &str, kind: Type, assets: &[&Asset], now: BlockTime) -> Result<Value, String> {
    let refused =
        |expected: &str| format!("'{}' is refused: expected {expected}", text.chars().take(80).collect::<String>());
    match kind {
        Type::Bool => text.parse().map(Value::Bool).map_err(|_| refused("true or false")),
        Type::Int | Type::Counter => text.parse().map(Value::Int).map_err(|_| refused("a whole number")),
        Type::Money(position) => {
            let asset = assets.get(usize::from(position)).ok_or_else(|| refused("an asset of the contract"))?;
            let (number, name) = text.split_once(' ').unwrap_or((text, ""));
            let code = name.split('@').next().unwrap_or("");
            if !code.is_empty() && code != asset.code.as_str() {
                return Err(refused(&format!("an amount of {}", asset.code)));
            }
            Amount::parse_major(number, asset.exponent).map(Value::Money).map_err(|error| error.to_string())
        }
        Type::Ratio => fraction(text, 0, 0).map(Value::Ratio).ok_or_else(|| refused("a ratio as 1/10 or 0.1")),
        Type::Rate(base, quote) => {
            let places = |position: u8| assets.get(usize::from(position)).map(|asset| asset.exponent.places());
            let (Some(base), Some(quote)) = (places(base), places(quote)) else {
                return Err(refused("assets of the contract"));
            };
            let rate = fraction(text, u32::from(quote), u32::from(base));
            rate.map(Value::Ratio).ok_or_else(|| refused("a rate as 0.1275, or in minor units as 17/100"))
        }
        Type::Time => match text.strip_prefix('+') {
            Some(after) => {
                duration(after).map(|ms| Value::Time(now.after_ms(ms))).ok_or_else(|| refused("+2h or +3d"))
            }
            None => text.parse().map(Value::Time),
        },
        Type::Duration => duration(text).map(Value::Duration).ok_or_else(|| refused("90s, 15m, 2h or 3d")),
        Type::Hash => text.parse().map(Value::Hash),
    }
}

/// A duration in milliseconds.
pub fn duration(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => MINUTE_MS,
        "h" => 60 * MINUTE_MS,
        "d" => DAY_MS,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// A fraction: `a/b` as it stands, or a decimal number scaled by the decimals of two assets, in lowest terms.
fn fraction(text: &str, places_up: u32, places_down: u32) -> Option<Ratio> {
    if let Some((above, below)) = text.split_once('/') {
        return Ratio::new(above.parse().ok()?, below.parse().ok()?);
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 15 {
        return None;
    }
    let ten = |power: u32| 10u128.checked_pow(power);
    let number: u128 = format!("{whole}{decimals}").parse().ok()?;
    let above = number.checked_mul(ten(places_up)?)?;
    let below = ten(u32::try_from(decimals.len()).ok()?)?.checked_mul(ten(places_down)?)?;
    let common = gcd(above, below);
    Ratio::new(u64::try_from(above / common).ok()?, u64::try_from(below / common).ok()?)
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::asset::{AssetKind, Exponent};

    fn asset(code: &str, places: u8) -> Asset {
        Asset {
            code: code.parse().unwrap(),
            exponent: Exponent::new(places).unwrap(),
            issuer: "HARBHKHH".parse().unwrap(),
            kind: AssetKind::SettlementBankMoney,
            is_default: true,
            enabled: true,
            payment_max: None,
        }
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        let (hkd, jpy) = (asset("HKD", 2), asset("JPY", 0));
        let assets = [&hkd, &jpy];
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let read = |text: &str, kind| read_value(text, kind, &assets, now);
        let money = |units| Value::Money(Amount::new(units).unwrap());
        assert_eq!(read("10.50 HKD", Type::Money(0)), Ok(money(1050)));
        assert_eq!(read("10.50", Type::Money(0)), Ok(money(1050)));
        assert!(read("10.50 JPY", Type::Money(0)).is_err());
        assert!(read("10.505", Type::Money(0)).is_err());
        let ratio = |above, below| Ok(Value::Ratio(Ratio::new(above, below).unwrap()));
        assert_eq!(read("0.1", Type::Ratio), ratio(1, 10));
        assert_eq!(read("3/7", Type::Ratio), ratio(3, 7));
        // 19.25 JPY for 1.00 HKD: 77 minor units for 400.
        assert_eq!(read("19.25", Type::Rate(0, 1)), ratio(77, 400));
        assert_eq!(read("0.0519", Type::Rate(1, 0)), ratio(519, 100));
        assert_eq!(read("+2h", Type::Time), Ok(Value::Time("2026-11-23T02:00:00Z".parse().unwrap())));
        assert_eq!(read("3d", Type::Duration), Ok(Value::Duration(3 * DAY_MS)));
        for (text, kind) in
            [("x", Type::Int), ("1/0", Type::Ratio), (".5", Type::Ratio), ("5", Type::Duration), ("zz", Type::Hash)]
        {
            assert!(read(text, kind).is_err(), "{text}");
        }
    }
}
