//! Webhooks of a node: a numbered feed of events, signed and delivered to a bank's HTTP endpoint.
//!
//! Invariants: events go out in order, one request after another; at most two are in flight an endpoint, that one in
//! order and one that an operator has sent again by hand. The cursor on disk moves only after the endpoint has answered
//! for all that was sent in order, so that every event is delivered at least once, and the receiver knows a repeated
//! one by its number. Nothing is ever dropped for an endpoint that cannot be reached, is slow, or
//! answers that it is at fault: it is asked again for as long as it takes. What an endpoint refuses for its content,
//! again and again, is kept in a file beside the cursor (a dead letter), so that it does not hold up the events
//! behind it. Only an operator has it sent again ([`DeadLetters`]): alone, out of order, beside what goes out in order;
//! once it is taken it is a dead letter no more.
//!
//! A request is a POST of `{"webhook": name, "events": [{"number": n, ...}, ...], "first": n, "last": m}`. Its
//! headers name its events ([`ID_HEADER`]), say when it was sent ([`TIMESTAMP_HEADER`]) and carry one signature for
//! each secret of the endpoint ([`SIGNATURE_HEADER`]); [`verify`] is the receiver's side of it. Delivered means: a
//! status of 2xx, a body that ends in time and within its bound, and, where the receiver names the last number it has
//! taken ([`RECEIVED_HEADER`]), that it is the last one sent. Redirects are not followed.

mod backoff;
mod deliver;
mod endpoint;
mod files;
mod letters;
mod line;
mod post;
mod signature;

pub use endpoint::{Endpoint, Timing};
pub use letters::{DeadLetter, DeadLetters, SentAgain};
pub use signature::{
    ID_HEADER, RECEIVED_HEADER, SIGNATURE_HEADER, SignatureError, Signed, TIMESTAMP_HEADER, signature, verify,
};

use crate::deliver::Delivery;
use crate::files::Files;
use crate::post::Poster;
use seaway_types::Height;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One event of the feed: its number and its JSON text.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the feed. Numbers rise; they need not follow each other without gaps.
    pub number: u64,
    /// What happened: an object, which is sent with its `number` in it. Anything else is sent as `{"number",
    /// "value"}`.
    pub body: serde_json::Value,
}

/// Where events come from.
pub trait Source: Send + Sync + 'static {
    /// Events with numbers above one, in order, at most so many. It may read a disk: it is called where blocking is
    /// allowed.
    fn after(&self, number: u64, count_max: usize) -> Result<Vec<Event>, String>;
    /// Changes when there may be more. When its sender is gone, the feed has ended, and delivery with it.
    fn changed(&self) -> watch::Receiver<Height>;
}

/// Why a webhook does not start, or does not do what it is asked by hand.
#[derive(Debug, Error)]
pub enum Error {
    /// A name that cannot name files.
    #[error("webhook {name:?}: a name is 1 to 32 characters of a-z, 0-9 and -")]
    Name {
        /// The name.
        name: String,
    },
    /// A setting that is refused.
    #[error("webhook {name}: {setting}: {problem}")]
    Setting {
        /// The webhook.
        name: String,
        /// The setting.
        setting: &'static str,
        /// What is wrong. The value is not shown: it may hold a password.
        problem: &'static str,
    },
    /// The file system failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// A cursor that cannot be read. It is never taken for 0: that would send the whole feed again.
    #[error("{} is damaged: expected one number and the end of the line. Write the number of the last event that the receiver has taken, or remove the file to begin again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Certificate authorities that cannot be used.
    #[error("webhook {name}: certificate authorities: {problem}")]
    Authorities {
        /// The webhook.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// It is stopped, or about to be.
    #[error("webhook {name} is stopped")]
    Stopped {
        /// The webhook.
        name: String,
    },
}

/// How delivery to an endpoint stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Up to this number every event is delivered, or a dead letter.
    pub delivered: u64,
    /// Attempts that failed since the last one that did not.
    pub failures: u64,
    /// Since when attempts fail, in Unix seconds; none while they do not.
    pub failing_since: Option<u64>,
    /// Why the last attempt that failed did. It stays after a success.
    pub last_problem: Option<String>,
    /// Letters in the file of dead letters; a line that was cut short is none.
    pub dead_letters: u64,
}

/// A webhook that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Webhook {
    status: watch::Receiver<Status>,
    dead: DeadLetters,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Webhook {
    /// How delivery stands now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// The status as it changes.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Its dead letters.
    pub fn dead_letters(&self) -> DeadLetters {
        self.dead.clone()
    }

    /// Stops, and returns when nothing is in flight and nothing is being written. A request without its answer is
    /// sent again after the next start; a dead letter that was being sent again stays one.
    pub async fn stop(self) {
        let Self { dead, stop, task, .. } = self;
        drop(stop);
        if let Err(error) = task.await {
            tracing::error!(%error, "a webhook ended badly");
        }
        dead.rest().await;
    }
}

/// Starts delivery to an endpoint. It reads the endpoint's files at once, and must be called within a tokio runtime.
/// Two webhooks of one name in one folder would move one cursor: whoever starts them sees to it that names differ.
pub fn start<S: Source>(endpoint: Endpoint, source: Arc<S>) -> Result<Webhook, Error> {
    let target = endpoint.check()?;
    let files = Arc::new(Files::open(&endpoint.folder, &endpoint.name)?);
    let delivered = files.cursor(endpoint.from)?;
    let dead_letters = files.dead_letters()?;
    let (poster, by_hand) = (Poster::new(&endpoint, target.clone())?, Poster::new(&endpoint, target)?);
    let (status, watched) = watch::channel(Status { delivered, dead_letters, ..Status::default() });
    let (stop, stopped) = watch::channel(());
    tracing::info!(webhook = %endpoint.name, delivered, dead_letters, "webhook starts");
    let dead = DeadLetters::new(endpoint.name.clone(), files.clone(), by_hand, status.clone(), stopped.clone());
    let delivery = Delivery::new(endpoint, source, poster, files, status, stopped);
    let task = tokio::spawn(delivery.run());
    Ok(Webhook { status: watched, dead, stop, task })
}

/// Seconds since 1970; a clock before that counts as 0.
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
