//! All that is wrong with a message.

use super::Request;
use crate::fault::Fault;
use crate::faults::Faults;
use crate::message::Parsed;

/// Checks a message without a ledger: the form of each part, then each rule. A rule is not told to be broken where that only
/// follows from a part of a wrong form. A text that is no XML has one fault.
pub fn faults(text: &str) -> Vec<Fault> {
    let parsed = match Parsed::new(text) {
        Ok(parsed) => parsed,
        Err(fault) => return vec![fault],
    };
    let mut faults = Faults::all();
    // What was noted last leaves no doubt behind when no more are noted: then rules would judge what stands in for it.
    if let Some(request) = Request::of(&parsed, &mut faults).filter(|_| !faults.is_full()) {
        request.asks().order(&mut faults);
    }
    faults.into_vec()
}
