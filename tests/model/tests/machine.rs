//! Two interpreters of the language of contracts run the same programs, of the library and random ones, on the same
//! random instances, and must say the same: what is refused, where money goes, what changes, when states end.
//!
//! `SEAWAY_PROGRAMS` sets how many programs run (3,000 by default); `SEAWAY_SEED` runs the one that failed.

use seaway_model::machine as judge;
use seaway_traffic::{Random, random_text};
use seaway_types::calendar::{BusinessDay, OffsetChange};
use seaway_types::contract::{Action, Block, Clause, Code, Deadline, Next, Op, Quantity, Ratio, Type, Value};
use seaway_types::state::Pot;
use seaway_types::{Amount, BlockTime, Calendar, Day, Hash32};
use seaway_vm::machine::{self, Flow, Situation, Where};
use seaway_vm::{Program, text};
use std::collections::BTreeMap;

const DAY_MS: u64 = 86_400_000;
const START_MS: u64 = 1_800_000_000_000;
/// Below this many programs not everything need occur.
const MANY: u64 = 2_000;

/// What runs reached, so that a generator that reaches nothing is noticed.
type Seen = BTreeMap<String, u64>;

fn saw(seen: &mut Seen, what: impl Into<String>) {
    *seen.entry(what.into()).or_insert(0) += 1;
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn interpreters_agree() {
    let seeds = match number("SEAWAY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEAWAY_PROGRAMS").unwrap_or(3_000),
    };
    let many = seeds.end - seeds.start;
    let mut seen = Seen::new();
    for seed in seeds {
        let mut random = Random::new(seed);
        let standard = random.pick(seaway_contracts::STANDARD).filter(|_| random.chance(12));
        let source = standard.map_or_else(|| random_text(&mut random), |standard| standard.text.to_owned());
        let drawn = standard.is_none();
        let Some(program) = accepted(&source, &mut seen) else {
            assert!(drawn, "a standard contract is refused");
            saw(&mut seen, "text refused");
            continue;
        };
        saw(&mut seen, if drawn { "text accepted" } else { "standard contract" });
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..6 {
                examine(&program, &mut random, &mut seen);
            }
        }));
        assert!(ran.is_ok(), "program {seed} fails; run it alone with SEAWAY_SEED={seed}:\n{source}");
    }
    println!("{many} programs reached {seen:#?}");
    if many < MANY {
        return;
    }
    let count = |what: &str| seen.get(what).copied().unwrap_or(0);
    let (taken, refused) = (count("text accepted"), count("text refused"));
    assert!(taken * 5 >= taken + refused, "the verifier accepts only {taken} texts and refuses {refused}");
    let missed: Vec<&str> = WANTED.iter().copied().filter(|wanted| count(wanted) == 0).collect();
    assert!(missed.is_empty(), "no program reached {missed:?}: the generator is too tame");
}

/// What runs must reach. Actions and ends count where they were carried out in a call or timeout that both accept.
const WANTED: &[&str] = &[
    "opening accepted",
    "opening refused",
    "call accepted",
    "call refused",
    "timeout accepted",
    "refused: Requirement",
    "refused: Arithmetic",
    "refused: Pull",
    "refused: CallerPotLeft",
    "let",
    "require",
    "deposit",
    "pull",
    "move exactly",
    "move up to",
    "move rest",
    "pay exactly",
    "pay up to",
    "pay rest",
    "set",
    "emit",
    "stay",
    "goto",
    "close",
    "when",
    "again",
    "try pull",
    "conversion",
    "deadline at",
    "deadline after",
    "deadline months",
    "deadline banking days",
    "op Not",
    "op Add",
    "op Sub",
    "op Mul",
    "op Div",
    "op Rem",
    "op Min",
    "op Max",
    "op Eq",
    "op Lt",
    "op And",
    "op Or",
    "op Sha256",
    "op MulDiv",
    "op Convert",
    "op ConvertBack",
];

/// The program of a text, if the verifier accepts it.
fn accepted(source: &str, seen: &mut Seen) -> Option<Program> {
    match text::read(source) {
        Ok(read) => match Program::from_code(read.code) {
            Ok(program) => Some(program),
            Err(seaway_vm::Refused::Faults(faults)) => {
                saw(seen, format!("text refused by rule {}", faults.first().map_or(0, |fault| fault.rule as u8)));
                None
            }
            Err(seaway_vm::Refused::Bytes(_)) => None,
        },
        Err(fault) => {
            // Only what is too long may be unreadable: the generator writes the language.
            assert!(fault.what.contains("more than"), "{fault}:\n{source}");
            None
        }
    }
}

/// A random instance of a code; nothing says that it could come about.
#[derive(Debug)]
struct Example {
    parameters: Vec<Value>,
    variables: Vec<Value>,
    pots: Vec<Pot>,
    now: BlockTime,
    entered: BlockTime,
}

/// A moment: mostly of a year around the start, sometimes at a border of a month or of all time.
fn moment(random: &mut Random) -> BlockTime {
    let of_day = random.roll(0, DAY_MS - 1);
    let ms = match random.roll(0, 29) {
        0 => random.roll(0, 1),
        1 => 951_782_400_000 + of_day,
        2 => 1_801_353_600_000 + of_day,
        3 => 1_835_395_200_000 + of_day,
        // Two days before the last that is written; closer, local time is beyond it.
        4 => 253_402_128_000_000,
        _ => START_MS + random.roll(0, 400) * DAY_MS + of_day,
    };
    BlockTime::from_ms(ms).unwrap()
}

fn units(random: &mut Random) -> u64 {
    match random.roll(0, 19) {
        0 => 999_999_999_999_999_999,
        1 => 999_999_999_999_999_990,
        2 => random.roll(1, 999_999_999_999_999_999),
        3 | 4 => 0,
        _ => random.roll(1, 120),
    }
}

fn value(kind: Type, random: &mut Random) -> Value {
    match kind {
        Type::Bool => Value::Bool(random.chance(50)),
        Type::Int => Value::Int(match random.roll(0, 24) {
            0 => i128::MAX,
            1 => i128::MIN,
            2 => -1,
            3 => i128::from(i64::MAX),
            4 => 480,
            _ => i128::from(random.roll(0, 12)),
        }),
        Type::Money(_) => Value::Money(Amount::new(units(random)).unwrap()),
        Type::Ratio | Type::Rate(..) => {
            let (upper, lower) = match random.roll(0, 9) {
                0 => (units(random), units(random).max(1)),
                1 => (0, 3),
                2 => (1, Ratio::PART_MAX),
                3 => (Ratio::PART_MAX, 1),
                4 => (1, 2),
                _ => (random.roll(0, 20), random.roll(1, 30)),
            };
            Value::Ratio(Ratio::new(upper, lower).unwrap())
        }
        Type::Time => Value::Time(moment(random)),
        Type::Duration => Value::Duration(match random.roll(0, 14) {
            0 => u64::MAX,
            1 => 0,
            2 | 3 => random.roll(1, 10_000),
            _ => random.roll(1, 60) * DAY_MS / 2,
        }),
        Type::Hash => Value::Hash(Hash32([random.roll(0, 2) as u8; 32])),
        Type::Counter => Value::Int(match random.roll(0, 9) {
            0 => 600,
            1..=3 => 0,
            _ => i128::from(random.roll(1, 5)),
        }),
    }
}

impl Example {
    fn draw(code: &Code, random: &mut Random) -> Self {
        let parameters = code.parameters.iter().map(|declared| value(declared.kind, random)).collect();
        let variables = code.variables.iter().map(|declared| value(declared.kind, random)).collect();
        let mut pots = Vec::new();
        for party in 0..code.parties.len() as u8 {
            for asset in 0..code.assets.len() as u8 {
                let amount = Amount::new(units(random)).unwrap();
                if random.chance(60) && !amount.is_zero() {
                    pots.push(Pot { party, asset, amount });
                }
            }
        }
        let entered = moment(random);
        let now = if random.chance(90) { entered.after_ms(random.roll(0, 3 * DAY_MS)) } else { moment(random) };
        Self { parameters, variables, pots, now, entered }
    }

    fn ours<'a>(&'a self, program: &'a Program) -> Situation<'a> {
        Situation {
            program,
            parameters: &self.parameters,
            variables: &self.variables,
            pots: &self.pots,
            now: self.now,
            entered: self.entered,
        }
    }

    fn theirs<'a>(&'a self, code: &'a Code, state: u8) -> judge::Situation<'a> {
        let held = |pot: &Pot| ((pot.party, pot.asset), i128::from(pot.amount.minor_units()));
        judge::Situation {
            code,
            parameters: &self.parameters,
            variables: self.variables.clone(),
            pots: self.pots.iter().map(held).collect(),
            state,
            now: self.now,
            entered: self.entered,
        }
    }
}

/// Whether somebody can be pulled from: any pure function will do.
fn allows(party: u8, asset: u8, units: u64) -> bool {
    !(u64::from(party) * 7 + u64::from(asset) * 3 + units).is_multiple_of(5)
}

/// Calendars: none for the first asset; for the second weeks of four days, and offsets to both sides.
fn calendar(asset: u8) -> Calendar {
    if asset == 0 {
        return Calendar::default();
    }
    let first = Day::of_local_ms(START_MS).number();
    let days: Vec<BusinessDay> = (first..first + 90)
        .filter(|day| day % 7 < 4)
        .map(|day| BusinessDay { day: Day::from_number(day).unwrap(), opening: 0, cut_off: 1440 })
        .collect();
    let later = BlockTime::from_ms(START_MS + 30 * DAY_MS).unwrap();
    let offsets = vec![
        OffsetChange { starts: BlockTime::default(), minutes: 480 },
        OffsetChange { starts: later, minutes: -300 },
    ];
    Calendar { offsets: offsets.try_into().unwrap(), days: days.try_into().unwrap() }
}

/// Asks both interpreters about one instance, whatever can be asked of it.
fn examine(program: &Program, random: &mut Random, seen: &mut Seen) {
    let code = program.code();
    let mut example = Example::draw(code, random);
    let ours = machine::initial_variables(program, &example.parameters).ok();
    let holds = judge::conditions(code, &example.parameters);
    let theirs = if holds { judge::initial(code, &example.parameters) } else { None };
    assert_eq!(ours, theirs, "openings with {:?}", example.parameters);
    saw(seen, if ours.is_some() { "opening accepted" } else { "opening refused" });
    if let Some(variables) = ours
        && random.chance(50)
    {
        example.variables = variables;
    }
    for (position, state) in code.states.iter().enumerate() {
        let place = position as u8;
        same_deadline(program, &example, place, &state.until, seen);
        let mut asked = |party: u8, asset: u8, amount: Amount| allows(party, asset, amount.minor_units());
        let ours = machine::timeout(&example.ours(program), place, &mut asked);
        let mut asked = |party: u8, asset: u8, amount: i128| allows(party, asset, u64::try_from(amount).unwrap());
        let theirs = judge::timeout(&example.theirs(code, place), &mut asked);
        saw(seen, if ours.is_ok() { "timeout accepted" } else { "timeout refused" });
        same(&ours, theirs, || format!("timeout of state {place} of {example:?}"));
        note(&ours, &state.timeout, seen);
        for (number, clause) in state.clauses.iter().enumerate() {
            for _ in 0..2 {
                same_call(program, &example, (place, number as u8), clause, random, seen);
            }
        }
    }
}

fn same_deadline(program: &Program, example: &Example, state: u8, until: &Deadline, seen: &mut Seen) {
    let (parameters, variables, entered) = (&example.parameters, &example.variables, example.entered);
    let ours = machine::deadline(program, parameters, variables, state, entered, calendar);
    let theirs = judge::deadline(program.code(), parameters, variables, state, entered, &calendar);
    assert_eq!(ours, theirs, "deadline of state {state}, {parameters:?}, {variables:?}, entered {entered}");
    let kind = match until {
        Deadline::At(_) => "deadline at",
        Deadline::After(_) => "deadline after",
        Deadline::Months { .. } => "deadline months",
        Deadline::BankingDays { .. } => "deadline banking days",
    };
    saw(seen, if ours.is_some() { kind } else { "no deadline" });
}

fn same_call(
    program: &Program,
    example: &Example,
    (state, number): (u8, u8),
    clause: &Clause,
    random: &mut Random,
    seen: &mut Seen,
) {
    let arguments: Vec<Value> = clause.arguments.iter().map(|declared| value(declared.kind, random)).collect();
    let mut asked = |party: u8, asset: u8, amount: Amount| allows(party, asset, amount.minor_units());
    let ours = machine::call(&example.ours(program), state, number, &arguments, &mut asked);
    let mut asked = |party: u8, asset: u8, amount: i128| allows(party, asset, u64::try_from(amount).unwrap());
    let theirs = judge::call(&example.theirs(program.code(), state), number, &arguments, &mut asked);
    saw(seen, if ours.is_ok() { "call accepted" } else { "call refused" });
    same(&ours, theirs, || format!("clause {number} of state {state} with {arguments:?} of {example:?}"));
    note(&ours, &clause.body, seen);
}

/// What our interpreter answers.
type Answer = Result<machine::Done, machine::Refusal>;

/// Both answers are the same.
fn same(ours: &Answer, theirs: Option<judge::Done>, what: impl Fn() -> String) {
    assert_eq!(ours.as_ref().ok().map(told), theirs, "{}: {ours:?}", what());
}

/// Notes what was done. The first block of what is accepted was carried out whole, so that its actions and its end were.
fn note(ours: &Answer, body: &[Block], seen: &mut Seen) {
    match (ours, body.first()) {
        (Err(refusal), _) => {
            let why = format!("{:?}", refusal.why);
            saw(seen, format!("refused: {}", why.split(' ').next().unwrap_or("")));
        }
        (Ok(done), Some(first)) => {
            first.actions.iter().for_each(|action| note_action(action, seen));
            note_end(&first.next, seen);
            if !done.conversions.is_empty() {
                saw(seen, "conversion");
            }
        }
        (Ok(_), None) => panic!("a body without a block is accepted"),
    }
}

/// What our interpreter says, in the judge's words.
fn told(done: &machine::Done) -> judge::Done {
    let plain = |amount: Amount| i128::from(amount.minor_units());
    let flow = |flow: &Flow| match *flow {
        Flow::In { party, asset, amount, pulled } => judge::Flow::In { party, asset, amount: plain(amount), pulled },
        Flow::Between { from, to, asset, amount } => judge::Flow::Between { from, to, asset, amount: plain(amount) },
        Flow::Out { from, to, asset, amount } => judge::Flow::Out { from, to, asset, amount: plain(amount) },
    };
    let mut conversions = Vec::new();
    for one in &done.conversions {
        let exact = plain(one.amount) * i128::from(one.rate.numerator());
        let left = i128::from(one.remainder);
        let back = plain(one.out) * i128::from(one.rate.denominator());
        assert_eq!(if one.up { exact + left } else { exact - left }, back, "{one:?}");
        conversions.push((plain(one.amount), one.rate.numerator(), one.rate.denominator(), plain(one.out), left));
    }
    judge::Done {
        pots: done.pots.iter().map(|pot| ((pot.party, pot.asset), plain(pot.amount))).collect(),
        variables: done.variables.to_vec(),
        flows: done.flows.iter().map(flow).collect(),
        next: match done.next {
            Where::Stay => judge::Where::Stay,
            Where::Enter(state) => judge::Where::Enter(state),
            Where::Close => judge::Where::Close,
        },
        emitted: done.emitted.iter().map(|one| (one.label.as_str().to_owned(), one.value)).collect(),
        conversions,
    }
}

fn note_ops(ops: &[Op], seen: &mut Seen) {
    for op in ops {
        let shown = format!("{op:?}");
        saw(seen, format!("op {}", shown.split('(').next().unwrap_or("")));
    }
}

fn note_action(action: &Action, seen: &mut Seen) {
    let (word, ops) = match action {
        Action::Let(_, ops) => ("let", ops),
        Action::Require(ops) => ("require", ops),
        Action::Deposit { amount, .. } => ("deposit", amount),
        Action::Pull { amount, .. } => ("pull", amount),
        Action::Set(_, ops) => ("set", ops),
        Action::Emit(_, ops) => ("emit", ops),
        Action::Move { quantity, .. } => return note_quantity("move", quantity, seen),
        Action::Pay { quantity, .. } => return note_quantity("pay", quantity, seen),
    };
    note_ops(ops, seen);
    saw(seen, word);
}

fn note_quantity(verb: &str, quantity: &Quantity, seen: &mut Seen) {
    let how = match quantity {
        Quantity::Exactly(ops) => {
            note_ops(ops, seen);
            "exactly"
        }
        Quantity::UpTo(ops) => {
            note_ops(ops, seen);
            "up to"
        }
        Quantity::Rest => "rest",
    };
    saw(seen, format!("{verb} {how}"));
}

fn note_end(next: &Next, seen: &mut Seen) {
    let word = match next {
        Next::Stay => "stay",
        Next::Goto(_) => "goto",
        Next::Close => "close",
        Next::When { condition, .. } => {
            note_ops(condition, seen);
            "when"
        }
        Next::Again { .. } => "again",
        Next::TryPull { amount, .. } => {
            note_ops(amount, seen);
            "try pull"
        }
    };
    saw(seen, word);
}
