//! What can be refused of a credit transfer.

use crate::execution::context::{Agent, Execution};
use crate::execution::instruction::Placed;
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::instruction::Leg;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::state::{Account, IndexKey, Participant, Threshold};
use seaway_types::text::Country;

/// What all credits of one transfer share.
pub(super) struct Payer<'t> {
    pub transfer: &'t CreditTransfer,
    pub account: Account,
    pub asset: Asset,
    pub jurisdiction: Country,
}

/// A credit that may settle, or wait.
pub(super) struct Payee {
    pub account: Account,
    /// Amount and charges.
    pub total: Amount,
    /// Whether the creditor's agent must still accept it.
    pub waits: bool,
}

impl<V: StateView> Execution<'_, V> {
    /// The guards of the whole transfer.
    pub(super) fn check_transfer<'t>(&mut self, transfer: &'t CreditTransfer) -> Result<Payer<'t>, Stop> {
        let asset = self.asset(transfer.asset)?;
        let session = self.session(transfer.asset)?;
        if let Some(given) = transfer.settlement_date {
            let today = session.local.day;
            ensure(given == today, || Reason::SettlementDate { given, today })?;
        }
        self.ensure_open(transfer.asset)?;
        let account = self.payer(&transfer.debtor)?;
        let agent = self.agent(&account.agent)?.filter(|agent| agent.active);
        let Some(Agent { jurisdiction, .. }) = agent else {
            return Err(Reason::DebtorAgentSuspended { agent: account.agent }.into());
        };
        Ok(Payer { transfer, account, asset, jurisdiction })
    }

    /// The guards of one credit, up to the maximum of a payment and the need for acceptance.
    pub(super) fn check_credit(&mut self, payer: &Payer, credit: &Credit, placed: Placed) -> Result<Payee, Stop> {
        self.ensure_uetr_unused(payer.account.agent, credit, placed)?;
        ensure(!credit.amount.is_zero() && credit.charges.iter().all(|charge| !charge.amount.is_zero()), || {
            Reason::AmountZero
        })?;
        let total = credit.charges.iter().try_fold(credit.amount, |sum, charge| {
            sum.checked_add(charge.amount).ok_or(Reason::SumTooLarge { present: sum, amount: charge.amount })
        })?;
        ensure_agent(credit.debtor_agent, payer.account.agent)?;
        if !self.agent(&credit.instructing_agent)?.is_some_and(|agent| agent.active) {
            return Err(Reason::InstructingAgentUnknown { agent: credit.instructing_agent }.into());
        }
        let account = self.payable(&credit.creditor)?;
        ensure_agent(credit.creditor_agent, account.agent)?;
        let Some(agent) = self.agent(&account.agent)?.filter(|agent| agent.active) else {
            return Err(Reason::CreditorAgentSuspended { agent: account.agent }.into());
        };
        ensure(credit.creditor != payer.transfer.debtor, || Reason::SelfPayment { account: credit.creditor })?;
        self.ensure_below_payment_max((payer.transfer.asset, &payer.asset), &payer.account, credit.amount)?;
        let waits = self.check_acceptance(payer, credit, &account, agent.jurisdiction, placed)?;
        Ok(Payee { account, total, waits })
    }

    fn ensure_uetr_unused(&self, agent: Bic, credit: &Credit, placed: Placed) -> Result<(), Stop> {
        let uetr = credit.uetr;
        let key = PaymentKey { debtor_agent: agent, uetr, kind: credit.kind };
        if self.state.indexed(&IndexKey::Payment(key))?.is_none() {
            return Ok(());
        }
        // Taken before, or by an earlier credit of this very instruction?
        if self.state.view().indexed(&IndexKey::Payment(key))?.is_none() {
            let legs = placed.instruction.envelope().body.legs();
            let credits = legs.iter().filter_map(|leg| match leg {
                Leg::CreditTransfer(transfer) => Some(&transfer.credits),
                _ => None,
            });
            let same = |other: &&Credit| other.uetr == uetr && other.kind == credit.kind;
            if credits.flatten().filter(same).count() > 1 {
                return Err(Reason::UetrRepeated { uetr }.into());
            }
        }
        Err(Reason::UetrUsed { uetr }.into())
    }

    /// Whether a credit must wait for its creditor's agent; in an instruction that is all or none, one that must is refused.
    fn check_acceptance(
        &mut self,
        payer: &Payer,
        credit: &Credit,
        creditor: &Account,
        jurisdiction: Country,
        placed: Placed,
    ) -> Result<bool, Stop> {
        let accepted = self.accepted_ahead(credit, creditor)?;
        let Some(threshold) = self.threshold(payer.transfer.asset, [payer.jurisdiction, jurisdiction])? else {
            return Ok(false);
        };
        if credit.amount < threshold || accepted {
            return Ok(false);
        }
        ensure(!placed.all_or_none, || Reason::AcceptanceMissing { threshold })?;
        Ok(true)
    }

    /// The lowest threshold of the jurisdictions concerned.
    pub fn threshold(&self, asset: AssetId, jurisdictions: [Country; 2]) -> Result<Option<Amount>, Stop> {
        let mut lowest: Option<Amount> = None;
        for country in jurisdictions {
            if let Some(Threshold(amount)) = self.state.get(&(country, asset))? {
                lowest = Some(lowest.map_or(amount, |lowest| lowest.min(amount)));
            }
        }
        Ok(lowest)
    }

    /// Whether the creditor's agent accepted ahead and its word still counts. Signatures that do not satisfy the agent's
    /// policy void the instruction: its signature set fails.
    fn accepted_ahead(&self, credit: &Credit, creditor: &Account) -> Result<bool, Stop> {
        let Some(acceptance) = &credit.acceptance else {
            return Ok(false);
        };
        let agent = creditor.agent;
        let policy = self.must::<Participant>(&agent, "the agent of an account")?.policy;
        let signed = policy.count(acceptance.signatures.iter().map(|entry| &entry.key));
        if signed < usize::from(policy.threshold()) || signed < acceptance.signatures.len() {
            let signed = u8::try_from(signed).unwrap_or(u8::MAX);
            return Err(VoidReason::AcceptanceUnmet { agent, signed, threshold: policy.threshold() }.into());
        }
        Ok(self.block.time <= acceptance.not_after)
    }
}

fn ensure_agent(given: Bic, expected: Bic) -> Result<(), Stop> {
    ensure(given == expected, || Reason::AgentMismatch { given, expected })
}
