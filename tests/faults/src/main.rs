//! `faults`: what happens to networks of real `seawayd` processes, row by row of the scorecard in docs/reliability.md.
//!
//! ```text
//! honest clients ──► nodes ◄─► links that are slow, cut, torn ◄─► nodes
//!        │             ▲ killed, held up, their disks failing, their files damaged, abused
//!        └── what they were told ──► audit against what every node has on its ledger
//! ```
//!
//! Exit codes: 0 every row passed, 1 one did not, 2 bad arguments.

mod abuse;
mod audit;
mod damage;
mod disks;
mod honest;
mod injected;
mod links;
mod outages;
mod row;
mod syncs;

use clap::{Parser, ValueEnum};
use row::Row;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hurts networks of real processes and looks what comes of it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The rows to run; all without it.
    #[arg(value_enum, ignore_case = true)]
    rows: Vec<Which>,
    /// The form that takes hours, instead of the one that takes minutes.
    #[arg(long)]
    long: bool,
    /// From what everything that is drawn follows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where homes and logs go; each row makes a folder of its own there. What broke something is left there.
    #[arg(long, default_value = "target/faults")]
    root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Nodes killed, held up and cut off while clients pay.
    R4,
    /// A node killed at one sync or rename after the other.
    R5,
    /// A node whose disk fails, is full, or takes half a write.
    R6,
    /// A node one of whose files is damaged, cut short or another's.
    R7,
    /// Clients that abuse the RPC while honest ones pay.
    R9,
    /// Peers that abuse the network while honest clients pay.
    R10,
}

/// How much of each row runs.
#[derive(Clone, Debug)]
pub struct Size {
    /// The form that takes hours.
    pub long: bool,
    /// From what everything that is drawn follows.
    pub seed: u64,
    /// The row's folder.
    pub root: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("faults: {error}");
            return ExitCode::FAILURE;
        }
    };
    let wanted = |which: &Which| arguments.rows.is_empty() || arguments.rows.contains(which);
    let mut rows = Vec::new();
    for which in Which::value_variants().iter().copied().filter(wanted) {
        let name = format!("{which:?}");
        let root = arguments.root.join(&name);
        let size = Size { long: arguments.long, seed: arguments.seed, root: root.clone() };
        let mut row = Row::new(&name);
        if let Err(problem) = runtime.block_on(run(which, &size, &mut row)) {
            row.broken(problem);
        }
        row.end(&format!("faults {name} --seed {}{}", arguments.seed, if arguments.long { " --long" } else { "" }));
        if row.passed() {
            // What went well needs no trace; what cannot be removed does no harm.
            let _left = std::fs::remove_dir_all(root);
        }
        rows.push(row);
    }
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, row::json(&rows))
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if rows.iter().all(Row::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(which: Which, size: &Size, row: &mut Row) -> Result<(), String> {
    if size.root.exists() {
        std::fs::remove_dir_all(&size.root).map_err(|error| format!("{}: {error}", size.root.display()))?;
    }
    match which {
        Which::R4 => outages::run(size, row).await,
        Which::R5 => syncs::run(size, row).await,
        Which::R6 => disks::run(size, row).await,
        Which::R7 => damage::run(size, row).await,
        Which::R9 => abuse::by_clients(size, row).await,
        Which::R10 => abuse::by_peers(size, row).await,
    }
}
