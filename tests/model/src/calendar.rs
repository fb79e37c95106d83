//! Dates, worked out by looking at every entry.

use crate::Model;
use seaway_types::asset::AssetId;
use seaway_types::reason::Reason;
use seaway_types::state::CalendarKey;
use seaway_types::time::Day;

impl Model {
    /// Local day and minute of an asset, and whether it settles now.
    pub(crate) fn today(&self, asset: AssetId) -> (Day, u16, bool) {
        let calendar = self.calendars.get(&CalendarKey::Asset(asset));
        let mut shift = 0i64;
        for change in calendar.iter().flat_map(|calendar| calendar.offsets.iter()) {
            if change.starts.ms() <= self.now.ms() {
                shift = i64::from(change.minutes);
            }
        }
        let minutes = (self.now.ms() / 60_000) as i64 + shift;
        let day = Day::from_number((minutes.max(0) / 1440) as u32).expect("in range");
        let minute = (minutes.max(0) % 1440) as u16;
        let Some(calendar) = calendar else { return (day, minute, true) };
        for listed in &calendar.days {
            if listed.day == day {
                return (day, minute, listed.opening <= minute && minute < listed.cut_off);
            }
        }
        let later = calendar.days.iter().any(|listed| listed.day > day);
        // 1970-01-01 was a Thursday: with Thursday as 4, Saturday is 6 and Sunday 0.
        let weekday = (day.number() + 4) % 7;
        (day, minute, !later && weekday != 6 && weekday != 0)
    }

    pub(crate) fn must_settle_now(&self, asset: AssetId) -> Result<Day, Reason> {
        let (day, minute, open) = self.today(asset);
        if open { Ok(day) } else { Err(Reason::AfterCutOff { day, minute }) }
    }
}
