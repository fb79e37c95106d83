//! One entry of a statement.

use super::Reported;
use crate::message::{
    AccountChoice, Agent, BankCode, CashAccount, CodeOrText, DayOrMoment, Direction, Entry, EntryDetails,
    EntryTransaction, LongText, Moment, NOT_PROVIDED, OtherAccount, Purposes, References, RelatedAgents,
    RelatedParties, ReturnInformation,
};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::bic::Bic;
use seaway_types::identifier::AccountId;
use seaway_types::reason::StatedReason;
use seaway_types::text::{Purpose, Text35};
use seaway_types::time::{BlockTime, Day, Height};

/// What a block booked on an account for one receipt and payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The block.
    pub height: Height,
    /// The receipt's position in it.
    pub receipt: u32,
    /// The place among the account's entries of that block.
    pub place: u32,
    /// True when money arrived.
    pub credit: bool,
    /// How much in all; above zero.
    pub amount: Amount,
    /// The block's time.
    pub time: BlockTime,
    /// The day in the asset's calendar.
    pub value: Day,
    /// The payment, where it belongs to one.
    pub uetr: Option<Uetr>,
    /// What it was.
    pub nature: Nature,
    /// What its message said, where it was a payment.
    pub payment: Option<PaymentDetails>,
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A credit transfer.
    Payment,
    /// A charge for one.
    Charge,
    /// A credit transfer that came back.
    Return(StatedReason),
    /// Money came onto the ledger or left it.
    Supply,
    /// A hold was taken, a contract paid, or something else.
    Other,
}

/// What the message of a payment said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentDetails {
    /// The debtor's own reference.
    pub end_to_end: Text35,
    /// Who paid.
    pub debtor: AccountId,
    /// Who was paid.
    pub creditor: AccountId,
    /// Of who paid.
    pub debtor_agent: Bic,
    /// Of who was paid.
    pub creditor_agent: Bic,
    /// What the creditor got.
    pub amount: Amount,
    /// What the debtor paid on top, in all.
    pub charges: Amount,
    /// Why it was paid.
    pub purpose: Option<Purpose>,
}

impl Booked {
    /// Names the entry: the block, the receipt in it, and the place among the account's entries of that block.
    pub fn name(&self) -> Option<Text35> {
        format!("{}-{}-{}", self.height, self.receipt, self.place).parse().ok()
    }

    /// The servicer's reference: the block and the receipt in it.
    pub fn reference(&self) -> Option<Text35> {
        format!("{}-{}", self.height, self.receipt).parse().ok()
    }

    /// The entry as a message has it; none where a text of it would be empty, which none is.
    pub fn stated(&self, of: &Reported) -> Option<Entry> {
        Some(Entry {
            reference: self.name(),
            amount: of.money(self.amount),
            direction: self.direction(),
            reversal: None,
            status: CodeOrText::Code(LongText::cut("BOOK")?),
            booked: Some(DayOrMoment::Moment(Moment(self.time))),
            value: Some(DayOrMoment::Day(self.value)),
            servicer_reference: self.reference(),
            code: self.code(self.nature)?,
            details: vec![EntryDetails { transactions: self.transactions(of) }],
            information: None,
        })
    }

    fn direction(&self) -> Direction {
        if self.credit { Direction::Credit } else { Direction::Debit }
    }

    /// The payment, and its charges where they were taken from the debtor in the same booking.
    fn transactions(&self, of: &Reported) -> Vec<EntryTransaction> {
        let charged = self.payment.as_ref().filter(|_| self.nature == Nature::Payment && !self.credit);
        // Only where payment and charges are all that was booked: something else may bear the same UETR.
        let charged = charged.filter(|payment| payment.amount.checked_add(payment.charges) == Some(self.amount));
        match charged.map(|payment| (payment.amount, payment.charges)).filter(|(_, charges)| !charges.is_zero()) {
            Some((paid, charges)) => {
                let charge = EntryTransaction {
                    code: self.code(Nature::Charge),
                    purpose: None,
                    parties: None,
                    ..self.transaction(of, charges)
                };
                vec![self.transaction(of, paid), charge]
            }
            None => vec![self.transaction(of, self.amount)],
        }
    }

    fn transaction(&self, of: &Reported, amount: Amount) -> EntryTransaction {
        let payment = self.payment.as_ref();
        let references = References {
            message: None,
            servicer: self.reference(),
            payment_information: None,
            instruction: None,
            // What a contract pays, or an issuer, had no message; the word is that of CBPR+ for it.
            end_to_end: payment.map_or_else(|| NOT_PROVIDED.parse().ok(), |payment| Some(payment.end_to_end)),
            uetr: self.uetr,
            transaction: None,
        };
        let account = |id: &AccountId| {
            let id = AccountChoice::Other(OtherAccount { id: LongText::cut(&id.to_string())? });
            Some(CashAccount { id, currency: None, name: None })
        };
        // Who receives a charge learns of the payment's name, not of its parties.
        let told = payment.filter(|_| self.nature != Nature::Charge);
        EntryTransaction {
            references: Some(references),
            amount: Some(of.money(amount)),
            direction: Some(self.direction()),
            code: None,
            parties: told.map(|payment| RelatedParties {
                debtor_account: account(&payment.debtor),
                creditor_account: account(&payment.creditor),
            }),
            agents: told.map(|payment| RelatedAgents {
                debtor: Some(Agent::of(payment.debtor_agent)),
                creditor: Some(Agent::of(payment.creditor_agent)),
            }),
            purpose: told.and_then(|payment| payment.purpose).map(Purposes::Code),
            returned: self.returned(),
            information: None,
        }
    }

    fn returned(&self) -> Option<ReturnInformation> {
        let Nature::Return(reason) = self.nature else { return None };
        // The payment itself went the other way.
        let original = Self { credit: !self.credit, ..self.clone() }.code(Nature::Payment);
        let reason = LongText::cut(reason.iso()).map(CodeOrText::Code);
        Some(ReturnInformation { original, reason })
    }

    fn code(&self, nature: Nature) -> Option<BankCode> {
        let family = if self.credit { "RCDT" } else { "ICDT" };
        match nature {
            Nature::Payment => {
                let abroad = self
                    .payment
                    .as_ref()
                    .is_none_or(|payment| payment.debtor_agent.country() != payment.creditor_agent.country());
                BankCode::of("PMNT", family, if abroad { "XBCT" } else { "DMCT" })
            }
            Nature::Charge => BankCode::of("PMNT", family, "CHRG"),
            Nature::Return(_) => BankCode::of("PMNT", family, "RRTN"),
            Nature::Supply => BankCode::of("ACMT", if self.credit { "MCOP" } else { "MDOP" }, "OTHR"),
            Nature::Other => BankCode::of("PMNT", family, "OTHR"),
        }
    }
}
