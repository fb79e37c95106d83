//! What blocks bring, as it comes: without a gap, also when the connection breaks and another node has to be asked.

use crate::client::{Client, ClientError};
use crate::trust::Trust;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jsonrpsee_core::client::{ClientT, Error as CallError, Subscription, SubscriptionClientT};
use jsonrpsee_core::params::ObjectParams;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use seaway_types::AccountId;
use seaway_types::time::Height;
use serde_json::{Value, json};
use std::time::Duration;

/// Shortest and longest wait between attempts to connect.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The answers to instructions; of one account, or of all where the node allows it.
    Payments(Option<AccountId>),
    /// The movements on an account.
    Movements(AccountId),
    /// Exchange quotes and wishes. They stand in no block: what comes while the connection is broken is missed, and the
    /// event `{"missed": null}` says so; the list of quotes tells what there is.
    Exchange,
}

/// See the module. Dropping it ends the subscription.
pub struct Stream {
    nodes: Vec<String>,
    trust: Trust,
    token: Option<String>,
    topic: Topic,
    /// The first height that was not delivered yet; the next one to come when nothing was.
    next: Option<Height>,
    /// The client is kept because the subscription ends with it.
    open: Option<(WsClient, Subscription<Value>)>,
    attempts: usize,
    /// Whether something may have been missed since the last event, which the caller is to hear.
    missed: bool,
}

impl Client {
    /// Follows a topic from a height on, or from the next block.
    pub fn follow(&self, topic: Topic, from: Option<Height>) -> Stream {
        let (nodes, trust, token) = self.places();
        Stream {
            nodes,
            trust,
            token: token.map(str::to_owned),
            topic,
            next: from,
            open: None,
            attempts: 0,
            missed: false,
        }
    }
}

impl Stream {
    /// Connects now and not with the first event: what happens from then on is heard.
    pub async fn ready(&mut self) -> Result<(), ClientError> {
        while self.open.is_none() {
            match self.connect().await {
                Ok(open) => self.open = Some(open),
                Err(error @ (ClientError::Refused { .. } | ClientError::NoNode)) => return Err(error),
                Err(ClientError::Unreachable { .. }) => {
                    self.attempts += 1;
                    self.wait().await;
                }
            }
        }
        Ok(())
    }

    /// The next event. It connects again as often as needed; an error is a node's refusal, which would come again.
    pub async fn next(&mut self) -> Result<Value, ClientError> {
        loop {
            self.ready().await?;
            if std::mem::take(&mut self.missed) {
                return Ok(json!({"missed": null}));
            }
            let Some((_, events)) = &mut self.open else { continue };
            match events.next().await {
                Some(Ok(event)) => {
                    let height = event["height"].as_str().and_then(|height| height.parse().ok()).map(Height);
                    self.attempts = 0;
                    self.next = height.map(|height| Height(height.0.saturating_add(1))).or(self.next);
                    return Ok(event);
                }
                Some(Err(_)) | None => {
                    self.open = None;
                    self.missed = self.topic == Topic::Exchange;
                    self.attempts += 1;
                    self.wait().await;
                }
            }
        }
    }

    /// Longer after each attempt.
    async fn wait(&self) {
        let doublings = u32::try_from(self.attempts.min(6)).unwrap_or(6);
        tokio::time::sleep((BACKOFF_MIN * 2u32.pow(doublings)).min(BACKOFF_MAX)).await;
    }

    async fn connect(&mut self) -> Result<(WsClient, Subscription<Value>), ClientError> {
        let url = self.nodes.get(self.attempts % self.nodes.len().max(1)).ok_or(ClientError::NoNode)?.clone();
        let unreachable = |problem: String| ClientError::Unreachable { url: url.clone(), problem };
        let socket = url.replacen("http", "ws", 1);
        let mut builder = WsClientBuilder::default();
        if url.starts_with("https:") {
            builder = builder.with_custom_cert_store(self.trust.config().map_err(unreachable)?);
        }
        if let Some(token) = &self.token {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            headers.insert(AUTHORIZATION, value.map_err(|error| unreachable(error.to_string()))?);
            builder = builder.set_headers(headers);
        }
        let client = builder.build(&socket).await.map_err(|error| unreachable(error.to_string()))?;
        let (method, unsubscribe, account) = match self.topic {
            Topic::Payments(account) => ("payment_subscribe", "payment_unsubscribe", account),
            Topic::Movements(account) => ("account_subscribe", "account_unsubscribe", Some(account)),
            Topic::Exchange => ("fx_subscribe", "fx_unsubscribe", None),
        };
        let refused = |error: CallError| match error {
            CallError::Call(error) => {
                let data = error.data().and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or(Value::Null);
                ClientError::Refused { number: error.code(), message: error.message().to_owned(), data }
            }
            error => unreachable(error.to_string()),
        };
        if self.next.is_none() && self.topic != Topic::Exchange {
            // The place is held from the first connection on, so that a break before the first event loses nothing.
            let status: Value = client.request("network_status", ObjectParams::new()).await.map_err(refused)?;
            let height: Option<u64> = status["height"].as_str().and_then(|height| height.parse().ok());
            self.next = height.map(|height| Height(height.saturating_add(1)));
        }
        let mut params = ObjectParams::new();
        let odd = |error: serde_json::Error| unreachable(error.to_string());
        if let Some(account) = account {
            params.insert("account", account).map_err(odd)?;
        }
        if let Some(next) = self.next {
            params.insert("from", next).map_err(odd)?;
        }
        match client.subscribe(method, params, unsubscribe).await {
            Ok(events) => Ok((client, events)),
            Err(error) => Err(refused(error)),
        }
    }
}
