//! A state of a million accounts, and payments among them, for the benchmarks.
#![allow(dead_code, missing_docs)] // each benchmark uses a part

use seaway_ledger::execution::BlockContext;
use seaway_ledger::state::{MemoryState, Overlay, StateView, Tip};
use seaway_types::asset::{Asset, AssetId, AssetKind, Exponent};
use seaway_types::identifier::{AccountId, InstructionKey, OwnerId};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{
    AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter, authenticate_batch,
};
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::RULES_VERSION;
use seaway_types::signature::KnownKeys;
use seaway_types::signature::public_key;
use seaway_types::state::{
    Account, AccountClass, AccountStatus, Balance, DebitAuthority, Parameters, Participant, Roles, Tier, Timing,
    Totals, Validators, value_hash,
};
use seaway_types::time::{BlockTime, Height};
use seaway_types::{Amount, Bic, Bounded, Uetr};

pub const ACCOUNTS: u64 = 1_000_000;
/// Accounts opened in a block: what a block may hold, so that the work of opening leaves little behind.
const BLOCK: usize = 4096;
pub const ASSET: AssetId = AssetId(1);
pub const SECRET: [u8; 32] = [1; 32];

pub fn bic() -> Bic {
    "HARBHKHH".parse().unwrap()
}

pub fn account(n: u64) -> AccountId {
    let hash = value_hash(&n.to_le_bytes());
    AccountId(*hash.0.first_chunk::<16>().unwrap())
}

fn records(owner: KeyPolicy) -> (Parameters, Participant, Asset) {
    let timing = Timing {
        payment_validity_max_ms: 900_000,
        admin_validity_max_ms: 604_800_000,
        leaf_retention_ms: 3_600_000,
        acceptance_window_ms: 86_400_000,
        payment_retention_ms: 604_800_000,
    };
    let parameters = Parameters {
        network: "bench".parse().unwrap(),
        authority: owner.clone(),
        timing,
        asset_count: 1,
        version: RULES_VERSION,
        upgrade: None,
    };
    let roles = Roles { validator: true, agent: true, issuer: true, ..Roles::default() };
    let participant = Participant {
        lei: None,
        jurisdiction: "HK".parse().unwrap(),
        roles,
        policy: owner,
        nodes: Bounded::default(),
        active: true,
    };
    let asset = Asset {
        code: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        issuer: bic(),
        kind: AssetKind::SettlementBankMoney,
        is_default: true,
        enabled: true,
        payment_max: None,
    };
    (parameters, participant, asset)
}

/// A state in which each of so many accounts holds a million in one asset.
pub fn state(accounts: u64) -> MemoryState {
    let owner = KeyPolicy::single(public_key(&SECRET));
    let start = Tip { height: Height(0), time: BlockTime::from_ms(1_800_000_000_000).unwrap() };
    let mut state = MemoryState::new(start, 7);
    let held = Amount::new(100_000_000).unwrap();
    for first in (0..accounts).step_by(BLOCK) {
        let mut overlay = Overlay::new(&state);
        if first == 0 {
            let (parameters, participant, asset) = records(owner.clone());
            overlay.put((), Some(parameters)).unwrap();
            overlay.put((), Some(Validators(Bounded::default()))).unwrap();
            overlay.put(bic(), Some(participant)).unwrap();
            overlay.put(ASSET, Some(asset)).unwrap();
            let issued = u128::from(accounts) * u128::from(held.minor_units());
            overlay.put(ASSET, Some(Totals { issued, available: issued, ..Totals::default() })).unwrap();
        }
        for n in first..(first + BLOCK as u64).min(accounts) {
            let record = Account {
                agent: bic(),
                owner_id: OwnerId(account(n).0),
                owner: owner.clone(),
                class: AccountClass::Customer,
                debit_authority: DebitAuthority::Holder,
                tier: Tier(0),
                status: AccountStatus::Open,
                freezes: None,
                key_change: None,
            };
            overlay.open(account(n), record).unwrap();
            overlay.put((account(n), ASSET), Some(Balance { available: held, ..Balance::default() })).unwrap();
        }
        let changes = overlay.into_changes();
        let update = state.commitment().prepare(Height(0), &changes);
        state.apply(start, &changes, update);
    }
    state
}

pub fn next(state: &MemoryState) -> BlockContext {
    let tip = state.tip();
    BlockContext { height: Height(tip.height.0 + 1), time: tip.time.after_ms(1000) }
}

/// A plain congruential generator: the benchmark needs spread, not randomness.
pub struct Spread(pub u64);

impl Spread {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }
}

/// So many instructions of so many credits each, among so many accounts.
pub fn payments(
    state: &MemoryState,
    accounts: u64,
    spread: &mut Spread,
    instructions: usize,
    credits: usize,
) -> Vec<AuthenticInstruction> {
    let valid_until = state.tip().time.after_ms(300_000);
    let decoded = (0..instructions)
        .map(|_| {
            let debtor = account(spread.next() % accounts);
            let mut credit = || {
                let mut random = [0; 16];
                random[..8].copy_from_slice(&spread.next().to_le_bytes());
                random[8..].copy_from_slice(&spread.next().to_le_bytes());
                let creditor = std::iter::repeat_with(|| account(spread.next() % accounts)).find(|id| *id != debtor);
                Credit {
                    kind: CreditKind::Customer,
                    uetr: Uetr::from_random(random),
                    end_to_end_id: "INV-1".parse().unwrap(),
                    creditor: creditor.unwrap(),
                    amount: Amount::new(100).unwrap(),
                    instructing_agent: bic(),
                    debtor_agent: bic(),
                    creditor_agent: bic(),
                    instructed: None,
                    charge_bearer: ChargeBearer::Shared,
                    charges: Bounded::default(),
                    purpose: None,
                    party_data_hash: None,
                    remittance_hash: None,
                    acceptance: None,
                }
            };
            let credits: Vec<Credit> = (0..credits).map(|_| credit()).collect();
            let transfer = CreditTransfer {
                debtor,
                asset: ASSET,
                mode: BulkMode::AllOrNothing,
                settlement_date: None,
                credits: credits.try_into().unwrap(),
            };
            let mut key = [0; 16];
            key[..8].copy_from_slice(&spread.next().to_le_bytes());
            key[8..].copy_from_slice(&spread.next().to_le_bytes());
            let envelope = Envelope {
                network: "bench".parse().unwrap(),
                submitter: Submitter::Account(debtor),
                key: InstructionKey(key),
                valid_until,
                body: Body::Single(Leg::CreditTransfer(transfer)),
            };
            RawInstruction::from(&envelope.sign(&[SECRET])).decode().unwrap()
        })
        .collect();
    authenticate_batch(decoded, &mut KnownKeys::default()).into_iter().map(Result::unwrap).collect()
}
