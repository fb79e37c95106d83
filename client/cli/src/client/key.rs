//! `seaway key`: secrets that sign instructions, encrypted at rest.

use crate::output::say;
use clap::Subcommand;
use seaway_signer::{KeyFile, KeyKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// What is done with keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a key and print its public half.
    New {
        /// The file to write; it must not exist.
        #[arg(long)]
        out: PathBuf,
        /// A file with the passphrase that encrypts it.
        #[arg(long)]
        passphrase_file: PathBuf,
    },
    /// Print the public half of a key file.
    Show {
        /// The file.
        file: PathBuf,
    },
}

/// Runs it.
pub fn run(command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::New { out, passphrase_file } => {
            let mut secret = Zeroizing::new([0u8; 32]);
            getrandom::fill(secret.as_mut_slice()).map_err(|error| error.to_string())?;
            let passphrase = passphrase(passphrase_file)?;
            let file =
                KeyFile::seal(KeyKind::Instruction, &secret, &passphrase).map_err(|error| error.to_string())?;
            file.write(out).map_err(|error| error.to_string())?;
            say!("{}", file.public_key);
        }
        Command::Show { file } => say!("{}", KeyFile::read(file).map_err(|error| error.to_string())?.public_key),
    }
    Ok(ExitCode::SUCCESS)
}

/// The secrets of key files that sign instructions.
pub fn open(files: &[PathBuf], passphrase_file: Option<&Path>) -> Result<Vec<[u8; 32]>, String> {
    let passphrase = passphrase(passphrase_file.ok_or("--passphrase-file is needed with --key")?)?;
    let open = |path: &PathBuf| KeyFile::open(path, KeyKind::Instruction, &passphrase).map(|secret| *secret);
    files.iter().map(open).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The first line of a passphrase file.
pub fn passphrase(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
