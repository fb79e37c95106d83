//! Printing: tables for people, JSON for programs.

use comfy_table::{Table, presets};
use serde_json::Value;
use std::io::Write;

/// Prints a line; ends quietly when nobody reads any more, as with `| head`.
macro_rules! say {
    ($($part:tt)*) => {
        if ::std::io::Write::write_fmt(&mut ::std::io::stdout().lock(), format_args!("{}\n", format_args!($($part)*))).is_err() {
            ::std::process::exit(0);
        }
    };
}
pub(crate) use say;

/// A table as all commands print it.
pub fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head);
    table
}

/// Prints an answer as JSON.
pub fn json(value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    say!("{text}");
}

/// A field of an answer as people read it.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// Says on standard error what is being waited for, when somebody sees it.
pub fn progress(what: &str) {
    use std::io::IsTerminal;
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let _unseen = write!(out, "\r\x1b[K{what}").and_then(|()| out.flush());
    }
}
