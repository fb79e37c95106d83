//! The methods: one table, from which the server, the rights and `rpc_discover` are made.

mod access;
mod account;
mod contract;
mod feed;
mod fx;
mod iso20022;
mod ledger;
mod network;
mod party;
mod payment;
mod prepare;
mod subscribe;
mod table;
mod webhook;

pub use feed::feed_events;
pub use table::{Access, Method, TABLE};

use crate::access::{Desk, may_read, may_read_of};
use crate::backend::Backend;
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::{Extensions, RpcModule};
use jsonrpsee_types::{ErrorObjectOwned, Params};
use seaway_types::asset::{Asset, AssetBook};
use seaway_types::instruction::Submitter;
use seaway_types::keys::PublicKey;
use seaway_types::{AccountId, AssetId, Bic};
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The token that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct Bearer(pub String);

/// What methods are called with.
pub(crate) struct Context<B> {
    pub backend: Arc<B>,
    pub open_reads: bool,
    pub desk: Arc<Desk>,
    /// Held while something is read from the disk: there are as many turns as processors, so that whoever asks for much waits in line
    /// and leaves the machine to the engine and the network.
    pub turns: Arc<Semaphore>,
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
    /// Reads from the disk, in turn, off the threads that serve connections.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let failed = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let turn = self.turns.clone().acquire_owned().await.map_err(|error| failed(&error))?;
        let context = self.clone();
        // The turn ends with the reading, also where the client is gone before.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            read(&context)
        });
        done.await.map_err(|error| failed(&error))?
    }

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

    /// Asks that the reader may read what a submitter asked for.
    pub(crate) fn ensure_submitter(&self, reader: &Reader, submitter: &Submitter) -> Result<(), Fault> {
        match submitter {
            Submitter::Account(account) => self.ensure_account(reader, account),
            Submitter::Participant(bic) => self.ensure_any(reader, &[], &[*bic]),
            Submitter::Authority => self.ensure_any(reader, &[], &[]),
        }
    }

    /// Asks that the reader is a participant, whichever.
    pub(crate) fn ensure_participant(&self, reader: &Reader) -> Result<(), Fault> {
        let is_one = |key: &PublicKey| -> Result<bool, Fault> {
            let participants = self.backend.participants()?;
            Ok(participants.iter().any(|(_, one)| one.active && one.policy.contains(key)))
        };
        match reader {
            _ if self.open_reads => Ok(()),
            Reader::Key(key) if is_one(key)? => Ok(()),
            _ => Err(Fault::Forbidden),
        }
    }

    /// Asks that the reader holds a key of a participant, also where everybody may read.
    pub(crate) fn ensure_key_of(&self, reader: &Reader, bic: Bic) -> Result<(), Fault> {
        let Reader::Key(key) = reader else { return Err(Fault::Forbidden) };
        let participants = self.backend.participants()?;
        let holds = participants.iter().any(|(of, one)| *of == bic && one.active && one.policy.contains(key));
        if holds { Ok(()) } else { Err(Fault::Forbidden) }
    }

    /// Asks that the reader holds a key of the institution whose node this is.
    pub(crate) fn ensure_own(&self, reader: &Reader) -> Result<(), Fault> {
        let node = self.backend.status().node;
        let participants = self.backend.participants()?;
        let own = participants.iter().find(|(_, one)| one.nodes.contains(&node));
        own.map_or(Err(Fault::Forbidden), |(bic, _)| self.ensure_key_of(reader, *bic))
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
    contract::register(&mut module)?;
    feed::register(&mut module)?;
    fx::register(&mut module)?;
    iso20022::register(&mut module)?;
    ledger::register(&mut module)?;
    network::register(&mut module)?;
    party::register(&mut module)?;
    payment::register(&mut module)?;
    prepare::register(&mut module)?;
    subscribe::register(&mut module)?;
    webhook::register(&mut module)?;
    // Made once: it is large, and anybody may ask for it.
    let document = discover().to_string();
    let document = RawValue::from_string(document);
    module.register_method("rpc_discover", move |_, _, _| -> Result<Box<RawValue>, ErrorObjectOwned> {
        document.as_ref().map(Clone::clone).map_err(|error| Fault::Internal(error.to_string()).into())
    })?;
    Ok(module)
}

/// Registers a method that reads the disk.
fn reading<B: Backend, P: DeserializeOwned + 'static>(
    module: &mut RpcModule<Context<B>>,
    name: &'static str,
    answer: fn(&Context<B>, &Reader, P) -> Result<Value, Fault>,
) -> Result<(), RegisterMethodError> {
    module.register_async_method(name, move |params, context, extensions| async move {
        let read = context.read(move |context| {
            let reader = context.reader(&extensions);
            let answer = answer(context, &reader, parse(&params)?)?;
            // Written here too: an answer may be megabytes.
            to_raw_value(&answer).map_err(|error| Fault::Internal(error.to_string()))
        });
        read.await.map_err(ErrorObjectOwned::from)
    })?;
    Ok(())
}

/// An asset by its name.
fn asset<'a>(book: &'a AssetBook, name: &str) -> Result<(AssetId, &'a Asset), Fault> {
    book.find(name).map_err(|_| Fault::Unknown { what: "asset", value: name.chars().take(40).collect() })
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
                Access::Participant => "participant",
                Access::Own => "own",
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
