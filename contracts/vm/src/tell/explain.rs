//! A contract as prose.

use super::phrase::{Filled, Phrases};
use crate::program::Program;
use seaway_types::contract::{Block, Clause, Next, State};
use std::fmt::Write;

/// What a contract says, in plain sentences, with its blanks filled where they are known.
pub fn explain(program: &Program, filled: Option<&Filled>) -> String {
    let mut teller = Teller { phrases: Phrases::new(program, filled), text: String::new() };
    teller.header();
    for state in &program.code().states {
        teller.state(state);
    }
    teller.text
}

struct Teller<'a> {
    phrases: Phrases<'a>,
    text: String,
}

impl Teller<'_> {
    fn line(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    fn header(&mut self) {
        let code = self.phrases.code();
        let filled = self.phrases.filled;
        self.line(0, &format!("{}, edition {}.", code.name, code.version));
        for (position, party) in code.parties.iter().enumerate() {
            let who = filled.and_then(|filled| filled.parties.get(position));
            self.line(0, &format!("{party} is {}.", who.map_or("a party, named at opening", |who| who)));
        }
        if let Some(caller) = code.caller {
            self.line(0, &format!("{caller} is whoever acts; nothing of its money stays in the contract."));
        }
        for (position, panel) in code.panels.iter().enumerate() {
            let who = filled.and_then(|filled| filled.panels.get(position));
            let who = who.map_or(String::new(), |who| format!(": {who}"));
            self.line(0, &format!("{} decide by {} of {}{who}.", panel.name, panel.threshold, panel.members));
        }
        for (position, parameter) in code.parameters.iter().enumerate() {
            let value = self.phrases.parameter(u8::try_from(position).unwrap_or(u8::MAX));
            self.line(0, &format!("{} is {}.", parameter.name, value.as_deref().unwrap_or("agreed at opening")));
        }
        for condition in &code.conditions {
            let condition = self.phrases.expression(condition);
            self.line(0, &format!("It is agreed that {condition}."));
        }
        for variable in &code.variables {
            let initial = self.phrases.expression(&variable.initial);
            self.line(0, &format!("{} is {initial} at first.", variable.name));
        }
    }

    fn state(&mut self, state: &State) {
        let deadline = self.phrases.deadline(&state.until);
        self.line(0, "");
        self.line(0, &format!("'{}' lasts {deadline}.", state.name));
        self.line(2, "When this time is over, without anybody acting:");
        self.body(&state.timeout);
        for clause in &state.clauses {
            self.clause(clause);
        }
    }

    fn clause(&mut self, clause: &Clause) {
        let actors: Vec<String> = clause.actors.iter().map(|actor| self.phrases.actor(*actor)).collect();
        let mut line = format!("{} – before that, {} may", clause.label, actors.join(" or "));
        for (position, argument) in clause.arguments.iter().enumerate() {
            let joint = if position == 0 { ", stating" } else { " and" };
            let _ = write!(line, "{joint} {}", argument.name);
            if let Some(attested) = argument.attested {
                let _ = write!(line, " (attested by {} on '{}')", self.phrases.panel(attested.panel), attested.topic);
            }
        }
        self.line(2, &format!("{line}:"));
        let phrases =
            Phrases { arguments: &clause.arguments, ..Phrases::new(self.phrases.program, self.phrases.filled) };
        let mut inner = Teller { phrases, text: String::new() };
        inner.body(&clause.body);
        self.text.push_str(&inner.text);
    }

    fn body(&mut self, body: &[Block]) {
        self.phrases.locals.clear();
        self.block(body, 0, 4);
    }

    /// Positions only rise in verified code, so this ends.
    fn block(&mut self, body: &[Block], position: usize, indent: usize) {
        let Some(block) = body.get(position) else { return };
        let locals = self.phrases.locals.len();
        for action in &block.actions {
            let sentence = self.phrases.action(action);
            self.line(indent, &format!("{sentence}."));
        }
        let inner = indent + 2;
        match &block.next {
            Next::Stay => self.line(indent, "All else stays as it is."),
            Next::Close => self.line(indent, "The contract ends; what is left in each pot goes to its owner."),
            Next::Goto(state) => {
                let state = self.phrases.state(*state);
                self.line(indent, &format!("Then {state} begins."));
            }
            Next::When { condition, then, otherwise } => {
                let condition = self.phrases.expression(condition);
                self.line(indent, &format!("If {condition}:"));
                self.block(body, usize::from(*then), inner);
                self.line(indent, "If not:");
                self.block(body, usize::from(*otherwise), inner);
            }
            Next::Again { counter, state, otherwise } => {
                let name =
                    self.phrases.code().variables.get(usize::from(*counter)).map(|found| found.name.to_string());
                let (name, state) = (name.unwrap_or_default(), self.phrases.state(*state));
                self.line(indent, &format!("While {name} is above zero, it falls by one and {state} begins again."));
                self.line(indent, "After the last:");
                self.block(body, usize::from(*otherwise), inner);
            }
            Next::TryPull { amount, party, then, otherwise, .. } => {
                let (amount, party) = (self.phrases.expression(amount), self.phrases.party(*party));
                self.line(indent, &format!("{amount} is taken from {party} if it allowed that and has it. If so:"));
                self.block(body, usize::from(*then), inner);
                self.line(indent, "If not:");
                self.block(body, usize::from(*otherwise), inner);
            }
        }
        self.phrases.locals.truncate(locals);
    }
}
