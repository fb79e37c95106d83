//! A network that runs, and what is asked of it again and again.

use seaway_cluster::{Cluster, Payer, Ports};
use seaway_sdk::Signed;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take before the test fails. Nothing is measured against it.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The observer's place.
pub const OBSERVER: usize = 4;

pub struct Net {
    pub cluster: Cluster,
    pub payer: Payer,
    _folder: TempDir,
}

pub async fn net() -> Net {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    cluster.start_all().unwrap();
    cluster.connected(PATIENCE).await.unwrap();
    let payer = Payer::new(&cluster.document);
    Net { cluster, payer, _folder: folder }
}

impl Net {
    /// Of a cluster that runs.
    pub fn of(cluster: Cluster, payer: Payer, folder: TempDir) -> Self {
        Self { cluster, payer, _folder: folder }
    }

    pub async fn submit(&self, place: usize, signed: &Signed) -> Result<Value, seaway_sdk::ClientError> {
        let params = json!({"bytes": signed.bytes_in_hex(), "wait": "final", "timeoutMs": 30_000});
        self.cluster.client(place).unwrap().call("payment_submit", params).await
    }

    /// Pays through a node, and waits until it is final.
    pub async fn pay(&self, place: usize) -> (Signed, Value) {
        let signed = self.payer.merchant_pays(100).unwrap();
        let answer = self.submit(place, &signed).await.unwrap();
        assert_eq!((&answer["answer"], &answer["status"]), (&json!("final"), &json!("ACCC")), "{answer}");
        (signed, answer)
    }

    pub async fn height(&self, place: usize) -> u64 {
        let status = self.cluster.client(place).unwrap().call("network_status", json!({})).await.unwrap();
        status["height"].as_str().unwrap().parse().unwrap()
    }

    /// Waits until a node has a height, and returns the block's id there.
    pub async fn block(&self, place: usize, height: u64) -> Value {
        let reached = |answer: &Value| answer["height"].as_str() == Some(height.to_string().as_str());
        let params = json!({"height": height.to_string()});
        let block = self.cluster.until(place, "ledger_block", &params, PATIENCE, reached).await.unwrap();
        block["id"].clone()
    }

    /// All nodes that run have the same block at the height of one of them.
    pub async fn agree(&self, places: &[usize]) {
        let height = self.height(places[0]).await;
        let expected = self.block(places[0], height).await;
        for place in places {
            assert_eq!(self.block(*place, height).await, expected, "node {place} at {height}");
        }
    }

    /// Waits until a node's process has ended by itself.
    pub async fn ends(&mut self, place: usize) {
        let start = std::time::Instant::now();
        while self.cluster.runs(place) {
            assert!(start.elapsed() < PATIENCE, "node {place} still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until a node's log has a line that says something.
    pub async fn logs(&self, place: usize, says: &str) {
        let start = std::time::Instant::now();
        let path = self.cluster.nodes[place].home.join("node.log");
        while !std::fs::read_to_string(&path).unwrap().contains(says) {
            assert!(start.elapsed() < PATIENCE, "{} never says '{says}'", path.display());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// A payment is known at a node as settled.
    pub async fn knows(&self, place: usize, signed: &Signed) {
        let found = |answer: &Value| answer["payments"][0]["status"] == "ACCC";
        let params = json!({"uetr": signed.uetr});
        self.cluster.until(place, "payment_status", &params, PATIENCE, found).await.unwrap();
    }
}
