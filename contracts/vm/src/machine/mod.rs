//! The interpreter: runs a clause or a timeout of a [`Program`] on what an instance holds, and says what should move.
//!
//! Invariant: a pure function; it reads nothing but its inputs, ends after at most one step for each element of the body,
//! and leaves what it was given as it was. Whoever carries its answer out asks again whether the pots are right.

mod arithmetic;
mod dates;
mod opening;

pub use arithmetic::{bought_for, cost_of};
pub use opening::{OpeningFault, initial_variables, latest_end, most_stays};

use crate::program::Program;
use arithmetic::{Failed, element};
use seaway_types::amount::Amount;
use seaway_types::calendar::Calendar;
use seaway_types::contract::{Action, Block, Conversion, Deadline, Emitted, Next, Op, Quantity, Value};
use seaway_types::state::Pot;
use seaway_types::time::BlockTime;
use smallvec::SmallVec;

/// What an instance is when something happens to it.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Its code.
    pub program: &'a Program,
    /// Its parameters, in the order and of the types of the code.
    pub parameters: &'a [Value],
    /// Its variables, likewise.
    pub variables: &'a [Value],
    /// What its pots hold.
    pub pots: &'a [Pot],
    /// Block time.
    pub now: BlockTime,
    /// When the state was entered.
    pub entered: BlockTime,
}

/// A movement of money; amounts are above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// From a party's account into its pot: deposited, or pulled within an allowance.
    In {
        /// Whose.
        party: u8,
        /// Of what.
        asset: u8,
        /// How much.
        amount: Amount,
        /// Whether an allowance is needed.
        pulled: bool,
    },
    /// From one pot into another.
    Between {
        /// Out of whose pot.
        from: u8,
        /// Into whose.
        to: u8,
        /// Of what.
        asset: u8,
        /// How much.
        amount: Amount,
    },
    /// From a pot onto an account.
    Out {
        /// Out of whose pot.
        from: u8,
        /// Onto whose account.
        to: u8,
        /// Of what.
        asset: u8,
        /// How much.
        amount: Amount,
    },
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// The state goes on.
    Stay,
    /// A state is entered.
    Enter(u8),
    /// The contract ends; what the pots still hold goes to their owners.
    Close,
}

/// What should happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Movements in order.
    pub flows: SmallVec<[Flow; 8]>,
    /// What the pots hold then, without empty ones, by party and asset.
    pub pots: SmallVec<[Pot; 8]>,
    /// The variables then.
    pub variables: SmallVec<[Value; 4]>,
    /// What comes next.
    pub next: Where,
    /// What it tells.
    pub emitted: Vec<Emitted>,
    /// Exchanges that were worked out.
    pub conversions: Vec<Conversion>,
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A `require` does not hold.
    Requirement,
    /// A value leaves its range.
    Arithmetic,
    /// A pot holds too little.
    PotShort {
        /// Whose.
        party: u8,
        /// What it holds.
        held: Amount,
        /// What is needed.
        needed: Amount,
    },
    /// The host does not let the contract pull.
    Pull,
    /// The caller would leave money in the contract.
    CallerPotLeft,
    /// A position that does not exist, which the verifier excludes.
    Broken,
}

/// Why a call is refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The block of the body.
    pub block: u8,
    /// The action in it; one past the last is its end.
    pub action: u8,
    /// Why.
    pub why: Why,
}

/// Asked whether a party's money can be pulled: party, asset, amount.
pub type CanPull<'a> = &'a mut dyn FnMut(u8, u8, Amount) -> bool;

/// Runs a clause. The arguments fit the clause in number and type.
pub fn call(
    situation: &Situation,
    state: u8,
    clause: u8,
    arguments: &[Value],
    can_pull: CanPull,
) -> Result<Done, Refusal> {
    let states = &situation.program.code().states;
    let clause = states.get(usize::from(state)).and_then(|state| state.clauses.get(usize::from(clause)));
    let body = clause.map_or(&[][..], |clause| &clause.body);
    run(situation, body, arguments, can_pull)
}

/// Runs what happens at the deadline of a state.
pub fn timeout(situation: &Situation, state: u8, can_pull: CanPull) -> Result<Done, Refusal> {
    let states = &situation.program.code().states;
    let body = states.get(usize::from(state)).map_or(&[][..], |state| &state.timeout);
    run(situation, body, &[], can_pull)
}

/// The deadline of a state that is entered now; `None` where a number leaves its range, which opening excludes.
pub fn deadline(
    program: &Program,
    parameters: &[Value],
    variables: &[Value],
    state: u8,
    entered: BlockTime,
    calendar: impl FnOnce(u8) -> Calendar,
) -> Option<BlockTime> {
    let state = program.code().states.get(usize::from(state))?;
    let machine = Machine::fixed(parameters, variables, entered);
    let whole = |ops: &[Op]| match machine.value(ops) {
        Ok(Value::Int(value)) => Some(value),
        _ => None,
    };
    match &state.until {
        Deadline::At(position) => dates::moment(parameters, *position),
        Deadline::After(duration) => match machine.value(duration) {
            Ok(Value::Duration(ms)) => dates::later(entered, ms),
            _ => None,
        },
        Deadline::Months { anchor, count, offset } => {
            dates::add_months(dates::anchor(parameters, *anchor, entered)?, whole(count)?, whole(offset)?)
        }
        Deadline::BankingDays { anchor, count, asset } => {
            dates::add_banking_days(dates::anchor(parameters, *anchor, entered)?, whole(count)?, &calendar(*asset))
        }
    }
}

fn run(situation: &Situation, body: &[Block], arguments: &[Value], can_pull: CanPull) -> Result<Done, Refusal> {
    let mut machine = Machine {
        parameters: situation.parameters,
        variables: situation.variables.iter().copied().collect(),
        arguments,
        locals: SmallVec::new(),
        pots: situation.pots.iter().copied().collect(),
        now: situation.now,
        entered: situation.entered,
        flows: SmallVec::new(),
        emitted: Vec::new(),
        conversions: Vec::new(),
    };
    let mut position = 0;
    loop {
        let refusal = |action: usize, why| Refusal {
            block: u8::try_from(position).unwrap_or(u8::MAX),
            action: u8::try_from(action).unwrap_or(u8::MAX),
            why,
        };
        let block = body.get(position).ok_or(refusal(0, Why::Broken))?;
        for (number, action) in block.actions.iter().enumerate() {
            machine.act(action, can_pull).map_err(|why| refusal(number, why))?;
        }
        let end = |why| refusal(block.actions.len(), why);
        match machine.after(&block.next, can_pull).map_err(end)? {
            // Blocks lie ahead of those that lead to them, so this ends.
            Step::Block(next) if usize::from(next) > position => position = usize::from(next),
            Step::Block(_) => return Err(end(Why::Broken)),
            Step::Done(next) => {
                let caller = situation.program.caller();
                if machine.pots.iter().any(|pot| Some(pot.party) == caller && !pot.amount.is_zero()) {
                    return Err(end(Why::CallerPotLeft));
                }
                return Ok(machine.done(next));
            }
        }
    }
}

enum Step {
    Block(u8),
    Done(Where),
}

/// What a run carries along.
struct Machine<'a> {
    parameters: &'a [Value],
    variables: SmallVec<[Value; 4]>,
    arguments: &'a [Value],
    locals: SmallVec<[Value; 4]>,
    pots: SmallVec<[Pot; 8]>,
    now: BlockTime,
    entered: BlockTime,
    flows: SmallVec<[Flow; 8]>,
    emitted: Vec<Emitted>,
    conversions: Vec<Conversion>,
}

impl From<Failed> for Why {
    fn from(_: Failed) -> Self {
        Self::Arithmetic
    }
}

impl<'a> Machine<'a> {
    /// For what reads parameters and variables alone.
    fn fixed(parameters: &'a [Value], variables: &[Value], entered: BlockTime) -> Self {
        Self {
            parameters,
            variables: variables.iter().copied().collect(),
            arguments: &[],
            locals: SmallVec::new(),
            pots: SmallVec::new(),
            now: entered,
            entered,
            flows: SmallVec::new(),
            emitted: Vec::new(),
            conversions: Vec::new(),
        }
    }

    fn done(mut self, next: Where) -> Done {
        self.pots.retain(|pot| !pot.amount.is_zero());
        self.pots.sort_unstable();
        let Self { flows, pots, variables, emitted, conversions, .. } = self;
        Done { flows, pots, variables, next, emitted, conversions }
    }

    fn value(&self, ops: &[Op]) -> Result<Value, Failed> {
        self.value_noting(ops, &mut |_| {})
    }

    fn value_noting(&self, ops: &[Op], note: &mut dyn FnMut(Conversion)) -> Result<Value, Failed> {
        let mut stack: SmallVec<[Value; 8]> = SmallVec::new();
        for op in ops {
            let value = match *op {
                Op::Parameter(position) => *self.parameters.get(usize::from(position)).ok_or(Failed)?,
                Op::Variable(position) => *self.variables.get(usize::from(position)).ok_or(Failed)?,
                Op::Argument(position) => *self.arguments.get(usize::from(position)).ok_or(Failed)?,
                Op::Local(position) => *self.locals.get(usize::from(position)).ok_or(Failed)?,
                Op::Pot(party, asset) => Value::Money(self.held(party, asset)),
                Op::Now => Value::Time(self.now),
                Op::Entered => Value::Time(self.entered),
                Op::Convert(rounding) | Op::ConvertBack(rounding) => {
                    let back = matches!(op, Op::ConvertBack(_));
                    let exchange = arithmetic::convert(&mut stack, rounding, back)?;
                    note(exchange);
                    Value::Money(exchange.out)
                }
                op => element(op, &mut stack)?,
            };
            stack.push(value);
        }
        stack.pop().ok_or(Failed)
    }

    fn held(&self, party: u8, asset: u8) -> Amount {
        let found = self.pots.iter().find(|pot| pot.party == party && pot.asset == asset);
        found.map_or(Amount::ZERO, |pot| pot.amount)
    }

    /// Works a value out, and keeps the exchanges in it for the event.
    fn work_out(&mut self, ops: &[Op]) -> Result<Value, Failed> {
        if !ops.iter().any(|op| matches!(op, Op::Convert(_) | Op::ConvertBack(_))) {
            return self.value(ops);
        }
        let mut made = Vec::new();
        let value = self.value_noting(ops, &mut |exchange| made.push(exchange))?;
        self.conversions.extend(made);
        Ok(value)
    }

    /// An amount, and the position of its asset.
    fn amount(&mut self, ops: &[Op]) -> Result<Amount, Failed> {
        match self.work_out(ops)? {
            Value::Money(amount) => Ok(amount),
            _ => Err(Failed),
        }
    }

    fn act(&mut self, action: &Action, can_pull: CanPull) -> Result<(), Why> {
        match action {
            Action::Let(_, value) => {
                let value = self.work_out(value)?;
                self.locals.push(value);
            }
            Action::Require(condition) => match self.work_out(condition)? {
                Value::Bool(true) => {}
                _ => return Err(Why::Requirement),
            },
            Action::Deposit { amount, party, asset } => self.take_in(amount, *party, *asset, None)?,
            Action::Pull { amount, party, asset } => self.take_in(amount, *party, *asset, Some(can_pull))?,
            Action::Move { quantity, from, to, asset } => {
                let amount = self.take_out(quantity, *from, *asset)?;
                if !amount.is_zero() {
                    self.add(*to, *asset, amount)?;
                    self.flows.push(Flow::Between { from: *from, to: *to, asset: *asset, amount });
                }
            }
            Action::Pay { quantity, from, to, asset } => {
                let amount = self.take_out(quantity, *from, *asset)?;
                if !amount.is_zero() {
                    self.flows.push(Flow::Out { from: *from, to: *to, asset: *asset, amount });
                }
            }
            Action::Set(variable, value) => {
                let value = self.work_out(value)?;
                *self.variables.get_mut(usize::from(*variable)).ok_or(Why::Broken)? = value;
            }
            Action::Emit(label, value) => {
                let value = self.work_out(value)?;
                self.emitted.push(Emitted { label: *label, value });
            }
        }
        Ok(())
    }

    fn take_in(&mut self, amount: &[Op], party: u8, asset: u8, pulled: Option<CanPull>) -> Result<(), Why> {
        let amount = self.amount(amount)?;
        if amount.is_zero() {
            return Ok(());
        }
        let is_pulled = pulled.is_some();
        if let Some(can_pull) = pulled
            && !can_pull(party, asset, amount)
        {
            return Err(Why::Pull);
        }
        self.add(party, asset, amount)?;
        self.flows.push(Flow::In { party, asset, amount, pulled: is_pulled });
        Ok(())
    }

    fn add(&mut self, party: u8, asset: u8, amount: Amount) -> Result<(), Why> {
        match self.pots.iter_mut().find(|pot| pot.party == party && pot.asset == asset) {
            Some(pot) => pot.amount = pot.amount.checked_add(amount).ok_or(Why::Arithmetic)?,
            None => self.pots.push(Pot { party, asset, amount }),
        }
        Ok(())
    }

    fn take_out(&mut self, quantity: &Quantity, party: u8, asset: u8) -> Result<Amount, Why> {
        let held = self.held(party, asset);
        let amount = match quantity {
            Quantity::Rest => held,
            Quantity::UpTo(amount) => self.amount(amount)?.min(held),
            Quantity::Exactly(amount) => self.amount(amount)?,
        };
        let short = Why::PotShort { party, held, needed: amount };
        let left = held.checked_sub(amount).ok_or(short)?;
        if let Some(pot) = self.pots.iter_mut().find(|pot| pot.party == party && pot.asset == asset) {
            pot.amount = left;
        }
        Ok(amount)
    }

    fn after(&mut self, next: &Next, can_pull: CanPull) -> Result<Step, Why> {
        Ok(match next {
            Next::Stay => Step::Done(Where::Stay),
            Next::Close => Step::Done(Where::Close),
            Next::Goto(state) => Step::Done(Where::Enter(*state)),
            Next::When { condition, then, otherwise } => match self.work_out(condition)? {
                Value::Bool(true) => Step::Block(*then),
                _ => Step::Block(*otherwise),
            },
            Next::Again { counter, state, otherwise } => {
                match self.variables.get_mut(usize::from(*counter)).ok_or(Why::Broken)? {
                    Value::Int(left) if *left > 0 => {
                        *left -= 1;
                        Step::Done(Where::Enter(*state))
                    }
                    _ => Step::Block(*otherwise),
                }
            }
            Next::TryPull { amount, party, asset, then, otherwise } => {
                let amount = self.amount(amount)?;
                if amount.is_zero() {
                    return Ok(Step::Block(*then));
                }
                if !can_pull(*party, *asset, amount) {
                    return Ok(Step::Block(*otherwise));
                }
                self.add(*party, *asset, amount)?;
                self.flows.push(Flow::In { party: *party, asset: *asset, amount, pulled: true });
                Step::Block(*then)
            }
        })
    }
}
