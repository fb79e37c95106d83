//! The load, and what it does to the nodes.

use jsonrpsee_core::client::ClientT;
use jsonrpsee_core::params::{BatchRequestBuilder, ObjectParams};
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use seaway_cluster::{Cluster, Ports, now_ms};
use seaway_genesis::written::{WrittenAccount, WrittenGenesis, WrittenPolicy};
use seaway_genesis::{ceremony, seed};
use seaway_sdk::Signed;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{Body, Envelope, Leg, Submitter};
use seaway_types::signature::{SignatureCheck, sign, verify_batch};
use seaway_types::state::{AccountClass, DebitAuthority};
use seaway_types::time::BlockTime;
use seaway_types::{Bic, Uetr};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

const ACCOUNTS: usize = 1_000;
const AGENTS: [&str; 4] = ["HARBHKHH", "HUDSUS33", "MERLSGSG", "THAMGB2L"];
const SOCKETS: usize = 8;
const BATCH: usize = 100;
/// One instruction of so many is asked for afterwards.
const SAMPLED: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);

/// A network under load.
pub struct Bench {
    cluster: Cluster,
    serial: u64,
}

/// What the nodes have used so far, all together; the peak of memory is the largest of one.
pub struct Usage {
    pub cpu_seconds: f64,
    pub bytes_written: f64,
    pub rss_peak_mib: f64,
}

fn label(place: usize) -> String {
    format!("bench-{place}")
}

fn agent(place: usize) -> &'static str {
    AGENTS[place % AGENTS.len()]
}

fn account(place: usize) -> AccountId {
    seed::account(agent(place), &label(place))
}

/// How many signatures one core checks in a second, in batches of 256 by different keys.
pub fn verify_batch_per_core() -> f64 {
    let check = |n: u32| {
        let message = [n.to_le_bytes()[0]; 32];
        SignatureCheck { entry: sign(&seed::secret_key(&label(n as usize)), &message), message }
    };
    let checks: Vec<SignatureCheck> = (0..256).map(check).collect();
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < Duration::from_secs(1) {
        assert!(verify_batch(&checks));
        rounds += 1;
    }
    f64::from(rounds * 256) / start.elapsed().as_secs_f64()
}

impl Bench {
    /// Starts the network, with a thousand accounts at four banks.
    pub async fn start(root: &Path) -> Result<Self, String> {
        let mut draft = WrittenGenesis::parse(ceremony::DEVNET).map_err(|error| error.to_string())?;
        draft.accounts.extend((0..ACCOUNTS).map(|place| WrittenAccount {
            label: Some(label(place)),
            account: format!("seed:{}", label(place)),
            agent: agent(place).to_owned(),
            owner_id: format!("seed:{}", label(place)),
            owner: WrittenPolicy { threshold: 1, keys: vec![format!("seed:{}", label(place))] },
            class: AccountClass::Customer,
            debit_authority: DebitAuthority::Holder,
            tier: 0,
            balances: vec!["1000000.00 HKD".to_owned()],
        }));
        let mut cluster = Cluster::make_of(root, Ports::own(), draft)?;
        cluster.start_all()?;
        cluster.connected(PATIENCE).await?;
        Ok(Self { cluster, serial: 0 })
    }

    /// Signed instructions of so many credits each, in hexadecimal.
    fn prepare(&mut self, count: usize, credits: usize) -> Result<Vec<String>, String> {
        let hkd = AssetId(1);
        let valid_until = BlockTime::from_ms(now_ms() + 600_000).ok_or("the clock")?;
        let bic = |text: &str| text.parse::<Bic>().map_err(|error| error.to_string());
        let mut made = Vec::with_capacity(count);
        for n in 0..count {
            let payer = n % ACCOUNTS;
            let mut list = Vec::with_capacity(credits);
            for _ in 0..credits {
                self.serial += 1;
                let mut unique = [0; 16];
                unique[..8].copy_from_slice(&self.serial.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
                unique[8..].copy_from_slice(&self.serial.to_le_bytes());
                let other = (payer + 1 + (self.serial as usize * 7) % (ACCOUNTS - 1)) % ACCOUNTS;
                list.push(Credit {
                    kind: CreditKind::Customer,
                    uetr: Uetr::from_random(unique),
                    end_to_end_id: "BENCH".parse().map_err(|error| format!("{error}"))?,
                    creditor: account(other),
                    amount: Amount::new(1).map_err(|error| error.to_string())?,
                    instructing_agent: bic(agent(payer))?,
                    debtor_agent: bic(agent(payer))?,
                    creditor_agent: bic(agent(other))?,
                    instructed: None,
                    charge_bearer: ChargeBearer::Shared,
                    charges: Bounded::default(),
                    purpose: None,
                    party_data_hash: None,
                    remittance_hash: None,
                    acceptance: None,
                });
            }
            let mut key = [0; 16];
            key[..8].copy_from_slice(&self.serial.to_be_bytes());
            let transfer = CreditTransfer {
                debtor: account(payer),
                asset: hkd,
                mode: BulkMode::AllOrNothing,
                settlement_date: None,
                credits: Bounded::new(list).map_err(|error| error.to_string())?,
            };
            let envelope = Envelope {
                network: self.cluster.document.network,
                submitter: Submitter::Account(account(payer)),
                key: InstructionKey(key),
                valid_until,
                body: Body::Single(Leg::CreditTransfer(transfer)),
            };
            let signed = envelope.sign(&[seed::secret_key(&label(payer))]);
            made.push(hex::encode(codec::encode(&signed)));
        }
        Ok(made)
    }

    /// Payments one by one, 20 a second, each through the next of some validators: middle and 99th of a hundred of the time
    /// from sending to hearing `final`, in milliseconds.
    pub async fn light(&mut self, count: usize, through: &[usize]) -> Result<(f64, f64), String> {
        let signed = self.prepare(count, 1)?;
        let mut sockets = Vec::new();
        for place in through {
            sockets.push(std::sync::Arc::new(self.socket(*place).await?));
        }
        let mut beat = tokio::time::interval(Duration::from_millis(50));
        let mut tasks = Vec::new();
        for (n, bytes) in signed.into_iter().enumerate() {
            beat.tick().await;
            let socket = sockets[n % sockets.len()].clone();
            tasks.push(tokio::spawn(async move {
                let start = Instant::now();
                let answer = socket.request::<Value, _>("payment_submit", params(bytes, "final")).await;
                let answer = answer.map_err(|error| error.to_string())?;
                if answer["status"] == "ACCC" { Ok(start.elapsed()) } else { Err(answer.to_string()) }
            }));
        }
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.map_err(|error| error.to_string())??.as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
        Ok((at(0.5), at(0.99)))
    }

    async fn socket(&self, place: usize) -> Result<WsClient, String> {
        let url = self.cluster.nodes[place].url.replace("http://", "ws://");
        let client = WsClientBuilder::default()
            .request_timeout(Duration::from_secs(120))
            .max_request_size(8 << 20)
            .max_concurrent_requests(4_096)
            .build(url)
            .await;
        client.map_err(|error| error.to_string())
    }

    /// Payments of one credit, as fast as they are taken: how many a second are final on all four validators.
    pub async fn singles(&mut self, count: usize) -> Result<f64, String> {
        let signed = self.prepare(count, 1)?;
        Ok(count as f64 / self.flood(signed, BATCH).await?)
    }

    /// Instructions of a thousand credits.
    pub async fn bulks(&mut self, count: usize) -> Result<f64, String> {
        let signed = self.prepare(count, 1_000)?;
        Ok(count as f64 * 1_000.0 / self.flood(signed, 4).await?)
    }

    /// Submits all over eight WebSockets, in batches; returns the seconds until all are final on all four validators.
    async fn flood(&self, signed: Vec<String>, batch: usize) -> Result<f64, String> {
        let count = signed.len();
        let samples: Vec<String> = signed.iter().step_by(SAMPLED).cloned().collect();
        let before = self.executed(0).await?;
        let mut sockets = Vec::new();
        for place in 0..SOCKETS {
            sockets.push(self.socket(place % 4).await?);
        }
        let share = signed.len().div_ceil(SOCKETS);
        let start = Instant::now();
        let mut tasks = Vec::new();
        for (socket, part) in sockets.into_iter().zip(signed.chunks(share)) {
            let part = part.to_vec();
            tasks.push(tokio::spawn(submit(socket, part, batch)));
        }
        for task in tasks {
            task.await.map_err(|error| error.to_string())??;
        }
        while start.elapsed() < PATIENCE {
            let mut done = true;
            for place in 0..4 {
                done &= self.executed(place).await? >= before + count as u64;
            }
            if done {
                let seconds = start.elapsed().as_secs_f64();
                self.all_settled(&samples).await?;
                return Ok(seconds);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(format!("not final after {PATIENCE:?}"))
    }

    /// Executed could mean rejected: these were settled.
    async fn all_settled(&self, samples: &[String]) -> Result<(), String> {
        for kept in samples {
            let uetr = Signed::read(kept).map_err(|error| error.to_string())?.uetr;
            let status = self.cluster.client(1)?.call("payment_status", json!({"uetr": uetr})).await;
            let status = status.map_err(|error| error.to_string())?;
            if status["payments"][0]["status"] != "ACCC" {
                return Err(format!("a payment of the load was not settled: {status}"));
            }
        }
        Ok(())
    }

    /// How many instructions a validator has executed since it started.
    async fn executed(&self, place: usize) -> Result<u64, String> {
        let status = self.cluster.client(place)?.call("network_status", json!({})).await;
        let status = status.map_err(|error| error.to_string())?;
        status["executed"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| status.to_string())
    }

    /// Stops the last validator.
    pub fn stop_one(&mut self) {
        self.cluster.kill(3);
    }

    /// What the four validators have used.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage { cpu_seconds: 0.0, bytes_written: 0.0, rss_peak_mib: 0.0 };
        for id in (0..4).filter_map(|place| self.cluster.process_id(place)) {
            let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
            let stat = read("stat");
            // Fields 14 and 15 of proc(5), counted after the name in brackets, in ticks of a hundredth of a second.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
            let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
            usage.cpu_seconds += (ticks(11) + ticks(12)) / 100.0;
            let named = |text: &str, name: &str| {
                let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
                line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
            };
            usage.bytes_written += named(&read("io"), "write_bytes:");
            usage.rss_peak_mib = usage.rss_peak_mib.max(named(&read("status"), "VmHWM:") / 1_024.0);
        }
        usage
    }
}

fn params(bytes: String, wait: &str) -> ObjectParams {
    let mut params = ObjectParams::new();
    // Both are texts, which always can be written.
    let _bytes = params.insert("bytes", bytes);
    let _wait = params.insert("wait", wait);
    params
}

/// Sends one share in batches; what a full pool refuses is sent again.
async fn submit(socket: WsClient, part: Vec<String>, batch: usize) -> Result<(), String> {
    for bytes in part.chunks(batch) {
        let mut left: Vec<String> = bytes.to_vec();
        while !left.is_empty() {
            let mut request = BatchRequestBuilder::new();
            for one in &left {
                request
                    .insert("payment_submit", params(one.clone(), "admitted"))
                    .map_err(|error| error.to_string())?;
            }
            let answers = socket.batch_request::<Value>(request).await.map_err(|error| error.to_string())?;
            let mut again = Vec::new();
            for (one, answer) in left.into_iter().zip(answers) {
                match answer {
                    Ok(_) => {}
                    Err(error) if matches!(error.code(), -32_031 | -32_032 | -32_042) => again.push(one),
                    Err(error) => return Err(error.message().to_owned()),
                }
            }
            if !again.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            left = again;
        }
    }
    Ok(())
}
