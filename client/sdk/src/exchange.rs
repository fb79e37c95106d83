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
use seaway_types::signature::{SignatureCheck, SignatureEntry, verify};
use seaway_types::time::BlockTime;
use thiserror::Error;

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

/// Why an offer is no quote that can be trusted to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the offer is no quote of the standard contract: its {0} is not as it must be")]
pub struct NoQuote(pub &'static str);

impl Quote {
    /// What an offer says, if it is a quote and nothing else: whoever hands it on is trusted with nothing. That its dealer
    /// stands behind it is asked by the ledger; here every signature must at least hold.
    pub fn read(signed: &SignedOffer, network: NetworkId, code: Hash32) -> Result<Self, NoQuote> {
        let Offer { network: of, terms, maker, takers, not_after, .. } = &signed.offer;
        let ensure = |fits: bool, what| if fits { Ok(()) } else { Err(NoQuote(what)) };
        ensure(*of == network, "network")?;
        ensure(terms.code == code, "code")?;
        ensure(*maker == 0 && terms.panels.is_empty(), "maker")?;
        let [dealer] = *terms.parties else { return Err(NoQuote("number of parties")) };
        let [sold, bought] = *terms.assets else { return Err(NoQuote("number of assets")) };
        let [Value::Ratio(rate), Value::Money(most), Value::Time(end)] = *terms.parameters else {
            return Err(NoQuote("list of parameters"));
        };
        let message = signed.offer.id().0;
        let holds = |entry: &SignatureEntry| verify(&SignatureCheck { entry: *entry, message });
        ensure(!signed.signatures.is_empty() && signed.signatures.iter().all(holds), "signature")?;
        let ends = end.min(*not_after);
        Ok(Self { network, code, dealer, sold, bought, rate, most, ends, takers: takers.to_vec() })
    }

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
            takers: Bounded::new(self.takers).map_err(|_| PaymentError::Takers)?,
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
        // The code of the offer is what the taker consents to: see [`Quote::read`], which whoever calls this has asked.
        let (network, submitter, debtor) = (self.network, self.submitter, self.debtor);
        let taken = take(quote, debtor, Exchange::Buy { bought: self.amount, at_most });
        let uetr = new_uetr()?;
        let legs = Bounded::new(vec![taken, self.leg(uetr)]).unwrap_or_default();
        Act { network, submitter, key: new_key()?, uetr, body: Body::Bundle(legs) }.sign(now, secrets)
    }
}
