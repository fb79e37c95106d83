//! What stands in a home, and how it is opened.

use crate::config::{Config, TlsConfig, WebhookConfig};
use crate::directory::Directory;
use seaway_genesis::written::WrittenGenesis;
use seaway_rpc::Tls;
use seaway_signer::{GuardedKey, KeyFile, KeyKind};
use seaway_types::AccountId;
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::limits::GENESIS_BYTES_MAX;
use seaway_webhooks::{Endpoint, Timing};
use std::collections::BTreeSet;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The folders and files of a home.
pub struct Home {
    root: PathBuf,
    /// The configuration.
    pub config: Config,
}

/// A seed for the state's hash tables, drawn anew each time: so nobody can choose keys that collide here.
pub fn hash_seed() -> Result<u64, String> {
    getrandom::u64().map_err(|error| format!("the system gives no random bytes: {error}"))
}

impl Home {
    /// Reads the configuration of a home.
    pub fn open(root: &Path) -> Result<Self, String> {
        Ok(Self { root: root.to_owned(), config: Config::read(root)? })
    }

    /// The database's folder.
    pub fn database(&self) -> PathBuf {
        self.root.join("data/db")
    }

    /// The write-ahead log's folder.
    pub fn wal(&self) -> PathBuf {
        self.root.join("data/wal")
    }

    /// Makes the folders of data.
    pub fn make_folders(&self) -> Result<(), String> {
        let data = self.root.join("data");
        std::fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))
    }

    /// Reads the genesis, and refuses what its validators did not approve, and published keys off loopback.
    pub fn genesis(&self) -> Result<GenesisDocument, String> {
        let path = self.root.join(&self.config.genesis);
        let name = path.display();
        let file = std::fs::File::open(&path).map_err(|error| format!("{name}: {error}"))?;
        let mut text = String::new();
        let bound = 4 * GENESIS_BYTES_MAX as u64;
        file.take(bound).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
        let written = WrittenGenesis::parse(&text).map_err(|error| format!("{name}: {error}"))?;
        let signed = written.signed().map_err(|error| format!("{name}: {error}"))?;
        signed.check().map_err(|error| format!("{name}: {error}"))?;
        if signed.document.keys_are_published {
            self.ensure_loopback().map_err(|address| {
                format!("{name}: the secret keys of this genesis are published, so a node that uses it listens on loopback alone; {address} is not")
            })?;
        }
        Ok(signed.document)
    }

    fn ensure_loopback(&self) -> Result<(), String> {
        if !self.config.rpc.listen.ip().is_loopback() {
            return Err(self.config.rpc.listen.to_string());
        }
        for address in &self.config.network.listen {
            let text = address.to_string();
            let ip = text.split('/').nth(2).and_then(|ip| ip.parse::<IpAddr>().ok());
            if !ip.is_some_and(|ip| ip.is_loopback()) {
                return Err(text);
            }
        }
        Ok(())
    }

    /// Certificate and key of the RPC.
    pub fn tls(&self, config: &TlsConfig) -> Tls {
        Tls { certificate: self.root.join(&config.certificate), key: self.root.join(&config.key) }
    }

    /// The agent that this node speaks for, with its salt.
    pub fn directory(&self) -> Result<Option<Directory>, String> {
        let Some(agent) = &self.config.agent else { return Ok(None) };
        let path = self.root.join(&agent.salt_file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let salt: Hash32 = text.trim().parse().map_err(|_| {
            format!("{}: expected the agent's salt, 64 lower-case hexadecimal digits", path.display())
        })?;
        let check = AccountId::derive(&salt.0, "");
        if check != agent.salt_check {
            let (name, expected) = (path.display(), agent.salt_check);
            return Err(format!(
                "{name}: this is another salt: its check is {check}, and agent.salt_check is {expected}"
            ));
        }
        let passphrase = self.passphrase()?;
        let open = |file: &PathBuf| KeyFile::open(&self.root.join(file), KeyKind::Instruction, &passphrase);
        let secrets: Result<Vec<_>, _> = agent.signing_key_files.iter().map(open).collect();
        Ok(Some(Directory::new(agent.bic, salt.0, secrets.map_err(|error| error.to_string())?)))
    }

    /// Where the agent's events go: each endpoint, checked as far as its files tell.
    pub fn webhooks(&self) -> Result<Vec<Endpoint>, String> {
        if !self.config.webhooks.is_empty() && self.config.agent.is_none() {
            return Err("webhooks: they deliver an agent's events, and there is no [agent]".to_owned());
        }
        let mut names = BTreeSet::new();
        let endpoint = |webhook: &WebhookConfig| {
            let WebhookConfig { name, url, secret_files, from, ca_file } = webhook;
            if !names.insert(name.clone()) {
                return Err(format!("webhook {name}: another one has this name"));
            }
            let secrets: Result<Vec<_>, String> = secret_files.iter().map(|file| self.secret(file)).collect();
            Ok(Endpoint {
                name: name.clone(),
                url: url.parse().map_err(|error| format!("webhook {name}: url: {error}"))?,
                secrets: secrets?,
                folder: self.root.join("data/webhooks"),
                from: *from,
                ca_file: ca_file.as_ref().map(|file| self.root.join(file)),
                timing: Timing::default(),
            })
        };
        self.config.webhooks.iter().map(endpoint).collect()
    }

    fn secret(&self, file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
        let path = self.root.join(file);
        let failed = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
        let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(|error| failed(&error))?);
        let secret = hex::decode(text.trim()).map_err(|_| failed(&"expected 64 or more hexadecimal digits"))?;
        Ok(Zeroizing::new(secret))
    }

    fn passphrase(&self) -> Result<Zeroizing<String>, String> {
        let path = self.root.join(&self.config.passphrase_file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(passphrase_in(&text))
    }

    /// The node's identity secret.
    pub fn node_key(&self) -> Result<Zeroizing<[u8; 32]>, String> {
        let path = self.root.join("keys/node.key");
        KeyFile::open(&path, KeyKind::Node, &self.passphrase()?).map_err(|error| error.to_string())
    }

    /// The consensus key with its guard.
    pub fn consensus_key(&self) -> Result<GuardedKey, String> {
        let path = self.root.join("keys/consensus.key");
        let secret =
            KeyFile::open(&path, KeyKind::Consensus, &self.passphrase()?).map_err(|error| error.to_string())?;
        GuardedKey::open(&self.root.join("data/last-sign"), secret).map_err(|error| error.to_string())
    }
}

/// The passphrase in a file: all but the end of its line, as it was typed.
pub fn passphrase_in(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned())
}
