//! What waits for the engine's thread: what is urgent comes first, and what is large is bounded.
//!
//! Votes, proposals and what nodes say of their heights decide how soon a payment is final, and take microseconds; instructions and
//! blocks that wait may be megabytes. Whoever sends waits while there is no room, so that what comes over the network
//! waits in its sender's memory.

use crate::runner::Input;
use seaway_engine::{Event, Message};
use seaway_types::identifier::WireId;
use seaway_types::instruction::AuthenticInstruction;
use std::collections::VecDeque;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Inputs of each kind that may wait.
const COUNT_MAX: usize = 4_096;
/// Bytes of instructions that may wait; one input is taken whatever its length.
const BYTES_MAX: usize = 64 << 20;
/// After so many urgent inputs in a row another one has its turn.
const IN_A_ROW_MAX: u32 = 64;

/// What is in it.
struct State {
    urgent: VecDeque<Input>,
    rest: VecDeque<Input>,
    bytes: usize,
    in_a_row: u32,
    senders: usize,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    came: Condvar,
    room: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts inputs in.
pub struct Sender(Arc<Shared>);

/// Takes them out.
pub struct Receiver(Arc<Shared>);

/// The engine's thread has ended.
#[derive(Debug)]
pub struct Closed;

/// An empty one.
pub fn inbox() -> (Sender, Receiver) {
    let state =
        State { urgent: VecDeque::new(), rest: VecDeque::new(), bytes: 0, in_a_row: 0, senders: 1, closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), came: Condvar::new(), room: Condvar::new() });
    (Sender(shared.clone()), Receiver(shared))
}

fn is_urgent(input: &Input) -> bool {
    match input {
        Input::Event(event) => match event {
            Event::Wake | Event::PeerUp { .. } | Event::PeerDown(_) => true,
            Event::Message { message, .. } => matches!(message, Message::Consensus(_) | Message::Status(_)),
            Event::Submitted { .. } | Event::PassedOn { .. } | Event::Block { .. } => false,
        },
        Input::Stop => true,
        Input::Ask(_) => false,
    }
}

/// Bytes of the instructions in it, or of their names.
fn bytes(input: &Input) -> usize {
    let all = |instructions: &[AuthenticInstruction]| instructions.iter().map(|one| one.raw().0.len()).sum();
    match input {
        Input::Event(Event::Submitted { instruction, .. }) => instruction.raw().0.len(),
        Input::Event(Event::PassedOn { instructions, .. } | Event::Block { instructions, .. }) => all(instructions),
        Input::Event(Event::Message { message, .. }) => {
            let names = match message {
                Message::Draft(draft) => draft.body.instructions.len(),
                Message::Announce(ids) | Message::WantInstructions(ids) => ids.len(),
                _ => 0,
            };
            names.saturating_mul(size_of::<WireId>())
        }
        _ => 0,
    }
}

impl State {
    fn has_room(&self, urgent: bool, bytes: usize) -> bool {
        if urgent {
            return self.urgent.len() < COUNT_MAX;
        }
        self.rest.len() < COUNT_MAX && (self.bytes == 0 || self.bytes.saturating_add(bytes) <= BYTES_MAX)
    }

    fn take(&mut self) -> Option<Input> {
        let other_turn = self.in_a_row >= IN_A_ROW_MAX && !self.rest.is_empty();
        if !other_turn && let Some(input) = self.urgent.pop_front() {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return Some(input);
        }
        self.in_a_row = 0;
        let input = self.rest.pop_front()?;
        self.bytes = self.bytes.saturating_sub(bytes(&input));
        Some(input)
    }
}

impl Sender {
    /// Puts one in, and waits for room.
    pub fn send(&self, input: Input) -> Result<(), Closed> {
        let (urgent, bytes) = (is_urgent(&input), bytes(&input));
        let mut state = self.0.state();
        while !state.closed && !state.has_room(urgent, bytes) {
            state = self.0.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(Closed);
        }
        state.bytes = state.bytes.saturating_add(bytes);
        if urgent {
            state.urgent.push_back(input)
        } else {
            state.rest.push_back(input)
        }
        drop(state);
        self.0.came.notify_one();
        Ok(())
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.state().senders += 1;
        Self(self.0.clone())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.senders = state.senders.saturating_sub(1);
        drop(state);
        self.0.came.notify_one();
    }
}

impl Receiver {
    /// Takes the next one, or waits for it.
    pub fn recv_timeout(&self, patience: Duration) -> Result<Input, RecvTimeoutError> {
        let until = Instant::now().checked_add(patience);
        let mut state = self.0.state();
        loop {
            if let Some(input) = state.take() {
                drop(state);
                self.0.room.notify_all();
                return Ok(input);
            }
            if state.senders == 0 {
                return Err(RecvTimeoutError::Disconnected);
            }
            let left =
                until.map_or(Duration::from_secs(3_600), |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(RecvTimeoutError::Timeout);
            }
            state = self.0.came.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Those that are here, at most so many.
    pub fn here(&self, count_max: usize) -> Vec<Input> {
        let mut state = self.0.state();
        let found: Vec<Input> = std::iter::from_fn(|| state.take()).take(count_max).collect();
        drop(state);
        if !found.is_empty() {
            self.0.room.notify_all();
        }
        found
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.closed = true;
        state.urgent.clear();
        state.rest.clear();
        drop(state);
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_engine::Peer;
    use seaway_types::Height;
    use std::sync::mpsc;
    use std::thread;

    const NOW: Duration = Duration::ZERO;

    fn urgent(height: u64) -> Input {
        let message = Message::Status(Height(height));
        Input::Event(Event::Message { from: Peer::Ed25519([1; 32]), message })
    }

    fn other(place: u8) -> Input {
        let from = Peer::Ed25519([place; 32]);
        Input::Event(Event::PassedOn { from, instructions: Vec::new() })
    }

    /// The height of an urgent one, the place of another.
    fn name(input: Input) -> (bool, u64) {
        match input {
            Input::Event(Event::Message { message: Message::Status(height), .. }) => (true, height.0),
            Input::Event(Event::PassedOn { from: Peer::Ed25519(place), .. }) => (false, u64::from(place[0])),
            _ => panic!("nothing else is sent"),
        }
    }

    #[test]
    fn what_is_urgent_comes_first_and_each_kind_in_order() {
        let (sender, receiver) = inbox();
        for n in 0..3 {
            sender.send(other(n)).unwrap();
            sender.send(urgent(u64::from(n))).unwrap();
        }
        let taken: Vec<(bool, u64)> = receiver.here(100).into_iter().map(name).collect();
        assert_eq!(taken, [(true, 0), (true, 1), (true, 2), (false, 0), (false, 1), (false, 2)]);
        assert!(matches!(receiver.recv_timeout(NOW), Err(RecvTimeoutError::Timeout)));
    }

    #[test]
    fn what_is_urgent_without_end_leaves_turns_to_the_rest() {
        let (sender, receiver) = inbox();
        sender.send(other(7)).unwrap();
        (0..1_000).for_each(|n| sender.send(urgent(n)).unwrap());
        let taken: Vec<(bool, u64)> = receiver.here(100).into_iter().map(name).collect();
        assert_eq!(taken.iter().position(|one| *one == (false, 7)), Some(IN_A_ROW_MAX as usize));
    }

    #[test]
    fn a_sender_waits_for_room_and_hears_that_nobody_listens() {
        let (sender, receiver) = inbox();
        (0..COUNT_MAX).for_each(|_| sender.send(other(1)).unwrap());
        // Full for the rest, and not for what is urgent.
        sender.send(urgent(1)).unwrap();
        let (done, heard) = mpsc::channel();
        let waiting = sender.clone();
        let thread = thread::spawn(move || {
            done.send(waiting.send(other(2)).is_ok()).unwrap();
            done.send(waiting.send(other(3)).is_ok()).unwrap();
        });
        assert_eq!(receiver.here(2).len(), 2);
        assert!(heard.recv().unwrap(), "one went, so there was room");
        drop(receiver);
        assert!(!heard.recv().unwrap());
        thread.join().unwrap();
    }

    #[test]
    fn when_all_senders_have_gone_the_rest_is_taken_and_then_the_end_told() {
        let (sender, receiver) = inbox();
        sender.clone().send(other(1)).unwrap();
        drop(sender);
        assert_eq!(name(receiver.recv_timeout(NOW).unwrap()), (false, 1));
        assert!(matches!(receiver.recv_timeout(NOW), Err(RecvTimeoutError::Disconnected)));
    }
}
