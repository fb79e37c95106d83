//! Reads a contract's text. Names become positions here; what they mean together is the verifier's to judge.

use super::lexer::{Token, tokens};
use super::{Places, Position, TextFault};
use crate::fault::{Part, Place};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{
    Action, Actor, Anchor, Argument, Attested, Block, Blocks, Clause, Code, Deadline, Label, Name, Next,
    PanelDeclaration, Parameter, Quantity, State, Type, Variable,
};

/// A contract that was read, and where its parts stood.
#[derive(Clone, Debug)]
pub struct Read {
    /// The code; not verified.
    pub code: Code,
    /// Where its parts stood.
    pub places: Places,
}

/// Reads a text.
pub fn read(text: &str) -> Result<Read, TextFault> {
    let tokens = tokens(text)?;
    let mut parser = Parser::new(tokens);
    let mut code = parser.contract()?;
    crate::verify::fill_assets(&mut code);
    Ok(Read { code, places: parser.places })
}

/// Stands for the asset of an amount until types are known.
const UNTYPED: u8 = u8::MAX;

pub(super) type Parsed<T> = Result<T, TextFault>;

/// What names mean at the present point of the text.
#[derive(Default)]
pub(super) struct Names {
    pub parties: Vec<Name>,
    pub caller: Option<Name>,
    pub panels: Vec<Name>,
    pub assets: Vec<Name>,
    pub parameters: Vec<Name>,
    pub variables: Vec<Name>,
    pub arguments: Vec<Name>,
    pub locals: Vec<Name>,
    states: Vec<Name>,
}

pub(super) struct Parser {
    tokens: Vec<(Token, Position)>,
    next: usize,
    pub names: Names,
    places: Places,
    body: Vec<Block>,
    place: Place,
    pub depth: usize,
}

impl Parser {
    fn new(tokens: Vec<(Token, Position)>) -> Self {
        let mut names = Names::default();
        for window in tokens.windows(3) {
            if let [(Token::Word(state), _), (Token::Word(name), _), (Token::Word(until), _)] = window
                && state == "state"
                && until == "until"
            {
                names.states.extend(name.parse::<Name>().ok());
            }
        }
        Self { tokens, next: 0, names, places: Places::default(), body: Vec::new(), place: Place::CONTRACT, depth: 0 }
    }

    // ---- tokens

    pub fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(token, _)| token)
    }

    pub fn position(&self) -> Position {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(Position { line: 1, column: 1 }, |(_, at)| *at)
    }

    pub fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    pub fn refuse<T>(&self, expected: &str) -> Parsed<T> {
        let what = format!("expected {expected}, found {}", self.peek().shown());
        Err(TextFault { at: self.position(), what })
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found == word)
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub fn word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { self.refuse(&format!("'{word}'")) }
    }

    pub fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(found) if *found == sign);
        if found {
            self.advance();
        }
        found
    }

    pub fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { self.refuse(&format!("'{sign}'")) }
    }

    pub fn number(&mut self) -> Parsed<u64> {
        match self.peek() {
            Token::Number(number) => {
                let number = *number;
                self.advance();
                Ok(number)
            }
            _ => self.refuse("a number"),
        }
    }

    fn small(&mut self) -> Parsed<u8> {
        let at = self.position();
        let number = self.number()?;
        u8::try_from(number).map_err(|_| TextFault { at, what: format!("{number} is more than 255") })
    }

    fn name(&mut self) -> Parsed<Name> {
        let Token::Word(word) = self.peek() else { return self.refuse("a name") };
        match word.parse() {
            Ok(name) => {
                self.advance();
                Ok(name)
            }
            Err(_) => self.refuse("a name of at most 24 characters"),
        }
    }

    fn label(&mut self) -> Parsed<Label> {
        let Token::Quoted(text) = self.peek() else { return self.refuse("a text in quotation marks") };
        match text.parse() {
            Ok(label) => {
                self.advance();
                Ok(label)
            }
            Err(_) => self.refuse("a text of 1 to 48 characters without spaces at its ends"),
        }
    }

    pub fn bounded<T, const MAX: usize>(&self, list: Vec<T>, what: &str) -> Parsed<Bounded<T, MAX>> {
        let refused = |error| TextFault { at: self.position(), what: format!("{what}: {error}") };
        Bounded::new(list).map_err(refused)
    }

    /// The position of a name in a list.
    fn known(&mut self, list: fn(&Names) -> &[Name], what: &str) -> Parsed<u8> {
        let Token::Word(word) = self.peek() else { return self.refuse(&format!("the name of {what}")) };
        let found = list(&self.names).iter().position(|name| name.as_str() == word.as_str());
        match found.and_then(|position| u8::try_from(position).ok()) {
            Some(position) => {
                self.advance();
                Ok(position)
            }
            None => {
                let what = format!("there is no {what} '{word}'");
                Err(TextFault { at: self.position(), what })
            }
        }
    }

    pub fn asset(&mut self) -> Parsed<u8> {
        self.known(|names| &names.assets, "asset")
    }

    fn panel(&mut self) -> Parsed<u8> {
        self.known(|names| &names.panels, "panel")
    }

    fn state_name(&mut self) -> Parsed<u8> {
        self.known(|names| &names.states, "state")
    }

    /// A party; the caller counts as the one after the last.
    pub fn party(&mut self) -> Parsed<u8> {
        if let (Token::Word(word), Some(caller)) = (self.peek(), &self.names.caller)
            && word == caller.as_str()
        {
            self.advance();
            return Ok(u8::try_from(self.names.parties.len()).unwrap_or(u8::MAX));
        }
        self.known(|names| &names.parties, "party")
    }

    fn note(&mut self, place: Place) {
        let at = self.position();
        self.places.note(place, at);
    }

    fn note_part(&mut self, part: fn(u8) -> Part, position: usize) {
        self.note(self.place.part(part(u8::try_from(position).unwrap_or(u8::MAX))));
    }

    // ---- the header

    fn contract(&mut self) -> Parsed<Code> {
        self.note(Place::CONTRACT);
        self.word("contract")?;
        let name = self.name()?;
        let version = self.version()?;
        self.word("parties")?;
        while self.names.parties.is_empty() || self.take_sign(",") {
            self.note_part(Part::Party, self.names.parties.len());
            let party = self.name()?;
            self.names.parties.push(party);
        }
        if self.take_word("caller") {
            self.note_part(Part::Party, self.names.parties.len());
            self.names.caller = Some(self.name()?);
        }
        let panels = self.panels()?;
        self.word("assets")?;
        while self.names.assets.is_empty() || self.take_sign(",") {
            self.note_part(Part::Asset, self.names.assets.len());
            let asset = self.name()?;
            self.names.assets.push(asset);
        }
        let mut parameters = Vec::new();
        while self.is_word("param") {
            self.advance();
            self.note_part(Part::Parameter, parameters.len());
            let (name, kind) = self.typed()?;
            self.names.parameters.push(name);
            parameters.push(Parameter { name, kind });
        }
        let mut conditions = Vec::new();
        while self.take_word("where") {
            self.note_part(Part::Condition, conditions.len());
            conditions.push(self.expression()?);
        }
        let variables = self.variables()?;
        let mut states = Vec::new();
        while self.is_word("state") {
            states.push(self.state(states.len())?);
        }
        if *self.peek() != Token::End {
            return self.refuse("'state', 'clause' or the end");
        }
        Ok(Code {
            name,
            version,
            parties: self.bounded(self.names.parties.clone(), "parties")?,
            caller: self.names.caller,
            panels: self.bounded(panels, "panels")?,
            assets: self.bounded(self.names.assets.clone(), "assets")?,
            parameters: self.bounded(parameters, "parameters")?,
            conditions: self.bounded(conditions, "conditions")?,
            variables: self.bounded(variables, "variables")?,
            states: self.bounded(states, "states")?,
        })
    }

    fn version(&mut self) -> Parsed<u16> {
        let found = match self.peek() {
            Token::Word(word) => word.strip_prefix('v').and_then(|digits| {
                let plain = !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit());
                digits.parse().ok().filter(|_| plain)
            }),
            _ => None,
        };
        let Some(version) = found else { return self.refuse("an edition as 'v1'") };
        self.advance();
        Ok(version)
    }

    fn panels(&mut self) -> Parsed<Vec<PanelDeclaration>> {
        let mut panels = Vec::new();
        while self.take_word("panel") {
            self.note_part(Part::Panel, panels.len());
            let name = self.name()?;
            self.sign("=")?;
            let threshold = self.small()?;
            self.word("of")?;
            let members = self.small()?;
            self.names.panels.push(name);
            panels.push(PanelDeclaration { name, threshold, members });
        }
        Ok(panels)
    }

    fn variables(&mut self) -> Parsed<Vec<Variable>> {
        let mut variables = Vec::new();
        while self.is_word("var") || self.is_word("counter") {
            let counter = self.is_word("counter");
            self.advance();
            self.note_part(Part::Variable, variables.len());
            let (name, kind) = if counter { (self.name()?, Type::Counter) } else { self.typed()? };
            self.sign("=")?;
            let initial = self.expression()?;
            self.names.variables.push(name);
            variables.push(Variable { name, kind, initial });
        }
        Ok(variables)
    }

    fn typed(&mut self) -> Parsed<(Name, Type)> {
        let name = self.name()?;
        self.sign(":")?;
        Ok((name, self.kind()?))
    }

    fn kind(&mut self) -> Parsed<Type> {
        for (word, kind) in [
            ("Bool", Type::Bool),
            ("Int", Type::Int),
            ("Ratio", Type::Ratio),
            ("Time", Type::Time),
            ("Duration", Type::Duration),
            ("Hash", Type::Hash),
        ] {
            if self.take_word(word) {
                return Ok(kind);
            }
        }
        if self.take_word("Money") {
            self.sign("(")?;
            let asset = self.asset()?;
            self.sign(")")?;
            return Ok(Type::Money(asset));
        }
        if self.take_word("Rate") {
            self.sign("(")?;
            let base = self.asset()?;
            self.sign(",")?;
            let quote = self.asset()?;
            self.sign(")")?;
            return Ok(Type::Rate(base, quote));
        }
        self.refuse("a type: Bool, Int, Money(A), Ratio, Rate(A, B), Time, Duration or Hash")
    }

    // ---- states and clauses

    fn state(&mut self, position: usize) -> Parsed<State> {
        self.place = Place::state(position);
        self.word("state")?;
        self.note(self.place);
        let name = self.name()?;
        self.word("until")?;
        self.note(self.place.part(Part::Deadline));
        let until = self.deadline()?;
        self.word("else")?;
        let timeout = self.body()?;
        let mut clauses = Vec::new();
        while self.is_word("clause") {
            clauses.push(self.clause(position, clauses.len())?);
        }
        let clauses = self.bounded(clauses, "clauses of a state")?;
        self.place = Place::CONTRACT;
        Ok(State { name, until, timeout, clauses })
    }

    fn deadline(&mut self) -> Parsed<Deadline> {
        if self.take_word("entered") {
            self.sign("+")?;
            return Ok(Deadline::After(self.expression()?));
        }
        if self.take_word("add_months") {
            self.sign("(")?;
            let anchor = self.anchor()?;
            self.sign(",")?;
            let count = self.expression()?;
            self.sign(",")?;
            let offset = self.expression()?;
            self.sign(")")?;
            return Ok(Deadline::Months { anchor, count, offset });
        }
        if self.take_word("add_banking_days") {
            self.sign("(")?;
            let anchor = self.anchor()?;
            self.sign(",")?;
            let count = self.expression()?;
            self.sign(",")?;
            let asset = self.asset()?;
            self.sign(")")?;
            return Ok(Deadline::BankingDays { anchor, count, asset });
        }
        Ok(Deadline::At(self.known(|names| &names.parameters, "parameter")?))
    }

    fn anchor(&mut self) -> Parsed<Anchor> {
        if self.take_word("entered") {
            return Ok(Anchor::Entered);
        }
        Ok(Anchor::Parameter(self.known(|names| &names.parameters, "parameter")?))
    }

    fn clause(&mut self, state: usize, position: usize) -> Parsed<Clause> {
        self.place = Place::state(state).clause(Some(position));
        self.word("clause")?;
        self.note(self.place);
        let label = self.label()?;
        self.word("by")?;
        let mut actors = Vec::new();
        while actors.is_empty() || self.take_sign("|") {
            self.note_part(Part::Actor, actors.len());
            actors.push(self.actor()?);
        }
        let mut arguments = Vec::new();
        self.names.arguments.clear();
        if self.take_sign("(") {
            while arguments.is_empty() || self.take_sign(",") {
                self.note_part(Part::Argument, arguments.len());
                let argument = self.argument()?;
                self.names.arguments.push(argument.name);
                arguments.push(argument);
            }
            self.sign(")")?;
        }
        let body = self.body()?;
        self.names.arguments.clear();
        self.place = Place::state(state);
        Ok(Clause {
            label,
            actors: self.bounded(actors, "actors")?,
            arguments: self.bounded(arguments, "arguments")?,
            body,
        })
    }

    fn actor(&mut self) -> Parsed<Actor> {
        if self.take_word("anyone") {
            return Ok(Actor::Anyone);
        }
        let panel = |word: &str| self.names.panels.iter().any(|name| name.as_str() == word);
        if matches!(self.peek(), Token::Word(word) if panel(word)) {
            return Ok(Actor::Panel(self.panel()?));
        }
        let party = self.party()?;
        let is_caller = usize::from(party) == self.names.parties.len();
        Ok(if is_caller { Actor::Caller } else { Actor::Party(party) })
    }

    fn argument(&mut self) -> Parsed<Argument> {
        let (name, kind) = self.typed()?;
        let mut attested = None;
        if self.take_word("attested") {
            self.word("by")?;
            let panel = self.panel()?;
            self.word("on")?;
            attested = Some(Attested { panel, topic: self.label()? });
        }
        Ok(Argument { name, kind, attested })
    }

    // ---- bodies

    fn body(&mut self) -> Parsed<Blocks> {
        self.body = Vec::new();
        self.names.locals.clear();
        self.block()?;
        let blocks = std::mem::take(&mut self.body);
        self.bounded(blocks, "blocks of a body")
    }

    /// Reads a block and those within it; they stand in the order in which they are read.
    fn block(&mut self) -> Parsed<u8> {
        let position = self.body.len();
        self.depth += 1;
        if position >= seaway_types::limits::CLAUSE_ACTIONS_MAX || self.depth > 32 {
            return self.refuse("fewer blocks: a body has at most 16");
        }
        let empty = Block { actions: Bounded::default(), next: Next::Close };
        self.body.push(empty);
        let locals = self.names.locals.len();
        let mut actions = Vec::new();
        loop {
            self.note(self.place.at(position, actions.len()));
            match self.action()? {
                Some(action) => actions.push(action),
                None => break,
            }
        }
        let next = self.next_of(position)?;
        let actions = self.bounded(actions, "actions of a block")?;
        if let Some(block) = self.body.get_mut(position) {
            *block = Block { actions, next };
        }
        self.names.locals.truncate(locals);
        self.depth -= 1;
        Ok(u8::try_from(position).unwrap_or(u8::MAX))
    }

    fn action(&mut self) -> Parsed<Option<Action>> {
        let Token::Word(word) = self.peek() else { return Ok(None) };
        let word = word.clone();
        let action = match word.as_str() {
            "let" => {
                self.advance();
                let name = self.name()?;
                self.sign("=")?;
                let value = self.expression()?;
                self.names.locals.push(name);
                Action::Let(name, value)
            }
            "require" => {
                self.advance();
                Action::Require(self.expression()?)
            }
            "deposit" | "pull" => {
                self.advance();
                let amount = self.expression()?;
                self.word("from")?;
                let party = self.party()?;
                let asset = UNTYPED;
                if word == "pull" {
                    Action::Pull { amount, party, asset }
                } else {
                    Action::Deposit { amount, party, asset }
                }
            }
            "pay" | "move" => {
                self.advance();
                let (quantity, asset) = self.quantity()?;
                self.word("from")?;
                let from = self.party()?;
                self.word("to")?;
                let to = self.party()?;
                if word == "pay" {
                    Action::Pay { quantity, from, to, asset }
                } else {
                    Action::Move { quantity, from, to, asset }
                }
            }
            "set" => {
                self.advance();
                let variable = self.known(|names| &names.variables, "variable")?;
                self.sign("=")?;
                Action::Set(variable, self.expression()?)
            }
            "emit" => {
                self.advance();
                let label = self.label()?;
                Action::Emit(label, self.expression()?)
            }
            _ => return Ok(None),
        };
        Ok(Some(action))
    }

    fn quantity(&mut self) -> Parsed<(Quantity, u8)> {
        if self.take_word("rest") {
            return Ok((Quantity::Rest, self.asset()?));
        }
        if self.take_word("up_to") {
            return Ok((Quantity::UpTo(self.expression()?), UNTYPED));
        }
        Ok((Quantity::Exactly(self.expression()?), UNTYPED))
    }

    fn next_of(&mut self, position: usize) -> Parsed<Next> {
        let then = u8::try_from(position + 1).unwrap_or(u8::MAX);
        if self.take_word("stay") {
            return Ok(Next::Stay);
        }
        if self.take_word("close") {
            return Ok(Next::Close);
        }
        if self.take_word("goto") {
            return Ok(Next::Goto(self.state_name()?));
        }
        if self.take_word("when") {
            let condition = self.expression()?;
            let otherwise = self.two_blocks()?;
            return Ok(Next::When { condition, then, otherwise });
        }
        if self.take_word("again") {
            let counter = self.known(|names| &names.variables, "counter")?;
            self.word("to")?;
            let state = self.state_name()?;
            self.word("else")?;
            let otherwise = self.block()?;
            return Ok(Next::Again { counter, state, otherwise });
        }
        if self.take_word("try") {
            self.word("pull")?;
            let amount = self.expression()?;
            self.word("from")?;
            let party = self.party()?;
            let otherwise = self.two_blocks()?;
            return Ok(Next::TryPull { amount, party, asset: UNTYPED, then, otherwise });
        }
        self.refuse("an action, or the end of the block: stay, goto, close, when, again or try pull")
    }

    /// `then BLOCK else BLOCK`; the position of the second.
    fn two_blocks(&mut self) -> Parsed<u8> {
        self.word("then")?;
        self.block()?;
        self.word("else")?;
        self.block()
    }
}
