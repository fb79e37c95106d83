//! What stays off the ledger: the texts of a message are those of which its instruction has the hashes.

mod beside;

use beside::assets;
use seaway_iso20022::order::{Known, Request};
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::{Credit, CreditKind};
use seaway_types::instruction::{Body, Leg};
use seaway_types::party::PartyData;

const SALT: [u8; 32] = [7; 32];

fn pacs008() -> String {
    let template = include_str!("../../../genesis/networks/devnet-pacs008.xml");
    let filled = template.replace("{{MESSAGE}}", "HARB-1").replace("{{TIME}}", "2026-11-23T01:02:03.000+00:00");
    filled.replace("{{DATE}}", "2026-11-23").replace("{{UETR}}", "0f8fad5b-d9cb-469f-a165-70867728950e")
}

fn pain001() -> String {
    let credit = |number: u8, agent: &str| {
        format!(
            r#"<CdtTrfTxInf><PmtId><EndToEndId>INV-{number}</EndToEndId></PmtId>
            <Amt><InstdAmt Ccy="HKD">{number}.50</InstdAmt></Amt>
            <CdtrAgt><FinInstnId><BICFI>{agent}</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Supplier {number}</Nm></Cdtr>
            <CdtrAcct><Id><Othr><Id>supplier-{number}</Id></Othr></Id></CdtrAcct>
            <RmtInf><Ustrd>Invoice {number}</Ustrd></RmtInf></CdtTrfTxInf>"#
        )
    };
    format!(
        r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
        <GrpHdr><MsgId>LAMMA-1</MsgId><CreDtTm>2026-11-23T01:02:03.000+00:00</CreDtTm><NbOfTxs>2</NbOfTxs>
        <CtrlSum>4</CtrlSum><InitgPty><Nm>Lamma Instruments Ltd</Nm></InitgPty></GrpHdr>
        <PmtInf><PmtInfId>LAMMA-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt>
        <Dbtr><Nm>Lamma Instruments Ltd</Nm></Dbtr><DbtrAcct><Id><Othr><Id>hk-importer</Id></Othr></Id></DbtrAcct>
        <DbtrAgt><FinInstnId><BICFI>HARBHKHH</BICFI></FinInstnId></DbtrAgt>{}{}</PmtInf></CstmrCdtTrfInitn></Document>"#,
        credit(1, "MERLSGSG"),
        credit(2, "THAMGB2L")
    )
}

fn read(text: &str) -> (Vec<PartyData>, Vec<Credit>) {
    let request = Request::read(text).unwrap();
    let order = request.order().unwrap();
    let accounts = vec![AccountId([1; 16]); order.accounts.len()];
    let assets = assets();
    let known = Known { assets: &assets, accounts: &accounts, payments: &[], salt: &SALT };
    let Body::Single(Leg::CreditTransfer(transfer)) = request.body(&order, &known).unwrap() else {
        panic!("no credit transfer")
    };
    (request.party_data(&order, &SALT).unwrap(), transfer.credits.to_vec())
}

#[test]
fn a_payment_has_the_hashes_of_what_travels() {
    let (data, credits) = read(&pacs008());
    let ([data], [credit]) = (data.as_slice(), credits.as_slice()) else { panic!("one payment") };
    assert!(data.belongs_to(credit));
    assert_eq!((data.kind, &data.around), (CreditKind::Customer, &None));
    let (parties, remittance) = (data.parties.as_deref().unwrap(), data.remittance.as_deref().unwrap());
    assert!(parties.contains("Lamma Instruments Ltd") && parties.contains("10 Changi South Lane"), "{parties}");
    assert!(remittance.contains("40 sensors") && !parties.contains("40 sensors"));
    // Nobody is told what is not said.
    let (silent, credits) =
        read(&pacs008().replace("<RmtInf><Ustrd>Invoice 2026-0817, 40 sensors</Ustrd></RmtInf>", ""));
    assert!(silent[0].remittance.is_none() && silent[0].belongs_to(&credits[0]));
}

#[test]
fn who_is_told_of_one_payment_of_many_learns_nothing_of_the_others() {
    let (data, credits) = read(&pain001());
    assert_eq!(data.len(), 2);
    for (data, credit) in data.iter().zip(&credits) {
        assert!(data.belongs_to(credit));
        assert!(data.around.as_ref().unwrap().contains("Lamma Instruments Ltd"), "the debtor is named");
    }
    let agents = data.iter().map(|one| one.creditor_agent.to_string()).collect::<Vec<_>>();
    assert_eq!(agents, ["MERLSGSG", "THAMGB2L"]);
    assert!(!data[0].parties.as_ref().unwrap().contains("Supplier 2"));
    // With the salt of one, the names of another cannot be tried against its hash.
    let guess = PartyData { salt: data[0].salt, ..data[1].clone() };
    assert_ne!(guess.hashes().0, credits[1].party_data_hash);
    assert_ne!(guess.hashes().1, credits[1].remittance_hash);
}
