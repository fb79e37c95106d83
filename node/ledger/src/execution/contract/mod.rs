//! Contracts: the kernel below the clause machine.
//!
//! The machine says what should move; the kernel moves it, and trusts nothing. Invariants: money in a pot stands in the
//! `in_contracts` part of its owner's balance, and the pots of all instances sum to these parts, asked after each block; after each
//! call the kernel's pots are the machine's, or nothing happened; a deadline always ends in a state entered or a contract closed; a
//! refund always arrives, on the account or in its suspense; what is in a frozen owner's pot goes to nobody else.
//!
//! Who must sign stands in `authority`, opening in `open`, calls and takes in `call`, deadlines in `deadline`, and the movements
//! that all of these share in `carry`; `grant` holds allowances, suspense and the registration of code.

mod authority;
mod call;
mod carry;
mod deadline;
mod grant;
mod open;
