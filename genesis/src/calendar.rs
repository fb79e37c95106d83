//! Calendars as people write them: a rule of weekdays, hours and holidays, spread out into days.

use seaway_types::bounded::Bounded;
use seaway_types::calendar::{BusinessDay, Calendar, OffsetChange};
use seaway_types::time::{BlockTime, Day};
use serde::{Deserialize, Serialize};

/// Names of weekdays, from Monday.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A change of the offset from UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOffset {
    /// First moment, RFC 3339.
    pub starts: String,
    /// Minutes east of UTC.
    pub minutes: i16,
}

/// A calendar by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenCalendar {
    /// The asset whose calendar it is, as `HKD` or `HKD@BIC`. Either this or `jurisdiction`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// The jurisdiction whose calendar it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Offsets from UTC.
    pub offsets: Vec<WrittenOffset>,
    /// First day listed.
    pub from: String,
    /// Last day listed; after it Monday to Friday are banking days.
    pub to: String,
    /// Weekdays on which it settles.
    pub weekdays: Vec<String>,
    /// First minute of the day, `HH:MM`.
    pub opening: String,
    /// First minute at which it no longer settles, up to `24:00`.
    pub cut_off: String,
    /// Days on which it does not.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// The field of a calendar that failed, its value, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFault {
    /// Name of the field.
    pub field: &'static str,
    /// The value.
    pub value: String,
    /// What was expected.
    pub expected: String,
}

impl WrittenCalendar {
    /// Spreads the rule out into days.
    pub fn spread(&self) -> Result<Calendar, CalendarFault> {
        let day = |field, text: &str| text.parse::<Day>().map_err(|expected| fault(field, text, expected));
        let (first, last) = (day("from", &self.from)?, day("to", &self.to)?);
        let holidays = self.holidays.iter().map(|text| day("holidays", text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(wrong) = self.weekdays.iter().find(|name| !WEEKDAYS.contains(&name.as_str())) {
            return Err(fault("weekdays", wrong, format!("some of {}", WEEKDAYS.join(", "))));
        }
        if self.weekdays.is_empty() {
            return Err(fault(
                "weekdays",
                "",
                format!("some of {}; a calendar without days would be open always", WEEKDAYS.join(", ")),
            ));
        }
        if last < first {
            return Err(fault("to", &self.to, format!("a day not before {first}")));
        }
        let (opening, cut_off) = (minute("opening", &self.opening)?, minute("cut_off", &self.cut_off)?);
        let settles = |day: &Day| {
            let name = usize::try_from(day.weekday()).ok().and_then(|weekday| WEEKDAYS.get(weekday));
            name.is_some_and(|name| self.weekdays.iter().any(|listed| listed == name)) && !holidays.contains(day)
        };
        let days: Vec<BusinessDay> = (first.number()..=last.number())
            .filter_map(Day::from_number)
            .filter(settles)
            .map(|day| BusinessDay { day, opening, cut_off })
            .collect();
        if days.is_empty() {
            return Err(fault("holidays", &self.holidays.join(", "), "at least one day that is none".to_owned()));
        }
        let change = |written: &WrittenOffset| {
            let starts: BlockTime = written
                .starts
                .parse()
                .map_err(|expected: String| fault("offsets.starts", &written.starts, expected))?;
            Ok(OffsetChange { starts, minutes: written.minutes })
        };
        let offsets = self.offsets.iter().map(change).collect::<Result<Vec<_>, CalendarFault>>()?;
        Ok(Calendar {
            offsets: Bounded::new(offsets)
                .map_err(|many| fault("offsets", &many.length.to_string(), many.to_string()))?,
            days: Bounded::new(days).map_err(|many| fault("to", &self.to, format!("at most 800 days: {many}")))?,
        })
    }
}

fn minute(field: &'static str, text: &str) -> Result<u16, CalendarFault> {
    let read = || {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let total = hours.checked_mul(60)?.checked_add(minutes)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        (text.len() == 5 && digits && minutes < 60 && total <= 1440).then_some(total)
    };
    read().ok_or_else(|| fault(field, text, "a time of day from 00:00 to 24:00, as in 08:30".to_owned()))
}

fn fault(field: &'static str, value: &str, expected: String) -> CalendarFault {
    CalendarFault { field, value: value.to_owned(), expected }
}
