//! Credit transfers: one debtor account pays one asset to one or many.
//!
//! The ladder, in this order. For the transfer: asset, settlement date, hours, debtor closed, debtor frozen, debtor's agent.
//! For each credit: UETR, amounts, agents named, creditor, creditor's agent, self payment, each charge's payee, network and
//! tier maximum, acceptance, day and year; then funds, or the reservation of a credit that waits; then the balance cap of
//! each who is paid. Maxima and thresholds count the charges in.

pub(super) mod apply;
mod check;
