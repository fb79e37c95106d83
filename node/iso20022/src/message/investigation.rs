//! Parts that requests to cancel and their answers share: who asks whom, and in which case.

use super::common::{Agent, Party};
use crate::xml::{Moment, choice, sequence};
use seaway_types::text::Text35;

sequence! {
    /// Who hands the matter to whom (`CaseAssignment5`).
    pub struct Assignment {
        /// Names the message.
        "Id" id: one Text35,
        /// Who sends it.
        "Assgnr" from: one CaseParty,
        /// Who receives it.
        "Assgne" to: one CaseParty,
        /// When it was made.
        "CreDtTm" created: one Moment,
    }
}

choice! {
    /// A party of a case (`Party40Choice`).
    pub enum CaseParty {
        /// A person or firm.
        "Pty" Party(Party),
        /// An institution.
        "Agt" Institution(Agent),
    }
}

impl CaseParty {
    /// The institution, if it is one.
    pub(crate) fn agent(&self) -> Option<&Agent> {
        match self {
            Self::Institution(agent) => Some(agent),
            Self::Party(_) => None,
        }
    }
}

sequence! {
    /// A case (`Case5`).
    pub struct Case {
        /// Its id.
        "Id" id: one Text35,
        /// Who opened it.
        "Cretr" creator: one CaseParty,
    }
}
