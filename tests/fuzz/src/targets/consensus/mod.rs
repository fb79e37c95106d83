//! The engine among liars: three correct replicas, and a fourth validator whose every word the input decides.
//!
//! The input is a list of acts ([`Act`]): messages between the correct ones arrive, change places or get lost, time passes,
//! replicas lose power and come back; the liar says whatever bytes decode, twists what it heard, and votes and proposes as it
//! likes, with signatures that hold. No correct replica stops, none waits for ever on the spot, all that becomes final is the
//! same for all and certified, and nobody but the liar is accused.

mod net;

use crate::Target;
use crate::input::Choices;
use net::{LIAR, Net, SETTING};
use seaway_engine::{ConsensusMessage, Message};
use seaway_simulator::Guard;
use seaway_types::block::{BlockDraft, BlockId, Proposal, Round, SignedProposal, SignedVote, Vote, VoteKind};
use seaway_types::hash::Hash32;
use seaway_types::time::Height;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "consensus", run, seeds, bytes_max: 8 << 10 };

/// What happens next; its position is the byte that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// So many of the messages on their way arrive, in order.
    Arrive,
    /// One of them arrives before the others.
    Overtake,
    /// One of them is lost.
    Lose,
    /// So many milliseconds pass.
    Wait,
    /// A client hands a payment to a replica.
    Submit,
    /// The liar says these bytes.
    Say,
    /// The liar says something that it heard, with a byte changed.
    Twist,
    /// The liar votes.
    Vote,
    /// The liar proposes a block that it heard of, as it is or forged.
    Propose,
    /// A replica loses its power, and comes back at once.
    Restart,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Arrive,
        Self::Overtake,
        Self::Lose,
        Self::Wait,
        Self::Submit,
        Self::Say,
        Self::Twist,
        Self::Vote,
        Self::Propose,
        Self::Restart,
    ];
}

/// Of the byte that says to whom the liar speaks: the places, and that it leaves signatures as they are.
const ALL_PLACES: u8 = 0b111;
const AS_IT_IS: u8 = 0b1000;

fn run(input: &[u8]) {
    let _height = play(input);
}

/// Plays an input, and says which height became final.
fn play(input: &[u8]) -> Height {
    SETTING.with(|setting| {
        let mut choices = Choices(input);
        let mut net = Net::new(setting);
        while !net.is_tired() && step(&mut net, &mut choices).is_some() {}
        net.height()
    })
}

/// One act; nothing where the input is over.
fn step(net: &mut Net, choices: &mut Choices) -> Option<()> {
    let act = Act::ALL[usize::from(choices.byte()?) % Act::ALL.len()];
    match act {
        Act::Arrive => (0..=choices.byte()?).for_each(|_| net.arrive(0)),
        Act::Overtake => net.arrive(usize::from(choices.byte()?)),
        Act::Lose => net.lose(usize::from(choices.byte()?)),
        Act::Wait => net.wait(u64::from(choices.word()?)),
        Act::Submit => net.submit(usize::from(choices.byte()?)),
        Act::Say => {
            let (reach, length) = (choices.byte()?, choices.word()?);
            let frame = choices.bytes(usize::from(length));
            if let Ok(message) = Message::decode(frame) {
                tell(net, reach, message);
            }
        }
        Act::Twist => {
            let (reach, which) = (choices.byte()?, choices.byte()?);
            let (place, change) = (choices.word()?, choices.byte()?);
            let mut frame = net.heard(usize::from(which))?.encode();
            let place = usize::from(place) % frame.len();
            frame[place] ^= change;
            if let Ok(message) = Message::decode(&frame) {
                tell(net, reach, message);
            }
        }
        Act::Vote => {
            let (reach, how) = (choices.byte()?, choices.byte()?);
            let vote = vote(net, how);
            tell(net, reach, Message::Consensus(ConsensusMessage::Vote(vote)));
        }
        Act::Propose => {
            let (reach, how) = (choices.byte()?, choices.byte()?);
            let draft = forged(net.draft(how >> 6)?, how);
            let proposal = proposal(net, &draft, how);
            tell(net, reach, Message::Draft(draft));
            tell(net, reach, Message::Consensus(ConsensusMessage::Proposal(proposal)));
        }
        Act::Restart => {
            let which = choices.byte()?;
            net.restart(usize::from(which % 3), usize::from(which >> 4));
        }
    }
    Some(())
}

/// The liar says something to some replicas, in its own name and signed unless the input wants it as it is.
fn tell(net: &mut Net, reach: u8, message: Message) {
    let message = if reach & AS_IT_IS == 0 { signed(message, net.guard(LIAR)) } else { message };
    let places = if reach & ALL_PLACES == 0 { ALL_PLACES } else { reach & ALL_PLACES };
    for place in (0..LIAR).filter(|place| places >> place & 1 == 1) {
        net.lie(place, &message);
    }
}

/// Votes and proposals with the liar's name and signature.
fn signed(message: Message, guard: &Guard) -> Message {
    let Message::Consensus(said) = message else { return message };
    let validator = net::key_of(guard);
    Message::Consensus(match said {
        ConsensusMessage::Vote(SignedVote { vote, .. }) => {
            let evidence = guard.sign_anything(&vote.message());
            ConsensusMessage::Vote(SignedVote { vote, validator, evidence })
        }
        ConsensusMessage::Proposal(SignedProposal { proposal, .. }) => {
            let evidence = guard.sign_anything(&proposal.message());
            ConsensusMessage::Proposal(SignedProposal { proposal, validator, evidence })
        }
        certificate => certificate,
    })
}

/// The height after the last final one, or the one after that.
fn height_of(net: &Net, later: bool) -> Height {
    Height(net.height().0 + 1 + u64::from(later))
}

/// A vote: one bit for its kind, two for its round, two for the block, one for the height. Its signature comes later.
fn vote(net: &Net, how: u8) -> SignedVote {
    let block = match how >> 3 & 3 {
        0 => None,
        1 => net.draft(0).map(|draft| draft.header.id()),
        2 => net.draft(1).map(|draft| draft.header.id()),
        _ => Some(BlockId([how; 32])),
    };
    let kind = if how & 1 == 0 { VoteKind::Prevote } else { VoteKind::Precommit };
    let (height, round) = (height_of(net, how & 0x20 != 0), Round(u32::from(how >> 1 & 3)));
    let vote = Vote { network: net.network(), kind, height, round, block };
    let guard = net.guard(LIAR);
    SignedVote { vote, validator: net::key_of(guard), evidence: guard.sign_anything(&vote.message()) }
}

/// A block with another time, state root or parent, or as it is.
fn forged(mut draft: BlockDraft, how: u8) -> BlockDraft {
    match how & 3 {
        0 => {}
        1 => draft.header.time = draft.header.time.after_ms(1),
        2 => draft.header.state_root = Hash32([7; 32]),
        _ => draft.header.parent = BlockId([7; 32]),
    }
    draft
}

fn proposal(net: &Net, draft: &BlockDraft, how: u8) -> SignedProposal {
    let valid_round = (how & 0x20 != 0).then_some(Round(0));
    let round = Round(u32::from(how >> 2 & 7));
    let (height, block) = (draft.header.height, draft.header.id());
    let proposal = Proposal { network: net.network(), height, round, block, valid_round };
    let guard = net.guard(LIAR);
    SignedProposal { proposal, validator: net::key_of(guard), evidence: guard.sign_anything(&proposal.message()) }
}

/// An act with what it takes.
fn act(act: Act, takes: &[u8]) -> Vec<u8> {
    let number = Act::ALL.iter().position(|one| *one == act).and_then(|place| u8::try_from(place).ok());
    [[number.expect("an act")].as_slice(), takes].concat()
}

/// All that is on its way arrives, then some time passes, so often.
fn rounds(count: usize) -> Vec<u8> {
    [act(Act::Arrive, &[255]), act(Act::Wait, &[60, 0])].concat().repeat(count)
}

fn seeds() -> Vec<Vec<u8>> {
    let paid = |which: u8| [act(Act::Submit, &[which]), rounds(12)].concat();
    let mut seeds = vec![
        (0..4).flat_map(paid).collect(),
        (0..4).flat_map(|which| [paid(which), act(Act::Restart, &[which]), rounds(4)].concat()).collect(),
    ];
    let lies = [
        // A precommit for the newest block, and a prevote of the next round for one that nobody knows.
        act(Act::Vote, &[ALL_PLACES, 0b01001]),
        act(Act::Vote, &[1, 0b11010]),
        act(Act::Propose, &[ALL_PLACES, 0]),
        act(Act::Propose, &[2, 1]),
        act(Act::Propose, &[ALL_PLACES, 2]),
        act(Act::Lose, &[0]),
        act(Act::Overtake, &[5]),
    ];
    for lie in lies {
        let told = [rounds(1), lie].concat();
        seeds.push([act(Act::Submit, &[1]), told.repeat(6), rounds(20)].concat());
    }
    let twist = |which: u8| act(Act::Twist, &[0, which, which.wrapping_mul(31), 0, 1]);
    let twisted: Vec<u8> = (0..8).flat_map(twist).collect();
    seeds.push([act(Act::Submit, &[2]), rounds(2), twisted, rounds(12)].concat());
    for message in super::frames::messages() {
        let frame = message.encode();
        if let Ok(length) = u16::try_from(frame.len()) {
            let [low, high] = length.to_le_bytes();
            let said = [act(Act::Say, &[AS_IT_IS, low, high]), frame].concat();
            seeds.push([act(Act::Submit, &[3]), said, rounds(12)].concat());
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_make_blocks() {
        let heights: Vec<u64> = seeds().iter().map(|seed| play(seed).0).collect();
        assert!(heights[0] >= 2 && heights[1] >= 2, "{heights:?}");
        assert!(heights.iter().filter(|height| **height >= 1).count() * 2 > heights.len(), "{heights:?}");
    }
}
