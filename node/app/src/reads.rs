//! Questions to the disk that more than one part of the node asks.

use crate::placed::of_stored;
use seaway_engine::Store;
use seaway_rpc::{Fault, Placed};
use seaway_storage::{Database, StorageError};
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::Submitter;
use seaway_types::state::{IndexKey, IndexValue, Participant, StateKey};

/// What a client hears when the disk fails.
pub fn failed(error: StorageError) -> Fault {
    Fault::Internal(error.to_string())
}

/// What became of an instruction, and the hash of its body.
pub fn find_instruction(
    database: &Database,
    submitter: &Submitter,
    key: &InstructionKey,
) -> Result<Option<(Placed, Hash32)>, Fault> {
    let entry = database
        .indexed(&IndexKey::Instruction(*submitter, *key))
        .map_err(|fault| Fault::Internal(fault.to_string()))?;
    let Some(entry) = entry else { return Ok(None) };
    let IndexValue::Instruction { position, .. } = entry.value else { return Ok(None) };
    let place = position as usize;
    of_stored(database, entry.height, |answers, block| {
        let raw = block.instructions.get(place).cloned();
        let decoded = raw.and_then(|raw| raw.decode().ok());
        let lost = || Fault::Internal(format!("block {} has no instruction {place}", entry.height));
        let body_hash = decoded.ok_or_else(lost)?.envelope().body_hash();
        Ok((answers.at(answers.position(place))?, body_hash))
    })
    .map(Some)
}

/// All participants.
pub fn participants(database: &Database) -> Result<Vec<(Bic, Participant)>, Fault> {
    let begins = codec::encode(&StateKey::Parameters).len();
    let some: Bic = "AAAAAAAA".parse().map_err(|_| Fault::Internal("a BIC does not parse".to_owned()))?;
    let found = database.records::<Participant>(&StateKey::Participant(some), begins).map_err(failed)?;
    let participant = |(key, participant): (StateKey, Participant)| match key {
        StateKey::Participant(bic) => Some((bic, participant)),
        _ => None,
    };
    let mut participants: Vec<_> = found.into_iter().filter_map(participant).collect();
    participants.sort_by_key(|(bic, _)| *bic);
    Ok(participants)
}
