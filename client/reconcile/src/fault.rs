//! Where a file is wrong, and what was expected there.

use std::fmt;

/// Longest value that a fault quotes, in characters.
const QUOTED_MAX: usize = 80;

/// The first thing that is wrong with a file. Nothing is compared when a file cannot be read in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// Where in it: a path of elements with the number of the entry, a row and column, the number of an answer.
    pub at: String,
    /// What stands there, cut to 80 characters.
    pub value: String,
    /// What is wrong with it, or what was expected.
    pub problem: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, value: &str, problem: impl Into<String>) -> Self {
        let value = value.chars().take(QUOTED_MAX).collect();
        Self { file: String::new(), at: at.into(), value, problem: problem.into() }
    }

    /// The same fault, with the name of its file.
    pub(crate) fn of(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.file)?;
        if !self.at.is_empty() {
            write!(out, "{}: ", self.at)?;
        }
        if !self.value.is_empty() {
            write!(out, "'{}': ", self.value)?;
        }
        out.write_str(&self.problem)
    }
}

impl std::error::Error for Fault {}
