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
        let hash = net.cluster.document.hash().to_string();
        assert!(net.says(0, 0, &["verify", path.to_str().unwrap(), "--genesis-hash", &hash]).contains("HOLDS"));
        let other = hash.chars().rev().collect::<String>();
        net.says(0, 2, &["verify", path.to_str().unwrap(), "--genesis-hash", &other]);
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
async fn what_was_kept_is_paid_once_through_whichever_node_answers() {
    let net = net().await;
    let kept = net.file("payment.hex");
    let kept = kept.to_str().unwrap();
    // The first node is not there, and the second takes no instructions.
    let [validator, observer] = [1, OBSERVER].map(|place| net.cluster.nodes[place].url.clone());
    let nodes = format!("http://127.0.0.1:1,{observer},{validator}");
    let pay = |code: i32, amount: &str| {
        let arguments = ["pay", "--from", "hk-merchant", "--to", "sg-supplier", "--amount", amount, "--keep", kept];
        net.says(0, code, &[&arguments[..], &["--node", &nodes]].concat())
    };
    let uetr = |said: &str| said.lines().find_map(|line| line.strip_prefix("UETR ")).unwrap().to_owned();
    let first = pay(0, "40.00 HKD");
    assert_eq!(uetr(&pay(0, "40.00 HKD")), uetr(&first), "the same payment again");
    assert!(net.says(1, 0, &["balance", "hk-merchant"]).contains("1999960.00 HKD"), "paid once");
    assert!(pay(1, "41.00 HKD").contains("another payment"), "and never another one under its name");
    std::fs::write(kept, "00ff").unwrap();
    assert!(pay(1, "40.00 HKD").contains("no signed payment"));
    // An observer alone, and nobody at all, are told apart.
    let through = |code: i32, node: &str| {
        let arguments = ["pay", "--from", "hk-merchant", "--to", "sg-supplier", "--amount", "1.00 HKD"];
        net.says(0, code, &[&arguments[..], &["--node", node]].concat())
    };
    assert!(through(1, &observer).contains("submit to a validator"));
    assert!(through(1, "http://127.0.0.1:1").contains("http://127.0.0.1:1"));
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

/// A customer's message with three payments into two accounts at a Singapore bank; the second account is unknown there.
pub fn initiation(day: &str, debtor: &str, accounts: [&str; 3]) -> String {
    let credit = |(number, account): (usize, &&str)| {
        format!(
            r#"<CdtTrfTxInf><PmtId><EndToEndId>INV-{number}</EndToEndId></PmtId>
            <Amt><InstdAmt Ccy="HKD">{number}.50</InstdAmt></Amt>
            <CdtrAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Changi Parts Pte Ltd</Nm></Cdtr>
            <CdtrAcct><Id><Othr><Id>{account}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"#
        )
    };
    let credits: String = (1..).zip(&accounts).map(credit).collect();
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
        <GrpHdr><MsgId>LAMMA-1</MsgId><CreDtTm>2026-11-23T01:02:03.000+00:00</CreDtTm><NbOfTxs>3</NbOfTxs>
        <CtrlSum>7.5</CtrlSum><InitgPty><Nm>Lamma Instruments Ltd</Nm></InitgPty></GrpHdr>
        <PmtInf><PmtInfId>LAMMA-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>
        <Dbtr><Nm>Lamma Instruments Ltd</Nm></Dbtr><DbtrAcct><Id><Othr><Id>{debtor}</Id></Othr></Id></DbtrAcct>
        <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>{credits}
        </PmtInf></CstmrCdtTrfInitn></Document>"#
    )
}

/// Today in the calendar of HKD.
fn today() -> String {
    let moment = seaway_cluster::now_ms() + 8 * 3_600_000;
    seaway_types::time::Day::of_local_ms(moment).to_string()
}

#[tokio::test]
async fn a_customer_pays_many_at_once_and_both_sides_reconcile() {
    let net = net().await;
    let (message, report) = (net.file("pain001.xml"), net.file("pain002.xml"));
    let submit = ["iso", "submit", message.to_str().unwrap(), "--out", report.to_str().unwrap()];
    // One that signs for itself, and one whose bank signs.
    for (debtor, place) in [("hk-merchant", 0), ("hk-importer", 1)] {
        let text = initiation(&today(), debtor, ["sg-supplier"; 3]);
        std::fs::write(&message, &text).unwrap();
        net.says(place, 0, &submit);
        let first = std::fs::read_to_string(&report).unwrap();
        assert_eq!(first.matches("<TxSts>ACCC</TxSts>").count(), 3, "{first}");
        net.says(2, 0, &submit);
        assert_eq!(std::fs::read_to_string(&report).unwrap(), first, "sent again it is not paid again");
        // Another message under the same id, though it differs only in what stays off the ledger.
        std::fs::write(&message, text.replace("<InitgPty><Nm>Lamma", "<InitgPty><Nm>Lantau")).unwrap();
        net.says(place, 2, &submit);
        assert!(std::fs::read_to_string(&report).unwrap().contains("<Cd>AM05</Cd>"));
    }
    let unknown = initiation(&today(), "hk-merchant", ["sg-supplier", "sg-nobody", "sg-supplier"]);
    std::fs::write(&message, unknown.replace("LAMMA-1", "LAMMA-2")).unwrap();
    net.says(0, 2, &submit);
    let refused = std::fs::read_to_string(&report).unwrap();
    assert!(refused.contains("<Cd>AC03</Cd>") && refused.contains("CdtTrfTxInf(2)/CdtrAcct"), "{refused}");
    // What the supplier's bank has booked, and then one cent less of it, whichever name of a payment its books have.
    let (bank, told) = (net.file("bank.csv"), net.file("entries.json"));
    let (bank_path, told_path) = (bank.to_str().unwrap(), told.to_str().unwrap());
    let entries = net.seaway(1, &["entries", "sg-supplier", "--json"]).stdout;
    std::fs::write(&told, &entries).unwrap();
    let entries: Value = serde_json::from_slice(&entries).unwrap();
    let rows = |name: &str| -> String {
        let posted = |posting: &Value| {
            let (amount, _) = posting["amount"].as_str().unwrap().split_once(' ').unwrap();
            format!("{},C,HKD,{amount}\n", posting[name].as_str().unwrap())
        };
        let blocks = entries["entries"].as_array().unwrap().iter();
        blocks.flat_map(|block| block["postings"].as_array().unwrap()).map(posted).collect()
    };
    for name in ["uetr", "endToEndId", "reference"] {
        let rows = rows(name);
        assert_eq!(rows.lines().count(), 6, "{rows}");
        for ledger in [["--account", "sg-supplier"], ["--ledger", told_path]] {
            let reconcile = |code: i32, rows: &str| {
                std::fs::write(&bank, format!("{name},direction,currency,amount\n{rows}")).unwrap();
                let [which, what] = ledger;
                net.says(0, code, &["reconcile", which, what, "--asset", "HKD", "--bank", bank_path])
            };
            assert!(reconcile(0, &rows).contains("\nreconciled"), "{name}");
            let said = reconcile(2, &rows.replacen("1.50", "1.49", 1));
            assert!(said.contains("amount differs 0.01") && said.contains("not reconciled"), "{name}: {said}");
        }
    }
}

#[tokio::test]
async fn the_creditors_bank_has_its_word_on_a_large_payment() {
    let net = net().await;
    let message = net.file("large.xml");
    let waiting = || {
        let text = net.payer.bank_message().unwrap().replace("125000.00", "600000.00");
        std::fs::write(&message, &text).unwrap();
        net.says(0, 3, &["iso", "submit", message.to_str().unwrap()]);
        text.split_once("<UETR>").unwrap().1.get(..36).unwrap().to_owned()
    };
    let accepted = waiting();
    let stands = async |uetr: &str, status: &'static str| {
        let found = move |answer: &Value| answer["payments"][0]["status"] == status;
        let asked = serde_json::json!({"uetr": uetr});
        net.cluster.until(1, "payment_status", &asked, PATIENCE, found).await.unwrap();
    };
    stands(&accepted, "PDNG").await;
    assert!(net.says(1, 0, &["accept", &accepted, "--as", "MERLSGSG"]).contains("from HARBHKHH: accepted"));
    stands(&accepted, "ACCC").await;
    let again = net.says(1, 1, &["accept", &accepted, "--as", "MERLSGSG"]);
    assert!(again.contains("expected a payment that is PDNG; found ACCC"), "{again}");
    let refused = waiting();
    stands(&refused, "PDNG").await;
    let wrong = net.says(1, 1, &["refuse", &refused, "--reason", "NONE", "--as", "MERLSGSG"]);
    assert!(wrong.contains("--reason NONE"), "{wrong}");
    assert!(net.says(1, 0, &["refuse", &refused, "--reason", "rr04", "--as", "MERLSGSG"]).contains("refused"));
    stands(&refused, "RJCT").await;
    // Nobody else's word counts.
    let other = waiting();
    stands(&other, "PDNG").await;
    let stranger = net.says(1, 1, &["accept", &other, "--as", "THAMGB2L"]);
    assert!(stranger.contains("THAMGB2L") || stranger.contains("sign"), "{stranger}");
}
