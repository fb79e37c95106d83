//! The webhooks of this node's agent, from start to stop.

use crate::backend::NodeBackend;
use crate::feed::{Feed, FeedOf};
use crate::home::Home;
use seaway_webhooks::{Webhook, start};
use std::sync::Arc;

/// Those that run.
pub struct Webhooks(Vec<Webhook>);

impl Webhooks {
    /// Starts delivery to every endpoint of the configuration.
    pub fn start(home: &Home, backend: &Arc<NodeBackend>, feed: &Feed) -> Result<Self, String> {
        let endpoints = home.webhooks()?;
        let Some(agent) = &home.config.agent else { return Ok(Self(Vec::new())) };
        let source = Arc::new(FeedOf { backend: backend.clone(), participant: agent.bic });
        let mut running = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let name = endpoint.name.clone();
            let webhook = start(endpoint, source.clone()).map_err(|error| error.to_string())?;
            feed.watch(name, &webhook);
            running.push(webhook);
        }
        Ok(Self(running))
    }

    /// Stops, and returns when nothing is in flight.
    pub async fn stop(&mut self) {
        for webhook in self.0.drain(..) {
            webhook.stop().await;
        }
    }
}
