//! Exchange: quotes that dealers sign, and payments that take one.

use crate::act::{Act, new_key, new_uetr, sign_offer};
use crate::payment::{Payment, PaymentError, Signed};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::contract::{Offer, Ratio, SignedOffer, Terms, Value};
use seaway_types::hash::Hash32;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::contract::{CallContract, Target};
use seaway_types::instruction::{Body, Leg, NetworkId};
use seaway_types::time::BlockTime;

/// The clauses of the standard contract FxQuote, by position.
const SELL: u8 = 0;
const BUY: u8 = 1;

/// What a dealer quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The network.
    pub network: NetworkId,
    /// Hash of the standard contract FxQuote.
    pub code: Hash32,
    /// The dealer's account.
    pub dealer: AccountId,
    /// What the taker gives.
    pub sold: AssetId,
    /// What the taker gets.
    pub bought: AssetId,
    /// Minor units bought for minor units sold.
    pub rate: Ratio,
    /// The most that is taken of what is sold, in all.
    pub most: Amount,
    /// Until when.
    pub ends: BlockTime,
    /// Who may take it, in rising order; nobody named for anyone.
    pub takers: Vec<AccountId>,
}

impl Quote {
    /// Signs it as its dealer.
    pub fn sign(self, secrets: &[[u8; 32]]) -> Result<SignedOffer, PaymentError> {
        let parameters = vec![Value::Ratio(self.rate), Value::Money(self.most), Value::Time(self.ends)];
        let terms = Terms {
            code: self.code,
            parties: Bounded::new(vec![self.dealer]).unwrap_or_default(),
            panels: Bounded::default(),
            assets: Bounded::new(vec![self.sold, self.bought]).unwrap_or_default(),
            parameters: Bounded::new(parameters).unwrap_or_default(),
        };
        let offer = Offer {
            network: self.network,
            terms,
            maker: 0,
            takers: Bounded::new(self.takers).unwrap_or_default(),
            not_after: self.ends,
            nonce: new_key()?,
            uetr: new_uetr()?,
        };
        sign_offer(offer, secrets)
    }
}

/// How much is exchanged, with the bound that the taker consents to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// So much is sold; at least so much must come of it.
    Sell {
        /// What is given.
        sold: Amount,
        /// The least that is taken for it.
        at_least: Amount,
    },
    /// So much is bought; it may cost at most so much.
    Buy {
        /// What is wanted.
        bought: Amount,
        /// The most that is given for it.
        at_most: Amount,
    },
}

/// The leg that takes a quote for an account.
pub fn take(quote: SignedOffer, taker: AccountId, exchange: Exchange) -> Leg {
    let (clause, first, second) = match exchange {
        Exchange::Sell { sold, at_least } => (SELL, sold, at_least),
        Exchange::Buy { bought, at_most } => (BUY, bought, at_most),
    };
    Leg::CallContract(CallContract {
        target: Target::Offer(quote),
        state: 0,
        clause,
        caller: Some(taker),
        arguments: Bounded::new(vec![Value::Money(first), Value::Money(second)]).unwrap_or_default(),
        attestations: Bounded::default(),
    })
}

impl Payment {
    /// Buys the amount by a quote and pays it on, all or nothing, under one signature.
    pub fn sign_with_quote(
        self,
        quote: SignedOffer,
        at_most: Amount,
        now: BlockTime,
        secrets: &[[u8; 32]],
    ) -> Result<Signed, PaymentError> {
        let (network, submitter, debtor) = (self.network, self.submitter, self.debtor);
        let taken = take(quote, debtor, Exchange::Buy { bought: self.amount, at_most });
        let uetr = new_uetr()?;
        let legs = Bounded::new(vec![taken, self.leg(uetr)]).unwrap_or_default();
        Act { network, submitter, key: new_key()?, uetr, body: Body::Bundle(legs) }.sign(now, secrets)
    }
}
