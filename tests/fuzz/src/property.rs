//! What must hold of a value, whatever its type.

use seaway_types::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// The value of these bytes, if they are one: then it is encoded as exactly these bytes.
pub(crate) fn canonical<T: Serialize + DeserializeOwned>(bytes: &[u8], bytes_max: usize) -> Option<T> {
    let value: T = codec::decode(bytes, bytes_max).ok()?;
    assert!(codec::encode(&value) == bytes, "decoded, and encoded otherwise");
    Some(value)
}

/// The JSON form of a value leads back to the same value.
pub(crate) fn same_in_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("a value of ours has a JSON form");
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, *value, "{text}");
}

/// A text that is read is written as a text that is read as the same.
pub(crate) fn same_in_text<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let written = value.to_string();
    let read = written.parse::<T>().ok();
    assert_eq!(read, Some(value), "{text} is written as {written}");
}
