//! Contracts in the world: the standard ones are registered, opened, called, offered, approved and allowed, mostly as it
//! makes sense, sometimes not.

use super::{World, bank, bank_secret, debitors, minor, secrets};
use seaway_model::{Contract, Model};
use seaway_types::contract::{
    Actor, AllowanceFor, AllowanceKey, Argument, Clause, CodeBytes, InstanceId, Offer, Ratio, SignedOffer, Terms,
    Type, Value, arguments_hash,
};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::contract::{
    AllowanceTerms, ApproveCall, CallContract, OpenContract, RegisterCode, ReleaseSuspense, SetAllowance, Target,
    WithdrawOffer,
};
use seaway_types::instruction::payment::{BulkMode, PaymentKey};
use seaway_types::instruction::{Body, Leg, Submitter};
use seaway_types::signature::{SignatureEntry, sign};
use seaway_types::state::{AccountStatus, Field};
use seaway_types::time::BlockTime;
use seaway_types::{Amount, AssetId, Bounded};
use seaway_vm::{Program, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::LazyLock;

const DAY_MS: u64 = 86_400_000;

/// The standard contracts, compiled once.
static LIBRARY: LazyLock<Vec<Program>> = LazyLock::new(|| {
    let compiled = |source: &str| Program::from_code(text::read(source).unwrap().code).unwrap();
    seaway_contracts::STANDARD.iter().map(|standard| compiled(standard.text)).collect()
});

/// What opens every hash lock here.
const SECRET: [u8; 32] = [0x5e; 32];

fn lock() -> Hash32 {
    Hash32(Sha256::digest(SECRET).into())
}

/// What was sent about contracts, before the model knows of it.
#[derive(Default)]
pub(super) struct Sent {
    /// Positions in the library.
    registered: BTreeSet<usize>,
    offers: Vec<SignedOffer>,
}

/// Terms in the making.
struct Draft {
    parties: Vec<AccountId>,
    panels: Vec<Vec<Submitter>>,
    assets: Vec<AssetId>,
    parameters: Vec<Value>,
}

fn list<T, const MAX: usize>(items: Vec<T>) -> Bounded<T, MAX> {
    Bounded::new(items).unwrap()
}

/// One leg alone, or several in a bundle.
fn together(mut legs: Vec<Leg>) -> Body {
    match legs.pop() {
        Some(only) if legs.is_empty() => Body::Single(only),
        last => {
            legs.extend(last);
            Body::Bundle(list(legs))
        }
    }
}

fn standard(code: Hash32) -> Option<&'static Program> {
    LIBRARY.iter().find(|program| program.hash() == code)
}

fn name_of(code: Hash32) -> &'static str {
    standard(code).map_or("", |program| program.code().name.as_str())
}

fn clauses(code: Hash32, state: u8) -> &'static [Clause] {
    match standard(code).and_then(|program| program.code().states.get(usize::from(state))) {
        Some(state) => &state.clauses,
        None => &[],
    }
}

/// Who has money at stake: as the texts read, not as the verifier finds it.
fn obligors(name: &str) -> &'static [usize] {
    match name {
        "FxPvp" | "Dvp" => &[0, 1],
        _ => &[0],
    }
}

/// About how much can be paid out of a contract, or will come into it.
fn worth(contract: &Contract) -> u64 {
    let most = contract.pots.values().max().map(|value| u64::try_from(*value).unwrap());
    most.unwrap_or_else(|| price(&contract.terms))
}

fn price(terms: &Terms) -> u64 {
    let amount = |value: &Value| match value {
        Value::Money(amount) => Some(amount.minor_units()),
        _ => None,
    };
    terms.parameters.iter().find_map(amount).unwrap_or(0)
}

/// Those who probably must sign a leg about contracts; of several alternatives the submitter's.
pub(super) fn signers(model: &Model, body: &Body, leg: &Leg, submitter: Option<Submitter>) -> Vec<Submitter> {
    let of_party = |terms: &Terms, at: usize| terms.parties.get(at).map_or(vec![], |id| debitors(model, *id));
    match leg {
        Leg::RegisterCode(register) => vec![Submitter::Participant(register.by)],
        Leg::OpenContract(open) => {
            obligors(name_of(open.terms.code)).iter().flat_map(|at| of_party(&open.terms, *at)).collect()
        }
        Leg::CallContract(call) => {
            let Some(terms) = terms_of(model, body, &call.target) else { return vec![] };
            let Some(clause) = clauses(terms.code, call.state).get(usize::from(call.clause)) else { return vec![] };
            let sides: Vec<Vec<Submitter>> =
                clause.actors.iter().map(|actor| side(model, terms, *actor, call, submitter)).collect();
            let own = sides.iter().find(|side| submitter.is_some_and(|who| side.contains(&who)));
            own.or(sides.first()).cloned().unwrap_or_default()
        }
        Leg::ApproveCall(approve) => vec![approve.member],
        Leg::WithdrawOffer(withdraw) => of_party(&withdraw.offer.terms, usize::from(withdraw.offer.maker)),
        Leg::SetAllowance(set) => debitors(model, set.allowance.grantor),
        Leg::ReleaseSuspense(release) => {
            let agent = model.accounts.get(&release.account).map(|account| Submitter::Participant(account.agent));
            agent.into_iter().chain([Submitter::Participant(release.supervisor)]).collect()
        }
        _ => vec![],
    }
}

/// The terms of what is called: known, offered, or opened by another leg of the same body.
fn terms_of<'a>(model: &'a Model, body: &'a Body, target: &'a Target) -> Option<&'a Terms> {
    let id = match target {
        Target::Offer(signed) => return Some(&signed.offer.terms),
        Target::Instance(id) => id,
    };
    let opened = body.legs().iter().find_map(|leg| match leg {
        Leg::OpenContract(open) => Some(&open.terms),
        _ => None,
    });
    model.contracts.get(id).map(|contract| &contract.terms).or(opened)
}

/// Those who sign for an actor of a clause.
fn side(
    model: &Model,
    terms: &Terms,
    actor: Actor,
    call: &CallContract,
    submitter: Option<Submitter>,
) -> Vec<Submitter> {
    let panel = match actor {
        Actor::Party(at) => {
            return terms.parties.get(usize::from(at)).map_or(vec![], |id| debitors(model, *id));
        }
        Actor::Caller => return call.caller.map_or(vec![], |id| debitors(model, id)),
        Actor::Anyone => return submitter.into_iter().collect(),
        Actor::Panel(panel) => usize::from(panel),
    };
    let Some(members) = terms.panels.get(panel) else { return vec![] };
    let declared = standard(terms.code).and_then(|program| program.code().panels.get(panel));
    let threshold = declared.map_or(1, |declared| usize::from(declared.threshold));
    let arguments = arguments_hash(&call.arguments);
    let approved = |member: &Submitter| {
        let contract = model.contracts.get(&call.target.id());
        contract.is_some_and(|contract| contract.approvals.contains(&(call.clause, arguments, *member)))
    };
    let (mut before, mut missing): (Vec<Submitter>, Vec<Submitter>) = members.iter().copied().partition(approved);
    missing.sort_by_key(|member| Some(*member) != submitter);
    missing.truncate(threshold.saturating_sub(before.len()));
    if missing.is_empty() {
        // Somebody must sign now, even where enough approved.
        missing.extend(before.pop());
    }
    missing
}

impl World {
    /// Something about contracts, and who asks for it. The key is the one that the instruction will have: the id of what
    /// it opens follows from it.
    pub fn contract_body(&mut self, model: &Model, now: BlockTime, key: InstructionKey) -> Option<(Submitter, Body)> {
        let known = model.codes.len().max(self.contracts.registered.len());
        if known == 0 || (known < 3 && self.chance(50)) || self.chance(4) {
            return Some(self.registration(model));
        }
        let found = match self.roll(0, 99) {
            0..=21 => self.opening(model, now, key),
            22..=53 => self.calling(model),
            54..=72 => self.taking(model, now),
            73..=76 => self.withdrawal(model),
            77..=87 => self.allowing(model, now),
            88..=95 => self.approval(model),
            _ => self.release(model),
        };
        found.or_else(|| self.opening(model, now, key))
    }

    fn registration(&mut self, model: &Model) -> (Submitter, Body) {
        let fresh: Vec<usize> =
            (0..LIBRARY.len()).filter(|at| !model.codes.contains_key(&LIBRARY[*at].hash())).collect();
        let quote = LIBRARY.iter().position(|program| program.code().name.as_str() == "FxQuote").unwrap();
        let any = self.roll(0, LIBRARY.len() as u64 - 1) as usize;
        let at = match self.roll(0, 9) {
            0..=1 => quote,
            2..=8 => self.pick(&fresh).unwrap_or(any),
            _ => any,
        };
        let by = self.some_bank();
        let code = if self.chance(3) {
            CodeBytes(list(b"SWAY\x01rubbish".to_vec()))
        } else {
            self.contracts.registered.insert(at);
            LIBRARY[at].bytes().clone()
        };
        (Submitter::Participant(by), Body::Single(Leg::RegisterCode(RegisterCode { by, code })))
    }

    /// Opens a contract, often together with its first call.
    fn opening(&mut self, model: &Model, now: BlockTime, key: InstructionKey) -> Option<(Submitter, Body)> {
        let too_early = self.chance(40);
        let known = |at: &usize| {
            let sent = too_early && self.contracts.registered.contains(at);
            sent || model.codes.contains_key(&LIBRARY[*at].hash())
        };
        let known: Vec<usize> = (0..LIBRARY.len()).filter(known).collect();
        let program = &LIBRARY[self.pick(&known)?];
        let terms = self.terms(model, now, program);
        let uetr = self.some_uetr();
        let open = Leg::OpenContract(OpenContract { terms: terms.clone(), uetr });
        let alone = Body::Single(open.clone());
        let who = self.pick(&signers(model, &alone, &open, None))?;
        if self.chance(45) {
            return Some((who, alone));
        }
        let first = clauses(terms.code, 0).len() as u64 - 1;
        let clause = if self.chance(80) { 0 } else { self.roll(0, first) as u8 };
        let target = Target::Instance(InstanceId::of_opening(&who, &key, 0));
        let call = self.call(model, target, &terms, (0, clause), price(&terms));
        Some((who, together(vec![open, Leg::CallContract(call)])))
    }

    /// Calls a clause of the present state of a contract, seldom another one.
    fn calling(&mut self, model: &Model) -> Option<(Submitter, Body)> {
        let mut ways: Vec<(InstanceId, u8, u8)> = Vec::new();
        for (id, contract) in &model.contracts {
            if contract.live.is_some() || self.chance(5) {
                let state = contract.live.map_or(0, |(state, ..)| state);
                let count = clauses(contract.terms.code, state).len() as u8;
                ways.extend((0..count).map(|clause| (*id, state, clause)));
            }
        }
        let (id, state, clause) = self.pick(&ways)?;
        let contract = &model.contracts[&id];
        let at = match self.roll(0, 39) {
            0 => (state, 7),
            1 => (state + 1, clause),
            2 => (0, 0),
            _ => (state, clause),
        };
        let target = Target::Instance(if self.chance(1) { InstanceId([9; 32]) } else { id });
        let call = self.call(model, target, &contract.terms, at, worth(contract));
        let who = self.asker(model, &contract.terms, &call);
        let copies = if self.chance(6) { self.roll(2, 3) } else { 1 };
        Some((who, together((0..copies).map(|_| Leg::CallContract(call.clone())).collect())))
    }

    /// Takes an offer: mostly one that is known already, so that it is taken several times, and late.
    fn taking(&mut self, model: &Model, now: BlockTime) -> Option<(Submitter, Body)> {
        let known = self.contracts.offers.clone();
        let old = self.pick(&known).filter(|_| self.chance(75));
        let signed = match old {
            Some(signed) => signed,
            None => self.offer(model, now)?,
        };
        let (terms, takers) = (signed.offer.terms.clone(), signed.offer.takers.to_vec());
        let open = model.contracts.contains_key(&signed.offer.id());
        let by_id = open && self.chance(30);
        let target = if by_id { Target::Instance(signed.offer.id()) } else { Target::Offer(signed) };
        let clause = self.roll(0, 1) as u8;
        let mut call = self.call(model, target, &terms, (0, clause), price(&terms));
        if !takers.is_empty() && self.chance(70) {
            call.caller = self.pick(&takers);
        }
        let who = self.asker(model, &terms, &call);
        let (dealer, bought, taker) = (terms.parties.first(), terms.assets.get(1).copied(), call.caller);
        let mut legs = Vec::new();
        if let (Some(grantor), Some(asset)) = (dealer.copied(), bought)
            && self.chance(35)
        {
            let purpose = AllowanceFor::Role { code: terms.code, party: 0 };
            legs.push(self.allowance(AllowanceKey { grantor, purpose, asset }, now));
        }
        legs.push(Leg::CallContract(call));
        if let (Some(taker), Some(asset)) = (taker, bought)
            && self.chance(25)
        {
            legs.push(self.onward(model, now, taker, asset));
        }
        Some((who, together(legs)))
    }

    /// Pays what was bought on to somebody else.
    fn onward(&mut self, model: &Model, now: BlockTime, taker: AccountId, asset: AssetId) -> Leg {
        let mut transfer = self.transfer(model, now);
        transfer.debtor = taker;
        transfer.asset = asset;
        transfer.mode = BulkMode::AllOrNothing;
        let mut credits = std::mem::take(&mut transfer.credits).into_inner();
        for credit in &mut credits {
            if let Some(account) = model.accounts.get(&taker) {
                credit.debtor_agent = account.agent;
                credit.instructing_agent = account.agent;
            }
            if self.chance(80) {
                credit.amount = minor(self.roll(1, 60));
            }
            let (debtor_agent, uetr, kind) = (credit.debtor_agent, credit.uetr, credit.kind);
            self.uetrs.push(PaymentKey { debtor_agent, uetr, kind });
        }
        transfer.credits = list(credits);
        Leg::CreditTransfer(transfer)
    }

    /// A quote of some account, signed ahead; it stays known.
    fn offer(&mut self, model: &Model, now: BlockTime) -> Option<SignedOffer> {
        let program = LIBRARY.iter().find(|program| program.code().name.as_str() == "FxQuote")?;
        if !model.codes.contains_key(&program.hash()) && self.chance(85) {
            return None;
        }
        let terms = self.terms(model, now, program);
        let dealer = terms.parties.first().copied();
        let named = if self.chance(30) { self.roll(1, 3) } else { 0 };
        let mut takers: Vec<AccountId> = (0..named).map(|_| self.some_account()).collect();
        takers.sort_unstable();
        takers.dedup();
        if self.chance(3) {
            takers.reverse();
        }
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.next().to_le_bytes());
        let ahead = if self.chance(1) { 4_000 * DAY_MS } else { self.ahead() };
        let network = if self.chance(1) { "other" } else { "model" };
        let offer = Offer {
            network: network.parse().unwrap(),
            terms,
            maker: if self.chance(2) { 1 } else { 0 },
            takers: list(takers),
            not_after: now.after_ms(ahead),
            nonce: InstructionKey(nonce),
            uetr: self.some_uetr(),
        };
        let stranger = Submitter::Participant(self.some_bank());
        let mut who = dealer.filter(|_| self.chance(97)).map_or(vec![stranger], |id| debitors(model, id));
        if who.is_empty() {
            who.push(stranger);
        }
        let message = offer.id().0;
        let keys = who.into_iter().flat_map(secrets);
        let mut signatures: Vec<SignatureEntry> = keys.map(|secret| sign(&secret, &message)).collect();
        if self.chance(1) {
            signatures = vec![sign(&bank_secret(bank(3)), &message)];
        }
        signatures.sort_unstable();
        let signed = SignedOffer { offer, signatures: list(signatures) };
        self.contracts.offers.push(signed.clone());
        Some(signed)
    }

    fn withdrawal(&mut self, model: &Model) -> Option<(Submitter, Body)> {
        let known = self.contracts.offers.clone();
        let offer = self.pick(&known)?.offer;
        let leg = Leg::WithdrawOffer(WithdrawOffer { offer });
        let body = Body::Single(leg.clone());
        let who = self.pick(&signers(model, &body, &leg, None))?;
        Some((who, body))
    }

    /// Grants or changes an allowance of somebody from whom a contract pulls, seldom revokes one.
    fn allowing(&mut self, model: &Model, now: BlockTime) -> Option<(Submitter, Body)> {
        let mut keys: Vec<AllowanceKey> = Vec::new();
        let mut pulled = |terms: &Terms, id: InstanceId, asset: usize| {
            if let (Some(grantor), Some(asset)) = (terms.parties.first(), terms.assets.get(asset)) {
                let of_role = AllowanceFor::Role { code: terms.code, party: 0 };
                for purpose in [of_role, AllowanceFor::Instance(id)] {
                    keys.push(AllowanceKey { grantor: *grantor, purpose, asset: *asset });
                }
            }
        };
        for signed in &self.contracts.offers {
            pulled(&signed.offer.terms, signed.offer.id(), 1);
        }
        for (id, contract) in model.contracts.iter().filter(|(_, contract)| contract.live.is_some()) {
            match name_of(contract.terms.code) {
                "Mandate" => pulled(&contract.terms, *id, 0),
                "FxQuote" => pulled(&contract.terms, *id, 1),
                _ => {}
            }
        }
        let granted: Vec<AllowanceKey> = model.allowances.keys().copied().collect();
        let revoked = self.pick(&granted).filter(|_| self.chance(8));
        let leg = match revoked {
            Some(allowance) => Leg::SetAllowance(SetAllowance { allowance, terms: None }),
            None => {
                let key = self.pick(&keys)?;
                self.allowance(key, now)
            }
        };
        let body = Body::Single(leg.clone());
        let who = self.pick(&signers(model, &body, &leg, None))?;
        Some((who, body))
    }

    fn allowance(&mut self, allowance: AllowanceKey, now: BlockTime) -> Leg {
        let earlier = |ms: u64| BlockTime::from_ms(now.ms() - ms).unwrap();
        let mut terms = AllowanceTerms {
            each_max: minor(self.roll(50, 1_000)),
            total_max: minor(self.roll(100, 5_000)),
            not_before: earlier(self.roll(0, 5_000)),
            not_after: now.after_ms(self.ahead()),
        };
        match self.roll(0, 59) {
            0 => terms.each_max = Amount::ZERO,
            1 => terms.total_max = Amount::ZERO,
            2 => terms.not_after = earlier(1),
            3 => terms.not_before = now.after_ms(400 * DAY_MS),
            4 => terms.not_after = now.after_ms(4_000 * DAY_MS),
            5..=7 => terms.not_before = now.after_ms(self.roll(1, 5_000)).min(terms.not_after),
            _ => {}
        }
        Leg::SetAllowance(SetAllowance { allowance, terms: Some(terms) })
    }

    /// A member of a panel approves a call, or takes that back.
    fn approval(&mut self, model: &Model) -> Option<(Submitter, Body)> {
        let mut asked: Vec<(InstanceId, u8, u8)> = Vec::new();
        for (id, contract) in &model.contracts {
            let Some((state, ..)) = contract.live else { continue };
            for (clause, declared) in clauses(contract.terms.code, state).iter().enumerate() {
                for actor in &declared.actors {
                    if let Actor::Panel(panel) = actor {
                        asked.push((*id, clause as u8, *panel));
                    }
                }
            }
        }
        let (instance, clause, panel) = self.pick(&asked)?;
        let contract = &model.contracts[&instance];
        let (state, entry, ..) = contract.live?;
        let half = Value::Money(minor(worth(contract) / 2));
        let declared = &clauses(contract.terms.code, state)[usize::from(clause)];
        let arguments: Vec<Value> = declared.arguments.iter().map(|_| half).collect();
        let members = contract.terms.panels.get(usize::from(panel))?.to_vec();
        let stranger = Submitter::Participant(self.some_bank());
        let member = self.pick(&members).filter(|_| self.chance(96)).unwrap_or(stranger);
        let approve = ApproveCall {
            instance,
            entry: if self.chance(88) { entry } else { entry + 1 },
            clause: if self.chance(98) { clause } else { 7 },
            arguments: arguments_hash(&list(arguments)),
            member,
            withdraw: self.chance(15),
        };
        Some((member, Body::Single(Leg::ApproveCall(approve))))
    }

    /// Pays out of suspense.
    fn release(&mut self, model: &Model) -> Option<(Submitter, Body)> {
        let waits = |field: Field, value: i128| field == Field::Suspense && value > 0;
        let waiting: Vec<(AccountId, AssetId, i128)> = model
            .money
            .iter()
            .filter(|((_, _, field), value)| waits(*field, **value))
            .map(|((account, asset, _), value)| (*account, *asset, *value))
            .collect();
        let (account, asset, value) = match self.pick(&waiting) {
            Some(found) => found,
            None if self.chance(20) => (self.some_account(), self.some_asset(), 5),
            None => return None,
        };
        let value = u64::try_from(value).unwrap();
        let units = match self.roll(0, 9) {
            0 => 0,
            1 => value + 1,
            2..=4 => value,
            _ => self.roll(1, value),
        };
        let other = self.some_account();
        let supervisor = if self.chance(95) { bank(3) } else { self.some_bank() };
        let release = ReleaseSuspense {
            account,
            asset,
            amount: Amount::new(units).unwrap_or(Amount::MAX),
            to: if self.chance(70) { account } else { other },
            supervisor,
        };
        Some((Submitter::Participant(supervisor), Body::Single(Leg::ReleaseSuspense(release))))
    }

    /// Who asks for a call: one of those who sign for one of the actors.
    fn asker(&mut self, model: &Model, terms: &Terms, call: &CallContract) -> Submitter {
        let (account, bank) = (self.some_account(), self.some_bank());
        let anyone = if self.chance(70) { Submitter::Account(account) } else { Submitter::Participant(bank) };
        let clause = clauses(terms.code, call.state).get(usize::from(call.clause));
        let actors: Vec<Actor> = clause.map_or(vec![], |clause| clause.actors.to_vec());
        let able = match self.pick(&actors) {
            Some(Actor::Panel(panel)) => {
                terms.panels.get(usize::from(panel)).map_or(vec![], |members| members.to_vec())
            }
            Some(actor) => side(model, terms, actor, call, None),
            None => vec![],
        };
        self.pick(&able).unwrap_or(anyone)
    }

    /// A call with arguments as they make sense.
    fn call(
        &mut self,
        model: &Model,
        target: Target,
        terms: &Terms,
        (state, clause): (u8, u8),
        worth: u64,
    ) -> CallContract {
        let declared = clauses(terms.code, state).get(usize::from(clause));
        let mut arguments: Vec<Value> = Vec::new();
        for argument in declared.into_iter().flat_map(|clause| clause.arguments.iter()) {
            arguments.push(self.argument(argument, worth));
        }
        if self.chance(2) {
            arguments.push(Value::Int(5));
        }
        let open_role = declared.is_some_and(|clause| clause.actors.contains(&Actor::Caller));
        let caller = match self.roll(0, 49) {
            0 => Some(self.some_account()),
            1 => terms.parties.first().copied(),
            2 => None,
            _ if open_role => {
                let asset = terms.assets.first().copied().unwrap_or(AssetId(1));
                Some(self.payer(model, asset, 100, &terms.parties))
            }
            _ => None,
        };
        CallContract { target, state, clause, caller, arguments: list(arguments), attestations: Bounded::default() }
    }

    fn argument(&mut self, declared: &Argument, worth: u64) -> Value {
        let units = match declared.name.as_str() {
            "give" | "get" if self.chance(10) => self.roll(300, 3_000),
            "give" | "get" => self.roll(1, 120),
            "at_least" if self.chance(80) => 0,
            "at_most" if self.chance(85) => 100_000,
            "at_least" | "at_most" => self.roll(1, 200),
            _ => match self.roll(0, 11) {
                0 => 0,
                1 => worth + 1,
                2 => worth,
                // What members of panels approve beforehand.
                3..=6 => worth / 2,
                _ => self.roll(0, worth),
            },
        };
        match declared.kind {
            Type::Money(_) => Value::Money(Amount::new(units).unwrap_or(Amount::MAX)),
            Type::Hash if self.chance(85) => Value::Hash(Hash32(SECRET)),
            Type::Hash => Value::Hash(lock()),
            _ => Value::Int(1),
        }
    }

    /// Terms for a standard contract, mostly such that it can be opened and paid.
    fn terms(&mut self, model: &Model, now: BlockTime, program: &Program) -> Terms {
        let code = program.code();
        let name = code.name.as_str();
        let price = self.roll(2, 250);
        let assets = self.some_assets(code.assets.len());
        let mut parties: Vec<AccountId> = Vec::new();
        for position in 0..code.parties.len() {
            // A dealer pays in what it sells, two who swap each in an asset of its own.
            let pays = if name == "FxQuote" { 1 } else { position };
            let asset = *assets.get(pays).unwrap_or(&assets[0]);
            let funded = obligors(name).contains(&position) && self.chance(80);
            let next = self.payer(model, asset, if funded { i128::from(price) } else { 0 }, &parties);
            parties.push(next);
        }
        let mut panels: Vec<Vec<Submitter>> = Vec::new();
        for panel in &code.panels {
            panels.push(self.members(panel.members));
        }
        let parameters = self.parameters(name, now, price);
        let mut draft = Draft { parties, panels, assets, parameters };
        if self.chance(8) {
            self.spoil(&mut draft);
        }
        Terms {
            code: program.hash(),
            parties: list(draft.parties),
            panels: list(draft.panels.into_iter().map(list).collect()),
            assets: list(draft.assets),
            parameters: list(draft.parameters),
        }
    }

    fn parameters(&mut self, name: &str, now: BlockTime, price: u64) -> Vec<Value> {
        let money = |units: u64| Value::Money(minor(units));
        let count = |number: u64| Value::Int(i128::from(number));
        let first = self.ahead();
        let (soon, late) = (now.after_ms(first), now.after_ms(first + self.ahead()));
        let past = BlockTime::from_ms(now.ms() - self.roll(0, 100_000)).unwrap();
        let from = Value::Time(if self.chance(90) { past } else { soon });
        let (soon, late) = (Value::Time(soon), Value::Time(late));
        let share = Value::Ratio(Ratio::new(self.roll(0, 3), 10).unwrap());
        let offset = Value::Int(self.pick(&[0, 480, -300]).unwrap());
        match name {
            "Escrow" => vec![money(price), soon, late],
            "MilestoneEscrow" => vec![money(price), count(self.roll(1, 5)), share, soon, late],
            "HashTimeLock" => vec![money(price), Value::Hash(lock()), soon, from, late],
            "FxPvp" => vec![money(price), money(self.roll(1, 250)), late],
            "FxQuote" => {
                let (upper, lower) = self.pick(&[(17, 100), (1, 1), (3, 2), (7, 9), (100, 17)]).unwrap();
                let rate = Ratio::new(upper, lower).unwrap();
                vec![Value::Ratio(rate), money(self.roll(50, 1_500)), late]
            }
            "Instalments" => vec![money(price), count(self.roll(1, 5)), soon, offset],
            "Mandate" => {
                let period = money(price * self.roll(1, 3));
                let (periods, collections) = (count(self.roll(1, 4)), count(self.roll(0, 4)));
                let (notice, window) = (Value::Duration(self.ahead()), Value::Duration(self.ahead()));
                vec![money(price), period, soon, offset, periods, collections, notice, window]
            }
            "Dvp" => vec![money(price), money(self.roll(1, 250)), from, late],
            _ => {
                let (drawings, presentations) = (count(self.roll(1, 3)), count(self.roll(1, 3)));
                vec![money(price), share, soon, late, Value::Duration(self.ahead()), drawings, presentations]
            }
        }
    }

    /// Makes terms wrong in one way.
    fn spoil(&mut self, draft: &mut Draft) {
        match self.roll(0, 10) {
            0 => draft.parties.truncate(draft.parties.len() - 1),
            1 => {
                let twice = draft.parties[0];
                draft.parties.pop();
                draft.parties.push(twice);
            }
            2 => draft.parties[0] = AccountId([0xee; 16]),
            3 => draft.assets[0] = AssetId(77),
            4 => {
                let twice = draft.assets[0];
                draft.assets.pop();
                draft.assets.push(twice);
            }
            5 => draft.parameters.truncate(draft.parameters.len() - 1),
            6 => draft.parameters[0] = Value::Int(5),
            7 => draft.parameters[0] = Value::Money(Amount::ZERO),
            8 if draft.panels.is_empty() => draft.panels.push(vec![Submitter::Participant(bank(0))]),
            8 => draft.panels[0].reverse(),
            9 => draft.panels.truncate(draft.panels.len().saturating_sub(1)),
            _ => {
                for value in &mut draft.parameters {
                    match value {
                        Value::Time(time) => *time = time.after_ms(4_000 * DAY_MS),
                        Value::Int(number) => *number = 10_000,
                        _ => {}
                    }
                }
            }
        }
    }

    /// How far ahead a deadline lies, in milliseconds: seconds to weeks.
    fn ahead(&mut self) -> u64 {
        match self.roll(0, 9) {
            0..=1 => self.roll(200, 6_000),
            2..=4 => self.roll(60_000, 7_200_000),
            5..=7 => self.roll(7_200_000, 2 * DAY_MS),
            _ => self.roll(2 * DAY_MS, 30 * DAY_MS),
        }
    }

    /// Assets, each another one; the one that has hours comes seldom.
    fn some_assets(&mut self, count: usize) -> Vec<AssetId> {
        let mut left: Vec<u16> = vec![1, 1, 1, 3, 3, 2];
        let mut found = Vec::new();
        while found.len() < count {
            let next = self.pick(&left).unwrap();
            left.retain(|other| *other != next);
            found.push(AssetId(next));
        }
        found
    }

    /// An account in use that has so much and is none of some others, mostly.
    fn payer(&mut self, model: &Model, asset: AssetId, least: i128, others: &[AccountId]) -> AccountId {
        let fits = |id: &AccountId| !others.contains(id) && model.has(*id, asset, Field::Available) >= least;
        let used = model.accounts.iter().filter(|(_, one)| one.status == AccountStatus::Open && !one.debits_frozen());
        let able: Vec<AccountId> = used.map(|(id, _)| *id).filter(fits).collect();
        let any = self.some_account();
        self.pick(&able).filter(|_| self.chance(96)).unwrap_or(any)
    }

    /// Members of a panel, in rising order.
    fn members(&mut self, count: u8) -> Vec<Submitter> {
        let mut found = BTreeSet::new();
        while found.len() < usize::from(count) {
            let (account, bank) = (self.some_account(), self.some_bank());
            found.insert(if self.chance(50) { Submitter::Account(account) } else { Submitter::Participant(bank) });
        }
        found.into_iter().collect()
    }
}
