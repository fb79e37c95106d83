//! The board of exchange quotes: offers that dealers sign and publish, off the ledger, held in memory by every node.
//!
//! A quote is an offer of the standard contract FxQuote. A node keeps only what could be taken now: its maker's signatures
//! hold, its code is registered, its time is not over; what it is told by a client it passes on to its peers, and what it
//! is told by a peer it keeps to itself. A quote that is gone from a board can still be taken by whoever has it.

use crate::reads::failed;
use seaway_ledger::state::RegisteredCode;
use seaway_rpc::{Fault, FxNews, QuoteFound, Wanted};
use seaway_storage::Database;
use seaway_types::amount::Amount;
use seaway_types::codec;
use seaway_types::contract::{AllowanceFor, AllowanceKey, InstanceId, SignedOffer, Value};
use seaway_types::hash::Hash32;
use seaway_types::instruction::NetworkId;
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::{OFFER_BYTES_MAX, QUOTE_LIFE_MS_MAX, QUOTES_MAX, QUOTES_OF_DEALER_MAX};
use seaway_types::signature::{SignatureCheck, verify};
use seaway_types::state::{Account, Allowance, Balance, DebitAuthority, Instance, Participant, Stage};
use seaway_types::time::BlockTime;
use seaway_types::{AccountId, AssetId, Bic};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// News that a slow reader may lag behind before it is told to look at the list again.
const NEWS_MAX: usize = 256;

/// The least time between wishes for one pair of assets that are heard.
const WISH_PAUSE: Duration = Duration::from_millis(200);

/// The hash of the standard contract.
static FX_QUOTE: LazyLock<Option<Hash32>> = LazyLock::new(|| {
    let text = seaway_contracts::text_of("FxQuote")?;
    let bytes = seaway_vm::text::read(text).ok()?.code.bytes().ok()?;
    Some(bytes.hash())
});

/// Quotes by id, each with its dealer's agent.
type Quotes = BTreeMap<InstanceId, (SignedOffer, Bic)>;

/// See the module.
pub struct Board {
    network: NetworkId,
    quotes: Mutex<Quotes>,
    /// When a client's and a peer's wish for a pair of assets were last heard: anybody may wish, but not as often as they like,
    /// and not so often that quotes are crowded out of the news.
    wished: Mutex<BTreeMap<(Wisher, AssetId, AssetId), Instant>>,
    news: broadcast::Sender<FxNews>,
}

/// From where a wish comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wisher {
    /// Somebody who asks this node.
    Client,
    /// Another node, which passes on what it was asked.
    Peer,
}

/// What a quote says, read from its terms.
struct Said {
    rate: seaway_types::contract::Ratio,
    most: Amount,
    ends: BlockTime,
}

impl Board {
    /// An empty board.
    pub fn new(network: NetworkId) -> Self {
        Self { network, quotes: Mutex::default(), wished: Mutex::default(), news: broadcast::channel(NEWS_MAX).0 }
    }

    fn quotes(&self) -> MutexGuard<'_, Quotes> {
        self.quotes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes from now on.
    pub fn news(&self) -> broadcast::Receiver<FxNews> {
        self.news.subscribe()
    }

    /// Tells dealers that somebody wants to exchange. False where others wished for the same pair just now: then it goes unheard, and the
    /// wisher has the quotes that there are.
    pub fn want(&self, wanted: Wanted, from: Wisher) -> bool {
        let mut wished = self.wished.lock().unwrap_or_else(PoisonError::into_inner);
        wished.retain(|_, last| last.elapsed() < WISH_PAUSE);
        let pair = (from, wanted.sold, wanted.bought);
        let heard = !wished.contains_key(&pair);
        if heard {
            wished.insert(pair, Instant::now());
            // Nobody may be listening.
            let _unheard = self.news.send(FxNews::Wanted(wanted));
        }
        heard
    }

    /// The dealer's agent, which must have the role of a dealer.
    fn agent_of(database: &Database, signed: &SignedOffer) -> Result<Bic, Fault> {
        let refused = |value: String| Fault::Parameter { field: "dealer", value, expected: "an account at a dealer" };
        let dealer = signed.offer.terms.parties.first().ok_or_else(|| refused(String::new()))?;
        let account =
            database.record::<Account>(dealer).map_err(failed)?.ok_or_else(|| refused(dealer.to_string()))?;
        let agent = database.record::<Participant>(&account.agent).map_err(failed)?;
        let deals = agent.is_some_and(|agent| agent.active && agent.roles.dealer);
        if deals { Ok(account.agent) } else { Err(refused(account.agent.to_string())) }
    }

    /// Takes a quote up. True where it was not here before.
    pub fn publish(&self, database: &Database, signed: SignedOffer, now: BlockTime) -> Result<bool, Fault> {
        let id = signed.offer.id();
        if self.quotes().contains_key(&id) {
            return Ok(false);
        }
        self.check(database, &signed, now)?;
        let agent = Self::agent_of(database, &signed)?;
        let full = |quotes: &Quotes| {
            let of_dealer = quotes.values().filter(|(_, of)| *of == agent).count();
            (quotes.len() >= QUOTES_MAX || of_dealer >= QUOTES_OF_DEALER_MAX).then_some(of_dealer)
        };
        if full(&self.quotes()).is_some() {
            self.drop_ended(database, agent, now)?;
        }
        let mut quotes = self.quotes();
        if quotes.contains_key(&id) {
            return Ok(false);
        }
        if let Some(of_dealer) = full(&quotes) {
            return Err(Fault::Unavailable(format!(
                "{of_dealer} quotes of this dealer are kept, {} in all; let some end first",
                quotes.len()
            )));
        }
        quotes.insert(id, (signed.clone(), agent));
        drop(quotes);
        if let Some(found) = self.found(database, &signed, now)? {
            let _unheard = self.news.send(FxNews::Quoted(Box::new(found)));
        }
        Ok(true)
    }

    /// Makes room: quotes that are over leave the board, and those that were taken back or used up, of this dealer, or of all where
    /// the board is full.
    fn drop_ended(&self, database: &Database, dealer: Bic, now: BlockTime) -> Result<(), Fault> {
        let mut quotes = self.quotes();
        quotes.retain(|_, (held, _)| said(held).is_some_and(|said| said.ends > now));
        let all = quotes.len() >= QUOTES_MAX;
        let asked = quotes.values().filter(|(_, of)| all || *of == dealer);
        let held: Vec<SignedOffer> = asked.map(|(signed, _)| signed.clone()).collect();
        drop(quotes);
        for signed in held {
            if self.found(database, &signed, now)?.is_none() {
                self.quotes().remove(&signed.offer.id());
            }
        }
        Ok(())
    }

    fn check(&self, database: &Database, signed: &SignedOffer, now: BlockTime) -> Result<(), Fault> {
        let offer = &signed.offer;
        let refused = |field, value: String, expected| Err(Fault::Parameter { field, value, expected });
        if offer.network != self.network {
            return refused("network", offer.network.to_string(), "an offer for this network");
        }
        if codec::encode(signed).len() > OFFER_BYTES_MAX {
            return refused("quote", "its bytes".to_owned(), "an offer of at most 8192 bytes");
        }
        let code = offer.terms.code;
        let registered = || database.record::<RegisteredCode>(&code).map_err(failed);
        if Some(code) != *FX_QUOTE || registered()?.is_none() {
            return refused("code", code.to_string(), "the standard contract FxQuote, registered on the ledger");
        }
        let parts = (offer.terms.parties.len(), offer.terms.assets.len(), offer.terms.panels.len(), offer.maker);
        let Some(said) = said(signed).filter(|_| parts == (1, 2, 0, 0)) else {
            return refused("terms", "of the offer".to_owned(), "a dealer, two assets, a rate, the most, and an end");
        };
        let latest = now.after_ms(QUOTE_LIFE_MS_MAX);
        if said.ends <= now || said.ends > latest {
            return refused("notAfter", said.ends.to_string(), "a time ahead, at most a day");
        }
        let Some(dealer) = offer.terms.parties.first() else { return Ok(()) };
        let policies = makers(database, dealer)?;
        let keys = || signed.signatures.iter().map(|entry| &entry.key);
        let met = |policy: &KeyPolicy| policy.count(keys()) >= usize::from(policy.threshold());
        let own = keys().all(|key| policies.iter().any(|policy| policy.contains(key)));
        let message = offer.id().0;
        // The curve is asked last: it costs the most.
        let holds = || signed.signatures.iter().all(|entry| verify(&SignatureCheck { entry: *entry, message }));
        if policies.is_empty() || !own || !policies.iter().all(met) || !holds() {
            return refused(
                "signatures",
                dealer.to_string(),
                "the signatures of the dealer's debit authority, and no other",
            );
        }
        Ok(())
    }

    /// The quotes that sell one asset for another, with what is left of each, by rising id from one on: at most so many that are
    /// wanted.
    pub fn list(
        &self,
        database: &Database,
        pair: (Option<AssetId>, Option<AssetId>),
        now: BlockTime,
        (from, count_max): (InstanceId, usize),
        wanted: &dyn Fn(&QuoteFound) -> bool,
    ) -> Result<Vec<QuoteFound>, Fault> {
        let fits = |wanted: Option<AssetId>, is: Option<&AssetId>| wanted.is_none_or(|wanted| Some(&wanted) == is);
        let of_pair = |signed: &SignedOffer| {
            let assets = &signed.offer.terms.assets;
            fits(pair.0, assets.first()) && fits(pair.1, assets.get(1))
        };
        let held: Vec<SignedOffer> = self
            .quotes()
            .range(from..)
            .map(|(_, (signed, _))| signed)
            .filter(|signed| of_pair(signed))
            .cloned()
            .collect();
        let mut found = Vec::new();
        for signed in held {
            found.extend(self.found(database, &signed, now)?.filter(|quote| wanted(quote)));
            if found.len() >= count_max {
                break;
            }
        }
        Ok(found)
    }

    /// A quote with what is left of it; none where it is over, taken back or used up.
    fn found(&self, database: &Database, signed: &SignedOffer, now: BlockTime) -> Result<Option<QuoteFound>, Fault> {
        let terms = &signed.offer.terms;
        let (Some(said), [sold, bought], [dealer]) = (said(signed), &*terms.assets, &*terms.parties) else {
            return Ok(None);
        };
        let mut used = Amount::ZERO;
        if let Some(instance) = database.record::<Instance>(&signed.offer.id()).map_err(failed)? {
            match (instance.stage, instance.variables.first()) {
                (Stage::Live { .. }, Some(Value::Money(so_far))) => used = *so_far,
                _ => return Ok(None),
            }
        }
        let left = said.most.checked_sub(used).unwrap_or(Amount::ZERO);
        if said.ends <= now || left.is_zero() {
            return Ok(None);
        }
        let (sold, bought, dealer) = (*sold, *bought, *dealer);
        let covers = covered(database, (dealer, bought, terms.code), now)?;
        let agent = database.record::<Account>(&dealer).map_err(failed)?.map(|account| account.agent);
        let Some(agent) = agent else { return Ok(None) };
        Ok(Some(QuoteFound {
            signed: signed.clone(),
            dealer,
            agent,
            sold,
            bought,
            rate: said.rate,
            left,
            covers,
            ends: said.ends,
        }))
    }
}

/// What a dealer can deliver of an asset at once: what it has, within what it allows.
fn covered(
    database: &Database,
    (dealer, asset, code): (AccountId, AssetId, Hash32),
    now: BlockTime,
) -> Result<Amount, Fault> {
    let key = AllowanceKey { grantor: dealer, purpose: AllowanceFor::Role { code, party: 0 }, asset };
    let Some(allowance) = database.record::<Allowance>(&key).map_err(failed)? else { return Ok(Amount::ZERO) };
    let terms = allowance.terms;
    if now < terms.not_before || now > terms.not_after {
        return Ok(Amount::ZERO);
    }
    let left = terms.total_max.checked_sub(allowance.used).unwrap_or(Amount::ZERO);
    let balance = database.record::<Balance>(&(dealer, asset)).map_err(failed)?.unwrap_or_default();
    Ok(balance.available.min(left).min(terms.each_max))
}

fn said(signed: &SignedOffer) -> Option<Said> {
    match &*signed.offer.terms.parameters {
        [Value::Ratio(rate), Value::Money(most), Value::Time(end)] => {
            Some(Said { rate: *rate, most: *most, ends: (*end).min(signed.offer.not_after) })
        }
        _ => None,
    }
}

/// The policies that together are an account's debit authority.
fn makers(database: &Database, id: &AccountId) -> Result<Vec<KeyPolicy>, Fault> {
    let Some(account) = database.record::<Account>(id).map_err(failed)? else { return Ok(Vec::new()) };
    let agent = database.record::<Participant>(&account.agent).map_err(failed)?.map(|agent| agent.policy);
    Ok(match account.debit_authority {
        DebitAuthority::Holder => vec![account.owner],
        DebitAuthority::Agent => agent.into_iter().collect(),
        DebitAuthority::Both => std::iter::once(account.owner).chain(agent).collect(),
    })
}
