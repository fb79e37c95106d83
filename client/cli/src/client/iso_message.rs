//! `seaway iso message`: the messages that an instruction on the ledger stands for, as the other side's bank gets them.

use super::Connection;
use crate::output::{json, say};
use clap::Args;
use seaway_types::Uetr;
use serde_json::{Value, json as object};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Of which instruction.
#[derive(Args)]
pub struct Options {
    /// Its reference, as statements and `seaway events` have it: block and receipt, as in 4711-0.
    reference: String,
    /// Only the messages of this payment; needed where there are more than 100.
    #[arg(long)]
    uetr: Option<Uetr>,
    /// Where the message goes; to standard output without it. The second of several goes to a file with -2 in its name,
    /// and so on.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where its proof goes, for `seaway verify`.
    #[arg(long)]
    proof: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Writes the messages of an instruction.
pub async fn message(options: &Options) -> Result<ExitCode, String> {
    let Options { reference, uetr, out, proof, connection } = options;
    let proven = proof.is_some() || connection.json;
    let asked = object!({"reference": reference, "uetr": uetr, "proof": proven});
    let client = connection.client().await?;
    let answer = client.call("iso20022_message", asked).await.map_err(|error| error.to_string())?;
    if let Some(path) = proof {
        write(path, &format!("{:#}\n", answer["proof"]))?;
    }
    if connection.json {
        json(&answer);
    }
    let messages = answer["messages"].as_array().ok_or("the node's answer has no messages")?;
    for (number, message) in (1..).zip(messages) {
        let text = field(message, "message")?;
        match out {
            Some(path) => {
                let path = numbered(path, number);
                write(&path, text)?;
                if !connection.json {
                    say!("{}: {} of {}", path.display(), field(message, "definition")?, field(message, "uetr")?);
                }
            }
            None if !connection.json => say!("{}", text.trim_end()),
            None => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn field<'a>(message: &'a Value, name: &str) -> Result<&'a str, String> {
    message[name].as_str().ok_or_else(|| format!("a message of the node's answer has no {name}"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The file of the first, second or a later message: `out.xml`, `out-2.xml`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_a_file_of_its_own() {
        let named = |path: &str, number| numbered(Path::new(path), number).display().to_string();
        assert_eq!(named("folder/out.xml", 1), "folder/out.xml");
        assert_eq!(named("folder/out.xml", 2), "folder/out-2.xml");
        assert_eq!(named("out", 12), "out-12");
    }
}
