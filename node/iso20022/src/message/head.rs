//! The business application header, head.001.001.02.

use super::common::{Agent, Party};
use crate::fault::Fault;
use crate::xml::{LongText, Moment, choice, codes, sequence};
use seaway_types::bic::Bic;
use seaway_types::text::Text35;

sequence! {
    /// See the module (`BusinessApplicationHeaderV02`).
    pub struct Header {
        /// Who sends it.
        "Fr" from: one HeaderParty,
        /// Who receives it.
        "To" to: one HeaderParty,
        /// Names the message between the two.
        "BizMsgIdr" id: one Text35,
        /// The document's identifier, as in `pacs.008.001.08`.
        "MsgDefIdr" definition: one LongText<35>,
        /// The service whose rules hold.
        "BizSvc" service: maybe LongText<35>,
        /// When it was made.
        "CreDt" created: one Moment,
        /// Whether it may have been sent before. The message's key tells that, whatever stands here.
        "PssblDplct" possible_duplicate: maybe YesNo,
        /// How urgent.
        "Prty" priority: maybe LongText<4>,
    }
}

choice! {
    /// A party of the header (`Party44Choice`).
    pub enum HeaderParty {
        /// A firm or person.
        "OrgId" Organisation(Party),
        /// An institution.
        "FIId" Institution(Agent),
    }
}

impl HeaderParty {
    /// The BIC of a party that must be an institution.
    pub(crate) fn bic(&self, path: &str) -> Result<Bic, Fault> {
        match self {
            Self::Institution(agent) => agent.bic(&format!("{path}/FIId")),
            Self::Organisation(_) => {
                Err(Fault::refused(&format!("{path}/OrgId"), "", "RC01", "an institution stands here, by FIId"))
            }
        }
    }
}

codes! {
    /// Yes or no.
    pub enum YesNo {
        /// Yes.
        "true" Yes,
        /// No.
        "false" No,
    }
}
