use super::*;
use proptest::prelude::*;

const TEMPLATE: &str = include_str!("../../../../genesis/networks/devnet-pacs008.xml");

/// The devnet's message, filled in.
pub fn filled() -> String {
    TEMPLATE
        .replace("{{MESSAGE}}", "HARB-1")
        .replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00")
        .replace("{{DATE}}", "2026-11-23")
        .replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e")
}

fn read(text: &str) -> Result<Message<CreditTransfer>, Fault> {
    Message::read(text)
}

/// Replaces a part that must be there, and expects a fault at a path.
fn refused(part: &str, by: &str, path: &str, says: &str) {
    let text = filled();
    assert!(text.contains(part), "{part}");
    let fault = read(&text.replacen(part, by, 1)).unwrap_err();
    assert_eq!(fault.path, path, "{fault}");
    assert!(fault.to_string().contains(says), "{fault}");
}

const TX: &str = "/Envelope/Document/FIToFICstmrCdtTrf/CdtTrfTxInf";

#[test]
fn what_is_written_is_read_again() {
    let message = read(&filled()).unwrap();
    let written = message.write();
    assert_eq!(read(&written).unwrap(), message);
    let alone = Message { header: None, ..message };
    assert_eq!(read(&alone.write()).unwrap(), alone);
    // Names with characters that XML uses itself.
    let text = filled().replace("Lamma Instruments Ltd", "Lamma &amp; &lt;Sons&gt; &#34;é&#x22;");
    let message = read(&text).unwrap();
    assert_eq!(message.document.transaction.debtor.name.as_ref().unwrap().as_str(), "Lamma & <Sons> \"é\"");
    assert_eq!(read(&message.write()).unwrap(), message);
}

#[test]
fn prefixes_and_other_envelopes_are_fine() {
    let text = filled();
    let text = text.replace("<Envelope>", "<swift:Saa xmlns:swift=\"urn:x\">").replace("</Envelope>", "</swift:Saa>");
    let plain = read(&text).unwrap();
    let document = text.find("<Document").unwrap();
    let (head, rest) = text.split_at(document);
    let rest = rest
        .replace("xmlns=\"urn", "xmlns:p=\"urn")
        .replace("</swift:Saa>", "%")
        .replace("</", "^")
        .replace('<', "<p:")
        .replace('^', "</p:")
        .replace('%', "</swift:Saa>");
    assert_eq!(read(&format!("{head}{rest}")).unwrap(), plain);
}

#[test]
fn what_is_not_held_is_refused_with_its_path() {
    refused("<ChrgBr>", "<Tax/><ChrgBr>", &format!("{TX}/Tax"), "not supported");
    refused("<Nm>Changi", "<CtctDtls/><Nm>Changi", &format!("{TX}/Cdtr/CtctDtls"), "expected Nm");
    // Of the message, but out of order.
    let purpose = "<Purp><Cd>GDDS</Cd></Purp>";
    let text = filled().replace(purpose, "");
    assert!(read(&text).is_ok(), "a purpose may be left out");
    let fault = read(&text.replacen("<ChrgBr>", &format!("{purpose}<ChrgBr>"), 1)).unwrap_err();
    assert_eq!(fault.path, format!("{TX}/Purp"), "{fault}");
}

#[test]
fn forms_are_checked_with_path_value_and_rule() {
    let uetr = "<UETR>0f8fad5b-d9cb-469f-a165-70867728950e</UETR>";
    refused(uetr, "<UETR>0F8FAD5B-D9CB-469F-A165-70867728950E</UETR>", &format!("{TX}/PmtId/UETR"), "lower case");
    refused(uetr, "<UETR>0f8fad5b-d9cb-169f-a165-70867728950e</UETR>", &format!("{TX}/PmtId/UETR"), "version 4");
    refused(">125000.00<", ">125000.001234<", &format!("{TX}/IntrBkSttlmAmt"), "18 digits");
    refused(">125000.00<", ">1e5<", &format!("{TX}/IntrBkSttlmAmt"), "'1e5'");
    refused(">125000.00<", ">-1<", &format!("{TX}/IntrBkSttlmAmt"), "amount");
    refused(" Ccy=\"HKD\"", "", &format!("{TX}/IntrBkSttlmAmt/@Ccy"), "missing");
    refused(" Ccy=\"HKD\"", " Ccy=\"HKD\" x=\"1\"", &format!("{TX}/IntrBkSttlmAmt/@x"), "not supported");
    refused("<ChrgBr>", "<ChrgBr x=\"1\">", &format!("{TX}/ChrgBr/@x"), "not supported");
    refused("<EndToEndId>INVOICE-2026-0817</EndToEndId>", "", &format!("{TX}/PmtId/EndToEndId"), "missing");
    refused("INVOICE-2026-0817", &"x".repeat(36), &format!("{TX}/PmtId/EndToEndId"), "1 to 35");
    refused("<Ctry>HK</Ctry>", "<Ctry>Hongkong</Ctry>", &format!("{TX}/Dbtr/PstlAdr/Ctry"), "ISO 3166");
    let party = "<FIId><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></FIId>";
    refused(party, "<PrvtId/>", "/Envelope/AppHdr/Fr/PrvtId", "expected OrgId, FIId");
    refused("HARBHKHH", "HARBHKH", "/Envelope/AppHdr/Fr/FIId/FinInstnId/BICFI", "8 or 11");
}

#[test]
fn hostile_texts_are_refused_before_they_are_read() {
    let hostile = [
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><Document/>", "document type"),
        ("<Document>&b;</Document>", "entity 'b'"),
        ("<?php x?><Document/>", "processing instruction"),
        ("<Document>", "ends within"),
        ("<Document></Other>", ""),
        ("<Document/><Document/>", "second root"),
        ("", "no element"),
        ("text", "outside"),
        ("<x:Document/>", "prefix"),
        ("<Document>a<b/>c</Document>", "beside"),
        ("<Document>a<b/></Document>", "beside"),
        ("<Document><b/>c</Document>", "beside"),
    ];
    for (text, says) in hostile {
        let fault = read(text).unwrap_err();
        assert!(fault.to_string().contains(says), "{text}: {fault}");
        assert_eq!(fault.rule.code(), "FF01");
    }
    let deep = "<a>".repeat(40);
    assert!(read(&deep).unwrap_err().to_string().contains("32 deep"));
    let many = format!("<a>{}</a>", "<b/>".repeat(seaway_types::limits::ISO_ELEMENTS_MAX));
    assert!(read(&many).unwrap_err().to_string().contains("262144 elements"));
    let long = " ".repeat(seaway_types::limits::ISO_MESSAGE_BYTES_MAX + 1);
    assert!(read(&long).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn another_message_is_named() {
    let fault = read(&filled().replace("xsd:pacs.008.001.08", "xsd:pacs.008.001.10")).unwrap_err();
    assert!(fault.to_string().contains("pacs.008.001.08"), "{fault}");
    let other = filled().replace("<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.009.001.08");
    assert_eq!(read(&other).unwrap_err().path, "/Envelope/AppHdr/MsgDefIdr");
}

proptest! {
    #[test]
    fn anything_is_answered(text in "\\PC*", place in 0usize..4_000, cut in 0usize..40) {
        let _either = read(&text);
        let message = filled();
        let start = message.floor_char_boundary(place.min(message.len()));
        let end = message.floor_char_boundary((start + cut).min(message.len()));
        let changed = format!("{}{text}{}", &message[..start], &message[end..]);
        if let Ok(message) = read(&changed) {
            prop_assert_eq!(read(&message.write()).unwrap(), message);
        }
    }
}
