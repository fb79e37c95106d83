//! Party data of payments: kept here sealed to this node's own key, and handed to the nodes that are to have it.
//!
//! Invariants: an instruction is submitted only when its party data is on this disk and noted down for each institution that is to have
//! it; a note goes when that node has acknowledged, which it does when it has the data on its own disk. A node takes party data from
//! nodes of the debtor's agent alone, only where its own institution is concerned, and only if it does not contradict the ledger. While a
//! payment has not come, several may be kept of it; when it comes, that which belongs to it stays, and the rest is deleted. What waits is
//! bounded: by node, in all, by agent, and by payment. Party data whose payment does not come is deleted after a while. A node that refuses,
//! or is slow, delays nobody else and nothing that it would take.

use crate::named;
use crate::questions::{Question, clock};
use crate::reads::{failed, participants};
use crate::shared::Shared;
use seaway_network::{AskError, Network};
use seaway_parties::{Recipient, SealError, is_concerned, pack, recipients, unpack};
use seaway_rpc::{Fault, Travels};
use seaway_storage::{Beside, Database, Outgoing};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::keys::PublicKey;
use seaway_types::limits::{
    PARTY_AWAITED_MS, PARTY_AWAITED_OF_AGENT_MAX, PARTY_BUNDLE_BYTES_MAX, PARTY_BUNDLE_MAX, PARTY_OUTBOX_MAX,
    PARTY_OUTBOX_OF_NODE_MAX, PARTY_VERSIONS_MAX,
};
use seaway_types::party::{PartyData, Told};
use seaway_types::signature::public_key;
use seaway_types::state::Participant;
use seaway_types::time::BlockTime;
use seaway_types::{Bic, Hash32, Uetr};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// Nodes that are handed something at the same time.
const DELIVERIES_MAX: usize = 4;
/// How long until what was not acknowledged, or could not be sent, is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a node is left alone that refused something, or was too slow.
const REST: Duration = Duration::from_secs(5);
/// How often that may be in a row before it is left alone.
const FAILURES_MAX: usize = 4;
/// How often what waits for its payment is compared with the ledger, while blocks come.
const SWEEP: Duration = Duration::from_secs(10);
/// How often at most where there is no room for more.
const SWEEP_WHEN_FULL: Duration = Duration::from_secs(1);
/// What is addressed anew in one sweep, for each node that nobody has any more: each is opened for it.
const READDRESSED_MAX: usize = 4_096;
/// Bytes of a list's length in canonical bytes.
const LENGTH_BYTES: usize = 8;

/// See the module.
pub struct Parties {
    database: Database,
    shared: Arc<Shared>,
    secret: Zeroizing<[u8; 32]>,
    node: PublicKey,
    held: Mutex<Held>,
    /// Held by whoever adds to what waits, so that its bounds hold.
    filling: Mutex<()>,
    /// When what waits was compared with the ledger; held while it is.
    swept: Mutex<Option<Instant>>,
    /// Recipients that were left out, by payment, since the start.
    left_out: AtomicU64,
    added: Notify,
}

/// What waits, as it stands on the disk too.
#[derive(Default)]
struct Held {
    outbox: BTreeMap<PublicKey, BTreeSet<Told>>,
    /// How handing over goes, for nodes for which something waits.
    paces: BTreeMap<PublicKey, Pace>,
    /// What waits for its payment.
    awaited: BTreeMap<Told, BlockTime>,
}

/// How handing over to a node goes.
struct Pace {
    /// It is being handed something now.
    busy: bool,
    /// How much is handed over in one go: less, after the node was too slow.
    bundle_max: usize,
    /// Until when it is left alone.
    rests_until: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { busy: false, bundle_max: PARTY_BUNDLE_MAX, rests_until: None }
    }
}

/// Party data as it stands to the ledger.
#[derive(Default)]
struct Compared {
    /// Its payment is not there yet.
    early: Vec<PartyData>,
    /// It belongs to its payment.
    known: Vec<PartyData>,
    /// It does not.
    wrong: Vec<PaymentKey>,
}

impl Compared {
    /// What is worth keeping.
    fn kept(&self) -> impl Iterator<Item = &PartyData> {
        self.early.iter().chain(&self.known)
    }
}

/// Who is to be handed what.
#[derive(Default)]
struct Addressed {
    outgoing: Vec<Outgoing>,
    /// The institutions that get all of it.
    told: BTreeSet<Bic>,
    /// A creditor's agent for which too much waits already.
    full: Option<Bic>,
}

/// What is handed over in one go.
struct Parcel {
    outgoing: Vec<Outgoing>,
    /// None where all of it was deleted meanwhile.
    question: Option<Vec<u8>>,
}

/// Whose node it is.
fn whose(participants: &[(Bic, Participant)], node: &PublicKey) -> Option<Bic> {
    participants.iter().find(|(_, one)| one.active && one.nodes.contains(node)).map(|(bic, _)| *bic)
}

/// Whether anybody has the node, were it a suspended institution.
fn is_listed(participants: &[(Bic, Participant)], node: &PublicKey) -> bool {
    participants.iter().any(|(_, one)| one.nodes.contains(node))
}

/// All that may be told of a payment.
fn versions(payment: PaymentKey) -> RangeInclusive<Told> {
    let version = |version| Told { payment, version };
    version(Hash32::ZERO)..=version(Hash32([u8::MAX; 32]))
}

fn unsealed(error: SealError) -> Fault {
    match error {
        SealError::TooLong { length, .. } => Fault::Parameter {
            field: "message",
            value: format!("{length} bytes"),
            expected: "names, addresses and remittance information of at most 48 KiB a payment",
        },
        other => Fault::Internal(other.to_string()),
    }
}

impl Parties {
    /// Finds what waits on the disk.
    pub fn open(database: Database, shared: Arc<Shared>, secret: Zeroizing<[u8; 32]>) -> Result<Arc<Self>, String> {
        let mut held = Held::default();
        for (node, told) in database.outbox().map_err(|error| error.to_string())? {
            held.outbox.entry(node).or_default().insert(told);
        }
        held.awaited = database.awaited().map_err(|error| error.to_string())?.into_iter().collect();
        let node = public_key(&secret);
        Ok(Arc::new(Self {
            database,
            shared,
            secret,
            node,
            held: Mutex::new(held),
            filling: Mutex::default(),
            swept: Mutex::default(),
            left_out: AtomicU64::new(0),
            added: Notify::new(),
        }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much waits to be handed over.
    pub fn waiting(&self) -> usize {
        self.held().outbox.values().map(BTreeSet::len).sum()
    }

    /// How often a supervisor, or another node of the agent, was left out since the start because too much waited for it, by payment.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    fn filling(&self) -> MutexGuard<'_, ()> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the party data of an instruction that is about to be submitted, and notes down who is to have it.
    pub fn send(&self, records: Vec<PartyData>) -> Result<Travels, Fault> {
        let participants = participants(&self.database)?;
        let own = whose(&participants, &self.node);
        let Some(own) = own.filter(|own| records.iter().all(|record| record.debtor_agent == *own)) else {
            return Ok(Travels::KeptBySender);
        };
        // A payment that is on the ledger keeps its own; this instruction will be refused for its UETR.
        let compared = self.compare(records)?;
        self.make_room(own, &compared.early)?;
        let _turn = self.filling();
        self.ensure_room(own, &compared.early)?;
        let Addressed { outgoing, told, full } = self.addressed(&participants, compared.kept());
        if let Some(bic) = full {
            return Err(Fault::Unavailable(format!("too much party data waits already for the nodes of {bic}")));
        }
        self.keep(&compared, outgoing)?;
        self.added.notify_one();
        Ok(Travels::Sent(told.into_iter().collect()))
    }

    /// Takes back what came with an instruction that was refused for good: what of it still waits for its payment here is deleted. What was
    /// handed over by then waits elsewhere until its time is over.
    pub fn withdraw(&self, told: &[Told]) -> Result<(), Fault> {
        let mut awaited: Vec<Told> = {
            let held = self.held();
            told.iter().filter(|one| held.awaited.contains_key(*one)).copied().collect()
        };
        let credits = named::credits(&self.database, &awaited.iter().map(|one| one.payment).collect())?;
        awaited.retain(|one| !credits.contains_key(&one.payment));
        if !awaited.is_empty() {
            self.forget(&awaited)?;
        }
        Ok(())
    }

    /// Parts what agrees with the ledger, or comes before its payment, from what contradicts it.
    fn compare(&self, records: Vec<PartyData>) -> Result<Compared, Fault> {
        let names = records.iter().map(PartyData::name).collect();
        let credits = named::credits(&self.database, &names)?;
        let mut compared = Compared::default();
        for record in records {
            match credits.get(&record.name()) {
                None => compared.early.push(record),
                Some(credit) if record.belongs_to(credit) => compared.known.push(record),
                Some(_) => compared.wrong.push(record.name()),
            }
        }
        Ok(compared)
    }

    /// Which nodes are to have it, and whose they are. A node for which too much waits already is left out. Only where that leaves a
    /// creditor's agent without it is that a reason not to pay: a supervisor whose nodes are away stops nobody's payments.
    fn addressed<'a>(
        &self,
        participants: &[(Bic, Participant)],
        records: impl Iterator<Item = &'a PartyData>,
    ) -> Addressed {
        let mut waiting: BTreeMap<PublicKey, usize> =
            self.held().outbox.iter().map(|(node, told)| (*node, told.len())).collect();
        let mut total: usize = waiting.values().sum();
        let (mut addressed, mut left_out) = (Addressed::default(), BTreeSet::new());
        for record in records {
            let name = record.told();
            for Recipient { bic, nodes } in recipients(participants, record, &self.node) {
                let is_own = bic == record.debtor_agent;
                let must_have = bic == record.creditor_agent && !is_own;
                let total_max = if must_have { PARTY_OUTBOX_MAX } else { PARTY_OUTBOX_MAX / 2 };
                let before = addressed.outgoing.len();
                for node in nodes {
                    let count = waiting.entry(node).or_default();
                    if *count < PARTY_OUTBOX_OF_NODE_MAX && total < total_max {
                        (*count, total) = (*count + 1, total + 1);
                        addressed.outgoing.push((node, name));
                    }
                }
                let has_none = addressed.outgoing.len() == before;
                if has_none && must_have {
                    addressed.full = Some(bic);
                } else if has_none {
                    self.left_out.fetch_add(1, Ordering::Relaxed);
                    left_out.insert(bic);
                } else if !is_own {
                    addressed.told.insert(bic);
                }
            }
        }
        for bic in &left_out {
            tracing::warn!(%bic, count = self.left_out(), "too much party data waits already for its nodes: it gets no more");
        }
        addressed.told.retain(|bic| !left_out.contains(bic));
        addressed
    }

    /// Writes party data, sealed to this node's own key, with what is to be handed over.
    fn keep(&self, compared: &Compared, outgoing: Vec<Outgoing>) -> Result<(), Fault> {
        let seal = |record: &PartyData| -> Result<(Told, Vec<u8>), Fault> {
            let sealed = pack(std::slice::from_ref(record), &self.node).map_err(unsealed)?;
            Ok((record.told(), sealed))
        };
        let sealed = compared.kept().map(seal).collect::<Result<Vec<_>, Fault>>()?;
        let awaited: Vec<Told> = compared.early.iter().map(PartyData::told).collect();
        // The tip of a node that catches up is old, and the payment may stand far behind it.
        let since = self.shared.status().time.max(clock());
        self.note(&Beside { sealed, awaited, since, outgoing })
    }

    /// Writes what waits, and knows it.
    fn note(&self, beside: &Beside) -> Result<(), Fault> {
        if beside.sealed.is_empty() && beside.outgoing.is_empty() {
            return Ok(());
        }
        self.database.keep_beside(beside).map_err(failed)?;
        let mut held = self.held();
        held.awaited.extend(beside.awaited.iter().map(|told| (*told, beside.since)));
        for (node, told) in &beside.outgoing {
            held.outbox.entry(*node).or_default().insert(*told);
        }
        Ok(())
    }

    /// Takes what another node hands over. The answer is empty: it is on this disk, but for what was refused for good.
    pub fn receive(&self, from: &PublicKey, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let participants = participants(&self.database)?;
        let sender = whose(&participants, from).ok_or(Fault::Forbidden)?;
        let own = whose(&participants, &self.node).ok_or(Fault::Forbidden)?;
        let bundle = unpack(sealed, &self.secret).map_err(|error| {
            tracing::warn!(peer = %from, %sender, %error, "party data does not open");
            Fault::Forbidden
        })?;
        let mut records = Vec::with_capacity(bundle.len());
        for record in bundle.into_inner() {
            if record.debtor_agent == sender && is_concerned(&participants, &record, own) {
                records.push(record);
            } else {
                let uetr = record.uetr;
                tracing::warn!(peer = %from, %sender, %uetr, "party data that is not the sender's own, or not for this node");
            }
        }
        let mut compared = self.compare(records)?;
        for payment in &compared.wrong {
            tracing::warn!(peer = %from, %sender, uetr = %payment.uetr, "party data contradicts the ledger");
        }
        self.make_room(sender, &compared.early)?;
        let _turn = self.filling();
        let room = self.ensure_room(sender, &compared.early);
        if room.is_err() {
            // What has its payment is taken all the same.
            compared.early.clear();
        }
        self.keep(&compared, Vec::new())?;
        room.map(|()| Some(Vec::new()))
    }

    /// Asks that not too much waits for its payment, of an agent's and of each payment's.
    fn ensure_room(&self, agent: Bic, early: &[PartyData]) -> Result<(), Fault> {
        let held = self.held();
        let mut fresh: BTreeSet<Told> = early.iter().map(PartyData::told).collect();
        fresh.retain(|told| !held.awaited.contains_key(told));
        if fresh.is_empty() {
            return Ok(());
        }
        let waiting = held.awaited.keys().filter(|told| told.payment.debtor_agent == agent).count();
        if waiting.saturating_add(fresh.len()) > PARTY_AWAITED_OF_AGENT_MAX {
            return Err(Fault::Unavailable(format!("too much party data of {agent} waits for its payments")));
        }
        let mut counts: BTreeMap<PaymentKey, usize> = BTreeMap::new();
        for Told { payment, .. } in fresh {
            let count = counts.entry(payment).or_insert_with(|| held.awaited.range(versions(payment)).count());
            *count += 1;
            if *count > PARTY_VERSIONS_MAX {
                let uetr = payment.uetr;
                return Err(Fault::Unavailable(format!("other party data waits already for payment {uetr}")));
            }
        }
        Ok(())
    }

    /// Looks whether payments have come, where there is no room.
    fn make_room(&self, agent: Bic, early: &[PartyData]) -> Result<(), Fault> {
        if self.ensure_room(agent, early).is_err() { self.sweep_after(SWEEP_WHEN_FULL) } else { Ok(()) }
    }

    /// What is kept. What does not open any more, because the disk changed it or the node has another key, is lost, and stops nothing.
    fn find(&self, told: &Told) -> Result<Option<PartyData>, Fault> {
        let Some(sealed) = self.database.beside(told).map_err(failed)? else { return Ok(None) };
        match unpack(&sealed, &self.secret) {
            Ok(opened) => Ok(opened.into_inner().pop()),
            Err(error) => {
                tracing::error!(uetr = %told.payment.uetr, %error, "party data that is kept here does not open: it is lost");
                Ok(None)
            }
        }
    }

    /// The party data of all payments with a UETR that is kept here.
    pub fn kept(&self, uetr: &Uetr) -> Result<Vec<PartyData>, Fault> {
        let kept = self.database.kept_beside(uetr).map_err(failed)?;
        kept.iter().filter_map(|told| self.find(told).transpose()).collect()
    }

    /// Deletes the party data of a payment here, for good; what was not handed over yet is not handed over any more. Returns whether there
    /// was any.
    pub fn delete(&self, payment: PaymentKey) -> Result<bool, Fault> {
        let mut kept = self.database.kept_beside(&payment.uetr).map_err(failed)?;
        kept.retain(|told| told.payment == payment);
        let found = self.forget(&kept)?;
        self.database.purge_beside(&[payment]).map_err(failed)?;
        Ok(found > 0)
    }

    fn forget(&self, told: &[Told]) -> Result<usize, Fault> {
        let mut outgoing = Vec::new();
        {
            let mut held = self.held();
            for one in told {
                held.awaited.remove(one);
                for (node, waiting) in &mut held.outbox {
                    outgoing.extend(waiting.take(one).map(|one| (*node, one)));
                }
            }
            held.outbox.retain(|_, waiting| !waiting.is_empty());
        }
        self.database.forget_beside(told, &outgoing).map_err(failed)
    }

    /// Sweeps if that was not done for a while; not if somebody else does.
    fn sweep_after(&self, interval: Duration) -> Result<(), Fault> {
        let Ok(mut swept) = self.swept.try_lock() else { return Ok(()) };
        if swept.is_some_and(|at| at.elapsed() < interval) {
            return Ok(());
        }
        let done = self.sweep();
        *swept = Some(Instant::now());
        done
    }

    /// Compares what waits for its payment with the ledger, and deletes what does not belong to it or has waited for too long. What waits
    /// for a node that nobody has any more is addressed anew.
    fn sweep(&self) -> Result<(), Fault> {
        let awaited = self.held().awaited.clone();
        let credits = named::credits(&self.database, &awaited.keys().map(|told| told.payment).collect())?;
        let now = self.shared.status().time;
        let (mut arrived, mut lost) = (Vec::new(), Vec::new());
        for (told, since) in awaited {
            match credits.get(&told.payment) {
                Some(credit) if self.find(&told)?.is_some_and(|record| record.belongs_to(credit)) => {
                    arrived.push(told)
                }
                Some(_) => {
                    let uetr = told.payment.uetr;
                    tracing::warn!(%uetr, "party data that does not belong to its payment; it is deleted");
                    lost.push(told);
                }
                None if since.after_ms(PARTY_AWAITED_MS) < now => lost.push(told),
                None => {}
            }
        }
        if !arrived.is_empty() {
            self.database.arrived(&arrived).map_err(failed)?;
            let mut held = self.held();
            for told in &arrived {
                held.awaited.remove(told);
            }
        }
        if !lost.is_empty() {
            self.forget(&lost)?;
        }
        self.readdress()
    }

    /// Addresses anew what waits for nodes that nobody has any more: an institution may have given its node another key. What waits for a
    /// suspended one's waits on.
    fn readdress(&self) -> Result<(), Fault> {
        let participants = participants(&self.database)?;
        let mut gone: Vec<PublicKey> = self.held().outbox.keys().copied().collect();
        gone.retain(|node| !is_listed(&participants, node));
        for node in gone {
            let mut waiting: Vec<Told> = self.held().outbox.get(&node).into_iter().flatten().copied().collect();
            tracing::warn!(%node, count = waiting.len(), "party data waits for a node that nobody has any more; it is addressed anew");
            waiting.truncate(READDRESSED_MAX);
            for some in waiting.chunks(PARTY_BUNDLE_MAX) {
                if !self.address_anew(&participants, node, some)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whose node it was nobody knows, so all to whom it goes get it, again if need be. It stays where it is if there is no room.
    fn address_anew(
        &self,
        participants: &[(Bic, Participant)],
        node: PublicKey,
        some: &[Told],
    ) -> Result<bool, Fault> {
        let mut records = Vec::with_capacity(some.len());
        for told in some {
            records.extend(self.find(told)?);
        }
        let _turn = self.filling();
        let Addressed { outgoing, full, .. } = self.addressed(participants, records.iter());
        if full.is_some() {
            return Ok(false);
        }
        self.note(&Beside { outgoing, ..Beside::default() })?;
        self.delivered(&some.iter().map(|told| (node, *told)).collect::<Vec<_>>())?;
        Ok(true)
    }

    /// The next things that wait for a node: `early` ones, whose payments have not come, or the others, behind the last that was passed over.
    fn parcel(&self, node: &PublicKey, early: bool, behind: Option<Told>) -> Result<Option<Parcel>, Fault> {
        let begins = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let next: Vec<Told> = {
            let held = self.held();
            let bundle_max = held.paces.get(node).map_or(PARTY_BUNDLE_MAX, |pace| pace.bundle_max);
            let empty = BTreeSet::new();
            let waiting =
                held.outbox.get(node).unwrap_or(&empty).range::<Told, _>((begins, Bound::<Told>::Unbounded));
            waiting.filter(|told| held.awaited.contains_key(*told) == early).take(bundle_max).copied().collect()
        };
        if next.is_empty() {
            return Ok(None);
        }
        let (mut outgoing, mut records, mut bytes) = (Vec::new(), Vec::new(), LENGTH_BYTES);
        for told in next {
            if let Some(record) = self.find(&told)? {
                bytes += codec::encode(&record).len();
                if bytes > PARTY_BUNDLE_BYTES_MAX {
                    break;
                }
                records.push(record);
            }
            outgoing.push((*node, told));
        }
        if records.is_empty() {
            return Ok(Some(Parcel { outgoing, question: None }));
        }
        let sealed = Bounded::new(pack(&records, node).map_err(unsealed)?);
        let sealed = sealed.map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Some(Parcel { outgoing, question: Some(codec::encode(&Question::PartyData(sealed))) }))
    }

    /// What was handed over waits no more.
    fn delivered(&self, outgoing: &[Outgoing]) -> Result<(), Fault> {
        self.database.delivered(outgoing).map_err(failed)?;
        let mut held = self.held();
        for (node, told) in outgoing {
            if let Some(waiting) = held.outbox.get_mut(node) {
                waiting.remove(told);
            }
        }
        held.outbox.retain(|_, waiting| !waiting.is_empty());
        Ok(())
    }

    /// Those of some nodes for which something waits, that are not being handed it, and that do not rest; from now on they are.
    fn begin(&self, connected: impl Iterator<Item = PublicKey>) -> Vec<PublicKey> {
        let mut held = self.held();
        let now = Instant::now();
        let mut ready = Vec::new();
        for node in connected {
            if !held.outbox.contains_key(&node) {
                continue;
            }
            let pace = held.paces.entry(node).or_default();
            if !pace.busy && pace.rests_until.is_none_or(|until| until <= now) {
                pace.busy = true;
                ready.push(node);
            }
        }
        ready
    }

    /// A node is handed nothing for now; it rests if something went wrong.
    fn end(&self, node: &PublicKey, rests: bool) {
        let mut held = self.held();
        if !held.outbox.contains_key(node) {
            held.paces.remove(node);
        } else if let Some(pace) = held.paces.get_mut(node) {
            pace.busy = false;
            pace.rests_until = rests.then(|| Instant::now() + REST);
        }
    }

    /// The next parcels of a node are half as large; says whether they can be.
    fn halve(&self, node: &PublicKey) -> bool {
        let mut held = self.held();
        let pace = held.paces.entry(*node).or_default();
        let could = pace.bundle_max > 1;
        pace.bundle_max = (pace.bundle_max / 2).max(1);
        could
    }

    /// They may be larger again.
    fn double(&self, node: &PublicKey) {
        let mut held = self.held();
        let pace = held.paces.entry(*node).or_default();
        pace.bundle_max = pace.bundle_max.saturating_mul(2).min(PARTY_BUNDLE_MAX);
    }

    /// Works with the disk, off the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let parties = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&parties)).await;
        done.map_err(|error| Fault::Internal(error.to_string()))?
    }

    /// Hands a node all that waits for it: first what has its payment on the ledger, for which the node has room. What it does not take
    /// waits, and the rest goes on. Returns whether it did not take something.
    async fn hand_over(self: &Arc<Self>, node: PublicKey, network: &Network) -> Result<bool, Fault> {
        let mut failures = 0;
        for early in [false, true] {
            let mut behind = None;
            while failures < FAILURES_MAX {
                let next = self.blocking(move |parties| parties.parcel(&node, early, behind)).await?;
                let Some(Parcel { outgoing, question }) = next else { break };
                let last = outgoing.last().map(|(_, told)| *told);
                let answer = match question {
                    Some(question) => network.ask(&node, &question).await,
                    None => Ok(Vec::new()),
                };
                match answer {
                    Ok(answer) if answer.is_empty() => {
                        self.double(&node);
                        self.blocking(move |parties| parties.delivered(&outgoing)).await?;
                        continue;
                    }
                    Ok(_) => {
                        tracing::debug!(peer = %node, count = outgoing.len(), "party data was refused; it is handed over again");
                        behind = last;
                    }
                    Err(AskError::NotConnected) => return Ok(false),
                    Err(error) => {
                        tracing::debug!(peer = %node, %error, "party data was not taken; it is handed over again");
                        if !self.halve(&node) {
                            behind = last;
                        }
                    }
                }
                failures += 1;
            }
        }
        Ok(failures > 0)
    }
}

/// Hands over what waits whenever something is added, a block comes, or a node that was away is connected again.
pub async fn deliver(parties: Arc<Parties>, network: Network) {
    let mut tips = parties.shared.tips();
    let turns = Arc::new(Semaphore::new(DELIVERIES_MAX));
    loop {
        if let Err(fault) = parties.blocking(|parties| parties.sweep_after(SWEEP)).await {
            tracing::error!(?fault, "party data could not be compared with the ledger");
        }
        for node in parties.begin(network.connected().into_iter().map(|(peer, _)| peer)) {
            let (parties, network, turns) = (parties.clone(), network.clone(), turns.clone());
            tokio::spawn(async move {
                let _turn = turns.acquire().await;
                let rests = parties.hand_over(node, &network).await.unwrap_or_else(|fault| {
                    tracing::error!(peer = %node, ?fault, "party data could not be handed over");
                    true
                });
                parties.end(&node, rests);
            });
        }
        let waits = parties.waiting() > 0;
        tokio::select! {
            () = parties.added.notified() => {}
            _ = tips.changed() => {}
            () = tokio::time::sleep(AGAIN), if waits => {}
        }
    }
}
