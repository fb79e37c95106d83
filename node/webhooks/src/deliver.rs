//! The course of a delivery: read, send, keep the cursor; and what follows when one of these fails.

use crate::backoff::Backoff;
use crate::endpoint::Endpoint;
use crate::files::Files;
use crate::post::{Failure, Poster};
use crate::{DeadLetter, Event, Source, Status, unix_seconds};
use seaway_types::Height;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// Events in a request.
const BATCH_EVENTS_MAX: usize = 100;
/// So many times one event is refused before it becomes a dead letter.
const REFUSALS_MAX: u32 = 8;

/// The webhook was stopped, or its feed has ended.
struct Stopped;

/// Delivery to one endpoint. It ends only where it is not amid a write.
pub(crate) struct Delivery<S> {
    name: String,
    source: Arc<S>,
    poster: Poster,
    files: Arc<Files>,
    backoff: Backoff,
    /// The number of the last event delivered, as it is on disk.
    delivered: u64,
    status: watch::Sender<Status>,
    /// Nothing is ever sent: it changes when its sender goes.
    stop: watch::Receiver<()>,
}

impl<S: Source> Delivery<S> {
    pub(crate) fn new(
        endpoint: Endpoint,
        source: Arc<S>,
        poster: Poster,
        files: Arc<Files>,
        status: watch::Sender<Status>,
        stop: watch::Receiver<()>,
    ) -> Self {
        let (backoff, delivered) = (Backoff::new(&endpoint.timing), status.borrow().delivered);
        Self { name: endpoint.name, source, poster, files, backoff, delivered, status, stop }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(mut self) {
        let Err(Stopped) = self.rounds().await;
        tracing::info!(webhook = %self.name, delivered = self.delivered, "webhook stops");
    }

    async fn rounds(&mut self) -> Result<Infallible, Stopped> {
        let mut changed = self.source.changed();
        loop {
            // Before reading: what comes while we read is noticed afterwards.
            changed.mark_unchanged();
            match self.read().await {
                Err(problem) => self.pause(&Failure::plain(problem)).await?,
                Ok(events) if events.is_empty() => self.more(&mut changed).await?,
                Ok(events) => self.deliver(&events).await?,
            }
        }
    }

    /// Reads the next batch. A feed that is out of order must not move the cursor.
    async fn read(&mut self) -> Result<Vec<Event>, String> {
        let (source, after) = (self.source.clone(), self.delivered);
        let read = spawn_blocking(move || source.after(after, BATCH_EVENTS_MAX)).await;
        let events = read.map_err(|error| error.to_string())??;
        let mut last = after;
        for event in &events {
            if event.number <= last {
                return Err(format!("the feed gives event {} after {last}", event.number));
            }
            last = event.number;
        }
        if events.len() > BATCH_EVENTS_MAX {
            return Err(format!("the feed gives {} events; {BATCH_EVENTS_MAX} were asked for", events.len()));
        }
        Ok(events)
    }

    /// Waits until there may be more.
    async fn more(&mut self, changed: &mut watch::Receiver<Height>) -> Result<(), Stopped> {
        tokio::select! {
            biased;
            _ = self.stop.changed() => Err(Stopped),
            more = changed.changed() => more.map_err(|_| Stopped),
        }
    }

    /// Delivers a batch as one; if it is refused for its content, event by event, to find which one it is.
    async fn deliver(&mut self, events: &[Event]) -> Result<(), Stopped> {
        while let [_, .., last] = events {
            match self.post(events).await? {
                Ok(()) => return self.advance(last.number).await,
                Err(failure) if failure.refused.is_some() => {
                    let count = events.len();
                    tracing::info!(webhook = %self.name, problem = %failure.problem, count, "sent one by one");
                    break;
                }
                Err(failure) => self.pause(&failure).await?,
            }
        }
        for event in events {
            self.deliver_one(event).await?;
        }
        Ok(())
    }

    /// Delivers one event, or buries it when it was refused often enough. Refusals are counted in memory: a restart
    /// begins anew.
    async fn deliver_one(&mut self, event: &Event) -> Result<(), Stopped> {
        let mut refusals = 0;
        loop {
            match self.post(std::slice::from_ref(event)).await? {
                Ok(()) => return self.advance(event.number).await,
                Err(failure) => {
                    if let Some(status) = failure.refused {
                        refusals += 1;
                        if refusals >= REFUSALS_MAX {
                            return self.bury(event, status, &failure.problem).await;
                        }
                    }
                    self.pause(&failure).await?;
                }
            }
        }
    }

    async fn post(&mut self, events: &[Event]) -> Result<Result<(), Failure>, Stopped> {
        tokio::select! {
            biased;
            _ = self.stop.changed() => Err(Stopped),
            answered = self.poster.post(events) => Ok(answered),
        }
    }

    /// Keeps an event that is refused for good, and goes on.
    async fn bury(&mut self, event: &Event, status: u16, reason: &str) -> Result<(), Stopped> {
        let number = event.number;
        tracing::error!(webhook = %self.name, number, status, "event becomes a dead letter");
        let letter = DeadLetter { event: event.clone(), status, reason: reason.to_owned(), at: unix_seconds() };
        let line: Arc<str> = letter.line().into();
        let told = self.status.clone();
        self.write(move |files| files.bury(&line, &told)).await?;
        self.advance(number).await
    }

    /// Keeps the cursor, and tells of it once it is kept.
    async fn advance(&mut self, number: u64) -> Result<(), Stopped> {
        self.write(move |files| files.keep_cursor(number)).await?;
        self.delivered = number;
        self.backoff.reset();
        let mut failures = 0;
        self.status.send_modify(|status| {
            failures = status.failures;
            status.delivered = number;
            status.failures = 0;
            status.failing_since = None;
        });
        if failures > 0 {
            tracing::info!(webhook = %self.name, delivered = number, failures, "webhook delivers again");
        }
        Ok(())
    }

    /// Writes until it is written: what the disk does not hold does not count.
    async fn write<W>(&mut self, write: W) -> Result<(), Stopped>
    where
        W: Fn(&Files) -> io::Result<()> + Clone + Send + 'static,
    {
        loop {
            let (files, write) = (self.files.clone(), write.clone());
            let problem = match spawn_blocking(move || write(&files)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            self.pause(&Failure::plain(format!("the webhook's own files: {problem}"))).await?;
        }
    }

    /// Tells of a failure, and leaves the endpoint alone for a while.
    async fn pause(&mut self, failure: &Failure) -> Result<(), Stopped> {
        // Without random bytes the wait is the shortest of its range.
        let wait = self.backoff.wait(failure.retry_after, getrandom::u32().unwrap_or(0));
        tracing::warn!(webhook = %self.name, problem = %failure.problem, ?wait, "not delivered");
        self.status.send_modify(|status| {
            status.failures += 1;
            status.failing_since.get_or_insert_with(unix_seconds);
            status.last_problem = Some(failure.problem.clone());
        });
        tokio::select! {
            biased;
            _ = self.stop.changed() => Err(Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}
