//! The feed of a participant: what happened on the ledger that concerns it, numbered from 1 without gaps.
//!
//! Numbers follow from the ledger alone, so they are the same at every node. Of a block only the first number and the count
//! are stored; the events themselves are made again from the block when they are read. Numbering follows behind the blocks
//! and takes no time of theirs: what is decided is never later for it, and after a stop it goes on where it was.
//!
//! Of a block a participant is told in this order: what was booked, account by account; receipt by receipt, that it was
//! answered or that the block acted, which payments were followed up, leg by leg, and what contracts did, in the order of
//! the receipt's events; then which credits wait.

#[cfg(test)]
mod tests;

use crate::answers::StoredAnswers;
use crate::database::{ContractReaders, Database, StorageError};
use crate::keys::{self, BOOKED, FEED, META};
use rocksdb::{Direction, IteratorMode, WriteBatch};
use seaway_types::bic::Bic;
use seaway_types::block::Block;
use seaway_types::codec;
use seaway_types::contract::{ContractEvent, InstanceId};
use seaway_types::feed::{FeedEvent, FeedWhat, concerned};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Leg, RawInstruction, Submitter};
use seaway_types::receipt::{BlockAct, Receipt, Status};
use seaway_types::state::{Account, IndexEntry, IndexKey, IndexValue};
use seaway_types::time::Height;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Blocks that are numbered in one batch.
const BATCH_BLOCKS: u64 = 64;
/// Blocks that are read for one answer.
const READ_BLOCKS: usize = 100;
/// Accounts whose agents are kept in memory.
const AGENTS_MAX: usize = 65_536;

/// The agents of accounts, as they are found. An account never changes its agent.
#[derive(Default)]
pub struct Agents(HashMap<AccountId, Bic>);

impl Agents {
    fn of(&mut self, database: &Database, account: &AccountId) -> Result<Option<Bic>, StorageError> {
        if let Some(agent) = self.0.get(account) {
            return Ok(Some(*agent));
        }
        let agent = database.record::<Account>(account)?.map(|account| account.agent);
        if self.0.len() >= AGENTS_MAX {
            self.0.clear();
        }
        self.0.extend(agent.map(|agent| (*account, agent)));
        Ok(agent)
    }

    /// The institution that is told for somebody: itself, or the agent of an account. The authority has no feed.
    fn institution(&mut self, database: &Database, who: &Submitter) -> Result<Option<Bic>, StorageError> {
        match who {
            Submitter::Participant(bic) => Ok(Some(*bic)),
            Submitter::Account(account) => self.of(database, account),
            Submitter::Authority => Ok(None),
        }
    }
}

/// A participant's events of one block.
struct Row {
    first: u64,
    height: u64,
    count: u64,
}

/// The events of a block, by participant, each in order.
type Events = BTreeMap<Bic, Vec<FeedWhat>>;

impl Database {
    /// Numbers the events of some of the blocks up to a height that have no numbers yet; whether there are more.
    pub fn number_feed(&self, tip: Height, agents: &mut Agents) -> Result<bool, StorageError> {
        let done = self.fed()?;
        let last = tip.0.min(done.0.saturating_add(BATCH_BLOCKS));
        if last <= done.0 {
            return Ok(false);
        }
        let mut next: BTreeMap<Bic, u64> = BTreeMap::new();
        let mut batch = WriteBatch::default();
        for height in done.0.saturating_add(1)..=last {
            for (participant, events) in self.block_events(Height(height), agents)? {
                let first = match next.get(&participant) {
                    Some(first) => *first,
                    None => self.next_number(&participant)?,
                };
                let count = events.len() as u64;
                batch.put_cf(self.family(FEED)?, keys::feed(&participant, first), codec::encode(&(height, count)));
                next.insert(participant, first.saturating_add(count));
            }
        }
        batch.put_cf(self.family(META)?, keys::FED, codec::encode(&Height(last)));
        // Not synced: what is lost with the machine is numbered again.
        self.db().write(batch).map_err(|error| self.failed(&error))?;
        Ok(last < tip.0)
    }

    /// The height up to which events have numbers.
    pub fn fed(&self) -> Result<Height, StorageError> {
        Ok(self.get::<Height>(META, keys::FED)?.unwrap_or_default())
    }

    fn next_number(&self, participant: &Bic) -> Result<u64, StorageError> {
        let last = self.feed_row(participant, u64::MAX)?;
        Ok(last.map_or(1, |row| row.first.saturating_add(row.count)))
    }

    /// The last row that begins at or before a number.
    fn feed_row(&self, participant: &Bic, number: u64) -> Result<Option<Row>, StorageError> {
        let (prefix, start) = (codec::encode(participant), keys::feed(participant, number));
        let mut rows = self.db().iterator_cf(self.family(FEED)?, IteratorMode::From(&start, Direction::Reverse));
        let Some(row) = rows.next() else { return Ok(None) };
        let (key, value) = row.map_err(|error| self.failed(&error))?;
        let first =
            key.last_chunk::<8>().filter(|_| key.starts_with(&prefix)).map(|first| u64::from_be_bytes(*first));
        let (height, count) = codec::decode_own(&value).map_err(|error| self.damaged(FEED, error))?;
        Ok(first.map(|first| Row { first, height, count }))
    }

    /// A participant's events with numbers above one, at most so many, and of at most 100 blocks: there may be more, though
    /// fewer came than were asked for. None come where there are none.
    pub fn feed(
        &self,
        participant: &Bic,
        after: u64,
        count_max: usize,
        agents: &mut Agents,
    ) -> Result<Vec<FeedEvent>, StorageError> {
        let mut found = Vec::new();
        let mut next = after.saturating_add(1);
        for _ in 0..READ_BLOCKS {
            if found.len() >= count_max {
                break;
            }
            let Some(Row { first, height, count }) = self.feed_row(participant, next)? else { break };
            // The last row may end before it: then there is no such number yet.
            let skipped = next.saturating_sub(first);
            if skipped >= count {
                break;
            }
            let mut events = self.block_events(Height(height), agents)?;
            let events = events.remove(participant).unwrap_or_default();
            if events.len() as u64 != count {
                return Err(self.damaged(FEED, format!("block {height} has {} events, not {count}", events.len())));
            }
            let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
            let left = count_max.saturating_sub(found.len());
            let wanted = (next..).zip(events.into_iter().skip(skipped)).take(left);
            found.extend(wanted.map(|(number, what)| FeedEvent { number, height: Height(height), what }));
            next = first.saturating_add(count);
        }
        Ok(found)
    }

    fn block_events(&self, height: Height, agents: &mut Agents) -> Result<Events, StorageError> {
        let mut events = Events::new();
        let booked: Option<Vec<(AccountId, u32)>> = self.get(BOOKED, &keys::height(height))?;
        for (account, count) in booked.unwrap_or_default() {
            if let Some(agent) = agents.of(self, &account)? {
                let places = (0..count as usize).map(|place| FeedWhat::Booked { account, place });
                events.entry(agent).or_default().extend(places);
            }
        }
        let missing = |what: &str| self.damaged(FEED, format!("{what} of block {height} are missing"));
        let answers = self.answers(height)?.ok_or_else(|| missing("receipts"))?;
        if answers.receipts.is_empty() {
            return Ok(events);
        }
        let block = self.read_block(height)?.ok_or_else(|| missing("instructions"))?.block;
        self.answered(answers, &block, agents, &mut events)?;
        Ok(events)
    }

    /// What receipts tell beside the bookings.
    fn answered(
        &self,
        answers: StoredAnswers<'_>,
        block: &Block,
        agents: &mut Agents,
        events: &mut Events,
    ) -> Result<(), StorageError> {
        let acts = answers.receipts.len().saturating_sub(block.instructions.len());
        let contracts = self.contracts(&answers.events, agents)?;
        for (receipt, answer) in (0u32..).zip(answers.receipts.iter()) {
            match answer {
                Receipt::Act(act) => {
                    for agent in self.acted_for(act, agents)? {
                        events.entry(agent).or_default().push(FeedWhat::Acted { receipt });
                    }
                }
                Receipt::Instruction(answered) => {
                    let submitter = agents.institution(self, &answered.submitter)?;
                    if let Some(bic) = submitter {
                        events.entry(bic).or_default().push(FeedWhat::Answered { receipt });
                    }
                    let raw = block.instructions.get((receipt as usize).saturating_sub(acts));
                    if answered.status != Status::Rjct
                        && let Some(raw) = raw
                    {
                        self.followed_up(raw, receipt, submitter, agents, events)?;
                    }
                }
            }
            for (place, told) in contracts.get(&receipt).into_iter().flatten().enumerate() {
                for institution in told {
                    events.entry(*institution).or_default().push(FeedWhat::Contract { receipt, place });
                }
            }
        }
        for (receipt, credits) in answers.outcomes.into_iter().filter(|(_, credits)| credits.wait()) {
            let raw = (receipt as usize).checked_sub(acts).and_then(|place| block.instructions.get(place));
            let credits = credits.whole(raw).map_err(|error| self.damaged(keys::RECEIPTS, error))?;
            let waiting = credits.iter().enumerate().filter(|(_, outcome)| outcome.status == Status::Pdng);
            for (credit, outcome) in waiting {
                if let Some(agent) = agents.of(self, &outcome.creditor)? {
                    events.entry(agent).or_default().push(FeedWhat::Waits { receipt, credit });
                }
            }
        }
        Ok(())
    }

    fn acted_for(&self, act: &BlockAct, agents: &mut Agents) -> Result<BTreeSet<Bic>, StorageError> {
        let mut told = BTreeSet::new();
        match act {
            BlockAct::HoldExpired { payer, .. } => told.extend(agents.of(self, payer)?),
            BlockAct::PaymentLapsed { debtor, payment, .. } => {
                told.extend(agents.of(self, debtor)?);
                // Its creditor's agent was told that it waits.
                told.extend(self.creditor_agent(payment, agents)?);
            }
            BlockAct::KeysChanged { account } => told.extend(agents.of(self, account)?),
            // Told as the contract's event.
            BlockAct::DeadlinePassed { .. } => {}
        }
        Ok(told)
    }

    /// The institutions that each event of a contract concerns, by the position of its receipt, in order. Who may read a
    /// contract is written down with the block that opens it and never changes, so this is the same whenever it is asked.
    fn contracts(
        &self,
        events: &[(u32, ContractEvent)],
        agents: &mut Agents,
    ) -> Result<BTreeMap<u32, Vec<BTreeSet<Bic>>>, StorageError> {
        let mut readers: BTreeMap<InstanceId, ContractReaders> = BTreeMap::new();
        let mut found: BTreeMap<u32, Vec<BTreeSet<Bic>>> = BTreeMap::new();
        for (receipt, event) in events {
            let readers = match readers.entry(event.instance) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.contract_readers(&event.instance)?),
            };
            let mut told = BTreeSet::new();
            for who in concerned(event, &readers.accounts, &readers.participants) {
                told.extend(agents.institution(self, &who)?);
            }
            found.entry(*receipt).or_default().push(told);
        }
        Ok(found)
    }

    fn creditor_agent(&self, payment: &PaymentKey, agents: &mut Agents) -> Result<Option<Bic>, StorageError> {
        let indexed = self.get::<IndexEntry>(keys::INDEX, &keys::index(&IndexKey::Payment(*payment)))?;
        match indexed.map(|entry| entry.value) {
            Some(IndexValue::Payment { facts, .. }) => agents.of(self, &facts.creditor),
            _ => Ok(None),
        }
    }

    /// Tells both sides of a payment that it was followed up, but not the one that did it: that one is answered.
    fn followed_up(
        &self,
        raw: &RawInstruction,
        receipt: u32,
        submitter: Option<Bic>,
        agents: &mut Agents,
        events: &mut Events,
    ) -> Result<(), StorageError> {
        // Nearly all that is executed are payments, which follow nothing up: they are not decoded for it.
        if raw.is_lone_transfer() {
            return Ok(());
        }
        let decoded = raw.clone().decode().map_err(|error| self.damaged(keys::BLOCKS, error))?;
        for (leg, act) in decoded.envelope().body.legs().iter().enumerate() {
            let payment = match act {
                Leg::Return(back) => back.payment,
                Leg::RecallRequest(recall) => recall.payment,
                Leg::RecallAnswer(answer) => answer.payment,
                Leg::Accept(accept) => accept.payment,
                Leg::Refuse(refuse) => refuse.payment,
                Leg::Confirm(confirm) => confirm.payment,
                _ => continue,
            };
            let creditor = self.creditor_agent(&payment, agents)?;
            let mut sides = vec![payment.debtor_agent];
            sides.extend(creditor.filter(|creditor| *creditor != payment.debtor_agent));
            for side in sides.into_iter().filter(|side| Some(*side) != submitter) {
                events.entry(side).or_default().push(FeedWhat::FollowedUp { receipt, leg, payment });
            }
        }
        Ok(())
    }
}
