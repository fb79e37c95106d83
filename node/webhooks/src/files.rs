//! What a webhook keeps on disk: the number of the last event delivered, and the events that were refused for good.
//!
//! Both are durable when the call returns. A dead letter is written before the cursor passes it; a crash between the
//! two writes it twice, and loses nothing.

use crate::Error;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The longest cursor: the 20 digits of the largest number, and the end of its line.
const CURSOR_BYTES_MAX: u64 = 21;

/// The files of one endpoint.
pub(crate) struct Files {
    folder: PathBuf,
    cursor: PathBuf,
    /// The next cursor, until it is whole.
    fresh: PathBuf,
    dead: PathBuf,
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

    /// How many dead letters there are.
    pub(crate) fn dead_letters(&self) -> Result<u64, Error> {
        let io = |source| Error::Io { path: self.dead.clone(), source };
        let file = match File::open(&self.dead) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            opened => opened.map_err(io)?,
        };
        let mut reader = BufReader::new(file);
        let mut count = 0;
        loop {
            let chunk = reader.fill_buf().map_err(io)?;
            if chunk.is_empty() {
                return Ok(count);
            }
            count += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
            let length = chunk.len();
            reader.consume(length);
        }
    }

    /// Appends a dead letter, one line.
    pub(crate) fn bury(&self, line: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.dead)?;
        let length = file.metadata()?.len();
        let mut last = *b"\n";
        if let Some(place) = length.checked_sub(1) {
            file.read_exact_at(&mut last, place)?;
        }
        // A line that a crash or a full disk has cut short stays alone on its line.
        let gap = if last == *b"\n" { "" } else { "\n" };
        file.write_all(format!("{gap}{line}\n").as_bytes())?;
        file.sync_all()?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
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
    fn a_torn_letter_does_not_swallow_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), "bank").unwrap();
        assert_eq!(files.dead_letters().unwrap(), 0);
        files.bury("{\"number\":1}").unwrap();
        let mut file = OpenOptions::new().append(true).open(&files.dead).unwrap();
        file.write_all(b"{\"numb").unwrap();
        files.bury("{\"number\":2}").unwrap();
        let text = std::fs::read_to_string(&files.dead).unwrap();
        assert_eq!(text, "{\"number\":1}\n{\"numb\n{\"number\":2}\n");
        assert_eq!(files.dead_letters().unwrap(), 3);
    }
}
