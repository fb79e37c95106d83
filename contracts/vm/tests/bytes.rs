//! Bytes of contracts, as they come from anybody: canonical or refused, and nothing that they say stops the machine.

use proptest::prelude::*;
use seaway_contracts::STANDARD;
use seaway_types::bounded::Bounded;
use seaway_types::calendar::Calendar;
use seaway_types::contract::{CodeBytes, Ratio, Type, Value};
use seaway_types::hash::Hash32;
use seaway_types::state::Pot;
use seaway_types::time::BlockTime;
use seaway_types::{Amount, limits};
use seaway_vm::machine::{self, Situation, Where};
use seaway_vm::{Program, tell, text};

fn standard(which: usize) -> Vec<u8> {
    let code = text::read(STANDARD[which % STANDARD.len()].text).unwrap().code;
    code.bytes().unwrap().0.into_inner()
}

fn some_value(kind: Type, number: u64) -> Value {
    match kind {
        Type::Bool => Value::Bool(number.is_multiple_of(2)),
        Type::Int | Type::Counter => Value::Int(i128::from(number as i64)),
        Type::Money(_) => Value::Money(Amount::new(number % (limits::AMOUNT_MAX + 1)).unwrap()),
        Type::Ratio | Type::Rate(..) => Value::Ratio(Ratio::new(number % 1000, number % 999 + 1).unwrap()),
        Type::Time => Value::Time(BlockTime::default().after_ms(number)),
        Type::Duration => Value::Duration(number),
        Type::Hash => Value::Hash(Hash32([(number % 256) as u8; 32])),
    }
}

/// Runs everything in an accepted program on arbitrary input: it answers or refuses, and timeouts always answer.
fn exercise(program: &Program, seed: u64) {
    let code = program.code();
    let mut number = seed | 1;
    let mut next = || {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        number >> (number % 64)
    };
    let parameters: Vec<Value> = code.parameters.iter().map(|one| some_value(one.kind, next())).collect();
    let _ = tell::explain(program, None);
    let _ = tell::outcomes(program, None);
    let Ok(variables) = machine::initial_variables(program, &parameters) else { return };
    let now = BlockTime::default().after_ms(next());
    let _ = machine::latest_end(program, &parameters, &variables, now);
    let pots: Vec<Pot> = program
        .obligors()
        .iter()
        .flat_map(|party| (0..code.assets.len()).map(|asset| (*party, asset as u8)))
        .map(|(party, asset)| Pot { party, asset, amount: Amount::new(next() % limits::AMOUNT_MAX).unwrap() })
        .collect();
    let (parameters, variables) = (&parameters[..], &variables[..]);
    let situation = Situation { program, parameters, variables, pots: &pots, now, entered: now };
    for (position, state) in (0u8..).zip(&code.states) {
        let _ = machine::deadline(program, parameters, variables, position, now, |_| Calendar::default());
        // Pots here are arbitrary, so a covered payment may be short; arithmetic and form never fail.
        if let Err(refusal) = machine::timeout(&situation, position, &mut |_, _, _| true) {
            assert!(matches!(refusal.why, machine::Why::PotShort { .. } | machine::Why::Arithmetic), "{refusal:?}");
        }
        for (number, clause) in (0u8..).zip(&state.clauses) {
            let arguments: Vec<Value> = clause.arguments.iter().map(|one| some_value(one.kind, next())).collect();
            if let Ok(done) = machine::call(&situation, position, number, &arguments, &mut |_, _, _| true) {
                assert!(done.flows.len() <= 2 * limits::CLAUSE_ACTIONS_MAX);
                assert!(done.emitted.len() <= limits::CLAUSE_ACTIONS_MAX);
                assert!(done.conversions.len() <= limits::CLAUSE_ACTIONS_MAX);
                assert!(!matches!(done.next, Where::Enter(state) if usize::from(state) >= code.states.len()));
            }
        }
    }
}

/// What decodes is canonical; what is accepted has one text, which is read as the same code, and runs.
fn check(bytes: Vec<u8>, seed: u64) -> bool {
    let Ok(bounded) = Bounded::new(bytes) else { return false };
    let bytes = CodeBytes(bounded);
    let Ok(code) = bytes.decode() else { return false };
    assert_eq!(code.bytes().as_ref(), Ok(&bytes), "decoded, but written otherwise");
    let written = text::write(&code);
    let Ok(program) = Program::from_code(code.clone()) else { return false };
    let read = text::read(&written).unwrap_or_else(|fault| panic!("{fault}\n{written}"));
    assert_eq!(read.code, code, "{written}");
    exercise(&program, seed);
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn mutated_code(which: usize, seed: u64, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let mut bytes = standard(which);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        check(bytes, seed);
    }

    #[test]
    fn cut_and_grown_code(which: usize, seed: u64, cut: prop::sample::Index, more in prop::collection::vec(any::<u8>(), 0..20)) {
        let whole = standard(which);
        let mut bytes = whole[..cut.index(whole.len())].to_vec();
        prop_assert!(!check(bytes.clone(), seed), "a part of a contract is none");
        bytes.extend(&more);
        check(bytes, seed);
        let mut longer = whole;
        longer.push(more.first().copied().unwrap_or(0));
        prop_assert!(!check(longer, seed), "a byte too many");
    }

    #[test]
    fn spliced_code(a: usize, b: usize, seed: u64, at: prop::sample::Index, from: prop::sample::Index, length in 0usize..60) {
        let (mut bytes, other) = (standard(a), standard(b));
        let (at, from) = (at.index(bytes.len()), from.index(other.len()));
        let end = (from + length).min(other.len());
        bytes.splice(at..at, other[from..end].iter().copied());
        check(bytes, seed);
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), seed: u64) {
        let mut framed = b"SWAY\x01".to_vec();
        framed.extend(bytes);
        check(framed, seed);
    }

    #[test]
    fn arbitrary_texts(text in "[a-z0-9 ()<>=+*/%|,:\"\n]{0,300}", which: usize, at: prop::sample::Index) {
        let _ = text::read(&text);
        let whole = STANDARD[which % STANDARD.len()].text;
        let at = at.index(whole.len());
        let _ = text::read(&format!("{}{text}{}", &whole[..at], &whole[at..]));
    }
}

#[test]
fn the_standard_contracts_pass_the_same_checks() {
    for which in 0..STANDARD.len() {
        for seed in 1..200 {
            assert!(check(standard(which), seed));
        }
    }
}

#[test]
fn code_beyond_its_bound_is_refused() {
    assert!(Bounded::<u8, { limits::CODE_BYTES_MAX }>::new(vec![0; limits::CODE_BYTES_MAX + 1]).is_err());
    let clause = "clause \"x\" by a emit \"some long label that takes room in the code\" 1 stay ";
    let states: String = (0..20).map(|n| format!("state s{n} until t else close {} ", clause.repeat(8))).collect();
    let source = format!("contract Big v1 parties a assets C param t: Time {states}");
    let refused = Program::from_code(text::read(&source).unwrap().code);
    assert!(matches!(refused, Err(seaway_vm::Refused::Bytes(_))));
}
