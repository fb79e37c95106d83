//! Writes code as its one normal text.

use super::expression::{COMPARISONS, LEVELS, UNITS};
use seaway_types::contract::{
    Action, Actor, Anchor, Argument, Block, Clause, Code, Deadline, Name, Next, Op, Quantity, Rounding, State, Type,
};
use std::fmt::Write;

/// The normal text of code. Positions that do not exist are written as `?`; the verifier refuses such code.
pub fn write(code: &Code) -> String {
    let mut writer = Writer { code, arguments: &[], locals: Vec::new(), text: String::new() };
    writer.header();
    for state in &code.states {
        writer.state(state);
    }
    writer.text
}

/// One expression, as it would stand in a clause with these arguments and names given before.
pub fn write_expression(code: &Code, arguments: &[Argument], locals: &[Name], ops: &[Op]) -> String {
    Writer { code, arguments, locals: locals.to_vec(), text: String::new() }.expression(ops)
}

/// How strongly something binds that never needs parentheses.
const ATOM: usize = LEVELS.len();

struct Writer<'a> {
    code: &'a Code,
    arguments: &'a [Argument],
    locals: Vec<Name>,
    text: String,
}

fn name_in<T>(list: &[T], position: u8, name: impl Fn(&T) -> Name) -> String {
    list.get(usize::from(position)).map_or_else(|| "?".to_owned(), |found| name(found).to_string())
}

impl Writer<'_> {
    fn line(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    fn asset(&self, position: u8) -> String {
        name_in(&self.code.assets, position, |name| *name)
    }

    fn party(&self, position: u8) -> String {
        match self.code.caller {
            Some(caller) if usize::from(position) == self.code.parties.len() => caller.to_string(),
            _ => name_in(&self.code.parties, position, |name| *name),
        }
    }

    fn state_name(&self, position: u8) -> String {
        name_in(&self.code.states, position, |state| state.name)
    }

    fn kind(&self, kind: Type) -> String {
        match kind {
            Type::Bool => "Bool".to_owned(),
            Type::Int | Type::Counter => "Int".to_owned(),
            Type::Money(asset) => format!("Money({})", self.asset(asset)),
            Type::Ratio => "Ratio".to_owned(),
            Type::Rate(base, quote) => format!("Rate({}, {})", self.asset(base), self.asset(quote)),
            Type::Time => "Time".to_owned(),
            Type::Duration => "Duration".to_owned(),
            Type::Hash => "Hash".to_owned(),
        }
    }

    fn header(&mut self) {
        let code = self.code;
        let list = |names: &[Name]| names.iter().map(Name::to_string).collect::<Vec<_>>().join(", ");
        self.line(0, &format!("contract {} v{}", code.name, code.version));
        self.line(2, &format!("parties {}", list(&code.parties)));
        if let Some(caller) = code.caller {
            self.line(2, &format!("caller {caller}"));
        }
        for panel in &code.panels {
            self.line(2, &format!("panel {} = {} of {}", panel.name, panel.threshold, panel.members));
        }
        self.line(2, &format!("assets {}", list(&code.assets)));
        for parameter in &code.parameters {
            self.line(2, &format!("param {}: {}", parameter.name, self.kind(parameter.kind)));
        }
        for condition in &code.conditions {
            self.line(2, &format!("where {}", self.expression(condition)));
        }
        for variable in &code.variables {
            let initial = self.expression(&variable.initial);
            if variable.kind == Type::Counter {
                self.line(2, &format!("counter {} = {initial}", variable.name));
            } else {
                self.line(2, &format!("var {}: {} = {initial}", variable.name, self.kind(variable.kind)));
            }
        }
    }

    fn state(&mut self, state: &State) {
        self.line(2, &format!("state {} until {} else", state.name, self.deadline(&state.until)));
        self.block(&state.timeout, 0, 4);
        for clause in &state.clauses {
            self.clause(clause);
        }
    }

    fn anchor(&self, anchor: Anchor) -> String {
        match anchor {
            Anchor::Entered => "entered".to_owned(),
            Anchor::Parameter(position) => name_in(&self.code.parameters, position, |one| one.name),
        }
    }

    fn deadline(&self, deadline: &Deadline) -> String {
        match deadline {
            Deadline::At(position) => self.anchor(Anchor::Parameter(*position)),
            Deadline::After(duration) => format!("entered + {}", self.expression(duration)),
            Deadline::Months { anchor, count, offset } => format!(
                "add_months({}, {}, {})",
                self.anchor(*anchor),
                self.expression(count),
                self.expression(offset)
            ),
            Deadline::BankingDays { anchor, count, asset } => format!(
                "add_banking_days({}, {}, {})",
                self.anchor(*anchor),
                self.expression(count),
                self.asset(*asset)
            ),
        }
    }

    fn clause(&mut self, clause: &Clause) {
        let actors: Vec<String> = clause.actors.iter().map(|actor| self.actor(*actor)).collect();
        let arguments: Vec<String> = clause.arguments.iter().map(|argument| self.argument(argument)).collect();
        let mut line = format!("clause \"{}\" by {}", clause.label, actors.join(" | "));
        if !arguments.is_empty() {
            let _ = write!(line, " ({})", arguments.join(", "));
        }
        self.line(4, &line);
        let mut inner =
            Writer { code: self.code, arguments: &clause.arguments, locals: Vec::new(), text: String::new() };
        inner.block(&clause.body, 0, 6);
        let text = inner.text;
        self.text.push_str(&text);
    }

    fn actor(&self, actor: Actor) -> String {
        match actor {
            Actor::Party(party) => self.party(party),
            Actor::Panel(panel) => name_in(&self.code.panels, panel, |panel| panel.name),
            Actor::Caller => self.code.caller.map_or_else(|| "?".to_owned(), |caller| caller.to_string()),
            Actor::Anyone => "anyone".to_owned(),
        }
    }

    fn argument(&self, argument: &Argument) -> String {
        let mut text = format!("{}: {}", argument.name, self.kind(argument.kind));
        if let Some(attested) = argument.attested {
            let panel = name_in(&self.code.panels, attested.panel, |panel| panel.name);
            let _ = write!(text, " attested by {panel} on \"{}\"", attested.topic);
        }
        text
    }

    /// Writes a block and those within it. A position that does not lie ahead is no block: so this ends.
    fn block(&mut self, body: &[Block], position: usize, indent: usize) {
        let Some(block) = body.get(position) else {
            return self.line(indent, "?");
        };
        let locals = self.locals.len();
        for action in &block.actions {
            let line = self.action(action);
            self.line(indent, &line);
        }
        let inner = indent + 2;
        let ahead = |target: u8| if usize::from(target) > position { usize::from(target) } else { usize::MAX };
        match &block.next {
            Next::Stay => self.line(indent, "stay"),
            Next::Close => self.line(indent, "close"),
            Next::Goto(state) => self.line(indent, &format!("goto {}", self.state_name(*state))),
            Next::When { condition, then, otherwise } => {
                self.line(indent, &format!("when {} then", self.expression(condition)));
                self.block(body, ahead(*then), inner);
                self.line(indent, "else");
                self.block(body, ahead(*otherwise), inner);
            }
            Next::Again { counter, state, otherwise } => {
                let counter = name_in(&self.code.variables, *counter, |variable| variable.name);
                self.line(indent, &format!("again {counter} to {} else", self.state_name(*state)));
                self.block(body, ahead(*otherwise), inner);
            }
            Next::TryPull { amount, party, then, otherwise, .. } => {
                let line = format!("try pull {} from {} then", self.expression(amount), self.party(*party));
                self.line(indent, &line);
                self.block(body, ahead(*then), inner);
                self.line(indent, "else");
                self.block(body, ahead(*otherwise), inner);
            }
        }
        self.locals.truncate(locals);
    }

    fn action(&mut self, action: &Action) -> String {
        match action {
            Action::Let(name, value) => {
                let line = format!("let {name} = {}", self.expression(value));
                self.locals.push(*name);
                line
            }
            Action::Require(condition) => format!("require {}", self.expression(condition)),
            Action::Deposit { amount, party, .. } => {
                format!("deposit {} from {}", self.expression(amount), self.party(*party))
            }
            Action::Pull { amount, party, .. } => {
                format!("pull {} from {}", self.expression(amount), self.party(*party))
            }
            Action::Move { quantity, from, to, asset } => self.transfer("move", quantity, *asset, *from, *to),
            Action::Pay { quantity, from, to, asset } => self.transfer("pay", quantity, *asset, *from, *to),
            Action::Set(variable, value) => {
                let variable = name_in(&self.code.variables, *variable, |variable| variable.name);
                format!("set {variable} = {}", self.expression(value))
            }
            Action::Emit(label, value) => format!("emit \"{label}\" {}", self.expression(value)),
        }
    }

    fn transfer(&self, verb: &str, quantity: &Quantity, asset: u8, from: u8, to: u8) -> String {
        let quantity = match quantity {
            Quantity::Exactly(amount) => self.expression(amount),
            Quantity::UpTo(amount) => format!("up_to {}", self.expression(amount)),
            Quantity::Rest => format!("rest {}", self.asset(asset)),
        };
        format!("{verb} {quantity} from {} to {}", self.party(from), self.party(to))
    }

    // ---- expressions: each operand is kept with how strongly it binds

    fn expression(&self, ops: &[Op]) -> String {
        let mut stack: Vec<(String, usize)> = Vec::new();
        for op in ops {
            let done = self.element(*op, &mut stack);
            stack.push(done);
        }
        stack.pop().map_or_else(|| "?".to_owned(), |(text, _)| text)
    }

    fn element(&self, op: Op, stack: &mut Vec<(String, usize)>) -> (String, usize) {
        let mut take = || stack.pop().unwrap_or_else(|| ("?".to_owned(), ATOM));
        let text = match op {
            Op::Bool(value) => value.to_string(),
            Op::Int(value) => value.to_string(),
            Op::Money(units, asset) => format!("{units} {}", self.asset(asset)),
            Op::Duration(ms) => duration(ms),
            Op::Parameter(position) => name_in(&self.code.parameters, position, |one| one.name),
            Op::Variable(position) => name_in(&self.code.variables, position, |one| one.name),
            Op::Argument(position) => name_in(self.arguments, position, |one| one.name),
            Op::Local(position) => name_in(&self.locals, position, |name| *name),
            Op::Pot(party, asset) => format!("pot({}, {})", self.party(party), self.asset(asset)),
            Op::Now => "now".to_owned(),
            Op::Entered => "entered".to_owned(),
            Op::Not => {
                let (operand, binds) = take();
                if binds < ATOM { format!("not ({operand})") } else { format!("not {operand}") }
            }
            Op::Min | Op::Max => {
                let ((right, _), (left, _)) = (take(), take());
                format!("{}({left}, {right})", if op == Op::Min { "min" } else { "max" })
            }
            Op::Sha256 => format!("sha256({})", take().0),
            Op::MulDiv(rounding) | Op::Convert(rounding) | Op::ConvertBack(rounding) => {
                let ((right, _), (left, _)) = (take(), take());
                let verb = match op {
                    Op::MulDiv(_) => "muldiv",
                    Op::Convert(_) => "convert",
                    _ => "convert_back",
                };
                format!("{verb}({left}, {right}, {})", rounding_word(rounding))
            }
            _ => {
                let (right, left) = (take(), take());
                return infix(op, left, right);
            }
        };
        (text, ATOM)
    }
}

fn infix(op: Op, left: (String, usize), right: (String, usize)) -> (String, usize) {
    let found = LEVELS.iter().enumerate().find_map(|(level, operators)| {
        operators.iter().find(|(_, other)| *other == op).map(|(sign, _)| (level, *sign))
    });
    let (level, sign) = found.unwrap_or((0, "?"));
    // What binds as strongly stands on the left without parentheses, except between comparisons, which do not chain.
    let left_bare = left.1 > level || (left.1 == level && level != COMPARISONS);
    let bracket = |text: String, bare: bool| if bare { text } else { format!("({text})") };
    (format!("{} {sign} {}", bracket(left.0, left_bare), bracket(right.0, right.1 > level)), level)
}

fn rounding_word(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Floor => "floor",
        Rounding::Ceil => "ceil",
        Rounding::HalfEven => "half_even",
    }
}

/// A duration in the longest unit that measures it.
fn duration(ms: u64) -> String {
    let found = UNITS.iter().find(|(_, unit)| ms >= *unit && ms.is_multiple_of(*unit));
    let (unit, length) = found.copied().unwrap_or(("ms", 1));
    format!("{} {unit}", ms / length)
}
