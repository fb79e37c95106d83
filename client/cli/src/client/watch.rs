//! `seaway watch`: what becomes final, as it does.

use super::Connection;
use crate::output::{say, text};
use clap::Args;
use seaway_sdk::Topic;
use seaway_types::time::Height;
use serde_json::Value;
use std::process::ExitCode;

/// What is watched.
#[derive(Args)]
pub struct Options {
    /// An account: its id, or with --genesis its label. Without it the payments of all, where the node allows that.
    pub account: Option<String>,
    /// The first height; the next one without it.
    #[arg(long)]
    pub from: Option<u64>,
    /// End after so many events.
    #[arg(long)]
    pub count: Option<u64>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints event after event until it is stopped.
pub async fn watch(options: &Options) -> Result<ExitCode, String> {
    let account = options.account.as_deref().map(|account| options.connection.account(account)).transpose()?;
    let topic = account.map_or(Topic::Payments(None), Topic::Movements);
    let client = options.connection.client().await?;
    let mut stream = client.follow(topic, options.from.map(Height));
    let mut left = options.count;
    while left != Some(0) {
        let event = stream.next().await.map_err(|error| error.to_string())?;
        if options.connection.json {
            say!("{event}");
        } else {
            show(&event);
        }
        left = left.map(|left| left - 1);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(event: &Value) {
    let rows = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let height = text(&event["height"]);
    for posting in rows(&event["postings"]) {
        let [direction, part, amount, after, uetr] =
            ["creditDebit", "part", "amount", "balanceAfter", "uetr"].map(|field| text(&posting[field]));
        say!("{height}  {direction} {amount} ({part}), then {after}  {uetr}");
    }
    for instruction in rows(&event["instructions"]) {
        for credit in rows(&instruction["credits"]) {
            let [status, amount, creditor, uetr] =
                ["status", "amount", "creditor", "uetr"].map(|field| text(&credit[field]));
            say!("{height}  {status} {amount} to {creditor}  {uetr}");
        }
        if !instruction["reason"].is_null() {
            let (reason, key) = (&instruction["reason"], text(&instruction["key"]));
            say!("{height}  {} {}: instruction {key}", text(&reason["iso"]), text(&reason["text"]));
        }
    }
}
