//! The comparison. It sorts and walks; nothing is hashed, and the result does not depend on the order of the files.
//!
//! Level by level, strongest name first, among the entries that are not explained yet: first those that agree in payment and
//! amount are paired, then what is left of the same payment is paired as differing in amount. What was refused is
//! compared after all that is booked, so that a second attempt that succeeded is not taken for a contradiction. What is
//! left at the end is a duplicate when its side has an equal entry besides, and missing on the other side otherwise.

use crate::class::{Class, Finding};
use crate::record::{Direction, Entries, Kind, Record};
use crate::slot::{Level, Slot, by_content, by_kind, by_payment, by_units, meet, sorted};
use seaway_types::asset::CurrencyCode;
use std::cmp::Ordering;

/// What has become of an entry so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Not explained yet.
    Open,
    /// The other side has its payment.
    Paired,
    /// Explained alone.
    Alone,
}

/// A side and the fates of its entries.
struct Half<'a> {
    entries: &'a Entries,
    fates: Vec<Fate>,
}

/// What is paired at a level, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Booked entries with the same amount.
    Equal,
    /// Booked entries with different amounts.
    Different,
    /// Refused payments, with whatever the other side has.
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Ledger,
    Bank,
}

/// What the comparison found: matched pairs are counted, the rest is listed.
pub(crate) struct Found {
    pub matched: u64,
    pub findings: Vec<Finding>,
}

/// Compares two sides, seen from the same account.
pub(crate) fn compare(ledger: &Entries, bank: &Entries) -> Found {
    let mut work =
        Work { ledger: Half::new(ledger), bank: Half::new(bank), found: Found { matched: 0, findings: Vec::new() } };
    for level in Level::ALL {
        work.level(level, Stage::Equal);
        work.level(level, Stage::Different);
    }
    let rejects = |half: &Half<'_>| half.entries.records().iter().any(|record| record.kind() == Kind::Rejected);
    if rejects(&work.ledger) || rejects(&work.bank) {
        Level::ALL.iter().for_each(|level| work.level(*level, Stage::Rejected));
    }
    work.leftovers(Side::Ledger);
    work.leftovers(Side::Bank);
    work.mark_returns();
    let mut found = work.found;
    let order = |left: &Finding, right: &Finding| by_finding((ledger, bank), left, right);
    found.findings.sort_unstable_by(order);
    found
}

/// Orders findings by class, then by what their entries say.
fn by_finding(sides: (&Entries, &Entries), left: &Finding, right: &Finding) -> Ordering {
    let (ledger, bank) = sides;
    let class = left.class.cmp(&right.class).then(left.returned.cmp(&right.returned));
    class
        .then_with(|| by_entry(ledger, left.ledger, right.ledger))
        .then_with(|| by_entry(bank, left.bank, right.bank))
}

fn by_entry(entries: &Entries, left: Option<u32>, right: Option<u32>) -> Ordering {
    match (left.and_then(|index| record(entries, index)), right.and_then(|index| record(entries, index))) {
        (Some(left), Some(right)) => by_content(entries, left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

/// The entry at a position.
pub(crate) fn record(entries: &Entries, index: u32) -> Option<&Record> {
    entries.records().get(usize::try_from(index).ok()?)
}

impl<'a> Half<'a> {
    fn new(entries: &'a Entries) -> Self {
        Self { entries, fates: vec![Fate::Open; entries.records().len()] }
    }

    fn is_open(&self, index: u32) -> bool {
        let fate = usize::try_from(index).ok().and_then(|index| self.fates.get(index));
        fate.is_some_and(|fate| *fate == Fate::Open)
    }

    fn set(&mut self, index: u32, fate: Fate) {
        let known = usize::try_from(index).ok().and_then(|index| self.fates.get_mut(index));
        if let Some(known) = known {
            *known = fate;
        }
    }

    /// The open entries with a name at a level and exactly these stronger names.
    fn open(&self, level: Level, stronger: u8, stage: Stage) -> Vec<Slot<'a>> {
        sorted(self.entries, level, |record, index| {
            let fits = stage == Stage::Rejected || record.kind() != Kind::Rejected;
            fits && self.is_open(index) && level.stronger(record) == stronger
        })
    }
}

struct Work<'a> {
    ledger: Half<'a>,
    bank: Half<'a>,
    found: Found,
}

impl<'a> Work<'a> {
    fn level(&mut self, level: Level, stage: Stage) {
        for (of_ledger, of_bank) in level.encounters() {
            let ledger = self.ledger.open(level, of_ledger, stage);
            if ledger.is_empty() {
                continue;
            }
            let bank = self.bank.open(level, of_bank, stage);
            meet(&ledger, &bank, by_payment, |here, there| match stage {
                Stage::Equal => meet(here, there, by_units, |here, there| self.equal(here, there)),
                Stage::Different => self.pairs(here, there, Class::AmountDiffers),
                Stage::Rejected => self.rejected(here, there),
            });
        }
    }

    /// Pairs entries of one payment and one amount: those that agree on being a return first.
    fn equal(&mut self, ledger: &[Slot<'a>], bank: &[Slot<'a>]) {
        let (booked_here, returned_here) = by_kind(ledger);
        let (booked_there, returned_there) = by_kind(bank);
        self.pairs(booked_here, booked_there, Class::Matched);
        self.pairs(returned_here, returned_there, Class::Returned);
        // One side may not say so of a return: a node's answers without details do not.
        self.pairs(rest(booked_here, booked_there.len()), rest(returned_there, returned_here.len()), Class::Returned);
        self.pairs(rest(returned_here, returned_there.len()), rest(booked_there, booked_here.len()), Class::Returned);
    }

    fn pairs(&mut self, ledger: &[Slot<'a>], bank: &[Slot<'a>], class: Class) {
        ledger.iter().zip(bank).for_each(|(here, there)| self.pair(here, there, class));
    }

    fn pair(&mut self, here: &Slot<'a>, there: &Slot<'a>, class: Class) {
        self.ledger.set(here.index, Fate::Paired);
        self.bank.set(there.index, Fate::Paired);
        if class == Class::Matched {
            self.found.matched = self.found.matched.saturating_add(1);
            return;
        }
        let returned = here.record.kind() == Kind::Returned || there.record.kind() == Kind::Returned;
        let (ledger, bank) = (Some(here.index), Some(there.index));
        self.found.findings.push(Finding { class, returned, ledger, bank });
    }

    /// Pairs a refusal with the booking that contradicts it, then with the other side's refusal.
    fn rejected(&mut self, ledger: &[Slot<'a>], bank: &[Slot<'a>]) {
        let refused = |slot: &Slot<'a>| slot.record.kind() == Kind::Rejected;
        let (refused_here, booked_here): (Vec<Slot<'a>>, Vec<Slot<'a>>) = ledger.iter().copied().partition(refused);
        let (refused_there, booked_there): (Vec<Slot<'a>>, Vec<Slot<'a>>) = bank.iter().copied().partition(refused);
        self.pairs(&booked_here, &refused_there, Class::RejectedButBooked);
        self.pairs(&refused_here, &booked_there, Class::RejectedButBooked);
        let both = (rest(&refused_here, booked_there.len()), rest(&refused_there, booked_here.len()));
        self.pairs(both.0, both.1, Class::Rejected);
    }

    fn half(&self, side: Side) -> &Half<'a> {
        match side {
            Side::Ledger => &self.ledger,
            Side::Bank => &self.bank,
        }
    }

    /// Explains what only one side has.
    fn leftovers(&mut self, side: Side) {
        let missing = match side {
            Side::Ledger => Class::MissingThere,
            Side::Bank => Class::MissingHere,
        };
        let entries = self.half(side).entries;
        if !self.half(side).fates.contains(&Fate::Open) {
            return;
        }
        for level in Level::ALL {
            // Entries by their strongest name, explained ones too: they are what a duplicate is a duplicate of.
            let named =
                sorted(entries, level, |record, _| record.kind() != Kind::Rejected && level.stronger(record) == 0);
            let same = |left: &Slot<'_>, right: &Slot<'_>| {
                by_payment(left, right).is_eq()
                    && by_units(left, right).is_eq()
                    && left.record.kind() == right.record.kind()
            };
            for group in named.chunk_by(same) {
                let mut known = group.iter().any(|slot| !self.half(side).is_open(slot.index));
                for slot in group {
                    if self.half(side).is_open(slot.index) {
                        self.alone(side, slot.index, if known { Class::Duplicate } else { missing });
                        known = true;
                    }
                }
            }
        }
        for (index, record) in (0u32..).zip(entries.records()) {
            if self.half(side).is_open(index) {
                let refused = record.kind() == Kind::Rejected;
                self.alone(side, index, if refused { Class::Rejected } else { missing });
            }
        }
    }

    fn alone(&mut self, side: Side, index: u32, class: Class) {
        let returned = record(self.half(side).entries, index).is_some_and(|record| record.kind() == Kind::Returned);
        let (half, ledger, bank) = match side {
            Side::Ledger => (&mut self.ledger, Some(index), None),
            Side::Bank => (&mut self.bank, None, Some(index)),
        };
        half.set(index, Fate::Alone);
        self.found.findings.push(Finding { class, returned, ledger, bank });
    }

    /// An entry that one side misses is a return when both have the same payment in the opposite direction.
    fn mark_returns(&mut self) {
        let (ledger, bank) = (self.ledger.entries, self.bank.entries);
        let lone = |finding: &Finding| -> Option<Movement> {
            let found = match finding.class {
                Class::MissingThere => record(ledger, finding.ledger?)?,
                Class::MissingHere => record(bank, finding.bank?)?,
                _ => return None,
            };
            found.has_uetr().then(|| Movement::of(found))
        };
        let mut lost: Vec<Movement> = self.found.findings.iter().filter_map(lone).collect();
        lost.sort_unstable();
        lost.dedup();
        let mut undone: Vec<Movement> = Vec::new();
        if lost.is_empty() {
            return;
        }
        for half in [&self.ledger, &self.bank] {
            let paired = half.entries.records().iter().zip(&half.fates).filter(|(_, fate)| **fate == Fate::Paired);
            let opposite = paired.map(|(record, _)| Movement::of(record).back());
            undone.extend(opposite.filter(|movement| lost.binary_search(movement).is_ok()));
        }
        undone.sort_unstable();
        for finding in &mut self.found.findings {
            if lone(finding).is_some_and(|movement| undone.binary_search(&movement).is_ok()) {
                finding.returned = true;
            }
        }
    }
}

/// A payment in one direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Movement {
    uetr: [u8; 16],
    currency: CurrencyCode,
    direction: Direction,
}

impl Movement {
    fn of(record: &Record) -> Self {
        Self { uetr: *record.uetr_bytes(), currency: record.currency(), direction: record.direction() }
    }

    /// The same payment taken back.
    fn back(self) -> Self {
        Self { direction: self.direction.opposite(), ..self }
    }
}

/// What is left of a group after so many.
fn rest<'s, 'a>(slots: &'s [Slot<'a>], used: usize) -> &'s [Slot<'a>] {
    slots.get(used..).unwrap_or(&[])
}
