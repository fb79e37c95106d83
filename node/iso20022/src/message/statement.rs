//! What camt.052, camt.053 and camt.054 share: an account, its balances, and its entries.

use super::common::{AccountChoice, Agent, CashAccount, Code, CodeOrText, Currency, Purposes};
use super::head::YesNo;
use super::pain001::DayOrMoment;
use crate::xml::{LongText, Moment, Money, codes, sequence};
use seaway_types::Uetr;
use seaway_types::text::Text35;

sequence! {
    /// What holds for the message (`GroupHeader81`).
    pub struct ReportingGroup {
        /// Names the message.
        "MsgId" id: one Text35,
        /// When it was made: the moment up to which it reports.
        "CreDtTm" created: one Moment,
    }
}

sequence! {
    /// Which part of a report it is (`Pagination1`).
    pub struct Page {
        /// Its number, from one.
        "PgNb" number: one LongText<5>,
        /// Whether none follows.
        "LastPgInd" last: one YesNo,
    }
}

sequence! {
    /// From when until when (`DateTimePeriod1`).
    pub struct Period {
        /// The first moment.
        "FrDtTm" from: one Moment,
        /// The first moment after it.
        "ToDtTm" to: one Moment,
    }
}

sequence! {
    /// The account (`CashAccount39`).
    pub struct StatedAccount {
        /// What names it.
        "Id" id: one AccountChoice,
        /// What kind of account it is: here the asset's name, where its currency alone does not say which money it is.
        "Tp" kind: maybe CodeOrText,
        /// Its currency.
        "Ccy" currency: maybe Currency,
        /// Its name.
        "Nm" name: maybe LongText<70>,
        /// Who services it.
        "Svcr" servicer: maybe Agent,
    }
}

codes! {
    /// Which way money went (`CreditDebitCode`).
    pub enum Direction {
        /// It arrived.
        "CRDT" Credit,
        /// It left.
        "DBIT" Debit,
    }
}

sequence! {
    /// What kind of balance it is (`BalanceType13`).
    pub struct BalanceType {
        /// The kind.
        "CdOrPrtry" kind: one CodeOrText,
        /// More of it.
        "SubTp" sub_type: maybe CodeOrText,
    }
}

sequence! {
    /// A balance (`CashBalance8`).
    pub struct StatedBalance {
        /// Its kind.
        "Tp" kind: one BalanceType,
        /// How much.
        "Amt" amount: one Money,
        /// On which side.
        "CdtDbtInd" direction: one Direction,
        /// When.
        "Dt" date: one DayOrMoment,
    }
}

sequence! {
    /// Entries counted and summed up (`TotalTransactions6`).
    pub struct Totals {
        /// All.
        "TtlNtries" all: maybe EntryTotal,
        /// Credits.
        "TtlCdtNtries" credits: maybe EntryTotal,
        /// Debits.
        "TtlDbtNtries" debits: maybe EntryTotal,
    }
}

sequence! {
    /// Entries of one side (`NumberAndSumOfTransactions1`).
    pub struct EntryTotal {
        /// How many.
        "NbOfNtries" count: maybe LongText<15>,
        /// How much in all.
        "Sum" sum: maybe LongText<19>,
    }
}

sequence! {
    /// An entry (`ReportEntry10`).
    pub struct Entry {
        /// Names it in the report.
        "NtryRef" reference: maybe Text35,
        /// How much.
        "Amt" amount: one Money,
        /// Which way.
        "CdtDbtInd" direction: one Direction,
        /// Whether it takes back an earlier one.
        "RvslInd" reversal: maybe YesNo,
        /// Whether it is booked.
        "Sts" status: one CodeOrText,
        /// When it was booked.
        "BookgDt" booked: maybe DayOrMoment,
        /// From when it counts.
        "ValDt" value: maybe DayOrMoment,
        /// The servicer's reference.
        "AcctSvcrRef" servicer_reference: maybe Text35,
        /// What it is.
        "BkTxCd" code: one BankCode,
        /// What belongs to it.
        "NtryDtls" details: many EntryDetails,
        /// More of it.
        "AddtlNtryInf" information: maybe LongText<500>,
    }
}

sequence! {
    /// What an entry is (`BankTransactionCodeStructure4`).
    pub struct BankCode {
        /// By the codes of ISO 20022.
        "Domn" domain: maybe BankDomain,
        /// By others.
        "Prtry" own: maybe OwnBankCode,
    }
}

sequence! {
    /// The domain (`BankTransactionCodeStructure5`).
    pub struct BankDomain {
        /// The domain's code.
        "Cd" code: one LongText<4>,
        /// The family in it.
        "Fmly" family: one BankFamily,
    }
}

sequence! {
    /// The family (`BankTransactionCodeStructure6`).
    pub struct BankFamily {
        /// The family's code.
        "Cd" code: one LongText<4>,
        /// The sub-family in it.
        "SubFmlyCd" sub_family: one LongText<4>,
    }
}

sequence! {
    /// What an entry is, in somebody's own words (`ProprietaryBankTransactionCodeStructure1`).
    pub struct OwnBankCode {
        /// The code.
        "Cd" code: one Text35,
        /// Whose it is.
        "Issr" issuer: maybe Text35,
    }
}

sequence! {
    /// What belongs to an entry (`EntryDetails9`).
    pub struct EntryDetails {
        /// One by one.
        "TxDtls" transactions: many EntryTransaction,
    }
}

sequence! {
    /// One movement of an entry (`EntryTransaction10`).
    pub struct EntryTransaction {
        /// Its names.
        "Refs" references: maybe References,
        /// How much.
        "Amt" amount: maybe Money,
        /// Which way.
        "CdtDbtInd" direction: maybe Direction,
        /// What it is, where the entry does not say.
        "BkTxCd" code: maybe BankCode,
        /// The accounts of both sides.
        "RltdPties" parties: maybe RelatedParties,
        /// The agents of both sides.
        "RltdAgts" agents: maybe RelatedAgents,
        /// Why it was paid.
        "Purp" purpose: maybe Purposes,
        /// Why it was returned.
        "RtrInf" returned: maybe ReturnInformation,
        /// More of it.
        "AddtlTxInf" information: maybe LongText<500>,
    }
}

sequence! {
    /// Names of a movement (`TransactionReferences6`).
    pub struct References {
        /// The message that asked for it.
        "MsgId" message: maybe Text35,
        /// The servicer's reference.
        "AcctSvcrRef" servicer: maybe Text35,
        /// The payment information that asked for it.
        "PmtInfId" payment_information: maybe Text35,
        /// The instruction's id.
        "InstrId" instruction: maybe Text35,
        /// The debtor's own reference.
        "EndToEndId" end_to_end: maybe Text35,
        /// The UETR.
        "UETR" uetr: maybe Uetr,
        /// The first agent's id.
        "TxId" transaction: maybe Text35,
    }
}

sequence! {
    /// Accounts of both sides (`TransactionParties6`).
    pub struct RelatedParties {
        /// Who paid.
        "DbtrAcct" debtor_account: maybe CashAccount,
        /// Who was paid.
        "CdtrAcct" creditor_account: maybe CashAccount,
    }
}

sequence! {
    /// Agents of both sides (`TransactionAgents5`).
    pub struct RelatedAgents {
        /// Of who paid.
        "DbtrAgt" debtor: maybe Agent,
        /// Of who was paid.
        "CdtrAgt" creditor: maybe Agent,
    }
}

sequence! {
    /// Why a payment came back (`PaymentReturnReason5`).
    pub struct ReturnInformation {
        /// What the returned payment was.
        "OrgnlBkTxCd" original: maybe BankCode,
        /// The reason.
        "Rsn" reason: maybe CodeOrText,
    }
}

impl BankCode {
    /// A code of ISO 20022: domain, family and sub-family.
    pub fn of(domain: &str, family: &str, sub_family: &str) -> Option<Self> {
        let family = BankFamily { code: LongText::cut(family)?, sub_family: LongText::cut(sub_family)? };
        Some(Self { domain: Some(BankDomain { code: LongText::cut(domain)?, family }), own: None })
    }
}

impl BalanceType {
    /// A kind by its code, and by a second one where there is more to say.
    pub fn of(code: &str, sub_type: Option<&str>) -> Option<Self> {
        let code_of = |text: &str| Code::cut(text).map(CodeOrText::Code);
        Some(Self { kind: code_of(code)?, sub_type: sub_type.and_then(code_of) })
    }
}
