//! How long a contract can live at most, asked when it is opened.

use crate::Model;
use crate::contract::blocks_of;
use seaway_types::contract::{Anchor, Code, Deadline, Next, Op, Terms, Value};
use seaway_types::limits::{CONTRACT_LIFETIME_MS_MAX, CONTRACT_STAYS_MAX, DAY_MS};
use seaway_types::reason::Reason;
use std::collections::BTreeSet;

/// When a state is over at the latest.
enum Reach {
    /// At a moment, whenever it is entered.
    Until(i128),
    /// So long after it was entered.
    Lasts(i128),
}

/// What an Int can be while counters count down.
struct Range {
    least: i128,
    most: i128,
    /// Variables with which it is the most.
    at_most: Vec<Value>,
}

fn days(count: i128) -> i128 {
    count * i128::from(DAY_MS)
}

impl Model {
    pub(crate) fn check_lifetime(&self, code: &Code, terms: &Terms, variables: &[Value]) -> Result<(), Reason> {
        let now = i128::from(self.now.ms());
        let most = i128::from(CONTRACT_LIFETIME_MS_MAX);
        let too_long = |end: i128| {
            let end = self.now.after_ms(u64::try_from(end - now).unwrap_or(u64::MAX));
            Reason::LifetimeTooLong { end, latest: self.now.after_ms(CONTRACT_LIFETIME_MS_MAX) }
        };
        let (mut fixed, mut moving) = (now, 0);
        let stays: i128 = (0..code.states.len()).map(|place| 1 + rounds(code, variables, place)).sum();
        if stays > i128::from(CONTRACT_STAYS_MAX) {
            return Err(Reason::TooManyStays { stays: u64::try_from(stays).unwrap_or(u64::MAX) });
        }
        for place in 0..code.states.len() {
            match self.reach(code, terms, variables, place).ok_or(too_long(i128::MAX))? {
                Reach::Until(moment) => fixed = fixed.max(moment),
                Reach::Lasts(span) => moving += span * (1 + rounds(code, variables, place)),
            }
        }
        if fixed + moving > now + most { Err(too_long(fixed + moving)) } else { Ok(()) }
    }

    /// How far a state reaches, or `None` where a date leaves its range.
    fn reach(&self, code: &Code, terms: &Terms, variables: &[Value], place: usize) -> Option<Reach> {
        let state = u8::try_from(place).ok()?;
        let now = i128::from(self.now.ms());
        let parameter = |at: u8| match terms.parameters.get(usize::from(at))? {
            Value::Time(time) => Some(i128::from(time.ms())),
            _ => None,
        };
        let range = |expression: &[Op], least: i128, most: i128| {
            let range = range_of(expression, &terms.parameters, variables)?;
            (least <= range.least && range.most <= most).then_some(range)
        };
        Some(match &code.states.get(place)?.until {
            Deadline::At(at) => Reach::Until(parameter(*at)?),
            // Only parameters can stand in it, so it is now what it will be.
            Deadline::After(_) => Reach::Lasts(i128::from(self.until(code, terms, variables, state)?.ms()) - now),
            Deadline::Months { anchor, count, offset } => {
                range(offset, -840, 840)?;
                let count = range(count, 0, 1200)?;
                match anchor {
                    Anchor::Parameter(_) => {
                        let latest = self.until(code, terms, &count.at_most, state)?;
                        Reach::Until(i128::from(latest.ms()))
                    }
                    Anchor::Entered => Reach::Lasts(days(31 * count.most + 1)),
                }
            }
            Deadline::BankingDays { anchor, count, .. } => {
                let span = days(2 * range(count, 0, 1200)?.most + 32);
                match anchor {
                    Anchor::Parameter(at) => Reach::Until(parameter(*at)? + span),
                    Anchor::Entered => Reach::Lasts(span),
                }
            }
        })
    }
}

/// How often a state can be entered again: each counter once by which a later state, or this one, leads back to it or
/// before it.
fn rounds(code: &Code, variables: &[Value], place: usize) -> i128 {
    let mut counters = BTreeSet::new();
    for block in code.states.iter().skip(place).flat_map(blocks_of) {
        if let Next::Again { counter, state, .. } = &block.next
            && usize::from(*state) <= place
        {
            counters.insert(usize::from(*counter));
        }
    }
    let initial = |counter: usize| match variables.get(counter) {
        Some(Value::Int(initial)) => *initial,
        _ => 0,
    };
    counters.into_iter().map(initial).sum()
}

/// Tries the values of counters: all of the first, and of further ones both ends. `None` where any trial fails.
fn range_of(expression: &[Op], parameters: &[Value], variables: &[Value]) -> Option<Range> {
    let mut counters = BTreeSet::new();
    for op in expression {
        if let Op::Variable(at) = op {
            counters.insert(usize::from(*at));
        }
    }
    let mut trials = vec![variables.to_vec()];
    for (order, counter) in counters.into_iter().enumerate() {
        let Some(Value::Int(initial)) = variables.get(counter) else { return None };
        let values: Vec<i128> = if order == 0 { (0..=*initial).collect() } else { vec![0, *initial] };
        let mut more = Vec::new();
        for trial in &trials {
            for value in &values {
                let mut trial = trial.clone();
                *trial.get_mut(counter)? = Value::Int(*value);
                more.push(trial);
            }
        }
        trials = more;
    }
    let mut range: Option<Range> = None;
    for trial in trials {
        let value = whole(expression, parameters, &trial)?;
        let best = range.as_ref().is_none_or(|range| value > range.most);
        let least = range.as_ref().map_or(value, |range| range.least.min(value));
        let (most, at_most) = match range {
            Some(range) if !best => (range.most, range.at_most),
            _ => (value, trial),
        };
        range = Some(Range { least, most, at_most });
    }
    range
}

/// An Int over literals, parameters and counters.
fn whole(expression: &[Op], parameters: &[Value], variables: &[Value]) -> Option<i128> {
    let int = |value: Option<&Value>| match value {
        Some(Value::Int(value)) => Some(*value),
        _ => None,
    };
    let mut stack: Vec<i128> = Vec::new();
    for op in expression {
        let value = match op {
            Op::Int(value) => i128::from(*value),
            Op::Parameter(at) => int(parameters.get(usize::from(*at)))?,
            Op::Variable(at) => int(variables.get(usize::from(*at)))?,
            _ => {
                let right = stack.pop()?;
                let left = stack.pop()?;
                match op {
                    Op::Add => left.checked_add(right)?,
                    Op::Sub => left.checked_sub(right)?,
                    Op::Mul => left.checked_mul(right)?,
                    Op::Div => left.checked_div(right)?,
                    Op::Rem if right == -1 => 0,
                    Op::Rem => left.checked_rem(right)?,
                    Op::Min => left.min(right),
                    Op::Max => left.max(right),
                    _ => return None,
                }
            }
        };
        stack.push(value);
    }
    let last = stack.pop()?;
    stack.is_empty().then_some(last)
}
