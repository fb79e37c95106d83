//! Registration of code, allowances, and what waits in suspense.

use crate::execution::context::Execution;
use crate::execution::money::Place;
use crate::execution::stop::{Stop, ensure};
use crate::state::{RegisteredCode, StateView};
use seaway_types::amount::Amount;
use seaway_types::instruction::contract::{RegisterCode, ReleaseSuspense, SetAllowance};
use seaway_types::reason::Reason;
use seaway_types::state::{Allowance, Balance, Field};
use seaway_vm::{Program, Refused};

impl<V: StateView> Execution<'_, V> {
    /// Stores code that the verifier accepts.
    pub fn register_code(&mut self, register: &RegisterCode) -> Result<(), Stop> {
        let bic = register.by;
        let active = self.agent(&bic)?.is_some_and(|agent| agent.active);
        ensure(active, || Reason::ParticipantInactive { bic })?;
        let hash = register.code.hash();
        ensure(self.state.get::<RegisteredCode>(&hash)?.is_none(), || Reason::CodeExists { code: hash })?;
        let program = Program::from_bytes(&register.code).map_err(|refused| match refused {
            Refused::Bytes(_) => Reason::CodeRefused { rule: 1, state: None, clause: None },
            Refused::Faults(faults) => {
                let first = faults.first();
                Reason::CodeRefused {
                    rule: first.map_or(1, |fault| fault.rule as u8),
                    state: first.and_then(|fault| fault.place.state),
                    clause: first.and_then(|fault| fault.place.clause),
                }
            }
        })?;
        Ok(self.state.put(hash, Some(RegisteredCode::new(program)))?)
    }

    /// Grants or changes an allowance; what was pulled stays counted. Without terms it is revoked at once.
    pub fn set_allowance(&mut self, set: &SetAllowance) -> Result<(), Stop> {
        let key = set.allowance;
        let present: Option<Allowance> = self.state.get(&key)?;
        let Some(terms) = set.terms else {
            ensure(present.is_some(), || Reason::NotAllowed { account: key.grantor })?;
            return Ok(self.state.put::<Allowance>(key, None)?);
        };
        self.asset(key.asset)?;
        self.payer(&key.grantor)?;
        ensure(!terms.each_max.is_zero() && !terms.total_max.is_zero(), || Reason::AmountZero)?;
        let now = self.block.time;
        let latest = now.after_ms(seaway_types::limits::CONTRACT_LIFETIME_MS_MAX);
        let given = terms.not_after;
        ensure(terms.not_before <= given && now <= given && given <= latest, || Reason::ExpiryOutOfRange {
            given,
            now,
            latest,
        })?;
        let used = present.map_or(Amount::ZERO, |allowance| allowance.used);
        Ok(self.state.put(key, Some(Allowance { terms, used }))?)
    }

    /// Pays out of suspense, as the account's agent and a supervisor say.
    pub fn release_suspense(&mut self, release: &ReleaseSuspense) -> Result<(), Stop> {
        let (id, asset, amount) = (release.account, release.asset, release.amount);
        ensure(!amount.is_zero(), || Reason::AmountZero)?;
        let suspense = self.state.get::<Balance>(&(id, asset))?.unwrap_or_default().suspense;
        ensure(amount <= suspense, || Reason::SuspenseShort { suspense, needed: amount })?;
        self.asset(asset)?;
        let account = self.payable(&release.to)?;
        self.active_creditor_agent(&account)?;
        self.pay(asset, Place::On(id, Field::Suspense), (release.to, &account), amount)
    }
}
