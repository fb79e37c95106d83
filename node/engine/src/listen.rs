//! What a validator does before it says anything: it listens.
//!
//! A validator that was put back from a backup knows neither what it signed since nor that the network has gone on, and would
//! sign other things for the same steps. So one that starts says nothing before validators of more than two thirds of the power, itself
//! among them, have told what they have decided, and it has caught up with what they told; and for a second it waits for the rest. Before they tell
//! it they remind it of what it said last at the height at which they are, and it stays silent through the height of what it does not
//! know of: that was forgotten, or another node has its key.

use crate::action::{Action, LogEntry, Peer, To};
use crate::message::Message;
use crate::replica::{Halt, Replica};
use crate::store::Store;
use seaway_consensus::{ConsensusMessage, Question, Record, Signer, Step, is_authentic};
use seaway_types::Bic;
use seaway_types::block::{SignedVote, VoteKind};
use seaway_types::state::Validator;
use seaway_types::time::Height;
use std::collections::BTreeSet;

/// How long the rest is waited for once enough have told, in milliseconds.
const REST_MS: u64 = 1_000;

/// How long after all have told, in milliseconds: what they said before may come after it while connections are made.
const SETTLE_MS: u64 = 50;

impl<S: Store, K: Signer> Replica<S, K> {
    /// Whether it listens still, and says nothing. Ends by itself.
    pub(crate) fn listens(&mut self) -> Result<bool, Halt> {
        if !self.listening {
            return Ok(false);
        }
        let validators = self.validators_at(self.next_height())?;
        let own = self.signer.as_ref().map(Signer::key);
        let total = u128::from(validators.total_power());
        let power_of = |wanted: &dyn Fn(&Validator) -> bool| -> u128 {
            validators.0.iter().filter(|one| wanted(one)).map(|one| u128::from(one.power)).sum()
        };
        let tells = |one: &Validator, what: &dyn Fn(Height) -> bool| {
            let theirs = self.peers.values().filter(|peer| peer.institutions.contains(&one.bic));
            theirs.filter_map(|peer| peer.told).any(what)
        };
        let told = power_of(&|one| Some(one.key) == own || tells(one, &|_| true));
        // What they told first: under load they are always ahead of who only follows. And more than a third: one that lies alone
        // must not keep it listening for ever.
        let ahead = power_of(&|one| tells(one, &|height| height > self.tip.height));
        let enough = told.saturating_mul(3) > total.saturating_mul(2);
        if !enough || ahead.saturating_mul(3) > total {
            return Ok(true);
        }
        // What it said may have come to few: the rest has its turn, for a while that nobody can make longer.
        let since = *self.heard_since_ms.get_or_insert(self.now.elapsed_ms);
        let patience = if told == total && ahead == 0 { SETTLE_MS } else { REST_MS };
        self.listening = self.now.elapsed_ms < since.saturating_add(patience);
        Ok(self.listening)
    }

    /// When it may have listened for long enough.
    pub(crate) fn listened_at(&self) -> Option<u64> {
        let since = self.heard_since_ms?;
        let ends = [SETTLE_MS, REST_MS].map(|patience| since.saturating_add(patience));
        ends.into_iter().find(|at| self.listening && *at > self.now.elapsed_ms)
    }

    /// Reminds a validator that has just connected of what it said last.
    pub(crate) fn remind(&mut self, peer: Peer, institutions: &BTreeSet<Bic>) -> Result<(), Halt> {
        let Some(agreement) = &self.agreement else { return Ok(()) };
        let remembered = |key| {
            let votes = self.remembered.values().flatten().filter_map(|entry| match entry {
                LogEntry::Consensus(_, Record::Vote(signed)) if signed.validator == key => Some(*signed),
                _ => None,
            });
            votes.max_by_key(|signed| (signed.vote.height, signed.vote.round, signed.vote.kind))
        };
        let validators = self.validators_at(self.next_height())?;
        let theirs = validators.0.iter().filter(|one| institutions.contains(&one.bic));
        let said: Vec<SignedVote> =
            theirs.flat_map(|one| [agreement.last_vote_of(one.key), remembered(one.key)]).flatten().collect();
        for vote in said {
            self.send(To::One(peer), Message::Consensus(ConsensusMessage::Vote(vote)));
        }
        Ok(())
    }

    /// Hears what its own key has signed. Whether this was such a message.
    pub(crate) fn is_reminded(&mut self, message: &ConsensusMessage) -> Result<bool, Halt> {
        let own = self.signer.as_ref().map(Signer::key);
        let ConsensusMessage::Vote(signed) = message else { return Ok(false) };
        if Some(signed.validator) != own || message.height() <= self.tip.height {
            return Ok(false);
        }
        let (validators, network) = (self.validators_at(self.next_height())?, self.parameters.network);
        if !is_authentic(message, network, &validators, self.verified()) {
            return Ok(true);
        }
        let vote = &signed.vote;
        let step = match vote.kind {
            VoteKind::Prevote => Step::Prevote,
            VoteKind::Precommit => Step::Precommit,
        };
        let question = Question { height: vote.height, round: vote.round, step, message: vote.message() };
        if self.signer.as_mut().is_some_and(|signer| signer.remind(&question)) {
            self.done.signed = true;
            self.done.after.push(Action::Forgotten(question));
        }
        Ok(true)
    }
}
