//! What a webhook keeps on disk: the number of the last event delivered, and the events that were refused for good.
//!
//! Both are durable when the call returns. A dead letter is written before the cursor passes it; a crash between the
//! two writes it twice, and loses nothing.

use crate::{DeadLetter, Error, Event, Status};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The longest cursor: the 20 digits of the largest number, and the end of its line.
const CURSOR_BYTES_MAX: u64 = 21;

/// The files of one endpoint.
pub(crate) struct Files {
    folder: PathBuf,
    cursor: PathBuf,
    /// The next cursor, until it is whole.
    fresh: PathBuf,
    dead: PathBuf,
    /// The dead letters without one of them, until they are whole.
    fresh_dead: PathBuf,
    /// Held while dead letters are written, and counted.
    burying: Mutex<()>,
}

impl Files {
    /// Names the files, and makes their folder. Events are the bank's affairs: the folder is its owner's alone.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self, Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        Ok(Self {
            folder: folder.to_owned(),
            cursor: folder.join(format!("{name}.cursor")),
            fresh: folder.join(format!("{name}.cursor.new")),
            dead: folder.join(format!("{name}.dead.jsonl")),
            fresh_dead: folder.join(format!("{name}.dead.jsonl.new")),
            burying: Mutex::new(()),
        })
    }

    /// The last number delivered; `from` where nothing has been delivered yet.
    pub(crate) fn cursor(&self, from: u64) -> Result<u64, Error> {
        let io = |source| Error::Io { path: self.cursor.clone(), source };
        let file = match File::open(&self.cursor) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(from),
            opened => opened.map_err(io)?,
        };
        let mut bytes = Vec::new();
        file.take(CURSOR_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        number(&bytes).ok_or_else(|| Error::Damaged { path: self.cursor.clone() })
    }

    /// Keeps the last number delivered. The old cursor stays until the new one is whole and on disk.
    pub(crate) fn keep_cursor(&self, number: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.fresh)?;
        file.write_all(format!("{number}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&self.fresh, &self.cursor)?;
        self.sync_folder()
    }

    /// How many dead letters there are. What is no letter does not count.
    pub(crate) fn dead_letters(&self) -> Result<u64, Error> {
        let _turn = self.turn();
        self.count().map_err(|source| Error::Io { path: self.dead.clone(), source })
    }

    fn count(&self) -> io::Result<u64> {
        let mut count = 0;
        self.each_line(|line| {
            count += u64::from(DeadLetter::read(line).is_some());
            Ok(())
        })?;
        Ok(count)
    }

    /// The dead letters with numbers above one, by rising number, at most so many. Of those with one number it is the
    /// last; the one before it is seen when that is crossed off. What is no letter is passed over.
    pub(crate) fn letters(&self, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Error> {
        let mut found = BTreeMap::new();
        let read = self.each_line(|line| {
            if let Some(letter) = DeadLetter::read(line).filter(|letter| letter.event.number > after) {
                found.insert(letter.event.number, letter);
                if found.len() > count_max {
                    found.pop_last();
                }
            }
            Ok(())
        });
        read.map_err(|source| Error::Io { path: self.dead.clone(), source })?;
        Ok(found.into_values().collect())
    }

    /// The dead letter with a number.
    pub(crate) fn letter(&self, number: u64) -> Result<Option<DeadLetter>, Error> {
        let Some(before) = number.checked_sub(1) else { return Ok(None) };
        let found = self.letters(before, 1)?.pop();
        Ok(found.filter(|letter| letter.event.number == number))
    }

    /// Takes the dead letters of an event out, and tells how many are left. Another event under the same number stays.
    pub(crate) fn cross_off(&self, event: &Event, status: &watch::Sender<Status>) -> Result<(), Error> {
        self.rewrite_without(event, status).map_err(|source| Error::Io { path: self.dead.clone(), source })
    }

    /// The old file stays until the new one is whole and on disk. What is no letter stays in it.
    fn rewrite_without(&self, event: &Event, status: &watch::Sender<Status>) -> io::Result<()> {
        let _turn = self.turn();
        let fresh = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.fresh_dead)?;
        let mut kept = BufWriter::new(fresh);
        let mut left = 0;
        self.each_line(|line| {
            let letter = DeadLetter::read(line);
            if letter.as_ref().is_some_and(|letter| letter.event == *event) {
                return Ok(());
            }
            left += u64::from(letter.is_some());
            kept.write_all(line)?;
            kept.write_all(b"\n")
        })?;
        kept.flush()?;
        kept.get_ref().sync_all()?;
        std::fs::rename(&self.fresh_dead, &self.dead)?;
        // Told as soon as it is so, whatever becomes of the folder.
        tell(status, left);
        self.sync_folder()
    }

    fn each_line(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let file = match File::open(&self.dead) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        for line in BufReader::new(file).split(b'\n') {
            take(&line?)?;
        }
        Ok(())
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.burying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a dead letter, one line, and tells how many there are.
    pub(crate) fn bury(&self, line: &str, status: &watch::Sender<Status>) -> io::Result<()> {
        let _turn = self.turn();
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.dead)?;
        let length = file.metadata()?.len();
        let mut last = *b"\n";
        if let Some(place) = length.checked_sub(1) {
            file.read_exact_at(&mut last, place)?;
        }
        // A line that a crash or a full disk has cut short stays alone on its line.
        let gap = if last == *b"\n" { "" } else { "\n" };
        file.write_all(format!("{gap}{line}\n").as_bytes())?;
        tell(status, self.count()?);
        file.sync_all()?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// Tells of a count of dead letters. Whoever counted still has the turn, so that the last one told is the newest.
fn tell(status: &watch::Sender<Status>, dead_letters: u64) {
    status.send_modify(|status| status.dead_letters = dead_letters);
}

/// A cursor's number. The end of the line must be there, so that one which was cut short is not taken for a smaller
/// one.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(number: u64, payment: &str, at: u64) -> DeadLetter {
        let event = Event { number, body: serde_json::json!({"payment": payment}) };
        DeadLetter { event, status: 422, reason: String::new(), at }
    }

    #[test]
    fn a_cursor_is_kept_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(&folder.path().join("made"), "bank").unwrap();
        assert_eq!(files.cursor(7).unwrap(), 7);
        for number in [0, 12, u64::MAX, 3] {
            files.keep_cursor(number).unwrap();
            assert_eq!(files.cursor(7).unwrap(), number);
        }
        for damaged in ["", "\n", "12", "1x\n", "+1\n", "01\n", "1\n\n", " 1\n", "18446744073709551616\n", "\0\n"] {
            std::fs::write(&files.cursor, damaged).unwrap();
            let error = files.cursor(7).unwrap_err();
            assert!(error.to_string().contains("bank.cursor"), "{damaged:?}: {error}");
            assert!(matches!(error, Error::Damaged { .. }), "{damaged:?}");
        }
    }

    #[test]
    fn a_torn_letter_does_not_swallow_the_next_and_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), "bank").unwrap();
        let status = watch::Sender::new(Status::default());
        assert_eq!(files.dead_letters().unwrap(), 0);
        let [first, second] = [letter(1, "p1", 1), letter(2, "p2", 2)].map(|letter| letter.line());
        files.bury(&first, &status).unwrap();
        assert_eq!(status.borrow().dead_letters, 1);
        let mut file = OpenOptions::new().append(true).open(&files.dead).unwrap();
        file.write_all(b"{\"numb").unwrap();
        files.bury(&second, &status).unwrap();
        let text = std::fs::read_to_string(&files.dead).unwrap();
        assert_eq!(text, format!("{first}\n{{\"numb\n{second}\n"));
        assert_eq!((files.dead_letters().unwrap(), status.borrow().dead_letters), (2, 2));
    }

    #[test]
    fn a_letter_is_crossed_off_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), "bank").unwrap();
        let status = watch::Sender::new(Status::default());
        assert!(files.letters(0, 9).unwrap().is_empty());
        // Two events have the number 7, and one of them was buried twice.
        let (older, two, nine) = (letter(7, "older", 0), letter(2, "p2", 2), letter(9, "p9", 4));
        for letter in [&older, &letter(7, "p7", 1), &two, &letter(7, "p7", 3), &nine] {
            files.bury(&letter.line(), &status).unwrap();
        }
        let mut file = OpenOptions::new().append(true).open(&files.dead).unwrap();
        file.write_all(b"{\"numb").unwrap();
        let seven = letter(7, "p7", 3);
        assert_eq!(files.letters(0, 2).unwrap(), [two.clone(), seven.clone()]);
        assert_eq!(files.letters(2, 9).unwrap(), [seven.clone(), nine.clone()]);
        assert_eq!(files.letter(9).unwrap(), Some(nine.clone()));
        assert_eq!((files.letter(8).unwrap(), files.letter(0).unwrap()), (None, None));
        assert_eq!(status.borrow().dead_letters, 5);
        for _ in 0..2 {
            files.cross_off(&seven.event, &status).unwrap();
            assert_eq!((files.dead_letters().unwrap(), status.borrow().dead_letters), (3, 3));
            assert_eq!(files.letters(0, 9).unwrap(), [two.clone(), older.clone(), nine.clone()]);
        }
        files.cross_off(&older.event, &status).unwrap();
        assert_eq!((files.letter(7).unwrap(), status.borrow().dead_letters), (None, 2));
        let expected = format!("{}\n{}\n{{\"numb\n", two.line(), nine.line());
        assert_eq!(std::fs::read_to_string(&files.dead).unwrap(), expected);
        // What is buried next stands on its own line.
        let next = letter(11, "p11", 5);
        files.bury(&next.line(), &status).unwrap();
        assert_eq!((files.letters(9, 9).unwrap(), status.borrow().dead_letters), (vec![next], 3));
    }
}
