//! Calls of contracts, their deadlines, and where money goes in both.

use crate::contract::clause_of;
use crate::machine::{self, Done, Flow, Situation, Where};
use crate::{Contract, MOST, Model, No, amount, plain};
use seaway_types::asset::AssetId;
use seaway_types::bic::Bic;
use seaway_types::contract::{Actor, AllowanceFor, AllowanceKey, Clause, Code, InstanceId, Terms, arguments_hash};
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::contract::{CallContract, Target};
use seaway_types::instruction::{AuthenticInstruction, Submitter};
use seaway_types::keys::PublicKey;
use seaway_types::reason::{Reason, VoidReason};
use seaway_types::state::Field;
use seaway_types::time::BlockTime;

/// How many deadlines of its instance a call lets pass first.
const DEADLINES_BEFORE_A_CALL: usize = 2;

/// In what money moves.
#[derive(Clone, Copy, Debug)]
struct Scene {
    id: InstanceId,
    /// Who plays the role left open.
    caller: Option<AccountId>,
    /// Whose deposits these are.
    acting: Option<AccountId>,
    /// Whether it is a deadline: no hours, and what cannot be paid goes to suspense.
    timeout: bool,
}

/// What the machine refuses; the model does not say why or where. Where a pull was refused before, it names that.
pub const REFUSED: Reason = Reason::Arithmetic { block: 0, action: 0 };

impl Model {
    pub(crate) fn call(
        &mut self,
        instruction: &AuthenticInstruction,
        call: &CallContract,
        side: usize,
    ) -> Result<(), No> {
        let id = call.target.id();
        if let Target::Offer(signed) = &call.target
            && !self.contracts.contains_key(&id)
        {
            self.take(signed, call.caller)?;
        }
        self.catch_up(id)?;
        let contract = self.contracts.get(&id).ok_or(VoidReason::InstanceUnknown { instance: id })?.clone();
        let Some((present, _, entered, _)) = contract.live else {
            return Err(Reason::ContractClosed { instance: id }.into());
        };
        if call.state != present {
            return Err(Reason::StateOther { given: call.state, present }.into());
        }
        let code = self.code(contract.terms.code)?.clone();
        let clause = clause_of(&code, call.state, call.clause)
            .ok_or(VoidReason::ClauseUnknown { state: call.state, clause: call.clause })?;
        let actor = clause.actors[side];
        if let Some(account) = call.caller
            && contract.terms.parties.contains(&account)
        {
            return Err(Reason::SelfPayment { account }.into());
        }
        if actor == Actor::Caller {
            let named = match &call.target {
                Target::Instance(_) => contract.named_takers,
                Target::Offer(signed) => {
                    let takers = &signed.offer.takers;
                    !takers.is_empty() && !call.caller.is_some_and(|caller| takers.contains(&caller))
                }
            };
            if named {
                return Err(Reason::TakerForeign { account: call.caller }.into());
            }
        }
        let acting = self.acting(instruction, call, (&code, &contract.terms), actor)?;
        self.check_arguments(&code, &contract.terms, clause, call)?;
        // Who is named as a caller and does not act has no part in it.
        let caller = call.caller.filter(|_| actor == Actor::Caller);
        let scene = Scene { id, caller, acting, timeout: false };
        let situation = situation(&contract, &code, present, self.now, entered);
        let mut trial = self.clone();
        let mut not_pulled = None;
        let mut can_pull = |party, asset, value| {
            let pulled = trial.would_pull(scene, party, asset, value);
            let done = pulled.is_ok();
            not_pulled = pulled.err().or(not_pulled.take());
            done
        };
        let done = machine::call(&situation, call.clause, &call.arguments, &mut can_pull);
        let done = done.ok_or_else(|| not_pulled.unwrap_or(REFUSED.into()))?;
        for flow in &done.flows {
            self.flow(scene, flow)?;
        }
        self.conclude(id, &code, done)?;
        // Where the state goes on, an approval was for this call and not for the next one.
        let used = (call.clause, arguments_hash(&call.arguments));
        let record = self.contracts.get_mut(&id).expect("found above");
        record.approvals.retain(|(clause, arguments, _)| (*clause, *arguments) != used);
        Ok(())
    }

    /// The account that acts, which must be in use and free to pay; none for a panel or an institution. A panel is
    /// asked again: what came before in the instruction may have taken approvals away.
    fn acting(
        &self,
        instruction: &AuthenticInstruction,
        call: &CallContract,
        (code, terms): (&Code, &Terms),
        actor: Actor,
    ) -> Result<Option<AccountId>, No> {
        let acting = match actor {
            Actor::Party(party) => Some(*terms.parties.get(usize::from(party)).ok_or(VoidReason::TermsUnreadable)?),
            Actor::Caller => call.caller,
            Actor::Anyone => match instruction.envelope().submitter {
                Submitter::Account(account) => Some(account),
                Submitter::Participant(_) | Submitter::Authority => None,
            },
            Actor::Panel(panel) => {
                let signers: Vec<PublicKey> = instruction.signers().copied().collect();
                if self.agreeing(code, terms, panel, call, &signers)?.is_none() {
                    // Which voids it: whoever strips a signature must not make the others fail.
                    return Err(VoidReason::PanelUnmet { agreeing: 0, threshold: 0 }.into());
                }
                None
            }
        };
        if let Some(account) = acting {
            self.may_pay(account)?;
        }
        Ok(acting)
    }

    /// Whether arguments fit, and those that must be attested are.
    fn check_arguments(
        &self,
        code: &Code,
        terms: &Terms,
        clause: &Clause,
        call: &CallContract,
    ) -> Result<(), Reason> {
        let place = |position: usize| u8::try_from(position).expect("few arguments");
        if call.arguments.len() != clause.arguments.len() {
            let first = call.arguments.len().min(clause.arguments.len());
            return Err(Reason::ArgumentWrong { position: place(first) });
        }
        for (position, (declared, value)) in clause.arguments.iter().zip(&call.arguments).enumerate() {
            if !value.fits(declared.kind) {
                return Err(Reason::ArgumentWrong { position: place(position) });
            }
        }
        let mut given = call.attestations.iter();
        for (position, declared) in clause.arguments.iter().enumerate() {
            let Some(attested) = declared.attested else { continue };
            let missing = Reason::AttestationMissing { position: place(position) };
            let attestation = given.next().ok_or(missing)?;
            let about = usize::from(attestation.argument) == position && attestation.topic == attested.topic;
            let timely = attestation.not_before <= self.now && self.now <= attestation.not_after;
            let panel = code.panels.get(usize::from(attested.panel)).ok_or(missing)?;
            let members = terms.panels.get(usize::from(attested.panel)).ok_or(missing)?;
            let keys: Vec<PublicKey> = attestation.signatures.iter().map(|entry| entry.key).collect();
            let signed = self.signing(members, &keys);
            let own = keys.iter().all(|key| signed.iter().any(|(_, policy)| policy.contains(key)));
            if !about || !timely || !own || signed.len() < usize::from(panel.threshold) {
                return Err(missing);
            }
        }
        match given.next() {
            Some(surplus) => Err(Reason::AttestationMissing { position: surplus.argument }),
            None => Ok(()),
        }
    }

    fn overdue(&self, id: InstanceId) -> Option<BlockTime> {
        let (_, _, _, deadline) = self.contracts.get(&id)?.live?;
        (deadline <= self.now).then_some(deadline)
    }

    /// Lets pass what deadlines of an instance are over, unless these are too many for one instruction.
    pub(crate) fn catch_up(&mut self, id: InstanceId) -> Result<(), Reason> {
        for _ in 0..DEADLINES_BEFORE_A_CALL {
            if self.overdue(id).is_some() {
                self.pass_deadline(id);
            }
        }
        self.overdue(id).map_or(Ok(()), |deadline| Err(Reason::DeadlinePassed { deadline }))
    }

    /// Does what a live instance says for its deadline. Where that cannot be, the contract closes instead.
    pub(crate) fn pass_deadline(&mut self, id: InstanceId) {
        let before = self.clone();
        if self.time_out(id).is_err() {
            *self = before;
            self.close(id);
        }
    }

    fn time_out(&mut self, id: InstanceId) -> Result<(), No> {
        let contract = self.contracts[&id].clone();
        let Some((present, _, entered, _)) = contract.live else {
            return Err(Reason::ContractClosed { instance: id }.into());
        };
        let code = self.code(contract.terms.code)?.clone();
        let scene = Scene { id, caller: None, acting: None, timeout: true };
        let situation = situation(&contract, &code, present, self.now, entered);
        let mut trial = self.clone();
        let mut can_pull = |party, asset, value| trial.would_pull(scene, party, asset, value).is_ok();
        let done = machine::timeout(&situation, &mut can_pull).ok_or(REFUSED)?;
        for flow in &done.flows {
            self.flow(scene, flow)?;
        }
        self.conclude(id, &code, done)
    }

    /// Holds the pots against the machine's, and brings the instance to where the machine says.
    fn conclude(&mut self, id: InstanceId, code: &Code, done: Done) -> Result<(), No> {
        let record = self.contracts.get_mut(&id).expect("money moved in it");
        if record.pots != done.pots {
            return Err(Reason::KernelRefused.into());
        }
        record.variables = done.variables;
        match done.next {
            Where::Stay => {}
            Where::Close => self.close(id),
            Where::Enter(state) => {
                let contract = self.contracts[&id].clone();
                let deadline = self.until(code, &contract.terms, &contract.variables, state).ok_or(REFUSED)?;
                let entry = contract.live.map_or(0, |(_, entry, _, _)| entry + 1);
                let entered = self.now;
                let record = self.contracts.get_mut(&id).expect("found above");
                record.live = Some((state, entry, entered, deadline));
                record.approvals.clear();
            }
        }
        Ok(())
    }

    /// The account of a party, the role left open included.
    fn player(&self, scene: Scene, party: u8) -> Result<AccountId, VoidReason> {
        if let Some(account) = self.contracts[&scene.id].terms.parties.get(usize::from(party)) {
            return Ok(*account);
        }
        let account = scene.caller.ok_or(VoidReason::CallerMissing)?;
        if self.accounts.contains_key(&account) { Ok(account) } else { Err(VoidReason::AccountUnknown { account }) }
    }

    fn asset_at(&self, scene: Scene, asset: u8) -> Result<AssetId, VoidReason> {
        let terms: &Terms = &self.contracts[&scene.id].terms;
        terms.assets.get(usize::from(asset)).copied().ok_or(VoidReason::TermsUnreadable)
    }

    /// Changes what a party has in an instance.
    fn fill(&mut self, scene: Scene, party: u8, asset: u8, change: i128) {
        let record: &mut Contract = self.contracts.get_mut(&scene.id).expect("money moves in it");
        *record.pots.entry((party, asset)).or_insert(0) += change;
        record.pots.retain(|_, held| *held != 0);
    }

    fn flow(&mut self, scene: Scene, flow: &Flow) -> Result<(), No> {
        match *flow {
            Flow::In { party, asset, amount: value, pulled } => {
                if !pulled && scene.acting != Some(self.player(scene, party)?) {
                    return Err(Reason::KernelRefused.into());
                }
                self.bring_in(scene, (party, asset), value, pulled)
            }
            Flow::Between { from, to, asset, amount: value } => {
                self.fill(scene, from, asset, -value);
                self.fill(scene, to, asset, value);
                if from == to {
                    return Ok(());
                }
                let (giver, taker) = self.hand_over(scene, from, to)?;
                let asset = self.asset_at(scene, asset)?;
                if scene.timeout {
                    let present = self.whole(taker, asset);
                    if present + value > MOST {
                        return Err(Reason::SumTooLarge { present: amount(present), amount: amount(value) }.into());
                    }
                    self.give(giver, asset, Field::InContracts, -value);
                    self.give(taker, asset, Field::InContracts, value);
                    return Ok(());
                }
                self.must_be_payable(asset, taker)?;
                self.deliver(asset, (giver, Field::InContracts), taker, value)?;
                self.shift(taker, asset, Field::Available, Field::InContracts, value);
                Ok(())
            }
            Flow::Out { from, to, asset, amount: value } => {
                self.fill(scene, from, asset, -value);
                let asset = self.asset_at(scene, asset)?;
                if from == to {
                    let owner = self.player(scene, from)?;
                    self.refund(owner, asset, value);
                    return Ok(());
                }
                let (giver, taker) = self.hand_over(scene, from, to)?;
                if scene.timeout {
                    return self.pay_or_suspend(asset, giver, taker, value);
                }
                self.must_be_payable(asset, taker)?;
                self.deliver(asset, (giver, Field::InContracts), taker, value)
            }
        }
    }

    /// What a payment by a call asks of the asset and of who gets it.
    fn must_be_payable(&self, asset: AssetId, taker: AccountId) -> Result<(), No> {
        self.usable_asset(asset)?;
        self.must_settle_now(asset)?;
        let agent = self.may_receive(taker)?.agent;
        if self.active(agent) { Ok(()) } else { Err(Reason::CreditorAgentSuspended { agent }.into()) }
    }

    /// Two accounts between which money in a pot may go: what is a frozen giver's never becomes another's.
    fn hand_over(&self, scene: Scene, from: u8, to: u8) -> Result<(AccountId, AccountId), No> {
        let (giver, taker) = (self.player(scene, from)?, self.player(scene, to)?);
        if self.accounts[&giver].debits_frozen() {
            return Err(Reason::DebtorFrozen { account: giver }.into());
        }
        Ok((giver, taker))
    }

    /// Pays at a deadline; what the taker's account cannot take waits in its suspense.
    fn pay_or_suspend(&mut self, asset: AssetId, giver: AccountId, taker: AccountId, value: i128) -> Result<(), No> {
        let before = self.clone();
        let from = (giver, Field::InContracts);
        let can_receive = self.may_receive(taker).is_ok_and(|account| self.active(account.agent));
        let takes = self.usable_asset(asset).is_ok() && can_receive;
        if takes && self.deliver(asset, from, taker, value).is_ok() {
            return Ok(());
        }
        *self = before;
        let present = self.whole(taker, asset);
        if present + value > MOST {
            return Err(Reason::SumTooLarge { present: amount(present), amount: amount(value) }.into());
        }
        self.give(giver, asset, Field::InContracts, -value);
        self.give(taker, asset, Field::Suspense, value);
        Ok(())
    }

    /// Pulls in a trial, where that can be.
    fn would_pull(&mut self, scene: Scene, party: u8, asset: u8, value: i128) -> Result<(), No> {
        let before = self.clone();
        let done = self.bring_in(scene, (party, asset), value, true);
        if done.is_err() {
            *self = before;
        }
        done
    }

    /// Takes a party's available money into its pot.
    fn bring_in(&mut self, scene: Scene, pot: (u8, u8), value: i128, pulled: bool) -> Result<(), No> {
        let account = self.player(scene, pot.0)?;
        let asset = self.asset_at(scene, pot.1)?;
        self.usable_asset(asset)?;
        if !scene.timeout {
            self.must_settle_now(asset)?;
        }
        let payer = self.may_pay(account)?;
        if !self.active(payer.agent) {
            return Err(Reason::DebtorAgentSuspended { agent: payer.agent }.into());
        }
        self.below_maximum(asset, &payer, value)?;
        if let Some(threshold) = self.threshold(asset, &self.concerned(scene, asset))
            && value >= threshold
        {
            return Err(Reason::AcceptanceMissing { threshold: amount(threshold) }.into());
        }
        if pulled {
            let code = self.contracts[&scene.id].terms.code;
            self.use_allowance(scene.id, (code, pot.0), account, asset, value)?;
        }
        self.count(asset, &payer, value)?;
        let available = self.has(account, asset, Field::Available);
        if available < value {
            let short = Reason::InsufficientFunds { available: amount(available), needed: amount(value) };
            return Err(if pulled { Reason::OtherSideShort } else { short }.into());
        }
        self.shift(account, asset, Field::Available, Field::InContracts, value);
        self.fill(scene, pot.0, pot.1, value);
        Ok(())
    }

    /// All banks whose jurisdictions are asked how much may move unaccepted.
    fn concerned(&self, scene: Scene, asset: AssetId) -> Vec<Bic> {
        let mut banks = vec![self.assets[&asset].issuer];
        let parties = self.contracts[&scene.id].terms.parties.iter().chain(&scene.caller);
        banks.extend(parties.filter_map(|account| self.accounts.get(account)).map(|account| account.agent));
        banks
    }

    /// An allowance for the instance, or where there is none, for the code and the party.
    fn use_allowance(
        &mut self,
        id: InstanceId,
        (code, party): (Hash32, u8),
        grantor: AccountId,
        asset: AssetId,
        value: i128,
    ) -> Result<(), Reason> {
        let no = Reason::NotAllowed { account: grantor };
        let purposes = [AllowanceFor::Instance(id), AllowanceFor::Role { code, party }];
        let mut keys = purposes.iter().map(|purpose| AllowanceKey { grantor, purpose: *purpose, asset });
        let key = keys.find(|key| self.allowances.contains_key(key)).ok_or(no)?;
        let (terms, used) = self.allowances[&key];
        let timely = terms.not_before <= self.now && self.now <= terms.not_after;
        if !timely || value > plain(terms.each_max) || used + value > plain(terms.total_max) {
            return Err(no);
        }
        self.allowances.insert(key, (terms, used + value));
        Ok(())
    }
}

/// An instance as the machine sees it.
fn situation<'a>(
    contract: &'a Contract,
    code: &'a Code,
    state: u8,
    now: BlockTime,
    entered: BlockTime,
) -> Situation<'a> {
    Situation {
        code,
        parameters: &contract.terms.parameters,
        variables: contract.variables.clone(),
        pots: contract.pots.clone(),
        state,
        now,
        entered,
    }
}
