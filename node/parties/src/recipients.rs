//! Who is to have the party data of a payment: the agents of both sides, and who supervises the jurisdiction of either.

use seaway_types::bic::Bic;
use seaway_types::keys::PublicKey;
use seaway_types::party::PartyData;
use seaway_types::state::Participant;
use seaway_types::text::Country;

/// An institution that is to have it, with those of its nodes that do not have it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The institution.
    pub bic: Bic,
    /// The identity keys of its nodes; at least one.
    pub nodes: Vec<PublicKey>,
}

fn concerned<'a>(
    participants: &'a [(Bic, Participant)],
    data: &PartyData,
) -> impl Iterator<Item = &'a (Bic, Participant)> {
    let agents = [data.debtor_agent, data.creditor_agent];
    let own = participants.iter().filter(|(bic, _)| agents.contains(bic));
    let places: Vec<Country> = own.map(|(_, one)| one.jurisdiction).collect();
    participants.iter().filter(move |(bic, one)| {
        let supervises = places.iter().any(|place| one.roles.supervisor_of.contains(place));
        one.active && (agents.contains(bic) || supervises)
    })
}

/// Whether an institution is to have it.
pub fn is_concerned(participants: &[(Bic, Participant)], data: &PartyData, bic: Bic) -> bool {
    concerned(participants, data).any(|(other, _)| *other == bic)
}

/// To whom a node of the debtor's agent hands it on, the agent's other nodes among them: one lost disk loses nothing. Institutions without
/// nodes of their own get none, and a suspended one gets none either.
pub fn recipients(participants: &[(Bic, Participant)], data: &PartyData, sender: &PublicKey) -> Vec<Recipient> {
    let recipient = |(bic, one): &(Bic, Participant)| {
        let nodes = one.nodes.iter().filter(|node| *node != sender && node.is_usable());
        Recipient { bic: *bic, nodes: nodes.copied().collect() }
    };
    concerned(participants, data).map(recipient).filter(|recipient| !recipient.nodes.is_empty()).collect()
}
