//! What issue and redemption change.

use crate::execution::context::Execution;
use crate::execution::instruction::Placed;
use crate::execution::money::Place;
use crate::execution::stop::Stop;
use crate::state::StateView;
use seaway_types::asset::Asset;
use seaway_types::bic::Bic;
use seaway_types::instruction::supply::{Issue, RedeemConfirm, RedeemRequest};
use seaway_types::state::{Field, Hold, HoldPurpose, IndexEntry, IndexKey, IndexValue};
use seaway_types::text::Text35;

impl<V: StateView> Execution<'_, V> {
    pub fn issue(&mut self, issue: &Issue) -> Result<(), Stop> {
        let (issuer, account) = self.check_issue(issue)?;
        self.pay(issue.asset, Place::Issuer, (issue.account, &account), issue.amount)?;
        self.use_reference(issuer, issue.reference);
        Ok(())
    }

    pub fn request_redemption(&mut self, request: &RedeemRequest, leg: usize, placed: Placed) -> Result<(), Stop> {
        self.check_redemption(request)?;
        // Redeeming pays nobody on the ledger, so it counts toward no limit.
        self.put_on_hold(
            leg,
            placed,
            Hold {
                purpose: HoldPurpose::Redemption,
                payer: request.account,
                asset: request.asset,
                amount: request.amount,
                expires_at: request.expires_at,
                counted: None,
            },
        )
    }

    pub fn confirm_redemption(&mut self, confirm: &RedeemConfirm) -> Result<(), Stop> {
        let hold = self.redemption(confirm.hold)?;
        let issuer = self.must::<Asset>(&hold.asset, "the asset of a hold")?.issuer;
        self.ensure_reference_unused(issuer, confirm.reference)?;
        self.transfer(hold.asset, Place::On(hold.payer, Field::Held), Place::Issuer, hold.amount)?;
        let amount = hold.amount;
        self.reduce_hold(confirm.hold, hold, amount)?;
        self.use_reference(issuer, confirm.reference);
        Ok(())
    }

    fn use_reference(&mut self, issuer: Bic, reference: Text35) {
        let entry = IndexEntry { height: self.block.height, value: IndexValue::Present };
        self.state.add_to_index(IndexKey::Reference(issuer, reference), entry);
    }
}
