//! A second interpreter of the language of contracts, to judge the first.
//!
//! It was written from the page of the language alone. A body runs on copies, and what fails throws the copies away.
//! Values carry their type with them, so that each operator looks at what it was given and refuses what the page does
//! not name. Dates are found by walking over months and days.

use crate::{MOST, plain};
use seaway_types::contract::{
    Action, Anchor, Blocks, Code, Deadline, Next, Op, Quantity, Ratio, Rounding, Type, Value,
};
use seaway_types::{Amount, BlockTime, Calendar, Hash32};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: i128 = 60_000;
const DAY: i128 = 86_400_000;

/// Minor units by party and asset. Zero is not kept.
pub type Pots = BTreeMap<(u8, u8), i128>;

/// An instance at a moment.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The names say it; parameters and variables stand in the order of the code.
pub struct Situation<'a> {
    pub code: &'a Code,
    pub parameters: &'a [Value],
    pub variables: Vec<Value>,
    pub pots: Pots,
    pub state: u8,
    pub now: BlockTime,
    pub entered: BlockTime,
}

/// A movement of money; its amount is above zero.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Positions of parties and assets, and minor units.
pub enum Flow {
    /// From a party's account into its pot; pulled within an allowance, or deposited.
    In { party: u8, asset: u8, amount: i128, pulled: bool },
    /// From a pot into a pot.
    Between { from: u8, to: u8, asset: u8, amount: i128 },
    /// From a pot onto an account.
    Out { from: u8, to: u8, asset: u8, amount: i128 },
}

/// What becomes of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// It goes on, its deadline as it was.
    Stay,
    /// This one is entered, even if it is the same.
    Enter(u8),
    /// The contract ends; whoever asked empties the pots that are left.
    Close,
}

/// What a call or a timeout did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What the pots hold afterwards, before a `close` empties them.
    pub pots: Pots,
    /// The variables afterwards.
    pub variables: Vec<Value>,
    /// Where money went, in order.
    pub flows: Vec<Flow>,
    /// What becomes of the state.
    pub next: Where,
    /// What was told, in order.
    pub emitted: Vec<(String, Value)>,
    /// Each `convert` in order: the amount, numerator and denominator as applied, what came out, what rounding left.
    pub conversions: Vec<(i128, u64, u64, i128, i128)>,
}

/// One call of a clause, or `None` where anything refuses it. `can_pull` is asked with party, asset and amount.
pub fn call(
    situation: &Situation<'_>,
    clause: u8,
    arguments: &[Value],
    can_pull: &mut dyn FnMut(u8, u8, i128) -> bool,
) -> Option<Done> {
    let state = situation.code.states.get(usize::from(situation.state))?;
    let clause = state.clauses.get(usize::from(clause))?;
    let mut run = Run::inside(situation);
    for (declared, value) in clause.arguments.iter().zip(arguments) {
        run.arguments.push(typed(declared.kind, value)?);
    }
    run.done.next = run.body(&clause.body, can_pull)?;
    // The role left open is played for one call, so nobody would own what stays behind.
    let caller = situation.code.parties.len();
    let left_behind = run.done.pots.keys().any(|(party, _)| usize::from(*party) == caller);
    if left_behind { None } else { Some(run.done) }
}

/// What happens at the deadline, or `None` where no timeout may do it. `can_pull` is asked as in a call.
pub fn timeout(situation: &Situation<'_>, can_pull: &mut dyn FnMut(u8, u8, i128) -> bool) -> Option<Done> {
    let state = situation.code.states.get(usize::from(situation.state))?;
    let mut run = Run::inside(situation);
    run.done.next = run.body(&state.timeout, can_pull)?;
    // A state whose deadline has passed cannot go on.
    if run.done.next == Where::Stay { None } else { Some(run.done) }
}

/// The deadline of a state entered at a moment. `calendar` gives the calendar of an asset by its position.
pub fn deadline(
    code: &Code,
    parameters: &[Value],
    variables: &[Value],
    state: u8,
    entered: BlockTime,
    calendar: &dyn Fn(u8) -> Calendar,
) -> Option<BlockTime> {
    let mut run = Run::outside(code, parameters, variables.to_vec());
    let entered = i128::from(entered.ms());
    moment(match &code.states.get(usize::from(state))?.until {
        Deadline::At(parameter) => run.anchor(Anchor::Parameter(*parameter), entered)?,
        Deadline::After(length) => {
            let Held::Duration(length) = run.eval(length)? else { return None };
            entered + length
        }
        Deadline::Months { anchor, count, offset } => {
            let (count, offset) = (run.number(count, 0, 1200)?, run.number(offset, -840, 840)?);
            months_after(run.anchor(*anchor, entered)?, count, offset * MINUTE)
        }
        Deadline::BankingDays { anchor, count, asset } => {
            let count = run.number(count, 0, 1200)?;
            banking_days_after(run.anchor(*anchor, entered)?, count, &calendar(*asset))
        }
    })
}

/// The variables at opening, or `None` where a counter is not in 0 to 600 or arithmetic fails.
pub fn initial(code: &Code, parameters: &[Value]) -> Option<Vec<Value>> {
    let mut run = Run::outside(code, parameters, Vec::new());
    let mut begun = Vec::new();
    for variable in &code.variables {
        let value = run.eval(&variable.initial)?;
        if variable.kind == Type::Counter && !matches!(value, Held::Int(0..=600)) {
            return None;
        }
        begun.push(stored(variable.kind, value)?);
    }
    Some(begun)
}

/// Whether all conditions hold. One whose arithmetic fails does not.
pub fn conditions(code: &Code, parameters: &[Value]) -> bool {
    let run = || Run::outside(code, parameters, Vec::new());
    code.conditions.iter().all(|condition| run().truth(condition) == Some(true))
}

/// A value that knows its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Bool(bool),
    Int(i128),
    Money(i128, u8),
    Ratio(Ratio),
    Rate(Ratio, u8, u8),
    Time(i128),
    Duration(i128),
    Hash([u8; 32]),
}

/// What expressions read and bodies change.
struct Run<'a> {
    code: &'a Code,
    parameters: &'a [Value],
    arguments: Vec<Held>,
    locals: Vec<Held>,
    /// `now` and `entered`; absent outside bodies, where an expression may read neither these nor pots.
    moments: Option<(BlockTime, BlockTime)>,
    done: Done,
}

impl<'a> Run<'a> {
    /// For conditions, initial values and deadlines.
    fn outside(code: &'a Code, parameters: &'a [Value], variables: Vec<Value>) -> Self {
        let (flows, emitted, conversions) = (Vec::new(), Vec::new(), Vec::new());
        let done = Done { pots: Pots::new(), variables, flows, next: Where::Stay, emitted, conversions };
        Self { code, parameters, arguments: Vec::new(), locals: Vec::new(), moments: None, done }
    }

    /// For bodies.
    fn inside(situation: &Situation<'a>) -> Self {
        let mut run = Self::outside(situation.code, situation.parameters, situation.variables.clone());
        run.done.pots = situation.pots.clone();
        run.moments = Some((situation.now, situation.entered));
        run
    }

    /// Runs blocks from the first until one says what becomes of the state.
    fn body(&mut self, blocks: &Blocks, can_pull: &mut dyn FnMut(u8, u8, i128) -> bool) -> Option<Where> {
        let mut position: u8 = 0;
        loop {
            let block = blocks.get(usize::from(position))?;
            for action in &block.actions {
                self.act(action, can_pull)?;
            }
            let (holds, then, otherwise) = match &block.next {
                Next::Stay => return Some(Where::Stay),
                Next::Goto(state) => return Some(Where::Enter(*state)),
                Next::Close => return Some(Where::Close),
                Next::Again { counter, state, otherwise } => {
                    let counter = self.done.variables.get_mut(usize::from(*counter))?;
                    let Value::Int(left) = counter else { return None };
                    if *left > 0 {
                        *left -= 1;
                        return Some(Where::Enter(*state));
                    }
                    (false, *otherwise, *otherwise)
                }
                Next::When { condition, then, otherwise } => (self.truth(condition)?, *then, *otherwise),
                Next::TryPull { amount, party, then, otherwise, .. } => {
                    (self.pulls(amount, *party, can_pull)?, *then, *otherwise)
                }
            };
            let ahead = if holds { then } else { otherwise };
            // Blocks lie ahead of those that name them, so this ends.
            if ahead <= position {
                return None;
            }
            position = ahead;
        }
    }

    fn act(&mut self, action: &Action, can_pull: &mut dyn FnMut(u8, u8, i128) -> bool) -> Option<()> {
        match action {
            Action::Let(_, value) => {
                let value = self.eval(value)?;
                self.locals.push(value);
            }
            Action::Require(condition) => self.truth(condition)?.then_some(())?,
            Action::Deposit { amount, party, .. } => {
                let (amount, asset) = self.money(amount)?;
                self.change(*party, asset, amount)?;
                self.flows(amount, Flow::In { party: *party, asset, amount, pulled: false });
            }
            Action::Pull { amount, party, .. } => self.pulls(amount, *party, can_pull)?.then_some(())?,
            Action::Move { quantity, from, to, asset } => {
                let (amount, asset) = self.take(quantity, *asset, *from)?;
                self.change(*to, asset, amount)?;
                self.flows(amount, Flow::Between { from: *from, to: *to, asset, amount });
            }
            Action::Pay { quantity, from, to, asset } => {
                let (amount, asset) = self.take(quantity, *asset, *from)?;
                self.flows(amount, Flow::Out { from: *from, to: *to, asset, amount });
            }
            Action::Set(variable, value) => {
                let kind = self.code.variables.get(usize::from(*variable))?.kind;
                let value = stored(kind, self.eval(value)?)?;
                *self.done.variables.get_mut(usize::from(*variable))? = value;
            }
            Action::Emit(label, value) => {
                let value = untyped(self.eval(value)?)?;
                self.done.emitted.push((label.as_str().to_owned(), value));
            }
        }
        Some(())
    }

    /// Takes a quantity out of a pot, and says how much of what that was.
    fn take(&mut self, quantity: &Quantity, named: u8, from: u8) -> Option<(i128, u8)> {
        let (amount, asset) = match quantity {
            Quantity::Exactly(amount) => self.money(amount)?,
            Quantity::UpTo(most) => {
                let (most, asset) = self.money(most)?;
                (most.min(self.pot(from, asset)), asset)
            }
            Quantity::Rest => (self.pot(from, named), named),
        };
        self.change(from, asset, -amount)?;
        Some((amount, asset))
    }

    fn pot(&self, party: u8, asset: u8) -> i128 {
        self.done.pots.get(&(party, asset)).copied().unwrap_or(0)
    }

    /// Adds to a pot, which holds Money and therefore has its range.
    fn change(&mut self, party: u8, asset: u8, by: i128) -> Option<()> {
        let after = self.pot(party, asset) + by;
        self.done.pots.insert((party, asset), after);
        self.done.pots.retain(|_, held| *held != 0);
        (0..=MOST).contains(&after).then_some(())
    }

    fn flows(&mut self, amount: i128, flow: Flow) {
        if amount > 0 {
            self.done.flows.push(flow);
        }
    }

    /// Pulls if that is allowed, and says whether it was. Nobody need allow that nothing is pulled.
    fn pulls(&mut self, amount: &[Op], party: u8, can_pull: &mut dyn FnMut(u8, u8, i128) -> bool) -> Option<bool> {
        let (amount, asset) = self.money(amount)?;
        let allowed = amount == 0 || can_pull(party, asset, amount);
        if allowed {
            self.change(party, asset, amount)?;
            self.flows(amount, Flow::In { party, asset, amount, pulled: true });
        }
        Some(allowed)
    }

    fn truth(&mut self, expression: &[Op]) -> Option<bool> {
        let Held::Bool(value) = self.eval(expression)? else { return None };
        Some(value)
    }

    fn money(&mut self, expression: &[Op]) -> Option<(i128, u8)> {
        let Held::Money(amount, asset) = self.eval(expression)? else { return None };
        Some((amount, asset))
    }

    /// An Int between two others.
    fn number(&mut self, expression: &[Op], least: i128, most: i128) -> Option<i128> {
        let Held::Int(value) = self.eval(expression)? else { return None };
        (least..=most).contains(&value).then_some(value)
    }

    /// The moment from which a date is counted.
    fn anchor(&self, anchor: Anchor, entered: i128) -> Option<i128> {
        let Anchor::Parameter(parameter) = anchor else { return Some(entered) };
        let Held::Time(ms) = self.read(Op::Parameter(parameter))? else { return None };
        Some(ms)
    }

    /// The one value with which an expression ends.
    fn eval(&mut self, expression: &[Op]) -> Option<Held> {
        let mut stack: Vec<Held> = Vec::new();
        for op in expression {
            let value = match *op {
                Op::Bool(_) | Op::Int(_) | Op::Money(..) | Op::Duration(_) => self.read(*op)?,
                Op::Parameter(_) | Op::Variable(_) | Op::Argument(_) | Op::Local(_) => self.read(*op)?,
                Op::Pot(..) | Op::Now | Op::Entered => self.read(*op)?,
                Op::Not | Op::Sha256 => match (op, stack.pop()?) {
                    (Op::Not, Held::Bool(value)) => Held::Bool(!value),
                    (Op::Sha256, Held::Hash(bytes)) => Held::Hash(sha256(&bytes)),
                    _ => return None,
                },
                _ => {
                    let right = stack.pop()?;
                    let left = stack.pop()?;
                    self.combined(*op, left, right)?
                }
            };
            stack.push(value);
        }
        let last = stack.pop()?;
        stack.is_empty().then_some(last)
    }

    /// A literal, or what a name stands for.
    fn read(&self, op: Op) -> Option<Held> {
        match op {
            Op::Bool(value) => Some(Held::Bool(value)),
            Op::Int(value) => Some(Held::Int(i128::from(value))),
            Op::Money(amount, asset) => money(i128::from(amount), asset),
            Op::Duration(ms) => duration(i128::from(ms)),
            Op::Parameter(at) => {
                typed(self.code.parameters.get(usize::from(at))?.kind, self.parameters.get(usize::from(at))?)
            }
            Op::Variable(at) => {
                typed(self.code.variables.get(usize::from(at))?.kind, self.done.variables.get(usize::from(at))?)
            }
            Op::Argument(at) => self.arguments.get(usize::from(at)).copied(),
            // A block is reached on one way only, so what can be named are the lets of that way, in order.
            Op::Local(at) => self.locals.get(usize::from(at)).copied(),
            Op::Pot(party, asset) if self.moments.is_some() => money(self.pot(party, asset), asset),
            Op::Now => self.moments.map(|(now, _)| Held::Time(i128::from(now.ms()))),
            Op::Entered => self.moments.map(|(_, entered)| Held::Time(i128::from(entered.ms()))),
            _ => None,
        }
    }

    /// What an operator makes of two values.
    fn combined(&mut self, op: Op, left: Held, right: Held) -> Option<Held> {
        match (op, left, right) {
            (Op::Add | Op::Sub, ..) => sum(op, left, right),
            (Op::Mul | Op::Div | Op::Rem, ..) => product(op, left, right),
            (Op::Min, ..) => Some(if order(left, right)?.is_le() { left } else { right }),
            (Op::Max, ..) => Some(if order(left, right)?.is_ge() { left } else { right }),
            (Op::Eq, ..) => Some(Held::Bool(same(left, right)?)),
            (Op::Ne, ..) => Some(Held::Bool(!same(left, right)?)),
            (Op::Lt, ..) => Some(Held::Bool(order_or_one(left, right)?.is_lt())),
            (Op::Le, ..) => Some(Held::Bool(order_or_one(left, right)?.is_le())),
            (Op::Gt, ..) => Some(Held::Bool(order_or_one(left, right)?.is_gt())),
            (Op::Ge, ..) => Some(Held::Bool(order_or_one(left, right)?.is_ge())),
            (Op::And, Held::Bool(a), Held::Bool(b)) => Some(Held::Bool(a && b)),
            (Op::Or, Held::Bool(a), Held::Bool(b)) => Some(Held::Bool(a || b)),
            (Op::MulDiv(rounding), Held::Money(amount, asset), Held::Ratio(by)) => {
                let exact = amount * i128::from(by.numerator());
                money(divided(exact, i128::from(by.denominator()), rounding)?, asset)
            }
            (Op::Convert(rounding), Held::Money(amount, asset), Held::Rate(rate, a, b)) if asset == a => {
                self.convert(amount, rate.numerator(), rate.denominator(), b, rounding)
            }
            (Op::ConvertBack(rounding), Held::Money(amount, asset), Held::Rate(rate, a, b)) if asset == b => {
                self.convert(amount, rate.denominator(), rate.numerator(), a, rounding)
            }
            _ => None,
        }
    }

    /// Exchanges an amount and records what rounding left.
    fn convert(&mut self, amount: i128, upper: u64, lower: u64, into: u8, rounding: Rounding) -> Option<Held> {
        let exact = amount * i128::from(upper);
        let out = divided(exact, i128::from(lower), rounding)?;
        let missed = exact - out * i128::from(lower);
        let remainder = match rounding {
            Rounding::Floor => missed,
            Rounding::Ceil => -missed,
            Rounding::HalfEven => return None,
        };
        self.done.conversions.push((amount, upper, lower, out, remainder));
        money(out, into)
    }
}

/// A value as the type of its place reads it.
fn typed(kind: Type, value: &Value) -> Option<Held> {
    match (kind, *value) {
        (Type::Bool, Value::Bool(value)) => Some(Held::Bool(value)),
        (Type::Int | Type::Counter, Value::Int(value)) => Some(Held::Int(value)),
        (Type::Money(asset), Value::Money(value)) => Some(Held::Money(plain(value), asset)),
        (Type::Ratio, Value::Ratio(value)) => Some(Held::Ratio(value)),
        (Type::Rate(first, second), Value::Ratio(value)) => Some(Held::Rate(value, first, second)),
        (Type::Time, Value::Time(value)) => Some(Held::Time(i128::from(value.ms()))),
        (Type::Duration, Value::Duration(value)) => Some(Held::Duration(i128::from(value))),
        (Type::Hash, Value::Hash(value)) => Some(Held::Hash(value.0)),
        _ => None,
    }
}

/// A value without its type, as it is kept and told.
fn untyped(held: Held) -> Option<Value> {
    Some(match held {
        Held::Bool(value) => Value::Bool(value),
        Held::Int(value) => Value::Int(value),
        Held::Money(value, _) => Value::Money(Amount::new(u64::try_from(value).ok()?).ok()?),
        Held::Ratio(value) | Held::Rate(value, ..) => Value::Ratio(value),
        Held::Time(value) => Value::Time(moment(value)?),
        Held::Duration(value) => Value::Duration(u64::try_from(value).ok()?),
        Held::Hash(value) => Value::Hash(Hash32(value)),
    })
}

/// A value for a place of a type: it must read there as what it was.
fn stored(kind: Type, held: Held) -> Option<Value> {
    let value = untyped(held)?;
    (typed(kind, &value)? == held).then_some(value)
}

fn money(amount: i128, asset: u8) -> Option<Held> {
    (0..=MOST).contains(&amount).then_some(Held::Money(amount, asset))
}

fn duration(ms: i128) -> Option<Held> {
    u64::try_from(ms).is_ok().then_some(Held::Duration(ms))
}

/// A moment from 1970 to the year 9999.
fn moment(ms: i128) -> Option<BlockTime> {
    BlockTime::from_ms(u64::try_from(ms).ok()?)
}

fn sum(op: Op, left: Held, right: Held) -> Option<Held> {
    let add = |a: i128, b: i128| if op == Op::Sub { a.checked_sub(b) } else { a.checked_add(b) };
    match (left, right) {
        (Held::Int(a), Held::Int(b)) => add(a, b).map(Held::Int),
        (Held::Money(a, asset), Held::Money(b, other)) if asset == other => money(add(a, b)?, asset),
        (Held::Duration(a), Held::Duration(b)) => duration(add(a, b)?),
        (Held::Time(a), Held::Duration(b)) => moment(add(a, b)?).map(|time| Held::Time(i128::from(time.ms()))),
        _ => None,
    }
}

fn product(op: Op, left: Held, right: Held) -> Option<Held> {
    let Held::Int(b) = right else { return None };
    let apply = |a: i128| match op {
        Op::Mul => a.checked_mul(b),
        Op::Div => a.checked_div(b),
        // A division by minus one leaves nothing, also of the lowest Int, where a processor's division overflows.
        Op::Rem if b == -1 => Some(0),
        Op::Rem => a.checked_rem(b),
        _ => None,
    };
    match left {
        Held::Int(a) => apply(a).map(Held::Int),
        Held::Money(a, asset) => money(apply(a)?, asset),
        _ => None,
    }
}

fn order(left: Held, right: Held) -> Option<Ordering> {
    match (left, right) {
        (Held::Int(a), Held::Int(b)) => Some(a.cmp(&b)),
        (Held::Money(a, asset), Held::Money(b, other)) if asset == other => Some(a.cmp(&b)),
        (Held::Time(a), Held::Time(b)) => Some(a.cmp(&b)),
        (Held::Duration(a), Held::Duration(b)) => Some(a.cmp(&b)),
        _ => None,
    }
}

/// The order of two values, or of a Ratio and one.
fn order_or_one(left: Held, right: Held) -> Option<Ordering> {
    match (left, right) {
        (Held::Ratio(ratio), Held::Int(1)) => Some(ratio.numerator().cmp(&ratio.denominator())),
        _ => order(left, right),
    }
}

/// Whether two values of one type are equal. Fractions are equal where they are the same number: 1/2 is 2/4.
fn same(left: Held, right: Held) -> Option<bool> {
    let cross = |a: Ratio, b: Ratio| u128::from(a.numerator()) * u128::from(b.denominator());
    match (left, right) {
        (Held::Bool(a), Held::Bool(b)) => Some(a == b),
        (Held::Hash(a), Held::Hash(b)) => Some(a == b),
        (Held::Ratio(a), Held::Ratio(b)) => Some(cross(a, b) == cross(b, a)),
        (Held::Rate(a, w, x), Held::Rate(b, y, z)) if (w, x) == (y, z) => Some(cross(a, b) == cross(b, a)),
        _ => order(left, right).map(Ordering::is_eq),
    }
}

/// The rounded quotient of two numbers that are not negative.
fn divided(exact: i128, by: i128, rounding: Rounding) -> Option<i128> {
    let down = exact.checked_div(by)?;
    let left = exact - down * by;
    let up = match rounding {
        Rounding::Floor => false,
        Rounding::Ceil => left > 0,
        Rounding::HalfEven => 2 * left > by || (2 * left == by && down % 2 == 1),
    };
    Some(if up { down + 1 } else { down })
}

/// Days from 1970-01-01 to the first of a month. Months are counted from January of the year 0.
fn first_of(month: i128) -> i128 {
    let year = month / 12;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths: [i128; 12] = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let this_year: i128 = lengths.iter().take((month % 12) as usize).sum();
    let past = year - 1;
    // From 0001-01-01 to 1970-01-01 it is 719,162 days.
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162 + this_year
}

/// So many months after a moment, at the same time of the day, where local time is `ahead` milliseconds ahead of UTC.
fn months_after(from: i128, count: i128, ahead: i128) -> i128 {
    let local = from + ahead;
    let day = local.div_euclid(DAY);
    // The local day can be the last of 1969.
    let mut month = 1969 * 12;
    while first_of(month + 1) <= day {
        month += 1;
    }
    let last = first_of(month + count + 1) - 1;
    let then = first_of(month + count) + (day - first_of(month));
    then.min(last) * DAY + local.rem_euclid(DAY) - ahead
}

/// The end of the local day that is so many banking days after the local day of a moment.
fn banking_days_after(from: i128, count: i128, calendar: &Calendar) -> i128 {
    let mut ahead = 0;
    for change in &calendar.offsets {
        if i128::from(change.starts.ms()) <= from {
            ahead = i128::from(change.minutes) * MINUTE;
        }
    }
    let listed: BTreeSet<i128> = calendar.days.iter().map(|listed| i128::from(listed.day.number())).collect();
    let horizon = listed.last().copied();
    let banking = |day: i128| match horizon {
        Some(last) if day <= last => listed.contains(&day),
        // 1970-01-01 was a Thursday: with Thursday as 4, Saturday is 6 and Sunday 0.
        _ => (1..=5).contains(&(day + 4).rem_euclid(7)),
    };
    let mut day = (from + ahead).div_euclid(DAY);
    let mut left = count;
    // A calendar without banking days must not hold a contract for ever.
    let last = day + 2 * count + 30;
    while left > 0 && day < last {
        day += 1;
        if banking(day) {
            left -= 1;
        }
    }
    (day + 1) * DAY - ahead
}

/// The first 32 bits behind the point of a root of a prime, of which SHA-256 makes its constants.
fn root_bits(prime: u128, power: u32) -> u32 {
    let (mut low, mut high) = (0u128, 1u128 << 40);
    while high - low > 1 {
        let middle = (low + high) / 2;
        let below = middle.pow(power) <= prime << (32 * power);
        (low, high) = if below { (middle, high) } else { (low, middle) };
    }
    (low % (1 << 32)) as u32
}

/// SHA-256 of 32 bytes (FIPS 180-4), which with their padding are a single block.
fn sha256(message: &[u8; 32]) -> [u8; 32] {
    let primes: Vec<u128> = (2..312u128).filter(|n| (2..*n).all(|divisor| *n % divisor != 0)).collect();
    let word = |four: &[u8]| u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
    let mut words: Vec<u32> = message.chunks(4).map(word).collect();
    // A bit that ends the message, zeros, and its length in bits.
    words.extend([1u32 << 31, 0, 0, 0, 0, 0, 0, 256]);
    for t in 16..64 {
        let (x, y) = (words[t - 15], words[t - 2]);
        let small_0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let small_1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        let next = small_1.wrapping_add(words[t - 7]).wrapping_add(small_0).wrapping_add(words[t - 16]);
        words.push(next);
    }
    let begin: Vec<u32> = primes.iter().take(8).map(|prime| root_bits(*prime, 2)).collect();
    let mut h = begin.clone();
    for (word, prime) in words.iter().zip(&primes) {
        let (a, e) = (h[0], h[4]);
        let big_1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & h[5]) ^ (!e & h[6]);
        let constant = root_bits(*prime, 3);
        let first = h[7].wrapping_add(big_1).wrapping_add(choice).wrapping_add(constant).wrapping_add(*word);
        let big_0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & h[1]) ^ (a & h[2]) ^ (h[1] & h[2]);
        // Each letter takes the value of the one before it; the first and the fifth are new.
        h.rotate_right(1);
        h[0] = first.wrapping_add(big_0).wrapping_add(majority);
        h[4] = h[4].wrapping_add(first);
    }
    let mut digest = [0u8; 32];
    for (place, (before, after)) in digest.chunks_mut(4).zip(begin.iter().zip(&h)) {
        place.copy_from_slice(&before.wrapping_add(*after).to_be_bytes());
    }
    digest
}
