//! What can be refused of the administration of the network.

use crate::execution::account::ensure_usable;
use crate::execution::context::Execution;
use crate::execution::stop::{Stop, ensure};
use crate::state::StateView;
use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::instruction::admin::{ScheduleUpgrade, SetAsset, SetParticipant};
use seaway_types::limits::ASSETS_MAX;
use seaway_types::reason::Reason;
use seaway_types::state::{Participant, ValidatorSet, ValidatorSetError};

impl<V: StateView> Execution<'_, V> {
    pub(super) fn check_participant(&self, set: &SetParticipant) -> Result<(), Stop> {
        let rising = set.participant.roles.supervisor_of.windows(2).all(|pair| pair.first() < pair.last());
        ensure(rising, || Reason::JurisdictionsUnsorted)?;
        let nodes = &set.participant.nodes;
        if let Some(key) = nodes.windows(2).find(|pair| pair.first() >= pair.last()).and_then(|pair| pair.last()) {
            return Err(Reason::NodesUnsorted { key: *key }.into());
        }
        if let Some(key) = nodes.iter().find(|key| !key.is_usable()) {
            return Err(Reason::KeyUnusable { key: *key }.into());
        }
        ensure_usable(&set.participant.policy)
    }

    /// A new asset takes the next id; of one that exists only the default mark, whether it is enabled, and its maximum change.
    /// Returns whether it is new.
    pub(super) fn check_asset(&self, set: &SetAsset) -> Result<bool, Stop> {
        let id = set.asset;
        let present: Option<Asset> = self.state.get(&id)?;
        let record = &set.record;
        match &present {
            Some(present) => {
                let same = (present.code, present.exponent, present.issuer, present.kind)
                    == (record.code, record.exponent, record.issuer, record.kind);
                ensure(same, || Reason::AssetRecord { asset: id })?;
            }
            None => {
                let next = AssetId(self.parameters.asset_count.saturating_add(1));
                ensure(id == next && usize::from(id.0) <= ASSETS_MAX, || Reason::AssetIdNotNext { given: id, next })?;
                ensure(record.code_fits_kind(), || Reason::AssetRecord { asset: id })?;
                let issuer: Option<Participant> = self.state.get(&record.issuer)?;
                let fit = issuer.is_some_and(|issuer| issuer.active && issuer.roles.issuer);
                ensure(fit, || Reason::IssuerUnknown { issuer: record.issuer })?;
            }
        }
        for other in (1..=self.parameters.asset_count).map(AssetId).filter(|other| *other != id) {
            let taken = self.must::<Asset>(&other, "an asset below the count")?;
            let same_name = (taken.code, taken.issuer) == (record.code, record.issuer);
            ensure(!same_name, || Reason::AssetNameTaken { asset: other })?;
            let both_default = taken.is_default && record.is_default && taken.code == record.code;
            ensure(!both_default, || Reason::DefaultTaken { asset: other })?;
        }
        Ok(present.is_none())
    }

    pub(super) fn ensure_asset(&self, asset: AssetId) -> Result<(), Stop> {
        let known: Option<Asset> = self.state.get(&asset)?;
        ensure(known.is_some(), || Reason::AssetUnknown { asset })
    }

    /// Every validator is an active participant with that role; its signature over its key was checked on the curve.
    pub(super) fn check_validators(&self, set: &ValidatorSet) -> Result<(), Stop> {
        set.check().map_err(|error| Reason::ValidatorsWrong { bic: subject(&error) })?;
        for validator in &set.0 {
            let (bic, key) = (validator.bic, validator.key);
            ensure(key.is_usable(), || Reason::KeyUnusable { key })?;
            let known: Option<Participant> = self.state.get(&bic)?;
            let fit = known.is_some_and(|known| known.active && known.roles.validator);
            ensure(fit, || Reason::ValidatorUnknown { bic })?;
        }
        Ok(())
    }

    pub(super) fn check_upgrade(&self, upgrade: &ScheduleUpgrade) -> Result<(), Stop> {
        let version = self.parameters.version_at(self.block.height);
        ensure(upgrade.version > version && upgrade.height > self.block.height, || Reason::UpgradeInPast {
            given: upgrade.version,
            height: upgrade.height.0,
            version,
        })
    }
}

/// At whom a set of validators is wrong; `None` for an empty one.
fn subject(error: &ValidatorSetError) -> Option<Bic> {
    match error {
        ValidatorSetError::Unsorted { bic }
        | ValidatorSetError::Twice { bic }
        | ValidatorSetError::Power { bic, .. } => Some(*bic),
        ValidatorSetError::Empty => None,
    }
}
