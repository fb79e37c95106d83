//! The keys of the database, all in one place.

use seaway_types::Uetr;
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::block::Round;
use seaway_types::codec;
use seaway_types::contract::InstanceId;
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::party::Told;
use seaway_types::state::IndexKey;
use seaway_types::time::Height;

/// Column families.
pub const STATE: &str = "state";
/// The index beside the state tree.
pub const INDEX: &str = "index";
/// Leaves of the window, by minute.
pub const LEAVES: &str = "leaves";
/// Timers.
pub const TIMERS: &str = "timers";
/// Decided blocks with a certificate.
pub const BLOCKS: &str = "blocks";
/// Receipts and outcomes of a block.
pub const RECEIPTS: &str = "receipts";
/// Movements of money on an account in a block.
pub const ENTRIES: &str = "entries";
/// The assets that an account ever held.
pub const HELD: &str = "held";
/// Calendars of assets, by the height of the block that set them.
pub const CALENDARS: &str = "calendars";
/// The accounts on which a block booked something, and how often: what the feed is numbered from.
pub const BOOKED: &str = "booked";
/// The feed: which numbers of a participant's lie in which block.
pub const FEED: &str = "feed";
/// Positions of a contract's events in a block.
pub const CONTRACTS: &str = "contracts";
/// Contracts of an account and of a UETR, and who may read of a contract.
pub const PARTIES: &str = "parties";
/// Headers that changed the set of validators, for lineages in proofs.
pub const LINEAGE: &str = "lineage";
/// Proofs of what validators did.
pub const EVIDENCE: &str = "evidence";
/// Sealed party data by payment, and which of it waits for its payment.
pub const BESIDE: &str = "beside";
/// Party data that is still to be handed to other nodes: by node, then by payment.
pub const OUTBOX: &str = "outbox";
/// The tip and what this database is.
pub const META: &str = "meta";

/// All of them.
pub const FAMILIES: [&str; 18] = [
    STATE, INDEX, LEAVES, TIMERS, BLOCKS, RECEIPTS, ENTRIES, HELD, CALENDARS, BOOKED, FEED, CONTRACTS, PARTIES,
    LINEAGE, EVIDENCE, BESIDE, OUTBOX, META,
];

/// The tip.
pub const TIP: &[u8] = b"tip";
/// The genesis hash.
pub const GENESIS: &[u8] = b"genesis";
/// The height up to which the feed is numbered.
pub const FED: &[u8] = b"fed";
/// The layout of the database.
pub const LAYOUT: &[u8] = b"layout";

/// A height, in the order of heights.
pub fn height(height: Height) -> [u8; 8] {
    height.0.to_be_bytes()
}

/// A leaf: its minute first, so that a minute is dropped as one range.
pub fn leaf(minute: u64, place: &Hash32) -> Vec<u8> {
    [minute.to_be_bytes().as_slice(), place.as_bytes()].concat()
}

/// An account's entries of a block: in the order of heights.
pub fn entries(account: &AccountId, at: Height) -> Vec<u8> {
    [account.as_bytes().as_slice(), &height(at)].concat()
}

/// An asset that an account holds or held.
pub fn held(account: &AccountId, asset: AssetId) -> Vec<u8> {
    [account.as_bytes().as_slice(), &asset.0.to_be_bytes()].concat()
}

/// The calendar of an asset that a block set: in the order of heights.
pub fn calendar(asset: AssetId, at: Height) -> Vec<u8> {
    [asset.0.to_be_bytes().as_slice(), &height(at)].concat()
}

/// A participant's events of a block, by the number of the first: in the order of numbers.
pub fn feed(participant: &Bic, first: u64) -> Vec<u8> {
    [codec::encode(participant).as_slice(), &first.to_be_bytes()].concat()
}

/// A contract's events of a block: in the order of heights.
pub fn contract(instance: &InstanceId, at: Height) -> Vec<u8> {
    [instance.as_bytes().as_slice(), &height(at)].concat()
}

/// A contract of an account.
pub fn party(account: &AccountId, instance: &InstanceId) -> Vec<u8> {
    [contracts_of(account).as_slice(), instance.as_bytes()].concat()
}

/// Where the contracts of an account begin.
pub fn contracts_of(account: &AccountId) -> Vec<u8> {
    [b"a".as_slice(), account.as_bytes()].concat()
}

/// A contract with a UETR.
pub fn named(uetr: &Uetr, instance: &InstanceId) -> Vec<u8> {
    [contracts_named(uetr).as_slice(), instance.as_bytes()].concat()
}

/// Where the contracts with a UETR begin.
pub fn contracts_named(uetr: &Uetr) -> Vec<u8> {
    [b"u".as_slice(), uetr.as_bytes()].concat()
}

/// Who may read of a contract.
pub fn readers(instance: &InstanceId) -> Vec<u8> {
    [b"r".as_slice(), instance.as_bytes()].concat()
}

/// What proves misbehaviour: height, round, and a number.
pub fn evidence(at: Height, round: Round, number: u32) -> Vec<u8> {
    [height(at).as_slice(), &round.0.to_be_bytes(), &number.to_be_bytes()].concat()
}

/// A payment under a tag: by UETR first.
fn of_payment(tag: u8, payment: &PaymentKey) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(tag);
    key.extend_from_slice(payment.uetr.as_bytes());
    codec::encode_into(&(payment.kind, payment.debtor_agent), &mut key);
    key
}

/// The payment in a key that is one under a tag.
fn payment_in(key: &[u8]) -> Option<PaymentKey> {
    let (uetr, rest) = key.get(1..)?.split_first_chunk::<16>()?;
    let (kind, debtor_agent) = codec::decode_own(rest).ok()?;
    Some(PaymentKey { debtor_agent, uetr: Uetr::new(*uetr).ok()?, kind })
}

/// Party data under a tag: its payment first, then which it is.
fn of_told(tag: u8, told: &Told) -> Vec<u8> {
    [of_payment(tag, &told.payment).as_slice(), told.version.as_bytes()].concat()
}

/// The party data that a key under a tag names.
pub fn told_in(key: &[u8]) -> Option<Told> {
    let (payment, version) = key.split_last_chunk::<32>()?;
    Some(Told { payment: payment_in(payment)?, version: Hash32(*version) })
}

/// Sealed party data.
pub fn beside(told: &Told) -> Vec<u8> {
    of_told(b'd', told)
}

/// Where the sealed party data of a payment begins, and where it ends.
pub fn beside_of_payment(payment: &PaymentKey) -> [Vec<u8>; 2] {
    [Hash32::ZERO, Hash32([u8::MAX; 32])].map(|version| beside(&Told { payment: *payment, version }))
}

/// Where the sealed party data of payments with a UETR begins.
pub fn beside_of(uetr: &Uetr) -> Vec<u8> {
    [b"d".as_slice(), uetr.as_bytes().as_slice()].concat()
}

/// Where the party data begins whose payments have yet to come.
pub const AWAITED: &[u8] = b"w";

/// Party data whose payment has yet to come.
pub fn awaited(told: &Told) -> Vec<u8> {
    of_told(b'w', told)
}

/// An entry of the index. Payments stand by UETR first, so that all that shares one is found together.
pub fn index(key: &IndexKey) -> Vec<u8> {
    match key {
        IndexKey::Instruction(submitter, key) => [vec![b'i'], codec::encode(&(submitter, key))].concat(),
        IndexKey::Payment(payment) => of_payment(b'p', payment),
        IndexKey::SettledLater(payment) => of_payment(b's', payment),
        IndexKey::Confirmed(payment) => of_payment(b'c', payment),
        IndexKey::Reference(issuer, reference) => [vec![b'r'], codec::encode(&(issuer, reference))].concat(),
    }
}

/// Where the credit transfers with a UETR begin in the index.
pub fn payments_of(uetr: &Uetr) -> Vec<u8> {
    [b"p".as_slice(), uetr.as_bytes().as_slice()].concat()
}
