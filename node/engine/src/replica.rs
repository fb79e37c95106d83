//! The replica: its parts, and the order in which a step goes through them.

use crate::action::{Action, Event, LogEntry, Now, Peer, To};
use crate::candidate::Candidates;
use crate::left_out::LeftOut;
use crate::message::Message;
use crate::store::{Store, TipBlock, View};
use crate::sync::{PeerState, SyncState};
use crate::wake::Knocks;
use seaway_consensus::{Agreement, ConsensusMessage, Output, Signer, Timeouts, Timer, Verified};
use seaway_ledger::state::{MemoryState, ReadFault, StateView};
use seaway_mempool::Pool;
use seaway_types::genesis::ConsensusTiming;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::state::{Parameters, ValidatorSet, Validators};
use seaway_types::time::Height;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// With what a replica starts.
pub struct Setup<S, K> {
    /// Spans of time that consensus reads, of the genesis.
    pub timing: ConsensusTiming,
    /// The state after the tip.
    pub state: MemoryState,
    /// The tip.
    pub tip: TipBlock,
    /// The disk.
    pub store: S,
    /// The key with which it votes; none for an observer.
    pub signer: Option<K>,
    /// What its log holds beyond the tip, in order.
    pub log: Vec<LogEntry>,
}

/// See the crate.
pub struct Replica<S, K> {
    pub(crate) timing: ConsensusTiming,
    pub(crate) state: MemoryState,
    pub(crate) parameters: Parameters,
    pub(crate) tip: TipBlock,
    /// When the tip was decided here, by the monotonic clock.
    pub(crate) tip_since_ms: u64,
    pub(crate) store: S,
    pub(crate) signer: Option<K>,
    pub(crate) agreement: Option<Agreement>,
    /// The signatures that a node without a part in the agreement found valid lately.
    verified: Verified,
    /// Whether the height after the tip has started.
    pub(crate) started: bool,
    /// Whether it has just begun, and says nothing before it has heard what the others have decided.
    pub(crate) listening: bool,
    /// Since when enough have told, by the monotonic clock.
    pub(crate) heard_since_ms: Option<u64>,
    /// What the log tells of heights that have not started again.
    pub(crate) remembered: BTreeMap<Height, Vec<LogEntry>>,
    pub(crate) candidates: Candidates,
    pub(crate) pool: Pool,
    pub(crate) left_out: LeftOut,
    pub(crate) peers: BTreeMap<Peer, PeerState>,
    pub(crate) sync: SyncState,
    pub(crate) knocks: Knocks,
    pub(crate) timers: BTreeSet<(u64, Timer)>,
    pub(crate) now: Now,
    /// What consensus asked for and is not carried out yet.
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) done: Done,
    pub(crate) halted: bool,
}

/// What a step produced, sorted into the order in which it must be carried out.
#[derive(Default)]
pub(crate) struct Done {
    pub log: Vec<LogEntry>,
    pub signed: bool,
    pub sends: Vec<(To, Message)>,
    pub after: Vec<Action>,
}

/// What stops a step.
#[derive(Debug)]
pub(crate) struct Halt(pub String);

impl From<ReadFault> for Halt {
    fn from(fault: ReadFault) -> Self {
        Self(fault.to_string())
    }
}

impl From<seaway_consensus::Fault> for Halt {
    fn from(fault: seaway_consensus::Fault) -> Self {
        Self(fault.to_string())
    }
}

impl<S: Store, K: Signer> Replica<S, K> {
    /// A replica on its tip. Takes part again in the heights that its log tells of; the actions say what follows from it.
    pub fn start(setup: Setup<S, K>, now: Now, actions: &mut Vec<Action>) -> Result<Self, ReadFault> {
        let Setup { timing, state, tip, store, signer, log } = setup;
        let missing = |what: &str| ReadFault(format!("the state has no {what}"));
        let parameters = state.read::<Parameters>(&())?.ok_or_else(|| missing("parameters"))?;
        let validators = state.read::<Validators>(&())?.ok_or_else(|| missing("validators"))?;
        let first = validators.at(tip.height).cloned().unwrap_or_default();
        let agreement = signer.as_ref().map(|signer| Agreement::new(parameters.network, signer.key(), &first));
        let mut replica = Self {
            timing,
            state,
            parameters,
            tip,
            tip_since_ms: now.elapsed_ms,
            store,
            signer,
            agreement,
            verified: Verified::default(),
            started: false,
            listening: true,
            heard_since_ms: None,
            remembered: BTreeMap::new(),
            candidates: Candidates::default(),
            pool: Pool::default(),
            left_out: LeftOut::default(),
            peers: BTreeMap::new(),
            sync: SyncState::default(),
            knocks: Knocks::default(),
            timers: BTreeSet::new(),
            now,
            outputs: VecDeque::new(),
            done: Done::default(),
            halted: false,
        };
        let recovered = replica.recover(log);
        replica.finish(recovered, actions);
        Ok(replica)
    }

    /// Takes an event and appends what is to be done. After [`Action::Halt`] it takes no more.
    pub fn step(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        if self.halted {
            return;
        }
        self.now = now;
        let taken = self.take(event).and_then(|()| self.go_on());
        self.finish(taken, actions);
    }

    fn take(&mut self, event: Event) -> Result<(), Halt> {
        match event {
            Event::Wake => self.ring(),
            Event::PeerUp { peer, institutions } => self.meet(peer, institutions),
            Event::PeerDown(peer) => self.part(&peer),
            Event::Message { from, message } => {
                self.touch(&from);
                self.hear(from, message)
            }
            Event::Submitted { ticket, instruction } => self.submit(ticket, instruction),
            Event::PassedOn { from, instructions } => self.receive(from, instructions),
            Event::Block { from, block, instructions } => self.keep_synced(from, *block, instructions),
        }
    }

    fn hear(&mut self, from: Peer, message: Message) -> Result<(), Halt> {
        match message {
            Message::Consensus(message) => self.hear_consensus(from, message),
            Message::Status(height) => {
                self.hear_status(from, height);
                Ok(())
            }
            Message::Draft(draft) => self.take_draft(from, draft),
            Message::WantDraft(block) => {
                self.answer_draft(from, block);
                Ok(())
            }
            Message::WantBlocks(height, count) => self.answer_blocks(from, height, count),
            Message::Announce(ids) => {
                self.hear_announcement(from, &ids);
                Ok(())
            }
            Message::WantInstructions(ids) => {
                self.answer_instructions(from, &ids);
                Ok(())
            }
            // Both come as events of their own, after their signatures were checked.
            Message::Block(_) | Message::Instructions(_) => Ok(()),
        }
    }

    /// What follows by itself, until nothing does.
    fn go_on(&mut self) -> Result<(), Halt> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                self.carry_out(output)?;
            } else if !self.apply_synced()? && !self.start_height()? {
                break;
            }
        }
        self.ask_for_blocks();
        Ok(())
    }

    /// Takes part again in the heights that the log tells of: in the next one now, in later ones when they are reached. A
    /// height may have been spoken at whose parent came from a peer and was not stored yet when the power went.
    fn recover(&mut self, log: Vec<LogEntry>) -> Result<(), Halt> {
        for entry in log.into_iter().filter(|entry| entry.height() > self.tip.height) {
            self.remembered.entry(entry.height()).or_default().push(entry);
        }
        self.go_on()
    }

    fn finish(&mut self, result: Result<(), Halt>, actions: &mut Vec<Action>) {
        let Done { log, signed, sends, after } = std::mem::take(&mut self.done);
        if let Err(Halt(why)) = result {
            // Nothing of a step that failed is said: what it noted down may contradict itself.
            self.halted = true;
            actions.push(Action::Halt(why));
            return;
        }
        let first = actions.len();
        if !log.is_empty() {
            actions.push(Action::Log(log));
        }
        if signed {
            actions.push(Action::KeepSigned);
        }
        let said = sends.len();
        actions.extend(sends.into_iter().map(|(to, message)| Action::Send { to, message }));
        if let (true, Some(step)) = (seeded(Mutant::SpeechBeforeLog), actions.get_mut(first..)) {
            step.rotate_right(said);
        }
        actions.extend(after);
    }

    /// The height after the tip.
    pub(crate) fn next_height(&self) -> Height {
        Height(self.tip.height.0.saturating_add(1))
    }

    /// The validators of a height, of the tip's or the next two.
    pub(crate) fn validators_at(&self, height: Height) -> Result<ValidatorSet, Halt> {
        let known = self.state.read::<Validators>(&())?;
        let set = known.as_ref().and_then(|validators| validators.at(height)).cloned();
        set.ok_or_else(|| Halt(format!("no validators are known for height {height}")))
    }

    /// The signatures of votes that were found valid lately.
    pub(crate) fn verified(&mut self) -> &mut Verified {
        self.agreement.as_mut().map_or(&mut self.verified, Agreement::verified)
    }

    pub(crate) fn view(&self) -> View<'_, S> {
        View::new(&self.state, &self.store, &self.parameters)
    }

    pub(crate) fn send(&mut self, to: To, message: Message) {
        self.done.sends.push((to, message));
    }

    pub(crate) fn say(&mut self, message: ConsensusMessage) {
        self.send(To::Validators, Message::Consensus(message));
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts(self.timing)
    }

    /// The tip.
    pub fn tip(&self) -> &TipBlock {
        &self.tip
    }

    /// The state after the tip.
    pub fn state(&self) -> &MemoryState {
        &self.state
    }

    /// What waits for a block.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The key with which it votes.
    pub fn signer_mut(&mut self) -> Option<&mut K> {
        self.signer.as_mut()
    }

    /// The disk.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Whether the next height has started, and its round.
    pub fn round(&self) -> Option<seaway_types::block::Round> {
        self.agreement.as_ref().filter(|_| self.started).and_then(Agreement::round)
    }
}
