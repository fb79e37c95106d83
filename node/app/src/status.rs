//! `seawayd status`: asks the running node of a home over its own RPC address.

use crate::home::Home;
use jsonrpsee_core::client::ClientT;
use jsonrpsee_core::params::ObjectParams;
use jsonrpsee_http_client::HttpClientBuilder;
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How long the node may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints how the node is.
pub fn status(root: &Path) -> ExitCode {
    match ask(root) {
        Ok((status, peers)) => {
            for field in ["network", "role", "node", "height", "blockTime", "waiting", "executed", "version"] {
                println!("{field:<10} {}", text(&status[field]));
            }
            let bic = |peer: &Value| text(&peer["bic"]);
            let peers: Vec<String> = peers["peers"].as_array().into_iter().flatten().map(bic).collect();
            println!("{:<10} {}", "peers", if peers.is_empty() { "none".to_owned() } else { peers.join(" ") });
            if status["halted"].is_null() {
                return ExitCode::SUCCESS;
            }
            println!("{:<10} {}", "halted", text(&status["halted"]));
            ExitCode::from(2)
        }
        Err(problem) => {
            eprintln!("seawayd: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn ask(root: &Path) -> Result<(Value, Value), String> {
    let home = Home::open(root)?;
    if home.config.rpc.tls.is_some() {
        return Err("this node serves TLS; ask it by the name in its certificate, with 'seaway network'".to_owned());
    }
    let url = format!("http://{}", home.config.rpc.listen);
    let failed = |error: &dyn std::fmt::Display| format!("{url}: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| failed(&error))?.block_on(async {
        let client = HttpClientBuilder::default().request_timeout(PATIENCE).build(&url);
        let client = client.map_err(|error| failed(&error))?;
        let status = client.request("network_status", ObjectParams::new()).await;
        let peers = client.request("network_peers", ObjectParams::new()).await;
        Ok((status.map_err(|error| failed(&error))?, peers.map_err(|error| failed(&error))?))
    })
}
