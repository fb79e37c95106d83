//! XML as bounded trees, and types that read themselves from a tree and write themselves into one.

mod element;
mod leaf;
mod parse;
mod schema;
mod write;

pub(crate) use element::{Element, Namespace};
pub(crate) use leaf::text;
pub use leaf::{Decimal, LongText, Moment, Money, Number};
pub(crate) use parse::parse;
pub(crate) use schema::{Count, Parts, Value, Writer, choice, codes, no_attributes, sequence};
pub(crate) use write::{write, write_fragment};
