//! The log: lines on the standard error, in which no place of the code says the same too often. Who provokes warnings, a stranger that
//! dials again and again for instance, must neither fill the disk nor hide what else is said.

use crate::config::{LogConfig, LogFormat};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Warnings and errors of one place in the code in [`WINDOW`]. What the node tells of its own progress is not counted.
const WARNINGS_MAX: u32 = 50;
const WINDOW: Duration = Duration::from_secs(10);

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Lines that were left out so far.
pub fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// Starts the log as configured.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level).map_err(|error| format!("log.level: {error}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = tracing_subscriber::registry().with(filter);
    let started = match config.format {
        LogFormat::Text => log.with(lines.with_target(false).with_filter(Seldom::default())).try_init(),
        LogFormat::Json => log.with(lines.json().with_filter(Seldom::default())).try_init(),
    };
    started.map_err(|error| error.to_string())
}

/// Lets a bounded number of warnings of one place through. There are as many places as the code has, so this is bounded too.
#[derive(Default)]
struct Seldom(Mutex<HashMap<Identifier, (Instant, u32)>>);

impl Seldom {
    fn lets_through(&self, place: Identifier, now: Instant) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = places.entry(place).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= WARNINGS_MAX
    }
}

impl<S> Filter<S> for Seldom {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let through = *metadata.level() > Level::WARN || self.lets_through(metadata.callsite(), Instant::now());
        if !through {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
        through
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Arc;

    /// What was written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_place_that_warns_without_end_hides_no_other() {
        let written = Written::default();
        let into = written.clone();
        let lines = fmt::layer().with_writer(move || into.clone()).with_filter(Seldom::default());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            for _ in 0..1_000 {
                tracing::warn!("noisy");
                tracing::info!("progress");
            }
            tracing::error!("quiet");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |word: &str| text.matches(word).count();
        assert_eq!((count("noisy"), count("progress"), count("quiet")), (WARNINGS_MAX as usize, 1_000, 1));
        assert_eq!(left_out(), 1_000 - u64::from(WARNINGS_MAX));
    }
}
