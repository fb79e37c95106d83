//! Registered code: kept verified, so that no call verifies it again; in canonical bytes it is just the code's.

use seaway_types::contract::CodeBytes;
use seaway_vm::Program;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ops::Deref;
use std::sync::Arc;

/// See the module. Code is immutable, so all who hold it share it.
#[derive(Clone, Debug)]
pub struct RegisteredCode(Arc<Program>);

impl RegisteredCode {
    /// Takes verified code.
    pub fn new(program: Program) -> Self {
        Self(Arc::new(program))
    }

    /// The code alone.
    pub fn into_program(self) -> Program {
        Arc::unwrap_or_clone(self.0)
    }
}

impl Deref for RegisteredCode {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl PartialEq for RegisteredCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash() == other.0.hash()
    }
}

impl Serialize for RegisteredCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RegisteredCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = CodeBytes::deserialize(deserializer)?;
        let refused = |why| de::Error::custom(format!("registered code does not pass the verifier: {why:?}"));
        Program::from_bytes(&bytes).map(Self::new).map_err(refused)
    }
}
