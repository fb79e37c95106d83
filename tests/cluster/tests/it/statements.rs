//! Statements, the feed of events, and webhooks, over real processes.

use crate::net::*;
use crate::terminal::initiation;
use seaway_cluster::{Cluster, Payer, Ports, Purchases, now_ms, purchase};
use seaway_genesis::ceremony::DEVNET;
use seaway_genesis::seed;
use seaway_genesis::written::WrittenGenesis;
use seaway_iso20022::message::{AccountReport, AccountStatement, EntryNotification, Message};
use seaway_sdk::MessageKeys;
use seaway_sdk::settle_message;
use seaway_types::AccountId;
use seaway_types::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::calendar::{BusinessDay, Calendar, OffsetChange};
use seaway_types::contract::InstanceId;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::admin::{Admin, SetCalendar};
use seaway_types::instruction::{Body, Envelope, RawInstruction, Submitter};
use seaway_types::state::CalendarKey;
use seaway_types::time::{BlockTime, Day};
use seaway_webhooks::{ID_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

impl Net {
    /// Asks a node for a page of a statement in HKD.
    async fn statement(&self, place: usize, account: AccountId, more: Value) -> Value {
        let mut asked = json!({"account": account, "asset": "HKD"});
        let fields = more.as_object().unwrap().clone();
        asked.as_object_mut().unwrap().extend(fields);
        self.cluster.client(place).unwrap().call("iso20022_statement", asked).await.unwrap()
    }

    /// Some business between two banks, where HKD is so many hours ahead of UTC; gives the height after it.
    async fn business(&self, ahead: i64) -> u64 {
        let keys = MessageKeys::new(vec![seed::secret_key("HARBHKHH")]);
        let now = || BlockTime::from_ms(now_ms()).unwrap();
        let client = self.cluster.client(0).unwrap();
        let settle = async |message: String| {
            // Messages are dated eight hours ahead of UTC.
            let message = message.replace(&day(now(), 8).to_string(), &day(now(), ahead).to_string());
            let settled = settle_message(&client, &message, now(), &keys).await.unwrap();
            assert_ne!(settled.status, seaway_iso20022::message::Status::Rejected, "{settled:?}");
        };
        settle(self.payer.bank_message().unwrap()).await;
        self.pay(0).await;
        self.pay(1).await;
        // It waits for the creditor's bank: its amount is held, and nothing is booked.
        settle(self.payer.bank_message().unwrap().replace("125000.00", "600000.00")).await;
        // Three credits to one account in one block.
        settle(initiation(&day(now(), ahead).to_string(), "hk-importer", ["sg-supplier"; 3])).await;
        self.pay(2).await;
        let height = self.height(0).await;
        for place in 0..5 {
            self.block(place, height).await;
        }
        height
    }

    /// An escrow of a merchant in Hong Kong for a seller in New York, which a bank in Singapore arbitrates: it is funded,
    /// and runs out when nobody acts.
    async fn escrow(&self) -> InstanceId {
        let purchases = Purchases::new(&self.cluster).unwrap();
        purchases.prepare().await.unwrap();
        purchases.quote().await.unwrap();
        let quote = purchases.best_quote(0, 20_000).await.unwrap();
        let (signed, instance) = purchases.buy(quote, 20_000, 15_000).unwrap();
        purchases.settle(&self.cluster.client(0).unwrap(), &signed).await.unwrap();
        instance
    }

    /// What a participant's feed at a node tells of a contract, once it is numbered up to a height.
    async fn told_of(&self, place: usize, participant: &str, contract: InstanceId, height: u64) -> Vec<Value> {
        let asked = json!({"participant": participant, "count": 1000});
        let numbered = |read: &Value| read["height"].as_str().and_then(|height| height.parse::<u64>().ok());
        let there = |read: &Value| numbered(read) >= Some(height);
        let read = self.cluster.until(place, "feed_read", &asked, PATIENCE, there).await.unwrap();
        let events = read["events"].as_array().unwrap().iter();
        events.filter(|event| event["type"] == "contract" && event["instance"] == json!(contract)).cloned().collect()
    }

    /// What an escrow that ran out did is told alike at two nodes: to the banks of both parties and to the arbiter.
    async fn tells_of_escrow(&self, escrow: InstanceId, height: u64) {
        for (participant, concerns) in [
            ("HARBHKHH", json!([{"account": purchase::buyer()}])),
            ("HUDSUS33", json!([{"account": purchase::seller()}])),
            ("MERLSGSG", json!([{"participant": "MERLSGSG"}])),
        ] {
            let told = self.told_of(0, participant, escrow, height).await;
            assert_eq!(self.told_of(3, participant, escrow, height).await, told);
            let names: Vec<&Value> = told.iter().map(|event| &event["event"]).collect();
            assert_eq!(names, ["opened", "called", "timedOut"], "{participant}: {told:?}");
            assert!(told.iter().all(|event| event["concerns"] == concerns), "{participant}: {told:?}");
            assert_eq!((&told[2]["after"], &told[2]["moved"][0]["amount"]), (&Value::Null, &json!("200.00 USD")));
            // Each is proven by what the event names.
            let asked = json!({
                "instance": escrow,
                "height": told[2]["height"],
                "position": told[2]["position"],
                "place": told[2]["place"],
            });
            self.cluster.client(2).unwrap().call("contract_proof", asked).await.unwrap();
        }
        assert!(self.told_of(2, "THAMGB2L", escrow, height).await.is_empty());
    }
}

/// The day so many hours ahead of UTC.
fn day(moment: BlockTime, ahead: i64) -> Day {
    Day::of_local_ms(moment.ms().checked_add_signed(ahead * 3_600_000).unwrap())
}

fn accounts() -> [AccountId; 3] {
    ["hk-importer", "hk-merchant"]
        .map(|label| seed::account("HARBHKHH", label))
        .into_iter()
        .chain([seed::account("MERLSGSG", "sg-supplier")])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

/// The numbers of a report's balances by their codes, and the signed sum of its entries.
fn added_up(text: &str) -> (BTreeMap<String, u64>, i128) {
    let report: Message<AccountReport> = Message::read(text).unwrap();
    let report = report.document.report;
    let minor = |number: &str| number.replace('.', "").parse::<u64>().unwrap();
    let code = |kind| format!("{kind:?}").split('"').nth(1).unwrap().to_owned();
    let balances =
        report.balances.iter().map(|balance| (code(&balance.kind.kind), minor(&balance.amount.number))).collect();
    let signed = |entry: &seaway_iso20022::message::Entry| {
        let amount = i128::from(minor(&entry.amount.number));
        if entry.direction.code() == "CRDT" { amount } else { -amount }
    };
    (balances, report.entries.iter().map(signed).sum())
}

#[tokio::test]
async fn a_statement_is_the_same_at_every_node_and_leads_from_balance_to_balance() {
    let net = net().await;
    let height = net.business(8).await.to_string();
    for account in accounts() {
        let asked = json!({"message": "camt.052.001.08", "height": height});
        let first = net.statement(0, account, asked.clone()).await;
        for place in 1..5 {
            assert_eq!(net.statement(place, account, asked.clone()).await, first, "node {place}");
        }
        let held = net.cluster.client(4).unwrap();
        let held = held.call("account_balances", json!({"account": account, "height": height})).await.unwrap();
        let part = |name: &str| {
            let text = held["balances"][0][name].as_str().unwrap();
            text.split(' ').next().unwrap().replace('.', "").parse::<u64>().unwrap()
        };
        let (balances, entries) = added_up(first["message"].as_str().unwrap());
        assert_eq!(balances["ITAV"], part("available"));
        assert_eq!(balances["ITBD"], part("available") + part("held") + part("inContracts"));
        assert_eq!(i128::from(balances["ITBD"]), i128::from(balances["OPBD"]) + entries);
        // Page by page it says the same.
        let (mut joined, mut page, mut pages) = (0, json!({"count": 1}), 0);
        page.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let mut opening = None;
        loop {
            let part = net.statement(2, account, page.clone()).await;
            let (balances, sum) = added_up(part["message"].as_str().unwrap());
            assert!(opening.is_none_or(|opening| opening == balances["OPBD"]), "a page begins where one ended");
            opening = balances.get("ITBD").copied();
            (joined, pages) = (joined + sum, pages + 1);
            if part["cursor"].is_null() {
                break;
            }
            page["cursor"] = part["cursor"].clone();
        }
        assert_eq!((joined, opening), (entries, Some(balances["ITBD"])));
        assert_eq!(pages, first["entries"].as_u64().unwrap().max(1));
    }
    // The held amount of the waiting payment is no entry; the payment's references stand in the others.
    let importer = net.statement(3, accounts()[0], json!({"message": "camt.052.001.08", "height": height})).await;
    let text = importer["message"].as_str().unwrap();
    assert_eq!(importer["entries"], 4, "{text}");
    assert!(text.contains("<EndToEndId>INVOICE-2026-0817</EndToEndId>") && text.contains("<UETR>"), "{text}");
    assert!(text.contains("<SubFmlyCd>XBCT</SubFmlyCd>") && !text.contains("600000.00"), "{text}");
    let at = text.split("<NtryRef>").nth(1).unwrap().split('-').next().unwrap();
    let entry = net.statement(3, accounts()[0], json!({"message": "camt.054.001.08", "height": at})).await;
    let entry: Message<EntryNotification> = Message::read(entry["message"].as_str().unwrap()).unwrap();
    assert_eq!(entry.document.notification.entries.len(), 1);
    assert_eq!(entry.document.notification.entries[0].amount.number, "125000.00");
    // An account's number is added where it is the account's, and only there.
    let asked = json!({"message": "camt.052.001.08", "height": height, "number": "sg-supplier", "to": "MERLSGSG"});
    let own = net.statement(1, accounts()[2], asked.clone()).await;
    assert!(own["message"].as_str().unwrap().contains("<Id>sg-supplier</Id>"), "{own}");
    assert!(own["message"].as_str().unwrap().contains("<AppHdr"), "{own}");
    let mut wrong = json!({"account": accounts()[0], "asset": "HKD"});
    wrong.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    let refused = net.cluster.client(1).unwrap().call("iso20022_statement", wrong).await.unwrap_err().to_string();
    assert!(refused.contains("sg-supplier"), "{refused}");
    // Single entries of another node agree with a statement, by whichever name of a payment it has left.
    let out = net.file("camt052.xml");
    let out_path = out.to_str().unwrap();
    for account in ["hk-importer", "hk-merchant", "sg-supplier"] {
        net.says(2, 0, &["iso", "statement", account, "--asset", "HKD", "--intraday", "--out", out_path]);
        for element in ["Nothing", "UETR", "EndToEndId"] {
            std::fs::write(&out, without(&std::fs::read_to_string(&out).unwrap(), element)).unwrap();
            let said = net.says(3, 0, &["reconcile", "--account", account, "--asset", "HKD", "--bank", out_path]);
            assert!(said.contains("\nreconciled"), "{account} without {element}: {said}");
        }
    }
}

/// A message without all elements of a name.
fn without(text: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut parts = text.split(&open);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |whole, part| whole + part.split_once(&close).unwrap().1)
}

#[tokio::test]
async fn a_day_ends_by_the_assets_calendar_and_its_statement_holds_that_day_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Ten hours behind UTC at first.
    let (eight, ten) = ("offsets = [{ starts = \"1970-01-01T00:00:00Z\", minutes = 480 }]", "minutes = -600 }]");
    let hkd = format!("asset = \"HKD\"\n{eight}");
    assert!(DEVNET.contains(&hkd));
    let draft = DEVNET.replacen(&hkd, &hkd.replace("minutes = 480 }]", ten), 1);
    let draft = WrittenGenesis::parse(&draft).unwrap();
    let mut cluster = Cluster::make_of(&folder.path().join("net"), Ports::own(), draft).unwrap();
    cluster.start_all().unwrap();
    cluster.connected(PATIENCE).await.unwrap();
    let payer = Payer::new(&cluster.document);
    let net = Net::of(cluster, payer, folder);
    net.business(-10).await;
    let (_, last) = net.pay(0).await;
    let last: BlockTime = last["blockTime"].as_str().unwrap().parse().unwrap();
    // From the next block on it is fourteen hours ahead of UTC there, which is the day after.
    let (day, next) = (day(last, -10), day(last, 14));
    assert_eq!(day.next(), next);
    let days = [day, next, next.next()].map(|day| BusinessDay { day, opening: 0, cut_off: 1440 });
    let offsets = vec![OffsetChange { starts: BlockTime::default(), minutes: 840 }];
    let calendar = Calendar { offsets: Bounded::new(offsets).unwrap(), days: Bounded::new(days.to_vec()).unwrap() };
    let asset = CalendarKey::Asset(AssetId(1));
    let envelope = Envelope {
        network: net.cluster.document.network,
        submitter: Submitter::Participant("HARBHKHH".parse().unwrap()),
        key: InstructionKey([7; 16]),
        valid_until: BlockTime::from_ms(now_ms()).unwrap().after_ms(60_000),
        body: Body::Admin(Admin::SetCalendar(SetCalendar { of: asset, calendar })),
    };
    let raw = RawInstruction::from(&envelope.sign(&[seed::secret_key("HARBHKHH")]));
    let params = json!({"bytes": hex::encode(&raw.0), "wait": "final"});
    let set = net.cluster.client(0).unwrap().call("payment_submit", params).await.unwrap();
    assert_eq!(set["status"], "ACCC", "{set}");
    net.pay(0).await;
    let height = net.height(0).await;
    for place in 0..5 {
        net.block(place, height).await;
    }
    let merchant = accounts()[1];
    let asked = json!({"message": "camt.053.001.08", "day": day});
    let first = net.statement(0, merchant, asked.clone()).await;
    for place in 1..5 {
        assert_eq!(net.statement(place, merchant, asked.clone()).await, first, "node {place}");
    }
    // Four payments of 1.00 before midnight; the one after it is of the next day.
    assert_eq!(first["entries"], 4, "{first}");
    assert_eq!(
        first["balances"],
        json!({"opening": "2000000.00", "closing": "1999996.00", "available": "1999996.00"})
    );
    let read: Message<AccountStatement> = Message::read(first["message"].as_str().unwrap()).unwrap();
    assert_eq!(read.document.statement.entries.len(), 4);
    let today = net.statement(0, merchant, json!({"message": "camt.052.001.08"})).await;
    assert_eq!((&today["entries"], &today["balances"]["opening"]), (&json!(1), &json!("1999996.00")), "{today}");
    // Days before there was anything have no statement, and the new calendar does not move the old days.
    let early = json!({"account": merchant, "asset": "HKD", "message": "camt.053.001.08", "day": "2020-02-02"});
    assert!(net.cluster.client(0).unwrap().call("iso20022_statement", early).await.is_err());
    // That day is not over.
    let mut asked = json!({"account": merchant, "asset": "HKD", "message": "camt.053.001.08", "day": next});
    let refused = net.cluster.client(0).unwrap().call("iso20022_statement", asked.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("that is over"), "{refused}");
    asked["day"] = Value::Null;
    assert!(net.cluster.client(0).unwrap().call("iso20022_statement", asked).await.is_err());
    // By hand: one file, joined of pages with their proofs, which holds; a changed amount does not.
    let (out, proof) = (net.file("camt053.xml"), net.file("camt053.proof.json"));
    let (out, proof) = (out.to_str().unwrap(), proof.to_str().unwrap());
    let genesis = net.file("genesis.toml");
    let day = day.to_string();
    let arguments =
        ["iso", "statement", "hk-merchant", "--asset", "HKD", "--day", &day, "--out", out, "--proof", proof];
    assert!(net.says(2, 0, &arguments).contains("4 entries, 2000000.00 to 1999996.00 HKD"));
    assert_eq!(std::fs::read_to_string(out).unwrap(), first["message"].as_str().unwrap());
    let verify = ["verify", proof, "--statement", out, "--genesis", genesis.to_str().unwrap()];
    let held = net.says(0, 0, &verify);
    assert!(held.contains("4 entries are proven with their amounts, 0 by"), "{held}");
    // The payment of the next day joins the day's end to the newest balance, which is certified.
    assert!(held.contains("the closing balance, with 1 booked since, makes the one that block"), "{held}");
    assert!(held.contains("the available balance is on the node's word"), "{held}");
    let told = std::fs::read_to_string(out).unwrap();
    let lies = [
        (told.replace(">1.00<", ">2.00<").replace("1999996.00", "1999992.00"), "moved, in minor units"),
        // Balances that add up, and are not those of the ledger.
        (told.replace("2000000.00", "2000001.00").replace("1999996.00", "1999997.00"), "the ledger has a balance of"),
        (told.replace("Ccy=\"HKD\"", "Ccy=\"USD\""), "expected HKD"),
    ];
    for (lie, problem) in lies {
        assert_ne!(lie, told);
        std::fs::write(out, lie).unwrap();
        let said = net.says(0, 2, &verify);
        assert!(said.contains(problem), "{said}");
    }
    let arguments =
        ["iso", "statement", "hk-merchant", "--asset", "HKD", "--intraday", "--out", out, "--proof", proof];
    net.says(OBSERVER, 0, &arguments);
    let held = net.says(0, 0, &verify);
    assert!(held.contains("the closing balance is the one that block"), "{held}");
    // A balance that was certified before the statement's end proves nothing of it.
    let later = std::fs::read_to_string(out).unwrap();
    let ends = later.find("<ToDtTm>20").unwrap() + "<ToDtTm>".len();
    let later = format!("{}2099{}", &later[..ends], &later[ends + 4..]);
    std::fs::write(out, later).unwrap();
    assert!(net.says(0, 2, &verify).contains("before the statement's end"));
}

/// What a bank's system takes: it checks each signature, and says up to where it has events.
async fn take(stream: TcpStream, secret: Vec<u8>, taken: mpsc::UnboundedSender<Value>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        let signed = Signed {
            id: &headers[ID_HEADER],
            timestamp: &headers[TIMESTAMP_HEADER],
            signature: &headers[SIGNATURE_HEADER],
            body: &body,
        };
        verify(&secret, &signed, now_ms() / 1_000, Duration::from_secs(300)).unwrap();
        let batch: Value = serde_json::from_slice(&body).unwrap();
        for event in batch["events"].as_array().unwrap() {
            taken.send(event.clone()).ok()?;
        }
        let answer = format!("HTTP/1.1 200 OK\r\nseaway-received: {}\r\ncontent-length: 0\r\n\r\n", batch["last"]);
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn listen(listener: TcpListener, secret: Vec<u8>, taken: mpsc::UnboundedSender<Value>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(take(stream, secret.clone(), taken.clone()));
    }
}

/// A bank's system is down while things happen, and its node is killed: it misses nothing and gets nothing out of order. What it
/// once refused is delivered again by hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_system_that_was_down_misses_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::make(&folder.path().join("net"), Ports::own()).unwrap();
    // A port that is nobody's: it listens, and nobody takes the calls yet.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let home = cluster.nodes[1].home.clone();
    std::fs::write(home.join("keys/hook"), "ab".repeat(32)).unwrap();
    let config = std::fs::read_to_string(home.join("seawayd.toml")).unwrap();
    let hook =
        format!("\n[[webhooks]]\nname = \"bank\"\nurl = \"http://{address}/hook\"\nsecret_files = [\"keys/hook\"]\n");
    std::fs::write(home.join("seawayd.toml"), config + &hook).unwrap();
    let refused = json!({"type": "refused once", "number": 1});
    let letter = json!({"number": 1, "reason": "answered 422", "status": 422, "at": 1, "event": refused});
    std::fs::create_dir_all(home.join("data/webhooks")).unwrap();
    std::fs::write(home.join("data/webhooks/bank.dead.jsonl"), format!("{letter}\n")).unwrap();
    cluster.start_all().unwrap();
    cluster.connected(PATIENCE).await.unwrap();
    let payer = Payer::new(&cluster.document);
    let mut net = Net::of(cluster, payer, folder);
    net.business(8).await;
    let escrow = net.escrow().await;
    // The node dies with everything undelivered, and with the call that nobody took.
    net.cluster.kill(1);
    net.pay(0).await;
    let (sender, mut taken) = mpsc::unbounded_channel();
    tokio::spawn(listen(listener, vec![0xab; 32], sender));
    net.cluster.start(1).unwrap();
    let (asked, closed) = (json!({"instance": escrow}), |answer: &Value| answer["open"] == false);
    net.cluster.until(0, "contract_get", &asked, PATIENCE, closed).await.unwrap();
    let (_, answer) = net.pay(0).await;
    let number = |answer: &Value| answer["height"].as_str().and_then(|height| height.parse::<u64>().ok());
    let height = number(&answer);
    // Every node numbers them alike, without gaps.
    let asked = json!({"participant": "MERLSGSG", "count": 1000});
    let expected = net.cluster.until(0, "feed_read", &asked, PATIENCE, |read| number(read) >= height).await.unwrap();
    let expected = expected["events"].as_array().unwrap().clone();
    let numbers: Vec<u64> = expected.iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<u64>>());
    for place in 1..5 {
        let read =
            net.cluster.until(place, "feed_read", &asked, PATIENCE, |read| number(read) >= height).await.unwrap();
        assert_eq!(read["events"], json!(expected), "node {place}");
    }
    let mut events: Vec<Value> = Vec::new();
    while events.len() < expected.len() {
        let event = tokio::time::timeout(PATIENCE, taken.recv()).await.expect("the events come").unwrap();
        // What was under way when the node died may come twice, under the same number.
        if events.last().is_none_or(|last| event["number"].as_u64() > last["number"].as_u64()) {
            events.push(event);
        }
    }
    assert_eq!(events, expected);
    let credited = |event: &&Value| event["type"] == "entry" && event["direction"] == "CRDT";
    assert_eq!(events.iter().filter(credited).count(), 9, "{events:?}");
    let waits: Vec<&Value> = events.iter().filter(|event| event["type"] == "waiting").collect();
    assert_eq!((waits.len(), &waits[0]["amount"]), (1, &json!("600000.00 HKD")));
    assert_eq!(waits[0]["debtorAgent"], "HARBHKHH");
    let shown = net.says(3, 0, &["events", "MERLSGSG", "--after", "2", "--count", "2"]);
    assert!(!shown.contains("\n2 ") && shown.contains("entry"), "{shown}");
    net.tells_of_escrow(escrow, height.unwrap()).await;
    // Its own people alone see what was refused, and have it delivered again.
    let [key, passphrase] = ["keys/agent.key", "keys/passphrase"].map(|file| home.join(file).display().to_string());
    let by_hand = |words: &[&str]| {
        let with_key = ["--read-key", &key, "--read-passphrase-file", &passphrase];
        net.says(1, 0, &[&["webhooks"][..], words, &with_key].concat())
    };
    assert!(net.says(1, 1, &["webhooks", "list"]).contains("right"));
    assert!(by_hand(&["list", "bank"]).contains("answered 422"));
    assert!(by_hand(&["redeliver", "bank", "--all"]).contains("1: delivered"));
    assert!(!by_hand(&["list", "bank"]).contains("answered 422"));
    loop {
        let event = tokio::time::timeout(PATIENCE, taken.recv()).await.expect("the event comes").unwrap();
        if event["type"] == refused["type"] {
            assert_eq!(event, refused);
            break;
        }
    }
}
