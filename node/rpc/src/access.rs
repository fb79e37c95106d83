//! Who may read what: a caller proves that it holds a key by signing a challenge, and gets a token for a while. What the key
//! may read is asked of the ledger at each call: the owner of an account, its servicing agent, and the supervisors of the
//! agent's jurisdiction may read it; of a payment all of these on either side.

use crate::backend::Backend;
use crate::fault::Fault;
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::hash::{Domain, Hash32};
use seaway_types::identifier::AccountId;
use seaway_types::keys::PublicKey;
use seaway_types::signature::{SignatureCheck, SignatureEntry, verify};
use seaway_types::state::Participant;
use seaway_types::time::BlockTime;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a challenge may be answered.
const CHALLENGE_LIFE: Duration = Duration::from_secs(60);
/// How long a token is good.
pub const TOKEN_LIFE: Duration = Duration::from_secs(900);
/// Challenges and tokens kept; the oldest go first.
const KEPT_MAX: usize = 10_000;

/// Challenges that wait for an answer, and tokens.
#[derive(Default)]
pub struct Desk(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    challenges: HashMap<Hash32, Instant>,
    tokens: HashMap<Hash32, (PublicKey, Instant)>,
}

/// What is signed to answer a challenge.
pub fn challenge_message(network: &Hash32, challenge: &Hash32) -> [u8; 32] {
    Domain::AccessChallenge.hash(&codec::encode(&(network, challenge))).0
}

impl Desk {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new challenge, from random bytes.
    pub fn challenge(&self, random: Hash32) -> Result<Hash32, Fault> {
        let mut kept = self.kept();
        let now = Instant::now();
        kept.challenges.retain(|_, since| now.duration_since(*since) < CHALLENGE_LIFE);
        if kept.challenges.len() >= KEPT_MAX {
            return Err(Fault::Unavailable("too many challenges wait for an answer".to_owned()));
        }
        kept.challenges.insert(random, now);
        Ok(random)
    }

    /// A token for whoever signed a challenge. A challenge is good once.
    pub fn answer(
        &self,
        genesis: &Hash32,
        challenge: &Hash32,
        entry: &SignatureEntry,
        random: Hash32,
    ) -> Result<Hash32, Fault> {
        let mut kept = self.kept();
        let now = Instant::now();
        let fresh = kept.challenges.remove(challenge).is_some_and(|since| now.duration_since(since) < CHALLENGE_LIFE);
        let check = SignatureCheck { entry: *entry, message: challenge_message(genesis, challenge) };
        if !fresh || !verify(&check) {
            return Err(Fault::Forbidden);
        }
        kept.tokens.retain(|_, (_, since)| now.duration_since(*since) < TOKEN_LIFE);
        if kept.tokens.len() >= KEPT_MAX {
            return Err(Fault::Unavailable("too many tokens are out".to_owned()));
        }
        kept.tokens.insert(random, (entry.key, now));
        Ok(random)
    }

    /// Whose token it is.
    pub fn holder(&self, token: &Hash32) -> Option<PublicKey> {
        let kept = self.kept();
        let (key, since) = kept.tokens.get(token)?;
        (since.elapsed() < TOKEN_LIFE).then_some(*key)
    }
}

/// Whether a key may read an account.
pub fn may_read<B: Backend>(backend: &B, key: &PublicKey, account: &AccountId) -> Result<bool, Fault> {
    let Some(record) = backend.account(account)? else { return Ok(false) };
    if record.owner.contains(key) {
        return Ok(true);
    }
    may_read_of(backend, key, &[record.agent])
}

/// Whether a key signs for one of some participants, or supervises the jurisdiction of one.
pub fn may_read_of<B: Backend>(backend: &B, key: &PublicKey, of: &[Bic]) -> Result<bool, Fault> {
    let participants = backend.participants()?;
    let named = || participants.iter().filter(|(bic, _)| of.contains(bic)).map(|(_, one)| one);
    let supervises = |one: &Participant| named().any(|of| one.roles.supervisor_of.contains(&of.jurisdiction));
    let mut holds = participants.iter().map(|(_, one)| one).filter(|one| one.active && one.policy.contains(key));
    Ok(named().any(|one| one.policy.contains(key)) || holds.any(supervises))
}

/// When a token that is given now ends.
pub fn ends_at(now: BlockTime) -> BlockTime {
    now.after_ms(u64::try_from(TOKEN_LIFE.as_millis()).unwrap_or(0))
}
