//! Catching up: who has decided what, and blocks that were decided elsewhere.
//!
//! Each node says its height on every decision, on connection and every second. Whoever is behind asks for blocks, checks
//! certificate and roots, and applies them. Observers live on this alone.

use crate::action::{Peer, To};
use crate::candidate::Stage;
use crate::message::Message;
use crate::replica::{Halt, Replica};
use crate::store::Store;
use seaway_consensus::Signer;
use seaway_types::Bic;
use seaway_types::block::{BlockDraft, FinalBlock};
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::time::Height;
use std::collections::{BTreeMap, BTreeSet};

/// How often a node says its height, in milliseconds.
const STATUS_MS: u64 = 1_000;

/// How long a validator that is one block behind waits for its own decision before it asks, in milliseconds.
const GRACE_MS: u64 = 250;

/// So many heights behind the highest peer a validator no longer waits: under load others are a height or two ahead.
const FAR_HEIGHTS: u64 = 3;

/// How long to wait for blocks before another peer is asked, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// Blocks asked for at a time, and kept that cannot be applied yet.
const WINDOW: u32 = 16;

/// Bytes that one peer may be answered in a second; whoever asks for more hears nothing until the second is over. A peer that catches up
/// asks again when it has applied what came.
const ANSWERED_BYTES_MAX: usize = 32 << 20;

/// What it costs to look something up, found or not, in bytes of answers.
pub(crate) const LOOK_UP_COST: usize = 256;

/// What is known of a peer.
#[derive(Clone, Debug)]
pub(crate) struct PeerState {
    /// Whose node it is.
    pub institutions: BTreeSet<Bic>,
    /// Whether one of them votes at the next height.
    pub validator: bool,
    /// The height that it has decided.
    pub height: Height,
    /// What it told first since it is connected.
    pub told: Option<Height>,
    /// When something came of it last, by the monotonic clock.
    pub heard_ms: u64,
    /// The last height that it was helped with unasked, and when: once a second is enough.
    helped: Option<(Height, u64)>,
    /// Since when it asks, and what that has cost so far, in bytes.
    asked: (u64, usize),
}

impl PeerState {
    /// Counts what answering a peer costs. Returns whether it was below its bound before.
    fn may_ask(&mut self, now_ms: u64, cost: usize) -> bool {
        let (since, so_far) = self.asked;
        let (since, so_far) = if now_ms < since.saturating_add(1_000) { (since, so_far) } else { (now_ms, 0) };
        self.asked = (since, so_far.saturating_add(cost));
        so_far < ANSWERED_BYTES_MAX
    }
}

/// Where catching up stands.
#[derive(Default)]
pub(crate) struct SyncState {
    /// Blocks that came, by height.
    blocks: BTreeMap<Height, (Peer, FinalBlock, Vec<AuthenticInstruction>)>,
    /// Since when somebody is known to be ahead.
    behind_since: Option<u64>,
    /// Who was asked for blocks last, and up to which height it has some.
    asked: Option<(Peer, Height)>,
    /// Until when an answer is awaited.
    patience_until: u64,
    /// Whose turn it is to be asked.
    turn: usize,
    status_at: u64,
}

impl SyncState {
    pub fn next_status_ms(&self) -> u64 {
        self.status_at
    }
}

impl<S: Store, K: Signer> Replica<S, K> {
    pub(crate) fn meet(&mut self, peer: Peer, institutions: BTreeSet<Bic>) -> Result<(), Halt> {
        let state = PeerState {
            institutions,
            validator: false,
            height: Height(0),
            told: None,
            heard_ms: self.now.elapsed_ms,
            helped: None,
            asked: (0, 0),
        };
        self.remind(peer, &state.institutions)?;
        self.peers.insert(peer, state);
        self.send(To::One(peer), Message::Status(self.tip.height));
        self.note_validators()
    }

    /// Notes that something came of a peer.
    pub(crate) fn touch(&mut self, peer: &Peer) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.heard_ms = self.now.elapsed_ms;
        }
    }

    /// Notes which peers' institutions vote. Who does not know it yet is told what waits here.
    pub(crate) fn note_validators(&mut self) -> Result<(), Halt> {
        let validators = self.validators_at(self.next_height())?;
        let voting: BTreeSet<Bic> = validators.0.iter().map(|validator| validator.bic).collect();
        let mut new = Vec::new();
        for (peer, state) in &mut self.peers {
            let votes = !state.institutions.is_disjoint(&voting);
            if votes && !state.validator {
                new.push(*peer);
            }
            state.validator = votes;
        }
        new.into_iter().for_each(|peer| self.announce_pool(peer));
        Ok(())
    }

    /// The nodes that are connected, and whether their institutions vote.
    pub fn peers(&self) -> impl Iterator<Item = (&Peer, bool)> {
        self.peers.iter().map(|(peer, state)| (peer, state.validator))
    }

    pub(crate) fn part(&mut self, peer: &Peer) -> Result<(), Halt> {
        self.peers.remove(peer);
        self.lose_patience()
    }

    pub(crate) fn hear_status(&mut self, from: Peer, height: Height) {
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.height = height;
            peer.told.get_or_insert(height);
        }
        if height > self.tip.height && self.sync.behind_since.is_none() {
            self.sync.behind_since = Some(self.now.elapsed_ms);
        }
    }

    pub(crate) fn announce_tip(&mut self) {
        self.sync.behind_since = None;
        self.sync.blocks = self.sync.blocks.split_off(&self.next_height());
        let height = self.tip.height;
        if self.peers.values().any(|peer| peer.height > height) {
            self.sync.behind_since = Some(self.now.elapsed_ms);
        }
        self.send(To::All, Message::Status(height));
    }

    /// What is said from time to time.
    pub(crate) fn keep_in_touch(&mut self) {
        let now = self.now.elapsed_ms;
        if self.sync.status_at > now {
            return;
        }
        self.sync.status_at = now.saturating_add(self.touch_ms());
        self.announce_overdue();
        let height = self.tip.height;
        self.send(To::All, Message::Status(height));
    }

    /// How long until this node looks again whether it is behind.
    fn touch_ms(&self) -> u64 {
        if self.sync.behind_since.is_some() || !self.pool.is_empty() { GRACE_MS } else { STATUS_MS }
    }

    /// Asks for blocks when others are ahead.
    pub(crate) fn ask_for_blocks(&mut self) {
        let (now, next) = (self.now.elapsed_ms, self.next_height());
        let Some(since) = self.sync.behind_since else { return };
        let ahead: Vec<(Peer, Height)> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.height >= next)
            .map(|(peer, state)| (*peer, state.height))
            .collect();
        let far = ahead.iter().any(|(_, height)| height.0 > next.0.saturating_add(FAR_HEIGHTS));
        let patient = self.agreement.is_some() && !self.listening && !far && now < since.saturating_add(GRACE_MS);
        if patient {
            // The status timer looks again.
            self.sync.status_at = self.sync.status_at.min(since.saturating_add(GRACE_MS));
            return;
        }
        if now < self.sync.patience_until || ahead.is_empty() || self.sync.blocks.contains_key(&next) {
            return;
        }
        let turn = self.sync.turn.checked_rem(ahead.len()).unwrap_or(0);
        self.sync.turn = self.sync.turn.wrapping_add(1);
        if let Some((peer, has)) = ahead.get(turn).copied() {
            self.sync.patience_until = now.saturating_add(PATIENCE_MS);
            let last = Height(next.0.saturating_add(u64::from(WINDOW)).saturating_sub(1));
            self.sync.asked = Some((peer, last.min(has)));
            self.send(To::One(peer), Message::WantBlocks(next, WINDOW));
        }
    }

    /// Counts what answering a peer costs, in bytes. Returns whether it may be answered still. What overtakes the news that the peer is
    /// connected is not counted.
    pub(crate) fn may_ask(&mut self, peer: &Peer, cost: usize) -> bool {
        let now = self.now.elapsed_ms;
        self.peers.get_mut(peer).is_none_or(|peer| peer.may_ask(now, cost))
    }

    pub(crate) fn answer_blocks(&mut self, from: Peer, height: Height, count: u32) -> Result<(), Halt> {
        for offset in 0..u64::from(count.min(WINDOW)) {
            let height = Height(height.0.saturating_add(offset));
            if height > self.tip.height || !self.may_ask(&from, LOOK_UP_COST) {
                break;
            }
            self.send_block(from, height)?;
        }
        Ok(())
    }

    fn send_block(&mut self, to: Peer, height: Height) -> Result<(), Halt> {
        if let Some(block) = self.store.block(height)? {
            let bytes = block.block.instructions.iter().map(|raw| raw.0.len()).sum();
            self.may_ask(&to, bytes);
            self.send(To::One(to), Message::Block(Box::new(block)));
        }
        Ok(())
    }

    /// Sends a decided block to a peer that still votes for its height, once a second at most.
    pub(crate) fn help(&mut self, peer: Peer, height: Height) -> Result<(), Halt> {
        let now = self.now.elapsed_ms;
        let Some(state) = self.peers.get_mut(&peer) else { return Ok(()) };
        let recent = |(helped, at): (Height, u64)| helped >= height && now < at.saturating_add(STATUS_MS);
        if state.height >= height || state.helped.is_some_and(recent) {
            return Ok(());
        }
        state.helped = Some((height, now));
        self.send_block(peer, height)
    }

    /// A decided block came. That of the next height is taken from anybody whose certificate holds, later ones only from whom they
    /// were asked: their validators may not be known yet, and nobody else's word may stand in their place.
    pub(crate) fn keep_synced(
        &mut self,
        from: Peer,
        block: FinalBlock,
        instructions: Vec<AuthenticInstruction>,
    ) -> Result<(), Halt> {
        let (height, next) = (block.block.header.height, self.next_height());
        let window = next.0.saturating_add(u64::from(WINDOW));
        let asked = self.sync.asked.is_some_and(|(peer, _)| peer == from);
        if height < next || height.0 >= window || (height > next && !asked) {
            return Ok(());
        }
        if height == next && !self.is_certified(&block)? && !seeded(Mutant::SyncUncertified) {
            self.distrust(from);
            return Ok(());
        }
        self.sync.blocks.insert(height, (from, block, instructions));
        Ok(())
    }

    /// Whether the validators of the next height have certified a block.
    fn is_certified(&self, block: &FinalBlock) -> Result<bool, Halt> {
        let header = &block.block.header;
        let validators = self.validators_at(self.next_height())?;
        let verified =
            block.certificate.verify(self.parameters.network, self.next_height(), header.id(), &validators);
        Ok(verified.is_ok())
    }

    /// Somebody lies; another is asked.
    fn distrust(&mut self, peer: Peer) {
        self.peers.entry(peer).and_modify(|state| state.height = Height(0));
        if self.sync.asked.is_some_and(|(asked, _)| asked == peer) {
            self.sync.asked = None;
            self.sync.patience_until = 0;
        }
    }

    /// Applies the block of the next height if it came. Returns whether the tip moved.
    pub(crate) fn apply_synced(&mut self) -> Result<bool, Halt> {
        let height = self.next_height();
        let Some((from, FinalBlock { block, certificate }, instructions)) = self.sync.blocks.remove(&height) else {
            return Ok(false);
        };
        let draft = BlockDraft { header: block.header, body: block.body() };
        let validators = self.validators_at(height)?;
        let id = draft.header.id();
        let proven = certificate.verify(self.parameters.network, height, id, &validators).is_ok()
            && draft.body.root() == draft.header.body_root;
        if !proven && !seeded(Mutant::SyncUncertified) {
            self.distrust(from);
            return Ok(false);
        }
        // Nobody executes a block twice: this one may have been found right while it was proposed.
        let executed = match self.candidates.take(&id).map(|candidate| candidate.stage) {
            Some(Stage::Right(executed, _)) => Some(*executed),
            _ => self.executed(&draft, &instructions)?,
        };
        let Some(executed) = executed else {
            return Err(Halt(format!(
                "block {id} at height {height} is certified by more than two thirds, but executes differently here"
            )));
        };
        self.outputs.clear();
        self.grow(draft, certificate, executed, instructions)?;
        // What was asked for is here: the next ones are asked for at once.
        let through = self.sync.asked.map_or(Height(0), |(_, last)| last);
        if self.sync.behind_since.is_some() && self.next_height() > through {
            self.sync.patience_until = 0;
        }
        Ok(true)
    }
}
