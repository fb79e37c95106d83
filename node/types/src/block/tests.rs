//! Certificates and proofs of settlement, and every way to falsify them.

use super::*;
use crate::bounded::Bounded;
use crate::codec;
use crate::genesis::{ConsensusTiming, GenesisDocument};
use crate::hash::Hash32;
use crate::identifier::{AccountId, Digest, InstructionKey};
use crate::instruction::{NetworkId, Submitter};
use crate::keys::KeyPolicy;
use crate::merkle;
use crate::proof::ReceiptProof;
use crate::receipt::{InstructionReceipt, Receipt, Status};
use crate::signature::{Ed25519Signature, Evidence, public_key, sign};
use crate::state::{Timing, Validator, ValidatorSet};
use crate::time::{BlockTime, Height};

fn network() -> NetworkId {
    "devnet".parse().unwrap()
}

/// Secrets in the order of their public keys, and the set that they make.
fn validators(count: u8) -> (Vec<[u8; 32]>, ValidatorSet) {
    let mut secrets: Vec<[u8; 32]> = (1..=count).map(|n| [n; 32]).collect();
    secrets.sort_by_key(public_key);
    let validator = |(n, secret): (usize, &[u8; 32])| Validator {
        bic: format!("VALDXX{n:02}").parse().unwrap(),
        key: public_key(secret),
        power: 1,
        possession: Evidence::Ed25519(Ed25519Signature([0; 64])),
    };
    let set = secrets.iter().enumerate().map(validator).collect();
    (secrets, ValidatorSet(Bounded::new(set).unwrap()))
}

fn certificate(header: &BlockHeader, secrets: &[[u8; 32]]) -> Certificate {
    let mut certificate =
        Certificate { height: header.height, round: Round(0), block: header.id(), signatures: Bounded::default() };
    let message = certificate.vote(header.network).message();
    for secret in secrets {
        let entry = sign(secret, &message);
        certificate.signatures.push(CommitSignature { validator: entry.key, evidence: entry.evidence }).unwrap();
    }
    certificate
}

fn header(height: u64, receipts_root: Hash32, now: &ValidatorSet, next: &ValidatorSet) -> BlockHeader {
    BlockHeader {
        network: network(),
        height: Height(height),
        parent: BlockId([9; 32]),
        time: BlockTime::from_ms(1_000 * height).unwrap(),
        version: 1,
        body_root: Hash32([1; 32]),
        state_root: Hash32([2; 32]),
        receipts_root,
        validators: validators_hash(now),
        next_validators: validators_hash(next),
    }
}

#[test]
fn a_certificate_needs_more_than_two_thirds_of_distinct_members_who_signed_this_block() {
    let (secrets, set) = validators(4);
    let header = header(5, Hash32::ZERO, &set, &set);
    let verify = |certificate: &Certificate| certificate.verify(network(), Height(5), header.id(), &set);
    let good = certificate(&header, &secrets[..3]);
    assert_eq!(verify(&good), Ok(()));
    assert!(matches!(
        verify(&certificate(&header, &secrets[..2])),
        Err(CertificateError::Quorum { power: 2, total: 4 })
    ));
    let mut twice = certificate(&header, &secrets[..2]);
    twice.signatures.push(twice.signatures[1]).unwrap();
    assert!(matches!(verify(&twice), Err(CertificateError::Unsorted { .. })), "one signer counts once");
    let stranger = certificate(&header, &[secrets[0], secrets[1], [77; 32]]);
    assert!(verify(&stranger).is_err());
    let other = good.verify(network(), Height(6), header.id(), &set);
    assert!(matches!(other, Err(CertificateError::OtherBlock { .. })));
    let foreign = good.verify("other".parse().unwrap(), Height(5), header.id(), &set);
    assert_eq!(foreign, Err(CertificateError::Signature), "a signature is of one network");
}

fn document(validators: ValidatorSet) -> GenesisDocument {
    GenesisDocument {
        network: network(),
        time: BlockTime::from_ms(1).unwrap(),
        version: 1,
        keys_are_published: false,
        authority: KeyPolicy::single(public_key(&[42; 32])),
        timing: Timing {
            payment_validity_max_ms: 1,
            admin_validity_max_ms: 2,
            leaf_retention_ms: 3,
            acceptance_window_ms: 4,
            payment_retention_ms: 5,
        },
        consensus: ConsensusTiming {
            clock_bound_ms: 1,
            idle_block_ms: 2,
            propose_ms: 3,
            prevote_ms: 4,
            precommit_ms: 5,
            timeout_max_ms: 6,
        },
        assets: Bounded::default(),
        calendars: Bounded::default(),
        participants: Bounded::default(),
        tier_limits: Bounded::default(),
        thresholds: Bounded::default(),
        accounts: Bounded::default(),
        validators,
    }
}

/// A proof through one change of validators, under a document whose set is `first`.
fn proof() -> (SettlementProof, Hash32) {
    let (first_secrets, first) = validators(4);
    let (second_secrets, second) = validators(5);
    let document = document(first.clone());
    let receipts = [4, 5, 6].map(|n| {
        Receipt::Instruction(InstructionReceipt {
            submitter: Submitter::Account(AccountId([3; 16])),
            key: InstructionKey([n; 16]),
            digest: Digest([n; 32]),
            status: Status::Accc,
            reason: None,
            credits: 0,
            events: 0,
            outcomes_root: Hash32::ZERO,
        })
    });
    let leaves = merkle::leaves(&receipts);
    let change = header(8, Hash32::ZERO, &first, &second);
    let last = header(9, merkle::root(&leaves), &second, &second);
    let proof = SettlementProof {
        genesis: hex::encode(codec::encode(&document)),
        lineage: Bounded::new(vec![LineageStep {
            certificate: certificate(&change, &first_secrets[..3]),
            header: change,
            next: second,
        }])
        .unwrap(),
        certificate: certificate(&last, &second_secrets[1..]),
        header: last,
        receipt: ReceiptProof {
            receipt: receipts[1],
            path: merkle::path(&leaves, 1).unwrap(),
            credit: None,
            event: None,
        },
    };
    (proof, document.hash())
}

#[test]
fn a_settlement_is_proven_through_a_change_of_validators() {
    let (proof, trusted) = proof();
    assert!(proof.verify(&trusted).is_ok());
    assert!(matches!(proof.verify(&Hash32::ZERO), Err(SettlementError::OtherGenesis { .. })));
    let mut skipped = proof.clone();
    skipped.lineage = Bounded::default();
    assert!(matches!(skipped.verify(&trusted), Err(SettlementError::OtherValidators { .. })));
}

#[test]
fn flipping_any_bit_of_a_proof_makes_it_fail() {
    let (proof, trusted) = proof();
    let bytes = codec::encode(&proof);
    // The genesis is hashed as a whole: its bits are sampled, all others are flipped one by one.
    let genesis = 8 + proof.genesis.len();
    for place in 0..bytes.len() {
        if place < genesis && place % 61 != 0 {
            continue;
        }
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            let holds =
                codec::decode::<SettlementProof>(&changed, usize::MAX).is_ok_and(|one| one.verify(&trusted).is_ok());
            assert!(!holds, "byte {place}, bit {bit}");
        }
    }
}
