//! Messages of any length that are hashed together.
//!
//! A message is filled up to whole blocks of 64 bytes: a byte 0x80, then zeros (ISO/IEC 9797-1, padding method 2: no two messages
//! become the same). So those with equal numbers of blocks go through the machine's vector units side by side.

use super::{Domain, Hash32};
use crate::codec;
use serde::Serialize;

/// What follows a message's last byte.
const END: u8 = 0x80;

/// The canonical bytes of a value, filled up to whole blocks.
fn filled<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = codec::encode(value);
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut Vec<u8>) {
    bytes.push(END);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
}

/// The one block that a value of at most 63 bytes fills.
pub(crate) fn block<T: Serialize + ?Sized>(value: &T) -> [u8; 64] {
    let mut block = [0; 64];
    let length = codec::encode_into_slice(value, &mut block);
    debug_assert!(length.is_some_and(|length| length < 64), "a value that is no single block");
    if let Some(end) = length.and_then(|length| block.get_mut(length)) {
        *end = END;
    }
    block
}

impl Domain {
    /// The hash of bytes, filled up to whole blocks.
    pub fn hash_filled(self, bytes: &[u8]) -> Hash32 {
        let mut bytes = bytes.to_vec();
        fill(&mut bytes);
        self.hash(&bytes)
    }

    /// The hash of a value's canonical bytes, filled up to whole blocks.
    pub fn hash_value<T: Serialize + ?Sized>(self, value: &T) -> Hash32 {
        self.hash(&filled(value))
    }
}

/// See the module. Takes values one after the other and hands their hashes out in the same order, each equal to
/// [`Domain::hash_value`].
#[derive(Debug)]
pub struct Messages {
    domain: Domain,
    hashes: Vec<Hash32>,
    bytes: Vec<u8>,
    one: Equal<64>,
    two: Equal<128>,
    three: Equal<192>,
}

/// Messages of one length that wait for others.
#[derive(Debug)]
struct Equal<const N: usize> {
    messages: Vec<[u8; N]>,
    /// Where the hash of each goes.
    places: Vec<usize>,
}

impl<const N: usize> Equal<N> {
    /// So many are hashed at a time: they lie in the nearest cache.
    const TOGETHER: usize = 64;

    fn new() -> Self {
        Self { messages: Vec::new(), places: Vec::new() }
    }

    fn push(&mut self, domain: Domain, message: [u8; N], place: usize, hashes: &mut [Hash32]) {
        self.messages.push(message);
        self.places.push(place);
        if self.messages.len() == Self::TOGETHER {
            self.hash(domain, hashes);
        }
    }

    fn hash(&mut self, domain: Domain, hashes: &mut [Hash32]) {
        let mut places = self.places.drain(..);
        domain.hash_equal(&self.messages, |some| {
            for (hash, place) in some.iter().zip(&mut places) {
                if let Some(place) = hashes.get_mut(place) {
                    *place = Hash32(*hash);
                }
            }
        });
        drop(places);
        self.messages.clear();
    }
}

impl Messages {
    /// None yet, with room for so many.
    pub fn new(domain: Domain, count: usize) -> Self {
        let (one, two, three) = (Equal::new(), Equal::new(), Equal::new());
        Self { domain, hashes: Vec::with_capacity(count), bytes: Vec::new(), one, two, three }
    }

    /// Takes a value.
    pub fn push<T: Serialize + ?Sized>(&mut self, value: &T) {
        let Self { domain, hashes, bytes, one, two, three } = self;
        bytes.clear();
        codec::encode_into(value, bytes);
        fill(bytes);
        let place = hashes.len();
        hashes.push(Hash32::ZERO);
        if let Ok(message) = bytes.as_slice().try_into() {
            one.push(*domain, message, place, hashes);
        } else if let Ok(message) = bytes.as_slice().try_into() {
            two.push(*domain, message, place, hashes);
        } else if let Ok(message) = bytes.as_slice().try_into() {
            three.push(*domain, message, place, hashes);
        } else if let Some(last) = hashes.last_mut() {
            *last = domain.hash(bytes);
        }
    }

    /// Takes a message that is one block already.
    pub fn push_block(&mut self, block: &[u8; 64]) {
        let place = self.hashes.len();
        self.hashes.push(Hash32::ZERO);
        self.one.push(self.domain, *block, place, &mut self.hashes);
    }

    /// Takes no message: a hash of zero stands in its place.
    pub fn push_nothing(&mut self) {
        self.hashes.push(Hash32::ZERO);
    }

    /// The hashes of all values, in their order.
    pub fn hashes(self) -> Vec<Hash32> {
        let Self { domain, mut hashes, mut one, mut two, mut three, .. } = self;
        one.hash(domain, &mut hashes);
        two.hash(domain, &mut hashes);
        three.hash(domain, &mut hashes);
        hashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_all_lengths_equal_one_by_one() {
        // Texts carry their length in 8 bytes: from 8 to 308 bytes, around every border of blocks.
        let values: Vec<String> = (0..700usize).map(|n| "x".repeat(n * 7 % 301)).collect();
        let mut messages = Messages::new(Domain::StateValue, 0);
        let mut one_by_one = Vec::new();
        for value in &values {
            messages.push(value);
            messages.push_nothing();
            messages.push_block(&[value.len() as u8; 64]);
            one_by_one.push(Domain::StateValue.hash_filled(&codec::encode(value)));
            one_by_one.push(Hash32::ZERO);
            one_by_one.push(Domain::StateValue.hash(&[value.len() as u8; 64]));
        }
        assert_eq!(messages.hashes(), one_by_one);
        assert_eq!(Messages::new(Domain::StateValue, 9).hashes(), []);
    }

    #[test]
    fn no_two_messages_become_the_same() {
        let grown = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            fill(&mut bytes);
            bytes
        };
        for length in 0..200usize {
            let message = vec![0; length];
            let filled = grown(&message);
            assert_eq!(filled.len() % 64, 0);
            assert!(filled.len() > length, "the end is always marked");
            assert_ne!(filled, grown(&vec![0; length + 1]));
            assert_ne!(filled, grown(&[&message[..], &[END]].concat()));
        }
    }

    #[test]
    fn a_block_is_what_a_short_message_fills() {
        for length in 0..=55 {
            let value = "y".repeat(length);
            assert_eq!(block(&value).to_vec(), filled(&value));
        }
    }
}
