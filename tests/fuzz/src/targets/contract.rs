//! Contracts as text and as bytes, as they come from anybody.

use crate::Target;
use crate::property::canonical;
use seaway_contracts::STANDARD;
use seaway_traffic::{Random, random_text};
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::calendar::Calendar;
use seaway_types::codec;
use seaway_types::contract::{Argument, Code, CodeBytes, Ratio, Type, Value};
use seaway_types::hash::Hash32;
use seaway_types::limits::{AMOUNT_MAX, CLAUSE_ACTIONS_MAX, CODE_BYTES_MAX};
use seaway_types::state::Pot;
use seaway_types::time::BlockTime;
use seaway_vm::machine::{self, Situation, Where, Why};
use seaway_vm::{Program, Refused, tell, text};

/// Contracts as text.
pub(crate) const TEXT: Target =
    Target { name: "contract_text", run: run_text, seeds: text_seeds, bytes_max: 16 << 10 };

/// Contracts as bytes.
pub(crate) const BYTES: Target =
    Target { name: "contract_bytes", run: run_bytes, seeds: byte_seeds, bytes_max: CODE_BYTES_MAX };

/// A fault names a place in the text; a contract that is accepted has one normal text and one byte string, each read as the
/// same, and can be explained and run.
fn run_text(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    let read = match text::read(&source) {
        Ok(read) => read,
        Err(fault) => {
            let _shown = text::shown(&source, fault.at, &fault.what);
            return;
        }
    };
    let _written = text::write(&read.code);
    match Program::from_code(read.code) {
        Ok(program) => accepted(&program, input),
        Err(Refused::Bytes(_)) => {}
        Err(Refused::Faults(faults)) => {
            assert!(!faults.is_empty(), "refused without a reason");
            for fault in faults.iter().take(20) {
                let _shown = text::shown(&source, read.places.find(fault.place), &fault.to_string());
            }
        }
    }
}

/// Bytes that are read are written as the same, and what the verifier accepts can be explained and run.
fn run_bytes(input: &[u8]) {
    let Ok(bounded) = Bounded::new(input.to_vec()) else { return };
    let bytes = CodeBytes(bounded);
    let Ok(code) = bytes.decode() else { return };
    assert_eq!(code.bytes().as_ref(), Ok(&bytes), "decoded, and written otherwise");
    let _written = text::write(&code);
    if let Ok(program) = Program::from_code(code) {
        assert_eq!(program.bytes(), &bytes);
        accepted(&program, input);
    }
}

/// What holds of every accepted contract.
fn accepted(program: &Program, input: &[u8]) {
    let written = text::write(program.code());
    let read = text::read(&written).unwrap_or_else(|fault| panic!("{fault}\n{written}"));
    assert_eq!(read.code, *program.code(), "{written}");
    assert_eq!(text::write(&read.code), written, "a normal text is its own normal text");
    let again = Program::from_bytes(program.bytes()).expect("what is accepted is accepted again");
    assert_eq!((again.hash(), program.bytes().hash()), (program.hash(), program.hash()));
    let encoded = codec::encode(program.code());
    assert!(canonical::<Code>(&encoded, encoded.len()).is_some(), "code has a canonical form");
    let _prose = tell::explain(program, None);
    let _table = tell::outcomes(program, None);
    exercise(program, input);
}

/// Numbers that the input decides.
struct Numbers(u64);

impl Numbers {
    fn of(input: &[u8]) -> Self {
        let mixed = input
            .iter()
            .fold(0xcbf2_9ce4_8422_2325u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed | 1)
    }

    /// Of any size: mostly small ones would seldom meet a bound.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> (self.0 % 64)
    }

    fn value(&mut self, kind: Type) -> Value {
        let number = self.next();
        match kind {
            Type::Bool => Value::Bool(number.is_multiple_of(2)),
            Type::Int | Type::Counter => Value::Int(i128::from(number.cast_signed())),
            Type::Money(_) => Value::Money(money(number)),
            Type::Ratio | Type::Rate(..) => {
                Value::Ratio(Ratio::new(number % 1_000, number % 999 + 1).expect("a small fraction"))
            }
            Type::Time => Value::Time(BlockTime::default().after_ms(number)),
            Type::Duration => Value::Duration(number),
            Type::Hash => Value::Hash(Hash32([number.to_le_bytes()[0]; 32])),
        }
    }

    fn arguments(&mut self, declared: &[Argument]) -> Vec<Value> {
        declared.iter().map(|argument| self.value(argument.kind)).collect()
    }

    /// A pot for each party that may have one, in each asset.
    fn pots(&mut self, program: &Program) -> Vec<Pot> {
        let assets = u8::try_from(program.code().assets.len()).expect("few assets");
        let places = program.obligors().iter().flat_map(|party| (0..assets).map(move |asset| (*party, asset)));
        places.map(|(party, asset)| Pot { party, asset, amount: money(self.next()) }).collect()
    }
}

fn money(number: u64) -> Amount {
    Amount::new(number % (AMOUNT_MAX + 1)).expect("within the bound")
}

/// Runs everything in an accepted contract on arbitrary numbers: each call answers or refuses within its bounds, and a deadline
/// is refused for nothing but short pots, which are arbitrary here, and numbers out of range.
fn exercise(program: &Program, input: &[u8]) {
    let mut numbers = Numbers::of(input);
    let code = program.code();
    let parameters: Vec<Value> = code.parameters.iter().map(|one| numbers.value(one.kind)).collect();
    let Ok(variables) = machine::initial_variables(program, &parameters) else { return };
    let now = BlockTime::default().after_ms(numbers.next());
    let _end = machine::latest_end(program, &parameters, &variables, now);
    let pots = numbers.pots(program);
    let (parameters, variables) = (&parameters[..], &variables[..]);
    let situation = Situation { program, parameters, variables, pots: &pots, now, entered: now };
    for (position, state) in (0u8..).zip(&code.states) {
        let _deadline = machine::deadline(program, parameters, variables, position, now, |_| Calendar::default());
        if let Err(refusal) = machine::timeout(&situation, position, &mut |_, _, _| true) {
            assert!(matches!(refusal.why, Why::PotShort { .. } | Why::Arithmetic), "{refusal:?}");
        }
        for (number, clause) in (0u8..).zip(&state.clauses) {
            let arguments = numbers.arguments(&clause.arguments);
            let Ok(done) = machine::call(&situation, position, number, &arguments, &mut |_, _, _| true) else {
                continue;
            };
            assert!(done.flows.len() <= 2 * CLAUSE_ACTIONS_MAX);
            assert!(done.emitted.len() <= CLAUSE_ACTIONS_MAX && done.conversions.len() <= CLAUSE_ACTIONS_MAX);
            assert!(!matches!(done.next, Where::Enter(next) if usize::from(next) >= code.states.len()));
        }
    }
}

fn texts() -> impl Iterator<Item = String> {
    let random = (0..8).map(|seed| random_text(&mut Random::new(seed)));
    STANDARD.iter().map(|standard| standard.text.to_owned()).chain(random)
}

fn text_seeds() -> Vec<Vec<u8>> {
    texts().map(String::into_bytes).collect()
}

fn byte_seeds() -> Vec<Vec<u8>> {
    let bytes = |source: String| Some(text::read(&source).ok()?.code.bytes().ok()?.0.into_inner());
    texts().filter_map(bytes).collect()
}
