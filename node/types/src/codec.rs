//! The one codec: bincode's fixed-width little-endian layout, with every freedom taken out of it.
//!
//! Invariant: for each value there is one byte string, and for each byte string at most one value. Numbers are
//! little-endian at full width, enum tags and option tags come first (4 bytes and 1 byte), lists carry their length in 8
//! bytes, sets are sorted. [`decode`] refuses trailing bytes, lengths beyond the bounds of [`crate::limits`] before it
//! allocates, and every form that would not be written again the same way.
//!
//! Other languages can build on `tests/conformance/vectors`, which freeze the layout byte by byte.

use crate::limits::DECODE_MEMORY_MAX;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// Why bytes are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// Longer than this kind of message may be.
    #[error("{length} bytes are more than the {length_max} allowed for this message")]
    TooLong {
        /// Length in bytes.
        length: usize,
        /// The bound in bytes.
        length_max: usize,
    },
    /// Bytes are left after the value.
    #[error("{surplus} bytes follow after the end of the message")]
    Trailing {
        /// How many.
        surplus: usize,
    },
    /// A value was read, but it has another, canonical form.
    #[error("the bytes are not the canonical form of what they say")]
    NotCanonical,
    /// No value of the expected type.
    #[error("malformed: {problem}")]
    Malformed {
        /// What the reader met.
        problem: String,
    },
}

fn layout() -> impl bincode::config::Config {
    bincode::config::standard().with_little_endian().with_fixed_int_encoding().with_limit::<DECODE_MEMORY_MAX>()
}

/// The canonical bytes of a value.
///
/// Serialisation of our own types cannot fail: they hold no unsized sequences, and `Vec<u8>` takes what it is given.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    encode_into(value, &mut bytes);
    bytes
}

struct Sink<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for Sink<'_> {
    fn write(&mut self, part: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(part);
        Ok(())
    }
}

/// Appends the canonical bytes of a value.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    let result = bincode::serde::encode_into_writer(
        value,
        Sink(bytes),
        bincode::config::standard().with_little_endian().with_fixed_int_encoding(),
    );
    debug_assert!(result.is_ok(), "a type of ours failed to serialise: {result:?}");
}

/// Writes the canonical bytes of a value where there is room for them; returns how many they are, or `None` if they do not fit.
pub(crate) fn encode_into_slice<T: Serialize + ?Sized>(value: &T, place: &mut [u8]) -> Option<usize> {
    let layout = bincode::config::standard().with_little_endian().with_fixed_int_encoding();
    bincode::serde::encode_into_slice(value, place, layout).ok()
}

/// The value with which bytes begin, and how many of them it takes.
fn start<T: DeserializeOwned>(bytes: &[u8], layout: impl bincode::config::Config) -> Result<(T, usize), CodecError> {
    bincode::serde::decode_from_slice(bytes, layout).map_err(|error| CodecError::Malformed { problem: plain(&error) })
}

/// The value that bytes are, all of them.
fn whole<T: DeserializeOwned>(bytes: &[u8], layout: impl bincode::config::Config) -> Result<T, CodecError> {
    let (value, used) = start(bytes, layout)?;
    if used < bytes.len() { Err(CodecError::Trailing { surplus: bytes.len() - used }) } else { Ok(value) }
}

/// Reads exactly one value from at most `length_max` bytes.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], length_max: usize) -> Result<T, CodecError> {
    if bytes.len() > length_max {
        return Err(CodecError::TooLong { length: bytes.len(), length_max });
    }
    let value: T = whole(bytes, layout())?;
    // Writing the value again and comparing proves that this was its canonical form, for every type at once.
    if is_written_as(&value, bytes) { Ok(value) } else { Err(CodecError::NotCanonical) }
}

/// Whether these are the canonical bytes of a value: compared as they are written, so that they are kept nowhere.
fn is_written_as<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    struct Compare<'a>(&'a [u8]);
    impl bincode::enc::write::Writer for Compare<'_> {
        fn write(&mut self, part: &[u8]) -> Result<(), bincode::error::EncodeError> {
            let rest = self.0.strip_prefix(part).ok_or(bincode::error::EncodeError::UnexpectedEnd)?;
            self.0 = rest;
            Ok(())
        }
    }
    let mut left = Compare(bytes);
    let layout = bincode::config::standard().with_little_endian().with_fixed_int_encoding();
    bincode::serde::encode_into_writer(value, &mut left, layout).is_ok() && left.0.is_empty()
}

/// Reads exactly one value that this program wrote itself, however long it is: what a node keeps on its own disk.
pub fn decode_own<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    whole(bytes, bincode::config::standard().with_little_endian().with_fixed_int_encoding())
}

/// Reads a value from the beginning of longer canonical bytes; what follows is not looked at.
pub fn decode_start<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    Ok(start(bytes, layout())?.0)
}

/// Appends the short form of a value: the same codec with numbers in as few bytes as they need. Of what is hashed or signed
/// contract code alone is written so, because its bound is four KiB and most of it is small numbers.
pub fn encode_compact_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    let layout = bincode::config::standard().with_little_endian();
    let result = bincode::serde::encode_into_writer(value, Sink(bytes), layout);
    debug_assert!(result.is_ok(), "a type of ours failed to serialise: {result:?}");
}

/// Reads exactly one value from the short form that this program wrote itself.
pub fn decode_own_compact<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    whole(bytes, bincode::config::standard().with_little_endian())
}

/// Reads exactly one value from its short form.
pub(crate) fn decode_compact<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    length_max: usize,
) -> Result<T, CodecError> {
    if bytes.len() > length_max {
        return Err(CodecError::TooLong { length: bytes.len(), length_max });
    }
    let layout = bincode::config::standard().with_little_endian().with_limit::<DECODE_MEMORY_MAX>();
    let value: T = whole(bytes, layout)?;
    let mut again = Vec::with_capacity(bytes.len());
    encode_compact_into(&value, &mut again);
    if again == bytes { Ok(value) } else { Err(CodecError::NotCanonical) }
}

/// The reader's complaint in words; bincode's own display is a debug form.
fn plain(error: &bincode::error::DecodeError) -> String {
    use bincode::error::DecodeError;
    match error {
        DecodeError::UnexpectedEnd { additional } => {
            format!("the message ends {additional} bytes early")
        }
        DecodeError::OtherString(text) => text.clone(),
        DecodeError::LimitExceeded => {
            format!("it claims more than {DECODE_MEMORY_MAX} bytes of memory")
        }
        other => other.to_string(),
    }
}
