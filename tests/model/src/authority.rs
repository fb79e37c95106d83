//! Who must sign, as the table of the plan says.

use crate::{Model, No};
use seaway_types::bic::Bic;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::Admin;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::instruction::{AuthenticInstruction, Body, Leg, Submitter};
use seaway_types::keys::{KeyPolicy, PublicKey};
use seaway_types::reason::VoidReason;
use seaway_types::state::{CalendarKey, DebitAuthority};

/// Parties who must all sign.
pub(crate) type Side = Vec<(Submitter, KeyPolicy)>;

/// Whether enough of a policy's keys signed.
pub(crate) fn meets(policy: &KeyPolicy, signers: &[PublicKey]) -> bool {
    policy.keys().iter().filter(|key| signers.contains(key)).count() >= usize::from(policy.threshold())
}

/// The first signer whose key stands in nobody's policy.
fn stranger<'a>(
    signers: &[PublicKey],
    parties: impl Iterator<Item = &'a (Submitter, KeyPolicy)>,
) -> Option<PublicKey> {
    let known: Vec<PublicKey> = parties.flat_map(|(_, policy)| policy.keys().to_vec()).collect();
    signers.iter().find(|key| !known.contains(key)).copied()
}

/// What is told when no side signed: of a signer whom none of them knows, or else of the first party that is short, on the
/// submitter's own side if it has one.
fn refusal(alternatives: &[Option<Side>], submitter: Submitter, signers: &[PublicKey]) -> VoidReason {
    let sides: Vec<&Side> = alternatives.iter().flatten().collect();
    if let Some(key) = stranger(signers, sides.iter().copied().flatten()) {
        return VoidReason::SignerForeign { key };
    }
    let own = sides.iter().find(|side| side.iter().any(|(who, _)| *who == submitter));
    let short = own.or(sides.first()).and_then(|side| side.iter().find(|(_, policy)| !meets(policy, signers)));
    match short {
        None => VoidReason::SubmitterForeign { submitter },
        Some((who, policy)) => {
            let signed = policy.keys().iter().filter(|key| signers.contains(key)).count();
            let signed = u8::try_from(signed).expect("few keys");
            VoidReason::PolicyUnmet { who: *who, signed, threshold: policy.threshold() }
        }
    }
}

impl Model {
    /// For each leg which side signed; a void reason when none did. Of contracts it may be another than the ledger's.
    pub(crate) fn authorised(&self, instruction: &AuthenticInstruction) -> Result<Vec<usize>, VoidReason> {
        let envelope = instruction.envelope();
        let signers: Vec<_> = instruction.signers().copied().collect();
        // An alternative that nobody's signature can meet, as a panel that does not agree, is none.
        let sides: Vec<Vec<Option<Side>>> = match &envelope.body {
            Body::Admin(admin) => vec![self.sides_of_admin(admin)?.into_iter().map(Some).collect()],
            body => {
                let each = 0..body.legs().len();
                each.map(|position| self.sides_of_contract(instruction, position)).collect::<Result<_, _>>()?
            }
        };
        let met = |side: &Side| side.iter().all(|(_, policy)| meets(policy, &signers));
        let mut chosen = Vec::new();
        let mut parties: Side = Vec::new();
        for alternatives in sides {
            let mine = |side: &Side| side.iter().any(|(who, _)| *who == envelope.submitter);
            let own = alternatives.iter().position(|side| side.as_ref().is_some_and(|side| met(side) && mine(side)));
            let any = alternatives.iter().position(|side| side.as_ref().is_some_and(met));
            let at = own.or(any).ok_or_else(|| refusal(&alternatives, envelope.submitter, &signers))?;
            chosen.push(at);
            parties.extend(alternatives[at].iter().flatten().cloned());
        }
        if let Some(key) = stranger(&signers, parties.iter()) {
            return Err(VoidReason::SignerForeign { key });
        }
        let submitted = parties.iter().any(|(who, _)| *who == envelope.submitter);
        if submitted { Ok(chosen) } else { Err(VoidReason::SubmitterForeign { submitter: envelope.submitter }) }
    }

    pub(crate) fn bank(&self, bic: Bic) -> Result<(Submitter, KeyPolicy), VoidReason> {
        let bank = self.participants.get(&bic).ok_or(VoidReason::ParticipantUnknown { bic })?;
        Ok((Submitter::Participant(bic), bank.policy.clone()))
    }

    pub(crate) fn bank_of(&self, account: AccountId) -> Result<(Submitter, KeyPolicy), VoidReason> {
        let found = self.accounts.get(&account).ok_or(VoidReason::AccountUnknown { account })?;
        self.bank(found.agent)
    }

    pub(crate) fn holder_of(&self, account: AccountId) -> Result<(Submitter, KeyPolicy), VoidReason> {
        let found = self.accounts.get(&account).ok_or(VoidReason::AccountUnknown { account })?;
        Ok((Submitter::Account(account), found.owner.clone()))
    }

    pub(crate) fn spender(&self, account: AccountId) -> Result<Side, VoidReason> {
        let found = self.accounts.get(&account).ok_or(VoidReason::AccountUnknown { account })?;
        Ok(match found.debit_authority {
            DebitAuthority::Holder => vec![self.holder_of(account)?],
            DebitAuthority::Agent => vec![self.bank_of(account)?],
            DebitAuthority::Both => vec![self.holder_of(account)?, self.bank_of(account)?],
        })
    }

    fn creditor_bank(&self, payment: &PaymentKey) -> Result<Vec<Side>, VoidReason> {
        let (facts, _) = self.uetrs.get(payment).ok_or(VoidReason::PaymentUnknown { payment: *payment })?;
        Ok(vec![vec![self.bank_of(facts.creditor)?]])
    }

    pub(crate) fn sides_of_leg(&self, leg: &Leg) -> Result<Vec<Side>, VoidReason> {
        let hold = |id| self.holds.get(id).ok_or(VoidReason::HoldUnknown { hold: *id });
        let issuer = |asset| {
            let known = self.assets.get(asset).ok_or(VoidReason::AssetUnknown { asset: *asset })?;
            Ok::<_, VoidReason>(vec![self.bank(known.issuer)?])
        };
        let fact = |payment: &PaymentKey| {
            let found = self.uetrs.get(payment).map(|(facts, _)| *facts);
            found.ok_or(VoidReason::PaymentUnknown { payment: *payment })
        };
        Ok(match leg {
            Leg::CreditTransfer(transfer) => vec![self.spender(transfer.debtor)?],
            Leg::Reserve(reserve) => vec![self.spender(reserve.payer)?],
            Leg::RedeemRequest(request) => vec![self.spender(request.account)?],
            Leg::Post(post) => {
                let hold = hold(&post.hold)?;
                vec![self.spender(hold.payee.map_or(hold.payer, |(payee, _)| payee))?]
            }
            Leg::Release(release) => {
                let hold = hold(&release.hold)?;
                let first = match hold.payee {
                    Some((payee, _)) => self.spender(payee)?,
                    None => issuer(&hold.asset)?,
                };
                if self.now < hold.ends { vec![first] } else { vec![first, self.spender(hold.payer)?] }
            }
            Leg::Issue(issue) => vec![issuer(&issue.asset)?],
            Leg::RedeemConfirm(confirm) => vec![issuer(&hold(&confirm.hold)?.asset)?],
            Leg::Return(back) => {
                let creditor = fact(&back.payment)?.creditor;
                vec![self.spender(creditor)?, vec![self.bank_of(creditor)?]]
            }
            Leg::RecallRequest(ask) => {
                let debtor = fact(&ask.payment)?.debtor;
                vec![self.spender(debtor)?, vec![self.bank_of(debtor)?]]
            }
            Leg::RecallAnswer(answer) => self.creditor_bank(&answer.payment)?,
            Leg::Accept(accept) => self.creditor_bank(&accept.payment)?,
            Leg::Refuse(refuse) => self.creditor_bank(&refuse.payment)?,
            Leg::Confirm(confirm) => self.creditor_bank(&confirm.payment)?,
            // Contracts are done before.
            _ => Vec::new(),
        })
    }

    fn sides_of_admin(&self, admin: &Admin) -> Result<Vec<Side>, VoidReason> {
        let authority = || vec![(Submitter::Authority, self.authority.clone())];
        Ok(match admin {
            Admin::OpenAccount(open) => vec![vec![self.bank(open.agent)?]],
            Admin::CloseAccount(close) => vec![vec![self.bank_of(close.account)?]],
            Admin::SetTier(set) => vec![vec![self.bank_of(set.account)?]],
            Admin::Freeze(freeze) => vec![vec![self.may_freeze(freeze.account, freeze.by)?]],
            Admin::Unfreeze(freeze) => {
                self.holder_of(freeze.account)?;
                vec![vec![self.bank(freeze.by)?]]
            }
            Admin::ChangeKeys(change) => {
                vec![vec![self.holder_of(change.account)?], vec![self.bank_of(change.account)?]]
            }
            Admin::VetoKeys(veto) => vec![vec![self.holder_of(veto.account)?]],
            Admin::SetCalendar(set) => match set.of {
                CalendarKey::Asset(asset) => {
                    let known = self.assets.get(&asset).ok_or(VoidReason::AssetUnknown { asset })?;
                    vec![vec![self.bank(known.issuer)?], authority()]
                }
                CalendarKey::Jurisdiction(_) => vec![authority()],
            },
            _ => vec![authority()],
        })
    }

    fn may_freeze(&self, account: AccountId, by: Bic) -> Result<(Submitter, KeyPolicy), VoidReason> {
        let found = self.accounts.get(&account).ok_or(VoidReason::AccountUnknown { account })?;
        let party = self.bank(by)?;
        let country = self.participants[&found.agent].jurisdiction;
        let supervises = self.participants[&by].roles.supervisor_of.contains(&country);
        if by == found.agent || supervises { Ok(party) } else { Err(VoidReason::RoleMissing { bic: by }) }
    }

    /// Whether an acceptance signed ahead is good; void when its signatures are not the agent's.
    pub(crate) fn ahead(
        &self,
        acceptance: &seaway_types::instruction::payment::Acceptance,
        agent: Bic,
    ) -> Result<bool, No> {
        let policy = &self.participants[&agent].policy;
        let good = acceptance.signatures.iter().filter(|entry| policy.keys().contains(&entry.key)).count();
        let threshold = policy.threshold();
        if good < usize::from(threshold) || good != acceptance.signatures.len() {
            let signed = u8::try_from(good).expect("few");
            return Err(VoidReason::AcceptanceUnmet { agent, signed, threshold }.into());
        }
        Ok(acceptance.not_after >= self.now)
    }
}
