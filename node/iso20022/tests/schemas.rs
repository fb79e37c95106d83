//! What we write, against ISO 20022's own schemas by xmllint; and the published samples. Both lie beside the project, and
//! where they do not, or xmllint is not installed, the tests say so and check nothing.

mod beside;

use beside::{check, check_whole, conformance, round_trip, sample, usage_faults};
use seaway_iso20022::Rule;
use seaway_iso20022::message::{CreditTransfer, Message, Status, StatusReport};
use seaway_iso20022::order::{Outcome, Request};

const TEMPLATE: &str = include_str!("../../../genesis/networks/devnet-pacs008.xml");

fn filled() -> String {
    TEMPLATE
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e")
}

#[test]
fn what_is_written_is_valid_against_the_schemas() {
    let message: Message<CreditTransfer> = Message::read(&filled()).unwrap();
    let written = message.write();
    check_whole(&written);
    let request = Request::read(&filled()).unwrap();
    let time = "2026-11-23T01:02:04.567Z".parse().unwrap();
    let reference = Some("18446744073709551615-16383".parse().unwrap());
    let answer = |request: &Request, outcome: &Outcome| request.answer(outcome).unwrap().text;
    let statuses = [Status::Received, Status::Authentic, Status::Pending, Status::Settled, Status::Credited];
    for status in statuses {
        let outcome = Outcome { status, reason: None, time, reference, credits: Vec::new() };
        check_whole(&answer(&request, &outcome));
    }
    for text in ["short", &"long ".repeat(200), "é".repeat(400).as_str(), "\u{0}<&>"] {
        let reason = Some(("AC04".to_owned(), text.to_owned()));
        let outcome = Outcome { status: Status::Rejected, reason, time, reference: None, credits: Vec::new() };
        check_whole(&answer(&request, &outcome));
    }
    let refused = Request::read(&filled().replace(">CLRG<", ">INDA<")).unwrap();
    let outcome = Outcome::refused(&refused.order().unwrap_err(), time);
    check_whole(&answer(&refused, &outcome));
}

/// The published samples are read whole and written again; the credit transfer settles on an agent's books, which is not ours
/// to do.
#[test]
fn samples_are_read_and_answered() {
    let Some((transfer, document)) = sample("pacs.008.min.xml") else { return };
    round_trip::<CreditTransfer>(&transfer);
    let message: Message<CreditTransfer> = Message::read(&document).unwrap();
    let request = Request::read(&document).unwrap();
    let fault = request.order().unwrap_err();
    assert!(matches!(fault.rule, Rule::Refused { code: "AG01", .. }), "{fault}");
    let outcome = Outcome::refused(&fault, "2026-11-23T01:02:04.567Z".parse().unwrap());
    let answer = request.answer(&outcome).unwrap().text;
    let report: Message<StatusReport> = Message::read(&answer).unwrap();
    assert_eq!(report.document.transaction.uetr, message.document.transaction.id.uetr);
    check("pacs.002.001.10.xsd", &answer);
    // Its status, "EXTx", is none.
    let Some((_, status)) = sample("pacs.002.min.xml") else { return };
    let fault = Message::<StatusReport>::read(&status).unwrap_err();
    assert!(fault.path.ends_with("/TxInfAndSts/TxSts"), "{fault}");
    let report = status.replace("EXTx", "ACCC");
    let report: Message<StatusReport> = Message::read(&report).unwrap();
    assert_eq!(Message::read(&report.write()).as_ref(), Ok(&report));
}

/// The checker accepts messages that keep the rules and finds fault with others: else its silence about ours would say nothing.
#[test]
fn the_checker_of_usage_rules_can_tell() {
    let broken = [
        ("camt.029.xml", "<CxlStsRsnInf><Rsn><Cd>NOAS</Cd></Rsn></CxlStsRsnInf>", ""),
        ("camt.053.xml", "450000.00", "450000.01"),
        ("camt.054.xml", "<BookgDt>", "<BookgDtX>"),
        ("pacs.002.xml", "<Rsn>", "<RsnX>"),
        ("pacs.004.xml", "<MsgDefIdr>pacs.004.001.09<", "<MsgDefIdr>pacs.004.001.10<"),
        ("pain.002.xml", "<OrgnlPmtInfId>LAMMA-1<", "<OrgnlPmtInfId>LAMMA-2<"),
    ];
    for file in std::fs::read_dir(conformance("skeletons")).unwrap() {
        check_whole(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    for (name, part, by) in broken {
        let text = std::fs::read_to_string(conformance("skeletons").join(name)).unwrap();
        assert!(text.contains(part), "{name}: {part}");
        if let Some((found, said)) = usage_faults(&text.replacen(part, by, 1)) {
            assert!(found, "{name} without its {part}: {said}");
        }
    }
}
