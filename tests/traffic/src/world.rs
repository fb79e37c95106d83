//! A small world with every kind of account, and random instructions in it: mostly sensible, often at a border, sometimes
//! wrong.

mod contracts;
mod government;

use seaway_model::Model;
use seaway_types::asset::{Asset, AssetId, AssetKind, Exponent};
use seaway_types::calendar::{BusinessDay, OffsetChange};
use seaway_types::genesis::{ConsensusTiming, GenesisAccount, GenesisDocument};
use seaway_types::hash::Hash32;
use seaway_types::identifier::{AccountId, HoldId, InstructionKey, OwnerId};
use seaway_types::instruction::admin;
use seaway_types::instruction::admin::*;
use seaway_types::instruction::follow_up::*;
use seaway_types::instruction::hold::{PostHold, ReleaseHold, Reserve};
use seaway_types::instruction::payment::*;
use seaway_types::instruction::supply::{Issue, RedeemConfirm, RedeemRequest};
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::RULES_VERSION;
use seaway_types::reason::StatedReason;
use seaway_types::signature::{public_key, sign};
use seaway_types::state::{
    AccountClass, AccountStatus, CalendarKey, DebitAuthority, FreezeKind, Participant, Roles, Tier, TierLimits,
    Timing, ValidatorSet,
};
use seaway_types::time::{BlockTime, Day};
use seaway_types::{Amount, Bic, Bounded, Calendar, Uetr};

const BANKS: [&str; 4] = ["AAAAHKHH", "BBBBSGSG", "CCCCHKHH", "SUPVHKHH"];
const ACCOUNTS: u8 = 9;
const START_MS: u64 = 1_800_000_000_000;

/// See the module.
pub struct World {
    random: u64,
    /// The genesis of its network.
    pub genesis: GenesisDocument,
    sent: Vec<Envelope>,
    uetrs: Vec<PaymentKey>,
    opened: u8,
    /// Of a hundred instructions, how many are about contracts.
    share: u64,
    contracts: contracts::Sent,
    /// Of a hundred instructions, in how many the authority changes validators, itself or the rules.
    governed: u64,
}

fn bank(n: usize) -> Bic {
    BANKS[n].parse().unwrap()
}

fn account(n: u8) -> AccountId {
    AccountId([n + 1; 16])
}

fn bank_secret(bic: Bic) -> [u8; 32] {
    let mut secret = [0xb0; 32];
    secret[..11].copy_from_slice(bic.as_str().as_bytes());
    secret
}

fn owner_secret(account: AccountId) -> [u8; 32] {
    let mut secret = [0xa0; 32];
    secret[..16].copy_from_slice(account.as_bytes());
    secret
}

const AUTHORITY: [[u8; 32]; 2] = [[0xc1; 32], [0xc2; 32]];

fn single(secret: [u8; 32]) -> KeyPolicy {
    KeyPolicy::single(public_key(&secret))
}

fn minor(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

impl World {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1),
            genesis: genesis(),
            sent: Vec::new(),
            uetrs: Vec::new(),
            opened: ACCOUNTS,
            share: 10,
            contracts: contracts::Sent::default(),
            governed: 0,
        };
        for account in 0..ACCOUNTS {
            let balances: Vec<(AssetId, Amount)> = (1..=3)
                .filter_map(|asset| {
                    let units = match world.roll(0, 5) {
                        0 => 0,
                        1 => 999_999_999_999_999_990,
                        _ => world.roll(1, 3000),
                    };
                    (units > 0).then(|| (AssetId(asset), minor(units)))
                })
                .collect();
            let open = open_account(account);
            let mut accounts = std::mem::take(&mut world.genesis.accounts).into_inner();
            accounts.push(GenesisAccount { open, balances: balances.try_into().unwrap() });
            world.genesis.accounts = accounts.try_into().unwrap();
        }
        // A contract goes through several steps, so that some worlds are full of them; all together it is a quarter.
        if world.chance(25) {
            world.share = 70;
        }
        world
    }

    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }

    /// A number from `low` to `high`, both included.
    pub fn roll(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True so often out of a hundred times.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(1, 100) <= percent
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        if list.is_empty() { None } else { list.get((self.next() % list.len() as u64) as usize).cloned() }
    }

    /// A later time: mostly a second, sometimes hours, seldom days.
    pub fn later(&mut self, time: BlockTime) -> BlockTime {
        let ms = match self.roll(0, 19) {
            0..=11 => self.roll(1, 2_000),
            12..=15 => self.roll(60_000, 3_600_000),
            16..=18 => self.roll(3_600_000, 86_400_000),
            _ => self.roll(86_400_000, 40 * 86_400_000),
        };
        time.after_ms(ms)
    }

    fn some_account(&mut self) -> AccountId {
        let known = u64::from(self.opened);
        let n = self.roll(0, known * 8) / 8;
        account(n as u8)
    }

    fn some_bank(&mut self) -> Bic {
        let n = self.roll(0, 3);
        bank(n as usize)
    }

    fn some_asset(&mut self) -> AssetId {
        let n = if self.chance(3) { 4 } else { self.roll(1, 3) };
        AssetId(n as u16)
    }

    fn some_amount(&mut self) -> Amount {
        let units = match self.roll(0, 19) {
            0 => 0,
            1 => 999_999_999_999_999_999,
            2 => self.roll(1, 999_999_999_999_999_999),
            3..=6 => self.roll(900, 1100),
            _ => self.roll(1, 400),
        };
        minor(units)
    }

    fn some_uetr(&mut self) -> Uetr {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        Uetr::from_random(bytes)
    }

    fn some_payment(&mut self) -> PaymentKey {
        let known = self.uetrs.clone();
        if self.chance(96)
            && let Some(key) = self.pick(&known)
        {
            return key;
        }
        PaymentKey { debtor_agent: self.some_bank(), uetr: self.some_uetr(), kind: CreditKind::Customer }
    }

    fn some_reason(&mut self, wanted: &[StatedReason]) -> StatedReason {
        let list = if self.chance(90) { wanted } else { &StatedReason::ALL };
        self.pick(list).unwrap()
    }

    /// Something that was sent.
    fn sent_before(&mut self) -> Option<Envelope> {
        let place = self.next().checked_rem(self.sent.len() as u64)?;
        self.sent.get(place as usize).cloned()
    }

    /// A random instruction, as the model's present state makes sense of it.
    pub fn instruction(&mut self, model: &Model, now: BlockTime) -> AuthenticInstruction {
        if self.chance(8)
            && let Some(envelope) = self.sent_before()
        {
            return self.signed(model, envelope);
        }
        let mut key = [0; 16];
        key[..8].copy_from_slice(&self.next().to_le_bytes());
        let key = InstructionKey(key);
        let share = self.share;
        let contract = if self.chance(share) { self.contract_body(model, now, key) } else { None };
        let (asker, body) = match contract {
            Some((who, body)) => (Some(who).filter(|_| self.chance(97)), body),
            None => (None, self.body(model, now)),
        };
        let valid_until = match self.roll(0, 39) {
            0 => now.after_ms(self.roll(1, 800_000_000)),
            1 => BlockTime::from_ms(now.ms() - self.roll(1, 100_000)).unwrap(),
            _ => now.after_ms(self.roll(0, 900_000)),
        };
        // A validator proves for one network that it holds its key.
        let bound = matches!(body, Body::Admin(Admin::SetValidators(_)));
        let network = if self.chance(1) && !bound { "other" } else { "model" };
        let reused = self.sent_before().filter(|_| self.chance(2));
        let mut envelope = Envelope {
            network: network.parse().unwrap(),
            submitter: Submitter::Authority,
            key: reused.as_ref().map_or(key, |other| other.key),
            valid_until,
            body,
        };
        envelope.submitter = match (reused, asker) {
            (Some(other), _) => other.submitter,
            (None, Some(who)) => who,
            (None, None) => self.submitter(model, &envelope),
        };
        self.sent.push(envelope.clone());
        self.signed(model, envelope)
    }

    /// A body without contracts.
    fn body(&mut self, model: &Model, now: BlockTime) -> Body {
        let governed = self.governed;
        if governed > 0 && self.chance(governed) {
            return Body::Admin(self.government(model));
        }
        match self.roll(0, 99) {
            0..=74 => Body::Single(self.leg(model, now)),
            75..=84 => {
                let count = self.roll(1, 4);
                let mut legs: Vec<Leg> = (0..count).map(|_| self.leg(model, now)).collect();
                for leg in &mut legs {
                    if let Leg::CreditTransfer(transfer) = leg {
                        transfer.mode = BulkMode::AllOrNothing;
                    }
                }
                Body::Bundle(legs.try_into().unwrap())
            }
            _ => Body::Admin(self.admin(model)),
        }
    }

    /// Who may ask for this: one of those who sign, mostly.
    fn submitter(&mut self, model: &Model, envelope: &Envelope) -> Submitter {
        let parties = self.parties(model, &envelope.body, None);
        if self.chance(96)
            && let Some(who) = self.pick(&parties)
        {
            return who;
        }
        let (account, bank) = (self.some_account(), self.some_bank());
        self.pick(&[Submitter::Account(account), Submitter::Participant(bank), Submitter::Authority]).unwrap()
    }

    /// Those who probably must sign: the generator's own guess, not the rule.
    fn parties(&mut self, model: &Model, body: &Body, submitter: Option<Submitter>) -> Vec<Submitter> {
        let spender = |id: AccountId| debitors(model, id);
        let agent = |id: AccountId| {
            model.accounts.get(&id).map(|one| Submitter::Participant(one.agent)).into_iter().collect()
        };
        let creditor = |key: &PaymentKey| model.uetrs.get(key).map(|(facts, _)| facts.creditor);
        let debtor = |key: &PaymentKey| model.uetrs.get(key).map(|(facts, _)| facts.debtor);
        let issuer = |asset: &AssetId| {
            model.assets.get(asset).map(|known| Submitter::Participant(known.issuer)).into_iter().collect::<Vec<_>>()
        };
        let coin = self.chance(50);
        let of_leg = |leg: &Leg| -> Vec<Submitter> {
            match leg {
                Leg::CreditTransfer(transfer) => spender(transfer.debtor),
                Leg::Reserve(reserve) => spender(reserve.payer),
                Leg::RedeemRequest(request) => spender(request.account),
                Leg::Post(PostHold { hold, .. }) | Leg::Release(ReleaseHold { hold }) => {
                    match model.holds.get(hold) {
                        Some(found) if coin && matches!(leg, Leg::Release(_)) => spender(found.payer),
                        Some(found) => found.payee.map_or_else(|| issuer(&found.asset), |(payee, _)| spender(payee)),
                        None => vec![],
                    }
                }
                Leg::Issue(issue) => issuer(&issue.asset),
                Leg::RedeemConfirm(confirm) => {
                    model.holds.get(&confirm.hold).map_or(vec![], |hold| issuer(&hold.asset))
                }
                Leg::Return(back) if coin => creditor(&back.payment).map_or(vec![], agent),
                Leg::Return(back) => creditor(&back.payment).map_or(vec![], spender),
                Leg::RecallRequest(ask) => debtor(&ask.payment).map_or(vec![], spender),
                Leg::RecallAnswer(RecallAnswer { payment, .. })
                | Leg::Accept(Accept { payment })
                | Leg::Refuse(Refuse { payment, .. })
                | Leg::Confirm(Confirm { payment }) => creditor(payment).map_or(vec![], agent),
                _ => contracts::signers(model, body, leg, submitter),
            }
        };
        match body {
            Body::Admin(admin) => match admin {
                Admin::OpenAccount(open) => vec![Submitter::Participant(open.agent)],
                Admin::CloseAccount(CloseAccount { account }) | Admin::SetTier(SetTier { account, .. }) => {
                    agent(*account)
                }
                Admin::Freeze(admin::Freeze { by, .. }) | Admin::Unfreeze(Unfreeze { by, .. }) => {
                    vec![Submitter::Participant(*by)]
                }
                Admin::ChangeKeys(change) if coin => agent(change.account),
                Admin::ChangeKeys(ChangeKeys { account, .. }) | Admin::VetoKeys(VetoKeys { account }) => {
                    vec![Submitter::Account(*account)]
                }
                _ => vec![Submitter::Authority],
            },
            body => body.legs().iter().flat_map(of_leg).collect(),
        }
    }

    fn signed(&mut self, model: &Model, mut envelope: Envelope) -> AuthenticInstruction {
        self.sign_acceptances(model, &mut envelope);
        let parties = self.parties(model, &envelope.body, Some(envelope.submitter));
        let mut secrets: Vec<[u8; 32]> = parties
            .iter()
            .chain([&envelope.submitter])
            .flat_map(|who| match who {
                Submitter::Authority => government::authority(model),
                who => secrets(*who),
            })
            .collect();
        if self.chance(3) {
            secrets.pop();
        }
        if self.chance(3) || secrets.is_empty() {
            secrets.push(bank_secret(self.some_bank()));
        }
        RawInstruction::from(&envelope.sign(&secrets)).decode().unwrap().authenticate().unwrap()
    }

    fn sign_acceptances(&mut self, model: &Model, envelope: &mut Envelope) {
        let network = envelope.network;
        let mut legs = match std::mem::replace(&mut envelope.body, Body::Bundle(Bounded::default())) {
            Body::Single(leg) => vec![leg],
            Body::Bundle(legs) => legs.into_inner(),
            admin => {
                envelope.body = admin;
                return;
            }
        };
        let bundle = legs.len() > 1;
        for leg in &mut legs {
            let Leg::CreditTransfer(transfer) = leg else { continue };
            let mut credits = std::mem::take(&mut transfer.credits).into_inner();
            for credit in &mut credits {
                let Some(not_after) = credit.acceptance.as_ref().map(|acceptance| acceptance.not_after) else {
                    continue;
                };
                let agent = model.accounts.get(&credit.creditor).map_or(bank(0), |creditor| creditor.agent);
                let signer = if self.chance(5) { self.some_bank() } else { agent };
                let entry = sign(
                    &bank_secret(signer),
                    &acceptance_message(network, transfer.debtor, transfer.asset, credit, not_after),
                );
                credit.acceptance = Some(Acceptance { not_after, signatures: vec![entry].try_into().unwrap() });
            }
            transfer.credits = credits.try_into().unwrap();
        }
        envelope.body = match legs.pop() {
            Some(leg) if !bundle => Body::Single(leg),
            Some(last) => {
                legs.push(last);
                Body::Bundle(legs.try_into().unwrap())
            }
            None => return,
        };
    }

    fn leg(&mut self, model: &Model, now: BlockTime) -> Leg {
        let holds: Vec<HoldId> = model.holds.keys().copied().collect();
        let some_hold = |world: &mut Self| world.pick(&holds).filter(|_| world.chance(95)).unwrap_or(HoldId([7; 16]));
        match self.roll(0, 99) {
            0..=44 => Leg::CreditTransfer(self.transfer(model, now)),
            45..=52 => Leg::Reserve(Reserve {
                payer: self.some_account(),
                payee: self.some_account(),
                asset: self.some_asset(),
                amount: self.some_amount(),
                expires_at: self.expiry(now),
                uetr: self.some_uetr(),
            }),
            53..=59 => {
                let hold = some_hold(self);
                let all = model.holds.get(&hold).filter(|_| self.chance(50));
                let amount = all.map_or_else(|| self.some_amount(), |hold| minor(hold.left as u64));
                Leg::Post(PostHold { hold, amount })
            }
            60..=63 => Leg::Release(ReleaseHold { hold: some_hold(self) }),
            64..=67 => Leg::Issue(Issue {
                asset: self.some_asset(),
                account: self.some_account(),
                amount: self.some_amount(),
                reference: format!("REF-{}", self.roll(1, 40)).parse().unwrap(),
            }),
            68..=70 => Leg::RedeemRequest(RedeemRequest {
                account: self.some_account(),
                asset: self.some_asset(),
                amount: self.some_amount(),
                expires_at: self.expiry(now),
            }),
            71..=73 => Leg::RedeemConfirm(RedeemConfirm {
                hold: some_hold(self),
                reference: format!("REF-{}", self.roll(1, 40)).parse().unwrap(),
            }),
            74..=80 => Leg::Return(Return {
                payment: self.some_payment(),
                amount: self.some_amount(),
                reason: self.some_reason(&[StatedReason::Cust, StatedReason::Focr, StatedReason::Dupl]),
            }),
            81..=84 => Leg::RecallRequest(RecallRequest {
                payment: self.some_payment(),
                reason: self.some_reason(&[StatedReason::Dupl, StatedReason::Frad]),
            }),
            85..=87 => Leg::RecallAnswer(RecallAnswer {
                payment: self.some_payment(),
                refusal: self.chance(50).then_some(self.some_reason(&[StatedReason::Legl, StatedReason::Cust])),
            }),
            88..=92 => Leg::Accept(Accept { payment: self.waiting(model) }),
            93..=95 => Leg::Refuse(Refuse {
                payment: self.waiting(model),
                reason: self.some_reason(&[StatedReason::Rr03, StatedReason::Ac04]),
            }),
            _ => Leg::Confirm(Confirm { payment: self.some_payment() }),
        }
    }

    fn waiting(&mut self, model: &Model) -> PaymentKey {
        let is_waiting = |stage: &seaway_model::Stage| matches!(stage, seaway_model::Stage::Waiting(..));
        let keys: Vec<PaymentKey> =
            model.payments.iter().filter(|(_, payment)| is_waiting(&payment.stage)).map(|(key, _)| *key).collect();
        if self.chance(80)
            && let Some(key) = self.pick(&keys)
        {
            return key;
        }
        self.some_payment()
    }

    fn expiry(&mut self, now: BlockTime) -> BlockTime {
        match self.roll(0, 19) {
            0 => now,
            1 => now.after_ms(400 * 86_400_000),
            2..=8 => now.after_ms(self.roll(1, 5_000)),
            _ => now.after_ms(self.roll(1, 100_000_000)),
        }
    }

    fn transfer(&mut self, model: &Model, now: BlockTime) -> CreditTransfer {
        let debtor = self.some_account();
        let asset = self.some_asset();
        let agent = |id: &AccountId| model.accounts.get(id).map(|account| account.agent);
        let count = if self.chance(70) { 1 } else { self.roll(2, 5) };
        let mut credits: Vec<Credit> = Vec::new();
        for _ in 0..count {
            let creditor = self.some_account();
            let debtor_agent = agent(&debtor).filter(|_| self.chance(98)).unwrap_or(self.some_bank());
            let known = self.uetrs.clone();
            let before: Vec<Uetr> =
                credits.iter().map(|credit| credit.uetr).chain(known.iter().map(|key| key.uetr)).collect();
            let uetr = self.pick(&before).filter(|_| self.chance(4)).unwrap_or(self.some_uetr());
            let kind = self.pick(&[CreditKind::Customer, CreditKind::Customer, CreditKind::Institution]).unwrap();
            self.uetrs.push(PaymentKey { debtor_agent, uetr, kind });
            let charges: Vec<Charge> = (0..if self.chance(15) { self.roll(1, 2) } else { 0 })
                .map(|_| Charge { payee: self.some_account(), amount: minor(self.roll(0, 20)) })
                .collect();
            let acceptance = self.chance(10).then(|| Acceptance {
                not_after: BlockTime::from_ms(now.ms() + self.roll(0, 100) - 20).unwrap(),
                signatures: Bounded::default(),
            });
            credits.push(Credit {
                kind,
                uetr,
                end_to_end_id: "E2E".parse().unwrap(),
                creditor,
                amount: self.some_amount(),
                instructing_agent: if self.chance(97) { debtor_agent } else { self.some_bank() },
                debtor_agent,
                creditor_agent: agent(&creditor).filter(|_| self.chance(97)).unwrap_or(self.some_bank()),
                instructed: None,
                charge_bearer: ChargeBearer::Shared,
                charges: charges.try_into().unwrap(),
                purpose: None,
                // Drawn from the name, so that sequences stay what they were.
                party_data_hash: (uetr.as_bytes()[0] & 1 == 1).then_some(Hash32([7; 32])),
                remittance_hash: None,
                acceptance,
            });
        }
        CreditTransfer {
            debtor,
            asset,
            mode: self.pick(&[BulkMode::AllOrNothing, BulkMode::EachOnItsOwn]).unwrap(),
            settlement_date: self.chance(4).then(|| Day::of_local_ms(now.ms() + self.roll(0, 2) * 86_400_000)),
            credits: credits.try_into().unwrap(),
        }
    }

    /// Now and then a closed account: there are few, so chance alone would seldom ask of one.
    fn closed_account(&mut self, model: &Model) -> Option<AccountId> {
        let closed = model.accounts.iter().filter(|(_, one)| one.status == AccountStatus::Closed);
        let closed: Vec<AccountId> = closed.map(|(id, _)| *id).collect();
        self.pick(&closed).filter(|_| self.chance(15))
    }

    fn admin(&mut self, model: &Model) -> Admin {
        let account = self.closed_account(model).unwrap_or_else(|| self.some_account());
        let open = |id: &AccountId| model.accounts.get(id).map(|account| account.owner.clone());
        match self.roll(0, 99) {
            0..=9 => {
                let n = self.opened.min(40);
                if self.chance(80) {
                    self.opened = n + 1;
                }
                Admin::OpenAccount(OpenAccount { agent: self.some_bank(), ..open_account(n) })
            }
            10..=17 => Admin::CloseAccount(CloseAccount { account }),
            18..=25 => Admin::SetTier(SetTier { account, tier: Tier(self.roll(0, 3) as u8) }),
            26..=36 => {
                let own = model.accounts.get(&account).map(|account| account.agent);
                let by = own.filter(|_| self.chance(60)).unwrap_or(self.some_bank());
                let kind = self.pick(&[FreezeKind::NoDebits, FreezeKind::NoCredits, FreezeKind::Full]).unwrap();
                Admin::Freeze(admin::Freeze { account, by, kind })
            }
            37..=52 => {
                let frozen: Vec<(AccountId, Bic)> = model
                    .accounts
                    .iter()
                    .flat_map(|(id, account)| account.freezes().iter().map(|freeze| (*id, freeze.by)))
                    .collect();
                let (account, by) = self.pick(&frozen).unwrap_or((account, bank(0)));
                Admin::Unfreeze(Unfreeze { account, by })
            }
            53..=60 => {
                let owner = open(&account).unwrap_or_else(|| single([1; 32]));
                Admin::ChangeKeys(ChangeKeys { account, owner })
            }
            61..=66 => Admin::VetoKeys(VetoKeys { account }),
            67..=72 => {
                let bic = self.some_bank();
                let mut participant = model.participants[&bic].clone();
                participant.active = self.chance(70);
                Admin::SetParticipant(SetParticipant { bic, participant })
            }
            73..=79 => {
                let asset = self.some_asset();
                let mut record = model.assets.get(&asset).unwrap_or(&model.assets[&AssetId(1)]).clone();
                record.enabled = self.chance(75);
                record.payment_max = self.chance(50).then(|| minor(self.roll(200, 2000)));
                record.is_default &= self.chance(90);
                Admin::SetAsset(SetAsset { asset, record })
            }
            80..=83 => Admin::SetCalendar(SetCalendar {
                of: CalendarKey::Asset(self.some_asset()),
                calendar: calendar(self.roll(0, 900) as u16, self.chance(50)),
            }),
            84..=92 => Admin::SetTierLimits(SetTierLimits {
                asset: self.some_asset(),
                tier: Tier(self.roll(0, 3) as u8),
                limits: TierLimits {
                    payment_max: self.chance(40).then(|| minor(self.roll(100, 1500))),
                    day_max: self.chance(40).then(|| minor(self.roll(100, 3000))),
                    year_max: self.chance(40).then(|| minor(self.roll(100, 6000))),
                    balance_max: self.chance(40).then(|| minor(self.roll(100, 6000))),
                },
            }),
            _ => Admin::SetThreshold(SetThreshold {
                jurisdiction: self.pick(&["HK", "SG"]).unwrap().parse().unwrap(),
                asset: self.some_asset(),
                threshold: self.chance(70).then(|| minor(self.roll(100, 1500))),
            }),
        }
    }
}

/// Those whose signatures debit an account.
fn debitors(model: &Model, id: AccountId) -> Vec<Submitter> {
    let Some(account) = model.accounts.get(&id) else { return vec![] };
    match account.debit_authority {
        DebitAuthority::Holder => vec![Submitter::Account(id)],
        DebitAuthority::Agent => vec![Submitter::Participant(account.agent)],
        DebitAuthority::Both => vec![Submitter::Account(id), Submitter::Participant(account.agent)],
    }
}

/// The secret keys of whoever submits.
pub fn secrets(who: Submitter) -> Vec<[u8; 32]> {
    match who {
        Submitter::Account(id) => vec![owner_secret(id)],
        Submitter::Participant(bic) => vec![bank_secret(bic)],
        Submitter::Authority => AUTHORITY.to_vec(),
    }
}

fn open_account(n: u8) -> OpenAccount {
    let id = account(n);
    OpenAccount {
        account: id,
        agent: bank(usize::from(n % 3)),
        // Three accounts of one bank belong to one holder.
        owner_id: OwnerId([n % 3; 16]),
        owner: single(owner_secret(id)),
        class: if n % 4 == 3 { AccountClass::Settlement } else { AccountClass::Customer },
        debit_authority: [DebitAuthority::Holder, DebitAuthority::Agent, DebitAuthority::Both]
            [usize::from(n / 3 % 3)],
        tier: Tier(n % 3),
    }
}

/// A calendar of business days around the start, with hours, at an offset from UTC.
fn calendar(opening: u16, every_day: bool) -> Calendar {
    let first = Day::of_local_ms(START_MS).number();
    let days: Vec<BusinessDay> = (first - 1..first + 30)
        .filter(|day| every_day || day % 7 < 5)
        .map(|day| BusinessDay { day: Day::from_number(day).unwrap(), opening, cut_off: (opening + 900).min(1440) })
        .collect();
    let offsets = vec![OffsetChange { starts: BlockTime::default(), minutes: 480 }];
    Calendar { offsets: offsets.try_into().unwrap(), days: days.try_into().unwrap() }
}

/// Three banks and a supervisor.
fn banks() -> Vec<(Bic, Participant)> {
    (0..4)
        .map(|n| {
            let roles = Roles {
                agent: n < 3,
                issuer: n < 3,
                supervisor_of: if n == 3 {
                    vec!["HK".parse().unwrap()].try_into().unwrap()
                } else {
                    Bounded::default()
                },
                ..Roles::default()
            };
            let jurisdiction = if n == 1 { "SG" } else { "HK" }.parse().unwrap();
            (
                bank(n),
                Participant {
                    lei: None,
                    jurisdiction,
                    roles,
                    policy: single(bank_secret(bank(n))),
                    nodes: Bounded::default(),
                    active: true,
                },
            )
        })
        .collect()
}

fn genesis() -> GenesisDocument {
    let asset = |code: &str, places, issuer, kind, payment_max| Asset {
        code: code.parse().unwrap(),
        exponent: Exponent::new(places).unwrap(),
        issuer: bank(issuer),
        kind,
        is_default: true,
        enabled: true,
        payment_max,
    };
    let mut participants = banks();
    participants.sort_by_key(|(bic, _)| *bic);
    let limits = |payment, day, year, balance| TierLimits {
        payment_max: Some(minor(payment)),
        day_max: Some(minor(day)),
        year_max: Some(minor(year)),
        balance_max: Some(minor(balance)),
    };
    let tier = |asset, tier, limits| SetTierLimits { asset: AssetId(asset), tier: Tier(tier), limits };
    let threshold = |country: &str, asset, units| SetThreshold {
        jurisdiction: country.parse().unwrap(),
        asset: AssetId(asset),
        threshold: Some(minor(units)),
    };
    let authority: Vec<_> = AUTHORITY.iter().map(public_key).collect();
    GenesisDocument {
        network: "model".parse().unwrap(),
        time: BlockTime::from_ms(START_MS).unwrap(),
        version: RULES_VERSION,
        keys_are_published: true,
        authority: KeyPolicy::new(2, &authority).unwrap(),
        timing: Timing {
            payment_validity_max_ms: 900_000,
            admin_validity_max_ms: 604_800_000,
            leaf_retention_ms: 3_600_000,
            acceptance_window_ms: 7_200_000,
            payment_retention_ms: 86_400_000,
        },
        consensus: ConsensusTiming {
            clock_bound_ms: 1,
            idle_block_ms: 1,
            propose_ms: 1,
            prevote_ms: 1,
            precommit_ms: 1,
            timeout_max_ms: 1,
        },
        assets: vec![
            asset("HKD", 2, 0, AssetKind::SettlementBankMoney, Some(minor(1_000_000))),
            asset("JPY", 0, 1, AssetKind::SettlementBankMoney, None),
            asset("ZZA", 0, 2, AssetKind::Points, None),
        ]
        .try_into()
        .unwrap(),
        calendars: vec![(CalendarKey::Asset(AssetId(2)), calendar(0, true))].try_into().unwrap(),
        participants: participants.try_into().unwrap(),
        tier_limits: vec![tier(1, 1, limits(800, 1500, 4000, 6000)), tier(2, 2, limits(1000, 1200, 9000, 4000))]
            .try_into()
            .unwrap(),
        thresholds: vec![threshold("HK", 3, 300), threshold("SG", 1, 700)].try_into().unwrap(),
        accounts: Bounded::default(),
        validators: ValidatorSet::default(),
    }
}
