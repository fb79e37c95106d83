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
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a challenge may be answered.
const CHALLENGE_LIFE: Duration = Duration::from_secs(60);
/// How long a token is good.
pub const TOKEN_LIFE: Duration = Duration::from_secs(900);
/// Answered challenges that are remembered while they live.
const ANSWERED_MAX: usize = 10_000;
/// Bytes of a token's time before its key.
const TIME_BYTES: usize = 8;

/// Gives out challenges and tokens. It keeps none of them: each carries its time and a checksum under a secret that this process drew, so
/// that nobody fills its memory, and nobody who asks for many keeps others from theirs. With the process they end.
pub struct Desk {
    secret: [u8; 32],
    begun: Instant,
    /// A challenge begins with its time: the least one is the oldest.
    answered: Mutex<BTreeSet<Hash32>>,
}

/// What is signed to answer a challenge.
pub fn challenge_message(network: &Hash32, challenge: &Hash32) -> [u8; 32] {
    Domain::AccessChallenge.hash(&codec::encode(&(network, challenge))).0
}

/// Random bytes of the system.
pub fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(bytes)
}

impl Desk {
    /// A desk with a secret of its own.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, begun: Instant::now(), answered: Mutex::default() }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether something of a time still lives.
    fn lives(&self, time: [u8; TIME_BYTES], life: Duration) -> bool {
        let since = u64::from_be_bytes(time);
        let now = self.now_ms();
        since <= now && u128::from(now - since) < life.as_millis()
    }

    fn is_alive(&self, challenge: &Hash32) -> bool {
        challenge.0.first_chunk().is_some_and(|time| self.lives(*time, CHALLENGE_LIFE))
    }

    fn checksum(&self, purpose: &str, parts: &[&[u8]]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(purpose.as_bytes());
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }

    fn challenge_of(&self, time: [u8; TIME_BYTES], random: [u8; 8]) -> Hash32 {
        let sum = self.checksum("challenge", &[&time, &random]);
        let mut challenge = [0; 32];
        let parts = time.iter().chain(&random).chain(sum.as_bytes());
        challenge.iter_mut().zip(parts).for_each(|(place, byte)| *place = *byte);
        Hash32(challenge)
    }

    /// A new challenge, from random bytes.
    pub fn challenge(&self, random: [u8; 8]) -> Hash32 {
        self.challenge_of(self.now_ms().to_be_bytes(), random)
    }

    /// A token for whoever signed a challenge. A challenge is good once.
    pub fn answer(&self, genesis: &Hash32, challenge: &Hash32, entry: &SignatureEntry) -> Result<String, Fault> {
        let (time, rest) = challenge.0.split_first_chunk::<TIME_BYTES>().ok_or(Fault::Forbidden)?;
        let (random, _) = rest.split_first_chunk::<8>().ok_or(Fault::Forbidden)?;
        let ours = blake3::Hash::from(self.challenge_of(*time, *random).0) == blake3::Hash::from(challenge.0);
        if !ours || !self.lives(*time, CHALLENGE_LIFE) {
            return Err(Fault::Forbidden);
        }
        let check = SignatureCheck { entry: *entry, message: challenge_message(genesis, challenge) };
        if !verify(&check) {
            return Err(Fault::Forbidden);
        }
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        while answered.first().is_some_and(|oldest| !self.is_alive(oldest)) {
            answered.pop_first();
        }
        if answered.len() >= ANSWERED_MAX {
            return Err(Fault::Unavailable("too many have signed in within a minute".to_owned()));
        }
        if !answered.insert(*challenge) {
            return Err(Fault::Forbidden);
        }
        Ok(self.token(self.now_ms().to_be_bytes(), &entry.key))
    }

    fn token(&self, time: [u8; TIME_BYTES], key: &PublicKey) -> String {
        let key = codec::encode(key);
        let sum = self.checksum("token", &[&time, &key]);
        hex::encode([&time, key.as_slice(), sum.as_bytes()].concat())
    }

    /// Whose token it is.
    pub fn holder(&self, token: &str) -> Option<PublicKey> {
        // A token is some 73 bytes; whatever is longer is none.
        let bytes = hex::decode(token.get(..256.min(token.len()))?).ok()?;
        let (time, rest) = bytes.split_first_chunk::<TIME_BYTES>()?;
        let (key, sum) = rest.split_last_chunk::<32>()?;
        let holds = self.checksum("token", &[time, key]) == blake3::Hash::from(*sum);
        if !holds || !self.lives(*time, TOKEN_LIFE) {
            return None;
        }
        codec::decode(key, key.len()).ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::signature::{public_key, sign};

    const GENESIS: Hash32 = Hash32([9; 32]);

    fn answered(desk: &Desk, challenge: &Hash32, secret: [u8; 32]) -> Result<String, Fault> {
        desk.answer(&GENESIS, challenge, &sign(&secret, &challenge_message(&GENESIS, challenge)))
    }

    #[test]
    fn a_signed_challenge_is_good_once_and_its_token_names_the_key() {
        let desk = Desk::new([1; 32]);
        let challenge = desk.challenge([7; 8]);
        let token = answered(&desk, &challenge, [3; 32]).unwrap();
        assert_eq!(desk.holder(&token), Some(public_key(&[3; 32])));
        assert_eq!(answered(&desk, &challenge, [3; 32]), Err(Fault::Forbidden));
        assert_eq!(Desk::new([2; 32]).holder(&token), None, "another process knows nothing of it");
    }

    #[test]
    fn nobody_makes_challenges_or_tokens_of_its_own() {
        let desk = Desk::new([1; 32]);
        let challenge = desk.challenge([7; 8]);
        for place in 0..32 {
            let mut other = challenge;
            other.0[place] ^= 1;
            assert_eq!(answered(&desk, &other, [3; 32]), Err(Fault::Forbidden), "byte {place}");
        }
        let token = answered(&desk, &challenge, [3; 32]).unwrap();
        for place in 0..token.len() {
            let digit = if token.as_bytes()[place] == b'0' { "1" } else { "0" };
            let mut other = token.clone();
            other.replace_range(place..=place, digit);
            assert_eq!(desk.holder(&other), None, "digit {place}");
        }
        for odd in ["", "0", "zz", &token[2..], &format!("{token}00"), &"é".repeat(200)] {
            assert_eq!(desk.holder(odd), None, "{odd}");
        }
    }

    #[test]
    fn many_challenges_keep_nobody_out() {
        let desk = Desk::new([1; 32]);
        let first = desk.challenge([0; 8]);
        for n in 0..ANSWERED_MAX as u64 * 3 {
            let _unanswered = desk.challenge(n.to_be_bytes());
        }
        assert!(answered(&desk, &first, [3; 32]).is_ok());
        assert_eq!(desk.answered.lock().unwrap().len(), 1, "only what was answered is kept");
    }
}
