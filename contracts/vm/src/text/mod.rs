//! The text of a contract: [`read()`] makes code of it and keeps where each part stood, [`write()`] makes the one normal form.

mod expression;
mod lexer;
mod parser;
mod write;

pub use parser::{Read, read};
pub use write::{write, write_expression};

use crate::fault::Place;
use std::collections::BTreeMap;
use std::fmt;

/// A position in a text; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

/// Why a text is no contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// Where.
    pub at: Position,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for TextFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.at, self.what)
    }
}

/// Where parts of a contract stood in its text.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<Place, Position>);

impl Places {
    pub(crate) fn note(&mut self, place: Place, at: Position) {
        self.0.entry(place).or_insert(at);
    }

    /// Where a part stood, or the smallest part around it that is known.
    pub fn find(&self, place: Place) -> Position {
        let wider = [
            place,
            Place { part: None, ..place },
            Place { part: None, action: None, ..place },
            Place { part: None, action: None, block: None, ..place },
            Place { part: None, action: None, block: None, clause: None, ..place },
        ];
        let found = wider.iter().find_map(|place| self.0.get(place).copied());
        found.unwrap_or(Position { line: 1, column: 1 })
    }
}

/// Longest part of a line that is shown, in characters.
const SHOWN_MAX: usize = 160;

/// A fault with the line that it is about, marked, as compilers show it.
pub fn shown(text: &str, at: Position, what: &str) -> String {
    let line = usize::try_from(at.line).unwrap_or(1).saturating_sub(1);
    // A line of a machine's making is cut, so that many faults of it stay short.
    let source: String = text.lines().nth(line).unwrap_or("").chars().take(SHOWN_MAX).collect();
    let margin = at.line.to_string();
    let pad = " ".repeat(margin.len());
    let indent = " ".repeat(usize::try_from(at.column).unwrap_or(1).saturating_sub(1).min(SHOWN_MAX));
    format!("{at}: {what}\n {pad} |\n {margin} | {source}\n {pad} | {indent}^")
}
