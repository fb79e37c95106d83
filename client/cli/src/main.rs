//! `seaway`: what a person does with the network and the ledger from a terminal.
//!
//! Exit codes: 0 done, and settled where money moves; 1 it could not be asked or done; 2 rejected, breaks found, or a proof that does not
//! hold; 3 not final yet. `seaway ledger` has its own, in its module.

mod client;
mod ledger;
mod output;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Seaway, a permissioned settlement network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pay from one account to another, and wait until it is final.
    Pay(client::pay::Options),
    /// Sign what payment_prepare gave, after deriving its digest again and showing what it says.
    Sign(client::sign::Options),
    /// What became of a payment, by its UETR.
    Status(client::ask::OfPayment),
    /// What an account holds.
    Balance(client::ask::OfAccount),
    /// The payments of an account, newest first.
    List(client::ask::Payments),
    /// Follow an account's movements, or all payments, as they become final.
    Watch(client::watch::Options),
    /// Movements on an account, newest first.
    Entries(client::ask::OfAccount),
    /// An account's record.
    Account(client::ask::OfAccount),
    /// The assets and what is in circulation.
    Asset(client::Connection),
    /// How a node is, its validators and its peers.
    Network(client::Connection),
    /// The proof of a payment, or of an account's balance, to keep and to check offline.
    Proof(client::ask::OfProof),
    /// Check a proof offline, trusting a genesis hash alone.
    Verify(client::verify::Options),
    /// Messages of ISO 20022: check, settle.
    #[command(subcommand)]
    Iso(client::iso::Command),
    /// Names, addresses and remittance information, which stay off the ledger: compare them with it, delete them.
    #[command(subcommand)]
    Party(client::party::Command),
    /// Take a payment that waits for its creditor's agent.
    Accept(client::decide::Options),
    /// Refuse a payment that waits for its creditor's agent; the money goes back.
    Refuse(client::decide::Refusal),
    /// Say that a settled payment stands in its creditor's agent's own books.
    Confirm(client::decide::Options),
    /// What happened that concerns a participant, numbered.
    Events(client::events::Options),
    /// Webhooks of one's own node: how delivery stands, and what the receivers refused, delivered again.
    #[command(subcommand)]
    Webhooks(client::webhooks::Command),
    /// Compare the entries of an account on the ledger with what a bank's statement says of it.
    Reconcile(Box<client::reconcile::Options>),
    /// Contracts: check, explain, open, call.
    #[command(subcommand)]
    Contract(client::contract::Command),
    /// Exchange quotes: publish, list, take back.
    #[command(subcommand)]
    Fx(client::fx::Command),
    /// Keys that sign instructions.
    #[command(subcommand)]
    Key(client::key::Command),
    /// Work on a ledger in memory.
    #[command(subcommand)]
    Ledger(ledger::Command),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Pay(options) => client::run(client::pay::pay(&options)),
        Command::Sign(options) => client::sign::sign(&options),
        Command::List(options) => client::run(client::ask::list(&options)),
        Command::Watch(options) => client::run(client::watch::watch(&options)),
        Command::Status(options) => client::run(client::ask::status(&options)),
        Command::Balance(options) => client::run(client::ask::balance(&options)),
        Command::Entries(options) => client::run(client::ask::entries(&options)),
        Command::Account(options) => client::run(client::ask::account(&options)),
        Command::Asset(connection) => client::run(client::ask::assets(&connection)),
        Command::Network(connection) => client::run(client::ask::network(&connection)),
        Command::Proof(options) => client::run(client::ask::proof(&options)),
        Command::Verify(options) => client::verify::verify(&options),
        Command::Iso(command) => client::iso::run(&command),
        Command::Party(command) => client::party::run(&command),
        Command::Accept(options) => client::run(client::decide::accept(&options)),
        Command::Refuse(refusal) => client::run(client::decide::refuse(&refusal)),
        Command::Confirm(options) => client::run(client::decide::confirm(&options)),
        Command::Events(options) => client::run(client::events::events(&options)),
        Command::Webhooks(command) => client::webhooks::run(&command),
        Command::Reconcile(options) => client::run(client::reconcile::reconcile(&options)),
        Command::Contract(command) => client::contract::run(command),
        Command::Fx(command) => client::run(client::fx::run(&command)),
        Command::Key(command) => client::key::run(&command),
        Command::Ledger(command) => ledger::run(command),
    };
    match done {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("seaway: {problem}");
            ExitCode::FAILURE
        }
    }
}
