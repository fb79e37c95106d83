//! Commands that ask a node.

pub mod ask;
pub mod contract;
pub mod decide;
pub mod events;
pub mod fx;
pub mod iso;
pub mod iso_message;
pub mod key;
pub mod party;
pub mod pay;
pub mod reconcile;
pub mod send;
pub mod sign;
pub mod signers;
pub mod statement;
pub mod verify;
pub mod watch;
pub mod webhooks;

use clap::Args;
use seaway_genesis::written::WrittenGenesis;
use seaway_sdk::{Client, Trust};
use seaway_signer::{KeyFile, KeyKind};
use seaway_types::AccountId;
use seaway_types::limits::GENESIS_BYTES_MAX;
use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which nodes are asked, and how answers are printed.
#[derive(Args, Clone, Debug)]
pub struct Connection {
    /// A node's address; the first is asked first, the others when it does not answer.
    #[arg(long = "node", env = "SEAWAY_NODE", value_delimiter = ',', default_value = "http://127.0.0.1:8601")]
    pub nodes: Vec<String>,
    /// The certificate authorities that are trusted for nodes asked over https, in PEM; those of the system without it.
    #[arg(long, env = "SEAWAY_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// The genesis document, so that accounts can be named by their labels.
    #[arg(long, env = "SEAWAY_GENESIS")]
    pub genesis: Option<PathBuf>,
    /// A key file that shows who asks, for nodes that answer only whom it concerns.
    #[arg(long, env = "SEAWAY_READ_KEY", requires = "read_passphrase_file")]
    pub read_key: Option<PathBuf>,
    /// The passphrase of that key file.
    #[arg(long, env = "SEAWAY_READ_PASSPHRASE_FILE")]
    pub read_passphrase_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Connection {
    /// A client of these nodes, signed in when a key was given for it.
    pub async fn client(&self) -> Result<Client, String> {
        let trust = match &self.ca_file {
            None => Trust::System,
            Some(path) => Trust::Only(std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?),
        };
        let client = Client::trusting(&self.nodes, trust).map_err(|error| error.to_string())?;
        let Some((key, passphrase)) = self.read_key.as_ref().zip(self.read_passphrase_file.as_ref()) else {
            return Ok(client);
        };
        let passphrase = key::passphrase(passphrase)?;
        let secret = KeyFile::open(key, KeyKind::Instruction, &passphrase).map_err(|error| error.to_string())?;
        client.sign_in(&secret).await.map_err(|error| error.to_string())
    }

    /// The genesis document, if one was given.
    pub fn genesis(&self) -> Result<Option<WrittenGenesis>, String> {
        self.genesis.as_deref().map(read_genesis).transpose()
    }

    /// An account by its id, or by its label in the genesis.
    pub fn account(&self, text: &str) -> Result<AccountId, String> {
        if let Ok(id) = text.parse::<AccountId>() {
            return Ok(id);
        }
        let Some(genesis) = self.genesis()? else {
            return Err(format!(
                "'{text}' is no account id of 32 hexadecimal digits; with --genesis FILE labels can be used"
            ));
        };
        let labels = genesis.labels().map_err(|error| error.to_string())?;
        labels.get(text.trim_start_matches('@')).copied().ok_or_else(|| {
            let known: Vec<&str> = labels.keys().map(String::as_str).collect();
            format!("the genesis has no account '{text}'; it has {}", known.join(", "))
        })
    }
}

/// Reads a genesis document, of bounded size.
pub fn read_genesis(path: &Path) -> Result<WrittenGenesis, String> {
    let name = path.display();
    let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
    let mut text = String::new();
    let size = file.take(GENESIS_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    if size.map_err(|error| format!("{name}: {error}"))? > GENESIS_BYTES_MAX {
        return Err(format!("{name}: more than the {GENESIS_BYTES_MAX} bytes of a genesis document"));
    }
    WrittenGenesis::parse(&text).map_err(|error| format!("{name}: {error}"))
}

/// Runs a command that asks.
pub fn run(command: impl Future<Output = Result<ExitCode, String>>) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(command)
}
