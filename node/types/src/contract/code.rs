//! The code of a contract: a header, and states with numbered clauses. Expressions are in postfix order, and the blocks of
//! a body stand in one flat list, so that nothing in it nests and no depth can exhaust a reader.

use crate::bounded::Bounded;
use crate::codec::{self, CodecError};
use crate::hash::{Domain, Hash32};
use crate::limits::{
    CLAUSE_ACTIONS_MAX, CLAUSE_ACTORS_MAX, CLAUSE_ARGUMENTS_MAX, CODE_ASSETS_MAX, CODE_BYTES_MAX,
    CODE_CONDITIONS_MAX, CODE_PANELS_MAX, CODE_PARAMETERS_MAX, CODE_PARTIES_MAX, CODE_STATES_MAX, CODE_VARIABLES_MAX,
    EXPRESSION_OPS_MAX, STATE_CLAUSES_MAX,
};
use crate::text::ShortText;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A name in a contract: a letter, then letters, digits and underscores. That it is no reserved word is the verifier's.
pub type Name = ShortText<24>;

/// A heading of a clause, a topic of an attestation, or a label of what is told.
pub type Label = ShortText<48>;

/// A postfix expression.
pub type Expr = Bounded<Op, EXPRESSION_OPS_MAX>;

/// The blocks of a body in the order in which they are read; the first is where it begins.
pub type Blocks = Bounded<Block, CLAUSE_ACTIONS_MAX>;

/// A contract's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Code {
    /// What it is called.
    pub name: Name,
    /// Which edition of it.
    pub version: u16,
    /// Roles that accounts play.
    pub parties: Bounded<Name, CODE_PARTIES_MAX>,
    /// The role left open: whoever calls, for one call. It counts as the party after the last.
    pub caller: Option<Name>,
    /// Panels that decide by k of n.
    pub panels: Bounded<PanelDeclaration, CODE_PANELS_MAX>,
    /// Assets.
    pub assets: Bounded<Name, CODE_ASSETS_MAX>,
    /// What an opening must give.
    pub parameters: Bounded<Parameter, CODE_PARAMETERS_MAX>,
    /// What must hold of the parameters.
    pub conditions: Bounded<Expr, CODE_CONDITIONS_MAX>,
    /// What changes.
    pub variables: Bounded<Variable, CODE_VARIABLES_MAX>,
    /// States; an instance begins in the first.
    pub states: Bounded<State, CODE_STATES_MAX>,
}

/// A panel: k of n members, each an account's owner or a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PanelDeclaration {
    /// Its name.
    pub name: Name,
    /// How many must agree.
    pub threshold: u8,
    /// How many there are, at most 16.
    pub members: u8,
}

/// A type of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Yes or no.
    Bool,
    /// A whole number of 128 bits, checked.
    Int,
    /// Minor units of an asset (by position); never negative.
    Money(u8),
    /// A fraction of two whole numbers.
    Ratio,
    /// Minor units of the second asset for minor units of the first.
    Rate(u8, u8),
    /// A moment.
    Time,
    /// Milliseconds.
    Duration,
    /// 32 bytes: a hash, or what was hashed.
    Hash,
    /// A whole number that only `again` counts down, at most 600 at first.
    Counter,
}

/// What an opening must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its type; no counter.
    pub kind: Type,
}

/// Something that changes, and how it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Type,
    /// Over parameters alone.
    pub initial: Expr,
}

/// A state: until when, what then, and what can be done before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// Its name.
    pub name: Name,
    /// When it is over; fixed on entering it.
    pub until: Deadline,
    /// What happens then, by itself.
    pub timeout: Blocks,
    /// What can be done before.
    pub clauses: Bounded<Clause, STATE_CLAUSES_MAX>,
}

/// From where a date is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Anchor {
    /// A parameter of type Time.
    Parameter(u8),
    /// When the state was entered.
    Entered,
}

/// When a state is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deadline {
    /// At a parameter of type Time.
    At(u8),
    /// A duration after entering.
    After(Expr),
    /// So many months after the anchor, in local time of an offset in minutes; a day that a month lacks is its last.
    Months {
        /// From where.
        anchor: Anchor,
        /// How many: an Int of literals, parameters and counters.
        count: Expr,
        /// Minutes east of UTC.
        offset: Expr,
    },
    /// At the end of so many banking days after the anchor, by the calendar of an asset.
    BankingDays {
        /// From where.
        anchor: Anchor,
        /// How many: an Int of literals, parameters and counters.
        count: Expr,
        /// Whose calendar.
        asset: u8,
    },
}

/// What somebody may do in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clause {
    /// Its heading, as in `2. Release`.
    pub label: Label,
    /// Who may: any one of these.
    pub actors: Bounded<Actor, CLAUSE_ACTORS_MAX>,
    /// What the call must give.
    pub arguments: Bounded<Argument, CLAUSE_ARGUMENTS_MAX>,
    /// What happens.
    pub body: Blocks,
}

/// Who may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A party.
    Party(u8),
    /// A panel, when k of its members agree.
    Panel(u8),
    /// Whoever plays the role left open in this call.
    Caller,
    /// Anyone with an account or a seat on the network.
    Anyone,
}

/// What a call must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its type; no counter.
    pub kind: Type,
    /// A panel that must have attested the value, and under which topic.
    pub attested: Option<Attested>,
}

/// A panel's word that a value is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attested {
    /// Which panel.
    pub panel: u8,
    /// About what.
    pub topic: Label,
}

/// Actions in order, and what comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// In order.
    pub actions: Bounded<Action, CLAUSE_ACTIONS_MAX>,
    /// Then.
    pub next: Next,
}

/// How a block ends. Positions of blocks are within the same body and lie ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// The state goes on, its deadline as it was.
    Stay,
    /// Another state is entered.
    Goto(u8),
    /// The contract ends: each pot goes to its owner.
    Close,
    /// One of two blocks.
    When {
        /// A Bool.
        condition: Expr,
        /// Where it holds: always the next block.
        then: u8,
        /// Where it does not.
        otherwise: u8,
    },
    /// While a counter is above zero it is counted down and a state is entered.
    Again {
        /// The counter's position among the variables.
        counter: u8,
        /// The state.
        state: u8,
        /// Where it is zero: always the next block.
        otherwise: u8,
    },
    /// Pulls from a party if it allows that and can pay.
    TryPull {
        /// How much: Money.
        amount: Expr,
        /// From whom, into whose pot.
        party: u8,
        /// The asset of the amount.
        asset: u8,
        /// Where it was pulled: always the next block.
        then: u8,
        /// Where it was not.
        otherwise: u8,
    },
}

/// How much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Quantity {
    /// Exactly this Money.
    Exactly(Expr),
    /// This Money, or what the pot holds if that is less.
    UpTo(Expr),
    /// All that the pot holds of the asset.
    Rest,
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Names a value for what follows.
    Let(Name, Expr),
    /// Refuses the call unless a Bool holds.
    Require(Expr),
    /// A party's money goes into its pot; the party must be the one who acts.
    Deposit {
        /// How much: Money.
        amount: Expr,
        /// Whose.
        party: u8,
        /// The asset of the amount.
        asset: u8,
    },
    /// A party's money goes into its pot within an allowance.
    Pull {
        /// How much: Money.
        amount: Expr,
        /// Whose.
        party: u8,
        /// The asset of the amount.
        asset: u8,
    },
    /// Between pots.
    Move {
        /// How much.
        quantity: Quantity,
        /// Out of whose pot.
        from: u8,
        /// Into whose pot.
        to: u8,
        /// The asset of the quantity.
        asset: u8,
    },
    /// Out of a pot onto an account.
    Pay {
        /// How much.
        quantity: Quantity,
        /// Out of whose pot.
        from: u8,
        /// Onto whose account.
        to: u8,
        /// The asset of the quantity.
        asset: u8,
    },
    /// Changes a variable.
    Set(u8, Expr),
    /// Tells a value in the event.
    Emit(Label, Expr),
}

/// Rounding of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rounding {
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// To the nearest, a half to the even one.
    HalfEven,
}

/// An element of a postfix expression: pushes a value, or takes its operands from those pushed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names say it; the page of the language says the rest.
pub enum Op {
    Bool(bool),
    Int(i64),
    /// Minor units of an asset.
    Money(u64, u8),
    /// Milliseconds.
    Duration(u64),
    Parameter(u8),
    Variable(u8),
    Argument(u8),
    Local(u8),
    /// What a party's pot holds of an asset.
    Pot(u8, u8),
    /// Block time.
    Now,
    /// When the state was entered.
    Entered,
    Not,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Min,
    Max,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
    /// SHA-256 of 32 bytes.
    Sha256,
    /// Money × Ratio.
    MulDiv(Rounding),
    /// Money of a Rate's first asset into its second.
    Convert(Rounding),
    /// Money of a Rate's second asset into its first.
    ConvertBack(Rounding),
}

/// The canonical bytes of code, not yet read. In JSON lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBytes(pub Bounded<u8, CODE_BYTES_MAX>);

impl Serialize for CodeBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&hex::encode(&*self.0))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for CodeBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Bounded::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        if text.len() > 2 * CODE_BYTES_MAX {
            return Err(de::Error::custom(format!("{} bytes are more than {CODE_BYTES_MAX}", text.len() / 2)));
        }
        let bytes = hex::decode(&text).map_err(de::Error::custom)?;
        Bounded::new(bytes).map(Self).map_err(de::Error::custom)
    }
}

/// What code begins with: a magic word and the version of the machine.
const MAGIC: &[u8; 5] = b"SWAY\x01";

impl CodeBytes {
    /// Names the code.
    pub fn hash(&self) -> Hash32 {
        Domain::ContractCode.hash(&self.0)
    }

    /// Reads the bytes; they must be exactly what [`Code::bytes`] writes.
    pub fn decode(&self) -> Result<Code, CodecError> {
        let Some(rest) = self.0.strip_prefix(MAGIC) else {
            return Err(CodecError::Malformed { problem: "it does not begin as contract code does".into() });
        };
        codec::decode_compact(rest, CODE_BYTES_MAX)
    }
}

impl Code {
    /// The canonical bytes, if they are not too many.
    pub fn bytes(&self) -> Result<CodeBytes, CodecError> {
        let mut bytes = MAGIC.to_vec();
        codec::encode_compact_into(self, &mut bytes);
        let length = bytes.len();
        Bounded::new(bytes).map(CodeBytes).map_err(|_| CodecError::TooLong { length, length_max: CODE_BYTES_MAX })
    }
}
