//! What nodes ask and tell each other one by one, besides consensus: which account a number names, exchange quotes, and party data.

use crate::directory::{self, Directory};
use crate::parties::Parties;
use crate::quotes::{Board, Wisher};
use seaway_network::{AskSpec, Asked, Network, Pace};
use seaway_rpc::{Fault, Wanted};
use seaway_storage::Database;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::contract::SignedOffer;
use seaway_types::keys::PublicKey;
use seaway_types::limits::{OFFER_BYTES_MAX, PARTY_SEALED_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Longest number in bytes: `Max34Text` of ISO 20022, in which a character has up to four.
const NUMBER_BYTES_MAX: usize = 136;

/// The protocol between nodes. Nothing is longer than party data.
pub const QUESTIONS: AskSpec = AskSpec { protocol: "/seaway/1/ask", frame_bytes_max: PARTY_SEALED_BYTES_MAX + 256 };
const _: () = assert!(OFFER_BYTES_MAX <= PARTY_SEALED_BYTES_MAX);

/// The answer to what is refused, but for an account: without an answer it would be asked again and again.
pub const REFUSED: &[u8] = b"refused";

/// Accounts that one peer may ask for in a second, and at once after it has asked for none: those of two bulk payments. Who looks for
/// our customers by trying numbers is slowed down to less than two million a day.
const ACCOUNTS_A_SECOND_MAX: u32 = 20;
const ACCOUNTS_AT_ONCE_MAX: u32 = 8_192;
const SECOND: Duration = Duration::from_secs(1);

/// Questions that are answered at the same time.
const AT_ONCE_MAX: usize = 8;
/// The same for party data, which waits for the disk.
const PARTY_DATA_AT_ONCE_MAX: usize = 4;

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
    /// Party data, sealed to the node that gets it; the answer is empty, and says that it is on that node's disk, or [`REFUSED`].
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

/// What questions are answered from.
#[derive(Clone)]
struct Here {
    own: Option<Arc<Directory>>,
    board: Arc<Board>,
    parties: Arc<Parties>,
    database: Database,
}

/// Answers what other nodes ask, until the network ends. Party data takes the disk and keeps nobody from asking for an account. What waits for
/// its turn is bounded by the network: each peer has some questions under way, and one that it gave up is left out.
pub async fn answer(
    own: Option<Arc<Directory>>,
    board: Arc<Board>,
    parties: Arc<Parties>,
    database: Database,
    mut asked: mpsc::Receiver<Asked>,
) {
    let here = Here { own, board, parties, database };
    let (light, heavy) = (Arc::new(Semaphore::new(AT_ONCE_MAX)), Arc::new(Semaphore::new(PARTY_DATA_AT_ONCE_MAX)));
    let mut paces: HashMap<PublicKey, Pace> = HashMap::new();
    while let Some(Asked { from, bytes, answer }) = asked.recv().await {
        let Ok(question) = codec::decode::<Question>(&bytes, QUESTIONS.frame_bytes_max) else {
            tracing::debug!(peer = %from, "asked something that this node does not understand");
            continue;
        };
        let turns = match question {
            Question::PartyData(_) => heavy.clone(),
            _ => light.clone(),
        };
        let pace = matches!(question, Question::Account(_)).then(|| {
            paces
                .entry(from)
                .or_insert_with(|| Pace::new(SECOND / ACCOUNTS_A_SECOND_MAX * ACCOUNTS_AT_ONCE_MAX))
                .clone()
        });
        let here = here.clone();
        tokio::spawn(async move {
            if let Some(pace) = pace {
                pace.take(SECOND / ACCOUNTS_A_SECOND_MAX).await;
            }
            let _turn = turns.acquire().await;
            if !answer.is_closed() {
                here.respond(from, question, answer).await;
            }
        });
    }
}

impl Here {
    async fn respond(self, from: PublicKey, question: Question, answer: oneshot::Sender<Vec<u8>>) {
        // Another node of the same agent may name the account, so silence is better than a no.
        let is_account = matches!(question, Question::Account(_));
        let fault = match tokio::task::spawn_blocking(move || self.find(&from, question)).await {
            Ok(Ok(Some(bytes))) => return drop(answer.send(bytes)),
            Ok(Ok(None)) => return tracing::debug!(peer = %from, "asked for an account that this node cannot name"),
            Ok(Err(fault)) => fault,
            Err(error) => Fault::Internal(error.to_string()),
        };
        match fault {
            Fault::Internal(why) => tracing::error!(peer = %from, %why, "a question could not be answered"),
            fault => tracing::debug!(peer = %from, ?fault, "a question was refused"),
        }
        if !is_account {
            drop(answer.send(REFUSED.to_vec()));
        }
    }

    fn find(&self, from: &PublicKey, question: Question) -> Result<Option<Vec<u8>>, Fault> {
        match question {
            Question::Account(number) => directory::find(self.own.as_deref(), &self.database, &number),
            Question::Quote(signed) => self.board.publish(&self.database, signed, clock()).map(|_| Some(Vec::new())),
            Question::Wanted(wanted) => {
                self.board.want(wanted, Wisher::Peer);
                Ok(Some(Vec::new()))
            }
            Question::PartyData(sealed) => self.parties.receive(from, &sealed),
        }
    }
}
