//! R7: one file of a node is damaged: a bit, its end, or the whole of it. The node is as before, is mended by its peers, or stops
//! and names the file. It never answers wrongly.

use crate::row::Row;
use crate::syncs::{Hurt, PATIENCE, VICTIM};
use crate::{Size, audit};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use seaway_cluster::copy_folder;
use seaway_genesis::seed;
use seaway_sdk::ClientError;
use serde_json::json;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Whose file of the same name takes the place of the victim's.
const OTHER: usize = 2;
/// How long a node whose configuration was damaged may be out of reach before it is called that.
const OUT_OF_REACH: Duration = Duration::from_secs(5);

/// A kind of file.
struct Class {
    name: &'static str,
    /// Its folder in the home.
    folder: &'static str,
    /// What its files' names begin and end with.
    files: (&'static str, &'static str),
    /// Any of these in what the node says last names the file to its operator.
    names: &'static [&'static str],
}

const CLASSES: &[Class] = &[
    Class { name: "log", folder: "data/wal", files: ("", ".wal"), names: &["data/wal"] },
    Class { name: "tables", folder: "data/db", files: ("", ".sst"), names: &["data/db"] },
    Class { name: "database_log", folder: "data/db", files: ("", ".log"), names: &["data/db"] },
    Class { name: "manifest", folder: "data/db", files: ("MANIFEST", ""), names: &["data/db"] },
    Class { name: "current", folder: "data/db", files: ("CURRENT", ""), names: &["data/db"] },
    Class { name: "options", folder: "data/db", files: ("OPTIONS", ""), names: &["data/db"] },
    Class { name: "last_sign", folder: "data", files: ("last-sign", ""), names: &["last-sign"] },
    Class { name: "node_key", folder: "keys", files: ("node.key", ""), names: &["node.key"] },
    Class { name: "consensus_key", folder: "keys", files: ("consensus.key", ""), names: &["consensus.key"] },
    Class { name: "passphrase", folder: "keys", files: ("passphrase", ""), names: &["passphrase", ".key"] },
    Class { name: "salt", folder: "keys", files: ("account-salt", ""), names: &["account-salt"] },
    Class { name: "genesis", folder: "", files: ("genesis.toml", ""), names: &["genesis.toml"] },
    Class {
        name: "configuration",
        folder: "",
        files: ("seawayd.toml", ""),
        names: &["seawayd.toml", "listen", "log.level", "genesis", "keys/", "passphrase"],
    },
];

/// What became of a damaged node.
enum Outcome {
    /// It ended by itself, with these last words.
    Ended(String),
    /// It runs and has the others' height.
    Runs,
    /// It runs, and nobody reaches it.
    Unreached,
}

/// Runs the row.
pub async fn run(size: &Size, row: &mut Row) -> Result<(), String> {
    let mut random = ChaCha8Rng::seed_from_u64(size.seed);
    let mut hurt = Hurt::new(size).await?;
    // Two lives, so that the database has tables and a log.
    hurt.pay(20).await?;
    row.ensure(hurt.cluster.stop(VICTIM), || "a node did not stop well".to_owned());
    hurt.cluster.start(VICTIM)?;
    hurt.pay(20).await?;
    hurt.cluster.kill(VICTIM);
    let (home, kept) = (hurt.cluster.nodes[VICTIM].home.clone(), hurt.file("kept"));
    let failed = |error: std::io::Error| error.to_string();
    copy_folder(&home, &kept).map_err(failed)?;
    // The others go on meanwhile, so that whoever comes back has something to fetch.
    let payer = seaway_cluster::Payer::new(&hurt.cluster.document);
    for _ in 0..5 {
        let client = hurt.cluster.client(0)?;
        let signed = payer.merchant_pays(7)?;
        client.settle(&signed, 3).await.map_err(|error| error.to_string())?;
    }
    row.counts(&[
        "damages",
        "refused",
        "as_before_or_mended",
        "reads_refused",
        "found_by_db_verify",
        "out_of_reach",
        "without_effect",
    ]);
    let wanted = if size.long { 1_000 } else { 5 };
    for class in CLASSES {
        let mut done = 0;
        // What changes nothing is drawn anew; nothing can be exchanged where there is one file alone, and the same everywhere.
        for turn in 0..2 * wanted {
            if done == wanted {
                break;
            }
            std::fs::remove_dir_all(&home).and_then(|()| copy_folder(&kept, &home)).map_err(failed)?;
            let other = &hurt.cluster.nodes[OTHER].home;
            let Some(trial) = damage(class, turn, &home, other, &mut random).map_err(failed)? else {
                row.count("without_effect");
                continue;
            };
            judge(&mut hurt, row, class, &trial).await.map_err(|problem| format!("{trial}: {problem}"))?;
            row.count("damages");
            done += 1;
        }
    }
    std::fs::remove_dir_all(&home).and_then(|()| copy_folder(&kept, &home)).map_err(failed)?;
    hurt.end(row).await
}

/// The files of a class in a home, in the order of their names.
fn files(class: &Class, home: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (begin, end) = class.files;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(home.join(class.folder))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(begin) && name.ends_with(end) && path.is_file() && path.metadata()?.len() > 0 {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Damages a file of a class; what was done, or nothing where it changes nothing.
fn damage(
    class: &Class,
    turn: u64,
    home: &Path,
    other: &Path,
    random: &mut ChaCha8Rng,
) -> std::io::Result<Option<String>> {
    let all = files(class, home)?;
    let mut roll = |below: usize| random.next_u64() as usize % below.max(1);
    let Some(path) = all.get(roll(all.len())) else { return Ok(None) };
    let before = std::fs::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut bytes = before.clone();
    let what = match turn % 5 {
        // Of what is really there, three kinds of a bit's place: near the beginning, near the end, anywhere.
        kind @ 0..=2 => {
            let place = match kind {
                0 => roll(bytes.len().min(64)),
                1 => bytes.len().saturating_sub(1 + roll(64)),
                _ => roll(bytes.len()),
            };
            let bit = roll(8);
            let Some(byte) = bytes.get_mut(place) else { return Ok(None) };
            *byte ^= 1 << bit;
            format!("bit {bit} of byte {place} of {name}")
        }
        3 => {
            let length = roll(bytes.len());
            bytes.truncate(length);
            format!("{name} cut to {length} of {} bytes", before.len())
        }
        _ => {
            let own_others = all.iter().filter(|one| *one != path).cloned();
            let candidates: Vec<PathBuf> = files(class, other)?
                .into_iter()
                .filter(|one| one.file_name() == path.file_name())
                .chain(own_others)
                .collect();
            let Some(from) = candidates.get(roll(candidates.len())) else { return Ok(None) };
            bytes = std::fs::read(from)?;
            format!("{name} replaced by {}", from.strip_prefix(home).unwrap_or(Path::new("another node's")).display())
        }
    };
    if bytes == before {
        return Ok(None);
    }
    std::fs::write(path, bytes)?;
    Ok(Some(what))
}

/// Starts the damaged node, and looks what becomes of it.
async fn judge(hurt: &mut Hurt, row: &mut Row, class: &Class, trial: &str) -> Result<(), String> {
    hurt.cluster.start(VICTIM)?;
    let target = hurt.cluster.height(0).await?;
    let kept = hurt.file("kept");
    // A damaged configuration may name another valid address: then nobody finds the node.
    let moved = class.name == "configuration" && listens(&hurt.cluster.nodes[VICTIM].home) != listens(&kept);
    match outcome(hurt, target, moved).await? {
        Outcome::Ended(said) => {
            row.count("refused");
            let last = said.lines().rfind(|line| line.starts_with("seawayd:")).unwrap_or("");
            let named = class.names.iter().any(|name| last.contains(name));
            row.ensure(named && !said.contains("panicked"), || format!("{trial}: the file is not named: {said}"));
        }
        Outcome::Unreached => {
            row.count("out_of_reach");
            hurt.cluster.kill(VICTIM);
        }
        Outcome::Runs => {
            row.count("as_before_or_mended");
            let Seen { wrong, refused } = compare(hurt, target).await?;
            wrong.into_iter().for_each(|what| row.broken(format!("{trial}: {what}")));
            // A read that the damage makes impossible says where it is.
            for what in refused {
                row.count("reads_refused");
                row.ensure(class.names.iter().any(|name| what.contains(name)), || format!("{trial}: {what}"));
            }
            row.ensure(hurt.cluster.stop(VICTIM), || format!("{trial}: it did not stop well"));
            // What reads as the others' may still lie on top of something damaged: an auditor finds it by name.
            for what in audit::disks(&hurt.cluster, &[VICTIM])? {
                row.count("found_by_db_verify");
                row.ensure(class.names.iter().any(|name| what.contains(name)), || format!("{trial}: {what}"));
            }
        }
    }
    Ok(())
}

async fn outcome(hurt: &mut Hurt, target: u64, may_be_unreached: bool) -> Result<Outcome, String> {
    let begun = Instant::now();
    let mut reached = false;
    loop {
        if !hurt.cluster.runs(VICTIM) {
            return Ok(Outcome::Ended(hurt.cluster.ended(VICTIM, PATIENCE).await?));
        }
        match hurt.cluster.height(VICTIM).await {
            Ok(height) if height >= target => return Ok(Outcome::Runs),
            Ok(_) => reached = true,
            Err(_) => {}
        }
        if may_be_unreached && !reached && begun.elapsed() > OUT_OF_REACH {
            return Ok(Outcome::Unreached);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("it neither ends nor reaches height {target}"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The line of a home's configuration that says where it listens for clients; none where there is none any more.
fn listens(home: &Path) -> Option<String> {
    let bytes = std::fs::read(home.join("seawayd.toml")).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (_, rpc) = text.split_once("[rpc]")?;
    rpc.lines().find(|line| line.trim_start().starts_with("listen")).map(str::to_owned)
}

/// What the victim answers, beside another node's answers.
#[derive(Default)]
struct Seen {
    /// Answers that differ.
    wrong: Vec<String>,
    /// What it did not answer, with the reason.
    refused: Vec<String>,
}

impl Seen {
    fn note<T: PartialEq + Debug>(&mut self, what: &str, own: Result<T, String>, expected: &T) {
        match own {
            Ok(own) if own == *expected => {}
            Ok(own) => self.wrong.push(format!("{what}: {own:?} instead of {expected:?}")),
            Err(why) => self.refused.push(format!("{what}: {why}")),
        }
    }
}

async fn compare(hurt: &Hurt, target: u64) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let (own, other) = (hurt.cluster.client(VICTIM)?, hurt.cluster.client(0)?);
    for height in 1..=target {
        let expected = audit::block(&other, height).await?;
        seen.note("a block", audit::block(&own, height).await, &expected);
    }
    let expected = audit::credits(&other, target).await?;
    seen.note("credits", audit::credits(&own, target).await, &expected);
    // Which account a number names is told by the agent's own node alone.
    let (bic, number) = (&hurt.cluster.nodes[VICTIM].bic, "us-buyer");
    let expected = json!(seed::account(bic, number));
    match own.call("account_resolve", json!({"agent": bic, "number": number})).await {
        Err(ClientError::Refused { number: -32_045, message, .. }) => seen.wrong.push(message),
        answer => {
            let account = answer.map(|answer| answer["account"].clone()).map_err(|error| error.to_string());
            seen.note("an account", account, &expected);
        }
    }
    Ok(seen)
}
