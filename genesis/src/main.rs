//! `genesis`: makes, signs and verifies the document from which a network starts.

use clap::{Parser, Subcommand};
use seaway_genesis::ceremony::{self, Contribution};
use seaway_genesis::seed;
use seaway_genesis::written::WrittenGenesis;
use seaway_types::bic::Bic;
use seaway_types::instruction::NetworkId;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Prints a line; ends quietly when nobody reads any more, as with `| head`.
macro_rules! say {
    ($($part:tt)*) => {
        if writeln!(std::io::stdout().lock(), $($part)*).is_err() {
            std::process::exit(0);
        }
    };
}

/// Make, sign and verify the genesis document of a Seaway network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Write a draft to edit.
    New {
        /// Name of the network: 3 to 12 lower-case letters, digits and hyphens.
        #[arg(long)]
        network: NetworkId,
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Make a validator's contribution: its consensus key with the proof that it holds it.
    Join {
        /// Name of the network.
        #[arg(long)]
        network: NetworkId,
        /// The validator's BIC.
        #[arg(long)]
        bic: Bic,
        /// Its voting power.
        #[arg(long, default_value_t = 1)]
        power: u64,
        /// File with its secret key, 64 hexadecimal digits; made, readable by its owner only, when it does not exist.
        #[arg(long)]
        key: PathBuf,
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Put contributions (joins, approvals) into the document.
    Combine {
        /// The document; changed in place.
        genesis: PathBuf,
        /// Contributions.
        #[arg(required = true)]
        contributions: Vec<PathBuf>,
    },
    /// Approve the document as one of its validators.
    Sign {
        /// The document.
        genesis: PathBuf,
        /// File with the validator's secret key.
        #[arg(long)]
        key: PathBuf,
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Check the document as a node would, and print its fingerprint to read aloud.
    Verify {
        /// The document.
        genesis: PathBuf,
    },
    /// Make the devnet's document and key files: join, combine and sign for all four validators with published keys.
    Devnet {
        /// Folder to write to: genesis.toml and keys/.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().step) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("genesis: {problem}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T> = Result<T, String>;

fn run(step: Step) -> Outcome<ExitCode> {
    match step {
        Step::New { network, out } => {
            write_new(&out, &ceremony::DRAFT.replace("NETWORK", network.name()), 0o644)?;
            say!("wrote {}: edit it, then let each validator run `genesis join`", out.display());
        }
        Step::Join { network, bic, power, key, out } => {
            let secret = read_or_make_key(&key)?;
            write_contribution(&out, &ceremony::join(network, bic, power, &secret))?;
        }
        Step::Combine { genesis, contributions } => combine(&genesis, &contributions)?,
        Step::Sign { genesis, key, out } => {
            let document = read_document(&genesis)?;
            let secret = read_key(&key)?;
            let contribution = ceremony::approve(&document, &secret).map_err(text)?;
            write_contribution(&out, &contribution)?;
        }
        Step::Verify { genesis } => return verify(&read_document(&genesis)?),
        Step::Devnet { out } => devnet(&out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(problem: impl std::fmt::Display) -> String {
    problem.to_string()
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

fn read_document(path: &Path) -> Outcome<WrittenGenesis> {
    let written = fs::read_to_string(path).map_err(at(path))?;
    WrittenGenesis::parse(&written).map_err(|problem| format!("{}: {problem}", path.display()))
}

fn combine(path: &Path, contributions: &[PathBuf]) -> Outcome<()> {
    let mut genesis = read_document(path)?;
    for file in contributions {
        let written = fs::read_to_string(file).map_err(at(file))?;
        let contribution: Contribution =
            toml::from_str(&written).map_err(|error| format!("{}: {error}", file.display()))?;
        ceremony::combine(&mut genesis, &[contribution])
            .map_err(|problem| format!("{}: {problem}", file.display()))?;
    }
    // Written beside and renamed, so that no half document is left behind.
    let beside = path.with_extension("toml.new");
    fs::write(&beside, genesis.to_toml().map_err(text)?).map_err(at(&beside))?;
    fs::rename(&beside, path).map_err(at(path))?;
    say!("{}: {} validators, {} approvals", path.display(), genesis.validators.len(), genesis.approvals.len());
    Ok(())
}

fn verify(genesis: &WrittenGenesis) -> Outcome<ExitCode> {
    let signed = genesis.signed().map_err(text)?;
    let document = &signed.document;
    say!("network      {}", document.network);
    say!("hash         {}", document.hash());
    say!("fingerprint  {}", document.fingerprint());
    say!("validators   {} with voting power {}", document.validators.0.len(), document.validators.total_power());
    say!("approvals    {}", signed.approvals.len());
    if document.keys_are_published {
        say!("keys         PUBLISHED: for loopback only");
    }
    match signed.check() {
        Ok(()) => {
            say!("verdict      nodes will start from it");
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            say!("verdict      refused: {problem}");
            Ok(ExitCode::from(2))
        }
    }
}

fn devnet(out: &Path) -> Outcome<()> {
    let keys = out.join("keys");
    fs::create_dir_all(&keys).map_err(at(&keys))?;
    let genesis = ceremony::devnet().map_err(text)?;
    let file = out.join("genesis.toml");
    fs::write(&file, genesis.to_toml().map_err(text)?).map_err(at(&file))?;
    for (bic, secret) in ceremony::devnet_validators(&genesis) {
        write_secret(&keys.join(format!("validator-{bic}.key")), &secret)?;
    }
    let labels = genesis.participants.iter().map(|participant| participant.bic.clone());
    let owners = genesis.accounts.iter().filter_map(|account| account.label.clone());
    for label in labels.chain(owners) {
        write_secret(&keys.join(format!("{label}.key")), &seed::secret_key(&label))?;
    }
    say!("{}: {}", file.display(), genesis.document().map_err(text)?.fingerprint());
    Ok(())
}

/// Devnet keys may be written again: they are always the same.
fn write_secret(path: &Path, secret: &[u8; 32]) -> Outcome<()> {
    if path.exists() {
        return Ok(());
    }
    write_new(path, &format!("{}\n", hex::encode(secret)), 0o600)
}

fn write_new(path: &Path, content: &str, mode: u32) -> Outcome<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(at(path))?;
    file.write_all(content.as_bytes()).and_then(|()| file.sync_all()).map_err(at(path))
}

fn write_contribution(path: &Path, contribution: &Contribution) -> Outcome<()> {
    write_new(path, &toml::to_string(contribution).map_err(text)?, 0o644)?;
    say!("wrote {}: hand it to whoever combines", path.display());
    Ok(())
}

fn read_key(path: &Path) -> Outcome<Zeroizing<[u8; 32]>> {
    let written = Zeroizing::new(fs::read_to_string(path).map_err(at(path))?);
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(written.trim(), secret.as_mut_slice())
        .map_err(|_| format!("{}: no secret key; expected 64 hexadecimal digits", path.display()))?;
    Ok(secret)
}

fn read_or_make_key(path: &Path) -> Outcome<Zeroizing<[u8; 32]>> {
    if path.exists() {
        return read_key(path);
    }
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|error| format!("no random bytes: {error}"))?;
    write_new(path, &format!("{}\n", hex::encode(*secret)), 0o600)?;
    say!("made a new key in {}: keep it safe", path.display());
    Ok(secret)
}
