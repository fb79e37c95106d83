//! The one map from what goes wrong to JSON-RPC errors. Standard numbers are for faults of JSON-RPC itself, −32000 to −32099
//! for the node, each for one fault: −32005 to −32011 are the RPC library's, −32020 to −32028 say that bytes are no instruction,
//! −32031 to −32033 that the pool refuses, −32040 to −32047 are the node's own, −32051 to −32071 say why an instruction can stand in no
//! block. `data` says reason, ISO code, field, value, what was expected, and whether asking again helps.

use jsonrpsee_types::ErrorObjectOwned;
use seaway_types::bic::Bic;
use seaway_types::instruction::FormError;
use seaway_types::reason::{Retry, VoidReason};
use seaway_types::time::Height;
use serde::Serialize;

/// Why a question is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A parameter that cannot be.
    Parameter {
        /// Its name.
        field: &'static str,
        /// What was given.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Nothing is there.
    Unknown {
        /// What was asked for.
        what: &'static str,
        /// Its name.
        value: String,
    },
    /// An agent has no account with this number.
    NoAccount {
        /// The agent.
        agent: Bic,
        /// The number.
        number: String,
    },
    /// The bytes of an instruction.
    Form(FormError),
    /// It can stand in no block.
    Void(VoidReason),
    /// Refused at admission.
    Refused {
        /// What the pool says.
        message: String,
        /// ISO code.
        iso: &'static str,
        /// JSON-RPC error number.
        number: i32,
        /// Whether asking again helps.
        retry: Retry,
        /// In how many milliseconds there may be room.
        retry_after_ms: Option<u64>,
    },
    /// An observer takes no instructions.
    Observer,
    /// The state tree of that height is not kept.
    OldState {
        /// The height asked for.
        height: Height,
        /// The oldest height whose tree is kept.
        oldest: Height,
    },
    /// The node is not ready, or has stopped.
    Unavailable(String),
    /// A message of ISO 20022 that cannot be read.
    Message(Box<seaway_iso20022::Fault>),
    /// It was not final within the time that the client gave. It may still become so.
    Timeout {
        /// Milliseconds waited.
        timeout_ms: u64,
    },
    /// Reads of accounts need a right here.
    Forbidden,
    /// The node failed.
    Internal(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iso: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// The number of [`Fault::Timeout`].
const NOT_FINAL_YET: i32 = -32_043;

impl Fault {
    /// Whether an instruction was refused because its key is taken.
    pub(crate) fn is_taken(&self) -> bool {
        let taken = |iso: &str| iso == "AM05";
        match self {
            Self::Void(reason) => taken(reason.iso()),
            Self::Refused { iso, .. } => taken(iso),
            _ => false,
        }
    }
}

impl From<Fault> for ErrorObjectOwned {
    fn from(fault: Fault) -> Self {
        let mut data = Data {
            reason: String::new(),
            iso: None,
            field: None,
            value: None,
            expected: None,
            retry: Retry::Never,
            retry_after_ms: None,
        };
        let (number, message) = match &fault {
            Fault::Parameter { field, value, expected } => {
                (data.field, data.value, data.expected) = (Some(*field), Some(value.as_str()), Some(*expected));
                (-32_602, format!("{field}: '{value}' is refused; expected {expected}"))
            }
            Fault::Unknown { what, value } => {
                data.value = Some(value.as_str());
                (-32_040, format!("there is no {what} {value}"))
            }
            Fault::NoAccount { agent, number } => {
                (data.iso, data.value) = (Some("AC01"), Some(number.as_str()));
                (-32_045, format!("{agent} has no account '{number}'"))
            }
            Fault::Form(error) => {
                let (iso, number, retry) = error.row();
                (data.iso, data.retry) = (Some(iso), retry);
                (number, error.to_string())
            }
            Fault::Void(reason) => {
                let (iso, number, retry) = reason.row();
                (data.iso, data.retry) = (Some(iso), retry);
                (number, reason.to_string())
            }
            Fault::Refused { message, iso, number, retry, retry_after_ms } => {
                (data.iso, data.retry, data.retry_after_ms) = (Some(*iso), *retry, *retry_after_ms);
                (*number, message.clone())
            }
            Fault::Observer => {
                (-32_041, "this node is an observer and takes no instructions; submit to a validator".to_owned())
            }
            Fault::OldState { height, oldest } => {
                data.field = Some("height");
                (-32_046, format!("the state of height {height} cannot be proven any more; the oldest is {oldest}"))
            }
            Fault::Unavailable(why) => {
                data.retry = Retry::Same;
                (-32_042, format!("the node is not ready: {why}"))
            }
            Fault::Timeout { timeout_ms } => {
                data.retry = Retry::Same;
                (
                    NOT_FINAL_YET,
                    format!(
                        "not final within {timeout_ms} ms; it may still become so, and the same bytes may be sent again"
                    ),
                )
            }
            Fault::Message(fault) => {
                (data.iso, data.field, data.value) =
                    (Some(fault.rule.code()), Some(fault.path.as_str()), Some(fault.value.as_str()));
                (-32_047, fault.to_string())
            }
            Fault::Forbidden => (-32_044, "reading this needs a right that this caller has not shown".to_owned()),
            Fault::Internal(why) => (-32_603, format!("the node failed: {why}")),
        };
        data.reason = message.clone();
        Self::owned(number, message, Some(data))
    }
}
