//! The double-sign guard: the last question answered, in a file of its own with an exclusive lock.
//!
//! Two slots are written in turns, so that a torn write leaves the other. The engine asks in memory, and [`GuardedKey::keep`]
//! makes the answer durable before anything signed is sent. At start the guard is raised to what the write-ahead log says;
//! a guard that is ahead of the log means that the log was lost, and with it what this validator is locked on: then it signs
//! nothing until a height above the guard's is decided. Of a restored backup guard and log are both old: a validator that starts listens
//! first, until more than two thirds have told what they have decided and what they have of it, and [`Signer::remind`] raises
//! the guard to that.

use rustix::fs::{FlockOperation, flock};
use seaway_consensus::{Question, Signer};
use seaway_types::codec;
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Evidence, public_key, sign};
use seaway_types::time::Height;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

const SLOT_BYTES: u64 = 512;

/// Why the guard cannot be used.
#[derive(Debug, Error)]
pub enum GuardError {
    /// The file system failed.
    #[error("last-sign file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// Another process signs with it.
    #[error("last-sign file {} is locked: another process signs with this key", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Both slots are damaged.
    #[error("last-sign file {} is damaged; without it this validator cannot know what it signed. Restore it, or change the consensus key", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to another key.
    #[error("last-sign file {} belongs to the key {found}; this validator has {expected}", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The key in the file.
        found: PublicKey,
        /// The key given.
        expected: PublicKey,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    number: u64,
    key: PublicKey,
    last: Option<Question>,
}

/// A consensus key with its guard.
pub struct GuardedKey {
    secret: Zeroizing<[u8; 32]>,
    file: File,
    path: PathBuf,
    slot: Slot,
    /// Nothing is signed up to this height.
    silent_through: Height,
}

impl GuardedKey {
    /// Opens the guard of a key, or makes it, and locks it.
    pub fn open(path: &Path, secret: Zeroizing<[u8; 32]>) -> Result<Self, GuardError> {
        let io = |source| GuardError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| GuardError::Locked { path: path.to_owned() })?;
        let key = public_key(&secret);
        let fresh = Slot { number: 0, key, last: None };
        let mut guard = Self { secret, file, path: path.to_owned(), slot: fresh, silent_through: Height(0) };
        if guard.file.metadata().map_err(io)?.len() == 0 {
            guard.write(fresh)?;
            guard.write(fresh)?;
            return Ok(guard);
        }
        let slots = [guard.read(0)?, guard.read(1)?];
        let newest = slots.into_iter().flatten().max_by_key(|slot| slot.number);
        guard.slot = newest.ok_or_else(|| GuardError::Damaged { path: path.to_owned() })?;
        if guard.slot.key != key {
            return Err(GuardError::OtherKey { path: path.to_owned(), found: guard.slot.key, expected: key });
        }
        Ok(guard)
    }

    /// Compares the guard with what the log and the database say, once at start. `logged` is the greatest question that the
    /// log tells of, `decided` the height of the tip.
    pub fn reconcile(&mut self, logged: Option<Question>, decided: Height) {
        let of_guard = self.slot.last;
        if let Some(logged) = logged
            && of_guard.is_none_or(|last| logged.place() > last.place())
        {
            self.slot.last = Some(logged);
            return;
        }
        let lost =
            of_guard.filter(|last| last.height > decided && logged.is_none_or(|log| log.place() < last.place()));
        if let Some(last) = lost {
            self.silent_through = last.height;
        }
    }

    /// The last question answered, as far as the file told when it was opened or has been asked since.
    pub fn last(&self) -> Option<Question> {
        self.slot.last
    }

    /// Up to which height nothing is signed, because the log was lost.
    pub fn silent_through(&self) -> Option<Height> {
        (self.silent_through > Height(0)).then_some(self.silent_through)
    }

    /// Makes the last answer durable.
    pub fn keep(&mut self) -> Result<(), GuardError> {
        self.write(self.slot)
    }

    fn write(&mut self, slot: Slot) -> Result<(), GuardError> {
        let next = Slot { number: slot.number + 1, ..slot };
        let payload = codec::encode(&next);
        let mut bytes = vec![0u8; SLOT_BYTES as usize];
        let sum = checksum(&payload);
        for (place, byte) in bytes.iter_mut().zip(sum.iter().chain(&[payload.len() as u8]).chain(&payload)) {
            *place = *byte;
        }
        let offset = (next.number % 2) * SLOT_BYTES;
        let written = self.file.write_all_at(&bytes, offset).and_then(|()| self.file.sync_data());
        written.map_err(|source| GuardError::Io { path: self.path.clone(), source })?;
        self.slot = next;
        Ok(())
    }

    fn read(&self, place: u64) -> Result<Option<Slot>, GuardError> {
        let mut bytes = vec![0u8; SLOT_BYTES as usize];
        match self.file.read_exact_at(&mut bytes, place * SLOT_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read.map_err(|source| GuardError::Io { path: self.path.clone(), source })?,
        }
        let Some((sum, rest)) = bytes.split_first_chunk::<32>() else { return Ok(None) };
        let Some((length, rest)) = rest.split_first() else { return Ok(None) };
        let Some(payload) = rest.get(..usize::from(*length)) else { return Ok(None) };
        Ok((*sum == checksum(payload)).then(|| codec::decode(payload, SLOT_BYTES as usize).ok()).flatten())
    }
}

fn checksum(payload: &[u8]) -> [u8; 32] {
    blake3::derive_key("seaway v1 last-sign slot", payload)
}

impl Signer for GuardedKey {
    fn key(&self) -> PublicKey {
        self.slot.key
    }

    fn sign(&mut self, question: &Question) -> Option<Evidence> {
        if question.height <= self.silent_through {
            return None;
        }
        match self.slot.last {
            Some(last) if last.place() == question.place() => {
                (last.message == question.message).then(|| sign(&self.secret, &question.message).evidence)
            }
            Some(last) if last.place() > question.place() => None,
            _ => {
                self.slot.last = Some(*question);
                Some(sign(&self.secret, &question.message).evidence)
            }
        }
    }

    fn remind(&mut self, signed: &Question) -> bool {
        if self.slot.last.is_some_and(|last| last == *signed || last.place() > signed.place()) {
            return false;
        }
        self.slot.last = Some(*signed);
        self.silent_through = self.silent_through.max(signed.height);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_consensus::Step;
    use seaway_types::block::Round;

    fn question(height: u64, round: u32, step: Step, message: u8) -> Question {
        Question { height: Height(height), round: Round(round), step, message: [message; 32] }
    }

    fn open(folder: &tempfile::TempDir) -> GuardedKey {
        GuardedKey::open(&folder.path().join("last-sign"), Zeroizing::new([7; 32])).unwrap()
    }

    #[test]
    fn never_two_things_for_one_step_across_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = open(&folder);
        assert!(guard.sign(&question(5, 0, Step::Prevote, 1)).is_some());
        assert!(guard.sign(&question(5, 0, Step::Prevote, 1)).is_some(), "the same question again");
        assert!(guard.sign(&question(5, 0, Step::Prevote, 2)).is_none());
        assert!(guard.sign(&question(5, 0, Step::Precommit, 3)).is_some());
        guard.keep().unwrap();
        drop(guard);
        let mut guard = open(&folder);
        assert!(guard.sign(&question(5, 0, Step::Precommit, 4)).is_none());
        assert!(guard.sign(&question(5, 0, Step::Propose, 4)).is_none());
        assert!(guard.sign(&question(4, 9, Step::Precommit, 4)).is_none());
        assert!(guard.sign(&question(5, 1, Step::Propose, 4)).is_some());
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let _guard = open(&folder);
        let second = GuardedKey::open(&folder.path().join("last-sign"), Zeroizing::new([7; 32]));
        assert!(matches!(second, Err(GuardError::Locked { .. })));
    }

    #[test]
    fn a_lost_log_silences_until_a_greater_height() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = open(&folder);
        assert!(guard.sign(&question(9, 0, Step::Prevote, 1)).is_some());
        guard.keep().unwrap();
        drop(guard);
        let mut guard = open(&folder);
        guard.reconcile(None, Height(8));
        assert_eq!(guard.silent_through(), Some(Height(9)));
        assert!(guard.sign(&question(9, 0, Step::Precommit, 1)).is_none());
        assert!(guard.sign(&question(10, 0, Step::Prevote, 1)).is_some());
        drop(guard);
        let mut guard = open(&folder);
        guard.reconcile(Some(question(9, 0, Step::Prevote, 1)), Height(8));
        assert_eq!(guard.silent_through(), None, "the log is there");
    }

    #[test]
    fn who_is_reminded_of_what_it_forgot_is_silent_at_that_height() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = open(&folder);
        assert!(guard.sign(&question(5, 0, Step::Precommit, 1)).is_some());
        assert!(!guard.remind(&question(5, 0, Step::Prevote, 1)), "earlier than the last");
        assert!(!guard.remind(&question(5, 0, Step::Precommit, 1)), "the last itself");
        assert!(guard.sign(&question(5, 1, Step::Prevote, 1)).is_some());
        assert!(guard.remind(&question(7, 2, Step::Prevote, 9)));
        assert!(guard.sign(&question(6, 0, Step::Prevote, 1)).is_none());
        assert!(guard.sign(&question(7, 3, Step::Prevote, 1)).is_none());
        assert!(guard.sign(&question(8, 0, Step::Prevote, 1)).is_some());
        // The same step with another message was signed by somebody else.
        assert!(guard.remind(&question(8, 0, Step::Prevote, 2)));
        assert!(guard.sign(&question(8, 1, Step::Prevote, 1)).is_none());
        guard.keep().unwrap();
        drop(guard);
        let mut guard = open(&folder);
        guard.reconcile(Some(question(5, 0, Step::Precommit, 1)), Height(7));
        assert_eq!(guard.silent_through(), Some(Height(8)), "it is remembered");
    }

    #[test]
    fn a_torn_slot_leaves_the_other_and_two_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-sign");
        let mut guard = open(&folder);
        for height in 1..5 {
            assert!(guard.sign(&question(height, 0, Step::Prevote, 1)).is_some());
            guard.keep().unwrap();
        }
        drop(guard);
        let whole = std::fs::read(&path).unwrap();
        for slot in 0..2 {
            let mut bytes = whole.clone();
            bytes[slot * SLOT_BYTES as usize + 40] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert!(open(&folder).slot.last.unwrap().height >= Height(3));
        }
        let mut bytes = whole;
        bytes[40] ^= 1;
        bytes[SLOT_BYTES as usize + 40] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let opened = GuardedKey::open(&path, Zeroizing::new([7; 32]));
        assert!(matches!(opened, Err(GuardError::Damaged { .. })));
    }
}
