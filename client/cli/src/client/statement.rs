//! `seaway iso statement`: camt.053, camt.052 or camt.054 of an account, written as one message however many pages the node
//! gives it in. What is held of it is one page.

use super::Connection;
use crate::output::{json, progress, say};
use clap::Args;
use seaway_iso20022::message::{
    AccountReport, AccountStatement, BalanceType, Document, Entry, LongText, Message, Page, StatedBalance, Totals,
    YesNo,
};
use seaway_iso20022::statement::Streamed;
use seaway_sdk::Client;
use serde_json::{Value, json as object};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What is stated.
#[derive(Args)]
pub struct Options {
    /// The account: its id, or with --genesis its label.
    account: String,
    /// The asset, as in HKD or HKD@HARBHKHH.
    #[arg(long)]
    asset: String,
    /// A day that is over in the asset's calendar: camt.053.
    #[arg(long, conflicts_with_all = ["intraday", "entry", "height"], required_unless_present_any = ["intraday", "entry"])]
    day: Option<String>,
    /// The day so far: camt.052.
    #[arg(long, conflicts_with = "entry")]
    intraday: bool,
    /// With --intraday: up to this height; the newest without it.
    #[arg(long, requires = "intraday")]
    height: Option<u64>,
    /// The entries of the block of this height: camt.054.
    #[arg(long)]
    entry: Option<u64>,
    /// The account's IBAN or other number, which stands in the message then; its agent's node confirms it.
    #[arg(long)]
    number: Option<String>,
    /// The BIC to whom the message's header goes; no header without it.
    #[arg(long)]
    to: Option<String>,
    /// Where the message goes; to standard output without it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where its proofs go, for `seaway verify --statement`.
    #[arg(long)]
    proof: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Writes a statement.
pub async fn statement(options: &Options) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let mut pages = Pages::of(options, client)?;
    let mut proofs = options.proof.as_ref().map(Proofs::create).transpose()?;
    let first = pages.next(&mut proofs).await?.ok_or("the node gives no page")?;
    let out: Box<dyn Write> = match &options.out {
        Some(path) => Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None if options.connection.json => Box::new(io::sink()),
        None => Box::new(io::stdout()),
    };
    let mut out = BufWriter::new(out);
    let entries = if first["cursor"].is_null() {
        let written = message(&first)?;
        out.write_all(written.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        first["entries"].as_u64().unwrap_or(0)
    } else if options.intraday {
        join::<AccountReport>(&first, &mut pages, &mut proofs, out).await?
    } else {
        join::<AccountStatement>(&first, &mut pages, &mut proofs, out).await?
    };
    progress("");
    if let Some(proofs) = proofs {
        proofs.end()?;
    }
    let shown = object!({
        "definition": first["definition"], "height": first["height"], "day": first["day"], "from": first["from"],
        "to": first["to"], "entries": entries, "balances": first["balances"], "out": options.out,
    });
    if options.connection.json {
        json(&shown);
    } else if let Some(path) = &options.out {
        let (opening, closing) = (&first["balances"]["opening"], &first["balances"]["closing"]);
        let balances = [opening, closing].map(|one| one.as_str().unwrap_or("-"));
        say!("{}: {entries} entries, {} to {} {}", path.display(), balances[0], balances[1], options.asset);
    }
    Ok(ExitCode::SUCCESS)
}

fn message(page: &Value) -> Result<&str, String> {
    page["message"].as_str().ok_or_else(|| "the node's answer has no message".to_owned())
}

/// The pages of a statement, one after the other.
struct Pages {
    client: Client,
    asked: Value,
    more: bool,
}

impl Pages {
    fn of(options: &Options, client: Client) -> Result<Self, String> {
        let definition = match (&options.day, options.entry) {
            (Some(_), _) => "camt.053.001.08",
            (None, Some(_)) => "camt.054.001.08",
            (None, None) => "camt.052.001.08",
        };
        let height = options.entry.or(options.height).map(|height| height.to_string());
        let asked = object!({
            "account": options.connection.account(&options.account)?, "asset": options.asset, "message": definition,
            "day": options.day, "height": height, "number": options.number, "to": options.to,
            "proof": options.proof.is_some(),
        });
        Ok(Self { client, asked, more: true })
    }

    async fn next(&mut self, proofs: &mut Option<Proofs>) -> Result<Option<Value>, String> {
        if !self.more {
            return Ok(None);
        }
        let page = self.client.call("iso20022_statement", self.asked.clone()).await;
        let page = page.map_err(|error| error.to_string())?;
        progress(&format!("page {}", page["page"]));
        self.more = !page["cursor"].is_null();
        self.asked["cursor"] = page["cursor"].clone();
        if let Some(proofs) = proofs {
            proofs.add(&page["proofs"])?;
        }
        Ok(Some(page))
    }
}

/// A file of proofs that grows page by page.
struct Proofs {
    path: PathBuf,
    out: BufWriter<File>,
    begun: bool,
    /// The last page's proof of the closing balance.
    balance: [Value; 2],
}

impl Proofs {
    fn create(path: &PathBuf) -> Result<Self, String> {
        let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path: path.clone(), out: BufWriter::new(file), begun: false, balance: [Value::Null, Value::Null] })
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        self.out.write_all(text.as_bytes()).map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn add(&mut self, page: &Value) -> Result<(), String> {
        if self.begun {
            self.write(",")?;
        } else {
            self.begun = true;
            self.write(&format!("{{\"account\": {}, \"asset\": {}, \"pages\": [", page["account"], page["asset"]))?;
        }
        self.write(&format!("\n{}", page["page"]))?;
        self.balance = [page["balance"].clone(), page["since"].clone()];
        Ok(())
    }

    fn end(mut self) -> Result<(), String> {
        let [balance, since] = std::mem::take(&mut self.balance);
        self.write(&format!("],\n\"balance\": {balance},\n\"since\": {since}}}\n"))?;
        self.out.flush().map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// A message that comes in pages.
trait Paged: Document {
    /// The code of its closing balances: booked and available.
    const CLOSING: [&'static str; 2];
    /// Its page, balances and entries.
    fn parts(&mut self) -> (&mut Option<Page>, &mut Vec<StatedBalance>, &mut Vec<Entry>);
    /// Entries counted.
    fn totals(&self) -> Option<&Totals>;
}

macro_rules! paged {
    ($type:ty, $field:ident, $closing:expr) => {
        impl Paged for $type {
            const CLOSING: [&'static str; 2] = $closing;

            fn parts(&mut self) -> (&mut Option<Page>, &mut Vec<StatedBalance>, &mut Vec<Entry>) {
                let part = &mut self.$field;
                (&mut part.page, &mut part.balances, &mut part.entries)
            }

            fn totals(&self) -> Option<&Totals> {
                self.$field.totals.as_ref()
            }
        }
    };
}

paged!(AccountStatement, statement, ["CLBD", "CLAV"]);
paged!(AccountReport, report, ["ITBD", "ITAV"]);

/// Joins pages into one message: the first one's, with the balances of the whole, and the entries of all.
async fn join<D: Paged>(
    first: &Value,
    pages: &mut Pages,
    proofs: &mut Option<Proofs>,
    out: impl Write,
) -> Result<u64, String> {
    let read = |page: &Value| Message::<D>::read(message(page)?).map_err(|fault| fault.to_string());
    let mut whole = read(first)?;
    let (page, balances, entries) = whole.document.parts();
    *page = LongText::cut("1").map(|number| Page { number, last: YesNo::Yes });
    let closing =
        ["closing", "available"].map(|name| first["balances"][name].as_str().unwrap_or_default().to_owned());
    let opening = balances.first().cloned().ok_or("the first page has no opening balance")?;
    let dated = balances.last().cloned().ok_or("the first page has no closing balance")?;
    *balances = vec![opening];
    for (code, number) in D::CLOSING.into_iter().zip(closing) {
        let mut balance = dated.clone();
        balance.kind = BalanceType::of(code, None).ok_or("a balance has no code")?;
        balance.amount.number = number;
        balances.push(balance);
    }
    let mut rest = std::mem::take(entries);
    let mut streamed = Streamed::begin(out, &whole.write()).map_err(|error| error.to_string())?;
    let mut count = 0u64;
    loop {
        for entry in &rest {
            streamed.entry(entry).map_err(|error| error.to_string())?;
        }
        count += rest.len() as u64;
        let Some(page) = pages.next(proofs).await? else { break };
        rest = std::mem::take(read(&page)?.document.parts().2);
    }
    streamed.end().map_err(|error| error.to_string())?;
    let told = whole.document.totals().map(|totals| {
        let count = |total: &Option<seaway_iso20022::message::EntryTotal>| {
            let count = total.as_ref().and_then(|total| total.count.as_ref());
            count.and_then(|count| count.as_str().parse::<u64>().ok()).unwrap_or(0)
        };
        count(&totals.credits) + count(&totals.debits)
    });
    match told {
        Some(told) if told != count => {
            Err(format!("the statement tells of {told} entries, and its pages of {count}"))
        }
        _ => Ok(count),
    }
}
