//! Questions: status, balance, entries, account, assets, network, proof.

use super::Connection;
use crate::output::{json, say, table, text};
use clap::Args;
use seaway_sdk::ClientError;
use seaway_types::AccountId;
use serde_json::{Value, json as object};
use std::process::ExitCode;

/// A question about a payment.
#[derive(Args)]
pub struct OfPayment {
    /// The payment's UETR.
    pub uetr: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// What is to be proven.
#[derive(Args)]
pub struct OfProof {
    /// A payment's UETR.
    #[arg(required_unless_present = "account", conflicts_with = "account")]
    pub uetr: Option<String>,
    /// An account instead: its record, or with --asset its balance.
    #[arg(long)]
    pub account: Option<String>,
    /// The balance in this asset, as in HKD.
    #[arg(long, requires = "account")]
    pub asset: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// The payments of an account.
#[derive(Args)]
pub struct Payments {
    /// Only those that stand so: PDNG, ACSC, ACCC or RJCT.
    #[arg(long)]
    pub status: Option<String>,
    /// How many pages of 100 blocks to show, newest first.
    #[arg(long, default_value_t = 1)]
    pub pages: u32,
    #[command(flatten)]
    pub of: OfAccount,
}

/// A question about an account.
#[derive(Args)]
pub struct OfAccount {
    /// Its id, or with --genesis its label.
    pub account: String,
    /// As it was at this height; the newest without it.
    #[arg(long)]
    pub height: Option<u64>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Parameters of a question about an account at a height.
fn of_account(account: AccountId, height: Option<u64>) -> Value {
    match height {
        Some(height) => object!({"account": account, "height": height.to_string()}),
        None => object!({"account": account}),
    }
}

async fn ask(connection: &Connection, method: &str, params: Value) -> Result<Value, String> {
    connection.client().await?.call(method, params).await.map_err(|error: ClientError| error.to_string())
}

fn rows(answer: &Value, list: &str) -> Vec<Value> {
    answer[list].as_array().cloned().unwrap_or_default()
}

/// `seaway status`.
pub async fn status(options: &OfPayment) -> Result<ExitCode, String> {
    let answer = ask(&options.connection, "payment_status", object!({"uetr": options.uetr})).await?;
    if options.connection.json {
        json(&answer);
    } else {
        let mut shown = table(["status", "amount", "creditor", "debtor agent", "height", "block time", "why"]);
        for payment in rows(&answer, "payments") {
            let fields = ["status", "amount", "creditor", "debtorAgent", "height", "blockTime"];
            let mut row: Vec<String> = fields.iter().map(|field| text(&payment[*field])).collect();
            row.push(text(&payment["reason"]["text"]));
            shown.add_row(row);
        }
        say!("{shown}");
    }
    let payments = rows(&answer, "payments");
    // A UETR may name contracts alone.
    let rejected = !payments.is_empty() && payments.iter().all(|payment| payment["status"] == "RJCT");
    let waiting = payments.iter().any(|payment| payment["status"] == "PDNG");
    Ok(if rejected {
        ExitCode::from(2)
    } else if waiting {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

/// `seaway balance`.
pub async fn balance(options: &OfAccount) -> Result<ExitCode, String> {
    let account = options.connection.account(&options.account)?;
    let params = of_account(account, options.height);
    let answer = ask(&options.connection, "account_balances", params).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["asset", "available", "held", "in contracts", "suspense"]);
    for balance in rows(&answer, "balances") {
        shown.add_row(["asset", "available", "held", "inContracts", "suspense"].map(|field| text(&balance[field])));
    }
    say!("account {account} at height {}\n{shown}", text(&answer["height"]));
    Ok(ExitCode::SUCCESS)
}

/// `seaway entries`.
pub async fn entries(options: &OfAccount) -> Result<ExitCode, String> {
    let account = options.connection.account(&options.account)?;
    let mut params = of_account(account, options.height);
    if options.connection.json {
        // For programs; the table has no column for them.
        params["details"] = object!(true);
    }
    let answer = ask(&options.connection, "account_entries", params).await?;
    if options.connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["height", "block time", "", "part", "amount", "balance after", "UETR"]);
    for entry in rows(&answer, "entries") {
        for posting in rows(&entry, "postings") {
            let of_block = [text(&entry["height"]), text(&entry["blockTime"])];
            let of_posting =
                ["creditDebit", "part", "amount", "balanceAfter", "uetr"].map(|field| text(&posting[field]));
            shown.add_row(of_block.into_iter().chain(of_posting));
        }
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}

/// `seaway list`.
pub async fn list(options: &Payments) -> Result<ExitCode, String> {
    let connection = &options.of.connection;
    let account = connection.account(&options.of.account)?;
    let mut params = of_account(account, options.of.height);
    params["count"] = object!(100);
    if let Some(status) = &options.status {
        params["status"] = object!(status.to_uppercase());
    }
    let mut found = Vec::new();
    for _ in 0..options.pages {
        let answer = ask(connection, "payment_list", params.clone()).await?;
        found.extend(rows(&answer, "payments"));
        if answer["cursor"].is_null() {
            break;
        }
        params["cursor"] = answer["cursor"].clone();
    }
    if connection.json {
        json(&object!({"account": account, "payments": found}));
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["height", "", "status", "amount", "other side", "UETR"]);
    for payment in found {
        let paid = payment["debtor"] == object!(account);
        let other = text(&payment[if paid { "creditor" } else { "debtor" }]);
        let direction = if paid { "out" } else { "in" }.to_owned();
        let (height, status, amount) = (&payment["height"], &payment["status"], &payment["amount"]);
        shown.add_row([text(height), direction, text(status), text(amount), other, text(&payment["uetr"])]);
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}

/// `seaway account`.
pub async fn account(options: &OfAccount) -> Result<ExitCode, String> {
    let account = options.connection.account(&options.account)?;
    json(&ask(&options.connection, "account_get", object!({"account": account})).await?);
    Ok(ExitCode::SUCCESS)
}

/// `seaway asset`.
pub async fn assets(connection: &Connection) -> Result<ExitCode, String> {
    let answer = ask(connection, "asset_list", object!({})).await?;
    if connection.json {
        json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(["asset", "issuer", "kind", "decimals", "issued", "redeemed"]);
    for asset in rows(&answer, "assets") {
        let (record, sums) = (&asset["record"], &asset["circulation"]);
        shown.add_row([
            text(&asset["name"]),
            text(&record["issuer"]),
            text(&record["kind"]),
            text(&record["exponent"]),
            text(&sums["issued"]),
            text(&sums["redeemed"]),
        ]);
    }
    say!("{shown}\nissued and redeemed in minor units");
    Ok(ExitCode::SUCCESS)
}

/// `seaway network`.
pub async fn network(connection: &Connection) -> Result<ExitCode, String> {
    let status = ask(connection, "network_status", object!({})).await?;
    let validators = ask(connection, "network_validators", object!({})).await?;
    let peers = ask(connection, "network_peers", object!({})).await?;
    if connection.json {
        json(&object!({"status": status, "validators": validators["validators"], "peers": peers["peers"]}));
        return Ok(ExitCode::SUCCESS);
    }
    for field in ["network", "genesis", "role", "height", "blockTime", "waiting", "version"] {
        say!("{field:<10} {}", text(&status[field]));
    }
    let mut shown = table(["validator", "power", "connected"]);
    for validator in rows(&validators, "validators") {
        let own = validator["key"] == status["validator"];
        let connected = own || rows(&peers, "peers").iter().any(|peer| peer["bic"] == validator["bic"]);
        let connected = if connected { "yes" } else { "no" };
        shown.add_row([text(&validator["bic"]), text(&validator["power"]), connected.to_owned()]);
    }
    say!("{shown}");
    Ok(ExitCode::SUCCESS)
}

/// `seaway proof`.
pub async fn proof(options: &OfProof) -> Result<ExitCode, String> {
    let connection = &options.connection;
    let (method, params) = match (&options.uetr, &options.account) {
        (Some(uetr), _) => ("payment_proof", object!({"uetr": uetr})),
        (None, Some(account)) => {
            let account = connection.account(account)?;
            ("ledger_proof", object!({"account": account, "asset": options.asset}))
        }
        (None, None) => return Err("expected a UETR or --account".to_owned()),
    };
    json(&ask(connection, method, params).await?);
    Ok(ExitCode::SUCCESS)
}
