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
    let bytes = codec::encode(&Cursor { list: name(method, of), height, at });
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if text.len() > CURSOR_MAX || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(refused());
    }
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(digits).collect();
    let cursor: Cursor<At> = codec::decode(&bytes.ok_or_else(refused)?, CURSOR_MAX).map_err(|_| refused())?;
    if cursor.list == name(method, of) { Ok((cursor.height, cursor.at)) } else { Err(refused()) }
}
