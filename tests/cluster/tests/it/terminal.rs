//! The `seaway` command and `seawayd status`, as a person uses them: what they print, and their exit codes.

use crate::net::*;
use seaway_genesis::seed;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

impl Net {
    /// Runs `seaway` against a node.
    pub fn seaway(&self, place: usize, arguments: &[&str]) -> Output {
        let mut command = self.cluster.seaway();
        command.args(arguments).env("SEAWAY_NODE", &self.cluster.nodes[place].url);
        command.env("SEAWAY_GENESIS", self.file("genesis.toml"));
        command.output().unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.cluster.nodes[0].home.join(name)
    }

    /// Runs `seaway`, expects an exit code, and returns what it printed.
    pub fn says(&self, place: usize, code: i32, arguments: &[&str]) -> String {
        let output = self.seaway(place, arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        let problem = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{problem}");
        said + &problem
    }
}

#[tokio::test]
async fn a_person_pays_asks_proves_and_watches() {
    let mut net = net().await;
    let paid = net.says(0, 0, &["pay", "--from", "hk-merchant", "--to", "sg-supplier", "--amount", "250.00 HKD"]);
    let uetr = paid.lines().find_map(|line| line.strip_prefix("UETR ")).unwrap().to_owned();
    assert!(paid.contains("ACCC 250.00 HKD"), "{paid}");
    for place in 0..5 {
        let found = |answer: &Value| !answer["payments"].is_null();
        net.cluster
            .until(place, "payment_status", &serde_json::json!({"uetr": uetr}), PATIENCE, found)
            .await
            .unwrap();
        assert!(net.says(place, 0, &["status", &uetr]).contains("ACCC"));
    }
    assert!(net.says(1, 0, &["balance", "sg-supplier"]).contains("250.00 HKD"));
    assert!(!net.says(1, 0, &["balance", "sg-supplier", "--height", "0"]).contains("HKD"));
    assert!(net.says(2, 0, &["list", "hk-merchant"]).contains("out"));
    assert!(!net.says(2, 0, &["list", "hk-merchant", "--status", "PDNG"]).contains("250.00"));
    assert!(net.says(3, 0, &["watch", "sg-supplier", "--from", "1", "--count", "1"]).contains("CRDT 250.00 HKD"));
    assert!(net.says(0, 0, &["entries", "hk-merchant"]).contains("1999750.00 HKD"));
    // Proofs are checked with the genesis alone; the observer gives them too.
    for arguments in [vec!["proof", &uetr], vec!["proof", "--account", "hk-merchant", "--asset", "HKD"]] {
        let proof = net.seaway(OBSERVER, &arguments).stdout;
        let path = net.file("proof.json");
        std::fs::write(&path, &proof).unwrap();
        let genesis = net.file("genesis.toml");
        let arguments = ["verify", path.to_str().unwrap(), "--genesis", genesis.to_str().unwrap()];
        assert!(net.says(0, 0, &arguments).contains("HOLDS"));
        let lie = String::from_utf8(proof).unwrap().replace("\"height\": \"1\"", "\"height\": \"2\"");
        std::fs::write(&path, lie).unwrap();
        assert!(net.says(0, 2, &arguments).contains("DOES NOT HOLD"));
    }
    // Too much is a rejection, with its own exit code; a stranger's payment cannot be asked for.
    let much = net.says(0, 2, &["pay", "--from", "hk-merchant", "--to", "sg-supplier", "--amount", "9000000.00 HKD"]);
    assert!(much.contains("AM02"), "{much}");
    assert!(net.says(0, 1, &["status", "11111111-1111-4111-8111-111111111111"]).contains("there is no payment"));
    let status = net.cluster.seawayd().arg("status").arg("--home").arg(&net.cluster.nodes[0].home).output().unwrap();
    let said = String::from_utf8(status.stdout).unwrap();
    assert!(status.status.success() && said.contains("validator") && said.contains("MERLSGSG"), "{said}");
    net.cluster.kill(0);
    let status = net.cluster.seawayd().arg("status").arg("--home").arg(&net.cluster.nodes[0].home).output().unwrap();
    assert_eq!(status.status.code(), Some(1));
}

#[tokio::test]
async fn a_bank_hands_over_a_file_and_signs_with_a_key_of_its_own() {
    let net = net().await;
    let (message, report) = (net.file("pacs008.xml"), net.file("pacs002.xml"));
    let text = net.payer.bank_message().unwrap();
    std::fs::write(&message, &text).unwrap();
    let (message_path, report_path) = (message.to_str().unwrap(), report.to_str().unwrap());
    let proof = net.file("answer-proof.json");
    let (proof_path, genesis) = (proof.to_str().unwrap(), net.file("genesis.toml"));
    let arguments = ["iso", "submit", message_path, "--out", report_path, "--proof", proof_path];
    assert!(net.says(0, 0, &["iso", "check", message_path]).contains("pacs.008.001.08, in order"));
    net.says(0, 0, &arguments);
    let verify = ["verify", proof_path, "--genesis", genesis.to_str().unwrap()];
    assert!(net.says(0, 0, &verify).contains("HOLDS"));
    let first = std::fs::read_to_string(&report).unwrap();
    assert!(first.contains("<TxSts>ACCC</TxSts>"), "{first}");
    net.says(2, 0, &arguments);
    assert_eq!(std::fs::read_to_string(&report).unwrap(), first, "sent again it is not paid again");
    std::fs::write(&message, text.replace("125000.00", "125001.00")).unwrap();
    net.says(0, 2, &arguments);
    assert!(std::fs::read_to_string(&report).unwrap().contains("<Cd>AM05</Cd>"));
    std::fs::write(&message, text.replace("<Purp>", "<Tax/><Purp>")).unwrap();
    for refused in [net.says(0, 1, &arguments), net.says(0, 2, &["iso", "check", message_path])] {
        assert!(refused.contains("/Envelope/Document/FIToFICstmrCdtTrf/CdtTrfTxInf/Tax"), "{refused}");
    }
    // Prepared by a node, signed here with a key from a file, handed back.
    let (passphrase, key) = (net.file("passphrase"), net.file("merchant.key"));
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    let secret = seed::secret_key("hk-merchant");
    let sealed = seaway_signer::KeyFile::seal(seaway_signer::KeyKind::Instruction, &secret, "correct horse").unwrap();
    sealed.write(&key).unwrap();
    let client = net.cluster.client(0).unwrap();
    let payment = serde_json::json!({"payment": {
        "debtor": seed::account("HARBHKHH", "hk-merchant"), "creditor": seed::account("MERLSGSG", "sg-supplier"),
        "amount": "3.00 HKD",
    }});
    let prepared = client.call("payment_prepare", payment).await.unwrap();
    let path = net.file("prepared.json");
    std::fs::write(&path, prepared.to_string()).unwrap();
    let [path, key, passphrase] = [&path, &key, &passphrase].map(|path| path.to_str().unwrap().to_owned());
    let arguments = ["sign", &path, "--key", &key, "--passphrase-file", &passphrase];
    let output = net.seaway(0, &arguments);
    let params: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(client.call("payment_submit", params).await.unwrap()["status"], "ACCC");
    // A node that shows one thing and lets sign another is caught.
    let lie = prepared.to_string().replace(prepared["digest"].as_str().unwrap(), &"0".repeat(64));
    std::fs::write(&path, lie).unwrap();
    assert!(net.says(0, 1, &arguments).contains("nothing was signed"));
}
