//! Validators die and come back.

use crate::net::*;
use seaway_sdk::{Client, Signed};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn one_validator_killed_changes_nothing_and_it_catches_up() {
    let mut net = net().await;
    net.pay(0).await;
    net.cluster.kill(3);
    for round in 0..6 {
        net.pay(round % 3).await;
    }
    net.cluster.start(3).unwrap();
    let (signed, _) = net.pay(0).await;
    net.knows(3, &signed).await;
    net.agree(&[3, 0, 1, 2, OBSERVER]).await;
    // It votes again: with another one down, its vote is needed.
    net.cluster.kill(0);
    net.pay(3).await;
}

#[tokio::test]
async fn all_killed_at_once_lose_no_answered_payment() {
    let mut net = net().await;
    let mut answered = Vec::new();
    for round in 0..3 {
        // Payments in flight when the power goes.
        let flying: Vec<Signed> = (0..8).map(|_| net.payer.merchant_pays(100).unwrap()).collect();
        for place in 0..4 {
            let (signed, _) = net.pay(place).await;
            answered.push(signed);
        }
        let clients: Vec<Client> = (0..4).map(|place| net.cluster.client(place).unwrap()).collect();
        let calls = flying.iter().zip(clients.iter().cycle()).map(|(signed, client)| {
            let params = json!({"bytes": signed.bytes_in_hex(), "wait": "admitted"});
            client.call("payment_submit", params)
        });
        for call in calls {
            call.await.unwrap();
        }
        for place in 0..5 {
            net.cluster.kill(place);
        }
        net.cluster.start_all().unwrap();
        net.cluster.connected(PATIENCE).await.unwrap();
        let (signed, _) = net.pay(round).await;
        answered.push(signed);
    }
    for signed in &answered {
        for place in 0..5 {
            net.knows(place, signed).await;
        }
    }
    net.agree(&[0, 1, 2, 3, OBSERVER]).await;
}

#[tokio::test]
async fn two_validators_down_is_no_progress_and_no_lie() {
    let mut net = net().await;
    net.pay(0).await;
    let before = net.height(0).await;
    net.cluster.kill(2);
    net.cluster.kill(3);
    let signed = net.payer.merchant_pays(100).unwrap();
    let params = json!({"bytes": signed.bytes_in_hex(), "wait": "final", "timeoutMs": 2_000});
    let answer = net.cluster.client(0).unwrap().call("payment_submit", params).await;
    assert!(answer.unwrap_err().to_string().contains("not final within"), "nobody says final without a quorum");
    assert_eq!(net.height(0).await, before);
    assert_eq!(net.height(OBSERVER).await, before);
    net.cluster.start(2).unwrap();
    // The very same bytes: they waited at the first node, and settle once.
    let answer = net.submit(1, &signed).await.unwrap();
    assert_eq!(answer["status"], "ACCC");
    net.knows(0, &signed).await;
    net.agree(&[0, 1, 2, OBSERVER]).await;
}

#[tokio::test]
async fn all_down_for_longer_than_the_clock_bound_go_on() {
    let mut net = net().await;
    let (first, _) = net.pay(0).await;
    let waiting = net.payer.merchant_pays(100).unwrap();
    let params = json!({"bytes": waiting.bytes_in_hex(), "wait": "admitted"});
    net.cluster.client(1).unwrap().call("payment_submit", params).await.unwrap();
    for place in 0..5 {
        net.cluster.kill(place);
    }
    let bound = Duration::from_millis(net.cluster.document.consensus.clock_bound_ms + 1_000);
    tokio::time::sleep(bound).await;
    net.cluster.start_all().unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    let (second, _) = net.pay(2).await;
    for place in 0..5 {
        net.knows(place, &first).await;
        net.knows(place, &second).await;
    }
    net.agree(&[0, 1, 2, 3, OBSERVER]).await;
}
