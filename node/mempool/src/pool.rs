//! The pool itself.

use crate::admission::{AdmissionView, Refused, check};
use seaway_types::Bic;
use seaway_types::identifier::{InstructionKey, WireId};
use seaway_types::instruction::{AuthenticInstruction, Submitter};
use seaway_types::limits::{
    BLOCK_BYTES_MAX, BUILDER_BLOCK_CREDITS_MAX, BUILDER_BLOCK_INSTRUCTIONS_MAX, POOL_BYTES_MAX,
    POOL_INSTRUCTIONS_MAX, POOL_LANE_DIVISOR,
};
use seaway_types::time::BlockTime;
use std::collections::{BTreeMap, BTreeSet};

/// What a full pool tells clients to wait, in milliseconds: a few blocks.
const RETRY_AFTER_MS: u64 = 200;

/// An instruction that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The instruction.
    pub instruction: AuthenticInstruction,
    /// When it came, on the node's monotonic clock in milliseconds.
    pub since_ms: u64,
    /// Its turn within its lane.
    turn: u64,
    lane: Option<Bic>,
    /// When it was last announced, or else when it came.
    announced_ms: u64,
}

/// How much a selection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Instructions.
    pub instructions: usize,
    /// Credits and legs.
    pub credits: usize,
    /// Bytes on the wire.
    pub bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            instructions: BUILDER_BLOCK_INSTRUCTIONS_MAX,
            credits: BUILDER_BLOCK_CREDITS_MAX,
            bytes: BLOCK_BYTES_MAX,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Lane {
    /// By turn.
    order: BTreeMap<u64, WireId>,
    bytes: usize,
}

/// See the crate.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    waiting: BTreeMap<WireId, Waiting>,
    by_key: BTreeMap<(Submitter, InstructionKey), WireId>,
    lanes: BTreeMap<Option<Bic>, Lane>,
    by_expiry: BTreeSet<(BlockTime, WireId)>,
    bytes: usize,
    next_turn: u64,
    /// The lane that begins the next selection.
    first_lane: Option<Bic>,
}

impl Pool {
    /// How many instructions wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// An instruction that waits.
    pub fn get(&self, id: &WireId) -> Option<&AuthenticInstruction> {
        self.waiting.get(id).map(|waiting| &waiting.instruction)
    }

    /// The instruction of a submitter and key that waits.
    pub fn by_key(&self, submitter: &Submitter, key: &InstructionKey) -> Option<&AuthenticInstruction> {
        self.get(self.by_key.get(&(*submitter, *key))?)
    }

    /// All that waits, by name.
    pub fn ids(&self) -> impl Iterator<Item = &WireId> {
        self.waiting.keys()
    }

    /// Takes an instruction in. `Ok(false)` when it waits already.
    pub fn admit<V: AdmissionView>(
        &mut self,
        view: &V,
        now: BlockTime,
        now_ms: u64,
        instruction: AuthenticInstruction,
    ) -> Result<Result<bool, Refused>, V::Error> {
        let id = instruction.wire_id();
        if self.waiting.contains_key(&id) {
            return Ok(Ok(false));
        }
        let lane = match check(view, now, &instruction)? {
            Ok(lane) => lane,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let envelope = instruction.envelope();
        if let Some(other) = self.by_key(&envelope.submitter, &envelope.key) {
            // The same content under other signatures is the same payment; it waits already.
            let (digest, same) = (other.digest(), other.digest() == instruction.digest());
            return Ok(if same { Ok(false) } else { Err(Refused::KeyWaits { digest }) });
        }
        if let Err(refused) = self.ensure_room(lane, instruction.raw().0.len()) {
            return Ok(Err(refused));
        }
        self.insert(id, lane, now_ms, instruction);
        Ok(Ok(true))
    }

    fn ensure_room(&self, lane: Option<Bic>, size: usize) -> Result<(), Refused> {
        let (bytes, count) = (self.bytes, self.waiting.len());
        if bytes.saturating_add(size) > POOL_BYTES_MAX || count >= POOL_INSTRUCTIONS_MAX {
            return Err(Refused::PoolFull { bytes, count, retry_after_ms: RETRY_AFTER_MS });
        }
        let (bytes, count) = self.lanes.get(&lane).map_or((0, 0), |lane| (lane.bytes, lane.order.len()));
        let full = bytes.saturating_add(size) > POOL_BYTES_MAX / POOL_LANE_DIVISOR
            || count >= POOL_INSTRUCTIONS_MAX / POOL_LANE_DIVISOR;
        if full {
            let lane = lane.map_or_else(|| "the authority".to_owned(), |bic| bic.to_string());
            return Err(Refused::LaneFull { lane, bytes, count, retry_after_ms: RETRY_AFTER_MS });
        }
        Ok(())
    }

    fn insert(&mut self, id: WireId, lane: Option<Bic>, since_ms: u64, instruction: AuthenticInstruction) {
        let turn = self.next_turn;
        self.next_turn = turn.wrapping_add(1);
        let envelope = instruction.envelope();
        let size = instruction.raw().0.len();
        self.by_key.insert((envelope.submitter, envelope.key), id);
        self.by_expiry.insert((envelope.valid_until, id));
        let of_lane = self.lanes.entry(lane).or_default();
        of_lane.order.insert(turn, id);
        of_lane.bytes = of_lane.bytes.saturating_add(size);
        self.bytes = self.bytes.saturating_add(size);
        self.waiting.insert(id, Waiting { instruction, since_ms, turn, lane, announced_ms: since_ms });
    }

    /// Takes an instruction out: it was executed, or can never be.
    pub fn remove(&mut self, id: &WireId) -> Option<AuthenticInstruction> {
        let Waiting { instruction, turn, lane, .. } = self.waiting.remove(id)?;
        let envelope = instruction.envelope();
        let size = instruction.raw().0.len();
        self.by_key.remove(&(envelope.submitter, envelope.key));
        self.by_expiry.remove(&(envelope.valid_until, *id));
        self.bytes = self.bytes.saturating_sub(size);
        if let Some(of_lane) = self.lanes.get_mut(&lane) {
            of_lane.order.remove(&turn);
            of_lane.bytes = of_lane.bytes.saturating_sub(size);
            if of_lane.order.is_empty() {
                self.lanes.remove(&lane);
            }
        }
        Some(instruction)
    }

    /// Takes out what a submitter and key name: another form of it was executed.
    pub fn remove_key(&mut self, submitter: &Submitter, key: &InstructionKey) -> Option<AuthenticInstruction> {
        let id = *self.by_key.get(&(*submitter, *key))?;
        self.remove(&id)
    }

    /// Takes out what can no longer be executed at a block time.
    pub fn expire(&mut self, now: BlockTime) -> Vec<AuthenticInstruction> {
        let over: Vec<WireId> =
            self.by_expiry.iter().take_while(|(valid_until, _)| *valid_until < now).map(|(_, id)| *id).collect();
        over.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// The earliest `valid_until` of what waits.
    pub fn earliest_expiry(&self) -> Option<BlockTime> {
        self.by_expiry.first().map(|(valid_until, _)| *valid_until)
    }

    /// What a block may hold, in turns: one instruction of each lane after the other, until the room is full. Another lane
    /// begins each time.
    pub fn select(&mut self, room: Room) -> Vec<AuthenticInstruction> {
        let first = self.first_lane;
        let lanes: Vec<Option<Bic>> = self.lanes.keys().copied().collect();
        let start = lanes.iter().position(|lane| *lane > first).unwrap_or(0);
        let turns = lanes.iter().cycle().skip(start).take(lanes.len());
        let mut queues: Vec<_> = turns.filter_map(|lane| Some(self.lanes.get(lane)?.order.values())).collect();
        let mut left = room;
        let mut chosen = Vec::new();
        while !queues.is_empty() {
            queues.retain_mut(|queue| {
                let Some(instruction) = queue.next().and_then(|id| self.waiting.get(id)) else {
                    return false;
                };
                // A lane whose next does not fit is done for this block: its order is kept.
                // What would not fit into an empty block of ours goes alone: no instruction blocks its lane for ever.
                let fits = left.take(&instruction.instruction) || (chosen.is_empty() && left == room);
                if chosen.is_empty() && fits && left == room {
                    left = Room { instructions: 0, credits: 0, bytes: 0 };
                }
                if fits {
                    chosen.push(instruction.instruction.clone());
                }
                fits
            });
        }
        self.first_lane = lanes.get(start).copied().flatten();
        chosen
    }

    /// What was neither taken in nor announced since a moment: somebody may keep it to himself, and an announcement may have
    /// been lost. Noted as announced now.
    pub fn overdue(&mut self, before_ms: u64, now_ms: u64, count_max: usize) -> Vec<WireId> {
        let late = self.waiting.iter_mut().filter(|(_, one)| one.announced_ms < before_ms);
        late.take(count_max)
            .map(|(id, one)| {
                one.announced_ms = now_ms;
                *id
            })
            .collect()
    }
}

impl Room {
    /// Takes the room of an instruction, if there is so much.
    fn take(&mut self, instruction: &AuthenticInstruction) -> bool {
        let credits = instruction.envelope().body.cost();
        let bytes = instruction.raw().0.len();
        let (Some(instructions), Some(credits), Some(bytes)) =
            (self.instructions.checked_sub(1), self.credits.checked_sub(credits), self.bytes.checked_sub(bytes))
        else {
            return false;
        };
        *self = Self { instructions, credits, bytes };
        true
    }
}
