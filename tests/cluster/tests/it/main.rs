//! Real processes on loopback: what a bank's engineer sees when nodes die, come back, are asked twice, and are attacked.

mod bank;
mod clients;
mod contracts;
mod homes;
mod hostile;
mod ledger_made;
mod net;
mod outages;
mod parties;
mod payments;
mod statements;
mod terminal;
