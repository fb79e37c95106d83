//! Accounts: open, close, tier, freeze, keys.

mod apply;
mod check;

pub(crate) use apply::account_of;
pub(super) use check::ensure_usable;
