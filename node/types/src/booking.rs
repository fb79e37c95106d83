//! Booked movements: what a statement shows of the postings on an account.
//!
//! Booked is what an account has available, held and in contracts. A hold, a waiting payment or a contract's pot moves money
//! between these parts of the same account and books nothing.

use crate::asset::AssetId;
use crate::receipt::Posting;
use crate::state::Field;
use crate::uetr::Uetr;
use std::collections::BTreeMap;

/// What one receipt booked on an account for one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The receipt's position in the block.
    pub receipt: u32,
    /// The payment, where it belongs to one.
    pub uetr: Option<Uetr>,
    /// Of what.
    pub asset: AssetId,
    /// True when money arrived (credit), false when it left (debit).
    pub credit: bool,
    /// How much in all, in minor units; above zero.
    pub amount: u64,
    /// The booked postings one by one, where all go the same way; else none.
    pub parts: Vec<u64>,
}

/// What is summed up for one receipt, payment and asset.
#[derive(Default)]
struct Sum {
    credited: u128,
    debited: u128,
    parts: Vec<u64>,
}

/// The bookings among the postings that one block made on one account, in the order of their first postings; for one asset,
/// or for all.
pub fn bookings(postings: &[Posting], of: Option<AssetId>) -> Vec<Booking> {
    let mut order = Vec::new();
    let mut sums: BTreeMap<(u32, Option<Uetr>, AssetId), Sum> = BTreeMap::new();
    let booked =
        postings.iter().filter(|one| one.field != Field::Suspense && of.is_none_or(|asset| one.asset == asset));
    for posting in booked {
        let name = (posting.receipt, posting.uetr, posting.asset);
        let sum = sums.entry(name).or_insert_with(|| {
            order.push(name);
            Sum::default()
        });
        let amount = posting.amount.minor_units();
        let side = if posting.credit { &mut sum.credited } else { &mut sum.debited };
        // Money may go to and fro many times in a block; only the net is bounded by 18 digits.
        *side = side.saturating_add(u128::from(amount));
        sum.parts.push(amount);
    }
    let booking = |name: (u32, Option<Uetr>, AssetId)| {
        let (receipt, uetr, asset) = name;
        let Sum { credited, debited, parts } = sums.remove(&name)?;
        let one_way = credited == 0 || debited == 0;
        let (credit, net) = (credited > debited, credited.abs_diff(debited));
        let amount = u64::try_from(net).unwrap_or(u64::MAX);
        let parts = if one_way { parts } else { Vec::new() };
        (amount > 0).then_some(Booking { receipt, uetr, asset, credit, amount, parts })
    };
    order.into_iter().filter_map(booking).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::identifier::AccountId;

    fn posting(field: Field, credit: bool, amount: u64, receipt: u32) -> Posting {
        Posting {
            account: Some(AccountId([1; 16])),
            asset: AssetId(1),
            field,
            credit,
            amount: Amount::new(amount).unwrap(),
            after: Amount::ZERO,
            receipt,
            uetr: None,
        }
    }

    #[test]
    fn moves_between_parts_of_one_account_book_nothing() {
        let held = [posting(Field::Available, false, 500, 0), posting(Field::Held, true, 500, 0)];
        assert!(bookings(&held, None).is_empty());
        let suspense = [posting(Field::Suspense, true, 500, 0)];
        assert!(bookings(&suspense, None).is_empty());
    }

    #[test]
    fn what_leaves_a_hold_is_booked_and_what_goes_back_is_not() {
        // 500 were held; 300 are paid, 200 are free again.
        let postings = [
            posting(Field::Held, false, 300, 3),
            posting(Field::Held, false, 200, 3),
            posting(Field::Available, true, 200, 3),
        ];
        let found = bookings(&postings, Some(AssetId(1)));
        assert_eq!(found.len(), 1);
        assert!(!found[0].credit && found[0].amount == 300 && found[0].parts.is_empty() && found[0].receipt == 3);
        assert!(bookings(&postings, Some(AssetId(2))).is_empty());
    }

    #[test]
    fn a_payment_and_its_charge_are_one_booking_of_two_parts() {
        let postings = [posting(Field::Available, false, 300, 1), posting(Field::Available, false, 5, 1)];
        let found = bookings(&postings, None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].amount, found[0].parts.as_slice()), (305, &[300, 5][..]));
    }
}
