//! `seaway`: what a person does with the ledger from a terminal.

mod ledger;

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
    /// Work on a ledger in memory.
    #[command(subcommand)]
    Ledger(ledger::Command),
}

fn main() -> ExitCode {
    let Command::Ledger(command) = Arguments::parse().command;
    match ledger::run(command) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("seaway: {problem}");
            ExitCode::FAILURE
        }
    }
}
