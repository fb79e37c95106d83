//! The write-ahead log: two files used in turns, overwritten in place so that a sync moves data alone.
//!
//! A record is its magic number, the sequence number of the file's present use, length, checksum, and the bytes. What an
//! earlier use left behind has another sequence number and counts as empty. A torn record at the end is cut, because
//! nothing of it was ever said; a damaged record with a good one after it stops the node, because something was.
//!
//! When a block is stored and the file has grown large, the other file begins a new use with one record that holds
//! whatever is still needed; once that is synced the first file is free.

use seaway_engine::LogEntry;
use seaway_types::codec;
use seaway_types::limits::FRAME_BYTES_MAX;
use seaway_types::time::Height;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file that is longer than this is left for the other at the next stored block.
const TURN_BYTES: u64 = 4 << 20;

const MAGIC: [u8; 8] = *b"seawal01";
/// Magic, sequence, length, checksum.
const HEAD_BYTES: usize = 8 + 8 + 4 + 32;
/// Records begin at multiples of this, so that a good one after a damaged one is found.
const ALIGNMENT: u64 = 64;

/// Why the log cannot be used.
#[derive(Debug, Error)]
pub enum WalError {
    /// The file system failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// A record in the middle is damaged.
    #[error("{}: the record at byte {offset} is damaged, and good ones follow it; restore the file or sync this node anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
    /// A record that was written whole says something that this program does not know.
    #[error("{}: the record at byte {offset} is whole but not understood: {problem}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
}

struct Segment {
    path: PathBuf,
    file: File,
}

/// See the module.
pub struct Wal {
    segments: [Segment; 2],
    current: usize,
    sequence: u64,
    offset: u64,
    /// Entries of heights that are not stored yet.
    live: Vec<LogEntry>,
    /// Entries that are not written yet.
    noted: Vec<LogEntry>,
    /// Set when a sync has failed: what is on disk is unknown from then on.
    broken: bool,
}

/// What a file holds.
enum Content {
    /// Records of one use.
    Whole(Found),
    /// No good first record; a later one may be left of an earlier use, with this sequence number.
    NoBeginning { left_behind: Option<u64> },
}

/// The records of one use.
struct Found {
    sequence: u64,
    offset: u64,
    entries: Vec<LogEntry>,
}

impl Wal {
    /// Opens the log in a folder, and returns it with what it holds.
    pub fn open(folder: &Path) -> Result<(Self, Vec<LogEntry>), WalError> {
        let open = |name: &str| {
            let path = folder.join(name);
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            file.map(|file| Segment { path: path.clone(), file }).map_err(|source| WalError::Io { path, source })
        };
        std::fs::create_dir_all(folder).map_err(|source| WalError::Io { path: folder.to_owned(), source })?;
        let segments = [open("a.wal")?, open("b.wal")?];
        sync_folder(folder)?;
        let [a, b] = [read(&segments[0])?, read(&segments[1])?];
        ensure_begun(&segments[0], &a, &b)?;
        ensure_begun(&segments[1], &b, &a)?;
        let (current, found) = match (a, b) {
            (Content::Whole(a), Content::Whole(b)) if b.sequence > a.sequence => (1, Some(b)),
            (Content::Whole(a), _) => (0, Some(a)),
            (_, Content::Whole(b)) => (1, Some(b)),
            _ => (0, None),
        };
        // What a process that died had written may have been read from memory: it is said again on the word of this log.
        for Segment { path, file } in &segments {
            file.sync_data().map_err(|source| WalError::Io { path: path.clone(), source })?;
        }
        let found = found.unwrap_or(Found { sequence: 1, offset: 0, entries: Vec::new() });
        let Found { sequence, offset, entries } = found;
        let wal =
            Self { segments, current, sequence, offset, live: entries.clone(), noted: Vec::new(), broken: false };
        Ok((wal, entries))
    }

    /// Notes entries down. They are written with the next [`Wal::sync`], or never when their height is stored before: until
    /// then nothing was said that depends on them.
    pub fn note(&mut self, entries: Vec<LogEntry>) {
        self.noted.extend(entries);
    }

    /// Makes everything that was noted durable, in one record.
    pub fn sync(&mut self) -> Result<(), WalError> {
        if self.noted.is_empty() {
            return Ok(());
        }
        let noted = std::mem::take(&mut self.noted);
        self.write(&noted)?;
        self.live.extend(noted);
        Ok(())
    }

    fn write(&mut self, entries: &[LogEntry]) -> Result<(), WalError> {
        let Segment { path, file } = &self.segments[self.current];
        let fail = |source| WalError::Io { path: path.clone(), source };
        if self.broken {
            return Err(fail(io::Error::other("an earlier write failed; what is on disk is unknown")));
        }
        let record = record(self.sequence, entries);
        let written = file.write_all_at(&record, self.offset).and_then(|()| file.sync_data());
        if let Err(source) = written {
            self.broken = true;
            return Err(fail(source));
        }
        self.offset = (self.offset + record.len() as u64).next_multiple_of(ALIGNMENT);
        Ok(())
    }

    /// Everything up to a height is stored elsewhere, durably.
    pub fn cut(&mut self, stored: Height) -> Result<(), WalError> {
        self.live.retain(|entry| entry.height() > stored);
        self.noted.retain(|entry| entry.height() > stored);
        if self.offset < TURN_BYTES {
            return Ok(());
        }
        self.current = 1 - self.current;
        self.sequence += 1;
        self.offset = 0;
        let live = std::mem::take(&mut self.live);
        let written = self.write(&live);
        self.live = live;
        written
    }
}

/// A record: its head, and the entries, each with its length before it, so that each is decoded within a decoder's bounds.
fn record(sequence: u64, entries: &[LogEntry]) -> Vec<u8> {
    // Written in one piece, the lengths and the head last: a block is some megabytes, which are copied nowhere.
    let room = |entry: &LogEntry| match entry {
        LogEntry::Block(block) => block.bytes_about(),
        LogEntry::Consensus(..) => 1 << 10,
    };
    let mut bytes = Vec::with_capacity(HEAD_BYTES + entries.iter().map(room).sum::<usize>());
    bytes.resize(HEAD_BYTES, 0);
    for entry in entries {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        codec::encode_into(entry, &mut bytes);
        let length = length(bytes.len().saturating_sub(start + 4));
        bytes[start..start + 4].copy_from_slice(&length);
    }
    let (head, payload) = bytes.split_at_mut(HEAD_BYTES);
    let sum = checksum(sequence, payload);
    let parts: [&[u8]; 4] = [&MAGIC, &sequence.to_le_bytes(), &length(payload.len()), &sum];
    head.copy_from_slice(&parts.concat());
    bytes
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// The entries of a payload, or what is wrong with it.
fn entries(mut payload: &[u8]) -> Result<Vec<LogEntry>, String> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = payload.split_first_chunk::<4>() {
        let (entry, rest) =
            rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("an entry ends early")?;
        entries.push(codec::decode(entry, FRAME_BYTES_MAX).map_err(|error| error.to_string())?);
        payload = rest;
    }
    if payload.is_empty() { Ok(entries) } else { Err("bytes are left after the last entry".to_owned()) }
}

fn checksum(sequence: u64, payload: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("seaway v1 write-ahead log record");
    hasher.update(&sequence.to_le_bytes()).update(payload);
    *hasher.finalize().as_bytes()
}

/// Takes a record apart; `None` where no whole one stands.
fn parse(bytes: &[u8], offset: u64) -> Option<(u64, &[u8])> {
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    let (magic, rest) = rest.split_first_chunk::<8>()?;
    let (sequence, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<32>()?;
    let sequence = u64::from_le_bytes(*sequence);
    let payload = rest.get(..u32::from_le_bytes(*length) as usize)?;
    // The greatest number has none after it: no log is used so often.
    let ours = *magic == MAGIC && sequence < u64::MAX;
    (ours && *sum == checksum(sequence, payload)).then_some((sequence, payload))
}

/// Asks that a file without a good beginning has one only because its next use was torn while it began: then the other file
/// still stands between that use and what is left of the last one.
fn ensure_begun(segment: &Segment, content: &Content, other: &Content) -> Result<(), WalError> {
    let Content::NoBeginning { left_behind: Some(sequence) } = content else { return Ok(()) };
    match other {
        Content::Whole(found) if found.sequence == sequence + 1 => Ok(()),
        _ => Err(WalError::Damaged { path: segment.path.clone(), offset: 0 }),
    }
}

fn read(segment: &Segment) -> Result<Content, WalError> {
    let Segment { path, file } = segment;
    let fail = |source| WalError::Io { path: path.clone(), source };
    let length = file.metadata().map_err(fail)?.len();
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| fail(ErrorKind::FileTooLarge.into()))?];
    file.read_exact_at(&mut bytes, 0).map_err(fail)?;
    let Some((sequence, _)) = parse(&bytes, 0) else {
        let left_behind = good_after(&bytes, 0).map(|(_, sequence)| sequence);
        return Ok(Content::NoBeginning { left_behind });
    };
    let mut found = Found { sequence, offset: 0, entries: Vec::new() };
    while let Some((_, payload)) = parse(&bytes, found.offset).filter(|(of, _)| *of == sequence) {
        let entries = entries(payload).map_err(|problem| WalError::Foreign {
            path: path.clone(),
            offset: found.offset,
            problem,
        })?;
        found.entries.extend(entries);
        found.offset = (found.offset + (HEAD_BYTES + payload.len()) as u64).next_multiple_of(ALIGNMENT);
    }
    let mut search = found.offset;
    while let Some((at, of)) = good_after(&bytes, search) {
        if of == sequence {
            return Err(WalError::Damaged { path: path.clone(), offset: found.offset });
        }
        search = at;
    }
    Ok(Content::Whole(found))
}

/// The next whole record after a place: where it ends its search step, and its sequence number.
fn good_after(bytes: &[u8], after: u64) -> Option<(u64, u64)> {
    let mut at = after + ALIGNMENT;
    while at < bytes.len() as u64 {
        if bytes.get(at as usize..).is_some_and(|rest| rest.starts_with(&MAGIC))
            && let Some((sequence, _)) = parse(bytes, at)
        {
            return Some((at, sequence));
        }
        at += ALIGNMENT;
    }
    None
}

fn sync_folder(folder: &Path) -> Result<(), WalError> {
    let synced = File::open(folder).and_then(|file| file.sync_all());
    synced.map_err(|source| WalError::Io { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_engine::{Record, Timer, TimerKind};
    use seaway_types::block::Round;

    fn entry(height: u64, round: u32) -> LogEntry {
        let (height, round) = (Height(height), Round(round));
        LogEntry::Consensus(height, Record::Timeout(Timer { height, round, kind: TimerKind::Prevote }))
    }

    fn append(wal: &mut Wal, entries: Vec<LogEntry>) {
        wal.note(entries);
        wal.sync().unwrap();
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_was_appended_is_read_again() {
        let folder = folder();
        let (mut wal, found) = Wal::open(folder.path()).unwrap();
        assert!(found.is_empty());
        append(&mut wal, vec![entry(1, 0), entry(1, 1)]);
        append(&mut wal, vec![entry(2, 0)]);
        drop(wal);
        let (_, found) = Wal::open(folder.path()).unwrap();
        assert_eq!(found, [entry(1, 0), entry(1, 1), entry(2, 0)]);
    }

    #[test]
    fn files_take_turns_and_keep_what_is_needed() {
        let folder = folder();
        let (mut wal, _) = Wal::open(folder.path()).unwrap();
        let bulk: Vec<LogEntry> = (0..20_000).map(|round| entry(1, round)).collect();
        for height in 1..12 {
            append(&mut wal, bulk.iter().map(|_| entry(height, 7)).collect());
            append(&mut wal, vec![entry(height + 1, 3)]);
            wal.cut(Height(height)).unwrap();
        }
        drop(wal);
        let (_, found) = Wal::open(folder.path()).unwrap();
        let live: Vec<_> = found.into_iter().filter(|entry| entry.height() > Height(11)).collect();
        assert_eq!(live, [entry(12, 3)]);
        let sizes: u64 =
            ["a.wal", "b.wal"].map(|name| folder.path().join(name).metadata().unwrap().len()).iter().sum();
        assert!(sizes < 4 * TURN_BYTES, "{sizes} bytes");
    }

    #[test]
    fn a_torn_end_is_cut_at_every_length() {
        let folder = folder();
        let (mut wal, _) = Wal::open(folder.path()).unwrap();
        append(&mut wal, vec![entry(1, 0)]);
        let before = wal.offset;
        append(&mut wal, vec![entry(1, 1)]);
        drop(wal);
        let path = folder.path().join("a.wal");
        let whole = std::fs::read(&path).unwrap();
        for length in before as usize..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut wal, found) = Wal::open(folder.path()).unwrap();
            assert_eq!(found, [entry(1, 0)], "cut at {length}");
            append(&mut wal, vec![entry(1, 2)]);
            drop(wal);
            let (_, found) = Wal::open(folder.path()).unwrap();
            assert_eq!(found, [entry(1, 0), entry(1, 2)], "cut at {length}");
        }
    }

    #[test]
    fn a_damaged_middle_is_named() {
        let folder = folder();
        let (mut wal, _) = Wal::open(folder.path()).unwrap();
        for round in 0..3 {
            append(&mut wal, vec![entry(1, round)]);
        }
        let end = wal.offset;
        drop(wal);
        let path = folder.path().join("a.wal");
        let whole = std::fs::read(&path).unwrap();
        let record = record(1, &[entry(1, 0)]).len() as u64;
        let third = end - record.next_multiple_of(ALIGNMENT);
        for place in 0..third as usize {
            // The room between records means nothing.
            if place as u64 % record.next_multiple_of(ALIGNMENT) >= record {
                continue;
            }
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            match Wal::open(folder.path()) {
                Err(WalError::Damaged { path: named, .. }) => assert_eq!(named, path),
                Err(other) => panic!("byte {place}: {other}"),
                Ok((_, found)) => panic!("byte {place} flipped, and the log says {found:?}"),
            }
        }
    }
}
