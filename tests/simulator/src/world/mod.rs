//! Replicas and time.

mod link;

use crate::adversary::{Adversary, Kind};
use crate::contracts::Contracts;
use crate::disk::{Disk, Guard};
use crate::load::Load;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_engine::{Action, Event, Message, Misbehaviour, Now, Replica, Setup, Signer, Store, TipBlock};
use seaway_genesis::{ceremony, seed};
use seaway_judge::compare::Index;
use seaway_judge::{Invariant, Judge};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::{MemoryState, StateView};
use seaway_types::Bic;
use seaway_types::block::BlockId;
use seaway_types::bounded::Bounded;
use seaway_types::genesis::{ConsensusTiming, GenesisDocument};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{InstructionKey, WireId};
use seaway_types::instruction::{AuthenticInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::signature::{Ed25519Signature, Evidence, KnownKeys, public_key};
use seaway_types::state::{IndexKey, Validator, ValidatorSet};
use seaway_types::time::{BlockTime, Height};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

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
    /// Until when its disk takes nothing, in milliseconds since the start.
    pub disk_full_until: u64,
    /// Its next sync fails, and it starts again so many milliseconds later.
    pub sync_fails: Option<u64>,
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
    /// Speakers and those who do not hear them.
    pub cut: BTreeSet<(usize, usize)>,
    /// True time in milliseconds since the start.
    pub now_ms: u64,
    /// When each height became final first, in milliseconds since the start.
    pub final_at: BTreeMap<Height, u64>,
    /// Rules that do not hold in this world.
    pub without: Without,
    /// Whether a crash takes the whole log with it.
    pub logs_get_lost: bool,
    /// Validators that lie, each in its way.
    adversaries: BTreeMap<usize, Adversary>,
    /// What nodes found out about validators.
    pub evidence: Vec<(usize, Misbehaviour)>,
    /// Holds everything that is final, and everything that is said, against the model.
    pub judge: Judge,
    /// How likely a node is to lose power before an action, in ten-thousandths; it comes back after 300 ms.
    pub fragile_permyriad: u32,
    restarts: Vec<(u64, usize)>,
    /// What waits at which node, as it was told to the client: ticket, key and until when it is valid.
    admitted: BTreeMap<u64, Admitted>,
    /// Instructions whose signatures were checked: what is pure need not be asked again for each node.
    known: BTreeMap<WireId, AuthenticInstruction>,
    /// Keys that were decompressed before.
    keys: KnownKeys,
    /// What was handed to a node that has not answered yet.
    asked: BTreeMap<u64, Admitted>,
    /// Hash over the course of events so far.
    trace: Hash32,
    random: ChaCha8Rng,
    queue: BTreeMap<(u64, u64), (usize, u64, Event)>,
    sequence: u64,
    load: Load,
    contracts: Contracts,
    start_ms: u64,
}

/// An instruction that a node took in.
#[derive(Clone, Copy, Debug)]
struct Admitted {
    place: usize,
    submitter: Submitter,
    key: InstructionKey,
    valid_until: BlockTime,
}

/// True time at the start, in milliseconds since 1970: some hours after the devnet's genesis.
/// A Tuesday at half past three in Hong Kong: on a Saturday night every exchange would be refused as after the cut-off.
const START_MS: u64 = 1_793_691_000_000;

/// Steps of all nodes at one moment, after which a loop without end is assumed.
const STEPS_AT_ONCE_MAX: u32 = 200_000;

/// Nodes whose keys are made beforehand: a world asks for them with each message.
const KEYS_MADE: usize = 64;

fn node_key(place: usize) -> PublicKey {
    static KEYS: OnceLock<Vec<PublicKey>> = OnceLock::new();
    let make = |place: usize| public_key(&seed::secret_key(&format!("sim-node-{place}")));
    let made = KEYS.get_or_init(|| (0..KEYS_MADE).map(make).collect());
    made.get(place).copied().unwrap_or_else(|| make(place))
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
        Self::of(genesis, START_MS, seed, (validators, observers))
    }

    /// So many validators and observers of a network of its own, whose clocks start at a time.
    pub fn of(genesis: GenesisDocument, start_ms: u64, seed: u64, (validators, observers): (usize, usize)) -> Self {
        let (document, secrets) = with_validators(genesis, validators);
        let node = |guard| Node {
            replica: None,
            disk: Disk::default(),
            guard,
            clock_offset_ms: 0,
            disk_full_until: 0,
            sync_fails: None,
            life: 0,
        };
        let mut nodes: Vec<Node> = secrets.into_iter().map(|secret| node(Some(Guard::new(secret)))).collect();
        nodes.extend((0..observers).map(|_| node(None)));
        let mut world = Self {
            load: Load::new(&document),
            contracts: Contracts::new(document.network),
            start_ms,
            judge: Judge::new(&document, BTreeSet::new()),
            document,
            nodes,
            weather: Weather::FAIR,
            cut: BTreeSet::new(),
            now_ms: 0,
            final_at: BTreeMap::new(),
            without: Without::default(),
            logs_get_lost: false,
            adversaries: BTreeMap::new(),
            evidence: Vec::new(),
            fragile_permyriad: 0,
            admitted: BTreeMap::new(),
            asked: BTreeMap::new(),
            known: BTreeMap::new(),
            keys: KnownKeys::default(),
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
        let clock =
            self.start_ms.saturating_add(self.now_ms).saturating_add_signed(self.nodes[place].clock_offset_ms);
        Now { clock_ms: clock, elapsed_ms: self.now_ms }
    }

    /// True time on the wall at a moment of the world.
    pub fn true_time_ms(&self, at_ms: u64) -> u64 {
        self.start_ms + at_ms
    }

    /// Starts a node from its disk, and connects it with all others that run.
    pub fn start(&mut self, place: usize) {
        let now = self.now(place);
        let node = &mut self.nodes[place];
        // Each node draws a seed of its own for its tables: nothing may depend on where things lie in memory.
        let kept = node.disk.state();
        let (state, tip) =
            kept.unwrap_or_else(|| replayed(&self.document, place as u64, &node.disk, &self.contracts));
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
        let institutions = self.institution(other).into_iter().collect();
        self.schedule(0, place, Event::PeerUp { peer: node_key(other), institutions });
    }

    /// The validator that a node's key is; observers are of nobody.
    fn institution(&self, place: usize) -> Option<Bic> {
        let key = self.nodes[place].guard.as_ref().map(Signer::key)?;
        self.document.validators.get(&key).map(|validator| validator.bic)
    }

    /// Stops a node at once. Of what it had not synced, some of the beginning is left, or nothing.
    pub fn crash(&mut self, place: usize) {
        let unsynced = self.nodes[place].disk.unsynced();
        let kept = if unsynced == 0 { 0 } else { self.random.next_u32() as usize % (unsynced + 1) };
        if let Some(replica) = &self.nodes[place].replica {
            self.nodes[place].disk.keep_state(replica.state(), replica.tip());
        }
        self.nodes[place].disk.crash(kept);
        self.admitted.retain(|_, one| one.place != place);
        let forgets = self.adversaries.get(&place).is_some_and(|one| one.kind() == Kind::Amnesiac);
        if self.logs_get_lost || forgets {
            self.nodes[place].disk.lose_log();
        }
        if forgets {
            self.nodes[place].disk.keep_signed(None);
        }
        self.nodes[place].replica = None;
        self.nodes[place].life += 1;
        for other in 0..self.nodes.len() {
            if self.nodes[other].replica.is_some() {
                self.schedule(0, other, Event::PeerDown(node_key(place)));
            }
        }
    }

    /// The others lose their connections to a node, which goes on: what it says still comes, as if it had been said before.
    pub fn lose_sight_of(&mut self, place: usize) {
        for other in (0..self.nodes.len()).filter(|other| *other != place) {
            self.schedule(0, other, Event::PeerDown(node_key(place)));
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
        let time = BlockTime::from_ms(now.clock_ms).expect("a time");
        let instruction = self.load.payment(&mut self.random, time);
        self.submit_this(place, instruction.clone());
        instruction
    }

    /// Hands what contracts need to a node: their codes, and a dealer's allowance.
    pub fn submit_beginnings(&mut self, place: usize) {
        let now = self.now(place);
        let time = BlockTime::from_ms(now.clock_ms).expect("a time");
        for instruction in self.contracts.beginnings(&mut self.random, time) {
            self.submit_this(place, instruction);
        }
    }

    /// Hands something about contracts to a node.
    pub fn submit_contract(&mut self, place: usize) -> AuthenticInstruction {
        let now = self.now(place);
        let time = BlockTime::from_ms(now.clock_ms).expect("a time");
        let instruction = self.contracts.next(&mut self.random, time);
        self.submit_this(place, instruction.clone());
        instruction
    }

    /// Lets a node pass an instruction on to all others, whatever it thinks of it.
    pub fn pass_on(&mut self, from: usize, instruction: &AuthenticInstruction) {
        for other in (0..self.nodes.len()).filter(|other| *other != from) {
            let instructions = vec![instruction.clone()];
            self.schedule(10, other, Event::PassedOn { from: node_key(from), instructions });
        }
    }

    /// How often an exchange was found whole, in all replays so far: payment versus payment, and quotes taken.
    pub fn whole_exchanges(&self) -> (u32, u32) {
        self.contracts.whole_exchanges()
    }

    /// Hands a certain payment to a node.
    pub fn submit_this(&mut self, place: usize, instruction: AuthenticInstruction) {
        let ticket = self.sequence;
        let envelope = instruction.envelope();
        let (submitter, key, valid_until) = (envelope.submitter, envelope.key, envelope.valid_until);
        self.known.insert(instruction.wire_id(), instruction.clone());
        self.asked.insert(ticket, Admitted { place, submitter, key, valid_until });
        self.schedule(0, place, Event::Submitted { ticket, instruction });
    }

    /// Lets time pass until a moment, or until nothing is left to happen before it.
    pub fn run_until(&mut self, until_ms: u64) {
        let (mut moment, mut steps) = (self.now_ms, 0u32);
        loop {
            (moment, steps) = if moment == self.now_ms { (moment, steps + 1) } else { (self.now_ms, 0) };
            if steps > STEPS_AT_ONCE_MAX {
                self.judge.accuse(Invariant::Running, format!("busy without end at {moment} ms"));
                break;
            }
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

    /// Lets a node that is down start at a moment, unless it is to start later anyway.
    pub fn start_at(&mut self, place: usize, at_ms: u64) {
        let planned = self.restarts.iter_mut().find(|(_, one)| *one == place);
        match planned {
            Some((at, _)) => *at = (*at).max(at_ms),
            None => self.restarts.push((at_ms, place)),
        }
    }

    /// Starts all nodes that are down.
    pub fn start_all(&mut self) {
        self.restarts.clear();
        for place in 0..self.nodes.len() {
            if self.nodes[place].replica.is_none() {
                self.start(place);
            }
        }
    }

    /// Starts the nodes whose power is back.
    fn bring_back(&mut self) {
        let now = self.now_ms;
        let (due, later): (Vec<_>, Vec<_>) = self.restarts.drain(..).partition(|(at, _)| *at <= now);
        self.restarts = later;
        for (_, place) in due {
            if self.nodes[place].replica.is_none() {
                self.start(place);
            }
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
        let mut stored = false;
        for action in actions {
            if self.goes_down_before(place, &action) {
                return;
            }
            if promises(&action) && !self.without.sync_before_saying {
                self.nodes[place].disk.sync();
            }
            match action {
                Action::Log(entries) => self.nodes[place].disk.note(entries),
                Action::KeepSigned => self.keep_signed(place),
                Action::Send { to, message } => {
                    self.send(place, to, &message);
                }
                Action::Persist(decided) => {
                    self.nodes[place].disk.persist(&decided);
                    stored = true;
                }
                Action::Halt(why) => {
                    self.judge.accuse(Invariant::Running, format!("node {place} stopped: {why}"));
                    self.crash(place);
                    return;
                }
                told => self.hear(place, told),
            }
        }
        if stored && let Some(replica) = &mut self.nodes[place].replica {
            replica.stored();
            self.show_state(place);
        }
    }

    /// Whether a node loses its power before an action, or its disk fails at it: then nothing of the rest of the step happens, and
    /// it comes back later.
    fn goes_down_before(&mut self, place: usize, action: &Action) -> bool {
        let power_goes = self.fragile_permyriad > 0 && self.random.next_u32() % 10_000 < self.fragile_permyriad;
        let writes = matches!(action, Action::Log(_) | Action::KeepSigned | Action::Persist(_));
        let node = &mut self.nodes[place];
        let syncs = matches!(action, Action::KeepSigned) || (promises(action) && node.disk.unsynced() > 0);
        let back_at = if power_goes {
            self.now_ms + 300
        } else if writes && node.disk_full_until > self.now_ms {
            node.disk_full_until
        } else if syncs && let Some(away_ms) = node.sync_fails.take() {
            self.now_ms + away_ms
        } else {
            return false;
        };
        self.crash(place);
        self.start_at(place, back_at);
        true
    }

    fn keep_signed(&mut self, place: usize) {
        let node = &self.nodes[place];
        if !self.without.sync_before_saying {
            node.disk.sync();
        }
        if !self.without.guard {
            node.disk.keep_signed(node.guard.as_ref().and_then(Guard::last));
        }
    }

    /// What a node tells its clients and its operator.
    fn hear(&mut self, place: usize, told: Action) {
        match told {
            Action::Final(decided) => {
                let height = decided.block.block.header.height;
                let bound = self.document.consensus.clock_bound_ms;
                let now = BlockTime::from_ms(self.start_ms + self.now_ms).expect("a time");
                self.judge.heard_final(place, &decided, now.after_ms(bound));
                if self.nodes[place].disk.height() < height {
                    self.judge.accuse(Invariant::Durable, format!("node {place} was told of {height} too early"));
                }
                self.final_at.entry(height).or_insert(self.now_ms);
            }
            Action::Misbehaved(found) => {
                for one in found {
                    self.judge.saw_evidence(place, &one);
                    self.evidence.push((place, one));
                }
            }
            Action::Admission { ticket, answer } => {
                let asked = self.asked.remove(&ticket);
                self.admitted.extend(asked.filter(|_| answer.is_ok()).map(|one| (ticket, one)));
            }
            Action::LeftOut { instruction, .. } => {
                let envelope = instruction.envelope();
                let this = (place, envelope.submitter, envelope.key);
                self.admitted.retain(|_, one| (one.place, one.submitter, one.key) != this);
            }
            _ => {}
        }
    }

    /// Hash over every message so far: equal for equal seeds.
    pub fn trace(&self) -> Hash32 {
        self.trace
    }

    /// Lets a validator lie in a certain way.
    pub fn corrupt(&mut self, place: usize, kind: Kind) {
        let keys = self.document.validators.0.iter().map(|one| one.key);
        let own = self.nodes[place].guard.as_ref().map(Signer::key);
        own.into_iter().for_each(|key| self.judge.expect_lies_of(key));
        let others = keys.filter(|key| Some(*key) != own).collect();
        self.adversaries.insert(place, Adversary::new(kind, others));
    }

    /// Cuts nodes off from each other, in both directions.
    pub fn part(&mut self, pairs: &[(usize, usize)]) {
        self.cut.extend(pairs.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]));
    }

    /// A second node with a validator's key, with a disk and a guard of its own. Both are Byzantine together.
    pub fn add_twin(&mut self, place: usize) {
        let Some(guard) = self.nodes[place].guard.as_ref().map(Guard::twin) else { return };
        self.judge.expect_lies_of(guard.key());
        self.nodes.push(Node {
            replica: None,
            disk: Disk::default(),
            guard: Some(guard),
            clock_offset_ms: 0,
            disk_full_until: 0,
            sync_fails: None,
            life: 0,
        });
        self.start(self.nodes.len() - 1);
    }

    /// Lets all validators be honest from now on.
    pub fn reform(&mut self) {
        self.adversaries.clear();
    }

    /// Looks at all nodes: each replays to its tip and its state, the chain is the one that was final, and of what was
    /// admitted and neither executed nor left out for a reason everything is over or still waits.
    pub fn look(&mut self) {
        let mut whole: Option<(MemoryState, TipBlock)> = None;
        for place in 0..self.nodes.len() {
            let node = &self.nodes[place];
            let Some(replica) = &node.replica else { continue };
            self.judge.saw_chain(place, &node.disk.blocks());
            // Nodes on one tip have one chain: it is executed anew once.
            if whole.as_ref().is_none_or(|(_, tip)| tip.id != replica.tip().id) {
                whole = Some(replayed(&self.document, place as u64, &node.disk, &self.contracts));
            }
            let same = whole.as_ref().is_some_and(|(state, tip)| {
                replica.tip().id == tip.id && replica.state().commitment().parts() == state.commitment().parts()
            });
            if !same {
                self.judge.accuse(Invariant::Replay, format!("node {place} does not replay to its state"));
            }
            self.show_state(place);
        }
    }

    /// Shows the judge a node's state, with its index in memory and on disk.
    fn show_state(&mut self, place: usize) {
        let node = &self.nodes[place];
        let Some(replica) = &node.replica else { return };
        let state = replica.state();
        let find = |key: &IndexKey| match state.indexed(key).expect("memory reads") {
            Some(entry) => Some(entry),
            None => node.disk.indexed(key).expect("memory reads"),
        };
        let index = Index { find: &find, len: node.disk.index_len() + state.index_len() };
        self.judge.saw_state(place, state, index);
    }

    /// What was admitted is executed or over, once there was time for it; and what is executed waits nowhere.
    pub fn look_for_lost(&mut self) {
        let now = self.start_ms + self.now_ms;
        // What a liar takes in it may keep to itself: its client has to turn to another node.
        for one in self.admitted.values().filter(|one| !self.adversaries.contains_key(&one.place)) {
            if !self.judge.was_executed(&one.submitter, &one.key) && one.valid_until.ms() > now {
                let what = format!(
                    "node {} took {:?} of {:?} in, and nothing came of it",
                    one.place, one.key, one.submitter
                );
                self.judge.accuse(Invariant::Kept, what);
                break;
            }
        }
        for (place, node) in self.nodes.iter().enumerate().filter(|(place, _)| !self.adversaries.contains_key(place))
        {
            let Some(replica) = &node.replica else { continue };
            let pool = replica.pool();
            let waiting = pool.ids().filter_map(|id| pool.get(id)).map(|one| one.envelope());
            let settled = waiting.filter(|one| self.judge.was_executed(&one.submitter, &one.key)).count();
            if settled > 0 {
                self.judge
                    .accuse(Invariant::Pool, format!("{settled} settled instructions wait in the pool of {place}"));
            }
        }
    }

    /// Nothing is broken, and there was something to look at.
    pub fn check(&mut self) {
        self.look();
        assert!(self.judge.violations().is_empty(), "{:#?}", self.judge.violations());
    }
}

/// The state that a disk's blocks give, executed anew from the genesis.
fn replayed(document: &GenesisDocument, seed: u64, disk: &Disk, contracts: &Contracts) -> (MemoryState, TipBlock) {
    let mut state = state_of(document, seed).expect("the genesis state");
    let id = BlockId(document.hash().0);
    let mut tip = TipBlock { height: Height(0), id, time: document.time, certificate: None };
    for (final_block, instructions) in disk.decided() {
        let header = final_block.block.header;
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

/// Whether an action says something that its node must not forget.
fn promises(action: &Action) -> bool {
    matches!(action, Action::Send { message: Message::Consensus(_) | Message::Draft(_), .. })
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
