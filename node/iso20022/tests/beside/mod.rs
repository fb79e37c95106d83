//! What tests share, and what lies beside the project: ISO 20022's own schemas, asked through xmllint, and the published samples. Where they do not
//! lie there, or xmllint is not installed, this says so and checks nothing. So does the checker of usage rules, which
//! `scripts/test` installs.

// Each file of tests uses a part of it.
#![allow(dead_code)]

use seaway_iso20022::message::{Document, Message};
use seaway_iso20022::order::faults;
use seaway_types::asset::{Asset, AssetBook, AssetId, AssetKind, Exponent};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn beside(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/iso20022").join(folder);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: shared/iso20022/{folder} does not lie beside the project");
    None
}

/// Expects faults at places that end so, and no others, in this order.
#[track_caller]
pub fn has_faults(text: &str, ends: &[&str]) {
    let found = faults(text);
    assert_eq!(found.len(), ends.len(), "{found:#?}");
    assert!(found.iter().zip(ends).all(|(fault, end)| fault.path.ends_with(end)), "{found:#?}");
}

/// A published sample, and its document alone.
pub fn sample(name: &str) -> Option<(String, String)> {
    let text = std::fs::read_to_string(beside("samples")?.join(name)).unwrap();
    let document = part(&text, "Document").to_owned();
    Some((text, document))
}

/// One element of a written message, whole.
pub fn part<'a>(text: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    let start = text.find(&format!("<{name} ")).unwrap();
    &text[start..text.find(&end).unwrap() + end.len()]
}

/// Reads a sample whole, and what was written of it again: nothing that it says is lost.
pub fn round_trip<D: Document + Clone + PartialEq + std::fmt::Debug>(whole: &str) {
    let message: Message<D> = Message::read(whole).unwrap();
    let written = message.write();
    assert_eq!(Message::read(&written).as_ref(), Ok(&message));
    // Moments are written with their milliseconds.
    let said = |text: &str| -> String {
        text.replace(".000+00:00", "+00:00").replace('\'', "\"").split_whitespace().collect()
    };
    // A BIC without a branch is that of the head office.
    assert_eq!(said(&written), said(whole).replace("XXX</BICFI>", "</BICFI>"));
}

/// A network that settles HKD.
pub fn assets() -> AssetBook {
    let asset = Asset {
        code: "HKD".parse().unwrap(),
        exponent: Exponent::new(2).unwrap(),
        issuer: "HARBHKHH".parse().unwrap(),
        kind: AssetKind::SettlementBankMoney,
        is_default: true,
        enabled: true,
        payment_max: None,
    };
    AssetBook::new(vec![(AssetId(1), asset)])
}

/// Holds a whole message, header and document, against their schemas and against the usage rules of CBPR+.
pub fn check_whole(text: &str) {
    let document = part(text, "Document");
    let definition = document.split_once("tech:xsd:").unwrap().1.split('"').next().unwrap();
    // Of these two, only the schemas of the next version are at hand.
    let next = match definition {
        "camt.056.001.08" => "camt.056.001.09",
        "camt.029.001.09" => "camt.029.001.10",
        other => other,
    };
    check(&format!("{next}.xsd"), &document.replacen(definition, next, 1));
    check("head.001.001.02.xsd", part(text, "AppHdr"));
    if let Some((found, said)) = usage_faults(text) {
        assert!(!found, "{said}\n{text}");
    }
}

/// Whether a checker of usage rules finds fault with a message, and what it says; nothing where there is none.
pub fn usage_faults(text: &str) -> Option<(bool, String)> {
    let (Some(schemas), Some(python)) = (beside("xsd"), std::env::var_os("SEAWAY_ISO_ORACLE")) else {
        println!("skipped: SEAWAY_ISO_ORACLE names no Python that has cbpr-usage-rules");
        return None;
    };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let script = conformance("check.py");
    let done = Command::new(python).arg(script).arg("--xsd").arg(schemas).arg(file.path()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    match done.status.code() {
        Some(0) => Some((false, said)),
        Some(1) => Some((true, said)),
        _ => panic!("the checker does not work: {said}"),
    }
}

/// A file of the checker of usage rules.
pub fn conformance(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/iso").join(name)
}

/// Holds a text against a schema.
pub fn check(schema: &str, text: &str) {
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
