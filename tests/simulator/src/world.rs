//! Replicas, network and time.

use crate::contracts::Contracts;
use crate::disk::{Disk, Guard};
use crate::load::Load;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_engine::{
    Action, ConsensusMessage, Event, Message, Misbehaviour, Now, Replica, Setup, Signer, Step, TipBlock, To,
    authenticate,
};
use seaway_genesis::{ceremony, seed};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::block::{BlockId, Round, SignedVote, Vote, VoteKind};
use seaway_types::bounded::Bounded;
use seaway_types::genesis::{ConsensusTiming, GenesisDocument};
use seaway_types::hash::Hash32;
use seaway_types::instruction::AuthenticInstruction;
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Ed25519Signature, Evidence, KnownKeys, public_key};
use seaway_types::state::{Validator, ValidatorSet};
use seaway_types::time::Height;
use std::collections::{BTreeMap, BTreeSet};

/// How messages fare.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Shortest delay of a link in milliseconds.
    pub delay_ms_min: u64,
    /// Longest.
    pub delay_ms_max: u64,
    /// Messages lost, per thousand.
    pub loss_permille: u32,
    /// Messages that come twice, per thousand.
    pub twice_permille: u32,
}

impl Weather {
    /// A quiet day: 8 to 12 ms, nothing lost.
    pub const FAIR: Self = Self { delay_ms_min: 8, delay_ms_max: 12, loss_permille: 0, twice_permille: 0 };
}

/// Rules that a test takes away, to show that something breaks without them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Without {
    /// The log is synced before anything is said.
    pub sync_before_saying: bool,
    /// The guard's record outlives a crash.
    pub guard: bool,
    /// Nodes tell their heights and hand out decided blocks.
    pub block_sync: bool,
}

/// A node: its disk and key outlive its replica.
pub struct Node {
    /// Runs, or has crashed.
    pub replica: Option<Replica<Disk, Guard>>,
    /// What survives.
    pub disk: Disk,
    /// Its key; observers have none.
    pub guard: Option<Guard>,
    /// What its clock on the wall says on top of true time, in milliseconds.
    pub clock_offset_ms: i64,
    /// How often it was started: events of an earlier life are dropped.
    life: u64,
}

/// The world. See the crate.
pub struct World {
    /// The genesis.
    pub document: GenesisDocument,
    /// The nodes; observers stand after the validators.
    pub nodes: Vec<Node>,
    /// How messages fare.
    pub weather: Weather,
    /// Pairs of nodes that cannot reach each other.
    pub cut: BTreeSet<(usize, usize)>,
    /// True time in milliseconds since the start.
    pub now_ms: u64,
    /// Blocks that some node was told are final, by height.
    pub finals: BTreeMap<Height, BlockId>,
    /// When each height became final first, in milliseconds since the start.
    pub final_at: BTreeMap<Height, u64>,
    /// Heights at which two blocks became final.
    pub forks: Vec<Height>,
    /// Rules that do not hold in this world.
    pub without: Without,
    /// Whether a crash takes the whole log with it.
    pub logs_get_lost: bool,
    /// A validator that says the opposite of each of its votes too.
    pub two_faced: Option<usize>,
    /// What nodes found out about validators.
    pub evidence: Vec<(usize, Misbehaviour)>,
    /// What stopped replicas.
    pub halts: Vec<(usize, String)>,
    /// How likely a node is to lose power before an action, in ten-thousandths; it comes back after 300 ms.
    pub fragile_permyriad: u32,
    restarts: Vec<(u64, usize)>,
    /// What each validator said for each step.
    said: BTreeMap<(PublicKey, Height, Round, Step), [u8; 32]>,
    /// Steps for which a validator said two things, and who sent the second.
    pub doubled: Vec<(usize, Height, Round, Step)>,
    /// Hash over the course of events so far.
    trace: Hash32,
    random: ChaCha8Rng,
    queue: BTreeMap<(u64, u64), (usize, u64, Event)>,
    sequence: u64,
    load: Load,
    contracts: Contracts,
}

/// True time at the start, in milliseconds since 1970: some hours after the devnet's genesis.
/// A Tuesday at half past three in Hong Kong: on a Saturday night every exchange would be refused as after the cut-off.
const START_MS: u64 = 1_793_691_000_000;

fn node_key(place: usize) -> PublicKey {
    public_key(&seed::secret_key(&format!("sim-node-{place}")))
}

impl World {
    /// Validators and observers on an empty chain.
    pub fn new(seed: u64, validators: usize, observers: usize) -> Self {
        Self::made(seed, validators, observers, |_| ())
    }

    /// Validators with other timing bounds.
    pub fn with_consensus(seed: u64, validators: usize, change: impl FnOnce(&mut ConsensusTiming)) -> Self {
        Self::made(seed, validators, 0, change)
    }

    fn made(seed: u64, validators: usize, observers: usize, change: impl FnOnce(&mut ConsensusTiming)) -> Self {
        let mut genesis = ceremony::devnet().expect("the devnet's genesis").document().expect("its document");
        change(&mut genesis.consensus);
        let (document, secrets) = with_validators(genesis, validators);
        let node = |guard| Node { replica: None, disk: Disk::default(), guard, clock_offset_ms: 0, life: 0 };
        let mut nodes: Vec<Node> = secrets.into_iter().map(|secret| node(Some(Guard::new(secret)))).collect();
        nodes.extend((0..observers).map(|_| node(None)));
        let mut world = Self {
            load: Load::new(&document),
            contracts: Contracts::new(document.network),
            document,
            nodes,
            weather: Weather::FAIR,
            cut: BTreeSet::new(),
            now_ms: 0,
            finals: BTreeMap::new(),
            final_at: BTreeMap::new(),
            forks: Vec::new(),
            without: Without::default(),
            logs_get_lost: false,
            two_faced: None,
            evidence: Vec::new(),
            halts: Vec::new(),
            fragile_permyriad: 0,
            said: BTreeMap::new(),
            doubled: Vec::new(),
            restarts: Vec::new(),
            trace: Hash32::ZERO,
            random: ChaCha8Rng::seed_from_u64(seed),
            queue: BTreeMap::new(),
            sequence: 0,
        };
        for place in 0..world.nodes.len() {
            world.start(place);
        }
        world
    }

    fn now(&self, place: usize) -> Now {
        let clock = START_MS.saturating_add(self.now_ms).saturating_add_signed(self.nodes[place].clock_offset_ms);
        Now { clock_ms: clock, elapsed_ms: self.now_ms }
    }

    /// True time on the wall at a moment of the world.
    pub fn true_time_ms(&self, at_ms: u64) -> u64 {
        START_MS + at_ms
    }

    /// Starts a node from its disk, and connects it with all others that run.
    pub fn start(&mut self, place: usize) {
        let now = self.now(place);
        let node = &mut self.nodes[place];
        let (state, tip) = replayed(&self.document, &node.disk, &self.contracts);
        if let Some(guard) = &node.guard {
            guard.restart(node.disk.signed());
        }
        let setup = Setup {
            timing: self.document.consensus,
            state,
            tip,
            store: node.disk.clone(),
            signer: node.guard.clone(),
            log: node.disk.read_log(),
        };
        let mut actions = Vec::new();
        node.life += 1;
        let mut replica = Replica::start(setup, now, &mut actions).expect("the state reads");
        replica.stored();
        node.replica = Some(replica);
        self.carry_out(place, actions);
        for other in 0..self.nodes.len() {
            if other != place && self.nodes[other].replica.is_some() {
                self.connect(place, other);
                self.connect(other, place);
            }
        }
    }

    fn connect(&mut self, place: usize, other: usize) {
        let validator = self.nodes[other].guard.is_some();
        self.schedule(0, place, Event::PeerUp { peer: node_key(other), validator });
    }

    /// Stops a node at once. What it had not synced is gone.
    pub fn crash(&mut self, place: usize) {
        self.nodes[place].disk.crash();
        if self.logs_get_lost {
            self.nodes[place].disk.lose_log();
        }
        self.nodes[place].replica = None;
        self.nodes[place].life += 1;
        for other in 0..self.nodes.len() {
            if self.nodes[other].replica.is_some() {
                self.schedule(0, other, Event::PeerDown(node_key(place)));
            }
        }
    }

    fn schedule(&mut self, delay_ms: u64, place: usize, event: Event) {
        self.sequence += 1;
        let life = self.nodes[place].life;
        self.queue.insert((self.now_ms + delay_ms, self.sequence), (place, life, event));
    }

    /// Hands a payment to a node.
    pub fn submit(&mut self, place: usize) -> AuthenticInstruction {
        let now = self.now(place);
        let time = seaway_types::time::BlockTime::from_ms(now.clock_ms).expect("a time");
        let instruction = self.load.payment(&mut self.random, time);
        self.submit_this(place, instruction.clone());
        instruction
    }

    /// Hands what contracts need to a node: their codes, and a dealer's allowance.
    pub fn submit_beginnings(&mut self, place: usize) {
        let now = self.now(place);
        let time = seaway_types::time::BlockTime::from_ms(now.clock_ms).expect("a time");
        for instruction in self.contracts.beginnings(&mut self.random, time) {
            self.submit_this(place, instruction);
        }
    }

    /// Hands something about contracts to a node.
    pub fn submit_contract(&mut self, place: usize) {
        let now = self.now(place);
        let time = seaway_types::time::BlockTime::from_ms(now.clock_ms).expect("a time");
        let instruction = self.contracts.next(&mut self.random, time);
        self.submit_this(place, instruction);
    }

    /// How often an exchange was found whole, in all replays so far: payment versus payment, and quotes taken.
    pub fn whole_exchanges(&self) -> (u32, u32) {
        self.contracts.whole_exchanges()
    }

    /// Hands a certain payment to a node.
    pub fn submit_this(&mut self, place: usize, instruction: AuthenticInstruction) {
        let ticket = self.sequence;
        self.schedule(0, place, Event::Submitted { ticket, instruction });
    }

    /// Lets time pass until a moment, or until nothing is left to happen before it.
    pub fn run_until(&mut self, until_ms: u64) {
        loop {
            self.bring_back();
            let wake = self.next_wake();
            let event = self.queue.keys().next().copied();
            let restart = self.restarts.iter().map(|(at, _)| *at).min().unwrap_or(u64::MAX);
            let at = match (wake, event) {
                (Some((at, _)), Some((event_at, _))) => at.min(event_at),
                (Some((at, _)), None) => at,
                (None, Some((event_at, _))) => event_at,
                (None, None) if restart <= until_ms => restart,
                (None, None) => break,
            };
            if restart <= at && restart <= until_ms {
                self.now_ms = self.now_ms.max(restart);
                continue;
            }
            if at > until_ms {
                break;
            }
            self.now_ms = self.now_ms.max(at);
            match event {
                Some(key) if key.0 <= at => {
                    let (place, life, event) = self.queue.remove(&key).expect("the first of the queue");
                    if self.nodes[place].life == life {
                        self.step(place, event);
                    }
                }
                _ => {
                    let (_, place) = wake.expect("a node wakes");
                    self.step(place, Event::Wake);
                }
            }
        }
        self.now_ms = self.now_ms.max(until_ms);
    }

    /// Starts the nodes whose power is back.
    fn bring_back(&mut self) {
        let now = self.now_ms;
        let (due, later): (Vec<_>, Vec<_>) = self.restarts.drain(..).partition(|(at, _)| *at <= now);
        self.restarts = later;
        for (_, place) in due {
            self.start(place);
        }
    }

    /// Lets time pass until all running nodes have reached a height; gives up at a moment.
    pub fn run_to_height(&mut self, height: Height, until_ms: u64) -> bool {
        while self.now_ms < until_ms {
            if self.running().all(|node| node.tip().height >= height) {
                return true;
            }
            self.run_until(self.now_ms + 5);
        }
        self.running().all(|node| node.tip().height >= height)
    }

    /// The replicas that run.
    pub fn running(&self) -> impl Iterator<Item = &Replica<Disk, Guard>> {
        self.nodes.iter().filter_map(|node| node.replica.as_ref())
    }

    fn next_wake(&self) -> Option<(u64, usize)> {
        let wakes = self.nodes.iter().enumerate();
        wakes.filter_map(|(place, node)| Some((node.replica.as_ref()?.next_wake().max(self.now_ms), place))).min()
    }

    fn step(&mut self, place: usize, event: Event) {
        let now = self.now(place);
        let Some(replica) = &mut self.nodes[place].replica else { return };
        let mut actions = Vec::new();
        replica.step(now, event, &mut actions);
        self.carry_out(place, actions);
    }

    fn carry_out(&mut self, place: usize, actions: Vec<Action>) {
        for action in actions {
            if self.fragile_permyriad > 0 && self.random.next_u32() % 10_000 < self.fragile_permyriad {
                // The power goes in the middle of a step: nothing of the rest happens.
                self.crash(place);
                self.restarts.push((self.now_ms + 300, place));
                return;
            }
            match action {
                Action::Log(entries) => self.nodes[place].disk.note(entries),
                Action::KeepSigned => {
                    let node = &self.nodes[place];
                    if !self.without.sync_before_saying {
                        node.disk.sync();
                    }
                    if !self.without.guard {
                        node.disk.keep_signed(node.guard.as_ref().and_then(Guard::last));
                    }
                }
                Action::Send { to, message } => {
                    let promises = matches!(message, Message::Consensus(_) | Message::Draft(_));
                    if promises && !self.without.sync_before_saying {
                        self.nodes[place].disk.sync();
                    }
                    self.send(place, to, &message);
                }
                Action::Persist(decided) => {
                    self.nodes[place].disk.persist(&decided);
                    if let Some(replica) = &mut self.nodes[place].replica {
                        replica.stored();
                    }
                }
                Action::Final(decided) => {
                    let header = decided.block.block.header;
                    let known = *self.finals.entry(header.height).or_insert(header.id());
                    if known != header.id() {
                        self.forks.push(header.height);
                    }
                    self.final_at.entry(header.height).or_insert(self.now_ms);
                }
                Action::Halt(why) => self.halts.push((place, why)),
                Action::Misbehaved(found) => self.evidence.extend(found.into_iter().map(|one| (place, one))),
                Action::Admission { .. } | Action::LeftOut { .. } | Action::IllTimed { .. } => {}
            }
        }
    }

    fn send(&mut self, from: usize, to: To, message: &Message) {
        if self.without.block_sync && matches!(message, Message::Status(_) | Message::Block(_)) {
            return;
        }
        match self.opposite(from, message) {
            Some(opposite) => self.transmit(from, to, &opposite),
            None => self.watch(from, message),
        }
        self.transmit(from, to, message);
    }

    /// What a two-faced validator says beside its vote: for no block where it voted for one.
    fn opposite(&self, from: usize, message: &Message) -> Option<Message> {
        let guard = self.nodes[from].guard.as_ref().filter(|_| self.two_faced == Some(from))?;
        let Message::Consensus(ConsensusMessage::Vote(signed)) = message else { return None };
        let vote = Vote { block: None, ..signed.vote };
        let evidence = guard.sign_anything(&vote.message());
        let lie = SignedVote { vote, validator: signed.validator, evidence };
        (signed.vote.block.is_some() && signed.validator == guard.key())
            .then_some(Message::Consensus(ConsensusMessage::Vote(lie)))
    }

    fn transmit(&mut self, from: usize, to: To, message: &Message) {
        let bytes = message.encode();
        for other in 0..self.nodes.len() {
            let meant = match to {
                To::All => true,
                To::Validators => self.nodes[other].guard.is_some(),
                To::One(peer) => peer == node_key(other),
            };
            let pair = (from.min(other), from.max(other));
            if other == from || !meant || self.nodes[other].replica.is_none() || self.cut.contains(&pair) {
                continue;
            }
            let copies = match self.random.next_u32() % 1_000 {
                fate if fate < self.weather.loss_permille => 0,
                fate if fate < self.weather.loss_permille + self.weather.twice_permille => 2,
                _ => 1,
            };
            for _ in 0..copies {
                let spread = self.weather.delay_ms_max - self.weather.delay_ms_min + 1;
                let delay = self.weather.delay_ms_min + u64::from(self.random.next_u32()) % spread;
                self.note(from, other, delay, &bytes);
                // Through the bytes, as on a real link.
                let message = Message::decode(&bytes).expect("what was encoded decodes");
                let event = authenticate(node_key(from), message, |_| None, &mut KnownKeys::default())
                    .expect("correct nodes pass on authentic ones");
                self.schedule(delay, other, event);
            }
        }
    }

    /// Whether a validator ever says two things for one step, over all its lives. What it signed and never said is no harm.
    fn watch(&mut self, from: usize, message: &Message) {
        let (key, step, height, round, content) = match message {
            Message::Consensus(ConsensusMessage::Vote(signed)) => {
                let vote = &signed.vote;
                let step = if vote.kind == VoteKind::Prevote { Step::Prevote } else { Step::Precommit };
                (signed.validator, step, vote.height, vote.round, vote.message())
            }
            Message::Consensus(ConsensusMessage::Proposal(signed)) => {
                let proposal = &signed.proposal;
                (signed.validator, Step::Propose, proposal.height, proposal.round, proposal.message())
            }
            _ => return,
        };
        let said = *self.said.entry((key, height, round, step)).or_insert(content);
        if said != content {
            self.doubled.push((from, height, round, step));
        }
    }

    fn note(&mut self, from: usize, to: usize, delay: u64, bytes: &[u8]) {
        let head = format!("{} {from} {to} {delay} ", self.now_ms);
        let line = [self.trace.as_bytes().as_slice(), head.as_bytes(), bytes].concat();
        self.trace = seaway_types::hash::Domain::DevnetSeed.hash(&line);
    }

    /// Hash over every message so far: equal for equal seeds.
    pub fn trace(&self) -> Hash32 {
        self.trace
    }

    /// All replicas stand on one chain, with the states that it gives; nobody halted, nobody signed twice.
    pub fn check(&self) {
        assert!(self.forks.is_empty(), "two blocks final at heights {:?}", self.forks);
        assert!(self.halts.is_empty(), "halted: {:?}", self.halts);
        assert!(self.doubled.is_empty(), "said two things for one step: {:?}", self.doubled);
        for (place, node) in self.nodes.iter().enumerate() {
            for block in node.disk.blocks() {
                let header = block.block.header;
                assert_eq!(self.finals.get(&header.height), Some(&header.id()), "node {place} at {}", header.height);
            }
            if let Some(replica) = &node.replica {
                let (state, tip) = replayed(&self.document, &node.disk, &self.contracts);
                assert_eq!(replica.tip().id, tip.id, "node {place} replays to its tip");
                assert_eq!(replica.state().commitment().parts(), state.commitment().parts(), "node {place}");
            }
        }
    }
}

/// The state that a disk's blocks give, executed anew from the genesis.
fn replayed(document: &GenesisDocument, disk: &Disk, contracts: &Contracts) -> (MemoryState, TipBlock) {
    let mut state = state_of(document, 1).expect("the genesis state");
    let id = BlockId(document.hash().0);
    let mut tip = TipBlock { height: Height(0), id, time: document.time, certificate: None };
    for final_block in disk.blocks() {
        let header = final_block.block.header;
        let decode = |raw: &seaway_types::RawInstruction| {
            raw.clone().decode().expect("well-formed").authenticate().expect("signed")
        };
        let instructions: Vec<_> = final_block.block.instructions.iter().map(decode).collect();
        let context = seaway_ledger::execution::BlockContext { height: header.height, time: header.time };
        let executed = seaway_ledger::execution::execute_block(&state, state.commitment(), context, &instructions)
            .expect("valid");
        assert_eq!(executed.state_root(), header.state_root);
        assert_eq!(executed.receipts_root(), header.receipts_root);
        let before = executed.clone();
        executed.apply(&mut state);
        contracts.check(&before, &state);
        assert_eq!(state.tip().height, header.height);
        tip = TipBlock {
            height: header.height,
            id: header.id(),
            time: header.time,
            certificate: Some(final_block.certificate),
        };
    }
    (state, tip)
}

/// The document with so many validators, and their secret keys in rising order of the public ones. The replicas do not ask
/// for proofs of possession: the ceremony did.
fn with_validators(mut document: GenesisDocument, count: usize) -> (GenesisDocument, Vec<[u8; 32]>) {
    let mut secrets: Vec<[u8; 32]> =
        (0..count).map(|place| seed::secret_key(&format!("sim-validator-{place}"))).collect();
    secrets.sort_by_key(public_key);
    let validator = |(place, secret): (usize, &[u8; 32])| Validator {
        bic: format!("SIMVXX{:02}", place).parse().expect("a BIC"),
        key: public_key(secret),
        power: 1,
        possession: Evidence::Ed25519(Ed25519Signature([0; 64])),
    };
    let set = secrets.iter().enumerate().map(validator).collect();
    document.validators = ValidatorSet(Bounded::new(set).expect("few validators"));
    (document, secrets)
}
