//! Booked movements: what a statement shows of the postings on an account.
//!
//! Booked is what an account has available, held and in contracts. A hold, a waiting payment or a contract's pot moves money
//! between these parts of the same account and books nothing.

use crate::asset::AssetId;
use crate::receipt::Posting;
use crate::state::Field;
use crate::uetr::Uetr;
use std::collections::BTreeMap;

/// What one receipt booked on an account for one payment, in one direction.
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
}

/// Whether two postings that follow each other on an account moved money between its own parts.
fn is_own_move(first: &Posting, second: &Posting) -> bool {
    let same = |one: &Posting| (one.receipt, one.uetr, one.asset, one.amount);
    same(first) == same(second) && first.credit != second.credit && first.field != second.field
}

/// What postings of one booking have in common: receipt, payment, asset, and whether money came.
type Which = (u32, Option<Uetr>, AssetId, bool);

/// The postings that book something, with the booking that each belongs to.
fn booked(postings: &[Posting], of: Option<AssetId>) -> impl Iterator<Item = (Which, u64)> {
    let mut rest = postings.iter().filter(move |one| of.is_none_or(|asset| one.asset == asset)).peekable();
    // Suspense is no part of what is booked: what goes there leaves, and what comes from there arrives.
    let counts = |one: &Posting| one.field != Field::Suspense;
    std::iter::from_fn(move || {
        loop {
            let posting = rest.next()?;
            if counts(posting) {
                if rest.next_if(|next| counts(next) && is_own_move(posting, next)).is_some() {
                    continue;
                }
                let Posting { receipt, uetr, asset, credit, amount, .. } = *posting;
                return Some(((receipt, uetr, asset, credit), amount.minor_units()));
            }
        }
    })
}

/// How many bookings [`bookings`] finds, of all assets.
pub fn count(postings: &[Posting]) -> usize {
    let mut found: Vec<Which> = booked(postings, None).map(|(which, _)| which).collect();
    found.sort_unstable();
    found.dedup();
    found.len()
}

/// The bookings among the postings that one block made on one account, in the order of their first postings; for one asset,
/// or for all. What comes and what goes under one receipt and payment are two.
pub fn bookings(postings: &[Posting], of: Option<AssetId>) -> Vec<Booking> {
    let mut found: Vec<Booking> = Vec::new();
    let mut places: BTreeMap<Which, usize> = BTreeMap::new();
    for (which, amount) in booked(postings, of) {
        let place = *places.entry(which).or_insert(found.len());
        match found.get_mut(place) {
            // Money may go round many times in a block; what does not fit the type would be no amount either.
            Some(booking) => booking.amount = booking.amount.saturating_add(amount),
            None => {
                let (receipt, uetr, asset, credit) = which;
                found.push(Booking { receipt, uetr, asset, credit, amount });
            }
        }
    }
    found
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
        assert!(!found[0].credit && found[0].amount == 300 && found[0].receipt == 3);
        assert!(bookings(&postings, Some(AssetId(2))).is_empty());
    }

    #[test]
    fn what_comes_and_goes_under_one_receipt_is_booked_twice() {
        let through = [posting(Field::Available, true, 500, 0), posting(Field::Available, false, 500, 0)];
        let found = bookings(&through, None);
        assert_eq!(found.iter().map(|one| (one.credit, one.amount)).collect::<Vec<_>>(), [(true, 500), (false, 500)]);
    }

    #[test]
    fn a_payment_and_its_charge_are_one_booking() {
        let postings = [posting(Field::Available, false, 300, 1), posting(Field::Available, false, 5, 1)];
        let found = bookings(&postings, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].amount, 305);
    }
}
