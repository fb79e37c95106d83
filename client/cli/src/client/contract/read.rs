//! What is read of contracts.

use super::source::program;
use super::{Instance, OfAccount, Which};
use crate::client::signers::call;
use crate::output::{json, say, table, text};
use seaway_types::contract::InstanceId;
use seaway_vm::tell;
use serde_json::{Value, json as object};
use std::process::ExitCode;

/// A contract as prose.
pub async fn explain(which: &Which) -> Result<ExitCode, String> {
    let Ok(id) = which.contract.parse::<InstanceId>() else {
        say!("{}", tell::explain(&program(&which.contract)?, None).trim_end());
        return Ok(ExitCode::SUCCESS);
    };
    let client = which.connection.client().await?;
    let answer = call(&client, "contract_explain", object!({"instance": id})).await?;
    if which.connection.json {
        json(&answer);
    } else {
        say!("{}", text(&answer["text"]).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// Every way through.
pub async fn outcomes(which: &Which) -> Result<ExitCode, String> {
    let answer = match which.contract.parse::<InstanceId>() {
        Ok(id) => {
            let client = which.connection.client().await?;
            call(&client, "contract_outcomes", object!({"instance": id})).await?
        }
        Err(_) => {
            let found = tell::outcomes(&program(&which.contract)?, None);
            let ways: Vec<Value> =
                found.ways.iter().map(|way| object!({"steps": way.steps, "moves": way.moves})).collect();
            object!({
                "ways": ways, "more": found.more,
                "postingsMax": found.postings_max, "operationsMax": found.operations_max,
            })
        }
    };
    if which.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    for (number, way) in (1..).zip(answer["ways"].as_array().into_iter().flatten()) {
        let lines = |field: &str| way[field].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        say!("{number}. {}", lines("steps").join(" → "));
        for line in lines("moves") {
            say!("     {line}");
        }
    }
    if answer["more"] == true {
        say!("and more of these, repeated");
    }
    say!(
        "at most {} postings and {} operations in one call or deadline",
        text(&answer["postingsMax"]),
        text(&answer["operationsMax"])
    );
    Ok(ExitCode::SUCCESS)
}

/// Where a contract stands.
pub async fn show(options: &Instance) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let answer = call(&client, "contract_get", object!({"instance": options.instance})).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    say!("{} {}", text(&answer["name"]), options.instance);
    say!("UETR {}", text(&answer["uetr"]));
    if answer["open"] == true {
        say!("in state '{}' until {}", text(&answer["state"]), text(&answer["deadline"]));
    } else {
        say!("closed");
    }
    for pot in answer["pots"].as_array().into_iter().flatten() {
        say!("pot of {}: {}", text(&pot["party"]), text(&pot["amount"]));
    }
    for clause in answer["clauses"].as_array().into_iter().flatten() {
        say!("may be called: {}", text(&clause["label"]));
    }
    Ok(ExitCode::SUCCESS)
}

/// What happened.
pub async fn events(options: &Instance) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let answer = call(&client, "contract_events", object!({"instance": options.instance, "count": 100})).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    for event in answer["events"].as_array().into_iter().flatten() {
        let cause = match &event["cause"] {
            Value::String(cause) => cause.clone(),
            Value::Object(cause) => {
                cause.iter().map(|(name, of)| format!("{name} clause {}", text(&of["clause"]))).collect()
            }
            _ => String::new(),
        };
        say!("{} height {}: {cause}", text(&event["blockTime"]), text(&event["height"]));
        for moved in event["moved"].as_array().into_iter().flatten() {
            say!("    {} from {} to {}", text(&moved["amount"]), pocket(&moved["from"]), pocket(&moved["to"]));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn pocket(pocket: &Value) -> String {
    let named = pocket.as_object().and_then(|fields| fields.iter().next());
    named.map_or_else(String::new, |(kind, account)| format!("{kind} {}", text(account)))
}

/// The contracts of an account.
pub async fn list(options: &OfAccount) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let account = options.connection.account(&options.account)?;
    let answer = call(&client, "contract_list", object!({"account": account, "count": 100})).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["instance", "opened at", "open", "UETR"]);
    for one in answer["contracts"].as_array().into_iter().flatten() {
        shown.add_row(["instance", "opened", "open", "uetr"].map(|field| text(&one[field])));
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}
