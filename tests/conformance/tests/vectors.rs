//! Frozen vectors: JSON → bytes → digest → signature, for every body; genesis hash; roots and receipts of a day.
//!
//! Another language's SDK reads `vectors/instructions.json` and must come to the same bytes, hashes and signatures. When a
//! change of ours makes these tests fail, it changes the protocol. `SEAWAY_FREEZE=1` writes the files anew.

use seaway_genesis::ceremony::devnet;
use seaway_ledger::execution::{BlockContext, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::StateView;
use seaway_types::codec;
use seaway_types::contract::{Attestation, InstanceId, Value as Term, arguments_hash, attestation_message};
use seaway_types::hash::Domain;
use seaway_types::instruction::contract::Target;
use seaway_types::instruction::payment::acceptance_message;
use seaway_types::instruction::{Body, DecodedInstruction, Envelope, Instruction, Leg, RawInstruction};
use seaway_types::signature::{Evidence, public_key, sign};
use seaway_types::state::possession_message;
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AccountId, Bic};
use serde_json::{Value, json};
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

fn frozen(name: &str) -> Value {
    let path = file(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Compares with the frozen file, or writes it.
fn hold_to(name: &str, made: &Value) {
    if std::env::var("SEAWAY_FREEZE").is_ok() {
        std::fs::write(file(name), format!("{}\n", serde_json::to_string_pretty(made).unwrap())).unwrap();
    }
    assert_eq!(&frozen(name), made, "{name} changed: that is a change of the protocol");
}

/// One envelope for each body, by name, in strict JSON: written by hand once, read here.
fn envelopes() -> Vec<(String, Envelope)> {
    let bodies = frozen("bodies.json");
    let of = |(n, (name, body)): (usize, (&String, &Value))| {
        let envelope = json!({
            "network": "vectors",
            "submitter": {"account": "000102030405060708090a0b0c0d0e0f"},
            "key": format!("{n:032x}"),
            "validUntil": "2026-11-22T12:00:00.000Z",
            "body": body,
        });
        let mut read = serde_json::from_value(envelope).unwrap_or_else(|error| panic!("{name}: {error}"));
        sign_offer(&mut read);
        (name.clone(), read)
    };
    bodies.as_object().unwrap().iter().enumerate().map(of).collect()
}

/// An offer in a call is signed by its maker, which a body written by hand cannot be.
fn sign_offer(envelope: &mut Envelope) {
    if let Body::Single(Leg::CallContract(call)) = &mut envelope.body
        && let Target::Offer(signed) = &mut call.target
    {
        signed.signatures = vec![sign(&SECRETS[0], &signed.offer.id().0)].try_into().unwrap();
    }
}

const SECRETS: [[u8; 32]; 2] = [[0x11; 32], [0x22; 32]];

#[test]
fn instructions_encode_hash_and_sign_as_frozen() {
    let mut vectors = Vec::new();
    for (name, envelope) in envelopes() {
        let unsigned = codec::encode(&envelope);
        let signed = envelope.clone().sign(&SECRETS);
        let decoded: DecodedInstruction = RawInstruction::from(&signed).decode().unwrap();
        let signatures: Vec<Value> = signed
            .signatures
            .iter()
            .map(|entry| {
                let Evidence::Ed25519(signature) = entry.evidence else { panic!("a kind of key without vectors") };
                json!({"key": entry.key, "signature": signature})
            })
            .collect();
        vectors.push(json!({
            "name": name,
            "envelope": envelope,
            "bytesWithoutSignatures": hex::encode(unsigned),
            "digest": decoded.digest(),
            "bodyHash": decoded.body_hash(),
            "signatures": signatures,
            "wire": hex::encode(codec::encode(&signed)),
            "wireId": decoded.wire_id(),
        }));
        let back: Instruction = serde_json::from_value(serde_json::to_value(&signed).unwrap()).unwrap();
        assert_eq!(back, signed, "{name}: JSON leads back to the same instruction");
        assert!(decoded.authenticate().is_ok());
    }
    assert!(vectors.len() >= 37, "a vector for each body");
    let secrets: Vec<Value> =
        SECRETS.iter().map(|secret| json!({"secret": hex::encode(secret), "public": public_key(secret)})).collect();
    hold_to("instructions.json", &json!({"secrets": secrets, "instructions": vectors}));
}

#[test]
fn derived_ids_and_messages_are_frozen() {
    let envelopes = envelopes();
    let (_, bulk) = envelopes.iter().find(|(name, _)| name == "creditTransferBulk").unwrap();
    let [Leg::CreditTransfer(transfer)] = bulk.body.legs() else { panic!("one transfer") };
    let credit = &transfer.credits[1];
    let not_after = bulk.valid_until;
    let accepted = acceptance_message(bulk.network, transfer.debtor, transfer.asset, credit, not_after);
    let bic: Bic = "HARBHKHH".parse().unwrap();
    let possession = possession_message(bulk.network, bic, &public_key(&SECRETS[0]));
    let hold = Domain::HoldId.hash(&codec::encode(&(bulk.submitter, bulk.key, 0u8)));
    let take = envelopes.iter().find(|(name, _)| name == "takeOffer").unwrap().1.body.clone();
    let [Leg::CallContract(call)] = take.legs() else { panic!("one take") };
    let instance = InstanceId::of_opening(&bulk.submitter, &bulk.key, 0);
    let attestation = Attestation {
        argument: 0,
        topic: "delivered weight".parse().unwrap(),
        not_before: bulk.valid_until,
        not_after: bulk.valid_until.after_ms(1),
        signatures: seaway_types::Bounded::default(),
    };
    let attested = attestation_message(bulk.network, &instance, &attestation, &Term::Int(-3));
    hold_to(
        "derived.json",
        &json!({
            "instanceId": {"of": "leg 0 of creditTransferBulk, were it an opening", "instance": instance},
            "offerId": {"of": "the offer in takeOffer", "offer": call.target.id()},
            "argumentsHash": {"of": "the arguments of takeOffer", "hash": arguments_hash(&call.arguments)},
            "attestation": {
                "network": bulk.network, "instance": instance, "topic": attestation.topic, "value": Term::Int(-3),
                "notBefore": attestation.not_before, "notAfter": attestation.not_after, "message": hex::encode(attested),
            },
            "acceptance": {
                "of": "credit 1 of creditTransferBulk in instructions.json", "notAfter": not_after,
                "message": hex::encode(accepted), "signature": sign(&SECRETS[1], &accepted),
            },
            "possession": {
                "network": bulk.network, "bic": bic, "key": public_key(&SECRETS[0]), "message": hex::encode(possession),
            },
            "accountId": {
                "salt": hex::encode([0x5a; 32]), "reference": "GB82WEST12345698765432",
                "account": AccountId::derive(&[0x5a; 32], "GB82WEST12345698765432"),
            },
            "holdId": {
                "of": "leg 0 of creditTransferBulk, were it a reservation", "hold": hex::encode(&hold.as_bytes()[..16]),
            },
        }),
    );
}

#[test]
fn refused_bytes_stay_refused() {
    let (_, envelope) = envelopes().swap_remove(0);
    let good = codec::encode(&envelope.clone().sign(&SECRETS));
    let entry = 4 + 32 + 4 + 64;
    let mut swapped = good.clone();
    let (first, second) = (good.len() - 2 * entry, good.len() - entry);
    swapped[first..second].copy_from_slice(&good[second..]);
    swapped[second..].copy_from_slice(&good[first..second]);
    let twice = [&good[..second], &good[first..second]].concat();
    let trailing = [good.as_slice(), &[0]].concat();
    let cut = good[..good.len() - 1].to_vec();
    let mut refusals = Vec::new();
    for (name, bytes) in [("trailing byte", trailing), ("cut", cut), ("unsorted", swapped), ("signer twice", twice)] {
        let error = RawInstruction(bytes.clone()).decode().unwrap_err();
        refusals
            .push(json!({"name": name, "wire": hex::encode(bytes), "iso": error.row().0, "why": error.to_string()}));
    }
    hold_to("refused.json", &json!(refusals));
}

#[test]
fn the_devnets_genesis_is_frozen() {
    let signed = devnet().unwrap().signed().unwrap();
    assert_eq!(signed.check(), Ok(()));
    let document = &signed.document;
    let state = state_of(document, 1).unwrap();
    let parts = state.commitment().parts();
    hold_to(
        "genesis.json",
        &json!({
            "hash": document.hash(), "fingerprint": document.fingerprint(),
            "stateRoot": parts.root(), "records": parts.records,
        }),
    );
}

#[test]
fn a_day_leads_to_frozen_roots_and_receipts() {
    let genesis = devnet().unwrap().signed().unwrap().document;
    let mut state = state_of(&genesis, 9).unwrap();
    let day = frozen("day.json");
    let mut blocks = Vec::new();
    for block in day["blocks"].as_array().unwrap() {
        let time: BlockTime = block["time"].as_str().unwrap().parse().unwrap();
        let instructions: Vec<_> = block["wires"]
            .as_array()
            .unwrap()
            .iter()
            .map(|wire| {
                RawInstruction(hex::decode(wire.as_str().unwrap()).unwrap()).decode().unwrap().authenticate().unwrap()
            })
            .collect();
        let context = BlockContext { height: Height(state.tip().height.0 + 1), time };
        let executed = execute_block(&state, state.commitment(), context, &instructions).unwrap();
        blocks.push(json!({
            "time": time,
            "wires": block["wires"],
            "receipts": executed.receipts(),
            "receiptsRoot": executed.receipts_root(),
            "stateRoot": executed.state_root(),
        }));
        executed.apply(&mut state);
    }
    assert!(blocks.len() >= 6);
    hold_to("day.json", &json!({"note": day["note"], "blocks": blocks}));
}
