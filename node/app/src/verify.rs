//! `seawayd db verify` and `seawayd replay`: what an auditor asks of a node's disk, with the node stopped.

use crate::home::{Home, hash_seed};
use seaway_engine::authentic;
use seaway_ledger::execution::{BlockContext, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView, Stored};
use seaway_storage::{Database, Opened};
use seaway_types::AssetId;
use seaway_types::block::{BlockId, FinalBlock, validators_hash};
use seaway_types::genesis::GenesisDocument;
use seaway_types::signature::KnownKeys;
use seaway_types::state::{Balance, Field, Totals, ValidatorSet, Validators};
use seaway_types::time::Height;
use std::collections::BTreeMap;
use std::path::Path;

/// How often progress is said, in blocks.
const PROGRESS_BLOCKS: u64 = 10_000;

fn open(root: &Path) -> Result<(GenesisDocument, Opened), String> {
    let home = Home::open(root)?;
    let document = home.genesis()?;
    let opened = Database::open(&home.database(), &document, hash_seed()?).map_err(|error| error.to_string())?;
    Ok((document, opened))
}

fn block_at(database: &Database, height: Height) -> Result<FinalBlock, String> {
    let found = database.read_block(height).map_err(|error| error.to_string())?;
    found.ok_or_else(|| format!("block {height} is missing"))
}

/// Checks the chain of blocks from the genesis on, each certificate under its validators, the state's root, and that money
/// is conserved. Executes nothing.
pub fn verify(root: &Path) -> Result<(), String> {
    // Opening compares the root of the records with the one in the tip's header.
    let (document, Opened { database, state, tip }) = open(root)?;
    println!("state      root {} at height {}: as certified", state.commitment().parts().root(), tip.height);
    let changes = database.lineage(Height(u64::MAX)).map_err(|error| error.to_string())?;
    let changes: BTreeMap<Height, ValidatorSet> =
        changes.into_iter().map(|step| (step.header.height, step.next)).collect();
    let mut validators = document.validators.clone();
    let mut parent = BlockId(document.hash().0);
    for height in (1..=tip.height.0).map(Height) {
        let FinalBlock { block, certificate } = block_at(&database, height)?;
        let header = &block.header;
        let wrong = |what: &str| format!("block {height}: {what}");
        if header.height != height || header.parent != parent || header.network != document.network {
            return Err(wrong("it does not follow its parent"));
        }
        if header.body_root != block.body().root() {
            return Err(wrong("its body is not the one that its header names"));
        }
        if header.validators != validators_hash(&validators) {
            return Err(wrong("it names other validators than were due"));
        }
        let verified = certificate.verify(document.network, height, header.id(), &validators);
        verified.map_err(|error| wrong(&error.to_string()))?;
        if header.next_validators != header.validators {
            validators = changes.get(&height).cloned().ok_or_else(|| wrong("the next validators are missing"))?;
        }
        parent = header.id();
        if height.0 % PROGRESS_BLOCKS == 0 {
            eprintln!("{height} of {}", tip.height);
        }
    }
    println!("chain      {} blocks, each certified by its validators", tip.height);
    conserved(&state)
}

/// The sum of all balances of an asset is what its totals say, which is what was issued and not redeemed.
fn conserved(state: &MemoryState) -> Result<(), String> {
    let mut sums: BTreeMap<AssetId, Totals> = BTreeMap::new();
    for ((_, asset), balance) in Balance::table(state.tables()).iter() {
        let of_asset = sums.entry(*asset).or_default();
        for field in Field::ALL {
            *of_asset.get_mut(field) += u128::from(balance.get(field).minor_units());
        }
    }
    for (asset, totals) in Totals::table(state.tables()).iter() {
        let counted = sums.get(asset).copied().unwrap_or_default();
        let same = Field::ALL.iter().all(|field| totals.get(*field) == counted.get(*field));
        if !same || !totals.balanced() {
            return Err(format!("asset {asset}: balances sum to {counted:?}, the totals say {totals:?}"));
        }
    }
    println!("money      conserved in {} assets", Totals::table(state.tables()).len());
    Ok(())
}

/// Executes all blocks anew from the genesis, and compares the roots of those from a height on.
pub fn replay(root: &Path, from: u64, to: Option<u64>) -> Result<(), String> {
    let (document, Opened { database, tip, .. }) = open(root)?;
    let last = to.unwrap_or(tip.height.0).min(tip.height.0);
    let mut state = state_of(&document, hash_seed()?).map_err(|fault| fault.to_string())?;
    for height in (1..=last).map(Height) {
        let FinalBlock { block, .. } = block_at(&database, height)?;
        let header = block.header;
        let wrong = |what: String| format!("block {height}: {what}");
        let instructions = authentic(block.instructions.into_inner(), |_| None, &mut KnownKeys::default())
            .map_err(|error| wrong(error.to_string()))?;
        let context = BlockContext { height, time: header.time };
        let executed = execute_block(&state, state.commitment(), context, &instructions);
        let executed = executed.map_err(|fault| wrong(fault.to_string()))?;
        let roots = (executed.state_root(), executed.receipts_root());
        if height.0 >= from && roots != (header.state_root, header.receipts_root) {
            return Err(wrong(format!("executes to the roots {roots:?}; its header says otherwise")));
        }
        executed.apply(&mut state);
        if height.0 % PROGRESS_BLOCKS == 0 {
            eprintln!("{height} of {last}");
        }
    }
    let validators = state.read::<Validators>(&()).map_err(|fault| fault.to_string())?;
    let voting = validators.as_ref().and_then(|known| known.at(Height(last))).map_or(0, |set| set.0.len());
    println!(
        "replayed {last} blocks: every root from height {from} on is as certified; {voting} validators at the end"
    );
    Ok(())
}
