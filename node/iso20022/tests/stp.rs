//! The STP profile of pacs.008 through the public door: each of its rules with its place and its reason, and none of them in
//! a message of another service. What we refuse, the checker of usage rules refuses too, where there is one.

mod beside;

use beside::{check_whole, part, usage_faults};
use seaway_iso20022::Fault;
use seaway_iso20022::order::{Request, faults};

/// A complete payment of the profile, from a bank in France to one in Germany.
const GOOD: &str = include_str!("../../../tests/conformance/iso/skeletons/pacs.008.stp.xml");
const PLACE: &str = "/Document/FIToFICstmrCdtTrf/CdtTrfTxInf/";

/// A name with its address, as agents have them in the plain profile.
const NAMED: &str = "<Nm>Rivebank</Nm><PstlAdr><TwnNm>Lyon</TwnNm><Ctry>FR</Ctry></PstlAdr>";
/// A customer that is known by its BIC and by nothing else.
const BY_BIC: &str = "<Id><OrgId><AnyBIC>SEINFRPP</AnyBIC></OrgId></Id>";
const DEBTOR: &str =
    "<Nm>Seine Optique SA</Nm><PstlAdr><StrtNm>Quai Branly</StrtNm><TwnNm>Paris</TwnNm><Ctry>FR</Ctry></PstlAdr>";
const CREDITOR: &str =
    "<Nm>Alster Werke GmbH</Nm><PstlAdr><TwnNm>Hamburg</TwnNm><Ctry>DE</Ctry><AdrLine>Kai 4</AdrLine></PstlAdr>";
const DEBTOR_IBAN: &str = "<IBAN>FR7630006000011234567890189</IBAN>";
const CREDITOR_IBAN: &str = "<IBAN>DE89370400440532013000</IBAN>";
const BY_NUMBER: &str = "<Othr><Id>account-1</Id></Othr>";

/// A part, what it is replaced by (`NAMED` means that), where that breaks a rule, and with which reason. Each breaks one rule
/// of the profile, and none of the plain one.
const BROKEN: [(&str, &str, &str, &str); 11] = [
    ("<Cd>G001</Cd>", "<Prtry>FAST</Prtry>", "PmtTpInf/SvcLvl[1]/Prtry", "FF01"),
    ("<CtgyPurp>", "<LclInstrm><Prtry>LENS</Prtry></LclInstrm><CtgyPurp>", "PmtTpInf/LclInstrm/Prtry", "FF01"),
    ("<Cd>SUPP</Cd>", "<Prtry>LENSES</Prtry>", "PmtTpInf/CtgyPurp/Prtry", "FF01"),
    ("</FinInstnId></Agt>", "NAMED</FinInstnId></Agt>", "ChrgsInf[1]/Agt/FinInstnId/Nm", "FF01"),
    (
        "<Agt><FinInstnId><BICFI>RIVEFRPP</BICFI>",
        "<Agt><FinInstnId>NAMED",
        "ChrgsInf[1]/Agt/FinInstnId/BICFI",
        "RC01",
    ),
    ("</FinInstnId></DbtrAgt>", "NAMED</FinInstnId></DbtrAgt>", "DbtrAgt/FinInstnId/Nm", "FF01"),
    ("</FinInstnId></CdtrAgt>", "NAMED</FinInstnId></CdtrAgt>", "CdtrAgt/FinInstnId/Nm", "FF01"),
    (DEBTOR, BY_BIC, "Dbtr/Nm", "BE01"),
    (DEBTOR_IBAN, BY_NUMBER, "DbtrAcct/Id/Othr/Id", "AC01"),
    (CREDITOR, BY_BIC, "Cdtr/Nm", "BE01"),
    (CREDITOR_IBAN, BY_NUMBER, "CdtrAcct/Id/Othr/Id", "AC03"),
];

/// Replaces a part that must be there.
fn with(text: &str, part: &str, by: &str) -> String {
    assert!(text.contains(part), "{part}");
    text.replacen(part, by, 1)
}

fn broken(part: &str, by: &str) -> String {
    with(GOOD, part, &by.replace("NAMED", NAMED))
}

/// The same message for the service whose rules are those of the plain profile.
fn plain(text: &str) -> String {
    with(text, ">swift.cbprplus.stp.04<", ">swift.cbprplus.04<")
}

/// The good message between agents of two countries, its debtor known by a number of the agent's.
fn between(from: &str, to: &str) -> String {
    let numbered = with(GOOD, DEBTOR_IBAN, BY_NUMBER);
    numbered.replace("RIVEFRPP", &format!("RIVE{from}PP")).replace("ELBEDEHH", &format!("ELBE{to}HH"))
}

fn first_fault(text: &str) -> Fault {
    Request::read(text).unwrap().order().unwrap_err()
}

/// Holds the checker, where there is one, to what we say.
fn checker_says(refused: bool, text: &str) {
    if let Some((found, said)) = usage_faults(text) {
        assert_eq!(found, refused, "{said}\n{text}");
    }
}

#[test]
fn a_complete_message_passes() {
    assert_eq!(faults(GOOD), []);
    assert_eq!(faults(&plain(GOOD)), []);
    let request = Request::read(GOOD).unwrap();
    assert_eq!(request.order().unwrap().accounts.len(), 2);
    check_whole(&request.write());
}

#[test]
fn each_rule_has_its_place_and_its_reason() {
    for (part, by, path, code) in BROKEN {
        let text = broken(part, by);
        let fault = first_fault(&text);
        assert_eq!((fault.path.as_str(), fault.rule.code()), (format!("{PLACE}{path}").as_str(), code), "{fault}");
        assert!(fault.to_string().contains("the STP profile"), "{fault}");
        // An address falls with its name; nothing else does.
        let (around, _) = fault.path.rsplit_once('/').unwrap();
        let found = faults(&text);
        assert!(found.iter().all(|one| one.path.starts_with(around)), "{found:#?}");
        assert_eq!(found.first(), Some(&fault));
    }
    let fault = first_fault(&broken(DEBTOR_IBAN, BY_NUMBER));
    assert_eq!(fault.value, "account-1");
}

#[test]
fn other_services_have_none_of_these_rules() {
    for (part, by, path, _) in BROKEN {
        let text = plain(&broken(part, by));
        assert_eq!(faults(&text), [], "{path}");
        assert_eq!(faults(self::part(&text, "Document")), [], "without a header, {path}");
        checker_says(false, &text);
    }
    let text = broken(DEBTOR_IBAN, BY_NUMBER);
    for service in ["seaway.devnet.01", "swift.cbprplus.stpx.04", "stp"] {
        assert_eq!(faults(&with(&text, "swift.cbprplus.stp.04", service)), [], "{service}");
    }
    for service in ["swift.cbprplus.stp.03", "seaway.stp.01"] {
        assert_eq!(faults(&with(&text, "swift.cbprplus.stp.04", service)).len(), 1, "{service}");
    }
}

#[test]
fn the_checker_refuses_what_we_refuse() {
    for (part, by, ..) in BROKEN {
        checker_says(true, &broken(part, by));
    }
}

#[test]
fn who_sends_and_who_receives_have_no_names_either() {
    for tag in ["InstgAgt", "InstdAgt"] {
        let text = broken(&format!("</FinInstnId></{tag}>"), &format!("NAMED</FinInstnId></{tag}>"));
        assert_eq!(first_fault(&text).path, format!("{PLACE}{tag}/FinInstnId/Nm"));
        checker_says(true, &text);
    }
}

#[test]
fn names_and_ibans_are_asked_for_where_both_countries_have_them() {
    let asked = [("FR", "DE"), ("GB", "SK"), ("IT", "VA"), ("VA", "VA"), ("MC", "FR"), ("ES", "AD"), ("SM", "IT")];
    for (from, to) in asked {
        let text = between(from, to);
        let fault = first_fault(&text);
        assert_eq!(fault.path, format!("{PLACE}DbtrAcct/Id/Othr/Id"), "{from} {to}");
        assert!(fault.to_string().contains(&format!("in {from} and {to}")), "{fault}");
        checker_says(true, &text);
    }
    for (from, to) in [("HK", "SG"), ("FR", "HK"), ("CH", "DE"), ("MC", "DE"), ("AD", "FR"), ("SM", "VA")] {
        let text = between(from, to);
        assert_eq!(faults(&text), [], "{from} {to}");
        checker_says(false, &text);
    }
}
