//! The plan as a test: which crate may import which, what pure crates must not name, and how long a file may grow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Crates by folder: their name, their layer (a crate imports lower layers only), and whether they are pure.
const CRATES: [(&str, &str, u8, bool); 29] = [
    ("node/types", "seaway-types", 0, true),
    ("node/iso20022", "seaway-iso20022", 1, true),
    ("contracts/vm", "seaway-vm", 1, true),
    ("contracts/library", "seaway-contracts", 0, true),
    ("node/ledger", "seaway-ledger", 2, true),
    ("node/consensus", "seaway-consensus", 2, true),
    ("node/mempool", "seaway-mempool", 2, true),
    ("node/engine", "seaway-engine", 3, true),
    ("node/storage", "seaway-storage", 4, false),
    ("node/signer", "seaway-signer", 4, false),
    ("node/parties", "seaway-parties", 4, false),
    ("node/network", "seaway-network", 4, false),
    ("node/rpc", "seaway-rpc", 4, false),
    ("node/webhooks", "seaway-webhooks", 4, false),
    ("node/app", "seaway-app", 5, false),
    ("client/reconcile", "seaway-reconcile", 1, false),
    ("client/sdk", "seaway-sdk", 4, false),
    ("genesis", "seaway-genesis", 3, false),
    ("client/cli", "seaway-cli", 5, false),
    ("tests/model", "seaway-model", 1, false),
    ("tests/traffic", "seaway-traffic", 2, false),
    ("tests/judge", "seaway-judge", 4, false),
    ("tests/conformance", "seaway-conformance", 5, false),
    ("tests/simulator", "seaway-simulator", 5, false),
    ("tests/cluster", "seaway-cluster", 5, false),
    ("tests/faults", "seaway-faults", 6, false),
    ("tests/fuzz", "seaway-fuzz", 6, false),
    ("tests/scorecard", "seaway-scorecard", 7, false),
    ("tests/architecture", "seaway-architecture", 5, false),
];

/// Outside crates that a pure crate may import: none reads a clock, draws randomness, or does I/O.
const PURE_IMPORTS: [&str; 16] = [
    "arc-malachitebft-core-consensus",
    "arc-malachitebft-core-types",
    "bincode",
    "blake3",
    "curve25519-dalek",
    "ed25519-dalek",
    "foldhash",
    "hex",
    "compact_str",
    "quick-xml",
    "serde",
    "serde_json",
    "sha2",
    "smallvec",
    "thiserror",
    "time",
];

/// What a pure crate must not name, and why.
const BANNED: [(&str, &str); 14] = [
    ("HashMap", "iteration order differs between replicas"),
    ("HashSet", "iteration order differs between replicas"),
    ("Instant", "time comes in as block time"),
    ("SystemTime", "time comes in as block time"),
    ("OffsetDateTime::now", "time comes in as block time"),
    ("std::env", "configuration comes in as an input field"),
    ("std::fs", "pure crates do no I/O"),
    ("std::net", "pure crates do no I/O"),
    ("std::thread", "pure crates do not wait"),
    ("f32", "floats round differently"),
    ("f64", "floats round differently"),
    ("unsafe", "the compiler checks what pure crates do"),
    ("tokio", "pure crates do not wait"),
    ("todo!", "nothing is left for later"),
];

/// Longest file without its tests: aimed at, and allowed.
const LINES_AIMED: usize = 500;
const LINES_MAX: usize = 800;
/// Longest function.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    // Resolved, because "tests" in a path marks a test below.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    fs::read_to_string(&path).unwrap().parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn imports(manifest: &toml::Table, kind: &str) -> Vec<String> {
    manifest.get(kind).and_then(toml::Value::as_table).map_or(vec![], |table| table.keys().cloned().collect())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a file that are code of the product: no tests, no comments, no texts.
fn product_lines(text: &str) -> Vec<String> {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    product.lines().map(|line| line.split("//").next().unwrap_or("").to_owned()).collect()
}

fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs")
}

#[test]
fn every_member_is_in_the_plan() {
    let workspace = manifest(".");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let mut listed: Vec<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    let mut planned: Vec<&str> = CRATES.iter().map(|(folder, ..)| *folder).collect();
    listed.sort_unstable();
    planned.sort_unstable();
    assert_eq!(listed, planned, "a new crate gets a layer in tests/architecture.rs");
    for (folder, name, ..) in CRATES {
        assert_eq!(manifest(folder)["package"]["name"].as_str(), Some(name));
    }
}

#[test]
fn crates_import_lower_layers_only() {
    let layer: BTreeMap<&str, u8> = CRATES.iter().map(|(_, name, layer, _)| (*name, *layer)).collect();
    for (folder, name, own, _) in CRATES {
        for import in imports(&manifest(folder), "dependencies").iter().filter(|import| import.starts_with("seaway-"))
        {
            let other = layer.get(import.as_str()).unwrap_or_else(|| panic!("{name} imports unknown {import}"));
            assert!(*other < own, "{name} (layer {own}) must not import {import} (layer {other})");
        }
    }
    // The judge shares nothing with whom it judges.
    assert_eq!(imports(&manifest("tests/model"), "dependencies"), ["seaway-types"]);
}

#[test]
fn pure_crates_import_pure_crates() {
    for (folder, name, _, pure) in CRATES {
        if !pure {
            continue;
        }
        for import in imports(&manifest(folder), "dependencies") {
            let fine = PURE_IMPORTS.contains(&import.as_str()) || import.starts_with("seaway-") || import == "uuid";
            assert!(fine, "{name} imports {import}, which is not known to be pure");
        }
        assert!(root().join(folder).join("clippy.toml").exists(), "{name} has no clippy.toml with its bans");
    }
}

#[test]
fn pure_crates_name_nothing_impure() {
    let mut read = 0;
    for (folder, name, ..) in CRATES.iter().filter(|(.., pure)| *pure) {
        for path in sources(&root().join(folder).join("src")).iter().filter(|path| !is_test(path)) {
            for (number, line) in product_lines(&fs::read_to_string(path).unwrap()).iter().enumerate() {
                for (word, why) in BANNED {
                    let named = line.match_indices(word).any(|(at, _)| stands_alone(line, at, word.len()));
                    assert!(!named, "{name}: {}:{}: {word}: {why}", path.display(), number + 1);
                }
                read += 1;
            }
        }
    }
    assert!(read > 3000, "{read} lines read: the search looks in the wrong place");
}

/// Whether a word is not a part of a longer one.
fn stands_alone(line: &str, at: usize, length: usize) -> bool {
    let part = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !part(line[..at].chars().next_back()) && !part(line[at + length..].chars().next())
}

#[test]
fn files_and_functions_stay_readable() {
    let mut read = 0;
    for (folder, ..) in CRATES {
        for path in sources(&root().join(folder).join("src")).iter().filter(|path| !is_test(path)) {
            read += 1;
            let text = fs::read_to_string(path).unwrap();
            let lines = product_lines(&text);
            let shown = path.display();
            assert!(lines.len() <= LINES_MAX, "{shown} has {} lines; {LINES_MAX} are allowed", lines.len());
            if lines.len() > LINES_AIMED {
                println!("{shown} has {} lines; aim for {LINES_AIMED}", lines.len());
            }
            for (number, length, head) in functions(&lines) {
                assert!(
                    length <= FUNCTION_LINES_MAX,
                    "{shown}:{number}: {head} has {length} lines; {FUNCTION_LINES_MAX} are allowed"
                );
            }
        }
    }
    assert!(read > 50, "{read} files read: the search looks in the wrong place");
}

/// Where JSON-RPC error numbers are given out.
const NUMBERED: [&str; 4] = [
    "node/types/src/reason/table.rs",
    "node/types/src/instruction/stages.rs",
    "node/mempool/src/admission.rs",
    "node/rpc/src/fault.rs",
];
/// Numbers that jsonrpsee gives out itself.
const NUMBERS_OF_THE_LIBRARY: std::ops::RangeInclusive<u32> = 32_005..=32_011;

#[test]
fn every_error_number_has_one_meaning() {
    let mut given: BTreeMap<u32, String> = BTreeMap::new();
    for file in NUMBERED {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let number = |part: &str| part.get(..6)?.replace('_', "").parse::<u32>().ok();
        for line in product_lines(&text).iter().filter(|line| !line.trim_start().starts_with("//")) {
            for number in
                line.split('-').skip(1).filter_map(number).filter(|number| (32_000..32_100).contains(number))
            {
                let earlier = given.insert(number, line.clone());
                assert!(
                    earlier.is_none(),
                    "-{number} is given out twice: {line} and {}",
                    earlier.unwrap_or_default()
                );
                assert!(!NUMBERS_OF_THE_LIBRARY.contains(&number), "-{number} is the RPC library's: {line}");
            }
        }
    }
    assert!(given.len() > 30, "{} numbers found: the search looks in the wrong place", given.len());
}

/// Functions of formatted code: the line of the head, and how many lines until the brace that closes it.
fn functions(lines: &[String]) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        let indent = line.len() - head.len();
        let begins = head.split_whitespace().take(4).any(|word| word == "fn");
        if !begins || head.ends_with(';') || head.ends_with('}') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[start..].iter().position(|line| line.trim_end() == close) {
            found.push((start + 1, length + 1, head.to_owned()));
        }
    }
    found
}
