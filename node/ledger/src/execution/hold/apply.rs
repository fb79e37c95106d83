//! What holds change.

use crate::execution::context::Execution;
use crate::execution::instruction::Placed;
use crate::execution::money::Place;
use crate::execution::stop::Stop;
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::amount::Amount;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::identifier::HoldId;
use seaway_types::instruction::hold::{PostHold, ReleaseHold, Reserve};
use seaway_types::state::{Counted, Field, Hold, HoldPurpose};

/// The id of the hold that the leg at a position of an instruction makes.
fn hold_id(placed: Placed, leg: usize) -> HoldId {
    let envelope = placed.instruction.envelope();
    let leg = u8::try_from(leg).unwrap_or(u8::MAX);
    let hash = Domain::HoldId.hash(&codec::encode(&(envelope.submitter, envelope.key, leg)));
    let mut id = [0; 16];
    id.copy_from_slice(hash.0.first_chunk::<16>().unwrap_or(&[0; 16]));
    HoldId(id)
}

impl<V: StateView> Execution<'_, V> {
    pub fn reserve(&mut self, reserve: &Reserve, leg: usize, placed: Placed) -> Result<(), Stop> {
        self.uetr = Some(reserve.uetr);
        let payer = self.check_reserve(reserve)?;
        let counted = self.count(reserve.asset, &payer, reserve.amount)?;
        self.put_on_hold(
            leg,
            placed,
            Hold {
                purpose: HoldPurpose::Payment { payee: reserve.payee, uetr: reserve.uetr },
                payer: reserve.payer,
                asset: reserve.asset,
                amount: reserve.amount,
                expires_at: reserve.expires_at,
                counted,
            },
        )
    }

    /// Moves funds from available to held, and sets the hold's end.
    pub fn put_on_hold(&mut self, leg: usize, placed: Placed, hold: Hold) -> Result<(), Stop> {
        let id = hold_id(placed, leg);
        let (available, held) = (Place::On(hold.payer, Field::Available), Place::On(hold.payer, Field::Held));
        self.transfer(hold.asset, available, held, hold.amount)?;
        self.state.set_timer(Timer { at: hold.expires_at, subject: TimerSubject::Hold(id) });
        Ok(self.state.put(id, Some(hold))?)
    }

    pub fn post_hold(&mut self, post: &PostHold) -> Result<(), Stop> {
        let (hold, payee, account) = self.check_post(post)?;
        if let HoldPurpose::Payment { uetr, .. } = hold.purpose {
            self.uetr = Some(uetr);
        }
        self.pay(hold.asset, Place::On(hold.payer, Field::Held), (payee, &account), post.amount)?;
        self.reduce_hold(post.hold, hold, post.amount)
    }

    /// Takes an amount off a hold; what was taken stays counted, what is left can still be restored.
    pub fn reduce_hold(&mut self, id: HoldId, mut hold: Hold, amount: Amount) -> Result<(), Stop> {
        let rest = hold.amount.checked_sub(amount).unwrap_or(Amount::ZERO);
        hold.amount = rest;
        hold.counted = hold.counted.map(|counted| Counted { amount: rest, ..counted });
        if rest.is_zero() {
            return self.end_hold(id, &hold);
        }
        Ok(self.state.put(id, Some(hold))?)
    }

    fn end_hold(&mut self, id: HoldId, hold: &Hold) -> Result<(), Stop> {
        self.state.remove_timer(Timer { at: hold.expires_at, subject: TimerSubject::Hold(id) });
        Ok(self.state.put::<Hold>(id, None)?)
    }

    pub fn release_hold(&mut self, release: &ReleaseHold) -> Result<(), Stop> {
        let hold = self.hold_left(release.hold)?;
        if let HoldPurpose::Payment { uetr, .. } = hold.purpose {
            self.uetr = Some(uetr);
        }
        self.give_back(&hold)?;
        self.end_hold(release.hold, &hold)
    }
}
