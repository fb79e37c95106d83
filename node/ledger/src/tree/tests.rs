//! The tree against its plain definition, and its proofs against everything that they must not prove.

use super::slot::{leaf, subtree_root};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A key from a small space: its first bits spread over the slots, and many share long beginnings, so that leaves meet, part, and
/// sit deep.
fn key(n: u16) -> Hash32 {
    let mut bytes = [0; 32];
    bytes[0] = (n as u8 & 0b0001_1111) << 3 | (n >> 8) as u8 & 1;
    bytes[1] = n as u8 & 0b1000_0000;
    bytes[20] = n as u8 & 0b0110_0000;
    bytes[31] = (n >> 9) as u8 & 1;
    Hash32(bytes)
}

fn value(n: u16) -> Hash32 {
    Hash32([n as u8 | 1; 32])
}

fn plain_root(model: &BTreeMap<Hash32, Hash32>) -> Hash32 {
    let leaves: Vec<Leaf> = model.iter().map(|(key, value)| leaf(key, value)).collect();
    subtree_root(&leaves, 0)
}

/// The same changes to the model.
fn follow(model: &mut BTreeMap<Hash32, Hash32>, changes: &BTreeMap<Hash32, Option<Hash32>>) {
    for (key, value) in changes {
        match value {
            Some(value) => model.insert(*key, *value),
            None => model.remove(key),
        };
    }
}

fn check_against(tree: &Tree, model: &BTreeMap<Hash32, Hash32>) {
    assert_eq!(tree.root(), plain_root(model));
    assert_eq!(tree.len(), model.len());
    for probe in (0..0x400u16).step_by(11).map(key) {
        let path = tree.path(&probe);
        assert_eq!(tree.get(&probe), model.get(&probe).copied());
        match model.get(&probe) {
            Some(value) => {
                assert_eq!(path.root_with(&probe, value), Some(tree.root()));
                assert_eq!(path.root_without(&probe), None);
                assert_ne!(path.root_with(&probe, &Hash32([0xee; 32])), Some(tree.root()));
            }
            None => {
                assert_eq!(path.root_without(&probe), Some(tree.root()));
                assert_eq!(path.root_with(&probe, &self::value(1)), None);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn blocks_of_changes_lead_to_the_plain_root(
        depth in 0usize..7,
        blocks in proptest::collection::vec(proptest::collection::btree_map(0u16..0x400, proptest::option::weighted(0.7, 0u16..9), 0..60), 1..8)
    ) {
        let mut model = BTreeMap::new();
        let mut tree = Tree::with_depth(depth);
        for block in blocks {
            let changes: BTreeMap<Hash32, Option<Hash32>> = block.into_iter().map(|(k, v)| (key(k), v.map(value))).collect();
            let reversed: Changes = changes.clone().into_iter().rev().collect();
            let before = tree.root();
            follow(&mut model, &changes);
            let update = tree.prepare(&changes.into_iter().collect());
            let announced = update.root();
            prop_assert_eq!(announced, tree.prepare(&reversed).root(), "order of changes");
            prop_assert_eq!(tree.root(), before, "preparing changes nothing");
            tree.apply(update);
            prop_assert_eq!(announced, tree.root());
            check_against(&tree, &model);
        }
    }
}

/// A key anywhere, as most are.
fn spread(n: u16) -> Hash32 {
    seaway_types::state::value_hash(&n.to_le_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn mixed_changes_over_many_slots_lead_to_the_plain_root(
        first in 0u16..1500,
        blocks in proptest::collection::vec(proptest::collection::btree_map(0u16..2000, proptest::option::weighted(0.6, 0u16..9), 0..200), 1..6)
    ) {
        let mut model: BTreeMap<Hash32, Hash32> = (0..first).map(|n| (spread(n), value(n))).collect();
        let mut tree = Tree::default();
        let update = tree.prepare(&model.iter().map(|(key, value)| (*key, Some(*value))).collect());
        tree.apply(update);
        for block in blocks {
            // New keys, new values, keys that go, and keys that go without having been there.
            let changes: BTreeMap<Hash32, Option<Hash32>> = block.into_iter().map(|(k, v)| (spread(k), v.map(value))).collect();
            let update = tree.prepare(&changes.iter().map(|(key, value)| (*key, *value)).collect());
            let announced = update.root();
            tree.apply(update);
            prop_assert_eq!(announced, tree.root());
            follow(&mut model, &changes);
            prop_assert_eq!(tree.root(), plain_root(&model));
            prop_assert_eq!(tree.len(), model.len());
            for key in (0..2000).step_by(37).map(spread) {
                prop_assert_eq!(tree.get(&key), model.get(&key).copied());
                let path = tree.path(&key);
                let proven = match model.get(&key) {
                    Some(value) => path.root_with(&key, value),
                    None => path.root_without(&key),
                };
                prop_assert_eq!(proven, Some(tree.root()));
            }
        }
    }
}

#[test]
fn growing_and_shrinking_keeps_the_root() {
    let keys: Vec<Hash32> = (0..3000u32).map(|n| seaway_types::state::value_hash(&n.to_le_bytes())).collect();
    let mut tree = Tree::default();
    let mut model = BTreeMap::new();
    for part in keys.chunks(250) {
        let changes: Changes = part.iter().map(|key| (*key, Some(value(3)))).collect();
        model.extend(part.iter().map(|key| (*key, value(3))));
        let update = tree.prepare(&changes);
        tree.apply(update);
        assert_eq!(tree.root(), plain_root(&model));
    }
    assert!(tree.dense.depth() >= 8, "grew to {} levels", tree.dense.depth());
    for part in keys.chunks(250) {
        let changes: Changes = part.iter().map(|key| (*key, None)).collect();
        part.iter().for_each(|key| assert!(model.remove(key).is_some()));
        let update = tree.prepare(&changes);
        tree.apply(update);
        assert_eq!(tree.root(), plain_root(&model));
    }
    assert_eq!((tree.dense.depth(), tree.root(), tree.is_empty()), (0, Hash32::ZERO, true));
}

#[test]
fn a_path_for_one_key_proves_nothing_about_another() {
    let mut tree = Tree::default();
    let leaves: BTreeMap<Hash32, Hash32> = (0..200).map(|n| (key(n), value(n))).collect();
    let update = tree.prepare(&leaves.into_iter().map(|(key, value)| (key, Some(value))).collect());
    tree.apply(update);
    let (present, absent) = (key(5), key(0x3ff));
    assert_eq!(tree.path(&present).root_without(&absent).filter(|root| *root == tree.root()), None);
    let mut shorter = tree.path(&present);
    shorter.siblings = shorter.siblings[1..].to_vec().try_into().unwrap();
    assert_ne!(shorter.root_with(&present, &value(5)), Some(tree.root()));
}
