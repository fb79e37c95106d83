//! A row of the scorecard: figures by name, and what was broken.

use serde_json::{Map, Value, json};
use std::time::Instant;

/// See the module.
pub struct Row {
    name: String,
    figures: Map<String, Value>,
    broken: Vec<String>,
    begun: Instant,
}

impl Row {
    /// Nothing was measured yet.
    pub fn new(name: &str) -> Self {
        println!("{name}");
        Self { name: name.to_owned(), figures: Map::new(), broken: Vec::new(), begun: Instant::now() }
    }

    /// Figures that are counted, so that they are there where nothing was.
    pub fn counts(&mut self, figures: &[&str]) {
        figures.iter().for_each(|figure| self.set(figure, 0));
    }

    /// Sets a figure.
    pub fn set(&mut self, figure: &str, value: impl Into<Value>) {
        self.figures.insert(figure.to_owned(), value.into());
    }

    /// Adds to a count.
    pub fn count(&mut self, figure: &str) {
        self.set(figure, self.counted(figure) + 1);
    }

    /// How often something was counted.
    pub fn counted(&self, figure: &str) -> u64 {
        self.figures.get(figure).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Something is not as it must be.
    pub fn broken(&mut self, what: impl Into<String>) {
        let what = what.into();
        println!("{}: BROKEN: {what}", self.name);
        self.broken.push(what);
    }

    /// Something must hold.
    pub fn ensure(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(what());
        }
    }

    /// Whether nothing was broken.
    pub fn passed(&self) -> bool {
        self.broken.is_empty()
    }

    /// The row is over: prints its figures, and what runs it again.
    pub fn end(&mut self, again: &str) {
        self.set("violations", self.broken.len());
        self.set("seconds", self.begun.elapsed().as_secs());
        let figures: Vec<String> = self.figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
        println!("{}: {}", self.name, figures.join(", "));
        if !self.passed() {
            println!("{}: again by: {again}", self.name);
        }
    }
}

/// All rows as one object, each figure under `ROW.figure`.
pub fn json(rows: &[Row]) -> String {
    let mut all = Map::new();
    for row in rows {
        for (figure, value) in &row.figures {
            all.insert(format!("{}.{figure}", row.name), value.clone());
        }
    }
    format!("{:#}\n", json!(all))
}

/// The value below which so many of a hundred lie; 0 of none.
pub fn percentile(values: &mut [f64], of_hundred: u8) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let place = (last * usize::from(of_hundred)).div_ceil(100);
    values.get(place).copied().unwrap_or(0.0)
}
