//! Honest clients: they pay, send the same bytes again until they hear `final`, and keep what they were told.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_cluster::{Cluster, Payer};
use seaway_sdk::{Client, ClientError, Signed};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a client waits for one answer before it asks the next node.
const ANSWER: Duration = Duration::from_secs(3);
/// How long a client asks again before it calls a payment lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it waits after a refusal before it asks again.
const AGAIN: Duration = Duration::from_millis(50);
/// Each payment of so many is sent again, through another node, after its answer: that one must tell the same.
const TWICE: u64 = 8;

/// A payment, and what its client was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The payment.
    pub signed: Signed,
    /// Its amount in cents of HKD.
    pub cents: u64,
    /// The height at which it is final.
    pub height: u64,
    /// How long its client waited.
    pub took: Duration,
    /// When it was told.
    pub at: Instant,
}

#[derive(Default)]
struct Heard {
    told: Vec<Told>,
    wrong: Vec<String>,
}

/// Clients that pay until they are told to end.
pub struct Clients {
    heard: Arc<Mutex<Heard>>,
    end: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// One client: the nodes that it may ask, in turns.
struct One {
    nodes: Vec<Client>,
    payer: Payer,
    random: ChaCha8Rng,
    heard: Arc<Mutex<Heard>>,
    pause: Duration,
}

/// A panic in another client is told when all end; what was heard stays.
fn locked(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clients {
    /// Starts so many clients, each of which pays, waits, and pauses; the first node that each asks is another one's.
    pub fn start(
        cluster: &Cluster,
        through: &[usize],
        count: u64,
        pause: Duration,
        seed: u64,
    ) -> Result<Self, String> {
        let heard = Arc::<Mutex<Heard>>::default();
        let (end, ended) = watch::channel(false);
        let mut tasks = Vec::new();
        for place in 0..count {
            let nodes: Vec<Client> =
                through.iter().map(|node| cluster.client(*node)).collect::<Result<_, String>>()?;
            let one = One {
                nodes,
                payer: Payer::new(&cluster.document),
                random: ChaCha8Rng::seed_from_u64(seed ^ place << 32),
                heard: heard.clone(),
                pause,
            };
            tasks.push(tokio::spawn(one.pay(ended.clone(), place)));
        }
        Ok(Self { heard, end, tasks })
    }

    /// How many payments are final so far.
    pub fn count(&self) -> usize {
        locked(&self.heard).told.len()
    }

    /// How long clients waited that began to between two moments, in milliseconds.
    pub fn waits_ms(&self, from: Instant, until: Instant) -> Vec<f64> {
        let heard = locked(&self.heard);
        let begun = |one: &Told| one.at.checked_sub(one.took).unwrap_or(one.at);
        let within = heard.told.iter().filter(|one| (from..until).contains(&begun(one)));
        within.map(|one| one.took.as_secs_f64() * 1_000.0).collect()
    }

    /// Lets each client end the payment it is at, and returns what they all were told, and what was wrong.
    pub async fn end(mut self) -> (Vec<Told>, Vec<String>) {
        self.end.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                locked(&self.heard).wrong.push(format!("a client ended: {error}"));
            }
        }
        let heard = std::mem::take(&mut *locked(&self.heard));
        (heard.told, heard.wrong)
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // Nobody pays on into what comes after a row that has failed.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl One {
    async fn pay(mut self, mut ended: watch::Receiver<bool>, place: u64) {
        for turn in place.. {
            if *ended.borrow() {
                return;
            }
            let cents = 1 + self.random.next_u64() % 500;
            let told = match self.payer.merchant_pays(cents) {
                Ok(signed) => self.settle(signed, cents, turn).await,
                Err(problem) => Err(problem),
            };
            match told {
                Ok(told) => locked(&self.heard).told.push(told),
                Err(problem) => locked(&self.heard).wrong.push(problem),
            }
            let _ended = tokio::time::timeout(self.pause, ended.wait_for(|ended| *ended)).await;
        }
    }

    async fn settle(&mut self, signed: Signed, cents: u64, turn: u64) -> Result<Told, String> {
        let start = Instant::now();
        let height = self.until_final(&signed, turn).await?;
        let told = Told { signed, cents, height, took: start.elapsed(), at: Instant::now() };
        if self.random.next_u64().is_multiple_of(TWICE) {
            let again = self.until_final(&told.signed, turn + 1).await?;
            if again != height {
                let uetr = told.signed.uetr;
                return Err(format!("{uetr} was told as final at {height}, and then, sent again, at {again}"));
            }
        }
        Ok(told)
    }

    /// Sends the very same bytes through one node after the other until one says that they are final.
    async fn until_final(&self, signed: &Signed, turn: u64) -> Result<u64, String> {
        let start = Instant::now();
        let mut last = String::from("no answer");
        for node in self.nodes.iter().cycle().skip(turn as usize % self.nodes.len().max(1)) {
            if start.elapsed() > PATIENCE {
                break;
            }
            match submit(node, signed).await {
                Ok(height) => return Ok(height),
                Err(Answered::Wrong(what)) => return Err(what),
                Err(Answered::Nothing(why)) => last = why,
            }
            tokio::time::sleep(AGAIN).await;
        }
        Err(format!("{} was not final after {PATIENCE:?}: {last}", signed.uetr))
    }
}

/// What is no final answer.
pub enum Answered {
    /// The node is gone, or says that it may be asked again.
    Nothing(String),
    /// Something that no correct node says.
    Wrong(String),
}

/// Submits a payment through a node; the height at which it is final.
pub async fn submit(node: &Client, signed: &Signed) -> Result<u64, Answered> {
    let params = json!({"bytes": signed.bytes_in_hex(), "wait": "final", "timeoutMs": ANSWER.as_millis() as u64});
    let call = tokio::time::timeout(2 * ANSWER, node.call("payment_submit", params)).await;
    let answer = match call {
        Err(_) => return Err(Answered::Nothing("no answer in time".to_owned())),
        Ok(Err(error)) if error.may_retry() => return Err(Answered::Nothing(error.to_string())),
        Ok(Err(error @ ClientError::Refused { .. })) => return Err(Answered::Wrong(format!("refused: {error}"))),
        Ok(Err(error)) => return Err(Answered::Nothing(error.to_string())),
        Ok(Ok(answer)) => answer,
    };
    let height = answer["height"].as_str().and_then(|text| text.parse().ok());
    match (answer["status"].as_str(), height) {
        (Some("ACCC"), Some(height)) => Ok(height),
        _ => Err(Answered::Wrong(format!("{} is answered {}", signed.uetr, Value::to_string(&answer)))),
    }
}
