//! Opening a contract: the terms fit the code, everybody in them exists, and it cannot outlive its bound.

use super::carry::fitting;
use crate::execution::context::Execution;
use crate::execution::instruction::Placed;
use crate::execution::stop::{Fault, Stop, ensure};
use crate::state::{StateView, Timer, TimerSubject};
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::calendar::Calendar;
use seaway_types::codec;
use seaway_types::contract::{Cause, ContractEvent, InstanceId, Offer, Terms, Value};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::Submitter;
use seaway_types::instruction::contract::OpenContract;
use seaway_types::limits::{CONTRACT_LIFETIME_MS_MAX, CONTRACT_STAYS_MAX, INSTANCE_BYTES_MAX};
use seaway_types::reason::{Reason, TermsPart, TermsProblem};
use seaway_types::state::{Account, AccountStatus, CalendarKey, Instance, Participant, Stage};
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;
use seaway_vm::Program;
use seaway_vm::machine::{self, OpeningFault};

fn wrong(part: TermsPart, position: usize, problem: TermsProblem) -> Reason {
    Reason::TermsWrong { part, position: u8::try_from(position).unwrap_or(u8::MAX), problem }
}

impl<V: StateView> Execution<'_, V> {
    pub fn open_contract(&mut self, open: &OpenContract, leg: usize, placed: Placed) -> Result<(), Stop> {
        let envelope = placed.instruction.envelope();
        let leg = u8::try_from(leg).unwrap_or(u8::MAX);
        let id = InstanceId::of_opening(&envelope.submitter, &envelope.key, leg);
        let program = self.code(open.terms.code)?;
        let authorisers = self.accounts_at(&open.terms, program.obligors());
        self.open_instance(id, &open.terms, open.uetr, None, authorisers)?;
        Ok(())
    }

    /// The submitters that parties of the terms are.
    pub(super) fn accounts_at(&self, terms: &Terms, parties: &[u8]) -> Vec<Submitter> {
        let account = |party: &u8| terms.parties.get(usize::from(*party)).copied().map(Submitter::Account);
        parties.iter().filter_map(account).collect()
    }

    /// Opens an instance; the caller knows that none has this id.
    pub(super) fn open_instance(
        &mut self,
        id: InstanceId,
        terms: &Terms,
        uetr: Uetr,
        offer: Option<&Offer>,
        authorisers: Vec<Submitter>,
    ) -> Result<Instance, Stop> {
        self.uetr = Some(uetr);
        let program = self.code(terms.code)?;
        self.check_parties(terms, &program)?;
        self.check_panels(terms, &program)?;
        self.check_assets(terms, &program)?;
        let variables = machine::initial_variables(&program, &terms.parameters).map_err(opening_reason)?;
        let now = self.block.time;
        let latest = now.after_ms(CONTRACT_LIFETIME_MS_MAX);
        let end = machine::latest_end(&program, &terms.parameters, &variables, now);
        // A date beyond every calendar is later than any.
        let end = end.ok_or(Reason::LifetimeTooLong { end: now.after_ms(u64::MAX), latest })?;
        ensure(end <= latest, || Reason::LifetimeTooLong { end, latest })?;
        let stays = machine::most_stays(&program, &variables);
        ensure(stays <= CONTRACT_STAYS_MAX, || Reason::TooManyStays { stays })?;
        let deadline = self.deadline_of(&program, terms, &variables, 0)?;
        let deadline = deadline.ok_or(Reason::LifetimeTooLong { end, latest })?;
        let instance = Instance {
            terms: terms.clone().into(),
            uetr,
            not_after: offer.map(|offer| offer.not_after),
            named_takers: offer.is_some_and(|offer| !offer.takers.is_empty()),
            stage: Stage::Live { state: 0, entry: 0, entered: now, deadline },
            variables: fitting(variables)?,
            pots: Bounded::default(),
            approvals: Bounded::default(),
        };
        let bytes = codec::encode(&instance).len();
        ensure(bytes <= INSTANCE_BYTES_MAX, || Reason::TermsTooLarge {
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        })?;
        self.state.set_timer(Timer { at: deadline, subject: TimerSubject::Contract(id) });
        self.state.put(id, Some(instance.clone()))?;
        self.tell(ContractEvent {
            instance: id,
            uetr,
            cause: Cause::Opened,
            authorisers: fitting(authorisers)?,
            before: None,
            after: Some(0),
            evidence: Bounded::default(),
            moved: Bounded::default(),
            conversions: Bounded::default(),
            emitted: Bounded::default(),
        });
        Ok(instance)
    }

    /// Each party is an open account, each another one, and who is obliged may pay.
    fn check_parties(&self, terms: &Terms, program: &Program) -> Result<(), Stop> {
        let declared = program.code().parties.len();
        ensure(terms.parties.len() == declared, || {
            wrong(TermsPart::Party, terms.parties.len().min(declared), TermsProblem::Count)
        })?;
        for (position, id) in terms.parties.iter().enumerate() {
            let account: Option<Account> = self.state.get(id)?;
            let open = account.is_some_and(|account| account.status == AccountStatus::Open);
            ensure(open, || wrong(TermsPart::Party, position, TermsProblem::Unknown))?;
            let earlier = |id: &AccountId| terms.parties.iter().take(position).any(|other| other == id);
            ensure(!earlier(id), || wrong(TermsPart::Party, position, TermsProblem::Twice))?;
        }
        for party in program.obligors() {
            if let Some(id) = terms.parties.get(usize::from(*party)) {
                self.payer(id)?;
            }
        }
        Ok(())
    }

    fn check_panels(&self, terms: &Terms, program: &Program) -> Result<(), Stop> {
        let declared = &program.code().panels;
        ensure(terms.panels.len() == declared.len(), || {
            wrong(TermsPart::Panel, terms.panels.len().min(declared.len()), TermsProblem::Count)
        })?;
        for (position, (members, panel)) in terms.panels.iter().zip(declared).enumerate() {
            let refused = |problem| wrong(TermsPart::Panel, position, problem);
            ensure(members.len() == usize::from(panel.members), || refused(TermsProblem::Count))?;
            let rising = members.windows(2).all(|pair| matches!(pair, [before, after] if before < after));
            ensure(rising, || refused(TermsProblem::Twice))?;
            for member in members {
                let known = match member {
                    Submitter::Account(id) => self.state.get::<Account>(id)?.is_some(),
                    Submitter::Participant(bic) => self.state.get::<Participant>(bic)?.is_some(),
                    // The authority of the network judges nobody's contract.
                    Submitter::Authority => false,
                };
                ensure(known, || refused(TermsProblem::Unknown))?;
            }
        }
        Ok(())
    }

    fn check_assets(&self, terms: &Terms, program: &Program) -> Result<(), Stop> {
        let declared = program.code().assets.len();
        ensure(terms.assets.len() == declared, || {
            wrong(TermsPart::Asset, terms.assets.len().min(declared), TermsProblem::Count)
        })?;
        for (position, id) in terms.assets.iter().enumerate() {
            self.asset(*id)?;
            let earlier = terms.assets.iter().take(position).any(|other| other == id);
            ensure(!earlier, || wrong(TermsPart::Asset, position, TermsProblem::Twice))?;
        }
        Ok(())
    }

    /// The deadline of a state that is entered now.
    pub(super) fn deadline_of(
        &self,
        program: &Program,
        terms: &Terms,
        variables: &[Value],
        state: u8,
    ) -> Result<Option<BlockTime>, Fault> {
        // A calendar is read only where the deadline counts banking days; a failed read must still halt.
        let mut failed = None;
        let calendar = |position: u8| {
            let asset = terms.assets.get(usize::from(position)).copied().unwrap_or(AssetId(0));
            match self.state.get::<Calendar>(&CalendarKey::Asset(asset)) {
                Ok(calendar) => calendar.unwrap_or_default(),
                Err(fault) => {
                    failed = Some(fault);
                    Calendar::default()
                }
            }
        };
        let found = machine::deadline(program, &terms.parameters, variables, state, self.block.time, calendar);
        match failed {
            Some(fault) => Err(fault.into()),
            // What is over already is over now: no deadline comes before those of others that waited longer.
            None => Ok(found.map(|deadline| deadline.max(self.block.time))),
        }
    }

    /// Adds an event to the receipt being made.
    pub(super) fn tell(&mut self, event: ContractEvent) {
        let receipt = self.receipt_position();
        self.events.push((receipt, event));
    }
}

fn opening_reason(fault: OpeningFault) -> Reason {
    match fault {
        OpeningFault::Count => wrong(TermsPart::Parameter, 0, TermsProblem::Count),
        OpeningFault::Kind { parameter } => wrong(TermsPart::Parameter, usize::from(parameter), TermsProblem::Kind),
        OpeningFault::Condition { condition } => {
            wrong(TermsPart::Condition, usize::from(condition), TermsProblem::Unmet)
        }
        OpeningFault::Variable { variable } => {
            wrong(TermsPart::Variable, usize::from(variable), TermsProblem::OutOfRange)
        }
    }
}
