//! Checked arithmetic on values. Products of amounts and parts of ratios stay below 2^120, so 128 bits hold them exactly.

use seaway_types::amount::Amount;
use seaway_types::contract::{Conversion, Op, Ratio, Rounding, Value};
use seaway_types::hash::Hash32;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::time::BlockTime;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

/// A value left its range, or an operand is missing, which the verifier excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

pub(super) type Stack = SmallVec<[Value; 8]>;

/// What an element that depends on its operands alone pushes.
pub(super) fn element(op: Op, stack: &mut Stack) -> Result<Value, Failed> {
    Ok(match op {
        Op::Bool(value) => Value::Bool(value),
        Op::Int(value) => Value::Int(i128::from(value)),
        Op::Money(units, _) => Value::Money(Amount::new(units).map_err(|_| Failed)?),
        Op::Duration(ms) => Value::Duration(ms),
        Op::Not => match stack.pop() {
            Some(Value::Bool(value)) => Value::Bool(!value),
            _ => return Err(Failed),
        },
        Op::Sha256 => match stack.pop() {
            Some(Value::Hash(value)) => Value::Hash(Hash32(Sha256::digest(value.0).into())),
            _ => return Err(Failed),
        },
        Op::MulDiv(rounding) => match operands(stack)? {
            (Value::Money(amount), Value::Ratio(ratio)) => Value::Money(divided(amount, ratio, rounding)?.0),
            _ => return Err(Failed),
        },
        _ => {
            let (left, right) = operands(stack)?;
            binary(op, left, right)?
        }
    })
}

fn operands(stack: &mut Stack) -> Result<(Value, Value), Failed> {
    let right = stack.pop().ok_or(Failed)?;
    Ok((stack.pop().ok_or(Failed)?, right))
}

fn binary(op: Op, left: Value, right: Value) -> Result<Value, Failed> {
    use Value::{Bool, Duration, Int, Money, Time};
    Ok(match (op, left, right) {
        (Op::Add, Int(a), Int(b)) => Int(a.checked_add(b).ok_or(Failed)?),
        (Op::Sub, Int(a), Int(b)) => Int(a.checked_sub(b).ok_or(Failed)?),
        (Op::Mul, Int(a), Int(b)) => Int(a.checked_mul(b).ok_or(Failed)?),
        (Op::Div, Int(a), Int(b)) => Int(a.checked_div(b).ok_or(Failed)?),
        (Op::Rem, Int(a), Int(b)) => Int(remainder(a, b)?),
        (Op::Add, Money(a), Money(b)) => Money(a.checked_add(b).ok_or(Failed)?),
        (Op::Sub, Money(a), Money(b)) => Money(a.checked_sub(b).ok_or(Failed)?),
        (Op::Mul, Money(a), Int(b)) => money(whole(a).checked_mul(b).ok_or(Failed)?)?,
        (Op::Div, Money(a), Int(b)) => money(whole(a).checked_div(b).ok_or(Failed)?)?,
        (Op::Rem, Money(a), Int(b)) => money(remainder(whole(a), b)?)?,
        (Op::Add, Duration(a), Duration(b)) => Duration(a.checked_add(b).ok_or(Failed)?),
        (Op::Sub, Duration(a), Duration(b)) => Duration(a.checked_sub(b).ok_or(Failed)?),
        (Op::Add, Time(a), Duration(b)) => time(a.ms().checked_add(b))?,
        (Op::Sub, Time(a), Duration(b)) => time(a.ms().checked_sub(b))?,
        (Op::And, Bool(a), Bool(b)) => Bool(a && b),
        (Op::Or, Bool(a), Bool(b)) => Bool(a || b),
        (Op::Eq, a, b) => Bool(a == b),
        (Op::Ne, a, b) => Bool(a != b),
        (Op::Min, a, b) => {
            if compare(a, b)?.is_le() {
                a
            } else {
                b
            }
        }
        (Op::Max, a, b) => {
            if compare(a, b)?.is_ge() {
                a
            } else {
                b
            }
        }
        (Op::Lt, a, b) => Bool(compare(a, b)?.is_lt()),
        (Op::Le, a, b) => Bool(compare(a, b)?.is_le()),
        (Op::Gt, a, b) => Bool(compare(a, b)?.is_gt()),
        (Op::Ge, a, b) => Bool(compare(a, b)?.is_ge()),
        _ => return Err(Failed),
    })
}

/// The remainder of a division by zero fails; by -1 it is zero, also where the quotient would leave the range.
fn remainder(left: i128, right: i128) -> Result<i128, Failed> {
    if right == -1 { Ok(0) } else { left.checked_rem(right).ok_or(Failed) }
}

fn compare(left: Value, right: Value) -> Result<std::cmp::Ordering, Failed> {
    use Value::{Duration, Int, Money, Time};
    match (left, right) {
        (Int(a), Int(b)) => Ok(a.cmp(&b)),
        (Money(a), Money(b)) => Ok(a.cmp(&b)),
        (Time(a), Time(b)) => Ok(a.cmp(&b)),
        (Duration(a), Duration(b)) => Ok(a.cmp(&b)),
        // The only number with which a ratio compares.
        (Value::Ratio(ratio), Int(1)) => Ok(ratio.numerator().cmp(&ratio.denominator())),
        _ => Err(Failed),
    }
}

fn whole(amount: Amount) -> i128 {
    i128::from(amount.minor_units())
}

fn money(units: i128) -> Result<Value, Failed> {
    Ok(Value::Money(amount(u128::try_from(units).map_err(|_| Failed)?)?))
}

fn amount(units: u128) -> Result<Amount, Failed> {
    u64::try_from(units).ok().and_then(|units| Amount::new(units).ok()).ok_or(Failed)
}

fn time(ms: Option<u64>) -> Result<Value, Failed> {
    ms.and_then(BlockTime::from_ms).map(Value::Time).ok_or(Failed)
}

/// An amount times a ratio, rounded, and what rounding left: below the true value where it was rounded down (or the nearest
/// lies below), above it where up.
fn divided(given: Amount, ratio: Ratio, rounding: Rounding) -> Result<(Amount, u64, bool), Failed> {
    let denominator = u128::from(ratio.denominator());
    let product = u128::from(given.minor_units()).checked_mul(u128::from(ratio.numerator())).ok_or(Failed)?;
    let floor = product.checked_div(denominator).ok_or(Failed)?;
    let rest = product.checked_rem(denominator).ok_or(Failed)?;
    let twice = rest.saturating_mul(2);
    let up = rest > 0
        && match rounding {
            Rounding::Floor => false,
            Rounding::Ceil => true,
            Rounding::HalfEven => twice > denominator || (twice == denominator && floor % 2 == 1),
        };
    let (out, left) = if up { (floor.saturating_add(1), denominator.saturating_sub(rest)) } else { (floor, rest) };
    Ok((amount(out)?, u64::try_from(left).map_err(|_| Failed)?, up))
}

/// Exchanges an amount by a rate, or by its inverse.
pub(super) fn convert(stack: &mut Stack, rounding: Rounding, back: bool) -> Result<Conversion, Failed> {
    let (Value::Money(amount), Value::Ratio(given)) = operands(stack)? else { return Err(Failed) };
    exchanged(amount, given, rounding, back)
}

fn exchanged(amount: Amount, given: Ratio, rounding: Rounding, back: bool) -> Result<Conversion, Failed> {
    let rate = if back { Ratio::new(given.denominator(), given.numerator()).ok_or(Failed)? } else { given };
    let rounding = if seeded(Mutant::RoundedForTheTaker) && !back { Rounding::Ceil } else { rounding };
    let (out, remainder, up) = divided(amount, rate, rounding)?;
    Ok(Conversion { amount, rate, out, remainder, up })
}

/// What a quote gives for an amount sold at its rate: rounded down, toward the dealer.
pub fn bought_for(sold: Amount, rate: Ratio) -> Option<Conversion> {
    exchanged(sold, rate, Rounding::Floor, false).ok()
}

/// What an amount bought costs at a quote's rate: rounded up, toward the dealer.
pub fn cost_of(bought: Amount, rate: Ratio) -> Option<Conversion> {
    exchanged(bought, rate, Rounding::Ceil, true).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(units: u64) -> Amount {
        Amount::new(units).unwrap()
    }

    proptest! {
        /// The identity of the page, at any width: what is given is what comes out and what rounding left, exactly.
        #[test]
        fn conversion_is_exact(
            given in 0..=Amount::MAX.minor_units(),
            numerator in 0..=Ratio::PART_MAX,
            denominator in 1..=Ratio::PART_MAX,
            rounding in prop::sample::select(vec![Rounding::Floor, Rounding::Ceil, Rounding::HalfEven]),
        ) {
            let ratio = Ratio::new(numerator, denominator).unwrap();
            let product = u128::from(given) * u128::from(numerator);
            match divided(money(given), ratio, rounding) {
                Ok((out, left, up)) => {
                    let back = u128::from(out.minor_units()) * u128::from(denominator);
                    prop_assert!(left < denominator);
                    prop_assert_eq!(if up { product + u128::from(left) } else { product - u128::from(left) }, back);
                    prop_assert!(rounding != Rounding::Floor || !up);
                    prop_assert!(rounding != Rounding::Ceil || up || left == 0);
                    prop_assert!(rounding != Rounding::HalfEven || u128::from(left) * 2 <= u128::from(denominator));
                }
                Err(Failed) => prop_assert!(product.div_ceil(u128::from(denominator)) > u128::from(Amount::MAX.minor_units())),
            }
        }

        /// Rounding toward the dealer: however a taker splits and turns its money, it never gains a minor unit.
        #[test]
        fn no_sequence_of_takes_earns_a_unit(
            numerator in 1u64..1_000_000, denominator in 1u64..1_000_000,
            takes in prop::collection::vec((0u64..1_000, any::<bool>()), 1..200),
        ) {
            let rate = Ratio::new(numerator, denominator).unwrap();
            let back = Ratio::new(denominator, numerator).unwrap();
            let (mut base, mut quote) = (1_000_000i128, 0i128);
            for (units, buy) in takes {
                if buy {
                    // Pays `units` of the base and gets the floor of its worth.
                    base -= i128::from(units);
                    quote += i128::from(divided(money(units), rate, Rounding::Floor).unwrap().0.minor_units());
                } else {
                    // Wants `units` of the quote currency and pays the ceiling of their cost.
                    quote += i128::from(units);
                    base -= i128::from(divided(money(units), back, Rounding::Ceil).unwrap().0.minor_units());
                }
            }
            // What it holds is worth, at the rate and without rounding, at most what it began with.
            prop_assert!(
                (base - 1_000_000) * i128::from(numerator) + quote * i128::from(denominator) <= 0
            );
        }
    }

    #[test]
    fn half_even_goes_to_the_even_neighbour() {
        let half = Ratio::new(1, 2).unwrap();
        for (given, expected) in [(1, 0), (3, 2), (5, 2), (7, 4)] {
            assert_eq!(divided(money(given), half, Rounding::HalfEven).unwrap().0, money(expected));
        }
        // 600 takes of one yen at 0.67 cent: rounded down they bring nothing, rounded half up they would bring 600.
        let rate = Ratio::new(67, 100).unwrap();
        assert_eq!(divided(money(1), rate, Rounding::Floor).unwrap().0, money(0));
        assert_eq!(divided(money(600), rate, Rounding::Floor).unwrap().0, money(402));
    }

    #[test]
    fn what_leaves_its_range_fails() {
        use Value::{Int, Money};
        for (op, left, right) in [
            (Op::Add, Int(i128::MAX), Int(1)),
            (Op::Div, Int(1), Int(0)),
            (Op::Rem, Int(1), Int(0)),
            (Op::Div, Int(i128::MIN), Int(-1)),
            (Op::Sub, Money(money(1)), Money(money(2))),
            (Op::Add, Money(Amount::MAX), Money(money(1))),
            (Op::Mul, Money(money(1)), Int(-1)),
            (Op::Mul, Money(Amount::MAX), Int(i128::MAX)),
            (Op::Div, Money(money(1)), Int(0)),
            (Op::Sub, Value::Duration(1), Value::Duration(2)),
            (Op::Add, Value::Time(BlockTime::from_ms(1).unwrap()), Value::Duration(u64::MAX)),
        ] {
            assert_eq!(binary(op, left, right), Err(Failed), "{op:?} {left} {right}");
        }
        assert_eq!(binary(Op::Mul, Money(money(0)), Int(-5)), Ok(Money(money(0))));
        assert_eq!(binary(Op::Rem, Int(i128::MIN), Int(-1)), Ok(Int(0)));
    }
}
