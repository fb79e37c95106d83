//! What a message asks of the ledger, and the answer to it.
//!
//! A [`Request`] is a message that a bank may send. Its [`Order`] is what is left when each rule was checked that needs no
//! ledger: who asks, under which key, which accounts and payments it names. Whoever holds the order finds those
//! ([`Known`]) and gets the instruction's body; each rule that is broken is a fault with a reason code, and each
//! [`Outcome`], a fault among them, has its answer.
//!
//! | asks | instruction | answer |
//! |---|---|---|
//! | pacs.008 | credit transfer of a customer | pacs.002 |
//! | pacs.009 | credit transfer of an institution, or cover | pacs.002 |
//! | pain.001 | credit transfer with many credits | pain.002 |
//! | pacs.004 | return, which agrees to an open recall | pacs.002 |
//! | camt.056 | recall request | camt.029 |
//! | camt.029 | refusal of a recall | none |
//!
//! The other way, [`follow_up`] and [`credit_status`] write the messages that an instruction stands for, from what the
//! ledger holds of it alone.

mod check;
mod customer;
mod from_ledger;
mod initiation;
mod institution;
mod payback;
mod recall;
mod report;
mod rules;
mod stp;
#[cfg(test)]
mod tests;

pub use check::faults;
pub use from_ledger::{Original, Place, credit_status, follow_up};

use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::message::{
    CancellationRequest, CreditTransfer, Document, Initiation, InstitutionTransfer, Message, Parsed, PaymentReturn,
    Resolution, Status,
};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetBook;
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::hash::{Domain, Hash32};
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::Body;
use seaway_types::instruction::payment::PaymentKey;
use seaway_types::party::PartyData;
use seaway_types::state::PaymentFacts;
use seaway_types::text::Text35;
use seaway_types::time::BlockTime;
use seaway_types::uetr::Uetr;

/// How a message names an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// By its opaque id on the ledger.
    Id(AccountId),
    /// By an IBAN or another number that its agent knows.
    Number(String),
}

/// An account as a message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    /// Who services it.
    pub agent: Bic,
    /// How it is named.
    pub name: AccountName,
    /// Where the message names it.
    pub path: String,
    /// The reason code when there is no such account.
    pub unknown: &'static str,
}

/// A payment that a message follows up, as the message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPayment {
    /// Its name on the ledger.
    pub key: PaymentKey,
    /// Where the message names it.
    pub path: String,
    /// The reason code when there is no such payment.
    pub unknown: &'static str,
}

/// What a message asks, as far as it can be checked without a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who sends the message: whose instruction key it takes, and who signs.
    pub sender: Bic,
    /// The key, derived from sender and message: the same message twice settles once.
    pub key: InstructionKey,
    /// The UETRs of the payments that it makes or follows up.
    pub uetrs: Vec<Uetr>,
    /// Accounts that it names.
    pub accounts: Vec<NamedAccount>,
    /// Payments that it follows up.
    pub payments: Vec<NamedPayment>,
}

/// A payment that a message follows up, as it stands on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPayment {
    /// What never changes about it.
    pub facts: PaymentFacts,
    /// What was returned so far.
    pub returned: Amount,
    /// Whether a recall of it waits for an answer.
    pub recalled: bool,
}

/// What is known of what an order names.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The network's assets.
    pub assets: &'a AssetBook,
    /// The ids of the order's accounts, in its order.
    pub accounts: &'a [AccountId],
    /// The order's payments, in its order.
    pub payments: &'a [KnownPayment],
    /// Makes the hashes of what stays off the ledger say nothing to who does not hold the message; it must be the same each
    /// time the message is sent.
    pub salt: &'a [u8; 32],
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status of all of it.
    pub status: Status,
    /// The status reason's code, and a text.
    pub reason: Option<(String, String)>,
    /// Time of the block, or of the refusal.
    pub time: BlockTime,
    /// The infrastructure's reference, when the ledger has answered.
    pub reference: Option<Text35>,
    /// What became of each payment, where the ledger says more than for all of them together.
    pub credits: Vec<CreditResult>,
}

/// What became of one payment of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditResult {
    /// Which.
    pub uetr: Uetr,
    /// Its status.
    pub status: Status,
    /// The status reason's code, and a text.
    pub reason: Option<(String, String)>,
    /// When it came to stand so.
    pub time: BlockTime,
}

impl Outcome {
    /// Of a message that breaks a rule.
    pub fn refused(fault: &Fault, time: BlockTime) -> Self {
        let reason = Some((fault.rule.code().to_owned(), fault.to_string()));
        Self { status: Status::Rejected, reason, time, reference: None, credits: Vec::new() }
    }

    /// What became of one payment.
    pub(crate) fn of(&self, uetr: Uetr) -> CreditResult {
        let found = self.credits.iter().find(|credit| credit.uetr == uetr);
        let Self { status, reason, time, .. } = self;
        found.cloned().unwrap_or_else(|| CreditResult { uetr, status: *status, reason: reason.clone(), time: *time })
    }
}

/// The answer to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The message's identifier, as in `pacs.002.001.10`.
    pub definition: String,
    /// The message.
    pub text: String,
}

impl Answer {
    pub(crate) fn of<D: Document>(message: &Message<D>) -> Self {
        Self { definition: D::DEFINITION.to_owned(), text: message.write() }
    }
}

/// What each kind of message knows of itself.
pub(crate) trait Asks {
    /// Judges each rule that needs no ledger, and notes those that are broken. What it makes counts only if none is.
    fn order(&self, faults: &mut Faults) -> Option<Order>;

    /// What the message asks, if no rule is broken.
    fn checked(&self) -> Result<Order, Fault> {
        let mut faults = Faults::first();
        let order = self.order(&mut faults);
        faults.verdict(order)
    }

    fn body(&self, order: &Order, known: &Known<'_>) -> Result<Body, Fault>;
    fn answer(&self, outcome: &Outcome) -> Option<Answer>;

    /// What stays off the ledger, payment by payment; nothing where a message makes none.
    fn party_data(&self, _: &Order, _: &[u8; 32]) -> Result<Vec<PartyData>, Fault> {
        Ok(Vec::new())
    }
}

/// Declares the messages that may be asked with.
macro_rules! requests {
    ($($(#[$of:meta])* $variant:ident($document:ty),)+) => {
        /// A message that a bank may send.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant)] // One exists per message.
        pub enum Request { $($(#[$of])* $variant(Message<$document>),)+ }

        impl Request {
            /// Reads a message of any of these kinds, with or without its business header.
            pub fn read(text: &str) -> Result<Self, Fault> {
                let mut faults = Faults::first();
                let request = Self::of(&Parsed::new(text)?, &mut faults);
                faults.verdict(request)
            }

            pub(crate) fn of(parsed: &Parsed, faults: &mut Faults) -> Option<Self> {
                let definition = parsed.definition();
                $(if definition == <$document>::DEFINITION {
                    return parsed.message(faults).map(Self::$variant);
                })+
                let known = [$(<$document>::DEFINITION),+].join(", ");
                faults.push(Fault { path: "/Document".to_owned(), ..Fault::new(definition, Rule::Form(known)) });
                None
            }

            /// The message's identifier, as in `pacs.008.001.08`.
            pub fn definition(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$document>::DEFINITION,)+ }
            }

            /// The message, written: the same for every text that says the same.
            pub fn write(&self) -> String {
                match self { $(Self::$variant(message) => message.write(),)+ }
            }

            fn asks(&self) -> &dyn Asks {
                match self { $(Self::$variant(message) => message,)+ }
            }
        }
    };
}

requests! {
    /// A customer's payment.
    Customer(CreditTransfer),
    /// A payment between institutions, or a cover.
    Institution(InstitutionTransfer),
    /// A customer asks its agent to pay.
    Initiation(Initiation),
    /// A payment that goes back.
    Payback(PaymentReturn),
    /// A payment is asked back.
    Recall(CancellationRequest),
    /// The answer to that.
    RecallAnswer(Resolution),
}

impl Request {
    /// Whether the account's holder asks its agent to pay: then it is the holder's instruction, where the holder signs.
    pub fn is_initiation(&self) -> bool {
        self.definition().starts_with("pain.001")
    }

    /// Checks what can be checked without a ledger.
    pub fn order(&self) -> Result<Order, Fault> {
        self.asks().checked()
    }

    /// The instruction's body, once what the order names is known.
    pub fn body(&self, order: &Order, known: &Known<'_>) -> Result<Body, Fault> {
        self.asks().body(order, known)
    }

    /// What the message says of its payments and the ledger has the hashes of, in the order of the body's credits, under the salt with
    /// which the body was made.
    pub fn party_data(&self, order: &Order, salt: &[u8; 32]) -> Result<Vec<PartyData>, Fault> {
        self.asks().party_data(order, salt)
    }

    /// The answer, if there is a message for it. It has a header when the request had one.
    pub fn answer(&self, outcome: &Outcome) -> Option<Answer> {
        self.asks().answer(outcome)
    }
}

/// The instruction key of a message: of its sender and of its `BizMsgIdr`, or else its `MsgId`.
pub fn message_key(sender: Bic, id: &Text35) -> InstructionKey {
    let hash = Domain::IsoMessage.hash(&codec::encode(&(sender, id)));
    let mut key = [0; 16];
    key.copy_from_slice(hash.0.first_chunk::<16>().unwrap_or(&[0; 16]));
    InstructionKey(key)
}

/// The salt of one payment of a message of many: whoever is told of that one must not be able to try names against the others.
pub(crate) fn payment_salt(salt: &[u8; 32], uetr: &Uetr) -> Hash32 {
    Domain::MessageSalt.hash(&[salt.as_slice(), uetr.as_bytes()].concat())
}

/// The salt of one message's hashes, from a secret of its sender's.
pub fn message_salt(secret: &[u8; 32], key: &InstructionKey) -> [u8; 32] {
    Domain::MessageSalt.hash(&[secret.as_slice(), key.as_bytes()].concat()).0
}
