//! A statement of any length, written entry by entry: what is held of it is one entry.

use crate::message::{Entry, fragment};
use std::io::{self, Write};
use thiserror::Error;

/// Why a statement could not be written.
#[derive(Debug, Error)]
pub enum StreamError {
    /// The place that it is written to failed.
    #[error("it could not be written: {0}")]
    Write(#[from] io::Error),
    /// There is no place for entries.
    #[error("this is no camt.052, camt.053 or camt.054")]
    NoEnd,
}

/// See the module. It is opened with a statement without entries.
pub struct Streamed<W> {
    out: W,
    depth: usize,
    tail: String,
}

impl<W: Write> Streamed<W> {
    /// Begins: writes everything that stands before the entries. The text is a whole message that has no entries.
    pub fn begin(mut out: W, message: &str) -> Result<Self, StreamError> {
        let ends = ["</Stmt>", "</Rpt>", "</Ntfctn>"];
        let end = ends.iter().find_map(|end| message.rfind(end)).ok_or(StreamError::NoEnd)?;
        // The element that ends here begins its line, so its indent says how deep entries lie.
        let line = message.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |at| at.saturating_add(1));
        let (head, tail) = message.split_at_checked(line).ok_or(StreamError::NoEnd)?;
        out.write_all(head.as_bytes())?;
        Ok(Self { out, depth: end.saturating_sub(line).div_euclid(2).saturating_add(1), tail: tail.to_owned() })
    }

    /// Writes an entry.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), StreamError> {
        Ok(self.out.write_all(fragment("Ntry", entry, self.depth).as_bytes())?)
    }

    /// Ends: writes everything that stands after the entries.
    pub fn end(mut self) -> Result<W, StreamError> {
        self.out.write_all(self.tail.as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }
}
