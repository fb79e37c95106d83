//! Calendars: when an asset settles, and which day it is there.
//!
//! A calendar is a ledger object, set by an asset's issuer or the authority. It says the offset from UTC with the moments
//! at which it changes, and the business days with opening and cut-off for some 24 months. No time-zone database is
//! needed, and every replica reads the same dates. Beyond the last listed day Monday to Friday are banking days, open all
//! day: a calendar that nobody renewed must not stop payments.

use crate::bounded::Bounded;
use crate::limits::{CALENDAR_DAYS_MAX, CALENDAR_OFFSETS_MAX, DAY_MS, MINUTE_MS};
use crate::time::{BlockTime, Day};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// From a moment on, local time is UTC plus so many minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OffsetChange {
    /// The first moment of the offset.
    pub starts: BlockTime,
    /// Minutes east of UTC, −840 to 840.
    pub minutes: i16,
}

/// A day on which the asset settles, between two minutes of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BusinessDay {
    /// The day.
    pub day: Day,
    /// First minute of the day at which payments settle.
    pub opening: u16,
    /// First minute at which they no longer do; 1440 for midnight.
    pub cut_off: u16,
}

/// See the module. Days and offset changes are strictly rising; [`Calendar::check`] holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calendar {
    /// Offsets from UTC. Before the first, and without any, local time is UTC.
    pub offsets: Bounded<OffsetChange, CALENDAR_OFFSETS_MAX>,
    /// Business days.
    pub days: Bounded<BusinessDay, CALENDAR_DAYS_MAX>,
}

/// A calendar that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// Offset changes do not rise.
    #[error("offset change {position} does not start after the one before it")]
    OffsetsUnsorted {
        /// Position in the list.
        position: usize,
    },
    /// An offset beyond 14 hours.
    #[error("an offset of {minutes} minutes lies beyond 14 hours")]
    OffsetTooLarge {
        /// The offset.
        minutes: i16,
    },
    /// Days do not rise.
    #[error("business day {day} does not come after the one before it")]
    DaysUnsorted {
        /// The day.
        day: Day,
    },
    /// Opening not before cut-off, or cut-off after midnight.
    #[error("on {day} opening minute {opening} and cut-off minute {cut_off} are no span within the day")]
    HoursWrong {
        /// The day.
        day: Day,
        /// Opening minute.
        opening: u16,
        /// Cut-off minute.
        cut_off: u16,
    },
}

/// A moment as a calendar sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMoment {
    /// The local day.
    pub day: Day,
    /// Minute of that day, 0 to 1439.
    pub minute: u16,
}

/// What a calendar says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The moment in local time. Its day is the value date and the day of limits.
    pub local: LocalMoment,
    /// Whether payments settle now.
    pub open: bool,
}

impl Calendar {
    /// Checks that lists rise and hours lie within a day.
    pub fn check(&self) -> Result<(), CalendarError> {
        for (position, pair) in self.offsets.windows(2).enumerate() {
            if let [before, after] = pair
                && before.starts >= after.starts
            {
                return Err(CalendarError::OffsetsUnsorted { position: position + 1 });
            }
        }
        if let Some(wrong) = self.offsets.iter().find(|change| change.minutes.unsigned_abs() > 840) {
            return Err(CalendarError::OffsetTooLarge { minutes: wrong.minutes });
        }
        for pair in self.days.windows(2) {
            if let [before, after] = pair
                && before.day >= after.day
            {
                return Err(CalendarError::DaysUnsorted { day: after.day });
            }
        }
        match self.days.iter().find(|day| day.opening >= day.cut_off || day.cut_off > 1440) {
            Some(wrong) => {
                Err(CalendarError::HoursWrong { day: wrong.day, opening: wrong.opening, cut_off: wrong.cut_off })
            }
            None => Ok(()),
        }
    }

    /// Minutes east of UTC at a moment.
    fn offset_minutes(&self, moment: BlockTime) -> i16 {
        let started = self.offsets.partition_point(|change| change.starts <= moment);
        started.checked_sub(1).and_then(|last| self.offsets.get(last)).map_or(0, |change| change.minutes)
    }

    /// Milliseconds east of UTC at a moment.
    pub fn offset_ms(&self, moment: BlockTime) -> i64 {
        // A minute is 60,000 ms, and offsets lie within 14 hours.
        i64::from(self.offset_minutes(moment)).saturating_mul(60_000)
    }

    /// Whether banks are open on a local day.
    pub fn is_banking_day(&self, day: Day) -> bool {
        self.days.binary_search_by_key(&day, |listed| listed.day).is_ok()
            || (self.beyond_horizon(day) && day.weekday() < 5)
    }

    /// Local day and minute of a moment.
    pub fn local(&self, moment: BlockTime) -> LocalMoment {
        let minutes = self.offset_minutes(moment);
        let shift = u64::from(minutes.unsigned_abs()).saturating_mul(MINUTE_MS);
        let local_ms =
            if minutes < 0 { moment.ms().saturating_sub(shift) } else { moment.ms().saturating_add(shift) };
        let minute = (local_ms / MINUTE_MS) % 1440;
        LocalMoment { day: Day::of_local_ms(local_ms), minute: u16::try_from(minute).unwrap_or(0) }
    }

    /// Whether payments settle at a moment, and which day it is.
    pub fn session(&self, moment: BlockTime) -> Session {
        let local = self.local(moment);
        let open = match self.days.binary_search_by_key(&local.day, |day| day.day) {
            Ok(found) => self.days.get(found).is_some_and(|day| (day.opening..day.cut_off).contains(&local.minute)),
            Err(_) => self.beyond_horizon(local.day) && local.day.weekday() < 5,
        };
        Session { local, open }
    }

    /// The first moment of a local day: where clocks jump over midnight, the first that is no longer the day before.
    pub fn starts(&self, day: Day) -> BlockTime {
        // Offsets lie within 14 hours, so the day begins within 15 of its own midnight in UTC.
        let (midnight, around) = (u64::from(day.number()).saturating_mul(DAY_MS), 15 * 60 * MINUTE_MS);
        let (mut before, mut after) = (midnight.saturating_sub(around), midnight.saturating_add(around));
        let begun = |ms| BlockTime::from_ms(ms).is_none_or(|moment| self.local(moment).day >= day);
        while before < after {
            let middle = before.midpoint(after);
            if begun(middle) {
                after = middle;
            } else {
                before = middle.saturating_add(1);
            }
        }
        BlockTime::from_ms(after).unwrap_or_default()
    }

    fn beyond_horizon(&self, day: Day) -> bool {
        self.days.last().is_none_or(|last| day > last.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hong_kong() -> Calendar {
        let day = |text: &str| BusinessDay { day: text.parse().unwrap(), opening: 510, cut_off: 1110 };
        Calendar {
            offsets: vec![OffsetChange { starts: BlockTime::default(), minutes: 480 }].try_into().unwrap(),
            days: vec![day("2026-11-23"), day("2026-11-24"), day("2026-11-26")].try_into().unwrap(),
        }
    }

    fn open_at(text: &str) -> bool {
        hong_kong().session(text.parse().unwrap()).open
    }

    #[test]
    fn opening_belongs_to_the_day_and_cut_off_does_not() {
        assert!(!open_at("2026-11-23T00:29:59.999Z"));
        assert!(open_at("2026-11-23T00:30:00Z"));
        assert!(open_at("2026-11-23T10:29:59.999Z"));
        assert!(!open_at("2026-11-23T10:30:00Z"));
        assert!(!open_at("2026-11-25T05:00:00Z"), "a holiday between listed days");
        assert!(!open_at("2026-11-22T05:00:00Z"), "before the first listed day");
    }

    #[test]
    fn beyond_the_horizon_weekdays_are_open() {
        assert!(open_at("2026-11-27T23:00:00+08:00"), "Friday");
        assert!(!open_at("2026-11-28T12:00:00+08:00"), "Saturday");
        assert!(Calendar::default().session("2026-11-23T00:00:00Z".parse().unwrap()).open);
    }

    #[test]
    fn local_day_follows_the_offset_in_force() {
        let calendar = Calendar {
            offsets: vec![
                OffsetChange { starts: BlockTime::default(), minutes: 0 },
                OffsetChange { starts: "2026-03-29T01:00:00Z".parse().unwrap(), minutes: 60 },
                OffsetChange { starts: "2026-10-25T01:00:00Z".parse().unwrap(), minutes: -300 },
            ]
            .try_into()
            .unwrap(),
            days: Bounded::default(),
        };
        let local = |text: &str| calendar.local(text.parse().unwrap());
        assert_eq!(local("2026-03-29T00:59:00Z").minute, 59);
        assert_eq!(local("2026-03-29T01:00:00Z").minute, 120);
        assert_eq!(local("2026-10-26T01:00:00Z"), LocalMoment { day: "2026-10-25".parse().unwrap(), minute: 1200 });
    }

    #[test]
    fn contradictions_are_named() {
        let mut calendar = hong_kong();
        calendar.days = vec![BusinessDay { day: Day::default(), opening: 600, cut_off: 600 }].try_into().unwrap();
        assert!(matches!(calendar.check(), Err(CalendarError::HoursWrong { .. })));
        let day = BusinessDay { day: Day::default(), opening: 0, cut_off: 1440 };
        calendar.days = vec![day, day].try_into().unwrap();
        assert!(matches!(calendar.check(), Err(CalendarError::DaysUnsorted { .. })));
        let change = OffsetChange { starts: BlockTime::default(), minutes: 900 };
        calendar.offsets = vec![change].try_into().unwrap();
        assert!(matches!(calendar.check(), Err(CalendarError::OffsetTooLarge { minutes: 900 })));
        calendar.offsets = vec![change, change].try_into().unwrap();
        assert!(matches!(calendar.check(), Err(CalendarError::OffsetsUnsorted { position: 1 })));
        assert_eq!(hong_kong().check(), Ok(()));
    }

    #[test]
    fn a_day_starts_at_its_own_midnight() {
        let starts = |calendar: &Calendar, day: &str| calendar.starts(day.parse().unwrap()).to_string();
        assert_eq!(starts(&hong_kong(), "2026-11-23"), "2026-11-22T16:00:00.000Z");
        assert_eq!(starts(&Calendar::default(), "2026-11-23"), "2026-11-23T00:00:00.000Z");
        let offsets = vec![
            OffsetChange { starts: BlockTime::default(), minutes: 0 },
            // Midnight itself is jumped over.
            OffsetChange { starts: "2026-03-29T00:00:00Z".parse().unwrap(), minutes: 60 },
            OffsetChange { starts: "2026-10-25T01:00:00Z".parse().unwrap(), minutes: -300 },
        ];
        let moving = Calendar { offsets: offsets.try_into().unwrap(), ..Calendar::default() };
        assert_eq!(starts(&moving, "2026-03-29"), "2026-03-29T00:00:00.000Z");
        assert_eq!(starts(&moving, "2026-03-30"), "2026-03-29T23:00:00.000Z");
        assert_eq!(starts(&moving, "2026-10-26"), "2026-10-26T05:00:00.000Z");
    }
}
