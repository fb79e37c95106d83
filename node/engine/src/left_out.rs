//! What was left out of a block built here, because it was void: for a while it is not taken from peers again. Otherwise a peer that
//! passes the same void instruction on again and again would keep a quiet network awake with empty blocks (found by the
//! simulator's replayer). Whatever a block did may have made it good: then all is forgotten, and whoever still holds it announces it
//! again. So only a network in which nothing happens remembers.

use seaway_types::identifier::WireId;
use seaway_types::limits::{LEFT_OUT_MAX, LEFT_OUT_MS};
use std::collections::{BTreeMap, VecDeque};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    until_ms: BTreeMap<WireId, u64>,
    order: VecDeque<WireId>,
}

impl LeftOut {
    /// Remembers one; the oldest is forgotten where there are too many.
    pub fn note(&mut self, id: WireId, now_ms: u64) {
        if self.until_ms.insert(id, now_ms.saturating_add(LEFT_OUT_MS)).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > LEFT_OUT_MAX {
            let oldest = self.order.pop_front();
            oldest.map(|id| self.until_ms.remove(&id));
        }
    }

    /// Something happened: what was void may not be so any more.
    pub fn forget(&mut self) {
        self.until_ms.clear();
        self.order.clear();
    }

    /// Whether one was left out a short while ago.
    pub fn holds(&self, id: &WireId, now_ms: u64) -> bool {
        self.until_ms.get(id).is_some_and(|until_ms| now_ms < *until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_after_a_while_and_where_there_are_too_many() {
        let id = |n: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            WireId(bytes)
        };
        let mut left_out = LeftOut::default();
        left_out.note(id(0), 5);
        assert!(left_out.holds(&id(0), 5 + LEFT_OUT_MS - 1));
        assert!(!left_out.holds(&id(0), 5 + LEFT_OUT_MS));
        for n in 1..=LEFT_OUT_MAX as u32 {
            left_out.note(id(n), 6);
        }
        assert!(!left_out.holds(&id(0), 6) && left_out.holds(&id(1), 6));
        assert_eq!((left_out.until_ms.len(), left_out.order.len()), (LEFT_OUT_MAX, LEFT_OUT_MAX));
        left_out.forget();
        assert!(!left_out.holds(&id(1), 6));
    }
}
