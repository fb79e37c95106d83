//! `seawayd init`: a home with keys of its own, or with the devnet's published ones.

use crate::config::{AgentConfig, Config, FILE, LogConfig, NetworkConfig, PeerConfig, RpcConfig};
use crate::home::passphrase_in;
use clap::Args;
use seaway_genesis::seed;
use seaway_network::Multiaddr;
use seaway_signer::{KeyFile, KeyKind};
use seaway_types::AccountId;
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use seaway_types::signature::public_key;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What `init` is told.
#[derive(Args)]
pub struct Options {
    /// The home to make. It must not hold a configuration yet.
    #[arg(long)]
    pub home: PathBuf,
    /// The signed genesis document; it is copied.
    #[arg(long)]
    pub genesis: PathBuf,
    /// Address for other nodes.
    #[arg(long, default_value = "/ip4/127.0.0.1/tcp/26600")]
    pub listen: Multiaddr,
    /// Address for clients.
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub rpc: SocketAddr,
    /// A node to dial, as KEY@ADDRESS; may be given several times.
    #[arg(long = "peer", value_parser = peer)]
    pub peers: Vec<PeerConfig>,
    /// Make no consensus key: the node only follows.
    #[arg(long)]
    pub observer: bool,
    /// Use the published keys of the devnet's participant with this BIC.
    #[arg(long)]
    pub devnet: Option<String>,
    /// The passphrase for the key files is read from this file; without it a random one is made and kept in the home.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
}

fn peer(text: &str) -> Result<PeerConfig, String> {
    let (key, address) = text.split_once('@').ok_or("expected KEY@ADDRESS")?;
    let node: PublicKey = key.parse().map_err(|error: String| error)?;
    let address: Multiaddr = address.parse().map_err(|error| format!("{address}: {error}"))?;
    Ok(PeerConfig { node, address })
}

/// Makes the home, and prints the public keys for the genesis.
pub fn init(options: &Options) -> Result<(), String> {
    let home = &options.home;
    let said = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let config_path = home.join(FILE);
    if config_path.exists() {
        return Err(format!("{} is there already; nothing was changed", config_path.display()));
    }
    for folder in ["keys", "data"] {
        let folder = home.join(folder);
        std::fs::create_dir_all(&folder).map_err(|error| said(&folder, error))?;
    }
    let genesis = home.join("genesis.toml");
    std::fs::copy(&options.genesis, &genesis).map_err(|error| said(&options.genesis, error))?;
    let (passphrase, passphrase_file) = passphrase(options)?;
    let secret = |label: &str| -> Result<Zeroizing<[u8; 32]>, String> {
        match &options.devnet {
            Some(bic) => Ok(Zeroizing::new(seed::secret_key(&format!("{label}-{bic}")))),
            None => random(),
        }
    };
    let write = |kind, label: &str, file: &str| -> Result<PublicKey, String> {
        let secret = secret(label)?;
        let sealed = KeyFile::seal(kind, &secret, &passphrase).map_err(|error| error.to_string())?;
        sealed.write(&home.join("keys").join(file)).map_err(|error| error.to_string())?;
        Ok(public_key(&secret))
    };
    println!("node key       {}", write(KeyKind::Node, "node", "node.key")?);
    if !options.observer {
        println!("consensus key  {}", write(KeyKind::Consensus, "validator", "consensus.key")?);
    }
    let agent = options
        .devnet
        .as_deref()
        .filter(|_| !options.observer)
        .map(|bic| devnet_agent(home, bic, &passphrase))
        .transpose()?;
    let config = Config {
        agent,
        genesis: "genesis.toml".into(),
        passphrase_file,
        observer: options.observer,
        network: NetworkConfig { listen: vec![options.listen.clone()], peers: options.peers.clone() },
        webhooks: Vec::new(),
        rpc: RpcConfig {
            listen: options.rpc,
            open_reads: options.devnet.is_some(),
            tls: None,
            connections_max: 1_024,
            connections_per_address_max: if options.devnet.is_some() { 1_024 } else { 128 },
        },
        log: LogConfig::default(),
    };
    let text = toml::to_string_pretty(&config).map_err(|error| error.to_string())?;
    std::fs::write(&config_path, text).map_err(|error| said(&config_path, error))
}

/// Writes the published account salt and key of a devnet's agent.
fn devnet_agent(home: &Path, bic: &str, passphrase: &str) -> Result<AgentConfig, String> {
    let salt_file = PathBuf::from("keys/account-salt");
    let path = home.join(&salt_file);
    let salt = seed::account_salt(bic);
    let salt_check = AccountId::derive(&salt, "");
    std::fs::write(&path, format!("{}\n", Hash32(salt))).map_err(|error| format!("{}: {error}", path.display()))?;
    let key_file = PathBuf::from("keys/agent.key");
    let sealed = KeyFile::seal(KeyKind::Instruction, &seed::secret_key(bic), passphrase);
    let sealed = sealed.map_err(|error| error.to_string())?;
    sealed.write(&home.join(&key_file)).map_err(|error| error.to_string())?;
    let bic = bic.parse().map_err(|error| format!("--devnet: {error}"))?;
    Ok(AgentConfig { bic, salt_file, salt_check, signing_key_files: vec![key_file] })
}

fn random() -> Result<Zeroizing<[u8; 32]>, String> {
    let mut secret = Zeroizing::new([0u8; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|error| error.to_string())?;
    Ok(secret)
}

fn passphrase(options: &Options) -> Result<(Zeroizing<String>, PathBuf), String> {
    if let Some(path) = &options.passphrase_file {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let absolute = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        return Ok((passphrase_in(&text), absolute));
    }
    let made = hex::encode(random()?);
    let path = options.home.join("keys/passphrase");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    writeln!(file, "{made}").map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((Zeroizing::new(made), "keys/passphrase".into()))
}
