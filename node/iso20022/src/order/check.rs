//! All that is wrong with a message, as far as one fault does not hide another.

use super::Request;
use crate::fault::{Fault, Rule};
use crate::message::Parsed;
use seaway_types::limits::ISO_FAULTS_MAX;

/// Checks a message without a ledger. Each fault is found as [`Request::read`] and [`Request::order`] find the first one;
/// then the element that has it is left out, and the rest is checked again. What is missing only because it was left out is
/// no fault: then the element around it is left out too.
///
/// It ends where a part that every message has is wrong in a way that makes the rest unreadable, and where one payment of
/// many would have to be left out.
pub fn faults(text: &str) -> Vec<Fault> {
    let mut parsed = match Parsed::new(text) {
        Ok(parsed) => parsed,
        Err(fault) => return vec![fault],
    };
    let (mut found, mut left_out): (Vec<Fault>, Vec<String>) = (Vec::new(), Vec::new());
    while let Err(fault) = Request::of(&parsed).and_then(|request| request.order()) {
        let path = inner(&fault.path).to_owned();
        // What was left out below this path may be all that is wrong with it.
        let ours =
            |left: &String| left == &path || left.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'));
        let consequence = left_out.iter().any(ours);
        if !consequence {
            found.push(fault.clone());
        }
        let missing = consequence || matches!(fault.rule, Rule::Missing);
        let around = |path: &str| path.rsplit_once('/').map_or(String::new(), |(around, _)| around.to_owned());
        let mut out = if missing { around(&path) } else { path };
        while !out.is_empty() && !parsed.leave_out(&out) {
            out = around(&out);
        }
        // Without its document or a part that every message has, nothing more can be said.
        let enough = out.starts_with("/AppHdr") || out.matches('/').count() >= 3;
        // Without one payment of many, number and sum are others, and so are the places of those after it.
        let one_of_many = out.rsplit('/').next().is_some_and(|name| name.starts_with("CdtTrfTxInf["));
        if !enough || one_of_many || found.len() >= ISO_FAULTS_MAX {
            break;
        }
        left_out.push(out);
    }
    found
}

/// A path without the element that is around header and document.
fn inner(path: &str) -> &str {
    let start = ["/AppHdr", "/Document"].iter().filter_map(|name| path.find(name)).min();
    start.and_then(|start| path.get(start..)).unwrap_or(path)
}
