//! Rules 2, 8 and 10: types, what may be read where, rates and ratios.

use crate::fault::{Fault, Part, Place, Rule};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{
    Action, Anchor, Argument, Block, Blocks, Code, Deadline, Next, Op, Quantity, Rounding, Type,
};

pub(super) fn check(code: &Code) -> Vec<Fault> {
    let mut checker = Checker { scope: Scope { code, arguments: &[], locals: Vec::new() }, faults: Vec::new() };
    checker.header();
    for (position, state) in code.states.iter().enumerate() {
        let place = Place::state(position);
        checker.deadline(&state.until, place.part(Part::Deadline));
        checker.body(&state.timeout, place);
        for (number, clause) in state.clauses.iter().enumerate() {
            checker.scope.arguments = &clause.arguments;
            checker.body(&clause.body, place.clause(Some(number)));
            checker.scope.arguments = &[];
        }
    }
    checker.faults
}

/// What names mean.
pub(super) struct Scope<'a> {
    pub code: &'a Code,
    pub arguments: &'a [Argument],
    pub locals: Vec<Type>,
}

/// A type, and whether it is the literal 1, with which alone a ratio compares.
type Typed = (Type, bool);

impl Scope<'_> {
    /// The type of an expression, or what is wrong with it. Positions exist: the pass before asked.
    pub fn type_of(&self, ops: &[Op]) -> Result<Type, String> {
        let mut stack: Vec<Typed> = Vec::new();
        for op in ops {
            let found = self.element(*op, &mut stack)?;
            stack.push(found);
        }
        match stack.as_slice() {
            [(only, _)] => Ok(*only),
            _ => Err("the expression does not end with one value".to_owned()),
        }
    }

    fn element(&self, op: Op, stack: &mut Vec<Typed>) -> Result<Typed, String> {
        let missing = || "an operand is missing".to_owned();
        let plain = match op {
            Op::Bool(_) => Type::Bool,
            Op::Int(value) => return Ok((Type::Int, value == 1)),
            Op::Money(_, asset) => Type::Money(asset),
            Op::Duration(_) => Type::Duration,
            Op::Now | Op::Entered => Type::Time,
            Op::Pot(_, asset) => Type::Money(asset),
            Op::Parameter(position) => self.code.parameters.get(usize::from(position)).ok_or_else(missing)?.kind,
            Op::Variable(position) => {
                match self.code.variables.get(usize::from(position)).ok_or_else(missing)?.kind {
                    Type::Counter => Type::Int,
                    kind => kind,
                }
            }
            Op::Argument(position) => self.arguments.get(usize::from(position)).ok_or_else(missing)?.kind,
            Op::Local(position) => *self.locals.get(usize::from(position)).ok_or_else(missing)?,
            Op::Not => match stack.pop().ok_or_else(missing)?.0 {
                Type::Bool => Type::Bool,
                other => return Err(format!("'not' takes a Bool, not a {other:?}")),
            },
            Op::Sha256 => match stack.pop().ok_or_else(missing)?.0 {
                Type::Hash => Type::Hash,
                other => return Err(format!("'sha256' takes a Hash, not a {other:?}")),
            },
            _ => {
                let right = stack.pop().ok_or_else(missing)?;
                let left = stack.pop().ok_or_else(missing)?;
                return Ok((binary(op, left, right)?, false));
            }
        };
        Ok((plain, false))
    }
}

fn binary(op: Op, (left, _): Typed, (right, right_is_one): Typed) -> Result<Type, String> {
    use Type::{Bool, Duration, Int, Money, Rate, Ratio, Time};
    let ordered = |kind: Type| matches!(kind, Int | Money(_) | Time | Duration);
    let found = match (op, left, right) {
        (Op::Add | Op::Sub, Int, Int) => Some(Int),
        (Op::Add | Op::Sub, Money(a), Money(b)) if a == b => Some(left),
        (Op::Add | Op::Sub, Duration, Duration) => Some(Duration),
        (Op::Add | Op::Sub, Time, Duration) => Some(Time),
        (Op::Mul | Op::Div | Op::Rem, Int | Money(_), Int) => Some(left),
        (Op::Min | Op::Max, _, _) if left == right && ordered(left) => Some(left),
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, _, _) if left == right && ordered(left) => Some(Bool),
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, Ratio, Int) if right_is_one => Some(Bool),
        (Op::Eq | Op::Ne, _, _) if left == right && !matches!(left, Ratio | Rate(..)) => Some(Bool),
        (Op::And | Op::Or, Bool, Bool) => Some(Bool),
        (Op::MulDiv(_), Money(_), Ratio) => Some(left),
        (Op::Convert(rounding), Money(asset), Rate(base, quote)) if rounding != Rounding::HalfEven => {
            (asset == base).then_some(Money(quote))
        }
        (Op::ConvertBack(rounding), Money(asset), Rate(base, quote)) if rounding != Rounding::HalfEven => {
            (asset == quote).then_some(Money(base))
        }
        _ => None,
    };
    found.ok_or_else(|| format!("{op:?} does not take {left:?} and {right:?}"))
}

struct Checker<'a> {
    scope: Scope<'a>,
    faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, rule: Rule, place: Place, what: impl Into<String>) {
        self.faults.push(Fault::new(rule, place, what));
    }

    fn of(&mut self, ops: &[Op], place: Place) -> Option<Type> {
        match self.scope.type_of(ops) {
            Ok(kind) => Some(kind),
            Err(what) => {
                self.fault(Rule::Types, place, what);
                None
            }
        }
    }

    fn expect(&mut self, ops: &[Op], expected: Type, place: Place) {
        if let Some(found) = self.of(ops, place)
            && found != expected
        {
            self.fault(Rule::Types, place, format!("this is a {found:?}; a {expected:?} was expected"));
        }
    }

    /// An amount of the asset that stands beside it.
    fn money(&mut self, ops: &[Op], asset: u8, place: Place) {
        match self.of(ops, place) {
            Some(Type::Money(found)) if found == asset => {}
            Some(found) => self.fault(Rule::Types, place, format!("this is a {found:?}; an amount was expected")),
            None => {}
        }
    }

    fn header(&mut self) {
        let code = self.scope.code;
        for (position, condition) in code.conditions.iter().enumerate() {
            let place = Place::CONTRACT.part(Part::Condition(u8::try_from(position).unwrap_or(u8::MAX)));
            self.fixed(condition, place);
            self.expect(condition, Type::Bool, place);
        }
        for (position, variable) in code.variables.iter().enumerate() {
            let place = Place::CONTRACT.part(Part::Variable(u8::try_from(position).unwrap_or(u8::MAX)));
            self.fixed(&variable.initial, place);
            let expected = if variable.kind == Type::Counter { Type::Int } else { variable.kind };
            self.expect(&variable.initial, expected, place);
        }
    }

    /// Conditions and initial values read parameters alone.
    fn fixed(&mut self, ops: &[Op], place: Place) {
        let changes = |op: &Op| matches!(op, Op::Variable(_) | Op::Pot(..) | Op::Now | Op::Entered);
        if ops.iter().any(changes) {
            self.fault(Rule::Fixed, place, "only literals and parameters can be read here");
        }
    }

    /// Deadlines are worked out within bounds at opening, so they are made of few things.
    fn bounded(&mut self, ops: &[Op], place: Place) {
        let code = self.scope.code;
        let fits = |op: &Op| match op {
            Op::Int(_) | Op::Duration(_) | Op::Parameter(_) => true,
            Op::Add | Op::Sub | Op::Mul | Op::Min | Op::Max => true,
            Op::Variable(position) => {
                code.variables.get(usize::from(*position)).is_some_and(|found| found.kind == Type::Counter)
            }
            _ => false,
        };
        if !ops.iter().all(fits) {
            let what = "a deadline is made of literals, parameters and counters by + - * min and max";
            self.fault(Rule::Fixed, place, what);
        }
    }

    fn time_parameter(&mut self, position: u8, place: Place) {
        let kind = self.scope.code.parameters.get(usize::from(position)).map(|found| found.kind);
        if kind != Some(Type::Time) {
            self.fault(Rule::Types, place, "the parameter of a deadline is a Time");
        }
    }

    fn deadline(&mut self, deadline: &Deadline, place: Place) {
        let anchored = |checker: &mut Self, anchor: &Anchor, parts: &[&[Op]]| {
            if let Anchor::Parameter(position) = anchor {
                checker.time_parameter(*position, place);
            }
            for part in parts {
                checker.bounded(part, place);
                checker.expect(part, Type::Int, place);
            }
        };
        match deadline {
            Deadline::At(position) => self.time_parameter(*position, place),
            Deadline::After(duration) => {
                self.bounded(duration, place);
                self.expect(duration, Type::Duration, place);
            }
            Deadline::Months { anchor, count, offset } => {
                anchored(self, anchor, &[count, offset]);
                if offset.iter().any(|op| matches!(op, Op::Variable(_))) {
                    self.fault(Rule::Fixed, place, "the offset of local time is made of literals and parameters");
                }
            }
            Deadline::BankingDays { anchor, count, .. } => anchored(self, anchor, &[count]),
        }
    }

    fn body(&mut self, body: &'a [Block], place: Place) {
        self.scope.locals.clear();
        self.block(body, 0, place);
    }

    fn block(&mut self, body: &'a [Block], position: usize, place: Place) {
        let Some(block) = body.get(position) else { return };
        let locals = self.scope.locals.len();
        for (number, action) in block.actions.iter().enumerate() {
            self.action(action, place.at(position, number));
        }
        let here = place.at(position, block.actions.len());
        let inner = |checker: &mut Self, next: u8| checker.block(body, usize::from(next), place);
        match &block.next {
            Next::Stay | Next::Close | Next::Goto(_) => {}
            Next::Again { counter, otherwise, .. } => {
                let kind = self.scope.code.variables.get(usize::from(*counter)).map(|found| found.kind);
                if kind != Some(Type::Counter) {
                    self.fault(Rule::Types, here, "'again' counts a counter down");
                }
                inner(self, *otherwise);
            }
            Next::When { condition, then, otherwise } => {
                self.expect(condition, Type::Bool, here);
                inner(self, *then);
                inner(self, *otherwise);
            }
            Next::TryPull { amount, asset, then, otherwise, .. } => {
                self.money(amount, *asset, here);
                inner(self, *then);
                inner(self, *otherwise);
            }
        }
        self.scope.locals.truncate(locals);
    }

    fn action(&mut self, action: &Action, place: Place) {
        match action {
            Action::Let(_, value) => {
                let kind = self.of(value, place).unwrap_or(Type::Bool);
                if matches!(kind, Type::Ratio | Type::Rate(..)) {
                    self.fault(Rule::Rates, place, "ratios and rates are used where they are declared");
                }
                self.scope.locals.push(kind);
            }
            Action::Require(value) => self.expect(value, Type::Bool, place),
            Action::Emit(_, value) => {
                let _ = self.of(value, place);
            }
            Action::Deposit { amount, asset, .. } | Action::Pull { amount, asset, .. } => {
                self.money(amount, *asset, place);
            }
            Action::Move { quantity, asset, .. } | Action::Pay { quantity, asset, .. } => match quantity {
                Quantity::Exactly(amount) | Quantity::UpTo(amount) => self.money(amount, *asset, place),
                Quantity::Rest => {}
            },
            Action::Set(variable, value) => {
                match self.scope.code.variables.get(usize::from(*variable)).map(|found| found.kind) {
                    Some(Type::Counter) | None => {
                        self.fault(Rule::Types, place, "a counter is changed by 'again' alone");
                    }
                    Some(kind) => self.expect(value, kind, place),
                }
            }
        }
    }
}

/// Writes the asset of each amount beside it, as its type says; where it has none the verifier will say so.
pub(crate) fn fill_assets(code: &mut Code) {
    // Types are asked of a copy, because the bodies being filled are a part of the code.
    let asked = code.clone();
    let mut scope = Scope { code: &asked, arguments: &[], locals: Vec::new() };
    let mut states = std::mem::take(&mut code.states).into_inner();
    for (state, as_read) in states.iter_mut().zip(&asked.states) {
        state.timeout = filled(&state.timeout, &mut scope);
        let mut clauses = std::mem::take(&mut state.clauses).into_inner();
        for (clause, as_read) in clauses.iter_mut().zip(&as_read.clauses) {
            scope.arguments = &as_read.arguments;
            clause.body = filled(&clause.body, &mut scope);
            scope.arguments = &[];
        }
        state.clauses = Bounded::new(clauses).unwrap_or_default();
    }
    code.states = Bounded::new(states).unwrap_or_default();
}

fn filled(body: &[Block], scope: &mut Scope) -> Blocks {
    let mut blocks = body.to_vec();
    scope.locals.clear();
    fill_block(&mut blocks, 0, scope);
    Bounded::new(blocks).unwrap_or_default()
}

fn fill_block(blocks: &mut [Block], position: usize, scope: &mut Scope) {
    let Some(block) = blocks.get_mut(position) else { return };
    let before = scope.locals.len();
    let asset_of = |ops: &[Op], scope: &Scope| match scope.type_of(ops) {
        Ok(Type::Money(asset)) => asset,
        _ => 0,
    };
    let mut actions = std::mem::take(&mut block.actions).into_inner();
    for action in &mut actions {
        match action {
            Action::Let(_, value) => scope.locals.push(scope.type_of(value).unwrap_or(Type::Bool)),
            Action::Deposit { amount, asset, .. } | Action::Pull { amount, asset, .. } => {
                *asset = asset_of(amount, scope);
            }
            Action::Move { quantity, asset, .. } | Action::Pay { quantity, asset, .. } => {
                if let Quantity::Exactly(amount) | Quantity::UpTo(amount) = quantity {
                    *asset = asset_of(amount, scope);
                }
            }
            Action::Require(_) | Action::Set(..) | Action::Emit(..) => {}
        }
    }
    block.actions = Bounded::new(actions).unwrap_or_default();
    let inner = match &mut block.next {
        Next::Stay | Next::Close | Next::Goto(_) => [None, None],
        Next::Again { otherwise, .. } => [None, Some(*otherwise)],
        Next::When { then, otherwise, .. } => [Some(*then), Some(*otherwise)],
        Next::TryPull { amount, asset, then, otherwise, .. } => {
            *asset = asset_of(amount, scope);
            [Some(*then), Some(*otherwise)]
        }
    };
    for next in inner.into_iter().flatten() {
        fill_block(blocks, usize::from(next), scope);
    }
    scope.locals.truncate(before);
}
