//! Block time, heights and calendar days. No clock is read here: time comes in with the block.

use crate::limits::{DAY_MS, MINUTE_MS};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

/// Largest block time: the end of year 9999 in milliseconds since 1970, the last that RFC 3339 can write.
const TIME_MS_MAX: u64 = 253_402_300_799_999;

/// A moment in milliseconds since 1970-01-01T00:00:00Z, as a block's header states it. Strictly rising from block to block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockTime(u64);

impl BlockTime {
    /// Takes milliseconds since 1970, up to the year 9999.
    pub fn from_ms(ms: u64) -> Option<Self> {
        (ms <= TIME_MS_MAX).then_some(Self(ms))
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// The minute that holds this moment, counted from 1970.
    pub const fn minute(self) -> u64 {
        self.0 / MINUTE_MS
    }

    /// This moment and some milliseconds, held at the end of the year 9999.
    pub fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms).min(TIME_MS_MAX))
    }
}

impl fmt::Display for BlockTime {
    /// RFC 3339 in UTC with three decimals: `2026-11-22T09:30:00.000Z`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = i128::from(self.0) * 1_000_000;
        match OffsetDateTime::from_unix_timestamp_nanos(nanoseconds) {
            Ok(moment) => write!(
                out,
                "{}T{:02}:{:02}:{:02}.{:03}Z",
                moment.date(),
                moment.hour(),
                moment.minute(),
                moment.second(),
                moment.millisecond()
            ),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}

impl FromStr for BlockTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            let given: String = text.chars().take(60).collect();
            format!(
                "'{given}' is no time: expected RFC 3339 as in 2026-11-22T09:30:00.000Z, to the millisecond, from 1970 on"
            )
        };
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refused())?;
        let nanoseconds = moment.unix_timestamp_nanos();
        if nanoseconds % 1_000_000 != 0 {
            return Err(refused());
        }
        u64::try_from(nanoseconds / 1_000_000).ok().and_then(Self::from_ms).ok_or_else(refused)
    }
}

impl Serialize for BlockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for BlockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            let ms = u64::deserialize(deserializer)?;
            Self::from_ms(ms).ok_or_else(|| de::Error::custom(format!("{ms} ms lies beyond the year 9999")))
        }
    }
}

/// A block's height. The genesis has height 0, the first block 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Height(pub u64);

impl fmt::Display for Height {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl Serialize for Height {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Height {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

/// A calendar day without a zone, counted from 1970-01-01. JSON form: `2026-11-22`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// Days from 1970-01-01 to 9999-12-31.
const DAY_MAX: u32 = 2_932_896;
/// Julian day number of 1970-01-01.
const JULIAN_1970: i32 = 2_440_588;

impl Day {
    /// Takes a count of days since 1970-01-01, up to 9999-12-31.
    pub fn from_number(number: u32) -> Option<Self> {
        (number <= DAY_MAX).then_some(Self(number))
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The day that holds a number of milliseconds since 1970 of local time.
    pub fn of_local_ms(ms: u64) -> Self {
        Self(u32::try_from(ms / DAY_MS).unwrap_or(DAY_MAX).min(DAY_MAX))
    }

    /// The Gregorian year.
    pub fn year(self) -> u16 {
        self.date().map_or(9999, |date| u16::try_from(date.year()).unwrap_or(9999))
    }

    /// 0 for Monday to 6 for Sunday.
    pub const fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3) % 7
    }

    /// The day after, held at 9999-12-31.
    pub fn next(self) -> Self {
        Self((self.0 + 1).min(DAY_MAX))
    }

    fn date(self) -> Option<Date> {
        let julian = i32::try_from(self.0).ok()?.checked_add(JULIAN_1970)?;
        Date::from_julian_day(julian).ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(out, "{date}"),
            None => write!(out, "day {}", self.0),
        }
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |text: &str| {
            let mut parts = text.splitn(3, '-');
            let year = parts.next()?.parse().ok()?;
            let month = time::Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
            let date = Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()?;
            Self::from_number(u32::try_from(date.to_julian_day().checked_sub(JULIAN_1970)?).ok()?)
        };
        read(text).filter(|day| day.to_string() == text).ok_or_else(|| {
            format!("'{}' is no day: expected as in 2026-11-22", text.chars().take(40).collect::<String>())
        })
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u32(self.0) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            let number = u32::deserialize(deserializer)?;
            Self::from_number(number)
                .ok_or_else(|| de::Error::custom(format!("day {number} lies beyond the year 9999")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_what_they_write() {
        for text in ["1970-01-01T00:00:00.000Z", "2026-11-22T09:30:00.125Z", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(text.parse::<BlockTime>().unwrap().to_string(), text);
        }
        assert_eq!("2026-11-22T17:30:00+08:00".parse::<BlockTime>().unwrap().to_string(), "2026-11-22T09:30:00.000Z");
        for bad in ["", "2026-11-22", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-11-22T09:30:00.0001Z"] {
            assert!(bad.parse::<BlockTime>().is_err(), "{bad}");
        }
        assert_eq!(BlockTime::from_ms(TIME_MS_MAX).unwrap().after_ms(1).ms(), TIME_MS_MAX);
    }

    #[test]
    fn days_know_year_and_weekday() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!((day.year(), day.weekday()), (2026, 6));
        assert_eq!("1970-01-01".parse::<Day>().unwrap().number(), 0);
        assert_eq!("9999-12-31".parse::<Day>().unwrap().number(), DAY_MAX);
        assert_eq!("2024-02-28".parse::<Day>().unwrap().next().to_string(), "2024-02-29");
        for bad in ["", "2026-02-29", "2026-2-9", "1969-12-31", "2026-11-22Z"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
