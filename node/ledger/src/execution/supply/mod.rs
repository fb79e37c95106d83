//! Issue and redeem: money comes onto the ledger and leaves it, against a settlement elsewhere whose reference works once.

mod apply;
mod check;
