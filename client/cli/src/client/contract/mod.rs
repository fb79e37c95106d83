//! `seaway contract`: write, check, read, open and call contracts.

mod act;
mod read;
mod source;

pub use act::{amount, book, network, settle};
pub use source::program;

use super::Connection;
use super::signers::Signers;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What is done with contracts.
#[derive(Subcommand)]
pub enum Command {
    /// Check a contract's text, as a compiler would; offline.
    Check(File),
    /// Print a contract's text in its one normal form; offline.
    Format(File),
    /// Print a contract as prose: of a text offline, or of an instance with its parameters filled in.
    Explain(Which),
    /// Print every way through a contract and who gets what on it.
    Outcomes(Which),
    /// Store a contract's code on the ledger.
    Register(Register),
    /// Open a contract.
    Open(Open),
    /// Call a clause of an open contract.
    Call(Call),
    /// What a call would do now; nothing changes.
    Simulate(Call),
    /// Approve a call as a member of a panel, before somebody makes it.
    Approve(Approve),
    /// Where a contract stands.
    Show(Instance),
    /// What happened to a contract.
    Events(Instance),
    /// The contracts of an account.
    List(OfAccount),
    /// Let contracts of some code pull from an account, or stop that.
    Allow(Allow),
}

/// A text.
#[derive(Args)]
pub struct File {
    /// A file, or the name of a standard contract: Escrow, MilestoneEscrow, HashTimeLock, FxPvp, FxQuote, Instalments,
    /// Mandate, Dvp, LetterOfCredit.
    pub contract: String,
}

/// A text or an instance.
#[derive(Args)]
pub struct Which {
    /// A file, the name of a standard contract, or the id of an instance.
    pub contract: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// What is registered.
#[derive(Args)]
pub struct Register {
    /// A file, or the name of a standard contract.
    pub contract: String,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// What is opened.
#[derive(Args)]
pub struct Open {
    /// A file, the name of a standard contract, or the hash of registered code.
    pub contract: String,
    /// Who a party is, as in buyer=@importer; once for each.
    #[arg(long = "party")]
    pub parties: Vec<String>,
    /// Who a panel's members are, as in arbiters=HARBHKHH,MERLSGSG; once for each panel.
    #[arg(long = "panel")]
    pub panels: Vec<String>,
    /// What an asset is, as in C=HKD; once for each.
    #[arg(long = "asset")]
    pub assets: Vec<String>,
    /// What a parameter is, as in price="1000.00 HKD" or t_end=+30d; once for each.
    #[arg(long = "set")]
    pub parameters: Vec<String>,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// What is called.
#[derive(Args)]
pub struct Call {
    /// The id of the instance.
    pub instance: String,
    /// The clause of the present state: the number in its heading, or its heading.
    pub clause: String,
    /// What an argument is, as in to_seller="400.00 HKD"; once for each.
    #[arg(long = "set")]
    pub arguments: Vec<String>,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// What is approved.
#[derive(Args)]
pub struct Approve {
    #[command(flatten)]
    pub call: Call,
    /// Take the approval back.
    #[arg(long)]
    pub withdraw: bool,
}

/// An instance.
#[derive(Args)]
pub struct Instance {
    /// Its id.
    pub instance: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// An account.
#[derive(Args)]
pub struct OfAccount {
    /// Its id, or with --genesis its label.
    pub account: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// What may be pulled.
#[derive(Args)]
pub struct Allow {
    /// A file, the name of a standard contract, or the hash of registered code.
    pub contract: String,
    /// As which party of it the account is pulled from.
    #[arg(long)]
    pub party: String,
    /// Of what, and the most in one pull, as in "1000.00 USD".
    #[arg(long)]
    pub each: String,
    /// The most in all, likewise.
    #[arg(long)]
    pub total: String,
    /// For how long, as in 30d.
    #[arg(long = "for", default_value = "30d")]
    pub lasts: String,
    /// Revoke it instead.
    #[arg(long)]
    pub revoke: bool,
    #[command(flatten)]
    pub signers: Signers,
    #[command(flatten)]
    pub connection: Connection,
}

/// Runs a command.
pub fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Check(file) => source::check(&file),
        Command::Format(file) => source::format(&file),
        Command::Explain(which) => super::run(read::explain(&which)),
        Command::Outcomes(which) => super::run(read::outcomes(&which)),
        Command::Register(options) => super::run(act::register(&options)),
        Command::Open(options) => super::run(act::open(&options)),
        Command::Call(options) => super::run(act::call(&options)),
        Command::Simulate(options) => super::run(act::simulate(&options)),
        Command::Approve(options) => super::run(act::approve(&options)),
        Command::Show(options) => super::run(read::show(&options)),
        Command::Events(options) => super::run(read::events(&options)),
        Command::List(options) => super::run(read::list(&options)),
        Command::Allow(options) => super::run(act::allow(&options)),
    }
}
