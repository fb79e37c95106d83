//! How long consensus waits for others: never for whom it cannot hear.
//!
//! A timer of consensus gives slow messages time to come. Proposals and votes come from their validator alone, over a connection
//! of its own; while there is none, nothing can come, and the wait is for nothing: a validator that is down would cost every
//! height of its turn two timeouts. Timers only ever decide when a validator gives a round up, never what it may say, so that
//! one which ends early cannot break agreement.
//!
//! What it could break is progress, where validators hear different ones: a correct validator that is out of hearing here is
//! given up, though the others hear it. So it is done only in the first rounds of a height, as many as there may be
//! validators that are down. From then on the usual timeouts grow, and the algorithm ends as it was proven to.

use crate::replica::{Halt, Replica};
use crate::store::Store;
use crate::sync::PeerState;
use seaway_consensus::{Signer, Timer, TimerKind, proposer};
use seaway_types::block::{Round, VoteKind};
use seaway_types::state::{Validator, ValidatorSet};
use std::collections::BTreeSet;

/// Each node says its height every second. Whoever has said nothing for so long, in milliseconds, hangs or is cut off, though its
/// connection stands.
const SILENCE_MS: u64 = 5_000;

impl<S: Store, K: Signer> Replica<S, K> {
    /// How long a timer runs that is set now, in milliseconds.
    pub(crate) fn patience_ms(&self, timer: Timer) -> Result<u64, Halt> {
        let usual = self.timeouts().duration_ms(timer);
        if timer.height != self.next_height() {
            return Ok(usual);
        }
        let validators = self.validators_at(timer.height)?;
        let faulty_max = validators.0.len().saturating_sub(1) / 3;
        if timer.round.0 as usize >= faulty_max {
            return Ok(usual);
        }
        let in_vain = match timer.kind {
            TimerKind::Propose => self.cannot_propose(&validators, timer),
            TimerKind::Prevote => self.all_have_voted(&validators, VoteKind::Prevote, timer.round),
            TimerKind::Precommit => self.all_have_voted(&validators, VoteKind::Precommit, timer.round),
            TimerKind::Rebroadcast => false,
        };
        Ok(if in_vain { 0 } else { usual })
    }

    /// Whether the round's proposer is out of hearing, and its word has not come either.
    fn cannot_propose(&self, validators: &ValidatorSet, timer: Timer) -> bool {
        let whose = proposer(validators, timer.height, timer.round).and_then(|key| validators.get(&key));
        whose.is_some_and(|whose| !self.hears(whose)) && !self.candidates.is_proposed(timer.height, timer.round)
    }

    /// Whether the votes of everybody within hearing are here. Those of others may be here too, and stand for nobody: who votes and
    /// goes away must not make the rest look complete.
    fn all_have_voted(&self, validators: &ValidatorSet, kind: VoteKind, round: Round) -> bool {
        let voted = |one: &Validator| {
            self.is_own_key(one)
                || self.agreement.as_ref().is_some_and(|agreement| agreement.has_vote(kind, round, one.key))
        };
        validators.0.iter().filter(|one| self.hears(one)).all(voted)
    }

    fn is_own_key(&self, validator: &Validator) -> bool {
        self.signer.as_ref().is_some_and(|signer| signer.key() == validator.key)
    }

    /// Whether what a validator says can come here: it is this one, or a node of its institution is connected.
    fn hears(&self, validator: &Validator) -> bool {
        let lately = |peer: &PeerState| self.now.elapsed_ms < peer.heard_ms.saturating_add(SILENCE_MS);
        self.is_own_key(validator)
            || self.peers.values().any(|peer| peer.institutions.contains(&validator.bic) && lately(peer))
    }

    /// Timers that run are shortened when somebody has gone.
    pub(crate) fn lose_patience(&mut self) -> Result<(), Halt> {
        let mut timers = BTreeSet::new();
        for (at, timer) in std::mem::take(&mut self.timers) {
            let latest = self.now.elapsed_ms.saturating_add(self.patience_ms(timer)?);
            timers.insert((at.min(latest), timer));
        }
        self.timers = timers;
        Ok(())
    }
}
