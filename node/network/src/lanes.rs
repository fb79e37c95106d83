//! The streams to and from a peer: a task that writes and one that reads for each lane.

use crate::mesh::{NetworkEvent, of_chain};
use crate::pace::Pace;
use crate::route::{Controls, Route};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::{Control, OpenStreamError};
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What a lane may carry.
#[derive(Clone, Copy, Debug)]
pub struct LaneSpec {
    /// The protocol's name.
    pub protocol: &'static str,
    /// The connection that it goes over.
    pub route: Route,
    /// Largest frame in bytes.
    pub frame_bytes_max: usize,
    /// Frames a second that one peer may send, and bytes; [`STOCK`] of them at once. A peer that sends more is read from more slowly.
    pub frames_a_second_max: u32,
    /// Bytes a second, likewise; the slower of the two counts.
    pub bytes_a_second_max: u32,
    /// Frames that wait to be written to one peer; what comes on top is dropped.
    pub queue_frames_max: usize,
    /// Bytes of such frames; one frame is taken whatever its length.
    pub queue_bytes_max: usize,
    /// Frames that came and wait to be taken, of all peers together; then nobody is read from.
    pub inbox_frames_max: usize,
}

impl LaneSpec {
    /// How much of its peer's time a frame takes up.
    fn cost(&self, length: usize) -> Duration {
        let second = Duration::from_secs(1);
        let bytes = u32::try_from(length).unwrap_or(u32::MAX);
        let sent = (second / self.bytes_a_second_max.max(1)).saturating_mul(bytes);
        sent.max(second / self.frames_a_second_max.max(1))
    }
}

/// What a peer may send at once after it has sent nothing, in time at its steady rate.
pub const STOCK: Duration = Duration::from_secs(2);
/// How long to wait before a stream that failed is opened again.
const REOPEN: Duration = Duration::from_millis(50);
/// The same when the peer knows no such lane.
const STRANGE: Duration = Duration::from_secs(5);
/// How long one frame may take to be written, or to come once it has begun, and how many bytes a second are expected beyond that: who is
/// slower is not worth the memory.
const FRAME_TIMEOUT: Duration = Duration::from_secs(30);
const BYTES_A_SECOND_MIN: u64 = 64 << 10;

/// The queues to one peer.
#[derive(Clone, Debug)]
pub struct Lanes {
    queues: Vec<Queue>,
    dropped: Arc<AtomicU64>,
    /// Told when there is another connection: streams are opened anew, each on the one that is right for it now.
    moved: watch::Sender<()>,
}

#[derive(Clone, Debug)]
struct Queue {
    frames: mpsc::Sender<Arc<Vec<u8>>>,
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl Queue {
    /// Queues a frame. Returns whether there was room.
    fn push(&self, frame: Arc<Vec<u8>>) -> bool {
        let length = frame.len();
        let before = self.bytes.fetch_add(length, Ordering::Relaxed);
        let room = before == 0 || before.saturating_add(length) <= self.bytes_max;
        let queued = room && self.frames.try_send(frame).is_ok();
        if !queued {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
        }
        queued
    }
}

impl Lanes {
    /// Starts a writer for each lane. They end when this is dropped.
    pub(crate) fn open(controls: &Controls, peer: PeerId, specs: &'static [LaneSpec], genesis: &Hash32) -> Self {
        let (moved, _) = watch::channel(());
        let open = |spec: &'static LaneSpec| {
            let (queue, frames) = mpsc::channel(spec.queue_frames_max);
            let bytes = Arc::<AtomicUsize>::default();
            let waiting = Waiting { frames, bytes: bytes.clone() };
            // Checked when the network started.
            if let Ok(protocol) = of_chain(spec.protocol, genesis) {
                let opener = Opener { control: controls.of(spec.route).clone(), peer, protocol };
                tokio::spawn(write(opener, waiting, moved.subscribe()));
            }
            Queue { frames: queue, bytes, bytes_max: spec.queue_bytes_max }
        };
        Self { queues: specs.iter().map(open).collect(), dropped: Arc::default(), moved }
    }

    /// Another connection stands.
    pub(crate) fn move_over(&self) {
        self.moved.send_replace(());
    }

    /// Queues a frame, or drops it when the peer is too slow.
    pub(crate) fn send(&self, lane: usize, frame: Arc<Vec<u8>>) {
        if !self.queues.get(lane).is_some_and(|queue| queue.push(frame)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Frames dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Frames that wait to be written. A frame's bytes count until the next one is taken.
struct Waiting {
    frames: mpsc::Receiver<Arc<Vec<u8>>>,
    bytes: Arc<AtomicUsize>,
}

impl Waiting {
    async fn next(&mut self) -> Option<Arc<Vec<u8>>> {
        let frame = self.frames.recv().await?;
        self.bytes.fetch_sub(frame.len(), Ordering::Relaxed);
        Some(frame)
    }
}

/// Writes frames, on a stream that is opened again whenever it fails, or when connections come or go. A frame that failed is written
/// once more: the peer may have it twice.
async fn write(mut opener: Opener, mut waiting: Waiting, mut moved: watch::Receiver<()>) {
    let mut failed: Option<Arc<Vec<u8>>> = None;
    loop {
        let mut again = failed.is_some();
        let first = match failed.take() {
            Some(frame) => Some(frame),
            None => waiting.next().await,
        };
        let Some(mut frame) = first else { return };
        moved.mark_unchanged();
        let Some(mut stream) = opener.open(&waiting).await else { return };
        loop {
            // Everything that waits goes out before one flush.
            let sent = async {
                stream.write_all(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes()).await?;
                stream.write_all(&frame).await?;
                if waiting.frames.is_empty() { stream.flush().await } else { Ok(()) }
            };
            if let Err(error) = in_time(frame.len(), sent).await {
                tracing::debug!(peer = %opener.peer, lane = %opener.protocol, %error, "stream failed");
                failed = (!again).then_some(frame);
                break;
            }
            again = false;
            let next = tokio::select! {
                next = waiting.next() => next,
                Ok(()) = moved.changed() => {
                    let _closed = in_time(0, stream.close()).await;
                    break;
                }
            };
            match next {
                Some(next) => frame = next,
                None => {
                    let _closed = stream.close().await;
                    return;
                }
            }
        }
    }
}

/// What opens the streams of a lane.
struct Opener {
    control: Control,
    peer: PeerId,
    protocol: StreamProtocol,
}

impl Opener {
    /// Opens a stream, again and again until it does or nobody sends any more.
    async fn open(&mut self, waiting: &Waiting) -> Option<Stream> {
        let Self { control, peer, protocol } = self;
        let mut told = false;
        loop {
            let wait = match control.open_stream(*peer, protocol.clone()).await {
                Ok(stream) => return Some(stream),
                Err(OpenStreamError::UnsupportedProtocol(_)) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%peer, lane = %protocol, "the peer is of another network, genesis or version");
                    }
                    STRANGE
                }
                Err(error) => {
                    tracing::debug!(%peer, lane = %protocol, %error, "stream does not open");
                    REOPEN
                }
            };
            if waiting.frames.is_closed() {
                return None;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// What must be done within the time of a frame.
async fn in_time<T>(length: usize, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let time = FRAME_TIMEOUT + Duration::from_secs(length as u64 / BYTES_A_SECOND_MIN);
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Reads frames until the stream ends or a peer breaks the bounds.
pub(crate) async fn read<S: AsyncRead + Unpin>(
    mut stream: S,
    from: PublicKey,
    lane: usize,
    spec: &LaneSpec,
    pace: Pace,
    events: mpsc::Sender<NetworkEvent>,
) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).await?;
        let length = u32::from_be_bytes(length) as usize;
        if length > spec.frame_bytes_max {
            let problem = format!("a frame of {length} bytes; at most {} are allowed", spec.frame_bytes_max);
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        pace.take(spec.cost(length)).await;
        // Grown as bytes come: whoever announces much and sends little costs little.
        let mut frame = Vec::with_capacity(length.min(64 << 10));
        let read = in_time(length, (&mut stream).take(length as u64).read_to_end(&mut frame)).await?;
        if read < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if events.send(NetworkEvent::Frame { from, lane, frame }).await.is_err() {
            return Ok(());
        }
    }
}
