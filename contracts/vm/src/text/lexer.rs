//! Words, numbers, texts and signs.

use super::{Position, TextFault};

/// Longest text that is read, in bytes: what four KiB of code can be written as, twice over.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Number(u64),
    Quoted(String),
    Sign(&'static str),
    End,
}

impl Token {
    /// As an error message names it.
    pub fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("'{word}'"),
            Self::Number(number) => format!("'{number}'"),
            Self::Quoted(text) => format!("\"{text}\""),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end of the text".to_owned(),
        }
    }
}

/// Longer signs come first.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "(", ")", ",", ":", "|", "=", "<", ">", "+", "-", "*", "/", "%"];

/// Splits a text.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Position)>, TextFault> {
    let mut at = Position { line: 1, column: 1 };
    if text.len() > TEXT_BYTES_MAX {
        let what = format!("{} bytes are more than the {TEXT_BYTES_MAX} that a contract's text may have", text.len());
        return Err(TextFault { at, what });
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, used) = match first {
            '\n' => {
                at = Position { line: at.line + 1, column: 1 };
                rest = rest.get(1..).unwrap_or("");
                continue;
            }
            ' ' | '\t' | '\r' => (None, 1),
            'a'..='z' | 'A'..='Z' => {
                let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                (Some(Token::Word(rest.get(..length).unwrap_or("").to_owned())), length)
            }
            '0'..='9' => number(rest, at)?,
            '"' => quoted(rest, at)?,
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Some(Token::Sign(sign)), sign.len()),
                None => {
                    let what = format!("'{first}' has no meaning here; texts are ASCII");
                    return Err(TextFault { at, what });
                }
            },
        };
        found.extend(token.map(|token| (token, at)));
        at.column = at.column.saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
        rest = rest.get(used..).unwrap_or("");
    }
    found.push((Token::End, at));
    Ok(found)
}

type Found = (Option<Token>, usize);

fn number(rest: &str, at: Position) -> Result<Found, TextFault> {
    let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'_').count();
    let digits: String = rest.get(..length).unwrap_or("").chars().filter(|digit| *digit != '_').collect();
    match digits.parse() {
        Ok(value) => Ok((Some(Token::Number(value)), length)),
        Err(_) => Err(TextFault { at, what: format!("{digits} goes beyond 64 bits") }),
    }
}

fn quoted(rest: &str, at: Position) -> Result<Found, TextFault> {
    let inner = rest.get(1..).unwrap_or("");
    match inner.find(['"', '\n']) {
        Some(length) if inner.get(length..).is_some_and(|end| end.starts_with('"')) => {
            Ok((Some(Token::Quoted(inner.get(..length).unwrap_or("").to_owned())), length + 2))
        }
        _ => Err(TextFault { at, what: "the quotation mark is not closed on its line".to_owned() }),
    }
}
