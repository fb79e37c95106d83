//! What is done with contracts on the ledger.

use super::source::program;
use super::{Allow, Approve, Call, Open, Register};
use crate::client::signers::{Signing, call as ask, now};
use crate::client::{Connection, send};
use crate::output::{json, say, text};
use seaway_sdk::{Act, Client, duration, new_key, new_uetr, read_value};
use seaway_types::asset::{Asset, AssetBook};
use seaway_types::block::{LedgerProof, Subject};
use seaway_types::bounded::Bounded;
use seaway_types::contract::{
    AllowanceFor, AllowanceKey, Code, CodeBytes, InstanceId, Name, Terms, Type, Value, arguments_hash,
};
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
use seaway_types::instruction::contract::{
    AllowanceTerms, ApproveCall, CallContract, OpenContract, RegisterCode, SetAllowance, Target,
};
use seaway_types::instruction::{Body, Leg, NetworkId, Submitter};
use seaway_types::limits::{CLAUSE_ARGUMENTS_MAX, DECODE_MEMORY_MAX};
use seaway_types::state::{Instance, Stage, StateKey};
use seaway_types::{AccountId, AssetId, Bic, BlockTime, Uetr, codec};
use serde_json::{Value as Json, json as object};
use std::process::ExitCode;

/// The network that a node belongs to; where the genesis is known, it must be that one.
pub async fn network(connection: &Connection, client: &Client) -> Result<NetworkId, String> {
    let status = ask(client, "network_status", object!({})).await?;
    let network: NetworkId = text(&status["network"]).parse().map_err(|_| "the node names no network".to_owned())?;
    match document(connection)? {
        Some(document) if document.network != network => {
            Err(format!("the node is of network {network}; the genesis given is of {}", document.network))
        }
        _ => Ok(network),
    }
}

fn document(connection: &Connection) -> Result<Option<GenesisDocument>, String> {
    let written = connection.genesis()?;
    written.map(|written| written.document().map_err(|error| format!("--genesis: {error}"))).transpose()
}

/// An instance as it stands: proven under the genesis hash where the genesis is known, else on the node's word.
async fn instance(connection: &Connection, client: &Client, id: InstanceId) -> Result<Instance, String> {
    let Some(document) = document(connection)? else {
        let answer = ask(client, "contract_get", object!({"instance": id})).await?;
        return serde_json::from_value(answer["record"].clone()).map_err(|error| format!("contract_get: {error}"));
    };
    let record = StateKey::Instance(id);
    let answer = ask(client, "ledger_proof", object!({"record": record})).await?;
    let proof: LedgerProof =
        serde_json::from_value(answer["proof"].clone()).map_err(|error| format!("ledger_proof: {error}"))?;
    proof.verify(&document.hash()).map_err(|error| format!("ledger_proof: {error}"))?;
    let bytes = match proof.subject {
        Subject::Record { key, record: Some(bytes), .. } if key == record => bytes,
        _ => return Err(format!("there is no contract {id}")),
    };
    let bytes = hex::decode(bytes).map_err(|error| format!("ledger_proof: {error}"))?;
    codec::decode(&bytes, DECODE_MEMORY_MAX).map_err(|error| format!("ledger_proof: {error}"))
}

/// The assets of the network.
pub async fn book(client: &Client) -> Result<AssetBook, String> {
    let answer = ask(client, "asset_list", object!({})).await?;
    let asset = |one: &Json| {
        let id: AssetId = serde_json::from_value(one["id"].clone())?;
        let record: Asset = serde_json::from_value(one["record"].clone())?;
        Ok((id, record))
    };
    let assets =
        answer["assets"].as_array().into_iter().flatten().map(asset).collect::<Result<_, serde_json::Error>>();
    Ok(AssetBook::new(assets.map_err(|error| format!("asset_list: {error}"))?))
}

/// Signs an act, sends it, waits until it is final, and says what became of it.
pub async fn settle(
    connection: &Connection,
    client: &Client,
    signing: &Signing,
    act: Act,
    done: impl FnOnce(&Json),
) -> Result<ExitCode, String> {
    let signed = act.sign(now()?, &signing.secrets).map_err(|error| error.to_string())?;
    match send::settle(client, &signed).await {
        Ok(answer) => {
            let rejected = answer["status"] == "RJCT";
            if connection.json {
                json(&answer);
            } else if rejected {
                let reason = &answer["reason"];
                say!("RJCT {}: {}", text(&reason["iso"]), text(&reason["text"]));
            } else {
                done(&answer);
            }
            Ok(send::code(&answer["status"]))
        }
        Err(error) => send::unsettled(connection, &signed, &error),
    }
}

fn act(network: NetworkId, submitter: Submitter, leg: Leg) -> Result<Act, String> {
    let failed = |error: seaway_sdk::PaymentError| error.to_string();
    let (key, uetr) = (new_key().map_err(failed)?, new_uetr().map_err(failed)?);
    Ok(Act { network, submitter, key, uetr, body: Body::Single(leg) })
}

/// Code by a file, the name of a standard contract, or the hash under which it is registered.
async fn code(client: &Client, contract: &str) -> Result<(Hash32, Code), String> {
    let Ok(hash) = contract.parse::<Hash32>() else {
        let program = program(contract)?;
        return Ok((program.hash(), program.code().clone()));
    };
    let answer = ask(client, "contract_code", object!({"code": hash})).await?;
    let bytes = hex::decode(text(&answer["bytes"])).map_err(|error| format!("contract_code: {error}"))?;
    let bytes = CodeBytes(Bounded::new(bytes).map_err(|error| format!("contract_code: {error}"))?);
    if bytes.hash() != hash {
        return Err(format!("the node answers with other code than {hash}"));
    }
    Ok((hash, bytes.decode().map_err(|error| format!("contract_code: {error}"))?))
}

/// Stores code.
pub async fn register(options: &Register) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let program = program(&options.contract)?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let Submitter::Participant(by) = signing.submitter else {
        return Err("--as: code is registered by a participant, named by its BIC".to_owned());
    };
    let leg = Leg::RegisterCode(RegisterCode { by, code: program.bytes().clone() });
    let act = act(network(&options.connection, &client).await?, signing.submitter, leg)?;
    settle(&options.connection, &client, &signing, act, |_| {
        say!("{} registered: code {}", program.code().name, program.hash());
    })
    .await
}

/// The pairs of `name=value` for a list of names, in the order of the list.
fn in_order<'a>(flag: &str, given: &'a [String], names: &[Name]) -> Result<Vec<&'a str>, String> {
    let mut pairs = Vec::new();
    for text in given {
        let pair = text.split_once('=').ok_or_else(|| format!("{flag} '{text}': expected name=value"))?;
        if !names.iter().any(|name| name.as_str() == pair.0) {
            let known: Vec<&str> = names.iter().map(Name::as_str).collect();
            return Err(format!("{flag} '{text}': the contract has {} and no {}", known.join(", "), pair.0));
        }
        if pairs.iter().any(|(name, _)| *name == pair.0) {
            return Err(format!("{flag} '{text}': {} is given twice", pair.0));
        }
        pairs.push(pair);
    }
    let find = |name: &Name| {
        let found = pairs.iter().find(|(given, _)| *given == name.as_str()).map(|(_, value)| *value);
        found.ok_or_else(|| format!("{flag} {name}=... is missing"))
    };
    names.iter().map(find).collect()
}

fn bounded<T, const MAX: usize>(list: Vec<T>) -> Result<Bounded<T, MAX>, String> {
    Bounded::new(list).map_err(|error| error.to_string())
}

fn member(connection: &Connection, text: &str) -> Result<Submitter, String> {
    match text.parse::<Bic>() {
        Ok(bic) => Ok(Submitter::Participant(bic)),
        Err(_) => connection.account(text).map(Submitter::Account),
    }
}

/// Opens a contract.
pub async fn open(options: &Open) -> Result<ExitCode, String> {
    let (connection, client) = (&options.connection, options.connection.client().await?);
    let (hash, code) = code(&client, &options.contract).await?;
    let book = book(&client).await?;
    let mut parties = Vec::new();
    for party in in_order("--party", &options.parties, &code.parties)? {
        parties.push(connection.account(party)?);
    }
    let names: Vec<Name> = code.panels.iter().map(|panel| panel.name).collect();
    let mut panels = Vec::new();
    for panel in in_order("--panel", &options.panels, &names)? {
        let mut members = panel.split(',').map(|one| member(connection, one)).collect::<Result<Vec<_>, _>>()?;
        members.sort_unstable();
        panels.push(bounded(members)?);
    }
    let mut assets = Vec::new();
    for asset in in_order("--asset", &options.assets, &code.assets)? {
        assets.push(book.find(asset).map_err(|error| format!("--asset: {error}"))?);
    }
    let records: Vec<&Asset> = assets.iter().map(|(_, record)| *record).collect();
    let declared: Vec<(Name, Type)> = code.parameters.iter().map(|one| (one.name, one.kind)).collect();
    let parameters = values(&options.parameters, &declared, &records)?;
    let terms = Terms {
        code: hash,
        parties: bounded(parties)?,
        panels: bounded(panels)?,
        assets: bounded(assets.iter().map(|(id, _)| *id).collect())?,
        parameters: bounded(parameters)?,
    };
    let signing = options.signers.open(connection, &client).await?;
    let uetr = new_uetr().map_err(|error| error.to_string())?;
    let mut act = act(
        network(&options.connection, &client).await?,
        signing.submitter,
        Leg::OpenContract(OpenContract { terms, uetr }),
    )?;
    act.uetr = uetr;
    let id = InstanceId::of_opening(&act.submitter, &act.key, 0);
    settle(connection, &client, &signing, act, |_| say!("{} opened: {id}\nUETR {uetr}", code.name)).await
}

/// Values for declared names, as people write them.
fn values(given: &[String], declared: &[(Name, Type)], assets: &[&Asset]) -> Result<Vec<Value>, String> {
    let names: Vec<Name> = declared.iter().map(|(name, _)| *name).collect();
    let now = now()?;
    let mut found = Vec::new();
    for (text, (name, kind)) in in_order("--set", given, &names)?.into_iter().zip(declared) {
        found.push(read_value(text, *kind, assets, now).map_err(|error| format!("--set {name}: {error}"))?);
    }
    Ok(found)
}

/// A call as it would be made now.
struct Prepared {
    call: CallContract,
    entry: u32,
    heading: String,
    uetr: Uetr,
}

async fn prepared(options: &Call, client: &Client, caller: Option<AccountId>) -> Result<Prepared, String> {
    let instance: InstanceId = options.instance.parse()?;
    let record = self::instance(&options.connection, client, instance).await?;
    let Stage::Live { state, entry, .. } = record.stage else {
        return Err(format!("contract {instance} is closed"));
    };
    let (_, code) = code(client, &record.terms.code.to_string()).await?;
    let clauses = code.states.get(usize::from(state)).map(|state| &state.clauses).ok_or("the state is not known")?;
    let fits = |label: &str| {
        let (number, heading) = label.split_once(". ").unwrap_or(("", label));
        [label, number, heading].contains(&options.clause.as_str())
    };
    let position = clauses.iter().position(|clause| fits(clause.label.as_str()));
    let position = position.ok_or_else(|| {
        let known: Vec<&str> = clauses.iter().map(|clause| clause.label.as_str()).collect();
        format!("the state has no clause '{}'; it has: {}", options.clause, known.join("; "))
    })?;
    let clause = clauses.get(position).ok_or("the clause is not known")?;
    let book = book(client).await?;
    let known = |id: &AssetId| book.get(*id).ok_or_else(|| format!("the node knows no asset {id}"));
    let records: Vec<&Asset> = record.terms.assets.iter().map(known).collect::<Result<_, _>>()?;
    let declared: Vec<(Name, Type)> = clause.arguments.iter().map(|one| (one.name, one.kind)).collect();
    let arguments: Bounded<Value, CLAUSE_ARGUMENTS_MAX> = bounded(values(&options.arguments, &declared, &records)?)?;
    let needs_caller = clause.actors.contains(&seaway_types::contract::Actor::Caller);
    let call = CallContract {
        target: Target::Instance(instance),
        state,
        clause: u8::try_from(position).map_err(|error| error.to_string())?,
        caller: caller.filter(|_| needs_caller),
        arguments,
        attestations: Bounded::default(),
    };
    Ok(Prepared { call, entry, heading: clause.label.to_string(), uetr: record.uetr })
}

/// Calls a clause.
pub async fn call(options: &Call) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let Prepared { call, heading, uetr, .. } = prepared(options, &client, signing.account).await?;
    let mut act = act(network(&options.connection, &client).await?, signing.submitter, Leg::CallContract(call))?;
    act.uetr = uetr;
    settle(&options.connection, &client, &signing, act, |answer| {
        say!("'{heading}' done at height {}, {}", text(&answer["height"]), text(&answer["blockTime"]));
        moves(answer);
    })
    .await
}

/// Where money went.
fn moves(answer: &Json) {
    for event in answer["events"].as_array().into_iter().flatten() {
        for moved in event["moved"].as_array().into_iter().flatten() {
            let pocket = |side: &str| {
                let named = moved[side].as_object().and_then(|fields| fields.iter().next());
                named.map_or_else(String::new, |(kind, account)| format!("{kind} {}", text(account)))
            };
            say!("    {} from {} to {}", text(&moved["amount"]), pocket("from"), pocket("to"));
        }
    }
}

/// What a call would do.
pub async fn simulate(options: &Call) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let Prepared { call, heading, uetr, .. } = prepared(options, &client, signing.account).await?;
    let mut act = act(network(&options.connection, &client).await?, signing.submitter, Leg::CallContract(call))?;
    act.uetr = uetr;
    // Signed as long over: a node can say what it would do, and do nothing with it.
    let signed = act.sign(BlockTime::default(), &signing.secrets).map_err(|error| error.to_string())?;
    let answer = ask(&client, "contract_simulate", object!({"bytes": signed.bytes_in_hex()})).await?;
    if options.connection.json {
        json(&answer);
    } else if answer["status"] == "RJCT" {
        say!("'{heading}' would be refused, {}: {}", text(&answer["reason"]["iso"]), text(&answer["reason"]["text"]));
    } else {
        say!("'{heading}' would be done; nothing has changed");
        moves(&answer);
    }
    Ok(if answer["status"] == "RJCT" { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Approves a call, or takes the approval back.
pub async fn approve(options: &Approve) -> Result<ExitCode, String> {
    let (of, client) = (&options.call, options.call.connection.client().await?);
    let signing = of.signers.open(&of.connection, &client).await?;
    let Prepared { call, entry, heading, uetr } = prepared(of, &client, None).await?;
    let leg = Leg::ApproveCall(ApproveCall {
        instance: call.target.id(),
        entry,
        clause: call.clause,
        arguments: arguments_hash(&call.arguments),
        member: signing.submitter,
        withdraw: options.withdraw,
    });
    let mut act = act(network(&of.connection, &client).await?, signing.submitter, leg)?;
    act.uetr = uetr;
    let verb = if options.withdraw { "no longer approved" } else { "approved" };
    settle(&of.connection, &client, &signing, act, |_| say!("'{heading}' {verb}")).await
}

/// Allows pulls, or stops them.
pub async fn allow(options: &Allow) -> Result<ExitCode, String> {
    let client = options.connection.client().await?;
    let (hash, code) = code(&client, &options.contract).await?;
    let signing = options.signers.open(&options.connection, &client).await?;
    let grantor = signing.account.ok_or("--as: an account grants, named by its id or label")?;
    let position = code.parties.iter().position(|party| party.as_str() == options.party);
    let party = position.and_then(|position| u8::try_from(position).ok());
    let party = party.ok_or_else(|| format!("--party: {} has no party '{}'", code.name, options.party))?;
    let book = book(&client).await?;
    let (asset, each_max) = amount(&book, "--each", &options.each)?;
    let (other, total_max) = amount(&book, "--total", &options.total)?;
    if asset != other {
        return Err("--total: the asset is another than that of --each".to_owned());
    }
    let lasts = duration(&options.lasts).ok_or_else(|| format!("--for '{}': expected as in 30d", options.lasts))?;
    let now = now()?;
    // Block time may lie a little behind this machine's clock.
    let not_before = BlockTime::from_ms(now.ms().saturating_sub(60_000)).unwrap_or(now);
    let terms = AllowanceTerms { each_max, total_max, not_before, not_after: now.after_ms(lasts) };
    let terms = (!options.revoke).then_some(terms);
    let allowance = AllowanceKey { grantor, purpose: AllowanceFor::Role { code: hash, party }, asset };
    let act = act(
        network(&options.connection, &client).await?,
        signing.submitter,
        Leg::SetAllowance(SetAllowance { allowance, terms }),
    )?;
    settle(&options.connection, &client, &signing, act, |_| match options.revoke {
        true => say!("revoked"),
        false => say!("{} may pull {} at a time, {} in all", code.name, options.each, options.total),
    })
    .await
}

/// An amount as people write it.
pub fn amount(book: &AssetBook, flag: &str, written: &str) -> Result<(AssetId, seaway_types::Amount), String> {
    let (number, name) = written
        .split_once(' ')
        .ok_or_else(|| format!("{flag}: '{written}' is refused; expected as in 1000.00 HKD"))?;
    let (id, asset) = book.find(name).map_err(|error| format!("{flag}: {error}"))?;
    let amount =
        seaway_types::Amount::parse_major(number, asset.exponent).map_err(|error| format!("{flag}: {error}"))?;
    Ok((id, amount))
}
