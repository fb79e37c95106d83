//! Who signs what a command submits: key files, or on a devnet the published keys of whoever is named.

use super::Connection;
use clap::Args;
use seaway_genesis::seed;
use seaway_sdk::Client;
use seaway_types::instruction::Submitter;
use seaway_types::state::{Account, DebitAuthority};
use seaway_types::time::BlockTime;
use seaway_types::{AccountId, Bic};
use serde_json::{Value, json as object};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Who acts, and with what keys.
#[derive(Args, Clone, Debug)]
pub struct Signers {
    /// Who acts: an account (id, or with --genesis its label) or a BIC. The first is the submitter; may be given several times.
    #[arg(long = "as", required = true)]
    pub acting: Vec<String>,
    /// A key file that signs; may be given several times. On a devnet the published keys of who acts sign when none is given.
    #[arg(long = "key")]
    pub keys: Vec<PathBuf>,
    /// The passphrase of the key files.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
}

/// What signs.
pub struct Signing {
    /// Whose key the instruction takes.
    pub submitter: Submitter,
    /// The account of the first who acts, where it is one.
    pub account: Option<AccountId>,
    /// The secrets.
    pub secrets: Vec<[u8; 32]>,
}

impl Signers {
    /// Finds out who the submitter is, and opens the keys.
    pub async fn open(&self, connection: &Connection, client: &Client) -> Result<Signing, String> {
        let published = connection.genesis()?.is_some_and(|genesis| genesis.keys_are_published);
        let mut secrets = self.opened()?;
        let mut first = None;
        for who in &self.acting {
            let (submitter, account, theirs) = named(connection, client, who).await?;
            first.get_or_insert((submitter, account));
            if self.keys.is_empty() {
                if !published {
                    return Err("--key FILE is needed: only a devnet's keys are published".to_owned());
                }
                secrets.extend(theirs);
            }
        }
        let (submitter, account) = first.ok_or("--as: somebody must act")?;
        Ok(Signing { submitter, account, secrets })
    }

    fn opened(&self) -> Result<Vec<[u8; 32]>, String> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        super::key::open(&self.keys, self.passphrase_file.as_deref())
    }
}

/// Who a name is, and the published secrets that would sign for it.
async fn named(
    connection: &Connection,
    client: &Client,
    who: &str,
) -> Result<(Submitter, Option<AccountId>, Vec<[u8; 32]>), String> {
    if let Ok(bic) = who.parse::<Bic>() {
        return Ok((Submitter::Participant(bic), None, vec![seed::secret_key(who)]));
    }
    let id = connection.account(who)?;
    let record = account(client, id).await?;
    let holder = seed::secret_key(who.trim_start_matches('@'));
    let agent = seed::secret_key(&record.agent.to_string());
    Ok(match record.debit_authority {
        DebitAuthority::Holder => (Submitter::Account(id), Some(id), vec![holder]),
        DebitAuthority::Agent => (Submitter::Participant(record.agent), Some(id), vec![agent]),
        DebitAuthority::Both => (Submitter::Account(id), Some(id), vec![holder, agent]),
    })
}

/// Asks a node.
pub async fn call(client: &Client, method: &str, params: Value) -> Result<Value, String> {
    client.call(method, params).await.map_err(|error| error.to_string())
}

/// An account's record.
pub async fn account(client: &Client, id: AccountId) -> Result<Account, String> {
    let answer = call(client, "account_get", object!({"account": id})).await?;
    serde_json::from_value(answer["record"].clone()).map_err(|error| format!("account {id}: {error}"))
}

/// The machine's clock.
pub fn now() -> Result<BlockTime, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    let now = u64::try_from(now.as_millis()).ok().and_then(BlockTime::from_ms);
    now.ok_or_else(|| "the clock is beyond year 9999".to_owned())
}
