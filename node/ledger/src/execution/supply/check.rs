//! What can be refused of issue and redemption.

use crate::execution::context::{Execution, Holder};
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::asset::Asset;
use seaway_types::bic::Bic;
use seaway_types::identifier::HoldId;
use seaway_types::instruction::supply::{Issue, RedeemRequest};
use seaway_types::reason::Reason;
use seaway_types::state::{Hold, HoldPurpose, IndexKey, Participant};
use seaway_types::text::Text35;

impl<V: StateView> Execution<'_, V> {
    /// Guards of an issue; returns the issuer and the account that is credited.
    pub(super) fn check_issue(&mut self, issue: &Issue) -> Result<(Bic, Holder), Stop> {
        let asset = self.asset(issue.asset)?;
        ensure(!issue.amount.is_zero(), || Reason::AmountZero)?;
        let issuer: Participant = self.must(&asset.issuer, "the issuer that an authority was asked for")?;
        ensure(issuer.active && issuer.roles.issuer, || Reason::IssuerUnknown { issuer: asset.issuer })?;
        self.ensure_reference_unused(asset.issuer, issue.reference)?;
        let account = self.payable(&issue.account)?;
        self.active_creditor_agent(&account)?;
        Ok((asset.issuer, account))
    }

    /// A reference works once for an issuer.
    pub(super) fn ensure_reference_unused(&self, issuer: Bic, reference: Text35) -> Result<(), Stop> {
        let used = self.state.indexed(&IndexKey::Reference(issuer, reference))?.is_some();
        ensure(!used, || Reason::ReferenceUsed { issuer, reference })
    }

    /// Guards of a request. An asset that takes no payments any more can still be redeemed.
    pub(super) fn check_redemption(&self, request: &RedeemRequest) -> Result<(), Stop> {
        let known: Option<Asset> = self.state.get(&request.asset)?;
        ensure(known.is_some(), || Reason::AssetUnknown { asset: request.asset })?;
        self.payer(&request.account)?;
        ensure(!request.amount.is_zero(), || Reason::AmountZero)?;
        self.ensure_expiry(request.expires_at)
    }

    /// A redemption that still waits for its issuer.
    pub(super) fn redemption(&self, id: HoldId) -> Result<Hold, Stop> {
        let hold = self.running_hold(id)?;
        ensure(hold.purpose == HoldPurpose::Redemption, || Reason::HoldPurpose { hold: id })?;
        self.payer(&hold.payer)?;
        Ok(hold)
    }
}
