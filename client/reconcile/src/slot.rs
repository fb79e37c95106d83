//! Entries sorted by what names their payment, and two such lists met.

use crate::record::{Entries, Kind, Record};
use std::cmp::Ordering;

/// What names a payment, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Uetr,
    EndToEndId,
    Reference,
}

/// Bits that say which stronger names an entry has.
const HAS_UETR: u8 = 1;
const HAS_END_TO_END_ID: u8 = 2;

impl Level {
    pub const ALL: [Self; 3] = [Self::Uetr, Self::EndToEndId, Self::Reference];

    /// The stronger names that an entry of this level has besides.
    pub fn stronger(self, record: &Record) -> u8 {
        let uetr = if record.has_uetr() { HAS_UETR } else { 0 };
        let end_to_end_id = if record.has_end_to_end_id() { HAS_END_TO_END_ID } else { 0 };
        match self {
            Self::Uetr => 0,
            Self::EndToEndId => uetr,
            Self::Reference => uetr | end_to_end_id,
        }
    }

    /// Which entries may meet, by their stronger names: never two that both have a stronger one, for then it differs, and
    /// they are two payments.
    pub fn encounters(self) -> Vec<(u8, u8)> {
        let most = match self {
            Self::Uetr => 0,
            Self::EndToEndId => HAS_UETR,
            Self::Reference => HAS_UETR | HAS_END_TO_END_ID,
        };
        let pairs = (0..=most).flat_map(|ledger| (0..=most).map(move |bank| (ledger, bank)));
        pairs.filter(|(ledger, bank)| ledger & bank == 0).collect()
    }
}

/// An entry with its name at one level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'a> {
    /// The name's first 16 bytes as a number that sorts as they do: nearly always enough to tell two names apart.
    start: u128,
    /// The whole name where it is a text.
    text: &'a str,
    pub record: &'a Record,
    pub index: u32,
}

impl<'a> Slot<'a> {
    /// The entry at a level, or nothing when it has no name there.
    pub fn new(entries: &'a Entries, level: Level, record: &'a Record, index: u32) -> Option<Self> {
        let text = match level {
            Level::Uetr if record.has_uetr() => {
                let start = u128::from_be_bytes(*record.uetr_bytes());
                return Some(Self { start, text: "", record, index });
            }
            Level::Uetr => "",
            Level::EndToEndId => entries.end_to_end_id(record),
            Level::Reference => entries.reference(record),
        };
        let mut start = [0; 16];
        for (place, byte) in start.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        (!text.is_empty()).then(|| Self { start: u128::from_be_bytes(start), text, record, index })
    }
}

/// Orders by payment: its name, its currency, its direction.
pub(crate) fn by_payment(left: &Slot<'_>, right: &Slot<'_>) -> Ordering {
    left.start.cmp(&right.start).then_with(|| {
        let text = left.text.cmp(right.text);
        let currency = text.then_with(|| left.record.currency().cmp(&right.record.currency()));
        currency.then(left.record.direction().cmp(&right.record.direction()))
    })
}

/// Orders by amount.
pub(crate) fn by_units(left: &Slot<'_>, right: &Slot<'_>) -> Ordering {
    left.record.units().cmp(&right.record.units())
}

/// Orders by everything that an entry says, so that two that compare equal can stand for each other. Where they stood in
/// their files does not count: the order of a file must not change the result.
pub(crate) fn by_content(entries: &Entries, left: &Record, right: &Record) -> Ordering {
    let key = |record: &Record| (record.units(), record.kind(), record.currency(), record.direction());
    let numbers = key(left).cmp(&key(right)).then_with(|| left.uetr_bytes().cmp(right.uetr_bytes()));
    let names = numbers.then_with(|| entries.end_to_end_id(left).cmp(entries.end_to_end_id(right)));
    names.then_with(|| entries.reference(left).cmp(entries.reference(right)))
}

/// Entries with a name at a level, sorted by payment, then by content.
pub(crate) fn sorted<'a>(
    entries: &'a Entries,
    level: Level,
    mut choose: impl FnMut(&Record, u32) -> bool,
) -> Vec<Slot<'a>> {
    let numbered = (0u32..).zip(entries.records()).filter(|(index, record)| choose(record, *index));
    let mut slots: Vec<Slot<'a>> =
        numbered.filter_map(|(index, record)| Slot::new(entries, level, record, index)).collect();
    slots.sort_unstable_by(|left, right| {
        by_payment(left, right).then_with(|| by_content(entries, left.record, right.record))
    });
    slots
}

/// Walks two lists that are sorted by an order, and hands over the groups that are equal in both.
pub(crate) fn meet<'s, 'a>(
    ledger: &'s [Slot<'a>],
    bank: &'s [Slot<'a>],
    order: fn(&Slot<'_>, &Slot<'_>) -> Ordering,
    mut each: impl FnMut(&'s [Slot<'a>], &'s [Slot<'a>]),
) {
    let mut here = ledger.chunk_by(|left, right| order(left, right).is_eq()).peekable();
    let mut there = bank.chunk_by(|left, right| order(left, right).is_eq()).peekable();
    while let (Some(one), Some(other)) = (here.peek().copied(), there.peek().copied()) {
        let (Some(first), Some(second)) = (one.first(), other.first()) else { return };
        match order(first, second) {
            Ordering::Less => {
                here.next();
            }
            Ordering::Greater => {
                there.next();
            }
            Ordering::Equal => {
                each(one, other);
                here.next();
                there.next();
            }
        }
    }
}

/// The entries that are on the account, and those of them that take back a payment, of a group with one amount.
pub(crate) fn by_kind<'s, 'a>(slots: &'s [Slot<'a>]) -> (&'s [Slot<'a>], &'s [Slot<'a>]) {
    slots.split_at(slots.partition_point(|slot| slot.record.kind() == Kind::Booked))
}
