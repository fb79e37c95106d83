//! The feed of real blocks, executed and stored as a node does it.

use super::*;
use crate::answers::tests::{credit, transfer_of};
use crate::database::{BlockReceipts, Opened};
use seaway_engine::Decided;
use seaway_genesis::{ceremony, seed};
use seaway_ledger::execution::{BlockContext, execute_block};
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::block::{BlockHeader, BlockId, Certificate, FinalBlock, Round};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{CodeBytes, Offer, Terms, Value};
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::contract::{CallContract, OpenContract, RegisterCode, Target, WithdrawOffer};
use seaway_types::instruction::{AuthenticInstruction, Body, DecodedInstruction, Envelope};
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;
use tempfile::TempDir;

const HOUR_MS: u64 = 3_600_000;

/// A database of the devnet, and the state from which its next block is made.
struct Chain {
    document: GenesisDocument,
    database: Database,
    state: MemoryState,
    parent: BlockId,
    now: BlockTime,
    keys: u8,
    escrow: CodeBytes,
    _folder: TempDir,
}

fn buyer() -> AccountId {
    seed::account("HARBHKHH", "hk-merchant")
}

fn seller() -> AccountId {
    seed::account("MERLSGSG", "sg-supplier")
}

fn bank(bic: &str) -> Bic {
    bic.parse().unwrap()
}

fn list<T: Clone, const MAX: usize>(items: &[T]) -> Bounded<T, MAX> {
    Bounded::new(items.to_vec()).unwrap()
}

fn called(instance: InstanceId, (state, clause): (u8, u8)) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Instance(instance),
        state,
        clause,
        caller: None,
        arguments: Bounded::default(),
        attestations: Bounded::default(),
    })
}

impl Chain {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let document = ceremony::devnet().unwrap().document().unwrap();
        let Opened { database, state, tip } = Database::open(folder.path(), &document, 1).unwrap();
        let text = seaway_contracts::text_of("Escrow").unwrap();
        let escrow = seaway_vm::text::read(text).unwrap().code.bytes().unwrap();
        let (parent, now) = (tip.id, document.time);
        Self { document, database, state, parent, now, keys: 0, escrow, _folder: folder }
    }

    fn key(&mut self) -> InstructionKey {
        self.keys += 1;
        InstructionKey([self.keys; 16])
    }

    fn signed(&self, submitter: Submitter, key: InstructionKey, signer: &str, body: Body) -> AuthenticInstruction {
        let valid_until = self.now.after_ms(HOUR_MS / 6);
        let envelope = Envelope { network: self.document.network, submitter, key, valid_until, body };
        let raw = RawInstruction::from(&envelope.sign(&[seed::secret_key(signer)]));
        raw.decode().and_then(DecodedInstruction::authenticate).unwrap()
    }

    /// An instruction of the buyer.
    fn of_buyer(&mut self, body: Body) -> AuthenticInstruction {
        let key = self.key();
        self.signed(Submitter::Account(buyer()), key, "hk-merchant", body)
    }

    /// An escrow over 1000.00 HKD that is over in two hours; the bank in London arbitrates.
    fn terms(&self) -> Terms {
        Terms {
            code: self.escrow.hash(),
            parties: list(&[buyer(), seller()]),
            panels: list(&[list(&[Submitter::Participant(bank("THAMGB2L"))])]),
            assets: list(&[AssetId(1)]),
            parameters: list(&[
                Value::Money(Amount::new(100_000).unwrap()),
                Value::Time(self.now.after_ms(HOUR_MS)),
                Value::Time(self.now.after_ms(2 * HOUR_MS)),
            ]),
        }
    }

    /// Opens an escrow and funds it, in one instruction.
    fn opened(&mut self) -> (InstanceId, AuthenticInstruction) {
        let (key, submitter) = (self.key(), Submitter::Account(buyer()));
        let id = InstanceId::of_opening(&submitter, &key, 0);
        let uetr = Uetr::from_random(key.0);
        let open = Leg::OpenContract(OpenContract { terms: self.terms(), uetr });
        let body = Body::Bundle(list(&[open, called(id, (0, 0))]));
        (id, self.signed(submitter, key, "hk-merchant", body))
    }

    /// Executes a block so long after the one before, stores it, and returns its receipts.
    fn block(&mut self, later_ms: u64, instructions: Vec<AuthenticInstruction>) -> Vec<Receipt> {
        self.now = self.now.after_ms(later_ms);
        let (height, time) = (Height(self.state.tip().height.0 + 1), self.now);
        let context = BlockContext { height, time };
        let executed = execute_block(&self.state, self.state.commitment(), context, &instructions).unwrap();
        let header = BlockHeader {
            network: self.document.network,
            height,
            parent: self.parent,
            time,
            version: seaway_ledger::VERSION,
            body_root: Hash32::ZERO,
            state_root: executed.state_root(),
            receipts_root: executed.receipts_root(),
            validators: Hash32::ZERO,
            next_validators: Hash32::ZERO,
        };
        let raw = instructions.iter().map(|one| one.raw().clone()).collect();
        let block = Block { header, parent_certificate: None, instructions: Bounded::new(raw).unwrap() };
        self.parent = header.id();
        let signatures = Bounded::default();
        let certificate = Certificate { height, round: Round(0), block: self.parent, signatures };
        let applied = executed.apply(&mut self.state);
        let answered = (applied.receipts.clone(), applied.outcomes.clone(), applied.events.clone());
        self.database.persist(&Decided { block: FinalBlock { block, certificate }, instructions, applied }).unwrap();
        let BlockReceipts { receipts, outcomes, events } = self.database.receipts(height).unwrap().unwrap();
        assert_eq!((receipts.clone(), outcomes, events), answered, "what is stored is what was answered");
        receipts
    }

    fn number(&self) {
        let mut agents = Agents::default();
        while self.database.number_feed(self.state.tip().height, &mut agents).unwrap() {}
    }

    /// A participant's events of numbers above one: the height and what happened. The numbers follow each other.
    fn told(&self, bic: &str, after: u64, count_max: usize) -> Vec<(u64, FeedWhat)> {
        let found = self.database.feed(&bank(bic), after, count_max, &mut Agents::default()).unwrap();
        let numbers: Vec<u64> = found.iter().map(|event| event.number).collect();
        assert_eq!(numbers, (after + 1..).take(found.len()).collect::<Vec<u64>>());
        found.into_iter().map(|event| (event.height.0, event.what)).collect()
    }
}

/// Two escrows, one that runs out and one that is released, and an offer that nobody took.
fn lived(number_each: bool) -> Chain {
    let mut chain = Chain::new();
    let number = |chain: &Chain| {
        if number_each {
            chain.number();
        }
    };
    let done = |receipts: Vec<Receipt>| {
        let is_done =
            |one: &Receipt| matches!(one, Receipt::Instruction(answered) if answered.status == Status::Accc);
        assert!(receipts.len() == 1 && is_done(&receipts[0]), "{receipts:?}");
    };
    let (harbour, key) = (Submitter::Participant(bank("HARBHKHH")), chain.key());
    let register = Leg::RegisterCode(RegisterCode { by: bank("HARBHKHH"), code: chain.escrow.clone() });
    let register = chain.signed(harbour, key, "HARBHKHH", Body::Single(register));
    done(chain.block(1_000, vec![register]));
    number(&chain);
    let (_, open) = chain.opened();
    done(chain.block(1_000, vec![open]));
    number(&chain);
    let passed = chain.block(3 * HOUR_MS, Vec::new());
    assert!(matches!(passed[..], [Receipt::Act(BlockAct::DeadlinePassed { .. })]), "{passed:?}");
    number(&chain);
    let (id, open) = chain.opened();
    done(chain.block(1_000, vec![open]));
    let release = chain.of_buyer(Body::Single(called(id, (1, 0))));
    done(chain.block(1_000, vec![release]));
    let offer = Offer {
        network: chain.document.network,
        terms: chain.terms(),
        maker: 0,
        takers: Bounded::default(),
        not_after: chain.now.after_ms(HOUR_MS),
        nonce: chain.key(),
        uetr: Uetr::from_random([99; 16]),
    };
    let withdraw = chain.of_buyer(Body::Single(Leg::WithdrawOffer(WithdrawOffer { offer })));
    done(chain.block(1_000, vec![withdraw]));
    chain.number();
    chain
}

fn contract(place: usize) -> FeedWhat {
    FeedWhat::Contract { receipt: 0, place }
}

#[test]
fn what_a_contract_does_is_told_to_whom_it_concerns() {
    let chain = lived(true);
    let (answered, paid) = (FeedWhat::Answered { receipt: 0 }, |account| FeedWhat::Booked { account, place: 0 });
    let of_buyers_bank = [
        (1, answered),
        // Opened and funded: what lies in a contract is the buyer's still, and nothing is booked.
        (2, answered),
        (2, contract(0)),
        (2, contract(1)),
        // Run out: told once, as what the contract did.
        (3, contract(0)),
        (4, answered),
        (4, contract(0)),
        (4, contract(1)),
        // Released: first what was booked, then the answer, then what the contract did.
        (5, paid(buyer())),
        (5, answered),
        (5, contract(0)),
        (6, answered),
        (6, contract(0)),
    ];
    assert_eq!(chain.told("HARBHKHH", 0, 100), of_buyers_bank);
    // The withdrawn offer named the seller and the arbiter, and they were never asked: it does not concern them.
    let of_arbiter =
        [(2, contract(0)), (2, contract(1)), (3, contract(0)), (4, contract(0)), (4, contract(1)), (5, contract(0))];
    assert_eq!(chain.told("THAMGB2L", 0, 100), of_arbiter);
    let mut of_sellers_bank = of_arbiter.to_vec();
    of_sellers_bank.insert(5, (5, paid(seller())));
    assert_eq!(chain.told("MERLSGSG", 0, 100), of_sellers_bank);
    assert!(chain.told("HUDSUS33", 0, 100).is_empty());
}

#[test]
fn of_a_bulk_those_who_must_accept_are_told_credit_by_credit() {
    let mut chain = Chain::new();
    // One account does not exist, and one amount is large enough to wait for its creditor's agent.
    let creditor = |n: u8| if n == 3 { AccountId([9; 16]) } else { seller() };
    let amount = |n: u8| if n == 5 { 60_000_000 } else { 100 };
    let credits = (0..20).map(|n| credit(n, creditor(n), "MERLSGSG", amount(n))).collect();
    let bulk = transfer_of(buyer(), AssetId(1), credits);
    let bulk = chain.of_buyer(Body::Single(bulk));
    chain.block(1_000, vec![bulk]);
    let outcomes = chain.database.receipts(Height(1)).unwrap().unwrap().outcomes;
    let became = |status| -> Vec<usize> {
        let credits = outcomes[0].1.iter().enumerate();
        credits.filter(|(_, one)| one.status == status).map(|(place, _)| place).collect()
    };
    assert_eq!((became(Status::Rjct), became(Status::Pdng)), (vec![3], vec![5]));
    chain.number();
    let told = chain.told("MERLSGSG", 0, 100);
    assert_eq!(told.last(), Some(&(1, FeedWhat::Waits { receipt: 0, credit: 5 })));
    assert_eq!(told.len(), 19, "18 were booked");
}

#[test]
fn numbers_are_the_same_whenever_they_are_given_and_however_they_are_read() {
    let (one, other) = (lived(true), lived(false));
    for bic in ["HARBHKHH", "MERLSGSG", "THAMGB2L", "HUDSUS33"] {
        let all = one.told(bic, 0, 100);
        assert_eq!(other.told(bic, 0, 100), all, "{bic}");
        for after in 0..all.len() {
            let page = one.told(bic, after as u64, 2);
            assert_eq!(page, all[after..(after + 2).min(all.len())], "{bic} after {after}");
        }
        assert!(one.told(bic, all.len() as u64, 2).is_empty());
    }
}
