//! Names, addresses and remittance information: beside the ledger, at whom they concern, and nowhere else.

use crate::net::*;
use seaway_genesis::seed;
use seaway_sdk::Client;
use seaway_types::block::SettlementProof;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

impl Net {
    /// A client of a node that shows a key of an institution.
    async fn signed_in(&self, place: usize, bic: &str) -> Client {
        self.cluster.client(place).unwrap().sign_in(&seed::secret_key(bic)).await.unwrap()
    }

    /// Hands a message of Harbour Bank to its own node, which signs it, and returns the answer.
    async fn harbour_sends(&self, message: &str) -> Value {
        let harbour = self.signed_in(0, "HARBHKHH").await;
        let answer = harbour.call("iso20022_submit", json!({"message": message})).await.unwrap();
        assert_eq!(answer["status"], "ACCC", "{answer}");
        answer
    }
}

async fn kept(client: &Client, uetr: &Value) -> Vec<Value> {
    let answer = client.call("party_data_get", json!({"uetr": uetr})).await.unwrap();
    answer["partyData"].as_array().unwrap().clone()
}

/// Waits until a node shows the one payment's data, and that the ledger has its hashes.
async fn told(client: &Client, uetr: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let found = kept(client, uetr).await;
        if let [one] = found.as_slice()
            && one["matches"] == true
        {
            return one.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{uetr}: {found:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn names_are_at_whom_they_concern_and_proofs_hold_without_them() {
    let net = net().await;
    let answer = net.harbour_sends(&net.payer.bank_message().unwrap()).await;
    assert_eq!(answer["partyData"], json!({"state": "sent", "payments": 1, "to": ["MERLSGSG", "MONAHKHH"]}));
    let uetr = answer["credits"][0]["uetr"].clone();
    for (place, bic) in [(0, "HARBHKHH"), (1, "MERLSGSG"), (OBSERVER, "MONAHKHH")] {
        let one = told(&net.signed_in(place, bic).await, &uetr).await;
        let parties = one["parties"].as_str().unwrap();
        assert!(parties.contains("Lamma Instruments Ltd") && parties.contains("Changi Parts Pte Ltd"), "{one}");
        assert!(one["remittance"].as_str().unwrap().contains("Invoice 2026-0817, 40 sensors"), "{one}");
    }
    // Whom it does not concern has nothing, and nobody reads at another's node, also where accounts are open to all.
    assert!(kept(&net.signed_in(2, "THAMGB2L").await, &uetr).await.is_empty());
    let params = json!({"uetr": uetr});
    for client in [net.cluster.client(1).unwrap(), net.signed_in(1, "HARBHKHH").await] {
        let refused = client.call("party_data_get", params.clone()).await.unwrap_err().to_string();
        assert!(refused.contains("right"), "{refused}");
    }
    // Deleted at one, it is there at the others; and the proof holds.
    let merlion = net.signed_in(1, "MERLSGSG").await;
    let name = json!({"uetr": uetr, "debtorAgent": "HARBHKHH", "kind": "customer"});
    assert!(net.signed_in(1, "HARBHKHH").await.call("party_data_delete", name.clone()).await.is_err());
    assert_eq!(merlion.call("party_data_delete", name.clone()).await.unwrap()["deleted"], true);
    assert_eq!(merlion.call("party_data_delete", name).await.unwrap()["deleted"], false);
    assert!(kept(&merlion, &uetr).await.is_empty());
    told(&net.signed_in(OBSERVER, "MONAHKHH").await, &uetr).await;
    let proofs = merlion.call("payment_proof", params).await.unwrap();
    let proof: SettlementProof = serde_json::from_value(proofs["proofs"][0]["proof"].clone()).unwrap();
    proof.verify(&net.cluster.document.hash()).unwrap();
}

#[tokio::test]
async fn what_cannot_be_handed_over_waits_on_the_disk() {
    let mut net = net().await;
    net.cluster.kill(1);
    // Nobody is there who would find the account by its number.
    let id = seed::account("MERLSGSG", "sg-supplier").to_string();
    let message = net.payer.bank_message().unwrap().replace("sg-supplier", &id);
    let uetr = net.harbour_sends(&message).await["credits"][0]["uetr"].clone();
    // The node that holds it dies too, and comes back.
    net.cluster.kill(0);
    net.cluster.start(0).unwrap();
    net.cluster.start(1).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    told(&net.signed_in(1, "MERLSGSG").await, &uetr).await;
}

#[tokio::test]
async fn a_message_through_another_banks_node_keeps_its_names_at_home() {
    let net = net().await;
    let now = seaway_types::BlockTime::from_ms(seaway_cluster::now_ms()).unwrap();
    let keys = seaway_sdk::MessageKeys::new(vec![seed::secret_key("HARBHKHH")]);
    let client = net.cluster.client(1).unwrap();
    let settled = seaway_sdk::settle_message(&client, &net.payer.bank_message().unwrap(), now, &keys).await.unwrap();
    let uetr = json!(settled.uetrs[0]);
    net.cluster
        .until(0, "payment_status", &json!({"uetr": uetr}), PATIENCE, |found| !found["payments"].is_null())
        .await
        .unwrap();
    for (place, bic) in [(0, "HARBHKHH"), (1, "MERLSGSG"), (OBSERVER, "MONAHKHH")] {
        assert!(kept(&net.signed_in(place, bic).await, &uetr).await.is_empty(), "{bic}");
    }
}

#[tokio::test]
async fn a_person_compares_names_with_the_ledger_and_deletes_them() {
    let net = net().await;
    let answer = net.harbour_sends(&net.payer.bank_message().unwrap()).await;
    let uetr = answer["credits"][0]["uetr"].clone();
    told(&net.signed_in(1, "MERLSGSG").await, &uetr).await;
    let home = &net.cluster.nodes[1].home;
    let [key, passphrase] = ["keys/agent.key", "keys/passphrase"].map(|file| home.join(file).display().to_string());
    let with_key = ["--read-key", &key, "--read-passphrase-file", &passphrase];
    let uetr = uetr.as_str().unwrap();
    let shown = net.says(1, 0, &[&["party", "show", uetr][..], &with_key].concat());
    assert!(shown.contains("PROVEN") && shown.contains("Changi Parts Pte Ltd"), "{shown}");
    let delete = [&["party", "delete", uetr, "--agent", "HARBHKHH"][..], &with_key].concat();
    assert!(net.says(1, 0, &delete).contains("deleted"));
    assert!(net.says(1, 2, &delete).contains("none"));
    assert!(net.says(1, 1, &[&["party", "show", uetr][..], &with_key].concat()).contains("no party data"));
    assert!(net.says(1, 1, &["party", "show", uetr]).contains("right"), "without a key");
}
