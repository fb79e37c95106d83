//! A node that stands at the end of the example day and has nobody to talk to: what is behind the methods.

use super::seeds::offer;
use crate::day::{Day, Decided, day};
use seaway_ledger::execution::{BlockContext, BlockFault, simulate};
use seaway_ledger::state::{StateView, Stored};
use seaway_rpc::{
    About, Answered, Backend, BlockAnswers, DeadLetter, EventFound, Fault, FxNews, NodeStatus, PaymentFound,
    PeerStatus, Placed, QuoteFound, ReceiptPart, Redelivered, Simulated, Standing, Travels, Wait, Wanted,
    WebhookStanding,
};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::block::{FinalBlock, LedgerProof, SettlementProof};
use seaway_types::calendar::Calendar;
use seaway_types::contract::{AllowanceKey, InstanceId, Ratio, SignedOffer};
use seaway_types::feed::{FeedEvent, FeedWhat};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{DecodedInstruction, Envelope, RawInstruction, Submitter};
use seaway_types::party::{PartyData, Told};
use seaway_types::receipt::{Posting, Receipt};
use seaway_types::signature::public_key;
use seaway_types::state::{
    Account, Allowance, Balance, CalendarKey, Instance, Participant, Tier, TierLimits, Totals, Usage, ValidatorSet,
};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AssetId, Uetr};
use seaway_vm::{Program, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::Pin;
use tokio::sync::{broadcast, watch};

/// See the module.
pub(super) struct Node {
    day: &'static Day,
    book: AssetBook,
    programs: BTreeMap<Hash32, Program>,
    tips: watch::Sender<Height>,
    news: broadcast::Sender<FxNews>,
}

impl Node {
    pub fn new() -> Self {
        let day = day();
        let program = |source: &str| Program::from_code(text::read(source).expect("a text").code).expect("a program");
        let programs = seaway_contracts::STANDARD.iter().map(|standard| program(standard.text));
        Self {
            day,
            book: day.signed.document.asset_book(),
            programs: programs.map(|program| (program.hash(), program)).collect(),
            tips: watch::Sender::new(Height(day.blocks.len() as u64)),
            news: broadcast::Sender::new(4),
        }
    }

    fn at(&self, height: Height) -> Option<&'static Decided> {
        self.day.blocks.iter().find(|decided| decided.block.block.header.height == height)
    }

    fn read<R: Stored>(&self, key: &R::Key) -> Result<Option<R>, Fault> {
        self.day.state.read(key).map_err(|fault| Fault::Internal(fault.to_string()))
    }

    fn quote(&self) -> QuoteFound {
        let signed = offer();
        QuoteFound {
            dealer: AccountId([4; 16]),
            agent: "HUDSUS33".parse().expect("a BIC"),
            sold: AssetId(1),
            bought: AssetId(4),
            rate: Ratio::new(128, 1_000).expect("a rate"),
            left: Amount::MAX,
            covers: Amount::new(1_000_000_000).expect("an amount"),
            ends: signed.offer.not_after,
            signed,
        }
    }
}

impl Backend for Node {
    fn submit(
        &self,
        raw: RawInstruction,
        _: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<Answered, Fault>> + Send + '_>> {
        let authentic = raw.decode().and_then(DecodedInstruction::authenticate);
        Box::pin(ready(authentic.map(|_| Answered::Admitted).map_err(Fault::Form)))
    }

    fn resolve(
        &self,
        agent: Bic,
        number: String,
    ) -> Pin<Box<dyn Future<Output = Result<AccountId, Fault>> + Send + '_>> {
        let none: Result<AccountId, Fault> = Err(Fault::NoAccount { agent, number });
        Box::pin(ready(none))
    }

    fn sign(&self, _: Bic, envelope: Envelope) -> Result<Option<RawInstruction>, Fault> {
        Ok(Some(RawInstruction::from(&envelope.sign(&[[1; 32]]))))
    }

    fn message_secret(&self, _: Bic) -> Result<[u8; 32], Fault> {
        Ok([2; 32])
    }

    fn send_party_data(&self, _: Vec<PartyData>) -> Result<Travels, Fault> {
        Ok(Travels::KeptBySender)
    }

    fn withdraw_party_data(&self, _: &[Told]) -> Result<(), Fault> {
        Ok(())
    }

    fn party_data(&self, _: &Uetr) -> Result<Vec<PartyData>, Fault> {
        Ok(Vec::new())
    }

    fn delete_party_data(&self, _: PaymentKey) -> Result<bool, Fault> {
        Ok(false)
    }

    fn envelope_of(&self, _: &PaymentKey) -> Result<Option<Envelope>, Fault> {
        Ok(None)
    }

    fn publish_quote(&self, signed: SignedOffer) -> Result<InstanceId, Fault> {
        Ok(signed.offer.id())
    }

    fn quotes(
        &self,
        _: (Option<AssetId>, Option<AssetId>),
        (_, count): (InstanceId, usize),
        wanted: &dyn Fn(&QuoteFound) -> bool,
    ) -> Result<Vec<QuoteFound>, Fault> {
        Ok(Some(self.quote()).filter(|quote| wanted(quote)).into_iter().take(count).collect())
    }

    fn want_quotes(&self, _: Wanted) {}

    fn fx_news(&self) -> broadcast::Receiver<FxNews> {
        self.news.subscribe()
    }

    fn assets(&self) -> Result<AssetBook, Fault> {
        Ok(self.book.clone())
    }

    fn status(&self) -> NodeStatus {
        let header = self.day.last().block.block.header;
        NodeStatus {
            network: header.network,
            genesis: self.day.hash,
            node: public_key(&[1; 32]),
            validator: None,
            height: header.height,
            tip: header.id(),
            time: header.time,
            waiting: 0,
            executed: 0,
            halted: None,
        }
    }

    fn peers(&self) -> Vec<PeerStatus> {
        vec![PeerStatus { node: public_key(&[2; 32]), bic: None, dropped: 0 }]
    }

    fn validators(&self, _: Height) -> Result<ValidatorSet, Fault> {
        Ok(self.day.signed.document.validators.clone())
    }

    fn participants(&self) -> Result<Vec<(Bic, Participant)>, Fault> {
        Ok(self.day.signed.document.participants.to_vec())
    }

    fn totals(&self, asset: AssetId) -> Result<Option<Totals>, Fault> {
        self.read(&asset)
    }

    fn account(&self, account: &AccountId) -> Result<Option<Account>, Fault> {
        self.read(account)
    }

    fn balances(&self, account: &AccountId) -> Result<Vec<(AssetId, Balance)>, Fault> {
        let all = self.day.state.tables().balances.sorted().into_iter();
        Ok(all.filter(|((of, _), _)| of == account).map(|((_, asset), balance)| (*asset, *balance)).collect())
    }

    fn entries(
        &self,
        account: &AccountId,
        up_to: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, BlockTime, Vec<Posting>)>, Fault> {
        let mut found = self.entries_from(account, Height(0), usize::MAX)?;
        found.retain(|(height, _)| *height <= up_to);
        let time = |height| self.at(height).map_or(BlockTime::default(), |decided| decided.block.block.header.time);
        Ok(found.into_iter().rev().take(count_max).map(|(height, moved)| (height, time(height), moved)).collect())
    }

    fn balance_at(&self, account: &AccountId, asset: AssetId, height: Height) -> Result<Balance, Fault> {
        let first = self.entries_from(account, Height(height.0.saturating_add(1)), usize::MAX)?;
        let mut balance = self.read(&(*account, asset))?.unwrap_or_default();
        // What it is now, less what was done since, from the last to the first.
        for posting in first.iter().rev().flat_map(|(_, moved)| moved.iter().rev()).filter(|one| one.asset == asset) {
            let part: &mut Amount = Balance::get_mut(&mut balance, posting.field);
            let before = match posting.credit {
                true => part.checked_sub(posting.amount),
                false => part.checked_add(posting.amount),
            };
            *part = before.ok_or_else(|| Fault::Internal("movements do not fit the balance".to_owned()))?;
        }
        Ok(balance)
    }

    fn calendars(&self, asset: AssetId) -> Result<Vec<(Height, Calendar)>, Fault> {
        let found: Option<Calendar> = self.read(&CalendarKey::Asset(asset))?;
        Ok(found.map(|calendar| (Height(0), calendar)).into_iter().collect())
    }

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, Fault> {
        Ok(self.at(height).map(|decided| decided.block.clone()))
    }

    fn block_answers(&self, height: Height) -> Result<Option<BlockAnswers>, Fault> {
        let answers = |decided: &Decided| {
            let receipts = decided.executed.receipts().to_vec();
            let outcomes =
                (0u32..).take(receipts.len()).map(|at| (at, decided.executed.outcomes(at as usize).to_vec()));
            let outcomes = outcomes.filter(|(_, credits)| !credits.is_empty()).collect();
            let events = |at: u32| decided.executed.events(at as usize).map(move |event| (at, event.clone()));
            let events = (0u32..).take(receipts.len()).flat_map(events).collect();
            BlockAnswers { receipts, outcomes, events }
        };
        Ok(self.at(height).map(answers))
    }

    fn instruction(&self, _: &Submitter, _: &InstructionKey) -> Result<Option<(Placed, Hash32)>, Fault> {
        Ok(None)
    }

    fn simulate(&self, raw: RawInstruction) -> Result<Simulated, Fault> {
        let instruction = raw.decode().and_then(DecodedInstruction::authenticate).map_err(Fault::Form)?;
        let (state, status) = (&self.day.state, self.status());
        let context = BlockContext { height: Height(status.height.0 + 1), time: status.time.after_ms(1) };
        let executed = simulate(state, state.commitment(), context, &instruction).map_err(|fault| match fault {
            BlockFault::Void { reason, .. } => Fault::Void(reason),
            other => Fault::Internal(other.to_string()),
        })?;
        let place = executed.receipts().len().saturating_sub(1);
        let Some(Receipt::Instruction(receipt)) = executed.receipts().get(place) else {
            return Err(Fault::Internal("a simulated block has no receipt".to_owned()));
        };
        let (credits, events) = (executed.outcomes(place).to_vec(), executed.events(place).cloned().collect());
        Ok(Simulated { height: status.height, receipt: *receipt, credits, events })
    }

    fn prove_state(&self, about: About) -> Result<LedgerProof, Fault> {
        Ok(match about {
            About::Record(key) => self.day.record(key),
            About::Instruction(submitter, key, valid_until) => self.day.instruction(submitter, key, valid_until),
        })
    }

    fn accounts(&self, agent: Bic, from: AccountId, count_max: usize) -> Result<Vec<(AccountId, Account)>, Fault> {
        let all = self.day.state.tables().accounts.sorted().into_iter();
        let wanted = all.filter(|(id, account)| **id >= from && account.agent == agent);
        Ok(wanted.take(count_max).map(|(id, account)| (*id, account.clone())).collect())
    }

    fn tier_limits(&self, asset: AssetId, tier: Tier) -> Result<Option<TierLimits>, Fault> {
        self.read(&(asset, tier))
    }

    fn usage(&self, agent: Bic, owner: OwnerId, asset: AssetId) -> Result<Option<Usage>, Fault> {
        self.read(&(agent, owner, asset))
    }

    fn entries_from(
        &self,
        account: &AccountId,
        from: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, Vec<Posting>)>, Fault> {
        let moved = |decided: &Decided| {
            let own = decided.executed.postings().iter().filter(|posting| posting.account == Some(*account));
            (decided.block.block.header.height, own.copied().collect::<Vec<Posting>>())
        };
        let all = self.day.blocks.iter().map(moved).filter(|(height, own)| *height >= from && !own.is_empty());
        Ok(all.take(count_max).collect())
    }

    fn feed(&self, _: Bic, after: u64, count_max: usize) -> Result<(Vec<FeedEvent>, Height), Fault> {
        // Everybody is told of the first block's instructions.
        let height = Height(1);
        let answers = self.block_answers(height)?.unwrap_or_default();
        let told = (0u32..).zip(&answers.receipts).filter(|(_, one)| matches!(one, Receipt::Instruction(_)));
        let events = (1u64..).zip(told).map(|(number, (receipt, _))| FeedEvent {
            number,
            height,
            what: FeedWhat::Answered { receipt },
        });
        let events = events.filter(|event| event.number > after);
        Ok((events.take(count_max).collect(), height))
    }

    fn webhooks(&self) -> Vec<WebhookStanding> {
        vec![WebhookStanding {
            webhook: "core".to_owned(),
            delivered: 9,
            failures: 0,
            failing_since: None,
            last_problem: None,
            dead_letters: 1,
        }]
    }

    fn dead_letters(&self, _: &str, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Fault> {
        let (reason, event) = ("answered 422".to_owned(), Value::Null);
        let letter = DeadLetter { number: 7, status: 422, reason, at: 1_800_000_000, event };
        Ok(Some(letter).filter(|letter| letter.number > after).into_iter().take(count_max).collect())
    }

    fn redeliver(
        &self,
        _: String,
        number: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Redelivered, Fault>> + Send + '_>> {
        let sent = if number == 7 { Redelivered::Taken } else { Redelivered::Absent };
        Box::pin(ready(Ok(sent)))
    }

    fn evidence(&self, _: usize) -> Result<Vec<Value>, Fault> {
        Ok(Vec::new())
    }

    fn waits(&self, _: &Submitter, key: &InstructionKey) -> bool {
        key.0[0] == 0
    }

    fn payments(&self, _: &Uetr) -> Result<Vec<PaymentFound>, Fault> {
        Ok(Vec::new())
    }

    fn standings(&self, _: &Uetr) -> Result<Vec<Standing>, Fault> {
        Ok(Vec::new())
    }

    fn answered(&self, _: Height) -> Result<Vec<(Placed, Vec<AccountId>)>, Fault> {
        Ok(Vec::new())
    }

    fn tips(&self) -> watch::Receiver<Height> {
        self.tips.subscribe()
    }

    fn metrics(&self) -> String {
        String::new()
    }

    fn prove(&self, height: Height, position: u32, part: ReceiptPart) -> Result<SettlementProof, Fault> {
        let unknown = || Fault::Unknown { what: "receipt at height", value: height.to_string() };
        let decided = self.at(height).ok_or_else(unknown)?;
        let place = position as usize;
        let proven = match part {
            ReceiptPart::Whole => decided.executed.prove(place, None),
            ReceiptPart::Credit(credit) => decided.executed.prove(place, Some(credit)),
            ReceiptPart::Event(event) => decided.executed.prove_event(place, event),
        };
        Ok(self.day.settlement(decided, proven.ok_or_else(unknown)?))
    }

    fn instance(&self, instance: &InstanceId) -> Result<Option<Instance>, Fault> {
        self.read(instance)
    }

    fn code(&self, code: &Hash32) -> Result<Option<Program>, Fault> {
        Ok(self.programs.get(code).cloned())
    }

    fn codes(&self, from: Hash32, count_max: usize) -> Result<Vec<(Hash32, Program)>, Fault> {
        let all = self.programs.range(from..).take(count_max);
        Ok(all.map(|(hash, program)| (*hash, program.clone())).collect())
    }

    fn contract_events(&self, _: &InstanceId, _: Height, _: usize) -> Result<Vec<EventFound>, Fault> {
        Ok(Vec::new())
    }

    fn contract_readers(&self, _: &InstanceId) -> Result<(Vec<AccountId>, Vec<Bic>), Fault> {
        Ok((Vec::new(), Vec::new()))
    }

    fn contracts_named(&self, _: &Uetr, _: InstanceId, _: usize) -> Result<Vec<(InstanceId, Height)>, Fault> {
        Ok(Vec::new())
    }

    fn contracts_of(&self, _: &AccountId, _: InstanceId, _: usize) -> Result<Vec<(InstanceId, Height)>, Fault> {
        Ok(Vec::new())
    }

    fn allowances_of(&self, _: &AccountId) -> Result<Vec<(AllowanceKey, Allowance)>, Fault> {
        Ok(Vec::new())
    }
}
