//! Why code is refused: the rule, the place, and what is wrong in words.

use std::fmt;

/// The verifier's rules, by their numbers on the page of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rule {
    /// Canonical form, distinct names, positions that exist.
    Form = 1,
    /// Types and assets.
    Types = 2,
    /// The order of blocks.
    Blocks = 3,
    /// Edges between states.
    Edges = 4,
    /// Timeouts are total.
    Total = 5,
    /// What is paid is covered.
    Funding = 6,
    /// Money moves with its owner's signature.
    Consent = 7,
    /// What deadlines, initial values and conditions may read.
    Fixed = 8,
    /// Bounds.
    Bounds = 9,
    /// Rates and ratios.
    Rates = 10,
}

/// A part of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A party, or the caller after the last.
    Party(u8),
    /// A panel.
    Panel(u8),
    /// An asset.
    Asset(u8),
    /// A parameter.
    Parameter(u8),
    /// A condition.
    Condition(u8),
    /// A variable.
    Variable(u8),
    /// A state's deadline.
    Deadline,
    /// An actor of a clause.
    Actor(u8),
    /// An argument of a clause.
    Argument(u8),
}

/// Where in a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The state, by position.
    pub state: Option<u8>,
    /// The clause, by position in the state; none in the state's timeout.
    pub clause: Option<u8>,
    /// The block, by position in the body.
    pub block: Option<u8>,
    /// The action, by position in the block; one past the last is the block's end.
    pub action: Option<u8>,
    /// A part of header, state or clause.
    pub part: Option<Part>,
}

impl Place {
    /// The whole contract.
    pub const CONTRACT: Self = Self { state: None, clause: None, block: None, action: None, part: None };

    /// A state.
    pub fn state(state: usize) -> Self {
        Self { state: u8::try_from(state).ok(), ..Self::CONTRACT }
    }

    /// A clause of this state; none for its timeout.
    pub fn clause(self, clause: Option<usize>) -> Self {
        Self { clause: clause.and_then(|clause| u8::try_from(clause).ok()), ..self }
    }

    /// An action of a block of this body.
    pub fn at(self, block: usize, action: usize) -> Self {
        Self { block: u8::try_from(block).ok(), action: u8::try_from(action).ok(), ..self }
    }

    /// A part of this.
    pub fn part(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }
}

/// Why code is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// By which rule.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(rule: Rule, place: Place, what: impl Into<String>) -> Self {
        Self { rule, place, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (rule {}", self.what, self.rule as u8)?;
        if let Some(state) = self.place.state {
            write!(out, ", state {state}")?;
        }
        if let Some(clause) = self.place.clause {
            write!(out, ", clause {clause}")?;
        }
        if let Some(action) = self.place.action {
            write!(out, ", action {action} of block {}", self.place.block.unwrap_or(0))?;
        }
        out.write_str(")")
    }
}
