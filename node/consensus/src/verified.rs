//! Signatures that were found valid lately. A vote is looked at when it comes, when malachite counts it, and again in each certificate that
//! is made of it: its signature is checked on the curve once.

use seaway_types::signature::{SignatureCheck, failed_in, verify};
use std::collections::BTreeSet;

/// Signatures in one generation: those of all validators for several rounds of a height.
const GENERATION_MAX: usize = 4_096;

/// Two generations, so that what is old goes at once and nothing is looked through. What it holds changes how long a check takes,
/// never what it answers: only what is valid is kept, and it stays so.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    young: BTreeSet<SignatureCheck>,
    old: BTreeSet<SignatureCheck>,
}

impl Verified {
    fn knows(&self, check: &SignatureCheck) -> bool {
        self.young.contains(check) || self.old.contains(check)
    }

    fn keep(&mut self, check: SignatureCheck) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(check);
    }

    /// Whether a signature is valid.
    pub fn holds(&mut self, check: &SignatureCheck) -> bool {
        if self.knows(check) {
            return true;
        }
        let valid = verify(check);
        if valid {
            self.keep(*check);
        }
        valid
    }

    /// The places of those that are not valid; what is not known is checked in one batch.
    pub fn failed_in(&mut self, checks: &[SignatureCheck]) -> Vec<usize> {
        let fresh: Vec<(usize, SignatureCheck)> =
            checks.iter().copied().enumerate().filter(|(_, check)| !self.knows(check)).collect();
        let failed = failed_in(&fresh.iter().map(|(_, check)| *check).collect::<Vec<_>>());
        let mut places = Vec::with_capacity(failed.len());
        for (turn, (place, check)) in fresh.into_iter().enumerate() {
            if failed.contains(&turn) {
                places.push(place);
            } else {
                self.keep(check);
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_types::signature::sign;

    fn signed(n: u8) -> SignatureCheck {
        let message = [n; 32];
        SignatureCheck { entry: sign(&[n; 32], &message), message }
    }

    #[test]
    fn what_is_known_changes_no_answer() {
        let mut verified = Verified::default();
        let good: Vec<SignatureCheck> = (1..6).map(signed).collect();
        let mut wrong = good.clone();
        // Another message, another key, under a signature that is known.
        wrong[1].message = [9; 32];
        wrong[3].entry.key = good[0].entry.key;
        for _ in 0..2 {
            assert!(good.iter().take(2).all(|check| verified.holds(check)));
            assert_eq!(verified.failed_in(&good), Vec::<usize>::new());
            assert_eq!(verified.failed_in(&wrong), [1, 3]);
            assert!(!verified.holds(&wrong[1]) && !verified.holds(&wrong[3]));
        }
        assert_eq!(verified.failed_in(&[]), Vec::<usize>::new());
    }

    #[test]
    fn it_stays_small() {
        let mut verified = Verified::default();
        let check = signed(1);
        for n in 0..3 * GENERATION_MAX as u64 {
            let mut other = check;
            other.message[..8].copy_from_slice(&n.to_le_bytes());
            verified.keep(other);
        }
        assert!(verified.young.len() + verified.old.len() <= 2 * GENERATION_MAX);
        assert!(!verified.knows(&check));
    }
}
