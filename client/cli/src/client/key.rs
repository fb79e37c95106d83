//! `seaway key`: secrets that sign instructions, encrypted at rest.

use crate::output::say;
use clap::Subcommand;
use seaway_signer::{KeyFile, KeyKind};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Longest text of a secret, blanks around it included.
const SECRET_TEXT_MAX: u64 = 1_024;

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
    /// Encrypt a secret key that exists, such as a published one of a devnet, into a file; prints its public half.
    Import {
        /// A file with the secret in 64 hexadecimal digits; `-` for standard input.
        #[arg(long, default_value = "-")]
        secret_file: PathBuf,
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
            seal(&secret, out, passphrase_file)?;
        }
        Command::Import { secret_file, out, passphrase_file } => {
            seal(&*secret(secret_file)?, out, passphrase_file)?;
        }
        Command::Show { file } => say!("{}", KeyFile::read(file).map_err(|error| error.to_string())?.public_key),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a key file, and prints the public half.
fn seal(secret: &[u8; 32], out: &Path, passphrase_file: &Path) -> Result<(), String> {
    let passphrase = passphrase(passphrase_file)?;
    let file = KeyFile::seal(KeyKind::Instruction, secret, &passphrase).map_err(|error| error.to_string())?;
    file.write(out).map_err(|error| error.to_string())?;
    say!("{}", file.public_key);
    Ok(())
}

/// A secret in hexadecimal digits.
fn secret(path: &Path) -> Result<Zeroizing<[u8; 32]>, String> {
    let name = path.display();
    let mut text = Zeroizing::new(String::new());
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| format!("{name}: {error}"))?)
    };
    source.take(SECRET_TEXT_MAX).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
    let mut secret = Zeroizing::new([0; 32]);
    let decoded = hex::decode_to_slice(text.trim(), secret.as_mut_slice());
    decoded.map_err(|error| format!("{name}: expected 64 hexadecimal digits: {error}"))?;
    Ok(secret)
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
