//! Real processes on loopback: what a bank's engineer sees when nodes die, come back, and are asked twice.

use seaway_cluster::{Cluster, Payer, Ports};
use seaway_sdk::{Client, Signed};
use seaway_types::block::SettlementProof;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take before the test fails. Nothing is measured against it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The observer's place.
const OBSERVER: usize = 4;

struct Net {
    cluster: Cluster,
    payer: Payer,
    _folder: TempDir,
}

async fn net() -> Net {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    cluster.start_all().unwrap();
    cluster.connected(PATIENCE).await.unwrap();
    let payer = Payer::new(&cluster.document);
    Net { cluster, payer, _folder: folder }
}

impl Net {
    async fn submit(&self, place: usize, signed: &Signed) -> Result<Value, seaway_sdk::ClientError> {
        let params = json!({"bytes": signed.bytes_in_hex(), "wait": "final", "timeoutMs": 30_000});
        self.cluster.client(place).unwrap().call("payment_submit", params).await
    }

    /// Pays through a node, and waits until it is final.
    async fn pay(&self, place: usize) -> (Signed, Value) {
        let signed = self.payer.merchant_pays(100).unwrap();
        let answer = self.submit(place, &signed).await.unwrap();
        assert_eq!((&answer["answer"], &answer["status"]), (&json!("final"), &json!("ACCC")), "{answer}");
        (signed, answer)
    }

    async fn height(&self, place: usize) -> u64 {
        let status = self.cluster.client(place).unwrap().call("network_status", json!({})).await.unwrap();
        status["height"].as_str().unwrap().parse().unwrap()
    }

    /// Waits until a node has a height, and returns the block's id there.
    async fn block(&self, place: usize, height: u64) -> Value {
        let reached = |answer: &Value| answer["height"].as_str() == Some(height.to_string().as_str());
        let params = json!({"height": height.to_string()});
        let block = self.cluster.until(place, "ledger_block", &params, PATIENCE, reached).await.unwrap();
        block["id"].clone()
    }

    /// All nodes that run have the same block at the height of one of them.
    async fn agree(&self, places: &[usize]) {
        let height = self.height(places[0]).await;
        let expected = self.block(places[0], height).await;
        for place in places {
            assert_eq!(self.block(*place, height).await, expected, "node {place} at {height}");
        }
    }

    /// Waits until a node's process has ended by itself.
    async fn ends(&mut self, place: usize) {
        let start = std::time::Instant::now();
        while self.cluster.runs(place) {
            assert!(start.elapsed() < PATIENCE, "node {place} still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A payment is known at a node as settled.
    async fn knows(&self, place: usize, signed: &Signed) {
        let found = |answer: &Value| answer["payments"][0]["status"] == "ACCC";
        let params = json!({"uetr": signed.uetr});
        self.cluster.until(place, "payment_status", &params, PATIENCE, found).await.unwrap();
    }
}

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
async fn a_genesis_that_was_not_approved_is_refused() {
    let mut net = net().await;
    net.pay(0).await;
    // A folder of another network in the place of this one.
    net.cluster.kill(1);
    let genesis = net.cluster.nodes[1].home.join("genesis.toml");
    let text = std::fs::read_to_string(&genesis).unwrap();
    std::fs::write(&genesis, text.replace("idle_block_ms = 60000", "idle_block_ms = 61000")).unwrap();
    assert_ne!(text, std::fs::read_to_string(&genesis).unwrap());
    net.cluster.start(1).unwrap();
    net.ends(1).await;
    let log = std::fs::read_to_string(net.cluster.nodes[1].home.join("node.log")).unwrap();
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains("approval"), "its validators did not approve it: {last}");
    std::fs::write(&genesis, text).unwrap();
    net.cluster.start(1).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    net.pay(1).await;
    net.agree(&[1, 0, 2, 3, OBSERVER]).await;
}

#[tokio::test]
async fn two_processes_with_one_home_do_not_both_run() {
    let mut net = net().await;
    let first = net.cluster.process_id(0).unwrap();
    net.cluster.start_second(0).unwrap();
    assert_ne!(net.cluster.process_id(0), Some(first));
    net.ends(0).await;
    // The first one still serves.
    net.pay(0).await;
}

#[tokio::test]
async fn a_hold_expires_on_an_idle_network_with_nobody_acting() {
    let net = net().await;
    let raw = net.payer.merchant_reserves(50_000, 2_000).unwrap();
    let params = json!({"bytes": hex(&raw.0), "wait": "final"});
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

#[tokio::test]
async fn a_lost_log_keeps_a_validator_silent_at_its_height_and_no_longer() {
    let mut net = net().await;
    net.pay(0).await;
    net.cluster.kill(3);
    std::fs::remove_dir_all(net.cluster.nodes[3].home.join("data/wal")).unwrap();
    net.cluster.start(3).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    for place in 0..4 {
        net.pay(place).await;
    }
    // Its vote counts again: with another one down the others are not enough.
    net.cluster.kill(1);
    net.pay(3).await;
    net.agree(&[3, 0, 2, OBSERVER]).await;
}

#[tokio::test]
async fn a_damaged_database_is_refused_by_name_and_made_anew_from_peers() {
    let mut net = net().await;
    let (signed, _) = net.pay(0).await;
    net.knows(3, &signed).await;
    assert!(net.cluster.stop(3));
    let home = net.cluster.nodes[3].home.clone();
    for (arguments, says) in [(&["db", "verify"][..], "conserved"), (&["replay"][..], "every root")] {
        let output = net.cluster.seawayd().args(arguments).arg("--home").arg(&home).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains(says), "{said}");
    }
    // One bit of a table or of RocksDB's own log.
    let database = home.join("data/db");
    let damaged = std::fs::read_dir(&database).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let damaged: Vec<_> = damaged
        .filter(|path| path.extension().is_some_and(|ending| ending == "log" || ending == "sst"))
        .filter(|path| path.metadata().unwrap().len() > 200)
        .collect();
    assert!(!damaged.is_empty());
    for path in &damaged {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }
    net.cluster.start(3).unwrap();
    net.ends(3).await;
    let log = std::fs::read_to_string(home.join("node.log")).unwrap();
    let last = log.lines().last().unwrap_or_default().to_owned();
    assert!(last.contains("data/db"), "the database is named: {last}");
    std::fs::remove_dir_all(&database).unwrap();
    net.cluster.start(3).unwrap();
    net.knows(3, &signed).await;
    net.agree(&[3, 0, 1, 2, OBSERVER]).await;
}

#[tokio::test]
async fn reads_need_a_right_where_they_are_not_open() {
    use seaway_types::signature::{Evidence, sign};
    let mut net = net().await;
    let (signed, _) = net.pay(0).await;
    assert!(net.cluster.stop(1));
    let config = net.cluster.nodes[1].home.join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("open_reads = true", "open_reads = false")).unwrap();
    net.cluster.start(1).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    let merchant = json!({"account": seaway_genesis::seed::account("HARBHKHH", "hk-merchant")});
    let uetr = json!({"uetr": signed.uetr});
    let client = net.cluster.client(1).unwrap();
    assert!(client.call("account_balances", merchant.clone()).await.is_err(), "nobody may read without a token");
    assert!(client.call("payment_status", uetr.clone()).await.is_err());
    let allowed =
        [("hk-merchant", true), ("HARBHKHH", true), ("MONAHKHH", true), ("us-buyer", false), ("HUDSUS33", false)];
    for (label, may) in allowed {
        let challenge = client.call("auth_challenge", json!({})).await.unwrap();
        let message: seaway_types::hash::Hash32 = serde_json::from_value(challenge["message"].clone()).unwrap();
        let entry = sign(&seaway_genesis::seed::secret_key(label), &message.0);
        let Evidence::Ed25519(signature) = entry.evidence else { panic!("an Ed25519 signature") };
        let answer = json!({"challenge": challenge["challenge"], "key": entry.key, "signature": signature});
        let token = client.call("auth_token", answer.clone()).await.unwrap();
        assert!(client.call("auth_token", answer).await.is_err(), "a challenge is good once");
        let holder = client.with_token(token["token"].as_str().unwrap()).unwrap();
        assert_eq!(holder.call("account_balances", merchant.clone()).await.is_ok(), may, "{label}");
        assert_eq!(holder.call("payment_status", uetr.clone()).await.is_ok(), may, "{label}");
    }
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
    let answer = client.call("payment_submit", json!({"bytes": hex(&bytes)})).await.unwrap_err().to_string();
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
    use rustls::pki_types::ServerName;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let home = cluster.nodes[OBSERVER].home.clone();
    std::fs::write(home.join("chain.pem"), cert.pem()).unwrap();
    std::fs::write(home.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let config = home.join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let tls = "[rpc.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n\n[log]";
    std::fs::write(&config, text.replace("[log]", tls)).unwrap();
    cluster.start(OBSERVER).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let address = cluster.nodes[OBSERVER].url.trim_start_matches("http://").to_owned();
    let start = std::time::Instant::now();
    let stream = loop {
        match tokio::net::TcpStream::connect(&address).await {
            Ok(stream) => break stream,
            Err(error) => assert!(start.elapsed() < PATIENCE && cluster.runs(OBSERVER), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _closed = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("height 0"), "{answer}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
