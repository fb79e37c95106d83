//! What peers do who mean harm: strangers, and members of the network that break its rules.
//!
//! Some speak as a node does, well framed, and connect again by themselves ([`say`]); others have nothing but a
//! [`Bare`] connection: as many streams as they like, any bytes on them, and nothing that comes is read ([`pour`],
//! [`flood`]). As for clients, each attack is bounded in its connections and in what it says a second.

use super::Done;
use super::clients::{Pace, Slow, Target, before, hold, side_by_side};
use futures::{FutureExt, StreamExt, future::BoxFuture, io::AsyncWriteExt};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{SwarmEvent, dial_opts::DialOpts};
use libp2p::{PeerId, Stream, SwarmBuilder, identity, noise, tcp, yamux};
use libp2p_stream::{Behaviour, Control};
use seaway_cluster::now_ms;
use seaway_consensus::{PolkaCertificate, RoundCertificate, RoundChange};
use seaway_engine::{ConsensusMessage, Lane, Message};
use seaway_genesis::seed;
use seaway_network::{AskSpec, Config, KnownPeer, LaneSpec, Multiaddr, NetworkEvent, Route, of_chain};
use seaway_sdk::Payment;
use seaway_types::block::{
    Block, BlockDraft, BlockHeader, BlockId, Certificate, CommitSignature, FinalBlock, Round, SignedVote, Vote,
    VoteKind,
};
use seaway_types::genesis::GenesisDocument;
use seaway_types::instruction::payment::CreditKind;
use seaway_types::limits::{BLOCK_INSTRUCTIONS_MAX, FRAME_BYTES_MAX, RULES_VERSION, VALIDATORS_MAX};
use seaway_types::signature::{Ed25519Signature, Evidence, sign};
use seaway_types::{Amount, AssetId, BlockTime, Bounded, Hash32, Height, PublicKey};
use seaway_types::{RawInstruction, Submitter, WireId, codec};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::{sync::mpsc, task::JoinHandle};

/// The lanes between nodes in the order of [`Lane`], and then what they ask.
const PROTOCOLS: [&str; 4] = ["/seaway/1/votes", "/seaway/1/blocks", "/seaway/1/instructions", "/seaway/1/ask"];
/// The largest frames that a node takes on them, in bytes.
const FRAMES_MAX: [usize; 4] = [64 << 10, FRAME_BYTES_MAX, (2 << 20) + (64 << 10), 8_192 + 256];
/// The lanes of a node that keeps to no bound.
const LANES: &[LaneSpec] = &[lane(PROTOCOLS[0]), lane(PROTOCOLS[1]), lane(PROTOCOLS[2])];
/// Streams that stop within their largest frames: as many as a connection may have, some left for the node's own.
const UNFINISHED: &[usize] = &[0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2];
/// How long a connection or a stream is awaited.
const PATIENCE: Duration = Duration::from_secs(2);
/// A signature that is none.
const NO_SIGNATURE: Evidence = Evidence::Ed25519(Ed25519Signature([7; 64]));

const fn lane(protocol: &'static str) -> LaneSpec {
    LaneSpec {
        protocol,
        route: Route::Bulk,
        frames_a_second_max: u32::MAX,
        bytes_a_second_max: u32::MAX,
        frame_bytes_max: 1 << 30,
        queue_frames_max: 256,
        queue_bytes_max: 1 << 30,
        inbox_frames_max: 64,
    }
}

/// Where an attack goes, how long, and with what.
pub struct PeerTarget {
    /// Where the node listens for peers.
    pub listen: Multiaddr,
    /// Its identity key.
    pub victim: PublicKey,
    /// When the attack ends.
    pub until: Instant,
    /// The genesis.
    pub document: GenesisDocument,
    /// The identity secret of a member of the network, whose own node does not run.
    pub identity: [u8; 32],
}

/// An attack.
pub struct PeerAttack {
    /// Its name, for the report.
    pub name: &'static str,
    /// Whether the node must refuse all of it; otherwise some of it must get through to show anything.
    pub refused: bool,
    /// Whether it needs the identity of a member.
    pub member: bool,
    /// Attacks until the target's time is over.
    pub run: fn(PeerTarget) -> BoxFuture<'static, Done>,
}

/// All attacks.
pub const PEER_ATTACKS: &[PeerAttack] = &[
    PeerAttack { name: "an unknown peer dials", refused: true, member: false, run: |target| unknown(target).boxed() },
    PeerAttack {
        name: "half-open handshakes",
        refused: false,
        member: false,
        run: |target| half_open(target).boxed(),
    },
    PeerAttack {
        name: "frames of 1 GiB announced",
        refused: false,
        member: true,
        run: |target| large(target, 1 << 30, 1).boxed(),
    },
    PeerAttack {
        name: "frames of 64 MiB sent",
        refused: false,
        member: true,
        run: |target| large(target, 1 << 26, 1 << 26).boxed(),
    },
    PeerAttack {
        name: "frames that lack their last byte",
        refused: false,
        member: true,
        run: |target| unfinished(target).boxed(),
    },
    PeerAttack { name: "garbage on every lane", refused: false, member: true, run: |target| garbage(target).boxed() },
    PeerAttack {
        name: "streams opened and left",
        refused: false,
        member: true,
        run: |target| streams(target).boxed(),
    },
    PeerAttack {
        name: "votes of far heights and rounds",
        refused: false,
        member: true,
        run: |target| far_votes(target).boxed(),
    },
    PeerAttack {
        name: "certificates that prove nothing",
        refused: false,
        member: true,
        run: |target| certificates(target).boxed(),
    },
    PeerAttack {
        name: "blocks asked for and never read",
        refused: false,
        member: true,
        run: |target| sync_storm(target).boxed(),
    },
    PeerAttack {
        name: "one instruction wanted 16384 times",
        refused: false,
        member: true,
        run: |target| repeated(target).boxed(),
    },
    PeerAttack {
        name: "instructions that are nowhere",
        refused: false,
        member: true,
        run: |target| nowhere(target).boxed(),
    },
    PeerAttack {
        name: "wrong blocks and heights",
        refused: false,
        member: true,
        run: |target| wrong_blocks(target).boxed(),
    },
    PeerAttack {
        name: "void instructions again and again",
        refused: false,
        member: true,
        run: |target| void(target).boxed(),
    },
    PeerAttack { name: "questions", refused: false, member: true, run: |target| questions(target).boxed() },
];

/// A connection on which anything can be said. What comes on it is taken and never read.
struct Bare {
    control: Control,
    victim: PeerId,
    genesis: Hash32,
    until: Instant,
    /// Ends with the connection.
    running: JoinHandle<()>,
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Bare {
    /// Counted as refused until it stands.
    async fn connect(target: &PeerTarget, secret: [u8; 32], done: &mut Done) -> Option<Self> {
        done.tried += 1;
        done.refused += 1;
        let PublicKey::Ed25519(key) = &target.victim else { return None };
        let key = identity::ed25519::PublicKey::try_from_bytes(key).ok()?;
        let victim = PeerId::from_public_key(&identity::PublicKey::from(key));
        let mut swarm = SwarmBuilder::with_existing_identity(identity::Keypair::ed25519_from_bytes(secret).ok()?)
            .with_tokio()
            .with_tcp(tcp::Config::new().nodelay(true), noise::Config::new, yamux::Config::default)
            .ok()?
            .with_behaviour(|_| Behaviour::new())
            .ok()?
            .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(86_400)))
            .build();
        let mut control = swarm.behaviour().new_control();
        let genesis = target.document.hash();
        for protocol in PROTOCOLS {
            let incoming = control.accept(of_chain(protocol, &genesis).ok()?).ok()?;
            tokio::spawn(incoming.collect::<Vec<(PeerId, Stream)>>());
        }
        swarm.dial(DialOpts::peer_id(victim).addresses(vec![target.listen.clone()]).build()).ok()?;
        let connected = async {
            loop {
                match swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { .. } => return true,
                    SwarmEvent::OutgoingConnectionError { .. } => return false,
                    _ => {}
                }
            }
        };
        let connected = before(soon(target.until), connected).await.unwrap_or(false);
        done.refused -= u64::from(connected);
        let running = tokio::spawn(async move {
            while connected && !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionClosed { .. }) {}
        });
        connected.then_some(Self { control, victim, genesis, until: target.until, running })
    }

    /// A stream on which something was said; none where the node does not take it.
    async fn open(&mut self, protocol: &'static str, begins: &[u8], done: &mut Done) -> Option<Stream> {
        done.tried += 1;
        let opened = self.control.open_stream(self.victim, of_chain(protocol, &self.genesis).ok()?);
        // On a connection that is closed nobody answers.
        if !self.running.is_finished()
            && let Some(Ok(mut stream)) = before(soon(self.until), opened).await
            && write(self.until, &mut stream, begins).await
        {
            return Some(stream);
        }
        done.refused += 1;
        None
    }
}

/// When a connection or a stream is given up.
fn soon(until: Instant) -> Instant {
    until.min(Instant::now() + PATIENCE)
}

/// Whether bytes were taken before a time.
async fn write(until: Instant, stream: &mut Stream, bytes: &[u8]) -> bool {
    let written = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    matches!(before(until, written).await, Some(Ok(())))
}

/// The beginning of a frame that announces so many bytes.
fn begun(announced: usize, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(announced).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    begun(bytes.len(), bytes)
}

/// Opens streams on a connection, says something on each, and more again and again on one after the other. What the
/// node resets is given up; when nothing is left, and when the node closes the connection, another one is made.
async fn pour(
    target: &PeerTarget,
    lanes: &[usize],
    begins: impl Fn(usize) -> Vec<u8>,
    a_second: u32,
    again: impl Fn(u64) -> Vec<u8>,
) -> Done {
    let mut done = Done::default();
    let mut dials = Pace::new(2, target.until);
    while dials.turn().await {
        let Some(mut bare) = Bare::connect(target, target.identity, &mut done).await else { continue };
        let mut open = VecDeque::new();
        for lane in lanes {
            open.extend(bare.open(PROTOCOLS[*lane], &begins(*lane), &mut done).await);
        }
        let mut turns = Pace::new(a_second, target.until);
        while !bare.running.is_finished() && turns.turn().await {
            let Some(mut stream) = open.pop_front() else { break };
            let taken = write(target.until, &mut stream, &again(done.tried)).await;
            done.tried += 1;
            done.refused += u64::from(!taken);
            open.extend(taken.then_some(stream));
        }
    }
    done
}

/// Opens streams one after the other, and says something on each. Of two connections one leaves fewer open.
async fn flood(target: &PeerTarget, protocols: &[&'static str], begins: &[u8], mut left_open: [usize; 2]) -> Done {
    let mut done = Done::default();
    let mut dials = Pace::new(2, target.until);
    while dials.turn().await {
        left_open.reverse();
        let Some(mut bare) = Bare::connect(target, target.identity, &mut done).await else { continue };
        let mut open = VecDeque::new();
        let mut turns = Pace::new(200, target.until);
        // No more on one connection, so that a short attack makes some.
        for protocol in protocols.iter().copied().cycle().take(200) {
            if bare.running.is_finished() || !turns.turn().await {
                break;
            }
            open.extend(bare.open(protocol, begins, &mut done).await);
            if open.len() > left_open[0] {
                open.pop_front();
            }
        }
    }
    done
}

/// Frames, each with its lane.
fn frames(messages: impl IntoIterator<Item = Message>) -> Vec<(usize, Vec<u8>)> {
    messages.into_iter().map(|message| (message.lane() as usize, message.encode())).collect()
}

/// Says so often a second what is made of the height that the node says it has, and of the number of the turn.
async fn say(target: &PeerTarget, a_second: u32, makes: impl Fn(u64, u64) -> Vec<(usize, Vec<u8>)>) -> Done {
    let (mut done, mut height, mut turn) = (Done::default(), 0, 0);
    let (events, mut heard) = mpsc::channel(4_096);
    let config = Config {
        identity: target.identity,
        listen: Vec::new(),
        peers: vec![KnownPeer { key: target.victim, address: target.listen.clone() }],
        allowed: vec![target.victim],
        genesis: target.document.hash(),
        lanes: LANES,
        ask: AskSpec { protocol: PROTOCOLS[3], frame_bytes_max: 1 << 20 },
    };
    let Ok((network, _asked)) = seaway_network::start(config, vec![events; LANES.len()]) else { return done };
    let mut turns = Pace::new(a_second, target.until);
    while turns.turn().await {
        while let Ok(event) = heard.try_recv() {
            done.refused += u64::from(matches!(event, NetworkEvent::Down(_)));
            if let NetworkEvent::Frame { frame, .. } = event
                && let Ok(Message::Status(said)) = Message::decode(&frame)
            {
                height = said.0;
            }
        }
        turn += 1;
        let connected = !network.connected().is_empty();
        for (lane, frame) in connected.then(|| makes(height, turn)).into_iter().flatten() {
            done.tried += 1;
            network.send(&target.victim, lane, frame.into());
        }
    }
    done
}

async fn unknown(target: PeerTarget) -> Done {
    let mut done = Done::default();
    let mut turns = Pace::new(50, target.until);
    while turns.turn().await {
        let mut secret = [0xA5; 32];
        secret[..8].copy_from_slice(&done.tried.to_le_bytes());
        let Some(mut bare) = Bare::connect(&target, secret, &mut done).await else { continue };
        // To the stranger the handshake seems done before it hears that it is not wanted.
        done.refused += u64::from(before(soon(target.until), &mut bare.running).await.is_some());
    }
    done
}

/// Silence, the first word alone, and bytes that are no word.
async fn half_open(target: PeerTarget) -> Done {
    let mut parts = target.listen.iter();
    let (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) = (parts.next(), parts.next()) else {
        return Done::default();
    };
    let held = |connections, begins: &[u8]| {
        let address = SocketAddr::from((ip, port));
        let target = Target { address, until: target.until, instruction: String::new() };
        hold(target, Slow { connections, begins: begins.to_vec(), drip: Vec::new(), reads: true })
    };
    side_by_side([held(70, b""), held(70, b"\x13/multistream/1.0.0\n"), held(60, &[0xA5; 1_000])]).await
}

/// Frames that announce more than any lane takes, and hold so many bytes.
async fn large(target: PeerTarget, announced: usize, bytes: usize) -> Done {
    pour(&target, &[0, 1, 2, 3], |_| begun(announced, &vec![7; bytes]), 20, |_| vec![7; 64 << 10]).await
}

/// The last byte never comes: whoever waits for it keeps all that came before.
async fn unfinished(target: PeerTarget) -> Done {
    let begins = |lane: usize| begun(FRAMES_MAX[lane], &vec![7; FRAMES_MAX[lane] - 1]);
    pour(&target, UNFINISHED, begins, 1, |_| Vec::new()).await
}

async fn garbage(target: PeerTarget) -> Done {
    let status = Message::Status(Height(1)).encode();
    let (trailing, torn) = ([&status[..], &[0]].concat(), status[..status.len() - 1].to_vec());
    let endless = codec::encode(&(6u32, u64::MAX));
    let bad = [vec![0xFF; 100], Vec::new(), trailing, torn, vec![0; 60 << 10], endless];
    let makes = |_: u64, turn: u64| {
        let bad = &bad[turn as usize % bad.len()];
        (0..LANES.len()).map(|lane| (lane, bad.clone())).collect()
    };
    say(&target, 20, makes).await
}

/// Streams that end, or are left, in the middle of a frame: few at a time, and more than there may be.
async fn streams(target: PeerTarget) -> Done {
    flood(&target, &PROTOCOLS, &begun(100, &[7; 50]), [16, 100]).await
}

/// Whole questions, whose answers are never read: which account a number names is the first that nodes ask.
async fn questions(target: PeerTarget) -> Done {
    let question = codec::encode(&(0u32, b"no such account".to_vec()));
    flood(&target, &PROTOCOLS[3..], &framed(&question), [8, 24]).await
}

/// A vote, signed by whoever has a key.
fn vote(target: &PeerTarget, secret: &[u8; 32], height: u64, round: u32) -> Message {
    let kind = if round.is_multiple_of(2) { VoteKind::Prevote } else { VoteKind::Precommit };
    let block = Some(BlockId([7; 32]));
    let vote = Vote { network: target.document.network, kind, height: Height(height), round: Round(round), block };
    let entry = sign(secret, &vote.message());
    Message::Consensus(ConsensusMessage::Vote(SignedVote { vote, validator: entry.key, evidence: entry.evidence }))
}

/// A validator's own word on heights that will not come for years, and a stranger's on those at hand: a validator's
/// would be evidence against a node that did nothing.
async fn far_votes(target: PeerTarget) -> Done {
    let (validator, nobody) = (seed::secret_key("validator-HUDSUS33"), [42; 32]);
    let makes = |height: u64, turn: u64| {
        let round = turn as u32;
        let far = [1_000_000, 1 << 32, u64::MAX / 2, u64::MAX].map(|ahead| height.saturating_add(ahead));
        let far = far.map(|height| vote(&target, &validator, height, round));
        let near = [(1, 0), (1, 9), (1, u32::MAX), (2, 0), (2, u32::MAX), (3, 0)];
        let near = near.map(|(ahead, round)| vote(&target, &nobody, height.saturating_add(ahead), round));
        frames(far.into_iter().chain(near))
    };
    say(&target, 40, makes).await
}

/// Certificates for the height at hand, by nobody and by all validators, that are as large as they may be and hold no
/// signature.
async fn certificates(target: PeerTarget) -> Done {
    let named: Vec<PublicKey> = target.document.validators.0.iter().map(|validator| validator.key).collect();
    let nobody: Vec<PublicKey> = (0u8..).take(VALIDATORS_MAX).map(|byte| PublicKey::Ed25519([byte; 32])).collect();
    let makes = |height: u64, turn: u64| {
        let (height, round, block) = (Height(height.saturating_add(1)), Round(turn as u32 % 5), BlockId([7; 32]));
        let of = |keys: &Vec<PublicKey>| {
            let signatures = keys.iter().map(|key| (*key, NO_SIGNATURE)).collect();
            let signatures = Bounded::new(signatures).unwrap_or_default();
            let votes = keys.iter().map(|key| (VoteKind::Precommit, Some(block), *key, NO_SIGNATURE)).collect();
            let (votes, change) = (Bounded::new(votes).unwrap_or_default(), RoundChange::Precommits);
            let polka = ConsensusMessage::Polka(PolkaCertificate { height, round, block, signatures });
            [polka, ConsensusMessage::Round(RoundCertificate { height, round, change, votes })]
        };
        frames([&named, &nobody].into_iter().flat_map(of).map(Message::Consensus))
    };
    say(&target, 25, makes).await
}

async fn sync_storm(target: PeerTarget) -> Done {
    let asks = framed(&Message::WantBlocks(Height(1), u32::MAX).encode());
    pour(&target, &[Lane::Blocks as usize], |_| asks.clone(), 20, |_| asks.repeat(10)).await
}

/// A payment that the Hong Kong merchant signs. It is void where the account is another's.
fn payment(target: &PeerTarget, agent: &str, debtor: &str) -> Option<RawInstruction> {
    let payment = Payment {
        network: target.document.network,
        submitter: Submitter::Account(seed::account("HARBHKHH", "hk-merchant")),
        debtor: seed::account(agent, debtor),
        debtor_agent: agent.parse().ok()?,
        creditor: seed::account("MERLSGSG", "sg-supplier"),
        creditor_agent: "MERLSGSG".parse().ok()?,
        asset: AssetId(1),
        amount: Amount::new(1).ok()?,
        end_to_end_id: "ABUSE".parse().ok()?,
        purpose: None,
        party_data_hash: None,
        kind: CreditKind::Customer,
    };
    let signed = payment.sign(BlockTime::from_ms(now_ms())?, &[seed::secret_key("hk-merchant")]);
    signed.ok().map(|signed| signed.raw)
}

/// Passes a payment on and asks for it, as often as one message can. The answers are never read.
async fn repeated(target: PeerTarget) -> Done {
    let again = |_: u64| {
        let Some(raw) = payment(&target, "HARBHKHH", "hk-merchant") else { return Vec::new() };
        let ids = vec![raw.wire_id(); BLOCK_INSTRUCTIONS_MAX];
        let passed_on = Message::Instructions(Bounded::new(vec![raw]).unwrap_or_default());
        let wanted = Message::WantInstructions(Bounded::new(ids).unwrap_or_default());
        [framed(&passed_on.encode()), framed(&wanted.encode())].concat()
    };
    pour(&target, &[Lane::Instructions as usize], |_| Vec::new(), 5, again).await
}

/// Names that no instruction has, others each turn.
fn made_up(turn: u64) -> Vec<WireId> {
    let numbers = (0..BLOCK_INSTRUCTIONS_MAX as u64).map(|number| (turn << 16) | number);
    numbers.map(|number| WireId(std::array::from_fn(|byte| (number >> (byte % 8 * 8)) as u8))).collect()
}

/// Announces what is nowhere, so that the node asks for it, and asks for what is nowhere, so that the node looks.
async fn nowhere(target: PeerTarget) -> Done {
    let again = |turn: u64| {
        let ids = Bounded::new(made_up(turn)).unwrap_or_default();
        let message = if turn.is_multiple_of(2) { Message::Announce(ids) } else { Message::WantInstructions(ids) };
        framed(&message.encode())
    };
    pour(&target, &[Lane::Instructions as usize], |_| Vec::new(), 20, again).await
}

/// A block on no parent that executes to nothing.
fn block(target: &PeerTarget, height: u64, instructions: Vec<RawInstruction>) -> Block {
    let header = BlockHeader {
        network: target.document.network,
        height: Height(height),
        parent: BlockId([7; 32]),
        time: BlockTime::from_ms(now_ms()).unwrap_or_default(),
        version: RULES_VERSION,
        body_root: Hash32::ZERO,
        state_root: Hash32::ZERO,
        receipts_root: Hash32::ZERO,
        validators: Hash32::ZERO,
        next_validators: Hash32::ZERO,
    };
    let instructions = Bounded::new(instructions).unwrap_or_default();
    let mut block = Block { header, parent_certificate: None, instructions };
    block.header.body_root = block.body().root();
    block
}

/// A block as if it were decided, with a certificate in the names of all validators.
fn forged(target: &PeerTarget, height: u64, instructions: Vec<RawInstruction>) -> Message {
    let block = block(target, height, instructions);
    let validators = target.document.validators.0.iter();
    let signers = validators.map(|one| CommitSignature { validator: one.key, evidence: NO_SIGNATURE }).collect();
    let signatures = Bounded::new(signers).unwrap_or_default();
    let certificate = Certificate { height: Height(height), round: Round(0), block: block.header.id(), signatures };
    Message::Block(Box::new(FinalBlock { block, certificate }))
}

/// Claims absurd heights, hands out forged blocks of the heights to come, now and then of megabytes, and drafts that
/// nobody proposed.
async fn wrong_blocks(target: PeerTarget) -> Done {
    let Some(raw) = payment(&target, "HARBHKHH", "hk-merchant") else { return Done::default() };
    let makes = |height: u64, turn: u64| {
        let ahead = |heights: u64| height.saturating_add(heights);
        let mut said = vec![
            Message::Status(Height(if turn.is_multiple_of(2) { ahead(1_000_000) } else { u64::MAX })),
            forged(&target, ahead(1), Vec::new()),
            forged(&target, ahead(1 + turn % 16), vec![raw.clone()]),
        ];
        if turn.is_multiple_of(4) {
            let block = block(&target, ahead(1), vec![raw.clone(); 8_000]);
            said.push(Message::Draft(BlockDraft { header: block.header, body: block.body() }));
        }
        if turn.is_multiple_of(8) {
            said.push(forged(&target, ahead(2 + turn / 8 % 14), vec![raw.clone(); 8_000]));
        }
        frames(said)
    };
    say(&target, 10, makes).await
}

/// Admitted anywhere, and found void only by whoever executes them; a few new ones each time.
async fn void(target: PeerTarget) -> Done {
    let void = || payment(&target, "HUDSUS33", "us-buyer");
    let old: Vec<RawInstruction> = (0..32).filter_map(|_| void()).collect();
    let makes = |_: u64, _: u64| {
        let some = old.iter().cloned().chain((0..4).filter_map(|_| void())).collect();
        frames([Message::Instructions(Bounded::new(some).unwrap_or_default())])
    };
    say(&target, 20, makes).await
}
