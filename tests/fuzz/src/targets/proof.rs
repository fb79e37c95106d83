//! Proofs as a client gets them from a node that it does not trust.
//!
//! The first byte says whether the rest is a proof of a settlement or of the ledger, and in which form. A proof without a
//! genesis gets that of the example day, so that inputs stay small.

use crate::Target;
use crate::day::{Decided, day};
use crate::property::{canonical, same_in_json};
use seaway_types::block::{BlockHeader, LedgerProof, SettlementError, SettlementProof, Subject};
use seaway_types::codec;
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::proof::ReceiptProof;
use seaway_types::state::StateKey;
use seaway_types::time::BlockTime;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "proof", run, seeds, bytes_max: 64 << 10 };

/// Longest proof in bytes.
const PROOF_BYTES_MAX: usize = 1 << 20;

fn run(input: &[u8]) {
    let Some((form, content)) = input.split_first() else { return };
    match form % 4 {
        0 => canonical(content, PROOF_BYTES_MAX).into_iter().for_each(settlement),
        1 => serde_json::from_slice(content).into_iter().for_each(settlement),
        2 => canonical(content, PROOF_BYTES_MAX).into_iter().for_each(ledger),
        _ => serde_json::from_slice(content).into_iter().for_each(ledger),
    }
}

/// What is accepted under the day's genesis is true: validators signed nothing else.
fn settlement(mut proof: SettlementProof) {
    same_in_json(&proof);
    if proof.genesis.is_empty() {
        proof.genesis.clone_from(&day().genesis);
    }
    if let Some(decided) = believed(|trusted| proof.verify(trusted), &proof.header) {
        true_receipt(decided, &proof.receipt);
    }
}

/// The same of what stands in the ledger, and of what does not.
fn ledger(mut proof: LedgerProof) {
    same_in_json(&proof);
    if proof.genesis.is_empty() {
        proof.genesis.clone_from(&day().genesis);
    }
    let Some(decided) = believed(|trusted| proof.verify(trusted), &proof.header) else { return };
    match &proof.subject {
        Subject::Record { key, record, .. } => {
            assert_eq!(*record, decided.records.0.get(key).map(hex::encode), "{key:?}");
        }
        Subject::Instruction { submitter, key, valid_until, leaf, .. } => {
            let executed = day().executed(submitter, key).map(|one| (one.digest(), one.envelope().valid_until));
            // A minute's tree says nothing of other minutes.
            let here = executed.filter(|(_, until)| until.minute() == valid_until.minute());
            assert_eq!(leaf.map(|leaf| leaf.digest), here.map(|(digest, _)| digest), "{key:?}");
        }
    }
}

/// The block that a proof is about, where it is accepted. Under another hash than that of its genesis nothing is.
fn believed(
    verify: impl Fn(&Hash32) -> Result<GenesisDocument, SettlementError>,
    header: &BlockHeader,
) -> Option<&'static Decided> {
    let day = day();
    let mut other = day.hash;
    other.0[0] ^= 1;
    assert!(verify(&other).is_err(), "accepted under a hash that is not that of its genesis");
    let document = verify(&day.hash).ok()?;
    assert!(document == day.signed.document, "accepted with another genesis");
    Some(day.block_of(header).expect("a header is accepted that no validator signed"))
}

fn true_receipt(decided: &Decided, proof: &ReceiptProof) {
    let place = usize::try_from(proof.path.position).expect("a position");
    assert_eq!(decided.executed.receipts().get(place), Some(&proof.receipt));
    if let Some((outcome, path)) = &proof.credit {
        let credit = usize::try_from(path.position).expect("a position");
        assert_eq!(decided.executed.outcomes(place).get(credit), Some(outcome));
    }
    if let Some(proven) = &proof.event {
        assert!(decided.executed.events(place).any(|event| *event == proven.event), "an event that never was");
    }
}

fn ledger_proofs() -> Vec<LedgerProof> {
    let day = day();
    let account = *day.last().records.0.keys().find(|key| matches!(key, StateKey::Account(_))).expect("an account");
    let mut proofs = vec![day.record(account), day.record(StateKey::Account(AccountId([9; 16])))];
    for decided in &day.blocks {
        if let Some(envelope) = decided.instructions.first().map(|one| one.envelope()) {
            proofs.push(day.instruction(envelope.submitter, envelope.key, envelope.valid_until));
            let never = InstructionKey([9; 16]);
            let over = BlockTime::from_ms(day.last().block.block.header.time.ms() - 300_000).expect("a time");
            proofs.push(day.instruction(envelope.submitter, never, over));
        }
    }
    proofs
}

fn seeds() -> Vec<Vec<u8>> {
    let settlements = day().settlements();
    let whole = [[0].as_slice(), &codec::encode(&settlements[0])].concat();
    let mut seeds = vec![whole];
    for proof in settlements.into_iter().take(6) {
        let proof = SettlementProof { genesis: String::new(), ..proof };
        seeds.push([[0].as_slice(), &codec::encode(&proof)].concat());
        seeds.push([b"\x01".as_slice(), &serde_json::to_vec(&proof).expect("JSON")].concat());
    }
    for proof in ledger_proofs() {
        let proof = LedgerProof { genesis: String::new(), ..proof };
        seeds.push([[2].as_slice(), &codec::encode(&proof)].concat());
        seeds.push([b"\x03".as_slice(), &serde_json::to_vec(&proof).expect("JSON")].concat());
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_proofs_are_accepted() {
        let day = day();
        let proofs = day.settlements();
        assert!(proofs.len() > 10 && proofs.iter().any(|proof| proof.receipt.credit.is_some()));
        for proof in proofs {
            assert!(proof.verify(&day.hash).is_ok(), "{proof:?}");
        }
        let accepted = ledger_proofs().into_iter().filter(|proof| proof.verify(&day.hash).is_ok()).count();
        assert!(accepted >= 4, "{accepted} proofs of the ledger are accepted");
    }
}
