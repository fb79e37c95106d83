//! `seaway events`: the feed of a participant.

use super::Connection;
use crate::output::{json, say, table, text};
use clap::Args;
use serde_json::{Value, json as object};
use std::process::ExitCode;

/// Events in one answer of a node.
const PAGE: usize = 1_000;

/// Whose events, and which.
#[derive(Args)]
pub struct Options {
    /// The participant's BIC.
    participant: String,
    /// Those with numbers above this one.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// How many at most.
    #[arg(long, default_value_t = 100)]
    count: usize,
    #[command(flatten)]
    connection: Connection,
}

/// Prints events, in order of their numbers.
pub async fn events(options: &Options) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let (mut after, mut left) = (options.after, options.count);
    let mut found: Vec<Value> = Vec::new();
    while left > 0 {
        let asked = object!({"participant": options.participant, "after": after, "count": left.min(PAGE)});
        let answer = client.call("feed_read", asked).await.map_err(|error| error.to_string())?;
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        if events.is_empty() {
            break;
        }
        left = left.saturating_sub(events.len());
        after = answer["last"].as_u64().ok_or("the node does not say the number of its last event")?;
        found.extend(events);
    }
    if options.connection.json {
        json(&object!({"participant": options.participant, "events": found, "last": after}));
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["number", "time", "event", "", "amount", "reference", "UETR"]);
    for event in &found {
        let more = ["direction", "status", "event"].iter().map(|field| &event[*field]).find(|value| !value.is_null());
        let amounts = [&event["amount"], &event["moved"][0]["amount"]];
        shown.add_row([
            text(&event["number"]),
            text(&event["time"]),
            text(&event["type"]),
            more.map(text).unwrap_or_default(),
            amounts.iter().find_map(|amount| amount.as_str()).unwrap_or_default().to_owned(),
            text(&event["reference"]),
            event["uetr"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}
