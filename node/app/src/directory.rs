//! Which account a number names. An agent makes the ids of its accounts from its own numbers (IBANs among them) and a salt
//! that it keeps, so its node needs no list: it makes the id again and asks the ledger whether there is such an account.
//!
//! Only participants' nodes can ask (the network lets in no others), and they learn no more than a sender of money must.

use crate::questions::{Number, QUESTIONS, Question};
use crate::reads::participants;
use seaway_network::Network;
use seaway_rpc::Fault;
use seaway_storage::Database;
use seaway_types::Bic;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::{Envelope, RawInstruction};
use seaway_types::keys::PublicKey;
use seaway_types::state::Account;
use zeroize::Zeroizing;

/// The agent that this node speaks for.
pub struct Directory {
    agent: Bic,
    salt: Zeroizing<[u8; 32]>,
    secrets: Vec<Zeroizing<[u8; 32]>>,
}

impl Directory {
    /// Of an agent with its salt, and with the secrets that sign for it here.
    pub fn new(agent: Bic, salt: [u8; 32], secrets: Vec<Zeroizing<[u8; 32]>>) -> Self {
        Self { agent, salt: Zeroizing::new(salt), secrets }
    }

    /// Signs for the agent, if it is this one and its secrets are here.
    pub fn sign(&self, agent: Bic, envelope: Envelope) -> Option<RawInstruction> {
        if agent != self.agent || self.secrets.is_empty() {
            return None;
        }
        let secrets: Zeroizing<Vec<[u8; 32]>> = Zeroizing::new(self.secrets.iter().map(|secret| **secret).collect());
        Some(RawInstruction::from(&envelope.sign(&secrets)))
    }

    /// The secret from which the salts of the agent's messages are made: from its salt, so that it outlasts its keys.
    pub fn message_secret(&self, agent: Bic) -> Option<[u8; 32]> {
        (agent == self.agent).then(|| Domain::MessageSalt.hash(self.salt.as_slice()).0)
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
    let question = codec::encode(&Question::Account(question));
    let mut problem = format!("no node of {agent} is known");
    for node in &nodes {
        match network.ask(node, &question).await {
            Ok(answer) => {
                let found: Option<AccountId> = codec::decode(&answer, QUESTIONS.frame_bytes_max)
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

/// The answer to a peer that asks for the account of a number; none where this node cannot name one.
pub fn find(own: Option<&Directory>, database: &Database, number: &Number) -> Result<Option<Vec<u8>>, Fault> {
    let (Some(own), Ok(number)) = (own, String::from_utf8(number.to_vec())) else { return Ok(None) };
    own.find(database, &number).map(|found| Some(codec::encode(&found)))
}
