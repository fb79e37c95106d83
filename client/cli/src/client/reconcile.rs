//! `seaway reconcile`: the ledger's entries on an account against what a bank says of it.
//!
//! Exit codes: 0 when they agree; 2 when there is a break; 1 when a file cannot be read or a node cannot be asked.

use super::Connection;
use crate::output::{progress, say, table, text};
use clap::Args;
use seaway_reconcile::{Class, Entries, Line, Reading, Report};
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Blocks in one answer of a node, the most that it gives.
const PAGE: u64 = 100;
/// Bytes of a file that are read at once.
const BUFFER_BYTES: usize = 1 << 16;

/// What is compared.
#[derive(Args)]
pub struct Options {
    /// The ledger's entries: camt.052, camt.053 or camt.054, CSV, or what `seaway entries --json` printed.
    #[arg(
        long,
        num_args = 1..,
        value_name = "FILE",
        required_unless_present = "account",
        conflicts_with = "account"
    )]
    pub ledger: Vec<PathBuf>,
    /// The bank's entries, in the same formats; the first character of a file tells which it is.
    #[arg(long, num_args = 1.., value_name = "FILE", required = true)]
    pub bank: Vec<PathBuf>,
    /// Ask a node for the ledger's entries on this account instead: its id, or with --genesis its label.
    #[arg(long)]
    pub account: Option<String>,
    /// Movements of this asset only, as in HKD or HKD@HARBHKHH; for answers of a node.
    #[arg(long)]
    pub asset: Option<String>,
    /// The first height that is asked for; all from the beginning without it.
    #[arg(long, requires = "account")]
    pub from_height: Option<u64>,
    /// The last height that is asked for; the newest without it.
    #[arg(long, requires = "account")]
    pub to_height: Option<u64>,
    /// The bank's files are of the other side of the account, as a nostro is to a vostro: a credit there is a debit here.
    #[arg(long)]
    pub mirrored: bool,
    /// Take the bank's statements of this account only, by its IBAN or other identification in camt messages.
    #[arg(long)]
    pub bank_account: Option<String>,
    /// What stands between the columns of CSV files: one character, or 'tab'.
    #[arg(long, default_value = ",", value_parser = delimiter)]
    pub csv_delimiter: u8,
    /// How many breaks the table shows; --json shows all.
    #[arg(long, default_value_t = 50)]
    pub rows: usize,
    #[command(flatten)]
    pub connection: Connection,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("tab", _) => Ok(b'\t'),
        (_, [one]) if !one.is_ascii_alphanumeric() && !matches!(one, b'"' | b'\n' | b'\r') => Ok(*one),
        _ => Err("expected one character, as in ';', or 'tab'".to_owned()),
    }
}

/// Reads both sides, compares them, tells.
pub async fn reconcile(options: &Options) -> Result<ExitCode, String> {
    let ledger = match &options.account {
        Some(account) => fetch(options, account).await?,
        None => read(&options.ledger, options, None)?,
    };
    let bank = read(&options.bank, options, options.bank_account.as_deref())?;
    let report = seaway_reconcile::reconcile(ledger, bank, options.mirrored);
    if options.connection.json {
        write(&report)?;
    } else {
        show(&report, options.rows);
    }
    Ok(ExitCode::from(report.exit_code()))
}

fn read(paths: &[PathBuf], options: &Options, account: Option<&str>) -> Result<Entries, String> {
    let mut entries = Entries::default();
    for path in paths {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        let reader = BufReader::with_capacity(BUFFER_BYTES, file);
        let asset = options.asset.as_deref();
        let how = Reading { file: &name, delimiter: options.csv_delimiter, account, asset };
        entries.read(reader, &how).map_err(|fault| fault.to_string())?;
    }
    Ok(entries)
}

/// The ledger's entries as a node tells them, page by page from the newest down.
async fn fetch(options: &Options, account: &str) -> Result<Entries, String> {
    let account = options.connection.account(account)?;
    let client = options.connection.client().await?;
    let how = Reading { asset: options.asset.as_deref(), ..Reading::new("node") };
    let first = options.from_height.unwrap_or(0);
    let mut entries = Entries::default();
    let mut params = object!({"account": account, "count": PAGE, "details": true});
    if let Some(height) = options.to_height {
        params["height"] = object!(height.to_string());
    }
    loop {
        let answer = client.call("account_entries", params).await;
        let mut answer = answer.map_err(|error| error.to_string())?;
        let cursor = answer.get_mut("cursor").map(Value::take).unwrap_or_default();
        let done = cut(&mut answer, first);
        entries.take(answer, &how).map_err(|fault| fault.to_string())?;
        if done || cursor.is_null() {
            progress("");
            return Ok(entries);
        }
        progress(&format!("{} entries read", entries.records().len()));
        params = object!({"account": account, "count": PAGE, "details": true, "cursor": cursor});
    }
}

/// Leaves out what is below a height, and says whether anything was: then nothing wanted follows.
fn cut(answer: &mut Value, first: u64) -> bool {
    let Some(entries) = answer.get_mut("entries").and_then(Value::as_array_mut) else { return true };
    let before = entries.len();
    let height = |entry: &Value| entry["height"].as_str().and_then(|height| height.parse::<u64>().ok());
    entries.retain(|entry| height(entry).is_none_or(|height| height >= first));
    entries.len() < before
}

/// Writes JSON as it is made: a report may have a million lines. When nobody reads any more, the exit code still tells; a
/// report that could not be written whole for another reason is none.
fn write(report: &Report) -> Result<(), String> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut out, report).map_err(std::io::Error::from);
    match written.and_then(|()| writeln!(out)).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("the report: {error}")),
        _ => Ok(()),
    }
}

/// The breaks, how many there are of each class, and the sums.
fn show(report: &Report, rows: usize) {
    if !report.is_reconciled() {
        let mut shown =
            table(["break", "", "currency", "ledger", "bank", "UETR", "reference", "ledger at", "bank at"]);
        for line in report.lines().filter(|line| line.is_break).take(rows) {
            shown.add_row(row(&line));
        }
        say!("{shown}");
        let hidden = report.breaks().saturating_sub(u64::try_from(rows).unwrap_or(u64::MAX));
        if hidden > 0 {
            say!("and {hidden} more: --rows N shows more of them, --json all");
        }
        say!("");
    }
    let mut counts = table(["", "count"]);
    for class in Class::ALL.into_iter().filter(|class| report.count(*class) > 0) {
        counts.add_row([class.words().to_owned(), report.count(class).to_string()]);
    }
    say!("{counts}\n");
    let mut sums = table(["currency", "ledger", "bank", "difference", "explained by"]);
    for sum in report.sums() {
        let explained = sum.explained.iter().map(|(class, part)| format!("{} {}", class.words(), sum.show(*part)));
        let explained = explained.collect::<Vec<_>>().join(", ");
        let numbers = [sum.ledger.net(), sum.bank.net(), sum.difference()].map(|units| sum.show(units));
        sums.add_row([sum.currency.to_string()].into_iter().chain(numbers).chain([explained]));
    }
    say!("{sums}");
    for (side, entries) in [("ledger", report.ledger()), ("bank", report.bank())] {
        aside(side, entries);
    }
    say!("{}", if report.is_reconciled() { "reconciled" } else { "not reconciled" });
}

/// What was read and not compared.
fn aside(side: &str, entries: &Entries) {
    for (count, why) in [
        (entries.not_booked(), "passed over: not booked yet"),
        (entries.elsewhere(), "passed over: of another account or asset"),
        (entries.uneven(), "with details that do not add up to it"),
    ] {
        if count > 0 {
            say!("{side}: {count} {why}");
        }
    }
}

fn row(line: &Line<'_>) -> [String; 9] {
    let amount = |entry: &Option<seaway_reconcile::Entry<'_>>| match entry {
        Some(entry) => entry.amount.clone(),
        None => "-".to_owned(),
    };
    let place = |entry: &Option<seaway_reconcile::Entry<'_>>| match entry {
        Some(entry) => format!("{} {}", short(entry.file), entry.number),
        None => "-".to_owned(),
    };
    let note = if line.returned { " (a return)" } else { "" };
    let reference = line.end_to_end_id.or(line.reference).unwrap_or("-");
    [
        format!("{}{note}", line.class.words()),
        line.direction.iso().to_owned(),
        line.currency.to_string(),
        amount(&line.ledger),
        amount(&line.bank),
        text(&object!(line.uetr)),
        reference.to_owned(),
        place(&line.ledger),
        place(&line.bank),
    ]
}

/// A file's name without its folders.
fn short(file: &str) -> &str {
    Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or(file)
}
