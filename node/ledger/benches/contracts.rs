//! Contracts on the ledger, on one core, signatures excluded: releases of escrows with receipts, events, state root and
//! application; and a hundred thousand deadlines at once, of which each block carries out its share.
#![allow(missing_docs)] // criterion's macros make an undocumented item
#![allow(clippy::disallowed_types)] // a benchmark reads the clock

mod common;

use common::{ASSET, SECRET, account, bic};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seaway_ledger::execution::{BlockContext, execute_block};
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{InstanceId, Terms, Value};
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::contract::{CallContract, OpenContract, RegisterCode, Target};
use seaway_types::instruction::{
    AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter, authenticate_batch,
};
use seaway_types::signature::KnownKeys;
use seaway_types::time::{BlockTime, Height};
use seaway_types::{Amount, Uetr};
use seaway_vm::{Program, text};
use std::time::{Duration, Instant};

/// The allocator of `seawayd`: records of contracts are made of several lists.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ACCOUNTS: u64 = 100_000;

fn envelope(state: &MemoryState, submitter: Submitter, number: u64, body: Body) -> Envelope {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&number.to_le_bytes());
    let valid_until = state.tip().time.after_ms(300_000);
    Envelope { network: "bench".parse().unwrap(), submitter, key: InstructionKey(key), valid_until, body }
}

fn signed(envelopes: Vec<Envelope>) -> Vec<AuthenticInstruction> {
    let decoded = envelopes.into_iter().map(|one| RawInstruction::from(&one.sign(&[SECRET])).decode().unwrap());
    authenticate_batch(decoded.collect(), &mut KnownKeys::default()).into_iter().map(Result::unwrap).collect()
}

fn run(state: &mut MemoryState, time: BlockTime, block: &[AuthenticInstruction]) -> Duration {
    let context = BlockContext { height: Height(state.tip().height.0 + 1), time };
    let start = Instant::now();
    let executed = execute_block(state, state.commitment(), context, block).unwrap();
    assert!(executed.receipts().iter().all(|receipt| match receipt {
        seaway_types::Receipt::Instruction(receipt) => receipt.reason.is_none(),
        seaway_types::Receipt::Act(_) => true,
    }));
    executed.apply(state);
    start.elapsed()
}

fn call(id: InstanceId, state: u8, clause: u8) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Instance(id),
        state,
        clause,
        caller: None,
        arguments: Bounded::default(),
        attestations: Bounded::default(),
    })
}

/// Opens and funds so many escrows, each of another buyer; their ids, with the buyers.
fn escrows(
    state: &mut MemoryState,
    code: Hash32,
    first: u64,
    count: u64,
    ends: BlockTime,
) -> Vec<(Submitter, InstanceId)> {
    let mut ids = Vec::new();
    for chunk in (first..first + count).collect::<Vec<u64>>().chunks(1_000) {
        let mut envelopes = Vec::new();
        for number in chunk {
            let (buyer, seller) = (account(number % ACCOUNTS), account((number + 1) % ACCOUNTS));
            let mut random = [3; 16];
            random[..8].copy_from_slice(&number.to_le_bytes());
            let terms = Terms {
                code,
                parties: vec![buyer, seller].try_into().unwrap(),
                panels: vec![vec![Submitter::Participant(bic())].try_into().unwrap()].try_into().unwrap(),
                assets: vec![ASSET].try_into().unwrap(),
                parameters: vec![
                    Value::Money(Amount::new(100).unwrap()),
                    Value::Time(BlockTime::from_ms(ends.ms() - 1).unwrap()),
                    Value::Time(ends),
                ]
                .try_into()
                .unwrap(),
            };
            let mut envelope = envelope(state, Submitter::Account(buyer), *number, Body::Bundle(Bounded::default()));
            let id = InstanceId::of_opening(&envelope.submitter, &envelope.key, 0);
            let open = Leg::OpenContract(OpenContract { terms, uetr: Uetr::from_random(random) });
            envelope.body = Body::Bundle(vec![open, call(id, 0, 0)].try_into().unwrap());
            envelopes.push(envelope);
            ids.push((Submitter::Account(buyer), id));
        }
        let time = state.tip().time.after_ms(10);
        run(state, time, &signed(envelopes));
    }
    ids
}

fn prepared() -> (MemoryState, Hash32) {
    let mut state = common::state(ACCOUNTS);
    let source = seaway_contracts::text_of("Escrow").unwrap();
    let program = Program::from_code(text::read(source).unwrap().code).unwrap();
    let register = Leg::RegisterCode(RegisterCode { by: bic(), code: program.bytes().clone() });
    let envelope = envelope(&state, Submitter::Participant(bic()), u64::MAX, Body::Single(register));
    let time = state.tip().time.after_ms(10);
    run(&mut state, time, &signed(vec![envelope]));
    (state, program.hash())
}

fn benches(criterion: &mut Criterion) {
    let (mut state, code) = prepared();
    let mut group = criterion.benchmark_group("contracts");
    let mut next = 0;
    group.sample_size(10).measurement_time(Duration::from_secs(6)).throughput(Throughput::Elements(1_000));
    group.bench_function("1000 releases of escrows in a block", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let ends = state.tip().time.after_ms(86_400_000);
                let open = escrows(&mut state, code, next, 1_000, ends);
                next += 1_000;
                let calls = open.iter().enumerate().map(|(place, (buyer, id))| {
                    let number = 1 << 40 | (next + place as u64);
                    envelope(&state, *buyer, number, Body::Single(call(*id, 1, 0)))
                });
                let block = signed(calls.collect());
                let time = state.tip().time.after_ms(10);
                spent += run(&mut state, time, &block);
            }
            spent
        });
    });
    group.finish();
    deadlines();
}

/// A hundred thousand deadlines fall together: how long the longest block takes, and how many there are.
fn deadlines() {
    let (mut state, code) = prepared();
    let ends = state.tip().time.after_ms(86_400_000);
    escrows(&mut state, code, 0, 100_000, ends);
    let mut blocks = Vec::new();
    let mut time = ends;
    while state.timers().iter().any(|timer| timer.at <= ends) {
        blocks.push(run(&mut state, time, &[]));
        time = time.after_ms(10);
    }
    let longest = blocks.iter().max().copied().unwrap_or_default();
    println!("100000 deadlines at once: {} blocks, the longest {longest:?}", blocks.len());
}

criterion_group!(all, benches);
criterion_main!(all);
