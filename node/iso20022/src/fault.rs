//! Where a message is wrong, and which rule it breaks.

use std::fmt;

/// Longest value that a fault quotes, in characters.
pub(crate) const QUOTED_MAX: usize = 80;

/// One thing that is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, from the document's root: `/Document/FIToFICstmrCdtTrf/GrpHdr/MsgId`.
    pub path: String,
    /// What stands there, cut to 80 characters.
    pub value: String,
    /// What was expected.
    pub rule: Rule,
}

/// What a message must satisfy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The text is no XML, or uses what is refused before anything is read.
    #[error("{0}")]
    Xml(String),
    /// An element that this message does not have here, or that Seaway does not support.
    #[error("this element is not supported here; expected {0}")]
    Unknown(String),
    /// An element or attribute that must be there.
    #[error("it is missing")]
    Missing,
    /// A value of another form.
    #[error("expected {0}")]
    Form(String),
    /// A value of the right form that cannot be settled, with its reason of the external code list for status reasons.
    #[error("{text} ({code})")]
    Refused {
        /// The code, as in `AC01`.
        code: &'static str,
        /// Why.
        text: String,
    },
}

impl Rule {
    /// The status reason of ISO 20022's external code list: what a pacs.002 says.
    pub fn code(&self) -> &'static str {
        match self {
            // Invalid file format.
            Self::Xml(_) | Self::Unknown(_) | Self::Missing | Self::Form(_) => "FF01",
            Self::Refused { code, .. } => code,
        }
    }
}

impl Fault {
    pub(crate) fn new(value: &str, rule: Rule) -> Self {
        Self { path: String::new(), value: value.chars().take(QUOTED_MAX).collect(), rule }
    }

    /// A value of the right form that cannot be settled.
    pub fn refused(path: &str, value: &str, code: &'static str, text: impl Into<String>) -> Self {
        let rule = Rule::Refused { code, text: text.into() };
        Self { path: path.to_owned(), ..Self::new(value, rule) }
    }

    /// The same fault, seen from the element around it.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.path.insert_str(0, name);
        self.path.insert(0, '/');
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() {
            write!(out, "{}: {}", self.path, self.rule)
        } else {
            write!(out, "{}: '{}': {}", self.path, self.value, self.rule)
        }
    }
}

impl std::error::Error for Fault {}
