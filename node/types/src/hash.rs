//! BLAKE3 with domain separation: a hash made for one purpose can never be taken for a hash of another.
//!
//! Each [`Domain`] is a key derived from its own context string (BLAKE3, section 2.3, `derive_key`), so that two domains
//! behave as two unrelated hash functions. All contexts stand in one list here.
//!
//! Pairs of hashes and state keys filled up are always exactly 64 bytes, one BLAKE3 block. [`Domain::hash_blocks`] hashes
//! many such blocks in one go with the machine's vector units, [`Messages`] values of any length; tests hold both equal to
//! the plain function.

mod messages;

use crate::identifier::hex_bytes;
pub use messages::Messages;
pub(crate) use messages::block;
use std::sync::LazyLock;

hex_bytes! {
    /// A 32-byte hash.
    Hash32, 32
}

impl Hash32 {
    /// All zero: stands for "nothing" in trees.
    pub const ZERO: Self = Self([0; 32]);
}

/// What a hash is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Domain {
    /// What the parties of an instruction sign: its canonical bytes without signatures.
    InstructionDigest,
    /// What proposals and blocks name: canonical bytes with signatures.
    InstructionWire,
    /// The body without its envelope.
    InstructionBody,
    /// What a creditor's agent signs ahead to accept a credit.
    Acceptance,
    /// Derives a hold's id from the instruction that reserved it.
    HoldId,
    /// Derives an account id from the agent's salt and its own reference.
    AccountId,
    /// The genesis document without signatures.
    Genesis,
    /// What a validator signs to approve a genesis document.
    GenesisApproval,
    /// What a joining validator signs to prove that it holds its keys.
    KeyPossession,
    /// The key of a leaf in the state tree.
    StateKey,
    /// The value of a leaf in the state tree.
    StateValue,
    /// A leaf of the state tree.
    StateLeaf,
    /// An inner node of the state tree.
    StateNode,
    /// The root over the parts of the state.
    StateRoot,
    /// The running hash over the entries of the index beside the tree.
    IndexEntries,
    /// A leaf of a receipts or outcomes tree.
    ReceiptLeaf,
    /// An inner node of a receipts or outcomes tree.
    ReceiptNode,
    /// The coefficients of a batch verification.
    BatchCoefficients,
    /// The published keys and salts of the devnet.
    DevnetSeed,
    /// A block's id, from its header.
    BlockHeader,
    /// A block's body.
    BlockBody,
    /// A set of validators, as headers name it.
    ValidatorSet,
    /// What a validator signs as its vote.
    Vote,
    /// What a proposer signs.
    Proposal,
    /// What a client signs to show a node that it holds a key.
    AccessChallenge,
    /// The root of a receipts or outcomes tree: its top and its number of leaves.
    ReceiptRoot,
    /// The instruction key of an ISO 20022 message, and the id of an answer to one.
    IsoMessage,
    /// Salted hash of the party data that travels beside the ledger.
    PartyData,
    /// Salted hash of the remittance information that travels beside the ledger.
    Remittance,
    /// The list that a cursor belongs to.
    Cursor,
    /// Derives the salt of a message's hashes from a secret of who sends it.
    MessageSalt,
    /// A contract's code, by which it is stored and named.
    ContractCode,
    /// Derives an instance's id from the instruction that opened it.
    ContractInstance,
    /// An offer: what its maker signs, and the id of what it opens.
    ContractOffer,
    /// The arguments of a call, for those who approve it beforehand.
    ContractArguments,
    /// What a panel signs to attest a value.
    Attestation,
    /// A contract's event: a leaf of the tree of outcomes.
    ContractEvent,
    /// What the tree keeps of an instruction.
    InstructionLeaf,
}

const DOMAINS: usize = 38;

impl Domain {
    const ALL: [Self; DOMAINS] = [
        Self::InstructionDigest,
        Self::InstructionWire,
        Self::InstructionBody,
        Self::Acceptance,
        Self::HoldId,
        Self::AccountId,
        Self::Genesis,
        Self::GenesisApproval,
        Self::KeyPossession,
        Self::StateKey,
        Self::StateValue,
        Self::StateLeaf,
        Self::StateNode,
        Self::StateRoot,
        Self::IndexEntries,
        Self::ReceiptLeaf,
        Self::ReceiptNode,
        Self::BatchCoefficients,
        Self::DevnetSeed,
        Self::BlockHeader,
        Self::BlockBody,
        Self::ValidatorSet,
        Self::Vote,
        Self::Proposal,
        Self::AccessChallenge,
        Self::ReceiptRoot,
        Self::IsoMessage,
        Self::PartyData,
        Self::Remittance,
        Self::Cursor,
        Self::MessageSalt,
        Self::ContractCode,
        Self::ContractInstance,
        Self::ContractOffer,
        Self::ContractArguments,
        Self::Attestation,
        Self::ContractEvent,
        Self::InstructionLeaf,
    ];

    /// The context string from which the domain's key is derived.
    pub const fn context(self) -> &'static str {
        match self {
            Self::InstructionDigest => "seaway v1 instruction digest",
            Self::InstructionWire => "seaway v1 instruction wire id",
            Self::InstructionBody => "seaway v1 instruction body",
            Self::Acceptance => "seaway v1 acceptance signed ahead",
            Self::HoldId => "seaway v1 hold id",
            Self::AccountId => "seaway v1 account id",
            Self::Genesis => "seaway v1 genesis document",
            Self::GenesisApproval => "seaway v1 genesis approval",
            Self::KeyPossession => "seaway v1 proof of key possession",
            Self::StateKey => "seaway v1 state key",
            Self::StateValue => "seaway v1 state value",
            Self::StateLeaf => "seaway v1 state leaf",
            Self::StateNode => "seaway v1 state node",
            Self::StateRoot => "seaway v1 state root",
            Self::IndexEntries => "seaway v1 index entries",
            Self::ReceiptLeaf => "seaway v1 receipt leaf",
            Self::ReceiptNode => "seaway v1 receipt node",
            Self::BatchCoefficients => "seaway v1 batch coefficients",
            Self::DevnetSeed => "seaway v1 devnet seed",
            Self::BlockHeader => "seaway v1 block header",
            Self::BlockBody => "seaway v1 block body",
            Self::ValidatorSet => "seaway v1 validator set",
            Self::Vote => "seaway v1 vote",
            Self::Proposal => "seaway v1 proposal",
            Self::AccessChallenge => "seaway v1 access challenge",
            Self::ReceiptRoot => "seaway v1 receipt root",
            Self::IsoMessage => "seaway v1 iso 20022 message",
            Self::PartyData => "seaway v1 party data",
            Self::Remittance => "seaway v1 remittance",
            Self::Cursor => "seaway v1 cursor",
            Self::MessageSalt => "seaway v1 message salt",
            Self::ContractCode => "seaway v1 contract code",
            Self::ContractInstance => "seaway v1 contract instance",
            Self::ContractOffer => "seaway v1 contract offer",
            Self::ContractArguments => "seaway v1 contract arguments",
            Self::Attestation => "seaway v1 attestation",
            Self::ContractEvent => "seaway v1 contract event",
            Self::InstructionLeaf => "seaway v1 instruction leaf",
        }
    }

    /// The domain's key: 32 bytes derived from its context.
    pub fn key(self) -> &'static [u8; 32] {
        static KEYS: LazyLock<[[u8; 32]; DOMAINS]> =
            LazyLock::new(|| Domain::ALL.map(|domain| blake3::derive_key(domain.context(), b"")));
        let keys: &'static [[u8; 32]; DOMAINS] = &KEYS;
        // The discriminants count up from zero and `ALL` lists every one, which a test checks.
        keys.get(self as usize).unwrap_or(&keys[0])
    }

    /// The hash of bytes in this domain.
    pub fn hash(self, bytes: &[u8]) -> Hash32 {
        Hash32(*blake3::keyed_hash(self.key(), bytes).as_bytes())
    }

    /// The hash of two hashes, side by side.
    pub fn hash_pair(self, left: &Hash32, right: &Hash32) -> Hash32 {
        self.hash(&block_of(left, right))
    }

    /// A hasher for long inputs.
    pub fn hasher(self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(self.key())
    }

    /// The hashes of many 64-byte blocks, each equal to [`Domain::hash`] of that block, appended to `hashes`.
    pub fn hash_blocks<'b>(self, blocks: impl IntoIterator<Item = &'b [u8; 64]>, hashes: &mut Vec<Hash32>) {
        let blocks = blocks.into_iter();
        hashes.reserve(blocks.size_hint().0);
        self.hash_equal(blocks, |some| hashes.extend(some.iter().map(|hash| Hash32(*hash))));
    }

    /// The hashes of many messages of one length, handed out some at a time in their order. The length is a number of whole
    /// blocks of 64 bytes, 16 at most.
    fn hash_equal<'b, const N: usize>(
        self,
        messages: impl IntoIterator<Item = &'b [u8; N]>,
        mut give: impl FnMut(&[[u8; 32]]),
    ) {
        const LANES: usize = blake3::platform::MAX_SIMD_DEGREE;
        // Flags of a keyed message of a single chunk: BLAKE3 paper, table 3.
        const CHUNK_START: u8 = 1 << 0;
        const CHUNK_END: u8 = 1 << 1;
        const ROOT: u8 = 1 << 3;
        const KEYED_HASH: u8 = 1 << 4;
        const { assert!(N > 0 && N.is_multiple_of(64) && N <= 1024) };
        static PLATFORM: LazyLock<blake3::platform::Platform> = LazyLock::new(blake3::platform::Platform::detect);
        let mut key = [0u32; 8];
        for (word, bytes) in key.iter_mut().zip(self.key().as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut messages = messages.into_iter();
        let mut out = [0u8; LANES * 32];
        let mut hash = |inputs: &[&[u8; N]]| {
            let no = blake3::IncrementCounter::No;
            PLATFORM.hash_many(inputs, &key, 0, no, KEYED_HASH, CHUNK_START, CHUNK_END | ROOT, &mut out);
            give(out.as_chunks::<32>().0.get(..inputs.len()).unwrap_or_default());
        };
        let mut last;
        let mut lanes: [&[u8; N]; LANES] = [&[0; N]; LANES];
        loop {
            let mut filled = 0;
            for (lane, message) in lanes.iter_mut().zip(&mut messages) {
                *lane = message;
                filled += 1;
            }
            if filled == LANES {
                hash(&lanes);
                continue;
            }
            if filled == 0 {
                return;
            }
            // With two or four inputs left, the library's vector code reads up to 48 bytes behind some of them, which may
            // be the end of mapped memory: a fault, seen to happen. Here another message always follows.
            last = [[0; N]; LANES + 1];
            for (place, lane) in last.iter_mut().zip(lanes.iter().take(filled)) {
                *place = **lane;
            }
            for (lane, place) in lanes.iter_mut().zip(&last) {
                *lane = place;
            }
            return hash(lanes.split_at(filled).0);
        }
    }
}

/// Two hashes as one 64-byte block.
pub fn block_of(left: &Hash32, right: &Hash32) -> [u8; 64] {
    let mut block = [0; 64];
    let (first, second) = block.split_at_mut(32);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_domain_has_a_key_of_its_own() {
        let mut keys: Vec<_> = Domain::ALL.iter().map(|domain| domain.key()).collect();
        for (index, domain) in Domain::ALL.iter().enumerate() {
            assert_eq!(*domain as usize, index);
            assert_eq!(*domain.key(), blake3::derive_key(domain.context(), b""));
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), DOMAINS);
    }

    #[test]
    fn many_at_once_equals_one_by_one() {
        for count in [0, 1, 2, 7, 8, 15, 16, 17, 100] {
            let blocks: Vec<[u8; 64]> = (0..count).map(|n| std::array::from_fn(|i| (n * 31 + i) as u8)).collect();
            let mut hashes = Vec::new();
            Domain::StateNode.hash_blocks(&blocks, &mut hashes);
            let plain: Vec<_> = blocks.iter().map(|block| Domain::StateNode.hash(block)).collect();
            assert_eq!(hashes, plain, "{count} blocks");
        }
    }
}
