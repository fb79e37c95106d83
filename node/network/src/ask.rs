//! Questions between nodes: a stream each, one frame there and one back.
//!
//! Bounds: with each peer so many of our questions are under way at a time, and so many of its own, at a bounded rate; what comes
//! on top waits its turn, and a connection bounds its streams. Nothing takes longer than [`PATIENCE`].

use crate::lanes::STOCK;
use crate::pace::Pace;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::Control;
use seaway_types::keys::PublicKey;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How long a question and its answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The first wait before a question is asked again.
const AGAIN: Duration = Duration::from_millis(10);
/// Questions under way at a time with one peer, in each direction; a connection has room for more streams than both.
const AT_ONCE_MAX: usize = 8;
/// Questions of one peer that are answered in a second; [`STOCK`] of them at once, and what comes on top waits its turn.
const A_SECOND_MAX: u32 = 2_000;

/// What questions may be.
#[derive(Clone, Copy, Debug)]
pub struct AskSpec {
    /// The protocol's name.
    pub protocol: &'static str,
    /// Largest frame in bytes, of a question and of an answer.
    pub frame_bytes_max: usize,
}

/// What a peer asks.
#[derive(Debug)]
pub struct Asked {
    /// Who asks.
    pub from: PublicKey,
    /// What.
    pub bytes: Vec<u8>,
    /// Where the answer goes. Dropped, the peer hears nothing but the end of the stream.
    pub answer: oneshot::Sender<Vec<u8>>,
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// No connection.
    #[error("the peer is not connected")]
    NotConnected,
    /// The peer took too long.
    #[error("no answer within {PATIENCE:?}")]
    TooSlow,
    /// The stream.
    #[error("{0}")]
    Stream(String),
}

/// Asks peers.
#[derive(Clone)]
pub(crate) struct Asker {
    control: Control,
    spec: AskSpec,
    protocol: StreamProtocol,
    turns: Turns,
}

/// The turns and the pace of each peer: one that is slow delays no other.
#[derive(Clone, Default)]
struct Turns(Arc<Mutex<HashMap<PeerId, Turn>>>);

#[derive(Clone)]
struct Turn {
    at_once: Arc<Semaphore>,
    pace: Pace,
}

impl Turns {
    /// A peer's turn. Only peers of the allow-list come here, so the table is bounded.
    fn of(&self, peer: PeerId) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Turn { at_once: Arc::new(Semaphore::new(AT_ONCE_MAX)), pace: Pace::new(STOCK) };
        turns.entry(peer).or_insert_with(new).clone()
    }
}

impl Asker {
    pub(crate) fn new(control: Control, spec: AskSpec, protocol: StreamProtocol) -> Self {
        Self { control, spec, protocol, turns: Turns::default() }
    }

    /// Asks again while there is time when a stream fails: libp2p drops streams that come faster than they are taken, and
    /// a question may be asked twice.
    pub(crate) async fn ask(&self, peer: PeerId, bytes: &[u8]) -> Result<Vec<u8>, AskError> {
        let mut last = AskError::TooSlow;
        let exchange = async {
            let turn = self.turns.of(peer);
            let Ok(_turn) = turn.at_once.acquire().await else { return None };
            let mut wait = AGAIN;
            loop {
                match self.once(peer, bytes).await {
                    Ok(answer) => return Some(answer),
                    Err(error) => last = AskError::Stream(error.to_string()),
                }
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        };
        let answer = tokio::time::timeout(PATIENCE, exchange).await.ok().flatten();
        answer.ok_or(last)
    }

    async fn once(&self, peer: PeerId, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let opened = self.control.clone().open_stream(peer, self.protocol.clone()).await;
        let mut stream = opened.map_err(|error| io::Error::other(error.to_string()))?;
        send(&mut stream, bytes).await?;
        receive(&mut stream, self.spec.frame_bytes_max).await
    }
}

/// Answers peers.
#[derive(Clone)]
pub(crate) struct Answerer {
    spec: AskSpec,
    questions: mpsc::Sender<Asked>,
    turns: Turns,
}

impl Answerer {
    pub(crate) fn new(spec: AskSpec, questions: mpsc::Sender<Asked>) -> Self {
        Self { spec, questions, turns: Turns::default() }
    }

    /// Answers one question when its turn comes.
    pub(crate) fn answer(&self, from: PublicKey, peer: PeerId, mut stream: Stream) {
        let Self { spec, questions, turns } = self.clone();
        let turn = turns.of(peer);
        tokio::spawn(async move {
            let exchange = async {
                let stopped = |_| io::Error::from(io::ErrorKind::BrokenPipe);
                let _turn = turn.at_once.acquire().await.map_err(stopped)?;
                turn.pace.take(Duration::from_secs(1) / A_SECOND_MAX).await;
                let bytes = receive(&mut stream, spec.frame_bytes_max).await?;
                let (answer, answered) = oneshot::channel();
                let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
                questions.send(Asked { from, bytes, answer }).await.map_err(gone)?;
                let bytes = answered.await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
                send(&mut stream, &bytes).await
            };
            match tokio::time::timeout(PATIENCE, exchange).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(peer = %from, %error, "a question was not answered"),
                Err(_) => tracing::debug!(peer = %from, "a question took too long"),
            }
        });
    }
}

async fn send(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.close().await
}

async fn receive(stream: &mut Stream, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let length = u32::from_be_bytes(length) as usize;
    if length > bytes_max {
        let problem = format!("a frame of {length} bytes; at most {bytes_max} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
