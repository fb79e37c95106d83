//! The engine's thread: takes what came in, steps, and carries the actions out in their order.
//!
//! Steps are taken in groups while more has come in: what they note down is synced once, before anything that any of them
//! says is sent.

use crate::inbox::Receiver;
use crate::placed::Answers;
use crate::reads::find_instruction;
use crate::shared::Shared;
use seaway_engine::{Action, Decided, Event, LogEntry, Message, Now, Question, Replica, To};
use seaway_network::Network;
use seaway_rpc::{Answered, Fault, Wait};
use seaway_signer::GuardedKey;
use seaway_storage::{Database, Wal};
use seaway_types::RawInstruction;
use seaway_types::keys::PublicKey;
use seaway_types::reason::VoidReason;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Steps taken before what they ask for is carried out.
const GROUP_MAX: usize = 256;

/// The replica of a real node.
pub type NodeReplica = Replica<Database, GuardedKey>;

/// What comes to the thread.
#[allow(clippy::large_enum_variant)] // Events are the many; a box would only add a hop.
pub enum Input {
    /// Something happened.
    Event(Event),
    /// Somebody asks.
    Ask(AskReplica),
    /// The node is to stop.
    Stop,
}

/// A question to the replica.
pub type AskReplica = Box<dyn FnOnce(&NodeReplica) + Send>;

/// See the module.
pub struct Runner {
    /// Questions that wait until the present step is carried out.
    pub questions: Vec<AskReplica>,
    /// The replica.
    pub replica: NodeReplica,
    /// The write-ahead log.
    pub wal: Wal,
    /// The database.
    pub database: Database,
    /// The network.
    pub network: Network,
    /// Who waits.
    pub shared: Arc<Shared>,
    /// Told when the registry of participants may have changed.
    pub registry_changed: tokio::sync::mpsc::Sender<()>,
    /// The start of the monotonic clock.
    pub start: Instant,
}

/// The time now.
pub fn now(start: Instant) -> Now {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { clock_ms: milliseconds(clock), elapsed_ms: milliseconds(start.elapsed()) }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Runner {
    /// Runs until told to stop, or until the replica halts.
    pub fn run(mut self, inputs: &Receiver, first: Vec<Action>) -> Result<(), String> {
        self.carry_out(first)?;
        loop {
            let wake = self.replica.next_wake().saturating_sub(now(self.start).elapsed_ms);
            let mut actions = Vec::new();
            // A timer that is due comes before what waits: a queue that never empties must not stop the clock.
            if wake == 0 {
                self.replica.step(now(self.start), Event::Wake, &mut actions);
            } else {
                match inputs.recv_timeout(Duration::from_millis(wake)) {
                    Ok(input) => {
                        if !self.take(input, &mut actions) {
                            return Ok(());
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => self.replica.step(now(self.start), Event::Wake, &mut actions),
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
            for input in inputs.here(GROUP_MAX) {
                if !self.take(input, &mut actions) {
                    self.carry_out(actions)?;
                    return Ok(());
                }
            }
            self.carry_out(actions)?;
        }
    }

    /// Returns false when the node is to stop.
    fn take(&mut self, input: Input, actions: &mut Vec<Action>) -> bool {
        match input {
            Input::Event(event) => {
                self.replica.step(now(self.start), event, actions);
            }
            // Answered once what the step asks for is done, so that disk and replica are of one height.
            Input::Ask(question) => self.questions.push(question),
            Input::Stop => return false,
        }
        true
    }

    fn carry_out(&mut self, actions: Vec<Action>) -> Result<(), String> {
        let mut log: Vec<LogEntry> = Vec::new();
        let mut signed = false;
        let mut rest = Vec::with_capacity(actions.len());
        let mut halt = None;
        for action in actions {
            match action {
                Action::Log(entries) => log.extend(entries),
                Action::KeepSigned => signed = true,
                Action::Halt(why) => {
                    halt = Some(why);
                    break;
                }
                action => rest.push(action),
            }
        }
        self.wal.note(log);
        // Whoever hears of this height again hears nothing that the log does not tell: it is durable before it is said.
        let says = |action: &Action| {
            matches!(action, Action::Send { message: Message::Consensus(_) | Message::Draft(_), .. })
        };
        if signed || rest.iter().any(says) {
            self.wal.sync().map_err(|error| error.to_string())?;
        }
        if signed && let Some(signer) = self.replica.signer_mut() {
            signer.keep().map_err(|error| error.to_string())?;
        }
        let mut stored = false;
        for action in together(rest) {
            stored |= matches!(action, Action::Persist(_));
            self.act(action)?;
        }
        if stored {
            self.replica.stored();
        }
        for question in std::mem::take(&mut self.questions) {
            question(&self.replica);
        }
        let waiting = self.replica.pool().len();
        self.shared.update(|status| status.waiting = waiting);
        match halt {
            Some(why) => {
                self.shared.update(|status| status.halted = Some(why.clone()));
                Err(why)
            }
            None => Ok(()),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::Send { to, message } => self.send(to, &message),
            Action::Persist(decided) => self.persist(&decided)?,
            Action::Final(decided) => self.tell_final(&decided),
            Action::Admission { ticket, answer } => self.answer(ticket, answer),
            Action::LeftOut { instruction, reason } => {
                let envelope = instruction.envelope();
                self.shared.tell(&(envelope.submitter, envelope.key), || Err(Fault::Void(reason)));
            }
            Action::Forgotten(signed) => {
                let Question { height, round, step, .. } = signed;
                tracing::error!(
                    %height, round = round.0, ?step,
                    "this validator's key signed this, and this node does not know of it: a backup was put back, or another node has \
                     the same key. It signs nothing up to that height"
                );
            }
            Action::IllTimed { block, time, clock_ms } => {
                let off_ms = i128::from(clock_ms) - i128::from(time.ms());
                tracing::warn!(%block, %time, off_ms, "a proposal's time lies too far from this node's clock: one is wrong");
            }
            Action::Misbehaved(found) => {
                tracing::error!(count = found.len(), "validators said two things at once; the proofs are kept");
                self.database.keep_evidence(&found).map_err(|error| error.to_string())?;
            }
            // Taken out before.
            Action::Log(_) | Action::KeepSigned | Action::Halt(_) => {}
        }
        Ok(())
    }

    fn send(&self, to: To, message: &Message) {
        let frame = Arc::new(message.encode());
        let lane = message.lane() as usize;
        let send = |peer: &PublicKey| self.network.send(peer, lane, frame.clone());
        match to {
            To::One(peer) => send(&peer),
            To::All => self.replica.peers().for_each(|(peer, _)| send(peer)),
            To::Validators => {
                self.replica.peers().filter(|(_, validator)| *validator).for_each(|(peer, _)| send(peer));
            }
        }
    }

    fn persist(&mut self, decided: &Decided) -> Result<(), String> {
        self.database.persist(decided).map_err(|error| error.to_string())?;
        let header = &decided.block.block.header;
        self.wal.cut(header.height).map_err(|error| error.to_string())?;
        self.shared.update(|status| {
            status.height = header.height;
            status.tip = header.id();
            status.time = header.time;
            status.executed = status.executed.saturating_add(decided.instructions.len() as u64);
        });
        self.shared.grown(header.height);
        tracing::info!(
            height = header.height.0,
            instructions = decided.instructions.len(),
            round = decided.block.certificate.round.0,
            state_root = %header.state_root,
            "final"
        );
        if !decided.applied.changes.records.participants.is_empty() {
            let _busy = self.registry_changed.try_send(());
        }
        Ok(())
    }

    fn tell_final(&self, decided: &Decided) {
        if !self.shared.anybody_waits() {
            return;
        }
        let answers = Answers {
            header: &decided.block.block.header,
            instructions: decided.instructions.len(),
            receipts: &decided.applied.receipts,
            outcomes: &decided.applied.outcomes,
            events: &decided.applied.events,
        };
        for (place, instruction) in decided.instructions.iter().enumerate() {
            let envelope = instruction.envelope();
            self.shared.tell(&(envelope.submitter, envelope.key), || answers.at(answers.position(place)));
        }
    }

    fn answer(&self, ticket: u64, answer: Result<(), seaway_engine::Refused>) {
        let Some(waiter) = self.shared.redeem(ticket) else { return };
        match answer {
            Ok(()) if waiter.wait == Wait::Final => self.shared.wait_for_block(waiter),
            Ok(()) => waiter.answer(Ok(Answered::Admitted)),
            // The very same instruction was executed before: its answer is the first one's.
            Err(seaway_engine::Refused::Void(VoidReason::AlreadyExecuted { .. })) => {
                let (submitter, key) = waiter.name;
                let found = find_instruction(&self.database, &submitter, &key);
                waiter.answer(match found {
                    Ok(Some((placed, _))) => Ok(Answered::Final(Box::new(placed))),
                    Ok(None) => Err(Fault::Internal("the index and the receipts disagree".to_owned())),
                    Err(fault) => Err(fault),
                });
            }
            Err(seaway_engine::Refused::Void(reason)) => waiter.answer(Err(Fault::Void(reason))),
            Err(refused) => {
                let (iso, number, retry) = refused.row();
                let (message, retry_after_ms) = (refused.to_string(), refused.retry_after_ms());
                waiter.answer(Err(Fault::Refused { message, iso, number, retry, retry_after_ms }));
            }
        }
    }
}

/// Puts instructions that several steps pass on to all validators into few messages, before everything else: whoever hears of a block
/// that names them has them already, and does not ask.
fn together(actions: Vec<Action>) -> Vec<Action> {
    let mut raw: Vec<RawInstruction> = Vec::new();
    let mut rest = Vec::with_capacity(actions.len());
    for action in actions {
        match action {
            Action::Send { to: To::Validators, message: Message::Instructions(some) } => {
                raw.extend(some.into_inner())
            }
            action => rest.push(action),
        }
    }
    let messages = seaway_engine::in_messages(raw);
    let first = messages.map(|message| Action::Send { to: To::Validators, message });
    first.chain(rest).collect()
}
