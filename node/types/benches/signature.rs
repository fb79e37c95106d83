//! Single and batch verification in one run: quote the ratio, not the times.
#![allow(missing_docs)] // criterion's macros make an undocumented item

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seaway_types::signature::{SignatureCheck, sign, verify, verify_batch};

fn checks(count: usize, keys: usize) -> Vec<SignatureCheck> {
    (0..count)
        .map(|n| {
            let mut secret = [3; 32];
            secret[..8].copy_from_slice(&((n % keys) as u64).to_le_bytes());
            let mut message = [5; 32];
            message[..8].copy_from_slice(&(n as u64).to_le_bytes());
            SignatureCheck { entry: sign(&secret, &message), message }
        })
        .collect()
}

fn verification(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(256));
    for (name, keys) in [("different keys", 256), ("one key", 1)] {
        let checks = checks(256, keys);
        group.bench_function(format!("single, {name}"), |bench| {
            bench.iter(|| assert!(checks.iter().all(verify)));
        });
        group.bench_function(format!("batch of 256, {name}"), |bench| {
            bench.iter(|| assert!(verify_batch(&checks)));
        });
    }
    group.finish();
}

criterion_group!(benches, verification);
criterion_main!(benches);
