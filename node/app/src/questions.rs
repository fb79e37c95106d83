//! What nodes ask and tell each other one by one, besides consensus: which account a number names, exchange quotes, and party data.

use crate::directory::{self, Directory};
use crate::parties::Parties;
use crate::quotes::{Board, Wisher};
use seaway_network::{AskSpec, Asked, Network};
use seaway_rpc::{Fault, Wanted};
use seaway_storage::Database;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::contract::SignedOffer;
use seaway_types::limits::{OFFER_BYTES_MAX, PARTY_SEALED_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Longest number in bytes: `Max34Text` of ISO 20022, in which a character has up to four.
const NUMBER_BYTES_MAX: usize = 136;

/// The protocol between nodes. Nothing is longer than party data.
pub const QUESTIONS: AskSpec = AskSpec { protocol: "/seaway/1/ask", frame_bytes_max: PARTY_SEALED_BYTES_MAX + 256 };
const _: () = assert!(OFFER_BYTES_MAX <= PARTY_SEALED_BYTES_MAX);

/// A number of an agent's.
pub type Number = Bounded<u8, NUMBER_BYTES_MAX>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // One exists per question.
pub enum Question {
    /// Which account a number names.
    Account(Number),
    /// A dealer quotes; the answer is empty.
    Quote(SignedOffer),
    /// Somebody wants quotes; the answer is empty.
    Wanted(Wanted),
    /// Party data, sealed to the node that gets it; the answer is empty, and says that it is on that node's disk.
    PartyData(Bounded<u8, PARTY_SEALED_BYTES_MAX>),
}

/// The clock, as quotes end by it.
pub fn clock() -> seaway_types::BlockTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).ok().and_then(seaway_types::BlockTime::from_ms).unwrap_or_default()
}

/// Tells all connected peers, each on its own time; who does not hear it now does without.
pub fn spread(network: &Network, question: &Question) {
    let bytes: Arc<Vec<u8>> = Arc::new(codec::encode(question));
    for (peer, _) in network.connected() {
        let (network, bytes) = (network.clone(), bytes.clone());
        tokio::spawn(async move {
            if let Err(error) = network.ask(&peer, &bytes).await {
                tracing::debug!(%peer, %error, "a quote did not reach a peer");
            }
        });
    }
}

/// Answers what other nodes ask, until the network ends.
pub async fn answer(
    own: Option<Arc<Directory>>,
    board: Arc<Board>,
    parties: Arc<Parties>,
    database: Database,
    mut asked: mpsc::Receiver<Asked>,
) {
    while let Some(Asked { from, bytes, answer }) = asked.recv().await {
        let Ok(question) = codec::decode::<Question>(&bytes, QUESTIONS.frame_bytes_max) else {
            tracing::debug!(peer = %from, "asked something that this node does not understand");
            continue;
        };
        let (own, board, parties, database) = (own.clone(), board.clone(), parties.clone(), database.clone());
        let answered = tokio::task::spawn_blocking(move || match question {
            Question::Account(number) => directory::find(own.as_deref(), &database, &number),
            Question::Quote(signed) => board.publish(&database, signed, clock()).map(|_| Some(Vec::new())),
            Question::Wanted(wanted) => {
                board.want(wanted, Wisher::Peer);
                Ok(Some(Vec::new()))
            }
            Question::PartyData(sealed) => parties.receive(&from, &sealed),
        });
        match answered.await {
            Ok(Ok(Some(bytes))) => drop(answer.send(bytes)),
            Ok(Ok(None)) => tracing::debug!(peer = %from, "asked for an account that this node cannot name"),
            Ok(Err(fault @ Fault::Internal(_))) => {
                tracing::error!(peer = %from, ?fault, "a question could not be answered");
            }
            Ok(Err(fault)) => tracing::debug!(peer = %from, ?fault, "a question was refused"),
            Err(error) => tracing::error!(%error, "a question could not be answered"),
        }
    }
}
