//! Contracts on real nodes: they survive a kill of all, run out with nobody acting, and are used from the terminal.

use crate::net::*;
use seaway_cluster::{Purchases, purchase};
use seaway_sdk::{Stream, Topic};
use serde_json::{Value, json};

#[tokio::test]
async fn an_escrow_survives_the_death_of_all_nodes_and_is_released_or_runs_out() {
    let mut net = net().await;
    let purchases = Purchases::new(&net.cluster).unwrap();
    purchases.prepare().await.unwrap();
    purchases.quote().await.unwrap();
    let quote = purchases.best_quote(1, 30_000).await.unwrap();
    let client = net.cluster.client(0).unwrap();
    let before = purchases.dollars(0, purchase::seller()).await.unwrap();
    let (signed, released) = purchases.buy(quote.clone(), 30_000, 600_000).unwrap();
    purchases.settle(&client, &signed).await.unwrap();
    let (signed, left_alone) = purchases.buy(quote, 20_000, 15_000).unwrap();
    purchases.settle(&client, &signed).await.unwrap();
    for place in 0..4 {
        net.cluster.kill(place);
    }
    for place in 0..4 {
        net.cluster.start(place).unwrap();
    }
    net.cluster.connected(PATIENCE).await.unwrap();
    let purchases = Purchases::new(&net.cluster).unwrap();
    let client = net.cluster.client(2).unwrap();
    purchases.settle(&client, &purchases.release(released).unwrap()).await.unwrap();
    let after = purchases.dollars(2, purchase::seller()).await.unwrap();
    assert_eq!((&*before, &*after), ("900000.00 USD", "900300.00 USD"));
    // Nobody acts on the other: it is over on every node, the observer too, and says why.
    let asked = json!({"instance": left_alone});
    for place in 0..5 {
        let closed = |answer: &Value| answer["open"] == false;
        net.cluster.until(place, "contract_get", &asked, PATIENCE, closed).await.unwrap();
        let events = net.cluster.client(place).unwrap().call("contract_events", asked.clone()).await.unwrap();
        let causes: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["cause"]).collect();
        assert_eq!(causes.len(), 3, "opened, funded, timed out: {events}");
        assert_eq!(causes[2], "timedOut");
        assert_eq!(events["events"][2]["moved"][0]["amount"], "200.00 USD");
    }
}

#[tokio::test]
async fn a_person_checks_opens_calls_and_exchanges() {
    let net = net().await;
    let says = |code, arguments: &[&str]| net.says(0, code, arguments);
    assert!(says(0, &["contract", "check", "Escrow"]).contains("accepted"));
    assert!(says(0, &["contract", "explain", "Escrow"]).contains("buyer puts price into its pot"));
    let trap = net.file("trap.contract");
    std::fs::write(&trap, "contract Trap v1\n  parties a\n  assets C\n  state s until t else\n    close\n").unwrap();
    assert!(says(2, &["contract", "check", trap.to_str().unwrap()]).contains("4:17: there is no parameter 't'"));
    for name in ["Escrow", "FxQuote"] {
        assert!(says(0, &["contract", "register", name, "--as", "HARBHKHH"]).contains("registered"));
    }
    assert!(says(2, &["contract", "register", "Escrow", "--as", "HARBHKHH"]).contains("AM05"));
    let party = ["--party", "buyer=hk-merchant", "--party", "seller=sg-supplier", "--panel", "arbiters=THAMGB2L"];
    let blanks = ["--asset", "C=HKD", "--set", "price=1000.00 HKD", "--set", "t_fund=+1h", "--set", "t_end=+30d"];
    let open = [&["contract", "open", "Escrow", "--as", "hk-merchant"][..], &party, &blanks].concat();
    let opened = says(0, &open);
    let id = opened.lines().find_map(|line| line.strip_prefix("Escrow opened: ")).unwrap().to_owned();
    let act = |what: &'static str, clause: &'static str, who: &'static str| {
        ["contract", what, id.as_str(), clause, "--as", who].map(str::to_owned)
    };
    let run = |code, what, clause, who| {
        let words = act(what, clause, who);
        says(code, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(run(0, "simulate", "1", "hk-merchant").contains("nothing has changed"));
    assert!(says(0, &["contract", "show", &id]).contains("in state 'offered'"));
    assert!(run(0, "call", "Funding", "hk-merchant").contains("1000.00 HKD from account"));
    assert!(run(1, "call", "2", "sg-supplier").contains("belongs to no policy"));
    assert!(says(0, &["contract", "explain", &id]).contains("price is 1000.00 HKD."));
    let decision = ["contract", "call", &id, "3", "--set", "to_seller=400.00 HKD", "--as", "THAMGB2L"];
    assert!(says(0, &decision).contains("400.00 HKD from pot"));
    assert!(says(0, &["contract", "show", &id]).contains("closed"));
    assert!(says(0, &["contract", "events", &id]).contains("called clause 1"));
    assert!(says(0, &["contract", "list", "sg-supplier"]).contains(&id));
    let mut news = net.cluster.client(2).unwrap().follow(Topic::Exchange, None);
    news.ready().await.unwrap();
    exchanges(&net);
    told(&net, &mut news).await;
}

/// What a dealer's program at another node hears of quotes, and of wishes there.
async fn told(net: &Net, news: &mut Stream) {
    let next = async |news: &mut Stream, what: &str| loop {
        let event = tokio::time::timeout(PATIENCE, news.next()).await.unwrap().unwrap();
        if let Some(told) = event.get(what) {
            return told.clone();
        }
    };
    assert_eq!(next(news, "quoted").await["dealerAgent"], "HUDSUS33");
    let client = net.cluster.client(2).unwrap();
    let wish = json!({"sold": "HKD", "bought": "USD", "amount": "77.00 USD"});
    assert_eq!(client.call("fx_request", wish).await.unwrap()["quotes"], json!([]));
    while next(news, "wanted").await["amount"] != "77.00 USD" {}
}

/// The dealer quotes; the merchant pays USD out of HKD, within what it consents to.
fn exchanges(net: &Net) {
    let pay =
        ["pay", "--from", "hk-merchant", "--to", "us-buyer", "--amount", "100.00 USD", "--from-currency", "HKD"];
    let with = |most: &'static str| [&pay[..], &["--max-cost", most]].concat();
    assert!(net.says(0, 1, &with("800.00 HKD")).contains("no dealer quotes"));
    let allow = ["contract", "allow", "FxQuote", "--party", "dealer", "--as", "hudson-own"];
    let bounds = ["--each", "5000.00 USD", "--total", "20000.00 USD"];
    net.says(0, 0, &[&allow[..], &bounds].concat());
    let quote = ["fx", "quote", "--most", "10000.00 HKD", "--bought", "USD", "--rate", "0.128", "--as"];
    assert!(net.says(0, 0, &[&quote[..], &["hudson-own"]].concat()).contains("quoted until"));
    assert!(net.says(0, 1, &[&quote[..], &["pearl-own"]].concat()).contains("dealer"), "no dealer quotes for it");
    assert!(net.says(0, 0, &["fx", "list", "--sold", "HKD", "--bought", "USD"]).contains("10000.00 HKD"));
    assert!(net.says(0, 1, &with("700.00 HKD")).contains("more than --max-cost"));
    let paid = net.says(0, 0, &with("800.00 HKD"));
    assert!(paid.contains("ACCC 100.00 USD"), "{paid}");
    assert!(
        net.says(0, 0, &["balance", "hk-merchant"]).contains("1998818.75 HKD"),
        "400.00 to the seller, 781.25 to the dealer"
    );
    assert!(net.says(0, 0, &["fx", "list"]).contains("9218.75 HKD"));
    let answer = net.says(0, 0, &["fx", "list", "--json"]);
    let listed: Value = serde_json::from_str(&answer).unwrap();
    let id = listed["quotes"][0]["quote"].as_str().unwrap().to_owned();
    assert!(net.says(0, 0, &["fx", "withdraw", &id, "--as", "hudson-own"]).contains("taken back"));
    assert!(net.says(0, 1, &with("800.00 HKD")).contains("no dealer quotes"));
}
