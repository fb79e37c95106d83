//! The state at height 0, as a genesis document says.

use crate::execution::account_of;
use crate::state::{MemoryState, Overlay, ReadFault, Tip};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::genesis::GenesisDocument;
use seaway_types::state::{Balance, Parameters, ScheduledSet, Threshold, Totals, Validators};
use seaway_types::time::Height;
use std::collections::BTreeMap;

/// Makes the state of a document that was checked. `hash_seed` decides only where records lie in memory.
pub fn state_of(document: &GenesisDocument, hash_seed: u64) -> Result<MemoryState, ReadFault> {
    let tip = Tip { height: Height(0), time: document.time };
    let mut state = MemoryState::new(tip, hash_seed);
    let mut overlay = Overlay::new(&state);
    let sets = vec![ScheduledSet { since: Height(0), set: document.validators.clone() }];
    overlay.put((), Some(Validators(Bounded::new(sets).unwrap_or_default())))?;
    overlay.put(
        (),
        Some(Parameters {
            network: document.network,
            authority: document.authority.clone(),
            timing: document.timing,
            asset_count: u16::try_from(document.assets.len()).unwrap_or(u16::MAX),
            version: document.version,
            upgrade: None,
        }),
    )?;
    for (bic, participant) in &document.participants {
        overlay.put(*bic, Some(participant.clone()))?;
    }
    let mut totals: BTreeMap<AssetId, Totals> = BTreeMap::new();
    for (id, asset) in (1..).map(AssetId).zip(&document.assets) {
        overlay.put(id, Some(asset.clone()))?;
        totals.insert(id, Totals::default());
    }
    for (of, calendar) in &document.calendars {
        overlay.put(*of, Some(calendar.clone()))?;
    }
    for limits in &document.tier_limits {
        overlay.put((limits.asset, limits.tier), Some(limits.limits))?;
    }
    for threshold in &document.thresholds {
        overlay.put((threshold.jurisdiction, threshold.asset), threshold.threshold.map(Threshold))?;
    }
    for account in &document.accounts {
        overlay.open(account.open.account, account_of(&account.open))?;
        for (asset, amount) in &account.balances {
            credit(&mut totals, *asset, *amount);
            let balance = Balance { available: *amount, ..Balance::default() };
            overlay.put((account.open.account, *asset), Some(balance))?;
        }
    }
    for (asset, totals) in totals {
        overlay.put(asset, Some(totals))?;
    }
    let changes = overlay.into_changes();
    let update = state.commitment().prepare(Height(0), &changes);
    state.apply(tip, &changes, update);
    Ok(state)
}

/// Opening balances count as issued. The sums fit: at most 16,384 accounts of 60 bits in 128.
fn credit(totals: &mut BTreeMap<AssetId, Totals>, asset: AssetId, amount: Amount) {
    let entry = totals.entry(asset).or_default();
    let units = u128::from(amount.minor_units());
    entry.issued = entry.issued.saturating_add(units);
    entry.available = entry.available.saturating_add(units);
}
