//! The lines of an instruction file: what each says, in strict or in written form.

use seaway_genesis::seed;
use seaway_types::asset::AssetBook;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::payment::acceptance_message;
use seaway_types::instruction::{Body, DecodedInstruction, Envelope, Leg, NetworkId, RawInstruction, Submitter};
use seaway_types::json;
use seaway_types::time::BlockTime;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest line in bytes: twice the hexadecimal digits of the largest instruction.
pub const LINE_BYTES_MAX: usize = 4 * seaway_types::limits::INSTRUCTION_BYTES_MAX;

/// What lines are read with.
pub struct Context {
    pub network: NetworkId,
    pub assets: AssetBook,
    /// Accounts by label.
    pub accounts: BTreeMap<String, AccountId>,
    /// Whether labels name keys too.
    pub keys_are_published: bool,
}

/// One line.
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Block time, when it starts a new block.
    pub time: Option<BlockTime>,
    /// The instruction; a line may only let time pass.
    pub instruction: Option<DecodedInstruction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    time: Option<BlockTime>,
    wire: Option<String>,
    submitter: Option<Value>,
    key: Option<seaway_types::InstructionKey>,
    valid_until: Option<BlockTime>,
    body: Option<Value>,
    #[serde(default)]
    sign: Vec<String>,
    /// Labels that sign the acceptance of every credit that carries one.
    #[serde(default)]
    accept: Vec<String>,
}

/// Reads a line; blank lines and lines that begin with `//` say nothing. `now` is the time of the block it falls in.
pub fn read(number: usize, text: &str, now: BlockTime, context: &Context) -> Result<Option<Line>, String> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("//") {
        return Ok(None);
    }
    let at = |problem: String| format!("line {number}: {problem}");
    if text.len() > LINE_BYTES_MAX {
        return Err(at(format!("{} bytes are more than the {LINE_BYTES_MAX} of a line", text.len())));
    }
    let form: Form = serde_json::from_str(text).map_err(|error| at(error.to_string()))?;
    let time = form.time;
    let instruction = instruction(form, time.unwrap_or(now), context).map_err(at)?;
    Ok(Some(Line { number, time, instruction }))
}

fn instruction(form: Form, now: BlockTime, context: &Context) -> Result<Option<DecodedInstruction>, String> {
    if let Some(wire) = &form.wire {
        if form.body.is_some() || form.submitter.is_some() || !form.sign.is_empty() {
            return Err(
                "wire: signed bytes stand alone; body, submitter and sign belong to the written form".to_owned()
            );
        }
        let bytes = hex::decode(wire).map_err(|error| format!("wire: no hexadecimal bytes: {error}"))?;
        return RawInstruction(bytes).decode().map(Some).map_err(|error| format!("wire: {error}"));
    }
    let Some(body) = form.body else {
        let said_more = form.submitter.is_some() || form.key.is_some() || form.valid_until.is_some();
        let said_more = said_more || !form.sign.is_empty() || !form.accept.is_empty();
        return if said_more { Err("body: missing; expected a body, or wire bytes".to_owned()) } else { Ok(None) };
    };
    let submitter = form.submitter.ok_or("submitter: missing; expected as in {\"account\": \"@hk-merchant\"}")?;
    let submitter: Submitter = strict("submitter", submitter, context)?;
    let key =
        form.key.ok_or("key: missing; expected 32 hexadecimal digits of your choice, new for each instruction")?;
    let mut envelope = Envelope {
        network: context.network,
        submitter,
        key,
        // As the SDK will: five minutes.
        valid_until: form.valid_until.unwrap_or(now.after_ms(300_000)),
        body: strict("body", body, context)?,
    };
    sign_acceptances(&mut envelope, &form.accept, context)?;
    let secrets = secrets("sign", &form.sign, context)?;
    RawInstruction::from(&envelope.sign(&secrets)).decode().map(Some).map_err(|error| error.to_string())
}

fn secrets(field: &str, labels: &[String], context: &Context) -> Result<Vec<[u8; 32]>, String> {
    if !context.keys_are_published {
        return Err(format!("{field}: this network's keys are not published; give signed bytes as \"wire\""));
    }
    Ok(labels.iter().map(|label| seed::secret_key(label)).collect())
}

fn sign_acceptances(envelope: &mut Envelope, labels: &[String], context: &Context) -> Result<(), String> {
    if labels.is_empty() {
        return Ok(());
    }
    let secrets = secrets("accept", labels, context)?;
    let Body::Single(Leg::CreditTransfer(transfer)) = &mut envelope.body else {
        return Err("accept: only a credit transfer that stands alone takes acceptances here".to_owned());
    };
    let mut credits = std::mem::take(&mut transfer.credits).into_inner();
    for credit in &mut credits {
        let message = match &credit.acceptance {
            Some(acceptance) => {
                acceptance_message(envelope.network, transfer.debtor, transfer.asset, credit, acceptance.not_after)
            }
            None => continue,
        };
        let mut entries: Vec<_> =
            secrets.iter().map(|secret| seaway_types::signature::sign(secret, &message)).collect();
        entries.sort_unstable();
        if let Some(acceptance) = &mut credit.acceptance {
            acceptance.signatures = entries.try_into().map_err(|error| format!("accept: {error}"))?;
        }
    }
    transfer.credits = credits.try_into().map_err(|error| format!("body: {error}"))?;
    Ok(())
}

/// Turns the written form into the strict one and reads it: labels, assets, amounts.
fn strict<T: serde::de::DeserializeOwned>(field: &str, mut value: Value, context: &Context) -> Result<T, String> {
    name_accounts(&mut value, context)?;
    json::resolve(&mut value, &context.assets).map_err(|error| format!("{field}: {error}"))?;
    serde_json::from_value(value).map_err(|error| format!("{field}: {error}"))
}

fn name_accounts(value: &mut Value, context: &Context) -> Result<(), String> {
    match value {
        Value::String(text) => {
            if let Some(label) = text.strip_prefix('@') {
                let known = context.accounts.get(label);
                let account = known.ok_or_else(|| format!("'@{label}' names no account of the genesis document"))?;
                *value = Value::String(account.to_string());
            }
            Ok(())
        }
        Value::Array(list) => list.iter_mut().try_for_each(|item| name_accounts(item, context)),
        Value::Object(fields) => fields.values_mut().try_for_each(|item| name_accounts(item, context)),
        _ => Ok(()),
    }
}
