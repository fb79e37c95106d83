//! Memory of a resident account: resident set with a million accounts, less that of an empty process, by the million.
#![allow(missing_docs)]

mod common;

/// Resident set of this process in bytes (proc(5), statm, second field, in pages of 4 KiB).
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

fn main() {
    let before = resident();
    let state = common::state(common::ACCOUNTS);
    let after = resident();
    let accounts = state.tables().accounts.len() as u64;
    println!(
        "sizes: account {}, balance entry {}",
        size_of::<seaway_types::state::Account>(),
        size_of::<((seaway_types::AccountId, seaway_types::AssetId), seaway_types::state::Balance)>()
    );
    println!("{accounts} accounts: {} bytes each resident", (after - before) / accounts);
}
