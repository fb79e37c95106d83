//! What clients were told, against what each node has on its ledger.

use crate::honest::Told;
use seaway_cluster::Cluster;
use seaway_genesis::seed;
use seaway_sdk::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long nodes may take to reach one height.
const PATIENCE: Duration = Duration::from_secs(60);

/// The supplier's credits as one node tells them: by UETR, height and cents of each.
pub type Credits = BTreeMap<String, Vec<(u64, u64)>>;

/// All nodes at these places have one block at one height, the same credits of the supplier, each told payment exactly once
/// where its client was told, nothing twice, and a balance that is the sum. Returns what is not so.
pub async fn audit(cluster: &Cluster, places: &[usize], told: &[Told]) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    let mut height = 0;
    for place in places {
        height = height.max(cluster.height(*place).await?);
    }
    let mut first: Option<(Value, Credits)> = None;
    for place in places {
        let name = &cluster.nodes[*place].bic;
        cluster.reaches(*place, height, PATIENCE).await?;
        let client = cluster.client(*place)?;
        let block = block(&client, height).await?;
        let credits = credits(&client, height).await?;
        match &first {
            None => {
                wrong.extend(against(told, &credits).into_iter().map(|what| format!("{name}: {what}")));
                first = Some((block, credits.clone()));
            }
            Some((id, _)) if *id != block => wrong.push(format!("{name} has another block at {height}")),
            Some((_, other)) if *other != credits => wrong.push(format!("{name} tells other credits at {height}")),
            Some(_) => {}
        }
        let sum: u64 = credits.values().flatten().map(|(_, cents)| cents).sum();
        let balance = balance(&client, height).await?;
        if balance != sum {
            wrong.push(format!("{name}: credits of {sum} cents and a balance of {balance} at {height}"));
        }
    }
    Ok(wrong)
}

/// Each told payment is there once, where its client was told, and nothing is there twice. Returns what is not so.
pub fn against(told: &[Told], credits: &Credits) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut left: Credits = credits.clone();
    for one in told {
        let uetr = one.signed.uetr.to_string();
        match left.remove(&uetr).as_deref() {
            Some([(height, cents)]) if (*height, *cents) == (one.height, one.cents) => {}
            Some(found) => wrong.push(format!(
                "{uetr}: told {} cents at {}, on the ledger (height, cents) {found:?}",
                one.cents, one.height
            )),
            None => wrong.push(format!("{uetr}: told as final at {}, and not on the ledger", one.height)),
        }
    }
    wrong.extend(left.iter().filter(|(_, found)| found.len() > 1).map(|(uetr, _)| format!("{uetr} settled twice")));
    wrong
}

fn supplier() -> seaway_types::AccountId {
    seed::account("MERLSGSG", "sg-supplier")
}

async fn ask(client: &Client, method: &str, params: Value) -> Result<Value, String> {
    client.call(method, params).await.map_err(|error| format!("{method}: {error}"))
}

/// A block without its certificate, which differs from node to node.
pub async fn block(client: &Client, height: u64) -> Result<Value, String> {
    if height == 0 {
        return Ok(Value::Null);
    }
    let mut block = ask(client, "ledger_block", json!({"height": height.to_string()})).await?;
    block["certificate"] = Value::Null;
    Ok(block)
}

/// All credits of the supplier up to a height.
pub async fn credits(client: &Client, height: u64) -> Result<Credits, String> {
    let mut credits = Credits::new();
    let mut params = json!({"account": supplier(), "height": height.to_string(), "count": 100});
    loop {
        let page = ask(client, "account_entries", params.clone()).await?;
        let odd = || format!("an entry that cannot be read: {page}");
        for entry in page["entries"].as_array().ok_or_else(odd)? {
            let at = entry["height"].as_str().and_then(|text| text.parse().ok()).ok_or_else(odd)?;
            for posting in entry["postings"].as_array().ok_or_else(odd)? {
                let uetr = posting["uetr"].as_str().ok_or_else(odd)?.to_owned();
                let cents = cents(&posting["amount"]).ok_or_else(odd)?;
                credits.entry(uetr).or_default().push((at, cents));
            }
        }
        if page["cursor"].is_null() {
            return Ok(credits);
        }
        params = json!({"account": supplier(), "count": 100, "cursor": page["cursor"]});
    }
}

async fn balance(client: &Client, height: u64) -> Result<u64, String> {
    let answer =
        ask(client, "account_balances", json!({"account": supplier(), "height": height.to_string()})).await?;
    let balances = answer["balances"].as_array().cloned().unwrap_or_default();
    let hkd = balances.iter().find(|one| one["asset"] == "HKD");
    Ok(hkd.and_then(|one| cents(&one["available"])).unwrap_or(0))
}

/// "12.34 HKD" is 1234.
fn cents(amount: &Value) -> Option<u64> {
    amount.as_str()?.strip_suffix(" HKD")?.replace('.', "").parse().ok()
}

/// Checks the disks of nodes that do not run: chain, certificates, roots, money, and that executing all blocks anew from the
/// genesis gives each root. Returns what is not so.
pub fn disks(cluster: &Cluster, places: &[usize]) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    for place in places {
        for check in [&["db", "verify"][..], &["replay"][..]] {
            let home = &cluster.nodes[*place].home;
            let output = cluster.seawayd().args(check).arg("--home").arg(home).output();
            let output = output.map_err(|error| error.to_string())?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                wrong.push(format!("{}: seawayd {}: {}", cluster.nodes[*place].bic, check.join(" "), said.trim()));
            }
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_cluster::Payer;
    use seaway_genesis::ceremony;
    use std::time::Instant;

    fn told(cents: u64, height: u64) -> Told {
        let document = ceremony::devnet().unwrap().document().unwrap();
        let signed = Payer::new(&document).merchant_pays(cents).unwrap();
        Told { signed, cents, height, took: Duration::ZERO, at: Instant::now() }
    }

    #[test]
    fn what_was_told_otherwise_than_it_stands_is_seen() {
        let all = [told(5, 1), told(7, 2)];
        let there = |one: &Told| (one.signed.uetr.to_string(), vec![(one.height, one.cents)]);
        let whole: Credits = all.iter().map(there).collect();
        assert_eq!(against(&all, &whole), Vec::<String>::new());
        let changed = |change: &dyn Fn(&mut Credits, &str)| {
            let mut credits = whole.clone();
            change(&mut credits, &all[1].signed.uetr.to_string());
            against(&all, &credits).len()
        };
        let lost = changed(&|credits, uetr| drop(credits.remove(uetr)));
        let elsewhere = changed(&|credits, uetr| credits.get_mut(uetr).unwrap()[0].0 = 3);
        let less = changed(&|credits, uetr| credits.get_mut(uetr).unwrap()[0].1 = 6);
        let twice = changed(&|credits, uetr| credits.get_mut(uetr).unwrap().push((2, 7)));
        assert_eq!((lost, elsewhere, less, twice), (1, 1, 1, 1));
        // One that nobody was told of may stand there, once.
        let other = told(9, 3);
        let with_other = |times: usize| {
            let mut credits = whole.clone();
            credits.insert(other.signed.uetr.to_string(), vec![(3, 9); times]);
            against(&all, &credits).len()
        };
        assert_eq!((with_other(1), with_other(2)), (0, 1));
    }
}
