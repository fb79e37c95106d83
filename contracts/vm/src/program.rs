//! Code that the verifier accepted.

use crate::fault::{Fault, Place, Rule};
use crate::text;
use crate::verify::{self, Warning};
use seaway_types::codec::CodecError;
use seaway_types::contract::{Action, Blocks, Code, CodeBytes, Next};
use seaway_types::hash::Hash32;

/// See the module. It exists only where every rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    code: Code,
    bytes: CodeBytes,
    hash: Hash32,
    obligors: Vec<u8>,
    warnings: Vec<Warning>,
}

/// Why there is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The bytes are no code.
    Bytes(CodecError),
    /// Rules do not hold; the first of them, in order of place, and at least one.
    Faults(Vec<Fault>),
}

impl Program {
    /// Reads and verifies bytes.
    pub fn from_bytes(bytes: &CodeBytes) -> Result<Self, Refused> {
        Self::from_code(bytes.decode().map_err(Refused::Bytes)?)
    }

    /// Verifies code.
    pub fn from_code(code: Code) -> Result<Self, Refused> {
        let bytes = code.bytes().map_err(Refused::Bytes)?;
        let warnings = verify::verify(&code).map_err(Refused::Faults)?;
        // Rule 1, asked of the whole at last: its text is read as the very same code.
        let again = text::read(&text::write(&code));
        if !again.is_ok_and(|read| read.code == code) {
            let what = "its text cannot be read as the same contract: it is too long, or nests too deep";
            return Err(Refused::Faults(vec![Fault::new(Rule::Form, Place::CONTRACT, what)]));
        }
        Ok(Self { hash: bytes.hash(), obligors: obligors(&code), code, bytes, warnings })
    }

    /// The code.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// Its canonical bytes.
    pub fn bytes(&self) -> &CodeBytes {
        &self.bytes
    }

    /// Its hash, which names it.
    pub fn hash(&self) -> Hash32 {
        self.hash
    }

    /// The parties whose money it may take or hold, rising: exactly these sign an opening.
    pub fn obligors(&self) -> &[u8] {
        &self.obligors
    }

    /// What a reader should be told.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The position of the role left open, where there is one.
    pub fn caller(&self) -> Option<u8> {
        self.code.caller.and_then(|_| u8::try_from(self.code.parties.len()).ok())
    }
}

/// All bodies: timeouts and clauses.
pub(crate) fn bodies(code: &Code) -> impl Iterator<Item = &Blocks> {
    code.states
        .iter()
        .flat_map(|state| std::iter::once(&state.timeout).chain(state.clauses.iter().map(|clause| &clause.body)))
}

fn obligors(code: &Code) -> Vec<u8> {
    let mut found = Vec::new();
    for block in bodies(code).flatten() {
        for action in &block.actions {
            match action {
                Action::Deposit { party, .. } | Action::Pull { party, .. } | Action::Move { to: party, .. } => {
                    found.push(*party);
                }
                _ => {}
            }
        }
        if let Next::TryPull { party, .. } = block.next {
            found.push(party);
        }
    }
    found.sort_unstable();
    found.dedup();
    // The caller signs its own call.
    found.retain(|party| usize::from(*party) < code.parties.len());
    found
}
