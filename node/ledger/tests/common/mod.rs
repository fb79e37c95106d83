//! A small network for the tests: a Hong Kong bank, a Singapore bank, a supervisor, three assets, accounts of each kind.
#![allow(dead_code, missing_docs)] // each test file uses a part

pub mod contracts;

use seaway_ledger::execution::{BlockContext, BlockFault, ExecutedBlock, execute_block};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::asset::{Asset, AssetId, AssetKind, Exponent};
use seaway_types::genesis::{ConsensusTiming, GenesisAccount, GenesisDocument};
use seaway_types::identifier::{AccountId, HoldId, InstructionKey, OwnerId};
use seaway_types::instruction::admin::{Admin, OpenAccount};
use seaway_types::instruction::hold::Reserve;
use seaway_types::instruction::payment::*;
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::RULES_VERSION;
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::receipt::{InstructionReceipt, Receipt, Status};
use seaway_types::signature::public_key;
use seaway_types::state::*;
use seaway_types::time::{BlockTime, Height};
use seaway_types::{Amount, Bic, Bounded, Uetr};

pub const HKD: AssetId = AssetId(1);
pub const SGD: AssetId = AssetId(2);
pub const POINTS: AssetId = AssetId(3);
pub const START_MS: u64 = 1_800_000_000_000;

pub fn hk_bank() -> Bic {
    "HARBHKHH".parse().unwrap()
}

pub fn sg_bank() -> Bic {
    "MERLSGSG".parse().unwrap()
}

pub fn supervisor() -> Bic {
    "MONAHKHH".parse().unwrap()
}

/// The accounts: their debit authorities are holder, agent, both, holder; the last two are at the Singapore bank.
pub const ALICE: AccountId = AccountId([1; 16]);
pub const AGENTED: AccountId = AccountId([2; 16]);
pub const JOINT: AccountId = AccountId([3; 16]);
pub const SUPPLIER: AccountId = AccountId([4; 16]);
pub const SG_OWN: AccountId = AccountId([5; 16]);
pub const NOBODY: AccountId = AccountId([99; 16]);

pub fn secret(who: Submitter) -> Vec<[u8; 32]> {
    let mut secret = [7; 32];
    match who {
        Submitter::Account(id) => secret[..16].copy_from_slice(id.as_bytes()),
        Submitter::Participant(bic) => secret[..11].copy_from_slice(bic.as_str().as_bytes()),
        Submitter::Authority => return vec![[0xa1; 32], [0xa2; 32]],
    }
    vec![secret]
}

pub fn policy(who: Submitter) -> KeyPolicy {
    let keys: Vec<_> = secret(who).iter().map(public_key).collect();
    KeyPolicy::new(keys.len() as u8, &keys).unwrap()
}

pub fn of(id: AccountId) -> Submitter {
    Submitter::Account(id)
}

pub fn bank(bic: Bic) -> Submitter {
    Submitter::Participant(bic)
}

pub fn money(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

pub fn open(
    id: AccountId,
    agent: Bic,
    debit_authority: DebitAuthority,
    class: AccountClass,
    tier: u8,
) -> OpenAccount {
    OpenAccount {
        account: id,
        agent,
        owner_id: OwnerId(id.0),
        owner: policy(of(id)),
        class,
        debit_authority,
        tier: Tier(tier),
    }
}

pub fn participant(bic: Bic, country: &str, supervisor_of: &[&str]) -> Participant {
    let bank = supervisor_of.is_empty();
    let countries: Vec<_> = supervisor_of.iter().map(|country| country.parse().unwrap()).collect();
    Participant {
        lei: None,
        jurisdiction: country.parse().unwrap(),
        roles: Roles {
            validator: bank,
            agent: bank,
            issuer: bank,
            dealer: false,
            supervisor_of: countries.try_into().unwrap(),
        },
        policy: policy(Submitter::Participant(bic)),
        nodes: Bounded::default(),
        active: true,
    }
}

pub fn asset(code: &str, issuer: Bic, kind: AssetKind) -> Asset {
    let places = if kind == AssetKind::Points { 0 } else { 2 };
    Asset {
        code: code.parse().unwrap(),
        exponent: Exponent::new(places).unwrap(),
        issuer,
        kind,
        is_default: true,
        enabled: true,
        payment_max: None,
    }
}

pub fn genesis() -> GenesisDocument {
    let account = |open: OpenAccount, balances: Vec<(AssetId, Amount)>| GenesisAccount {
        open,
        balances: balances.try_into().unwrap(),
    };
    let (holder, customer) = (DebitAuthority::Holder, AccountClass::Customer);
    let rich = || vec![(HKD, money(1_000_000)), (SGD, money(1_000_000)), (POINTS, money(500))];
    GenesisDocument {
        network: "unit".parse().unwrap(),
        time: BlockTime::from_ms(START_MS).unwrap(),
        version: RULES_VERSION,
        keys_are_published: true,
        authority: policy(Submitter::Authority),
        timing: Timing {
            payment_validity_max_ms: 900_000,
            admin_validity_max_ms: 604_800_000,
            leaf_retention_ms: 3_600_000,
            acceptance_window_ms: 86_400_000,
            payment_retention_ms: 604_800_000,
        },
        consensus: ConsensusTiming {
            clock_bound_ms: 5000,
            idle_block_ms: 60_000,
            propose_ms: 200,
            prevote_ms: 100,
            precommit_ms: 100,
            timeout_max_ms: 5000,
        },
        assets: vec![
            asset("HKD", hk_bank(), AssetKind::SettlementBankMoney),
            asset("SGD", sg_bank(), AssetKind::SettlementBankMoney),
            asset("ZZA", hk_bank(), AssetKind::Points),
        ]
        .try_into()
        .unwrap(),
        calendars: Bounded::default(),
        participants: vec![
            (hk_bank(), participant(hk_bank(), "HK", &[])),
            (sg_bank(), participant(sg_bank(), "SG", &[])),
            (supervisor(), participant(supervisor(), "HK", &["HK"])),
        ]
        .try_into()
        .unwrap(),
        tier_limits: Bounded::default(),
        thresholds: Bounded::default(),
        accounts: vec![
            account(open(ALICE, hk_bank(), holder, customer, 0), rich()),
            account(open(AGENTED, hk_bank(), DebitAuthority::Agent, customer, 0), rich()),
            account(open(JOINT, hk_bank(), DebitAuthority::Both, customer, 0), rich()),
            account(open(SUPPLIER, sg_bank(), holder, customer, 0), vec![(SGD, money(5000))]),
            account(open(SG_OWN, sg_bank(), DebitAuthority::Agent, AccountClass::Settlement, 0), rich()),
        ]
        .try_into()
        .unwrap(),
        validators: ValidatorSet::default(),
    }
}

pub struct Net {
    pub state: MemoryState,
    pub now: BlockTime,
    count: u64,
}

impl Default for Net {
    fn default() -> Self {
        Self::of(&genesis())
    }
}

impl Net {
    pub fn of(genesis: &GenesisDocument) -> Self {
        Self { state: state_of(genesis, 3).unwrap(), now: genesis.time.after_ms(1000), count: 0 }
    }

    pub fn key(&mut self) -> InstructionKey {
        self.count += 1;
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.count.to_le_bytes());
        InstructionKey(key)
    }

    pub fn uetr(&mut self) -> Uetr {
        self.count += 1;
        let mut bytes = [9; 16];
        bytes[..8].copy_from_slice(&self.count.to_le_bytes());
        Uetr::from_random(bytes)
    }

    pub fn envelope(&mut self, submitter: Submitter, body: Body) -> Envelope {
        let key = self.key();
        Envelope { network: "unit".parse().unwrap(), submitter, key, valid_until: self.now.after_ms(60_000), body }
    }

    /// An instruction signed by its submitter and some others.
    pub fn signed(&mut self, submitter: Submitter, also: &[Submitter], body: Body) -> AuthenticInstruction {
        let secrets: Vec<_> = std::iter::once(&submitter).chain(also).flat_map(|who| secret(*who)).collect();
        authentic(self.envelope(submitter, body), &secrets)
    }

    pub fn context(&self) -> BlockContext {
        BlockContext { height: Height(self.state.tip().height.0 + 1), time: self.now }
    }

    pub fn execute(&self, instructions: &[AuthenticInstruction]) -> Result<ExecutedBlock, BlockFault> {
        execute_block(&self.state, self.state.commitment(), self.context(), instructions)
    }

    /// Executes and applies a block, and lets a second pass.
    pub fn block(&mut self, instructions: &[AuthenticInstruction]) -> Vec<Receipt> {
        let executed = self.execute(instructions).unwrap();
        let receipts = executed.receipts().to_vec();
        executed.apply(&mut self.state);
        self.now = self.now.after_ms(1000);
        receipts
    }

    /// One instruction as a block: what became of it.
    pub fn run(&mut self, submitter: Submitter, also: &[Submitter], body: Body) -> InstructionReceipt {
        let instruction = self.signed(submitter, also, body);
        match self.block(&[instruction]).last() {
            Some(Receipt::Instruction(receipt)) => *receipt,
            other => panic!("{other:?}"),
        }
    }

    pub fn leg(&mut self, submitter: Submitter, leg: Leg) -> InstructionReceipt {
        self.run(submitter, &[], Body::Single(leg))
    }

    pub fn admin(&mut self, submitter: Submitter, admin: Admin) -> InstructionReceipt {
        self.run(submitter, &[], Body::Admin(admin))
    }

    /// Why an instruction is left out; the state stays as it was.
    pub fn void(&mut self, submitter: Submitter, signers: &[Submitter], body: Body) -> VoidReason {
        let secrets: Vec<_> = signers.iter().flat_map(|who| secret(*who)).collect();
        let instruction = authentic(self.envelope(submitter, body), &secrets);
        self.void_of(instruction)
    }

    pub fn void_of(&self, instruction: AuthenticInstruction) -> VoidReason {
        match self.execute(&[instruction]) {
            Err(BlockFault::Void { position: 0, reason }) => reason,
            other => panic!("expected a void instruction, got {:?}", other.map(|block| block.receipts().to_vec())),
        }
    }

    pub fn credit(&mut self, creditor: AccountId, units: u64) -> Credit {
        let agent = |id: AccountId| match id {
            SUPPLIER | SG_OWN => sg_bank(),
            _ => hk_bank(),
        };
        Credit {
            kind: CreditKind::Customer,
            uetr: self.uetr(),
            end_to_end_id: "INV-1".parse().unwrap(),
            creditor,
            amount: money(units),
            instructing_agent: hk_bank(),
            debtor_agent: hk_bank(),
            creditor_agent: agent(creditor),
            instructed: None,
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: None,
            party_data_hash: None,
            remittance_hash: None,
            acceptance: None,
        }
    }

    pub fn pay(&mut self, debtor: AccountId, creditor: AccountId, units: u64) -> Leg {
        transfer(debtor, vec![self.credit(creditor, units)], BulkMode::AllOrNothing)
    }

    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.state.tables().balances.get(&(account, asset)).copied().unwrap_or_default()
    }

    pub fn available(&self, account: AccountId) -> u64 {
        self.balance(account, HKD).available.minor_units()
    }

    /// A hold of Alice's for the supplier.
    pub fn hold(&mut self, units: u64, for_ms: u64) -> HoldId {
        let uetr = self.uetr();
        let expires_at = self.now.after_ms(for_ms);
        let reserve = Reserve { payer: ALICE, payee: SUPPLIER, asset: HKD, amount: money(units), expires_at, uetr };
        assert_eq!(self.leg(of(ALICE), Leg::Reserve(reserve)).status, Status::Accc);
        *self.state.tables().holds.sorted().last().unwrap().0
    }
}

pub fn authentic(envelope: Envelope, secrets: &[[u8; 32]]) -> AuthenticInstruction {
    RawInstruction::from(&envelope.sign(secrets)).decode().unwrap().authenticate().unwrap()
}

pub fn transfer(debtor: AccountId, credits: Vec<Credit>, mode: BulkMode) -> Leg {
    let credits = credits.try_into().unwrap();
    Leg::CreditTransfer(CreditTransfer { debtor, asset: HKD, mode, settlement_date: None, credits })
}

/// The reason of a rejection.
pub fn reason(receipt: InstructionReceipt) -> Reason {
    assert_eq!(receipt.status, Status::Rjct);
    receipt.reason.expect("a rejection has a reason").reason
}
