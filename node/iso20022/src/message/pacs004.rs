//! pacs.004.001.09: a payment goes back, one transaction a message as CBPR+ has it.
//!
//! Roles turn around: who was paid is the debtor of the return, and its agent instructs. What is called *original* keeps the
//! roles of the payment that is returned.

use super::common::{Agent, ChargeBearerCode, Charges, CodeOrText, NOT_PROVIDED, Party, PaymentType, unsaid};
use super::document;
use super::pacs002::OriginalGroup;
use super::pacs008::{Group, Settlement, SettlementMethod};
use crate::xml::{Decimal, LongText, Moment, Money, choice, sequence};
use seaway_types::Uetr;
use seaway_types::amount::Amount;
use seaway_types::asset::{CurrencyCode, Exponent};
use seaway_types::bic::Bic;
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::reason::StatedReason;
use seaway_types::text::Text35;
use seaway_types::time::{BlockTime, Day};

sequence! {
    /// See the module (`PaymentReturnV09`).
    pub struct PaymentReturn {
        /// What holds for the message.
        "GrpHdr" group: one Group,
        /// What is returned.
        "TxInf" transaction: one ReturnTransaction,
    }
}

document!(PaymentReturn, "pacs.004.001.09", "PmtRtr");

sequence! {
    /// One return (`PaymentTransaction112`).
    pub struct ReturnTransaction {
        /// Names the return.
        "RtrId" id: maybe Text35,
        /// The message that asked for the payment.
        "OrgnlGrpInf" original: maybe OriginalGroup,
        /// The payment's id between two agents.
        "OrgnlInstrId" instruction: maybe Text35,
        /// From debtor to creditor.
        "OrgnlEndToEndId" end_to_end: maybe Text35,
        /// By the first agent.
        "OrgnlTxId" transaction: maybe Text35,
        /// End to end: the return travels under it too.
        "OrgnlUETR" uetr: maybe Uetr,
        /// What was paid.
        "OrgnlIntrBkSttlmAmt" paid: maybe Money,
        /// When it was paid.
        "OrgnlIntrBkSttlmDt" paid_on: maybe Day,
        /// What goes back.
        "RtrdIntrBkSttlmAmt" amount: one Money,
        /// When it goes back.
        "IntrBkSttlmDt" settlement_date: maybe Day,
        /// What the one who was paid gave back, before charges.
        "RtrdInstdAmt" instructed: maybe Money,
        /// Units settled for one unit given back.
        "XchgRate" rate: maybe Decimal,
        /// Who bears charges.
        "ChrgBr" charge_bearer: maybe ChargeBearerCode,
        /// Charges that were taken.
        "ChrgsInf" charges: many Charges,
        /// The settlement infrastructure's reference, once the return is settled.
        "ClrSysRef" reference: maybe Text35,
        /// Who returns: the agent of the one who was paid.
        "InstgAgt" instructing: maybe Agent,
        /// Who gets it back: the agent of the one who paid.
        "InstdAgt" instructed_agent: maybe Agent,
        /// The parties of the return.
        "RtrChain" chain: maybe ReturnChain,
        /// Why.
        "RtrRsnInf" reason: maybe ReturnReason,
        /// What the payment was.
        "OrgnlTxRef" terms: maybe ReturnedTerms,
    }
}

sequence! {
    /// The parties of a return (`TransactionParties7`): its debtor is who was paid, its creditor who had paid.
    pub struct ReturnChain {
        /// On whose behalf the debtor was paid.
        "UltmtDbtr" ultimate_debtor: maybe ChainParty,
        /// Who gives back.
        "Dbtr" debtor: one ChainParty,
        /// Who asked for the return.
        "InitgPty" initiating: maybe ChainParty,
        /// Who services the debtor's account.
        "DbtrAgt" debtor_agent: maybe Agent,
        /// Who services the creditor's account.
        "CdtrAgt" creditor_agent: maybe Agent,
        /// Who gets it back.
        "Cdtr" creditor: one ChainParty,
        /// On whose behalf the creditor had paid.
        "UltmtCdtr" ultimate_creditor: maybe ChainParty,
    }
}

choice! {
    /// A party of a return (`Party40Choice`).
    pub enum ChainParty {
        /// A person or firm.
        "Pty" Party(Party),
        /// An institution.
        "Agt" Institution(Agent),
    }
}

sequence! {
    /// Why (`PaymentReturnReason6`).
    pub struct ReturnReason {
        /// Who says so.
        "Orgtr" originator: maybe Party,
        /// The reason's code.
        "Rsn" reason: maybe CodeOrText,
        /// More in words; `PART` when less is returned than was paid.
        "AddtlInf" information: many LongText<105>,
    }
}

sequence! {
    /// What the payment was (`OriginalTransactionReference28`), in the payment's own roles. Only what can be compared is
    /// supported: the parties of a return stand in its chain.
    pub struct ReturnedTerms {
        /// What kind of payment it was.
        "PmtTpInf" kind: maybe PaymentType,
        /// Who serviced the account that paid.
        "DbtrAgt" debtor_agent: maybe Agent,
        /// Who services the account that was paid.
        "CdtrAgt" creditor_agent: maybe Agent,
    }
}

impl ChainParty {
    /// A customer whose name is not known: CBPR+ asks for one.
    fn unnamed() -> Option<Self> {
        let name = LongText::cut(NOT_PROVIDED)?;
        Some(Self::Party(Party { name: Some(name), address: None, id: None, residence: None }))
    }
}

impl ReturnReason {
    /// What its further text says when less is returned than was paid (CBPR+).
    pub const PARTIAL: &'static str = "PART";
}

impl ReturnedTerms {
    /// The service level of a cover (CBPR+, pacs.009 COV). A return names a cover as a pacs.009, and says by this which one.
    pub const COVER_LEVEL: &'static str = "G001";

    /// Those of a cover.
    fn cover() -> Option<Self> {
        let level = CodeOrText::Code(LongText::cut(Self::COVER_LEVEL)?);
        let kind = PaymentType {
            priority: None,
            service_levels: vec![level],
            local_instrument: None,
            category_purpose: None,
        };
        Some(Self { kind: Some(kind), debtor_agent: None, creditor_agent: None })
    }
}

/// A return as the ledger knows it: what a message of it is written from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Names the message and the return.
    pub id: Text35,
    /// Time of its block.
    pub time: BlockTime,
    /// The asset's day then.
    pub day: Day,
    /// Block and place of the return.
    pub reference: Option<Text35>,
    /// The payment that is returned.
    pub payment: PaymentKey,
    /// The id of the message that asked for the payment; `NOTPROVIDED` where nobody knows it.
    pub message: Text35,
    /// The payment's id from debtor to creditor, where it is known.
    pub end_to_end: Option<Text35>,
    /// Who returns.
    pub creditor_agent: Bic,
    /// The asset's currency.
    pub currency: CurrencyCode,
    /// Its decimals.
    pub exponent: Exponent,
    /// What was paid.
    pub paid: Amount,
    /// The asset's day on which it settled, where it is known.
    pub paid_on: Option<Day>,
    /// What goes back.
    pub amount: Amount,
    /// Why.
    pub reason: StatedReason,
}

impl PaymentReturn {
    /// The message of a return; `None` for a reason that returns do not have. The ledger holds no names of customers: who
    /// does can put them into the chain of parties, where `NOTPROVIDED` stands.
    pub fn of(returned: &Returned) -> Option<Self> {
        Some(Self {
            group: Group {
                id: returned.id,
                created: Moment(returned.time),
                count: LongText::cut("1")?,
                settlement: Settlement { method: SettlementMethod::Clearing },
            },
            transaction: returned.transaction()?,
        })
    }
}

impl Returned {
    fn transaction(&self) -> Option<ReturnTransaction> {
        let money = |amount: Amount| Money { currency: self.currency, number: amount.to_major(self.exponent) };
        let (definition, terms) = match self.payment.kind {
            CreditKind::Customer => ("pacs.008.001.08", None),
            CreditKind::Institution => ("pacs.009.001.08", None),
            CreditKind::Cover => ("pacs.009.001.08", Some(ReturnedTerms::cover()?)),
        };
        Some(ReturnTransaction {
            id: Some(self.id),
            original: Some(OriginalGroup { id: self.message, definition: LongText::cut(definition)?, created: None }),
            instruction: None,
            end_to_end: self.end_to_end,
            transaction: None,
            uetr: Some(self.payment.uetr),
            paid: Some(money(self.paid)),
            paid_on: self.paid_on,
            amount: money(self.amount),
            settlement_date: Some(self.day),
            // No charges are taken from it.
            instructed: Some(money(self.amount)),
            rate: None,
            // What was paid goes back as it is: each side bears its own charges.
            charge_bearer: Some(ChargeBearerCode::Shared),
            charges: Vec::new(),
            reference: self.reference,
            instructing: Some(Agent::of(self.creditor_agent)),
            instructed_agent: Some(Agent::of(self.payment.debtor_agent)),
            chain: Some(self.chain()?),
            reason: Some(self.why()?),
            terms,
        })
    }

    /// Who gives back, and who gets it: institutions by their BIC, customers without their names.
    fn chain(&self) -> Option<ReturnChain> {
        let (from, to) = (Agent::of(self.creditor_agent), Agent::of(self.payment.debtor_agent));
        let (debtor, creditor, agents) = match self.payment.kind {
            CreditKind::Customer => (ChainParty::unnamed()?, ChainParty::unnamed()?, Some((from, to))),
            CreditKind::Institution | CreditKind::Cover => {
                (ChainParty::Institution(from), ChainParty::Institution(to), None)
            }
        };
        let (debtor_agent, creditor_agent) = agents.unzip();
        Some(ReturnChain {
            ultimate_debtor: None,
            debtor,
            initiating: None,
            debtor_agent,
            creditor_agent,
            creditor,
            ultimate_creditor: None,
        })
    }

    fn why(&self) -> Option<ReturnReason> {
        let code = self.reason.codes().payback?;
        let partial = (self.amount < self.paid).then_some(ReturnReason::PARTIAL).and_then(LongText::cut);
        Some(ReturnReason {
            originator: None,
            reason: Some(CodeOrText::Code(LongText::cut(code)?)),
            information: partial.into_iter().chain(unsaid(code)).collect(),
        })
    }
}
