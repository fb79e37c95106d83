//! `seaway webhooks`: how a node delivers the events of its own institution, and what the receivers refused, delivered again.

use super::Connection;
use super::signers::call;
use crate::output::{json, say, table, text};
use clap::{Args, Subcommand};
use seaway_sdk::Client;
use seaway_types::time::BlockTime;
use serde_json::{Value, json as object};
use std::process::ExitCode;

/// Dead letters in one answer of a node.
const PAGE: usize = 100;

/// What is done with webhooks. A node tells of them to its own institution alone: --read-key is needed.
#[derive(Subcommand)]
pub enum Command {
    /// How delivery stands at each webhook; with a name, the events that its receiver refused for good.
    List(List),
    /// Have events that were refused for good delivered again, one by one, each alone and under its own number. What the
    /// receiver takes is a dead letter no more, and one that is gone already is passed over. Exit code 2 when it refuses one
    /// again; it ends at once when the receiver is away.
    Redeliver(Redeliver),
}

/// Of what.
#[derive(Args)]
pub struct List {
    /// A webhook's name: its dead letters. Without it all webhooks.
    webhook: Option<String>,
    /// Those with numbers above this one.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// How many at most.
    #[arg(long, default_value_t = 100)]
    count: usize,
    #[command(flatten)]
    connection: Connection,
}

/// Which.
#[derive(Args)]
pub struct Redeliver {
    /// The webhook's name.
    webhook: String,
    /// The numbers of the events, in the order in which they are sent.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    numbers: Vec<u64>,
    /// All of its dead letters, by rising number.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Runs it.
pub fn run(command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::List(options) => super::run(list(options)),
        Command::Redeliver(options) => super::run(redeliver(options)),
    }
}

/// The dead letters of a webhook with numbers above one, at most so many.
async fn letters(client: &Client, webhook: &str, mut after: u64, count_max: usize) -> Result<Vec<Value>, String> {
    let mut found: Vec<Value> = Vec::new();
    while found.len() < count_max {
        let count = (count_max - found.len()).min(PAGE);
        let asked = object!({"webhook": webhook, "after": after, "count": count});
        let answer = call(client, "webhook_dead", asked).await?;
        let page = answer["letters"].as_array().cloned().unwrap_or_default();
        if page.is_empty() {
            break;
        }
        after = answer["last"].as_u64().ok_or("the node does not say the number of its last dead letter")?;
        found.extend(page);
    }
    Ok(found)
}

/// A moment in Unix seconds, as people read it.
fn moment(seconds: &Value) -> String {
    let moment = seconds.as_u64().and_then(|seconds| BlockTime::from_ms(seconds.saturating_mul(1_000)));
    moment.map_or_else(|| "-".to_owned(), |moment| moment.to_string())
}

async fn list(options: &List) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    if let Some(webhook) = &options.webhook {
        let found = letters(&client, webhook, options.after, options.count).await?;
        if options.connection.json {
            json(&object!({"webhook": webhook, "letters": found}));
            return Ok(ExitCode::SUCCESS);
        }
        let mut shown = table(["number", "event", "refused", "status", "reason"]);
        for letter in &found {
            let [number, status, reason] = ["number", "status", "reason"].map(|field| text(&letter[field]));
            shown.add_row([number, text(&letter["event"]["type"]), moment(&letter["at"]), status, reason]);
        }
        say!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    let answer = call(&client, "webhook_list", object!({})).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["webhook", "delivered", "dead letters", "failures", "failing since", "last problem"]);
    for one in answer["webhooks"].as_array().into_iter().flatten() {
        let [webhook, delivered, dead, failures, problem] =
            ["webhook", "delivered", "deadLetters", "failures", "lastProblem"].map(|field| text(&one[field]));
        shown.add_row([webhook, delivered, dead, failures, moment(&one["failingSince"]), problem]);
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}

async fn redeliver(options: &Redeliver) -> Result<ExitCode, String> {
    let Redeliver { webhook, numbers, all, connection } = options;
    let client = connection.client().await?;
    let numbers = if *all {
        let found = letters(&client, webhook, 0, usize::MAX).await?;
        found.iter().filter_map(|letter| letter["number"].as_u64()).collect()
    } else {
        numbers.clone()
    };
    let (mut answers, mut refused, mut ended) = (Vec::new(), false, None);
    for number in numbers {
        let answer = match call(&client, "webhook_redeliver", object!({"webhook": webhook, "number": number})).await {
            Ok(answer) => answer,
            Err(problem) => {
                ended = Some(problem);
                break;
            }
        };
        let problem = text(&answer["problem"]);
        if answer["delivered"] == true {
            say_unless(connection.json, &format!("{number}: delivered"));
        } else if answer["found"] == false {
            say_unless(connection.json, &format!("{number}: no such dead letter"));
        } else if answer["status"].is_null() {
            ended = Some(format!("{number}: not delivered: {problem}"));
        } else {
            refused = true;
            say_unless(connection.json, &format!("{number}: refused again: {problem}"));
        }
        answers.push(answer);
        if ended.is_some() {
            break;
        }
    }
    if connection.json {
        json(&object!({"webhook": webhook, "letters": answers}));
    }
    match ended {
        Some(problem) => Err(problem),
        None => Ok(if refused { ExitCode::from(2) } else { ExitCode::SUCCESS }),
    }
}

fn say_unless(quiet: bool, line: &str) {
    if !quiet {
        say!("{line}");
    }
}
