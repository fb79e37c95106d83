//! What a node offers to its clients.

use crate::fault::Fault;
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::block::{Block, BlockId, Certificate, FinalBlock, SettlementProof};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{NetworkId, RawInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::receipt::{CreditOutcome, InstructionReceipt, Posting};
use seaway_types::state::{Account, Balance, Participant, Payment, Totals, ValidatorSet};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AssetId, Uetr};
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
    /// A decided block.
    fn block(&self, height: Height) -> Result<Option<FinalBlock>, Fault>;
    /// What became of an instruction.
    fn instruction(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<Placed>, Fault>;
    /// Whether an instruction waits for a block here.
    fn waits(&self, submitter: &Submitter, key: &InstructionKey) -> bool;
    /// All credit transfers with a UETR: their names, where they stand and at which credit, and their lasting record if they
    /// have one.
    fn payments(&self, uetr: &Uetr) -> Result<Vec<(PaymentKey, Placed, Option<Payment>)>, Fault>;
    /// What a block answered, instruction by instruction.
    fn answered(&self, height: Height) -> Result<Vec<Placed>, Fault>;
    /// The height of the tip, as it grows.
    fn tips(&self) -> tokio::sync::watch::Receiver<Height>;
    /// What Prometheus reads.
    fn metrics(&self) -> String;
    /// The proof of a receipt, and of one credit of it.
    fn prove(&self, height: Height, position: u32, credit: Option<usize>) -> Result<SettlementProof, Fault>;
}

/// The parts of a block that its head shows.
pub(crate) fn head(block: &FinalBlock) -> (&Block, &Certificate) {
    (&block.block, &block.certificate)
}
