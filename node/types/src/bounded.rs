//! Lists whose length is checked before anything is allocated.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use thiserror::Error;

/// A list of at most `MAX` elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

/// A list longer than its bound.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{length} elements are more than the {length_max} allowed here")]
pub struct TooMany {
    /// Elements given.
    pub length: usize,
    /// Elements allowed.
    pub length_max: usize,
}

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// Takes a list, or says that it is too long.
    pub fn new(list: Vec<T>) -> Result<Self, TooMany> {
        if list.len() > MAX {
            return Err(TooMany { length: list.len(), length_max: MAX });
        }
        Ok(Self(list))
    }

    /// The list itself.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }

    /// Adds an element, or hands it back when the list is full.
    pub fn push(&mut self, element: T) -> Result<(), T> {
        if self.0.len() >= MAX {
            return Err(element);
        }
        self.0.push(element);
        Ok(())
    }

    /// Keeps the elements that `keep` names.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.0.retain(keep);
    }
}

impl<T, const MAX: usize> Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for Bounded<T, MAX> {
    type Error = TooMany;

    fn try_from(list: Vec<T>) -> Result<Self, TooMany> {
        Self::new(list)
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a Bounded<T, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Memory that a list gets before its elements are seen, in bytes. Whoever lies about a length is found out at the first element
/// that is not there, so such lists never add up.
const ROOM_AT_FIRST: usize = 256 << 10;

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> de::Visitor<'de> for Reader<T, MAX> {
            type Value = Bounded<T, MAX>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a list of at most {MAX} elements")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
                let announced = elements.size_hint().unwrap_or(0);
                let too_many = |length| de::Error::custom(TooMany { length, length_max: MAX });
                if announced > MAX {
                    return Err(too_many(announced));
                }
                // A lie about the length costs the liar, not us: so much room at first, then as elements come.
                let mut list = Vec::with_capacity(announced.min(ROOM_AT_FIRST / size_of::<T>().max(1)));
                while let Some(element) = elements.next_element()? {
                    if list.len() >= MAX {
                        return Err(too_many(MAX + 1));
                    }
                    list.push(element);
                }
                Ok(Bounded(list))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}
