//! Party data of payments: kept here sealed to this node's own key, and handed to the nodes that are to have it.
//!
//! Invariants: an instruction is submitted only when its party data is on this disk and noted down for each institution that is to have
//! it; a note goes when that node has acknowledged, which it does when it has the data on its own disk. A node takes party data from
//! nodes of the debtor's agent alone, only where its own institution is concerned, and only if it does not contradict the ledger. What
//! waits is bounded: by node, in all, and by agent. Party data whose payment does not come is deleted after a while.

use crate::named;
use crate::questions::Question;
use crate::reads::{failed, participants};
use crate::shared::Shared;
use seaway_network::Network;
use seaway_parties::{Recipient, SealError, is_concerned, pack, recipients, unpack};
use seaway_rpc::{Fault, Travels};
use seaway_storage::{Beside, Database, Outgoing};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::keys::PublicKey;
use seaway_types::limits::{
    PARTY_AWAITED_MS, PARTY_AWAITED_OF_AGENT_MAX, PARTY_BUNDLE_BYTES_MAX, PARTY_BUNDLE_MAX, PARTY_OUTBOX_MAX,
    PARTY_OUTBOX_OF_NODE_MAX,
};
use seaway_types::party::PartyData;
use seaway_types::signature::public_key;
use seaway_types::state::Participant;
use seaway_types::time::BlockTime;
use seaway_types::{Bic, Uetr};
use std::collections::{BTreeMap, BTreeSet};
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
/// How often what waits for its payment is compared with the ledger, while blocks come.
const SWEEP: Duration = Duration::from_secs(10);
/// Bytes of a list's length in canonical bytes.
const LENGTH_BYTES: usize = 8;

/// See the module.
pub struct Parties {
    database: Database,
    shared: Arc<Shared>,
    secret: Zeroizing<[u8; 32]>,
    node: PublicKey,
    held: Mutex<Held>,
    /// Held by whoever fills the outbox, so that its bounds hold.
    filling: Mutex<()>,
    added: Notify,
}

/// What waits, as it stands on the disk too.
#[derive(Default)]
struct Held {
    outbox: BTreeMap<PublicKey, BTreeSet<PaymentKey>>,
    /// Nodes that are being handed something now.
    busy: BTreeSet<PublicKey>,
    /// Payments that have yet to come.
    awaited: BTreeMap<PaymentKey, BlockTime>,
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
        for (node, payment) in database.outbox().map_err(|error| error.to_string())? {
            held.outbox.entry(node).or_default().insert(payment);
        }
        held.awaited = database.awaited().map_err(|error| error.to_string())?.into_iter().collect();
        let node = public_key(&secret);
        let (held, filling, added) = (Mutex::new(held), Mutex::default(), Notify::new());
        Ok(Arc::new(Self { database, shared, secret, node, held, filling, added }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much waits to be handed over.
    pub fn waiting(&self) -> usize {
        self.held().outbox.values().map(BTreeSet::len).sum()
    }

    /// Keeps the party data of an instruction that is about to be submitted, and notes down who is to have it.
    pub fn send(&self, records: Vec<PartyData>) -> Result<Travels, Fault> {
        let participants = participants(&self.database)?;
        let own = whose(&participants, &self.node);
        if records.iter().any(|record| Some(record.debtor_agent) != own) {
            return Ok(Travels::KeptBySender);
        }
        // A payment that is on the ledger keeps its own; this instruction will be refused for its UETR.
        let compared = self.compare(records)?;
        let _turn = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        let (outgoing, told) = self.outgoing(&participants, &compared)?;
        self.keep(&compared, outgoing)?;
        self.added.notify_one();
        Ok(Travels::Sent(told.into_iter().collect()))
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

    /// Which nodes are to have it, and whose they are. A node for which too much waits already is left out, if another one of its
    /// institution is not.
    fn outgoing(
        &self,
        participants: &[(Bic, Participant)],
        compared: &Compared,
    ) -> Result<(Vec<Outgoing>, BTreeSet<Bic>), Fault> {
        let mut waiting: BTreeMap<PublicKey, usize> =
            self.held().outbox.iter().map(|(node, payments)| (*node, payments.len())).collect();
        let mut total: usize = waiting.values().sum();
        let (mut outgoing, mut told) = (Vec::new(), BTreeSet::new());
        for record in compared.early.iter().chain(&compared.known) {
            for Recipient { bic, nodes } in recipients(participants, record, &self.node) {
                let before = outgoing.len();
                for node in nodes {
                    let count = waiting.entry(node).or_default();
                    if *count < PARTY_OUTBOX_OF_NODE_MAX && total < PARTY_OUTBOX_MAX {
                        (*count, total) = (*count + 1, total + 1);
                        outgoing.push((node, record.name()));
                    }
                }
                if bic == record.debtor_agent {
                    continue;
                }
                if outgoing.len() == before {
                    return Err(Fault::Unavailable(format!(
                        "too much party data waits already for the nodes of {bic}"
                    )));
                }
                told.insert(bic);
            }
        }
        Ok((outgoing, told))
    }

    /// Writes party data, sealed to this node's own key, with what is to be handed over.
    fn keep(&self, compared: &Compared, outgoing: Vec<Outgoing>) -> Result<(), Fault> {
        let seal = |record: &PartyData| -> Result<(PaymentKey, Vec<u8>), Fault> {
            let sealed = pack(std::slice::from_ref(record), &self.node).map_err(unsealed)?;
            Ok((record.name(), sealed))
        };
        let sealed = compared.early.iter().chain(&compared.known).map(seal).collect::<Result<Vec<_>, Fault>>()?;
        let awaited: Vec<PaymentKey> = compared.early.iter().map(PartyData::name).collect();
        let beside = Beside { sealed, awaited, since: self.shared.status().time, outgoing };
        self.database.keep_beside(&beside).map_err(failed)?;
        let mut held = self.held();
        held.awaited.extend(beside.awaited.iter().map(|payment| (*payment, beside.since)));
        for (node, payment) in beside.outgoing {
            held.outbox.entry(node).or_default().insert(payment);
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
        let compared = self.compare(records)?;
        for payment in &compared.wrong {
            tracing::warn!(peer = %from, %sender, uetr = %payment.uetr, "party data contradicts the ledger");
        }
        self.ensure_room(sender, compared.early.len())?;
        self.keep(&compared, Vec::new())?;
        Ok(Some(Vec::new()))
    }

    /// Asks that not too much of an agent's waits for its payments.
    fn ensure_room(&self, agent: Bic, more: usize) -> Result<(), Fault> {
        let awaited = || self.held().awaited.keys().filter(|payment| payment.debtor_agent == agent).count();
        let is_full = || awaited().saturating_add(more) > PARTY_AWAITED_OF_AGENT_MAX;
        if is_full() {
            self.sweep()?;
            if is_full() {
                return Err(Fault::Unavailable(format!("too much party data of {agent} waits for its payments")));
            }
        }
        Ok(())
    }

    fn find(&self, payment: &PaymentKey) -> Result<Option<PartyData>, Fault> {
        let Some(sealed) = self.database.beside(payment).map_err(failed)? else { return Ok(None) };
        let opened =
            unpack(&sealed, &self.secret).map_err(|error| Fault::Internal(format!("{payment:?}: {error}")))?;
        Ok(opened.into_inner().pop())
    }

    /// The party data of all payments with a UETR that is kept here.
    pub fn kept(&self, uetr: &Uetr) -> Result<Vec<PartyData>, Fault> {
        let payments = self.database.kept_beside(uetr).map_err(failed)?;
        payments.iter().filter_map(|payment| self.find(payment).transpose()).collect()
    }

    /// Deletes the party data of a payment here, for good; what was not handed over yet is not handed over any more. Returns whether there
    /// was any.
    pub fn delete(&self, payment: PaymentKey) -> Result<bool, Fault> {
        let found = self.forget(&[payment])?;
        self.database.purge_beside(&[payment]).map_err(failed)?;
        Ok(found > 0)
    }

    fn forget(&self, payments: &[PaymentKey]) -> Result<usize, Fault> {
        let mut outgoing = Vec::new();
        {
            let mut held = self.held();
            for payment in payments {
                held.awaited.remove(payment);
                for (node, waiting) in &mut held.outbox {
                    outgoing.extend(waiting.take(payment).map(|payment| (*node, payment)));
                }
            }
            held.outbox.retain(|_, waiting| !waiting.is_empty());
        }
        self.database.forget_beside(payments, &outgoing).map_err(failed)
    }

    /// Compares what waits for its payment with the ledger, and deletes what contradicts it or has waited for too long. What waits for a
    /// node that nobody has any more waits no longer.
    fn sweep(&self) -> Result<(), Fault> {
        let awaited = self.held().awaited.clone();
        let credits = named::credits(&self.database, &awaited.keys().copied().collect())?;
        let now = self.shared.status().time;
        let (mut arrived, mut lost) = (Vec::new(), Vec::new());
        for (payment, since) in awaited {
            match credits.get(&payment) {
                Some(credit) if self.find(&payment)?.is_none_or(|record| record.belongs_to(credit)) => {
                    arrived.push(payment);
                }
                Some(_) => {
                    tracing::warn!(uetr = %payment.uetr, "party data contradicts the ledger; it is deleted");
                    lost.push(payment);
                }
                None if since.after_ms(PARTY_AWAITED_MS) < now => lost.push(payment),
                None => {}
            }
        }
        if !arrived.is_empty() {
            self.database.arrived(&arrived).map_err(failed)?;
            let mut held = self.held();
            for payment in &arrived {
                held.awaited.remove(payment);
            }
        }
        if !lost.is_empty() {
            self.forget(&lost)?;
        }
        let participants = participants(&self.database)?;
        let nodes: Vec<PublicKey> = self.held().outbox.keys().copied().collect();
        for node in nodes.iter().filter(|node| whose(&participants, node).is_none()) {
            let waiting = self.held().outbox.get(node).cloned().unwrap_or_default();
            tracing::warn!(%node, count = waiting.len(), "party data waits for a node that belongs to nobody any more");
            self.delivered(&waiting.into_iter().map(|payment| (*node, payment)).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// The next things that wait for a node.
    fn parcel(&self, node: &PublicKey) -> Result<Option<Parcel>, Fault> {
        let payments: Vec<PaymentKey> = {
            let held = self.held();
            held.outbox.get(node).into_iter().flatten().take(PARTY_BUNDLE_MAX).copied().collect()
        };
        if payments.is_empty() {
            return Ok(None);
        }
        let (mut outgoing, mut records, mut bytes) = (Vec::new(), Vec::new(), LENGTH_BYTES);
        for payment in payments {
            if let Some(record) = self.find(&payment)? {
                bytes += codec::encode(&record).len();
                if bytes > PARTY_BUNDLE_BYTES_MAX {
                    break;
                }
                records.push(record);
            }
            outgoing.push((*node, payment));
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
        for (node, payment) in outgoing {
            if let Some(waiting) = held.outbox.get_mut(node) {
                waiting.remove(payment);
            }
        }
        held.outbox.retain(|_, waiting| !waiting.is_empty());
        Ok(())
    }

    /// Those of some nodes for which something waits and that are not being handed it; from now on they are.
    fn begin(&self, connected: impl Iterator<Item = PublicKey>) -> Vec<PublicKey> {
        let mut held = self.held();
        let ready = |node: &PublicKey| held.outbox.contains_key(node) && !held.busy.contains(node);
        let ready: Vec<PublicKey> = connected.filter(ready).collect();
        held.busy.extend(&ready);
        ready
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

    /// Hands a node all that waits for it, until something is not acknowledged.
    async fn hand_over(self: &Arc<Self>, node: PublicKey, network: &Network) -> Result<(), Fault> {
        while let Some(Parcel { outgoing, question }) = self.blocking(move |parties| parties.parcel(&node)).await? {
            if let Some(question) = question
                && let Err(error) = network.ask(&node, &question).await
            {
                tracing::debug!(peer = %node, %error, "party data was not taken; it is handed over again");
                return Ok(());
            }
            self.blocking(move |parties| parties.delivered(&outgoing)).await?;
        }
        Ok(())
    }
}

/// Hands over what waits whenever something is added, a block comes, or a node that was away is connected again.
pub async fn deliver(parties: Arc<Parties>, network: Network) {
    let mut tips = parties.shared.tips();
    let turns = Arc::new(Semaphore::new(DELIVERIES_MAX));
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            if let Err(fault) = parties.blocking(Parties::sweep).await {
                tracing::error!(?fault, "party data could not be compared with the ledger");
            }
            swept = Some(Instant::now());
        }
        for node in parties.begin(network.connected().into_iter().map(|(peer, _)| peer)) {
            let (parties, network, turns) = (parties.clone(), network.clone(), turns.clone());
            tokio::spawn(async move {
                let _turn = turns.acquire().await;
                if let Err(fault) = parties.hand_over(node, &network).await {
                    tracing::error!(peer = %node, ?fault, "party data could not be handed over");
                }
                parties.held().busy.remove(&node);
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
