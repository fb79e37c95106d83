//! The conservation of money, asked of what a block changed before it gets a root: were the arithmetic above ever wrong, the
//! replica halts instead of answering for money that is not there.

use super::stop::Fault;
use crate::state::{Changes, ForEachChange, Slot, Stored};
use seaway_types::asset::AssetId;
use seaway_types::identifier::AccountId;
use seaway_types::state::{Balance, Field, Instance, Totals};
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Sums what a block changed on accounts, and in the totals.
#[derive(Default)]
struct Sums {
    accounts: BTreeMap<AssetId, [i128; 4]>,
    totals: BTreeMap<AssetId, [i128; 4]>,
    /// What moved in pots, less what moved in their owners' balances: nothing, for each owner and asset.
    pots: BTreeMap<(AccountId, AssetId), i128>,
    unbalanced: Option<AssetId>,
}

impl ForEachChange for Sums {
    type Error = std::convert::Infallible;

    fn change<R: Stored>(&mut self, key: &R::Key, slot: &Slot<R>) -> Result<(), Self::Error> {
        use std::any::Any;
        // Three of the tables count; the others pass by.
        let (key, slot): (&dyn Any, &dyn Any) = (key, slot);
        if let (Some((owner, asset)), Some(slot)) =
            (key.downcast_ref::<(AccountId, AssetId)>(), slot.downcast_ref::<Slot<Balance>>())
        {
            let part =
                |balance: &Option<Balance>, field| i128::from(balance.unwrap_or_default().get(field).minor_units());
            let moved = |field| part(&slot.now, field).wrapping_sub(part(&slot.before, field));
            add(self.accounts.entry(*asset).or_default(), moved);
            if moved(Field::InContracts) != 0 {
                let sum = self.pots.entry((*owner, *asset)).or_default();
                *sum = sum.wrapping_sub(moved(Field::InContracts));
            }
        }
        if let Some(slot) = slot.downcast_ref::<Slot<Instance>>() {
            for (instance, sign) in [(&slot.now, 1i128), (&slot.before, -1)] {
                let Some(instance) = instance else { continue };
                for pot in &instance.pots {
                    // A pot of nobody known is nobody's money: it makes the sums differ, and so it should.
                    let owner = instance.terms.parties.get(usize::from(pot.party)).copied();
                    let asset = instance.terms.assets.get(usize::from(pot.asset)).copied();
                    let of = (owner.unwrap_or(AccountId([0; 16])), asset.unwrap_or(AssetId(0)));
                    let sum = self.pots.entry(of).or_default();
                    *sum = sum.wrapping_add(i128::from(pot.amount.minor_units()).wrapping_mul(sign));
                }
            }
        }
        if let (Some(asset), Some(slot)) = (key.downcast_ref::<AssetId>(), slot.downcast_ref::<Slot<Totals>>()) {
            let part = |totals: &Option<Totals>, field| {
                totals.map_or(0, |totals| i128::try_from(totals.get(field)).unwrap_or(i128::MAX))
            };
            add(self.totals.entry(*asset).or_default(), |field| {
                part(&slot.now, field).wrapping_sub(part(&slot.before, field))
            });
            if !slot.now.is_some_and(|totals| totals.balanced()) {
                self.unbalanced = Some(*asset);
            }
        }
        Ok(())
    }
}

fn add(sums: &mut [i128; 4], part: impl Fn(Field) -> i128) {
    for (sum, field) in sums.iter_mut().zip(Field::ALL) {
        *sum = sum.wrapping_add(part(field));
    }
}

/// Each part of the balances moved as the running totals say, those sum to what was issued and not redeemed, and each
/// owner's pots moved as its balance in contracts.
pub(super) fn check(changes: &Changes) -> Result<(), Fault> {
    let mut sums = Sums::default();
    let Ok(()) = changes.visit(&mut sums);
    if let Some(asset) = sums.unbalanced {
        return Err(Fault::NotConserved { asset });
    }
    let assets: BTreeSet<AssetId> = sums.accounts.keys().chain(sums.totals.keys()).copied().collect();
    for asset in assets {
        let balances = sums.accounts.get(&asset).copied().unwrap_or_default();
        let totals = sums.totals.get(&asset).copied().unwrap_or_default();
        for ((field, balances), totals) in Field::ALL.into_iter().zip(balances).zip(totals) {
            if balances != totals {
                return Err(Fault::TotalsDiffer { asset, field, balances, totals });
            }
        }
    }
    match sums.pots.into_iter().find(|(_, surplus)| *surplus != 0) {
        Some(((owner, asset), surplus)) => Err(Fault::PotsDiffer { owner, asset, surplus }),
        None => Ok(()),
    }
}
