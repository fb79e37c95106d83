//! Expressions: read in infix, kept in postfix.

use super::TextFault;
use super::lexer::Token;
use super::parser::{Parsed, Parser};
use seaway_types::contract::{Expr, Op, Rounding};
use seaway_types::limits::{DAY_MS, MINUTE_MS};

/// How deep parentheses may nest.
const DEPTH_MAX: usize = 32;

/// Units of durations, longest first.
pub(super) const UNITS: [(&str, u64); 5] =
    [("days", DAY_MS), ("hours", 60 * MINUTE_MS), ("minutes", MINUTE_MS), ("seconds", 1_000), ("ms", 1)];

/// Operators between two operands by how strongly they bind.
pub(super) const LEVELS: [&[(&str, Op)]; 5] = [
    &[("or", Op::Or)],
    &[("and", Op::And)],
    &[("==", Op::Eq), ("!=", Op::Ne), ("<=", Op::Le), ("<", Op::Lt), (">=", Op::Ge), (">", Op::Gt)],
    &[("+", Op::Add), ("-", Op::Sub)],
    &[("*", Op::Mul), ("/", Op::Div), ("%", Op::Rem)],
];

/// The level of comparisons, which do not chain.
pub(super) const COMPARISONS: usize = 2;

impl Parser {
    /// A whole expression.
    pub fn expression(&mut self) -> Parsed<Expr> {
        let mut ops = Vec::new();
        self.level(0, &mut ops)?;
        self.bounded(ops, "elements of an expression")
    }

    fn level(&mut self, level: usize, ops: &mut Vec<Op>) -> Parsed<()> {
        let Some(operators) = LEVELS.get(level) else {
            return self.operand(ops);
        };
        self.level(level + 1, ops)?;
        while let Some(op) = self.operator(operators) {
            self.level(level + 1, ops)?;
            ops.push(op);
            if level == COMPARISONS {
                break;
            }
        }
        Ok(())
    }

    fn operator(&mut self, operators: &[(&str, Op)]) -> Option<Op> {
        let (_, op) = *operators.iter().find(|(sign, _)| match self.peek() {
            Token::Word(word) => word == sign,
            Token::Sign(found) => found == sign,
            _ => false,
        })?;
        self.advance();
        Some(op)
    }

    fn operand(&mut self, ops: &mut Vec<Op>) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.refuse("a simpler expression: parentheses nest at most 32 deep");
        }
        let done = self.operand_within(ops);
        self.depth -= 1;
        done
    }

    fn operand_within(&mut self, ops: &mut Vec<Op>) -> Parsed<()> {
        if self.take_sign("(") {
            self.level(0, ops)?;
            return self.sign(")");
        }
        if self.take_sign("-") {
            let at = self.position();
            let magnitude = self.number()?;
            let value = i64::try_from(-i128::from(magnitude));
            ops.push(Op::Int(
                value.map_err(|_| TextFault { at, what: format!("-{magnitude} goes beyond 64 bits") })?,
            ));
            return Ok(());
        }
        if self.take_word("not") {
            self.operand(ops)?;
            ops.push(Op::Not);
            return Ok(());
        }
        if let Token::Number(number) = self.peek() {
            let number = *number;
            return self.literal(number, ops);
        }
        let Token::Word(word) = self.peek() else { return self.refuse("a value") };
        let word = word.clone();
        match word.as_str() {
            "true" | "false" => self.simple(Op::Bool(word == "true"), ops),
            "now" => self.simple(Op::Now, ops),
            "entered" => self.simple(Op::Entered, ops),
            "pot" => self.pot(ops),
            "min" | "max" => self.function(2, if word == "min" { Op::Min } else { Op::Max }, ops),
            "sha256" => self.function(1, Op::Sha256, ops),
            "muldiv" => self.rounded(Op::MulDiv, ops),
            "convert" => self.rounded(Op::Convert, ops),
            "convert_back" => self.rounded(Op::ConvertBack, ops),
            _ => self.named(&word, ops),
        }
    }

    fn simple(&mut self, op: Op, ops: &mut Vec<Op>) -> Parsed<()> {
        self.advance();
        ops.push(op);
        Ok(())
    }

    fn literal(&mut self, number: u64, ops: &mut Vec<Op>) -> Parsed<()> {
        let at = self.position();
        self.advance();
        let too_large = |what: &str| TextFault { at, what: format!("{number} {what} go beyond 64 bits") };
        if let Some((unit, ms)) = UNITS.iter().find(|(unit, _)| self.is_word(unit)) {
            self.advance();
            ops.push(Op::Duration(number.checked_mul(*ms).ok_or_else(|| too_large(unit))?));
            return Ok(());
        }
        if let Token::Word(word) = self.peek()
            && self.names.assets.iter().any(|asset| asset.as_str() == word.as_str())
        {
            let asset = self.asset()?;
            ops.push(Op::Money(number, asset));
            return Ok(());
        }
        ops.push(Op::Int(i64::try_from(number).map_err(|_| too_large("units"))?));
        Ok(())
    }

    fn pot(&mut self, ops: &mut Vec<Op>) -> Parsed<()> {
        self.advance();
        self.sign("(")?;
        let party = self.party()?;
        self.sign(",")?;
        let asset = self.asset()?;
        self.sign(")")?;
        ops.push(Op::Pot(party, asset));
        Ok(())
    }

    fn function(&mut self, operands: usize, op: Op, ops: &mut Vec<Op>) -> Parsed<()> {
        self.advance();
        self.sign("(")?;
        for operand in 0..operands {
            if operand > 0 {
                self.sign(",")?;
            }
            self.level(0, ops)?;
        }
        self.sign(")")?;
        ops.push(op);
        Ok(())
    }

    fn rounded(&mut self, op: fn(Rounding) -> Op, ops: &mut Vec<Op>) -> Parsed<()> {
        self.advance();
        self.sign("(")?;
        self.level(0, ops)?;
        self.sign(",")?;
        self.level(0, ops)?;
        self.sign(",")?;
        let words = [("floor", Rounding::Floor), ("ceil", Rounding::Ceil), ("half_even", Rounding::HalfEven)];
        let Some((word, rounding)) = words.into_iter().find(|(word, _)| self.is_word(word)) else {
            return self.refuse("'floor', 'ceil' or 'half_even'");
        };
        self.word(word)?;
        self.sign(")")?;
        ops.push(op(rounding));
        Ok(())
    }

    fn named(&mut self, word: &str, ops: &mut Vec<Op>) -> Parsed<()> {
        type Make = fn(u8) -> Op;
        let names = &self.names;
        let lists: [(&[_], Make); 4] = [
            (&names.locals, Op::Local),
            (&names.arguments, Op::Argument),
            (&names.variables, Op::Variable),
            (&names.parameters, Op::Parameter),
        ];
        let found = lists.iter().find_map(|(list, make)| {
            let position = list.iter().position(|name| name.as_str() == word)?;
            Some(make(u8::try_from(position).ok()?))
        });
        match found {
            Some(op) => self.simple(op, ops),
            None => Err(TextFault { at: self.position(), what: format!("nothing is named '{word}' here") }),
        }
    }
}
