//! What a block's execution carries along: the overlay, the outputs so far, and answers that are asked again and again.

use super::stop::{Fault, Stop};
use crate::state::{Overlay, Savepoint, StateView, Stored};
use seaway_types::asset::{Asset, AssetId};
use seaway_types::bic::Bic;
use seaway_types::calendar::{Calendar, Session};
use seaway_types::contract::ContractEvent;
use seaway_types::identifier::{AccountId, OwnerId};
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::mutant::{Mutant, seeded};
use seaway_types::reason::Reason;
use seaway_types::receipt::{CreditOutcome, Posting, Receipt};
use seaway_types::state::{Account, AccountClass, AccountStatus, CalendarKey, Parameters, Participant, Tier};
use seaway_types::text::Country;
use seaway_types::time::{BlockTime, Height};
use seaway_types::uetr::Uetr;
use std::collections::BTreeMap;

/// What a block is besides its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// Its height: the parent's and one.
    pub height: Height,
    /// Its time: after the parent's.
    pub time: BlockTime,
}

/// What credits ask of an agent each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub active: bool,
    pub jurisdiction: Country,
}

/// What is asked of an account that is paid, besides that it can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub agent: Bic,
    pub owner_id: OwnerId,
    pub class: AccountClass,
    pub tier: Tier,
}

/// Outcomes of the credits of one instruction, with the position of its receipt.
pub type Outcomes = (u32, Vec<CreditOutcome>);

/// See the module.
#[derive(Debug)]
pub(super) struct Execution<'a, V> {
    pub block: BlockContext,
    pub parameters: Parameters,
    pub state: Overlay<'a, V>,
    pub receipts: Vec<Receipt>,
    pub outcomes: Vec<Outcomes>,
    pub postings: Vec<Posting>,
    /// Events of contracts, by the position of their receipt.
    pub events: Vec<(u32, ContractEvent)>,
    /// Whether an instruction whose time is over is executed all the same: only where nothing comes of it.
    pub only_asked: bool,
    /// The UETR that postings made now belong to.
    pub uetr: Option<Uetr>,
    /// Where each credit of the present instruction stands first; made when a UETR is found taken.
    pub first_places: Option<BTreeMap<PaymentKey, (usize, usize)>>,
    agents: BTreeMap<Bic, Option<Agent>>,
    sessions: BTreeMap<AssetId, Session>,
}

/// A point to which execution can go back, outputs included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    state: Savepoint,
    receipts: usize,
    outcomes: usize,
    postings: usize,
    events: usize,
}

impl<'a, V: StateView> Execution<'a, V> {
    pub fn new(view: &'a V, block: BlockContext) -> Result<Self, Fault> {
        let parameters = view.read(&())?.ok_or(Fault::Missing { what: "the parameters record" })?;
        Ok(Self {
            block,
            parameters,
            state: Overlay::new(view),
            receipts: Vec::new(),
            outcomes: Vec::new(),
            postings: Vec::new(),
            events: Vec::new(),
            only_asked: false,
            uetr: None,
            first_places: None,
            agents: BTreeMap::new(),
            sessions: BTreeMap::new(),
        })
    }

    /// Makes room for what so many instructions with so many credits leave.
    pub fn expect(&mut self, instructions: usize, credits: usize) {
        self.state.expect(instructions, credits);
        self.receipts.reserve(instructions);
        self.outcomes.reserve(instructions);
        self.postings.reserve(2 * credits);
    }

    pub fn mark(&self) -> Mark {
        Mark {
            state: self.state.savepoint(),
            receipts: self.receipts.len(),
            outcomes: self.outcomes.len(),
            postings: self.postings.len(),
            events: self.events.len(),
        }
    }

    /// Takes back everything since the mark.
    pub fn back_to(&mut self, mark: Mark) {
        self.state.back_to(mark.state);
        self.receipts.truncate(mark.receipts);
        self.outcomes.truncate(mark.outcomes);
        self.postings.truncate(mark.postings);
        self.events.truncate(mark.events);
    }

    /// Forgets remembered answers: after administration, which may have changed them.
    pub fn forget_answers(&mut self) -> Result<(), Fault> {
        self.agents.clear();
        self.sessions.clear();
        self.parameters = self.state.get(&())?.ok_or(Fault::Missing { what: "the parameters record" })?;
        Ok(())
    }

    /// Position of the receipt being made.
    pub fn receipt_position(&self) -> u32 {
        u32::try_from(self.receipts.len()).unwrap_or(u32::MAX)
    }

    /// An agent's standing; `None` when there is no such participant.
    pub fn agent(&mut self, bic: &Bic) -> Result<Option<Agent>, Fault> {
        if let Some(known) = self.agents.get(bic) {
            return Ok(*known);
        }
        let participant: Option<Participant> = self.state.get(bic)?;
        let agent = participant.map(|found| Agent { active: found.active, jurisdiction: found.jurisdiction });
        self.agents.insert(*bic, agent);
        Ok(agent)
    }

    /// Day and opening of an asset at block time.
    pub fn session(&mut self, asset: AssetId) -> Result<Session, Fault> {
        if let Some(known) = self.sessions.get(&asset) {
            return Ok(*known);
        }
        let calendar: Option<Calendar> = self.state.get(&CalendarKey::Asset(asset))?;
        let session = match calendar {
            Some(calendar) => calendar.session(self.block.time),
            // An asset without a calendar settles at any time; its day is that of UTC.
            None => Session { open: true, ..Calendar::default().session(self.block.time) },
        };
        self.sessions.insert(asset, session);
        Ok(session)
    }

    /// A record that must exist.
    pub fn must<R: Stored>(&self, key: &R::Key, what: &'static str) -> Result<R, Fault> {
        self.state.get(key)?.ok_or(Fault::Missing { what })
    }

    /// An account that can be paid: it exists, is open, and takes credits.
    pub fn payable(&self, id: &AccountId) -> Result<Holder, Stop> {
        let holder = |account: Option<&Account>| {
            let account = account.ok_or(Reason::CreditorUnknown { account: *id })?;
            if account.status == AccountStatus::Closed {
                return Err(Reason::CreditorClosed { account: *id });
            }
            if account.credits_frozen() {
                return Err(Reason::CreditorFrozen { account: *id });
            }
            let Account { agent, owner_id, class, tier, .. } = *account;
            Ok(Holder { agent, owner_id, class, tier })
        };
        Ok(self.state.look(id, holder)??)
    }

    /// An account that can pay: it exists, is open, and its debits are not frozen.
    pub fn payer(&self, id: &AccountId) -> Result<Account, Stop> {
        let account: Account = self.must(id, "an account that an authority was asked for")?;
        if account.status == AccountStatus::Closed {
            return Err(Reason::DebtorClosed { account: *id }.into());
        }
        if account.debits_frozen() && !seeded(Mutant::FreezeIgnored) {
            return Err(Reason::DebtorFrozen { account: *id }.into());
        }
        Ok(account)
    }

    /// The agent of who pays, if it is active.
    pub fn active_debtor_agent(&mut self, account: &Account) -> Result<Agent, Stop> {
        let active = self.agent(&account.agent)?.filter(|agent| agent.active);
        Ok(active.ok_or(Reason::DebtorAgentSuspended { agent: account.agent })?)
    }

    /// The agent of who is paid, if it is active.
    pub fn active_creditor_agent(&mut self, account: &Holder) -> Result<Agent, Stop> {
        let active = self.agent(&account.agent)?.filter(|agent| agent.active);
        Ok(active.ok_or(Reason::CreditorAgentSuspended { agent: account.agent })?)
    }

    /// An asset in which payments are taken.
    pub fn asset(&self, id: AssetId) -> Result<Asset, Stop> {
        let asset: Asset = self.state.get(&id)?.ok_or(Reason::AssetUnknown { asset: id })?;
        if asset.enabled { Ok(asset) } else { Err(Reason::AssetDisabled { asset: id }.into()) }
    }

    /// Refuses outside the hours of an asset.
    pub fn ensure_open(&mut self, asset: AssetId) -> Result<Session, Stop> {
        let session = self.session(asset)?;
        super::stop::ensure(session.open || seeded(Mutant::CutOffIgnored), || Reason::AfterCutOff {
            day: session.local.day,
            minute: session.local.minute,
        })?;
        Ok(session)
    }
}
