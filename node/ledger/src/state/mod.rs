//! Where execution reads and writes: a view of the parent state, an overlay over it, and a state held in memory.

mod code;
mod commitment;
mod history;
mod map;
mod memory;
mod overlay;
mod places;
mod restore;
mod tables;
mod view;

pub use code::RegisteredCode;
pub use commitment::{Commitment, CommitmentUpdate};
pub use map::PointMap;
pub use memory::MemoryState;
pub use overlay::{BlockChanges, Overlay, Savepoint};
pub use restore::Restored;
pub use tables::{Changes, ForEachChange, Slot, Stored, Tables};
pub use view::{ReadFault, Soon, StateView, Timer, TimerSubject, Tip};
