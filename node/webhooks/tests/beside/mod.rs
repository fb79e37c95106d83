//! What the tests of delivery share: a feed in memory, and a receiver whose every answer the test gives.
//!
//! Nothing here waits for time to pass: a test waits for the next request, or for the status to change.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use seaway_types::Height;
use seaway_webhooks::{Endpoint, Event, Source, Status, Timing, Webhook};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// After this a test hangs, and says so.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// A feed in memory.
pub struct Feed {
    events: Mutex<Vec<Event>>,
    height: watch::Sender<Height>,
}

impl Feed {
    /// A feed that holds these numbers.
    pub fn of(numbers: RangeInclusive<u64>) -> Arc<Self> {
        let feed = Self { events: Mutex::new(Vec::new()), height: watch::Sender::new(Height(0)) };
        feed.push(numbers);
        Arc::new(feed)
    }

    /// More of them.
    pub fn push(&self, numbers: RangeInclusive<u64>) {
        let more = numbers.map(|number| Event { number, body: json!({"payment": format!("p{number}")}) });
        self.events.lock().unwrap().extend(more);
        self.height.send_modify(|height| height.0 += 1);
    }
}

impl Source for Feed {
    fn after(&self, number: u64, count_max: usize) -> Result<Vec<Event>, String> {
        let events = self.events.lock().unwrap();
        Ok(events.iter().filter(|event| event.number > number).take(count_max).cloned().collect())
    }

    fn changed(&self) -> watch::Receiver<Height> {
        self.height.subscribe()
    }
}

/// An endpoint with one secret, and waits that a test does not feel.
pub fn endpoint(folder: &Path, url: &str) -> Endpoint {
    Endpoint {
        name: "bank".to_owned(),
        url: url.parse().unwrap(),
        secrets: vec![Zeroizing::new(vec![7; 32])],
        folder: folder.to_owned(),
        from: 0,
        ca_file: None,
        timing: Timing {
            attempt_timeout: Duration::from_secs(30),
            first_retry: Duration::from_millis(1),
            retry_max: Duration::from_millis(4),
        },
    }
}

/// The status, once it is as wanted.
pub async fn until(webhook: &Webhook, wanted: impl FnMut(&Status) -> bool) -> Status {
    let mut watch = webhook.watch();
    let found = tokio::time::timeout(HANGS_AFTER, watch.wait_for(wanted)).await;
    found.expect("the status never comes").unwrap().clone()
}

/// What a receiver may say.
pub type Answer = Response<BoxBody<Bytes, Infallible>>;

/// An answer with a body.
pub fn answer<B>(status: u16, headers: &[(&str, &str)], body: B) -> Answer
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static,
{
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(BoxBody::new(body)).unwrap()
}

/// An answer without one.
pub fn bare(status: u16, headers: &[(&str, &str)]) -> Answer {
    answer(status, headers, Full::new(Bytes::new()))
}

/// A body that never ends: it goes on for ever, or falls silent after its first bytes.
pub enum Endless {
    /// As fast as the receiver takes it.
    Flood,
    /// One byte, then nothing.
    Trickle,
    /// What comes after that byte.
    Silence,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes: &'static [u8] = match *self {
            Self::Flood => &[b' '; 1024],
            Self::Trickle => b" ",
            Self::Silence => return Poll::Pending,
        };
        if matches!(*self, Self::Trickle) {
            *self = Self::Silence;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes)))))
    }
}

/// A request that waits for its answer.
pub struct Asked {
    /// Where it was sent.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    reply: oneshot::Sender<Answer>,
}

impl Asked {
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// The body, parsed.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The numbers of its events.
    pub fn numbers(&self) -> Vec<u64> {
        self.json()["events"].as_array().unwrap().iter().map(|event| event["number"].as_u64().unwrap()).collect()
    }

    /// Answers. The other side may have gone.
    pub fn answer(self, answer: Answer) {
        let _gone = self.reply.send(answer);
    }

    /// Takes the events, and says up to where.
    pub fn accept(self) {
        let last = self.json()["last"].to_string();
        self.answer(bare(200, &[("seaway-received", last.as_str())]));
    }
}

/// A receiver that listens until it is closed or dropped.
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    asked: mpsc::UnboundedReceiver<Asked>,
    tasks: JoinSet<()>,
}

impl Receiver {
    /// One on a port that the system chooses.
    pub async fn listen() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), None).await
    }

    /// One at an address, with TLS or without.
    pub async fn at(address: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(take_calls(listener, tls, sender));
        Self { address, asked, tasks }
    }

    /// Where a webhook reaches it.
    pub fn url(&self) -> String {
        format!("http://{}/hook?of=bank", self.address)
    }

    /// The next request.
    pub async fn next(&mut self) -> Asked {
        tokio::time::timeout(HANGS_AFTER, self.asked.recv()).await.expect("no request comes").unwrap()
    }

    /// Whether a request waits.
    pub fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Accepts everything from now on, and gives the numbers taken.
    pub fn accept_all(self) -> mpsc::UnboundedReceiver<u64> {
        let Self { mut asked, tasks, .. } = self;
        let (sender, taken) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // It listens for as long as this goes on.
            let _listening = tasks;
            while let Some(asked) = asked.recv().await {
                for number in asked.numbers() {
                    let _unread = sender.send(number);
                }
                asked.accept();
            }
        });
        taken
    }

    /// Goes down: the port is free, its connections are cut, and nobody answers any more.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn take_calls(listener: TcpListener, tls: Option<TlsAcceptor>, sender: mpsc::UnboundedSender<Asked>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, sender) = (tls.clone(), sender.clone());
        connections.spawn(async move {
            match tls {
                None => serve(stream, sender).await,
                // A client that does not like the certificate hangs up here.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, sender).await;
                    }
                }
            }
        });
    }
}

async fn serve<S>(stream: S, sender: mpsc::UnboundedSender<Asked>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let (reply, answer) = oneshot::channel::<Answer>();
            let path = head.uri.to_string();
            let sent = sender.send(Asked { path, headers: head.headers, body, reply });
            sent.map_err(|_| io::Error::other("the test is over"))?;
            answer.await.map_err(io::Error::other)
        }
    });
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
