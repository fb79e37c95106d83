//! What clients may ask, and how they are answered.

use crate::net::*;
use seaway_cluster::{Cluster, Ports, Purchases};
use seaway_sdk::{Client, Topic, Trust};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Restarts a node so that it answers only those who may read.
async fn close_reads(net: &mut Net, place: usize) -> Client {
    assert!(net.cluster.stop(place));
    let config = net.cluster.nodes[place].home.join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("open_reads = true", "open_reads = false")).unwrap();
    net.cluster.start(place).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    net.cluster.client(place).unwrap()
}

/// The client with a token for the key of a label, for which it signed a challenge; the challenge is good once.
async fn as_reader(client: &Client, label: &str) -> Client {
    use seaway_types::signature::{Evidence, sign};
    let challenge = client.call("auth_challenge", json!({})).await.unwrap();
    let message: seaway_types::hash::Hash32 = serde_json::from_value(challenge["message"].clone()).unwrap();
    let entry = sign(&seaway_genesis::seed::secret_key(label), &message.0);
    let Evidence::Ed25519(signature) = entry.evidence else { panic!("an Ed25519 signature") };
    let answer = json!({"challenge": challenge["challenge"], "key": entry.key, "signature": signature});
    let token = client.call("auth_token", answer.clone()).await.unwrap();
    assert!(client.call("auth_token", answer).await.is_err(), "a challenge is good once");
    client.with_token(token["token"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn reads_need_a_right_where_they_are_not_open() {
    let mut net = net().await;
    let (signed, _) = net.pay(0).await;
    let client = close_reads(&mut net, 1).await;
    let merchant = json!({"account": seaway_genesis::seed::account("HARBHKHH", "hk-merchant")});
    let uetr = json!({"uetr": signed.uetr});
    assert!(client.call("account_balances", merchant.clone()).await.is_err(), "nobody may read without a token");
    assert!(client.call("payment_status", uetr.clone()).await.is_err());
    let allowed =
        [("hk-merchant", true), ("HARBHKHH", true), ("MONAHKHH", true), ("us-buyer", false), ("HUDSUS33", false)];
    for (label, may) in allowed {
        let holder = as_reader(&client, label).await;
        assert_eq!(holder.call("account_balances", merchant.clone()).await.is_ok(), may, "{label}");
        assert_eq!(holder.call("payment_status", uetr.clone()).await.is_ok(), may, "{label}");
    }
}

#[tokio::test]
async fn contracts_are_shown_to_those_whom_they_concern() {
    let mut net = net().await;
    let purchases = Purchases::new(&net.cluster).unwrap();
    purchases.prepare().await.unwrap();
    let quote = purchases.quote().await.unwrap();
    let (signed, escrow) = purchases.buy(quote.clone(), 30_000, 600_000).unwrap();
    let settled = purchases.settle(&net.cluster.client(0).unwrap(), &signed).await.unwrap();
    let client = close_reads(&mut net, 1).await;
    let height = |answer: &Value| answer["height"].as_str().and_then(|height| height.parse::<u64>().ok());
    net.cluster
        .until(1, "network_status", &json!({}), PATIENCE, |now| height(now) >= height(&settled))
        .await
        .unwrap();
    let escrow = json!({"instance": escrow});
    let offer = json!({"instance": quote.offer.id()});
    assert!(client.call("contract_events", escrow.clone()).await.is_err(), "nobody may read without a token");
    let events = async |reader: &Client, of: &Value| {
        let answer = reader.call("contract_events", of.clone()).await.ok()?;
        Some(answer["events"].as_array().unwrap().len())
    };
    // Buyer, seller (who never signed anything) and panel see all of the escrow: opened and funded. The dealer sees all of
    // its quote, whoever took it its own part, and anybody else nothing.
    let expected = [
        ("hk-merchant", Some(2), Some(1)),
        ("us-buyer", Some(2), None),
        ("MERLSGSG", Some(2), None),
        ("HUDSUS33", Some(2), Some(2)),
        ("sg-supplier", None, None),
    ];
    for (label, of_escrow, of_quote) in expected {
        let reader = as_reader(&client, label).await;
        assert_eq!(events(&reader, &escrow).await, of_escrow, "{label}");
        assert_eq!(events(&reader, &offer).await, of_quote, "{label}");
        assert_eq!(reader.call("contract_get", escrow.clone()).await.is_ok(), of_escrow.is_some(), "{label}");
        assert_eq!(reader.call("contract_get", offer.clone()).await.is_ok(), of_quote == Some(2), "{label}");
    }
    let merchant = as_reader(&client, "hk-merchant").await;
    let account = json!({"account": seaway_cluster::purchase::buyer()});
    let listed = merchant.call("contract_list", account).await.unwrap();
    let mine: Vec<&Value> = listed["contracts"].as_array().unwrap().iter().map(|one| &one["instance"]).collect();
    assert_eq!(mine.len(), 2, "{listed}");
    assert!(mine.contains(&&escrow["instance"]) && mine.contains(&&offer["instance"]), "{listed}");
    let named = merchant.call("payment_status", json!({"uetr": signed.uetr})).await.unwrap();
    assert_eq!(named["contracts"][0]["instance"], escrow["instance"], "{named}");
    assert_eq!(named["payments"], json!([]));
}

#[tokio::test]
async fn every_listed_method_answers_and_bad_calls_are_refused_clearly() {
    let net = net().await;
    let client = net.cluster.client(0).unwrap();
    let document = client.call("rpc_discover", json!({})).await.unwrap();
    let methods = document["methods"].as_array().unwrap();
    assert!(methods.len() > 15);
    for method in methods {
        let name = method["name"].as_str().unwrap();
        let answer = client.call(name, json!({"nonsense": true})).await;
        let error = answer.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(!error.contains("-32601"), "{name} is listed and not there");
    }
    let answer =
        client.call("payment_submit", json!({"bytes": "00ff", "wait": "final"})).await.unwrap_err().to_string();
    assert!(answer.contains("-32020"), "{answer}");
    let mut bytes = net.payer.merchant_pays(5).unwrap().raw.0;
    *bytes.last_mut().unwrap() ^= 1;
    let answer = client.call("payment_submit", json!({"bytes": hex::encode(&bytes)})).await.unwrap_err().to_string();
    assert!(answer.contains("does not hold"), "{answer}");
    let answer = client.call("account_get", json!({"account": "xyz"})).await.unwrap_err().to_string();
    assert!(answer.contains("hexadecimal"), "{answer}");
}

#[tokio::test]
async fn a_subscription_misses_nothing_from_a_height_on() {
    use jsonrpsee_core::client::{Subscription, SubscriptionClientT};
    use jsonrpsee_core::params::ObjectParams;
    let net = net().await;
    let (first, _) = net.pay(0).await;
    let (second, _) = net.pay(1).await;
    let url = net.cluster.nodes[OBSERVER].url.replace("http://", "ws://");
    net.knows(OBSERVER, &second).await;
    let client = jsonrpsee_ws_client::WsClientBuilder::default().build(url).await.unwrap();
    let mut params = ObjectParams::new();
    params.insert("from", "1").unwrap();
    params.insert("account", seaway_genesis::seed::account("MERLSGSG", "sg-supplier")).unwrap();
    let events = client.subscribe("payment_subscribe", params, "payment_unsubscribe").await;
    let mut events: Subscription<Value> = events.unwrap();
    let (third, _) = net.pay(2).await;
    for (height, signed) in (1u64..).zip([first, second, third]) {
        let event = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(event["height"], height.to_string());
        assert_eq!(event["instructions"][0]["credits"][0]["uetr"], json!(signed.uetr), "{event}");
    }
    events.unsubscribe().await.unwrap();
}

#[tokio::test]
async fn clients_can_be_served_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    let url = cluster.nodes[OBSERVER].url.replacen("http", "https", 1);
    let host = url.trim_start_matches("https://").split(':').next().unwrap().to_owned();
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed([host]).unwrap();
    let home = cluster.nodes[OBSERVER].home.clone();
    let chain = home.join("chain.pem");
    std::fs::write(&chain, cert.pem()).unwrap();
    std::fs::write(home.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let config = home.join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let tls = "[rpc.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n\n[log]";
    std::fs::write(&config, text.replace("[log]", tls)).unwrap();
    cluster.start(OBSERVER).unwrap();
    let client = Client::trusting(std::slice::from_ref(&url), Trust::Only(cert.pem().into_bytes())).unwrap();
    let start = std::time::Instant::now();
    while let Err(error) = client.call("network_status", json!({})).await {
        assert!(start.elapsed() < PATIENCE && cluster.runs(OBSERVER), "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Over a WebSocket too.
    client.follow(Topic::Payments(None), None).ready().await.unwrap();
    // From the terminal: with the authority it answers, and without it nobody is trusted.
    let network = |authority: Option<&Path>| {
        let mut command = cluster.seaway();
        command.args(["network", "--node", &url]);
        authority.map(|path| command.arg("--ca-file").arg(path));
        command.output().unwrap()
    };
    let answered = network(Some(&chain));
    assert!(answered.status.success(), "{}", String::from_utf8_lossy(&answered.stderr));
    assert!(String::from_utf8_lossy(&answered.stdout).contains("observer"));
    assert_eq!(network(None).status.code(), Some(1));
}
