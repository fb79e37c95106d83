//! `iso20022_*`: a bank's own messages in, and the messages that its systems read out.

mod asked;
mod beside;
mod booked;
mod days;
mod message;
mod outcome;
mod statement;
mod submit;

pub(super) use booked::{Explained, Originals, explained};

use super::{Context, parse, reading};
use crate::backend::Backend;
use crate::fault::Fault;
use jsonrpsee_core::RegisterMethodError;
use jsonrpsee_server::RpcModule;
use jsonrpsee_types::ErrorObjectOwned;

pub(super) fn register<B: Backend>(module: &mut RpcModule<Context<B>>) -> Result<(), RegisterMethodError> {
    reading(module, "iso20022_message", message::message)?;
    module.register_async_method("iso20022_prepare", |params, context, extensions| async move {
        let reader = context.reader(&extensions);
        let prepared = async { submit::prepare(&context, reader, parse(&params)?).await };
        prepared.await.map_err(ErrorObjectOwned::from)
    })?;
    module.register_async_method("iso20022_submit", |params, context, extensions| async move {
        let reader = context.reader(&extensions);
        let submitted = async { submit::submit(&context, reader, parse(&params)?).await };
        submitted.await.map_err(ErrorObjectOwned::from)
    })?;
    module.register_async_method("iso20022_statement", |params, context, extensions| async move {
        let reader = context.reader(&extensions);
        let stated = async { statement::statement(&context, reader, parse(&params)?).await };
        stated.await.map_err(ErrorObjectOwned::from)
    })?;
    Ok(())
}

impl From<seaway_iso20022::Fault> for Fault {
    fn from(fault: seaway_iso20022::Fault) -> Self {
        Self::Message(Box::new(fault))
    }
}
