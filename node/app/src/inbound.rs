//! What comes in, on its way to the engine: decoded and its signatures checked in batches, on threads of their own.

use crate::inbox::Sender;
use crate::runner::Input;
use crate::shared::Shared;
use seaway_engine::{Event, Message, authenticate};
use seaway_network::{LaneSpec, Network, NetworkEvent, Route};
use seaway_rpc::{Answered, Fault, Wait};
use seaway_types::block::FinalBlock;
use seaway_types::identifier::WireId;
use seaway_types::instruction::{AuthenticInstruction, authenticate_batch};
use seaway_types::keys::PublicKey;
use seaway_types::limits::FRAME_BYTES_MAX;
use seaway_types::signature::KnownKeys;
use seaway_types::{Bic, RawInstruction};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// The lanes between nodes, in the order of [`seaway_engine::Lane`]. What waits is bounded in bytes too: some tens of megabytes a
/// peer, and in all.
pub const LANES: &[LaneSpec] = &[
    LaneSpec {
        protocol: "/seaway/1/votes",
        route: Route::Urgent,
        // A peer says some four things a height: enough for a thousand heights a second.
        frames_a_second_max: 4_000,
        bytes_a_second_max: 8 << 20,
        frame_bytes_max: 64 << 10,
        queue_frames_max: 4_096,
        queue_bytes_max: 4 << 20,
        inbox_frames_max: 256,
    },
    LaneSpec {
        protocol: "/seaway/1/blocks",
        route: Route::Bulk,
        frames_a_second_max: 4_000,
        // Twice what a peer that catches up is answered.
        bytes_a_second_max: 64 << 20,
        frame_bytes_max: FRAME_BYTES_MAX,
        queue_frames_max: 64,
        queue_bytes_max: 32 << 20,
        inbox_frames_max: 8,
    },
    LaneSpec {
        protocol: "/seaway/1/instructions",
        route: Route::Bulk,
        frames_a_second_max: 8_000,
        bytes_a_second_max: 64 << 20,
        frame_bytes_max: (2 << 20) + (64 << 10),
        queue_frames_max: 1_024,
        queue_bytes_max: 32 << 20,
        inbox_frames_max: 32,
    },
];

/// Submissions that wait for their signatures to be checked.
pub const SUBMISSIONS_MAX: usize = 4_096;
/// Submissions checked in one batch.
const BATCH_MAX: usize = 256;

/// What a client submits.
pub struct Submission {
    /// The bytes.
    pub raw: RawInstruction,
    /// For what the client waits.
    pub wait: Wait,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Answered, Fault>>,
}

/// Instructions whose signatures were checked lately: blocks that come later hold the same ones. Two generations, so that
/// what is old goes at once and nothing is looked through.
#[derive(Default)]
pub struct Checked {
    young: HashMap<WireId, AuthenticInstruction>,
    old: HashMap<WireId, AuthenticInstruction>,
    young_bytes: usize,
}

/// Bytes of instructions in one generation.
const CHECKED_BYTES_MAX: usize = 4 << 20;

/// Shared among the threads that check.
pub type SharedChecked = Arc<Mutex<Checked>>;

impl Checked {
    fn add(&mut self, instruction: &AuthenticInstruction) {
        if self.young_bytes > CHECKED_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        // What is there already takes no more room.
        if self.young.insert(instruction.wire_id(), instruction.clone()).is_none() {
            self.young_bytes += instruction.raw().0.len();
        }
    }

    fn get(&self, id: &WireId) -> Option<AuthenticInstruction> {
        self.young.get(id).or_else(|| self.old.get(id)).cloned()
    }
}

fn checked(shared: &SharedChecked) -> MutexGuard<'_, Checked> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the names of the threads that feed the engine begin with.
const THREADS: &str = "in-";

/// A thread that feeds the engine and panics would leave the node deaf while it seems to run: the process ends instead.
pub fn end_with_a_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        if thread::current().name().is_some_and(|name| name.starts_with(THREADS)) {
            // Not an orderly end: the engine still uses the database. The log makes it safe.
            std::process::abort();
        }
    }));
}

/// Tells who names a node in the registry.
pub type Institutions = dyn Fn(&PublicKey) -> BTreeSet<Bic> + Send;

/// What the ledger tells of peers and of what they send, before anything costly is done with it.
pub struct Known {
    /// Whose node it is.
    pub institutions: Box<Institutions>,
    /// Whether the validators of its height, as far as they are known, have certified a block.
    pub is_certified: Box<dyn Fn(&FinalBlock) -> bool + Send>,
}

/// Starts a thread that feeds the engine from one lane.
pub fn hear(
    lane: &'static str,
    mut events: mpsc::Receiver<NetworkEvent>,
    engine: Sender,
    checked: SharedChecked,
    known: Known,
    network: impl Fn() -> Option<Network> + Send + 'static,
) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(format!("{THREADS}{lane}")).spawn(move || {
        let mut keys = KnownKeys::default();
        while let Some(event) = events.blocking_recv() {
            let event = match event {
                NetworkEvent::Up(peer) => Ok(Some(Event::PeerUp { peer, institutions: (known.institutions)(&peer) })),
                NetworkEvent::Down(peer) => Ok(Some(Event::PeerDown(peer))),
                NetworkEvent::Frame { from, frame, .. } => {
                    decode(from, &frame, &checked, &known, &mut keys).map_err(|problem| (from, problem))
                }
            };
            match event {
                Ok(None) => {}
                Ok(Some(event)) => {
                    if engine.send(Input::Event(event)).is_err() {
                        return;
                    }
                }
                Err((from, problem)) => {
                    tracing::warn!(peer = %from, lane, problem, "peer broke the rules; its connection is closed");
                    if let Some(network) = network() {
                        network.drop_peer(from);
                    }
                }
            }
        }
    })
}

/// The event of a frame; none where it says nothing that this node could use.
fn decode(
    from: PublicKey,
    frame: &[u8],
    before: &SharedChecked,
    known: &Known,
    keys: &mut KnownKeys,
) -> Result<Option<Event>, String> {
    let message = Message::decode(frame).map_err(|error| error.to_string())?;
    // Three signatures say whether thousands are worth checking. The validators of a height far ahead may be others than are known
    // here: such a block is asked for again when its turn comes, so its sender has broken no rule.
    if let Message::Block(block) = &message
        && !(known.is_certified)(block)
    {
        return Ok(None);
    }
    let event = authenticate(from, message, |id| checked(before).get(id), keys).map_err(|error| error.to_string())?;
    if let Event::PassedOn { instructions, .. } = &event {
        let mut before = checked(before);
        instructions.iter().for_each(|instruction| before.add(instruction));
    }
    Ok(Some(event))
}

/// Starts the thread that checks what clients submit.
pub fn check_submissions(
    mut submissions: mpsc::Receiver<Submission>,
    engine: Sender,
    shared: Arc<Shared>,
    known: SharedChecked,
) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(format!("{THREADS}clients")).spawn(move || {
        let mut keys = KnownKeys::default();
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while submissions.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            let mut decoded = Vec::with_capacity(batch.len());
            let mut waiters = Vec::with_capacity(batch.len());
            for Submission { raw, wait, reply } in batch.drain(..) {
                match raw.decode() {
                    Ok(instruction) => {
                        decoded.push(instruction);
                        waiters.push((wait, reply));
                    }
                    Err(error) => {
                        let _gone = reply.send(Err(Fault::Form(error)));
                    }
                }
            }
            for (answer, (wait, reply)) in authenticate_batch(decoded, &mut keys).into_iter().zip(waiters) {
                match answer {
                    Ok(instruction) => {
                        checked(&known).add(&instruction);
                        let envelope = instruction.envelope();
                        let ticket = shared.take_ticket(wait, (envelope.submitter, envelope.key), reply);
                        if engine.send(Input::Event(Event::Submitted { ticket, instruction })).is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        let _gone = reply.send(Err(Fault::Form(error)));
                    }
                }
            }
        }
    })
}
