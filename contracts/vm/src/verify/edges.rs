//! Rules 4 and 5: edges between states, and timeouts that cannot fail.

use super::Warning;
use crate::fault::{Fault, Place, Rule};
use seaway_types::contract::{Action, Actor, Block, Code, Deadline, Next, Op, Quantity, Type};

pub(super) fn check(code: &Code) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (position, state) in code.states.iter().enumerate() {
        let place = Place::state(position);
        for (number, block) in state.timeout.iter().enumerate() {
            timeout_block(code, position, block, |action| place.at(number, action), &mut faults);
        }
        for (number, clause) in state.clauses.iter().enumerate() {
            for (at, block) in clause.body.iter().enumerate() {
                let place = place.clause(Some(number)).at(at, block.actions.len());
                if let Next::Goto(target) = block.next {
                    call_edge(code, position, usize::from(target), place, &mut faults);
                }
            }
        }
    }
    faults
}

/// A call goes forward, or back where every state on the way has a deadline that does not move: then the last of these
/// deadlines ends it.
fn call_edge(code: &Code, from: usize, to: usize, place: Place, faults: &mut Vec<Fault>) {
    let between = code.states.iter().take(from + 1).skip(to);
    if to <= from && !between.clone().all(|state| matches!(state.until, Deadline::At(_))) {
        let what = "a call goes back only where all states from there to here end at parameters; or by 'again'";
        faults.push(Fault::new(Rule::Edges, place, what));
    }
}

fn timeout_block(code: &Code, state: usize, block: &Block, place: impl Fn(usize) -> Place, faults: &mut Vec<Fault>) {
    let end = place(block.actions.len());
    let mut fault = |rule, place, what: &str| faults.push(Fault::new(rule, place, what));
    match &block.next {
        Next::Goto(target) if usize::from(*target) <= state => {
            fault(Rule::Edges, end, "a timeout goes forward, or back by 'again'");
        }
        Next::Stay => fault(Rule::Total, end, "a timeout cannot stay: its time is over"),
        _ => {}
    }
    for (number, action) in block.actions.iter().enumerate() {
        let refused = match action {
            Action::Require(_) => Some("a timeout requires nothing: it must always be possible"),
            Action::Deposit { .. } => Some("a timeout cannot take a deposit: nobody acts"),
            Action::Pull { .. } => Some("a timeout pulls by 'try pull'"),
            _ => None,
        };
        if let Some(what) = refused {
            fault(Rule::Total, place(number), what);
        }
    }
    let parts = block
        .actions
        .iter()
        .enumerate()
        .flat_map(|(number, action)| expressions(action).into_iter().map(move |expression| (number, expression)));
    let last = end_expression(&block.next).map(|expression| (block.actions.len(), expression));
    for (number, expression) in parts.chain(last) {
        if let Some(op) = expression.iter().enumerate().find_map(|(at, op)| fallible(code, expression, at, *op)) {
            let what = format!("a timeout cannot compute what can fail: {op:?}");
            fault(Rule::Total, place(number), &what);
        }
    }
}

/// The expressions of an action.
pub(crate) fn expressions(action: &Action) -> Option<&[Op]> {
    match action {
        Action::Let(_, value) | Action::Require(value) | Action::Set(_, value) | Action::Emit(_, value) => {
            Some(value)
        }
        Action::Deposit { amount, .. } | Action::Pull { amount, .. } => Some(amount),
        Action::Move { quantity, .. } | Action::Pay { quantity, .. } => match quantity {
            Quantity::Exactly(amount) | Quantity::UpTo(amount) => Some(amount),
            Quantity::Rest => None,
        },
    }
}

/// The expression with which a block ends.
pub(super) fn end_expression(next: &Next) -> Option<&[Op]> {
    match next {
        Next::When { condition, .. } => Some(condition),
        Next::TryPull { amount, .. } => Some(amount),
        _ => None,
    }
}

/// The operator at a position, if it can fail whatever its operands.
fn fallible(code: &Code, ops: &[Op], at: usize, op: Op) -> Option<Op> {
    let can_fail = match op {
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem | Op::Convert(_) | Op::ConvertBack(_) => true,
        // A literal can be too large for an amount.
        Op::Money(units, _) => units > seaway_types::limits::AMOUNT_MAX,
        // The ratio is the operand just before it.
        Op::MulDiv(_) => match at.checked_sub(1).and_then(|before| ops.get(before)) {
            Some(Op::Parameter(position)) => !at_most_one(code, *position),
            _ => true,
        },
        _ => false,
    };
    can_fail.then_some(op)
}

/// Whether a condition bounds a ratio by one.
pub(super) fn at_most_one(code: &Code, parameter: u8) -> bool {
    code.conditions.iter().any(|condition| {
        matches!(condition.as_ref(), [Op::Parameter(ratio), Op::Int(1), Op::Le | Op::Lt] if *ratio == parameter)
    })
}

/// States that no way from the first leads to.
pub(crate) fn unreachable_states(code: &Code) -> Vec<usize> {
    let mut seen = vec![false; code.states.len()];
    let mut open = vec![0usize];
    while let Some(position) = open.pop() {
        let (Some(state), Some(mark)) = (code.states.get(position), seen.get_mut(position)) else { continue };
        if std::mem::replace(mark, true) {
            continue;
        }
        let bodies = std::iter::once(&state.timeout).chain(state.clauses.iter().map(|clause| &clause.body));
        for block in bodies.flatten() {
            match block.next {
                Next::Goto(state) | Next::Again { state, .. } => open.push(usize::from(state)),
                _ => {}
            }
        }
    }
    seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(position, _)| position).collect()
}

pub(super) fn warnings(code: &Code) -> Vec<Warning> {
    let warn = |place, what: &str| Warning { place, what: what.to_owned() };
    let mut found: Vec<Warning> = unreachable_states(code)
        .into_iter()
        .map(|state| warn(Place::state(state), "no way leads to this state"))
        .collect();
    for (position, state) in code.states.iter().enumerate() {
        for (number, clause) in state.clauses.iter().enumerate() {
            if clause.actors.contains(&Actor::Anyone) {
                let place = Place::state(position).clause(Some(number));
                found.push(warn(place, "anyone may do this: no party's signature is asked"));
            }
        }
    }
    // A counter that nothing counts is a parameter.
    let counted = |variable: usize| {
        crate::program::bodies(code)
            .flatten()
            .any(|block| matches!(block.next, Next::Again { counter, .. } if usize::from(counter) == variable))
    };
    for (position, variable) in code.variables.iter().enumerate() {
        if variable.kind == Type::Counter && !counted(position) {
            found.push(warn(Place::CONTRACT, "a counter that nothing counts down"));
        }
    }
    found
}
