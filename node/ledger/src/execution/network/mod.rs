//! The network: participants, assets, calendars, limits, thresholds, validators, authority, upgrades.

mod apply;
mod check;
