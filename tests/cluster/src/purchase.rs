//! Purchases on the devnet: a Hong Kong merchant exchanges HKD into USD by a dealer's quote and puts them into an escrow for a
//! seller in New York, in one instruction.

use crate::cluster::{Cluster, now_ms};
use seaway_contracts::text_of;
use seaway_genesis::seed;
use seaway_sdk::{Act, Client, Exchange, Quote, Signed, new_key, new_uetr, take};
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::contract::{
    AllowanceFor, AllowanceKey, CodeBytes, InstanceId, Ratio, SignedOffer, Terms, Value as Term,
};
use seaway_types::hash::Hash32;
use seaway_types::instruction::contract::{
    AllowanceTerms, CallContract, OpenContract, RegisterCode, SetAllowance, Target,
};
use seaway_types::instruction::{Body, Leg, Submitter};
use seaway_types::time::BlockTime;
use seaway_types::{AccountId, AssetId, Bic, codec};
use serde_json::{Value, json};

/// The devnet's assets by their place in its genesis.
const HKD: AssetId = AssetId(1);
/// See [`HKD`].
const USD: AssetId = AssetId(4);

/// How often the same bytes are sent.
const ATTEMPTS: usize = 5;

/// Makes purchases on a devnet.
pub struct Purchases<'a> {
    cluster: &'a Cluster,
    escrow: CodeBytes,
    fx_quote: CodeBytes,
}

/// A purchase that is final: its contract, and what the ledger answered.
pub struct Purchase {
    /// The escrow.
    pub instance: InstanceId,
    /// The answer.
    pub answer: Value,
}

fn failed(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn bounded<T, const MAX: usize>(list: Vec<T>) -> Result<Bounded<T, MAX>, String> {
    Bounded::new(list).map_err(failed)
}

/// The code of a standard contract.
fn code(name: &str) -> Result<CodeBytes, String> {
    let text = text_of(name).ok_or_else(|| format!("there is no contract {name}"))?;
    seaway_vm::text::read(text).map_err(failed)?.code.bytes().map_err(failed)
}

fn now() -> BlockTime {
    BlockTime::from_ms(now_ms()).unwrap_or_default()
}

/// The merchant that buys.
pub fn buyer() -> AccountId {
    seed::account("HARBHKHH", "hk-merchant")
}

/// Who sells.
pub fn seller() -> AccountId {
    seed::account("HUDSUS33", "us-buyer")
}

fn dealer() -> AccountId {
    seed::account("HUDSUS33", "hudson-own")
}

impl<'a> Purchases<'a> {
    /// On a devnet.
    pub fn new(cluster: &'a Cluster) -> Result<Self, String> {
        Ok(Self { cluster, escrow: code("Escrow")?, fx_quote: code("FxQuote")? })
    }

    fn sign(&self, submitter: Submitter, label: &str, body: Body) -> Result<Signed, String> {
        let (key, uetr) = (new_key().map_err(failed)?, new_uetr().map_err(failed)?);
        let act = Act { network: self.cluster.document.network, submitter, key, uetr, body };
        act.sign(now(), &[seed::secret_key(label)]).map_err(failed)
    }

    /// Sends what was signed through a node; anything but done is an error.
    pub async fn settle(&self, client: &Client, signed: &Signed) -> Result<Value, String> {
        let answer = client.settle(signed, ATTEMPTS).await.map_err(failed)?;
        if answer["status"] == "ACCC" { Ok(answer) } else { Err(format!("refused: {answer}")) }
    }

    /// A bank registers the two contracts, and the dealer lets quotes pull USD from its account.
    pub async fn prepare(&self) -> Result<(), String> {
        let harbour: Bic = "HARBHKHH".parse().map_err(failed)?;
        let client = self.cluster.client(0)?;
        for code in [&self.escrow, &self.fx_quote] {
            let leg = Leg::RegisterCode(RegisterCode { by: harbour, code: code.clone() });
            let signed = self.sign(Submitter::Participant(harbour), "HARBHKHH", Body::Single(leg))?;
            self.settle(&client, &signed).await?;
        }
        let purpose = AllowanceFor::Role { code: self.fx_quote.hash(), party: 0 };
        let allowance = AllowanceKey { grantor: dealer(), purpose, asset: USD };
        let not_before = BlockTime::from_ms(now_ms().saturating_sub(60_000)).unwrap_or_default();
        let terms = AllowanceTerms {
            each_max: Amount::new(10_000_000).map_err(failed)?,
            total_max: Amount::new(100_000_000).map_err(failed)?,
            not_before,
            not_after: now().after_ms(86_400_000),
        };
        let leg = Leg::SetAllowance(SetAllowance { allowance, terms: Some(terms) });
        let hudson = Submitter::Participant("HUDSUS33".parse().map_err(failed)?);
        let signed = self.sign(hudson, "HUDSUS33", Body::Single(leg))?;
        self.settle(&self.cluster.client(3)?, &signed).await?;
        Ok(())
    }

    /// The dealer quotes 0.128 USD for one HKD, at its own node.
    pub async fn quote(&self) -> Result<SignedOffer, String> {
        let quote = Quote {
            network: self.cluster.document.network,
            code: self.fx_quote.hash(),
            dealer: dealer(),
            sold: HKD,
            bought: USD,
            rate: Ratio::new(128, 1000).ok_or("a rate")?,
            most: Amount::new(500_000_000).map_err(failed)?,
            ends: now().after_ms(600_000),
            takers: Vec::new(),
        };
        let signed = quote.sign(&[seed::secret_key("HUDSUS33")]).map_err(failed)?;
        let bytes = hex::encode(codec::encode(&signed));
        self.cluster.client(3)?.call("fx_publish", json!({"quote": bytes})).await.map_err(failed)?;
        Ok(signed)
    }

    /// The best quote for so many cents of USD that a node knows.
    pub async fn best_quote(&self, place: usize, cents: u64) -> Result<SignedOffer, String> {
        let amount = format!("{}.{:02} USD", cents / 100, cents % 100);
        let asked = json!({"sold": "HKD", "bought": "USD", "amount": amount});
        let there = |answer: &Value| answer["quotes"].as_array().is_some_and(|quotes| !quotes.is_empty());
        let patience = std::time::Duration::from_secs(30);
        let answer = self.cluster.until(place, "fx_request", &asked, patience, there).await?;
        let bytes = answer["quotes"][0]["bytes"].as_str().unwrap_or("");
        codec::decode(&hex::decode(bytes).map_err(failed)?, 8_192).map_err(failed)
    }

    /// Exchanges and puts the money into escrow, all or nothing: the instruction, signed, and the escrow's id.
    pub fn buy(&self, quote: SignedOffer, cents: u64, lasts_ms: u64) -> Result<(Signed, InstanceId), String> {
        let price = Amount::new(cents).map_err(failed)?;
        let begins = now();
        let terms = Terms {
            code: self.escrow.hash(),
            parties: bounded(vec![buyer(), seller()])?,
            panels: bounded(vec![bounded(vec![Submitter::Participant("MERLSGSG".parse().map_err(failed)?)])?])?,
            assets: bounded(vec![USD])?,
            parameters: bounded(vec![
                Term::Money(price),
                // It is funded where it is opened, so the window for that may last nearly as long as the escrow.
                Term::Time(begins.after_ms(lasts_ms.saturating_sub(1))),
                Term::Time(begins.after_ms(lasts_ms)),
            ])?,
        };
        let (key, uetr) = (new_key().map_err(failed)?, new_uetr().map_err(failed)?);
        let submitter = Submitter::Account(buyer());
        let instance = InstanceId::of_opening(&submitter, &key, 1);
        let at_most = Amount::new(cents.saturating_mul(8)).map_err(failed)?;
        let legs = vec![
            take(quote, buyer(), Exchange::Buy { bought: price, at_most }),
            Leg::OpenContract(OpenContract { terms, uetr }),
            called(instance, (0, 0)),
        ];
        let body = Body::Bundle(bounded(legs)?);
        let act = Act { network: self.cluster.document.network, submitter, key, uetr, body };
        Ok((act.sign(now(), &[seed::secret_key("hk-merchant")]).map_err(failed)?, instance))
    }

    /// The buyer releases the money to the seller.
    pub fn release(&self, instance: InstanceId) -> Result<Signed, String> {
        self.sign(Submitter::Account(buyer()), "hk-merchant", Body::Single(called(instance, (1, 0))))
    }

    /// What an account has available of USD, as a node says.
    pub async fn dollars(&self, place: usize, account: AccountId) -> Result<String, String> {
        let client = self.cluster.client(place)?;
        let answer = client.call("account_balances", json!({"account": account})).await.map_err(failed)?;
        let usd = |one: &&Value| one["asset"] == "USD";
        let found = answer["balances"].as_array().into_iter().flatten().find(usd);
        Ok(found.and_then(|one| one["available"].as_str()).unwrap_or("0.00 USD").to_owned())
    }

    /// The hash of the escrow's code.
    pub fn escrow(&self) -> Hash32 {
        self.escrow.hash()
    }
}

fn called(instance: InstanceId, (state, clause): (u8, u8)) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Instance(instance),
        state,
        clause,
        caller: None,
        arguments: Bounded::default(),
        attestations: Bounded::default(),
    })
}
