//! What can be refused of a credit transfer.

use crate::execution::context::{Execution, Holder};
use crate::execution::instruction::Placed;
use crate::execution::stop::{Fault, Stop, ensure};
use crate::state::StateView;
use seaway_types::amount::Amount;
use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::instruction::Leg;
use seaway_types::instruction::payment::{Credit, CreditTransfer, PaymentKey};
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::state::{Account, IndexKey, Participant, Threshold};
use seaway_types::text::Country;
use std::collections::BTreeMap;

/// What all credits of one transfer share.
pub(super) struct Payer<'t> {
    pub transfer: &'t CreditTransfer,
    pub account: Account,
    pub asset: Asset,
    pub jurisdiction: Country,
}

/// Where a credit stands in its instruction.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub leg: usize,
    pub credit: usize,
}

/// A credit that may settle, or wait.
pub(super) struct Payee {
    pub account: Holder,
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
        let jurisdiction = self.active_debtor_agent(&account)?.jurisdiction;
        Ok(Payer { transfer, account, asset, jurisdiction })
    }

    /// The guards of one credit, up to the maximum of a payment and the need for acceptance.
    pub(super) fn check_credit(
        &mut self,
        payer: &Payer,
        credit: &Credit,
        placed: Placed,
        at: Position,
    ) -> Result<Payee, Stop> {
        self.ensure_uetr_unused(payer.account.agent, credit, placed, at)?;
        ensure(!credit.amount.is_zero() && credit.charges.iter().all(|charge| !charge.amount.is_zero()), || {
            Reason::AmountZero
        })?;
        let total = credit.charges.iter().try_fold(credit.amount, |sum, charge| {
            sum.checked_add(charge.amount).ok_or(Reason::SumTooLarge { present: sum, amount: charge.amount })
        })?;
        ensure_agent(credit.debtor_agent, payer.account.agent)?;
        let Some(instructing) = self.agent(&credit.instructing_agent)?.filter(|agent| agent.active) else {
            return Err(Reason::InstructingAgentUnknown { agent: credit.instructing_agent }.into());
        };
        let account = self.payable(&credit.creditor)?;
        ensure_agent(credit.creditor_agent, account.agent)?;
        let agent = self.active_creditor_agent(&account)?;
        let debtor = payer.transfer.debtor;
        ensure(credit.creditor != debtor, || Reason::SelfPayment { account: credit.creditor })?;
        let mut takers: Vec<Country> = Vec::new();
        for charge in &credit.charges {
            let taker = self.payable(&charge.payee)?;
            takers.push(self.active_creditor_agent(&taker)?.jurisdiction);
            ensure(charge.payee != debtor, || Reason::SelfPayment { account: charge.payee })?;
        }
        // Charges count with the amount, so that no payment hides in one.
        self.ensure_below_payment_max((payer.transfer.asset, &payer.asset), &payer.account, total)?;
        let accepted = self.accepted_ahead(credit, &account)?;
        let concerned = [payer.jurisdiction, instructing.jurisdiction, agent.jurisdiction].into_iter().chain(takers);
        let threshold = self.threshold(payer.transfer.asset, &payer.asset, concerned)?;
        let waits = match threshold.filter(|threshold| total >= *threshold && !accepted) {
            Some(threshold) if placed.all_or_none => return Err(Reason::AcceptanceMissing { threshold }.into()),
            reached => reached.is_some(),
        };
        Ok(Payee { account, total, waits })
    }

    fn ensure_uetr_unused(&mut self, agent: Bic, credit: &Credit, placed: Placed, at: Position) -> Result<(), Stop> {
        let uetr = credit.uetr;
        let key = PaymentKey { debtor_agent: agent, uetr, kind: credit.kind };
        if self.state.indexed(&IndexKey::Payment(key))?.is_none() {
            return Ok(());
        }
        // It is taken; whether it also stands earlier in this very instruction only changes the word.
        if self.first_places.is_none() {
            self.first_places = Some(self.first_places_of(placed)?);
        }
        let first = self.first_places.as_ref().and_then(|places| places.get(&key));
        match first {
            Some(first) if *first < (at.leg, at.credit) => Err(Reason::UetrRepeated { uetr }.into()),
            _ => Err(Reason::UetrUsed { uetr }.into()),
        }
    }

    fn first_places_of(&self, placed: Placed) -> Result<BTreeMap<PaymentKey, (usize, usize)>, Fault> {
        let mut places = BTreeMap::new();
        for (leg, body) in placed.instruction.envelope().body.legs().iter().enumerate() {
            let Leg::CreditTransfer(transfer) = body else { continue };
            let debtor_agent = self.must::<Account>(&transfer.debtor, "the debtor of an authorised transfer")?.agent;
            for (position, credit) in transfer.credits.iter().enumerate() {
                let key = PaymentKey { debtor_agent, uetr: credit.uetr, kind: credit.kind };
                places.entry(key).or_insert((leg, position));
            }
        }
        Ok(places)
    }

    /// The lowest threshold of the jurisdictions concerned: those given, and that of the asset's issuer.
    pub fn threshold(
        &mut self,
        id: AssetId,
        asset: &Asset,
        concerned: impl IntoIterator<Item = Country>,
    ) -> Result<Option<Amount>, Stop> {
        let issuer = self.agent(&asset.issuer)?.map(|issuer| issuer.jurisdiction);
        let mut lowest: Option<Amount> = None;
        for country in concerned.into_iter().chain(issuer) {
            if let Some(Threshold(amount)) = self.state.get(&(country, id))? {
                lowest = Some(lowest.map_or(amount, |lowest| lowest.min(amount)));
            }
        }
        Ok(lowest)
    }

    /// Whether the creditor's agent accepted ahead and its word still counts. Signatures that do not satisfy the agent's
    /// policy void the instruction: its signature set fails.
    fn accepted_ahead(&self, credit: &Credit, creditor: &Holder) -> Result<bool, Stop> {
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
