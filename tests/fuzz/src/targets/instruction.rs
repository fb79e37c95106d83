//! Instructions as clients and peers send them, through their stages.

use crate::Target;
use crate::day::day;
use crate::property::same_in_json;
use crate::vectors;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::instruction::{DecodedInstruction, RawInstruction, authenticate_batch};
use seaway_types::signature::KnownKeys;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "instruction", run, seeds, bytes_max: 16 << 10 };

/// What decodes is canonical and is named and signed by hashes of exactly its bytes; its signatures are answered alike alone and
/// in a batch, since two validators that disagree about one split the network.
fn run(input: &[u8]) {
    let raw = RawInstruction(input.to_vec());
    let named = raw.wire_id();
    let Ok(decoded) = raw.clone().decode() else { return };
    let envelope = decoded.envelope();
    assert_eq!(RawInstruction::from(decoded.instruction()), raw);
    assert_eq!((decoded.raw(), decoded.wire_id()), (&raw, named));
    assert_eq!(named.0, Domain::InstructionWire.hash(input).0);
    assert_eq!(decoded.digest().0, Domain::InstructionDigest.hash(&codec::encode(envelope)).0);
    assert_eq!((decoded.digest(), decoded.body_hash()), (envelope.digest(), envelope.body_hash()));
    assert!(decoded.signers().zip(decoded.signers().skip(1)).all(|(before, after)| before < after));
    let _cost = envelope.body.cost();
    same_in_json(decoded.instruction());
    let alone = DecodedInstruction::authenticate(decoded.clone());
    let together = authenticate_batch(vec![decoded], &mut KnownKeys::default());
    assert_eq!(together, [alone]);
}

fn seeds() -> Vec<Vec<u8>> {
    let of_day = day().blocks.iter().flat_map(|decided| &decided.instructions).map(|one| one.raw().0.clone());
    vectors::instructions().into_iter().map(|raw| raw.0).chain(of_day).collect()
}
