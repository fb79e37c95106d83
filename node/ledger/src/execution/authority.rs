//! Who must sign what. The table of `ledger.md`, "Authority: who may do what", as code.
//!
//! Each leg or administrative act states its alternatives: lists of parties of which one list must have signed in full.
//! The first that has is taken; its position tells the act who came. Every signer must belong to a policy that was taken,
//! and the submitter must be one of the parties: so nobody takes a key in another's name, and nobody burns one.

use super::context::Execution;
use super::stop::Stop;
use crate::state::StateView;
use seaway_types::asset::Asset;
use seaway_types::bic::Bic;
use seaway_types::identifier::{AccountId, HoldId};
use seaway_types::instruction::admin::Admin;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{Body, DecodedInstruction, Leg, Submitter};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::reason::VoidReason;
use seaway_types::state::{
    Account, CalendarKey, DebitAuthority, Hold, HoldPurpose, IndexKey, IndexValue, Participant, PaymentFacts,
};

/// Somebody whose signatures are needed.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub who: Submitter,
    pub policy: KeyPolicy,
}

/// Parties that must all have signed.
pub(super) type Parties = Vec<Party>;

/// For each leg, or for the one administrative act: which alternative signed.
pub(super) type Chosen = Vec<usize>;

impl<V: StateView> Execution<'_, V> {
    /// Asks whether the right parties signed, and nobody else.
    pub fn authorise(&self, instruction: &DecodedInstruction) -> Result<Chosen, Stop> {
        let envelope = instruction.envelope();
        let needs: Vec<Vec<Parties>> = match &envelope.body {
            Body::Admin(admin) => vec![self.parties_of_admin(admin)?],
            body => {
                let legs = body.legs().iter().enumerate();
                legs.map(|(place, leg)| self.parties_of_leg(leg, place, instruction)).collect::<Result<_, Stop>>()?
            }
        };
        let mut chosen = Vec::with_capacity(needs.len());
        let mut taken: Vec<&Party> = Vec::new();
        for alternatives in &needs {
            let signed = |parties: &Parties| unmet(parties, instruction).is_none();
            // Where both sides of an act signed it, the submitter's own side comes first: it is the one that asks.
            let own =
                |parties: &Parties| parties.iter().any(|party| party.who == envelope.submitter) && signed(parties);
            let position = alternatives.iter().position(own).or_else(|| alternatives.iter().position(signed));
            let Some((position, parties)) = position.and_then(|at| alternatives.get(at).map(|parties| (at, parties)))
            else {
                return Err(refusal(alternatives, instruction).into());
            };
            chosen.push(position);
            taken.extend(parties);
        }
        if let Some(key) = instruction.signers().find(|key| !taken.iter().any(|party| party.policy.contains(key))) {
            return Err(VoidReason::SignerForeign { key: *key }.into());
        }
        if taken.iter().any(|party| party.who == envelope.submitter) {
            Ok(chosen)
        } else {
            Err(VoidReason::SubmitterForeign { submitter: envelope.submitter }.into())
        }
    }

    fn parties_of_leg(
        &self,
        leg: &Leg,
        place: usize,
        instruction: &DecodedInstruction,
    ) -> Result<Vec<Parties>, Stop> {
        Ok(match leg {
            Leg::CreditTransfer(transfer) => vec![self.debitors(&transfer.debtor)?],
            Leg::Reserve(reserve) => vec![self.debitors(&reserve.payer)?],
            Leg::RedeemRequest(request) => vec![self.debitors(&request.account)?],
            Leg::Post(post) => match self.hold(&post.hold)?.purpose {
                HoldPurpose::Payment { payee, .. } => vec![self.debitors(&payee)?],
                // Nobody posts a redemption; its payer may be told so.
                HoldPurpose::Redemption => vec![self.debitors(&self.hold(&post.hold)?.payer)?],
            },
            Leg::Release(release) => self.releasers(&self.hold(&release.hold)?)?,
            Leg::Issue(issue) => {
                let asset: Asset =
                    self.state.get(&issue.asset)?.ok_or(VoidReason::AssetUnknown { asset: issue.asset })?;
                vec![vec![self.participant(asset.issuer)?]]
            }
            Leg::RedeemConfirm(confirm) => {
                let asset: Asset = self.must(&self.hold(&confirm.hold)?.asset, "the asset of a hold")?;
                vec![vec![self.participant(asset.issuer)?]]
            }
            Leg::Return(payback) => {
                let creditor = self.facts(&payback.payment)?.creditor;
                vec![self.debitors(&creditor)?, vec![self.agent_of(&creditor)?]]
            }
            Leg::RecallRequest(request) => {
                let debtor = self.facts(&request.payment)?.debtor;
                vec![self.debitors(&debtor)?, vec![self.agent_of(&debtor)?]]
            }
            Leg::RecallAnswer(answer) => vec![vec![self.creditor_agent(&answer.payment)?]],
            Leg::Accept(accept) => vec![vec![self.creditor_agent(&accept.payment)?]],
            Leg::Refuse(refuse) => vec![vec![self.creditor_agent(&refuse.payment)?]],
            Leg::Confirm(confirm) => vec![vec![self.creditor_agent(&confirm.payment)?]],
            Leg::RegisterCode(register) => vec![vec![self.participant(register.by)?]],
            Leg::OpenContract(open) => vec![self.obligors(&open.terms, instruction)?],
            Leg::CallContract(call) => self.callers(call, place, instruction)?,
            Leg::ApproveCall(approve) => vec![vec![self.party_of(&approve.member)?]],
            Leg::WithdrawOffer(withdraw) => vec![self.maker(&withdraw.offer)?],
            Leg::SetAllowance(set) => vec![self.debitors(&set.allowance.grantor)?],
            Leg::ReleaseSuspense(release) => {
                vec![vec![self.agent_of(&release.account)?, self.supervisor(&release.account, release.supervisor)?]]
            }
        })
    }

    fn parties_of_admin(&self, admin: &Admin) -> Result<Vec<Parties>, Stop> {
        let authority = || Party { who: Submitter::Authority, policy: self.parameters.authority.clone() };
        Ok(match admin {
            Admin::OpenAccount(open) => vec![vec![self.participant(open.agent)?]],
            Admin::CloseAccount(close) => vec![vec![self.agent_of(&close.account)?]],
            Admin::SetTier(set) => vec![vec![self.agent_of(&set.account)?]],
            Admin::Freeze(freeze) => vec![vec![self.freezer(&freeze.account, freeze.by)?]],
            // Who froze may unfreeze, whatever its role is by now; that it froze is asked when the act runs.
            Admin::Unfreeze(unfreeze) => {
                self.account(&unfreeze.account)?;
                vec![vec![self.participant(unfreeze.by)?]]
            }
            Admin::ChangeKeys(change) => {
                vec![vec![self.owner_of(&change.account)?], vec![self.agent_of(&change.account)?]]
            }
            Admin::VetoKeys(veto) => vec![vec![self.owner_of(&veto.account)?]],
            Admin::SetCalendar(set) => match set.of {
                CalendarKey::Asset(id) => {
                    let asset: Asset = self.state.get(&id)?.ok_or(VoidReason::AssetUnknown { asset: id })?;
                    vec![vec![self.participant(asset.issuer)?], vec![authority()]]
                }
                CalendarKey::Jurisdiction(_) => vec![vec![authority()]],
            },
            Admin::SetParticipant(_)
            | Admin::SetAsset(_)
            | Admin::SetTierLimits(_)
            | Admin::SetThreshold(_)
            | Admin::SetValidators(_)
            | Admin::SetAuthority(_)
            | Admin::ScheduleUpgrade(_) => vec![vec![authority()]],
        })
    }

    /// Those whose signatures debit an account.
    pub(super) fn debitors(&self, id: &AccountId) -> Result<Parties, Stop> {
        let account = self.account(id)?;
        let holder = || Party { who: Submitter::Account(*id), policy: account.owner.clone() };
        Ok(match account.debit_authority {
            DebitAuthority::Holder => vec![holder()],
            DebitAuthority::Agent => vec![self.participant(account.agent)?],
            DebitAuthority::Both => vec![holder(), self.participant(account.agent)?],
        })
    }

    /// The payee or the issuer at any time; the payer only once the hold is over, so that until then its signature alone
    /// is not enough to run, and fail, what the payee signed too.
    fn releasers(&self, hold: &Hold) -> Result<Vec<Parties>, Stop> {
        let first = match hold.purpose {
            HoldPurpose::Payment { payee, .. } => self.debitors(&payee)?,
            HoldPurpose::Redemption => {
                let asset: Asset = self.must(&hold.asset, "the asset of a hold")?;
                vec![self.participant(asset.issuer)?]
            }
        };
        let mut sides = vec![first];
        if self.block.time >= hold.expires_at {
            sides.push(self.debitors(&hold.payer)?);
        }
        Ok(sides)
    }

    /// An account's agent, or a supervisor of the agent's jurisdiction.
    fn freezer(&self, account: &AccountId, by: Bic) -> Result<Party, Stop> {
        if by == self.account(account)?.agent { self.participant(by) } else { self.supervisor(account, by) }
    }

    /// A supervisor of the jurisdiction of an account's agent.
    fn supervisor(&self, account: &AccountId, by: Bic) -> Result<Party, Stop> {
        let agent = self.account(account)?.agent;
        let party = self.participant(by)?;
        let jurisdiction = self.must::<Participant>(&agent, "the agent of an account")?.jurisdiction;
        let supervisor: Participant = self.must(&by, "a participant just found")?;
        // The word of two is asked, so nobody is both.
        if by != agent && supervisor.roles.supervisor_of.contains(&jurisdiction) {
            Ok(party)
        } else {
            Err(VoidReason::RoleMissing { bic: by }.into())
        }
    }

    fn account(&self, id: &AccountId) -> Result<Account, Stop> {
        Ok(self.state.get(id)?.ok_or(VoidReason::AccountUnknown { account: *id })?)
    }

    fn hold(&self, id: &HoldId) -> Result<Hold, Stop> {
        Ok(self.state.get(id)?.ok_or(VoidReason::HoldUnknown { hold: *id })?)
    }

    /// What never changes about a payment that was once taken.
    pub fn facts(&self, payment: &PaymentKey) -> Result<PaymentFacts, Stop> {
        match self.state.indexed(&IndexKey::Payment(*payment))?.map(|entry| entry.value) {
            Some(IndexValue::Payment { facts, .. }) => Ok(facts),
            _ => Err(VoidReason::PaymentUnknown { payment: *payment }.into()),
        }
    }

    fn creditor_agent(&self, payment: &PaymentKey) -> Result<Party, Stop> {
        self.agent_of(&self.facts(payment)?.creditor)
    }

    /// Whoever a submitter is: an account's owner, a participant, the authority.
    pub(super) fn party_of(&self, who: &Submitter) -> Result<Party, Stop> {
        match who {
            Submitter::Account(account) => self.owner_of(account),
            Submitter::Participant(bic) => self.participant(*bic),
            Submitter::Authority => Ok(Party { who: *who, policy: self.parameters.authority.clone() }),
        }
    }

    fn owner_of(&self, account: &AccountId) -> Result<Party, Stop> {
        Ok(Party { who: Submitter::Account(*account), policy: self.account(account)?.owner })
    }

    fn agent_of(&self, account: &AccountId) -> Result<Party, Stop> {
        self.participant(self.account(account)?.agent)
    }

    fn participant(&self, bic: Bic) -> Result<Party, Stop> {
        let found: Participant = self.state.get(&bic)?.ok_or(VoidReason::ParticipantUnknown { bic })?;
        Ok(Party { who: Submitter::Participant(bic), policy: found.policy })
    }
}

/// The first party whose policy the signers do not meet, with how many did sign.
fn unmet<'a>(parties: &'a Parties, instruction: &DecodedInstruction) -> Option<(&'a Party, usize)> {
    parties.iter().find_map(|party| {
        let signed = party.policy.count(instruction.signers());
        (signed < usize::from(party.policy.threshold())).then_some((party, signed))
    })
}

/// Which refusal tells most: a policy of the submitter's own side, then a foreign signer, then the first policy.
fn refusal(alternatives: &[Parties], instruction: &DecodedInstruction) -> VoidReason {
    let submitter = instruction.envelope().submitter;
    let unmet_policy = |parties: &Parties| {
        unmet(parties, instruction).map(|(party, signed)| VoidReason::PolicyUnmet {
            who: party.who,
            signed: u8::try_from(signed).unwrap_or(u8::MAX),
            threshold: party.policy.threshold(),
        })
    };
    let policies: Vec<&KeyPolicy> = alternatives.iter().flatten().map(|party| &party.policy).collect();
    let foreign = |key: &&PublicKey| !policies.iter().any(|policy| policy.contains(key));
    if let Some(key) = instruction.signers().find(foreign) {
        return VoidReason::SignerForeign { key: *key };
    }
    let own = alternatives.iter().find(|parties| parties.iter().any(|party| party.who == submitter));
    own.or(alternatives.first()).and_then(unmet_policy).unwrap_or(VoidReason::SubmitterForeign { submitter })
}
