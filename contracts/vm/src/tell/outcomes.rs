//! The outcome table: every way through a contract, who gets what on it, and what it can cost.

use super::phrase::{Filled, Phrases};
use crate::program::Program;
use seaway_types::contract::{Action, Block, Next};

/// Ways listed; contracts with loops have more, which repeat these.
const WAYS_MAX: usize = 256;
/// Blocks that are walked through in all: contracts whose ways lead in circles have no end of them.
const STEPS_MAX: usize = 20_000;
/// How often one way may pass the same state.
const VISITS_MAX: usize = 2;

/// One way through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What happens, step by step: who acts by which clause, or whose time is over.
    pub steps: Vec<String>,
    /// Where money goes, in order.
    pub moves: Vec<String>,
}

/// All ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// The ways, in order of the states and clauses.
    pub ways: Vec<Outcome>,
    /// Whether there are more than are listed.
    pub more: bool,
    /// Most postings that one call or deadline makes, its refunds included.
    pub postings_max: usize,
    /// Most elements that one call or deadline works out.
    pub operations_max: usize,
}

/// Works the table out.
pub fn outcomes(program: &Program, filled: Option<&Filled>) -> Outcomes {
    let mut walk = Walk {
        program,
        filled,
        found: Outcomes { ways: Vec::new(), more: false, postings_max: 0, operations_max: 0 },
        visits: vec![0; program.code().states.len()],
        steps: 0,
    };
    walk.costs();
    walk.state(0, &Outcome { steps: Vec::new(), moves: Vec::new() });
    walk.found
}

struct Walk<'a> {
    program: &'a Program,
    filled: Option<&'a Filled>,
    found: Outcomes,
    visits: Vec<usize>,
    steps: usize,
}

impl Walk<'_> {
    fn costs(&mut self) {
        let code = self.program.code();
        // A closing refunds each pot that can be: of each obligor in each asset.
        let refunds = 2 * self.program.obligors().len() * code.assets.len();
        for body in crate::program::bodies(code) {
            let (postings, operations) = cost(body, 0);
            self.found.postings_max = self.found.postings_max.max(postings + refunds);
            self.found.operations_max = self.found.operations_max.max(operations);
        }
    }

    fn state(&mut self, position: usize, so_far: &Outcome) {
        let Some(visits) = self.visits.get_mut(position) else { return };
        if *visits >= VISITS_MAX {
            self.found.more = true;
            return;
        }
        *visits += 1;
        if let Some(state) = self.program.code().states.get(position) {
            for clause in &state.clauses {
                let phrases = Phrases::new(self.program, self.filled);
                let actors: Vec<String> = clause.actors.iter().map(|actor| phrases.actor(*actor)).collect();
                let step = format!("{}: {} by {}", state.name, clause.label, actors.join(" or "));
                let phrases = Phrases { arguments: &clause.arguments, ..phrases };
                self.block(&clause.body, 0, phrases, with_step(so_far, step));
            }
            let phrases = Phrases::new(self.program, self.filled);
            let step = format!("{}: time is over", state.name);
            self.block(&state.timeout, 0, phrases, with_step(so_far, step));
        }
        if let Some(visits) = self.visits.get_mut(position) {
            *visits -= 1;
        }
    }

    fn block(&mut self, body: &[Block], position: usize, mut phrases: Phrases, mut so_far: Outcome) {
        self.steps += 1;
        if self.found.ways.len() >= WAYS_MAX || self.steps > STEPS_MAX {
            self.found.more = true;
            return;
        }
        let Some(block) = body.get(position) else { return };
        for action in &block.actions {
            so_far.moves.extend(phrases.movement(action));
            if let Action::Let(name, _) = action {
                phrases.locals.push(*name);
            }
        }
        let again = |phrases: &Phrases| Phrases {
            program: self.program,
            filled: self.filled,
            arguments: &[],
            locals: phrases.locals.clone(),
        };
        match &block.next {
            // Nothing new comes of staying: what can come next can come without it.
            Next::Stay => {
                so_far.steps.push("it goes on".to_owned());
                self.found.ways.push(so_far);
            }
            Next::Close => {
                so_far.moves.push("what is left goes to its owners".to_owned());
                self.found.ways.push(so_far);
            }
            Next::Goto(next) => self.state(usize::from(*next), &so_far),
            Next::Again { state: next, otherwise, .. } => {
                let arguments = phrases.arguments;
                let other = Phrases { arguments, ..again(&phrases) };
                self.state(usize::from(*next), &with_step(&so_far, "once more".to_owned()));
                self.block(body, usize::from(*otherwise), other, with_step(&so_far, "the last".to_owned()));
            }
            Next::When { condition, then, otherwise } => {
                let arguments = phrases.arguments;
                let condition = phrases.expression(condition);
                let other = Phrases { arguments, ..again(&phrases) };
                self.block(body, usize::from(*then), phrases, with_step(&so_far, format!("if {condition}")));
                let step = format!("unless {condition}");
                self.block(body, usize::from(*otherwise), other, with_step(&so_far, step));
            }
            Next::TryPull { amount, party, then, otherwise, .. } => {
                let arguments = phrases.arguments;
                let (amount, party) = (phrases.expression(amount), phrases.party(*party));
                let other = Phrases { arguments, ..again(&phrases) };
                let mut pulled = with_step(&so_far, format!("{party} can be debited"));
                pulled.moves.push(format!("{amount} is taken from {party} into its pot"));
                self.block(body, usize::from(*then), phrases, pulled);
                let step = format!("{party} cannot be debited");
                self.block(body, usize::from(*otherwise), other, with_step(&so_far, step));
            }
        }
    }
}

fn with_step(so_far: &Outcome, step: String) -> Outcome {
    let mut next = so_far.clone();
    next.steps.push(step);
    next
}

/// The dearest way through a body: postings, and elements worked out.
fn cost(body: &[Block], position: usize) -> (usize, usize) {
    let Some(block) = body.get(position) else { return (0, 0) };
    let moves = |action: &&Action| {
        matches!(action, Action::Deposit { .. } | Action::Pull { .. } | Action::Move { .. } | Action::Pay { .. })
    };
    let postings = 2 * block.actions.iter().filter(moves).count();
    let operations: usize =
        block.actions.iter().filter_map(crate::verify::expressions).map(<[_]>::len).sum::<usize>()
            + block.actions.len();
    let dearer = |a: (usize, usize), b: (usize, usize)| (a.0.max(b.0), a.1.max(b.1));
    let after = match &block.next {
        Next::Stay | Next::Close | Next::Goto(_) => (0, 0),
        Next::Again { otherwise, .. } => cost(body, usize::from(*otherwise)),
        Next::When { condition, then, otherwise } => {
            let (postings, operations) = dearer(cost(body, usize::from(*then)), cost(body, usize::from(*otherwise)));
            (postings, operations + condition.len())
        }
        Next::TryPull { amount, then, otherwise, .. } => {
            let (postings, operations) = cost(body, usize::from(*then));
            let (postings, operations) = dearer((postings + 2, operations), cost(body, usize::from(*otherwise)));
            (postings, operations + amount.len())
        }
    };
    (postings + after.0, operations + after.1)
}
