//! Where a list goes on: an opaque text that the client hands back. It names the list that it belongs to and the height up to
//! which that list was begun, so that later pages show the same state of affairs.

use crate::fault::Fault;
use seaway_types::codec;
use seaway_types::hash::Hash32;
use seaway_types::time::Height;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longest cursor in characters.
const CURSOR_MAX: usize = 512;

#[derive(Serialize, Deserialize)]
struct Cursor<At> {
    list: Hash32,
    height: Height,
    at: At,
}

/// What a list is of, so that a cursor of another one is refused.
fn name(method: &str, of: &impl Serialize) -> Hash32 {
    seaway_types::hash::Domain::Cursor.hash(&codec::encode(&(method, codec::encode(of))))
}

/// The cursor of the place at which a list goes on.
pub fn write(method: &str, of: &impl Serialize, height: Height, at: impl Serialize) -> String {
    hex::encode(codec::encode(&Cursor { list: name(method, of), height, at }))
}

/// The height and the place that a cursor names.
pub fn read<At: Serialize + DeserializeOwned>(
    text: &str,
    method: &str,
    of: &impl Serialize,
) -> Result<(Height, At), Fault> {
    let refused = || Fault::Parameter {
        field: "cursor",
        value: text.chars().take(80).collect(),
        expected: "the cursor of an earlier answer to the same question",
    };
    if text.len() > CURSOR_MAX {
        return Err(refused());
    }
    let bytes = hex::decode(text).map_err(|_| refused())?;
    let cursor: Cursor<At> = codec::decode(&bytes, CURSOR_MAX).map_err(|_| refused())?;
    if cursor.list == name(method, of) { Ok((cursor.height, cursor.at)) } else { Err(refused()) }
}
