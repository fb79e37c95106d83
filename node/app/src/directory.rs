//! Which account a number names. An agent makes the ids of its accounts from its own numbers (IBANs among them) and a salt
//! that it keeps, so its node needs no list: it makes the id again and asks the ledger whether there is such an account.
//!
//! Only participants' nodes can ask (the network lets in no others), and they learn no more than a sender of money must.

use crate::reads::participants;
use seaway_network::{AskSpec, Asked, Network};
use seaway_rpc::Fault;
use seaway_storage::Database;
use seaway_types::codec;
use seaway_types::identifier::AccountId;
use seaway_types::keys::PublicKey;
use seaway_types::state::Account;
use seaway_types::{Bic, bounded::Bounded};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Longest number in bytes: `Max34Text` of ISO 20022, in which a character has up to four.
const NUMBER_BYTES_MAX: usize = 136;

/// The question between nodes.
pub const RESOLVE: AskSpec = AskSpec { protocol: "/seaway/1/resolve", frame_bytes_max: 256 };

type Number = Bounded<u8, NUMBER_BYTES_MAX>;

/// The agent that this node speaks for.
pub struct Directory {
    agent: Bic,
    salt: Zeroizing<[u8; 32]>,
}

impl Directory {
    /// Of an agent with its salt.
    pub fn new(agent: Bic, salt: [u8; 32]) -> Self {
        Self { agent, salt: Zeroizing::new(salt) }
    }

    fn find(&self, database: &Database, number: &str) -> Result<Option<AccountId>, Fault> {
        let id = AccountId::derive(&self.salt, number);
        let account = database.record::<Account>(&id).map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(account.filter(|account| account.agent == self.agent).map(|_| id))
    }
}

/// Finds the account that an agent's number names: here if the agent is ours, else at one of its nodes.
pub async fn resolve(
    own: Option<&Directory>,
    database: &Database,
    network: &Network,
    agent: Bic,
    number: &str,
) -> Result<AccountId, Fault> {
    let unknown = || Fault::NoAccount { agent, number: number.to_owned() };
    if let Some(own) = own.filter(|own| own.agent == agent) {
        return own.find(database, number)?.ok_or_else(unknown);
    }
    let nodes = nodes_of(database, agent)?;
    let question = Number::new(number.as_bytes().to_vec()).map_err(|_| Fault::Parameter {
        field: "number",
        value: number.chars().take(80).collect(),
        expected: "an IBAN or another number of at most 34 characters",
    })?;
    let question = codec::encode(&question);
    let mut problem = format!("no node of {agent} is known");
    for node in &nodes {
        match network.ask(node, &question).await {
            Ok(answer) => {
                let found: Option<AccountId> = codec::decode(&answer, RESOLVE.frame_bytes_max)
                    .map_err(|error| Fault::Unavailable(format!("{agent} answers with something else: {error}")))?;
                return found.ok_or_else(unknown);
            }
            Err(error) => problem = format!("{agent} cannot be asked: {error}"),
        }
    }
    Err(Fault::Unavailable(problem))
}

fn nodes_of(database: &Database, agent: Bic) -> Result<Vec<PublicKey>, Fault> {
    let found = participants(database)?.into_iter().find(|(bic, _)| *bic == agent);
    let unknown = || Fault::Unknown { what: "participant", value: agent.to_string() };
    found.map(|(_, participant)| participant.nodes.to_vec()).ok_or_else(unknown)
}

/// Answers what other nodes ask, until the network ends.
pub async fn answer(own: Option<std::sync::Arc<Directory>>, database: Database, mut asked: mpsc::Receiver<Asked>) {
    while let Some(Asked { from, bytes, answer }) = asked.recv().await {
        let number = codec::decode::<Number>(&bytes, RESOLVE.frame_bytes_max).ok();
        let number = number.and_then(|number| String::from_utf8(number.to_vec()).ok());
        let (Some(number), Some(own)) = (number, own.clone()) else {
            tracing::debug!(peer = %from, "asked for an account that this node cannot name");
            continue;
        };
        let database = database.clone();
        let found = tokio::task::spawn_blocking(move || own.find(&database, &number)).await;
        match found {
            Ok(Ok(found)) => drop(answer.send(codec::encode(&found))),
            Ok(Err(fault)) => tracing::error!(?fault, "an account could not be looked up"),
            Err(error) => tracing::error!(%error, "an account could not be looked up"),
        }
    }
}
