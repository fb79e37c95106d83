//! A connection to an endpoint: one HTTP/1.1 exchange at a time, over TLS or within this machine.
//!
//! hyper's connection is used without a pool around it: a pool sends a request again where it sees fit, and here each
//! request that leaves must be one that was counted and signed.

use crate::Error;
use crate::endpoint::{Endpoint, Target};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

/// Largest headers of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// A connection that was idle for longer is not used again: something on the way may have forgotten it without a
/// word.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Addresses of a name that are tried.
const ADDRESSES_MAX: u32 = 4;

/// How an endpoint is reached.
pub(crate) struct Dialer {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// How long all addresses together may take to connect.
    patience: Duration,
}

impl Dialer {
    /// Reads the certificate authorities, where they are needed.
    pub(crate) fn new(endpoint: &Endpoint, target: &Target) -> Result<Self, Error> {
        let fail = |problem| Error::Authorities { name: endpoint.name.clone(), problem };
        let tls = if target.tls { Some(tls(&target.host, endpoint.ca_file.as_deref()).map_err(fail)?) } else { None };
        Ok(Self { host: target.host.clone(), port: target.port, tls, patience: endpoint.timing.attempt_timeout })
    }

    /// A new connection.
    pub(crate) async fn dial(&self) -> Result<Line, String> {
        let stream = self.connect().await?;
        let _nodelay = stream.set_nodelay(true);
        match &self.tls {
            None => Line::open(stream).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                Line::open(stream.map_err(|error| format!("TLS: {error}"))?).await
            }
        }
    }

    /// Connects to the first address that answers. Each gets its share of the time, so that one that swallows
    /// everything does not hide the others.
    async fn connect(&self) -> Result<TcpStream, String> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| format!("{}: {error}", self.host))?;
        // Without TLS nothing leaves the machine, whatever its hosts file says of localhost.
        let allowed = found.filter(|address| self.tls.is_some() || address.ip().is_loopback());
        let addresses: Vec<SocketAddr> = allowed.take(ADDRESSES_MAX as usize).collect();
        let share = self.patience / (ADDRESSES_MAX + 1);
        let mut problem = format!("{}: no address to connect to", self.host);
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => problem = format!("{address}: {error}"),
                Err(_) => problem = format!("{address}: no connection within {share:?}"),
            }
        }
        Err(problem)
    }
}

/// A TLS connector, and the name that the endpoint's certificate must be for.
fn tls(host: &str, ca_file: Option<&Path>) -> Result<(TlsConnector, ServerName<'static>), String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| format!("{host}: {error}"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(authorities(ca_file)?).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// The authorities of a file, each of which must be usable, or those of the system, of which some must be.
fn authorities(ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let fail = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
                .map_err(|error| fail(&error))?;
            for certificate in certificates {
                roots.add(certificate).map_err(|error| fail(&error))?;
            }
            if roots.is_empty() {
                return Err(fail(&"no certificate in it"));
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            let (_usable, _others) = roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let problems: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
                return Err(format!("the system has none ({}); name a file of them", problems.join("; ")));
            }
        }
    }
    Ok(roots)
}

/// A connection that is open. Dropping it closes it, whatever is in flight.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    idle_since: Instant,
    _driver: JoinSet<()>,
}

impl Line {
    async fn open<S>(stream: S) -> Result<Self, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX);
        let opened = builder.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| error.to_string())?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to a webhook ended");
            }
        });
        Ok(Self { sender, idle_since: Instant::now(), _driver: driver })
    }

    /// Whether it can carry one more request.
    pub(crate) async fn is_usable(&mut self) -> bool {
        self.idle_since.elapsed() < IDLE_MAX && self.sender.ready().await.is_ok()
    }

    /// Sends a request. The answer's body may still be on its way.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        self.sender.send_request(request).await
    }

    /// Says that an exchange has ended well.
    pub(crate) fn rest(&mut self) {
        self.idle_since = Instant::now();
    }
}
