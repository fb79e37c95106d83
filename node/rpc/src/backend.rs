//! What a node offers to its clients.

use crate::fault::Fault;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::block::{Block, BlockId, Certificate, FinalBlock, LedgerProof, SettlementProof};
use seaway_types::calendar::Calendar;
use seaway_types::contract::{AllowanceKey, ContractEvent, InstanceId, Ratio, SignedOffer};
use seaway_types::feed::FeedEvent;
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Envelope, NetworkId, RawInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::party::{PartyData, Told};
use seaway_types::receipt::{CreditOutcome, InstructionReceipt, Posting, Receipt, Status};
use seaway_types::state::{
    Account, Allowance, Balance, Instance, Participant, Payment, PaymentFacts, PaymentStage, StateKey, Tier,
    TierLimits, Totals, Usage, ValidatorSet,
};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AssetId, Uetr};
use seaway_vm::Program;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;

/// For what a submission waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// That it waits for a block.
    Admitted,
    /// That it is final.
    Final,
}

/// What a block answered to an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The block.
    pub block: BlockId,
    /// Its height.
    pub height: Height,
    /// Its time.
    pub time: BlockTime,
    /// Position of the receipt in the block.
    pub position: u32,
    /// The receipt.
    pub receipt: InstructionReceipt,
    /// What became of each credit.
    pub credits: Vec<CreditOutcome>,
    /// Events of contracts.
    pub events: Vec<ContractEvent>,
}

/// Where a credit transfer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: PaymentKey,
    /// What never changes about it.
    pub facts: PaymentFacts,
    /// What its block said.
    pub first: Status,
    /// The block.
    pub height: Height,
    /// Its record, while it has one.
    pub lasting: Option<Payment>,
    /// When it settled, if it had waited.
    pub settled_later: Option<Height>,
    /// When the creditor's agent confirmed it.
    pub confirmed: Option<Height>,
}

impl Standing {
    /// The present status.
    pub fn status(&self) -> Status {
        match self.lasting.as_ref().map(|payment| &payment.stage) {
            Some(PaymentStage::Waiting { .. }) => Status::Pdng,
            Some(PaymentStage::Settled) => Status::Acsc,
            Some(PaymentStage::Credited) => Status::Accc,
            Some(PaymentStage::Refused { .. } | PaymentStage::Lapsed { .. }) => Status::Rjct,
            None if self.confirmed.is_some() || self.settled_later.is_some() => Status::Accc,
            // It waited, its record is gone, and it never settled.
            None if self.first == Status::Pdng => Status::Rjct,
            None => self.first,
        }
    }
}

/// A credit transfer with the answer of its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFound {
    /// Where it stands.
    pub standing: Standing,
    /// What its block answered.
    pub placed: Placed,
}

/// What an instruction would be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Height of the tip on which it was executed.
    pub height: Height,
    /// The receipt.
    pub receipt: InstructionReceipt,
    /// What would become of each credit.
    pub credits: Vec<CreditOutcome>,
    /// Events of contracts that there would be.
    pub events: Vec<ContractEvent>,
}

/// What of a receipt is to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptPart {
    /// The receipt alone.
    Whole,
    /// The outcome of a credit.
    Credit(usize),
    /// An event of a contract, by its place among those of the receipt.
    Event(usize),
}

/// What a block answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockAnswers {
    /// Receipts: first of the block's own acts, then one for each instruction.
    pub receipts: Vec<Receipt>,
    /// Outcomes of credits, by the position of their receipt.
    pub outcomes: Vec<(u32, Vec<CreditOutcome>)>,
    /// Events of contracts, by the position of their receipt.
    pub events: Vec<(u32, ContractEvent)>,
}

impl BlockAnswers {
    /// How many receipts are of the block's own acts: they stand before those of its instructions.
    pub fn acts(&self, block: &Block) -> usize {
        self.receipts.len().saturating_sub(block.instructions.len())
    }

    /// The instruction whose receipt stands at a position; none for the block's own act.
    pub fn instruction<'a>(&self, block: &'a Block, receipt: u32) -> Option<&'a RawInstruction> {
        block.instructions.get((receipt as usize).checked_sub(self.acts(block))?)
    }

    /// What became of the credits of a receipt; nothing where it has none.
    pub fn credits(&self, receipt: u32) -> &[CreditOutcome] {
        self.outcomes.iter().find(|(of, _)| *of == receipt).map_or(&[], |(_, credits)| credits)
    }

    /// What a contract did, by the event's place among those of a receipt.
    pub fn event(&self, receipt: u32, place: usize) -> Option<&ContractEvent> {
        self.events.iter().filter(|(of, _)| *of == receipt).nth(place).map(|(_, event)| event)
    }
}

/// Where the party data of a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Travels {
    /// This node keeps it and hands it to the nodes of these institutions.
    Sent(Vec<Bic>),
    /// It stays with whoever sent the message: this is no node of the debtor's agent.
    KeptBySender,
}

/// An exchange quote that can be taken now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteFound {
    /// The offer, as it is taken.
    pub signed: SignedOffer,
    /// The dealer's account.
    pub dealer: AccountId,
    /// The dealer's agent.
    pub agent: Bic,
    /// What the taker gives.
    pub sold: AssetId,
    /// What the taker gets.
    pub bought: AssetId,
    /// Minor units bought for minor units sold.
    pub rate: Ratio,
    /// What can still be sold to it.
    pub left: Amount,
    /// What the dealer can deliver now: it has it, and allows that it is pulled.
    pub covers: Amount,
    /// Until when.
    pub ends: BlockTime,
}

/// What somebody wants to exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What is given.
    pub sold: AssetId,
    /// What is wanted.
    pub bought: AssetId,
    /// How much of one of them.
    pub amount: Amount,
    /// Whether the amount is of what is wanted.
    pub of_bought: bool,
}

/// What dealers and takers hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FxNews {
    /// A quote is there.
    Quoted(Box<QuoteFound>),
    /// Somebody wants one.
    Wanted(Wanted),
}

/// A contract's event, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFound {
    /// The block.
    pub height: Height,
    /// The block's time.
    pub time: BlockTime,
    /// Position of the receipt in it.
    pub position: u32,
    /// Place among the events of that receipt.
    pub place: usize,
    /// The event.
    pub event: ContractEvent,
}

/// What a proof of the ledger is to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A record.
    Record(StateKey),
    /// An instruction.
    Instruction(Submitter, InstructionKey, BlockTime),
}

/// How delivery to a webhook of the node's agent stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStanding {
    /// Its name.
    pub webhook: String,
    /// Up to this number every event is delivered, or a dead letter.
    pub delivered: u64,
    /// Attempts that failed since the last one that did not.
    pub failures: u64,
    /// Since when attempts fail, in Unix seconds; none while they do not.
    pub failing_since: Option<u64>,
    /// Why the last attempt that failed did.
    pub last_problem: Option<String>,
    /// How many dead letters it has.
    pub dead_letters: u64,
}

/// An event that a webhook's endpoint refused for good.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The event's number.
    pub number: u64,
    /// The status with which it was refused last.
    pub status: u16,
    /// Why it became a dead letter.
    pub reason: String,
    /// When, in Unix seconds.
    pub at: u64,
    /// The event.
    pub event: Value,
}

/// What became of a dead letter that was sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redelivered {
    /// The endpoint has taken it, and it is a dead letter no more.
    Taken,
    /// It stays a dead letter.
    Failed {
        /// The status of an answer that refuses it for its content; none where the endpoint was away or at fault.
        status: Option<u16>,
        /// Why, for people.
        problem: String,
    },
    /// There is no dead letter with this number, or none any more.
    Absent,
}

/// The answer to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It waits for a block.
    Admitted,
    /// It is final.
    Final(Box<Placed>),
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// The network.
    pub network: NetworkId,
    /// The genesis hash.
    pub genesis: Hash32,
    /// The node's identity key.
    pub node: PublicKey,
    /// Its consensus key; none for an observer.
    pub validator: Option<PublicKey>,
    /// Height of its tip.
    pub height: Height,
    /// Name of its tip.
    pub tip: BlockId,
    /// Time of its tip.
    pub time: BlockTime,
    /// Instructions that wait.
    pub waiting: usize,
    /// Instructions executed since it started.
    pub executed: u64,
    /// Set when it has stopped, with the reason.
    pub halted: Option<String>,
}

/// A connected peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its identity key.
    pub node: PublicKey,
    /// Whose it is.
    pub bic: Option<Bic>,
    /// Messages dropped because it was too slow.
    pub dropped: u64,
}

/// See the module. Reads answer from what is stored, which is everything up to the tip.
pub trait Backend: Send + Sync + 'static {
    /// Submits an instruction.
    fn submit(
        &self,
        raw: RawInstruction,
        wait: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<Answered, Fault>> + Send + '_>>;

    /// Finds the account that a number of an agent names, at that agent's node if it is another.
    fn resolve(
        &self,
        agent: Bic,
        number: String,
    ) -> Pin<Box<dyn Future<Output = Result<AccountId, Fault>> + Send + '_>>;

    /// Signs for a participant whose keys this node holds; none where it holds none.
    fn sign(&self, participant: Bic, envelope: Envelope) -> Result<Option<RawInstruction>, Fault>;
    /// The secret from which this node makes the salts of a participant's messages.
    fn message_secret(&self, participant: Bic) -> Result<[u8; 32], Fault>;

    /// Keeps the party data of an instruction that is about to be submitted, and hands it to those whom it concerns.
    fn send_party_data(&self, records: Vec<PartyData>) -> Result<Travels, Fault>;
    /// Takes back party data that came with an instruction that was refused for good, unless its payment is on the ledger.
    fn withdraw_party_data(&self, told: &[Told]) -> Result<(), Fault>;
    /// The party data of all payments with a UETR that this node keeps.
    fn party_data(&self, uetr: &Uetr) -> Result<Vec<PartyData>, Fault>;
    /// Deletes the party data of a payment at this node, for good; says whether there was any.
    fn delete_party_data(&self, payment: PaymentKey) -> Result<bool, Fault>;
    /// The envelope of the instruction that took a payment's name on the ledger.
    fn envelope_of(&self, payment: &PaymentKey) -> Result<Option<Envelope>, Fault>;

    /// Takes a quote up and passes it on.
    fn publish_quote(&self, signed: SignedOffer) -> Result<InstanceId, Fault>;
    /// The quotes of a pair (given, wanted) that can be taken now, by rising id from one on, at most so many that are wanted.
    fn quotes(
        &self,
        pair: (Option<AssetId>, Option<AssetId>),
        page: (InstanceId, usize),
        wanted: &dyn Fn(&QuoteFound) -> bool,
    ) -> Result<Vec<QuoteFound>, Fault>;
    /// Tells dealers here and at other nodes that somebody wants to exchange.
    fn want_quotes(&self, wanted: Wanted);
    /// Quotes and wishes from now on.
    fn fx_news(&self) -> tokio::sync::broadcast::Receiver<FxNews>;
    /// The assets.
    fn assets(&self) -> Result<AssetBook, Fault>;
    /// How the node is.
    fn status(&self) -> NodeStatus;
    /// Who is connected.
    fn peers(&self) -> Vec<PeerStatus>;
    /// The validators of a height: of the tip or the two that follow.
    fn validators(&self, height: Height) -> Result<ValidatorSet, Fault>;
    /// All participants.
    fn participants(&self) -> Result<Vec<(Bic, Participant)>, Fault>;
    /// An asset's totals.
    fn totals(&self, asset: AssetId) -> Result<Option<Totals>, Fault>;
    /// An account.
    fn account(&self, account: &AccountId) -> Result<Option<Account>, Fault>;
    /// What an account holds.
    fn balances(&self, account: &AccountId) -> Result<Vec<(AssetId, Balance)>, Fault>;
    /// Movements on an account, newest first, of blocks up to a height, with the block's time.
    fn entries(
        &self,
        account: &AccountId,
        up_to: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, BlockTime, Vec<Posting>)>, Fault>;
    /// What an account held of an asset after the block of a height.
    fn balance_at(&self, account: &AccountId, asset: AssetId, height: Height) -> Result<Balance, Fault>;
    /// The calendars that an asset had, each with the height of the block that set it, in order; none for UTC throughout.
    fn calendars(&self, asset: AssetId) -> Result<Vec<(Height, Calendar)>, Fault>;
    /// A decided block.
    fn block(&self, height: Height) -> Result<Option<FinalBlock>, Fault>;
    /// What a decided block answered.
    fn block_answers(&self, height: Height) -> Result<Option<BlockAnswers>, Fault>;
    /// What became of an instruction, and the hash of its body.
    fn instruction(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<(Placed, Hash32)>, Fault>;
    /// What an instruction would be answered if it stood alone in the next block. Nothing changes.
    fn simulate(&self, instruction: RawInstruction) -> Result<Simulated, Fault>;
    /// The proof of what stands in the ledger at the tip.
    fn prove_state(&self, about: About) -> Result<LedgerProof, Fault>;
    /// Accounts that an agent services, in order of their ids, from one on.
    fn accounts(&self, agent: Bic, from: AccountId, count_max: usize) -> Result<Vec<(AccountId, Account)>, Fault>;
    /// What accounts of a tier may do in an asset.
    fn tier_limits(&self, asset: AssetId, tier: Tier) -> Result<Option<TierLimits>, Fault>;
    /// What a holder has used of its limits in an asset.
    fn usage(&self, agent: Bic, owner: OwnerId, asset: AssetId) -> Result<Option<Usage>, Fault>;
    /// Movements on an account, oldest first, of blocks from a height on.
    fn entries_from(
        &self,
        account: &AccountId,
        from: Height,
        count_max: usize,
    ) -> Result<Vec<(Height, Vec<Posting>)>, Fault>;
    /// A participant's events with numbers above one, at most so many, and the height up to which events have numbers.
    fn feed(&self, participant: Bic, after: u64, count_max: usize) -> Result<(Vec<FeedEvent>, Height), Fault>;
    /// How delivery stands at each webhook of the agent whose node it is.
    fn webhooks(&self) -> Vec<WebhookStanding>;
    /// The dead letters of a webhook with numbers above one, by rising number, at most so many.
    fn dead_letters(&self, webhook: &str, after: u64, count_max: usize) -> Result<Vec<DeadLetter>, Fault>;
    /// Sends the dead letter with a number again.
    fn redeliver(
        &self,
        webhook: String,
        number: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Redelivered, Fault>> + Send + '_>>;
    /// What validators were seen to do, oldest first.
    fn evidence(&self, count_max: usize) -> Result<Vec<Value>, Fault>;
    /// Whether an instruction waits for a block here.
    fn waits(&self, submitter: &Submitter, key: &InstructionKey) -> bool;
    /// All credit transfers with a UETR.
    fn payments(&self, uetr: &Uetr) -> Result<Vec<PaymentFound>, Fault>;
    /// What the index says of all credit transfers with a UETR, without their blocks.
    fn standings(&self, uetr: &Uetr) -> Result<Vec<Standing>, Fault>;
    /// What a block answered, instruction by instruction, with the accounts that each would debit.
    fn answered(&self, height: Height) -> Result<Vec<(Placed, Vec<AccountId>)>, Fault>;
    /// The height of the tip, as it grows.
    fn tips(&self) -> tokio::sync::watch::Receiver<Height>;
    /// What Prometheus reads.
    fn metrics(&self) -> String;
    /// The proof of a receipt, and of a part of it.
    fn prove(&self, height: Height, position: u32, part: ReceiptPart) -> Result<SettlementProof, Fault>;
    /// An instance of a contract.
    fn instance(&self, instance: &InstanceId) -> Result<Option<Instance>, Fault>;
    /// Registered code.
    fn code(&self, code: &Hash32) -> Result<Option<Program>, Fault>;
    /// Registered codes by rising hash, from one on.
    fn codes(&self, from: Hash32, count_max: usize) -> Result<Vec<(Hash32, Program)>, Fault>;
    /// A contract's events, oldest first, of blocks from a height on, at most so many blocks.
    fn contract_events(
        &self,
        instance: &InstanceId,
        from: Height,
        blocks_max: usize,
    ) -> Result<Vec<EventFound>, Fault>;
    /// The accounts and participants that may read of a contract: its parties and panels. None where it was never open.
    fn contract_readers(&self, instance: &InstanceId) -> Result<(Vec<AccountId>, Vec<Bic>), Fault>;
    /// The contracts that a UETR names, by rising id from one on, and the height at which they were opened, at most so many.
    fn contracts_named(
        &self,
        uetr: &Uetr,
        from: InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, Fault>;
    /// The contracts that an account is a party of or has taken as an offer, by rising id from one on, with the height at
    /// which they were opened or last taken.
    fn contracts_of(
        &self,
        account: &AccountId,
        from: InstanceId,
        count_max: usize,
    ) -> Result<Vec<(InstanceId, Height)>, Fault>;
    /// What an account allows contracts to pull.
    fn allowances_of(&self, grantor: &AccountId) -> Result<Vec<(AllowanceKey, Allowance)>, Fault>;
}

/// The parts of a block that its head shows.
pub(crate) fn head(block: &FinalBlock) -> (&Block, &Certificate) {
    (&block.block, &block.certificate)
}
