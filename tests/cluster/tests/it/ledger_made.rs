//! Messages that the other side's bank receives, made from the ledger alone at any node; and what a message is answered
//! before it is final.

use crate::net::*;
use seaway_genesis::seed;
use seaway_iso20022::message::{
    CancellationRequest, Confirmation, Document, Message, PaymentReturn, Resolution, ResolutionStatus, Status,
    StatusReport,
};
use seaway_types::amount::Amount;
use seaway_types::block::SettlementProof;
use seaway_types::bounded::Bounded;
use seaway_types::identifier::InstructionKey;
use seaway_types::instruction::follow_up::{Accept, RecallAnswer, RecallRequest, Return};
use seaway_types::instruction::payment::{CreditKind, PaymentKey};
use seaway_types::instruction::{Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::reason::StatedReason;
use seaway_types::receipt::Receipt;
use seaway_types::time::BlockTime;
use serde_json::{Value, json};

/// Harbour Bank's own node settles a message of its customer, and Harbour Bank names the payment.
async fn harbour_pays(net: &Net, message: &str, status: &str) -> (PaymentKey, Value) {
    let harbour = net.cluster.client(0).unwrap().sign_in(&seed::secret_key("HARBHKHH")).await.unwrap();
    let answer = harbour.call("iso20022_submit", json!({"message": message})).await.unwrap();
    assert_eq!(answer["status"], status, "{answer}");
    let uetr = serde_json::from_value(answer["credits"][0]["uetr"].clone()).unwrap();
    (PaymentKey { debtor_agent: "HARBHKHH".parse().unwrap(), uetr, kind: CreditKind::Customer }, answer)
}

/// A bank acts, through Harbour Bank's node; gives the reference of what became final.
async fn acts(net: &Net, bic: &str, key: u8, body: Body, status: &str) -> String {
    let envelope = Envelope {
        network: net.cluster.document.network,
        submitter: Submitter::Participant(bic.parse().unwrap()),
        key: InstructionKey([key; 16]),
        valid_until: BlockTime::from_ms(seaway_cluster::now_ms()).unwrap().after_ms(60_000),
        body,
    };
    let raw = RawInstruction::from(&envelope.sign(&[seed::secret_key(bic)]));
    let params = json!({"bytes": hex::encode(&raw.0), "wait": "final", "timeoutMs": 30_000});
    let answer = net.cluster.client(0).unwrap().call("payment_submit", params).await.unwrap();
    assert_eq!(answer["status"], status, "{answer}");
    format!("{}-{}", answer["height"].as_str().unwrap(), answer["position"])
}

/// The messages of an instruction, alike at three nodes, each with a proof that holds.
async fn messages(net: &Net, reference: &str) -> Vec<(String, String)> {
    let height: u64 = reference.split_once('-').unwrap().0.parse().unwrap();
    let mut told = Vec::new();
    for place in [0, 2, OBSERVER] {
        net.cluster.reaches(place, height, PATIENCE).await.unwrap();
        let client = net.cluster.client(place).unwrap();
        let answer = client.call("iso20022_message", json!({"reference": reference})).await.unwrap();
        assert_eq!(answer["reference"], reference);
        let proof: SettlementProof = serde_json::from_value(answer["proof"].clone()).unwrap();
        proof.verify(&net.cluster.document.hash()).unwrap();
        assert_eq!(proof.header.height.0, height);
        assert!(matches!(proof.receipt.receipt, Receipt::Instruction(_)));
        told.push(answer["messages"].clone());
    }
    assert!(told.iter().all(|other| *other == told[0]), "the same bytes at each node: {told:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let message = |one: &Value| (text(&one["definition"]), text(&one["message"]));
    told[0].as_array().unwrap().iter().map(message).collect()
}

fn read<D: Document>((definition, text): &(String, String)) -> D {
    assert_eq!(definition, D::DEFINITION);
    Message::<D>::read(text).unwrap().document
}

/// The one report of a payment.
async fn report(net: &Net, reference: &str) -> StatusReport {
    let told = messages(net, reference).await;
    assert_eq!(told.len(), 1, "{told:?}");
    read(&told[0])
}

/// The newest movement on an account, as Harbour Bank's node tells it: its reference, end-to-end id and nature.
async fn newest(net: &Net, agent: &str, account: &str) -> [Value; 3] {
    let asked = json!({"account": seed::account(agent, account), "count": 1, "details": true});
    let answer = net.cluster.client(0).unwrap().call("account_entries", asked).await.unwrap();
    ["reference", "endToEndId", "nature"].map(|field| answer["entries"][0]["postings"][0][field].clone())
}

fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

fn recalls(payment: PaymentKey, reason: StatedReason) -> Body {
    Body::Single(Leg::RecallRequest(RecallRequest { payment, reason }))
}

#[tokio::test]
async fn each_node_writes_the_messages_that_the_other_side_receives() {
    let net = net().await;
    let (payment, answer) = harbour_pays(&net, &net.payer.bank_message().unwrap(), "ACCC").await;
    let reference = answer["reference"].as_str().unwrap();
    // The payment.
    let report = report(&net, reference).await;
    let answered: Message<StatusReport> = Message::read(answer["answer"]["message"].as_str().unwrap()).unwrap();
    let (made, answered) = (report.transaction, answered.document.transaction);
    assert_eq!((made.status, made.uetr, made.end_to_end), (Status::Credited, answered.uetr, answered.end_to_end));
    assert_eq!((&made.accepted, &made.reference), (&answered.accepted, &answered.reference));
    assert_eq!((&made.instructing, &made.instructed), (&answered.instructing, &answered.instructed));
    assert_eq!(made.original.unwrap().id.as_str(), "NOTPROVIDED");
    // A recall, and its refusal.
    let asked = acts(&net, "HARBHKHH", 1, recalls(payment, StatedReason::Cust), "ACCC").await;
    let told = messages(&net, &asked).await;
    let request: CancellationRequest = read(&told[0]);
    let cancelled = request.underlying.transaction;
    assert_eq!((told.len(), cancelled.uetr), (1, Some(payment.uetr)));
    assert_eq!(cancelled.reference.unwrap().as_str(), reference);
    assert_eq!(cancelled.end_to_end, answered.end_to_end);
    let refusal = RecallAnswer { payment, refusal: Some(StatedReason::Noas) };
    let refused = acts(&net, "MERLSGSG", 2, Body::Single(Leg::RecallAnswer(refusal)), "ACCC").await;
    let told = messages(&net, &refused).await;
    let resolution: Resolution = read(&told[0]);
    assert_eq!((told.len(), resolution.status), (1, ResolutionStatus::Confirmed(Confirmation::Rejected)));
    assert_eq!(resolution.details.transaction.case, cancelled.case);
    // Asked again, it is agreed to and given back in one instruction.
    let again = acts(&net, "HARBHKHH", 3, recalls(payment, StatedReason::Dupl), "ACCC").await;
    assert_ne!(messages(&net, &again).await, messages(&net, &asked).await);
    let agrees = Leg::RecallAnswer(RecallAnswer { payment, refusal: None });
    let back = Return { payment, amount: amount(12_500_000), reason: StatedReason::Focr };
    let both = Body::Bundle(Bounded::new(vec![agrees, Leg::Return(back.clone())]).unwrap());
    let returned = acts(&net, "MERLSGSG", 4, both, "ACCC").await;
    let told = messages(&net, &returned).await;
    assert_eq!(told.len(), 2);
    assert_eq!(read::<Resolution>(&told[0]).status, ResolutionStatus::Confirmed(Confirmation::Cancelled));
    let end_to_end = "INVOICE-2026-0817";
    assert_eq!(newest(&net, "MERLSGSG", "sg-supplier").await, [returned.as_str(), end_to_end, "return"]);
    assert_eq!(newest(&net, "HARBHKHH", "hk-importer").await, [returned.as_str(), end_to_end, "return"]);
    let payback = read::<PaymentReturn>(&told[1]).transaction;
    assert_eq!((payback.uetr, payback.amount.number.as_str()), (Some(payment.uetr), "125000.00"));
    assert_eq!(payback.reference.unwrap().as_str(), returned);
    // What was not done is told to nobody, and neither is what was never asked.
    let twice = acts(&net, "MERLSGSG", 5, Body::Single(Leg::Return(back)), "RJCT").await;
    let client = net.cluster.client(0).unwrap();
    let far = format!("{}-7000000", reference.split_once('-').unwrap().0);
    let other = json!({"reference": reference, "uetr": "0f8fad5b-d9cb-469f-a165-70867728950e"});
    for (asked, expected) in [
        (json!({"reference": twice}), "executed"),
        (json!({"reference": far}), "there is no receipt"),
        (json!({"reference": "1"}), "4711-0"),
        (json!({"reference": format!("0{reference}")}), "4711-0"),
        (other, "payment of this instruction"),
    ] {
        let fault = client.call("iso20022_message", asked).await.unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault}");
    }
}

#[tokio::test]
async fn a_payment_is_reported_as_it_stands() {
    let net = net().await;
    let message = net.payer.bank_message().unwrap().replace("125000.00", "600000.00");
    let (payment, answer) = harbour_pays(&net, &message, "PDNG").await;
    let reference = answer["reference"].as_str().unwrap();
    let waiting = report(&net, reference).await;
    assert_eq!((waiting.transaction.status, waiting.transaction.accepted), (Status::Pending, None));
    let accepted = acts(&net, "MERLSGSG", 1, Body::Single(Leg::Accept(Accept { payment })), "ACCC").await;
    let height: u64 = accepted.split_once('-').unwrap().0.parse().unwrap();
    for place in [0, 2, OBSERVER] {
        net.cluster.reaches(place, height, PATIENCE).await.unwrap();
    }
    for (agent, account) in [("HARBHKHH", "hk-importer"), ("MERLSGSG", "sg-supplier")] {
        assert_eq!(newest(&net, agent, account).await, [accepted.as_str(), "INVOICE-2026-0817", "payment"]);
    }
    // The acceptance stands for the report of its payment.
    let decided = report(&net, &accepted).await.transaction;
    assert_eq!((decided.status, decided.uetr), (Status::Credited, Some(payment.uetr)));
    assert_eq!(decided.reference.unwrap().as_str(), accepted);
    let credited = report(&net, reference).await;
    assert_eq!(credited.transaction.status, Status::Credited);
    assert!(credited.group.created.0 > waiting.group.created.0);
    assert_ne!(credited.group.id, waiting.group.id);
    assert_eq!(credited.transaction.reference, waiting.transaction.reference);
}

#[tokio::test]
async fn a_message_is_answered_when_it_is_received_and_when_it_is_admitted() {
    let net = net().await;
    let message = net.payer.bank_message().unwrap();
    let status = |answer: &Value, expected: Status| {
        assert_eq!(answer["status"], expected.code(), "{answer}");
        let report: Message<StatusReport> = Message::read(answer["answer"]["message"].as_str().unwrap()).unwrap();
        let transaction = report.document.transaction;
        assert_eq!((transaction.status, transaction.reasons.len()), (expected, 0));
        transaction.reference
    };
    let harbour = net.cluster.client(0).unwrap().sign_in(&seed::secret_key("HARBHKHH")).await.unwrap();
    let prepared = harbour.call("iso20022_prepare", json!({"message": message})).await.unwrap();
    assert_eq!(status(&prepared, Status::Received), None);
    assert!(!prepared["bytes"].is_null());
    let admitted = json!({"message": message, "wait": "admitted"});
    let answer = harbour.call("iso20022_submit", admitted.clone()).await.unwrap();
    assert_eq!(status(&answer, Status::Authentic), None);
    assert!(answer["proof"].is_null() && answer["height"].is_null(), "{answer}");
    // The same once more waits for the first one, which is final then, whatever was to be waited for.
    let last = harbour.call("iso20022_submit", json!({"message": message})).await.unwrap();
    assert!(status(&last, Status::Credited).is_some());
    let again = harbour.call("iso20022_submit", admitted).await.unwrap();
    assert_eq!(again["answer"], last["answer"]);
}

#[tokio::test]
async fn a_person_reads_the_messages_of_an_instruction() {
    let net = net().await;
    let (payment, answer) = harbour_pays(&net, &net.payer.bank_message().unwrap(), "ACCC").await;
    let uetr = payment.uetr.to_string();
    let reference = answer["reference"].as_str().unwrap();
    let shown = net.says(0, 0, &["iso", "message", reference]);
    assert!(shown.contains("<TxSts>ACCC</TxSts>"), "{shown}");
    acts(&net, "HARBHKHH", 1, recalls(payment, StatedReason::Cust), "ACCC").await;
    let agrees = Leg::RecallAnswer(RecallAnswer { payment, refusal: None });
    let back = Leg::Return(Return { payment, amount: amount(12_500_000), reason: StatedReason::Focr });
    let both = Body::Bundle(Bounded::new(vec![agrees, back]).unwrap());
    let returned = acts(&net, "MERLSGSG", 2, both, "ACCC").await;
    let [out, second, proof] = ["out.xml", "out-2.xml", "message-proof.json"].map(|name| net.file(name));
    let (out_text, proof_text) = (out.display().to_string(), proof.display().to_string());
    let arguments = ["iso", "message", &returned, "--uetr", &uetr, "--out", &out_text, "--proof", &proof_text];
    let said = net.says(0, 0, &arguments);
    assert!(said.contains("camt.029.001.09") && said.contains("pacs.004.001.09"), "{said}");
    let text = |path| std::fs::read_to_string(path).unwrap();
    assert!(text(&out).contains("<Conf>CNCL</Conf>") && text(&second).contains("<Cd>FOCR</Cd>"));
    let genesis = net.file("genesis.toml").display().to_string();
    assert!(net.says(0, 0, &["verify", &proof_text, "--genesis", &genesis]).contains("HOLDS"));
    let wrong = net.says(0, 1, &["iso", "message", "4711"]);
    assert!(wrong.contains("4711-0"), "{wrong}");
}
