//! All bounds of reading. A file beyond one of them is refused by name; nothing is cut silently.

/// Most entries of one side. A million take about 200 MB with their references.
pub const RECORDS_MAX: usize = 1 << 24;
/// Most files of one side.
pub const FILES_MAX: usize = 10_000;
/// Longest reference in bytes: 35 characters (ISO 20022, `Max35Text`) of at most 4 bytes each.
pub const TEXT_BYTES_MAX: usize = 140;
/// Longest piece of XML between two marks: a text, a tag with its attributes, a comment.
pub const XML_PIECE_BYTES_MAX: usize = 4 << 20;
/// Longest name of an XML element in bytes. The longest of camt is below 30.
pub const XML_NAME_BYTES_MAX: usize = 100;
/// How deep XML elements may lie. The schemas of camt go to about 20, with an envelope around them.
pub const XML_DEPTH_MAX: usize = 64;
/// Longest row of a CSV file in bytes.
pub const CSV_ROW_BYTES_MAX: usize = 1 << 20;
/// Longest answer of a node in a JSON file in bytes: 100 blocks.
pub const JSON_VALUE_BYTES_MAX: usize = 64 << 20;
/// Most digits of an amount (ISO 20022, `totalDigits`).
pub const AMOUNT_DIGITS_MAX: usize = 18;
/// Most decimals of an amount (ISO 20022, `fractionDigits`), and the unit in which amounts are counted here.
pub const AMOUNT_PLACES: usize = 5;
