//! Execution of credit transfers on one core over a million accounts, signatures excluded; receipts, state root and the
//! application to the state included.
#![allow(missing_docs)] // criterion's macros make an undocumented item
#![allow(clippy::disallowed_types)] // a benchmark reads the clock

mod common;

use common::{ACCOUNTS, Spread};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seaway_ledger::execution::{ExecutedBlock, execute_block};
use std::time::{Duration, Instant};

/// As the node has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn execution(criterion: &mut Criterion) {
    // The smaller state lies in the processor's caches: the difference between the two is the price of memory.
    for accounts in [ACCOUNTS, 10_000] {
        over(criterion, accounts);
    }
}

fn over(criterion: &mut Criterion, accounts: u64) {
    let mut state = common::state(accounts);
    let mut spread = Spread(1);
    let mut group = criterion.benchmark_group(format!("execute over {accounts} accounts"));
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for (name, instructions, credits) in
        [("bulk, 10 x 1000 credits", 10, 1000), ("single, 10000 x 1 credit", 10_000, 1)]
    {
        group.throughput(Throughput::Elements((instructions * credits) as u64));
        group.bench_function(name, |bench| {
            bench.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let block = common::payments(&state, accounts, &mut spread, instructions, credits);
                    let start = Instant::now();
                    let executed = execute_block(&state, state.commitment(), common::next(&state), &block).unwrap();
                    ExecutedBlock::apply(executed, &mut state);
                    spent += start.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

criterion_group!(benches, execution);
criterion_main!(benches);
