//! `contract_*`: code is checked and explained, instances are shown with what happened to them.

use super::account::{COUNT_MAX, count};
use super::{Context, Reader, reading};
use crate::backend::{Backend, EventFound, ReceiptPart};
use crate::cursor;
use crate::fault::Fault;
use crate::show;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use seaway_types::asset::AssetBook;
use seaway_types::contract::{InstanceId, Terms};
use seaway_types::hash::Hash32;
use seaway_types::instruction::Submitter;
use seaway_types::state::{Instance, Stage};
use seaway_types::time::Height;
use seaway_types::{AccountId, Bic};
use seaway_vm::tell::{self, Filled};
use seaway_vm::{Program, Refused, text};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    instance: Option<InstanceId>,
    code: Option<Hash32>,
    text: Option<String>,
    terms: Option<Terms>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfInstance {
    instance: InstanceId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneCode {
    code: Hash32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    count: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAccount {
    account: AccountId,
    count: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    instance: InstanceId,
    from: Option<Height>,
    count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneEvent {
    instance: InstanceId,
    height: Height,
    position: u32,
    place: usize,
}

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "contract_check", |_: &Context<B>, _, asked| check(asked))?;
    reading(module, "contract_explain", explain)?;
    reading(module, "contract_outcomes", outcomes)?;
    reading(module, "contract_codes", codes)?;
    reading(module, "contract_code", code)?;
    reading(module, "contract_get", get)?;
    reading(module, "contract_list", list)?;
    reading(module, "contract_events", events)?;
    reading(module, "contract_proof", proof)?;
    reading(module, "contract_allowances", allowances)
}

/// What a compiler would say of a text.
fn check(asked: Text) -> Result<Value, Fault> {
    let read = match text::read(&asked.text) {
        Ok(read) => read,
        Err(fault) => {
            let shown = text::shown(&asked.text, fault.at, &fault.what);
            let fault = json!({"line": fault.at.line, "column": fault.at.column, "what": fault.what, "shown": shown});
            return Ok(json!({"accepted": false, "faults": [fault]}));
        }
    };
    match Program::from_code(read.code) {
        Ok(program) => {
            let warning = |warning: &seaway_vm::verify::Warning| {
                let at = read.places.find(warning.place);
                json!({"line": at.line, "column": at.column, "what": warning.what})
            };
            Ok(json!({
                "accepted": true,
                "hash": program.hash(),
                "bytes": hex::encode(&*program.bytes().0),
                "normal": text::write(program.code()),
                "warnings": program.warnings().iter().map(warning).collect::<Vec<_>>(),
            }))
        }
        Err(Refused::Bytes(error)) => {
            let fault = json!({"line": 1, "column": 1, "rule": 9, "what": error.to_string()});
            Ok(json!({"accepted": false, "faults": [fault]}))
        }
        Err(Refused::Faults(faults)) => {
            let fault = |fault: &seaway_vm::Fault| {
                let at = read.places.find(fault.place);
                json!({
                    "line": at.line,
                    "column": at.column,
                    "rule": fault.rule as u8,
                    "what": fault.what,
                    "shown": text::shown(&asked.text, at, &fault.what),
                })
            };
            Ok(json!({"accepted": false, "faults": faults.iter().take(20).map(fault).collect::<Vec<_>>()}))
        }
    }
}

/// The program that a question is about, and what its blanks are filled with.
fn which<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    asked: Which,
) -> Result<(Program, Option<Filled>), Fault> {
    let Which { instance, code, text: source, terms } = asked;
    let by_hash = |hash: &Hash32| -> Result<Program, Fault> {
        let unknown = || Fault::Unknown { what: "code", value: hash.to_string() };
        context.backend.code(hash)?.ok_or_else(unknown)
    };
    if let (Some(id), Some(_)) = (instance, &terms) {
        return Err(Fault::Parameter {
            field: "terms",
            value: format!("with instance {id}"),
            expected: "none: an instance has terms of its own",
        });
    }
    match (instance, code, source) {
        (Some(id), None, None) => {
            let found = instance_of(context, reader, &id)?;
            let filled = filled(context, &found.terms)?;
            Ok((by_hash(&found.terms.code)?, Some(filled)))
        }
        (None, Some(hash), None) => {
            let filled = terms.map(|terms| filled(context, &terms)).transpose()?;
            Ok((by_hash(&hash)?, filled))
        }
        (None, None, Some(source)) => {
            let refused =
                |expected| Fault::Parameter { field: "text", value: source.chars().take(80).collect(), expected };
            let read = text::read(&source).map_err(|_| refused("a contract that contract_check accepts"))?;
            let program =
                Program::from_code(read.code).map_err(|_| refused("a contract that contract_check accepts"))?;
            let filled = terms.map(|terms| filled(context, &terms)).transpose()?;
            Ok((program, filled))
        }
        _ => Err(Fault::Parameter {
            field: "instance",
            value: String::new(),
            expected: "one of instance, code and text",
        }),
    }
}

/// The blanks of terms as a reader sees them.
fn filled<B: Backend>(context: &Context<B>, terms: &Terms) -> Result<Filled, Fault> {
    let book = context.backend.assets()?;
    let mut assets = Vec::with_capacity(terms.assets.len());
    for id in &terms.assets {
        let unknown = || Fault::Unknown { what: "asset", value: id.to_string() };
        let record = book.get(*id).ok_or_else(unknown)?;
        assets.push((book.name(*id), record.exponent));
    }
    let mut parties = Vec::with_capacity(terms.parties.len());
    for id in &terms.parties {
        let agent = context.backend.account(id)?.map(|account| account.agent);
        parties.push(agent.map_or_else(|| format!("account {id}"), |agent| format!("account {id} at {agent}")));
    }
    let member = |member: &Submitter| match member {
        Submitter::Account(id) => format!("the owner of {id}"),
        Submitter::Participant(bic) => bic.to_string(),
        Submitter::Authority => "the authority".to_owned(),
    };
    let panels = terms.panels.iter().map(|panel| panel.iter().map(member).collect::<Vec<_>>().join(", ")).collect();
    Ok(Filled { parties, panels, assets, parameters: terms.parameters.to_vec() })
}

fn explain<B: Backend>(context: &Context<B>, reader: &Reader, asked: Which) -> Result<Value, Fault> {
    let (program, filled) = which(context, reader, asked)?;
    Ok(json!({"code": program.hash(), "text": tell::explain(&program, filled.as_ref())}))
}

fn outcomes<B: Backend>(context: &Context<B>, reader: &Reader, asked: Which) -> Result<Value, Fault> {
    let (program, filled) = which(context, reader, asked)?;
    let table = tell::outcomes(&program, filled.as_ref());
    let ways: Vec<Value> = table.ways.iter().map(|way| json!({"steps": way.steps, "moves": way.moves})).collect();
    Ok(json!({
        "code": program.hash(),
        "ways": ways,
        "more": table.more,
        "postingsMax": table.postings_max,
        "operationsMax": table.operations_max,
    }))
}

fn codes<B: Backend>(context: &Context<B>, _: &Reader, page: Page) -> Result<Value, Fault> {
    let count = count(page.count)?;
    let height = context.backend.status().height;
    let (height, from) = match &page.cursor {
        Some(cursor) => cursor::read(cursor, "contract_codes", &())?,
        None => (height, Hash32::ZERO),
    };
    let mut found = context.backend.codes(from, count + 1)?;
    let next = if found.len() > count { found.pop() } else { None };
    let shown = |(hash, program): &(Hash32, Program)| {
        let code = program.code();
        json!({"hash": hash, "name": code.name, "version": code.version, "states": code.states.len()})
    };
    Ok(json!({
        "codes": found.iter().map(shown).collect::<Vec<_>>(),
        "cursor": next.map(|(hash, _)| cursor::write("contract_codes", &(), height, hash)),
    }))
}

fn code<B: Backend>(context: &Context<B>, _: &Reader, asked: OneCode) -> Result<Value, Fault> {
    let unknown = || Fault::Unknown { what: "code", value: asked.code.to_string() };
    let program = context.backend.code(&asked.code)?.ok_or_else(unknown)?;
    Ok(json!({
        "hash": program.hash(),
        "bytes": hex::encode(&*program.bytes().0),
        "text": text::write(program.code()),
        "code": program.code(),
    }))
}

/// An instance that the reader may read: its parties, the members of its panels, their agents, and who supervises these.
fn instance_of<B: Backend>(context: &Context<B>, reader: &Reader, id: &InstanceId) -> Result<Instance, Fault> {
    let unknown = || Fault::Unknown { what: "contract", value: id.to_string() };
    let instance = context.backend.instance(id)?.ok_or_else(unknown)?;
    ensure_readable(context, reader, &instance.terms)?;
    Ok(instance)
}

fn ensure_readable<B: Backend>(context: &Context<B>, reader: &Reader, terms: &Terms) -> Result<(), Fault> {
    let mut accounts: Vec<AccountId> = terms.parties.to_vec();
    let mut agents: Vec<Bic> = Vec::new();
    for member in terms.panels.iter().flatten() {
        match member {
            Submitter::Account(id) => accounts.push(*id),
            Submitter::Participant(bic) => agents.push(*bic),
            Submitter::Authority => {}
        }
    }
    context.ensure_any(reader, &accounts, &agents)
}

fn get<B: Backend>(context: &Context<B>, reader: &Reader, asked: OfInstance) -> Result<Value, Fault> {
    let instance = instance_of(context, reader, &asked.instance)?;
    let book = context.backend.assets()?;
    let unknown = || Fault::Unknown { what: "code", value: instance.terms.code.to_string() };
    let program = context.backend.code(&instance.terms.code)?.ok_or_else(unknown)?;
    Ok(shown(&asked.instance, &instance, &program, &book))
}

fn shown(id: &InstanceId, instance: &Instance, program: &Program, book: &AssetBook) -> Value {
    let code = program.code();
    let (state, entry, deadline) = match instance.stage {
        Stage::Live { state, entry, deadline, .. } => {
            let name = code.states.get(usize::from(state)).map(|found| found.name.to_string());
            (name, Some(entry), Some(deadline))
        }
        Stage::Closed { .. } => (None, None, None),
    };
    let pot = |pot: &seaway_types::state::Pot| {
        let owner = instance.terms.parties.get(usize::from(pot.party));
        let asset = instance.terms.assets.get(usize::from(pot.asset)).copied().unwrap_or(seaway_types::AssetId(0));
        let party = code.parties.get(usize::from(pot.party));
        json!({"party": party, "owner": owner, "amount": book.show(pot.amount, asset)})
    };
    let clauses = match instance.stage {
        Stage::Live { state, .. } => code.states.get(usize::from(state)).map(|found| {
            (0u8..).zip(&found.clauses).map(|(n, one)| json!({"clause": n, "label": one.label})).collect::<Vec<_>>()
        }),
        Stage::Closed { .. } => None,
    };
    let variable = |(declared, value): (&seaway_types::contract::Variable, &seaway_types::contract::Value)| json!({"name": declared.name, "value": value});
    json!({
        "instance": id,
        "name": code.name,
        "uetr": instance.uetr,
        "open": state.is_some(),
        "state": state,
        "entry": entry,
        "deadline": deadline,
        "pots": instance.pots.iter().map(pot).collect::<Vec<_>>(),
        "variables": code.variables.iter().zip(&instance.variables).map(variable).collect::<Vec<_>>(),
        "clauses": clauses,
        "record": instance,
    })
}

fn list<B: Backend>(context: &Context<B>, reader: &Reader, asked: OfAccount) -> Result<Value, Fault> {
    context.ensure_account(reader, &asked.account)?;
    let count = count(asked.count)?;
    let (height, from) = match &asked.cursor {
        Some(cursor) => cursor::read(cursor, "contract_list", &asked.account)?,
        None => (context.backend.status().height, InstanceId([0; 32])),
    };
    let mut found = context.backend.contracts_of(&asked.account, from, count + 1)?;
    let next = if found.len() > count { found.pop() } else { None };
    let mut contracts = Vec::with_capacity(found.len());
    for (id, opened) in found {
        let now = context.backend.instance(&id)?;
        let open = now.as_ref().is_some_and(|instance| matches!(instance.stage, Stage::Live { .. }));
        let uetr = now.as_ref().map(|instance| instance.uetr);
        contracts.push(json!({"instance": id, "opened": opened, "open": open, "kept": now.is_some(), "uetr": uetr}));
    }
    Ok(json!({
        "contracts": contracts,
        "cursor": next.map(|(id, _)| cursor::write("contract_list", &asked.account, height, id)),
    }))
}

fn events<B: Backend>(context: &Context<B>, reader: &Reader, asked: Events) -> Result<Value, Fault> {
    let count = count(asked.count)?;
    let from = asked.from.unwrap_or(Height(0));
    let found = told(context, reader, &asked.instance, from, count)?;
    let book = context.backend.assets()?;
    let shown: Vec<Value> = found.iter().map(|found| event(found, &book)).collect();
    Ok(json!({"instance": asked.instance, "events": shown}))
}

fn event(found: &EventFound, book: &AssetBook) -> Value {
    let mut shown = show::event(&found.event, book);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("height".to_owned(), json!(found.height));
        fields.insert("blockTime".to_owned(), json!(found.time));
        fields.insert("position".to_owned(), json!(found.position));
        fields.insert("place".to_owned(), json!(found.place));
    }
    shown
}

/// Whether the reader is of a contract's parties or panels, also when the record is long forgotten.
pub(super) fn ensure_told<B: Backend>(context: &Context<B>, reader: &Reader, id: &InstanceId) -> Result<(), Fault> {
    let (accounts, participants) = context.backend.contract_readers(id)?;
    if accounts.is_empty() && participants.is_empty() {
        return Err(Fault::Unknown { what: "contract", value: id.to_string() });
    }
    context.ensure_any(reader, &accounts, &participants)
}

/// Blocks that are looked through at most for the events of somebody who is none of a contract's parties.
const BLOCKS_LOOKED_THROUGH: usize = 2_000;

/// The events of a contract that are for this reader: all of them for its parties and panels; for whoever else signed one,
/// as the taker of an offer does, its own.
fn told<B: Backend>(
    context: &Context<B>,
    reader: &Reader,
    id: &InstanceId,
    from: Height,
    blocks_max: usize,
) -> Result<Vec<EventFound>, Fault> {
    match ensure_told(context, reader, id) {
        Ok(()) => return context.backend.contract_events(id, from, blocks_max),
        // Who shows no key owns no event, and has no blocks read for it.
        Err(Fault::Forbidden | Fault::Unknown { .. }) if matches!(reader, Reader::Key(_)) || context.open_reads => {}
        Err(fault) => return Err(fault),
    }
    let (mut own, mut next, mut looked) = (Vec::new(), from, 0);
    while own.len() < blocks_max && looked < BLOCKS_LOOKED_THROUGH {
        let page = context.backend.contract_events(id, next, COUNT_MAX)?;
        let Some(last) = page.last() else { break };
        next = Height(last.height.0.saturating_add(1));
        looked += COUNT_MAX;
        for found in page {
            if is_own(context, reader, &found)? {
                own.push(found);
            }
        }
    }
    match own.is_empty() {
        true if looked == 0 => Err(Fault::Unknown { what: "contract", value: id.to_string() }),
        true => Err(Fault::Forbidden),
        false => Ok(own),
    }
}

/// Whether the reader may read for somebody who signed an event.
fn is_own<B: Backend>(context: &Context<B>, reader: &Reader, found: &EventFound) -> Result<bool, Fault> {
    let accounts: Vec<AccountId> = found.event.authorisers.iter().filter_map(Submitter::account).collect();
    let participant = |who: &Submitter| if let Submitter::Participant(bic) = who { Some(*bic) } else { None };
    let participants: Vec<Bic> = found.event.authorisers.iter().filter_map(participant).collect();
    match context.ensure_any(reader, &accounts, &participants) {
        Ok(()) => Ok(true),
        Err(Fault::Forbidden) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn proof<B: Backend>(context: &Context<B>, reader: &Reader, asked: OneEvent) -> Result<Value, Fault> {
    let found = told(context, reader, &asked.instance, asked.height, 1)?;
    let here = |found: &&EventFound| {
        (found.height, found.position, found.place) == (asked.height, asked.position, asked.place)
    };
    let unknown = || Fault::Unknown { what: "event of contract", value: asked.instance.to_string() };
    let found = found.iter().find(here).ok_or_else(unknown)?;
    let proof = context.backend.prove(found.height, found.position, ReceiptPart::Event(found.place))?;
    Ok(json!({"instance": asked.instance, "proof": proof}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneAccount {
    account: AccountId,
}

fn allowances<B: Backend>(context: &Context<B>, reader: &Reader, asked: OneAccount) -> Result<Value, Fault> {
    context.ensure_account(reader, &asked.account)?;
    let book = context.backend.assets()?;
    let found = context.backend.allowances_of(&asked.account)?;
    let shown = |(key, allowance): &(seaway_types::contract::AllowanceKey, seaway_types::state::Allowance)| {
        json!({
            "purpose": key.purpose,
            "asset": book.name(key.asset),
            "eachMax": book.show(allowance.terms.each_max, key.asset),
            "totalMax": book.show(allowance.terms.total_max, key.asset),
            "used": book.show(allowance.used, key.asset),
            "notBefore": allowance.terms.not_before,
            "notAfter": allowance.terms.not_after,
        })
    };
    Ok(json!({"account": asked.account, "allowances": found.iter().map(shown).collect::<Vec<_>>()}))
}
