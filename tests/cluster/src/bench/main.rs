//! `scripts/bench`: starts a network of four validators and an observer on loopback, loads it, and writes what it measured.
//!
//! All processes share the machine, the load generator included. Instructions are signed beforehand, since signing costs as
//! much as checking. Figures of one run belong together; machines are noisy.

mod figures;
mod load;

use clap::Parser;
use figures::Figures;
use load::Bench;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is measured.
#[derive(Parser)]
struct Arguments {
    /// Where the figures go, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where homes and logs go; removed first.
    #[arg(long, default_value = "target/bench")]
    root: PathBuf,
    /// Payments of one credit each.
    #[arg(long, default_value_t = 40_000, value_parser = at_least_one)]
    singles: usize,
    /// Instructions of a thousand credits each.
    #[arg(long, default_value_t = 300, value_parser = at_least_one)]
    bulks: usize,
    /// Payments at light load, 20 a second.
    #[arg(long, default_value_t = 300, value_parser = at_least_one)]
    light: usize,
}

/// Nothing cannot be measured.
fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "expected a number above 0".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let measured = match runtime {
        Ok(runtime) => runtime.block_on(measure(&arguments)),
        Err(error) => Err(error.to_string()),
    };
    match measured {
        Ok(figures) => {
            figures.print();
            match arguments.json.map(|path| figures.write(&path)).transpose() {
                Ok(_) => ExitCode::SUCCESS,
                Err(problem) => fail(&problem),
            }
        }
        Err(problem) => fail(&problem),
    }
}

fn fail(problem: &str) -> ExitCode {
    eprintln!("bench: {problem}");
    ExitCode::FAILURE
}

async fn measure(arguments: &Arguments) -> Result<Figures, String> {
    let mut figures = Figures::default();
    figures.set("verify_batch_per_core", load::verify_batch_per_core());
    if arguments.root.exists() {
        std::fs::remove_dir_all(&arguments.root).map_err(|error| error.to_string())?;
    }
    let mut bench = Bench::start(&arguments.root).await?;
    eprintln!("light load: {} payments, 20 a second", arguments.light);
    let (middle, slowest) = bench.light(arguments.light, &[0, 1, 2, 3]).await?;
    figures.set("finality_ms_p50", middle);
    figures.set("finality_ms_p99", slowest);
    eprintln!("{} payments of one credit", arguments.singles);
    let before = bench.usage();
    let rate = bench.singles(arguments.singles).await?;
    let after = bench.usage();
    figures.set("single_tps", rate);
    let paid = arguments.singles as f64;
    figures.set("single_cpu_us_per_payment", (after.cpu_seconds - before.cpu_seconds) * 1e6 / paid);
    figures.set("single_bytes_written_per_payment", (after.bytes_written - before.bytes_written) / paid);
    eprintln!("{} instructions of 1000 credits", arguments.bulks);
    let rate = bench.bulks(arguments.bulks).await?;
    let last = bench.usage();
    figures.set("bulk_tps", rate);
    let paid = arguments.bulks as f64 * 1_000.0;
    figures.set("bulk_cpu_us_per_payment", (last.cpu_seconds - after.cpu_seconds) * 1e6 / paid);
    figures.set("bulk_bytes_written_per_payment", (last.bytes_written - after.bytes_written) / paid);
    figures.set("rss_peak_mib", last.rss_peak_mib);
    eprintln!("one validator stopped");
    bench.stop_one();
    let (middle, slowest) = bench.light(arguments.light, &[0, 1, 2]).await?;
    figures.set("finality_ms_p50_one_down", middle);
    figures.set("finality_ms_p99_one_down", slowest);
    Ok(figures)
}
