//! Who must sign what concerns contracts.

use crate::authority::{Side, meets};
use crate::contract::{clause_of, obligors, opened_by};
use crate::{Contract, Model};
use seaway_types::contract::{Actor, Code, InstanceId, Offer, SignedOffer, Terms, arguments_hash};
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::contract::{CallContract, ReleaseSuspense, Target};
use seaway_types::instruction::{AuthenticInstruction, Envelope, Leg, Submitter};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::reason::VoidReason;

/// The account of a party; void where the terms name too few.
fn party(terms: &Terms, party: u8) -> Result<AccountId, VoidReason> {
    terms.parties.get(usize::from(party)).copied().ok_or(VoidReason::TermsUnreadable)
}

impl Model {
    /// The alternatives of a leg. For a call they stand in the order of the clause's actors, and a panel that does not
    /// agree is none.
    pub(crate) fn sides_of_contract(
        &self,
        instruction: &AuthenticInstruction,
        position: usize,
    ) -> Result<Vec<Option<Side>>, VoidReason> {
        let envelope = instruction.envelope();
        let only = |side: Side| vec![Some(side)];
        Ok(match &envelope.body.legs()[position] {
            Leg::RegisterCode(register) => only(vec![self.bank(register.by)?]),
            Leg::OpenContract(open) => only(self.obliged(&open.terms, envelope.submitter)?),
            Leg::CallContract(call) => self.sides_of_call(instruction, position, call)?,
            Leg::ApproveCall(approve) => {
                self.terms_for(envelope, position, approve.instance)?;
                only(vec![self.signs_as(approve.member)?])
            }
            Leg::WithdrawOffer(withdraw) => only(self.spender(self.maker(&withdraw.offer)?)?),
            Leg::SetAllowance(set) => only(self.spender(set.allowance.grantor)?),
            Leg::ReleaseSuspense(release) => only(self.agent_and_supervisor(release)?),
            other => self.sides_of_leg(other)?.into_iter().map(Some).collect(),
        })
    }

    /// An account's owner, an institution, or the authority.
    fn signs_as(&self, who: Submitter) -> Result<(Submitter, KeyPolicy), VoidReason> {
        match who {
            Submitter::Account(account) => self.holder_of(account),
            Submitter::Participant(bic) => self.bank(bic),
            Submitter::Authority => Ok((who, self.authority.clone())),
        }
    }

    pub(crate) fn code(&self, code: Hash32) -> Result<&Code, VoidReason> {
        self.codes.get(&code).ok_or(VoidReason::CodeUnknown { code })
    }

    /// Everybody in whose pot money can come; where there is nobody, the submitter.
    fn obliged(&self, terms: &Terms, submitter: Submitter) -> Result<Side, VoidReason> {
        let mut side = Side::new();
        for obligor in obligors(self.code(terms.code)?) {
            side.extend(self.spender(party(terms, obligor)?)?);
        }
        if side.is_empty() {
            side.push(self.signs_as(submitter)?);
        }
        Ok(side)
    }

    fn agent_and_supervisor(&self, release: &ReleaseSuspense) -> Result<Side, VoidReason> {
        let agent = self.bank_of(release.account)?;
        let supervisor = self.bank(release.supervisor)?;
        let country = self.participants[&self.accounts[&release.account].agent].jurisdiction;
        if self.participants[&release.supervisor].roles.supervisor_of.contains(&country) {
            Ok(vec![agent, supervisor])
        } else {
            Err(VoidReason::RoleMissing { bic: release.supervisor })
        }
    }

    /// Whose offer it is; void where it is meant for another network.
    fn maker(&self, offer: &Offer) -> Result<AccountId, VoidReason> {
        if offer.network != self.network {
            return Err(VoidReason::WrongNetwork { given: offer.network, expected: self.network });
        }
        party(&offer.terms, offer.maker)
    }

    /// The terms of an instance that is recorded, or that an earlier leg opens.
    fn terms_for<'a>(
        &'a self,
        envelope: &'a Envelope,
        position: usize,
        id: InstanceId,
    ) -> Result<&'a Terms, VoidReason> {
        if let Some(contract) = self.contracts.get(&id) {
            return Ok(&contract.terms);
        }
        for (earlier, leg) in envelope.body.legs().iter().enumerate().take(position) {
            match leg {
                Leg::OpenContract(open) if opened_by(envelope, earlier) == id => return Ok(&open.terms),
                Leg::CallContract(call) => {
                    if let Target::Offer(signed) = &call.target
                        && signed.offer.id() == id
                    {
                        return Ok(&signed.offer.terms);
                    }
                }
                _ => {}
            }
        }
        Err(VoidReason::InstanceUnknown { instance: id })
    }

    fn sides_of_call(
        &self,
        instruction: &AuthenticInstruction,
        position: usize,
        call: &CallContract,
    ) -> Result<Vec<Option<Side>>, VoidReason> {
        let envelope = instruction.envelope();
        let signers: Vec<PublicKey> = instruction.signers().copied().collect();
        let terms = match &call.target {
            Target::Instance(id) => self.terms_for(envelope, position, *id)?,
            Target::Offer(signed) => {
                self.check_offer(signed)?;
                &signed.offer.terms
            }
        };
        let code = self.code(terms.code)?;
        let clause = clause_of(code, call.state, call.clause)
            .ok_or(VoidReason::ClauseUnknown { state: call.state, clause: call.clause })?;
        let mut sides = Vec::new();
        for actor in &clause.actors {
            sides.push(match *actor {
                Actor::Party(at) => Some(self.spender(party(terms, at)?)?),
                Actor::Panel(panel) => self.agreeing(code, terms, panel, call, &signers)?,
                Actor::Caller => Some(self.spender(call.caller.ok_or(VoidReason::CallerMissing)?)?),
                Actor::Anyone => Some(vec![self.signs_as(envelope.submitter)?]),
            });
        }
        Ok(sides)
    }

    fn check_offer(&self, signed: &SignedOffer) -> Result<(), VoidReason> {
        let maker = self.maker(&signed.offer)?;
        let side = self.spender(maker)?;
        let keys: Vec<PublicKey> = signed.signatures.iter().map(|entry| entry.key).collect();
        let enough = side.iter().all(|(_, policy)| meets(policy, &keys));
        let own = keys.iter().all(|key| side.iter().any(|(_, policy)| policy.contains(key)));
        if enough && own { Ok(()) } else { Err(VoidReason::OfferUnmet { maker }) }
    }

    /// Those members of a panel whose policy the signers meet.
    pub(crate) fn signing(&self, members: &[Submitter], signers: &[PublicKey]) -> Side {
        let known = members.iter().filter_map(|member| self.signs_as(*member).ok());
        known.filter(|(_, policy)| meets(policy, signers)).collect()
    }

    /// The members of a panel who sign a call, if with those who approved it before they are enough.
    pub(crate) fn agreeing(
        &self,
        code: &Code,
        terms: &Terms,
        panel: u8,
        call: &CallContract,
        signers: &[PublicKey],
    ) -> Result<Option<Side>, VoidReason> {
        let place = usize::from(panel);
        let (Some(declared), Some(members)) = (code.panels.get(place), terms.panels.get(place)) else {
            return Err(VoidReason::TermsUnreadable);
        };
        let side = self.signing(members, signers);
        let contract: Option<&Contract> = self.contracts.get(&call.target.id());
        let arguments = arguments_hash(&call.arguments);
        let mut agreed = 0;
        for member in members {
            let signed = side.iter().any(|(who, _)| who == member);
            let approval = (call.clause, arguments, *member);
            let approved = contract.is_some_and(|contract| contract.approvals.contains(&approval));
            if signed || approved {
                agreed += 1;
            }
        }
        let enough = agreed >= usize::from(declared.threshold) && !side.is_empty();
        Ok(enough.then_some(side))
    }
}
