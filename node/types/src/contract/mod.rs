//! Contracts as data: the code that a verifier accepts, the terms under which it is opened, values, offers, events.
//!
//! Nothing here acts: the clause machine (`contracts/vm`) reads and checks code, the ledger keeps the money. The page of the
//! language is `docs/contracts/language.md`; each type here names the words of that page.

mod code;
mod event;
mod terms;
mod value;

pub use code::{
    Action, Actor, Anchor, Argument, Attested, Block, Blocks, Clause, Code, CodeBytes, Deadline, Expr, Label, Name,
    Next, Op, PanelDeclaration, Parameter, Quantity, Rounding, State, Type, Variable,
};
pub use event::{Cause, ContractEvent, Conversion, Emitted, Moved, Pocket};
pub use terms::{
    AllowanceFor, AllowanceKey, Attestation, InstanceId, Offer, SharedTerms, SignedOffer, Terms, arguments_hash,
    attestation_message,
};
pub use value::{Ratio, Value};
