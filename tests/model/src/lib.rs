//! A naive ledger, to judge the real one.
//!
//! It was written from the plan, not from the ledger's code, and does everything in another way: money is a signed 128-bit
//! number for each (account, asset, part) and is summed anew for each check; what fails is undone by throwing away a copy
//! of everything; limits are a log of what was counted; there are no timers, only a look at everything at each block. It
//! is slow and has no state tree.

mod administer;
mod authority;
mod calendar;
mod call;
mod consent;
mod contract;
mod follow;
mod govern;
mod lifetime;
pub mod machine;
mod pay;

pub use call::REFUSED;
pub use contract::Contract;

use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::calendar::Calendar;
use seaway_types::contract::{AllowanceKey, Code, InstanceId};
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, Digest, HoldId, InstructionKey, OwnerId};
use seaway_types::instruction::contract::AllowanceTerms;
use seaway_types::instruction::payment::{Charge, PaymentKey};
use seaway_types::instruction::{AuthenticInstruction, Body, Leg, NetworkId, Submitter};
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::BLOCK_DEADLINES_MAX;
use seaway_types::reason::{Reason, StatedReason, VoidReason};
use seaway_types::receipt::{BlockAct, CreditOutcome, PlacedReason, Status};
use seaway_types::state::{
    Account, CalendarKey, Field, Participant, PaymentFacts, Recall, Tier, TierLimits, Timing, ValidatorSet,
};
use seaway_types::text::{Country, Text35};
use seaway_types::time::{BlockTime, Day, Height};
use seaway_types::{Amount, Uetr};
use std::collections::BTreeMap;

/// Largest balance and amount.
const MOST: i128 = 999_999_999_999_999_999;

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who may post; nobody for a redemption.
    pub payee: Option<(AccountId, Uetr)>,
    /// Whose money.
    pub payer: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// How much is left.
    pub left: i128,
    /// When it ends.
    pub ends: BlockTime,
    /// Which line of the log of counts belongs to it.
    pub counted: Option<usize>,
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for acceptance until a deadline, and why it is rejected then.
    Waiting(BlockTime, StatedReason),
    /// Settled, not confirmed.
    Settled,
    /// On the creditor's account.
    Credited,
    /// Refused.
    Refused(StatedReason),
    /// Not accepted in time.
    Lapsed(StatedReason),
}

/// A payment that has or had a life after its instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who, whom, what.
    pub facts: PaymentFacts,
    /// Charges that wait with it.
    pub charges: Vec<Charge>,
    /// Where it stands.
    pub stage: Stage,
    /// Which line of the log of counts belongs to it while it waits.
    pub counted: Option<usize>,
    /// How much was returned.
    pub returned: i128,
    /// The last recall.
    pub recall: Option<Recall>,
    /// When its record may go.
    pub forget: Option<BlockTime>,
}

/// A line in the log of what counted toward limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Agent.
    pub agent: Bic,
    /// Holder.
    pub owner: OwnerId,
    /// Asset.
    pub asset: AssetId,
    /// On which day.
    pub day: Day,
    /// How much; less after a restoration.
    pub amount: i128,
    /// How much of it can still be restored.
    pub open: i128,
}

/// What became of an instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Status.
    pub status: Status,
    /// Why it was rejected.
    pub reason: Option<PlacedReason>,
    /// What became of its credits.
    pub credits: Vec<CreditOutcome>,
}

/// See the module.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // Plain tables; the types say what each is.
pub struct Model {
    pub network: NetworkId,
    pub authority: KeyPolicy,
    pub sets: BTreeMap<Height, ValidatorSet>,
    /// When the last one was decided.
    pub decided: Height,
    pub upgrade: Option<(u32, Height)>,
    pub timing: Timing,
    pub now: BlockTime,
    pub height: Height,
    pub participants: BTreeMap<Bic, Participant>,
    pub assets: BTreeMap<AssetId, Asset>,
    pub calendars: BTreeMap<CalendarKey, Calendar>,
    pub tiers: BTreeMap<(AssetId, Tier), TierLimits>,
    pub thresholds: BTreeMap<(Country, AssetId), i128>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub money: BTreeMap<(AccountId, AssetId, Field), i128>,
    pub issued: BTreeMap<AssetId, i128>,
    pub redeemed: BTreeMap<AssetId, i128>,
    pub holds: BTreeMap<HoldId, Hold>,
    pub payments: BTreeMap<PaymentKey, Payment>,
    pub counts: Vec<Count>,
    pub keys: BTreeMap<(Submitter, InstructionKey), (Digest, Height)>,
    pub uetrs: BTreeMap<PaymentKey, (PaymentFacts, Status)>,
    pub settled_later: BTreeMap<PaymentKey, Height>,
    pub confirmed: BTreeMap<PaymentKey, Height>,
    pub references: BTreeMap<(Bic, Text35), Height>,
    pub codes: BTreeMap<Hash32, Code>,
    pub contracts: BTreeMap<InstanceId, Contract>,
    /// What was granted, and how much of it was pulled.
    pub allowances: BTreeMap<AllowanceKey, (AllowanceTerms, i128)>,
}

/// What a block does by itself, in the order in which it does so where times are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Hold(HoldId),
    Wait(PaymentKey),
    Keys(AccountId),
    Forget(PaymentKey),
    Deadline(InstanceId),
    ForgetContract(InstanceId),
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum No {
    Reject(Reason),
    Void(VoidReason),
}

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        Self::Reject(reason)
    }
}

impl From<VoidReason> for No {
    fn from(reason: VoidReason) -> Self {
        Self::Void(reason)
    }
}

pub(crate) fn amount(value: i128) -> Amount {
    Amount::new(u64::try_from(value).expect("the model keeps amounts in range"))
        .expect("the model keeps amounts in range")
}

pub(crate) fn plain(amount: Amount) -> i128 {
    i128::from(amount.minor_units())
}

impl Model {
    /// The state at height 0.
    pub fn new(genesis: &GenesisDocument) -> Self {
        let ids = (1..).map(AssetId);
        let mut model = Self {
            network: genesis.network,
            authority: genesis.authority.clone(),
            sets: BTreeMap::from([(Height(0), genesis.validators.clone())]),
            decided: Height(0),
            upgrade: None,
            timing: genesis.timing,
            now: genesis.time,
            height: Height(0),
            participants: genesis.participants.iter().cloned().collect(),
            assets: ids.clone().zip(genesis.assets.iter().cloned()).collect(),
            calendars: genesis.calendars.iter().cloned().collect(),
            tiers: genesis.tier_limits.iter().map(|set| ((set.asset, set.tier), set.limits)).collect(),
            thresholds: genesis
                .thresholds
                .iter()
                .filter_map(|set| Some(((set.jurisdiction, set.asset), plain(set.threshold?))))
                .collect(),
            accounts: BTreeMap::new(),
            money: BTreeMap::new(),
            issued: ids.clone().zip(genesis.assets.iter().map(|_| 0)).collect(),
            redeemed: ids.zip(genesis.assets.iter().map(|_| 0)).collect(),
            holds: BTreeMap::new(),
            payments: BTreeMap::new(),
            counts: Vec::new(),
            keys: BTreeMap::new(),
            uetrs: BTreeMap::new(),
            settled_later: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            references: BTreeMap::new(),
            codes: BTreeMap::new(),
            contracts: BTreeMap::new(),
            allowances: BTreeMap::new(),
        };
        for account in &genesis.accounts {
            model.accounts.insert(account.open.account, administer::opened(&account.open));
            for (asset, held) in &account.balances {
                model.money.insert((account.open.account, *asset, Field::Available), plain(*held));
                *model.issued.get_mut(asset).expect("a known asset") += plain(*held);
            }
        }
        model
    }

    /// Executes a block: first its own acts, then each instruction. `Err` names the position that voids it.
    pub fn block(
        &mut self,
        now: BlockTime,
        instructions: &[AuthenticInstruction],
    ) -> Result<(Vec<BlockAct>, Vec<Answer>), (usize, VoidReason)> {
        let before = self.clone();
        self.now = now;
        self.height = Height(self.height.0 + 1);
        let acts = self.own_acts();
        let mut answers = Vec::new();
        for (position, instruction) in instructions.iter().enumerate() {
            match self.instruction(instruction) {
                Ok(answer) => answers.push(answer),
                Err(reason) => {
                    *self = before;
                    return Err((position, reason));
                }
            }
        }
        Ok((acts, answers))
    }

    /// Everything whose time has come, by time, then kind, then id.
    fn due(&self) -> Vec<(BlockTime, Due)> {
        let mut due = Vec::new();
        due.extend(self.holds.iter().map(|(id, hold)| (hold.ends, Due::Hold(*id))));
        for (key, payment) in &self.payments {
            if let Stage::Waiting(deadline, _) = payment.stage {
                due.push((deadline, Due::Wait(*key)));
            }
            due.extend(payment.forget.map(|at| (at, Due::Forget(*key))));
        }
        for (id, account) in &self.accounts {
            due.extend(account.key_change.as_ref().map(|change| (change.at, Due::Keys(*id))));
        }
        for (id, contract) in &self.contracts {
            due.extend(contract.live.map(|(_, _, _, deadline)| (deadline, Due::Deadline(*id))));
            due.extend(contract.forget_at.map(|at| (at, Due::ForgetContract(*id))));
        }
        due.retain(|(at, _)| *at <= self.now);
        due.sort();
        due
    }

    /// Does what is due. A state that is entered here and over already waits for the next block.
    fn own_acts(&mut self) -> Vec<BlockAct> {
        let mut acts = Vec::new();
        let mut deadlines = 0;
        for (_, what) in self.due() {
            match what {
                Due::Hold(id) => {
                    let hold = self.holds.remove(&id).expect("listed");
                    self.shift(hold.payer, hold.asset, Field::Held, Field::Available, hold.left);
                    self.uncount(hold.counted);
                    let (payer, asset) = (hold.payer, hold.asset);
                    acts.push(BlockAct::HoldExpired { hold: id, payer, asset, amount: amount(hold.left) });
                }
                Due::Wait(key) => {
                    let Stage::Waiting(_, reason) = self.payments[&key].stage else { panic!("listed as waiting") };
                    let back = self.stop_waiting(key, Stage::Lapsed(reason));
                    let facts = self.payments[&key].facts;
                    let (debtor, asset) = (facts.debtor, facts.asset);
                    acts.push(BlockAct::PaymentLapsed { payment: key, debtor, asset, amount: amount(back), reason });
                }
                Due::Keys(id) => {
                    let account = self.accounts.get_mut(&id).expect("listed");
                    account.owner = account.key_change.take().expect("listed").owner;
                    acts.push(BlockAct::KeysChanged { account: id });
                }
                Due::Forget(key) => {
                    let payment = self.payments.get_mut(&key).expect("listed");
                    payment.forget = None;
                    if payment.returned == 0 && payment.recall.is_none() {
                        self.payments.remove(&key);
                    }
                }
                Due::Deadline(_) if deadlines >= BLOCK_DEADLINES_MAX => {}
                Due::Deadline(id) => {
                    deadlines += 1;
                    self.pass_deadline(id);
                    acts.push(BlockAct::DeadlinePassed { instance: id, event: Hash32::ZERO });
                }
                Due::ForgetContract(id) => {
                    self.contracts.remove(&id);
                }
            }
        }
        acts
    }

    fn instruction(&mut self, instruction: &AuthenticInstruction) -> Result<Answer, VoidReason> {
        let envelope = instruction.envelope();
        if envelope.network != self.network {
            return Err(VoidReason::WrongNetwork { given: envelope.network, expected: self.network });
        }
        if let Some((digest, height)) = self.keys.get(&(envelope.submitter, envelope.key)) {
            let height = *height;
            let same = *digest == instruction.digest();
            return Err(if same { VoidReason::AlreadyExecuted { height } } else { VoidReason::KeyTaken { height } });
        }
        if envelope.valid_until < self.now {
            return Err(VoidReason::Expired { valid_until: envelope.valid_until, now: self.now });
        }
        let patient = match &envelope.body {
            Body::Admin(_) => true,
            Body::Single(leg) => contract::is_patient(leg),
            Body::Bundle(_) => false,
        };
        let ahead = if patient { self.timing.admin_validity_max_ms } else { self.timing.payment_validity_max_ms };
        let latest = self.now.after_ms(ahead);
        if envelope.valid_until > latest {
            return Err(VoidReason::TooFarAhead { valid_until: envelope.valid_until, latest });
        }
        let sides = self.authorised(instruction)?;
        self.keys.insert((envelope.submitter, envelope.key), (instruction.digest(), self.height));
        let before = self.clone();
        match self.run(instruction, &sides) {
            Ok(answer) => Ok(answer),
            Err((_, No::Void(reason))) => Err(reason),
            Err(((leg, credit), No::Reject(reason))) => {
                *self = before;
                for leg in envelope.body.legs() {
                    if let Leg::CreditTransfer(transfer) = leg {
                        for credit in &transfer.credits {
                            self.take_uetr(transfer, credit, Status::Rjct);
                        }
                    }
                }
                let leg = u8::try_from(leg).expect("few legs");
                let credit = credit.map(|credit| u16::try_from(credit).expect("few credits"));
                let reason = Some(PlacedReason { leg, credit, reason });
                Ok(Answer { status: Status::Rjct, reason, credits: Vec::new() })
            }
        }
    }

    #[allow(clippy::type_complexity)] // a place and a refusal, used once
    fn run(
        &mut self,
        instruction: &AuthenticInstruction,
        sides: &[usize],
    ) -> Result<Answer, ((usize, Option<usize>), No)> {
        let envelope = instruction.envelope();
        if let Body::Admin(admin) = &envelope.body {
            self.administer(admin, sides[0]).map_err(|no| ((0, None), no))?;
            return Ok(Answer { status: Status::Accc, reason: None, credits: Vec::new() });
        }
        let mut statuses = Vec::new();
        let mut credits = Vec::new();
        for (position, leg) in envelope.body.legs().iter().enumerate() {
            if let Leg::CreditTransfer(transfer) = leg {
                let outcomes =
                    self.transfer(transfer, position, &envelope.body).map_err(|(c, no)| ((position, c), no))?;
                statuses.push(summary(outcomes.iter().map(|outcome| outcome.status)));
                credits.extend(outcomes);
                continue;
            }
            self.contract_leg(instruction, position, sides[position]).map_err(|no| ((position, None), no))?;
            statuses.push(Status::Accc);
        }
        Ok(Answer { status: summary(statuses.into_iter()), reason: None, credits })
    }

    /// What an account holds of an asset in one part.
    pub fn has(&self, account: AccountId, asset: AssetId, field: Field) -> i128 {
        self.money.get(&(account, asset, field)).copied().unwrap_or(0)
    }

    /// What an account holds of an asset in all parts together.
    pub(crate) fn whole(&self, account: AccountId, asset: AssetId) -> i128 {
        Field::ALL.iter().map(|field| self.has(account, asset, *field)).sum()
    }

    pub(crate) fn give(&mut self, account: AccountId, asset: AssetId, field: Field, change: i128) {
        *self.money.entry((account, asset, field)).or_insert(0) += change;
    }

    pub(crate) fn shift(&mut self, account: AccountId, asset: AssetId, from: Field, to: Field, change: i128) {
        self.give(account, asset, from, -change);
        self.give(account, asset, to, change);
    }

    /// Whether every part is within bounds, all of an asset adds up, and so do the pots of contracts.
    pub fn conserved(&self) -> bool {
        let sum = |asset: &AssetId| -> i128 {
            self.money.iter().filter(|((_, other, _), _)| other == asset).map(|(_, value)| value).sum()
        };
        self.money.iter().all(|((id, asset, _), value)| *value >= 0 && self.whole(*id, *asset) <= MOST)
            && self.assets.keys().all(|asset| sum(asset) == self.issued[asset] - self.redeemed[asset])
            && self.pots_add_up()
    }
}

/// The id of a hold, as the plan defines it.
fn hold_id(instruction: &AuthenticInstruction, leg: usize) -> HoldId {
    let envelope = instruction.envelope();
    let leg = u8::try_from(leg).expect("few legs");
    let bytes = seaway_types::codec::encode(&(envelope.submitter, envelope.key, leg));
    let hash = seaway_types::hash::Domain::HoldId.hash(&bytes);
    HoldId(hash.0[..16].try_into().expect("16 of 32"))
}

/// The status of a whole made of parts.
fn summary(parts: impl Iterator<Item = Status>) -> Status {
    let all: Vec<Status> = parts.collect();
    let count = |status| all.iter().filter(|part| **part == status).count();
    if count(all[0]) == all.len() {
        return all[0];
    }
    if count(Status::Rjct) + count(Status::Part) > 0 {
        Status::Part
    } else if count(Status::Pdng) > 0 {
        Status::Pdng
    } else {
        Status::Acsc
    }
}
