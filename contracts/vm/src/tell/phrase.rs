//! Phrases that both tables and prose are made of.

use crate::program::Program;
use crate::text::write_expression;
use seaway_types::asset::Exponent;
use seaway_types::contract::{
    Action, Actor, Anchor, Argument, Code, Deadline, Label, Name, Op, Quantity, Type, Value,
};

/// What the blanks of a contract were filled with, as a reader should see it.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// Each party.
    pub parties: Vec<String>,
    /// The members of each panel.
    pub panels: Vec<String>,
    /// Each asset, with its decimals.
    pub assets: Vec<(String, Exponent)>,
    /// Each parameter.
    pub parameters: Vec<Value>,
}

/// Writes phrases about one contract.
pub(super) struct Phrases<'a> {
    pub program: &'a Program,
    pub filled: Option<&'a Filled>,
    pub arguments: &'a [Argument],
    pub locals: Vec<Name>,
}

impl<'a> Phrases<'a> {
    pub fn new(program: &'a Program, filled: Option<&'a Filled>) -> Self {
        Self { program, filled, arguments: &[], locals: Vec::new() }
    }

    pub fn code(&self) -> &'a Code {
        self.program.code()
    }

    pub fn party(&self, position: u8) -> String {
        let code = self.code();
        code.parties.iter().chain(&code.caller).nth(usize::from(position)).map_or("?".to_owned(), Name::to_string)
    }

    pub fn state(&self, position: u8) -> String {
        self.code().states.get(usize::from(position)).map_or("?".to_owned(), |state| format!("'{}'", state.name))
    }

    pub fn asset(&self, position: u8) -> String {
        let filled = self.filled.and_then(|filled| filled.assets.get(usize::from(position)));
        let name = self.code().assets.get(usize::from(position));
        filled.map_or_else(|| name.map_or("?".to_owned(), Name::to_string), |(name, _)| name.clone())
    }

    pub fn panel(&self, position: u8) -> String {
        let panel = self.code().panels.get(usize::from(position));
        panel.map_or("?".to_owned(), |panel| format!("{} of {} {}", panel.threshold, panel.members, panel.name))
    }

    /// A value of a type: money in major units where the asset is known.
    pub fn value(&self, value: &Value, kind: Type) -> String {
        match (value, kind) {
            (Value::Money(amount), Type::Money(asset)) => {
                match self.filled.and_then(|filled| filled.assets.get(usize::from(asset))) {
                    Some((name, exponent)) => format!("{} {name}", amount.to_major(*exponent)),
                    None => format!("{amount} {}", self.asset(asset)),
                }
            }
            (Value::Duration(ms), _) => write_expression(self.code(), &[], &[], &[Op::Duration(*ms)]),
            (Value::Ratio(ratio), Type::Rate(base, quote)) => format!(
                "{} minor units of {} for {} of {}",
                ratio.numerator(),
                self.asset(quote),
                ratio.denominator(),
                self.asset(base)
            ),
            _ => value.to_string(),
        }
    }

    /// An expression; a parameter alone is shown with what it is.
    pub fn expression(&self, ops: &[Op]) -> String {
        let written = write_expression(self.code(), self.arguments, &self.locals, ops);
        let [Op::Parameter(position)] = ops else { return written };
        match self.parameter(*position) {
            Some(value) => format!("{value} ({written})"),
            None => written,
        }
    }

    /// What a parameter was filled with.
    pub fn parameter(&self, position: u8) -> Option<String> {
        let value = self.filled?.parameters.get(usize::from(position))?;
        let declared = self.code().parameters.get(usize::from(position))?;
        Some(self.value(value, declared.kind))
    }

    pub fn actor(&self, actor: Actor) -> String {
        match actor {
            Actor::Party(party) => self.party(party),
            Actor::Caller => self.party(u8::try_from(self.code().parties.len()).unwrap_or(u8::MAX)),
            Actor::Panel(panel) => self.panel(panel),
            Actor::Anyone => "anyone".to_owned(),
        }
    }

    fn anchor(&self, anchor: Anchor) -> String {
        match anchor {
            Anchor::Entered => "its beginning".to_owned(),
            Anchor::Parameter(position) => self.expression(&[Op::Parameter(position)]),
        }
    }

    pub fn deadline(&self, deadline: &Deadline) -> String {
        match deadline {
            Deadline::At(position) => format!("until {}", self.expression(&[Op::Parameter(*position)])),
            Deadline::After(duration) => format!("for {}", self.expression(duration)),
            Deadline::Months { anchor, count, offset } => format!(
                "until {} months after {}, in local time of {} minutes east of UTC",
                self.expression(count),
                self.anchor(*anchor),
                self.expression(offset)
            ),
            Deadline::BankingDays { anchor, count, asset } => format!(
                "until the end of {} banking days of {} after {}",
                self.expression(count),
                self.asset(*asset),
                self.anchor(*anchor)
            ),
        }
    }

    fn quantity(&self, quantity: &Quantity, asset: u8, from: u8) -> String {
        match quantity {
            Quantity::Exactly(amount) => self.expression(amount),
            Quantity::UpTo(amount) => format!("{}, or what is left of it,", self.expression(amount)),
            Quantity::Rest => format!("all {} in the pot of {}", self.asset(asset), self.party(from)),
        }
    }

    /// An action that moves money, as a sentence without its full stop; nothing for the others.
    pub fn movement(&self, action: &Action) -> Option<String> {
        Some(match action {
            Action::Deposit { amount, party, .. } => {
                format!("{} puts {} into its pot", self.party(*party), self.expression(amount))
            }
            Action::Pull { amount, party, .. } => {
                format!(
                    "{} is taken from {} as it allowed, into its pot",
                    self.expression(amount),
                    self.party(*party)
                )
            }
            Action::Move { quantity, from, to, asset } => {
                let quantity = self.quantity(quantity, *asset, *from);
                format!("{quantity} goes from the pot of {} into the pot of {}", self.party(*from), self.party(*to))
            }
            Action::Pay { quantity, from, to, asset } => {
                let quantity = self.quantity(quantity, *asset, *from);
                format!("{quantity} goes from the pot of {} to {}", self.party(*from), self.party(*to))
            }
            _ => return None,
        })
    }

    /// Any action, as a sentence without its full stop.
    pub fn action(&mut self, action: &Action) -> String {
        if let Some(movement) = self.movement(action) {
            return movement;
        }
        match action {
            Action::Let(name, value) => {
                let sentence = format!("{name} is {}", self.expression(value));
                self.locals.push(*name);
                sentence
            }
            Action::Require(condition) => format!("this is refused unless {}", self.expression(condition)),
            Action::Set(variable, value) => {
                let name = self.code().variables.get(usize::from(*variable)).map(|found| found.name);
                format!("{} becomes {}", name.map_or("?".to_owned(), |name| name.to_string()), self.expression(value))
            }
            Action::Emit(label, value) => told(label, &self.expression(value)),
            _ => String::new(),
        }
    }
}

fn told(label: &Label, value: &str) -> String {
    format!("the record says '{label}': {value}")
}
