//! What follows a payment: accept, refuse, confirm, recall, answer, return.
//!
//! A payment that settled at once has no record; the index knows its facts, and a record is made when the first of these
//! acts needs one.

mod apply;
mod check;
