//! `seaway ledger`: execute instructions on a ledger in memory. The first thing that a newcomer runs, and what an auditor
//! replays with: the same rules as a validator's, nothing else.
//!
//! Exit codes: 0 all was executed, rejections included, for they are results; 1 a file cannot be read; 2 the ledger halted,
//! or money is not conserved; 3 an instruction voids its block (`--strict`).

mod apply;
mod lines;
mod show;

use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// Subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Execute the instructions of a file, and print receipts and a trial balance for each asset.
    Apply {
        /// The genesis document (TOML).
        #[arg(long)]
        genesis: PathBuf,
        /// Start from a document that validators have not approved.
        #[arg(long)]
        unapproved: bool,
        /// Print JSON, one object a line.
        #[arg(long)]
        json: bool,
        /// Execute exactly as given, as a validator does: no reordering, and an instruction that may not stand in a block
        /// ends the run.
        #[arg(long)]
        strict: bool,
        /// Instructions, one JSON object a line; `-` for standard input. See docs/ledger-apply.md.
        instructions: PathBuf,
    },
}

/// Runs a subcommand.
pub fn run(command: Command) -> Result<ExitCode, String> {
    let Command::Apply { genesis, unapproved, json, strict, instructions } = command;
    apply::run(&apply::Options { genesis, unapproved, json, strict, instructions })
}
