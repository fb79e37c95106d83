//! Dead letters by hand: they are listed, and sent again one by one, beside the course of delivery.
//!
//! Whoever asks for it waits for the endpoint's answer. What is sent again comes out of order, and its number says so: the
//! cursor does not move, and what is delivered in order does not wait for it. It is one request at a time, on a connection
//! of its own, and the letter is crossed off only when it was taken; where the machine stops in between, it is still there.

use crate::files::Files;
use crate::post::Poster;
use crate::{Error, Event, Status};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;

/// An event that an endpoint refused for good.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The event, as it was sent.
    pub event: Event,
    /// The status with which it was refused last.
    pub status: u16,
    /// Why.
    pub reason: String,
    /// When, in Unix seconds.
    pub at: u64,
}

impl DeadLetter {
    /// Its line, without the end.
    pub(crate) fn line(&self) -> String {
        let Self { event: Event { number, body }, status, reason, at } = self;
        json!({"number": number, "reason": reason, "status": status, "at": at, "event": body}).to_string()
    }

    /// Reads a line; nothing where it is no letter, because it was cut short.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let mut letter: Value = serde_json::from_slice(line).ok()?;
        let number = |name: &str| letter[name].as_u64();
        let (number, at) = (number("number")?, number("at")?);
        let status = letter["status"].as_u64().and_then(|status| u16::try_from(status).ok())?;
        let reason = letter["reason"].as_str()?.to_owned();
        let body = letter.get_mut("event")?.take();
        Some(Self { event: Event { number, body }, status, reason, at })
    }
}

/// What became of a dead letter that was sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentAgain {
    /// The endpoint has taken it, and it is a dead letter no more.
    Taken,
    /// It stays a dead letter.
    Failed {
        /// The status of an answer that refuses it for its content; none where the endpoint was away or at fault.
        status: Option<u16>,
        /// Why, for people.
        problem: String,
    },
    /// There is no dead letter with this number.
    Absent,
}

/// The dead letters of a webhook that runs. Clones are of the same one.
#[derive(Clone)]
pub struct DeadLetters(Arc<Inner>);

struct Inner {
    name: String,
    files: Arc<Files>,
    /// Whoever holds it sends.
    poster: Mutex<Poster>,
    status: watch::Sender<Status>,
    /// Its sender goes when the webhook is stopped.
    stopped: watch::Receiver<()>,
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DeadLetters").field("webhook", &self.0.name).finish_non_exhaustive()
    }
}

impl DeadLetters {
    pub(crate) fn new(
        name: String,
        files: Arc<Files>,
        poster: Poster,
        status: watch::Sender<Status>,
        stopped: watch::Receiver<()>,
    ) -> Self {
        Self(Arc::new(Inner { name, files, poster: Mutex::new(poster), status, stopped }))
    }

    /// Those with numbers above one, by rising number, at most so many. Of those with one number it is
    /// the last; the one before it is seen when that was taken. It reads a disk: call it where blocking is allowed.
    pub fn list(&self, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Error> {
        self.0.files.letters(after, count_max)
    }

    /// Sends the dead letter of an event again, alone: with the number and the body that it had, signed anew. It is done
    /// to its end also where nobody waits for it any more.
    pub async fn send_again(&self, number: u64) -> Result<SentAgain, Error> {
        let own = self.0.clone();
        let done = tokio::spawn(async move { own.send_again(number).await }).await;
        done.unwrap_or_else(|_| Err(self.0.stopping()))
    }

    /// Returns when nothing is being sent again.
    pub(crate) async fn rest(&self) {
        drop(self.0.poster.lock().await);
    }
}

impl Inner {
    fn stopping(&self) -> Error {
        Error::Stopped { name: self.name.clone() }
    }

    async fn send_again(&self, number: u64) -> Result<SentAgain, Error> {
        let mut poster = self.poster.lock().await;
        let letter = self.on_disk(move |files| files.letter(number)).await?;
        let Some(letter) = letter else { return Ok(SentAgain::Absent) };
        let mut stopped = self.stopped.clone();
        let sent = tokio::select! {
            biased;
            _ = stopped.changed() => return Err(self.stopping()),
            sent = poster.post(std::slice::from_ref(&letter.event)) => sent,
        };
        if let Err(failure) = sent {
            let problem = failure.problem;
            tracing::warn!(webhook = %self.name, number, %problem, "a dead letter was sent again, and not taken");
            return Ok(SentAgain::Failed { status: failure.refused, problem });
        }
        let status = self.status.clone();
        self.on_disk(move |files| files.cross_off(&letter.event, &status)).await?;
        tracing::info!(webhook = %self.name, number, "a dead letter was sent again, and taken");
        Ok(SentAgain::Taken)
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let files = self.files.clone();
        spawn_blocking(move || work(&files)).await.unwrap_or_else(|_| Err(self.stopping()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_or_not_at_all() {
        let event = Event { number: 7, body: json!({"type": "entry", "number": 7}) };
        let letter = DeadLetter { event, status: 422, reason: "answered 422".to_owned(), at: 1_700_000_000 };
        let line = letter.line();
        assert_eq!(DeadLetter::read(line.as_bytes()), Some(letter));
        for cut in 0..line.len() {
            assert_eq!(DeadLetter::read(&line.as_bytes()[..cut]), None, "{cut}");
        }
        for other in ["7", "[]", "{}", "{\"number\":7,\"status\":70000,\"reason\":\"\",\"at\":1,\"event\":{}}"] {
            assert_eq!(DeadLetter::read(other.as_bytes()), None, "{other}");
        }
    }
}
