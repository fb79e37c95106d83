use super::*;
use crate::state::{MemoryState, Overlay, Tip};
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::contract::{InstanceId, Terms};
use seaway_types::hash::Hash32;
use seaway_types::state::{Pot, Stage};
use seaway_types::time::{BlockTime, Height};

const ASSET: AssetId = AssetId(7);

fn account(number: u8) -> AccountId {
    AccountId([number; 16])
}

fn money(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// An instance between accounts 1 and 2, with so much in the pot of each.
fn instance(pots: [u64; 2]) -> Instance {
    let pot = |(party, units): (u8, u64)| Pot { party, asset: 0, amount: money(units) };
    let terms = Terms {
        code: Hash32::ZERO,
        parties: Bounded::new(vec![account(1), account(2)]).unwrap(),
        panels: Bounded::default(),
        assets: Bounded::new(vec![ASSET]).unwrap(),
        parameters: Bounded::default(),
    };
    Instance {
        terms: terms.into(),
        uetr: "00000000-0000-4000-8000-000000000000".parse().unwrap(),
        not_after: None,
        named_takers: false,
        stage: Stage::Live { state: 0, entry: 0, entered: BlockTime::default(), deadline: BlockTime::default() },
        variables: Bounded::default(),
        pots: Bounded::new((0..).zip(pots).filter(|(_, units)| *units > 0).map(pot).collect()).unwrap(),
        approvals: Bounded::default(),
    }
}

/// What a block says of conservation that leaves so much in the pots, in contracts on the balances, and in the totals.
fn asked(pots: [u64; 2], balances: [u64; 2], total: u128) -> Result<(), Fault> {
    let state = MemoryState::new(Tip { height: Height(0), time: BlockTime::default() }, 1);
    let mut overlay = Overlay::new(&state);
    overlay.put(InstanceId([9; 32]), Some(instance(pots))).unwrap();
    for (number, units) in (1..).zip(balances) {
        let balance = Balance { in_contracts: money(units), ..Balance::default() };
        overlay.put((account(number), ASSET), (!balance.is_zero()).then_some(balance)).unwrap();
    }
    let totals = Totals { issued: total, in_contracts: total, ..Totals::default() };
    overlay.put(ASSET, Some(totals)).unwrap();
    check(&overlay.changes().records)
}

#[test]
fn pots_are_held_against_their_owners_balances() {
    assert_eq!(asked([30, 70], [30, 70], 100), Ok(()));
    // The sums are right; whose money it is, is not.
    assert_eq!(
        asked([70, 30], [30, 70], 100),
        Err(Fault::PotsDiffer { owner: account(1), asset: ASSET, surplus: 40 })
    );
    assert_eq!(
        asked([30, 0], [30, 70], 100),
        Err(Fault::PotsDiffer { owner: account(2), asset: ASSET, surplus: -70 })
    );
}

#[test]
fn balances_are_held_against_the_totals() {
    assert_eq!(
        asked([30, 70], [30, 70], 99),
        Err(Fault::TotalsDiffer { asset: ASSET, field: Field::InContracts, balances: 100, totals: 99 })
    );
}
