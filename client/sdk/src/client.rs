//! Calls to nodes.

use crate::payment::Signed;
use crate::trust::Trust;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, InvalidHeaderValue};
use jsonrpsee_core::client::{ClientT, Error as CallError};
use jsonrpsee_core::params::ObjectParams;
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use seaway_types::hash::Hash32;
use seaway_types::signature::{self, Evidence};
use serde_json::{Value, json};
use std::time::Duration;
use thiserror::Error;

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(65);
/// The shortest and the longest pause before the nodes are asked again, unless one of them says when.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// What a node answers that takes no instructions.
const OBSERVER: i32 = -32_041;
/// What a node answers when it was not final in time.
const NOT_FINAL_YET: i32 = -32_043;
/// What a node answers that is stopping.
const NOT_READY: i32 = -32_042;

/// Why a call has no answer.
#[derive(Clone, Debug, Error)]
pub enum ClientError {
    /// The node refuses, with its number, text and data.
    #[error("{message} ({number})")]
    Refused {
        /// JSON-RPC error number.
        number: i32,
        /// What it says.
        message: String,
        /// Reason, ISO code, field, value, expected, retry.
        data: Value,
    },
    /// The node cannot be reached, or answers something else than JSON-RPC.
    #[error("{url}: {problem}")]
    Unreachable {
        /// The node.
        url: String,
        /// What happened.
        problem: String,
    },
    /// No node was given.
    #[error("no node was given")]
    NoNode,
}

impl ClientError {
    /// Whether the same bytes may be sent again with hope: the node is gone, or says so.
    pub fn may_retry(&self) -> bool {
        match self {
            Self::Refused { data, .. } => data.get("retry").and_then(Value::as_str) == Some("same"),
            Self::Unreachable { .. } => true,
            Self::NoNode => false,
        }
    }

    /// Whether nobody knows yet what became of what was sent: the node did not see it final in time, or cannot be asked.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Refused { number, .. } => matches!(*number, NOT_FINAL_YET | NOT_READY),
            Self::Unreachable { .. } | Self::NoNode => true,
        }
    }

    /// The same, when an earlier attempt is still open: then it stays open, and both are told.
    fn after(self, open: Option<Self>) -> Self {
        match open {
            None => self,
            Some(Self::Unreachable { url, problem }) => {
                Self::Unreachable { url, problem: format!("{problem}; then another node: {self}") }
            }
            Some(open) => open,
        }
    }

    /// Whether the node takes no instructions, and a validator has to be asked.
    fn is_observers(&self) -> bool {
        matches!(self, Self::Refused { number: OBSERVER, .. })
    }

    /// When the node says that there may be room.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { data, .. } => {
                let hint = data.get("retryAfterMs").and_then(Value::as_u64).map(Duration::from_millis);
                hint.map(|hint| hint.min(PAUSE_MAX))
            }
            Self::Unreachable { .. } | Self::NoNode => None,
        }
    }
}

/// A client of one or more nodes; the first is asked first.
#[derive(Clone, Debug)]
pub struct Client {
    nodes: Vec<(String, HttpClient)>,
    trust: Trust,
    token: Option<String>,
}

/// One node's client.
fn open(url: &str, trust: &Trust, headers: HeaderMap) -> Result<HttpClient, ClientError> {
    let unreachable = |problem: String| ClientError::Unreachable { url: url.to_owned(), problem };
    let mut builder = HttpClientBuilder::default().request_timeout(CALL_TIMEOUT).set_headers(headers);
    if url.starts_with("https:") {
        builder = builder.with_custom_cert_store(trust.config().map_err(unreachable)?);
    }
    builder.build(url).map_err(|error| unreachable(error.to_string()))
}

impl Client {
    /// Over HTTP, or HTTPS with the certificate authorities of the system. Nothing is sent yet.
    pub fn new(urls: &[String]) -> Result<Self, ClientError> {
        Self::trusting(urls, Trust::System)
    }

    /// The same, with a choice of whom to trust over HTTPS.
    pub fn trusting(urls: &[String], trust: Trust) -> Result<Self, ClientError> {
        let build = |url: &String| Ok((url.clone(), open(url, &trust, HeaderMap::new())?));
        let nodes = urls.iter().map(build).collect::<Result<Vec<_>, _>>()?;
        if nodes.is_empty() { Err(ClientError::NoNode) } else { Ok(Self { nodes, trust, token: None }) }
    }

    /// The same nodes, asked with a token of `auth_token`.
    pub fn with_token(&self, token: &str) -> Result<Self, ClientError> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let odd = |error: InvalidHeaderValue| ClientError::Unreachable {
            url: "the token".to_owned(),
            problem: error.to_string(),
        };
        let value = value.map_err(odd)?;
        headers.insert(AUTHORIZATION, value);
        let build = |(url, _): &(String, HttpClient)| Ok((url.clone(), open(url, &self.trust, headers.clone())?));
        let nodes = self.nodes.iter().map(build).collect::<Result<_, ClientError>>()?;
        Ok(Self { nodes, trust: self.trust.clone(), token: Some(token.to_owned()) })
    }

    /// The same nodes, asked with a token that the first one gives to who holds this key.
    pub async fn sign_in(&self, secret: &[u8; 32]) -> Result<Self, ClientError> {
        let url = self.nodes.first().map(|(url, _)| url.clone()).unwrap_or_default();
        let odd = |what: &str| ClientError::Unreachable { url: url.clone(), problem: format!("{what} is missing") };
        let asked = self.call_through(0, "auth_challenge", json!({})).await?;
        let message: Hash32 =
            asked["message"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| odd("message"))?;
        let entry = signature::sign(secret, &message.0);
        let Evidence::Ed25519(signature) = entry.evidence else { return Err(odd("a key that can sign")) };
        let params = json!({"challenge": asked["challenge"], "key": entry.key, "signature": signature});
        let given = self.call_through(0, "auth_token", params).await?;
        self.with_token(given["token"].as_str().ok_or_else(|| odd("token"))?)
    }

    /// The nodes' addresses, whom to trust, and the token.
    pub(crate) fn places(&self) -> (Vec<String>, Trust, Option<&str>) {
        (self.nodes.iter().map(|(url, _)| url.clone()).collect(), self.trust.clone(), self.token.as_deref())
    }

    /// Calls a method of the first node, and where that one cannot be reached of the next. A token is good at the first alone.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        let nodes = if self.token.is_some() { 1 } else { self.nodes.len() };
        let mut last = ClientError::NoNode;
        for (url, client) in self.nodes.iter().take(nodes) {
            match call(url, client, method, params.clone()).await {
                Err(error @ ClientError::Unreachable { .. }) => last = error,
                answered => return answered,
            }
        }
        Err(last)
    }

    /// Calls a method of one of the nodes, counted round and round.
    pub(crate) async fn call_through(
        &self,
        attempt: usize,
        method: &str,
        params: Value,
    ) -> Result<Value, ClientError> {
        let place = attempt.checked_rem(self.nodes.len()).ok_or(ClientError::NoNode)?;
        let (url, client) = self.nodes.get(place).ok_or(ClientError::NoNode)?;
        call(url, client, method, params).await
    }

    /// Submits what was signed and waits until it is final: at most `attempts` times, each time through the next node, and once
    /// through each at least; when all were asked it pauses, longer each time. The bytes are always the same.
    pub async fn settle(&self, signed: &Signed, attempts: usize) -> Result<Value, ClientError> {
        let nodes = self.nodes.len();
        let attempts = attempts.max(nodes);
        let mut last = ClientError::NoNode;
        // Once a node may have it, no other one's refusal says that nothing will come of it.
        let mut open: Option<ClientError> = None;
        let (mut observers, mut pause) = (0, PAUSE_MIN);
        for attempt in 0..attempts {
            last = match self.settle_through(signed, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_observers() => {
                    observers += 1;
                    if observers >= nodes {
                        return Err(error.after(open));
                    }
                    error
                }
                Err(error) if !error.may_retry() => return Err(error.after(open)),
                Err(error) => error,
            };
            if last.is_open() && open.is_none() {
                open = Some(last.clone());
            }
            if (attempt + 1) % nodes == 0 && attempt + 1 < attempts {
                tokio::time::sleep(last.retry_after().unwrap_or(pause)).await;
                (observers, pause) = (0, (2 * pause).min(PAUSE_MAX));
            }
        }
        Err(open.unwrap_or(last))
    }

    /// Submits through one of the nodes, counted round and round, and waits until it is final.
    pub(crate) async fn settle_through(&self, signed: &Signed, attempt: usize) -> Result<Value, ClientError> {
        self.call_through(attempt, "payment_submit", json!({"bytes": signed.bytes_in_hex(), "wait": "final"})).await
    }
}

async fn call(url: &str, client: &HttpClient, method: &str, params: Value) -> Result<Value, ClientError> {
    let mut named = ObjectParams::new();
    let unreachable = |problem: String| ClientError::Unreachable { url: url.to_owned(), problem };
    for (name, value) in params.as_object().into_iter().flatten() {
        named.insert(name, value).map_err(|error| unreachable(error.to_string()))?;
    }
    match client.request::<Value, _>(method, named).await {
        Ok(answer) => Ok(answer),
        Err(CallError::Call(error)) => {
            let data = error.data().and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or(Value::Null);
            Err(ClientError::Refused { number: error.code(), message: error.message().to_owned(), data })
        }
        Err(error) => Err(unreachable(error.to_string())),
    }
}
