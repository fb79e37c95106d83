//! Contracts for the replicas: escrows that are released or time out, payment against payment of which a side may never come,
//! and exchange quotes that are taken. And what must hold of them after each height, whatever happened to the network.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use seaway_contracts::text_of;
use seaway_genesis::seed;
use seaway_ledger::execution::ExecutedBlock;
use seaway_ledger::state::MemoryState;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::contract::{
    AllowanceFor, AllowanceKey, Cause, CodeBytes, ContractEvent, InstanceId, Offer, Pocket, Ratio, SignedOffer,
    Terms, Value,
};
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::contract::{
    AllowanceTerms, CallContract, OpenContract, RegisterCode, SetAllowance, Target,
};
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, NetworkId, RawInstruction, Submitter};
use seaway_types::signature::sign;
use seaway_types::state::{Field, Stage};
use seaway_types::time::BlockTime;
use seaway_types::{Amount, Bic, Uetr};
use std::cell::Cell;
use std::collections::BTreeMap;

const HKD: AssetId = AssetId(1);
const USD: AssetId = AssetId(4);

/// Two banks with money in both assets between them: the first has HKD and USD, the second USD.
const FIRST: (&str, &str) = ("HARBHKHH", "harbour-own");
const SECOND: (&str, &str) = ("HUDSUS33", "hudson-own");

/// Makes instructions about contracts, and remembers what it opened.
#[derive(Clone, Debug)]
pub struct Contracts {
    network: NetworkId,
    escrow: CodeBytes,
    pvp: CodeBytes,
    quote: CodeBytes,
    escrows: Vec<InstanceId>,
    pvps: Vec<InstanceId>,
    quotes: Vec<SignedOffer>,
    opened_exchanges: Cell<u32>,
    quotes_taken: Cell<u32>,
}

fn code(name: &str) -> CodeBytes {
    let text = text_of(name).expect("a standard contract");
    seaway_vm::text::read(text).expect("its text").code.bytes().expect("its bytes")
}

fn account((agent, label): (&str, &str)) -> AccountId {
    seed::account(agent, label)
}

fn bank((agent, _): (&str, &str)) -> Submitter {
    Submitter::Participant(agent.parse::<Bic>().expect("a BIC of the devnet"))
}

fn money(units: u64) -> Value {
    Value::Money(Amount::new(units).expect("a small amount"))
}

fn list<T, const MAX: usize>(items: Vec<T>) -> Bounded<T, MAX> {
    Bounded::new(items).expect("a short list")
}

fn call(target: Target, at: (u8, u8), caller: Option<AccountId>, arguments: Vec<Value>) -> Leg {
    let (state, clause) = at;
    Leg::CallContract(CallContract {
        target,
        state,
        clause,
        caller,
        arguments: list(arguments),
        attestations: Bounded::default(),
    })
}

impl Contracts {
    /// On a network.
    pub fn new(network: NetworkId) -> Self {
        let (escrow, pvp, quote) = (code("Escrow"), code("FxPvp"), code("FxQuote"));
        Self {
            network,
            escrow,
            pvp,
            quote,
            escrows: Vec::new(),
            pvps: Vec::new(),
            quotes: Vec::new(),
            opened_exchanges: Cell::new(0),
            quotes_taken: Cell::new(0),
        }
    }

    /// How often an exchange was found whole, in all replays so far: payment versus payment, and quotes taken.
    pub fn whole_exchanges(&self) -> (u32, u32) {
        (self.opened_exchanges.get(), self.quotes_taken.get())
    }

    fn signed(
        &self,
        random: &mut ChaCha8Rng,
        now: BlockTime,
        signers: &[(&str, &str)],
        make: impl FnOnce(InstructionKey) -> Body,
    ) -> AuthenticInstruction {
        let mut key = [0; 16];
        random.fill_bytes(&mut key);
        let key = InstructionKey(key);
        let submitter = bank(signers[0]);
        let envelope =
            Envelope { network: self.network, submitter, key, valid_until: now.after_ms(300_000), body: make(key) };
        let secrets: Vec<[u8; 32]> = signers.iter().map(|(agent, _)| seed::secret_key(agent)).collect();
        let decoded = RawInstruction::from(&envelope.sign(&secrets)).decode().expect("well-formed");
        decoded.authenticate().expect("signed")
    }

    /// What must be there before anything else: the codes, and the dealer's allowance.
    pub fn beginnings(&self, random: &mut ChaCha8Rng, now: BlockTime) -> Vec<AuthenticInstruction> {
        let by: Bic = FIRST.0.parse().expect("a BIC of the devnet");
        let mut made: Vec<_> = [&self.escrow, &self.pvp, &self.quote]
            .map(|code| {
                let leg = Leg::RegisterCode(RegisterCode { by, code: code.clone() });
                self.signed(random, now, &[FIRST], |_| Body::Single(leg))
            })
            .into();
        let purpose = AllowanceFor::Role { code: self.quote.hash(), party: 0 };
        let allowance = AllowanceKey { grantor: account(SECOND), purpose, asset: USD };
        let much = Amount::new(1_000_000_000).expect("an amount");
        let terms = AllowanceTerms {
            each_max: much,
            total_max: much,
            not_before: BlockTime::default(),
            not_after: now.after_ms(86_400_000),
        };
        let leg = Leg::SetAllowance(SetAllowance { allowance, terms: Some(terms) });
        made.push(self.signed(random, now, &[SECOND], |_| Body::Single(leg)));
        made
    }

    /// Something about contracts, mostly sensible.
    pub fn next(&mut self, random: &mut ChaCha8Rng, now: BlockTime) -> AuthenticInstruction {
        let pick = random.next_u32();
        match pick % 8 {
            0 | 1 => self.open_escrow(random, now),
            2 => self.open_pvp(random, now),
            3 => self.take(random, now),
            4 | 5 if !self.pvps.is_empty() => {
                let id = self.pvps[pick as usize / 8 % self.pvps.len()];
                // Any side at any time, completing or withdrawing: most of these are refused, and must be.
                let at = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)][random.next_u32() as usize % 6];
                let who = if matches!(at, (0, 0) | (1, 1) | (2, 0)) { FIRST } else { SECOND };
                self.signed(random, now, &[who], |_| Body::Single(call(Target::Instance(id), at, None, Vec::new())))
            }
            _ if !self.escrows.is_empty() => {
                let id = self.escrows.swap_remove(pick as usize / 8 % self.escrows.len());
                self.signed(random, now, &[FIRST], |_| {
                    Body::Single(call(Target::Instance(id), (1, 0), None, Vec::new()))
                })
            }
            _ => self.open_escrow(random, now),
        }
    }

    fn terms(&self, code: &CodeBytes, assets: Vec<AssetId>, parameters: Vec<Value>) -> Terms {
        let panels = if *code == self.escrow { vec![list(vec![bank(SECOND)])] } else { Vec::new() };
        Terms {
            code: code.hash(),
            parties: list(vec![account(FIRST), account(SECOND)]),
            panels: list(panels),
            assets: list(assets),
            parameters: list(parameters),
        }
    }

    fn uetr(random: &mut ChaCha8Rng) -> Uetr {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Uetr::from_random(bytes)
    }

    /// An escrow, opened and funded at once, for some tenths of seconds to some seconds.
    fn open_escrow(&mut self, random: &mut ChaCha8Rng, now: BlockTime) -> AuthenticInstruction {
        let lasts = 300 + u64::from(random.next_u32() % 4_000);
        let times = [now.after_ms(lasts - 1), now.after_ms(lasts)].map(Value::Time);
        let price = money(1 + u64::from(random.next_u32() % 500));
        let terms = self.terms(&self.escrow, vec![HKD], vec![price, times[0], times[1]]);
        let uetr = Self::uetr(random);
        let mut opened = None;
        let made = self.signed(random, now, &[FIRST], |key| {
            let id = InstanceId::of_opening(&bank(FIRST), &key, 0);
            opened = Some(id);
            let fund = call(Target::Instance(id), (0, 0), None, Vec::new());
            Body::Bundle(list(vec![Leg::OpenContract(OpenContract { terms, uetr }), fund]))
        });
        self.escrows.extend(opened);
        made
    }

    fn open_pvp(&mut self, random: &mut ChaCha8Rng, now: BlockTime) -> AuthenticInstruction {
        let lasts = 1_000 + u64::from(random.next_u32() % 6_000);
        let parameters = vec![money(700), money(90), Value::Time(now.after_ms(lasts))];
        let terms = self.terms(&self.pvp, vec![HKD, USD], parameters);
        let uetr = Self::uetr(random);
        let mut opened = None;
        let made = self.signed(random, now, &[FIRST, SECOND], |key| {
            opened = Some(InstanceId::of_opening(&bank(FIRST), &key, 0));
            Body::Single(Leg::OpenContract(OpenContract { terms, uetr }))
        });
        self.pvps.extend(opened);
        made
    }

    /// Takes a quote: an old one, or one that is signed now.
    fn take(&mut self, random: &mut ChaCha8Rng, now: BlockTime) -> AuthenticInstruction {
        if self.quotes.is_empty() || random.next_u32().is_multiple_of(4) {
            let rate = Value::Ratio(Ratio::new(128, 1000).expect("a rate"));
            let ends = now.after_ms(3_000);
            let terms = Terms {
                parties: list(vec![account(SECOND)]),
                panels: Bounded::default(),
                ..self.terms(&self.quote, vec![HKD, USD], vec![rate, money(5_000), Value::Time(ends)])
            };
            let mut nonce = [0; 16];
            random.fill_bytes(&mut nonce);
            let offer = Offer {
                network: self.network,
                terms,
                maker: 0,
                takers: Bounded::default(),
                not_after: ends,
                nonce: InstructionKey(nonce),
                uetr: Self::uetr(random),
            };
            let signature = sign(&seed::secret_key(SECOND.0), &offer.id().0);
            self.quotes.push(SignedOffer { offer, signatures: list(vec![signature]) });
        }
        let signed = self.quotes[random.next_u32() as usize % self.quotes.len()].clone();
        let give = money(1 + u64::from(random.next_u32() % 3_000));
        let leg = call(Target::Offer(signed), (0, 0), Some(account(FIRST)), vec![give, money(0)]);
        self.signed(random, now, &[FIRST], |_| Body::Single(leg))
    }

    /// What must hold after a height: each pot's money is there and no other, and each exchange has both its legs.
    pub fn check(&self, executed: &ExecutedBlock, state: &MemoryState) {
        for position in 0..executed.receipts().len() {
            for event in executed.events(position) {
                self.both_legs_or_none(event, state);
            }
        }
        let mut pots: BTreeMap<AssetId, u128> = BTreeMap::new();
        for (id, instance) in state.tables().instances.sorted() {
            let closed = matches!(instance.stage, Stage::Closed { .. });
            assert!(!closed || instance.pots.is_empty(), "{id} is closed and holds money");
            for pot in &instance.pots {
                let asset = instance.terms.assets[usize::from(pot.asset)];
                *pots.entry(asset).or_default() += u128::from(pot.amount.minor_units());
            }
        }
        for (asset, totals) in state.tables().totals.sorted() {
            assert_eq!(totals.get(Field::InContracts), pots.get(asset).copied().unwrap_or(0), "pots of {asset}");
        }
    }

    fn both_legs_or_none(&self, event: &ContractEvent, state: &MemoryState) {
        // Records are kept for a week, far longer than a run.
        let terms = &state.tables().instances.get(&event.instance).expect("the instance of an event").terms;
        let paid = |from: AccountId, to: AccountId| {
            let pays =
                |one: &&seaway_types::contract::Moved| one.from == Pocket::Pot(from) && one.to == Pocket::Account(to);
            event.moved.iter().filter(pays).map(|one| one.asset).collect::<Vec<_>>()
        };
        if terms.code == self.pvp.hash() {
            let (there, back) = (paid(terms.parties[0], terms.parties[1]), paid(terms.parties[1], terms.parties[0]));
            let both = there == [terms.assets[0]] && back == [terms.assets[1]];
            assert!(both || (there.is_empty() && back.is_empty()), "one leg alone: {event:?}");
            self.opened_exchanges.set(self.opened_exchanges.get() + u32::from(both));
        }
        if let Cause::Called { caller: Some(taker), .. } = event.cause
            && terms.code == self.quote.hash()
        {
            let (there, back) = (paid(taker, terms.parties[0]), paid(terms.parties[0], taker));
            assert!(there == [terms.assets[0]] && back == [terms.assets[1]], "one leg alone: {event:?}");
            let exchanged = event.conversions[0];
            let product = u128::from(exchanged.amount.minor_units()) * u128::from(exchanged.rate.numerator());
            let out = u128::from(exchanged.out.minor_units()) * u128::from(exchanged.rate.denominator());
            let right = if exchanged.up {
                product + u128::from(exchanged.remainder) == out
            } else {
                product == out + u128::from(exchanged.remainder)
            };
            assert!(right, "the exchange is not exact: {event:?}");
            self.quotes_taken.set(self.quotes_taken.get() + 1);
        }
    }
}
