//! What nodes say to each other, and how it fares on the way.

use super::{World, node_key};
use crate::adversary::Saying;
use rand_chacha::rand_core::RngCore;
use seaway_engine::{Event, Message, To, authenticate};
use seaway_types::identifier::WireId;

impl World {
    pub(super) fn send(&mut self, from: usize, to: To, message: &Message) {
        // That nothing is decided yet must be heard: nobody says anything before.
        let syncs =
            matches!(message, Message::Status(height) if height.0 > 0) || matches!(message, Message::Block(_));
        if self.without.block_sync && syncs {
            return;
        }
        let (Some(adversary), Some(guard)) = (self.adversaries.get_mut(&from), &self.nodes[from].guard) else {
            self.judge.heard(message);
            self.transmit(from, to, message, &|_| true);
            return;
        };
        let network = self.document.network;
        for Saying { message, half } in adversary.says(network, guard, message, &mut self.random) {
            self.transmit(from, to, &message, &|other| half.is_none_or(|half| other % 2 == half));
        }
    }

    fn transmit(&mut self, from: usize, to: To, message: &Message, reaches: &dyn Fn(usize) -> bool) {
        let bytes = message.encode();
        for other in 0..self.nodes.len() {
            let meant = match to {
                To::All => true,
                To::Validators => self.nodes[other].guard.is_some(),
                To::One(peer) => peer == node_key(other),
            };
            let deaf = other == from || self.nodes[other].replica.is_none() || self.cut.contains(&(from, other));
            if deaf || !meant || !reaches(other) {
                continue;
            }
            let copies = match self.random.next_u32() % 1_000 {
                fate if fate < self.weather.loss_permille => 0,
                fate if fate < self.weather.loss_permille + self.weather.twice_permille => 2,
                _ => 1,
            };
            for _ in 0..copies {
                let spread = self.weather.delay_ms_max - self.weather.delay_ms_min + 1;
                let delay = self.weather.delay_ms_min + u64::from(self.random.next_u32()) % spread;
                self.note(from, other, delay, &bytes);
                // Through the bytes, as on a real link. What no correct node sends ends there, with the connection.
                let decoded = Message::decode(&bytes).expect("what was encoded decodes");
                let known = |id: &WireId| self.known.get(id).cloned();
                match authenticate(node_key(from), decoded, known, &mut self.keys) {
                    Ok(event) => {
                        if let Event::PassedOn { instructions, .. } | Event::Block { instructions, .. } = &event {
                            self.known.extend(instructions.iter().map(|one| (one.wire_id(), one.clone())));
                        }
                        self.schedule(delay, other, event);
                    }
                    Err(fault) if self.adversaries.contains_key(&from) => drop(fault),
                    Err(fault) => panic!("correct nodes pass on authentic instructions: {fault}"),
                }
            }
        }
    }

    fn note(&mut self, from: usize, to: usize, delay: u64, bytes: &[u8]) {
        let head = format!("{} {from} {to} {delay} ", self.now_ms);
        let line = [self.trace.as_bytes().as_slice(), head.as_bytes(), bytes].concat();
        self.trace = seaway_types::hash::Domain::DevnetSeed.hash(&line);
    }
}
