//! Which blocks belong to which day of an asset, by the calendar that was in force at each of them.

use super::super::Context;
use crate::backend::Backend;
use crate::fault::Fault;
use seaway_types::asset::AssetId;
use seaway_types::calendar::Calendar;
use seaway_types::time::{BlockTime, Day, Height};

/// The calendars that an asset had, in order, each with the first height that it was in force at.
pub(super) struct Days(Vec<(Height, Calendar)>);

impl Days {
    /// Of an asset.
    pub fn of<B: Backend>(context: &Context<B>, asset: AssetId) -> Result<Self, Fault> {
        let set = context.backend.calendars(asset)?;
        let mut list: Vec<(Height, Calendar)> = Vec::with_capacity(set.len().saturating_add(1));
        // Before the first one, and without any, days are those of UTC.
        if set.first().is_none_or(|(height, _)| height.0 > 0) {
            list.push((Height(0), Calendar::default()));
        }
        // A block is executed with the calendar that the blocks before it left.
        list.extend(set.into_iter().map(|(height, calendar)| {
            (if height.0 == 0 { height } else { Height(height.0.saturating_add(1)) }, calendar)
        }));
        Ok(Self(list))
    }

    fn at(&self, height: Height) -> Option<&Calendar> {
        let begun = self.0.partition_point(|(first, _)| *first <= height);
        begun.checked_sub(1).and_then(|last| self.0.get(last)).map(|(_, calendar)| calendar)
    }

    /// The day of a block.
    pub fn day(&self, height: Height, time: BlockTime) -> Day {
        self.at(height).map_or_else(Day::default, |calendar| calendar.local(time).day)
    }

    /// When a day begins, as seen at a height.
    pub fn starts(&self, height: Height, day: Day) -> BlockTime {
        self.at(height).map_or_else(BlockTime::default, |calendar| calendar.starts(day))
    }

    /// The first height, up to the tip, whose block is of a day or of a later one. While one calendar is in force days only
    /// rise; the first block that reaches the day counts, whatever a later calendar says.
    pub fn first<B: Backend>(&self, context: &Context<B>, tip: Height, day: Day) -> Result<Option<Height>, Fault> {
        for (place, (first, calendar)) in self.0.iter().enumerate() {
            let next = self.0.get(place.saturating_add(1)).map(|(next, _)| next.0);
            let after = tip.0.saturating_add(1);
            let (mut low, end) = (first.0.max(1), next.map_or(after, |next| next.min(after)));
            let mut high = end;
            while low < high {
                let middle = low.midpoint(high);
                let unknown = || Fault::Unknown { what: "block at height", value: middle.to_string() };
                let time = context.backend.block(Height(middle))?.ok_or_else(unknown)?.block.header.time;
                if calendar.local(time).day < day {
                    low = middle.saturating_add(1);
                } else {
                    high = middle;
                }
            }
            if high < end {
                return Ok(Some(Height(high)));
            }
        }
        Ok(None)
    }
}
