//! A contract explained to people: as prose, and as a table of everything that can come of it.

mod explain;
mod outcomes;
mod phrase;

pub use explain::explain;
pub use outcomes::{Outcome, Outcomes, outcomes};
pub use phrase::Filled;
