//! Contracts: code, openings, offers, approvals, allowances, suspense. Calls and deadlines are next door.

use crate::{MOST, Model, No, amount, hold_id, machine, plain};
use seaway_types::Bounded;
use seaway_types::codec;
use seaway_types::contract::{
    Action, Actor, Block, Clause, Code, InstanceId, Next, Offer, SignedOffer, State, Terms, Value,
};
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::contract::{ApproveCall, RegisterCode, ReleaseSuspense, SetAllowance};
use seaway_types::instruction::{AuthenticInstruction, Envelope, Leg, Submitter};
use seaway_types::limits::{APPROVALS_MAX, CONTRACT_LIFETIME_MS_MAX, INSTANCE_BYTES_MAX};
use seaway_types::reason::{Reason, TermsPart, TermsProblem, VoidReason};
use seaway_types::state::{self, AccountStatus, CalendarKey, Field};
use seaway_types::time::BlockTime;
use seaway_types::{AssetId, Calendar, Uetr};
use std::collections::{BTreeMap, BTreeSet};

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Under what terms it was opened.
    pub terms: Terms,
    /// Names it end to end.
    pub uetr: Uetr,
    /// Until when the offer that opened it can be taken.
    pub not_after: Option<BlockTime>,
    /// Whether that offer names who may take it.
    pub named_takers: bool,
    /// Its state, how often states were entered before, when this one was, and its deadline; nothing where it is over.
    pub live: Option<(u8, u32, BlockTime, BlockTime)>,
    /// What changes, in the order of the code.
    pub variables: Vec<Value>,
    /// Minor units by party and asset. Zero is not kept.
    pub pots: BTreeMap<(u8, u8), i128>,
    /// Who approved which clause with which arguments in this stay.
    pub approvals: BTreeSet<(u8, Hash32, Submitter)>,
    /// When the record goes.
    pub forget_at: Option<BlockTime>,
}

/// Whether a leg, alone in an instruction, may be valid as long as administration.
pub(crate) fn is_patient(leg: &Leg) -> bool {
    matches!(
        leg,
        Leg::OpenContract(_)
            | Leg::ApproveCall(_)
            | Leg::SetAllowance(_)
            | Leg::RegisterCode(_)
            | Leg::WithdrawOffer(_)
            | Leg::ReleaseSuspense(_)
    )
}

/// The instance that a leg opens.
pub(crate) fn opened_by(envelope: &Envelope, leg: usize) -> InstanceId {
    InstanceId::of_opening(&envelope.submitter, &envelope.key, u8::try_from(leg).expect("few legs"))
}

pub(crate) fn clause_of(code: &Code, state: u8, clause: u8) -> Option<&Clause> {
    code.states.get(usize::from(state))?.clauses.get(usize::from(clause))
}

/// Every block of a state, of its timeout and of its clauses.
pub(crate) fn blocks_of(state: &State) -> Vec<&Block> {
    let mut blocks: Vec<&Block> = state.timeout.iter().collect();
    for clause in &state.clauses {
        blocks.extend(clause.body.iter());
    }
    blocks
}

/// The parties in whose pots money can come.
pub(crate) fn obligors(code: &Code) -> BTreeSet<u8> {
    let mut obliged = BTreeSet::new();
    for block in code.states.iter().flat_map(blocks_of) {
        for action in &block.actions {
            match action {
                Action::Deposit { party, .. } | Action::Pull { party, .. } => obliged.insert(*party),
                Action::Move { to, .. } => obliged.insert(*to),
                _ => false,
            };
        }
        if let Next::TryPull { party, .. } = &block.next {
            obliged.insert(*party);
        }
    }
    // The role left open counts as the party after the last.
    obliged.retain(|party| usize::from(*party) < code.parties.len());
    obliged
}

fn wrong(part: TermsPart, position: usize, problem: TermsProblem) -> Reason {
    Reason::TermsWrong { part, position: u8::try_from(position).expect("lists of terms are short"), problem }
}

/// Whether a list of terms is as long as the code says; where not, the first place at which it is not is named.
fn as_many(part: TermsPart, given: usize, declared: usize) -> Result<(), Reason> {
    if given == declared { Ok(()) } else { Err(wrong(part, given.min(declared), TermsProblem::Count)) }
}

fn rising<T: Ord>(list: &[T]) -> bool {
    list.windows(2).all(|pair| pair[0] < pair[1])
}

impl Model {
    /// Carries out a leg, as one of its sides.
    pub(crate) fn contract_leg(
        &mut self,
        instruction: &AuthenticInstruction,
        position: usize,
        side: usize,
    ) -> Result<(), No> {
        let envelope = instruction.envelope();
        match &envelope.body.legs()[position] {
            Leg::RegisterCode(register) => self.register(register),
            Leg::OpenContract(open) => {
                self.open(opened_by(envelope, position), &open.terms, open.uetr, (None, false))
            }
            Leg::CallContract(call) => self.call(instruction, call, side),
            Leg::ApproveCall(approve) => self.approve(approve),
            Leg::WithdrawOffer(withdraw) => self.withdraw(&withdraw.offer),
            Leg::SetAllowance(set) => self.set_allowance(set),
            Leg::ReleaseSuspense(release) => self.release_suspense(release),
            other => self.leg(other, hold_id(instruction, position)),
        }
    }

    /// Code that can be read is taken for good: the model has no verifier.
    fn register(&mut self, register: &RegisterCode) -> Result<(), No> {
        if !self.active(register.by) {
            return Err(Reason::ParticipantInactive { bic: register.by }.into());
        }
        let hash = register.code.hash();
        if self.codes.contains_key(&hash) {
            return Err(Reason::CodeExists { code: hash }.into());
        }
        let Ok(code) = register.code.decode() else {
            return Err(Reason::CodeRefused { rule: 1, state: None, clause: None }.into());
        };
        self.codes.insert(hash, code);
        Ok(())
    }

    fn open(
        &mut self,
        id: InstanceId,
        terms: &Terms,
        uetr: Uetr,
        (not_after, named_takers): (Option<BlockTime>, bool),
    ) -> Result<(), No> {
        if self.contracts.contains_key(&id) {
            return Err(Reason::ContractOpen { instance: id }.into());
        }
        let code = self.code(terms.code)?.clone();
        self.fit(&code, terms)?;
        if !machine::conditions(&code, &terms.parameters) {
            return Err(wrong(TermsPart::Condition, 0, TermsProblem::Unmet).into());
        }
        let out_of_range = wrong(TermsPart::Variable, 0, TermsProblem::OutOfRange);
        let variables = machine::initial(&code, &terms.parameters).ok_or(out_of_range)?;
        self.check_lifetime(&code, terms, &variables)?;
        let entered = self.now;
        let deadline = self.until(&code, terms, &variables, 0).ok_or(out_of_range)?;
        let record = state::Instance {
            terms: terms.clone().into(),
            uetr,
            not_after,
            named_takers,
            stage: state::Stage::Live { state: 0, entry: 0, entered, deadline },
            variables: Bounded::new(variables.clone()).expect("as many as the code has"),
            pots: Bounded::default(),
            approvals: Bounded::default(),
        };
        let bytes = codec::encode(&record).len();
        if bytes > INSTANCE_BYTES_MAX {
            return Err(Reason::TermsTooLarge { bytes: u32::try_from(bytes).expect("bounded lists") }.into());
        }
        let contract = Contract {
            terms: terms.clone(),
            uetr,
            not_after,
            named_takers,
            live: Some((0, 0, entered, deadline)),
            variables,
            pots: BTreeMap::new(),
            approvals: BTreeSet::new(),
            forget_at: None,
        };
        self.contracts.insert(id, contract);
        Ok(())
    }

    /// The deadline of a state that is entered now.
    pub(crate) fn until(&self, code: &Code, terms: &Terms, variables: &[Value], state: u8) -> Option<BlockTime> {
        let calendar = |asset: u8| -> Calendar {
            let asset = terms.assets.get(usize::from(asset));
            asset.and_then(|asset| self.calendars.get(&CalendarKey::Asset(*asset))).cloned().unwrap_or_default()
        };
        // A deadline that is over already is now.
        machine::deadline(code, &terms.parameters, variables, state, self.now, &calendar).map(|end| end.max(self.now))
    }

    /// Whether terms fill in what code declares, with what exists: parties, panels, assets, parameters, in this order.
    fn fit(&self, code: &Code, terms: &Terms) -> Result<(), Reason> {
        as_many(TermsPart::Party, terms.parties.len(), code.parties.len())?;
        self.fit_parties(code, terms)?;
        as_many(TermsPart::Panel, terms.panels.len(), code.panels.len())?;
        for (at, (members, declared)) in terms.panels.iter().zip(&code.panels).enumerate() {
            if members.len() != usize::from(declared.members) {
                return Err(wrong(TermsPart::Panel, at, TermsProblem::Count));
            }
            if !rising(members) {
                return Err(wrong(TermsPart::Panel, at, TermsProblem::Twice));
            }
            let exists = |member: &Submitter| match member {
                Submitter::Account(account) => self.accounts.contains_key(account),
                Submitter::Participant(bic) => self.participants.contains_key(bic),
                Submitter::Authority => false,
            };
            if !members.iter().all(exists) {
                return Err(wrong(TermsPart::Panel, at, TermsProblem::Unknown));
            }
        }
        as_many(TermsPart::Asset, terms.assets.len(), code.assets.len())?;
        for (at, asset) in terms.assets.iter().enumerate() {
            self.usable_asset(*asset)?;
            if terms.assets.iter().take(at).any(|other| other == asset) {
                return Err(wrong(TermsPart::Asset, at, TermsProblem::Twice));
            }
        }
        as_many(TermsPart::Parameter, terms.parameters.len(), code.parameters.len())?;
        for (at, (value, declared)) in terms.parameters.iter().zip(&code.parameters).enumerate() {
            if !value.fits(declared.kind) {
                return Err(wrong(TermsPart::Parameter, at, TermsProblem::Kind));
            }
        }
        Ok(())
    }

    /// Whether each party has an account of its own in use, and then whether the obliged may pay.
    fn fit_parties(&self, code: &Code, terms: &Terms) -> Result<(), Reason> {
        for (at, party) in terms.parties.iter().enumerate() {
            let unknown = wrong(TermsPart::Party, at, TermsProblem::Unknown);
            if self.accounts.get(party).ok_or(unknown)?.status != AccountStatus::Open {
                return Err(unknown);
            }
            if terms.parties.iter().take(at).any(|other| other == party) {
                return Err(wrong(TermsPart::Party, at, TermsProblem::Twice));
            }
        }
        for obligor in obligors(code) {
            let account = terms.parties[usize::from(obligor)];
            if self.accounts[&account].debits_frozen() {
                return Err(Reason::DebtorFrozen { account });
            }
        }
        Ok(())
    }

    /// Opens what an offer says, on behalf of whoever takes it.
    pub(crate) fn take(&mut self, signed: &SignedOffer, caller: Option<AccountId>) -> Result<(), No> {
        let offer = &signed.offer;
        self.in_time(offer)?;
        if obligors(self.code(offer.terms.code)?) != BTreeSet::from([offer.maker]) {
            return Err(wrong(TermsPart::Maker, usize::from(offer.maker), TermsProblem::NotAlone).into());
        }
        if !rising(&offer.takers) {
            return Err(wrong(TermsPart::Maker, usize::from(offer.maker), TermsProblem::Twice).into());
        }
        if !offer.takers.is_empty() && !caller.is_some_and(|caller| offer.takers.contains(&caller)) {
            let maker = offer.terms.parties.get(usize::from(offer.maker)).copied();
            let account = caller.or(maker).ok_or(VoidReason::TermsUnreadable)?;
            return Err(Reason::TakerForeign { account: Some(account) }.into());
        }
        self.open(offer.id(), &offer.terms, offer.uetr, (Some(offer.not_after), !offer.takers.is_empty()))
    }

    /// Takes an offer back. What was opened and is overdue does first what it says for that.
    fn withdraw(&mut self, offer: &Offer) -> Result<(), No> {
        let id = offer.id();
        self.catch_up(id)?;
        match self.contracts.get(&id) {
            Some(contract) if contract.live.is_some() => {}
            Some(_) => return Err(Reason::ContractClosed { instance: id }.into()),
            None => {
                self.in_time(offer)?;
                let never = Contract {
                    terms: offer.terms.clone(),
                    uetr: offer.uetr,
                    not_after: Some(offer.not_after),
                    named_takers: !offer.takers.is_empty(),
                    live: None,
                    variables: Vec::new(),
                    pots: BTreeMap::new(),
                    approvals: BTreeSet::new(),
                    forget_at: None,
                };
                self.contracts.insert(id, never);
            }
        }
        self.close(id);
        Ok(())
    }

    /// An offer can be taken until its end, which is not far away.
    fn in_time(&self, offer: &Offer) -> Result<(), No> {
        let not_after = offer.not_after;
        if self.now > not_after {
            return Err(Reason::OfferExpired { not_after }.into());
        }
        let latest = self.now.after_ms(CONTRACT_LIFETIME_MS_MAX);
        if not_after > latest {
            return Err(Reason::LifetimeTooLong { end: not_after, latest }.into());
        }
        Ok(())
    }

    /// Ends a contract: each pot goes to its owner, and only the record stays for a while.
    pub(crate) fn close(&mut self, id: InstanceId) {
        let contract = self.contracts[&id].clone();
        for ((party, asset), value) in contract.pots {
            let owner = contract.terms.parties[usize::from(party)];
            self.refund(owner, contract.terms.assets[usize::from(asset)], value);
        }
        let kept = self.now.after_ms(self.timing.payment_retention_ms);
        // At the last moment of an offer it can still be taken.
        let forget_at = contract.not_after.map_or(kept, |last| kept.max(last.after_ms(1)));
        let record = self.contracts.get_mut(&id).expect("found above");
        record.live = None;
        record.pots.clear();
        record.approvals.clear();
        record.forget_at = Some(forget_at);
    }

    /// Gives money in a pot back to its owner, if need be to its suspense.
    pub(crate) fn refund(&mut self, owner: AccountId, asset: AssetId, value: i128) {
        let takes = self.may_receive(owner).is_ok() && self.usable_asset(asset).is_ok();
        let to = if takes { Field::Available } else { Field::Suspense };
        self.shift(owner, asset, Field::InContracts, to, value);
    }

    fn approve(&mut self, approve: &ApproveCall) -> Result<(), No> {
        let instance = approve.instance;
        let contract = self.contracts.get(&instance).ok_or(VoidReason::InstanceUnknown { instance })?;
        let Some((state, entry, _, deadline)) = contract.live else {
            return Err(Reason::ContractClosed { instance }.into());
        };
        if self.now >= deadline {
            return Err(Reason::DeadlinePassed { deadline }.into());
        }
        if approve.entry != entry {
            return Err(Reason::EntryOther { given: approve.entry, present: entry }.into());
        }
        let clause = clause_of(self.code(contract.terms.code)?, state, approve.clause);
        let sits = |actor: &Actor| match actor {
            Actor::Panel(panel) => {
                let members = contract.terms.panels.get(usize::from(*panel));
                members.is_some_and(|members| members.contains(&approve.member))
            }
            _ => false,
        };
        if !clause.is_some_and(|clause| clause.actors.iter().any(sits)) {
            return Err(Reason::ApprovalUnknown.into());
        }
        let approval = (approve.clause, approve.arguments, approve.member);
        let approvals = &mut self.contracts.get_mut(&instance).expect("found above").approvals;
        let done = if approve.withdraw {
            approvals.remove(&approval)
        } else {
            let new = !approvals.contains(&approval);
            // A member changes its mind about a clause rather than approving two calls of it.
            approvals.retain(|(clause, _, member)| (*clause, *member) != (approval.0, approval.2));
            approvals.insert(approval);
            new
        };
        if !done {
            return Err(Reason::ApprovalUnknown.into());
        }
        if approvals.len() > APPROVALS_MAX {
            return Err(Reason::ApprovalsFull { count: u8::try_from(APPROVALS_MAX).expect("few") }.into());
        }
        Ok(())
    }

    fn set_allowance(&mut self, set: &SetAllowance) -> Result<(), No> {
        let key = set.allowance;
        let Some(terms) = set.terms else {
            let gone = self.allowances.remove(&key);
            return gone.map(|_| ()).ok_or(Reason::NotAllowed { account: key.grantor }.into());
        };
        self.usable_asset(key.asset)?;
        self.may_pay(key.grantor)?;
        if terms.each_max.is_zero() || terms.total_max.is_zero() {
            return Err(Reason::AmountZero.into());
        }
        let (now, latest) = (self.now, self.now.after_ms(CONTRACT_LIFETIME_MS_MAX));
        if terms.not_before > terms.not_after || terms.not_after < now || terms.not_after > latest {
            return Err(Reason::ExpiryOutOfRange { given: terms.not_after, now, latest }.into());
        }
        // What was pulled before stays counted.
        self.allowances.entry(key).or_insert((terms, 0)).0 = terms;
        Ok(())
    }

    fn release_suspense(&mut self, release: &ReleaseSuspense) -> Result<(), No> {
        let (account, asset, value) = (release.account, release.asset, plain(release.amount));
        if value == 0 {
            return Err(Reason::AmountZero.into());
        }
        let suspense = self.has(account, asset, Field::Suspense);
        if value > suspense {
            return Err(Reason::SuspenseShort { suspense: amount(suspense), needed: release.amount }.into());
        }
        self.usable_asset(asset)?;
        let agent = self.may_receive(release.to)?.agent;
        if !self.active(agent) {
            return Err(Reason::CreditorAgentSuspended { agent }.into());
        }
        self.deliver(asset, (account, Field::Suspense), release.to, value)
    }

    /// Whether what accounts have in contracts is what the pots of all contracts hold, account by account.
    pub(crate) fn pots_add_up(&self) -> bool {
        let mut pots: BTreeMap<(AccountId, AssetId), i128> = BTreeMap::new();
        for contract in self.contracts.values() {
            for ((party, asset), value) in &contract.pots {
                let owner = contract.terms.parties.get(usize::from(*party));
                let asset = contract.terms.assets.get(usize::from(*asset));
                let (Some(owner), Some(asset), 1..=MOST) = (owner, asset, *value) else { return false };
                *pots.entry((*owner, *asset)).or_insert(0) += *value;
            }
        }
        let mut booked: BTreeMap<(AccountId, AssetId), i128> = BTreeMap::new();
        for ((account, asset, field), value) in &self.money {
            if *field == Field::InContracts && *value != 0 {
                booked.insert((*account, *asset), *value);
            }
        }
        pots == booked
    }
}
