//! Dates of deadlines: months that clamp, and banking days.

use seaway_types::calendar::Calendar;
use seaway_types::contract::{Anchor, Value};
use seaway_types::limits::{DAY_MS, MINUTE_MS};
use seaway_types::time::{BlockTime, Day};
use time::{Date, Month};

/// Most months or banking days from an anchor: a hundred years, beyond any life of a contract.
const COUNT_MAX: i128 = 1_200;
/// Most minutes from UTC: fourteen hours.
const OFFSET_MINUTES_MAX: i128 = 840;
/// Julian day number of 1970-01-01.
const JULIAN_1970: i64 = 2_440_588;

/// A parameter of type Time.
pub(super) fn moment(parameters: &[Value], position: u8) -> Option<BlockTime> {
    match parameters.get(usize::from(position)) {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    }
}

/// From where a date is counted.
pub(super) fn anchor(parameters: &[Value], anchor: Anchor, entered: BlockTime) -> Option<BlockTime> {
    match anchor {
        Anchor::Entered => Some(entered),
        Anchor::Parameter(position) => moment(parameters, position),
    }
}

/// A moment so many milliseconds later.
pub(super) fn later(from: BlockTime, ms: u64) -> Option<BlockTime> {
    BlockTime::from_ms(from.ms().checked_add(ms)?)
}

/// So many months after a moment, in local time: the same day and time of day, or the month's last day.
pub(super) fn add_months(from: BlockTime, count: i128, offset_minutes: i128) -> Option<BlockTime> {
    let months = i64::try_from(count).ok().filter(|_| (0..=COUNT_MAX).contains(&count))?;
    let legal = (-OFFSET_MINUTES_MAX..=OFFSET_MINUTES_MAX).contains(&offset_minutes);
    let offset_ms = i64::try_from(offset_minutes).ok().filter(|_| legal)?.checked_mul(signed(MINUTE_MS)?)?;
    let local_ms = signed(from.ms())?.checked_add(offset_ms)?;
    let (day, time_of_day) = (local_ms.div_euclid(signed(DAY_MS)?), local_ms.rem_euclid(signed(DAY_MS)?));
    let date = Date::from_julian_day(i32::try_from(day.checked_add(JULIAN_1970)?).ok()?).ok()?;
    let month_number = i64::from(date.year()).checked_mul(12)?.checked_add(i64::from(u8::from(date.month())) - 1)?;
    let target = month_number.checked_add(months)?;
    let year = i32::try_from(target.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(target.rem_euclid(12)).ok()?.checked_add(1)?).ok()?;
    let clamped = date.day().min(month.length(year));
    let day =
        i64::from(Date::from_calendar_date(year, month, clamped).ok()?.to_julian_day()).checked_sub(JULIAN_1970)?;
    let ms = day.checked_mul(signed(DAY_MS)?)?.checked_add(time_of_day)?.checked_sub(offset_ms)?;
    BlockTime::from_ms(u64::try_from(ms).ok()?)
}

/// The end of the n-th banking day after a moment's own day, or of the day that the bound of the language names.
pub(super) fn add_banking_days(from: BlockTime, count: i128, calendar: &Calendar) -> Option<BlockTime> {
    let wanted = u32::try_from(count).ok().filter(|_| (0..=COUNT_MAX).contains(&count))?;
    let first = calendar.local(from).day.number();
    let last = first.checked_add(wanted.checked_mul(2)?)?.checked_add(30)?;
    let mut left = wanted;
    let mut day = first;
    while left > 0 && day < last {
        day = day.checked_add(1)?;
        if calendar.is_banking_day(Day::from_number(day)?) {
            left -= 1;
        }
    }
    let local_end = u64::from(day).checked_add(1)?.checked_mul(DAY_MS)?;
    let shift = calendar.offset_ms(from);
    BlockTime::from_ms(u64::try_from(signed(local_end)?.checked_sub(shift)?).ok()?)
}

fn signed(value: u64) -> Option<i64> {
    i64::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(from: &str, count: i128, offset: i128) -> String {
        add_months(from.parse().unwrap(), count, offset).unwrap().to_string()
    }

    #[test]
    fn months_count_from_the_anchor_and_clamp() {
        assert_eq!(months("2027-01-31T09:00:00Z", 1, 0), "2027-02-28T09:00:00.000Z");
        assert_eq!(months("2027-01-31T09:00:00Z", 2, 0), "2027-03-31T09:00:00.000Z");
        assert_eq!(months("2028-01-31T09:00:00Z", 1, 0), "2028-02-29T09:00:00.000Z");
        assert_eq!(months("2028-02-29T00:00:00Z", 12, 0), "2029-02-28T00:00:00.000Z");
        assert_eq!(months("2028-02-29T00:00:00Z", 48, 0), "2032-02-29T00:00:00.000Z");
        assert_eq!(months("2026-12-15T00:00:00Z", 1, 0), "2027-01-15T00:00:00.000Z");
    }

    #[test]
    fn months_are_those_of_local_time() {
        // In Hong Kong this is already 1 March: a month on it is 1 April there.
        assert_eq!(months("2027-02-28T17:00:00Z", 1, 480), "2027-03-31T17:00:00.000Z");
        assert_eq!(months("2027-02-28T17:00:00Z", 1, 0), "2027-03-28T17:00:00.000Z");
        assert_eq!(months("2027-03-01T03:00:00Z", 1, -300), "2027-03-29T03:00:00.000Z");
    }

    #[test]
    fn what_is_out_of_range_is_none() {
        let from = "2027-01-31T09:00:00Z".parse().unwrap();
        for (count, offset) in [(-1, 0), (1_201, 0), (1, 841), (1, -841), (i128::MAX, 0), (1, i128::MIN)] {
            assert_eq!(add_months(from, count, offset), None, "{count} {offset}");
        }
        assert_eq!(add_banking_days(from, -1, &Calendar::default()), None);
        assert_eq!(add_banking_days(from, 1_201, &Calendar::default()), None);
    }

    #[test]
    fn banking_days_skip_weekends_beyond_the_horizon() {
        // 2026-11-26 is a Thursday.
        let from = "2026-11-26T15:00:00Z".parse().unwrap();
        let at = |count| add_banking_days(from, count, &Calendar::default()).unwrap().to_string();
        assert_eq!(at(0), "2026-11-27T00:00:00.000Z");
        assert_eq!(at(1), "2026-11-28T00:00:00.000Z");
        assert_eq!(at(2), "2026-12-01T00:00:00.000Z");
        assert_eq!(at(5), "2026-12-04T00:00:00.000Z");
    }

    #[test]
    fn a_calendar_without_banking_days_does_not_stop_a_contract() {
        use seaway_types::calendar::BusinessDay;
        let far = BusinessDay { day: "2029-01-01".parse().unwrap(), opening: 0, cut_off: 1440 };
        let calendar = Calendar { days: vec![far].try_into().unwrap(), ..Calendar::default() };
        let from = "2026-11-26T15:00:00Z".parse().unwrap();
        assert_eq!(add_banking_days(from, 5, &calendar).unwrap().to_string(), "2027-01-06T00:00:00.000Z");
    }
}
