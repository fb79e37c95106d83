//! Payments between the devnet's accounts.

use crate::cluster::now_ms;
use seaway_genesis::{ceremony, seed};
use seaway_sdk::{Payment, Signed};
use seaway_types::InstructionKey;
use seaway_types::amount::Amount;
use seaway_types::genesis::GenesisDocument;
use seaway_types::instruction::hold::Reserve;
use seaway_types::instruction::payment::CreditKind;
use seaway_types::instruction::{Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::time::{BlockTime, Day};
use seaway_types::{AssetId, Bic, Uetr};
use serde_json::Value;

/// Signs payments of the Hong Kong merchant to its supplier in Singapore.
#[derive(Clone, Debug)]
pub struct Payer {
    document: GenesisDocument,
}

impl Payer {
    /// On a network.
    pub fn new(document: &GenesisDocument) -> Self {
        Self { document: document.clone() }
    }

    /// The merchant reserves an amount in cents of HKD for its supplier, for so many milliseconds.
    pub fn merchant_reserves(&self, cents: u64, lasts_ms: u64) -> Result<RawInstruction, String> {
        let payer = seed::account("HARBHKHH", "hk-merchant");
        let now = BlockTime::from_ms(now_ms()).unwrap_or_default();
        let reserve = Reserve {
            payer,
            payee: seed::account("MERLSGSG", "sg-supplier"),
            asset: AssetId(1),
            amount: Amount::new(cents).map_err(|error| error.to_string())?,
            expires_at: now.after_ms(lasts_ms),
            uetr: Uetr::from_random([7; 16]),
        };
        let envelope = Envelope {
            network: self.document.network,
            submitter: Submitter::Account(payer),
            key: InstructionKey([7; 16]),
            valid_until: now.after_ms(60_000),
            body: Body::Single(Leg::Reserve(reserve)),
        };
        Ok(RawInstruction::from(&envelope.sign(&[seed::secret_key("hk-merchant")])))
    }

    /// The devnet's pacs.008 with an id and a UETR of its own: Harbour Bank pays 125,000.00 HKD for a customer.
    pub fn bank_message(&self) -> Result<String, String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let uetr = Uetr::from_random(random);
        let now = BlockTime::from_ms(now_ms()).unwrap_or_default();
        let time = now.to_string().replace('Z', "+00:00");
        // The day of HKD's calendar, eight hours ahead of UTC.
        let date = Day::of_local_ms(now.after_ms(8 * 3_600_000).ms());
        let message = format!("HARB{}", uetr.to_string().replace('-', "").get(..28).unwrap_or_default());
        let filled = ceremony::DEVNET_PACS008.replace("{{MESSAGE}}", &message).replace("{{TIME}}", &time);
        Ok(filled.replace("{{DATE}}", &date.to_string()).replace("{{UETR}}", &uetr.to_string()))
    }

    /// A signed payment of an amount in cents of HKD.
    pub fn merchant_pays(&self, cents: u64) -> Result<Signed, String> {
        let agent = |text: &str| text.parse::<Bic>().map_err(|error| error.to_string());
        let debtor = seed::account("HARBHKHH", "hk-merchant");
        let payment = Payment {
            network: self.document.network,
            submitter: Submitter::Account(debtor),
            debtor,
            debtor_agent: agent("HARBHKHH")?,
            creditor: seed::account("MERLSGSG", "sg-supplier"),
            creditor_agent: agent("MERLSGSG")?,
            asset: AssetId(1),
            amount: Amount::new(cents).map_err(|error| error.to_string())?,
            end_to_end_id: "INV-2041".parse().map_err(|error| format!("{error}"))?,
            purpose: None,
            party_data_hash: None,
            kind: CreditKind::Customer,
        };
        let now = BlockTime::from_ms(now_ms()).unwrap_or_default();
        payment.sign(now, &[seed::secret_key("hk-merchant")]).map_err(|error| error.to_string())
    }
}

/// The `blockTime` of an answer, in milliseconds since 1970.
pub fn block_time_ms(answer: &Value) -> Option<u64> {
    answer["blockTime"].as_str()?.parse::<BlockTime>().ok().map(BlockTime::ms)
}
