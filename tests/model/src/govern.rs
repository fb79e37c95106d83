//! Who validates, who has the authority, and which rules hold from when.

use crate::{Model, No};
use seaway_types::bic::Bic;
use seaway_types::instruction::admin::{Admin, ScheduleUpgrade};
use seaway_types::keys::PublicKey;
use seaway_types::reason::Reason;
use seaway_types::state::{Validator, ValidatorSet};
use seaway_types::time::Height;

/// The rules that this model knows.
const RULES: u32 = 2;

impl Model {
    /// The set that votes at a height: of all that were ever decided, the last one that has begun by then.
    pub fn validators_at(&self, height: Height) -> &ValidatorSet {
        self.sets.range(..=height).next_back().map(|(_, set)| set).expect("one since the beginning")
    }

    /// The version of the rules at a height.
    pub fn rules_at(&self, height: Height) -> u32 {
        self.upgrade.filter(|(_, from)| height >= *from).map_or(RULES, |(version, _)| version)
    }

    pub(crate) fn govern(&mut self, admin: &Admin) -> Result<(), No> {
        match admin {
            Admin::SetValidators(set) => {
                if let Some(reason) = self.wrong_with(&set.validators) {
                    return Err(reason.into());
                }
                // Of two that are decided in one block the second counts.
                self.sets.insert(Height(self.height.0 + 2), set.validators.clone());
                self.decided = self.height;
            }
            Admin::SetAuthority(set) => {
                if let Some(key) = set.authority.keys().iter().find(|key| !key.is_usable()) {
                    return Err(Reason::KeyUnusable { key: *key }.into());
                }
                self.authority = set.authority.clone();
            }
            Admin::ScheduleUpgrade(ScheduleUpgrade { version, height }) => {
                if *version <= RULES || *height <= self.height {
                    let past = Reason::UpgradeInPast { given: *version, height: height.0, version: RULES };
                    return Err(past.into());
                }
                self.upgrade = Some((*version, *height));
            }
            other => panic!("{other:?} is no act of government"),
        }
        Ok(())
    }

    /// The first fault of a set: of its form, from its first validator to its last, and only then of what it names.
    fn wrong_with(&self, set: &ValidatorSet) -> Option<Reason> {
        let all: &[Validator] = &set.0;
        let malformed = |at: usize| {
            let one = &all[at];
            let falls = at > 0 && all[at - 1].key >= one.key;
            let again = all[..at].iter().any(|other| other.bic == one.bic);
            falls || again || one.power == 0 || one.power > 1_000_000_000
        };
        if all.is_empty() {
            return Some(Reason::ValidatorsWrong { bic: None });
        }
        if let Some(at) = (0..all.len()).find(|at| malformed(*at)) {
            return Some(Reason::ValidatorsWrong { bic: Some(all[at].bic) });
        }
        all.iter().find_map(|one| self.unfit(one.bic, one.key))
    }

    fn unfit(&self, bic: Bic, key: PublicKey) -> Option<Reason> {
        if !key.is_usable() {
            return Some(Reason::KeyUnusable { key });
        }
        let fit = self.participants.get(&bic).is_some_and(|one| one.active && one.roles.validator);
        (!fit).then_some(Reason::ValidatorUnknown { bic })
    }
}
