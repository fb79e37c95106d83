//! What travels beside the ledger: sealed party data by payment, which of it waits for its payment, and what is still to be handed to other
//! nodes. Of a payment that has yet to come several may be kept, and none replaces another. This module knows names and bytes, and no key that opens them.
//!
//! Invariants: what is kept and what is to be handed over are written in one batch, synced; what was purged is on this disk no more.

use crate::database::{Database, StorageError};
use crate::keys::{self, BESIDE, FAMILIES, OUTBOX};
use rocksdb::{BottommostLevelCompaction, CompactOptions, Direction, IteratorMode, WriteBatch};
use seaway_types::Uetr;
use seaway_types::codec;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::keys::PublicKey;
use seaway_types::party::Told;
use seaway_types::time::BlockTime;

/// Party data that is to be handed to a node.
pub type Outgoing = (PublicKey, Told);

/// What is written together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Sealed party data.
    pub sealed: Vec<(Told, Vec<u8>)>,
    /// That of it whose payments are not on the ledger yet.
    pub awaited: Vec<Told>,
    /// Since when it waits for them.
    pub since: BlockTime,
    /// What is to be handed over.
    pub outgoing: Vec<Outgoing>,
}

impl Database {
    /// Keeps party data, and notes what is to be handed over.
    pub fn keep_beside(&self, beside: &Beside) -> Result<(), StorageError> {
        let (family, outbox) = (self.family(BESIDE)?, self.family(OUTBOX)?);
        let mut batch = WriteBatch::default();
        for (told, sealed) in &beside.sealed {
            batch.put_cf(family, keys::beside(told), sealed);
        }
        let since = codec::encode(&beside.since);
        for told in &beside.awaited {
            batch.put_cf(family, keys::awaited(told), &since);
        }
        for outgoing in &beside.outgoing {
            batch.put_cf(outbox, codec::encode(outgoing), []);
        }
        self.write(batch)
    }

    /// Sealed party data.
    pub fn beside(&self, told: &Told) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.db().get_cf(self.family(BESIDE)?, keys::beside(told));
        found.map_err(|error| self.failed(&error))
    }

    /// What is kept of payments with a UETR.
    pub fn kept_beside(&self, uetr: &Uetr) -> Result<Vec<Told>, StorageError> {
        let mut found = Vec::new();
        self.each_beside(BESIDE, &keys::beside_of(uetr), |key, _| {
            found.push(keys::told_in(key)?);
            Some(())
        })?;
        Ok(found)
    }

    /// What waits for its payment, and since when.
    pub fn awaited(&self) -> Result<Vec<(Told, BlockTime)>, StorageError> {
        let mut found = Vec::new();
        self.each_beside(BESIDE, keys::AWAITED, |key, value| {
            found.push((keys::told_in(key)?, codec::decode_own(value).ok()?));
            Some(())
        })?;
        Ok(found)
    }

    /// Notes that the payments of party data have come. Lost with the power, it is found out again.
    pub fn arrived(&self, told: &[Told]) -> Result<(), StorageError> {
        let family = self.family(BESIDE)?;
        let mut batch = WriteBatch::default();
        told.iter().for_each(|one| batch.delete_cf(family, keys::awaited(one)));
        self.db().write(batch).map_err(|error| self.failed(&error))
    }

    /// All that is still to be handed over.
    pub fn outbox(&self) -> Result<Vec<Outgoing>, StorageError> {
        let mut found = Vec::new();
        self.each_beside(OUTBOX, &[], |key, _| {
            found.push(codec::decode_own(key).ok()?);
            Some(())
        })?;
        Ok(found)
    }

    /// Notes that a node has acknowledged. Lost with the power, it is handed over again, which does no harm.
    pub fn delivered(&self, outgoing: &[Outgoing]) -> Result<(), StorageError> {
        let outbox = self.family(OUTBOX)?;
        let mut batch = WriteBatch::default();
        outgoing.iter().for_each(|one| batch.delete_cf(outbox, codec::encode(one)));
        self.db().write(batch).map_err(|error| self.failed(&error))
    }

    /// Deletes party data, and what is to be handed over. Returns how much of it there was.
    pub fn forget_beside(&self, told: &[Told], outgoing: &[Outgoing]) -> Result<usize, StorageError> {
        let (family, outbox) = (self.family(BESIDE)?, self.family(OUTBOX)?);
        let mut batch = WriteBatch::default();
        let mut found = 0;
        for one in told {
            found += usize::from(self.beside(one)?.is_some());
            batch.delete_cf(family, keys::beside(one));
            batch.delete_cf(family, keys::awaited(one));
        }
        outgoing.iter().for_each(|one| batch.delete_cf(outbox, codec::encode(one)));
        self.write(batch)?;
        Ok(found)
    }

    /// Takes the bytes of payments whose party data was deleted off the disk: RocksDB alone would do so some day.
    pub fn purge_beside(&self, payments: &[PaymentKey]) -> Result<(), StorageError> {
        // RocksDB's log goes when each family has written to tables what stands in it.
        for family in FAMILIES {
            self.db().flush_cf(self.family(family)?).map_err(|error| self.failed(&error))?;
        }
        let mut options = CompactOptions::default();
        options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        let family = self.family(BESIDE)?;
        for [begin, end] in payments.iter().map(keys::beside_of_payment) {
            self.db().compact_range_cf_opt(family, Some(&begin), Some(&end), &options);
        }
        Ok(())
    }

    /// Hands each pair whose key begins with a prefix to `take`, which returns nothing for a key or value that cannot be read.
    fn each_beside(
        &self,
        family: &'static str,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> Option<()>,
    ) -> Result<(), StorageError> {
        for pair in self.db().iterator_cf(self.family(family)?, IteratorMode::From(prefix, Direction::Forward)) {
            let (key, value) = pair.map_err(|error| self.failed(&error))?;
            if !key.starts_with(prefix) {
                break;
            }
            take(&key, &value).ok_or_else(|| self.damaged(family, "a key or a value of another form"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::genesis::GenesisDocument;
    use seaway_types::hash::Hash32;
    use seaway_types::instruction::payment::CreditKind;
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn document() -> GenesisDocument {
        seaway_genesis::ceremony::devnet().unwrap().document().unwrap()
    }

    fn open(folder: &Path) -> Database {
        Database::open(folder, &document(), 1).unwrap().database
    }

    fn told(number: u8, kind: CreditKind, version: u8) -> Told {
        let debtor_agent = "HARBHKHH".parse().unwrap();
        let payment = PaymentKey { debtor_agent, uetr: Uetr::from_random([number; 16]), kind };
        Told { payment, version: Hash32([version; 32]) }
    }

    /// Bytes that no compression makes shorter.
    fn noise(seed: u8) -> Vec<u8> {
        (0..4u8).flat_map(|part| seaway_types::hash::Domain::DevnetSeed.hash(&[seed, part]).0).collect()
    }

    /// Whether bytes stand in any file of a folder.
    fn stands(folder: &Path, bytes: &[u8]) -> bool {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        // A file may go while it is looked for.
        let read = |path| std::fs::read(path).unwrap_or_default();
        files
            .filter(|path| path.is_file())
            .map(read)
            .any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    }

    #[test]
    fn what_is_kept_is_found_by_uetr_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two, other) =
            (told(1, CreditKind::Customer, 1), told(1, CreditKind::Cover, 1), told(2, CreditKind::Customer, 1));
        let node = PublicKey::Ed25519([3; 32]);
        let since = BlockTime::from_ms(1_000).unwrap();
        let beside = Beside {
            sealed: vec![(one, noise(1)), (two, noise(2)), (other, noise(3))],
            awaited: vec![one, other],
            since,
            outgoing: vec![(node, one), (node, other)],
        };
        open(folder.path()).keep_beside(&beside).unwrap();
        let database = open(folder.path());
        assert_eq!(database.kept_beside(&one.payment.uetr).unwrap(), [one, two]);
        assert_eq!(database.beside(&two).unwrap(), Some(noise(2)));
        let mut awaited = database.awaited().unwrap();
        awaited.sort_unstable();
        let mut expected = [(one, since), (other, since)];
        expected.sort_unstable();
        assert_eq!(awaited, expected);
        assert_eq!(database.outbox().unwrap().len(), 2);
        database.arrived(&[one]).unwrap();
        database.delivered(&[(node, one)]).unwrap();
        assert_eq!(database.awaited().unwrap(), [(other, since)]);
        assert_eq!(database.outbox().unwrap(), [(node, other)]);
        // What else is told of the same payment stands beside it.
        let other = Told { version: Hash32([255; 32]), ..one };
        let again = Beside { sealed: vec![(other, noise(9))], ..Beside::default() };
        database.keep_beside(&again).unwrap();
        assert_eq!(database.kept_beside(&one.payment.uetr).unwrap(), [one, other, two]);
        assert_eq!(database.beside(&one).unwrap(), Some(noise(1)));
        assert_eq!(database.beside(&other).unwrap(), Some(noise(9)));
    }

    #[test]
    fn what_is_purged_is_on_the_disk_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path());
        let (gone, stays) = (told(1, CreditKind::Customer, 1), told(2, CreditKind::Customer, 1));
        let node = PublicKey::Ed25519([3; 32]);
        let beside = Beside {
            sealed: vec![(gone, noise(1)), (stays, noise(2))],
            awaited: vec![gone],
            since: BlockTime::default(),
            outgoing: vec![(node, gone), (node, stays)],
        };
        database.keep_beside(&beside).unwrap();
        let part = &noise(1)[..32];
        assert!(stands(folder.path(), part), "in RocksDB's log");
        database.purge_beside(&[]).unwrap();
        assert!(stands(folder.path(), part), "in a table");
        assert_eq!(database.forget_beside(&[gone], &[(node, gone)]).unwrap(), 1);
        assert_eq!(database.beside(&gone).unwrap(), None);
        assert!(database.awaited().unwrap().is_empty());
        assert_eq!(database.outbox().unwrap(), [(node, stays)]);
        database.purge_beside(&[gone.payment]).unwrap();
        // RocksDB unlinks files in the background.
        let begun = Instant::now();
        while stands(folder.path(), part) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the bytes are still there");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(database.beside(&stays).unwrap(), Some(noise(2)));
        assert_eq!(database.forget_beside(&[gone], &[]).unwrap(), 0);
    }
}
