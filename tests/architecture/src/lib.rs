//! No code of its own: `tests/architecture.rs` reads the sources of the others.
