//! A block's own acts: what happens because block time has come, in order of time and id, bounded per block.

use super::context::Execution;
use super::money::Place;
use super::stop::{Fault, Stop};
use crate::state::{Soon, StateView, Timer, TimerSubject};
use seaway_types::identifier::{AccountId, HoldId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::limits::{BLOCK_ACTS_MAX, MINUTE_MS};
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::receipt::{BlockAct, Receipt};
use seaway_types::state::{Account, Field, Hold, Instance, Payment, PaymentFacts, PaymentStage};
use seaway_types::time::BlockTime;

impl<V: StateView> Execution<'_, V> {
    /// Fires the timers that are due, and prunes instruction leaves whose time is over.
    pub fn carry_out_own_acts(&mut self) -> Result<(), Fault> {
        let due = self.state.due(self.block.time, BLOCK_ACTS_MAX)?;
        let contract = |timer: &Timer| if let TimerSubject::Contract(id) = timer.subject { Some(id) } else { None };
        let instances = due.iter().filter_map(contract).collect();
        self.state.view().warm(&Soon { instances, ..Soon::default() });
        for timer in due {
            if !seeded(Mutant::TimerFiresTwice) {
                self.state.remove_timer(timer);
            }
            self.uetr = None;
            let act = match timer.subject {
                TimerSubject::Hold(hold) => Some(self.expire_hold(hold)),
                TimerSubject::Consent(payment) => Some(self.lapse(payment)),
                TimerSubject::Keys(account) => Some(self.change_keys_now(account)),
                TimerSubject::Forget(payment) => {
                    self.forget_payment(payment)?;
                    None
                }
                TimerSubject::Contract(instance) => Some(self.end_of_state(instance)),
                TimerSubject::ForgetContract(instance) => {
                    self.state.put::<Instance>(instance, None)?;
                    None
                }
            };
            match act.transpose() {
                Ok(act) => self.receipts.extend(act.map(Receipt::Act)),
                Err(Stop::Fault(fault)) => return Err(fault),
                // Nothing that an act does can be refused: it gives back what is held.
                Err(_) => {
                    return Err(Fault::Missing { what: "what a timer waits for" });
                }
            }
        }
        let kept_ms = self.parameters.timing.leaf_retention_ms;
        // A minute is pruned once its end and the retention lie behind.
        self.state.prune_before(self.block.time.ms().saturating_sub(kept_ms) / MINUTE_MS);
        Ok(())
    }

    fn expire_hold(&mut self, id: HoldId) -> Result<BlockAct, Stop> {
        let hold: Hold = self.must(&id, "a hold that a timer waits for")?;
        if !seeded(Mutant::HoldKeepsItsMoney) {
            self.give_back(&hold)?;
        }
        self.state.put::<Hold>(id, None)?;
        Ok(BlockAct::HoldExpired { hold: id, payer: hold.payer, asset: hold.asset, amount: hold.amount })
    }

    /// What a hold still holds goes back to its payer, and so does what it counted.
    pub fn give_back(&mut self, hold: &Hold) -> Result<(), Stop> {
        let payer: Account = self.must(&hold.payer, "the payer of a hold")?;
        let (held, available) = (Place::On(hold.payer, Field::Held), Place::On(hold.payer, Field::Available));
        self.transfer(hold.asset, held, available, hold.amount)?;
        self.restore(hold.asset, &payer, hold.counted)
    }

    fn lapse(&mut self, key: PaymentKey) -> Result<BlockAct, Stop> {
        let payment: Payment = self.must(&key, "a payment that a timer waits for")?;
        let PaymentStage::Waiting { lapses: reason, .. } = payment.stage else {
            return Err(Fault::Missing { what: "the wait of a payment" }.into());
        };
        let PaymentFacts { debtor, asset, .. } = payment.facts;
        let amount = self.end_waiting(key, payment, PaymentStage::Lapsed { reason })?;
        Ok(BlockAct::PaymentLapsed { payment: key, debtor, asset, amount, reason })
    }

    fn change_keys_now(&mut self, id: AccountId) -> Result<BlockAct, Stop> {
        let mut account: Account = self.must(&id, "an account that a timer waits for")?;
        let change =
            account.key_change.take().ok_or(Fault::Missing { what: "a change of keys that a timer waits for" })?;
        account.owner = change.owner;
        self.state.put(id, Some(account))?;
        Ok(BlockAct::KeysChanged { account: id })
    }

    /// Drops the record of a payment that is over. One that was returned or recalled keeps it: what was returned, and how
    /// often it was recalled, must stay known.
    fn forget_payment(&mut self, key: PaymentKey) -> Result<(), Fault> {
        let mut payment: Payment = self.must(&key, "a payment that a timer waits for")?;
        let needed = !payment.returned.is_zero() || payment.recall.is_some();
        payment.forget_at = None;
        self.state.put(key, needed.then_some(payment))?;
        Ok(())
    }

    /// Sets the timer after which a finished payment's record is dropped; the record must name its time.
    pub fn forget_later(&mut self, key: PaymentKey) -> BlockTime {
        let at = self.block.time.after_ms(self.parameters.timing.payment_retention_ms);
        self.state.set_timer(Timer { at, subject: TimerSubject::Forget(key) });
        at
    }
}
