//! The write-ahead log as a node finds it on its disk after it died.
//!
//! The first byte says how the rest becomes the two files: as it stands, or as records whose checksums hold, so that what is
//! behind the checksum is reached too.

use crate::Target;
use crate::day::day;
use crate::input::Choices;
use seaway_engine::{LogEntry, Record, Timer, TimerKind};
use seaway_storage::Wal;
use seaway_types::block::Round;
use seaway_types::codec;
use seaway_types::time::Height;
use std::path::Path;
use tempfile::TempDir;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "wal", run, seeds, bytes_max: 32 << 10 };

/// Records stand at multiples of this.
const ALIGNMENT: usize = 64;
/// Of the byte before a record: in which file it stands, that its sequence number is near the largest, and that it is torn.
const IN_B: u8 = 1;
const NEAR_THE_END: u8 = 2;
const TORN: u8 = 4;

thread_local! {
    /// One folder for all inputs: making one for each would take longer than reading the log.
    static FOLDER: TempDir = folder();
}

/// A folder in memory where there is such a thing, because every input is synced several times.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("seaway-fuzz-").tempdir_in(parent).expect("a temporary folder")
}

fn run(input: &[u8]) {
    let mut choices = Choices(input);
    let files = match choices.byte() {
        None => return,
        Some(0) => as_it_stands(choices),
        Some(_) => in_records(choices),
    };
    FOLDER.with(|folder| {
        for (name, bytes) in ["a.wal", "b.wal"].iter().zip(&files) {
            std::fs::write(folder.path().join(name), bytes).expect("a file is written");
        }
        goes_on(folder.path());
    });
}

/// A log that opens takes an entry, and holds it after all that it held before when it is opened again.
fn goes_on(folder: &Path) {
    let Ok((mut wal, before)) = Wal::open(folder) else { return };
    let (height, round) = (Height(9), Round(7));
    let entry = LogEntry::Consensus(height, Record::Timeout(Timer { height, round, kind: TimerKind::Prevote }));
    wal.note(vec![entry.clone()]);
    wal.sync().expect("a log that opens takes an entry");
    drop(wal);
    let (_, after) = Wal::open(folder).expect("what was just written opens again");
    let (last, rest) = after.split_last().expect("the entry");
    assert_eq!(*last, entry, "what was synced last is the last");
    assert!(rest == before, "what the log held is lost or changed");
}

/// Two bytes for the length of the first file, then both.
fn as_it_stands(mut choices: Choices) -> [Vec<u8>; 2] {
    let length = choices.word().unwrap_or(0);
    [choices.bytes(usize::from(length)).to_vec(), choices.0.to_vec()]
}

/// Records, each as one byte of what it is, its sequence number in one byte, two bytes for its length, and its payload.
fn in_records(mut choices: Choices) -> [Vec<u8>; 2] {
    let mut files = [Vec::new(), Vec::new()];
    while let (Some(what), Some(number), Some(length)) = (choices.byte(), choices.byte(), choices.word()) {
        let payload = choices.bytes(usize::from(length));
        let sequence = if what & NEAR_THE_END == 0 { u64::from(number) } else { u64::MAX - u64::from(number) };
        let mut record = record(sequence, payload);
        if what & TORN != 0 {
            record.truncate(record.len() / 2);
        }
        let file = &mut files[usize::from(what & IN_B)];
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        file.extend(record);
    }
    files
}

/// A record as `seaway_storage` writes it; a test holds the two together.
fn record(sequence: u64, payload: &[u8]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("seaway v1 write-ahead log record");
    hasher.update(&sequence.to_le_bytes()).update(payload);
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = b"seawal01".to_vec();
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(hasher.finalize().as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Entries, each with its length before it.
fn payload(entries: &[LogEntry]) -> Vec<u8> {
    let with_length = |entry: &LogEntry| {
        let bytes = codec::encode(entry);
        let length = u32::try_from(bytes.len()).expect("a short entry");
        [length.to_le_bytes().as_slice(), &bytes].concat()
    };
    entries.iter().flat_map(with_length).collect()
}

/// What a validator notes down at a height: a block, its vote, a time that ran out.
fn entries() -> Vec<LogEntry> {
    let (height, round) = (Height(7), Round(0));
    let timeout = |kind| LogEntry::Consensus(height, Record::Timeout(Timer { height, round, kind }));
    let block = LogEntry::Block(day().last().block.block.clone());
    vec![block, timeout(TimerKind::Propose), timeout(TimerKind::Precommit)]
}

/// Log files as [`Wal`] writes them.
fn written() -> [Vec<u8>; 2] {
    let folder = folder();
    let (mut wal, _) = Wal::open(folder.path()).expect("an empty log");
    for entry in entries() {
        wal.note(vec![entry]);
        wal.sync().expect("a temporary folder takes it");
    }
    ["a.wal", "b.wal"].map(|name| std::fs::read(folder.path().join(name)).expect("a file of the log"))
}

/// What [`in_records`] takes apart.
fn described(what: u8, number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short payload");
    [[what, number].as_slice(), &length.to_le_bytes(), payload].concat()
}

fn seeds() -> Vec<Vec<u8>> {
    let entries = entries();
    let [a, b] = written();
    let length = u16::try_from(a.len()).expect("a short file");
    let whole = payload(&entries);
    let single: Vec<Vec<u8>> = entries.iter().map(|entry| payload(std::slice::from_ref(entry))).collect();
    let in_turns = [described(0, 4, &single[1]), described(IN_B, 5, &single[0]), described(IN_B, 5, &single[2])];
    vec![
        vec![0],
        [[0].as_slice(), &length.to_le_bytes(), &a, &b].concat(),
        [[1].as_slice(), &described(0, 1, &whole)].concat(),
        [[1].as_slice(), &in_turns.concat()].concat(),
        [[1].as_slice(), &described(0, 1, &single[0]), &described(TORN, 1, &single[1])].concat(),
        [[1].as_slice(), &described(0, 1, &single[0]), &described(0, 9, &single[1])].concat(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_that_a_node_writes() {
        let single = |entry: &LogEntry| described(0, 1, &payload(std::slice::from_ref(entry)));
        let described: Vec<u8> = entries().iter().flat_map(single).collect();
        assert!(in_records(Choices(&described)) == written());
    }
}
