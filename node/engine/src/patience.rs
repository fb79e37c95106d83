//! How long consensus waits for others: never for whom it cannot hear.
//!
//! A timer of consensus gives slow messages time to come. Proposals and votes come from their validator alone, over a connection
//! of its own; while there is none, nothing can come, and the wait is for nothing: a validator that is down would cost every
//! height of its turn two timeouts. Timers only ever decide when a validator gives a round up, never what it may say, so that
//! one which ends early cannot break agreement; and whoever judges wrongly is overruled by the rest, or tries again a round later.

use crate::replica::{Halt, Replica};
use crate::store::Store;
use seaway_consensus::{Signer, Timer, TimerKind, proposer};
use seaway_types::state::{Validator, ValidatorSet};
use std::collections::BTreeSet;

impl<S: Store, K: Signer> Replica<S, K> {
    /// How long a timer runs that is set now, in milliseconds.
    pub(crate) fn patience_ms(&self, timer: Timer) -> Result<u64, Halt> {
        let usual = self.timeouts().duration_ms(timer);
        if timer.height != self.next_height() {
            return Ok(usual);
        }
        let validators = self.validators_at(timer.height)?;
        let in_vain = match timer.kind {
            TimerKind::Propose => self.cannot_propose(&validators, timer),
            TimerKind::Prevote | TimerKind::Precommit => self.all_have_voted(&validators),
            TimerKind::Rebroadcast => false,
        };
        Ok(if in_vain { 0 } else { usual })
    }

    /// Whether the round's proposer is out of hearing, and its word has not come either.
    fn cannot_propose(&self, validators: &ValidatorSet, timer: Timer) -> bool {
        let whose = proposer(validators, timer.height, timer.round).and_then(|key| validators.get(&key));
        whose.is_some_and(|whose| !self.hears(whose)) && !self.candidates.is_proposed(timer.height, timer.round)
    }

    /// Whether everybody within hearing must have voted. The timers of votes are set when votes of more than two thirds have
    /// come: nobody is left when those whom this node hears have no more than two thirds without the least of them.
    fn all_have_voted(&self, validators: &ValidatorSet) -> bool {
        let heard: Vec<u64> = validators.0.iter().filter(|one| self.hears(one)).map(|one| one.power).collect();
        let power: u128 = heard.iter().copied().map(u128::from).sum();
        let least = heard.iter().copied().min().map_or(0, u128::from);
        let total = u128::from(validators.total_power());
        power.saturating_sub(least).saturating_mul(3) <= total.saturating_mul(2)
    }

    /// Whether what a validator says can come here: it is this one, or a node of its institution is connected.
    fn hears(&self, validator: &Validator) -> bool {
        self.signer.as_ref().is_some_and(|signer| signer.key() == validator.key)
            || self.peers.values().any(|peer| peer.institution == Some(validator.bic))
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
