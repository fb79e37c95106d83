//! The feed of what happened: numbered behind the blocks, read by clients, and delivered to the webhooks of this node's agent.

use crate::backend::NodeBackend;
use crate::reads::failed;
use seaway_rpc::{DeadLetter, Fault, Redelivered, WebhookStanding, feed_events};
use seaway_storage::{Agents, Database};
use seaway_types::bic::Bic;
use seaway_types::feed::FeedEvent;
use seaway_types::time::Height;
use seaway_webhooks::{DeadLetters, Error, Event, SentAgain, Source, Status, Webhook};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// See the module.
pub struct Feed {
    numbered: watch::Sender<Height>,
    webhooks: Mutex<Vec<Hook>>,
}

/// A webhook that runs.
struct Hook {
    name: String,
    status: watch::Receiver<Status>,
    dead: DeadLetters,
}

/// What a client hears when dead letters cannot be had.
fn unreadable(error: Error) -> Fault {
    match error {
        Error::Stopped { .. } => Fault::Unavailable("the node is stopping".to_owned()),
        other => Fault::Internal(other.to_string()),
    }
}

impl Feed {
    /// The feed of a database.
    pub fn open(database: &Database) -> Result<Self, String> {
        let numbered = database.fed().map_err(|error| error.to_string())?;
        Ok(Self { numbered: watch::Sender::new(numbered), webhooks: Mutex::default() })
    }

    /// Takes up how delivery to an endpoint stands, and its dead letters.
    pub fn watch(&self, name: String, webhook: &Webhook) {
        let hook = Hook { name, status: webhook.watch(), dead: webhook.dead_letters() };
        self.hooks().push(hook);
    }

    fn hooks(&self) -> MutexGuard<'_, Vec<Hook>> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How delivery to each endpoint stands.
    pub fn webhooks(&self) -> Vec<(String, Status)> {
        self.hooks().iter().map(|hook| (hook.name.clone(), hook.status.borrow().clone())).collect()
    }

    /// The same as clients are told.
    pub fn standings(&self) -> Vec<WebhookStanding> {
        let standing = |(webhook, status): (String, Status)| {
            let Status { delivered, failures, failing_since, last_problem, dead_letters } = status;
            WebhookStanding { webhook, delivered, failures, failing_since, last_problem, dead_letters }
        };
        self.webhooks().into_iter().map(standing).collect()
    }

    fn dead(&self, webhook: &str) -> Result<DeadLetters, Fault> {
        let found = self.hooks().iter().find(|hook| hook.name == webhook).map(|hook| hook.dead.clone());
        found.ok_or_else(|| Fault::Unknown { what: "webhook", value: webhook.chars().take(40).collect() })
    }

    /// The dead letters of an endpoint with numbers above one, by rising number, at most so many.
    pub fn dead_letters(&self, webhook: &str, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Fault> {
        let letters = self.dead(webhook)?.list(after, count_max).map_err(unreadable)?;
        let shown = |letter: seaway_webhooks::DeadLetter| {
            let seaway_webhooks::DeadLetter { event: Event { number, body }, status, reason, at } = letter;
            DeadLetter { number, status, reason, at, event: body }
        };
        Ok(letters.into_iter().map(shown).collect())
    }

    /// Sends a dead letter to its endpoint again.
    pub async fn redeliver(&self, webhook: &str, number: u64) -> Result<Redelivered, Fault> {
        match self.dead(webhook)?.send_again(number).await.map_err(unreadable)? {
            SentAgain::Taken => Ok(Redelivered::Taken),
            SentAgain::Failed { status, problem } => Ok(Redelivered::Failed { status, problem }),
            SentAgain::Absent => Ok(Redelivered::Absent),
        }
    }

    /// The height up to which events have numbers, as it grows.
    pub fn numbered(&self) -> watch::Receiver<Height> {
        self.numbered.subscribe()
    }

    /// A participant's events with numbers above one, at most so many, and the height up to which events have numbers.
    pub fn read(
        &self,
        database: &Database,
        participant: Bic,
        after: u64,
        count_max: usize,
    ) -> Result<(Vec<FeedEvent>, Height), Fault> {
        // First the height: what is numbered in between is told, and the height says less than it could.
        let numbered = database.fed().map_err(failed)?;
        let events = database.feed(&participant, after, count_max, &mut Agents::default()).map_err(failed)?;
        Ok((events, numbered))
    }

    /// Numbers what comes, until the node ends. Where it fails the feed stands still and says so: nothing is skipped.
    pub async fn follow(self: Arc<Self>, database: Database, mut tips: watch::Receiver<Height>) {
        let mut agents = Agents::default();
        loop {
            let tip = *tips.borrow_and_update();
            let of = database.clone();
            let done = tokio::task::spawn_blocking(move || {
                let more = of.number_feed(tip, &mut agents);
                (agents, more, of.fed())
            });
            let (kept, more, fed) = match done.await {
                Ok(done) => done,
                Err(error) => return tracing::error!(%error, "the feed of events ends: it could not be numbered"),
            };
            agents = kept;
            match (more, fed) {
                (Ok(more), Ok(fed)) => {
                    self.numbered.send_if_modified(|known| std::mem::replace(known, fed) != fed);
                    if more {
                        continue;
                    }
                }
                (Err(error), _) | (_, Err(error)) => {
                    tracing::error!(%error, "the feed of events stands still");
                }
            }
            if tips.changed().await.is_err() {
                return;
            }
        }
    }
}

/// The feed of one participant, for webhooks.
pub struct FeedOf {
    /// Where it is read.
    pub backend: Arc<NodeBackend>,
    /// Whose it is.
    pub participant: Bic,
}

impl Source for FeedOf {
    fn after(&self, number: u64, count_max: usize) -> Result<Vec<Event>, String> {
        let found = feed_events(&*self.backend, self.participant, number, count_max);
        let events = found.map_err(|fault| format!("{fault:?}"))?;
        Ok(events.into_iter().map(|(number, body)| Event { number, body }).collect())
    }

    fn changed(&self) -> watch::Receiver<Height> {
        self.backend.feed.numbered()
    }
}
