//! How fast somebody may go: so much a second, and what was not used of a while before.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What may come of one peer. Whoever goes faster is made to wait, so that TCP slows it down; nothing is dropped.
///
/// The generic cell rate algorithm (ITU-T I.371): one moment says how much is used up. Clones share it.
#[derive(Clone, Debug)]
pub struct Pace {
    /// When all that was taken would be paid off at the steady rate.
    paid_off: Arc<Mutex<Instant>>,
    /// How much may be taken ahead, in time at the steady rate.
    stock: Duration,
}

impl Pace {
    /// A pace with all of its stock there, which would last so long at the steady rate.
    pub fn new(stock: Duration) -> Self {
        Self { paid_off: Arc::new(Mutex::new(Instant::now())), stock }
    }

    /// Takes what lasts so long at the steady rate, and waits until it may be used.
    pub async fn take(&self, cost: Duration) {
        let now = Instant::now();
        let usable = self.book(cost, now);
        // A timer takes a millisecond, also for a moment that has come.
        if usable > now {
            sleep_until(usable).await;
        }
    }

    /// Books a cost. Returns from when on it may be used.
    fn book(&self, cost: Duration, now: Instant) -> Instant {
        let mut paid_off = self.paid_off.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_off = (*paid_off).max(now) + cost;
        paid_off.checked_sub(self.stock).map_or(now, |usable| usable.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_stock_goes_at_once_and_the_rest_at_the_steady_rate() {
        let pace = Pace::new(2 * SECOND);
        let now = Instant::now() + SECOND;
        for _ in 0..20 {
            assert_eq!(pace.book(SECOND / 10, now), now, "20 of 10 a second, with two seconds in stock");
        }
        let usable: Vec<Duration> = (0..30).map(|_| pace.clone().book(SECOND / 10, now) - now).collect();
        assert_eq!(usable, (1..=30).map(|n| SECOND / 10 * n).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_not_used_is_kept_up_to_the_stock() {
        let pace = Pace::new(SECOND);
        let now = Instant::now() + SECOND;
        assert_eq!(pace.book(SECOND, now), now);
        let later = now + 60 * SECOND;
        assert_eq!(pace.book(SECOND, later), later, "a second's worth is there again");
        assert_eq!(pace.book(SECOND, later), later + SECOND, "not a minute's");
    }
}
