//! What is asked when a contract is opened: conditions, initial values, and how long it can live.

use super::{Machine, dates};
use crate::program::Program;
use seaway_types::contract::{Anchor, Deadline, Next, Op, Type, Value};
use seaway_types::limits::{COUNTER_MAX, DAY_MS};
use seaway_types::time::BlockTime;

/// Why parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningFault {
    /// There are too many or too few.
    Count,
    /// One is of another type.
    Kind {
        /// Which.
        parameter: u8,
    },
    /// A condition does not hold, or cannot be worked out.
    Condition {
        /// Which.
        condition: u8,
    },
    /// An initial value leaves its range; a counter begins between 0 and 600.
    Variable {
        /// Which.
        variable: u8,
    },
}

fn place(position: usize) -> u8 {
    u8::try_from(position).unwrap_or(u8::MAX)
}

/// Checks parameters and conditions, and works out the variables.
pub fn initial_variables(program: &Program, parameters: &[Value]) -> Result<Vec<Value>, OpeningFault> {
    let code = program.code();
    if parameters.len() != code.parameters.len() {
        return Err(OpeningFault::Count);
    }
    let wrong = parameters.iter().zip(&code.parameters).position(|(value, declared)| !value.fits(declared.kind));
    if let Some(parameter) = wrong {
        return Err(OpeningFault::Kind { parameter: place(parameter) });
    }
    let machine = Machine::fixed(parameters, &[], BlockTime::default());
    let unmet = code.conditions.iter().position(|condition| machine.value(condition) != Ok(Value::Bool(true)));
    if let Some(condition) = unmet {
        return Err(OpeningFault::Condition { condition: place(condition) });
    }
    let mut variables = Vec::with_capacity(code.variables.len());
    for (position, variable) in code.variables.iter().enumerate() {
        let fault = OpeningFault::Variable { variable: place(position) };
        let value = machine.value(&variable.initial).map_err(|_| fault)?;
        let counts =
            |value: &Value| matches!(value, Value::Int(count) if (0..=i128::from(COUNTER_MAX)).contains(count));
        if variable.kind == Type::Counter && !counts(&value) {
            return Err(fault);
        }
        variables.push(value);
    }
    Ok(variables)
}

/// The latest moment at which a contract opened now can still be open, if every deadline has its block: `None` where a
/// deadline can leave its range.
///
/// Every state but those that end at a parameter lasts a known time from entering it, and it is entered at most once and
/// once more for each count of a counter that leads back across it. What lasts until a parameter ends with the last of these.
pub fn latest_end(program: &Program, parameters: &[Value], variables: &[Value], now: BlockTime) -> Option<BlockTime> {
    let code = program.code();
    let mut fixed = now;
    let mut relative_ms: u64 = 0;
    for (position, state) in code.states.iter().enumerate() {
        let mut ahead = |latest: BlockTime| fixed = fixed.max(latest);
        let stays = match &state.until {
            Deadline::At(parameter) => {
                ahead(dates::moment(parameters, *parameter)?);
                0
            }
            Deadline::After(duration) => match Machine::fixed(parameters, variables, now).value(duration) {
                Ok(Value::Duration(ms)) => ms,
                _ => return None,
            },
            Deadline::Months { anchor, count, offset } => {
                let (low, high) = range(count, parameters, variables)?;
                let (_, offset) = range(offset, parameters, variables)?;
                // At its least it must be in range too.
                dates::add_months(now, low, offset)?;
                match anchor {
                    Anchor::Parameter(parameter) => {
                        ahead(dates::add_months(dates::moment(parameters, *parameter)?, high, offset)?);
                        0
                    }
                    Anchor::Entered => days(u64::try_from(high).ok()?.checked_mul(31)?.checked_add(1)?)?,
                }
            }
            Deadline::BankingDays { anchor, count, .. } => {
                let (low, high) = range(count, parameters, variables)?;
                let most = (low >= 0 && high <= 1_200).then_some(u64::try_from(high).ok()?)?;
                let span = days(most.checked_mul(2)?.checked_add(32)?)?;
                match anchor {
                    Anchor::Parameter(parameter) => {
                        ahead(dates::later(dates::moment(parameters, *parameter)?, span)?);
                        0
                    }
                    Anchor::Entered => span,
                }
            }
        };
        relative_ms = relative_ms.checked_add(stays.checked_mul(visits(program, variables, position)?)?)?;
    }
    dates::later(fixed, relative_ms)
}

fn days(count: u64) -> Option<u64> {
    count.checked_mul(DAY_MS)
}

/// How often the states of a contract can be entered in all, but for calls back among states that end at parameters.
pub fn most_stays(program: &Program, variables: &[Value]) -> u64 {
    let states = 0..program.code().states.len();
    states.fold(0u64, |sum, state| sum.saturating_add(visits(program, variables, state).unwrap_or(u64::MAX)))
}

/// How often a state can be entered.
fn visits(program: &Program, variables: &[Value], state: usize) -> Option<u64> {
    let code = program.code();
    let mut counters = vec![false; code.variables.len()];
    for (from, other) in code.states.iter().enumerate() {
        for block in std::iter::once(&other.timeout).chain(other.clauses.iter().map(|clause| &clause.body)).flatten()
        {
            if let Next::Again { counter, state: to, .. } = block.next
                && (usize::from(to)..=from).contains(&state)
                && let Some(mark) = counters.get_mut(usize::from(counter))
            {
                *mark = true;
            }
        }
    }
    let counts = counters.iter().zip(variables).filter(|(used, _)| **used).map(|(_, value)| match value {
        Value::Int(count) => u64::try_from(*count).ok(),
        _ => None,
    });
    counts.into_iter().try_fold(1u64, |sum, count| sum.checked_add(count?))
}

/// The least and the most that a whole number of literals, parameters and counters can be; counters only fall to zero.
fn range(ops: &[Op], parameters: &[Value], variables: &[Value]) -> Option<(i128, i128)> {
    let mut stack: Vec<(i128, i128)> = Vec::new();
    for op in ops {
        let next = match *op {
            Op::Int(value) => (i128::from(value), i128::from(value)),
            Op::Parameter(position) => match parameters.get(usize::from(position)) {
                Some(Value::Int(value)) => (*value, *value),
                _ => return None,
            },
            Op::Variable(position) => match variables.get(usize::from(position)) {
                Some(Value::Int(value)) => (0, *value),
                _ => return None,
            },
            _ => {
                let (low_b, high_b) = stack.pop()?;
                let (low_a, high_a) = stack.pop()?;
                match op {
                    Op::Add => (low_a.checked_add(low_b)?, high_a.checked_add(high_b)?),
                    Op::Sub => (low_a.checked_sub(high_b)?, high_a.checked_sub(low_b)?),
                    Op::Min => (low_a.min(low_b), high_a.min(high_b)),
                    Op::Max => (low_a.max(low_b), high_a.max(high_b)),
                    Op::Mul => {
                        let corners = [(low_a, low_b), (low_a, high_b), (high_a, low_b), (high_a, high_b)];
                        let mut products = Vec::with_capacity(corners.len());
                        for (a, b) in corners {
                            products.push(a.checked_mul(b)?);
                        }
                        (*products.iter().min()?, *products.iter().max()?)
                    }
                    _ => return None,
                }
            }
        };
        stack.push(next);
    }
    stack.pop()
}
