//! What clients ask, answered from the database, and what they submit, passed to the engine.

use crate::inbound::Submission;
use crate::placed::of_stored;
use crate::runner::Input;
use crate::shared::Shared;
use seaway_engine::Store;
use seaway_network::Network;
use seaway_rpc::{Answered, Backend, Fault, NodeStatus, PeerStatus, Placed, Wait};
use seaway_storage::{Database, StorageError};
use seaway_types::asset::{Asset, AssetBook};
use seaway_types::bic::Bic;
use seaway_types::block::{FinalBlock, SettlementProof};
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::genesis::GenesisDocument;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Leg, RawInstruction, Submitter};
use seaway_types::merkle;
use seaway_types::proof::ReceiptProof;
use seaway_types::receipt::Posting;
use seaway_types::state::{
    Account, Balance, IndexKey, IndexValue, Participant, Payment, StateKey, Totals, ValidatorSet, Validators,
};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{AssetId, Uetr};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tokio::sync::{mpsc, oneshot, watch};

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
    pub engine: SyncSender<Input>,
}

fn failed(error: StorageError) -> Fault {
    Fault::Internal(error.to_string())
}

/// What became of an instruction.
pub fn find_instruction(
    database: &Database,
    submitter: &Submitter,
    key: &InstructionKey,
) -> Result<Option<Placed>, Fault> {
    let entry = database
        .indexed(&IndexKey::Instruction(*submitter, *key))
        .map_err(|fault| Fault::Internal(fault.to_string()))?;
    let Some(entry) = entry else { return Ok(None) };
    let IndexValue::Instruction { position, .. } = entry.value else { return Ok(None) };
    let place = position as usize;
    of_stored(database, entry.height, |answers, _| answers.at(answers.position(place))).map(Some)
}

impl NodeBackend {
    /// Where a credit transfer stands: its block, searched for the receipt that has it.
    fn place(&self, name: &PaymentKey, height: Height) -> Result<Option<Placed>, Fault> {
        of_stored(&self.database, height, |answers, block| {
            let settled = answers.outcomes.iter().find(|(_, credits)| {
                credits.iter().any(|credit| credit.uetr == name.uetr && credit.kind == name.kind)
            });
            let position = match settled {
                Some((position, _)) => Some(*position as usize),
                // Rejected as a whole: the receipt has no credits, so the instruction itself says whose UETR it took.
                None => {
                    block.instructions.iter().position(|raw| took(raw, name)).map(|place| answers.position(place))
                }
            };
            position.map(|position| answers.at(position)).transpose()
        })
    }
}

/// Whether an instruction names a credit transfer.
fn took(raw: &RawInstruction, name: &PaymentKey) -> bool {
    let Ok(decoded) = raw.clone().decode() else { return false };
    decoded.envelope().body.legs().iter().any(|leg| match leg {
        Leg::CreditTransfer(transfer) => {
            transfer.credits.iter().any(|credit| credit.uetr == name.uetr && credit.kind == name.kind)
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

    fn block(&self, height: Height) -> Result<Option<FinalBlock>, Fault> {
        self.database.read_block(height).map_err(failed)
    }

    fn instruction(&self, submitter: &Submitter, key: &InstructionKey) -> Result<Option<Placed>, Fault> {
        find_instruction(&self.database, submitter, key)
    }

    fn waits(&self, submitter: &Submitter, key: &InstructionKey) -> bool {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let (submitter, key) = (*submitter, *key);
        let ask = Input::Ask(Box::new(move |replica| {
            let _gone = reply.send(replica.pool().by_key(&submitter, &key).is_some());
        }));
        self.engine.send(ask).is_ok() && answer.recv().unwrap_or(false)
    }

    fn payments(&self, uetr: &Uetr) -> Result<Vec<(PaymentKey, Placed, Option<Payment>)>, Fault> {
        let mut found = Vec::new();
        for indexed in self.database.payments(uetr).map_err(failed)? {
            if let Some(placed) = self.place(&indexed.payment, indexed.entry.height)? {
                let lasting = self.database.record::<Payment>(&indexed.payment).map_err(failed)?;
                found.push((indexed.payment, placed, lasting));
            }
        }
        Ok(found)
    }

    fn answered(&self, height: Height) -> Result<Vec<Placed>, Fault> {
        of_stored(&self.database, height, |answers, _| answers.all())
    }

    fn tips(&self) -> watch::Receiver<Height> {
        self.shared.tips()
    }

    fn metrics(&self) -> String {
        crate::metrics::text(&self.shared.status(), &self.peers())
    }

    fn prove(&self, height: Height, position: u32, credit: Option<usize>) -> Result<SettlementProof, Fault> {
        let missing = || Fault::Unknown { what: "receipt at height", value: height.to_string() };
        let FinalBlock { block, certificate } =
            self.database.read_block(height).map_err(failed)?.ok_or_else(missing)?;
        let answers = self.database.receipts(height).map_err(failed)?.ok_or_else(missing)?;
        let leaves = merkle::leaves(&answers.receipts);
        let credit = match credit {
            None => None,
            Some(credit) => {
                let of = answers.outcomes.iter().find(|(of, _)| *of == position).ok_or_else(missing)?;
                let leaves = merkle::leaves(&of.1);
                let outcome = of.1.get(credit).copied().ok_or_else(missing)?;
                Some((outcome, merkle::path(&leaves, credit).ok_or_else(missing)?))
            }
        };
        let place = position as usize;
        let receipt = ReceiptProof {
            receipt: answers.receipts.get(place).copied().ok_or_else(missing)?,
            path: merkle::path(&leaves, place).ok_or_else(missing)?,
            credit,
        };
        let bytes = codec::encode(&self.document);
        let lineage = Bounded::new(self.database.lineage(height).map_err(failed)?)
            .map_err(|error| Fault::Internal(format!("the lineage is too long: {error}")))?;
        let genesis = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(SettlementProof { genesis, lineage, header: block.header, certificate, receipt })
    }
}

/// All participants.
pub fn participants(database: &Database) -> Result<Vec<(Bic, Participant)>, Fault> {
    let begins = codec::encode(&StateKey::Parameters).len();
    let some: Bic = "AAAAAAAA".parse().map_err(|_| Fault::Internal("a BIC does not parse".to_owned()))?;
    let found = database.records::<Participant>(&StateKey::Participant(some), begins).map_err(failed)?;
    let participant = |(key, participant): (StateKey, Participant)| match key {
        StateKey::Participant(bic) => Some((bic, participant)),
        _ => None,
    };
    let mut participants: Vec<_> = found.into_iter().filter_map(participant).collect();
    participants.sort_by_key(|(bic, _)| *bic);
    Ok(participants)
}
