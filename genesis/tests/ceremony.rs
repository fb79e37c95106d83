//! The ceremony with the real program and real files, and what it refuses.

use seaway_genesis::ceremony::{CeremonyError, DEVNET, approve, combine, devnet, devnet_validators, join};
use seaway_genesis::written::{WrittenError, WrittenGenesis};
use seaway_types::genesis::GenesisError;
use std::path::Path;
use std::process::{Command, Output};

fn genesis(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_genesis")).current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn four_validators_make_a_genesis_with_files_and_program() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("net.toml"), DEVNET).unwrap();
    let bics = ["HARBHKHH", "MERLSGSG", "THAMGB2L", "HUDSUS33"];
    for bic in bics {
        let key = format!("{bic}.key");
        let out = format!("join-{bic}.toml");
        let joined = genesis(at, &["join", "--network", "devnet", "--bic", bic, "--key", &key, "--out", &out]);
        assert!(joined.status.success(), "{}", said(&joined));
        let combined = genesis(at, &["combine", "net.toml", &out]);
        assert!(combined.status.success(), "{}", said(&combined));
    }
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(at.join("HARBHKHH.key")).unwrap());
    assert_eq!(mode & 0o777, 0o600, "a new key is its owner's alone");
    let mut verdicts = Vec::new();
    for bic in bics {
        let verified = genesis(at, &["verify", "net.toml"]);
        verdicts.push(verified.status.code());
        let (key, out) = (format!("{bic}.key"), format!("approve-{bic}.toml"));
        let approved = genesis(at, &["sign", "net.toml", "--key", &key, "--out", &out]);
        assert!(approved.status.success(), "{}", said(&approved));
        assert!(genesis(at, &["combine", "net.toml", &out]).status.success());
    }
    let verified = genesis(at, &["verify", "net.toml"]);
    verdicts.push(verified.status.code());
    assert_eq!(verdicts, [Some(2), Some(2), Some(2), Some(0), Some(0)], "more than two thirds: three of four");
    assert!(said(&verified).contains("nodes will start from it"));
    // An existing contribution or key is never overwritten.
    let again = genesis(
        at,
        &["join", "--network", "devnet", "--bic", "HARBHKHH", "--key", "HARBHKHH.key", "--out", "join-HARBHKHH.toml"],
    );
    assert!(!again.status.success() && said(&again).contains("exists"), "{}", said(&again));
}

#[test]
fn a_draft_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(genesis(folder.path(), &["new", "--network", "acme-net", "--out", "draft.toml"]).status.success());
    let text = std::fs::read_to_string(folder.path().join("draft.toml")).unwrap();
    let unedited = genesis(folder.path(), &["verify", "draft.toml"]);
    assert!(said(&unedited).contains("authority.keys[0]: 'REPLACE"), "{}", said(&unedited));
    // A key that anyone can sign for is no key: the identity of the curve, under which an all-zero signature holds.
    let weak =
        text.replace("REPLACE with ed25519: and 64 hexadecimal digits", &format!("ed25519:01{}", "00".repeat(31)));
    std::fs::write(folder.path().join("weak.toml"), weak).unwrap();
    assert!(said(&genesis(folder.path(), &["verify", "weak.toml"])).contains("authority: 'ed25519:01"));
    let key = seaway_types::signature::public_key(&[3; 32]).to_string();
    let edited = text.replace("REPLACE with ed25519: and 64 hexadecimal digits", &key);
    std::fs::write(folder.path().join("draft.toml"), &edited).unwrap();
    let draft = WrittenGenesis::parse(&edited).unwrap();
    assert_eq!(draft.document().unwrap().network.name(), "acme-net");
    let refused = genesis(folder.path(), &["verify", "draft.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("the set of validators is empty"), "{}", said(&refused));
    let bad = genesis(folder.path(), &["new", "--network", "Acme!", "--out", "other.toml"]);
    assert!(said(&bad).contains("network id of 3 to 12"), "{}", said(&bad));
}

#[test]
fn the_devnet_command_makes_the_same_document_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let made = genesis(folder.path(), &["devnet", "--out", "net"]);
        assert!(made.status.success(), "{}", said(&made));
    }
    let text = std::fs::read_to_string(folder.path().join("net/genesis.toml")).unwrap();
    let read = WrittenGenesis::parse(&text).unwrap().signed().unwrap();
    assert_eq!(read, devnet().unwrap().signed().unwrap());
    assert!(folder.path().join("net/keys/validator-HARBHKHH.key").exists());
}

#[test]
fn the_hash_leaves_approvals_out_and_covers_the_rest() {
    let signed = devnet().unwrap();
    let mut bare = signed.clone();
    bare.approvals.clear();
    assert_eq!(bare.document().unwrap().hash(), signed.document().unwrap().hash());
    let mut other = signed.clone();
    other.timing.acceptance_window_ms += 1;
    assert_ne!(other.document().unwrap().hash(), signed.document().unwrap().hash());
    // Approvals of the first are worth nothing for the second.
    assert!(matches!(other.signed().unwrap().check(), Err(GenesisError::Approval { .. })));
    // The order in which things are written does not count.
    let mut shuffled = signed.clone();
    shuffled.accounts.reverse();
    shuffled.participants.reverse();
    shuffled.validators.reverse();
    assert_eq!(shuffled.document().unwrap().hash(), signed.document().unwrap().hash());
}

#[test]
fn contributions_that_do_not_fit_are_named() {
    let mut genesis = WrittenGenesis::parse(DEVNET).unwrap();
    let network = genesis.document().unwrap().network;
    let (bic, secret) = devnet_validators(&genesis)[0].clone();
    let bic = bic.parse().unwrap();
    combine(&mut genesis, &[join(network, bic, 1, &secret)]).unwrap();
    combine(&mut genesis, &[join(network, bic, 1, &secret)]).unwrap();
    assert_eq!(genesis.validators.len(), 1, "the same join twice is one");
    let other = combine(&mut genesis, &[join(network, bic, 2, &secret)]);
    assert!(matches!(other, Err(CeremonyError::JoinedAlready { .. })));
    assert!(matches!(approve(&genesis, &[5; 32]), Err(CeremonyError::NotAValidator { .. })));
    let approval = approve(&genesis, &secret).unwrap();
    genesis.timing.leaf_retention_ms += 1;
    assert!(matches!(combine(&mut genesis, &[approval]), Err(CeremonyError::OtherDocument { .. })));
    // A proof of possession made for another key, institution or network does not count.
    let stolen = join("elsewhere".parse().unwrap(), "MERLSGSG".parse().unwrap(), 1, &[6; 32]);
    let refused = combine(&mut genesis, &[stolen]);
    assert!(matches!(refused, Err(CeremonyError::Genesis(GenesisError::Possession { .. }))), "{refused:?}");
    assert_eq!(genesis.validators.len(), 1, "a bad contribution never enters the document");
}

#[test]
fn mistakes_name_line_or_field() {
    let refused = |from: &str, to: &str| {
        assert!(DEVNET.contains(from), "{from}");
        let text = DEVNET.replacen(from, to, 1);
        match WrittenGenesis::parse(&text) {
            Err(WrittenError::Toml(told)) => told,
            Ok(written) => match written.document() {
                Err(error) => error.to_string(),
                Ok(document) => document.check().unwrap_err().to_string(),
            },
            Err(error) => error.to_string(),
        }
    };
    let cases = [
        ("version = 2", "version = \"one\"", "line"),
        ("version = 2", "version = 2\nsurprise = 2", "surprise"),
        ("network = \"devnet\"", "network = \"DEVNET\"", "network: 'DEVNET'"),
        ("time = \"2026-11-01T00:00:00Z\"", "time = \"yesterday\"", "time: 'yesterday'"),
        ("exponent = 2", "exponent = 5", "assets[0].exponent: '5'"),
        ("issuer = \"HARBHKHH\"", "issuer = \"MONAHKHH\"", "assets[0].issuer: 'MONAHKHH'"),
        ("kind = \"points\"", "kind = \"eMoney\"", "assets[7].code: 'ZZA'"),
        ("lei = \"5299SEAWAYDEV00000", "lei = \"5299SEAWAYDEV10000", "participants[0].lei"),
        ("\"seed:authority-2\"", "\"ed25519:00\"", "authority.keys[1]"),
        ("threshold = 2", "threshold = 4", "authority.threshold: '4'"),
        ("\"2000000.00 HKD\"", "\"2000000.001 HKD\"", "balances[0]: '2000000.001'"),
        ("\"2000000.00 HKD\"", "\"2000000.00 CHF\"", "accounts[5].balances[0]: 'CHF'"),
        ("cut_off = \"24:00\"", "cut_off = \"25:00\"", "calendars[0].cut_off: '25:00'"),
        ("payment_validity_max_ms = 900_000", "payment_validity_max_ms = 0", "timing.payment_validity_max_ms: '0'"),
        ("agent = \"PEARHKHH\"", "agent = \"MONAHKHH\"", "agent: 'MONAHKHH'"),
        ("weekdays = [\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\"]", "weekdays = []", "calendars[5].weekdays"),
        ("to = \"2028-10-31\"", "to = \"2026-10-31\"", "calendars[0].to: '2026-10-31'"),
        ("version = 2", "version = 9", "version: '9'"),
        (
            "policy = { keys = [\"seed:HARBHKHH\"] }",
            "policy = { keys = [\"ed25519:0100000000000000000000000000000000000000000000000000000000000000\"] }",
            "participants[HARBHKHH].policy",
        ),
        ("keys_are_published = true", "keys_are_published = false", "seed: may stand only where"),
    ];
    for (from, to, expected) in cases {
        let told = refused(from, to);
        assert!(told.contains(expected), "{from} → {to}: {told}");
    }
}
