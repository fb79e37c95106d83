//! The machine's part of calls, and verification of the largest contract that fits.

use criterion::{Criterion, criterion_group, criterion_main};
use seaway_contracts::text_of;
use seaway_types::Amount;
use seaway_types::contract::Value;
use seaway_types::state::Pot;
use seaway_types::time::BlockTime;
use seaway_vm::machine::{self, Situation};
use seaway_vm::{Program, text};
use std::hint::black_box;

fn program(source: &str) -> Program {
    Program::from_code(text::read(source).expect("a contract").code).expect("an accepted contract")
}

fn money(units: u64) -> Value {
    Value::Money(Amount::new(units).expect("an amount"))
}

fn time(ms: u64) -> Value {
    Value::Time(BlockTime::default().after_ms(ms))
}

/// The largest contract: many states, clauses and branches, up to the bound on bytes.
fn largest() -> Program {
    let clause = "clause \"c\" by a (x: Money(C)) require x <= pot(a, C) and x <= price
        when x > 1 C then pay min(x, price) from a to b when x > 2 C then stay else close
        else let y = muldiv(x, cut, floor) pay y from a to b stay ";
    let mut best = None;
    for states in 1..64 {
        let states: String =
            (0..states).map(|n| format!("state s{n} until t else close {} ", clause.repeat(3))).collect();
        let source = format!(
            "contract Big v1 parties a, b assets C param price: Money(C) param cut: Ratio param t: Time where cut <= 1 {states}"
        );
        let Ok(read) = text::read(&source) else { break };
        let Ok(program) = Program::from_code(read.code) else { break };
        best = Some(program);
    }
    best.expect("one state fits")
}

fn benches(criterion: &mut Criterion) {
    let escrow = program(text_of("Escrow").expect("a standard contract"));
    let parameters = [money(1000), time(1_000), time(2_000)];
    let pots = [Pot { party: 0, asset: 0, amount: Amount::new(1000).expect("an amount") }];
    let now = BlockTime::default();
    let situation =
        Situation { program: &escrow, parameters: &parameters, variables: &[], pots: &pots, now, entered: now };
    criterion.bench_function("machine: escrow release", |bencher| {
        bencher.iter(|| machine::call(black_box(&situation), 1, 0, &[], &mut |_, _, _| true));
    });
    let split = [money(400)];
    criterion.bench_function("machine: escrow decision", |bencher| {
        bencher.iter(|| machine::call(black_box(&situation), 1, 1, black_box(&split), &mut |_, _, _| true));
    });
    criterion.bench_function("machine: escrow timeout", |bencher| {
        bencher.iter(|| machine::timeout(black_box(&situation), 1, &mut |_, _, _| true));
    });
    let quote = program(text_of("FxQuote").expect("a standard contract"));
    let rate = seaway_types::contract::Ratio::new(17, 100).expect("a rate");
    let terms = [Value::Ratio(rate), money(1_000_000), time(1_000)];
    let used = [money(0)];
    let situation = Situation { program: &quote, parameters: &terms, variables: &used, pots: &[], now, entered: now };
    let take = [money(1001), money(10_000)];
    criterion.bench_function("machine: quote taken", |bencher| {
        bencher.iter(|| machine::call(black_box(&situation), 0, 1, black_box(&take), &mut |_, _, _| true));
    });
    let largest = largest();
    println!("the largest contract has {} bytes", largest.bytes().0.len());
    let bytes = largest.bytes().clone();
    criterion.bench_function("verification: the largest contract", |bencher| {
        bencher.iter(|| Program::from_bytes(black_box(&bytes)).is_ok());
    });
}

criterion_group!(all, benches);
criterion_main!(all);
