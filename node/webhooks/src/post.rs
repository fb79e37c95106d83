//! One attempt: a batch as a signed request, and whether its answer is to be believed.

use crate::endpoint::{Endpoint, Target};
use crate::line::{Dialer, Line};
use crate::signature::{ID_HEADER, RECEIVED_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature};
use crate::{Error, Event, unix_seconds};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Request, StatusCode};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Largest body of an answer. Nothing in it is looked at; it only has to end.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Characters of a receiver's own words that come into a problem.
const QUOTED_CHARS_MAX: usize = 32;
const AGENT: &str = concat!("seaway-webhooks/", env!("CARGO_PKG_VERSION"));

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// For people.
    pub(crate) problem: String,
    /// The status of an answer that refuses what was sent, rather than the moment or the sender.
    pub(crate) refused: Option<u16>,
    /// How long the endpoint asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    /// One that says nothing about the events.
    pub(crate) fn plain(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), refused: None, retry_after: None }
    }
}

/// Posts to one endpoint.
pub(crate) struct Poster {
    name: String,
    target: Target,
    secrets: Vec<Zeroizing<Vec<u8>>>,
    attempt_timeout: Duration,
    dialer: Dialer,
    /// The connection of the last exchange, if that ended well.
    kept: Option<Line>,
}

impl Poster {
    pub(crate) fn new(endpoint: &Endpoint, target: Target) -> Result<Self, Error> {
        let dialer = Dialer::new(endpoint, &target)?;
        let (name, secrets) = (endpoint.name.clone(), endpoint.secrets.clone());
        Ok(Self { name, target, secrets, attempt_timeout: endpoint.timing.attempt_timeout, dialer, kept: None })
    }

    /// Sends events, of which there is at least one, and says whether the endpoint has them all. Dropping the future
    /// ends the exchange and its connection.
    pub(crate) async fn post(&mut self, events: &[Event]) -> Result<(), Failure> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let request = self.request(events, first.number, last.number)?;
        let patience = self.attempt_timeout;
        match timeout(patience, self.exchange(request, last.number)).await {
            Ok(ended) => ended,
            Err(_) => Err(Failure::plain(format!("no whole answer within {patience:?}"))),
        }
    }

    /// Signs at the time of sending: a repetition must not look like a replay.
    fn request(&self, events: &[Event], first: u64, last: u64) -> Result<Request<Full<Bytes>>, Failure> {
        let numbered: Vec<Value> = events.iter().map(numbered).collect();
        let body = json!({"webhook": self.name, "events": numbered, "first": first, "last": last}).to_string();
        let (id, timestamp) = (format!("{first}-{last}"), unix_seconds());
        let signed = |secret: &Zeroizing<Vec<u8>>| signature(secret, &id, timestamp, body.as_bytes());
        let signatures: Vec<String> = self.secrets.iter().map(signed).collect();
        let request = Request::post(self.target.path.as_str())
            .header(HOST, self.target.authority.as_str())
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json")
            .header(ID_HEADER, id.as_str())
            .header(TIMESTAMP_HEADER, timestamp.to_string())
            .header(SIGNATURE_HEADER, signatures.join(","));
        let whole = request.body(Full::new(Bytes::from(body)));
        whole.map_err(|error| Failure::plain(error.to_string()))
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>, last: u64) -> Result<(), Failure> {
        let mut line = if let Some(mut line) = self.kept.take()
            && line.is_usable().await
        {
            line
        } else {
            self.dialer.dial().await.map_err(Failure::plain)?
        };
        let answer = line.send(request).await.map_err(|error| Failure::plain(told(&error)))?;
        let (head, body) = answer.into_parts();
        judge(head.status, &head.headers, last)?;
        match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Failure::plain(format!("an answer of more than {ANSWER_BYTES_MAX} bytes")));
            }
            Err(error) => return Err(Failure::plain(told(&*error))),
            Ok(_) => line.rest(),
        }
        self.kept = Some(line);
        Ok(())
    }
}

/// An event as it is sent.
fn numbered(event: &Event) -> Value {
    let mut fields = match &event.body {
        Value::Object(fields) => fields.clone(),
        other => Map::from_iter([("value".to_owned(), other.clone())]),
    };
    fields.insert("number".to_owned(), Value::from(event.number));
    Value::Object(fields)
}

/// Whether the head of an answer says that everything up to a number was taken.
fn judge(status: StatusCode, headers: &HeaderMap, last: u64) -> Result<(), Failure> {
    if !status.is_success() {
        let code = status.as_u16();
        let seconds = || -> Option<u64> { headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok() };
        let retry_after = if matches!(code, 429 | 503) { seconds().map(Duration::from_secs) } else { None };
        let why = if status.is_redirection() { "; redirects are not followed" } else { "" };
        let refused = is_about_events(status).then_some(code);
        return Err(Failure { problem: format!("answered {status}{why}"), refused, retry_after });
    }
    for received in headers.get_all(RECEIVED_HEADER) {
        if received.as_bytes() != last.to_string().as_bytes() {
            let text = String::from_utf8_lossy(received.as_bytes());
            let quoted: String = text.chars().take(QUOTED_CHARS_MAX).collect();
            return Err(Failure::plain(format!("acknowledged {quoted:?}, sent up to {last}")));
        }
    }
    Ok(())
}

/// Whether a status refuses what was sent. The others among 4xx speak of the moment (408, 425, 429) or of the
/// endpoint itself: no access, no such path, gone. Every event meets those alike, so that they would make dead
/// letters of the whole feed.
fn is_about_events(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 405 | 407 | 408 | 410 | 421 | 425 | 429)
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&'static str, &str)]) -> Result<(), Failure> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        judge(StatusCode::from_u16(status).unwrap(), &map, 7)
    }

    #[test]
    fn only_a_success_that_fits_is_one() {
        for status in [200, 201, 202, 204] {
            assert!(judged(status, &[]).is_ok());
            assert!(judged(status, &[(RECEIVED_HEADER, "7")]).is_ok());
        }
        for received in ["6", "8", "07", "", "seven", "7, 7"] {
            assert!(judged(200, &[(RECEIVED_HEADER, received)]).is_err(), "{received:?}");
        }
        assert!(judged(200, &[(RECEIVED_HEADER, "7"), (RECEIVED_HEADER, "6")]).is_err());
        for status in [101, 301, 302, 307, 400, 410, 500, 599] {
            assert!(judged(status, &[(RECEIVED_HEADER, "7")]).is_err(), "{status}");
        }
    }

    #[test]
    fn only_content_is_refused_for_good() {
        let refused = |status| judged(status, &[]).unwrap_err().refused;
        for status in [400, 402, 406, 409, 411, 413, 415, 422, 451] {
            assert_eq!(refused(status), Some(status));
        }
        for status in [302, 401, 403, 404, 405, 407, 408, 410, 421, 425, 429, 500, 502, 503] {
            assert_eq!(refused(status), None, "{status}");
        }
    }

    #[test]
    fn who_is_busy_says_for_how_long() {
        let asked = |status, text: &str| judged(status, &[("retry-after", text)]).unwrap_err().retry_after;
        assert_eq!(asked(503, "120"), Some(Duration::from_secs(120)));
        assert_eq!(asked(429, " 0 "), Some(Duration::ZERO));
        assert_eq!(asked(503, "Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(asked(503, "-1"), None);
        assert_eq!(asked(500, "120"), None);
    }

    #[test]
    fn a_number_of_the_body_gives_way() {
        let sent = |body| numbered(&Event { number: 5, body });
        assert_eq!(sent(json!({"a": 1, "number": "x"})), json!({"a": 1, "number": 5}));
        assert_eq!(sent(json!("text")), json!({"value": "text", "number": 5}));
    }
}
