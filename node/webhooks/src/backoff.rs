//! How long to leave an endpoint alone after a failure.

use crate::Timing;
use std::time::Duration;

/// Into so many steps the random part of a wait is divided.
const STEPS: u32 = 1024;

/// Waits that double from the first to the longest. Half of each is random, so that endpoints which failed together,
/// behind one broken link, do not all come back in one moment.
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self { first: timing.first_retry, longest: timing.retry_max, next: timing.first_retry }
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// How long to wait after one more failure. What an endpoint asks for is kept to, within the shortest and the
    /// longest wait.
    pub(crate) fn wait(&mut self, asked: Option<Duration>, random: u32) -> Duration {
        let half = self.next / 2;
        self.next = self.next.saturating_mul(2).min(self.longest);
        match asked {
            Some(asked) => asked.max(self.first).min(self.longest),
            None => half + (half / STEPS).saturating_mul(random % (STEPS + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        let (first_retry, retry_max) = (Duration::from_secs(1), Duration::from_secs(300));
        Backoff::new(&Timing { first_retry, retry_max, ..Timing::default() })
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = backoff();
        for whole in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let wait = backoff.wait(None, 0);
            assert_eq!(wait, Duration::from_secs(whole) / 2);
        }
        backoff.reset();
        assert_eq!(backoff.wait(None, 0), Duration::from_millis(500));
    }

    #[test]
    fn the_random_half_stays_within_its_wait() {
        for random in [0, 1, 512, 1024, 1025, u32::MAX] {
            let wait = backoff().wait(None, random);
            assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(1), "{random}: {wait:?}");
        }
        assert_ne!(backoff().wait(None, 1), backoff().wait(None, 700));
    }

    #[test]
    fn an_endpoint_asks_within_bounds() {
        let mut backoff = backoff();
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff.wait(asked(0), 7), Duration::from_secs(1));
        assert_eq!(backoff.wait(asked(30), 7), Duration::from_secs(30));
        assert_eq!(backoff.wait(asked(u64::MAX), 7), Duration::from_secs(300));
    }
}
