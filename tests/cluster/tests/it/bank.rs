//! A bank's own messages, and what a developer does step by step over JSON-RPC.

use crate::net::*;
use seaway_genesis::seed;
use seaway_iso20022::message::{
    CodeOrText, CreditTransfer, LongText, Message, Resolution, ResolutionStatus, Status, StatusReport,
};
use seaway_sdk::{MessageKeys, Settled, Topic, settle_message};
use seaway_types::block::{LedgerProof, SettlementProof, Subject};
use seaway_types::codec;
use seaway_types::identifier::{Digest, InstructionKey};
use seaway_types::instruction::follow_up::Accept;
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::signature::{Evidence, sign};
use seaway_types::state::Balance;
use seaway_types::time::{BlockTime, Height};
use serde_json::{Value, json};

impl Net {
    /// Hands a message of Harbour Bank to a node.
    async fn settle(&self, place: usize, message: &str) -> Settled {
        let now = BlockTime::from_ms(seaway_cluster::now_ms()).unwrap();
        let keys = MessageKeys::new(vec![seed::secret_key("HARBHKHH")]);
        settle_message(&self.cluster.client(place).unwrap(), message, now, &keys).await.unwrap()
    }
}

/// The pacs.002 that answers.
fn report(settled: &Settled) -> Message<StatusReport> {
    Message::read(&settled.answer.as_ref().unwrap().text).unwrap()
}

/// The status, and the reason's code, which the pacs.002 says too.
fn verdict(settled: &Settled) -> (Status, String) {
    let report = report(settled).document.transaction;
    let code = settled.reason.as_ref().map(|(code, _)| code.clone()).unwrap_or_default();
    assert_eq!(report.status, settled.status);
    let said = report.reasons.first().and_then(|reason| reason.reason.clone());
    let expected = LongText::cut(&code).map(CodeOrText::Code);
    assert_eq!(said, expected);
    (settled.status, code)
}

#[tokio::test]
async fn a_message_settles_once_and_is_answered_by_every_node() {
    let net = net().await;
    let message = net.payer.bank_message().unwrap();
    let tasks = (0..12).map(|turn| net.settle(turn % 4, &message));
    let settled = futures::future::join_all(tasks).await;
    for one in &settled {
        assert_eq!(verdict(one), (Status::Credited, String::new()), "{one:?}");
        assert_eq!(one.answer, settled[0].answer, "every node answers alike");
    }
    let supplier = json!({"account": seed::account("MERLSGSG", "sg-supplier")});
    let balances = net.cluster.client(0).unwrap().call("account_balances", supplier).await.unwrap();
    assert_eq!(balances["balances"][0]["available"], "125000.00 HKD", "{balances}");
    // Another message under the same id.
    let other = net.settle(3, &message.replace("40 sensors", "41 sensors")).await;
    assert_eq!(verdict(&other), (Status::Rejected, "AM05".to_owned()));
    assert!(other.signed.is_none());
}

#[tokio::test]
async fn accounts_are_found_at_the_agent_that_services_them() {
    let net = net().await;
    let to_london = |account: &str| {
        let message = net.payer.bank_message().unwrap().replace("MERLSGSG", "THAMGB2L");
        message.replace("<Othr><Id>sg-supplier</Id></Othr>", account)
    };
    // An IBAN of another agent: its node is asked.
    let paid = net.settle(1, &to_london("<IBAN>GB44THAM20000012345678</IBAN>")).await;
    assert_eq!(verdict(&paid), (Status::Credited, String::new()), "{paid:?}");
    // The opaque id itself.
    let id = seed::account("THAMGB2L", "thames-own");
    // A settlement account: the agent has yet to credit its own books.
    let paid = net.settle(0, &to_london(&format!("<Othr><Id>{id}</Id></Othr>"))).await;
    assert_eq!(verdict(&paid), (Status::Settled, String::new()), "{paid:?}");
    let unknown = net.settle(0, &to_london("<IBAN>GB17THAM20000012345679</IBAN>")).await;
    assert_eq!(verdict(&unknown), (Status::Rejected, "AC03".to_owned()));
    let unknown = net.settle(0, &net.payer.bank_message().unwrap().replace("hk-importer", "hk-nobody")).await;
    assert_eq!(verdict(&unknown), (Status::Rejected, "AC01".to_owned()));
    // An account that another agent services, named by its id.
    let foreign = format!("<Othr><Id>{}</Id></Othr>", seed::account("MERLSGSG", "sg-supplier"));
    let wrong = net.settle(0, &to_london(&foreign)).await;
    assert_eq!(verdict(&wrong), (Status::Rejected, "RC01".to_owned()));
    // A customer that signs for itself: its bank's signature alone moves nothing.
    let holder = net.settle(0, &net.payer.bank_message().unwrap().replace("hk-importer", "hk-merchant")).await;
    assert_eq!(verdict(&holder).0, Status::Rejected, "{holder:?}");
}

#[tokio::test]
async fn a_large_amount_waits_for_the_creditors_bank_and_the_report_follows() {
    let net = net().await;
    let message = net.payer.bank_message().unwrap().replace("125000.00", "600000.00");
    let waiting = net.settle(0, &message).await;
    assert_eq!(verdict(&waiting), (Status::Pending, String::new()));
    let payment =
        PaymentKey { debtor_agent: "HARBHKHH".parse().unwrap(), uetr: waiting.uetrs[0], kind: CreditKind::Customer };
    let supplier = seed::account("MERLSGSG", "sg-supplier");
    let list = json!({"account": supplier, "status": "ACCC"});
    let client = net.cluster.client(1).unwrap();
    assert_eq!(client.call("payment_list", list.clone()).await.unwrap()["payments"], json!([]));
    let envelope = Envelope {
        network: net.cluster.document.network,
        submitter: Submitter::Participant("MERLSGSG".parse().unwrap()),
        key: InstructionKey([5; 16]),
        valid_until: BlockTime::from_ms(seaway_cluster::now_ms()).unwrap().after_ms(60_000),
        body: Body::Single(Leg::Accept(Accept { payment })),
    };
    let raw = RawInstruction::from(&envelope.sign(&[seed::secret_key("MERLSGSG")]));
    let params = json!({"bytes": hex::encode(&raw.0), "wait": "final"});
    assert_eq!(client.call("payment_submit", params).await.unwrap()["status"], "ACCC");
    // The creditor sees it where it settled, and the message sent again is answered by its present state, everywhere alike.
    assert_eq!(client.call("payment_list", list).await.unwrap()["payments"][0]["status"], "ACCC");
    let credited = net.settle(1, &message).await;
    assert_eq!(verdict(&credited), (Status::Credited, String::new()), "{credited:?}");
    assert_ne!(report(&credited).document.group.id, report(&waiting).document.group.id);
    let found = |answer: &Value| answer["payments"][0]["status"] == "ACCC";
    net.cluster.until(3, "payment_status", &json!({"uetr": payment.uetr}), PATIENCE, found).await.unwrap();
    assert_eq!(net.settle(3, &message).await.answer, credited.answer);
}

/// The return of part of a payment of Harbour Bank's customer.
fn payback(id: &str, payment: &Settled, amount: &str) -> String {
    let (uetr, whole) = (payment.uetrs[0], "125000.00");
    let part = if amount == whole { "" } else { "<AddtlInf>PART</AddtlInf>" };
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>
        <GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-11-24T01:02:03.000+00:00</CreDtTm><NbOfTxs>1</NbOfTxs>
        <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
        <TxInf><RtrId>{id}</RtrId>
        <OrgnlGrpInf><OrgnlMsgId>HARB-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
        <OrgnlEndToEndId>INVOICE-2026-0817</OrgnlEndToEndId><OrgnlUETR>{uetr}</OrgnlUETR>
        <OrgnlIntrBkSttlmAmt Ccy="HKD">{whole}</OrgnlIntrBkSttlmAmt>
        <RtrdIntrBkSttlmAmt Ccy="HKD">{amount}</RtrdIntrBkSttlmAmt>
        <InstgAgt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></InstgAgt>
        <InstdAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></InstdAgt>
        <RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn>{part}</RtrRsnInf></TxInf></PmtRtr></Document>"#
    )
}

#[tokio::test]
async fn a_payment_goes_back_in_parts_and_never_twice() {
    let net = net().await;
    let paid = net.settle(0, &net.payer.bank_message().unwrap()).await;
    let merlion = |place: usize, text: String| {
        let keys = MessageKeys::new(vec![seed::secret_key("MERLSGSG")]);
        let client = net.cluster.client(place).unwrap();
        let now = BlockTime::from_ms(seaway_cluster::now_ms()).unwrap();
        async move { settle_message(&client, &text, now, &keys).await.unwrap() }
    };
    net.cluster
        .until(1, "payment_status", &json!({"uetr": paid.uetrs[0]}), PATIENCE, |found| !found["payments"].is_null())
        .await
        .unwrap();
    let part = payback("MERL-1", &paid, "25000.00");
    let first = merlion(1, part.clone()).await;
    assert_eq!(verdict(&first), (Status::Credited, String::new()), "{first:?}");
    // Sent again, it is answered alike, though less could go back now.
    let again = merlion(1, part).await;
    assert_eq!((again.answer, again.signed), (first.answer, None));
    let much = merlion(1, payback("MERL-2", &paid, "100000.01")).await;
    assert_eq!(verdict(&much), (Status::Rejected, "AM09".to_owned()), "{much:?}");
    let other = merlion(1, payback("MERL-1", &paid, "100000.00")).await;
    assert_eq!(verdict(&other), (Status::Rejected, "AM05".to_owned()), "{other:?}");
    let rest = merlion(1, payback("MERL-3", &paid, "100000.00")).await;
    assert_eq!(verdict(&rest), (Status::Credited, String::new()), "{rest:?}");
    let twice = merlion(1, payback("MERL-4", &paid, "0.01")).await;
    assert_eq!(verdict(&twice), (Status::Rejected, "AM05".to_owned()), "{twice:?}");
    // What was never paid.
    let unpaid = Settled { uetrs: vec!["0f8fad5b-d9cb-469f-a165-70867728950e".parse().unwrap()], ..paid };
    let unknown = merlion(1, payback("MERL-5", &unpaid, "1.00")).await;
    assert_eq!(verdict(&unknown), (Status::Rejected, "NARR".to_owned()), "{unknown:?}");
}

/// Harbour Bank asks a payment back.
fn request(id: &str, payment: &Settled) -> String {
    let uetr = payment.uetrs[0];
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.08"><FIToFIPmtCxlReq>
        <Assgnmt><Id>{id}</Id><Assgnr><Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></Assgnr>
        <Assgne><Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></Assgne>
        <CreDtTm>2026-11-24T01:02:03.000+00:00</CreDtTm></Assgnmt>
        <Undrlyg><TxInf><CxlId>{id}</CxlId>
        <OrgnlGrpInf><OrgnlMsgId>HARB-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
        <OrgnlUETR>{uetr}</OrgnlUETR><OrgnlIntrBkSttlmAmt Ccy="HKD">125000.00</OrgnlIntrBkSttlmAmt>
        <CxlRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlRsnInf></TxInf></Undrlyg></FIToFIPmtCxlReq></Document>"#
    )
}

/// Merlion Bank does not give it back.
fn refusal(id: &str, payment: &Settled) -> String {
    let uetr = payment.uetrs[0];
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.09"><RsltnOfInvstgtn>
        <Assgnmt><Id>{id}</Id><Assgnr><Agt><FinInstnId><BICFI>MERLSGSG</BICFI></FinInstnId></Agt></Assgnr>
        <Assgne><Agt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></Agt></Assgne>
        <CreDtTm>2026-11-24T02:02:03.000+00:00</CreDtTm></Assgnmt><Sts><Conf>RJCR</Conf></Sts>
        <CxlDtls><TxInfAndSts>
        <OrgnlGrpInf><OrgnlMsgId>HARB-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
        <OrgnlUETR>{uetr}</OrgnlUETR><CxlStsRsnInf><Rsn><Cd>NOAS</Cd></Rsn></CxlStsRsnInf>
        </TxInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>"#
    )
}

#[tokio::test]
async fn a_recall_is_refused_once_and_then_answered_by_a_return() {
    let net = net().await;
    let paid = net.settle(0, &net.payer.bank_message().unwrap()).await;
    let status = json!({"uetr": paid.uetrs[0]});
    net.cluster.until(1, "payment_status", &status, PATIENCE, |found| !found["payments"].is_null()).await.unwrap();
    // All through one node, so that each message meets what the one before it did.
    let hand_over = |bic: &str, text: String| {
        let keys = MessageKeys::new(vec![seed::secret_key(bic)]);
        let client = net.cluster.client(1).unwrap();
        let now = BlockTime::from_ms(seaway_cluster::now_ms()).unwrap();
        async move { settle_message(&client, &text, now, &keys).await.unwrap() }
    };
    let resolution = |settled: &Settled| -> String {
        let text = &settled.answer.as_ref().unwrap().text;
        let message: Message<Resolution> = Message::read(text).unwrap();
        let ResolutionStatus::Confirmed(status) = message.document.status;
        let code = settled.reason.as_ref().map(|(code, _)| code.as_str()).unwrap_or_default();
        format!("{} {code}", status.code())
    };
    // Nothing is asked back that was never paid, and nothing answered that was never asked.
    let unpaid = Settled { uetrs: vec!["0f8fad5b-d9cb-469f-a165-70867728950e".parse().unwrap()], ..paid.clone() };
    assert_eq!(resolution(&hand_over("HARBHKHH", request("HARB-C0", &unpaid)).await), "RJCR NOOR");
    let unasked = hand_over("MERLSGSG", refusal("MERL-C0", &paid)).await;
    assert_eq!((unasked.status, unasked.answer.is_none()), (Status::Rejected, true), "{unasked:?}");
    let asked = hand_over("HARBHKHH", request("HARB-C1", &paid)).await;
    assert_eq!(resolution(&asked), "PDCR ");
    assert_eq!(hand_over("HARBHKHH", request("HARB-C1", &paid)).await.answer, asked.answer);
    let open = hand_over("HARBHKHH", request("HARB-C2", &paid)).await;
    assert_eq!(resolution(&open), "RJCR NARR", "one is open");
    let refused = hand_over("MERLSGSG", refusal("MERL-C1", &paid)).await;
    assert_eq!((refused.status, refused.answer.is_none()), (Status::Credited, true), "{refused:?}");
    assert_eq!(resolution(&hand_over("HARBHKHH", request("HARB-C3", &paid)).await), "PDCR ");
    let client = net.cluster.client(1).unwrap();
    let recall =
        async || client.call("payment_status", status.clone()).await.unwrap()["payments"][0]["record"].take();
    assert_eq!(recall().await["recall"], json!({"reason": "CUST", "asked": 2, "stage": "asked"}));
    // A return agrees.
    let back = payback("MERL-C2", &paid, "125000.00").replace("AC04", "FOCR");
    let returned = hand_over("MERLSGSG", back.clone()).await;
    assert_eq!(verdict(&returned), (Status::Credited, String::new()), "{returned:?}");
    assert_eq!(recall().await["recall"]["stage"], "agreed");
    let again = hand_over("MERLSGSG", back).await;
    assert_eq!((again.answer, again.signed), (returned.answer, None));
    assert_eq!(resolution(&hand_over("HARBHKHH", request("HARB-C4", &paid)).await), "RJCR ARDT");
}

#[tokio::test]
async fn a_node_signs_for_its_own_agent_and_for_who_holds_its_key() {
    let net = net().await;
    let message = net.payer.bank_message().unwrap();
    let client = net.cluster.client(0).unwrap();
    let submit = json!({"message": message});
    let nobody = client.call("iso20022_submit", submit.clone()).await.unwrap_err().to_string();
    assert!(nobody.contains("right"), "{nobody}");
    let stranger = client.sign_in(&seed::secret_key("MERLSGSG")).await.unwrap();
    assert!(stranger.call("iso20022_submit", submit.clone()).await.is_err());
    let harbour = client.sign_in(&seed::secret_key("HARBHKHH")).await.unwrap();
    let answer = harbour.call("iso20022_submit", submit.clone()).await.unwrap();
    assert_eq!((&answer["status"], &answer["credits"][0]["status"]), (&json!("ACCC"), &json!("ACCC")), "{answer}");
    let proof: SettlementProof = serde_json::from_value(answer["proof"].clone()).unwrap();
    proof.verify(&net.cluster.document.hash()).unwrap();
    let (credit, _) = proof.receipt.credit.as_ref().unwrap();
    assert_eq!(json!(credit.uetr), answer["credits"][0]["uetr"]);
    // Sent again it is answered alike; its party data was handed over the first time.
    let mut again = harbour.call("iso20022_submit", submit.clone()).await.unwrap();
    again["partyData"] = answer["partyData"].clone();
    assert_eq!(again, answer);
    // Another bank's node holds no key of this one, and makes no salts for it.
    let elsewhere = net.cluster.client(1).unwrap().sign_in(&seed::secret_key("HARBHKHH")).await.unwrap();
    let refused = elsewhere.call("iso20022_submit", submit).await.unwrap_err().to_string();
    assert!(refused.contains("salt"), "{refused}");
    // What is signed must be what the message asks.
    let other = net.payer.bank_message().unwrap();
    let prepared = client.call("iso20022_prepare", json!({"message": other})).await.unwrap();
    let entry =
        sign(&seed::secret_key("HARBHKHH"), &serde_json::from_value::<Digest>(prepared["digest"].clone()).unwrap().0);
    let Evidence::Ed25519(signature) = entry.evidence else { panic!("an Ed25519 signature") };
    let signatures = json!([{"key": entry.key, "signature": signature}]);
    let third = net.payer.bank_message().unwrap();
    let swapped = json!({"message": third, "bytes": prepared["bytes"], "signatures": signatures});
    let refused = client.call("iso20022_submit", swapped).await.unwrap_err().to_string();
    assert!(refused.contains("bytes"), "{refused}");
    let right = json!({"message": other, "bytes": prepared["bytes"], "signatures": signatures});
    assert_eq!(client.call("iso20022_submit", right).await.unwrap()["status"], "ACCC");
}

#[tokio::test]
async fn an_agent_that_is_down_is_no_reason_to_reject() {
    let mut net = net().await;
    net.cluster.kill(1);
    let message = net.payer.bank_message().unwrap();
    let now = BlockTime::from_ms(seaway_cluster::now_ms()).unwrap();
    let keys = MessageKeys::new(vec![seed::secret_key("HARBHKHH")]);
    let client = net.cluster.client(0).unwrap();
    let error = settle_message(&client, &message, now, &keys).await.unwrap_err().to_string();
    assert!(error.contains("MERLSGSG cannot be asked"), "{error}");
    net.cluster.start(1).unwrap();
    net.cluster.connected(PATIENCE).await.unwrap();
    assert_eq!(verdict(&net.settle(0, &message).await).0, Status::Credited);
}

#[tokio::test]
async fn a_payment_is_prepared_signed_elsewhere_tried_and_submitted() {
    let net = net().await;
    let client = net.cluster.client(0).unwrap();
    let call = async |method: &str, params: Value| client.call(method, params).await;
    let (merchant, supplier) = (seed::account("HARBHKHH", "hk-merchant"), seed::account("MERLSGSG", "sg-supplier"));
    let payment = json!({"debtor": merchant, "creditor": supplier, "amount": "1250.00 HKD", "endToEndId": "INV-1"});
    let prepared = call("payment_prepare", json!({"payment": payment})).await.unwrap();
    assert!(prepared["summary"][0].as_str().unwrap().contains("1250.00 HKD"), "{prepared}");
    let digest: Digest = serde_json::from_value(prepared["digest"].clone()).unwrap();
    let signed_by = |label: &str| {
        let entry = sign(&seed::secret_key(label), &digest.0);
        let Evidence::Ed25519(signature) = entry.evidence else { panic!("an Ed25519 signature") };
        json!([{"key": entry.key, "signature": signature}])
    };
    let params = |label: &str| json!({"bytes": prepared["bytes"], "signatures": signed_by(label), "wait": "final"});
    let refused = call("payment_submit", params("us-buyer")).await.unwrap_err().to_string();
    assert!(refused.contains("sign") || refused.contains("key"), "{refused}");
    let answer = call("payment_submit", params("hk-merchant")).await.unwrap();
    assert_eq!((&answer["status"], &answer["height"]), (&json!("ACCC"), &json!("1")), "{answer}");
    // The same once more, as an envelope that the client wrote itself: the first's answer.
    let again = call("payment_prepare", json!({"envelope": prepared["envelope"]})).await.unwrap();
    assert_eq!(again["digest"], prepared["digest"]);
    assert_eq!(call("payment_submit", params("hk-merchant")).await.unwrap()["height"], "1");
    // What would happen, without its happening.
    let next = net.payer.merchant_pays(100).unwrap();
    let simulated = call("payment_simulate", json!({"bytes": next.bytes_in_hex()})).await.unwrap();
    assert_eq!((&simulated["status"], &simulated["credits"][0]["status"]), (&json!("ACCC"), &json!("ACCC")));
    let much = net.payer.merchant_pays(900_000_000).unwrap();
    let simulated = call("payment_simulate", json!({"bytes": much.bytes_in_hex()})).await.unwrap();
    assert_eq!((&simulated["status"], &simulated["reason"]["iso"]), (&json!("RJCT"), &json!("AM02")), "{simulated}");
    assert_eq!(net.height(0).await, 1, "nothing has happened");
}

#[tokio::test]
async fn lists_page_heights_agree_and_streams_go_on() {
    let mut net = net().await;
    for place in 0..4 {
        net.pay(place).await;
    }
    let height = net.height(0).await;
    net.block(OBSERVER, height).await;
    let merchant = seed::account("HARBHKHH", "hk-merchant");
    let supplier = seed::account("MERLSGSG", "sg-supplier");
    // An answer of one node is an answer of all, at a height.
    for place in [0, 2, OBSERVER] {
        let client = net.cluster.client(place).unwrap();
        for (at, available) in [("0", Value::Null), ("1", json!("1.00 HKD")), ("3", json!("3.00 HKD"))] {
            let params = json!({"account": supplier, "height": at});
            let answer = client.call("account_balances", params).await.unwrap();
            let hkd = answer["balances"].as_array().unwrap().iter().find(|one| one["asset"] == "HKD");
            assert_eq!(hkd.map_or(Value::Null, |one| one["available"].clone()), available, "{answer}");
        }
        let mut params = json!({"account": merchant, "count": 1});
        let mut seen = Vec::new();
        loop {
            let page = client.call("payment_list", params.clone()).await.unwrap();
            seen.extend(page["payments"].as_array().unwrap().iter().map(|one| one["height"].clone()));
            if page["cursor"].is_null() {
                break;
            }
            params["cursor"] = page["cursor"].clone();
        }
        assert_eq!(seen, ["4", "3", "2", "1"]);
        let first = client.call("account_entries", json!({"account": merchant, "count": 1})).await.unwrap();
        let movement = &first["entries"][0]["postings"][0];
        let reference = format!("{}-{}", first["entries"][0]["height"].as_str().unwrap(), movement["receipt"]);
        assert_eq!((&movement["reference"], movement.get("endToEndId")), (&json!(reference), None), "{movement}");
        let asked = json!({"account": merchant, "count": 1, "details": true, "cursor": first["cursor"]});
        let detailed = client.call("account_entries", asked).await.unwrap();
        let movement = &detailed["entries"][0]["postings"][0];
        let said = ["reference", "endToEndId", "nature"].map(|field| &movement[field]);
        assert_eq!(said, ["3-0", "INV-2041", "payment"], "the page after the first: {movement}");
        let other = json!({"account": supplier, "cursor": first["cursor"]});
        let refused = client.call("account_entries", other).await.unwrap_err().to_string();
        assert!(refused.contains("cursor"), "a cursor is good for its own list: {refused}");
    }
    let client = net.cluster.client(0).unwrap();
    let limits = client.call("limits_get", json!({"account": merchant, "asset": "HKD"})).await.unwrap();
    assert_eq!((&limits["dayMax"], &limits["used"]["dayUsed"]), (&json!("2000000.00 HKD"), &json!("4.00 HKD")));
    let accounts = client.call("account_list", json!({"agent": "HARBHKHH", "count": 2})).await.unwrap();
    let rest = json!({"agent": "HARBHKHH", "cursor": accounts["cursor"]});
    let rest = client.call("account_list", rest).await.unwrap();
    let count = |page: &Value| page["accounts"].as_array().unwrap().len();
    assert_eq!((count(&accounts), count(&rest)), (2, 2), "{rest}");
    // A stream goes on where it was, over another node when its own has gone.
    let urls = [net.cluster.nodes[1].url.clone(), net.cluster.nodes[2].url.clone()];
    let mut stream = seaway_sdk::Client::new(&urls).unwrap().follow(Topic::Movements(supplier), Some(Height(2)));
    for expected in 2..=4 {
        assert_eq!(stream.next().await.unwrap()["height"], expected.to_string());
    }
    net.cluster.kill(1);
    let (_, answer) = net.pay(0).await;
    let event = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().unwrap();
    assert_eq!(event["height"], answer["height"]);
}

#[tokio::test]
async fn what_stands_in_the_ledger_is_proven_and_what_does_not() {
    let net = net().await;
    let (signed, _) = net.pay(0).await;
    net.knows(OBSERVER, &signed).await;
    let trusted = net.cluster.document.hash();
    let merchant = seed::account("HARBHKHH", "hk-merchant");
    let client = net.cluster.client(OBSERVER).unwrap();
    let prove = async |params: Value| -> LedgerProof {
        let answer = client.call("ledger_proof", params).await.unwrap();
        serde_json::from_value(answer["proof"].clone()).unwrap()
    };
    let proof = prove(json!({"account": merchant, "asset": "HKD"})).await;
    proof.verify(&trusted).unwrap();
    let Subject::Record { record: Some(record), .. } = &proof.subject else { panic!("a balance") };
    let bytes = hex::decode(record).unwrap();
    let balance: Balance = codec::decode(&bytes, 1_000).unwrap();
    assert_eq!(balance.available.minor_units(), 199_999_900);
    // A claim of one cent more does not hold.
    let mut lie = proof.clone();
    let Subject::Record { record: Some(record), .. } = &mut lie.subject else { panic!("a balance") };
    record.replace_range(0..2, if record.starts_with("00") { "01" } else { "00" });
    assert!(lie.verify(&trusted).is_err());
    // What the merchant does not hold, it provably does not.
    let none = prove(json!({"account": merchant, "asset": "JPY"})).await;
    none.verify(&trusted).unwrap();
    assert!(matches!(none.subject, Subject::Record { record: None, .. }));
    // Any byte that is changed makes it fail; the genesis in it is hashed as a whole. An empty place in the tree proves the
    // absence of every key that belongs there, so with another key the second one may still hold, and says something true.
    let key = |proof: &LedgerProof| match &proof.subject {
        Subject::Record { key, record, .. } => (Some(*key), record.is_none()),
        Subject::Instruction { .. } => (None, false),
    };
    for proof in [&proof, &none] {
        let bytes = codec::encode(proof);
        for place in 8 + proof.genesis.len()..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            let Ok(other) = codec::decode::<LedgerProof>(&changed, usize::MAX) else { continue };
            let says_less = key(&other).1 && key(&other) != key(proof);
            assert!(other.verify(&trusted).is_err() || says_less, "byte {place}");
        }
    }
    let envelope = signed.raw.clone().decode().unwrap();
    let envelope = envelope.envelope();
    let instruction = |key: Value| json!({"instruction": {"submitter": envelope.submitter, "key": key, "validUntil": envelope.valid_until}});
    let present = prove(instruction(json!(envelope.key))).await;
    present.verify(&trusted).unwrap();
    assert!(matches!(present.subject, Subject::Instruction { leaf: Some(_), .. }));
    // Absence counts only after the last moment at which the instruction might come.
    let absent = prove(instruction(json!("00000000000000000000000000000000"))).await;
    assert!(absent.verify(&trusted).unwrap_err().to_string().contains("absence proves nothing"));
    let old = client.call("ledger_proof", json!({"account": merchant, "height": "0"})).await.unwrap_err().to_string();
    assert!(old.contains("the oldest is"), "{old}");
}

#[test]
fn the_template_is_a_message() {
    let payer = seaway_cluster::Payer::new(&seaway_genesis::ceremony::devnet().unwrap().document().unwrap());
    let message: Message<CreditTransfer> = Message::read(&payer.bank_message().unwrap()).unwrap();
    assert_eq!(message.document.transaction.creditor.name.unwrap().as_str(), "Changi Parts Pte Ltd");
}
