//! What the runner's thread and the clients' threads share: how the node is, and who waits for which instruction.

use seaway_rpc::{Answered, Fault, NodeStatus, Placed, Wait};
use seaway_types::InstructionKey;
use seaway_types::instruction::Submitter;
use seaway_types::time::Height;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{oneshot, watch};

/// An instruction by submitter and key.
pub type Name = (Submitter, InstructionKey);

type Reply = oneshot::Sender<Result<Answered, Fault>>;

/// A client that waits for an answer.
pub struct Waiter {
    /// For what.
    pub wait: Wait,
    /// For which instruction.
    pub name: Name,
    reply: Reply,
}

/// See the module.
pub struct Shared {
    status: RwLock<NodeStatus>,
    tickets: Mutex<HashMap<u64, Waiter>>,
    waiting: Mutex<HashMap<Name, Vec<Reply>>>,
    next_ticket: AtomicU64,
    tips: watch::Sender<Height>,
}

/// A lock is poisoned only by a panic, which ends the process elsewhere; what it guards stays whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Nobody waits yet.
    pub fn new(status: NodeStatus) -> Self {
        let tips = watch::Sender::new(status.height);
        Self {
            tips,
            status: RwLock::new(status),
            tickets: Mutex::default(),
            waiting: Mutex::default(),
            next_ticket: AtomicU64::new(1),
        }
    }

    /// How the node is.
    pub fn status(&self) -> NodeStatus {
        self.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes how the node is.
    pub fn update(&self, change: impl FnOnce(&mut NodeStatus)) {
        change(&mut self.status.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The height of the tip, as it grows.
    pub fn tips(&self) -> watch::Receiver<Height> {
        self.tips.subscribe()
    }

    /// The tip has grown: what is stored up to it can be read.
    pub fn grown(&self, height: Height) {
        self.tips.send_replace(height);
    }

    /// A client begins to wait; the ticket goes with its instruction.
    pub fn take_ticket(&self, wait: Wait, name: Name, reply: Reply) -> u64 {
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        locked(&self.tickets).insert(ticket, Waiter { wait, name, reply });
        ticket
    }

    /// The client of a ticket.
    pub fn redeem(&self, ticket: u64) -> Option<Waiter> {
        locked(&self.tickets).remove(&ticket)
    }

    /// A client whose instruction is admitted goes on waiting for a block.
    pub fn wait_for_block(&self, waiter: Waiter) {
        let mut waiting = locked(&self.waiting);
        let replies = waiting.entry(waiter.name).or_default();
        // Those who gave up make room.
        replies.retain(|reply| !reply.is_closed());
        replies.push(waiter.reply);
    }

    /// Whether anybody waits for a block.
    pub fn anybody_waits(&self) -> bool {
        !locked(&self.waiting).is_empty()
    }

    /// Tells all who wait for an instruction.
    pub fn tell(&self, name: &Name, answer: impl FnOnce() -> Result<Placed, Fault>) {
        let Some(replies) = locked(&self.waiting).remove(name) else { return };
        let answer = answer().map(|placed| Answered::Final(Box::new(placed)));
        for reply in replies {
            let _gone = reply.send(answer.clone());
        }
    }

    /// Forgets those who gave up.
    pub fn sweep(&self) {
        locked(&self.waiting).retain(|_, replies| {
            replies.retain(|reply| !reply.is_closed());
            !replies.is_empty()
        });
    }
}

impl Waiter {
    /// Answers.
    pub fn answer(self, answer: Result<Answered, Fault>) {
        let _gone = self.reply.send(answer);
    }
}
