//! The accept loop: connections are counted, headers must come in time, bodies and batches are bounded.

use crate::access::{Desk, random};
use crate::backend::Backend;
use crate::batch::SideBySide;
use crate::methods::{self, Bearer, TABLE, module};
use crate::tls::Tls;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use jsonrpsee_core::middleware::RpcServiceBuilder;
use jsonrpsee_server::{BatchRequestConfig, Methods, PingConfig, ServerConfig, StopHandle, stop_channel};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tower::Service;

/// How long a client has to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Subscriptions on one connection.
const SUBSCRIPTIONS_MAX: u32 = 32;
/// How long a body may take, whole.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// Largest request body: the largest instruction in hexadecimal, a hundred small ones in a batch.
const BODY_BYTES_MAX: u32 = 4 << 20;
/// Largest answer: a proof with a long lineage.
const ANSWER_BYTES_MAX: u32 = 16 << 20;
/// Largest headers of a request.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// How long a client may leave an answer lying: meanwhile nothing more is read from it, and after that it is let go.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// A WebSocket is pinged so often, and let go when nothing at all has come from it for so long: who is gone holds no place.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_PATIENCE: Duration = Duration::from_secs(600);
/// Calls of one connection that are being answered at a time.
const CALLS_MAX: usize = 512;
/// Longest token; whatever is longer is none.
const TOKEN_CHARS_MAX: usize = 256;
/// Calls in a batch.
const BATCH_MAX: u32 = 100;
/// Messages that wait for a slow reader on a WebSocket.
const BUFFER_MESSAGES: u32 = 256;

/// With what the server starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Connections in all.
    pub connections_max: usize,
    /// Connections from one address.
    pub connections_per_address_max: usize,
    /// Whether accounts can be read by everybody; for devnets.
    pub open_reads: bool,
    /// TLS; plain without it.
    pub tls: Option<Tls>,
}

/// Why the server does not start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The port.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What failed.
        source: std::io::Error,
    },
    /// A certificate or key that cannot be used.
    #[error("{}: {problem}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The system gives no random bytes.
    #[error("{0}")]
    Random(String),
    /// Two methods of one name.
    #[error("methods: {0}")]
    Methods(String),
}

/// A server that runs until it is dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    handle: jsonrpsee_server::ServerHandle,
}

impl Server {
    /// Takes no more connections, and ends those that are idle.
    pub fn stop(&self) {
        let _stopped = self.handle.stop();
    }
}

/// Counts connections by address.
#[derive(Default)]
struct Counter {
    by_address: HashMap<IpAddr, usize>,
    total: usize,
}

/// A place among the connections, given back when dropped.
struct Seat {
    counter: Arc<Mutex<Counter>>,
    address: IpAddr,
}

impl Seat {
    fn take(counter: &Arc<Mutex<Counter>>, address: IpAddr, config: &Config) -> Option<Self> {
        let mut seats = counter.lock().ok()?;
        let of_address = seats.by_address.get(&address).copied().unwrap_or(0);
        if seats.total >= config.connections_max || of_address >= config.connections_per_address_max {
            return None;
        }
        seats.total += 1;
        *seats.by_address.entry(address).or_default() += 1;
        Some(Self { counter: counter.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Ok(mut seats) = self.counter.lock() {
            seats.total = seats.total.saturating_sub(1);
            if let Some(count) = seats.by_address.get_mut(&self.address) {
                *count -= 1;
                if *count == 0 {
                    seats.by_address.remove(&self.address);
                }
            }
        }
    }
}

/// Starts the server.
pub async fn start<B: Backend>(config: Config, backend: Arc<B>) -> Result<Server, ServerError> {
    let tls = config.tls.as_ref().map(Tls::acceptor).transpose()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| ServerError::Listen { address: config.listen, source })?;
    let address = listener.local_addr().map_err(|source| ServerError::Listen { address: config.listen, source })?;
    let secret = random().map_err(|fault| ServerError::Random(format!("{fault:?}")))?;
    let context = methods::Context {
        backend: backend.clone(),
        open_reads: config.open_reads,
        desk: Arc::new(Desk::new(secret)),
        turns: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))),
    };
    let module = module(context).map_err(|error| ServerError::Methods(error.to_string()))?;
    // The document that clients discover is made from the table; a method that only one of both knows must not exist.
    let mut known: Vec<&str> = module.method_names().collect();
    known.sort_unstable();
    let listed: Vec<&str> = TABLE.iter().map(|method| method.name).collect();
    if known != listed {
        return Err(ServerError::Methods(format!("answered are {known:?}, listed are {listed:?}")));
    }
    let (stop, handle) = stop_channel();
    tokio::spawn(accept(listener, config, tls, Serving { methods: module.into(), stop, backend }));
    Ok(Server { address, handle })
}

/// What every connection needs.
struct Serving<B> {
    methods: Methods,
    stop: StopHandle,
    backend: Arc<B>,
}

impl<B> Clone for Serving<B> {
    fn clone(&self) -> Self {
        Self { methods: self.methods.clone(), stop: self.stop.clone(), backend: self.backend.clone() }
    }
}

async fn accept<B: Backend>(listener: TcpListener, config: Config, tls: Option<TlsAcceptor>, serving: Serving<B>) {
    let counter = Arc::new(Mutex::new(Counter::default()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = serving.stop.clone().shutdown() => return,
        };
        match accepted {
            Ok((stream, from)) => match Seat::take(&counter, from.ip(), &config) {
                Some(seat) => {
                    tokio::spawn(welcome(stream, seat, tls.clone(), serving.clone()));
                }
                None => tracing::warn!(%from, "connection refused: too many"),
            },
            // Out of descriptors, most likely: wait until some are given back.
            Err(error) => {
                tracing::error!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The TLS handshake, where there is one, within the time that headers have.
async fn welcome<B: Backend>(stream: TcpStream, seat: Seat, tls: Option<TlsAcceptor>, serving: Serving<B>) {
    let _nodelay = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(stream, seat, serving).await };
    match tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, seat, serving).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn serve<B: Backend, S>(stream: S, seat: Seat, serving: Serving<B>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Serving { methods, stop, backend } = serving;
    let settings = ServerConfig::builder()
        .max_request_body_size(BODY_BYTES_MAX)
        .max_response_body_size(ANSWER_BYTES_MAX)
        .set_batch_request_config(BatchRequestConfig::Limit(BATCH_MAX))
        .set_message_buffer_capacity(BUFFER_MESSAGES)
        .max_subscriptions_per_connection(SUBSCRIPTIONS_MAX)
        .enable_ws_ping(PingConfig::new().ping_interval(PING_INTERVAL).inactive_limit(PING_PATIENCE).max_failures(1))
        .build();
    let calls = Arc::new(Semaphore::new(CALLS_MAX));
    let side_by_side = RpcServiceBuilder::new().layer_fn(move |service| SideBySide {
        service,
        answer_bytes_max: ANSWER_BYTES_MAX as usize,
        calls: calls.clone(),
    });
    let builder = jsonrpsee_server::Server::builder()
        .set_config(settings)
        .set_rpc_middleware(side_by_side)
        .to_service_builder();
    let for_calls = stop.clone();
    let service = tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut calls = builder.clone().build(methods.clone(), for_calls.clone());
        let plain = plain(request.uri().path(), &*backend);
        let mut request = request;
        if let Some(token) = bearer(&request) {
            request.extensions_mut().insert(token);
        }
        async move {
            if let Some(answer) = plain {
                return Ok(answer);
            }
            match whole(request).await {
                Ok(request) => calls.call(request).await.map_err(|error| std::io::Error::other(error.to_string())),
                Err(refused) => Ok(refused),
            }
        }
    });
    // HTTP/2 would let one connection hold many bodies, and has no timeout before its first byte.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES_MAX);
    let service = hyper_util::service::TowerToHyperService::new(service);
    let first = Some(Box::pin(tokio::time::sleep(HEADER_TIMEOUT)));
    let connection = http.serve_connection_with_upgrades(
        TokioIo::new(Seated { stream, first, stuck: None, reader: None, given_up: false, _seat: seat }),
        service,
    );
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.shutdown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "connection ended");
    }
}

/// A connection in its place: the place is free when the stream is gone, which a WebSocket outlives the request by. Who says
/// nothing at all loses it, and so does who does not read: what is asked meanwhile waits in the network, not in our memory.
struct Seated<S> {
    stream: S,
    /// Runs until the first byte.
    first: Option<Pin<Box<Sleep>>>,
    /// Runs while the client takes nothing of what is written.
    stuck: Option<Pin<Box<Sleep>>>,
    /// Who waits to read until it does.
    reader: Option<Waker>,
    /// It took nothing for too long.
    given_up: bool,
    _seat: Seat,
}

impl<S> Seated<S> {
    /// Looks what came of a write: the clock runs while it is pending.
    fn written<T>(&mut self, cx: &mut Context<'_>, polled: Poll<std::io::Result<T>>) -> Poll<std::io::Result<T>> {
        if polled.is_ready() {
            self.stuck = None;
            self.reader.take().into_iter().for_each(Waker::wake);
            return polled;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIMEOUT)));
        if stuck.as_mut().poll(cx).is_pending() {
            return polled;
        }
        self.given_up = true;
        self.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Seated<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.given_up {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        if self.stuck.is_some() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let before = to.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, to);
        if to.filled().len() > before {
            self.first = None;
        }
        let over = self.first.as_mut().is_some_and(|first| polled.is_pending() && first.as_mut().poll(cx).is_ready());
        if over { Poll::Ready(Err(ErrorKind::TimedOut.into())) } else { polled }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Seated<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A request with its body, which may take a while but not for ever, and has its bound.
async fn whole(
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<hyper::Request<Full<Bytes>>, jsonrpsee_server::HttpResponse> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX as usize).collect();
    let (code, text) = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => return Ok(hyper::Request::from_parts(head, Full::new(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => (413, "the body is larger than 4 MiB\n"),
        Ok(Err(_)) => (400, "the body does not come whole\n"),
        Err(_) => (408, "the body took too long\n"),
    };
    let mut response = jsonrpsee_server::HttpResponse::new(jsonrpsee_server::HttpBody::from(text.to_owned()));
    *response.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or_default();
    response.headers_mut().insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("close"));
    Err(response)
}

/// The token of a request: `Authorization: Bearer` and what `auth_token` gave.
fn bearer<T>(request: &hyper::Request<T>) -> Option<Bearer> {
    let header = request.headers().get(hyper::header::AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("Bearer ").filter(|token| token.len() <= TOKEN_CHARS_MAX);
    token.map(|token| Bearer(token.to_owned()))
}

/// The plain answers for those who watch the node: alive, ready, metrics.
fn plain<B: Backend>(path: &str, backend: &B) -> Option<jsonrpsee_server::HttpResponse> {
    let status = backend.status();
    let (code, text) = match path {
        "/healthz" => match &status.halted {
            None => (200, "ok\n".to_owned()),
            Some(why) => (503, format!("halted: {why}\n")),
        },
        "/readyz" if status.halted.is_some() => (503, "halted\n".to_owned()),
        "/readyz" => (200, format!("height {}\n", status.height)),
        "/metrics" => (200, backend.metrics()),
        _ => return None,
    };
    let response = hyper::Response::builder().status(code).header("content-type", "text/plain");
    response.body(jsonrpsee_server::HttpBody::from(text)).ok()
}
