//! The verifier: a closed list of sufficient rules. What none of them proves is refused.
//!
//! The rules are those of `docs/contracts/language.md`, "What the verifier demands", by their numbers. The passes run in this
//! order, each only where those before found nothing, so that later ones may rely on them: names and positions
//! (`form`), types and reads (`types`), edges and timeouts (`edges`), money (`money`).

mod edges;
mod form;
mod money;
mod types;

use crate::fault::{Fault, Place};
use seaway_types::contract::Code;

pub(crate) use edges::expressions;
pub(crate) use types::fill_assets;

/// Something that is allowed, and that a reader should be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What.
    pub what: String,
}

/// Checks every rule. Returns warnings, or all faults of the first pass that found any.
pub fn verify(code: &Code) -> Result<Vec<Warning>, Vec<Fault>> {
    for pass in [form::check, types::check, edges::check, money::check] {
        let faults = pass(code);
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    let mut warnings = edges::warnings(code);
    warnings.extend(money::warnings(code));
    Ok(warnings)
}
