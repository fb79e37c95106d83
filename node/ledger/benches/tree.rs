//! The state tree against `jmt`: a block of 10,000 changed keys over a million, on one core.
#![allow(missing_docs)] // criterion's macros make an undocumented item
#![allow(clippy::disallowed_types)] // a benchmark reads the clock

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jmt::storage::TreeWriter;
use jmt::{KeyHash, Sha256Jmt, mock::MockTreeStore};
use seaway_ledger::tree::{Changes, Tree};
use seaway_types::hash::Hash32;
use seaway_types::state::value_hash;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// As the node has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS: u64 = 1_000_000;
const CHANGED: u64 = 10_000;

fn key(n: u64) -> Hash32 {
    value_hash(&n.to_le_bytes())
}

fn changed(round: u64) -> Vec<(Hash32, Hash32)> {
    (0..CHANGED)
        .map(|n| (key((n * 97 + round * 7919) % KEYS), value_hash(&(n ^ round << 32).to_le_bytes())))
        .collect()
}

fn own(criterion: &mut Criterion) {
    let mut tree = Tree::default();
    let all: Changes = (0..KEYS).map(|n| (key(n), Some(key(n + KEYS)))).collect();
    let update = tree.prepare(&all);
    tree.apply(update);
    let mut group = criterion.benchmark_group("tree of 1 M keys, 10 k changed");
    group.throughput(Throughput::Elements(CHANGED)).sample_size(20);
    let mut round = 0;
    group.bench_function("own", |bench| {
        bench.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                round += 1;
                let changes: BTreeMap<_, _> = changed(round).into_iter().collect();
                let changes: Changes = changes.into_iter().map(|(key, value)| (key, Some(value))).collect();
                let start = Instant::now();
                let update = tree.prepare(&changes);
                tree.apply(update);
                spent += start.elapsed();
            }
            spent
        });
    });
    group.finish();
}

fn jmt(criterion: &mut Criterion) {
    let store = MockTreeStore::default();
    let mut version = 0;
    let put = |version: u64, values: Vec<(KeyHash, Option<Vec<u8>>)>| {
        let (_, batch) = Sha256Jmt::new(&store).put_value_set(values, version).unwrap();
        store.write_node_batch(&batch.node_batch).unwrap();
    };
    for part in (0..KEYS).collect::<Vec<_>>().chunks(100_000) {
        put(version, part.iter().map(|n| (KeyHash(key(*n).0), Some(key(n + KEYS).0.to_vec()))).collect());
        version += 1;
    }
    let mut group = criterion.benchmark_group("tree of 1 M keys, 10 k changed");
    group.throughput(Throughput::Elements(CHANGED)).sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("jmt 0.12 (SHA-256, in memory)", |bench| {
        bench.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                version += 1;
                let values = changed(version).into_iter().map(|(k, v)| (KeyHash(k.0), Some(v.0.to_vec()))).collect();
                let start = Instant::now();
                put(version - 1, values);
                spent += start.elapsed();
            }
            spent
        });
    });
    group.finish();
}

criterion_group!(benches, own, jmt);
criterion_main!(benches);
