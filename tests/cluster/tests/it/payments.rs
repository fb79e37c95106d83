//! Payments, and what becomes of them.

use crate::net::*;
use seaway_cluster::{Cluster, Payer, Ports};
use seaway_types::block::SettlementProof;
use serde_json::{Value, json};

#[tokio::test]
async fn a_payment_through_each_validator_is_final_on_all_and_proven_by_the_observer() {
    let mut net = net().await;
    for place in 0..4 {
        let (signed, _) = net.pay(place).await;
        for other in 0..5 {
            net.knows(other, &signed).await;
        }
        let client = net.cluster.client(OBSERVER).unwrap();
        let answer = client.call("payment_proof", json!({"uetr": signed.uetr})).await.unwrap();
        let proof: SettlementProof = serde_json::from_value(answer["proofs"][0]["proof"].clone()).unwrap();
        proof.verify(&net.cluster.document.hash()).unwrap();
    }
    net.agree(&[0, 1, 2, 3, OBSERVER]).await;
    let refused = net.submit(OBSERVER, &net.payer.merchant_pays(100).unwrap()).await;
    assert!(refused.unwrap_err().to_string().contains("observer"));
    assert!(net.cluster.stop_all(), "all stop well when asked to");
}

#[tokio::test]
async fn one_payment_submitted_to_all_a_hundred_times_settles_once() {
    let net = net().await;
    let signed = net.payer.merchant_pays(777).unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|turn| {
            let client = net.cluster.client(turn % 4).unwrap();
            let params = json!({"bytes": signed.bytes_in_hex(), "wait": "final"});
            tokio::spawn(async move { client.call("payment_submit", params).await })
        })
        .collect();
    let mut heights = Vec::new();
    for task in tasks {
        let answer = task.await.unwrap().unwrap();
        assert_eq!(answer["status"], "ACCC");
        heights.push(answer["height"].clone());
    }
    heights.dedup();
    assert_eq!(heights.len(), 1, "all were told of one settlement");
    let account = json!({"account": seaway_genesis::seed::account("MERLSGSG", "sg-supplier")});
    let balances = net.cluster.client(0).unwrap().call("account_balances", account).await.unwrap();
    assert_eq!(balances["balances"][0]["available"], "7.77 HKD", "{balances}");
}

#[tokio::test]
async fn an_observer_that_comes_late_catches_up_from_the_genesis_while_others_pay() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    (0..OBSERVER).for_each(|place| cluster.start(place).unwrap());
    let payer = Payer::new(&cluster.document);
    let mut net = Net::of(cluster, payer, folder);
    net.cluster.connected(PATIENCE).await.unwrap();
    // More blocks than are asked for at a time.
    for turn in 0..40 {
        net.pay(turn % OBSERVER).await;
    }
    net.cluster.start(OBSERVER).unwrap();
    let mut last = None;
    for turn in 0..20 {
        last = Some(net.pay(turn % OBSERVER).await.0);
    }
    net.knows(OBSERVER, &last.unwrap()).await;
    net.agree(&[0, 1, 2, 3, OBSERVER]).await;
}

#[tokio::test]
async fn a_hold_expires_on_an_idle_network_with_nobody_acting() {
    let net = net().await;
    let raw = net.payer.merchant_reserves(50_000, 2_000).unwrap();
    let params = json!({"bytes": hex::encode(&raw.0), "wait": "final"});
    let answer = net.cluster.client(0).unwrap().call("payment_submit", params).await.unwrap();
    assert_eq!(answer["status"], "ACCC", "{answer}");
    let account = json!({"account": seaway_genesis::seed::account("HARBHKHH", "hk-merchant")});
    let held = |text: &'static str| move |answer: &Value| answer["balances"][0]["held"] == text;
    net.cluster.until(1, "account_balances", &account, PATIENCE, held("500.00 HKD")).await.unwrap();
    let height = net.height(0).await;
    // Nobody sends anything more; the devnet's idle block would come after a minute only.
    for place in 0..5 {
        let back = net.cluster.until(place, "account_balances", &account, PATIENCE, held("0.00 HKD")).await.unwrap();
        assert_eq!(back["balances"][0]["available"], "2000000.00 HKD");
    }
    assert_eq!(net.height(0).await, height + 1, "one block, for the hold alone");
}
