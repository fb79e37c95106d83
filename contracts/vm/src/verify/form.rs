//! Rules 1, 3 and 9: names, positions, the order of blocks, bounds.

use crate::fault::{Fault, Part, Place, Rule};
use seaway_types::contract::{Action, Actor, Anchor, Block, Clause, Code, Deadline, Name, Next, Op, Quantity, Type};
use seaway_types::limits::{CLAUSE_ACTIONS_MAX, PANEL_MEMBERS_MAX};

/// Words that mean something in the language.
const RESERVED: [&str; 57] = [
    "Bool",
    "Duration",
    "Hash",
    "Int",
    "Money",
    "Rate",
    "Ratio",
    "Time",
    "add_banking_days",
    "add_months",
    "again",
    "and",
    "anyone",
    "assets",
    "attested",
    "by",
    "caller",
    "ceil",
    "clause",
    "close",
    "contract",
    "convert",
    "convert_back",
    "counter",
    "days",
    "deposit",
    "else",
    "emit",
    "entered",
    "false",
    "floor",
    "from",
    "goto",
    "half_even",
    "hours",
    "let",
    "max",
    "min",
    "minutes",
    "move",
    "ms",
    "muldiv",
    "not",
    "now",
    "on",
    "or",
    "panel",
    "param",
    "parties",
    "pay",
    "pot",
    "pull",
    "require",
    "rest",
    "set",
    "sha256",
    "state",
];
/// The rest of them.
const RESERVED_TOO: [&str; 12] =
    ["seconds", "stay", "then", "to", "true", "try", "until", "up_to", "var", "when", "where", "of"];

pub(super) fn check(code: &Code) -> Vec<Fault> {
    let mut checker = Checker { code, faults: Vec::new(), names: Vec::new(), place: Place::CONTRACT };
    checker.header();
    for (position, state) in code.states.iter().enumerate() {
        checker.place = Place::state(position);
        checker.deadline(&state.until);
        checker.body(&state.timeout, 0);
        for (number, clause) in state.clauses.iter().enumerate() {
            checker.place = Place::state(position).clause(Some(number));
            checker.clause(clause);
        }
    }
    checker.faults
}

/// How often a block converts one asset into another: an event tells each.
fn exchanges(block: &Block) -> usize {
    let converts = |ops: &[Op]| ops.iter().filter(|op| matches!(op, Op::Convert(_) | Op::ConvertBack(_))).count();
    let in_actions: usize = block.actions.iter().filter_map(super::edges::expressions).map(converts).sum();
    in_actions + super::edges::end_expression(&block.next).map_or(0, converts)
}

struct Checker<'a> {
    code: &'a Code,
    faults: Vec<Fault>,
    names: Vec<Name>,
    place: Place,
}

fn part(make: fn(u8) -> Part, position: usize) -> Part {
    make(u8::try_from(position).unwrap_or(u8::MAX))
}

impl Checker<'_> {
    fn fault(&mut self, rule: Rule, place: Place, what: impl Into<String>) {
        self.faults.push(Fault::new(rule, place, what));
    }

    /// A name of its own: a letter first, no reserved word, not given before.
    fn name(&mut self, name: Name, place: Place) {
        let text = name.as_str();
        let legal = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && text.starts_with(|first: char| first.is_ascii_alphabetic());
        if !legal {
            self.fault(
                Rule::Form,
                place,
                format!("'{text}' is no name: a letter, then letters, digits and underscores"),
            );
        }
        if RESERVED.contains(&text) || RESERVED_TOO.contains(&text) {
            self.fault(Rule::Form, place, format!("'{text}' is a word of the language"));
        }
        if self.names.contains(&name) {
            self.fault(Rule::Form, place, format!("'{text}' is named twice"));
        }
        self.names.push(name);
    }

    fn header(&mut self) {
        let code = self.code;
        self.name(code.name, Place::CONTRACT);
        self.names.clear();
        let at = |part: Part| Place::CONTRACT.part(part);
        for (position, name) in code.parties.iter().chain(&code.caller).enumerate() {
            self.name(*name, at(part(Part::Party, position)));
        }
        for (position, panel) in code.panels.iter().enumerate() {
            let place = at(part(Part::Panel, position));
            self.name(panel.name, place);
            let members = 1..=u8::try_from(PANEL_MEMBERS_MAX).unwrap_or(u8::MAX);
            if !members.contains(&panel.members) || panel.threshold == 0 || panel.threshold > panel.members {
                let what =
                    format!("{} of {} is no panel: 1 to 16 members, k of them", panel.threshold, panel.members);
                self.fault(Rule::Bounds, place, what);
            }
        }
        for (position, name) in code.assets.iter().enumerate() {
            self.name(*name, at(part(Part::Asset, position)));
        }
        for (position, parameter) in code.parameters.iter().enumerate() {
            let place = at(part(Part::Parameter, position));
            self.name(parameter.name, place);
            self.kind(parameter.kind, place, false);
        }
        for (position, condition) in code.conditions.iter().enumerate() {
            self.expression(condition, at(part(Part::Condition, position)), 0, 0);
        }
        for (position, variable) in code.variables.iter().enumerate() {
            let place = at(part(Part::Variable, position));
            self.name(variable.name, place);
            self.kind(variable.kind, place, true);
            self.expression(&variable.initial, place, 0, 0);
        }
        let common = self.names.len();
        for (position, state) in code.states.iter().enumerate() {
            self.name(state.name, Place::state(position));
        }
        self.names.truncate(common);
        if code.parties.is_empty() || code.assets.is_empty() || code.states.is_empty() || code.version == 0 {
            let what = "a contract has an edition above 0, and at least one party, one asset and one state";
            self.fault(Rule::Form, Place::CONTRACT, what);
        }
    }

    fn kind(&mut self, kind: Type, place: Place, variable: bool) {
        let assets = self.code.assets.len();
        let fits = match kind {
            Type::Money(asset) => usize::from(asset) < assets,
            Type::Rate(base, quote) => base != quote && usize::from(base.max(quote)) < assets,
            Type::Counter => variable,
            _ => true,
        };
        if !fits {
            self.fault(Rule::Form, place, "the type names assets that are not there, or is not for this");
        }
        if variable && matches!(kind, Type::Ratio | Type::Rate(..)) {
            self.fault(Rule::Rates, place, "ratios and rates do not change: make it a parameter");
        }
    }

    fn exists(&mut self, position: u8, count: usize, what: &str, place: Place) {
        if usize::from(position) >= count {
            self.fault(Rule::Form, place, format!("there is no {what} {position}"));
        }
    }

    /// A party, or the caller.
    fn party(&mut self, position: u8, place: Place) {
        let count = self.code.parties.len() + usize::from(self.code.caller.is_some());
        self.exists(position, count, "party", place);
    }

    fn expression(&mut self, ops: &[Op], place: Place, arguments: usize, locals: usize) {
        let code = self.code;
        if ops.is_empty() {
            self.fault(Rule::Types, place, "an expression is missing");
        }
        for op in ops {
            match *op {
                Op::Parameter(position) => self.exists(position, code.parameters.len(), "parameter", place),
                Op::Variable(position) => self.exists(position, code.variables.len(), "variable", place),
                Op::Argument(position) => self.exists(position, arguments, "argument", place),
                Op::Local(position) => self.exists(position, locals, "let", place),
                Op::Money(_, asset) => self.exists(asset, code.assets.len(), "asset", place),
                Op::Pot(party, asset) => {
                    self.party(party, place);
                    self.exists(asset, code.assets.len(), "asset", place);
                }
                _ => {}
            }
        }
    }

    fn deadline(&mut self, deadline: &Deadline) {
        let place = self.place.part(Part::Deadline);
        let parameters = self.code.parameters.len();
        let anchor = |checker: &mut Self, anchor: &Anchor| {
            if let Anchor::Parameter(position) = anchor {
                checker.exists(*position, parameters, "parameter", place);
            }
        };
        match deadline {
            Deadline::At(position) => self.exists(*position, parameters, "parameter", place),
            Deadline::After(duration) => self.expression(duration, place, 0, 0),
            Deadline::Months { anchor: from, count, offset } => {
                anchor(self, from);
                self.expression(count, place, 0, 0);
                self.expression(offset, place, 0, 0);
            }
            Deadline::BankingDays { anchor: from, count, asset } => {
                anchor(self, from);
                self.expression(count, place, 0, 0);
                self.exists(*asset, self.code.assets.len(), "asset", place);
            }
        }
    }

    fn clause(&mut self, clause: &Clause) {
        self.label(clause.label.as_str(), self.place);
        for (position, actor) in clause.actors.iter().enumerate() {
            let place = self.place.part(part(Part::Actor, position));
            match *actor {
                Actor::Party(party) => self.exists(party, self.code.parties.len(), "party", place),
                Actor::Panel(panel) => self.exists(panel, self.code.panels.len(), "panel", place),
                Actor::Caller if self.code.caller.is_none() => {
                    self.fault(Rule::Form, place, "the contract leaves no role open");
                }
                Actor::Caller | Actor::Anyone => {}
            }
            if clause.actors.iter().take(position).any(|other| other == actor) {
                self.fault(Rule::Form, place, "the same actor stands twice");
            }
        }
        if clause.actors.is_empty() {
            self.fault(Rule::Form, self.place, "nobody may act in this clause");
        }
        let common = self.names.len();
        for (position, argument) in clause.arguments.iter().enumerate() {
            let place = self.place.part(part(Part::Argument, position));
            self.name(argument.name, place);
            self.kind(argument.kind, place, false);
            if let Some(attested) = argument.attested {
                self.exists(attested.panel, self.code.panels.len(), "panel", place);
                self.label(attested.topic.as_str(), place);
            }
        }
        self.body(&clause.body, clause.arguments.len());
        self.names.truncate(common);
    }

    fn label(&mut self, text: &str, place: Place) {
        if text.contains('"') {
            self.fault(Rule::Form, place, "a text cannot hold a quotation mark");
        }
    }

    /// The blocks of a body stand in the order in which they are read, each reached once.
    fn body(&mut self, body: &[Block], arguments: usize) {
        let names = self.names.len();
        let exchanges = body.iter().map(exchanges).sum::<usize>();
        if exchanges > CLAUSE_ACTIONS_MAX {
            let what = format!("{exchanges} conversions are more than {CLAUSE_ACTIONS_MAX}");
            self.fault(Rule::Bounds, self.place, what);
        }
        let used = self.block(body, 0, arguments, 0, 0);
        if used != Some(body.len()) && self.faults.is_empty() {
            let what = "the blocks do not stand in the order in which they are read, each once";
            self.fault(Rule::Blocks, self.place, what);
        }
        self.names.truncate(names);
    }

    /// Checks the block at a position and those within it; the position after them. Positions only rise, so this ends.
    fn block(
        &mut self,
        body: &[Block],
        position: usize,
        arguments: usize,
        locals: usize,
        before: usize,
    ) -> Option<usize> {
        let block = body.get(position)?;
        let names = self.names.len();
        let mut locals = locals;
        for (number, action) in block.actions.iter().enumerate() {
            self.action(action, self.place.at(position, number), arguments, locals);
            locals += usize::from(matches!(action, Action::Let(..)));
        }
        let place = self.place.at(position, block.actions.len());
        let so_far = before + block.actions.len() + usize::from(matches!(block.next, Next::TryPull { .. }));
        if so_far > CLAUSE_ACTIONS_MAX {
            self.fault(
                Rule::Bounds,
                place,
                format!("{so_far} actions on one way are more than {CLAUSE_ACTIONS_MAX}"),
            );
        }
        let first = position + 1;
        let in_order = |then: u8| usize::from(then) == first;
        let end = match &block.next {
            Next::Stay | Next::Close => Some(first),
            Next::Goto(state) => {
                self.exists(*state, self.code.states.len(), "state", place);
                Some(first)
            }
            Next::Again { counter, state, otherwise } => {
                self.exists(*state, self.code.states.len(), "state", place);
                self.exists(*counter, self.code.variables.len(), "counter", place);
                in_order(*otherwise).then_some(())?;
                self.block(body, first, arguments, locals, so_far)
            }
            Next::When { condition, then, otherwise } => {
                self.expression(condition, place, arguments, locals);
                in_order(*then).then_some(())?;
                let second = self.block(body, first, arguments, locals, so_far)?;
                (usize::from(*otherwise) == second).then_some(())?;
                self.block(body, second, arguments, locals, so_far)
            }
            Next::TryPull { amount, party, asset, then, otherwise } => {
                self.expression(amount, place, arguments, locals);
                self.exists(*asset, self.code.assets.len(), "asset", place);
                self.party(*party, place);
                in_order(*then).then_some(())?;
                let second = self.block(body, first, arguments, locals, so_far)?;
                (usize::from(*otherwise) == second).then_some(())?;
                self.block(body, second, arguments, locals, so_far)
            }
        };
        self.names.truncate(names);
        end
    }

    fn action(&mut self, action: &Action, place: Place, arguments: usize, locals: usize) {
        match action {
            Action::Let(name, value) => {
                self.expression(value, place, arguments, locals);
                self.name(*name, place);
            }
            Action::Require(value) => self.expression(value, place, arguments, locals),
            Action::Emit(label, value) => {
                self.label(label.as_str(), place);
                self.expression(value, place, arguments, locals);
            }
            Action::Deposit { amount, party, asset } | Action::Pull { amount, party, asset } => {
                self.expression(amount, place, arguments, locals);
                self.exists(*asset, self.code.assets.len(), "asset", place);
                self.party(*party, place);
            }
            Action::Move { quantity, from, to, asset } | Action::Pay { quantity, from, to, asset } => {
                if let Quantity::Exactly(amount) | Quantity::UpTo(amount) = quantity {
                    self.expression(amount, place, arguments, locals);
                }
                self.exists(*asset, self.code.assets.len(), "asset", place);
                self.party(*from, place);
                self.party(*to, place);
                if matches!(action, Action::Move { .. }) && from == to {
                    self.fault(Rule::Form, place, "this moves a pot's money into the same pot");
                }
            }
            Action::Set(variable, value) => {
                self.exists(*variable, self.code.variables.len(), "variable", place);
                self.expression(value, place, arguments, locals);
            }
        }
    }
}
