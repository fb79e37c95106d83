//! Every bound of the system in one place, each with its reason.
//!
//! A bound is a promise to whoever runs a node: memory, time and disk stay below what these numbers add up to. Changing
//! one that a decoder or an execution rule reads changes what is valid, so it is a protocol change.

/// The version of the execution rules that this program knows. 1 hashed records, receipts and places of leaves otherwise.
pub const RULES_VERSION: u32 = 2;

/// Largest amount and largest balance, in minor units: ISO 20022 amounts carry 18 digits.
pub const AMOUNT_MAX: u64 = 999_999_999_999_999_999;

/// Most credits under one signature: a pain.001 file of a large payroll run, and 1 MiB on the wire with room to spare.
pub const CREDITS_MAX: usize = 4_096;

/// Most legs in a bundle. A cross-currency payment needs two, netting among four banks twelve.
pub const BUNDLE_LEGS_MAX: usize = 16;

/// Most charge legs of one credit: each agent of a long correspondent chain may take one.
pub const CHARGES_MAX: usize = 8;

/// Most signature entries on an instruction: two policies of sixteen keys (`both` authority).
pub const SIGNATURES_MAX: usize = 32;

/// Most keys in one policy.
pub const POLICY_KEYS_MAX: usize = 16;

/// Largest encoded instruction in bytes: 4,096 credits of about 200 bytes each, and the envelope.
pub const INSTRUCTION_BYTES_MAX: usize = 1 << 20;

/// What a decoder may claim in memory for one message, in bytes. In memory a credit is about half again as large as on
/// the wire because absent options keep their room.
pub const DECODE_MEMORY_MAX: usize = 8 << 20;

/// Largest encoded genesis document in bytes: some tens of thousands of accounts.
pub const GENESIS_BYTES_MAX: usize = 16 << 20;

/// Longest identifier that ISO 20022 calls `Max35Text`, in bytes.
pub const TEXT_35: usize = 35;

/// Most instructions in a block, whatever their size: bounds the receipts tree and the reply to a peer.
pub const BLOCK_INSTRUCTIONS_MAX: usize = 16_384;

/// Most credits and legs in a block: at half a million a second, a fifth of a second of execution.
pub const BLOCK_CREDITS_MAX: usize = 100_000;

/// Passes of a proposer over the instructions that lack funds.
pub const BUILDER_PASSES_MAX: usize = 2;

/// Credits and legs that a proposer executes in all to build a block, those set aside each time included: whoever sends
/// what lacks funds costs it a bounded time.
pub const BUILDER_CREDITS_MAX: usize = 3 * BLOCK_CREDITS_MAX;

/// Instructions that a proposer puts into one block, and credits and legs: blocks follow each other without a pause, and
/// a small one is executed in a fraction of the time that validators wait for a proposal. What a block may hold is more.
pub const BUILDER_BLOCK_INSTRUCTIONS_MAX: usize = 2_048;
/// See [`BUILDER_BLOCK_INSTRUCTIONS_MAX`].
pub const BUILDER_BLOCK_CREDITS_MAX: usize = 12_288;

/// Most acts of its own that a block carries out; the rest is drained by the following blocks.
pub const BLOCK_ACTS_MAX: usize = 16_384;

/// Most accounts of one holder at one agent: the balance cap of a tier sums over them.
pub const ACCOUNTS_PER_OWNER_MAX: usize = 64;

/// Most assets of a network. Closing an account looks at each.
pub const ASSETS_MAX: usize = 1_024;

/// Most accounts in a genesis document; later ones are opened by instruction.
pub const GENESIS_ACCOUNTS_MAX: usize = 16_384;

/// Most participants of a network; the plan is for tens.
pub const PARTICIPANTS_MAX: usize = 4_096;

/// Most validators: the plan is for 4 to 64.
pub const VALIDATORS_MAX: usize = 128;

/// Most changes of the set of validators that a proof goes through: one a week for twenty years.
pub const LINEAGE_MAX: usize = 1_024;

/// Most sets of validators that matter at once: one in force, and one decided in each of the last two blocks.
pub const VALIDATOR_SETS_MAX: usize = 4;

/// Largest voting power of one validator, so that sums over [`VALIDATORS_MAX`] fit far below `u64::MAX`.
pub const POWER_MAX: u64 = 1_000_000_000;

/// Most nodes of one participant: two sites, a spare each, and an observer or two.
pub const NODES_MAX: usize = 8;

/// Most jurisdictions of one supervisor.
pub const JURISDICTIONS_MAX: usize = 64;

/// Most simultaneous freezes of one account: its agent and a handful of supervisors.
pub const FREEZES_MAX: usize = 8;

/// Most business days in a calendar: 24 months, every day of the week, and a month of overlap.
pub const CALENDAR_DAYS_MAX: usize = 800;

/// Most changes of the UTC offset in a calendar: two a year for a decade.
pub const CALENDAR_OFFSETS_MAX: usize = 24;

/// Longest life of a hold in milliseconds: a year, the longest pre-authorisation in use (deposits on rented goods).
pub const HOLD_LIFETIME_MS_MAX: u64 = 366 * DAY_MS;

/// Delay before an owner's keys set by the agent take effect, in milliseconds: three days to notice and veto.
pub const KEY_CHANGE_DELAY_MS: u64 = 3 * DAY_MS;

/// Most recall requests on one payment: a refused one may be asked again, not for ever.
pub const RECALLS_MAX: u8 = 3;

/// Most inner nodes on a path of the state tree: the length of a key in bits.
pub const TREE_DEPTH_MAX: usize = 256;

/// Most siblings on a path of a receipts tree: 2^32 leaves are beyond any block.
pub const MERKLE_PATH_MAX: usize = 32;

/// Largest block in bytes, its instructions included: what one link carries in well under a second, and below what a
/// decoder may claim.
pub const BLOCK_BYTES_MAX: usize = 6 << 20;

/// Largest frame between nodes in bytes: a block with its certificates.
pub const FRAME_BYTES_MAX: usize = BLOCK_BYTES_MAX + (1 << 20);

/// What the instructions that wait may fill in a node's memory, in bytes of their wire form.
pub const POOL_BYTES_MAX: usize = 128 << 20;

/// Void instructions that a node remembers so that it does not take them from peers again: some blocks full.
pub const LEFT_OUT_MAX: usize = 4_096;
/// For how long at most, in milliseconds, if nothing happens meanwhile.
pub const LEFT_OUT_MS: u64 = 10_000;

/// How many instructions may wait.
pub const POOL_INSTRUCTIONS_MAX: usize = 65_536;

/// The largest share of the pool that one participant's instructions may fill, as a divisor: a quarter.
pub const POOL_LANE_DIVISOR: usize = 4;

/// A day in milliseconds.
pub const DAY_MS: u64 = 86_400_000;

/// A minute in milliseconds: the grain in which instruction leaves are pruned.
pub const MINUTE_MS: u64 = 60_000;

/// Largest ISO 20022 message in bytes: a pain.001 of 4,096 credits with their addresses.
pub const ISO_MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Most elements of an ISO 20022 message: some 60 for each of 4,096 credits.
pub const ISO_ELEMENTS_MAX: usize = 262_144;

/// How deep elements may lie in an ISO 20022 message: its schemas need about fifteen.
pub const ISO_DEPTH_MAX: usize = 32;

/// Faults that are told of one message.
pub const ISO_FAULTS_MAX: usize = 100;

/// Largest contract code in bytes: the longest standard contract, a letter of credit, takes about half.
pub const CODE_BYTES_MAX: usize = 4_096;

/// Most parties of a contract.
pub const CODE_PARTIES_MAX: usize = 8;

/// Most panels of a contract.
pub const CODE_PANELS_MAX: usize = 4;

/// Most members of a panel.
pub const PANEL_MEMBERS_MAX: usize = 16;

/// Most assets of a contract.
pub const CODE_ASSETS_MAX: usize = 4;

/// Most pots of an instance: one for each party in each asset.
pub const POTS_MAX: usize = CODE_PARTIES_MAX * CODE_ASSETS_MAX;

/// Most parameters of a contract.
pub const CODE_PARAMETERS_MAX: usize = 16;

/// Most conditions on parameters.
pub const CODE_CONDITIONS_MAX: usize = 16;

/// Most variables of a contract.
pub const CODE_VARIABLES_MAX: usize = 16;

/// Most states of a contract.
pub const CODE_STATES_MAX: usize = 64;

/// Most clauses of a state.
pub const STATE_CLAUSES_MAX: usize = 8;

/// Most alternatives of who may act in a clause.
pub const CLAUSE_ACTORS_MAX: usize = 4;

/// Most arguments of a clause.
pub const CLAUSE_ARGUMENTS_MAX: usize = 8;

/// Most actions in a block of a clause, most blocks in its body, and most actions on any way through it.
pub const CLAUSE_ACTIONS_MAX: usize = 16;

/// Most elements of an expression; also the deepest stack that one needs.
pub const EXPRESSION_OPS_MAX: usize = 32;

/// Largest count in a loop by timeout.
pub const COUNTER_MAX: u16 = 600;

/// How often the states of an instance can be entered in all: each may be a deadline that a block carries out, for nothing
/// but the opening. A mandate over ten years with a collection a week and its refund windows takes about 1,900.
pub const CONTRACT_STAYS_MAX: u64 = 2_500;

/// Longest life of an instance in milliseconds: ten years.
pub const CONTRACT_LIFETIME_MS_MAX: u64 = 3_653 * DAY_MS;

/// Largest record of an instance in bytes, approvals apart.
pub const INSTANCE_BYTES_MAX: usize = 1_024;

/// Most approvals that wait in an instance.
pub const APPROVALS_MAX: usize = PANEL_MEMBERS_MAX;

/// Most accounts that an offer may name as takers.
pub const OFFER_TAKERS_MAX: usize = 16;

/// Most movements of money in one event: what a way through a clause can do, and a refund of each pot.
pub const EVENT_MOVEMENTS_MAX: usize = CLAUSE_ACTIONS_MAX + 2 * POTS_MAX;

/// What a call, an opening or a take counts toward the bounds of a block, in credits: measured, it costs as much as some.
pub const CONTRACT_COST: usize = 8;

/// What registering code counts toward the bounds of a block, in credits: verification takes some milliseconds at most.
pub const REGISTER_COST: usize = 2_048;

/// Most deadlines of contracts among a block's own acts: each may move every pot.
pub const BLOCK_DEADLINES_MAX: usize = 2_048;

/// Most quotes that a node keeps: some hundreds of each of some tens of dealers.
pub const QUOTES_MAX: usize = 4_096;

/// Most quotes of one dealer that a node keeps.
pub const QUOTES_OF_DEALER_MAX: usize = 256;

/// Longest life of a quote that nodes pass on, in milliseconds: a day.
pub const QUOTE_LIFE_MS_MAX: u64 = DAY_MS;

/// Largest signed offer in bytes: terms of an instance, and the signatures of two policies.
pub const OFFER_BYTES_MAX: usize = 8_192;

/// Largest party data of one payment in bytes: names and addresses of a dozen parties, and some hundred lines that its creditor is told.
pub const PARTY_DATA_BYTES_MAX: usize = 48 << 10;

/// Most party data that is sealed together, and its largest length in bytes: one, however long, fits.
pub const PARTY_BUNDLE_MAX: usize = 64;
/// See [`PARTY_BUNDLE_MAX`].
pub const PARTY_BUNDLE_BYTES_MAX: usize = 64 << 10;
/// The same in bytes when it is sealed: a key and a checksum more.
pub const PARTY_SEALED_BYTES_MAX: usize = PARTY_BUNDLE_BYTES_MAX + 48;

/// Payments whose party data may wait to be handed to one node: at one payment a second to a bank whose nodes are down, three days. In memory
/// and on the disk each is a name of some hundred bytes.
pub const PARTY_OUTBOX_OF_NODE_MAX: usize = 262_144;
/// The same for all nodes together, about a hundred megabytes of memory: four nodes that are down fill it. What goes to others than creditors'
/// agents takes half of it at most.
pub const PARTY_OUTBOX_MAX: usize = 1_048_576;

/// What may wait for its payments of one agent's party data: six seconds of an agent that hands in ten thousand payments a second, or sixteen of
/// its largest messages that nobody executes.
pub const PARTY_AWAITED_OF_AGENT_MAX: usize = 65_536;
/// What may wait for one payment, told of it by different messages: more than a bank that corrects a message before it is executed sends.
pub const PARTY_VERSIONS_MAX: usize = 4;
/// How long an instruction may stay valid whose party data is handed on, in milliseconds: one of a message is valid for five minutes unless its
/// signer says otherwise.
pub const PARTY_VALID_MS_MAX: u64 = 3_600_000;
/// How long party data waits for its payment, in milliseconds: an hour after the last moment at which that can come.
pub const PARTY_AWAITED_MS: u64 = 2 * PARTY_VALID_MS_MAX;
