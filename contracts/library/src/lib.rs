//! The standard contracts. Each is a text in the language of `docs/contracts/language.md`, with a page in plain words beside
//! the texts, and tests of every way through it.

/// A standard contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Its name, as in its first line.
    pub name: &'static str,
    /// Its text, in normal form.
    pub text: &'static str,
}

macro_rules! standard {
    ($($name:literal in $file:literal,)*) => {
        /// All of them.
        pub const STANDARD: &[Standard] = &[$(Standard { name: $name, text: include_str!(concat!("../", $file)) },)*];
    };
}

standard! {
    "Escrow" in "escrow.contract",
    "MilestoneEscrow" in "milestone_escrow.contract",
    "HashTimeLock" in "hash_time_lock.contract",
    "FxPvp" in "fx_pvp.contract",
    "FxQuote" in "fx_quote.contract",
    "Instalments" in "instalments.contract",
    "Mandate" in "mandate.contract",
    "Dvp" in "dvp.contract",
    "LetterOfCredit" in "letter_of_credit.contract",
}

/// The text of a standard contract.
pub fn text_of(name: &str) -> Option<&'static str> {
    STANDARD.iter().find(|standard| standard.name == name).map(|standard| standard.text)
}
