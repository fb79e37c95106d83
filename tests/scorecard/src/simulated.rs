//! R1 and R2: replicas in virtual time.

use crate::{Card, say, threads};
use seaway_simulator::{Campaign, Swarm, twins};
use std::time::Instant;

/// How much runs: seeds and scenarios, and seconds after which no further one starts.
struct Size {
    runs: u64,
    seconds: u64,
}

fn note(card: &mut Card, row: &str, unit: &str, campaign: &Campaign, begun: Instant) {
    for (violation, again) in &campaign.broken {
        say(&format!("{row}: {violation}\n  again: {again}"));
    }
    card.set(row, unit, campaign.runs);
    card.set(row, "violations", campaign.broken.len());
    card.set(row, "heights", campaign.heights);
    card.set(row, "instructions", campaign.instructions);
    card.set(row, "states", campaign.states);
    card.set(row, "evidence", campaign.evidence);
    card.set(row, "seconds", begun.elapsed().as_secs());
}

/// Runs what must not print a panic for each run that breaks: what broke is in the report.
fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let done = run();
    std::panic::set_hook(loud);
    done
}

/// R1: the swarm.
pub fn swarm(long: bool, card: &mut Card) {
    say("R1: seeds of the swarm");
    let size = if long { Size { runs: 20_000, seconds: u64::MAX } } else { Size { runs: 200, seconds: 220 } };
    let begun = Instant::now();
    let swarm = Swarm { validators: None, heights: 200, calm: false };
    let stop = || begun.elapsed().as_secs() >= size.seconds;
    let campaign = quietly(|| swarm.run(0..size.runs, threads(), &stop));
    note(card, "R1", "seeds", &campaign, begun);
    card.set("R1", "repeated", campaign.repeated);
    // A run that had next to nothing to judge shows nothing.
    let enough = campaign.runs >= size.runs / 8
        && [campaign.repeated, campaign.instructions, campaign.rejected, campaign.evidence, campaign.states]
            .iter()
            .all(|count| *count > 0);
    card.set("R1", "enough", enough);
    card.passed("R1", campaign.broken.is_empty() && enough);
}

/// R2: twins.
pub fn double_lives(long: bool, card: &mut Card) {
    say("R2: scenarios of twins");
    let size = if long { Size { runs: 1_000_000, seconds: u64::MAX } } else { Size { runs: 1_000, seconds: 90 } };
    let begun = Instant::now();
    let stop = || begun.elapsed().as_secs() >= size.seconds;
    let campaign = quietly(|| twins(None, 0..size.runs, threads(), &stop));
    note(card, "R2", "scenarios", &campaign, begun);
    // Without a proof of double signing the twins never lied, and nothing was tested.
    card.passed("R2", campaign.broken.is_empty() && campaign.evidence > 0 && campaign.runs >= size.runs / 4);
}
