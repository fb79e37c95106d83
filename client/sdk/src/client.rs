//! Calls to nodes.

use crate::payment::Signed;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
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

/// Why a call has no answer.
#[derive(Debug, Error)]
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
}

/// A client of one or more nodes; the first is asked first.
#[derive(Clone, Debug)]
pub struct Client {
    nodes: Vec<(String, HttpClient)>,
    token: Option<String>,
}

impl Client {
    /// Over HTTP. Nothing is sent yet.
    pub fn new(urls: &[String]) -> Result<Self, ClientError> {
        let build = |url: &String| {
            let client = HttpClientBuilder::default().request_timeout(CALL_TIMEOUT).build(url);
            let unreachable =
                |error: CallError| ClientError::Unreachable { url: url.clone(), problem: error.to_string() };
            Ok((url.clone(), client.map_err(unreachable)?))
        };
        let nodes = urls.iter().map(build).collect::<Result<Vec<_>, _>>()?;
        if nodes.is_empty() { Err(ClientError::NoNode) } else { Ok(Self { nodes, token: None }) }
    }

    /// The same nodes, asked with a token of `auth_token`.
    pub fn with_token(&self, token: &str) -> Result<Self, ClientError> {
        let mut headers = HeaderMap::new();
        let unreachable = |url: &str, problem: String| ClientError::Unreachable { url: url.to_owned(), problem };
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let value = value.map_err(|error| unreachable("the token", error.to_string()))?;
        headers.insert(AUTHORIZATION, value);
        let build = |(url, _): &(String, HttpClient)| {
            let builder = HttpClientBuilder::default().request_timeout(CALL_TIMEOUT).set_headers(headers.clone());
            let client = builder.build(url).map_err(|error| unreachable(url, error.to_string()))?;
            Ok((url.clone(), client))
        };
        let nodes = self.nodes.iter().map(build).collect::<Result<_, _>>()?;
        Ok(Self { nodes, token: Some(token.to_owned()) })
    }

    /// The same nodes, asked with a token that the first one gives to who holds this key.
    pub async fn sign_in(&self, secret: &[u8; 32]) -> Result<Self, ClientError> {
        let url = self.nodes.first().map(|(url, _)| url.clone()).unwrap_or_default();
        let odd = |what: &str| ClientError::Unreachable { url: url.clone(), problem: format!("{what} is missing") };
        let asked = self.call("auth_challenge", json!({})).await?;
        let message: Hash32 =
            asked["message"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| odd("message"))?;
        let entry = signature::sign(secret, &message.0);
        let Evidence::Ed25519(signature) = entry.evidence else { return Err(odd("a key that can sign")) };
        let params = json!({"challenge": asked["challenge"], "key": entry.key, "signature": signature});
        let given = self.call("auth_token", params).await?;
        self.with_token(given["token"].as_str().ok_or_else(|| odd("token"))?)
    }

    /// The nodes' addresses, and the token.
    pub(crate) fn places(&self) -> (Vec<String>, Option<&str>) {
        (self.nodes.iter().map(|(url, _)| url.clone()).collect(), self.token.as_deref())
    }

    /// Calls a method of the first node.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        let (url, client) = self.nodes.first().ok_or(ClientError::NoNode)?;
        call(url, client, method, params).await
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

    /// Submits what was signed and waits until it is final: at most `attempts` times, each time through the next node. The
    /// bytes are always the same.
    pub async fn settle(&self, signed: &Signed, attempts: usize) -> Result<Value, ClientError> {
        let mut last = ClientError::NoNode;
        for attempt in 0..attempts.max(1) {
            match self.settle_through(signed, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.may_retry() => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
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
