//! What clients ask, answered from the database, and what they submit, passed to the engine.

use crate::directory::{self, Directory};
use crate::feed::Feed;
use crate::inbound::Submission;
use crate::inbox::Sender;
use crate::named;
use crate::parties::Parties;
use crate::placed::of_stored;
use crate::questions::{self, Question, clock};
use crate::quotes::{Board, Wisher};
use crate::reads::{failed, find_instruction, participants};
use crate::runner::{Input, NodeReplica};
use crate::shared::Shared;
use seaway_engine::{BlockFault, Store};
use seaway_ledger::state::RegisteredCode;
use seaway_network::Network;
use seaway_rpc::{
    About, Answered, Backend, BlockAnswers, DeadLetter, EventFound, Fault, FxNews, NodeStatus, PaymentFound,
    PeerStatus, Placed, QuoteFound, ReceiptPart, Redelivered, Simulated, Standing, Travels, Wait, Wanted,
    WebhookStanding,
};
use seaway_storage::{BlockReceipts, ContractReaders, Database, StoredEvent};
use seaway_types::asset::{Asset, AssetBook};
use seaway_types::bic::Bic;
use seaway_types::block::{FinalBlock, LedgerProof, LineageStep, SettlementProof, Subject};
use seaway_types::bounded::Bounded;
use seaway_types::calendar::Calendar;
use seaway_types::codec;
use seaway_types::contract::{AllowanceFor, AllowanceKey, ContractEvent, InstanceId, SignedOffer};
use seaway_types::feed::FeedEvent;
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{DecodedInstruction, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::limits::LINEAGE_MAX;
use seaway_types::merkle;
use seaway_types::party::{PartyData, Told};
use seaway_types::proof::{EventProof, ReceiptProof};
use seaway_types::receipt::{Posting, Receipt};
use seaway_types::state::{
    Account, Allowance, Balance, IndexKey, IndexValue, Instance, Participant, Payment, StateKey, Tier, TierLimits,
    Totals, Usage, ValidatorSet, Validators,
};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AssetId, Uetr};
use seaway_vm::Program;
use serde_json::Value;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// See the module.
pub struct NodeBackend {
    /// The disk.
    pub database: Database,
    /// The genesis.
    pub document: GenesisDocument,
    /// How the node is, and who waits.
    pub shared: Arc<Shared>,
    /// The network.
    pub network: Network,
    /// Where submissions go; none on an observer.
    pub submissions: Option<mpsc::Sender<Submission>>,
    /// The engine.
    pub engine: Sender,
    /// The accounts of the agent whose node it is.
    pub directory: Option<Arc<Directory>>,
    /// Exchange quotes.
    pub board: Arc<Board>,
    /// What stays off the ledger.
    pub parties: Arc<Parties>,
    /// What happened, numbered.
    pub feed: Arc<Feed>,
    /// Held by the one simulation that is under way.
    pub simulating: Mutex<()>,
}

/// Credits and legs of an instruction that is simulated: it takes the engine's time.
const SIMULATED_COST_MAX: usize = 64;

impl NodeBackend {
    /// Asks the engine something, and waits for its answer.
    fn ask<T: Send + 'static>(&self, question: impl FnOnce(&NodeReplica) -> T + Send + 'static) -> Result<T, Fault> {
        let stopping = || Fault::Unavailable("the node is stopping".to_owned());
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let ask = Input::Ask(Box::new(move |replica| {
            let _gone = reply.send(question(replica));
        }));
        self.engine.send(ask).map_err(|_| stopping())?;
        answer.recv().map_err(|_| stopping())
    }

    fn genesis_in_hex(&self) -> String {
        hex::encode(codec::encode(&self.document))
    }

    fn lineage(&self, height: Height) -> Result<Bounded<LineageStep, LINEAGE_MAX>, Fault> {
        Bounded::new(self.database.lineage(height).map_err(failed)?)
            .map_err(|error| Fault::Internal(format!("the lineage is too long: {error}")))
    }

    /// Where a credit transfer stands: its block, searched for the receipt that has it. Two transfers of one block may share
    /// UETR and kind, so the instruction itself says whose it is.
    fn place(&self, name: &PaymentKey, height: Height) -> Result<Option<Placed>, Fault> {
        of_stored(&self.database, height, |answers, block| {
            let first = answers.position(0);
            let mut settled = answers.outcomes.iter().filter(|(_, credits)| {
                credits.iter().any(|credit| credit.uetr == name.uetr && credit.kind == name.kind)
            });
            let found = settled.find_map(|(position, _)| {
                let place = (*position as usize).checked_sub(first)?;
                block.instructions.get(place).filter(|raw| took(raw, name)).map(|_| place)
            });
            // Rejected as a whole: the receipt has no credits.
            let place = found.or_else(|| block.instructions.iter().position(|raw| took(raw, name)));
            place.map(|place| answers.at(answers.position(place))).transpose()
        })
    }
}

/// The accounts whose holders an instruction's credit transfers debit.
fn debtors(raw: &RawInstruction) -> Vec<AccountId> {
    let Ok(decoded) = raw.clone().decode() else { return Vec::new() };
    let debtor = |leg: &Leg| match leg {
        Leg::CreditTransfer(transfer) => Some(transfer.debtor),
        _ => None,
    };
    decoded.envelope().body.legs().iter().filter_map(debtor).collect()
}

/// Whether an instruction names a credit transfer.
fn took(raw: &RawInstruction, name: &PaymentKey) -> bool {
    let Ok(decoded) = raw.clone().decode() else { return false };
    decoded.envelope().body.legs().iter().any(|leg| match leg {
        Leg::CreditTransfer(transfer) => {
            let named = (name.uetr, name.kind, name.debtor_agent);
            transfer.credits.iter().any(|credit| (credit.uetr, credit.kind, credit.debtor_agent) == named)
        }
        _ => false,
    })
}

impl Backend for NodeBackend {
    fn submit(
        &self,
        raw: RawInstruction,
        wait: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<Answered, Fault>> + Send + '_>> {
        Box::pin(async move {
            let Some(submissions) = &self.submissions else { return Err(Fault::Observer) };
            if let Some(why) = self.shared.status().halted {
                return Err(Fault::Unavailable(format!("halted: {why}")));
            }
            let (reply, answer) = oneshot::channel();
            let full = |_| Fault::Unavailable("too many submissions wait to be checked".to_owned());
            submissions.try_send(Submission { raw, wait, reply }).map_err(full)?;
            answer.await.unwrap_or_else(|_| Err(Fault::Unavailable("the node is stopping".to_owned())))
        })
    }

    fn resolve(
        &self,
        agent: Bic,
        number: String,
    ) -> Pin<Box<dyn Future<Output = Result<AccountId, Fault>> + Send + '_>> {
        Box::pin(async move {
            directory::resolve(self.directory.as_deref(), &self.database, &self.network, agent, &number).await
        })
    }

    fn sign(&self, participant: Bic, envelope: Envelope) -> Result<Option<RawInstruction>, Fault> {
        Ok(self.directory.as_ref().and_then(|own| own.sign(participant, envelope)))
    }

    fn message_secret(&self, participant: Bic) -> Result<[u8; 32], Fault> {
        let expected = "64 hexadecimal digits; this node makes salts only for the messages of its own agent";
        let own = self.directory.as_ref().and_then(|own| own.message_secret(participant));
        own.ok_or_else(|| Fault::Parameter { field: "salt", value: String::new(), expected })
    }

    fn send_party_data(&self, records: Vec<PartyData>) -> Result<Travels, Fault> {
        self.parties.send(records)
    }

    fn withdraw_party_data(&self, told: &[Told]) -> Result<(), Fault> {
        self.parties.withdraw(told)
    }

    fn party_data(&self, uetr: &Uetr) -> Result<Vec<PartyData>, Fault> {
        self.parties.kept(uetr)
    }

    fn delete_party_data(&self, payment: PaymentKey) -> Result<bool, Fault> {
        self.parties.delete(payment)
    }

    fn envelope_of(&self, payment: &PaymentKey) -> Result<Option<Envelope>, Fault> {
        let found = named::takers(&self.database, &BTreeSet::from([*payment]))?;
        Ok(found.into_iter().next().map(|(envelope, _)| envelope))
    }

    fn publish_quote(&self, signed: SignedOffer) -> Result<InstanceId, Fault> {
        let id = signed.offer.id();
        if self.board.publish(&self.database, signed.clone(), clock())? {
            questions::spread(&self.network, &Question::Quote(signed));
        }
        Ok(id)
    }

    fn quotes(
        &self,
        pair: (Option<AssetId>, Option<AssetId>),
        page: (InstanceId, usize),
        wanted: &dyn Fn(&QuoteFound) -> bool,
    ) -> Result<Vec<QuoteFound>, Fault> {
        self.board.list(&self.database, pair, clock(), page, wanted)
    }

    fn want_quotes(&self, wanted: Wanted) {
        if self.board.want(wanted, Wisher::Client) {
            questions::spread(&self.network, &Question::Wanted(wanted));
        }
    }

    fn fx_news(&self) -> broadcast::Receiver<FxNews> {
        self.board.news()
    }

    fn assets(&self) -> Result<AssetBook, Fault> {
        let found = self.database.records::<Asset>(&StateKey::Asset(AssetId(0)), 4).map_err(failed)?;
        let asset = |(key, asset): (StateKey, Asset)| match key {
            StateKey::Asset(id) => Some((id, asset)),
            _ => None,
        };
        let mut assets: Vec<(AssetId, Asset)> = found.into_iter().filter_map(asset).collect();
        assets.sort_by_key(|(id, _)| *id);
        Ok(AssetBook::new(assets))
    }

    fn status(&self) -> NodeStatus {
        self.shared.status()
    }

    fn peers(&self) -> Vec<PeerStatus> {
        let participants = self.participants().unwrap_or_default();
        let whose = |node| {
            participants.iter().find(|(_, participant)| participant.nodes.contains(&node)).map(|(bic, _)| *bic)
        };
        let connected = self.network.connected();
        connected.into_iter().map(|(node, dropped)| PeerStatus { node, bic: whose(node), dropped }).collect()
    }

    fn validators(&self, height: Height) -> Result<ValidatorSet, Fault> {
        let known = self.database.record::<Validators>(&()).map_err(failed)?;
        let set = known.as_ref().and_then(|validators| validators.at(height)).cloned();
        set.ok_or(Fault::Unknown { what: "set of validators at height", value: height.to_string() })
    }

    fn participants(&self) -> Result<Vec<(Bic, Participant)>, Fault> {
        participants(&self.database)
    }

    fn totals(&self, asset: AssetId) -> Result<Option<Totals>, Fault> {
        self.database.record::<Totals>(&asset).map_err(failed)
    }

    fn account(&self, account: &AccountId) -> Result<Option<Account>, Fault> {
        self.database.record::<Account>(account).map_err(failed)
    }

    fn balances(&self, account: &AccountId) -> Result<Vec<(AssetId, Balance)>, Fault> {
        let begins = StateKey::Balance(*account, AssetId(0));
        let found = self.database.records::<Balance>(&begins, 4 + 16).map_err(failed)?;
        let balance = |(key, balance): (StateKey, Balance)| match key {
            StateKey::Balance(_, asset) => Some((asset, balance)),
            _ => None,
        };
        let mut balances: Vec<_> = found.into_iter().filter_map(balance).collect();
        balances.sort_by_key(|(asset, _)| *asset);
        Ok(balances)
    }

    fn entries(
        &self,
        account: &AccountId,
        up_to: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, BlockTime, Vec<Posting>)>, Fault> {
        let entries = self.database.entries(account, up_to, count_max).map_err(failed)?;
        let with_time = |entry: seaway_storage::AccountEntry| {
            let block = self.database.read_block(entry.height).map_err(failed)?;
            let time = block.map(|block| block.block.header.time).unwrap_or_default();
            Ok((entry.height, time, entry.postings))
        };
        entries.into_iter().map(with_time).collect()
    }

    fn balance_at(&self, account: &AccountId, asset: AssetId, height: Height) -> Result<Balance, Fault> {
        self.database.balance_at(account, asset, height).map_err(failed)
    }

    fn calendars(&self, asset: AssetId) -> Result<Vec<(Height, Calendar)>, Fault> {
        self.database.calendars(asset).map_err(failed)
    }

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, Fault> {
        self.database.read_block(height).map_err(failed)
    }

    fn block_answers(&self, height: Height) -> Result<Option<BlockAnswers>, Fault> {
        let found = self.database.receipts(height).map_err(failed)?;
        let answers = |BlockReceipts { receipts, outcomes, events }| BlockAnswers { receipts, outcomes, events };
        Ok(found.map(answers))
    }

    fn instruction(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<(Placed, Hash32)>, Fault> {
        find_instruction(&self.database, submitter, key)
    }

    fn simulate(&self, raw: RawInstruction) -> Result<Simulated, Fault> {
        let instruction = raw.decode().and_then(DecodedInstruction::authenticate).map_err(Fault::Form)?;
        let cost = instruction.envelope().body.cost().max(1);
        if cost > SIMULATED_COST_MAX {
            return Err(Fault::Parameter {
                field: "bytes",
                value: format!("{cost} credits and legs"),
                expected: "at most 64 credits and legs",
            });
        }
        // One at a time: the engine has better things to do.
        let busy = || Fault::Unavailable("another simulation is under way".to_owned());
        let _turn = self.simulating.try_lock().map_err(|_| busy())?;
        let executed = self.ask(move |replica| replica.simulate(clock(), instruction))?;
        let (height, executed) = executed.map_err(|error| match error {
            BlockFault::Void { reason, .. } => Fault::Void(reason),
            other => Fault::Internal(other.to_string()),
        })?;
        let position = executed.receipts().len().saturating_sub(1);
        match executed.receipts().get(position) {
            Some(Receipt::Instruction(receipt)) => {
                let (credits, events) =
                    (executed.outcomes(position).to_vec(), executed.events(position).cloned().collect());
                Ok(Simulated { height, receipt: *receipt, credits, events })
            }
            _ => Err(Fault::Internal("a simulated block has no receipt".to_owned())),
        }
    }

    fn prove_state(&self, about: About) -> Result<LedgerProof, Fault> {
        let database = self.database.clone();
        // Questions are answered when a step is carried out whole: disk and tree are of one height here.
        let proven = self.ask(move |replica| {
            let commitment = replica.state().commitment();
            let subject = match about {
                About::Record(key) => {
                    let record = database.record_bytes(&key)?;
                    let record = record.map(hex::encode);
                    Subject::Record { key, record, proof: commitment.prove(&key) }
                }
                About::Instruction(submitter, key, valid_until) => Subject::Instruction {
                    submitter,
                    key,
                    valid_until,
                    leaf: database.leaf(&submitter, &key, valid_until)?,
                    proof: commitment.prove_instruction(&submitter, &key, valid_until),
                },
            };
            Ok((database.read_block(replica.tip().height)?, subject))
        })?;
        let (block, subject) = proven.map_err(failed)?;
        let none = || Fault::Unavailable("there is no block yet".to_owned());
        let FinalBlock { block, certificate } = block.ok_or_else(none)?;
        let lineage = self.lineage(block.header.height)?;
        Ok(LedgerProof { genesis: self.genesis_in_hex(), lineage, header: block.header, certificate, subject })
    }

    fn accounts(&self, agent: Bic, from: AccountId, count_max: usize) -> Result<Vec<(AccountId, Account)>, Fault> {
        let begins = StateKey::Account(from);
        let wanted = |account: &Account| account.agent == agent;
        let found = self.database.records_from::<Account>(&begins, 4, count_max, wanted).map_err(failed)?;
        let account = |(key, account): (StateKey, Account)| match key {
            StateKey::Account(id) => Some((id, account)),
            _ => None,
        };
        Ok(found.into_iter().filter_map(account).collect())
    }

    fn tier_limits(&self, asset: AssetId, tier: Tier) -> Result<Option<TierLimits>, Fault> {
        self.database.record::<TierLimits>(&(asset, tier)).map_err(failed)
    }

    fn usage(&self, agent: Bic, owner: OwnerId, asset: AssetId) -> Result<Option<Usage>, Fault> {
        self.database.record::<Usage>(&(agent, owner, asset)).map_err(failed)
    }

    fn entries_from(
        &self,
        account: &AccountId,
        from: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, Vec<Posting>)>, Fault> {
        let found = self.database.entries_from(account, from, count_max).map_err(failed)?;
        Ok(found.into_iter().map(|entry| (entry.height, entry.postings)).collect())
    }

    fn feed(&self, participant: Bic, after: u64, count_max: usize) -> Result<(Vec<FeedEvent>, Height), Fault> {
        self.feed.read(&self.database, participant, after, count_max)
    }

    fn webhooks(&self) -> Vec<WebhookStanding> {
        self.feed.standings()
    }

    fn dead_letters(&self, webhook: &str, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Fault> {
        self.feed.dead_letters(webhook, after, count_max)
    }

    fn redeliver(
        &self,
        webhook: String,
        number: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Redelivered, Fault>> + Send + '_>> {
        Box::pin(async move { self.feed.redeliver(&webhook, number).await })
    }

    fn evidence(&self, count_max: usize) -> Result<Vec<Value>, Fault> {
        let found = self.database.evidence(count_max).map_err(failed)?;
        let shown = found.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        shown.map_err(|error| Fault::Internal(error.to_string()))
    }

    fn waits(&self, submitter: &Submitter, key: &InstructionKey) -> bool {
        let (submitter, key) = (*submitter, *key);
        self.ask(move |replica| replica.pool().by_key(&submitter, &key).is_some()).unwrap_or(false)
    }

    fn payments(&self, uetr: &Uetr) -> Result<Vec<PaymentFound>, Fault> {
        let mut found = Vec::new();
        for standing in self.standings(uetr)? {
            if let Some(placed) = self.place(&standing.name, standing.height)? {
                found.push(PaymentFound { standing, placed });
            }
        }
        Ok(found)
    }

    fn standings(&self, uetr: &Uetr) -> Result<Vec<Standing>, Fault> {
        let since = |key: IndexKey| -> Result<Option<Height>, Fault> {
            let entry = self.database.indexed(&key).map_err(|fault| Fault::Internal(fault.to_string()))?;
            Ok(entry.map(|entry| entry.height))
        };
        let mut found = Vec::new();
        for indexed in self.database.payments(uetr).map_err(failed)? {
            let name = indexed.payment;
            let IndexValue::Payment { facts, status: first } = indexed.entry.value else { continue };
            found.push(Standing {
                name,
                facts,
                first,
                height: indexed.entry.height,
                lasting: self.database.record::<Payment>(&name).map_err(failed)?,
                settled_later: since(IndexKey::SettledLater(name))?,
                confirmed: since(IndexKey::Confirmed(name))?,
            });
        }
        Ok(found)
    }

    fn answered(&self, height: Height) -> Result<Vec<(Placed, Vec<AccountId>)>, Fault> {
        of_stored(&self.database, height, |answers, block| {
            Ok(answers.all()?.into_iter().zip(block.instructions.iter().map(debtors)).collect())
        })
    }

    fn tips(&self) -> watch::Receiver<Height> {
        self.shared.tips()
    }

    fn metrics(&self) -> String {
        crate::metrics::text(
            &self.shared.status(),
            &self.peers(),
            (self.parties.waiting(), self.parties.left_out()),
            &self.feed.webhooks(),
        )
    }

    fn instance(&self, instance: &InstanceId) -> Result<Option<Instance>, Fault> {
        self.database.record::<Instance>(instance).map_err(failed)
    }

    fn code(&self, code: &Hash32) -> Result<Option<Program>, Fault> {
        let found = self.database.record::<RegisteredCode>(code).map_err(failed)?;
        Ok(found.map(RegisteredCode::into_program))
    }

    fn codes(&self, from: Hash32, count_max: usize) -> Result<Vec<(Hash32, Program)>, Fault> {
        let begins = StateKey::ContractCode(from);
        let found = self.database.records_from::<RegisteredCode>(&begins, 4, count_max, |_| true).map_err(failed)?;
        Ok(found.into_iter().map(|(_, code)| (code.hash(), code.into_program())).collect())
    }

    fn contract_events(
        &self,
        instance: &InstanceId,
        from: Height,
        blocks_max: usize,
    ) -> Result<Vec<EventFound>, Fault> {
        let found = self.database.contract_events(instance, from, blocks_max).map_err(failed)?;
        let shown = |StoredEvent { height, time, receipt, place, event }| EventFound {
            height,
            time,
            position: receipt,
            place,
            event,
        };
        Ok(found.into_iter().map(shown).collect())
    }

    fn contract_readers(&self, instance: &InstanceId) -> Result<(Vec<AccountId>, Vec<Bic>), Fault> {
        let ContractReaders { accounts, participants } = self.database.contract_readers(instance).map_err(failed)?;
        Ok((accounts, participants))
    }

    fn contracts_named(
        &self,
        uetr: &Uetr,
        from: InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, Fault> {
        self.database.contracts_named(uetr, &from, count_max).map_err(failed)
    }

    fn contracts_of(
        &self,
        account: &AccountId,
        from: InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, Fault> {
        self.database.contracts_of(account, &from, count_max).map_err(failed)
    }

    fn allowances_of(&self, grantor: &AccountId) -> Result<Vec<(AllowanceKey, Allowance)>, Fault> {
        let purpose = AllowanceFor::Instance(InstanceId([0; 32]));
        let begins = StateKey::Allowance(AllowanceKey { grantor: *grantor, purpose, asset: AssetId(0) });
        let found = self.database.records::<Allowance>(&begins, 4 + 16).map_err(failed)?;
        let allowance = |(key, allowance): (StateKey, Allowance)| match key {
            StateKey::Allowance(key) => Some((key, allowance)),
            _ => None,
        };
        Ok(found.into_iter().filter_map(allowance).collect())
    }

    fn prove(&self, height: Height, position: u32, part: ReceiptPart) -> Result<SettlementProof, Fault> {
        let missing = || Fault::Unknown { what: "receipt at height", value: height.to_string() };
        let FinalBlock { block, certificate } =
            self.database.read_block(height).map_err(failed)?.ok_or_else(missing)?;
        let answers = self.database.receipts(height).map_err(failed)?.ok_or_else(missing)?;
        let leaves = merkle::leaves(&answers.receipts);
        let place = position as usize;
        let mut receipt = ReceiptProof {
            receipt: answers.receipts.get(place).copied().ok_or_else(missing)?,
            path: merkle::path(&leaves, place).ok_or_else(missing)?,
            credit: None,
            event: None,
        };
        let credits = answers.outcomes.iter().find(|(of, _)| *of == position).map_or(&[][..], |(_, credits)| credits);
        let events: Vec<&ContractEvent> =
            answers.events.iter().filter(|(of, _)| *of == position).map(|(_, event)| event).collect();
        let mut parts = merkle::leaves(credits);
        parts.extend(events.iter().map(|event| event.leaf()));
        match part {
            ReceiptPart::Whole => {}
            ReceiptPart::Credit(credit) => {
                let outcome = credits.get(credit).copied().ok_or_else(missing)?;
                receipt.credit = Some((outcome, merkle::path(&parts, credit).ok_or_else(missing)?));
            }
            ReceiptPart::Event(event) => {
                let found = *events.get(event).ok_or_else(missing)?;
                let path = match receipt.receipt {
                    Receipt::Act(_) => None,
                    Receipt::Instruction(_) => {
                        Some(merkle::path(&parts, credits.len().saturating_add(event)).ok_or_else(missing)?)
                    }
                };
                receipt.event = Some(EventProof { event: found.clone(), path });
            }
        }
        let lineage = self.lineage(height)?;
        Ok(SettlementProof { genesis: self.genesis_in_hex(), lineage, header: block.header, certificate, receipt })
    }
}
