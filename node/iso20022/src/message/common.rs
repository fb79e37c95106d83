//! Parts that several messages share.

use crate::fault::Fault;
use crate::faults::Faults;
use crate::xml::{LongText, Money, choice, codes, sequence};
use seaway_types::bic::Bic;
use seaway_types::iban::Iban;
use seaway_types::lei::Lei;
use seaway_types::text::{Country, Purpose, Text35};

sequence! {
    /// An institution (`BranchAndFinancialInstitutionIdentification6`).
    pub struct Agent {
        /// Which.
        "FinInstnId" institution: one Institution,
    }
}

sequence! {
    /// What names an institution (`FinancialInstitutionIdentification18`).
    pub struct Institution {
        /// BIC.
        "BICFI" bic: maybe Bic,
        /// LEI.
        "LEI" lei: maybe Lei,
        /// Name.
        "Nm" name: maybe LongText<140>,
        /// Address.
        "PstlAdr" address: maybe Address,
    }
}

impl Agent {
    /// An institution by its BIC.
    pub fn of(bic: Bic) -> Self {
        Self { institution: Institution { bic: Some(bic), lei: None, name: None, address: None } }
    }

    /// Its BIC, which Seaway knows institutions by.
    pub(crate) fn bic(&self, path: &str) -> Result<Bic, Fault> {
        let missing =
            || Fault::refused(&format!("{path}/FinInstnId/BICFI"), "", "RC01", "institutions are known by BIC");
        self.institution.bic.ok_or_else(missing)
    }
}

sequence! {
    /// A person or firm (`PartyIdentification135`).
    pub struct Party {
        /// Name.
        "Nm" name: maybe LongText<140>,
        /// Address.
        "PstlAdr" address: maybe Address,
        /// Identification.
        "Id" id: maybe PartyId,
        /// Country of residence.
        "CtryOfRes" residence: maybe Country,
    }
}

choice! {
    /// What names a party (`Party38Choice`).
    pub enum PartyId {
        /// A firm.
        "OrgId" Organisation(Organisation),
    }
}

sequence! {
    /// A firm (`OrganisationIdentification29`).
    pub struct Organisation {
        /// BIC.
        "AnyBIC" bic: maybe Bic,
        /// LEI.
        "LEI" lei: maybe Lei,
    }
}

sequence! {
    /// An address (`PostalAddress24`). Since November 2026 town and country must be named, and an order is checked for it.
    pub struct Address {
        /// Department.
        "Dept" department: maybe LongText<70>,
        /// Sub-department.
        "SubDept" sub_department: maybe LongText<70>,
        /// Street.
        "StrtNm" street: maybe LongText<70>,
        /// House number.
        "BldgNb" building_number: maybe LongText<16>,
        /// Name of the building.
        "BldgNm" building: maybe LongText<35>,
        /// Floor.
        "Flr" floor: maybe LongText<70>,
        /// Post box.
        "PstBx" post_box: maybe LongText<16>,
        /// Room.
        "Room" room: maybe LongText<70>,
        /// Post code.
        "PstCd" post_code: maybe LongText<16>,
        /// Town.
        "TwnNm" town: maybe LongText<35>,
        /// Part of the town.
        "TwnLctnNm" town_location: maybe LongText<35>,
        /// District.
        "DstrctNm" district: maybe LongText<35>,
        /// State or province.
        "CtrySubDvsn" province: maybe LongText<35>,
        /// Country.
        "Ctry" country: maybe Country,
        /// Free lines.
        "AdrLine" lines: many LongText<70>,
    }
}

impl Address {
    /// The rule of CBPR+ from 14 November 2026: town and country are named, and at most two free lines of 70 come on top.
    pub(crate) fn check(&self, path: &str, code: &'static str, faults: &mut Faults) {
        let text = "an address names town and country; free lines alone are refused";
        for (name, is_missing) in [("TwnNm", self.town.is_none()), ("Ctry", self.country.is_none())] {
            if is_missing {
                faults.push(Fault::refused(&format!("{path}/PstlAdr/{name}"), "", code, text));
            }
        }
        if self.lines.len() > 2 {
            let path = format!("{path}/PstlAdr/AdrLine[3]");
            faults.push(Fault::refused(&path, "", code, "at most two free lines"));
        }
    }
}

sequence! {
    /// An account (`CashAccount38`).
    pub struct CashAccount {
        /// What names it.
        "Id" id: one AccountChoice,
        /// Its currency.
        "Ccy" currency: maybe Currency,
        /// Its name.
        "Nm" name: maybe LongText<70>,
    }
}

/// A currency as a text of its own.
pub type Currency = LongText<3>;

choice! {
    /// What names an account (`AccountIdentification4Choice`).
    pub enum AccountChoice {
        /// An IBAN.
        "IBAN" Iban(Iban),
        /// Anything else: the ledger's opaque id, or the agent's own number.
        "Othr" Other(OtherAccount),
    }
}

sequence! {
    /// An account by another number (`GenericAccountIdentification1`).
    pub struct OtherAccount {
        /// The number.
        "Id" id: one LongText<34>,
    }
}

sequence! {
    /// A charge that was taken (`Charges7`).
    pub struct Charges {
        /// How much.
        "Amt" amount: one Money,
        /// By whom.
        "Agt" agent: one Agent,
    }
}

codes! {
    /// Who bears charges (`ChargeBearerType1Code`).
    pub enum ChargeBearerCode {
        /// The debtor.
        "DEBT" Debtor,
        /// The creditor.
        "CRED" Creditor,
        /// Shared.
        "SHAR" Shared,
        /// As a service level says.
        "SLEV" ServiceLevel,
    }
}

codes! {
    /// How urgent (`Priority2Code`).
    pub enum Priority {
        /// High.
        "HIGH" High,
        /// Normal.
        "NORM" Normal,
    }
}

choice! {
    /// A code of an external list, or a text of the parties' own.
    pub enum CodeOrText {
        /// A code.
        "Cd" Code(Code),
        /// A text.
        "Prtry" Text(Text35),
    }
}

/// What stands for an id or a name that nobody knows (CBPR+).
pub(crate) const NOT_PROVIDED: &str = "NOTPROVIDED";

/// What stands beside a code that asks for more words, in a message made from the ledger alone: it holds no texts.
pub(crate) fn unsaid(code: &str) -> Option<LongText<105>> {
    matches!(code, "NARR" | "ARDT").then(|| LongText::cut("the ledger holds the code alone")).flatten()
}

/// A code of an external list, up to 35 characters as the longest list has them.
pub type Code = LongText<35>;

sequence! {
    /// What kind of payment it is (`PaymentTypeInformation28`).
    pub struct PaymentType {
        /// How urgent for the instructed agent.
        "InstrPrty" priority: maybe Priority,
        /// Agreements.
        "SvcLvl" service_levels: many CodeOrText,
        /// What the community calls it.
        "LclInstrm" local_instrument: maybe CodeOrText,
        /// Purpose, for handling.
        "CtgyPurp" category_purpose: maybe CodeOrText,
    }
}

choice! {
    /// Why it is paid (`Purpose2Choice`).
    pub enum Purposes {
        /// A purpose code.
        "Cd" Code(Purpose),
    }
}

sequence! {
    /// What the creditor is told (`RemittanceInformation16`).
    pub struct Remittance {
        /// Free text.
        "Ustrd" free: many LongText<140>,
    }
}
