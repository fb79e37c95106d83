//! When the next height starts: a quiet network is quiet, and never late.
//!
//! Causes: an instruction waits; the block's own acts are due (the alarm); a verified proposal of the right proposer, or
//! verified votes of more than a third of the power, have come; or the network has been idle for as long as the genesis
//! allows. A decision from elsewhere needs no start: it is applied at once.

use crate::replica::{Halt, Replica};
use crate::store::Store;
use seaway_consensus::{ConsensusMessage, Input, Signer, is_authentic};
use seaway_types::keys::PublicKey;
use seaway_types::time::Height;
use std::collections::{BTreeMap, BTreeSet};

/// Who has shown that a height has begun elsewhere; of the next two heights.
#[derive(Default)]
pub(crate) struct Knocks(BTreeMap<Height, Knock>);

#[derive(Default)]
struct Knock {
    voters: BTreeSet<PublicKey>,
    proposed: bool,
}

impl<S: Store, K: Signer> Replica<S, K> {
    /// When [`crate::Event::Wake`] is due at the latest, on the monotonic clock in milliseconds.
    pub fn next_wake(&self) -> u64 {
        let timer = self.timers.first().map(|(at, _)| *at);
        let idle = self.idle_at();
        let alarm = self.alarm_in_ms().map(|ms| self.now.elapsed_ms.saturating_add(ms));
        let touch = Some(self.sync.next_status_ms());
        let waiting = [timer, idle, alarm, touch, self.candidates.ask_again_at(), self.listened_at()];
        waiting.into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// When an idle network makes its block.
    fn idle_at(&self) -> Option<u64> {
        (self.agreement.is_some() && !self.started && !self.listening)
            .then(|| self.tip_since_ms.saturating_add(self.timing.idle_block_ms))
    }

    /// Milliseconds until something in the state falls due by the clock on the wall.
    fn alarm_in_ms(&self) -> Option<u64> {
        if self.agreement.is_none() || self.started || self.listening {
            return None;
        }
        let first = self.state.timers().first()?;
        Some(first.at.ms().saturating_sub(self.now.clock_ms))
    }

    fn must_start(&self) -> Result<bool, Halt> {
        let height = self.next_height();
        let knock = self.knocks.0.get(&height);
        if !self.pool.is_empty() || knock.is_some_and(|knock| knock.proposed) || self.alarm_in_ms() == Some(0) {
            return Ok(true);
        }
        if self.idle_at().is_some_and(|at| at <= self.now.elapsed_ms) {
            return Ok(true);
        }
        let Some(knock) = knock else { return Ok(false) };
        let validators = self.validators_at(height)?;
        let power = knock
            .voters
            .iter()
            .filter_map(|key| validators.get(key))
            .fold(0u64, |sum, validator| sum.saturating_add(validator.power));
        Ok(u128::from(power) * 3 > u128::from(validators.total_power()))
    }

    /// Starts the next height if there is a cause, or takes part again in one that the log tells of. Returns whether it did.
    pub(crate) fn start_height(&mut self) -> Result<bool, Halt> {
        if self.started || self.agreement.is_none() || self.listens()? {
            return Ok(false);
        }
        let height = self.next_height();
        if let Some(entries) = self.remembered.remove(&height) {
            self.resume_height(entries)?;
            return Ok(true);
        }
        if !self.must_start()? {
            return Ok(false);
        }
        let validators = self.validators_at(height)?;
        let (Some(agreement), Some(signer)) = (&mut self.agreement, &mut self.signer) else {
            return Ok(false);
        };
        self.outputs.extend(agreement.start(height, &validators, signer)?);
        self.started = true;
        Ok(true)
    }

    /// Whether a message may go on to consensus. What belongs to a height that has not started here is checked first, then
    /// waits in the core, and counts as a knock. Proposals are always checked, because blocks are executed on their word.
    pub(crate) fn knock(&mut self, message: &ConsensusMessage) -> Result<bool, Halt> {
        let (height, next) = (message.height(), self.next_height());
        let present = self.started && height == next;
        if present && !matches!(message, ConsensusMessage::Proposal(_)) {
            return Ok(true);
        }
        if height != next && height.0 != next.0.saturating_add(1) {
            return Ok(false);
        }
        let validators = self.validators_at(height)?;
        let network = self.parameters.network;
        if !is_authentic(message, network, &validators, self.verified()) {
            return Ok(false);
        }
        let knock = self.knocks.0.entry(height).or_default();
        match message {
            ConsensusMessage::Vote(vote) => {
                knock.voters.insert(vote.validator);
            }
            ConsensusMessage::Proposal(_) => knock.proposed = true,
            ConsensusMessage::Polka(_) | ConsensusMessage::Round(_) => return Ok(present),
        }
        Ok(true)
    }

    /// Forgets who knocked at heights that are over.
    pub(crate) fn forget_knocks(&mut self) {
        self.knocks.0 = self.knocks.0.split_off(&self.next_height());
    }

    /// Timers that have run out.
    pub(crate) fn ring(&mut self) -> Result<(), Halt> {
        while let Some((at, timer)) = self.timers.first().copied() {
            if at > self.now.elapsed_ms {
                break;
            }
            self.timers.pop_first();
            self.consult(Input::Timeout(timer))?;
        }
        self.ask_again()?;
        self.keep_in_touch();
        Ok(())
    }
}
