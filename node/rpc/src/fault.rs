//! The one map from what goes wrong to JSON-RPC errors. Standard numbers are for faults of JSON-RPC itself, −32000 to −32099
//! for the node; `data` says reason, ISO code, field, value, what was expected, and whether asking again helps.

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
    /// Refused at admission, with ISO code, number and retry word.
    Refused(String, &'static str, i32, Retry),
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
}

impl Fault {
    /// Whether an instruction was refused because its key is taken.
    pub(crate) fn is_taken(&self) -> bool {
        let taken = |iso: &str| iso == "AM05";
        match self {
            Self::Void(reason) => taken(reason.iso()),
            Self::Refused(_, iso, ..) => taken(iso),
            _ => false,
        }
    }
}

impl From<Fault> for ErrorObjectOwned {
    fn from(fault: Fault) -> Self {
        let mut data =
            Data { reason: String::new(), iso: None, field: None, value: None, expected: None, retry: Retry::Never };
        let (number, message) = match &fault {
            Fault::Parameter { field, value, expected } => {
                (data.field, data.value, data.expected) = (Some(*field), Some(value.as_str()), Some(*expected));
                (-32_602, format!("{field}: '{value}' is refused; expected {expected}"))
            }
            Fault::Unknown { what, value } => {
                data.value = Some(value.as_str());
                (-32_001, format!("there is no {what} {value}"))
            }
            Fault::NoAccount { agent, number } => {
                (data.iso, data.value) = (Some("AC01"), Some(number.as_str()));
                (-32_006, format!("{agent} has no account '{number}'"))
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
            Fault::Refused(message, iso, number, retry) => {
                (data.iso, data.retry) = (Some(*iso), *retry);
                (*number, message.clone())
            }
            Fault::Observer => {
                (-32_002, "this node is an observer and takes no instructions; submit to a validator".to_owned())
            }
            Fault::OldState { height, oldest } => {
                data.field = Some("height");
                (-32_007, format!("the state of height {height} cannot be proven any more; the oldest is {oldest}"))
            }
            Fault::Unavailable(why) => {
                data.retry = Retry::Same;
                (-32_003, format!("the node is not ready: {why}"))
            }
            Fault::Timeout { timeout_ms } => {
                data.retry = Retry::Same;
                (
                    -32_004,
                    format!(
                        "not final within {timeout_ms} ms; it may still become so, and the same bytes may be sent again"
                    ),
                )
            }
            Fault::Message(fault) => {
                (data.iso, data.field, data.value) =
                    (Some(fault.rule.code()), Some(fault.path.as_str()), Some(fault.value.as_str()));
                (-32_031, fault.to_string())
            }
            Fault::Forbidden => (-32_005, "reading this needs a right that this caller has not shown".to_owned()),
            Fault::Internal(why) => (-32_603, format!("the node failed: {why}")),
        };
        data.reason = message.clone();
        Self::owned(number, message, Some(data))
    }
}
