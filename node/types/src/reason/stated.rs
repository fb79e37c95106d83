//! Reasons that participants state, as ISO 20022's external code lists have them.
//!
//! Columns: status (pacs.002, `ExternalStatusReason1Code`), payback (pacs.004, `ExternalReturnReason1Code`), cancellation
//! (camt.056, `ExternalCancellationReason1Code`), refusal (camt.029, `ExternalPaymentCancellationRejection1Code`). The lists of
//! returns, cancellations and their refusals stand here whole, but for what is said of cheques, cards, cash, direct
//! debits, batches and requests to pay, of cancellations that others are to pass on or not, and of a refusal that is none yet.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Codes of a stated reason, one column each; `None` where the list has no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// pacs.002.
    pub status: Option<&'static str>,
    /// pacs.004.
    pub payback: Option<&'static str>,
    /// camt.056.
    pub cancellation: Option<&'static str>,
    /// camt.029.
    pub refusal: Option<&'static str>,
}

macro_rules! stated {
    ($($(#[$means:meta])* $variant:ident = $code:literal: $($column:ident)+,)+) => {
        /// A reason given by a participant. In JSON its ISO code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "UPPERCASE")]
        pub enum StatedReason { $($(#[$means])* $variant,)+ }

        impl StatedReason {
            /// All of them, in the order of their tags.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The code itself.
            pub const fn iso(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// In which messages the reason may stand.
            #[allow(clippy::needless_update)] // Some stand in all columns.
            pub const fn codes(self) -> Codes {
                const NONE: Codes = Codes { status: None, payback: None, cancellation: None, refusal: None };
                match self { $(Self::$variant => Codes { $($column: Some($code),)+ ..NONE },)+ }
            }
        }
    };
}

stated! {
    /// Account number wrong.
    Ac01 = "AC01": status payback,
    /// Creditor account number wrong.
    Ac03 = "AC03": status payback cancellation,
    /// Account closed.
    Ac04 = "AC04": status payback refusal,
    /// Account blocked.
    Ac06 = "AC06": status payback,
    /// Transaction forbidden on this account.
    Ag01 = "AG01": status payback,
    /// Agent's decision, or an agent that is wrong.
    Agnt = "AGNT": status payback cancellation refusal,
    /// Insufficient funds.
    Am04 = "AM04": status payback refusal,
    /// Duplication.
    Am05 = "AM05": status payback,
    /// Wrong amount.
    Am09 = "AM09": status payback cancellation,
    /// Already returned.
    Ardt = "ARDT": payback refusal,
    /// Creditor inconsistent with the account.
    Be01 = "BE01": status payback,
    /// Wrong currency.
    Curr = "CURR": status payback cancellation,
    /// Requested by the customer; or refused by it.
    Cust = "CUST": status payback cancellation refusal,
    /// Duplicate payment.
    Dupl = "DUPL": status payback cancellation,
    /// Following a cancellation request.
    Focr = "FOCR": status payback,
    /// Suspected fraud.
    Frad = "FRAD": status cancellation,
    /// Legal decision.
    Legl = "LEGL": refusal,
    /// Refund requested by the end customer.
    Md06 = "MD06": status payback cancellation,
    /// Narrative.
    Narr = "NARR": status payback cancellation refusal,
    /// No answer from the beneficiary.
    Noas = "NOAS": status payback refusal,
    /// No original transaction received.
    Noor = "NOOR": payback refusal,
    /// Missing debtor account or identification.
    Rr01 = "RR01": status payback,
    /// Missing debtor name or address.
    Rr02 = "RR02": status payback,
    /// Missing creditor name or address.
    Rr03 = "RR03": status payback,
    /// Regulatory reason.
    Rr04 = "RR04": status payback refusal,
    /// Technical problems.
    Tech = "TECH": cancellation,
    /// Undue payment.
    Upay = "UPAY": status payback cancellation,
    /// Debtor account number wrong or missing.
    Ac02 = "AC02": status payback cancellation,
    /// Creditor account closed.
    Ac07 = "AC07": status payback,
    /// Debtor account type wrong.
    Ac13 = "AC13": status payback,
    /// Creditor account type wrong; in returns, an agent of the chain is.
    Ac14 = "AC14": status payback,
    /// Account details have changed.
    Ac15 = "AC15": status payback,
    /// Account in sequestration.
    Ac16 = "AC16": payback,
    /// Account in liquidation.
    Ac17 = "AC17": payback,
    /// Operation code not valid for the receiver.
    Ag02 = "AG02": status payback,
    /// Transaction type not supported on this account.
    Ag03 = "AG03": status,
    /// Debtor account cannot be debited.
    Ag07 = "AG07": status payback,
    /// Amount is zero.
    Am01 = "AM01": status payback,
    /// Amount above the maximum allowed.
    Am02 = "AM02": status payback,
    /// Currency not processed.
    Am03 = "AM03": status payback,
    /// Amount below the minimum agreed.
    Am06 = "AM06": status payback,
    /// Amount blocked by an authority.
    Am07 = "AM07": status payback,
    /// Control sum wrong.
    Am10 = "AM10": status payback,
    /// Creditor address missing or wrong.
    Be04 = "BE04": status payback,
    /// Initiating party not recognised by the end customer.
    Be05 = "BE05": status payback,
    /// End customer unknown.
    Be06 = "BE06": status payback,
    /// Debtor address missing or wrong.
    Be07 = "BE07": status payback,
    /// Debtor name missing; in returns, an error of a bank's.
    Be08 = "BE08": status payback,
    /// Debtor country missing or wrong.
    Be10 = "BE10": status payback,
    /// Creditor country missing or wrong.
    Be11 = "BE11": status payback,
    /// Debtor identification missing or wrong.
    Be16 = "BE16": status payback cancellation,
    /// Creditor identification missing or wrong.
    Be17 = "BE17": status payback,
    /// Creditor name missing.
    Be22 = "BE22": status,
    /// Creditor's agent not registered.
    Cnor = "CNOR": status payback,
    /// Debtor's agent not registered.
    Dnor = "DNOR": status payback,
    /// Cover came without its payment.
    Dc04 = "DC04": payback,
    /// The order waited too long.
    Ds24 = "DS24": status cancellation,
    /// Technical problem made it wrong.
    Ds28 = "DS28": payback,
    /// Date wrong.
    Dt01 = "DT01": status payback cancellation,
    /// Future date not supported.
    Dt04 = "DT04": status payback,
    /// No correspondent possible.
    Ed01 = "ED01": status payback,
    /// Balance of payments data asked for.
    Ed03 = "ED03": status payback,
    /// Settlement failed.
    Ed05 = "ED05": status payback,
    /// Extended remittance not supported.
    Erin = "ERIN": status payback,
    /// The debtor's own error.
    Enue = "ENUE": cancellation,
    /// The cover was returned or cancelled.
    Covr = "COVR": cancellation,
    /// An investigation found no remedy.
    Cuta = "CUTA": cancellation,
    /// Payment type missing or wrong.
    Ff03 = "FF03": status payback,
    /// Service level missing or wrong.
    Ff04 = "FF04": status payback,
    /// Local instrument missing or wrong.
    Ff05 = "FF05": status payback,
    /// Category purpose missing or wrong.
    Ff06 = "FF06": status payback,
    /// Purpose missing or wrong.
    Ff07 = "FF07": status payback,
    /// Fraud.
    Fr01 = "FR01": status payback,
    /// An indemnity is needed first.
    Idmn = "IDMN": refusal,
    /// An indemnity is asked for, or needed first.
    Indm = "INDM": cancellation refusal,
    /// End customer deceased.
    Md07 = "MD07": status payback,
    /// The end customer gives no reason.
    Ms02 = "MS02": status payback,
    /// The agent gives no reason.
    Ms03 = "MS03": status payback,
    /// Account does not comply with regulation.
    Nocm = "NOCM": status payback,
    /// Passed on to the next agent.
    Ptna = "PTNA": refusal,
    /// Bank identifier wrong.
    Rc01 = "RC01": status payback,
    /// Debtor's agent missing or wrong.
    Rc03 = "RC03": status payback,
    /// Creditor's agent missing or wrong.
    Rc04 = "RC04": status payback,
    /// Creditor agent's BIC wrong.
    Rc07 = "RC07": status payback,
    /// Clearing member missing or wrong.
    Rc08 = "RC08": status payback,
    /// Intermediary agent missing or wrong.
    Rc11 = "RC11": status payback,
    /// Reference not unique.
    Rf01 = "RF01": status payback,
    /// The creditor must allow the debit first.
    Rqda = "RQDA": refusal,
    /// Regulatory reporting missing or wrong.
    Rr05 = "RR05": status payback,
    /// Tax information missing or wrong.
    Rr06 = "RR06": status payback,
    /// Remittance against the rules of the payment type.
    Rr07 = "RR07": status payback,
    /// Remittance cut to the rules of the payment type.
    Rr08 = "RR08": status payback,
    /// Creditor reference missing or wrong.
    Rr09 = "RR09": status payback,
    /// Identification of a bank's own service missing or wrong.
    Rr11 = "RR11": status payback,
    /// Identification that the country asks for missing or wrong.
    Rr12 = "RR12": status payback,
    /// An investigation found no remedy.
    Ruta = "RUTA": status payback,
    /// A service of the debtor's agent.
    Sl01 = "SL01": status payback,
    /// A service of the creditor's agent.
    Sl02 = "SL02": status payback,
    /// After the cut-off.
    Tm01 = "TM01": status payback,
    /// The debtor had not authorised it.
    Uapa = "UAPA": cancellation,
    /// Creditor unknown.
    Ucrd = "UCRD": status,
}

impl fmt::Display for StatedReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.iso())
    }
}
