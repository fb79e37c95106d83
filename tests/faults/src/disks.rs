//! R6: a node's disk fails at a sync or a write, is full, or takes half a write. The node stops and names the file, has said
//! nothing that it had not written, and goes on when the disk is well.

use crate::Size;
use crate::injected::{self, Injection, after_the_first_hurt, most_by_one_thread, traced};
use crate::row::Row;
use crate::syncs::{Hurt, PATIENCE, VICTIM, sample};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use seaway_genesis::seed;
use seaway_signer::GuardedKey;
use seaway_types::signature::public_key;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Payments within which a failure must come.
const PAYMENTS: usize = 3_000;
/// Payments of a life in which calls are counted, and within which one of them fails.
const COUNTED: usize = 60;

/// Runs the row.
pub async fn run(size: &Size, row: &mut Row) -> Result<(), String> {
    if !injected::available() {
        return Err("strace is not there or may not trace; scripts/setup installs it".to_owned());
    }
    row.counts(&["failed_syncs", "failed_writes", "full_disks", "short_writes"]);
    let mut random = ChaCha8Rng::seed_from_u64(size.seed);
    let mut hurt = Hurt::new(size).await?;
    let data = hurt.cluster.nodes[VICTIM].home.join("data");
    let guard = vec![data.join("last-sign")];
    let log = vec![data.join("wal/a.wal"), data.join("wal/b.wal")];
    let few = if size.long { u64::MAX } else { 3 };
    for (figure, calls, what, paths) in [
        ("failed_syncs", "fdatasync", "error=EIO", Vec::new()),
        ("failed_writes", "pwrite64", "error=ENOSPC", guard),
        ("failed_writes", "pwrite64", "error=EIO", log),
    ] {
        let there = count(&mut hurt, calls, &paths).await?;
        row.ensure(there > 0, || format!("there is no {calls} on {}", names(&paths)));
        for when in sample(&mut random, there, few) {
            let injection = Injection { calls, what, when, paths: paths.clone() };
            let trial = format!("{what} at call {when} of {calls} on {}", names(&paths));
            fails(&mut hurt, row, &injection, &trial).await.map_err(|problem| format!("{trial}: {problem}"))?;
            row.count(figure);
        }
    }
    no_room(&mut hurt, row, ("full_disks", FULL, "No space left on device"), &data).await?;
    no_room(&mut hurt, row, ("short_writes", SHORT, "File too large"), &data).await?;
    hurt.end(row).await
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> =
        paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into())).collect();
    if names.is_empty() { "any file".to_owned() } else { names.join(" and ") }
}

/// How often the victim makes a call in a life of some payments.
async fn count(hurt: &mut Hurt, calls: &'static str, paths: &[PathBuf]) -> Result<u64, String> {
    let log = hurt.file("counted.log");
    // Beyond any that there will be: only the paths matter.
    let none = Injection { calls, what: "error=EIO", when: u64::from(u16::MAX), paths: paths.to_vec() };
    hurt.cluster.kill(VICTIM);
    hurt.cluster.start_within(VICTIM, &traced(calls, Some(&none), &log))?;
    hurt.pay(COUNTED).await?;
    hurt.cluster.kill(VICTIM);
    most_by_one_thread(&log, calls)
}

/// The victim meets a call that fails: it stops, names the file, and has said nothing beyond its disk.
async fn fails(hurt: &mut Hurt, row: &mut Row, injection: &Injection, trial: &str) -> Result<(), String> {
    let log = hurt.file("hurt.log");
    hurt.cluster.kill(VICTIM);
    // What it says last is of this life.
    let said_before = hurt.cluster.nodes[VICTIM].home.join("node.log");
    std::fs::remove_file(said_before).map_err(|error| error.to_string())?;
    hurt.cluster.start_within(VICTIM, &traced(injection.calls, Some(injection), &log))?;
    hurt.pay(PAYMENTS).await?;
    let said = hurt.cluster.ended(VICTIM, PATIENCE).await?;
    ensure_named(row, trial, &said);
    // Each thing that is said is noted by the thread that steps, and synced: it did neither any more.
    let later = after_the_first_hurt(&log, injection.calls)?;
    row.ensure(later.is_none_or(|count| count == 0), || {
        format!("{trial}: {later:?} further calls of the thread whose call failed")
    });
    row.ensure(later.is_some(), || format!("{trial}: no call failed"));
    ensure_nothing_unwritten_was_said(hurt, row, trial).await?;
    hurt.look_at_its_disk(row, trial).await
}

fn ensure_named(row: &mut Row, trial: &str, said: &str) {
    let last = said.lines().rfind(|line| line.starts_with("seawayd:")).unwrap_or("");
    row.ensure(last.contains("data/") && !said.contains("panicked"), || {
        format!("{trial}: the node does not name the file: {said}")
    });
}

/// The last block that the victim's vote certifies is not beyond what its guard's file tells.
async fn ensure_nothing_unwritten_was_said(hurt: &Hurt, row: &mut Row, trial: &str) -> Result<(), String> {
    let node = &hurt.cluster.nodes[VICTIM];
    let secret = seed::secret_key(&format!("validator-{}", node.bic));
    let key = json!(public_key(&secret));
    let opened = GuardedKey::open(&node.home.join("data/last-sign"), Zeroizing::new(secret));
    let guard = opened.map_err(|error| error.to_string())?;
    let written = guard.last().map_or((0, 0), |last| (last.height.0, last.round.0));
    let client = hurt.cluster.client(0)?;
    for height in (1..=hurt.cluster.height(0).await?).rev() {
        let block = client.call("ledger_block", json!({"height": height.to_string()})).await;
        let certificate = block.map_err(|error| error.to_string())?["certificate"].take();
        let signed =
            certificate["signatures"].as_array().is_some_and(|all| all.iter().any(|one| one["validator"] == key));
        if signed {
            let round = certificate["round"].as_u64().and_then(|round| u32::try_from(round).ok());
            let said = (height, round.ok_or_else(|| format!("no round in {}", Value::to_string(&certificate)))?);
            row.ensure(said <= written, || {
                format!("{trial}: it said (height, round) {said:?} and wrote {written:?}")
            });
            return Ok(());
        }
    }
    Err("no block is certified by the victim".to_owned())
}

/// Runs a node on a small disk of its own, with what was in the folder before, and once more when that disk has room again. The
/// first node dies with this shell.
const FULL: &str = r#"data=$1; mount -t tmpfs -o size="$3"k tmpfs "$data" && cp -a "$2/." "$data" && shift 3 || exit 9
setpriv --pdeathsig KILL "$@"; echo "the disk has room again" >&2
mount -o remount,size=256m "$data"; exec "$@""#;

/// The same where a file may not pass a number of blocks of 512 bytes at first: the write that passes it is cut short, as POSIX
/// says of RLIMIT_FSIZE.
const SHORT: &str = r#"mount -t tmpfs -o size=256m tmpfs "$1" && cp -a "$2/." "$1" || exit 9
trap '' XFSZ; ulimit -S -f "$3"; shift 3; setpriv --pdeathsig KILL "$@"; echo "the disk has room again" >&2
ulimit -S -f unlimited; exec "$@""#;

/// The sizes of all files in a folder, in bytes.
fn sizes(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(sizes(&entry.path())?);
        } else {
            found.push(entry.metadata()?.len());
        }
    }
    Ok(found)
}

/// What is counted, how the disk runs out of room, and what the system calls that.
type Shortage = (&'static str, &'static str, &'static str);

/// The victim's disk takes no more after a while; it stops by name, and starts again on the very same disk with room.
async fn no_room(
    hurt: &mut Hurt,
    row: &mut Row,
    (figure, script, error): Shortage,
    data: &Path,
) -> Result<(), String> {
    let kept = hurt.file("data-before");
    let mount = ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
    let may = std::process::Command::new("unshare").args(mount).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("{figure} skipped: this machine does not let us mount in a namespace of our own");
        return Ok(());
    }
    row.ensure(hurt.cluster.stop(VICTIM), || "a node did not stop well".to_owned());
    let failed = |error: std::io::Error| error.to_string();
    std::fs::rename(data, &kept).and_then(|()| std::fs::create_dir(data)).map_err(failed)?;
    let mut wrapper: Vec<String> = ["unshare", "-rm", "sh", "-c", script, "sh"].map(str::to_owned).to_vec();
    // Room for some payments more.
    let sizes = sizes(&kept).map_err(failed)?;
    let room = if script == FULL {
        sizes.iter().sum::<u64>().div_ceil(1_024) + 5_000
    } else {
        sizes.iter().max().copied().unwrap_or(0).div_ceil(512) + 80
    };
    wrapper.extend([data.display().to_string(), kept.display().to_string(), room.to_string()]);
    let path = hurt.cluster.nodes[VICTIM].home.join("node.log");
    std::fs::remove_file(&path).map_err(failed)?;
    hurt.cluster.start_within(VICTIM, &wrapper)?;
    let said = || std::fs::read_to_string(&path).map_err(failed);
    let mut payments = 0;
    while !said()?.contains("has room again") {
        if payments > PAYMENTS || hurt.pay(10).await? {
            return Err(format!("{figure}: {payments} payments, and the disk did not fill: {}", said()?));
        }
        payments += 10;
    }
    let all = said()?;
    let (stopped, _) = all.split_once("the disk has room again").unwrap_or_default();
    ensure_named(row, figure, stopped);
    row.ensure(payments > 0 && stopped.contains(error), || format!("{figure}: after {payments} payments: {stopped}"));
    // It goes on, on the same disk.
    hurt.pay(10).await?;
    row.ensure(hurt.cluster.stop(VICTIM), || format!("{figure}: it did not stop well after the disk had room"));
    std::fs::remove_dir(data).and_then(|()| std::fs::rename(&kept, data)).map_err(failed)?;
    hurt.cluster.start(VICTIM)?;
    hurt.pay(1).await?;
    row.count(figure);
    Ok(())
}
