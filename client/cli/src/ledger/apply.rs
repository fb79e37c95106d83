//! Executes a file of instructions block by block.

use super::lines::{self, Context, Line};
use super::show::Report;
use seaway_genesis::written::WrittenGenesis;
use seaway_ledger::execution::{BlockContext, BlockFault, BuiltBlock, ExecutedBlock, build_block, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::genesis::GenesisError;
use seaway_types::instruction::{AuthenticInstruction, authenticate_batch};
use seaway_types::limits::GENESIS_BYTES_MAX;
use seaway_types::signature::KnownKeys;
use seaway_types::state::ValidatorSetError;
use seaway_types::time::{BlockTime, Height};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What was asked.
pub struct Options {
    pub genesis: PathBuf,
    pub unapproved: bool,
    pub json: bool,
    pub strict: bool,
    pub instructions: PathBuf,
}

/// What stops a run, with its exit code.
enum Stopped {
    File(String),
    Halted(String),
    Void(String),
}

/// Runs, and prints.
pub fn run(options: &Options) -> Result<ExitCode, String> {
    match apply(options) {
        Ok(conserved) => Ok(if conserved { ExitCode::SUCCESS } else { ExitCode::from(2) }),
        Err(Stopped::File(problem)) => Err(problem),
        Err(Stopped::Halted(problem)) => Ok(end(&problem, 2)),
        Err(Stopped::Void(problem)) => Ok(end(&problem, 3)),
    }
}

fn end(problem: &str, code: u8) -> ExitCode {
    eprintln!("seaway: {problem}");
    ExitCode::from(code)
}

/// The instructions of one block with their line numbers, or none to let time pass.
struct Block {
    time: BlockTime,
    lines: Vec<(usize, AuthenticInstruction)>,
}

fn apply(options: &Options) -> Result<bool, Stopped> {
    let (context, mut state) = open(options).map_err(Stopped::File)?;
    let mut report = Report::new(&context, options.json);
    report.genesis(&state);
    let mut now = state.tip().time;
    let mut block: Option<(BlockTime, Vec<Line>)> = None;
    for (number, text) in (1..).zip(source(&options.instructions).map_err(Stopped::File)?) {
        let text = text.map_err(|error| Stopped::File(format!("line {number}: {error}")))?;
        // Where no time is given, the first block comes a second after the genesis.
        let default = block.as_ref().map_or(now.after_ms(1000), |(time, _)| *time);
        let Some(line) = lines::read(number, &text, default, &context).map_err(Stopped::File)? else {
            continue;
        };
        let time = line.time.unwrap_or(default);
        let last = block.as_ref().map_or(now, |(time, _)| *time);
        if time < last || (block.is_none() && time == last) {
            return Err(Stopped::File(format!("line {number}: time {time} does not lie after {last}")));
        }
        match &mut block {
            Some((current, lines)) if *current == time => lines.push(line),
            _ => {
                if let Some((time, lines)) = block.replace((time, vec![line])) {
                    now = time;
                    run_block(options, &mut state, &mut report, Block { time, lines: authentic(lines)? })?;
                }
            }
        }
    }
    if let Some((time, lines)) = block {
        run_block(options, &mut state, &mut report, Block { time, lines: authentic(lines)? })?;
    }
    Ok(report.trial_balance(&state))
}

fn open(options: &Options) -> Result<(Context, MemoryState), String> {
    let path = options.genesis.display();
    let file = File::open(&options.genesis).map_err(|error| format!("{path}: {error}"))?;
    let mut text = String::new();
    // Bounded as it is read: what is no plain file may have no end.
    let size = file.take(GENESIS_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    if size.map_err(|error| format!("{path}: {error}"))? > GENESIS_BYTES_MAX {
        return Err(format!("{path}: more than the {GENESIS_BYTES_MAX} bytes of a genesis document"));
    }
    let written = WrittenGenesis::parse(&text).map_err(|error| format!("{path}: {error}"))?;
    let signed = written.signed().map_err(|error| format!("{path}: {error}"))?;
    if options.unapproved {
        match signed.document.check() {
            // A draft that nobody joined yet is fit to try out.
            Ok(()) | Err(GenesisError::Validators(ValidatorSetError::Empty)) => {}
            Err(error) => return Err(format!("{path}: {error}")),
        }
    } else {
        signed.check().map_err(|error| format!("{path}: {error}"))?;
    }
    let context = Context {
        network: signed.document.network,
        assets: signed.document.asset_book(),
        accounts: written.labels().map_err(|error| format!("{path}: {error}"))?,
        keys_are_published: signed.document.keys_are_published,
    };
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    let state = state_of(&signed.document, seed).map_err(|error| error.to_string())?;
    Ok((context, state))
}

/// The lines of a file; one that is too long ends the run before it is read whole.
fn source(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>>, String> {
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Box::new(BufReader::new(file))
    };
    Ok(std::iter::from_fn(move || {
        let mut text = String::new();
        match input.by_ref().take(lines::LINE_BYTES_MAX as u64 + 1).read_line(&mut text) {
            Ok(0) => None,
            Ok(_) => Some(Ok(text)),
            Err(error) => Some(Err(error)),
        }
    }))
}

/// Checks the signatures of a block's lines in one batch.
fn authentic(lines: Vec<Line>) -> Result<Vec<(usize, AuthenticInstruction)>, Stopped> {
    let (numbers, decoded): (Vec<_>, Vec<_>) =
        lines.into_iter().filter_map(|line| Some((line.number, line.instruction?))).unzip();
    let checked = numbers.into_iter().zip(authenticate_batch(decoded, &mut KnownKeys::default()));
    checked
        .map(|(number, answer)| match answer {
            Ok(instruction) => Ok((number, instruction)),
            Err(error) => Err(Stopped::File(format!("line {number}: {error}"))),
        })
        .collect()
}

fn run_block(options: &Options, state: &mut MemoryState, report: &mut Report, block: Block) -> Result<(), Stopped> {
    let context = BlockContext { height: Height(state.tip().height.0 + 1), time: block.time };
    let (included, left_out, executed) = if options.strict {
        let instructions: Vec<_> = block.lines.iter().map(|(_, instruction)| instruction.clone()).collect();
        let executed = execute_block(state, state.commitment(), context, &instructions)
            .map_err(|fault| stopped(fault, &block))?;
        (instructions, Vec::new(), executed)
    } else {
        let waiting = block.lines.iter().map(|(_, instruction)| instruction.clone()).collect();
        let BuiltBlock { included, left_out, executed } =
            build_block(state, state.commitment(), context, waiting).map_err(|fault| stopped(fault, &block))?;
        (included, left_out, executed)
    };
    report.block(&executed, &included, &left_out, |instruction| line_of(&block, instruction));
    ExecutedBlock::apply(executed, state);
    Ok(())
}

fn line_of(block: &Block, instruction: &AuthenticInstruction) -> usize {
    let same = |(_, other): &&(usize, AuthenticInstruction)| other.wire_id() == instruction.wire_id();
    block.lines.iter().find(same).map_or(0, |(number, _)| *number)
}

fn stopped(fault: BlockFault, block: &Block) -> Stopped {
    match fault {
        BlockFault::Void { position, reason } => {
            let line = block.lines.get(position).map_or(0, |(number, _)| *number);
            Stopped::Void(format!("line {line} voids its block: {} {reason}", reason.iso()))
        }
        BlockFault::Time { .. } | BlockFault::Height { .. } | BlockFault::TooLarge { .. } => {
            Stopped::File(fault.to_string())
        }
        BlockFault::Version { .. } | BlockFault::Fault(_) => Stopped::Halted(fault.to_string()),
    }
}
