//! `scripts/devnet`: four banks and a supervisor on loopback, a payment from Hong Kong to Singapore, its timeline, its proof.

use clap::Parser;
use seaway_cluster::{Cluster, Payer, Ports, Purchases, block_time_ms, now_ms, purchase};
use seaway_genesis::seed;
use seaway_iso20022::message::{Message, Status, StatusReport};
use seaway_sdk::{MessageKeys, Prepared, prepare_message, settle_message};
use seaway_types::block::SettlementProof;
use seaway_types::hash::Hash32;
use seaway_types::time::BlockTime;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The devnet.
#[derive(Parser)]
struct Arguments {
    /// Where homes and logs go. What an earlier devnet left there is removed.
    #[arg(long, default_value = "devnet")]
    root: PathBuf,
    /// Run the payment, check everything, stop, and say by the exit code whether all was well.
    #[arg(long)]
    once: bool,
    /// Listen on a loopback address of its own instead of 127.0.0.1, so that another devnet may run beside it.
    #[arg(long)]
    own_address: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("devnet: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(devnet(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("devnet: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn devnet(arguments: &Arguments) -> Result<(), String> {
    // Whoever ends this process by SIGTERM ends the nodes with it, as Ctrl-C does.
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| format!("signals: {error}"))?;
    clear(&arguments.root)?;
    let ports = if arguments.own_address { Ports::own() } else { Ports::DEVNET };
    let mut cluster = Cluster::make(&arguments.root, ports)?;
    println!("genesis {} ({})", cluster.document.fingerprint(), cluster.document.network);
    cluster.start_all()?;
    let started = async {
        cluster.connected(PATIENCE).await?;
        for node in &cluster.nodes {
            let role = if node.observer { "observer " } else { "validator" };
            println!("{role} {}  {}", node.bic, node.url);
        }
        show_payment(&cluster, &arguments.root).await?;
        show_purchases(&cluster).await
    };
    let shown = tokio::select! {
        shown = started => shown,
        _ = terminate.recv() => Err("told to stop before all was shown".to_owned()),
        _ = tokio::signal::ctrl_c() => Err("stopped before all was shown".to_owned()),
    };
    if arguments.once || shown.is_err() {
        let well = cluster.stop_all();
        shown?;
        return if well { Ok(()) } else { Err("a node did not stop well; see the logs".to_owned()) };
    }
    say_how_to_go_on(&cluster, &arguments.root);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    if cluster.stop_all() { Ok(()) } else { Err("a node did not stop well; see the logs".to_owned()) }
}

/// Removes what an earlier devnet left, and nothing else.
fn clear(root: &PathBuf) -> Result<(), String> {
    if !root.exists() {
        return Ok(());
    }
    if !root.join("genesis.toml").exists() && root.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!(
            "{} holds something that is no devnet; choose another folder with --root",
            root.display()
        ));
    }
    std::fs::remove_dir_all(root).map_err(|error| format!("{}: {error}", root.display()))
}

/// Pays, and prints how the payment went through the network.
async fn show_payment(cluster: &Cluster, root: &Path) -> Result<(), String> {
    let message = Payer::new(&cluster.document).bank_message()?;
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("pacs008.xml", &message)?;
    let keys = MessageKeys::new(vec![seed::secret_key("HARBHKHH")]);
    let client = cluster.client(0)?;
    let now = || BlockTime::from_ms(now_ms()).unwrap_or_default();
    println!("\nA Hong Kong merchant's bank pays 125000.00 HKD to its supplier at a Singapore bank, by pacs.008");
    let start = now_ms();
    let line = |at: u64, what: &str| println!("{:>7} ms  {what}", at.saturating_sub(start));
    let failed = |error: seaway_sdk::MessageError| error.to_string();
    let signed = match prepare_message(&client, &message, now(), &keys).await.map_err(failed)? {
        Prepared::Ready(_, signed) => signed,
        Prepared::Answered(settled) => return Err(format!("the message was refused: {settled:?}")),
    };
    line(now_ms(), &format!("message received and checked, accounts resolved, signed: UETR {}", signed.uetr));
    let params = json!({"bytes": signed.bytes_in_hex(), "wait": "admitted"});
    let admitted = client.call("payment_submit", params).await.map_err(|error| error.to_string())?;
    line(now_ms(), &format!("{}: authentic and admitted", admitted["status"].as_str().unwrap_or("?")));
    let uetr = json!({"uetr": signed.uetr});
    let found = |answer: &Value| answer["payments"].as_array().is_some_and(|payments| !payments.is_empty());
    for (place, node) in cluster.nodes.iter().enumerate() {
        let answer = cluster.until(place, "payment_status", &uetr, PATIENCE, found).await?;
        let payment = &answer["payments"][0];
        if place == 0 {
            let proposed = block_time_ms(payment).unwrap_or(start);
            line(proposed.max(start), &format!("proposed in block {}", payment["height"].as_str().unwrap_or("?")));
        }
        let status = payment["status"].as_str().unwrap_or("?");
        line(now_ms(), &format!("{status}: final on {}", node.bic));
        if status != "ACCC" {
            return Err(format!("{} says {payment}", node.bic));
        }
    }
    let observer = cluster.nodes.len() - 1;
    let answer = cluster.client(observer)?.call("payment_proof", uetr).await.map_err(|error| error.to_string())?;
    let proof: SettlementProof = serde_json::from_value(answer["proofs"][0]["proof"].clone())
        .map_err(|error| format!("the proof: {error}"))?;
    proof.verify(&cluster.document.hash()).map_err(|error| format!("the proof: {error}"))?;
    line(now_ms(), &format!("proven: {}'s proof holds under the genesis hash alone", cluster.nodes[observer].bic));
    // Sent again, through another node: it settles once, and the answer is the first's.
    let again = settle_message(&cluster.client(1)?, &message, now(), &keys).await.map_err(failed)?;
    let report = again.answer.as_ref().map(|answer| answer.text.clone()).unwrap_or_default();
    write("pacs002.xml", &report)?;
    if again.signed.is_some() || again.status != Status::Credited {
        return Err(format!("the message sent again is answered {report}"));
    }
    let proof: SettlementProof =
        serde_json::from_value(again.proof).map_err(|error| format!("the answer's proof: {error}"))?;
    proof.verify(&cluster.document.hash()).map_err(|error| format!("the answer's proof: {error}"))?;
    let reference =
        Message::<StatusReport>::read(&report).ok().and_then(|report| report.document.transaction.reference);
    let reference = reference.map(|reference| reference.to_string()).unwrap_or_default();
    line(
        now_ms(),
        &format!("sent again through {}: pacs.002 ACCC, reference {reference}, not paid twice", cluster.nodes[1].bic),
    );
    check_roots(cluster).await
}

/// Buys twice with money in escrow, exchanged from HKD into USD: once the buyer releases it, once nobody acts.
async fn show_purchases(cluster: &Cluster) -> Result<(), String> {
    let purchases = Purchases::new(cluster)?;
    println!(
        "\nThe merchant buys in New York: HKD into USD by a dealer's quote, the USD into an escrow, in one instruction"
    );
    let start = now_ms();
    let line = |what: &str| println!("{:>7} ms  {what}", now_ms().saturating_sub(start));
    purchases.prepare().await?;
    line("the contracts Escrow and FxQuote registered; the dealer lets quotes pull USD");
    purchases.quote().await?;
    let quote = purchases.best_quote(0, 100_000).await?;
    line("HUDSUS33 quotes 0.128 USD for 1 HKD at its own node; the merchant's node has it");
    let client = cluster.client(0)?;
    let before = purchases.dollars(0, purchase::seller()).await?;
    let (signed, instance) = purchases.buy(quote.clone(), 100_000, 600_000)?;
    let answer = purchases.settle(&client, &signed).await?;
    let paid = answer["events"][1]["moved"][1]["amount"].as_str().unwrap_or("?").to_owned();
    if paid != "7812.50 HKD" {
        return Err(format!("1000.00 USD at 0.128 cost {paid} instead of 7812.50 HKD: {answer}"));
    }
    line(&format!("{paid} exchanged and 1000.00 USD in escrow, final, both or neither"));
    purchases.settle(&client, &purchases.release(instance)?).await?;
    let after = purchases.dollars(0, purchase::seller()).await?;
    if (&*before, &*after) != ("900000.00 USD", "901000.00 USD") {
        return Err(format!("the seller had {before} before the release and {after} after it"));
    }
    line(&format!("the buyer releases it: the seller had {before}, now {after}"));
    let (signed, instance) = purchases.buy(quote, 50_000, 3_000)?;
    purchases.settle(&client, &signed).await?;
    line("a second purchase: 500.00 USD in escrow for three seconds");
    let asked = json!({"instance": instance});
    let closed = |answer: &Value| answer["open"] == false;
    let observer = cluster.nodes.len() - 1;
    cluster.until(observer, "contract_get", &asked, PATIENCE, closed).await?;
    let events = cluster.client(observer)?.call("contract_events", asked).await.map_err(|error| error.to_string())?;
    let last = events["events"].as_array().and_then(|events| events.last()).cloned().unwrap_or_default();
    if last["cause"] != "timedOut" || last["moved"][0]["amount"] != "500.00 USD" {
        return Err(format!("the escrow did not refund by itself: {events}"));
    }
    line("its time is over: 500.00 USD back to the buyer, with nobody acting");
    let place = json!({
        "instance": instance, "height": last["height"], "position": last["position"], "place": last["place"],
    });
    let answer = cluster.client(observer)?.call("contract_proof", place).await.map_err(|error| error.to_string())?;
    let proof: SettlementProof =
        serde_json::from_value(answer["proof"].clone()).map_err(|error| format!("the proof: {error}"))?;
    proof.verify(&cluster.document.hash()).map_err(|error| format!("the proof: {error}"))?;
    line(&format!(
        "proven: {}'s proof of the refund holds under the genesis hash alone",
        cluster.nodes[observer].bic
    ));
    Ok(())
}

/// All nodes stand on one block with one state.
async fn check_roots(cluster: &Cluster) -> Result<(), String> {
    let mut roots = Vec::new();
    for place in 0..cluster.nodes.len() {
        let head = cluster.client(place)?.call("ledger_block", json!({"height": "1"})).await;
        roots.push(head.map_err(|error| error.to_string())?["header"]["stateRoot"].clone());
    }
    if roots.windows(2).all(|pair| pair[0] == pair[1]) {
        Ok(())
    } else {
        Err(format!("state roots differ: {roots:?}"))
    }
}

fn say_how_to_go_on(cluster: &Cluster, root: &Path) {
    println!("\nThe network runs; Ctrl-C stops it. Funded accounts, each with its published secret key:");
    let accounts = [
        ("HARBHKHH", "hk-merchant"),
        ("HARBHKHH", "hk-importer"),
        ("MERLSGSG", "sg-supplier"),
        ("HUDSUS33", "us-buyer"),
        ("PEARHKHH", "hk-shop"),
    ];
    for (agent, label) in accounts {
        let (account, secret) = (seed::account(agent, label), Hash32(seed::secret_key(label)));
        println!("  {label:<12} {account}  at {agent}, key {secret}");
    }
    let (url, seaway) = (&cluster.nodes[0].url, cluster.seaway());
    let (seaway, genesis) = (seaway.get_program().display(), root.join("genesis.toml"));
    println!("\nGo on by hand (sums and accounts of this network are play money):");
    println!("  export SEAWAY_NODE={url} SEAWAY_GENESIS={}", genesis.display());
    for line in [
        "pay --from hk-merchant --to sg-supplier --amount '250.00 HKD'",
        &format!("iso submit {}", root.join("pacs008.xml").display()),
        "pay --from hk-merchant --to us-buyer --amount '100.00 USD' --from-currency HKD",
        "contract list hk-merchant",
        "watch sg-supplier",
        "balance sg-supplier",
    ] {
        println!("  {seaway} {line}");
    }
    let accounts = [("HARBHKHH", "hk-merchant"), ("MERLSGSG", "sg-supplier")];
    let [debtor, creditor] = accounts.map(|(agent, label)| seed::account(agent, label));
    let payment = json!({"debtor": debtor, "creditor": creditor, "amount": "3.00 HKD"});
    let call = |method: &str, params: &str| {
        format!(
            "curl -s {url} -H 'content-type: application/json' \\\n    \
             -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{params}}}'"
        )
    };
    println!("\nOr with curl: the node prepares a payment, you check and sign it, the node settles it:");
    println!("  {} > prepared.json", call("payment_prepare", &json!({"payment": payment}).to_string()));
    println!("  echo devnet > passphrase");
    println!(
        "  echo {} | \\\n    {seaway} key import --out merchant.key --passphrase-file passphrase",
        Hash32(seed::secret_key("hk-merchant"))
    );
    println!("  {seaway} sign prepared.json --key merchant.key --passphrase-file passphrase > signed.json");
    println!("  {}", call("payment_submit", "'\"$(cat signed.json)\"'"));
}
