//! The configuration: one TOML file, in which an unknown key is an error. `node/app/seawayd.example.toml` documents each option.

use seaway_network::Multiaddr;
use seaway_types::keys::PublicKey;
use seaway_types::{AccountId, Bic};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file's name within a home.
pub const FILE: &str = "seawayd.toml";

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The genesis document, relative to the home.
    pub genesis: PathBuf,
    /// The file that holds the passphrase of the key files, relative to the home.
    pub passphrase_file: PathBuf,
    /// Whether the node follows without a consensus key.
    #[serde(default)]
    pub observer: bool,
    /// Between nodes.
    pub network: NetworkConfig,
    /// Whose accounts this node knows by their numbers; none without it.
    #[serde(default)]
    pub agent: Option<AgentConfig>,
    /// Where the agent's events are delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookConfig>,
    /// For clients.
    pub rpc: RpcConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogConfig,
}

/// Between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Addresses to listen on.
    pub listen: Vec<Multiaddr>,
    /// Nodes to dial.
    #[serde(default)]
    pub peers: Vec<PeerConfig>,
}

/// A node to dial.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its identity key.
    pub node: PublicKey,
    /// Where it listens.
    pub address: Multiaddr,
}

/// The agent whose node it is: it tells which account an IBAN or another number of its own names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The agent.
    pub bic: Bic,
    /// A file with the salt from which the agent makes account ids, 64 hexadecimal digits; relative to the home.
    pub salt_file: PathBuf,
    /// The id that the salt gives to an account whose number is empty. With another salt the node would know none of its own
    /// accounts, and say so to everybody: it does not start.
    pub salt_check: AccountId,
    /// Key files of the agent, relative to the home, with which the node signs the messages that holders of the agent's keys
    /// hand to it; none when banks sign elsewhere.
    #[serde(default)]
    pub signing_key_files: Vec<PathBuf>,
}

/// An endpoint to which the agent's events are delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// 1 to 32 characters of a-z, 0-9 and -.
    pub name: String,
    /// `https`, or `http` on this machine.
    pub url: String,
    /// Files of 1 to 4 secrets, each of 64 or more hexadecimal digits, the newest first; relative to the home.
    pub secret_files: Vec<PathBuf>,
    /// At the first start, events above this number are delivered.
    #[serde(default)]
    pub from: u64,
    /// Certificate authorities to trust instead of the system's, PEM; relative to the home.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// For clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpcConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether everybody may read accounts; for devnets.
    #[serde(default)]
    pub open_reads: bool,
    /// TLS; plain HTTP without it.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Connections in all.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
    /// Connections from one address.
    #[serde(default = "connections_per_address_max")]
    pub connections_per_address_max: usize,
}

/// Certificate chain and key, both PEM, relative to the home.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain, the node's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

fn connections_max() -> usize {
    1_024
}

fn connections_per_address_max() -> usize {
    128
}

/// What is logged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    #[serde(default)]
    pub format: LogFormat,
    /// A level, or directives such as `info,seaway_network=debug`.
    #[serde(default = "log_level")]
    pub level: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

fn log_level() -> String {
    // The consensus core tells of each vote at this level.
    "info,arc_malachitebft_core_consensus=warn".to_owned()
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: log_level() }
    }
}

impl Config {
    /// Reads the file of a home.
    pub fn read(home: &Path) -> Result<Self, String> {
        let path = home.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_configuration() {
        let config: Config = toml::from_str(include_str!("../seawayd.example.toml")).unwrap();
        assert_eq!(config.log.level, log_level());
        assert_eq!(config.rpc.connections_max, connections_max());
        let unknown = include_str!("../seawayd.example.toml").replace("observer =", "observes =");
        assert!(toml::from_str::<Config>(&unknown).unwrap_err().to_string().contains("observes"));
    }
}
