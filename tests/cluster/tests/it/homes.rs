//! What a node finds in its home: keys, genesis, log and database, damaged and lost.

use crate::net::*;
use seaway_signer::{KeyFile, KeyKind};
use serde_json::json;

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
async fn a_second_node_with_a_validators_key_is_proven_and_stops_nobody() {
    const VICTIM: usize = 3;
    let mut net = net().await;
    // The observer's node gets the fourth validator's key, and takes part with it.
    assert!(net.cluster.stop(OBSERVER));
    let home = |place: usize| net.cluster.nodes[place].home.clone();
    let passphrase = |place: usize| std::fs::read_to_string(home(place).join("keys/passphrase")).unwrap();
    let [victims, own] = [VICTIM, OBSERVER].map(|place| passphrase(place).trim_end().to_owned());
    let stolen = KeyFile::open(&home(VICTIM).join("keys/consensus.key"), KeyKind::Consensus, &victims).unwrap();
    let sealed = KeyFile::seal(KeyKind::Consensus, &stolen, &own).unwrap();
    sealed.write(&home(OBSERVER).join("keys/consensus.key")).unwrap();
    let config = home(OBSERVER).join("seawayd.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("observer = true", "observer = false")).unwrap();
    net.cluster.start(OBSERVER).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    let whose = |net: &Net, height: u64| {
        let validators = &net.cluster.document.validators.0;
        validators[height as usize % validators.len()].bic.to_string()
    };
    let evidence = async |net: &Net| {
        let found = net.cluster.client(0).unwrap().call("network_evidence", json!({})).await.unwrap();
        found["evidence"].as_array().map_or(0, Vec::len)
    };
    // When it is that key's turn both make a block, each of its own.
    let start = std::time::Instant::now();
    while evidence(&net).await == 0 {
        assert!(start.elapsed() < PATIENCE, "nobody noticed");
        while whose(&net, net.height(0).await + 1) != net.cluster.nodes[VICTIM].bic {
            net.pay(0).await;
        }
        let (height, signed) = (net.height(0).await, net.payer.merchant_pays(100).unwrap());
        let params = json!({"bytes": signed.bytes_in_hex(), "wait": "admitted"});
        let _refused = net.cluster.client(OBSERVER).unwrap().call("payment_submit", params).await;
        net.block(0, height + 1).await;
    }
    net.logs(0, "validators said two things at once").await;
    // The proof is kept, and the others go on.
    net.cluster.kill(OBSERVER);
    net.cluster.kill(0);
    net.cluster.start(0).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    assert!(evidence(&net).await > 0, "it is there after a restart");
    net.pay(0).await;
    net.agree(&[0, 1, 2]).await;
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
