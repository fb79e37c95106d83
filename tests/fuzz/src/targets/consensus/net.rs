//! Three correct replicas with their disks, and the messages between them.

use seaway_engine::{
    Action, Decided, Event, Message, Misbehaviour, Now, Peer, Replica, Setup, Signer, TipBlock, To, authenticate,
};
use seaway_ledger::genesis::state_of;
use seaway_ledger::state::MemoryState;
use seaway_simulator::{Disk, Guard, World};
use seaway_types::Bic;
use seaway_types::block::{BlockDraft, BlockId};
use seaway_types::genesis::GenesisDocument;
use seaway_types::identifier::WireId;
use seaway_types::instruction::{AuthenticInstruction, NetworkId};
use seaway_types::keys::PublicKey;
use seaway_types::signature::KnownKeys;
use seaway_types::time::Height;
use std::collections::{BTreeMap, VecDeque};

/// The place of the validator that lies; the correct ones stand before it.
pub(super) const LIAR: usize = 3;

/// Payments that clients may hand in.
const PAYMENTS: usize = 12;
/// Messages on their way at most; what is too much is lost.
const QUEUE_MAX: usize = 1_000;
/// Messages and blocks that the liar remembers.
const HEARD_MAX: usize = 64;
/// Steps of all replicas in one input.
const STEPS_MAX: u32 = 4_000;
/// Wakes of one replica at one moment, after which it is taken to be busy without end.
const WAKES_MAX: u32 = 200;

thread_local! {
    /// Made once: what every input begins with.
    pub(super) static SETTING: Setting = Setting::new();
}

/// A network at its genesis.
pub(super) struct Setting {
    document: GenesisDocument,
    guards: Vec<Guard>,
    state: MemoryState,
    tip: TipBlock,
    /// True time at the start, in milliseconds since 1970.
    start_ms: u64,
    payments: Vec<AuthenticInstruction>,
}

impl Setting {
    /// The simulator's own network, of which only keys, clock and payments are used.
    fn new() -> Self {
        let mut world = World::new(1, LIAR + 1, 0);
        let payments = (0..PAYMENTS).map(|place| world.submit(place % LIAR)).collect();
        let guards = world.nodes.iter().filter_map(|node| node.guard.clone()).collect();
        let document = world.document.clone();
        let state = state_of(&document, 1).expect("the genesis state");
        let id = BlockId(document.hash().0);
        let tip = TipBlock { height: Height(0), id, time: document.time, certificate: None };
        Self { start_ms: world.true_time_ms(0), document, guards, state, tip, payments }
    }

    /// The institution of a validator, the liar's too.
    fn institution(&self, place: usize) -> Option<Bic> {
        let key = self.guards.get(place).map(Guard::key)?;
        self.document.validators.get(&key).map(|validator| validator.bic)
    }
}

/// A node's identity key: only its name here.
fn peer(place: usize) -> Peer {
    PublicKey::Ed25519([u8::try_from(place).unwrap_or(u8::MAX); 32])
}

/// The key with which a guard signs.
pub(super) fn key_of(guard: &Guard) -> PublicKey {
    guard.key()
}

/// See the module.
pub(super) struct Net<'a> {
    setting: &'a Setting,
    replicas: [Option<Replica<Disk, Guard>>; LIAR],
    disks: [Disk; LIAR],
    guards: Vec<Guard>,
    /// Sender, receiver and message.
    queue: VecDeque<(usize, usize, Message)>,
    heard: Vec<Message>,
    drafts: VecDeque<BlockDraft>,
    finals: BTreeMap<Height, BlockId>,
    known: BTreeMap<WireId, AuthenticInstruction>,
    keys: KnownKeys,
    now_ms: u64,
    steps: u32,
}

impl<'a> Net<'a> {
    pub fn new(setting: &'a Setting) -> Self {
        let mut net = Self {
            setting,
            replicas: std::array::from_fn(|_| None),
            disks: std::array::from_fn(|_| Disk::default()),
            // What the guards signed in another input is forgotten.
            guards: setting.guards.iter().map(Guard::twin).collect(),
            queue: VecDeque::new(),
            heard: Vec::new(),
            drafts: VecDeque::new(),
            finals: BTreeMap::new(),
            known: setting.payments.iter().map(|one| (one.wire_id(), one.clone())).collect(),
            keys: KnownKeys::default(),
            now_ms: 0,
            steps: 0,
        };
        (0..LIAR).for_each(|place| net.start(place));
        // Nobody says anything before it has heard the others, and waits a second for the liar, who tells nothing.
        net.arrive_all();
        net.wait(1_000);
        net.arrive_all();
        net.steps = 0;
        net.heard.clear();
        net
    }

    fn arrive_all(&mut self) {
        while !self.queue.is_empty() {
            self.arrive(0);
        }
    }

    /// Whether enough has happened for one input.
    pub fn is_tired(&self) -> bool {
        self.steps >= STEPS_MAX
    }

    /// The last final height.
    pub fn height(&self) -> Height {
        self.finals.keys().next_back().copied().unwrap_or(Height(0))
    }

    pub fn network(&self) -> NetworkId {
        self.setting.document.network
    }

    pub fn guard(&self, place: usize) -> &Guard {
        &self.guards[place]
    }

    /// Something that the liar heard.
    pub fn heard(&self, which: usize) -> Option<&Message> {
        self.heard.get(which.checked_rem(self.heard.len())?)
    }

    /// A block that the liar heard of, the newest first.
    pub fn draft(&self, back: u8) -> Option<BlockDraft> {
        self.drafts.get(usize::from(back)).cloned()
    }

    /// A message on its way arrives.
    pub fn arrive(&mut self, which: usize) {
        let Some(place) = which.checked_rem(self.queue.len()) else { return };
        let Some((from, to, message)) = self.queue.remove(place) else { return };
        let known = |id: &WireId| self.known.get(id).cloned();
        let event = authenticate(peer(from), message, known, &mut self.keys);
        self.step(to, event.expect("correct replicas pass on authentic instructions"));
    }

    pub fn lose(&mut self, which: usize) {
        if let Some(place) = which.checked_rem(self.queue.len()) {
            self.queue.remove(place);
        }
    }

    /// The liar's message arrives at once; what no correct node sends ends its connection, which it opens again.
    pub fn lie(&mut self, to: usize, message: &Message) {
        let known = |id: &WireId| self.known.get(id).cloned();
        if let Ok(event) = authenticate(peer(LIAR), message.clone(), known, &mut self.keys) {
            self.step(to, event);
        }
    }

    /// Time passes, and who has waited for it wakes.
    pub fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        for place in 0..LIAR {
            let mut wakes = 0;
            while !self.is_tired() && self.is_due(place) {
                self.step(place, Event::Wake);
                wakes += 1;
                assert!(wakes < WAKES_MAX, "replica {place} is busy without end");
            }
        }
    }

    fn is_due(&self, place: usize) -> bool {
        self.replicas[place].as_ref().is_some_and(|replica| replica.next_wake() <= self.now_ms)
    }

    pub fn submit(&mut self, which: usize) {
        let instruction = self.setting.payments[which % PAYMENTS].clone();
        self.step(which % LIAR, Event::Submitted { ticket: u64::from(self.steps), instruction });
    }

    /// A replica loses its power; of what it had noted and not synced, so much is left. It starts from its disk.
    pub fn restart(&mut self, place: usize, kept: usize) {
        if let Some(replica) = &self.replicas[place] {
            self.disks[place].keep_state(replica.state(), replica.tip());
        }
        self.replicas[place] = None;
        self.disks[place].crash(kept);
        self.guards[place].restart(self.disks[place].signed());
        for other in (0..LIAR).filter(|other| *other != place) {
            self.step(other, Event::PeerDown(peer(place)));
        }
        self.start(place);
    }

    fn now(&self) -> Now {
        Now { clock_ms: self.setting.start_ms + self.now_ms, elapsed_ms: self.now_ms }
    }

    /// Starts a replica from its disk and connects it with all that run, and with the liar.
    fn start(&mut self, place: usize) {
        let disk = self.disks[place].clone();
        let kept = disk.state();
        let (state, tip) = kept.unwrap_or_else(|| (self.setting.state.clone(), self.setting.tip.clone()));
        let (timing, log) = (self.setting.document.consensus, disk.read_log());
        let setup = Setup { timing, state, tip, store: disk, signer: Some(self.guards[place].clone()), log };
        let mut actions = Vec::new();
        let mut replica = Replica::start(setup, self.now(), &mut actions).expect("memory reads");
        replica.stored();
        self.replicas[place] = Some(replica);
        self.carry_out(place, actions);
        for other in (0..=LIAR).filter(|other| *other != place) {
            let running = self.replicas.get(other).is_none_or(Option::is_some);
            if running {
                let [own, others] = [place, other].map(|place| self.setting.institution(place).into_iter().collect());
                self.step(place, Event::PeerUp { peer: peer(other), institutions: others });
                self.step(other, Event::PeerUp { peer: peer(place), institutions: own });
            }
        }
    }

    /// A replica takes an event; the liar takes none.
    fn step(&mut self, place: usize, event: Event) {
        let now = self.now();
        let Some(Some(replica)) = self.replicas.get_mut(place) else { return };
        self.steps += 1;
        let mut actions = Vec::new();
        replica.step(now, event, &mut actions);
        self.carry_out(place, actions);
    }

    fn carry_out(&mut self, place: usize, actions: Vec<Action>) {
        let mut stored = false;
        for action in actions {
            match action {
                Action::Log(entries) => self.disks[place].note(entries),
                Action::KeepSigned => {
                    self.disks[place].sync();
                    self.disks[place].keep_signed(self.guards[place].last());
                }
                Action::Send { to, message } => {
                    if matches!(message, Message::Consensus(_) | Message::Draft(_)) {
                        self.disks[place].sync();
                    }
                    self.send(place, to, message);
                }
                Action::Persist(decided) => {
                    self.disks[place].persist(&decided);
                    stored = true;
                }
                Action::Final(decided) => self.settle(place, &decided),
                Action::Misbehaved(found) => found.iter().for_each(|one| self.accuse(place, one)),
                Action::Forgotten(signed) => panic!("replica {place} had said {signed:?}, and did not know of it"),
                Action::Halt(why) => panic!("replica {place} stopped: {why}"),
                Action::Admission { .. } | Action::LeftOut { .. } | Action::IllTimed { .. } => {}
            }
        }
        if stored && let Some(replica) = &mut self.replicas[place] {
            replica.stored();
        }
    }

    /// A message goes to the other correct replicas that are meant; the liar hears everything.
    fn send(&mut self, from: usize, to: To, message: Message) {
        if let Message::Draft(draft) = &message {
            self.drafts.push_front(draft.clone());
            self.drafts.truncate(HEARD_MAX);
        }
        for other in (0..LIAR).filter(|other| *other != from) {
            let meant = match to {
                To::Validators | To::All => true,
                To::One(whom) => whom == peer(other),
            };
            if meant && self.queue.len() < QUEUE_MAX {
                self.queue.push_back((from, other, message.clone()));
            }
        }
        if self.heard.len() < HEARD_MAX {
            self.heard.push(message);
        }
    }

    /// What is final at one replica is final at all, and certified.
    fn settle(&mut self, place: usize, decided: &Decided) {
        let (header, certificate) = (decided.block.block.header, &decided.block.certificate);
        let (height, id) = (header.height, header.id());
        let first = *self.finals.entry(height).or_insert(id);
        assert_eq!(first, id, "replica {place} has another block {height}");
        let validators = &self.setting.document.validators;
        let proven = certificate.verify(self.network(), height, id, validators);
        assert!(proven.is_ok(), "replica {place}, height {height}: {proven:?}");
        assert!(self.disks[place].height() >= height, "replica {place} tells of {height} before it is stored");
    }

    /// Nobody but the liar is found to have said two things.
    fn accuse(&self, place: usize, found: &Misbehaviour) {
        let by = match found {
            Misbehaviour::Votes(one, other) => [one.validator, other.validator],
            Misbehaviour::Proposals(one, other) => [one.validator, other.validator],
        };
        assert_eq!(by, [self.guards[LIAR].key(); 2], "replica {place} accuses a correct validator: {found:?}");
    }
}
