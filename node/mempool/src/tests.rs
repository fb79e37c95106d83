//! Bounds, turns, and who may wait.

use crate::{AdmissionView, LaneAndPolicy, Pool, Refused, Room};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::identifier::{AccountId, Digest, InstructionKey};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, NetworkId, RawInstruction, Submitter};
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::{POOL_INSTRUCTIONS_MAX, POOL_LANE_DIVISOR};
use seaway_types::reason::VoidReason;
use seaway_types::signature::public_key;
use seaway_types::state::Timing;
use seaway_types::time::{BlockTime, Height};
use seaway_types::{Bic, Uetr};
use std::convert::Infallible;

/// A ledger as admission sees it: two banks, and one key that was taken.
struct Ledger;

/// The key that signs for everybody but the authority.
const SECRET: [u8; 32] = [1; 32];

const TAKEN: InstructionKey = InstructionKey([0xee; 16]);

fn network() -> NetworkId {
    "pooltest".parse().unwrap()
}

fn bank(busy: bool) -> Bic {
    if busy { "AAAAHKHH" } else { "BBBBSGSG" }.parse().unwrap()
}

impl AdmissionView for Ledger {
    type Error = Infallible;

    fn network(&self) -> NetworkId {
        network()
    }

    fn timing(&self) -> Timing {
        Timing {
            payment_validity_max_ms: 1_000,
            admin_validity_max_ms: 2_000,
            leaf_retention_ms: 1,
            acceptance_window_ms: 1,
            payment_retention_ms: 1,
        }
    }

    fn lane(&self, submitter: &Submitter) -> Result<Result<LaneAndPolicy, VoidReason>, Infallible> {
        let policy = KeyPolicy::single(public_key(&SECRET));
        Ok(match submitter {
            Submitter::Participant(bic) => Ok((Some(*bic), policy)),
            Submitter::Account(account) => Err(VoidReason::AccountUnknown { account: *account }),
            Submitter::Authority => Ok((None, KeyPolicy::single(public_key(&[2; 32])))),
        })
    }

    fn taken(&self, _: &Submitter, key: &InstructionKey) -> Result<Option<(Height, Digest)>, Infallible> {
        Ok((*key == TAKEN).then_some((Height(7), Digest([0; 32]))))
    }
}

fn time(ms: u64) -> BlockTime {
    BlockTime::from_ms(ms).unwrap()
}

fn instruction(submitter: Submitter, key: InstructionKey, valid_until: u64, amount: u64) -> AuthenticInstruction {
    let credit = Credit {
        kind: CreditKind::Customer,
        uetr: Uetr::from_random(key.0),
        end_to_end_id: "TEST".parse().unwrap(),
        creditor: AccountId([2; 16]),
        amount: Amount::new(amount).unwrap(),
        instructing_agent: bank(true),
        debtor_agent: bank(true),
        creditor_agent: bank(false),
        instructed: None,
        charge_bearer: ChargeBearer::Shared,
        charges: Bounded::default(),
        purpose: None,
        party_data_hash: None,
        remittance_hash: None,
        acceptance: None,
    };
    let transfer = CreditTransfer {
        debtor: AccountId([1; 16]),
        asset: AssetId(1),
        mode: BulkMode::AllOrNothing,
        settlement_date: None,
        credits: vec![credit].try_into().unwrap(),
    };
    let body = Body::Single(Leg::CreditTransfer(transfer));
    let envelope = Envelope { network: network(), submitter, key, valid_until: time(valid_until), body };
    RawInstruction::from(&envelope.sign(&[SECRET])).decode().unwrap().authenticate().unwrap()
}

fn key(n: u32) -> InstructionKey {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    InstructionKey(bytes)
}

fn of_bank(busy: bool, n: u32) -> AuthenticInstruction {
    instruction(Submitter::Participant(bank(busy)), key(n), 500, 1)
}

fn admit(pool: &mut Pool, instruction: AuthenticInstruction) -> Result<bool, Refused> {
    let Ok(answer) = pool.admit(&Ledger, time(100), 0, instruction);
    answer
}

#[test]
fn what_cannot_stand_in_a_block_does_not_wait() {
    let mut pool = Pool::default();
    let submitter = Submitter::Participant(bank(true));
    let refused = |pool: &mut Pool, one| admit(pool, one).unwrap_err();
    let late = instruction(submitter, key(1), 99, 1);
    assert!(matches!(refused(&mut pool, late), Refused::Void(VoidReason::Expired { .. })));
    let early = instruction(submitter, key(1), 1_101, 1);
    assert!(matches!(refused(&mut pool, early), Refused::Void(VoidReason::TooFarAhead { .. })));
    let taken = instruction(submitter, TAKEN, 500, 1);
    assert!(matches!(refused(&mut pool, taken), Refused::Void(VoidReason::KeyTaken { height: Height(7) })));
    let stranger = instruction(Submitter::Account(AccountId([9; 16])), key(1), 500, 1);
    assert!(matches!(refused(&mut pool, stranger), Refused::Void(VoidReason::AccountUnknown { .. })));
    // In another's name: valid on the curve, and by a key that does not sign for the submitter.
    let borrowed = instruction(Submitter::Authority, key(1), 500, 1);
    assert!(matches!(refused(&mut pool, borrowed), Refused::Void(VoidReason::PolicyUnmet { signed: 0, .. })));
    assert!(pool.is_empty());
}

#[test]
fn one_for_each_key_waits_and_the_same_twice_is_no_fault() {
    let mut pool = Pool::default();
    assert_eq!(admit(&mut pool, of_bank(true, 1)), Ok(true));
    assert_eq!(admit(&mut pool, of_bank(true, 1)), Ok(false));
    let other = instruction(Submitter::Participant(bank(true)), key(1), 500, 2);
    assert!(matches!(admit(&mut pool, other.clone()), Err(Refused::KeyWaits { .. })));
    assert_eq!(pool.len(), 1);
    pool.remove(&of_bank(true, 1).wire_id());
    assert_eq!(pool.bytes(), 0);
    assert_eq!(admit(&mut pool, other), Ok(true));
}

#[test]
fn a_busy_bank_neither_fills_the_pool_nor_delays_another() {
    let mut pool = Pool::default();
    let share = POOL_INSTRUCTIONS_MAX / POOL_LANE_DIVISOR;
    for n in 0..share {
        assert_eq!(admit(&mut pool, of_bank(true, n as u32)), Ok(true));
    }
    let refused = admit(&mut pool, of_bank(true, share as u32)).unwrap_err();
    assert!(matches!(&refused, Refused::LaneFull { retry_after_ms, .. } if *retry_after_ms > 0), "{refused}");
    for n in 0..10 {
        assert_eq!(admit(&mut pool, of_bank(false, n)), Ok(true), "another bank's share is its own");
    }
    let room = Room { instructions: 20, credits: 100, bytes: 1 << 20 };
    let chosen = pool.select(room);
    let of = |busy: bool| {
        let submitter = Submitter::Participant(bank(busy));
        chosen.iter().filter(|one| one.envelope().submitter == submitter).count()
    };
    assert_eq!((of(true), of(false)), (10, 10), "turns are taken");
    // What was chosen waits until it is executed.
    assert_eq!(pool.len(), share + 10);
}

#[test]
fn a_selection_keeps_each_banks_order_and_the_room() {
    let mut pool = Pool::default();
    for n in 0..6 {
        admit(&mut pool, of_bank(true, n)).unwrap();
    }
    let chosen = pool.select(Room { instructions: 4, credits: 100, bytes: 1 << 20 });
    let keys: Vec<InstructionKey> = chosen.iter().map(|one| one.envelope().key).collect();
    assert_eq!(keys, [key(0), key(1), key(2), key(3)]);
    assert_eq!(pool.select(Room { instructions: 10, credits: 2, bytes: 1 << 20 }).len(), 2);
    let size = of_bank(true, 0).raw().0.len();
    assert_eq!(pool.select(Room { instructions: 10, credits: 10, bytes: 3 * size + 1 }).len(), 3);
}

#[test]
fn what_is_over_goes_and_what_is_stuck_is_announced_again_and_again() {
    let mut pool = Pool::default();
    admit(&mut pool, of_bank(true, 1)).unwrap();
    assert_eq!(pool.overdue(0, 0, 10), []);
    let id = of_bank(true, 1).wire_id();
    assert_eq!(pool.overdue(1, 600, 10), [id]);
    assert_eq!(pool.overdue(600, 700, 10), [], "it was just announced");
    assert_eq!(pool.overdue(601, 1_200, 10), [id], "an announcement may have been lost");
    assert_eq!(pool.earliest_expiry(), Some(time(500)));
    assert!(pool.expire(time(500)).is_empty(), "at its last moment it may still be executed");
    assert_eq!(pool.expire(time(501)).len(), 1);
    assert!(pool.is_empty() && pool.select(Room::default()).is_empty());
}
