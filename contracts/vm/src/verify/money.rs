//! Rules 6 and 7: what is paid is covered, and money moves with its owner's signature.
//!
//! For each state and pot the pass knows an amount that is certainly there: a sum of parameters with whole factors. Along a
//! body it follows every way: what comes in is added, what goes out must be covered by what is known, with the help of
//! what `require` and `when` say, and of `min`, `muldiv` and division making nothing larger. Where ways meet, the smaller
//! factors hold. Nothing that is not shown this way is accepted.

use super::Warning;
use super::edges::at_most_one;
use super::types::Scope;
use crate::fault::{Fault, Place, Rule};
use seaway_types::contract::{Action, Actor, Argument, Block, Code, Next, Op, Quantity, Type};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What an amount is made of. Every symbol stands for an amount that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Symbol {
    /// A parameter.
    Parameter(u8),
    /// Something that comes up within a body, numbered in the order in which it does.
    Inner(u32),
}

/// A sum of symbols with whole factors, and a number. Factors are small: expressions have at most 32 elements, and
/// literals beyond 64 bits do not exist; saturation only makes a sum that is not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    number: i128,
    factors: BTreeMap<Symbol, i128>,
}

impl Sum {
    fn of(symbol: Symbol) -> Self {
        Self { number: 0, factors: BTreeMap::from([(symbol, 1)]) }
    }

    fn number(number: i128) -> Self {
        Self { number, factors: BTreeMap::new() }
    }

    /// This and so many times another.
    fn plus(mut self, other: &Self, times: i128) -> Self {
        self.number = self.number.saturating_add(other.number.saturating_mul(times));
        for (symbol, factor) in &other.factors {
            let mine = self.factors.entry(*symbol).or_default();
            *mine = mine.saturating_add(factor.saturating_mul(times));
        }
        self.factors.retain(|_, factor| *factor != 0);
        self
    }

    fn not_negative(&self) -> bool {
        self.number >= 0 && self.factors.values().all(|factor| *factor >= 0)
    }

    /// The sum that is below both, factor by factor.
    fn smaller(&self, other: &Self) -> Self {
        let factor = |sum: &Self, symbol: &Symbol| sum.factors.get(symbol).copied().unwrap_or(0);
        let symbols = self.factors.keys().chain(other.factors.keys());
        let factors = symbols
            .map(|symbol| (*symbol, factor(self, symbol).min(factor(other, symbol))))
            .filter(|(_, one)| *one != 0);
        Self { number: self.number.min(other.number), factors: factors.collect() }
    }
}

type Pot = (u8, u8);
/// What is certainly in each pot; absent is nothing.
type Known = BTreeMap<Pot, Sum>;

pub(super) fn check(code: &Code) -> Vec<Fault> {
    let mut faults = consent(code);
    let mut before: Vec<Option<Known>> = vec![None; code.states.len()];
    if let Some(first) = before.first_mut() {
        *first = Some(Known::new());
    }
    let budget = Cell::new(STEPS_MAX);
    // Factors only fall, and after a few rounds what still falls is taken as nothing: so this ends.
    for round in 0.. {
        faults.retain(|fault| fault.rule == Rule::Consent);
        let mut changed = false;
        for position in 0..code.states.len() {
            let Some(known) = before.get(position).cloned().flatten() else { continue };
            for (target, arrived) in leave(code, position, &known, &budget, &mut faults) {
                let Some(place) = before.get_mut(usize::from(target)) else { continue };
                changed |= meet(place, arrived, round > code.states.len() + 2);
            }
        }
        if budget.get() == 0 {
            let what = "it takes too long to show what the pots hold: make amounts simpler";
            return vec![Fault::new(Rule::Bounds, Place::CONTRACT, what)];
        }
        if !changed {
            break;
        }
    }
    faults
}

/// What the pass may work out in all, in elements and steps of proofs: the largest honest contracts need some thousands, and
/// code that would need more is refused, because every validator checks it while a block waits.
const STEPS_MAX: u32 = 200_000;

/// Takes one step of the budget; false where it is used up.
fn step(budget: &Cell<u32>) -> bool {
    let left = budget.get();
    budget.set(left.saturating_sub(1));
    left > 0
}

/// Makes what is known on entering a state hold for one more way into it.
fn meet(place: &mut Option<Known>, arrived: Known, hurry: bool) -> bool {
    let Some(present) = place else {
        *place = Some(arrived);
        return true;
    };
    let mut changed = false;
    present.retain(|pot, sum| {
        let smaller = arrived.get(pot).map_or_else(Sum::default, |other| sum.smaller(other));
        if smaller == *sum {
            return true;
        }
        changed = true;
        *sum = if hurry { Sum::default() } else { smaller };
        *sum != Sum::default()
    });
    changed
}

/// All ways out of a state to other states, with what is certainly in the pots then.
fn leave(
    code: &Code,
    position: usize,
    known: &Known,
    budget: &Cell<u32>,
    faults: &mut Vec<Fault>,
) -> Vec<(u8, Known)> {
    let Some(state) = code.states.get(position) else { return Vec::new() };
    let place = Place::state(position);
    let timeout = (None, state.timeout.as_ref(), &[][..]);
    let clauses = state
        .clauses
        .iter()
        .enumerate()
        .map(|(number, clause)| (Some(number), clause.body.as_ref(), clause.arguments.as_ref()));
    let mut ways = Vec::new();
    for (clause, body, arguments) in std::iter::once(timeout).chain(clauses) {
        let scope = Scope { code, arguments, locals: Vec::new() };
        let mut walker =
            Walker { scope, body, place: place.clause(clause), here: position, budget, faults, ways: &mut ways };
        walker.block(0, Facts::new(known));
    }
    ways
}

/// What is known at a point of a way.
#[derive(Clone, Debug)]
struct Facts {
    /// For each pot, sums that are certainly there.
    pots: BTreeMap<Pot, Vec<Sum>>,
    /// For each inner symbol, sums that it does not exceed. They are made of symbols that came up earlier.
    bounds: Vec<Vec<Sum>>,
    /// Which symbol stands for an argument, a variable, or a pot as it is now.
    arguments: BTreeMap<u8, Symbol>,
    variables: BTreeMap<u8, Sum>,
    seen: BTreeMap<Pot, Symbol>,
    locals: Vec<Meaning>,
}

/// What an expression means.
#[derive(Clone, Debug)]
enum Meaning {
    /// An amount.
    Money(Sum),
    /// A whole number; known where it is a literal.
    Int(Option<i64>),
    /// A condition, and what it says where it holds: the first amounts do not exceed the second.
    Holds(Vec<(Sum, Sum)>),
    /// Which parameter a ratio is.
    Ratio(Option<u8>),
    /// Nothing that matters for money.
    Other,
}

impl Facts {
    fn new(known: &Known) -> Self {
        let pots = known.iter().map(|(pot, sum)| (*pot, vec![sum.clone()])).collect();
        Self {
            pots,
            bounds: Vec::new(),
            arguments: BTreeMap::new(),
            variables: BTreeMap::new(),
            seen: BTreeMap::new(),
            locals: Vec::new(),
        }
    }

    fn fresh(&mut self, bounds: Vec<Sum>) -> Symbol {
        let number = u32::try_from(self.bounds.len()).unwrap_or(u32::MAX);
        self.bounds.push(bounds);
        Symbol::Inner(number)
    }

    /// What a pot holds now.
    fn pot(&mut self, pot: Pot) -> Sum {
        if let Some(symbol) = self.seen.get(&pot) {
            return Sum::of(*symbol);
        }
        let symbol = self.fresh(Vec::new());
        self.seen.insert(pot, symbol);
        self.pots.entry(pot).or_default().push(Sum::of(symbol));
        Sum::of(symbol)
    }

    /// Takes in that a condition holds.
    fn learn(&mut self, said: &[(Sum, Sum)]) {
        for (small, large) in said {
            if let Some((Symbol::Inner(number), 1)) = single(small)
                && let Some(bounds) = usize::try_from(number).ok().and_then(|at| self.bounds.get_mut(at))
                && large.factors.keys().all(|symbol| *symbol < Symbol::Inner(number))
                && !bounds.contains(large)
            {
                bounds.push(large.clone());
            }
            let pot = self.seen.iter().find(|(_, symbol)| single(large) == Some((**symbol, 1)));
            if let Some(pot) = pot.map(|(pot, _)| *pot) {
                self.pots.entry(pot).or_default().push(small.clone());
            }
        }
    }

    /// Whether a sum is certainly not negative.
    fn covered(&self, sum: Sum, depth: usize, budget: &Cell<u32>) -> bool {
        if !step(budget) {
            return false;
        }
        if sum.not_negative() {
            return true;
        }
        // The newest inner symbol is replaced: by nothing where it only adds, by each of its bounds where it takes away.
        let newest = sum.factors.iter().rev().find_map(|(symbol, factor)| match symbol {
            Symbol::Inner(number) => Some((*number, *factor)),
            Symbol::Parameter(_) => None,
        });
        let Some((number, factor)) = newest.filter(|_| depth > 0) else { return false };
        let without = sum.plus(&Sum::of(Symbol::Inner(number)), factor.saturating_neg());
        if factor > 0 {
            return self.covered(without, depth - 1, budget);
        }
        let bounds = usize::try_from(number).ok().and_then(|at| self.bounds.get(at));
        bounds.into_iter().flatten().any(|bound| self.covered(without.clone().plus(bound, factor), depth - 1, budget))
    }

    fn covers(&self, pot: Pot, amount: &Sum, budget: &Cell<u32>) -> bool {
        let nothing = [Sum::default()];
        let known = self.pots.get(&pot).map_or(&nothing[..], |sums| sums);
        known.iter().chain(&nothing).any(|sum| self.covered(sum.clone().plus(amount, -1), 2 * DEPTH, budget))
    }

    /// Changes what is known of a pot.
    fn change(&mut self, pot: Pot, amount: &Sum, times: i128) {
        self.seen.remove(&pot);
        let sums = self.pots.entry(pot).or_default();
        if sums.is_empty() && times > 0 {
            sums.push(Sum::default());
        }
        for sum in sums {
            *sum = std::mem::take(sum).plus(amount, times);
        }
    }

    fn empty(&mut self, pot: Pot) {
        self.seen.remove(&pot);
        self.pots.insert(pot, vec![Sum::default()]);
    }

    /// What can be said of the pots by parameters alone.
    fn lasting(&self) -> Known {
        let mut known = Known::new();
        for (pot, sums) in &self.pots {
            let found = sums.iter().filter_map(|sum| self.in_parameters(sum.clone())).find(Sum::not_negative);
            if let Some(sum) = found.filter(|sum| *sum != Sum::default()) {
                known.insert(*pot, sum);
            }
        }
        known
    }

    fn in_parameters(&self, mut sum: Sum) -> Option<Sum> {
        while let Some((Symbol::Inner(number), factor)) = sum.factors.iter().next_back().map(|(a, b)| (*a, *b)) {
            sum = sum.plus(&Sum::of(Symbol::Inner(number)), factor.saturating_neg());
            if factor < 0 {
                let bound = usize::try_from(number).ok().and_then(|at| self.bounds.get(at))?.first()?;
                sum = sum.plus(bound, factor);
            }
        }
        Some(sum)
    }
}

/// How many symbols a proof goes through.
const DEPTH: usize = 16;

fn single(sum: &Sum) -> Option<(Symbol, i128)> {
    match sum.factors.iter().next() {
        Some((symbol, factor)) if sum.number == 0 && sum.factors.len() == 1 => Some((*symbol, *factor)),
        _ => None,
    }
}

struct Walker<'a, 'f> {
    scope: Scope<'a>,
    body: &'a [Block],
    place: Place,
    here: usize,
    budget: &'f Cell<u32>,
    faults: &'f mut Vec<Fault>,
    ways: &'f mut Vec<(u8, Known)>,
}

impl Walker<'_, '_> {
    fn block(&mut self, position: usize, mut facts: Facts) {
        let Some(block) = self.body.get(position) else { return };
        let locals = self.scope.locals.len();
        for (number, action) in block.actions.iter().enumerate() {
            self.action(action, self.place.at(position, number), &mut facts);
        }
        match &block.next {
            Next::Close => {}
            Next::Stay => self.ways.push((u8::try_from(self.here).unwrap_or(u8::MAX), facts.lasting())),
            Next::Goto(state) => self.ways.push((*state, facts.lasting())),
            Next::Again { state, otherwise, .. } => {
                self.ways.push((*state, facts.lasting()));
                self.block(usize::from(*otherwise), facts);
            }
            Next::When { condition, then, otherwise } => {
                let mut held = facts.clone();
                if let Meaning::Holds(said) = self.meaning(condition, &mut held) {
                    held.learn(&said);
                }
                self.block(usize::from(*then), held);
                self.block(usize::from(*otherwise), facts);
            }
            Next::TryPull { amount, party, asset, then, otherwise } => {
                let mut pulled = facts.clone();
                if let Meaning::Money(sum) = self.meaning(amount, &mut pulled) {
                    pulled.change((*party, *asset), &sum, 1);
                }
                self.block(usize::from(*then), pulled);
                self.block(usize::from(*otherwise), facts);
            }
        }
        self.scope.locals.truncate(locals);
    }

    fn action(&mut self, action: &Action, place: Place, facts: &mut Facts) {
        match action {
            Action::Let(_, value) => {
                let meaning = self.meaning(value, facts);
                facts.locals.truncate(self.scope.locals.len());
                facts.locals.push(meaning);
                self.scope.locals.push(self.scope.type_of(value).unwrap_or(Type::Bool));
            }
            Action::Require(condition) => {
                if let Meaning::Holds(said) = self.meaning(condition, facts) {
                    facts.learn(&said);
                }
            }
            Action::Deposit { amount, party, asset } | Action::Pull { amount, party, asset } => {
                if let Meaning::Money(sum) = self.meaning(amount, facts) {
                    facts.change((*party, *asset), &sum, 1);
                }
            }
            Action::Move { quantity, from, to, asset } => {
                self.out(quantity, *asset, (*from, Some(*to)), place, facts)
            }
            Action::Pay { quantity, from, asset, .. } => self.out(quantity, *asset, (*from, None), place, facts),
            Action::Set(variable, value) => match self.meaning(value, facts) {
                Meaning::Money(sum) => drop(facts.variables.insert(*variable, sum)),
                _ => drop(facts.variables.remove(variable)),
            },
            Action::Emit(..) => {}
        }
    }

    fn out(&mut self, quantity: &Quantity, asset: u8, ends: (u8, Option<u8>), place: Place, facts: &mut Facts) {
        let (from, to) = ends;
        let amount = match quantity {
            Quantity::Rest => {
                // What is certainly there certainly arrives.
                let known = facts.pots.get(&(from, asset)).and_then(|sums| sums.first()).cloned();
                facts.empty((from, asset));
                known.unwrap_or_default()
            }
            Quantity::Exactly(amount) | Quantity::UpTo(amount) => {
                let Meaning::Money(sum) = self.meaning(amount, facts) else { return };
                let pot = (from, asset);
                if matches!(quantity, Quantity::UpTo(_)) {
                    facts.change(pot, &sum, -1);
                    facts.pots.entry(pot).or_default().push(Sum::default());
                    Sum::default()
                } else {
                    if !facts.covers(pot, &sum, self.budget) {
                        let name =
                            self.scope.code.parties.iter().chain(&self.scope.code.caller).nth(usize::from(from));
                        let what = format!(
                            "it cannot be shown that the pot of {} holds this much: say 'require AMOUNT <= pot(...)' \
                             before, or pay 'up_to' or 'rest'",
                            name.map_or("?", |name| name.as_str())
                        );
                        self.faults.push(Fault::new(Rule::Funding, place, what));
                    }
                    facts.change(pot, &sum, -1);
                    sum
                }
            }
        };
        if let Some(to) = to {
            facts.change((to, asset), &amount, 1);
        }
    }

    fn meaning(&self, ops: &[Op], facts: &mut Facts) -> Meaning {
        let mut stack: Vec<Meaning> = Vec::new();
        for op in ops {
            if !step(self.budget) {
                return Meaning::Other;
            }
            let meaning = self.element(*op, &mut stack, facts);
            stack.push(meaning);
        }
        stack.pop().unwrap_or(Meaning::Other)
    }

    fn element(&self, op: Op, stack: &mut Vec<Meaning>, facts: &mut Facts) -> Meaning {
        let is_money = |kind: Option<Type>| matches!(kind, Some(Type::Money(_)));
        match op {
            Op::Int(value) => Meaning::Int(Some(value)),
            Op::Money(units, _) => Meaning::Money(Sum::number(i128::from(units))),
            Op::Pot(party, asset) => Meaning::Money(facts.pot((party, asset))),
            Op::Parameter(position) => {
                match self.scope.code.parameters.get(usize::from(position)).map(|found| found.kind) {
                    Some(Type::Money(_)) => Meaning::Money(Sum::of(Symbol::Parameter(position))),
                    Some(Type::Ratio) => Meaning::Ratio(Some(position)),
                    Some(Type::Int) => Meaning::Int(None),
                    _ => Meaning::Other,
                }
            }
            Op::Argument(position) => self.argument(position, facts),
            Op::Variable(position) => {
                let kind = self.scope.code.variables.get(usize::from(position)).map(|found| found.kind);
                if !is_money(kind) {
                    return Meaning::Int(None);
                }
                if let Some(sum) = facts.variables.get(&position) {
                    return Meaning::Money(sum.clone());
                }
                let sum = Sum::of(facts.fresh(Vec::new()));
                facts.variables.insert(position, sum.clone());
                Meaning::Money(sum)
            }
            Op::Local(position) => facts.locals.get(usize::from(position)).cloned().unwrap_or(Meaning::Other),
            Op::Bool(_) | Op::Duration(_) | Op::Now | Op::Entered => Meaning::Other,
            Op::Not | Op::Sha256 => {
                stack.pop();
                Meaning::Other
            }
            _ => {
                let right = stack.pop().unwrap_or(Meaning::Other);
                let left = stack.pop().unwrap_or(Meaning::Other);
                self.binary(op, left, right, facts)
            }
        }
    }

    fn argument(&self, position: u8, facts: &mut Facts) -> Meaning {
        match self.scope.arguments.get(usize::from(position)).map(|found: &Argument| found.kind) {
            Some(Type::Money(_)) => {
                if let Some(symbol) = facts.arguments.get(&position) {
                    return Meaning::Money(Sum::of(*symbol));
                }
                let symbol = facts.fresh(Vec::new());
                facts.arguments.insert(position, symbol);
                Meaning::Money(Sum::of(symbol))
            }
            Some(Type::Int) => Meaning::Int(None),
            Some(Type::Ratio) => Meaning::Ratio(None),
            _ => Meaning::Other,
        }
    }

    fn binary(&self, op: Op, left: Meaning, right: Meaning, facts: &mut Facts) -> Meaning {
        use Meaning::{Holds, Int, Money, Other, Ratio};
        let mut fresh = |bounds: Vec<Sum>| Money(Sum::of(facts.fresh(bounds)));
        match (op, left, right) {
            (Op::Add, Money(a), Money(b)) => Money(a.plus(&b, 1)),
            (Op::Sub, Money(a), Money(b)) => Money(a.plus(&b, -1)),
            (Op::Mul, Money(a), Int(Some(times))) => Money(Sum::default().plus(&a, i128::from(times))),
            (Op::Div, Money(a), Int(Some(parts))) if parts >= 1 => fresh(vec![a]),
            (Op::Rem, Money(a), Int(_)) => fresh(vec![a]),
            (Op::MulDiv(_), Money(a), Ratio(Some(ratio))) if at_most_one(self.scope.code, ratio) => fresh(vec![a]),
            (Op::Mul | Op::Div | Op::MulDiv(_) | Op::Convert(_) | Op::ConvertBack(_), Money(_), _) => fresh(vec![]),
            (Op::Min, Money(a), Money(b)) => fresh(vec![a, b]),
            (Op::Max, Money(_), Money(_)) => fresh(vec![]),
            (Op::Le | Op::Lt, Money(a), Money(b)) => Holds(vec![(a, b)]),
            (Op::Ge | Op::Gt, Money(a), Money(b)) => Holds(vec![(b, a)]),
            (Op::Eq, Money(a), Money(b)) => Holds(vec![(a.clone(), b.clone()), (b, a)]),
            (Op::And, Holds(mut a), Holds(b)) => {
                a.extend(b);
                Holds(a)
            }
            (Op::And, Holds(a), _) | (Op::And, _, Holds(a)) => Holds(a),
            (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem | Op::Min | Op::Max, Int(_), Int(_)) => Int(None),
            _ => Other,
        }
    }
}

/// Rule 7: who deposits acts, and the role left open is used where somebody plays it.
fn consent(code: &Code) -> Vec<Fault> {
    let mut faults = Vec::new();
    let caller = u8::try_from(code.parties.len()).unwrap_or(u8::MAX);
    for (position, state) in code.states.iter().enumerate() {
        let place = Place::state(position);
        let bodies = std::iter::once((None, &[][..], &state.timeout)).chain(
            state.clauses.iter().enumerate().map(|(number, clause)| (Some(number), &*clause.actors, &clause.body)),
        );
        for (clause, actors, body) in bodies {
            let played = actors == [Actor::Caller];
            for (at, block) in body.iter().enumerate() {
                for (number, action) in block.actions.iter().enumerate() {
                    let what = match action {
                        Action::Deposit { party, .. } if *party == caller && played => None,
                        Action::Deposit { party, .. } if actors == [Actor::Party(*party)] => None,
                        Action::Deposit { .. } => Some("who deposits must be the only one who may act here"),
                        Action::Pull { party, .. } if *party == caller => {
                            Some("whoever calls deposits, it is not pulled from")
                        }
                        _ if names_caller(action, caller) && !played => {
                            Some("nobody plays the role left open here: let it act alone")
                        }
                        _ => None,
                    };
                    let place = place.clause(clause).at(at, number);
                    faults.extend(what.map(|what| Fault::new(Rule::Consent, place, what)));
                }
                let end = place.clause(clause).at(at, block.actions.len());
                let reads = super::edges::end_expression(&block.next)
                    .is_some_and(|ops| ops.iter().any(|op| matches!(op, Op::Pot(party, _) if *party == caller)));
                if reads && !played {
                    faults.push(Fault::new(
                        Rule::Consent,
                        end,
                        "nobody plays the role left open here: let it act alone",
                    ));
                }
                if matches!(block.next, Next::TryPull { party, .. } if party == caller) {
                    faults.push(Fault::new(Rule::Consent, end, "whoever calls deposits, it is not pulled from"));
                }
            }
        }
    }
    faults
}

fn names_caller(action: &Action, caller: u8) -> bool {
    let in_expression = super::edges::expressions(action)
        .is_some_and(|ops| ops.iter().any(|op| matches!(op, Op::Pot(party, _) if *party == caller)));
    let in_transfer = matches!(
        action,
        Action::Move { from, to, .. } | Action::Pay { from, to, .. } if *from == caller || *to == caller
    );
    in_expression || in_transfer
}

/// Parties that may end the contract alone while another's money is in it.
pub(super) fn warnings(code: &Code) -> Vec<Warning> {
    let mut found = Vec::new();
    for (position, state) in code.states.iter().enumerate() {
        for (number, clause) in state.clauses.iter().enumerate() {
            let [Actor::Party(actor)] = clause.actors.as_ref() else { continue };
            let takes = clause.body.iter().flat_map(|block| &block.actions).any(|action| match action {
                Action::Pay { from, to, .. } | Action::Move { from, to, .. } => from != actor && to == actor,
                _ => false,
            });
            let gives = clause.body.iter().flat_map(|block| &block.actions).any(|action| match action {
                Action::Deposit { .. } => true,
                Action::Require(_) => true,
                Action::Pay { from, .. } => from == actor,
                _ => false,
            });
            if takes && !gives && clause.arguments.iter().all(|argument| argument.attested.is_none()) {
                let what = "a one-sided free option: this party takes another's money by its signature alone";
                found.push(Warning { place: Place::state(position).clause(Some(number)), what: what.to_owned() });
            }
        }
    }
    found
}
