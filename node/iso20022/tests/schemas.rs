//! What we write, against ISO 20022's own schemas by xmllint; and the published samples. Both lie beside the project, and
//! where they do not, or xmllint is not installed, the tests say so and check nothing.

use seaway_iso20022::Rule;
use seaway_iso20022::message::{CreditTransfer, Message, Status, StatusReport};
use seaway_iso20022::order::{Outcome, Request};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const TEMPLATE: &str = include_str!("../../../genesis/networks/devnet-pacs008.xml");

fn beside(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/iso20022").join(folder);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: shared/iso20022/{folder} does not lie beside the project");
    None
}

fn filled() -> String {
    TEMPLATE
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e")
}

/// One element of a written message, whole.
fn part<'a>(text: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    let start = text.find(&format!("<{name} ")).unwrap();
    &text[start..text.find(&end).unwrap() + end.len()]
}

fn check(schema: &str, text: &str) {
    let Some(folder) = beside("xsd") else { return };
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet", "--schema"]).arg(folder.join(schema)).arg("-");
    let started = xmllint.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut running) = started else {
        println!("skipped: xmllint (libxml2-utils) is not installed");
        return;
    };
    running.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    assert!(done.status.success(), "{schema}: {}\n{text}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_is_written_is_valid_against_the_schemas() {
    let message: Message<CreditTransfer> = Message::read(&filled()).unwrap();
    let written = message.write();
    check("pacs.008.001.08.xsd", part(&written, "Document"));
    check("head.001.001.02.xsd", part(&written, "AppHdr"));
    let request = Request::read(&filled()).unwrap();
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let reference = Some("18446744073709551615-16383".parse().unwrap());
    let answer = |request: &Request, outcome: &Outcome| request.answer(outcome).unwrap().text;
    let statuses = [Status::Received, Status::Authentic, Status::Pending, Status::Settled, Status::Credited];
    for status in statuses {
        let outcome = Outcome { status, reason: None, time, reference, credits: Vec::new() };
        let answer = answer(&request, &outcome);
        check("pacs.002.001.10.xsd", part(&answer, "Document"));
        check("head.001.001.02.xsd", part(&answer, "AppHdr"));
    }
    for text in ["short", &"long ".repeat(200), "é".repeat(400).as_str(), "\u{0}<&>"] {
        let reason = Some(("AC04".to_owned(), text.to_owned()));
        let outcome = Outcome { status: Status::Rejected, reason, time, reference: None, credits: Vec::new() };
        check("pacs.002.001.10.xsd", part(&answer(&request, &outcome), "Document"));
    }
    let refused = Request::read(&filled().replace(">CLRG<", ">INDA<")).unwrap();
    let outcome = Outcome::refused(&refused.order().unwrap_err(), time);
    check("pacs.002.001.10.xsd", part(&answer(&refused, &outcome), "Document"));
}

/// The published samples have a header of parties without a BIC: that is where they are refused. Their documents alone are
/// read; the credit transfer settles on an agent's books, which is not ours to do.
#[test]
fn samples_are_read_and_answered() {
    let Some(folder) = beside("samples") else { return };
    let sample = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let document = |text: &str| {
        let end = "</Document>";
        text[text.find("<Document").unwrap()..text.find(end).unwrap() + end.len()].to_owned()
    };
    let transfer = sample("pacs.008.min.xml");
    let fault = Message::<CreditTransfer>::read(&transfer).unwrap_err();
    assert_eq!(fault.path, "/Envelope/AppHdr/Fr/OrgId", "{fault}");
    let message: Message<CreditTransfer> = Message::read(&document(&transfer)).unwrap();
    assert_eq!(Message::read(&message.write()).as_ref(), Ok(&message));
    let request = Request::read(&document(&transfer)).unwrap();
    let fault = request.order().unwrap_err();
    assert!(matches!(fault.rule, Rule::Refused { code: "AG01", .. }), "{fault}");
    let outcome = Outcome::refused(&fault, "2026-11-23T01:02:04.567Z".parse().unwrap());
    let answer = request.answer(&outcome).unwrap().text;
    let report: Message<StatusReport> = Message::read(&answer).unwrap();
    assert_eq!(report.document.transaction.uetr, message.document.transaction.id.uetr);
    check("pacs.002.001.10.xsd", &answer);
    // Its status, "EXTx", is none.
    let fault = Message::<StatusReport>::read(&document(&sample("pacs.002.min.xml"))).unwrap_err();
    assert!(fault.path.ends_with("/TxInfAndSts/TxSts"), "{fault}");
    let report = document(&sample("pacs.002.min.xml")).replace("EXTx", "ACCC");
    let report: Message<StatusReport> = Message::read(&report).unwrap();
    assert_eq!(Message::read(&report.write()).as_ref(), Ok(&report));
}
