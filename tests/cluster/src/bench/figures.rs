//! What was measured: one JSON object, and a table.

use serde_json::{Map, Value};
use std::path::Path;

/// Figures by name.
#[derive(Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Adds a figure, with three significant digits more than anyone should read into it.
    pub fn set(&mut self, name: &str, value: f64) {
        let rounded = (value * 1_000.0).round() / 1_000.0;
        self.0.insert(name.to_owned(), serde_json::json!(rounded));
    }

    /// Prints them as a table.
    pub fn print(&self) {
        for (name, value) in &self.0 {
            println!("{name:<36} {:>14}", value.to_string());
        }
    }

    /// Writes them.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(&self.0).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }
}
