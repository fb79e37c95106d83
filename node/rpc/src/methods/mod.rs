//! The methods: one table, from which the server, the rights and `rpc_discover` are made.

mod access;
mod account;
mod ledger;
mod network;
mod payment;
mod subscribe;

use crate::access::{Desk, may_read, may_read_of};
use crate::backend::Backend;
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::{Extensions, RpcModule};
use jsonrpsee_types::{ErrorObjectOwned, Params};
use seaway_types::hash::Hash32;
use seaway_types::keys::PublicKey;
use seaway_types::{AccountId, Bic};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody: it tells nothing of anybody.
    Open,
    /// Everybody: what is submitted carries its own signatures.
    Signed,
    /// The owner, its servicing agent, the supervisors concerned; where `open_reads` is set, everybody.
    Concerned,
}

/// A method as its documentation says it.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Its parameters by name: what each is, and whether it must be there.
    pub params: &'static [(&'static str, &'static str, bool)],
    /// What it answers.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
}

const fn method(
    name: &'static str,
    access: Access,
    params: &'static [(&'static str, &'static str, bool)],
    summary: &'static str,
) -> Method {
    Method { name, params, summary, access }
}

/// All methods, in order of their names.
pub const TABLE: &[Method] = &[
    method(
        "account_balances",
        Access::Concerned,
        &[("account", "account id", true)],
        "what an account holds of each asset",
    ),
    method(
        "account_entries",
        Access::Concerned,
        &[("account", "account id", true), ("upTo", "height", false), ("count", "blocks, at most 100", false)],
        "movements on an account, newest block first, with the balance after each",
    ),
    method("account_get", Access::Concerned, &[("account", "account id", true)], "an account's record"),
    method("asset_list", Access::Open, &[], "the assets, with their issuers and what is in circulation"),
    method("auth_challenge", Access::Open, &[], "random bytes to sign with a key, and the very message to sign"),
    method(
        "auth_token",
        Access::Open,
        &[
            ("challenge", "of auth_challenge", true),
            ("key", "public key", true),
            ("signature", "over the message", true),
        ],
        "a token that shows for 15 minutes that the caller holds the key; it goes into 'Authorization: Bearer'",
    ),
    method(
        "instruction_status",
        Access::Concerned,
        &[("submitter", "submitter", true), ("key", "instruction key", true)],
        "what became of an instruction",
    ),
    method("ledger_block", Access::Open, &[("height", "height", true)], "a block's header, certificate and wire ids"),
    method("ledger_head", Access::Open, &[], "the newest block's header and certificate"),
    method("ledger_supply", Access::Open, &[("asset", "asset", true)], "an asset's totals"),
    method("network_peers", Access::Open, &[], "the nodes that are connected to this one"),
    method("network_status", Access::Open, &[], "how this node is"),
    method("network_validators", Access::Open, &[], "the validators of the next height"),
    method("participant_list", Access::Open, &[], "the institutions with their roles and keys"),
    method(
        "payment_proof",
        Access::Concerned,
        &[("uetr", "UETR", true)],
        "proofs of all credit transfers with this UETR, to check offline",
    ),
    method("payment_status", Access::Concerned, &[("uetr", "UETR", true)], "all credit transfers with this UETR"),
    method(
        "payment_submit",
        Access::Signed,
        &[
            ("bytes", "canonical bytes of a signed instruction, in hexadecimal", true),
            ("wait", "admitted or final", false),
            ("timeoutMs", "how long to wait for final, at most 60000", false),
        ],
        "takes a signed instruction; answers when it is admitted, or when it is final",
    ),
    method(
        "payment_subscribe",
        Access::Concerned,
        &[("from", "first height; the next one without it", false), ("account", "only what concerns it", false)],
        "every block's answers in order; ended by payment_unsubscribe",
    ),
    method(
        "payment_unsubscribe",
        Access::Open,
        &[("subscription", "its id, by position", true)],
        "ends a subscription",
    ),
    method("rpc_discover", Access::Open, &[], "this list, as an OpenRPC document"),
];

/// The token that came with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer(pub Hash32);

/// What methods are called with.
pub(crate) struct Context<B> {
    pub backend: Arc<B>,
    pub open_reads: bool,
    pub desk: Arc<Desk>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody unknown.
    Unknown,
    /// Whoever holds this key.
    Key(PublicKey),
}

impl<B: Backend> Context<B> {
    /// Who asks, by the token that came with the connection or request.
    pub(crate) fn reader(&self, extensions: &Extensions) -> Reader {
        let token = extensions.get::<Bearer>();
        token.and_then(|token| self.desk.holder(&token.0)).map_or(Reader::Unknown, Reader::Key)
    }

    /// Asks that the reader may read an account.
    pub(crate) fn ensure_account(&self, reader: &Reader, account: &AccountId) -> Result<(), Fault> {
        let may = self.open_reads
            || match reader {
                Reader::Unknown => false,
                Reader::Key(key) => may_read(&*self.backend, key, account)?,
            };
        if may { Ok(()) } else { Err(Fault::Forbidden) }
    }

    /// Asks that the reader may read something that concerns several accounts or a participant: any one right is enough.
    pub(crate) fn ensure_any(&self, reader: &Reader, accounts: &[AccountId], agents: &[Bic]) -> Result<(), Fault> {
        if self.open_reads {
            return Ok(());
        }
        let Reader::Key(key) = reader else { return Err(Fault::Forbidden) };
        for account in accounts {
            if may_read(&*self.backend, key, account)? {
                return Ok(());
            }
        }
        if may_read_of(&*self.backend, key, agents)? { Ok(()) } else { Err(Fault::Forbidden) }
    }
}

/// The module with all methods.
pub(crate) fn module<B: Backend>(context: Context<B>) -> Result<RpcModule<Context<B>>, RegisterMethodError> {
    let mut module = RpcModule::new(context);
    access::register(&mut module)?;
    account::register(&mut module)?;
    ledger::register(&mut module)?;
    network::register(&mut module)?;
    payment::register(&mut module)?;
    subscribe::register(&mut module)?;
    module.register_method("rpc_discover", |_, _, _| discover())?;
    Ok(module)
}

/// Registers a method that reads the disk: off the threads that serve connections.
fn reading<B: Backend, P: DeserializeOwned + 'static>(
    module: &mut RpcModule<Context<B>>,
    name: &'static str,
    answer: fn(&Context<B>, &Reader, P) -> Result<Value, Fault>,
) -> Result<(), RegisterMethodError> {
    module.register_blocking_method(name, move |params, context, extensions| -> Result<Value, ErrorObjectOwned> {
        let reader = context.reader(&extensions);
        Ok(answer(&context, &reader, parse(&params)?)?)
    })?;
    Ok(())
}

/// Parameters by name.
fn parse<P: DeserializeOwned>(params: &Params<'_>) -> Result<P, Fault> {
    let text = params.as_str().unwrap_or("{}");
    serde_json::from_str(text).map_err(|error| Fault::Parameter {
        field: "params",
        value: text.chars().take(120).collect::<String>() + ": " + &error.to_string(),
        expected: "an object with the parameters that rpc_discover lists",
    })
}

/// The OpenRPC document (OpenRPC 1.3).
fn discover() -> Value {
    let param = |(name, what, required): &(&str, &str, bool)| json!({"name": name, "required": required, "schema": {"type": "string", "description": what}});
    let method = |method: &Method| {
        json!({
            "name": method.name,
            "summary": method.summary,
            "paramStructure": "by-name",
            "params": method.params.iter().map(param).collect::<Vec<_>>(),
            "result": {"name": "result", "schema": {"type": "object"}},
            "x-access": match method.access {
                Access::Open => "open",
                Access::Signed => "signed",
                Access::Concerned => "concerned",
            },
        })
    };
    json!({
        "openrpc": "1.3.2",
        "info": {"title": "Seaway", "version": env!("CARGO_PKG_VERSION")},
        "methods": TABLE.iter().map(method).collect::<Vec<_>>(),
    })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}
