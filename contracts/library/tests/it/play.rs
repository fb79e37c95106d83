//! A contract played without a ledger: what it is paid, what it pays, and what is left in it.

use crate::program;
use seaway_types::calendar::Calendar;
use seaway_types::contract::{Ratio, Value};
use seaway_types::hash::Hash32;
use seaway_types::state::Pot;
use seaway_types::time::BlockTime;
use seaway_types::{Amount, limits};
use seaway_vm::Program;
use seaway_vm::machine::{self, Done, Flow, OpeningFault, Situation, Where, Why};
use std::collections::BTreeMap;

pub const DAY: u64 = limits::DAY_MS;

pub fn money(units: u64) -> Value {
    Value::Money(Amount::new(units).unwrap())
}

pub fn int(value: i128) -> Value {
    Value::Int(value)
}

pub fn ratio(above: u64, below: u64) -> Value {
    Value::Ratio(Ratio::new(above, below).unwrap())
}

pub fn at(text: &str) -> Value {
    Value::Time(text.parse().unwrap())
}

pub fn lasts(ms: u64) -> Value {
    Value::Duration(ms)
}

pub fn hash(byte: u8) -> Value {
    Value::Hash(Hash32([byte; 32]))
}

/// An instance at play. Money of parties outside is counted from zero, so that what they paid in is negative.
#[derive(Clone)]
pub struct Play {
    program: std::rc::Rc<Program>,
    parameters: Vec<Value>,
    variables: Vec<Value>,
    pots: Vec<Pot>,
    pub state: Option<u8>,
    entered: BlockTime,
    deadline: BlockTime,
    pub now: BlockTime,
    /// By party and asset.
    pub outside: BTreeMap<(u8, u8), i128>,
    /// Whether parties can be pulled from.
    pub pulls: bool,
    pub told: Vec<String>,
}

impl Play {
    /// Opens a standard contract.
    pub fn open(name: &str, now: &str, parameters: &[Value]) -> Self {
        Self::try_open(name, now, parameters).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
    }

    pub fn try_open(name: &str, now: &str, parameters: &[Value]) -> Result<Self, OpeningFault> {
        let program = program(seaway_contracts::text_of(name).unwrap());
        let variables = machine::initial_variables(&program, parameters)?;
        let now: BlockTime = now.parse().unwrap();
        let end = machine::latest_end(&program, parameters, &variables, now).expect("a lifetime");
        assert!(end <= now.after_ms(limits::CONTRACT_LIFETIME_MS_MAX), "{name} could live until {end}");
        let mut play = Self {
            program: std::rc::Rc::new(program),
            parameters: parameters.to_vec(),
            variables,
            pots: Vec::new(),
            state: None,
            entered: now,
            deadline: now,
            now,
            outside: BTreeMap::new(),
            pulls: true,
            told: Vec::new(),
        };
        play.enter(0);
        Ok(play)
    }

    fn enter(&mut self, state: u8) {
        let found = machine::deadline(&self.program, &self.parameters, &self.variables, state, self.now, |_| {
            Calendar::default()
        });
        (self.state, self.entered, self.deadline) = (Some(state), self.now, found.expect("a deadline"));
    }

    fn name(&self, state: u8) -> &str {
        self.program.code().states[usize::from(state)].name.as_str()
    }

    /// The name of the present state; "closed" when there is none.
    pub fn at(&self) -> &str {
        self.state.map_or("closed", |state| self.name(state))
    }

    /// Until when the state lasts.
    pub fn until(&self) -> String {
        self.deadline.to_string()
    }

    fn run(
        &mut self,
        run: impl FnOnce(&Situation, u8, machine::CanPull) -> Result<Done, machine::Refusal>,
    ) -> Result<(), Why> {
        let state = self.state.expect("the contract is closed");
        let pulls = self.pulls;
        let (variables, pots) = (self.variables.clone(), self.pots.clone());
        let situation = Situation {
            program: &self.program,
            parameters: &self.parameters,
            variables: &variables,
            pots: &pots,
            now: self.now,
            entered: self.entered,
        };
        let done = run(&situation, state, &mut |_, _, _| pulls).map_err(|refusal| refusal.why)?;
        for flow in &done.flows {
            let mut add = |party: u8, asset: u8, amount: Amount, sign: i128| {
                *self.outside.entry((party, asset)).or_insert(0) += sign * i128::from(amount.minor_units());
            };
            match *flow {
                Flow::In { party, asset, amount, .. } => add(party, asset, amount, -1),
                Flow::Out { to, asset, amount, .. } => add(to, asset, amount, 1),
                Flow::Between { .. } => {}
            }
        }
        self.told.extend(done.emitted.iter().map(|told| told.label.to_string()));
        self.variables = done.variables.to_vec();
        self.pots = done.pots.to_vec();
        match done.next {
            Where::Stay => {}
            Where::Enter(state) => self.enter(state),
            Where::Close => {
                for pot in std::mem::take(&mut self.pots) {
                    *self.outside.entry((pot.party, pot.asset)).or_insert(0) += i128::from(pot.amount.minor_units());
                }
                self.state = None;
            }
        }
        self.conserved();
        Ok(())
    }

    /// What went in and did not come out is in the pots.
    fn conserved(&self) {
        let mut sums: BTreeMap<u8, i128> = BTreeMap::new();
        for ((_, asset), value) in &self.outside {
            *sums.entry(*asset).or_insert(0) += value;
        }
        for pot in &self.pots {
            *sums.entry(pot.asset).or_insert(0) += i128::from(pot.amount.minor_units());
        }
        assert!(sums.values().all(|sum| *sum == 0), "money came or went: {sums:?}");
    }

    /// Calls a clause of the present state, by the number in its heading.
    pub fn call(&mut self, number: u8, arguments: &[Value]) -> Result<(), Why> {
        let state = self.state.expect("the contract is closed");
        assert!(self.now < self.deadline, "the deadline comes first");
        let prefix = format!("{number}. ");
        let clauses = &self.program.code().states[usize::from(state)].clauses;
        let clause = clauses.iter().position(|clause| clause.label.as_str().starts_with(&prefix));
        let clause = clause.unwrap_or_else(|| panic!("'{}' has no clause {number}", self.at())) as u8;
        let arguments = arguments.to_vec();
        self.run(move |situation, state, can_pull| machine::call(situation, state, clause, &arguments, can_pull))
    }

    /// Lets the deadline come, and what it brings.
    pub fn time_out(&mut self) {
        self.now = self.now.max(self.deadline);
        self.run(machine::timeout).expect("a timeout is total");
    }

    pub fn later(&mut self, ms: u64) -> &mut Self {
        self.now = self.now.after_ms(ms);
        self
    }

    /// What a party has outside, compared with the beginning, in the first asset.
    pub fn has(&self, party: u8) -> i128 {
        self.has_of(party, 0)
    }

    pub fn has_of(&self, party: u8, asset: u8) -> i128 {
        self.outside.get(&(party, asset)).copied().unwrap_or(0)
    }

    /// From here on nobody acts: it ends, and everything is paid out.
    pub fn ends_by_itself(&self) -> Self {
        let mut alone = self.clone();
        for _ in 0..1_000 {
            if alone.state.is_none() {
                assert!(alone.pots.is_empty());
                return alone;
            }
            alone.time_out();
        }
        panic!("'{}' goes on for ever", alone.at());
    }
}
