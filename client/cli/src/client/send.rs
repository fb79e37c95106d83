//! Sending what was signed, and saying what became of it.

use super::Connection;
use crate::output::{json, progress, say};
use seaway_sdk::{Client, ClientError, Signed};
use serde_json::{Value, json as object};
use std::process::ExitCode;
use std::time::Duration;

/// How often the same bytes are sent before they are left to themselves.
const ATTEMPTS: usize = 5;

/// Sends until it is final; whoever watches sees how long that takes.
pub async fn settle(client: &Client, signed: &Signed) -> Result<Value, ClientError> {
    let settled = client.settle(signed, ATTEMPTS);
    tokio::pin!(settled);
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut waited = 0;
    let answer = loop {
        tokio::select! {
            answer = &mut settled => break answer,
            _ = seconds.tick() => {
                progress(&format!("UETR {}: waiting until it is final, {waited} s", signed.uetr));
                waited += 1;
            }
        }
    };
    progress("");
    answer
}

/// What is said, and with which code the command ends, when there is no answer.
pub fn unsettled(connection: &Connection, signed: &Signed, error: &ClientError) -> Result<ExitCode, String> {
    if !error.is_open() {
        return Err(error.to_string());
    }
    let uetr = signed.uetr;
    if connection.json {
        json(&object!({"uetr": uetr, "status": Value::Null, "problem": error.to_string()}));
    } else {
        say!("UETR {uetr}: no node says that it is final; 'seaway status {uetr}' will tell");
        eprintln!("seaway: {error}");
    }
    Ok(ExitCode::from(3))
}

/// With which code a command ends by a status of ISO 20022: rejected, not final in the creditor's hands yet, or done.
pub fn code(status: &Value) -> ExitCode {
    match status.as_str() {
        Some("RJCT") => ExitCode::from(2),
        Some("PDNG") => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    }
}
