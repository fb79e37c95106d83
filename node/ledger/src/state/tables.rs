//! The tables of the state, declared once: each record type, its key, and the state key under which it enters the tree.

use super::code::RegisteredCode;
use super::map::PointMap;
use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::calendar::Calendar;
use seaway_types::contract::{AllowanceKey, InstanceId};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, HoldId, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::state::{
    Account, Allowance, Balance, CalendarKey, Hold, Instance, Parameters, Participant, Payment, StateKey, Threshold,
    Tier, TierLimits, Totals, Usage, Validators,
};
use seaway_types::text::Country;
use serde::{Serialize, de::DeserializeOwned};
use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;

/// A record that stands in one of the tables.
pub trait Stored: Clone + PartialEq + Debug + Serialize + DeserializeOwned + 'static {
    /// What names it within its table.
    type Key: Copy + Eq + Hash + Ord + Debug + 'static;

    /// What names it in the state.
    fn state_key(key: &Self::Key) -> StateKey;
    /// Its table.
    fn table(tables: &Tables) -> &PointMap<Self::Key, Self>;
    /// Its table, to change.
    fn table_mut(tables: &mut Tables) -> &mut PointMap<Self::Key, Self>;
    /// Its changes in a block.
    fn changes(changes: &Changes) -> &PointMap<Self::Key, Slot<Self>>;
    /// Its changes in a block, to change.
    fn changes_mut(changes: &mut Changes) -> &mut PointMap<Self::Key, Slot<Self>>;
    /// How to undo a change: the record as it was in the overlay, or nothing when the overlay did not hold it.
    fn undo(key: Self::Key, previous: Option<Option<Self>>) -> Undo;
}

/// A record touched in a block: as the parent state had it, and as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot<R> {
    /// In the parent state.
    pub before: Option<R>,
    /// Where it stood in the parent state's table: whoever writes it back looks there first.
    pub place: Option<u32>,
    /// Now.
    pub now: Option<R>,
}

/// Something to do with every table; a trait, because closures cannot be generic.
pub trait ForEachChange {
    /// What can go wrong.
    type Error;
    /// Called for each record that differs from the parent state, table by table.
    fn change<R: Stored>(&mut self, key: &R::Key, slot: &Slot<R>) -> Result<(), Self::Error>;
}

macro_rules! tables {
    ($($field:ident: $Key:ty => $Record:ident in $Undone:ident, $name:pat => $state_key:expr;)*) => {
        /// All tables of a state.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // The record types say what each is.
        pub struct Tables { $(pub $field: PointMap<$Key, $Record>,)* }

        /// All records touched in a block.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // The record types say what each is.
        pub struct Changes { $(pub $field: PointMap<$Key, Slot<$Record>>,)* }

        /// An undo entry of the overlay's journal.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // The record types say what each is.
        pub enum Undo { $($Record($Undone<($Key, Option<Option<$Record>>)>),)* }

        impl Tables {
            /// Empty tables.
            pub fn with_seed(seed: u64) -> Self {
                Self { $($field: PointMap::with_seed(seed),)* }
            }

            /// Visits every record, as if all had changed from nothing.
            pub fn visit<V: ForEachChange<Error = Infallible>>(&self, visitor: &mut V) {
                $(for (key, record) in self.$field.iter() {
                    let Ok(()) = visitor.change(key, &Slot { before: None, place: None, now: Some(record.clone()) });
                })*
            }
        }

        impl Changes {
            /// No changes.
            pub fn with_seed(seed: u64) -> Self {
                Self { $($field: PointMap::with_seed(seed),)* }
            }

            /// Takes one change back.
            pub fn undo(&mut self, entry: Undo) {
                match entry {
                    $(Undo::$Record(entry) => take_back(&mut self.$field, entry.into_inner()),)*
                }
            }

            /// How many records were touched.
            pub fn len(&self) -> usize {
                0 $(+ self.$field.len())*
            }

            /// Whether none was.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Visits each record that differs from the parent state, table by table.
            pub fn visit<V: ForEachChange>(&self, visitor: &mut V) -> Result<(), V::Error> {
                $(for (key, slot) in self.$field.iter() {
                    if slot.before != slot.now {
                        visitor.change(key, slot)?;
                    }
                })*
                Ok(())
            }

            /// Writes all changes into tables.
            pub fn write_to(&self, tables: &mut Tables) {
                $(self.$field.write_to(&mut tables.$field);)*
            }
        }

        $(impl Stored for $Record {
            type Key = $Key;

            fn state_key(key: &Self::Key) -> StateKey {
                let $name = *key;
                $state_key
            }

            fn table(tables: &Tables) -> &PointMap<Self::Key, Self> {
                &tables.$field
            }

            fn table_mut(tables: &mut Tables) -> &mut PointMap<Self::Key, Self> {
                &mut tables.$field
            }

            fn changes(changes: &Changes) -> &PointMap<Self::Key, Slot<Self>> {
                &changes.$field
            }

            fn changes_mut(changes: &mut Changes) -> &mut PointMap<Self::Key, Slot<Self>> {
                &mut changes.$field
            }

            fn undo(key: Self::Key, previous: Option<Option<Self>>) -> Undo {
                Undo::$Record($Undone::new((key, previous)))
            }
        })*
    };
}

/// An undo entry kept in place: for the small records that nearly every instruction changes.
#[derive(Clone, Debug)]
pub struct Inline<T>(T);

impl<T> Inline<T> {
    fn new(entry: T) -> Self {
        Self(entry)
    }
}

/// Hands out an undo entry, wherever it is kept.
trait IntoInner<T> {
    fn into_inner(self) -> T;
}

impl<T> IntoInner<T> for Inline<T> {
    fn into_inner(self) -> T {
        self.0
    }
}

impl<T> IntoInner<T> for Box<T> {
    fn into_inner(self) -> T {
        *self
    }
}

impl<K: Copy + Eq + Hash, R: Clone> PointMap<K, Slot<R>> {
    /// Writes a block's changes of one table into it.
    fn write_to(&self, table: &mut PointMap<K, R>) {
        // So many at a time, whose places are read first, so that the reads need not wait for each other.
        const RUN: usize = 64;
        let mut slots = self.iter();
        loop {
            let run: Vec<(&K, &Slot<R>)> = slots.by_ref().take(RUN).collect();
            if run.is_empty() {
                return;
            }
            let there = |(key, slot): &&(&K, &Slot<R>)| {
                slot.place.and_then(|place| table.at(place)).is_some_and(|(other, _)| other == *key)
            };
            std::hint::black_box(run.iter().filter(there).count());
            for (key, slot) in run {
                let Some(record) = &slot.now else {
                    drop(table.remove(key));
                    continue;
                };
                // An entry that was removed may have left its place to another.
                match slot.place.and_then(|place| table.at_mut(place)).filter(|(other, _)| *other == key) {
                    Some((_, present)) => present.clone_from(record),
                    None => drop(table.insert(*key, record.clone())),
                }
            }
        }
    }
}

fn take_back<K: Eq + Hash, R>(map: &mut PointMap<K, Slot<R>>, (key, previous): (K, Option<Option<R>>)) {
    match previous {
        Some(now) => {
            if let Some(slot) = map.get_mut(&key) {
                slot.now = now;
            }
        }
        None => drop(map.remove(&key)),
    }
}

tables! {
    parameters: () => Parameters in Box, () => StateKey::Parameters;
    validators: () => Validators in Box, () => StateKey::Validators;
    participants: Bic => Participant in Box, bic => StateKey::Participant(bic);
    assets: AssetId => Asset in Box, asset => StateKey::Asset(asset);
    totals: AssetId => Totals in Box, asset => StateKey::Totals(asset);
    accounts: AccountId => Account in Box, account => StateKey::Account(account);
    balances: (AccountId, AssetId) => Balance in Inline, (account, asset) => StateKey::Balance(account, asset);
    holds: HoldId => Hold in Box, hold => StateKey::Hold(hold);
    payments: PaymentKey => Payment in Box, payment => StateKey::Payment(payment);
    tier_limits: (AssetId, Tier) => TierLimits in Box, (asset, tier) => StateKey::TierLimits(asset, tier);
    usages: (Bic, OwnerId, AssetId) => Usage in Inline, (agent, owner, asset) => StateKey::Usage(agent, owner, asset);
    calendars: CalendarKey => Calendar in Box, of => StateKey::Calendar(of);
    thresholds: (Country, AssetId) => Threshold in Box, (country, asset) => StateKey::Threshold(country, asset);
    codes: Hash32 => RegisteredCode in Box, code => StateKey::ContractCode(code);
    instances: InstanceId => Instance in Box, instance => StateKey::Instance(instance);
    allowances: AllowanceKey => Allowance in Box, allowance => StateKey::Allowance(allowance);
}
