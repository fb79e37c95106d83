//! Who must sign what is done with a contract. It follows from the code and the terms, never from the state in which the
//! contract is, except for approvals given before.

use crate::execution::authority::{Parties, Party};
use crate::execution::context::Execution;
use crate::execution::stop::Stop;
use crate::state::{RegisteredCode, StateView};
use seaway_types::contract::{Actor, InstanceId, Offer, SharedTerms, SignedOffer, Terms, arguments_hash};
use seaway_types::hash::Hash32;
use seaway_types::instruction::contract::{CallContract, Target};
use seaway_types::instruction::{DecodedInstruction, Leg, Submitter};
use seaway_types::reason::VoidReason;
use seaway_types::state::Instance;

impl<V: StateView> Execution<'_, V> {
    /// Registered code.
    pub(super) fn code(&self, code: Hash32) -> Result<RegisteredCode, Stop> {
        Ok(self.state.get(&code)?.ok_or(VoidReason::CodeUnknown { code })?)
    }

    /// Those who sign an opening: the debit authorities of all whom the code obliges; where it obliges nobody, the submitter.
    pub fn obligors(&self, terms: &Terms, instruction: &DecodedInstruction) -> Result<Parties, Stop> {
        let code = self.code(terms.code)?;
        let mut parties = Vec::new();
        for party in code.obligors() {
            self.add_debitors(terms, *party, &mut parties)?;
        }
        if parties.is_empty() {
            parties.push(self.party_of(&instruction.envelope().submitter)?);
        }
        Ok(parties)
    }

    fn add_debitors(&self, terms: &Terms, party: u8, parties: &mut Parties) -> Result<(), Stop> {
        let account = terms.parties.get(usize::from(party)).ok_or(VoidReason::TermsUnreadable)?;
        let more = self.debitors(account)?;
        parties.extend(more);
        Ok(())
    }

    /// Those who sign for the maker of an offer.
    pub fn maker(&self, offer: &Offer) -> Result<Parties, Stop> {
        if offer.network != self.parameters.network {
            return Err(VoidReason::WrongNetwork { given: offer.network, expected: self.parameters.network }.into());
        }
        let mut parties = Vec::new();
        self.add_debitors(&offer.terms, offer.maker, &mut parties)?;
        Ok(parties)
    }

    /// For each actor of the clause called: those who sign for it.
    pub fn callers(
        &self,
        call: &CallContract,
        place: usize,
        instruction: &DecodedInstruction,
    ) -> Result<Vec<Parties>, Stop> {
        let (terms, instance) = self.terms_of(call, place, instruction)?;
        if let Target::Offer(signed) = &call.target {
            self.ensure_offer_signed(signed)?;
        }
        let code = self.code(terms.code)?;
        let unknown = VoidReason::ClauseUnknown { state: call.state, clause: call.clause };
        let state = code.code().states.get(usize::from(call.state)).ok_or(unknown)?;
        let clause = state.clauses.get(usize::from(call.clause)).ok_or(unknown)?;
        let mut alternatives = Vec::with_capacity(clause.actors.len());
        for actor in &clause.actors {
            let mut parties = Vec::new();
            match *actor {
                Actor::Party(party) => self.add_debitors(&terms, party, &mut parties)?,
                Actor::Caller => parties = self.debitors(&call.caller.ok_or(VoidReason::CallerMissing)?)?,
                Actor::Anyone => parties.push(self.party_of(&instruction.envelope().submitter)?),
                Actor::Panel(panel) => {
                    let threshold =
                        code.code().panels.get(usize::from(panel)).map_or(u8::MAX, |found| found.threshold);
                    let members = terms.panels.get(usize::from(panel)).ok_or(VoidReason::TermsUnreadable)?;
                    let approved = instance.as_ref().map(|instance| approvals(instance, call)).unwrap_or_default();
                    parties = self.panel(members, usize::from(threshold), &approved, instruction)?;
                }
            }
            alternatives.push(parties);
        }
        Ok(alternatives)
    }

    /// The terms of what a call acts on, and the instance where it is open already. An earlier leg of the same bundle may be
    /// what opens it.
    fn terms_of(
        &self,
        call: &CallContract,
        place: usize,
        instruction: &DecodedInstruction,
    ) -> Result<(SharedTerms, Option<Instance>), Stop> {
        let id = call.target.id();
        if let Some(instance) = self.state.get::<Instance>(&id)? {
            return Ok((instance.terms.clone(), Some(instance)));
        }
        if let Target::Offer(signed) = &call.target {
            return Ok((signed.offer.terms.clone().into(), None));
        }
        let envelope = instruction.envelope();
        for (position, leg) in envelope.body.legs().iter().enumerate().take(place) {
            let position = u8::try_from(position).unwrap_or(u8::MAX);
            match leg {
                Leg::OpenContract(open)
                    if InstanceId::of_opening(&envelope.submitter, &envelope.key, position) == id =>
                {
                    return Ok((open.terms.clone().into(), None));
                }
                Leg::CallContract(CallContract { target: Target::Offer(signed), .. }) if signed.offer.id() == id => {
                    return Ok((signed.offer.terms.clone().into(), None));
                }
                _ => {}
            }
        }
        Err(VoidReason::InstanceUnknown { instance: id }.into())
    }

    /// The members of a panel that signed now, where these with those that approved before are enough; otherwise as many
    /// members as are needed, so that the refusal says what is missing.
    fn panel(
        &self,
        members: &[Submitter],
        threshold: usize,
        approved: &[Submitter],
        instruction: &DecodedInstruction,
    ) -> Result<Parties, Stop> {
        let mut signed = Vec::new();
        let mut missing = Vec::new();
        let mut agreeing = 0usize;
        for member in members {
            let party = match self.party_of(member) {
                Ok(party) => party,
                // Nobody signs for a member that does not exist; the opening, which would name it, is refused.
                Err(Stop::Void(_)) => continue,
                Err(stop) => return Err(stop),
            };
            let signs = party.policy.count(instruction.signers()) >= usize::from(party.policy.threshold());
            agreeing = agreeing.saturating_add(usize::from(signs || approved.contains(member)));
            if signs { signed.push(party) } else { missing.push(party) }
        }
        if agreeing >= threshold && !signed.is_empty() {
            return Ok(signed);
        }
        signed.extend(missing);
        Ok(signed)
    }

    /// An offer carries the signatures of its maker's debit authority, and no other.
    fn ensure_offer_signed(&self, signed: &SignedOffer) -> Result<(), Stop> {
        let offer = &signed.offer;
        let maker = offer.terms.parties.get(usize::from(offer.maker)).ok_or(VoidReason::TermsUnreadable)?;
        let unmet = VoidReason::OfferUnmet { maker: *maker };
        let parties = self.maker(offer)?;
        let keys = || signed.signatures.iter().map(|entry| &entry.key);
        let met = |party: &Party| party.policy.count(keys()) >= usize::from(party.policy.threshold());
        let own = keys().all(|key| parties.iter().any(|party| party.policy.contains(key)));
        if own && parties.iter().all(met) { Ok(()) } else { Err(unmet.into()) }
    }
}

/// Who approved a call before it was made.
fn approvals(instance: &Instance, call: &CallContract) -> Vec<Submitter> {
    let arguments = arguments_hash(&call.arguments);
    let this =
        |approval: &&seaway_types::state::Approval| approval.clause == call.clause && approval.arguments == arguments;
    instance.approvals.iter().filter(this).map(|approval| approval.member).collect()
}
