//! `seaway ledger apply` as a user runs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn devnet() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genesis.toml");
    std::fs::write(&path, seaway_genesis::ceremony::devnet().unwrap().to_toml().unwrap()).unwrap();
    (folder, path)
}

fn apply(genesis: &Path, options: &[&str], lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_seaway"))
        .args(["ledger", "apply", "--genesis"])
        .arg(genesis)
        .args(options)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const DAY: &str = include_str!("../../../genesis/networks/devnet-day.jsonl");

#[test]
fn the_example_day_runs_and_money_is_conserved() {
    let (_folder, genesis) = devnet();
    let output = apply(&genesis, &[], DAY);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for expected in
        ["AM05 UETR", "AC03", "PDNG", "bundle of 2", "TM01", "left out", "hold over", "trial balance of ZZA"]
    {
        assert!(told.contains(expected), "{expected} is missing in\n{told}");
    }
    assert_eq!(told.matches("is the sum of all accounts").count(), 8);
}

#[test]
fn json_is_one_object_a_line_and_can_be_replayed() {
    let (_folder, genesis) = devnet();
    let told = text(&apply(&genesis, &["--json"], DAY).stdout);
    let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let root =
        |lines: &[serde_json::Value]| lines.iter().rfind(|line| line["block"].is_object()).unwrap()["block"].clone();
    assert!(lines.iter().filter(|line| line["trialBalance"]["conserved"] == true).count() == 8);
    // The wires alone, strictly, lead to the same root: what an auditor does.
    let mut replay = String::new();
    let mut wires = Vec::new();
    for line in &lines {
        wires.extend(line["wire"].as_str().map(str::to_owned));
        if let Some(time) = line["block"]["time"].as_str() {
            replay += &format!("{{\"time\":\"{time}\"}}\n");
            wires.drain(..).for_each(|wire| replay += &format!("{{\"wire\":\"{wire}\"}}\n"));
        }
    }
    let output = apply(&genesis, &["--json", "--strict"], &replay);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let again: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(root(&again), root(&lines));
}

#[test]
fn mistakes_end_with_their_line_and_an_exit_code() {
    let (folder, genesis) = devnet();
    let line = |edit: &str| DAY.lines().find(|line| line.contains("INV-2041")).unwrap().replace("INV-2041", edit);
    let cases = [
        ("{", "line 1: EOF"),
        ("{\"surprise\":1}", "line 1: unknown field `surprise`"),
        ("{\"body\":{}}", "line 1: submitter: missing"),
        ("{\"key\":\"00\"}", "line 1:"),
        ("\n\n{\"wire\":\"zz\"}", "line 3: wire: no hexadecimal bytes"),
        ("{\"wire\":\"00\"}", "line 1: wire: malformed: the message ends"),
        ("{\"time\":\"2020-01-01T00:00:00Z\"}", "time 2020-01-01"),
    ];
    for (lines, expected) in cases {
        let output = apply(&genesis, &[], lines);
        assert_eq!(output.status.code(), Some(1), "{lines}");
        let told = text(&output.stderr);
        assert!(told.contains(expected), "{lines}: {told}");
    }
    for (from, to, expected) in [
        ("125000.00 HKD", "125000.001 HKD", "'125000.001' has 3 decimals"),
        ("125000.00 HKD", "125000.00 SGD", "the amount is in SGD, expected HKD"),
        ("125000.00 HKD", "-1.00 HKD", "never negative"),
        ("125000.00 HKD", "10000000000000000.00 HKD", "18 digits"),
        ("@sg-supplier", "@nobody", "'@nobody' names no account"),
        ("\"SHAR\"", "\"SLEV\"", "expected one of `DEBT`, `CRED`, `SHAR`"),
    ] {
        let told = text(&apply(&genesis, &[], &line("X").replace(from, to)).stderr);
        assert!(told.contains(expected), "{to}: {told}");
    }
    let stranger = line("Y").replace("\"sign\": [\"hk-merchant\"]", "\"sign\": [\"hk-shopper\"]");
    let output = apply(&genesis, &["--strict"], &stranger);
    assert_eq!((output.status.code(), text(&output.stderr).contains("voids its block: DS0H")), (Some(3), true));
    // Input without an end is refused once it is longer than any good one.
    let endless = apply(Path::new("/dev/zero"), &[], "");
    assert_eq!(endless.status.code(), Some(1));
    assert!(text(&endless.stderr).contains("bytes of a genesis document"), "{}", text(&endless.stderr));
    // A document that its validators have not approved is refused, and may be tried out on request.
    let draft = folder.path().join("draft.toml");
    std::fs::write(&draft, seaway_genesis::ceremony::DEVNET).unwrap();
    assert_eq!(apply(&draft, &[], &line("Z")).status.code(), Some(1));
    assert_eq!(apply(&draft, &["--unapproved"], &line("Z")).status.code(), Some(0));
}
