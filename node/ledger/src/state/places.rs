//! Where entries stand, by their keys' hashes: a hash table of which a look-up reads one line of memory.
//!
//! A general hash table keeps marks and values apart, so that a look-up waits for memory twice. Here a line of 64 bytes
//! holds eight places, each with half of its key's hash: that is enough to find a place and to move it when the table grows,
//! without a look at the key. What does not fit into its line stands in the next that has room.

/// Places in a line.
const WIDTH: usize = 8;
/// Marks that there is nothing.
const NOTHING: u32 = u32::MAX;

/// Eight places, from the front on. One of the processor's lines of memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line {
    halves: [u32; WIDTH],
    positions: [u32; WIDTH],
}

impl Line {
    const EMPTY: Self = Self { halves: [0; WIDTH], positions: [NOTHING; WIDTH] };

    fn is_full(&self) -> bool {
        self.positions.last().is_some_and(|last| *last != NOTHING)
    }

    fn places(&self) -> impl Iterator<Item = (u32, u32)> {
        self.halves.into_iter().zip(self.positions).take_while(|(_, position)| *position != NOTHING)
    }

    /// Positions under a hash.
    fn matching(&self, half: u32) -> impl Iterator<Item = u32> {
        // All eight are compared before any is looked at: a branch for each would mostly be guessed wrong.
        let mut found = 0u8;
        for (at, other) in self.halves.iter().enumerate() {
            found |= u8::from(*other == half) << at;
        }
        let positions = self.positions;
        std::iter::from_fn(move || {
            let at = found.trailing_zeros() as usize;
            found &= found.wrapping_sub(1);
            positions.get(at).copied().filter(|position| *position != NOTHING)
        })
    }

    /// Adds a place; says whether there was room.
    fn add(&mut self, half: u32, position: u32) -> bool {
        let free = self.positions.iter_mut().zip(&mut self.halves).find(|(position, _)| **position == NOTHING);
        free.map(|(place, mark)| (*place, *mark) = (position, half)).is_some()
    }

    /// Removes the first place that `which` names; the last one of the line takes its room.
    fn take(&mut self, which: impl Fn((u32, u32)) -> bool) -> Option<(u32, u32)> {
        let at = self.places().position(which)?;
        let last = self.places().count().checked_sub(1)?;
        self.halves.swap(at, last);
        self.positions.swap(at, last);
        let position = std::mem::replace(self.positions.get_mut(last)?, NOTHING);
        Some((*self.halves.get(last)?, position))
    }
}

/// See the module. Positions are given by the caller, each below the largest number of 32 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    lines: Vec<Line>,
    length: usize,
}

/// The half of a hash by which places are filed.
pub(super) fn half(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// The line where a place belongs, of so many. It rises with the half, so that a table that grows is read and written in
/// order.
fn home(half: u32, lines: usize) -> usize {
    usize::try_from((u64::from(half) * lines as u64) >> 32).unwrap_or(0)
}

/// How many lines lie from one to another, onwards, of so many.
fn distance(from: usize, to: usize, lines: usize) -> usize {
    if to >= from { to - from } else { to + lines - from }
}

impl Places {
    fn next(&self, line: usize) -> usize {
        if line + 1 < self.lines.len() { line + 1 } else { 0 }
    }

    /// The line in which a place stands, and its position.
    fn locate(&self, half: u32, mut same: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        let mut at = home(half, self.lines.len());
        // One line at least has room, see `reserve`.
        loop {
            let line = self.lines.get(at)?;
            if let Some(position) = line.matching(half).find(|position| same(*position)) {
                return Some((at, position));
            }
            if !line.is_full() {
                return None;
            }
            at = self.next(at);
        }
    }

    /// The position filed under a hash that `same` says is the one.
    pub fn find(&self, half: u32, same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.locate(half, same).map(|(_, position)| position)
    }

    /// Lines that so many more places need, so that an eighth of all stays free at least.
    fn needed(&self, more: usize) -> usize {
        (self.length + more) * 8 / 7 / WIDTH + 1
    }

    /// Whether there is room for so many more places.
    pub fn has_room(&self, more: usize) -> bool {
        self.needed(more) <= self.lines.len()
    }

    /// All places: half of a key's hash and a position, in rising order of the halves but for what had no room in its line.
    pub fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        self.lines.iter().flat_map(Line::places)
    }

    /// Makes room for so many more places.
    pub fn reserve(&mut self, more: usize) {
        if self.has_room(more) {
            return;
        }
        let lines = self.needed(more).max(self.lines.len() * 5 / 4);
        let before = std::mem::replace(&mut self.lines, vec![Line::EMPTY; lines]);
        for (half, position) in before.iter().flat_map(Line::places) {
            self.file(half, position);
        }
    }

    /// Adds a place. The caller knows that the position is not filed.
    pub fn add(&mut self, half: u32, position: u32) {
        self.reserve(1);
        self.file(half, position);
        self.length += 1;
    }

    fn file(&mut self, half: u32, position: u32) {
        let mut at = home(half, self.lines.len());
        while self.lines.get_mut(at).is_some_and(|line| !line.add(half, position)) {
            at = self.next(at);
        }
    }

    /// Says that what stood at a position stands at another.
    pub fn moved(&mut self, half: u32, before: u32, now: u32) {
        if let Some((line, _)) = self.locate(half, |position| position == before) {
            let positions = self.lines.get_mut(line).into_iter().flat_map(|line| &mut line.positions);
            positions.filter(|position| **position == before).for_each(|position| *position = now);
        }
    }

    /// Removes the place that `same` names; returns its position.
    pub fn remove(&mut self, half: u32, same: impl FnMut(u32) -> bool) -> Option<u32> {
        let (mut hole, position) = self.locate(half, same)?;
        let mut full = self.lines.get(hole)?.is_full();
        self.lines.get_mut(hole)?.take(|(_, other)| other == position);
        self.length -= 1;
        // Who was sent on because the line was full comes back, so that a line with room ends every search.
        let lines = self.lines.len();
        let mut at = hole;
        while full {
            at = self.next(at);
            let line = self.lines.get_mut(at)?;
            full = line.is_full();
            let way = distance(hole, at, lines);
            if let Some((half, back)) = line.take(|(half, _)| distance(home(half, lines), at, lines) >= way) {
                self.lines.get_mut(hole)?.add(half, back);
                hole = at;
            }
        }
        Some(position)
    }

    /// Reads the lines of many hashes without waiting for one before the next. Changes nothing.
    pub fn touch(&self, halves: impl Iterator<Item = u32>) {
        let lines = halves.filter_map(|half| self.lines.get(home(half, self.lines.len())));
        std::hint::black_box(lines.fold(0, |seen, line| seen ^ line.halves[0]));
    }

    /// The first position filed under a hash in its own line, which is nearly always the one.
    pub fn likely(&self, half: u32) -> Option<u32> {
        self.lines.get(home(half, self.lines.len()))?.matching(half).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_what_is_added_and_not_removed(steps in proptest::collection::vec((any::<bool>(), 0u32..60, 0u32..8), 0..600)) {
            // Few hashes, and near each other: lines overflow into their neighbours, the last into the first.
            let filed = |number: u32, spread: u32| spread.wrapping_mul(0x2000_0000).wrapping_sub(number % 3);
            let mut places = Places::default();
            let mut model: Vec<(u32, u32)> = Vec::new();
            for (position, (add, number, spread)) in (0u32..).zip(steps) {
                let half = filed(number, spread);
                if add || model.is_empty() {
                    places.add(half, position);
                    model.push((half, position));
                } else {
                    let (half, gone) = model.swap_remove(number as usize % model.len());
                    prop_assert_eq!(places.remove(half, |position| position == gone), Some(gone));
                    prop_assert_eq!(places.find(half, |position| position == gone), None);
                }
                for (half, position) in &model {
                    prop_assert_eq!(places.find(*half, |found| found == *position), Some(*position));
                }
            }
            for (half, position) in &model {
                places.moved(*half, *position, position + 10_000);
            }
            for (half, position) in model {
                prop_assert_eq!(places.find(half, |found| found == position), None);
                prop_assert_eq!(places.find(half, |found| found == position + 10_000), Some(position + 10_000));
            }
        }
    }

    #[test]
    fn an_eighth_stays_free() {
        let mut places = Places::default();
        for position in 0..100_000u32 {
            places.add(position.wrapping_mul(0x9e37_79b9), position);
            assert!(places.lines.len() * WIDTH * 7 / 8 >= places.length);
        }
    }
}
