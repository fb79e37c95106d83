//! Random texts of contracts: well typed, and mostly such that the verifier accepts them.

use seaway_types::contract::Type;
use std::fmt::Write;

/// Numbers that only look random.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    /// A number from `low` to `high`, both included.
    pub fn roll(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True so often out of a hundred times.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(1, 100) <= percent
    }

    /// One of a list; none where it is empty.
    pub fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        if list.is_empty() { None } else { list.get((self.next() % list.len() as u64) as usize).cloned() }
    }
}

/// What an expression may be made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Of literals and parameters: conditions and initial values.
    Fixed,
    /// Of what cannot fail: timeouts.
    Total,
    /// Of everything.
    Free,
}

/// Where a body stands.
#[derive(Clone, Copy)]
struct Scene {
    state: usize,
    timeout: bool,
    /// Who deposits here: a party, or one after the last for the caller.
    depositor: Option<usize>,
}

struct Generator<'a> {
    random: &'a mut Random,
    parties: usize,
    assets: u8,
    caller: bool,
    panel: bool,
    /// For each state whether it ends at a parameter.
    fixed_ends: Vec<bool>,
    parameters: Vec<(String, Type)>,
    /// Those of the ratios that a condition bounds by one.
    bounded: Vec<String>,
    variables: Vec<(String, Type)>,
    /// Arguments and lets that can be named.
    inner: Vec<(String, Type)>,
    /// Whether the role left open is played here.
    played: bool,
    named: u64,
    text: String,
}

/// A random text.
pub fn random_text(random: &mut Random) -> String {
    let parties = random.roll(1, 3) as usize;
    let assets = random.roll(1, 2) as u8;
    let (caller, panel) = (random.chance(40), random.chance(40));
    let states = random.roll(1, 4);
    let fixed_ends = (0..states).map(|_| random.chance(35)).collect();
    let mut generator = Generator {
        random,
        parties,
        assets,
        caller,
        panel,
        fixed_ends,
        parameters: Vec::new(),
        bounded: Vec::new(),
        variables: Vec::new(),
        inner: Vec::new(),
        played: false,
        named: 0,
        text: String::new(),
    };
    generator.header();
    for state in 0..generator.fixed_ends.len() {
        generator.state(state);
    }
    generator.text
}

const ROUNDINGS: [&str; 3] = ["floor", "ceil", "half_even"];

impl Generator<'_> {
    fn line(&mut self, indent: usize, line: &str) {
        writeln!(self.text, "{:indent$}{line}", "").unwrap();
    }

    /// A name that nothing else has.
    fn name(&mut self, prefix: &str) -> String {
        self.named += 1;
        format!("{prefix}{}", self.named)
    }

    fn one_of(&mut self, words: &[&str]) -> String {
        self.random.pick(words).unwrap().to_owned()
    }

    fn asset(&mut self) -> u8 {
        self.random.roll(0, u64::from(self.assets) - 1) as u8
    }

    /// A party, or where it is played sometimes the caller.
    fn party(&mut self) -> String {
        let played = self.played && self.random.chance(35);
        if played { "taker".to_owned() } else { format!("p{}", self.random.roll(0, self.parties as u64 - 1)) }
    }

    fn kind(&mut self) -> Type {
        let asset = self.asset();
        match self.random.roll(0, 9) {
            0 => Type::Bool,
            1 | 2 => Type::Int,
            3 => Type::Ratio,
            4 if self.assets > 1 => Type::Rate(asset, 1 - asset),
            5 => Type::Time,
            6 => Type::Duration,
            7 => Type::Hash,
            _ => Type::Money(asset),
        }
    }

    // ---- the header

    fn header(&mut self) {
        self.line(0, "contract Fuzz v1");
        let parties: Vec<String> = (0..self.parties).map(|party| format!("p{party}")).collect();
        self.line(2, &format!("parties {}", parties.join(", ")));
        if self.caller {
            self.line(2, "caller taker");
        }
        if self.panel {
            self.line(2, "panel judges = 1 of 2");
        }
        let assets: Vec<String> = (0..self.assets).map(|asset| format!("A{asset}")).collect();
        self.line(2, &format!("assets {}", assets.join(", ")));
        let mut kinds = vec![Type::Time, Type::Time, Type::Hash, Type::Money(0), Type::Int, Type::Duration];
        for _ in 0..self.random.roll(0, 6) {
            kinds.push(self.kind());
        }
        for kind in kinds {
            let name = self.name("k");
            self.line(2, &format!("param {name}: {}", written(kind)));
            self.parameters.push((name, kind));
        }
        let ratios = self.named_as(Type::Ratio, Made::Fixed);
        for ratio in ratios {
            if self.random.chance(70) {
                self.line(2, &format!("where {ratio} <= 1"));
                self.bounded.push(ratio);
            }
        }
        for _ in 0..self.random.roll(0, 2) {
            let condition = self.expression(Type::Bool, 2, Made::Fixed);
            self.line(2, &format!("where {condition}"));
        }
        for _ in 0..self.random.roll(0, 3) {
            let kind = self.kind();
            if matches!(kind, Type::Ratio | Type::Rate(..)) {
                continue;
            }
            let name = self.name("v");
            let initial = self.expression(kind, 2, Made::Fixed);
            self.line(2, &format!("var {name}: {} = {initial}", written(kind)));
            self.variables.push((name, kind));
        }
        for _ in 0..self.random.roll(0, 2) {
            let name = self.name("c");
            let initial = self.expression(Type::Int, 1, Made::Fixed);
            self.line(2, &format!("counter {name} = {initial}"));
            self.variables.push((name, Type::Counter));
        }
    }

    // ---- states

    fn state(&mut self, state: usize) {
        let deadline = self.deadline(self.fixed_ends[state]);
        self.line(2, &format!("state s{state} until {deadline} else"));
        self.body(Scene { state, timeout: true, depositor: None }, 0, 4);
        for _ in 0..self.random.roll(0, 3) {
            self.clause(state);
        }
    }

    fn deadline(&mut self, fixed: bool) -> String {
        let times = self.named_as(Type::Time, Made::Fixed);
        let time = self.random.pick(&times).unwrap();
        if fixed {
            return time;
        }
        let anchor = if self.random.chance(50) { "entered".to_owned() } else { time };
        match self.random.roll(0, 2) {
            0 => format!("entered + {}", self.length(2)),
            1 => format!("add_months({anchor}, {}, {})", self.count(2), self.offset()),
            _ => format!("add_banking_days({anchor}, {}, A{})", self.count(2), self.asset()),
        }
    }

    /// A Duration as a deadline takes it.
    fn length(&mut self, depth: u64) -> String {
        if depth > 0 && self.random.chance(50) {
            let (left, right) = (self.length(depth - 1), self.length(depth - 1));
            return self.joined(&left, &["+", "-", "min", "max"], &right);
        }
        let names = self.named_as(Type::Duration, Made::Fixed);
        match self.random.pick(&names) {
            Some(name) if self.random.chance(50) => name,
            _ => self.literal(Type::Duration, Made::Fixed),
        }
    }

    /// An Int as a deadline takes it.
    fn count(&mut self, depth: u64) -> String {
        if depth > 0 && self.random.chance(50) {
            let (left, right) = (self.count(depth - 1), self.count(depth - 1));
            return self.joined(&left, &["+", "-", "*", "min", "max"], &right);
        }
        let mut names = self.named_as(Type::Int, Made::Fixed);
        names.extend(self.named_as(Type::Counter, Made::Total));
        match self.random.pick(&names) {
            Some(name) if self.random.chance(60) => name,
            _ if self.random.chance(5) => "1201".to_owned(),
            _ => self.random.roll(0, 14).to_string(),
        }
    }

    fn offset(&mut self) -> String {
        if self.random.chance(10) {
            return self.count(1);
        }
        self.one_of(&["0", "480", "-300", "840", "-840", "841", "330"])
    }

    fn clause(&mut self, state: usize) {
        let party = self.random.roll(0, self.parties as u64 - 1) as usize;
        let caller = self.caller && self.random.chance(40);
        let (actors, depositor) = match self.random.roll(0, 9) {
            _ if caller => ("taker".to_owned(), Some(self.parties)),
            0 => ("anyone".to_owned(), None),
            1 | 2 if self.panel => (format!("p{party} | judges"), None),
            3 if self.panel => ("judges".to_owned(), None),
            _ => (format!("p{party}"), Some(party)),
        };
        self.played = caller;
        for _ in 0..self.random.roll(0, 3) {
            let (name, kind) = (self.name("a"), self.kind());
            self.inner.push((name, kind));
        }
        let mut arguments: Vec<String> = Vec::new();
        for (name, kind) in self.inner.clone() {
            let attested = self.panel && self.random.chance(10);
            let word = if attested { " attested by judges on \"so\"" } else { "" };
            arguments.push(format!("{name}: {}{word}", written(kind)));
        }
        let heading = self.name("Clause ");
        let given = if arguments.is_empty() { String::new() } else { format!(" ({})", arguments.join(", ")) };
        self.line(4, &format!("clause \"{heading}\" by {actors}{given}"));
        self.body(Scene { state, timeout: false, depositor }, 0, 6);
        self.inner.clear();
        self.played = false;
    }

    // ---- bodies

    /// A block and those within it.
    fn body(&mut self, scene: Scene, depth: usize, indent: usize) {
        let before = self.inner.len();
        let most = if depth == 0 { 3 } else { 2 };
        for _ in 0..self.random.roll(0, most) {
            self.action(scene, indent);
        }
        if self.played && self.random.chance(88) {
            // What the caller has in the contract goes to a party, as it must before the call ends.
            for asset in 0..self.assets {
                self.line(indent, &format!("pay rest A{asset} from taker to p0"));
            }
        }
        self.end(scene, depth, indent);
        self.inner.truncate(before);
    }

    fn action(&mut self, scene: Scene, indent: usize) {
        let made = if scene.timeout { Made::Total } else { Made::Free };
        let asset = self.asset();
        match (self.random.roll(0, 11), scene.depositor) {
            (0, _) => {
                let kind = self.plain_kind();
                self.binding(kind, made, indent);
            }
            (1, _) if !scene.timeout => {
                let condition = self.expression(Type::Bool, 2, made);
                let mild = self.random.chance(60);
                let line = if mild { format!("require {condition} or true") } else { format!("require {condition}") };
                self.line(indent, &line);
            }
            (2 | 3, Some(party)) => self.deposit(party, indent),
            (4, _) if !scene.timeout => {
                let amount = self.expression(Type::Money(asset), 2, made);
                let line = format!("pull {amount} from p{}", self.random.roll(0, self.parties as u64 - 1));
                self.line(indent, &line);
            }
            (5 | 6, _) => self.transfer("pay", made, indent),
            (7 | 8, _) => self.transfer("move", made, indent),
            (9, _) => {
                let plain: Vec<(String, Type)> =
                    self.variables.iter().filter(|(_, kind)| *kind != Type::Counter).cloned().collect();
                if let Some((name, kind)) = self.random.pick(&plain) {
                    let value = self.expression(kind, 3, made);
                    self.line(indent, &format!("set {name} = {value}"));
                }
            }
            _ => {
                let kind = self.kind();
                if let Some(value) = self.operand(kind, made) {
                    let label = self.name("told ");
                    self.line(indent, &format!("emit \"{label}\" {value}"));
                }
            }
        }
    }

    /// A value to tell; a ratio or a rate only as it is named.
    fn operand(&mut self, kind: Type, made: Made) -> Option<String> {
        if matches!(kind, Type::Ratio | Type::Rate(..)) {
            let names = self.named_as(kind, made);
            return self.random.pick(&names);
        }
        Some(self.expression(kind, 3, made))
    }

    /// A type that can be worked out.
    fn plain_kind(&mut self) -> Type {
        loop {
            let kind = self.kind();
            if !matches!(kind, Type::Ratio | Type::Rate(..)) {
                return kind;
            }
        }
    }

    /// Names a value.
    fn binding(&mut self, kind: Type, made: Made, indent: usize) -> String {
        let value = self.expression(kind, 3, made);
        let name = self.name("x");
        self.line(indent, &format!("let {name} = {value}"));
        self.inner.push((name.clone(), kind));
        name
    }

    fn deposit(&mut self, party: usize, indent: usize) {
        let asset = self.asset();
        let amount = self.expression(Type::Money(asset), 2, Made::Free);
        let from = if party == self.parties { "taker".to_owned() } else { format!("p{party}") };
        self.line(indent, &format!("deposit {amount} from {from}"));
    }

    /// Pays or moves, so that the pot is shown to hold it; seldom not.
    fn transfer(&mut self, verb: &str, made: Made, indent: usize) {
        let (from, to, asset) = (self.party(), self.party(), self.asset());
        if verb == "move" && from == to {
            return;
        }
        let ways = format!("from {from} to {to}");
        let kind = Type::Money(asset);
        match self.random.roll(0, 9) {
            0..=2 => self.line(indent, &format!("{verb} rest A{asset} {ways}")),
            3..=4 => {
                let amount = self.expression(kind, 2, made);
                self.line(indent, &format!("{verb} up_to {amount} {ways}"));
            }
            5 => {
                let amount = self.expression(kind, 1, made);
                self.line(indent, &format!("{verb} min({amount}, pot({from}, A{asset})) {ways}"));
            }
            6 if self.random.chance(10) => {
                let amount = self.expression(kind, 0, made);
                self.line(indent, &format!("{verb} {amount} {ways}"));
            }
            _ if made == Made::Total => {
                let amount = self.expression(kind, 1, made);
                let name = self.name("x");
                self.line(indent, &format!("let {name} = min(pot({from}, A{asset}), {amount})"));
                self.inner.push((name.clone(), kind));
                self.line(indent, &format!("{verb} {name} {ways}"));
            }
            _ => {
                let name = self.binding(kind, made, indent);
                self.line(indent, &format!("require {name} <= pot({from}, A{asset})"));
                self.line(indent, &format!("{verb} {name} {ways}"));
            }
        }
    }

    /// States that a block may enter by `goto`.
    fn targets(&self, scene: Scene) -> Vec<usize> {
        let count = self.fixed_ends.len();
        let ahead = scene.state + 1..count;
        let back = (0..=scene.state).filter(|to| self.fixed_ends[*to..=scene.state].iter().all(|fixed| *fixed));
        if scene.timeout { ahead.collect() } else { ahead.chain(back).collect() }
    }

    fn end(&mut self, scene: Scene, depth: usize, indent: usize) {
        let made = if scene.timeout { Made::Total } else { Made::Free };
        let targets = self.targets(scene);
        let counters = self.named_as(Type::Counter, made);
        let target = self.random.pick(&targets);
        let counter = self.random.pick(&counters);
        match (self.random.roll(0, 9), target, counter) {
            (0 | 1, ..) if !scene.timeout => self.line(indent, "stay"),
            (2 | 3, Some(target), _) => self.line(indent, &format!("goto s{target}")),
            (4 | 5, _, Some(counter)) if depth < 2 => {
                let state = self.random.roll(0, self.fixed_ends.len() as u64 - 1);
                self.line(indent, &format!("again {counter} to s{state} else"));
                self.body(scene, depth + 1, indent + 2);
            }
            (6 | 7, ..) if depth < 2 => {
                let condition = self.expression(Type::Bool, 2, made);
                self.line(indent, &format!("when {condition} then"));
                self.two(scene, depth, indent);
            }
            (8, ..) if depth < 2 => {
                let asset = self.asset();
                let amount = self.expression(Type::Money(asset), 2, made);
                let party = self.random.roll(0, self.parties as u64 - 1);
                self.line(indent, &format!("try pull {amount} from p{party} then"));
                self.two(scene, depth, indent);
            }
            _ => self.line(indent, "close"),
        }
    }

    fn two(&mut self, scene: Scene, depth: usize, indent: usize) {
        self.body(scene, depth + 1, indent + 2);
        self.line(indent, "else");
        self.body(scene, depth + 1, indent + 2);
    }

    // ---- expressions

    /// What of a type can be named. Counters are Ints where they can be read.
    fn named_as(&self, kind: Type, made: Made) -> Vec<String> {
        let mut found: Vec<&(String, Type)> = self.parameters.iter().collect();
        if made != Made::Fixed {
            found.extend(self.variables.iter().chain(&self.inner));
        }
        let fits = |other: Type| other == kind || (other == Type::Counter && kind == Type::Int);
        found.into_iter().filter(|(_, other)| fits(*other)).map(|(name, _)| name.clone()).collect()
    }

    fn expression(&mut self, kind: Type, depth: u64, made: Made) -> String {
        if depth == 0 || self.random.chance(20) {
            return self.leaf(kind, made);
        }
        match kind {
            Type::Bool => self.truth(depth, made),
            Type::Money(asset) => self.money(asset, depth, made),
            Type::Hash => format!("sha256({})", self.expression(kind, depth - 1, made)),
            Type::Time if made != Made::Total && self.random.chance(60) => {
                let (left, right) =
                    (self.expression(kind, depth - 1, made), self.expression(Type::Duration, depth - 1, made));
                self.joined(&left, &["+", "-"], &right)
            }
            _ => {
                let (left, right) = (self.expression(kind, depth - 1, made), self.expression(kind, depth - 1, made));
                match kind {
                    Type::Int if made != Made::Total => {
                        self.joined(&left, &["+", "-", "*", "/", "%", "min", "max"], &right)
                    }
                    Type::Duration if made != Made::Total => self.joined(&left, &["+", "-", "min", "max"], &right),
                    _ => self.joined(&left, &["min", "max"], &right),
                }
            }
        }
    }

    /// Two operands with an operator between them, or in a function.
    fn joined(&mut self, left: &str, operators: &[&str], right: &str) -> String {
        match self.random.pick(operators).unwrap() {
            function @ ("min" | "max") => format!("{function}({left}, {right})"),
            sign => format!("({left} {sign} {right})"),
        }
    }

    fn truth(&mut self, depth: u64, made: Made) -> String {
        let ratios = self.named_as(Type::Ratio, made);
        if let Some(ratio) = self.random.pick(&ratios)
            && self.random.chance(15)
        {
            return format!("({ratio} {} 1)", self.one_of(&["<", "<=", ">", ">="]));
        }
        let asset = self.asset();
        let kind = match self.random.roll(0, 9) {
            0 | 1 => Type::Bool,
            2 => return format!("not {}", self.expression(Type::Bool, depth - 1, made)),
            3 => Type::Hash,
            4 | 5 => Type::Int,
            6 => Type::Time,
            7 => Type::Duration,
            _ => Type::Money(asset),
        };
        let (left, right) = (self.expression(kind, depth - 1, made), self.expression(kind, depth - 1, made));
        match kind {
            Type::Bool => self.joined(&left, &["and", "or", "==", "!="], &right),
            Type::Hash => self.joined(&left, &["==", "!="], &right),
            _ => self.joined(&left, &["==", "!=", "<", "<=", ">", ">="], &right),
        }
    }

    fn money(&mut self, asset: u8, depth: u64, made: Made) -> String {
        let kind = Type::Money(asset);
        let left = self.expression(kind, depth - 1, made);
        let rounding = self.one_of(&ROUNDINGS);
        let ratios = if made == Made::Total { self.bounded.clone() } else { self.named_as(Type::Ratio, made) };
        if let Some(ratio) = self.random.pick(&ratios)
            && self.random.chance(25)
        {
            return format!("muldiv({left}, {ratio}, {rounding})");
        }
        if made == Made::Total || self.random.chance(60) {
            let right = self.expression(kind, depth - 1, made);
            let signs: &[&str] = if made == Made::Total { &["min", "max"] } else { &["+", "-", "min", "max"] };
            return self.joined(&left, signs, &right);
        }
        if self.assets > 1 && self.random.chance(60) {
            let other = 1 - asset;
            let given = self.expression(Type::Money(other), depth - 1, made);
            let (there, back) = (Type::Rate(other, asset), Type::Rate(asset, other));
            let rounding = self.one_of(&ROUNDINGS[..2]);
            for (word, rate) in [("convert", there), ("convert_back", back)] {
                let rates = self.named_as(rate, made);
                if let Some(rate) = self.random.pick(&rates) {
                    return format!("{word}({given}, {rate}, {rounding})");
                }
            }
        }
        let number = self.expression(Type::Int, depth - 1, made);
        self.joined(&left, &["*", "/", "%"], &number)
    }

    fn leaf(&mut self, kind: Type, made: Made) -> String {
        let names = self.named_as(kind, made);
        match self.random.pick(&names) {
            Some(name) if self.random.chance(60) || kind == Type::Hash => name,
            _ => self.literal(kind, made),
        }
    }

    fn literal(&mut self, kind: Type, made: Made) -> String {
        let small = self.random.roll(0, 12);
        match kind {
            Type::Bool => self.one_of(&["true", "false"]),
            Type::Int if self.random.chance(6) => {
                self.one_of(&["9223372036854775807", "-9223372036854775808", "-1", "600"])
            }
            Type::Int => small.to_string(),
            Type::Money(asset) if made != Made::Fixed && self.random.chance(40) => {
                format!("pot({}, A{asset})", self.party())
            }
            Type::Money(asset) => {
                let most = if made == Made::Free && self.random.chance(50) { 1 } else { 0 };
                let units = match self.random.roll(0, 19) {
                    0 => 999_999_999_999_999_999 + most,
                    1..=3 => 0,
                    _ => small * 7,
                };
                format!("{units} A{asset}")
            }
            Type::Duration if self.random.chance(5) => "18446744073709551615 ms".to_owned(),
            Type::Duration => {
                let unit = self.one_of(&["days", "hours", "minutes", "seconds", "ms"]);
                format!("{small} {unit}")
            }
            Type::Time if made != Made::Fixed => self.one_of(&["now", "entered"]),
            // Of these there are always parameters.
            _ => {
                let names = self.named_as(kind, Made::Fixed);
                self.random.pick(&names).unwrap()
            }
        }
    }
}

fn written(kind: Type) -> String {
    match kind {
        Type::Bool => "Bool".to_owned(),
        Type::Int | Type::Counter => "Int".to_owned(),
        Type::Money(asset) => format!("Money(A{asset})"),
        Type::Ratio => "Ratio".to_owned(),
        Type::Rate(base, quote) => format!("Rate(A{base}, A{quote})"),
        Type::Time => "Time".to_owned(),
        Type::Duration => "Duration".to_owned(),
        Type::Hash => "Hash".to_owned(),
    }
}
